"""How is one value of jobs.toml read: a zone, a size, a url, a path, a stamp, a secret?

Each reader returns the value or raises ValueError with the rule and the cure; the place and the value are
added by whoever asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import PurePath
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rollcall.text import clean
from rollcall.times import read_timestamp

_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*")
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, a token
# Replacing shorter values in texts would tear words apart and hide nothing.
_SHORTEST_SECRET = 4
_STAMP_EXAMPLE = datetime(2026, 10, 25, 17, 48, 59)  # noqa: DTZ001 - a wall-clock example, no instant


def read_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        cure = f'Did you mean "{near[0]}"?' if near else 'Write one such as "Europe/Zurich" or "UTC".'
        raise ValueError(f"no such time zone. {cure}") from None


def read_size(text: str) -> int:
    """Bytes, from texts such as "200 B" or "1.5 MB"."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError('not a size. Write "200 B" or "1 MB".')
    number, unit = match.groups()
    if not unit:
        raise ValueError(f'no unit. Write "{number} B" or "{number} kB".')
    if unit not in _UNITS:
        raise ValueError(f'unknown unit "{clean(unit, 12)}". Units: {", ".join(_UNITS)}.')
    return round(float(number) * _UNITS[unit])


def read_aware_time(value: object) -> datetime:
    """An instant with its offset; TOML's own date-times and texts are both read."""
    if isinstance(value, str):
        stamp = read_timestamp(value)
        value = stamp.at or stamp.naive
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise ValueError("no offset, so no instant. Write it such as 2026-02-11T06:00:00+01:00.")


def read_url(url: str) -> SplitResult:
    """The parts of an http(s) address that can be asked."""
    cure = 'Write it such as "http://localhost:8000".'
    if clean(url, 2000) != url or " " in url:
        raise ValueError(f"has spaces or control characters, or is too long. {cure}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"is not an address. {cure}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"is not an http or https address. {cure}")
    if parts.query or parts.fragment:
        raise ValueError(f'ends in a "?" or "#" part, which belongs to status. {cure}')
    return parts


def shown_url(url: str) -> str:
    """`url` as it may be shown: user and password left out, `${NAME}` left as written."""
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return clean(scheme + mark + authority.rpartition("@")[2] + slash + path)


def read_header(name: str, value: str) -> None:
    """Checks that a header can be sent: a value with a line break would smuggle in another header."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f'"{clean(name, 40)}" is not a header name. Use letters, digits and hyphens.')
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} has characters a header cannot carry. Use printable ASCII.")


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced from the environment."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if not environment.get(name):
            raise ValueError(f"{clean(name, 60)} is not set in the environment. Set it: export {clean(name, 60)}=…")
        return environment[name]

    return _VARIABLE.sub(value_of, text)


def known_secrets(url: str, headers: Mapping[str, str], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Each value that must never be shown, with what is shown instead."""
    secrets = {}
    for text in (url, *headers.values()):
        for name in _VARIABLE.findall(text):
            secrets[environment.get(name, "")] = f"${{{name}}}"
    for name, text in headers.items():
        value = expand(text, environment)
        # "Bearer abc" is echoed by servers as a whole and as "abc".
        secrets.setdefault(value, f"({name})")
        secrets.setdefault(value.rpartition(" ")[2], f"({name})")
    userinfo = urlsplit(expand(url, environment)).netloc.rpartition("@")[0]
    secrets.setdefault(userinfo, "(user)")
    secrets.setdefault(userinfo.partition(":")[2], "(password)")
    return tuple((value, shown) for value, shown in secrets.items() if len(value) >= _SHORTEST_SECRET)


def read_output_path(path: str) -> tuple[str, str]:
    """The folder and the file name's pattern."""
    if "\0" in path or "${" in path:
        raise ValueError("${NAME} is read in url and headers only. Write the path itself.")
    folder, name = str(PurePath(path).parent), PurePath(path).name
    if path.endswith("/") or name in ("", ".", ".."):
        raise ValueError('names no file. Write folder and file name, such as "data/export-*.json".')
    if any(wildcard in folder for wildcard in "*?["):
        raise ValueError("has a wildcard in a folder. Wildcards belong in the file name.")
    return folder, name


def stamp_problem(stamp: str, path: str) -> str | None:
    """Why `stamp` cannot tell the instant of a file of `path`; None where it can."""
    try:
        example = _STAMP_EXAMPLE.strftime(stamp)
        read = datetime.strptime(example, stamp)  # noqa: DTZ007 - a wall-clock example, no instant
    except ValueError:
        return 'cannot be read. Write the file name with strptime codes, such as "export-%Y%m%d-%H%M%S.md".'
    if read.date() != _STAMP_EXAMPLE.date():
        return "does not tell the date. It needs year, month and day, such as %Y%m%d."
    name = PurePath(path).name
    if not fnmatchcase(example, name):
        return f'reads names such as "{clean(example, 80)}", which path does not match ("{clean(name, 80)}").'
    return None
