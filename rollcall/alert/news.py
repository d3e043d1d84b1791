"""What is news: which trouble is new, which lasts, and what is over?

Pure: a morning, what the history tells and what was told already go in; news comes out, one for each cause of the jobs
and one for each broken service. Nothing here is sent, and nothing is remembered: each news says what to remember of it
once somebody took it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rollcall.cause import Cause
from rollcall.errors import CauseCode
from rollcall.findings import Verdict
from rollcall.history.rows import Chronicle, Row, Told, bad_since
from rollcall.jobs import Roll, Threshold
from rollcall.morning import Morning
from rollcall.report.told import tell
from rollcall.times import elapsed, show_span
from rollcall.verdict import JobJudged

# A morning is looked at seconds sooner or later than the one before. Less than the hour from one monitor to the next,
# else each reminder would come an hour earlier than the last.
_JITTER = timedelta(minutes=30)


class Event(StrEnum):
    """What happened."""

    NEW = "new"
    STILL = "still"
    RECOVERED = "recovered"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One job that news is about, what is wrong with it and what to do ("" where nothing is)."""

    id: str
    title: str
    sentence: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell: what happened, by which cause, to whom, since when, and what to do.

    `service` is the id of the service where it is the cause, None where it is the jobs' own. `jobs` are those it
    explains, or is about. `told` is what to remember once it was taken, `over` the keys to forget.
    """

    event: Event
    cause: str
    service: str | None = None
    sentence: str
    next_step: str = ""
    jobs: tuple[Concern, ...] = ()
    since: datetime
    told: tuple[Told, ...] = ()
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """What is wrong with one service or one job now; `since` is when it began, as far as that is known."""

    key: str
    cause: Cause
    since: datetime
    service: str | None
    jobs: tuple[Concern, ...]


def find_news(
    roll: Roll, morning: Morning, chronicle: Chronicle, told: Mapping[str, Told] | None, *, is_complete: bool
) -> tuple[News, ...]:
    """The news of that morning: what is new first, then what lasts, then what is over.

    `told` is what was told already, by key; None where nothing can be remembered: then everything is new, and no
    threshold of a job is waited for, as nobody could count. What was not looked at, or cannot be told yet, is never
    said to be over; a morning that is not complete says that of nothing.
    """
    before = told or {}
    can_count = told is not None and chronicle.problem is None
    troubles = [*_of_services(morning), *_of_jobs(roll, morning, chronicle, before, can_count=can_count)]
    still_after = roll.alert.still_after if roll.alert else None
    new = [each for each in troubles if _is_new(each, before)]
    lasting = [each for each in troubles if _lasts(each, before, still_after, morning.judged_at, morning.zone)]
    return (
        *_told_once(Event.NEW, new, before, morning.judged_at),
        *_told_once(Event.STILL, lasting, before, morning.judged_at),
        *(_recovered(roll, morning, before) if is_complete else ()),
    )


def forget_undeclared(told: Mapping[str, Told], roll: Roll) -> dict[str, Told]:
    """What was told of services and jobs that are still declared: of the others nobody will ever hear again."""
    declared = {_service_key(each.id) for each in roll.services} | {_job_key(each.id) for each in roll.jobs}
    return {key: each for key, each in told.items() if key in declared}


def _service_key(service_id: str) -> str:
    return f"service {service_id}"


def _job_key(job_id: str) -> str:
    return f"job {job_id}"


# What is wrong --------------------------------------------------------------------------------------------------------


def _of_services(morning: Morning) -> Iterator[_Trouble]:
    for group in tell(morning):
        if group.service:
            yield _Trouble(
                key=_service_key(group.service.service.id),
                cause=group.cause,
                since=morning.judged_at,
                service=group.service.service.id,
                jobs=tuple(_concern(each, group.cause) for each in group.jobs),
            )


def _of_jobs(
    roll: Roll, morning: Morning, chronicle: Chronicle, told: Mapping[str, Told], *, can_count: bool
) -> Iterator[_Trouble]:
    """The jobs with a cause of their own. Of one that its service hides nothing is known, so nothing is said."""
    for group in tell(morning):
        for judged in () if group.service else group.jobs:
            cause = morning.job_causes[judged.job.id]
            assert cause is not None
            rows = _with_this_run(chronicle.of(judged.job.id), judged, morning.judged_at)
            is_counted = can_count and judged.due_run is not None and _job_key(judged.job.id) not in told
            if is_counted and not _is_reached(judged.job.alert_after, rows):
                continue
            yield _Trouble(
                key=_job_key(judged.job.id),
                cause=cause,
                since=bad_since(rows) or morning.judged_at,
                service=None,
                jobs=(_concern(judged, cause),),
            )


def _concern(judged: JobJudged, cause: Cause) -> Concern:
    return Concern(id=judged.job.id, title=judged.job.title, sentence=cause.sentence, next_step=cause.next_step)


def _with_this_run(rows: tuple[Row, ...], judged: JobJudged, now: datetime) -> tuple[Row, ...]:
    """The remembered runs up to the one that is judged now, as it is judged now."""
    run = judged.due_run
    if run is None:
        return rows
    this = Row(
        job_id=judged.job.id,
        due_at=run.due_at,
        verdict=judged.verdict,
        needs_a_person=judged.needs_a_person,
        judged_at=now,
    )
    return (*(each for each in rows if each.due_at < run.due_at), this)


def _is_reached(threshold: Threshold, rows: tuple[Row, ...]) -> bool:
    judged = [each for each in rows if each.verdict not in (Verdict.PENDING, Verdict.PAUSED)]
    return sum(each.needs_a_person for each in judged[-threshold.last :]) >= threshold.bad


# What is news of it ---------------------------------------------------------------------------------------------------


def _is_new(trouble: _Trouble, told: Mapping[str, Told]) -> bool:
    before = told.get(trouble.key)
    return before is None or before.cause != trouble.cause.code


def _lasts(
    trouble: _Trouble, told: Mapping[str, Told], still_after: timedelta | None, now: datetime, zone: ZoneInfo
) -> bool:
    if still_after is None or _is_new(trouble, told):
        return False
    return _on_the_clock(told[trouble.key].told_at, now, zone) >= still_after - _JITTER


def _on_the_clock(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """As clocks in `zone` show it: from one 07:00 to the next is a day, also where that night had 23 hours or 25."""
    return until.astimezone(zone).replace(tzinfo=None) - since.astimezone(zone).replace(tzinfo=None)


def _told_once(event: Event, troubles: Iterable[_Trouble], told: Mapping[str, Told], now: datetime) -> Iterator[News]:
    """One news for each service, and for the jobs one for each cause, however many they are."""
    groups: dict[tuple[CauseCode, str | None], list[_Trouble]] = {}
    for each in troubles:
        groups.setdefault((each.cause.code, each.service), []).append(each)
    for (code, service), group in groups.items():
        remembered = [_remembered(each, told, now) for each in group]
        yield News(
            event=event,
            cause=code,
            service=service,
            sentence=group[0].cause.sentence,
            next_step=group[0].cause.next_step,
            jobs=tuple(concern for each in group for concern in each.jobs),
            since=min(each.since for each in remembered),
            told=tuple(remembered),
        )


def _remembered(trouble: _Trouble, told: Mapping[str, Told], now: datetime) -> Told:
    before = told.get(trouble.key)
    since = before.since if before and before.cause == trouble.cause.code else trouble.since
    return Told(key=trouble.key, cause=trouble.cause.code, since=since, told_at=now)


# What is over ---------------------------------------------------------------------------------------------------------


def _recovered(roll: Roll, morning: Morning, told: Mapping[str, Told]) -> Iterator[News]:
    for service in morning.services:
        before = told.get(_service_key(service.service.id))
        if before and morning.service_causes[service.service.id] is None:
            sentence = f"The service {service.service.id} is well again: {_over([before], morning.judged_at)}."
            yield _good_news([before], sentence, service=service.service.id)
    groups: dict[str, list[tuple[Told, JobJudged]]] = {}
    for judged in morning.jobs:
        before = told.get(_job_key(judged.job.id))
        if before and _did_its_work(judged):
            groups.setdefault(before.cause, []).append((before, judged))
    for group in groups.values():
        over = [before for before, _ in group]
        jobs = [judged for _, judged in group]
        who = f"{jobs[0].job.id} did its work" if len(jobs) == 1 else f"{len(jobs):,} jobs did their work"
        yield _good_news(over, f"{who} again: {_over(over, morning.judged_at)}.", jobs=jobs)


def _did_its_work(judged: JobJudged) -> bool:
    """True where every promise of a due run was seen to be kept, late or not: nothing less says that it is over."""
    is_judged = judged.due_run is not None and judged.verdict is not Verdict.PAUSED and not judged.needs_a_person
    return is_judged and all(each.verdict in (Verdict.OK, Verdict.LATE) for each in judged.findings)


def _over(told: list[Told], now: datetime) -> str:
    return f"{told[0].cause} is over after {show_span(elapsed(min(each.since for each in told), now))}"


def _good_news(over: list[Told], sentence: str, *, service: str | None = None, jobs: Iterable[JobJudged] = ()) -> News:
    return News(
        event=Event.RECOVERED,
        cause=over[0].cause,
        service=service,
        sentence=sentence,
        jobs=tuple(Concern(id=each.job.id, title=each.job.title, sentence="", next_step="") for each in jobs),
        since=min(each.since for each in over),
        over=tuple(each.key for each in over),
    )
