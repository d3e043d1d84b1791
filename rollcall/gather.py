"""Ask every witness once, all at the same time.

Each scheduler is asked once and each folder listed once, however many jobs share it, and each in a thread of its own
with a limit: ten schedulers that hang cost one timeout, and a folder on a dead network drive costs its limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import DatabaseSeen, Evidence, NotSeen, OutputSeen, SchedulerSeen
from rollcall.jobs import Database, Job, Scheduler
from rollcall.schedule.answers import last_due
from rollcall.sources import database, output_folder, scheduler_api
from rollcall.text import clean, clean_of_secrets
from rollcall.times import show_span

FOLDER_LIMIT = timedelta(seconds=30)
# What a scheduler may need beyond its timeout to have its answer read.
_SLACK = timedelta(seconds=1)


_Subject = Scheduler | Database | Path
_Seen = SchedulerSeen | DatabaseSeen | dict[str, OutputSeen]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One witness to be asked: by whom it is known, how it is asked, how long that may take."""

    subject: _Subject
    ask: Callable[[], _Seen]
    limit: timedelta
    overdue: CannotLook


_Answer = tuple[int, _Seen | CannotLook]


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
    looks = [_scheduler_look(scheduler, clock) for scheduler in asked.values()]
    looks += [_database_look(scheduler.database, clock) for scheduler in asked.values() if scheduler.database]
    looks += _folder_looks(jobs, lambda job: _wanted(job, now), now)
    answers = _ask_all(looks, progress)
    return _evidence(looks, answers, jobs, now)


def list_outputs(jobs: Iterable[Job], *, since: datetime, now: datetime) -> Mapping[str, OutputSeen | NotSeen]:
    """The files of each job with an output since `since`, by job id. None is read, and no scheduler is asked."""
    jobs = tuple(jobs)
    looks = _folder_looks(jobs, lambda job: _listed(job, since), now)
    return _evidence(looks, _ask_all(looks, lambda done, total: None), jobs, now).outputs


def _scheduler_look(scheduler: Scheduler, clock: Callable[[], datetime]) -> _Look:
    detail = f"GET {scheduler.shown_url}{scheduler.status}: no complete answer within {show_span(scheduler.timeout)}"
    return _Look(
        subject=scheduler,
        ask=lambda: scheduler_api.look(scheduler, clock=clock),
        limit=scheduler.timeout + _SLACK,
        overdue=CannotLook(CauseCode.SCHEDULER_DOWN, detail),
    )


def _database_look(declared: Database, clock: Callable[[], datetime]) -> _Look:
    return _Look(
        subject=declared,
        ask=lambda: database.look(declared, clock=clock),
        limit=declared.timeout + _SLACK,
        overdue=database.overdue(declared),
    )


def _folder_looks(jobs: Iterable[Job], wanted: Callable[[Job], output_folder.Wanted], now: datetime) -> list[_Look]:
    by_folder: dict[Path, list[output_folder.Wanted]] = {}
    for job in jobs:
        if job.output:
            by_folder.setdefault(job.output.folder, []).append(wanted(job))
    return [_folder_look(folder, asked, now) for folder, asked in by_folder.items()]


def _folder_look(folder: Path, wanted: list[output_folder.Wanted], now: datetime) -> _Look:
    detail = f"{clean(str(folder))}: not listed and read within {show_span(FOLDER_LIMIT)}"
    return _Look(
        subject=folder,
        ask=lambda: output_folder.look(folder, wanted, now=now),
        limit=FOLDER_LIMIT,
        overdue=CannotLook(CauseCode.OUTPUT_UNREADABLE, detail),
    )


def _wanted(job: Job, now: datetime) -> output_folder.Wanted:
    assert job.output is not None
    closed_at = now - job.allowance
    # Asked from the oldest on, so that a schedule is searched once and then only stepped through.
    last_due(job.schedule, closed_at - job.look_back)
    # The due run that is judged is this one or a newer one; nothing older is ever opened.
    oldest_judged = last_due(job.schedule, closed_at) or closed_at
    read_since = job.due_run(oldest_judged).begins_at
    return output_folder.Wanted(
        job_id=job.id,
        output=job.output,
        zone=job.stamp_zone,
        # A run of the look-back may have been owed, and so made, as long before it as a run may take.
        since=min(read_since, closed_at - job.look_back),
        read_since=read_since,
    )


def _listed(job: Job, since: datetime) -> output_folder.Wanted:
    assert job.output is not None
    return output_folder.Wanted(job_id=job.id, output=job.output, zone=job.stamp_zone, since=since, read_since=None)


def _ask_all(looks: list[_Look], progress: Callable[[int, int], None]) -> dict[int, _Answer]:
    """The answers by the number of their look, as far as they came in time.

    Daemon threads, because a thread that hangs in a dead network drive must not keep the process from ending.
    """
    queue: SimpleQueue[_Answer] = SimpleQueue()
    for number, look in enumerate(looks):
        Thread(target=_ask, args=(number, look, queue), daemon=True).start()
    started = time.monotonic()
    outstanding = {number: look.limit.total_seconds() for number, look in enumerate(looks)}
    answers: dict[int, _Answer] = {}
    while outstanding:
        limit = min(outstanding.values())
        try:
            answer = queue.get(timeout=max(started + limit - time.monotonic(), 0))
        except Empty:
            # Each by its own limit: how slow the others are must not decide whether an answer still counts.
            outstanding = {number: each for number, each in outstanding.items() if each > limit}
            progress(len(looks) - len(outstanding), len(looks))
            continue
        if outstanding.pop(answer[0], None) is not None:
            answers[answer[0]] = answer
            progress(len(looks) - len(outstanding), len(looks))
    return answers


def _ask(number: int, look: _Look, queue: SimpleQueue[_Answer]) -> None:
    try:
        queue.put((number, look.ask()))
    except CannotLook as problem:
        queue.put((number, problem))
    except Exception as error:  # noqa: BLE001 - the one wall around a source: whatever breaks, the others are judged
        queue.put((number, CannotLook(look.overdue.code, f"looking broke with {_told(error, look.subject)}")))


def _told(error: Exception, subject: _Subject) -> str:
    secrets = {} if isinstance(subject, Path) else dict(subject.secrets)
    if isinstance(subject, Database):
        secrets |= dict(subject.names)
    return clean_of_secrets(f"{type(error).__name__}: {error}", secrets)


def _evidence(looks: list[_Look], answers: dict[int, _Answer], jobs: tuple[Job, ...], now: datetime) -> Evidence:
    schedulers: dict[str, SchedulerSeen | NotSeen] = {}
    databases: dict[str, DatabaseSeen | NotSeen] = {}
    folders: dict[Path, dict[str, OutputSeen] | NotSeen] = {}
    for number, look in enumerate(looks):
        answer = answers[number][1] if number in answers else look.overdue
        seen = NotSeen.because(answer, now) if isinstance(answer, CannotLook) else answer
        match look.subject, seen:
            case Scheduler() as scheduler, SchedulerSeen() | NotSeen():
                schedulers[scheduler.id] = seen
            case Database() as declared, DatabaseSeen() | NotSeen():
                databases[declared.scheduler_id] = seen
            case Path() as folder, dict() | NotSeen():
                folders[folder] = seen
    outputs = {job.id: _of_job(folders[job.output.folder], job) for job in jobs if job.output}
    return Evidence(schedulers=schedulers, outputs=outputs, databases=databases)


def _of_job(seen: dict[str, OutputSeen] | NotSeen, job: Job) -> OutputSeen | NotSeen:
    return seen if isinstance(seen, NotSeen) else seen[job.id]
