"""What does a program of this machine answer?"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from rollcall.text import clean

_LONGEST = 30  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program said. `status` is None where there is no such program, or it did not end in time."""

    status: int | None
    out: bytes = b""
    told: str = ""

    @property
    def is_good(self) -> bool:
        """True where it did what it was told."""
        return self.status == 0


def ask(command: Sequence[str], *, given: bytes | None = None) -> Answer:
    """The program's answer; `told` is one clean line of what it complained of."""
    try:
        done = subprocess.run(
            command,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=_LONGEST,
            check=False,
        )
    except OSError as problem:
        return Answer(status=None, told=f"{command[0]}: {problem.strerror or 'cannot be run'}")
    except subprocess.TimeoutExpired:
        return Answer(status=None, told=f"{command[0]}: no answer within {_LONGEST} s")
    told = clean(done.stderr.decode(errors="replace")) or f"{command[0]} ended with status {done.returncode}"
    return Answer(status=done.returncode, out=done.stdout, told=told)
