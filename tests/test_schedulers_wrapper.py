"""Is what `rollcall run` has on record read, judged, and told for unknown where it cannot be?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.one_morning import scheduler_of
from rollcall.ask import gather
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load
from rollcall.roll.scheduler import Asked, Scheduler
from rollcall.vocabulary import CauseCode
from rollcall.wrapping import record

NOW = datetime(2026, 2, 11, 6, 30, tzinfo=UTC)
NIGHT = "2026-02-11T02:00:01+00:00"


def on_record(folder: Path, *entries: Mapping[str, Any]) -> None:
    for each in entries:
        record.add(str(folder), {"job": "dump", "host": "nas", "pid": 1, **each})


def ran(started: str, minutes: int = 1, **others: Any) -> dict[str, Any]:
    ended = datetime.fromisoformat(started) + timedelta(minutes=minutes)
    return {"started": started, "ended": ended.isoformat(), "exit": 0, **others}


def told(*, environment: Mapping[str, str] | None = None, **table: Any) -> Scheduler:
    return scheduler_of("crontab", {"kind": "wrapper", "timeout": "30 s", **table}, environment=environment)


def look(scheduler: Scheduler, since: datetime = NOW - timedelta(days=1)) -> SchedulerSeen:
    return scheduler.look(Asked(clock=lambda: NOW, now=NOW, since=since))


def refused(scheduler: Scheduler) -> tuple[CauseCode, str]:
    with pytest.raises(CannotLook) as refusal:
        look(scheduler)
    return refusal.value.code, refusal.value.detail


def test_runs_are_told_with_start_end_status_and_last_words(tmp_path: Path) -> None:
    on_record(
        tmp_path,
        ran("2026-02-10T02:00:01+00:00", exit=3, words="one\n\x1b[31mtwo\x1b[0m\n  three "),
        {"started": NIGHT},
        ran(NIGHT, by_hand=True),
    )
    seen = look(told(record=str(tmp_path)), since=NOW - timedelta(days=3))

    assert replace(seen, server_at=None) == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW,
        jobs=(JobListed(id="dump", runs_since="2026-02-10T02:01:01+00:00"),),
        runs=(
            RunSeen(
                job="dump",
                started="2026-02-10T02:00:01+00:00",
                ended="2026-02-10T02:01:01+00:00",
                word="exit 3",
                outcome=Outcome.FAILED,
                says="one / two / three",
            ),
            RunSeen(
                job="dump",
                started=NIGHT,
                ended="2026-02-11T02:01:01+00:00",
                word="exit 0",
                outcome=Outcome.SUCCESS,
                by_schedule=False,
            ),
        ),
        runs_since=datetime(2026, 2, 10, 2, 1, 1, tzinfo=UTC),
    )
    assert seen.server_at is not None


@pytest.mark.parametrize(
    ("entry", "word", "outcome"),
    [
        (ran(NIGHT), "exit 0", Outcome.SUCCESS),
        (ran(NIGHT, exit=1), "exit 1", Outcome.FAILED),
        (ran(NIGHT, exit=3), "exit 3", Outcome.PARTIAL),
        ({**ran(NIGHT), "signal": 9}, "signal 9", Outcome.FAILED),
        ({**ran(NIGHT), "timed_out": True}, "timed out", Outcome.FAILED),
        (ran(NIGHT, lost="No space left on device"), "output lost", Outcome.FAILED),
        ({"started": NIGHT, "host": "nas", "boot": "x"}, "running, or cut off", Outcome.RUNNING),
        ({"started": NIGHT, "host": os.uname().nodename, "boot": "before"}, "cut off", Outcome.FAILED),
    ],
)
def test_each_end_has_its_word_and_words_of_jobs_toml_come_first(
    tmp_path: Path, entry: dict[str, Any], word: str, outcome: Outcome
) -> None:
    """restic says 3 of a backup that lacks some files."""
    on_record(tmp_path, entry)
    (only,) = look(told(record=str(tmp_path), words={"partial": ["exit 3"]})).runs or ()

    assert (only.word, only.outcome) == (word, outcome)


def test_the_newest_run_of_a_job_is_told_however_old_it_is(tmp_path: Path) -> None:
    """Else a listing of nothing would say that nobody can tell, of a job that did not run."""
    on_record(tmp_path, ran("2026-01-01T02:00:00+00:00"), ran("2026-01-02T02:00:00+00:00"))

    assert [each.started for each in look(told(record=str(tmp_path))).runs or ()] == ["2026-01-02T02:00:00+00:00"]


def test_it_is_asked_on_another_machine_in_words_that_a_shell_hands_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_record(tmp_path / "a b", ran(NIGHT))
    (tmp_path / "ssh").write_text(f'#!/bin/sh\nshift\nexec sh -c "PATH={Path(sys.executable).parent}:$PATH; $*"\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    there = told(via=["ssh", "nas"], record=str(tmp_path / "a b"))

    assert [each.word for each in look(there).runs or ()] == ["exit 0"]
    assert there.address == f"ssh nas 'rollcall run --list --record '\"'\"'{tmp_path}/a b'\"'\"''"


# What cannot be told ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prints", "code", "detail"),
    [
        ("", CauseCode.SCHEDULER_ERROR, "prints nothing"),
        ("Welcome to nas", CauseCode.SCHEDULER_ERROR, 'prints what it does not print: "Welcome to nas"'),
        ("[1]", CauseCode.SCHEDULER_ERROR, 'prints what it does not print: "[1]"'),
        ('{"job": "x"}', CauseCode.SCHEDULER_ERROR, "prints what it does not print"),
        ('{"now": 3}', CauseCode.SCHEDULER_ERROR, "now is the number 3"),
        ('{"now": "noon"}', CauseCode.SCHEDULER_ERROR, "now: not a timestamp"),
        ('{"now": "2026-02-11T06:30:00Z"}\n{"started": "x"}', CauseCode.SCHEDULER_ERROR, "word is null"),
        ('{"now": "2026-02-11T06:30:00Z"}\n{"since": "x"}', CauseCode.SCHEDULER_ERROR, "job is null"),
        ('{"now": "2026-02-11T06:30:00Z"}\n{"job": "x", "since": "x"}', CauseCode.SCHEDULER_ERROR, "since: not a"),
    ],
)
def test_what_is_no_record_is_told(tmp_path: Path, prints: str, code: CauseCode, detail: str) -> None:
    (tmp_path / "rollcall").write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")
    (tmp_path / "rollcall").chmod(0o755)
    found = refused(told(command=[str(tmp_path / "rollcall")]))

    assert found[0] is code
    assert detail in found[1]


def test_a_folder_that_is_none_cannot_be_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, detail = refused(told(record=str(tmp_path / "file")))

    assert (code, "Not a directory" in detail) == (CauseCode.SCHEDULER_ERROR, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_the_record_of_another_user_is_refused_and_asked_for_in_his_name(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    on_record(tmp_path / "state" / "runs", ran(NIGHT))
    # Whose packages lie where only root may go, begins as root.
    code = "import os, sys, rollcall.commands.run_list, rollcall.commands.run as r; os.setuid(65534); "
    program = [sys.executable, "-c", f"{code} sys.exit(r.main(sys.argv[2:]))"]
    code, detail = refused(told(command=program, record=str(tmp_path / "state" / "runs")))

    assert (code, "Permission denied" in detail) == (CauseCode.ACCESS_DENIED, True)


def test_of_a_job_whose_file_cannot_be_read_nobody_can_tell(tmp_path: Path) -> None:
    on_record(tmp_path, ran(NIGHT))
    (tmp_path / "other.jsonl").mkdir()
    seen = look(told(record=str(tmp_path)))

    assert seen.listed("dump") == JobListed(id="dump", runs_since="2026-02-11T02:01:01+00:00")
    assert seen.listed("other") == JobListed(id="other", untold=("runs",), says="Is a directory")


def test_secrets_of_its_table_are_hidden_in_what_a_job_said(tmp_path: Path) -> None:
    secret = "s3cr3t-t0ken-0123456789"
    on_record(tmp_path, ran(NIGHT, exit=1, words=f"cannot reach {secret}"))
    scheduler = told(record=str(tmp_path), via=["env", "TOKEN=${TOKEN}"], environment={"TOKEN": secret})
    (only,) = look(scheduler.model_copy(update={"argv": (sys.executable, "-m", "rollcall")})).runs or ()

    assert only.says == "cannot reach ${TOKEN}"


# Judged -----------------------------------------------------------------------------------------------------------

JOBS = """
timezone = "UTC"
[schedulers.crontab]
kind = "wrapper"
timeout = "30 s"
record = "runs"
[defaults]
scheduler = "crontab"
schedule = "0 2 * * *"
grace = "15 min"
max_runtime = "1 h"
[jobs.dump]
"""


def morning(folder: Path, *entries: Mapping[str, Any], jobs: str = JOBS, now: datetime = NOW) -> Morning:
    (folder / "jobs.toml").write_text(jobs)
    on_record(folder / "runs", *entries)
    roll = load(folder / "jobs.toml", environment={})
    seen = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
    # The clock of these tests is not that of the machine.
    answers = {
        name: replace(each, server_at=now) if isinstance(each, SchedulerSeen) else each
        for name, each in seen.schedulers.items()
    }
    return judge_morning(roll, replace(seen, schedulers=answers), now=now)


def test_why_nobody_can_tell_of_a_run_is_said(tmp_path: Path) -> None:
    on_record(tmp_path / "runs", *EARLIER)
    with (tmp_path / "runs/dump.jsonl").open("ab") as file:
        file.write(b'\n{"job": "dump", "started": "2026-02-')  # the power failed
    cause = morning(tmp_path).job_causes["dump"]

    assert cause is not None
    assert (cause.code, "its last line is damaged" in cause.sentence) == (CauseCode.SCHEDULER_ERROR, True)


EARLIER = ran("2026-02-09T02:00:01+00:00"), ran("2026-02-10T02:00:01+00:00")


@pytest.mark.parametrize(
    ("entries", "verdict", "code"),
    [
        ([*EARLIER, ran(NIGHT)], "ok", None),
        ([*EARLIER, ran(NIGHT, exit=1)], "failed", "run-failed"),
        ([*EARLIER, ran(NIGHT, exit=1), ran("2026-02-11T05:00:00+00:00", by_hand=True)], "ok", "made-good"),
        ([*EARLIER, {"started": NIGHT, "boot": "x"}], "stuck", "still-running"),
        ([*EARLIER, {"started": NIGHT, "host": os.uname().nodename, "boot": "before"}], "failed", "run-failed"),
        ([*EARLIER, ran("2026-02-11T02:30:00+00:00")], "ok", "started-late"),
        ([*EARLIER, ran(NIGHT, 90)], "late", "overran"),
        ([*EARLIER], "missed", "missed-run"),
        # Installed this morning, and tried at once: of last night nobody can tell.
        ([ran("2026-02-11T06:00:00+00:00", job="other")], "pending", None),
        ([ran("2026-02-11T06:00:00+00:00", exit=1, by_hand=True)], "pending", None),
        ([], "unknown", "no-records"),
        # It is new on a record that reaches far back.
        ([ran("2026-02-01T02:00:00+00:00", job="other")], "missed", "missed-run"),
    ],
)
def test_what_is_on_record_is_judged(tmp_path: Path, entries: list[Any], verdict: str, code: str | None) -> None:
    found = morning(tmp_path, *entries)
    cause = found.job_causes["dump"]

    assert (found.jobs[0].verdict, cause.code if cause else None) == (verdict, code)


def test_the_last_words_of_a_run_that_failed_reach_the_card(tmp_path: Path) -> None:
    found = morning(tmp_path, *EARLIER, ran(NIGHT, exit=1, words="connecting\npg_dump: error: no such host"))
    cause = found.job_causes["dump"]
    assert cause is not None

    assert cause.sentence.endswith("ended in exit 1; its last lines: connecting / pg_dump: error: no such host.")
    # On record again, and as a run by hand.
    assert f"`rollcall run dump --record {tmp_path}/runs --by-hand -- COMMAND`" in cause.next_step


@pytest.mark.parametrize(
    ("due", "started"),
    [
        ("30 2 * * *", "2026-03-29T03:00:01+02:00"),
        ("30 2 * * *", "2026-10-25T02:30:01+02:00"),
    ],
    ids=["spring", "autumn"],
)
def test_times_on_record_are_instants_in_both_nights(tmp_path: Path, due: str, started: str) -> None:
    at = datetime.fromisoformat(started)
    jobs = JOBS.replace('"UTC"', '"Europe/Zurich"').replace("0 2 * * *", due)
    earlier = ran((at - timedelta(days=1)).astimezone(UTC).isoformat())
    found = morning(
        tmp_path, earlier, ran(at.astimezone(UTC).isoformat()), jobs=jobs, now=at.astimezone(UTC) + timedelta(hours=2)
    )

    assert found.jobs[0].verdict == "ok", found.jobs[0].findings


def test_a_wrapped_job_that_nobody_declared_is_told(tmp_path: Path) -> None:
    found = morning(tmp_path, *EARLIER, ran(NIGHT), ran(NIGHT, job="forgotten"))

    assert [each.undeclared for each in found.schedulers] == [("forgotten",)]


# Its table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ('record = ""', "record"),
        ("command = []", "command"),
        ('command = [" "]', "names no program"),
        ('url = "http://x"', "url"),
        ('declare = ["*"]', "it does not report when a job is due"),
        ('words = { failed = ["exit 0"] }', '"exit 0" stands in success too'),
    ],
)
def test_what_is_wrong_in_its_table_is_told(tmp_path: Path, lines: str, rule: str) -> None:
    (tmp_path / "jobs.toml").write_text(JOBS.replace('record = "runs"', lines))
    with pytest.raises(BadInput) as refusal:
        load(tmp_path / "jobs.toml", environment={})

    assert rule in str(refusal.value)
    assert json.dumps("crontab")[1:-1] in str(refusal.value)
