"""When is the last grace of the morning over, and what does another clock show then?"""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rollcall.install.moment import look_at, machine_zone, shown_in, skipped_on, sure_from
from rollcall.roll.load import load
from rollcall.roll.roll import Roll

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)

# Each row is a roll of jobs: "id: schedule + grace + max_runtime", parted by " | ".
LOOKS = [
    # the house's own: haiku decides, the exports are judged the next morning
    ("haiku: 0 6 * * * + 15 min + 10 min | md: 0 8 * * * + 15 min + 10 min", "06:30", "haiku", "md"),
    # a limit on a round time is waited for, and a little longer
    ("sync: 0 4 * * * + 15 min + 30 min", "04:50", "sync", ""),
    ("sync: 0 4 * * * + 15 min + 28 min", "04:45", "sync", ""),
    ("sync: 0 4 * * * + 15 min + 28 min 1 s", "04:50", "sync", ""),
    # due 06:59 is of the night, 07:00 no longer
    ("night: 59 6 * * * + 0 s + 1 h", "08:05", "night", ""),
    ("a: 0 6 * * * + 0 s + 1 h | b: 0 7 * * * + 0 s + 1 h", "07:05", "a", "b"),
    # nothing in the night: then what is due before noon; nothing there either: the first coffee
    ("md: 0 8 * * * + 15 min + 10 min | json: 0 10 * * * + 15 min + 10 min", "10:30", "json", ""),
    ("weekly: 0 20 * * sun + 15 min + 10 min", "07:00", None, "weekly"),
    # begun the evening before; after 4 h 30 min clocks show 04:00, and 05:00 in the night that skips an hour
    ("backup: 30 23 * * * + 30 min + 4 h", "05:05", "backup", ""),
    # a run that may take until the afternoon is not waited for
    ("haiku: 0 6 * * * + 15 min + 10 min | long: 0 5 * * * + 1 h + 8 h", "06:30", "haiku", "long"),
    # the rarest run decides too, so that no morning is too early
    ("haiku: 0 6 * * * + 15 min + 10 min | monthly: 0 6 1 * * + 15 min + 1 h", "07:20", "monthly", ""),
    # due all day long: never waited for
    ("haiku: 0 6 * * * + 15 min + 10 min | often: 50 * * * * + 5 min + 5 min", "06:30", "haiku", ""),
    ("haiku: 0 6 * * * + 15 min + 10 min | four: 0 1,4,6,14 * * * + 1 h + 1 h", "06:30", "haiku", ""),
    ("three: 0 2,6,14 * * * + 0 s + 10 min", "06:15", "three", "three"),
]


def roll_of(folder: Path, jobs: str, zone: str = "Europe/Zurich", extra: str = "") -> Roll:
    file = folder / "jobs.toml"
    text = f'timezone = "{zone}"\n'
    for job in jobs.split(" | "):
        name, _, rest = job.partition(": ")
        schedule, grace, runtime = rest.split(" + ")
        text += f'[jobs.{name}]\nschedule = "{schedule}"\ngrace = "{grace}"\nmax_runtime = "{runtime}"\n{extra}\n'
        text += f'[jobs.{name}.output]\npath = "out/{name}-*"\n'
    file.write_text(text, encoding="utf-8")
    return load(file, environment={})


@pytest.mark.parametrize(("jobs", "at", "decides", "next_day"), LOOKS)
def test_the_look_comes_after_the_last_grace_of_the_morning(
    tmp_path: Path, jobs: str, at: str, decides: str | None, next_day: str
) -> None:
    look = look_at(roll_of(tmp_path, jobs), now=NOW)

    assert (f"{look.at:%H:%M}", look.last.job.id if look.last else None) == (at, decides)
    assert " ".join(each.job.id for each in look.not_yet) == next_day


@pytest.mark.parametrize("day", ["2026-02-11", "2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25", "2026-12-31"])
def test_the_same_look_is_found_on_every_day_of_the_year(tmp_path: Path, day: str) -> None:
    """Else `--check` would call a unit wrong of which nothing was changed."""
    often = "haiku: 0 6 * * * + 15 min + 10 min | often: 0 0,6,12,18 * * * + 15 min + 4 h"
    roll = roll_of(tmp_path, often)

    looks = {look_at(roll, now=datetime.fromisoformat(f"{day}T{hour:02}:30+00:00")).at for hour in range(0, 24, 5)}

    assert looks == {time(6, 30)}


@pytest.mark.parametrize(
    ("due", "at"),
    [
        # New York's 20:00 is 02:00 in Zurich, and 01:00 in the weeks when only one of the two has changed its clocks.
        # Done by 02:30; 02:35 is skipped in spring.
        ("0 20 * * *", "03:05"),
        ("30 0 * * *", "07:05"),  # 06:30, and 05:30 in those weeks
    ],
)
def test_a_job_of_another_zone_is_waited_for_all_year(tmp_path: Path, due: str, at: str) -> None:
    roll = roll_of(tmp_path, f"job: {due} + 0 s + 30 min", extra='timezone = "America/New_York"')

    look = look_at(roll, now=NOW)
    too_early = [
        due_at
        for due_at in roll.jobs[0].schedule.due_between(NOW, datetime(2027, 2, 11, tzinfo=UTC))
        if (local := roll.jobs[0].due_run(due_at).finish_by.astimezone(ZURICH)).time() > look.at and local.hour < 12
    ]

    assert f"{look.at:%H:%M}" == at
    assert too_early == []


def test_a_time_that_was_wished_for_is_kept_and_told_to_be_early(tmp_path: Path) -> None:
    roll = roll_of(tmp_path, "haiku: 0 6 * * * + 15 min + 10 min")

    early, late = (look_at(roll, now=NOW, wished=time(*at)) for at in ((6, 10), (9, 0)))

    assert (early.at, early.is_early, [each.job.id for each in early.not_yet]) == (time(6, 10), True, ["haiku"])
    assert (late.at, late.is_early, late.not_yet) == (time(9), False, ())


# Clock changes: Zurich skips 02:00-03:00 on 29 March 2026 and shows it twice on 25 October.
@pytest.mark.parametrize(
    ("face", "now", "day", "instead"),
    [
        ("01:59", "2026-02-11", None, "01:59"),
        ("02:00", "2026-02-11", "2026-03-29", "03:00"),
        ("02:30", "2026-02-11", "2026-03-29", "03:00"),
        ("02:59", "2026-06-01", "2027-03-28", "03:29"),  # shown twice on 25 October, which does no harm
        ("03:00", "2026-02-11", None, "03:00"),
    ],
)
def test_no_look_falls_into_an_hour_that_is_skipped(face: str, now: str, day: str | None, instead: str) -> None:
    at, then = time.fromisoformat(face), datetime.fromisoformat(f"{now}T00:00+00:00")

    skipped = skipped_on(at, ZURICH, then)

    assert (str(skipped) if skipped else None, f"{sure_from(at, ZURICH, then):%H:%M}") == (day, instead)


@pytest.mark.parametrize(
    ("look", "of", "machine", "shows", "seen_as"),
    [
        ("06:30", "Europe/Zurich", "Europe/Zurich", "06:30", "06:30"),
        ("06:30", "Europe/Zurich", "UTC", "05:30", "06:30 07:30"),
        ("06:30", "Europe/Zurich", "America/New_York", "01:30", "06:30 07:30"),
        ("00:30", "Europe/Zurich", "UTC", "23:30", "00:30 01:30"),  # the day before
        ("06:30", "UTC", "Europe/Zurich", "08:30", "06:30 07:30"),
        ("06:30", "Asia/Kolkata", "UTC", "01:00", "06:30"),
        ("06:30", "Europe/Zurich", "Australia/Lord_Howe", "16:30", "06:30 07:30 08:00"),
        ("08:30", "Europe/Zurich", "America/New_York", "03:30", "08:30 09:30"),
        ("07:30", "Europe/Zurich", "America/New_York", "03:00", "08:00 09:00"),  # 02:30 is skipped there on 8 March
    ],
)
@pytest.mark.parametrize("now", ["2026-02-11", "2026-03-29", "2026-07-01", "2026-10-25"])
def test_a_clock_of_another_zone_never_shows_it_too_early(
    look: str, of: str, machine: str, shows: str, seen_as: str, now: str
) -> None:
    then = datetime.fromisoformat(f"{now}T12:00+00:00")

    shown = shown_in(ZoneInfo(machine), time.fromisoformat(look), ZoneInfo(of), then)

    assert (f"{shown.at:%H:%M}", " ".join(f"{each:%H:%M}" for each in shown.seen_as)) == (shows, seen_as)


def test_the_machines_zone_is_that_of_its_clock(tmp_path: Path) -> None:
    zones = tmp_path / "zoneinfo" / "Europe"
    zones.mkdir(parents=True)
    rules = next(each for each in _zone_files("Europe/Zurich"))
    (zones / "Zurich").write_bytes(rules)
    (tmp_path / "linked").symlink_to(zones / "Zurich")
    (tmp_path / "copied").write_bytes(rules)
    (tmp_path / "broken").write_bytes(b"no rules")

    keys = [machine_zone(tmp_path / name).key for name in ("linked", "copied", "broken", "missing")]

    assert keys == ["Europe/Zurich", "this machine's zone", "UTC", "UTC"]
    assert NOW.astimezone(machine_zone(tmp_path / "copied")).hour == 6


def _zone_files(key: str) -> list[bytes]:
    from zoneinfo import TZPATH

    return [(Path(folder) / key).read_bytes() for folder in TZPATH if (Path(folder) / key).exists()]
