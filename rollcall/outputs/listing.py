"""What does a listing say of the outputs that it holds, and which of that is read?

Somebody lists names: a folder, a place, a program, a query. It is asked once however many outputs share it, and nothing
is kept of what matches none. What is in them is read afterwards, of each output by itself: only where the judging will
need it, and within bounds of size and time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.evidence import CannotLook, FileSeen, OutputSeen, Verified
from rollcall.naming.fields import Disagreement
from rollcall.naming.stretch import Told
from rollcall.outputs.verified import needs_proof, with_proofs
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.roll.output import Output
from rollcall.roll.words import Dated
from rollcall.text import clean
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

# A page and a judgement need the runs of the look-back; a folder may hold years.
MOST_FILES = 2_000
MOST_READ = 1_000
# Of all outputs that share a listing; each keeps as many as it would alone while they are few.
_MOST_TOGETHER = 80_000
_DAY = timedelta(days=1)
LISTING_LIMIT = timedelta(seconds=30)
# Of what earlier runs left, so much shows what is usual.
_MOST_COMPARED = 60
COMPARED_FOR = timedelta(days=28)
# A folder is looked through to the last file in it, and so only as many.
_MOST_LOOKED_THROUGH = 10

# The job, and which of its outputs it is.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one output of a job wants to know of its folder; `zone` is that of the clock in its names.

    Files made at or after `since` are kept, and the newest of those before, with which they are compared; those made at
    or after `read_since` are read, and none where it is None. `last_verified` is what an earlier morning remembers of
    its `verify`, which is not run where not `may_verify`.
    """

    key: Key
    output: Output
    zone: ZoneInfo
    since: datetime
    read_since: datetime | None
    last_verified: Verified | None = None
    may_verify: bool = True


class Source:
    """Where outputs are listed and read; equal ones are the same, and asked once."""

    @property
    def limit(self) -> timedelta:
        """How long its listing may take."""
        return LISTING_LIMIT

    @property
    def shown(self) -> str:
        """Where that is, for people: one clean line without secrets."""
        raise NotImplementedError

    def look(
        self, wanted: Sequence[Wanted], *, now: datetime, clock: Callable[[], datetime] | None = None
    ) -> Mapping[Key, Listed | CannotLook]:
        """What each output left up to `now`, or why that of one cannot be told. Raises `CannotLook`.

        `clock` reads the present, where another moment is judged: what is dated later still lies in the future.
        """
        raise NotImplementedError

    def read(self, name: str, seen: FileSeen, wanted: Wanted, *, now: datetime, until: float) -> FileSeen | None:
        """`seen`, which it lists by that name, with what is in it; reads until `until` of `time.monotonic`.

        None where it is gone since it was listed.
        """
        raise NotImplementedError

    def at_hand(self, name: str, wanted: Wanted, *, until: float) -> AbstractContextManager[Path]:
        """Where on this machine that file or folder, or a copy of it, lies as long as the block lasts.

        Raises OSError; TimeoutError after `until`, and `TooMuch` where a copy would be larger than `read_up_to`.
        """
        raise OSError(0, "what is there cannot be passed to a program")

    def clean(self, text: str) -> str:
        """A text about it in one clean line, without secrets."""
        return clean(text)

    def overdue(self) -> CannotLook:
        """That it did not answer in time."""
        late = f"not listed within {show_span(self.limit)}"
        return CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.shown}: {late}")

    def unread(self, output: Output) -> CannotLook:
        """That what it lists of that output did not let itself be read in time."""
        late = f"its files did not let themselves be read within {output.timeout_shown}"
        return CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.shown}: {late}")


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and the name by which it is opened: what is shown of it may be another."""

    seen: FileSeen
    name: str

    @property
    def age(self) -> tuple[datetime, str]:
        """By this the newest is the greatest."""
        return self.seen.made_at, self.name


@dataclass(slots=True)
class Matches:
    """What is kept of one output while names are listed; `unlooked` is why a part of it could not be, "" of none.

    `files` were made since the output wants them, `before` are the newest of those made earlier. Of `past` the day in
    their name alone shows that they are earlier: when in that day is asked of the few that are kept.
    """

    wanted: Wanted
    count: int = 0
    files: list[Found] = field(default_factory=list)
    is_cut: bool = False
    before: list[Found] = field(default_factory=list)
    oldest_kept: tuple[datetime, str] | None = None
    past: list[tuple[date, str, FileSeen, Told]] = field(default_factory=list)
    oldest_day: date = date.min
    unstamped: list[str] = field(default_factory=list)
    later: list[FileSeen] = field(default_factory=list)
    unlooked: str = ""
    most: int = MOST_FILES

    @classmethod
    def of(cls, wanted: Sequence[Wanted]) -> list[Matches]:
        """What is kept of each output of one listing: the memory of all together is bounded."""
        fair = _MOST_TOGETHER // max(len(wanted), 1)
        most = min(max(fair, _MOST_COMPARED), MOST_FILES)
        return [cls(each, most=most) for each in wanted]

    @property
    def depth(self) -> int:
        """How many folders below the root its files lie."""
        return len(self.wanted.output.names.parts) - 1

    def add(self, found: Found) -> None:
        """Keeps the newest; a folder of a million files must not fill the memory."""
        self.files.append(found)
        if len(self.files) >= self.most + self.most // 4:
            self.cut()

    def add_before(self, found: Found) -> None:
        """Keeps the newest of those that are only compared."""
        # Most of a folder of years is older than the oldest that is kept.
        if self.oldest_kept is not None and found.age <= self.oldest_kept:
            return
        self.before.append(found)
        if len(self.before) >= 4 * _MOST_COMPARED:
            self.cut()

    def add_past(self, day: date, name: str, seen: FileSeen, told: Told) -> None:
        """Keeps the newest of those that are only compared, by the day in their name."""
        self.past.append((day, name, seen, told))
        if len(self.past) >= 4 * _MOST_COMPARED:
            self._cut_past()

    def _cut_past(self) -> None:
        self.past.sort(key=lambda each: each[:2], reverse=True)
        del self.past[_MOST_COMPARED:]
        self.oldest_day = self.past[-1][0] if len(self.past) == _MOST_COMPARED else date.min

    def cut(self) -> None:
        """Lets go of all but the newest."""
        self.before.sort(key=lambda each: each.age, reverse=True)
        del self.before[_MOST_COMPARED:]
        self.oldest_kept = self.before[-1].age if len(self.before) == _MOST_COMPARED else None
        self.files.sort(key=lambda each: each.age, reverse=True)
        self.is_cut = self.is_cut or len(self.files) > self.most
        del self.files[self.most :]

    def end(self) -> None:
        """Nothing more is listed."""
        self._cut_past()
        output, zone = self.wanted.output, self.wanted.zone
        self.before += [Found(named(seen, told, output, zone), name) for _, name, seen, told in self.past]
        self.past.clear()
        self.cut()

    def told(self, name: str) -> Told | None:
        """What that name tells; None where it is none of its output, cannot be, or is older than all that is kept."""
        told = self.wanted.output.names.told(name)
        if isinstance(told, Disagreement):
            self.unstamped = [*self.unstamped, clean(name, 80)][:5]
            return None
        if told is None:
            return None
        self.count += 1
        day = told.last_day() if self.wanted.output.dated is Dated.RUN else None
        return None if day and day < self.oldest_day else told

    def take(self, seen: FileSeen, name: str, told: Told, now: datetime) -> None:
        """Keeps what is listed by that name, as far as it matters for the moment `now`."""
        day = told.last_day() if self.wanted.output.dated is Dated.RUN else None
        # In whatever zone, a day is over when the next one is in UTC.
        if day and day < self.wanted.since.date() - _DAY:
            self.add_past(day, name, seen, told)
            return
        self._keep(named(seen, told, self.wanted.output, self.wanted.zone), name, now)

    def keep(self, seen: FileSeen, now: datetime) -> None:
        """Keeps what is listed with its own time, likewise."""
        self.count += 1
        self._keep(seen, seen.name, now)

    def _keep(self, seen: FileSeen, name: str, now: datetime) -> None:
        if seen.made_at > now + LOOKING_TIME:
            self.later = [*self.later, seen][:3]
        elif seen.made_at >= self.wanted.since:
            self.add(Found(seen, name))
        else:
            self.add_before(Found(seen, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What one output left, as its source lists it; the newest `to_read` of it are to be read.

    `names` are those by which its source opens them.
    """

    source: Source
    wanted: Wanted
    seen: OutputSeen
    names: tuple[str, ...] = ()
    to_read: int = 0

    @classmethod
    def of(
        cls,
        source: Source,
        matches: Matches,
        *,
        looked_at: datetime,
        room: tuple[int | None, int | None] = (None, None),
    ) -> Listed:
        """What was kept of the output; of its disk so many bytes are free, of so many."""
        matches.end()
        # After a cut those before would look as if there were none in between.
        files = matches.files if matches.is_cut else [*matches.files, *matches.before]
        seen = OutputSeen(
            looked_at=looked_at,
            matches=matches.count,
            files=tuple([each.seen for each in files]),
            unstamped=tuple(matches.unstamped),
            later=tuple(matches.later),
            unlooked=matches.unlooked,
            free_bytes=room[0],
            total_bytes=room[1],
        )
        names = tuple([each.name for each in files])
        wanted = matches.wanted
        return cls(source=source, wanted=wanted, seen=seen, names=names, to_read=_to_read(files, wanted))

    def read(self) -> OutputSeen:
        """The same with what is in the files that are to be read, and their proof, within the output's `timeout`."""
        until = time.monotonic() + self.wanted.output.timeout.total_seconds()
        now = self.seen.looked_at + LOOKING_TIME
        newest = zip(self.names[: self.to_read], self.seen.files, strict=False)
        wanted, at = self.wanted, self.seen.looked_at
        read = [(name, self.source.read(name, seen, wanted, now=now, until=until)) for name, seen in newest]
        left = [(name, seen) for name, seen in read if seen is not None]
        if wanted.may_verify and wanted.read_since and needs_proof(wanted.output, wanted.last_verified, at):
            at_hand = partial(self.source.at_hand, wanted=wanted, until=until)
            proven = with_proofs(left, wanted.output, at_hand, since=wanted.read_since, at=at, until=until)
        else:
            proven = [seen for _, seen in left]
        files = (*proven, *self.seen.files[self.to_read :])
        newest_first = tuple(sorted(files, key=lambda each: each.made_at, reverse=True))
        return replace(self.seen, files=newest_first, last_verified=self.wanted.last_verified)


def named(seen: FileSeen, told: Told, output: Output, zone: ZoneInfo) -> FileSeen:
    """The file with what its name tells: when it was made, or which due time it stands for."""
    if not output.names.has_fields:
        return seen
    first, last = told.stretch(zone, seen.modified_at)
    if output.dated is not Dated.RUN:
        return replace(seen, due_from=first, due_until=last)
    is_open = first < last
    return replace(
        seen,
        stamp_at=min(max(seen.modified_at, first), last),
        stamp_from=first if is_open else None,
        stamp_until=last if is_open else None,
    )


class Beginnings:
    """The outputs that a name may be of, found by how it begins.

    A name of no output then costs one look in a dictionary, however many share the folder. Only those whose pattern
    begins with a wildcard see every name.
    """

    def __init__(self, outputs: Sequence[Matches]) -> None:
        prefixes = [(each.wanted.output.names.prefix, each) for each in outputs]
        self._length = min((len(prefix) for prefix, _ in prefixes if prefix), default=0)
        self._anywhere = [(prefix, each) for prefix, each in prefixes if not prefix]
        self._by_beginning: dict[str, list[tuple[str, Matches]]] = {}
        for prefix, each in prefixes:
            if prefix:
                known = self._by_beginning.setdefault(prefix[: self._length], list(self._anywhere))
                known.append((prefix, each))

    def of(self, name: str) -> list[Matches]:
        """Those whose names begin as this one does."""
        known = self._by_beginning.get(name[: self._length], self._anywhere)
        return [each for prefix, each in known if name.startswith(prefix)] if known else []


def _to_read(files: Sequence[Found], wanted: Wanted) -> int:
    """How many are read: those whose run may be the one that is judged, and the newest, for people to see it.

    Also the one before them where an output must change, and some where they are folders, which tell their size no
    other way.
    """
    if wanted.read_since is None:
        return 0
    judged = max(sum(each.seen.made_at >= wanted.read_since for each in files), 1)
    if wanted.output.names.is_folder:
        # Without a date in its name only what is in it tells of when a folder is.
        most = _MOST_LOOKED_THROUGH if wanted.output.names.has_fields else len(files)
        return min(max(judged, most), MOST_READ)
    return min(judged + wanted.output.must_change, MOST_READ)
