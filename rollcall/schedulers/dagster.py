"""What does Dagster's webserver say of its schedules, their ticks and their runs?

A job's name is that of its schedule; of one that several code locations have, "location/schedule". A run does not name
its due time: it names its tick, and that is one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from rollcall.evidence import CannotLook, JobListed, Outcome, RunSeen
from rollcall.roll.scheduler import Asked
from rollcall.schedulers.over_json import Answers, Folded, OverJson
from rollcall.text import listed
from rollcall.times import EPOCH
from rollcall.vocabulary import CauseCode

_DAEMONS = ("SCHEDULER", "QUEUED_RUN_COORDINATOR")
# Of each schedule; whoever has more since then is told from its oldest tick on.
_MOST_TICKS = 1_500
_ASK = "POST /graphql"
_RUN = re.compile(r"[0-9a-f-]{36}")

_SCHEDULES = """query($since: Float, $ticks: Int) {
 instance { daemonHealth { allDaemonStatuses { daemonType required lastHeartbeatTime } } }
 workspaceOrError { __typename
  ... on Workspace { locationEntries { name locationOrLoadError { __typename ... on PythonError { message } } } }
  ... on PythonError { message } }
 repositoriesOrError { __typename
  ... on RepositoryConnection { nodes { location { name } schedules {
   name cronSchedule executionTimezone pipelineName tags { key value }
   scheduleState { status ticks(afterTimestamp: $since, limit: $ticks) {
    tickId timestamp endTimestamp status runIds skipReason error { message causes { message } } } }
   futureTicks(limit: 1) { results { timestamp } } } } }
  ... on PythonError { message } } }"""
_RUNS = """query($since: Float, $limit: Int, $cursor: String) {
 runsOrError(filter: {createdAfter: $since}, limit: $limit, cursor: $cursor) { __typename
  ... on Runs { results { runId status jobName startTime endTime tags { key value }
   repositoryOrigin { repositoryLocationName } } }
  ... on PythonError { message } ... on InvalidPipelineRunsFilterError { message } } }"""


class Dagster(OverJson):
    """A webserver of Dagster 1."""

    first_ask = _ASK
    first_body: ClassVar[Any] = {"query": "{ version }"}
    own_words: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "success": ("SUCCESS",),
        "failed": ("FAILURE",),
        "running": ("STARTED", "CANCELING"),
        "waiting": ("QUEUED", "NOT_STARTED", "STARTING", "MANAGED"),
        "skipped": ("SKIPPED", "CANCELED"),
    }
    own_steps: ClassVar[Mapping[str, str]] = {
        "scheduler-down": "See whether its webserver is up (`dagster-webserver`), then {again}",
        "scheduler-stalled": "Start its daemon (`dagster-daemon run`), whose log says why it ended; then it "
        "makes up for the last ticks by itself, then {again}",
        "not-registered": "See whether its code location loads (Deployment, in Dagster's pages), and has the schedule "
        "in its Definitions; or take {table} out if it is gone for good",
        "job-paused": "Start it: `dagster schedule start`, or its switch in Dagster's pages, then {again}",
        "not-picked-up": "See on its page why the run waits: the limits of its queue, or its launcher; then {again}",
        "run-skipped": "The schedule itself said to skip it, and why; where that is right, it needs nothing",
        "run-failed": "Read the log of its run, or of its tick, on its page; fix it, and {rerun}",
        "still-running": "See on its page what it waits for; if it hangs, terminate it there, and {rerun}",
    }

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold."""
        of_jobs, of_runs = {"jobs", "next_run", "paused", "schedule"}, {"runs", "due", "started", "ended", "status"}
        return frozenset({*of_jobs, *of_runs, "by_schedule", "history", "heartbeat", "clock"})

    def fold(self, answers: Answers, asked: Asked) -> Folded:
        """What it says of its schedules, and of their ticks and runs since then."""
        since = (asked.since - EPOCH) / timedelta(seconds=1)
        said = self._ask(answers, _SCHEDULES, {"since": since, "ticks": _MOST_TICKS})
        nodes = answers.listed(_whole(answers, said, "repositoriesOrError").get("nodes"), "repositories")
        schedules = list(_schedules(answers, nodes))
        if (unloaded := _unloaded(answers, said)) and not schedules:
            raise self.broken(f"no schedule is left: {listed(unloaded, 3)}")
        runs = tuple(self._runs(answers, schedules, since))
        return Folded(
            jobs=tuple(_job(answers, each) for each in schedules),
            runs=(*runs, *(run for each in schedules for run in self._without_a_run(answers, each))),
            runs_since=asked.since,
            heartbeat=_heartbeat(answers, said),
        )

    def _ask(self, answers: Answers, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of one answer; GraphQL may send errors along with a 200. Raises `CannotLook`."""
        answer = answers.ask(_ASK, {"query": query, "variables": variables})
        said = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(answer, dict) and (error := answer.get("errors")):
            raise self.broken(f"its answer is an error: {answers.reader.beginning(error, 120)}")
        if not isinstance(said, dict):
            raise CannotLook(CauseCode.WRONG_SERVICE, answers.reader.hole("data", said, "an object").detail)
        return said

    def _runs(self, answers: Answers, schedules: Sequence[_Schedule], since: float) -> Iterator[RunSeen]:
        """All runs that were made since then, page by page, of each schedule or of its job by hand."""
        by_name = {(each.location, each.name): each for each in schedules}
        of_job: dict[tuple[str, Any], list[_Schedule]] = {}
        for each in schedules:
            of_job.setdefault((each.location, each.row.get("pipelineName")), []).append(each)
        cursor, came = None, 0
        while True:
            said = self._ask(answers, _RUNS, {"since": since, "limit": self.page_size, "cursor": cursor})
            rows = answers.listed(_whole(answers, said, "runsOrError").get("results"), "runs", came)
            for number, row in enumerate(rows, came):
                tags, origin = _tags(row.get("tags")), row.get("repositoryOrigin")
                told = origin.get("repositoryLocationName") if isinstance(origin, dict) else None
                location = told or tags.get("dagster/code_location", "")
                schedule = by_name.get((location, tags.get("dagster/schedule_name", "")))
                others = of_job.get((location, row.get("jobName")), ())
                if schedule is None and len(others) == 1:
                    # By hand, by a sensor or a backfill; of a job with two schedules nobody knows for which.
                    schedule = others[0]
                if schedule is not None:
                    yield self._run(answers, row, f"runs[{number}]", tags, schedule)
            came += len(rows)
            if len(rows) < self.page_size:
                return
            if rows[-1].get("runId") in (None, cursor):
                raise self.broken(f"runs are the same again from {came - len(rows):,} on")
            cursor = rows[-1].get("runId")

    def _run(
        self, answers: Answers, row: Mapping[str, Any], place: str, tags: Mapping[str, str], schedule: _Schedule
    ) -> RunSeen:
        retry, tick = tags.get("dagster/retry_number", ""), schedule.ticks.get(tags.get("dagster/tick", ""), {})
        # Who runs one again by hand sends all of its tags along, and no number.
        is_again = "dagster/parent_run_id" in tags and not retry
        by_schedule = "dagster/schedule_name" in tags and not is_again and "dagster/backfill" not in tags
        fields = {"due": "timestamp", "started": "startTime", "ended": "endTime"}
        said = answers.entry(row, place, fields, due=tick.get("timestamp")).read_all()
        word, run = answers.reader.text(row.get("status"), f"{place}.status"), row.get("runId")
        return RunSeen(
            job=schedule.id,
            word=word,
            outcome=self.outcome(word, has_begun="started" in said),
            attempt=int(retry) + 1 if retry.isdecimal() and len(retry) < 4 else None,
            by_schedule=by_schedule,
            link=f"{self.address}/runs/{run}" if isinstance(run, str) and _RUN.fullmatch(run) else None,
            **said,
        )

    def _without_a_run(self, answers: Answers, schedule: _Schedule) -> Iterator[RunSeen]:
        """Each tick that launched nothing: it was skipped, it failed, or the daemon died over it."""
        for number, tick in enumerate(schedule.ticks.values()):
            if tick.get("runIds") or tick.get("status") == "SUCCESS":
                continue
            place = f"ticks[{number}]"
            fields = {"due": "timestamp", "ended": "endTimestamp", "says": "error"}
            said = answers.entry(tick, place, fields, says=_innermost(tick.get("error"))).read_all()
            word = answers.reader.text(tick.get("status"), f"{place}.status")
            outcome = Outcome.WAITING if word == "STARTED" else self.outcome(word, has_begun=False)
            if outcome in (Outcome.SKIPPED, Outcome.WAITING):
                said.pop("ended", None)
            if reason := tick.get("skipReason"):
                word = f"{word}: {answers.reader.secrets.clean(str(reason).strip(), 120)}"
            yield RunSeen(job=schedule.id, word=word, outcome=outcome, by_schedule=True, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schedule:
    """A schedule as a code location has it; its newest `ticks` by their ids, newest first. `id` is its job's name."""

    id: str
    name: str
    location: str
    row: Mapping[str, Any]
    ticks: Mapping[str, Mapping[str, Any]]

    @property
    def state(self) -> Mapping[str, Any]:
        """Whether it is on, and its ticks."""
        return self.row.get("scheduleState") or {}


def _schedules(answers: Answers, nodes: Sequence[Mapping[str, Any]]) -> Iterator[_Schedule]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    for node in nodes:
        at = node.get("location")
        location = at.get("name") if isinstance(at, dict) else None
        for row in answers.listed(node.get("schedules"), "schedules", len(found)):
            name = answers.reader.id(row.get("name"), f"schedules[{len(found)}].name")
            found.append((name, str(location or ""), row))
    shared = Counter(name for name, _, _ in found)
    for number, (name, location, row) in enumerate(found):
        state, place = row.get("scheduleState"), f"schedules[{number}].scheduleState"
        if not isinstance(state, dict):
            raise answers.reader.hole(place, state, "an object")
        ticks = answers.listed(state.get("ticks"), f"{place}.ticks")
        yield _Schedule(
            id=answers.reader.id(f"{location}/{name}", place) if shared[name] > 1 else name,
            name=name,
            location=location,
            row=row,
            ticks={str(each.get("tickId")): each for each in ticks},
        )


def _job(answers: Answers, schedule: _Schedule) -> JobListed:
    row, future = schedule.row, schedule.row.get("futureTicks")
    ahead = future.get("results") if isinstance(future, dict) else None
    place = f'the schedule "{schedule.id}"'
    fields = {"schedule": "cronSchedule", "zone": "executionTimezone", "next_run": "futureTicks", "tags": "tags"}
    cron = row.get("cronSchedule")
    said = answers.entry(
        row,
        place,
        fields,
        # Several at once are written as a list of Python's.
        schedule=None if isinstance(cron, str) and cron.startswith("[") else cron,
        zone=row.get("executionTimezone") or "UTC",
        next_run=ahead[0].get("timestamp") if ahead and isinstance(ahead[0], dict) else None,
        tags=_tags(row.get("tags")),
    ).read_all()
    if len(schedule.ticks) >= _MOST_TICKS:
        oldest = list(schedule.ticks.values())[-1]
        said["runs_since"] = answers.entry(oldest, place, {"runs_since": "timestamp"}).read("runs_since")
    is_on = answers.reader.text(schedule.state.get("status"), f"{place}.status") == "RUNNING"
    return JobListed(id=schedule.id, paused=not is_on, **said)


def _innermost(error: Any) -> Any:
    """What the first of all errors says: the others say that a schedule could not be asked."""
    if not isinstance(error, dict):
        return None
    causes = [each for each in error.get("causes") or () if isinstance(each, dict)]
    return (causes[-1] if causes else error).get("message")


def _tags(tags: Any) -> dict[str, str]:
    found = tags if isinstance(tags, list) else []
    return {str(each.get("key")): str(each.get("value")) for each in found if isinstance(each, dict)}


def _heartbeat(answers: Answers, said: Mapping[str, Any]) -> str | None:
    """The older of the last signs of what ticks and what launches; None where one of them never gave any."""
    instance = said.get("instance")
    health = instance.get("daemonHealth") if isinstance(instance, dict) else None
    daemons = answers.listed(health.get("allDaemonStatuses") if isinstance(health, dict) else None, "daemons")
    wanted = [each for each in daemons if each.get("daemonType") in _DAEMONS and each.get("required")]
    beats = [answers.entry(each, "daemons", {"heartbeat": "lastHeartbeatTime"}).read("heartbeat") for each in wanted]
    return min(beats) if beats and all(beats) else None


def _unloaded(answers: Answers, said: Mapping[str, Any]) -> list[str]:
    """Each code location that does not load, and why: its schedules are gone from the list."""
    entries = answers.listed(_whole(answers, said, "workspaceOrError").get("locationEntries"), "locations")
    found = []
    for each in entries:
        loaded = each.get("locationOrLoadError")
        if isinstance(loaded, dict) and loaded.get("__typename") == "PythonError":
            why = answers.reader.secrets.clean(str(loaded.get("message")).strip(), 160)
            found.append(f"{answers.reader.text(each.get('name'), 'locations.name')} does not load: {why}")
    return found


def _whole(answers: Answers, said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What is asked for by that name, and not the error that may come in its place. Raises `CannotLook`."""
    found = said.get(name)
    if not isinstance(found, dict):
        raise answers.reader.hole(name, found, "an object")
    if "message" in found:
        why = answers.reader.secrets.clean(str(found["message"]).strip(), 160)
        raise answers.scheduler.broken(f"{name} is an error: {why}")
    return found
