"""Does a year of ordinary sizes raise an alarm, and are real faults found while there is time to fix them?

Through the real judge, morning by morning. `ROLLCALL_FULL_YEAR=1` looks at ten times as many jobs.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fixtures.one_morning import haiku_job, scheduler_of
from fixtures.year_of_sizes import Habits, Night, mornings, nights, some_job
from rollcall.causes.explain import Cause
from rollcall.vocabulary import CauseCode

JOBS = 240 if os.environ.get("ROLLCALL_FULL_YEAR") else 24
HISTORY = scheduler_of(
    "etl",
    {
        "kind": "json",
        "url": "http://etl:4200",
        "jobs": {"ask": "/jobs", "each": "jobs", "id": "id", "next_run": "next_run"},
        "runs": {"ask": "/runs", "each": "runs", **{each: each for each in ("job", "started", "ended", "status")}},
        "words": {"success": ["success"], "failed": ["failed"], "running": ["running"]},
    },
)
JOB = haiku_job(
    scheduler=HISTORY,
    max_runtime="3 h",
    max_size="20 GB",
    look_back="1 h",
    keeps=None,
    must_contain=(),
    must_not_contain=(),
    must_change=False,
)


def year_of(seed: int) -> Iterator[tuple[Night, Cause | None]]:
    is_young = seed % 2 == 1
    runs = nights(some_job(seed), seed)
    return mornings(JOB, runs[:365], first=0) if is_young else mornings(JOB, runs)


def test_a_year_of_ordinary_sizes_and_durations_has_less_than_one_warning_a_job() -> None:
    """A warning that stays for five mornings counts five times. Every other job is new to all."""
    told = Counter[str]()
    for seed in range(JOBS):
        told.update(cause.code if cause else "" for _, cause in year_of(seed))
    warnings = sum(number for code, number in told.items() if code)

    assert told.total() == JOBS * 365
    assert 0 < warnings < JOBS, told


# Real faults ----------------------------------------------------------------------------------------------------------

STEADY, SHOP = Habits(noise=0.02, jitter=0.1), Habits(noise=0.1, week=(1, 1, 1, 1, 1.2, 0.7, 0.5))
# The run in which it begins, a Wednesday.
_BEGINS = 200


def with_fault(habits: Habits, change: Callable[[int], float], *, of: str) -> list[tuple[int, Cause]]:
    """What mornings warn of, and in which run of the fault; `change` is what run n of it does to size or time."""
    runs = [
        night if number < _BEGINS else _changed(night, change(number - _BEGINS + 1), of)
        for number, night in enumerate(nights(habits, 7, days=_BEGINS + 90))
    ]
    found = enumerate((cause for _, cause in mornings(JOB, runs, first=_BEGINS)), 1)
    return [(number, cause) for number, cause in found if cause]


def _changed(night: Night, times: float, of: str) -> Night:
    if of == "size":
        return replace(night, size=round(night.size * times))
    return replace(night, took=night.took * times)


@pytest.mark.parametrize(
    ("habits", "change", "of", "by_run", "code"),
    [
        # It loses a tenth of its rows each day: a third is gone.
        (STEADY, lambda n: 0.9**n, "size", 4, CauseCode.SHRINKING_OUTPUT),
        (SHOP, lambda n: 0.9**n, "size", 10, CauseCode.SHRINKING_OUTPUT),
        # 3 % a day, and 1 %.
        (STEADY, lambda n: 0.97**n, "size", 14, CauseCode.SHRINKING_OUTPUT),
        (STEADY, lambda n: 0.99**n, "size", 56, CauseCode.SHRINKING_OUTPUT),
        (SHOP, lambda n: 0.99**n, "size", 80, CauseCode.SHRINKING_OUTPUT),
        # At once: to 40 %, and to the schema without its rows.
        (STEADY, lambda n: 0.4, "size", 1, CauseCode.SHRINKING_OUTPUT),
        (STEADY, lambda n: 0.05, "size", 1, CauseCode.SHRUNKEN_OUTPUT),
        (SHOP, lambda n: 0.05, "size", 1, CauseCode.SHRUNKEN_OUTPUT),
        # It takes 5 % longer each day, of 20 min usually: three hours are reached in the 46th run. 3 % each day.
        (STEADY, lambda n: 1.05**n, "took", 12, CauseCode.SLOWING),
        (STEADY, lambda n: 1.03**n, "took", 25, CauseCode.SLOWING),
        # Of some 80 MB, doubled each week: 20 GB are reached in the 8th.
        (STEADY, lambda n: 2 ** (n / 7), "size", 14, CauseCode.GROWING_OUTPUT),
    ],
)
def test_a_real_fault_is_found_early(
    habits: Habits, change: Callable[[int], float], of: str, by_run: int, code: CauseCode
) -> None:
    warned = with_fault(habits, change, of=of)

    number, cause = warned[0]
    assert (cause.code, number <= by_run) == (code, True), (number, cause.sentence)
