"""What do schedulers list that jobs.toml does not declare, or declares otherwise?"""

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
        # One that is declared by its being listed, all but for a schedule that can be read.
        not_due = [name for name in each.undeclared if each.scheduler.declares(name)]
        others = [name for name in each.undeclared if name not in not_due]
        for names, what, cure in (
            (
                others,
                "that jobs.toml does not declare",
                "Declare them (rollcall discover --append) or ignore them",
            ),
            (not_due, "without a schedule that can be read", "Give each a table with one, or ignore it"),
        ):
            if names:
                shown = listed([clean(name, 60) for name in names], _MOST_NAMED)
                yield f"{each.scheduler.id} lists {counted(len(names), 'job')} {what}: {shown}. {cure}"
