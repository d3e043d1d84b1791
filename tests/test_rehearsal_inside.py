"""Are faults that are planted in a copy of an output's own bytes found, and does the setting find them that is advised?

Real files in a real folder, a real table and a real list, read as they are each morning.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import sqlite3
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest

from fixtures.jobs_toml import DAILY, ZURICH, read
from fixtures.left_behind import A_MOMENT, DUE, NOW, day, left
from rollcall.ask import gather
from rollcall.commands.rehearse import fetched
from rollcall.evidence import OutputSeen
from rollcall.rehearse.advice import addressed
from rollcall.rehearse.packing import packed
from rollcall.rehearse.rehearsal import Outcome, Planted, Rehearsal, rehearse
from rollcall.terminal.rehearsal import render_rehearsal
from rollcall.vocabulary import CauseCode

CUT, END_LOST, HALF_PACKED = "truncated-output", "truncated-output (end lost)", "truncated-output (half packed)"
GARBAGE, DAMAGED = "corrupt-output (random bytes)", "corrupt-output (damaged inside)"
CODE_PAGE = "wrong-encoding (another code page)"
NO_ROWS, FEW_ROWS = "empty-output (no rows)", "truncated-output (few rows)"
NAMES, AGAIN = "incomplete-output (names inside)", "duplicate-output"
VERIFY = 'add verify = ["…", "{file}"] to [jobs.x.output], a command that reads it to its end'


def add(setting: str, why: str = "") -> str:
    return f"add {setting} to [jobs.x.output]{why}"


OF_300 = " (it has 300)"


# What a run leaves, another each time ------------------------------------------------------------------------------


def a_csv(number: int) -> bytes:
    return ("id,name,x\n" + "".join(f"{row},naïve {row * number},x\n" for row in range(300))).encode()


def a_json(number: int) -> bytes:
    return json.dumps([{"id": row, "name": f"{row * number}"} for row in range(300)]).encode()


def a_jsonl(number: int) -> bytes:
    return b"".join(b'{"id": %d}\n' % (row * number) for row in range(300))


def an_xml(number: int) -> bytes:
    return b"<a>" + b"".join(b"<b>%d</b>" % (row * number) for row in range(300)) + b"</a>"


def a_dump(number: int) -> bytes:
    rows = b"".join(b"INSERT INTO a VALUES (%d);\n" % (row * number) for row in range(300))
    return rows + b"--\n-- PostgreSQL database dump complete\n--\n\n"


def a_log(number: int) -> bytes:
    return b"copied %d\n" % number * 100 + b"Backup finished OK\n"


def a_tar(number: int) -> bytes:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            content = a_csv(number) * 9
            entry = tarfile.TarInfo("rates.csv")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        return file.getvalue()


def a_zip(number: int) -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rates.csv", a_csv(number))
        return file.getvalue()


def a_database(number: int) -> bytes:
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE a (x, y)")
        database.executemany("INSERT INTO a VALUES (?, ?)", [(row, f"{row * number}" * 9) for row in range(500)])
        database.commit()
        return database.serialize()


def a_parquet(number: int) -> bytes:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    with io.BytesIO() as file:
        parquet.write_table(arrow.table({"a": [row * number for row in range(500)]}), file)
        return file.getvalue()


def noise(number: int) -> bytes:
    return Random(number).randbytes(3_000)


def in_(compression: str, make: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda number: packed(compression, make(number))


Advised = Mapping[str, str]
# the suffix | what makes it | what is found without any setting | what slips through, and what is advised
FORMS: dict[str, tuple[Callable[[int], bytes], set[str], Advised]] = {
    "csv": (
        a_csv,
        set(),
        {
            **dict.fromkeys((CUT, END_LOST, GARBAGE, DAMAGED, CODE_PAGE), add('format = "csv"')),
            NO_ROWS: add('format = "csv" and min_rows = 1', OF_300),
            FEW_ROWS: add('format = "csv" and min_rows = 200', OF_300),
            AGAIN: add("must_change = true"),
        },
    ),
    "csv.gz": (
        in_("gzip", a_csv),
        {CUT, END_LOST, DAMAGED},
        {
            **dict.fromkeys((HALF_PACKED, GARBAGE, CODE_PAGE), add('format = "csv"')),
            NO_ROWS: add('format = "csv" and min_rows = 1', OF_300),
        },
    ),
    "json": (
        a_json,
        set(),
        {
            **dict.fromkeys((CUT, END_LOST, GARBAGE, DAMAGED), add('format = "json"')),
            NO_ROWS: add('must_hold = ["length(@) > `0`"]'),
        },
    ),
    "json.zst": (in_("zstd", a_json), {CUT, END_LOST, DAMAGED}, {HALF_PACKED: add('format = "json"')}),
    "jsonl": (
        a_jsonl,
        set(),
        {
            **dict.fromkeys((CUT, END_LOST, GARBAGE, DAMAGED), add('format = "jsonl"')),
            FEW_ROWS: add('format = "jsonl" and min_rows = 200', OF_300),
        },
    ),
    "xml": (an_xml, set(), dict.fromkeys((CUT, END_LOST, GARBAGE, DAMAGED), add('format = "xml"'))),
    "sql": (
        a_dump,
        set(),
        {
            **dict.fromkeys((CUT, END_LOST), add('ends_with = "-- PostgreSQL database dump complete"')),
            GARBAGE: add('format = "text"'),
        },
    ),
    "sql.bz2": (
        in_("bzip2", a_dump),
        {CUT, END_LOST, DAMAGED},
        {HALF_PACKED: add('ends_with = "-- PostgreSQL database dump complete"')},
    ),
    "sql.xz": (
        in_("xz", a_dump),
        {CUT, END_LOST, DAMAGED},
        {HALF_PACKED: add('ends_with = "-- PostgreSQL database dump complete"'), GARBAGE: add('format = "text"')},
    ),
    "log": (a_log, set(), dict.fromkeys((CUT, END_LOST), add('ends_with = "Backup finished OK"'))),
    # Nothing in it tells whether what lies in it is what was put there.
    "tar": (a_tar, {CUT}, {GARBAGE: add('format = "tar"'), DAMAGED: VERIFY}),
    "tar.gz": (in_("gzip", a_tar), {CUT, END_LOST, HALF_PACKED, DAMAGED}, {GARBAGE: add('format = "tar"')}),
    "zip": (
        a_zip,
        {CUT, END_LOST, DAMAGED},
        {GARBAGE: add('format = "zip"'), NAMES: add('must_have = ["…"]', ": names that must be inside")},
    ),
    "sqlite": (a_database, {CUT, END_LOST}, {GARBAGE: add('format = "sqlite"')}),
    "parquet": (a_parquet, {CUT, END_LOST}, {GARBAGE: add('format = "parquet"')}),
    "bin": (
        noise,
        set(),
        {
            **dict.fromkeys((END_LOST, GARBAGE, DAMAGED), VERIFY),
            CUT: 'write min_size = "2.0 kB" in [jobs.x.output] (it has 3.0 kB)',
        },
    ),
}


def rehearsed(folder: Path, *lines: str) -> dict[str, Planted]:
    """What became of each fault of the job x, by its title."""
    return {str(each.fault): each for each in rehearsal_of(folder, *lines).jobs[0].faults}


def rehearsal_of(folder: Path, *lines: str) -> Rehearsal:
    """All that became of the job x; nothing in the folder is touched."""
    roll = read(folder, "\n".join((f"{ZURICH}[jobs.x]\n{DAILY}", *lines)))
    before = {each: each.stat().st_mtime_ns for each in folder.rglob("*")}
    evidence = gather(roll.jobs, [], now=NOW, clock=lambda: NOW)
    rehearsal = rehearse(roll, evidence, now=NOW, fetch=fetched)

    assert {each: each.stat().st_mtime_ns for each in folder.rglob("*")} == before
    assert rehearsal.left_out == ()
    return rehearsal


@pytest.mark.parametrize("suffix", FORMS)
def test_of_each_form_what_slips_through_is_found_once_the_advice_is_followed(tmp_path: Path, suffix: str) -> None:
    make, found, slips = FORMS[suffix]
    for days_ago in range(5):
        left(tmp_path / "out" / f"x-{day(days_ago)}.{suffix}", make(days_ago + 1), days_ago=days_ago)
    path = f'output.path = "out/x-%F.{suffix}"'
    faults = rehearsed(tmp_path, path)

    assert {title: addressed("x", faults[title].cure or "") for title in slips} == dict(slips)
    assert {title for title in found if faults[title].outcome is not Outcome.SLIPS} == found
    for title, advice in slips.items():
        if "…" not in advice:
            followed = rehearsed(tmp_path, path, *setting_of(advice))
            assert followed[title].outcome is not Outcome.SLIPS, (title, advice)


def setting_of(advice: str) -> list[str]:
    """The lines of jobs.toml that an advice means."""
    setting = advice.removeprefix("add ").removeprefix("write ").partition(" to [")[0].partition(" in [")[0]
    lines = [f"output.{each}" for each in setting.split(" and ")]
    # Whatever holds of JSON is asked of JSON.
    return [*lines, 'output.format = "json"'] if "must_hold" in setting else lines


def test_each_of_several_outputs_is_spoilt(tmp_path: Path) -> None:
    for days_ago in range(5):
        left(tmp_path / "out" / f"x-{day(days_ago)}.csv", a_csv(days_ago + 1), days_ago=days_ago)
        left(tmp_path / "out" / f"y-{day(days_ago)}.zip", a_zip(days_ago + 1), days_ago=days_ago)
    rehearsal = rehearsal_of(tmp_path, 'output = [{ path = "out/x-%F.csv" }, { path = "out/y-%F.zip" }]')
    cut = {each.output: each.outcome for each in rehearsal.jobs[0].faults if str(each.fault) == CUT}
    lines = list(render_rehearsal(rehearsal, width=100))

    assert cut == {"out/x-%F.csv": Outcome.SLIPS, "out/y-%F.zip": Outcome.FOUND}
    assert [line for line in lines if line.startswith("  its output")] == [
        "  its output out/x-%F.csv",
        "  its output out/y-%F.zip",
    ]
    assert 'add format = "csv" to [[jobs.x.output]]' in " ".join(each.strip() for each in lines)


def test_what_is_too_large_to_be_fetched_is_rehearsed_by_what_was_seen_of_it(tmp_path: Path) -> None:
    for days_ago in range(5):
        left(tmp_path / "out" / f"x-{day(days_ago)}.csv", a_csv(days_ago + 1) * 900, days_ago=days_ago)
    faults = rehearsed(tmp_path, 'output.path = "out/x-%F.csv"', 'output.format = "text"')

    assert faults[CUT].cure
    assert GARBAGE not in faults
    assert faults["corrupt-output"].outcome is Outcome.FOUND


def test_of_a_folder_what_is_inside_is_looked_for_by_name_alone(tmp_path: Path) -> None:
    for days_ago in range(5):
        left(tmp_path / "out" / f"x-{day(days_ago)}" / "_SUCCESS", "1", days_ago=days_ago)
    path = 'output.path = "out/x-%F/"'
    faults = rehearsed(tmp_path, path)
    asked = rehearsed(tmp_path, path, 'output.must_have = ["_SUCCESS"]')

    assert addressed("x", faults[NAMES].cure or "") == add('must_have = ["…"]', ": names that must be inside")
    assert asked[NAMES].outcome is Outcome.FOUND
    lacking = "degraded-output (required text missing)"
    of_content = {GARBAGE, lacking, "duplicate-output", "corrupt-output", "wrong-encoding"}
    assert (faults.keys() | asked.keys()) & {*of_content, "not-read-through"} == set()


def test_what_a_proof_says_of_a_spoilt_file_is_asked(tmp_path: Path) -> None:
    """It is handed a copy of it, and is no more asked than it is each morning."""
    for days_ago in range(5):
        left(tmp_path / "out" / f"x-{day(days_ago)}.bin", noise(7), days_ago=days_ago)
    left(tmp_path / "sum", hashlib.sha256(noise(7)).hexdigest())
    proof = ["sh", "-c", f"""test "$(sha256sum < "$1" | cut -c-64)" = "$(cat {tmp_path}/sum)\"""", "sh", "{file}"]
    path, verify = 'output.path = "out/x-%F.bin"', f"output.verify = {json.dumps(proof)}"
    without, asked = rehearsed(tmp_path, path), rehearsed(tmp_path, path, verify)
    seldom = rehearsed(tmp_path, path, f'output.verify = {{ command = {json.dumps(proof)}, every = "7 d" }}')

    assert {without[title].outcome for title in (END_LOST, GARBAGE, DAMAGED)} == {Outcome.SLIPS}
    assert {asked[title].reported_as for title in (END_LOST, GARBAGE, DAMAGED)} == {CauseCode.VERIFY_FAILED}
    assert {seldom[title].outcome for title in (END_LOST, GARBAGE, DAMAGED)} == {Outcome.SLIPS}


def test_what_is_encrypted_is_spoilt_as_it_lies_there_and_opened(tmp_path: Path) -> None:
    for days_ago in range(5):
        secret = bytes(each ^ 0x55 for each in gzip.compress(a_dump(days_ago + 1), mtime=0))
        left(tmp_path / "out" / f"x-{day(days_ago)}.enc", secret, days_ago=days_ago)
    program = "import sys; sys.stdout.buffer.write(bytes(each ^ 0x55 for each in sys.stdin.buffer.read()))"
    opening = f"output.open = {json.dumps([sys.executable, '-c', program])}"
    shut = rehearsed(tmp_path, 'output.path = "out/x-%F.enc"')
    faults = rehearsed(tmp_path, 'output.path = "out/x-%F.enc"', opening)

    assert {shut[title].outcome for title in (CUT, GARBAGE, DAMAGED)} == {Outcome.SLIPS}
    assert {faults[title].outcome for title in (CUT, DAMAGED)} == {Outcome.FOUND}


# Tables and lists --------------------------------------------------------------------------------------------------

OF_ALL = "SELECT max(updated_at) AS made_at, count(*) AS rows FROM rates"
OF_EACH = "SELECT updated_at AS made_at, count(*) AS rows FROM rates GROUP BY updated_at"


@pytest.mark.parametrize(("query", "rows"), [(OF_ALL, 400), (OF_EACH, 100)])
def test_a_table_can_stay_as_it_was_be_empty_or_lose_its_rows(tmp_path: Path, query: str, rows: int) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE rates (updated_at, rate)")
        for days_ago in range(4):
            at = (DUE.replace(day=DUE.day - days_ago) + A_MOMENT).isoformat()
            database.executemany("INSERT INTO rates VALUES (?, ?)", [(at, rate) for rate in range(100)])
    database.close()
    lines = (f'output.database = "sqlite:///{tmp_path}/db"', f'output.query = "{query}"')
    faults, least = rehearsed(tmp_path, *lines), rows - rows // 3

    assert {title for title, each in faults.items() if each.outcome is Outcome.FOUND} >= {"stale-output", NO_ROWS}
    assert addressed("x", faults[FEW_ROWS].cure or "") == add(f"min_rows = {least}", f" (it has {rows})")
    assert rehearsed(tmp_path, *lines, f"output.min_rows = {least}")[FEW_ROWS].outcome is Outcome.FOUND
    # What can only happen to a file.
    assert not faults.keys() & {"empty-output", CUT, GARBAGE, "stale-output (file of something else)", "disk-full"}


def test_a_list_can_lack_its_newest_entry(tmp_path: Path) -> None:
    times = [(DUE.replace(day=DUE.day - days_ago) + A_MOMENT).isoformat() for days_ago in range(4)]
    (tmp_path / "snapshots.json").write_text(json.dumps([{"time": each} for each in times]))
    lines = (f'output.command = ["cat", "{tmp_path}/snapshots.json"]', 'output.each = "@"', 'output.made_at = "time"')
    faults = rehearsed(tmp_path, *lines)

    assert {title for title, each in faults.items() if each.outcome is Outcome.FOUND} >= {"stale-output", "never-ran"}
    assert not faults.keys() & {"empty-output", CUT, GARBAGE, NO_ROWS, "stale-output (file of something else)"}


def test_compressions_are_packed_as_their_programs_would() -> None:
    undo = {"gzip": gzip.decompress, "bzip2": bz2.decompress, "xz": lzma.decompress}

    assert [undo[name](packed(name, b"some data")) for name in undo] == [b"some data"] * 3


def test_a_file_of_another_host_is_not_looked_for_here(tmp_path: Path) -> None:
    left(tmp_path / f"{day(0)}.txt", "of this machine")
    text = f"{ZURICH}[jobs.x]\n{DAILY}output.path = '%F.txt'\n"
    here = read(tmp_path, text)
    [seen] = gather(here.jobs, here.schedulers, now=NOW, clock=lambda: NOW).outputs["x"]
    assert isinstance(seen, OutputSeen)
    there = read(tmp_path, text.replace("output.path", 'host = "web1"\noutput.path'))

    assert fetched(here.jobs[0], seen.files[0]) == b"of this machine"
    assert fetched(there.jobs[0], seen.files[0]) is None
