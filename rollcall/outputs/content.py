"""What is in one output file, read once, in pieces, within bounds of size and time?"""

from __future__ import annotations

import io
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import BinaryIO, cast
from unicodedata import normalize

from rollcall.evidence import GONE, Content, FileSeen, Flaw
from rollcall.outputs.compression import belies_its_name, undone
from rollcall.outputs.encoding import encoding_of, guessed, looks_binary, past_its_mark, without_its_mark
from rollcall.outputs.expressions import Kept
from rollcall.outputs.inside import Inside
from rollcall.outputs.stream import PIECE, WHITE, Timed, Watched
from rollcall.outputs.unlocked import Unlocked, unlocked
from rollcall.roll.formats import TEXT, FileFormat, NothingInside, OpenContent, TooMuch, find_format, formats
from rollcall.roll.output import Output
from rollcall.text import clean, clean_block, show_size, without_colours
from rollcall.vocabulary import CauseCode

SHOWN = 2_000
_LINES = re.compile(r"\r\n|\r|\n")
# So much is read ahead where a format seeks.
_SOUGHT = 1 << 13
# Of what is larger than may be read, and to recognise what it is.
_ENDS = 64_000
# A text is looked for within so many characters of the end.
_LAST = 1_000
# The format whose values expressions are asked of.
_JSON = "json"
_NEVER_WRITTEN = Flaw(CauseCode.EMPTY_OUTPUT, "holds nothing: room was made for it, and not a byte was written")
_BLANK = Flaw(CauseCode.EMPTY_OUTPUT, "holds nothing but blanks")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is open at its beginning and can seek, and what asks for its size as it is now.

    `path` is where it lies on this machine, None where it lies elsewhere. `is_all_hole` is True where room was made for
    it, and nothing was written there.
    """

    raw: io.BufferedReader
    size_now: Callable[[], int]
    path: Path | None = None
    is_all_hole: bool = False


def read_content(
    open_file: Callable[[], AbstractContextManager[Opened]], seen: FileSeen, output: Output, *, until: float
) -> FileSeen:
    """`seen`, which `open_file` opens, with its content, or with why it could not be read.

    Reads no longer than `until`, an instant of `time.monotonic`, and never opens what is no regular file. Where nothing
    was asked of the content it is read only if it is packed: what is inside cannot be told from outside. What `open`
    makes of it is read where the output has one, and none of that is shown.
    """
    if not seen.is_regular or seen.size == 0:
        return seen
    try:
        with open_file() as opened:
            size = opened.size_now() if seen.size is None else seen.size
            if not output.open and (text := belies_its_name(opened.raw, seen.name)):
                says = f'is called {PurePath(seen.name).suffix} and is no such file: it begins "{clean(text, 60)}"'
                return replace(seen, content=Content(flaw=Flaw(CauseCode.CORRUPT_OUTPUT, says)))
            read = _unlocked_content if output.open else _content_of
            if opened.is_all_hole:
                content: Content | None = Content(flaw=_NEVER_WRITTEN)
            else:
                content = read(opened, size, output, until)
            grew = opened.size_now() != size
    except FileNotFoundError:
        return replace(seen, unreadable=GONE)
    except OSError as error:
        return replace(seen, unreadable=clean(error.strerror or str(error)))
    return replace(seen, content=content, grew=grew)


def _unlocked_content(opened: Opened, size: int, output: Output, until: float) -> Content | None:
    """The same of what `open` makes of it. Raises `CannotOpen` where that did not end well, whatever was read."""
    with unlocked(opened.raw, output, until) as stream:
        try:
            content = _content_of(Opened(stream, opened.size_now), size, output, until)
            if content is None or content.unread is None:
                stream.finish()
        except TimeoutError as error:
            return Content(unread=f"{error.strerror}: timeout = {output.timeout_shown}")
    return content and _without_words(content)


def _without_words(content: Content) -> Content:
    """The same without a word of what is inside: it was not meant to lie about."""
    flaw = content.flaw
    if flaw:
        is_of_a_reader = flaw.code in (CauseCode.CORRUPT_OUTPUT, CauseCode.TRUNCATED_OUTPUT) and content.read_as
        says = f"does not read as {content.read_as}" if is_of_a_reader else flaw.says.partition(": ")[0]
        flaw = Flaw(flaw.code, says)
    last_line = None if content.last_line is None else ""
    held = {expression: found and "" for expression, found in content.held.items()}
    return replace(content, flaw=flaw, held=held, last_line=last_line, head="", tail="")


def content_of(data: bytes, output: Output) -> Content:
    """What is in `data`, opened before, read as the content of that output, whatever is asked of it."""
    until = time.monotonic() + output.timeout.total_seconds()
    opened = Opened(io.BufferedReader(io.BytesIO(data)), lambda: len(data))
    content = _content_of(opened, len(data), output, until)
    return content or Content(read_as=TEXT)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How one file is read: its compressions, the outermost first, what is inside, as what, and until when.

    `inside` is told the names of what goes by.
    """

    compressions: tuple[str, ...]
    stream: io.BufferedReader
    head: bytes
    name: str | None
    format: FileFormat | None
    is_declared: bool
    path: Path | None
    until: float
    inside: Inside
    is_unlocked: bool

    @property
    def is_a_stream(self) -> bool:
        """True where it is read from front to back alone."""
        return bool(self.compressions) or self.is_unlocked

    @property
    def shown(self) -> str:
        """ "csv in gzip", "gzip"; "" of what is neither packed nor parsed."""
        return " in ".join(filter(None, (self.name, *reversed(self.compressions))))

    def opened(self, raw: io.RawIOBase, watched: Watched, output: Output, path: Path | None = None) -> OpenContent:
        """What its format reads."""
        buffered = cast(BinaryIO, io.BufferedReader(raw, _SOUGHT if raw.seekable() else PIECE))
        return OpenContent(buffered, watched.encoding, output.read_up_to, path, self.until, note_name=self.inside.note)

    @property
    def holds_text(self) -> bool:
        return self.format.holds_text if self.format else False


def _content_of(opened: Opened, size: int, output: Output, until: float) -> Content | None:
    """None where nothing was asked of it, and nothing is packed in it."""
    try:
        reading = _begun(opened, output, until)
    except EOFError as error:
        return Content(flaw=Flaw(CauseCode.TRUNCATED_OUTPUT, f"does not read: {clean(str(error), 120)}"))
    except ValueError as error:
        return Content(flaw=Flaw(CauseCode.CORRUPT_OUTPUT, f"does not read: {clean(str(error), 120)}"))
    is_asked = reading.format or reading.compressions or output.asks_for_content or output.must_change
    # Blank lines, or the zeros that a crash leaves: what begins so is read on.
    if not is_asked and reading.head.strip(WHITE.encode()):
        return None
    reads_all = reading.format is None or reading.format.reads_all
    of_ends = not reading.is_a_stream and size > output.read_up_to and reads_all
    with closing(Kept()) as kept:
        watched = Watched(
            reading.stream,
            texts=output.looked_for,
            encoding=encoding_of(reading.head, output.encoding),
            limit=size if of_ends else output.read_up_to,
            until=until,
            hashes_all=output.must_change,
            keep=kept.add if output.must_hold and reading.name == _JSON else None,
        )
        if of_ends:
            return _of_ends(watched, size, reading, output)
        flaw, rows, unread = _read_through(watched, reading, output)
        held = kept.held(watched.encoding, output.must_hold) if not (flaw or unread) else {}
    return replace(_told(watched, reading, output, flaw=flaw, rows=rows, unread=unread), held=held)


def _begun(opened: Opened, output: Output, until: float) -> _Reading:
    compressions, stream = undone(opened.raw)
    head = stream.peek(_ENDS)[:_ENDS]
    recognised = next((each for each, known in formats().items() if known.recognises(head)), None)
    # What is encrypted is nothing else, whatever is declared of what will come out.
    name = recognised if recognised and formats()[recognised].opened_by else output.format or recognised
    if name is None and output.must_hold:
        name = _JSON
    if name is None and output.looks_for_text and not looks_binary(head):
        name = TEXT
    return _Reading(
        compressions=compressions,
        stream=stream,
        head=head,
        name=name,
        format=formats().get(name) or find_format(name) if name else None,
        is_declared=output.format is not None,
        path=opened.path if not compressions else None,
        until=until,
        inside=Inside(output.must_have),
        is_unlocked=isinstance(opened.raw, Unlocked),
    )


def _read_through(watched: Watched, reading: _Reading, output: Output) -> tuple[Flaw | None, int | None, str | None]:
    """What is wrong with it, how many rows it has, and why it was not read through."""
    flaw, rows = None, None
    try:
        if reading.format and reading.format.seeks:
            rows = _read_anywhere(watched, reading, output)
        else:
            if reading.format:
                rows = reading.format.read(reading.opened(watched, watched, output))
            watched.drain()
    except TooMuch as error:
        return None, None, f"{error}: read_up_to = {show_size(output.read_up_to)}"
    except TimeoutError as error:
        return None, None, f"{error.strerror or error}: timeout = {output.timeout_shown}"
    except OSError as error:
        # Nobody asked for a format that only shows itself: that it cannot be told is held against nothing.
        if reading.is_declared or error.errno is not None:
            raise
        return None, None, str(error)
    except NothingInside as error:
        flaw = Flaw(CauseCode.EMPTY_OUTPUT, f"is empty inside: {clean(str(error), 120)}")
    except EOFError as error:
        flaw = _flaw(CauseCode.TRUNCATED_OUTPUT, error, reading)
    except ValueError as error:
        flaw = _flaw(CauseCode.CORRUPT_OUTPUT, error, reading)
    return _of_the_text(watched, reading, output) or flaw, rows, None


def _flaw(code: CauseCode, error: Exception, reading: _Reading) -> Flaw:
    why = clean(str(error), 120) or "damaged"
    return Flaw(code, f"does not read as {reading.shown}: {why}" if reading.shown else why)


def _of_the_text(watched: Watched, reading: _Reading, output: Output) -> Flaw | None:
    """What is wrong with what every text needs: an encoding, and something to read."""
    if not reading.head:
        inside = f"inside: the {reading.compressions[0]} of nothing" if reading.compressions else "(0 B)"
        if reading.is_unlocked and not reading.compressions:
            inside = "inside: its open command printed nothing"
        return Flaw(CauseCode.EMPTY_OUTPUT, f"is empty {inside}")
    if reading.format is not None and not reading.holds_text:
        return None
    if watched.is_blank:
        return _BLANK
    if not reading.holds_text:
        return None
    if watched.nul is not None and (kind := without_its_mark(reading.head)):
        return Flaw(
            CauseCode.WRONG_ENCODING, f'is {kind[:6].upper()} without the mark that would say so: encoding = "{kind}"'
        )
    if watched.undecodable is not None:
        is_not = "UTF-8" if output.encoding is None else output.encoding
        kind = guessed(reading.head) if output.encoding is None else None
        reads_as = f'; it reads as {kind}: encoding = "{kind}"' if kind else ""
        return Flaw(CauseCode.WRONG_ENCODING, f"is not {is_not} at byte {watched.undecodable:,}{reads_as}")
    if watched.is_cut:
        return Flaw(CauseCode.TRUNCATED_OUTPUT, "ends within a character")
    if watched.nul is not None:
        # What a crash of the machine leaves of a file that was just written.
        return Flaw(CauseCode.CORRUPT_OUTPUT, f"holds NUL characters, the first as character {watched.nul:,}")
    return None


def _read_anywhere(watched: Watched, reading: _Reading, output: Output) -> int | None:
    """What is read from its end on must lie in a file as it is, and not within a stream."""
    assert reading.format is not None
    if not reading.is_a_stream:
        if output.must_change:
            watched.drain()
            reading.stream.seek(0)
        timed = Timed(reading.stream, reading.until)
        return reading.format.read(reading.opened(timed, watched, output, reading.path))
    with tempfile.NamedTemporaryFile(prefix="rollcall-") as kept:
        whole = io.BufferedReader(watched, PIECE)
        while piece := whole.read(PIECE):
            kept.write(piece)
        kept.flush()
        kept.seek(0)
        timed = Timed(cast(io.BufferedReader, kept), reading.until)
        return reading.format.read(reading.opened(timed, watched, output, Path(kept.name)))


def _of_ends(watched: Watched, size: int, reading: _Reading, output: Output) -> Content:
    """Head and tail alone: what they prove is proven, and nothing else is."""
    encoding = past_its_mark(reading.head) or watched.encoding
    left = _ENDS
    while left > 0 and (read := watched.readinto(bytearray(left))):
        left -= read
    watched.skip_to(max(size - _ENDS, 0), encoding)
    with suppress(TooMuch):  # it grows
        watched.drain()
    unread = f"only its ends were read: {show_size(size)}, more than read_up_to = {show_size(output.read_up_to)}"
    flaw = None
    if reading.holds_text and watched.nul is not None and not watched.is_blank:
        flaw = Flaw(CauseCode.CORRUPT_OUTPUT, "holds NUL characters, as what was never written to its end does")
    content = _told(watched, reading, output, flaw=flaw, rows=None, unread=unread)
    return replace(content, is_blank=watched.is_blank)


def _told(
    watched: Watched, reading: _Reading, output: Output, *, flaw: Flaw | None, rows: int | None, unread: str | None
) -> Content:
    is_through = unread is None
    # In an archive no text was looked for; in what is no text one that is not found may be there, packed or encrypted.
    is_text = reading.holds_text or (reading.format is None and not looks_binary(reading.head))
    sought = output.looked_for if reading.format is None or reading.holds_text else ()
    found = {text: text in watched.found for text in sought if (is_through and is_text) or text in watched.found}
    tail = normalize("NFC", watched.tail)
    last_line = next((line for line in reversed(_LINES.split(without_colours(tail))) if line.strip(WHITE)), "")
    has_end = (is_through or not reading.is_a_stream) and is_text
    fits = output.last_line.search(last_line) is not None if output.last_line else False
    tells_names = is_through and reading.format is not None and reading.format.has_names
    # A format that seeks may have read it past what watches.
    is_seen = is_through and watched.size > 0
    return Content(
        read_as=reading.shown,
        marks_its_end=bool(reading.compressions or (reading.format and reading.format.marks_its_end)),
        flaw=flaw,
        unread=unread,
        found=found,
        has_end=normalize("NFC", output.ends_with) in tail[-_LAST:] if output.ends_with and has_end else None,
        last_line=clean(last_line, SHOWN) if output.last_line and has_end else None,
        last_line_fits=fits if output.last_line and has_end else None,
        rows=rows,
        has={name: is_in for name, is_in in reading.inside.found.items() if is_in or (tells_names and not flaw)},
        encrypted_by=reading.name if reading.name and reading.format and reading.format.opened_by else "",
        size=watched.size if is_seen else None,
        sha256=watched.sha256 if is_seen else "",
        head=clean_block(watched.head[:SHOWN], SHOWN) if reading.holds_text else "",
        tail=clean_block(watched.tail[-SHOWN:], SHOWN) if reading.holds_text and len(watched.head) > SHOWN else "",
    )
