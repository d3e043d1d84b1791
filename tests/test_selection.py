"""Whoever asks for the jobs of a tag or an owner: who is asked, what is judged, and how much of the morning is it?"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, lived_in
from rollcall.cli import main
from rollcall.errors import BadInput
from rollcall.roll.selection import Selection
from rollcall.run.wanted import Wanted

OWNED = {
    "wake": 'owner = "web"\ntags = ["hourly"]',
    "write": 'owner = "web"\ntags = ["nightly", "gold"]\nneeds = ["export"]',
    "export": 'owner = "Data team"\ntags = ["nightly"]',
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LivedIn]:
    with lived_in(tmp_path) as house:
        file = house.folder / "jobs.toml"
        text = file.read_text(encoding="utf-8")
        for name, lines in OWNED.items():
            text = text.replace(f"[jobs.{name}]\n", f"[jobs.{name}]\n{lines}\n")
        file.write_text(text, encoding="utf-8")
        yield house


SELECTED = {
    "a tag": (["--tag", "hourly"], {}, ["wake"]),
    "any of two tags": (["--tag", "hourly", "--tag", "nightly"], {}, ["wake", "write", "export"]),
    "an owner with a space": (["--owner", "Data team"], {}, ["export"]),
    "a tag of an owner": (["--tag", "nightly", "--owner", "web"], {}, ["write"]),
    "the environment": ([], {"ROLLCALL_TAG": "hourly, gold"}, ["wake", "write"]),
    "the command line before it": (["--owner=Data team"], {"ROLLCALL_OWNER": "web"}, ["export"]),
}


@pytest.mark.parametrize(("options", "environment", "jobs"), SELECTED.values(), ids=SELECTED.keys())
def test_a_tag_or_an_owner_makes_a_part_of_the_morning(
    house: LivedIn, options: list[str], environment: dict[str, str], jobs: list[str]
) -> None:
    run = house.run(*options, env=environment)

    assert (run.status, list(run.verdicts)) == (0, jobs)
    assert f"{len(jobs)} of 4 jobs checked: nothing wrong" in run.text
    assert (run.morning["complete"], run.morning["verdict"]) == (False, "incomplete")
    assert {each.rpartition("[")[2].rstrip("]") for each in run.outcomes} <= {*jobs, "aime", "other"}


def test_what_the_jobs_of_an_owner_build_on_is_judged_with_them_and_stays_off_their_page(house: LivedIn) -> None:
    """Whose extract failed has its cause there; who waits for it did nothing wrong."""
    house.scheduler.says["other"]["export"]["last_status"] = "error"
    house.scheduler.says["aime"]["write"] = {"last_execution": "2026-02-10T05:00:18.5", "last_status": "success"}
    (house.folder / "out" / "write-20260211-060017.md").unlink()
    alone = house.run("-k", "write")
    assert [(job["id"], job["cause"]["code"]) for job in alone.morning["jobs"]] == [("write", "upstream-failed")]
    house.scheduler.asked.clear()
    run = house.run("--owner", "web")

    cause = {job["id"]: job["cause"] for job in run.morning["jobs"]}["write"]
    assert (run.status, cause["code"]) == (1, "upstream-failed")
    assert "needs export, which did not do its work" in cause["sentence"]
    assert set(run.verdicts) == {"wake", "write"}
    assert [each["id"] for each in run.morning["schedulers"]] == ["aime"]
    assert {"/aime/status", "/other/status"} == set(house.scheduler.asked)
    again = re.findall(r"pytest checks/ .*--owner web", run.text)
    assert again


UNKNOWN = {
    "a tag": (["--tag", "nightyl"], '--tag = "nightyl": no job has this tag. Did you mean nightly?'),
    "an owner": (
        ["--owner", "nobody at all"],
        '--owner = "nobody at all": no job has this owner. Declared: web and Data team.',
    ),
    "both, and no job has both": (
        ["--tag", "hourly", "--owner", "Data team"],
        "--tag = tag hourly, owner Data team: no job has all that was asked for",
    ),
    "no word": (["--owner", " "], "--owner: names none where one was to be named."),
}


@pytest.mark.parametrize(("options", "told"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_no_job_has_is_refused(house: LivedIn, options: list[str], told: str) -> None:
    run = house.run(*options)

    assert run.status == 4
    assert told in run.text
    assert "Traceback" not in run.text
    assert house.scheduler.asked == []


def test_a_monitor_of_a_part_is_never_ok(
    house: LivedIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house.owes_nothing()
    monkeypatch.chdir(house.folder)
    monkeypatch.setenv("HOUSE_TOKEN", "none")
    status = main(["monitor", "--owner", "web"])

    assert status == 3
    assert "2 of 4 jobs checked: nothing wrong with these" in capsys.readouterr().out
    assert set(house.scheduler.asked) == {"/aime/status", "/other/status"}


COMMANDS = {
    "due": (["due", "--json"], lambda said: [each["id"] for each in said["jobs"]]),
    "calendar": (["calendar", "--json"], lambda said: list(said["jobs"])),
    "history": (["history", "--json"], lambda said: list(said["jobs"])),
    "rehearse": (
        ["rehearse", "--json", "--as-of=2026-02-11T07:00+01:00"],
        lambda said: [each["id"] for each in said["jobs"]],
    ),
}


@pytest.mark.parametrize(("words", "ids"), COMMANDS.values(), ids=COMMANDS.keys())
def test_the_other_commands_select_alike(
    house: LivedIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], ids: object
) -> None:
    house.run("--as-of=")  # something to remember
    monkeypatch.chdir(house.folder)
    monkeypatch.setenv("HOUSE_TOKEN", "none")
    main([*words, "--tag", "nightly"])
    assert callable(ids)
    assert ids(json.loads(capsys.readouterr().out)) == ["write", "export"]

    assert main([*words, "--tag", "nightyl"]) == 4
    assert "Did you mean nightly?" in capsys.readouterr().err


def test_a_staged_morning_heeds_the_command_line_alone() -> None:
    home, environment = Path("house"), {"ROLLCALL_TAG": "nightly", "ROLLCALL_OWNER": "web"}

    assert not Wanted.of({"--demo": "1"}, environment=environment, home=home).selection
    assert Wanted.of({"--demo": "1", "--tag": ["b"]}, environment=environment, home=home).selection == Selection(
        tags=("b",)
    )
    with pytest.raises(BadInput, match="ROLLCALL_TAG: names none"):
        Wanted.of({}, environment={"ROLLCALL_TAG": "nightly,,gold"}, home=home)
