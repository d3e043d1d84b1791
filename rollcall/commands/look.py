"""`rollcall look`: ask the witnesses of this host, and leave what they say for whoever judges.

It judges nothing. Exit status: 0 the evidence was left, whatever it says; 1 it was not, or nobody will believe it,
because this host's clock is off or another machine leaves evidence by its name; 4 bad input.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rollcall.ask import gather
from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.errors import BadInput
from rollcall.evidence import Evidence, NotSeen
from rollcall.files import read_regular
from rollcall.recorded.bundle import Bundle, packed
from rollcall.recorded.left import clock_is_off, name_of, others_of
from rollcall.recorded.record import scrubbed
from rollcall.roll.hosts import read_host
from rollcall.roll.listing import Listing
from rollcall.roll.roll import Roll
from rollcall.run.hosts import host_evidence
from rollcall.run.options import ADDRESS
from rollcall.run.wanted import Wanted
from rollcall.storage import Storage, StorageProblem
from rollcall.terminal.progress import Progress
from rollcall.text import clean, counted, listed, show_size
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_MACHINE = Path("/etc/machine-id")  # https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
_LONGEST_ID = 100
_NO_TIME = timedelta(0)
_NONE = Listing(jobs=())


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "look",
        help="on a host: asks its witnesses, and leaves their evidence",
        description="Asks the witnesses of this host, and leaves what they say for whoever judges: "
        "pytest checks/ --evidence PLACE. It judges nothing. Exit status: 0 it was left, whatever it says; 1 it was "
        "not, or nobody will believe it (this host's clock is off, another machine has its name); 4 bad input.",
    )
    add_options(parser, ADDRESS)
    parser.add_argument(
        "--into",
        metavar="PLACE",
        help="a folder, a place of jobs.toml, or such as s3://bucket/folder; `place` of [evidence] where left out",
    )
    parser.add_argument("--host", metavar="NAME", help="which host this is, in jobs.toml; its own name where left out")
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """What was seen and where it was left; returns the exit status. Raises `BadInput`."""
    clock = clock_from(read_now())
    wanted = wanted_of(asked_for)
    host, roll = _roll_of(asked_for.host, wanted, clock)
    left = host_evidence(roll, asked_for.into, given_as="--into", folder=Path.cwd(), environment=os.environ)
    if left.storage is None:
        rule = "is needed, as [evidence] names no place. Write where the evidence goes, such as s3://bucket/folder."
        raise BadInput.single("--into", rule)
    now = clock()
    seen = gather(roll.jobs, roll.schedulers, now=now, clock=clock, progress=Progress(sys.stderr).show, here=host)
    seen = scrubbed(seen, roll)
    yield from _told(host, seen)
    machine = _machine()
    bundle = Bundle(
        by=host,
        machine=machine,
        looked_at=now,
        left_at=clock(),
        jobs={job.id: job.asked_as for job in roll.jobs if host in (job.host, job.scheduler and job.scheduler.host)},
        schedulers={each.id: each.asked_as for each in roll.schedulers if each.host == host},
        evidence=seen,
    )
    name, data = name_of(host, machine), packed(bundle, left.key)
    try:
        left.storage.write(name, data)
    except StorageProblem as problem:
        yield f"ERROR: nothing was left: {problem}"
        return 1
    yield f"left in {left.storage.shown}/{name} ({show_size(len(data))})"
    try:
        doubts = tuple(_doubts(host, name, bundle.left_at, clock, left.storage))
    except StorageProblem as problem:  # a host may well be allowed to write there and nothing else
        yield f"note: whether the clocks agree could not be seen: {problem}"
        return 0
    yield from (f"ERROR: {each}" for each in doubts)
    return 1 if doubts else 0


def _roll_of(named: str | None, wanted: Wanted, clock: Callable[[], datetime]) -> tuple[str, Roll]:
    """Which host this is, and the roll as it sees it. Raises `BadInput`."""
    if named:
        try:
            read_host(named)
        except ValueError as problem:
            raise BadInput.single("--host", str(problem), f'"{clean(named, 60)}"') from None
    own = socket.gethostname()
    names = [named] if named else list(dict.fromkeys((own, own.partition(".")[0])))
    for name in names:
        # Who declares jobs by listing them is asked where it is judged; none of those is of a host.
        roll = wanted.load(os.environ, clock, host=name, list_jobs=lambda them, _: {each.id: _NONE for each in them})
        if name in roll.hosts:
            return name, roll
    known = f"Hosts: {listed(roll.hosts, 20)}." if roll.hosts else 'Write host = "…" in the tables of its jobs.'
    rule = f"no job and no scheduler is of this host. {known}"
    if not named:
        rule = f"this machine is called so, and no job and no scheduler is of it. Say which host it is. {known}"
    raise BadInput.single("--host", rule, f'"{clean(names[0], 60)}"')


def _told(host: str, seen: Evidence) -> Iterator[str]:
    answers: list[tuple[str, object]] = [*seen.schedulers.items()]
    answers += [(f"the memory of {name}", each) for name, each in seen.memories.items()]
    answers += [(job_id, each) for job_id, outputs in seen.outputs.items() for each in outputs]
    unseen = [(name, each) for name, each in answers if isinstance(each, NotSeen)]
    how_many = f", {len(unseen)} of them could not be asked" if unseen else ""
    yield f"{host}: {counted(len(answers), 'witness', 'witnesses')} asked{how_many}"
    yield from (f"  {clean(name, 60)}: {each.code}: {clean(each.detail)}" for name, each in unseen[:20])


def _doubts(host: str, name: str, left_at: datetime, clock: Callable[[], datetime], storage: Storage) -> Iterator[str]:
    """Why whoever judges will not believe it, as far as that can be known here."""
    taken = clock() - left_at
    stored = storage.list()
    if name not in stored:
        yield f"{storage.shown} does not list what was just written there"
        return
    written_at = stored[name].written_at
    if written_at and (off := clock_is_off(left_at, written_at, host, within=max(taken, _NO_TIME))):
        yield f"{off}: set it right (`timedatectl status`), and look again"
    if others := others_of(name, stored):
        yield f"another machine leaves evidence as {host} ({listed(others)}): give one of them another name (--host)"


def _machine() -> str:
    """What tells this machine from others of its name; "" where it has no id. The id itself is not for others."""
    try:
        own = read_regular(_MACHINE, _LONGEST_ID).strip()
    except OSError:
        return ""
    return hashlib.sha256(b"rollcall " + own).hexdigest()[:8] if own else ""
