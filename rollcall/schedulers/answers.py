"""What do the answers of one look say of a scheduler, its jobs and their runs, by its mapping?"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rollcall.evidence import JobListed, Outcome, RunSeen
from rollcall.schedulers.expressions import ABSENT, compiled
from rollcall.schedulers.pages import Entries
from rollcall.schedulers.parts import FIELDS, TIMES_OF_A_RUN
from rollcall.schedulers.reading import Reader
from rollcall.times import read_timestamp

if TYPE_CHECKING:
    from rollcall.schedulers.mapping import Mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Reads the answers of one look. Each method raises `CannotLook` where one is not what the mapping says."""

    scheduler: Mapped
    reader: Reader

    def alive(self, answer: Any) -> dict[str, Any]:
        """`running`, `since` and `heartbeat`, as far as the mapping has them; none where there is no row."""
        if self.scheduler.answers_in_rows:
            if not answer:
                return {}
            if len(answer) > 1:
                raise self.scheduler.broken("alive returns more than one row. Say which with WHERE")
            answer = answer[0]
        fields = self._fields("alive")
        entry = _Entry(self, "alive", fields, answer, "") if isinstance(answer, Mapping | list) else None
        for name in fields:
            # One of these is what it is asked for; since when it is so is told where it is.
            if name != "since" and (entry is None or entry.told[name] is ABSENT):
                raise self.scheduler.nothing_found("alive", name, answer, self.reader)
        if entry is None:
            return {}
        running = entry.certain_flag("running") if "running" in fields else None
        return {"running": running, "since": entry.time("since"), "heartbeat": entry.time("heartbeat")}

    def jobs(self, found: Entries) -> tuple[tuple[JobListed, ...], dict[str, str]]:
        """The jobs, and the id of each by what its runs call it."""
        if not found.are_all:
            why = f"jobs are cut off after {len(found.entries):,}, and who is missing is not known"
            raise self.scheduler.broken(f"{why}. {_PAGE_BY}, or raise limit")
        jobs, ids = [], {}
        for entry in self._entries("jobs", found):
            job = JobListed(
                id=entry.id("id"),
                name=entry.text("name") or "",
                next_run=entry.time("next_run"),
                paused=entry.flag("paused"),
                schedule=entry.text("schedule"),
                zone=entry.text("zone"),
                tags=self.reader.tags(entry.told.get("tags")),
                runs_since=entry.time("runs_since"),
                untold=tuple(name for name in ("next_run", "paused") if entry.told.get(name) is ABSENT),
            )
            jobs.append(job)
            ids[job.id if entry.has_none("key") else entry.id("key")] = job.id
        return tuple(jobs), ids

    def runs(self, found: Entries, ids: Mapping[str, str]) -> tuple[tuple[RunSeen, ...], dict[str, Any]]:
        """The runs, and by its job each entry that has none of the times that the mapping says it has."""
        runs, untold, known = [], dict[str, Any](), set(ids.values())
        for entry in self._entries("runs", found):
            key = entry.id("job")
            if key not in ids and key in known:
                continue  # of a job that is not listed, and whose key is another one's id
            job = ids.get(key, key)
            times = [entry.told[name] for name in TIMES_OF_A_RUN if name in entry.told]
            if all(each is ABSENT for each in times):
                untold[job] = entry.entry
                continue
            word = entry.text("status")
            outcome = self.scheduler.words.outcome(word)
            if all(each is None or each is ABSENT for each in times) and outcome is not Outcome.RUNNING:
                continue  # without any time it is no run
            runs.append(
                RunSeen(
                    job=job,
                    due=entry.time("due"),
                    started=entry.time("started"),
                    ended=entry.time("ended"),
                    word=word,
                    outcome=outcome,
                    attempt=self.reader.count(entry.told.get("attempt")),
                    by_schedule=entry.flag("by_schedule"),
                    link=self.reader.link(entry.told.get("link")),
                )
            )
        return tuple(runs), untold

    def reach(self, runs: tuple[RunSeen, ...], are_all: bool, since: datetime, now: datetime) -> datetime | None:
        """From when on all runs are told: since they were asked for, or since the oldest that a limit left over."""
        part = self.scheduler.runs
        assert part is not None
        asked_since = since if self.scheduler.fills_in("since", part) else None
        if are_all:
            return asked_since
        # Whatever they are ordered by: what was cut off is older than the oldest is by its latest time.
        latest = [at for each in runs if (at := self._latest_of(each))]
        if latest and latest[0] < latest[-1] and latest == sorted(latest):
            why = f"runs are cut off after {len(runs):,}, the oldest first, so the newest are missing"
            raise self.scheduler.broken(f"{why}. {_PAGE_BY}, or ask for the newest first")
        return max(filter(None, (asked_since, min(latest, default=now).astimezone(UTC))))

    def _latest_of(self, run: RunSeen) -> datetime | None:
        instants = []
        for text in (run.due, run.started, run.ended):
            try:
                stamp = read_timestamp(text or "")
            except ValueError:
                continue
            if stamp.at is not None:
                instants.append(stamp.at)
            elif stamp.naive is not None and (zone := self.scheduler.naive_times):
                instants.append(stamp.naive.replace(tzinfo=zone))
        return max(instants, default=None)

    def _fields(self, part: str) -> dict[str, str]:
        """Where each field stands that the mapping has."""
        return {name: at for name in FIELDS[part] if (at := self.scheduler.field_of(part, name)) is not None}

    def _entries(self, part: str, found: Entries) -> Iterator[_Entry]:
        fields, each = self._fields(part), getattr(self.scheduler, part).each
        start = part if each in (None, "@") else each
        for number, entry in enumerate(found.entries):
            yield _Entry(self, part, fields, entry, f"{start}[{number}]")


_PAGE_BY = "Page by {offset}, {page} or {cursor}"


@dataclass(slots=True)
class _Entry:
    """One entry: what the mapping finds in it, by field, and the place of each for messages."""

    answers: Answers
    part: str
    fields: Mapping[str, str]
    entry: Any
    place: str
    told: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.entry, Mapping | list) and set(self.fields.values()) != {"@"}:
            raise self.answers.reader.hole(self.place, self.entry, "an object")
        name = expression = ""
        self.told = {}
        try:
            for name, expression in self.fields.items():
                self.told[name] = compiled(expression)(self.entry)
        except ValueError as problem:
            why = f'{self.part}.{name} = "{expression}" fails in {self.place or "the answer"}: {problem}'
            raise self.answers.scheduler.broken(why) from None

    def place_of(self, name: str) -> str:
        said = self.fields.get(name, name)
        return f"{self.place}.{said}" if self.place else said

    def has_none(self, name: str) -> bool:
        value = self.told.get(name)
        return value is None or value is ABSENT

    def id(self, name: str) -> str:
        return self.answers.reader.id(self.told[name], self.place_of(name))

    def text(self, name: str) -> str | None:
        return None if self.has_none(name) else self.answers.reader.text(self.told[name], self.place_of(name))

    def time(self, name: str) -> str | None:
        return None if self.has_none(name) else self.answers.reader.time(self.told[name], self.place_of(name))

    def flag(self, name: str) -> bool | None:
        return None if self.has_none(name) else self.certain_flag(name)

    def certain_flag(self, name: str) -> bool:
        return self.answers.reader.flag(self.told[name], self.place_of(name))


def with_untold(jobs: tuple[JobListed, ...], untold: Container[str]) -> tuple[JobListed, ...]:
    """The jobs, each saying so where nothing is told of its runs."""
    return tuple(replace(each, untold=(*each.untold, "runs")) if each.id in untold else each for each in jobs)
