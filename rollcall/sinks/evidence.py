"""What is kept of a morning, so that `rollcall backtest` can judge it again?"""

from __future__ import annotations

from collections.abc import Iterable

from rollcall.errors import BadInput
from rollcall.morning.said import said_of_jobs, said_of_schedulers
from rollcall.recorded.kept import KeptMorning
from rollcall.recorded.record import JOBS, Recorded, clean_files, without
from rollcall.sinks.base import Result, Sink, Stage
from rollcall.storage import StorageProblem


class KeptEvidence(Sink):
    """The evidence of a whole morning, and what was said of it, where [history] evidence says."""

    stage = Stage.REMEMBER

    def finish(self, result: Result) -> Iterable[str]:
        start, morning, evidence = result.start, result.morning, result.evidence
        if start.archive is None or start.roll is None or morning is None or evidence is None or not start.is_of_today:
            return
        # A part would show the other jobs to be unknown.
        if not result.ending.is_complete or morning.is_partial:
            return
        try:
            files, secrets = clean_files(start.roll, given_as="[history] evidence")
            first, *others = files.items()
            kept = KeptMorning(
                recorded=Recorded(
                    evidence=without(secrets, evidence),
                    now=morning.judged_at,
                    root=start.roll.file.resolve().parent,
                    remembered={name: each.remembered for name, each in start.roll.listings.items()},
                ),
                by=start.by,
                files={JOBS: first[1], **dict(others)},
                jobs=said_of_jobs(morning),
                schedulers=said_of_schedulers(morning),
            )
            history = start.roll.history
            removed = start.archive.add(kept, keeps=history.keeps, most=history.evidence_size)
        except (BadInput, StorageProblem) as problem:
            yield f"the evidence of this morning is not kept: {problem}"
        else:
            if removed:
                yield removed
