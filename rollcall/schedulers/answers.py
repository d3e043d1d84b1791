"""What do the answers of one look say of a scheduler, its jobs and their runs, by its mapping?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Asked
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.pages import Entries, Pages, Talk, error_in
from rollcall.schedulers.parts import FIELDS, TIMES_OF_A_RUN, Part
from rollcall.schedulers.reading import Entry
from rollcall.sources.expressions import ABSENT, find
from rollcall.text import listed
from rollcall.times import read_timestamp

# What says only whose entry it is.
_WHOSE = ("id", "key", "name", "job")
# What an entry without any time may say of a run that has begun.
_BEGUN = (Outcome.RUNNING, Outcome.BEGUN, Outcome.SUCCESS, Outcome.PARTIAL, Outcome.FAILED)
_PAGE_BY = "Page by {offset}, {page} or {cursor}"


def look_by_mapping(scheduler: Mapped, asked: Asked, connection: AbstractContextManager[Talk]) -> SchedulerSeen:
    """What a scheduler says over that connection. Raises `CannotLook`, without secrets in its detail."""
    asked_at, ends_on = asked.clock(), time.monotonic() + scheduler.patience.total_seconds()
    talk: Talk | None = None
    try:
        with connection as talk:
            pages = Pages(scheduler=scheduler, asked=asked, talk=talk, ends_on=ends_on)
            alive = None if scheduler.alive is None else pages.answer("alive", scheduler.alive)
            listing = None if scheduler.jobs is None else pages.entries("jobs", scheduler.jobs)
            record = None if scheduler.runs is None else pages.entries("runs", scheduler.runs)
        answered_at = asked.clock()
        if record and not record.entries and record.error and not (listing and not listing.entries):
            # Who stands in for a scheduler that cannot be reached may answer with an empty list.
            raise scheduler.broken(f"runs are none, beside an error: {pages.reader.beginning(record.error, 80)}")
        jobs, ids = (None, {}) if listing is None else _jobs(pages, listing)
        runs, mute = (None, {}) if record is None else _runs(pages, record, ids)
        if mute and jobs is None:
            # There is no listing to say it of each job.
            times = listed(at for field in TIMES_OF_A_RUN if (at := getattr(pages.part("runs"), field)))
            begins = pages.reader.beginning(next(iter(mute.values())))
            raise scheduler.broken(f"runs finds no time ({times}) in {begins}")
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=answered_at,
            server_at=talk.server_at,
            jobs=jobs and tuple(replace(job, untold=(*job.untold, "runs")) if job.id in mute else job for job in jobs),
            runs=runs,
            runs_since=None if runs is None or record is None else _reach(pages, runs, record, asked),
            **({} if scheduler.alive is None else _alive(pages, scheduler.alive, alive)),
        )
    except CannotLook as problem:
        # A service may echo what it was sent: its words are proof, the secrets among them are not shown.
        secrets = scheduler.secrets if talk is None else talk.secrets
        raise CannotLook(problem.code, secrets.clean(problem.detail, 400)) from None


def _alive(pages: Pages, part: Part, answer: Any) -> dict[str, Any]:
    """`running`, `since` and `heartbeat`, as far as the mapping has them; none where there is no row."""
    if pages.scheduler.answers_in_rows:
        if not answer:
            return {}
        if len(answer) > 1:
            raise pages.scheduler.broken("alive returns more than one row. Say which with WHERE")
        answer = answer[0]
    fields = _fields("alive", part)
    entry = _entry(pages, "alive", fields, answer, "") if isinstance(answer, Mapping | list) else None
    for name, at in fields.items():
        # One of these is what it is asked for; since when it is so may be missing.
        if name != "since" and (entry is None or entry.values[name] is ABSENT):
            raise pages.nothing_found("alive", name, at, answer)
    assert entry is not None  # one of the two is always asked for
    said, error = entry.read_all(), error_in(answer)
    if said.get("running") is False and error:
        # It cannot be reached, or is stopped for that: to start it is no cure that anybody has proven.
        raise pages.scheduler.broken(
            f"it says that it does not run, beside an error: {pages.reader.beginning(error, 80)}"
        )
    return said


def _jobs(pages: Pages, found: Entries) -> tuple[tuple[JobListed, ...], dict[str, str]]:
    """The jobs, and the id of each by what its runs call it."""
    if not found.are_all:
        why = f"jobs are cut off after {len(found.entries):,}, and who is missing is not known"
        raise pages.scheduler.broken(f"{why}. {_PAGE_BY}, or raise limit")
    jobs, ids, known = [], {}, dict[str, list[Any]]()
    for number, entry in enumerate(_entries(pages, "jobs", found)):
        said, raw = entry.read_all(), found.entries[number]
        if raw in known.setdefault(said["id"], []):
            continue  # the same once more, as a join or a page that moved on tells it, is no other job
        known[said["id"]].append(raw)
        ids[said.get("key", said["id"])] = said["id"]
        untold = tuple(name for name in ("next_run", "paused") if entry.values.get(name) is ABSENT)
        jobs.append(JobListed(**said, untold=untold))
    return tuple(jobs), ids


def _runs(pages: Pages, found: Entries, ids: Mapping[str, str]) -> tuple[tuple[RunSeen, ...], dict[str, Any]]:
    """The runs, and by its job each entry that has none of the times that the mapping says it has."""
    runs, mute, known = [], dict[str, Any](), set(ids.values())
    words = pages.scheduler.words
    for number, entry in enumerate(_entries(pages, "runs", found)):
        key = entry.read("job")
        if key not in ids and key in known:
            continue  # of a job that is not listed, and whose key is another one's id
        job = ids.get(key, key)
        times = [entry.values[name] for name in TIMES_OF_A_RUN if name in entry.values]
        if all(each is ABSENT for each in times):
            mute[job] = found.entries[number]
            continue
        word = entry.read("status")
        outcome = words.outcome(word)
        is_said = outcome in _BEGUN or (outcome is Outcome.UNKNOWN and word)
        if all(each in (None, ABSENT) for each in times) and not is_said:
            continue  # without any time it is no run, unless its status says otherwise
        runs.append(RunSeen(job=job, word=word, outcome=outcome, **entry.read_all(but=("job", "status"))))
    return tuple(runs), mute


def _reach(pages: Pages, runs: tuple[RunSeen, ...], found: Entries, asked: Asked) -> datetime | None:
    """Since when all runs are on record here: since they were asked for, or since the oldest that a limit left over."""
    scheduler = pages.scheduler
    asked_since = asked.since if "since" in scheduler.fills_in(pages.part("runs")) else None
    if found.are_all:
        return asked_since
    # Whatever they are ordered by: what was cut off is older than the oldest is by its latest time.
    latest = [max(times) for run in runs if (times := _times_of(run, scheduler))]
    if latest and latest[0] < latest[-1] and latest == sorted(latest):
        why = f"runs are cut off after {len(runs):,}, the oldest first, so the newest are missing"
        raise scheduler.broken(f"{why}. {_PAGE_BY}, or ask for the newest first")
    return max(filter(None, (asked_since, min(latest, default=asked.now))))


def _times_of(run: RunSeen, scheduler: Mapped) -> list[datetime]:
    """Those of its times that can be read."""
    times = []
    for text in filter(None, (run.due, run.started, run.ended)):
        with suppress(ValueError):
            stamp, zone = read_timestamp(text), scheduler.naive_times
            if at := stamp.at or (stamp.in_zone(zone) if zone else None):
                times.append(at)
    return times


def _entries(pages: Pages, name: str, found: Entries) -> Iterator[Entry]:
    part = pages.part(name)
    fields, start = _fields(name, part), name if part.each in (None, "@") else part.each
    for number, entry in enumerate(found.entries):
        read = _entry(pages, name, fields, entry, f"{start}[{number}]")
        said = [value for field, value in read.values.items() if field not in _WHOSE]
        is_mute = (found.error or error_in(entry)) and all(each in (None, ABSENT) for each in said)
        # Beside an error, and with nothing else, null is no "none": nobody could look.
        yield replace(read, values={**dict.fromkeys(read.values, ABSENT), **_names(read)}) if is_mute else read


def _names(entry: Entry) -> dict[str, Any]:
    return {field: value for field, value in entry.values.items() if field in _WHOSE}


def _fields(name: str, part: Part) -> dict[str, str]:
    """Where each field stands, of those that the mapping has."""
    return {field: at for field in FIELDS[name] if (at := getattr(part, field))}


def _entry(pages: Pages, name: str, fields: Mapping[str, str], entry: Any, place: str) -> Entry:
    if not isinstance(entry, Mapping | list) and set(fields.values()) != {"@"}:
        raise pages.reader.hole(place, entry, "an object")
    values = {}
    for field, at in fields.items():
        try:
            values[field] = find(at, entry)
        except ValueError as problem:
            why = f'{name}.{field} = "{at}" fails in {place or "the answer"}: {problem}'
            raise pages.scheduler.broken(why) from None
    return Entry(reader=pages.reader, place=place, fields=fields, values=values)
