"""What was probably meant, which address can be asked, and how may it be shown?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from urllib.parse import urlsplit

from rollcall.text import clean

_MOST_COMPARED = 2_000


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was probably meant, in whatever case; None where none is near."""
    by_lower = {each.lower(): each for each in islice(known, _MOST_COMPARED)}
    near = get_close_matches(name[:80].lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def check_url(url: str, example: str = "http://localhost:8000", *, may_have_query: bool = False) -> None:
    """Checks that it is an http(s) address that can be asked. Raises ValueError with rule and cure."""
    cure = f'Write it such as "{example}".'
    if clean(url, 4000) != url or " " in url:
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
    if not may_have_query and (parts.query or parts.fragment):
        raise ValueError(f'ends in a "?" or "#" part, which belongs to status. {cure}')


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
