"""How does a run begin: on the world as it is, on a recorded morning, or on the staged one?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rollcall.clock import Clock, clock_from
from rollcall.errors import BadInput
from rollcall.run.archive import archive_of
from rollcall.run.hosts import host_evidence
from rollcall.run.options import EVIDENCE
from rollcall.run.place import Place
from rollcall.run.roll_call import RollCall
from rollcall.run.wanted import Wanted
from rollcall.sinks.base import Start
from rollcall.state import state_folder


def begin(
    wanted: Wanted, place: Place, clock: Clock, *, by: str, environment: Mapping[str, str], cleanup: ExitStack
) -> RollCall:
    """The roll call that was asked for, at that place; what it opened is closed by `cleanup`. Raises `BadInput`.

    `clock` must have been started before: to read the roll may take seconds, by which all clocks would seem ahead.
    """
    if wanted.demo is not None:
        return _begin_demo(wanted, wanted.demo, place, by=by, environment=environment, cleanup=cleanup)
    if replay := wanted.load_replay():
        start = Start(
            folder=wanted.folder,
            judged_at=wanted.judged_at(replay.roll, replay.recorded_at),
            by=by,
            zone=replay.roll.zone,
            again=wanted.again(place),
            demo=replay.demo,
            replay_of=replay.recorded_at,
            roll=replay.roll,
        )
        return RollCall(
            start=start, roll=replay.roll, clock=clock, place=place, wanted=wanted, locks=start.folder, replay=replay
        )
    roll = wanted.load(environment, clock)
    wanted.check_can_record(roll)
    start = Start(
        folder=wanted.folder,
        judged_at=wanted.judged_at(roll, clock()),
        by=by,
        zone=roll.zone,
        again=wanted.again(place),
        roll=roll,
        history=wanted.store_of(roll.history),
        shard=wanted.selection.shard,
        selection=wanted.selection.whole.words,
        is_of_now=wanted.as_of is None,
        # A part is told and remembered once all are together.
        is_of_today=wanted.as_of is None and wanted.selection.shard is None,
        archive=archive_of(roll, environment)
        if wanted.keeps_history and wanted.as_of is None and wanted.selection.shard is None
        else None,
    )
    of_hosts = host_evidence(
        roll, wanted.evidence, given_as=EVIDENCE.name, folder=place.folder, environment=environment
    )
    locks = Path(state_folder(environment))
    return RollCall(start=start, roll=roll, clock=clock, place=place, wanted=wanted, locks=locks, of_hosts=of_hosts)


def _begin_demo(
    wanted: Wanted, cause: str, place: Place, *, by: str, environment: Mapping[str, str], cleanup: ExitStack
) -> RollCall:
    from rollcall.demo import DemoError, demo_morning
    from rollcall.demo.fleet import fleet_named
    from rollcall.demo.nine import remember

    if fleet := fleet_named(cause):
        return _begin_fleet(wanted, *fleet, place, by=by, cleanup=cleanup)
    try:
        morning = cleanup.enter_context(demo_morning(cause or None))
    except DemoError as error:
        raise BadInput.single("--demo", str(error)) from None
    clock = clock_from(morning.now)
    staged = replace(wanted, jobs_file=morning.jobs_file, shown_file="jobs.toml", scheduler_urls={None: morning.url})
    roll = staged.load(environment, clock)
    wanted.check_can_record(roll)
    start = Start(
        folder=wanted.folder,
        judged_at=staged.judged_at(roll, morning.now),
        by=by,
        zone=roll.zone,
        again=wanted.again(place),
        demo=morning.story,
        roll=roll,
        history=remember(morning.folder, roll, morning.now, morning.fault) if wanted.keeps_history else None,
    )
    # What the demo locks ends with it.
    return RollCall(start=start, roll=roll, clock=clock, place=place, wanted=wanted, locks=morning.folder / "reports")


def _begin_fleet(wanted: Wanted, count: int, is_good: bool, place: Place, *, by: str, cleanup: ExitStack) -> RollCall:
    from rollcall.demo import DemoError
    from rollcall.demo.fleet import fleet_morning

    if wanted.fixing:
        raise BadInput.single(
            "--demo", "is a fleet, whose schedulers do not exist: nothing can be started. Leave that option out."
        )
    try:
        morning = cleanup.enter_context(fleet_morning(count, is_good=is_good))
    except DemoError as error:
        raise BadInput.single("--demo", str(error)) from None
    roll = morning.staged.roll
    wanted.check_can_record(roll)
    start = Start(
        folder=wanted.folder,
        judged_at=replace(wanted, jobs_file=roll.file).judged_at(roll, morning.now),
        by=by,
        zone=roll.zone,
        again=wanted.again(place),
        demo=morning.story,
        roll=roll,
        history=morning.history if wanted.keeps_history else None,
    )
    return RollCall(
        start=start,
        roll=roll,
        clock=clock_from(morning.now),
        place=place,
        wanted=wanted,
        locks=morning.folder,
        replay=morning.staged,
    )
