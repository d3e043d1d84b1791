"""Which files did the jobs leave in a place that is not this machine, and what is in the ones that matter?

It is asked for what is due, and not walked: folders and names that the date fills in are asked for by that, others are
listed level by level. One listing answers for all jobs that share it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import monotonic
from weakref import WeakKeyDictionary

from rollcall.evidence import CannotLook, Content, FileSeen
from rollcall.naming.stretch import Told
from rollcall.outputs.content import Opened, read_content
from rollcall.outputs.due_names import Asked, asked_of, days_before, days_in, days_of
from rollcall.outputs.inside import Inside
from rollcall.outputs.listing import Beginnings, Key, Listed, Matches, Source, Wanted, named
from rollcall.outputs.refusal import cannot_look, overdue, status_of
from rollcall.outputs.store import Bucket, Entry, OverBudget, Store
from rollcall.outputs.store_s3 import S3
from rollcall.outputs.store_sftp import Sftp
from rollcall.outputs.store_web import Http, Webdav
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.roll.formats import TooMuch
from rollcall.roll.output import Output
from rollcall.roll.place import Place
from rollcall.roll.words import Dated
from rollcall.text import clean
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

_OF_PROTOCOL: dict[str, type[Store]] = {
    **dict.fromkeys(("s3", "s3a"), S3),
    **dict.fromkeys(("gs", "gcs", "az", "abfs", "abfss", "adl"), Bucket),
    **dict.fromkeys(("sftp", "ssh"), Sftp),
    **dict.fromkeys(("http", "https"), Http),
    **dict.fromkeys(("webdav", "webdavs", "dav", "davs"), Webdav),
}
# One a place and morning: what is open is shared, and what was asked of it is counted.
_open: WeakKeyDictionary[Place, Store] = WeakKeyDictionary()
_opening = Lock()
_COPIED = 1 << 18
_A_MINUTE = timedelta(minutes=1)
_PLAIN = re.compile(r"[A-Za-z0-9_./-]{1,200}")


def store_of(place: Place) -> Store:
    """The place as it is open this morning."""
    with _opening:
        if place not in _open:
            _open[place] = _OF_PROTOCOL.get(place.protocol, Store)(place)
        return _open[place]


@dataclass(frozen=True, slots=True)
class RemoteFolder(Source):
    """A folder of a place, with the folders in it; `root` is its path below the place, "" of the place itself."""

    place: Place
    root: str

    @property
    def limit(self) -> timedelta:
        return self.place.timeout

    @property
    def shown(self) -> str:
        """Its url, without user and password."""
        return clean(f"{self.place.shown}/{self.root}" if self.root else self.place.shown)

    def clean(self, text: str) -> str:
        """A text about it in one clean line, without secrets."""
        return self.place.secrets.clean_words(text)

    def overdue(self) -> CannotLook:
        """That it did not answer in time."""
        return overdue(self.place, self.place.shown)

    def look(
        self, wanted: Sequence[Wanted], *, now: datetime, clock: Callable[[], datetime] | None = None
    ) -> dict[Key, Listed | CannotLook]:
        """What each output left below it, or that nobody says when. Raises `CannotLook`."""
        outputs = Matches.of(wanted)
        until = monotonic() + self.place.timeout.total_seconds()
        store = store_of(self.place)
        store.clock = clock
        try:
            walk = _Walk(self, store, now, until)
            walk.through((), outputs)
            # What was there last shows since when it is not, and that no retention took what is missing.
            if nothing := [
                each for each in outputs if each.wanted.output.names.has_fields and not (each.before or each.past)
            ]:
                _Walk(self, store, now, until, is_before=True).through((), nothing)
        except Exception as error:  # noqa: BLE001 - whatever a library raises: the place could not be looked at
            # What answers, whatever it says, is not lost.
            if not isinstance(error, (CannotLook, OverBudget, PermissionError)) and status_of(error) is None:
                store.forget()
            raise cannot_look(error, self.place, self.place.shown) from None
        if skew := _skew(store, self.place):
            raise skew
        looked_at = max(now, clock()) if clock else now
        return {
            each.wanted.key: walk.untimed.get(each.wanted.key) or Listed.of(self, each, looked_at=looked_at)
            for each in outputs
        }

    def read(self, name: str, seen: FileSeen, wanted: Wanted, *, now: datetime, until: float) -> FileSeen | None:
        """That file with its content, or that folder with what is in it; None where it is gone since it was listed."""
        path, output = f"{self.root}/{name}" if self.root else name, wanted.output
        try:
            store = store_of(self.place)
            if seen.is_folder:
                inside = _looked_through(store, path, seen, output, now, until)
                if inside is None:
                    return None
                told = output.names.told(name)
                return named(inside, told, output, wanted.zone) if isinstance(told, Told) else inside
            if not seen.is_regular or seen.size == 0:
                return seen
            entry = store.entry(path, until)
            at = entry.modified_at or seen.modified_at
            has_changed = entry.size != seen.size or _second(at) != _second(seen.modified_at)
            if entry.archived_as:
                is_asked = output.asks_for_content or output.must_change
                says = f"it is archived ({entry.archived_as}), and must be restored before it can be read"
                return replace(seen, unreadable=says) if is_asked else seen
            seen = read_content(lambda: self._opened(store, path, output.read_up_to, until), seen, output, until=until)
            why = seen.unreadable and self.clean(seen.unreadable)
            return replace(seen, unreadable=why, grew=seen.grew or has_changed)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - see above
            return replace(seen, unreadable=cannot_look(error, self.place, self.place.shown).detail)

    @contextmanager
    def at_hand(self, name: str, wanted: Wanted, *, until: float) -> Iterator[Path]:
        """A copy of that file, as long as the block lasts; of the same name, whose suffix may matter to a program."""
        path, most = f"{self.root}/{name}" if self.root else name, wanted.output.read_up_to
        store = store_of(self.place)
        with TemporaryDirectory(prefix="rollcall-") as folder:
            copy = Path(folder) / (name.rpartition("/")[2] if _PLAIN.fullmatch(name) else "output")
            try:
                with self._opened(store, path, most, until) as opened, copy.open("wb") as kept:
                    while piece := opened.raw.read(_COPIED):
                        store.left(until)
                        kept.write(piece)
                        if kept.tell() > most:
                            raise TooMuch("more is in it than is fetched")
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a library raises, it cannot be handed to a program
                raise OSError(cannot_look(error, self.place, self.place.shown).detail) from None
            yield copy

    @contextmanager
    def _opened(self, store: Store, path: str, most: int, until: float) -> Iterator[Opened]:
        with store.opened(path, most, until) as file:
            yield Opened(file, lambda: store.entry(path, until).size or 0)


@dataclass(slots=True)
class _Walk:
    """One look at a folder and those in it."""

    source: RemoteFolder
    store: Store
    now: datetime
    until: float
    is_before: bool = False
    is_there: bool = False
    untimed: dict[Key, CannotLook] = field(default_factory=dict)

    def days(self, wanted: Wanted) -> tuple[datetime, ...]:
        """Those that may be meant by a name; () where any may."""
        return days_before(wanted) if self.is_before else days_of(wanted, self.now)

    def through(self, names: tuple[str, ...], outputs: Sequence[Matches]) -> None:
        """Takes the files in the folder that these names lead to, and goes on into the folders in it."""
        depth = len(names)
        here = [each for each in outputs if each.depth == depth]
        below: dict[str, list[Matches]] = {}
        asked, listed = Asked(), list[Matches]()
        for each in outputs:
            parts, days = each.wanted.output.names.parts, self.days(each.wanted)
            in_it = days_in(names, parts, days)
            if days and not in_it:
                continue
            of_part = asked_of(parts[depth], in_it)
            if each.depth > depth and not of_part.stems:
                for name in of_part.names:
                    below.setdefault(name, []).append(each)
                continue
            asked |= of_part
            listed.append(each)
        if listed:
            self._list(names, asked, here, [each for each in listed if each.depth > depth], below)
        for name, inside in sorted(below.items()):
            self.through((*names, name), inside)

    def _list(
        self,
        names: tuple[str, ...],
        asked: Asked,
        here: Sequence[Matches],
        through: Sequence[Matches],
        below: dict[str, list[Matches]],
    ) -> None:
        beginnings = Beginnings(here)
        folder = "/".join(filter(None, (self.source.root, *names)))
        number = 0
        try:
            for entry in self.store.entries(folder, asked, self.until):
                number += 1
                if not _is_name(entry.name):
                    continue
                for matches in beginnings.of(entry.name):
                    self._take(entry, "/".join((*names, entry.name)), matches)
                if entry.is_folder:
                    inside = [each for each in through if self._may_lie_in(entry.name, names, each)]
                    if inside:
                        below.setdefault(entry.name, []).extend(inside)
        except FileNotFoundError:
            number = 0
            if not self.store.has_folders:
                raise self._is_not_there() from None
            if not names:
                self._check_root()
                raise CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.source.shown}: there is no such folder") from None
        if not number and self.store.has_folders and not self.is_there:
            self._check_root()

    def _check_root(self) -> None:
        """Raises `CannotLook` where it is the place that is not there, or the folder that path begins with."""
        root = self.source.root
        if not self.store.is_there("", self.until):
            raise self._is_not_there()
        if root and not self.store.is_there(root, self.until):
            raise CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.source.shown}: there is no such folder")
        self.is_there = True

    def _is_not_there(self) -> CannotLook:
        place = self.source.place
        return CannotLook(CauseCode.PLACE_DOWN, f"{place.shown} is not there, or is not shown to us")

    def _may_lie_in(self, name: str, names: tuple[str, ...], matches: Matches) -> bool:
        """True where the folder of that name may hold files of the output that matter."""
        path = matches.wanted.output.names
        days = self.days(matches.wanted)
        is_recent = not days or path.may_hold((*names, name), days[0].replace(tzinfo=matches.wanted.zone))
        return is_recent and path.part_matches(len(names), name)

    def _take(self, entry: Entry, name: str, matches: Matches) -> None:
        is_wanted_folder = matches.wanted.output.names.is_folder
        if entry.is_folder and not is_wanted_folder and not self.store.has_folders:
            return  # a bucket has no folders: other objects begin so
        if is_wanted_folder and not entry.is_folder and not self.store.has_folders:
            return  # and one may be called as they begin
        if (told := matches.told(name)) is None:
            return
        is_folder = is_wanted_folder and entry.is_folder
        modified_at = entry.modified_at or self.now
        if entry.modified_at is None and not is_folder:
            first, last = told.stretch(matches.wanted.zone, self.now)
            is_told = told.last_day() is not None and last - first < _A_MINUTE
            if matches.wanted.output.dated is not Dated.RUN or not is_told:
                self._is_untimed(name, matches)
                return
            modified_at = min(max(self.now, first), last)
        seen = FileSeen(
            # Of a hundred thousand most are as plain as that.
            name=name if _PLAIN.fullmatch(name) else clean(name),
            size=0 if is_folder else entry.size,
            modified_at=min(modified_at, self.now) if is_folder else modified_at,
            is_regular=entry.is_file and not is_wanted_folder,
            is_folder=is_folder,
        )
        wanted = matches.wanted
        if self.is_before and named(seen, told, wanted.output, wanted.zone).made_at >= wanted.since:
            matches.count -= 1  # it was there the first time
            return
        matches.take(seen, name, told, self.now)

    def _is_untimed(self, name: str, matches: Matches) -> None:
        says = f"it does not say when {clean(name, 80)} was written: let its name tell day and time"
        why = CannotLook(CauseCode.OUTPUT_UNREADABLE, f"{self.source.shown}: {says}")
        self.untimed.setdefault(matches.wanted.key, why)


def _is_name(name: str) -> bool:
    """False of what is no name of a file in that folder, whatever the place says."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name


def _second(at: datetime | None) -> datetime | None:
    """Of one object a listing may tell more digits than what is asked of it alone."""
    return at.replace(microsecond=0) if at else None


def _looked_through(
    store: Store, path: str, seen: FileSeen, output: Output, now: datetime, until: float
) -> FileSeen | None:
    """The folder with the size of all that is in it, the time of the newest, and which names that it must have.

    None of a bucket's folder that holds nothing: what consoles write for one is none.
    """
    size, newest, inside, is_there = 0, None, Inside(output.must_have), store.has_folders
    for each in store.everything_below(path, until):
        store.left(until)
        is_there = True
        inside.note(each.name)
        size += each.size or 0
        at = each.modified_at
        if at is not None and (newest is None or newest < at <= now or at <= now < newest):
            newest = at
    if not is_there:
        return None
    content = Content(has=inside.found) if output.must_have else seen.content
    return replace(seen, size=size, modified_at=newest or seen.modified_at, content=content)


def _skew(store: Store, place: Place) -> CannotLook | None:
    """That its clock is not ours, so that its times mean something else than they say."""
    if store.present is None:
        return None
    theirs, ours = store.present
    apart = theirs - ours
    if abs(apart) <= LOOKING_TIME:
        return None
    side = "ahead of" if apart > timedelta(0) else "behind"
    return CannotLook(
        CauseCode.CLOCK_SKEW, f"{place.shown}: its clock is {show_span(abs(apart))} {side} this machine's"
    )
