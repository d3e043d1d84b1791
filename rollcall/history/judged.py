"""What of this morning is worth remembering?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from rollcall.causes.action import Action, Deed, told
from rollcall.evidence import FileSeen, Outcome
from rollcall.history.past import PastRun, Signs, Standing, past_runs
from rollcall.history.rows import OutputRow, PastMorning, Row
from rollcall.morning import Morning
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.words import Late
from rollcall.schedule.answers import due_between
from rollcall.text import clean
from rollcall.verdict import JobJudged, interval
from rollcall.verdict.case import Case, attempts_of
from rollcall.vocabulary import CauseCode, Verdict

# A job of every minute has 1,440 runs in a day of look-back, and a strip shows some thirty.
MOST_FROM_FILES = 48

# Of what was seen this morning nothing is left out: only files from before the look-back were not listed.
_ANY_CUT = 0


def rows_of(morning: Morning) -> tuple[Row, ...]:
    """What the morning tells of due runs: the one judged of each job, and earlier ones of which its files tell."""
    return tuple(row for judged in morning.jobs for row in _rows(judged, morning))


def past_morning(morning: Morning, *, by: str, is_complete: bool, other_failures: int = 0) -> PastMorning:
    """The morning as a whole; one that looked at a part of the jobs is never complete.

    `other_failures` counts checks that failed though no job and no scheduler needs anybody for it.
    """
    is_complete = is_complete and not morning.is_partial
    fine = "ok" if is_complete else "incomplete"
    return PastMorning(
        judged_at=morning.judged_at,
        verdict="attention" if morning.needs_a_person or other_failures else fine,
        is_complete=is_complete,
        declared=morning.declared,
        needing=len(morning.jobs_that_need_a_person()),
        by=by,
    )


def _rows(judged: JobJudged, morning: Morning) -> Iterator[Row]:
    run = judged.due_run
    if run is None or judged.verdict is Verdict.PAUSED:
        return
    yield from _from_files(judged, run, morning) if judged.job.outputs else _from_runs(judged, run, morning)
    cause = morning.job_causes[judged.job.id]
    yield Row(
        job_id=judged.job.id,
        due_at=run.due_at,
        verdict=_verdict(judged),
        cause=cause.code if cause else None,
        needs_a_person=judged.needs_a_person,
        ran_at=judged.ran_at,
        took=decides.took if (decides := attempts_of(run, judged.seen).deciding) else None,
        outputs=_outputs(judged.job, judged.files),
        judged_at=morning.judged_at,
        action=_action(judged.job, run, morning),
    )


def _verdict(judged: JobJudged) -> Verdict:
    """The job's; that its next run is still inside its time does not put off what is proven of this one."""
    is_proven = bool(judged.findings) and all(each.verdict is Verdict.OK for each in judged.findings)
    return Verdict.OK if is_proven else judged.verdict


def _outputs(job: Job, files: Sequence[FileSeen | None]) -> tuple[OutputRow, ...]:
    """What the run left of each output, named by its path as jobs.toml has it."""
    return tuple(
        OutputRow(output=clean(output.path.text), size=file.size, made_at=file.made_at)
        for output, file in zip(job.outputs, files, strict=False)
        if file is not None
    )


def _action(job: Job, run: DueRun, morning: Morning) -> str | None:
    """The last thing that was done about the run, or about its scheduler."""
    done = [each for each in morning.actions if not each.is_dry and _concerns(each, job, run)]
    return clean(told(done[-1], morning.zone)) if done else None


def _concerns(action: Action, job: Job, run: DueRun) -> bool:
    if action.deed is Deed.RERUN:
        return action.subject == job.id and action.due_at in (None, run.due_at)
    return job.scheduler is not None and action.subject == job.scheduler.id


# Runs that no morning judged ------------------------------------------------------------------------------------------


def _from_files(judged: JobJudged, run: DueRun, morning: Morning) -> Iterator[Row]:
    """The runs of the look-back before the one judged, as far as the files prove something of them."""
    job, now = judged.job, morning.judged_at
    if job.output is None or interval.floats(job):
        return
    signs = Signs.of_output(job, judged.seen.output, most=_ANY_CUT, now=now)
    if not signs.seen:
        return
    since = now - job.look_back - job.allowance
    for past in past_runs(job, signs, since=since, now=now, most=MOST_FROM_FILES):
        # As the checks do: only what an older file stands before was missed.
        is_told = past.sign is not None or past.run.begins_at > signs.seen[0].at
        if past.due_at < run.due_at and is_told and (proven := _proven(past, job)):
            verdict, cause = proven
            yield Row(
                job_id=job.id,
                due_at=past.due_at,
                verdict=verdict,
                cause=cause,
                needs_a_person=verdict is not Verdict.OK and (verdict is not Verdict.LATE or job.late is Late.FAIL),
                ran_at=past.made_at,
                outputs=_outputs(job, (past.file,)),
                judged_at=now,
                from_files=True,
            )


def _from_runs(judged: JobJudged, run: DueRun, morning: Morning) -> Iterator[Row]:
    """The same of a job without files, as far as its scheduler has the runs on record."""
    job, seen, now = judged.job, judged.seen, morning.judged_at
    if not seen.tells("history") or seen.blocker or interval.floats(job):
        return
    since = max(filter(None, (now - job.look_back - job.allowance, seen.runs_since, job.since)))
    dues = due_between(job.schedule, since, run.due_at)[-MOST_FROM_FILES - 1 :]
    for due_at, next_due_at in pairwise(dues):
        past = job.due_run(due_at, next_due_at)
        case = Case.of(seen, past)
        decides = case.attempts.deciding
        if past.finish_by > now or (decides is not None and decides.outcome not in _TELLING):
            continue
        verdict, cause = _TELLING[decides.outcome] if decides else (Verdict.MISSED, CauseCode.MISSED_RUN)
        yield Row(
            job_id=job.id,
            due_at=due_at,
            verdict=verdict,
            cause=cause,
            needs_a_person=verdict is not Verdict.OK,
            ran_at=case.first_seen,
            took=decides.took if decides else None,
            judged_at=now,
            from_files=True,
        )


_TELLING: Mapping[Outcome, tuple[Verdict, CauseCode | None]] = {
    Outcome.SUCCESS: (Verdict.OK, None),
    Outcome.PARTIAL: (Verdict.OK, CauseCode.PARTIAL_RUN),
    Outcome.FAILED: (Verdict.FAILED, CauseCode.RUN_FAILED),
}


def _proven(past: PastRun, job: Job) -> tuple[Verdict, CauseCode | None] | None:
    """What the files prove of a run; None where they prove nothing. Its content was not read."""
    if past.is_empty:
        return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT
    if past.flaw and past.file:
        return Verdict.BAD_OUTPUT, (CauseCode.TRUNCATED_OUTPUT if past.file.is_regular else CauseCode.OUTPUT_UNREADABLE)
    match past.standing:
        case Standing.MADE:
            return Verdict.OK, None
        case Standing.LATE:
            return Verdict.LATE, CauseCode.RAN_LATE
        case Standing.MISSED:
            return Verdict.MISSED, CauseCode.MISSED_RUN
        case _:
            return None
