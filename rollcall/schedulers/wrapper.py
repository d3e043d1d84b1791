"""What does `rollcall run` have on record, on this machine or by `via` on another?

It stands before the command in a crontab, so it knows every run from its start on, how it ended and what it said last.
It does not know what is due, nor of a line that never came to its start: that is a missed run.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from rollcall import command_line
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.files import path_of
from rollcall.roll.kinds import merged
from rollcall.roll.scheduler import Asked, Words
from rollcall.schedulers.over_pipes import OverPipes, runnable
from rollcall.schedulers.reading import Reader
from rollcall.text import counted
from rollcall.times import read_timestamp, to_iso
from rollcall.vocabulary import CauseCode

_PROGRAM = ("rollcall",)
_MOST_RUNS = 200_000
_WORDS = {
    "success": ("exit 0",),
    # That it ended, nobody saw; and that it still runs, nobody can tell from another machine.
    "running": ("running", "running, or cut off"),
    "failed": ("timed out", "cut off", "output lost"),
}
_ENDS = ("exit ", "signal ")
_STEPS: dict[str, str] = {
    CauseCode.SCHEDULER_DOWN: "See what it says there: {ask}. If there is no such program, set command in {table}",
    CauseCode.SCHEDULER_ERROR: "See what it says there: {ask}, then {again}",
    CauseCode.ACCESS_DENIED: "Let this user read what is on record, or ask as another: via of {table}, such as "
    '["sudo", "-n", "-u", "backup"]; then {again}',
    CauseCode.NO_RECORDS: "Look for lines with rollcall run in the crontab: `crontab -l`; see which "
    "user's they are, and where they keep their runs (record of {table}), then {again}",
    CauseCode.NEVER_RAN: "Look for it in the crontab: `crontab -l`; {rerun}",
    CauseCode.MISSED_RUN: "Look for it in the crontab: `crontab -l`; {rerun}",
    CauseCode.RUN_FAILED: "Read its last lines, fix it, and {rerun}",
    CauseCode.STILL_RUNNING: "See what it waits for (`ps -ef --forest`); if it hangs, end it (the --timeout of "
    "rollcall run does so by itself), and {rerun}",
}


class Wrapper(OverPipes):
    """What `rollcall run` has on record."""

    record: str | None = Field(None, min_length=1, description="The folder that `rollcall run --record` names.")
    argv: tuple[str, ...] = Field(
        _PROGRAM, alias="command", min_length=1, description="How `rollcall` is called where it is not on PATH."
    )
    words: Words = Field(default_factory=lambda: Words(**_WORDS), description="What its status words mean.")
    steps: dict[str, str] = Field(default_factory=lambda: dict(_STEPS), description="What to do next, by cause.")

    _folder: Path = PrivateAttr(default_factory=Path)

    @field_validator("words", "steps", mode="before")
    @classmethod
    def _beside_our_own(cls, said: Any, found: ValidationInfo) -> Any:
        if not isinstance(said, Mapping):
            return said
        return merged(_WORDS, said) if found.field_name == "words" else merged(_STEPS, said)

    @field_validator("argv")
    @classmethod
    def _can_be_run(cls, argv: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        return runnable(argv, found)

    def model_post_init(self, context: Any) -> None:
        """Takes from the file where it lies: a folder is relative to it."""
        super().model_post_init(context)
        self._folder = (context or {}).get("folder") or Path()

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold. A job that never ran under it is in no list, and that is no proof that it is gone."""
        return frozenset({"runs", "started", "ended", "status", "history", "clock"})

    @property
    def address(self) -> str:
        """The command that tells what is on record."""
        return self.shown((*self.argv, *self._list))

    def command(self) -> str:
        """The same, as a person types it."""
        return self.address

    def run_of(self, name: str) -> str:
        """By hand, and on record as that; what it wraps, only the crontab says."""
        return self.shown((*self.argv, "run", name, *self._record, "--by-hand", "--", "COMMAND"))

    def log_of(self, name: str) -> str:
        """The command that tells of that job alone, and what it said last."""
        return self.shown((*self.argv, *self._list, name))

    @property
    def _list(self) -> tuple[str, ...]:
        return ("run", "--list", *self._record)

    @property
    def _record(self) -> tuple[str, ...]:
        if self.record is None:
            return ()
        # Elsewhere it is a folder of that machine.
        return ("--record", self.record if self.via else str(self._folder / path_of(self.record)))

    def look(self, asked: Asked) -> SchedulerSeen:
        """What is on record since then, and the newest run of each job. Raises `CannotLook`."""
        # Here it is this very one, whatever is on PATH of those whose morning it is.
        own = not self.via and self.argv == _PROGRAM
        program = shlex.split(command_line.rollcall()) if own else self.argv
        read, asked_at = _Read(self), asked.clock()
        for line in self.lines(*program, *self._list, "--since", to_iso(asked.since)):
            if line.strip():
                read.add(line)
        return read.seen(asked_at, asked.clock())

    def outcome(self, word: str) -> Outcome:
        """What a word means: each exit status and signal that stands in no list is a failure."""
        known = self.words.outcome(word)
        return Outcome.FAILED if known is Outcome.UNKNOWN and word.startswith(_ENDS) else known

    def broken(self, why: str) -> CannotLook:
        """What is wrong with what it printed."""
        return CannotLook(CauseCode.SCHEDULER_ERROR, f"`{self.address}`: {why}")


class _Read:
    """What was read so far, line by line."""

    def __init__(self, scheduler: Wrapper) -> None:
        self._scheduler = scheduler
        self._reader = Reader(secrets=scheduler.secrets, times=None, broken=scheduler.broken)
        self._jobs: list[JobListed] = []
        self._runs: list[RunSeen] = []
        self._server_at: datetime | None = None

    def add(self, line: bytes) -> None:
        """Reads one more. Raises `CannotLook`."""
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or (self._server_at is None and "now" not in entry):
            begins = self._scheduler.secrets.clean_words(line[:8_000].decode(errors="replace"), 60)
            raise self._scheduler.broken(f'prints what it does not print: "{begins}"')
        if "now" in entry:
            self._server_at = self._instant(entry["now"], "now")
        elif "started" in entry:
            self._runs.append(self._run(entry))
        else:
            self._jobs.append(self._job(entry))
        if len(self._runs) > _MOST_RUNS:
            raise self._scheduler.broken(f"prints more than {counted(_MOST_RUNS, 'run')}")

    def _run(self, entry: Mapping[str, Any]) -> RunSeen:
        word = self._reader.text(entry.get("word"), "word")
        ended = entry.get("ended")
        return RunSeen(
            job=self._reader.id(entry.get("job"), "job"),
            started=self._reader.time(entry["started"], "started"),
            ended=None if ended is None else self._reader.time(ended, "ended"),
            word=word,
            outcome=self._scheduler.outcome(word),
            by_schedule=False if entry.get("by_hand") else None,
            says=self._reader.says(entry.get("words"), "words"),
        )

    def _job(self, entry: Mapping[str, Any]) -> JobListed:
        since = entry.get("since")
        return JobListed(
            id=self._reader.id(entry.get("job"), "job"),
            runs_since=None if since is None else self._reader.time(since, "since"),
            says=self._reader.says(entry.get("unread"), "unread"),
            untold=("runs",) if entry.get("unread") else (),
        )

    def _instant(self, text: Any, place: str) -> datetime:
        try:
            at = read_timestamp(self._reader.time(text, place)).at
        except ValueError as problem:
            raise self._scheduler.broken(f"{place}: {problem}") from None
        if at is None:
            raise self._scheduler.broken(f"{place} has no offset")
        return at

    def seen(self, asked_at: datetime, answered_at: datetime) -> SchedulerSeen:
        """All of it. Raises `CannotLook`."""
        if self._server_at is None:
            raise self._scheduler.broken("prints nothing")
        # Of a job that is not on record it is known since anything is.
        reaching = [self._instant(each.runs_since, "since") for each in self._jobs if each.runs_since]
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=answered_at,
            server_at=self._server_at,
            jobs=tuple(self._jobs),
            runs=tuple(self._runs),
            runs_since=min(reaching, default=None),
        )
