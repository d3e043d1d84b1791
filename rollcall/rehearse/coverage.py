"""What share of the faults that were planted would be found: of each job, by cause and in all?

A job that could not be rehearsed shows nothing, so it is no part of what was planted. Where the share is held against a
limit it counts as an average job of which no fault is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rollcall.errors import BadInput
from rollcall.rehearse.faults import JOB_FAULTS, SCHEDULER_FAULTS
from rollcall.rehearse.rehearsal import LeftOut, Outcome, Planted, Rehearsal, Rehearsed
from rollcall.text import clean

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%?")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    found: int
    planted: int

    @property
    def fraction(self) -> Fraction:
        """From 0 to 1; of nothing planted 0, as nothing was shown."""
        return Fraction(self.found, self.planted) if self.planted else Fraction(0)

    @property
    def is_all(self) -> bool:
        """True where none slips through; of nothing planted that is not said."""
        return 0 < self.planted == self.found

    @property
    def tenths(self) -> int:
        """Tenths of a percent, rounded down: what is not all is never called 100%."""
        return int(self.fraction * 1000)

    def __str__(self) -> str:
        return f"{self.found:,} of {self.planted:,} ({percent(self.tenths)})"


def percent(tenths: int) -> str:
    """ "91.1%", "90%"."""
    return f"{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{tenths // 10}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One fault that slips through, what can be done about that, of whom it is said, and how often it was planted."""

    fault: str
    cure: str
    is_avoidable: bool
    schedulers: tuple[str, ...]
    jobs: tuple[str, ...]
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The shares of one rehearsal: of each scheduler and job by its id, of each cause by its name, and in all.

    `counted` is the share in all where what could not be rehearsed counts as not found. `slips` are in the order in
    which faults are planted.
    """

    rehearsal: Rehearsal
    schedulers: Mapping[str, Share]
    jobs: Mapping[str, Share]
    causes: Mapping[str, Share]
    in_all: Share
    counted: Share
    slips: tuple[Slip, ...]

    @classmethod
    def of(cls, rehearsal: Rehearsal) -> Coverage:
        """The shares of that rehearsal."""
        by_cause: dict[str, list[Planted]] = {}
        everything = [fault for each in (*rehearsal.schedulers, *rehearsal.jobs) for fault in each.faults]
        for each in everything:
            by_cause.setdefault(each.fault.name, []).append(each)
        in_all = _share(everything)
        unknown = _unknown(rehearsal.schedulers, rehearsal.left_out, is_job=False, most=len(SCHEDULER_FAULTS))
        unknown += _unknown(rehearsal.jobs, rehearsal.left_out, is_job=True, most=len(JOB_FAULTS))
        return cls(
            rehearsal=rehearsal,
            schedulers={each.subject.id: _share(each.faults) for each in rehearsal.schedulers},
            jobs={each.subject.id: _share(each.faults) for each in rehearsal.jobs},
            causes={name: _share(faults) for name, faults in by_cause.items()},
            in_all=in_all,
            counted=Share(in_all.found, in_all.planted + unknown),
            slips=tuple(_slips(rehearsal)),
        )

    @property
    def of_other_mornings(self) -> frozenset[str]:
        """The jobs that were good on another morning, of which a record shows less than the files themselves."""
        at = self.rehearsal.morning.judged_at
        return frozenset(each.subject.id for each in self.rehearsal.jobs if each.evidence_of != at)

    @property
    def not_rehearsed(self) -> tuple[LeftOut, ...]:
        """What should have been, and could not: what jobs.toml pauses is not owed."""
        return tuple(each for each in self.rehearsal.left_out if each.is_owed)


def read_percent(place: str, written: str) -> Fraction:
    """The share that was written, such as "90%" or "90". Raises `BadInput`."""
    found = _PERCENT.fullmatch(written.strip())
    if found is None or not 0 <= Fraction(found[1]) <= 100:
        rule = "is no share. Write a number of percent from 0 to 100, such as 90%."
        raise BadInput.single(place, rule, f'"{clean(written, 60)}"')
    if "%" not in written and 0 < Fraction(found[1]) < 1:
        rule = f"may mean {float(found[1]) * 100:g}% or {found[1]}%. Write it with its sign."
        raise BadInput.single(place, rule, f'"{clean(written, 60)}"')
    return Fraction(found[1]) / 100


def _share(faults: Iterable[Planted]) -> Share:
    outcomes = [each.outcome for each in faults]
    return Share(sum(each is not Outcome.SLIPS for each in outcomes), len(outcomes))


def _unknown(rehearsed: Sequence[Rehearsed], left_out: Iterable[LeftOut], *, is_job: bool, most: int) -> int:
    """As how many faults those count that could not be rehearsed; where none was to compare with, all there are."""
    number = sum(each.is_job is is_job and each.is_owed for each in left_out)
    planted = sum(len(each.faults) for each in rehearsed)
    # Rounded up, in whole faults a job.
    return number * (-(-planted // len(rehearsed)) if planted else most)


def _slips(rehearsal: Rehearsal) -> Iterable[Slip]:
    ids: dict[tuple[str, str, bool], tuple[list[str], list[str]]] = {}
    for each in (*rehearsal.schedulers, *rehearsal.jobs):
        for fault in each.faults:
            if fault.outcome is Outcome.SLIPS:
                said = str(fault.fault), fault.cure or "", fault.is_avoidable
                ids.setdefault(said, ([], []))[each.is_job].append(each.subject.id)
    for (name, cure, is_avoidable), (schedulers, jobs) in ids.items():
        yield Slip(
            fault=name,
            cure=cure,
            is_avoidable=is_avoidable,
            schedulers=tuple(dict.fromkeys(schedulers)),
            jobs=tuple(dict.fromkeys(jobs)),
            # Of a job with several outputs it may be said once for each.
            number=len(schedulers) + len(jobs),
        )
