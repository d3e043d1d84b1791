"""Is a job to be run again, and if not, why?

It is re-run where its scheduler has no run of it on record since it was due (`missed-run`, `never-ran`) and nothing
else is wrong with it. A run that failed, hangs, or reports a success without an output has started its work, and may do
harm when it is started again: that is for a person to decide.
"""

from __future__ import annotations

from datetime import datetime

from rollcall.causes.action import Deed
from rollcall.causes.commands import table_of, trigger_of
from rollcall.causes.words import is_plainly_missed
from rollcall.evidence import Outcome, OutputSeen
from rollcall.roll.due_run import DueRun
from rollcall.text import show_size
from rollcall.times import show_instant, show_span
from rollcall.verdict import show
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.verdict.zones import zone_of_this_run

# Its memory only gives evidence: where it does not answer, jobs can still run.
_NEEDED = (Check.ANSWERS, Check.CLOCK_AGREES, Check.SCHEDULER_IS_RUNNING, Check.SCHEDULER_IS_ALIVE)


def why_not(judged: JobJudged, scheduler: SchedulerJudged | None) -> str | None:
    """Why the job is not to be run again, for people; None where it was missed and may be."""
    if scheduler and (broken := scheduler_broken(scheduler)):
        return f"its scheduler cannot run it: {broken.because}"
    if not is_plainly_missed(judged):
        return _what_else(judged)
    if judged.case and (behind := judged.case.behind) and behind.outcome is Outcome.RUNNING:
        return f"{show.run_of(behind.started_at, judged.job)} is still running, and a second one beside it may do harm"
    if judged.case and judged.case.is_in_memory:
        return (
            f"{judged.seen.its_memory} has a run since it was due, but its scheduler does not: find out which is right"
        )
    if judged.case and (fits := zone_of_this_run(judged.case)):
        return f"its record, read as {fits[1].key}, would be of this very run: check `naive_times`"
    if scheduler and scheduler.scheduler.host:
        return f"its scheduler is not reached from here; run it on host {scheduler.scheduler.host}"
    if scheduler is None or trigger_of(judged) is None:
        return "not set up; add `trigger` to the table of its scheduler in jobs.toml"
    if not judged.job.rerun:
        return f"jobs.toml does not allow it; add `rerun = true` to {table_of(judged.job)}"
    return None


def scheduler_broken(scheduler: SchedulerJudged) -> Finding | None:
    """What keeps a scheduler from running anything; None where nothing does."""
    return next((each for each in scheduler.findings if each.needs_a_person and each.check in _NEEDED), None)


def _what_else(judged: JobJudged) -> str:
    """What is wrong with it instead of a missed run."""
    broken = [each for each in judged.findings if each.needs_a_person]
    if other := next((each for each in broken if each.code not in Deed.RERUN.cures), None):
        is_missed = any(each.code in Deed.RERUN.cures for each in broken)
        return f"{'more is wrong with it' if is_missed else 'it was not missed'}: {other}"
    if broken:
        return f"its newest run is there, and running it now would not replace an earlier one: {broken[0]}"
    if judged.due_run is None:
        return "no run was due yet"
    due = f"due {show_instant(judged.due_run.due_at, judged.job.zone)}"
    done = f", done {show_instant(judged.ran_at, judged.job.zone, seconds=True)}" if judged.ran_at else ""
    return f"it was not missed: {judged.verdict}, {due}{done}"


def why_not_now(judged: JobJudged, run: DueRun, *, now: datetime) -> str | None:
    """Why a run at `now` would do harm, for people: beside the next one, in its place, or with nowhere to write to."""
    job, seen = judged.job, judged.seen
    # An interval without an anchor is counted from the new run by its scheduler.
    own = seen.next_run if seen.floats else None
    next_at = own.at if own and own.at else run.next_due_at
    if next_at is not None and next_at - now <= job.max_runtime:
        at = show_instant(next_at, job.zone)
        if next_at <= now:
            return f"its next run was due {at}, and a run now would count for that one"
        return f"its next run is due {at}, sooner than a run may take ({show_span(job.max_runtime)})"
    if job.output is None or not isinstance(seen.output, OutputSeen) or seen.output.free_bytes is None:
        return None
    free, wanted = seen.output.free_bytes, seen.output.room_wanted(job.output.least_size)
    if free >= wanted:
        return None
    return f"the disk of its output has {show_size(free)} free, less than {show_size(wanted)}"
