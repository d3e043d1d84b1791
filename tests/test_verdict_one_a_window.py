"""What is owed where a scheduler may draw a run past the next due time, as Debian's apt-daily.timer does?

OnCalendar=*-*-* 6,18:00 with RandomizedDelaySec=12h: one run a window. In Zurich clocks change on 29 March and
25 October 2026.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from fixtures.one_morning import Told, at, haiku_job, made, morning, scheduler_of
from rollcall.evidence import Outcome, RunSeen
from rollcall.roll.job import Job
from rollcall.vocabulary import CauseCode, Verdict

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOST = scheduler_of(
    "host",
    {
        "kind": "json",
        "url": "http://localhost:4200",
        "status": "/api",
        "engine": "systemd",
        "jobs": {"each": "jobs", "id": "id", "next_run": "next"},
        "runs": {"each": "runs", "job": "job", "started": "start", "ended": "end", "status": "state"},
        "words": {"success": ["success"], "failed": ["failed"], "running": ["running"]},
    },
)
APT: dict[str, Any] = {"schedule": "*-*-* 6,18:00", "jitter": "12 h"}
TIMERS = {
    "apt-daily": APT,
    "more often than it is drawn": {"schedule": "hourly", "jitter": "4 h"},
    "an uneven gap": {"schedule": "Mon..Fri 06:00; Mon..Fri 08:00", "jitter": "3 h"},
    "longer than the shortest night": {"schedule": "*-*-* 6,18:00", "jitter": "11 h 30 min"},
    "a short one": {"schedule": "*:0/10", "jitter": "15 min", "max_runtime": "4 min", "grace": "2 min"},
    "by APScheduler": {"schedule": "0 6,18 * * *", "engine": "apscheduler", "jitter": "12 h"},
}


def timer(**words: Any) -> Job:
    known: dict[str, Any] = {"id": "apt-daily.timer", "engine": "systemd", "look_back": "48 h", "keeps": None}
    return haiku_job(**(known | words))


@dataclass(frozen=True, kw_only=True)
class Life:
    """The runs of one timer: when systemd aimed at each, when each began (AccuracySec later) and ended."""

    job: Job
    aims: list[datetime]
    begun: list[datetime]
    ended: list[datetime]
    bad: frozenset[datetime] = frozenset()

    @classmethod
    def begun_at(cls, job: Job, *texts: str, bad: str = "") -> Life:
        """As it says, in February 2026; the last was aimed at the end of its window."""
        begun = [at(f"2026-02-{text}+01:00") for text in texts]
        due = job.schedule.next_due(begun[-2])
        assert due is not None
        failed = frozenset(each for text, each in zip(texts, begun, strict=True) if text == bad)
        return cls(
            job=job,
            aims=[*begun[:-1], due + job.jitter],
            begun=begun,
            ended=[each + MINUTE for each in begun],
            bad=failed,
        )

    @classmethod
    def of(cls, job: Job, start: datetime, end: datetime, *, lost: datetime | None = None) -> Life:
        """As systemd draws them: the next due time after a run has begun, and up to the jitter later.

        The run that is due at `lost` is not run, nor anything else before its window is over.
        """
        draw = Random(f"{job.schedule.text} {lost}")
        aims, begun = list[datetime](), list[datetime]()
        due = job.schedule.next_due(start)
        while due is not None and due < end:
            aim = due + job.jitter * draw.choice([0, draw.random(), draw.random(), 1])
            if due == lost:
                due = job.schedule.next_due(due + job.jitter + job.grace)
                continue
            aims.append(aim)
            begun.append(aim + draw.random() * MINUTE)
            due = job.schedule.next_due(begun[-1])
        ended = [each + draw.random() * 3 * MINUTE for each in begun]
        return cls(job=job, aims=aims, begun=begun, ended=ended)

    def seen_at(self, now: datetime) -> Told:
        """What is seen at that moment: the runs of ten days, where it is told, else the last end; its newest files."""
        begun, done = bisect_right(self.begun, now), bisect_right(self.ended, now)
        first = max(begun - 16, 0)
        runs = [self._run(number, now) for number in range(first, begun)]
        told: dict[str, Any] = {"runs": runs, "runs_since": self.begun[first].isoformat()}
        if self.job.scheduler and self.job.scheduler.keeps == 1:
            told = {"last_execution": self.ended[done - 1].replace(tzinfo=None).isoformat()}
        files = [made(each.isoformat()) for each in self.ended[max(done - 8, 0) : done][::-1]]
        next_run = self.aims[begun].isoformat()
        return morning(now=now.isoformat(), job=self.job, files=files, next_run=next_run, **told)

    def _run(self, number: int, now: datetime) -> RunSeen:
        begun, end = self.begun[number], self.ended[number]
        word, outcome = ("failed", Outcome.FAILED) if begun in self.bad else ("success", Outcome.SUCCESS)
        started = begun.isoformat()
        if end > now:
            return RunSeen(job=self.job.id, started=started, word="running", outcome=Outcome.RUNNING)
        return RunSeen(job=self.job.id, started=started, ended=end.isoformat(), word=word, outcome=outcome)

    def alarms(self, moments: Iterator[datetime]) -> list[str]:
        return [
            f"{now.astimezone(self.job.zone)}: {each.check}: {each}"
            for now in moments
            for each in self.seen_at(now).job.findings
            if each.needs_a_person
        ]

    def moments(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Around all that changes what is to be said, from the one moment to the other."""
        for begun, end in zip(self.begun, self.ended, strict=True):
            if first <= begun <= last:
                due = self.job.schedule.last_due(begun)
                assert due is not None
                run = self.job.due_run(due)
                for boundary in (due, begun, end, run.start_by, run.finish_by):
                    yield from (boundary + step * timedelta(seconds=1) for step in (-11, 0, 11))


WITNESSES: dict[str, dict[str, Any]] = {
    "runs": {"scheduler": HOST, "has_output": False},
    "runs and files": {"scheduler": HOST},
    "files": {"has_scheduler": False},
    "a last end": {"has_output": False},
    "a last end and files": {},
}
WINTER, NEXT = datetime(2025, 12, 1, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)
CHANGES = (at("2026-03-29T03:00+02:00"), at("2026-10-25T02:00+01:00"))


@pytest.mark.parametrize("witnesses", WITNESSES)
@pytest.mark.parametrize("name", TIMERS)
def test_a_healthy_year_raises_no_alarm(name: str, witnesses: str) -> None:
    job = timer(**WITNESSES[witnesses], **TIMERS[name])
    short = job.jitter < HOUR
    for near in CHANGES:
        life = Life.of(job, near - 5 * DAY, near + 3 * DAY)
        half = HOUR / 2 if short else 8 * HOUR if "hourly" in job.schedule.text else 1.5 * DAY

        assert life.alarms(life.moments(near - half, near + half)) == []
    if name == "apt-daily":
        year = Life.of(job, WINTER, NEXT)
        days = (datetime(2026, 1, 1, tzinfo=UTC) + number * 95 * HOUR for number in range(90))

        assert year.alarms(days) == []


@pytest.mark.parametrize("witnesses", ["runs", "runs and files", "files"])
@pytest.mark.parametrize(
    "lost", ["2026-02-11T06:00+01:00", "2026-03-28T18:00+01:00", "2026-10-24T18:00+02:00", "2026-10-25T06:00+01:00"]
)
def test_a_window_without_a_run_is_found_when_it_closes(lost: str, witnesses: str) -> None:
    job = timer(**WITNESSES[witnesses], **APT)
    run = job.due_run(at(lost))
    life = Life.of(job, at(lost) - 8 * DAY, at(lost) + 8 * DAY, lost=at(lost))
    # Where it is not told that a run has begun, one may be under way until it should be done.
    by = run.start_by if "runs" in witnesses else run.finish_by

    before, then = life.seen_at(by - timedelta(seconds=1)).job, life.seen_at(by + timedelta(seconds=1))

    assert not before.needs_a_person
    assert then.job.needs_a_person
    assert then.code in (CauseCode.MISSED_RUN, CauseCode.STALE_OUTPUT)
    # And on the mornings of the look-back, though others have run since.
    assert life.seen_at(by + 30 * HOUR).code is CauseCode.MISSED_RUN


def test_a_run_that_failed_is_not_made_good_by_that_of_the_next_window() -> None:
    job = timer(scheduler=HOST, has_output=False, **APT)
    life = Life.begun_at(job, "10T07:00", "10T19:00", "11T06:30", "11T18:01", "12T09:00", bad="11T06:30")

    failed, later = life.seen_at(at("2026-02-11T08:00+01:00")), life.seen_at(at("2026-02-11T18:30+01:00"))

    assert (failed.job.verdict, failed.code) == (Verdict.FAILED, CauseCode.RUN_FAILED)
    assert later.code is CauseCode.RUN_FAILED
    assert "due wed 11 feb 06:00" in later.cause.sentence.lower()


@pytest.mark.parametrize(
    ("now", "verdict", "due"),
    [
        # The run of 06:00 began at 17:40, and that of 18:00 at 18:10: each is of its own window.
        ("2026-02-11T17:50+01:00", Verdict.OK, "2026-02-11T06:00+01:00"),
        ("2026-02-11T18:20+01:00", Verdict.OK, "2026-02-11T18:00+01:00"),
        # Nothing of the next window is owed before it is over.
        ("2026-02-12T17:59+01:00", Verdict.PENDING, "2026-02-11T18:00+01:00"),
        ("2026-02-12T05:00+01:00", Verdict.OK, "2026-02-11T18:00+01:00"),
        ("2026-02-12T18:16+01:00", Verdict.MISSED, "2026-02-12T06:00+01:00"),
    ],
)
def test_which_window_is_judged(now: str, verdict: Verdict, due: str) -> None:
    job = timer(scheduler=HOST, has_output=False, **APT)
    life = Life.begun_at(job, "10T07:00", "10T19:00", "11T17:40", "11T18:10", "13T09:00")
    judged = life.seen_at(at(now)).job

    assert (judged.verdict, judged.due_run and judged.due_run.due_at) == (verdict, at(due))


def test_runs_that_name_their_due_times_owe_each() -> None:
    """One that is for 18:00 answers for no other, however late the one of 06:00 might have been drawn."""

    job = timer(scheduler=HOST, has_output=False, **APT)
    run = RunSeen(
        job=job.id, due="2026-02-11T18:00+01:00", started="2026-02-11T18:05+01:00", ended="2026-02-11T18:06+01:00",
        word="success", outcome=Outcome.SUCCESS, by_schedule=True,
    )  # fmt: skip
    told = morning(
        now="2026-02-11T18:40+01:00", job=job, runs=[run], runs_since="2026-02-11T00:00+01:00", files=[],
        next_run="2026-02-12T07:00:00+01:00",
    )  # fmt: skip

    assert told.code is CauseCode.MISSED_RUN


@pytest.mark.parametrize(
    ("now", "aim"),
    [
        ("2026-02-11T19:00+01:00", "2026-02-12T05:30+01:00"),
        ("2026-03-28T19:00+01:00", "2026-03-29T05:30+02:00"),
        ("2026-10-24T19:00+02:00", "2026-10-25T04:30+01:00"),
    ],
)
def test_a_timer_that_has_begun_nothing_yet_aims_at_the_newest_window(now: str, aim: str) -> None:
    """As systemd does that was switched on between the two: of the window before nobody can tell."""
    job = timer(**WITNESSES["runs"], schedule="*-*-* 6,18:00:30", jitter="12 h", grace="2 h")
    told = morning(now=now, job=job, files=[], next_run=aim, runs=[], runs_since=at(now).isoformat())

    assert [str(each) for each in told.job.findings if each.needs_a_person] == []
