"""Is an output whole: a regular file, large enough, readable as its format, and says what it must?"""

from collections.abc import Sequence
from datetime import timedelta

from rollcall.evidence import FileSeen, OutputSeen
from rollcall.roll.formats import ANY
from rollcall.roll.output import Output
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import clean, counted, listed, show_size
from rollcall.verdict import show
from rollcall.verdict.case import Case, made_for
from rollcall.verdict.findings import Check, Finding, Promise
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_INSTANT = timedelta(microseconds=1)
_RUNS_COMPARED, _LEAST_ALIKE = 3, 2
_FILES_OF_TWO = 4
# What a disk without room makes of an output.
_OF_A_FULL_DISK = frozenset({CauseCode.EMPTY_OUTPUT, CauseCode.TRUNCATED_OUTPUT})
# What is wrong with a file: the verdict, its cause, and in words after "its output NAME".
_Flaw = tuple[Verdict, CauseCode, str]


def output_is_whole(case: Case, exists: Finding) -> Finding:
    """The file is a regular file, large enough, parses as its format, and says what it must."""
    output, made, full = case.seen.declared, case.made, full_disk(case.seen)
    promise = Promise(Check.OUTPUT_IS_WHOLE, _wholeness(output))
    if exists.needs_a_person:
        return promise.blocked(exists)
    if not made:
        return promise.as_of(exists)
    files = _files_of_a_run(case)
    for file in made[: files or 1]:
        if flaw := flaw_of(file, output) or _repetition(file, case):
            verdict, code, says = flaw
            is_cut = full and code in _OF_A_FULL_DISK
            because = f"its output {file.name} {says}{full if is_cut else ''}"
            return promise.broken(verdict, CauseCode.DISK_FULL if is_cut else code, says, because)
    if files and len(made) < files:
        found = f"{counted(len(made), 'file')} of {files}"
        if case.now < case.run.finish_by:
            return promise.pending(f"{found} so far, and it is inside its time")
        names = listed([each.name for each in reversed(made)], 4)
        because = f"{show.due(case.run, case.job)}; it left {found}: {names}"
        return promise.broken(Verdict.BAD_OUTPUT, CauseCode.INCOMPLETE_OUTPUT, found, because)
    if exists.verdict is Verdict.PENDING:
        return promise.as_of(exists)
    found = f"{made[0].name}, {show_size(made[0].size)}"
    if not full:
        return promise.kept(found)
    # A disk that is nearly full is no failure of a job that did its work.
    because = f"its output {made[0].name} is whole{full}: the next may be cut off"
    return promise.warned(CauseCode.DISK_FULL, found, because)


def _wholeness(output: Output) -> str:
    parts = [f"{output.files} files"] if output.files else []
    parts.append(f"at least {show_size(output.min_size)}")
    if output.reads_as != ANY:
        parts.append(f"readable as {output.reads_as}")
    if output.must_contain:
        parts.append(f"with {_quoted(output.must_contain)}")
    if output.must_not_contain:
        parts.append(f"without {_quoted(output.must_not_contain)}")
    if output.must_change:
        parts.append("other than that of the run before")
    return ", ".join(parts)


def _quoted(texts: Sequence[str]) -> str:
    return listed([f'"{clean(text, 60)}"' for text in texts], 4)


def _files_of_a_run(case: Case) -> int | None:
    """How many files a run leaves: as declared, else as many as earlier runs left alike; None where nobody can tell."""
    seen, output, job = case.seen, case.seen.declared, case.job
    # No two earlier runs can have left several, where there are so few.
    if output.files or output.is_one_file or seen.floats or len(seen.files) <= _FILES_OF_TWO:
        return output.files
    left: list[int] = []
    following = case.run.due_at
    while len(left) < _RUNS_COMPARED and (before := last_due(as_scheduled(job.schedule), following - _INSTANT)):
        left.append(len(made_for(job.due_run(before, following), seen)))
        following = before
    known = [count for count in left if count]
    return known[0] if len(known) >= _LEAST_ALIKE and len(set(known)) == 1 else None


def _repetition(file: FileSeen, case: Case) -> _Flaw | None:
    """The same content as the output of the run before, where the job declares that its output must change."""
    if not case.seen.declared.must_change:
        return None
    before = next((each for each in case.seen.files if each.made_at < case.run.begins_at), None)
    if before is None or before.size != file.size:
        return None
    if not (file.content and before.content and file.content.sha256 and before.content.sha256):
        says = f"could not be held against {before.name}, the output of the run before: not read"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if file.content.sha256 != before.content.sha256:
        return None
    return Verdict.BAD_OUTPUT, CauseCode.DUPLICATE_OUTPUT, f"holds exactly what {before.name} of the run before holds"


def flaw_of(file: FileSeen, output: Output) -> _Flaw | None:
    """What is wrong with one file; None where nothing is."""
    if not file.is_regular:
        says = "is not a regular file (a folder, a pipe or a link that leads nowhere)"
        return Verdict.BAD_OUTPUT, CauseCode.OUTPUT_UNREADABLE, says
    if file.size == 0:
        return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT, "is empty (0 B)"
    if file.size < output.min_size:
        says = f"has {show_size(file.size)}, less than min_size = {show_size(output.min_size)}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if file.unreadable:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, f"could not be read: {file.unreadable}"
    if output.reads_as == ANY:
        return None
    content = file.content
    if content is None:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, "was not read, so it cannot be told to be whole"
    if content.flaw:
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, f"does not read as {output.reads_as}: {content.flaw}"
    if unasked := [text for text in output.must_contain + output.must_not_contain if text not in content.found]:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, f"was not searched for {_quoted(unasked)}"
    if fallback := [text for text in output.must_not_contain if content.found[text]]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"holds the fallback text {_quoted(fallback)}"
    if missing := [text for text in output.must_contain if not content.found[text]]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"lacks {_quoted(missing)}"
    return None


def full_disk(seen: Witnesses) -> str:
    """After what is wrong with an output: how little room its disk has; empty where it has enough, or nobody knows."""
    output, declared = seen.output, seen.declared
    if not isinstance(output, OutputSeen) or output.free_bytes is None:
        return ""
    wanted = output.room_wanted(declared.min_size)
    if output.free_bytes >= wanted:
        return ""
    of_all = f" of {show_size(output.total_bytes)}" if output.total_bytes else ""
    folder, free = clean(str(declared.folder)), show_size(output.free_bytes)
    return f"; the disk of {folder} has {free} free{of_all}, less than {show_size(wanted)}"
