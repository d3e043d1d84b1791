"""What do runs of a job usually leave, as far as earlier ones show?"""

from collections.abc import Hashable, Iterable, Sequence
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
    """How much is usual: the median of the `runs` that show it, in words ("last 4 Thursdays").

    `is_of_all` is True where those are of whatever weekday and time of the day.
    """

    amount: float
    runs: str
    is_of_all: bool


def usual_of(known: Sequence[Known], due_at: datetime, zone: ZoneInfo) -> Usual | None:
    """What is usual for a run due then; None where too few earlier ones are known.

    Of those due on the same weekday where enough of them are known: a full backup is of Sundays. Where a day has
    several runs, of those due at the same time of the day: at night a shop sells little.
    """
    if len(known) < LEAST_KNOWN:
        return None
    due, clocks = due_at.astimezone(zone), [each.due_at.astimezone(zone) for each in known]
    weekday, time = due.weekday(), (due.hour, due.minute)
    amounts = [each.amount for each in known]
    of_weekday = [number for number, at in enumerate(clocks) if at.weekday() == weekday]
    alike = [(of_weekday, _WEEKDAYS[weekday]), (range(len(known)), "runs")]
    if _are_several_a_day(clocks):
        at_time = [number for number, at in enumerate(clocks) if (at.hour, at.minute) == time]
        both = sorted({*of_weekday} & {*at_time})
        words = f"at {due:%H:%M}"
        alike = [(both, f"{_WEEKDAYS[weekday]} {words}"), (at_time, f"runs {words}"), alike[-1]]
    own, words = next((numbers, words) for numbers, words in alike if len(numbers) >= LEAST_KNOWN)
    middle = median(amounts[number] for number in own)
    return Usual(amount=middle, runs=f"last {len(own)} {words}", is_of_all=words == "runs")


def seasons_of(due_ats: Sequence[datetime], zone: ZoneInfo) -> list[Hashable]:
    """By what each of these runs differs from others: its weekday, or its time of the day where it has several."""
    clocks = [at.astimezone(zone) for at in due_ats]
    if _are_several_a_day(clocks):
        return [(at.hour, at.minute) for at in clocks]
    return [at.weekday() for at in clocks]


def _are_several_a_day(clocks: Sequence[datetime]) -> bool:
    return 2 * len(clocks) >= 3 * len({at.toordinal() for at in clocks})
