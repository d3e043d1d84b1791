"""`rollcall …`: what can be asked without pytest. One command a file, in `rollcall.commands`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Generator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from io import TextIOWrapper
from types import MappingProxyType
from typing import NoReturn, TextIO

from rollcall.errors import BadInput

BAD_INPUT = 4  # pytest's own status for a usage error
UNWRITTEN = 1
INTERRUPTED = 130  # a shell's own status for what Ctrl-C ended
# `run` has words of its own, and is gone before this is imported (`rollcall.__main__`).
COMMANDS = (
    "init",
    "discover",
    "demo",
    "run",
    "check",
    "due",
    "diagnose",
    "calendar",
    "history",
    "rehearse",
    "backtest",
    "monitor",
    "look",
    "merge",
    "alert",
    "silence",
    "ensure-running",
    "rerun",
    "schema",
    "install",
)


def main(arguments: Sequence[str] | None = None, *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Runs one command. Returns its exit status: its own, 4 for bad input, 130 where Ctrl-C ended it.

    Where the output cannot be written it is 1, or what the command says it is then (`unwritten`).
    """
    out, err = out or sys.stdout, err or sys.stderr
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        # Who types nothing but the name asks what there is.
        return _run(_parser(arguments).parse_args(arguments or ["--help"]), out, err)
    except BadInput as problem:
        print(f"ERROR: {problem}", file=err)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted", file=err)
        return INTERRUPTED


def _run(asked_for: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    try:
        return _print(asked_for.command(asked_for), out)
    except OSError as problem:
        # The interpreter's last flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        status = getattr(asked_for, "unwritten", None)
        if status is None and isinstance(problem, BrokenPipeError):  # `rollcall due | head` has seen enough
            return 0
        print(f"ERROR: the output cannot be written: {problem.strerror}", file=err)
        return UNWRITTEN if status is None else int(status)


def _print(lines: Generator[str, None, int | None], out: TextIO) -> int:
    """Prints what a command yields. Returns what it returns, a command without a status of its own being done: 0."""
    if isinstance(out, TextIOWrapper):
        # A title with an emoji in it is no reason to fail on a terminal that knows none.
        out.reconfigure(errors="replace")
    from rollcall.terminal.colour import coloured, is_coloured

    status, is_plain = 0, not is_coloured(out, os.environ)

    def told() -> Generator[str]:
        nonlocal status
        status = (yield from lines) or 0

    for line in told():
        print(line if is_plain else coloured(line), file=out)
    # A pipe that nobody reads any more is noticed here, not at the end of the process.
    out.flush()
    return status


class _Parser(argparse.ArgumentParser):
    """Ends a mistake with pytest's status for it, and says what was probably meant."""

    commands: Mapping[str, argparse.ArgumentParser] = MappingProxyType({})

    def error(self, message: str) -> NoReturn:
        # Of an option that it does not have, the usage of that one command says more.
        only = next(iter(self.commands.values())) if len(self.commands) == 1 else self
        only.print_usage(sys.stderr)
        self.exit(BAD_INPUT, f"ERROR: {message}{self._meant(message)}\n")

    def _meant(self, message: str) -> str:
        from rollcall.roll.values import nearest

        if found := re.match("argument COMMAND: invalid choice: '([^']*)'", message):
            near = nearest(found[1], COMMANDS)
        elif found := re.match("unrecognized arguments: (--[^ =]+)", message):
            usages = "".join(each.format_usage() for each in self.commands.values())
            near = nearest(found[1], sorted(set(re.findall(r"--[a-z-]+", usages))))
        else:
            return ""
        return f". Did you mean {near}?" if near else ""


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rollcall",
        description="Did every scheduled job really do its work? (The checks: pytest checks/)",
        epilog="To begin: rollcall demo, then rollcall init.",
    )
    parser.add_argument("--version", action="version", version=f"roll-call {version('roll-call')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # To import all of them takes as long as to run one.
    asked_for = [name for name in COMMANDS if name in arguments[:1]]
    for name in asked_for or COMMANDS:
        import_module(f"rollcall.commands.{name.replace('-', '_')}").add_to(commands)
    parser.commands = commands.choices
    return parser
