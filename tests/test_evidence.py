"""Does evidence come back from its JSON as it was?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.errors import CannotLook, CauseCode
from rollcall.evidence import (
    Content,
    DatabaseSeen,
    Evidence,
    FileSeen,
    NotSeen,
    OutputSeen,
    Registration,
    SchedulerSeen,
)
from rollcall.text import clean, clean_block

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)

# What the sources let through, of whatever text there is.
LINES = st.text(st.characters(exclude_categories=()), max_size=30).map(clean)
BLOCKS = st.text(st.characters(exclude_categories=()), max_size=60).map(lambda text: clean_block(text, 40))
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone

CONTENTS = st.builds(
    Content,
    flaw=st.none() | LINES,
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
    content=st.none() | CONTENTS,
    unreadable=st.none() | LINES,
    is_regular=st.booleans(),
)
REGISTRATIONS = st.builds(
    Registration,
    id=LINES,
    name=LINES,
    next_run=st.none() | LINES,
    last_execution=st.none() | LINES,
    last_status=st.none() | LINES,
)


T = TypeVar("T")


def many(each: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(each, max_size=3).map(tuple)


NOT_SEEN = st.builds(NotSeen, code=st.sampled_from(CauseCode), detail=LINES, looked_at=INSTANTS)
SCHEDULERS = st.builds(
    SchedulerSeen,
    asked_at=INSTANTS,
    answered_at=INSTANTS,
    running=st.booleans(),
    registrations=many(REGISTRATIONS),
    server_at=st.none() | INSTANTS,
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
DATABASES = st.builds(
    DatabaseSeen,
    asked_at=INSTANTS,
    answered_at=INSTANTS,
    active=st.none() | st.booleans(),
    active_since=st.none() | LINES,
    executions=st.none() | many(REGISTRATIONS),
)
EVIDENCE = st.builds(
    Evidence,
    schedulers=st.dictionaries(LINES, SCHEDULERS | NOT_SEEN, max_size=3),
    outputs=st.dictionaries(LINES, OUTPUTS | NOT_SEEN, max_size=3),
    databases=st.dictionaries(LINES, DATABASES | NOT_SEEN, max_size=3),
)


@given(EVIDENCE)
def test_evidence_comes_back_as_it_was(evidence: Evidence) -> None:
    assert Evidence.from_json(evidence.to_json()) == evidence


@given(EVIDENCE)
def test_evidence_is_plain_json_with_offsets(evidence: Evidence) -> None:
    again = json.loads(evidence.to_json())

    assert set(again) == {"schedulers", "outputs", "databases"}
    for seen in again["outputs"].values():
        assert datetime.fromisoformat(seen["looked_at"]).utcoffset() == timedelta(0)


def test_evidence_recorded_before_there_were_databases_is_read() -> None:
    assert Evidence.from_json('{"schedulers": {}, "outputs": {}}') == Evidence(schedulers={}, outputs={}, databases={})


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


def test_a_registration_is_found_by_its_own_id() -> None:
    haiku, other = Registration(id="haiku"), Registration(id="other")
    seen = SchedulerSeen(asked_at=NOW, answered_at=NOW, running=True, registrations=(other, haiku))

    assert (seen.registration("haiku"), seen.registration("hai")) == (haiku, None)


def test_a_file_is_dated_by_its_name_before_its_mtime() -> None:
    stamped = FileSeen(name="a", size=1, modified_at=NOW, stamp_at=NOW - timedelta(days=1))
    plain = FileSeen(name="a", size=1, modified_at=NOW)

    assert (stamped.made_at, plain.made_at) == (NOW - timedelta(days=1), NOW)
