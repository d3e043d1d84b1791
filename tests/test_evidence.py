"""Does evidence come back from its JSON as it was?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.evidence import (
    CannotLook,
    Content,
    Evidence,
    FileSeen,
    Flaw,
    JobListed,
    NotSeen,
    Outcome,
    OutputSeen,
    RunSeen,
    SchedulerSeen,
)
from rollcall.text import clean, clean_block
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)

# What the sources let through, of whatever text there is.
LINES = st.text(st.characters(exclude_categories=()), max_size=30).map(clean)
BLOCKS = st.text(st.characters(exclude_categories=()), max_size=60).map(lambda text: clean_block(text, 40))
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone

CONTENTS = st.builds(
    Content,
    flaw=st.none() | st.builds(Flaw, st.sampled_from(CauseCode), LINES),
    found=st.dictionaries(LINES, st.booleans(), max_size=3),
    sha256=st.text("0123456789abcdef", max_size=64),
    head=BLOCKS,
    tail=BLOCKS,
)
FILES = st.builds(
    FileSeen,
    name=LINES,
    size=st.integers(0, 2**63 - 1),
    modified_at=INSTANTS,
    stamp_at=st.none() | INSTANTS,
    stamp_from=st.none() | INSTANTS,
    stamp_until=st.none() | INSTANTS,
    due_from=st.none() | INSTANTS,
    due_until=st.none() | INSTANTS,
    content=st.none() | CONTENTS,
    unreadable=st.none() | LINES,
    is_regular=st.booleans(),
)

T = TypeVar("T")


def many(each: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(each, max_size=3).map(tuple)


NOT_SEEN = st.builds(NotSeen, code=st.sampled_from(CauseCode), detail=LINES, looked_at=INSTANTS)
TEXTS = st.none() | LINES
FLAGS = st.none() | st.booleans()
JOBS = st.builds(
    JobListed,
    id=LINES,
    name=LINES,
    next_run=TEXTS,
    paused=FLAGS,
    schedule=TEXTS,
    zone=TEXTS,
    tags=many(LINES),
    runs_since=TEXTS,
    untold=st.sampled_from([(), ("next_run",), ("next_run", "runs")]),
)
RUNS = st.builds(
    RunSeen,
    job=LINES,
    due=TEXTS,
    started=TEXTS,
    ended=TEXTS,
    word=TEXTS,
    outcome=st.sampled_from(Outcome),
    attempt=st.none() | st.integers(1, 9),
    by_schedule=FLAGS,
    link=TEXTS,
)
SCHEDULERS = st.builds(
    SchedulerSeen,
    asked_at=INSTANTS,
    answered_at=INSTANTS,
    server_at=st.none() | INSTANTS,
    running=FLAGS,
    since=TEXTS,
    heartbeat=TEXTS,
    jobs=st.none() | many(JOBS),
    runs=st.none() | many(RUNS),
    runs_since=st.none() | INSTANTS,
)
OUTPUTS = st.builds(
    OutputSeen,
    looked_at=INSTANTS,
    matches=st.integers(0, 10**9),
    files=many(FILES),
    unstamped=many(LINES),
    later=many(FILES),
    free_bytes=st.none() | st.integers(0, 2**63 - 1),
    total_bytes=st.none() | st.integers(0, 2**63 - 1),
)
EVIDENCE = st.builds(
    Evidence,
    schedulers=st.dictionaries(LINES, SCHEDULERS | NOT_SEEN, max_size=3),
    outputs=st.dictionaries(LINES, many(OUTPUTS | NOT_SEEN), max_size=3),
    memories=st.dictionaries(LINES, SCHEDULERS | NOT_SEEN, max_size=3),
)


@given(EVIDENCE)
def test_evidence_comes_back_as_it_was(evidence: Evidence) -> None:
    assert Evidence.from_json(evidence.to_json()) == evidence


@given(EVIDENCE)
def test_evidence_is_plain_json_with_offsets(evidence: Evidence) -> None:
    again = json.loads(evidence.to_json())

    # What is as usual is left out.
    assert {"schedulers", "outputs"} <= set(again) <= {"schedulers", "outputs", "memories"}
    for seen in (each for outputs in again["outputs"].values() for each in outputs):
        assert datetime.fromisoformat(seen["looked_at"]).utcoffset() == timedelta(0)


def test_a_witness_that_saw_none_is_another_than_one_that_was_not_asked() -> None:
    none = SchedulerSeen(asked_at=NOW, answered_at=NOW, runs=())
    not_asked = SchedulerSeen(asked_at=NOW, answered_at=NOW)
    told = Evidence(schedulers={"none": none, "not": not_asked}, outputs={})
    again = Evidence.from_json(told.to_json()).schedulers

    assert isinstance(again["none"], SchedulerSeen)
    assert isinstance(again["not"], SchedulerSeen)
    assert (again["none"].runs, again["not"].runs) == ((), None)


def test_an_offset_comes_back_as_the_same_instant() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=1)))
    seen = NotSeen(code=CauseCode.SCHEDULER_DOWN, detail="x", looked_at=here)

    assert Evidence.from_json(Evidence(schedulers={"a": seen}, outputs={}).to_json()).schedulers["a"] == seen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"schedulers": {}, "outputs": []}',
        '{"schedulers": {"a": {"kind": "output"}}, "outputs": {}}',
        '{"schedulers": {"a": {"kind": "not-seen", "code": "bad-luck"}}, "outputs": {}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_evidence_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Evidence.from_json(text)


def test_a_failure_to_look_leaves_a_record_of_it() -> None:
    problem = CannotLook(CauseCode.ACCESS_DENIED, "GET http://h/status answers 401")

    assert NotSeen.because(problem, NOW) == NotSeen(
        code=CauseCode.ACCESS_DENIED, detail="GET http://h/status answers 401", looked_at=NOW
    )


def test_a_job_and_its_runs_are_found_by_its_own_id() -> None:
    haiku, twin, other = JobListed(id="haiku"), JobListed(id="haiku", name="twin"), JobListed(id="other")
    first, second, foreign = RunSeen(job="haiku", due="1"), RunSeen(job="haiku", due="2"), RunSeen(job="other")
    jobs, runs = (other, haiku, twin), (first, foreign, second)
    seen = SchedulerSeen(asked_at=NOW, answered_at=NOW, running=True, jobs=jobs, runs=runs)

    assert (seen.listed("haiku"), seen.listed("hai")) == (haiku, None)
    assert (seen.runs_of("haiku"), seen.runs_of("hai")) == ((first, second), ())


def test_a_file_is_dated_by_its_name_before_its_mtime() -> None:
    stamped = FileSeen(name="a", size=1, modified_at=NOW, stamp_at=NOW - timedelta(days=1))
    plain = FileSeen(name="a", size=1, modified_at=NOW)

    assert (stamped.made_at, plain.made_at) == (NOW - timedelta(days=1), NOW)
