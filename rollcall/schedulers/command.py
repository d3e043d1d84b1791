"""What does a program say of a scheduler, as JSON on its standard output?"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.answers import look_by_mapping
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.parts import Ask, Part, sendable
from rollcall.schedulers.placeholders import filled
from rollcall.sources import programs
from rollcall.text import clean, counted
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

_DENIED = re.compile(r"permission denied|not permitted|forbidden|unauthori[sz]ed|access denied", re.IGNORECASE)
_SSH_FAILED = 255


class Command(Mapped):
    """A scheduler that a program on this machine, or by `via` on another, tells of."""

    argv: tuple[str, ...] | None = Field(
        None,
        alias="command",
        min_length=1,
        repr=False,
        description="Program and arguments; answers for whatever names no ask.",
    )
    via: tuple[str, ...] = Field((), description="Before every command, such as ssh and a host.")

    @field_validator("argv", "via")
    @classmethod
    def _can_be_run(cls, argv: tuple[str, ...] | None, found: ValidationInfo) -> tuple[str, ...] | None:
        sendable(argv, found)
        if argv and not argv[0].strip():
            raise ValueError('names no program. Write such as ["tool", "list", "--json"].')
        return argv

    @field_validator("alive", "jobs", "runs")
    @classmethod
    def _asks_by_a_list(cls, part: Part | None) -> Part | None:
        if part is not None and part.ask is not None and (isinstance(part.ask, str) or not part.ask):
            raise ValueError('ask must be a list of program and arguments, such as ["tool", "list", "--json"].')
        if part is not None and part.body is not None:
            raise ValueError("a command is sent no body. Take it out.")
        return part

    @property
    def usual_ask(self) -> Ask | None:
        """What answers where a part names nothing of its own."""
        return self.argv

    @property
    def address(self) -> str:
        """The command that is run first, as it may be shown."""
        return self.shown(self.first[1])

    def command(self, path: str | None = None) -> str | None:
        """The command as a person types it; there is none that changes anything."""
        return None if path else self.address

    def shown(self, argv: Sequence[str]) -> str:
        """A command as it may be shown: its variables by name."""
        return self.secrets.clean(shlex.join(self.whole(self.via, argv)))

    def whole(self, via: Sequence[str], argv: Sequence[str]) -> tuple[str, ...]:
        """What is run: `via` before it. What ssh hands to a shell over there is quoted."""
        return (*via, shlex.join(argv)) if self.is_by_ssh else (*via, *argv)

    @property
    def is_by_ssh(self) -> bool:
        """True where ssh is what runs it."""
        return any(PurePath(each).name == "ssh" for each in self.via)

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it prints, each command within the timeout. Raises `CannotLook`."""
        return look_by_mapping(self, asked, nullcontext(_OverPipes(scheduler=self, secrets=self.secrets)))

    def broken(self, why: str, code: CauseCode = CauseCode.SCHEDULER_ERROR) -> CannotLook:
        """What is wrong with what it printed."""
        return CannotLook(code, f"`{self.address}`: {why}")


@dataclass(slots=True, kw_only=True)
class _OverPipes:
    """One look: each command is run once. A program has no clock of its own."""

    scheduler: Command
    secrets: Secrets
    server_at: datetime | None = None

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        scheduler = self.scheduler
        shown = f"`{scheduler.shown([str(filled(each, values)) for each in ask])}`"
        # Filled in last: what a program printed must not be read as a `${NAME}`. Quoted only then: a secret may hold
        # whatever a shell would act on.
        argv = [str(filled(self.secrets.sent(each), values)) for each in ask]
        whole = scheduler.whole([self.secrets.sent(each) for each in scheduler.via], argv)
        try:
            printed = programs.run(whole, scheduler.timeout)
        except programs.TooLate:
            why = f"did not end within {show_span(scheduler.timeout)}"
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{shown}: {why}") from None
        except programs.TooMuch:
            size = f"more than {programs.LARGEST_OUTPUT // 1_000_000} MB"
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{shown}: prints {size}, and goes on") from None
        except FileNotFoundError:
            why = f"there is no program {clean((*scheduler.via, *ask)[0], 80)} here"
            raise CannotLook(CauseCode.SCHEDULER_DOWN, f"{shown}: {why}") from None
        except PermissionError:
            raise CannotLook(CauseCode.ACCESS_DENIED, f"{shown}: may not be run by this user") from None
        except (OSError, ValueError) as error:
            why = self.secrets.clean_words(getattr(error, "strerror", None) or str(error))
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{shown}: cannot be run: {why}") from None
        if printed.status != 0:
            raise self._failed(printed, shown)
        return self._read(printed.out, shown)

    def _failed(self, printed: programs.Printed, shown: str) -> CannotLook:
        """That it ended otherwise than well, in its own last words."""
        err, status = printed.err.decode(errors="replace"), printed.status
        last = next((line for line in reversed(err.splitlines()) if line.strip()), "it said nothing")
        how = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
        code = CauseCode.SCHEDULER_ERROR
        if _DENIED.search(err):
            code = CauseCode.ACCESS_DENIED
        elif status == _SSH_FAILED and self.scheduler.is_by_ssh:
            code = CauseCode.SCHEDULER_DOWN
        return CannotLook(code, f"{shown}: {how}: {self.secrets.clean_words(last)}")

    def _read(self, out: bytes, shown: str) -> Any:
        """One JSON value, or a list of one a line; nothing is no line."""
        try:
            return json.loads(out)
        except (ValueError, RecursionError):
            pass
        try:
            return [json.loads(line) for line in out.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            begins = self.secrets.clean_words(out[:8_000].decode(errors="replace"), 60)
            why = f'prints no JSON ({counted(len(out), "byte")}): "{begins}"'
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{shown}: {why}") from None
