"""Are systemd's timers told as they are, and each start of a unit as the journal shows it?"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.jobs_toml import read
from fixtures.one_morning import scheduler_of
from rollcall.causes.words import check_step
from rollcall.evidence import CannotLook, JobListed, Off, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Asked, Scheduler, Step, Wanted
from rollcall.schedulers.systemd_journal import Fold, Says
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
BOOT, BEFORE = "b" * 32, "a" * 32
GOOD, BAD, SKIPPED, RUNNING = Outcome.SUCCESS, Outcome.FAILED, Outcome.SKIPPED, Outcome.RUNNING
DOWN, DENIED, ERROR = CauseCode.SCHEDULER_DOWN, CauseCode.ACCESS_DENIED, CauseCode.SCHEDULER_ERROR


def at(second: float) -> int:
    """Microseconds: so many seconds after five."""
    return int((NOW.replace(hour=5, minute=0).timestamp() + second) * 1_000_000)


def iso(second: float) -> str:
    return (NOW.replace(hour=5, minute=0) + timedelta(seconds=second)).isoformat()


def entry(says: Says, second: float, *, unit: str = "dump.service", by: str = "1", **fields: str) -> dict[str, str]:
    """One entry of the journal; `by` is its invocation, "" of none."""
    whole = {"__REALTIME_TIMESTAMP": str(at(second)), "_BOOT_ID": BOOT, "MESSAGE_ID": says, "UNIT": unit, **fields}
    return whole | ({"INVOCATION_ID": by} if by else {})


def starting(second: float, by: str = "1", **more: str) -> dict[str, str]:
    return entry(Says.STARTING, second, by=by, JOB_TYPE="start", **more)


def job_done(second: float, message: str, by: str = "1", **more: str) -> dict[str, str]:
    return entry(Says.STARTED, second, by=by, JOB_TYPE="start", JOB_RESULT="done", MESSAGE=message, **more)


def not_started(second: float, result: str = "failed", by: str = "1") -> dict[str, str]:
    return entry(Says.NOT_STARTED, second, by=by, JOB_TYPE="start", JOB_RESULT=result)


def exited(second: float, status: str, code: str = "exited", message: str = "") -> dict[str, str]:
    return entry(Says.EXITED, second, EXIT_STATUS=status, EXIT_CODE=code, MESSAGE=message)


def failed(second: float, result: str = "exit-code", by: str = "1") -> dict[str, str]:
    return entry(Says.FAILED, second, by=by, UNIT_RESULT=result)


def lines(entries: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in entries)


# The fold ---------------------------------------------------------------------------------------------------------

FINISHED, STARTED = "Finished dump.service.", "Started dump.service."
# What the journal has of one unit, and its runs: start, end, outcome, systemd's word with what it adds, attempt.
FOLDS: dict[str, tuple[list[dict[str, str]], list[tuple[float, float | None, Outcome, str, int | None]]]] = {
    "a oneshot ends with its start job": (
        [starting(0), entry(Says.SUCCEEDED, 9), job_done(9, FINISHED)], [(0, 9, GOOD, "success", None)]),
    "one that stays active has ended all the same": (
        [starting(0), job_done(9, FINISHED)], [(0, 9, GOOD, "success", None)]),
    "a hung one has begun": ([starting(0)], [(0, None, RUNNING, "running", None)]),
    "of Type=simple the start job is the start": (
        [job_done(0, STARTED)], [(0, None, RUNNING, "running", None)]),
    "and what follows is the end": (
        [job_done(0, STARTED), entry(Says.SUCCEEDED, 60)], [(0, 60, GOOD, "success", None)]),
    "of Type=notify it is neither": (
        [starting(0), job_done(2, STARTED), entry(Says.SUCCEEDED, 60)], [(0, 60, GOOD, "success", None)]),
    "an exit status is told": (
        [starting(0), exited(5, "3"), failed(5), not_started(5)], [(0, 5, BAD, "exit-code 3", None)]),
    "one of systemd's own by its name": (
        [starting(0), exited(0, "203", message="dump.service: Main process exited, code=exited, status=203/EXEC"),
         failed(0), not_started(0)], [(0, 0, BAD, "exit-code 203/EXEC", None)]),
    "a signal by its name": (
        [starting(0), exited(5, "11", "dumped"), failed(5, "core-dump")], [(0, 5, BAD, "core-dump SEGV", None)]),
    "a timeout": ([starting(0), failed(90, "timeout"), not_started(90)], [(0, 90, BAD, "timeout", None)]),
    "out of memory": ([job_done(0, STARTED), failed(7, "oom-kill")], [(0, 7, BAD, "oom-kill", None)]),
    "what was stopped did not finish": (
        [job_done(0, STARTED), entry(Says.STOPPING, 5, JOB_TYPE="stop"), entry(Says.SUCCEEDED, 6)],
        [(0, 5, BAD, "stopped", None)]),
    "what had ended may be stopped": (
        [starting(0), job_done(9, FINISHED), entry(Says.STOPPING, 50), entry(Says.SUCCEEDED, 50)],
        [(0, 9, GOOD, "success", None)]),
    "or fail as it is stopped": (
        [starting(0), job_done(9, FINISHED), failed(50)], [(0, 9, GOOD, "success", None)]),
    "each attempt is a run": (
        [starting(0), exited(1, "5"), failed(1), not_started(1), entry(Says.RESTARTS, 2, N_RESTARTS="1"),
         starting(2, "2"), entry(Says.SUCCEEDED, 3, by="2"), job_done(3, FINISHED, "2")],
        [(0, 1, BAD, "exit-code 5", 1), (2, 3, GOOD, "success", 2)]),
    "a restart's stop job is no start": (
        [starting(0), failed(1), entry(Says.STARTED, 2, JOB_TYPE="restart", MESSAGE="Stopped dump.service.")],
        [(0, 1, BAD, "exit-code", None)]),
    "a start too many is refused, under the invocation before": (
        [starting(0), exited(1, "1"), failed(1), not_started(1), failed(20), not_started(20)],
        [(0, 1, BAD, "exit-code 1", None), (20, 20, BAD, "start-limit-hit", None)]),
    "a condition, of a unit that never ran": (
        [job_done(0, "dump.service was skipped because of an unmet condition check (ConditionACPower=true).", "")],
        [(0, 0, SKIPPED, "condition ConditionACPower=true", None)]),
    "a condition, of one that ran before": (
        [starting(0), entry(Says.SUCCEEDED, 1), job_done(1, FINISHED),
         job_done(20, "Condition check resulted in dump.service being skipped.")],
        [(0, 1, GOOD, "success", None), (20, 20, SKIPPED, "condition", None)]),
    "an ExecCondition": (
        [starting(0), entry(Says.LEFT_OUT, 1, UNIT_RESULT="exec-condition"),
         job_done(1, "Condition check resulted in dump.service being skipped.")],
        [(0, 1, SKIPPED, "exec-condition", None)]),
    "a dependency that failed": ([not_started(0, "dependency", "")], [(0, 0, BAD, "dependency", None)]),
    "the same of one that ran before": (
        [starting(0), entry(Says.SUCCEEDED, 1), job_done(1, FINISHED), not_started(20, "dependency")],
        [(0, 1, GOOD, "success", None), (20, 20, BAD, "dependency", None)]),
    "what began before the first entry is not placed at its end": (
        [entry(Says.SUCCEEDED, 1), job_done(1, FINISHED)], []),
    "nor is it where it failed": ([exited(5, "1"), failed(5, by="0"), not_started(5, by="0")], []),
    "other units are no runs of it": ([starting(0, unit="other.service"), starting(0, unit="dump.timer")], []),
    "a unit that is several is none": ([{**starting(0), "UNIT": ["dump.service"]}], []),  # type: ignore[dict-item]
    "a field that is no text says nothing": (
        [starting(0), {**failed(5), "UNIT_RESULT": [1, 2]}], [(0, 5, BAD, "failed", None)]),  # type: ignore[dict-item]
}  # fmt: skip


@pytest.mark.parametrize("case", FOLDS)
def test_each_start_of_a_unit_is_a_run(case: str) -> None:
    entries, runs = FOLDS[case]
    fold = Fold(units={"dump.service"}, oneshots={"dump.service"} if "oneshot" in case else ())
    fold.read(lines(entries).splitlines())

    assert [
        (each.started, each.ended, each.outcome, f"{each.result} {each.detail}".rstrip(), each.attempt)
        for each in fold.runs.get("dump.service", deque())
    ] == [
        (at(start), None if end is None else at(end), outcome, word, attempt)
        for start, end, outcome, word, attempt in runs
    ]


def test_a_unit_may_have_a_backslash_in_its_name() -> None:
    name = r"scrub@mnt-\x2dbig.service"
    fold = Fold(units={name})
    fold.read(lines([starting(0, unit=name)]).splitlines())

    assert list(fold.runs) == [name]


def test_before_version_245_a_oneshot_that_ended_is_started() -> None:
    fold = Fold(units={"dump.service"}, oneshots={"dump.service"})
    fold.read(lines([starting(0), job_done(9, STARTED)]).splitlines())

    assert [each.ended for each in fold.runs["dump.service"]] == [at(9)]


def test_the_chattiest_loses_its_oldest_runs_and_a_nightly_one_none() -> None:
    fold = Fold(units={"chat.service", "dump.service"}, most=20)
    fold.read(
        lines([starting(0), *(starting(each, str(each), unit="chat.service") for each in range(1, 100))]).splitlines()
    )

    assert len(fold.runs["dump.service"]) == 1
    assert sum(len(each) for each in fold.runs.values()) <= 20
    kept = [each.started for each in fold.runs["chat.service"]]
    assert kept[-1] == at(99)
    assert fold.cut_at == {"chat.service": kept[0]}


# One look ---------------------------------------------------------------------------------------------------------

SAYS = """
import json, sys
said, argv = json.load(open(sys.argv[1])), sys.argv[2:]
with open(sys.argv[1] + ".ran", "a") as ran:
    ran.write(json.dumps(argv) + "\\n")
for words, (status, out, err) in said:
    if all(each in argv for each in words):
        sys.stdout.write(out); sys.stderr.write(err); sys.exit(status)
sys.exit(127)
"""


def unit(name: str, **properties: str) -> str:
    """What `systemctl show` prints of one."""
    said = {"Id": name, "LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled", **properties}
    return "".join(f"{key}={value}\n" for key, value in said.items())


TIMER = {"unit": "dump.timer", "activates": "dump.service", "next": at(0) + 86_400_000_000, "last": 0}
ONE_BOOT = {"boot_id": BOOT, "first_entry": at(-90_000), "last_entry": at(1800)}
DUMP = unit("dump.timer", Unit="dump.service", TimersCalendar="{ OnCalendar=*-*-* 05:00:00 ; next_elapse=@1 }")
SERVICE = unit("dump.service", ActiveState="inactive", Type="oneshot", UnitFileState="static")


def machine(
    tmp_path: Path,
    *,
    timers: Sequence[Mapping[str, Any]] = (TIMER,),
    files: str = "dump.timer enabled enabled\n",
    units: Sequence[str] = (DUMP, SERVICE),
    boots: Any = (ONE_BOOT,),
    journal: Sequence[Mapping[str, Any]] = (),
    clock: str = f"{NOW.timestamp():.6f}000\n",
    **instead: tuple[int, str, str],
) -> Scheduler:
    """A scheduler that asks a machine which says this; `instead` is what a command says, by a word of it."""
    out = {
        "list-timers": json.dumps(list(timers)),
        "list-unit-files": files,
        "show": "\n".join(units),
        "--list-boots": boots if isinstance(boots, str) else json.dumps(list(boots)),
        "journalctl": lines(journal).decode(),
        "date": clock,
        "readlink": "/usr/share/zoneinfo/Europe/Zurich\n",
    }
    answers = {word: (0, said, "") for word, said in out.items()} | {
        {"listing": "list-timers", "booted": "--list-boots", "entries": "journalctl", "zone": "readlink"}[word]: said
        for word, said in instead.items()
    }
    (tmp_path / "says.py").write_text(SAYS)
    (tmp_path / "said").write_text(json.dumps([([word], said) for word, said in answers.items()]))
    via = [sys.executable, "-S", str(tmp_path / "says.py"), str(tmp_path / "said")]
    return scheduler_of("host", {"kind": "systemd", "via": via, "timeout": "20 s"})


def look(scheduler: Scheduler) -> SchedulerSeen:
    return scheduler.look(Asked(clock=lambda: NOW, now=NOW, since=SINCE))


def refused(scheduler: Scheduler) -> tuple[CauseCode, str]:
    with pytest.raises(CannotLook) as refusal:
        look(scheduler)
    return refusal.value.code, refusal.value.detail


def only(seen: SchedulerSeen) -> RunSeen:
    assert seen.runs is not None
    (run,) = seen.runs
    return run


def test_a_timer_is_a_job_and_each_start_of_its_unit_a_run(tmp_path: Path) -> None:
    journal = [starting(0), entry(Says.SUCCEEDED, 9), job_done(9, FINISHED)]

    assert look(machine(tmp_path, journal=journal)) == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW,
        server_at=NOW,
        jobs=(
            JobListed(
                id="dump.timer",
                name="dump.timer",
                next_run="2026-02-12T05:00:00+00:00",
                paused=False,
                schedule="*-*-* 05:00:00",
                zone="Europe/Zurich",
                catches_up=False,
                key="dump.service",
                aliases=("dump.service", "dump"),
            ),
        ),
        runs=(RunSeen(job="dump.timer", started=iso(0), ended=iso(9), word="success", outcome=GOOD),),
        runs_since=SINCE,
    )


TIMER_SAYS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "stopped": ({"ActiveState": "inactive"}, {"paused": True, "schedule": "*-*-* 05:00:00"}),
    # Debian brings a dozen of them: to declare whatever is listed is not to declare those.
    "switched off": ({"ActiveState": "inactive", "UnitFileState": "disabled"}, {"paused": True, "schedule": None}),
    "failed": ({"ActiveState": "failed"}, {"paused": True, "says": "failed, enabled"}),
    "by no calendar": ({"TimersCalendar": ""}, {"paused": False, "schedule": None}),
    "by several": (
        {"TimersCalendar": "{ OnCalendar=Sat *-*-* 05:00:00 ; next_elapse=@1 }\n"
         "TimersCalendar={ OnCalendar=Mon..Fri *-*-* 02:30:00 Asia/Tokyo ; next_elapse=@1 }"},
        {"schedule": "Mon..Fri *-*-* 02:30:00 Asia/Tokyo; Sat *-*-* 05:00:00"},
    ),
    "delayed": ({"RandomizedDelayUSec": "1h 30min"}, {"jitter": "1h 30min"}),
    "hardly delayed": ({"RandomizedDelayUSec": "500ms"}, {"jitter": None}),
    "not delayed": ({"RandomizedDelayUSec": "0"}, {"jitter": None}),
    "persistent": ({"Persistent": "yes"}, {"catches_up": True}),
    "described": ({"Description": "Nightly \x1b[31mdump"}, {"name": "Nightly dump"}),
}  # fmt: skip


@pytest.mark.parametrize("case", TIMER_SAYS)
def test_what_a_timer_says_is_told(tmp_path: Path, case: str) -> None:
    properties, told = TIMER_SAYS[case]
    calendar = {"TimersCalendar": "{ OnCalendar=*-*-* 05:00:00 ; next_elapse=@1 }"}
    timer = unit("dump.timer", **{"Unit": "dump.service", **calendar, **properties})

    (job,) = look(machine(tmp_path, units=(timer, SERVICE))).jobs or ()
    assert {key: getattr(job, key) for key in told} == told


def test_a_timer_that_is_loaded_no_more_is_still_listed_and_one_without_a_file_is_not(tmp_path: Path) -> None:
    units = (unit("dump.timer", ActiveState="inactive"), unit("gone.timer", LoadState="not-found"))
    seen = look(
        machine(tmp_path, timers=(), files="dump.timer static -\nx@.timer static -\nold.timer alias -\n", units=units)
    )

    assert [(each.id, each.paused) for each in seen.jobs or ()] == [("dump.timer", True)]


def test_what_two_timers_activate_is_the_run_of_neither_alone(tmp_path: Path) -> None:
    timers = [{"unit": f"{each}.timer", "activates": "dump.service", "next": None, "last": at(0)} for each in "ab"]
    units = (unit("a.timer", Unit="dump.service"), unit("b.timer", Unit="dump.service"), SERVICE)
    seen = look(machine(tmp_path, timers=timers, files="", units=units, journal=[starting(0)]))

    assert [(each.job, each.by_schedule) for each in seen.runs or ()] == [("a.timer", None), ("b.timer", None)]
    assert [each.aliases for each in seen.jobs or ()] == [(), ()]
    assert [seen.taken_for(each) for each in ("a.timer", "b.timer")] == [(), ()]
    # There may be an a.service, and to run that would be something else.
    wanted = [Wanted(name=each.id, key=each.key) for each in seen.jobs or ()]
    host = scheduler_of("host", {"kind": "systemd"})
    assert [host.order(Step.TRIGGER, each) for each in wanted] == [None, None]


@pytest.mark.parametrize("name", ["dump.timer", "dump.service", "dump"])
def test_a_job_may_be_called_by_its_timer_or_by_what_that_activates(tmp_path: Path, name: str) -> None:
    seen = look(machine(tmp_path, journal=[starting(0)]))

    assert seen.listed(name) == (seen.jobs or ())[0]
    assert seen.runs_of(name) == seen.runs
    assert seen.taken_for(name) == ()


# When the timer triggered last, since when it is active; when its unit began; whether it was by schedule.
WHOSE: dict[str, tuple[float | None, float, list[float], list[bool | None]]] = {
    "before its last time nobody tells": (60, 0, [0], [None]),
    "the first since is its own": (0, 0, [0.1], [True]),
    "the others a person began": (0, 0, [0.1, 500], [True, False]),
    "one long after it may have waited": (0, 0, [500], [None]),
    "after it was asked nobody tells": (1700, 0, [1700.1, 1801], [True, None]),
    "where it has triggered nothing yet a person did": (None, 0, [500], [False]),
    "but not before it was switched on": (None, 600, [500], [None]),
}


@pytest.mark.parametrize("case", WHOSE)
def test_a_run_by_hand_is_told_from_one_by_its_timer(tmp_path: Path, case: str) -> None:
    last, active, starts, told = WHOSE[case]
    timer = {"unit": "dump.timer", "activates": "dump.service", "next": None, "last": 0 if last is None else at(last)}
    units = (unit("dump.timer", Unit="dump.service", InactiveExitTimestamp=f"@{at(active) // 1_000_000}"), SERVICE)
    journal = [
        each
        for by, second in enumerate(map(float, starts))
        for each in (starting(second, str(by)), entry(Says.SUCCEEDED, second, by=str(by)))
    ]
    seen = look(machine(tmp_path, timers=[timer], units=units, journal=journal))

    assert [each.by_schedule for each in seen.runs or ()] == told


def test_what_systemd_starts_again_goes_with_what_failed(tmp_path: Path) -> None:
    timer = {**TIMER, "last": at(0)}
    journal = [starting(0.1), failed(1), not_started(1), entry(Says.RESTARTS, 2, N_RESTARTS="1"), starting(2, "2")]
    by_hand = [
        starting(500, "3"),
        failed(501, by="3"),
        entry(Says.RESTARTS, 502, by="3", N_RESTARTS="1"),
        starting(502, "4"),
    ]
    seen = look(machine(tmp_path, timers=[timer], journal=[*journal, entry(Says.SUCCEEDED, 3, by="2"), *by_hand]))

    assert [(each.attempt, each.by_schedule) for each in seen.runs or ()] == [
        (1, True), (2, True), (1, False), (2, False),
    ]  # fmt: skip


def test_what_was_running_when_the_machine_went_down_is_cut_off(tmp_path: Path) -> None:
    boots = [
        {"boot_id": BEFORE, "first_entry": at(-90_000), "last_entry": at(60)},
        {"boot_id": BOOT, "first_entry": at(600), "last_entry": at(1800)},
    ]
    seen = look(machine(tmp_path, boots=boots, journal=[{**starting(0), "_BOOT_ID": BEFORE}]))

    assert (only(seen).ended, only(seen).outcome, only(seen).word) == (iso(60), BAD, "cut off")
    assert seen.off == (Off(since=datetime.fromisoformat(iso(60)), until=datetime.fromisoformat(iso(600))),)


def test_what_the_journal_lost_the_end_of_is_not_running(tmp_path: Path) -> None:
    ended = {"ActiveState": "failed", "Type": "oneshot", "Result": "timeout", "InvocationID": "1"}
    service = unit("dump.service", **ended, InactiveEnterTimestamp=f"@{at(70) // 1_000_000}")
    known = only(look(machine(tmp_path, units=(DUMP, service), journal=[starting(0)])))
    forgotten = only(look(machine(tmp_path, journal=[starting(0)])))

    assert (known.ended, known.outcome, known.word) == (iso(70), BAD, "timeout")
    assert (forgotten.ended, forgotten.outcome, forgotten.word) == (None, Outcome.UNKNOWN, "no end")


def test_what_has_been_running_since_before_all_that_was_asked_for_is_running(tmp_path: Path) -> None:
    began = int((SINCE - timedelta(days=2)).timestamp())
    service = unit("dump.service", ActiveState="activating", SubState="start", InactiveExitTimestamp=f"@{began}")
    run = only(look(machine(tmp_path, units=(DUMP, service))))

    assert (run.started, run.outcome) == ((SINCE - timedelta(days=2)).isoformat(), RUNNING)


# What systemd itself remembers of a unit whose starts are not in the journal, and its run.
QUIET: dict[str, tuple[dict[str, str], tuple[float | None, Outcome, str]]] = {
    "did its work": ({"ActiveState": "inactive", "Result": "success"}, (70, GOOD, "success")),
    "failed": ({"ActiveState": "failed", "Result": "exit-code"}, (70, BAD, "exit-code")),
    "stays": ({"ActiveState": "active", "SubState": "exited", "Result": "success"}, (None, GOOD, "success")),
    "is running": ({"ActiveState": "activating", "SubState": "start", "Result": "success"}, (None, RUNNING, "running")),
}


@pytest.mark.parametrize("case", QUIET)
def test_a_service_that_keeps_its_starts_out_of_the_journal_is_not_missed(tmp_path: Path, case: str) -> None:
    said, (ended, outcome, word) = QUIET[case]
    times = {"InactiveExitTimestamp": f"@{at(60) // 1_000_000}"}
    times |= {"InactiveEnterTimestamp": f"@{at(70) // 1_000_000}"} if ended else {}
    service = unit("dump.service", Type="oneshot", InvocationID="9", **said, **times)
    # What fails is written there all the same.
    seen = look(machine(tmp_path, units=(DUMP, service), journal=[exited(70, "3"), failed(70, by="9")]))
    run = only(seen)

    assert (run.started, run.ended, run.outcome, run.word) == (iso(60), ended and iso(ended), outcome, word)
    # Of those before nobody can tell, and none may be called missed.
    assert [each.runs_since for each in seen.jobs or ()] == [iso(60)]


def test_what_the_journal_tells_is_not_told_twice(tmp_path: Path) -> None:
    times = {"InactiveExitTimestamp": f"@{at(0) // 1_000_000}", "InactiveEnterTimestamp": f"@{at(9) // 1_000_000}"}
    said = {"ActiveState": "inactive", "Result": "success", "InvocationID": "1"}
    journal = [starting(0), entry(Says.SUCCEEDED, 9), job_done(9, FINISHED)]
    seen = look(machine(tmp_path, units=(DUMP, unit("dump.service", **said, **times)), journal=journal))

    assert only(seen).word == "success"
    assert [each.runs_since for each in seen.jobs or ()] == [None]


def test_only_the_systems_own_journal_tells_how_far_back_and_only_root_that_it_slept(tmp_path: Path) -> None:
    """Measured: the journal of a user who was here once outlives the system's of those days."""
    look(machine(tmp_path))

    ran = [json.loads(each) for each in (tmp_path / "said.ran").read_text().splitlines()]
    (boots,) = [each for each in ran if "--list-boots" in each]
    (entries,) = [each for each in ran if "+" in each]
    assert "--system" in boots
    assert entries[entries.index("+") + 1] == "_UID=0"


def test_a_machine_that_begins_in_1970_is_still_running_what_it_runs(tmp_path: Path) -> None:
    boots = [
        {"boot_id": BEFORE, "first_entry": at(-90_000), "last_entry": at(-600)},
        {"boot_id": BOOT, "first_entry": 5_000_000, "last_entry": at(1800)},
    ]
    seen = look(
        machine(
            tmp_path, boots=boots, journal=[starting(0)], units=(DUMP, unit("dump.service", ActiveState="activating"))
        )
    )

    assert only(seen).outcome is RUNNING
    assert seen.runs_since == SINCE


def test_runs_are_told_since_the_journal_begins(tmp_path: Path) -> None:
    young = [{"boot_id": BOOT, "first_entry": at(-60), "last_entry": at(1800)}]

    assert look(machine(tmp_path, boots=young)).runs_since == datetime.fromisoformat(iso(-60))


def test_boots_are_read_from_a_table_too(tmp_path: Path) -> None:
    table = (
        f"-1 {BEFORE} Tue 2026-02-10 02:00:00 UTC—Wed 2026-02-11 05:01:00 UTC\n"
        f" 0 {BOOT} Wed 2026-02-11 05:10:00 UTC—Wed 2026-02-11 05:30:00 UTC\n"
    )
    newer = "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n" + table.replace("—", " ")

    for each in (table, newer):
        (off,) = look(machine(tmp_path, boots=each)).off
        assert (off.since.isoformat(), off.until.isoformat()) == (iso(60), iso(600))


def test_a_machine_that_slept_ran_nothing(tmp_path: Path) -> None:
    sleep = [{**entry(each, second), "UNIT": None} for each, second in ((Says.ASLEEP, 0), (Says.AWAKE, 600))]
    (off,) = look(machine(tmp_path, journal=sleep)).off

    assert (off.since.isoformat(), off.until.isoformat(), off.how) == (iso(0), iso(600), "asleep")


def test_it_may_have_gone_to_sleep_before_all_that_was_asked_for(tmp_path: Path) -> None:
    slept = [(Says.AWAKE, 0), (Says.ASLEEP, 600), (Says.AWAKE, 900), (Says.AWAKE, 1000)]
    journal = [{**entry(each, second), "UNIT": None} for each, second in slept]
    seen = look(machine(tmp_path, journal=journal))

    assert [(each.since, each.until.isoformat()) for each in seen.off] == [
        (SINCE, iso(0)),
        (datetime.fromisoformat(iso(600)), iso(900)),
    ]


def test_a_thousand_timers_are_asked_for_at_once(tmp_path: Path) -> None:
    names = [f"a-job-with-a-name-of-some-length-{each:04}" for each in range(1000)]
    timers = [{"unit": f"{each}.timer", "activates": f"{each}.service", "next": None, "last": 0} for each in names]
    units = [unit(f"{each}.timer", Unit=f"{each}.service") for each in names] + [
        unit(f"{each}.service") for each in names
    ]
    scheduler = machine(
        tmp_path, timers=timers, files="".join(f"{each}.timer static -\n" for each in names), units=units
    )

    assert len(look(scheduler).jobs or ()) == 1000
    ran = [json.loads(line) for line in (tmp_path / "said.ran").read_text().splitlines()]
    assert len(ran) == 7
    assert all(len(" ".join(each)) < 128_000 for each in ran)


def test_only_systemd_itself_is_believed(tmp_path: Path) -> None:
    look(machine(tmp_path))
    asked = [json.loads(line) for line in (tmp_path / "said.ran").read_text().splitlines()][-1]

    before_sleep = asked[: asked.index("+")]
    assert "_PID=1" in before_sleep
    assert f"--since=@{int(SINCE.timestamp())}" in before_sleep


# What cannot be seen ----------------------------------------------------------------------------------------------

HINT = (
    "Hint: You are currently not seeing messages from other users and the system.\n"
    "      Users in groups 'adm', 'systemd-journal' can see all messages.\n"
)
NOT_BOOTED = (
    "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus\n"
)
REFUSED: dict[str, tuple[dict[str, Any], CauseCode, str]] = {
    "no systemd": ({"listing": (1, "", NOT_BOOTED)}, DOWN, "has not been booted with systemd"),
    "no bus": ({"listing": (1, "", "Failed to connect to bus: No medium found\n")}, DOWN, "No medium found"),
    "part of the journal": (
        {"booted": (0, '[{"boot_id": "x", "first_entry": 1, "last_entry": 2}]', HINT)}, DENIED, "Users in groups"),
    "nothing of the journal": (
        {"booted": (1, "", "No journal files were opened due to insufficient permissions.\n")}, DENIED, "insufficient"),
    "no journal": ({"booted": (0, "[]", "No journal files were found.\n")}, ERROR, "No journal files were found"),
    "no boot": ({"booted": (0, "", "")}, ERROR, "lists no boot"),
    "an old systemctl": ({"listing": (0, "NEXT LEFT LAST\n", "")}, ERROR, "systemd 247 or newer"),
    "another shape": ({"listing": (0, '{"unit": "a.timer"}', "")}, ERROR, "no list of timers"),
    "another shape of boots": ({"booted": (0, '[{"id": 1}]', "")}, ERROR, "no list of boots"),
    "a table of no dates": (
        {"booted": (0, f"0 {BOOT} Mon 2026-13-45 05:10:00 UTC—Mon 2026-02-11 05:30:00 UTC\n", "")}, ERROR, "no list"),
    "a time that is none": (
        {"listing": (0, '[{"unit": "a.timer", "activates": "", "next": "soon", "last": 0}]', "")}, ERROR, "no list of"),
    "a timer without a name": (
        {"listing": (0, '[{"unit": null, "activates": "a.service", "next": 0, "last": 0}]', "")}, ERROR, "no list of"),
    "what it activates is no unit": (
        {"listing": (0, '[{"unit": "a.timer", "activates": 5, "next": 0, "last": 0}]', "")}, ERROR, "no list of"),
    "times beyond all": (
        {"listing": (0, '[{"unit": "a.timer", "activates": "", "next": 1e999, "last": 0}]', "")}, ERROR, "no list of"),
    "a boot without an id": (
        {"booted": (0, '[{"boot_id": [1], "first_entry": 1, "last_entry": 2}]', "")}, ERROR, "no list of boots"),
    "a boot at no time": (
        {"booted": (0, '[{"boot_id": "x", "first_entry": NaN, "last_entry": 2}]', "")}, ERROR, "no list of boots"),
    "an entry at a time beyond all": (
        {"entries": (0, '{"MESSAGE_ID": "' + Says.STARTING + '", "__REALTIME_TIMESTAMP": 1e999}\n', "")}, ERROR,
        "an entry that cannot be"),
    "a torn entry": ({"entries": (0, '{"MESSAGE_ID": "7d49', "")}, ERROR, "an entry that cannot be read"),
    "an entry without a time": ({"entries": (0, '{"MESSAGE_ID": "x"}\n', "")}, ERROR, "an entry that cannot be read"),
    "an unknown entry": (
        {"entries": (0, '{"MESSAGE_ID": "x", "__REALTIME_TIMESTAMP": "1"}\n', "")}, ERROR, "an entry that cannot be"),
    "a journal that breaks off": (
        {"entries": (1, "", "Failed to iterate through journal: Bad message\n")}, ERROR, "Bad message"),
    "no clock": ({"clock": "Wed 11 Feb\n"}, ERROR, "prints no number"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_seen_is_told_with_its_reason(tmp_path: Path, case: str) -> None:
    said, code, words = REFUSED[case]

    found, detail = refused(machine(tmp_path, **said))
    assert (found, words in detail) == (code, True), detail


def test_a_clock_that_is_off_is_told_and_a_file_that_is_no_link_names_no_zone(tmp_path: Path) -> None:
    ahead = NOW + timedelta(hours=2)
    seen = look(machine(tmp_path, clock=f"{ahead.timestamp():.0f}.%N\n", zone=(0, "/etc/localtime\n", "")))

    assert seen.server_at == ahead
    assert [each.zone for each in seen.jobs or ()] == [None]


# What a person types ----------------------------------------------------------------------------------------------


def host(**table: Any) -> Scheduler:
    return scheduler_of("host", {"kind": "systemd", **table})


FAR = """
timezone = "UTC"
[schedulers.host]
kind = "systemd"
via = ["ssh", "ops@nas"]
user = true
[schedulers.host.remedy]
via = ["ssh", "root@nas"]
[jobs.dump]
schedule = "05:00"
scheduler = "host"
"""


def test_commands_are_those_that_a_person_types(tmp_path: Path) -> None:
    (far,) = read(tmp_path, FAR).schedulers

    assert host().log_of("dump.timer") == host().log_of("dump") == "journalctl -n 50 -u dump.service"
    assert host().log_of("night.target") == "journalctl -n 50 -u night.target"
    assert far.log_of("dump.service") == "ssh ops@nas 'journalctl --user -n 50 -u dump.service'"
    orders = [far.order(Step.TRIGGER, Wanted(name="dump", key=key)) for key in (None, "db-dump@x.service")]
    assert [each.typed for each in orders if each] == [
        "ssh root@nas 'systemctl --user start --no-block dump.service'",
        "ssh root@nas 'systemctl --user start --no-block db-dump@x.service'",
    ]
    assert far.order(Step.START) is far.order(Step.STOP) is None


def test_its_steps_stand_for_something_and_may_be_said_better() -> None:
    for code, step in host().steps.items():
        check_step(CauseCode(code), step)
    own = host(steps={"job-paused": "Ask Anna"}, words={"partial": ["dependency"], "failed": ["exit-code"]})

    assert own.steps["job-paused"] == "Ask Anna"
    assert own.steps["run-skipped"] == host().steps["run-skipped"]
    assert own.words.outcome("dependency") is Outcome.PARTIAL
    assert own.words.outcome("success") is GOOD


def test_only_another_machine_has_a_clock_of_its_own() -> None:
    assert "clock" not in host().tells
    assert "clock" in host(via=["ssh", "nas"]).tells
