"""How is a kind asked over HTTP that knows itself what to ask?

Of its table only url, headers, login and limits are the reader's: its requests are the kind's own. Its `fold` is handed
the answers and says what they mean.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.fields import Span
from rollcall.roll.scheduler import Asked, Words
from rollcall.schedulers.json import Json
from rollcall.schedulers.pages import MOST_ENTRIES, Talk, error_in
from rollcall.schedulers.parts import Ask, Part
from rollcall.schedulers.reading import Entry, Reader
from rollcall.sources.expressions import find
from rollcall.text import counted
from rollcall.vocabulary import CauseCode

# What a mapping, or the owner of a service, would say.
_NOT_OF_THE_TABLE = ("alive", "jobs", "runs", "status", "start", "stop", "trigger", "trigger_body", "times")
# In how many timeouts all that is asked must have come.
_TIMEOUTS_OF_A_LOOK = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What the answers of one look say; as `SchedulerSeen` has it."""

    jobs: tuple[JobListed, ...]
    runs: tuple[RunSeen, ...]
    runs_since: datetime
    heartbeat: str | None
    heartbeat_of: str = ""


class OverJson(Json):
    """A scheduler over HTTP whose requests its kind knows."""

    words: Words = Field(default_factory=Words, validate_default=True, description="What its status words mean.")
    steps: dict[str, str] = Field(
        default_factory=dict, validate_default=True, description="What to do next, by cause, in place of the usual."
    )
    # Prefect's workers ask every ten or fifteen seconds, Dagster's daemon shows itself every thirty.
    beats_within: Span = Field(
        timedelta(minutes=2),
        alias="heartbeat_within",
        description="How old the last sign of its life may be.",
        json_schema_extra={"default": "2 min"},
    )

    # The first request, and what is sent along: what a person types to ask it.
    first_ask: ClassVar[str]
    first_body: ClassVar[Any] = None
    # What its words mean, and what to do by cause, where the table does not say otherwise.
    own_words: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    own_steps: ClassVar[Mapping[str, str]] = {}

    @field_validator("words", mode="before")
    @classmethod
    def _beside_its_own_words(cls, words: Any) -> Any:
        said = words.model_dump(exclude_unset=True) if isinstance(words, Words) else words
        return {**cls.own_words, **said} if isinstance(said, Mapping) else words

    @field_validator("steps", mode="before")
    @classmethod
    def _beside_its_own_steps(cls, steps: Any) -> Any:
        return {**cls.own_steps, **steps} if isinstance(steps, Mapping) else steps

    @field_validator(*_NOT_OF_THE_TABLE, mode="before")
    @classmethod
    def _is_known(cls, value: Any) -> Any:
        raise ValueError("is what this kind knows by itself. Take it out.")

    @model_validator(mode="after")
    def _asks_something(self) -> OverJson:
        """It does, whatever its table says."""
        return self

    @property
    def first(self) -> tuple[Part, Ask]:
        """What is asked for first, and how."""
        return Part.model_construct(ask=self.first_ask, body=self.first_body), self.first_ask

    @property
    def heartbeat_within(self) -> timedelta:
        """How old the last sign of its life may be."""
        return self.beats_within

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take."""
        return self.timeout * _TIMEOUTS_OF_A_LOOK

    def outcome(self, *words: str | None, has_begun: bool) -> Outcome:
        """What the first of these words means that means something.

        What was called off before it began was left out; what had begun by then was broken off.
        """
        known = (self.words.outcome(each) for each in words)
        outcome = next((each for each in known if each is not Outcome.UNKNOWN), Outcome.UNKNOWN)
        return Outcome.FAILED if outcome is Outcome.SKIPPED and has_begun else outcome

    def fold(self, answers: Answers, asked: Asked) -> Folded:
        """What its answers say. Raises `CannotLook`."""
        raise NotImplementedError

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it says, each answer within the timeout. Raises `CannotLook`, without secrets in its detail."""
        asked_at, ends_on = asked.clock(), time.monotonic() + self.patience.total_seconds()
        talk: Talk | None = None
        try:
            with self._connected() as talk:
                folded = self.fold(Answers(scheduler=self, talk=talk, ends_on=ends_on), asked)
        except CannotLook as problem:
            # A service may echo what it was sent: its words are proof, the secrets among them are not shown.
            secrets = self.secrets if talk is None else talk.secrets
            raise CannotLook(problem.code, secrets.clean(problem.detail, 400)) from None
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=asked.clock(),
            server_at=talk.server_at,
            heartbeat=folded.heartbeat,
            heartbeat_of=folded.heartbeat_of,
            jobs=folded.jobs,
            runs=folded.runs,
            runs_since=folded.runs_since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of one look, which ends when the monotonic clock shows `ends_on`."""

    scheduler: OverJson
    talk: Talk
    ends_on: float

    @property
    def reader(self) -> Reader:
        """What reads their values; numbers that tell a time are seconds since 1970."""
        return Reader(secrets=self.talk.secrets, times="epoch", broken=self.scheduler.broken)

    def ask(self, ask: str, body: Any) -> Any:
        """The decoded answer to one request. Raises `CannotLook`."""
        if time.monotonic() > self.ends_on:
            raise self.scheduler.overdue()
        # What another page told is no text of jobs.toml: a `${NAME}` in it is not read.
        values = {"cursor": body}
        return self.talk.fetch("", ask, "{cursor}", values)

    def listed(self, answer: Any, place: str, before: int = 0) -> list[Any]:
        """A list of objects, which comes after so many others. Raises `CannotLook`."""
        if not isinstance(answer, list):
            if (said := error_in(answer, ("error", "errors", "detail"))) is not None:
                raise self.scheduler.broken(f"its answer is an error: {self.reader.beginning(said, 80)}")
            hole = self.reader.hole(place, answer, "a list")
            raise CannotLook(CauseCode.WRONG_SERVICE, hole.detail)
        for number, each in enumerate(answer):
            if not isinstance(each, dict):
                raise self.reader.hole(f"{place}[{before + number}]", each, "an object")
        if before + len(answer) > MOST_ENTRIES:
            raise self.scheduler.broken(f"{place} are more than {counted(MOST_ENTRIES, 'entry', 'entries')}")
        return answer

    def entry(self, row: Any, place: str, fields: Mapping[str, str], **found: Any) -> Entry:
        """What stands in a row at these places, by the field that reads it; of those in `found` this instead."""
        values = {field: find(at, row) for field, at in fields.items()}
        return Entry(reader=self.reader, place=place, fields=fields, values={**values, **found})
