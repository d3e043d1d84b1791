"""When did the machine of its scheduler run nothing, and until when does what was missed begin in time?"""

from datetime import datetime

from rollcall.evidence import Off, SchedulerSeen
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.verdict.witnesses import Witnesses


def off_at(run: DueRun, seen: Witnesses) -> Off | None:
    """The stretch in which the machine of its scheduler ran nothing, where that run was to begin in it; else None."""
    return next(iter(offs_at(run, seen)), None)


def offs_at(run: DueRun, seen: Witnesses) -> tuple[Off, ...]:
    """That stretch, and those after it between which its machine was not up for as long as a start may take."""
    offs = seen.scheduler.off if isinstance(seen.scheduler, SchedulerSeen) else ()
    begins_by, found = run.due_at + seen.job.jitter, list[Off]()
    for each in sorted(offs, key=lambda off: off.since):
        if each.since <= begins_by and run.due_at < each.until:
            found.append(each)
            begins_by = max(begins_by, begins_once_back_by(each, seen.job))
    return tuple(found)


def begins_once_back_by(off: Off, job: Job) -> datetime:
    """Until when what was missed in that stretch begins in time, once its machine is back."""
    return off.until + job.jitter + job.grace


def catches_up(off: Off, seen: Witnesses) -> bool:
    """True where its scheduler runs once what came due in that stretch.

    What comes due while a machine sleeps is begun when it wakes, whether or not it is kept for when it was off.
    """
    return seen.listed is not None and (bool(seen.listed.catches_up) or off.how == "asleep")
