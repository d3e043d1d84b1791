"""Is the demo a real scheduler, and is each of its faults really there?"""

import json
import os
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from rollcall import demo
from rollcall.demo import DEMO_FAULTS, DemoError, DemoMorning, demo_morning
from rollcall.roll.load import load
from rollcall.roll.scheduler import Step, Wanted

ZURICH = ZoneInfo("Europe/Zurich")
API = "/api/v1/services/scheduler"
HAIKU = "generate_haiku_scheduled"
HOUSE = Path(demo.__file__).parents[2]

LAST_RUNS = """
daily_enrichment           | 2026-02-11T01:00:4
generate_magazine_editions | 2026-02-11T02:00:5
sync_discogs_daily         | 2026-02-11T03:00:3
generate_haiku_scheduled   | 2026-02-11T05:00:17
export_collection_markdown | 2026-02-10T07:00:03
export_collection_json     | 2026-02-10T09:00:02
optimize_ai_descriptions   | 2026-02-11T06:00:38
weekly_haiku               | 2026-02-08T19:00:21
monthly_analysis           | 2026-02-01T02:00:58
"""

# Answer, running, next run, last execution, status, newest file, in days of February; "-" is nothing there.
FAULTS_SEEN = """
scheduler-stopped      | 200     | False | -           | -           | -       | 10-084817
scheduler-stalled      | 200     | True  | 11T06:00:00 | 10T05:00:17 | success | 10-060017
scheduler-down         | refused | -     | -           | -           | -       | 10-060017
scheduler-error        | 500     | -     | -           | -           | -       | 11-060017
access-denied          | 401     | -     | -           | -           | -       | 11-060017
clock-skew             | 200     | True  | 12T06:00:00 | 11T05:00:17 | success | 11-060017
wrong-timezone         | 200     | True  | 12T06:00:00 | 11T06:00:17 | success | 11-070017
not-registered         | 200     | True  | -           | -           | -       | 10-060017
job-paused             | 200     | True  | None        | 10T05:00:17 | success | 10-060017
never-ran              | 200     | True  | 12T06:00:00 | None        | pending | -
missed-run             | 200     | True  | 12T06:00:00 | 10T05:00:17 | success | 10-060017
ran-late               | 200     | True  | 12T06:00:00 | 11T07:48:17 | success | 11-084817
run-failed             | 200     | True  | 12T06:00:00 | 11T05:00:17 | error   | 10-060017
success-without-output | 200     | True  | 12T06:00:00 | 11T05:00:17 | success | 10-060017
unrecorded-run         | 200     | True  | 12T06:00:00 | 10T05:00:17 | success | 11-060017
empty-output           | 200     | True  | 12T06:00:00 | 11T05:00:17 | success | 11-060017
truncated-output       | 200     | True  | 12T06:00:00 | 11T05:00:17 | success | 11-060017
degraded-output        | 200     | True  | 12T06:00:00 | 11T05:00:17 | success | 11-060017
duplicate-output       | 200     | True  | 12T06:00:00 | 11T05:00:17 | success | 11-060017
"""


def table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def day_and_time(text: str | None) -> str:
    return (text or "None").removeprefix("2026-02-")[: len("11T06:00:00")]


def ask(morning: DemoMorning, path: str = "status", method: str = "GET") -> httpx.Response:
    # A proxy of the environment must not come between the tests and loopback.
    return httpx.request(method, f"{morning.url}{API}/{path}", trust_env=False, timeout=10)


def status_of(morning: DemoMorning, job_id: str = HAIKU) -> dict[str, Any]:
    return next(job for job in ask(morning).json()["jobs"] if job["id"] == job_id)


def outputs(morning: DemoMorning, pattern: str = "generate-haiku-*.md") -> list[Path]:
    return sorted((morning.folder / "data" / "scheduled-output").glob(pattern))


def rows(morning: DemoMorning, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(morning.folder / "data" / "musique.db")) as connection:
        return connection.execute(question).fetchall()


def is_gone(url: str) -> bool:
    try:
        httpx.get(url, trust_env=False, timeout=1)
    except httpx.ConnectError:
        return True
    return False


def becomes_true(is_so: Callable[[], bool], within: float = 120) -> bool:
    give_up_at = time.monotonic() + within
    while not (result := is_so()) and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return result


@pytest.fixture(scope="module")
def good() -> Iterator[DemoMorning]:
    """One good morning for every test that only looks."""
    with demo_morning() as morning:
        yield morning


@pytest.fixture
def own() -> Iterator[DemoMorning]:
    """A good morning for a test that changes it."""
    with demo_morning() as morning:
        yield morning


# The good morning


def test_it_is_wednesday_11_february_just_after_seven(good: DemoMorning) -> None:
    assert good.now.utcoffset() == timedelta()
    assert f"{good.now.astimezone(ZURICH):%a %d %b %Y %H:%M}" == "Wed 11 Feb 2026 07:02"


def test_the_story_says_that_this_is_the_demo(good: DemoMorning) -> None:
    assert good.fault is None
    assert good.story.startswith("This is the demo: ")


def test_the_status_has_the_shape_of_the_original(good: DemoMorning) -> None:
    answer = ask(good).json()

    assert list(answer) == ["running", "job_count", "jobs"]
    assert (answer["running"], answer["job_count"], len(answer["jobs"])) == (True, 9, 9)
    assert {tuple(job) for job in answer["jobs"]} == {("id", "name", "next_run", "last_execution", "last_status")}
    assert status_of(good)["name"] == "🎋 Génération de haïkus"


def test_the_jobs_file_names_the_jobs_of_the_scheduler(good: DemoMorning) -> None:
    jobs = tomllib.loads(good.jobs_file.read_text(encoding="utf-8"))["jobs"]

    assert good.jobs_file.parent == good.folder
    assert sorted(jobs) == sorted(job["id"] for job in ask(good).json()["jobs"])


def test_the_jobs_file_names_the_addresses_that_the_scheduler_obeys(good: DemoMorning) -> None:
    [declared] = load(good.jobs_file, environment={}).schedulers
    orders = [declared.order(step, Wanted(name=HAIKU) if step is Step.TRIGGER else None) for step in Step]
    addresses = {f"{good.url}{urlsplit(order.target).path}" for order in orders if order}

    assert len(addresses) == 3

    # There, and not to be had by looking.
    assert {httpx.get(each, trust_env=False).status_code for each in addresses} == {405}


@pytest.mark.parametrize(("job_id", "last_run"), table(LAST_RUNS))
def test_every_job_ran_when_it_was_last_due(good: DemoMorning, job_id: str, last_run: str) -> None:
    seen = status_of(good, job_id)

    assert seen["last_execution"].startswith(last_run)
    assert seen["last_status"] == "success"


def test_last_execution_is_utc_without_an_offset_and_next_run_has_one(good: DemoMorning) -> None:
    seen = status_of(good)

    assert datetime.fromisoformat(seen["last_execution"]).tzinfo is None
    assert len(seen["last_execution"]) == len("2026-02-10T07:48:09.157479")
    assert seen["next_run"] == "2026-02-12T06:00:00+01:00"


def test_no_run_was_missed_on_the_way(good: DemoMorning) -> None:
    assert (good.folder / "service.log").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("pattern", "newest"),
    [
        ("generate-haiku-*.md", "generate-haiku-20260211-060017.md"),
        ("export-markdown-*.md", "export-markdown-20260210-080003.md"),
        ("export-json-*.json", "export-json-20260210-100002.json"),
    ],
)
def test_the_newest_five_outputs_of_a_kind_are_kept(good: DemoMorning, pattern: str, newest: str) -> None:
    kept = outputs(good, pattern)

    assert len(kept) == 5
    assert kept[-1].name == newest


def test_the_stamp_in_a_name_is_local_time_and_agrees_with_the_mtime(good: DemoMorning) -> None:
    for path in outputs(good):
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, ZURICH)

        assert path.name == f"generate-haiku-{changed_at:%Y%m%d-%H%M%S}.md"


def test_the_outputs_are_whole(good: DemoMorning) -> None:
    haikus = [path.read_text(encoding="utf-8") for path in outputs(good)]

    assert all(text.startswith("# Album Haïku\n") for text in haikus)
    assert len(set(haikus)) == 5
    assert min(path.stat().st_size for path in outputs(good, "*")) > 200
    assert all(json.loads(path.read_text(encoding="utf-8")) for path in outputs(good, "*.json"))


def test_the_database_keeps_naive_utc_too(good: DemoMorning) -> None:
    question = "SELECT last_executed, last_status, next_run_time FROM scheduled_task_executions"
    executed, status, next_run = rows(good, f"{question} WHERE task_id = '{HAIKU}'")[0]

    assert executed == status_of(good)["last_execution"].replace("T", " ")
    assert (status, next_run) == ("success", "2026-02-12 05:00:00.000000")
    assert len(rows(good, question)) == 9
    assert rows(good, "SELECT service_name, is_active FROM service_states") == [("scheduler", 1)]


def test_the_http_date_is_the_clock_of_the_demo_and_ticks(good: DemoMorning) -> None:
    def date() -> datetime:
        return parsedate_to_datetime(ask(good).headers["Date"])

    first = date()

    assert timedelta(seconds=-1) < first - good.now < timedelta(minutes=1)
    assert becomes_true(lambda: date() > first)


# The scheduler obeys


def test_a_stopped_scheduler_answers_with_no_jobs_and_starts_again(own: DemoMorning) -> None:
    assert ask(own, "stop", "POST").status_code == 200
    assert ask(own).json() == {"running": False, "jobs": [], "job_count": 0}
    assert rows(own, "SELECT is_active FROM service_states") == [(0,)]

    assert ask(own, "start", "POST").json() == {"status": "started"}
    assert ask(own).json()["job_count"] == 9
    assert all(datetime.fromisoformat(job["next_run"]) > own.now for job in ask(own).json()["jobs"])
    assert rows(own, "SELECT is_active FROM service_states") == [(1,)]


def test_a_trigger_runs_the_job_and_answers_when_it_is_done(own: DemoMorning) -> None:
    oldest, *_, newest = outputs(own)
    before = status_of(own)["last_execution"]

    assert ask(own, f"trigger/{HAIKU}", "POST").status_code == 200
    after = datetime.fromisoformat(status_of(own)["last_execution"]).replace(tzinfo=UTC)
    assert status_of(own)["last_execution"] > before
    assert timedelta() < after - own.now < timedelta(minutes=1)
    assert outputs(own)[-1] > newest
    assert oldest not in outputs(own)
    assert len(outputs(own)) == 5


def test_an_unknown_job_or_method_is_refused(good: DemoMorning) -> None:
    assert ask(good, "trigger/no_such_job", "POST").status_code == 404
    assert ask(good, f"trigger/{HAIKU}").status_code == 405
    assert ask(good, "start").status_code == 405


# The faults


def test_every_fault_has_a_row() -> None:
    assert tuple(row[0] for row in table(FAULTS_SEEN)) == DEMO_FAULTS


def seen_of(morning: DemoMorning) -> list[str]:
    """What the scheduler and the folder show of the haiku job: a row of the table."""
    code, status = "refused", dict[str, Any]()
    try:
        answer = ask(morning)
    except httpx.ConnectError:
        assert morning.fault == "scheduler-down"
    else:
        code, status = str(answer.status_code), answer.json() if answer.is_success else {}
        # uvicorn keeps the header for a real second, in which the clock last jumped by 22 hours.
        ahead = parsedate_to_datetime(answer.headers["Date"]) - morning.now
        assert abs(ahead - timedelta(minutes=10 if morning.fault == "clock-skew" else 0)) < timedelta(minutes=5)
    jobs: dict[str, Any] = {job["id"]: job for job in status.get("jobs", ())}
    job: dict[str, Any] = jobs.get(HAIKU, {})
    files = [path.stem.removeprefix("generate-haiku-202602") for path in outputs(morning)]
    return [
        str(morning.fault),
        code,
        str(status.get("running", "-")),
        day_and_time(job.get("next_run", "-")),
        day_and_time(job.get("last_execution", "-")),
        job.get("last_status", "-"),
        files[-1] if files else "-",
    ]


def next_runs(morning: DemoMorning) -> list[datetime]:
    return [datetime.fromisoformat(job["next_run"]) for job in ask(morning).json()["jobs"]]


def log_of(morning: DemoMorning) -> str:
    return (morning.folder / "service.log").read_text(encoding="utf-8")


def is_still_active_in_the_database_and_starts_again(morning: DemoMorning) -> None:
    assert rows(morning, "SELECT is_active FROM service_states") == [(1,)]
    assert not outputs(morning, "*20260211*")
    ask(morning, "start", "POST")
    assert status_of(morning)["last_execution"].startswith("2026-02-10T07:48:17")


def leaves_every_next_run_of_the_night_behind_until_it_is_stopped_and_started(morning: DemoMorning) -> None:
    assert sum(instant < morning.now for instant in next_runs(morning)) == 5
    ask(morning, "start", "POST")
    assert min(next_runs(morning)) < morning.now
    ask(morning, "stop", "POST")
    ask(morning, "start", "POST")
    assert min(next_runs(morning)) > morning.now


def refuses_and_leaves_what_it_wrote(morning: DemoMorning) -> None:
    assert is_gone(morning.url)
    assert len(rows(morning, "SELECT * FROM scheduled_task_executions")) == 9


def shows_in_the_offset_of_every_next_run(morning: DemoMorning) -> None:
    assert {job["next_run"][19:] for job in ask(morning).json()["jobs"]} == {"+00:00"}


def lists_the_other_eight(morning: DemoMorning) -> None:
    assert HAIKU not in [job["id"] for job in ask(morning).json()["jobs"]]
    assert ask(morning).json()["job_count"] == 8


def is_logged_by_apscheduler_itself_as_slept_through(morning: DemoMorning) -> None:
    assert log_of(morning).count("was missed by 0:10:00") == 1


def is_handed_over_after_it_was_done_by_hand(morning: DemoMorning) -> None:
    assert f"{morning.now.astimezone(ZURICH):%H:%M}" == "08:55"
    assert status_of(morning, "export_collection_markdown")["last_execution"] > "2026-02-11T07:00"


def leaves_its_traceback_in_the_log(morning: DemoMorning) -> None:
    assert "has no field 'haikus'" in log_of(morning)


def wrote_into_another_folder(morning: DemoMorning) -> None:
    elsewhere = list((morning.folder / "data" / "output").iterdir())
    assert [path.name for path in elsewhere] == ["generate-haiku-20260211-060017.md"]


def found_the_database_locked(morning: DemoMorning) -> None:
    assert "database is locked" in log_of(morning)


def has_no_byte(morning: DemoMorning) -> None:
    assert outputs(morning)[-1].stat().st_size == 0


def is_half_a_json(morning: DemoMorning) -> None:
    whole, half = outputs(morning, "*.json")[-2:]
    assert half.stat().st_size > 200
    assert json.loads(whole.read_text(encoding="utf-8"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(half.read_text(encoding="utf-8"))


def is_large_enough_and_says_nothing(morning: DemoMorning) -> None:
    text = outputs(morning)[-1].read_text(encoding="utf-8")
    assert text.startswith("# Album Haïku\n")
    assert "Aucune information disponible" in text
    assert len(text.encode()) > 200


def is_byte_for_byte_yesterdays(morning: DemoMorning) -> None:
    yesterday, today = outputs(morning)[-2:]
    assert today.read_bytes() == yesterday.read_bytes()


# What else is to be seen of a fault than its row.
FURTHER: dict[str, Callable[[DemoMorning], None]] = {
    "scheduler-stopped": is_still_active_in_the_database_and_starts_again,
    "scheduler-stalled": leaves_every_next_run_of_the_night_behind_until_it_is_stopped_and_started,
    "scheduler-down": refuses_and_leaves_what_it_wrote,
    "wrong-timezone": shows_in_the_offset_of_every_next_run,
    "not-registered": lists_the_other_eight,
    "missed-run": is_logged_by_apscheduler_itself_as_slept_through,
    "ran-late": is_handed_over_after_it_was_done_by_hand,
    "run-failed": leaves_its_traceback_in_the_log,
    "success-without-output": wrote_into_another_folder,
    "unrecorded-run": found_the_database_locked,
    "empty-output": has_no_byte,
    "truncated-output": is_half_a_json,
    "degraded-output": is_large_enough_and_says_nothing,
    "duplicate-output": is_byte_for_byte_yesterdays,
}


@pytest.mark.parametrize("row", table(FAULTS_SEEN), ids=lambda row: row[0])
def test_what_is_seen_of_the_haiku_job_and_of_its_fault(row: list[str]) -> None:
    with demo_morning(row[0]) as morning:
        assert seen_of(morning) == row
        if further := FURTHER.get(row[0]):
            further(morning)


# The child process


def test_the_scheduler_ends_with_the_block_and_leaves_nothing() -> None:
    with demo_morning() as morning:
        pass

    assert is_gone(morning.url)
    assert not morning.folder.exists()


def test_a_named_folder_is_kept(tmp_path: Path) -> None:
    with demo_morning("scheduler-stopped", folder=tmp_path / "new") as morning:
        pass

    assert morning.folder == tmp_path / "new"
    assert len(outputs(morning)) == 5


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "jobs.toml").write_text("mine", encoding="utf-8")

    with pytest.raises(DemoError, match="is not empty"), demo_morning(folder=tmp_path):
        pass
    assert (tmp_path / "jobs.toml").read_text(encoding="utf-8") == "mine"


PARENT = """
import time
from rollcall.demo import demo_morning
with demo_morning("scheduler-stopped") as morning:
    print(morning.url, flush=True)
    time.sleep(60)
"""


def test_the_scheduler_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    # A temporary folder of its own, because a killed parent cannot remove it.
    environment = {**os.environ, "PYTHONPATH": str(HOUSE), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert not is_gone(url)
        parent.kill()

    assert becomes_true(lambda: is_gone(url))


def test_an_unknown_fault_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DemoError) as raised, demo_morning("nope"):
        pass

    assert '"nope"' in str(raised.value)
    assert all(fault in str(raised.value) for fault in DEMO_FAULTS)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("raise RuntimeError('half an installation')", "RuntimeError: half an installation"),
        ("import time; time.sleep(60)", "was not ready within 1 s"),
    ],
    ids=["dies", "hangs"],
)
def test_a_scheduler_that_does_not_get_ready_says_why(
    broken: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apscheduler.py").write_text(broken, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(demo, "DEADLINE", 1.0 if "sleep" in broken else 30.0)

    with pytest.raises(DemoError, match=told), demo_morning():
        pass
