"""What is filled into a path, a body or a command where it says {since}, {limit} or {page}?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from rollcall.sources.numbers import UNITS
from rollcall.text import with_texts
from rollcall.times import EPOCH

_PLACE = re.compile(r"\{(since|until|now|limit|offset|page|cursor)\}")


def filled(template: Any, values: Mapping[str, Any], quote: Callable[[str], str] = str) -> Any:
    """`template` with its places filled in; a text that is one place keeps the value's type, other braces stay.

    What is put into a longer text is written by `quote`, and nothing is for None.
    """
    texts = {name: "" if value is None else quote(str(value)) for name, value in values.items()}

    def fill(text: str) -> Any:
        whole = _PLACE.fullmatch(text)
        return values[whole[1]] if whole and quote is str else _PLACE.sub(lambda found: texts[found[1]], text)

    return with_texts(template, fill)


def places_in(template: Any) -> frozenset[str]:
    """The names of what is filled in somewhere in it."""
    return frozenset(_PLACE.findall(json.dumps(template)))


def written(at: datetime, times: str | None) -> str | int:
    """An instant as a scheduler is asked by it: ISO in UTC, or the number that its own `times` are."""
    if times is None:
        return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
    return (at - EPOCH) // timedelta(microseconds=1) // UNITS[times]
