"""Is a sentence that nobody has read yet the same sentence to everybody who reads, compares, changes or sends it?"""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from rollcall.errors import CauseCode
from rollcall.findings import Check, Finding, Verdict, broken, later, ok

WRITTEN = ok(Check.RAN_ON_TIME, "done by 06:25", "06:00:17")


class Pen:
    """Counts how often it writes."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, text: str) -> str:
        self.count += 1
        return text


def unread(pen: Pen | None = None) -> Finding:
    pen = pen or Pen()
    return ok(Check.RAN_ON_TIME, later(pen.write, "done by 06:25"), later(pen.write, "06:00:17"))


def test_a_sentence_is_written_only_when_it_is_read_and_once() -> None:
    pen = Pen()
    finding = unread(pen)
    before = (finding.verdict, finding.needs_a_person, finding.code, pen.count)
    read = [finding.found, finding.expected, finding.found, finding.because]

    assert before == (Verdict.OK, False, None, 0)
    assert read == ["06:00:17", "done by 06:25", "06:00:17", ""]
    assert pen.count == 2


def test_an_unread_finding_is_equal_to_one_that_was_written() -> None:
    assert unread() == WRITTEN
    assert hash(unread()) == hash(WRITTEN)
    assert repr(unread()).startswith(repr(WRITTEN)[:-1])
    assert str(unread()) == "ok: 06:00:17"
    assert unread() != ok(Check.RAN_ON_TIME, "done by 06:25", "06:00:18")


def test_an_unread_finding_can_be_changed() -> None:
    assert replace(unread(), verdict=Verdict.LATE) == replace(WRITTEN, verdict=Verdict.LATE)


def test_a_finding_is_sent_to_another_process_with_its_sentences_and_nothing_else() -> None:
    sent = pickle.dumps(unread())

    assert pickle.loads(sent) == WRITTEN
    assert b"Pen" not in sent


def test_a_finding_has_no_other_words() -> None:
    with pytest.raises(AttributeError, match="colour"):
        _ = unread().colour


def test_a_finding_cannot_be_written_over() -> None:
    finding = broken(Check.ANSWERS, Verdict.FAILED, CauseCode.SCHEDULER_DOWN, expected="200", found="", because="down")
    with pytest.raises(AttributeError):
        finding.because = "up"  # type: ignore[misc]  # what this test is about
