"""How does one piece of news read: as a line, as a short text, as JSON?

The JSON is what the webhook is sent, version 1; keys are added to it and never renamed:

    {"version": 1, "event": "new", "cause": "missed-run", "service": null,
     "sentence": "…", "next_step": "…",
     "jobs": [{"id": "…", "title": "…", "sentence": "…", "next_step": "…"}],
     "since": "2026-02-11T06:00:00+01:00", "judged_at": "2026-02-11T07:02:13+01:00",
     "actions": ["…"], "page": "/srv/aime/reports/morning.html", "title": "…", "text": "…"}

`event` is new, still, recovered or test; `service` the id of the service that is the cause, null where it is the jobs'
own; `next_step` and the jobs' are "" where nothing is to be done; `page` is null where there is none; `title` and
`text` are the same for people. Every text is free of control characters, and in no title is a line break.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.action import told
from rollcall.alert.news import Concern, Event, News
from rollcall.morning import Morning
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant, to_iso

VERSION = 1
_MOST_BLOCKS = 5
_MOST_NAMED = 6
_MOST_JOBS = 200
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel is given: a title of one line, a text of several, and the JSON of both."""

    title: str
    text: str
    json: bytes
    is_good: bool


def write_message(news: News, morning: Morning, *, page: Path | None) -> Message:
    """The message that tells `news` of that morning; `page` is where more stands, if anywhere."""
    subjects = {news.service, *(each.id for each in news.jobs)}
    actions = [_line(told(each, morning.zone)) for each in morning.actions if each.subject in subjects]
    return _message(news, judged_at=morning.judged_at, zone=morning.zone, actions=actions, page=page)


def write_test(at: datetime, zone: ZoneInfo) -> Message:
    """A message that says of itself that nothing is wrong."""
    sentence = "This is a test of Roll call's alerts: nothing is wrong, and nothing is to be done."
    news = News(event=Event.TEST, cause="test", sentence=sentence, since=at)
    return _message(news, judged_at=at, zone=zone, actions=[], page=None)


def _message(news: News, *, judged_at: datetime, zone: ZoneInfo, actions: list[str], page: Path | None) -> Message:
    title = _title(news)
    text = "\n".join(_lines(news, judged_at, zone, actions, page))
    whole: dict[str, Any] = {
        "version": VERSION,
        "event": news.event,
        "cause": news.cause,
        "service": news.service,
        "sentence": _line(news.sentence),
        "next_step": _line(news.next_step),
        "jobs": [_job(each) for each in news.jobs[:_MOST_JOBS]],
        "since": to_iso(news.since, zone),
        "judged_at": to_iso(judged_at, zone),
        "actions": actions,
        "page": _line(str(page)) if page else None,
        "title": title,
        "text": text,
    }
    is_good = news.event in (Event.RECOVERED, Event.TEST)
    body = json.dumps(whole, ensure_ascii=False).encode(errors="replace")
    return Message(title=title, text=text, json=body, is_good=is_good)


def _title(news: News) -> str:
    if news.event is Event.TEST:
        return "Roll call: a test"
    subject = news.service or news.jobs[0].id
    others = len(news.jobs) - (news.service is None)
    more = f", {counted(others, 'job')}" if news.service else f" and {others:,} more"
    return f"Roll call: {news.event}: {news.cause} [{clean(subject, 80)}{more if others else ''}]"


def _job(concern: Concern) -> dict[str, str]:
    return {
        "id": _line(concern.id),
        "title": _line(concern.title),
        "sentence": _line(concern.sentence),
        "next_step": _line(concern.next_step),
    }


def _lines(news: News, judged_at: datetime, zone: ZoneInfo, actions: list[str], page: Path | None) -> Iterator[str]:
    yield from _alike(news) if news.service or not news.next_step else _each_job(news)
    yield from (f"done: {each}" for each in actions)
    yield ""
    judged = f"judged {show_instant(judged_at, zone, year=True)}"
    yield judged if news.event is Event.TEST else f"since {show_instant(news.since, zone)}; {judged}"
    if page:
        yield f"page: {_line(str(page))}"


def _alike(news: News) -> Iterator[str]:
    """What is one thing, whomever it explains."""
    yield _line(news.sentence)
    if news.next_step:
        yield f"do: {_line(news.next_step)}"
    if news.jobs:
        yield f"{'it explains' if news.service else 'jobs'}: {_names(news.jobs)}"


def _each_job(news: News) -> Iterator[str]:
    """What every job has its own proof and its own next step for."""
    shown = news.jobs[:_MOST_BLOCKS]
    for number, each in enumerate(shown):
        if number:
            yield ""
        yield f"{_line(each.id)}: {_line(each.sentence)}"
        yield f"do: {_line(each.next_step)}"
    if left := news.jobs[len(shown) :]:
        yield ""
        yield f"the same of {counted(len(left), 'more job')}: {_names(left)}"


def _names(jobs: tuple[Concern, ...]) -> str:
    return listed([_line(each.id) for each in jobs], _MOST_NAMED)


def _line(text: str) -> str:
    return text if text.isprintable() and len(text) <= _LONGEST else clean(text, _LONGEST)
