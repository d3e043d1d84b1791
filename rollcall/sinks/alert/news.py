"""What is news: what was fixed, which trouble is new, which lasts, and what is over?

Pure: a morning, what the history tells and what one channel heard already go in; what is news to it comes out, one for
each cause of the jobs, one for each broken scheduler and one for each thing that Roll call fixed. Nothing is sent and
nothing remembered here: each news says what to remember of it once the channel took it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rollcall.causes.action import Action, Deed
from rollcall.causes.action import told as told_action
from rollcall.history.rows import Chronicle, Memory, Told
from rollcall.morning import Morning
from rollcall.roll.roll import Roll
from rollcall.sinks.alert.trouble import (
    Concern,
    Trouble,
    concern_of,
    find_troubles,
    job_key,
    scheduler_key,
    silenced_keys,
)
from rollcall.times import elapsed, show_span
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import CauseCode, Verdict

# A morning is looked at seconds sooner or later than the one before. Less than the hour from one monitor to the next,
# else each reminder would come an hour earlier than the last.
_JITTER = timedelta(minutes=30)
_BEFORE_A_SILENCE = datetime.fromtimestamp(0, UTC)


class Event(StrEnum):
    """What happened."""

    NEW = "new"
    STILL = "still"
    FIXED = "fixed"
    RECOVERED = "recovered"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell: what happened, by which cause, to whom, since when, and what to do.

    `keys` are what it is about as that is remembered, and `replaces` the other causes that were told of it before and
    hold no more. `scheduler` is its id where one is the cause, None where it is the jobs' own. `jobs` are those it
    explains, or is about, `downstream` those that did not do their work because theirs was not done. `told` is what to
    remember once it was taken, `over` the keys to forget.
    """

    event: Event
    cause: str
    keys: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    scheduler: str | None = None
    sentence: str
    next_step: str = ""
    jobs: tuple[Concern, ...] = ()
    downstream: tuple[Concern, ...] = ()
    since: datetime
    told: tuple[Told, ...] = ()
    over: tuple[str, ...] = ()


def find_news(
    roll: Roll, morning: Morning, chronicle: Chronicle, told: Memory | None, *, is_complete: bool
) -> tuple[News, ...]:
    """The news of that morning: what was fixed first, then what is new, what lasts, and what is over.

    `told` is what the channel was told already; None where nothing can be remembered: then everything is new, and no
    threshold of a job is waited for, as nobody could count. What was not looked at, or cannot be told yet, is never
    said to be over; a morning that is not complete says that of nothing.

    Of what is silenced nothing is said, and what it was told of that before it is told anew once it may be
    (`silence_told`): that it lasts, or that it is over.

    That a run which Roll call made up for itself was late is no news beside its being fixed: it is remembered with it.
    """
    before = told or {}
    can_count = told is not None and chronicle.problem is None
    troubles = find_troubles(roll, morning, chronicle, before, can_count=can_count)
    silenced = silenced_keys(roll, chronicle.silences)
    fixed = {_key(each): each for each in morning.actions if each.is_proven and not each.is_dry}
    fixed = {key: each for key, each in fixed.items() if key not in silenced}
    left = {each.key: each for each in troubles if each.key in fixed and each.cause.code is CauseCode.RAN_LATE}
    others = [each for each in troubles if each.key not in left]
    still_after = roll.alert.still_after if roll.alert else None
    new = [each for each in others if _is_new(each, before)]
    lasting = [each for each in others if _lasts(each, before, still_after, morning.judged_at, morning.zone)]
    return (
        # First: whoever takes it as the end of what was told of a key must not end what is new of that key.
        *(_fixed(action, morning, before, left.get(key)) for key, action in fixed.items()),
        *_told_once(Event.NEW, new, before, morning.judged_at),
        *_told_once(Event.STILL, lasting, before, morning.judged_at),
        *(recovered(morning, before, besides={*fixed, *silenced}) if is_complete else ()),
    )


def forget_undeclared(told: Memory, roll: Roll) -> dict[str, Told]:
    """What was told of schedulers and jobs that are still declared: of the others nobody will ever hear again."""
    declared = {scheduler_key(each.id) for each in roll.schedulers} | {job_key(each.id) for each in roll.jobs}
    return {key: each for key, each in told.items() if key in declared}


def silence_told(told: Memory, silenced: Collection[str]) -> dict[str, Told]:
    """The same, in which what is silenced counts as told before that: where it lasts after it, it is news again."""
    return {key: replace(each, told_at=_BEFORE_A_SILENCE) if key in silenced else each for key, each in told.items()}


# What is news of it ---------------------------------------------------------------------------------------------------


def _is_new(trouble: Trouble, told: Memory) -> bool:
    before = told.get(trouble.key)
    return before is None or before.cause != trouble.cause.code or before.told_at == _BEFORE_A_SILENCE


def _lasts(trouble: Trouble, told: Memory, still_after: timedelta | None, now: datetime, zone: ZoneInfo) -> bool:
    if still_after is None or _is_new(trouble, told):
        return False
    return _on_the_clock(told[trouble.key].told_at, now, zone) >= still_after - _JITTER


def _on_the_clock(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """As clocks in `zone` show it: from one 07:00 to the next is a day, also where that night had 23 hours or 25."""
    return until.astimezone(zone).replace(tzinfo=None) - since.astimezone(zone).replace(tzinfo=None)


def _told_once(event: Event, troubles: Iterable[Trouble], told: Memory, now: datetime) -> Iterator[News]:
    """One news for each scheduler, and for the jobs one for each cause, however many they are."""
    groups: dict[tuple[CauseCode, str | None], list[Trouble]] = {}
    for each in troubles:
        groups.setdefault((each.cause.code, each.scheduler), []).append(each)
    for (code, scheduler), group in groups.items():
        remembered = [_remembered(each, told, now) for each in group]
        yield News(
            event=event,
            cause=code,
            keys=tuple(each.key for each in group),
            replaces=_replaced(code, (each.key for each in group), told),
            scheduler=scheduler,
            sentence=group[0].cause.sentence,
            next_step=group[0].cause.next_step,
            jobs=tuple(concern for each in group for concern in each.jobs),
            downstream=tuple(concern for each in group for concern in each.downstream),
            since=min(each.since for each in remembered),
            told=tuple(remembered),
        )


def _remembered(trouble: Trouble, told: Memory, now: datetime) -> Told:
    before = told.get(trouble.key)
    since = before.since if before and before.cause == trouble.cause.code else trouble.since
    return Told(key=trouble.key, cause=trouble.cause.code, since=since, told_at=now)


def _replaced(cause: str, keys: Iterable[str], told: Memory) -> tuple[str, ...]:
    return tuple(sorted({told[key].cause for key in keys if key in told} - {cause}))


# What was fixed ------------------------------------------------------------------------------------------------------

_WHY = {
    Deed.START: "Find out why it had stopped, or it may again: read its log from before then",
    Deed.RESTART: "Find out why it had stalled, or it may again: read its log from before then",
    Deed.RERUN: "Find out why it did not run by itself: read its scheduler's log of the due time",
}


def _key(action: Action) -> str:
    return job_key(action.subject) if action.deed is Deed.RERUN else scheduler_key(action.subject)


def _fixed(action: Action, morning: Morning, told: Memory, left: Trouble | None) -> News:
    """What was done, and that it helped. `left` is that the run counts as late all the same, None where it does not."""
    key, now = _key(action), morning.judged_at
    before = told.get(key)
    cures = action.deed.cures
    cause = before.cause if before and before.cause in cures else cures[0]
    is_over = before is not None and left is None and _is_well(action, morning)
    return News(
        event=Event.FIXED,
        cause=cause,
        keys=(key,),
        replaces=_replaced(cause, [key], told),
        scheduler=None if action.deed is Deed.RERUN else action.subject,
        sentence=told_action(action, morning.zone),
        next_step=_WHY[action.deed],
        jobs=left.jobs if left else tuple(concern_of(each) for each in _concerned(action, morning)),
        since=before.since if before and before.cause == cause else action.due_at or action.at,
        told=(_remembered(left, told, now),) if left else (),
        over=(key,) if is_over else (),
    )


def _concerned(action: Action, morning: Morning) -> Iterator[JobJudged]:
    for judged in morning.jobs:
        scheduler = judged.job.scheduler
        if action.subject == (judged.job.id if action.deed is Deed.RERUN else scheduler and scheduler.id):
            yield judged


def _is_well(action: Action, morning: Morning) -> bool:
    if action.deed is Deed.RERUN:
        return all(_did_its_work(each) for each in _concerned(action, morning))
    return morning.scheduler_causes.get(action.subject) is None


# What is over ---------------------------------------------------------------------------------------------------------


def recovered(morning: Morning, told: Memory, *, besides: Collection[str] = ()) -> Iterator[News]:
    """What was told and was seen to be over; not of the keys `besides`."""
    told = {key: each for key, each in told.items() if key not in besides}
    for scheduler in morning.schedulers:
        before = told.get(scheduler_key(scheduler.scheduler.id))
        if before and morning.scheduler_causes[scheduler.scheduler.id] is None:
            sentence = f"The scheduler {scheduler.scheduler.id} is well again: {_over([before], morning.judged_at)}."
            yield _good_news([before], sentence, scheduler=scheduler.scheduler.id)
    groups: dict[str, list[tuple[Told, JobJudged]]] = {}
    for judged in morning.jobs:
        before = told.get(job_key(judged.job.id))
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


def _good_news(
    over: list[Told], sentence: str, *, scheduler: str | None = None, jobs: Iterable[JobJudged] = ()
) -> News:
    return News(
        event=Event.RECOVERED,
        cause=over[0].cause,
        keys=tuple(each.key for each in over),
        scheduler=scheduler,
        sentence=sentence,
        jobs=tuple(concern_of(each) for each in jobs),
        since=min(each.since for each in over),
        over=tuple(each.key for each in over),
    )
