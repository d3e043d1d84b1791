"""Is a finding one plain sentence that nobody can write over, and who must look at it?"""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.vocabulary import CauseCode, Verdict

ON_TIME = Promise(Check.RAN_ON_TIME, "done by 06:25")
DONE = ON_TIME.kept("06:00:17")
DOWN = Promise(Check.ANSWERS, "200").broken(Verdict.FAILED, CauseCode.SCHEDULER_DOWN, "silence", "down")
AFTER = Promise(Check.IS_REGISTERED, "it among its jobs").blocked(DOWN)


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (DONE, "ok: 06:00:17"),
        (DOWN, "failed: down"),
        (AFTER, "cannot tell: scheduler-down"),
        (ON_TIME.pending("it is inside its time"), "pending: it is inside its time"),
    ],
)
def test_a_finding_is_told_in_one_sentence(finding: Finding, sentence: str) -> None:
    assert str(finding) == sentence


@pytest.mark.parametrize(
    ("finding", "needs_a_person"),
    [
        (DONE, False),
        (DOWN, True),
        # What could not be looked at is never let pass.
        (AFTER, True),
        (ON_TIME.pending("too early"), False),
        (ON_TIME.replaced("overwritten"), False),
        (ON_TIME.paused("paused"), False),
        (ON_TIME.warned(CauseCode.RAN_TWICE, "two", "twice"), False),
        (replace(DOWN, is_warning=True), False),
    ],
)
def test_who_must_look_at_it(finding: Finding, needs_a_person: bool) -> None:
    assert finding.needs_a_person is needs_a_person


def test_what_is_blocked_names_the_root_however_far_away_it_is() -> None:
    further = ON_TIME.blocked(AFTER)

    assert (further.blocked_by, further.code) == (Check.ANSWERS, CauseCode.SCHEDULER_DOWN)


def test_a_finding_is_sent_to_another_process_as_it_is() -> None:
    assert pickle.loads(pickle.dumps(DOWN)) == DOWN


def test_a_finding_cannot_be_written_over() -> None:
    with pytest.raises(FrozenInstanceError):
        DOWN.because = "up"  # type: ignore[misc]  # what this test is about
