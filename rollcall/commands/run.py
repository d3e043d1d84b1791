"""`rollcall run JOB -- COMMAND`: runs a command, and puts on record when, how it ended and what it said last.

For the kind `wrapper`. It is what stands before a command in a crontab, so it needs no jobs.toml, takes no time to
speak of, and is noticed by nobody: the command's output, input, signals and exit status are its own. Whatever keeps a
run from the record is said on stderr, in one line, and changes nothing: cron mails it, and it is what explains in the
morning why the run looks missed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from rollcall.wrapping import record
from rollcall.wrapping.command import ITSELF_FAILED, NOT_EXECUTABLE, NOT_FOUND, Command
from rollcall.wrapping.processes import born, here

TYPE_CHECKING = False  # as `typing` has it, which takes its time to be imported
if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

USAGE = """\
usage: rollcall run JOB [--timeout SPAN [--kill-after SPAN]] [--by-hand] [--record FOLDER] [--] COMMAND …
       rollcall run --list [JOB] [--since INSTANT] [--record FOLDER]

Runs COMMAND, and puts on record when, how it ended and its last lines, for [schedulers.NAME] with kind = "wrapper".

  --timeout SPAN    end it after so long, such as "2 h": SIGTERM to all that it started
  --kill-after SPAN how long after that whatever is still there is killed; default: 10 s
  --by-hand         it does not run by schedule; so it is too where standard input is a terminal
  --record FOLDER   where runs are on record; default: rollcall/runs in $XDG_STATE_HOME, or in ~/.local/state
  --list            what is on record, as JSON lines

Exit status: that of COMMAND, or its signal; 124 where it took too long, 125 where `rollcall run` itself could not do
its work (so also for usage), 126 where COMMAND cannot be executed, 127 where there is none.
"""
_FLAGS = ("--by-hand", "--list", "--help", "-h")
_VALUES = ("--timeout", "--kill-after", "--record", "--since")


class _Wrong(Exception):
    """What was typed cannot be meant."""


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those that `rollcall --help` names; it reads its own words (`main`)."""
    parser = commands.add_parser("run", help="runs a command, and puts on record how it went", add_help=False)
    parser.set_defaults(command=lambda _: USAGE.splitlines())


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status; never returns where a signal ended the command."""
    try:
        options, job, argv = _read(arguments)
        if "-h" in options or "--help" in options:
            print(USAGE, end="")
            return 0
        folder = os.path.expanduser(options.get("--record", "")) or record.usual_folder(os.environ)
        if "--list" in options:
            # Imported for it alone, as is what reads a span.
            from rollcall.commands.run_list import tell

            return tell(folder, job, _instant(options.get("--since")))
        within, kill_after = (_seconds(options, name) for name in ("--timeout", "--kill-after"))
    except _Wrong as problem:
        _say(f"{problem} (rollcall run --help)")
        return ITSELF_FAILED
    command = Command(argv, within=within, kill_after=kill_after)
    return _run(command, folder, job, is_by_hand="--by-hand" in options or _is_at_a_terminal())


def _run(command: Command, folder: str, job: str, *, is_by_hand: bool) -> int:
    entry: record.Entry = {"job": job, "started": "", "pid": os.getpid(), "born": born(os.getpid()), **here()}
    if is_by_hand:
        entry["by_hand"] = True
    unable = None
    try:
        command.start()
    except (OSError, ValueError) as problem:
        unable = problem
    entry["started"] = _iso(command.started_at)
    if unable is not None:
        status = NOT_FOUND if isinstance(unable, FileNotFoundError | NotADirectoryError) else NOT_EXECUTABLE
        why = "command not found" if status == NOT_FOUND else getattr(unable, "strerror", None) or str(unable)
        said = f"{command.argv[0]}: {why}"
        _say(said)
        _put(folder, {**entry, "ended": entry["started"], "exit": status, "words": said})
        return status
    assert command.pid is not None
    entry |= {"child": command.pid, "child_born": born(command.pid)}
    # Said at the end, where it cannot be helped: what fails now may work then, and that line tells all.
    _put(folder, entry, is_told=False)
    command.wait()
    assert command.status is not None
    ended: record.Entry = {"ended": _iso(command.ended_at), "words": command.words}
    ended |= {"signal": -command.status} if command.status < 0 else {"exit": command.status}
    if command.is_timed_out:
        ended["timed_out"] = True
    lost = command.lost
    if lost is not None:
        ended["lost"] = lost.strerror
        _say(f"{job}: what it printed could not be passed on: {lost.strerror}")
    _put(folder, entry | ended)
    command.let_go()
    status = command.end_like_it()
    return ITSELF_FAILED if lost is not None and status == 0 else status


def _put(folder: str, entry: record.Entry, *, is_told: bool = True) -> None:
    try:
        record.add(folder, entry)
    except OSError as problem:
        if is_told:
            _say(f"{entry['job']}: this run is not on record: {problem.filename or folder}: {problem.strerror}")


def _read(arguments: Sequence[str]) -> tuple[dict[str, str], str, Sequence[str]]:
    """Options, job and command: all that comes after them, as it is. Raises `_Wrong`."""
    options, job, rest = dict[str, str](), "", list(arguments)
    while rest:
        word = rest[0]
        name, equals, value = word.partition("=")
        if word == "--":
            rest.pop(0)
            break
        if not word.startswith("-"):
            if job:
                break
            job = rest.pop(0)
        elif word in _FLAGS:
            options[rest.pop(0)] = ""
        elif name in _VALUES and (equals or len(rest) > 1):
            del rest[: 1 if equals else 2]
            options[name] = value if equals else arguments[len(arguments) - len(rest) - 1]
        else:
            raise _Wrong(f"{name} needs a value" if name in _VALUES else f"there is no option {name}")
    if options.keys() & {"-h", "--help", "--list"}:
        return options, job, rest
    if "--since" in options:
        raise _Wrong("--since belongs to --list")
    if not job:
        raise _Wrong("which job? Write its name first: rollcall run JOB -- COMMAND")
    try:
        record.check_name(job)
    except ValueError as problem:
        raise _Wrong(f"{problem}, unlike {job[:80]!r}") from None
    if "--kill-after" in options and "--timeout" not in options:
        raise _Wrong("--kill-after belongs to --timeout")
    if not rest:
        raise _Wrong(f"what is to be run? Write rollcall run {job} -- COMMAND")
    return options, job, rest


def _seconds(options: Mapping[str, str], name: str) -> float | None:
    if name not in options:
        return None
    from rollcall.times import parse_span

    try:
        seconds = parse_span(options[name]).total_seconds()
    except ValueError as problem:
        raise _Wrong(f"{name} {options[name][:40]!r}: {problem}") from None
    if not seconds:
        raise _Wrong(f"{name} of nothing. Leave it out for no limit")
    return seconds


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    from rollcall.times import read_timestamp

    try:
        at = read_timestamp(text).at
    except ValueError as problem:
        raise _Wrong(f"--since {text[:40]!r}: {problem}") from None
    if at is None:
        raise _Wrong(f"--since {text[:40]!r}: an instant has an offset, such as 2026-02-11T06:00:00+01:00")
    return at


def _is_at_a_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _say(text: str) -> None:
    """One line on stderr; nobody hears it where that is closed."""
    with suppress(OSError):
        os.write(2, f"rollcall run: {text}\n".encode(errors="backslashreplace"))
