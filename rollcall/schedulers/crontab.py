"""What does cron have to do on a machine, by what `cron.sh` printed there?

The rules of a crontab are those of crontab(5) and of Debian's daemon, which was asked (docs/schedulers/cron.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from rollcall.text import clean

_SETTING = re.compile(r"""\s*("[^"]*"|'[^']*'|[^\s="'#]+)\s*=""")
_CRON_TZ = re.compile(r"""\s*CRON_TZ\s*=\s*["']?([\w/+-]*)["']?\s*""")
_FIELDS = re.compile(r"\s*(?:(@[A-Za-z]\S*)|((?:[^\s#@]\S*[ \t]+){4}\S+))[ \t]+(.*)", re.DOTALL)
_SYSTEM = "/etc/crontab"
_FOLDER = PurePosixPath("/etc/cron.d")
# What run-parts runs, and which files Debian's daemon takes.
_TAKEN = re.compile(r"[A-Za-z0-9_-]+")
# What cronie leaves out.
_LEFT_OUT = re.compile(r"[.#].*|.*~|.*\.rpm(save|orig|new)", re.DOTALL)
# A person edits no crontab and looks within the same second.
_SAME_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One command of a crontab.

    `schedule` is None of "@reboot" and of what anacron runs. `written` is the command as it stands there, `command`
    what is run and logged: what stands before a bare "%", and "%" for "\\%". `folder` is that of the scripts which it
    runs. `is_logged` is False where cronie was told not to. `cron_tz` is the zone that its crontab asks for.
    """

    user: str
    table: str
    schedule: str | None
    written: str
    command: str
    folder: str | None = None
    is_logged: bool = True
    cron_tz: str | None = None
    is_anacron: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """By what a log tells its runs: who, and what."""
        return self.user, self.command if self.is_anacron else logged(self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabled:
    """One crontab: its lines, when it was last changed, and whether a line break ends it."""

    name: str
    user: str | None
    lines: tuple[Line, ...]
    changed_at: datetime | None
    is_ended: bool

    @property
    def logged_as(self) -> str:
        """How the daemon calls it in its log."""
        if self.user is not None:
            return self.user
        return "*system*" if self.name == _SYSTEM else f"*system*{PurePosixPath(self.name).name}"


@dataclass(slots=True, kw_only=True)
class Machine:
    """What was printed of one machine.

    `zone` is None where its clock has no name; `offset` is that of the clock when it looked. `daemon` is the command
    line of the daemon, None where none is seen; where `sees_all`, there is none then. `is_installed` where its program
    is there. `scripts` are those of the periodic folders. `unread` are the crontabs that may not be read, and why.
    """

    clock: datetime
    offset: timedelta
    host: str = ""
    user: str = ""
    zone: str | None = None
    daemon: str | None = None
    is_installed: bool = False
    sees_all: bool = False
    tables: list[Tabled] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def tz(self) -> tzinfo:
        """The zone of its clock, as well as it is known."""
        return ZoneInfo(self.zone) if self.zone else timezone(self.offset)

    def zone_of(self, line: Line) -> str | None:
        """The zone of its schedule: cronie does as the crontab asks, Debian's daemon does not."""
        if line.cron_tz and self.daemon is not None and not self.is_debian:
            return line.cron_tz
        return self.zone

    @property
    def is_debian(self) -> bool:
        """True where the daemon is the one whose rules were measured."""
        return self.daemon is not None and PurePosixPath(self.daemon.split()[0]).name == "cron"

    @property
    def level(self) -> int | None:
        """What its daemon was told to log (1 starts, 2 ends, 4 failures, 8 pids); None where that is not seen."""
        if not self.is_debian:
            return None
        found = re.search(r"\s-L\s*(\d+)", self.daemon or "")
        return int(found[1]) if found else 1


def read_machine(printed: bytes) -> Machine:
    """What was printed, read. Raises ValueError where it is not that, or breaks off."""
    # What is no UTF-8 is logged byte by byte.
    sections = list(_sections(printed.decode("utf-8", "surrogateescape")))
    said = {word: rest for word, rest, *_ in sections if word not in ("file", "daemon")}
    if not {"clock", "end"} <= said.keys():
        raise ValueError("it breaks off, or is another's")
    seconds, offset = said["clock"].split()
    sign = -1 if offset[0] == "-" else 1
    machine = Machine(
        clock=datetime.fromtimestamp(int(seconds), UTC),
        offset=sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])),
        host=said.get("host", ""),
        user=said.get("user", ""),
        sees_all=bool(said.get("processes")),
        is_installed="program" in said,
    )
    _read_daemon(machine, sections)
    machine.zone = _zone(machine, said)
    for word, rest, lines, is_ended in sections:
        match word:
            case "file":
                _read_file(machine, rest, lines, is_ended=is_ended)
            case "own":
                machine.tables.append(_table(rest, rest, lines, None, is_ended=is_ended))
            case "script" if _TAKEN.fullmatch(PurePosixPath(rest).name):
                machine.scripts.append(rest)
            case "unread":
                machine.unread.append(f"{rest}: permission denied")
            case "none" if "no crontab" not in rest:
                machine.unread.append(clean(rest, 80))
    return machine


def _sections(printed: str) -> Iterator[tuple[str, str, list[str], bool]]:
    """Each heading's first word, its rest, the lines below it, and whether a line break ended the last of them."""
    word, rest, lines, is_ended = "", "", list[str](), True
    for line in printed.split("\n"):
        if line.startswith("|"):
            lines.append(line[1:])
            is_ended = False
        elif line.startswith("@"):
            if word:
                yield word, rest, lines, is_ended
            word, _, rest = line[1:].partition(" ")
            lines, is_ended = [], True
        else:
            is_ended = True
    if word:
        yield word, rest, lines, is_ended


def _read_daemon(machine: Machine, sections: list[tuple[str, str, list[str], bool]]) -> None:
    """The daemon itself: what it forked to run a job is called like it, and outlives it."""
    found = [rest.split(maxsplit=3) for word, rest, *_ in sections if word == "daemon"]
    ids = {each[0] for each in found}
    for each in found:
        id_, parent, name, *command = each
        line = command[0].strip() if command else name
        if parent not in ids and PurePosixPath(line.split()[0]).name.islower():
            machine.daemon = line
            tz = (rest.partition(" ") for word, rest, *_ in sections if word == "tz")
            machine.zone = next((zone for pid, _, zone in tz if pid == id_), None)


def _zone(machine: Machine, said: dict[str, str]) -> str | None:
    """Its name: as the daemon was told, as the clock of the machine is set, or as it says."""
    link = said.get("localtime", "").rpartition("zoneinfo/")[2]
    for name in (machine.zone, link, said.get("timezone") if "localtime" not in said else None):
        with suppress(ValueError, OSError, KeyError):
            if name:
                return ZoneInfo(name.strip().removeprefix(":")).key
    return None


def _read_file(machine: Machine, rest: str, lines: list[str], *, is_ended: bool) -> None:
    changed, _, path = rest.partition(" ")
    name, changed_at = PurePosixPath(path), None
    if changed.isdigit():
        changed_at = datetime.fromtimestamp(int(changed), UTC)
    if path == "/etc/anacrontab":
        machine.tables.append(_anacrontab(path, lines))
    elif path == _SYSTEM or name.parent == _FOLDER:
        is_left_out = not _TAKEN.fullmatch(name.name) if machine.is_debian else _LEFT_OUT.fullmatch(name.name)
        if path == _SYSTEM or not is_left_out:
            machine.tables.append(_table(path, None, lines, changed_at, is_ended=is_ended))
    else:
        machine.tables.append(_table(path, name.name, lines, changed_at, is_ended=is_ended))


def _table(name: str, user: str | None, lines: list[str], changed_at: datetime | None, *, is_ended: bool) -> Tabled:
    found, cron_tz = list[Line](), None
    for line in lines:
        if asked := _CRON_TZ.fullmatch(line):
            cron_tz = asked[1] or None
        elif each := read_line(line, user, name):
            found.append(replace(each, cron_tz=cron_tz))
    return Tabled(name=name, user=user, lines=tuple(found), changed_at=changed_at, is_ended=is_ended)


def read_line(line: str, user: str | None, table: str) -> Line | None:
    """The command of one line, None where it has none. Where `user` is None the line names the user itself."""
    if line.lstrip().startswith("#") or _SETTING.match(line) or not (found := _FIELDS.fullmatch(line)):
        return None
    name, fields, written = found.groups()
    if user is None:
        user, written = (*re.split(r"[ \t]+", written, maxsplit=1), "")[:2]
    schedule = name or " ".join(fields.split())
    if not written:
        return None
    return Line(
        user=user,
        table=table,
        schedule=None if schedule == "@reboot" else schedule.removeprefix("-"),
        written=written,
        command=_run(written),
        folder=_folder_of(written),
        is_logged=not schedule.startswith("-"),
    )


def _anacrontab(name: str, lines: list[str]) -> Tabled:
    """Its jobs go by their identifiers; at which time of the day one runs, nobody says."""
    found = []
    for line in lines:
        fields = line.split(maxsplit=3)
        if len(fields) == 4 and not fields[0].startswith("#") and not _SETTING.match(line):
            job, command = fields[2:]
            each = Line(
                user="anacron", table=name, schedule=None, written=command, command=job,
                folder=_folder_of(command), is_anacron=True,
            )  # fmt: skip
            found.append(each)
    return Tabled(name=name, user=None, lines=tuple(found), changed_at=None, is_ended=True)


def _run(written: str) -> str:
    r"""What a shell is given of it: all before a bare "%", and each "\%" as "%"."""
    return re.split(r"(?<!\\)%", written, maxsplit=1)[0].replace(r"\%", "%")


def _folder_of(command: str) -> str | None:
    """The folder whose scripts it runs."""
    found = re.search(r"\brun-parts\b.*?(/etc/cron\.(?:hourly|daily|weekly|monthly|yearly))\b", command)
    return found[1] if found else None


def logged(command: str) -> str:
    r"""The command as the daemon writes it into its log: "^I" for a tab, "\303\251" for "é"."""
    if command.isascii() and command.isprintable():
        return command.strip()
    raw = command.encode("utf-8", "surrogateescape")
    return "".join(map(_printable, raw)).strip()


def _printable(byte: int) -> str:
    if byte < 32:
        return f"^{chr(byte + 64)}"
    return "^?" if byte == 127 else chr(byte) if byte < 127 else f"\\{byte:03o}"
