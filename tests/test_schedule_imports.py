"""Which libraries does a process load only where a schedule needs them?"""

import subprocess
import sys

NEEDS_NEITHER = """
import datetime, sys, zoneinfo
from rollcall.schedule import Engine, read_schedule
from rollcall.schedule.days_off import DaysOff

read_schedule("0 6 * * *", engine=Engine.CRON, zone=zoneinfo.ZoneInfo("UTC"))
DaysOff(is_business=True).holds(datetime.date(2026, 2, 14))
print({"apscheduler", "holidays"} & set(sys.modules))
"""


def test_neither_apscheduler_nor_the_holidays_are_loaded_where_nobody_asks_for_them() -> None:
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", NEEDS_NEITHER], env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("set()\n", "")
