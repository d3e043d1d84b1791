"""How does a rehearsal look to a CI that reads JUnit's XML?

A test case for each fault that was planted, each subject that could not be rehearsed, and each limit. It holds a
failure exactly where the command ends with 1: under a limit a fault that slips through is skipped, with its setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rollcall.rehearse.advice import addressed
from rollcall.rehearse.coverage import Coverage
from rollcall.rehearse.rehearsal import Outcome, Rehearsed
from rollcall.text import clean

_LONGEST = 1_000


def junit_of(coverage: Coverage, limits: Iterable[tuple[str, str | None]], *, has_limit: bool) -> str:
    """The text of the file. `limits` are the names of what it was held against, each with why it fails."""
    rehearsal = coverage.rehearsal
    suite = Element("testsuite", name="rollcall rehearse")
    for of in (*rehearsal.schedulers, *rehearsal.jobs):
        for case, (kind, message) in _faults(of, has_limit=has_limit):
            _add(suite, _place(of.is_job, of.subject.id), case, kind, message)
    for left in rehearsal.left_out:
        kind = "skipped" if has_limit or not left.is_owed else "failure"
        _add(suite, _place(left.is_job, left.subject.id), "can be rehearsed", kind, left.why)
    for name, why in limits:
        _add(suite, "rehearsal", name, "failure" if why else "", why or "")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")
    whole = Element("testsuites")
    whole.append(suite)
    indent(whole, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(whole, encoding="unicode")}\n'


def _faults(of: Rehearsed, *, has_limit: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    for each in of.faults:
        name = f"{each.fault} of {each.output}" if each.output else str(each.fault)
        if each.outcome is not Outcome.SLIPS:
            yield name, ("", "")
            continue
        kind = "failure" if each.is_avoidable and not has_limit else "skipped"
        yield name, (kind, f"slips through: {addressed(of.subject.id if of.is_job else None, each.cure or '')}")


def _place(is_job: bool, name: str) -> str:
    # Of a dot programs make a hierarchy.
    return f"rehearsal.{'jobs' if is_job else 'schedulers'}.{clean(name).replace('.', '_')}"


def _add(suite: Element, place: str, name: str, kind: str, message: str) -> None:
    case = SubElement(suite, "testcase", classname=place, name=clean(name), time="0")
    if kind:
        SubElement(case, kind, message=clean(message, _LONGEST))
