"""`rollcall merge`: one morning, one page and one exit status of what shards saw.

Nobody is asked: the parts are judged together, as of the earliest of them, remembered and told as one morning. Exit
status: 0 all is well; 1 something needs attention, or a part is missing, broken or too old, which makes the morning
INCOMPLETE; 4 bad input, such as parts of two mornings.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import rollcall
from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.history.reading import read_listings
from rollcall.morning.ending import Ending
from rollcall.morning.own_checks import OwnFailure, count_in
from rollcall.options import given
from rollcall.recorded.part import FILE, Part, Whole, joined, part_in
from rollcall.recorded.replay import Replay
from rollcall.roll.listing import Listing
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.telling import HistoryTable
from rollcall.run.archive import archive_of
from rollcall.run.options import JOBS_FILE, NO_HISTORY
from rollcall.run.place import Place
from rollcall.run.roll_call import RollCall
from rollcall.run.wanted import Wanted
from rollcall.sinks import Sinks, known_sinks, options_of
from rollcall.sinks.base import Result, Start, Wish
from rollcall.text import clean
from rollcall.times import read_now

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

BY = "merge"


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "merge",
        help="makes one morning of what runs with --shard I/N left",
        description="Makes one morning, one page and one exit status of what runs with --shard I/N left. Exit status: "
        "0 all is well; 1 something needs attention, or a part is missing, broken or too old; 4 bad input.",
    )
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="FOLDER",
        help="the reports of each shard, or a folder that holds them; the folder of the reports where left out",
    )
    add_options(parser, (JOBS_FILE, NO_HISTORY, *options_of(known_sinks(), by=BY)))
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the summary; returns the exit status. Raises `BadInput`."""
    now = read_now()
    clock = clock_from(now)
    wanted = wanted_of(asked_for)
    found = {each: part_in(each) for each in _shards_in(asked_for.folders or [wanted.reports])}
    roll = wanted.load(os.environ, clock, host=None, list_jobs=partial(_listings, found.values(), wanted))
    whole = joined(found, roll, now=now, max_age=roll.evidence.max_age, zone=roll.zone)
    kinds = known_sinks()
    wish = Wish(folder=wanted.reports, given=given(options_of(kinds, by=BY), asked_for), environment=os.environ, by=BY)
    call = _call(roll, whole, wanted, tuple(found))
    call.sinks = Sinks.wanted(kinds, wish)
    call.sinks.begin(call.start)
    result = _told(call, whole)
    for note in result.notes:
        print(clean(note, 1_000), file=sys.stderr)
    yield from call.sinks.last_words(result)
    return result.status


def _shards_in(folders: Iterable[Path]) -> Iterable[Path]:
    """The folders of shards: those named, or those that lie in one."""
    for each in folders:
        inside = sorted(path.parent for path in each.glob(f"shard-*-of-*/{FILE}"))
        yield from [each] if (each / FILE).exists() or not inside else inside


def _listings(
    found: Iterable[Part | str], wanted: Wanted, declaring: Iterable[Scheduler], history: HistoryTable
) -> dict[str, Listing]:
    """What the shards saw listed, and what the history remembers of it."""
    seen = {name: each for one in found if isinstance(one, Part) for name, each in one.evidence.schedulers.items()}
    store = wanted.store_of(history)
    remembered = read_listings(store) if store else {}
    return {each.id: Listing.of(seen.get(each.id), remembered.get(each.id, ())) for each in declaring}


def _call(roll: Roll, whole: Whole, wanted: Wanted, parts: tuple[Path, ...]) -> RollCall:
    checkout = Path(rollcall.__file__).parent.parent
    place = Place.of(wanted.jobs_file.absolute().parent, Path.cwd(), checkout)
    start = Start(
        folder=wanted.reports,
        judged_at=whole.judged_at,
        by=BY,
        zone=roll.zone,
        again=wanted.again(place),
        roll=roll,
        history=wanted.store_of(roll.history),
        is_of_now=whole.is_of_today,
        is_of_today=whole.is_of_today,
        parts=parts,
        archive=archive_of(roll, os.environ) if wanted.keeps_history and whole.is_of_today else None,
    )
    seen = Replay(roll=roll, evidence=whole.evidence, recorded_at=whole.judged_at)
    selected = replace(wanted, selection=whole.selection)
    clock = clock_from(whole.judged_at)
    return RollCall(start=start, roll=roll, clock=clock, place=place, wanted=selected, locks=start.folder, replay=seen)


def _told(call: RollCall, whole: Whole) -> Result:
    parts = [replace(whole.selection, shard=each) for each in whole.looked_at]
    jobs = {job.id for each in parts for job in each.jobs_of(call.roll)}
    schedulers = {one.id for each in parts for one in each.schedulers_of(call.roll)}
    call.judge(
        [each for each in call.jobs if each.id in jobs], [each for each in call.schedulers if each.id in schedulers]
    )
    assert call.morning is not None
    failed = {" ".join(each[:3]): OwnFailure(**each._asdict()) for each in whole.own_failures}
    call.morning = count_in(call.morning, failed)
    ending = Ending(interruption=whole.interruption, other_failures=whole.other_failures)
    needs = call.morning.needs_a_person or bool(whole.other_failures) or not ending.is_complete
    result = call.sinks.write(call.sinks.tell(call.result(ending, status=int(needs))))
    return call.sinks.close(replace(result, status=int(needs or not result.ending.is_complete)))
