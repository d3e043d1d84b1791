"""How are a due run and a distance from it written in a sentence?"""

from datetime import datetime, timedelta
from typing import assert_never

from rollcall.evidence import FileSeen, Off
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.schedule.answers import last_due, next_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import show_date, show_instant, show_span

# An instant further away is shown with its year.
_FAR = timedelta(days=300)


def when(at: datetime, job: Job) -> str:
    """An instant in the job's zone; seconds only where it has some."""
    return show_instant(at, job.zone, seconds=bool(at.second))


def day(at: datetime, job: Job) -> str:
    """The day on which that is, in the job's zone: "Mon 14 Dec"."""
    return show_date(at, job.zone).rsplit(" ", 1)[0]


def output(file: FileSeen, declared: Output, job: Job) -> str:
    """What a run left, in a sentence: "its output db.sql", "its entry of Wed 11 Feb 06:00:17 CET"."""
    match declared.kind:
        case Kind.FILES:
            return f"its output {file.name}"
        case Kind.ENTRIES:
            return f"its entry of {made(file, job)}"
        case Kind.ROWS:
            return f"its table as of {made(file, job)}"
        case _:
            assert_never(declared.kind)


def newest(file: FileSeen, declared: Output, job: Job, now: datetime) -> str:
    """ "the newest file is db.sql of Wed 11 Feb 06:00:17 CET", "the newest entry is of Wed 11 Feb 06:00:17 CET"."""
    name = f"{file.name} " if declared.kind is Kind.FILES else ""
    at = show_instant(file.made_at, job.zone, year=True) if now - file.made_at > _FAR else made(file, job)
    return f"the newest {declared.kind.one} is {name}of {at}"


def made(file: FileSeen, job: Job) -> str:
    """When it was made: only the day for a row or an entry that has no time."""
    tells_day = file.written_at is None and file.stamp_from is not None and file.stamp_at == file.stamp_from
    return show_date(file.made_at, job.zone) if tells_day else when(file.made_at, job)


def run_of(started_at: datetime | None, job: Job) -> str:
    """A run, by when it began; "an earlier run" where that is not known."""
    return f"its run of {when(started_at, job)}" if started_at else "an earlier run"


def off(stretch: Off, job: Job) -> str:
    """ "its machine was off from Wed 11 Feb 01:10 CET until Wed 11 Feb 06:50 CET"."""
    return f"its machine was {stretch.how} from {when(stretch.since, job)} until {when(stretch.until, job)}"


def limit(at: datetime, run: DueRun, job: Job) -> str:
    """A limit beside its due time: the clock alone where both are on one day with one UTC offset."""
    due, local = run.due_at.astimezone(job.zone), at.astimezone(job.zone)
    if (due.date(), due.utcoffset()) == (local.date(), local.utcoffset()):
        return f"{local.hour:02}:{local.minute:02}" + (f":{local.second:02}" if local.second else "")
    return when(at, job)


def declared(job: Job) -> str:
    """When it is due: "every day at 06:00, or up to 10 min later"."""
    return job.schedule.in_words() + (f", or up to {show_span(job.jitter)} later" if job.jitter else "")


def replaced(what: str, run: DueRun, job: Job) -> str:
    """By which run the evidence of `run` was replaced: the next one, or one that was not owed."""
    has_days_off = as_scheduled(job.schedule) is not job.schedule
    is_of_day_off = has_days_off and next_due(job.schedule, run.due_at) != run.next_due_at
    by = "a run that was not owed" if is_of_day_off else "the next run"
    return f"{by} has replaced its {what}, so this is no longer known{_too_wide(run)}"


def shared(what: str, before: DueRun, job: Job) -> str:
    """The sentence that what was seen of a run may be of the one before it."""
    due_at, until = when(before.due_at, job), limit(before.finish_by, before, job)
    return (
        f"its {what} may be of the run due {due_at}, which had until {until}: it is not clear which{_too_wide(before)}"
    )


def _too_wide(run: DueRun) -> str:
    if run.ends_at is None or run.finish_by < run.ends_at:
        return ""
    return "; limits (jitter, grace, max_runtime) that end before the next run make it clear"


def due(run: DueRun, job: Job) -> str:
    """ "due Wed 11 Feb 06:00 CET, allowed until 06:15"."""
    return f"due {when(run.due_at, job)}, allowed until {limit(run.start_by, run, job)}"


def distance(at: datetime, run: DueRun) -> str:
    """ "2 h 48 min after it was due"."""
    late = at - run.due_at
    return f"{show_span(abs(late))} {'before' if late < timedelta(0) else 'after'} it was due"


def earlier_run(at: datetime, job: Job) -> str:
    """What is known of a run before the one that is judged, with its distance from its own due time."""
    own_due_at = last_due(as_scheduled(job.schedule), at)
    if own_due_at is None or at <= own_due_at + job.allowance:
        return f"ended {when(at, job)}"
    return f"ended {when(at, job)}, late or by hand, {show_span(at - own_due_at)} after that run's due time"
