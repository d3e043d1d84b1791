"""What does Prometheus read, through the textfile collector of its node exporter?

The text format, version 0.0.4, without timestamps, which the collector refuses.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rollcall.morning import Morning
from rollcall.times import elapsed
from rollcall.verdict import JobJudged, SchedulerJudged

_Labels = dict[str, str]
_Sample = tuple[_Labels, float]


def render_metrics(morning: Morning, *, is_complete: bool, other_failures: Sequence[str] = ()) -> str:
    """The whole file. Instants are seconds since 1970, spans are seconds, sizes are bytes.

    Of a run that did not come to its end (`is_complete` False) only what needs a person is told: no job of it is said
    to be well.
    """
    jobs = [each for each in morning.jobs if is_complete or each.needs_a_person]
    causes = morning.scheduler_causes
    schedulers = [each for each in morning.schedulers if is_complete or causes[each.scheduler.id]]
    return "".join(
        (
            *_of_the_run(morning.judged_at, is_complete=is_complete and not morning.is_partial),
            _family("jobs_declared", "Jobs that jobs.toml declares.", [({}, morning.declared)]),
            _family("jobs_checked", "Jobs that were looked at.", [({}, len(morning.jobs))]),
            _family("other_checks_failed", "Failed checks that no finding explains.", [({}, len(other_failures))]),
            *_of_schedulers(schedulers, morning),
            *_of_jobs(jobs, morning),
        )
    )


def render_incomplete_metrics(began_at: datetime) -> str:
    """The file until the result is whole, and for good where it never is."""
    return "".join(_of_the_run(began_at, is_complete=False))


def _of_the_run(judged_at: datetime, *, is_complete: bool) -> Iterator[str]:
    yield _family("complete", "1 where every declared job was looked at, to the end.", [({}, is_complete)])
    yield _family("judged_timestamp_seconds", "The moment that was judged.", [({}, judged_at.timestamp())])


def _of_schedulers(schedulers: Sequence[SchedulerJudged], morning: Morning) -> Iterator[str]:
    causes = morning.scheduler_causes
    yield _family(
        "scheduler_needs_a_person",
        "1 where somebody must look at the scheduler.",
        [({"scheduler": each.scheduler.id}, causes[each.scheduler.id] is not None) for each in schedulers],
    )
    yield _family(
        "scheduler_verdict",
        "1 for what was found of the scheduler, with the code of the cause where there is one.",
        [(_labels("scheduler", each.scheduler.id, each.verdict, causes[each.scheduler.id]), 1) for each in schedulers],
    )


def _of_jobs(jobs: Sequence[JobJudged], morning: Morning) -> Iterator[str]:
    causes = morning.job_causes
    yield _family(
        "job_needs_a_person",
        "1 where somebody must look at the job.",
        [({"job": each.job.id}, each.needs_a_person) for each in jobs],
    )
    yield _family(
        "job_verdict",
        "1 for what was found of the job, with the code of the cause where there is one.",
        [(_labels("job", each.job.id, each.verdict, causes[each.job.id]), 1) for each in jobs],
    )
    for name, help_text, value in _OF_A_JOB:
        told = ((each.job.id, value(each)) for each in jobs)
        yield _family(name, help_text, [({"job": job_id}, seen) for job_id, seen in told if seen is not None])


def _labels(kind: str, subject: str, verdict: str, cause: object) -> _Labels:
    return {kind: subject, "verdict": str(verdict), "cause": str(getattr(cause, "code", ""))}


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


def _family(name: str, help_text: str, samples: Iterable[_Sample]) -> str:
    """One gauge; nothing where it has no sample."""
    lines = [f"rollcall_{name}{_shown(labels)} {_number(value)}\n" for labels, value in samples]
    return f"# HELP rollcall_{name} {help_text}\n# TYPE rollcall_{name} gauge\n{''.join(lines)}" if lines else ""


def _shown(labels: _Labels) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _escaped(text: str) -> str:
    """Whole and as it is: two ids that came out the same would make the collector refuse the file."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    """Instants to the microsecond, whole numbers without a fraction."""
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")
