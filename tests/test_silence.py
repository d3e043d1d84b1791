"""Is nobody told of what is silenced, for as long as that lasts, and is it judged and shown as ever?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from fixtures.histories import history_in
from fixtures.house import HOSTILE, NOW, House
from fixtures.listener import Listener, listener
from fixtures.lived_in import LivedIn, lived_in
from fixtures.page_read import causes, section, shown
from fixtures.postgres import Postgres
from rollcall.cli import main
from rollcall.history.rows import NOTHING, Silence, Silenced
from rollcall.history.silences import read_silences
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board
from rollcall.report.silenced import is_all_silenced
from rollcall.roll.roll import Roll
from rollcall.roll.telling import AlertTable
from rollcall.sinks.alert import tell as alert
from rollcall.sinks.github import render_annotations
from rollcall.sinks.json import to_json
from rollcall.terminal.summary import render_summary

YESTERDAY, TODAY = "2026-02-10T05:00:17", "2026-02-11T05:00:17"


def silent(subject: str, name: str) -> Silence:
    return Silence(
        subject=Silenced(subject),
        name=name,
        until=datetime(2026, 2, 12, 8, 0, tzinfo=UTC),
        reason="the disk is being replaced",
        by="alice@nas",
        made_at=NOW,
    )


@pytest.fixture
def hook() -> Iterator[Listener]:
    with listener() as living:
        yield living


@dataclass(kw_only=True)
class Looks:
    """Looks at a house, each an hour after the last, and what was heard of each."""

    house: House
    hook: Listener
    store: Path
    silences: tuple[Silence, ...] = ()
    hours: int = field(default=0)

    def look(self, *silences: Silence) -> list[str]:
        self.hook.heard.clear()
        self.hours += 1
        told_to = AlertTable.model_validate(
            {"webhook": f"{self.hook.url}/", "still_after": "1 d"}, context={"environment": {}, "is_replay": False}
        )
        morning = replace(self.house.morning(), judged_at=NOW + timedelta(hours=self.hours))
        chronicle = replace(NOTHING, silences=silences)
        problems = alert.tell(
            replace(self.house.roll(), alert=told_to), morning, chronicle, store=self.store, is_complete=True
        )
        assert problems == ()
        return sorted(each.says["title"].removeprefix("Roll call: ") for each in self.hook.heard)


@pytest.fixture
def looks(tmp_path: Path, hook: Listener) -> Looks:
    """Two jobs that missed their run, of which one has a tag, and one that is well."""
    house = House(tmp_path)
    house.add("dump", extra='tags = ["db"]')
    house.add("rates")
    house.add("sync", extra='tags = ["db"]')
    for name in ("dump", "rates"):
        house.says(name, last_execution=YESTERDAY)
    return Looks(house=house, hook=hook, store=tmp_path / "h.sqlite3")


# Telling --------------------------------------------------------------------------------------------------------------

# What is silenced: what is told of two jobs that missed their run, and of their scheduler where that is down.
HEARD = {
    "nothing": ((), ["new: missed-run [dump and 1 more]"], ["new: scheduler-down [aime, 3 jobs]"]),
    "a job": ((silent("job", "dump"),), ["new: missed-run [rates]"], ["new: scheduler-down [aime, 3 jobs]"]),
    "a tag": ((silent("tag", "db"),), ["new: missed-run [rates]"], ["new: scheduler-down [aime, 3 jobs]"]),
    "their scheduler": ((silent("scheduler", "aime"),), [], []),
    "both jobs": ((silent("job", "dump"), silent("job", "rates")), [], ["new: scheduler-down [aime, 3 jobs]"]),
    "a tag called like a job": (
        (silent("tag", "dump"),),
        ["new: missed-run [dump and 1 more]"],
        ["new: scheduler-down [aime, 3 jobs]"],
    ),
}


@pytest.mark.parametrize(("silences", "of_jobs", "of_scheduler"), HEARD.values(), ids=HEARD.keys())
def test_nobody_is_told_of_what_is_silenced(
    looks: Looks, silences: tuple[Silence, ...], of_jobs: list[str], of_scheduler: list[str]
) -> None:
    assert looks.look(*silences) == of_jobs
    looks.store = looks.store.with_name("another.sqlite3")
    looks.house.falls_silent()
    assert looks.look(*silences) == of_scheduler


def test_what_lasts_when_a_silence_ends_is_told_then_whether_or_not_it_was_told_before(looks: Looks) -> None:
    quiet = (silent("job", "dump"), silent("job", "rates"))
    looks.look(quiet[1])  # dump is told before it is silenced; rates is never
    assert looks.look(*quiet) == []
    assert looks.look(*quiet) == []

    assert looks.look() == ["new: missed-run [dump and 1 more]"]
    assert looks.look() == []


def test_what_is_over_by_then_is_closed_then_where_it_was_told_and_never_told_else(looks: Looks) -> None:
    quiet = (silent("job", "dump"), silent("job", "rates"))
    looks.look(quiet[1])
    looks.look(*quiet)
    for name in ("dump", "rates"):
        looks.house.says(name, last_execution=TODAY)
    assert looks.look(*quiet) == []

    assert looks.look() == ["recovered: missed-run [dump]"]


def test_the_jobs_that_need_a_silenced_one_are_told_by_themselves(looks: Looks) -> None:
    looks.house.says("sync", last_execution=YESTERDAY)
    looks.house.jobs = looks.house.jobs.replace('[jobs."sync"]', '[jobs."sync"]\nneeds = ["dump"]')

    assert looks.look(silent("job", "dump")) == ["new: missed-run [rates]", "new: upstream-failed [sync]"]


class _OfTwo(House):
    """A house in which nobody's scheduler runs the job `report`."""

    def roll(self) -> Roll:
        roll = super().roll()
        free = [each.model_copy(update={"scheduler": None}) if each.id == "report" else each for each in roll.jobs]
        return replace(roll, jobs=tuple(free))


def test_a_job_that_needs_one_of_a_silenced_scheduler_is_told_by_itself(looks: Looks, tmp_path: Path) -> None:
    looks.house = _OfTwo(tmp_path)
    looks.house.add("dump", output="out/*.md")
    looks.house.add("report", extra='needs = ["dump"]', output="pages/*.md")
    looks.house.runs.clear()
    looks.house.stops()
    quiet = silent("scheduler", "aime")

    assert looks.look(quiet) == ["new: upstream-failed [report]"]
    assert not is_all_silenced(looks.house.morning(), Ending(), (quiet,))
    assert is_all_silenced(looks.house.morning(), Ending(), (quiet, silent("job", "report")))


def test_an_alertmanager_is_sent_nothing_of_it(looks: Looks) -> None:
    told_to = AlertTable.model_validate(
        {"alertmanager": looks.hook.url}, context={"environment": {}, "is_replay": False}
    )
    for silences in ((), (silent("job", "dump"),)):
        roll, chronicle = replace(looks.house.roll(), alert=told_to), replace(NOTHING, silences=silences)
        alert.tell(roll, looks.house.morning(), chronicle, store=looks.store, is_complete=True)

    assert [[alert["labels"]["job_id"] for alert in each.says] for each in looks.hook.heard] == [
        ["dump", "rates"],
        ["rates"],
    ]


# Showing --------------------------------------------------------------------------------------------------------------


def test_it_is_shown_with_its_end_and_changes_no_verdict(looks: Looks) -> None:
    looks.house.add("odd", extra=f"tags = [{json.dumps(HOSTILE)}]")
    morning, silences = looks.house.morning(), (silent("tag", "db"), silent("tag", HOSTILE))
    before, after = (
        render_board(morning, Ending(), chronicle=replace(NOTHING, silences=each)) for each in ((), silences)
    )
    said = shown(section(after, "rc-silences"))

    assert section(before, "rc-silences") == ""
    assert causes(before) == causes(after)
    everything = tuple(silent("job", each.job.id) for each in morning.jobs)
    quiet = render_board(morning, Ending(), chronicle=replace(NOTHING, silences=everything))
    assert not re.search(r'rc-many">[^<]*, silenced<', after)  # another job of the same cause is not
    assert re.search(r'rc-many">[^<]*, silenced<', quiet)
    assert "tag db until Thu 12 Feb 09:00 CET (in 1 d 1 h): the disk is being replaced (alice@nas)" in said
    assert "<script>document" not in section(after, "rc-silences")
    lines = render_summary(morning, Ending(), silences=silences)
    until = "until Thu 12 Feb 09:00 CET (in 1 d 1 h)"
    assert f"silenced, nobody is told: tag db, {until}: the disk is being replaced (alice@nas)" in lines
    assert lines[0] == render_summary(morning, Ending())[0]
    written = json.loads(to_json(morning, Ending(), silences=silences))
    assert written["verdict"] == "attention"
    assert {key: written["silences"][0][key] for key in ("subject", "name", "until", "jobs")} == {
        "subject": "tag",
        "name": "db",
        "until": "2026-02-12T09:00:00+01:00",
        "jobs": ["dump", "sync"],
    }


def test_github_is_sent_a_notice_and_no_error(looks: Looks) -> None:
    silences = (silent("job", "dump"), silent("job", "rates"))
    told, quiet = (render_annotations(looks.house.morning(), Ending(), each) for each in ((), silences))

    assert [each.partition(" ")[0] for each in told] == ["::error"]
    assert [each.partition(" ")[0] for each in quiet] == ["::notice"]


# The command, and a run of pytest -------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivedIn]:
    with lived_in(tmp_path, wake='tags = ["write", "hourly"]') as house:
        monkeypatch.chdir(house.folder)
        monkeypatch.setenv("HOUSE_TOKEN", "none")
        yield house


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["silence", *words])
    said = capsys.readouterr()
    return status, (said.out + said.err).strip()


def test_one_is_made_listed_and_ended(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    made = command(capsys, "hourly", "--until", "4 h", "--reason", "moving house")
    listed, as_json = command(capsys, "--list"), json.loads(command(capsys, "--list", "--json")[1])

    assert re.fullmatch(r"tag hourly is silenced until .+ \(in 4 h\): 1 job: wake\. It is judged as ever\.", made[1]), (
        made
    )
    assert re.match(r"tag hourly until .+ \(in 3 h 59 min|tag hourly until .+ \(in 4 h", listed[1]), listed
    assert "moving house" in listed[1]
    assert [(each["subject"], each["name"], each["jobs"]) for each in as_json["silences"]] == [
        ("tag", "hourly", ["wake"])
    ]
    assert command(capsys, "--end", "hourly") == (0, "tag hourly is silenced no more")
    assert command(capsys, "--list") == (0, "nothing is silenced")


def test_one_in_a_database_is_known_to_every_host_that_looks(
    house: LivedIn, postgres: Postgres, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTORY", postgres.url())
    with history_in(postgres) as database:
        file = house.folder / "jobs.toml"
        told = f'[history]\nurl = "${{HISTORY}}"\nname = "{database.of}"\n'
        file.write_text(file.read_text(encoding="utf-8") + told, encoding="utf-8")
        assert command(capsys, "scheduler:aime", "--until", "1 h", "--reason", "moving house")[0] == 0

        assert [(each.subject, each.name) for each in read_silences(database, datetime.now(UTC))] == [
            (Silenced.SCHEDULER, "aime")
        ]
        assert command(capsys, "--list")[1].startswith("scheduler aime until")
    assert not (house.reports / "history.sqlite3").exists()


def test_a_history_that_cannot_be_read_is_no_empty_list(house: LivedIn, capsys: pytest.CaptureFixture[str]) -> None:
    house.reports.mkdir()
    (house.reports / "history.sqlite3").write_text("no database", encoding="utf-8")

    for words in (["--list"], ["wake", "--until", "1 h", "--reason", "x"], ["--end", "wake"]):
        status, said = command(capsys, *words)
        assert (status, said.startswith("ERROR: history")) == (1, True), said


MISTAKES: dict[str, tuple[list[str], str]] = {
    "a job and a tag": (["write"], 'SUBJECT = "write": is a job and tag. Say which: job:write and tag:write.'),
    "unknown": (["wrte"], 'SUBJECT = "wrte": no job, tag or scheduler of jobs.toml is called so. Did you mean write?'),
    "unknown of its kind": (["tag:wake"], 'SUBJECT = "wake": no tag of jobs.toml is called so. There are:'),
    "no end": (["wake", "--reason", "x"], "--until: required: none lasts for ever, and each says why."),
    "no reason": (["wake", "--until", "4 h"], "--reason: required: none lasts for ever, and each says why."),
    "an empty reason": (["wake", "--until", "4 h", "--reason", " "], "--reason: says nothing."),
    "over already": (["wake", "--until", "2026-02-11T07:00", "--reason", "x"], "has passed (it is "),
    "for ever": (["wake", "--until", "9 y", "--reason", "x"], '--until = "9 y": unknown unit "y"'),
    "too long": (["wake", "--until", "400 d", "--reason", "x"], "is more than a year ahead"),
    "no moment": (["wake", "--until", "2026-02-30T07:00", "--reason", "x"], '--until = "2026-02-30T07:00": '),
    "a moment that clocks skip": (
        ["wake", "--until", "2027-03-28T02:30", "--reason", "x"],
        "that night's clock change skips it in Europe/Zurich. Write it with its offset.",
    ),
    "one that is not": (["--end", "wake"], '--end = "wake": is not silenced. Nothing is.'),
    "an end of what ends": (["--end", "wake", "--until", "4 h"], "--until: belongs to a new silence."),
    "two at once": (["wake", "--list"], "not allowed with argument"),
}


@pytest.mark.parametrize(("words", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_what_cannot_be_meant_is_refused_and_nothing_is_silent(
    house: LivedIn, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    if len(words) == 1:
        words = [*words, "--until", "4 h", "--reason", "x"]
    try:
        status, said = command(capsys, *words)
    except SystemExit as ended:
        status, said = int(ended.code or 0), capsys.readouterr().err

    assert status == 4
    assert told in said
    assert "Traceback" not in said
    assert not (house.reports / "history.sqlite3").exists() or command(capsys, "--list")[1] == "nothing is silenced"


# Zurich's clocks skip 02:00 to 03:00 on 29 Mar 2026, and show it twice on 25 Oct 2026. It is Wed 11 Feb 07:02 there.
UNTILS = [
    ("4 h", "2026-02-11T10:02:00+00:00"),
    ("259200 s", "2026-02-14T06:02:00+00:00"),
    ("20260212T0900", "2026-02-12T08:00:00+00:00"),
    ("2026-02-12 09:00", "2026-02-12T08:00:00+00:00"),
    ("2026-02-12T09:00Z", "2026-02-12T09:00:00+00:00"),
    ("2026-03-29T03:00", "2026-03-29T01:00:00+00:00"),
    ("2026-03-29T02:30", "that night's clock change skips it in Europe/Zurich"),
    ("2026-10-25T03:00", "2026-10-25T02:00:00+00:00"),
    ("2026-10-25T02:30", "that night's clock change shows it twice in Europe/Zurich"),
    ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00+00:00"),
    ("2026-02-11T07:02", "has passed (it is Wed 11 Feb 07:02 CET)"),
]


@pytest.mark.parametrize(("text", "read"), UNTILS)
def test_until_is_read_by_the_clocks_of_jobs_toml(
    house: LivedIn, capsys: pytest.CaptureFixture[str], text: str, read: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        status, said = command(capsys, "wake", "--until", text, "--reason", "x")

    made = read_silences(house.reports / "history.sqlite3", NOW)
    assert [each.until.isoformat() for each in made] == ([read] if status == 0 else [])
    assert status == 0 or read in said


def test_a_real_run_is_judged_as_ever_and_only_whoever_watches_hears_that_it_is_fine(
    house: LivedIn, hook: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status, page and morning.json say what is wrong; no alert is sent, and the ping says success."""
    file = house.folder / "jobs.toml"
    told = f'[alert]\nwebhook = "{hook.url}/alert"\n[watch]\nping = "{hook.url}/ping"\n'
    file.write_text(file.read_text(encoding="utf-8") + told, encoding="utf-8")
    house.owes_nothing()
    house.scheduler.stop("aime")

    def run() -> tuple[Any, list[str]]:
        hook.heard.clear()
        run = house.run("--as-of=")
        return run, [each for each in hook.paths if not each.endswith("/start")]

    assert command(capsys, "aime", "--until", "1 h", "--reason", "moving house")[0] == 0
    quiet, heard = run()
    assert (quiet.status, quiet.morning["verdict"], heard) == (1, "attention", ["/ping/0"])
    assert "scheduler-stopped" in quiet.page
    assert "silenced, nobody is told: scheduler aime" in quiet.text

    assert command(capsys, "--end", "aime")[0] == 0
    loud, heard = run()
    assert (loud.status, heard) == (1, ["/alert", "/ping/1"])
