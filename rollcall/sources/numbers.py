"""Which instant is a number that counts from 1970 on?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from rollcall.times import EPOCH

# What such numbers count, in microseconds.
UNITS = {"epoch": 1_000_000, "epoch-ms": 1_000, "epoch-us": 1}


def iso_of(number: float | Decimal | str, times: str) -> str:
    """The instant in ISO, of a number that counts `times`. Raises ValueError where there is no such."""
    try:
        return (EPOCH + timedelta(microseconds=float(number) * UNITS[times])).isoformat()
    except OverflowError:
        raise ValueError("no such instant") from None
