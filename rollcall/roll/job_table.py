"""What may a job's table in jobs.toml say, and what of it cannot hold together or can never be red?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from rollcall.roll.fields import Clock, Day, Instant, Span, Table, Zone, clean_text, context, default, of_text
from rollcall.roll.how_often import gap_of_at_most, span_of_more_than
from rollcall.roll.output import Output
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.values import nearest, read_threshold
from rollcall.roll.words import Late, Owes, Proof, Threshold
from rollcall.schedule import Engine, read_schedule
from rollcall.schedule.days_off import read_holidays
from rollcall.text import clean, listed
from rollcall.times import parse_span, show_span

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MOST_JUDGED = 20_000
_LONGEST_PAUSE = 366 * _DAY
_THRESHOLD_SCHEMA = {"type": "string", "pattern": r"^\s*\d", "examples": ["2 of 3"]}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IN_LINKS = ("job", "name", "due")


def _declared_scheduler(value: object, found: ValidationInfo) -> Scheduler | None:
    if isinstance(value, Scheduler):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text in quotes.")
    known: Mapping[str, Scheduler | None] = context(found)["schedulers"]
    if value and value not in known:
        near = nearest(value, known)
        declared = listed(clean(name, 60) for name in known) or "none"
        cure = f'Did you mean "{clean(near, 60)}"?' if near else f"Declared: {declared}."
        raise ValueError(f"no such scheduler. {cure}")
    # None where its own table is wrong, which is said there.
    return known[value] if value else None


def _link(text: str) -> str:
    for name in _PLACEHOLDER.findall(text):
        if name not in _IN_LINKS:
            near = nearest(name, _IN_LINKS)
            cure = f"Did you mean {{{near}}}?" if near else "Filled in are {job}, {name} and {due}."
            raise ValueError(f"{{{clean(name, 40)}}} stands for nothing. {cure}")
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


class JobTable(Table):
    """What may be said of a job, each key checked by itself and against those before it."""

    title: Annotated[str, clean_text("what people call it")] = Field("", description="What people call it.")
    scheduler: Annotated[Scheduler | None, PlainValidator(_declared_scheduler), WithJsonSchema({"type": "string"})] = (
        Field(None, description='Who runs it, by its name; "" for none.')
    )
    name: str = Field("", min_length=1, description="What the scheduler calls it; the id where left out.")
    engine: Engine = Field(Engine.CRON, description="Whose arithmetic; its scheduler's where left out.")
    timezone: Zone = Field(default_factory=lambda: ZoneInfo("UTC"), description="The zone of its schedule and names.")
    cron: Annotated[
        str | None,
        Field(
            alias="schedule",
            description="Five cron fields, or @daily and its sisters.",
            examples=["0 6 * * *", "@daily"],
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
    jitter: Span = default("0 s", parse_span, "How long after its time the scheduler may draw a run.")
    late: Late = Field(Late.FAIL, description="What a run outside its time is.")
    late_start: Late = Field(Late.WARN, description="What a late start is whose run is done in time.")
    owes: Owes | None = Field(None, description="Whose work is owed: of each due run, or only the latest.")
    proof: Proof | None = Field(None, description="start: that it began is enough.")
    partial: Late = Field(Late.WARN, description="What a run is that did its work, but not all of it.")
    needs: tuple[str, ...] = Field((), description="Jobs whose work this one builds on.")
    since: Instant | None = Field(None, description="Runs due before this instant are not owed.")
    paused: Pause | None = Field(None, description="It owes nothing until a day, for a reason.")
    skip_dates: tuple[Day, ...] = Field((), description="Days, in the job's zone, on which it is not due.")
    holidays: str | None = Field(None, description="Whose public holidays it is not due on, such as CH or CH-ZH.")
    business_days: bool = Field(False, strict=True, description="True: it is not due on weekends either.")
    rerun: bool = Field(False, strict=True, description="True: --rerun-missed may trigger a run that was missed.")
    alert_after: Annotated[Threshold, of_text(read_threshold), WithJsonSchema(_THRESHOLD_SCHEMA)] = default(
        "1 of 1", read_threshold, "How many of the newest judged runs must need a person before anybody is alerted."
    )
    owner: Line | None = Field(None, description="Who looks after it.")
    severity: Line | None = Field(None, description="How bad it is, in a word.")
    tags: tuple[Annotated[str, clean_text("a tag")], ...] = Field((), description="Words to select and to group by.")
    runbook: Link | None = Field(None, description="Where it says what to do; {job}, {name} and {due} are filled in.")
    logs: Link | None = Field(None, description="Where its log is; {job}, {name} and {due} are filled in.")
    outputs: tuple[Output, ...] = Field((), alias="output", description="What a run leaves.", validate_default=True)

    # When it is due ---------------------------------------------------------------------------------------------------

    @field_validator("cron")
    @classmethod
    def _schedule_has_instants(cls, text: str | None, found: ValidationInfo) -> str | None:
        if text is not None:
            # Without a readable zone or engine the fields can be checked all the same.
            engine, zone = found.data.get("engine") or Engine.CRON, found.data.get("timezone") or ZoneInfo("UTC")
            read_schedule(text, engine=engine, zone=zone)
        return text

    @field_validator("every")
    @classmethod
    def _is_no_moment(cls, span: timedelta | None, found: ValidationInfo) -> timedelta | None:
        if span is not None and span < _MINUTE:
            raise ValueError('must be at least "1 min".')
        if span is not None and found.data.get("cron") is not None:
            raise ValueError("a job has a schedule or an interval. Keep one of schedule and every.")
        return span

    @field_validator("after")
    @classmethod
    def _is_due_in_one_way(cls, job: str | None, found: ValidationInfo) -> str | None:
        said = [found.data[name] for name in ("cron", "every") if name in found.data]
        is_scheduled = any(each is not None for each in said)
        if job is None and not is_scheduled and len(said) == 2:
            raise ValueError('never due. Write schedule = "0 6 * * *", every = "6 h" or after = "JOB".')
        if job is not None and is_scheduled:
            raise ValueError("a job is due by a schedule or after another one. Keep one of schedule, every and after.")
        if job is not None and (beside := _given(found, "jitter", "skip_dates", "holidays", "business_days")):
            raise ValueError(f"it is due whenever that job succeeds. Take {listed(beside)} out.")
        return job

    @field_validator("within")
    @classmethod
    def _limits_what_follows(cls, within: timedelta | None, found: ValidationInfo) -> timedelta | None:
        if "after" not in found.data:
            return within
        if within is not None and found.data["after"] is None:
            raise ValueError("belongs to after, which this job does not have. Take it out.")
        if within is None and found.data["after"] is not None:
            raise ValueError('required beside after. Write within = "2 h".')
        if within is not None and (beside := _given(found, "grace", "max_runtime", "done_by")):
            raise ValueError(f"stands instead of grace, max_runtime and done_by. Take {listed(beside)} out.")
        return within

    @field_validator("anchor")
    @classmethod
    def _anchors_an_interval(cls, anchor: datetime | None, found: ValidationInfo) -> datetime | None:
        if anchor is not None and "every" in found.data and found.data["every"] is None:
            raise ValueError("belongs to every, which this job does not have. Take it out.")
        return anchor

    @field_validator("holidays")
    @classmethod
    def _holidays_are_known(cls, code: str | None) -> str | None:
        return None if code is None else read_holidays(code)

    @field_validator("since")
    @classmethod
    def _since_has_come(cls, since: datetime | None, found: ValidationInfo) -> datetime | None:
        now = context(found).get("now")
        if since is not None and now is not None and since > now:
            raise ValueError("lies in the future, and until then nothing could be missed. Write paused instead.")
        return since

    # Its limits -------------------------------------------------------------------------------------------------------

    @field_validator("done_by")
    @classmethod
    def _is_the_one_limit(cls, done_by: Any, found: ValidationInfo) -> Any:
        if done_by is not None and (beside := _given(found, "grace", "max_runtime")):
            raise ValueError(f"stands instead of grace and max_runtime. Take {listed(beside)} out, or this.")
        return done_by

    @field_validator("min_runtime")
    @classmethod
    def _runtimes_can_both_hold(cls, least: timedelta, found: ValidationInfo) -> timedelta:
        has_most = found.data.get("done_by", least) is None and found.data.get("within", least) is None
        if has_most and least > found.data.get("max_runtime", least):
            raise ValueError("is longer than max_runtime, and both cannot hold. Write less.")
        return least

    @field_validator("jitter")
    @classmethod
    def _jitter_leaves_the_next_run_its_own(cls, jitter: timedelta, found: ValidationInfo) -> timedelta:
        if (apart := _gap_of_at_most(jitter, found)) is not None:
            raise ValueError(
                f"reaches the next run, {show_span(apart)} later, so nobody could tell them apart. Write less."
            )
        return jitter

    @field_validator("look_back")
    @classmethod
    def _look_back_has_an_end(cls, look_back: timedelta, found: ValidationInfo) -> timedelta:
        if look_back <= _MOST_JUDGED * _MINUTE:
            return look_back
        every, cron, engine = (found.data.get(name) for name in ("every", "cron", "engine"))
        longest = None
        if every is not None and _MOST_JUDGED * every < look_back:
            longest = _MOST_JUDGED * every
        elif cron is not None and engine is not None:
            longest = span_of_more_than(_MOST_JUDGED, look_back, cron, engine)
        if longest is not None:
            raise ValueError(f'holds more than {_MOST_JUDGED:,} due runs. Write at most "{longest // _DAY} d".')
        return look_back

    # Who can tell -----------------------------------------------------------------------------------------------------

    @field_validator("min_runtime", "late_start", "proof")
    @classmethod
    def _is_on_record(cls, value: Any, found: ValidationInfo) -> Any:
        """What only its defaults say holds where it can."""
        if value is None or found.field_name not in context(found).get("own", ()) or "scheduler" not in found.data:
            return value
        scheduler = found.data["scheduler"]
        if scheduler is None and not _asks(found):
            raise ValueError("speaks of the record of a scheduler, and this job has none. Take it out.")
        if scheduler is not None and "started" not in scheduler.tells:
            raise ValueError("its scheduler does not tell when a run began, so this would never count. Take it out.")
        if scheduler is not None and found.field_name == "min_runtime" and "ended" not in scheduler.tells:
            raise ValueError("its scheduler does not tell when a run ended, so this would never count. Take it out.")
        return value

    @field_validator("rerun")
    @classmethod
    def _can_be_triggered(cls, rerun: bool, found: ValidationInfo) -> bool:
        scheduler = found.data.get("scheduler")
        is_known = "scheduler" in found.data and (scheduler is not None or not _asks(found))
        if rerun and is_known and (scheduler is None or scheduler.path_of("trigger") is None):
            raise ValueError("its scheduler has no trigger, so nothing can be re-run. Write trigger in its table.")
        return rerun

    @field_validator("alert_after")
    @classmethod
    def _can_be_reached(cls, threshold: Threshold, found: ValidationInfo) -> Threshold:
        """The history has to remember all of the bad runs but the newest."""
        keeps: timedelta | None = context(found).get("history_keeps")
        is_known = found.data.get("every") or (found.data.get("cron") and found.data.get("engine"))
        if threshold.bad == 1 or not keeps or not is_known or _gap_of_at_most(keeps / (threshold.bad - 1), found):
            return threshold
        raise ValueError(
            f"so many runs lie further apart than the history keeps any ({show_span(keeps)}), and nobody would ever be "
            "alerted. Write fewer, or a longer keeps in [history]."
        )

    @field_validator("outputs", mode="before")
    @classmethod
    def _is_one_or_several(cls, output: object) -> object:
        return output if isinstance(output, list | tuple) else (output,)

    @field_validator("outputs")
    @classmethod
    def _has_a_witness(cls, outputs: tuple[Output, ...], found: ValidationInfo) -> tuple[Output, ...]:
        if outputs or "scheduler" not in found.data:
            return outputs
        scheduler = found.data["scheduler"]
        if scheduler is None and not _asks(found):
            raise ValueError("nothing to look at. Give the job a scheduler or an output.")
        if scheduler is not None and "runs" not in scheduler.tells:
            raise ValueError(
                "its scheduler tells of no runs, so that nobody would see whether it did its work. Give the job an "
                "output, or the scheduler a table runs."
            )
        return outputs


def _given(found: ValidationInfo, *names: str) -> list[str]:
    """Those of the keys that the job, or what stands under it, says."""
    given = context(found).get("given", ())
    return [name for name in names if name in given]


def _asks(found: ValidationInfo) -> bool:
    """True where it names a scheduler, though that one's own table may be wrong."""
    return bool(context(found).get("asked"))


def _gap_of_at_most(span: timedelta, found: ValidationInfo) -> timedelta | None:
    """How far apart two runs are that are no further apart than `span`; None where all are, or nobody can know."""
    every, cron, engine = (found.data.get(name) for name in ("every", "cron", "engine"))
    if every is not None:
        return every if every <= span else None
    return gap_of_at_most(span, cron, engine) if cron is not None and engine is not None and span >= _MINUTE else None
