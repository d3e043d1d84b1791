"""On which earlier morning was a job good, that is not good now?

On those that were named, in their order; then on those of which `[history] evidence` keeps what was seen, the newest
first. Each is judged under today's jobs.toml: what is rehearsed are the settings of today.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rollcall.backtest.judged_again import Judge, JudgedAgain
from rollcall.evidence import Evidence
from rollcall.recorded.archive import Archive, Unfit
from rollcall.recorded.kept import UnfitMorning
from rollcall.recorded.replay import replay
from rollcall.rehearse.rehearsal import Rehearsal, rehearse
from rollcall.roll.roll import Roll
from rollcall.run.archive import archive_of
from rollcall.run.roll_call import RollCall
from rollcall.storage import StorageProblem

# What a job did longer ago shows little of what it does now.
_KEPT_SINCE = timedelta(days=14)


def on_good_mornings(rehearsal: Rehearsal, call: RollCall, records: Sequence[Path]) -> Rehearsal:
    """The rehearsal with what it had to leave out, where that was good on one of them. Raises `BadInput`."""
    for folder in records:
        # A record that is no use is a mistake, also on a day that needs none.
        kept = replay(folder, jobs_file=call.roll.file, shown_as=call.wanted.shown_file)
        rehearsal = _completed(rehearsal, kept.roll, kept.seen_at(kept.recorded_at), kept.recorded_at)
    archive = None if call.start.replay_of else archive_of(call.roll, os.environ)
    if archive is None or not _is_wanting(rehearsal):
        return rehearsal
    try:
        for each in _kept(archive, call):
            rehearsal = _completed(rehearsal, each.roll, each.evidence, each.morning.judged_at)
            if not _is_wanting(rehearsal):
                break
    except StorageProblem as problem:
        print(f"note: no kept morning was looked at: {problem}", file=sys.stderr)
    return rehearsal


def _kept(archive: Archive, call: RollCall) -> Iterator[JudgedAgain]:
    """The kept mornings, the newest first; what cannot be judged any more is passed over."""
    with TemporaryDirectory(prefix="rollcall-rehearse-") as folder:
        judge = Judge(file=call.roll.file.absolute(), shown_as=call.wanted.shown_file, folder=Path(folder))
        now = call.start.judged_at
        named, _ = archive.found(since=now - _KEPT_SINCE, now=now)
        for batch in archive.batches(reversed(named)):
            for kept in batch.read():
                with suppress(UnfitMorning):
                    if not isinstance(kept, Unfit):
                        yield judge.judge(kept)


def _is_wanting(rehearsal: Rehearsal) -> bool:
    return any(each.is_owed for each in rehearsal.left_out)


def _completed(rehearsal: Rehearsal, roll: Roll, evidence: Evidence, at: datetime) -> Rehearsal:
    left = {each.key for each in rehearsal.left_out if each.is_owed}
    jobs = [job for job in roll.jobs if (True, job.id) in left or (False, job.scheduler and job.scheduler.id) in left]
    return rehearsal.completed_by(rehearse(roll, evidence, now=at, jobs=jobs)) if jobs else rehearsal
