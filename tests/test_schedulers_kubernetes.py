"""Is a cluster judged by the Jobs that are still there, and by nothing that it may have forgotten?

Its answers follow the published schema (`fixtures.kubernetes`); real processes print them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.engines import said
from fixtures.kubernetes import answer, bad, container, cron_job, good, job, pod
from fixtures.one_morning import scheduler_of
from rollcall.ask import gather
from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.remedy import rerun_missed
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.scheduler import Asked, Scheduler, Step, Wanted
from rollcall.sources.programs import LARGEST_OUTPUT
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = datetime(2026, 2, 11, 2, 0, tzinfo=UTC)
DENIED, DOWN, ERROR = CauseCode.ACCESS_DENIED, CauseCode.SCHEDULER_DOWN, CauseCode.SCHEDULER_ERROR
WRONG = CauseCode.WRONG_SERVICE


def nights(name: str, count: int = 3, *, until: datetime = DUE) -> list[dict[str, Any]]:
    """The good Jobs of so many nights, the newest last."""
    return [good(name, at, at + 5 * MINUTE) for at in (until - back * DAY for back in range(count - 1, -1, -1))]


def well(name: str, schedule: str = "0 2 * * *", **others: Any) -> dict[str, Any]:
    return cron_job(name, schedule, **{"scheduled": DUE, "succeeded": DUE + 5 * MINUTE, **others})


def begun(name: str, **others: Any) -> dict[str, Any]:
    """The same, of whose Jobs the one of the night before was the last that did its work."""
    return well(name, **{"succeeded": DUE - DAY + 5 * MINUTE, **others})


def printing(folder: Path, out: str, err: str = "", status: int = 0) -> list[str]:
    """A command that says that."""
    for name, text in (("out", out), ("err", err)):
        (folder / name).write_text(text, encoding="utf-8")
    script = folder / "kubectl"
    script.write_text(f"#!/bin/sh\ncat {folder}/out\ncat {folder}/err >&2\nexit {status}\n")
    script.chmod(0o755)
    return [str(script), "get"]


def cluster(tmp_path: Path, *items: dict[str, Any], **table: Any) -> Scheduler:
    """A cluster whose command prints those objects."""
    (tmp_path / "answer.json").write_text(answer(*items), encoding="utf-8")
    asks = {"command": ["cat", str(tmp_path / "answer.json")]}
    return scheduler_of("prod", {"kind": "kubernetes", **asks, **table})


def look(scheduler: Scheduler, now: datetime = NOW) -> SchedulerSeen:
    return scheduler.look(Asked(clock=lambda: now, now=now, since=now - timedelta(days=7)))


def refused(scheduler: Scheduler) -> tuple[CauseCode, str]:
    with pytest.raises(CannotLook) as refusal:
        look(scheduler)
    return refusal.value.code, refusal.value.detail


def morning(
    tmp_path: Path, items: Sequence[dict[str, Any]], jobs: str = 'declare = ["*"]', *, now: datetime = NOW
) -> Morning:
    """The morning of a jobs.toml with that cluster."""
    asks = f'command = ["cat", "{tmp_path / "answer.json"}"]'
    (tmp_path / "answer.json").write_text(answer(*items), encoding="utf-8")
    (tmp_path / "jobs.toml").write_text(
        f"""
timezone = "Europe/Zurich"
look_back = "3 d"
[defaults]
grace = "10 min"
max_runtime = "1 h"
[schedulers.prod]
kind = "kubernetes"
{"" if jobs.startswith("command") else asks}
{jobs}
"""
    )

    def list_jobs(declaring: tuple[Scheduler, ...], _history: object) -> dict[str, Listing]:
        seen = gather((), declaring, now=now, clock=lambda: now).schedulers
        return {each.id: Listing.of(seen[each.id]) for each in declaring}

    roll = load(tmp_path / "jobs.toml", environment={}, list_jobs=list_jobs)
    return judge_morning(roll, gather(roll.jobs, roll.schedulers, now=now, clock=lambda: now), now=now)


# What is listed ---------------------------------------------------------------------------------------------------


def test_a_cron_job_is_listed_by_namespace_and_name(tmp_path: Path) -> None:
    other = good("nightly", DUE, DUE + MINUTE, namespace="shipping")
    items = [
        well("nightly", labels={"team": "money"}, timeZone="Europe/Zurich", scheduled=DUE - HOUR),
        cron_job("nightly", "0 2 * * *", namespace="shipping", scheduled=DUE),
        other,
    ]
    seen = look(cluster(tmp_path, *items))

    assert seen.jobs == (
        JobListed(
            id="billing/nightly",
            next_run="2026-02-12T01:00:00+00:00",
            paused=False,
            schedule="0 2 * * *",
            zone="Europe/Zurich",
            tags=("team=money",),
            runs_since="2026-02-11T01:00:00Z",
        ),
        JobListed(
            id="shipping/nightly",
            next_run="2026-02-12T02:00:00+00:00",
            paused=False,
            schedule="0 2 * * *",
            zone="UTC",
            runs_since="2026-02-11T02:00:00+00:00",
        ),
    )
    assert [each.job for each in seen.runs or () if each.started] == ["shipping/nightly"]


AT_NIGHT = {"schedule": "30 2 * * *", "timeZone": "Europe/Zurich"}
SPRING, AUTUMN = datetime(2026, 3, 28, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spec", "schedule", "zone", "next_run"),
    [
        # A schedule that names no zone runs in its controller's, which jobs.toml may know better than UTC.
        ({}, "0 2 * * *", "UTC", "2026-02-12T02:00:00+00:00"),
        ({"zone": "Asia/Tokyo"}, "0 2 * * *", "Asia/Tokyo", "2026-02-11T17:00:00+00:00"),
        ({"timeZone": "Asia/Tokyo"}, "0 2 * * *", "Asia/Tokyo", "2026-02-11T17:00:00+00:00"),
        # No longer allowed, and where it stands it counts.
        ({"schedule": "TZ=Asia/Tokyo 0 2 * * *"}, "0 2 * * *", "Asia/Tokyo", "2026-02-11T17:00:00+00:00"),
        ({"schedule": "CRON_TZ=Asia/Tokyo 0 2 * * *", "timeZone": "UTC"}, "0 2 * * *", "Asia/Tokyo", None),
        ({"schedule": "@every 1h30m"}, "@every 1 h 30 min", "UTC", "2026-02-11T03:30:00+00:00"),
        ({"schedule": "@daily"}, "@daily", "UTC", "2026-02-12T00:00:00+00:00"),
        # Its controller counts from the last time that it worked for, not further back than its deadline.
        ({"scheduled": DUE - DAY}, "0 2 * * *", "UTC", "2026-02-11T02:00:00+00:00"),
        ({"scheduled": DUE - DAY, "startingDeadlineSeconds": 60}, "0 2 * * *", "UTC", "2026-02-12T02:00:00+00:00"),
        # Clocks change: nothing at 02:30 on 29 March, and twice on 25 October.
        ({**AT_NIGHT, "scheduled": SPRING}, "30 2 * * *", "Europe/Zurich", "2026-03-30T00:30:00+00:00"),
        ({**AT_NIGHT, "scheduled": AUTUMN}, "30 2 * * *", "Europe/Zurich", "2026-10-25T01:30:00+00:00"),
        # What nobody can read has no next run that is told.
        ({"schedule": "nightly"}, "nightly", "UTC", None),
        ({"timeZone": "Mars/Olympus"}, "0 2 * * *", "Mars/Olympus", None),
    ],
)  # fmt: skip
def test_when_it_runs_next_is_worked_out_as_its_controller_does(
    spec: dict[str, Any], schedule: str, zone: str, next_run: str | None, tmp_path: Path
) -> None:
    own = {"controller_timezone": spec["zone"]} if "zone" in spec else {}
    table = {"schedule": "0 2 * * *", **{key: value for key, value in spec.items() if key != "zone"}}
    (listed,) = look(cluster(tmp_path, well("nightly", **table), **own)).jobs or ()
    assert (listed.schedule, listed.zone) == (schedule, zone)
    if next_run or "CRON" not in str(spec):
        assert listed.next_run == next_run
        assert ("next_run" in listed.untold) is (next_run is None)


def test_one_that_is_being_deleted_is_not_listed_and_one_that_is_suspended_is_paused(tmp_path: Path) -> None:
    leaving = well("leaving")
    leaving["metadata"]["deletionTimestamp"] = "2026-02-11T05:59:00Z"
    listed = look(cluster(tmp_path, leaving, well("resting", suspend=True))).jobs or ()
    assert [(each.id, each.paused, each.next_run) for each in listed] == [("billing/resting", True, None)]


# What ran ---------------------------------------------------------------------------------------------------------

BACKOFF = "Failed: BackoffLimitExceeded"
UNSCHEDULABLE = {
    "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
    ]
}


def of_it(phase: str, **status: Any) -> dict[str, Any]:
    return pod(f"nightly-{int(DUE.timestamp()) // 60}", phase, **status)


def waiting(reason: str) -> dict[str, Any]:
    return of_it("Pending", containerStatuses=container(waiting={"reason": reason}))


@pytest.mark.parametrize(
    ("items", "outcome", "word", "started", "ended"),
    [
        ([good("nightly", DUE, DUE + MINUTE)], "success", "Complete", "02:00:00", "02:01:00"),
        # A failed one has no completion time.
        ([bad("nightly", DUE, DUE + MINUTE, failed=7)], "failed", BACKOFF, "02:00:00", "02:01:00"),
        ([bad("nightly", DUE, DUE + HOUR, "DeadlineExceeded")],
         "failed", "Failed: DeadlineExceeded", "02:00:00", "03:00:00"),
        ([bad("nightly", DUE, DUE + MINUTE), of_it("Failed", containerStatuses=container(terminated={"exitCode": 3}))],
         "failed", f"{BACKOFF} (exit status 3)", "02:00:00", "02:01:00"),
        ([bad("nightly", DUE, DUE + MINUTE), of_it("Failed", reason="Evicted")],
         "failed", f"{BACKOFF} (Evicted)", "02:00:00", "02:01:00"),
        ([job("nightly", DUE, "FailureTarget: PodFailurePolicy")],
         "failed", "FailureTarget: PodFailurePolicy", "02:00:00", None),
        # Its pods still end.
        ([job("nightly", DUE, "SuccessCriteriaMet: CompletionsReached")],
         "running", "SuccessCriteriaMet: CompletionsReached", "02:00:00", None),
        ([job("nightly", DUE, active=1)], "running", "Running", "02:00:00", None),
        ([job("nightly", DUE, active=1), of_it("Running", containerStatuses=container(running={}))],
         "running", "Running", "02:00:00", None),
        ([job("nightly", DUE, active=1),
          of_it("Running", containerStatuses=container(waiting={"reason": "CrashLoopBackOff"},
                                                       last={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}))],
         "running", "Running: CrashLoopBackOff and OOMKilled", "02:00:00", None),
        # What has no pod that began has not begun, whatever its start time says.
        ([job("nightly", DUE, active=1), waiting("ImagePullBackOff")],
         "waiting", "Pending: ImagePullBackOff", None, None),
        ([job("nightly", DUE, active=1), waiting("CreateContainerConfigError")],
         "waiting", "Pending: CreateContainerConfigError", None, None),
        ([job("nightly", DUE, active=1), waiting("ContainerCreating")],
         "waiting", "Pending", None, None),
        ([job("nightly", DUE, active=1), of_it("Pending", **UNSCHEDULABLE)],
         "waiting", "Pending: Unschedulable: 0/3 nodes are available", None, None),
        ([job("nightly", DUE, "Suspended: JobSuspended", suspend=True)],
         "waiting", "Suspended: JobSuspended", None, None),
    ],
)  # fmt: skip
def test_a_job_is_a_run_in_the_words_of_its_conditions_and_pods(
    items: list[dict[str, Any]], outcome: str, word: str, started: str | None, ended: str | None, tmp_path: Path
) -> None:
    (run,) = look(cluster(tmp_path, cron_job("nightly", "0 2 * * *", scheduled=DUE), *items)).runs or ()
    day = "2026-02-11T"
    assert run == RunSeen(
        job="billing/nightly",
        due=f"{day}02:00:00Z",
        started=started and f"{day}{started}Z",
        ended=ended and f"{day}{ended}Z",
        word=word,
        outcome=Outcome(outcome),
        by_schedule=True,
    )


@pytest.mark.parametrize(
    ("item", "name", "due", "by_schedule"),
    [
        (good("nightly", DUE, DUE + MINUTE), "billing/nightly", "2026-02-11T02:00:00Z", True),
        # Before 1.32 without the annotation: the minutes since 1970 in its name; before 1.21 the seconds.
        (good("nightly", DUE, DUE + MINUTE, is_annotated=False), "billing/nightly", "2026-02-11T02:00:00+00:00", True),
        (good("nightly", DUE, DUE + MINUTE, is_annotated=False, name=f"nightly-{int(DUE.timestamp())}"),
         "billing/nightly", "2026-02-11T02:00:00+00:00", True),
        (good("nightly", DUE, DUE + MINUTE, is_annotated=False, name="nightly-by-me"), "billing/nightly", None, None),
        (good("nightly", DUE, DUE + MINUTE, by_hand=True, name="nightly-29512345"), "billing/nightly", None, False),
        (job(None, DUE, "Complete", name="migrate"), "billing/migrate", None, None),
    ],
)  # fmt: skip
def test_whose_run_a_job_is_and_what_it_was_for(
    item: dict[str, Any], name: str, due: str | None, by_schedule: bool | None, tmp_path: Path
) -> None:
    (run,) = look(cluster(tmp_path, cron_job("nightly", "0 2 * * *"), item)).runs or ()
    assert (run.job, run.due, run.by_schedule) == (name, due, by_schedule)


def test_pods_that_failed_before_are_an_attempt_of_their_own(tmp_path: Path) -> None:
    retried = good("nightly", DUE, DUE + 50 * MINUTE, failed=2)
    first, last = look(cluster(tmp_path, well("nightly"), retried)).runs or ()
    assert (first.outcome, first.word, first.attempt) == (Outcome.FAILED, "2 pods that failed", 1)
    # When the last began no pod tells: what the others took is not held against it.
    assert (last.outcome, last.started, last.attempt) == (Outcome.SUCCESS, None, 3)

    told = morning(tmp_path, [well("nightly", succeeded=DUE + 50 * MINUTE), *nights("nightly")[:2], retried])
    assert said(told)["billing/nightly"] == ["ok", "made-good"]


# What is forgotten ------------------------------------------------------------------------------------------------


BY_THEN = {"succeeded": DUE - DAY + 5 * MINUTE}


@pytest.mark.parametrize(
    ("spec", "jobs", "since"),
    [
        # Never further than the oldest that is there: who knows who else removes them?
        ({}, nights("nightly", 2), "2026-02-10T02:00:00+00:00"),
        ({"successfulJobsHistoryLimit": 10}, nights("nightly", 5), "2026-02-07T02:00:00+00:00"),
        # As many as are kept.
        ({}, nights("nightly", 3), "2026-02-09T02:00:00+00:00"),
        # One failed Job is kept: an older one may have been removed. Of two that are kept, none was.
        (BY_THEN, [*nights("nightly", 2, until=DUE - DAY), bad("nightly", DUE, DUE)], "2026-02-11T02:00:00+00:00"),
        ({"failedJobsHistoryLimit": 2, **BY_THEN}, [*nights("nightly", 2, until=DUE - DAY), bad("nightly", DUE, DUE)],
         "2026-02-09T02:00:00+00:00"),
        # Three good ones are kept: an older one than these may have been removed, though a bad one is left.
        ({}, [bad("nightly", DUE - 5 * DAY, DUE - 5 * DAY), *nights("nightly")], "2026-02-09T02:00:00+00:00"),
        # Nothing is kept of a kind: no more is known than of the last one.
        ({"failedJobsHistoryLimit": 0}, nights("nightly", 3), "2026-02-11T02:00:00Z"),
        ({"successfulJobsHistoryLimit": 0}, [], "2026-02-11T02:00:00Z"),
        # An hour after its end a Job is removed; but of the last one the status tells.
        ({"template": {"ttlSecondsAfterFinished": 36_000}}, nights("nightly", 2), "2026-02-10T20:00:00+00:00"),
        ({"template": {"ttlSecondsAfterFinished": 3_600}}, [], "2026-02-11T02:00:00Z"),
        # Jobs are gone that the limits would have kept: somebody removes them, or they are not in the answer.
        ({}, [], "2026-02-11T02:00:00Z"),
        ({"succeeded": DUE - DAY}, [bad("nightly", DUE, DUE + MINUTE)], "2026-02-11T02:00:00Z"),
    ],
)  # fmt: skip
def test_how_far_back_runs_are_known(
    spec: dict[str, Any], jobs: list[dict[str, Any]], since: str, tmp_path: Path
) -> None:
    (listed,) = look(cluster(tmp_path, well("nightly", **spec), *jobs)).jobs or ()
    assert listed.runs_since == since


@pytest.mark.parametrize(
    ("spec", "jobs", "runs"),
    [
        # The last run is proven by the two times of the status.
        ({"successfulJobsHistoryLimit": 0}, [], [("02:00", "02:05", "success")]),
        ({"template": {"ttlSecondsAfterFinished": 60}}, [], [("02:00", "02:05", "success")]),
        # It began, its Job is gone, and no success is known since: it may have failed, or been removed.
        ({"failedJobsHistoryLimit": 0, "succeeded": DUE - DAY}, nights("nightly", 1, until=DUE - DAY),
         [("02:00", "02:05", "success"), ("02:00", None, "unknown")]),
        ({"successfulJobsHistoryLimit": 0, "succeeded": DUE - DAY + MINUTE}, [],
         [("02:00", None, "unknown"), (None, "02:01", "success")]),
        # It is listed as active, and not in the answer.
        ({"active": ["nightly-29512345"], "succeeded": DUE - DAY}, [],
         [("02:00", None, "running"), (None, "02:00", "success")]),
        ({}, nights("nightly", 1), [("02:00", "02:05", "success")]),
    ],
)  # fmt: skip
def test_a_run_whose_job_is_gone_is_told_by_the_times_that_outlive_it(
    spec: dict[str, Any], jobs: list[dict[str, Any]], runs: list[tuple[str, str | None, str]], tmp_path: Path
) -> None:
    seen = look(cluster(tmp_path, well("nightly", **spec), *jobs)).runs or ()
    told = [(each.due and each.due[11:16], each.ended and each.ended[11:16], str(each.outcome)) for each in seen]
    assert told == runs


@pytest.mark.parametrize(
    ("items", "verdict"),
    [
        ([well("nightly"), *nights("nightly")], ["ok", None]),
        # Nothing of a kind is kept: good by the two times alone, and older runs are not missed.
        ([well("nightly", successfulJobsHistoryLimit=0)], ["ok", None]),
        ([well("nightly", template={"ttlSecondsAfterFinished": 60})], ["ok", None]),
        ([well("nightly", failedJobsHistoryLimit=0, succeeded=DUE - DAY), *nights("nightly", 3, until=DUE - DAY)],
         ["unknown", "unknown-status"]),
        ([begun("nightly"), *nights("nightly")[:2], bad("nightly", DUE, DUE + MINUTE)], ["failed", "run-failed"]),
        # One of three nights is gone, and the limits would have kept it.
        ([well("nightly"), nights("nightly")[0], nights("nightly")[2]], ["missed", "missed-run"]),
        # Three are kept: before the oldest nothing is missed.
        ([well("nightly", successfulJobsHistoryLimit=1), *nights("nightly", 1)], ["ok", None]),
        ([begun("nightly"), *nights("nightly")[:2], job("nightly", DUE, active=1)], ["stuck", "still-running"]),
        ([begun("nightly"), *nights("nightly")[:2], job("nightly", DUE, active=1), waiting("ErrImagePull")],
         ["missed", "not-picked-up"]),
        ([well("nightly", suspend=True), *nights("nightly")], ["failed", "job-paused"]),
        # It was suspended with a Job under way, which goes on.
        ([begun("nightly", suspend=True), *nights("nightly")[:2], job("nightly", DUE, active=1)],
         ["stuck", "job-paused"]),
        # A late one is done in time.
        ([well("nightly"), *nights("nightly")[:2], good("nightly", DUE, DUE + HOUR, started=DUE + 20 * MINUTE)],
         ["ok", "started-late"]),
        # Its controller has not worked for it since yesterday, and would have.
        ([well("nightly", scheduled=DUE - DAY, succeeded=DUE - DAY + 5 * MINUTE), *nights("nightly", until=DUE - DAY),
          well("other", "30 2 * * *", scheduled=DUE + HOUR / 2), good("other", DUE + HOUR / 2, DUE + HOUR)],
         ["missed", "job-stalled"]),
        # The deadline for its start is over: it let this one go, and works.
        ([well("nightly", scheduled=DUE - DAY, succeeded=DUE - DAY + 5 * MINUTE, startingDeadlineSeconds=60),
          *nights("nightly", until=DUE - DAY)], ["missed", "missed-run"]),
        # What was run by hand in vain hides no run that was never made.
        ([well("nightly", scheduled=DUE - DAY, succeeded=DUE - DAY + 5 * MINUTE, startingDeadlineSeconds=60),
          *nights("nightly", until=DUE - DAY), bad("nightly", DUE + HOUR, DUE + HOUR, by_hand=True, name="by-me")],
         ["missed", "missed-run"]),
        # A clock that is ahead: what is dated in the future proves nothing.
        ([well("nightly", scheduled=NOW + HOUR, succeeded=NOW + HOUR), *nights("nightly", until=DUE - DAY),
          good("nightly", NOW + HOUR, NOW + HOUR)], ["unknown", "future-timestamp"]),
        # By hand.
        ([well("nightly", succeeded=DUE + 3 * HOUR), *nights("nightly")[1:2], bad("nightly", DUE, DUE + MINUTE),
          good("nightly", DUE + 3 * HOUR, DUE + 3 * HOUR, by_hand=True, name="nightly-by-me")], ["ok", "made-good"]),
    ],
)  # fmt: skip
def test_a_nightly_job_is_judged_by_what_is_left_of_it(
    items: list[dict[str, Any]], verdict: list[str | None], tmp_path: Path
) -> None:
    assert said(morning(tmp_path, items))["billing/nightly"] == verdict


@pytest.mark.parametrize(
    ("now", "made", "verdict"),
    [
        # On 29 March nothing is due at 02:30; the last was that of the day before.
        ("2026-03-29 06:00", ["2026-03-27 01:30", "2026-03-28 01:30"], ["ok", None]),
        # On 25 October it is due twice, an hour apart.
        (
            "2026-10-25 06:00",
            ["2026-10-23 00:30", "2026-10-24 00:30", "2026-10-25 00:30", "2026-10-25 01:30"],
            ["ok", None],
        ),
        ("2026-10-25 06:00", ["2026-10-23 00:30", "2026-10-24 00:30", "2026-10-25 00:30"], ["missed", "missed-run"]),
    ],
)
def test_a_night_when_clocks_change_owes_what_its_controller_makes(
    now: str, made: list[str], verdict: list[str | None], tmp_path: Path
) -> None:
    at = [datetime.fromisoformat(f"{each}+00:00") for each in made]
    times: dict[str, Any] = {"scheduled": at[-1], "succeeded": at[-1] + 5 * MINUTE, "startingDeadlineSeconds": 60}
    own = cron_job("nightly", "30 2 * * *", timeZone="Europe/Zurich", successfulJobsHistoryLimit=9, **times)
    items = [own, *(good("nightly", each, each + 5 * MINUTE) for each in at)]
    told = morning(tmp_path, items, now=datetime.fromisoformat(f"{now}+00:00"))
    assert said(told)["billing/nightly"] == verdict


def test_a_cluster_whose_controller_is_dead_is_one_cause(tmp_path: Path) -> None:
    then: dict[str, Any] = {"scheduled": DUE - DAY, "succeeded": DUE - DAY + 5 * MINUTE}
    items = [each for name in ("a", "b") for each in (well(name, **then), *nights(name, until=DUE - DAY))]
    told = morning(tmp_path, items)
    assert said(told)["[schedulers.prod]"] == ["failed", "scheduler-stalled"]
    assert {cause for _, cause in said(told).values()} == {"scheduler-stalled"}


def test_a_cluster_that_lists_nothing_to_whom_it_is_to_declare_its_jobs_is_not_well(tmp_path: Path) -> None:
    told = said(morning(tmp_path, []))

    assert told == {"[schedulers.prod]": ["unknown", "no-records"]}


def test_what_forbid_left_out_is_skipped_behind_the_job_that_was_active(tmp_path: Path) -> None:
    at = DUE.replace(hour=0)
    hourly = cron_job(
        "hourly", "0 * * * *", scheduled=at, succeeded=at - 55 * MINUTE, concurrencyPolicy="Forbid",
        active=[f"hourly-{int(at.timestamp()) // 60}"],
    )  # fmt: skip
    items = [hourly, good("hourly", at - HOUR, at - 55 * MINUTE), job("hourly", at, active=1)]
    seen = look(cluster(tmp_path, *items))
    name = items[2]["metadata"]["name"]
    skipped = [each for each in seen.runs or () if each.outcome is Outcome.SKIPPED]
    assert [each.due for each in skipped] == [f"2026-02-11T0{hour}:00:00+00:00" for hour in (5, 4, 3, 2, 1)]
    assert {each.word for each in skipped} == {f"Forbid: {name} was active"}
    # It goes on: the time that it will look at next is not past.
    assert [each.next_run for each in seen.jobs or ()] == ["2026-02-11T07:00:00+00:00"]

    told = morning(tmp_path, items, 'declare = ["*"]\n[jobs."billing/hourly"]\nowes = "each"\nmax_runtime = "30 min"')
    assert said(told) == {"billing/hourly": ["missed", "run-skipped"], "[schedulers.prod]": ["ok", None]}
    cause = told.job_causes["billing/hourly"]
    assert cause is not None
    assert f"Forbid: {name} was active" in cause.sentence
    assert "is still Running" in cause.sentence


def test_what_forbid_held_up_and_made_late_is_not_skipped(tmp_path: Path) -> None:
    at = DUE.replace(hour=1)
    keeps: dict[str, Any] = {"concurrencyPolicy": "Forbid", "successfulJobsHistoryLimit": 9}
    hourly = cron_job("hourly", "0 * * * *", scheduled=at + 4 * HOUR, **keeps)
    long = good("hourly", at, at + 2.5 * HOUR)
    late = good("hourly", at + 2 * HOUR, at + 2.6 * HOUR, started=at + 2.5 * HOUR)
    rest = [good("hourly", at + hours * HOUR, at + hours * HOUR + MINUTE) for hours in (3, 4)]
    seen = look(cluster(tmp_path, hourly, long, late, *rest))
    assert [each.due for each in seen.runs or () if each.outcome is Outcome.SKIPPED] == ["2026-02-11T02:00:00+00:00"]


@pytest.mark.parametrize(
    ("items", "is_there", "verdict"),
    [
        # The cluster says that it did its work, and the output says no.
        ([well("nightly"), *nights("nightly")], False, ["bad-output", "success-without-output"]),
        ([well("nightly"), *nights("nightly")], True, ["ok", None]),
        # The output is there, and no Job of that time was.
        ([well("nightly", scheduled=DUE - DAY, succeeded=DUE - DAY + 5 * MINUTE, startingDeadlineSeconds=60),
          *nights("nightly", until=DUE - DAY)], True, ["failed", "unrecorded-run"]),
    ],
)  # fmt: skip
def test_what_a_run_left_is_held_against_what_the_cluster_says(
    items: list[dict[str, Any]], is_there: bool, verdict: list[str | None], tmp_path: Path
) -> None:
    for day in (9, 10, 11):
        if day < 11 or is_there:
            file, at = tmp_path / f"bills-2026-02-{day:02}.csv", DUE.replace(day=day) + 4 * MINUTE
            file.write_text("a,b\n1,2\n")
            os.utime(file, (at.timestamp(), at.timestamp()))
    output = f'path = "{tmp_path}/bills-%F.csv"\ntimezone = "UTC"'
    told = morning(tmp_path, items, f'declare = ["*"]\n[jobs."billing/nightly".output]\n{output}')
    assert said(told)["billing/nightly"] == verdict


def test_a_bare_job_is_a_job_that_somebody_else_starts(tmp_path: Path) -> None:
    bare = [
        job(None, DUE, "Complete: CompletionsReached", ended=DUE + MINUTE, name="migrate"),
        well("nightly"),
        *nights("nightly"),
    ]
    jobs = '[jobs.migrate]\nscheduler = "prod"\nname = "billing/migrate"\nschedule = "0 2 * * *"\ntimezone = "UTC"'
    told = morning(tmp_path, bare, jobs)
    assert said(told)["migrate"] == ["ok", None]
    assert told.schedulers[0].undeclared == ("billing/nightly",)
    jobs += '\n[jobs.gone]\nscheduler = "prod"\nname = "billing/gone"\nschedule = "0 2 * * *"'
    assert said(morning(tmp_path, bare, jobs))["gone"] == ["missed", "not-registered"]


def test_another_zone_there_than_in_jobs_toml_is_said(tmp_path: Path) -> None:
    jobs = '[jobs.nightly]\nscheduler = "prod"\nname = "billing/nightly"\nschedule = "0 2 * * *"'
    told = morning(tmp_path, [well("nightly"), *nights("nightly")], jobs)
    # Without a zone it runs at 02:00 UTC, an hour after 02:00 in Zurich.
    assert said(told)["nightly"][1] in ("wrong-timezone", "schedule-drift")


# What is typed ----------------------------------------------------------------------------------------------------


def test_steps_name_the_cluster_the_namespace_and_the_job(tmp_path: Path) -> None:
    asks = ["kubectl", "--context", "eu1", "get", "cronjobs,jobs", "-A", "-o", "json"]
    scheduler = scheduler_of("prod", {"kind": "kubernetes", "command": asks})
    assert scheduler.log_of("billing/nightly") == "kubectl --context eu1 -n billing describe cronjob/nightly"
    by_ssh = scheduler_of("prod", {"kind": "kubernetes", "via": ["ssh", "bastion"]})
    assert by_ssh.log_of("billing/nightly") == "ssh bastion 'kubectl -n billing describe cronjob/nightly'"

    cause = morning(tmp_path, [begun("nightly"), bad("nightly", DUE, DUE + MINUTE)]).job_causes["billing/nightly"]
    assert cause is not None
    assert "`kubectl -n billing describe cronjob/nightly`" in cause.next_step


def test_what_keeps_a_run_from_its_end_is_said(tmp_path: Path) -> None:
    crashing = of_it("Running", containerStatuses=container(waiting={"reason": "CrashLoopBackOff"}, restarts=9))
    told = morning(tmp_path, [begun("nightly"), job("nightly", DUE, active=1), crashing])
    cause = told.job_causes["billing/nightly"]
    assert cause is not None
    assert (cause.code, '("Running: CrashLoopBackOff")' in cause.sentence) == (CauseCode.STILL_RUNNING, True)


def test_a_missed_run_is_run_again_and_proven(tmp_path: Path) -> None:
    """By a stand-in `kubectl`, which makes the Job that it is told to make."""
    before = [well("nightly", scheduled=DUE - DAY, succeeded=DUE - DAY + 5 * MINUTE, startingDeadlineSeconds=60)]
    before += nights("nightly", until=DUE - DAY)
    by_hand = good("nightly", NOW, NOW + MINUTE, by_hand=True, name="nightly-rollcall-29512920")
    (tmp_path / "after.json").write_text(answer(*before, by_hand), encoding="utf-8")
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        f"""#!/bin/sh
case "$*" in
  *create*) printf '%s\\n' "$*" >> {tmp_path}/asked; cp {tmp_path}/after.json {tmp_path}/answer.json ;;
  *) cat {tmp_path}/answer.json ;;
esac
"""
    )
    kubectl.chmod(0o755)
    jobs = f"""command = ["{kubectl}", "get", "cronjobs,jobs"]
[jobs.nightly]
scheduler = "prod"
name = "billing/nightly"
schedule = "0 2 * * *"
timezone = "UTC"
rerun = true"""
    clock = NOW + 2 * MINUTE

    def judge_again() -> Morning:
        roll = load(tmp_path / "jobs.toml", environment={})
        seen = gather(roll.jobs, roll.schedulers, now=clock, clock=lambda: clock)
        return judge_morning(roll, seen, now=clock)

    first = morning(tmp_path, before, jobs)
    assert said(first)["nightly"] == ["missed", "missed-run"]
    dry = rerun_missed(first, judge_again=judge_again, clock=lambda: clock, folder=tmp_path, is_dry=True)
    assert ([each.is_dry for each in dry.actions], (tmp_path / "asked").exists()) == ([True], False)

    after = rerun_missed(first, judge_again=judge_again, clock=lambda: clock, folder=tmp_path)
    assert [each.is_proven for each in after.actions] == [True]
    assert said(after)["nightly"][0] == "ok"
    asked = "-n billing create job --from=cronjob/nightly nightly-rollcall-29512920\n"
    assert (tmp_path / "asked").read_text() == asked


def test_a_missed_run_is_made_good_by_a_job_of_one_name(tmp_path: Path) -> None:
    told = printing(tmp_path, "", status=0)
    (tmp_path / "kubectl").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    acts = {"command": [told[0], "--kubeconfig", "/etc/rollcall/acts", "get", "cronjobs"]}
    table = {"kind": "kubernetes", "command": [told[0], "--context", "eu1", "get", "cronjobs,jobs"]}
    scheduler = scheduler_of("prod", table).model_copy(update={"remedy": scheduler_of("prod", {**table, **acts})})

    wanted = Wanted(name="billing/nightly", due_at=DUE)
    order = scheduler.order(Step.TRIGGER, wanted)
    assert order is not None
    assert order.send().is_accepted
    asked = "--kubeconfig /etc/rollcall/acts -n billing create job --from=cronjob/nightly nightly-rollcall-29512920\n"
    assert (tmp_path / "asked").read_text() == asked
    # Whoever asks for the same once more asks for the same Job, which a cluster makes once.
    assert scheduler.order(Step.TRIGGER, wanted) == order

    long = scheduler.order(Step.TRIGGER, Wanted(name=f"billing/{'x' * 52}", due_at=DUE))
    assert long is not None
    long.send()
    assert len((tmp_path / "asked").read_text().split()[-1]) == 63
    # A file, and a script of one's own, say nothing of how a Job is made.
    for other in ({"file": "cluster.json"}, {"command": ["/usr/local/bin/what-runs"]}):
        assert scheduler_of("prod", {"kind": "kubernetes", **other}).order(Step.TRIGGER, wanted) is None


# What goes wrong --------------------------------------------------------------------------------------------------

FORBIDDEN = (
    'Error from server (Forbidden): jobs.batch is forbidden: User "system:serviceaccount:monitoring:rollcall" cannot '
    'list resource "jobs" in API group "batch" at the cluster scope\n'
)
LOGGED_OUT = "error: You must be logged in to the server (the server has asked for the client to provide credentials)\n"
REFUSED = "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n"
NO_CONTEXT = "Error in configuration: context was not found for specified context: nope\n"
NO_KIND = 'error: the server doesn\'t have a resource type "cronjobs"\n'
NO_HOST = "Unable to connect to the server: dial tcp: lookup eu1.example.com: no such host\n"
OLD = {"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {"name": "old", "namespace": "billing"}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
STATUS = '{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "Unauthorized", "code": 401}'
MAPPED = cron_job("a", "")
MAPPED["spec"]["schedule"] = {"cron": "0 2 * * *"}
NAMELESS = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"}}


@pytest.mark.parametrize(
    ("out", "err", "status", "code", "says"),
    [
        # As kubectl 1.32 says it. What it could have it prints all the same: half of it is no answer.
        (answer(well("nightly")), FORBIDDEN, 1, DENIED, 'cannot list resource "jobs"'),
        ("", LOGGED_OUT, 1, DENIED, "You must be logged in"),
        (answer(), REFUSED, 1, DOWN, "was refused"),
        ("", NO_HOST, 1, DOWN, "no such host"),
        ("", NO_CONTEXT, 1, ERROR, "context was not found"),
        ("", NO_KIND, 1, WRONG, "doesn't have a resource type"),
        ("", "", 0, ERROR, "prints no JSON"),
        ("error: what?", "", 0, ERROR, "prints no JSON"),
        (answer(well("nightly"))[:-40], "", 0, ERROR, "breaks off"),
        ("[]", "", 0, ERROR, "prints no JSON"),
        (STATUS, "", 0, DENIED, "Unauthorized"),
        (json.dumps(DEPLOYMENT), "", 0, WRONG, "of the kind Deployment"),
        (answer(DEPLOYMENT), "", 0, WRONG, "no CronJob and no Job, but Deployment"),
        (answer(OLD), "", 0, ERROR, "batch/v1beta1"),
        (answer(well("a"), metadata={"continue": "eyJ2IjoibWV0YS5rOHMuaW8"}), "", 0, ERROR, "cut off after 1 objects"),
        (answer(*[{}] * 50_001), "", 0, ERROR, "holds more than 50,000 objects. Ask for fewer, by -n NAMESPACE"),
        (answer(NAMELESS), "", 0, ERROR, "metadata.namespace is missing"),
        (answer(MAPPED), "", 0, ERROR, "spec.schedule is an object"),
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_told_for_what_it_is(
    out: str, err: str, status: int, code: CauseCode, says: str, tmp_path: Path
) -> None:
    found, detail = refused(
        scheduler_of("prod", {"kind": "kubernetes", "command": printing(tmp_path, out, err, status)})
    )
    assert (found, says in detail) == (code, True), detail


def test_no_kubectl_here_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(scheduler_of("prod", {"kind": "kubernetes"})) == (
        DOWN,
        "`kubectl get cronjobs,jobs -A -o json`: there is no program kubectl here",
    )


def test_a_token_in_its_command_is_not_shown(tmp_path: Path) -> None:
    command = [*printing(tmp_path, "", "token s3cr3t-t0ken-0123 has expired", 1), "--token", "${TOKEN}"]
    scheduler = scheduler_of(
        "prod", {"kind": "kubernetes", "command": command}, environment={"TOKEN": "s3cr3t-t0ken-0123"}
    )
    code, detail = refused(scheduler)
    assert code is DENIED
    assert "s3cr3t" not in detail


def test_a_list_of_one_kind_names_it_before_its_items(tmp_path: Path) -> None:
    item = well("nightly")
    del item["kind"], item["apiVersion"]
    raw = {"kind": "CronJobList", "apiVersion": "batch/v1", "metadata": {"resourceVersion": "1"}, "items": [item]}
    (listed,) = (
        look(scheduler_of("prod", {"kind": "kubernetes", "command": printing(tmp_path, json.dumps(raw))})).jobs or ()
    )
    assert listed.id == "billing/nightly"


def test_a_file_counts_as_long_as_it_is_fresh(tmp_path: Path) -> None:
    file = tmp_path / "cluster.json"
    file.write_text(answer(well("nightly"), *nights("nightly")), encoding="utf-8")
    scheduler = scheduler_of("prod", {"kind": "kubernetes", "file": str(file)})
    for age, is_read in ((15 * MINUTE, True), (16 * MINUTE, False), (DAY, False)):
        at = (NOW - age).timestamp()
        os.utime(file, (at, at))
        if is_read:
            assert len(look(scheduler).runs or ()) == 3
        else:
            code, detail = refused(scheduler)
            assert (code, "what ran since is not in it" in detail) == (ERROR, True)
    file.unlink()
    assert refused(scheduler)[0] is DOWN


def test_an_answer_of_any_size_is_read_piece_by_piece(tmp_path: Path) -> None:
    """More than a program may print elsewhere."""
    jobs = [good(f"job{number}", DUE, DUE + MINUTE, namespace="batch") for number in range(2_000)]
    for each in jobs:
        each["metadata"]["annotations"]["checksum/config"] = "f" * 8_000
    file = tmp_path / "large.json"
    file.write_text(answer(*jobs), encoding="utf-8")
    assert file.stat().st_size > LARGEST_OUTPUT
    scheduler = scheduler_of("prod", {"kind": "kubernetes", "command": ["cat", str(file)], "timeout": "60 s"})
    assert len(look(scheduler).runs or ()) == 2_000


def test_four_hundred_cron_jobs_in_six_clusters_are_one_table(tmp_path: Path) -> None:
    clusters = [f"eu{number}" for number in range(1, 7)]
    for each in clusters:
        names = [f"job-{number:02}" for number in range(67)]
        items = [item for name in names for item in (well(name), *nights(name))]
        (tmp_path / f"{each}.json").write_text(answer(*items), encoding="utf-8")
    table = f"""each = {json.dumps(clusters)}
kind = "kubernetes"
command = ["cat", "{tmp_path}/{{each}}.json"]
declare = ["billing/*"]
ignore = ["billing/job-66"]
"""
    (tmp_path / "jobs.toml").write_text(f'timezone = "Europe/Zurich"\n[schedulers.prod]\n{table}')

    def list_jobs(declaring: tuple[Scheduler, ...], _history: object) -> dict[str, Listing]:
        seen = gather((), declaring, now=NOW, clock=lambda: NOW).schedulers
        return {each.id: Listing.of(seen[each.id]) for each in declaring}

    roll = load(tmp_path / "jobs.toml", environment={}, list_jobs=list_jobs)
    told = judge_morning(roll, gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW), now=NOW)
    assert [each.id for each in roll.schedulers] == [f"prod-{each}" for each in clusters]
    assert len(roll.jobs) == 6 * 66
    assert {tuple(each) for each in said(told).values()} == {("ok", None)}
    assert "prod-eu3/billing/job-07" in said(told)
