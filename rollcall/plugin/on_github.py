"""What is left for GitHub Actions where it runs the checks: a summary of the step, and annotations on its output?

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from rollcall.morning import Morning
from rollcall.plugin.ending import Ending
from rollcall.plugin.options import NAGIOS

_SUMMARY = "GITHUB_STEP_SUMMARY"


def _is_there() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def summarize(morning: Morning | None, ending: Ending, notes: Sequence[str]) -> str | None:
    """Adds the morning to the step's summary. Returns what kept it from that, in one line."""
    if not _is_there():
        return None
    from rollcall.sinks.github import render_refusal, render_step_summary

    if morning is None:
        return _append(render_refusal(ending.interruption or ""))
    return _append(render_step_summary(morning, notes=notes, **ending.told))


def annotated(morning: Morning | None, ending: Ending) -> list[str]:
    """The lines of output that annotate the run; none elsewhere."""
    if not _is_there():
        return []
    from rollcall.sinks.github import annotate_refusal, render_annotations

    return render_annotations(morning, **ending.told) if morning else annotate_refusal(ending.interruption or "")


def refuse(config: pytest.Config, problem: str) -> None:
    """Tells of a run that ends before there is a terminal to tell it."""
    if not _is_there():
        return
    from rollcall.sinks.github import annotate_refusal, render_refusal

    _append(render_refusal(problem))
    if not config.getoption(NAGIOS):
        print(*annotate_refusal(problem), sep="\n", flush=True)


def _append(markdown: str) -> str | None:
    file = os.environ.get(_SUMMARY)
    if not file:
        return None
    try:
        # Other commands of the step may have written there before.
        with open(file, "a", encoding="utf-8", errors="replace") as stream:
            stream.write(f"{markdown}\n")
    except OSError as problem:
        return f"the summary for GitHub was not written: {problem.strerror or problem}"
    return None
