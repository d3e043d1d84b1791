"""What of this morning is worth remembering?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from rollcall.causes.action import Action, Deed, told
from rollcall.evidence import FileSeen, Outcome, Verified
from rollcall.history.past import PastRun, Signs, Standing, past_runs
from rollcall.history.rows import OutputRow, PastMorning, ProofRow, Row
from rollcall.morning import Morning
from rollcall.roll.due_run import DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.words import Late
from rollcall.schedule.answers import due_between
from rollcall.text import clean
from rollcall.verdict import interval
from rollcall.verdict.case import Case, attempts_of, files_by_run
from rollcall.verdict.findings import Check
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.work import files_of_the_run
from rollcall.vocabulary import CauseCode, Verdict

# A job of every minute has 1,440 runs in a day of look-back, and a strip shows some thirty.
MOST_FROM_FILES = 48


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


def rows_of(morning: Morning) -> tuple[Row, ...]:
    """What the morning tells of due runs: the one judged of each job, and earlier ones that no morning judged.

    Of those its files tell, or where it leaves none its scheduler's record.
    """
    rows: list[Row] = []
    for judged in morning.jobs:
        run = judged.due_run
        if run is None or judged.verdict is Verdict.PAUSED:
            continue
        rows += earlier_rows(judged, run, morning, back=judged.job.look_back)
        rows.append(judged_row(judged, run, morning))
    return tuple(rows)


def earlier_rows(judged: JobJudged, run: DueRun, morning: Morning, *, back: timedelta) -> Iterator[Row]:
    """What the morning tells of runs of the job that were due before `run`, the one that it judged, as far `back`."""
    since = morning.judged_at - back - judged.job.allowance
    yield from (_from_files if judged.job.outputs else _from_runs)(judged, run, morning, since)


def judged_row(judged: JobJudged, run: DueRun, morning: Morning) -> Row:
    """The judged run of a job, as it is remembered."""
    job, decides = judged.job, attempts_of(run, judged.seen).deciding
    cause = morning.job_causes[job.id]
    # That its next run is still inside its time does not put off what is proven of this one.
    is_proven = bool(judged.findings) and all(each.verdict is Verdict.OK for each in judged.findings)
    done = [each for each in morning.actions if not each.is_dry and _concerns(each, job, run)]
    return Row(
        job_id=job.id,
        due_at=run.due_at,
        verdict=Verdict.OK if is_proven else judged.verdict,
        cause=cause.code if cause else None,
        needs_a_person=judged.needs_a_person,
        ran_at=judged.ran_at,
        took=decides.took if decides else None,
        outputs=tuple(_left(judged.case)) if judged.case else (),
        judged_at=morning.judged_at,
        action=clean(told(done[-1], morning.zone)) if done else None,
    )


def _concerns(action: Action, job: Job, run: DueRun) -> bool:
    if action.deed is Deed.RERUN:
        return action.subject == job.id and action.due_at in (None, run.due_at)
    return job.scheduler is not None and action.subject == job.scheduler.id


def _left(case: Case) -> Iterator[OutputRow]:
    """What the run left of each output, named as jobs.toml has it: all its files together, as they were judged."""
    for number in range(len(case.seen.outputs)):
        of_output = case.of_output(number)
        if files := files_of_the_run(of_output):
            yield _row_of(of_output.seen.declared, files)


def _row_of(output: Output, files: Sequence[FileSeen]) -> OutputRow:
    sizes = [each.size for each in files]
    rows = [each.content.rows if each.content else None for each in files]
    return OutputRow(
        output=output.written,
        size=None if None in sizes else sum(filter(None, sizes)),
        rows=None if None in rows else sum(filter(None, rows)),
        made_at=files[0].made_at,
    )


# The heaviest first: of several files of a run the whole is as good as the worst of them.
_WEIGHT = (Outcome.FAILED, Outcome.PARTIAL, Outcome.SUCCESS)


def proofs_of(morning: Morning) -> tuple[ProofRow, ...]:
    """What `verify` proved this morning of what the judged runs left, one for each output that it proved."""
    return tuple(
        ProofRow.of(judged.job.id, output.written, heaviest)
        for judged in morning.jobs
        for number, output in enumerate(judged.job.outputs)
        if (heaviest := _heaviest_proof(judged, number))
    )


def _heaviest_proof(judged: JobJudged, number: int) -> Verified | None:
    # What is still being written is not bad yet.
    is_open = any(each.check is Check.OUTPUT_IS_WHOLE and each.verdict is Verdict.PENDING for each in judged.findings)
    made = judged.case.of_output(number).made if judged.case and not is_open else ()
    proofs = [each.verified for each in made if each.verified and each.verified.outcome in _WEIGHT]
    return min(proofs, key=lambda each: _WEIGHT.index(each.outcome), default=None)


# Runs that no morning judged ------------------------------------------------------------------------------------------

_Proof = tuple[Verdict, CauseCode | None]
_BY_STANDING: Mapping[Standing, _Proof] = {
    Standing.MADE: (Verdict.OK, None),
    Standing.LATE: (Verdict.LATE, CauseCode.RAN_LATE),
    Standing.MISSED: (Verdict.MISSED, CauseCode.MISSED_RUN),
}
_BY_OUTCOME: Mapping[Outcome, _Proof] = {
    Outcome.SUCCESS: (Verdict.OK, None),
    Outcome.PARTIAL: (Verdict.OK, CauseCode.PARTIAL_RUN),
    Outcome.FAILED: (Verdict.FAILED, CauseCode.RUN_FAILED),
}


def _from_files(judged: JobJudged, run: DueRun, morning: Morning, since: datetime) -> Iterator[Row]:
    """The runs since then and before the one judged, as far as the files prove something of them."""
    job, now = judged.job, morning.judged_at
    if job.output is None or interval.floats(job):
        return
    # Of what was seen this morning nothing is left out: only files from before the look-back were not listed.
    signs = Signs.of_output(job, judged.seen.output, most=0, now=now)
    seen = [judged.seen.of_output(number) for number in range(len(job.outputs))]
    left = [(each.declared, files_by_run(each)) for each in seen]
    for past in past_runs(job, signs, since=since, now=now, most=MOST_FROM_FILES) if signs.seen else ():
        # As the checks do: only what an older file stands before was missed.
        is_told = past.file is not None or past.run.begins_at > signs.seen[0].made_at
        if past.due_at < run.due_at and is_told and (proof := _proven(past)):
            verdict, cause = proof
            yield Row(
                job_id=job.id,
                due_at=past.due_at,
                verdict=verdict,
                cause=cause,
                needs_a_person=verdict is not Verdict.OK and (verdict is not Verdict.LATE or job.late is Late.FAIL),
                ran_at=past.made_at,
                outputs=tuple(_row_of(output, files) for output, of in left if (files := of(past.run))),
                judged_at=now,
                from_files=True,
            )


def _proven(past: PastRun) -> _Proof | None:
    """What the files prove of a run; None where they prove nothing. Its content was not read."""
    if past.file and past.flaw:
        if past.file.size == 0:
            return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT
        return Verdict.BAD_OUTPUT, (CauseCode.TRUNCATED_OUTPUT if past.file.is_regular else CauseCode.OUTPUT_UNREADABLE)
    return _BY_STANDING.get(past.standing)


def _from_runs(judged: JobJudged, run: DueRun, morning: Morning, since: datetime) -> Iterator[Row]:
    """The same of a job without files, as far as its scheduler has the runs on record."""
    job, seen, now = judged.job, judged.seen, morning.judged_at
    if not seen.tells("history") or seen.blocker or interval.floats(job):
        return
    since = max(filter(None, (since, seen.runs_since, job.since)))
    dues = due_between(job.schedule, since, run.due_at)[-MOST_FROM_FILES - 1 :]
    for due_at, next_due_at in pairwise(dues):
        past = job.due_run(due_at, next_due_at)
        case = Case.of(seen, past)
        decides = case.attempts.deciding
        proof = _BY_OUTCOME.get(decides.outcome) if decides else _BY_STANDING[Standing.MISSED]
        if proof and past.finish_by <= now:
            verdict, cause = proof
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
