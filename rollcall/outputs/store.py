"""How is what lies in a place listed and opened: by whatever filesystem of fsspec reaches it?

What is common to all stands here, and does for any; a protocol that can be asked for less, or that tells more, is a
class of its own beside it. All raise what their library raises: `rollcall.outputs.refusal` says what that means.
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from errno import EDQUOT, EIO
from threading import Lock
from typing import Any, NamedTuple

from rollcall.outputs.due_names import Asked
from rollcall.outputs.tree import instant
from rollcall.roll.place import Place
from rollcall.text import counted, show_size
from rollcall.times import bounded, read_timestamp

# A listing that goes on for longer has no end that anybody waits for.
MOST_LISTED = 1_000_000
# So much is fetched at once of a file: several are open at the same time, and memory is bounded.
_FETCHED = 1_000_000
# So much is asked for in one go, where that becomes several requests at the same time.
_BUFFERED = 1 << 18
# Names that few are asked for one by one, and not by listing their folder.
_FEW = 8
# What libraries call the time at which something was written.
_WRITTEN = ("LastModified", "mtime", "modified", "last_modified", "updated", "Last-Modified", "created")
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE", "ARCHIVE"})


class OverBudget(Exception):
    """More is asked of a place than its budget allows; the text says what would."""


class Entry(NamedTuple):
    """One name in a folder of a place, the last part of it; what nobody tells is None."""

    name: str
    size: int | None = None
    modified_at: datetime | None = None
    is_folder: bool = False
    is_file: bool = True
    archived_as: str = ""


class Store:
    """A place that is open. `present` is its clock, where it told that; folders are relative to its root, "" itself."""

    # Whether an empty folder is told from none: in a bucket there are only names.
    has_folders = True

    def __init__(self, place: Place) -> None:
        self.present: tuple[datetime, datetime] | None = None
        self.clock: Callable[[], datetime] | None = None
        self._place_shown, self._table, self._budget = place.shown, place.table, place.budget
        # A protocol may be written in capitals; fsspec knows small letters alone.
        self._protocol = place.protocol
        self._address = f"{self._protocol}://{place.address.partition('://')[2]}"
        self._options = place.sent_options
        self._seconds = place.timeout.total_seconds()
        self._lock, self.spent = Lock(), {"requests": 0, "bytes": 0}
        self._names: dict[float, int] = {}
        self._opening = Lock()
        self._opened: tuple[Any, str] | None = None
        self._failed: tuple[float, Exception] | None = None
        self._former: list[tuple[Any, str]] = []

    # To be overridden ---------------------------------------------------------------------------------------------

    def entries(self, folder: str, asked: Asked, until: float) -> Iterator[Entry]:
        """What lies in that folder and is asked for, or more. Raises FileNotFoundError where it is not there."""
        if not asked.stems and len(asked.names) <= _FEW:
            for name in sorted(asked.names):
                with suppress(FileNotFoundError):
                    yield self.entry(_joined(folder, name), until)
            return
        for info in self._listing(folder, until):
            yield self._entry_of(info)

    def entry(self, path: str, until: float) -> Entry:
        """What lies there by that very name. Raises FileNotFoundError."""
        return self._entry_of(self._call("info", self.path(path), until=until))

    def everything_below(self, folder: str, until: float) -> Iterator[Entry]:
        """Each file below that folder, however deep, by its name from there on."""
        for each in self.entries(folder, Asked(stems=frozenset({""})), until):
            if each.is_folder:
                for inside in self.everything_below(_joined(folder, each.name), until):
                    yield inside._replace(name=_joined(each.name, inside.name))
            else:
                yield each

    def put(self, name: str, data: bytes, until: float) -> None:
        """Writes that file, in one step: what is half written has another name."""
        part = f".{name}.{secrets.token_hex(4)}.part"
        folder = self.path("")
        try:
            self._call("makedirs", folder, exist_ok=True, until=until)
            self._call("pipe_file", self.path(part), data, until=until)
            self._call("mv", self.path(part), self.path(name), until=until)
        except BaseException:
            with suppress(Exception):
                self._call("rm_file", self.path(part), until=until)
            raise

    def take_away(self, name: str, until: float) -> None:
        """Removes that file. Raises FileNotFoundError where it is not there."""
        self._call("rm_file", self.path(name), until=until)

    def is_there(self, folder: str, until: float) -> bool:
        """Whether there is such a folder."""
        try:
            self._call("info", self.path(folder), until=until)
        except FileNotFoundError:
            return False
        return True

    def _defaults(self) -> dict[str, Any]:
        """What its filesystem is given where its options do not say it."""
        return {}

    def _begun(self, fs: Any) -> None:
        """Called with the filesystem once it is open."""

    # Common to all ------------------------------------------------------------------------------------------------

    @property
    def fs(self) -> Any:
        """The filesystem, which reaches it from the first time on."""
        return self._reached()[0]

    def path(self, name: str) -> str:
        """What its filesystem calls that."""
        return _joined(self._reached()[1].rstrip("/"), name) or "/"

    def count(self, *, requests: int = 0, size: int = 0) -> None:
        """Adds to what was asked of it this morning. Raises `OverBudget` instead where that goes past its budget."""
        with self._lock:
            spent = {"requests": self.spent["requests"] + requests, "bytes": self.spent["bytes"] + size}
            for key, limit in (("requests", self._budget.requests), ("bytes", self._budget.bytes)):
                if limit is not None and spent[key] > limit:
                    of_all = counted(limit, "request") if key == "requests" else show_size(limit)
                    enough = 2 * limit if key == "requests" else f'"{show_size(2 * limit)}"'
                    line = f"budget = {{ {key} = {enough} }} in {self._table}"
                    raise OverBudget(f"its budget of {of_all} a morning is used up: {line} allows more")
            self.spent = spent

    @contextmanager
    def opened(self, path: str, most: int, until: float) -> Iterator[io.BufferedReader]:
        """The file at that path, to be read, and no more of it than `most` from its beginning on; that is counted."""
        self.count(requests=1)
        with self.fs.open(self.path(path), "rb", **self._how_opened) as file:
            yield io.BufferedReader(_Counted(file, self), _BUFFERED)

    @property
    def _how_opened(self) -> Mapping[str, Any]:
        """So that a file is fetched piece by piece, and no more of it is kept."""
        return {"block_size": _FETCHED, "cache_type": "readahead"}

    def left(self, until: float) -> float:
        """How many seconds are left. Raises TimeoutError where none is."""
        seconds = min(until - time.monotonic(), self._seconds)
        if seconds <= 0:
            raise TimeoutError("no answer in time")
        return seconds

    def listed(self, number: int, until: float) -> None:
        """Counts what one look lists (at least one a page). Raises OSError where that has no end."""
        with self._lock:
            # A look is known by when it ends.
            self._names = {until: self._names.get(until, 0) + max(number, 1)}
            if self._names[until] > MOST_LISTED:
                raise OSError(f"more than {MOST_LISTED:,} names are there: write more of the date into path")

    def tell_time(self, date: str | None) -> None:
        """Takes the Date of an answer, for its clock to be held against ours."""
        if date and self.clock and self.present is None:
            try:
                self.present = parsedate_to_datetime(date).astimezone(UTC), self.clock()
            except (TypeError, ValueError):
                self.present = None

    def _call(self, method: str, *args: Any, until: float, **more: Any) -> Any:
        """What that method of the filesystem returns; one that is asynchronous is cancelled in time."""
        fs, seconds = self.fs, self.left(until)
        self.count(requests=1)
        if getattr(fs, "async_impl", False):
            more["timeout"] = seconds
        return getattr(fs, method)(*args, **more)

    def _listing(self, folder: str, until: float) -> Iterator[Mapping[str, Any]]:
        path = self.path(folder)
        infos = self._call("ls", path, detail=True, until=until)
        self.fs.invalidate_cache()
        for info in infos:
            # Of a file some filesystems list that itself.
            if str(info["name"]).strip("/") != path.strip("/"):
                yield info

    def _entry_of(self, info: Mapping[str, Any]) -> Entry:
        kind = info.get("type", "file")
        modified = next((info[key] for key in _WRITTEN if info.get(key) is not None), None)
        tier = str(info.get("StorageClass") or info.get("storageClass") or info.get("blob_tier") or "")
        return Entry(
            name=str(info["name"]).rstrip("/").rpartition("/")[2],
            size=None if kind == "directory" or info.get("size") is None else int(info["size"]),
            modified_at=as_instant(modified),
            is_folder=kind == "directory",
            is_file=kind == "file",
            archived_as=tier if tier.upper() in _ARCHIVED else "",
        )

    def _reached(self) -> tuple[Any, str]:
        with self._opening:
            if self._opened is not None:
                return self._opened
            # Others wait for the same: what did not answer to one of them does not answer to the next.
            if self._failed and self._failed[0] > time.monotonic():
                raise self._failed[1]
            from fsspec.core import url_to_fs

            try:
                options = {**merged(self._defaults(), self._options), "skip_instance_cache": True}
                self._opened = url_to_fs(self._address, **options)
                self._begun(self._opened[0])
            except Exception as error:
                # A key that this machine lacks says nothing of what lies there.
                lacks = error.filename if isinstance(error, FileNotFoundError) else None
                failed = PermissionError(f"there is no file {lacks} here, which its options name") if lacks else error
                self._failed = time.monotonic() + self._seconds, failed
                if lacks:
                    raise failed from error
                raise
            return self._opened

    def forget(self) -> None:
        """Lets go of what is open, that a lost connection is not asked again; who is still at it may go on."""
        with self._opening:
            if self._opened is not None:
                self._former.append(self._opened)
            self._opened = None


class Bucket(Store):
    """A bucket, or the names below a prefix of one: no folder is empty, and none is there without a name in it."""

    has_folders = False

    def put(self, name: str, data: bytes, until: float) -> None:
        """Writes that object, which is there once all of it is."""
        self._call("pipe_file", self.path(name), data, until=until)

    def entries(self, folder: str, asked: Asked, until: float) -> Iterator[Entry]:
        """What lies there. Raises FileNotFoundError where there is no such bucket."""
        try:
            yield from super().entries(folder, asked, until)
        except FileNotFoundError:
            self._call("info", self.path("").partition("/")[0], until=until)


class _Counted(io.RawIOBase):
    """A file of a place as the raw stream that readers want; what is read of it is counted."""

    def __init__(self, file: Any, store: Store) -> None:
        super().__init__()
        self._file, self._store, self._fetched = file, store, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(place, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._file.read(len(buffer))
        except OSError:
            raise
        except Exception as error:  # of a library: the format would be blamed for a ValueError
            raise OSError(EIO, getattr(error, "message", "") or str(error) or type(error).__name__) from error
        self._fetched += len(piece)
        try:
            self._store.count(requests=self._fetched // _FETCHED, size=len(piece))
        except OverBudget as problem:
            raise OSError(EDQUOT, str(problem)) from None
        self._fetched %= _FETCHED
        buffer[: len(piece)] = piece
        return len(piece)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both, tables joined key by key; `over` counts where both say something."""
    whole = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], Mapping) and isinstance(over[key], Mapping):
            whole[key] = merged(under[key], over[key])
    return whole


def as_instant(value: object) -> datetime | None:
    """A time as filesystems write it: aware, in seconds since 1970, as ISO or as HTTP writes it; None of none."""
    match value:
        case datetime():
            return bounded(value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))
        case bool():
            return None
        case int() | float():
            return instant(value)
        case str():
            for read in (lambda text: read_timestamp(text).at, parsedate_to_datetime):
                with suppress(TypeError, ValueError):
                    if (at := read(value)) is not None:
                        return bounded(at.astimezone(UTC))
    return None


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name
