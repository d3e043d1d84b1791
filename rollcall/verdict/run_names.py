"""Which name does the output of a due run have?"""

from datetime import UTC, datetime, timedelta
from typing import assert_never

from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.words import Dated
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


def named_by(dated: Dated, due_at: datetime, job: Job, output: Output) -> datetime | None:
    """What the name of a file of the run due then tells, where it is dated like that; None where there is no such."""
    match dated:
        case Dated.PREVIOUS_DUE:
            return last_due(as_scheduled(job.schedule), due_at - _INSTANT)
        case Dated.PREVIOUS_DAY:
            zone = job.zone_of(output)
            local = due_at.astimezone(zone).replace(tzinfo=None)
            return (local - _DAY).replace(tzinfo=zone).astimezone(UTC)
        case Dated.DUE | Dated.RUN:
            return due_at
        case _:
            assert_never(dated)


def expected_names(job: Job, output: Output, due_at: datetime) -> tuple[str, ...]:
    """The name that the output of the run due then should have, below its folder; wildcards stay as they are.

    Two where it may be written before or after midnight. What nobody knows before it is written, such as the second,
    stays the field that it is.
    """
    at = named_by(output.dated, due_at, job, output)
    if at is None:
        return (output.pattern,)
    # A name tells when it was written, which is some time until the run must be done; or a due time, which is exact.
    until = job.due_run(due_at).finish_by if output.dated is Dated.RUN else at
    zone = job.zone_of(output)
    return output.names.named_between(at.astimezone(zone), until.astimezone(zone))
