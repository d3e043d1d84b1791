"""How does a check see a job: `assert job.ran_on_time`?

A promise that was kept is true, one that was broken is false. One that could not be looked at is neither: asking it
stops the check, so that no `assert`, and no `assert not`, can pass without evidence.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import CodeType
from typing import TypeVar
from zoneinfo import ZoneInfo

from rollcall.errors import RollcallError
from rollcall.roll.output_rules import Kind
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import Verdict


class CannotTell(RollcallError):
    """A check asked for what was not seen."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(str(finding))


class NotPromised(RollcallError):
    """A check asked a job for what its declaration does not promise, or not yet."""


class Paused(NotPromised):
    """A check asked a job that owes nothing for a while, as jobs.toml says, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the checks need of one job or scheduler: no secrets, and small enough to hand to another process.

    `declared_at` is the file and the line, looked up only for those that a warning is about.
    """

    id: str
    verdict: Verdict
    cause: str | None
    findings: Mapping[str, Finding]
    title: str = ""
    due_at: datetime | None = None
    ran_at: datetime | None = None
    zone: ZoneInfo | None = None
    output: Path | None = None
    last_status: str | None = None
    declared_at: tuple[str, int] = ("jobs.toml", 1)

    @classmethod
    def of_job(cls, judged: JobJudged, cause: str | None) -> Facts:
        """The facts of a judged job."""
        output, last = judged.job.output, judged.seen.last
        return cls(
            id=judged.job.id,
            title=judged.job.title,
            verdict=judged.verdict,
            cause=cause,
            findings={each.check: each for each in judged.findings},
            due_at=judged.due_run.due_at if judged.due_run else None,
            ran_at=judged.ran_at,
            zone=judged.job.zone,
            output=output.folder / judged.file.name if output and output.kind is Kind.FILES and judged.file else None,
            last_status=last.seen.word if last else None,
        )

    @classmethod
    def of_scheduler(cls, judged: SchedulerJudged, cause: str | None) -> Facts:
        """The facts of a judged scheduler."""
        return cls(
            id=judged.scheduler.id,
            verdict=judged.verdict,
            cause=cause,
            findings={each.check: each for each in judged.findings},
        )


@dataclass(slots=True)
class Facing:
    """The facts by id, filled once everything has been gathered and judged."""

    jobs: dict[str, Facts] = field(default_factory=dict)
    schedulers: dict[str, Facts] = field(default_factory=dict)


_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """A promise that a check looked at, and the line that did: an `assert` of the reader's own may stand beside it."""

    finding: Finding
    code: CodeType
    line: int


class Promise:
    """A promise as an `assert` sees it."""

    def __init__(self, finding: Finding, asked: list[AskedFor]) -> None:
        self.finding = finding
        self._asked = asked

    def __bool__(self) -> bool:
        return self._is_kept()

    def __eq__(self, other: object) -> bool:
        """So that `== True` and `!= False` are the same question, and cannot pass without evidence."""
        return self._is_kept() == other

    __hash__ = None  # type: ignore[assignment]  # it is a question, not a value

    def __repr__(self) -> str:
        return str(self.finding)

    def _is_kept(self) -> bool:
        asking = sys._getframe(2)
        self._asked.append(AskedFor(finding=self.finding, code=asking.f_code, line=asking.f_lineno))
        if self.finding.verdict is Verdict.UNKNOWN and self.finding.needs_a_person:
            raise CannotTell(self.finding)
        if self.finding.verdict is Verdict.PAUSED:
            raise Paused(self.finding.because)
        return not self.finding.needs_a_person


class _Subject:
    """A job or a scheduler as the checks ask it."""

    def __init__(self, subject_id: str, facts: dict[str, Facts]) -> None:
        self.id = subject_id
        self.asked: list[AskedFor] = []
        self._facts_by_id = facts

    @property
    def is_known(self) -> bool:
        """False where nothing was gathered, because pytest was only asked to show its checks."""
        return self.id in self._facts_by_id

    @property
    def facts(self) -> Facts:
        """What is known; KeyError before everything is gathered."""
        return self._facts_by_id[self.id]

    def promise(self, check: Check) -> Promise:
        """The promise of that name."""
        finding = self.facts.findings.get(check)
        if finding is None and self.facts.zone and self.facts.due_at is None:
            raise NotPromised(f"no run of {self.id} has been owed yet")
        if finding is None:
            raise NotPromised(f"{check} is not promised: {self.id} has no such witness in jobs.toml")
        return Promise(finding, self.asked)

    def __repr__(self) -> str:
        return self.id


class CheckedScheduler(_Subject):
    """The fixture `scheduler`."""

    @property
    def answers(self) -> Promise:
        """Its status could be read."""
        return self.promise(Check.ANSWERS)

    @property
    def clock_agrees(self) -> Promise:
        """Its clock and this machine's agree."""
        return self.promise(Check.CLOCK_AGREES)

    @property
    def scheduler_is_running(self) -> Promise:
        """Its scheduler says that it runs."""
        return self.promise(Check.SCHEDULER_IS_RUNNING)

    @property
    def scheduler_is_alive(self) -> Promise:
        """Its scheduler's next runs lie in the future: the loop is not stalled."""
        return self.promise(Check.SCHEDULER_IS_ALIVE)

    @property
    def has_records(self) -> Promise:
        """It lists something: 0 rows where jobs are declared tell of none of them."""
        return self.promise(Check.HAS_RECORDS)

    @property
    def memory_answers(self) -> Promise:
        """Its second record could be asked; promised only where one is declared."""
        return self.promise(Check.MEMORY_ANSWERS)


class CheckedJob(_Subject):
    """The fixture `job`."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.facts.title

    @property
    def due_at(self) -> datetime | None:
        """When the judged run was due, aware, in the job's zone; None where none was owed yet."""
        return self.facts.due_at.astimezone(self.facts.zone) if self.facts.due_at else None

    @property
    def ran_at(self) -> datetime | None:
        """When the judged run was seen to be done, aware, in the job's zone; None where it was not."""
        ran_at = self._seen(self.facts.ran_at, Check.EXECUTED_AFTER_DUE_TIME, Check.OUTPUT_EXISTS)
        return ran_at.astimezone(self.facts.zone) if ran_at else None

    @property
    def output(self) -> Path | None:
        """The output of the judged run; None where there is none."""
        return self._seen(self.facts.output, Check.OUTPUT_EXISTS)

    @property
    def last_status(self) -> str | None:
        """The status of its last run in the scheduler's own word."""
        return self._seen(self.facts.last_status, Check.STATUS_IS_SUCCESS)

    def _seen(self, value: _Seen | None, *checks: Check) -> _Seen | None:
        """The value; where there is none because nobody could look, asking for it stops the check as a promise does."""
        for finding in (self.facts.findings[each] for each in checks if value is None and each in self.facts.findings):
            if finding.verdict is Verdict.UNKNOWN:
                raise CannotTell(finding)
            if finding.verdict is Verdict.PAUSED:
                raise Paused(finding.because)
            if finding.verdict is Verdict.PENDING:
                raise NotPromised(finding.because)
        return value

    @property
    def is_registered(self) -> Promise:
        """Its scheduler knows it."""
        return self.promise(Check.IS_REGISTERED)

    @property
    def next_run_is_on_schedule(self) -> Promise:
        """Its scheduler's next run is an instant of the declared schedule."""
        return self.promise(Check.NEXT_RUN_IS_ON_SCHEDULE)

    @property
    def executed_after_due_time(self) -> Promise:
        """Its last execution is at or after the due time."""
        return self.promise(Check.EXECUTED_AFTER_DUE_TIME)

    @property
    def status_is_success(self) -> Promise:
        """Its scheduler calls that execution a success."""
        return self.promise(Check.STATUS_IS_SUCCESS)

    @property
    def started_on_time(self) -> Promise:
        """Its first attempt began within grace."""
        return self.promise(Check.STARTED_ON_TIME)

    @property
    def runtime_is_as_allowed(self) -> Promise:
        """It took no longer than max_runtime, and no less than min_runtime."""
        return self.promise(Check.RUNTIME_IS_AS_ALLOWED)

    @property
    def upstream_did_its_work(self) -> Promise:
        """The jobs that it needs did their work."""
        return self.promise(Check.UPSTREAM_DID_ITS_WORK)

    @property
    def ran_on_time(self) -> Promise:
        """The run was done within grace and max_runtime."""
        return self.promise(Check.RAN_ON_TIME)

    @property
    def output_exists(self) -> Promise:
        """The due run left a file."""
        return self.promise(Check.OUTPUT_EXISTS)

    @property
    def output_is_whole(self) -> Promise:
        """That file is large enough, parses, and says what it must."""
        return self.promise(Check.OUTPUT_IS_WHOLE)

    @property
    def output_agrees_with_record(self) -> Promise:
        """File and record tell of the same run."""
        return self.promise(Check.OUTPUT_AGREES_WITH_RECORD)

    @property
    def pause_is_current(self) -> Promise:
        """A pause that jobs.toml declares has not ended; promised only where one is declared."""
        return self.promise(Check.PAUSE_IS_CURRENT)

    @property
    def no_run_is_missing(self) -> Promise:
        """Every run of the look-back did its work."""
        return self.promise(Check.NO_RUN_IS_MISSING)
