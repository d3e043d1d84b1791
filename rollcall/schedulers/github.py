"""What does GitHub say of the scheduled workflows of a repository (REST API, "Actions")?

A job's name is its workflow file. GitHub does not tell when a workflow is due, only when it was triggered, which may be
hours later: its schedule stands in jobs.toml, in UTC unless a job says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from rollcall.command_line import shell_word
from rollcall.evidence import JobListed, Outcome, RunSeen
from rollcall.roll.fields import Zone
from rollcall.roll.scheduler import Asked, Order, Step, Wanted
from rollcall.schedulers.over_http import Answer
from rollcall.schedulers.over_json import Answers, Folded, OverJson
from rollcall.schedulers.parts import Ask, Part
from rollcall.schedulers.posted import Posted
from rollcall.text import counted
from rollcall.times import bounded, read_timestamp, show_instant
from rollcall.vocabulary import CauseCode

_FOLDER = ".github/workflows/"
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,99})/[A-Za-z0-9._-]{1,100}")
_PAGE = 100
# Whatever is asked for, of a search no more than these are told.
_MOST_TOLD = 1_000
# By the clock, and by hand; a push or a pull request is nobody's schedule.
_EVENTS = ("schedule", "workflow_dispatch")
_WHY_OFF = {
    "disabled_inactivity": "switched off by GitHub: nothing happened in the repository for 60 days",
    "disabled_manually": "switched off by a person",
    "disabled_fork": "switched off because the repository is a fork",
}


class Github(OverJson):
    """The workflows of one repository."""

    url: str = Field("https://api.github.com", repr=False, description="Where it answers; ${NAME} is read.")
    timezone: Zone | None = Field(
        default_factory=lambda: ZoneInfo("UTC"),
        description="The zone of its schedules, where jobs.toml does not say otherwise of a job.",
    )
    repository: str = Field(description='Owner and name, such as "acme/etl".')
    branch: str | None = Field(None, min_length=1, description="The branch on which a missed run is run again.")

    own_words: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "success": ("success",),
        "partial": ("neutral",),
        "failed": ("failure", "timed_out", "startup_failure"),
        "running": ("in_progress",),
        "waiting": ("queued", "requested", "waiting", "pending", "action_required"),
        "skipped": ("skipped", "cancelled", "stale"),
    }
    own_steps: ClassVar[Mapping[str, str]] = {
        "access-denied": "Write a token that may read the Actions of that repository into headers of {table}, "
        '`headers = { Authorization = "Bearer ${GITHUB_TOKEN}" }`, then {again}',
        "scheduler-error": "See what it answers: {ask}; where that is its limit of requests, wait until that is over, "
        "then {again}",
        "run-failed": "Read {log}, and of that run `gh run view --log-failed`; fix it, and {rerun}",
        "not-registered": "See whether its workflow file is on the default branch: {ask}; or take {table} out if it is "
        "gone for good",
        "job-paused": "Switch it on again (`gh workflow enable`, or the button on its page in Actions), then {again}",
        "not-picked-up": "See whether a runner of its label is up and has a place free, then {again}",
        "missed-run": "GitHub drops runs when it is busy: move it away from the full hour; {rerun}",
    }

    @field_validator("repository")
    @classmethod
    def _names_one(cls, repository: str) -> str:
        if not _REPOSITORY.fullmatch(repository):
            raise ValueError('names no repository. Write owner and name, such as "acme/etl".')
        return repository

    @property
    def first(self) -> tuple[Part, Ask]:
        """What is asked for first, and how."""
        ask = f"{self.path}/workflows?per_page={_PAGE}&page=1"
        return Part.model_construct(ask=ask, body=None), ask

    @property
    def path(self) -> str:
        """Where what it says of Actions begins."""
        return f"/repos/{self.repository}/actions"

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold."""
        return frozenset({"jobs", "paused", "runs", "started", "ended", "status", "by_schedule", "history", "clock"})

    def log_of(self, name: str) -> str | None:
        """What a person types to find the log of that job's runs."""
        return f"gh run list -R {shell_word(self.repository)} --workflow {shell_word(name)}"

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """A run by hand, which the workflow must allow by `workflow_dispatch`."""
        if step is not Step.TRIGGER or wanted is None or self.branch is None:
            return None
        path = f"{self.path}/workflows/{quote(wanted.name, safe='')}/dispatches"
        body, target = {"ref": self.branch}, f"{self.secrets.sent(self.url)}{path}"
        return Posted(typed=self._as_curl("POST", path, body), target=target, scheduler=self, path=path, body=body)

    def refusal(self, answer: Answer) -> tuple[CauseCode, str] | None:
        """A limit of requests and a repository that a token may not see look like something else."""
        headers = answer.headers
        if answer.status in (403, 429) and (
            headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or b"rate limit" in answer.body
        ):
            return CauseCode.SCHEDULER_ERROR, f"no more requests are allowed{self._until(headers)}"
        if answer.status == 404:
            why = "no such repository, or one that this token may not see"
            return CauseCode.ACCESS_DENIED, f"{why} (it needs the right to read Actions)"
        return None

    def _until(self, headers: Mapping[str, str]) -> str:
        reset, after = headers.get("x-ratelimit-reset", ""), headers.get("retry-after", "")
        if reset.isdigit() and len(reset) < 12:
            return f" before {show_instant(bounded(datetime.fromtimestamp(int(reset), UTC)), self.zone)}"
        return f" for {after} s" if after.isdigit() else ""

    def fold(self, answers: Answers, asked: Asked) -> Folded:
        """What it says of its workflows, and of their runs since then."""
        rows, _ = _pages(answers, f"{self.path}/workflows?per_page={_PAGE}", "workflows")
        workflows = [_workflow(answers, row) for row in rows if row.get("state") != "deleted"]
        names = {each.key: each.job.id for each in workflows}
        since, runs = asked.since, list[RunSeen]()
        for event in _EVENTS:
            created = quote(f">={asked.since:%Y-%m-%dT%H:%M:%SZ}", safe="")
            path = f"{self.path}/runs?event={event}&created={created}&per_page={_PAGE}"
            rows, is_cut = _pages(answers, path, "workflow_runs")
            seen = [run for row in rows for run in _runs(answers, row, names, self)]
            runs += seen
            oldest = [_instant(row.get("created_at")) for row in rows]
            if is_cut:
                # The newest come first: before the oldest of these nobody can tell.
                since = max([since, *(at for at in (min(filter(None, oldest), default=asked.now),) if at)])
        return Folded(jobs=tuple(each.job for each in workflows), runs=tuple(runs), runs_since=since, heartbeat=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Workflow:
    key: str
    job: JobListed


def _workflow(answers: Answers, row: Any) -> _Workflow:
    read = answers.reader
    path = read.text(row.get("path"), "workflows.path")
    state = read.text(row.get("state"), "workflows.state")
    key = read.id(row.get("id"), "workflows.id")
    name = path.removeprefix(_FOLDER)
    is_off = state.startswith("disabled")
    job = JobListed(
        id=name,
        name=read.text(row.get("name") or name, "workflows.name"),
        paused=is_off,
        says=_WHY_OFF.get(state, state) if is_off else "",
        key=key,
    )
    return _Workflow(key=key, job=job)


def _runs(answers: Answers, row: Any, names: Mapping[str, str], scheduler: Github) -> Iterator[RunSeen]:
    """One run, as its last attempt went, and before it the first, where there were several.

    It belongs to the time at which it was triggered, however often it is run again.
    """
    read = answers.reader
    job = names.get(read.id(row.get("workflow_id"), "workflow_runs.workflow_id"))
    if job is None:
        return
    attempt = read.count(row.get("run_attempt")) or 1
    if attempt > 1:
        first = answers.ask(f"{scheduler.path}/runs/{read.id(row.get('id'), 'workflow_runs.id')}/attempts/1", None)
        yield _attempt(answers, first if isinstance(first, dict) else {}, job, row, scheduler, 1)
    yield _attempt(answers, row, job, row, scheduler, attempt)


def _attempt(answers: Answers, row: Any, job: str, run: Any, scheduler: Github, number: int) -> RunSeen:
    read, is_over = answers.reader, row.get("status") == "completed"
    word = read.text(row.get("conclusion") or row.get("status"), "workflow_runs.status")
    is_scheduled = run.get("event") == "schedule"
    triggered = read.time(run.get("created_at"), "workflow_runs.created_at")
    outcome = scheduler.outcome(word, has_begun=is_over and word == "cancelled")
    is_waiting = outcome is Outcome.WAITING
    started = read.time(row.get("run_started_at") or triggered, "workflow_runs.run_started_at")
    return RunSeen(
        job=job,
        due=triggered if is_scheduled else None,
        started=None if is_waiting else started,
        ended=read.time(row.get("updated_at"), "workflow_runs.updated_at") if is_over else None,
        word=word,
        outcome=outcome,
        attempt=number if run.get("run_attempt") != 1 else None,
        # GitHub itself runs nothing again: a person does, and one in addition takes no work away.
        by_schedule=is_scheduled and number == 1,
        link=read.link(row.get("html_url"), "workflow_runs.html_url"),
    )


def _pages(answers: Answers, path: str, name: str) -> tuple[list[Any], bool]:
    """All that is told of it, and whether something was cut off."""
    rows: list[Any] = []
    for page in range(1, _MOST_TOLD // _PAGE + 1):
        answer = answers.ask(f"{path}&page={page}", None)
        found = answer.get(name) if isinstance(answer, dict) else answer
        came = answers.listed(found, name, len(rows))
        rows += came
        total = answers.reader.count(answer.get("total_count")) if isinstance(answer, dict) else None
        if not came or total is None or len(rows) >= total:
            return rows, total is not None and len(rows) < total
    if name == "workflows":
        raise answers.scheduler.broken(f"{name} are more than {counted(_MOST_TOLD, 'entry', 'entries')}")
    return rows, True


def _instant(text: Any) -> datetime | None:
    try:
        return read_timestamp(text).at if isinstance(text, str) else None
    except ValueError:
        return None
