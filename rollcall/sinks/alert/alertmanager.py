"""What does an Alertmanager hear at each look: which alerts stand, until when, and which are over?

One alert a broken scheduler and one a job that has a cause of its own, by `POST /api/v2/alerts`
(https://prometheus.io/docs/alerting/latest/clients/). Unlike the other channels it is told what stands, not what is
new: it groups, repeats and silences by itself. An alert is the same one as long as its labels are, so nothing stands
there that changes while the trouble lasts; the cause, which may, is an annotation. It ends `next_look_within` after the
look that saw it, so that each look must say it again, and at once where a look saw that it is over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.history.rows import Chronicle, Memory, Told
from rollcall.morning import Morning
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.sinks.alert.news import recovered
from rollcall.sinks.alert.trouble import Trouble, find_troubles, job_key, scheduler_key, silenced_keys
from rollcall.text import clean, listed
from rollcall.times import to_iso
from rollcall.vocabulary import Verdict

PATH = "/api/v2/alerts"
_MOST_NAMED = 30
_LONGEST = 4000  # a command that is cut is none
_TEST_LASTS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What is posted, and what to remember once it was taken: `told` of what stands, the keys of what is `over`."""

    body: bytes
    told: tuple[Told, ...]
    over: tuple[str, ...]


def find_alerts(
    roll: Roll, morning: Morning, chronicle: Chronicle, told: Memory | None, *, is_complete: bool, page: Path | None
) -> Alerts:
    """Everything that is wrong, each since it began; what was told before and is over; and what was told and cannot be
    judged now, which stands on. What is silenced ends by its `endsAt`.

    `told` is what it took before; None where nothing can be remembered: then an alert ends by its `endsAt` alone.
    """
    assert roll.alert is not None
    before, now = told or {}, morning.judged_at
    until = now + roll.alert.next_look_within
    can_count = told is not None and chronicle.problem is None
    troubles = {each.key: each for each in find_troubles(roll, morning, chronicle, before, can_count=can_count)}
    labels, silenced = dict(_labels(roll)), silenced_keys(roll, chronicle.silences)
    over = set(_over(morning, before) if is_complete else ()) - set(troubles)
    standing: list[Told] = []
    alerts = []
    for key in (*troubles, *(each for each in before if each not in troubles)):
        if key not in labels or (key in silenced and key not in over):
            continue  # of what is silenced it hears at most that it is over
        trouble, known = troubles.get(key), before.get(key)
        since = known.since if known else troubles[key].since
        if key not in over:
            cause = trouble.cause.code if trouble else before[key].cause
            standing.append(Told(key=key, cause=cause, since=since, told_at=now))
        alert = {
            "labels": labels[key],
            "annotations": _annotations(trouble, before[key].cause if known else "", page, is_over=key in over),
            "startsAt": to_iso(since, morning.zone),
            "endsAt": to_iso(now if key in over else until, morning.zone),
        }
        alerts.append(alert)
    return Alerts(body=_body(alerts), told=tuple(standing), over=tuple(over))


def alert_of_a_test(at: datetime) -> bytes:
    """One alert that says of itself that nothing is wrong, and ends by itself."""
    labels = {"alertname": "RollcallTest", "severity": "none"}
    annotations = {"summary": "This is a test of Roll call's alerts: nothing is wrong, and nothing is to be done."}
    ends = {"startsAt": at.isoformat(), "endsAt": (at + _TEST_LASTS).isoformat()}
    return _body([{"labels": labels, "annotations": annotations, **ends}])


def _body(alerts: Iterable[Mapping[str, object]]) -> bytes:
    return json.dumps([*alerts], ensure_ascii=False).encode(errors="replace")


def _labels(roll: Roll) -> Iterator[tuple[str, dict[str, str]]]:
    """The labels of whatever is declared, by its key. They come from jobs.toml alone."""
    assert roll.alert is not None
    jobs_of: dict[str, list[Job]] = {}
    for job in roll.jobs:
        if job.scheduler:
            jobs_of.setdefault(job.scheduler.id, []).append(job)
        words = {
            "job_id": job.id,
            "scheduler": job.scheduler.id if job.scheduler else None,
            "owner": job.owner,
            "severity": job.severity,
            "tags": _one_label(job.tags),
        }
        yield job_key(job.id), _filled({**roll.alert.labels, "alertname": "RollcallJobNeedsAttention", **words})
    for scheduler in roll.schedulers:
        jobs = jobs_of.get(scheduler.id, ())
        # Whose it is where all its jobs are of one owner; those of two would have to agree first.
        owners, severities = {each.owner for each in jobs}, {each.severity for each in jobs}
        shared = [each for each in jobs[0].tags if all(each in job.tags for job in jobs)] if jobs else []
        words = {
            "scheduler": scheduler.id,
            "owner": owners.pop() if len(owners) == 1 else None,
            "severity": severities.pop() if len(severities) == 1 else None,
            "tags": _one_label(shared),
        }
        name = "RollcallSchedulerNeedsAttention"
        yield scheduler_key(scheduler.id), _filled({**roll.alert.labels, "alertname": name, **words})


def _one_label(tags: Collection[str]) -> str:
    """ ",nightly,gold,": between commas at both ends, as Prometheus joins tags, so that `=~ ".*,gold,.*"` finds one."""
    return f",{','.join(sorted(set(tags)))}," if tags else ""


def _over(morning: Morning, told: Memory) -> Iterator[str]:
    """What was seen to be over, and jobs that owe nothing by now."""
    for news in recovered(morning, told):
        yield from news.over
    for judged in morning.jobs:
        key = job_key(judged.job.id)
        if key in told and judged.verdict is Verdict.PAUSED and not judged.needs_a_person:
            yield key


def _annotations(trouble: Trouble | None, known_cause: str, page: Path | None, *, is_over: bool) -> dict[str, str]:
    """What a person reads: the cause, the sentence, what to do, and where more stands."""
    at = {"page": str(page) if page else None}
    if trouble is None:
        said = f"{known_cause} is over." if is_over else f"Last seen: {known_cause}. It could not be judged since."
        return _filled({"summary": said, "cause": known_cause, **at})
    first = trouble.jobs[0] if trouble.jobs and not trouble.scheduler else None
    others = trouble.jobs if trouble.scheduler else trouble.downstream
    explained = listed([each.id for each in others], _MOST_NAMED) if others else None
    words = {
        "summary": trouble.cause.sentence,
        "cause": str(trouble.cause.code),
        "next_step": trouble.cause.next_step,
        "title": first.title if first else None,
        "explains": explained,
        "runbook_url": first.runbook if first else None,
        "logs": first.logs if first else None,
    }
    return _filled({**words, **at})


def _filled(words: Mapping[str, str | None]) -> dict[str, str]:
    """A label that is empty is none; what is none is left out."""
    return {name: clean(value, _LONGEST) for name, value in words.items() if value}
