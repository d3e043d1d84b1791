"""Is the output as large as it must be, and as it usually is, in bytes and in rows?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rollcall.evidence import FileSeen
from rollcall.roll.fields import Share
from rollcall.roll.output import Output
from rollcall.text import counted, show_size
from rollcall.verdict import earlier, show, trend
from rollcall.verdict.case import Case
from rollcall.verdict.earlier import Known
from rollcall.verdict.findings import Finding, Promise
from rollcall.verdict.usual import Usual, seasons_of, usual_of
from rollcall.verdict.work import files_of_the_run
from rollcall.vocabulary import CauseCode, Verdict

# A share of the usual amount: below it there is a warning without any setting.
_FAR_SMALLER = 0.1
# This near to the usual amount nothing is reported, and nothing more is computed.
_NEAR = 0.05
_AS_USUAL = (0.8, 1 + _NEAR)
# A limit that will be exceeded later than this is not worth a warning today.
_MOST_RUNS_AHEAD, _LONGEST_AHEAD = 60, timedelta(days=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much it left, of one `file` or all together, in "size" or "rows", and what earlier runs did, newest first.

    `whose` names the file, the entry or the table in a sentence.
    """

    of: str
    amount: int
    file: FileSeen
    whose: str
    known: tuple[Known, ...]
    usual: Usual | None

    @property
    def found(self) -> str:
        """ "527 B, 50 % of the usual 1.1 kB"."""
        shown = show_amount(self.amount, self.of)
        if self.usual is None:
            return shown
        percent = 100 * self.amount / self.usual.amount
        part = f"{percent:.0f} %" if percent >= 1 else "less than 1 %"
        return f"{shown}, {part} of the usual {show_amount(self.usual.amount, self.of)}"


def show_amount(amount: float, of: str) -> str:
    """An amount of bytes or rows as people write it."""
    return show_size(round(amount)) if of == "size" else counted(round(amount), "row")


def amounts_of(judged: Sequence[FileSeen], case: Case) -> tuple[Amount, ...]:
    """How much all the judged files are, and how much is usual: their size and, where they have any, their rows."""
    found = []
    sizes = [each.size for each in judged]
    rows = [each.content.rows if each.content else None for each in judged]
    # A log that is appended to has no usual size.
    grows = case.seen.declared.last_line is not None
    if judged and None not in sizes:
        size = sum(each for each in sizes if each is not None)
        found.append(_amount("size", size, judged[0], () if grows else earlier.sizes(case)[earlier.ALL], case))
    if judged and None not in rows:
        total = sum(each for each in rows if each is not None)
        found.append(_amount("rows", total, judged[0], () if grows else earlier.rows(case), case))
    return tuple(found)


def _amount(of: str, amount: int, file: FileSeen, known: tuple[Known, ...], case: Case) -> Amount:
    usual = usual_of(known, case.run.due_at, case.job.zone)
    whose = show.output(file, case.seen.declared, case.job)
    return Amount(of=of, amount=amount, file=file, whose=whose, known=known, usual=usual)


def beyond_limits(promise: Promise, amounts: Sequence[Amount], output: Output) -> Finding | None:
    """That it is less than it must be, or more than it may be, by the limits for all its files together."""
    by_kind = {each.of: each for each in amounts}
    for of in ("size", "rows"):
        least, most = output.limits(of)
        if (each := by_kind.get(of)) is None:
            if least is None and most is None:
                continue
            found = f"its {'size' if of == 'size' else 'number of rows'} is not known"
            because = f"{found}, so it cannot be compared with {'min' if least is not None else 'max'}_{of}"
            return promise.broken(Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, found, because)
        usual = each.usual.amount if each.usual else None
        if (bound := _bound(least, usual)) is not None and each.amount < bound:
            code = CauseCode.SHRUNKEN_OUTPUT
            if not isinstance(least, Share):
                code = CauseCode.TRUNCATED_OUTPUT if each.amount else CauseCode.EMPTY_OUTPUT
            return _broken(promise, code, each, f"less than min_{each.of} = {least}", least)
        if (bound := _bound(most, usual)) is not None and each.amount > bound:
            return _broken(promise, CauseCode.GROWN_OUTPUT, each, f"more than max_{each.of} = {most}", most)
    return None


def _bound(limit: int | Share | None, usual: float | None) -> float | None:
    if isinstance(limit, Share):
        return None if usual is None else limit.part * usual
    return limit


def _broken(promise: Promise, code: CauseCode, amount: Amount, limit: str, by: int | Share | None) -> Finding:
    found = amount.found if isinstance(by, Share) else f"{show_amount(amount.amount, amount.of)}"
    of_data = "" if isinstance(by, Share) or amount.of == "size" else " of data"
    because = f"{amount.whose} has {found}{of_data}, {limit}"
    return replace(promise.broken(Verdict.BAD_OUTPUT, code, found, because), file=amount.file.name)


def unlike_usual(promise: Promise, amounts: Sequence[Amount], judged: Sequence[FileSeen], case: Case) -> Finding | None:
    """The warning that it is far less than usual, shrinks, or will soon be more than it may be; else None."""
    for each in (*amounts, *_of_each_kind(judged, case)):
        if each.usual and each.amount < _FAR_SMALLER * each.usual.amount and not _is_a_small_one_of_many(each, case):
            return _warned(promise, CauseCode.SHRUNKEN_OUTPUT, each, f"{each.whose} has {each.found}")
    for each in amounts:
        if falling := _falling(each, case):
            return _warned(promise, CauseCode.SHRINKING_OUTPUT, each, falling)
        if growing := _growing(each, case):
            return _warned(promise, CauseCode.GROWING_OUTPUT, each, growing)
    return None


def noteworthy(case: Case) -> str:
    """ "527 B, usually 420 B (last 4 Thursdays)", of an amount that stands out or grows from run to run; else ""."""
    for number in range(len(case.seen.outputs)):
        of_output = case.of_output(number)
        for each in amounts_of(files_of_the_run(of_output), of_output):
            if each.usual is None or not each.amount or _AS_USUAL[0] <= each.amount / each.usual.amount <= _AS_USUAL[1]:
                continue
            _, changes = _series(each.known, each.amount, case)
            grows = bool(trend.fall([-change for change in changes]))
            if grows or trend.stands_out(changes):
                usually = f"usually {show_amount(each.usual.amount, each.of)} ({each.usual.runs})"
                shown = f"{show_amount(each.amount, each.of)}, {usually}"
                whose = f"{each.file.name}: " if len(case.seen.outputs) > 1 else ""
                return f"{whose}{shown}{', and it grows from run to run' if grows else ''}"
    return ""


def _is_a_small_one_of_many(amount: Amount, case: Case) -> bool:
    """True where an earlier run of this weekday left as little; too few are known to say what is usual on it."""
    if amount.usual is None or not amount.usual.is_of_all:
        return False
    *earlier_ones, now = seasons_of([*(each.due_at for each in amount.known), case.run.due_at], case.job.zone)
    most = _FAR_SMALLER * amount.usual.amount
    return any(each.amount < most for each, season in zip(amount.known, earlier_ones, strict=True) if season == now)


def _warned(promise: Promise, code: CauseCode, amount: Amount, because: str) -> Finding:
    return replace(promise.warned(code, amount.found, because), file=amount.file.name)


def _of_each_kind(judged: Sequence[FileSeen], case: Case) -> Iterator[Amount]:
    """Each of several files, to be compared with earlier files of its kind."""
    output = case.seen.declared
    if len(judged) < 2 or output.last_line:
        return
    sizes = earlier.sizes(case)
    for each in judged:
        if each.size is None:
            continue
        yield _amount("size", each.size, each, sizes.get(output.names.kind_of(each.name), ()), case)


def _falling(amount: Amount, case: Case) -> str:
    """The sentence that it shrank, suddenly or from run to run; "" where it did not."""
    if amount.usual is None or not 0 < amount.amount < (1 - _NEAR) * amount.usual.amount:
        return ""
    amounts, changes = _series(amount.known, amount.amount, case)
    found = f"{amount.whose} has {amount.found} ({amount.usual.runs})"
    if trend.fell_suddenly(amounts, changes):
        return found
    if trend.fall(changes):
        return f"{found}, and it shrinks from run to run"
    return ""


def _growing(amount: Amount, case: Case) -> str:
    """The sentence that at its pace it will soon be more than it may be; "" where it will not."""
    _, most = case.seen.declared.limits(amount.of)
    if amount.of == "size" and amount.amount == amount.file.size:
        # One file: its absolute limit is of each.
        most = case.seen.declared.most_size
    if amount.usual is None or not isinstance(most, int):
        return ""
    if (when := beyond_at(most, amount.amount, amount.known, amount.usual, case)) is None:
        return ""
    limit, usually = show_amount(most, amount.of), show_amount(amount.usual.amount, amount.of)
    shown = show_amount(amount.amount, amount.of)
    return f"its outputs grow: {shown} of at most {limit}, usually {usually}; at this pace it exceeds that on {when}"


def beyond_at(most: float, amount: float, known: Sequence[Known], usual: Usual, case: Case) -> str | None:
    """The day on which it will be more than `most`, at the pace at which it steadily grows; None of one far off."""
    if amount <= (1 + _NEAR) * usual.amount:
        return None
    amounts, changes = _series(known, amount, case)
    if not trend.fall([-each for each in changes]):
        return None
    ahead = trend.runs_until(most, amounts)
    if ahead is None or ahead > _MOST_RUNS_AHEAD:
        return None
    due_at: datetime | None = case.run.due_at
    for _ in range(ahead):
        due_at = case.job.schedule.next_due(due_at) if due_at else None
    return show.day(due_at, case.job) if due_at and due_at < case.run.due_at + _LONGEST_AHEAD else None


def _series(known: Sequence[Known], amount: float, case: Case) -> tuple[list[float], list[float]]:
    """All amounts, oldest first and this one last, and how they differ when their season is taken out of them."""
    due_at, zone = case.run.due_at, case.job.zone
    whole = [*reversed(known), Known(due_at, amount)]
    amounts = [each.amount for each in whole]
    if len(whole) < 2:
        return amounts, [0.0] * len(amounts)
    return amounts, trend.unseasonal(amounts, seasons_of([each.due_at for each in whole], zone))
