"""How far apart may two witnesses be and still tell of the same run? To the second, on both sides."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from fixtures.one_morning import TEXT, made, morning
from rollcall.vocabulary import CauseCode

# In winter, and on the days on which the clocks change: when the run of today was due, and its offset.
DAYS = pytest.mark.parametrize(
    "due",
    ["2026-02-11T06:00:00+01:00", "2026-03-29T06:00:00+02:00", "2026-10-25T06:00:00+01:00"],
    ids=["winter", "spring", "autumn"],
)


def after(due: str, **span: float) -> str:
    return (datetime.fromisoformat(due) + timedelta(**span)).isoformat()


@DAYS
@pytest.mark.parametrize(
    ("seconds", "verdict", "code"),
    [
        # It ended at 06:00:17, so that nobody will complete what was written by then, or by a clock a little ahead.
        (-7, "bad-output", CauseCode.TRUNCATED_OUTPUT),
        (0, "bad-output", CauseCode.TRUNCATED_OUTPUT),
        (10, "bad-output", CauseCode.TRUNCATED_OUTPUT),
        # Somebody still writes after its end.
        (10.000001, "pending", None),
        (60, "pending", None),
    ],
)
def test_a_broken_output_is_told_before_the_limit_once_nobody_will_complete_it(
    due: str, seconds: float, verdict: str, code: CauseCode | None
) -> None:
    half = made(after(due, seconds=10), TEXT[:20], mtime=after(due, seconds=17 + seconds))
    ended = datetime.fromisoformat(after(due, seconds=17))
    utc = (ended - (ended.utcoffset() or timedelta(0))).replace(tzinfo=None).isoformat()

    inside = morning(now=after(due, minutes=5), since=after(due, hours=-1), last_execution=utc, files=[half])
    at_its_limit = inside.seen_at(after(due, minutes=25))

    assert (inside.job.verdict, inside.code) == (verdict, code)
    assert (at_its_limit.job.verdict, at_its_limit.code) == ("bad-output", CauseCode.TRUNCATED_OUTPUT)


@DAYS
@pytest.mark.parametrize(("seconds", "is_proven"), [(-121, False), (-120, True), (0, True), (120, True), (121, False)])
def test_a_record_read_in_the_wrong_zone_is_proven_by_an_output_made_within_two_minutes_of_it(
    due: str, seconds: float, is_proven: bool
) -> None:
    """It says 06:05:17, meant as the clock of Zurich and read as UTC."""
    clock = datetime.fromisoformat(after(due, minutes=5, seconds=17)).replace(tzinfo=None).isoformat()
    output = made(after(due, minutes=5, seconds=17 + seconds))
    told = morning(now=after(due, hours=3), last_execution=clock, files=[output])

    assert (told.code is CauseCode.WRONG_TIMEZONE) == is_proven
