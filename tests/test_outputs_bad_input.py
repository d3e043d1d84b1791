"""What does a folder get that lies, changes while it is looked at, is not there, or holds what nobody expects?

A finding, bounded memory, and never green; but one odd thing beside a good file hides nothing.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pytest

from fixtures.left_behind import A_MOMENT, DUE, NOW, aged, day, judged, left, said
from rollcall.evidence import CannotLook, OutputSeen
from rollcall.outputs.listing import Matches, Wanted
from rollcall.outputs.local import LocalFolder
from rollcall.outputs.mounts import not_mounted
from rollcall.roll.output import Output
from rollcall.vocabulary import CauseCode
from tests.test_outputs_local import HOUSE

FILE, FOLDER = "out/x-%F", "out/x-%F/"
OK, REPLACED = ("ok", None), ("pending", None)
EMPTY, CORRUPT = ("bad-output", "empty-output"), ("bad-output", "corrupt-output")
UNREADABLE, NO_FILE = ("unknown", "output-unreadable"), ("bad-output", "output-unreadable")
NOT_READ = ("unknown", "not-read-through")
STALE, AHEAD = ("bad-output", "stale-output"), ("unknown", "future-timestamp")
GB = 1_000_000_000
CSV, SMALL = 'output.format = "csv"', 'output.read_up_to = "1 MB"'


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk in memory, where there is one: hundreds of thousands of files are made, and gone, sooner."""
    disk = Path("/dev/shm")
    with TemporaryDirectory(dir=disk if os.access(disk, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


# What stands where the file of today should ----------------------------------------------------------------------


def sparse(path: Path, size: int, head: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


def odd_mtime(seconds: float) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        left(path)
        os.utime(path, (0, seconds))

    return build


def folder_of(*texts: str, mtime: datetime | None = None) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        path.mkdir()
        for number, text in enumerate(texts):
            file = left(path / f"{number}", text)
            if mtime:
                os.utime(file, (mtime.timestamp(), mtime.timestamp()))

    return build


def bottomless(path: Path) -> None:
    """Deeper than a path may be long."""
    path.mkdir()
    here = os.open(path, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d" * 50, dir_fd=here)
        below = os.open("d" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def with_a(build: Callable[[Path], object]) -> Callable[[Path], None]:
    """A folder in which that stands alone."""

    def whole(path: Path) -> None:
        path.mkdir()
        build(path / "x")

    return whole


# what stands there | builds it | lines of jobs.toml | what is said of it
STANDS_THERE: list[tuple[str, Callable[[Path], object], str, tuple[str, ...], tuple[str, str | None]]] = [
    ("a file", left, FILE, (), OK),
    ("a pipe", os.mkfifo, FILE, (), NO_FILE),
    ("a link that leads nowhere", lambda path: path.symlink_to("nowhere"), FILE, (), NO_FILE),
    ("a link that leads to itself", lambda path: path.symlink_to(path.name), FILE, (), NO_FILE),
    ("a folder", folder_of("some"), FILE, (), NO_FILE),
    # Its name says today, and its time yesterday: at what time it was made is no longer known.
    ("yesterday's, linked hard", lambda path: os.link(path.parent / f"x-{day(1)}", path), FILE, (), REPLACED),
    ("20 GB of which nothing was written", lambda path: sparse(path, 20 * GB), FILE, (), EMPTY),
    ("the same, asked for rows", lambda path: sparse(path, 20 * GB), FILE, (CSV, "output.min_rows = 1"), EMPTY),
    ("rows, and 20 GB of nothing", lambda path: sparse(path, 20 * GB, b"a,b\n1,2\n"), FILE, (CSV,), CORRUPT),
    ("zeros, more than is read", lambda path: left(path, bytes(3_000_000)), FILE, (SMALL,), NOT_READ),
    ("blank lines, more than is read", lambda path: left(path, "\n" * 3_000_000), FILE, (SMALL,), NOT_READ),
    ("a file of 1901", odd_mtime(-2_177_452_800), FILE, (), REPLACED),
    ("a file of 1901, undated", odd_mtime(-2_177_452_800), "out/x-*", (), STALE),
    ("a file of 2038", odd_mtime(2**31 + 5), FILE, (), AHEAD),
    ("a file of 2500", odd_mtime(16_725_225_600), FILE, (), AHEAD),
    ("a file of 2500, undated", odd_mtime(16_725_225_600), "out/x-*", (), STALE),
    ("a file of the next hour, undated", odd_mtime(NOW.timestamp() + 3_600), "out/x-*", (), AHEAD),
    ("a folder of files", folder_of("some", "more"), FOLDER, (), OK),
    ("an empty folder", folder_of(), FOLDER, (), EMPTY),
    ("a folder of empty files", folder_of("", ""), FOLDER, (), EMPTY),
    ("a folder of a link alone", with_a(lambda path: path.symlink_to("/etc/passwd")), FOLDER, (), EMPTY),
    ("a folder of a pipe alone", with_a(os.mkfifo), FOLDER, (), EMPTY),
    ("a folder of files to come", folder_of("some", mtime=NOW + timedelta(days=300)), FOLDER, (), AHEAD),
    ("a folder of yesterday's files", folder_of("some", mtime=DUE - timedelta(days=1)), FOLDER, (), REPLACED),
    ("a file for a folder", left, FOLDER, (), NO_FILE),
    ("a folder deeper than paths are long", bottomless, FOLDER, (), UNREADABLE),
]


@pytest.mark.parametrize(
    ("build", "path", "more", "expected"), [row[1:] for row in STANDS_THERE], ids=[row[0] for row in STANDS_THERE]
)
def test_whatever_stands_there_gets_a_finding(
    tmp_path: Path,
    build: Callable[[Path], object],
    path: str,
    more: tuple[str, ...],
    expected: tuple[str, str | None],
) -> None:
    for days_ago in (1, 2, 3):
        before = tmp_path / "out" / f"x-{day(days_ago)}"
        left(before / "file" if path == FOLDER else before, days_ago=days_ago)
        aged(before, days_ago=days_ago)
    today = tmp_path / "out" / f"x-{day(0)}"
    build(today)
    if abs(today.lstat().st_mtime - datetime.now(UTC).timestamp()) < 3_600:
        aged(today)

    assert said(judged(tmp_path, path, *more)) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a device")
def test_a_device_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    os.mknod(tmp_path / "out" / "x", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    aged(tmp_path / "out" / "x")

    assert said(judged(tmp_path, "out/*", CSV)) == NO_FILE


# Beside a good file ----------------------------------------------------------------------------------------------


def in_a_circle(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    (folder / "here").symlink_to(".")


@pytest.mark.parametrize(
    ("build", "path"),
    [
        (in_a_circle, "out/*/x-%F.csv"),
        (lambda folder: os.mkfifo(folder / "pipe"), "out/*/x-%F.csv"),
        (lambda folder: (folder / os.fsdecode(b"not UTF-8 \xff")).mkdir(), "out/*/x-%F.csv"),
        (lambda folder: left(folder / "site" / os.fsdecode(b"x-2026-02-11\xfe.csv")), "out/*/x-%F.csv"),
        (lambda folder: left(folder / "site" / "x-2026-02-31.csv"), "out/*/x-%F.csv"),
    ],
    ids=("links in a circle", "a pipe", "a folder not named in UTF-8", "a file not named in UTF-8", "no date"),
)
def test_what_is_odd_beside_a_good_file_hides_nothing(
    tmp_path: Path, build: Callable[[Path], object], path: str
) -> None:
    for days_ago in range(4):
        left(tmp_path / "out" / "site" / f"x-{day(days_ago)}.csv", days_ago=days_ago)
    build(tmp_path / "out")

    assert said(judged(tmp_path, path)) == OK


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("there", ["NFC", "NFD"])
def test_a_letter_written_in_two_characters_is_one_in_every_part(tmp_path: Path, written: str, there: str) -> None:
    for days_ago in range(4):
        name = normalize(there, f"café/né/é-{day(days_ago)}.csv")  # type: ignore[arg-type]  # one of the four forms
        left(tmp_path / name, "a;é\n", days_ago=days_ago)
    path = normalize(written, "café/né/é-%F.csv")  # type: ignore[arg-type]  # one of the four forms

    assert said(judged(tmp_path, path, 'output.must_contain = ["é"]')) == OK


# What is not there -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected", "told"),
    [
        ("gone/x-%F", UNREADABLE, "/gone: No such file or directory; what is there is {here}."),
        ("mnt/nas/x-%F", UNREADABLE, "what is there is {here}/mnt, in which nothing is: is it mounted?"),
        ("file/x-%F", UNREADABLE, "/file: Not a directory."),
        ("loop/x-%F", UNREADABLE, "/loop: Too many levels of symbolic links."),
        ("mnt/x-%F", ("missed", "never-ran"), "no file matches {here}/mnt/x-%F."),
    ],
)
def test_a_folder_that_is_not_there_is_no_missing_file(
    tmp_path: Path, path: str, expected: tuple[str, str], told: str
) -> None:
    (tmp_path / "mnt").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    morning = judged(tmp_path, path)

    assert said(morning) == expected
    assert morning.cause.sentence.endswith(told.format(here=tmp_path))


FSTAB = """
# what                the mount point         type
UUID=1                /                       ext4  errors=remount-ro 0 1
nas:/pg               {here}/nas              nfs   ro,noauto
/dev/sdb1             {here}/nas/proc         ext4
/dev/sdc1             {here}/a\\040b          ext4
#/dev/sdd1            {here}/out              ext4
proc                  /proc                   proc
none                  none                    swap
broken
"""


@pytest.mark.parametrize(
    ("folder", "point"),
    [
        ("nas", "nas"),
        ("nas/pg/daily", "nas"),
        ("nas/proc/x", "nas/proc"),
        ("a b/c", "a b"),
        ("link/c", "nas"),
        ("out/c", None),
        ("nasa", None),
    ],
)
def test_what_lies_at_a_mount_point_where_nothing_is_mounted_is_no_evidence(
    tmp_path: Path, folder: str, point: str | None
) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(FSTAB.format(here=tmp_path))
    (tmp_path / "nas" / "pg").mkdir(parents=True)
    (tmp_path / "link").symlink_to("nas/pg")

    assert not_mounted(tmp_path / folder, fstab) == (tmp_path / point if point else None)
    assert not_mounted(Path("/proc/self"), fstab) is None
    assert not_mounted(tmp_path / folder, tmp_path / "none") is None


MOUNTS = """
mount --bind fstab /etc/fstab && {look}
mount -t tmpfs none mnt && {look}
"""
LOOK = """
from pathlib import Path
from tests.test_outputs_bad_input import judged, said
told = judged(Path.cwd(), "mnt/x-%F")
print(*said(told), told.cause.sentence, sep="|")
"""


def test_an_unmounted_disk_is_unknown_whatever_lies_there(tmp_path: Path) -> None:
    """A backup that ran while the disk was away has filled the one below."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    left(tmp_path / "mnt" / f"x-{day(0)}")
    (tmp_path / "fstab").write_text(f"/dev/sdb1 {tmp_path}/mnt ext4\n")
    (tmp_path / "look.py").write_text(LOOK)
    script = MOUNTS.format(look=f"{sys.executable} look.py")
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    child = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    away, there = child.stdout.splitlines()

    assert away.startswith("unknown|place-down|")
    assert away.endswith(f"nothing is mounted at {tmp_path}/mnt, where /etc/fstab says that it should.")
    assert there.startswith("missed|never-ran|")


# What may not be looked at ---------------------------------------------------------------------------------------

AS_NOBODY = """
import os
from pathlib import Path
from fixtures.left_behind import judged, said

said(judged(Path.cwd(), "out/y-%F"))  # Python itself may lie where only root can read it, and is read now
Path("jobs.toml").unlink()
if os.geteuid() == 0:
    os.seteuid(65534)
for path, files in (("out/*/x-%F", 1), ("out/y-%F", 1), ("out/*/z-%F", 1), ("out/*/x*-%F", 2)):
    told = judged(Path.cwd(), path, f"output.files = {files}")
    print(path, *said(told), *(str(each.verdict) for each in told.job.findings if each.check == "no_run_is_missing"))
"""


def test_a_folder_that_may_not_be_entered_hides_nothing_but_what_is_in_it(in_memory: Path) -> None:
    for days_ago in range(4):
        for name in ("open/x", "shut/z", "shut/x2", "y"):
            left(in_memory / "out" / f"{name}-{day(days_ago)}", days_ago=days_ago)
    (in_memory / "out" / "shut").chmod(0o700 if os.geteuid() == 0 else 0)
    in_memory.chmod(0o777)
    environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
    command = [sys.executable, "-c", AS_NOBODY]
    child = subprocess.run(command, cwd=in_memory, env=environment, capture_output=True, text=True, check=False)
    (in_memory / "out" / "shut").chmod(0o755)

    assert child.stderr == ""
    assert child.stdout.split("\n") == [
        "out/*/x-%F ok None",
        "out/y-%F ok None ok",
        "out/*/z-%F unknown output-unreadable",
        "out/*/x*-%F unknown output-unreadable",
        "",
    ]


# What changes while it is looked at ------------------------------------------------------------------------------


def wanted(path: str = "*", job_id: str = "x") -> Wanted:
    output = Output.model_validate({"path": path})
    since = NOW - timedelta(days=2)
    return Wanted(key=(job_id, 0), output=output, zone=ZoneInfo("Europe/Zurich"), since=since, read_since=since)


@pytest.mark.parametrize("path", ["x", "x/"])
def test_what_is_gone_between_listing_and_reading_is_said_to_be(tmp_path: Path, path: str) -> None:
    there = left(tmp_path / "x" / "inside" if path == "x/" else tmp_path / "x")
    [listed] = LocalFolder(tmp_path).look([wanted(path)], now=NOW).values()
    there.unlink()
    if path == "x/":
        there.parent.rmdir()
    [file] = listed.read().files

    assert file.unreadable == "it was there, and is gone since"


COMES_AND_GOES = """
import os
print("begun", flush=True)
names = [f"{number}-day" for number in range(50)]
while True:
    for name in names:
        os.mkdir(name)
        open(f"{name}/x-2026-02-11", "w").close()
        open(f"file-{name}", "w").close()
    for name in names:
        os.unlink(f"file-{name}")
        os.unlink(f"{name}/x-2026-02-11")
        os.rmdir(name)
"""


def test_a_folder_that_changes_all_the_time_shows_what_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for days_ago in range(4):
        left(out / "stays" / f"x-{day(days_ago)}", days_ago=days_ago)
        left(out / f"x-{day(days_ago)}" / "deep" / "file", days_ago=days_ago)
    command = [sys.executable, "-c", COMES_AND_GOES]
    with subprocess.Popen(command, cwd=out, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            assert child.stdout.readline() == "begun\n"
            assert said(judged(tmp_path, "out/stays/x-%F")) == OK
            for _ in range(300):
                seen, folder = seen_in(out, "*/x-%F"), seen_in(tmp_path, "out/")
                assert seen.unlooked == ""
                names = {file.name for file in seen.files if file.size}
                assert {f"stays/x-{day(days_ago)}" for days_ago in range(4)} <= names
                assert [file.size for file in folder.files] == [4 * 10 * 2]
        finally:
            child.kill()


def seen_in(folder: Path, path: str) -> OutputSeen:
    return LocalFolder(folder).look([wanted(path)], now=NOW)["x", 0].read()


# How much it takes -----------------------------------------------------------------------------------------------

MEASURED = """
import sys
from datetime import timedelta
from pathlib import Path
from rollcall.outputs.listing import Source
from rollcall.outputs.local import LocalFolder
from tests.test_outputs_bad_input import NOW, wanted

Source.limit = timedelta(hours=1)  # however busy the machine is

def kilobytes(what):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(what))

folder, *paths = sys.argv[1:]
jobs = [wanted(path, path) for path in paths]
LocalFolder(Path("empty")).look(jobs, now=NOW)
idle = kilobytes("VmRSS")
found = [each.read() for each in LocalFolder(Path(folder)).look(jobs, now=NOW).values()]
print((kilobytes("VmHWM") - idle) // 1000, sum(each.matches for each in found), found[0].files[0].size)
"""
LINUX_ALONE = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells how much memory it took")


def measured(folder: Path, name: str, paths: list[str]) -> tuple[int, int, int]:
    """How many megabytes above idle it took to look there, how many names match, and the size of the newest."""
    (folder / "empty").mkdir()
    child = subprocess.run(
        [sys.executable, "-c", MEASURED, name, *paths],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
        check=True,
    )
    megabytes, matches, size = map(int, child.stdout.split())
    return megabytes, matches, size


@LINUX_ALONE
def test_300_000_names_of_100_jobs_take_bounded_memory(in_memory: Path) -> None:
    """Those of 20 jobs are of the last days, and those of the others of years."""
    (in_memory / "out").mkdir()
    for job in range(100):
        for number in range(3_000):
            at = DUE + A_MOMENT - timedelta(minutes=number * (0.9 if job < 20 else 900))
            file = os.open(in_memory / "out" / f"{job:02}-{at:%F-%H%M}-{number}", os.O_CREAT)
            os.utime(file, (at.timestamp(), at.timestamp()))
            os.close(file)
    paths = [f"{job:02}-%F-*" if job % 2 else f"{job:02}-*" for job in range(100)]
    megabytes, matches, _ = measured(in_memory, "out", paths)

    assert matches == 300_000
    assert megabytes < 64


@pytest.mark.parametrize(("outputs", "each"), [(1, 2_000), (40, 2_000), (100, 800), (1_000, 80), (2_000, 60)])
def test_outputs_that_share_a_listing_share_what_is_kept(outputs: int, each: int) -> None:
    """A run of every minute of a day alone, and of each of thousands no less than shows what is usual."""
    assert {matches.most for matches in Matches.of([wanted()] * outputs)} == {each}


@LINUX_ALONE
def test_a_folder_of_200_000_files_as_one_output_takes_bounded_memory(in_memory: Path) -> None:
    for number in range(200):
        (in_memory / "mirror" / f"{number}" / "x").mkdir(parents=True)
        for name in range(1_000):
            os.close(os.open(in_memory / "mirror" / f"{number}" / "x" / f"{name}", os.O_CREAT))
    left(in_memory / "mirror" / "199" / "the one with something in it", "1234")
    megabytes, matches, size = measured(in_memory, ".", ["mirror/"])

    assert (matches, size) == (1, 4)
    assert megabytes < 64


def test_a_folder_that_is_not_listed_in_time_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(tmp_path / "x")
    monkeypatch.setattr(LocalFolder, "limit", timedelta(seconds=-1))
    with pytest.raises(CannotLook, match="not listed within") as refusal:
        LocalFolder(tmp_path).look([wanted()], now=NOW)

    assert refusal.value.code is CauseCode.OUTPUT_UNREADABLE
