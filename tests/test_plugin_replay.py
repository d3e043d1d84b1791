"""`--record` and `--replay`: is a morning kept without its secrets, and judged again without asking anybody?"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lived_in import TOKEN, LivedIn, Run, lived_in

REPLAYED = "replay of Wed 11 Feb 2026 07:00 CET"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    """A bad morning: one job failed, the other scheduler is stopped."""
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        house.scheduler.says["aime"]["wake"]["last_status"] = "error"
        house.scheduler.says["other"].clear()
        yield house


@pytest.fixture(scope="module")
def recorded(house: LivedIn) -> tuple[Run, str, Path]:
    """The run that recorded it, its morning.json, and the folder."""
    folder = house.folder / "mornings" / "today"
    run = house.run("--record", str(folder))
    return run, json.dumps(run.morning), folder


def judged(morning: str) -> dict[str, tuple[str, str | None]]:
    told = json.loads(morning)
    return {
        each["id"]: (each["verdict"], each["cause"] and each["cause"]["code"])
        for each in [*told["jobs"], *told["schedulers"]]
    }


def test_a_bad_morning_is_recorded_too(recorded: tuple[Run, str, Path]) -> None:
    run, morning, folder = recorded

    assert run.status == 1
    assert sorted(each.name for each in folder.iterdir()) == ["evidence.json", "jobs.toml"]
    assert f"recorded: {folder}" in run.text
    assert json.loads(morning)["replay_of"] is None
    assert "replay of" not in run.text


def test_no_secret_is_in_what_is_kept(recorded: tuple[Run, str, Path]) -> None:
    kept = "".join(each.read_text() for each in recorded[2].iterdir())

    assert TOKEN not in kept
    assert "${HOUSE_TOKEN}" in kept


def test_a_folder_that_holds_a_morning_is_left_alone(house: LivedIn, recorded: tuple[Run, str, Path]) -> None:
    folder = recorded[2]
    before = {each: each.read_bytes() for each in folder.iterdir()}
    house.scheduler.asked.clear()
    run = house.run("--record", str(folder))

    assert run.status == 4
    assert "already holds a morning" in run.text
    assert {each: each.read_bytes() for each in folder.iterdir()} == before
    assert house.scheduler.asked == []


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "-n 2"])
def test_a_replay_asks_nobody_and_judges_the_same(
    house: LivedIn, recorded: tuple[Run, str, Path], tmp_path: Path, options: list[str]
) -> None:
    folder = shutil.copytree(recorded[2], tmp_path / "kept")
    outputs = [house.folder / "out", house.folder / "backups"]
    for output in outputs:
        output.rename(output.with_suffix(".gone"))
    house.scheduler.asked.clear()
    run = house.run("--replay", str(folder), *options, env={"HOUSE_TOKEN": ""})
    for output in outputs:
        output.with_suffix(".gone").rename(output)

    assert run.status == 1
    assert house.scheduler.asked == []
    assert judged(json.dumps(run.morning)) == judged(recorded[1])
    assert f"{REPLAYED}: nobody is asked" in run.text or options
    assert f"{REPLAYED}: 2 things need attention · 2 of 4 jobs" in run.text
    assert f"This is a {REPLAYED}" in run.page
    assert run.morning["replay_of"] == run.morning["judged_at"] == "2026-02-11T07:00:00+01:00"


def test_evidence_from_after_the_moment_does_not_count(house: LivedIn, recorded: tuple[Run, str, Path]) -> None:
    run = house.run("--replay", str(recorded[2]), "--as-of=2026-02-11T05:00+01:00")

    assert run.morning["judged_at"] == "2026-02-11T05:00:00+01:00"
    assert run.morning["replay_of"] == "2026-02-11T07:00:00+01:00"
    assert {job["id"]: job["due_at"] for job in run.morning["jobs"]} == dict.fromkeys(
        ("wake", "write", "export", "backup"), "2026-02-10T06:00:00+01:00"
    )
    assert run.verdicts["wake"] == "unknown"
    assert "backup-20260211" not in json.dumps(run.morning["jobs"])


def test_what_another_jobs_file_asks_and_the_record_does_not_tell_is_unknown(
    house: LivedIn, recorded: tuple[Run, str, Path], tmp_path: Path
) -> None:
    toml = (house.folder / "jobs.toml").read_text() + (
        '[schedulers.new]\nkind = "aime"\nurl = "http://localhost:1"\n'
        '[jobs.fresh]\nscheduler = "new"\nschedule = "0 6 * * *"\n'
        '[jobs.copy]\nscheduler = ""\nschedule = "0 6 * * *"\noutput = { path = "out/copy-*.md" }\n'
    )
    path = '"backups/backup-%Y%m%d-%H%M%S.md"'
    assert path in toml
    toml = toml.replace(path, f'{path}\nmust_contain = ["a frog"]')
    (tmp_path / "other.toml").write_text(toml)
    run = house.run("--replay", str(recorded[2]), "--jobs-file", str(tmp_path / "other.toml"))

    assert run.status == 1
    assert run.verdicts["fresh"] == run.verdicts["copy"] == "unknown"
    assert judged(json.dumps(run.morning))["new"] == ("unknown", "not-recorded")
    assert "unknown: not in this record" in run.text
    assert run.verdicts["backup"] == "ok"
    assert "Traceback" not in run.text


REFUSED = {
    "--record": (["--record=elsewhere"], "Leave out --record"),
    "--demo": (["--demo"], "Leave out --demo"),
    "--scheduler-url": (["--scheduler-url=http://localhost:1"], "Leave out --scheduler-url"),
    "a later moment": (["--as-of=2026-02-11T07:30+01:00"], "is after the record was made"),
}


@pytest.mark.parametrize(("options", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_contradicts_a_replay_is_refused(
    house: LivedIn, recorded: tuple[Run, str, Path], options: list[str], told: str
) -> None:
    run = house.run("--replay", str(recorded[2]), *options)

    assert run.status == 4
    assert told in run.text


def test_no_record_no_replay(house: LivedIn, tmp_path: Path) -> None:
    run = house.run("--replay", str(tmp_path))

    assert run.status == 4
    assert "cannot be read: No such file or directory" in run.text
    assert run.morning["complete"] is False


def test_a_folder_that_cannot_be_written_is_no_good_morning(house: LivedIn, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = house.run("-k", "backup", "--record", str(tmp_path / "file" / "kept"))

    assert run.status == 1
    assert "it could not be recorded" in run.text
    assert run.morning["complete"] is False


def test_a_demo_is_recorded_and_replayed_as_one(house: LivedIn, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    run = house.run("--demo", "run-failed", "--record", str(folder), "-n", "2")
    again = house.run("--as-of=2026-02-11T07:02+01:00", env={"ROLLCALL_REPLAY": str(folder)})

    assert (run.status, again.status) == (1, 1)
    assert judged(json.dumps(run.morning)) == judged(json.dumps(again.morning))
    assert "demo: replay of Wed 11 Feb 2026 07:02 CET: 1 thing needs attention · 1 of 9 jobs" in again.text


def told_by(house: LivedIn, *arguments: str) -> str:
    command = [sys.executable, "-m", "rollcall", *arguments]
    done = subprocess.run(command, env=house.environment({}), cwd=house.folder, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", ["diagnose", "rehearse"])
def test_the_commands_replay_it_too(house: LivedIn, recorded: tuple[Run, str, Path], command: str) -> None:
    house.scheduler.asked.clear()
    told = told_by(house, command, "--replay", str(recorded[2]))

    assert told.startswith(f"{REPLAYED}: nobody is asked")
    assert "wake" in told
    assert house.scheduler.asked == []
