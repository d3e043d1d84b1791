"""Which entries does a command list, such as the snapshots of a repository, and when was each made?

What a killed backup leaves in a repository is newer than its last snapshot: only its own list tells what is whole. The
command is run once however many outputs share it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from io import BytesIO
from pathlib import PurePath
from typing import Any

from rollcall.evidence import CannotLook, Content, FileSeen
from rollcall.outputs.expressions import held
from rollcall.outputs.listing import Key, Listed, Matches, Source, Wanted
from rollcall.outputs.timed import Timed
from rollcall.roll.output import Output
from rollcall.roll.secrets import Secrets
from rollcall.sources import programs
from rollcall.sources.expressions import ABSENT, find, is_plain
from rollcall.sources.json_items import Broken, Items
from rollcall.sources.numbers import count_of
from rollcall.text import clean, clean_block, counted, show_size
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

# What an `each` other than a plain name asks for is held as a whole, in several times as much memory.
_LARGEST_WHOLE = 8_000_000
_LARGEST_COST, _OF_EACH_VALUE = 64_000_000, 80
_PIECE = 1 << 16
_SHOWN = 2_000
_A_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What asks for a column by its number, or for the whole line: all else asks for a name, which only JSON has.
_OF_COLUMNS = re.compile(r"\[\s*-?[0-9:]|@")
_MARK = b"\xef\xbb\xbf"
_DENIED = re.compile(
    r"permission denied|not permitted|forbidden|unauthori[sz]ed|access ?denied|wrong password|passphrase.* incorrect",
    re.IGNORECASE,
)
_SSH_FAILED = 255
UNREADABLE = CauseCode.OUTPUT_UNREADABLE


@dataclass(frozen=True)
class _Answer:
    """What a command printed, without the blanks around it."""

    text: bytes

    @property
    def is_json(self) -> bool:
        return self.text[:1] in (b"[", b"{")

    @cached_property
    def whole(self) -> Any:
        """All of it at once, read once for all outputs: one JSON value, or a list of one a line, or of columns."""
        if not self.is_json:
            return list(self.columns())
        values = list(Items([self.text], None)) if self.text[:1] == b"{" else [json.loads(self.text)]
        return values[0] if len(values) == 1 else values

    @property
    def cost(self) -> int:
        """About how many bytes of memory all of it at once takes: as text, and as the values in it."""
        marks = (b",", b":", b"[", b"{") if self.is_json else (b"\n", b"\t", b" ")
        return 2 * len(self.text) + _OF_EACH_VALUE * sum(map(self.text.count, marks))

    def columns(self) -> Iterator[list[str]]:
        """Its lines as ordinary commands print them: by tabs where there are any."""
        for line in BytesIO(self.text):
            text = line.decode().rstrip("\r\n")
            if text.strip():
                yield text.split("\t" if "\t" in text else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Source):
    """A program that lists entries; `argv` is as jobs.toml has it."""

    argv: tuple[str, ...]
    timeout: timedelta
    written: str = field(compare=False)
    secrets: Secrets = field(compare=False, repr=False)

    @classmethod
    def of(cls, output: Output) -> Command:
        """What lists the entries of that output."""
        return cls(argv=output.command or (), timeout=output.timeout, written=output.shown, secrets=output.secrets)

    @property
    def limit(self) -> timedelta:
        """How long it may run, and what it prints take to be read."""
        return self.timeout + timedelta(seconds=5)

    @property
    def shown(self) -> str:
        """As a person types it, its variables by name."""
        return f"`{self.written}`"

    def look(
        self, wanted: Sequence[Wanted], *, now: datetime, clock: Callable[[], datetime] | None = None
    ) -> dict[Key, Listed | CannotLook]:
        """What it lists for each output. Raises `CannotLook` (output-unreadable, access-denied, place-down)."""
        answer = _Answer(self._printed().strip().removeprefix(_MARK).lstrip())
        looked_at = max(now, clock()) if clock else now
        listed: dict[Key, Listed | CannotLook] = {}
        for each in wanted:
            try:
                listed[each.key] = Listed.of(self, self._entries(answer, each, now), looked_at=looked_at)
            except CannotLook as problem:
                listed[each.key] = CannotLook(problem.code, self.clean(problem.detail))
        return listed

    def read(self, name: str, seen: FileSeen, wanted: Wanted, *, now: datetime, until: float) -> FileSeen:
        """The entry as it was listed: there is no more to be seen of it."""
        return seen

    def clean(self, text: str) -> str:
        """A text about it in one clean line, without secrets."""
        return self.secrets.clean(text, 400)

    def overdue(self) -> CannotLook:
        """That it did not answer in time."""
        return CannotLook(UNREADABLE, f"{self.shown}: did not end within {show_span(self.timeout)}")

    def _printed(self) -> bytes:
        try:
            # Filled in last, so that what is shown stays as it is written.
            printed = programs.run([self.secrets.sent(each) for each in self.argv], self.timeout)
        except programs.TooLate:
            raise self.overdue() from None
        except programs.TooMuch:
            size = show_size(programs.LARGEST_OUTPUT)
            raise self._wrong(f"prints more than {size}. Have it list less, such as the newest") from None
        except FileNotFoundError:
            raise self._wrong(f"there is no program {clean(self.argv[0], 80)} here") from None
        except PermissionError:
            raise self._wrong("may not be run by this user", CauseCode.ACCESS_DENIED) from None
        except (OSError, ValueError) as error:
            raise self._wrong(f"cannot be run: {getattr(error, 'strerror', None) or error}") from None
        err = printed.err.decode(errors="replace")
        if printed.status == 0:
            if not printed.out.strip() and (says := programs.complaint(err)):
                # In `sh -c "tool | jq …"` the tool fails, and what it feeds ends well.
                raise self._wrong(f"prints nothing, and says: {self.secrets.clean_words(says, 200)}")
            return printed.out
        how = f"ended by signal {-printed.status}" if printed.status < 0 else f"exit status {printed.status}"
        code = CauseCode.ACCESS_DENIED if _DENIED.search(err) else UNREADABLE
        if printed.status == _SSH_FAILED and any(PurePath(each).name == "ssh" for each in self.argv):
            code = CauseCode.PLACE_DOWN
        raise self._wrong(f"{how}: {self.secrets.clean_words(programs.telling_line(err), 200)}", code)

    def _entries(self, answer: _Answer, wanted: Wanted, now: datetime) -> Matches:
        """What of that was made when, newest first."""
        output, matches = wanted.output, Matches(wanted)
        timed, nothing_in = Timed(output=output, zone=wanted.zone, shown=self.shown, now=now), ""
        assert output.made_at is not None  # a command without it is refused
        for entry in self._listed(answer, output):
            value = self._found(output.made_at, entry, "made_at")
            if value is ABSENT or (value is None and not is_plain(output.made_at)):
                nothing_in = nothing_in or _beginning(entry)
                continue
            # A null says that it is not made yet.
            if (seen := timed.seen(value)) is None:
                matches.count += 1
                continue
            seen = replace(seen, size=self._size(self._found(output.size, entry, "size")) if output.size else None)
            if wanted.read_since is not None and seen.made_at >= wanted.read_since:
                head = clean_block(self.secrets.without(json.dumps(entry, ensure_ascii=False, indent=1)), _SHOWN)
                holds = held(entry, output.must_hold, self.secrets.without)
                content = Content(marks_its_end=True, head=head, held=holds)
                seen = replace(seen, content=content)
            matches.keep(seen, now)
        if nothing_in and not matches.count:
            raise self._wrong(f'made_at = "{output.made_at}" finds nothing in {nothing_in}')
        return matches

    def _listed(self, answer: _Answer, output: Output) -> Iterator[Any]:
        """The entries, one after the other."""
        text, each, made_at = answer.text, output.each, output.made_at or ""
        is_of_names = not _OF_COLUMNS.search(made_at) and (each == "@" or not _OF_COLUMNS.search(each))
        if text == b"null" or (not text and (each == "@" or not is_of_names)):
            return
        if not answer.is_json and is_of_names:
            # A line of it, taken for columns, has no name: the list would look empty.
            first = self.secrets.clean_words(text.split(b"\n", 1)[0][:8_000].decode(errors="replace"), 100)
            raise self._wrong(f'begins with what is no JSON: "{first}"' if text else "prints nothing")
        try:
            if each == "@" and not answer.is_json:
                yield from answer.columns()
            elif answer.is_json and (each == "@" or _A_NAME.fullmatch(each)):
                yield from self._streamed(text, each)
            elif len(text) > _LARGEST_WHOLE:
                most = show_size(_LARGEST_WHOLE)
                raise self._wrong(f"prints {show_size(len(text))}, and each is worked out of {most}. Have it list less")
            elif answer.cost > _LARGEST_COST:
                raise self._wrong("prints too many values for each to be worked out of them. Have it list less")
            else:
                yield from self._within(answer.whole, each)
        except (Broken, ValueError, RecursionError):
            begins = self.secrets.clean_words(text[:8_000].decode(errors="replace"), 60)
            raise self._wrong(f'prints no whole JSON ({counted(len(text), "byte")}): "{begins}"') from None

    def _streamed(self, text: bytes, each: str) -> Iterator[Any]:
        """The same of what is a list by itself, or stands in an object by a plain name, piece by piece."""
        if each != "@" and text[:1] == b"[":
            raise self._wrong(f'each = "{each}" finds nothing in a list')
        pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
        items = Items(pieces, None if each == "@" else each)
        yield from items
        if each == "@" or items.has_list:
            if not items.is_over():
                raise self._wrong(f'prints more than one answer. Have it print one, or a list: each = "{each}"')
        elif items.rest.get(each, ABSENT) is not None:
            raise self._wrong(f'each = "{each}" finds no list in {_beginning(items.rest)}')

    def _within(self, whole: Any, each: str) -> Iterator[Any]:
        found = self._found(each, whole, "each")
        if found is None or found is ABSENT:
            raise self._wrong(f'each = "{each}" finds nothing in {_beginning(whole)}')
        if not isinstance(found, list):
            raise self._wrong(f'each = "{each}" is no list: {_beginning(found)}')
        yield from found

    def _found(self, expression: str, entry: Any, key: str) -> Any:
        try:
            return find(expression, entry)
        except ValueError as problem:
            raise self._wrong(f'{key} = "{expression}" fails in {_beginning(entry)}: {problem}') from None

    def _size(self, value: Any) -> int | None:
        if value is None or value is ABSENT:
            return None
        number = count_of(int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value)
        if number is None or number < 0:
            raise self._wrong(f"its size is {_beginning(value)}, where a number of bytes belongs")
        return number

    def _wrong(self, says: str, code: CauseCode = UNREADABLE) -> CannotLook:
        return CannotLook(code, f"{self.shown}: {self.secrets.clean(says, 300)}")


def _beginning(value: Any) -> str:
    """How a value begins, for people."""
    return clean(json.dumps(value, ensure_ascii=False, default=str)[:1_000], 120)
