"""`rollcall monitor`: the quick look for cron, every hour, without pytest.

It asks every witness and judges as `pytest checks/` does, acts where it is told to, remembers, tells who must hear of
it, and adds one line to a log. It looks at the present and at all jobs, and writes no page.

Exit status, as of a monitoring plugin, and the same whatever is printed:
0 all is well; 1 a warning, for which nobody must get up (a late run that `late = "warn"` allows, or all is well once
Roll call did something about it: what had to be mended may happen again); 2 something needs a person, such as a backend
that is down; 3 unknown: nothing is known to be broken, but what was to be looked at could not be, another monitor is at
it, this one broke, or what was asked for could not be written or printed; 4 bad input.

A second monitor steps aside at once, says so in one line, also with --quiet, and ends with 3: that another one looks
is no evidence that all is well. Notes (who could not be told, pinged or written to) go to stderr and change nothing.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.alone import alone
from rollcall.causes import action
from rollcall.commands.acting import Acting, acting
from rollcall.commands.witnessed import add_address
from rollcall.errors import BadInput
from rollcall.files import write_whole
from rollcall.history.reading import read
from rollcall.history.rows import FILE, NOTHING
from rollcall.history.writing import write
from rollcall.morning import Morning
from rollcall.report.cause_groups import CauseGroup, group_by_cause
from rollcall.report.headline import headline
from rollcall.report.summary import render_summary
from rollcall.sinks import nagios, watch
from rollcall.sinks.logbook import append, show_limits
from rollcall.sinks.metrics import render_incomplete_metrics, render_metrics
from rollcall.sinks.nagios import State
from rollcall.text import clean
from rollcall.times import read_now, to_iso

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

LOCK = ".monitor.lock"
BROKE = -1  # no exit status: the ping says that it failed
_LONGEST = 1000


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "monitor",
        help="the quick look for cron: asks, judges, tells who must hear of it",
        description="The quick look for cron: asks every witness, judges, remembers, and tells who must hear of it. "
        'Exit status: 0 all is well; 1 a warning (late where `late = "warn"` allows it, or well once something was '
        "done); 2 something needs a person; 3 unknown: not all could be looked at, another monitor is at it, or what "
        "was asked for could not be written; 4 bad input.",
    )
    add_address(parser)
    parser.add_argument("--restart-stopped", action="store_true", help="start a scheduler that is stopped, once")
    parser.add_argument("--rerun-missed", action="store_true", help="run what was missed again, where `rerun = true`")
    parser.add_argument(
        "--dry-run", action="store_true", help="only look, and say what would be done: acts, tells and writes nothing"
    )
    parser.add_argument("--log", metavar="FILE", help=f"add one line to it (it grows to {show_limits()})")
    parser.add_argument("--metrics", metavar="FILE", help="write what Prometheus reads of it")
    parser.add_argument("--no-history", action="store_true", help="remember nothing: all that is wrong is told as new")
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--quiet", action="store_true", help="print nothing when all is well")
    printed.add_argument("--nagios", action="store_true", help="print one line with performance data")
    # Status 1 would be a mere warning, and 0, where nobody reads on, that all is well.
    parser.set_defaults(command=run, unwritten=int(State.UNKNOWN))


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """The lines of the summary; returns the exit status. Raises `BadInput`."""
    look = _Look(here=_begun(asked_for), asked_for=asked_for)
    with ExitStack() as held:
        status, lines = look.done() if look.is_alone(held) else look.stepped_aside()
    for note in look.notes:
        print(clean(note, _LONGEST), file=sys.stderr)
    yield from lines
    return int(status)


def _begun(asked_for: argparse.Namespace) -> Acting:
    """What the look is about. Raises `BadInput`, once it is told where the look before stands as the newest."""
    try:
        return acting(asked_for)
    except BadInput as problem:
        now, files = read_now(), _Files(asked_for=asked_for)
        files.log(_stamped(now, ZoneInfo("UTC"), State.UNKNOWN, f"nothing was looked at: {problem.mistakes[0]}"))
        files.put_metrics(render_incomplete_metrics(now))
        raise


@dataclass(slots=True, kw_only=True)
class _Files:
    """The files that are asked for, and what kept one from being written."""

    asked_for: argparse.Namespace
    notes: list[str] = field(default_factory=list)

    def log(self, line: str) -> bool:
        """Adds the line to the log, where there is one. Returns False where it could not be."""
        return self._written(self.asked_for.log, "the log", lambda file: append(file, line))

    def put_metrics(self, text: str) -> bool:
        """Writes what Prometheus reads, where it does. Returns False where it could not be."""
        return self._written(self.asked_for.metrics, "the metrics", lambda file: write_whole(file, text))

    def _written(self, name: str | None, what: str, write: Callable[[Path], None]) -> bool:
        if name is None or self.asked_for.dry_run:
            return True
        try:
            write(Path(name).expanduser())
        except (OSError, RuntimeError) as problem:  # RuntimeError: "~nobody/monitor.log"
            self.notes.append(f"{what} cannot be written: {_told(problem)}")
            return False
        return True


@dataclass(slots=True)
class _Look:
    """One look, and what is noted beside its verdict."""

    here: Acting
    asked_for: argparse.Namespace
    notes: list[str] = field(default_factory=list)
    files: _Files = field(init=False)

    def __post_init__(self) -> None:
        self.files = _Files(asked_for=self.asked_for, notes=self.notes)

    def is_alone(self, held: ExitStack) -> bool:
        """True where no other monitor is at it until `held` ends; also where that cannot be told, which is noted."""
        if self.asked_for.dry_run:
            return True
        try:
            return held.enter_context(alone(self.here.folder / LOCK))
        except OSError as problem:
            self._note(f"whether another monitor is at it cannot be told: {_told(problem)}")
            return True

    def stepped_aside(self) -> tuple[int, list[str]]:
        """The exit status and what to print of a look that was none."""
        said = "another monitor is at it; this one stepped aside and looked at nothing"
        self.files.log(_stamped(self.here.clock(), self.here.roll.zone, State.UNKNOWN, said))
        if self.asked_for.nagios:
            return State.UNKNOWN, [nagios.render(None, interruption=said)[0]]
        self._note(said)
        return State.UNKNOWN, []

    def done(self) -> tuple[int, list[str]]:
        """The exit status and what to print, once everything was done."""
        if self.asked_for.dry_run:
            return self._shown(self._judged(), is_written=True)
        pinged = watch.begin(self.here.roll.watch)
        try:
            morning = self._judged()
            status, lines = self._shown(morning, is_written=self._tell_and_write(morning))
            said = "\n".join([*render_summary(morning, is_complete=True, has_page=False), *self.notes])
        except Exception as error:  # noqa: BLE001 - what ends in a traceback has status 1, and 1 is a mere warning
            return self._broke(error, pinged)
        # A warning is nothing that anybody must get up for.
        self._note(pinged.finish(State.OK if status == State.WARNING else status, said))
        return status, lines

    def _broke(self, error: Exception, pinged: watch.Run) -> tuple[int, list[str]]:
        said = f"the monitor broke with {type(error).__name__}"
        traceback.print_exception(error)
        now = self.here.clock()
        self.files.log(_stamped(now, self.here.roll.zone, State.UNKNOWN, said))
        self.files.put_metrics(render_incomplete_metrics(now))
        self._note(pinged.finish(BROKE, said))
        return State.UNKNOWN, [nagios.render(None, interruption=said)[0] if self.asked_for.nagios else said]

    def _judged(self) -> Morning:
        """The morning, after whatever was to be done about it."""
        morning = self._judge()
        if not (self.asked_for.restart_stopped or self.asked_for.rerun_missed):
            return morning
        from rollcall.remedy import rerun_missed, restart_stopped

        is_dry, clock, folder = self.asked_for.dry_run, self.here.clock, self.here.folder
        if self.asked_for.restart_stopped:
            morning = restart_stopped(morning, judge_again=self._judge, clock=clock, folder=folder, is_dry=is_dry)
        if self.asked_for.rerun_missed:
            morning = rerun_missed(morning, judge_again=self._judge, clock=clock, folder=folder, is_dry=is_dry)
        return morning

    def _judge(self) -> Morning:
        return self.here.judge(self.here.roll.jobs, self.here.roll.schedulers)

    def _tell_and_write(self, morning: Morning) -> bool:
        """Tells who must hear of it, remembers, and writes. Returns whether every file that was asked for is there."""
        state = State(nagios.render(morning)[1])
        causes = "; ".join(f"{each.cause.code} [{_subject(each)}]" for each in group_by_cause(morning))
        done = "; ".join(action.told(each, morning.zone) for each in morning.actions)
        said = (headline(morning, is_complete=True), causes, done, morning.jobs_file or "")
        line = _stamped(morning.judged_at, morning.zone, state, *said)
        # One after the other, and each of them although the one before failed.
        is_written = all([self.files.log(line), self.files.put_metrics(render_metrics(morning, is_complete=True))])
        self._remember(morning)
        return is_written

    def _remember(self, morning: Morning) -> None:
        roll = self.here.roll
        file = None if self.asked_for.no_history else self.here.folder / FILE
        chronicle = read(file, roll.jobs, now=morning.judged_at) if file else NOTHING
        self._note(chronicle.problem)
        if roll.alert:
            from rollcall.sinks import alert

            for problem in alert.tell(roll, morning, chronicle, file=file, is_complete=True):
                self._note(problem)
        if file:
            unwritten = write(file, morning, by="monitor", is_complete=True, keeps=roll.history_keeps)
            self._note(unwritten)

    def _shown(self, morning: Morning, *, is_written: bool) -> tuple[int, list[str]]:
        line, status = nagios.render(morning)
        if status == State.OK and not is_written:
            status = State.UNKNOWN
        if self.asked_for.nagios:
            return status, [line]
        if self.asked_for.quiet and status == State.OK:
            return status, []
        return status, render_summary(morning, is_complete=True, has_page=False)

    def _note(self, note: str | None) -> None:
        # What kept the history from being read keeps it from being written too.
        if note and note not in self.notes:
            self.notes.append(note)


def _stamped(at: datetime, zone: ZoneInfo, state: State, *parts: str) -> str:
    """ "2026-02-11T07:02:13+01:00 | CRITICAL | 1 of 9 jobs needs you | missed-run [haiku]"."""
    whole = (to_iso(at.replace(microsecond=0), zone), state.name, *parts)
    return " | ".join(part.replace("|", "¦") for part in whole if part)


def _subject(told: CauseGroup) -> str:
    return told.scheduler.scheduler.id if told.scheduler else told.jobs[0].job.id


def _told(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror or problem}"
    return str(problem)
