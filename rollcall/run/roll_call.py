"""The one flow: ask, judge, fix what was asked for, judge again, remember, tell.

    jobs.toml → roll → due runs → ask → evidence → judge → causes → morning → (fix → ask again) → remember → tell

pytest's plugin, `rollcall monitor` and every other command are skins of it: they say what is wanted, and whom to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rollcall.ask import gather
from rollcall.clock import Clock
from rollcall.errors import BadInput
from rollcall.evidence import Evidence
from rollcall.history.rows import NOTHING, Chronicle
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.recorded.record import Recorded, record
from rollcall.recorded.replay import Replay
from rollcall.rehearse.kept import LastRehearsal, last_rehearsal
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.run.hosts import HostEvidence
from rollcall.run.place import Place
from rollcall.run.wanted import Wanted
from rollcall.sinks import Sinks
from rollcall.sinks.base import Result, Start
from rollcall.text import clean
from rollcall.verdict.upstream import with_upstream

Progress = Callable[[int, int], None]


def _unshown(done: int, total: int) -> None:
    """Shows no progress."""


@dataclass(slots=True, kw_only=True)
class RollCall:
    """One run: who should be there, as of when, who is told, and what came of it.

    `of_hosts` is where hosts leave theirs. `locks` is the folder of the locks of what is fixed. `morning` is None until
    it is judged; `chronicle` is what was remembered before. `jobs` and `schedulers` are those that were asked for.
    `unrecorded` is why the evidence could not be kept. `rehearsed` is what the last
    rehearsal of all jobs came to, or why that cannot be read. `progress` hears how far the asking is.
    """

    start: Start
    roll: Roll
    clock: Clock
    place: Place
    wanted: Wanted
    locks: Path
    replay: Replay | None = None
    of_hosts: HostEvidence | None = None
    sinks: Sinks = field(default_factory=lambda: Sinks([]))
    chronicle: Chronicle = NOTHING
    evidence: Evidence | None = None
    morning: Morning | None = None
    unrecorded: str | None = None
    rehearsed: LastRehearsal | str | None = None
    progress: Progress = _unshown
    jobs: tuple[Job, ...] = field(init=False)
    schedulers: tuple[Scheduler, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Finds whom it is about. Raises `BadInput` where no job has what was asked for."""
        self.jobs = self.wanted.selection.jobs_of(self.roll)
        self.schedulers = self.wanted.selection.schedulers_of(self.roll)

    def judge(self, jobs: Sequence[Job], schedulers: Sequence[Scheduler], progress: Progress | None = None) -> Morning:
        """Asks every witness of these, once, fixes what is to be fixed, and judges: the morning that is told."""
        asked = {each.id for each in schedulers} | {job.scheduler.id for job in jobs if job.scheduler}
        is_whole = (len(jobs), len(asked)) == (len(self.roll.jobs), len(self.roll.schedulers))
        self.sinks.ask(self.start, is_whole=is_whole)
        if self.start.history:
            from rollcall.history.reading import read

            self.chronicle = read(self.start.history, self.roll.jobs, now=self.start.judged_at)
        # What is staged is of other jobs, or of another day; a monitor shows it to nobody.
        if self.start.by == "pytest" and not self.start.demo and not self.start.replay_of:
            self.rehearsed = last_rehearsal(self.start.folder, self.roll)
        morning = self.look(jobs, schedulers, at=self.start.judged_at, progress=progress)
        if self.wanted.record and self.evidence:
            self._keep(self.evidence)
        fixing = self.wanted.fixing
        if fixing:
            from rollcall.remedy import rerun_missed, restart_stopped

            for remedy in (restart_stopped,) * fixing.restarts + (rerun_missed,) * fixing.reruns:
                morning = remedy(
                    morning,
                    judge_again=lambda: self.look(jobs, schedulers, progress=progress),
                    clock=self.clock,
                    folder=self.locks,
                    is_dry=fixing.is_dry,
                )
            self.start = replace(self.start, judged_at=morning.judged_at)
        self.morning = morning
        return morning

    def look(
        self,
        jobs: Sequence[Job],
        schedulers: Sequence[Scheduler] = (),
        *,
        at: datetime | None = None,
        progress: Progress | None = None,
    ) -> Morning:
        """These asked and judged, as of the present or of that moment, with what the jobs build on."""
        now = at or self.clock()
        self.evidence = self.ask(with_upstream(jobs, self.roll.jobs), schedulers, at=now, progress=progress)
        return judge_morning(
            self.roll,
            self.evidence,
            now=now,
            jobs=jobs,
            schedulers=schedulers,
            demo=self.start.demo,
            replay_of=self.start.replay_of,
            again=self.start.again,
            jobs_file=self.wanted.other_file,
        )

    def ask(
        self,
        jobs: Sequence[Job],
        schedulers: Sequence[Scheduler] = (),
        *,
        at: datetime,
        progress: Progress | None = None,
    ) -> Evidence:
        """What every witness of these says, and the history of them; or said, where a record is replayed."""
        if self.replay:
            return self.replay.seen_at(at)
        seen = gather(
            jobs,
            schedulers,
            now=at,
            clock=self.clock,
            progress=progress or self.progress,
            proofs=self.chronicle.proofs,
            may_verify=not self.wanted.fixing.is_dry,
            # Together with other parts, what each scheduler said to one must be enough for the jobs of all.
            beside=self.roll.jobs if self.start.shard else (),
        )
        if self.of_hosts and self.roll.hosts:
            asked = {each.id: each for each in schedulers} | {j.scheduler.id: j.scheduler for j in jobs if j.scheduler}
            left = self.of_hosts.read(self.roll, self.clock())
            seen = seen.and_also(left.evidence(jobs, asked.values(), at))
        if self.start.history is None:
            return seen
        from rollcall.history.remembered import read_remembered

        return replace(seen, remembered=read_remembered(self.start.history, jobs, now=at))

    def result(self, ending: Ending, *, status: int = 0, checks: int = 0) -> Result:
        """What is known, where the run ends like that."""
        if self.unrecorded and ending.is_complete:
            ending = replace(ending, interruption=self.unrecorded)
        return Result(
            start=self.start,
            morning=self.morning,
            ending=ending,
            chronicle=self.chronicle,
            status=status,
            checks=checks,
            recorded=self._kept(),
            evidence=self.evidence,
            notes=(self.rehearsed,) if isinstance(self.rehearsed, str) else (),
            rehearsed=None if isinstance(self.rehearsed, str) else self.rehearsed,
        )

    def remember_action(self, morning: Morning) -> Iterable[str]:
        """Writes what was done into the history, where the mornings stand too; a note where that fails."""
        if self.start.history is None or all(each.is_dry for each in morning.actions):
            return
        from rollcall.history.writing import write

        # It is no morning that anybody read: who waits for one must still miss it.
        keeps, by = self.roll.history.keeps, self.start.by
        if problem := write(self.start.history, morning, by=by, is_complete=False, keeps=keeps):
            yield f"note: history: {problem}"

    def _keep(self, evidence: Evidence) -> None:
        """Records it before anything is fixed. Where that fails the morning is judged all the same."""
        folder = self.wanted.record
        assert folder is not None
        recorded = Recorded(
            evidence=evidence,
            now=self.start.judged_at,
            root=self.roll.file.resolve().parent,
            demo=self.start.demo,
            remembered={name: each.remembered for name, each in self.roll.listings.items()},
        )
        try:
            record(folder, self.roll, recorded)
        except OSError as problem:
            what = clean(str(problem.filename or folder))
            self.unrecorded = f"it could not be recorded: {what}: {problem.strerror or problem}"
        except BadInput as problem:
            self.unrecorded = f"it could not be recorded: {problem}"

    def _kept(self) -> str | None:
        if self.wanted.record is None or self.morning is None or self.unrecorded:
            return None
        folder = clean(str(self.wanted.record), 4000)
        again = self.place.command("--replay", str(self.wanted.record))
        return f"recorded: {folder} (judge it again: {clean(again, 4000)})"
