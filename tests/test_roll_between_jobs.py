"""Is it refused what each of several jobs may say, and not all: one file of two, jobs that wait for each other?"""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.jobs_toml import DAILY, HEAD, JOB, ZURICH, mistakes, read, write
from rollcall.evidence import JobListed
from rollcall.roll.listing import Listing

WINDOW = '[[windows]]\nwhen = "0 22 * * sat"\nlasts = "6 h"\nreason = "patching"\n'


def job(name: str, lines: str = "") -> str:
    return f"[jobs.{name}]\nscheduler = 'aime'\n{lines if 'after' in lines else DAILY + lines}\n"


def output(path: str, lines: str = "") -> str:
    return f"output = {{ path = '{path}'{lines} }}"


# One file of two ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("x-*.md", "x-*.md"),
        ("a/x.md", "./a/x.md"),
        ("a/x.md", "a/../a/x.md"),
        ("a/x.md", "a//x.md"),
        ("a/x.md", "{folder}/a/x.md"),
        ("a/x.md", "b/.././a/x.md"),
        ("x-%F.md", "x-%Y-%m-%d.md"),
        ("100%%/x.md", "./100%%/x.md"),
    ],
)
def test_two_jobs_cannot_have_one_output_however_it_is_spelled(tmp_path: Path, path: str, other: str) -> None:
    other = other.format(folder=tmp_path)

    assert mistakes(tmp_path, HEAD + job("a", output(path)) + job("b", output(other))) == [
        (
            f'jobs.b.output.path = "{other}": is the output of jobs.a too, and one file cannot prove two. '
            "Write another path."
        )
    ]


def test_the_same_names_in_another_zone_are_the_same_files(tmp_path: Path) -> None:
    told = mistakes(tmp_path, HEAD + job("a", output("x-%F")) + job("b", output("x-%F", ", timezone = 'UTC'")))

    assert len(told) == 1


def test_one_job_cannot_have_one_output_twice(tmp_path: Path) -> None:
    outputs = "output = [{ path = 'x-*' }, { path = 'y-*' }, { path = './x-*' }]"

    assert mistakes(tmp_path, HEAD + job("a", outputs)) == [
        (
            'jobs.a.output.2.path = "./x-*": is another output of this job too, and one file cannot prove two. '
            "Write another path."
        )
    ]


def test_an_output_of_another_file_is_told_with_that_file(tmp_path: Path) -> None:
    write(tmp_path, more_b=job("b", output("../x-*")))

    assert mistakes(tmp_path, 'include = ["more/b.toml"]\n' + HEAD + job("a", output("x-*"))) == [
        (
            'more/b.toml: jobs.b.output.path = "../x-*": is the output of jobs.toml: jobs.a too, '
            "and one file cannot prove two. Write another path."
        )
    ]


@pytest.mark.parametrize(
    ("path", "dated", "schedule", "named"),
    [
        ("a-%Y", "due", "0 6 * * *", "a-2026"),
        ("a-%Y-%m-*", "previous due", "0 6 * * *", "a-2026-01-*"),
        ("a-%F", "due", "0 6,18 * * *", "a-2026-01-01"),
        ("a-%F", "previous day", "0 * * * *", "a-2025-12-31"),
        ("a-%F", "due", "0 6 * * *", None),
        ("a-%F", "previous day", "0 6 * * *", None),
        ("a-%d", "previous due", "0 6 * * *", None),
        ("a-%Y-%m", "due", "0 6 1 * *", None),
        ("a-%F-%H", "due", "0 * * * *", None),
        ("a-%Y", "run", "0 6 * * *", None),
    ],
)
def test_a_name_stands_for_one_run(tmp_path: Path, path: str, dated: str, schedule: str, named: str | None) -> None:
    text = f"{ZURICH}[jobs.a]\nschedule = '{schedule}'\n{output(path, f', dated = {dated!r}')}"
    if named is None:
        assert read(tmp_path, text).jobs
        return

    assert mistakes(tmp_path, text) == [
        (
            f'jobs.a.output.dated = "{dated}": {named} would name one file for several runs, and it cannot '
            "prove more than one. Write a path with more date fields, or take this out."
        )
    ]


@pytest.mark.parametrize(("path", "other"), [("x-*", "x-?"), ("a/x", "b/x"), ("x-%d", "x-%H"), ("a/x-*", "*/x-*")])
def test_other_names_are_other_outputs(tmp_path: Path, path: str, other: str) -> None:
    assert len(read(tmp_path, HEAD + job("a", output(path)) + job("b", output(other))).jobs) == 2


# One run of two -------------------------------------------------------------------------------------------------------


def test_two_jobs_cannot_have_one_run_on_record(tmp_path: Path) -> None:
    assert mistakes(tmp_path, HEAD + job("a", 'name = "x"') + job("b", 'name = "x"')) == [
        ('jobs.b.name = "x": is what jobs.a is called there too, and one run cannot prove two. Write another.')
    ]


def test_a_job_of_the_scheduler_that_is_due_at_two_times_may_be_two_jobs(tmp_path: Path) -> None:
    evening = '[jobs.b]\nname = "x"\nschedule = "0 18 * * *"\n'

    assert len(read(tmp_path, HEAD + job("a", 'name = "x"') + evening).jobs) == 2


# Jobs that build on others --------------------------------------------------------------------------------------------


def test_a_job_may_build_on_several_and_follow_another(tmp_path: Path) -> None:
    text = job("a") + job("b", 'needs = ["a"]') + job("c", 'after = "b"\nwithin = "1 h"\nneeds = ["a"]')
    a, b, c = read(tmp_path, HEAD + text).jobs

    assert (a.needs, b.needs, c.needs, c.after) == ((), ("a",), ("a",), "b")


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('needs = ["a", "bb"]', 'jobs.b.needs.1 = "bb": no such job. Did you mean "b"?'),
        ('needs = ["extract"]', 'jobs.b.needs.0 = "extract": no such job. Declared: a and b.'),
        ('needs = ["b"]', 'jobs.b.needs.0 = "b": is the job itself. Write another.'),
        ('after = "A"\nwithin = "1 h"', 'jobs.b.after = "A": no such job. Did you mean "a"?'),
        ('after = "b"\nwithin = "1 h"', 'jobs.b.after = "b": is the job itself. Write another.'),
    ],
)
def test_what_a_job_builds_on_is_another_job(tmp_path: Path, lines: str, mistake: str) -> None:
    assert mistakes(tmp_path, HEAD + job("a") + job("b", lines)) == [mistake]


def test_a_job_whose_table_is_wrong_is_there_all_the_same(tmp_path: Path) -> None:
    assert mistakes(tmp_path, HEAD + job("a", "grace = 5") + job("b", 'needs = ["a"]')) == [
        "jobs.a.grace = 5: must be text in quotes."
    ]


AFTER = 'after = "{}"\nwithin = "1 h"'


@pytest.mark.parametrize(
    ("jobs", "mistake"),
    [
        (
            {"a": 'needs = ["b"]', "b": 'needs = ["a"]'},
            (
                'jobs.b.needs.0 = "a": leads back to where it begins (a → b → a), so that each waits for the other. '
                "Take one of them out."
            ),
        ),
        (
            {"a": AFTER.format("c"), "b": AFTER.format("a"), "c": AFTER.format("b")},
            (
                'jobs.b.after = "a": leads back to where it begins (a → c → b → a), so that each waits for the other. '
                "Take one of them out."
            ),
        ),
        (
            {"x": 'needs = ["a"]', "a": AFTER.format("b"), "b": 'needs = ["a"]'},
            (
                'jobs.b.needs.0 = "a": leads back to where it begins (a → b → a), so that each waits for the other. '
                "Take one of them out."
            ),
        ),
    ],
)
def test_jobs_that_wait_for_each_other_are_refused_once(tmp_path: Path, jobs: dict[str, str], mistake: str) -> None:
    assert mistakes(tmp_path, HEAD + "".join(job(*each) for each in jobs.items())) == [mistake]


def test_two_ways_to_one_job_are_no_ring(tmp_path: Path) -> None:
    text = job("a") + job("b", 'needs = ["a"]') + job("c", 'needs = ["a"]') + job("d", 'needs = ["b", "c"]')

    assert len(read(tmp_path, HEAD + text).jobs) == 4


def test_a_chain_of_thousands_is_walked(tmp_path: Path) -> None:
    chain = "".join(job(f"j{each}", f'needs = ["j{each + 1}"]') for each in range(3_000))

    assert len(mistakes(tmp_path, HEAD + chain + job("j3000", 'needs = ["j0"]'))) == 1


LISTS = """
[schedulers.etl]
kind = "command"
command = ["cat", "listed.json"]
declare = ["billing/*"]
jobs = { id = "name", schedule = "schedule" }
runs = { job = "job", ended = "end" }
"""


def test_what_a_scheduler_declares_by_listing_it_can_be_needed(tmp_path: Path) -> None:
    text = HEAD + LISTS + job("a", 'needs = ["billing/nightly"]')
    listing = Listing(jobs=(JobListed(id="billing/nightly", schedule="0 3 * * *"),))

    assert len(read(tmp_path, text, list_jobs=lambda schedulers, _history: {"etl": listing}).jobs) == 2
    assert mistakes(tmp_path, text, list_jobs=lambda schedulers, _history: {"etl": Listing(jobs=())}) == [
        'jobs.a.needs.0 = "billing/nightly": no such job. Declared: a.'
    ]


def test_what_a_scheduler_that_cannot_be_asked_may_list_is_no_mistake(tmp_path: Path) -> None:
    own = '[jobs.own]\nscheduler = "etl"\nname = "billing/own"\n'
    wanted = 'tags = ["x"]\nneeds = ["billing/nightly", "etl/billing/nightly", "own"]'
    text = HEAD + LISTS + WINDOW + "tag = 'money'\n" + own + job("a", wanted)

    roll = read(tmp_path, text, list_jobs=lambda schedulers, _history: {"etl": Listing()})
    assert [each.id for each in roll.jobs] == ["a"]
    assert mistakes(tmp_path, text + job("b", 'needs = ["ownn"]')) == [
        'jobs.b.needs.0 = "ownn": no such job. Did you mean "own"?'
    ]


def test_a_default_that_all_jobs_need_is_told_of_the_defaults(tmp_path: Path) -> None:
    text = HEAD.replace("[defaults]\n", '[defaults]\nneeds = ["extarct"]\n') + job("extract", "needs = []") + JOB

    assert mistakes(tmp_path, text) == [
        'defaults.needs.0 = "extarct": for jobs.haiku: no such job. Did you mean "extract"?'
    ]


# Maintenance ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "mistake"),
    [
        ("warehose", 'windows.0.tag = "warehose": no job has this tag. Did you mean "warehouse"?'),
        ("web", 'windows.0.tag = "web": no job has this tag. Write one that a job has, or take it out to mean all.'),
    ],
)
def test_a_window_is_meant_for_a_tag_that_a_job_has(tmp_path: Path, tag: str, mistake: str) -> None:
    text = f"{HEAD}{WINDOW}tag = '{tag}'\n" + job("a", "tags = ['warehouse']")

    assert mistakes(tmp_path, text) == [mistake]
    assert read(tmp_path, text.replace(f"'{tag}'", "'warehouse'"))


def test_a_tag_may_be_one_of_a_job_in_another_file(tmp_path: Path) -> None:
    write(tmp_path, more=job("a", "tags = ['warehouse']"))

    assert read(tmp_path, f"include = ['more.toml']\n{HEAD}{WINDOW}tag = 'warehouse'\n{JOB}")


@pytest.mark.parametrize(
    ("window", "mistake"),
    [
        ('when = "0 22 * *"\nlasts = "6 h"\nreason = "x"', 'windows.0.when = "0 22 * *": 4 fields.'),
        ('lasts = "6 h"\nreason = "x"', 'windows.0.when: required. Write when = "0 22 * * sat".'),
        ('when = "0 22 * * sat"\nreason = "x"', 'windows.0.lasts: required. Write lasts = "6 h".'),
        ('when = "0 22 * * sat"\nlasts = "0 s"\nreason = "x"', 'windows.0.lasts = "0 s": holds no run.'),
        ('when = "0 22 * * sat"\nlasts = "6 h"\nreason = ""', 'windows.0.reason = "": says nothing.'),
        ('when = "@daily"\nlasts = "6 h"\nreason = "x"\nhwen = 1', "windows.0.hwen: unknown key. Did you mean when?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_window_holds_place_value_rule_and_cure(tmp_path: Path, window: str, mistake: str) -> None:
    (told,) = mistakes(tmp_path, f"{ZURICH}[[windows]]\n{window}\n{HEAD.removeprefix(ZURICH)}{JOB}")

    assert told.startswith(mistake)
