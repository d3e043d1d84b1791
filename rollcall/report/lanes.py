"""What happened in the night, job by job, on one line of time?

Drawn in real time: a day of 23 or 25 hours is as long as it was, and only the labels tell the clock. The lanes are
stretched to the page's width, so they hold no text; what they show is said beside them for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.report import markup
from rollcall.schedule.answers import due_between, last_due
from rollcall.text import counted
from rollcall.times import show_instant
from rollcall.verdict import JobJudged
from rollcall.vocabulary import Verdict

NIGHT = timedelta(hours=24)
_MOST_LANES = 40
# Beyond this many a stretch says more than its ticks.
_MOST_TICKS = 48
_MOST_SAID = 3
_QUARTER = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)
_MINUTES = NIGHT // _MINUTE
_HIGH = 24
# The label of now would lie on those of the hours just before it; twice as far on a phone.
_NOW_COVERS = timedelta(hours=2.2)


@dataclass(frozen=True)
class Change:
    """A change of the clock: when it was, and by how much the clock went forward (negative: back)."""

    at: datetime
    by: timedelta


@dataclass(frozen=True)
class Night:
    """The hours that are drawn, and the zone in which they are told. Instants are aware UTC."""

    until: datetime
    zone: ZoneInfo

    @cached_property
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

    def hours(self) -> Iterator[datetime]:
        """Each instant at which a clock showed an hour that three divides."""
        at = datetime.fromtimestamp(-(-self.since.timestamp() // 900) * 900, UTC)
        while at <= self.until:
            local = at.astimezone(self.zone)
            if local.minute == 0 and local.hour % 3 == 0:
                yield at
            at += _QUARTER

    def change(self) -> Change | None:
        """The change of the clock in it, None where there was none."""
        start, end = self.since, self.until
        before, after = (at.astimezone(self.zone).utcoffset() for at in (start, end))
        if before is None or after is None or before == after:
            return None
        while end - start > _MINUTE / 60:
            middle = start + (end - start) / 2
            start, end = (middle, end) if middle.astimezone(self.zone).utcoffset() == before else (start, middle)
        return Change(at=end.replace(microsecond=0), by=after - before)


def render_night(morning: Morning, chronicle: Chronicle) -> str:
    """The section, with a lane for each job that was due; nothing where none was."""
    night = Night(until=morning.judged_at.astimezone(UTC), zone=morning.zone)
    due = [each for each in morning.jobs if _was_due(each, night)]
    if not due:
        return ""
    chosen = _chosen(due)
    lanes = "".join(_lane(each, night, chronicle) for each in chosen)
    return (
        f'<section aria-labelledby="rc-night"><h2 id="rc-night">The last 24 hours</h2>'
        f"{_left_out(morning, due, chosen, night)}{_key()}"
        f'<div class="rc-night">{_axis(night)}<ol>{lanes}</ol></div></section>'
    )


def _was_due(judged: JobJudged, night: Night) -> bool:
    last = last_due(judged.job.schedule, night.until)
    return last is not None and night.holds(last) and judged.verdict is not Verdict.PAUSED


def _chosen(due: Sequence[JobJudged]) -> list[JobJudged]:
    """Those that need a person before the others, as many as can be read; in the order in which they were due."""
    first = sorted(due, key=lambda each: not each.needs_a_person)[:_MOST_LANES]
    return sorted(first, key=lambda each: each.due_run.due_at if each.due_run else datetime.max.replace(tzinfo=UTC))


def _left_out(morning: Morning, due: Sequence[JobJudged], chosen: Sequence[JobJudged], night: Night) -> str:
    told = []
    if len(due) > _MOST_LANES:
        told.append(f"{_MOST_LANES} of the {len(due):,} jobs that were due, those that need you first.")
    if idle := len(morning.jobs) - len(due):
        told.append(f"{counted(idle, 'job')} had nothing due.")
    if any(each.job.output is None and len(_dues(each, night)) > 1 for each in chosen):
        told.append("Of a job without output only the last run is known, and those that an earlier morning saw.")
    return f'<p class="rc-when">{" ".join(told)}</p>' if told else ""


def _key() -> str:
    shapes = (
        ('<path class="n-d" d="M5 2V16"/>', "due"),
        ('<path class="n-g" d="M0 9H14"/>', "may start"),
        ('<path class="n-m" d="M0 9H14"/>', "may still run"),
        ('<path class="n-r" d="M6 9h0"/>', "a run ended"),
        ('<path class="n-o" d="M6 9h0"/>', "an output was written"),
    )
    entries = "".join(
        f'<li><svg class="rc-key" width="14" height="18" aria-hidden="true">{shape}</svg> {word}</li>'
        for shape, word in shapes
    )
    return f'<ul class="rc-legend" aria-label="What the lanes show">{entries}</ul>'


# The axis -------------------------------------------------------------------------------------------------------------


def _axis(night: Night) -> str:
    hours = "".join(_hour(at, night) for at in night.hours())
    hours += f'<i class="now" style="left:100%"><b>{night.until.astimezone(night.zone):%H:%M}</b></i>'
    return f'<div class="rc-axis"><div aria-hidden="true">{hours}</div>{_clock_change(night)}</div>'


def _hour(at: datetime, night: Night) -> str:
    local = at.astimezone(night.zone)
    left = night.until - at
    shown = {"six": local.hour % 6 == 0, "edge": left < _NOW_COVERS, "near": left < 2 * _NOW_COVERS}
    kinds = " ".join(name for name, holds in shown.items() if holds)
    return f'<i class="{kinds}" style="left:{night.percent(at)}"><b>{local:%H:%M}</b></i>'


def _clock_change(night: Night) -> str:
    """The hour that was repeated as a band as wide as it was, the one that was skipped as a line."""
    change = night.change()
    if change is None:
        return ""
    before, after = (at.astimezone(night.zone) for at in (change.at - _MINUTE, change.at))
    wide = abs(change.by)
    # The clock showed these faces twice, or never.
    first = after.replace(tzinfo=None) if change.by < timedelta(0) else after.replace(tzinfo=None) - wide
    span = f"{first:%H:%M}–{first + wide:%H:%M}"
    if change.by < timedelta(0):
        until = min(change.at + wide, night.until)
        width, said = night.percent(night.since + (until - change.at)), f"{span} a second time"
    else:
        width, said = "3px", f"{span} skipped"
    names = f"{before.tzname()} to {after.tzname()}"
    side = "right" if change.at - night.since > NIGHT / 2 else "left"
    return (
        f'<p class="rc-change {side}" style="left:{night.percent(change.at)};width:{width}">'
        f"<span>{markup.text(f'{said} ({names})')}</span></p>"
    )


# A lane ---------------------------------------------------------------------------------------------------------------


def _lane(judged: JobJudged, night: Night, chronicle: Chronicle) -> str:
    job = judged.job
    dues = _dues(judged, night)
    runs = sorted(set(_runs(judged, night, chronicle)))
    outputs = sorted(each.made_at for each in judged.seen.files if night.holds(each.made_at))
    return (
        f'<li><p><span class="v-{judged.verdict}">{markup.mark(judged.verdict)}'
        f'<span class="rc-aloud">{markup.words(judged.verdict)}</span></span> {markup.link(job.id, job.title)}</p>'
        f'<svg viewBox="0 0 {_MINUTES} {_HIGH}" preserveAspectRatio="none" aria-hidden="true">'
        f"{_spans(dues, judged, night)}{_ticks(dues, night)}{_dots('n-r', runs, night, 7)}"
        f"{_dots('n-o', outputs, night, 17)}</svg>"
        f'<p class="rc-aloud">{markup.text(_said(dues, runs, outputs, night))}</p></li>'
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


def _spans(dues: Sequence[datetime], judged: JobJudged, night: Night) -> str:
    """The grace and the time a run may take, after each due time."""
    job = judged.job
    latest = job.allowance - job.max_runtime
    grace = [(at, at + latest) for at in dues]
    running = [(at + latest, at + job.allowance) for at in dues]
    return _bands("n-g", grace, night, 12) + _bands("n-m", running, night, 12)


def _bands(kind: str, spans: Iterable[tuple[datetime, datetime]], night: Night, y: int) -> str:
    """Spans as one path; those that touch are one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        first, last = night.minute(start), min(night.minute(end), _MINUTES)
        if last <= first:
            continue
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return f'<path class="{kind}" d="{"".join(f"M{a} {y}H{b}" for a, b in joined)}"/>' if joined else ""


def _ticks(dues: Sequence[datetime], night: Night) -> str:
    if len(dues) > _MOST_TICKS:
        return f'<path class="n-e" d="M{night.minute(dues[0])} 6H{night.minute(dues[-1])}"/>'
    return f'<path class="n-d" d="{"".join(f"M{night.minute(at)} 2V22" for at in dues)}"/>' if dues else ""


def _dots(kind: str, at: Sequence[datetime], night: Night, y: int) -> str:
    """A dot for each instant; more than a page's width can tell apart become a stretch."""
    if not at:
        return ""
    near = 3 if len(at) > _MOST_TICKS else 0
    stretches: list[list[int]] = []
    for minute in map(night.minute, at):
        if stretches and minute - stretches[-1][1] <= near:
            stretches[-1][1] = minute
        else:
            stretches.append([minute, minute])
    return f'<path class="{kind}" d="{"".join(f"M{a} {y}H{b}" for a, b in stretches)}"/>'


def _said(dues: Sequence[datetime], runs: Sequence[datetime], outputs: Sequence[datetime], night: Night) -> str:
    """ "due 06:00 CET; a run ended 06:00 CET; an output was written 06:00 CET"."""
    parts = [_times("due", "due {} times", dues, night)]
    parts.append(_times("a run ended", "{} runs ended", runs, night))
    parts.append(_times("an output was written", "{} outputs were written", outputs, night))
    return "; ".join(filter(None, parts))


def _times(one: str, many: str, at: Sequence[datetime], night: Night) -> str:
    if not at:
        return ""
    if len(at) > _MOST_SAID:
        return f"{many.format(f'{len(at):,}')}, the last {_clock(at[-1], night)}"
    return ", ".join(f"{one} {_clock(each, night)}" for each in at)


def _clock(at: datetime, night: Night) -> str:
    return show_instant(at, night.zone).split(maxsplit=3)[3]


NIGHT_STYLE = """
.rc-night{position:relative;margin-top:.8rem;--names:13rem;padding-top:1.6rem}
.rc-night:has(.rc-change){padding-bottom:2.6rem}
.rc-axis{position:absolute;left:var(--names);right:0;top:0;bottom:0}
.rc-axis i{position:absolute;top:0;bottom:0;border-left:1px solid var(--line);font-style:normal;
line-height:1.6rem}
.rc-axis b{font-weight:400;font-size:.75rem;color:var(--soft);padding-left:.3em;font-variant-numeric:tabular-nums}
.rc-axis .edge b{display:none}
.rc-axis .now{border-color:var(--soft)}.rc-axis .now b{position:absolute;right:.3em;line-height:inherit;
white-space:nowrap;color:var(--fg)}
.rc .rc-change{position:absolute;top:0;bottom:0;margin:0;border-left:2px solid var(--late);
background:color-mix(in srgb,var(--late) 20%,transparent)}
.rc-change span{position:absolute;bottom:0;width:max-content;max-width:14rem;padding:0 .4em;font-size:.75rem;
line-height:1.3;color:var(--late)}
.rc-change.left span{left:0}.rc-change.right span{right:0;text-align:right}
.rc .rc-night ol{list-style:none;margin:0;padding:0;position:relative}
.rc-night li{display:grid;grid-template-columns:var(--names) 1fr;align-items:center;font-size:.85rem}
.rc-night li>p{margin:0;padding-right:.8rem;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.rc-night li>svg{display:block;width:100%;height:24px;overflow:visible;border-bottom:1px solid var(--line)}
.rc-night li>svg path,.rc-key path{fill:none;vector-effect:non-scaling-stroke}
.n-g{stroke:var(--grace);stroke-width:9}.n-m{stroke:var(--runtime);stroke-width:5}
.n-d{stroke:var(--fg);stroke-width:1.5}.n-e{stroke:var(--fg);stroke-width:2;stroke-dasharray:2}
.n-r{stroke:var(--fg);stroke-width:7;stroke-linecap:round}.n-o{stroke:var(--pending);stroke-width:6;stroke-linecap:square}
.rc-aloud{position:absolute!important;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
"""
