"""`rollcall run --list`: what is on record of wrapped commands, as JSON lines, for the kind `wrapper`.

First a line with the clock of this machine; of each job one that says since when it is on record; and of each run one,
with the word for how it went. Whether one without an end still runs is seen here, where its process is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime

from rollcall.times import EPOCH, read_now, to_iso
from rollcall.wrapping import record
from rollcall.wrapping.processes import is_running

RUNNING = "running"
RUNNING_OR_CUT_OFF = "running, or cut off"
CUT_OFF = "cut off"
TIMED_OUT = "timed out"
OUTPUT_LOST = "output lost"


def tell(folder: str, job: str, since: datetime | None) -> int:
    """Prints it, of that job or of all: of runs those since then, and the newest. Returns 1 where it cannot be read."""
    try:
        for line in _lines(folder, job, since or EPOCH):
            print(json.dumps(line))
        sys.stdout.flush()
    except OSError as problem:
        print(f"rollcall run: {problem.filename or folder}: {problem.strerror}", file=sys.stderr)
        return 1
    return 0


def _lines(folder: str, job: str, since: datetime) -> Iterator[record.Entry]:
    yield {"now": to_iso(read_now()), "folder": folder}
    for kept in record.read(folder):
        if job not in ("", kept.job):
            continue
        yield {"job": kept.job, "since": kept.since, **({"unread": kept.unread} if kept.unread else {})}
        for run in kept.runs:
            is_alive = None if "ended" in run else is_running(run)
            if run is kept.runs[-1] or is_alive or _is_later(run.get("ended") or run["started"], since):
                yield _told(kept.job, run, is_alive)


def _is_later(text: str, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(text) >= since
    except (TypeError, ValueError):  # who judges says what is wrong with it
        return True


def _told(job: str, run: record.Entry, is_alive: bool | None) -> record.Entry:
    line = {"job": job, "started": run["started"], "word": _word(run, is_alive)}
    return line | {key: run[key] for key in ("ended", "by_hand", "words") if run.get(key)}


def _word(run: record.Entry, is_alive: bool | None) -> str:
    if "ended" not in run:
        return {True: RUNNING, False: CUT_OFF, None: RUNNING_OR_CUT_OFF}[is_alive]
    if run.get("timed_out"):
        return TIMED_OUT
    if run.get("lost"):
        return OUTPUT_LOST
    return f"signal {run['signal']}" if "signal" in run else f"exit {run.get('exit')}"
