"""Is a job run again whose due run was missed, and no other, once; and is its work looked for?"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.obedient_service import HAIKU, SCHEDULER, Household, ObedientService, Reply, obedient_service
from fixtures.one_morning import at, five_files, haiku_job, made, morning
from rollcall.causes.action import Action, Deed, told
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook
from rollcall.morning import Morning
from rollcall.remedy import rerun_missed
from rollcall.schedulers.json import Json

ZURICH = ZoneInfo("Europe/Zurich")
HOUSE = Path(__file__).parents[1]
ENDED = {"last_execution": "2026-02-11T06:02:00"}
TOMORROW = "2026-02-12T06:00:00+01:00"
WITH_OUTPUT = HAIKU + '[jobs.haiku.output]\npath = "haiku-%Y%m%d-%H%M%S.md"\nmin_size = "5 B"\n'
IMPATIENT = SCHEDULER.replace('"2 s"', '"0.3 s"')


def missed(**more: Any) -> dict[str, Any]:
    last = {"next_run": TOMORROW, "last_execution": "2026-02-10T05:00:17", "last_status": "success"}
    return last | more


@pytest.fixture
def scheduler() -> Iterator[ObedientService]:
    with obedient_service(ObedientService(jobs={"haiku": missed()})) as scheduler:
        yield scheduler


@pytest.fixture
def house(scheduler: ObedientService, tmp_path: Path) -> Household:
    return Household.of(scheduler, tmp_path)


def only(morning: Morning) -> Action:
    (action,) = morning.actions
    return action


def verdicts(morning: Morning) -> list[str]:
    return [each.verdict for each in morning.jobs]


# A missed run is made up for --------------------------------------------------------------------------------------


def test_a_missed_run_is_run_once_and_its_record_is_judged(house: Household) -> None:
    after = house.rerun()

    assert house.scheduler.posts == ["/trigger/haiku"]
    assert told(only(after), ZURICH).startswith(
        "haiku's run of Wed 11 Feb 06:00 CET was missed, re-run 07:02 CET, verified: ended Wed 11 Feb 07:02"
    )
    assert only(after).due_at == at("2026-02-11T06:00:00+01:00")
    # It is there now, and it was not on time: both are true.
    assert verdicts(after) == ["late"]


def test_its_output_is_looked_for_as_that_of_any_run(scheduler: ObedientService, tmp_path: Path) -> None:
    house = Household.of(scheduler, tmp_path, jobs=WITH_OUTPUT)
    scheduler.runs = lambda job_id: (
        tmp_path / f"{scheduler.clock().astimezone(ZURICH):haiku-%Y%m%d-%H%M%S}.md"
    ).touch()
    empty = only(house.rerun())
    for each in tmp_path.glob("haiku-*"):
        each.write_text("a leaf falls")

    assert not empty.is_proven
    assert "is empty (0 B)" in empty.proof


def test_a_run_without_its_output_is_not_proven(scheduler: ObedientService, tmp_path: Path) -> None:
    (tmp_path / "haiku-20260210-060017.md").write_text("a leaf falls")
    after = Household.of(scheduler, tmp_path, jobs=WITH_OUTPUT).rerun()

    assert not only(after).is_proven
    assert "calls it a success, but it left no file" in only(after).proof
    assert verdicts(after) == ["bad-output"]


def test_it_is_waited_for_longer_than_a_scheduler_may_take_to_answer(
    scheduler: ObedientService, tmp_path: Path
) -> None:
    scheduler.replies["/trigger/haiku"] = Reply(does=True, takes=1.0)

    assert only(Household.of(scheduler, tmp_path, of_scheduler=IMPATIENT).rerun()).is_proven
    assert scheduler.posts == ["/trigger/haiku"]


def test_a_scheduler_is_connected_to_in_its_time_and_answers_in_the_runs(
    scheduler: ObedientService, tmp_path: Path
) -> None:
    scheduler.replies["/trigger/haiku"] = Reply(does=True, takes=1.2)
    house = Household.of(scheduler, tmp_path, of_scheduler=IMPATIENT)

    assert "no complete answer" not in only(house.rerun()).proof


def test_a_record_that_may_be_of_this_run_in_another_zone_is_not_run_again(tmp_path: Path) -> None:
    ran = ObedientService(jobs={"haiku": missed(last_execution="2026-02-11T05:00:17")})
    with obedient_service(ran):
        after = Household.of(ran, tmp_path, of_scheduler=SCHEDULER.replace('"UTC"', '"Europe/Zurich"')).rerun()

    assert ran.posts == []
    assert after.actions == ()


@contextmanager
def in_background(seconds: float, does: Callable[[], object]) -> Iterator[None]:
    """Does it so many seconds from now, whatever the scheduler answers meanwhile."""
    later = threading.Timer(seconds, does)
    later.start()
    yield
    later.join()


@pytest.mark.parametrize("status", [200, 202, 504], ids=["it says no word of it", "accepted", "a proxy lost patience"])
def test_a_run_that_goes_on_after_the_answer_is_waited_for(house: Household, status: int) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=status)
    with in_background(2.6, lambda: house.scheduler.trigger("haiku")):
        action = only(house.rerun())

    assert action.is_proven
    assert house.scheduler.posts == ["/trigger/haiku"]


def test_a_scheduler_that_is_too_busy_with_the_run_to_answer_is_waited_for(house: Household) -> None:
    scheduler = house.scheduler
    scheduler.replies["/trigger/haiku"] = Reply(does=True)
    scheduler.runs = lambda job_id: scheduler.replies.update({"/status": Reply(status=503)})
    with in_background(2.6, lambda: scheduler.replies.pop("/status")):
        action = only(house.rerun())

    assert action.is_proven


class WritesLast(ObedientService):
    """Its run is on record some time before its output is written."""

    folder: Path

    def status(self) -> dict[str, Any]:
        if self.jobs["haiku"]["last_execution"] > "2026-02-11":
            name = f"{self.clock().astimezone(ZURICH):haiku-%Y%m%d-%H%M%S}.md"
            threading.Timer(0.7, (self.folder / name).write_text, ["a leaf falls"]).start()
        return super().status()


def test_an_output_may_follow_its_record(tmp_path: Path) -> None:
    scheduler = WritesLast(jobs={"haiku": missed()})
    scheduler.folder = tmp_path
    with obedient_service(scheduler):
        scheduler.replies["/trigger/haiku"] = Reply(status=200)
        with in_background(2.6, lambda: scheduler.trigger("haiku")):
            action = only(Household.of(scheduler, tmp_path, jobs=WITH_OUTPUT).rerun())

    assert action.is_proven


BRIEF = HAIKU.replace('"10 min"', '"3 s"')


def test_a_job_that_puts_nothing_on_record_is_waited_for_as_long_as_it_may_take(
    scheduler: ObedientService, tmp_path: Path
) -> None:
    scheduler.replies["/trigger/haiku"] = Reply(status=200)
    action = only(Household.of(scheduler, tmp_path, jobs=BRIEF).rerun())

    assert not action.is_proven
    assert action.proof.startswith("3 s after it was requested: missed: due Wed 11 Feb 06:00 CET")


@pytest.mark.parametrize("words", [{"last_status": "error"}, {"last_status": "well done"}], ids=["failed", "odd word"])
def test_a_run_whose_end_is_on_record_is_not_waited_for(house: Household, words: dict[str, Any]) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=200)
    with in_background(0.2, lambda: house.scheduler.jobs["haiku"].update(words | ENDED)):
        action = only(house.rerun())

    assert not action.is_proven
    # Seconds, and not the minutes of its max_runtime.
    assert re.match(r"\d+ s after it was requested: ", action.proof)


AT_A_TERMINAL = """
import os, sys
sys.stderr = open(os.environ["TERMINAL"], "w")
from rollcall.cli import main
main(sys.argv[1:])
"""


def test_at_a_terminal_it_is_told_what_is_waited_for(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    due = now.astimezone(ZURICH).replace(second=0, microsecond=0) - timedelta(minutes=20)
    says = missed(next_run=(due + timedelta(days=1)).isoformat(), last_execution=None, last_status="pending")
    with obedient_service(ObedientService(jobs={"haiku": says}, began_at=now)) as scheduler:
        scheduler.replies["/trigger/haiku"] = Reply(status=200)
        jobs = BRIEF.replace("0 6 * * *", f"{due.minute} {due.hour} * * *")
        Household.of(scheduler, tmp_path, jobs=jobs)
        ours, theirs = os.openpty()
        environment = {**os.environ, "TERMINAL": os.ttyname(theirs), "COLUMNS": "80", "PYTHONPATH": str(HOUSE)}
        done = subprocess.run(
            [sys.executable, "-c", AT_A_TERMINAL, "rerun", "haiku"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        os.set_blocking(ours, False)
        shown = os.read(ours, 65_536).decode()
        for each in (ours, theirs):
            os.close(each)

    assert scheduler.posts == ["/trigger/haiku"]
    # What clears a line is no word.
    lines = [line for each in re.split(r"\r(?:\x1b\[K)?", shown) if "waiting" in (line := each.strip())]
    assert re.fullmatch(r"0 s of at most 3 s: waiting for haiku, requested at \d\d:\d\d CES?T", lines[0])
    assert re.match(r"[23] s of at most 3 s: waiting for haiku, ", lines[-1])
    # Nothing of it is left there, and none of it is in the way of whoever reads the result.
    assert shown.rstrip("\r").rpartition("\r")[2].replace("\x1b[K", "").strip() == ""
    assert "waiting" not in done.stdout


def test_an_interval_is_counted_from_the_run_that_made_up_for_it(tmp_path: Path) -> None:
    says = missed(last_execution="2026-02-10T23:00:17", next_run="2026-02-11T12:00:00+01:00")
    with obedient_service(ObedientService(jobs={"haiku": says})) as scheduler:
        house = Household.of(scheduler, tmp_path, jobs=HAIKU.replace('schedule = "0 6 * * *"', 'every = "6 h"'))
        after = house.rerun()

    assert only(after).is_proven
    assert only(after).due_at == at("2026-02-11T06:00:00+01:00")
    assert scheduler.posts == ["/trigger/haiku"]


@pytest.mark.parametrize("job_id", ["a b", "a/../stop", "..", "é?x=1#y", "%41", "`id`"])
def test_any_id_stays_one_part_of_the_address(job_id: str, tmp_path: Path) -> None:
    with obedient_service(ObedientService(jobs={job_id: missed()})) as scheduler:
        quoted = job_id.replace("\\", "\\\\").replace('"', '\\"')
        jobs = HAIKU.replace("[jobs.haiku]", f'[jobs."{quoted}"]')
        action = only(Household.of(scheduler, tmp_path, jobs=jobs).rerun())

    assert action.is_proven
    (path,) = scheduler.posts
    assert path.startswith("/trigger/")
    assert path.count("/") == 2
    assert not set("?# ") & set(path)


def test_several_are_run_one_after_another_in_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["zulu", "alpha", "mike"]
    jobs = "".join(HAIKU.replace("haiku", name) for name in names)
    under_way: list[str] = []

    def runs(job_id: str) -> None:
        under_way.append(job_id)
        time.sleep(0.1)
        assert under_way.pop() == job_id
        assert not under_way

    with obedient_service(ObedientService(jobs={name: missed() for name in names}, runs=runs)) as scheduler:
        after = Household.of(scheduler, tmp_path, jobs=jobs).rerun()

    assert scheduler.posts == [f"/trigger/{name}" for name in names]
    assert [(each.subject, each.is_proven) for each in after.actions] == [(name, True) for name in names]


def test_a_stopped_scheduler_is_started_first_where_both_are_asked_for(house: Household) -> None:
    house.scheduler.running = False
    after = house.rerun(house.restarted())

    assert house.scheduler.posts == ["/start", "/trigger/haiku"]
    assert [each.deed for each in after.actions] == [Deed.START, Deed.RERUN]
    assert all(each.is_proven for each in after.actions)


def test_a_dry_run_says_the_exact_request_and_does_nothing(house: Household) -> None:
    after = house.rerun(is_dry=True)

    assert house.scheduler.posts == []
    assert told(only(after), ZURICH) == (
        "haiku's run of Wed 11 Feb 06:00 CET was missed and would be re-run: "
        f"`curl -X POST {house.scheduler.url}/trigger/haiku`"
    )


# No other is run --------------------------------------------------------------------------------------------------

OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "was on time": ({"last_execution": "2026-02-11T05:00:17"}, HAIKU),
    "was late": ({"last_execution": "2026-02-11T05:55:17"}, HAIKU),
    "failed": ({"last_execution": "2026-02-11T05:00:17", "last_status": "error"}, HAIKU),
    "is running": ({"last_status": "running"}, HAIKU),
    "is paused in the scheduler": ({"next_run": None}, HAIKU),
    "has drifted": ({"next_run": "2026-03-01T06:00:00+01:00"}, HAIKU),
    "left no file": ({"last_execution": "2026-02-11T05:00:17"}, WITH_OUTPUT),
    "has a record that cannot be read": ({"last_execution": "lately"}, HAIKU),
    "may not be run again": ({}, HAIKU.replace("rerun = true", "")),
    "is paused by jobs.toml": ({}, HAIKU + 'paused = { until = 2026-03-01, reason = "no quota" }\n'),
    "is still inside its time": ({}, HAIKU.replace('"15 min"', '"2 h"')),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_job_that_was_not_missed_or_may_not_is_left_alone(name: str, tmp_path: Path) -> None:
    says, jobs = OTHERS[name]
    with obedient_service(ObedientService(jobs={"haiku": missed(**says)})) as scheduler:
        after = Household.of(scheduler, tmp_path, jobs=jobs).rerun()

    assert scheduler.posts == []
    assert after.actions == ()


@pytest.mark.parametrize(
    "words", [{"running": False}, {"replies": {"/status": Reply(status=500)}}], ids=["stopped", "broken"]
)
def test_a_job_whose_scheduler_is_broken_is_not_run(words: dict[str, Any], tmp_path: Path) -> None:
    with obedient_service(ObedientService(jobs={"haiku": missed()}, **words)) as scheduler:
        after = Household.of(scheduler, tmp_path).rerun()

    assert (scheduler.posts, after.actions) == ([], ())


def dry(told_morning: Any, now: datetime) -> tuple[Action, ...]:
    """What would be done at that moment about a morning that nobody can be asked about."""

    def never() -> Morning:
        raise AssertionError

    judged = told_morning.judged
    return rerun_missed(judged, judge_again=never, clock=lambda: now, folder=Path("/nowhere"), is_dry=True).actions


MISSED: dict[str, Any] = {
    "last_execution": "2026-02-10T05:00:17",
    "files": five_files("2026-02-10T06:00:17+01:00"),
    "job": haiku_job(rerun=True),
}


def test_a_full_disk_is_not_written_to() -> None:
    (action,) = dry(morning(**MISSED, free=1_000_000), at("2026-02-11T07:02:00+01:00"))

    assert not action.is_dry
    assert action.proof == "nothing was done: the disk of its output has 1.0 MB free, less than 50.0 MB"


# What counts is the time that passes, not what the clocks show: of the night in spring an hour is missing.
@pytest.mark.parametrize(
    ("now", "next_due", "says"),
    [
        ("2026-02-12T05:49:59+01:00", "06:00 CET", None),
        ("2026-02-12T05:50:00+01:00", "06:00 CET", "its next run is due Thu 12 Feb 06:00 CET, sooner than a run may"),
        ("2026-02-12T06:00:00+01:00", "06:00 CET", "its next run was due Thu 12 Feb 06:00 CET, and a run now would"),
    ],
)
def test_a_run_now_is_not_in_the_way_of_the_next(now: str, next_due: str, says: str | None) -> None:
    (action,) = dry(morning(**MISSED, now="2026-02-12T05:30:00+01:00"), at(now))

    assert action.is_dry == (says is None)
    assert says is None or says in action.proof


@pytest.mark.parametrize(
    ("missed_at", "now", "is_in_the_way"),
    [
        # Spring: between 01:49 CET and 03:00 CEST lie eleven minutes.
        ("2026-03-28T03:00:00+01:00", "2026-03-29T01:49:00+01:00", False),
        ("2026-03-28T03:00:00+01:00", "2026-03-29T01:50:00+01:00", True),
        # Autumn: 02:50 comes twice, and an hour before 03:00 CET nothing is in the way.
        ("2026-10-24T03:00:00+02:00", "2026-10-25T02:50:00+02:00", False),
        ("2026-10-24T03:00:00+02:00", "2026-10-25T02:50:00+01:00", True),
    ],
)
def test_the_next_run_is_as_near_as_the_time_that_passes(missed_at: str, now: str, is_in_the_way: bool) -> None:
    last = at(missed_at) - timedelta(days=1)
    told_morning = morning(
        job=haiku_job(schedule="0 3 * * *", rerun=True),
        last_execution=last.replace(tzinfo=None).isoformat(),
        files=[made(last.astimezone(ZURICH).isoformat())],
        now=now,
    )
    (action,) = dry(told_morning, at(now))

    assert action.due_at == at(missed_at)
    assert action.is_dry != is_in_the_way


# At most once a due run -------------------------------------------------------------------------------------------


def test_a_due_run_is_made_up_for_once_whatever_came_of_it(house: Household) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=500, text="out of quota")
    first, second = only(house.rerun()), only(house.rerun())

    assert house.scheduler.posts == ["/trigger/haiku"]
    assert "answers 500 Internal Server Error: out of quota; missed: due Wed 11 Feb 06:00 CET" in first.proof
    assert "nothing was done: a run for that due time was already requested Wed 11 Feb 07:02" in second.proof
    assert not first.is_proven
    assert not second.is_proven


def test_the_next_due_run_is_another(house: Household) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=500)
    house.rerun()
    house.scheduler.began_at += timedelta(days=1)
    house.scheduler.jobs["haiku"]["next_run"] = "2026-02-13T06:00:00+01:00"
    house.rerun()

    assert house.scheduler.posts == ["/trigger/haiku"] * 2


def test_of_two_checks_at_the_same_time_one_runs_it(house: Household) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(does=True, takes=0.5)
    before, mornings = house.judge(), []
    checks = [threading.Thread(target=lambda: mornings.append(house.rerun(before))) for _ in range(4)]
    for each in checks:
        each.start()
    for each in checks:
        each.join()

    assert house.scheduler.posts == ["/trigger/haiku"]
    proofs = [only(each).proof.partition(" (")[0] for each in mornings if not only(each).is_proven]
    assert proofs == ["nothing was done: another check is doing this right now"] * 3


def test_what_was_run_meanwhile_is_not_run_again(house: Household) -> None:
    before = house.judge()
    house.scheduler.trigger("haiku")
    after = house.rerun(before)

    assert house.scheduler.posts == []
    assert after.actions == ()
    assert verdicts(after) == ["late"]


CHECK = """
import sys
from datetime import datetime
from pathlib import Path
from rollcall.roll.load import load
from rollcall.ask import gather
from rollcall.morning.judge import judge_morning
from rollcall.remedy import rerun_missed
file, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
roll = load(file, environment={})
def judge():
    return judge_morning(roll, gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now), now=now)
before = judge()
print("ready", flush=True)
sys.stdin.readline()
after = rerun_missed(before, judge_again=judge, clock=lambda: now, folder=file.parent)
print([each.is_proven for each in after.actions])
"""


def test_of_two_processes_at_the_same_time_one_runs_it(house: Household) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=500, takes=0.5)
    command = [sys.executable, "-c", CHECK, str(house.roll.file), house.scheduler.clock().isoformat()]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": HOUSE}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        for each in (one, other):
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        said = [each.communicate("go\n", timeout=120)[0] for each in (one, other)]

    assert house.scheduler.posts == ["/trigger/haiku"]
    assert said == ["[False]\n"] * 2


@pytest.mark.parametrize("status", [301, 307, 401, 404, 405, 422])
def test_a_request_that_was_refused_is_no_attempt(house: Household, status: int) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=status)
    refused = house.rerun()
    del house.scheduler.replies["/trigger/haiku"]
    mended = house.rerun()

    assert only(refused).is_refused
    assert f"answers {status}" in only(refused).proof
    assert only(mended).is_proven
    assert house.scheduler.posts == ["/trigger/haiku"] * 2


@pytest.mark.parametrize("status", [302, 303, 408, 499, 500, 502], ids=str)
def test_a_request_that_may_have_been_obeyed_is_one(house: Household, status: int) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=status)
    first, second = only(house.rerun()), only(house.rerun())

    assert house.scheduler.posts == ["/trigger/haiku"]
    assert (first.is_refused, second.is_refused) == (False, False)
    assert first.asked_at == second.asked_at == first.at


def step_of(morning: Morning) -> str:
    cause = morning.job_causes["haiku"]
    assert cause is not None
    return cause.next_step


def test_the_next_step_goes_on_from_what_was_tried(house: Household) -> None:
    house.scheduler.replies["/trigger/haiku"] = Reply(status=404)
    refused = step_of(house.rerun())
    house.scheduler.replies["/trigger/haiku"] = Reply(status=500)
    first, second = step_of(house.rerun()), step_of(house.rerun())

    assert refused.startswith("Find out why its request was refused (trigger and headers of [schedulers.aime] in jobs")
    assert refused.endswith("then `pytest checks/ --rerun-missed`")
    assert (
        first
        == second
        == (
            "Read the log of the run asked for at 07:02 CET, and run it now: "
            f"`curl -X POST {house.scheduler.url}/trigger/haiku`, then `pytest checks/`"
        )
    )


def test_what_was_made_up_for_needs_nothing_more(house: Household) -> None:
    after = house.rerun()
    cause = after.job_causes["haiku"]

    assert cause is not None
    assert step_of(after) == "Roll call re-ran it at 07:02 CET, and its work is done. Nothing to do."
    assert "after it was due, re-run by Roll call; its limit was" in cause.sentence


# A scheduler that is killed in mid-run ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(dies=True), "the scheduler does not answer"),
        (Reply(hangs=True), "no complete answer within 1 s; missed: due Wed 11 Feb 06:00 CET"),
    ],
    ids=["dies", "hangs"],
)
def test_the_verdict_comes_in_bounded_time(reply: Reply, says: str, scheduler: ObedientService, tmp_path: Path) -> None:
    scheduler.replies["/trigger/haiku"] = reply
    jobs = HAIKU.replace('"10 min"', '"1 s"')
    house = Household.of(scheduler, tmp_path, jobs=jobs, of_scheduler=IMPATIENT)
    action = only(house.rerun())

    assert not action.is_proven
    assert says in action.proof
    assert scheduler.posts == ["/trigger/haiku"]


def test_nobody_is_waited_for_as_long_as_a_run_may_take_before_it_begins(tmp_path: Path) -> None:
    with socket.socket() as full, socket.socket() as one, socket.socket() as other:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # Whoever comes after those who wait to be accepted is not answered at all.
        for each in (one, other):
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        house = Household.of(ObedientService(jobs={}, url="http://{}:{}".format(*full.getsockname())), tmp_path)
        (scheduler,) = house.roll.schedulers
        assert isinstance(scheduler, Json)
        with pytest.raises(CannotLook, match="no connection within 2 s"):
            scheduler.post("/trigger/haiku", limit=timedelta(minutes=10))


# With the rights that are for that alone ------------------------------------------------------------------------------

REMEDY = """
headers = {{ X-Key = "watch-1234567" }}
trigger_body = {{ conf = "${{TOKEN}}" }}
[schedulers.aime.remedy]
headers = {{ X-Key = "act-7654321" }}
"""


def test_it_is_told_with_the_rights_of_its_remedy(scheduler: ObedientService, tmp_path: Path) -> None:
    after = Household.of(scheduler, tmp_path, of_scheduler=SCHEDULER + REMEDY).rerun()

    assert only(after).is_proven
    assert [each["x-key"] for each in scheduler.headers] == ["act-7654321"]
    assert [each["content-type"] for each in scheduler.headers] == ["application/json"]


def test_no_right_is_shown(scheduler: ObedientService, tmp_path: Path) -> None:
    house = Household.of(scheduler, tmp_path, of_scheduler=SCHEDULER + REMEDY)
    scheduler.replies["/trigger/haiku"] = Reply(status=403, text="not with act-7654321")
    refused = only(house.rerun())

    assert refused.is_refused
    assert "7654321" not in refused.proof


@pytest.mark.parametrize(
    ("remedy", "rule"),
    [
        ("remedy = 1", "schedulers.aime.remedy = 1: must be a table. Write [schedulers.aime.remedy] above its keys."),
        (
            'remedy = { words = { success = ["x"] }, no = 1 }',
            "schedulers.aime.remedy.words = {…}: applies to asking, not to remedies. Move it there.",
        ),
    ],
)
def test_a_remedy_has_rights_alone(scheduler: ObedientService, tmp_path: Path, remedy: str, rule: str) -> None:
    with pytest.raises(BadInput) as refused:
        Household.of(scheduler, tmp_path, of_scheduler=SCHEDULER + remedy.replace("{", "{{").replace("}", "}}"))

    assert rule in str(refused.value)
