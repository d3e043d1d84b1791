"""How are hundreds of kept mornings judged again in a minute, with one of them in memory at a time?

Batches of them are judged by some processes beside each other, and counted in the order of the mornings.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from rollcall.backtest.comparison import Compared, compare
from rollcall.backtest.judged_again import Judge
from rollcall.backtest.result import Backtest
from rollcall.errors import RollcallError
from rollcall.recorded.archive import Archive, Batch, Unfit
from rollcall.recorded.kept import UnfitMorning

# Each holds a morning of its own.
_MOST_PROCESSES = 4
# To start another process takes a second; so many bytes of mornings take longer.
_WORTH_A_PROCESS = 1_000_000

Told = list[Compared | Unfit]


class NotJudged(RollcallError):
    """The mornings could not be judged again: one line says why."""


def backtest(
    archive: Archive,
    jobs_file: Path,
    shown_as: str,
    *,
    since: datetime,
    now: datetime,
    progress: Callable[[int, int], None],
) -> Backtest:
    """All mornings kept from `since` on, judged again under that jobs.toml.

    Raises `StorageProblem` where they cannot be listed, and `NotJudged`.
    """
    named, unfit = archive.found(since=since, now=now)
    result, done = Backtest(unfit=unfit), 0
    processes = min(_MOST_PROCESSES, _cores(), 1 + sum(each.size for each in named) // _WORTH_A_PROCESS)
    with TemporaryDirectory(prefix="rollcall-backtest-") as folder:
        judge = Judge(file=jobs_file, shown_as=shown_as, folder=Path(folder))
        batches = archive.batches(named)
        told = _beside_each_other(judge, batches, processes) if processes > 1 else _each(judge, batches)
        progress(0, len(named))
        for each in told:
            if isinstance(each, Unfit):
                result.unfit.append(each)
            else:
                result.add(each)
            done += 1
            progress(done, len(named))
    return result


def _each(judge: Judge, batches: Iterable[Batch]) -> Iterator[Compared | Unfit]:
    for batch in batches:
        yield from _judged(judge, batch)


def _judged(judge: Judge, batch: Batch) -> Iterator[Compared | Unfit]:
    for fetched, kept in zip(batch.mornings, batch.read(), strict=True):
        if isinstance(kept, Unfit):
            yield kept
            continue
        try:
            yield compare(judge.judge(kept))
        except UnfitMorning as problem:
            yield Unfit(name=fetched.named.name, why=str(problem))


def _beside_each_other(judge: Judge, batches: Iterator[Batch], processes: int) -> Iterator[Compared | Unfit]:
    """As `_each`, by several processes; no more is read ahead than they have to do."""
    # A process that is forked from one with threads may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (judge,)) as pool:
        waiting: deque[Future[Told]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(_judged_there, batch))
                if len(waiting) > processes:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool:
            raise NotJudged("a process that judged mornings was ended from outside, maybe for its memory") from None
        finally:
            pool.shutdown(cancel_futures=True)


_judge: list[Judge] = []


def _begin(judge: Judge) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began it ends it
    _judge[:] = [judge]


def _judged_there(batch: Batch) -> Told:
    return list(_judged(_judge[0], batch))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
