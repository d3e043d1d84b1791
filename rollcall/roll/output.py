"""What does a run leave: where, how its name tells its time, and what makes it whole?

The checked table of jobs.toml is the record that is judged.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from pydantic import PrivateAttr

from rollcall.evidence import OutputSeen
from rollcall.naming.names import NamePattern, read_pattern
from rollcall.roll.fields import Share
from rollcall.roll.output_rules import Kind
from rollcall.roll.output_table import OutputTable, folder_of
from rollcall.roll.secrets import Secrets, Unset, expand
from rollcall.roll.values import shown_url
from rollcall.sources.command_shown import shown
from rollcall.sources.database_url import hidden, read_database_url
from rollcall.sources.query import LONGEST_QUERY
from rollcall.text import clean
from rollcall.times import show_span

# What is listed by its own time has any name.
_ANY_NAME = read_pattern("*")
_READ_ELSEWHERE = 100 * 10**6


class Output(OutputTable):
    """What a run leaves behind."""

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
            root = Path(self.names.root) if known.get("is_replay") else folder_of(self.names)
            self._folder = folder / root
        environment = known.get("environment", {})
        of_verify = self.verify.command if self.verify else ()
        sent = (*(self.command or ()), *self.open, *of_verify, self.query or "")
        self._secrets = Secrets.of(sent, {}, "", environment)
        if self.database and not isinstance(environment, Unset):
            self._url = read_database_url(expand(self.database, environment), folder)
            of_database, names = hidden(self.database, self._url, environment)
            self._secrets = replace(self._secrets, hidden={**self._secrets.hidden, **of_database}, names=names)

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
    def is_on_the_machine(self) -> bool:
        """True where it lies on the machine that looks for it: another has one of its own under the same name."""
        match self.kind:
            case Kind.FILES:
                return self.place is None or self.place.folder is not None
            case Kind.ROWS:
                return (self.database or "").startswith(("sqlite", "duckdb"))
            case Kind.ENTRIES:
                return True
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
