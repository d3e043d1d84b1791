"""Which whole number is a value, and which instant is one that counts from 1970 on?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from rollcall.times import EPOCH

# What such numbers count, in microseconds.
UNITS = {"epoch": 1_000_000, "epoch-ms": 1_000, "epoch-us": 1}
_MOST = 2**63


def count_of(value: Any) -> int | None:
    """A whole number; None for whatever is none."""
    # Of an int of more digits than a float has isfinite() would raise; so large a one fits nowhere.
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    is_one = is_number and (isinstance(value, int) or isfinite(value)) and abs(value) < _MOST
    return int(value) if is_one and value == int(value) else None


def iso_of(number: float | Decimal | str, times: str) -> str:
    """The instant in ISO, of a number that counts `times`. Raises ValueError where there is no such."""
    try:
        return (EPOCH + timedelta(microseconds=float(number) * UNITS[times])).isoformat()
    except OverflowError:
        raise ValueError("no such instant") from None
