"""Which formats of outputs are there, and what is one?

Each is a class in a file of its own, in `rollcall/outputs/formats/` or in another package, found through the
entry-point group `rollcall.formats`. A compression is none: it is recognised and undone before a format reads.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Annotated, Any, BinaryIO, ClassVar, TextIO

from pydantic import GetPydanticSchema, PlainValidator
from pydantic_core import PydanticKnownError
from typing_extensions import TypeAliasType

from rollcall.roll.installed import blaming, registered

GROUP = "rollcall.formats"
TEXT = "text"
# Whatever it is: what leaving it out says too, for an output whose [defaults] name a format.
ANY = "any"
# Those that most people need come first, wherever they are listed.
_FIRST = (TEXT, "json", "jsonl", "csv", "xml")
# What people call a format, and is none here.
_COMPRESSIONS = frozenset({"gzip", "gz", "bzip2", "bz2", "xz", "zstd", "zst"})


class NothingInside(ValueError):
    """The file is whole, and holds nothing."""


class TooMuch(OSError):
    """More is in it than is read of an output."""


@dataclass(frozen=True, slots=True)
class OpenContent:
    """The content of one file, its compression undone, to be read once from the start.

    `raw` can seek where the format says that it `seeks`; `path` is where it then lies as a file of its own, None where
    it does not. `encoding` is that of its text; of what is packed inside no more than `limit` bytes may be read, and
    none after `until`, an instant of `time.monotonic`. `note_name` is called with the name of each thing inside.
    """

    raw: BinaryIO
    encoding: str
    limit: int
    path: Path | None = None
    until: float = inf
    note_name: Callable[[str], None] = lambda name: None

    def check_time(self) -> None:
        """Raises TimeoutError where no time is left: for a format that reads long without reading from `raw`."""
        if time.monotonic() > self.until:
            raise TimeoutError("it was not read through in time")

    def text(self) -> TextIO:
        """The content as text, its line ends as they are. Reading it raises UnicodeDecodeError where it is none."""
        return io.TextIOWrapper(self.raw, self.encoding, newline="")


class FileFormat:
    """How a file is parsed, not only sniffed, to tell that it is whole.

    `magic` is what its content may begin with, where that tells it; `suffix` what its names end in, or None.
    `marks_its_end` is True where half of a file never passes for a whole one, `holds_text` False where no text can be
    looked for in its bytes, `has_rows` True where it is a table, `has_names` where things of a name lie in it, `seeks`
    where it is not read from front to back, `reads_all` False where little of it is read, however large it is.
    `opened_by` is a command that makes what is encrypted readable, () where nothing is; `rows_need` the extra without
    which its rows are not counted, None where they are. `looked_at_by` is what a person types to look at one that no
    pager shows, "" of what is text.
    """

    magic: ClassVar[tuple[bytes, ...]] = ()
    suffix: ClassVar[str | None] = None
    marks_its_end: ClassVar[bool] = False
    holds_text: ClassVar[bool] = True
    has_rows: ClassVar[bool] = False
    has_names: ClassVar[bool] = False
    seeks: ClassVar[bool] = False
    reads_all: ClassVar[bool] = True
    opened_by: ClassVar[tuple[str, ...]] = ()
    looked_at_by: ClassVar[str] = ""

    @property
    def rows_need(self) -> str | None:
        """The extra that is to be installed."""
        return None

    def recognises(self, head: bytes) -> bool:
        """True where these first bytes of a content tell that it is of this format, whatever it is called."""
        return head.startswith(self.magic)

    def read(self, content: OpenContent) -> int | None:
        """How many rows of data it holds; None where it has no rows.

        Raises EOFError where it ends too early, `NothingInside` where there is nothing in it, another ValueError where
        it is not what the format says, and OSError (`TooMuch`) where nobody can tell.
        """
        raise NotImplementedError


def format_names() -> tuple[str, ...]:
    """The names of all that are installed."""
    others = registered(GROUP).keys() - {ANY, *_FIRST}
    return (*(name for name in _FIRST if name in registered(GROUP)), *sorted(others))


def find_format(name: str) -> FileFormat:
    """The format of that name. Raises ValueError where it does not load."""
    entry = registered(GROUP)[name]
    with blaming(entry) as package:
        found = entry.load()
        if isinstance(found, type) and issubclass(found, FileFormat):
            return found()
    raise ValueError(f"{package}, which names no class of format.")


def formats() -> Mapping[str, FileFormat]:
    """All that are installed and load, by name."""
    return _on_path(tuple(sys.path))


@cache
def _on_path(_: tuple[str, ...]) -> Mapping[str, FileFormat]:
    # Asked for at each file that is read, and slow to load.
    found = {}
    for name in format_names():
        with suppress(ValueError):
            found[name] = find_format(name)
    return found


def _known(name: object) -> object:
    if name == ANY:
        return None
    if name in _COMPRESSIONS:
        raise ValueError("is a compression, which is recognised and undone. Write what is inside, or take it out.")
    names = (ANY, *format_names())
    if name not in names:
        expected = ", ".join(f"'{each}'" for each in names[:-1]) + f" or '{names[-1]}'"
        raise PydanticKnownError("enum", {"expected": expected})
    if name not in formats():
        find_format(str(name))  # which says what is wrong with it
    return name


def _drawn(*_: object) -> dict[str, Any]:
    description = "How an output is parsed, to show that it is whole."
    return {"title": "Format", "description": description, "type": "string", "enum": [ANY, *format_names()]}


# In jobs.toml: the name of one.
Format = TypeAliasType(
    "Format", Annotated[str, PlainValidator(_known), GetPydanticSchema(get_pydantic_json_schema=_drawn)]
)
