"""What does Airflow 3 say of its DAGs and their runs, by its REST API v2?

A run's due time is its `run_after`, if it is by schedule. What the API does not tell, in which zone a DAG is scheduled,
is worked out of the instants at which it is due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema

from rollcall.command_line import shell_word
from rollcall.evidence import CannotLook, JobListed, RunSeen, SchedulerSeen
from rollcall.roll.fields import Zone
from rollcall.roll.scheduler import Asked, Order, Step, Wanted
from rollcall.schedule import Engine
from rollcall.schedulers.airflow_dags import Dag, dag_of, schedule_of
from rollcall.schedulers.airflow_pages import Row, page, pages
from rollcall.schedulers.airflow_runs import (
    BY_SCHEDULE,
    Key,
    attempts_of,
    instant,
    key_of,
    may_be_cleared,
    run_of,
    with_failed_tasks,
)
from rollcall.schedulers.json import Login
from rollcall.schedulers.over_http import Client, Server
from rollcall.schedulers.over_json import Answers, Folded, OverJson
from rollcall.schedulers.placeholders import written
from rollcall.schedulers.posted import Posted
from rollcall.vocabulary import CauseCode

_HEALTH, _DAGS, _IMPORT_ERRORS = "/api/v2/monitor/health", "/api/v2/dags", "/api/v2/importErrors"
_VERSIONS = "/api/v2/dags/~/dagVersions"
# These only read. Unlike their GET they hand out as many at once as they are asked for.
_RUNS, _TASKS = "POST /api/v2/dags/~/dagRuns/list", "POST /api/v2/dags/~/dagRuns/~/taskInstances/list"
_OLD_HEALTH = "/api/v1/health"
# Each sends a heartbeat every five seconds, and Airflow itself calls one unhealthy after 30.
_BEATS_WITHIN = timedelta(minutes=1)
# Without these nothing is run, or nothing that was changed.
_BEATING = {"scheduler": "scheduler", "dag_processor": "DAG processor"}
# A run that began late may have been cleared: so many, the newest, are looked at.
_MOST_SECOND_LOOKS = 100
_MOST_TASKS_TRIED = 5
_TIMEOUTS_OF_A_LOOK = 60


def _of_a_user(login: Any) -> Any:
    if login is None or isinstance(login, Login):
        return login
    if not isinstance(login, Mapping) or set(login) != {"username", "password"}:
        raise ValueError('write { username = "${AIRFLOW_USER}", password = "${AIRFLOW_PASSWORD}" }.')
    if not all(isinstance(each, str) and each for each in login.values()):
        raise ValueError("username and password must be text in quotes.")
    return {"ask": "POST /auth/token", "body": dict(login), "token": "access_token"}


_USER = {
    "type": "object",
    "description": "Who logs in.",
    "properties": {"username": {"type": "string"}, "password": {"type": "string"}},
    "required": ["username", "password"],
    "additionalProperties": False,
}


class Airflow(OverJson):
    """An Airflow of version 3."""

    engine: Engine = Field(Engine.AIRFLOW, description="Which engine's rules its schedules follow.")
    login: Annotated[Login | None, BeforeValidator(_of_a_user), WithJsonSchema(_USER)] = Field(
        None, repr=False, description="Who logs in; the token is renewed when it is refused."
    )
    zones: tuple[Zone, ...] = Field(
        (), description="In which zones its DAGs are scheduled, which it does not report; UTC and the file's if empty."
    )

    first_ask: ClassVar[str] = _HEALTH
    own_words: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "success": ("success",),
        "failed": ("failed",),
        "running": ("running",),
        "waiting": ("queued",),
    }
    own_steps: ClassVar[Mapping[str, str]] = {
        "scheduler-down": "See whether its api-server is up (`airflow api-server`), start it, then {again}",
        "access-denied": "Correct login of {table}: a user of the role Viewer is enough, then {again}",
        "wrong-service": "Write as url of {table} the address of Airflow's pages; it must be Airflow 3, then {again}",
        "scheduler-stalled": "Start what is silent (`airflow scheduler`, `airflow dag-processor`), then {again}",
        "not-registered": "Read its import error (`airflow dags list-import-errors`), or see whether the login of "
        "[schedulers.{scheduler}] may read it, then {again}",
        "job-paused": "Unpause it in Airflow (`airflow dags unpause`), or say `paused` in {table}",
        "not-picked-up": "See in {log} what it waits for: max_active_runs, a pool, or an executor that is down",
        "run-failed": "Read why its task failed ({log}), fix it, and clear that run in Airflow, or {rerun}",
        "partial-run": "Read why those tasks failed ({log}), fix them, and clear them in Airflow",
        "still-running": "See which task it waits for ({log}); if it hangs, mark it as failed in Airflow, and {rerun}",
    }

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold."""
        of_jobs, of_runs = {"jobs", "next_run", "paused", "schedule"}, {"runs", "due", "started", "ended", "status"}
        return frozenset({*of_jobs, *of_runs, "by_schedule", "history", "heartbeat", "clock"})

    @property
    def heartbeat_within(self) -> timedelta:
        """How old its oldest heartbeat may be."""
        return _BEATS_WITHIN

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take: a hundred runs come at once, of some there are ten thousands."""
        return self.timeout * _TIMEOUTS_OF_A_LOOK

    def log_of(self, name: str) -> str:
        """What a person types to find the runs of that DAG."""
        return f"airflow dags list-runs {shell_word(name)}"

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """A run of the DAG by hand: of no logical date, which another run may have already."""
        if step is not Step.TRIGGER or wanted is None:
            return None
        path = f"{_DAGS}/{quote(wanted.name, safe='')}/dagRuns"
        due = f", due {wanted.due_at.isoformat()}" if wanted.due_at else ""
        body = {"logical_date": None, "note": f"asked for by Roll call{due}"}
        target, typed = f"{self.secrets.sent(self.url)}{path}", f"airflow dags trigger {shell_word(wanted.name)}"
        return Posted(typed=typed, target=target, scheduler=self, path=path, body=body)

    # What it says -----------------------------------------------------------------------------------------------------

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it says, each answer within the timeout. Raises `CannotLook`, without secrets in its detail."""
        try:
            return super().look(asked)
        except CannotLook as problem:
            if problem.code is CauseCode.WRONG_SERVICE and self._is_of_version_2():
                why = "this is Airflow 2, with its API v1, and kind airflow reads the API v2 of Airflow 3"
                raise CannotLook(problem.code, f"{problem.detail}: {why}") from None
            raise

    def _is_of_version_2(self) -> bool:
        url = self.secrets.sent(self.url)
        server = Server(url=url, address=self.address, headers={}, secrets=self.secrets, timeout=self.timeout)
        try:
            with Client(server) as client:
                answer = client.ask("GET", _OLD_HEALTH)
        except CannotLook:
            return False
        return answer.status == 200 and b'"metadatabase"' in answer.body

    def fold(self, answers: Answers, asked: Asked) -> Folded:
        """What it says of its parts, its DAGs, and of their runs due since then."""
        heartbeat, heartbeat_of = self._heartbeat(answers)
        listed_there = pages(answers, _DAGS, "dags", order_by="dag_id", exclude_stale="false")
        dags = [dag_of(answers, row, f"dags[{number}]") for number, row in enumerate(listed_there)]
        # One that is stale, and whose file can be read, is no more in it.
        dags = [each for each in dags if each.is_broken or not each.is_stale]
        broken = self._import_errors(answers) if any(each.is_broken for each in dags) else {}
        first_read = self._first_read(answers)
        rows = self._rows(answers, asked)
        due = defaultdict[str, list[datetime]](list)
        for row in rows:
            if row.get("run_type") == BY_SCHEDULE and (at := instant(row.get("run_after"))):
                due[str(row.get("dag_id"))].append(at)
        have_their_own_time = {each.job.id for each in dags if each.has_its_own_time}
        return Folded(
            jobs=tuple(
                replace(self._job(answers, each, due[each.job.id], broken), runs_since=first_read.get(each.job.id))
                for each in dags
            ),
            runs=tuple(self._runs(answers, rows, have_their_own_time, asked)),
            runs_since=asked.since,
            heartbeat=heartbeat,
            heartbeat_of=heartbeat_of,
        )

    def _heartbeat(self, answers: Answers) -> tuple[str | None, str]:
        """The oldest of those that count, and whose it is. Raises `CannotLook` where its database is away."""
        health = answers.ask(_HEALTH, None)
        parts = health if isinstance(health, dict) else {}
        if not isinstance(parts.get("scheduler"), dict):
            begins = answers.reader.beginning(health)
            raise self.broken(f"no health of a scheduler in {begins}", CauseCode.WRONG_SERVICE)
        database = parts.get("metadatabase")
        if isinstance(database, dict) and database.get("status") == "unhealthy":
            raise self.broken("its database is unhealthy")
        beats = []
        for part, name in _BEATING.items():
            row = parts.get(part)
            at = {"heartbeat": f"latest_{part}_heartbeat"}
            said = answers.entry(row if isinstance(row, dict) else {}, part, at)
            beats.append((said.read("heartbeat") or "", name))
        # All are written alike, in UTC; one that never had any comes first.
        oldest, whose = min(beats)
        return oldest or None, whose

    def _job(
        self, answers: Answers, dag: Dag, due: Sequence[datetime], broken: Mapping[tuple[Any, Any], str]
    ) -> JobListed:
        """The DAG as it is listed, with its schedule where the zone of that is known."""
        next_at = instant(dag.job.next_run)
        times = [*([next_at] if next_at else []), *due]
        text, zone = schedule_of(dag, times, self.zones or (ZoneInfo("UTC"), self.zone))
        why = None
        if dag.is_broken:
            says = broken.get((dag.bundle, dag.file))
            why = answers.reader.secrets.clean(f"import error in {dag.file}{f': {says}' if says else ''}", 300)
        return replace(dag.job, schedule=text, zone=zone, refused=why)

    def _runs(
        self, answers: Answers, rows: Sequence[Row], have_their_own_time: Set[str], asked: Asked
    ) -> Iterator[RunSeen]:
        failed = self._failed_tasks(answers, rows, asked)
        looked_at = set(islice((key_of(row) for row in rows if may_be_cleared(row)), _MOST_SECOND_LOOKS))
        for number, row in enumerate(rows):
            has_its_own_time = row.get("dag_id") in have_their_own_time
            run = run_of(answers, row, f"dag_runs[{number}]", self.words, has_its_own_time, self.address)
            run = with_failed_tasks(run, failed.get(key_of(row), ()), answers)
            queued_at = instant(row.get("queued_at"))
            if queued_at and key_of(row) in looked_at:
                yield from attempts_of(run, queued_at, self._tries(answers, row))
            else:
                yield run

    # What it is asked -------------------------------------------------------------------------------------------------

    def _rows(self, answers: Answers, asked: Asked) -> list[Row]:
        """The runs that were due since then, or asked for, and those before that have not ended; newest first."""
        since = written(asked.since, None)
        newer = pages(answers, _RUNS, "dag_runs", order_by="-run_after", run_after_gte=since)
        unfinished = {"states": ["queued", "running"], "run_after_lt": since}
        return [*newer, *pages(answers, _RUNS, "dag_runs", order_by="-run_after", **unfinished)]

    def _failed_tasks(self, answers: Answers, rows: Sequence[Row], asked: Asked) -> dict[Key, list[Row]]:
        """The tasks that failed, by their run; asked for only where one has ended."""
        if not any(row.get("state") in ("success", "failed") for row in rows):
            return {}
        found = defaultdict[Key, list[Row]](list)
        query = {"run_after_gte": written(asked.since, None), "state": ["failed", "upstream_failed"]}
        for each in pages(answers, _TASKS, "task_instances", order_by="id", **query):
            found[key_of(each)].append(each)
        return found

    def _tries(self, answers: Answers, row: Row) -> list[Row]:
        """The tries of the tasks of that run, as far as one may be older than the run itself says it is."""
        dag, run = (quote(str(each), safe="") for each in key_of(row))
        path, found = f"{_DAGS}/{dag}/dagRuns/{run}/taskInstances", list[Row]()
        try:
            tasks, _ = page(answers, path, "task_instances", {})
            found += tasks
            tried = (each for each in tasks if (answers.reader.count(each.get("try_number")) or 0) > 1)
            for each in islice(tried, _MOST_TASKS_TRIED):
                index = answers.reader.count(each.get("map_index"))
                mapped = f"/{index}" if index is not None and index >= 0 else ""
                task = quote(str(each.get("task_id")), safe="")
                found += page(answers, f"{path}/{task}{mapped}/tries", "task_instances", {})[0]
        except CannotLook as problem:
            # Of a DAG that was taken away meanwhile it answers 404.
            if problem.code is not CauseCode.WRONG_SERVICE:
                raise
        return found

    def _import_errors(self, answers: Answers) -> dict[tuple[Any, Any], str]:
        """The last line of each, by bundle and file."""
        rows = self._if_allowed(answers, _IMPORT_ERRORS, "import_errors")
        return {
            (each.get("bundle_name"), each.get("filename")): str(each.get("stack_trace")).strip().rpartition("\n")[2]
            for each in rows
        }

    def _first_read(self, answers: Answers) -> dict[Any, str]:
        """Since when each DAG is there: nothing of it was missed before."""
        rows = self._if_allowed(answers, _VERSIONS, "dag_versions", version_number=1)
        return {
            each.get("dag_id"): answers.reader.time(each.get("created_at"), f"dag_versions[{number}].created_at")
            for number, each in enumerate(rows)
        }

    def _if_allowed(self, answers: Answers, path: str, each: str, **query: Any) -> list[Row]:
        """What helps to know; nothing where it may not be read."""
        try:
            return list(pages(answers, path, each, **query))
        except CannotLook as problem:
            if problem.code is not CauseCode.ACCESS_DENIED:
                raise
            return []
