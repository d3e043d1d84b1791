"""Is refused what can never be red, with the cure, and nothing that can?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, JOB, ZURICH, mistakes, read

NOW = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
OWN = '[schedulers.own]\nkind = "json"\nurl = "http://h"\n'
RUNS = '[schedulers.own.runs]\nask = "/runs"\njob = "job"\n'
LATEST = "output = { path = 'latest.json' }\n"


def window(when: str = "0 5 * * *", lasts: str = "2 h", more: str = "") -> str:
    return f'[[windows]]\nwhen = "{when}"\nlasts = "{lasts}"\nreason = "patching"\n{more}\n'


def refused(folder: Path, text: str) -> str:
    (told,) = mistakes(folder, text, now=NOW)
    return told


# Nothing is ever owed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            "since = 2026-02-11T06:02:01Z",
            (
                "jobs.haiku.since = 2026-02-11 06:02:01+00:00: is in the future, and until then nothing could be "
                "missed. Write paused instead."
            ),
        ),
        (
            'paused = { until = 2027-02-13, reason = "x" }',
            (
                "jobs.haiku.paused.until = 2027-02-13: is more than a year ahead, and nobody would miss it till then. "
                "Write a nearer day."
            ),
        ),
        (
            window(),
            "jobs.haiku: never due: it is due only during maintenance (patching), when nothing is owed. Take some out.",
        ),
        (
            f"business_days = true\n{window('0 5 * * mon-fri')}",
            (
                "jobs.haiku: never due: it is due only on weekends and during maintenance (patching), when nothing is "
                "owed. Take some out."
            ),
        ),
        (
            window("0 */2 * * *", "2 h"),
            (
                'windows.0.lasts = "2 h": never closes: it opens again 2 h later, and nothing would be owed at all. '
                "Write less."
            ),
        ),
        (window("* * * * *", "1 min"), None),
        (window("0 22 * * sat", "7 d"), None),
        (window("0 0 1 * *", "31 d"), None),
    ],
)
def test_a_job_that_nothing_is_ever_owed_of_is_refused(tmp_path: Path, lines: str, mistake: str | None) -> None:
    told = refused(tmp_path, f"{HEAD}{JOB}{lines}")

    assert told == mistake or (mistake is None and ": never closes: it opens again " in told)


@pytest.mark.parametrize(
    "lines",
    [
        "since = 2026-02-11T06:02:00Z",
        'paused = { until = 2027-02-12, reason = "x" }',
        "skip_dates = [2026-12-24]\nbusiness_days = true\nholidays = 'CH-ZH'",
        window("0 22 * * sat", "6 d"),
        window("0 5 1-30 * *"),  # what is left are the 31sts
        window("0 6 * * *", "0.1 s", more="tag = 'x'\n[jobs.x]\nscheduler = 'aime'\ntags = ['x']\nevery = '24 h'"),
    ],
)
def test_a_job_that_something_is_owed_of_now_and_then_is_none_of_those(tmp_path: Path, lines: str) -> None:
    assert read(tmp_path, f"{HEAD}{JOB}{lines}", now=NOW).jobs


def test_what_lay_in_the_future_when_a_morning_was_recorded_is_held_against_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, f"{HEAD}{JOB}since = 2999-01-01T00:00:00Z", is_replay=True).jobs


# Nobody can tell ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (f"{ZURICH}{AIME}{JOB}", "jobs.haiku.output: nothing to look at. Give the job a scheduler or an output."),
        (
            f'{ZURICH}{OWN}[schedulers.own.jobs]\nask = "/jobs"\nid = "id"\n{JOB}scheduler = "own"',
            (
                "jobs.haiku.output: its scheduler reports no runs, so nothing would show whether it did its work. "
                "Give the job an output, or the scheduler a table runs."
            ),
        ),
        (
            f'{HEAD}{JOB}min_runtime = "10 s"',
            (
                'jobs.haiku.min_runtime = "10 s": its scheduler does not report when a run began, so this would '
                "never apply. Take it out."
            ),
        ),
        (
            f'{ZURICH}{OWN}{RUNS}started = "begun"\n{JOB}scheduler = "own"\nmin_runtime = "10 s"',
            (
                'jobs.haiku.min_runtime = "10 s": its scheduler does not report when a run ended, so this would '
                "never apply. Take it out."
            ),
        ),
        (
            f'{HEAD}{JOB}late_start = "fail"',
            (
                'jobs.haiku.late_start = "fail": its scheduler does not report when a run began, so this would '
                "never apply. Take it out."
            ),
        ),
        (
            f'{ZURICH}{JOB}proof = "start"\noutput = {{ path = "x-*" }}',
            'jobs.haiku.proof = "start": speaks of the record of a scheduler, and this job has none. Take it out.',
        ),
        (
            f"{HEAD}{JOB}rerun = true".replace('url = "http', 'trigger = 3\nurl = "http'),
            "schedulers.aime.trigger = 3: must be text in quotes.",
        ),
        (
            f'{ZURICH}{OWN}{RUNS}ended = "ended"\n{JOB}scheduler = "own"\nrerun = true',
            (
                "jobs.haiku.rerun = true: its scheduler has no trigger, so nothing can be re-run. "
                "Write trigger in its table."
            ),
        ),
    ],
)
def test_what_nobody_could_tell_is_refused(tmp_path: Path, text: str, mistake: str) -> None:
    assert refused(tmp_path, text) == mistake


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            'path = "x-*"\nformat = "zip"\nmust_contain = ["a"]',
            'must_contain = […]: is asked of text, and format = "zip" holds none. Take one of them out.',
        ),
        ('path = "x-*"\nformat = "zip"\nmust_not_contain = ["a"]', None),
        (
            'path = "x-*"\nmust_contain = ["# Title"]\nmust_not_contain = ["b", "# Title"]',
            'must_not_contain = […]: "# Title" is in must_contain too, and both cannot hold. Take one out.',
        ),
        (
            'path = "x-*"\nmust_contain = ["caf\u00e9"]\nmust_not_contain = ["cafe\u0301"]',
            'must_not_contain = […]: "cafe\u0301" is in must_contain too, and both cannot hold. Take one out.',
        ),
        (
            'path = "x-*"\nmust_contain = ["ERROR: none"]\nmust_not_contain = ["ERROR"]',
            'must_not_contain = […]: "ERROR" is in must_contain too, and both cannot hold. Take one out.',
        ),
        (
            'path = "x"\nfiles = 3',
            "files = 3: path names one file, of which there are never more. Write a wildcard, or take this out.",
        ),
        ('path = "x"\nfiles = 1', None),
        (
            'path = "x"\nmust_change = true',
            "must_change = true: each run overwrites the one file of path. Let each write its own, or take this out.",
        ),
    ],
)
def test_what_no_content_could_be_held_to_is_refused(tmp_path: Path, lines: str, mistake: str | None) -> None:
    told = refused(tmp_path, f"{HEAD}{JOB}[jobs.haiku.output]\n{lines}")

    assert told.startswith("jobs.haiku.output.")
    if mistake is not None:
        assert told == f"jobs.haiku.output.{mistake}"


@pytest.mark.parametrize(
    "lines",
    [
        'path = "x-*"\nmin_size = "0 B"',
        'path = "x-*"\nmin_size = "0 B"\nformat = "any"\nmust_contain = ["a"]',
        'path = "x"\nmust_contain = ["a"]',
        'path = "x-*"\nformat = "json"\nmust_contain = ["a"]\nmust_not_contain = ["ab"]',
        'path = "x-%F"\nfiles = 1\nkeeps = 1\nmust_change = true',
    ],
)
def test_what_content_can_be_held_to_is_read(tmp_path: Path, lines: str) -> None:
    assert read(tmp_path, f"{HEAD}{JOB}[jobs.haiku.output]\n{lines}").jobs


STARTS = f'{RUNS}started = "begun"\n'
ENDS = f'{RUNS}ended = "ended"\n'
MINE = f'{JOB}scheduler = "own"\n'
PAGED = ENDS.replace("/runs", "/runs?at={cursor}")
EVERY = f'{ZURICH}[jobs.haiku]\nevery = "6 h"\noutput = {{ path = "x-*" }}\n'


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            f'{ZURICH}{OWN}{STARTS}{MINE}late = "warn"\nlate_start = "fail"',
            (
                'jobs.haiku.late_start = "fail": is not red where late = "warn". Write late = "fail" too, '
                "or take this out."
            ),
        ),
        (
            f'{ZURICH}{OWN}{STARTS}{MINE}done_by = "07:00"\nlate_start = "fail"',
            'jobs.haiku.late_start = "fail": speaks of grace, and this job has done_by instead. Take it out.',
        ),
        (
            f'{ZURICH}{OWN}{STARTS}{MINE}max_runtime = "1 h"\nproof = "start"',
            (
                'jobs.haiku.proof = "start": a start is enough, and no end is reported, so max_runtime would never '
                "apply. Take one of them out."
            ),
        ),
        (
            f'{ZURICH}{JOB}partial = "fail"\noutput = {{ path = "x-*" }}',
            'jobs.haiku.partial = "fail": speaks of the record of a scheduler, and this job has none. Take it out.',
        ),
        (
            f'{ZURICH}{OWN}{ENDS}{MINE}partial = "fail"',
            (
                'jobs.haiku.partial = "fail": its scheduler does not report how a run went, so this would never apply. '
                "Take it out."
            ),
        ),
        (
            f'{ZURICH}{OWN}{ENDS}[schedulers.own.words]\nfailed = ["X"]\n{MINE}',
            (
                "schedulers.own.words = {…}: its runs have no status, so no word would apply. "
                'Write status = "…" in its table runs.'
            ),
        ),
        (
            f'{EVERY}anchor = 2026-01-01T00:00:00Z\njitter = "5 min"',
            (
                'jobs.haiku.jitter = "5 min": counts each run from the one before it, so that anchor would never '
                "count. Take one of them out."
            ),
        ),
        (
            f'{HEAD}{JOB}owes = "each"',
            (
                'jobs.haiku.owes = "each": its scheduler keeps the last run alone, so nothing could be known of '
                "earlier ones. Take it out."
            ),
        ),
        (
            f'{HEAD}{JOB}owes = "each"\n{LATEST}',
            (
                'jobs.haiku.owes = "each": its scheduler keeps the last run alone, so nothing could be known of '
                "earlier ones. Take it out."
            ),
        ),
        (
            f'{HEAD}{JOB}[alert]\napprise = ["json://h"]\nheaders = {{ X = "y" }}',
            "alert.headers: are sent along to the webhook, and there is none. Write webhook, or take them out.",
        ),
        (
            f"{HEAD}[schedulers.aime.memory]\ndatabase = 'sqlite:///x.db'\ndeclare = ['*']\n{JOB}",
            (
                "schedulers.aime.memory.declare = […]: is asked of the scheduler itself, and not of its memory. "
                "Move it there."
            ),
        ),
        (
            f'{ZURICH}{OWN}{ENDS}cursor = "next"\n{MINE}',
            (
                "schedulers.own: runs.cursor is sent nowhere, so that only the first page would come. "
                "Write {cursor} in its ask."
            ),
        ),
        (
            f"{ZURICH}{OWN}{PAGED}{MINE}",
            ('schedulers.own: runs sends {cursor}, and says not where it is. Write cursor = "…" in that table.'),
        ),
        (
            f'{ZURICH}{OWN}{PAGED}cursor = "c"\ntotal = "n"\n{MINE}',
            (
                "schedulers.own: runs.cursor says where its pages end, so that total would never count. "
                "Take one of them out."
            ),
        ),
    ],
)
def test_a_key_that_another_one_would_silence_is_refused(tmp_path: Path, text: str, mistake: str) -> None:
    assert refused(tmp_path, text) == mistake


@pytest.mark.parametrize(
    "text",
    [
        f'{ZURICH}[defaults]\nlate_start = "fail"\n{OWN}{STARTS}{MINE}late = "warn"',
        f'{ZURICH}{OWN}{STARTS}{MINE}max_runtime = "1 h"\nproof = "start"\noutput = {{ path = "x-*" }}',
        f'{ZURICH}[defaults]\nmax_runtime = "1 h"\n{OWN}{STARTS}{MINE}proof = "start"',
        f'{ZURICH}[defaults]\nowes = "each"\nscheduler = "aime"\n{AIME}{JOB}',
        f'{HEAD}{JOB}owes = "each"\noutput = {{ path = "x-*" }}',
        f"{HEAD}[schedulers.aime.words]\nfailed = ['broken']\n{JOB}",
    ],
)
def test_what_a_default_says_is_no_more_than_that_and_what_both_hold_is_read(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text, now=NOW).jobs


def test_runtimes_that_cannot_both_hold_are_refused(tmp_path: Path) -> None:
    own = f'{ZURICH}{OWN}{RUNS}started = "begun"\nended = "ended"\n{JOB}scheduler = "own"\nmin_runtime = "1 h"\n'

    assert refused(tmp_path, own) == (
        'jobs.haiku.min_runtime = "1 h": is longer than max_runtime, and both cannot hold. Write less.'
    )
    # Neither of these has a max_runtime.
    assert read(tmp_path, f'{own}done_by = "09:00"').jobs
    assert read(tmp_path, f'{own}after = "b"\nwithin = "2 h"\n[jobs.b]\n{DAILY}scheduler = "own"'.replace(DAILY, "", 1))


# Too late to tell -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "apart"),
    [
        ('schedule = "*/15 * * * *"', "15 min after the one before, whose time (grace and max_runtime)"),
        ('schedule = "*/15 6 * * *"\ngrace = "24 h"', "23 h 15 min after the one before"),
        ('every = "30 min"', "30 min after the one before"),
        ('every = "45 min"', "45 min after the one before"),
        (f'{DAILY}grace = "23 h"\nmax_runtime = "1 h"', "1 d after the one before"),
        ('schedule = "0 */6 * * *"\ndone_by = "06:30"', None),
    ],
)
def test_an_output_that_is_always_overwritten_before_its_time_is_over_is_refused(
    tmp_path: Path, lines: str, apart: str | None
) -> None:
    """What is wrong with it would show only then, and nobody else could tell of an end before."""
    text = f"{ZURICH}[jobs.a]\n{lines}\n{LATEST}"
    if apart is None:
        # The run of 06:00 has until 06:30, and the next is due at 12:00.
        assert read(tmp_path, text).jobs
        return
    told = refused(tmp_path, text)

    assert told.startswith('jobs.a.output.path = "latest.json": each run overwrites it, ')
    assert apart in told
    assert told.endswith("so its result would not be known. Write less, or a path with date fields.")


@pytest.mark.parametrize(("keeps", "is_refused"), [(2, True), (3, True), (4, False)])
def test_an_output_that_retention_always_takes_before_its_time_is_over_is_refused(
    tmp_path: Path, keeps: int, is_refused: bool
) -> None:
    """It has 45 minutes, and a run every 15."""
    text = f"{ZURICH}[jobs.a]\nschedule = '*/15 * * * *'\noutput = {{ path = 'x-*', keeps = {keeps} }}"
    if not is_refused:
        assert read(tmp_path, text).jobs
        return

    assert refused(tmp_path, text) == (
        f"jobs.a.output.keeps = {keeps}: a file is gone {keeps * 15} min after it was due, and its time (grace and "
        "max_runtime) is not over then, so its result would not be known. Write less, or keep more."
    )


def test_what_follows_a_job_is_overwritten_as_often_as_that(tmp_path: Path) -> None:
    first = f'{ZURICH}[jobs.a]\n{DAILY}output = {{ path = "a-%F" }}\n'

    assert "(within)" in refused(tmp_path, f'{first}[jobs.b]\nafter = "a"\nwithin = "24 h"\n{LATEST}')
    assert read(tmp_path, f'{first}[jobs.b]\nafter = "a"\nwithin = "23 h"\n{LATEST}').jobs


@pytest.mark.parametrize(
    "text",
    [
        f"{ZURICH}[jobs.a]\nschedule = '0 * * * *'\n{LATEST}",  # 45 min are over before the next
        f"{ZURICH}[jobs.a]\nschedule = '*/15 6 * * *'\n{LATEST}",  # the last of the day is told
        f"{ZURICH}[jobs.a]\nschedule = '*/15 * * * *'\noutput = {{ path = 'x-%F-%H%M' }}",
        f"{HEAD}[jobs.a]\nschedule = '*/15 * * * *'\n{LATEST}",  # the record tells its end at once
        f"{HEAD}[jobs.a]\nschedule = '*/15 * * * *'",  # a failure and a scheduler that is dead show
    ],
)
def test_limits_that_reach_beyond_the_next_run_are_read_where_each_or_the_last_is_told(
    tmp_path: Path, text: str
) -> None:
    assert read(tmp_path, text).jobs


# Nobody would be alerted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "alert_after", "keeps", "is_refused"),
    [
        ("0 6 * * *", "2 of 3", "24 h", False),
        ("0 6 * * *", "3 of 3", "24 h", True),
        ("0 6 1 * *", "2 of 2", "27 d", True),
        ("0 6 1 * *", "2 of 2", "28 d", False),  # February's
        ("0 6 * * mon", "30 of 30", "365 d", False),
        ("0 6 1 * *", "30 of 30", "365 d", True),
        ("0 6 1 * *", "1 of 30", "24 h", False),
        ("* * * * *", "30 of 30", "24 h", False),
    ],
)
def test_an_alert_that_needs_more_runs_than_the_history_keeps_is_refused(
    tmp_path: Path, schedule: str, alert_after: str, keeps: str, is_refused: bool
) -> None:
    job = f"[jobs.a]\nschedule = '{schedule}'\nalert_after = '{alert_after}'\n"
    text = f"{HEAD}{job}[history]\nkeeps = '{keeps}'"
    if not is_refused:
        assert read(tmp_path, text).jobs
        return

    assert refused(tmp_path, text).startswith(
        f'jobs.a.alert_after = "{alert_after}": that many runs span more time than the history keeps ('
    )


def test_what_follows_a_job_is_alerted_of_by_what_the_history_keeps_of_that_one(tmp_path: Path) -> None:
    first = "[jobs.a]\nschedule = '0 6 1 * *'\n[jobs.b]\nafter = 'a'\nwithin = '1 h'\nalert_after = '2 of 2'\n"

    assert refused(tmp_path, f"{HEAD}{first}[history]\nkeeps = '27 d'").startswith(
        'jobs.b.alert_after = "2 of 2": that many runs span more time than the history keeps (27 d)'
    )
    assert read(tmp_path, f"{HEAD}{first}[history]\nkeeps = '28 d'").jobs


# More than anybody could judge ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "look_back", "fitting"),
    [
        ('schedule = "* * * * *"', "13 d", None),
        ('schedule = "* * * * *"', "14 d", "13 d"),
        ('schedule = "*/5 * * * *"', "69 d", None),
        ('schedule = "*/5 * * * *"', "70 d", "69 d"),
        ('schedule = "* 6 * * *"', "300 d", None),  # sixty a day, however near they are to each other
        ('schedule = "* * * * mon"', "60 d", None),
        ('every = "1 min"', "14 d", "13 d"),
        ('every = "1 h"', "800 d", None),
        ('every = "1 h"', "900 d", "833 d"),
        (DAILY, "3650 d", None),
    ],
)
def test_a_look_back_holds_no_more_than_20_000_due_runs(
    tmp_path: Path, lines: str, look_back: str, fitting: str | None
) -> None:
    text = f'{HEAD}[jobs.a]\n{lines}\nlook_back = "{look_back}"\n'
    if fitting is None:
        assert read(tmp_path, text).jobs
        return

    assert refused(tmp_path, text) == (
        f'jobs.a.look_back = "{look_back}": holds more than 20,000 due runs. Write at most "{fitting}".'
    )


def test_a_look_back_of_the_file_is_told_of_the_file_with_whose_it_is(tmp_path: Path) -> None:
    text = f'look_back = "14 d"\n{HEAD}{JOB}[jobs.often]\nschedule = "* * * * *"\n'

    assert refused(tmp_path, text) == (
        'look_back = "14 d": for jobs.often: holds more than 20,000 due runs. Write at most "13 d".'
    )
