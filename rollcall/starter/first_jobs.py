"""What can a first jobs.toml say of a machine, or of a scheduler that answers somewhere?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from rollcall.ask import gather
from rollcall.causes.commands import toml_key
from rollcall.clock import Clock
from rollcall.errors import BadInput
from rollcall.evidence import JobListed, SchedulerSeen
from rollcall.roll.kinds import kinds
from rollcall.roll.load import load
from rollcall.roll.values import shown_url
from rollcall.text import clean
from rollcall.times import read_timestamp, to_iso

_MOST_TIMERS = 60
_PATIENCE = 5  # seconds, for each program that is asked
_CRONTABS = ("/etc/crontab", "/etc/cron.d/*")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstJob:
    """A job as it is first written: `schedule` is a line of TOML, `guess` where it comes from."""

    key: str
    title: str | None
    schedule: str
    guess: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundScheduler:
    """A scheduler that answers there, in the words of a kind that is installed; `url` as TOML writes it."""

    kind: str
    url: str
    jobs: tuple[FirstJob, ...]


def write_first_jobs(found: FoundScheduler | None, timers: list[str], *, zone: ZoneInfo, now: datetime) -> str:
    """The text of the file."""
    environment = Environment(
        loader=PackageLoader("rollcall.starter", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    since = to_iso(now.replace(second=0, microsecond=0), zone)
    template = environment.get_template("jobs.toml.jinja")
    return template.render(found=found, timers=timers, zone=zone.key, since=since)


def find_scheduler(url: str, *, zone: ZoneInfo, now: datetime, clock: Clock) -> FoundScheduler:
    """The scheduler that answers at `url`. Raises `BadInput` where none of the kinds understands what it says."""
    said = []
    for kind in kinds():
        seen = _asked(kind, url, now=now, clock=clock)
        if isinstance(seen, str):
            said.append(seen)
        elif seen.jobs is not None and (seen.jobs or seen.running is not None):
            jobs = tuple(_first_job(each, seen, zone) for each in seen.jobs)
            return FoundScheduler(kind=kind, url=json.dumps(url, ensure_ascii=False), jobs=jobs)
    why = f" It said: {said[0]}." if said else ""
    rule = f"no kind of scheduler that is installed understands what answers there.{why}"
    cure = "Call `rollcall init` alone, and declare it as kind json, sql or command: docs/reference.md."
    raise BadInput.single("URL", f"{rule} {cure}", f'"{shown_url(url)}"')


def _asked(kind: str, url: str, *, now: datetime, clock: Clock) -> SchedulerSeen | str:
    """What it says in the words of that kind; why not, where it could be asked; "" where the kind needs more."""
    declared = (
        f'timezone = "UTC"\n[schedulers.s]\nkind = {json.dumps(kind)}\nurl = {json.dumps(url)}\nnaive_times = "UTC"\n'
        '[jobs.any]\nscheduler = "s"\nschedule = "0 0 1 1 *"\n'
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.toml"
        file.write_text(declared, encoding="utf-8")
        try:
            roll = load(file, environment={})
        except BadInput:  # this kind is not told by an address alone
            return ""
    seen = gather((), roll.schedulers, now=now, clock=clock).schedulers["s"]
    return seen if isinstance(seen, SchedulerSeen) else seen.detail


def _first_job(listed: JobListed, seen: SchedulerSeen, zone: ZoneInfo) -> FirstJob:
    next_at = _instant(listed.next_run)
    ends = [_instant(each.ended) for each in seen.runs or () if each.job == listed.id]
    schedule, guess = _guess(next_at, max([each for each in ends if each], default=None), zone)
    title = json.dumps(clean(listed.name, 200), ensure_ascii=False) if listed.name not in ("", listed.id) else None
    return FirstJob(key=toml_key(listed.id), title=title, schedule=schedule, guess=guess)


def _guess(next_at: datetime | None, last_at: datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    """A schedule that agrees with the next run, and with how long before that the last one ended."""
    if next_at is None:
        return 'schedule = "0 2 * * *"', "it has no next run there: say when it is due"
    face = next_at.astimezone(zone)
    gap = next_at - last_at if last_at else _DAY
    if timedelta(hours=1) <= gap < _DAY * 0.8:
        hours = max(round(gap / timedelta(hours=1)), 1)
        return f'every = "{hours} h"', f"guessed from its last run and its next, {face:%a %H:%M}"
    days = "* * *"
    if _DAY * 6 < gap < _DAY * 8:
        days = f"* * {face:%a}".lower()
    elif gap > _DAY * 20:
        days = f"{face.day} * *"
    return f'schedule = "{face.minute} {face.hour} {days}"', f"guessed from its next run, {face:%a %d %b %H:%M}"


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        stamp = read_timestamp(written)
    except ValueError:
        return None
    return stamp.at or stamp.in_zone(ZoneInfo("UTC"), fold=0)


def list_timers() -> list[str]:
    """What cron and systemd run on this machine, a line each, as they write it; nothing where they cannot be asked."""
    lines = list(dict.fromkeys(_timers()))
    more = [f"… and {len(lines) - _MOST_TIMERS} more"] if len(lines) > _MOST_TIMERS else []
    return [clean(each, 200) for each in (*lines[:_MOST_TIMERS], *more)]


def _timers() -> Iterator[str]:
    tables = [_printed("crontab", "-l")]
    for pattern in _CRONTABS:
        for file in sorted(Path("/").glob(pattern.removeprefix("/"))):
            try:
                tables.append(file.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
    for line in "\n".join(tables).splitlines():
        first = line.split(maxsplit=1)[:1]
        if first and "=" not in first[0] and not first[0].startswith("#"):  # neither a variable nor a comment
            yield " ".join(line.split())
    for line in _printed("systemctl", "list-timers", "--all", "--no-pager", "--no-legend").splitlines():
        units = [word for word in line.split() if word.endswith((".timer", ".service"))]
        if units:
            yield f"timer {' → '.join(units)}"


def _printed(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
