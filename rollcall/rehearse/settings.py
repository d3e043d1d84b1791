"""Which settings of an output might catch a fault, the most telling first?

Each is tried by who asks: on the good run, which it must leave as it is, and on the fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rollcall.evidence import Content
from rollcall.rehearse.advice import OUTPUT
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.reading import read_as
from rollcall.roll.fields import Share
from rollcall.roll.formats import TEXT, formats
from rollcall.roll.output_rules import Kind
from rollcall.text import show_size

# Whatever is no text reads as a table of one column, and so does any text.
_READS_ANYTHING = ("csv", TEXT)
# What programs that dump write last, and what people let theirs write; a date in it would be another tomorrow.
_END = re.compile(r"-- PostgreSQL database dump complete|-- Dump completed|</\w+>\s*$|%%EOF")
_LAST_LINE = re.compile(
    r"\W*(?:\w+ ){0,6}(?:complete|completed|done|finished|success|ok|end|eof|fin)\b[^0-9]{0,20}", re.I
)
_LAST = 1_000
_NOT_EMPTY = "length(@) > `0`"


@dataclass(frozen=True, slots=True)
class Setting:
    """What to write, for people, and the `values` of the output that it makes."""

    advice: str
    values: Mapping[str, Any]


def settings_for(copy: EvidenceCopy) -> Iterator[Setting]:
    """Those that its first output does not have yet, and that the good run may fulfil."""
    if copy.declared.kind is Kind.FILES and copy.data:
        yield from _of_form(copy, copy.data)
        yield from _of_its_end(copy, copy.data)
    content = copy.made[0].content if copy.made else None
    if content and content.rows and (copy.declared.format or copy.declared.kind is Kind.ROWS):
        yield from _of_rows(content.rows, {})
    size = copy.made[0].size if copy.made else None
    if size and size > 1 and not isinstance(copy.declared.min_size, Share):
        # Two thirds of it: more than a half, and a shorter file than usual still passes.
        least = size - size // 3
        says = f'write min_size = "{show_size(least)}" in {OUTPUT} (it has {show_size(size)})'
        yield Setting(says, {"min_size": least})


def _of_form(copy: EvidenceCopy, data: bytes) -> Iterator[Setting]:
    """As which it reads: what a format parses tells that it is whole."""
    output = copy.declared
    if output.format not in (None, TEXT):
        return
    suffixes = output.names.text.lower().split(".")[1:]
    for name, form in sorted(formats().items(), key=lambda each: (each[0] == TEXT, each[0] not in suffixes)):
        is_likely = name in suffixes or name not in _READS_ANYTHING or name == TEXT
        if not is_likely or name == output.format or (output.looks_for_text and not form.holds_text):
            continue
        content = _content(copy, data, format=name)
        if content is None or content.flaw or content.unread:
            continue
        values = {"format": name}
        yield Setting(f'add format = "{name}" to {OUTPUT}', values)
        if form.has_rows and content.rows:
            yield from _of_rows(content.rows, values)
        if name == "json":
            expression = json.dumps([_NOT_EMPTY])
            yield Setting(f"add must_hold = {expression} to {OUTPUT}", {**values, "must_hold": (_NOT_EMPTY,)})


def _of_rows(rows: int, values: Mapping[str, Any]) -> Iterator[Setting]:
    form = f'format = "{values["format"]}" and ' if values else ""
    for least in dict.fromkeys((1, rows - rows // 3)):
        advice = f"add {form}min_rows = {least} to {OUTPUT} (it has {rows:,})"
        yield Setting(advice, {**values, "min_rows": least})


def _of_its_end(copy: EvidenceCopy, data: bytes) -> Iterator[Setting]:
    """What it ends with, where that is likely the same each time."""
    if copy.declared.ends_with or copy.declared.format not in (None, TEXT):
        return
    content = _content(copy, data, format=TEXT)
    tail = (content.tail or content.head)[-_LAST:] if content else ""
    lines = [each for each in tail.splitlines() if each.strip()]
    known = _END.search(tail)
    mark = known[0].strip() if known else lines[-1].strip() if lines and _LAST_LINE.fullmatch(lines[-1].strip()) else ""
    if mark:
        says = f"add ends_with = {json.dumps(mark, ensure_ascii=False)} to {OUTPUT}"
        yield Setting(says, {"ends_with": mark})


def _content(copy: EvidenceCopy, data: bytes, **values: Any) -> Content | None:
    """What would be read of its newest file under these values."""
    output = copy.declared.model_copy(update={**values, "verify": None})
    return read_as(data, copy.made[0], output, copy.at).content
