"""What share of the planted faults would be found, and what does a CI make of that?

Real files in a real folder, and the command as it is typed; the page is that of a real run of pytest.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from jsonschema import Draft202012Validator

from fixtures.jobs_toml import DAILY, ZURICH
from fixtures.left_behind import NOW, day, left
from fixtures.lived_in import AS_OF as LIVED_IN_AS_OF
from fixtures.lived_in import TOKEN, LivedIn, lived_in
from fixtures.one_morning import morning
from rollcall.ask import gather
from rollcall.cli import main
from rollcall.recorded.kept import KeptMorning
from rollcall.recorded.record import Recorded
from rollcall.rehearse.coverage import Coverage, Share
from rollcall.rehearse.kept import LastRehearsal
from rollcall.rehearse.rehearsal import rehearse
from rollcall.roll.load import load
from rollcall.run.archive import archive_of
from rollcall.times import read_timestamp

TOP = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((TOP / "coverage.schema.json").read_text(encoding="utf-8"))
AS_OF = "2026-02-11T07:30+01:00"
# Of a text almost everything is declared that can be; of a dump only its path.
TEXT = f"""[jobs.text]
{DAILY}
[jobs.text.output]
path = "text/%F.txt"
format = "text"
min_size = "200 B"
must_contain = ["# Poem"]
must_not_contain = ["no poem"]
must_change = true
ends_with = "fin"
"""
DUMP = f"""[jobs.dump]
{DAILY}
[jobs.dump.output]
path = "dump/%F.sql"
"""


@dataclass(frozen=True)
class Done:
    """How the command ended."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """What it printed, its lines unwrapped."""
        return " ".join(self.out.split())


@dataclass(frozen=True)
class Folder:
    """Two jobs whose runs of three days left their files, and the command."""

    path: Path

    def declares(self, *tables: str) -> None:
        (self.path / "jobs.toml").write_text(ZURICH + "".join(tables), encoding="utf-8")

    def rehearse(self, *arguments: str, as_of: str = AS_OF) -> Done:
        out, err = StringIO(), StringIO()
        given = ["rehearse", "--jobs-file", str(self.path / "jobs.toml"), "--as-of", as_of, *arguments]
        return Done(main(given, out=out, err=err), out.getvalue(), err.getvalue())

    def share(self, *arguments: str) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rehearse("--all", "--json", *arguments).out)
        return read

    @property
    def ratchet(self) -> Path:
        return self.path / "coverage-ratchet.json"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for days_ago in range(3):
        text = f"# Poem {days_ago}\n" + f"An old pond, and {days_ago} frogs.\n" * 20 + "fin\n"
        left(tmp_path / f"text/{day(days_ago)}.txt", text, days_ago=days_ago)
        rows = "".join(f"INSERT INTO a VALUES ({row * days_ago});\n" for row in range(200))
        left(tmp_path / f"dump/{day(days_ago)}.sql", rows, days_ago=days_ago)
    made = Folder(tmp_path)
    made.declares(TEXT, DUMP)
    return made


def test_what_is_counted_by_job_and_by_cause_is_what_is_counted_in_all(folder: Folder) -> None:
    share = folder.share()
    slipped = sum(len(each["jobs"]) for each in share["slips"])

    Draft202012Validator(SCHEMA).validate(share)
    for parts in (share["jobs"], share["causes"]):
        assert sum(each["planted"] for each in parts) == share["planted"] == share["counted"]
        assert sum(each["found"] for each in parts) == share["found"] == share["planted"] - slipped
    assert json.loads((folder.path / "reports" / "coverage.json").read_text()).keys() == share.keys()


def test_the_setting_that_is_advised_raises_the_share(folder: Folder) -> None:
    before = folder.share()
    cures = {each["cure"] for each in before["slips"] if each["jobs"] == ["dump"]}
    folder.declares(TEXT, DUMP, 'must_contain = ["INSERT"]\nmust_change = true\nmin_size = "4 kB"\n')
    after = folder.share()

    assert 'add must_contain = ["…"] to [jobs.dump.output]' in cures
    assert "add must_change = true to [jobs.dump.output]" in cures
    assert after["percent"] > before["percent"]


def test_it_is_told_in_all_first_and_then_what_would_raise_it(folder: Folder) -> None:
    share, told = folder.share(), folder.rehearse("--all").told

    assert f"{share['found']} of {share['planted']} planted faults would be found ({share['percent']:g}%)." in told
    assert re.search(r"by job \d+ of \d+ \(\d+(\.\d)?%\) dump", told)
    assert "duplicate-output of dump: add must_change = true to [jobs.dump.output]" in told


def test_the_schema_at_the_top_is_the_one_of_the_code() -> None:
    """Where this fails: python -m rollcall schema --coverage > coverage.schema.json."""
    out = StringIO()

    assert main(["schema", "--coverage"], out=out) == 0
    assert json.loads(out.getvalue()) == SCHEMA


# A limit --------------------------------------------------------------------------------------------------------------


def test_the_limit_is_held_against_the_exact_share(folder: Folder) -> None:
    share = folder.share()
    exact = 100 * share["found"] / share["planted"]
    below, above = f"{exact - 0.001:.4f}", f"{exact + 0.001:.4f}%"
    fails = folder.rehearse("--all", "--min", above)

    assert folder.rehearse("--all", "--min", below).status == 0
    assert fails.status == 1
    assert re.search(rf"FAILS: {share['found']} of {share['planted']} planted faults would be found", fails.out)


def test_what_is_not_all_is_never_called_all() -> None:
    assert str(Share(9_999, 10_000)) == "9,999 of 10,000 (99.9%)"
    assert str(Share(3, 3)) == "3 of 3 (100%)"
    assert not Share(0, 0).is_all


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--all", "--min", "101"],
            '--min = "101": is no share. Write a number of percent from 0 to 100, such as 90%.',
        ),
        (["--all", "--min", "many"], '--min = "many": is no share'),
        (["--all", "--min=-1"], '--min = "-1": is no share'),
        (["--all", "--min", "0.9"], "may mean 90% or 0.9%"),
        (["--min", "90"], "--min: --min is of all jobs. Add --all."),
        (["--junit", "x.xml", "--ratchet", "x.json"], "--ratchet: --ratchet and --junit are of all jobs. Add --all."),
        (["--all", "text"], "--all: rehearses all jobs. Leave out JOB, or --all."),
        (["--all", "--good", "nowhere"], "nowhere"),
        (["--all", "--junit", "jobs.toml"], '--junit = "jobs.toml": is another file of this rehearsal'),
        (["--all", "--junit", "x", "--ratchet", "./x"], '--junit = "x": is another file of this rehearsal'),
    ],
)
def test_a_wrong_limit_is_refused_before_anything_is_written(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(folder.path)
    folder.declares(TEXT.replace("text/%F", "nothing-there/%F"), DUMP)
    done = folder.rehearse(*arguments)

    assert done.status == 4
    assert said in done.err
    assert not (folder.path / "reports").exists()


# Never green without evidence -----------------------------------------------------------------------------------------


def test_a_job_that_was_not_good_counts_as_one_of_which_nothing_is_found(folder: Folder) -> None:
    good = folder.share()
    (folder.path / f"text/{day(0)}.txt").unlink()
    share, done = folder.share(), folder.rehearse("--all", "--min", "50")
    [dump] = [each for each in good["jobs"] if each["id"] == "dump"]

    assert (share["found"], share["planted"]) == (dump["found"], dump["planted"])
    assert share["counted"] == 2 * dump["planted"]
    assert share["percent"] < 50
    assert done.status == 1
    assert "1 that could not be rehearsed counts as not found" in done.told
    assert "could not be rehearsed text: bad-output: due Wed 11 Feb 06:00 CET" in done.told


def test_where_nothing_was_good_nothing_is_found(folder: Folder) -> None:
    done = folder.rehearse("--all", "--min", "1%", as_of="2026-02-14T07:30+01:00")

    assert done.status == 1
    assert "0 of 0 planted faults would be found (0%)" in done.told
    # At the limit it holds.
    assert folder.rehearse("--all", "--min", "0", as_of="2026-02-14T07:30+01:00").status == 0


def test_a_scheduler_of_which_all_is_found_does_not_make_up_for_a_job_that_was_not_good() -> None:
    told = morning(status="error")
    coverage = Coverage.of(rehearse(told.roll, told.evidence, now=told.now))

    assert coverage.in_all.is_all
    assert coverage.counted.fraction < Fraction(1, 2)


def test_a_job_that_jobs_toml_pauses_is_not_counted(folder: Folder) -> None:
    folder.declares(TEXT, DUMP.replace(DAILY, f'{DAILY}paused = {{ until = 2027-01-01, reason = "moving" }}\n'))
    share = folder.share("--min", "0")
    [dump] = [each for each in share["jobs"] if each["id"] == "dump"]

    assert (share["counted"], share["not_rehearsed"]) == (share["planted"], 0)
    assert not dump["owed"]
    assert "moving" in dump["not_rehearsed"]


def test_a_job_that_is_not_good_now_is_rehearsed_as_it_was_on_a_good_morning(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        assert house.run("--record", str(tmp_path / "good")).status == 0
        (tmp_path / "backups/backup-20260211-060017.md").unlink()
        found = [_of(house, *more) for more in ((), ("--good", str(tmp_path / "good")))]

    assert [each["not_rehearsed"] for each in found] == [1, 0]
    assert [each["planted"] for each in found[1]["jobs"] if each["id"] == "backup"] > [20]
    assert found[1]["counted"] == found[1]["planted"] > found[0]["planted"]


def keep_yesterday(folder: Folder) -> None:
    """The morning of the day before in the place of [history] evidence, as a run leaves it there."""
    now = NOW - timedelta(days=1)
    roll = load(folder.path / "jobs.toml", environment={})
    seen = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now)
    archive = archive_of(roll, {})
    assert archive
    recorded = Recorded(evidence=seen, now=now, root=folder.path)
    kept = KeptMorning(recorded=recorded, by="pytest", files=dict(roll.written), jobs=(), schedulers=())
    archive.add(kept, keeps=timedelta(days=90), most=10_000_000)


@pytest.mark.parametrize(("job", "suffix"), [("text", "txt"), ("dump", "sql")])
def test_the_newest_kept_morning_on_which_it_was_good_stands_in(folder: Folder, job: str, suffix: str) -> None:
    folder.declares('[history]\nevidence = "kept"\n', TEXT, DUMP)
    folder.rehearse("--all", "--ratchet", str(folder.ratchet))
    before, ratchet = folder.share(), folder.ratchet.read_text()
    keep_yesterday(folder)
    (folder.path / "kept" / "20260210T070000.000000Z-0123456789abcdef.morning").write_bytes(b"no morning")
    (folder.path / f"{job}/{day(0)}.{suffix}").unlink()
    share, done = folder.share(), folder.rehearse("--all", "--min", "50%", "--ratchet", str(folder.ratchet))
    days = {each["id"]: each["evidence_of"][:10] for each in share["jobs"]}

    assert (share["not_rehearsed"], share["counted"]) == (0, share["planted"])
    assert days == {"text": "2026-02-11", "dump": "2026-02-11"} | {job: "2026-02-10"}
    assert before["planted"] / 2 < share["planted"] <= before["planted"]
    assert f"of Tue 10 Feb 2026 07:30 CET: {job}" in done.told
    # A record shows less than the files: what is of it is no rise, and no fall.
    assert (done.status, folder.ratchet.read_text()) == (0, ratchet)


def test_a_part_of_the_jobs_is_not_all(folder: Folder) -> None:
    done = folder.rehearse("--all", "--ratchet", str(folder.ratchet), "--tag", "nightly")

    assert done.status == 4
    assert not folder.ratchet.exists()


def _of(house: LivedIn, *more: str) -> dict[str, Any]:
    out = StringIO()
    before, os.environ["HOUSE_TOKEN"] = os.environ.get("HOUSE_TOKEN"), TOKEN
    try:
        given = ["--jobs-file", str(house.folder / "jobs.toml"), "--as-of", LIVED_IN_AS_OF]
        main(["rehearse", *given, "--all", "--json", *more], out=out)
    finally:
        os.environ.pop("HOUSE_TOKEN") if before is None else os.environ.update(HOUSE_TOKEN=before)
    assert TOKEN not in out.getvalue()
    read: dict[str, Any] = json.loads(out.getvalue())
    return read


def test_what_no_setting_would_find_lowers_the_share_and_calls_nobody_by_itself() -> None:
    told = morning(max_runtime="2 h")
    rehearsal = rehearse(told.roll, told.evidence, now=told.now)
    coverage = Coverage.of(rehearsal)

    assert [(each.fault, each.is_avoidable) for each in coverage.slips] == [("wrong-timezone (of its record)", False)]
    assert rehearsal.is_whole
    assert coverage.counted.fraction < 1


# The ratchet ----------------------------------------------------------------------------------------------------------

STRICTER = DUMP + "must_change = true\n"


def test_the_ratchet_rises_and_never_falls(folder: Folder) -> None:
    arguments = ("--all", "--ratchet", str(folder.ratchet))
    first = folder.rehearse(*arguments)
    kept = folder.ratchet.read_bytes()
    again = folder.rehearse(*arguments)

    assert (first.status, again.status) == (0, 0)
    assert "Commit it." in first.out
    assert "Commit it." not in again.out
    assert folder.ratchet.read_bytes() == kept

    folder.declares(TEXT, STRICTER)
    assert folder.rehearse(*arguments).status == 0
    risen = folder.ratchet.read_bytes()
    assert json.loads(risen)["jobs"]["dump"]["found"] == json.loads(kept)["jobs"]["dump"]["found"] + 1

    folder.declares(TEXT, DUMP)
    fell = folder.rehearse(*arguments)
    assert fell.status == 1
    assert folder.ratchet.read_bytes() == risen
    [why] = [line for line in fell.out.splitlines() if line.startswith("FAILS: ")]

    # What it says to write by hand, and nothing else, makes it pass.
    lowered = risen.decode()
    for key, line in re.findall(r'("(?:dump|all)"): (\{.*?\})', why):
        lowered = re.sub(rf"{key}: {{.*?}}", f"{key}: {line}", lowered)
    folder.ratchet.write_text(lowered)
    assert folder.rehearse(*arguments).status == 0
    assert folder.ratchet.read_text() == lowered == kept.decode()


def test_a_job_that_fell_is_not_made_up_for_by_another(folder: Folder) -> None:
    folder.rehearse("--all", "--ratchet", str(folder.ratchet))
    kept = folder.ratchet.read_text()
    folder.declares(TEXT.replace("must_change = true\n", ""), STRICTER, 'must_contain = ["INSERT"]\n')
    done = folder.rehearse("--all", "--ratchet", str(folder.ratchet))

    assert (done.status, folder.ratchet.read_text()) == (1, kept)
    assert "FAILS: text fell from" in done.told


def test_a_job_that_is_kept_and_could_not_be_rehearsed_has_fallen(folder: Folder) -> None:
    folder.rehearse("--all", "--ratchet", str(folder.ratchet))
    (folder.path / f"dump/{day(0)}.sql").unlink()
    done = folder.rehearse("--all", "--ratchet", str(folder.ratchet))

    assert done.status == 1
    assert re.search(r"FAILS: dump had \d+ of \d+ \(.*%\) and could not be rehearsed: ", done.told)


def test_a_new_job_that_has_not_run_yet_does_not_lower_it(folder: Folder) -> None:
    folder.rehearse("--all", "--ratchet", str(folder.ratchet))
    folder.declares(TEXT, DUMP, f"[jobs.new]\n{DAILY}since = 2026-02-12T00:00:00+01:00\noutput.path = 'new/%F'\n")

    assert folder.rehearse("--all", "--ratchet", str(folder.ratchet)).status == 0


KEPT = '{"version": 1, "all": {"found": 1, "planted": 2}, "jobs": {"text": {"found": 1, "planted": 2}}}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KEPT[:40], "is no file of --ratchet: "),
        ("", "is no file of --ratchet: "),
        ("[" * 100_000, "is no file of --ratchet: "),
        (KEPT.replace('"found": 1', '"found": 3'), "found is more than planted"),
        (KEPT.replace('"found": 1', '"found": "1"'), 'coverage-ratchet.json.all.found = "1": Input should be a valid'),
        (KEPT.replace('"version": 1', '"version": 2'), "coverage-ratchet.json.version = 2: Input should be 1"),
        (KEPT.replace("text", "\x1b[31mother".replace("\x1b", "\\u001b")), "is of other jobs (other)"),
        (KEPT.replace('"jobs"', '"job"'), "coverage-ratchet.json.jobs: Field required"),
    ],
)
def test_a_ratchet_that_is_damaged_or_of_other_jobs_is_refused_and_left_as_it_is(
    folder: Folder, text: str, said: str
) -> None:
    folder.ratchet.write_text(text)
    done = folder.rehearse("--all", "--ratchet", str(folder.ratchet))

    assert done.status == 4
    assert said in done.err
    assert "\x1b" not in done.err
    assert folder.ratchet.read_text() == text


def test_what_cannot_be_written_is_no_success(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    done = folder.rehearse("--all", "--min", "0", "--junit", str(folder.path / "no-such-folder" / "junit.xml"))

    assert done.status == 1
    assert "junit.xml cannot be written: No such file or directory" in capsys.readouterr().err


# JUnit ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status"), [([], 1), (["--min", "10"], 0), (["--min", "100"], 1), (["--ratchet", "r.json"], 0)]
)
def test_the_file_for_a_ci_holds_a_failure_exactly_where_the_command_fails(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int
) -> None:
    monkeypatch.chdir(folder.path)
    done = folder.rehearse("--all", "--junit", "junit.xml", *arguments)
    suite = ElementTree.parse(folder.path / "junit.xml").getroot()[0]
    slips = [each for each in suite if "slips through: " in (each[0].get("message", "") if len(each) else "")]

    assert done.status == status
    assert (suite.get("failures") != "0") is (status == 1)
    assert len(slips) == folder.share()["planted"] - folder.share()["found"]
    assert int(suite.get("tests", "0")) == len(suite) >= folder.share()["planted"]
    assert {each.get("classname") for each in slips} <= {"rehearsal.jobs.text", "rehearsal.jobs.dump"}


# In CI, by a recorded morning -----------------------------------------------------------------------------------------


def ci_lines() -> list[list[str]]:
    """The arguments of the commands that docs/coverage.md tells GitHub and GitLab to run."""
    page = (TOP / "docs" / "coverage.md").read_text(encoding="utf-8")
    github, gitlab = (yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    return [shlex.split(each)[1:] for each in (github[0]["run"], gitlab["coverage"]["script"][-1])]


@pytest.mark.parametrize("line", ci_lines(), ids=["github", "gitlab"])
def test_a_pull_request_that_loses_a_check_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: list[str]
) -> None:
    with lived_in(tmp_path) as house:
        assert house.run("--record", str(tmp_path / "good-morning")).status == 0
        asked = len(house.scheduler.asked)
        monkeypatch.chdir(tmp_path)
        statuses, line = [], ["50%" if each == "90%" else each for each in line]
        for change in ("[jobs.backup]", '[jobs.backup]\nlate = "warn"'):
            text = (tmp_path / "jobs.toml").read_text()
            (tmp_path / "jobs.toml").write_text(text.replace("[jobs.backup]", change))
            out = StringIO()
            statuses.append(main(line, out=out))
        assert len(house.scheduler.asked) == asked

    assert statuses == [0, 1]
    assert "FAILS: backup fell from" in " ".join(out.getvalue().split())
    assert ElementTree.parse("reports/coverage.xml").getroot()[0].get("failures") == "1"


# On the page ----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_last_rehearsal_found_until_jobs_toml_changes(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        assert house.run().morning["rehearsed"] is None
        share = _of(house)
        found = f"found {share['found']} of {share['planted']} planted faults"

        shown = house.run()
        rehearsed = shown.morning["rehearsed"]
        assert f"{found}." in shown.page
        assert (rehearsed["found"], rehearsed["outdated"]) == (share["found"], False)
        assert read_timestamp(rehearsed["at"]).at == read_timestamp(share["made_at"]).at

        staged = house.run("--demo")
        assert staged.morning["rehearsed"] is None
        assert "A rehearsal on" not in staged.page

        (tmp_path / "jobs.toml").write_text((tmp_path / "jobs.toml").read_text() + "# changed\n")
        changed = house.run()
        assert f"{found}; jobs.toml has changed since." in changed.page
        assert changed.morning["rehearsed"]["outdated"]

        (tmp_path / "reports" / "coverage.json").write_text('{"version": 1, "found": -3')
        damaged = house.run()
        assert damaged.morning["rehearsed"] is None
        assert "coverage.json is damaged, or of another version" in damaged.page
        assert damaged.status == 0


@pytest.mark.parametrize(
    ("made_at", "said"),
    [
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), "Sat 28 Mar 2026"),
        (datetime(2026, 3, 29, 22, 1, tzinfo=UTC), "Mon 30 Mar 2026"),  # the day that lost an hour
        (datetime(2026, 10, 24, 22, 1, tzinfo=UTC), "Sun 25 Oct 2026"),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), "Sun 25 Oct 2026"),  # the day that had one more
    ],
)
def test_its_day_is_that_of_the_zone(made_at: datetime, said: str) -> None:
    last = LastRehearsal(made_at=made_at, found=31, planted=34, not_rehearsed=0, is_outdated=False)

    assert last.said(morning().roll.zone) == f"A rehearsal on {said} found 31 of 34 planted faults."
