"""`pytest checks/ --nagios`: how does a run of pytest become a plugin of a monitoring system?

Around all that pytest does, so that whatever ends it, one line is printed and the status is one that is understood.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import redirect_stdout

import pytest

from rollcall.plugin.options import NAGIOS, needs_no_jobs
from rollcall.plugin.presentation import Presentation
from rollcall.sinks.nagios import State, render
from rollcall.text import clean

Whole = Generator[None, int | pytest.ExitCode | None, int | pytest.ExitCode | None]
presented = pytest.StashKey[Presentation]()


def run(config: pytest.Config) -> Whole:
    """Wraps pytest's own main: silence but for the line where that is asked for."""
    if not config.getoption(NAGIOS) or needs_no_jobs(config):
        return (yield)
    because = None
    status: int | pytest.ExitCode | None = None
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - pytest speaks after this, where it broke
    config.add_cleanup(nowhere.close)
    # The terminal is what pytest finds here while it begins; a check's own output is captured.
    with redirect_stdout(nowhere):
        try:
            status = yield
        except pytest.UsageError as problem:
            because = " ".join(map(str, problem.args))
        except (Exception, KeyboardInterrupt) as broken:  # noqa: BLE001 - whatever it is, the line must say UNKNOWN
            because = f"{type(broken).__name__}: {broken}" if str(broken) else type(broken).__name__
    line, state = _outcome(config, status, because)
    print(line, file=sys.stdout, flush=True)
    return state


def _outcome(config: pytest.Config, status: int | None, because: str | None) -> tuple[str, int]:
    shown = config.stash.get(presented, None)
    if shown is None or because:
        return render(None, interruption=clean(because or "nothing was checked", 2000))
    line, state = render(shown.morning, **shown.ending.told)
    if state == State.OK and status != pytest.ExitCode.OK:
        return render(None, interruption=f"pytest ended with status {status}")
    return line, state
