"""What do runs of a job usually leave, as far as earlier ones show?"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from statistics import median
from zoneinfo import ZoneInfo

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import DueRun
from rollcall.verdict.case import Case, done_at, first_showing
from rollcall.verdict.earlier import Known, runs_with_files

_RUNS_COMPARED, _LEAST_ALIKE = 3, 2
# What fewer runs left is no rule, be it of a weekday or of all.
LEAST_KNOWN = 3
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def number_of_files(case: Case) -> int | None:
    """How many files a run leaves: as declared, else as many as earlier runs left alike; None where nobody can tell."""
    if case.seen.declared.files:
        return case.seen.declared.files
    # What somebody made by hand in addition is no rule.
    left = [len(in_time(files, run, case)) for run, files in islice(runs_with_files(case), _RUNS_COMPARED)]
    left = [number for number in left if number]
    return left[0] if len(left) >= _LEAST_ALIKE and len(set(left)) == 1 else None


def in_time(files: Iterable[FileSeen], run: DueRun, case: Case) -> list[FileSeen]:
    """Those of the run that were made inside its time, or an hour later by clocks that autumn sets back."""
    zone, within = case.job.zone, []
    for each in files:
        at = done_at(each, run)
        again_at = first_showing(at, zone) if at else None
        if any(instant is not None and instant <= run.finish_by for instant in (at, again_at)):
            within.append(each)
    return within


def missing_names(case: Case) -> list[str]:
    """What each of the earlier runs left and this one did not: names, with each date as it is written in `path`.

    None where it left nothing that they left: a full backup on Sundays is no missing one of weekdays.
    """
    names = case.seen.declared.names
    if not names.has_wildcards:
        return []
    kinds = [{names.kind_of(each.name) for each in files} for _, files in islice(runs_with_files(case), _RUNS_COMPARED)]
    if len(kinds) < _LEAST_ALIKE:
        return []
    always, made = set.intersection(*kinds), {names.kind_of(each.name) for each in case.made}
    return sorted(always - made) if always & made else []


# How much -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """How much is usual: the median of the `runs` that show it, in words ("last 4 Thursdays")."""

    amount: float
    runs: str


def usual_of(known: Sequence[Known], due_at: datetime, zone: ZoneInfo) -> Usual | None:
    """What is usual for a run due then; None where too few earlier ones are known.

    Of those due on the same weekday where enough of them are known: a full backup is of Sundays. Where a day has
    several runs, of those due at the same time of the day: at night a shop sells little.
    """
    for alike, words in (*_alikes(known, due_at, zone), (_all, "runs")):
        own = alike(due_at)
        amounts = [each.amount for each in known if alike(each.due_at) == own]
        if len(amounts) >= LEAST_KNOWN:
            return Usual(amount=median(amounts), runs=f"last {len(amounts)} {words}")
    return None


def season_of(known: Sequence[Known], due_at: datetime, zone: ZoneInfo) -> Callable[[datetime], Hashable]:
    """By what runs differ that are otherwise alike: their weekday, or their time of the day where it has several."""
    return _alikes(known, due_at, zone)[-1][0]


def _alikes(
    known: Sequence[Known], due_at: datetime, zone: ZoneInfo
) -> tuple[tuple[Callable[[datetime], Hashable], str], ...]:
    """In which respects runs are alike, the nearest first, and in words those that are."""

    def weekday(at: datetime) -> Hashable:
        return at.astimezone(zone).weekday()

    def clock(at: datetime) -> Hashable:
        return f"{at.astimezone(zone):%H:%M}"

    of_weekday = _WEEKDAYS[due_at.astimezone(zone).weekday()]
    days = {each.due_at.astimezone(zone).date() for each in known}
    if 2 * len(known) < 3 * len(days):
        return ((weekday, of_weekday),)
    at_time = f"at {clock(due_at)}"
    return ((lambda at: (weekday(at), clock(at)), f"{of_weekday} {at_time}"), (clock, f"runs {at_time}"))


def _all(at: datetime) -> Hashable:
    return None
