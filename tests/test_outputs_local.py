"""Are a folder's files found, dated and read for each job, whatever else lies there?"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.evidence import CannotLook, FileSeen, OutputSeen
from rollcall.outputs.listing import MOST_FILES, MOST_READ, Wanted
from rollcall.outputs.local import LocalFolder
from rollcall.roll.output import Output
from rollcall.vocabulary import CauseCode

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
DAY = timedelta(days=1)
STAMPED = "haiku-%Y%m%d-%H%M%S.md"
HOUSE = Path(__file__).parents[1]


def wanted(path: str = "*", *, job_id: str = "haiku", must_change: bool = False) -> Wanted:
    table = {"path": path, "read_up_to": "1 MB", "format": "text", "must_change": must_change}
    output = Output.model_validate(table)
    return Wanted(key=(job_id, 0), output=output, zone=ZURICH, since=NOW - 2 * DAY, read_since=NOW - DAY)


def seen(folder: Path, path: str = "*", *, now: datetime = NOW) -> OutputSeen:
    return LocalFolder(folder).look([wanted(path)], now=now)["haiku", 0].read()


def write(folder: Path, name: str, *, at: datetime = NOW, text: str = "text") -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def one(output: OutputSeen) -> FileSeen:
    (file,) = output.files
    return file


# Which files are whose --------------------------------------------------------------------------------------------

NAMES = ["a.md", "b.md", "a.MD", "haiku-1.md", "haiku-2.txt", "haiku", "HAIKU-3.md", "zx1", "x", "[1].md", "héhé.md"]
PATTERNS = [
    "*", "*.md", "*.MD", "haiku-*", "haiku-*.md", "haiku-1.md", "haiku*", "h*", "[a-z]x*", "[!h]*", "?.md", "ha[i]ku",
    "[[]1].md", "[1", "h[", "none-*", "héhé.*", "haiku-?.???",
]  # fmt: skip


def test_each_job_gets_the_files_of_its_pattern_whatever_the_others_ask_for(tmp_path: Path) -> None:
    for name in NAMES:
        write(tmp_path, name)
    found = {
        key: each.seen
        for key, each in LocalFolder(tmp_path).look([wanted(each, job_id=each) for each in PATTERNS], now=NOW).items()
    }

    for pattern in PATTERNS:
        assert sorted(file.name for file in found[pattern, 0].files) == sorted(
            name for name in NAMES if fnmatchcase(name, pattern)
        )
        assert found[pattern, 0].matches == len(found[pattern, 0].files)


# "**" is refused: no search goes to any depth.
LETTERS = st.text("abx-*?[]!", min_size=1, max_size=5).filter(lambda text: "**" not in text)


@given(st.lists(LETTERS, min_size=1, max_size=6, unique=True))
def test_no_pattern_hides_a_file_from_another(tmp_path_factory: pytest.TempPathFactory, patterns: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp() / "patterns"
    names = ["a", "ab", "abx", "b-a", "x", "-", "aax", "[a", "!b", "xxxxx"]
    if not folder.exists():
        folder.mkdir()
        for name in names:
            write(folder, name)
    found = {
        key: each.seen
        for key, each in LocalFolder(folder).look([wanted(each, job_id=each) for each in patterns], now=NOW).items()
    }

    for pattern in patterns:
        assert {file.name for file in found[pattern, 0].files} == {name for name in names if fnmatchcase(name, pattern)}


def test_files_are_newest_first_and_of_those_before_the_look_back_some_to_compare_with(tmp_path: Path) -> None:
    for days in range(100):
        write(tmp_path, f"{days}.md", at=NOW - days * DAY)
    output = seen(tmp_path)

    assert [file.name for file in output.files] == [f"{days}.md" for days in range(63)]
    assert output.matches == 100


# Folders as outputs -----------------------------------------------------------------------------------------------


def snapshot(folder: Path, name: str, **texts: str) -> Path:
    """A folder with these files in it, each of them written at 06:00 of the 11th, and the folder ten minutes later."""
    at = NOW.replace(hour=5, minute=0).timestamp()
    (folder / name / "etc").mkdir(parents=True)
    for file, text in texts.items():
        (folder / name / "etc" / file).write_text(text)
        os.utime(folder / name / "etc" / file, (at, at))
    os.utime(folder / name, (at + 600, at + 600))
    return folder / name


def test_a_folder_as_output_has_the_size_of_all_that_is_in_it_and_the_time_of_the_newest(tmp_path: Path) -> None:
    snapshot(tmp_path, "2026-02-11", hosts="1234", passwd="56")
    (tmp_path / "2026-02-11" / "etc" / "all").symlink_to("/")
    file = one(LocalFolder(tmp_path).look([folders("%F/")], now=NOW)["haiku", 0].read())

    assert (file.name, file.size, file.is_folder, file.unreadable) == ("2026-02-11", 6, True, None)
    assert file.modified_at == NOW.replace(hour=5, minute=0)


@pytest.mark.parametrize(
    ("name", "is_inside"),
    [("hosts", True), ("etc/hosts", True), ("etc", True), ("host*", True), ("*/hosts", True), ("_SUCCESS", False)],
)
def test_what_a_folder_must_have_is_inside_or_not(tmp_path: Path, name: str, is_inside: bool) -> None:
    snapshot(tmp_path, "2026-02-11", hosts="1234")
    output = Output.model_validate({"path": "%F/", "must_have": [name]})
    file = one(LocalFolder(tmp_path).look([replace(wanted(), output=output)], now=NOW)["haiku", 0].read())

    assert file.content is not None
    assert file.content.has == {name: is_inside}


def test_a_file_where_a_folder_should_be_is_none(tmp_path: Path) -> None:
    write(tmp_path, "2026-02-11")
    file = one(LocalFolder(tmp_path).look([folders("%F/")], now=NOW)["haiku", 0].read())

    assert not file.is_folder
    assert not file.is_regular


def folders(path: str) -> Wanted:
    return replace(wanted(), output=Output.model_validate({"path": path}))


def test_only_what_may_be_judged_and_the_newest_are_read(tmp_path: Path) -> None:
    for hours in (1, 2, 30):
        write(tmp_path, f"{hours}.md", at=NOW - timedelta(hours=hours))

    assert [file.content is not None for file in seen(tmp_path).files] == [True, True, False]


def test_of_an_output_that_must_change_the_one_before_is_read_too(tmp_path: Path) -> None:
    for hours in (1, 30, 40, 50):
        write(tmp_path, f"{hours}.md", at=NOW - timedelta(hours=hours))
    files = LocalFolder(tmp_path).look([wanted(must_change=True)], now=NOW)["haiku", 0].read().files

    assert [file.content is not None for file in files] == [True, True, False, False]


def test_the_newest_is_read_however_old_it_is(tmp_path: Path) -> None:
    write(tmp_path, "old.md", at=NOW - 300 * DAY)

    assert one(seen(tmp_path)).content


def test_what_was_made_after_the_judged_moment_is_later(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, f"later-{number}", at=NOW + DAY)
    write(tmp_path, "now", at=NOW + timedelta(seconds=59))
    output = seen(tmp_path)

    assert one(output).name == "now"
    assert len(output.later) == 3
    assert output.matches == 6


def test_a_name_that_no_date_can_have_is_a_near_miss_and_one_of_another_form_is_none(tmp_path: Path) -> None:
    for name in ("haiku-20260211-060017.md", "haiku-draft.md", "haiku-20261399-000000.md", "haiku-00010101-000000.md"):
        write(tmp_path, name)
    output = seen(tmp_path, STAMPED)

    assert (one(output).name, output.matches) == ("haiku-20260211-060017.md", 1)
    assert sorted(output.unstamped) == ["haiku-00010101-000000.md", "haiku-20261399-000000.md"]


def test_files_lie_in_folders_that_their_names_tell_of(tmp_path: Path) -> None:
    for place in ("2026/02/11/a.md", "2026/02/11/a.txt", "2026/02/10/a.md", "2026/02/a.md", "2026/x/11/a.md", "a.md"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path, place)
    output = seen(tmp_path, "%Y/%m/%d/*.md")

    assert [file.name for file in output.files] == ["2026/02/11/a.md", "2026/02/10/a.md"]
    assert output.files[0].content


def test_folders_that_hold_nothing_young_enough_are_not_walked(tmp_path: Path) -> None:
    for day in ("2026-02-11", "2026-02-09", "2026-02-07", "2025-02-11"):
        (tmp_path / day).mkdir()
        write(tmp_path, f"{day}/a.md")
    output = seen(tmp_path, "%F/*.md")

    # Looked back on are two days, and beside them what earlier runs left: of four weeks, and no year of days.
    assert [file.name for file in output.files] == ["2026-02-11/a.md", "2026-02-09/a.md", "2026-02-07/a.md"]
    assert output.matches == 3


def test_two_outputs_of_a_job_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.md", "a.txt"):
        write(tmp_path, name)
    both = [replace(wanted(path), key=("haiku", number)) for number, path in enumerate(("*.md", "*.txt"))]
    found = {key: each.seen for key, each in LocalFolder(tmp_path).look(both, now=NOW).items()}

    assert {key: one(output).name for key, output in found.items()} == {("haiku", 0): "a.md", ("haiku", 1): "a.txt"}


def test_a_leading_dot_is_matched_only_by_one(tmp_path: Path) -> None:
    for name in ("a.md", ".a.md", ".a.md.part"):
        write(tmp_path, name)

    assert one(seen(tmp_path, "*.md")).name == "a.md"
    assert one(seen(tmp_path, ".*.md")).name == ".a.md"


# Which instant a name tells ---------------------------------------------------------------------------------------

# In Europe/Zurich 2026: clocks skip 02:00-03:00 on 29 March, repeat 02:00-03:00 on 25 October.
MADE_AT = """
path                   | name                     | mtime (UTC)         | made at (UTC)       | because
haiku-%Y%m%d-%H%M%S.md | haiku-20260211-060017.md | 2026-02-11 05:00:18 | 2026-02-11 05:00:17 | winter
haiku-%Y%m%d-%H%M%S.md | haiku-20260711-060017.md | 2026-07-11 04:00:18 | 2026-07-11 04:00:17 | summer
haiku-%Y%m%d-%H%M%S.md | haiku-20260211-060017.md | 2026-03-01 00:00:00 | 2026-02-11 05:00:17 | a restored mtime
haiku-%Y%m%d-%H%M%S.md | haiku-20261025-023000.md | 2026-10-25 00:30:01 | 2026-10-25 00:30:00 | the first 02:30
haiku-%Y%m%d-%H%M%S.md | haiku-20261025-023000.md | 2026-10-25 01:30:01 | 2026-10-25 01:30:00 | the second 02:30
haiku-%Y%m%d-%H%M%S.md | haiku-20260329-023000.md | 2026-03-29 00:30:01 | 2026-03-29 01:30:00 | whatever the mtime
haiku-%Y%m%d-%H%M%S.md | haiku-20260329-023000.md | 2026-03-29 01:30:01 | 2026-03-29 01:30:00 | an hour that is skipped
%Y%m%dT%H%M%S%z        | 20260211T060017+0100     | 2026-02-11 00:00:00 | 2026-02-11 05:00:17 | an offset
%Y%m%dT%H%M%S%z        | 20260211T060017-0500     | 2026-02-11 00:00:00 | 2026-02-11 11:00:17 | another offset
%Y%m%dT%H%M%S%z        | 20261025T023000+0100     | 2026-10-25 00:30:00 | 2026-10-25 01:30:00 | not the mtime
%Y%m%d-%H%M            | 20260211-0600            | 2026-02-11 05:00:18 | 2026-02-11 05:00:18 | within the minute
%Y%m%d-%H%M            | 20260211-0600            | 2026-03-01 00:00:00 | 2026-02-11 05:00:59 | the end of the minute
%Y%m%d-%H              | 20260211-06              | 2026-02-11 05:17:00 | 2026-02-11 05:17:00 | within the hour
backup-%Y-%m-%d.tar    | backup-2026-02-11.tar    | 2026-02-11 05:00:18 | 2026-02-11 05:00:18 | within the day
backup-%Y-%m-%d.tar    | backup-2026-02-11.tar    | 2026-02-10 22:00:00 | 2026-02-10 23:00:00 | the start of the day
backup-%Y-%m-%d.tar    | backup-2026-02-11.tar    | 2026-03-01 00:00:00 | 2026-02-11 22:59:59 | the end of the day
100%%-%Y%m%d           | 100%-20260211            | 2026-02-11 05:00:18 | 2026-02-11 05:00:18 | a percent sign
"""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()[1:]]


@pytest.mark.parametrize(("path", "name", "mtime", "made_at", "because"), rows(MADE_AT))
def test_a_name_tells_the_instant(tmp_path: Path, path: str, name: str, mtime: str, made_at: str, because: str) -> None:
    write(tmp_path, name, at=datetime.fromisoformat(mtime).replace(tzinfo=UTC))
    now = datetime(2026, 12, 1, tzinfo=UTC)
    file = one(seen(tmp_path, path, now=now))

    assert file.made_at.replace(microsecond=0) == datetime.fromisoformat(made_at).replace(tzinfo=UTC), because
    assert file.modified_at == datetime.fromisoformat(mtime).replace(tzinfo=UTC)


def test_without_a_date_in_its_path_the_mtime_is_the_instant(tmp_path: Path) -> None:
    write(tmp_path, "haiku-20200101-000000.md", at=NOW)

    assert one(seen(tmp_path)).made_at == NOW


@pytest.mark.parametrize("mtime", [-(2**40), -1, 2**33, 2**40, 2**60])
def test_an_mtime_that_no_calendar_has_hides_nothing(tmp_path: Path, mtime: int) -> None:
    write(tmp_path, "good.md", at=NOW)
    path = write(tmp_path, "odd.md")
    os.utime(path, (0, mtime))
    output = seen(tmp_path)

    assert [file.name for file in (*output.later, *output.files)].count("good.md") == 1
    assert output.matches == 2


# What else can lie there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "is_regular"),
    [
        ("folder", False),
        ("pipe", False),
        ("socket", False),
        ("dangling link", False),
        ("link loop", False),
        ("link to a folder", False),
        ("link to a pipe", False),
        ("link through a file", False),
        ("link to a file", True),
        ("file", True),
    ],
)
def test_what_is_no_file_is_seen_as_that_and_hides_nothing(tmp_path: Path, what: str, is_regular: bool) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "outputs"
    elsewhere.mkdir()
    folder.mkdir()
    write(folder, "good.md", at=NOW - timedelta(hours=1))
    odd = folder / "odd.md"
    match what:
        case "folder":
            odd.mkdir()
        case "pipe":
            os.mkfifo(odd)
        case "socket":
            here = Path.cwd()
            os.chdir(folder)  # the name of a socket may not be long
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind("odd.md")
            os.chdir(here)
        case "dangling link":
            odd.symlink_to(elsewhere / "nothing")
        case "link loop":
            odd.symlink_to(odd)
        case "link to a folder":
            odd.symlink_to(elsewhere)
        case "link to a pipe":
            os.mkfifo(elsewhere / "pipe")
            odd.symlink_to(elsewhere / "pipe")
        case "link through a file":
            odd.symlink_to(folder / "good.md" / "x")
        case "link to a file":
            odd.symlink_to(write(elsewhere, "file"))
        case "file":
            write(folder, "odd.md")
    output = LocalFolder(folder).look([wanted("*.md")], now=datetime.now(UTC) + DAY)["haiku", 0].read()
    by_name = {file.name: file for file in output.files}

    assert by_name["odd.md"].is_regular is is_regular
    assert by_name["odd.md"].unreadable is None
    assert by_name["good.md"].is_regular


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"two\nlines.md", "two lines.md"),
        (b"\x1b[31mred.md", "red.md"),
        (b"not UTF-8 \xff.md", "not UTF-8 \ufffd.md"),
        (b"  two  spaces.md", "two spaces.md"),
        ("exe\u202e.md".encode(), "exe.md"),
        (b"x" * 252 + b".md", "x" * 199 + "…"),
    ],
)
def test_a_file_is_opened_by_its_own_name_and_shown_by_a_clean_one(tmp_path: Path, name: bytes, shown: str) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)
    with open(path, "wb") as file:
        file.write(b"its own text")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    file_seen = one(seen(tmp_path, "*.md"))

    assert file_seen.name == shown
    assert file_seen.unreadable is None
    assert file_seen.content is not None
    assert file_seen.content.head == "its own text"


def test_names_of_near_misses_are_clean_and_few(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path, f"haiku-20261399\x1b[31m{number}\n.md")
    unstamped = seen(tmp_path, "haiku-%Y%m%d*").unstamped

    assert len(unstamped) == 5
    assert all(re.fullmatch(r"haiku-20261399\d ?\.md", name) for name in unstamped)


# Folders that cannot be listed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("missing", "No such file or directory"),
        ("a file", "Not a directory"),
        ("below a file", "Not a directory"),
        ("a link loop", "Too many levels of symbolic links"),
        ("a long name", "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_listed_is_output_unreadable(tmp_path: Path, what: str, told: str) -> None:
    folder = tmp_path / "folder"
    match what:
        case "a file":
            folder.touch()
        case "below a file":
            folder.touch()
            folder /= "below"
        case "a link loop":
            folder.symlink_to(folder)
        case "a long name":
            folder.mkdir()
            folder /= "x" * 300
    with pytest.raises(CannotLook, match=told) as refusal:
        seen(folder)

    assert refusal.value.code is CauseCode.OUTPUT_UNREADABLE


FORBIDDEN = """
import os
from datetime import UTC, datetime
from pathlib import Path
from tests.test_outputs_local import seen
from rollcall.evidence import CannotLook
from rollcall.roll.formats import formats

folder = Path("outputs")
formats()  # Python itself may lie where only root can read it
if os.geteuid() == 0:
    os.seteuid(65534)  # root may do everything
try:
    file = seen(folder).files[0]
    print(file.unreadable)
except CannotLook as problem:
    print(problem.code, problem.detail.rpartition(": ")[2])
"""


@pytest.mark.parametrize(
    ("of_folder", "of_file", "told"),
    [
        (0o000, 0o644, "output-unreadable Permission denied"),
        (0o444, 0o644, "output-unreadable Permission denied"),  # listed, but nothing in it can be asked
        (0o555, 0o000, "Permission denied"),
    ],
)
def test_what_may_not_be_read_is_told(tmp_path: Path, of_folder: int, of_file: int, told: str) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    write(folder, "haiku.md").chmod(of_file)
    folder.chmod(of_folder)
    tmp_path.chmod(0o755)
    child = subprocess.run(
        [sys.executable, "-c", FORBIDDEN],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
        check=False,
    )
    folder.chmod(0o755)

    assert (child.stdout.strip(), child.stderr) == (told, "")


# Bounds -----------------------------------------------------------------------------------------------------------


def test_of_thousands_of_matches_the_newest_are_kept_and_few_are_read(tmp_path: Path) -> None:
    count = 2 * MOST_FILES + 500
    for number in range(count):
        write(tmp_path, f"{number:05}", at=NOW - timedelta(seconds=number))
    write(tmp_path, "before", at=NOW - 9 * DAY)
    output = seen(tmp_path)

    assert [file.name for file in output.files] == [f"{number:05}" for number in range(MOST_FILES)]
    assert output.matches == count + 1
    assert sum(file.content is not None for file in output.files) == MOST_READ


def fill(folder: Path, names: Iterable[str]) -> Path:
    folder.mkdir()
    for name in names:
        os.mknod(folder / name)
    return folder


def peak_of(folder: Path, jobs: list[Wanted]) -> int:
    tracemalloc.start()
    LocalFolder(folder).look(jobs, now=NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_files_of_no_job(tmp_path: Path) -> None:
    jobs = [wanted(f"job-{number}-*.md", job_id=str(number)) for number in range(20)]
    jobs += [wanted("*.never", job_id="any"), wanted("job-x*", job_id="other")]
    few = fill(tmp_path / "few", (f"unrelated-{number}" for number in range(100)))
    many = fill(tmp_path / "many", (f"unrelated-{number}" for number in range(20_000)))
    peak_of(few, jobs)

    assert peak_of(many, jobs) < peak_of(few, jobs) + 50_000


# The disk below ---------------------------------------------------------------------------------------------------


def test_how_full_the_disk_is_comes_with_the_files(tmp_path: Path) -> None:
    output, disk = seen(tmp_path), shutil.disk_usage(tmp_path)

    assert output.total_bytes == disk.total
    assert output.free_bytes is not None
    assert 0 <= output.free_bytes <= disk.total


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no file system without a size on this machine")
def test_what_has_no_size_is_not_called_full() -> None:
    output = seen(Path("/proc"), "none-*")

    assert (output.free_bytes, output.total_bytes) == (None, None)


def test_a_file_dated_ahead_makes_no_folder_one_of_the_future(tmp_path: Path) -> None:
    folder = snapshot(tmp_path, "2026-02-11", hosts="1")
    later = write(folder, "b", at=NOW + 900 * DAY)
    os.utime(folder, (NOW.timestamp(), (NOW + DAY).timestamp()))
    output = LocalFolder(tmp_path).look([folders("%F/")], now=NOW)["haiku", 0].read()

    assert later.exists()
    assert (output.later, one(output).modified_at) == ((), NOW.replace(hour=5, minute=0))


def test_a_folder_without_a_date_is_of_when_the_newest_in_it_was_written(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"site{number}" / "deep").mkdir(parents=True)
        write(tmp_path, f"site{number}/deep/a")
        os.utime(tmp_path / f"site{number}", ((NOW - 50 * DAY).timestamp(),) * 2)
    output = LocalFolder(tmp_path).look([folders("site*/")], now=NOW)["haiku", 0].read()

    assert {each.modified_at for each in output.files} == {NOW}
