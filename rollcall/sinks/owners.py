"""What does one owner see: the page of their own jobs, beside the one of all?

`[reports] by = "owner"` asks for them. They lie in `owners/` beside the page of all, and follow it: INCOMPLETE while a
run goes on, and gone where a morning has none for that owner. Only what Roll call wrote there is ever replaced or
removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from errno import EEXIST
from pathlib import Path
from typing import Self

from rollcall.files import read_regular, sweep, write_whole
from rollcall.report.owners import FOLDER, owner_pages
from rollcall.report.page import GENERATOR, render_incomplete, render_owner
from rollcall.sinks.base import Result, Sink, Start, Wish

_HEAD = 4_000  # bytes in which a page says who wrote it


class OwnerPages(Sink):
    """reports/owners/OWNER.html."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        return cls(wish.folder) if wish.writes_reports else None

    def begin(self, start: Start) -> None:
        self._write_incomplete(start, None)

    def finish(self, result: Result) -> Iterable[str]:
        roll = result.start.roll
        if result.morning is None or roll is None or not result.ending.is_complete:
            self.abort(result.start, result.ending.interruption or "")
            return ()
        pages = owner_pages(roll, result.morning, result.ending)
        if pages:
            self._folder.mkdir(parents=True, exist_ok=True)
        kept = set()
        for each in pages:
            file = self._folder / each.file
            if file.exists() and not _is_ours(file):
                raise FileExistsError(EEXIST, "something that Roll call did not write stands there", str(file))
            sweep(file, before=result.start.judged_at)
            write_whole(file, render_owner(each, chronicle=result.chronicle, notes=result.notes))
            kept.add(file)
        for file in self._there():
            if file not in kept:
                file.unlink()
        return ()

    def abort(self, start: Start, because: str) -> None:
        self._write_incomplete(start, because)

    def _write_incomplete(self, start: Start, because: str | None) -> None:
        """What is there must not stay yesterday's; what cannot be made to say so is taken away."""
        for file in self._there():
            page = render_incomplete(
                started_at=start.judged_at,
                zone=start.zone,
                again=start.again,
                demo=start.demo,
                because=because,
                replay_of=start.replay_of,
            )
            try:
                write_whole(file, page)
            except OSError:
                file.unlink(missing_ok=True)

    def _there(self) -> Iterator[Path]:
        yield from (each for each in sorted(self._folder.glob("*.html")) if _is_ours(each))


def _is_ours(file: Path) -> bool:
    with suppress(OSError):
        return f'content="{GENERATOR}"'.encode() in read_regular(file, _HEAD)
    return False
