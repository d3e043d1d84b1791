"""Which of the names that must be inside an archive or a folder are there?"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from unicodedata import normalize


class Inside:
    """Notes the names of what is inside, one after the other; `found` tells of each wanted one whether it is there.

    A wanted name may have wildcards, which stand for no "/" and match a leading dot only where they follow one. It is
    held against the end of a name: "_SUCCESS" is found in whatever folder inside, "2026/*.csv" in whatever folder of
    that name. Names are compared as Unicode composes them (NFC).
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        self.found = dict.fromkeys(wanted, False)
        self._missing = {each: normalize("NFC", each).strip("/").split("/") for each in self.found}

    def note(self, name: str) -> None:
        """That something of that name is inside."""
        if not self._missing:
            return
        parts = normalize("NFC", name).strip("/").split("/")
        for wanted in [each for each, pattern in self._missing.items() if _matches(parts, pattern)]:
            self.found[wanted] = True
            del self._missing[wanted]


def _matches(parts: list[str], pattern: list[str]) -> bool:
    parts = parts[-len(pattern) :]
    return len(parts) == len(pattern) and all(
        fnmatchcase(part, wanted) and (part[:1] != "." or wanted[:1] == ".")
        for part, wanted in zip(parts, pattern, strict=True)
    )
