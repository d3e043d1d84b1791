"""Is it told what is right by itself, and most likely not what was meant, and nothing else?"""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.jobs_toml import DAILY, HEAD, ZURICH, read
from rollcall.roll.doubts import doubts


def told(folder: Path, text: str) -> dict[str, tuple[str, ...]]:
    return doubts(read(folder, text))


def of_paths(folder: Path, **paths: str) -> dict[str, tuple[str, ...]]:
    """What is told of daily jobs that leave these, each its own."""
    jobs = "".join(f"[jobs.{name}]\n{DAILY}output = {{ path = '{path}' }}\n" for name, path in paths.items())
    return told(folder, ZURICH + jobs)


@pytest.mark.parametrize("path", ["*", "out/*", "out/*.*", "./out/*.csv", "a-*/*.tar.gz", "out/?*"])
def test_a_path_that_takes_every_file_is_doubtful(tmp_path: Path, path: str) -> None:
    assert of_paths(tmp_path, a=path) == {
        "a": (f"{path} matches every file there with that ending: any of them passes for its output",)
    }


@pytest.mark.parametrize("path", ["out/*-db.csv", "out/db-*", "out/%F/*", "out/%F.*", "out/latest.json"])
def test_a_path_that_says_more_is_not(tmp_path: Path, path: str) -> None:
    assert of_paths(tmp_path, a=path) == {}


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("db-*", "db-full-%F.gz"),
        ("db-*.gz", "db-full-*.gz"),
        ("out/w*.csv", "out/web-%Y%m%d.csv"),
        ("out/w*.csv", "out/world.csv"),
        ("./out/w*.csv", "{folder}/a/../out/world.csv"),
        ("out/*/x-*.csv", "out/web/x-%F.csv"),
        ("x-%d", "x-%H"),
        ("x-*", "x-?"),
        ("caf*", "cafe\u0301-*"),
    ],
)
def test_a_path_that_takes_the_files_of_another_job_is_doubtful(tmp_path: Path, wide: str, narrow: str) -> None:
    found = of_paths(tmp_path, a=wide, b=narrow.format(folder=tmp_path))

    assert found["a"] == (f"{wide} takes the files of b too: those pass for its own. Write a narrower path",)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("db-*.gz", "web-*.gz"),
        ("out/w*.csv", "out/web-%F.json"),
        ("out/w*.csv", "else/web-%F.csv"),
        ("out/w*.csv", "out/a/web-%F.csv"),
        ("out/*/x-*", "out/x-%F"),
        ("x-%F", "x-%H%M"),
        ("a-*", ".a-%F"),
    ],
)
def test_paths_that_share_no_file_are_not(tmp_path: Path, one: str, another: str) -> None:
    assert of_paths(tmp_path, a=one, b=another) == {}


def test_several_of_one_job_are_told_apart_too(tmp_path: Path) -> None:
    outputs = "output = [{ path = 'x-*' }, { path = 'x-err-*' }]\n"

    assert told(tmp_path, f"{ZURICH}[jobs.a]\n{DAILY}{outputs}") == {
        "a": ("x-* takes the files of another output of its own too: those pass for its own. Write a narrower path",)
    }


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        (f'{DAILY}grace = "24 h"', "grace reaches the next run, 1 d later"),
        (f'{DAILY}max_runtime = "40 d"', "max_runtime reaches the next run, 1 d later"),
        (f'{DAILY}grace = "23 h"', None),  # but for the night in spring
        ('schedule = "*/15 * * * *"\ngrace = "15 min"', "grace reaches the next run, 15 min later"),
        ('schedule = "*/15 * * * *"', "grace reaches the next run, 15 min later"),
        ('schedule = "*/20 * * * *"', None),
        ('schedule = "0 */6 * * *"\ndone_by = "06:00"', "done_by reaches the next run, 6 h later"),
        ('schedule = "0 22 * * *"\ndone_by = "06:30"', None),
        ('every = "6 h"\ngrace = "7 h"', "grace reaches the next run, 6 h later"),
        ('after = "first"\nwithin = "25 h"', "within reaches the next run, 1 d later"),
        ('after = "first"\nwithin = "2 h"', None),
    ],
)
def test_a_limit_that_reaches_the_next_run_is_doubtful(tmp_path: Path, lines: str, doubt: str | None) -> None:
    first = f"[jobs.first]\n{DAILY}output = {{ path = 'y-%F' }}\n"
    found = told(tmp_path, f"{ZURICH}{first}[jobs.a]\n{lines}\noutput = {{ path = 'x-%F-%H%M' }}\n")

    missing = "a late run passes for that one, and a missing one shows only after it"
    assert found == ({"a": (f"{doubt}: {missing}",)} if doubt else {})


def test_what_is_to_change_and_is_kept_alone_is_doubtful(tmp_path: Path) -> None:
    output = "output = { path = 'x-%F', keeps = 1, must_change = true }"

    assert told(tmp_path, f"{ZURICH}[jobs.a]\n{DAILY}{output}") == {
        "a": ("keeps = 1 of x-%F leaves no earlier file, so that must_change has nothing to hold it against",)
    }


def test_jobs_that_their_scheduler_calls_alike_are_doubtful(tmp_path: Path) -> None:
    evening = '[jobs.b]\nname = "x"\nschedule = "0 18 * * *"\n'

    assert told(tmp_path, f'{HEAD}[jobs.a]\nname = "x"\n{DAILY}{evening}') == {
        "a": ("x is what its scheduler calls b too: a run of it counts for all",),
        "b": ("x is what its scheduler calls a too: a run of it counts for all",),
    }
