"""What would all kept mornings together have said: how often somebody would have been woken, and how often for nothing?

Nothing is claimed that no evidence shows. That a person did something is written nowhere: an alarm whose next run was
good may have been the reason for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rollcall.backtest.comparison import Compared, Pair
from rollcall.recorded.archive import Unfit
from rollcall.recorded.kept import Said
from rollcall.vocabulary import Verdict


class Kind(StrEnum):
    """What became of what was said of a run, or of a scheduler."""

    NEW = "new"
    GONE = "gone"
    OTHER = "another cause"
    WARNING = "another warning"
    SAME = "the same"


class After(StrEnum):
    """What later mornings show of an alarm."""

    DONE = "its work was done in time"
    GOOD = "the next run was good"
    ACTED = "Roll call acted on it"
    LASTED = "the next run was an alarm too"
    OPEN = "no later morning tells"


# Of these a later morning may show that the work was there all the same. A failure stays one, and so does bad content.
_CAN_BE_DISPROVEN = (Verdict.MISSED, Verdict.UNKNOWN, Verdict.STUCK)


@dataclass(slots=True, kw_only=True)
class Run:
    """A due run of a job, or a scheduler (`is_scheduler`), of which something was or would be said.

    `was` and `would_be` are of the first morning on which they differ, or else on which it was an alarm: `first_at`.
    `due_at` is when the run was due, of a scheduler the first morning of its trouble; None where no run was owed.
    `mornings` counts those on which they differ. `after` is what later mornings show.
    """

    id: str
    is_scheduler: bool
    due_at: datetime | None
    first_at: datetime
    was: Said | None
    would_be: Said | None
    was_alarm: bool = False
    would_be_alarm: bool = False
    mornings: int = 0
    after: After = After.OPEN

    @property
    def kind(self) -> Kind:
        """Whether it is a new alarm, or one that is gone."""
        if self.was_alarm != self.would_be_alarm:
            return Kind.NEW if self.would_be_alarm else Kind.GONE
        if not self.mornings:
            return Kind.SAME
        return Kind.OTHER if self.was_alarm else Kind.WARNING

    @property
    def cause(self) -> str:
        """The cause of the alarm, as it would be where it would be one, else as it was."""
        said = self.would_be if self.would_be_alarm else self.was
        return (said and (said.cause or said.verdict)) or ""


@dataclass(slots=True, kw_only=True)
class Morning:
    """One morning on which something differs: how many alarms it would have more, and less."""

    judged_at: datetime
    new: int
    gone: int
    others: int


@dataclass(slots=True, kw_only=True)
class Backtest:
    """All of it: `mornings` counts those that were judged again, `woken_then` and `woken` those with an alarm.

    `unknown` counts, by the job, the mornings whose evidence cannot tell what it would be; `own_checks` what was bad by
    a person's own check, which is not run again.
    """

    mornings: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    woken_then: int = 0
    woken: int = 0
    changed: list[Morning] = field(default_factory=list)
    runs: dict[tuple[bool, str, datetime | None], Run] = field(default_factory=dict)
    unfit: list[Unfit] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    own_checks: int = 0
    _open: dict[tuple[bool, str], list[Run]] = field(default_factory=dict)

    @property
    def alarms_then(self) -> list[Run]:
        """The alarms as they were."""
        return [each for each in self.runs.values() if each.was_alarm]

    @property
    def alarms(self) -> list[Run]:
        """The alarms as they would be."""
        return [each for each in self.runs.values() if each.would_be_alarm]

    def of_kind(self, *kinds: Kind) -> list[Run]:
        """Those runs, in the order in which mornings told them."""
        return [each for each in self.runs.values() if each.kind in kinds]

    def add(self, compared: Compared) -> None:
        """Counts one more morning; they come in the order in which they were judged."""
        self.mornings += 1
        self.first_at, self.last_at = self.first_at or compared.judged_at, compared.judged_at
        self.own_checks += compared.own_checks
        self._settle(compared)
        told = [each for each in compared.pairs if each.was_alarm or each.would_be_alarm or each.differs]
        for each in told:
            self._count(each, compared.judged_at)
        self.unknown.update(each.id for each in compared.pairs if each.is_unknown)
        self.woken_then += any(each.was_alarm for each in compared.pairs)
        self.woken += any(each.would_be_alarm for each in compared.pairs)
        if different := [each for each in told if each.differs]:
            new = sum(each.would_be_alarm and not each.was_alarm for each in different)
            gone = sum(each.was_alarm and not each.would_be_alarm for each in different)
            others = len(different) - new - gone
            self.changed.append(Morning(judged_at=compared.judged_at, new=new, gone=gone, others=others))

    def _count(self, pair: Pair, at: datetime) -> None:
        subject = (pair.is_scheduler, pair.id)
        # A scheduler has no runs: its alarm is one as long as each morning has it.
        due_at = pair.due_at if not pair.is_scheduler else self._since(subject, at)
        run = self.runs.get((*subject, due_at))
        if run is None:
            run = Run(
                id=pair.id,
                is_scheduler=pair.is_scheduler,
                due_at=due_at,
                first_at=at,
                was=pair.was,
                would_be=pair.would_be,
            )
            self.runs[(*subject, due_at)] = run
        elif pair.differs and not run.mornings:
            run.first_at, run.was, run.would_be = at, pair.was, pair.would_be
        run.was_alarm |= pair.was_alarm
        run.would_be_alarm |= pair.would_be_alarm
        run.mornings += pair.differs
        waiting = self._open.setdefault(subject, [])
        if (pair.was_alarm or pair.would_be_alarm) and not any(each is run for each in waiting):
            waiting.append(run)

    def _since(self, subject: tuple[bool, str], at: datetime) -> datetime:
        lasting = self._open.get(subject)
        return (lasting[-1].due_at if lasting else None) or at

    def _settle(self, compared: Compared) -> None:
        """What this morning shows of alarms that earlier ones had."""
        for pair in compared.pairs:
            waiting = self._open.get((pair.is_scheduler, pair.id))
            if not waiting:
                continue
            is_alarm = pair.would_be_alarm or (pair.was_alarm and pair.is_unknown)
            acted = pair.was is not None and pair.was.acted
            if pair.is_scheduler:
                if not is_alarm:
                    self._close(waiting, After.ACTED if acted else After.GOOD)
                continue
            for run in list(waiting):
                after = self._after(run, pair, compared, is_alarm=is_alarm, acted=acted)
                if after:
                    run.after = after
                    waiting.remove(run)

    def _close(self, waiting: list[Run], after: After) -> None:
        for run in waiting:
            run.after = after
        waiting.clear()

    def _after(self, run: Run, pair: Pair, compared: Compared, *, is_alarm: bool, acted: bool) -> After | None:
        said = run.would_be if run.would_be_alarm else run.was
        can_be_disproven = said is not None and said.verdict in _CAN_BE_DISPROVEN
        if can_be_disproven and not acted and run.due_at and (run.id, run.due_at) in compared.shown_good:
            return After.DONE
        is_later = run.due_at is None or (pair.due_at is not None and pair.due_at > run.due_at)
        if pair.is_unknown or (not is_later and is_alarm):
            return None
        if is_alarm:
            return After.LASTED
        if acted:
            return After.ACTED
        told = pair.would_be or pair.was
        is_good = told is not None and told.verdict in (Verdict.OK, Verdict.LATE) and not told.needs_a_person
        return After.GOOD if is_good and is_later else None


def by_cause(runs: Iterable[Run]) -> Counter[str]:
    """How many alarms of each cause."""
    return Counter(each.cause for each in runs)
