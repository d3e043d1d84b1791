"""Do the parts of a morning, each looked at by itself, make one that says no more and no less than the whole would?"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fixtures.lived_in import LivedIn, lived_in
from rollcall.cli import main
from rollcall.errors import BadInput
from rollcall.evidence import NotSeen
from rollcall.recorded.bundle import packed, unpacked
from rollcall.roll.shard import Shard, read_shard
from rollcall.vocabulary import CauseCode

ALL = ("1/2", "2/2")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivedIn]:
    with lived_in(tmp_path) as house:
        monkeypatch.chdir(house.folder)
        yield house


def look(house: LivedIn, *shards: str) -> None:
    for each in shards:
        house.run("--shard", each)


def merge(house: LivedIn, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit status, and all that is said."""
    capsys.readouterr()
    status = main(["merge", *words])
    return status, "".join(capsys.readouterr())


def morning(house: LivedIn) -> dict[str, object]:
    found: dict[str, object] = json.loads((house.folder / "reports/morning.json").read_text(encoding="utf-8"))
    return found


def test_each_job_is_in_one_shard_and_stays_there_whatever_else_is_declared() -> None:
    names = [f"job-{number}" for number in range(400)]
    shards = [Shard(number, 4) for number in range(1, 5)]

    parts = [[each for each in names if shard.has(each)] for shard in shards]

    assert sorted(each for part in parts for each in part) == sorted(names)
    assert all(70 < len(each) < 130 for each in parts)
    # What an id is in is a promise: other tools may count on it.
    assert [shard.number for name in ("backup", "haiku", "wake") for shard in shards if shard.has(name)] == [1, 2, 4]


def test_all_parts_make_the_morning_that_one_run_makes(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    (house.folder / "out" / "write-20260211-060017.md").unlink()
    whole = house.run()
    look(house, *ALL)

    status, said = merge(house, capsys=capsys)

    assert (whole.status, status) == (1, 1)
    together = morning(house)
    for key in ("complete", "verdict", "things", "schedulers", "jobs", "undeclared"):
        assert _but_asked(together[key]) == _but_asked(whole.morning[key]), key
    assert "1 thing needs attention" in said
    page = (house.folder / "reports/morning.html").read_text(encoding="utf-8")
    assert "1 thing needs attention" in page
    assert page.count("<html") == 1
    suites = ElementTree.parse(house.folder / "reports/junit.xml").getroot()
    cases = {str(each.get("name")) for each in suites.iter("testcase")}
    assert cases == {each.rpartition("::")[2] for each in whole.outcomes}


def _but_asked(value: object) -> object:
    """When somebody was asked differs from run to run."""
    return json.loads(re.sub(r'"asked_at": "[^"]*"', '"asked_at": ""', json.dumps(value)))


_LOG = """
[schedulers.log]
kind = "command"
command = ["{python}", "log.py", "{{since}}"]
words = {{ success = ["ok"], failed = ["bad"] }}
runs = {{ each = "@", job = "job", started = "at", status = "how" }}
[jobs.weekly]
scheduler = "log"
schedule = "0 6 * * 0"
[jobs.daily_2]
scheduler = "log"
schedule = "0 6 * * *"
"""
_RAN = """
import json, sys
ran = [("weekly", "2026-02-08", "bad"), ("daily_2", "2026-02-10", "ok"), ("daily_2", "2026-02-11", "ok")]
runs = [{"job": job, "at": f"{day}T05:00:05Z", "how": how} for job, day, how in ran if day >= sys.argv[1][:10]]
print(json.dumps(runs))
"""


def test_what_one_part_asks_of_a_scheduler_is_enough_for_the_jobs_of_all_parts(
    house: LivedIn, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (Shard(1, 2).has("weekly"), Shard(2, 2).has("daily_2")) == (True, True)
    (house.folder / "log.py").write_text(_RAN)
    with (house.folder / "jobs.toml").open("a") as file:
        file.write(_LOG.format(python=sys.executable))
    look(house, *ALL)

    status, said = merge(house, capsys=capsys)

    assert status == 1
    assert "run-failed [weekly]" in said


def test_a_part_alone_tells_nobody_and_leaves_the_reports_of_the_whole_alone(house: LivedIn) -> None:
    whole = house.run()
    before = whole.page

    look(house, "1/2")

    assert (house.folder / "reports/morning.html").read_text(encoding="utf-8") == before
    part = json.loads((house.folder / "reports/shard-1-of-2/morning.json").read_text(encoding="utf-8"))
    assert part["complete"] is False


def test_a_part_that_is_missing_makes_it_incomplete(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    look(house, "1/2")

    status, said = merge(house, capsys=capsys)

    assert status == 1
    assert "INCOMPLETE: shard 2/2 left nothing" in said
    assert morning(house)["verdict"] == "incomplete"
    assert "INCOMPLETE" in (house.folder / "reports/morning.html").read_text(encoding="utf-8")
    assert "the_run_finished" in (house.folder / "reports/junit.xml").read_text(encoding="utf-8")


def test_a_part_that_was_killed_is_missing(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    look(house, *ALL)
    house.run("--shard", "2/2", "-x", "-k", "no_such_check")  # it begins, and judges nothing

    status, said = merge(house, capsys=capsys)

    assert status == 1
    assert "shard 2/2 left nothing" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-k", "not own"), "shard 1/2: it left out 2 checks, such as by -k"),
        (("-k", "backup"), "shard 1/2: it looked at 1 of its 2 jobs"),
        (("checks/test_schedulers.py",), "shard 1/2: it looked at 0 of its 2 jobs"),
    ],
)
def test_a_part_of_a_part_does_not_pass_for_all_of_it(
    house: LivedIn, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    house.add_check("def test_own(job):\n    assert job.id != 'backup'\n")
    look(house, "2/2")
    house.run("--shard", "1/2", *words)

    status, said = merge(house, capsys=capsys)

    assert status == 1
    assert f"INCOMPLETE: {says}" in said


@pytest.mark.parametrize("shard", [1, 2])
def test_a_scheduler_that_answered_one_part_is_not_down_for_having_kept_another_waiting(
    house: LivedIn, capsys: pytest.CaptureFixture[str], shard: int
) -> None:
    look(house, *ALL)
    file = house.folder / f"reports/shard-{shard}-of-2/shard.evidence"
    bundle = unpacked(file.read_bytes())
    silent = NotSeen(code=CauseCode.SCHEDULER_DOWN, detail="no complete answer", looked_at=bundle.looked_at)
    file.write_bytes(packed(replace(bundle, evidence=replace(bundle.evidence, schedulers={"aime": silent}))))

    status, said = merge(house, capsys=capsys)

    assert "scheduler-down [aime]" not in said
    assert status == (1 if "other" in bundle.evidence.schedulers else 0)  # whom nobody else has asked


@pytest.mark.parametrize("cut", [0, 100, -10])
def test_a_part_that_is_cut_is_named(house: LivedIn, capsys: pytest.CaptureFixture[str], cut: int) -> None:
    look(house, *ALL)
    file = house.folder / "reports/shard-2-of-2/shard.evidence"
    file.write_bytes(file.read_bytes()[:cut])

    status, said = merge(house, capsys=capsys)

    assert status == 1
    assert "INCOMPLETE: what was left in " in said
    assert "is no use: it is" in said


def test_a_part_twice_or_of_another_jobs_toml_or_number_is_refused(
    house: LivedIn, capsys: pytest.CaptureFixture[str]
) -> None:
    look(house, *ALL, "1/3")
    reports = house.folder / "reports"
    shutil.copytree(reports / "shard-1-of-2", reports / "again")

    two = ["reports/shard-1-of-2", "reports/shard-2-of-2"]
    assert merge(house, *two, "reports/again", capsys=capsys)[0] == 4
    status, said = merge(house, *two, "reports/again", capsys=capsys)
    assert "reports/again: is shard 1/2, as is reports/shard-1-of-2. Leave one of them out." in said
    status, said = merge(house, *two, "reports/shard-1-of-3", capsys=capsys)
    assert status == 4
    assert "is shard 1/3, and reports/shard-1-of-2 is 1/2. Merge those of one morning." in said
    with (house.folder / "jobs.toml").open("a") as file:
        file.write("# another\n")
    status, said = merge(house, *two, capsys=capsys)
    assert status == 4
    assert "was looked at with another jobs.toml than the one here." in said
    assert merge(house, "nowhere", capsys=capsys)[0] == 4


def test_a_check_of_a_persons_own_counts_in_the_whole(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    (house.folder / "checks/test_own.py").write_text("def test_own(job):\n    assert job.id != 'backup'\n")
    look(house, *ALL)

    status, said = merge(house, capsys=capsys)

    assert status == 1
    assert "check-failed [backup]" in said


def test_a_shard_without_a_job_has_nothing_to_look_at(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    runs = {number: house.run("--shard", f"{number}/40") for number in range(1, 41) if number in _of_four(40)}
    empty = next(number for number in range(1, 41) if number not in _of_four(40))
    run = house.run("--shard", f"{empty}/40")

    assert run.status == 0
    assert "nothing to look at" in run.text
    assert len(runs) >= 3
    status, said = merge(house, capsys=capsys)
    assert (status, "INCOMPLETE" in said) == (0, False)


def _of_four(of: int) -> set[int]:
    names = ("wake", "write", "export", "backup", "aime", "other")
    return {number for number in range(1, of + 1) for name in names if Shard(number, of).has(name)}


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/1001", "1/0", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="must be such as 2/4"):
        read_shard(text, "--shard")
