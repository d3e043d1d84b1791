"""In which order is a person told of what is wrong? What did not run first, what may be well last."""

from __future__ import annotations

from pathlib import Path

from fixtures.house import House
from rollcall.report.cause_groups import group_by_cause

# The worst first; what did not run cannot be cured by waiting, and what could not be looked at may be well.
WORST_FIRST = ("failed", "missed", "stuck", "bad-output", "late", "unknown")


def add(house: House, verdict: str) -> None:
    """A job of that name with that verdict."""
    house.add(verdict, output="out/*.md" if verdict == "bad-output" else None)
    match verdict:
        case "failed":
            house.says(verdict, last_status="error")
        case "missed":
            house.says(verdict, last_execution="2026-02-10T05:00:17")
        case "stuck":
            house.says(verdict, last_execution="2026-02-10T05:00:17", last_status="running")
        case "bad-output":
            house.leaves(verdict, "a.md", size=0)
        case "late":
            house.says(verdict, last_execution="2026-02-11T05:50:17")
        case "unknown":
            house.says(verdict, last_status="who knows")


def test_the_worst_is_told_first_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    for declared in (WORST_FIRST, WORST_FIRST[::-1]):
        house = House(tmp_path)
        for verdict in declared:
            add(house, verdict)
        told = group_by_cause(house.morning())

        assert [str(each.verdict) for each in told] == list(WORST_FIRST)
        assert [each.jobs[0].job.id for each in told] == list(WORST_FIRST)
