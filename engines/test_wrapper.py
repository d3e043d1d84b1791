"""Is what `rollcall run` puts on record in a crontab's surroundings judged for what really happened?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engines.conftest import await_that
from fixtures.engines import Engine

_BIN = Path(sys.executable).parent
_GRACE, _MAX_RUNTIME = timedelta(seconds=15), timedelta(seconds=3)

JOBS_TOML = """
timezone = "UTC"

[schedulers.crontab]
kind = "wrapper"
via = ["${{ENGINE_VIA}}"]
timeout = "30 s"

[defaults]
scheduler = "crontab"
schedule = "{minute} {hour} * * *"
grace = "15 s"
max_runtime = "3 s"
"""
DONE = {
    "good": "ends with 0",
    "failed": 'says "pg_dump: error: no such host" and ends with 3',
    "no_program": "names a program that is not there",
    "killed": "is killed by SIGKILL",
    "timed_out": "takes longer than its --timeout of 1 s",
    "overran": "takes 5 s, and may take 3",
    "hung": "still runs past its time",
    "cut_off": "is killed together with `rollcall run`",
    "wrapper_killed": "`rollcall run` alone is killed; the command still runs past its time",
    "made_good": "ends with 1, and is run again by hand",
    "late": "starts past its time",
    "missed": "its line is not in the crontab",
    "early_bird": "ran before the rest was due, and not since",
}


@dataclass
class Crontab:
    """Runs lines as cron does: by /bin/sh, with HOME and next to nothing else, and its output in a pipe."""

    home: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, line: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            env={"HOME": str(self.home), "PATH": f"{_BIN}:/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "ops"},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def record_of(self, job: str) -> str:
        file = self.home / ".local/state/rollcall/runs" / f"{job}.jsonl"
        return file.read_text() if file.exists() else ""

    def pid_of(self, job: str, whose: str) -> int:
        await_that(lambda: f'"{whose}": ' in self.record_of(job), f"{job} on record")
        return int(self.record_of(job).rpartition(f'"{whose}": ')[2].partition(",")[0])


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crontab]:
    monkeypatch.setenv("PATH", f"{_BIN}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    (tmp_path / "home").mkdir()
    crontab = Crontab(tmp_path / "home")
    yield crontab
    for job in ("hung", "wrapper_killed"):
        with suppress(ProcessLookupError):
            os.kill(crontab.pid_of(job, "child"), signal.SIGKILL)
    for each in crontab.running:
        each.communicate(timeout=60)


def test_what_cron_runs_under_it_is_judged_for_what_it_did(crontab: Crontab, tmp_path: Path) -> None:
    # What begins within ten seconds of a due time is of that.
    await_that(lambda: datetime.now(UTC).second < 40, "a minute with time left", within=30)
    crontab.run("rollcall run early_bird -- true").wait(15)
    due_at = (datetime.now(UTC) + timedelta(minutes=1)).replace(second=0, microsecond=0)
    await_that(lambda: datetime.now(UTC) > due_at, "the next minute", within=90)

    failed = crontab.run(
        "rollcall run failed -- sh -c 'echo connecting; echo pg_dump: error: no such host >&2; exit 3'"
    )
    crontab.run("rollcall run good -- echo done")
    crontab.run("rollcall run no_program -- no-such-program")
    crontab.run("rollcall run killed -- sh -c 'echo working; kill -KILL $$'")
    crontab.run("rollcall run timed_out --timeout '1 s' -- sh -c 'echo waiting for a lock; sleep 600 & wait'")
    crontab.run("rollcall run overran -- sleep 5")
    for job in ("hung", "cut_off", "wrapper_killed"):
        crontab.run(f"rollcall run {job} -- sleep 600")
    crontab.run("rollcall run made_good -- false").wait(60)
    for job, whose in (("cut_off", "pid"), ("cut_off", "child"), ("wrapper_killed", "pid")):
        pid = crontab.pid_of(job, whose)
        crontab.pid_of(job, "child")
        os.kill(pid, signal.SIGKILL)
    assert failed.wait(60) == 3
    await_that(lambda: '"timed_out": true' in crontab.record_of("timed_out"), "the end of what took too long")
    await_that(lambda: datetime.now(UTC) > due_at + _GRACE, "the end of the grace")
    crontab.run("rollcall run late -- true").wait(60)
    crontab.run("rollcall run made_good --by-hand -- true").wait(60)
    await_that(lambda: datetime.now(UTC) > due_at + _GRACE + _MAX_RUNTIME, "the end of their time")

    jobs_toml = JOBS_TOML.format(minute=due_at.minute, hour=due_at.hour)
    engine = Engine(name="wrapper", folder=tmp_path / "engine", hidden={str(crontab.home): "/home/ops"})
    morning, look = engine.judged(
        jobs_toml + "".join(f"\n[jobs.{job}]\n" for job in DONE),
        story="a crontab whose lines begin with `rollcall run`",
        done=DONE,
    )

    assert look.said == {
        "[schedulers.crontab]": ["ok", None],
        "good": ["ok", None],
        "failed": ["failed", "run-failed"],
        "no_program": ["failed", "run-failed"],
        "killed": ["failed", "run-failed"],
        "timed_out": ["failed", "run-failed"],
        "overran": ["late", "overran"],
        "hung": ["stuck", "still-running"],
        "cut_off": ["failed", "run-failed"],
        "wrapper_killed": ["stuck", "still-running"],
        "made_good": ["ok", "made-good"],
        "late": ["ok", "started-late"],
        "missed": ["missed", "missed-run"],
        "early_bird": ["missed", "missed-run"],
    }
    causes = {job: cause.sentence for job, cause in morning.job_causes.items() if cause}
    assert causes["failed"].endswith("ended in exit 3; its last lines: connecting / pg_dump: error: no such host.")
    assert causes["timed_out"].endswith("ended in timed out; its last lines: waiting for a lock.")
    look.keep("crontab")
