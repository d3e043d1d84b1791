"""What does a run leave: where, how its name tells its time, and what makes it whole?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from unicodedata import normalize

from pydantic import Field, PrivateAttr, ValidationInfo, WithJsonSchema, field_validator

from rollcall.naming.names import NamePattern, read_pattern
from rollcall.roll.fields import LookedFor, Size, Table, Zone, context, default, of_text, read_size
from rollcall.roll.formats import ANY, TEXT, Format, find_format
from rollcall.roll.words import Dated
from rollcall.text import clean

_PATH_SCHEMA = {"type": "string", "examples": ["data/export-%Y%m%d-%H%M%S.json", "%Y/%m/db-%F*.sql.gz"]}


def _pattern(text: str) -> NamePattern:
    pattern = read_pattern(text)
    if pattern.is_folder:
        raise ValueError('ends in "/", and a folder as output is not read by this version. Write a file in it.')
    return pattern


def _folder_of(path: NamePattern) -> Path:
    """The folders in front, "~" read as a home."""
    try:
        return Path(path.root).expanduser()
    except RuntimeError:
        raise ValueError('begins with "~", but there is no such home. Write the folder from "/" on.') from None


def _holds_text(name: str | None) -> bool:
    """True where a file of that format is looked through for texts; also where no format is named."""
    return name is None or (name != ANY and find_format(name).holds_text)


class Output(Table):
    """What a run leaves behind."""

    path: Annotated[NamePattern, of_text(_pattern), WithJsonSchema(_PATH_SCHEMA)] = Field(
        description="Folders and file name, with wildcards and date fields; relative to the file in which it stands."
    )
    dated: Dated = Field(Dated.RUN, description="What the date in its name is.")
    timezone: Zone | None = Field(None, description="The zone of the clock in its name; the job's where left out.")
    files: int | None = Field(None, ge=1, strict=True, description="How many files a run leaves.")
    min_size: Size = default("1 B", read_size, "Smaller is empty-output or truncated-output.")
    read_up_to: Size = default("64 MB", read_size, "Larger is not read, and so cannot be called whole.")
    format: Format | None = Field(None, description="How the file is parsed to tell that it is whole.")
    must_contain: tuple[LookedFor, ...] = Field((), description="Texts without which the output is degraded.")
    must_not_contain: tuple[LookedFor, ...] = Field((), description="Fallback texts that show a degraded output.")
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
            case "files" if value and path and path.is_one:
                raise ValueError(
                    "path names one file, of which there are never more. Write a wildcard, or take this out."
                )
            case "read_up_to" if value < found.data.get("min_size", 0):
                raise ValueError("is smaller than min_size, so that no file could be whole. Write a larger size.")
            case "must_contain" | "must_not_contain" if value and not _holds_text(found.data.get("format")):
                said = found.data["format"]
                raise ValueError(
                    f'format = "{said}" looks for no texts. Write format = "text", or take one of them out.'
                )
            case "must_not_contain":
                wanted = [normalize("NFC", each) for each in found.data.get("must_contain", ())]
                if twice := [text for text in value if any(normalize("NFC", text) in each for each in wanted)]:
                    shown = clean(twice[0], 60)
                    raise ValueError(f'"{shown}" stands in must_contain too, and both cannot hold. Take one out.')
            case "must_change" if value and path and path.is_one:
                raise ValueError("each run overwrites the one file of path. Let each write its own, or take this out.")
        return value

    @property
    def reads_as(self) -> str:
        """How it is parsed: as text where texts are looked for, else not at all unless it is said how."""
        looked_for = self.must_contain or self.must_not_contain
        return self.format or (TEXT if looked_for else ANY)

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
    def shown(self) -> str:
        """Folder and name together, for people."""
        return clean(str(self.folder / self.pattern))
