"""How does a diagnosis look, to a person and to a program?

To a person: schedulers first, then the jobs with something to say link by link, then one line for each of the others.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from itertools import groupby
from textwrap import wrap
from typing import Any

from rollcall.morning.chain import Diagnosed, Diagnosis, Link, Standing
from rollcall.report.headline import show_replay
from rollcall.text import clean
from rollcall.times import in_zone, to_iso

VERSION = 1
_QUESTION = 32
_VERDICT = 10
_LONGEST_ID = 32
_LONGEST = 4000  # a command that is cut is none
_MARKS = {Standing.YES: "yes", Standing.CANNOT_TELL: " ? ", Standing.NOT_ASKED: " - "}


def render_diagnosis(diagnosis: Diagnosis, *, width: int, named: Collection[str] = ()) -> Iterator[str]:
    """The lines of the whole; the `named` jobs are shown link by link, whatever there is to say."""
    if diagnosis.replay_of:
        yield f"{show_replay(diagnosis.replay_of, diagnosis.zone)}: nobody is asked"
    yield in_zone(diagnosis.judged_at, diagnosis.zone)
    for scheduler in diagnosis.schedulers:
        yield ""
        yield f"scheduler {clean(scheduler.id)}  {clean(scheduler.title)}"
        yield from _chain(scheduler, width, is_past=diagnosis.replay_of is not None)
    others = []
    for job in diagnosis.jobs:
        # A job that only its scheduler keeps from being vouched for has nothing to say of its own.
        if job.id not in named and (job.is_only_blocked or not (job.needs_a_person or job.cause)):
            others.append(job)
            continue
        name = clean(job.id) if job.title == job.id else f"{clean(job.id)}  {clean(job.title)}"
        yield ""
        yield f"{name}: {job.verdict}"
        yield from _chain(job, width, is_past=diagnosis.replay_of is not None)
    if others:
        yield ""
    broad = min(max((len(clean(each.id)) for each in others), default=0), _LONGEST_ID)
    for job in others:
        lead = f"{job.verdict:{_VERDICT}}  {clean(job.id):{broad}} "
        yield from _wrapped(lead, job.in_short, width, hang=_VERDICT + broad + 4)


def _chain(subject: Diagnosed, width: int, *, is_past: bool) -> Iterator[str]:
    for hidden, links in groupby(subject.links, key=lambda each: each.standing is Standing.NOT_ASKED and each.answer):
        if hidden:
            questions = " ".join(each.question for each in links)
            yield from _wrapped(f"   -   {hidden}", f"({questions})", width, hang=7)
            continue
        for link in links:
            yield from _wrapped(f"  {_mark(link)}  {link.question:{_QUESTION}}", link.answer, width, hang=_QUESTION + 8)
    if subject.cause and subject.told_by:
        # One root cause is not shown nine times.
        yield f"  cause: {subject.cause.code}, see scheduler {clean(subject.told_by)}"
    elif subject.cause:
        yield from _wrapped(f"  cause: {subject.cause.code}:", subject.cause.sentence, width, hang=9)
        # In one line, however long: what is to be typed is copied whole.
        yield f"  {'what to do then was' if is_past else 'do'}:    {_shown(subject.cause.next_step)}"


def _mark(link: Link) -> str:
    """Three characters that need no colour; a "no" that is worth knowing, and not urgent, does not shout."""
    return _MARKS.get(link.standing) or ("NO " if link.needs_a_person else "no ")


def _wrapped(lead: str, text: str, width: int, *, hang: int) -> list[str]:
    """`text` after `lead`, its further lines indented by `hang`; words are not torn."""
    line = f"{lead} {_shown(text)}"
    return wrap(line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)


def _shown(text: str) -> str:
    return text if text.isprintable() else clean(text, _LONGEST)


def diagnosis_json(diagnosis: Diagnosis) -> str:
    """The same for programs, version 1: `{"version", "judged_at", "schedulers": […], "jobs": […]}`."""
    whole = {
        "version": VERSION,
        "judged_at": to_iso(diagnosis.judged_at, diagnosis.zone),
        "replay_of": to_iso(diagnosis.replay_of, diagnosis.zone) if diagnosis.replay_of else None,
        "schedulers": [_subject(each) for each in diagnosis.schedulers],
        "jobs": [_subject(each) for each in diagnosis.jobs],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _subject(subject: Diagnosed) -> dict[str, Any]:
    cause = subject.cause
    return {
        "id": subject.id,
        "verdict": subject.verdict,
        "cause": {"code": cause.code, "sentence": cause.sentence, "next_step": cause.next_step} if cause else None,
        "links": [
            {"question": each.question, "standing": each.standing, "answer": each.answer} for each in subject.links
        ],
    }
