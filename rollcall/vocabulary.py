"""Which words does Roll call have for what it found, and what does each of them mean?

Both vocabularies are closed. A cause is one record, written here and nowhere else: the cards of a morning,
docs/when-a-morning-is-red.md and the schema of morning.json are drawn from it. To add one, give it a line where it
belongs: what stands higher explains what stands lower.
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
    """Whose cause it is: whose words fill its step, and under which head it stands."""

    RECORD = "of a record that is replayed"
    SCHEDULER = "of a scheduler"
    HOST = "of its machine"
    JOB = "of a job"
    RUN = "of its run"
    OUTPUT = "of its output"
    TIME = "of its time"
    CHECK = "of a check of your own"
    WARNING = "worth knowing, not urgent"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one cause.

    `of` is whose it is. `verdict` is the usual one of a job that has it, None where it is that of the job that it
    waits for. `meaning` says what is so in the world. `step` is what a person does where nothing special holds and its
    scheduler does not say it better; `{…}` in it stands for what `rollcall.causes.words` knows of that scheduler or
    job. `allowed_by` is the key of the job that makes a warning of it with "warn". `besides` is what else helps to
    know, for docs/when-a-morning-is-red.md alone.
    """

    code: str
    of: Of
    verdict: Verdict | None
    _: KW_ONLY
    meaning: str
    step: str
    allowed_by: str = ""
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
        meaning="A replay was asked for something that its record does not hold; nothing is proven wrong.",
        step="A replay asks nobody. Record a morning with it: {record}",
    )

    # What is wrong with a scheduler explains its jobs.
    SCHEDULER_DOWN = Record(
        "scheduler-down",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="Nothing answers there, or not in time; or its database is not there.",
        step="See whether it is up: {ask}, start it, then {again}",
        besides="The card says which of them it is.",
    )
    ACCESS_DENIED = Record(
        "access-denied",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It answers, and refuses us.",
        step="Correct the headers of {table}, then {again}",
        besides="See that the variable with the token is set where this runs.",
    )
    WRONG_SERVICE = Record(
        "wrong-service",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="Something else answers there.",
        step="See what answers there, {ask}, and correct url and status of {table}",
    )
    SCHEDULER_ERROR = Record(
        "scheduler-error",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It answers with an error, or with something that cannot be read.",
        step="Read {log}; its answer is {ask}",
    )
    SCHEDULER_STOPPED = Record(
        "scheduler-stopped",
        Of.SCHEDULER,
        Verdict.MISSED,
        meaning="It answers, and is stopped: nothing runs.",
        step="Start {name}, then {again}",
        besides="With `start` in its table, {restart} starts it, proves it and judges again.",
    )
    SCHEDULER_STALLED = Record(
        "scheduler-stalled",
        Of.SCHEDULER,
        Verdict.MISSED,
        meaning="It says that it runs, and its next run lies in the past: its loop is dead.",
        step="Restart {name}, whose loop is dead, then {again}",
        besides="With `start` and `stop` in its table, {restart} stops and starts it.",
    )
    CLOCK_SKEW = Record(
        "clock-skew",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="Its clock and this machine's differ, so no time can be trusted.",
        step="See which clock is wrong: `timedatectl status` here and on the scheduler's machine",
    )
    NO_RECORDS = Record(
        "no-records",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It lists nothing at all, though jobs of it are declared: nobody can tell what ran.",
        step="See what it lists, {ask}; where that is not all, correct what {table} asks for, then {again}",
    )
    LISTED_TWICE = Record(
        "listed-twice",
        Of.SCHEDULER,
        Verdict.UNKNOWN,
        meaning="It lists several jobs under one name, so nobody can tell whose runs those are.",
        step="See which they are, {ask}, and give each a name of its own, then {again}",
    )

    # A machine that was off explains what should have run on it.
    HOST_SILENT = Record(
        "host-silent",
        Of.HOST,
        Verdict.UNKNOWN,
        meaning="The machine on which it runs does not answer, so nobody can tell what ran there.",
        step="See whether that machine is up and can be reached: {ask}, then {again}",
    )
    HOST_WAS_OFF = Record(
        "host-was-off",
        Of.HOST,
        Verdict.MISSED,
        meaning="The machine on which it runs was off, or asleep, when it was due.",
        step="Find out why the machine of {name} was off, and {rerun}",
    )

    # Where the scheduler has it otherwise than jobs.toml, or its words cannot be read, no run of it is as it should be.
    NOT_REGISTERED = Record(
        "not-registered",
        Of.JOB,
        Verdict.MISSED,
        meaning="The scheduler does not know the job: a deploy dropped it, or its id changed.",
        step="Register {name} in the scheduler, or take {table} out if it is gone for good",
    )
    JOB_PAUSED = Record(
        "job-paused",
        Of.JOB,
        Verdict.MISSED,
        meaning="The scheduler knows it, and has no next run for it.",
        step="Resume {name} in the scheduler, then {again}",
        besides="If that is meant, [pause it here too](#pause-a-job).",
    )
    JOB_STALLED = Record(
        "job-stalled",
        Of.JOB,
        Verdict.MISSED,
        meaning="Its own next run lies in the past, while the scheduler works: it will not run again by itself.",
        step="See {why}, register {name} there anew, and {rerun}",
    )
    WRONG_TIMEZONE = Record(
        "wrong-timezone",
        Of.JOB,
        Verdict.LATE,
        meaning="A time is off by exactly a zone's offset: a schedule, a record or a file's name is read in "
        "another zone.",
        step="Give the scheduler its zone, {zone}, and restart it; or correct timezone of {table}",
        besides="The card says which of them it is; the work itself may be done.",
    )
    SCHEDULE_DRIFT = Record(
        "schedule-drift",
        Of.JOB,
        Verdict.FAILED,
        meaning="The scheduler aims at another time than jobs.toml declares.",
        step="Make both say the same: the schedule of {table}, or the trigger in the scheduler",
    )
    NAIVE_TIMESTAMP = Record(
        "naive-timestamp",
        Of.JOB,
        Verdict.UNKNOWN,
        meaning="The scheduler's time has no offset, so it may mean either of two moments.",
        step="Say how it is read: {naive_times}",
    )
    FUTURE_TIMESTAMP = Record(
        "future-timestamp",
        Of.JOB,
        Verdict.UNKNOWN,
        meaning="Its last run, or a file of it, is dated in the future.",
        step="See in which zone it writes its times. How they are read: {naive_times}",
    )
    UNKNOWN_STATUS = Record(
        "unknown-status",
        Of.JOB,
        Verdict.UNKNOWN,
        meaning="The scheduler uses a word for its run that stands in no list, so nobody can tell how it ended.",
        step="Say what that word means: write it into a list of [schedulers.{scheduler}.words] in jobs.toml, "
        "then {again}",
    )

    # What kept the run from its work explains what it left, or did not.
    UPSTREAM_FAILED = Record(
        "upstream-failed",
        Of.RUN,
        None,
        meaning="A job that it needs did not do its work.",
        step="See to the job that it needs first, and {rerun}",
    )
    DISK_FULL = Record(
        "disk-full",
        Of.RUN,
        Verdict.BAD_OUTPUT,
        meaning="There is no room for its output.",
        step="Make room: `df -h {folder}`; {rerun}",
    )
    RUN_FAILED = Record(
        "run-failed",
        Of.RUN,
        Verdict.FAILED,
        meaning="It ran, and ended in an error.",
        step="Read the log of that run, mend it, and {rerun}",
    )
    STILL_RUNNING = Record(
        "still-running",
        Of.RUN,
        Verdict.STUCK,
        meaning="It began, and has not ended within its `max_runtime`.",
        step="See in {log} what it waits for; if it hangs, end it, and {rerun}",
    )
    NOT_PICKED_UP = Record(
        "not-picked-up",
        Of.RUN,
        Verdict.MISSED,
        meaning="Its runs wait and never start: nobody takes them up.",
        step="See whether the workers are up and have a place free, then {again}",
    )
    RUN_SKIPPED = Record(
        "run-skipped",
        Of.RUN,
        Verdict.MISSED,
        meaning="The scheduler let this run out on purpose, mostly because the one before had not ended.",
        step="See in {log} behind which run, and {rerun}",
    )
    NEVER_RAN = Record(
        "never-ran",
        Of.RUN,
        Verdict.MISSED,
        meaning="It was due, and has never run at all.",
        step="See {why}, and {rerun}",
    )
    MISSED_RUN = Record(
        "missed-run",
        Of.RUN,
        Verdict.MISSED,
        meaning="It ran before, and not when it was due.",
        step="{rerun}",
        besides="`pytest checks/ --rerun-missed` does it where the job says `rerun = true`.",
    )

    # A place that is not there explains a file that is not, and that one what would be in it.
    PLACE_DOWN = Record(
        "place-down",
        Of.OUTPUT,
        Verdict.UNKNOWN,
        meaning="The place of its output does not answer: a mount, a bucket or a server that is not there.",
        step="See whether {place} is there and can be reached from here, then {again}",
    )
    OUTPUT_UNREADABLE = Record(
        "output-unreadable",
        Of.OUTPUT,
        Verdict.UNKNOWN,
        meaning="Its folder or file cannot be looked at (not there, no permission, no regular file), or what should "
        "open or verify it says nothing of it.",
        step="See what is there: `ls -ld {folder}`, {list}",
        besides="Correct the path in jobs.toml, or the permission.",
    )
    NOT_READ_THROUGH = Record(
        "not-read-through",
        Of.OUTPUT,
        Verdict.UNKNOWN,
        meaning="It is too large, or encrypted: what was read of it does not prove what was asked.",
        step="Write a larger read_up_to and timeout into [jobs.{key}.output] in jobs.toml, or ask less of it",
    )
    SUCCESS_WITHOUT_OUTPUT = Record(
        "success-without-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It reported success and left no file.",
        step="See where it writes to: {list}, and the log of that run",
    )
    STALE_OUTPUT = Record(
        "stale-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its newest file is of an earlier run.",
        step="See what is there: {list}, and {why}; {rerun}",
    )
    INCOMPLETE_OUTPUT = Record(
        "incomplete-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Some of what a run leaves is there, and some of it is not.",
        step="See what is not there: {list}, and the log of that run; {rerun}",
    )
    EMPTY_OUTPUT = Record(
        "empty-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file is there, and nothing is in it.",
        step="Read the log of that run, and {rerun}",
    )
    TRUNCATED_OUTPUT = Record(
        "truncated-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file ends too early, or is smaller than it may be.",
        step="Look at its end: {tail}; {rerun}",
    )
    CORRUPT_OUTPUT = Record(
        "corrupt-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file is not what its format says: it cannot be read as that.",
        step="Look at it: {head}, and the log of that run; {rerun}",
    )
    WRONG_ENCODING = Record(
        "wrong-encoding",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its text is not written in the encoding that it should have.",
        step="See which it has: `file {file}`; if that is meant, write it as encoding into "
        "[jobs.{key}.output] in jobs.toml, else {rerun}",
    )
    DEGRADED_OUTPUT = Record(
        "degraded-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Its file is whole and is no real work: it holds a fallback text, or lacks a required one.",
        step="Look at it: {head}; once what it draws on answers again, {rerun}",
    )
    SHRUNKEN_OUTPUT = Record(
        "shrunken-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It is far smaller than its outputs usually are.",
        step="Compare it with those before: {list}; where something is not in it, {rerun}",
        besides="No run that is warned of like this is a measure for the next, so it is said until it is as large "
        "again. If it is to be smaller from now on, write since into its table: what was before is no measure then.",
    )
    GROWN_OUTPUT = Record(
        "grown-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It is larger than it may be, or has more rows.",
        step="See what is in it that was not before: {list}, and the log of that run; where it may be as large, "
        "write more into [jobs.{key}.output] in jobs.toml",
    )
    VERIFY_FAILED = Record(
        "verify-failed",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="Your own proof, its `verify`, says that it is not good.",
        step="Run its verify by hand and read all that it says, {proof}; {rerun}",
    )
    DUPLICATE_OUTPUT = Record(
        "duplicate-output",
        Of.OUTPUT,
        Verdict.BAD_OUTPUT,
        meaning="It holds the same as that of the run before.",
        step="Find out why what it draws on did not change, and {rerun}; where it may stay as it is, "
        "take must_change out of [jobs.{key}.output] in jobs.toml",
    )
    UNRECORDED_RUN = Record(
        "unrecorded-run",
        Of.OUTPUT,
        Verdict.FAILED,
        meaning="Its file is there, and no run of the scheduler's made it.",
        step="Find out what wrote it: {list}, and {log} at that time",
        besides="It may be a run by hand, a restore, or a second scheduler.",
    )

    # A run that began late, or took long, explains that it was done late.
    STARTED_LATE = Record(
        "started-late",
        Of.TIME,
        Verdict.LATE,
        meaning="It began later than its `grace` allows.",
        step="Read {log} of the due time",
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
        meaning="Its work is done, outside its time.",
        step="Its work is done. Read {log} of the due time",
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
        meaning="A check that somebody wrote for it failed, and nothing else says why.",
        step="See to what that check asks for, then {again}",
    )

    # Nothing of it is lost.
    PARTIAL_RUN = Record(
        "partial-run",
        Of.WARNING,
        Verdict.OK,
        meaning="It ended well, and says itself that it did not do everything.",
        step='See in the log of that run what it left out; where it must do all, write `partial = "fail"` into {table}',
    )
    MADE_GOOD = Record(
        "made-good",
        Of.WARNING,
        Verdict.OK,
        meaning="Its run failed or was missed, and another has done its work since: a retry, or one by hand.",
        step="Its work is done. Why that was needed is in {log} of the due time",
    )
    RAN_THOUGH_PAUSED = Record(
        "ran-though-paused",
        Of.WARNING,
        Verdict.OK,
        meaning="It is paused in jobs.toml, and ran all the same.",
        step="Pause {name} in the scheduler too, or take its pause out of {table}",
    )
    SHRINKING_OUTPUT = Record(
        "shrinking-output",
        Of.WARNING,
        Verdict.OK,
        meaning="It is clearly smaller than its outputs usually are, or they get smaller from run to run.",
        step="Compare it with those before: {list}. Where something is not in it, {rerun}",
        besides="A sudden fall is said of seven runs; what goes on like that is then the usual size.",
    )
    GROWING_OUTPUT = Record(
        "growing-output",
        Of.WARNING,
        Verdict.OK,
        meaning="Its outputs get larger from run to run, and will soon be larger than they may be.",
        step="See what makes it larger: {list}; where it may be, write more into [jobs.{key}.output] in jobs.toml",
    )
    SLOWING = Record(
        "slowing",
        Of.WARNING,
        Verdict.OK,
        meaning="Its runs take longer from one to the next, and will soon take longer than they may.",
        step="See in the log of that run what takes longer; where it may, write a longer max_runtime into {table}",
    )
    RAN_TWICE = Record(
        "ran-twice",
        Of.WARNING,
        Verdict.OK,
        meaning="Its work is done, more than once.",
        step="Its work is done, and more: see whether two schedulers run {name}, or somebody did by hand: {list}",
    )
