"""Link by link, in the order a person would ask: where is the chain broken, and what can therefore not be told?

Nothing is judged here: each link is a finding of the morning, so that `rollcall diagnose` and pytest never disagree.
A link that hangs on a broken one is not asked further; one that does not is still told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rollcall.causes.explain import Cause
from rollcall.evidence import OutputSeen
from rollcall.morning import Morning
from rollcall.roll.output_rules import Kind
from rollcall.text import show_size
from rollcall.verdict import show
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.vocabulary import CauseCode, Verdict

_ANSWERS = "does the scheduler answer?"
_IS_THE_RIGHT_ONE = "is it the right scheduler?"
_WAS_DUE = "was a run due?"
_IS_PAUSED = "is it paused?"
_HAS_ROOM = "is there room on the disk?"
# In the order a person would ask.
QUESTIONS: dict[str, str] = {
    Check.ANSWERS: _ANSWERS,
    Check.CLOCK_AGREES: "do the clocks agree?",
    Check.MEMORY_ANSWERS: "does its second record answer?",
    Check.SCHEDULER_IS_RUNNING: "is the scheduler running?",
    Check.SCHEDULER_IS_ALIVE: "is the scheduler alive?",
    Check.HAS_RECORDS: "does it list anything?",
    Check.IS_REGISTERED: "is it registered?",
    Check.NEXT_RUN_IS_ON_SCHEDULE: "is its next run as declared?",
    Check.EXECUTED_AFTER_DUE_TIME: "did it run?",
    Check.STARTED_ON_TIME: "did it start in time?",
    Check.RAN_ON_TIME: "was it on time?",
    Check.RUNTIME_IS_AS_ALLOWED: "did it take as long as it may?",
    Check.STATUS_IS_SUCCESS: "did it succeed?",
    Check.OUTPUT_EXISTS: "is its output there?",
    Check.OUTPUT_IS_WHOLE: "is it complete?",
    Check.OUTPUT_AGREES_WITH_RECORD: "does it agree with the record?",
    Check.NO_RUN_IS_MISSING: "are all earlier runs there?",
    Check.UPSTREAM_DID_ITS_WORK: "did what it needs do its work?",
    Check.PAUSE_IS_CURRENT: "is its pause still valid?",
}
_ORDER = list(QUESTIONS)
_OF_REGISTRATION = (Check.IS_REGISTERED, Check.NEXT_RUN_IS_ON_SCHEDULE)


class Standing(StrEnum):
    """How a link of the chain stands."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One question, how it stands, and the witness's words; `check` is the finding it is drawn from, if it is one."""

    question: str
    standing: Standing
    answer: str
    check: str | None = None
    needs_a_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """The chain of one scheduler or job, and what explains it. `in_short` is all of it in one line.

    `told_by` is the scheduler whose own cause explains the job as well.
    """

    id: str
    title: str
    verdict: Verdict
    links: tuple[Link, ...]
    cause: Cause | None
    in_short: str
    told_by: str | None = None

    @property
    def needs_a_person(self) -> bool:
        """True where any link does."""
        return any(each.needs_a_person for each in self.links)

    @property
    def is_only_blocked(self) -> bool:
        """True where nothing is known to be wrong but what the scheduler's own broken link hides."""
        telling = [each for each in self.links if each.needs_a_person]
        return bool(telling) and all(each.standing is Standing.NOT_ASKED for each in telling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The chains of all that was looked at, as of `judged_at`; `replay_of` is the moment of a record, if it is one."""

    judged_at: datetime
    zone: ZoneInfo
    schedulers: tuple[Diagnosed, ...]
    jobs: tuple[Diagnosed, ...]
    replay_of: datetime | None = None

    @property
    def needs_a_person(self) -> bool:
        """True where a scheduler or a job does, or where no job was looked at."""
        return not self.jobs or any(each.needs_a_person for each in (*self.schedulers, *self.jobs))


def diagnose(morning: Morning) -> Diagnosis:
    """The chains of that morning."""
    return Diagnosis(
        judged_at=morning.judged_at,
        zone=morning.zone,
        schedulers=tuple(_scheduler(each, morning.scheduler_causes[each.scheduler.id]) for each in morning.schedulers),
        jobs=tuple(_job(each, morning) for each in morning.jobs),
        replay_of=morning.replay_of,
    )


def _scheduler(judged: SchedulerJudged, cause: Cause | None) -> Diagnosed:
    links = [link for finding in _sorted(judged.findings) for link in _scheduler_links(finding)]
    return Diagnosed(
        id=judged.scheduler.id,
        title=judged.scheduler.address,
        verdict=judged.verdict,
        links=tuple(links),
        cause=cause,
        in_short=str(cause.code if cause else judged.verdict),
    )


def _job(judged: JobJudged, morning: Morning) -> Diagnosed:
    cause, scheduler = morning.job_causes[judged.job.id], judged.job.scheduler
    at_root = morning.scheduler_causes.get(scheduler.id) if scheduler else None
    is_told = cause and at_root and (cause.code, cause.next_step) == (at_root.code, at_root.next_step)
    return Diagnosed(
        id=judged.job.id,
        title=judged.job.title,
        verdict=judged.verdict,
        links=tuple(_job_links(judged)),
        cause=cause,
        in_short=_in_short(judged, cause),
        told_by=scheduler.id if scheduler and is_told else None,
    )


def _in_short(judged: JobJudged, cause: Cause | None) -> str:
    if judged.verdict is Verdict.PAUSED:
        return judged.findings[0].because
    if cause is None:
        return _run_in_short(judged)
    # What another witness proves of the run is still told.
    proven = f"; done {show.when(judged.ran_at, judged.job)}" if judged.ran_at else ""
    return f"{_not_further(cause.code)}{proven}"


def _run_in_short(judged: JobJudged) -> str:
    if judged.due_run is None or judged.ran_at is None:
        return _due(judged).answer
    done = f"due {show.when(judged.due_run.due_at, judged.job)}, done {show.when(judged.ran_at, judged.job)}"
    return f"{done}; the next run still has time" if judged.is_pending else done


def _sorted(findings: tuple[Finding, ...]) -> list[Finding]:
    """By the order of the questions; what has none yet is asked last."""
    return sorted(findings, key=lambda each: _ORDER.index(each.check) if each.check in QUESTIONS else len(_ORDER))


# Links ----------------------------------------------------------------------------------------------------------------


def _link(finding: Finding) -> Link:
    return Link(
        question=QUESTIONS.get(finding.check) or f"{finding.check.replace('_', ' ')}?",
        standing=_standing(finding),
        answer=_answer(finding),
        check=finding.check,
        needs_a_person=finding.needs_a_person,
    )


def _standing(finding: Finding) -> Standing:
    if finding.blocked_by:
        return Standing.NOT_ASKED
    match finding.verdict:
        case Verdict.OK:
            return Standing.YES
        case Verdict.PENDING | Verdict.UNKNOWN:
            return Standing.CANNOT_TELL
        case _:
            return Standing.NO


def _answer(finding: Finding) -> str:
    if finding.blocked_by:
        return _not_further(finding.code)
    # One that is replaced says both.
    if finding.verdict is Verdict.PENDING and "no longer known" not in finding.because:
        return f"{finding.found}: {finding.because}"
    return finding.because or finding.found


def _not_further(code: CauseCode | None) -> str:
    return f"not asked further: {code}"


def _scheduler_links(finding: Finding) -> Iterator[Link]:
    """That anything answers and that it is the right one is one promise, and two questions to a person."""
    if finding.check is not Check.ANSWERS:
        yield _link(finding)
        return
    if finding.code is CauseCode.SCHEDULER_DOWN:
        yield _link(finding)
        yield Link(question=_IS_THE_RIGHT_ONE, standing=Standing.NOT_ASKED, answer=_not_further(finding.code))
        return
    is_another = finding.code is CauseCode.WRONG_SERVICE
    yield Link(question=_ANSWERS, standing=Standing.YES, answer="something answers" if finding.code else "it does")
    yield Link(
        question=_IS_THE_RIGHT_ONE,
        standing=Standing.NO if is_another else Standing.CANNOT_TELL if finding.code else Standing.YES,
        answer=_answer(finding),
        check=finding.check,
        needs_a_person=finding.needs_a_person,
    )


def _job_links(judged: JobJudged) -> Iterator[Link]:
    findings = _sorted(judged.findings)
    if judged.verdict is Verdict.PAUSED:
        yield Link(question=_IS_PAUSED, standing=Standing.YES, answer=findings[0].because)
        return
    yield from (_link(each) for each in findings if each.check in _OF_REGISTRATION)
    yield (due := _due(judged))
    for link in (_link(each) for each in findings if each.check not in _OF_REGISTRATION):
        # When it was due stands just above.
        yield replace(link, answer=link.answer.removeprefix(f"{due.answer}; "))
    if judged.job.output:
        told = next((each for each in findings if each.code is CauseCode.DISK_FULL and each.needs_a_person), None)
        # What it did to an output is told of that output: one thing is not broken twice.
        yield _link_of_room(Standing.NOT_ASKED, _not_further(told.code)) if told else _room(judged)


def _due(judged: JobJudged) -> Link:
    """It is no fault where none was: whatever is asked of a run is then left out."""
    job, run = judged.job, judged.due_run
    if run:
        return Link(question=_WAS_DUE, standing=Standing.YES, answer=show.due(run, job))
    following = f"; next due {show.when(judged.next_due_at, job)}" if judged.next_due_at else ""
    answer = f"none is over its limit yet{following}"
    return Link(question=_WAS_DUE, standing=Standing.NO, answer=answer)


def _link_of_room(standing: Standing, answer: str) -> Link:
    return Link(question=_HAS_ROOM, standing=standing, answer=answer, needs_a_person=standing is Standing.NO)


def _room(judged: JobJudged) -> Link:
    seen, output = judged.seen.output, judged.job.output
    assert output is not None
    if not isinstance(seen, OutputSeen):
        return _link_of_room(Standing.NOT_ASKED, _not_further(seen.code if seen else None))
    if output.kind is not Kind.FILES:
        return _link_of_room(Standing.NOT_ASKED, f"{output.kind.many} have no disk of their own")
    if output.place and output.place.folder is None:
        return _link_of_room(Standing.NOT_ASKED, "a remote place does not say how full it is")
    if seen.free_bytes is None or not seen.total_bytes:
        return _link_of_room(Standing.CANNOT_TELL, "the disk does not say how full it is")
    wanted, free = seen.room_wanted(output.least_size), f"{show_size(seen.free_bytes)} free"
    answer = f"{free} ({100 * seen.free_bytes // seen.total_bytes} %)"
    if seen.free_bytes >= wanted:
        return _link_of_room(Standing.YES, answer)
    return _link_of_room(Standing.NO, f"{answer}, less than {show_size(wanted)}: the next output may be cut off")
