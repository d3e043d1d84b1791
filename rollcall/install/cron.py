"""How is a look put into the crontab of this user, between the lines that are there?

Cron runs `/bin/sh -c LINE` in the home folder with next to no environment, ends the command at the first bare `%`, and
mails what is printed. So a line changes folder itself, escapes `%`, and prints only where the morning is not well.
`CRON_TZ` is no help: Debian's cron does not know it, and others would apply it to every line below.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rollcall.errors import BadInput
from rollcall.install.clock import Clock, Standing, State, ask
from rollcall.install.fill import fill
from rollcall.install.plan import Kind, Options, Plan

_LONGEST = 998  # bytes of a command: what Debian's cron reads of it
_DAEMONS = "cron|crond|fcron"
_HERE = " in the crontab of this user"
_MARK = re.compile(r"^# >>> (?P<name>rollcall-\S+) >>> made by: ", re.MULTILINE)
# A line of ours, whatever times a person has given it since.
_ENTRY = re.compile(r"(?:\S+\s+){5}(?P<command>cd .* && out=\$\(.* -m (?:pytest|rollcall) .*)")
_ENCODING = {"encoding": "utf-8", "errors": "surrogateescape"}  # other people's lines go back as they came


class Cron(Clock):
    """The crontab of this user. A place in it is between two marks."""

    kind = Kind.CRON
    minute = re.compile(r"^([0-9]+) ", re.MULTILINE)

    def places(self, plan: Plan) -> list[str]:
        return [f"{plan.name}{_HERE}"]

    def mornings(self) -> dict[str, str]:
        return {name: "".join(block.splitlines(keepends=True)[:1] + entries) for name, block, entries in _blocks()}

    def texts(self, plan: Plan) -> dict[str, str]:
        block = fill("crontab", plan, entries=plan.entries(plan.on_machine.at))
        for line in block.splitlines():
            if not line.startswith("#") and len(line.split(" ", 5)[5].encode()) > _LONGEST:
                rule = f"cron cuts a command at {_LONGEST} bytes, and this one would be longer. "
                raise BadInput.single("path", f"{rule}Use `rollcall install systemd`.")
        return dict.fromkeys(self.places(plan), block)

    def read(self, place: str) -> str | None:
        return _split(_crontab(), place)[1] or None

    def write(self, place: str, text: str) -> None:
        above, block, below = _split(_crontab(), place)
        before, after = _lines_of_others(block)
        # A new block goes to the end, an old one keeps its place.
        gap = "\n" if above and not above.endswith("\n") else ""
        _replace(f"{above}{gap}{before}{text}{after}{below}")

    def delete(self, place: str) -> None:
        self.write(place, "")

    def folders(self) -> dict[str, Path]:
        return {f"{name}{_HERE}": _folder_of(entries[0]) for name, _, entries in _blocks() if entries}

    def options(self, plan: Plan) -> Options | None:
        return super().options(plan) if shutil.which("crontab") else None

    def state(self, plan: Plan) -> State:
        state = super().state(plan)
        if state.standing is Standing.ON and not ask(("pgrep", "-x", _DAEMONS)).is_good:
            return State(Standing.UNSEEN, "its lines are right, but no cron is seen to run that would read them")
        return state


def _split(crontab: str, place: str) -> tuple[str, str, str]:
    """What stands above our block, the block, and what stands below. Raises `BadInput` where it was torn."""
    name = place.removesuffix(_HERE)
    begin, end = f"# >>> {name} >>>", f"# <<< {name} <<<"
    lines = crontab.splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if line.startswith(f"{begin} ")]
    ends = [number for number, line in enumerate(lines, start=1) if line.rstrip("\n") == end]
    if not begins and not ends:
        return crontab, "", ""
    if len(begins) != 1 or len(ends) != 1 or ends[0] <= begins[0]:
        rule = f'its lines of {name} do not stand between one "{begin}" and one "{end}". Fix them with `crontab -e`.'
        raise BadInput.single("crontab", rule)
    return "".join(lines[: begins[0]]), "".join(lines[begins[0] : ends[0]]), "".join(lines[ends[0] :])


def _blocks() -> Iterator[tuple[str, str, list[str]]]:
    """The name of each block of ours, the block, and the lines in it that are ours; a torn one is left out."""
    crontab = _crontab()
    for name in (each["name"] for each in _MARK.finditer(crontab)):
        with suppress(BadInput):
            block = _split(crontab, f"{name}{_HERE}")[1]
            yield name, block, [line for line in block.splitlines(keepends=True) if _entry(line)]


def _entry(line: str) -> re.Match[str] | None:
    return _ENTRY.fullmatch(line.rstrip("\n"))


def _lines_of_others(block: str) -> tuple[str, str]:
    """The lines between our marks that a person wrote: those above our own, and the rest."""
    lines = block.splitlines(keepends=True)[1:-1]
    ours = [number for number, line in enumerate(lines) if _entry(line)]
    first = ours[0] if ours else len(lines)
    return "".join(lines[:first]), "".join(line for line in lines[first:] if not _entry(line))


def _folder_of(line: str) -> Path:
    """The folder that a line of ours changes to, as cron and then the shell read it."""
    found = _entry(line)
    assert found is not None
    return Path(shlex.split(found["command"].replace("\\%", "%"))[1])


def _crontab() -> str:
    """The crontab of this user, "" where there is none. Raises `BadInput` where it cannot be read."""
    answer = ask(("crontab", "-l"))
    if answer.is_good:
        return answer.printed.decode(**_ENCODING)
    if "no crontab for" in answer.complaint:
        return ""
    rule = f"cannot be read ({answer.complaint}). Install cron, or use `rollcall install systemd`."
    raise BadInput.single("crontab", rule)


def _replace(crontab: str) -> None:
    """Raises `BadInput` where it is not there afterwards."""
    answer = ask(("crontab", "-"), given=crontab.encode(**_ENCODING))
    if not answer.is_good:
        raise BadInput.single("crontab", f"cannot be written ({answer.complaint}); it is as it was.")
    if _crontab() != crontab:
        raise BadInput.single("crontab", "is not what was written. See it with `crontab -l`.")
