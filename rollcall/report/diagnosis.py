"""How does a diagnosis look, to a person and to a program?

To a person: schedulers first, then the jobs with something to tell link by link, then one line for each of the others.
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
from rollcall.times import show_instant, to_iso

VERSION = 1
_QUESTION = 32
_VERDICT = 10
_LONGEST_ID = 32
_LONGEST = 4000  # a command that is cut is none


def render_diagnosis(diagnosis: Diagnosis, *, width: int, named: Collection[str] = ()) -> Iterator[str]:
    """The lines of the whole; the `named` jobs are told link by link, whatever there is to tell."""
    if diagnosis.replay_of:
        yield f"{show_replay(diagnosis.replay_of, diagnosis.zone)}: nobody is asked"
    at = show_instant(diagnosis.judged_at, diagnosis.zone, year=True)
    yield f"{at}, {diagnosis.zone.key}"
    for scheduler in diagnosis.schedulers:
        yield ""
        yield f"scheduler {clean(scheduler.id)}  {clean(scheduler.title)}"
        yield from _chain(scheduler, width)
    told = [each for each in diagnosis.jobs if each.id in named or _has_to_tell(each)]
    for job in told:
        yield ""
        yield f"{_name(job)}: {job.verdict}"
        yield from _chain(job, width)
    yield from _folded([each for each in diagnosis.jobs if each not in told], width)


def _has_to_tell(job: Diagnosed) -> bool:
    """A job that only its scheduler keeps from being vouched for has nothing to tell of its own."""
    return (job.needs_a_person or job.cause is not None) and not job.is_only_blocked


def _name(job: Diagnosed) -> str:
    return clean(job.id) if job.title == job.id else f"{clean(job.id)}  {clean(job.title)}"


def _chain(subject: Diagnosed, width: int) -> Iterator[str]:
    for hidden, links in groupby(subject.links, key=lambda each: each.standing is Standing.NOT_ASKED and each.answer):
        if hidden:
            questions = " ".join(each.question for each in links)
            yield from _wrapped(f"   -   {hidden}", f"({questions})", width, hang=7)
            continue
        for link in links:
            yield from _wrapped(f"  {_mark(link)}  {link.question:{_QUESTION}}", link.answer, width, hang=_QUESTION + 8)
    yield from _explanation(subject, width)


def _explanation(subject: Diagnosed, width: int) -> Iterator[str]:
    if subject.cause is None:
        return
    if subject.told_by:
        # One root cause is not told nine times.
        yield f"  cause: {subject.cause.code}, see scheduler {clean(subject.told_by)}"
        return
    yield from _wrapped(f"  cause: {subject.cause.code}:", subject.cause.sentence, width, hang=9)
    # In one line, however long: what is to be typed is copied whole.
    yield f"  do:    {_shown(subject.cause.next_step)}"


def _mark(link: Link) -> str:
    """Three characters that tell without colour; a "no" that nobody must get up for does not shout."""
    match link.standing:
        case Standing.YES:
            return "yes"
        case Standing.NO:
            return "NO " if link.needs_a_person else "no "
        case Standing.CANNOT_TELL:
            return " ? "
        case Standing.NOT_ASKED:
            return " - "


def _folded(jobs: list[Diagnosed], width: int) -> Iterator[str]:
    if not jobs:
        return
    yield ""
    broad = min(max(len(clean(each.id)) for each in jobs), _LONGEST_ID)
    for job in jobs:
        lead = f"{job.verdict:{_VERDICT}}  {clean(job.id):{broad}} "
        yield from _wrapped(lead, job.in_short, width, hang=_VERDICT + broad + 4)


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
