"""What may be shown of a text that came from outside?

Job names, API answers, file names and file contents are written by others. Before one of them reaches a
terminal, a page or a file it is bounded, on one line, and free of whatever steers a terminal or hides
characters. Escaping for HTML is the page's own business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

LINE_LIMIT = 200

# ANSI sequences go whole, else "\x1b[31m" would leave a readable but puzzling "[31m" behind.
_TERMINAL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x9b[0-?]*[ -/]*[@-~]"
)
# Cc control, Cf format (bidi overrides, zero-width), Cs lone surrogates (not encodable), Co private use.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Zero-width joiner and variation selectors belong to emoji; the selectors are category Mn and stay by themselves.
_KEPT_FORMAT = frozenset("\u200d")


def clean(text: str, limit: int = LINE_LIMIT) -> str:
    """`text` as one showable line of at most `limit` characters, an ellipsis at the end where it was cut."""
    line = _without_controls(text[: limit * 4].replace("\t", " "), keep="")
    line = " ".join(line.split())
    return line if len(line) <= limit and len(text) <= limit * 4 else line[: limit - 1] + "…"


def clean_block(text: str, limit: int) -> str:
    """`text` as showable lines (line breaks kept) of at most `limit` characters altogether."""
    block = _without_controls(text[:limit].replace("\r\n", "\n"), keep="\n\t")
    return block if len(text) <= limit else block + "…"


def without_colours(text: str) -> str:
    """`text` without what only tells a terminal how to show it."""
    return _TERMINAL_SEQUENCE.sub("", text)


def _without_controls(text: str, keep: str) -> str:
    shown = text.replace("\n", "") if "\n" in keep else text
    if shown.isascii() and shown.isprintable():
        return text
    text = without_colours(text)
    return "".join(_showable(character, keep) for character in text)


def _showable(character: str, keep: str) -> str:
    if character in keep or character in _KEPT_FORMAT:
        return character
    if character in "\n\r\v\f\x85\u2028\u2029":
        return " "
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return "" if category in _UNSHOWABLE else character


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """`text` with each secret value (a key of `secrets`) replaced by the name it goes by."""
    # Longest first: "Bearer abc" must go whole before "abc" leaves a torn remainder. All in one pass: the name that
    # one secret goes by may contain the value of another.
    values = sorted(filter(None, secrets), key=len, reverse=True)
    if not values:
        return text
    return re.sub("|".join(map(re.escape, values)), lambda found: secrets[found.group()], text)


def clean_of_secrets(text: str, secrets: Mapping[str, str], limit: int = LINE_LIMIT) -> str:
    """`clean(text)` in which no secret is left: neither cut in half at the limit, nor put together by the cleaning."""
    if not secrets:
        return clean(text, limit)
    wide = limit + max(map(len, secrets))
    line = clean(without_secrets(text[: wide * 8], secrets), wide)
    return clean(without_secrets(line, secrets), limit)


def with_texts(value: Any, change: Callable[[str], Any]) -> Any:
    """A JSON or TOML value in which each text is what `change` makes of it; keys stay."""
    match value:
        case str():
            return change(value)
        case dict():
            return {key: with_texts(each, change) for key, each in value.items()}
        case list() | tuple():
            return [with_texts(each, change) for each in value]
    return value


def listed(names: Iterable[str], limit: int = 8) -> str:
    """ "a, b and c" for people; beyond `limit` names "a, b, … (12 in all)"."""
    names = tuple(names)
    if len(names) > limit:
        return f"{', '.join(names[:limit])}, … ({len(names)} in all)"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def counted(number: int, thing: str, things: str | None = None) -> str:
    """ "1 job", "9 jobs"."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def show_size(size: int) -> str:
    """Bytes for people: "0 B", "812 B", "1.4 MB" (powers of 1000, as file managers show them)."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount:.0f} TB"
