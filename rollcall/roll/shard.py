"""Which part of the jobs does one of several runs look at, so that together they look at all, each once?"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from rollcall.errors import BadInput
from rollcall.text import clean

MOST = 1_000
_SHARD = re.compile(r"(\d{1,4})/(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `number` of `of`, counted from 1. Which part a job is in is told by its id alone."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def folder(self) -> str:
        """What its reports are kept in, below those of the whole."""
        return f"shard-{self.number}-of-{self.of}"

    def has(self, name: str) -> bool:
        """True of what is looked at in this part."""
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % self.of == self.number - 1


def read_shard(text: str, place: str) -> Shard:
    """The part that "2/4" names. Raises `BadInput`; `place` is where it was written."""
    match = _SHARD.fullmatch(text.strip())
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of <= MOST:
        rule = f"must be such as 2/4, the second of four parts; of at most {MOST:,}."
        raise BadInput.single(place, rule, f'"{clean(text, 40)}"')
    return Shard(number, of)
