"""What does the owner's own proof say of a run's output, and for how long?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, Told, at, five_files, made, morning, said
from rollcall.evidence import Content, Flaw, Outcome, Verified
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board
from rollcall.roll.proving import Verify
from rollcall.sinks.json import to_json
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode

VERIFY = ["pg_restore", "-f", "/dev/null", "{file}"]
WEEKLY = {"command": VERIFY, "every": "7 d", "partial": [3], "unknown": [11]}
OTHER = {"command": ["pg_restore", "--list", "{file}"], "every": "7 d"}
TODAY = made("2026-02-11T06:00:17+01:00")
EARLIER = five_files()[1:]
GOOD, FAILED, PARTIAL, UNKNOWN = Outcome.SUCCESS, Outcome.FAILED, Outcome.PARTIAL, Outcome.UNKNOWN
LOCKED = said(UNKNOWN, WEEKLY, how="exit status 11", code=CauseCode.OUTPUT_UNREADABLE)
TOO_LARGE = Content(unread="only its ends were read: 3.0 GB, more than read_up_to = 2.0 GB")


def told(verified: Verified | None, proven: Verified | None = None, **words: Any) -> Told:
    """The morning on which `verify` said that of the file of today, and before what is `proven`."""
    file = replace(TODAY, verified=verified)
    words = {"files": [file, *EARLIER], "proven": proven, "verify": WEEKLY, **words}
    return morning(**words)


def days_ago(days: float, outcome: Outcome = GOOD, verify: Any = WEEKLY) -> Verified:
    """What it said of an earlier file so many days before this morning."""
    when = at("2026-02-11T07:02:00+01:00") - timedelta(days=days)
    return said(outcome, verify, file="earlier.md", when=when.isoformat())


# What it said this morning | what it had said before | verdict, cause | what is found.
MORNINGS: dict[str, tuple[Verified | None, Verified | None, tuple[str, CauseCode | None], str]] = {
    "good": (said(GOOD, WEEKLY), None, ("ok", None), f"{TODAY.name}, 375 B, verified"),
    "bad": (said(FAILED, WEEKLY), None, ("bad-output", CauseCode.VERIFY_FAILED), "exit status 1"),
    "bad, and good a week ago": (
        said(FAILED, WEEKLY), days_ago(7), ("bad-output", CauseCode.VERIFY_FAILED), "exit status 1"),
    "good, and bad yesterday": (said(GOOD, WEEKLY), days_ago(1, FAILED), ("ok", None), ", verified"),
    "good in part": (said(PARTIAL, WEEKLY), None, ("ok", CauseCode.PARTIAL_RUN), TODAY.name),
    "not asked, as it was good": (None, days_ago(3), ("ok", None), "; verified last: earlier.md, 3 d ago"),
    "not asked, as it was good in part": (
        None, days_ago(3, PARTIAL), ("ok", CauseCode.PARTIAL_RUN), "; verified last: earlier.md, 3 d ago"),
    "not asked, and never before": (None, None, ("unknown", CauseCode.OUTPUT_UNREADABLE), "its verify was not run"),
    "not asked, and bad yesterday": (
        None, days_ago(1, FAILED), ("unknown", CauseCode.OUTPUT_UNREADABLE), "its verify was not run"),
    "not asked, and another command was good": (
        None, days_ago(3, verify=OTHER), ("unknown", CauseCode.OUTPUT_UNREADABLE), "its verify was not run"),
    "no answer, and never one": (LOCKED, None, ("unknown", CauseCode.OUTPUT_UNREADABLE), "exit status 11"),
    "no answer, and bad yesterday": (
        LOCKED, days_ago(1, FAILED), ("unknown", CauseCode.OUTPUT_UNREADABLE),
        "exit status 11; the last proof is of earlier.md, 1 d ago, and that failed: exit status 1"),
    "no answer, and good twice a week ago": (
        LOCKED, days_ago(14), ("ok", CauseCode.OUTPUT_UNREADABLE), "; verified last: earlier.md, 14 d ago"),
    "no answer, and good longer ago": (
        LOCKED, days_ago(14.001), ("unknown", CauseCode.OUTPUT_UNREADABLE),
        "exit status 11; the last proof is of earlier.md, 14 d"),
}  # fmt: skip


@pytest.mark.parametrize(("verified", "proven", "verdict", "found"), MORNINGS.values(), ids=MORNINGS)
def test_it_is_as_good_as_its_proof(
    verified: Verified | None, proven: Verified | None, verdict: tuple[str, CauseCode | None], found: str
) -> None:
    judged = told(verified, proven)

    assert (judged.job.verdict, judged.code) == verdict
    assert (
        judged.finding(Check.OUTPUT_IS_WHOLE).found.endswith(found)
        or found in judged.finding(Check.OUTPUT_IS_WHOLE).found
    )


def test_without_every_what_was_proven_yesterday_says_nothing_of_today() -> None:
    judged = told(None, days_ago(1, verify=VERIFY), verify=VERIFY)

    assert judged.job.verdict == "unknown"


def test_what_is_proven_bad_comes_before_what_nobody_can_tell() -> None:
    large = replace(TODAY, content=TOO_LARGE, size=3 * 10**9, verified=said(FAILED, WEEKLY))

    assert told(None, files=[large, *EARLIER]).code is CauseCode.VERIFY_FAILED


def test_what_reading_it_found_says_more_than_its_proof() -> None:
    cut = Content(flaw=Flaw(CauseCode.TRUNCATED_OUTPUT, "does not read as json: it breaks off"))
    file = replace(TODAY, content=cut, verified=said(FAILED, WEEKLY))

    assert told(None, files=[file, *EARLIER]).code is CauseCode.TRUNCATED_OUTPUT


def test_each_file_of_a_run_is_proven() -> None:
    names = [f"{name}-20260211.sql" for name in "abc"]
    files = [
        made(f"2026-02-11T06:00:1{number}+01:00", name=name, verified=said(GOOD, WEEKLY, file=name))
        for number, name in enumerate(names)
    ]
    for bad in range(3):
        one_bad = [replace(each, verified=said(FAILED, WEEKLY)) if each is files[bad] else each for each in files]
        judged = told(None, files=one_bad, path="out/*-%Y%m%d.sql", keeps=None, must_change=False)

        assert judged.code is CauseCode.VERIFY_FAILED
        assert names[bad] in judged.finding(Check.OUTPUT_IS_WHOLE).because


def test_what_part_of_it_is_good_is_shown_with_the_command() -> None:
    judged = told(said(PARTIAL, WEEKLY, how="exit status 3", says="1 file skipped"))

    assert (
        judged.cause.sentence
        == f"Its output {TODAY.name} passes its verify only in part: exit status 3: 1 file skipped."
    )
    assert judged.cause.next_step.startswith("See what it leaves out: `pg_restore -f /dev/null /srv/aime/data/")
    assert f"partial in verify of [jobs.{HAIKU}.output]" in judged.cause.next_step


# What it said now | what it had said before | more words | what is shown: of which file, and its lines.
SHOWN: list[tuple[Verified | None, Verified | None, dict[str, Any], tuple[str, str] | None]] = [
    (
        said(FAILED, WEEKLY, file=TODAY.name, says="3 tables\n<cut> off"),
        days_ago(9),
        {},
        (TODAY.name, "3 tables\n&lt;cut&gt; off\nexit status 1"),
    ),
    (None, days_ago(3), {"status": "error"}, ("earlier.md", "exit status 0")),
    (None, days_ago(3), {"status": "error", "verify": None}, None),
]


@pytest.mark.parametrize(("now", "before", "words", "shown"), SHOWN)
def test_its_last_words_are_on_the_card_and_in_morning_json(
    now: Verified | None, before: Verified | None, words: dict[str, Any], shown: tuple[str, str] | None
) -> None:
    judged = told(now, before, **words).judged
    [output] = json.loads(to_json(judged, Ending()))["jobs"][0]["outputs"]
    page = render_board(judged, Ending())

    assert (output["verified"] or {}).get("file") == (shown[0] if shown else None)
    assert ("What verify said" in page) is (shown is not None)
    if shown:
        assert f"What verify said of {shown[0]}, asked " in page
        assert shown[1] in page


# When one is due ------------------------------------------------------------------------------------------------------

# every | the last good proof | this morning | whether it still holds
RENEWED = [
    ("1 d", "2026-03-27T07:00:00+01:00", "2026-03-28T07:00:00+01:00", False),
    ("1 d", "2026-03-27T07:00:00+01:00", "2026-03-27T19:00:00+01:00", True),
    # In spring a day has 23 hours, in autumn 25.
    ("1 d", "2026-03-28T07:00:00+01:00", "2026-03-29T07:00:00+02:00", False),
    ("1 d", "2026-10-24T07:00:00+02:00", "2026-10-25T07:00:00+01:00", False),
    ("7 d", "2026-03-23T07:00:09+01:00", "2026-03-29T07:00:00+02:00", True),
    ("7 d", "2026-03-23T07:00:09+01:00", "2026-03-30T07:00:00+02:00", False),
    ("7 d", "2026-10-19T07:00:09+02:00", "2026-10-25T07:00:00+01:00", True),
    ("7 d", "2026-10-19T07:00:09+02:00", "2026-10-26T07:00:00+01:00", False),
    # A morning that is a little earlier than the one before renews it all the same, and not a day later.
    ("7 d", "2026-02-04T07:00:09+01:00", "2026-02-11T05:00:08+01:00", True),
    ("7 d", "2026-02-04T07:00:09+01:00", "2026-02-11T05:00:09+01:00", False),
    ("1 h", "2026-02-11T06:00:00+01:00", "2026-02-11T06:53:59+01:00", True),
    ("1 h", "2026-02-11T06:00:00+01:00", "2026-02-11T06:54:00+01:00", False),
]


@pytest.mark.parametrize(("every", "last", "now", "holds"), RENEWED)
def test_a_proof_is_renewed_on_the_morning_on_which_it_is_old(every: str, last: str, now: str, *, holds: bool) -> None:
    table = {"command": VERIFY, "every": every}

    assert Verify.model_validate(table).holds(said(GOOD, table, when=last), at(now)) is holds
