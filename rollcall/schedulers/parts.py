"""What is a scheduler asked, and where in its answers do its jobs, their runs and its own life stand?

One mapping for all transports. An answer of SQL has columns that are named like these fields, of the others it is said
where they stand.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo

from rollcall.roll.fields import Span, Table, context
from rollcall.roll.secrets import expand, texts_of
from rollcall.sources.expressions import Expression

Ask = str | tuple[str, ...]


def sendable(value: Any, found: ValidationInfo) -> Any:
    """`value`, whose every `${NAME}` is set, and which JSON can hold."""
    for text in texts_of(value):
        expand(text, context(found)["environment"])
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("holds what JSON cannot. Write a time in quotes, and no inf or nan.") from None
    return value


Body = Annotated[Any, AfterValidator(sendable)]


class Part(Table):
    """What is asked: one request, query or command."""

    ask: Annotated[Ask | None, AfterValidator(sendable)] = Field(
        None, repr=False, description="The path (GET where no verb is written), query or command."
    )
    body: Body = Field(
        None, repr=False, description="JSON that is sent along; {since} {until} {now} {limit} … are filled in."
    )


class PagedPart(Part):
    """What may take several pages, and where in each of them its entries are."""

    each: Expression | None = Field(None, description="Where the entries are.")
    total: Expression | None = Field(None, description="How many entries there are in all: pages until so many came.")
    cursor: Expression | None = Field(None, description="What names the next page, sent along as {cursor}.")


class AlivePart(Part):
    """What shows that the scheduler is alive."""

    running: Expression | None = Field(None, description="True where it is switched on.")
    since: Expression | None = Field(None, description="Since when it is.")
    heartbeat: Expression | None = Field(None, description="When its loop was last seen alive.")
    heartbeat_within: Span | None = Field(None, description="How old that may be.")
    jobs_hidden: Expression | None = Field(None, description="Why it may have jobs that it does not show us.")


class JobsPart(PagedPart):
    """The jobs that it lists."""

    id: Expression | None = Field(None, description="What jobs.toml calls the job.")
    key: Expression | None = Field(None, description="What its runs call it; id where left out.")
    name: Expression | None = Field(None, description="What people call it.")
    paused: Expression | None = Field(None, description="True where it is paused.")
    next_run: Expression | None = Field(None, description="When it runs next.")
    schedule: Expression | None = Field(None, description="Its schedule.")
    zone: Expression | None = Field(None, description="The zone of its schedule.")
    tags: Expression | None = Field(None, description="Its labels.")
    runs_since: Expression | None = Field(None, description="How far back its runs are on record.")
    has_runs: Expression | None = Field(None, description="False where its runs are not on record, or not shown to us.")
    otherwise: JobsPart | None = Field(None, description="What is asked where a table that is asked is not there.")


class RunsPart(PagedPart):
    """The runs that it has on record."""

    job: Expression | None = Field(None, description="Whose run it is.")
    due: Expression | None = Field(None, description="The time that it was for.")
    started: Expression | None = Field(None, description="When it began.")
    ended: Expression | None = Field(None, description="When it ended.")
    status: Expression | None = Field(None, description="How it went, in the scheduler's word.")
    attempt: Expression | None = Field(None, description="Which attempt it was, from 1.")
    by_schedule: Expression | None = Field(None, description="False: a run by hand, a backfill, an event.")
    link: Expression | None = Field(None, description="Where a person sees it.")
    says: Expression | None = Field(None, description="Its last words.")
    keeps: int | None = Field(None, ge=1, strict=True, description="How many runs of each job are on record at most.")
    otherwise: RunsPart | None = Field(None, description="What is asked where a table that is asked is not there.")


# What of each part stands in its answers.
FIELDS = {
    "alive": ("running", "since", "heartbeat", "jobs_hidden"),
    "jobs": tuple(name for name in JobsPart.model_fields if name not in (*PagedPart.model_fields, "otherwise")),
    "runs": tuple(
        name for name in RunsPart.model_fields if name not in (*PagedPart.model_fields, "keeps", "otherwise")
    ),
}
TIMES_OF_A_RUN = ("due", "started", "ended")
