"""Which formats of outputs are there, and what is one?

Each is a class in a file of its own, in `rollcall/outputs/formats/` or in another package, found through the
entry-point group `rollcall.formats`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, ClassVar

from pydantic import GetPydanticSchema, PlainValidator
from pydantic_core import PydanticKnownError
from typing_extensions import TypeAliasType

from rollcall.roll.installed import blaming, registered

GROUP = "rollcall.formats"
# Not parsed at all.
ANY = "any"
TEXT = "text"
# Those that most people need come first, wherever they are listed.
_FIRST = (TEXT, "json", "jsonl", "csv", "xml")


class FileFormat:
    """How a file is parsed, not only sniffed, to tell that it is whole.

    `suffix` is what its names end in, None where that tells nothing. `marks_its_end` is True where half of a file never
    passes for a whole one, `holds_text` False where no text can be looked for in its bytes.
    """

    suffix: ClassVar[str | None] = None
    marks_its_end: ClassVar[bool] = False
    holds_text: ClassVar[bool] = True

    def read(self, data: bytes) -> None:
        """Raises ValueError where the data is not whole, saying why; OSError where nobody can tell."""
        raise NotImplementedError


def format_names() -> tuple[str, ...]:
    """The names of all that are installed, and of none."""
    others = registered(GROUP).keys() - {ANY, *_FIRST}
    return (ANY, *(name for name in _FIRST if name in registered(GROUP)), *sorted(others))


def find_format(name: str) -> FileFormat:
    """The format of that name. Raises ValueError where it does not load."""
    entry = registered(GROUP)[name]
    with blaming(entry) as package:
        found = entry.load()
        if isinstance(found, type) and issubclass(found, FileFormat):
            return found()
    raise ValueError(f"{package}, which names no class of format.")


def formats() -> dict[str, FileFormat]:
    """All that are installed and load, by name."""
    found = {}
    for name in format_names()[1:]:
        with suppress(ValueError):
            found[name] = find_format(name)
    return found


def _known(name: object) -> object:
    names = format_names()
    if name not in names:
        expected = ", ".join(f"'{each}'" for each in names[:-1]) + f" or '{names[-1]}'"
        raise PydanticKnownError("enum", {"expected": expected})
    if name != ANY:
        find_format(str(name))
    return name


def _drawn(*_: object) -> dict[str, Any]:
    description = "How an output is parsed, not only sniffed, to tell that it is whole."
    return {"title": "Format", "description": description, "type": "string", "enum": list(format_names())}


# In jobs.toml: the name of one.
Format = TypeAliasType(
    "Format", Annotated[str, PlainValidator(_known), GetPydanticSchema(get_pydantic_json_schema=_drawn)]
)
