"""What did each host leave of its look, and can that be believed this morning?

Evidence that is missing, too old, of another host, of another jobs.toml, from a clock that is off, or there twice
proves nothing: what was to be seen there is unknown, and the host is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rollcall.evidence import Evidence, HostSeen, NotSeen, Outputs, SchedulerSeen
from rollcall.recorded.bundle import LARGEST, Bundle, UnfitBundle, unpacked
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.storage import Storage, StorageProblem, Stored
from rollcall.text import clean, counted
from rollcall.times import EPOCH, show_instant, show_span
from rollcall.vocabulary import CauseCode

SUFFIX = ".evidence"
# No name of a host has it.
_OF_A_MACHINE = "+"
# The clock of a place tells whole seconds.
_APART = EARLY_TOLERANCE + timedelta(seconds=1)
# So long after it was written it may have come there: it is sent over a network, and is small.
_ON_THE_WAY = timedelta(minutes=2)
_READ_AT_ONCE = 8


def name_of(host: str, machine: str) -> str:
    """What the evidence of that host is called: two machines of one name leave two."""
    return f"{host}{_OF_A_MACHINE if machine else ''}{machine}{SUFFIX}"


def others_of(name: str, stored: Iterable[str]) -> tuple[str, ...]:
    """What other machines left by the name of the same host."""
    host = name.removesuffix(SUFFIX).partition(_OF_A_MACHINE)[0]
    return tuple(sorted(each for each in stored if each != name and _is_of(each, host)))


def clock_is_off(left_at: datetime, written_at: datetime, host: str, *, within: timedelta = _ON_THE_WAY) -> str:
    """In words, that the clock of the host and that of the place disagree; "" where they may agree.

    `left_at` is when it began to write, by its own clock, `written_at` when that stood there, by the place's.
    """
    behind = written_at - left_at
    if -_APART <= behind <= within + _APART:
        return ""
    place = "that of the place where it leaves its evidence"
    if behind < timedelta(0):
        return f"the clock of {host} is {show_span(-behind)} ahead of {place}"
    return f"the clock of {host} is {show_span(behind)} behind {place}, or its evidence came there late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What hosts left: the `bundles` that can be believed, and what is known of each of the `hosts`."""

    bundles: Mapping[str, Bundle] = field(default_factory=dict)
    hosts: Mapping[str, HostSeen] = field(default_factory=dict)

    def evidence(self, jobs: Iterable[Job], schedulers: Iterable[Scheduler], now: datetime) -> Evidence:
        """What was seen of those jobs and schedulers that are looked for on a host; nothing of the others."""
        jobs, schedulers = tuple(jobs), tuple(each for each in schedulers if each.host)
        as_of = {job.id: self._looked_at(hosts_of(job)) for job in jobs}
        return Evidence(
            schedulers={each.id: self._of_scheduler(each, now) for each in schedulers},
            memories={each.id: self._of_scheduler(each, now, is_memory=True) for each in schedulers if each.memory},
            outputs={job.id: self._outputs(job, now) for job in jobs if job.host and job.outputs},
            as_of={job_id: at for job_id, at in as_of.items() if at},
            hosts=self.hosts,
        )

    def _looked_at(self, hosts: Iterable[str]) -> datetime | None:
        return min((self.bundles[each].looked_at for each in hosts if each in self.bundles), default=None)

    def _of_scheduler(self, scheduler: Scheduler, now: datetime, *, is_memory: bool = False) -> SchedulerSeen | NotSeen:
        host = scheduler.host or ""
        bundle = self.bundles.get(host)
        if bundle is None:
            return self._silent(host, now)
        if bundle.schedulers.get(scheduler.id) != scheduler.asked_as:
            return _of_another_file(bundle, f"[schedulers.{scheduler.id}]")
        seen = bundle.evidence.memories if is_memory else bundle.evidence.schedulers
        return seen.get(scheduler.id) or _of_another_file(bundle, f"[schedulers.{scheduler.id}]")

    def _outputs(self, job: Job, now: datetime) -> Outputs:
        host = job.host or ""
        bundle = self.bundles.get(host)
        if bundle is None:
            return (self._silent(host, now),) * len(job.outputs)
        seen = bundle.evidence.outputs.get(job.id, ())
        if bundle.jobs.get(job.id) != job.asked_as or len(seen) != len(job.outputs):
            return (_of_another_file(bundle, f"[jobs.{job.id}]"),) * len(job.outputs)
        return seen

    def _silent(self, host: str, now: datetime) -> NotSeen:
        seen = self.hosts.get(host, HostSeen(why=f"nobody asked what host {host} left"))
        return NotSeen(code=CauseCode.HOST_SILENT, detail=seen.why, looked_at=seen.looked_at or now)


def hosts_of(job: Job) -> tuple[str, ...]:
    """The hosts on which anything of it is looked for."""
    of_both = (job.host if job.outputs else None, job.scheduler.host if job.scheduler else None)
    return tuple(each for each in of_both if each)


def _of_another_file(bundle: Bundle, table: str) -> NotSeen:
    detail = f"host {bundle.by} looked with another jobs.toml, in which {clean(table, 80)} is not the same"
    return NotSeen(code=CauseCode.HOST_SILENT, detail=detail, looked_at=bundle.looked_at)


def unlooked(hosts: Iterable[str], because: str) -> Left:
    """That nothing is known of any of these hosts, and why."""
    return Left(hosts={each: HostSeen(why=f"host {each} was not heard: {because}") for each in hosts})


def read_left(
    storage: Storage, hosts: Sequence[str], *, now: datetime, zone: ZoneInfo, max_age: timedelta, key: str | None
) -> Left:
    """What these hosts left there, each judged by itself; `key` is what it must be signed with, if anything."""
    try:
        stored = storage.list()
    except StorageProblem as problem:
        return unlooked(hosts, str(problem))
    reader = _Reader(storage, stored, now=now, zone=zone, max_age=max_age, key=key)
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        found = dict(zip(hosts, pool.map(reader.read, hosts), strict=True))

    def seen(each: Bundle | HostSeen) -> HostSeen:
        if isinstance(each, HostSeen):
            return each
        return HostSeen(looked_at=each.looked_at, good_until=each.looked_at + max_age)

    return Left(
        bundles={host: each for host, each in found.items() if isinstance(each, Bundle)},
        hosts={host: seen(each) for host, each in found.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads what a host left, and says why it cannot be believed."""

    storage: Storage = field(kw_only=False)
    stored: Mapping[str, Stored] = field(kw_only=False)
    now: datetime
    zone: ZoneInfo
    max_age: timedelta
    key: str | None

    def read(self, host: str) -> Bundle | HostSeen:
        """The bundle of that host, or why there is none that can be believed."""
        names = [name for name in self.stored if _is_of(name, host)]
        if not names:
            return HostSeen(why=f"host {host} has left no evidence in {self.storage.shown}")
        found = [self._one(name, host) for name in sorted(names)]
        good = [each for each in found if isinstance(each, Bundle)]
        if len(good) > 1:
            last = max(each.looked_at for each in good)
            why = f"{counted(len(good), 'machine')} leave evidence as {host}, and only one of them can be it"
            return HostSeen(looked_at=last, why=why)
        # What another machine of that name left long ago says nothing beside what is good.
        return good[0] if good else max(found, key=_looked_at)

    def _one(self, name: str, host: str) -> Bundle | HostSeen:
        try:
            bundle = unpacked(self.storage.read(name, LARGEST), self.key)
        except StorageProblem as problem:
            return HostSeen(why=f"what {host} left cannot be read: {problem}")
        except UnfitBundle as problem:
            return HostSeen(why=f"what {host} left in {self.storage.shown} is no use: {problem}")
        why = self._why_not(bundle, self.stored[name].written_at, host)
        return HostSeen(looked_at=bundle.looked_at, why=why) if why else bundle

    def _why_not(self, bundle: Bundle, written_at: datetime | None, host: str) -> str:
        age = self.now - bundle.looked_at
        looked = f"host {host} looked last on {show_instant(bundle.looked_at, self.zone)}"
        if bundle.by != host:
            return f"what lies there as the evidence of {host} is that of {bundle.by}"
        if written_at and (off := clock_is_off(bundle.left_at, written_at, host)):
            return off
        if age < -_APART:
            return f"{looked}, which is {show_span(-age)} in the future: its clock is ahead of this machine's"
        if age > self.max_age:
            return f"{looked}, {show_span(age)} ago, and its evidence is good for {show_span(self.max_age)}"
        return ""


def _is_of(name: str, host: str) -> bool:
    return name.endswith(SUFFIX) and name.removesuffix(SUFFIX).partition(_OF_A_MACHINE)[0] == host


def _looked_at(seen: Bundle | HostSeen) -> datetime:
    return seen.looked_at or EPOCH
