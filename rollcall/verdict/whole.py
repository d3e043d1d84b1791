"""Is an output whole: a regular file, large enough, readable as its format, and says what it must?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from rollcall.evidence import FileSeen, OutputSeen
from rollcall.roll.due_run import EARLY_TOLERANCE
from rollcall.roll.fields import Share
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.text import clean, counted, listed, show_size
from rollcall.times import show_span
from rollcall.verdict import show, usual
from rollcall.verdict.amount import amounts_of, beyond_limits, unlike_usual
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.flaws import Flawed, flaw_of, quoted
from rollcall.verdict.proven import flaw_of_proof, shown_proof, warning_of_proof
from rollcall.verdict.witnesses import Witnesses
from rollcall.verdict.work import files_of_the_run
from rollcall.vocabulary import CauseCode, Verdict

_NO_TIME = timedelta(0)
# A file that was written so long ago is not being written.
_SETTLED_AFTER = timedelta(seconds=10)
# What a disk without room makes of an output.
_OF_A_FULL_DISK = frozenset({CauseCode.EMPTY_OUTPUT, CauseCode.TRUNCATED_OUTPUT})


def output_is_whole(case: Case, exists: Finding) -> Finding:
    """Each file of the run is there, large enough, reads as its format, and says what it must."""
    output, made, full = case.seen.declared, case.made, full_disk(case.seen)
    promise = Promise(Check.OUTPUT_IS_WHOLE, _wholeness(output))
    if exists.needs_a_person:
        return promise.blocked(exists)
    if not made:
        return promise.as_of(exists)
    number = usual.number_of_files(case)
    judged = files_of_the_run(case, number)
    for file in judged:
        if writing := _still_written(promise, file, case):
            return writing
        if flaw := _heavier(flaw_of(file, output) or _repetition(file, case), flaw_of_proof(file, case)):
            verdict, code, says = flaw
            is_cut = full and code in _OF_A_FULL_DISK
            because = f"{show.output(file, output, case.job)} {says}{full if is_cut else ''}"
            finding = promise.broken(verdict, CauseCode.DISK_FULL if is_cut else code, says, because)
            return replace(finding, file=file.name)
    if lacks := _lacking(case, number):
        if case.now < case.run.finish_by:
            return promise.pending(f"{lacks} so far, and it still has time")
        if unlooked := case.seen.unlooked:
            because = f"it left {lacks}, and the others may be where nobody could look: {unlooked}"
            return promise.broken(Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, lacks, because)
        because = f"{show.due(case.run, case.job)}; it left {lacks}"
        return promise.broken(Verdict.BAD_OUTPUT, CauseCode.INCOMPLETE_OUTPUT, lacks, because)
    if exists.verdict is Verdict.PENDING:
        return promise.as_of(exists)
    # Of what is not all there, less is no wonder.
    amounts = amounts_of(judged, case)
    if beyond := beyond_limits(promise, amounts, output):
        return beyond
    found = f"{made[0].shown}{shown_proof(made[0], case)}"
    if made[0].content and (by := made[0].content.encrypted_by):
        # Without `open` nothing more is claimed of it.
        found += f", encrypted by {by}: header and size only"
    if full:
        # A disk that is nearly full is no failure of a job that did its work.
        because = f"its output {made[0].name} is complete{full}: the next may be cut off"
        return promise.warned(CauseCode.DISK_FULL, found, because)
    of_proof = warning_of_proof(promise, judged, found, case)
    return of_proof or unlike_usual(promise, amounts, judged, case) or promise.kept(found)


def _heavier(flaw: Flawed | None, of_proof: Flawed | None) -> Flawed | None:
    """What is proven of a file before what nobody can tell."""
    if flaw and of_proof and flaw[0] is Verdict.UNKNOWN and of_proof[0] is not Verdict.UNKNOWN:
        return of_proof
    return flaw or of_proof


def _still_written(promise: Promise, file: FileSeen, case: Case) -> Finding | None:
    """That nobody can tell yet whether a file is whole: it grows, or is only just there."""
    age = case.now - file.modified_at
    is_young = -EARLY_TOLERANCE <= age < _SETTLED_AFTER
    if not (file.grew or is_young) or _is_called_whole(file, case):
        return None
    if file.grew and case.now >= case.run.finish_by:
        found = f"{file.name} is still being written"
        because = f"{show.due(case.run, case.job)}; its output {found}: it grew while it was looked at"
        return promise.broken(Verdict.STUCK, CauseCode.STILL_RUNNING, found, because)
    since = "it grew while it was looked at" if file.grew else f"it was written {show_span(max(age, _NO_TIME))} ago"
    return promise.pending(f"its output {file.name} may still be being written: {since}")


def _is_called_whole(file: FileSeen, case: Case) -> bool:
    """True where a record, or an end that half of it would lack, says that nothing is to come."""
    output, content = case.seen.declared, file.content
    if case.ended_at is not None and file.modified_at <= case.ended_at + EARLY_TOLERANCE:
        return True
    if file.grew or content is None or content.flaw or content.unread:
        return False
    if output.ends_with or output.last_line:
        return flaw_of(file, output) is None
    return content.marks_its_end


def _lacking(case: Case, number: int | None) -> str:
    """What other runs left and this one did not; "" where nothing is."""
    made = case.made
    if number and len(made) < number:
        kind, names = case.seen.declared.kind, [each.name for each in reversed(made)]
        return f"{counted(len(made), kind.one, kind.many)} of {number}: {listed(names, 4)}"
    if missing := usual.missing_names(case):
        return f"no {listed(missing, 4)}, as earlier runs did"
    return ""


def _wholeness(output: Output) -> str:
    parts = [f"{output.files} files"] if output.files else []
    parts += _bounds(output)
    if output.format:
        parts.append(f"readable as {output.format}")
    if output.must_contain:
        parts.append(f"with {quoted(output.must_contain)}")
    if output.must_not_contain:
        parts.append(f"without {quoted(output.must_not_contain)}")
    if output.must_hold:
        parts.append(f"that meets {quoted(output.must_hold)}")
    if output.must_have:
        parts.append(f"with {quoted(output.must_have)} inside")
    if output.ends_with:
        parts.append(f"ending with {quoted([output.ends_with])}")
    if output.last_line:
        parts.append(f"its last line {quoted([output.last_line.pattern])}")
    if output.verify:
        parts.append("passing its verify")
    if output.must_change:
        parts.append("other than that of the run before")
    return ", ".join(parts) or f"any {output.kind.one}"


def _bounds(output: Output) -> Iterator[str]:
    """ "at least 200 B", "at most 300 % of usual", "of at least 10 rows"."""
    for word, size, rows in (("least", output.min_size, output.min_rows), ("most", output.max_size, output.max_rows)):
        # Of what is listed without a size none is asked.
        if size is not None and (size != 1 or output.kind is Kind.FILES or output.size):
            yield f"at {word} {size if isinstance(size, Share) else show_size(size)}"
        if rows is not None:
            yield f"of at {word} {f'{rows} rows' if isinstance(rows, Share) else counted(rows, 'row')}"


def _repetition(file: FileSeen, case: Case) -> Flawed | None:
    """The same content as the output of the run before, where the job declares that its output must change."""
    if not case.seen.declared.must_change:
        return None
    path = case.seen.declared.names
    earlier = [each for each in case.seen.files if each.made_at < case.run.begins_at]
    of_its_kind = (each for each in earlier if path.kind_of(each.name) == path.kind_of(file.name))
    before = next(of_its_kind, earlier[0] if earlier else None)
    if before is None or before.size != file.size:
        return None
    if not (file.content and before.content and file.content.sha256 and before.content.sha256):
        says = f"could not be compared with {before.name}, the output of the run before: not read"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if file.content.sha256 != before.content.sha256:
        return None
    return Verdict.BAD_OUTPUT, CauseCode.DUPLICATE_OUTPUT, f"is identical to {before.name} of the run before"


def full_disk(seen: Witnesses) -> str:
    """After what is wrong with an output: how little room its disk has; empty where it has enough, or nobody knows."""
    output, declared = seen.output, seen.declared
    if not isinstance(output, OutputSeen) or output.free_bytes is None:
        return ""
    wanted = output.room_wanted(declared.least_size)
    if output.free_bytes >= wanted:
        return ""
    of_all = f" of {show_size(output.total_bytes)}" if output.total_bytes else ""
    folder, free = clean(str(declared.folder)), show_size(output.free_bytes)
    return f"; the disk of {folder} has {free} free{of_all}, less than {show_size(wanted)}"
