"""When does a CronJob run, by the arithmetic of its controller?

The tables are what robfig/cron 3.0.1, the controller's own, answered to the same questions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rollcall.schedule import Engine, Schedule, read_schedule


def schedule(text: str, zone: str = "UTC") -> Schedule:
    return read_schedule(text, engine=Engine.KUBERNETES, zone=ZoneInfo(zone))


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


# In Europe/Zurich 2026 the clocks go from 02:00 to 03:00 on 29 March (01:00 UTC), back on 25 October (01:00 UTC).
MEASURED = """
30 2 * * *    | Europe/Zurich    | 2026-03-28 00:00 | 2026-03-28 01:30, 2026-03-30 00:30, 2026-03-31 00:30
30 2 * * *    | Europe/Zurich    | 2026-10-24 00:00 | 2026-10-24 00:30, 2026-10-25 00:30, 2026-10-25 01:30
30 2 * * *    | America/New_York | 2026-03-07 00:00 | 2026-03-07 07:30, 2026-03-09 06:30, 2026-03-10 06:30
30 1 * * *    | America/New_York | 2026-10-31 12:00 | 2026-11-01 05:30, 2026-11-01 06:30, 2026-11-02 06:30
*/30 2 * * *  | Europe/Zurich    | 2026-03-28 12:00 | 2026-03-30 00:00, 2026-03-30 00:30, 2026-03-31 00:00
0 * * * *     | Europe/Zurich    | 2026-10-25 00:30 | 2026-10-25 01:00, 2026-10-25 02:00, 2026-10-25 03:00
0 2 */2 * 1   | Europe/Zurich    | 2026-10-24 00:00 | 2026-10-25 00:00, 2026-10-25 01:00, 2026-10-26 01:00
0 2 1 * 1     | UTC              | 2026-05-30 00:00 | 2026-06-01 02:00, 2026-06-08 02:00, 2026-06-15 02:00
5/20 2 * * *  | UTC              | 2026-10-24 00:00 | 2026-10-24 02:05, 2026-10-24 02:25, 2026-10-24 02:45
0 2 ? * MON   | UTC              | 2026-02-11 00:00 | 2026-02-16 02:00, 2026-02-23 02:00, 2026-03-02 02:00
0 6 * JAN *   | UTC              | 2026-02-11 00:00 | 2027-01-01 06:00, 2027-01-02 06:00, 2027-01-03 06:00
"""


@pytest.mark.parametrize(
    "row", [tuple(cell.strip() for cell in line.split("|")) for line in MEASURED.strip().splitlines()]
)
def test_it_is_due_as_its_controller_has_it_also_when_clocks_change(row: tuple[str, str, str, str]) -> None:
    text, zone, start, due = row
    whole, at = schedule(text, zone), instant(start)
    for each in map(instant, due.split(", ")):
        assert whole.next_due(at) == each
        assert whole.last_due(each) == each
        at = each


@pytest.mark.parametrize(
    "text", ["0 2 * * 7", "0 2 * * FRI-SUN", "0 2 L * *", "0 2 * * mon#1", "0 60 * * *", "*/0 * * * *"]
)
def test_what_it_does_not_take_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nothing a CronJob takes"):
        schedule(text)
    assert schedule("0 2 * * sun").in_words() == "Sunday at 02:00"
