"""What did the witnesses show of one job, each in its own words?

Judging takes the word of one of them; here each stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen, NotSeen, OutputSeen, RunSeen, SchedulerSeen, Verified
from rollcall.roll.output import Output
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.runs import RunRead

_NEVER = datetime.max.replace(tzinfo=UTC)


def runs_on_record(judged: JobJudged) -> tuple[RunSeen, ...]:
    """What its scheduler itself has on record, newest first; none where that could not be asked."""
    seen, scheduler = judged.seen, judged.job.scheduler
    if not seen.is_by_memory:
        return tuple([each.seen for each in seen.runs])
    return _newest_first(seen.scheduler, judged.job.name, scheduler.naive_times if scheduler else None)


def runs_in_memory(judged: JobJudged) -> tuple[RunSeen, ...]:
    """What the second record of its scheduler holds, newest first; none where that could not be asked."""
    memory = judged.job.scheduler.memory if judged.job.scheduler else None
    return _newest_first(judged.seen.memory, judged.job.name, memory.naive_times if memory else None)


def _newest_first(seen: SchedulerSeen | NotSeen | None, name: str, naive_times: ZoneInfo | None) -> tuple[RunSeen, ...]:
    if not isinstance(seen, SchedulerSeen):
        return ()
    runs = [RunRead.of(each, naive_times) for each in seen.runs_of(name)]
    runs.sort(key=lambda each: each.last_at or _NEVER, reverse=True)
    return tuple([each.seen for each in runs])


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputShown:
    """One declared output, and what was seen of it: `files` are newest first, `of_run` is that of the judged run."""

    declared: Output
    seen: OutputSeen | NotSeen
    files: tuple[FileSeen, ...]
    of_run: FileSeen | None

    @property
    def verified(self) -> Verified | None:
        """What its `verify` said: of that file or, where it was not asked now, of the one that it was asked of last."""
        if self.of_run and self.of_run.verified:
            return self.of_run.verified
        return self.seen.last_verified if isinstance(self.seen, OutputSeen) and self.declared.verify else None


def outputs_of(judged: JobJudged) -> tuple[OutputShown, ...]:
    """What was seen of each output of the job, in the order of jobs.toml."""
    of_run = judged.files or (None,) * len(judged.seen.outputs)
    return tuple(
        OutputShown(declared=each.declared, seen=each.seen, files=each.files, of_run=file)
        for each, file in zip(judged.seen.outputs, of_run, strict=True)
    )
