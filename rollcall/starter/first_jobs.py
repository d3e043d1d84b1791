"""What can a first jobs.toml say of a scheduler that answers, and of the jobs that it lists?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from rollcall.ask import gather
from rollcall.causes.commands import toml_key
from rollcall.clock import Clock
from rollcall.errors import BadInput
from rollcall.evidence import JobListed, SchedulerSeen
from rollcall.roll.kinds import find_kind, kinds
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.values import shown_url
from rollcall.schedule import read_schedule
from rollcall.text import clean
from rollcall.times import read_timestamp, to_iso

# With more than these a table for each is no help: they are declared as they are listed.
MOST_TABLES = 30
_DAY = timedelta(days=1)
# What an id is taken from as it is.
_PLAIN = re.compile(r"[\w./@:-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstJob:
    """A job as it is first written: its table's `lines` of TOML, each with where it comes from.

    `is_due` is False where nobody knows when: it is written as a comment.
    """

    id: str
    lines: tuple[tuple[str, str], ...]
    is_due: bool = True

    @property
    def key(self) -> str:
        """Its id, as TOML writes it."""
        return toml_key(self.id)

    @property
    def due(self) -> str:
        """What is said of when it is due, in one line."""
        keys = ("schedule", "every", "timezone", "jitter")
        return ", ".join(line for line, _ in self.lines if line.startswith(keys))

    def of(self, scheduler: str) -> FirstJob:
        """The same, of the scheduler of that id."""
        return replace(self, lines=((f"scheduler = {_quoted(scheduler)}", ""), *self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundScheduler:
    """A scheduler that answers, in the words of a kind that is installed; `address` is a line of TOML, or none.

    `declares` where its jobs are declared by being listed. `hides` are what its answers do not tell, for people.
    """

    kind: str
    address: str
    jobs: tuple[FirstJob, ...]
    declares: bool
    hides: tuple[str, ...]


def write_first_jobs(found: FoundScheduler | None, timers: list[str], *, zone: ZoneInfo, now: datetime) -> str:
    """The text of the file."""
    since = to_iso(now.replace(second=0, microsecond=0), zone)
    return _template("jobs.toml.jinja").render(found=found, timers=timers, zone=zone.key, since=since)


def write_tables(jobs: Iterable[FirstJob]) -> str:
    """The tables of these jobs alone."""
    return _template("tables.toml.jinja").render(jobs=tuple(jobs))


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("rollcall.starter", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def find_scheduler(
    kind: str | None, address: str | None, *, zone: ZoneInfo, now: datetime, clock: Clock
) -> FoundScheduler:
    """The scheduler of that kind, or the one that answers at that address.

    Raises `BadInput` where it cannot be asked, or where no kind understands what it says.
    """
    said = []
    if address in kinds():
        rule = f"is a kind, and no address. Write rollcall init --from {address}."
        raise BadInput.single("URL", rule, f'"{address}"')
    for each in [kind] if kind else kinds():
        try:
            cls, _ = find_kind(each)
        except ValueError as problem:
            raise BadInput.single("--from", str(problem), f'"{clean(each, 60)}"') from None
        key = next((name for name in ("url", "database") if name in cls.model_fields), None)
        if (key is None) is not (address is None):
            if kind:
                rule = f"is asked at a {key}. Write rollcall init --from {each} {key.upper()}." if key else ""
                raise BadInput.single("--from", rule or "is asked at no address. Take that out.", f'"{each}"')
            continue
        lines = [f"{key} = {json.dumps(address, ensure_ascii=False)}"] if key else cls.first_lines
        for line in lines:
            asked = _asked(each, line, now=now, clock=clock)
            if isinstance(asked, str):
                said.append(asked)
                continue
            scheduler, seen = asked
            if seen.jobs is not None and (seen.jobs or seen.running is not None or kind):
                return _found(scheduler, seen, line, zone)
    why = f": {said[0]}." if said and said[0] else "."
    rule = f"no kind of scheduler that is installed understands what answers there{why}"
    page = "README.md"
    if kind:
        rule = f"cannot be asked for its jobs by that alone{why}"
        page = f"{kind}.md"
    cure = (
        'Where it needs more than that (a login, another machine), write jobs.toml yourself: a line timezone = "…" '
        f"and the table in docs/schedulers/{page}. Then `rollcall init` adds checks/, and "
        "`rollcall discover --append` the jobs."
    )
    shown = shown_url(address) if address else kind or ""
    raise BadInput.single("URL" if address else "--from", f"{rule} {cure}", f'"{shown}"')


def _asked(kind: str, line: str, *, now: datetime, clock: Clock) -> tuple[Scheduler, SchedulerSeen] | str:
    """What it says in the words of that kind; why not, where it could be asked; "" where the kind needs more."""
    declared = (
        f'timezone = "UTC"\n[schedulers.s]\nkind = {json.dumps(kind)}\n{line}\nnaive_times = "UTC"\n'
        '[jobs.any]\nscheduler = "s"\nengine = "cron"\nschedule = "0 0 1 1 *"\n[jobs.any.output]\npath = "any"\n'
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.toml"
        file.write_text(declared, encoding="utf-8")
        try:
            (scheduler,) = load(file, environment={}).schedulers
        except BadInput:  # this kind is not told by an address alone
            return ""
    seen = gather((), (scheduler,), now=now, clock=clock).schedulers["s"]
    return (scheduler, seen) if isinstance(seen, SchedulerSeen) else seen.detail


def _found(scheduler: Scheduler, seen: SchedulerSeen, address: str, zone: ZoneInfo) -> FoundScheduler:
    jobs = first_jobs(scheduler, seen, zone)
    is_large = "schedule" in scheduler.tells and len(jobs) > MOST_TABLES
    told = {"status": "how a run ended", "started": "when a run began", "paused": "which jobs are paused there"}
    return FoundScheduler(
        kind=scheduler.kind,
        address=address,
        jobs=jobs,
        declares=is_large,
        hides=tuple(what for name, what in told.items() if name not in scheduler.tells),
    )


def first_jobs(
    scheduler: Scheduler, seen: SchedulerSeen, zone: ZoneInfo, *, taken: Iterable[str] = (), names: Iterable[str] = ()
) -> tuple[FirstJob, ...]:
    """The jobs that it lists, as tables; without those of that `names`. Their ids are none of those `taken`."""
    ids = set(taken)
    return tuple(
        _first_job(each, _id_for(each.id, ids), scheduler, seen, zone)
        for each in seen.jobs or ()
        if each.id not in names and not scheduler.ignores(each.id)
    )


def _id_for(name: str, taken: set[str]) -> str:
    """What jobs.toml calls a job of that name: the name, or of one that is a whole command the words in it."""
    short = name if _PLAIN.fullmatch(name) else "-".join(re.findall(r"[A-Za-z0-9]+", name)[:6])[:60] or "job"
    own, number = short, 1
    while own in taken:
        number += 1
        own = f"{short}-{number}"
    taken.add(own)
    return own


def _first_job(listed: JobListed, own_id: str, scheduler: Scheduler, seen: SchedulerSeen, zone: ZoneInfo) -> FirstJob:
    due = _listed_schedule(listed, scheduler, zone)
    is_due = due is not None or "schedule" not in scheduler.tells
    if due is None and is_due:
        next_at = _instant(listed.next_run)
        ends = [_instant(each.ended) for each in seen.runs or () if each.job == listed.id]
        due = (_guess(next_at, max([each for each in ends if each], default=None), zone),)
    title = clean(listed.name, 200) if listed.name not in ("", listed.id) else None
    lines = [
        (f"name = {_quoted(listed.id)}", "what it is called there") if own_id != listed.id else None,
        (f"title = {_quoted(title)}", "") if title else None,
        *(due or (('schedule = "…"', 'nothing there says when it is due: write that, or every = "6 h"'),)),
        None if "runs" in scheduler.tells else (_output_of(own_id), "it reports no runs: what a run leaves proves it"),
    ]
    return FirstJob(id=own_id, lines=tuple(filter(None, lines)), is_due=is_due)


def _output_of(own_id: str) -> str:
    return f"output.path = {_quoted('data/' + re.sub(r'[^A-Za-z0-9-]+', '-', own_id) + '-%Y%m%d*')}"


def _listed_schedule(listed: JobListed, scheduler: Scheduler, zone: ZoneInfo) -> tuple[tuple[str, str], ...] | None:
    """When it is due, as it is listed; None where that is not told, or cannot be read."""
    if not listed.schedule:
        return None
    try:
        own = ZoneInfo(listed.zone) if listed.zone else zone
        read_schedule(listed.schedule, engine=scheduler.engine, zone=own)
    except (ValueError, OSError, KeyError):
        return None
    lines = [(f"schedule = {_quoted(listed.schedule)}", "as it is there")]
    lines += [(f"timezone = {_quoted(own.key)}", "")] if own.key != zone.key else []
    lines += [(f"jitter = {_quoted(listed.jitter)}", "each run is delayed by up to this")] if listed.jitter else []
    return tuple(lines)


def _quoted(text: str) -> str:
    return json.dumps(clean(text, 1_000), ensure_ascii=False)


def _guess(next_at: datetime | None, last_at: datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    """A schedule that agrees with the next run, and with how long before that the last one ended."""
    if next_at is None:
        return 'schedule = "0 2 * * *"', "a guess: nothing there says when it is due"
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
