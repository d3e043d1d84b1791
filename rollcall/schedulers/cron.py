"""What does cron have to do on a machine, and what did it run?

Its crontabs, its daemon and its log are read by ordinary commands, on this machine or by `via` on another: three of
them, however many jobs there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from rollcall.evidence import CannotLook, Off, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Asked, Words
from rollcall.schedule import Engine, read_schedule
from rollcall.schedule.answers import next_due
from rollcall.schedulers.cron_file import LogFile
from rollcall.schedulers.cron_jobs import Jobs, refusal
from rollcall.schedulers.cron_log import ENDED, Fold, take_journal
from rollcall.schedulers.crontab import Machine, read_machine
from rollcall.schedulers.over_pipes import OverPipes
from rollcall.sources.command_shown import shown
from rollcall.text import clean, listed
from rollcall.times import EPOCH, show_instant, show_span
from rollcall.vocabulary import CauseCode

JOURNAL = "journal"
_IDENTIFIERS = ("CRON", "cron", "CROND", "crond", "anacron", "busybox")
_FIELDS = "MESSAGE,SYSLOG_PID,_PID"
_FILE = re.compile(r"/[^\s\0*?\[]+")
_MINUTE = timedelta(minutes=1)
# A daemon that looks each minute has begun what was due by then, and its log tells.
_BEGUN_WITHIN = 2 * _MINUTE
# What an end means of which nobody knows how it came, whoever declares it may say: success = ["ended"].
_WORDS: dict[str, tuple[str, ...]] = {"success": ("exit status 0",), "running": ("running",)}
_STEPS = {
    CauseCode.ACCESS_DENIED: "Let this user read it: docs/schedulers/cron.md says by which group or rule, then {again}",
    CauseCode.SCHEDULER_DOWN: "See whether that machine is up, and has what is run there: {ask}, then {again}",
    CauseCode.SCHEDULER_ERROR: "See where cron logs on that machine, and write it as log into {table}, then {again}",
    CauseCode.SCHEDULER_STOPPED: "Start the daemon on that machine: `systemctl start cron`, then {again}",
    CauseCode.NOT_REGISTERED: "See which lines are there: {ask}; put that of {name}, or its file, right (crontab(5)), "
    "or take {table} out if it is gone for good",
    CauseCode.LISTED_TWICE: "Write as its `name` what only its own line has; see all of them: {ask}, then {again}",
    CauseCode.SCHEDULE_DRIFT: "Make both say the same: the schedule of {table}, or the line in the crontab",
    CauseCode.WRONG_TIMEZONE: "cron runs in the zone of its machine: write that as timezone into {table}, or set the "
    "machine's (`timedatectl set-timezone {zone}`) and restart cron",
    CauseCode.UNKNOWN_STATUS: "cron logs that it begins a job, and only with `-L 15` how it ends (EXTRA_OPTS in "
    '/etc/default/cron). Else declare what the job leaves, or write `proof = "start"` into {table}',
    CauseCode.RUN_FAILED: "Read what it printed, which cron has mailed to its user, fix it, and {rerun}",
}


class Cron(OverPipes):
    """The cron of one machine: its crontabs, its daemon, its log."""

    engine: Engine = Field(Engine.CRON, description="Which engine's rules its schedules follow.")
    log: str = Field(JOURNAL, description='Where it logs: "journal", or a file such as "/var/log/syslog".')
    user: str | None = Field(None, min_length=1, description="Whose lines; of all whose crontabs may be read.")
    words: Words = Field(Words(**_WORDS), description="What its status words mean.")

    most_commands: ClassVar[int] = 3
    first_lines: ClassVar[tuple[str, ...]] = ("", 'log = "/var/log/syslog"', 'log = "/var/log/cron"')

    @field_validator("log")
    @classmethod
    def _is_a_log(cls, log: str) -> str:
        if log != JOURNAL and not _FILE.fullmatch(log):
            raise ValueError('must be "journal", or the whole path of a file, such as "/var/log/syslog".')
        return log

    @field_validator("words", mode="before")
    @classmethod
    def _beside_its_own(cls, words: Any) -> Any:
        return {**_WORDS, **words} if isinstance(words, Mapping) else words

    def model_post_init(self, context: Any) -> None:
        """Knows its own steps where the table names none."""
        super().model_post_init(context)
        for code, step in _STEPS.items():
            self.steps.setdefault(code, step)

    @property
    def address(self) -> str:
        """What is asked first, as it may be shown."""
        return self.shown(("crontab", "-l"))

    def command(self) -> str:
        """What a person types to see the same."""
        return self.address

    def log_of(self, name: str) -> str:
        """What a person types to read what is logged of it."""
        if self.log == JOURNAL:
            return self.shown(("journalctl", "-t", "CRON", "--since", "yesterday"))
        return self.shown(("grep", "-a", "CRON", self.log))

    @property
    def tells(self) -> frozenset[str]:
        """What it holds; whether ends and statuses are logged is seen in the log."""
        said = {"jobs", "schedule", "runs", "started", "ended", "status", "history", "running", "clock"}
        return frozenset(said | {"off"} if self.log == JOURNAL else said)

    def look(self, asked: Asked) -> SchedulerSeen:
        """What its machine says. Raises `CannotLook`."""
        asked_at = asked.clock()
        machine = self._machine()
        if not machine.is_installed and machine.daemon is None:
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{self.address}: no daemon of cron is installed there")
        jobs = Jobs(machine, self.user, asked.names)
        fold = Fold(job_of=jobs.of, level=machine.level)
        since, off = (self._journal if self.log == JOURNAL else self._file)(machine, fold, asked.since)
        self._refuse_another_log(machine, fold, since, asked.now)
        told = tuple(self._in_words(each) for each in fold.runs())
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=asked.clock(),
            server_at=machine.clock,
            running=_lives(machine, fold),
            jobs=tuple(jobs.listed(fold)),
            jobs_hidden=self._hidden(machine),
            runs=(*told, *jobs.of_scripts(told)),
            runs_since=since,
            off=off,
        )

    def _in_words(self, run: RunSeen) -> RunSeen:
        if run.outcome is not Outcome.UNKNOWN or not run.word:
            return run
        outcome = self.words.outcome(run.word)
        if outcome is Outcome.UNKNOWN and run.word == ENDED:
            # That it ended tells nothing of how: to an output, or `proof`, it is as good as a start alone.
            return replace(run, ended=None, word=None)
        return replace(run, outcome=outcome)

    def _machine(self) -> Machine:
        printed = self.printed("sh", "-c", _script("cron.sh"), told_as=("crontab", "-l"))
        try:
            return read_machine(printed.out)
        except (ValueError, IndexError) as problem:
            raise self._broken(f"cannot be read: {clean(str(problem), 80)}") from None

    # Where it logs ----------------------------------------------------------------------------------------------------

    def _journal(self, machine: Machine, fold: Fold, since: datetime) -> tuple[datetime, tuple[Off, ...]]:
        boots = self.printed("journalctl", "--system", "--no-pager", "--list-boots", "--output=json")
        begins_at, booted_at, off = self._boots(boots.out)
        at = int((since - EPOCH).total_seconds())
        entries = self.lines(
            "journalctl", "--system", "--no-pager", "--all", "--output=json", f"--output-fields={_FIELDS}",
            f"--since=@{at}", *(f"--identifier={each}" for each in _IDENTIFIERS),
        )  # fmt: skip
        try:
            take_journal(entries, fold)
        except (ValueError, KeyError, TypeError) as problem:
            raise self._broken(f"the journal cannot be read: {clean(str(problem), 80)}") from None
        fold.lose_before(booted_at)
        return max(since, begins_at), tuple(each for each in off if each.until > since)

    def _boots(self, printed: bytes) -> tuple[datetime, datetime, list[Off]]:
        """Since when there is a journal, when its machine started last, and when it was off."""
        if not printed.strip():
            raise self._broken("there is no journal on that machine")
        try:
            boots = sorted(
                (_instant(each["first_entry"]), _instant(each["last_entry"])) for each in json.loads(printed)
            )
        except (ValueError, KeyError, TypeError):
            raise self._broken("the journal lists no boot") from None
        if not boots:
            raise self._broken("the journal is empty")
        off = [Off(since=last, until=first) for (_, last), (first, _) in pairwise(boots) if first > last]
        return boots[0][0], boots[-1][0], off

    def _file(self, machine: Machine, fold: Fold, since: datetime) -> tuple[datetime, tuple[Off, ...]]:
        file = LogFile(host=machine.host, tz=self.naive_times or machine.tz)
        at = str(int((since - EPOCH).total_seconds()))
        file.take(self.lines("sh", "-c", _script("cron_log.sh"), "rollcall", self.log, at), fold)
        if not file.is_whole:
            raise self._broken(f"{self.log} breaks off")
        if not file.is_there:
            raise self._broken(f"there is no {self.log}")
        if file.unread:
            raise CannotLook(CauseCode.ACCESS_DENIED, f"{self.shown(('cat', file.unread[-1]))}: permission denied")
        if file.broken:
            raise self._broken(
                f"{clean(file.broken[-1], 80)} cannot be read through: it is damaged, or not to be unpacked"
            )
        if file.begins_at is None:
            others = f", only of {listed(clean(each, 40) for each in sorted(file.others))}" if file.others else ""
            raise self._broken(f"{self.log} has no line of {clean(machine.host, 40)}{others}")
        if file.off_by is not None:
            ahead = "ahead of" if file.off_by > timedelta(0) else "behind"
            apart = f"its newest line is {show_span(abs(file.off_by))} {ahead} when that was written"
            raise self._broken(f'{self.log}: {apart}: in which zone are its times? Say so: naive_times = "UTC"')
        return (since if file.reaches_further else max(since, file.begins_at)), ()

    def _refuse_another_log(self, machine: Machine, fold: Fold, since: datetime, now: datetime) -> None:
        """Raises `CannotLook` where the daemon lives, something was due, and the log tells of no start at all."""
        if fold.starts or machine.daemon is None:
            return
        begins_at = max(since, fold.began_at or since)
        taken = (each for each in machine.tables if not refusal(each, machine, fold))
        for line in (line for table in taken for line in table.lines if line.schedule):
            due_at = None
            with suppress(ValueError, KeyError):
                zone = ZoneInfo(machine.zone_of(line) or "UTC")
                due_at = next_due(read_schedule(line.schedule or "", engine=Engine.CRON, zone=zone), begins_at)
            if due_at and due_at < min(now, machine.clock) - _BEGUN_WITHIN:
                when = show_instant(due_at, self.zone)
                raise self._broken(f"nothing reports a start, and {shown(line.command, 60)} was due {when}")

    def _broken(self, why: str) -> CannotLook:
        of = f"{self.address}: " if self.via else ""  # which machine it is
        return CannotLook(CauseCode.SCHEDULER_ERROR, self.secrets.clean(of + why, 400))

    def _hidden(self, machine: Machine) -> str | None:
        """Why there may be lines that nobody has read."""
        if self.user is not None and self.user == machine.user:
            unread = [each for each in machine.unread if each.startswith("/etc/")]
        else:
            unread = machine.unread
        return listed(map(clean, unread), 3) or None


def _lives(machine: Machine, fold: Fold) -> bool | None:
    """Whether its daemon is there; None where nobody can tell."""
    if machine.daemon is not None:
        return True
    if machine.sees_all:
        return False
    return True if fold.starts and fold.last_at and machine.clock - fold.last_at < timedelta(hours=1) else None


def _instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


@cache
def _script(name: str) -> str:
    lines = files("rollcall.schedulers").joinpath(name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
