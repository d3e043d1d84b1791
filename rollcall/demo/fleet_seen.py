"""What do the witnesses of a fleet say on the morning that is judged?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from rollcall.demo.fleet_file import FALLBACK, LEAST_SIZE
from rollcall.demo.fleet_past import LATE_BY, fate_of, usual_run
from rollcall.demo.fleet_plan import KINDS, Fate, Fleet, Planned
from rollcall.evidence import (
    Content,
    Evidence,
    FileSeen,
    JobListed,
    NotSeen,
    Outcome,
    OutputSeen,
    RunSeen,
    SchedulerSeen,
)
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule.answers import due_between, next_due
from rollcall.text import show_size
from rollcall.times import to_iso
from rollcall.vocabulary import CauseCode

_DAY = timedelta(days=1)
# Of a daily job five files are left; of a weekly one they reach back further.
_KEEPS = 5
_STOPPED_SINCE = timedelta(hours=22)
_GONE = {Fate.MISSED, Fate.NOT_THERE, Fate.PAUSED_THERE, Fate.PAUSED}
_WITHOUT_FILE = {Fate.FAILED, Fate.WAITS, Fate.HANGS, *_GONE}


class Seen:
    """The evidence of a fleet at `now`, told from its plan; mornings that share `drawn_at` tell the same of a run."""

    def __init__(self, fleet: Fleet, roll: Roll, now: datetime, drawn_at: datetime | None = None) -> None:
        self.fleet, self.roll, self.now, self.drawn_at = fleet, roll, now, drawn_at or now
        self.planned: Mapping[str, Planned] = {each.id: each for each in fleet.jobs}

    def evidence(self) -> Evidence:
        """What is seen now."""
        by_scheduler: dict[str, list[Job]] = {each.id: [] for each in self.roll.schedulers}
        for job in self.roll.jobs:
            assert job.scheduler is not None
            by_scheduler[job.scheduler.id].append(job)
        with_memory = [each for each in self.roll.schedulers if each.memory]
        return Evidence(
            schedulers={each.id: self._scheduler(each, by_scheduler[each.id]) for each in self.roll.schedulers},
            memories={each.id: self._memory(by_scheduler[each.id]) for each in with_memory},
            outputs={job.id: (self._output(job),) for job in self.roll.jobs if job.outputs},
        )

    # Schedulers -------------------------------------------------------------------------------------------------------

    def _scheduler(self, scheduler: Scheduler, jobs: list[Job]) -> SchedulerSeen | NotSeen:
        if scheduler.id in self.fleet.down:
            detail = f"{scheduler.asks}: connection refused"
            return NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=self.now)
        kind, is_stopped = KINDS[self.fleet.kinds[scheduler.id]], scheduler.id in self.fleet.stopped
        return SchedulerSeen(
            asked_at=self.now,
            answered_at=self.now,
            server_at=self.now,
            running=not is_stopped,
            heartbeat=to_iso(self.now - timedelta(seconds=8)) if kind.beats else None,
            jobs=() if is_stopped else tuple(filter(None, map(self._listed, jobs))),
            runs=() if is_stopped else tuple(run for job in jobs for run in self._runs(job)),
            runs_since=self.now - 3 * _DAY,
        )

    def _memory(self, jobs: list[Job]) -> SchedulerSeen:
        return SchedulerSeen(
            asked_at=self.now,
            answered_at=self.now,
            running=True,
            since=_naive(self.now - 11 * _DAY),
            runs=tuple(run for job in jobs for run in self._runs(job)),
        )

    def _listed(self, job: Job) -> JobListed | None:
        planned = self.planned[job.id]
        if planned.fate is Fate.NOT_THERE:
            return None
        is_paused = planned.fate in (Fate.PAUSED_THERE, Fate.PAUSED)
        next_at = next_due(job.schedule, self.now)
        return JobListed(id=job.name, next_run=to_iso(next_at) if next_at and not is_paused else None, paused=is_paused)

    def _runs(self, job: Job) -> Iterator[RunSeen]:
        """Those that are on record: of some kinds the last alone, and of that its end."""
        planned = self.planned[job.id]
        dues = self._dues(job)
        if KINDS[planned.kind].ends_only:
            runs = [run for due_at in dues for run in self._run(job, planned, due_at, is_last=due_at == dues[-1])]
            ended = [each for each in runs if each.ended]
            yield from (
                RunSeen(job=each.job, ended=each.ended, word=each.word, outcome=each.outcome) for each in ended[-1:]
            )
            return
        for due_at in dues[-4:]:
            yield from self._run(job, planned, due_at, is_last=due_at == dues[-1])

    def _run(self, job: Job, planned: Planned, due_at: datetime, *, is_last: bool) -> Iterator[RunSeen]:
        fate = fate_of(planned, due_at, self.now, is_last=is_last)
        if fate in _GONE:
            return
        usual = usual_run(planned, due_at, self.drawn_at)
        began_at, takes = due_at + (LATE_BY if fate is Fate.LATE else usual.waits), usual.takes
        if fate is Fate.HANGS:
            yield self._on_record(job, Outcome.RUNNING, began_at, None)
        elif fate in (Fate.FAILED, Fate.WAITS, Fate.BY_HAND):
            says = "KeyError: 'customer_id'" if fate is Fate.FAILED else ""
            yield self._on_record(job, Outcome.FAILED, began_at, began_at + takes / 3, says=says)
            if fate is Fate.BY_HAND:
                again_at = began_at + timedelta(minutes=9)
                yield self._on_record(job, Outcome.SUCCESS, again_at, again_at + takes, by_schedule=False)
        else:
            yield self._on_record(job, Outcome.SUCCESS, began_at, began_at + takes)

    def _on_record(
        self,
        job: Job,
        outcome: Outcome,
        began_at: datetime,
        ended_at: datetime | None,
        *,
        by_schedule: bool | None = True,
        says: str = "",
    ) -> RunSeen:
        assert job.scheduler is not None
        words = getattr(job.scheduler.words, outcome.value)
        is_naive = KINDS[self.fleet.kinds[job.scheduler.id]].ends_only
        return RunSeen(
            job=job.name,
            started=to_iso(began_at),
            ended=None if ended_at is None else _naive(ended_at) if is_naive else to_iso(ended_at),
            word=words[0] if words else outcome.value,
            outcome=outcome,
            by_schedule=by_schedule,
            says=says,
        )

    # Outputs ----------------------------------------------------------------------------------------------------------

    def _output(self, job: Job) -> OutputSeen | NotSeen:
        planned = self.planned[job.id]
        if planned.fate is Fate.NO_PLACE:
            detail = "s3://acme-lake/exports: 503 Slow Down" if planned.output == "csv" else "no answer within 5 s"
            return NotSeen(code=CauseCode.PLACE_DOWN, detail=detail, looked_at=self.now)
        dues = self._dues(job)
        found = [file for due_at in dues for file in self._files(job, planned, due_at, is_last=due_at == dues[-1])]
        files = tuple(
            sorted(found, key=lambda each: each.made_at, reverse=True)[: 1 if planned.output == "rows" else _KEEPS]
        )
        return OutputSeen(looked_at=self.now, matches=len(files), files=files)

    def _files(self, job: Job, planned: Planned, due_at: datetime, *, is_last: bool) -> Iterator[FileSeen]:
        fate = fate_of(planned, due_at, self.now, is_last=is_last)
        if fate in _WITHOUT_FILE:
            return
        usual = usual_run(planned, due_at, self.drawn_at)
        made_at = due_at + (LATE_BY if fate is Fate.LATE else usual.waits) + usual.takes - timedelta(seconds=1)
        if fate is Fate.BY_HAND:
            made_at += timedelta(minutes=9)
        size = {Fate.CUT: LEAST_SIZE // 3, Fate.EMPTY: 0, Fate.SMALL: max(LEAST_SIZE, usual.size // 30)}.get(
            fate, usual.size
        )
        if planned.output == "rows":
            rows = {Fate.EMPTY: 0, Fate.CUT: 0}.get(fate, size // 100)
            yield FileSeen(
                name=to_iso(made_at), size=None, modified_at=made_at, stamp_at=made_at, content=Content(rows=rows)
            )
            return
        suffix = {"csv": "csv.gz", "text": "txt", "json": "json"}[planned.output]
        name = f"{job.id}-{made_at.astimezone(job.zone):%Y%m%d-%H%M%S}.{suffix}"
        content = Content(
            read_as={"csv": "csv in gzip", "text": "text", "json": "json"}[planned.output],
            marks_its_end=planned.output != "text",
            rows=size // 100 if planned.output == "csv" else None,
            found={FALLBACK: fate is Fate.FALLBACK} if planned.output == "text" else {},
            sha256=sha256(f"{job.id} {due_at}".encode()).hexdigest(),
            head=f"{FALLBACK}, see the log\n" if fate is Fate.FALLBACK else f"{job.title}, {show_size(size)}\n",
        )
        yield FileSeen(name=name, size=size, modified_at=made_at, stamp_at=made_at, content=content if size else None)

    # What is drawn ----------------------------------------------------------------------------------------------------

    def _dues(self, job: Job) -> list[datetime]:
        """Those of the last days whose time is over, oldest first; of who is stopped none since it is."""
        until = self.now - timedelta(minutes=30)
        if job.scheduler and job.scheduler.id in self.fleet.stopped:
            until = self.now - _STOPPED_SINCE
        dues = due_between(job.schedule, self.now - 36 * _DAY, until)
        return dues[-_KEEPS - 1 :]


def _naive(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(sep=" ")
