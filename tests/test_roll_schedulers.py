"""Which schedulers does jobs.toml declare: their kinds, their presets, several from one table, urls from outside?"""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.jobs_toml import AIME, DAILY, HEAD, JOB, ZURICH, mistakes, read, write
from rollcall.roll.kinds import kinds
from rollcall.schedulers.json import Json
from rollcall.text import listed

EACH = """
[schedulers.prod]
kind = "json"
url = "http://{each}.example.com"
each = ["eu1", "eu2"]
ignore = ["{each}-*"]
[schedulers.prod.runs]
ask = "/runs/{each}"
job = "job"
ended = "ended"
status = "status"
[schedulers.prod.words]
success = ["ok {each}"]
"""
KINDS = listed(kinds(), 20)
OWN = '[schedulers.own]\nkind = "json"\nurl = "http://h"\n'
RUNS = '[schedulers.own.runs]\nask = "/runs"\njob = "job"\nended = "ended"\n'
SQL = '[schedulers.db]\nkind = "sql"\ndatabase = "sqlite:///x.db"\nruns = { ask = "SELECT job, ended FROM x" }\n'
KINDS = listed(kinds(), 20)


# Kinds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ("", f'schedulers.x.kind: required. Write kind = "aime", or another one of {KINDS}.'),
        ("kind = 3", "schedulers.x.kind = 3: must be text in quotes."),
        ('kind = "jason"', 'schedulers.x.kind = "jason": no such kind. Did you mean "json"?'),
        ('kind = "quartz"', f'schedulers.x.kind = "quartz": no such kind. Kinds: {KINDS}.'),
        ('kind = "\\u001b[31mx"', None),
    ],
)
def test_a_kind_is_one_that_is_there(tmp_path: Path, table: str, mistake: str | None) -> None:
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}[schedulers.x]\n{table}")

    assert mistake is None or told.startswith(mistake)


def test_a_job_of_a_scheduler_whose_table_is_wrong_is_not_wrong_for_that(tmp_path: Path) -> None:
    lines = 'scheduler = "x"\nrerun = true\nproof = "start"\nmin_runtime = "1 s"\n'
    (told,) = mistakes(tmp_path, f'{ZURICH}[schedulers.x]\nkind = "quartz"\n{JOB}{lines}')

    assert told.startswith("schedulers.x.kind")


# A second record ------------------------------------------------------------------------------------------------------


def test_a_second_record_is_in_the_same_words_and_on_the_same_clock(tmp_path: Path) -> None:
    own = 'naive_times = "UTC"\ntimeout = "7 s"\n[schedulers.aime.words]\nsuccess = ["fine"]\n'
    memory = '[schedulers.aime.memory]\ndatabase = "sqlite:///x.db"\n'
    (scheduler,) = read(tmp_path, f"{HEAD}{own}{memory}{JOB}").schedulers
    second = scheduler.memory
    assert second is not None

    assert (second.kind, second.id) == ("sql", "aime")
    assert second.words == scheduler.words
    assert (second.naive_times, second.timeout) == (scheduler.naive_times, scheduler.timeout)


def test_a_second_record_is_asked_only_where_it_is_declared(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + JOB).schedulers[0].memory is None


def test_what_is_wrong_with_both_records_is_told_of_each_once(tmp_path: Path) -> None:
    memory = '[schedulers.aime.memory]\ndatabase = "nowhere"\n'

    assert [each.partition(" = ")[0] for each in mistakes(tmp_path, f'{HEAD}timeout = "1 h"\n{memory}{JOB}')] == [
        "schedulers.aime.timeout",
        "schedulers.aime.memory.database",
    ]
    assert mistakes(tmp_path, f"{HEAD}[schedulers.aime.memory]\n{JOB}") == [
        'schedulers.aime.memory.database: required. Write database = "sqlite:///data/app.db".'
    ]


# Several from one table -----------------------------------------------------------------------------------------------


def test_one_table_makes_a_scheduler_for_each_word_in_any_of_its_texts(tmp_path: Path) -> None:
    job = f'[jobs.a]\n{DAILY}scheduler = "prod-eu2"\n'
    roll = read(tmp_path, ZURICH + EACH + job)
    first, second = roll.schedulers
    assert isinstance(first, Json)
    assert isinstance(second, Json)

    assert [each.id for each in roll.schedulers] == ["prod-eu1", "prod-eu2"]
    assert (first.url, second.url) == ("http://eu1.example.com", "http://eu2.example.com")
    assert (first.ignore, second.ignore) == (("eu1-*",), ("eu2-*",))
    assert second.runs is not None
    assert (second.runs.ask, second.words.success) == ("/runs/eu2", ("ok eu2",))
    assert roll.jobs[0].scheduler is second


def test_a_url_of_the_command_line_is_that_of_one_of_several(tmp_path: Path) -> None:
    job = f'[jobs.a]\n{DAILY}scheduler = "prod-eu2"\n'
    roll = read(tmp_path, ZURICH + EACH + job, scheduler_urls={"prod-eu1": "http://127.0.0.1:9"})

    assert [each.address for each in roll.schedulers] == ["http://127.0.0.1:9", "http://eu2.example.com"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            EACH.replace('["eu1", "eu2"]', "[]"),
            'schedulers.prod.each: must be a list of texts, such as ["eu1", "eu2"].',
        ),
        (EACH.replace('["eu1", "eu2"]', '"eu1"'), None),
        (EACH.replace('["eu1", "eu2"]', '["eu1", 2]'), None),
        (EACH.replace('["eu1", "eu2"]', '[""]'), None),
        (
            EACH.replace("{each}", "x"),
            (
                "schedulers.prod.each: {each} is in no text of this table, so all of them would be the same. "
                "Write it where they differ."
            ),
        ),
        (
            EACH.replace("http://{each}", "nowhere://{each}"),
            (
                'schedulers.prod.url = "nowhere://{each}.example.com": is not an http or https address. '
                'Write it such as "http://localhost:8000".'
            ),
        ),
        (
            EACH + OWN.replace(".own", ".prod-eu1") + RUNS.replace(".own", ".prod-eu1"),
            ("schedulers.prod-eu1: the id prod-eu1 is in jobs.toml: schedulers.prod too. Rename one, or take it out."),
        ),
    ],
)
def test_a_mistake_in_one_of_several_is_told_once(tmp_path: Path, text: str, mistake: str | None) -> None:
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}{text}")

    assert told == mistake or (mistake is None and told.startswith("schedulers.prod.each: must be a list of texts"))


def test_the_id_of_one_of_several_is_plain(tmp_path: Path) -> None:
    told = mistakes(tmp_path, HEAD + JOB + EACH.replace('"eu1", ', '"\\u001b[31m", '))

    assert told[0] == "schedulers.prod: is empty, too long or has control characters. Write a plain name."


def test_the_table_itself_is_no_scheduler(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f'{ZURICH}{EACH}[jobs.a]\n{DAILY}scheduler = "prod"') == [
        'jobs.a.scheduler = "prod": no such scheduler. Did you mean "prod-eu2"?'
    ]


# Urls of the command line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [None, "aime"])
@pytest.mark.parametrize("url_of_file", ["http://localhost:8000", "not an address", "http://${UNSET}"])
def test_the_command_lines_url_beats_the_files(tmp_path: Path, name: str | None, url_of_file: str) -> None:
    text = HEAD.replace("http://localhost:8000", url_of_file) + JOB
    (scheduler,) = read(tmp_path, text, scheduler_urls={name: "http://user:pass@127.0.0.1:9/x/"}).schedulers
    assert isinstance(scheduler, Json)

    assert scheduler.url == "http://user:pass@127.0.0.1:9/x"
    assert scheduler.address == "http://127.0.0.1:9/x"


def test_the_only_scheduler_may_stand_in_another_file(tmp_path: Path) -> None:
    write(tmp_path, more=AIME)
    text = f'include = ["more.toml"]\n{ZURICH}{JOB}scheduler = "aime"\n'

    assert read(tmp_path, text, scheduler_urls={None: "http://h:9"}).schedulers[0].address == "http://h:9"


@pytest.mark.parametrize(
    ("urls", "schedulers", "mistake"),
    [
        ({"aimee": "http://h"}, AIME, '--scheduler-url = "aimee": no such scheduler. Did you mean aime?'),
        ({"cron": "http://h"}, AIME, '--scheduler-url = "cron": no such scheduler. Declared: aime.'),
        ({"x": "http://h"}, "", '--scheduler-url = "x": no such scheduler. Declared: none.'),
        (
            {None: "http://h"},
            "",
            '--scheduler-url = "http://h": which scheduler? Write NAME=URL with one of: none declared.',
        ),
        (
            {None: "localhost:8000"},
            AIME,
            (
                '--scheduler-url = "localhost:8000": is not an http or https address. '
                'Write it such as "http://localhost:8000".'
            ),
        ),
        (
            {None: "http://h"},
            AIME + AIME.replace(".aime", ".b"),
            '--scheduler-url = "http://h": which scheduler? Write NAME=URL with one of: aime and b.',
        ),
        (
            {None: "http://user:pass@h?token=abc"},
            AIME,
            (
                '--scheduler-url = "http://h": ends in a "?" or "#" part, which belongs to status. '
                'Write it such as "http://localhost:8000".'
            ),
        ),
        ({"aime": "http://${UNSET}"}, AIME, None),
        ({"db": "http://h"}, SQL, '--scheduler-url = "http://h": db is not asked at a url. Take this out.'),
    ],
)
def test_a_wrong_url_on_the_command_line_is_told_with_the_files_mistakes(
    tmp_path: Path, urls: dict[str | None, str], schedulers: str, mistake: str | None
) -> None:
    url, job = mistakes(tmp_path, f"{ZURICH}{schedulers}{JOB}", scheduler_urls=urls)

    assert url == mistake or (mistake is None and url.startswith("--scheduler-url"))
    assert job == "jobs.haiku.output: nothing to look at. Give the job a scheduler or an output."


def test_a_url_for_a_scheduler_that_is_no_table_leaves_the_files_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{ZURICH}[schedulers]\naime = 3\n{JOB}", scheduler_urls={None: "http://h"})[:1] == [
        "schedulers.aime = 3: must be a table. Write [schedulers.aime] above its keys."
    ]


# What it lists --------------------------------------------------------------------------------------------------------


def test_what_is_declared_and_ignored_as_well_is_refused(tmp_path: Path) -> None:
    lists = '[schedulers.own.jobs]\nask = "/jobs"\nid = "id"\nschedule = "cron"\n'
    told = mistakes(tmp_path, f'{ZURICH}{OWN}declare = ["billing/*"]\nignore = ["*"]\n{RUNS}{lists}')

    assert told == [
        (
            "schedulers.own.ignore = […]: takes all that declare names, so that no job would be declared. "
            "Take one of them out."
        )
    ]


def test_who_does_not_tell_when_jobs_are_due_declares_none(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, f'{HEAD}declare = ["*"]\n{JOB}')

    assert told.startswith("schedulers.aime.declare")
