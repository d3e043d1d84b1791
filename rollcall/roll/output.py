"""What does a run leave: where, how its name tells its time, and what makes it whole?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationInfo, WithJsonSchema, field_validator

from rollcall.naming.names import NamePattern, read_pattern
from rollcall.roll.fields import LookedFor, Size, Table, Zone, context, default, of_text
from rollcall.roll.formats import ANY, TEXT, Format, find_format
from rollcall.roll.values import read_folder, read_size
from rollcall.roll.words import Dated
from rollcall.text import clean

_PATH_SCHEMA = {"type": "string", "examples": ["data/export-%Y%m%d-%H%M%S.json", "%Y/%m/db-%F*.sql.gz"]}


def _pattern(text: str) -> NamePattern:
    pattern = read_pattern(text)
    if pattern.is_folder:
        raise ValueError('ends in "/", and a folder as output is not read by this version. Write a file in it.')
    return pattern


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
        root = Path(self.path.root) if known.get("is_replay") else read_folder(self.path.root)
        self._folder = (known.get("folder") or Path()) / root

    @field_validator("path")
    @classmethod
    def _can_be_looked_into(cls, path: NamePattern, found: ValidationInfo) -> NamePattern:
        if not context(found)["is_replay"]:
            read_folder(path.root)
        return path

    @field_validator("dated")
    @classmethod
    def _has_a_date(cls, dated: Dated, found: ValidationInfo) -> Dated:
        path = found.data.get("path")
        if dated is not Dated.RUN and path is not None and not path.has_fields:
            raise ValueError("speaks of the date in its name, and path has none. Write one, such as %Y%m%d.")
        return dated

    @field_validator("files")
    @classmethod
    def _can_be_several(cls, files: int | None, found: ValidationInfo) -> int | None:
        path = found.data.get("path")
        if files is not None and path is not None and path.is_one:
            raise ValueError("path names one file, of which there are never more. Write a wildcard, or take this out.")
        return files

    @field_validator("read_up_to")
    @classmethod
    def _is_not_below_min(cls, size: int, found: ValidationInfo) -> int:
        if size < found.data.get("min_size", 0):
            raise ValueError("is smaller than min_size, so that no file could be whole. Write a larger size.")
        return size

    @field_validator("must_contain", "must_not_contain")
    @classmethod
    def _are_looked_for(cls, texts: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        said: str | None = found.data.get("format")
        if texts and said and (said == ANY or not find_format(said).holds_text):
            raise ValueError(f'format = "{said}" looks for no texts. Write format = "text", or take one of them out.')
        return texts

    @field_validator("must_not_contain")
    @classmethod
    def _can_both_hold(cls, texts: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        wanted = found.data.get("must_contain", ())
        if twice := [text for text in texts if any(text in each for each in wanted)]:
            raise ValueError(f'"{clean(twice[0], 60)}" stands in must_contain too, and both cannot hold. Take one out.')
        return texts

    @field_validator("must_change")
    @classmethod
    def _change_can_be_told(cls, must_change: bool, found: ValidationInfo) -> bool:
        path = found.data.get("path")
        if must_change and path is not None and path.is_one:
            raise ValueError("each run overwrites the one file of path. Let each write its own, or take this out.")
        return must_change

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
