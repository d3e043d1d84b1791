"""Is every witness asked once, all at the same time, each within its own limit?"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

import pytest

from fixtures.hostile_service import SCHEDULER, HostileService, Script, closed_port, hostile_service, reply
from fixtures.jobs_toml import ZURICH, read
from rollcall.ask import MOST_AT_ONCE, gather
from rollcall.evidence import NotSeen, OutputSeen, SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Asked, Scheduler
from rollcall.vocabulary import CauseCode, Verdict

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
HOUSE = Path(__file__).parents[1]
TOKEN = "s3cr3t-t0ken-0123456789"
GOOD = Script(first=reply(SCHEDULER))


def roll(folder: Path, urls: dict[str, str], *, timeout: str = "5 s", jobs: int = 2, token: str = TOKEN) -> Roll:
    """`jobs` jobs for each scheduler, all of which write into one folder."""
    lines = ['timezone = "Europe/Zurich"']
    for name, url in urls.items():
        lines += [
            f'[schedulers.{name}]\nkind = "aime"\nurl = "{url}"\ntimeout = "{timeout}"',
            'headers = { X-Token = "${TOKEN}" }',
        ]
        for number in range(jobs):
            lines += [f'[jobs.{name}-{number}]\nscheduler = "{name}"\nschedule = "0 6 * * *"']
            lines += [f'output = {{ path = "out/{name}-{number}-*.md" }}']
    file = folder / "jobs.toml"
    file.write_text("\n".join(lines))
    (folder / "out").mkdir(exist_ok=True)
    return load(file, environment={"TOKEN": token})


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


def schedulers(stack: ExitStack, **scripts: Script) -> dict[str, HostileService]:
    return {name: stack.enter_context(hostile_service(script)) for name, script in scripts.items()}


def urls(hostile: dict[str, HostileService]) -> dict[str, str]:
    return {name: each.url for name, each in hostile.items()}


def test_each_scheduler_is_asked_once_however_many_jobs_it_has(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, a=GOOD, b=GOOD)
    declared = roll(tmp_path, urls(hostile), jobs=50)
    progress: list[tuple[int, int]] = []
    evidence = gather(
        declared.jobs,
        declared.schedulers,
        now=NOW,
        clock=lambda: NOW,
        progress=lambda done, total: progress.append((done, total)),
    )

    assert [len(each.requests) for each in hostile.values()] == [1, 1]
    assert all(isinstance(seen, SchedulerSeen) for seen in evidence.schedulers.values())
    assert len(evidence.outputs) == 100
    assert all(isinstance(seen, OutputSeen) for each in evidence.outputs.values() for seen in each)
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_only_what_the_chosen_jobs_need_is_asked(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, a=GOOD, b=GOOD, c=GOOD)
    declared = roll(tmp_path, urls(hostile))
    evidence = gather([declared.job("b-1")], [], now=NOW, clock=lambda: NOW)

    assert (set(evidence.schedulers), set(evidence.outputs)) == ({"b"}, {"b-1"})
    assert [len(each.requests) for each in hostile.values()] == [0, 1, 0]


def test_a_scheduler_can_be_asked_without_its_jobs(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, a=GOOD)
    declared = roll(tmp_path, urls(hostile))
    evidence = gather([], declared.schedulers, now=NOW, clock=lambda: NOW)

    assert (set(evidence.schedulers), set(evidence.outputs)) == ({"a"}, set())


def test_nobody_to_ask_is_no_evidence(tmp_path: Path) -> None:
    evidence = gather([], [], now=NOW, clock=lambda: NOW)

    assert (dict(evidence.schedulers), dict(evidence.outputs)) == ({}, {})


# Limits -----------------------------------------------------------------------------------------------------------

SLOW = [
    Script(hangs=True),
    Script(again=b"\x00", every=0.05),
    Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X", every=0.05),
    Script(first=b"HTTP/1.1 200 OK\r\n", again=b"X: y\r\n", every=0.05),
    Script(first=reply(length=10_000), again=b" ", every=0.05),
]


def test_ten_schedulers_that_hang_are_unknown_and_the_other_is_heard(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, **{f"s{number}": SLOW[number % len(SLOW)] for number in range(10)}, good=GOOD)
    declared = roll(tmp_path, urls(hostile), timeout="1 s")
    evidence = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW)

    assert isinstance(evidence.schedulers["good"], SchedulerSeen)
    for number in range(10):
        seen = evidence.schedulers[f"s{number}"]
        assert isinstance(seen, NotSeen)
        assert seen.code in (CauseCode.SCHEDULER_DOWN, CauseCode.WRONG_SERVICE)


class Slow(Scheduler):
    """A scheduler that answers after `takes` seconds, or never."""

    kind: str = "slow"
    takes: float | None = None

    @property
    def address(self) -> str:
        return "slow"

    def look(self, asked: Asked) -> SchedulerSeen:
        with _counted:
            _at_once.append(threading.get_ident())
            _most.append(len(_at_once))
        try:
            _over.wait(self.takes)
        finally:
            with _counted:
                _at_once.remove(threading.get_ident())
        return SchedulerSeen(asked_at=asked.now, answered_at=asked.now)


_over = threading.Event()
_counted = threading.Lock()
_at_once: list[int] = []
_most: list[int] = []


@pytest.fixture(autouse=True)
def _end_of_those_who_never_answer() -> Iterator[None]:
    _over.clear()
    _most.clear()
    yield
    _over.set()


def slow(name: str, takes: float | None, timeout: str = "0.1 s") -> Scheduler:
    return Slow.model_validate({"takes": takes, "timeout": timeout}, context={"id": name, "environment": {}})


class Writes(Scheduler):
    """A scheduler that takes a moment to answer, and writes a file last of all."""

    kind: str = "writes"
    file: Path

    @property
    def address(self) -> str:
        return "writes"

    def look(self, asked: Asked) -> SchedulerSeen:
        _over.wait(0.3)
        self.file.write_text("there")
        return SchedulerSeen(asked_at=asked.now, answered_at=asked.now)


def test_no_output_is_read_before_the_schedulers_have_answered(tmp_path: Path) -> None:
    """Taking a large one apart would hold up the thread that reads an answer, and call a healthy scheduler down."""
    output = tmp_path / "a.md"
    output.write_text("thare")
    file = tmp_path / "jobs.toml"
    path = '{ path = "a.md", must_contain = ["there"] }'
    file.write_text(f"timezone = 'UTC'\n[jobs.a]\nschedule = '0 6 * * *'\noutput = {path}\n")
    table = {"file": output, "timeout": "20 s"}
    asked = [Writes.model_validate(table, context={"id": name, "environment": {}}) for name in ("a", "b")]
    job = load(file, environment={}).job("a").but(scheduler=asked[0])
    (seen,) = gather([job], asked, now=datetime.now(UTC), clock=lambda: NOW).outputs["a"]

    assert isinstance(seen, OutputSeen)
    assert [each.content and each.content.found for each in seen.files] == [{"there": True}]


def test_a_queue_of_slow_ones_calls_none_of_them_down() -> None:
    """Each is timed from when it is asked: together they take longer than any of them may."""
    asked = [slow(f"s{number}", 0.5, "1 s") for number in range(300)]
    seen = gather([], asked, now=NOW, clock=lambda: NOW).schedulers

    assert len(seen) == 300
    assert {type(each) for each in seen.values()} == {SchedulerSeen}
    assert max(_most) == MOST_AT_ONCE


def test_many_that_answer_at_once_are_all_heard() -> None:
    asked = [slow(f"s{number}", 0.05, "20 s") for number in range(150)]
    seen = gather([], asked, now=NOW, clock=lambda: NOW).schedulers

    assert {type(each) for each in seen.values()} == {SchedulerSeen}
    assert max(_most) <= MOST_AT_ONCE


def test_who_never_answers_holds_no_place_once_its_time_is_over() -> None:
    stuck = [slow(f"stuck{number}", None) for number in range(MOST_AT_ONCE)]
    seen = gather(
        [], [*stuck, slow("good", 0.0, "20 s"), slow("better", 0.1, "20 s")], now=NOW, clock=lambda: NOW
    ).schedulers

    assert {name for name, each in seen.items() if isinstance(each, SchedulerSeen)} == {"good", "better"}
    assert {getattr(each, "detail", "") for each in seen.values()} == {"", "slow: no complete answer within 0.1 s"}


def test_what_counts_is_when_an_answer_came_and_not_when_it_is_read() -> None:
    """Whoever is told of the progress may hold up the one thread that reads the answers."""
    asked = [slow("quick", 0.0, "20 s"), slow("in time", 0.5, "20 s"), slow("late", 1.4)]
    held_up = threading.Event()

    def progress(done: int, total: int) -> None:
        if not held_up.is_set():
            _over.wait(1.8)
        held_up.set()

    seen = gather([], asked, now=NOW, clock=lambda: NOW, progress=progress).schedulers

    assert {name: type(each) for name, each in seen.items()} == {
        "quick": SchedulerSeen,
        "in time": SchedulerSeen,
        "late": NotSeen,
    }


def test_the_second_record_of_a_scheduler_is_asked_beside_it(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, a=GOOD)
    file = tmp_path / "jobs.toml"
    file.write_text(
        f"timezone = 'UTC'\n[schedulers.a]\nkind = 'aime'\nurl = '{hostile['a'].url}'\n"
        "[schedulers.a.memory]\ndatabase = 'sqlite:///none.db'\n"
        "[jobs.a]\nscheduler = 'a'\nschedule = '0 6 * * *'\n"
    )
    declared = load(file, environment={})
    evidence = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW)

    assert isinstance(evidence.schedulers["a"], SchedulerSeen)
    memory = evidence.memories["a"]
    assert isinstance(memory, NotSeen)
    assert memory.detail == f"sqlite:///none.db: there is no file {tmp_path / 'none.db'}"


def test_an_answer_that_comes_after_its_own_limit_does_not_count(tmp_path: Path, stack: ExitStack) -> None:
    """The others' patience must not decide whether a scheduler is up."""
    hostile = schedulers(stack, hasty=GOOD, patient=GOOD)
    (hasty,) = roll(tmp_path, {"hasty": hostile["hasty"].url}, timeout="0.2 s").schedulers
    (patient,) = roll(tmp_path, {"patient": hostile["patient"].url}, timeout="60 s").schedulers
    here = threading.local()

    def clock() -> datetime:
        # A look ends with the second look at the clock, which comes long after the limit of "hasty".
        if hasattr(here, "asked"):
            time.sleep(1.6)
        here.asked = True
        return NOW

    seen = gather([], [hasty, patient], now=NOW, clock=clock).schedulers

    assert isinstance(seen["patient"], SchedulerSeen)
    assert isinstance(seen["hasty"], NotSeen)
    assert "no complete answer within 0.2 s" in seen["hasty"].detail


def test_who_cannot_be_asked_does_not_keep_the_others_from_being_heard(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, good=GOOD, broken=Script(first=reply(status="500 Broken")))
    refusing = stack.enter_context(closed_port())
    declared = roll(tmp_path, {**urls(hostile), "down": refusing})
    (tmp_path / "out").rmdir()
    evidence = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW)

    assert {name: getattr(seen, "code", "seen") for name, seen in evidence.schedulers.items()} == {
        "good": "seen",
        "broken": "scheduler-error",
        "down": "scheduler-down",
    }
    assert {getattr(seen, "code", "seen") for each in evidence.outputs.values() for seen in each} == {
        "output-unreadable"
    }


def test_a_look_that_breaks_is_a_witness_that_was_not_seen(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, a=GOOD)
    declared = roll(tmp_path, urls(hostile))

    def clock() -> datetime:
        raise RuntimeError(f"\x1b[31m{TOKEN}")

    evidence = gather(declared.jobs, declared.schedulers, now=NOW, clock=clock)

    assert evidence.schedulers["a"] == NotSeen(
        code=CauseCode.SCHEDULER_DOWN, detail="looking broke with RuntimeError: ${TOKEN}", looked_at=NOW
    )
    assert isinstance(evidence.outputs["a-0"][0], NotSeen)


def test_no_evidence_holds_a_secret(tmp_path: Path, stack: ExitStack) -> None:
    body = f'{{"running": true, "jobs": [{{"id": "{TOKEN}", "name": "{TOKEN}", "last_status": "{TOKEN}"}}]}}'
    echoes = {
        "jobs": Script(first=reply(body.encode())),
        "reason": Script(first=reply(status=f"401 {TOKEN}")),
        "html": Script(first=reply(f"<p>{TOKEN}".encode())),
        "banner": Script(first=TOKEN.encode(), speaks_first=True),
    }
    hostile = schedulers(stack, **echoes)
    declared = roll(tmp_path, urls(hostile))
    text = gather(declared.jobs, declared.schedulers, now=NOW, clock=lambda: NOW).to_json()

    assert all(f"X-Token: {TOKEN}".encode() in request for each in hostile.values() for request in each.requests[:1])
    assert "${TOKEN}" in text
    assert TOKEN not in text


# The folder, and the end of the process ---------------------------------------------------------------------------

COUNTS = """
import sys
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from rollcall.roll.load import load
from rollcall.ask import gather

roll = load(Path("jobs.toml"), environment={"TOKEN": "x"})
listed, opened = [], []


def note(event, args):
    if event == "os.scandir" and str(args[0]).endswith("out"):
        listed.append(args[0])
    if event == "open" and str(args[0]).endswith(".md"):
        opened.append(args[0])

sys.addaudithook(note)
gather(roll.jobs, [], now=datetime(2026, 2, 11, 5, 30, tzinfo=UTC), clock=lambda: datetime.now(UTC))
print(len(listed), len(opened))
"""

HANGS = """
import sys, threading, time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from rollcall.roll.load import load
from rollcall.ask import gather

roll = load(Path("jobs.toml"), environment={"TOKEN": "x"})
calls = []

def clock():
    calls.append(None)
    if len(calls) % 3 == 0:
        time.sleep(60)  # one that no timeout of a socket can end
    return datetime.now(UTC)

evidence = gather(roll.jobs, roll.schedulers, now=datetime.now(UTC), clock=clock)
abandoned = sum(thread.daemon and thread.is_alive() for thread in threading.enumerate())
print(abandoned > 0, sorted({seen.code.value for seen in evidence.schedulers.values()}))
"""


def run(code: str, folder: Path) -> tuple[int, str, str]:
    child = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return child.returncode, child.stdout.strip(), child.stderr


def test_a_folder_is_listed_once_however_many_jobs_share_it(tmp_path: Path) -> None:
    roll(tmp_path, {"a": "http://127.0.0.1:9"}, jobs=40, token="x")
    for number in range(40):
        path = tmp_path / "out" / f"a-{number}-x.md"
        path.write_text("text")
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))

    assert run(COUNTS, tmp_path) == (0, "1 40", "")


def test_witnesses_that_never_answer_leave_nothing_behind_at_the_end(tmp_path: Path, stack: ExitStack) -> None:
    hostile = schedulers(stack, **{f"s{number}": SLOW[number % len(SLOW)] for number in range(6)})
    roll(tmp_path, urls(hostile), timeout="0.5 s", token="x")
    status, told, warned = run(HANGS, tmp_path)

    assert (status, told, warned) == (0, "True ['scheduler-down', 'wrong-service']", "")


# What is due after another --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "offset"),
    [("2026-02-11", "+01:00"), ("2026-03-29", "+02:00"), ("2026-10-25", "+01:00")],
    ids=["winter", "spring", "autumn"],
)
@pytest.mark.parametrize(("within", "look_back"), [("2 h", ""), ("26 h", ""), ("2 h", 'look_back = "3 d"')])
def test_what_never_follows_is_missed_also_by_who_looks_once_a_day(
    tmp_path: Path, day: str, offset: str, within: str, look_back: str
) -> None:
    """Its time is over after the look of one morning, and before that of the next its upstream is due again."""
    jobs = f"""
[jobs.up]
schedule = "0 6 * * *"
output.path = "up-%F"
[jobs.next]
after = "up"
within = "{within}"
{look_back}
output.path = "next-%F"
"""
    declared = read(tmp_path, f"{ZURICH}{jobs}")
    today = date.fromisoformat(day)
    for before in range(5):
        run_on = today - timedelta(days=before)
        file = tmp_path / f"up-{run_on}"
        file.write_text("done", encoding="utf-8")
        made_on = datetime.combine(run_on, clock_time(6, 1), tzinfo=declared.zone).timestamp()
        os.utime(file, (made_on, made_on))
    (tmp_path / f"next-{today - timedelta(days=4)}").write_text("done", encoding="utf-8")
    now = datetime.fromisoformat(f"{day}T07:00{offset}").astimezone(UTC)
    evidence = gather(declared.jobs, declared.schedulers, now=now, clock=lambda: now)
    up, following = judge_morning(declared, evidence, now=now).jobs

    assert up.verdict is Verdict.OK
    assert following.needs_a_person
    assert following.due_run is not None
    assert following.due_run.finish_by <= now
