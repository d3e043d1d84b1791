"""What follows a run: is it remembered, are people told, does who watches notice, and is what was done told?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from fixtures.histories import history_in
from fixtures.listener import Listener, listener
from fixtures.lived_in import NOW, ZURICH, LivedIn, Run, lived_in
from fixtures.postgres import PASSWORD, Postgres
from rollcall.history.reading import read_whole
from rollcall.history.rows import Whole
from rollcall.history.writing import merge


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LivedIn]:
    with lived_in(tmp_path) as house:
        yield house


# History


def remembered(run: Run) -> Whole:
    return read_whole(run.reports / "history.sqlite3")


def test_each_morning_is_remembered_and_the_next_one_knows_it(house: LivedIn) -> None:
    tell(house, "", is_bad=True)
    first = house.run(NOW, "-n", "2")
    ([job], [row]) = first.morning["jobs"], remembered(first).rows

    assert (first.status, str(row.verdict), row.needs_a_person) == (1, job["verdict"], True)
    assert job["since"] == job["due_at"] == row.due_at.astimezone(ZURICH).isoformat()

    day_before = row.due_at.astimezone(ZURICH) - timedelta(days=1)
    older = replace(row, due_at=day_before.astimezone(UTC), judged_at=row.judged_at - timedelta(days=1))
    assert merge(first.reports / "history.sqlite3", Whole(rows=[older])) is None
    second = house.run(NOW)

    assert [each["since"] for each in second.morning["jobs"]] == [day_before.isoformat()]
    assert [(each.by, each.is_complete, each.verdict) for each in remembered(second).mornings] == [
        ("pytest", True, "attention"),
        ("pytest", True, "attention"),
    ]


@pytest.mark.parametrize(
    ("options", "env"),
    [(["--no-history"], {}), ([], {"ROLLCALL_NO_HISTORY": "1"})],
    ids=["--no-history", "ROLLCALL_NO_HISTORY"],
)
def test_nothing_is_remembered_where_that_is_asked_for(house: LivedIn, options: list[str], env: dict[str, str]) -> None:
    house.owes_nothing()
    run = house.run(NOW, *options, env=env)

    assert (run.status, run.left) == (0, ["junit.xml", "morning.html", "morning.json"])


def test_a_morning_on_which_another_check_failed_is_remembered_as_no_good_one(house: LivedIn) -> None:
    house.add_check("def test_disk():\n    assert False\n")
    house.owes_nothing()
    [morning] = remembered(house.run(NOW)).mornings

    assert (morning.verdict, morning.is_complete, morning.needing) == ("attention", True, 0)


def test_a_replay_is_not_remembered(house: LivedIn, tmp_path: Path) -> None:
    house.run("--record", str(tmp_path / "kept"), "--no-history")
    run = house.run("--replay", str(tmp_path / "kept"))

    assert run.status == 0
    assert "history.sqlite3" not in run.left


def test_a_damaged_history_is_told_and_changes_no_verdict(house: LivedIn) -> None:
    house.reports.mkdir()
    (house.reports / "history.sqlite3").write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    house.owes_nothing()
    run = house.run(NOW)

    assert run.status == 0
    assert run.morning["verdict"] == "ok"
    assert "note: history.sqlite3" in run.text
    assert "history.sqlite3" in run.page
    assert [each.is_complete for each in remembered(run).mornings] == [True]


IN_DATABASE = '[history]\nurl = "${HISTORY}"\nname = "billing"\n'


def test_a_morning_is_remembered_in_a_database_and_the_next_one_knows_it(house: LivedIn, postgres: Postgres) -> None:
    with history_in(postgres, "billing") as database:
        house.folder.joinpath("secret").write_text(postgres.url())
        tell(house, IN_DATABASE.replace("${HISTORY}", f"${{file:{house.folder}/secret}}"), is_bad=True)
        house.run(NOW)
        [row] = read_whole(database).rows
        older = replace(row, due_at=row.due_at - timedelta(days=1), judged_at=row.judged_at - timedelta(days=1))
        assert merge(database, Whole(rows=[older])) is None
        second = house.run(NOW, "-n", "2", "--record", str(house.folder / "kept"))

        assert [each["since"] for each in second.morning["jobs"]] == [older.due_at.astimezone(ZURICH).isoformat()]
        assert [each.verdict for each in read_whole(database).mornings] == ["attention", "attention"]
    assert "history.sqlite3" not in second.left
    kept = [path.read_text() for path in (house.folder / "kept").iterdir()]
    assert not any(quote(PASSWORD, safe="") in each or PASSWORD in each for each in (second.text, second.page, *kept))


@pytest.mark.parametrize("is_bad", [False, True])
def test_a_database_that_is_away_is_told_and_changes_no_verdict(house: LivedIn, *, is_bad: bool) -> None:
    tell(house, IN_DATABASE, is_bad=is_bad)
    run = house.run(NOW, env={"HISTORY": "postgresql://teller:hunter2-hunter2@127.0.0.1:1/shop"})

    assert run.status == is_bad
    assert run.text.count("was not written") == 1
    assert 'note: history "billing" in postgresql://127.0.0.1:1/shop was not written: ' in run.text
    assert "Traceback" not in run.text
    assert "hunter2" not in f"{run.text}{run.page}{run.morning}"


# Watch and alert

LATER = """
timezone = "Europe/Zurich"
{table}
[jobs.later]
scheduler = ""
schedule = "0 6 * * *"
{since}output = {{ path = "out/later-*.md" }}
"""


def tell(house: LivedIn, table: str, *, is_bad: bool = False) -> None:
    """A jobs.toml of one job, which owes no run but from now on, or all that it never made."""
    since = "" if is_bad else f"since = {datetime.now(UTC):%FT%TZ}\n"
    (house.folder / "jobs.toml").write_text(LATER.format(table=table, since=since))


@pytest.fixture
def ear() -> Iterator[Listener]:
    with listener() as ear:
        yield ear


WATCHED = {
    "well": (False, [], ["/ping/start", "/ping/0"]),
    "under xdist": (True, ["-n", "2"], ["/ping/start", "/ping/1"]),
    "nothing selected": (False, ["-k", "no_such_check"], ["/ping/log"]),
}


@pytest.mark.parametrize(("is_bad", "options", "paths"), WATCHED.values(), ids=WATCHED.keys())
def test_who_watches_hears_that_it_began_and_how_it_ended(
    house: LivedIn, ear: Listener, is_bad: bool, options: list[str], paths: list[str]
) -> None:
    tell(house, f'[watch]\nping = "{ear.url}/ping"', is_bad=is_bad)
    run = house.run(NOW, *options)

    assert ear.paths == paths
    assert ear.heard[-1].body.decode().splitlines()[0] in run.text


def test_a_file_of_checks_that_cannot_be_loaded_is_a_failure_to_who_watches(house: LivedIn, ear: Listener) -> None:
    tell(house, f'[watch]\nping = "{ear.url}/ping"')
    house.add_check("import no_such_module\n")
    run = house.run(NOW)

    assert run.status == 2
    assert ear.paths[-1] == "/ping/2"


@pytest.mark.parametrize("options", [[], ["--demo"], ["--collect-only", NOW]], ids=["--as-of", "--demo", "shows"])
def test_nobody_hears_of_another_morning_and_it_is_not_remembered(
    house: LivedIn, ear: Listener, options: list[str]
) -> None:
    tell(house, f'[watch]\nping = "{ear.url}/ping"\n[alert]\nwebhook = "{ear.url}/hook"', is_bad=True)
    house.run(*options)

    assert ear.heard == []
    # Else yesterday's, which is missing, would be there once somebody asks what it was like.
    assert not (house.reports / "history.sqlite3").exists()


def test_who_is_alerted_hears_of_a_change_once(house: LivedIn, ear: Listener) -> None:
    tell(house, f'[alert]\nwebhook = "{ear.url}/hook"', is_bad=True)
    first, second = house.run(NOW), house.run(NOW)

    assert (first.status, second.status) == (1, 1)
    assert ear.paths == ["/hook"]
    assert "later" in json.dumps(ear.heard[0].says)


def test_a_channel_that_fails_is_a_note_and_changes_no_verdict(house: LivedIn) -> None:
    table = '[watch]\nping = "http://127.0.0.1:9/ping"\ntimeout = "1 s"\n'
    tell(house, table + '[alert]\nwebhook = "http://127.0.0.1:9/hook"\ntimeout = "1 s"', is_bad=True)
    run = house.run(NOW)
    silent = house.run(NOW, "--no-history", "-p", "no:terminal")

    assert (run.status, silent.status) == (1, 1)
    assert run.text.count("note: ") == 2
    assert "alert: " in run.page
    assert run.morning["verdict"] == "attention"


# Acting


def test_what_was_done_stands_in_every_output_and_the_checks_see_what_came_of_it(house: LivedIn) -> None:
    run = house.run("--demo=scheduler-stopped", "--restart-stopped", "-n", "2", "--metrics=x.prom")
    [action] = run.morning["actions"]
    was = "aime was stopped, restarted 07:02 CET, verified: running"

    assert (action["deed"], action["proven"], action["dry"]) == ("start", True, False)
    assert was in run.text
    assert was in run.page
    assert [(each["id"], each["verdict"]) for each in run.morning["schedulers"]] == [("aime", "ok")]
    assert run.outcomes["test_scheduler_is_running[aime]"][0] == "passed"
    assert 'rollcall_scheduler_needs_a_person{scheduler="aime"} 0' in (house.folder / "x.prom").read_text()


def test_what_was_done_is_done_once_and_remembered(house: LivedIn) -> None:
    house.scheduler.stop("aime")
    run = house.run(NOW, "--restart-stopped", "-n", "2")
    told = {each.job_id: each.action for each in remembered(run).rows if each.action}

    assert [each["proven"] for each in run.morning["actions"]] == [True]
    assert house.scheduler.asked.count("POST /aime/start") == 1
    assert set(told) == {"wake", "write"}
    assert "aime was stopped, restarted" in told["wake"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(house: LivedIn) -> None:
    run = house.run("--demo=scheduler-stopped", "--restart-stopped", "--dry-run")

    assert run.status == 1
    assert [(each["dry"], each["proven"]) for each in run.morning["actions"]] == [(True, False)]
    assert "aime is stopped and would be restarted" in run.text
    assert "scheduler-stopped [aime]" in run.text


def test_only_what_is_selected_is_acted_on(house: LivedIn) -> None:
    run = house.run("--demo=missed-run", "--rerun-missed", "-k", "daily_enrichment")

    assert run.morning["actions"] == []


# A check of a reader's own

HOURS_AGO = """
timezone = "UTC"
[alert]
webhook = "{url}/hook"
[jobs.report]
schedule = "{due:%M} {due:%H} * * *"
max_runtime = "10 min"
output = {{ path = "out/report-%Y%m%d-%H%M%S.md" }}
"""


def test_a_check_of_your_own_counts_for_its_job_in_the_history_and_for_whoever_is_alerted(
    house: LivedIn, ear: Listener
) -> None:
    due = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2)
    (house.folder / "jobs.toml").write_text(HOURS_AGO.format(url=ear.url, due=due))
    made = house.folder / "out" / f"report-{due:%Y%m%d-%H%M%S}.md"
    made.write_text("done\n")
    os.utime(made, (due.timestamp(), due.timestamp()))
    good = house.run(NOW)
    house.add_check("def test_three_lines(job):\n    assert len(job.output.read_text().splitlines()) == 3\n")
    bad = house.run(NOW)
    [row] = remembered(bad).rows
    [heard] = [each.says for each in ear.heard]

    assert (good.status, bad.status) == (0, 1)
    assert (str(row.verdict), row.cause, row.needs_a_person) == ("failed", "check-failed", True)
    assert (heard["cause"], heard["jobs"][0]["id"]) == ("check-failed", "report")
    assert "test_three_lines[report]" in heard["sentence"]
    assert bad.morning["changes"]["new"] == ["report"]


def test_a_check_of_your_own_about_a_scheduler_counts_for_that_scheduler(house: LivedIn) -> None:
    house.add_check("def test_never_mine(scheduler):\n    assert scheduler.id != 'other'\n")
    run = house.run()
    found = {each["id"]: (each["verdict"], (each["cause"] or {}).get("code")) for each in run.morning["schedulers"]}

    assert run.status == 1
    assert found == {"aime": ("ok", None), "other": ("failed", "check-failed")}
    assert {each["verdict"] for each in run.morning["jobs"]} == {"ok"}
