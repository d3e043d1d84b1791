"""How is one value of jobs.toml read: a zone, a size, a url, a path, a stamp, a secret?

Each reader returns the value or raises ValueError with the rule and the cure; the place and the value are
added by whoever asked.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from urllib.parse import SplitResult, quote, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rollcall.jobs import Threshold
from rollcall.text import clean, listed
from rollcall.times import read_timestamp, split_stamp

_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*")
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_THRESHOLD = re.compile(r"\s*(\d{1,3})\s+of\s+(\d{1,3})\s*")
_FIRST_YEAR, _LAST_YEAR = 1970, 2999  # as of an instant
_MOST_RUNS = 30  # a strip of the page
VARIABLE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, a token
# Replacing shorter values in texts would tear words apart and hide nothing.
SHORTEST_SECRET = 4
# What the request itself says; a second opinion in jobs.toml would make it one that no server can read.
_HEADERS_OF_THE_REQUEST = frozenset({"connection", "content-length", "transfer-encoding"})
_STAMP_EXAMPLE = datetime(2026, 10, 25, 17, 48, 59, tzinfo=UTC)


def read_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name[:80], available_timezones(), n=1)
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
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str):
        stamp = read_timestamp(value)
        if stamp.at is not None:
            return stamp.at
    raise ValueError("no offset, so no instant. Write it such as 2026-02-11T06:00:00+01:00.")


def read_date(value: object) -> date:
    """A day; TOML's own dates and texts are both read."""
    day = _date_of(value)
    if day is None:
        raise ValueError("is not a day. Write it such as 2026-03-01.")
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        # Its midnight elsewhere may be no instant at all.
        raise ValueError(f"year {day.year:04} is outside {_FIRST_YEAR}-{_LAST_YEAR}. Write it such as 2026-03-01.")
    return day


def _date_of(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def read_threshold(text: str) -> Threshold:
    """ "2 of 3": two bad runs of the newest three."""
    match = _THRESHOLD.fullmatch(text)
    bad, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= bad <= last <= _MOST_RUNS:
        raise ValueError(f'must be such as "2 of 3", of at most {_MOST_RUNS} runs.')
    return Threshold(bad=bad, last=last)


def read_url(url: str) -> SplitResult:
    """The parts of an http(s) address that can be asked."""
    cure = 'Write it such as "http://localhost:8000".'
    if clean(url, 2000) != url or " " in url:
        raise ValueError(f"has spaces or control characters, or is too long. {cure}")
    try:
        parts = urlsplit(url)
        port = parts.port
        # A label of no or of more than 63 letters is found out only when it is looked up.
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise ValueError(f"is not an address. {cure}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"is not an http or https address. {cure}")
    if parts.query or parts.fragment:
        raise ValueError(f'ends in a "?" or "#" part, which belongs to status. {cure}')
    return parts


def shown_url(url: str) -> str:
    """`url` as it may be shown: user, password and query left out, `${NAME}` left as written."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        scheme, rest = "", url
    authority, *others = re.split("(?=[/?#])", rest, maxsplit=1)
    if "@" in "".join((scheme, *others)):
        # Perhaps the end of a password with a "/" in it: better too little than that.
        authority, others, scheme, mark = rest, [], "", "…@"
    return clean(scheme + mark + re.split("[?#]", "".join((authority.rpartition("@")[2], *others)))[0])


def read_header_name(name: str) -> str:
    """Checks that a header of that name can be sent, and is none that the request itself sends."""
    if not _HEADER_NAME.fullmatch(name):
        # Only what stands before a colon: "Authorization: Bearer …" in one piece is a secret.
        shown = clean(name.partition(":")[0], 40)
        raise ValueError(f'"{shown}" is not a header name. Use letters, digits and hyphens.')
    if name.lower() in _HEADERS_OF_THE_REQUEST:
        raise ValueError("is set by the request itself. Take it out.")
    return name


def read_header_value(value: str) -> None:
    """Checks that it can be sent: a value with a line break would smuggle in another header."""
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("has characters a header cannot carry. Use printable ASCII, and no space at its ends.")


class Unset(Mapping[str, str]):
    """The environment of a replay, which asks nobody: each `${NAME}` stands for itself, whether it is set or not."""

    def __getitem__(self, name: str) -> str:
        return f"${{{name}}}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced from the environment."""
    names = VARIABLE.findall(text)
    if "${" in VARIABLE.sub("", text) or not all(map(_VARIABLE_NAME.fullmatch, names)):
        raise ValueError('has a "${" that names no variable. Write ${NAME} with letters, digits and "_".')
    if unset := [name for name in dict.fromkeys(names) if not environment.get(name)]:
        verb = "is" if len(unset) == 1 else "are"
        exports = " ".join(f"{name}=…" for name in unset[:8])
        raise ValueError(f"{listed(unset)} {verb} not set in the environment. Set it: export {exports}")
    return VARIABLE.sub(lambda found: environment[found.group(1)], text)


def known_secrets(url: str, headers: Mapping[str, str], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Each value that must never be shown, with what is shown instead."""
    secrets = {}
    for text in (url, *headers.values()):
        for name in VARIABLE.findall(text):
            secrets[environment.get(name, "")] = f"${{{name}}}"
    for name, text in headers.items():
        value = expand(text, environment)
        # "Bearer abc" is echoed by servers as a whole and as "abc".
        secrets.setdefault(value, f"({name})")
        secrets.setdefault(value.rpartition(" ")[2], f"({name})")
    userinfo = urlsplit(expand(url, environment)).netloc.rpartition("@")[0]
    user, _, password = userinfo.partition(":")
    secrets.setdefault(userinfo, "(user)")
    secrets.setdefault(password, "(password)")
    secrets.setdefault(unquote(password), "(password)")
    # As it is sent, and so as it is echoed.
    secrets.setdefault(b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode(), "(user)")
    for value, shown in tuple(secrets.items()):
        secrets.setdefault(quote(value, safe=""), shown)
    return tuple((value, shown) for value, shown in secrets.items() if len(value) >= SHORTEST_SECRET)


def read_folder(text: str) -> Path:
    """The folder, `~` read as a home."""
    if "${" in text:
        raise ValueError("${NAME} is read in url and headers only. Write the folder itself.")
    if "\0" in text:
        raise ValueError("holds a NUL character, which no path can. Take it out.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError('begins with "~", but there is no such home. Write the folder from "/" on.') from None


def read_output_path(path: str) -> tuple[Path, str]:
    """The folder and the file name's pattern."""
    parent, name = str(PurePath(path).parent), PurePath(path).name
    folder = read_folder(parent)
    # The same rules for the name, in which "~" means nothing.
    read_folder(f"./{name}")
    if path.endswith("/") or name in ("", ".", ".."):
        raise ValueError('names no file. Write folder and file name, such as "data/export-*.json".')
    if any(wildcard in parent for wildcard in "*?["):
        raise ValueError("has a wildcard in a folder. Wildcards belong in the file name.")
    return folder, name


def stamp_problem(stamp: str, path: str | None) -> str | None:
    """Why `stamp` cannot tell the instant of a file of `path` (None: not known); None where it can."""
    if "%Z" in stamp.replace("%%", ""):
        return "has %Z, a zone's name, which is not read as one. Write %z, or the name itself."
    try:
        before, codes, after = split_stamp(stamp)
        told = _STAMP_EXAMPLE.strftime(codes)
        example = before + told + after
        read = datetime.strptime(told, codes)  # noqa: DTZ007 - the date alone is looked at
    except (ValueError, re.error):  # re.error: a code that is there twice
        return 'cannot be read. Write the file name with strptime codes, such as "export-%Y%m%d-%H%M%S.md".'
    if read.date() != _STAMP_EXAMPLE.date():
        return "does not tell the date. It needs year, month and day, such as %Y%m%d."
    name = "*" if path is None else PurePath(path).name
    if not fnmatchcase(example, name):
        return f'reads names such as "{clean(example, 80)}", which path does not match ("{clean(name, 80)}").'
    return None
