"""Which verdicts and causes does Roll call know, and what does each of them mean?

Both lists are closed. A cause is one record, written here and nowhere else: the cards of a report,
docs/when-a-morning-is-red.md and the schema of morning.json are made from it. To add one, put it where it
belongs: a cause explains those that follow it.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Self


class Verdict(StrEnum):
    """What the evidence proves."""

    OK = "ok"
    PENDING = "pending"
    PAUSED = "paused"
    LATE = "late"
    MISSED = "missed"
    FAILED = "failed"
    STUCK = "stuck"
    BAD_OUTPUT = "bad-output"
    UNKNOWN = "unknown"


class Of(StrEnum):
    """What a cause is about: this decides who fills in its step, and under which heading it is listed."""

    RECORD = "a replay"
    SCHEDULER = "a scheduler"
    HOST = "the machine"
    JOB = "a job"
    RUN = "its run"
    OUTPUT = "its output"
    TIME = "its timing"
    CHECK = "your own check"
    WARNING = "worth knowing, not urgent"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one cause.

    `of` is what it is about. `verdict` is the usual one of a job that has it, None where it is that of the job that it
    waits for. `meaning` says what is wrong. `step` is what a person does where no special case applies and its
    scheduler has no step of its own; `{…}` in it is filled in by `rollcall.causes.words` for that scheduler or
    job. `allowed_by` is the key of the job that makes a warning of it with "warn". `lasts` is True where no run comes
    until a person ends it. `besides` is what else helps to know, for docs/when-a-morning-is-red.md alone.
    """

    code: str
    of: Of
    verdict: Verdict | None
    _: KW_ONLY
    meaning: str
    step: str
    allowed_by: str = ""
    lasts: bool = False
    besides: str = ""


class CauseCode(StrEnum):
    """The closed vocabulary of what a finding can be explained by; nearer the root first."""

    record: Record
    _value_: str

    def __new__(cls, record: Record | str) -> Self:
        """The word is its code, and carries its record."""
        # `CauseCode("ran-late")` finds a word by its code, and never comes here.
        assert isinstance(record, Record)
        word = str.__new__(cls, record.code)
        word._value_ = record.code
        word.record = record
        return word

    NOT_RECORDED = Record(
        "not-recorded",
        Of.RECORD,
        Verdict.UNKNOWN,
        meaning="The replay needs something that its recording does not contain. Nothing is proven wrong.",
        step="A replay asks no scheduler. Record a morning that includes it: {record}",
    )

    # What is wrong with a scheduler explains its jobs.
    SCHEDULER_DOWN = Record(
        "scheduler-down",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="Nothing answers at its address, or not in time, or its database is missing.",
        step="Check whether it is up: {ask}, start it, then {again}",
        besides="The card says which.",
    )
    ACCESS_DENIED = Record(
        "access-denied",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It answers, but refuses access.",
        step="Correct the headers in {table}, then {again}",
        besides="Check that the variable with the token is set where this runs.",
    )
    WRONG_SERVICE = Record(
        "wrong-service",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="Something else answers at its address.",
        step="See what answers there: {ask}, and correct url and status in {table}",
    )
    SCHEDULER_ERROR = Record(
        "scheduler-error",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It answers with an error, or with something that cannot be read.",
        step="Read {log}; see its answer: {ask}",
    )
    SCHEDULER_STOPPED = Record(
        "scheduler-stopped",
        Of.SCHEDULER,
        Verdict.MISSED,
        meaning="It answers, but it is stopped: nothing runs.",
        lasts=True,
        step="Start {name}, then {again}",
        besides="With `start` in its table, {restart} starts it, checks that it runs and judges again.",
    )
    SCHEDULER_STALLED = Record(
        "scheduler-stalled",
        Of.SCHEDULER,
        Verdict.MISSED,
        meaning="It says it is running, but its next run is in the past: its loop is dead.",
        lasts=True,
        step="Restart {name} (its loop is dead), then {again}",
        besides="With `start` and `stop` in its table, {restart} stops and starts it.",
    )
    CLOCK_SKEW = Record(
        "clock-skew",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="Its clock and this machine's disagree, so no time can be trusted.",
        step="Find out which clock is wrong: `timedatectl status` here and on the scheduler's machine",
    )
    NO_RECORDS = Record(
        "no-records",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It lists nothing at all, although jobs are declared for it: it is not known what ran.",
        step="See what it lists: {ask}; if jobs are missing there, correct what {table} asks for, then {again}",
    )
    LISTED_TWICE = Record(
        "listed-twice",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It lists several jobs under one name, so it is not clear whose runs those are.",
        step="See which they are: {ask}, give each a name of its own, then {again}",
    )

    # A machine that was off explains what should have run on it.
    HOST_SILENT = Record(
        "host-silent",
        Of.HOST,
        Verdict.UNKNOWN,
        meaning="The machine it runs on does not answer, or leaves no evidence that can be believed: it is not known "
        "what ran there.",
        step="Check whether that machine is up and reachable: {ask}, then {again}",
        besides="Evidence of a host is not believed where it is missing, too old, from a clock that is off, of another "
        "jobs.toml, or there twice; the card says which, and `rollcall look` says it there.",
    )
    HOST_WAS_OFF = Record(
        "host-was-off",
        Of.HOST,
        Verdict.MISSED,
        meaning="The machine it runs on was off, or asleep, when it was due.",
        step="Find out why the machine that runs {name} was off, and {rerun}",
    )

    # Where the scheduler disagrees with jobs.toml, or its answer cannot be read, no run can be as it should be.
    NOT_REGISTERED = Record(
        "not-registered",
        Of.JOB,
        Verdict.MISSED,
        meaning="The scheduler does not know the job: a deploy dropped it, or its id changed.",
        lasts=True,
        step="Register {name} in the scheduler, or remove {table} if it is gone for good",
    )
    JOB_PAUSED = Record(
        "job-paused",
        Of.JOB,
        Verdict.MISSED,
        meaning="The scheduler knows it, but has no next run for it.",
        lasts=True,
        step="Resume {name} in the scheduler, then {again}",
        besides="If that is intended, [pause it here too](#pause-a-job).",
    )
    JOB_STALLED = Record(
        "job-stalled",
        Of.JOB,
        Verdict.MISSED,
        meaning="Its own next run is in the past, while the scheduler works: it will not run again by itself.",
        lasts=True,
        step="Check {why}, register {name} there again, and {rerun}",
    )
    WRONG_TIMEZONE = Record(
        "wrong-timezone",
        Of.JOB,
        Verdict.LATE,
        meaning="A time is off by exactly a zone's offset: a schedule, a record or a file name is read in "
        "the wrong zone.",
        step="Set the scheduler's zone to {zone} and restart it; or correct timezone in {table}",
        besides="The card says which; the work itself may be done.",
    )
    SCHEDULE_DRIFT = Record(
        "schedule-drift",
        Of.JOB,
        Verdict.FAILED,
        meaning="The scheduler's next run is not at the time that jobs.toml declares.",
        step="Make both agree: the schedule in {table}, or the trigger in the scheduler",
    )
    NAIVE_TIMESTAMP = Record(
        "naive-timestamp",
        Of.JOB,
        Verdict.UNKNOWN,
        meaning="The scheduler's time has no UTC offset, so it could mean either of two moments.",
        step="Say how to read it: {naive_times}",
    )
    FUTURE_TIMESTAMP = Record(
        "future-timestamp",
        Of.JOB,
        Verdict.UNKNOWN,
        meaning="Its last run, or one of its files, is dated in the future.",
        step="Find out in which zone it writes its times, and say how to read them: {naive_times}",
    )
    UNKNOWN_STATUS = Record(
        "unknown-status",
        Of.JOB,
        Verdict.UNKNOWN,
        meaning="The scheduler gives its run a status that is in no list, so it is not known how it ended.",
        step="Say what that status means: add it to a list in [schedulers.{scheduler}.words] in jobs.toml, "
        "then {again}",
    )

    # What kept a run from its work explains what it left, or did not leave.
    UPSTREAM_FAILED = Record(
        "upstream-failed",
        Of.RUN,
        None,
        meaning="A job that it needs did not do its work.",
        step="Fix the job that it needs first, and {rerun}",
    )
    DISK_FULL = Record(
        "disk-full",
        Of.RUN,
        Verdict.BAD_OUTPUT,
        meaning="There is no room on the disk for its output.",
        step="Make room: `df -h {folder}`; {rerun}",
    )
    RUN_FAILED = Record(
        "run-failed",
        Of.RUN,
        Verdict.FAILED,
        meaning="It ran, and failed.",
        step="Read the log of that run, fix the cause, and {rerun}",
    )
    STILL_RUNNING = Record(
        "still-running",
        Of.RUN,
        Verdict.STUCK,
        meaning="It started, and has not finished within its `max_runtime`.",
        step="See in {log} what it is waiting for; if it hangs, kill it, and {rerun}",
    )
    NOT_PICKED_UP = Record(
        "not-picked-up",
        Of.RUN,
        Verdict.MISSED,
        meaning="Its runs are queued and never start: no worker picks them up.",
        lasts=True,
        step="Check whether the workers are up and have a free slot, then {again}",
    )
    RUN_SKIPPED = Record(
        "run-skipped",
        Of.RUN,
        Verdict.MISSED,
        meaning="The scheduler skipped this run on purpose, usually because the run before had not finished.",
        step="See in {log} which run was in the way, and {rerun}",
    )
    NEVER_RAN = Record(
        "never-ran",
        Of.RUN,
        Verdict.MISSED,
        meaning="It was due, and has never run.",
        step="Check {why}, and {rerun}",
    )
    MISSED_RUN = Record(
        "missed-run",
        Of.RUN,
        Verdict.MISSED,
        meaning="It ran before, but not when it was due.",
        step="{rerun}",
        besides="`pytest checks/ --rerun-missed` does it where the job says `rerun = true`.",
    )

    # A missing place explains a missing file, and a missing file explains what is not in it.
    PLACE_DOWN = Record(
        "place-down",
        Of.OUTPUT,
        Verdict.UNKNOWN,
        meaning="The place that it writes to does not answer: a mount, a bucket or a server.",
        step="Check whether {place} is there and can be reached from here, then {again}",
    )
    OUTPUT_UNREADABLE = Record(
        "output-unreadable",
        Of.OUTPUT,
        Verdict.UNKNOWN,
        meaning="Its folder or file cannot be read (missing, no permission, not a regular file), or the command that "
        "opens or verifies it gives no answer.",
        step="See what is there: `ls -ld {folder}`, {list}",
        besides="Correct the path in jobs.toml, or the permission.",
    )
    NOT_READ_THROUGH = Record(
        "not-read-through",
        Of.OUTPUT,
        Verdict.UNKNOWN,
        meaning="It is too large, or encrypted: the part that could be read does not prove what was asked.",
        step="Set a larger read_up_to and timeout in [jobs.{key}.output] in jobs.toml, or require less of it",
    )
    SUCCESS_WITHOUT_OUTPUT = Record(
        "success-without-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It reported success, but left no file.",
        step="Check where it writes to: {list}, and the log of that run",
    )
    STALE_OUTPUT = Record(
        "stale-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its newest file is from an earlier run.",
        step="See what is there: {list}, check {why}, and {rerun}",
    )
    INCOMPLETE_OUTPUT = Record(
        "incomplete-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Part of what a run leaves is there, and part of it is missing.",
        step="See what is missing: {list}, and the log of that run; {rerun}",
    )
    EMPTY_OUTPUT = Record(
        "empty-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file is there, but nothing is in it.",
        step="Read the log of that run, and {rerun}",
    )
    TRUNCATED_OUTPUT = Record(
        "truncated-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file is cut off, or smaller than it may be.",
        step="Look at its end: {tail}; {rerun}",
    )
    CORRUPT_OUTPUT = Record(
        "corrupt-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file cannot be read in the format that it should have.",
        step="Look at it: {head}, and the log of that run; {rerun}",
    )
    WRONG_ENCODING = Record(
        "wrong-encoding",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its text is not in the encoding that it should have.",
        step="See which it has: `file {file}`; if that is intended, set it as encoding in "
        "[jobs.{key}.output] in jobs.toml, else {rerun}",
    )
    DEGRADED_OUTPUT = Record(
        "degraded-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file is complete, but not real work: it contains a fallback text, or lacks a required text.",
        step="Look at it: {head}; when its data source is back, {rerun}",
    )
    SHRUNKEN_OUTPUT = Record(
        "shrunken-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It is far smaller than usual.",
        step="Compare it with the earlier ones: {list}; if something is missing, {rerun}",
        besides="A run with this warning does not count as usual, so the warning stays until the size is normal "
        "again. If it is meant to be smaller from now on, set since in its table: earlier runs then no longer count.",
    )
    GROWN_OUTPUT = Record(
        "grown-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It is larger than it may be, or has more rows than it may.",
        step="See what was added: {list}, and the log of that run; if it may be that large, "
        "raise the limit in [jobs.{key}.output] in jobs.toml",
    )
    VERIFY_FAILED = Record(
        "verify-failed",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Your own `verify` command says that it is not good.",
        step="Run its verify by hand and read all that it prints: {proof}; {rerun}",
    )
    DUPLICATE_OUTPUT = Record(
        "duplicate-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It is identical to the output of the run before.",
        step="Find out why its data source did not change, and {rerun}; if it may stay the same, "
        "remove must_change from [jobs.{key}.output] in jobs.toml",
    )
    UNRECORDED_RUN = Record(
        "unrecorded-run",
        Of.OUTPUT,
        Verdict.FAILED,
        meaning="Its file is there, but the scheduler has no record of the run that wrote it.",
        step="Find out what wrote it: {list}, and {log} at that time",
        besides="It may be a run by hand, a restore, or a second scheduler.",
    )

    # A run that began late, or took long, explains that it was done late.
    STARTED_LATE = Record(
        "started-late",
        Of.TIME,
        Verdict.LATE,
        meaning="It started later than its `grace` allows.",
        step="Read {log} around the time it was due",
        allowed_by="late_start",
    )
    OVERRAN = Record(
        "overran",
        Of.TIME,
        Verdict.LATE,
        meaning="It took longer than its `max_runtime`.",
        step="See in the log of that run what took so long",
        allowed_by="late",
    )
    RAN_LATE = Record(
        "ran-late",
        Of.TIME,
        Verdict.LATE,
        meaning="It did its work, but not in time.",
        step="Its work is done. Read {log} around the time it was due",
        allowed_by="late",
    )
    TOO_SHORT = Record(
        "too-short",
        Of.TIME,
        Verdict.LATE,
        meaning="It took less than its `min_runtime`, and may have done nothing.",
        step="See in the log of that run whether it did its work",
        allowed_by="late",
    )

    CHECK_FAILED = Record(
        "check-failed",
        Of.CHECK,
        Verdict.FAILED,
        meaning="One of your own checks for it failed, and nothing else explains why.",
        step="Fix what that check asks for, then {again}",
    )

    # Nothing is lost.
    PARTIAL_RUN = Record(
        "partial-run",
        Of.WARNING,
        Verdict.OK,
        meaning="It ended well, but says itself that it did not do everything.",
        step='See in the log of that run what it left out; if it must do everything, set `partial = "fail"` in {table}',
    )
    MADE_GOOD = Record(
        "made-good",
        Of.WARNING,
        Verdict.OK,
        meaning="Its run failed or was missed, and a later one did its work: a retry, or one by hand.",
        step="Its work is done. Why that was needed is in {log} around the time it was due",
    )
    RAN_THOUGH_PAUSED = Record(
        "ran-though-paused",
        Of.WARNING,
        Verdict.OK,
        meaning="It is paused in jobs.toml, but ran anyway.",
        step="Pause {name} in the scheduler too, or remove the pause from {table}",
    )
    SHRINKING_OUTPUT = Record(
        "shrinking-output",
        Of.WARNING,
        Verdict.OK,
        meaning="It is clearly smaller than usual, or its outputs get smaller from run to run.",
        step="Compare it with the earlier ones: {list}; if something is missing, {rerun}",
        besides="A sudden drop is reported for seven runs; a size that stays like that is then the usual one.",
    )
    GROWING_OUTPUT = Record(
        "growing-output",
        Of.WARNING,
        Verdict.OK,
        meaning="Its outputs grow from run to run, and will soon be larger than they may be.",
        step="See what makes it larger: {list}; if it may be, raise the limit in [jobs.{key}.output] in jobs.toml",
    )
    SLOWING = Record(
        "slowing",
        Of.WARNING,
        Verdict.OK,
        meaning="Its runs take longer each time, and will soon take longer than they may.",
        step="See in the log of that run what takes longer; if it may, set a longer max_runtime in {table}",
    )
    RAN_TWICE = Record(
        "ran-twice",
        Of.WARNING,
        Verdict.OK,
        meaning="Its work was done more than once.",
        step="Its work is done: check whether two schedulers run {name}, or somebody ran it by hand: {list}",
    )
