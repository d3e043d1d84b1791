"""What may a job's table in jobs.toml say, and what of it cannot hold together or can never be red?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from rollcall.roll.fields import Clock, Day, Instant, Named, Span, Table, Zone, clean_text, context, default, of_text
from rollcall.roll.hosts import Host
from rollcall.roll.how_often import gap_of_at_most, span_of_more_than
from rollcall.roll.output import Output
from rollcall.roll.scheduler import Scheduler, Step, Wanted
from rollcall.roll.values import nearest
from rollcall.roll.words import Late, Owes, Proof, Threshold
from rollcall.schedule import Engine, read_schedule
from rollcall.schedule.days_off import read_holidays
from rollcall.text import clean, listed
from rollcall.times import parse_span, show_span

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MOST_JUDGED = 20_000
_LONGEST_PAUSE = 366 * _DAY
_MOST_RUNS = 30  # a strip of the page
_THRESHOLD_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["2 of 3"]}
LIMITS = ("grace", "max_runtime")
DAYS_OFF = ("skip_dates", "holidays", "business_days")
_IN_LINKS = ("job", "name", "due")


def _declared_scheduler(value: object, found: ValidationInfo) -> Scheduler | None:
    if isinstance(value, Scheduler):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text in quotes.")
    known: Mapping[str, Scheduler] = context(found)["schedulers"]
    if value and value not in known:
        near = nearest(value, known)
        declared = listed(clean(name, 60) for name in known) or "none"
        cure = f'Did you mean "{clean(near, 60)}"?' if near else f"Declared: {declared}."
        raise ValueError(f"no such scheduler. {cure}")
    return known[value] if value else None


def _threshold(text: str) -> Threshold:
    """ "2 of 3": two bad runs of the newest three."""
    match = re.fullmatch(r"\s*(\d{1,3})\s+of\s+(\d{1,3})\s*", text)
    bad, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= bad <= last <= _MOST_RUNS:
        raise ValueError(f'must be such as "2 of 3", of at most {_MOST_RUNS} runs.')
    return Threshold(bad=bad, last=last)


def _link(text: str) -> str:
    for name in re.findall(r"\{(\w+)\}", text):
        if name not in _IN_LINKS:
            near = nearest(name, _IN_LINKS)
            cure = f"Did you mean {{{near}}}?" if near else "Filled in are {job}, {name} and {due}."
            raise ValueError(f"{{{clean(name, 40)}}} has no meaning here. {cure}")
    return text


Line = Annotated[str, clean_text("what it is", may_be_empty=True)]
Link = Annotated[str, AfterValidator(_link), clean_text("an address", may_be_empty=True)]


class Pause(Table):
    """Why a job owes nothing for a while: up to, and without, the day `until` in the job's own zone."""

    until: Day = Field(description="The first day, in the job's zone, on which it is owed again.")
    reason: Annotated[str, clean_text("why it is paused")] = Field(min_length=1, description="Why; shown each morning.")

    @field_validator("until")
    @classmethod
    def _ends(cls, day: Any, found: ValidationInfo) -> Any:
        now = context(found).get("now")
        if now is not None and day > now.date() + _LONGEST_PAUSE:
            raise ValueError("is more than a year ahead, and nobody would miss it till then. Write a nearer day.")
        return day


class JobTable(Named):
    """What may be said of a job, each key checked by itself and against those before it."""

    title: Annotated[str, clean_text("what people call it")] = Field("", description="What people call it.")
    scheduler: Annotated[Scheduler | None, PlainValidator(_declared_scheduler), WithJsonSchema({"type": "string"})] = (
        Field(None, description='Who runs it, by its name; "" for none.')
    )
    name: str = Field("", min_length=1, description="What the scheduler calls it; the id where left out.")
    host: Host | None = Field(
        None, description="The host that looks for it, by `rollcall look`; its scheduler's where left out."
    )
    engine: Engine = Field(
        Engine.CRON, description="Which engine's rules the schedule follows; its scheduler's where left out."
    )
    timezone: Zone = Field(default_factory=lambda: ZoneInfo("UTC"), description="The zone of its schedule and names.")
    cron: Annotated[
        str | None,
        Field(
            alias="schedule",
            description="Five cron fields, @daily and the like; with engine systemd OnCalendar, several by ;.",
            examples=["0 6 * * *", "@daily", "Mon..Fri 06:00"],
        ),
    ] = None
    every: Span | None = Field(None, description="An interval instead of a schedule.")
    after: str | None = Field(
        None, description="Due when that job succeeds, instead of a schedule.", validate_default=True
    )
    within: Span | None = Field(None, description="How long after that job it may be done.", validate_default=True)
    anchor: Instant | None = Field(None, description="An instant of the interval; else it counts from the last run.")
    grace: Span = default("15 min", parse_span, "How late a run may start.")
    max_runtime: Span = default("30 min", parse_span, "How long a run may take.")
    done_by: Clock | None = Field(None, description="When its work must be there, instead of grace and max_runtime.")
    min_runtime: Span = default("0 s", parse_span, "Less is suspicious.")
    look_back: Span = default("24 h", parse_span, "How far back due runs are judged.")
    jitter: Span = default("0 s", parse_span, "The longest random delay that the scheduler adds.")
    late: Late = Field(Late.FAIL, description="Whether a late run is a failure or a warning.")
    late_start: Late = Field(
        Late.WARN, description="Whether a run that starts late and is done in time is a failure or a warning."
    )
    owes: Owes | None = Field(None, description="Which due runs must have done their work: each, or only the latest.")
    proof: Proof | None = Field(None, description="start: that it began is enough.")
    partial: Late = Field(
        Late.WARN, description="Whether a run that did only part of its work is a failure or a warning."
    )
    needs: tuple[str, ...] = Field((), description="Jobs whose work this one builds on.")
    since: Instant | None = Field(None, description="Runs due before this instant are not expected.")
    paused: Pause | None = Field(None, description="Not expected to run until a given day; with the reason.")
    skip_dates: tuple[Day, ...] = Field((), description="Days, in the job's zone, on which it is not due.")
    holidays: str | None = Field(None, description="Whose public holidays it is not due on, such as CH or CH-ZH.")
    business_days: bool = Field(False, strict=True, description="True: it is not due on weekends either.")
    rerun: bool = Field(False, strict=True, description="True: --rerun-missed may trigger a run that was missed.")
    alert_after: Annotated[Threshold, of_text(_threshold), WithJsonSchema(_THRESHOLD_SCHEMA)] = default(
        "1 of 1", _threshold, "How many of the newest judged runs must need a person before anybody is alerted."
    )
    owner: Line | None = Field(None, description="Who looks after it.")
    severity: Line | None = Field(None, description="How bad it is, in a word.")
    tags: tuple[Annotated[str, clean_text("a tag")], ...] = Field((), description="Words to select and to group by.")
    runbook: Link | None = Field(None, description="Where it says what to do; {job}, {name} and {due} are filled in.")
    logs: Link | None = Field(None, description="Where its log is; {job}, {name} and {due} are filled in.")
    outputs: tuple[Output, ...] = Field((), alias="output", description="What a run leaves.", validate_default=True)

    @field_validator("outputs", mode="before")
    @classmethod
    def _is_one_or_several(cls, output: object) -> object:
        return output if isinstance(output, list | tuple) else (output,)

    @field_validator("*")
    @classmethod
    def _holds_together(cls, value: Any, found: ValidationInfo) -> Any:
        if rule := _broken_rule(found.field_name, value, found.data, context(found)):
            raise ValueError(rule)
        return value


def _broken_rule(key: str | None, value: Any, job: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """The rule that a value breaks beside the keys before it, with its cure; None where it breaks none.

    A key that is wrong itself is not in `job`, and nothing is held against it.
    """
    rules = (_broken_of_when, _broken_of_limits, _broken_of_witnesses)
    return next((rule for broken in rules if (rule := broken(key, value, job, known))), None)


def _given(known: Mapping[str, Any], *names: str) -> str:
    """Those of the keys that the job, or what stands under it, says."""
    return listed(name for name in names if name in known.get("given", ()))


def _broken_of_when(key: str | None, value: Any, job: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """When it is due."""
    every, cron = job.get("every"), job.get("cron")
    match key:
        case "cron" if value is not None:
            # Without a readable zone or engine the fields can be checked all the same.
            read_schedule(value, engine=job.get("engine") or Engine.CRON, zone=job.get("timezone") or ZoneInfo("UTC"))
        case "every" if value is not None and value < _MINUTE:
            return 'must be at least "1 min".'
        case "every" if value is not None and cron is not None:
            return "a job has a schedule or an interval. Keep one of schedule and every."
        case "after" if value is None and job.keys() >= {"cron", "every"} and cron is every is None:
            return 'never due. Write schedule = "0 6 * * *", every = "6 h" or after = "JOB".'
        case "after" if value is not None and not cron is every is None:
            return "a job is due by a schedule or after another one. Keep one of schedule, every and after."
        case "after" if value is not None and (beside := _given(known, "jitter", *DAYS_OFF)):
            return f"it is due whenever that job succeeds. Take {beside} out."
        case "within" if value is not None and job.get("after", "") is None:
            return "belongs to after, which this job does not have. Take it out."
        case "within" if value is None and job.get("after") is not None:
            return 'required beside after. Write within = "2 h".'
        case "within" if value is not None and job.get("after") and (beside := _given(known, *LIMITS, "done_by")):
            return f"replaces grace, max_runtime and done_by. Take {beside} out."
        case "anchor" if value is not None and "every" in job and every is None:
            return "belongs to every, which this job does not have. Take it out."
        case "holidays" if value is not None:
            read_holidays(value)
        case "since" if value is not None and known.get("now") is not None and value > known["now"]:
            return "is in the future, and until then nothing could be missed. Write paused instead."
    return None


def _broken_of_limits(key: str | None, value: Any, job: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """How late, how long and how far back."""
    has_most = job.get("within", "") is None and job.get("done_by", "") is None
    match key:
        case "done_by" if value is not None and (beside := _given(known, *LIMITS)):
            return f"replaces grace and max_runtime. Take {beside} out, or this."
        case "min_runtime" if has_most and value > job.get("max_runtime", value):
            return "is longer than max_runtime, and both cannot hold. Write less."
        case "jitter" if (every := job.get("every")) is not None and value >= every:
            return f"reaches the next run, {show_span(every)} later, so the two could not be distinguished. Write less."
        case "jitter" if value and job.get("anchor") is not None:
            return "counts each run from the one before it, so that anchor would never count. Take one of them out."
        case "look_back" if (longest := _span_of_too_many(value, job)) is not None:
            most = f"{longest // _DAY} d" if longest >= _DAY else f"{longest // _MINUTE} min"
            return f'holds more than {_MOST_JUDGED:,} due runs. Write at most "{most}".'
    return None


def _broken_of_witnesses(key: str | None, value: Any, job: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """Who can tell; what only its defaults say of records holds where it can."""
    scheduler: Scheduler | None = job.get("scheduler")
    has_none = scheduler is None and "scheduler" in job
    is_own = key in known.get("own", ())
    every, cron, engine = (job.get(name) for name in ("every", "cron", "engine"))
    match key:
        case "min_runtime" | "late_start" | "proof" | "partial" if value is not None and is_own and has_none:
            return "speaks of the record of a scheduler, and this job has none. Take it out."
        case "partial" if scheduler and is_own and "status" not in scheduler.tells:
            return "its scheduler does not report how a run went, so this would never apply. Take it out."
        case "late_start" if is_own and (instead := _given(known, "done_by", "within")):
            return f"speaks of grace, and this job has {instead} instead. Take it out."
        case "late_start" if is_own and value is Late.FAIL and job.get("late") is Late.WARN:
            return 'is not red where late = "warn". Write late = "fail" too, or take this out.'
        case "proof" if is_own and _is_endless(job, known):
            return "a start is enough, and no end is reported, so max_runtime would never apply. Take one of them out."
        case "min_runtime" | "late_start" | "proof" if value is not None and is_own:
            if scheduler and "started" not in scheduler.tells:
                return "its scheduler does not report when a run began, so this would never apply. Take it out."
            if scheduler and key == "min_runtime" and "ended" not in scheduler.tells:
                return "its scheduler does not report when a run ended, so this would never apply. Take it out."
        case "rerun" if value and (has_none or (scheduler and scheduler.order(Step.TRIGGER, Wanted(name="")) is None)):
            return "its scheduler has no trigger, so nothing can be re-run. Write trigger in its table."
        case "alert_after" if value.bad > 1 and known.get("history_keeps") and (every or (cron and engine)):
            return too_far_apart(value, known["history_keeps"], job)
        case "outputs" if not value and has_none:
            return "nothing to look at. Give the job a scheduler or an output."
        case "outputs" if not value and scheduler and "runs" not in scheduler.tells:
            return (
                "its scheduler reports no runs, so nothing would show whether it did its work. Give the job an "
                "output, or the scheduler a table runs."
            )
    return None


def too_far_apart(threshold: Threshold, keeps: timedelta, job: Mapping[str, Any]) -> str | None:
    """Why nobody would ever be alerted of the job with that schedule; None where somebody would.

    The history, which keeps a run for `keeps`, has to remember all of the bad runs but the newest.
    """
    if _gap_of_at_most(keeps / (threshold.bad - 1), job):
        return None
    return (
        f"that many runs span more time than the history keeps ({show_span(keeps)}), and nobody "
        "would ever be alerted. Write fewer, or a longer keeps in [history]."
    )


def _is_endless(job: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """True where nobody could see that a run takes longer than the job itself says: neither a record nor an output."""
    scheduler: Scheduler | None = job.get("scheduler")
    says_how_long = "max_runtime" in known.get("own", ()) and "output" not in known.get("given", ())
    return says_how_long and scheduler is not None and "ended" not in scheduler.tells


def _gap_of_at_most(span: timedelta, job: Mapping[str, Any]) -> timedelta | None:
    """How far apart two runs are that are no further apart than `span`; None where all are, or nobody can know."""
    every, cron, engine = (job.get(name) for name in ("every", "cron", "engine"))
    if every is not None:
        return every if every <= span else None
    return gap_of_at_most(span, cron, engine) if cron is not None and engine is not None and span >= _MINUTE else None


def _span_of_too_many(look_back: timedelta, job: Mapping[str, Any]) -> timedelta | None:
    """How long the most runs take that are judged, where `look_back` holds more of them; None where it does not."""
    every: timedelta | None = job.get("every")
    cron, engine = job.get("cron"), job.get("engine")
    if every is not None and _MOST_JUDGED * every < look_back:
        return _MOST_JUDGED * every
    if cron is None or engine is None or (engine is not Engine.SYSTEMD and look_back <= _MOST_JUDGED * _MINUTE):
        return None  # the others name no seconds
    return span_of_more_than(_MOST_JUDGED, look_back, cron, engine)
