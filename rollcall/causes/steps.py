"""What does a person do now?

Each cause has its step in the vocabulary, and a scheduler may have a better one. This module holds the few cases
in which what was found allows a better step than either.
"""

from __future__ import annotations

from collections.abc import Mapping

from rollcall.causes.action import Action, Deed, show_clock
from rollcall.causes.commands import CHECK_AGAIN
from rollcall.causes.words import JobWords, SchedulerWords, fill
from rollcall.evidence import Outcome, SchedulerSeen
from rollcall.roll.output_rules import Kind
from rollcall.roll.scheduler import Scheduler, Step
from rollcall.roll.words import Late
from rollcall.text import listed
from rollcall.verdict import pause, show, zones
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.flaws import flaw_of
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.misnamed import misnamed, redated
from rollcall.vocabulary import CauseCode, Of, Verdict

_MEMORY = "[schedulers.{key}.memory] in jobs.toml"
_OF_A_MEMORY = {
    CauseCode.NOT_RECORDED: CauseCode.NOT_RECORDED.record.step,
    CauseCode.SCHEDULER_DOWN: f"Check whether it is there and up, or correct the address in {_MEMORY}, then {{again}}",
    CauseCode.ACCESS_DENIED: f"Give the user in the address in {_MEMORY} the right to read it, then {{again}}",
}
_OF_ANY_MEMORY = f"Correct address and queries in {_MEMORY}, then {{again}}"

# Of a host that leaves its evidence; a look there says what keeps that from being believed.
_LOOK_THERE = f"On {{host}}, look again and see what it says: `rollcall look --host {{host}}`, then `{CHECK_AGAIN}`"

_OF_OUTPUTS = (Check.OUTPUT_EXISTS, Check.OUTPUT_IS_WHOLE)
# Of an output that is not a file and could not be read.
_NOT_LISTED = {
    (
        Kind.ENTRIES,
        CauseCode.ACCESS_DENIED,
    ): "Give the user that runs Roll call the right, or the password, to run {list}, then {again}",
    (Kind.ENTRIES, CauseCode.PLACE_DOWN): "Check whether that host can be reached: {list}, then {again}",
    (Kind.ENTRIES, CauseCode.OUTPUT_UNREADABLE): "Run it by hand and see what it says: {list}, then {again}",
    (
        Kind.ROWS,
        CauseCode.ACCESS_DENIED,
    ): "Give the user in the address of the database the right to read that table, then {again}",
    (Kind.ROWS, CauseCode.PLACE_DOWN): "Check whether the database is there and can be reached from here, then {again}",
    (Kind.ROWS, CauseCode.OUTPUT_UNREADABLE): "Run {list} by hand, see what it says, correct it, then {again}",
}

_OF_NO_RUN = (*Deed.RERUN.cures, CauseCode.RUN_SKIPPED)

# Of an earlier run: running the job now would do the work of today's run, not of that one.
_OF_ONE_RUN = (CauseCode.MISSED_RUN, CauseCode.RUN_FAILED, CauseCode.STILL_RUNNING, CauseCode.UNKNOWN_STATUS)


def or_allow(key: str) -> str:
    """What follows the step of a cause that this key of the job can turn into a warning."""
    return f', or allow it with `{key} = "warn"` in {{table}}' if key else ""


def own_steps(scheduler: Scheduler | None) -> Mapping[str, str]:
    """The steps of a scheduler that replace those of the vocabulary; none without a scheduler."""
    return scheduler.steps if scheduler else {}


def step_for_scheduler(root: Finding, scheduler: Scheduler, tried: Action | None = None) -> str:
    """What is done about a scheduler, or about its memory, of whose cause `root` is the proof.

    `tried` is what was done about it: what did not help is not advised again.
    """
    code = root.code
    assert code is not None
    start = scheduler.order(Step.START)
    if tried and tried.asked_at and not tried.is_proven and start and code in tried.deed.cures:
        by_hand = f"`{start.typed}`"
        step = f"Find out from {{log}} why it does not stay up, then start it: {by_hand}, and {{again}}"
        return fill(step, SchedulerWords(scheduler))
    if root.check is Check.MEMORY_ANSWERS:
        step = _OF_A_MEMORY.get(code, _OF_ANY_MEMORY)
    elif code is CauseCode.HOST_SILENT and scheduler.host:
        return _LOOK_THERE.format(host=scheduler.host)
    elif code is CauseCode.SCHEDULER_STOPPED and start:
        step = "Start it: {restart}"
    elif code is CauseCode.SCHEDULER_STALLED and start and scheduler.order(Step.STOP):
        step = "Stop and start it: {restart}"
    else:
        step = own_steps(scheduler).get(code, code.record.step)
    return _there(scheduler.host, fill(step, SchedulerWords(scheduler)))


def step_for_job(root: Finding, judged: JobJudged, tried: Action | None = None) -> str:
    """What is done about a job, of whose cause `root` is the proof; `tried` is what was done about the same run."""
    job, code = judged.job, root.code
    assert code is not None
    step = _after(tried, code, judged) or _behind_another(code, root, judged)
    step = step or _of_a_missed_run(code, root, judged) or _in_circumstances(code, root, judged)
    if step is None and code is CauseCode.HOST_SILENT and job.host:
        return _LOOK_THERE.format(host=job.host)
    if step is None and job.scheduler and code.record.of in (Of.SCHEDULER, Of.HOST):
        return step_for_scheduler(root, job.scheduler)
    step = step or own_steps(job.scheduler).get(code, code.record.step)
    allowed_by = code.record.allowed_by
    if allowed_by and getattr(job, allowed_by) is not Late.WARN:
        step += or_allow(allowed_by)
    return _there(job.host, fill(step, JobWords(judged, root)))


def _there(host: str | None, step: str) -> str:
    """The step with the host on which it is done; jobs.toml is the same everywhere."""
    return f"On {host}: {step[:1].lower()}{step[1:]}" if host and "jobs.toml" not in step else step


def _after(tried: Action | None, code: CauseCode, judged: JobJudged) -> str | None:
    """The step where a rerun did not help and another would not either; None where it may."""
    job = judged.job
    if tried is None or tried.is_proven or code not in Deed.RERUN.cures or job.scheduler is None:
        return None
    if tried.is_refused:
        of_scheduler = "[schedulers.{scheduler}] in jobs.toml"
        return f"Find out why its request was refused (trigger and headers of {of_scheduler}), then {{rerun_missed}}"
    if tried.asked_at:
        return f"Read the log of the run asked for at {show_clock(tried.asked_at, job.zone)}, and {{by_hand}}"
    return None


def _behind_another(code: CauseCode, root: Finding, judged: JobJudged) -> str | None:
    """The step where another run of it is, or was, in the way: one more may do harm, or wait as well."""
    behind = judged.case.behind if judged.case else None
    if behind is None or code not in _OF_NO_RUN or root.check is Check.NO_RUN_IS_MISSING:
        return None
    that = show.run_of(behind.started_at, judged.job)
    if behind.outcome is Outcome.RUNNING:
        return f"See in {{log}} what {that} is waiting for; when it has finished, or was killed, {{by_hand}}"
    return f"See in {{log}} what kept {that} so long, and {{rerun}}"


def _of_a_missed_run(code: CauseCode, root: Finding, judged: JobJudged) -> str | None:
    """The step where there is other evidence of a run: running it again may do its work twice."""
    case = judged.case
    if case is None or code not in Deed.RERUN.cures or root.check is Check.NO_RUN_IS_MISSING:
        return None
    if case.is_in_memory:
        return "See in {log} whether that run happened; if it did not, {by_hand}"
    if zones.zone_of_this_run(case):
        return "Say how to read its times: {naive_times}; if it still counts as not run, {by_hand}"
    return None


def _in_circumstances(code: CauseCode, root: Finding, judged: JobJudged) -> str | None:
    job = judged.job
    place = job.outputs[root.output].place if job.outputs else None
    match code:
        case CauseCode.SCHEDULER_DOWN:
            return "Ask it too: {again}"
        case CauseCode.ACCESS_DENIED if place and root.check in _OF_OUTPUTS:
            return "Let it be listed and read by whom the options of {place} name, or correct those, then {again}"
        case CauseCode.CLOCK_SKEW if place and root.check in _OF_OUTPUTS:
            return "See which clock is wrong: `timedatectl status` here, and that of {place}"
        case CauseCode.NOT_READ_THROUGH if "is encrypted by" in root.because:
            return "Write open, the command that makes it readable, into [jobs.{key}.output] in jobs.toml, then {again}"
        case CauseCode.OUTPUT_UNREADABLE if place and "its budget of" in root.because:
            return "Write a larger budget where {place} is declared, or look at less of it, then {again}"
        case CauseCode.OUTPUT_UNREADABLE if place and place.folder is None:
            return "See what is there: {list}, then {again}"
        case CauseCode.ACCESS_DENIED | CauseCode.PLACE_DOWN | CauseCode.OUTPUT_UNREADABLE if (
            job.outputs and job.outputs[root.output].kind is not Kind.FILES
        ):
            if judged.case and judged.case.of_output(root.output).filled_by:
                return "Wait until that run must be done, then {again}"
            return _NOT_LISTED[job.outputs[root.output].kind, code]
        case CauseCode.TRUNCATED_OUTPUT | CauseCode.CORRUPT_OUTPUT | CauseCode.DEGRADED_OUTPUT if (
            job.outputs and job.outputs[root.output].kind is not Kind.FILES
        ):
            return "See what is there: {list}, and the log of that run; {rerun}"
        case CauseCode.ACCESS_DENIED if root.check is not Check.IS_REGISTERED:
            return "See who may read what it leaves: `ls -ld {folder}`, then {again}"
        case CauseCode.UNKNOWN_STATUS if (
            job.scheduler
            and not (judged.seen.last_word or judged.seen.without_time)
            and code not in own_steps(job.scheduler)
        ):
            words = listed(job.scheduler.words.known, 20)
            return f"Have the scheduler tell one of {words} as {judged.seen.word('status')}, then {{again}}"
        case CauseCode.SCHEDULER_ERROR:
            return "Read {log}: it answers with a record that cannot be read"
        case _ if root.check is Check.NO_RUN_IS_MISSING and code in _OF_ONE_RUN:
            owed = root.because.partition(": due ")[2].partition(";")[0]
            return f"See in {{log}} what became of its run of {owed}; if that is still owed, run {{name}} for that time"
        case CauseCode.JOB_PAUSED if root.check is Check.PAUSE_IS_CURRENT:
            since = pause.still_needed_since(judged.seen, is_owed=judged.due_run is not None)
            # What it did not owe is not to be missed once its pause is gone.
            ended = f"Write `since = {since}` in place of its pause in" if since else "Take its pause out of"
            return f"{ended} {{table}}, or give it a new date"
        case CauseCode.WRONG_TIMEZONE:
            return _of_a_zone(root, judged)
        case CauseCode.STALE_OUTPUT if judged.case and (other := redated(judged.case)):
            lines = " or ".join(f'`dated = "{each}"`' for each in other.dated)
            return f"Say what the date in its name means: {lines} in [jobs.{{key}}.output] of jobs.toml, then {{again}}"
        case CauseCode.OUTPUT_UNREADABLE if root.check is Check.OUTPUT_IS_WHOLE and (key := _kept_by(root, judged)):
            by_hand = {"open": "{opening}", "verify": "{proof}"}[key]
            return f"Run its {key} by hand and see why it fails: {by_hand}, then {{again}}"
        case CauseCode.INCOMPLETE_OUTPUT if root.file:
            # It is there, but names inside it are missing.
            return f"See what is in it: {_inside(root, judged)}, and the log of that run; {{rerun}}"
        case CauseCode.PARTIAL_RUN if root.check is Check.OUTPUT_IS_WHOLE:
            return (
                "See what it leaves out: {proof}; if that is a fault, remove the exit status from partial in verify "
                "of [jobs.{key}.output] in jobs.toml"
            )
        case CauseCode.RAN_LATE if root.is_warning and root.verdict is Verdict.OK:
            return "Its work is done. To know when, keep the mtimes of copies (`cp -p`), or put the time into the names"
        case CauseCode.FUTURE_TIMESTAMP if root.check is Check.OUTPUT_EXISTS:
            if job.outputs[root.output].kind is not Kind.FILES:
                return "Find out which clock dated it: {list}, correct that clock, then {again}"
            return "Find out which clock dated it: {list}, correct that clock, remove the file, then {again}"
        case CauseCode.FUTURE_TIMESTAMP if _is_of_an_earlier_moment(judged):
            return "Nothing to fix: only its files show what was at that moment. Judge the present: {again}"
        case CauseCode.DISK_FULL if not root.needs_a_person:
            return "Make room: `df -h {folder}`"
        case _:
            return None


def _inside(root: Finding, judged: JobJudged) -> str:
    """The command that lists an archive or a folder; where there is no common one, what shows that it is there."""
    seen = judged.seen.of_output(root.output)
    output = seen.declared
    if output.open or (output.place and output.place.folder is None):
        return "{list}"
    is_folder = any(each.is_folder for each in seen.files if each.name == root.file)
    return "`ls -lR {file}`" if is_folder else "{tail}"


def _kept_by(root: Finding, judged: JobJudged) -> str:
    """The key of the command that gave no answer about an output; "" where each did."""
    seen = judged.seen.of_output(root.output)
    file = next((each for each in seen.files if each.name == root.file), None)
    if file is None:
        return ""
    if file.unreadable and seen.declared.open:
        return "open"
    is_asked = file.verified.outcome is Outcome.UNKNOWN if file.verified else flaw_of(file, seen.declared) is None
    return "verify" if seen.declared.verify and is_asked else ""


def _is_of_an_earlier_moment(judged: JobJudged) -> bool:
    """True where the judged moment was over when the scheduler, or its memory in its place, was asked."""
    answer = judged.seen.memory if judged.seen.stands_in else judged.seen.scheduler
    return isinstance(answer, SchedulerSeen) and answer.answered_at > judged.seen.counted_until


def _of_a_zone(root: Finding, judged: JobJudged) -> str | None:
    """What to correct in how it is read; None where the scheduler itself runs in the wrong zone."""
    job, seen = judged.job, judged.seen
    if root.check is Check.OUTPUT_EXISTS:
        wrong = misnamed(judged.case) if judged.case else None
        if wrong and judged.due_run and not judged.due_run.begins_at <= wrong.at <= judged.due_run.finish_by:
            other = f'say that it runs by {wrong.zone.key}: `timezone = "{wrong.zone.key}"` in {{table}}'
            return f"Have it run by {job.zone.key} time (`TZ={job.zone.key}`), or {other}, then {{again}}"
        zone = (wrong.zone if wrong else job.zone).key
        names = "names" if job.outputs[root.output].kind is Kind.FILES else "times"
        return f'Correct how its {names} are read: `timezone = "{zone}"` in [jobs.{{key}}.output] of jobs.toml'
    is_of_next = root.check is Check.NEXT_RUN_IS_ON_SCHEDULE
    reading = seen.next_run if is_of_next else seen.last_run
    if reading and reading.is_naive:
        return "Correct how it is read: {naive_times}"
    return None if is_of_next else "Have the scheduler write its times with their UTC offset, then {again}"
