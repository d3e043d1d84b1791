"""Does a real folder whose names strftime itself has written tell every run, in any zone, where clocks change too?"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.jobs_toml import read
from fixtures.left_behind import A_MOMENT, said
from fixtures.one_morning import Told
from rollcall.ask import gather
from rollcall.roll.roll import Roll
from rollcall.schedule.answers import due_between

JOBS = """
timezone = "{zone}"
[jobs.x]
schedule = "{cron}"
look_back = "4 d"
output = {{ path = "out/{path}", dated = "{dated}", timezone = "{clock}" }}
"""
PATHS = [
    "x-%F.csv", "x-%F_%H-%M.csv", "x-%Y%m%dT%H%M%S%z.csv", "x-%F-%I%M%p*.csv", "x-%s.csv", "x-%d-%b-%y.csv", "x-%a.csv",
    "%G-W%V/x-%u.csv", "%Y/%j/x.csv", "%Y/%m/%d/part-*.csv", "%Y/x-%m%d-%H.csv", "%F/%H/x.csv", "snap-%F/",
]  # fmt: skip
# the zone of the schedule | that of the clock in the name | when | the last day, with a clock change or a year's end
ZONES = """
Europe/Zurich       | Europe/Zurich       | 30 2 * * *  | 2026-03-29
Europe/Zurich       | Europe/Zurich       | 30 2 * * *  | 2026-10-25
Europe/Zurich       | UTC                 | 50 23 * * * | 2026-10-25
Asia/Kolkata        | Asia/Kolkata        | 0 6 * * *   | 2026-12-31
America/New_York    | Asia/Kolkata        | 15 12 * * * | 2026-11-01
Australia/Lord_Howe | Australia/Lord_Howe | 0 2 * * *   | 2026-04-05
Australia/Lord_Howe | Europe/Zurich       | 0 6 * * *   | 2026-10-04
Africa/Casablanca   | Africa/Casablanca   | 0 6 * * *   | 2026-02-15
Africa/Casablanca   | Europe/Zurich       | 0 6 * * *   | 2026-03-22
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in ZONES.strip().splitlines()]


def written_for(due_at: datetime, before: datetime, dated: str, clock: ZoneInfo) -> datetime:
    """What the name of the file of the run due then says."""
    if dated == "previous day":
        wall = due_at.astimezone(clock)
        return datetime.combine(wall.date() - timedelta(days=1), wall.time(), tzinfo=clock)
    at = {"run": due_at + A_MOMENT, "due": due_at, "previous due": before}[dated]
    return at.astimezone(clock)


def look(roll: Roll, now: datetime) -> tuple[str, str | None]:
    return said(Told(roll=roll, evidence=gather(roll.jobs, [], now=now, clock=lambda: now), now=now))


@pytest.mark.parametrize("dated", ["run", "due", "previous due", "previous day"])
@pytest.mark.parametrize(("zone", "clock", "cron", "last_day"), ROWS, ids=[f"{row[1]} {row[3]}" for row in ROWS])
def test_every_run_is_told_by_its_name_and_the_one_that_left_none_is_missed(
    tmp_path: Path, zone: str, clock: str, cron: str, last_day: str, dated: str
) -> None:
    wrong = []
    for number, path in enumerate(PATHS):
        folder = tmp_path / f"{number}"
        (folder / "out").mkdir(parents=True)
        roll = read(folder, JOBS.format(zone=zone, cron=cron, path=path, dated=dated, clock=clock))
        midnight = datetime.fromisoformat(last_day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        dues = due_between(roll.job("x").schedule, midnight - timedelta(days=8), midnight + timedelta(days=1))
        now = roll.job("x").due_run(dues[-1]).finish_by + timedelta(minutes=1)
        found = []
        for before, due_at in pairwise(dues):
            if due_at == dues[-1]:
                found = [look(roll, now)]
            names = written_for(due_at, before, dated, ZoneInfo(clock))
            name = names.strftime(path.replace("%s", f"{names.timestamp():.0f}").replace("*", "a7"))
            file = folder / "out" / (f"{name}inside" if path.endswith("/") else name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("some data")
            os.utime(file, ((due_at + A_MOMENT).timestamp(),) * 2)
        found.append(look(roll, now))
        if found[0][0] not in ("missed", "bad-output") or found[1] != ("ok", None):
            wrong.append((path, found))

    assert wrong == []
