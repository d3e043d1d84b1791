"""What does a Prefect server, or Prefect Cloud, say of its deployments and their flow runs?

A job's name is "flow/deployment", as Prefect's own commands write it: a deployment's name is only unique with its flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import ValidationInfo, field_validator

from rollcall.command_line import shell_word
from rollcall.evidence import JobListed, RunSeen
from rollcall.roll.fields import context
from rollcall.roll.scheduler import Asked, Order, Step, Wanted
from rollcall.roll.secrets import expand
from rollcall.schedulers.over_json import Answers, Folded, OverJson
from rollcall.schedulers.placeholders import written
from rollcall.schedulers.posted import Posted
from rollcall.sources.expressions import ABSENT

# Each round finds the next run of every deployment that had none among those of the round before.
_MOST_ROUNDS = 20
_CLOUD = "https://api.prefect.cloud/api/accounts/"
# Those of a pool of such a type are started by the server itself, and nobody asks for them.
_STARTED_BY_THE_SERVER = (":push", ":managed")

_DEPLOYMENTS, _FLOWS, _RUNS = "POST /deployments/filter", "POST /flows/filter", "POST /flow_runs/filter"
_POOLS, _QUEUES = "POST /work_pools/filter", "POST /work_queues/filter"
_BY_NAME = {"sort": "NAME_ASC"}
_ID = re.compile(r"[0-9a-f-]{36}")
_OF_A_RUN = {
    "started": "start_time",
    "ended": "end_time",
    "attempt": "run_count",
    "by_schedule": "auto_scheduled",
    "says": "state.message",
}


class Prefect(OverJson):
    """A Prefect server of version 3, or a workspace of Prefect Cloud."""

    first_ask = _DEPLOYMENTS
    first_body = _BY_NAME
    # Types of states, and of some that are told better, their names.
    own_words: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "success": ("COMPLETED",),
        "failed": ("FAILED", "CRASHED"),
        "running": ("RUNNING", "CANCELLING", "PAUSED", "AwaitingRetry"),
        "waiting": ("SCHEDULED", "PENDING"),
        "skipped": ("CANCELLED",),
    }
    own_steps: ClassVar[Mapping[str, str]] = {
        "scheduler-down": "See whether the server is up (`prefect server start`), then {again}",
        "access-denied": "Correct the headers of {table}: the key of a service account, or Basic with the server's "
        "auth string, then {again}",
        "wrong-service": "Write as url of {table} what PREFECT_API_URL is, with /api at its end, then {again}",
        "scheduler-stalled": "No worker asks for work: start it (`prefect worker start --pool …`), or what serves its "
        "flows, then {again}",
        "not-registered": "Deploy it again (`prefect deploy`; `prefect deployment ls` shows those that are there), or "
        "take {table} out if it is gone for good",
        "job-paused": "See what is paused, its deployment, its schedule, its work queue or its work pool "
        "(`prefect deployment ls`, `prefect work-pool ls`), and resume it; where nothing is, the server's services do "
        "not run, which make the next runs; then {again}",
        "not-picked-up": "See whether a worker of its work pool is up and has room (`prefect work-pool ls`); once "
        "started it runs what is late by itself, then {again}",
        "run-skipped": "Somebody cancelled it before it began, or a limit of its concurrency did: its page shows who; "
        "{rerun}",
        "run-failed": "Read {log}, fix it, and {rerun}",
        "still-running": "See in {log} what it waits for; if it hangs, `prefect flow-run cancel` it, and {rerun}",
    }

    @field_validator("url")
    @classmethod
    def _ends_in_api(cls, url: str, found: ValidationInfo) -> str:
        # The address that people know is that of its pages; PREFECT_API_URL is the other.
        whole = url if context(found)["is_replay"] else expand(url, context(found)["environment"])
        return url if "${" in whole or urlsplit(whole).path.strip("/") else f"{url}/api"

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold."""
        of_jobs, of_runs = {"jobs", "next_run", "paused", "schedule"}, {"runs", "due", "started", "ended", "status"}
        return frozenset({*of_jobs, *of_runs, "by_schedule", "history", "heartbeat", "clock"})

    def log_of(self, name: str) -> str:
        """What a person types to find the log of that job's runs."""
        return f"prefect flow-run ls --flow-name {shell_word(name.partition('/')[0])}"

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """A run of the deployment, with its own parameters; of one due time it makes one, however often it is asked."""
        if step is not Step.TRIGGER or wanted is None or wanted.key is None:
            return None
        path = f"/deployments/{wanted.key}/create_flow_run"
        due = f"roll-call {wanted.key} {wanted.due_at.isoformat()}" if wanted.due_at else None
        body = {"tags": ["roll-call"], **({"idempotency_key": due} if due else {})}
        target = f"{self.secrets.sent(self.url)}{path}"
        typed = f"prefect deployment run {shell_word(wanted.name)}"
        return Posted(typed=typed, target=target, scheduler=self, path=path, body=body)

    # What it says -----------------------------------------------------------------------------------------------------

    def fold(self, answers: Answers, asked: Asked) -> Folded:
        """What it says of its deployments, and of their runs due since then."""
        deployments = list(self._pages(answers, _DEPLOYMENTS, _BY_NAME))
        flows = {each.get("id"): each.get("name") for each in self._pages(answers, _FLOWS, _BY_NAME)}
        pools = {each.get("name"): each for each in self._pages(answers, _POOLS, {})}
        queues = {each.get("id"): each for each in self._pages(answers, _QUEUES, {})}
        jobs = []
        for number, row in enumerate(deployments):
            runs_it = (pools.get(row.get("work_pool_name")), queues.get(row.get("work_queue_id")))
            jobs.append(_job(answers, row, f"deployments[{number}]", flows.get(row.get("flow_id")), runs_it))
        present = asked.clock()
        next_runs = self._next_runs(answers, [each.key for each in jobs if not each.paused], present)
        return Folded(
            jobs=tuple(_due_next(each, next_runs) for each in jobs),
            runs=tuple(self._runs(answers, {each.key: each.id for each in jobs}, asked)),
            runs_since=asked.since,
            heartbeat=_heartbeat(answers, deployments, pools, present),
        )

    def _pages(self, answers: Answers, ask: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """All that is found, page by page, each once. Raises `CannotLook`."""
        came, known = 0, set[Any]()
        while True:
            page = {**body, "limit": self.page_size, "offset": came}
            rows = answers.listed(answers.ask(ask, page), ask.split("/")[1], came)
            # What is made meanwhile moves others on to the next page, where they come again.
            fresh = [each for each in rows if each.get("id") not in known]
            yield from fresh
            known.update(each.get("id") for each in fresh)
            came += len(rows)
            if len(rows) < self.page_size:
                return
            if not fresh:
                raise self.broken(f"{ask.split('/')[1]} are the same again from {came - len(rows):,} on")

    def _runs(self, answers: Answers, names: Mapping[str | None, str], asked: Asked) -> Iterator[RunSeen]:
        since, until = written(asked.since, None), written(asked.now, None)
        window = {"expected_start_time": {"after_": since, "before_": until}, "deployment_id": {"is_null_": False}}
        body = {"sort": "EXPECTED_START_TIME_DESC", "flow_runs": window}
        for number, row in enumerate(self._pages(answers, _RUNS, body)):
            place, fields = f"flow_runs[{number}]", dict(_OF_A_RUN)
            if row.get("auto_scheduled"):
                # One by hand is expected when somebody asked for it, and that is no due time.
                fields["due"] = "expected_start_time"
            job = names.get(row.get("deployment_id"))
            if job is None:
                continue  # of a deployment that is gone
            has_begun = row.get("run_count") != 0
            if not has_begun:
                # What ended without having begun is given its end as its start.
                del fields["started"], fields["attempt"]
            said = answers.entry(row, place, fields).read_all()
            name, kind = (answers.reader.text(row.get(key), f"{place}.{key}") for key in ("state_name", "state_type"))
            outcome = self.outcome(name, kind, has_begun=has_begun)
            yield RunSeen(job=job, word=name, outcome=outcome, link=self._page_of(row.get("id")), **said)

    def _next_runs(
        self, answers: Answers, ids: Sequence[str | None], present: datetime
    ) -> dict[str | None, str | None]:
        """When each of these is due next, None where it is not; those that no round has found out are left out.

        Each has up to a hundred runs ahead. The request that tells the next ones alone is that of a worker, whom it
        would show to be alive.
        """
        found, missing = dict[str | None, str | None](), list(ids)
        for _ in range(_MOST_ROUNDS):
            if not missing:
                break
            ahead = {
                "expected_start_time": {"after_": written(present, None)},
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "deployment_id": {"any_": missing},
            }
            body = {"sort": "EXPECTED_START_TIME_ASC", "limit": self.page_size, "offset": 0, "flow_runs": ahead}
            rows = answers.listed(answers.ask(_RUNS, body), "flow_runs")
            for number, row in enumerate(rows):
                if row.get("auto_scheduled") and row.get("deployment_id") not in found:
                    said = answers.entry(row, f"flow_runs[{number}]", {"next_run": "expected_start_time"})
                    found[row.get("deployment_id")] = said.read("next_run")
            if len(rows) < self.page_size:
                return {**dict.fromkeys(missing), **found}
            if len(left := [each for each in missing if each not in found]) == len(missing):
                break
            missing = left
        return found

    def _page_of(self, run: Any) -> str | None:
        """Where a person sees a run."""
        ui = self.address.removesuffix("/api")
        if self.address.startswith(_CLOUD):
            workspace = self.address.removeprefix(_CLOUD).replace("/workspaces/", "/workspace/")
            ui = f"https://app.prefect.cloud/account/{workspace}"
        return f"{ui}/runs/flow-run/{run}" if isinstance(run, str) and _ID.fullmatch(run) else None


def _job(
    answers: Answers, row: Mapping[str, Any], place: str, flow: Any, runs_it: Sequence[Mapping[str, Any] | None]
) -> JobListed:
    """A deployment, of that flow; it is paused where it is itself, or each schedule, its work pool or its queue."""
    reader = answers.reader
    name = reader.id(row.get("name"), f"{place}.name")
    schedules = row.get("schedules", ABSENT)
    if not isinstance(schedules, list) or not all(isinstance(each, dict) for each in schedules):
        raise reader.hole(f"{place}.schedules", schedules, "a list")  # as before Prefect 3
    active = [each for each in schedules if each.get("active") is not False]
    is_paused = reader.flag(row.get("paused"), f"{place}.paused") or bool(schedules and not active)
    is_paused = is_paused or any(each and each.get("is_paused") is True for each in runs_it)
    told = active or schedules
    text, zone = _schedule(told[0].get("schedule")) if len(told) == 1 else (None, None)
    entry = answers.entry(row, place, {"key": "id", "tags": "tags", "runs_since": "created"})
    own = answers.entry({"text": text, "zone": zone}, f"{place}.schedules[0]", {"schedule": "text", "zone": "zone"})
    # Its flow may be of later than the list of flows.
    whole = f"{reader.id(flow, place)}/{name}" if flow else name
    return JobListed(id=whole, paused=is_paused, **entry.read_all(), **own.read_all())


def _schedule(schedule: Any) -> tuple[Any, Any]:
    """Its five fields, or its interval, and its zone; of what neither can say, nothing."""
    match schedule:
        case {"cron": str(cron)} if schedule.get("day_or") is not False:
            return cron, schedule.get("timezone")
        case {"interval": float() | int() as seconds} if seconds >= 1 and seconds == int(seconds):
            return f"@every {int(seconds)} s", schedule.get("timezone")
    return None, None


def _due_next(job: JobListed, next_runs: Mapping[str | None, str | None]) -> JobListed:
    if job.paused or job.key in next_runs:
        return replace(job, next_run=next_runs.get(job.key))
    return replace(job, untold=("next_run",))


def _heartbeat(
    answers: Answers, deployments: Sequence[Mapping[str, Any]], pools: Mapping[Any, Any], present: datetime
) -> str | None:
    """When work was last asked for; where the server itself starts all that is due, that it answers is enough."""
    asked_for = []
    for number, row in enumerate(deployments):
        pool = pools.get(row.get("work_pool_name"))
        if not str(pool.get("type") if pool else "").endswith(_STARTED_BY_THE_SERVER):
            asked_for.append(answers.entry(row, f"deployments[{number}]", {"heartbeat": "last_polled"}))
    if not asked_for:
        return present.isoformat()
    # All are written alike, in UTC.
    return max(filter(None, (each.read("heartbeat") for each in asked_for)), default=None)
