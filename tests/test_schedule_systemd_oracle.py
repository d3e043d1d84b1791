"""Does the engine `systemd` agree with `systemd-analyze calendar`, over generated expressions and many zones?

Each zone is asked around both of its clock changes and at some other time, with many expressions a process. One
disagreement is one too many. systemd-analyze shows whole seconds, so those are compared.
"""

import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from rollcall.schedule import Engine, Schedule, read_schedule

# Half-hour zones, southern ones, one that changes by half an hour, two that change at midnight. Not those whose
# winter time is the "daylight saving" one (Dublin, Casablanca): systemd before 258 loses its way there on that night.
CHANGES = {
    "UTC": (),
    "Africa/Cairo": ("2026-04-24", "2026-10-29"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "America/Santiago": ("2026-04-05", "2026-09-06"),
    "America/St_Johns": ("2026-03-08", "2026-11-01"),
    "Asia/Beirut": ("2026-03-29", "2026-10-25"),
    "Asia/Kathmandu": (),
    "Australia/Adelaide": ("2026-04-05", "2026-10-04"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Europe/London": ("2026-03-29", "2026-10-25"),
    "Europe/Zurich": ("2026-03-29", "2026-10-25"),
    "Pacific/Auckland": ("2026-04-05", "2026-09-27"),
    "Pacific/Chatham": ("2026-04-05", "2026-09-27"),
}
# What the manual shows, and what each rule of the grammar can be seen by.
ALWAYS = (
    "minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly",
    "02:30", "00:30", "*:0/15", "0..4:0/10:0", "*-*-* 23,0..3:20,50", "*-*~01", "*-*~07/2 4:05",
    "Mon *-05~07/1", "*-02~03", "*-02-29", "2024..2032/4-02-29 12:00", "Sat,Thu,Mon..Wed,Sat..Sun", "Wed, 17:48",
    "Mon,Fri *-01/2-01,3 *:30:45", "05:40:23.4200004..59/3.1700005", "*-*-*", "12..14:10,20,30",
    "*-*~1..6/2", "*:*:0..59/7.5", "*:*:3/12", "daily UTC", "02:30 America/New_York", "4/8:00", "1..5/10:00",
    "@1790000000",
)  # fmt: skip
SHOWN = re.compile(r"(?:Next elapse|Iter\. #\d+|\(in UTC\)): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC$", re.MULTILINE)
HOUR = timedelta(hours=1)
NUMBER = 14

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here")


def asked(expressions: list[str], zone: str, base: datetime) -> dict[str, list[datetime]]:
    """When each of them elapses next after *base*, by systemd-analyze; those of which it can say it."""
    options = [f"--iterations={NUMBER}", f"--base-time={base:%Y-%m-%d %H:%M:%S} UTC"]
    answer = subprocess.run(
        ["systemd-analyze", "calendar", *options, *expressions],
        env={**os.environ, "TZ": zone, "LC_ALL": "C"}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    # Its own fault on nights in spring, with steps that leave the day ("0/7:01"): it says nothing then, and its timer
    # does not elapse again.
    unsaid = re.findall(r"Failed to determine next elapse for '(.*)': Resource deadlock avoided", answer.stderr)
    assert not re.findall("Failed to parse.*", answer.stderr)
    sections = answer.stdout.split("Normalized form:")[1:]
    said = [each for each in expressions if each not in unsaid]
    assert len(sections) == len(said)
    assert len(unsaid) < len(said) / 10
    return {
        text: [datetime.fromisoformat(at).replace(tzinfo=UTC) for at in SHOWN.findall(section)]
        for text, section in zip(said, sections, strict=True)
    }


# Generated expressions ------------------------------------------------------------------------------------------------


def component(draw: random.Random, low: int, high: int, *, most: int | None = None, even: bool = True) -> str:
    """A number, a list, a range or steps of *low* to *high*, of which those up to *most* come up often."""
    near = high if most is None or draw.random() < 0.4 else most
    kinds = ["number", "number", "list", "range", "stepped", "every"]
    match draw.choice(kinds if even else kinds[:-1]):
        case "number":
            return f"{draw.randint(low, near):0{draw.choice([1, 2])}}"
        case "list":
            return ",".join(str(draw.randint(low, near)) for _ in range(draw.randint(2, 5)))
        case "range":
            start = draw.randint(low, near - 1)
            return f"{start}..{draw.randint(start + 1, near)}"
        case "stepped":
            start = draw.randint(low, near - 1)
            end = draw.randint(start + 1, near)
            return f"{start}..{end}/{draw.randint(1, end - start)}"
    step = draw.choice([each for each in range(1, high + 1 - low) if (high + 1 - low) % each == 0])
    return f"{draw.randint(low, high - step)}/{step}"


def or_any(draw: random.Random, share: float, otherwise: str) -> str:
    return "*" if draw.random() < share else otherwise


def expression(draw: random.Random) -> str:
    words = []
    if draw.random() < 0.3:
        first, second = sorted(draw.sample(range(7), 2))
        names = ["Mon", "tue", "Wednesday", "Thu", "Fri", "SAT", "Sun"]
        words.append(f"{names[first]}{draw.choice(['..', ','])}{names[second]}")
    if draw.random() < 0.7:
        year = or_any(draw, 0.8, draw.choice(["2026", "2026..2030", "2024/4", "26,27"]))
        month = or_any(draw, 0.7, component(draw, 1, 12))
        mark = draw.choice("----~")
        days = component(draw, 1, 31 if mark == "-" else 9, even=False)
        words.append(f"{year}-{month}{mark}{or_any(draw, 0.5, days)}")
    # Where days are counted from the end systemd may take the second showing of an hour in autumn.
    hours = (
        component(draw, 5, 22, even=False)
        if "~" in "".join(words)
        else or_any(draw, 0.25, component(draw, 0, 23, most=4))
    )
    minutes = or_any(draw, 0.15, component(draw, 0, 59))
    seconds = draw.choice(["", "", "", ":00", f":{component(draw, 0, 59)}", ":0..59/12.5"])
    words.append(f"{hours}:{minutes}{seconds}")
    if draw.random() < 0.1:
        words.append(draw.choice(["UTC", "Europe/London", "Australia/Lord_Howe"]))
    return " ".join(words)


def bases_of(zone: str, draw: random.Random) -> Iterator[datetime]:
    """Moments before each change, on it, and some other one."""
    for day in CHANGES[zone]:
        midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        yield midnight - draw.randint(2, 30) * HOUR
        yield midnight - timedelta(minutes=draw.randint(70, 120))
    yield datetime(2026, 1, 1, tzinfo=UTC) + draw.randint(0, 5 * 8760) * HOUR


@pytest.mark.parametrize("zone", CHANGES)
def test_it_agrees_with_systemd_analyze(zone: str) -> None:
    draw = random.Random(os.environ.get("ROLLCALL_SEED", "") + zone)
    compared = 0
    for base in bases_of(zone, draw):
        texts = list(dict.fromkeys([*ALWAYS, *(expression(draw) for _ in range(50))]))
        for text, expected in asked(texts, zone, base).items():
            schedule = _read(text, zone)
            if schedule is None:
                assert expected == [], text
                continue
            found = list(islice(schedule.due_after(base), NUMBER))
            shown = [at.replace(microsecond=0) for at in found]
            assert shown == expected, f"{text!r} in {zone} from {base}"
            _assert_looking_back_agrees(schedule, found, base)
            compared += len(found)
    assert compared > 500


def _read(text: str, zone: str) -> Schedule | None:
    """The schedule; None where no such date exists, which systemd finds out when it looks for one."""
    try:
        return read_schedule(text, engine=Engine.SYSTEMD, zone=ZoneInfo(zone))
    except ValueError as refused:
        if "no such date exists" not in str(refused):
            raise
        return None


def _assert_looking_back_agrees(schedule: Schedule, dues: list[datetime], base: datetime) -> None:
    instant = timedelta(microseconds=1)
    for earlier, later in pairwise(dues):
        assert schedule.last_due(later - instant) == earlier
        assert schedule.next_due(earlier) == later
    for due in dues:
        assert schedule.last_due(due) == due
        assert schedule.is_due_at(due)
    if dues:
        before = schedule.last_due(dues[0] - instant)
        assert before is None or (before <= base and schedule.next_due(before) == dues[0])
