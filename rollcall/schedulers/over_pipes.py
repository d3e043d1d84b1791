"""What do ordinary commands say, on this machine or by `via` on another?

Who is not there, refuses, hangs or ends in an error becomes a `CannotLook` with its cause.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from rollcall.evidence import CannotLook
from rollcall.roll.scheduler import Order, Reply, Scheduler
from rollcall.schedulers.parts import sendable
from rollcall.sources import programs
from rollcall.text import clean
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

_DENIED = re.compile(
    r"permission denied|not permitted|forbidden|unauthori[sz]ed|access denied|insufficient permission", re.IGNORECASE
)
_SSH_FAILED = 255
# Of one line, as of a journal's entry.
LARGEST_LINE = 4_000_000


class OverPipes(Scheduler):
    """A scheduler that commands tell of."""

    via: tuple[str, ...] = Field((), description="Before every command, such as ssh and a host.")

    # How many commands one look runs at most, one after the other.
    most_commands: ClassVar[int] = 1

    @field_validator("via")
    @classmethod
    def _can_be_run_by(cls, via: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        return runnable(via, found)

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take."""
        return self.timeout * self.most_commands

    def printed(
        self, *argv: str, told_as: Sequence[str] | None = None, accepts: Container[int] = (0,)
    ) -> programs.Printed:
        """What a command printed. Raises `CannotLook`, also where it ended with another status than those.

        `told_as` is the command as it may be shown, where its own words hold secrets.
        """
        told_as = told_as or argv
        with self._telling(told_as):
            printed = programs.run(self.whole(self.via, argv), self.timeout)
        if printed.status not in accepts:
            raise self.failed(printed, told_as)
        return printed

    def lines(self, *argv: str, accepts: Container[int] = (0,)) -> Iterator[bytes]:
        """The lines that a command prints, as they come. Raises `CannotLook`, at the latest when it ends."""
        rest = b""
        with self._telling(argv), programs.started(self.whole(self.via, argv), self.timeout) as program:
            for piece in program.pieces():
                *whole, rest = (rest + piece).split(b"\n")
                yield from whole
                if len(rest) > LARGEST_LINE:
                    raise programs.TooMuch
            if rest:
                yield rest
            ended = programs.Printed(status=program.status(), out=b"", err=bytes(program.err))
        if ended.status not in accepts:
            raise self.failed(ended, argv)

    def shown(self, argv: Sequence[str]) -> str:
        """A command as it may be shown: its variables by name."""
        return self.secrets.clean(shlex.join(self._before(self.via, argv)))

    def whole(self, via: Sequence[str], argv: Sequence[str]) -> tuple[str, ...]:
        """What is run: `via` before it, its variables filled in."""
        # Quoted only then: a secret may hold whatever a shell would act on.
        return self._before([self.secrets.sent(each) for each in via], argv)

    def _before(self, via: Sequence[str], argv: Sequence[str]) -> tuple[str, ...]:
        """`via` before it. What ssh hands to a shell over there is quoted."""
        return (*via, shlex.join(argv)) if self.is_by_ssh else (*via, *argv)

    @property
    def is_by_ssh(self) -> bool:
        """True where ssh is what runs it."""
        return any(PurePath(each).name == "ssh" for each in self.via)

    @contextmanager
    def _telling(self, argv: Sequence[str]) -> Iterator[None]:
        """Starts a command inside: whatever keeps it from its end becomes a `CannotLook`."""
        code = CauseCode.SCHEDULER_DOWN
        try:
            yield
            return
        except programs.TooLate:
            why = f"did not end within {show_span(self.timeout)}"
        except programs.TooMuch:
            size = f"more than {programs.LARGEST_OUTPUT // 1_000_000} MB"
            code, why = CauseCode.SCHEDULER_ERROR, f"prints {size}, and goes on"
        except FileNotFoundError:
            why = f"there is no program {clean((*self.via, *argv)[0], 80)} here"
        except PermissionError:
            code, why = CauseCode.ACCESS_DENIED, "may not be run by this user"
        except (OSError, ValueError) as error:
            said = self.secrets.clean_words(getattr(error, "strerror", None) or str(error))
            code, why = CauseCode.SCHEDULER_ERROR, f"cannot be run: {said}"
        raise CannotLook(code, f"`{self.shown(argv)}`: {why}")

    def commanded(self, *argv: str) -> Commanded:
        """The order to run that command."""
        typed = self.shown(argv)
        return Commanded(typed=typed, target=typed, scheduler=self, argv=argv)

    def failed(self, printed: programs.Printed, argv: Sequence[str]) -> CannotLook:
        """That a command ended otherwise than well, in its own last words."""
        err, status = printed.err.decode(errors="replace"), printed.status
        last = next((line for line in reversed(err.splitlines()) if line.strip()), "it said nothing")
        how = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
        code = CauseCode.SCHEDULER_ERROR
        if _DENIED.search(err):
            code = CauseCode.ACCESS_DENIED
        elif status == _SSH_FAILED and self.is_by_ssh:
            code = CauseCode.HOST_SILENT
        return CannotLook(code, f"`{self.shown(argv)}`: {how}: {self.secrets.clean_words(last)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Order):
    """A command that is run once. What it says with its exit status is its own: the record tells whether it helped."""

    scheduler: OverPipes = field(repr=False)
    argv: tuple[str, ...]

    def send(self, limit: timedelta | None = None) -> Reply:
        """What came back; refused where it could not even be started."""
        scheduler = self.scheduler
        whole = scheduler.whole(scheduler.via, [scheduler.secrets.sent(each) for each in self.argv])
        try:
            printed = programs.run(whole, limit or scheduler.timeout)
        except programs.TooLate:
            return Reply(came=False, line=f"`{self.typed}` did not end within {show_span(limit or scheduler.timeout)}")
        except programs.TooMuch:
            return Reply(came=False, line=f"`{self.typed}` prints more than is read")
        except (OSError, ValueError) as error:
            why = scheduler.secrets.clean_words(getattr(error, "strerror", None) or str(error))
            return Reply(is_refused=True, line=f"`{self.typed}` cannot be run: {why}")
        if printed.status == 0:
            return Reply(is_accepted=True, may_be_under_way=True, line=f"`{self.typed}` ended well")
        is_lost = printed.status == _SSH_FAILED and scheduler.is_by_ssh
        return Reply(came=not is_lost, line=scheduler.failed(printed, self.argv).detail)


def runnable(argv: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
    """Program and arguments that can be run; none is none. Raises ValueError."""
    sendable(argv, found)
    if argv and not argv[0].strip():
        raise ValueError('names no program. Write such as ["tool", "list", "--json"].')
    return argv
