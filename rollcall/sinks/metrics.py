"""What does Prometheus read, through the textfile collector of its node exporter?

The text format without timestamps, which the collector refuses. A job's id is the label `job_id`: `job` is Prometheus'
own, and a Pushgateway's. https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from rollcall.causes.explain import Cause
from rollcall.errors import BadInput
from rollcall.files import path_of, write_whole
from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.options import Option
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.recent_runs import bad_since
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.sinks.base import Result, Sink, Start, Wish
from rollcall.text import clean
from rollcall.times import elapsed
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

FILE = Option(
    name="--metrics",
    help="write the morning for Prometheus' textfile collector, to a file *.prom",
    environment="ROLLCALL_METRICS",
    more={"metavar": "FILE"},
)

_LABELS = {"job": "job_id", "scheduler": "scheduler"}


class Metrics(Sink):
    """The file that was asked for."""

    options = (FILE,)

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        named = wish.value_of(FILE)
        if named and not named.endswith(".prom"):
            rule = "the textfile collector reads no other files than *.prom. Write a name that ends in .prom."
            place = FILE.name if FILE.name in wish.given else FILE.environment
            raise BadInput.single(place, rule, f'"{clean(named, 60)}"')
        return cls(path_of(named)) if named else None

    def begin(self, start: Start) -> None:
        write_whole(self._file, render(start.judged_at, None, Ending(interruption="it goes on"), roll=start.roll))

    def finish(self, result: Result) -> Iterable[str]:
        start = result.start
        text = render(start.judged_at, result.morning, result.ending, roll=start.roll, chronicle=result.chronicle)
        write_whole(self._file, text)
        return ()

    def abort(self, start: Start, because: str) -> None:
        write_whole(self._file, render(start.judged_at, None, Ending(interruption=because), roll=start.roll))


def render(
    judged_at: datetime,
    morning: Morning | None,
    ending: Ending,
    *,
    roll: Roll | None = None,
    chronicle: Chronicle = NOTHING,
) -> str:
    """The whole file. Instants are seconds since 1970, spans are seconds, sizes are bytes.

    Of a run that did not finish only what needs a person is told: no job of it is said to be well. `morning`
    is None where nothing was looked at; whose a job is stands there all the same, of every job of `roll`.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(f"rollcall_{name}", help_text, labels, registry=registry)

    is_whole = morning is not None and ending.is_complete and not morning.is_partial
    gauge("complete", "1 where every declared job was looked at, to the end.").set(is_whole)
    gauge("judged_timestamp_seconds", "The moment that was judged.").set(judged_at.timestamp())
    info = gauge("job_info", "1 for every job, with whose it is.", "job_id", "title", "scheduler", "owner", "severity")
    for job in {each.id: each for each in (*_jobs(roll), *(each.job for each in _judged(morning)))}.values():
        scheduler = job.scheduler.id if job.scheduler else ""
        info.labels(job.id, job.title, scheduler, job.owner or "", job.severity or "").set(1)
    if morning:
        # None would look well where not all was looked at.
        if (things := len(group_by_cause(morning))) or is_whole:
            help_text = "Causes that a person must look at, however many jobs each spoils."
            gauge("things_needing_attention", help_text).set(things)
        gauge("jobs_declared", "Jobs that jobs.toml declares.").set(morning.declared)
        gauge("jobs_checked", "Jobs that were looked at.").set(len(morning.jobs))
        failed = gauge("other_checks_failed", "Failed checks that are about no job and no scheduler.")
        failed.set(len(ending.other_failures))
        for kind, subjects in _shown(morning, ending).items():
            label = _LABELS[kind]
            needs = gauge(f"{kind}_needs_a_person", f"1 where somebody must look at the {kind}.", label)
            verdict = gauge(
                f"{kind}_verdict",
                f"1 for what was found of the {kind}, with the code of the cause where there is one.",
                *(label, "verdict", "cause"),
            )
            for subject_id, needs_a_person, found, cause in subjects:
                needs.labels(subject_id).set(needs_a_person)
                verdict.labels(subject_id, str(found), cause.code if cause else "").set(1)
        jobs = [each for each in morning.jobs if ending.is_complete or each.needs_a_person]
        for name, help_text, value in _OF_A_JOB:
            of_jobs = gauge(name, help_text, _LABELS["job"])
            for judged in jobs:
                if (seen := value(judged)) is not None:
                    of_jobs.labels(judged.job.id).set(seen)
        bad_from = gauge("job_bad_since_timestamp_seconds", "When the first of its bad runs was due.", _LABELS["job"])
        for judged in morning.jobs_that_need_a_person():
            if since := bad_since(judged, chronicle.of(judged.job.id)):
                bad_from.labels(judged.job.id).set(since.timestamp())
    return generate_latest(registry).decode()


def _jobs(roll: Roll | None) -> Sequence[Job]:
    return roll.jobs if roll else ()


def _judged(morning: Morning | None) -> Sequence[JobJudged]:
    return morning.jobs if morning else ()


def _shown(morning: Morning, ending: Ending) -> dict[str, list[tuple[str, bool, Verdict, Cause | None]]]:
    schedulers, jobs = morning.scheduler_causes, morning.job_causes
    found = {
        "scheduler": [
            (each.scheduler.id, schedulers[each.scheduler.id] is not None, each.verdict, schedulers[each.scheduler.id])
            for each in morning.schedulers
        ],
        "job": [(each.job.id, each.needs_a_person, each.verdict, jobs[each.job.id]) for each in morning.jobs],
    }
    return {kind: [each for each in of if ending.is_complete or each[1]] for kind, of in found.items()}


def _due(judged: JobJudged) -> float | None:
    return judged.due_run.due_at.timestamp() if judged.due_run else None


def _next_due(judged: JobJudged) -> float | None:
    return judged.next_due_at.timestamp() if judged.next_due_at else None


def _ran(judged: JobJudged) -> float | None:
    return judged.ran_at.timestamp() if judged.ran_at else None


def _lateness(judged: JobJudged) -> float | None:
    if judged.due_run is None or judged.ran_at is None:
        return None
    return elapsed(judged.due_run.due_at, judged.ran_at).total_seconds()


def _output_bytes(judged: JobJudged) -> float | None:
    return judged.file.size if judged.file else None


_OF_A_JOB = (
    ("job_due_timestamp_seconds", "When the judged run was due.", _due),
    ("job_next_due_timestamp_seconds", "When the job is due next.", _next_due),
    ("job_ran_timestamp_seconds", "When the judged run was seen to be done.", _ran),
    ("job_lateness_seconds", "How long after its due time the judged run was done.", _lateness),
    ("job_output_bytes", "The size of the output of the judged run.", _output_bytes),
)
