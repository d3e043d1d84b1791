"""What does a run with --shard I/N leave for `rollcall merge`?"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, replace

from rollcall.morning.own_checks import own_failures_of
from rollcall.recorded.part import FILE, OwnFailed, Part, digest_of, leave
from rollcall.roll.selection import read_words
from rollcall.sinks.base import Result, Sink, Stage, Start
from rollcall.text import counted


class Shard(Sink):
    """The evidence of a part of the jobs, beside its reports."""

    stage = Stage.WRITE

    def begin(self, start: Start) -> None:
        """What a run before left must not be taken for this one's."""
        if start.shard:
            with suppress(FileNotFoundError):
                (start.folder / FILE).unlink()

    def finish(self, result: Result) -> Iterable[str]:
        start, morning = result.start, result.morning
        if start.shard is None or start.roll is None or morning is None or result.evidence is None:
            return ()
        part = Part(
            shard=start.shard,
            judged_at=start.judged_at,
            evidence=result.evidence,
            roll=digest_of(start.roll),
            is_of_today=start.is_of_now,
            selection=start.selection,
            interruption=result.ending.interruption or _why_not_all(result),
            own_failures=tuple(OwnFailed(*astuple(each)) for each in own_failures_of(morning)),
            other_failures=result.ending.other_failures,
        )
        leave(start.folder, part)
        return ()


def _why_not_all(result: Result) -> str | None:
    """Why it is not the whole of its part; None where it is."""
    start, morning = result.start, result.morning
    assert start.roll is not None
    assert morning is not None
    selection = replace(read_words(start.selection), shard=start.shard)
    mine, seen = selection.jobs_of(start.roll), {each.job.id for each in morning.jobs}
    if left := [job.id for job in mine if job.id not in seen]:
        return f"it looked at {len(mine) - len(left)} of its {counted(len(mine), 'job')}"
    if result.left_out:
        return f"it left out {counted(result.left_out, 'check')}, such as by -k"
    return None
