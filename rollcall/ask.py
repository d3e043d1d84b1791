"""Ask every witness once, all at the same time.

Each scheduler is asked once and each folder listed once, however many jobs share it, each in a thread of its own and
timed by itself: ten schedulers that hang cost one timeout, and a folder on a dead network drive costs its limit. At
most 64 are asked at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from rollcall.evidence import CannotLook, Evidence, NotSeen, OutputSeen, SchedulerSeen
from rollcall.outputs import places
from rollcall.roll.job import Job
from rollcall.roll.scheduler import Asked, Scheduler
from rollcall.schedule.answers import last_due
from rollcall.text import clean
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

FOLDER_LIMIT = timedelta(seconds=30)
MOST_AT_ONCE = 64
# What a scheduler may need beyond its timeout to have its answer read.
_SLACK = timedelta(seconds=1)

_Seen = SchedulerSeen | dict[places.Key, OutputSeen]
_Answer = _Seen | CannotLook


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One witness to be asked: by whom it is known, how it is asked, how long that may take."""

    subject: Scheduler | Path
    is_memory: bool = False
    ask: Callable[[], _Seen]
    limit: timedelta
    overdue: CannotLook


def gather(
    jobs: Iterable[Job],
    schedulers: Iterable[Scheduler],
    *,
    now: datetime,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evidence:
    """What the witnesses of these jobs and schedulers say, as of `now`.

    `clock` tells the present of this machine (it is held against the schedulers' clocks, and differs from `now` when
    another moment is judged). `progress` is told how many witnesses of how many are done with. Never raises
    `CannotLook`: who could not be asked is in the evidence as `NotSeen`.
    """
    jobs = tuple(jobs)
    asked = {scheduler.id: scheduler for scheduler in schedulers}
    asked |= {job.scheduler.id: job.scheduler for job in jobs if job.scheduler}
    since = {job.id: _since(job, now) for job in jobs}
    wanted_since = dict.fromkeys(asked, now)
    for job in jobs:
        if job.scheduler:
            wanted_since[job.scheduler.id] = min(wanted_since[job.scheduler.id], since[job.id][0])
    looks = []
    for scheduler in asked.values():
        wanted = Asked(clock=clock, now=now, since=wanted_since[scheduler.id])
        looks.append(_scheduler_look(scheduler, wanted))
        if scheduler.memory:
            looks.append(_scheduler_look(scheduler.memory, wanted, is_memory=True))
    looks += _folder_looks(jobs, since, now)
    return _evidence(looks, _ask_all(looks, progress), jobs, now)


def list_outputs(
    jobs: Iterable[Job], *, since: datetime, now: datetime
) -> Mapping[str, tuple[OutputSeen | NotSeen, ...]]:
    """The files of each output since `since`, by job id. None is read, and no scheduler is asked."""
    jobs = tuple(jobs)
    looks = _folder_looks(jobs, {job.id: (since, None) for job in jobs}, now)
    return _evidence(looks, _ask_all(looks, lambda done, total: None), jobs, now).outputs


def _since(job: Job, now: datetime) -> tuple[datetime, datetime | None]:
    """From when on evidence of a job is wanted, and from when on its outputs are read."""
    closed_at = now - job.allowance
    # Asked from the oldest on, so that a schedule is searched once and then only stepped through.
    last_due(job.schedule, closed_at - job.look_back)
    # The due run that is judged is this one or a newer one; nothing older is ever opened.
    oldest_judged = last_due(job.schedule, closed_at) or closed_at - (job.look_back if job.after else timedelta(0))
    read_since = job.due_run(oldest_judged).begins_at
    # A run of the look-back may have been owed, and so made, as long before it as a run may take.
    return min(read_since, closed_at - job.look_back), read_since


def _scheduler_look(scheduler: Scheduler, wanted: Asked, *, is_memory: bool = False) -> _Look:
    return _Look(
        subject=scheduler,
        is_memory=is_memory,
        ask=lambda: scheduler.look(wanted),
        limit=scheduler.patience + _SLACK,
        overdue=scheduler.overdue(),
    )


def _folder_looks(
    jobs: Iterable[Job], since: Mapping[str, tuple[datetime, datetime | None]], now: datetime
) -> list[_Look]:
    by_folder: dict[Path, list[places.Wanted]] = {}
    for job in jobs:
        kept_since, read_since = since[job.id]
        for number, output in enumerate(job.outputs):
            wanted = places.Wanted(
                key=(job.id, number),
                output=output,
                zone=job.zone_of(output),
                since=kept_since,
                read_since=read_since,
            )
            by_folder.setdefault(output.folder, []).append(wanted)
    return [_folder_look(folder, wanted, now) for folder, wanted in by_folder.items()]


def _folder_look(folder: Path, wanted: list[places.Wanted], now: datetime) -> _Look:
    detail = f"{clean(str(folder))}: not listed and read within {show_span(FOLDER_LIMIT)}"
    return _Look(
        subject=folder,
        ask=lambda: places.look(folder, wanted, now=now),
        limit=FOLDER_LIMIT,
        overdue=CannotLook(CauseCode.OUTPUT_UNREADABLE, detail),
    )


def _ask_all(looks: list[_Look], progress: Callable[[int, int], None]) -> dict[int, _Answer]:
    """The answers by the number of their look, as far as they came in time.

    Daemon threads, because a thread that hangs in a dead network drive must not keep the process from ending; nor does
    it keep a place that others wait for once its time is over.
    """
    queue: SimpleQueue[tuple[int, float, _Answer]] = SimpleQueue()
    waiting = deque(range(len(looks)))
    ends_on: dict[int, float] = {}
    answers: dict[int, _Answer] = {}
    while waiting or ends_on:
        while waiting and len(ends_on) < MOST_AT_ONCE:
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
                answers[number] = answer
        progress(len(looks) - len(waiting) - len(ends_on), len(looks))
    return answers


def _ask(number: int, look: _Look, queue: SimpleQueue[tuple[int, float, _Answer]]) -> None:
    answer: _Answer
    try:
        answer = look.ask()
    except CannotLook as problem:
        answer = problem
    except Exception as error:  # noqa: BLE001 - the one wall around a witness: whatever breaks, the others are judged
        why = f"{type(error).__name__}: {error}"
        told = look.subject.secrets.clean(why) if isinstance(look.subject, Scheduler) else clean(why)
        answer = CannotLook(look.overdue.code, f"looking broke with {told}")
    queue.put((number, time.monotonic(), answer))


def _evidence(looks: list[_Look], answers: dict[int, _Answer], jobs: tuple[Job, ...], now: datetime) -> Evidence:
    schedulers: dict[str, SchedulerSeen | NotSeen] = {}
    memories: dict[str, SchedulerSeen | NotSeen] = {}
    folders: dict[Path, dict[places.Key, OutputSeen] | NotSeen] = {}
    for number, look in enumerate(looks):
        answer = answers.get(number, look.overdue)
        seen = NotSeen.because(answer, now) if isinstance(answer, CannotLook) else answer
        match look.subject, seen:
            case Scheduler() as scheduler, SchedulerSeen() | NotSeen():
                (memories if look.is_memory else schedulers)[scheduler.id] = seen
            case Path() as folder, dict() | NotSeen():
                folders[folder] = seen
    outputs = {job.id: tuple(_of_output(folders, job, number) for number in range(len(job.outputs))) for job in jobs}
    return Evidence(
        schedulers=schedulers,
        outputs={job_id: seen for job_id, seen in outputs.items() if seen},
        memories=memories,
    )


def _of_output(
    folders: Mapping[Path, dict[places.Key, OutputSeen] | NotSeen], job: Job, number: int
) -> OutputSeen | NotSeen:
    seen = folders[job.outputs[number].folder]
    return seen if isinstance(seen, NotSeen) else seen[job.id, number]
