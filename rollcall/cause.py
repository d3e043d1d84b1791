"""Which one thing explains the findings, and what is the next step?

The vocabulary is closed (`CauseCode`, nearer the root first): of all that a job's findings speak for, the code nearest
to the root is the cause. Its sentence carries the proof; its next step holds the command to type.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from rollcall.action import Action, Deed, show_clock
from rollcall.errors import CauseCode
from rollcall.findings import Check, Finding, Verdict
from rollcall.jobs import Job, Late, Scheduler
from rollcall.text import counted, without_secrets
from rollcall.verdict import JobJudged, SchedulerJudged, pause, zones
from rollcall.verdict.readings import lines_to_add
from rollcall.verdict.record import STATUS_WORDS, UNEXPLAINED, zone_of_this_run

_ROOT_FIRST = tuple(CauseCode)
_VARIABLE = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*\})")
# Who runs what no scheduler tells of.
_TIMERS = "`crontab -l`, `systemctl list-timers --all`"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
CHECK_AGAIN = "pytest checks/"
RESTART = f"`{CHECK_AGAIN} --restart-stopped`"
RERUN = f"`{CHECK_AGAIN} --rerun-missed`"
RECORD_IT = f"A replay asks nobody. Record a morning with it: `{CHECK_AGAIN} --record DIR`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The one explanation: its code, the sentence with the proof, what a person does now."""

    code: CauseCode
    sentence: str
    next_step: str

    def typed(self, again: str) -> Cause:
        """The same, its step as it is typed where the checks are run again by the command `again`."""
        # It begins a command, as no name can: none has a backtick.
        return replace(self, next_step=self.next_step.replace(f"`{CHECK_AGAIN}", f"`{again}"))


def explain_scheduler(judged: SchedulerJudged, jobs: Iterable[JobJudged] = ()) -> Cause | None:
    """What is wrong with a scheduler; None where nothing is. Its sentence counts what `jobs` missed by it."""
    broken = [each for each in judged.findings if each.needs_a_person]
    root = _root(broken)
    if root is None or root.code is None:
        return None
    proof = _proof(root, broken) + _missed_by(root.code, judged.scheduler, jobs)
    step = _database_step if root.check is Check.DATABASE_ANSWERS else _scheduler_step
    return Cause(code=root.code, sentence=_sentence(proof), next_step=step(root.code, judged.scheduler))


def explain_job(
    judged: JobJudged, schedulers: Mapping[str, SchedulerJudged], actions: Iterable[Action] = ()
) -> Cause | None:
    """What explains everything that is wrong with a job; None where nothing does (a warning is explained too).

    Where more than one cause holds the one nearer the root is named, and the others are told after it. A warning is
    the cause only where nothing needs a person. `actions` is what was done before it was judged: the step goes on
    from there.
    """
    broken = [each for each in judged.findings if each.needs_a_person]
    broken = broken or [each for each in judged.findings if each.is_warning]
    root = _root(broken)
    if root is None or root.code is None:
        return None
    scheduler = judged.job.scheduler
    if scheduler and root.blocked_by and (at_root := _scheduler_root(root, schedulers[scheduler.id])):
        proof = _proof(at_root, broken)
        return Cause(code=root.code, sentence=_sentence(proof), next_step=_scheduler_step(root.code, scheduler))
    done = _rerun_of(judged, actions)
    if done and done.is_proven and all(each.code is CauseCode.RAN_LATE for each in broken):
        return _made_up_for(root, done, judged.job)
    step = (_step_after(done, root, judged) if done else None) or _job_step(root, judged)
    return Cause(code=root.code, sentence=_sentence(_proof(root, broken)), next_step=step)


def _rerun_of(judged: JobJudged, actions: Iterable[Action]) -> Action | None:
    """What was done to make up for the very run that is judged; None where nothing was."""
    due_at = judged.due_run.due_at if judged.due_run else None
    of_job = (each for each in actions if each.deed is Deed.RERUN and each.subject == judged.job.id)
    return next((each for each in of_job if each.due_at == due_at and not each.is_dry), None)


def _made_up_for(late: Finding, done: Action, job: Job) -> Cause:
    because = late.because.replace(UNEXPLAINED, ", run again by Roll call")
    step = f"Its work is done, run again at {show_clock(done.at, job.zone)}. Nothing to do."
    return Cause(code=CauseCode.RAN_LATE, sentence=_sentence(because), next_step=step)


def _step_after(tried: Action, root: Finding, judged: JobJudged) -> str | None:
    """What a person does where a rerun did not help and another would not either; None where it may."""
    job = judged.job
    if tried.is_proven or root.code not in _MISSED or job.scheduler is None:
        return None
    if tried.is_refused:
        return f"See why its request was refused (trigger and headers of {table_of(job.scheduler)}), then {RERUN}"
    if tried.asked_at:
        return f"Read the log of the run asked for at {show_clock(tried.asked_at, job.zone)}, and {_rerun(job)}"
    return None


_RUNS_NOTHING = frozenset({CauseCode.SCHEDULER_STOPPED, CauseCode.SCHEDULER_STALLED})
_NOT_THERE = frozenset({Check.EXECUTED_AFTER_DUE_TIME, Check.OUTPUT_EXISTS})
_MISSED = frozenset({CauseCode.MISSED_RUN, CauseCode.NEVER_RAN})


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
    return any(each.code in _MISSED for each in missed)


def is_plainly_missed(judged: JobJudged) -> bool:
    """True where its scheduler has no run on record since it was due, and nothing else is wrong with the job."""
    of_record = (each for each in judged.findings if each.check is Check.EXECUTED_AFTER_DUE_TIME)
    if not any(each.verdict is Verdict.MISSED and each.code in _MISSED for each in of_record):
        return False
    return all(each.code in _MISSED for each in judged.findings if each.needs_a_person)


_LAST = frozenset({Check.DATABASE_ANSWERS, Check.PAUSE_IS_CURRENT})


def _root(findings: list[Finding]) -> Finding | None:
    """The finding nearest to the root; a finding of its own before one that was only blocked.

    The database is asked beside the scheduler: whatever is wrong with that itself comes before it. A pause that
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
    return "; ".join(part for part in told.values() if part)


def _explained(finding: Finding, root: Finding) -> str:
    """Who counts in another zone runs late for no other reason."""
    return finding.because.replace(UNEXPLAINED, "") if root.code is CauseCode.WRONG_TIMEZONE else finding.because


def _subject(finding: Finding) -> tuple[CauseCode | None, bool]:
    """What a finding speaks of: a scheduler and its database may be down for one reason each."""
    return finding.code, finding.check is Check.DATABASE_ANSWERS


def _scheduler_root(blocked: Finding, scheduler: SchedulerJudged) -> Finding | None:
    return next((each for each in scheduler.findings if each.check is blocked.blocked_by), None)


def _sentence(because: str) -> str:
    text = because[:1].upper() + because[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _scheduler_step(code: CauseCode, scheduler: Scheduler) -> str:
    ask = f"`{_curl(scheduler, scheduler.status, 'curl -i')}`"
    table = table_of(scheduler)
    steps = {
        CauseCode.NOT_RECORDED: RECORD_IT,
        CauseCode.SCHEDULER_DOWN: "See whether the backend is up (`ps aux | grep uvicorn`), start it, then "
        f"`{CHECK_AGAIN}`",
        CauseCode.ACCESS_DENIED: f"Correct the headers of {table}, then `{CHECK_AGAIN}`",
        CauseCode.WRONG_SERVICE: f"See what answers there, {ask}, and correct url and status of {table}",
        CauseCode.SCHEDULER_ERROR: f"Read the backend's log; its answer is {ask}",
        CauseCode.SCHEDULER_STOPPED: f"Start it: {RESTART}"
        if scheduler.start
        else f"Start it: in the backend of {_plain(scheduler.id)}, then `{CHECK_AGAIN}`",
        CauseCode.SCHEDULER_STALLED: f"Stop and start it: {RESTART}"
        if scheduler.start and scheduler.stop
        else f"Restart the backend, whose scheduler's loop is dead, then `{CHECK_AGAIN}`",
        CauseCode.CLOCK_SKEW: "See which clock is wrong: `timedatectl status` here and on the scheduler's machine",
    }
    return steps[code]


def _database_step(code: CauseCode, scheduler: Scheduler) -> str:
    if code is CauseCode.NOT_RECORDED:
        return RECORD_IT
    table = f"[schedulers.{_key(scheduler.id)}.database] in jobs.toml"
    steps = {
        CauseCode.SCHEDULER_DOWN: f"See whether it is there and up, or correct the url of {table}",
        CauseCode.ACCESS_DENIED: f"Let it be read by the user in the url of {table}",
    }
    return f"{steps.get(code, f'Correct url and queries of {table}')}, then `{CHECK_AGAIN}`"


def table_of(subject: Scheduler | Job) -> str:
    """Where jobs.toml declares it, for people."""
    kind = "schedulers" if isinstance(subject, Scheduler) else "jobs"
    return f"[{kind}.{_key(subject.id)}] in jobs.toml"


def request_of(scheduler: Scheduler, path: str) -> str:
    """The command that sends a POST to that path of the scheduler, its secrets as the `${NAME}` of jobs.toml."""
    return _curl(scheduler, path, "curl -X POST")


def trigger_of(job: Job) -> str | None:
    """The path by which its scheduler runs it now; None where none is declared."""
    if job.scheduler is None or job.scheduler.trigger is None:
        return None
    # A name of dots alone would be taken for a step up.
    name = quote(job.id, safe="") if job.id.strip(".") else "%2E" * len(job.id)
    return job.scheduler.trigger.replace("{job}", name)


def _curl(scheduler: Scheduler, path: str, command: str) -> str:
    """The request as a person types it; secrets stay the `${NAME}` they are in jobs.toml."""
    # A value is a secret as a whole too: first what it was put together from, so that the command can be typed.
    named = {value: shown for value, shown in scheduler.secrets if _VARIABLE.fullmatch(shown)}
    values = ((name, without_secrets(value, named)) for name, value in scheduler.headers)
    headers = (f"{name}: {without_secrets(value, dict(scheduler.secrets))}" for name, value in values)
    return " ".join([command, *(f"-H {_shell(header)}" for header in headers), _shell(scheduler.shown_url + path)])


def _rerun(job: Job) -> str:
    if job.scheduler and (path := trigger_of(job)):
        return f"run it now: `{request_of(job.scheduler, path)}`, then `{CHECK_AGAIN}`"
    return f"run {_plain(job.id)} by hand, then `{CHECK_AGAIN}`"


def _end_pause(judged: JobJudged) -> str:
    """How its pause is ended before "[jobs.haiku] in jobs.toml", so that what it did not owe is not missed then."""
    since = pause.still_needed_since(judged.seen, is_owed=judged.due_run is not None)
    return f"Write `since = {since}` in place of its pause in" if since else "Take its pause out of"


def _job_step(root: Finding, judged: JobJudged) -> str:
    job, table = judged.job, table_of(judged.job)
    rerun = f"run it now: {RERUN}" if job.may_rerun and is_plainly_missed(judged) else _rerun(job)
    if root.code in _MISSED and judged.due_run and judged.seen.is_in_database(judged.due_run):
        return f"See in the backend's log whether that run took place; if it did not, {_rerun(job)}"
    if root.code in _MISSED and judged.due_run and zone_of_this_run(judged.seen, judged.due_run):
        return f"Say how its record is read: {_naive_times(judged)}; if it did not run all the same, {_rerun(job)}"
    whose = "the scheduler's" if job.scheduler else "its"
    why = f"in {whose} log why" if job.scheduler else f"whether anything runs it ({_TIMERS})"
    steps = {
        CauseCode.NOT_REGISTERED: f"Register {_plain(job.id)} in the scheduler, or take {table} out if it is gone "
        "for good",
        CauseCode.JOB_PAUSED: f"{_end_pause(judged)} {table}, or give it a new date"
        if root.check is Check.PAUSE_IS_CURRENT
        else f"Resume {_plain(job.id)} in the scheduler, then `{CHECK_AGAIN}`",
        CauseCode.WRONG_TIMEZONE: _mend_zone(root, judged),
        CauseCode.SCHEDULE_DRIFT: f"Make both say the same: the schedule of {table}, or the trigger in the scheduler",
        CauseCode.NAIVE_TIMESTAMP: f"Say how it is read: {_naive_times(judged)}",
        CauseCode.FUTURE_TIMESTAMP: _mend_future(judged),
        CauseCode.DISK_FULL: f"Make room: `df -h {_folder(job)}`" + (f"; {rerun}" if root.needs_a_person else ""),
        CauseCode.RUN_FAILED: f"Read the log of that run, mend it, and {rerun}",
        CauseCode.STILL_RUNNING: f"See in the scheduler's log what it waits for; if it hangs, restart the backend, "
        f"and {rerun}",
        CauseCode.NEVER_RAN: f"See {why}, and {rerun}",
        CauseCode.MISSED_RUN: rerun[:1].upper() + rerun[1:],
        CauseCode.OUTPUT_UNREADABLE: f"See what is there: `ls -ld {_folder(job)}`, `{_list(job)}`",
        CauseCode.SUCCESS_WITHOUT_OUTPUT: f"See where it writes to: `{_list(job)}`, and the log of that run",
        CauseCode.STALE_OUTPUT: f"See what is there: `{_list(job)}`, and {why}; {rerun}",
        CauseCode.EMPTY_OUTPUT: f"Read the log of that run, and {rerun}",
        CauseCode.TRUNCATED_OUTPUT: f"Look at its end: `tail {_file(judged)}`; {rerun}",
        CauseCode.DEGRADED_OUTPUT: f"Look at it: `head {_file(judged)}`; once what it draws on answers again, {rerun}",
        CauseCode.DUPLICATE_OUTPUT: f"Find out why what it draws on did not change, and {rerun}; where it may stay as "
        f"it is, take must_change out of [jobs.{_key(job.id)}.output] in jobs.toml",
        CauseCode.RAN_TWICE: f"Its work is done, and more: see whether two schedulers run {_plain(job.id)} "
        f"(`ps aux`), or somebody did by hand: `{_list(job)}`",
        CauseCode.UNRECORDED_RUN: f"Find out what wrote it: `{_list(job)}`, and the scheduler's log at that time",
        CauseCode.RAN_LATE: f"Its work is done. Read {whose} log of the due time"
        + ("" if judged.job.late is Late.WARN else f', or allow it with `late = "warn"` in {table}'),
        CauseCode.SCHEDULER_ERROR: f"Have the scheduler tell one of {', '.join(STATUS_WORDS)} as last_status, "
        f"then `{CHECK_AGAIN}`"
        if root.check is Check.STATUS_IS_SUCCESS
        else "Read the backend's log: it answers with a record that cannot be read",
        CauseCode.SCHEDULER_DOWN: f"Ask it too: `{CHECK_AGAIN}`",
    }
    return steps.get(root.code or CauseCode.MISSED_RUN, rerun[:1].upper() + rerun[1:])


def _mend_zone(root: Finding, judged: JobJudged) -> str:
    """Where to put it right: in the scheduler where it counts or writes in another zone, else in how it is read."""
    job, seen = judged.job, judged.seen
    if root.check is Check.OUTPUT_EXISTS:
        misnamed = zones.misnamed(seen, judged.due_run) if judged.due_run else None
        right = misnamed.zone if misnamed else job.zone
        return (
            f'Correct how its names are read: `timezone = "{right.key}"` in [jobs.{_key(job.id)}.output] of jobs.toml'
        )
    is_of_next = root.check is Check.NEXT_RUN_IS_ON_SCHEDULE
    reading = seen.next_run if is_of_next else seen.last_run
    if reading and reading.is_naive:
        return f"Correct how it is read: {_naive_times(judged)}"
    if not is_of_next:
        return f"Have the scheduler write its times with the offset they have, then `{CHECK_AGAIN}`"
    zone = job.zone.key
    return (
        f'Give the scheduler its zone, `BackgroundScheduler(timezone="{zone}")`, and restart it; '
        f"or correct timezone of [jobs.{_key(job.id)}] in jobs.toml"
    )


def _mend_future(judged: JobJudged) -> str:
    if judged.seen.is_of_an_earlier_moment:
        return f"Nothing to mend: only its files can tell of that moment. Judge the present: `{CHECK_AGAIN}`"
    return f"See in which zone it writes its times. How they are read: {_naive_times(judged)}"


def _naive_times(judged: JobJudged) -> str:
    scheduler = judged.job.scheduler
    lines = " or ".join(f"`{line}`" for line in lines_to_add(judged.seen))
    return f"{lines} in [schedulers.{_key(scheduler.id if scheduler else '')}] of jobs.toml"


def _folder(job: Job) -> str:
    return _shell(str(job.output.folder)) if job.output else "."


def _list(job: Job) -> str:
    return f"ls -lt {_folder(job)} | head"


def _file(judged: JobJudged) -> str:
    if judged.job.output is None or judged.file is None:
        return _folder(judged.job)
    return _shell(str(judged.job.output.folder / judged.file.name))


# Words from outside inside a command. A next step sets its commands in backticks: none may come from a name. ---------


def _shell(text: str) -> str:
    """One word of a command, whatever is in it; a `${NAME}` of jobs.toml is left to the shell's environment."""
    return "".join(_shell_part(part) for part in _VARIABLE.split(text) if part) or "''"


def _shell_part(text: str) -> str:
    if _VARIABLE.fullmatch(text):
        return f'"{text}"'
    if text.isprintable() and "`" not in text:
        return shlex.quote(text)
    escaped = (each if each.isprintable() and each not in "`'\\" else _escaped(each) for each in text)
    return f"$'{''.join(escaped)}'"


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))


def _key(name: str) -> str:
    """A key of jobs.toml, as TOML wants it written."""
    if _BARE_KEY.fullmatch(name):
        return name
    return json.dumps(_plain(name), ensure_ascii=False)


def _plain(name: str) -> str:
    """A name in a sentence."""
    return name.replace("`", "'")
