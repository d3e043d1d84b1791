"""Is whatever is read or written a regular file, or nothing; and never a place that somebody else chose?"""

from __future__ import annotations

import io
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from fixtures.lived_in import lived_in
from rollcall.cli import main
from rollcall.files import append_to, read_regular, write_whole
from rollcall.sinks.logbook import append

NOT_REGULAR = "not a regular file"


@pytest.fixture(autouse=True)
def _never_waits() -> Iterator[None]:
    """Who waits for a pipe, or reads a file to an end that it has not, is stopped."""

    def stop(*signalled: object) -> None:
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def a_pipe(place: Path) -> Path:
    os.mkfifo(place)
    return place


def a_link_to_a_device(place: Path) -> Path:
    place.symlink_to("/dev/zero")
    return place


@pytest.mark.parametrize("make", [a_pipe, a_link_to_a_device])
def test_what_is_no_file_is_neither_read_nor_written(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    place = make(tmp_path / "place")
    before = place.lstat()
    for touch in (
        lambda: write_whole(place, "text"),
        lambda: append_to(place, b"text"),
        lambda: append(place, "line"),
        lambda: read_regular(place, 10),
    ):
        with pytest.raises(OSError, match=NOT_REGULAR if make is a_pipe else f"{NOT_REGULAR}|root does not follow"):
            touch()

    assert place.lstat() == before
    assert os.listdir(tmp_path) == ["place"]


@pytest.mark.parametrize("is_there", [True, False], ids=["published", "not yet"])
def test_a_report_that_is_a_link_is_written_where_it_leads(tmp_path: Path, is_there: bool) -> None:
    published, link = tmp_path / "www" / "morning.html", tmp_path / "morning.html"
    published.parent.mkdir()
    if is_there:
        published.write_text("yesterday")
    link.symlink_to("www/morning.html")
    write_whole(link, "today")

    assert (link.is_symlink(), published.read_text(), os.listdir(published.parent)) == (True, "today", [published.name])


def test_a_link_of_another_user_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, theirs = tmp_path / "morning.json", tmp_path / "theirs"
    theirs.write_text("theirs")
    link.symlink_to(theirs)
    if os.geteuid() == 0:
        os.lchown(link, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(OSError, match="a link of another user"):
        write_whole(link, "ours")
    assert theirs.read_text() == "theirs"


def test_root_follows_no_link_for_a_log_or_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs\n")
    for name in ("monitor.log", ".other.log.lock"):
        (tmp_path / name).symlink_to(theirs)
    for log in ("monitor.log", "other.log"):
        with pytest.raises(OSError, match=r"root does not follow|symbolic link"):
            append(tmp_path / log, "a line")

    assert theirs.read_text() == "theirs\n"
    assert not (tmp_path / "other.log").exists()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_who_may_read_it_is_said_by_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "report", "text")
        append(tmp_path / "log", "a line")
        with FileLock(tmp_path / "lock"):
            pass
    finally:
        os.umask(before)

    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("report", "log", "lock")}
    assert modes == {mode}


# What a person names --------------------------------------------------------------------------------------------------


READS: list[tuple[str, list[str]]] = [
    ("jobs.toml", ["due"]),
    ("jobs.toml", ["monitor"]),
    ("jobs.toml", ["install", "cron"]),
    ("more.toml", ["due"]),
    ("kept.jsonl", ["history", "--import", "kept.jsonl"]),
    ("evidence.json", ["diagnose", "--replay", "."]),
]
JOBS = """
timezone = "Europe/Zurich"
include = ["more*.toml"]
[jobs.a]
schedule = "0 6 * * *"
output = { path = "out/a-*.md" }
"""


@pytest.mark.parametrize(("name", "arguments"), READS, ids=lambda each: each if isinstance(each, str) else each[0])
def test_a_pipe_where_a_file_belongs_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROLLCALL_JOBS_FILE", raising=False)
    (tmp_path / "jobs.toml").write_text(JOBS)
    (tmp_path / "more1.toml").write_text("")
    (tmp_path / name).unlink(missing_ok=True)
    a_pipe(tmp_path / name)
    err = io.StringIO()
    status = main(arguments, out=io.StringIO(), err=err)

    assert (status, NOT_REGULAR in err.getvalue()) == (4, True), err.getvalue()


WRITES = ["--metrics={}/x.prom", "--junit-xml={}/x.xml", "--html={}/x.html"]


@pytest.mark.parametrize("option", WRITES)
def test_a_pipe_where_a_report_belongs_is_refused_before_anybody_is_asked(tmp_path: Path, option: str) -> None:
    with lived_in(tmp_path) as house:
        place = a_pipe(Path(option.format(tmp_path).partition("=")[2]))
        run = house.run(option.format(tmp_path))
        asked = house.scheduler.asked

    assert (run.status, asked) == (4, [])
    assert NOT_REGULAR in run.text
    assert "INCOMPLETE" in run.page
    assert stat.S_ISFIFO(place.stat().st_mode)


def test_a_folder_that_is_called_like_a_variable_keeps_its_reports(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with lived_in(tmp_path / "$HOME") as house:
        run = house.run(env={"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)})

    assert (run.status, run.left) == (0, ["junit.xml", "morning.html", "morning.json"])
    assert "All 4 jobs did their work" in run.page
    assert sorted(os.listdir(tmp_path)) == ["$HOME", "home"]
    assert os.listdir(tmp_path / "home") == []


def test_reports_that_are_published_by_links_are_of_today(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "reports").mkdir()
    names = ("morning.html", "morning.json", "junit.xml")
    for name in names:
        (tmp_path / "www" / name).write_text("yesterday")
        (tmp_path / "reports" / name).symlink_to(tmp_path / "www" / name)
    with lived_in(tmp_path) as house:
        run = house.run()

    assert run.status == 0
    assert "All 4 jobs did their work" in (tmp_path / "www" / "morning.html").read_text(encoding="utf-8")
    assert run.morning["complete"] is True
    assert len(run.outcomes) > 4
    assert [(tmp_path / "reports" / name).is_symlink() for name in names] == [True] * 3
    assert sorted(os.listdir(tmp_path / "www")) == sorted(names)
