"""Which runs does the log of cron tell of?

Debian's daemon logs a start and nothing else, unless it is told to (`-L 15`): then an end, and before it what failed.
What the levels log, and by which pids they belong together, was measured: docs/schedulers/cron.md. cronie logs the end
too, and never how it went; busybox the start alone; anacron all.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollcall.evidence import Outcome, RunSeen
from rollcall.times import EPOCH

Key = tuple[str, str]

_OF_RUN = re.compile(r"\(([^)]*)\) (CMD|END|CMDEND) \((?:\[(\d+)\] )?(.*)\)\s*", re.DOTALL)
_FAILED = re.compile(r"\(CRON\) error \(grandchild #(\d+) (?:failed with |terminated by )(.*)\)\s*")
_BY_BUSYBOX = re.compile(r"USER (\S+) pid +(\d+) cmd (.*)", re.DOTALL)
_BY_ANACRON = re.compile(r"Job [`'](.*)' (started|terminated)(.*)")
_ANACRON_FAILED = re.compile(r"\(?(exit status|due to signal):? (\d+)")
_REFUSED = re.compile(
    r"\(([^)]*)\) (?:ERROR \((.*), this crontab file will be ignored\)|(WRONG FILE OWNER|INSECURE MODE \([^)]*\)|"
    r"NOT A REGULAR FILE|NUMBER OF HARD LINKS > 1|WRONG SYMLINK OWNER|ORPHAN|CAN'T OPEN)\b)"
)
_STARTED = ("(CRON) INFO (pidfile", "(CRON) STARTUP (")
_BOOTED = "(CRON) INFO (Running @reboot jobs)"
# A writer of input that nobody reads ends so; it may carry the pid that a run without an end had once.
_BROKEN_PIPE = "signal 13"
# Of what a daemon may be told to log.
_FAILURES, _PIDS = 4, 8
_LOST = "no end is logged, and its process is gone"


@dataclass(slots=True)
class _Run:
    """One run while its lines come in.

    `by` is the pid that logged its start, `life` that of the daemon by number, `has_pid` where its own pid was logged.
    `is_lost` where its process is gone, and no end was logged.
    """

    key: Key
    job: str
    started: datetime
    by: int
    life: int
    has_pid: bool
    ended: datetime | None = None
    word: str | None = None
    outcome: Outcome | None = None
    is_lost: bool = False


@dataclass(slots=True, kw_only=True)
class Fold:
    """The runs of one log, its lines taken in their order.

    `job_of` says whose runs those of a user and a command are, None where nobody wants them. `level` is what the daemon
    was told to log, None where that is not known. That failures are logged, and so an end is a success, it says itself,
    or the first failure proves it; either holds for the lines of that form, with pids or without.
    """

    job_of: Callable[[Key], str | None]
    level: int | None = None
    starts: int = 0
    began_at: datetime | None = None
    last_at: datetime | None = None
    refused: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    _jobs: dict[Key, str | None] = field(default_factory=dict)
    _runs: deque[_Run] = field(default_factory=deque)
    _open: dict[int, _Run] = field(default_factory=dict)
    _alike: dict[Key, dict[int, _Run]] = field(default_factory=dict)
    _life: int = 0
    _lives_with_ends: set[int] = field(default_factory=set)
    _has_pids: bool = False
    _forms_with_failures: set[bool] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Knows what the daemon says itself."""
        if self.level is not None and self.level & _FAILURES:
            self._forms_with_failures.add(bool(self.level & _PIDS))

    def take(self, at: datetime, pid: int, said: str) -> None:
        """One message, and the pid that logged it."""
        if found := _OF_RUN.match(said):
            user, what, job_pid, command = found.groups()
            key, number = (user, command.strip()), int(job_pid or pid)
            if what == "CMD":
                self._has_pids = job_pid is not None
                self._start(key, number, pid, at)
            else:
                self._end(key, number if job_pid else None, pid, at, tells_how=what == "END")
        elif found := _FAILED.match(said):
            self._forms_with_failures.add(self._has_pids)
            self._fail(int(found[1]), pid, at, found[2])
        elif found := _BY_ANACRON.match(said):
            self._take_anacron(("anacron", found[1]), at, found[2], found[3])
        elif found := _BY_BUSYBOX.match(said):
            self._start((found[1], found[3].strip()), int(found[2]), pid, at)
        elif found := _REFUSED.match(said):
            self.refused[found[1]] = (at, found[2] or found[3])
        elif said.startswith(_STARTED):
            self._life += 1
            self.began_at = at
        elif said.startswith(_BOOTED):
            for number in list(self._open):
                self._lose(number)

    def runs(self) -> Iterator[RunSeen]:
        """All of them, as they began; each is told once."""
        while self._runs:
            run = self._runs.popleft()
            outcome, word, ended = run.outcome, run.word, run.ended
            if outcome is None and ended is not None:
                # Without a promise that failures are logged an end says nothing of how it went.
                outcome, word = Outcome.UNKNOWN, "ended"
                if run.has_pid in self._forms_with_failures:
                    outcome, word = Outcome.SUCCESS, "exit status 0"
            elif outcome is None and run.life in self._lives_with_ends:
                outcome, word = (Outcome.UNKNOWN, _LOST) if run.is_lost else (Outcome.RUNNING, "running")
            yield RunSeen(
                job=run.job,
                started=run.started.isoformat(),
                ended=ended.isoformat() if ended else None,
                word=word,
                outcome=outcome or Outcome.UNKNOWN,
                by_schedule=True,
            )

    def _start(self, key: Key, number: int, pid: int, at: datetime, life: int | None = None) -> None:
        self.starts, self.last_at = self.starts + 1, at
        self._lose(number)
        if key not in self._jobs:
            self._jobs[key] = self.job_of(key)
        if (job := self._jobs[key]) is not None:
            run = _Run(key, job, at, pid, self._life if life is None else life, self._has_pids)
            self._open[number] = self._alike.setdefault(key, {})[number] = run
            self._runs.append(run)

    def _end(self, key: Key, number: int | None, pid: int, at: datetime, *, tells_how: bool) -> None:
        self._lives_with_ends.add(self._life)
        if number is None:
            # Its start was logged by the child of who logs its end, forked by that at once.
            alike = list(self._alike.get(key, ()))
            number = min((each for each in alike if each > pid), default=alike[0] if len(alike) == 1 else None)
        if run := self._close(number, key):
            run.ended = at
            if not tells_how and run.outcome is None:
                run.outcome, run.word = Outcome.UNKNOWN, "ended"

    def _close(self, number: int | None, key: Key | None = None) -> _Run | None:
        run = self._open.get(number) if number is not None else None
        if run is None or number is None or (key is not None and run.key != key):
            return None
        del self._open[number], self._alike[run.key][number]
        return run

    def _fail(self, number: int, pid: int, at: datetime, word: str) -> None:
        run = self._open.get(number)
        # Where the start names the pid of the job, who logged it is who logs the failure.
        if run is None or run.by not in (number, pid):
            return
        is_known = word != _BROKEN_PIPE or run.by == pid
        run.outcome, run.word = (Outcome.FAILED if is_known else Outcome.UNKNOWN), word
        run.ended = at  # an end that is logged comes after it

    def _take_anacron(self, key: Key, at: datetime, what: str, rest: str) -> None:
        number = hash(key) | 1 << 62  # its jobs have no pid in the log, and no two of one name run at once
        if what == "started":
            self._lives_with_ends.add(-1)
            self._start(key, number, 0, at, life=-1)
        elif run := self._close(number):
            failed = _ANACRON_FAILED.search(rest)
            run.ended, run.outcome, run.word = at, Outcome.SUCCESS, "exit status 0"
            if failed or "abnormally" in rest:
                how = f"{failed[1].removeprefix('due to ')} {failed[2]}" if failed else "abnormally"
                run.outcome, run.word = Outcome.FAILED, how

    def _lose(self, number: int) -> None:
        """Its process is gone: the machine started anew, or another has its pid."""
        if run := self._close(number):
            run.is_lost = run.ended is None


# What a log is made of ------------------------------------------------------------------------------------------------

# Two of four lines are of sessions, and say nothing of a run.
OF_A_SESSION = b"pam_unix("


def take_journal(lines: Iterable[bytes], fold: Fold) -> None:
    """Takes what `journalctl --output=json` prints. Raises ValueError where it prints something else."""
    for line in lines:
        if OF_A_SESSION in line:
            continue
        entry = json.loads(line)
        said, pid = entry.get("MESSAGE"), entry.get("SYSLOG_PID") or entry.get("_PID") or 0
        if isinstance(said, list):  # of what is no UTF-8 the bytes come
            said = bytes(said).decode("utf-8", "replace")
        if isinstance(said, str):
            at = EPOCH + timedelta(microseconds=int(entry["__REALTIME_TIMESTAMP"]))
            fold.take(at, int(pid), said)
