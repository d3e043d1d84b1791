"""Is every answer read as its mapping says, whatever carried it: absent from null, a cut from an end?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pydantic
import pytest

from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen, SchedulerSeen
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.answers import look_by_mapping
from rollcall.schedulers.mapping import Mapped
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)


@dataclass(kw_only=True)
class _Said:
    """Says what is in `answers` by what is asked."""

    answers: Mapping[str, Any]
    secrets: Secrets
    server_at: datetime | None = None

    def fetch(self, part: str, ask: Any, body: Any, values: Mapping[str, Any]) -> Any:
        return self.answers[str(ask)]


class Said(Mapped):
    """The smallest transport there is."""

    kind: str = "said"
    status: str = "/"
    answers: dict[str, Any] = pydantic.Field(default_factory=dict)

    @property
    def usual_ask(self) -> str:
        return self.status

    @property
    def address(self) -> str:
        return "here"

    def look(self, asked: Asked) -> SchedulerSeen:
        return look_by_mapping(self, asked, nullcontext(_Said(answers=self.answers, secrets=self.secrets)))


def scheduler(answer: Any = None, **table: Any) -> Said:
    context = {"environment": {"T": "t0p-s3cret"}, "id": "own", "folder": None, "schedulers": {}, "is_replay": False}
    return Said.model_validate({"answers": {"/": answer}, **table}, context=context)


def look(answer: Any, **table: Any) -> SchedulerSeen:
    return scheduler(answer, **table).look(Asked(clock=lambda: NOW, now=NOW, since=SINCE))


def refused(answer: Any, **table: Any) -> tuple[CauseCode, str]:
    with pytest.raises(CannotLook) as refusal:
        look(answer, **table)
    return refusal.value.code, refusal.value.detail


JOBS = {"each": "jobs", "id": "id"}
RUNS = {"each": "runs", "job": "job", "started": "start", "ended": "end", "status": "state"}
WORDS = {"success": ["COMPLETED"], "failed": ["CRASHED"], "running": ["RUNNING"], "waiting": ["PENDING"]}
ERROR, WRONG = CauseCode.SCHEDULER_ERROR, CauseCode.WRONG_SERVICE


# Every field ------------------------------------------------------------------------------------------------------


def test_every_field_is_read_where_the_mapping_says() -> None:
    deployment = {
        "uid": 17,
        "name": "nightly",
        "title": "Nightly dump",
        "spec": {"suspend": False, "cron": "0 2 * * *", "tz": "Europe/Zurich"},
        "labels": {"team": "dba", "tier": 1},
        "next": "2026-02-12T02:00:00+01:00",
        "oldest": "2026-02-01T01:00:00Z",
    }
    run = {
        "of": 17,
        "expected": "2026-02-11T01:00:00Z",
        "start": "2026-02-11T01:00:03Z",
        "end": "2026-02-11T01:12:00Z",
        "state": "completed ",
        "try": 2,
        "type": "scheduled",
        "url": "https://x/17",
        "log": "loaded\n\x1b[31mred\x1b[0m  12 rows\n",
    }
    found = look(
        {
            "health": {"up": "yes", "since": "2026-02-01", "beat": 1770787800},
            "deployments": [deployment],
            "runs": [run],
        },
        times="epoch",
        words=WORDS,
        alive={
            "running": "health.up",
            "since": "health.since",
            "heartbeat": "health.beat",
            "heartbeat_within": "1 min",
        },
        jobs={
            "each": "deployments",
            "id": "name",
            "key": "uid",
            "name": "title",
            "paused": "spec.suspend",
            "next_run": "next",
            "schedule": "spec.cron",
            "zone": "spec.tz",
            "tags": "labels",
            "runs_since": "oldest",
        },
        runs={
            **RUNS,
            "job": "of",
            "due": "expected",
            "attempt": "try",
            "by_schedule": "type == 'scheduled'",
            "link": "url",
            "says": "log",
        },
    )

    assert found == SchedulerSeen(
        asked_at=NOW,
        answered_at=NOW,
        running=True,
        since="2026-02-01",
        heartbeat="2026-02-11T05:30:00+00:00",
        jobs=(
            JobListed(
                id="nightly",
                name="Nightly dump",
                next_run="2026-02-12T02:00:00+01:00",
                paused=False,
                schedule="0 2 * * *",
                zone="Europe/Zurich",
                tags=("team=dba", "tier=1"),
                runs_since="2026-02-01T01:00:00Z",
                key="17",
            ),
        ),
        runs=(
            RunSeen(
                job="nightly",
                due="2026-02-11T01:00:00Z",
                started="2026-02-11T01:00:03Z",
                ended="2026-02-11T01:12:00Z",
                word="completed",
                outcome=Outcome.SUCCESS,
                attempt=2,
                by_schedule=True,
                link="https://x/17",
                says="loaded / red 12 rows",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("times", "number", "read"),
    [
        ("epoch", 1770787817.25, "2026-02-11T05:30:17.250000+00:00"),
        ("epoch", 1774746000, "2026-03-29T01:00:00+00:00"),  # the clocks of Zurich go forward
        ("epoch-ms", 1792890000000, "2026-10-25T01:00:00+00:00"),  # and back
        ("epoch-us", 1770787817250000, "2026-02-11T05:30:17.250000+00:00"),
        ("epoch-us", 10**300, "1" + "0" * 58 + "…"),
        ("epoch", float("nan"), "nan"),
        ("epoch", float("inf"), "inf"),
        ("epoch", "1770787817", "1770787817"),  # a text is always ISO
    ],
)
def test_a_number_is_a_time_by_what_it_counts(times: str, number: Any, read: str) -> None:
    (run,) = look({"runs": [{"job": "a", "start": number}]}, times=times, runs=RUNS).runs or ()

    assert run.started == read


def test_a_number_that_nobody_says_what_it_counts_is_refused_with_the_line_to_write() -> None:
    code, told = refused({"runs": [{"job": "a", "start": 1770787817}]}, runs=RUNS)

    assert code is ERROR
    assert told.endswith(
        "runs[0].start is the number 1770787817 where a time belongs. "
        'Say what it counts: times = "epoch", "epoch-ms" or "epoch-us"'
    )


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (["a", " b ", 3, ""], ("a", "b", "3")),
        ("a, b", ("a", "b")),
        ({"k": "v"}, ("k=v",)),
        (None, ()),
        (7, ()),
        (["x" * 500], ("x" * 79 + "…",)),
        ([str(number) for number in range(5_000)], tuple(str(number) for number in range(100))),
    ],
)
def test_labels_are_read_from_a_list_a_text_or_a_table(value: Any, tags: tuple[str, ...]) -> None:
    (job,) = look({"jobs": [{"id": "a", "labels": value}]}, jobs={**JOBS, "tags": "labels"}).jobs or ()

    assert job.tags == tags


@pytest.mark.parametrize(
    ("value", "attempt"), [(2, 2), (2.0, 2), (2.5, None), (True, None), ("2", None), (None, None), (float("inf"), None)]
)
def test_an_attempt_is_a_whole_number_or_is_not_told(value: Any, attempt: int | None) -> None:
    run = {"job": "a", "start": "2026-02-11T05:00:00Z", "try": value}
    (found,) = look({"runs": [run]}, runs={**RUNS, "attempt": "try"}).runs or ()

    assert found.attempt == attempt


@pytest.mark.parametrize(("value", "flag"), [(True, True), (False, False), (0, False), ("no", False), (None, None)])
def test_a_run_is_by_schedule_by_hand_or_nobody_tells(value: Any, flag: bool | None) -> None:
    run = {"job": "a", "start": "2026-02-11T05:00:00Z", "auto": value}
    (found,) = look({"runs": [run]}, runs={**RUNS, "by_schedule": "auto"}).runs or ()

    assert found.by_schedule is flag


def test_a_status_may_be_a_number_or_a_flag() -> None:
    runs = [{"job": "a", "start": "2026-02-11T05:00:00Z", "state": state} for state in (0, True, 1.5, "x", None)]
    found = look({"runs": runs}, runs=RUNS, words={"success": ["0", "TRUE"], "failed": ["1.5"]}).runs or ()

    assert [(each.word, each.outcome.value) for each in found] == [
        ("0", "success"),
        ("true", "success"),
        ("1.5", "failed"),
        ("x", "unknown"),
        (None, "unknown"),
    ]


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("https://x/1?a=b", "https://x/1?a=b"),
        ("http://x/" + "y" * 1_000, "http://x/" + "y" * 1_000),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("/runs/1", None),
        ("https://x y", None),
        ("https://" + "x" * 3_000, None),
        (7, None),
        (None, None),
    ],
)
def test_a_link_leads_to_a_page_or_is_none(value: Any, link: str | None) -> None:
    run = {"job": "a", "start": "2026-02-11T05:00:00Z", "url": value}
    (found,) = look({"runs": [run]}, runs={**RUNS, "link": "url"}).runs or ()

    assert found.link == link


def test_a_listing_of_names_alone_is_a_listing() -> None:
    assert look(["a", "b"], jobs={"id": "@"}).jobs == (JobListed(id="a"), JobListed(id="b"))


# Absent, null, and a key ------------------------------------------------------------------------------------------


def test_null_is_none_and_an_absent_key_is_not_told() -> None:
    jobs = [{"id": "null", "next": None, "off": None}, {"id": "absent"}, {"id": "half", "off": True}]
    found = look({"jobs": jobs}, jobs={**JOBS, "next_run": "next", "paused": "off"}).jobs

    assert found == (
        JobListed(id="null"),
        JobListed(id="absent", untold=("next_run", "paused")),
        JobListed(id="half", paused=True, untold=("next_run",)),
    )


@pytest.mark.parametrize(
    ("entry", "expression", "untold"),
    [
        ({"spec": {"next": None}}, "spec.next", ()),
        ({"spec": None}, "spec.next", ()),
        ({"spec": {}}, "spec.next", ("next_run",)),
        ({"spec": 3}, "spec.next", ("next_run",)),
        ({"a.b/c": {"x-y": None}}, '"a.b/c"."x-y"', ()),
        ({"a.b/c": {}}, '"a.b/c"."x-y"', ("next_run",)),
        ({}, "spec[0].next", ()),  # an expression that is no path cannot tell
    ],
)
def test_a_plain_path_tells_null_from_what_is_not_there(
    entry: dict[str, Any], expression: str, untold: tuple[str, ...]
) -> None:
    (job,) = look({"jobs": [{"id": "a", **entry}]}, jobs={**JOBS, "next_run": expression}).jobs or ()

    assert (job.next_run, job.untold) == (None, untold)


def test_what_the_mapping_does_not_name_is_not_missing() -> None:
    assert look({"jobs": [{"id": "a"}]}, jobs=JOBS).jobs == (JobListed(id="a"),)


def test_a_record_without_any_time_is_no_run_and_one_without_the_keys_says_nothing() -> None:
    """AIME's last execution: null is a job that never ran, an absent key is nothing at all."""
    jobs = [
        {"id": "ran", "end": "2026-02-11T05:00:17", "state": "COMPLETED"},
        {"id": "fresh", "end": None, "state": "PENDING"},
        {"id": "at it", "end": None, "state": "RUNNING"},
        {"id": "mute", "state": "COMPLETED"},
    ]
    runs = {"each": "jobs", "job": "id", "ended": "end", "status": "state", "keeps": 1}
    found = look({"jobs": jobs}, jobs=JOBS, runs=runs, words=WORDS)

    assert [(run.job, run.ended, run.outcome.value) for run in found.runs or ()] == [
        ("ran", "2026-02-11T05:00:17", "success"),
        ("at it", None, "running"),
    ]
    assert {job.id: job.untold for job in found.jobs or ()} == {
        "ran": (),
        "fresh": (),
        "at it": (),
        "mute": ("runs",),
    }


def test_runs_without_the_times_that_are_mapped_are_refused_where_no_listing_could_say_so() -> None:
    code, told = refused({"runs": [{"job": "a", "start": None}, {"job": "b", "begin": "x"}]}, runs=RUNS)

    assert code is ERROR
    assert told == 'here: runs finds no time (start and end) in {"job": "b", "begin": "x"}'


def test_runs_call_a_job_by_its_key_and_jobs_toml_by_its_id() -> None:
    jobs = [{"id": "dump", "uid": "k1"}, {"id": "k1", "uid": None}, {"id": "17", "uid": 3}]
    runs = [{"job": each, "start": "2026-02-11T05:00:00Z"} for each in ("k1", 3, 17, "elsewhere")]
    found = look({"jobs": jobs, "runs": runs}, jobs={**JOBS, "key": "uid"}, runs=RUNS)

    # 17 is the key of a job that is not listed, and the name of another: it is nobody's.
    assert [each.job for each in found.runs or ()] == ["k1", "17", "elsewhere"]


def test_a_key_that_only_one_job_has_is_not_taken_for_the_id_of_another() -> None:
    jobs = [{"id": "1", "uid": "2"}, {"id": "2", "uid": "1"}]
    runs = [{"job": "1", "start": "2026-02-11T05:00:00Z"}]
    found = look({"jobs": jobs, "runs": runs}, jobs={**JOBS, "key": "uid"}, runs=RUNS)

    assert [each.job for each in found.runs or ()] == ["2"]


def test_two_jobs_of_one_id_or_key_are_told_and_the_same_entry_once_more_is_one() -> None:
    twice = [{"id": "a", "at": "x"}, {"id": "b", "at": "x"}, {"id": "a", "at": "y"}, {"id": "b", "at": "x"}]
    keyed = [{"id": "a", "uid": 7}, {"id": "b", "uid": "7"}, {"id": "c", "uid": 8}]
    by_id, by_key = look({"jobs": twice}, jobs=JOBS), look({"jobs": keyed}, jobs={**JOBS, "key": "uid"})

    assert [[other.id for other in by_id.taken_for(name)] for name in "ab"] == [["a"], []]
    assert [[other.id for other in by_key.taken_for(name)] for name in "abc"] == [["b"], ["a"], []]


# How far back -----------------------------------------------------------------------------------------------------

STARTS = [(NOW - timedelta(hours=number)).isoformat() for number in range(1, 6)]


def several(starts: list[str], **more: Any) -> dict[str, Any]:
    return {"runs": [{"job": "a", "start": each} for each in starts], **more}


@pytest.mark.parametrize(
    ("answer", "runs", "limit", "since"),
    [
        (several(STARTS), {}, 200, None),
        (several(STARTS), {"ask": "/?after={since}"}, 200, SINCE),
        (several(STARTS), {"body": {"after": "{since}"}}, 200, SINCE),
        # As many as were asked for: there may be more, older ones.
        (several(STARTS), {"ask": "/?n={limit}"}, 5, NOW - timedelta(hours=5)),
        (several(STARTS), {"ask": "/?n={limit}"}, 6, None),
        (several(STARTS), {"ask": "/?n={limit}&after={since}"}, 5, NOW - timedelta(hours=5)),
        (several(STARTS), {"ask": "/?n={limit}&after={since}"}, 6, SINCE),
        # It says itself that there are more.
        (several(STARTS, total=9), {"total": "total"}, 200, NOW - timedelta(hours=5)),
        (several(STARTS, total=5), {"total": "total", "ask": "/?n={limit}"}, 5, None),
        # Nobody can tell of anything.
        (several([], total=9), {"total": "total"}, 200, NOW),
        (several(["2026-02-11T05:00:00"], total=9), {"total": "total"}, 200, NOW),
        # Each job keeps its own last ones; how far they reach is the judge's to say, this is how far was asked.
        (several(STARTS), {"keeps": 3}, 200, None),
        (several(STARTS), {"keeps": 3, "ask": "/?after={since}"}, 200, SINCE),
    ],
)
def test_a_limit_that_cut_runs_off_says_how_far_back_they_reach(
    answer: Any, runs: dict[str, Any], limit: int, since: datetime | None
) -> None:
    ask = runs.get("ask", "/")
    found = look(None, answers={ask: answer}, limit=limit, runs={**RUNS, "each": "runs", **runs})

    assert found.runs_since == since


def test_what_was_cut_off_is_older_than_the_oldest_by_its_latest_time() -> None:
    """They may be ordered by any of their times: one that began late keeps its due time, and proves no more."""
    late = {"job": "a", "due": "2026-02-11T01:00:00Z", "start": "2026-02-11T03:00:00Z", "end": "2026-02-11T03:10:00Z"}
    newer = {"job": "b", "due": "2026-02-11T04:00:00Z", "start": "2026-02-11T04:00:00Z", "end": None}
    found = look({"runs": [newer, late], "n": 3}, runs={**RUNS, "due": "due", "total": "n"})

    assert found.runs_since == datetime(2026, 2, 11, 3, 10, tzinfo=UTC)


def test_times_without_an_offset_are_read_as_the_scheduler_writes_them() -> None:
    for zone, hour in (("UTC", 5), ("Asia/Kolkata", -1)):
        found = look({**several(["2026-02-11T05:00:00"]), "n": 9}, naive_times=zone, runs={**RUNS, "total": "n"})
        at = datetime(2026, 2, 11, 5, tzinfo=UTC) if hour == 5 else datetime(2026, 2, 10, 23, 30, tzinfo=UTC)
        assert found.runs_since == at


def test_runs_that_are_cut_off_oldest_first_lack_the_newest_and_are_refused() -> None:
    code, told = refused({**several(STARTS[::-1]), "n": 9}, runs={**RUNS, "total": "n"})

    assert code is ERROR
    assert "runs are cut off after 5, the oldest first, so the newest are missing. Page by {offset}" in told


@pytest.mark.parametrize(("ask", "total"), [("/?n={limit}", 2), ("/?n={limit}", None), ("/", 3), ("/", None)])
def test_a_listing_that_is_cut_off_is_refused_because_nobody_knows_who_is_missing(ask: str, total: int | None) -> None:
    jobs = {**JOBS, "ask": ask, **({"total": "total"} if total else {})}
    answer = {"jobs": [{"id": "a"}, {"id": "b"}], "total": total}
    if total == 2:
        assert len(look(None, answers={ask: answer}, limit=2, jobs=jobs).jobs or ()) == 2
        return
    code, told = refused(None, answers={ask: answer}, limit=2, jobs=jobs)

    assert code is ERROR
    assert "jobs are cut off after 2, and who is missing is not known. Page by {offset}, {page} or {cursor}" in told


# What is not there ------------------------------------------------------------------------------------------------

BOTH: dict[str, Any] = {"alive": {"running": "up"}, "jobs": JOBS, "runs": RUNS}
GOOD: dict[str, Any] = {"up": True, "jobs": [], "runs": []}


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        ({**GOOD, "runs": None}, ERROR, 'runs.each = "runs" finds nothing in {"up": true, "jobs": [], "runs": null}'),
        ({"jobs": [], "runs": []}, ERROR, 'alive.running = "up" finds nothing in {"jobs": [], "runs": []}'),
        ({"hello": "x" * 400}, WRONG, 'jobs.each = "jobs" finds nothing in {"hello": "' + "x" * 188 + "…"),
        ({"hello": "a\x1b[31mb\u202ec\nd"}, WRONG, 'finds nothing in {"hello": "a\\u001b[31mbc\\nd"}'),
        ({"hello": "t0p-s3cret"}, WRONG, 'finds nothing in {"hello": "${T}"}'),
        ({**GOOD, "jobs": {"error": "no"}}, ERROR, "jobs is an object where a list belongs"),
        ({"errors": [{"message": "no such field"}]}, ERROR, 'its answer is an error: [{"message": "no such field"}]'),
        ({**GOOD, "errors": ["of something else"]}, None, ""),
    ],
)
def test_a_mapping_that_finds_nothing_says_which_expression_on_what(
    answer: Any, code: CauseCode | None, told: str
) -> None:
    table = {**BOTH, "steps": {"scheduler-down": "${T}"}}
    if code is None:
        assert look(answer, **table).jobs == ()
        return
    found = refused(answer, **table)

    assert found == (code, found[1])
    assert told in found[1]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"up": False, "jobs": [], "runs": [], "error": "no route"}, 'does not run, beside an error: "no route"'),
        ({"up": True, "jobs": [{"id": "a"}], "runs": [], "errors": ["db"]}, 'runs are none, beside an error: ["db"]'),
    ],
)
def test_a_scheduler_that_an_adapter_could_not_reach_is_neither_stopped_nor_without_runs(
    answer: Any, told: str
) -> None:
    code, detail = refused(answer, **BOTH)

    assert code is ERROR
    assert told in detail


@pytest.mark.parametrize("of_all", [True, False], ids=["beside all entries", "in the entry"])
def test_beside_an_error_null_is_not_none(of_all: bool) -> None:
    """Where an entry says nothing but whose it is; one that says something is believed."""
    said = {"next": "2026-02-12T05:00:00Z", "end": "2026-02-11T05:00:17Z", "state": "COMPLETED"}
    error = {"error": "timed out"}
    entries = [
        {"id": name, **(said if name == "b" else dict.fromkeys(said)), **({} if of_all else error)} for name in "ab"
    ]
    runs = {"each": "jobs", "job": "id", "ended": "end", "status": "state", "keeps": 1}
    found = look({"jobs": entries, **(error if of_all else {})}, jobs={**JOBS, "next_run": "next"}, runs=runs)

    first, second = found.jobs or ()
    assert (first.next_run, first.untold) == (None, ("next_run", "runs"))
    assert (second.next_run, second.untold) == (said["next"], ())


def test_an_expression_that_fails_on_an_answer_says_which() -> None:
    code, told = refused({"jobs": [{"id": "a", "n": None}]}, jobs={**JOBS, "next_run": "length(n)"})

    assert code is ERROR
    assert 'jobs.next_run = "length(n)" fails in jobs[0]: In function length(), invalid type' in told


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ({}, "asks nothing. Write a table jobs, runs or alive, or a kind that has them."),
        ({"jobs": {"each": "x"}}, "says not where the id is. Write id = "),
        ({"runs": {"each": "x", "ended": "e"}}, "says not where the job is. Write job = "),
        ({"runs": {"each": "x", "job": "j"}}, "says not where a time is (due, started, ended). Write ended = "),
        ({"alive": {"since": "x"}}, "says not what shows it. Write running = "),
        ({"alive": {"heartbeat": "x"}}, "heartbeat and heartbeat_within belong together."),
        ({"alive": {"running": "x", "heartbeat_within": "1 min"}}, "heartbeat and heartbeat_within belong together."),
        ({"jobs": {"id": "a", "each": " "}}, "is empty. Write where it is"),
        ({"jobs": {"id": "a", "each": "x["}}, "is no JMESPath"),
        ({"jobs": {"id": "a"}, "times": "seconds"}, "Input should be 'epoch', 'epoch-ms' or 'epoch-us'"),
        ({"jobs": {"id": "a"}, "limit": 0}, "greater than or equal to 1"),
    ],
)
def test_a_mapping_that_cannot_work_is_a_mistake(table: dict[str, Any], rule: str) -> None:
    with pytest.raises(pydantic.ValidationError) as problem:
        scheduler(**table)

    assert rule in str(problem.value)


# What it is to the judge ------------------------------------------------------------------------------------------


def test_what_it_tells_is_what_is_mapped() -> None:
    assert scheduler(jobs=JOBS).tells == {"jobs"}
    assert scheduler(runs=RUNS).tells == {"runs", "history", "started", "ended", "status"}
    assert scheduler(runs={**RUNS, "keeps": 1}).tells == {"runs", "started", "ended", "status"}
    assert scheduler(runs={**RUNS, "keeps": 3}).tells >= {"history"}
    assert scheduler(alive={"heartbeat": "x", "heartbeat_within": "1 min"}).tells == {"heartbeat"}


def test_it_says_what_its_answers_call_a_field() -> None:
    found = scheduler(jobs={**JOBS, "next_run": "spec.next"}, runs=RUNS)

    assert [found.word(each) for each in ("ended", "next_run", "due")] == ["end", "spec.next", "due"]
