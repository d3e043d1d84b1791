"""What ran, by the Jobs that are still there and the times that outlive them?

A cluster keeps three good Jobs of a CronJob and one bad one, if nobody says otherwise, and forgets the others: before
`runs_since`, the oldest that must be there, nothing may be called missed. `lastScheduleTime` and `lastSuccessfulTime`
tell of Jobs that are gone. Rules as the controller has them (kubernetes/pkg/controller/cronjob, its second version).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rollcall.evidence import JobListed, Outcome, RunSeen
from rollcall.schedule import Engine, Every, Schedule, read_schedule
from rollcall.schedulers.kubernetes_objects import CronJob, Job, Pod, instant
from rollcall.text import counted, listed
from rollcall.times import EPOCH, parse_span

# So many runs that one Job kept from starting are told at most.
_MOST_SKIPPED = 500
# A status time is written in whole seconds, as the Job's own is.
_SAME = timedelta(seconds=1)
GONE = "its Job is gone, and no success is known since"


@dataclass(slots=True, kw_only=True)
class Answer:
    """All that one answer holds, in its order; `zone` is that of a schedule which names none."""

    zone: ZoneInfo
    cron_jobs: list[CronJob] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    pods: dict[str, list[Pod]] = field(default_factory=dict)

    def listed(self, now: datetime) -> Iterator[JobListed]:
        """Its CronJobs, and the Jobs that nobody made but a person or a program of theirs."""
        of = self._by_owner()
        for each in self.cron_jobs:
            zone = each.zone or self.zone.key
            following = _next_run(each, zone, of.get(each.id, ()), now)
            yield JobListed(
                id=each.id,
                next_run=following.isoformat() if following else None,
                paused=each.is_suspended,
                schedule=each.schedule,
                zone=zone,
                tags=each.tags,
                runs_since=_reach(each, of.get(each.id, ()), now),
                untold=() if following or each.is_suspended else ("next_run",),
            )
        known = {each.id for each in self.cron_jobs}
        for job in self.jobs:
            if not job.is_owned and job.id not in known:
                yield JobListed(id=job.id, paused=False, tags=job.tags, runs_since=job.created, untold=("schedule",))

    def runs(self, now: datetime, since: datetime, outcome: Callable[[str], Outcome]) -> Iterator[RunSeen]:
        """What ran; `outcome` is what a word of a Job means."""
        of = self._by_owner()
        for job in self.jobs:
            if job.owner or not job.is_owned:
                yield from _runs_of(job, self.pods.get(job.id, ()), outcome)
        for each in self.cron_jobs:
            own = of.get(each.id, ())
            yield from _outlived(each, own, outcome)
            if each.policy == "Forbid" and not each.is_suspended:
                yield from _left_out(each, each.zone or self.zone.key, own, now, since, outcome)

    def _by_owner(self) -> Mapping[str, list[Job]]:
        of: dict[str, list[Job]] = {}
        for job in self.jobs:
            if job.owner:
                of.setdefault(job.owner, []).append(job)
        return of


# One Job -----------------------------------------------------------------------------------------------------------


def _runs_of(job: Job, pods: Sequence[Pod], outcome: Callable[[str], Outcome]) -> Iterator[RunSeen]:
    """The run, and before it the attempts of it that failed, as one."""
    state, why = _state(job, pods)
    word = f"{state}: {why}" if why else state
    meant = outcome(state)
    if meant is Outcome.SUCCESS and job.failed_indexes:
        meant, word = Outcome.PARTIAL, f"{word}, but not its indexes {job.failed_indexes}"
    by_schedule = False if job.by_hand else True if job.due and job.owner else None
    run = RunSeen(job=job.owner or job.id, due=job.due, started=job.started, by_schedule=by_schedule)
    is_retried = bool(job.failed) and meant in (Outcome.SUCCESS, Outcome.PARTIAL, Outcome.RUNNING)
    if is_retried:
        failed = f"{counted(job.failed, 'pod')} that failed{_reasons(pods)}"
        yield replace(run, word=failed, outcome=Outcome.FAILED, attempt=1)
    started = job.started
    if is_retried and job.is_over:
        # When the last attempt began is told by its pod alone.
        started = next((each.started for each in pods if each.is_good), None)
    if meant is Outcome.WAITING:
        started = None
    attempt = job.failed + 1 if is_retried else None
    yield replace(run, started=started, ended=job.ended, word=word, outcome=meant, attempt=attempt)


def _state(job: Job, pods: Sequence[Pod]) -> tuple[str, str]:
    """In the words of the API how it stands, and why."""
    for state in ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"):
        if found := job.conditions.get(state):
            reason, _ = found
            return state, "" if state == "Complete" else f"{reason}{_reasons(pods)}".lstrip()
    if "Suspended" in job.conditions or job.is_suspended:
        return "Suspended", job.conditions.get("Suspended", ("", None))[0]
    wrong = listed(dict.fromkeys(why for each in pods for why in each.wrong), 3)
    if job.started is None or (pods and not job.failed and not any(each.has_begun for each in pods)):
        return "Pending", wrong
    return "Running", wrong


def _reasons(pods: Iterable[Pod]) -> str:
    reasons = listed(dict.fromkeys(why for each in pods for why in each.wrong), 3)
    return f" ({reasons})" if reasons else ""


# What outlives a Job -------------------------------------------------------------------------------------------------


def _reach(cron: CronJob, jobs: Sequence[Job], now: datetime) -> str | None:
    """How far back its runs are known: as far as no Job can have been removed, and never less than the last one."""
    scheduled_at = instant(cron.scheduled)
    if not _is_kept_whole(cron, jobs):
        return cron.scheduled or cron.created
    # Where fewer are there than are kept, somebody else may have removed what is older than these.
    since = [instant(cron.created) or EPOCH, *_oldest(jobs)]
    for kept, limit in ((_good(jobs), cron.keeps_successful), ([j for j in jobs if j.is_bad], cron.keeps_failed)):
        if len(kept) >= limit:
            # The oldest are removed first, by when they began.
            since += _oldest(kept)
    if cron.keeps_for is not None:
        since.append(now - timedelta(seconds=cron.keeps_for))
    reach = max(since)
    return (min(reach, scheduled_at) if scheduled_at else reach).isoformat()


def _oldest(jobs: Iterable[Job]) -> list[datetime]:
    """When the oldest of them began; nothing where there is none."""
    return sorted(at for at in map(_begun, jobs) if at)[:1]


def _is_kept_whole(cron: CronJob, jobs: Sequence[Job]) -> bool:
    """False where a Job is gone that the limits would have kept, or where they keep none of a kind."""
    if cron.keeps_successful == 0 or cron.keeps_failed == 0:
        return False
    return _has_last_success(cron, jobs) and _has_last_scheduled(cron, jobs)


def _has_last_success(cron: CronJob, jobs: Iterable[Job]) -> bool:
    at = instant(cron.succeeded)
    return at is None or any((instant(each.ended) or EPOCH) >= at - _SAME for each in _good(jobs))


def _has_last_scheduled(cron: CronJob, jobs: Iterable[Job]) -> bool:
    at = instant(cron.scheduled)
    return at is None or any(abs((instant(each.due) or EPOCH) - at) <= _SAME for each in jobs)


def _outlived(cron: CronJob, jobs: Sequence[Job], outcome: Callable[[str], Outcome]) -> Iterator[RunSeen]:
    """The runs whose Jobs are gone, by the two times of the CronJob's status."""
    success = None if _has_last_success(cron, jobs) else cron.succeeded
    succeeded_at, scheduled_at = instant(success), instant(cron.scheduled)
    is_of_last = False
    if scheduled_at and not _has_last_scheduled(cron, jobs):
        is_of_last = succeeded_at is not None and succeeded_at >= scheduled_at
        if is_of_last:
            yield RunSeen(job=cron.id, due=cron.scheduled, ended=success, word="Complete", outcome=outcome("Complete"))
        else:
            active = next((name for name in cron.active if name not in {each.name for each in jobs}), None)
            word, meant = ("Running", outcome("Running")) if active else (GONE, Outcome.UNKNOWN)
            yield RunSeen(job=cron.id, due=cron.scheduled, word=word, outcome=meant, by_schedule=True)
    if success and not is_of_last:
        yield RunSeen(job=cron.id, ended=success, word="Complete", outcome=outcome("Complete"))


def _left_out(
    cron: CronJob, zone: str, jobs: Sequence[Job], now: datetime, since: datetime, outcome: Callable[[str], Outcome]
) -> Iterator[RunSeen]:
    """The due times that passed while a Job was active, under the policy `Forbid`; only those that have none."""
    schedule = _read(cron, zone)
    reach = instant(_reach(cron, jobs, now))
    if schedule is None or isinstance(schedule, Every):
        return
    has_own = {at for at in (instant(each.due) for each in jobs) if at}
    told = set[datetime]()
    for job in jobs:
        started_at = instant(job.started or job.created)
        ended_at = instant(job.ended) if job.is_over else now
        if started_at is None or ended_at is None:
            continue
        begin = max(filter(None, (started_at, since, reach, instant(job.due))))
        for due_at in islice(_backwards(schedule, min(ended_at, now), begin), _MOST_SKIPPED):
            if due_at in has_own or due_at in told:
                continue
            told.add(due_at)
            word = f"Forbid: {job.name} was active"
            meant = outcome("Forbid")
            yield RunSeen(job=cron.id, due=due_at.isoformat(), word=word, outcome=meant, by_schedule=True)


def _backwards(schedule: Schedule, end: datetime, begin: datetime) -> Iterator[datetime]:
    """The due times after `begin` and before `end`, the newest first."""
    due_at = schedule.last_due(end - timedelta(microseconds=1))
    while due_at is not None and due_at > begin:
        yield due_at
        due_at = schedule.last_due(due_at - timedelta(microseconds=1))


# What comes next -----------------------------------------------------------------------------------------------------


def _next_run(cron: CronJob, zone: str, jobs: Iterable[Job], now: datetime) -> datetime | None:
    """The next time that its controller makes a Job for, which may be past: it has not been at work since then.

    It counts from the last one that it made a Job for, or from when the CronJob was made; never from before its
    starting deadline. None where it makes none, or where nobody can tell.
    """
    schedule = _read(cron, zone)
    counted_from = instant(cron.scheduled) or instant(cron.created)
    if schedule is None or cron.is_suspended or counted_from is None:
        return None
    if cron.deadline is not None:
        counted_from = max(counted_from, now - timedelta(seconds=cron.deadline))
    if cron.policy == "Forbid" and (cron.active or any(not each.is_over for each in jobs)):
        # What it leaves out meanwhile is no sign that it does not work.
        counted_from = max(counted_from, now)
    if isinstance(schedule, Every):
        return counted_from + schedule.span
    return schedule.next_due(counted_from)


def _read(cron: CronJob, zone: str) -> Schedule | None:
    try:
        if cron.schedule.startswith("@every "):
            return Every(span=parse_span(cron.schedule.removeprefix("@every ")), zone=ZoneInfo(zone), anchor=None)
        return read_schedule(cron.schedule, engine=Engine.KUBERNETES, zone=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return None


def _good(jobs: Iterable[Job]) -> list[Job]:
    return [each for each in jobs if each.is_good]


def _begun(job: Job) -> datetime | None:
    return instant(job.due) or instant(job.started) or instant(job.created)
