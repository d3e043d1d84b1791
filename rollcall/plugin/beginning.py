"""How does a run of the checks begin: on the world as it is, on a recorded morning, or on the staged one?"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rollcall.errors import BadInput
from rollcall.plugin.session import Session
from rollcall.settings import Asked

HISTORY = "history.sqlite3"


def begin(wanted: Asked, cleanup: ExitStack, now: datetime, reports: Path) -> Session:
    """The session that was asked for; what it opened is closed by `cleanup`. Raises `BadInput`.

    `reports` is the folder that holds the history, and the locks of what is done.
    """
    began_on = time.monotonic()
    if wanted.demo is not None:
        return _begin_demo(wanted, wanted.demo, cleanup)
    if replay := wanted.load_replay():
        judged_at = wanted.judged_at(replay.roll, replay.recorded_at)
        return Session(
            roll=replay.roll,
            judged_at=judged_at,
            began_at=now,
            began_on=began_on,
            reports=reports,
            demo=replay.demo,
            replay=replay,
        )
    roll = wanted.load(os.environ)
    wanted.check_can_record(roll)
    return Session(
        roll=roll,
        judged_at=wanted.judged_at(roll, now),
        began_at=now,
        began_on=began_on,
        reports=reports,
        record=wanted.record,
        acts=wanted.acts,
        is_dry=wanted.is_dry,
        history=reports / HISTORY if wanted.keeps_history else None,
        is_of_today=wanted.as_of is None,
    )


def _begin_demo(wanted: Asked, cause: str, cleanup: ExitStack) -> Session:
    try:
        from fixtures.demo import DemoError, demo_morning
    except ImportError:
        rule = "is part of the Roll call repository, not of the installed package. Clone it, then: make demo"
        raise BadInput.single("--demo", rule) from None
    try:
        morning = cleanup.enter_context(demo_morning(cause or None))
    except DemoError as error:
        raise BadInput.single("--demo", str(error)) from None
    staged = replace(wanted, jobs_file=morning.jobs_file, shown_file="jobs.toml", service_urls={None: morning.url})
    roll = staged.load(os.environ)
    wanted.check_can_record(roll)
    return Session(
        roll=roll,
        judged_at=staged.judged_at(roll, morning.now),
        began_at=morning.now,
        began_on=time.monotonic(),
        # What is locked there ends with the demo, and stands in nobody's way.
        reports=morning.folder,
        demo=morning.story,
        record=wanted.record,
        acts=wanted.acts,
        is_dry=wanted.is_dry,
    )
