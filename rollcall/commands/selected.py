"""Which jobs, or schedulers, did the person name?"""

from __future__ import annotations

from collections.abc import Sequence

from rollcall.errors import BadInput, Mistake
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.values import nearest
from rollcall.text import clean, listed


def selected(roll: Roll, ids: Sequence[str]) -> Sequence[Job]:
    """The jobs of these ids, all where none is named. Raises `BadInput` with every id that is not declared."""
    check_declared("job", ids, [job.id for job in roll.jobs])
    return [job for job in roll.jobs if not ids or job.id in ids]


def check_declared(thing: str, ids: Sequence[str], known: Sequence[str], *, known_as: str = "Declared") -> None:
    """Raises `BadInput` with every id that is not one of those known, and which was probably meant."""
    mistakes = []
    for each in ids:
        if each not in known:
            near = nearest(each, known)
            cure = f"Did you mean {clean(near, 60)}?" if near else f"{known_as}: {listed(known, 20) or 'none'}."
            rule = f"no such {thing}. {cure}"
            mistakes.append(Mistake(place=thing.upper(), value=f'"{clean(each, 60)}"', rule=rule))
    if mistakes:
        raise BadInput(tuple(mistakes))
