"""Does `rollcall monitor` look, tell, remember and write as cron needs it, and is its status never too kind?"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from filelock import FileLock

from fixtures.hostile_service import BUSY, closed_port
from fixtures.listener import Listener, listener
from fixtures.lived_in import AS_OF, HOUSE, TOKEN, LivedIn, lived_in
from rollcall.cli import main
from rollcall.commands import alert as alert_command
from rollcall.commands import monitor as command
from rollcall.demo import demo_morning
from rollcall.errors import BadInput
from rollcall.history.reading import read
from rollcall.history.rows import FILE

NOW = datetime.fromisoformat(AS_OF)
LATE = "2026-02-11T05:40:00"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """How one look ended, what it printed and what it noted."""

    status: int
    lines: list[str]
    notes: str


@dataclass
class Monitored:
    """A house that is monitored, with somebody who hears and somebody who watches."""

    house: LivedIn
    hook: Listener
    watcher: Listener
    capture: pytest.CaptureFixture[str]

    @property
    def log(self) -> Path:
        return self.house.folder / "monitor.log"

    @property
    def history(self) -> Path:
        return self.house.reports / FILE

    def declare(self, text: str) -> None:
        file = self.house.folder / "jobs.toml"
        file.write_text(f"{file.read_text()}\n{text}\n")

    def look(self, *arguments: str, after: timedelta = timedelta(0)) -> Looked:
        file = str(self.house.folder / "jobs.toml")
        with time_machine.travel(NOW + after, tick=True):
            return looked(command, self.capture, "monitor", "--jobs-file", file, *arguments)


def looked(of: object, capture: pytest.CaptureFixture[str], *arguments: str) -> Looked:
    """Runs a command as `rollcall` does, but for what is printed."""
    parser = argparse.ArgumentParser()
    of.add_to(parser.add_subparsers())  # type: ignore[attr-defined] # each command has it
    asked_for = parser.parse_args(arguments)
    running, lines = asked_for.command(asked_for), []
    while True:
        try:
            lines.append(next(running))
        except StopIteration as end:
            return Looked(status=end.value, lines=lines, notes=capture.readouterr().err)


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", TOKEN)
    for name in ("JOBS_FILE", "AS_OF", "SCHEDULER_URL", "DEMO", "REPLAY", "RECORD"):
        monkeypatch.delenv(f"ROLLCALL_{name}", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def at_home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitored]:
    monkeypatch.chdir(tmp_path)
    with lived_in(tmp_path) as house, listener() as hook, listener() as watcher:
        monitored = Monitored(house, hook, watcher, capsys)
        monitored.declare(
            f'[alert]\nwebhook = "{hook.url}"\ntimeout = "{BUSY} s"\n[watch]\nping = "{watcher.url}/ping"'
        )
        yield monitored


def miss(at_home: Monitored) -> None:
    at_home.house.scheduler.says["aime"]["wake"]["last_execution"] = "2026-02-10T05:00:18"


# The verdict ----------------------------------------------------------------------------------------------------------


def test_all_is_well(at_home: Monitored) -> None:
    looked = at_home.look("--log", str(at_home.log))
    chronicle = read(at_home.history, (), now=NOW + timedelta(hours=1))

    assert (looked.status, looked.notes) == (0, "")
    assert looked.lines == ["All 4 jobs did their work (judged Wed 11 Feb 07:00 CET)"]
    assert at_home.log.read_text() == "2026-02-11T07:00:00+01:00 | OK | All 4 jobs did their work\n"
    assert [(each.by, each.is_complete, each.verdict) for each in chronicle.mornings] == [("monitor", True, "ok")]
    assert at_home.hook.heard == []
    assert at_home.watcher.paths == ["/ping/start", "/ping/0"]
    assert at_home.watcher.heard[-1].body.decode() == looked.lines[0]


def test_something_needs_a_person(at_home: Monitored) -> None:
    miss(at_home)
    first = at_home.look("--log", str(at_home.log))
    second = at_home.look(after=timedelta(hours=1))
    at_home.house.scheduler.says["aime"]["wake"]["last_execution"] = "2026-02-11T07:30:00"
    third = at_home.look(after=timedelta(hours=2))

    assert (first.status, second.status) == (2, 2)
    assert first.lines[0].startswith("1 thing needs attention · 1 of 4 jobs")
    assert at_home.log.read_text().endswith(" | CRITICAL | 1 thing needs attention · 1 of 4 jobs | missed-run [wake]\n")
    # By hand it is late, which is another cause.
    assert third.status == 2
    assert [(each.says["event"], each.says["cause"]) for each in at_home.hook.heard] == [
        ("new", "missed-run"),
        ("new", "ran-late"),
    ]
    assert at_home.watcher.paths == ["/ping/start", "/ping/2"] * 3


def test_a_run_that_may_be_late_is_a_warning_and_calls_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        lived_in(tmp_path, wake='late = "warn"\ngrace = "15 min"\nmax_runtime = "10 min"') as house,
        listener() as watcher,
    ):
        at_home = Monitored(house, watcher, watcher, capsys)
        at_home.declare(f'[watch]\nping = "{watcher.url}/ping"')
        house.scheduler.says["aime"]["wake"]["last_execution"] = LATE
        looked = at_home.look()

    assert looked.status == 1
    assert watcher.paths == ["/ping/start", "/ping/0"]


def test_a_backend_that_is_down_is_critical_and_what_nobody_could_look_at_unknown(at_home: Monitored) -> None:
    with closed_port() as url:
        down = at_home.look("--scheduler-url", f"aime={url}", "--quiet")
    shutil.rmtree(at_home.house.folder / "backups")
    (at_home.house.folder / "backups").touch()
    unknown = at_home.look("--quiet")

    assert (down.status, unknown.status) == (2, 3)
    assert "scheduler-down" in "\n".join(down.lines)
    assert "output-unreadable" in "\n".join(unknown.lines)


# how it is called | what is printed of a good morning, and of a bad one
PRINTED = [
    ([], "All 4 jobs", "1 thing needs attention · 1 of 4 jobs"),
    (["--quiet"], "", "1 thing needs attention · 1 of 4 jobs"),
    (["--nagios"], "ROLLCALL OK - All 4 jobs", "ROLLCALL CRITICAL - 1 thing needs attention · 1 of 4 jobs"),
]


@pytest.mark.parametrize(("arguments", "good", "bad"), PRINTED)
def test_what_is_printed_differs_and_the_status_does_not(
    at_home: Monitored, arguments: list[str], good: str, bad: str
) -> None:
    well = at_home.look(*arguments)
    miss(at_home)
    ill = at_home.look(*arguments)

    assert (well.status, ill.status) == (0, 2)
    assert "\n".join(well.lines).startswith(good)
    assert bool(well.lines) == bool(good)
    assert ill.lines[0].startswith(bad)
    assert len(ill.lines) == 1 or "--nagios" not in arguments


# Beside the verdict ---------------------------------------------------------------------------------------------------


def test_a_second_monitor_steps_aside_at_once(at_home: Monitored) -> None:
    with FileLock(at_home.house.reports / command.LOCK):
        looked = at_home.look("--quiet", "--log", str(at_home.log))
        nagios = at_home.look("--nagios")
    after = at_home.look("--quiet")

    said = "another monitor is in progress; this one stepped aside and looked at nothing"
    assert (looked.status, looked.lines) == (3, [f"INCOMPLETE: {said}."])
    assert f" | UNKNOWN | {said}" in at_home.log.read_text()
    assert (nagios.status, nagios.notes) == (3, "")
    assert nagios.lines[0].startswith("ROLLCALL UNKNOWN")
    assert after.status == 0
    assert len(at_home.house.scheduler.asked) == 2  # both schedulers, once
    assert at_home.watcher.paths == ["/ping/start", "/ping/0"]


def test_a_dry_run_tells_nobody_and_leaves_nothing(at_home: Monitored) -> None:
    miss(at_home)
    before = sorted(at_home.house.folder.rglob("*"))
    looked = at_home.look("--dry-run", "--log", str(at_home.log), "--metrics", str(at_home.house.folder / "m.prom"))

    assert looked.status == 2
    assert sorted(at_home.house.folder.rglob("*")) == before
    assert at_home.hook.heard + at_home.watcher.heard == []


def test_who_cannot_be_told_or_pinged_is_a_note_and_no_verdict(at_home: Monitored) -> None:
    miss(at_home)
    at_home.hook.statuses = [500]
    at_home.watcher.statuses = [404]
    looked = at_home.look("--quiet")

    assert looked.status == 2
    assert f"alert: webhook {at_home.hook.url}/… did not take 1 message: answers 500" in looked.notes
    assert f"watch: {at_home.watcher.url}/… was not pinged: answers 404" in looked.notes


def test_a_good_morning_without_its_log_is_not_called_well(at_home: Monitored) -> None:
    (at_home.house.folder / "file").touch()
    looked = at_home.look("--quiet", "--log", str(at_home.house.folder / "file" / "monitor.log"))
    nobody = at_home.look("--quiet", "--log", "~nobody-of-that-name/monitor.log")

    assert (looked.status, nobody.status) == (3, 3)
    assert looked.notes.startswith("the log cannot be written: ")
    assert at_home.watcher.paths == ["/ping/start", "/ping/3"] * 2


@pytest.mark.parametrize(
    ("what", "pings"),
    [("rollcall.run.roll_call.judge_morning", ["/ping/start", "/ping/fail"]), ("rollcall.run.wanted.load", [])],
)
def test_a_monitor_that_breaks_is_no_mere_warning(
    at_home: Monitored, monkeypatch: pytest.MonkeyPatch, what: str, pings: list[str]
) -> None:
    monkeypatch.setattr(what, None)
    looked = at_home.look("--quiet", "--log", str(at_home.log))

    assert (looked.status, looked.lines) == (3, ["INCOMPLETE: the monitor broke with TypeError."])
    assert "Traceback" in looked.notes
    assert at_home.log.read_text().endswith(" | UNKNOWN | the monitor broke with TypeError\n")
    assert at_home.watcher.paths == pings


def test_without_a_history_it_remembers_nothing(at_home: Monitored) -> None:
    miss(at_home)
    at_home.look("--no-history")
    at_home.look("--no-history")

    assert not at_home.history.exists()
    assert [each.says["event"] for each in at_home.hook.heard] == ["new", "new"]


def test_the_metrics_are_whole_and_for_everybody(at_home: Monitored) -> None:
    file = at_home.house.folder / "rollcall.prom"
    at_home.look("--metrics", str(file))

    assert "rollcall_complete 1" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(("name", "value"), [("AS_OF", AS_OF), ("REPLAY", "/nowhere")])
def test_another_moment_is_refused(at_home: Monitored, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"ROLLCALL_{name}", value)
    with pytest.raises(BadInput, match=f"ROLLCALL_{name}"):
        at_home.look()

    assert at_home.house.scheduler.asked == []


def test_a_bad_jobs_file_is_status_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "jobs.toml").write_text("nonsense = 1\n")
    metrics, log = tmp_path / "rollcall.prom", tmp_path / "monitor.log"
    metrics.write_text("rollcall_complete 1\n")
    with pytest.raises(BadInput, match="nonsense"):
        looked(command, capsys, "monitor", "--jobs-file", str(tmp_path / "jobs.toml"), "--metrics", str(metrics),
               "--log", str(log))  # fmt: skip

    # The look before must not go on being told as the newest.
    assert "rollcall_complete 0" in metrics.read_text()
    assert " | UNKNOWN | nothing was looked at: " in log.read_text()
    assert main(["monitor", "--jobs-file", str(tmp_path / "jobs.toml")]) == 4


# Acting ---------------------------------------------------------------------------------------------------------------


def test_what_is_stopped_is_started_only_when_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    with demo_morning("scheduler-stopped") as demo, time_machine.travel(demo.now, tick=True):
        where = ("monitor", "--jobs-file", str(demo.jobs_file), "--scheduler-url", demo.url)
        only_looked = looked(command, capsys, *where)
        dry = looked(command, capsys, *where, "--restart-stopped", "--dry-run")
        acted = looked(command, capsys, *where, "--restart-stopped", "--log", str(demo.folder / "monitor.log"))
        log = (demo.folder / "monitor.log").read_text()

    assert only_looked.status == dry.status == 2
    assert "aime is stopped and would be restarted" in "\n".join(dry.lines)
    assert "scheduler-stopped" not in "\n".join(acted.lines)
    assert "aime was stopped, restarted 07:0" in "\n".join(acted.lines)
    assert "aime was stopped, restarted 07:0" in log


def test_a_scheduler_that_dies_every_hour_and_is_started_every_hour_is_seen(at_home: Monitored) -> None:
    hourly, told = ("--quiet", "--restart-stopped", "--log", str(at_home.log)), []
    for hour in range(2):
        at_home.house.scheduler.stop("aime")
        told.append(at_home.look(*hourly, after=timedelta(hours=hour)))
    well = at_home.look(*hourly, after=timedelta(hours=2))
    done = "aime was stopped, restarted 07:00 CET, verified: running, 2 jobs"

    assert [each.status for each in (*told, well)] == [1, 1, 0]
    assert told[0].lines[0].startswith("All 4 jobs did their work")
    assert told[0].lines[1].startswith(done)
    assert well.lines == []
    assert [line.split(" | ")[1] for line in at_home.log.read_text().splitlines()] == ["WARNING", "WARNING", "OK"]
    assert f" | All 4 jobs did their work | {done}" in at_home.log.read_text()
    assert [(each.says["event"], each.says["cause"]) for each in at_home.hook.heard] == [
        ("fixed", "scheduler-stopped")
    ] * 2
    # Nobody must get up for it.
    assert at_home.watcher.paths == ["/ping/start", "/ping/0"] * 3


def test_what_was_missed_and_run_again_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Else the same look tells that the run it has just made up for was late, and the next look too."""
    with demo_morning("missed-run") as demo, listener() as hook, time_machine.travel(demo.now, tick=True):
        with demo.jobs_file.open("a") as file:
            file.write(f'\n[alert]\nwebhook = "{hook.url}"\ntimeout = "{BUSY} s"\n')
        where = ("monitor", "--jobs-file", str(demo.jobs_file), "--scheduler-url", demo.url)
        looks = [looked(command, capsys, *where, *more) for more in ([], ["--rerun-missed"], [])]
    haiku = [each.says for each in hook.heard if "job generate_haiku_scheduled" in each.says["keys"]]

    assert [(each["event"], each["cause"]) for each in haiku] == [("new", "missed-run"), ("fixed", "missed-run")]
    assert "re-run 07:0" in haiku[1]["sentence"]
    assert "ran-late" in "\n".join(looks[2].lines)


# Which jobs.toml ------------------------------------------------------------------------------------------------------


def test_another_jobs_file_than_the_one_here_is_said(at_home: Monitored, monkeypatch: pytest.MonkeyPatch) -> None:
    miss(at_home)
    night = at_home.house.folder / "night.toml"
    shutil.copy(at_home.house.folder / "jobs.toml", night)
    at_home.look("--log", str(at_home.log))
    with time_machine.travel(NOW, tick=True):
        other = looked(command, at_home.capture, "monitor", "--jobs-file", night.name, "--log", str(at_home.log))

    assert other.lines[0].endswith("(judged Wed 11 Feb 07:00 CET; night.toml)")
    ours, its = at_home.log.read_text().splitlines()
    assert its == f"{ours} | night.toml"
    assert at_home.hook.heard[0].says["jobs_file"] == str(at_home.house.folder / "jobs.toml")


# The whole process ----------------------------------------------------------------------------------------------------


def test_two_processes_at_the_same_time_look_once(tmp_path: Path) -> None:
    """The first hangs in its scheduler; the second does not wait for it."""
    toml = 'timezone = "UTC"\n[defaults]\nscheduler = "slow"\n'
    toml += '[schedulers.slow]\nkind = "aime"\nurl = "{url}"\nstatus = "/"\nengine = "cron"\ntimeout = "60 s"\n'
    toml += '[jobs.a]\nschedule = "@daily"\n'
    with listener(holds=1) as slow:
        (tmp_path / "jobs.toml").write_text(toml.format(url=slow.url))
        start = [sys.executable, "-m", "rollcall", "monitor", "--quiet"]
        environment = {"PYTHONPATH": str(HOUSE), "PATH": ""}
        first = subprocess.Popen(start, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
        while not slow.heard:
            assert first.poll() is None
        second = subprocess.run(start, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        first.kill()
        first.wait()

    assert second.returncode == 3
    assert second.stdout.startswith("INCOMPLETE: another monitor is in progress")
    assert len(slow.heard) == 1


@pytest.mark.parametrize("arguments", [[], ["--nagios"]], ids=["summary", "--nagios"])
@pytest.mark.parametrize("is_pipe", [False, True], ids=["full disk", "closed pipe"])
def test_a_verdict_that_cannot_be_printed_is_no_mere_warning(
    at_home: Monitored, arguments: list[str], is_pipe: bool
) -> None:
    ours, its = os.pipe()
    os.close(ours)
    start = [sys.executable, "-m", "rollcall", "monitor", *arguments]
    with open(its, "w") as pipe, open("/dev/full", "w") as full:
        done = subprocess.run(
            start, cwd=at_home.house.folder, env=at_home.house.environment({}), timeout=120, text=True,
            stdout=pipe if is_pipe else full, stderr=subprocess.PIPE,
        )  # fmt: skip

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("ERROR: the output cannot be written: ")


# rollcall alert --test ------------------------------------------------------------------------------------------------


def test_a_test_message_says_who_took_it(at_home: Monitored, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("alert", "--test", "--jobs-file", str(at_home.house.folder / "jobs.toml"))
    taken = looked(alert_command, capsys, *where)
    at_home.hook.statuses = [403]
    refused = looked(alert_command, capsys, *where)

    assert (taken.status, taken.lines) == (0, [f"webhook {at_home.hook.url}/… took it"])
    assert (refused.status, len(refused.lines)) == (1, 1)
    assert "did not take 1 message: answers 403 Forbidden" in refused.lines[0]
    assert [json.loads(each.body)["event"] for each in at_home.hook.heard] == ["test", "test"]
    assert at_home.house.scheduler.asked == []


def test_where_nobody_is_declared_a_test_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with lived_in(tmp_path), pytest.raises(BadInput, match=r"Add \[alert\]"):
        looked(alert_command, capsys, "alert", "--test", "--jobs-file", str(tmp_path / "jobs.toml"))
