"""What did the witnesses say of one job, read as instants?

A scheduler's timestamps are its own words; here they are read by the rules of its table. What was not seen, is not
listed or cannot be read stays apart from what was seen and is none.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import is_
from zoneinfo import ZoneInfo

from rollcall.evidence import (
    Evidence,
    FileSeen,
    JobListed,
    NotSeen,
    Outcome,
    OutputSeen,
    RunSeen,
    SchedulerSeen,
)
from rollcall.roll.due_run import EARLY_TOLERANCE, LOOKING_TIME, DueRun
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.words import Dated, Late
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.times import Timestamp, read_timestamp
from rollcall.verdict import interval
from rollcall.verdict.findings import Check, Finding
from rollcall.vocabulary import CauseCode

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_EVER = datetime.min.replace(tzinfo=UTC)
# Failures of a scheduler that leave nothing to be read of its jobs.
_BLOCKING = (Check.ANSWERS, Check.SCHEDULER_IS_RUNNING)
DONE = frozenset({Outcome.SUCCESS, Outcome.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A timestamp as it was written, and the instant it means (None: it cannot be read, or not without guessing).

    `later_at` is the other instant it may mean where it carries no offset and autumn shows its hour twice.
    """

    text: str
    stamp: Timestamp | None
    at: datetime | None
    later_at: datetime | None = None

    @classmethod
    def of(cls, text: str | None, naive_times: ZoneInfo | None) -> Reading | None:
        """The reading of `text`; None where there is nothing to read."""
        return None if text is None else cls._read(text, naive_times)

    @classmethod
    @lru_cache(maxsize=16_384)
    def _read(cls, text: str, naive_times: ZoneInfo | None) -> Reading:
        """Kept, because a next run is read twice: when its scheduler is judged, and when its job is."""
        try:
            stamp = read_timestamp(text)
        except ValueError:
            return cls(text=text, stamp=None, at=None)
        if stamp.at is not None or naive_times is None:
            return cls(text=text, stamp=stamp, at=stamp.at)
        first = stamp.in_zone(naive_times)
        if naive_times.key == "UTC":
            return cls(text=text, stamp=stamp, at=first)
        second = stamp.in_zone(naive_times, fold=1)
        # In the hour that spring skips the second reading is the earlier one, and means nothing.
        return cls(text=text, stamp=stamp, at=first, later_at=second if second > first else None)

    @property
    def is_naive(self) -> bool:
        """True where it carries no offset."""
        return self.stamp is not None and self.stamp.naive is not None

    @property
    def instants(self) -> tuple[datetime, ...]:
        """Each instant it may mean, the earlier first."""
        return tuple(at for at in (self.at, self.later_at) if at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRead:
    """One run on record, its times read."""

    seen: RunSeen
    due: Reading | None = None
    started: Reading | None = None
    ended: Reading | None = None

    @classmethod
    def of(cls, seen: RunSeen, naive_times: ZoneInfo | None) -> RunRead:
        """The run with its times as the scheduler's table reads them."""
        return cls(
            seen=seen,
            due=Reading.of(seen.due, naive_times),
            started=Reading.of(seen.started, naive_times),
            ended=Reading.of(seen.ended, naive_times),
        )

    @property
    def outcome(self) -> Outcome:
        """How it went."""
        return self.seen.outcome

    @property
    def is_by_schedule(self) -> bool:
        """False of a run by hand, a backfill or an event; True also where nobody tells."""
        return self.seen.by_schedule is not False

    @property
    def placing(self) -> Reading | None:
        """What places it: the due time that it names, if it is by schedule, else its start, else its end.

        What cannot be read places nothing, and no run begins before the time that it is for.
        """
        named = self.due if self.is_by_schedule and not self._is_before_due else None
        told = [each for each in (named, self.started, self.ended) if each]
        return next((each for each in told if each.at), told[0] if told else None)

    @property
    def _is_before_due(self) -> bool:
        due, started = self.due, self.started_at
        return bool(due and due.at and started and started < due.at - EARLY_TOLERANCE)

    @property
    def at(self) -> datetime | None:
        """The instant that places it; None where it tells none that can be read."""
        return self.placing.at if self.placing else None

    @property
    def last_at(self) -> datetime | None:
        """The latest that is known of it."""
        told = (each.at for each in (self.ended, self.started, self.due) if each)
        return next((at for at in told if at is not None), None)

    @property
    def started_at(self) -> datetime | None:
        """When it began, where that is told and can be read."""
        return self.started.at if self.started else None

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, where that is told and can be read."""
        return self.ended.at if self.ended else None

    @property
    def is_run(self) -> bool:
        """False of a record without due, start or end, unless it is of one that has just begun."""
        return bool(self.due or self.started or self.ended) or self.outcome is Outcome.RUNNING

    @property
    def is_ambiguous(self) -> bool:
        """True where one of its times has no offset, and is of the hour that autumn shows twice."""
        return any(each.later_at for each in (self.due, self.started, self.ended) if each)

    def meant(self, at: datetime) -> RunRead:
        """The same placed at `at`; of two instants that another of its times may mean, the first that is not before."""

        def read(reading: Reading | None) -> Reading | None:
            if reading is None or reading.later_at is None:
                return reading
            after = [each for each in reading.instants if each >= at - EARLY_TOLERANCE]
            return replace(reading, at=min(after, default=reading.later_at))

        return replace(self, due=read(self.due), started=read(self.started), ended=read(self.ended))

    def is_ahead(self, until: datetime) -> bool:
        """True where it is only planned: some schedulers list the runs of the next days too."""
        return self.is_left_out and self.last_at is not None and self.last_at > until

    @property
    def is_left_out(self) -> bool:
        """True where it never began: it waits, or was skipped."""
        return self.outcome is Outcome.SKIPPED or (
            self.outcome is Outcome.WAITING and not self.started and not self.ended
        )

    def was_at_it(self, at: datetime) -> bool:
        """True where it had begun by then, and had not ended."""
        started, ended = self.started_at, self.ended_at
        return bool(started and ended and started <= at <= ended + EARLY_TOLERANCE)

    @property
    def is_at_it(self) -> bool:
        """True where it has begun, and has not ended."""
        return self.outcome is Outcome.RUNNING and self.ended is None

    def as_of(self, until: datetime) -> RunRead:
        """The run as it was then: of one that ended later no more was known than that it had begun."""
        started, ended = self.started_at, self.ended_at
        if started is None or ended is None or not started <= until < ended:
            return self
        return replace(self, ended=None, seen=replace(self.seen, outcome=Outcome.RUNNING, word=None))

    @property
    def took(self) -> timedelta | None:
        """How long it took; None where start or end is not told."""
        if self.started is None or self.ended is None or self.started.at is None or self.ended.at is None:
            return None
        return self.ended.at - self.started.at

    def belongs_to(self, run: DueRun) -> bool:
        """True where it is of that due run: by the time it names, else by its start, else by its end."""
        return self.at is not None and run.owns(self.at)

    def makes_good(self, run: DueRun) -> bool:
        """True where it is not by schedule, and of `run`: by the due time that it names, else as any other."""
        if self.is_by_schedule:
            return False
        return run.owns(self.due.at) if self.due and self.due.at else self.belongs_to(run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What is on record of one due run, oldest first: its attempts by schedule, and others that did its work."""

    by_schedule: tuple[RunRead, ...] = ()
    others: tuple[RunRead, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_schedule or self.good)

    @property
    def begun(self) -> tuple[RunRead, ...]:
        """Those by schedule that did begin; what its engine left out did not, whatever times it has."""
        return tuple(each for each in self.by_schedule if not each.is_left_out)

    @property
    def deciding(self) -> RunRead | None:
        """What tells how it went: the last attempt by schedule, or what made it good; None where none has begun.

        One that is still at it takes no work away.
        """
        last = self.begun[-1] if self.begun else None
        if last is not None and last.is_at_it:
            last = next((each for each in reversed(self.begun) if each.outcome in DONE), last)
        if last is not None and last.outcome in DONE:
            return last
        return self.good or last

    @property
    def good(self) -> RunRead | None:
        """The run by hand, by a backfill or an event, that did its work, and not before the last by schedule began."""
        begun = (self.begun[-1].started_at or self.begun[-1].at) if self.begun else None
        done = (each for each in self.others if each.outcome in DONE)
        return next((each for each in done if begun is None or (each.last_at or _EVER) >= begun), None)

    @property
    def made_good(self) -> str | None:
        """How a run that failed, or never began, was made good; None where it was not, or did its work at once."""
        decides = self.deciding
        if decides is None or decides.outcome not in DONE:
            return None
        if not decides.is_by_schedule:
            return "run again by hand" if self.begun else "run by hand"
        failed = any(each.outcome is Outcome.FAILED for each in self.begun[:-1])
        return f"attempt {decides.seen.attempt or len(self.begun)} did what failed before" if failed else None

    @property
    def first_start(self) -> datetime | None:
        """When the first attempt began; None where that is not told, or was forgotten with it."""
        first = self.begun[0] if self.begun else None
        if first is None or first.started is None or (first.seen.attempt or 1) > 1:
            return None
        return first.started.at


# Not frozen, though nobody changes one: to fill a frozen record takes twice as long, and each job has this one.
@dataclass(slots=True, kw_only=True)
class Witnesses:
    """Everything that was seen of one job and counts for the moment that is judged.

    `runs` are those on record, newest first: by the scheduler's word, or by its memory's where the scheduler says
    nothing, or `remembers_less` (one that was started anew may have forgotten). They reach back to `told_since`; None
    where all that there ever were are told. `files` are newest first; `later` are some made after that moment, which
    are no evidence but may have taken its evidence away. `floats` is True where the schedule is an interval without a
    declared phase: `job` is then counted from its newest run, and nothing was owed of it before `since`. `outputs` are
    what was seen of all that it leaves; `output`, `declared`, `files` and `later` are of one of them, the first.
    """

    job: Job
    now: datetime
    broken_of_scheduler: tuple[Finding, ...]
    scheduler: SchedulerSeen | NotSeen | None
    listed: JobListed | None
    next_run: Reading | None
    runs: tuple[RunRead, ...]
    told_since: datetime | None
    memory: SchedulerSeen | NotSeen | None
    remembers_less: bool
    floats: bool
    outputs: tuple[OutputSeen | NotSeen, ...]
    output: OutputSeen | NotSeen | None
    declared: Output | None
    files: tuple[FileSeen, ...]
    later: tuple[FileSeen, ...]
    since: datetime | None = None
    blocker: Finding | None = field(init=False, repr=False, compare=False)
    stands_in: bool = field(init=False, repr=False, compare=False)
    by_teller: str = field(init=False, repr=False, compare=False)
    counted_until: datetime = field(init=False, repr=False, compare=False)
    last: RunRead | None = field(init=False, repr=False, compare=False)
    ran_at: datetime | None = field(init=False, repr=False, compare=False)
    _made: dict[datetime, tuple[FileSeen, ...]] = field(init=False, repr=False, compare=False)
    _attempts: dict[datetime, Attempts] = field(init=False, repr=False, compare=False)
    _reaching: dict[datetime, DueRun | None] = field(init=False, repr=False, compare=False)
    _long: list[RunRead] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Works out once what each promise asks for.

        `blocker` is the scheduler's failure that left its word about this job unseen; `stands_in` is True where its
        memory's record stands in, `by_teller` names it after what it said. What is later than `counted_until` is no
        evidence for the moment that is judged. `last` is the newest run on record that counts (the newest at all where
        none does), and `ran_at` when that ended, as far as that is known and counts.
        """
        self.blocker = _first(self.broken_of_scheduler, *_BLOCKING)
        self.stands_in = self.blocker is not None and _has_runs(self.memory)
        self.by_teller = ", by its memory" if self.stands_in or self.remembers_less else ""
        self.counted_until = self.now + LOOKING_TIME
        counting = (each for each in self.runs if each.last_at is not None and each.last_at <= self.counted_until)
        self.last = next(counting, self.runs[0] if self.runs else None)
        at = self.last.last_at if self.last else None
        self.ran_at = at if at is not None and at <= self.counted_until else None
        self._made = {}
        self._attempts = {}
        self._reaching = {}
        self._long = None

    @classmethod
    def of(cls, job: Job, evidence: Evidence, broken: tuple[Finding, ...], *, now: datetime) -> Witnesses:
        """The evidence about `job`; an interval without an anchor is counted from the newest run seen.

        `broken` are the findings of its scheduler that need a person.
        """
        declared = job.scheduler
        scheduler = asked(evidence, declared.id, now) if declared else None
        memory = asked_memory(evidence, declared, now) if declared else None
        naive_times = declared.naive_times if declared else None
        stands_in = _has_runs(memory) and _first(broken, *_BLOCKING) is not None
        until = now + LOOKING_TIME
        own = _runs(scheduler, job, declared, until)
        remembered = _runs(memory, job, declared and declared.memory, until)
        remembers_less = not stands_in and _remembers_less(own, remembered, until)
        runs, told_since = remembered if stands_in or remembers_less else own
        listed = scheduler.listed(job.name) if isinstance(scheduler, SchedulerSeen) else None
        outputs = _outputs(evidence, job, now)
        files, later = counting(outputs[0], now) if outputs else ((), ())
        seen = cls(
            job=job,
            now=now,
            broken_of_scheduler=broken,
            scheduler=scheduler,
            listed=listed,
            next_run=Reading.of(listed.next_run if listed else None, naive_times),
            runs=runs,
            told_since=told_since,
            memory=memory,
            remembers_less=remembers_less,
            floats=interval.floats(job),
            outputs=outputs,
            output=outputs[0] if outputs else None,
            declared=job.output,
            files=files,
            later=later,
            since=job.since,
        )
        return seen._settled()

    def of_output(self, number: int) -> Witnesses:
        """The same with another output of the job in place of its first."""
        if number == 0:
            return self
        output = self.outputs[number]
        files, later = counting(output, self.now)
        return replace(self, output=output, declared=self.job.outputs[number], files=files, later=later)

    @property
    def has_record(self) -> bool:
        """True where a scheduler keeps a record of the job's runs."""
        return self.scheduler is not None and self.tells("runs")

    @property
    def has_output(self) -> bool:
        """True where the job leaves files."""
        return self.output is not None

    @property
    def late_is_a_warning(self) -> bool:
        """True where a run outside its time is worth knowing, and not urgent."""
        return self.job.late is Late.WARN

    def tells(self, what: str) -> bool:
        """True where its scheduler's answers hold that."""
        return self.job.scheduler is not None and what in self.job.scheduler.tells

    @property
    def has_every_start(self) -> bool:
        """True where a run is on record from its start on: a record that is made at its end would look missed."""
        scheduler = self.job.scheduler
        return scheduler is not None and self.tells("started") and bool(scheduler.words.running)

    def word(self, name: str) -> str:
        """What its scheduler calls a field."""
        return self.job.scheduler.word(name) if self.job.scheduler else name

    def scheduler_finding(self, *checks: Check) -> Finding | None:
        """The first of these checks of the scheduler that broke; None where none did."""
        return _first(self.broken_of_scheduler, *checks)

    @property
    def teller(self) -> str:
        """Who told of its runs."""
        return "its memory" if self.stands_in or self.remembers_less else "the scheduler"

    @property
    def last_run(self) -> Reading | None:
        """When the newest run on record was, as it was written."""
        return (self.last.ended or self.last.started or self.last.due) if self.last else None

    @property
    def last_word(self) -> str:
        """The scheduler's word for how the newest run went; "" where it has none."""
        return (self.last.seen.word or "") if self.last else ""

    @property
    def run_in_memory(self) -> Reading | None:
        """The newest run that the memory knows of; None where it was not asked or has none on record."""
        if not isinstance(self.memory, SchedulerSeen) or self.job.scheduler is None:
            return None
        runs, _ = _runs(self.memory, self.job, self.job.scheduler.memory, self.counted_until)
        return (runs[0].ended or runs[0].started or runs[0].due) if runs else None

    @property
    def unread(self) -> tuple[str, Reading] | None:
        """A timestamp of its record that cannot be read, and what its scheduler calls it: who knows what is missing?

        None where each run on record can be placed, and how far back they reach is told.
        """
        unplaced = next((each for each in self.runs if each.placing and each.at is None), None)
        if unplaced is not None:
            name = "ended" if unplaced.ended else "started" if unplaced.started else "due"
            reading: Reading | None = getattr(unplaced, name)
            return (self.word(name), reading) if reading else None
        naive_times = self.job.scheduler.naive_times if self.job.scheduler else None
        reach = Reading.of(self.listed.runs_since, naive_times) if self.listed and not self.by_teller else None
        return (self.word("runs_since"), reach) if reach and reach.at is None else None

    @property
    def scheduler_at(self) -> datetime:
        """The present by the scheduler's own clock, in which its next runs are written."""
        if not isinstance(self.scheduler, SchedulerSeen):
            return self.memory.answered_at if isinstance(self.memory, SchedulerSeen) else self.now
        return self.scheduler.server_at or self.scheduler.answered_at

    @property
    def is_of_an_earlier_moment(self) -> bool:
        """True where a moment is judged that was over when the scheduler, or its memory for it, was asked."""
        answer = self.memory if self.stands_in else self.scheduler
        return isinstance(answer, SchedulerSeen) and answer.answered_at > self.counted_until

    # Of one due run ---------------------------------------------------------------------------------------------------

    def attempts(self, run: DueRun) -> Attempts:
        """What is on record of `run`, and counts."""
        if (known := self._attempts.get(run.due_at)) is None:
            counted = [each for each in reversed(self.runs) if (each.last_at or _NEVER) <= self.counted_until]
            counted.sort(key=lambda each: (each.started_at or each.last_at or _NEVER, each.is_at_it))
            known = self._attempts[run.due_at] = Attempts(
                by_schedule=tuple(each for each in counted if each.is_by_schedule and each.belongs_to(run)),
                others=tuple(each for each in counted if each.makes_good(run)),
            )
        return known

    def later_run(self, run: DueRun) -> RunRead | None:
        """A run of that due time whose end lies in the future, and which so does not count."""
        later = (each for each in self.runs if each.last_at is not None and each.last_at > self.counted_until)
        return next((each for each in later if each.is_by_schedule and each.belongs_to(run)), None)

    def made_by(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to `run`, newest first."""
        if (made := self._made.get(run.due_at)) is None:
            if self.declared is not None and self.declared.dated is not Dated.RUN:
                found = [each for each in self.files if self._stands_for(each, run)]
            else:
                # A list is built faster than a generator is drawn from.
                begins_at, ends_at = run.begins_at, run.ends_at or _NEVER
                found = [each for each in self.files if begins_at <= self.told_at(each) < ends_at]
            made = self._made[run.due_at] = tuple(found)
        return made

    def told_at(self, file: FileSeen) -> datetime:
        """What places it: when it was made, or the run on record that alone was at work then, begun before another."""
        if self._long is None:
            self._long = [each for each in self.runs if each.started and self._ended_in_the_next(each)]
        at = file.made_at
        if not self._long or any(each.was_at_it(at) and self._is_of_one(each, at) for each in self.runs):
            return at
        return next((each.at for each in self._long if each.at and each.was_at_it(at)), at)

    def _ended_in_the_next(self, run: RunRead) -> bool:
        return bool(run.at and run.ended_at and not self._is_of_one(run, run.ended_at))

    def _is_of_one(self, run: RunRead, at: datetime) -> bool:
        """True where what happened at `at` is of the same due time as the run."""
        return run.at is not None and self._due_before(run.at) == self._due_before(at)

    def _stands_for(self, file: FileSeen, run: DueRun) -> bool:
        """True where the date in its name is that of `run`: of its due time, the one before, or the day before."""
        assert self.declared is not None
        if file.due_from is None or file.due_until is None:
            return False
        named: datetime | None = run.due_at
        if self.declared.dated is Dated.PREVIOUS_DUE:
            named = last_due(as_scheduled(self.job.schedule), run.due_at - _INSTANT)
        elif self.declared.dated is Dated.PREVIOUS_DAY:
            zone = self.job.zone_of(self.declared)
            local = run.due_at.astimezone(zone)
            named = (local.replace(tzinfo=None) - _DAY).replace(tzinfo=zone).astimezone(UTC)
        return named is not None and file.due_from <= named <= file.due_until

    def made_after(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to a later due run."""
        ends_at = run.ends_at
        own = self.made_by(run)
        return tuple([each for each in self.files if each.made_at >= ends_at and each not in own]) if ends_at else ()

    def made_before(self, run: DueRun) -> tuple[FileSeen, ...]:
        """The files that belong to an earlier due run."""
        begins_at, own = run.begins_at, self.made_by(run)
        return tuple([each for each in self.files if each.made_at < begins_at and each not in own])

    def is_recorded(self, run: DueRun) -> bool:
        """True where a run on record belongs to `run`."""
        return bool(self.attempts(run))

    def is_in_memory(self, run: DueRun) -> bool:
        """True where the memory knows of a run since `run` was due, whatever the scheduler says."""
        told = self.run_in_memory
        return told is not None and any(at >= run.begins_at for at in told.instants)

    def is_overtaken(self, run: DueRun) -> bool:
        """True where the record does not reach back to `run`: later runs have replaced what was known of it."""
        if self.told_since is None or self.told_since > self.counted_until or self.is_recorded(run):
            return False
        if self._keeps_one:
            is_by_hand = self.last is not None and not self.last.is_by_schedule
            replaced_from = run.begins_at if is_by_hand else run.ends_at
            return replaced_from is not None and self.told_since >= replaced_from
        return self.told_since > run.begins_at

    @property
    def _keeps_one(self) -> bool:
        return not self.tells("history")

    def reaching_into(self, run: DueRun) -> DueRun | None:
        """The run before, where it may have been drawn into the time of `run` and left no file of its own; else None.

        Only jitter can do that: without it what was seen belongs to the run that was due last before it.
        """
        if run.due_at not in self._reaching:
            self._reaching[run.due_at] = self._reaches_into(run)
        return self._reaching[run.due_at]

    def _reaches_into(self, run: DueRun) -> DueRun | None:
        if not self.job.jitter:
            return None
        before_at = last_due(as_scheduled(self.job.schedule), run.due_at - _INSTANT)
        if before_at is None or before_at + self.job.allowance < run.begins_at:
            return None
        if self.job.since is not None and before_at < self.job.since:
            return None
        before = self.job.due_run(before_at, run.due_at)
        return None if self.made_by(before) else before

    def shared_with(self, run: DueRun, *, in_time: bool = False) -> DueRun | None:
        """The run before, where all that was seen of `run` (`in_time`: by its limit) may as well be of that one."""
        before = self.reaching_into(run)
        if before is None:
            return None
        if any(each.due for each in self.attempts(run).by_schedule):
            return None  # it names the due time that it is for
        signs = [each.made_at for each in self.made_by(run)]
        signs += [each.last_at for each in self.attempts(run).by_schedule if each.last_at]
        proving = (at for at in signs if at > before.finish_by and not (in_time and at > run.finish_by))
        return None if any(proving) else before

    def late_of(self, run: DueRun) -> FileSeen | None:
        """A file made inside the time of `run`, but when the next had begun: where it is drawn it may be of either."""
        if not self.job.jitter:
            return None
        return next((each for each in self.made_after(run) if each.made_at <= run.finish_by), None)

    def first_seen(self, run: DueRun) -> datetime | None:
        """The earliest sign that `run` was done: a run by hand in addition must not make it late."""
        signs = [each.made_at for each in self.made_by(run)]
        attempts = self.attempts(run)
        decides = attempts.deciding
        if decides is not None and decides.outcome in DONE:
            done = [each for each in (*attempts.begun, *attempts.others) if each.outcome in DONE]
            signs += [each.ended.at for each in done if each.ended and each.ended.at]
        elif decides is not None and decides.ended and decides.ended.at:
            signs.append(decides.ended.at)
        return min(signs, default=None)

    def ended_at(self, run: DueRun) -> datetime | None:
        """When `run` ended by the record; None where that does not tell."""
        decides = self.attempts(run).deciding
        return decides.ended.at if decides and decides.ended else None

    def _settled(self) -> Witnesses:
        """The same with what only the witnesses together can tell: which of two hours is meant, and which phase."""
        seen = self
        if any(each.is_ambiguous for each in seen.runs):
            meant = tuple(seen._meant())
            pairs = zip(seen.runs, meant, strict=True)
            told_since = next((new.at for old, new in pairs if old.at and old.at == seen.told_since), seen.told_since)
            seen = replace(seen, runs=_newest_first(meant), told_since=told_since)
        if not seen.floats:
            named = tuple(map(seen._named_well, seen.runs))
            return seen if all(map(is_, named, seen.runs)) else replace(seen, runs=named)
        next_run_at = seen.next_run.at if seen.next_run else None
        return replace(seen, job=interval.anchored(seen.job, seen._newest_run(), next_run_at))

    def _named_well(self, run: RunRead) -> RunRead:
        """The run without the due time that it names where the job is not due then: its own times place it better."""
        named = run.due.at if run.due and run.is_by_schedule else None
        if named is None or not (run.started_at or run.ended_at):
            return run
        due_at = self._due_before(named + EARLY_TOLERANCE)
        is_due = due_at is not None and named - due_at <= self.job.jitter + EARLY_TOLERANCE
        return run if is_due else replace(run, due=None)

    def _meant(self) -> Iterator[RunRead]:
        """Its runs, each in the one of two hours that it means, where autumn shows that hour twice."""
        taken = {self._due_before(each.at) for each in self.runs if each.at and not each.is_ambiguous}
        for each in self.runs:
            if each.placing is None or not each.is_ambiguous:
                yield each
                continue
            at = self._meant_at(each.placing.instants, taken)
            taken.add(self._due_before(at))
            yield each.meant(at)

    def _meant_at(self, instants: Sequence[datetime], taken: Container[datetime | None]) -> datetime:
        """Which of two hours a record means: one of which there is no other record, the one that a file agrees with, in
        which the run was in time, the newer.

        The text alone cannot tell; what fits the schedule must not be called late for it.
        """
        past = [at for at in instants if at <= self.counted_until] or instants[:1]

        def fits(at: datetime) -> tuple[bool, bool, bool, datetime]:
            return self._due_before(at) not in taken, self._has_file_near(at), self._is_in_time(at), at

        return max(past, key=fits)

    def _due_before(self, at: datetime) -> datetime | None:
        """The due time to whose stretch it belongs."""
        return last_due(as_scheduled(self.job.schedule), at + EARLY_TOLERANCE)

    def _has_file_near(self, at: datetime) -> bool:
        return any(abs(each.made_at - at) <= self.job.max_runtime for each in self.files)

    def _is_in_time(self, at: datetime) -> bool:
        due_at = last_due(as_scheduled(self.job.schedule), at)
        return due_at is not None and at <= due_at + self.job.allowance

    def _newest_run(self) -> datetime | None:
        """When the newest run was seen. Its output and its record lie a little apart: the earlier of the two."""
        recorded = self.last.at if self.last and self.ran_at else None
        signs = [at for at in (recorded, self.files[0].made_at if self.files else None) if at is not None]
        near = [at for at in signs if max(signs) - at <= self.job.max_runtime]
        return min(near, default=None)


def asked(evidence: Evidence, scheduler_id: str, now: datetime) -> SchedulerSeen | NotSeen:
    """What the scheduler said. One that nobody asked was not seen, and is never green."""
    detail = "it was not asked: this evidence was gathered without it"
    return evidence.schedulers.get(scheduler_id) or NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=now)


def asked_memory(evidence: Evidence, scheduler: Scheduler, now: datetime) -> SchedulerSeen | NotSeen | None:
    """What the scheduler's second record said; None where none is declared."""
    if scheduler.memory is None:
        return None
    if (seen := evidence.memories.get(scheduler.id)) is not None:
        return seen
    detail = f"{scheduler.memory.address}: it was not asked, this evidence was gathered without it"
    return NotSeen(code=CauseCode.SCHEDULER_DOWN, detail=detail, looked_at=now)


def _has_runs(memory: SchedulerSeen | NotSeen | None) -> bool:
    return isinstance(memory, SchedulerSeen) and memory.runs is not None


_Runs = tuple[tuple[RunRead, ...], datetime | None]


def _runs(seen: SchedulerSeen | NotSeen | None, job: Job, scheduler: Scheduler | None, until: datetime) -> _Runs:
    """The runs of the job that are on record there, newest first, and how far back they reach (None: all)."""
    if not isinstance(seen, SchedulerSeen) or scheduler is None:
        return (), None
    on_record = (RunRead.of(each, scheduler.naive_times) for each in seen.runs_of(job.name))
    runs = [each for each in on_record if each.is_run and not each.is_ahead(until)]
    if seen.answered_at > until:
        runs = [each.as_of(until) for each in runs]
    since = [] if seen.runs_since is None else [seen.runs_since]
    listed = seen.listed(job.name)
    own = Reading.of(listed.runs_since, scheduler.naive_times) if listed else None
    since += [own.at] if own and own.at else []
    if scheduler.keeps is not None and len(seen.runs_of(job.name)) >= scheduler.keeps:
        since += [min((each.at for each in runs if each.at), default=_EVER)]
    return _newest_first(runs), max(since, default=None)


def _newest_first(runs: Iterable[RunRead]) -> tuple[RunRead, ...]:
    return tuple(sorted(runs, key=lambda each: each.last_at or _NEVER, reverse=True))


def _remembers_less(own: _Runs, remembered: _Runs, until: datetime) -> bool:
    """True where the scheduler knows of no run at all, as one that was just started, and its memory does.

    One that knows of an earlier run was alive then and has forgotten nothing since: its word is held to.
    """
    known = [each.last_at for each in remembered[0] if each.last_at]
    has_none = not any(each.ended or each.started or each.due for each in own[0])
    return has_none and bool(known) and max(known) <= until


def _first(broken: Sequence[Finding], *checks: Check) -> Finding | None:
    return next((each for each in broken if each.check in checks), None) if broken else None


def _outputs(evidence: Evidence, job: Job, now: datetime) -> tuple[OutputSeen | NotSeen, ...]:
    """What was seen of each output; one that nobody looked at was not seen, and is never green."""
    seen = evidence.outputs.get(job.id, ())
    detail = "nobody looked: this evidence was gathered without it"
    nobody = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=detail, looked_at=now)
    return tuple(seen[number] if number < len(seen) else nobody for number in range(len(job.outputs)))


def counting(output: OutputSeen | NotSeen | None, now: datetime) -> tuple[tuple[FileSeen, ...], tuple[FileSeen, ...]]:
    """The files that count for the moment `now`, and those made later."""
    if not isinstance(output, OutputSeen):
        return (), ()
    counted_until = now + LOOKING_TIME
    if not output.files or output.files[0].made_at <= counted_until:
        return output.files, output.later
    later = tuple(each for each in output.files if each.made_at > counted_until)
    return output.files[len(later) :], (*output.later, *later)
