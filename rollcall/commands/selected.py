"""Which jobs did the person name?"""

from __future__ import annotations

from collections.abc import Sequence

from rollcall.errors import BadInput, Mistake
from rollcall.jobs import Job, Roll
from rollcall.text import clean, listed


def selected(roll: Roll, ids: Sequence[str]) -> Sequence[Job]:
    """The jobs of these ids, all where none is named. Raises `BadInput` with every id that is not declared."""
    known = [job.id for job in roll.jobs]
    rule = f"no such job. Declared: {listed(known, 20)}."
    mistakes = tuple(Mistake(place="JOB", value=f'"{clean(each, 60)}"', rule=rule) for each in ids if each not in known)
    if mistakes:
        raise BadInput(mistakes)
    return [job for job in roll.jobs if not ids or job.id in ids]
