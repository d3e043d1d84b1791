"""Which one thing explains the findings, and what is the next step?

The causes are a closed list (`CauseCode`, nearer the root first): of all causes in a job's findings, the one nearest
to the root is the cause. Its sentence has the proof, its next step the command to type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rollcall.causes.action import Action, Deed, show_clock
from rollcall.causes.commands import CHECK_AGAIN
from rollcall.causes.steps import step_for_job, step_for_scheduler
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.text import counted
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.judged import JobJudged, SchedulerJudged
from rollcall.verdict.timing import GUESSED_REASON
from rollcall.vocabulary import CauseCode, Verdict

_ROOT_FIRST = tuple(CauseCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The cause: its code, the sentence with the proof, and what a person does now."""

    code: CauseCode
    sentence: str
    next_step: str

    def typed(self, again: str) -> Cause:
        """The same, its step as it is typed where the checks are run again by the command `again`."""
        # It begins a command, as no name can: none has a backtick.
        return replace(self, next_step=self.next_step.replace(f"`{CHECK_AGAIN}", f"`{again}"))


def explain_scheduler(
    judged: SchedulerJudged, jobs: Iterable[JobJudged] = (), actions: Iterable[Action] = ()
) -> Cause | None:
    """What is wrong with a scheduler; None where nothing is. Its sentence counts what `jobs` missed by it.

    `actions` is what was done before it was judged: the step goes on from there.
    """
    broken = [each for each in judged.findings if each.needs_a_person]
    root = _root(broken)
    if root is None or root.code is None:
        return None
    proof = _proof(root, broken) + _missed_by(root.code, judged.scheduler, jobs)
    step = step_for_scheduler(root, judged.scheduler, _start_of(judged.scheduler, actions))
    return Cause(code=root.code, sentence=_sentence(proof), next_step=step)


def explain_job(
    judged: JobJudged, schedulers: Mapping[str, SchedulerJudged], actions: Iterable[Action] = ()
) -> Cause | None:
    """What explains everything that is wrong with a job; None where nothing does (a warning is explained too).

    Where there is more than one cause, the one nearest to the root is named and the others follow it. A warning is
    the cause only where nothing needs a person. `actions` is what was done before it was judged: the step goes on
    from there.
    """
    broken = [each for each in judged.findings if each.needs_a_person]
    broken = broken or [each for each in judged.findings if each.is_warning]
    root = _root(broken)
    if root is None or root.code is None:
        return None
    scheduler, actions = judged.job.scheduler, tuple(actions)
    if scheduler and root.blocked_by and (at_root := _scheduler_root(root, schedulers[scheduler.id])):
        step = step_for_scheduler(at_root, scheduler, _start_of(scheduler, actions))
        return Cause(code=root.code, sentence=_sentence(_proof(at_root, broken)), next_step=step)
    done = _rerun_of(judged, actions)
    if done and done.is_proven and all(each.code is CauseCode.RAN_LATE for each in broken):
        return _made_up_for(root, done, judged.job)
    step = step_for_job(root, judged, tried=done)
    return Cause(code=root.code, sentence=_sentence(_proof(root, broken)), next_step=step)


def _start_of(scheduler: Scheduler, actions: Iterable[Action]) -> Action | None:
    """What was done to have the scheduler run; None where nothing was."""
    of_it = (each for each in actions if each.deed is not Deed.RERUN and each.subject == scheduler.id)
    return next((each for each in of_it if not each.is_dry), None)


def _rerun_of(judged: JobJudged, actions: Iterable[Action]) -> Action | None:
    """What was done to make up for the very run that is judged; None where nothing was."""
    due_at = judged.due_run.due_at if judged.due_run else None
    of_job = (each for each in actions if each.deed is Deed.RERUN and each.subject == judged.job.id)
    return next((each for each in of_job if each.due_at == due_at and not each.is_dry), None)


def _made_up_for(late: Finding, done: Action, job: Job) -> Cause:
    because = late.because.replace(GUESSED_REASON, ", re-run by Roll call")
    step = f"Roll call re-ran it at {show_clock(done.at, job.zone)}, and its work is done. Nothing to do."
    return Cause(code=CauseCode.RAN_LATE, sentence=_sentence(because), next_step=step)


_RUNS_NOTHING = frozenset({CauseCode.SCHEDULER_STOPPED, CauseCode.SCHEDULER_STALLED})
_NOT_THERE = frozenset({Check.EXECUTED_AFTER_DUE_TIME, Check.OUTPUT_EXISTS})


def _missed_by(code: CauseCode, scheduler: Scheduler, jobs: Iterable[JobJudged]) -> str:
    """How many runs are proven to be missed while the scheduler ran nothing; empty where none is."""
    if code not in _RUNS_NOTHING:
        return ""
    missed = [
        each for each in jobs if each.job.scheduler and each.job.scheduler.id == scheduler.id and _is_absent(each)
    ]
    return f"; {counted(len(missed), 'run was', 'runs were')} missed" if missed else ""


def _is_absent(judged: JobJudged) -> bool:
    missed = (each for each in judged.findings if each.verdict is Verdict.MISSED and each.check in _NOT_THERE)
    return any(each.code in Deed.RERUN.cures for each in missed)


_LAST = frozenset({Check.MEMORY_ANSWERS, Check.PAUSE_IS_CURRENT})


def _root(findings: list[Finding]) -> Finding | None:
    """The finding nearest to the root; a finding of its own before one that was only blocked.

    The memory is asked beside the scheduler: whatever is wrong with that itself comes before it. A pause that
    has ended explains nothing else.
    """
    ranked = [
        (each.check in _LAST, _ROOT_FIRST.index(each.code), bool(each.blocked_by), each)
        for each in findings
        if each.code
    ]
    return min(ranked, key=lambda rank: rank[:3])[3] if ranked else None


def _proof(root: Finding, broken: list[Finding]) -> str:
    """What proves the root, and after it what else was found, once for each cause."""
    told = {_subject(root): root.because}
    for each in sorted(broken, key=lambda each: _ROOT_FIRST.index(each.code) if each.code else 0):
        if not each.blocked_by:
            told.setdefault(_subject(each), _explained(each, root))
    return "; ".join(_without_repeats(part for part in told.values() if part))


def _without_repeats(parts: Iterable[str]) -> Iterator[str]:
    """Each of them; when it was due, with which many begin, only the first time."""
    said = set[str]()
    for each in parts:
        due, _, rest = each.partition("; ")
        if due.startswith("due ") and rest:
            yield rest if due in said else each
            said.add(due)
        else:
            yield each


def _explained(finding: Finding, root: Finding) -> str:
    """A run in the wrong zone is late for no other reason: the guess is left out."""
    return finding.because.replace(GUESSED_REASON, "") if root.code is CauseCode.WRONG_TIMEZONE else finding.because


def _subject(finding: Finding) -> tuple[CauseCode | None, bool]:
    """What a finding is about: a scheduler and its memory may each be down for a reason of their own."""
    return finding.code, finding.check is Check.MEMORY_ANSWERS


def _scheduler_root(blocked: Finding, scheduler: SchedulerJudged) -> Finding | None:
    return next((each for each in scheduler.findings if each.check is blocked.blocked_by), None)


def _sentence(because: str) -> str:
    text = because[:1].upper() + because[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
