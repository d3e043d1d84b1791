"""How does a run of the checks begin: on the world as it is, on a recorded morning, or on the staged one?"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime

from rollcall.errors import BadInput
from rollcall.history.rows import FILE
from rollcall.plugin.session import Session
from rollcall.run.place import Place
from rollcall.run.settings import Asked


def begin(wanted: Asked, cleanup: ExitStack, now: datetime, place: Place) -> Session:
    """The session that was asked for, at that place; what it opened is closed by `cleanup`. Raises `BadInput`."""
    began_on = time.monotonic()
    if wanted.demo is not None:
        return _begin_demo(wanted, wanted.demo, cleanup, place)
    if replay := wanted.load_replay():
        judged_at = wanted.judged_at(replay.roll, replay.recorded_at)
        return Session(
            roll=replay.roll,
            judged_at=judged_at,
            began_at=now,
            began_on=began_on,
            locks=wanted.reports,
            place=place,
            jobs_file=wanted.other_file,
            demo=replay.demo,
            replay=replay,
        )
    roll = wanted.load(os.environ, now)
    wanted.check_can_record(roll)
    return Session(
        roll=roll,
        judged_at=wanted.judged_at(roll, now),
        began_at=now,
        began_on=began_on,
        locks=wanted.reports,
        place=place,
        again=wanted.again(place),
        jobs_file=wanted.other_file,
        record=wanted.record,
        acts=wanted.acts,
        is_dry=wanted.is_dry,
        history=wanted.reports / FILE if wanted.keeps_history else None,
        is_of_today=wanted.as_of is None,
    )


def _begin_demo(wanted: Asked, cause: str, cleanup: ExitStack, place: Place) -> Session:
    try:
        from rollcall.demo import DemoError, demo_morning
    except ImportError:
        rule = "is part of the Roll call repository, not of the installed package. Clone it, then: make demo"
        raise BadInput.single("--demo", rule) from None
    try:
        morning = cleanup.enter_context(demo_morning(cause or None))
    except DemoError as error:
        raise BadInput.single("--demo", str(error)) from None
    staged = replace(wanted, jobs_file=morning.jobs_file, shown_file="jobs.toml", scheduler_urls={None: morning.url})
    roll = staged.load(os.environ, morning.now)
    wanted.check_can_record(roll)
    return Session(
        roll=roll,
        judged_at=staged.judged_at(roll, morning.now),
        began_at=morning.now,
        began_on=time.monotonic(),
        locks=staged.reports,
        place=place,
        again=wanted.again(place),
        demo=morning.story,
        record=wanted.record,
        acts=wanted.acts,
        is_dry=wanted.is_dry,
    )
