"""What is a fault?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.rehearse import advice
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.roll.scheduler import Scheduler
from rollcall.vocabulary import CauseCode


@dataclass(frozen=True, slots=True)
class SchedulerFault:
    """What can go wrong with a scheduler. `plant` is what would be seen of it then; None: its answers cannot show it.

    `cure` is the setting that would catch it.
    """

    code: CauseCode
    story: str
    plant: Callable[[Scheduler, SchedulerSeen], SchedulerSeen | NotSeen | None]
    cure: str = "no setting of jobs.toml catches it"

    @property
    def name(self) -> str:
        """The word for it."""
        return self.code

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class JobFault:
    """What can go wrong with a job. `plant` is what would be seen of it then; None: it cannot happen to that job.

    `cure` is the setting that would catch it, and `seen_at` the first moment at which it should be found. `is_warning`
    is True where it is shown, and nobody is called: the work is done all the same.
    """

    name: str
    story: str
    plant: Callable[[EvidenceCopy], EvidenceCopy | None]
    cure: advice.Advice = advice.none
    variant: str = ""
    seen_at: Callable[[EvidenceCopy], datetime] = lambda good: good.at
    is_warning: bool = False

    @property
    def code(self) -> CauseCode | None:
        """What should be named as the cause; None where nothing looks for it yet."""
        return CauseCode(self.name) if self.name in frozenset(CauseCode) else None

    def __str__(self) -> str:
        """Its name and, where it has several, which of its ways is meant."""
        return f"{self.name} ({self.variant})" if self.variant else self.name
