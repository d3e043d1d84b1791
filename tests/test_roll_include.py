"""Do several files make up one roll, each with its own defaults and its own relative paths?"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, JOB, ZURICH, mistakes, read, write
from rollcall.roll.load import load
from rollcall.roll.read_files import LARGEST
from rollcall.schedulers.sql import Sql

INCLUDE = 'include = ["jobs.d/*.toml"]\n'


def include(*patterns: str) -> str:
    return "include = [" + ", ".join(f'"{each}"' for each in patterns) + "]\n"


def more(folder: Path, **files: str) -> None:
    """Files in jobs.d, by their names."""
    (folder / "jobs.d").mkdir(exist_ok=True)
    write(folder / "jobs.d", **files)


def test_included_files_declare_jobs_and_schedulers_as_the_first_one_does(tmp_path: Path) -> None:
    more(tmp_path, a=f"[jobs.a]\nscheduler = 'second'\n{DAILY}", b=f"[jobs.b]\nscheduler = 'aime'\n{DAILY}")
    write(tmp_path, schedulers=AIME.replace("aime]", "second]"))
    roll = read(tmp_path, include("schedulers.toml", "jobs.d/*.toml") + HEAD + JOB)

    assert [scheduler.id for scheduler in roll.schedulers] == ["aime", "second"]
    assert [(job.id, job.scheduler and job.scheduler.id) for job in roll.jobs] == [
        ("haiku", "aime"),
        ("a", "second"),
        ("b", "aime"),
    ]
    assert list(roll.written) == ["jobs.toml", "schedulers.toml", "jobs.d/a.toml", "jobs.d/b.toml"]


def test_a_first_file_need_not_declare_a_job_of_its_own(tmp_path: Path) -> None:
    more(tmp_path, a=f"[jobs.a]\nscheduler = 'aime'\n{DAILY}")
    assert [job.id for job in read(tmp_path, INCLUDE + ZURICH + AIME).jobs] == ["a"]

    more(tmp_path, a="")
    assert mistakes(tmp_path, INCLUDE + ZURICH + AIME)[0].startswith("jobs: declares no job")


def test_defaults_are_those_of_their_own_file(tmp_path: Path) -> None:
    more(tmp_path, a=f"[defaults]\ngrace = '1 min'\n[jobs.a]\nscheduler = 'aime'\n{DAILY}")
    haiku, a = read(tmp_path, f"{INCLUDE}{HEAD}{JOB}".replace("[defaults]\n", "[defaults]\nmax_runtime = '1 h'\n")).jobs

    assert (haiku.grace, haiku.max_runtime) == (timedelta(minutes=15), timedelta(hours=1))
    assert (a.grace, a.max_runtime) == (timedelta(minutes=1), timedelta(minutes=30))


def test_a_zone_and_a_look_back_are_inherited_unless_a_file_has_its_own(tmp_path: Path) -> None:
    job = f"scheduler = 'aime'\n{DAILY}"
    own = f"timezone = 'Asia/Kolkata'\nlook_back = '3 d'\n[jobs.own]\n{job}"
    more(tmp_path, a=f"[jobs.none]\n{job}", b=own)
    _, none, own_job = read(tmp_path, f"{INCLUDE}look_back = '2 d'\n{HEAD}{JOB}").jobs

    assert (none.zone.key, none.look_back) == ("Europe/Zurich", timedelta(days=2))
    assert (own_job.zone.key, own_job.look_back) == ("Asia/Kolkata", timedelta(days=3))


def test_relative_paths_are_those_of_the_file_in_which_they_stand(tmp_path: Path) -> None:
    memory = "[schedulers.second.memory]\ndatabase = 'sqlite:///app.db'\n"
    job = f"[jobs.a]\nscheduler = 'second'\n{DAILY}output = {{ path = 'out/x-*' }}\n"
    more(tmp_path, a=f"{AIME.replace('aime]', 'second]')}{memory}{job}")
    roll = read(tmp_path, f"{INCLUDE}{HEAD}{JOB}output = {{ path = 'out/x-*' }}")
    haiku, a = roll.jobs
    second = roll.scheduler("second").memory

    assert haiku.output is not None
    assert a.output is not None
    assert (haiku.output.folder, a.output.folder) == (tmp_path / "out", tmp_path / "jobs.d/out")
    assert isinstance(second, Sql)
    assert str(second._url) == f"sqlite:///{tmp_path}/jobs.d/app.db"


def test_a_replay_has_the_folders_of_the_place_that_was_recorded(tmp_path: Path) -> None:
    more(tmp_path, a=f"[jobs.a]\n{DAILY}output = {{ path = 'x-*' }}\n")
    roll = read(tmp_path, f"{INCLUDE}{HEAD}{JOB}", is_replay=True, root=Path("/srv/aime"))
    output = roll.job("a").output

    assert output is not None
    assert output.folder == Path("/srv/aime/jobs.d")


def test_windows_of_the_first_file_are_meant_for_all_and_those_of_another_for_its_own(tmp_path: Path) -> None:
    window = '[[windows]]\nwhen = "0 22 * * sat"\nlasts = "12 h"\nreason = "{}"\n'
    job = f"scheduler = 'aime'\n{DAILY}"
    more(tmp_path, a=f"{window.format('theirs')}[jobs.a]\n{job}", b=f"[jobs.b]\n{job}")
    haiku, a, b = read(tmp_path, INCLUDE + HEAD + window.format("ours") + JOB).jobs

    assert haiku.schedule.in_words() == b.schedule.in_words() == "every day at 06:00, but not during maintenance (ours)"
    assert a.schedule.in_words() == "every day at 06:00, but not during maintenance (ours, theirs)"


# Which files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (("jobs.d/*.toml",), ["a", "b"]),
        (("jobs.d/b.toml", "jobs.d/a.toml"), ["b", "a"]),
        (("jobs.d/b.toml", "jobs.d/*.toml"), ["b", "a"]),
        (("./jobs.d/../jobs.d/a.toml",), ["a"]),
        (("*/?.toml",), ["a", "b"]),
        (("jobs.d/*",), ["a", "b"]),  # its folder and its hidden file are none that are meant
        (("*.toml", "jobs.d/[a]*"), ["a"]),  # and it finds itself
        (("{folder}/jobs.d/a.toml",), ["a"]),
    ],
)
def test_patterns_are_relative_to_the_file_and_find_each_file_once(
    tmp_path: Path, patterns: tuple[str, ...], found: list[str]
) -> None:
    more(tmp_path, **{name: f"[jobs.{name}]\nscheduler = 'aime'\n{DAILY}" for name in ("a", "b")})
    (tmp_path / "jobs.d/folder").mkdir()
    (tmp_path / "jobs.d/.hidden.toml").write_text("not TOML")
    text = include(*(each.format(folder=tmp_path) for each in patterns)) + ZURICH + AIME

    assert [job.id for job in read(tmp_path, text).jobs] == found


@pytest.mark.parametrize(
    ("pattern", "mistake"),
    [
        ("jobs.d/*.tml", ('include.0 = "jobs.d/*.tml": finds no file. Write one that is there, relative to this file, '
         "or take it out.")),
        ("nothing.toml", 'include.0 = "nothing.toml": finds no file.'),
        ("", 'include.0 = "": names no file. Write such as "jobs.d/*.toml".'),
        ("jobs.d/", 'include.0 = "jobs.d/": finds no file.'),
        ("..", 'include.0 = "..": names no file.'),
        ("a\\u0000b", 'include.0 = "ab": names no file.'),
        ("**/*.toml", 'include.0 = "**/*.toml": has "**", and no search goes to any depth.'),
        ("x" * 300, 'include.0 = "xxx'),
    ],
)  # fmt: skip
def test_a_pattern_that_finds_nothing_is_a_mistake(tmp_path: Path, pattern: str, mistake: str) -> None:
    (told,) = mistakes(tmp_path, include(pattern) + HEAD + JOB)

    assert told.startswith(mistake)


@pytest.mark.parametrize(
    ("value", "mistake"),
    [
        ('"jobs.d/*.toml"', 'include = "jobs.d/*.toml": must be a list of texts, such as ["# Title"].'),
        ("[1]", "include.0 = 1: must be text in quotes."),
        ("[[]]", "include.0 = []: must be text in quotes."),
    ],
)
def test_patterns_are_a_list_of_texts(tmp_path: Path, value: str, mistake: str) -> None:
    assert mistakes(tmp_path, f"include = {value}\n{HEAD}{JOB}") == [mistake]


def test_what_cannot_be_read_is_told_beside_all_else(tmp_path: Path) -> None:
    more(tmp_path, bad="[jobs", good=f"[jobs.good]\ngrace = 5\nscheduler = 'aime'\n{DAILY}")
    os.mkfifo(tmp_path / "jobs.d/pipe")
    (tmp_path / "jobs.d/gone").symlink_to("nowhere")
    (tmp_path / "jobs.d/loop").symlink_to("loop")
    (tmp_path / "jobs.d/zero").symlink_to("/dev/zero")
    cure = "Correct that, or take it out of include."

    assert mistakes(tmp_path, f'{include("jobs.d/*")}{HEAD}{JOB}max_runtime = "x"') == [
        (
            "jobs.d/bad.toml: is not TOML: Expected ']' at the end of a table declaration (at end of document). "
            "Correct that place first."
        ),
        f"jobs.d/gone: cannot be read: No such file or directory. {cure}",
        f"jobs.d/loop: cannot be read: Too many levels of symbolic links. {cure}",
        f"jobs.d/pipe: cannot be read: it is not a regular file, but a pipe, a socket or a device. {cure}",
        f"jobs.d/zero: cannot be read: it is not a regular file, but a pipe, a socket or a device. {cure}",
        'jobs.haiku.max_runtime = "x": not a span. Write a number and a unit, such as "30 min" or "1 h 30 min".',
        "jobs.d/good.toml: jobs.good.grace = 5: must be text in quotes.",
    ]


def test_files_are_bounded_together(tmp_path: Path) -> None:
    more(tmp_path, a="#" * (LARGEST // 2), b="#" * (LARGEST // 2))

    assert mistakes(tmp_path, INCLUDE + HEAD + JOB) == ["jobs.d/b.toml: is larger than 64 MB. Is it a jobs.toml?"]


def test_no_more_files_than_anybody_has_are_read(tmp_path: Path) -> None:
    more(tmp_path, **{f"f{each}": "" for each in range(1_001)})

    assert mistakes(tmp_path, INCLUDE + HEAD + JOB) == [
        'include.0 = "jobs.d/*.toml": finds more than 1,000 files. Write fewer.'
    ]


def test_a_name_of_control_characters_steers_no_terminal(tmp_path: Path) -> None:
    more(tmp_path)
    (tmp_path / "jobs.d/\x1b[31m\n.toml").write_text("[jobs.a]\ngrace = 5\n")

    assert all(each.isprintable() for each in mistakes(tmp_path, INCLUDE + HEAD + JOB))


def test_an_included_file_is_shown_as_it_lies_to_the_first(tmp_path: Path) -> None:
    more(tmp_path, a="colour = 1")
    (told,) = mistakes(tmp_path, INCLUDE + HEAD + JOB, shown_as="~/house/jobs.toml")

    assert told.startswith("~/house/jobs.d/a.toml: colour: unknown key.")


# What may stand in one only -------------------------------------------------------------------------------------------


def test_an_id_stands_in_one_file_only(tmp_path: Path) -> None:
    more(tmp_path, a=AIME + JOB, b=JOB)

    assert mistakes(tmp_path, INCLUDE + HEAD + JOB) == [
        (
            "jobs.d/a.toml: schedulers.aime: the id aime is in jobs.toml: schedulers.aime too. "
            "Rename one, or take it out."
        ),
        "jobs.d/a.toml: jobs.haiku: is in jobs.toml: jobs.haiku too. An id belongs into one file only.",
        "jobs.d/b.toml: jobs.haiku: is in jobs.toml: jobs.haiku too. An id belongs into one file only.",
    ]


@pytest.mark.parametrize("line", ['include = ["x"]', "[history]", "[alert]\nwebhook = 'https://h/'", "[watch]\nx = 1"])
def test_what_is_said_of_the_whole_stands_in_the_first_file(tmp_path: Path, line: str) -> None:
    more(tmp_path, a=line)
    key = line.strip("[").split("]")[0].split(" ")[0]

    assert mistakes(tmp_path, INCLUDE + HEAD + JOB) == [
        f"jobs.d/a.toml: {key}: belongs into the first file only. Move it there."
    ]


@pytest.mark.parametrize("line", ["timezone = 'Mars'", "look_back = 5", ""])
def test_what_is_wrong_with_what_is_inherited_is_told_of_the_first_file_alone(tmp_path: Path, line: str) -> None:
    more(tmp_path, a=f"[jobs.a]\nscheduler = 'aime'\n{DAILY}", b="[defaults]\ngrace = '1 min'\n")
    text = HEAD if line.startswith("look") else HEAD.removeprefix(ZURICH)
    (told,) = mistakes(tmp_path, f"{INCLUDE}{line}\n{text}{JOB}")

    assert told.startswith("look_back = 5" if line.startswith("look") else "timezone")


def test_mistakes_of_defaults_are_told_of_the_file_of_the_defaults(tmp_path: Path) -> None:
    more(tmp_path, a=f"[defaults]\ngrace = 5\n[jobs.a]\nscheduler = 'aime'\n{DAILY}")

    assert mistakes(tmp_path, INCLUDE + HEAD + JOB) == ["jobs.d/a.toml: defaults.grace = 5: must be text in quotes."]


def test_an_include_that_was_recorded_is_replayed_where_it_lies(tmp_path: Path) -> None:
    """A replay has the files that were there: a pattern that finds none is none of its mistakes."""
    text = f"{INCLUDE}{HEAD}{JOB}"
    (tmp_path / "jobs.toml").write_text(text)

    assert [job.id for job in load(tmp_path / "jobs.toml", environment={}, is_replay=True).jobs] == ["haiku"]
