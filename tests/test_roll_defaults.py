"""Do [defaults] say what every job says unless it says otherwise, and is a mistake in them told once?"""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, ZURICH, mistakes, read
from rollcall.schedule import Every

MINUTE = timedelta(minutes=1)
TWO = f'[jobs.a]\n{DAILY}scheduler = "aime"\n[jobs.b]\n{DAILY}scheduler = "aime"\n'


def test_a_default_is_said_by_every_job_that_does_not_say_otherwise(tmp_path: Path) -> None:
    defaults = '[defaults]\ngrace = "5 min"\ntags = ["x", "y"]\nowner = "platform"\n'
    a, b = read(tmp_path, f'{ZURICH}{AIME}{defaults}{TWO}grace = "6 min"\ntags = ["z"]\nowner = ""\n').jobs

    assert (a.grace, a.tags, a.owner) == (5 * MINUTE, ("x", "y"), "platform")
    # Keys replace, and lists are not joined.
    assert (b.grace, b.tags, b.owner) == (6 * MINUTE, ("z",), "")


def test_a_default_of_outputs_is_one_of_each_output_and_makes_none(tmp_path: Path) -> None:
    defaults = '[defaults.output]\nmin_size = "200 B"\nmust_contain = ["x"]\nkeeps = 5\n'
    one = f'[jobs.one]\n{DAILY}[jobs.one.output]\npath = "one-*"\nmin_size = "1 B"\nmust_contain = ["y"]\n'
    several = f"[jobs.two]\n{DAILY}[[jobs.two.output]]\npath = 'a-*'\n[[jobs.two.output]]\npath = 'b-*'\nkeeps = 6\n"
    alone, two, none = read(
        tmp_path, f'{ZURICH}{AIME}{defaults}{one}{several}[jobs.none]\nscheduler = "aime"\n{DAILY}'
    ).jobs

    assert [(each.min_size, each.must_contain, each.keeps) for each in alone.outputs] == [(1, ("y",), 5)]
    assert [(each.min_size, each.must_contain, each.keeps) for each in two.outputs] == [
        (200, ("x",), 5),
        (200, ("x",), 6),
    ]
    assert none.outputs == ()


@pytest.mark.parametrize(
    ("defaults", "own", "words"),
    [
        ('every = "6 h"', DAILY, "every day at 06:00"),
        ('every = "6 h"\nanchor = 2026-02-11T06:00:00Z', DAILY, "every day at 06:00"),
        (DAILY, 'every = "6 h"', "every 6 h"),
        (f"{DAILY}business_days = true", 'after = "other"\nwithin = "2 h"', "after other"),
        ('after = "other"\nwithin = "1 h"', DAILY, "every day at 06:00"),
        ('after = "other"\nwithin = "1 h"\ngrace = "5 min"\njitter = "1 min"', "", "after other"),
        ('grace = "5 min"\nmax_runtime = "1 h"\njitter = "1 min"\n', 'after = "other"\nwithin = "2 h"', "after other"),
    ],
)
def test_a_jobs_own_way_of_being_due_takes_the_place_of_the_defaults(
    tmp_path: Path, defaults: str, own: str, words: str
) -> None:
    other = f'[jobs.other]\nscheduler = "aime"\n{DAILY}'
    job, _ = read(tmp_path, f'{ZURICH}{AIME}[defaults]\n{defaults}\n[jobs.a]\nscheduler = "aime"\n{own}\n{other}').jobs

    assert job.schedule.in_words() == words


def test_the_anchor_of_the_defaults_is_that_of_a_jobs_own_interval(tmp_path: Path) -> None:
    defaults = '[defaults]\nscheduler = "aime"\nevery = "6 h"\nanchor = 2026-02-11T06:00:00Z\n'
    schedule = read(tmp_path, f'{ZURICH}{AIME}{defaults}[jobs.a]\nevery = "8 h"\n').jobs[0].schedule

    assert isinstance(schedule, Every)
    assert not schedule.floats


@pytest.mark.parametrize(
    ("defaults", "own", "limits"),
    [
        ('grace = "5 min"\nmax_runtime = "1 h"', 'done_by = "06:30"', (time(6, 30), 15 * MINUTE, 30 * MINUTE)),
        ('done_by = "06:30"', 'grace = "5 min"', (None, 5 * MINUTE, 30 * MINUTE)),
        ('done_by = "06:30"', 'max_runtime = "1 h"', (None, 15 * MINUTE, 60 * MINUTE)),
        ('done_by = "06:30"', "", (time(6, 30), 15 * MINUTE, 30 * MINUTE)),
    ],
)
def test_a_jobs_own_limit_takes_the_place_of_one_that_excludes_it(
    tmp_path: Path, defaults: str, own: str, limits: tuple[time | None, timedelta, timedelta]
) -> None:
    head = f'{ZURICH}{AIME}[defaults]\nscheduler = "aime"\n'
    job = read(tmp_path, f"{head}{defaults}\n[jobs.a]\n{DAILY}{own}\n").jobs[0]

    assert (job.done_by, job.grace, job.max_runtime) == limits


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("defaults", "mistake"),
    [
        ('grace = "30"', 'defaults.grace = "30": no unit. Write "30 min" or "30 s".'),
        ('grase = "30 min"', "defaults.grase: unknown key. Did you mean grace?"),
        ('scheduler = "aimee"', 'defaults.scheduler = "aimee": no such scheduler. Did you mean "aime"?'),
        ("paused = true", "defaults.paused = true: must be a table. Write [defaults.paused] above its keys."),
        ("output = 3", "defaults.output = 3: must be a table. Write [defaults.output] above its keys."),
        ("output = [{}]", "defaults.output = […]: must be a table. Write [defaults.output] above its keys."),
        ("output = { pth = 'x' }", "defaults.output.pth: unknown key. Did you mean path?"),
        ("output = { min_size = '5' }", 'defaults.output.min_size = "5": no unit. Write "5 B" or "5 kB".'),
        (
            "output = { must_contain = [''] }",
            'defaults.output.must_contain.0 = "": every file contains the empty text. Remove the "".',
        ),
        ("skip_dates = [1]", "defaults.skip_dates.0 = 1: is not a day. Write it such as 2026-03-01."),
        ('every = "1 s"\n', None),
    ],
)
def test_a_mistake_in_the_defaults_is_told_once_where_it_stands(
    tmp_path: Path, defaults: str, mistake: str | None
) -> None:
    jobs = "".join(f"[jobs.j{each}]\nscheduler = 'aime'\noutput = {{ path = '{each}-*' }}\n" for each in range(50))
    due = "" if "every" in defaults else DAILY
    (told,) = mistakes(tmp_path, f"{ZURICH}{AIME}[defaults]\n{due}{defaults}\n{jobs}")

    if mistake is not None:
        assert told == mistake
    else:
        assert told.startswith('defaults.every = "1 s": ')


def test_a_mistake_in_defaults_that_no_job_takes_up_is_told_too(tmp_path: Path) -> None:
    text = f'{ZURICH}{AIME}[defaults]\ngrace = 5\n[defaults.output]\nkeeps = 0\n[jobs.a]\n{DAILY}scheduler = "aime"\n'

    assert mistakes(tmp_path, f'{text}grace = "5 min"') == [
        "defaults.grace = 5: must be text in quotes.",
        "defaults.output.keeps = 0: must be at least 1.",
    ]


def test_a_mistake_in_defaults_hides_no_other(tmp_path: Path) -> None:
    text = f'{HEAD}[jobs.a]\n{DAILY}needs = ["bb"]\n[jobs.b]\n{DAILY}max_runtime = 3\n'
    text = text.replace("[defaults]\n", "[defaults]\ngrace = 5\n")

    assert [each.partition(" = ")[0] for each in mistakes(tmp_path, text)] == [
        "defaults.grace",
        "jobs.b.max_runtime",
        "jobs.a.needs.0",
    ]


def test_a_default_that_some_jobs_cannot_have_is_told_once_with_whose_it_is(tmp_path: Path) -> None:
    hourly = "".join(f'[jobs.h{each}]\nevery = "1 h"\nscheduler = "aime"\n' for each in range(5))
    told = mistakes(tmp_path, f'{ZURICH}{AIME}[defaults]\njitter = "2 h"\n{TWO}{hourly}')

    assert told == [
        (
            'defaults.jitter = "2 h": for jobs.h0, jobs.h1, jobs.h2, … (5 in all): '
            "reaches the next run, 1 h later, so the two could not be distinguished. Write less."
        )
    ]


def test_defaults_that_exclude_each_other_are_told_once(tmp_path: Path) -> None:
    told = mistakes(tmp_path, f'{ZURICH}{AIME}[defaults]\ndone_by = "06:30"\ngrace = "5 min"\n{TWO}')

    assert told == [
        ('defaults.done_by = "06:30": for jobs.a and jobs.b: replaces grace and max_runtime. Take grace out, or this.')
    ]


def test_what_only_the_defaults_say_of_records_holds_where_it_can(tmp_path: Path) -> None:
    """Of AIME nobody knows when a run began; a scheduler beside it may tell."""
    defaults = '[defaults]\nmin_runtime = "5 s"\nlate_start = "fail"\nproof = "start"\n'

    assert len(read(tmp_path, f"{ZURICH}{AIME}{defaults}{TWO}").jobs) == 2
