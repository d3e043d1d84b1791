"""What do the pings say that Healthchecks has received (Management API v3, self-hosted or hosted)?

It runs nothing: jobs tell it that they begin, did their work or failed. A full key reads each check's pings; a
read-only key reads none, and so no more than the last sign of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field

from rollcall.evidence import JobListed, Outcome, RunSeen
from rollcall.roll.scheduler import Asked
from rollcall.schedulers.over_json import Answers, Folded, OverJson
from rollcall.text import clean, counted
from rollcall.times import bounded, read_timestamp, show_span

_CHECKS = "/api/v3/checks/"
# One request for each check that was pinged since; who has more asks for some by their tag.
MOST_ASKED = 300
# A status turns within this of the ping that turned it.
_AT_ONCE = timedelta(seconds=2)
_UP = ("up", "grace")


class Healthchecks(OverJson):
    """An instance of Healthchecks, and one project of it: a key is of one project."""

    url: str = Field("https://healthchecks.io", repr=False, description="Where it answers; ${NAME} is read.")
    tag: str | None = Field(None, min_length=1, description="Only the checks that have this tag.")

    first_ask: ClassVar[str] = _CHECKS
    own_words: ClassVar[Mapping[str, tuple[str, ...]]] = {"success": ("success",), "failed": ("fail",)}
    own_steps: ClassVar[Mapping[str, str]] = {
        "access-denied": "Write a key of that project into headers of {table}, "
        '`headers = { X-Api-Key = "${HC_KEY}" }`, then {again}',
        "not-registered": "See whether its check has another slug there: {ask}; correct its name in jobs.toml, or take "
        "{table} out if it is gone for good",
        "job-paused": "Resume its check in Healthchecks, then {again}",
        "still-running": "It said that it began, and nothing since: see on its machine what it waits for; if it hangs, "
        "end it, and {rerun}",
        "run-failed": "See on its machine, or in what its ping brought along, why it failed; fix it, and {rerun}",
        "missed-run": "It has sent no ping: see on its machine whether it ran, and {rerun}",
        "never-ran": "It has never sent a ping: see on its machine whether it runs and reaches {ask}, and {rerun}",
        "unknown-status": "A read-only key does not show whether it failed or was late: write a full one into headers "
        "of [schedulers.{scheduler}] in jobs.toml, or look there, then {again}",
    }

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold. A start is told by who sends one: that none is there is no sign that none was made."""
        told = {"jobs", "paused", "schedule", "runs", "started", "ended", "status", "history", "clock"}
        return frozenset(told)

    def fold(self, answers: Answers, asked: Asked) -> Folded:
        """What it says of its checks, and what their pings say."""
        path = f"{_CHECKS}?tag={_quoted(self.tag)}" if self.tag else _CHECKS
        found = answers.ask(path, None)
        rows = answers.listed(found.get("checks") if isinstance(found, dict) else found, "checks")
        checks = [_check(answers, row, f"checks[{number}]") for number, row in enumerate(rows)]
        asked_for = [each for each in checks if each.may_have_run(asked.since) and not self.ignores(each.id)]
        if len(asked_for) > MOST_ASKED:
            many = f"{counted(len(asked_for), 'check')} were pinged since {show_span(asked.now - asked.since)} ago"
            raise self.broken(f"{many}, and each is a request of its own. Ask for fewer than {MOST_ASKED}, by tag")
        # Two checks may have one slug: both are listed, so that nobody takes the pings of one for those of the other.
        runs, listed = list[RunSeen](), []
        for check in checks:
            told = _Told((), None)
            if check in asked_for:
                # Whose pings are all pruned still has its last one in the list of checks.
                told = (check.uuid and _pings(answers, check)) or _last_sign(answers, check, asked)
            runs += told.runs
            # What was not pinged since has not run since.
            since = told.since if check in asked_for else check.last_ping
            listed.append(check.listed(since))
        return Folded(jobs=tuple(listed), runs=tuple(runs), runs_since=asked.since, heartbeat=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """One check; `uuid` is None to a read-only key, which has `key` in its place."""

    id: str
    name: str
    uuid: str | None
    key: str | None
    status: str
    is_started: bool
    last_ping: str | None
    pings: int
    schedule: str | None
    zone: str | None
    tags: tuple[str, ...]

    def may_have_run(self, since: datetime) -> bool:
        """False where it sent nothing since then."""
        at = _at(self.last_ping)
        return self.is_started or (at is None and self.pings > 0) or (at is not None and at >= since)

    def listed(self, since: str | None) -> JobListed:
        """The check as a job."""
        return JobListed(
            id=self.id,
            name=self.name,
            paused=self.status == "paused",
            schedule=self.schedule,
            zone=self.zone,
            tags=self.tags,
            runs_since=since,
            key=self.uuid or self.key,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """The runs of a check, and since when they are known; None where all that there ever were are."""

    runs: tuple[RunSeen, ...]
    since: str | None


def _check(answers: Answers, row: Any, place: str) -> _Check:
    read = answers.reader

    def text(name: str) -> str | None:
        value = row.get(name)
        return None if value in (None, "") else read.text(value, f"{place}.{name}")

    ping_url, key = row.get("ping_url"), text("unique_key")
    uuid = urlsplit(ping_url).path.rstrip("/").rpartition("/")[2] if isinstance(ping_url, str) else None
    name = text("name") or ""
    timeout = read.count(row.get("timeout"))
    return _Check(
        id=read.id(text("slug") or name or uuid or key, f"{place}.slug"),
        name=name,
        uuid=uuid,
        key=key,
        status=text("status") or "",
        is_started=row.get("started") is True,
        last_ping=read.time(row["last_ping"], f"{place}.last_ping") if row.get("last_ping") else None,
        pings=read.count(row.get("n_pings")) or 0,
        schedule=text("schedule") or (f"every {show_span(timedelta(seconds=timeout))}" if timeout else None),
        zone=text("tz") if row.get("schedule") else None,
        tags=read.tags((text("tags") or "").replace(" ", ","), place),
    )


def _pings(answers: Answers, check: _Check) -> _Told | None:
    """Its pings, folded into runs; None where none is kept of those that it has received."""
    found = answers.ask(f"{_CHECKS}{_quoted(check.uuid)}/pings/", None)
    rows = answers.listed(found.get("pings") if isinstance(found, dict) else found, "pings")
    oldest_first = sorted(rows, key=lambda row: answers.reader.count(row.get("n")) or 0)
    if not rows and check.pings:
        return None
    runs = tuple(_folded(answers, check, oldest_first))
    # Of all that it has received it keeps the newest hundred, or thousand.
    is_cut = check.pings > len(rows)
    return _Told(runs, _date(answers, oldest_first[0]) if is_cut else None)


def _folded(answers: Answers, check: _Check, pings: list[Any]) -> Iterator[RunSeen]:
    """Each run from its start, where it sent one, to its success or failure."""
    open_runs: dict[str | None, RunSeen] = {}
    for ping in pings:
        kind, at = ping.get("type"), _date(answers, ping)
        run_id = ping["rid"] if isinstance(ping.get("rid"), str) else None
        if kind == "start":
            # One that began before, and whose end never came.
            if before := open_runs.pop(run_id, None):
                yield before
            word = "started, and no end of it was reported"
            open_runs[run_id] = RunSeen(job=check.id, started=at, word=word, outcome=Outcome.RUNNING)
        elif kind in ("success", "fail"):
            began = open_runs.pop(run_id, None)
            code = ping.get("exitstatus")
            word = f"{kind}, exit status {code}" if isinstance(code, int) and code else str(kind)
            outcome = answers.scheduler.words.outcome(kind)
            started = began.started if began else _begun(at, ping.get("duration"))
            yield RunSeen(job=check.id, started=started, ended=at, word=word, outcome=outcome)
        # What is logged, or was ignored (of a paused check, or by its filters), is no sign of a run.
    yield from open_runs.values()


def _last_sign(answers: Answers, check: _Check, asked: Asked) -> _Told:
    """What a read-only key tells: the last ping and the status, and of one that is down whether that ping turned it."""
    at = _at(check.last_ping)
    word, outcome = check.status, Outcome.SUCCESS if check.status in _UP else Outcome.UNKNOWN
    if check.status == "down" and at is not None:
        seconds = int((asked.clock() - at + timedelta(minutes=1)).total_seconds())
        flips = answers.listed(
            answers.ask(f"{_CHECKS}{_quoted(check.key or check.uuid)}/flips/?seconds={max(seconds, 60)}", None), "flips"
        )
        turned = [_at(each.get("timestamp")) for each in flips if each.get("up") == 0]
        if any(each and abs(each - at) <= _AT_ONCE for each in turned):
            word, outcome = "down by its last ping", Outcome.FAILED
        elif turned:
            # It went down later, for want of another ping: that one was good.
            word, outcome = "success", Outcome.SUCCESS
    runs = [RunSeen(job=check.id, ended=check.last_ping, word=word, outcome=outcome)] if at else []
    if check.is_started:
        # When it began is not told: a start is no last ping.
        runs.append(RunSeen(job=check.id, word="started, and no end of it was reported", outcome=Outcome.RUNNING))
    return _Told(tuple(runs), check.last_ping)


def _date(answers: Answers, ping: Any) -> str:
    return answers.reader.time(ping.get("date"), "pings.date")


def _begun(ended: str, duration: Any) -> str | None:
    """When a run began whose start is no longer among the pings, by how long it took."""
    at = _at(ended)
    if at is None or isinstance(duration, bool) or not isinstance(duration, int | float) or not 0 <= duration < 1e8:
        return None
    return bounded(at - timedelta(seconds=duration)).isoformat()


def _at(text: Any) -> datetime | None:
    try:
        return read_timestamp(text).at if isinstance(text, str) else None
    except ValueError:
        return None


def _quoted(text: str | None) -> str:
    return quote(clean(text or "", 200), safe="")
