"""What may be said of what a run leaves?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from rollcall.naming.names import NamePattern, read_pattern
from rollcall.roll.fields import (
    Encoding,
    Expression,
    Holding,
    LookedFor,
    RowsOrShare,
    Size,
    SizeOrShare,
    Span,
    Table,
    Zone,
    context,
    default,
    of_text,
    read_size,
    read_size_or_share,
)
from rollcall.roll.formats import Format
from rollcall.roll.output_rules import DECIDING, broken_rule
from rollcall.roll.place import Place, no_such_place
from rollcall.roll.proving import Declared, Opens
from rollcall.roll.secrets import expand
from rollcall.roll.words import Dated
from rollcall.sources import expressions
from rollcall.sources.database_url import read_database_url
from rollcall.sources.query import columns, is_select, read_query
from rollcall.times import parse_span

_PATH_SCHEMA = {"type": "string", "examples": ["data/export-%Y%m%d-%H%M%S.json", "%Y/%m/db-%F*.sql.gz"]}


def folder_of(path: NamePattern) -> Path:
    """The folders in front, "~" read as a home."""
    try:
        return Path(path.root).expanduser()
    except RuntimeError:
        raise ValueError('begins with "~", but there is no such home. Write the folder from "/" on.') from None


def _declared_place(value: object, found: ValidationInfo) -> Place | None:
    if value is None or isinstance(value, Place):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text in quotes.")
    known = context(found).get("places", {})
    if value and value not in known:
        raise no_such_place(value, known)
    # What is wrong with its table is said of that.
    return known[value] if value else None


def _can_be_asked(url: str | None, found: ValidationInfo) -> str | None:
    if url is not None and not context(found)["is_replay"]:
        read_database_url(expand(url, context(found)["environment"]))
    return url


def _is_one_select(text: str | None, found: ValidationInfo) -> str | None:
    if text is None:
        return None
    query = read_query(text)
    expand(query, context(found)["environment"])
    if not is_select(query):
        raise ValueError(
            "is no SELECT, and nothing else is asked. Write one, such as SELECT max(updated_at) AS made_at."
        )
    if not columns(query) & {"made_at", "*"}:
        raise ValueError("returns no made_at. Name a column so: SELECT max(updated_at) AS made_at, count(*) AS rows.")
    return query


def _can_be_run(argv: tuple[str, ...] | None, found: ValidationInfo) -> tuple[str, ...] | None:
    for each in argv or ():
        expand(each, context(found)["environment"])
    if argv and not argv[0].strip():
        raise ValueError('names no program. Write such as ["restic", "snapshots", "--json", "--no-lock"].')
    return argv


class OutputTable(Table):
    """What may be said of what a run leaves, each key checked by itself and against those before it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in DECIDING]})

    place: Annotated[Place | None, PlainValidator(_declared_place), WithJsonSchema({"type": "string"})] = Field(
        None, description='Where it is, by the name of a place; "" or left out: on this machine.'
    )
    query: Annotated[str | None, AfterValidator(_is_one_select)] = Field(
        None, description="One SELECT with columns made_at, rows, size and others; :since and :now are bound."
    )
    database: Annotated[str | None, AfterValidator(_can_be_asked)] = Field(
        None,
        repr=False,
        description="The table's: as SQLAlchemy writes it, such as sqlite:///data/app.db.",
        validate_default=True,
    )
    command: Annotated[tuple[str, ...] | None, Field(min_length=1), AfterValidator(_can_be_run)] = Field(
        None, repr=False, description="A program that lists entries, and its arguments; no shell reads them."
    )
    path: Annotated[NamePattern | None, of_text(read_pattern), WithJsonSchema(_PATH_SCHEMA)] = Field(
        None,
        description="Folders and file name, with wildcards and date fields; relative to the file in which it stands, "
        "or to its place.",
        validate_default=True,
    )
    each: expressions.Expression = Field("@", description="Where in its JSON the entries are.")
    made_at: expressions.Expression | None = Field(
        None, description="Where in an entry its time is.", validate_default=True
    )
    size: expressions.Expression | None = Field(None, description="Where in an entry its size is, in bytes.")
    times: Literal["epoch", "epoch-ms", "epoch-us"] | None = Field(None, description="How numbers are read as times.")
    dated: Dated = Field(Dated.RUN, description="What the date in its name is.")
    timezone: Zone | None = Field(
        None,
        description="The zone of the clock in its name, the job's where left out; of times of rows and entries without "
        "an offset.",
    )
    files: int | None = Field(None, ge=1, strict=True, description="How many files a run leaves.")
    min_size: SizeOrShare = default(
        "1 B", read_size_or_share, "Of each file; smaller is empty-output, truncated-output or shrunken-output."
    )
    max_size: Annotated[SizeOrShare | None, Field(validate_default=False)] = Field(
        None, description="Of each file, or of usual of all files of a run; larger is grown-output."
    )
    format: Format | None = Field(
        None,
        description="What is inside, which is parsed to the end; recognised by how it begins if left out.",
    )
    open: Opens = Field(
        (), repr=False, description="Program and arguments that make it readable, from stdin to stdout."
    )
    encoding: Encoding | None = Field(None, description="Of its text; UTF-8, and UTF-16 with its mark, need none.")
    must_contain: tuple[LookedFor, ...] = Field((), description="Texts without which the output is degraded.")
    must_not_contain: tuple[LookedFor, ...] = Field((), description="Fallback texts that show a degraded output.")
    ends_with: LookedFor | None = Field(None, description="A text within its last 1 kB: without it, it breaks off.")
    last_line: Expression | None = Field(
        None, description="A regular expression for its last line, of logs that are appended to; blank lines aside."
    )
    min_rows: RowsOrShare | None = Field(
        None, description="Of all files of a run: fewer rows of data, the header aside, are too few."
    )
    max_rows: RowsOrShare | None = Field(None, description="Of all files of a run: more rows of data are too many.")
    must_hold: tuple[Holding, ...] = Field(
        (), description="JMESPath expressions that must be true of it, a JSON value: not null, false, 0 or empty."
    )
    must_have: tuple[LookedFor, ...] = Field(
        (), description="Names that must be inside, an archive or a folder; wildcards are allowed."
    )
    read_up_to: Size = default(
        "2 GB",
        read_size,
        "The largest unpacked content that is read in full; beyond it only beginning and end. 100 MB in a place.",
    )
    timeout: Span = default("60 s", parse_span, "How long the reading and verifying of all its files may take.")
    keeps: int | None = Field(
        None, ge=1, strict=True, description="How many runs' files the job keeps before it deletes old ones."
    )
    must_change: bool = Field(
        False, strict=True, description="True: an output with the same content as that of the run before is broken."
    )

    verify: Declared = Field(None, description="Your own proof: program and arguments, or a table of them.")

    @field_validator("path", mode="wrap")
    @classmethod
    def _is_left_out(cls, value: Any, read: Any) -> Any:
        return None if value is None else read(value)

    @field_validator("*")
    @classmethod
    def _holds_together(cls, value: Any, found: ValidationInfo) -> Any:
        if found.field_name == "path" and value and not found.data.get("place") and not context(found)["is_replay"]:
            folder_of(value)
        if rule := broken_rule(found.field_name, value, found.data):
            raise ValueError(rule)
        return value
