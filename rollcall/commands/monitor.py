"""`rollcall monitor`: the quick look for cron, every hour, without pytest.

It asks every witness and judges as `pytest checks/` does, acts where it is told to, remembers, tells who must hear of
it, and adds one line to a log. It looks at the present and at all jobs, and writes no page.

Exit status, as of a monitoring plugin, and the same whatever is printed:
0 all is well; 1 a warning, worth knowing and not urgent (a late run that `late = "warn"` allows, or all is well once
Roll call did something about it: what had to be fixed may happen again); 2 something needs attention, such as a backend
that is down; 3 unknown: nothing is known to be broken, but what was to be looked at could not be, another monitor is in
progress, this one broke, or what was asked for could not be written or printed; 4 bad input.

A second monitor steps aside at once, says so in one line, also with --quiet, and ends with 3: that another one looks
is no evidence that all is well. Notes (who could not be told, pinged or written to) go to stderr and change nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Generator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rollcall.causes.action import told as told_action
from rollcall.commands.begin import add_options, begun_now, wanted_of
from rollcall.errors import BadInput
from rollcall.morning.ending import Ending
from rollcall.morning.state import State, state_of
from rollcall.options import given
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.headline import headline
from rollcall.run.options import OF_MONITOR
from rollcall.run.roll_call import RollCall
from rollcall.sinks import Sinks, known_sinks, options_of
from rollcall.sinks.base import CannotBegin, Result, Stage, Start, Wish
from rollcall.sinks.logbook import append, show_limits
from rollcall.text import clean
from rollcall.times import read_now, to_iso

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

LOCK = ".monitor.lock"
BY = "monitor"
_LONGEST = 1000


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "monitor",
        help="the quick look for cron: asks, judges, alerts",
        description="The quick look for cron: asks every witness, judges, remembers, and alerts. "
        'Exit status: 0 all is well; 1 a warning (late where `late = "warn"` allows it, or well once something was '
        "done); 2 something needs attention; 3 unknown: not all could be looked at, another monitor is in progress, "
        "or what was asked for could not be written; 4 bad input.",
    )
    add_options(parser, (*OF_MONITOR, *options_of(known_sinks(), by=BY)))
    parser.add_argument("--log", metavar="FILE", help=f"add one line to it (it grows to {show_limits()})")
    # Status 1 would be a mere warning, and 0, where nobody reads on, that all is well.
    parser.set_defaults(command=run, unwritten=int(State.UNKNOWN))


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the summary; returns the exit status. Raises `BadInput`."""
    kinds, log = known_sinks(), _Log(asked_for)
    # A dry run leaves nothing, and nobody hears of it.
    kinds = [each for each in kinds if each.stage is Stage.SAY or not log.is_dry]
    sinks, start = Sinks([]), Start(folder=Path.cwd(), judged_at=read_now(), by=BY)
    try:
        wanted = wanted_of(asked_for)
        options = options_of(kinds, by=BY)
        wish = Wish(folder=wanted.folder, given=given(options, asked_for), environment=os.environ, by=BY)
        sinks = Sinks.wanted(kinds, wish)
        call = begun_now(asked_for, by=BY)
    except BadInput as problem:
        log.add(start, State.UNKNOWN, f"nothing was looked at: {problem.mistakes[0]}")
        sinks.abort(start, str(problem))
        raise
    except Exception as error:  # noqa: BLE001 - what ends in a traceback has status 1, and 1 is a mere warning
        said = _broken(error, start, log)
        sinks.abort(start, said)
        unseen = Result(start=start, morning=None, ending=Ending(interruption=said))
        yield from sinks.last_words(unseen)
        return State.UNKNOWN
    with ExitStack() as held:
        result = _looked(call, sinks, log, held)
    for note in result.notes:
        print(clean(note, _LONGEST), file=sys.stderr)
    yield from sinks.last_words(result)
    return result.status


def _looked(call: RollCall, sinks: Sinks, log: _Log, held: ExitStack) -> Result:
    """What came of the look, once everybody was told; its status is that of a monitoring plugin."""
    notes = []
    if not log.is_dry:
        try:
            held.enter_context(FileLock(call.start.folder / LOCK, timeout=0))
        except Timeout:
            said = "another monitor is in progress; this one stepped aside and looked at nothing"
            log.add(call.start, State.UNKNOWN, said)
            return call.result(Ending(interruption=said), status=State.UNKNOWN)
        except OSError as problem:
            notes = [f"it is not known whether another monitor is running: {_said(problem)}"]
    call.sinks = sinks
    try:
        with suppress(CannotBegin):  # what cannot be written is said where it is to be whole
            sinks.begin(call.start)
        call.judge(call.jobs, call.schedulers)
        state = state_of(call.morning, Ending())
        result = sinks.write(sinks.tell(call.result(Ending(), status=int(state))))
    except Exception as error:  # noqa: BLE001 - what ends in a traceback has status 1, and 1 is a mere warning
        said = _broken(error, call.start, log)
        sinks.abort(call.start, said)
        call.morning = None
        return call.result(Ending(interruption=said), status=State.UNKNOWN)
    state = state_of(result.morning, result.ending)
    if unlogged := log.add_result(result, state):
        notes.append(unlogged)
        state = State.UNKNOWN if state is State.OK else state
    return sinks.close(replace(result, status=int(state), notes=(*notes, *result.notes)))


def _broken(error: Exception, start: Start, log: _Log) -> str:
    """What is said of an error that nobody expected."""
    traceback.print_exception(error)
    said = f"the monitor broke with {type(error).__name__}"
    log.add(start, State.UNKNOWN, said)
    return said


class _Log:
    """The log that is asked for, a line a look."""

    def __init__(self, asked_for: argparse.Namespace) -> None:
        self._file = asked_for.log
        self.is_dry = bool(asked_for.rollcall_dry_run)

    def add_result(self, result: Result, state: State) -> str | None:
        """ "2026-02-11T07:02:13+01:00 | CRITICAL | 1 of 9 jobs needs you | missed-run [haiku]"."""
        morning, ending = result.morning, result.ending
        assert morning is not None
        causes = "; ".join(f"{each.cause.code} [{each.subject}]" for each in group_by_cause(morning))
        done = "; ".join(told_action(each, morning.zone) for each in morning.actions)
        line = headline(morning, ending)
        return self.add(result.start, state, line, causes, done, morning.jobs_file or "")

    def add(self, start: Start, state: State, *parts: str) -> str | None:
        """Adds a line of these parts. Returns what kept it from that."""
        if self._file is None or self.is_dry:
            return None
        whole = (to_iso(start.judged_at.replace(microsecond=0), start.zone), state.name, *parts)
        try:
            append(Path(self._file).expanduser(), " | ".join(part.replace("|", "¦") for part in whole if part))
        except (OSError, RuntimeError) as problem:  # RuntimeError: "~nobody/monitor.log"
            return f"the log cannot be written: {_said(problem)}"
        return None


def _said(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror or problem}"
    return str(problem)
