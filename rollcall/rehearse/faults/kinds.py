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

_CODES = frozenset(CauseCode)


@dataclass(frozen=True, slots=True)
class _Fault:
    """What can go wrong: its title, and what happened. In brackets the title says which of its ways is meant."""

    title: str
    story: str

    def __str__(self) -> str:
        return self.title

    @property
    def name(self) -> str:
        """What all its ways are called."""
        return self.title.partition(" (")[0]

    @property
    def code(self) -> CauseCode | None:
        """What should be named as the cause; None where nothing looks for it yet."""
        return CauseCode(self.name) if self.name in _CODES else None


@dataclass(frozen=True, slots=True)
class SchedulerFault(_Fault):
    """What can go wrong with a scheduler. `plant`: what would be seen of it then; None: its answers cannot show it."""

    plant: Callable[[Scheduler, SchedulerSeen], SchedulerSeen | NotSeen | None]
    cure: str = advice.NOTHING


@dataclass(frozen=True, slots=True)
class JobFault(_Fault):
    """What can go wrong with a job. `plant` is what would be seen of it then; None: it cannot happen to that job.

    `cure` is the setting that would catch it, and `seen_at` the first moment at which it should be found. `is_warning`
    is True where it is shown, and nobody is called: the work is done all the same. Where it slips through and
    `is_tried`, settings are tried first (`rollcall.rehearse.settings`), and the first that catches it is the cure.
    """

    plant: Callable[[EvidenceCopy], EvidenceCopy | None]
    cure: str | Callable[[EvidenceCopy], str] = advice.NOTHING
    seen_at: Callable[[EvidenceCopy], datetime] = lambda good: good.at
    is_warning: bool = False
    is_tried: bool = False
