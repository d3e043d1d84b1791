"""How does one piece of news read: as a line, as a short text, as JSON?

The JSON is what the webhook is sent, version 1; keys are added to it and never renamed:

    {"version": 1, "event": "new", "cause": "missed-run", "replaces": [], "keys": ["job haiku"], "scheduler": null,
     "sentence": "…", "next_step": "…",
     "jobs": [{"id": "…", "title": "…", "sentence": "…", "next_step": "…", "since": "…", "owner": "…",
               "severity": "…", "runbook": "…", "logs": "…"}],
     "downstream": [], "since": "2026-02-11T06:00:00+01:00", "judged_at": "2026-02-11T07:02:13+01:00",
     "actions": ["…"], "jobs_file": "/srv/aime/jobs.toml", "page": "/srv/aime/reports/morning.html",
     "title": "…", "text": "…"}

`event` is one of

- new: a cause that this channel took nothing of yet for these `keys`. Another cause of the same ones stands in
  `replaces`: it holds no more, and no `recovered` will follow for it.
- still: taken before, and it lasts.
- fixed: Roll call did something about it and saw that it helped; sent once for each thing it did, whether or not the
  trouble was told before. `sentence` says what was done, `cause` is what that cured. It closes what was told of its
  `keys`; where the run counts as late all the same, its job's `sentence` says so, and a `recovered` follows the next
  good one. A channel that did not take it is not sent it again, as the next look finds nothing that is wrong; where it
  had taken the trouble it is sent `recovered` then.
- recovered: what this channel took of these `keys` is over, as was seen.
- test: nothing is wrong.

`keys` are what it is about, "scheduler ID" or "job ID", the same from `new` to `recovered` whatever the cause becomes:
keep an incident by key, not by cause. `scheduler` is the id of the one that is the cause, null where it is the jobs'
own; `downstream` are the ids of jobs that did not do their work because theirs was not done; `next_step` and the jobs'
are "" where nothing is to be done; a job's `since`, `owner`, `severity`, `runbook` and `logs` are null where jobs.toml
does not say, or where it is well; `jobs_file` is which jobs.toml was judged; `page` is null where there is none;
`title` and `text` are the same for people. Every text is free of control characters, and in no title is a line break.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, assert_never
from zoneinfo import ZoneInfo

from rollcall.causes.action import told
from rollcall.morning import Morning
from rollcall.sinks.alert.alertmanager import Alerts, alert_of_a_test
from rollcall.sinks.alert.news import Event, News
from rollcall.sinks.alert.trouble import Concern
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant, to_iso

VERSION = 1
_MOST_BLOCKS = 5
_MOST_NAMED = 6
_MOST_JOBS = 200
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel is given: a title of one line, a text of several, the JSON of both, and how bad it is.

    `alerts` is what an Alertmanager is posted in place of all that.
    """

    title: str
    text: str
    json: bytes
    tone: Literal["success", "warning", "failure"]
    alerts: bytes = b""


def write_message(news: News, morning: Morning, *, jobs_file: Path, page: Path | None) -> Message:
    """The message that tells `news` of that morning; `page` is where more stands, if anywhere."""
    subjects = {news.scheduler, *(each.id for each in news.jobs)}
    actions = [_line(told(each, morning.zone)) for each in morning.actions if each.subject in subjects]
    if news.event is Event.FIXED:
        actions = [_line(news.sentence)]
    return _message(news, _Beside(morning.judged_at, morning.zone, tuple(actions), jobs_file, page))


def write_test(at: datetime, zone: ZoneInfo, *, jobs_file: Path) -> Message:
    """A message that says of itself that nothing is wrong."""
    sentence = "This is a test of Roll call's alerts: nothing is wrong, and nothing is to be done."
    news = News(event=Event.TEST, cause="test", sentence=sentence, since=at)
    return replace(_message(news, _Beside(at, zone, (), jobs_file, None)), alerts=alert_of_a_test(at))


def write_alerts(alerts: Alerts) -> Message:
    """What an Alertmanager is posted of what stands."""
    return Message(title="", text="", json=b"", tone="failure", alerts=alerts.body)


class _Beside(NamedTuple):
    """What is told beside the news itself."""

    judged_at: datetime
    zone: ZoneInfo
    actions: tuple[str, ...]
    jobs_file: Path
    page: Path | None


def _message(news: News, beside: _Beside) -> Message:
    title = _title(news)
    text = "\n".join(_lines(news, beside))
    whole: dict[str, Any] = {
        "version": VERSION,
        "event": news.event,
        "cause": _line(news.cause),
        "replaces": [_line(each) for each in news.replaces],
        "keys": [_line(each) for each in news.keys],
        "scheduler": news.scheduler,
        "sentence": _line(news.sentence),
        "next_step": _line(news.next_step),
        "jobs": [_job(each, beside.zone) for each in news.jobs[:_MOST_JOBS]],
        "downstream": [_line(each.id) for each in news.downstream[:_MOST_JOBS]],
        "since": to_iso(news.since, beside.zone),
        "judged_at": to_iso(beside.judged_at, beside.zone),
        "actions": beside.actions,
        "jobs_file": _line(str(beside.jobs_file)),
        "page": _line(str(beside.page)) if beside.page else None,
        "title": title,
        "text": text,
    }
    body = json.dumps(whole, ensure_ascii=False).encode(errors="replace")
    return Message(title=title, text=text, json=body, tone=_tone(news.event))


def _tone(event: Event) -> Literal["success", "warning", "failure"]:
    match event:
        case Event.RECOVERED | Event.TEST:
            return "success"
        case Event.FIXED:
            return "warning"
        case Event.NEW | Event.STILL:
            return "failure"
        case _:
            assert_never(event)


def _title(news: News) -> str:
    if news.event is Event.TEST:
        return "Roll call: a test"
    subject = news.scheduler or news.jobs[0].id
    others = len(news.jobs) - (news.scheduler is None)
    more = f", {counted(others, 'job')}" if news.scheduler else f" and {others:,} more"
    return f"Roll call: {news.event}: {clean(news.cause, 80)} [{clean(subject, 80)}{more if others else ''}]"


def _job(concern: Concern, zone: ZoneInfo) -> dict[str, str | None]:
    return {
        "id": _line(concern.id),
        "title": _line(concern.title),
        "sentence": _line(concern.sentence),
        "next_step": _line(concern.next_step),
        "since": to_iso(concern.since, zone) if concern.since else None,
        "owner": _line(concern.owner) if concern.owner else None,
        "severity": _line(concern.severity) if concern.severity else None,
        "runbook": _line(concern.runbook) if concern.runbook else None,
        "logs": _line(concern.logs) if concern.logs else None,
    }


def _lines(news: News, beside: _Beside) -> Iterator[str]:
    is_one_thing = news.scheduler or not news.next_step or news.event is Event.FIXED
    yield from _alike(news) if is_one_thing else _each_job(news)
    if news.downstream:
        yield f"not done downstream because of it: {_names(news.downstream)}"
    if news.replaces:
        yield f"until now: {_line(listed(news.replaces))}"
    yield from () if news.event is Event.FIXED else (f"done: {each}" for each in beside.actions)
    yield ""
    judged = f"judged {show_instant(beside.judged_at, beside.zone, year=True)}"
    yield judged if news.event is Event.TEST else f"since {show_instant(news.since, beside.zone)}; {judged}"
    yield f"jobs file: {_line(str(beside.jobs_file))}"
    if beside.page:
        yield f"page: {_line(str(beside.page))}"


def _alike(news: News) -> Iterator[str]:
    """What is one thing, whomever it explains."""
    yield _line(news.sentence)
    if news.next_step:
        yield f"do: {_line(news.next_step)}"
    if news.jobs:
        explains = news.scheduler and news.event is not Event.FIXED
        yield f"{'it explains' if explains else 'jobs'}: {_names(news.jobs)}"
        owners = sorted({each.owner for each in news.jobs if each.owner}) if explains else ()
        if owners:
            yield f"owner: {_line(listed(owners, _MOST_NAMED))}"
    if news.event is Event.FIXED:
        yield from (f"late until its next good run: {_line(each.sentence)}" for each in news.jobs if each.sentence)


def _each_job(news: News) -> Iterator[str]:
    """What every job has its own proof and its own next step for."""
    shown = news.jobs[:_MOST_BLOCKS]
    for number, each in enumerate(shown):
        if number:
            yield ""
        yield f"{_line(each.id)}: {_line(each.sentence)}"
        yield f"do: {_line(each.next_step)}"
        yield from _whom_and_where(each)
    if left := news.jobs[len(shown) :]:
        yield ""
        yield f"the same of {counted(len(left), 'more job')}: {_names(left)}"


def _whom_and_where(concern: Concern) -> Iterator[str]:
    """Whose it is, and where more stands; nothing of what jobs.toml does not say."""
    for name, value in (("owner", concern.owner), ("runbook", concern.runbook), ("logs", concern.logs)):
        if value:
            yield f"{name}: {_line(value)}"


def _names(jobs: tuple[Concern, ...]) -> str:
    return listed([_line(each.id) for each in jobs], _MOST_NAMED)


def _line(text: str) -> str:
    return text if text.isprintable() and len(text) <= _LONGEST else clean(text, _LONGEST)
