"""`rollcall init [--from KIND] [URL]`: a jobs.toml and checks/ here, from what is found. Nothing is overwritten.

Of a scheduler that is shown to it, by its kind or its address, the jobs are declared as they are listed there, and what
it cannot tell stands beside them; without one a job that leaves a file is there to fill in. What crontab and timers run
stands below as comments. Exit status: 0, 4 where nothing at that address is understood.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.clock import clock_from
from rollcall.errors import BadInput
from rollcall.files import read_regular
from rollcall.install.moment import machine_zone
from rollcall.starter import checks_folder
from rollcall.text import counted
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_JOBS, _CHECKS = "jobs.toml", "checks"
_LOCALTIME = Path("/etc/localtime")


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser("init", help="write a first jobs.toml and checks/ here; overwrites nothing")
    parser.add_argument(
        "--from", dest="source", metavar="KIND|URL", help="the scheduler whose jobs these are, such as systemd or cron"
    )
    parser.add_argument(
        "url", nargs="?", metavar="URL", help="where a scheduler answers, such as http://localhost:8000"
    )
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """A line for each thing that was written, or left. Raises `BadInput`."""
    jobs_file, checks = Path(_JOBS), Path(_CHECKS)
    if jobs_file.exists():
        yield f"{_JOBS} is there already and stays as it is"
    else:
        yield from _write_jobs(jobs_file, asked_for.source, asked_for.url)
    try:
        written, kept = _copy_checks(checks)
    except OSError as problem:
        raise BadInput.single(_CHECKS, f"cannot be written: {problem.strerror or problem}.") from None
    if written:
        yield f"wrote {_CHECKS}/ with {counted(len(written), 'file')}"
    if kept:
        yield f"left in {_CHECKS}/ as they are: {', '.join(kept)}"
    yield f"next: correct {_JOBS}, then: pytest {_CHECKS}/"


def _write_jobs(file: Path, source: str | None, url: str | None) -> Iterator[str]:
    from rollcall.starter.first_jobs import find_scheduler, write_first_jobs
    from rollcall.starter.timers import list_timers

    now = read_now()
    zone = machine_zone(_LOCALTIME) or ZoneInfo("UTC")
    kind, address = (None, source) if source and "://" in source else (source, url)
    is_shown = kind is not None or address is not None
    found = find_scheduler(kind, address, zone=zone, now=now, clock=clock_from(now)) if is_shown else None
    text = write_first_jobs(found, [] if kind else list_timers(), zone=zone, now=now)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as problem:
        raise BadInput.single(str(file), f"cannot be written: {problem.strerror or problem}.") from None
    if found:
        yield f"a scheduler of kind {found.kind} answers and lists {counted(len(found.jobs), 'job')}"
        if undue := sum(not each.is_due for each in found.jobs):
            yield f"{counted(undue, 'job')} of them are comments: nothing there says when they are due"
    yield f"wrote {file}: what is due from now on is judged; take its line `since` out to judge the last 24 h too"


def _copy_checks(folder: Path) -> tuple[list[str], list[str]]:
    """The names of what was written, and of what was there and is another. Raises OSError."""
    folder.mkdir(exist_ok=True)
    written, kept = [], []
    for source in sorted(checks_folder().glob("*.py")):
        target = folder / source.name
        ours = source.read_bytes()
        if not os.path.lexists(target):
            target.write_bytes(ours)
            written.append(source.name)
        elif read_regular(target, len(ours) + 1) != ours:
            kept.append(source.name)
    return written, kept
