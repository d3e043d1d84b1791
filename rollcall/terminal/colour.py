"""Is a terminal coloured, and what of a line?

What is written is plain text; it is coloured as it goes out, here alone. Whatever a colour says a word says too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TextIO

from rollcall.vocabulary import CauseCode, Verdict

_RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _BOLD = "31", "32", "33", "34", "35", "1"
_OF_VERDICT = {
    Verdict.OK: _GREEN,
    Verdict.PENDING: _BLUE,
    Verdict.PAUSED: _BLUE,
    Verdict.LATE: _YELLOW,
    Verdict.UNKNOWN: _MAGENTA,
}
# Longer words first: one may begin with another.
_CODES = "|".join(sorted(CauseCode, key=len, reverse=True))
_VERDICTS = "|".join(sorted(Verdict, key=len, reverse=True))
_STAGED = r"(?:demo: |replay of [^:]+:\d\d [^:]+: )*"
_BAD_HEADLINE = re.compile(rf"{_STAGED}(?:[\d,]+ things? needs? attention|INCOMPLETE)")
# To its end: what somebody called a job is no headline.
_GOOD_HEADLINE = re.compile(
    rf"{_STAGED}(?:All [\d,]+ jobs|The one job) did (?:their|its) work"
    r"(?:, (?:\d+ of them )?late)?(?: · [\d,]+ warnings?)?(?: \(judged .*\))?$"
)
# A code at the beginning of a line, or as "cause: code"; a verdict that stands alone at the beginning or at the end.
_WORDS = re.compile(
    rf"(?P<code>(?:(?<=^)|(?<=  cause: ))(?:{_CODES})(?=[:, ]|$))"
    rf"|(?P<verdict>(?<=^)(?:{_VERDICTS})(?=  )|(?<=: )(?:{_VERDICTS})$)"
    r"|(?P<no>(?<=^  )NO(?=  ))|(?P<yes>(?<=^  )yes(?=  ))|(?P<do>(?<=^  )do:)"
)


def is_coloured(out: TextIO, environment: Mapping[str, str]) -> bool:
    """True on a terminal that knows colours, where nobody says otherwise (https://no-color.org, FORCE_COLOR)."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return out.isatty() and environment.get("TERM", "dumb") != "dumb"


def coloured(line: str) -> str:
    """A line of ours with its verdicts, causes and what to do in colour."""
    if _BAD_HEADLINE.match(line):
        return _in(line, f"{_BOLD};{_RED}")
    if _GOOD_HEADLINE.match(line):
        return _in(line, f"{_BOLD};{_GREEN}")
    return _WORDS.sub(_word, line)


def of_verdict(text: str, verdict: Verdict) -> str:
    """The text in the colour of the verdict."""
    return _in(text, _OF_VERDICT.get(verdict, _RED))


def _word(found: re.Match[str]) -> str:
    word = found[0]
    match found.lastgroup:
        case "code":
            return of_verdict(word, CauseCode(word).record.verdict or Verdict.FAILED)
        case "verdict":
            return of_verdict(word, Verdict(word))
        case "no":
            return _in(word, _RED)
        case "yes":
            return _in(word, _GREEN)
    return _in(word, _BOLD)


def _in(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"
