"""What can go wrong inside the file of a run, planted in a copy of its bytes, and inside a table?

What is read of such bytes is what is read of a file that holds them: no reader is imitated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

from rollcall.evidence import Flaw
from rollcall.rehearse import advice
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults.kinds import JobFault
from rollcall.rehearse.packing import MOST_UNPACKED, cut, packed, unpacked
from rollcall.roll.formats import TEXT, formats
from rollcall.roll.output_rules import Kind
from rollcall.vocabulary import CauseCode

# Of many rows so few are left.
_FEW = 50

_Spoil = Callable[[bytes], bytes | None]


def _of_bytes(spoil: _Spoil) -> Callable[[EvidenceCopy], EvidenceCopy | None]:
    """A fault of the file as it lies there."""

    def plant(copy: EvidenceCopy) -> EvidenceCopy | None:
        if not (copy.made and copy.data):
            return None
        spoilt = spoil(copy.data)
        return None if spoilt is None or spoilt == copy.data else copy.with_data(spoilt)

    return plant


def _of_content(spoil: _Spoil) -> _Spoil:
    """A fault of what is inside its compression, packed again by what packs it."""

    def spoil_inside(data: bytes) -> bytes | None:
        with suppress(ValueError, EOFError, OSError, ImportError):
            name, inside = unpacked(data, MOST_UNPACKED)
            spoilt = spoil(inside) if len(inside) < MOST_UNPACKED else None
            return None if spoilt is None or spoilt == inside else packed(name, spoilt)
        return None

    return spoil_inside


def _without_its_end(data: bytes) -> bytes:
    return cut(data, len(data) - max(min(len(data) // 10, 1_000), 1))


def _garbage(data: bytes) -> bytes:
    return Random(0).randbytes(len(data))


def _damaged(data: bytes) -> bytes:
    begin, end = len(data) // 2, len(data) // 2 + min(max(len(data) // 20, 1), 4_096)
    return data[:begin] + _garbage(data[begin:end]) + data[end:]


def _in_another_code_page(data: bytes) -> bytes | None:
    """As Windows writes it: what has no letter beyond ASCII is the same in both."""
    try:
        return data.decode().encode("cp1252", "replace")
    except UnicodeDecodeError:
        return None


def _without_rows(copy: EvidenceCopy) -> EvidenceCopy | None:
    """What it draws on was empty: the header alone, an empty list, a table of no rows."""
    if copy.made and copy.declared.kind is Kind.ROWS:
        return _of_so_many_rows(copy, 0)
    return _of_bytes(_of_content(_emptied_json))(copy) or _of_lines(copy, lambda lines: lines[:1], header_alone=True)


def _of_few_rows(copy: EvidenceCopy) -> EvidenceCopy | None:
    """A fiftieth of its rows, each of them whole."""
    if copy.made and copy.declared.kind is Kind.ROWS:
        content = copy.made[0].content
        rows = content.rows if content else None
        return _of_so_many_rows(copy, rows // _FEW) if rows and rows >= _FEW else None
    return _of_lines(copy, lambda lines: lines[: 1 + len(lines) // _FEW] if len(lines) > _FEW else None)


def _of_so_many_rows(copy: EvidenceCopy, rows: int) -> EvidenceCopy | None:
    content = copy.made[0].content
    if content is None or content.rows is None:
        return None
    flaw = None if rows else Flaw(CauseCode.EMPTY_OUTPUT, "has no rows (rows = 0)")
    return copy.with_newest(content=replace(content, rows=rows, flaw=flaw))


def _of_lines(
    copy: EvidenceCopy, left: Callable[[list[bytes]], list[bytes] | None], *, header_alone: bool = False
) -> EvidenceCopy | None:
    """Of a file that has a row a line: csv and, where it has no header, jsonl."""
    if not (copy.made and copy.data):
        return None
    suffixes = copy.declared.names.text.lower().split(".")[1:]
    is_csv = copy.declared.format == "csv" or (copy.declared.format in (None, TEXT) and "csv" in suffixes)
    is_jsonl = not header_alone and (copy.declared.format == "jsonl" or "jsonl" in suffixes or "ndjson" in suffixes)
    if not (is_csv or is_jsonl):
        return None

    def spoil(inside: bytes) -> bytes | None:
        lines = left(inside.splitlines(keepends=True))
        return None if lines is None else b"".join(lines)

    return _of_bytes(_of_content(spoil))(copy)


def _without_names(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Of an archive or a folder: nothing of what must be inside is."""
    if not copy.made:
        return None
    names, content = copy.declared.must_have, copy.made[0].content
    if names and content is not None:
        return copy.with_newest(content=replace(content, has=dict.fromkeys(names, False)))
    form = formats().get(content.read_as.partition(" ")[0]) if content else None
    has_names = copy.made[0].is_folder or (form is not None and form.has_names)
    # Other names than those that it had are in it, which nobody looks for.
    return copy if has_names else None


def _emptied_json(inside: bytes) -> bytes | None:
    if inside.lstrip()[:1] != b"[":
        return None
    with suppress(ValueError, RecursionError):
        return b"[]\n" if json.loads(inside) else None
    return None


FAULTS = (
    JobFault("incomplete-output (names inside)", "the files that matter are missing from its folder or archive",
             _without_names, advice.ADD_MUST_HAVE),
    JobFault("truncated-output (end lost)", "the end of its file is missing: a disk was full, an upload broke off",
             _of_bytes(_without_its_end), advice.for_a_lost_end, is_tried=True),
    JobFault("corrupt-output (random bytes)", "its file is as large as usual, but its content is random bytes",
             _of_bytes(_garbage), advice.ADD_VERIFY, is_tried=True),
    JobFault("corrupt-output (damaged inside)", "a stretch in the middle of its file is overwritten",
             _of_bytes(_damaged), advice.ADD_VERIFY, is_tried=True),
    JobFault("wrong-encoding (another code page)", "its file has a Windows code page since it moved to another machine",
             lambda copy: _of_bytes(_of_content(_in_another_code_page))(copy) if copy.is_text else None,
             advice.NOTHING, is_tried=True),
    JobFault("empty-output (no rows)", "its data source was empty: the file is complete, with nothing in it",
             _without_rows, advice.ADD_MIN_ROWS, is_tried=True),
    JobFault("truncated-output (few rows)", "only a fiftieth of its rows is there, each of them complete",
             _of_few_rows, advice.ADD_MIN_ROWS, is_tried=True),
)  # fmt: skip
