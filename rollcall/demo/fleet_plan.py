"""Which schedulers, teams and jobs has a fleet of any size, and what goes wrong in it?

Drawn by chance that is always the same: a fleet of 300 is the same fleet tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import product
from random import Random

# What a run leaves; "" is nothing, of every third.
OUTPUTS = ("", "", "csv", "text", "json", "rows")
_FILES = ("csv", "text", "json")
# About so many jobs has a scheduler.
JOBS_OF_A_SCHEDULER = 15
# A small fleet has no room for all that can go wrong.
_STOPPED_FROM = 10
_EVERY_FATE_FROM = 150
_SHARE_OF_WEEKLY, _SHARE_OF_WEEKDAYS, _SHARE_OF_NIGHT = 0.08, 0.15, 0.7
_NIGHT, _DAY = (0, 5 * 60, 5), (8 * 60, 22 * 60, 5)

TEAMS = {
    "platform": ("hosts", "ldap", "dns", "certificates", "images", "logs", "metrics", "mail"),
    "billing": ("invoices", "payments", "refunds", "dunning", "vat", "ledger", "subscriptions", "tariffs"),
    "data": ("orders", "customers", "sessions", "inventory", "prices", "returns", "forecasts", "suppliers"),
    "search": ("catalogue", "suggestions", "synonyms", "rankings", "queries", "facets", "images_index", "spelling"),
    "media": ("podcasts", "covers", "subtitles", "playlists", "transcripts", "archive", "thumbnails", "lyrics"),
    "growth": ("newsletter", "campaigns", "referrals", "coupons", "surveys", "landing", "audiences", "events"),
    "security": ("vulnerabilities", "audit", "access", "secrets_scan", "keys", "alerts", "blocklists", "backups"),
}
WORK = (
    "import", "export", "sync", "report", "backup", "cleanup", "check", "refresh", "score", "publish", "merge",
    "archive", "load", "reindex", "summary", "replay", "compact",
)  # fmt: skip
_ABBREVIATIONS = ("dns", "ldap", "vat")
REGIONS = ("", "eu", "us", "uk", "ch", "fr", "de", "it", "es", "pl", "jp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of scheduler as jobs.toml declares it: `{name}` is its own name, `{job}` that of a job."""

    table: str
    kind: str = ""  # the same word where left out
    name: str = "{job}"
    beats: bool = False  # it tells a heartbeat
    ends_only: bool = False  # it has the last run of each job, and of that the end
    is_utc: bool = False  # its schedules are in UTC


# A web backend with an APScheduler inside, whose database is its memory. Unlike the nine jobs' it takes no orders.
_BACKEND = """url = "http://{name}.example.com:8000"
engine = "apscheduler"
naive_times = "UTC"
status = "/scheduler/status"
alive = { running = "running" }
jobs = { each = "jobs", id = "id", next_run = "next_run", paused = "paused" }
runs = { each = "jobs", job = "id", ended = "last_execution", status = "last_status", keeps = 1 }
words = { success = ["success"], failed = ["error"], running = ["running"] }
steps = { scheduler-stopped = "Start it: `ssh ops@{name}.example.com sudo systemctl restart backend`, then {again}" }
[schedulers.{name}.memory]
kind = "sql"
database = "sqlite:///data/{name}.db"
alive = { ask = "SELECT is_active AS running, last_updated AS since FROM service_states" }
runs = { ask = "SELECT task_id AS job, last_executed AS ended, last_status AS status FROM executions", keeps = 1 }"""
KINDS = {
    "backend": Kind(table=_BACKEND, kind="json", ends_only=True),
    "systemd": Kind(table='via = ["ssh", "-oBatchMode=yes", "ops@{name}.example.com"]', name="{job}.timer"),
    "airflow": Kind(table='url = "https://{name}.example.com"', beats=True),
    "kubernetes": Kind(
        table='command = ["kubectl", "--context", "{name}", "get", "cronjobs,jobs", "-A", "-o", "json"]',
        name="{team}/{job}",
    ),
    "cron": Kind(table='via = ["ssh", "-oBatchMode=yes", "ops@{name}.example.com"]', name="/opt/{team}/bin/{job}"),
    "prefect": Kind(table='url = "https://{name}.example.com/api"', name="{job}/nightly", beats=True),
    "github": Kind(table='repository = "acme/{name}"', name="{job}.yml", is_utc=True),
    "dagster": Kind(table='url = "https://{name}.example.com"', beats=True),
    "wrapper": Kind(table='via = ["ssh", "-oBatchMode=yes", "ops@{name}.example.com"]'),
}


class Fate(StrEnum):
    """What becomes of a job's last run."""

    WELL = "well"
    FAILED = "failed"
    MISSED = "missed"
    LATE = "late"
    HANGS = "hangs"
    NOT_THERE = "not there"
    PAUSED_THERE = "paused there"
    CUT = "cut"
    EMPTY = "empty"
    FALLBACK = "fallback"
    NO_PLACE = "no place"
    WAITS = "waits for one that failed"
    SMALL = "small"
    BY_HAND = "by hand"
    PAUSED = "paused"
    PENDING = "pending"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """How many jobs, as a share of all, have that fate, of those that leave one of `outputs`.

    `days` are since how many it may last, by turns. `needs_start` where it shows only to a scheduler that tells starts.
    """

    fate: Fate
    share: float
    days: tuple[int, ...] = (1,)
    outputs: tuple[str, ...] = OUTPUTS
    needs_start: bool = False

    def fits(self, job: Planned) -> bool:
        """True where that can become of the job."""
        return job.output in self.outputs and not (self.needs_start and KINDS[job.kind].ends_only)


BAD = (
    Drawn(fate=Fate.FAILED, share=0.014, days=(1, 1, 3)),
    Drawn(fate=Fate.WAITS, share=0.007),
    Drawn(fate=Fate.MISSED, share=0.010, days=(1, 2)),
    Drawn(fate=Fate.LATE, share=0.007),
    Drawn(fate=Fate.HANGS, share=0.004, needs_start=True),
    Drawn(fate=Fate.NOT_THERE, share=0.004, days=(5,)),
    Drawn(fate=Fate.PAUSED_THERE, share=0.004, days=(12,)),
    Drawn(fate=Fate.CUT, share=0.004, outputs=_FILES),
    Drawn(fate=Fate.EMPTY, share=0.004, outputs=_FILES),
    Drawn(fate=Fate.FALLBACK, share=0.004, days=(4,), outputs=("text",)),
    Drawn(fate=Fate.NO_PLACE, share=0.007, outputs=_FILES),
)
HARMLESS = (
    Drawn(fate=Fate.SMALL, share=0.007, outputs=_FILES),
    Drawn(fate=Fate.BY_HAND, share=0.007, needs_start=True),
    Drawn(fate=Fate.PAUSED, share=0.010, days=(4,)),
    Drawn(fate=Fate.PENDING, share=0.007),
    Drawn(fate=Fate.FIXED, share=0.010),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One job: what jobs.toml says of it, how its runs usually are, and what becomes of the last one.

    `fate` lasts since `days` mornings. `output` is what it leaves, "" of nothing.
    """

    id: str
    team: str
    title: str
    work: str
    scheduler: str
    kind: str
    minute: int  # of the day
    weekdays: str
    output: str
    takes: timedelta
    size: int
    fate: Fate = Fate.WELL
    days: int = 1
    needs: str = ""

    @property
    def name(self) -> str:
        """What its scheduler calls it."""
        return KINDS[self.kind].name.format(job=self.id.replace("_", "-"), team=self.team)


_ALWAYS = (Fate.FAILED, Fate.MISSED, Fate.CUT, Fate.SMALL, Fate.FIXED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All of it: `kinds` of the schedulers by their ids, of which some are `stopped`, some `down`."""

    kinds: dict[str, str]
    jobs: tuple[Planned, ...]
    stopped: frozenset[str]
    down: frozenset[str]


def plan(count: int, *, is_good: bool) -> Fleet:
    """A fleet of `count` jobs."""
    chance = Random(f"fleet of {count}")
    kinds = _schedulers(max(2, count // JOBS_OF_A_SCHEDULER))
    jobs = list(_jobs(count, kinds, chance))
    stopped, down = frozenset[str](), frozenset[str]()
    if not is_good and len(kinds) >= _STOPPED_FROM:
        many = max(1, len(kinds) // 40)
        # That of a backend, whose memory still calls it active.
        stopped, down = (
            frozenset([name for name in kinds if kinds[name] == kind][:many]) for kind in ("backend", "airflow")
        )
    free = [number for number, each in enumerate(jobs) if each.scheduler not in stopped | down]
    chance.shuffle(free)
    for drawn in (*(() if is_good else BAD), *HARMLESS):
        many = max(round(drawn.share * count), drawn.fate in _ALWAYS or count >= _EVERY_FATE_FROM)
        fitting = [number for number in free if drawn.fits(jobs[number])][:many]
        for turn, number in enumerate(fitting):
            jobs[number] = replace(jobs[number], fate=drawn.fate, days=drawn.days[turn % len(drawn.days)])
        free = [number for number in free if number not in set(fitting)]
    return Fleet(kinds=kinds, jobs=tuple(_with_needs(jobs)), stopped=stopped, down=down)


def _schedulers(count: int) -> dict[str, str]:
    kinds, teams = list(KINDS), list(TEAMS)
    named: dict[str, str] = {}
    for number in range(count):
        kind, team = kinds[number % len(kinds)], teams[number % len(teams)]
        turn = number // (len(kinds) * len(teams))
        named[f"{team}-{kind}{turn + 1 if turn else ''}"] = kind
    return named


def _jobs(count: int, kinds: dict[str, str], chance: Random) -> Iterator[Planned]:
    of_team: dict[str, list[str]] = {}
    for name in kinds:
        of_team.setdefault(name.partition("-")[0], []).append(name)
    subjects = {team: list(product(REGIONS, WORK, names)) for team, names in TEAMS.items()}
    teams = [team for team in TEAMS if team in of_team]
    for number in range(count):
        team = teams[number % len(teams)]
        own = subjects[team]
        region, work, subject = own[(number // len(teams)) * 37 % len(own)]
        again = (number // len(teams)) // len(own)
        words = [subject, work, region, str(again + 1) if again else ""]
        scheduler = chance.choice(of_team[team])
        kind = kinds[scheduler]
        drawn, is_of_night = chance.random(), chance.random() < _SHARE_OF_NIGHT
        weekdays = "" if drawn > _SHARE_OF_WEEKDAYS + _SHARE_OF_WEEKLY else "mon-fri"
        yield Planned(
            id="_".join(filter(None, words)),
            team=team,
            title=" ".join(filter(None, (f"{_written(subject)}:", work, region.upper(), words[3]))),
            work=work,
            scheduler=scheduler,
            kind=kind,
            minute=chance.randrange(*(_NIGHT if is_of_night else _DAY)),
            weekdays="sun" if drawn < _SHARE_OF_WEEKLY else weekdays,
            output=chance.choice(OUTPUTS),
            takes=timedelta(seconds=chance.choice((20, 45, 90, 240, 600))),
            size=chance.choice((4_000, 60_000, 900_000, 12_000_000)),
        )


def _written(subject: str) -> str:
    return subject.upper() if subject in _ABBREVIATIONS else subject.replace("_", " ").capitalize()


def _with_needs(jobs: Sequence[Planned]) -> Iterator[Planned]:
    """Who waits for one that failed needs one that failed."""
    failed = next((each for each in jobs if each.fate is Fate.FAILED and each.days == 1), None)
    for each in jobs:
        if each.fate is Fate.FAILED and each is failed:
            yield replace(each, minute=60, weekdays="")
        elif each.fate is Fate.WAITS:
            yield replace(each, minute=120 + each.minute // 10, weekdays="", needs=failed.id if failed else "")
        elif each.fate is Fate.PENDING:
            yield replace(each, minute=(6 if KINDS[each.kind].is_utc else 7) * 60, weekdays="")
        elif each.fate is Fate.WELL:
            yield each
        else:
            yield replace(each, weekdays="")
