"""What does a program say of a scheduler, as JSON on its standard output?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.answers import look_by_mapping
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.over_pipes import OverPipes, runnable
from rollcall.schedulers.parts import Ask, Part
from rollcall.schedulers.placeholders import filled
from rollcall.text import counted
from rollcall.vocabulary import CauseCode


class Command(Mapped, OverPipes):
    """A scheduler that a program on this machine, or by `via` on another, tells of."""

    argv: tuple[str, ...] | None = Field(
        None,
        alias="command",
        min_length=1,
        repr=False,
        description="Program and arguments; answers for whatever names no ask.",
    )

    @field_validator("argv")
    @classmethod
    def _can_be_run(cls, argv: tuple[str, ...] | None, found: ValidationInfo) -> tuple[str, ...] | None:
        return argv and runnable(argv, found)

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

    def command(self) -> str | None:
        """The command as a person types it."""
        return self.address

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
        # Filled in last: what a program printed must not be read as a `${NAME}`.
        argv = [str(filled(self.secrets.sent(each), values)) for each in ask]
        told_as = [str(filled(each, values)) for each in ask]
        printed = self.scheduler.printed(*argv, told_as=told_as)
        return self._read(printed.out, f"`{self.scheduler.shown(told_as)}`")

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
