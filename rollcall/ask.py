"""Ask every witness once, all at the same time.

Each scheduler is asked once and each folder, place, program or query once, however many jobs share it, each in a thread
of its own and timed by itself: ten schedulers that hang cost one timeout, and a dead network drive costs its limit. At
most 64 are asked at once. What is in outputs is read when everybody has answered, or a large one would make them late.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from threading import Thread
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from rollcall.evidence import CannotLook, Evidence, NotSeen, Outputs, OutputSeen, SchedulerSeen, Verified
from rollcall.outputs.listing import Key, Listed, Source, Wanted
from rollcall.outputs.sources import source_of
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Asked, Scheduler
from rollcall.schedule.answers import last_due
from rollcall.verdict import upstream

MOST_AT_ONCE = 64
# Reading takes the processor, and not only time.
_READ_AT_ONCE = 8
# What a scheduler may need beyond its timeout to have its answer read.
_SLACK = timedelta(seconds=1)

_Seen = TypeVar("_Seen")


@dataclass(slots=True, kw_only=True)
class _Look(Generic[_Seen]):
    """One witness to be asked: how, how long that may take, and how its words are shown.

    `answer` is that none came in time, until one does.
    """

    ask: Callable[[], _Seen]
    limit: timedelta
    clean: Callable[[str], str]
    answer: _Seen | CannotLook

    def seen(self, now: datetime) -> _Seen | NotSeen:
        """What goes into the evidence."""
        return NotSeen.because(self.answer, now) if isinstance(self.answer, CannotLook) else self.answer


_Sources = dict[Source, _Look[Mapping[Key, Listed | CannotLook]]]


def gather(
    jobs: Iterable[Job],
    schedulers: Iterable[Scheduler],
    *,
    now: datetime,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda done, total: None,
    proofs: Mapping[tuple[str, str], Verified] = MappingProxyType({}),
    may_verify: bool = True,
    here: str = "",
    beside: Iterable[Job] = (),
) -> Evidence:
    """What the witnesses of these jobs and schedulers say, as of `now`: those of the host `here`, "" of no host.

    `clock` reads the present of this machine (it is held against the schedulers' clocks, and differs from `now` when
    another moment is judged). `progress` is called with how many witnesses of how many are done. `proofs` are the last
    that mornings before have of outputs, by job and output; where not `may_verify`, no new one is made. What these
    schedulers know of the jobs `beside` them is wanted too, though nobody looks for their outputs here. Never raises
    `CannotLook`: who could not be asked is in the evidence as `NotSeen`.
    """
    jobs = tuple(jobs)
    asked = {scheduler.id: scheduler for scheduler in schedulers}
    asked |= {job.scheduler.id: job.scheduler for job in jobs if job.scheduler}
    asked = {name: each for name, each in asked.items() if (each.host or "") == here}
    wanted = {job.id: job for job in (*beside, *jobs)}.values()
    reaches = upstream.reaches(wanted)
    since = {job.id: _since(job, now, reaches[job.id]) for job in wanted}
    wanted_since = dict.fromkeys(asked, now)
    for job in wanted:
        if job.scheduler and job.scheduler.id in wanted_since:
            wanted_since[job.scheduler.id] = min(wanted_since[job.scheduler.id], since[job.id][0])
    looks, memories = dict[str, _Look[SchedulerSeen]](), dict[str, _Look[SchedulerSeen]]()
    for scheduler in asked.values():
        names = frozenset(job.name for job in wanted if job.scheduler and job.scheduler.id == scheduler.id)
        about = Asked(clock=clock, now=now, since=wanted_since[scheduler.id], names=names)
        looks[scheduler.id] = _of_scheduler(scheduler, about)
        if scheduler.memory:
            memories[scheduler.id] = _of_scheduler(scheduler.memory, about)
    jobs = tuple(job for job in jobs if (job.host or "") == here)
    sources = _of_sources(jobs, since, now, clock, proofs, may_verify=may_verify)
    _ask_all([*looks.values(), *memories.values(), *sources.values()], progress)
    return Evidence(
        schedulers={name: look.seen(now) for name, look in looks.items()},
        outputs=_of_outputs(jobs, sources, now, is_read=True),
        memories={name: look.seen(now) for name, look in memories.items()},
    )


def list_outputs(jobs: Iterable[Job], *, since: datetime, now: datetime) -> Mapping[str, Outputs]:
    """The files of each output since `since`, by job id. None is read, and no scheduler is asked."""
    jobs = tuple(jobs)
    sources = _of_sources(jobs, {job.id: (since, None) for job in jobs}, now)
    _ask_all(list(sources.values()), lambda done, total: None)
    return _of_outputs(jobs, sources, now, is_read=False)


def _since(job: Job, now: datetime, reach: timedelta) -> tuple[datetime, datetime | None]:
    """From when on evidence of a job is wanted, and from when on its outputs are read."""
    closed_at = now - job.allowance
    # Asked from the oldest on, so that a schedule is searched once and then only stepped through.
    last_due(job.schedule, closed_at - job.look_back)
    # The due run that is judged is this one or a newer one; nothing older is ever opened.
    oldest_judged = last_due(job.schedule, closed_at) or closed_at - (job.look_back if job.after else timedelta(0))
    read_since = job.due_run(oldest_judged).begins_at
    # A run of the look-back may have been owed, and so made, as long before it as a run may take.
    return min(read_since, closed_at - reach), read_since


def _of_scheduler(scheduler: Scheduler, wanted: Asked) -> _Look[SchedulerSeen]:
    return _Look(
        ask=partial(scheduler.look, wanted),
        limit=scheduler.patience + _SLACK,
        clean=scheduler.secrets.clean,
        answer=scheduler.overdue(),
    )


def _of_sources(
    jobs: Iterable[Job],
    since: Mapping[str, tuple[datetime, datetime | None]],
    now: datetime,
    clock: Callable[[], datetime] | None = None,
    proofs: Mapping[tuple[str, str], Verified] = MappingProxyType({}),
    *,
    may_verify: bool = False,
) -> _Sources:
    by_source: dict[Source, list[Wanted]] = {}
    for job in jobs:
        kept_since, read_since = since[job.id]
        for number, output in enumerate(job.outputs):
            wanted = Wanted(
                key=(job.id, number),
                output=output,
                zone=job.zone_of(output),
                since=kept_since,
                read_since=read_since,
                last_verified=proofs.get((job.id, output.written)),
                may_verify=may_verify,
            )
            by_source.setdefault(source_of(output), []).append(wanted)
    return {
        source: _Look(
            ask=partial(source.look, wanted, now=now, clock=clock),
            limit=source.limit,
            clean=source.clean,
            answer=source.overdue(),
        )
        for source, wanted in by_source.items()
    }


def _of_outputs(jobs: Iterable[Job], sources: _Sources, now: datetime, *, is_read: bool) -> dict[str, Outputs]:
    """What was seen of each job's outputs, by the job's id."""
    seen = {source: look.seen(now) for source, look in sources.items()}
    found = {key: each for inside in seen.values() if not isinstance(inside, NotSeen) for key, each in inside.items()}
    listed = {key: each for key, each in found.items() if isinstance(each, Listed)}
    readings = {key: _of_content(each) for key, each in listed.items() if is_read and each.to_read}
    _ask_all(list(readings.values()), lambda done, total: None, at_once=_READ_AT_ONCE)

    def of(job: Job, number: int) -> OutputSeen | NotSeen:
        inside, key = seen[source_of(job.outputs[number])], (job.id, number)
        if isinstance(inside, NotSeen):
            return inside
        one = inside[key]
        if isinstance(one, CannotLook):
            return NotSeen.because(one, now)
        return readings[key].seen(now) if key in readings else one.seen

    return {job.id: tuple(of(job, number) for number in range(len(job.outputs))) for job in jobs if job.outputs}


def _of_content(listed: Listed) -> _Look[OutputSeen]:
    output, source = listed.wanted.output, listed.source
    return _Look(ask=listed.read, limit=output.timeout + _SLACK, clean=source.clean, answer=source.unread(output))


def _ask_all(looks: Sequence[_Look[Any]], progress: Callable[[int, int], None], *, at_once: int = MOST_AT_ONCE) -> None:
    """Keeps of each look the answer, where it came in time.

    Daemon threads, because a thread that hangs in a dead network drive must not keep the process from ending; nor does
    it keep a place that others wait for once its time is over.
    """
    queue: SimpleQueue[tuple[int, float, Any]] = SimpleQueue()
    waiting = deque(range(len(looks)))
    ends_on: dict[int, float] = {}
    while waiting or ends_on:
        while waiting and len(ends_on) < at_once:
            number = waiting.popleft()
            ends_on[number] = time.monotonic() + looks[number].limit.total_seconds()
            Thread(target=_ask, args=(number, looks[number], queue), daemon=True).start()
        try:
            number, came_on, answer = queue.get(timeout=max(min(ends_on.values()) - time.monotonic(), 0))
        except Empty:
            present = time.monotonic()
            ends_on = {number: end for number, end in ends_on.items() if end > present}
        else:
            # Each by its own limit, and by when it came: what came later counts no more, however late it is read here.
            if came_on <= ends_on.pop(number, -inf):
                looks[number].answer = answer
        progress(len(looks) - len(waiting) - len(ends_on), len(looks))


def _ask(number: int, look: _Look[Any], queue: SimpleQueue[tuple[int, float, Any]]) -> None:
    answer: Any
    try:
        answer = look.ask()
    except CannotLook as problem:
        answer = problem
    except Exception as error:  # noqa: BLE001 - the one wall around a witness: whatever breaks, the others are judged
        why = look.clean(f"{type(error).__name__}: {error}")
        answer = CannotLook(look.answer.code, f"looking broke with {why}")
    queue.put((number, time.monotonic(), answer))
