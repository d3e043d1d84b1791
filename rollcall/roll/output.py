"""What does a run leave: where, how its name tells its time, and what makes it whole?"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, assert_never

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from rollcall.evidence import OutputSeen
from rollcall.naming.names import NamePattern, read_pattern
from rollcall.roll.fields import (
    Encoding,
    Expression,
    Holding,
    LookedFor,
    RowsOrShare,
    Share,
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
from rollcall.roll.output_rules import DECIDING, Kind, broken_rule
from rollcall.roll.place import Place, no_such_place
from rollcall.roll.proving import Declared, Opens
from rollcall.roll.secrets import Secrets, Unset, expand
from rollcall.roll.values import shown_url
from rollcall.roll.words import Dated
from rollcall.sources import expressions
from rollcall.sources.command_shown import shown
from rollcall.sources.database_url import hidden, read_database_url
from rollcall.sources.query import LONGEST_QUERY, columns, is_select, read_query
from rollcall.text import clean
from rollcall.times import parse_span, show_span

_PATH_SCHEMA = {"type": "string", "examples": ["data/export-%Y%m%d-%H%M%S.json", "%Y/%m/db-%F*.sql.gz"]}
# What is listed by its own time has any name.
_ANY_NAME = read_pattern("*")
_READ_ELSEWHERE = 100 * 10**6


def _folder_of(path: NamePattern) -> Path:
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


class Output(Table):
    """What a run leaves behind."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in DECIDING]})

    place: Annotated[Place | None, PlainValidator(_declared_place), WithJsonSchema({"type": "string"})] = Field(
        None, description='Where it lies, by the name of a place; "" or left out: on this machine.'
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
        None, description="Where in an entry the time is that it is of.", validate_default=True
    )
    size: expressions.Expression | None = Field(None, description="Where in an entry its size is, in bytes.")
    times: Literal["epoch", "epoch-ms", "epoch-us"] | None = Field(None, description="How numbers tell a time.")
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
        None, description="What is inside, parsed to tell that it is whole; by what it begins with if left out."
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
        "2 GB", read_size, "Content is read so far, unpacked; of more only head and tail; 100 MB of a place's."
    )
    timeout: Span = default("60 s", parse_span, "How long the reading and verifying of all its files may take.")
    keeps: int | None = Field(None, ge=1, strict=True, description="How many runs' files the job's retention leaves.")
    must_change: bool = Field(
        False, strict=True, description="True: an output with the same content as that of the run before is broken."
    )

    verify: Declared = Field(None, description="Your own proof: program and arguments, or a table of them.")

    _folder: Path = PrivateAttr(default_factory=Path)
    _secrets: Secrets = PrivateAttr(default_factory=Secrets)
    _url: Any = PrivateAttr(None)

    def model_post_init(self, context: Any) -> None:
        """Relative paths are relative to the file in which they stand."""
        known = context or {}
        folder = known.get("folder") or Path()
        if self.place:
            # Of one that lies elsewhere this is no folder to look into: it tells whether two are the same.
            self._folder = (self.place.folder or Path(self.place.shown)) / self.names.root
            if "read_up_to" not in self.model_fields_set:
                self.__dict__["read_up_to"] = _READ_ELSEWHERE
        else:
            # The homes of a replay are those of another machine.
            root = Path(self.names.root) if known.get("is_replay") else _folder_of(self.names)
            self._folder = folder / root
        environment = known.get("environment", {})
        of_verify = self.verify.command if self.verify else ()
        sent = (*(self.command or ()), *self.open, *of_verify, self.query or "")
        self._secrets = Secrets.of(sent, {}, "", environment)
        if self.database and not isinstance(environment, Unset):
            self._url = read_database_url(expand(self.database, environment), folder)
            of_database, names = hidden(self.database, self._url, environment)
            self._secrets = replace(self._secrets, hidden={**self._secrets.hidden, **of_database}, names=names)

    @field_validator("path", mode="wrap")
    @classmethod
    def _is_left_out(cls, value: Any, read: Any) -> Any:
        return None if value is None else read(value)

    @field_validator("*")
    @classmethod
    def _holds_together(cls, value: Any, found: ValidationInfo) -> Any:
        if found.field_name == "path" and value and not found.data.get("place") and not context(found)["is_replay"]:
            _folder_of(value)
        if rule := broken_rule(found.field_name, value, found.data):
            raise ValueError(rule)
        return value

    @property
    def looked_for(self) -> tuple[str, ...]:
        """The texts whose being there says something."""
        return self.must_contain + self.must_not_contain

    @property
    def looks_for_text(self) -> bool:
        """True where something is asked of it as a text."""
        return bool(self.looked_for or self.ends_with or self.last_line or self.encoding)

    @property
    def asks_for_content(self) -> bool:
        """True where what is inside must be read, whatever it is."""
        return bool(self.format or self.looks_for_text or self.must_have or self.must_hold or self.open)

    @property
    def least_size(self) -> int:
        """How many bytes it must have at the least, whatever is usual."""
        return least_bytes(self.min_size)

    @property
    def most_size(self) -> int | None:
        """How many bytes each file may have at the most, whatever is usual; None where there is no such limit."""
        return None if isinstance(self.max_size, Share) else self.max_size

    def limits(self, of: str) -> tuple[int | Share | None, int | Share | None]:
        """The least and the most that all files of a run together may have, in "size" or "rows"; None of no limit."""
        if of == "rows":
            return self.min_rows, self.max_rows
        least, most = (each if isinstance(each, Share) else None for each in (self.min_size, self.max_size))
        return least, most

    @property
    def timeout_shown(self) -> str:
        """How long its reading may take, for people."""
        return show_span(self.timeout)

    @property
    def kind(self) -> Kind:
        """What it is made of."""
        if self.query is not None:
            return Kind.ROWS
        return Kind.FILES if self.command is None else Kind.ENTRIES

    @property
    def url(self) -> Any:
        """The url of its database, as it is asked; None of other kinds."""
        return self._url

    @property
    def secrets(self) -> Secrets:
        """What is sent in place of each `${NAME}` of it, and what is never shown."""
        return self._secrets

    @property
    def names(self) -> NamePattern:
        """The names that what a run leaves can have; any, where it is no file."""
        return self.path or _ANY_NAME

    @property
    def folder(self) -> Path:
        """The folder below which its names lie."""
        return self._folder

    @property
    def folder_shown(self) -> str:
        """That folder, for people."""
        if self.place and self.place.folder is None:
            return self.place.shown if self.names.root == "." else clean(f"{self.place.shown}/{self.names.root}")
        return clean(str(self.folder))

    @property
    def pattern(self) -> str:
        """Its names below that folder, as they are written."""
        names = [name for name in self.names.text.split("/") if name not in ("", ".")]
        return "/".join(names[-len(self.names.parts) :])

    @property
    def is_one_file(self) -> bool:
        """True where each run overwrites what the one before left, so that only the newest run can be told."""
        return self.names.is_one

    def is_one(self, seen: OutputSeen) -> bool:
        """The same by what was seen of it: a query that finds one row, such as max(updated_at), finds the newest."""
        return self.is_one_file or (self.kind is Kind.ROWS and seen.matches <= 1)

    @property
    def tells_its_run(self) -> bool:
        """True where its name tells when it was made, or which run it stands for; a row may be that of all runs."""
        return self.names.has_fields or self.kind is Kind.ENTRIES

    @property
    def identity(self) -> object:
        """What no other output may have: what it leaves cannot prove two. By the text alone, whatever lies there."""
        match self.kind:
            case Kind.FILES:
                # A folder may lie on a drive that does not answer.
                return os.path.normpath(self.folder), tuple(part.pieces for part in self.names.parts)
            case Kind.ROWS:
                return self._url or self.database, self.query
            case Kind.ENTRIES:
                return self.command, self.each, self.made_at
            case _:
                assert_never(self.kind)

    @property
    def shown(self) -> str:
        """Where it lies, for people: folder and name together."""
        match self.kind:
            case Kind.FILES:
                return clean(f"{self.folder_shown}/{self.pattern}")
            case Kind.ROWS:
                return f"{shown_url(self.database or '')}: {self._secrets.clean(self.query or '', 120)}"
            case Kind.ENTRIES:
                return shown(self._secrets.clean(shlex.join(self.command or ()), 1_000))
            case _:
                assert_never(self.kind)

    @property
    def written(self) -> str:
        """What jobs.toml calls it, by which it is remembered."""
        match self.kind:
            case Kind.FILES:
                return clean(self.names.text)
            case Kind.ROWS:
                # All of it: two queries may begin alike.
                return self._secrets.clean(f"{shown_url(self.database or '')}: {self.query}", LONGEST_QUERY)
            case Kind.ENTRIES:
                return f"{self.shown}: {self.each}"
            case _:
                assert_never(self.kind)


def least_bytes(min_size: int | Share) -> int:
    """In bytes; of what is measured by what is usual, not nothing."""
    return 1 if isinstance(min_size, Share) else min_size
