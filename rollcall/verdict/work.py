"""Which of the files that a run left are its work?"""

from rollcall.evidence import FileSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.verdict import usual
from rollcall.verdict.case import Case


def files_of_the_run(case: Case, number: int | None = None) -> tuple[FileSeen, ...]:
    """Those of the files it left that are its work, newest first; `number` is how many those are, where that is known.

    Who has not asked for that number may leave it out.
    """
    number = number or usual.number_of_files(case)
    return _of_the_deciding_run(case) if number is None else _newest_of_each_kind(case, number)


def _of_the_deciding_run(case: Case) -> tuple[FileSeen, ...]:
    """The files of the run; where it was begun more than once, those that the attempt left which decides."""
    attempts, made = case.attempts, case.made
    began_at = attempts.deciding.started_at if attempts.deciding else None
    if began_at is None or len(attempts.begun) + len(attempts.others) < 2:
        return made
    return tuple(each for each in made if each.modified_at >= began_at - EARLY_TOLERANCE) or made[:1]


def _newest_of_each_kind(case: Case, number: int) -> tuple[FileSeen, ...]:
    """As many as a run leaves, the newest; only a newer one of its own kind takes the place of another.

    Where no earlier file is of a kind with one of them, what its wildcards stand for is no kind, and changes each time.
    """
    path, made = case.seen.declared.names, case.made
    if len(made) <= number:
        return made
    newest = {path.kind_of(each.name): each for each in reversed(made)}
    before = {path.kind_of(each.name) for each in case.made_before}
    if before and not before & newest.keys():
        return made[:number]
    return tuple(each for place, each in enumerate(made) if place < number or each in newest.values())
