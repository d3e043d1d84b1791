"""How do the owner's own commands open an output (`open` of jobs.toml), and prove it (`verify`)?"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from rollcall.evidence import Outcome, Verified
from rollcall.roll.fields import Span, Table, context
from rollcall.roll.secrets import expand

FILE = "{file}"
_LEAST, _LONGEST = timedelta(hours=1), timedelta(days=366)
_LARGEST_STATUS = 255
# How a shell ends whose program cannot be run, is not there, or was ended by a signal from outside (SIGKILL, SIGTERM).
_OF_A_SHELL = frozenset({126, 127, 128 + 9, 128 + 15})
# A morning may be a little earlier than the one before, and in spring it is by an hour.
_EARLY = timedelta(hours=2)
# So many times `every` after the last proof, that says nothing any more.
_MOST_MISSED = 2


def runnable(argv: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
    """Program and arguments that can be run; none is none. Raises ValueError."""
    for text in argv:
        expand(text, context(found)["environment"])
        if "\0" in text:
            raise ValueError("has a NUL character, which no argument can hold. Take it out.")
    if argv and not argv[0].strip():
        raise ValueError('names no program. Write ["PROGRAM", "ARGUMENT"].')
    return argv


def _reads_stdin(argv: tuple[str, ...]) -> tuple[str, ...]:
    if any(FILE in text for text in argv):
        raise ValueError("is given the content on its standard input, and no {file}. Take it out.")
    return argv


def _is_list(value: object) -> object:
    if isinstance(value, str):
        raise ValueError('is a list of program and arguments, as no shell reads it. Write ["PROGRAM", "ARGUMENT"].')
    return value


Argv = Annotated[tuple[str, ...], BeforeValidator(_is_list), AfterValidator(runnable)]
Opens = Annotated[Argv, AfterValidator(_reads_stdin)]
Status = Annotated[int, Field(ge=0, le=_LARGEST_STATUS, strict=True)]


class Verify(Table):
    """The owner's own proof of an output: a command, how often it is made, and what its exit status means."""

    command: Argv = Field(repr=False, description="Program and arguments; {file} is the file, or folder.")
    every: Span | None = Field(None, description="How old the last proof may become; left out, each morning makes one.")
    ok: tuple[Status, ...] = Field((0,), description="Exit statuses that mean: it is good.")
    partial: tuple[Status, ...] = Field((), description="Exit statuses that mean: good, and not all; a warning.")
    unknown: tuple[Status, ...] = Field((), description="Exit statuses that prove nothing, such as: it is locked.")

    @field_validator("command", "ok")
    @classmethod
    def _is_there(cls, given: tuple[object, ...]) -> tuple[object, ...]:
        if not given:
            raise ValueError("holds nothing. Write what belongs there, or take it out.")
        return given

    @field_validator("every")
    @classmethod
    def _is_bearable(cls, every: timedelta | None) -> timedelta | None:
        if every is not None and not _LEAST <= every <= _LONGEST:
            raise ValueError('must lie between "1 h" and "366 d".')
        return every

    @field_validator("partial", "unknown")
    @classmethod
    def _means_one_thing(cls, statuses: tuple[int, ...], found: ValidationInfo) -> tuple[int, ...]:
        others = [key for key in ("ok", "partial") if key != found.field_name]
        for key in others:
            if twice := set(statuses) & set(found.data.get(key, ())):
                raise ValueError(f"{min(twice)} is in {key} too, and means one thing. Take one out.")
        return statuses

    @property
    def names_its_file(self) -> bool:
        """True where it is handed a file, or a folder."""
        return any(FILE in text for text in self.command)

    def outcome(self, status: int) -> Outcome:
        """What that exit status means; a signal is a failure of the command, and proves nothing."""
        if status in self.ok:
            return Outcome.SUCCESS
        if status in self.partial:
            return Outcome.PARTIAL
        was_not_run = status < 0 or status in _OF_A_SHELL
        return Outcome.UNKNOWN if status in self.unknown or was_not_run else Outcome.FAILED

    @property
    def fingerprint(self) -> str:
        """What tells this proof from another that jobs.toml asked for before, or may later."""
        asked = json.dumps([self.command, self.ok, self.partial, self.unknown])
        return hashlib.sha256(asked.encode()).hexdigest()[:16]

    def holds(self, last: Verified | None, now: datetime) -> bool:
        """True where the last proof is good, of this command, and so young that none is due."""
        if last is None or self.every is None or not self._is_good(last):
            return False
        return now - last.at < self.every - min(self.every / 10, _EARLY)

    def still_tells(self, last: Verified | None, now: datetime) -> bool:
        """True where the last proof is good and none that was due since is long overdue."""
        if last is None or self.every is None or not self._is_good(last):
            return False
        return now - last.at <= _MOST_MISSED * self.every

    def _is_good(self, last: Verified) -> bool:
        return last.by == self.fingerprint and last.outcome in (Outcome.SUCCESS, Outcome.PARTIAL)


def _as_table(value: object) -> object:
    """A list alone is the command; an empty one says that there is none, whatever [defaults] say."""
    value = _is_list(value)
    if isinstance(value, list | tuple):
        return {"command": value} if value else None
    return value


# In jobs.toml: a list, or the table.
Declared = Annotated[Verify | None, BeforeValidator(_as_table, json_schema_input_type=list[str] | Verify | None)]
