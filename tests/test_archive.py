"""Do kept mornings stay small, whole and free of secrets, wherever they lie, and who keeps none?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.kept import DAY, ROOT, TOML, keep, mornings, nights, roll_under
from fixtures.lived_in import TOKEN, LivedIn, lived_in
from fixtures.one_morning import HAIKU
from fixtures.stores import Server
from rollcall.cli import main
from rollcall.evidence import Evidence, LeftThen, Remembered, RunRemembered
from rollcall.recorded.archive import Archive, Unfit
from rollcall.recorded.kept import KeptMorning
from rollcall.roll.load import load
from rollcall.roll.place import Place
from rollcall.run.archive import archive_of
from rollcall.storage import Folder, Storage, storage_of

pytest_plugins = ("fixtures.stores",)

FIRST = "2026-02-02"


def evidence_of(now: datetime, *, remembered: int = 120) -> Evidence:
    """What is seen then, and that many earlier runs of the history."""
    runs = tuple(
        RunRemembered(
            due_at=now.replace(hour=1, minute=30) - number * DAY,
            is_measure=bool(number % 7),
            took=timedelta(seconds=30 + (now - number * DAY).day),
            left=(LeftThen(output="data/*.md", size=10_000 * (now - number * DAY).day), LeftThen(output="b")),
        )
        for number in range(1, remembered)
    )
    return replace(nights(FIRST, 60).seen_at(now).evidence, remembered=Remembered.of({HAIKU: runs}))


def all_of(archive: Archive, now: datetime) -> list[KeptMorning | Unfit]:
    named, unfit = archive.found(since=now - 400 * DAY, now=now)
    return [*unfit, *(each for batch in archive.batches(named) for each in batch.read())]


@pytest.fixture(params=["folder", "moto"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Folder(tmp_path / "evidence")
    server: Server = request.getfixturevalue(request.param)
    table: dict[str, Any] = {"url": f"{server.url}/{tmp_path.name}", "options": server.options, "timeout": "20 s"}
    context = {"id": "hub", "environment": {}, "folder": Path(), "is_replay": False}
    places = {"hub": Place.model_validate(table, context=context)}
    return storage_of("hub", given_as="[history] evidence", places=places, folder=tmp_path, environment={})


def test_what_is_kept_is_read_back_as_it_was_and_most_of_it_once_a_week(storage: Storage, tmp_path: Path) -> None:
    archive, roll = Archive(storage), roll_under(tmp_path)
    days = mornings(FIRST, 9)
    seen = [evidence_of(now) for now in days]
    for now, evidence in zip(days, seen, strict=True):
        assert keep(archive, roll, evidence, now) is None

    read = all_of(archive, days[-1])
    assert [each.recorded.evidence for each in read if isinstance(each, KeptMorning)] == seen
    sizes = {name: each.size or 0 for name, each in storage.list().items()}
    whole = [size for name, size in sizes.items() if "+" not in name]
    others = [size for name, size in sizes.items() if "+" in name]
    assert (len(whole), len(others)) == (2, 7)
    assert max(others) < 0.5 * min(whole)


def test_what_is_older_than_is_kept_goes_but_for_what_others_build_on(storage: Storage, tmp_path: Path) -> None:
    archive, roll = Archive(storage), roll_under(tmp_path)
    days = mornings(FIRST, 16)
    for now in days:
        keep(archive, roll, evidence_of(now, remembered=3), now, keeps=4 * DAY)

    read = all_of(archive, days[-1])
    # As the history does, it reckons from the morning before. The whole one of the 9th stays while others build on it.
    assert [each.recorded.now for each in read if isinstance(each, KeptMorning)] == [days[7], *days[10:]]


def test_a_morning_that_is_merged_once_more_is_kept_once(storage: Storage, tmp_path: Path) -> None:
    archive, roll = Archive(storage), roll_under(tmp_path)
    days = mornings(FIRST, 2)
    for now in (*days, days[1], days[1]):
        keep(archive, roll, evidence_of(now), now)
    again = evidence_of(days[1], remembered=60)
    keep(archive, roll, again, days[1])

    first, second = all_of(archive, days[-1])
    assert isinstance(first, KeptMorning)
    assert isinstance(second, KeptMorning)
    assert (first.recorded.now, second.recorded.now) == tuple(days)
    assert second.recorded.evidence == again


def test_a_clock_that_jumps_ahead_forgets_nothing(storage: Storage, tmp_path: Path) -> None:
    archive, roll = Archive(storage), roll_under(tmp_path)
    days = mornings(FIRST, 3)
    for now in (*days[:2], days[0] + 3000 * DAY, days[2]):
        keep(archive, roll, evidence_of(days[0]), now, keeps=4 * DAY)

    read = all_of(archive, days[-1])
    assert [each.recorded.now for each in read if isinstance(each, KeptMorning)] == days
    assert [each.why for each in read if isinstance(each, Unfit)] == ["it is of the future, by its name"]


def test_the_oldest_go_first_where_all_would_be_too_large(tmp_path: Path) -> None:
    from rollcall.recorded.kept import KeptMorning
    from rollcall.recorded.record import Recorded

    storage = Folder(tmp_path / "evidence")
    archive, days = Archive(storage), mornings(FIRST, 30)
    told = []
    for now in days:
        # What cannot be compressed, so that it is known how much it takes.
        recorded = Recorded(evidence=Evidence(schedulers={}, outputs={}), now=now, root=tmp_path)
        files = {"jobs.toml": os.urandom(20_000).hex()}
        kept = KeptMorning(recorded=recorded, by="pytest", files=files, jobs=(), schedulers=())
        told.append(archive.add(kept, keeps=365 * DAY, most=200_000))

    left = storage.list()
    assert sum(each.size or 0 for each in left.values()) <= 200_000
    assert 5 <= len(left) < 30
    assert all(isinstance(each, KeptMorning) for each in all_of(archive, days[-1]))
    assert max(left).startswith("20260303")
    assert told[-1] is not None
    assert "as all of them together may take 200.0 kB (evidence_size in [history])" in told[-1]


def test_the_place_of_jobs_toml_is_found_by_its_name_and_reads_its_variables(
    moto: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**moto.options, "secret": "${HUB_SECRET}"}
    monkeypatch.setenv("HUB_SECRET", moto.options["secret"])
    written = ", ".join(f"{key} = {_toml(each)}" for key, each in options.items())
    place = (
        f'[places.hub]\nurl = "{moto.url}/{tmp_path.name}"\noptions = {{ {written} }}\n[history]\nevidence = "hub"\n'
    )
    (tmp_path / "jobs.toml").write_text(TOML + place, encoding="utf-8")
    roll = load(tmp_path / "jobs.toml", environment=os.environ, root=ROOT)
    archive, now = archive_of(roll, os.environ), datetime.now(UTC) - DAY
    assert archive is not None
    keep(archive, roll, nights(FIRST, 9).seen_at(mornings(FIRST, 1)[0]).evidence, now)
    monkeypatch.chdir(tmp_path)

    assert main(["backtest"]) == 0
    assert "1 morning judged again under jobs.toml" in capsys.readouterr().out
    monkeypatch.delenv("HUB_SECRET")
    assert main(["backtest"]) == 4
    assert "HUB_SECRET" in capsys.readouterr().err


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


# Real mornings --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        file = house.folder / "jobs.toml"
        file.write_text(file.read_text() + '\n[history]\nevidence = "kept"\n')
        yield house


def kept(house: LivedIn) -> list[Path]:
    folder = house.folder / "kept"
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    "arguments",
    [("--no-history",), ("-k", "status"), ("--as-of=2026-02-11T07:00+01:00",), ("--demo",)],
    ids=["without history", "a part", "another moment", "the demo"],
)
def test_what_is_no_whole_morning_of_the_present_is_not_kept(house: LivedIn, arguments: tuple[str, ...]) -> None:
    before = kept(house)
    as_of = () if any("--as-of" in each or "--demo" in each for each in arguments) else ("--as-of=",)
    house.run(*arguments, *as_of)

    assert kept(house) == before


def test_a_morning_is_kept_without_secrets_and_judged_again(
    house: LivedIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(house)
    run = house.run("--as-of=")
    assert house.run("--as-of=").status == run.status

    new = [each for each in kept(house) if each not in before]
    assert len(new) == 2
    assert any("+" in each.name for each in new)
    now = datetime.now(UTC)
    for each in all_of(Archive(Folder(house.folder / "kept")), now):
        assert isinstance(each, KeptMorning)
        assert TOKEN not in each.recorded.evidence.to_json()
        assert not any(TOKEN in text for text in each.files.values())
        assert any("${HOUSE_TOKEN}" in text for text in each.files.values())
    monkeypatch.chdir(house.folder)
    assert main(["backtest"]) == 0
    out = capsys.readouterr().out
    assert "2 mornings judged again under jobs.toml" in out
    assert "No morning of 2 would say something else." in out


def test_that_it_could_not_be_kept_is_said_and_changes_no_verdict(house: LivedIn) -> None:
    file = house.folder / "jobs.toml"
    usual = file.read_text()
    (house.folder / "in the way").write_text("a file, and no folder")
    well = house.run("--as-of=")
    file.write_text(usual.replace('evidence = "kept"', 'evidence = "in the way/kept"'))
    try:
        run = house.run("--as-of=")
    finally:
        file.write_text(usual)

    assert run.status == well.status
    assert run.text.count("the evidence of this morning is not kept: ") == 1
    assert "Traceback" not in run.text
    assert [each["verdict"] for each in run.morning["jobs"]] == [each["verdict"] for each in well.morning["jobs"]]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('evidence = "nowhere://x"', "[history] evidence"),
        ('evidence = ""', "history.evidence"),
        ('evidence = "kept"\nevidence_size = "1 MB"', 'must be at least "10 MB"'),
    ],
)
def test_a_place_that_cannot_be_is_bad_input(house: LivedIn, line: str, says: str) -> None:
    file = house.folder / "jobs.toml"
    usual = file.read_text()
    file.write_text(usual.replace('evidence = "kept"', line))
    try:
        run = house.run("--as-of=")
    finally:
        file.write_text(usual)

    assert run.status == 4
    assert says in run.text
    assert "Traceback" not in run.text
