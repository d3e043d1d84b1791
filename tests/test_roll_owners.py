"""Do [[owners]] say whose the jobs with such ids are, unless a job says it itself, and is a mistake told once?"""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, ZURICH, mistakes, read, write

INCLUDE = 'include = ["teams/*.toml"]\n'
BILLING = '[[owners]]\njobs = ["billing-*"]\nowner = "billing"\nseverity = "page"\ntags = ["money"]\n'


def job(name: str, own: str = "") -> str:
    return f'[jobs."{name}"]\nscheduler = "aime"\n{DAILY}{own}'


def whose(folder: Path, text: str) -> dict[str, tuple[str | None, str | None, tuple[str, ...]]]:
    return {each.id: (each.owner, each.severity, each.tags) for each in read(folder, text).jobs}


def test_a_pattern_comes_after_the_job_itself_and_before_the_defaults(tmp_path: Path) -> None:
    defaults = '[defaults]\nowner = "platform"\nseverity = "low"\n'
    jobs = job("billing-run") + job("billing-pdf", 'owner = "print"\ntags = []\n') + job("sync")

    assert whose(tmp_path, f"{ZURICH}{AIME}{defaults}{BILLING}{jobs}") == {
        "billing-run": ("billing", "page", ("money",)),
        "billing-pdf": ("print", "page", ()),
        "sync": ("platform", "low", ()),
    }


def test_of_several_the_first_that_says_a_key_says_it(tmp_path: Path) -> None:
    more = '[[owners]]\njobs = ["*-pdf", "sync"]\nowner = "print"\ntags = ["paper"]\n'
    first = '[[owners]]\njobs = ["billing-p?f"]\ntags = ["both"]\n'
    jobs = job("billing-run") + job("billing-pdf") + job("sync")

    assert whose(tmp_path, f"{HEAD}{first}{BILLING}{more}{jobs}") == {
        "billing-run": ("billing", "page", ("money",)),
        "billing-pdf": ("billing", "page", ("both",)),
        "sync": ("print", None, ("paper",)),
    }


def test_those_of_the_first_file_are_meant_for_all_and_those_of_another_for_its_own(tmp_path: Path) -> None:
    """A team's own file has the word before the file of all."""
    theirs = '[[owners]]\njobs = ["*"]\nowner = "a team"\n'
    write(tmp_path, teams_a=theirs + job("billing-a") + job("load"), teams_b=job("billing-b") + job("store"))

    assert whose(tmp_path, INCLUDE + HEAD + BILLING + job("billing-c")) == {
        "billing-c": ("billing", "page", ("money",)),
        "billing-a": ("a team", "page", ("money",)),
        "load": ("a team", None, ()),
        "billing-b": ("billing", "page", ("money",)),
        "store": (None, None, ()),
    }


def test_a_window_of_a_tag_holds_for_those_who_have_it_by_a_pattern(tmp_path: Path) -> None:
    window = '[[windows]]\ntag = "money"\nwhen = "0 22 * * sat"\nlasts = "12 h"\nreason = "patching"\n'
    run, sync = read(tmp_path, f"{HEAD}{BILLING}{window}{job('billing-run')}{job('sync')}").jobs

    assert "patching" in run.schedule.in_words()
    assert "patching" not in sync.schedule.in_words()


WRONG = {
    "like no job": (
        '[[owners]]\njobs = ["billing-*", "snyc"]\nowner = "x"',
        ['owners.0.jobs.1 = "snyc": no job has such an id. Did you mean "sync"?'],
    ),
    "nothing said": (
        '[[owners]]\njobs = ["sync"]',
        ["owners.0.tags: nothing is said of these jobs. Write owner, severity or tags."],
    ),
    "of nobody": (
        '[[owners]]\njobs = []\nowner = "x"',
        ["owners.0.jobs = []: holds nothing. Write what belongs there, or take it out."],
    ),
    "no jobs": (
        '[[owners]]\nowner = "x"',
        ['owners.0.jobs: required: whose it is said of. Write jobs = ["billing-*"].'],
    ),
    "a value that cannot be, said once for all its jobs": (
        '[[owners]]\njobs = ["*"]\nowner = 5',
        ["owners.0.owner = 5: must be text in quotes."],
    ),
    "a table and no list": (
        '[owners]\njobs = ["sync"]\nowner = "x"',
        ["owners = {…}: must be a list of tables. Write [[owners]] above the keys of each."],
    ),
}


@pytest.mark.parametrize(("lines", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_meant_is_refused(tmp_path: Path, lines: str, told: list[str]) -> None:
    assert mistakes(tmp_path, f"{HEAD}{job('sync')}{job('billing-run')}{lines}\n") == told


def test_what_a_scheduler_lists_may_be_gone_for_a_night(tmp_path: Path) -> None:
    """A pattern that is like none of today's jobs is no mistake where jobs come and go by themselves."""
    crond = '[schedulers.prod]\nkind = "kubernetes"\ndeclare = ["billing/*"]\n'
    pattern = '[[owners]]\njobs = ["billing/*"]\nowner = "billing"\n'

    assert [each.id for each in read(tmp_path, f"{HEAD}{crond}{pattern}{job('sync')}").jobs] == ["sync"]
