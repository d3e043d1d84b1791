"""Is an output whole: a regular file, large enough, readable as its format, and says what it must?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from rollcall.evidence import FileSeen, NotSeen
from rollcall.roll.due_run import DueRun
from rollcall.roll.formats import ANY
from rollcall.roll.output import Output
from rollcall.schedule.answers import last_due
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import clean, counted, listed, show_size
from rollcall.verdict import show
from rollcall.verdict.findings import Check, Finding, broken, cannot_tell, noted, ok, pending
from rollcall.verdict.witnesses import Witnesses
from rollcall.vocabulary import CauseCode, Verdict

_INSTANT = timedelta(microseconds=1)
_RUNS_COMPARED, _LEAST_ALIKE = 3, 2
_FILES_OF_TWO = 4
# What a disk without room makes of an output.
_OF_A_FULL_DISK = frozenset({CauseCode.EMPTY_OUTPUT, CauseCode.TRUNCATED_OUTPUT})


def output_is_whole(seen: Witnesses, run: DueRun, exists: Finding) -> Finding:
    """The file is a regular file, large enough, parses as its format, and says what it must."""
    check, output = Check.OUTPUT_IS_WHOLE, declared(seen)
    expected = _wholeness(output)
    if exists.needs_a_person:
        return cannot_tell(check, expected, exists)
    made = seen.made_by(run)
    if not made:
        return replace(exists, check=check, expected=expected)
    full = full_disk(seen)
    files = _files_of_a_run(seen, run)
    of_run = made[: files or 1]
    flaws = ((each, flaw_of(each, output) or _repetition(each, seen, run)) for each in of_run)
    file, flaw = next(((each, flaw) for each, flaw in flaws if flaw), (made[0], None))
    if flaw is None and files and len(made) < files:
        return _incomplete(check, expected, files, made, seen, run)
    if flaw is None and exists.verdict is Verdict.PENDING:
        return replace(exists, check=check, expected=expected)
    if flaw is None:
        return _is_kept(check, expected, made[0], full)
    verdict, code, says = flaw
    because = f"its output {file.name} {says}"
    if full and code in _OF_A_FULL_DISK:
        code, because = CauseCode.DISK_FULL, f"{because}{full}"
    return broken(check, verdict, code, expected=expected, found=says, because=because)


def _files_of_a_run(seen: Witnesses, run: DueRun) -> int | None:
    """How many files a run leaves: as declared, else as many as earlier runs left alike; None where nobody can tell."""
    output, job = declared(seen), seen.job
    if output.files or output.is_one_file or seen.floats:
        return output.files
    if len(seen.files) <= _FILES_OF_TWO:
        return None  # no two earlier runs can have left several
    left, following = [], run.due_at
    for _ in range(_RUNS_COMPARED):
        before = last_due(as_scheduled(job.schedule), following - _INSTANT)
        if before is None:
            break
        left.append(len(seen.made_by(job.due_run(before, following))))
        following = before
    known = [count for count in left if count]
    return known[0] if len(known) >= _LEAST_ALIKE and len(set(known)) == 1 else None


def _is_kept(check: Check, expected: str, file: FileSeen, full: str) -> Finding:
    """A disk that is nearly full is no failure of a job that did its work; its next output may be cut off."""
    found = f"{file.name}, {show_size(file.size)}"
    if not full:
        return ok(check, expected, found)
    because = f"its output {file.name} is whole{full}: the next may be cut off"
    return noted(check, CauseCode.DISK_FULL, expected=expected, found=found, because=because)


def _incomplete(
    check: Check, expected: str, files: int, made: Sequence[FileSeen], seen: Witnesses, run: DueRun
) -> Finding:
    """Fewer files than a run leaves: it may still write the others, or they are missing."""
    found = f"{counted(len(made), 'file')} of {files}"
    if seen.now < run.finish_by:
        return pending(check, expected, f"{found} so far, and it is inside its time")
    names = listed([each.name for each in reversed(made)], 4)
    because = f"{show.due(run, seen.job)}; it left {found}: {names}"
    code = CauseCode.INCOMPLETE_OUTPUT
    return broken(check, Verdict.BAD_OUTPUT, code, expected=expected, found=found, because=because)


def _repetition(file: FileSeen, seen: Witnesses, run: DueRun) -> tuple[Verdict, CauseCode, str] | None:
    """The same content as the output of the run before, where the job declares that its output must change."""
    if not declared(seen).must_change:
        return None
    before = next((each for each in seen.files if each.made_at < run.begins_at), None)
    if before is None or before.size != file.size:
        return None
    if not (file.content and before.content and file.content.sha256 and before.content.sha256):
        says = f"could not be held against {before.name}, the output of the run before: not read"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if file.content.sha256 != before.content.sha256:
        return None
    says = f"holds exactly what {before.name} of the run before holds"
    return Verdict.BAD_OUTPUT, CauseCode.DUPLICATE_OUTPUT, says


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


def flaw_of(file: FileSeen, output: Output) -> tuple[Verdict, CauseCode, str] | None:
    if not file.is_regular:
        says = "is not a regular file (a folder, a pipe or a link that leads nowhere)"
        return Verdict.BAD_OUTPUT, CauseCode.OUTPUT_UNREADABLE, says
    if file.size == 0:
        return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT, "is empty (0 B)"
    if file.size < output.min_size:
        says = f"has {show_size(file.size)}, less than min_size = {show_size(output.min_size)}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if file.unreadable:
        says = f"could not be read: {file.unreadable}"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if output.reads_as == ANY:
        return None
    return _content_flaw(file, output)


def _content_flaw(file: FileSeen, output: Output) -> tuple[Verdict, CauseCode, str] | None:
    content = file.content
    if content is None:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, "was not read, so it cannot be told to be whole"
    if content.flaw:
        says = f"does not read as {output.reads_as}: {content.flaw}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    found = content.found
    missing = [text for text in output.must_contain if not found.get(text)]
    fallback = [text for text in output.must_not_contain if found.get(text, True)]
    if unasked := [text for text in missing + fallback if text not in found]:
        says = f"was not searched for {_quoted(unasked)}"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if fallback:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"holds the fallback text {_quoted(fallback)}"
    if missing:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"lacks {_quoted(missing)}"
    return None


def full_disk(seen: Witnesses) -> str:
    """After what is wrong with an output: how little room its disk has; empty where it has enough, or nobody knows."""
    output = seen.output
    if isinstance(output, NotSeen) or output is None or output.free_bytes is None:
        return ""
    wanted = output.room_wanted(declared(seen).min_size)
    if output.free_bytes >= wanted:
        return ""
    folder = clean(str(declared(seen).folder))
    of_all = f" of {show_size(output.total_bytes)}" if output.total_bytes else ""
    return f"; the disk of {folder} has {show_size(output.free_bytes)} free{of_all}, less than {show_size(wanted)}"


def declared(seen: Witnesses) -> Output:
    assert seen.declared is not None
    return seen.declared
