"""What does a run leave: where, how its name tells its time, and what makes it whole?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainValidator, PrivateAttr, ValidationInfo, WithJsonSchema, field_validator

from rollcall.naming.names import NamePattern, read_pattern
from rollcall.roll.fields import (
    Encoding,
    Expression,
    LookedFor,
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
from rollcall.roll.words import Dated
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


class Output(Table):
    """What a run leaves behind."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in DECIDING]})

    place: Annotated[Place | None, PlainValidator(_declared_place), WithJsonSchema({"type": "string"})] = Field(
        None, description='Where it lies, by the name of a place; "" or left out: on this machine.'
    )
    path: Annotated[NamePattern | None, of_text(read_pattern), WithJsonSchema(_PATH_SCHEMA)] = Field(
        None,
        description="Folders and file name, with wildcards and date fields; relative to the file in which it stands, "
        "or to its place.",
        validate_default=True,
    )
    dated: Dated = Field(Dated.RUN, description="What the date in its name is.")
    timezone: Zone | None = Field(None, description="The zone of the clock in its name; the job's where left out.")
    files: int | None = Field(None, ge=1, strict=True, description="How many files a run leaves.")
    min_size: SizeOrShare = default(
        "1 B", read_size_or_share, "Of each file; smaller is empty-output, truncated-output or shrunken-output."
    )
    format: Format | None = Field(
        None, description="What is inside, parsed to tell that it is whole; by what it begins with if left out."
    )
    encoding: Encoding | None = Field(None, description="Of its text; UTF-8, and UTF-16 with its mark, need none.")
    must_contain: tuple[LookedFor, ...] = Field((), description="Texts without which the output is degraded.")
    must_not_contain: tuple[LookedFor, ...] = Field((), description="Fallback texts that show a degraded output.")
    ends_with: LookedFor | None = Field(None, description="A text within its last 1 kB: without it, it breaks off.")
    last_line: Expression | None = Field(
        None, description="A regular expression for its last line, of logs that are appended to; blank lines aside."
    )
    min_rows: int | None = Field(
        None, ge=1, strict=True, description="Fewer rows of data, the header aside, are too few."
    )
    read_up_to: Size = default(
        "2 GB",
        read_size,
        "Content is read so far, unpacked; of more only head and tail; 100 MB of a place's.",
    )
    timeout: Span = default("60 s", parse_span, "How long the reading of all its files may take.")
    keeps: int | None = Field(None, ge=1, strict=True, description="How many runs' files the job's retention leaves.")
    must_change: bool = Field(
        False, strict=True, description="True: an output with the same content as that of the run before is broken."
    )

    _folder: Path = PrivateAttr(default_factory=Path)

    def model_post_init(self, context: Any) -> None:
        """Relative paths are relative to the file in which they stand."""
        if self.place:
            # Of one that lies elsewhere this is no folder to look into: it tells whether two are the same.
            if "read_up_to" not in self.model_fields_set:
                self.__dict__["read_up_to"] = _READ_ELSEWHERE
            self._folder = (self.place.folder or Path(self.place.shown)) / self.names.root
            return
        known = context or {}
        # The homes of a replay are those of another machine.
        root = Path(self.names.root) if known.get("is_replay") else _folder_of(self.names)
        self._folder = (known.get("folder") or Path()) / root

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
        return bool(self.format or self.looks_for_text)

    @property
    def least_size(self) -> int:
        """How many bytes it must have at the least, whatever is usual."""
        return least_bytes(self.min_size)

    @property
    def least_share(self) -> Share | None:
        """What part of what is usual it must have; None where it is not measured by that."""
        return self.min_size if isinstance(self.min_size, Share) else None

    @property
    def timeout_shown(self) -> str:
        """How long its reading may take, for people."""
        return show_span(self.timeout)

    @property
    def kind(self) -> Kind:
        """What it is made of."""
        return Kind.FILES

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

    @property
    def tells_its_run(self) -> bool:
        """True where its name tells when it was made, or which run it stands for."""
        return self.names.has_fields

    @property
    def shown(self) -> str:
        """Where it lies, for people: folder and name together."""
        return clean(f"{self.folder_shown}/{self.pattern}")

    @property
    def written(self) -> str:
        """What jobs.toml calls it, by which it is remembered."""
        return clean(self.names.text)


def least_bytes(min_size: int | Share) -> int:
    """In bytes; of what is measured by what is usual, not nothing."""
    return 1 if isinstance(min_size, Share) else min_size
