"""What does a run leave: where, how its name tells its time, and what makes it whole?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from unicodedata import normalize

from pydantic import Field, PrivateAttr, ValidationInfo, WithJsonSchema, field_validator

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
from rollcall.roll.formats import Format, find_format
from rollcall.roll.words import Dated
from rollcall.text import clean
from rollcall.times import parse_span, show_span

_PATH_SCHEMA = {"type": "string", "examples": ["data/export-%Y%m%d-%H%M%S.json", "%Y/%m/db-%F*.sql.gz"]}


def _folder_of(path: NamePattern) -> Path:
    """The folders in front, "~" read as a home."""
    try:
        return Path(path.root).expanduser()
    except RuntimeError:
        raise ValueError('begins with "~", but there is no such home. Write the folder from "/" on.') from None


_LONGEST = timedelta(hours=1)
# What is asked of the content of a file, and of no folder; what of a text alone.
_OF_TEXT = ("must_contain", "must_not_contain", "ends_with", "last_line", "encoding")
_OF_CONTENT = ("format", *_OF_TEXT, "min_rows", "must_change")


class Output(Table):
    """What a run leaves behind."""

    path: Annotated[NamePattern, of_text(read_pattern), WithJsonSchema(_PATH_SCHEMA)] = Field(
        description="Folders and file name, with wildcards and date fields; relative to the file in which it stands."
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
    read_up_to: Size = default("2 GB", read_size, "Content is read so far, unpacked; of more only head and tail.")
    timeout: Span = default("60 s", parse_span, "How long the reading of all its files may take.")
    keeps: int | None = Field(None, ge=1, strict=True, description="How many runs' files the job's retention leaves.")
    must_change: bool = Field(
        False, strict=True, description="True: an output with the same content as that of the run before is broken."
    )

    _folder: Path = PrivateAttr(default_factory=Path)

    def model_post_init(self, context: Any) -> None:
        """Relative paths are relative to the file in which they stand."""
        known = context or {}
        # The homes of a replay are those of another machine.
        root = Path(self.path.root) if known.get("is_replay") else _folder_of(self.path)
        self._folder = (known.get("folder") or Path()) / root

    @field_validator("*")
    @classmethod
    def _holds_together(cls, value: Any, found: ValidationInfo) -> Any:
        path: NamePattern | None = found.data.get("path")
        match found.field_name:
            case "path" if not context(found)["is_replay"]:
                _folder_of(value)
            case "dated" if value is not Dated.RUN and path and not path.has_fields:
                raise ValueError("speaks of the date in its name, and path has none. Write one, such as %Y%m%d.")
            case "min_size" if isinstance(value, Share) and path and path.is_one:
                raise ValueError(
                    "each run overwrites the one file of path, and nothing shows what is usual. "
                    'Write a size, such as "200 kB".'
                )
            case "files" if value and path and path.is_one:
                raise ValueError(
                    "path names one file, of which there are never more. Write a wildcard, or take this out."
                )
            case key if key in _OF_CONTENT and value and path and path.is_folder:
                raise ValueError("is asked of a file, and path names a folder. Take it out, or write a file in it.")
            case key if key in _OF_TEXT and value and _is_of_another(found, "holds_text"):
                said = found.data["format"]
                raise ValueError(f'is asked of text, and format = "{said}" holds none. Take one of them out.')
            case "min_rows" if value and not found.data.get("format"):
                raise ValueError('rows of what? Write format = "csv" or "jsonl" too.')
            case "min_rows" if value and _is_of_another(found, "has_rows"):
                raise ValueError(f'format = "{found.data["format"]}" has no rows. Take one of them out.')
            case "timeout" if not timedelta(0) < value <= _LONGEST:
                raise ValueError('must be more than nothing, and at most "1 h".')
            case "must_not_contain":
                wanted = [normalize("NFC", each) for each in found.data.get("must_contain", ())]
                if twice := [text for text in value if any(normalize("NFC", text) in each for each in wanted)]:
                    shown = clean(twice[0], 60)
                    raise ValueError(f'"{shown}" stands in must_contain too, and both cannot hold. Take one out.')
            case "must_change" if value and path and path.is_one:
                raise ValueError("each run overwrites the one file of path. Let each write its own, or take this out.")
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
    def folder(self) -> Path:
        """The folder below which its names lie."""
        return self._folder

    @property
    def pattern(self) -> str:
        """Its names below that folder, as they are written."""
        names = [name for name in self.path.text.split("/") if name not in ("", ".")]
        return "/".join(names[-len(self.path.parts) :])

    @property
    def is_one_file(self) -> bool:
        """True where each run overwrites the same file, so that only the newest run can be told."""
        return self.path.is_one

    @property
    def tells_its_run(self) -> bool:
        """True where its name tells when it was made, or which run it stands for."""
        return self.path.has_fields

    @property
    def label(self) -> str:
        """What the history calls it: its path as jobs.toml has it. Under another it is another output."""
        return clean(self.path.text)

    @property
    def shown(self) -> str:
        """Folder and name together, for people."""
        return clean(str(self.folder / self.pattern))


def least_bytes(min_size: int | Share) -> int:
    """In bytes; of what is measured by what is usual, not nothing."""
    return 1 if isinstance(min_size, Share) else min_size


def _is_of_another(found: ValidationInfo, what: str) -> bool:
    """True where the format that is declared lacks that."""
    name = found.data.get("format")
    return name is not None and not getattr(find_format(name), what)
