"""What is told of a scheduler's list: which of its jobs does jobs.toml not know, and which are due otherwise now?"""

from __future__ import annotations

from collections.abc import Iterator

from rollcall.morning import Morning
from rollcall.text import clean, counted, listed

_MOST_NAMED = 6


def listing_lines(morning: Morning) -> Iterator[str]:
    """A line for each job that was rescheduled there, and for each scheduler that lists what nobody declares."""
    for scheduler, was, now in morning.rescheduled:
        zones = "" if was.zone == now.zone else f", {now.zone or 'no zone'} instead of {was.zone or 'none'}"
        yield (
            f"{clean(now.id, 60)}: {scheduler.id} lists it as {clean(now.schedule or '', 60)!r} now, "
            f"not as {clean(was.schedule or '', 60)!r}{zones}; it is judged by that"
        )
    for each in morning.schedulers:
        if each.undeclared:
            jobs = counted(len(each.undeclared), "job")
            names = listed([clean(name, 60) for name in each.undeclared], _MOST_NAMED)
            yield f"{each.scheduler.id} lists {jobs} that jobs.toml does not declare: {names}. Declare or ignore them"
