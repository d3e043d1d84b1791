"""Which scheduler's answers are read by a mapping, whatever carries them?

A transport (`json`, `sql`, `command`) says how one answer is fetched; what is asked, and where in the answers things
stand, is declared: in jobs.toml, or in a preset.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.scheduler import Asked, Scheduler
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.answers import Answers, with_untold
from rollcall.schedulers.expressions import ABSENT, find
from rollcall.schedulers.pages import Conversation, Talk
from rollcall.schedulers.parts import FIELDS, TIMES_OF_A_RUN, AlivePart, Ask, JobsPart, Part, RunsPart
from rollcall.schedulers.placeholders import has_place
from rollcall.schedulers.reading import Reader
from rollcall.text import listed as shown_list
from rollcall.vocabulary import CauseCode

# In how many timeouts all pages of one part must have come.
_TIMEOUTS_OF_PAGES = 10
# What frameworks call the text of an error that they answer with a 200.
_ERROR_KEYS = ("error", "errors", "detail")


class Mapped(Scheduler):
    """A scheduler whose answers are read by a mapping."""

    times: Literal["epoch", "epoch-ms", "epoch-us"] | None = Field(None, description="How its numbers tell a time.")
    page_size: int = Field(200, ge=1, le=10_000, strict=True, alias="limit", description="Entries a page.")
    alive: AlivePart | None = Field(None, description="What shows that it is alive.")
    jobs: JobsPart | None = Field(None, description="The jobs that it lists.")
    runs: RunsPart | None = Field(None, description="The runs that it has on record.")

    # True of a transport that answers with rows, and not with a tree.
    answers_in_rows: ClassVar[bool] = False
    # How a mapping says where a field is, and how it asks for fewer runs: the cures of mistakes.
    says_where: ClassVar[str] = 'Write {field} = "…" in that table'
    asks_less: ClassVar[str] = "Ask for less, with {since}"

    @field_validator("alive", "jobs", "runs")
    @classmethod
    def _says_where_things_are(cls, part: Part | None, found: ValidationInfo) -> Part | None:
        name = found.field_name or ""
        if part is None:
            return None
        has = {field for field in FIELDS[name] if cls.field_in(name, part, field) is not None}
        if (needed := {"jobs": "id", "runs": "job"}.get(name)) and needed not in has:
            raise ValueError(f"says not where the {needed} is. {cls.says_where.format(field=needed)}.")
        if name == "runs" and not has.intersection(TIMES_OF_A_RUN):
            raise ValueError(f"says not where a time is (due, started, ended). {cls.says_where.format(field='ended')}.")
        if isinstance(part, AlivePart):
            if not has & {"running", "heartbeat"}:
                raise ValueError(f"says not what shows it. {cls.says_where.format(field='running')}, or heartbeat.")
            if ("heartbeat" in has) != (part.heartbeat_within is not None):
                raise ValueError("heartbeat and heartbeat_within belong together. Write both, or neither.")
        return part

    @model_validator(mode="after")
    def _asks_something(self) -> Mapped:
        parts = self._parts()
        if not parts:
            raise ValueError("asks nothing. Write a table jobs, runs or alive, or a kind that has them.")
        for name, part in parts.items():
            if part.ask is None and self.usual_ask is None:
                raise ValueError(f"says not what is asked for {name}. Write ask in that table.")
        return self

    # What a transport says --------------------------------------------------------------------------------------------

    @property
    def usual_ask(self) -> Ask | None:
        """What is asked where a part names nothing of its own."""
        return None

    @classmethod
    def field_in(cls, name: str, part: Part, field: str) -> str | None:
        """Where in an entry of that part the field stands; None where nobody said."""
        declared: str | None = getattr(part, field)
        return declared

    def fills_in(self, name: str, part: Part) -> bool:
        """True where what the part asks has a place for that value, such as {since}."""
        return has_place(name, [self.ask_of(part), part.body])

    def is_paged(self, part: Part) -> bool:
        """True where the part asks for one page after the other."""
        return any(self.fills_in(name, part) for name in ("offset", "page", "cursor"))

    def connected(self, asked: Asked) -> AbstractContextManager[Talk]:
        """Answers while the block lasts. Raises `CannotLook`, as its answers do."""
        raise NotImplementedError

    def broken(self, why: str, code: CauseCode = CauseCode.SCHEDULER_ERROR) -> CannotLook:
        """What is wrong with an answer, in the words of the transport."""
        return CannotLook(code, f"{self.asks}: {why}")

    # What it is to others ---------------------------------------------------------------------------------------------

    def _parts(self) -> dict[str, Part]:
        return {name: part for name in FIELDS if (part := getattr(self, name)) is not None}

    def ask_of(self, part: Part) -> Ask:
        """What is asked for that part."""
        ask = part.ask or self.usual_ask
        assert ask is not None  # `_asks_something` has seen to it
        return ask

    def field_of(self, name: str, field: str) -> str | None:
        """Where in an entry of jobs, runs or alive that field stands; None where nobody said."""
        part = getattr(self, name)
        return None if part is None else self.field_in(name, part, field)

    def word(self, field: str) -> str:
        """What its answers call a field of runs, jobs or alive."""
        places = (self.field_of(name, field) for name in ("runs", "jobs", "alive") if field in FIELDS[name])
        return next((said for said in places if said), field)

    @property
    def heartbeat_within(self) -> timedelta | None:
        """How old its heartbeat may be; None where it tells none."""
        return self.alive.heartbeat_within if self.alive else None

    @property
    def keeps(self) -> int | None:
        """How many runs of each job it keeps on record at most."""
        return self.runs.keeps if self.runs else None

    @cached_property
    def tells(self) -> frozenset[str]:
        """What its answers hold, by its mapping."""
        of_parts = {
            "jobs": ("next_run", "paused", "schedule"),
            "runs": ("due", "started", "ended", "status", "by_schedule"),
            "alive": ("running", "heartbeat"),
        }
        told = {field for name, fields in of_parts.items() for field in fields if self.field_of(name, field)}
        told |= {name for name in ("jobs", "runs") if getattr(self, name)}
        return frozenset(told | ({"history"} if self.runs and self.keeps != 1 else set()))

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take: the timeout for each request, ten times that for all pages of a part."""
        asks = {json.dumps([ask, part.body]): self.is_paged(part) for part, ask in self._asks()}
        return self.timeout * sum(_TIMEOUTS_OF_PAGES if paged else 1 for paged in asks.values())

    def _asks(self) -> list[tuple[Part, Ask]]:
        return [(part, self.ask_of(part)) for part in self._parts().values()]

    # Looking ----------------------------------------------------------------------------------------------------------

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it says. Raises `CannotLook`, without secrets in its detail."""
        return self.said(asked, self.connected(asked))

    def said(self, asked: Asked, connection: AbstractContextManager[Talk]) -> SchedulerSeen:
        """What it says over that connection. Raises `CannotLook`, without secrets in its detail."""
        asked_at = asked.clock()
        talk: Talk | None = None
        try:
            with connection as talk:
                conversation = Conversation(scheduler=self, asked=asked, talk=talk)
                alive = None if self.alive is None else conversation.answer("alive", self.alive)
                jobs = None if self.jobs is None else conversation.entries("jobs", self.jobs)
                runs = None if self.runs is None else conversation.entries("runs", self.runs)
            answered_at = asked.clock()
            answers = Answers(scheduler=self, reader=self.reader(talk.secrets))
            listed, ids = (None, {}) if jobs is None else answers.jobs(jobs)
            on_record, untold = (None, {}) if runs is None else answers.runs(runs, ids)
            if untold and listed is None and runs is not None:
                # There is no listing to say it of each job.
                times = shown_list(at for field in TIMES_OF_A_RUN if (at := self.field_of("runs", field)))
                begins = answers.reader.beginning(next(iter(untold.values())))
                raise self.broken(f"runs finds no time ({times}) in {begins}")
            reach = None
            if runs is not None and on_record is not None:
                reach = answers.reach(on_record, runs.are_all, asked.since, asked.now)
            return SchedulerSeen(
                asked_at=asked_at,
                answered_at=answered_at,
                server_at=talk.server_at,
                jobs=listed if listed is None else with_untold(listed, untold),
                runs=on_record,
                runs_since=reach,
                **({} if self.alive is None else answers.alive(alive)),
            )
        except CannotLook as problem:
            # Whatever a service says it may have been told: its words are proof, its echo of a secret is not.
            secrets = self.secrets if talk is None else talk.secrets
            raise CannotLook(problem.code, secrets.clean(problem.detail, 400)) from None

    def reader(self, secrets: Secrets) -> Reader:
        """What reads its values, free of those secrets."""
        return Reader(secrets=secrets, times=self.times, broken=self.broken)

    def nothing_found(self, name: str, field: str, answer: Any, reader: Reader) -> CannotLook:
        """That a mapping finds nothing in an answer: of something else a wrong service, of this one an error."""
        said = next((answer[key] for key in _ERROR_KEYS if answer.get(key)), None) if isinstance(answer, dict) else None
        if said is not None:
            return self.broken(f"its answer is an error: {reader.beginning(said, 80)}")
        expression = self.field_of(name, field) if field in FIELDS[name] else getattr(getattr(self, name), field)
        found = f'{name}.{field} = "{expression or "@"}" finds nothing in {reader.beginning(answer)}'
        looked_for = [part.each or "@" for part in (self.jobs, self.runs) if part is not None]
        looked_for += [at for each in FIELDS["alive"] if (at := self.field_of("alive", each))]
        is_this = self.answers_in_rows or any(_is_there(each, answer) for each in looked_for)
        return self.broken(found, CauseCode.SCHEDULER_ERROR if is_this else CauseCode.WRONG_SERVICE)


def _is_there(expression: str, answer: Any) -> bool:
    try:
        found = find(expression, answer)
    except ValueError:
        return False
    # The whole answer is always there, and a comparison with nothing is False.
    return isinstance(found, list) if expression == "@" else found not in (None, ABSENT, False)
