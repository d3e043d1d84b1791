"""In which encoding is a text written?"""

from __future__ import annotations

import codecs
import re

UTF_8 = "utf-8"
# What Unicode text may begin with, the longer first: the mark of UTF-32 begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_WIDE = ("utf-16", "utf-32")
_XML = re.compile(rb"""<\?xml[^>]{0,100}\bencoding=["']([A-Za-z0-9._-]{1,40})["']""")
# Controls that no text of people or programs has; NUL is told by itself.
_OF_NO_TEXT = re.compile(rb"[\x01-\x07\x0e-\x1a\x1c-\x1f]")
_COMPARED = 512


def encoding_of(head: bytes, declared: str | None = None) -> str:
    """The encoding of a text of which these are the first bytes: as declared, or as they tell by a mark or as XML.

    UTF-8 where they tell none. One of two or four bytes a character needs its mark, or is told by what it looks like.
    """
    if declared is not None and not (declared in _WIDE and not _marked(head)):
        return declared
    if declared is not None:
        return without_its_mark(head) or f"{declared}-le"
    if mark := _marked(head):
        return mark
    said = _XML.match(head)
    name = said.group(1).decode() if said else UTF_8
    try:
        # What could be read up to here as ASCII is no UTF-16, whatever .NET writes in front of a text of UTF-8.
        return name if "<?xml".encode(name) == b"<?xml" else UTF_8
    except (LookupError, UnicodeError):
        return UTF_8


def _marked(head: bytes) -> str | None:
    return next((name for mark, name, _ in _MARKS if head.startswith(mark)), None)


def past_its_mark(head: bytes) -> str:
    """What the same encoding is called where the mark is not read, or was; "" where there is none."""
    return next((name for mark, _, name in _MARKS if head.startswith(mark)), "")


def looks_binary(head: bytes) -> bool:
    """True where these first bytes are of no text, in whatever encoding."""
    return encoding_of(head) in (UTF_8, "utf-8-sig") and bool(_OF_NO_TEXT.search(head))


def without_its_mark(head: bytes) -> str | None:
    """The kind of UTF-16 or UTF-32 that these first bytes are written in, without the mark that would say so.

    None of others. Most characters of any text have zeros in the same places, and in the others none.
    """
    for width, kind in ((4, "utf-32"), (2, "utf-16")):
        columns = [head[place:_COMPARED:width] for place in range(width)]
        if len(columns[-1]) < 2:
            continue
        zeros = [not column.strip(b"\0") for column in columns]
        if zeros == [False, *[True] * (width - 1)] and b"\0" not in columns[0]:
            return f"{kind}-le"
        if zeros == [*[True] * (width - 1), False] and b"\0" not in columns[-1]:
            return f"{kind}-be"
    return None


def guessed(head: bytes) -> str | None:
    """What a text that is not UTF-8 is written in, as far as its first bytes show: of Windows mostly cp1252."""
    if utf_16 := without_its_mark(head):
        return utf_16
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if looks_binary(head) else "cp1252"
