"""What happened in the last 24 hours to the jobs that need attention, and beside them, on one line of time?

Drawn in real time: a day of 23 or 25 hours is as long as it was, and only the labels tell the clock. The lanes are
stretched to the page's width, so they hold no text; what they show is said beside them for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.schedule.answers import due_between, last_due
from rollcall.times import show_instant
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

NIGHT = timedelta(hours=24)
_MOST_LANES = 24
# Beyond this many a stretch says more than its ticks, and marks that nearly touch are one.
_MOST_TICKS = 48
_NEAR = 3
_MOST_SAID = 3
_QUARTER = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)
_MINUTES = NIGHT // _MINUTE
# The label of now would lie on those of the hours just before it; twice as far on a phone.
_NOW_COVERS = timedelta(hours=2.2)

_MARKS = ("dues", "grace", "running", "runs", "outputs")

Stretches = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """An hour that was repeated, as a band as wide as it was, or one that was skipped, as a line; its text beside."""

    left: str
    width: str
    said: str
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One job, in minutes since the night began; `often` is where it was due, where that is too often for ticks."""

    judged: JobJudged
    aloud: str
    grace: Stretches
    running: Stretches
    dues: tuple[int, ...]
    often: Stretches
    runs: Stretches
    outputs: Stretches


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """The whole section: what is left out, the axis up to `now`, and the lanes; `drawn` are the kinds of their marks.

    Of an hour it is where it lies, its clock, and what page.css knows it by.
    """

    left_out: str
    hours: tuple[tuple[str, str, str], ...]
    now: str
    change: ClockChange | None
    drawn: tuple[str, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The hours that are drawn, up to `until` (aware UTC), and the zone in which they are told."""

    until: datetime
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """Where it begins."""
        return self.until - NIGHT

    def minute(self, at: datetime) -> int:
        """How many minutes of the night had passed."""
        return round((at - self.since) / _MINUTE)

    def percent(self, at: datetime) -> str:
        """How much of the night had passed, for a style."""
        return f"{(at - self.since) / NIGHT * 100:.4g}%"

    def holds(self, at: datetime) -> bool:
        """True where it lies in the night."""
        return self.since <= at <= self.until

    def quarters(self) -> Iterator[datetime]:
        """Each quarter of an hour; no clock is changed between them."""
        at = datetime.fromtimestamp(-(-self.since.timestamp() // 900) * 900, UTC)
        while at <= self.until:
            yield at
            at += _QUARTER

    def hours(self) -> Iterator[datetime]:
        """Each instant at which a clock showed an hour that three divides."""
        for at in self.quarters():
            local = at.astimezone(self.zone)
            if local.minute == 0 and local.hour % 3 == 0:
                yield at

    def clock_changed_at(self) -> datetime | None:
        """The first instant after the clock was changed; None where it was not."""
        before = self.since.astimezone(self.zone).utcoffset()
        return next((at for at in self.quarters() if at.astimezone(self.zone).utcoffset() != before), None)


def lanes_of(morning: Morning, chronicle: Chronicle) -> Lanes | None:
    """A lane for each job that needs attention and was due in the night, and for what was due beside it.

    None where there is none.
    """
    night = Night(until=morning.judged_at.astimezone(UTC), zone=morning.zone)
    due = [
        each
        for each in morning.jobs
        if each.verdict is not Verdict.PAUSED
        and (last := last_due(each.job.schedule, night.until))
        and night.holds(last)
    ]
    bad = [each for each in due if each.needs_a_person]
    if not bad:
        return None
    # Beside a fault whatever was due or running at the same time may tell why.
    times = [(each.due_run.due_at, each.due_run.finish_by) for each in bad if each.due_run]
    beside = [each for each in due if not each.needs_a_person and _overlaps(each, times)]
    chosen = [*bad, *beside][:_MOST_LANES]
    chosen.sort(key=lambda each: each.due_run.due_at if each.due_run else datetime.max.replace(tzinfo=UTC))
    left_out = []
    if len(bad) + len(beside) > _MOST_LANES:
        left_out.append(
            f"{_MOST_LANES} of the {len(bad) + len(beside):,} jobs that need attention, or were due at the same time."
        )
    if any(each.job.output is None and len(_dues(each, night)) > 1 for each in chosen):
        left_out.append("Of a job without output only the last run is known, and those that an earlier morning saw.")
    lanes = tuple(_lane(each, night, chronicle) for each in chosen)
    return Lanes(
        left_out=" ".join(left_out),
        hours=tuple(_hour(each, night) for each in night.hours()),
        now=f"{night.until.astimezone(night.zone):%H:%M}",
        change=_clock_change(night),
        drawn=tuple(name for name in _MARKS if any(map(attrgetter(name), lanes))),
        lanes=lanes,
    )


def _overlaps(judged: JobJudged, times: Sequence[tuple[datetime, datetime]]) -> bool:
    run = judged.due_run
    return run is not None and any(begin <= run.finish_by and run.due_at <= end for begin, end in times)


def _hour(at: datetime, night: Night) -> tuple[str, str, str]:
    local, left = at.astimezone(night.zone), night.until - at
    kinds = {"six": local.hour % 6 == 0, "edge": left < _NOW_COVERS, "near": left < 2 * _NOW_COVERS}
    return night.percent(at), f"{local:%H:%M}", " ".join(name for name, holds in kinds.items() if holds)


def _clock_change(night: Night) -> ClockChange | None:
    at = night.clock_changed_at()
    if at is None:
        return None
    before, after = (each.astimezone(night.zone) for each in (at - _QUARTER, at))
    by = (after.utcoffset() or timedelta(0)) - (before.utcoffset() or timedelta(0))
    is_repeated = by < timedelta(0)
    # The clock showed these faces twice, or never.
    first = after.replace(tzinfo=None) - max(by, timedelta(0))
    faces = f"{first:%H:%M}–{first + abs(by):%H:%M} {'a second time' if is_repeated else 'skipped'}"
    until = min(at + abs(by), night.until)
    return ClockChange(
        left=night.percent(at),
        width=night.percent(night.since + (until - at)) if is_repeated else "3px",
        said=f"{faces} ({before.tzname()} to {after.tzname()})",
        side="right" if at - night.since > NIGHT / 2 else "left",
    )


def _lane(judged: JobJudged, night: Night, chronicle: Chronicle) -> Lane:
    job = judged.job
    dues = _dues(judged, night)
    runs = sorted(set(_runs(judged, night, chronicle)))
    outputs = sorted(each.made_at for each in judged.seen.files if night.holds(each.made_at))
    latest = job.allowance - job.max_runtime
    aloud = (
        _times("due", "due {} times", dues, night),
        _times("a run ended", "{} runs ended", runs, night),
        _times("an output was written", "{} outputs were written", outputs, night),
    )
    ticks = tuple(night.minute(each) for each in dues)
    is_often = len(ticks) > _MOST_TICKS
    return Lane(
        judged=judged,
        aloud="; ".join(filter(None, aloud)),
        grace=_bands(dues, timedelta(0), latest, night),
        running=_bands(dues, latest, job.allowance, night),
        dues=() if is_often else ticks,
        often=((ticks[0], ticks[-1]),) if is_often else (),
        runs=_dots(runs, night),
        outputs=_dots(outputs, night),
    )


def _dues(judged: JobJudged, night: Night) -> list[datetime]:
    start = max(night.since, judged.job.since.astimezone(UTC)) if judged.job.since else night.since
    return due_between(judged.job.schedule, start, night.until)


def _runs(judged: JobJudged, night: Night, chronicle: Chronicle) -> Iterator[datetime]:
    """When runs ended, by the scheduler's record this morning and on the mornings before."""
    if judged.seen.ran_at and night.holds(judged.seen.ran_at):
        yield judged.seen.ran_at
    # What was remembered of an output is drawn as one, where it is still there.
    outputs = {each.made_at for each in judged.seen.files}
    for row in chronicle.of(judged.job.id):
        if row.ran_at and night.holds(row.ran_at) and row.ran_at not in outputs:
            yield row.ran_at


def _bands(dues: Sequence[datetime], begin: timedelta, end: timedelta, night: Night) -> Stretches:
    """From one distance after each due time to another, as far as the night goes."""
    spans = ((night.minute(each + begin), min(night.minute(each + end), _MINUTES)) for each in dues)
    return _joined(each for each in spans if each[0] < each[1])


def _dots(at: Sequence[datetime], night: Night) -> Stretches:
    """A dot for each instant; more than a page's width can keep apart become a stretch."""
    return _joined(((night.minute(each),) * 2 for each in at), near=_NEAR if len(at) > _MOST_TICKS else 0)


def _joined(spans: Iterable[tuple[int, int]], *, near: int = 0) -> Stretches:
    """The same, in order; those that touch, or nearly, are one."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first - joined[-1][1] <= near:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _times(one: str, many: str, at: Sequence[datetime], night: Night) -> str:
    """ "due 06:00 CET", "due 24 times, the last 06:00 CET"."""
    clocks = [show_instant(each, night.zone).split(maxsplit=3)[3] for each in at[-_MOST_SAID:]]
    if len(at) > _MOST_SAID:
        return f"{many.format(f'{len(at):,}')}, the last {clocks[-1]}"
    return ", ".join(f"{one} {clock}" for clock in clocks)
