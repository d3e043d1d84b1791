"""Is each cause named by the morning that has it, with its proof and with the command to type?"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import pytest

from fixtures.mornings_made import NOT_YET, UNSEEN
from fixtures.one_morning import (
    FOLDER,
    HAIKU,
    TEXT,
    Told,
    aime,
    at,
    five_files,
    haiku_job,
    made,
    morning,
    not_seen,
    roll_of,
    said,
    scheduler_of,
)
from rollcall.causes.action import Action, Deed
from rollcall.evidence import (
    Content,
    FileSeen,
    Flaw,
    JobListed,
    LeftThen,
    Off,
    Outcome,
    RunRemembered,
    RunSeen,
    SchedulerSeen,
)
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

OLD = five_files("2026-02-10T06:00:17+01:00")
TRIGGER = "http://localhost:8000/api/v1/services/scheduler/trigger/generate_haiku_scheduled"
RERUN = f"`curl -X POST {TRIGGER}`, then `pytest checks/`"
STATUS = "http://localhost:8000/api/v1/services/scheduler/status"
LIST = f"`ls -lt {FOLDER} | head`"
FILE = f"{FOLDER}/generate-haiku-20260211-060017.md"


def today(text: str | None = "x" * 300, **others: Any) -> list[FileSeen]:
    """Today's file is this one, the earlier ones are as ever."""
    return [made("2026-02-11T06:00:17+01:00", text, **others), *OLD[:4]]


def flawed(code: CauseCode, says: str) -> Content:
    """What was read of a file in which that is wrong."""
    return Content(flaw=Flaw(code, says))


TOO_LARGE = Content(unread="only its ends were read: 3.0 GB, more than read_up_to = 2.0 GB")
LACKING = Content(read_as="tar in zstd", has={"index.html": False})
ASKED_FOR: dict[str, Any] = {"must_have": ["index.html"], "must_contain": [], "must_not_contain": []}
VERIFY = ["pg_restore", "-l", "{file}"]
VERIFIES: dict[str, Any] = {"verify": VERIFY}
WEEKLY = {"command": VERIFY, "every": "7 d", "partial": [3], "unknown": [11]}
PROVEN = said(Outcome.SUCCESS, WEEKLY, file="generate-haiku-20260203-060017.md", when="2026-02-03T07:02:00+01:00")
RUN_FIELDS = ("job", "due", "started", "ended", "status", "attempt", "by_schedule")
# One that has every run on record, with start and end.
HISTORY = scheduler_of(
    "etl",
    {
        "kind": "json",
        "url": "http://etl:4200",
        "jobs": {"ask": "/jobs", "each": "jobs", "id": "id", "next_run": "next_run", "paused": "paused"},
        "runs": {"ask": "/runs?since={since}", "each": "runs", **{each: each for each in RUN_FIELDS}},
        "words": {"success": ["DONE"], "partial": ["WARNED"], "failed": ["FAILED"], "skipped": ["SKIPPED"]},
    },
)
DUE = "2026-02-11T06:00:00+01:00"
_PRESENT = at("2026-02-11T07:02:00+01:00")
LISTS_NOTHING = SchedulerSeen(
    asked_at=_PRESENT, answered_at=_PRESENT, server_at=_PRESENT, running=True, jobs=(), runs=()
)
BY_HAND = "run generate_haiku_scheduled by hand, then `pytest checks/`"
ALLOW = 'or allow it with `late = "warn"` in [jobs.generate_haiku_scheduled] in jobs.toml'


def ran(
    outcome: Outcome = Outcome.SUCCESS,
    word: str = "DONE",
    started: str | None = "06:00:02",
    ended: str | None = "06:00:17",
    *,
    day: str = "2026-02-11",
    **others: Any,
) -> RunSeen:
    """A run by schedule that is on record, by clocks of that day."""
    known: dict[str, Any] = {"job": HAIKU, "due": f"{day}T06:00:00+01:00", "by_schedule": True}
    times = {name: f"{day}T{clock}+01:00" for name, clock in (("started", started), ("ended", ended)) if clock}
    return RunSeen(**(known | times | {"word": word, "outcome": outcome} | others))


YESTERDAY = ran(day="2026-02-10")


def remembered(sizes: Sequence[int], took: Sequence[float] = ()) -> list[RunRemembered]:
    """What the history has of the days before, that of yesterday first: what it left and how many seconds it took."""
    path = "data/scheduled-output/generate-haiku-%Y%m%d-%H%M%S.md"
    return [
        RunRemembered(
            due_at=at(DUE) - timedelta(days=days),
            took=timedelta(seconds=round(seconds)) if seconds else None,
            left=(LeftThen(output=path, size=size),),
        )
        for days, (size, seconds) in enumerate(zip_longest(sizes, took), 1)
    ]


def on_record(*runs: RunSeen, **words: Any) -> dict[str, Any]:
    """The words of a morning with these runs on record, and the good one of the day before."""
    known: dict[str, Any] = {"runs": [*runs, YESTERDAY], "runs_since": "2026-02-09T00:00:00+01:00"}
    known["job"] = haiku_job(scheduler=HISTORY, has_output=False, **words)
    return known


def told_of(words: dict[str, Any]) -> Told:
    """The morning of these words; where a job is `needed`, with that one beside it, which failed."""
    words = dict(words)
    needed: Job | None = words.pop("needed", None)
    told = morning(**words)
    if needed is None:
        return told
    failed = ran(Outcome.FAILED, "FAILED", job=needed.name)
    seen = told.evidence.schedulers["etl"]
    assert isinstance(seen, SchedulerSeen)
    jobs = (*(seen.jobs or ()), JobListed(id=needed.name, next_run="2026-02-12T06:00:00+01:00"))
    with_it = replace(seen, jobs=jobs, runs=(*(seen.runs or ()), failed))
    evidence = replace(told.evidence, schedulers={"etl": with_it})
    return replace(told, roll=roll_of(*told.roll.jobs, needed), evidence=evidence)


# cause | the words that make its morning | verdict | the sentence | the next step, or what it begins with
MORNINGS: list[tuple[CauseCode, dict[str, Any], str, str, str]] = [
    (
        CauseCode.SCHEDULER_DOWN,
        {"scheduler": not_seen(CauseCode.SCHEDULER_DOWN, "GET http://localhost:8000: connection refused")},
        "unknown",
        "The scheduler does not answer: GET http://localhost:8000: connection refused.",
        "See whether the backend is up (`ps aux | grep uvicorn`), start it, then `pytest checks/`",
    ),
    (
        CauseCode.HOST_SILENT,
        {"scheduler": not_seen(CauseCode.HOST_SILENT, "ssh: connect to host nas: timed out")},
        "unknown",
        "Its machine does not answer: ssh: connect to host nas: timed out.",
        f"Check whether that machine is up and reachable: `curl -i {STATUS}`, then `pytest checks/`",
    ),
    (
        CauseCode.ACCESS_DENIED,
        {"scheduler": not_seen(CauseCode.ACCESS_DENIED, "answers 401 Unauthorized")},
        "unknown",
        "The scheduler refuses access: answers 401 Unauthorized.",
        "Correct the headers in [schedulers.aime] in jobs.toml, then `pytest checks/`",
    ),
    (
        CauseCode.WRONG_SERVICE,
        {"scheduler": not_seen(CauseCode.WRONG_SERVICE, "answers 404 Not Found")},
        "unknown",
        "Something else answers there: answers 404 Not Found.",
        f"See what answers there: `curl -i {STATUS}`, and correct url and status in [schedulers.aime] in jobs.toml",
    ),
    (
        CauseCode.SCHEDULER_ERROR,
        {"scheduler": not_seen(CauseCode.SCHEDULER_ERROR, "answers 500 Internal Server Error")},
        "unknown",
        "The scheduler answers with an error: answers 500 Internal Server Error.",
        f"Read the backend's log, and see its answer: `curl -i {STATUS}`",
    ),
    (
        CauseCode.NOT_RECORDED,
        {"scheduler": not_seen(CauseCode.NOT_RECORDED, "not in this record")},
        "unknown",
        "Not in this record.",
        "A replay asks no scheduler. Record a morning that includes it: `pytest checks/ --record DIR`",
    ),
    (
        CauseCode.SCHEDULER_STOPPED,
        {"running": False, "registered": False, "files": OLD},
        "missed",
        (
            "Aime answers, but the scheduler is stopped: no job of it will run; "
            "due Wed 11 Feb 06:00 CET, allowed until 06:15; "
            "the newest file is generate-haiku-20260210-060017.md of Tue 10 Feb 06:00:17 CET."
        ),
        "Start it: `pytest checks/ --restart-stopped`",
    ),
    (
        CauseCode.SCHEDULER_STALLED,
        {"next_run": "2026-02-11T06:00:00+01:00", "last_execution": "2026-02-10T05:00:17", "files": OLD},
        "missed",
        (
            "The scheduler says it is running, but the next run of generate_haiku_scheduled is 1 h 2 min in the past "
            "(1 job of 1): its loop is dead or paused; "
            "due Wed 11 Feb 06:00 CET, allowed until 06:15; its last run ended Tue 10 Feb 06:00:17 CET."
        ),
        "Restart the backend, whose scheduler's loop is dead, then `pytest checks/`",
    ),
    (
        CauseCode.CLOCK_SKEW,
        {"last_execution": "2026-02-11T04:57:17", "server_at": "2026-02-11T06:59:00+01:00", "has_output": False},
        "unknown",
        (
            "The scheduler's clock is 2 min 59 s behind this machine's "
            "(2026-02-11T05:59:00+00:00 there, 2026-02-11T06:02:00+00:00 here)."
        ),
        "Find out which clock is wrong: `timedatectl status` here and on the scheduler's machine",
    ),
    (
        CauseCode.NOT_REGISTERED,
        {"registered": False},
        "missed",
        "The scheduler does not know the job generate_haiku_scheduled: it has neighbour.",
        (
            "Register generate_haiku_scheduled in the scheduler, or remove [jobs.generate_haiku_scheduled] in "
            "jobs.toml if it is gone for good"
        ),
    ),
    (
        CauseCode.JOB_PAUSED,
        {"next_run": None, "last_execution": "2026-02-10T05:00:17", "files": OLD},
        "missed",
        (
            "The scheduler has no next run for generate_haiku_scheduled: it is paused there, or its schedule has "
            "ended; due Wed 11 Feb 06:00 CET, allowed until 06:15; its last run ended Tue 10 Feb 06:00:17 CET."
        ),
        "Resume generate_haiku_scheduled in the scheduler, then `pytest checks/`",
    ),
    (
        CauseCode.WRONG_TIMEZONE,
        {
            "next_run": "2026-02-12T06:00:00+00:00",
            "last_execution": "2026-02-11T06:00:17",
            "files": [made("2026-02-11T07:00:17+01:00")],
        },
        "late",
        (
            "The scheduler's next run 2026-02-12T06:00:00+00:00 is 06:00 at UTC+00:00 on its own clock, but "
            "Thu 12 Feb 07:00 CET in Europe/Zurich: the scheduler reads 0 6 * * * in the wrong zone; "
            "due Wed 11 Feb 06:00 CET, allowed until 06:15; it was done Wed 11 Feb 07:00:17 CET, "
            "1 h after it was due; its limit was 06:25."
        ),
        (
            'Give the scheduler its zone, `BackgroundScheduler(timezone="Europe/Zurich")`, and restart it; '
            "or correct timezone of [jobs.generate_haiku_scheduled] in jobs.toml"
        ),
    ),
    (
        CauseCode.SCHEDULE_DRIFT,
        {"next_run": "2026-03-01T06:00:00+01:00"},
        "failed",
        (
            "The scheduler's next run is Sun 1 Mar 06:00 CET, not as declared (every day at 06:00); "
            "declared, it is next due Thu 12 Feb 06:00 CET."
        ),
        (
            "Make both agree: the schedule in [jobs.generate_haiku_scheduled] in jobs.toml, "
            "or the trigger in the scheduler"
        ),
    ),
    (
        CauseCode.NAIVE_TIMESTAMP,
        {"naive_times": None, "last_execution": "2026-02-11T05:00:17", "has_output": False},
        "unknown",
        (
            "Its last_execution 2026-02-11T05:00:17 has no offset and could mean "
            "Wed 11 Feb 06:00:17 CET (read as UTC, 17 s after it was due) or "
            "Wed 11 Feb 05:00:17 CET (read as Europe/Zurich, 59 min 43 s before it was due); "
            'say which: naive_times = "UTC" or naive_times = "Europe/Zurich" in [schedulers.aime].'
        ),
        (
            'Say how to read it: `naive_times = "UTC"` or `naive_times = "Europe/Zurich"` '
            "in [schedulers.aime] of jobs.toml"
        ),
    ),
    (
        CauseCode.FUTURE_TIMESTAMP,
        {"last_execution": "2026-02-11T08:00:17", "has_output": False},
        "unknown",
        "Last run Wed 11 Feb 09:00:17 CET is 1 h 58 min in the future by the scheduler's own clock.",
        (
            "Find out in which zone it writes its times, and say how to read them: "
            '`naive_times = "UTC"` or `naive_times = "Europe/Zurich"` in [schedulers.aime] of jobs.toml'
        ),
    ),
    (
        CauseCode.RUN_FAILED,
        {"status": "error", "files": OLD},
        "failed",
        "Due Wed 11 Feb 06:00 CET, allowed until 06:15; the run that ended Wed 11 Feb 06:00:17 CET ended in error.",
        f"Read the log of that run, fix the cause, and run it now: {RERUN}",
    ),
    (
        CauseCode.DISK_FULL,
        {"files": today(""), "free": 4_000_000},
        "bad-output",
        (
            "Its output generate-haiku-20260211-060017.md is empty (0 B); "
            f"the disk of {FOLDER} has 4.0 MB free of 1.0 GB, less than 50.0 MB."
        ),
        f"Make room: `df -h {FOLDER}`; run it now: {RERUN}",
    ),
    (
        CauseCode.DISK_FULL,
        {"status": "error", "files": OLD, "free": 0},
        "failed",
        (
            "It left no file: the newest file is generate-haiku-20260210-060017.md of Tue 10 Feb 06:00:17 CET; "
            f"the disk of {FOLDER} has 0 B free of 1.0 GB, less than 50.0 MB; "
            "due Wed 11 Feb 06:00 CET, allowed until 06:15; the run that ended Wed 11 Feb 06:00:17 CET ended in error."
        ),
        f"Make room: `df -h {FOLDER}`; run it now: {RERUN}",
    ),
    (
        CauseCode.STILL_RUNNING,
        {"last_execution": "2026-02-10T05:00:17", "status": "running", "files": OLD},
        "stuck",
        (
            'Due Wed 11 Feb 06:00 CET, allowed until 06:15; the scheduler says it is still "running", '
            "though it should have been done by 06:25, 37 min ago."
        ),
        f"See in the scheduler's log what it waits for; if it hangs, restart the backend, and run it now: {RERUN}",
    ),
    (
        CauseCode.NEVER_RAN,
        {"last_execution": None, "status": "pending", "files": []},
        "missed",
        "Due Wed 11 Feb 06:00 CET, allowed until 06:15; its scheduler has no run of it on record at all.",
        f"Check the scheduler's log for the reason, and run it now: {RERUN}",
    ),
    (
        CauseCode.MISSED_RUN,
        {"last_execution": "2026-02-10T07:48:09.157479", "files": OLD},
        "missed",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; its last run ended Tue 10 Feb 08:48:09 CET, "
            "late or by hand, 2 h 48 min after that run's due time."
        ),
        f"Run it now: {RERUN}",
    ),
    (
        CauseCode.PLACE_DOWN,
        {"folder": not_seen(CauseCode.PLACE_DOWN, "/mnt/nas is not there, or no folder")},
        "unknown",
        "The output folder could not be read: /mnt/nas is not there, or no folder.",
        "Check whether that place is there and can be reached from here, then `pytest checks/`",
    ),
    (
        CauseCode.OUTPUT_UNREADABLE,
        {"folder": not_seen(CauseCode.OUTPUT_UNREADABLE, "/srv/aime: permission denied")},
        "unknown",
        "The output folder could not be read: /srv/aime: permission denied.",
        f"See what is there: `ls -ld {FOLDER}`, {LIST}",
    ),
    (
        CauseCode.OUTPUT_UNREADABLE,
        {"files": today(is_regular=False)},
        "bad-output",
        ("Its output generate-haiku-20260211-060017.md is not a regular file (a folder, a pipe or a broken link)."),
        f"See what is there: `ls -ld {FOLDER}`, {LIST}",
    ),
    (
        CauseCode.SUCCESS_WITHOUT_OUTPUT,
        {"files": OLD},
        "bad-output",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; the scheduler calls it a success, but it left no file: "
            "the newest file is generate-haiku-20260210-060017.md of Tue 10 Feb 06:00:17 CET."
        ),
        f"Check where it writes to: {LIST}, and the log of that run",
    ),
    (
        CauseCode.STALE_OUTPUT,
        {"has_scheduler": False, "files": OLD},
        "bad-output",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; "
            "the newest file is generate-haiku-20260210-060017.md of Tue 10 Feb 06:00:17 CET."
        ),
        (
            f"See what is there: {LIST}, check whether anything runs it (`crontab -l`, `systemctl list-timers --all`), "
            "and run generate_haiku_scheduled by hand, then `pytest checks/`"
        ),
    ),
    (
        CauseCode.EMPTY_OUTPUT,
        {"files": today("")},
        "bad-output",
        "Its output generate-haiku-20260211-060017.md is empty (0 B).",
        f"Read the log of that run, and run it now: {RERUN}",
    ),
    (
        CauseCode.TRUNCATED_OUTPUT,
        {"files": today("# Album Haïku\n")},
        "bad-output",
        "Its output generate-haiku-20260211-060017.md has 15 B, less than min_size = 200 B.",
        f"Look at its end: `tail {FILE}`; run it now: {RERUN}",
    ),
    (
        CauseCode.EMPTY_OUTPUT,
        {"files": today(size=20, content=flawed(CauseCode.EMPTY_OUTPUT, "is empty inside: the gzip of nothing"))},
        "bad-output",
        "Its output generate-haiku-20260211-060017.md is empty inside: the gzip of nothing.",
        f"Read the log of that run, and run it now: {RERUN}",
    ),
    (
        CauseCode.CORRUPT_OUTPUT,
        {"files": today(content=flawed(CauseCode.CORRUPT_OUTPUT, "does not read as json: NaN is no JSON"))},
        "bad-output",
        "Its output generate-haiku-20260211-060017.md does not read as json: NaN is no JSON.",
        f"Look at it: `head {FILE}`, and the log of that run; run it now: {RERUN}",
    ),
    (
        CauseCode.WRONG_ENCODING,
        {"files": today(content=flawed(CauseCode.WRONG_ENCODING, "is not UTF-8 at byte 19"))},
        "bad-output",
        "Its output generate-haiku-20260211-060017.md is not UTF-8 at byte 19.",
        (
            f"See which it has: `file {FILE}`; if that is intended, set it as encoding in "
            f"[jobs.{HAIKU}.output] in jobs.toml, else run it now: {RERUN}"
        ),
    ),
    (
        CauseCode.NOT_READ_THROUGH,
        {"files": today(size=3 * 10**9, content=TOO_LARGE)},
        "unknown",
        (
            "Its output generate-haiku-20260211-060017.md was not read to its end, so it is not known whether "
            '"# Album Haïku" and "Aucune information disponible" is in it: only its ends were read: 3.0 GB, more than '
            'read_up_to = 2.0 GB (read_up_to = "6.0 GB" would be enough).'
        ),
        f"Set a larger read_up_to and timeout in [jobs.{HAIKU}.output] in jobs.toml, or require less of it",
    ),
    (
        CauseCode.NOT_READ_THROUGH,
        {"files": today(content=Content(encrypted_by="age", read_as="age"))},
        "unknown",
        (
            "Its output generate-haiku-20260211-060017.md is encrypted by age, so it is not known whether "
            '"# Album Haïku" and "Aucune information disponible" is in it and whether it changed '
            '(open = ["age", "-d", "-i", "/etc/age.key"] would open it).'
        ),
        (
            f"Write open, the command that makes it readable, into [jobs.{HAIKU}.output] in jobs.toml, "
            "then `pytest checks/`"
        ),
    ),
    (
        CauseCode.VERIFY_FAILED,
        {
            "files": today(TEXT, verified=said(Outcome.FAILED, VERIFY, says="3 tables\ncould not read: end of file")),
            **VERIFIES,
        },
        "bad-output",
        (
            "Its output generate-haiku-20260211-060017.md does not pass its verify: exit status 1: "
            "could not read: end of file."
        ),
        f"Run its verify by hand and read all that it prints: `pg_restore -l {FILE}`; run it now: {RERUN}",
    ),
    (
        CauseCode.OUTPUT_UNREADABLE,
        {
            "files": today(TEXT, verified=said(Outcome.UNKNOWN, VERIFY, how="pg_restore is not installed here")),
            **VERIFIES,
        },
        "unknown",
        ("Its output generate-haiku-20260211-060017.md could not be verified: pg_restore is not installed here."),
        f"Run its verify by hand and see why it fails: `pg_restore -l {FILE}`, then `pytest checks/`",
    ),
    (
        CauseCode.OUTPUT_UNREADABLE,
        {
            "files": today(unreadable="`age`, which is to open it: exit status 1: no identity", content=None),
            "open": ["age", "-d", "-i", "/etc/its key"],
        },
        "unknown",
        (
            "Its output generate-haiku-20260211-060017.md could not be read: `age`, which is to open it: "
            "exit status 1: no identity."
        ),
        f"Run its open by hand and see why it fails: `age -d -i '/etc/its key' < {FILE}`, then `pytest checks/`",
    ),
    (
        CauseCode.DEGRADED_OUTPUT,
        {"files": today("# Album Haïku\n" + "Aucune information disponible\n" * 9)},
        "bad-output",
        'Its output generate-haiku-20260211-060017.md contains the fallback text "Aucune information disponible".',
        f"Look at it: `head {FILE}`; when its data source is back, run it now: {RERUN}",
    ),
    (
        CauseCode.DEGRADED_OUTPUT,
        {"files": today("des haïkus\n" * 30)},
        "bad-output",
        'Its output generate-haiku-20260211-060017.md lacks "# Album Haïku".',
        f"Look at it: `head {FILE}`; when its data source is back, run it now: {RERUN}",
    ),
    (
        CauseCode.DUPLICATE_OUTPUT,
        {"files": [made(when, TEXT + "fin") for when in ("2026-02-11T06:00:17+01:00", "2026-02-10T06:00:17+01:00")]},
        "bad-output",
        (
            "Its output generate-haiku-20260211-060017.md is identical to generate-haiku-20260210-060017.md "
            "of the run before."
        ),
        (
            f"Find out why its data source did not change, and run it now: {RERUN}; if it may stay the same, "
            "remove must_change from [jobs.generate_haiku_scheduled.output] in jobs.toml"
        ),
    ),
    (
        CauseCode.UNRECORDED_RUN,
        {"last_execution": "2026-02-10T05:00:17"},
        "failed",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; its output generate-haiku-20260211-060017.md is there, "
            "but the scheduler says: ended Tue 10 Feb 06:00:17 CET."
        ),
        f"Find out what wrote it: {LIST}, and the scheduler's log at that time",
    ),
    (
        CauseCode.RAN_LATE,
        {
            "now": "2026-02-11T09:00+01:00",
            "last_execution": "2026-02-11T07:48:17",
            "files": [made("2026-02-11T08:48:17+01:00"), *OLD[:4]],
        },
        "late",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; it was done Wed 11 Feb 08:48:17 CET, "
            "2 h 48 min after it was due, by hand or delayed; its limit was 06:25."
        ),
        (
            "Its work is done. Read the scheduler's log around the time it was due, or allow it with "
            '`late = "warn"` in [jobs.generate_haiku_scheduled] in jobs.toml'
        ),
    ),
    (
        CauseCode.NO_RECORDS,
        {"scheduler": LISTS_NOTHING},
        "unknown",
        "The scheduler lists no jobs at all, although 1 job is declared: it is not known what ran.",
        (
            f"See what it lists: `curl -i {STATUS}`; if jobs are missing there, correct what [schedulers.aime] "
            "in jobs.toml asks for, then `pytest checks/`"
        ),
    ),
    (
        CauseCode.LISTED_TWICE,
        {"scheduler": replace(LISTS_NOTHING, jobs=(JobListed(id=HAIKU), JobListed(id=HAIKU, name="another")))},
        "unknown",
        "The scheduler lists a second job as generate_haiku_scheduled: it is not clear whose runs those are.",
        f"See which they are: `curl -i {STATUS}`, give each a name of its own, then `pytest checks/`",
    ),
    (
        CauseCode.JOB_STALLED,
        {
            **on_record(ran(job="other", due=None, started="07:00:00", ended="07:00:05")),
            "next_run": DUE,
        },
        "missed",
        (
            "Its next run is Wed 11 Feb 06:00 CET, 1 h 2 min in the past, while the scheduler goes on with others: it "
            "will not run again by itself; due Wed 11 Feb 06:00 CET, allowed until 06:15; "
            "its last run ended Tue 10 Feb 06:00:17 CET."
        ),
        f"Check the scheduler's log for the reason, register generate_haiku_scheduled there again, and {BY_HAND}",
    ),
    (
        CauseCode.UNKNOWN_STATUS,
        {"status": "deferred"},
        "unknown",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; the run that ended Wed 11 Feb 06:00:17 CET has the status "
            '"deferred", which is neither success nor failure: the known words are success, error, failed, failure, '
            "running, started, pending and queued."
        ),
        ("Say what that status means: add it to a list in [schedulers.aime.words] in jobs.toml, then `pytest checks/`"),
    ),
    (
        CauseCode.UPSTREAM_FAILED,
        {**on_record(needs=["extract"]), "needed": haiku_job(id="extract", scheduler=HISTORY, has_output=False)},
        "failed",
        (
            "It needs extract, which did not do its work: due Wed 11 Feb 06:00 CET, allowed until 06:15; "
            "the run that ended Wed 11 Feb 06:00:17 CET ended in FAILED; "
            "due Wed 11 Feb 06:00 CET, allowed until 06:15; its last run ended Tue 10 Feb 06:00:17 CET."
        ),
        f"Fix the job that it needs first, and {BY_HAND}",
    ),
    (
        CauseCode.NOT_PICKED_UP,
        on_record(ran(Outcome.WAITING, "QUEUED", None, None)),
        "missed",
        (
            'Due Wed 11 Feb 06:00 CET, allowed until 06:15; the scheduler has it waiting ("QUEUED"), '
            "and nothing has picked it up."
        ),
        "Check whether the workers are up and have a free slot, then `pytest checks/`",
    ),
    (
        CauseCode.HOST_WAS_OFF,
        {
            **on_record(),
            "off": (Off(since=at("2026-02-11T01:10:00+01:00"), until=at("2026-02-11T06:50:00+01:00")),),
        },
        "missed",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; its last run ended Tue 10 Feb 06:00:17 CET; "
            "its machine was off from Wed 11 Feb 01:10 CET until Wed 11 Feb 06:50 CET."
        ),
        "Find out why the machine that runs etl was off, and run again what it missed, then `pytest checks/`",
    ),
    (
        CauseCode.RUN_SKIPPED,
        {
            **on_record(),
            "runs": [
                ran(Outcome.SKIPPED, "SKIPPED", None, None),
                replace(YESTERDAY, ended="2026-02-11T06:05:00+01:00"),
            ],
        },
        "missed",
        (
            'Due Wed 11 Feb 06:00 CET, allowed until 06:15; the scheduler skipped it ("SKIPPED"): '
            "its run of Tue 10 Feb 06:00:02 CET ended Wed 11 Feb 06:05 CET."
        ),
        f"See in the scheduler's log what kept its run of Tue 10 Feb 06:00:02 CET so long, and {BY_HAND}",
    ),
    (
        CauseCode.INCOMPLETE_OUTPUT,
        {"files": [*today(TEXT), made("2026-02-11T06:00:16+01:00")], "job": haiku_job(files=3, must_change=False)},
        "bad-output",
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; it left 2 files of 3: "
            "generate-haiku-20260211-060016.md and generate-haiku-20260211-060017.md."
        ),
        f"See what is missing: {LIST}, and the log of that run; run it now: {RERUN}",
    ),
    (
        CauseCode.INCOMPLETE_OUTPUT,
        {"files": today(content=LACKING), **ASKED_FOR},
        "bad-output",
        'Its output generate-haiku-20260211-060017.md has no "index.html" inside.',
        f"See what is in it: `tar -tvf {FILE}`, and the log of that run; run it now: {RERUN}",
    ),
    (
        CauseCode.INCOMPLETE_OUTPUT,
        {"files": today(content=LACKING, is_folder=True), **ASKED_FOR},
        "bad-output",
        'Its output generate-haiku-20260211-060017.md has no "index.html" inside.',
        f"See what is in it: `ls -lR {FILE}`, and the log of that run; run it now: {RERUN}",
    ),
    (
        CauseCode.GROWN_OUTPUT,
        {"max_size": "300 B"},
        "bad-output",
        "Its output generate-haiku-20260211-060017.md has 375 B, more than max_size = 300 B.",
        (
            f"See what was added: {LIST}, and the log of that run; if it may be that large, "
            "raise the limit in [jobs.generate_haiku_scheduled.output] in jobs.toml"
        ),
    ),
    (
        CauseCode.STARTED_LATE,
        on_record(ran(started="06:16:00", ended="06:20:00"), late_start="fail"),
        "late",
        ("Due Wed 11 Feb 06:00 CET, allowed until 06:15; it began Wed 11 Feb 06:16 CET, 16 min after it was due."),
        f"Read the scheduler's log around the time it was due, {ALLOW.replace('late', 'late_start')}",
    ),
    (
        CauseCode.OVERRAN,
        on_record(ran(ended="06:10:03")),
        "late",
        "Due Wed 11 Feb 06:00 CET, allowed until 06:15; it took 10 min 1 s, more than max_runtime = 10 min.",
        f"See in the log of that run what took so long, {ALLOW}",
    ),
    (
        CauseCode.TOO_SHORT,
        on_record(ran(ended="06:00:11"), min_runtime="10 s"),
        "late",
        "Due Wed 11 Feb 06:00 CET, allowed until 06:15; it took 9 s, less than min_runtime = 10 s.",
        f"See in the log of that run whether it did its work, {ALLOW}",
    ),
]

IDS = [f"{row[0]} {number}" for number, row in enumerate(MORNINGS)]


@pytest.mark.parametrize(("code", "words", "verdict", "sentence", "next_step"), MORNINGS, ids=IDS)
def test_a_cause_is_named_with_its_proof_and_the_next_step(
    code: CauseCode, words: dict[str, Any], verdict: str, sentence: str, next_step: str
) -> None:
    told = told_of(words)

    assert (told.cause.code, told.job.verdict) == (code, verdict)
    assert told.cause.sentence == sentence
    assert told.cause.next_step == next_step
    assert told.judged.needs_a_person


# cause | the words that make its morning | the sentence | the next step. All of the work is done: nobody is called.
WARNINGS: list[tuple[CauseCode, dict[str, Any], str, str]] = [
    (
        CauseCode.SHRUNKEN_OUTPUT,
        {"files": [made("2026-02-11T06:00:17+01:00"), *(replace(each, size=90_000) for each in five_files()[1:])]},
        "Its output generate-haiku-20260211-060017.md has 375 B, less than 1 % of the usual 90.0 kB.",
        f"Compare it with the earlier ones: {LIST}; if something is missing, run it now: {RERUN}",
    ),
    (
        CauseCode.SHRINKING_OUTPUT,
        {"files": five_files()[:1], "remembered": remembered([1_000] * 8)},
        "Its output generate-haiku-20260211-060017.md has 375 B, 38 % of the usual 1.0 kB (last 8 runs).",
        f"Compare it with the earlier ones: {LIST}; if something is missing, run it now: {RERUN}",
    ),
    (
        CauseCode.GROWING_OUTPUT,
        {
            "files": five_files()[:1],
            "remembered": remembered([round(375 / 1.05**days) for days in range(1, 30)]),
            "max_size": "1 kB",
        },
        "Its outputs grow: 375 B of at most 1.0 kB, usually 162 B; at this pace it exceeds that on Tue 3 Mar.",
        (
            f"See what makes it larger: {LIST}; if it may be, raise the limit in "
            "[jobs.generate_haiku_scheduled.output] in jobs.toml"
        ),
    ),
    (
        CauseCode.SLOWING,
        on_record(ran(ended="06:04:02")) | {"remembered": remembered([9] * 40, [240 / 1.05**n for n in range(1, 41)])},
        ("Slowing: 4 min of at most 10 min, usually 1 min 26 s; at this pace it is late on Mon 2 Mar."),
        (
            "See in the log of that run what takes longer; if it may, set a longer max_runtime in "
            "[jobs.generate_haiku_scheduled] in jobs.toml"
        ),
    ),
    (
        CauseCode.RAN_TWICE,
        {"files": [made("2026-02-11T06:04:40+01:00"), *five_files()[:4]]},
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; it left 2 whole files in 4 min 23 s, "
            "but each run before left 1: generate-haiku-20260211-060017.md and generate-haiku-20260211-060440.md."
        ),
        (
            "Its work is done, and more: see whether two schedulers run generate_haiku_scheduled (`ps aux`), "
            f"or somebody did by hand: {LIST}"
        ),
    ),
    (
        CauseCode.DISK_FULL,
        {"free": 40_000_000},
        (
            "Its output generate-haiku-20260211-060017.md is complete; "
            f"the disk of {FOLDER} has 40.0 MB free of 1.0 GB, less than 50.0 MB: the next may be cut off."
        ),
        f"Make room: `df -h {FOLDER}`",
    ),
    (
        CauseCode.OUTPUT_UNREADABLE,
        {
            "files": today(
                TEXT,
                verified=said(
                    Outcome.UNKNOWN, WEEKLY, how="exit status 11", says="locked", code=CauseCode.OUTPUT_UNREADABLE
                ),
            ),
            "verify": WEEKLY,
            "proven": PROVEN,
        },
        (
            "Its output generate-haiku-20260211-060017.md could not be verified: exit status 11: locked; "
            "the last proof is of generate-haiku-20260203-060017.md, 8 d ago."
        ),
        f"Run its verify by hand and see why it fails: `pg_restore -l {FILE}`, then `pytest checks/`",
    ),
    (
        CauseCode.STILL_RUNNING,
        {"status": "running"},
        (
            'Due Wed 11 Feb 06:00 CET, allowed until 06:15; the scheduler says it is still "running", '
            "though it should have been done by 06:25, 37 min ago; its output generate-haiku-20260211-060017.md "
            "is there: it was started again by hand, or hangs at its end."
        ),
        f"See in the scheduler's log what it waits for; if it hangs, restart the backend, and run it now: {RERUN}",
    ),
    (
        CauseCode.STARTED_LATE,
        on_record(ran(started="06:16:00", ended="06:20:00")),
        ("Due Wed 11 Feb 06:00 CET, allowed until 06:15; it began Wed 11 Feb 06:16 CET, 16 min after it was due."),
        "Read the scheduler's log around the time it was due",
    ),
    (
        CauseCode.PARTIAL_RUN,
        on_record(ran(Outcome.PARTIAL, "WARNED")),
        ('Due Wed 11 Feb 06:00 CET, allowed until 06:15; its run did only part of its work: "WARNED".'),
        (
            'See in the log of that run what it left out; if it must do everything, set `partial = "fail"` in '
            "[jobs.generate_haiku_scheduled] in jobs.toml"
        ),
    ),
    (
        CauseCode.MADE_GOOD,
        on_record(
            ran(Outcome.FAILED, "FAILED"), ran(due=None, started="06:30:00", ended="06:30:15", by_schedule=False)
        ),
        (
            "Due Wed 11 Feb 06:00 CET, allowed until 06:15; the run of Wed 11 Feb 06:00:17 CET ended in FAILED; "
            "run again by hand, done Wed 11 Feb 06:30:15 CET."
        ),
        "Its work is done. Why that was needed is in the scheduler's log around the time it was due",
    ),
    (
        CauseCode.RAN_THOUGH_PAUSED,
        on_record(ran(), paused={"until": "2026-03-01", "reason": "a move"}),
        ("It is paused until Sun 1 Mar 2026: a move, and it ran anyway, last for Wed 11 Feb 06:00 CET."),
        (
            "Pause generate_haiku_scheduled in the scheduler too, or remove the pause from "
            "[jobs.generate_haiku_scheduled] in jobs.toml"
        ),
    ),
]
# All others are ok: their work is done.
VERDICTS = {CauseCode.STILL_RUNNING: "pending", CauseCode.RAN_THOUGH_PAUSED: "paused"}


@pytest.mark.parametrize(("code", "words", "sentence", "next_step"), WARNINGS, ids=[row[0] for row in WARNINGS])
def test_what_is_worth_telling_calls_nobody(
    code: CauseCode, words: dict[str, Any], sentence: str, next_step: str
) -> None:
    told = morning(**words)

    assert (told.cause.code, told.judged.needs_a_person) == (code, False)
    assert told.cause.sentence == sentence
    assert told.cause.next_step == next_step
    assert told.job.verdict == VERDICTS.get(code, "ok")


def test_every_cause_that_is_judged_has_a_morning() -> None:
    assert {code for code, *_ in MORNINGS} | {code for code, *_ in WARNINGS} == set(CauseCode) - NOT_YET - UNSEEN


def test_the_usual_verdict_of_a_cause_is_that_of_its_first_morning() -> None:
    first = {code: Verdict(verdict) for code, _, verdict, _, _ in reversed(MORNINGS)}

    # One that could not do its work for want of another has the verdict of that one.
    assert first.pop(CauseCode.UPSTREAM_FAILED) is Verdict.FAILED
    assert {code: code.record.verdict for code in first} == first


def test_a_good_morning_has_no_cause() -> None:
    told = morning()

    assert (told.code, told.judged.scheduler_causes, told.judged.needs_a_person) == (None, {"aime": None}, False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        # What is wrong with the scheduler explains its jobs.
        ({"running": False, "last_execution": "2026-02-10T05:00:17", "files": OLD}, CauseCode.SCHEDULER_STOPPED),
        ({"running": False, "status": "error", "files": today("")}, CauseCode.SCHEDULER_STOPPED),
        # A scheduler in another zone explains the run that came late, or has not come.
        (
            {"next_run": "2026-02-12T06:00:00+00:00", "last_execution": "2026-02-10T06:00:17", "files": OLD},
            CauseCode.WRONG_TIMEZONE,
        ),
        ({"next_run": None, "last_execution": "2026-02-10T05:00:17", "files": OLD}, CauseCode.JOB_PAUSED),
        # A run that failed explains that it left nothing.
        ({"status": "error", "files": OLD}, CauseCode.RUN_FAILED),
        # Two causes hold: the one nearer the root is named.
        ({"status": "error", "files": today("")}, CauseCode.RUN_FAILED),
        ({"status": "error", "files": today(""), "free": 0}, CauseCode.DISK_FULL),
        ({"next_run": None, "status": "error"}, CauseCode.JOB_PAUSED),
        ({"next_run": "2026-03-01T06:00:00+01:00", "files": today("")}, CauseCode.SCHEDULE_DRIFT),
        ({"registered": False, "files": OLD}, CauseCode.NOT_REGISTERED),
        ({"running": False, "registered": False, "files": today("")}, CauseCode.SCHEDULER_STOPPED),
        ({"scheduler": not_seen(CauseCode.SCHEDULER_DOWN), "files": today("")}, CauseCode.SCHEDULER_DOWN),
        # The record is read in the wrong zone, whichever way.
        ({"naive_times": "Europe/Zurich"}, CauseCode.WRONG_TIMEZONE),
        ({"last_execution": "2026-02-11T06:00:17"}, CauseCode.WRONG_TIMEZONE),
        ({"last_execution": "2026-02-11T06:00:17", "now": "2026-02-11T06:30+01:00"}, CauseCode.WRONG_TIMEZONE),
        ({"last_execution": "2026-02-11T06:00:17Z"}, CauseCode.WRONG_TIMEZONE),
    ],
)
def test_the_cause_is_the_one_nearest_to_the_root(words: dict[str, Any], code: CauseCode) -> None:
    assert morning(**words).code is code


LATE = [made("2026-02-11T07:00:17+01:00", ""), *OLD[:4]]


@pytest.mark.parametrize(
    ("words", "code", "mentioned"),
    [
        ({"status": "error", "files": today("")}, CauseCode.RUN_FAILED, "is empty (0 B)"),
        ({"status": "error", "files": today(""), "free": 0}, CauseCode.DISK_FULL, "ended in error"),
        ({"next_run": None, "files": today("")}, CauseCode.JOB_PAUSED, "is empty (0 B)"),
        ({"registered": False, "files": OLD}, CauseCode.NOT_REGISTERED, "the newest file is"),
        (
            {"scheduler": not_seen(CauseCode.SCHEDULER_DOWN), "files": today("")},
            CauseCode.SCHEDULER_DOWN,
            "is empty (0 B)",
        ),
        ({"running": False, "files": today("x")}, CauseCode.SCHEDULER_STOPPED, "less than min_size"),
        (
            {"next_run": "2026-02-12T06:00:00+00:00", "last_execution": "2026-02-11T06:00:17", "files": LATE},
            CauseCode.WRONG_TIMEZONE,
            "is empty (0 B)",
        ),
        (
            {"next_run": "2026-02-12T06:00:00+00:00", "last_execution": "2026-02-11T06:00:17", "files": LATE},
            CauseCode.WRONG_TIMEZONE,
            "1 h after it was due",
        ),
        (
            {"next_run": None, "last_execution": "2026-02-10T05:00:17", "status": "running", "files": OLD},
            CauseCode.JOB_PAUSED,
            'still "running"',
        ),
    ],
)
def test_the_other_cause_is_mentioned(words: dict[str, Any], code: CauseCode, mentioned: str) -> None:
    told = morning(**words)

    assert told.code is code
    assert mentioned in told.cause.sentence


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ({"naive_times": "Europe/Zurich"}, 'naive_times = "UTC"'),
        ({"last_execution": "2026-02-11T06:00:17"}, 'naive_times = "Europe/Zurich"'),
    ],
)
def test_a_record_read_in_the_wrong_zone_names_the_one_that_fits(words: dict[str, Any], line: str) -> None:
    told = morning(**words)

    assert told.cause.next_step == f"Correct how it is read: `{line}` in [schedulers.aime] of jobs.toml"
    assert told.job.verdict == "unknown"


def test_one_root_cause_is_told_once() -> None:
    told = morning(running=False, registered=False)

    assert told.cause.sentence.count("scheduler is stopped") == 1
    assert {each.because for each in told.job.findings if each.blocked_by} == {"cannot tell: scheduler-stopped"}


def test_when_it_was_due_is_told_once() -> None:
    told = morning(now="2026-02-11T09:00+01:00", last_execution="2026-02-11T07:48:17", status="error", has_output=False)

    assert {"run-failed", "ran-late"} <= {each.code for each in told.job.findings}
    assert told.cause.sentence.casefold().count("due wed 11 feb 06:00 cet, allowed until") == 1


def test_a_warning_is_explained_too() -> None:
    told = morning(now="2026-02-11T09:00+01:00", last_execution="2026-02-11T07:48:17", late="warn", has_output=False)

    assert told.cause.code is CauseCode.RAN_LATE
    assert told.cause.next_step == "Its work is done. Read the scheduler's log around the time it was due"
    assert not told.judged.needs_a_person


def test_a_warning_is_not_the_cause_of_what_needs_a_person() -> None:
    late: dict[str, Any] = {"now": "2026-02-11T09:00+01:00", "last_execution": "2026-02-11T07:48:17"}
    told = morning(late="warn", files=[made("2026-02-11T08:48:17+01:00", "")], **late)

    assert told.cause.code is CauseCode.EMPTY_OUTPUT
    assert told.cause.sentence == "Its output generate-haiku-20260211-084817.md is empty (0 B)."


def test_what_is_only_hidden_is_no_part_of_the_proof() -> None:
    told = morning(
        last_execution="2026-02-11T05:57:17+01:00",
        next_run="2026-02-11T06:00:00+01:00",
        server_at="2026-02-11T06:59:00+01:00",
        has_output=False,
    )

    assert told.cause.code is CauseCode.SCHEDULER_STALLED
    assert "cannot tell" not in told.cause.sentence


# Names from outside -------------------------------------------------------------------------------------------------

HOSTILE = [
    "$(touch /tmp/owned)",
    "`touch /tmp/owned`",
    "x; rm -rf ~",
    "it's",
    'say "hi"',
    "a b",
    "../../stop",
    "haïku & co",
    "-rf",
    "a\\b",
    "{again}",
]


def commands(step: str) -> list[str]:
    """What a next step sets in backticks."""
    parts = step.split("`")
    assert len(parts) % 2 == 1, f"a backtick too many: {step}"
    return parts[1::2]


def words_of(told: Told) -> list[list[str]]:
    return [shlex.split(command) for command in commands(told.cause.next_step) if command.startswith("curl")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_id_stays_one_word_of_the_command(name: str) -> None:
    told = morning(id=name, last_execution=None, files=[])
    [words] = words_of(told)

    assert words[:3] == ["curl", "-X", "POST"]
    assert len(words) == 4
    assert words[3].startswith("http://localhost:8000/api/v1/services/scheduler/trigger/")
    assert not set("`$;& '\"") & set(words[3])


OF_NO_NAME = {"ls", "pytest", "crontab", "systemctl"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_id_is_no_command_in_a_sentence(name: str) -> None:
    for words in ({"registered": False}, {"next_run": None}, {"has_scheduler": False, "files": OLD}):
        told = morning(id=name, **words)

        assert {command.split()[0] for command in commands(told.cause.next_step)} <= OF_NO_NAME


@pytest.mark.parametrize("name", HOSTILE)
def test_the_table_to_correct_is_written_as_toml_wants_it(name: str) -> None:
    step = morning(id=name, next_run="2026-03-01T06:00:00+01:00").cause.next_step
    table = step[step.index("[") : step.rindex("]") + 1]

    assert list(tomllib.loads(table)["jobs"]) == [name.replace("`", "'")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_name_stays_one_word_of_the_command(name: str) -> None:
    file = made("2026-02-11T06:00:17+01:00", "# Album", name=f"generate-haiku-{name}.md")
    told = morning(files=[file])
    [command] = [command for command in commands(told.cause.next_step) if command.startswith("tail")]

    if "`" not in name:
        assert shlex.split(command) == ["tail", f"{FOLDER}/{file.name}"]
    else:
        assert command == f"tail $'{FOLDER}/generate-haiku-\\x60touch /tmp/owned\\x60.md'"


def test_a_secret_stays_the_name_it_has_in_jobs_toml() -> None:
    table = {"kind": "aime", "url": "http://localhost:8000", "headers": {"Authorization": "Bearer ${AIME_TOKEN}"}}
    scheduler = scheduler_of("aime", table, environment={"AIME_TOKEN": "s3cret-token"})
    told = morning(
        last_execution=None,
        files=[],
        job=haiku_job(scheduler=scheduler),
    )

    assert "s3cret" not in told.cause.next_step
    assert commands(told.cause.next_step)[0] == (
        f"curl -X POST -H 'Authorization: Bearer '\"${{AIME_TOKEN}}\" {TRIGGER}"
    )


def test_without_a_way_to_trigger_it_a_person_runs_it() -> None:
    told = morning(last_execution="2026-02-10T05:00:17", files=OLD, trigger=None)

    assert told.cause.next_step == "Run generate_haiku_scheduled by hand, then `pytest checks/`"


def test_without_a_scheduler_nobody_is_sent_to_its_log() -> None:
    timers = "whether anything runs it (`crontab -l`, `systemctl list-timers --all`)"
    by_hand = "run generate_haiku_scheduled by hand, then `pytest checks/`"
    never = morning(has_scheduler=False, files=[])
    late = morning(has_scheduler=False, files=[made("2026-02-11T06:48:17+01:00"), *OLD[:4]])

    assert (never.code, never.cause.next_step) == (CauseCode.NEVER_RAN, f"Check {timers}, and {by_hand}")
    assert late.cause.next_step.startswith(
        "Its work is done. Read its log around the time it was due, or allow it with"
    )


# As it is typed here ------------------------------------------------------------------------------------------------

AGAIN = "/srv/v/bin/pytest -c '/srv/a b/pyproject.toml' '/srv/a b/checks'"


TYPED = [row[1] for row in MORNINGS] + [
    {"last_execution": "2026-02-10T05:00:17", "files": OLD, "job": haiku_job(rerun=True)},
]


@pytest.mark.parametrize("words", TYPED)
def test_every_step_is_typed_as_the_checks_are_run_here(words: dict[str, Any]) -> None:
    told = told_of(words)
    here = replace(told.judged, again=AGAIN)
    causes = [each for each in (*here.job_causes.values(), *here.scheduler_causes.values()) if each]

    assert here.job_causes[told.job.job.id] == replace(
        told.cause, next_step=told.cause.next_step.replace("pytest checks/", AGAIN)
    )
    assert not any("pytest checks/" in each.next_step for each in causes)


def test_a_job_that_is_named_like_the_checks_keeps_its_name() -> None:
    told = morning(id="pytest checks/", trigger=None, last_execution="2026-02-10T05:00:17", files=OLD)

    assert replace(told.judged, again=AGAIN).job_causes["pytest checks/"] == replace(
        told.cause, next_step=f"Run pytest checks/ by hand, then `{AGAIN}`"
    )


# What Roll call can do itself ---------------------------------------------------------------------------------------

STALLED: dict[str, Any] = {"next_run": "2026-02-11T06:00:00+01:00", "last_execution": "2026-02-10T05:00:17"}
MISSED: dict[str, Any] = {"last_execution": "2026-02-10T05:00:17", "files": OLD}
NEVER: dict[str, Any] = {"last_execution": None, "files": []}
DUE_AT, RAN_AT = at("2026-02-11T06:00:00+01:00"), at("2026-02-11T08:48:00+01:00")
ITS_START, ITS_STOP = aime(), aime(stop="/api/v1/services/scheduler/stop")


@pytest.mark.parametrize(
    ("scheduler", "words", "step"),
    [
        (ITS_START, {"running": False}, "Start it: `pytest checks/ --restart-stopped`"),
        (aime(start=None), {"running": False}, "Start it: in the backend of aime, then `pytest checks/`"),
        (ITS_STOP, STALLED, "Stop and start it: `pytest checks/ --restart-stopped`"),
        (ITS_START, STALLED, "Restart the backend, whose scheduler's loop is dead, then `pytest checks/`"),
    ],
    ids=["stopped", "no start", "stalled", "no stop"],
)
def test_a_scheduler_is_started_by_roll_call_where_it_knows_how(
    scheduler: Scheduler, words: dict[str, Any], step: str
) -> None:
    told = morning(job=haiku_job(scheduler=scheduler), **words)

    assert told.scheduler_cause.next_step == told.cause.next_step == step


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (MISSED, "Run it now: `pytest checks/ --rerun-missed`"),
        (
            NEVER,
            "Check the scheduler's log for the reason, and run it now: `pytest checks/ --rerun-missed`",
        ),
        # What Roll call would not do, a person does.
        ({"status": "error", "files": today()}, f"Read the log of that run, fix the cause, and run it now: {RERUN}"),
        ({**MISSED, "free": 0, "last_execution": "2026-02-11T05:00:17", "status": "error"}, "Make room: "),
        # Only an earlier run left no file: what is run now would not make up for that one.
        (
            {"files": [today()[0], *OLD[1:]], "look_back": "48 h"},
            "See in the scheduler's log what became of its run of Tue 10 Feb 06:00 CET; if that is still owed, ",
        ),
    ],
    ids=["missed", "never ran", "failed", "full disk", "an earlier one"],
)
def test_a_missed_run_is_made_up_for_by_roll_call_where_it_may(words: dict[str, Any], step: str) -> None:
    look_back = words.get("look_back", "24 h")
    words = {name: value for name, value in words.items() if name != "look_back"}
    job = haiku_job(look_back=look_back, min_size="1 B", must_change=False, rerun=True)

    assert morning(job=job, **words).cause.next_step.startswith(step)


ASKED_AT = at("2026-02-11T06:58:30+01:00")
CURE = "Find out why its request was refused (trigger and headers of [schedulers.aime] in jobs.toml), then "


@pytest.mark.parametrize(
    ("action", "words", "step"),
    [
        ({"asked_at": ASKED_AT}, MISSED, f"Read the log of the run asked for at 06:58 CET, and run it now: {RERUN}"),
        ({"asked_at": ASKED_AT}, NEVER, f"Read the log of the run asked for at 06:58 CET, and run it now: {RERUN}"),
        ({"is_refused": True}, MISSED, f"{CURE}`pytest checks/ --rerun-missed`"),
        # Nothing was asked for: once more may help. Of another job, or another run, it says nothing.
        ({}, MISSED, "Run it now: `pytest checks/ --rerun-missed`"),
        ({"asked_at": ASKED_AT, "subject": "other"}, MISSED, "Run it now: `pytest checks/ --rerun-missed`"),
        ({"asked_at": ASKED_AT, "due_at": ASKED_AT}, MISSED, "Run it now: `pytest checks/ --rerun-missed`"),
        ({"asked_at": ASKED_AT, "is_dry": True}, MISSED, "Run it now: `pytest checks/ --rerun-missed`"),
        # It has run since, and something else is wrong with it.
        (
            {"asked_at": ASKED_AT},
            {"status": "error", "files": today()},
            "Read the log of that run, fix the cause, and run it",
        ),
    ],
)
def test_a_step_that_was_taken_already_is_not_told_again(
    action: dict[str, Any], words: dict[str, Any], step: str
) -> None:
    told = morning(job=haiku_job(rerun=True), **words)
    tried = Action(deed=Deed.RERUN, subject=told.job.job.id, at=ASKED_AT, is_proven=False, proof="-", due_at=DUE_AT)
    after = replace(told.judged, actions=(replace(tried, **action),))

    assert (after.job_causes[told.job.job.id] or told.cause).next_step.startswith(step)


RAN_LATE: dict[str, Any] = {"now": "2026-02-11T09:00+01:00", "last_execution": "2026-02-11T07:48:17"}


@pytest.mark.parametrize("late", ["fail", "warn"])
def test_what_roll_call_ran_again_is_late_for_that_reason(late: str) -> None:
    told = morning(late=late, has_output=False, **RAN_LATE)
    ran = Action(deed=Deed.RERUN, subject=told.job.job.id, at=RAN_AT, is_proven=True, proof="-", due_at=DUE_AT)
    cause = replace(told.judged, actions=(ran,)).job_causes[told.job.job.id]

    assert cause is not None
    assert cause.next_step == "Roll call re-ran it at 08:48 CET, and its work is done. Nothing to do."
    assert cause.sentence.endswith("2 h 48 min after it was due, re-run by Roll call; its limit was 06:25.")
    assert "by hand or delayed" in told.cause.sentence


def test_what_is_wrong_with_a_run_that_was_made_up_for_is_told() -> None:
    told = morning(files=[made("2026-02-11T08:48:17+01:00", "")], **RAN_LATE)
    ran = Action(deed=Deed.RERUN, subject=told.job.job.id, at=RAN_AT, is_proven=True, proof="-", due_at=DUE_AT)

    assert replace(told.judged, actions=(ran,)).job_causes[told.job.job.id] == told.cause


def test_what_a_stopped_scheduler_missed_is_counted() -> None:
    told = morning(running=False, registered=False, files=OLD)

    assert told.scheduler_cause.sentence == (
        "Aime answers, but the scheduler is stopped: no job of it will run; 1 run was missed."
    )
    assert "missed" not in morning(running=False, registered=False).scheduler_cause.sentence


# An output that cannot be told to be whole --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "verdict", "says"),
    [
        (today(None), "unknown", "was not read, so it is not known whether it is complete"),
        (today(unreadable="permission denied"), "unknown", "could not be read: permission denied"),
    ],
)
def test_an_output_that_was_not_read_is_unknown(files: list[FileSeen], verdict: str, says: str) -> None:
    told = morning(files=files)

    assert (told.job.verdict, told.code) == (verdict, CauseCode.OUTPUT_UNREADABLE)
    assert told.finding(Check.OUTPUT_IS_WHOLE).found == says


def test_an_output_of_any_format_needs_no_reading() -> None:
    told = morning(files=today(None), format="any", must_contain=(), must_not_contain=())

    assert told.job.verdict == "ok"
