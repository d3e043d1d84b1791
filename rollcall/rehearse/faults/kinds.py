"""What is a fault, and whom can it befall?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rollcall.evidence import NotSeen, SchedulerSeen
from rollcall.rehearse import advice
from rollcall.rehearse.scene import Scene
from rollcall.roll.scheduler import Scheduler
from rollcall.vocabulary import CauseCode


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerFault:
    """What could befall a scheduler, and what would be seen of it then (None: its answers cannot show it)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFault:
    """What could befall a job; `seen_at` is the first moment at which it should be found.

    `is_warning` is True where it is told, but nobody is called: the work is done all the same.
    """

    name: str
    story: str
    plant: Callable[[Scene], Scene]
    applies: Callable[[Scene], bool]
    cure: Callable[[Scene], str] = advice.none
    variant: str = ""
    seen_at: Callable[[Scene], datetime] = lambda good: good.at
    is_warning: bool = False

    @property
    def code(self) -> CauseCode | None:
        """What should be named as the cause; None where nothing looks for it yet."""
        return CauseCode(self.name) if self.name in frozenset(CauseCode) else None

    def __str__(self) -> str:
        """Its name and, where it has several, which of its ways is meant."""
        return f"{self.name} ({self.variant})" if self.variant else self.name


# Whom a fault can befall ----------------------------------------------------------------------------------------------


def of_any(scene: Scene) -> bool:
    return True


def of_listed(scene: Scene) -> bool:
    return scene.tells("jobs")


def of_recorded(scene: Scene) -> bool:
    return scene.tells("runs")


def of_output(scene: Scene) -> bool:
    return bool(scene.made)


def of_both(scene: Scene) -> bool:
    return of_recorded(scene) and of_output(scene)


def of_output_alone(scene: Scene) -> bool:
    return of_output(scene) and not of_recorded(scene)


def of_a_run_before(scene: Scene) -> bool:
    """True where a run was owed before: of a first run nobody can tell whether it was missed or never ran."""
    return of_recorded(scene) and scene.previous_due_at is not None
