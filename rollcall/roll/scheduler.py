"""What is every scheduler, whatever its kind: what jobs.toml may say of it, and what it can be asked?

A kind is one class: its fields are its table in jobs.toml, `look` asks it. Kinds are found through the entry-point
group `rollcall.schedulers` (`rollcall.roll.kinds`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, SerializeAsAny, ValidationInfo, WithJsonSchema, field_validator

from rollcall.evidence import CannotLook, Outcome, SchedulerSeen
from rollcall.roll.fields import Named, Table, Timeout, Zone, default
from rollcall.roll.hosts import Host
from rollcall.roll.secrets import Secrets, texts_of
from rollcall.roll.values import nearest
from rollcall.schedule import Engine
from rollcall.text import clean
from rollcall.times import parse_span, show_span
from rollcall.vocabulary import CauseCode


class Words(Table):
    """What the scheduler's status words mean, in any case; a word that is in no list is unknown."""

    success: tuple[str, ...] = Field((), description="It did its work.")
    partial: tuple[str, ...] = Field((), description="Done, and not all of it: a warning.")
    failed: tuple[str, ...] = Field((), description="It ended in error.")
    running: tuple[str, ...] = Field((), description="It has begun, and not ended.")
    begun: tuple[str, ...] = Field((), description="It was begun, or sent, and no more than that is ever on record.")
    waiting: tuple[str, ...] = Field((), description="It is to begin.")
    skipped: tuple[str, ...] = Field((), description="The scheduler left it out.")

    @field_validator("partial", "failed", "running", "begun", "waiting", "skipped")
    @classmethod
    def _means_one_thing(cls, words: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        for other, taken in found.data.items():
            if twice := {each.strip().lower() for each in words} & {each.strip().lower() for each in taken}:
                raise ValueError(f'"{min(twice)}" stands in {other} too, and a word means one thing. Take one out.')
        return words

    def outcome(self, word: str | None) -> Outcome:
        """What `word` means."""
        for name, words in self:
            if (word or "").strip().lower() in {each.strip().lower() for each in words}:
                return Outcome(name)
        return Outcome.UNKNOWN

    @property
    def known(self) -> tuple[str, ...]:
        """Every word that means something."""
        return tuple(word for _, words in self for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a look is for: the present by `clock`, the moment that is judged, and how far back runs are asked for.

    `names` are what its jobs are called in jobs.toml; none where nobody knows yet.
    """

    clock: Callable[[], datetime]
    now: datetime
    since: datetime
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back of one order, said in one `line`. `came` is False where nothing did: it may have been obeyed.

    `is_accepted` where the scheduler says that it was, or will be, done; `is_refused` where it surely was not.
    `may_be_under_way` where what was asked for may go on after the answer.
    """

    line: str
    came: bool = True
    is_accepted: bool = False
    is_refused: bool = False
    may_be_under_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that a scheduler can be told to do, only when a person says so.

    `typed` is the command by which a person does the same, its secrets as the `${NAME}` of jobs.toml. `target` names
    what is asked for: whoever asks for the same waits for the same turn.
    """

    typed: str
    target: str

    def send(self, limit: timedelta | None = None) -> Reply:
        """What came back, asked once and never again; within `limit`, the scheduler's timeout where left out."""
        raise NotImplementedError


class Step(StrEnum):
    """What a scheduler may be told to do."""

    START = "start"
    STOP = "stop"
    TRIGGER = "trigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The run that is wanted: of the job of that name, by its `key` where its scheduler lists one, due at `due_at`."""

    name: str
    key: str | None = None
    due_at: datetime | None = None


class Scheduler(Named):
    """Who runs jobs, and has runs on record. The checked table is the record that is judged and asked.

    `zone` is in which its times are shown to people; `naive_times` is how its own are read.
    """

    # What a first table of it may say beside its kind, as lines of TOML; the first with which it answers is written.
    first_lines: ClassVar[tuple[str, ...]] = ("",)

    kind: str = Field(description="Which kind of scheduler it is.")
    engine: Engine = Field(Engine.CRON, description="Which engine's rules its schedules follow.")
    timezone: Zone | None = Field(None, description="The zone of its schedules; the file's where left out.")
    naive_times: Zone | None = Field(None, description="How its timestamps without an offset are read.")
    timeout: Timeout = default("5 s", parse_span, "How long it may take to answer.")
    host: Host | None = Field(
        None, description="The host on which it is asked, by `rollcall look`; it leaves there what it saw."
    )
    each: tuple[str, ...] = Field((), description="One scheduler for each; {each} may stand in any text.")
    declare: tuple[str, ...] = Field((), description="Jobs listed there that match are declared as they are listed.")
    ignore: tuple[str, ...] = Field((), description="Jobs listed there that match are left out on purpose.")
    words: Words = Field(default_factory=Words, description="What its status words mean.")
    steps: dict[str, str] = Field(default_factory=dict, description="What to do next, by cause, in place of the usual.")
    remedy: Annotated[SerializeAsAny[Scheduler] | None, WithJsonSchema({"type": "object"})] = Field(
        None, description="Its keys replace the others for start, stop and trigger: another address, other rights."
    )
    memory: Annotated[SerializeAsAny[Scheduler] | None, WithJsonSchema({"type": "object"})] = Field(
        None, description="A second record of the same scheduler, such as its database."
    )

    _zone: ZoneInfo = PrivateAttr(default_factory=lambda: ZoneInfo("UTC"))
    _secrets: Secrets = PrivateAttr(default_factory=Secrets)
    _asked_as: str = PrivateAttr("")

    @field_validator("steps")
    @classmethod
    def _are_of_causes(cls, steps: dict[str, str]) -> dict[str, str]:
        for name in steps:
            if name not in set(CauseCode):
                near = nearest(name, CauseCode)
                cure = f"Did you mean {near}?" if near else "They are listed in docs/when-a-morning-is-red.md."
                raise ValueError(f'no such cause: "{clean(name, 60)}". {cure}')
        return steps

    def model_post_init(self, context: Any) -> None:
        """Takes from the file what its table does not say: its name, the zone, what `${NAME}` stands for."""
        super().model_post_init(context)
        known = context or {}
        self._zone = known.get("zone") or ZoneInfo("UTC")
        self._asked_as = known.get("asked_as", "")
        self._secrets = self._read_secrets(known.get("environment", {}))

    def _read_secrets(self, environment: Mapping[str, str]) -> Secrets:
        return Secrets.of(texts_of(self.model_dump(exclude={"memory", "remedy"})), {}, "", environment)

    @property
    def zone(self) -> ZoneInfo:
        """In which its times are shown to people."""
        return self._zone

    @property
    def asked_as(self) -> str:
        """What tells whether another jobs.toml asks the same of it."""
        return self._asked_as

    @property
    def secrets(self) -> Secrets:
        """What is sent in place of each `${NAME}`, and what is never shown; its memory's too, which it may speak of."""
        whole = self._secrets
        for other in (self.memory, self.remedy):
            whole = whole if other is None else whole.and_those_of(other.secrets)
        return whole

    @property
    def address(self) -> str:
        """Where it is asked, as it may be shown."""
        raise NotImplementedError

    @property
    def asks(self) -> str:
        """What is asked of it first, as it may be shown: "GET http://localhost:8000/status"."""
        return self.address

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold, as far as that is known before it is asked.

        Of "jobs", "next_run", "paused", "schedule", "runs", "due", "started", "ended", "status", "history" (more than
        the last run), "running", "heartbeat", "clock", "off" (when its machine ran nothing).
        """
        return frozenset()

    @property
    def heartbeat_within(self) -> timedelta | None:
        """How old its heartbeat may be; None where it tells none."""
        return None

    @property
    def keeps(self) -> int | None:
        """How many runs of each job it keeps on record at most; None where nobody says."""
        return None

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take."""
        return self.timeout

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it says. Raises `CannotLook`, without secrets in its detail."""
        raise NotImplementedError

    def overdue(self) -> CannotLook:
        """That it did not answer in time."""
        why = f"{self.asks}: no complete answer within {show_span(self.patience)}"
        return CannotLook(CauseCode.SCHEDULER_DOWN, why)

    def order(self, step: Step, wanted: Wanted | None = None) -> Order | None:
        """How it is started, stopped or told to run a job, with the rights of its `remedy`; None where nobody said.

        One that is asked on its host is not reached from elsewhere.
        """
        if self.host:
            return None
        return (self.remedy or self)._order(step, wanted)

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """The same, with its own rights."""
        return None

    def command(self) -> str | None:
        """What a person types to ask it; None where there is no such command."""
        return None

    def log_of(self, name: str) -> str | None:
        """What a person types to read the log of that job; None where there is no such command."""
        return None

    def run_of(self, name: str) -> str | None:
        """What a person types to run that job by hand, so that it is on record; None where there is no such command."""
        return None

    @property
    def its_memory(self) -> str:
        """What a sentence calls its second record: "its database" where that is what it is."""
        return "its database" if self.memory and self.memory.kind == "sql" else "its memory"

    def word(self, field: str) -> str:
        """What its own answers call a field: "ended" is "last_execution" to AIME."""
        return field

    @property
    def alone(self) -> Scheduler:
        """The same without its memory, which does not live and so tells nothing of the present."""
        return self.model_copy(update={"memory": None})

    def declares(self, name: str) -> bool:
        """True where a job of that name is declared by its being listed."""
        return any(fnmatchcase(name, pattern) for pattern in self.declare) and not self.ignores(name)

    def ignores(self, name: str) -> bool:
        """True where a job of that name is not declared, and that is meant."""
        return any(fnmatchcase(name, pattern) for pattern in self.ignore)


class Unread(Scheduler):
    """One whose own table is wrong, which is said there: nothing more is held against its jobs."""

    @property
    def tells(self) -> frozenset[str]:
        return frozenset({"runs", "started", "ended", "status", "history"})

    def _order(self, step: Step, wanted: Wanted | None) -> Order:
        return Order(typed="", target="")
