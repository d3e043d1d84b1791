"""What would all kept mornings have said under another jobs.toml, and what does nobody claim of it?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fixtures.kept import DAY, TOML, due_before, keep, keep_all, mornings, nights, roll_under, slower
from fixtures.one_morning import HAIKU
from rollcall.backtest.result import After, Backtest, Kind
from rollcall.backtest.run import backtest
from rollcall.cli import main
from rollcall.evidence import NotSeen, OutputSeen
from rollcall.recorded.archive import Archive
from rollcall.storage import Folder
from rollcall.times import to_iso
from rollcall.vocabulary import CauseCode

FIRST, DAYS = "2026-02-02", 9
MINUTE = timedelta(minutes=1)
BAD = mornings(FIRST, DAYS)[5]
# Monday to Sunday, with the night of the clock change in it.
NIGHTS = {"spring": "2026-03-25", "autumn": "2026-10-21"}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(Folder(tmp_path / "evidence"))


def again(archive: Archive, folder: Path, toml: str = TOML, *, now: datetime | None = None) -> Backtest:
    """All of it judged again under that jobs.toml."""
    (folder / "new.toml").write_text(toml, encoding="utf-8")
    now = now or mornings(FIRST, 400)[-1]
    return backtest(archive, folder / "new.toml", "new.toml", since=now - 800 * DAY, now=now, progress=lambda *_: None)


def told(found: Backtest, *kinds: Kind) -> list[tuple[str, str | None, str | None, str | None]]:
    """Which run it is about, and the verdict then and now."""
    return [
        (
            each.id,
            to_iso(each.due_at) if each.due_at else None,
            (each.was.cause or each.was.verdict) if each.was else None,
            (each.would_be.cause or each.would_be.verdict) if each.would_be else None,
        )
        for each in found.of_kind(*kinds)
    ]


@pytest.mark.parametrize("first", NIGHTS.values(), ids=NIGHTS)
def test_under_its_own_file_nothing_would_be_said_otherwise(archive: Archive, tmp_path: Path, first: str) -> None:
    year, days = nights(first, 7), mornings(first, 7)
    slow = slower(year, due_before(year, days[3]), 40 * MINUTE)
    keep_all(archive, roll_under(tmp_path), slow.without(due_before(year, days[4])), days)

    found = again(archive, tmp_path)
    assert found.mornings == 7
    assert found.woken_then == found.woken == 2
    assert found.changed == []
    assert not found.unknown
    assert [each.kind for each in found.runs.values()] == [Kind.SAME, Kind.SAME]


@pytest.mark.parametrize(
    ("first", "change", "due"),
    [
        (NIGHTS["spring"], 4, "2026-03-29T01:00:00+00:00"),
        (NIGHTS["autumn"], 4, "2026-10-25T00:30:00+00:00"),
    ],
    ids=NIGHTS,
)
def test_a_shorter_runtime_would_have_woken_of_the_night_in_which_the_run_took_longer(
    archive: Archive, tmp_path: Path, first: str, change: int, due: str
) -> None:
    year = nights(first, 7)
    due_at = next(each for each in reversed(year.dues) if to_iso(each) == due)
    keep_all(archive, roll_under(tmp_path), slower(year, due_at, 8 * MINUTE), mornings(first, 7))

    found = again(archive, tmp_path, TOML.replace('max_runtime = "10 min"', 'max_runtime = "5 min"'))
    assert told(found, Kind.NEW) == [(HAIKU, due, "ok", "ran-late")]
    assert (found.woken_then, found.woken) == (0, 1)
    assert [each.judged_at for each in found.changed] == [mornings(first, 7)[change]]
    assert found.alarms[0].after is After.GOOD


def test_what_a_wider_limit_would_have_spared_is_gone(archive: Archive, tmp_path: Path) -> None:
    year = nights(FIRST, DAYS)
    keep_all(archive, roll_under(tmp_path), slower(year, due_before(year, BAD), 40 * MINUTE), mornings(FIRST, DAYS))

    found = again(archive, tmp_path, TOML.replace('max_runtime = "10 min"', 'max_runtime = "1 h"'))
    assert told(found, Kind.GONE) == [(HAIKU, to_iso(due_before(year, BAD)), "ran-late", "ok")]
    assert found.alarms == []


def test_an_alarm_of_which_later_evidence_shows_the_work_is_counted_as_that(archive: Archive, tmp_path: Path) -> None:
    """A morning on which nobody answered: the run was well all the same, as its file of that night shows."""
    year, roll = nights(FIRST, DAYS), roll_under(tmp_path)
    for number, now in enumerate(mornings(FIRST, DAYS)):
        evidence = year.seen_at(now).evidence
        if number == 4:
            down = NotSeen(code=CauseCode.SCHEDULER_DOWN, detail="connection refused", looked_at=now)
            gone = NotSeen(code=CauseCode.PLACE_DOWN, detail="no answer within 5 s", looked_at=now)
            evidence = replace(evidence, schedulers={"aime": down}, outputs={HAIKU: (gone,)})
        keep(archive, roll, evidence, now)

    found = again(archive, tmp_path)
    after = {(each.id, each.after) for each in found.alarms}
    assert after == {(HAIKU, After.DONE), ("aime", After.GOOD)}


def test_a_run_that_was_missed_is_never_counted_as_done(archive: Archive, tmp_path: Path) -> None:
    year = nights(FIRST, DAYS)
    keep_all(archive, roll_under(tmp_path), year.without(due_before(year, BAD)), mornings(FIRST, DAYS))

    assert [each.after for each in again(archive, tmp_path).alarms] == [After.GOOD]


NOT_TOLD = {
    "another job": TOML + '[jobs.other]\nschedule = "0 3 * * *"\nmax_runtime = "5 min"\n',
    "another name there": TOML.replace(f"[jobs.{HAIKU}]", f'[jobs.{HAIKU}]\nname = "other"'),
    "another output": TOML.replace("generate-haiku-%Y", "generate-sonnet-%Y"),
    "a text that nobody looked for": TOML.replace('["# Album Haïku"]', '["# Album Haïku", "Basho"]'),
}


@pytest.mark.parametrize("toml", NOT_TOLD.values(), ids=NOT_TOLD)
def test_what_the_old_evidence_cannot_tell_is_no_alarm(archive: Archive, tmp_path: Path, toml: str) -> None:
    keep_all(archive, roll_under(tmp_path), nights(FIRST, DAYS), mornings(FIRST, DAYS))

    found = again(archive, tmp_path, toml)
    assert set(found.unknown) <= {HAIKU, "other"}
    assert sum(found.unknown.values()) == DAYS
    assert (found.alarms, found.changed) == ([], [])


def test_a_job_that_is_declared_no_more_takes_its_alarms_along(archive: Archive, tmp_path: Path) -> None:
    year = nights(FIRST, DAYS)
    keep_all(archive, roll_under(tmp_path), year.without(due_before(year, BAD)), mornings(FIRST, DAYS))
    head, _, _ = TOML.partition(f"[jobs.{HAIKU}]")

    found = again(archive, tmp_path, head + '[jobs.other]\nschedule = "0 3 * * *"\nmax_runtime = "5 min"\n')
    assert told(found, Kind.GONE) == [(HAIKU, to_iso(due_before(year, BAD)), "missed-run", None)]


def test_a_url_whose_user_was_taken_out_is_still_the_same_table(archive: Archive, tmp_path: Path) -> None:
    rows = '[jobs.rates]\nscheduler = ""\nschedule = "0 3 * * *"\n[jobs.rates.output]\n'
    rows += 'database = "postgresql+psycopg://reader:s3cret@db/shop"\n'
    rows += 'query = "SELECT max(updated_at) AS made_at FROM rates"\n'
    roll = roll_under(tmp_path, TOML + rows)
    for now in mornings(FIRST, 3):
        evidence = nights(FIRST, DAYS).seen_at(now).evidence
        seen = OutputSeen(looked_at=now, matches=0, files=())
        keep(archive, roll, replace(evidence, outputs={**evidence.outputs, "rates": (seen,)}), now)

    found = again(archive, tmp_path, TOML + rows)
    assert not found.unknown
    assert found.changed == []
    assert found.woken == 3
    assert not any(b"s3cret" in each.read_bytes() for each in (tmp_path / "evidence").iterdir())


# What lies in the place and is no use ---------------------------------------------------------------------------------


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _named_after_its_content(file: Path, data: bytes, *, at: str = "") -> None:
    """What somebody wrote on purpose, under the name that it should have."""
    from rollcall.recorded.kept import digest_of

    base = file.name.partition("+")[2]
    stamp = at or file.name.partition("-")[0]
    file.unlink()
    (file.parent / f"{stamp}-{digest_of(data)}{f'+{base}' if base else '.morning'}").write_bytes(data)


UNFIT: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (_cut, "damaged, was cut off"),
    "empty": (lambda file: file.write_bytes(b""), "damaged, was cut off"),
    "under another's name": (
        lambda file: file.rename(file.with_name(f"20260101T000000.000000Z-{file.name.partition('-')[2]}")),
        "its name tells another time",
    ),
    "of another version": (
        lambda file: _named_after_its_content(file, file.read_bytes().replace(b'"version":1', b'"version":9')),
        "it is of version 9, and this Roll call reads version 1",
    ),
    "no kept morning": (lambda file: _named_after_its_content(file, b"{}\n"), "it is no kept morning"),
    "of the future": (
        lambda file: file.rename(file.with_name(f"29990101T000000.000000Z-{file.name.partition('-')[2]}")),
        "it is of the future",
    ),
    "a name that is none": (lambda file: file.rename(file.with_name("today.morning")), "its name is none that Roll"),
}


@pytest.mark.parametrize(("damage", "why"), UNFIT.values(), ids=UNFIT)
def test_what_cannot_be_judged_is_named_left_out_and_counted(
    archive: Archive, tmp_path: Path, damage: Callable[[Path], object], why: str
) -> None:
    keep_all(archive, roll_under(tmp_path), nights(FIRST, DAYS), mornings(FIRST, DAYS))
    one = sorted((tmp_path / "evidence").iterdir())[4]
    assert "+" in one.name
    damage(one)

    found = again(archive, tmp_path)
    assert found.mornings == DAYS - 1
    assert [why in each.why for each in found.unfit] == [True]


def test_what_builds_on_a_morning_that_is_gone_is_named_each(archive: Archive, tmp_path: Path) -> None:
    keep_all(archive, roll_under(tmp_path), nights(FIRST, DAYS), mornings(FIRST, DAYS))
    whole = [each for each in sorted((tmp_path / "evidence").iterdir()) if "+" not in each.name]
    assert len(whole) == 2  # one a week
    whole[0].unlink()

    found = again(archive, tmp_path)
    assert (found.mornings, len(found.unfit)) == (2, 6)
    assert {each.why for each in found.unfit} == {"the whole morning that it builds on is not there"}


@pytest.mark.parametrize("name", ["../evil.toml", "/etc/evil.toml", "a/../../evil.toml"])
def test_a_path_in_a_name_leads_nowhere(archive: Archive, tmp_path: Path, name: str) -> None:
    roll = replace(roll_under(tmp_path), written={"jobs.toml": TOML})
    now = mornings(FIRST, 1)[0]
    from fixtures.kept import ROOT
    from rollcall.recorded.kept import KeptMorning
    from rollcall.recorded.record import Recorded

    recorded = Recorded(evidence=nights(FIRST, 1).seen_at(now).evidence, now=now, root=ROOT)
    files = {**roll.written, name: TOML}
    archive.add(
        KeptMorning(recorded=recorded, by="pytest", files=files, jobs=(), schedulers=()), keeps=DAY, most=10_000_000
    )

    found = again(archive, tmp_path)
    assert found.mornings == 0
    assert "which lies elsewhere" in found.unfit[0].why
    assert not list(tmp_path.rglob("evil.toml"))


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_says_what_changes_and_how_often(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    year = nights(FIRST, DAYS)
    keep_all(archive, roll_under(tmp_path), slower(year, due_before(year, BAD), 8 * MINUTE), mornings(FIRST, DAYS))
    new = TOML.replace('max_runtime = "10 min"', 'max_runtime = "5 min"') + '[history]\nevidence = "evidence"\n'
    (tmp_path / "new.toml").write_text(new, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked = ["backtest", "--since", "3000d", "--jobs-file", "new.toml"]

    assert main(asked) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "New alarms: 1" in out
    assert "was ok, would be late (ran-late); the next run was good" in out
    assert "1 morning of 9 would say something else." in out
    assert "Would it have woken you? On 1 of 9 mornings; then it was 0. 1 alarm, of which 1 would be new;" in out
    assert main([*asked, "--max-new", "0"]) == 1
    assert "--max-new 0: 1 would be new." in capsys.readouterr().out
    assert main([*asked, "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert [(each["job"], each["kind"], each["after"]) for each in whole["runs"]] == [
        (HAIKU, "new", "the next run was good")
    ]


def test_nothing_kept_is_never_green(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_under(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert main(["backtest"]) == 4
    assert "jobs.toml: [history] evidence: is not set: no morning was kept." in capsys.readouterr().err
    assert main(["backtest", "--from", "evidence"]) == 1
    assert "No morning of the last 90 d is kept in" in capsys.readouterr().out
