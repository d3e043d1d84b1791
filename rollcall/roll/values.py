"""How is one value of jobs.toml read: a zone, a size, a day, a url, a folder?

Each reader returns the value or raises ValueError with the rule and the cure; the place and the value are
added by whoever asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePath
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rollcall.roll.words import Threshold
from rollcall.text import clean
from rollcall.times import read_timestamp

_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*")
_OF_USUAL = re.compile(r"\s*[\d.]+\s*%.*", re.DOTALL)
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
# What lies beside the zones on many machines: whatever this one is set to, and clocks that count leap seconds.
_NO_ZONES = ("localtime", "posix", "right/")
_THRESHOLD = re.compile(r"\s*(\d{1,3})\s+of\s+(\d{1,3})\s*")
_CLOCK = re.compile(r"[0-2]\d:[0-5]\d(:[0-5]\d)?")
_FIRST_YEAR, _LAST_YEAR = 1970, 2999  # as of an instant
_MOST_RUNS = 30  # a strip of the page
_MOST_COMPARED = 2_000
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, a token
# What the request itself says; a second opinion in jobs.toml would make it one that no server can read.
_HEADERS_OF_THE_REQUEST = frozenset({"connection", "content-length", "transfer-encoding"})


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was probably meant, in whatever case; None where none is near."""
    by_lower = {each.lower(): each for each in islice(known, _MOST_COMPARED)}
    near = get_close_matches(name[:80].lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def read_id(name: str) -> str:
    """What a job or a scheduler is called: one showable line."""
    if not name or clean(name) != name:
        raise ValueError("is empty, too long or has control characters. Write a plain name.")
    return name


def read_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name."""
    try:
        if name.startswith(_NO_ZONES):
            raise ValueError("is no zone of its own")
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, sorted(available_timezones()))
        cure = f'Did you mean "{near}"?' if near else 'Write one such as "Europe/Zurich" or "UTC".'
        raise ValueError(f"no such time zone. {cure}") from None


def read_size(text: str) -> int:
    """Bytes, from texts such as "200 B" or "1.5 MB"."""
    match = _SIZE.fullmatch(text)
    if _OF_USUAL.fullmatch(text):
        raise ValueError('is not read by this version. Write a size of its own, such as "200 B".')
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


def read_clock(value: object) -> time:
    """A time of day; TOML's own local times and texts are both read."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    try:
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError('is no time of day. Write it such as "06:30".')


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


def read_include(text: str) -> str:
    """A pattern of more files."""
    if not text or "\0" in text or PurePath(text).name in ("", ".", ".."):
        raise ValueError('names no file. Write such as "jobs.d/*.toml".')
    if "**" in text:
        raise ValueError('has "**", and no search goes to any depth. Write "*" for each folder, as in "*/*.toml".')
    return text


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
