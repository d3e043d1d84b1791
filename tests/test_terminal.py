"""Are colours and progress where a terminal shows them, and nowhere else; and is the text the same without?"""

from __future__ import annotations

import io
import re

import pytest

from rollcall.terminal.colour import coloured, is_coloured
from rollcall.terminal.progress import Progress

_ESCAPES = re.compile(r"\x1b\[[\d;]*m")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("out", "environment", "expected"),
    [
        (_Terminal(), {"TERM": "xterm"}, True),
        (_Terminal(), {"TERM": "dumb"}, False),
        (_Terminal(), {}, False),
        (_Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_a_terminal_that_nobody_wants_plain(
    out: io.StringIO, environment: dict[str, str], expected: bool
) -> None:
    assert is_coloured(out, environment) is expected


@pytest.mark.parametrize(
    ("line", "painted"),
    [
        ("2 things need attention · 3 of 9 jobs (judged …)", "2 things need attention · 3 of 9 jobs (judged …)"),
        ("demo: replay of Wed 11 Feb 2026 07:02 CET: 1 thing needs attention · 1 of 9 jobs", None),
        ("All 9 jobs did their work (judged Wed 11 Feb 07:02 CET)", None),
        ("missed-run [haiku]: Due Wed 11 Feb 06:00 CET", "missed-run"),
        ("  cause: run-failed: it ended in error", "run-failed"),
        ("  do: Start it: `x`", "do:"),
        ("haiku: missed", "missed"),
        ("late        haiku  ran late", "late"),
        ("a job called missed-run is only a name", ""),
        ("All 9 jobs did their work, 2 of them late · 1 warning (judged Wed 11 Feb 07:02 CET)", None),
        ("1,234 things need attention · 1234 of 2,000 jobs (judged …)", None),
        ("All 9 jobs did their work  (judged now): failed", "failed"),
    ],
)
def test_what_carries_the_verdict_is_coloured_and_nothing_is_lost(line: str, painted: str | None) -> None:
    shown = coloured(line)

    assert _ESCAPES.sub("", shown) == line
    found = re.findall(r"\x1b\[[\d;]+m(.*?)\x1b\[0m", shown)
    assert found == ([line] if painted is None else [painted] if painted else [])


def test_long_work_counts_up_on_a_terminal_and_leaves_no_line() -> None:
    terminal, pipe = _Terminal(), io.StringIO()
    for out in (terminal, pipe):
        for done in range(4):
            Progress(out).show(done, 3)

    assert "asking witnesses: 2 of 3" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert pipe.getvalue() == ""
