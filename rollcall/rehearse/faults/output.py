"""What can go wrong with the file of a run: not made, empty, cut, without what it is for, not to be read?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from rollcall.evidence import Content, FileSeen, Flaw, NotSeen, Outcome, OutputSeen
from rollcall.outputs.compression import NAMES
from rollcall.rehearse import advice
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.rehearse.faults.kinds import JobFault
from rollcall.rehearse.packing import MOST_UNPACKED, cut, packed, unpacked
from rollcall.roll.doubts import takes_everything
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.roll.formats import find_format
from rollcall.roll.output_rules import Kind
from rollcall.text import show_size
from rollcall.verdict import usual
from rollcall.verdict.amount import amounts_of
from rollcall.vocabulary import CauseCode

_A_MOMENT, _A_MINUTE, _DAYS_AHEAD = timedelta(seconds=2), timedelta(minutes=1), timedelta(days=2)
# So many runs before it show what is usual.
_LEAST_ALIKE = 2


def _of_a_file(plant: Callable[[EvidenceCopy], EvidenceCopy | None]) -> Callable[[EvidenceCopy], EvidenceCopy | None]:
    """A fault that needs a file of the run to happen to."""
    return lambda copy: plant(copy) if copy.made and copy.declared.kind is Kind.FILES else None


def _of_any(plant: Callable[[EvidenceCopy], EvidenceCopy | None]) -> Callable[[EvidenceCopy], EvidenceCopy | None]:
    """A fault of whatever the run left: a file, a row or an entry."""
    return lambda copy: plant(copy) if copy.made else None


def _no_file_by_itself(copy: EvidenceCopy) -> EvidenceCopy | None:
    """No record says that it ran, and the file of the run before is there."""
    without = copy.without_made()
    return without if not copy.tells("runs") and without.files else None


def _restored(copy: EvidenceCopy) -> EvidenceCopy | None:
    """The file of the run before, to which a checkout, a copy or a restore gave the time of this one."""
    if copy.to_previous is None:
        return None
    newest = copy.made[0]
    assumed, earlier = copy.of_before(newest), copy.earlier
    is_there = bool(earlier) and earlier[0].stamp_at is not None and earlier[0].made_at >= assumed.made_at - _A_MINUTE
    before = replace(earlier[0], content=earlier[0].content or newest.content) if is_there else assumed
    old = replace(before, modified_at=newest.modified_at)
    return copy.with_files(old, *(each for each in earlier if each.name not in (old.name, before.name)))


def _anothers(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Nothing of its own, and in its time a file of something else, which its path takes and says other things."""
    others = [each for each in copy.made if each.name in copy.of_others]
    if not others and takes_everything(copy.declared):
        newest = copy.made[0]
        content = newest.content
        if content:
            found = dict.fromkeys(content.found, False)
            content = replace(content, found=found, sha256=content.sha256[::-1], head="", tail="")
        name = str(PurePath(newest.name).with_stem("of-something-else"))
        others = [replace(newest, name=name, content=content)]
    return copy.with_files(*others, *copy.earlier) if others else None


def _emptied(copy: EvidenceCopy) -> EvidenceCopy:
    return copy.with_newest(size=0, content=None)


def _packed_nothing(copy: EvidenceCopy) -> EvidenceCopy | None:
    """A shell without `pipefail` turns a dump that failed into a whole gzip of nothing, which has 20 bytes."""
    content = copy.made[0].content
    if content is None or not content.read_as.endswith(NAMES):
        return None
    name = content.read_as.rpartition(" ")[2]
    flaw = Flaw(CauseCode.EMPTY_OUTPUT, f"is empty inside: the {name} of nothing")
    return copy.with_newest(size=20, content=Content(read_as=name, flaw=flaw, size=0))


def _halved(copy: EvidenceCopy) -> EvidenceCopy:
    """Half of its bytes. What is known of them is what the head shows, and that some formats mark their end."""
    if copy.data:
        return copy.with_data(cut(copy.data, max(len(copy.data) // 2, 1)))
    newest, content = copy.made[0], copy.made[0].content
    size = max((newest.size or 0) // 2, 1)
    if content:
        head = content.head.encode()[:size].decode(errors="ignore")
        # A text that was seen beyond the half, and not before, is cut off; what nobody saw is not said to be lost.
        cut_off = {text for text in content.found if text not in head and text in content.head + content.tail}
        found = {text: was and text not in cut_off for text, was in content.found.items()}
        # The other formats may be cut where no parser notices.
        breaks_off = Flaw(CauseCode.TRUNCATED_OUTPUT, "breaks off after half of its bytes")
        flaw = breaks_off if _marks_its_end(content, copy) else content.flaw
        has_end = None if content.has_end is None else False
        last_line, is_last = content.last_line, copy.declared.last_line
        if last_line is not None:
            last_line = next(reversed(head.splitlines()), "")
        fits = None if last_line is None or is_last is None else is_last.search(last_line) is not None
        content = replace(content, flaw=flaw, found=found, sha256="", head=head, tail="")
        content = replace(content, has_end=has_end, last_line=last_line, last_line_fits=fits)
    return copy.with_newest(size=size, content=content)


def _marks_its_end(content: Content, copy: EvidenceCopy) -> bool:
    name = copy.declared.format
    return content.marks_its_end or (name is not None and find_format(name).marks_its_end)


def _half_packed(copy: EvidenceCopy) -> EvidenceCopy | None:
    """The dump was killed, and what packs it closed a whole archive around half of it."""
    if copy.data:
        name, inside = unpacked(copy.data, MOST_UNPACKED)
        is_whole = name is not None and len(inside) < MOST_UNPACKED
        return copy.with_data(packed(name, cut(inside, len(inside) // 2))) if is_whole else None
    content = copy.made[0].content
    if content is None or not content.read_as.endswith(NAMES):
        return None
    half = _halved(copy).made[0]
    assert half.content is not None
    flaw = half.content.flaw if copy.declared.format and find_format(copy.declared.format).marks_its_end else None
    return copy.with_newest(size=half.size, content=replace(half.content, flaw=flaw))


def _flawed(code: CauseCode, says: str) -> Callable[[EvidenceCopy], EvidenceCopy | None]:
    """As large as ever; what is inside shows only to who reads it."""

    def plant(copy: EvidenceCopy) -> EvidenceCopy | None:
        content = copy.made[0].content
        # What is known byte by byte is spoilt byte by byte.
        if content is None or not copy.declared.asks_for_content or copy.data or copy.made[0].is_folder:
            return None
        return copy.with_newest(content=replace(content, flaw=Flaw(code, says)))

    return plant


def _shrunken(copy: EvidenceCopy) -> EvidenceCopy | None:
    """A fiftieth of its size, and nothing else: the schema without its rows."""
    size, case = (copy.made[0].size or 0) // 50, copy.judged.case
    # A setting says more than what is usual, and with few runs nothing is.
    is_known = case is not None and any(each.usual for each in amounts_of(case.made, case) if each.of == "size")
    return copy.with_newest(size=size) if is_known and size > copy.declared.least_size else None


def _grown_too_large(copy: EvidenceCopy) -> EvidenceCopy | None:
    """More than it may be, where jobs.toml says how much that is."""
    most = copy.declared.most_size
    return copy.with_newest(size=2 * most) if most is not None else None


def _disproved(copy: EvidenceCopy) -> EvidenceCopy | None:
    """As readable as ever; its own proof alone says that it is not good, and that is not made every morning."""
    said = copy.made[0].verified
    if said is None or copy.declared.verify is None:
        return None
    return copy.with_newest(verified=replace(said, outcome=Outcome.FAILED, how="exit status 1", says="", code=None))


def _grown_beyond(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Larger than what is read of it, so that nobody knows what is in its middle."""
    newest, most = copy.made[0], copy.declared.read_up_to
    is_told_by_size = copy.declared.most_size is not None and copy.declared.most_size < 2 * most
    if newest.content is None or not copy.declared.asks_for_content or is_told_by_size or newest.is_folder:
        return None
    unread = f"only its ends were read: {show_size(2 * most)}, more than read_up_to = {show_size(most)}"
    content = replace(newest.content, unread=unread, found={}, rows=None, sha256="")
    return copy.with_newest(size=2 * most, content=content)


def _one_missing(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Where each run leaves several files, it left all but the newest."""
    made, case = copy.made, copy.judged.case
    is_of_several = case is not None and len(made) > 1 and usual.number_of_files(case) == len(made)
    return copy.with_files(*made[1:], *copy.earlier) if is_of_several else None


def _heartless(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Nothing of what it is for."""
    return _with_texts(copy, copy.declared.must_contain, are_there=False) if copy.is_text else None


def _with_texts(copy: EvidenceCopy, texts: tuple[str, ...], *, are_there: bool) -> EvidenceCopy:
    """As large and as readable as ever; only the texts that were declared can tell."""
    content = copy.made[0].content
    if content is None or not texts:
        return copy
    return copy.with_newest(content=replace(content, found={**content.found, **dict.fromkeys(texts, are_there)}))


def _repeated(copy: EvidenceCopy) -> EvidenceCopy | None:
    """What was read of the file before is what this one holds; where it was not read, nobody could see it."""
    newest, *others = copy.made
    content = newest.content or (copy.with_data(copy.data).made[0].content if copy.data else None)
    if not copy.earlier or content is None or newest.is_folder:
        return None
    before, *earlier = copy.earlier
    content = before.content or content
    again = replace(newest, size=before.size, content=content)
    return copy.with_files(again, *others, replace(before, content=content), *earlier)


def _without_room(copy: EvidenceCopy) -> EvidenceCopy:
    """Not one byte is left below its folder."""
    emptied = _emptied(copy)
    assert isinstance(emptied.outputs[0], OutputSeen)
    return emptied.with_output(replace(emptied.outputs[0], free_bytes=0))


def _twice(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Two workers ran it, a few seconds apart, each with a whole file of its own."""
    first, run, case = copy.made[-1], copy.run, copy.judged.case
    is_usual = case is not None and usual.number_of_files(case) is not None
    if not is_usual or first.stamp_at is None or first.made_at + _A_MOMENT > run.finish_by:
        return None
    second = copy.moved(first, _A_MOMENT)
    has_an_end = run.ends_at is None or run.finish_by < run.ends_at
    # A name that tells no more than the day is that of both, and the second overwrites the first.
    return copy.with_files(second, *copy.files) if has_an_end and second.name != first.name else None


def _dated_ahead(copy: EvidenceCopy) -> EvidenceCopy | None:
    """The clock that named its one file was days ahead."""
    newest = copy.made[0]
    ahead = copy.renamed(newest, newest.made_at + _DAYS_AHEAD) if newest.stamp_at else newest
    if len(copy.made) > 1 or ahead.made_at <= copy.at + LOOKING_TIME:
        return None
    return copy.with_files(ahead, *copy.earlier)


def _each_in_utc(copy: EvidenceCopy) -> EvidenceCopy | None:
    """It has counted in UTC for as long as anybody can see: each name tells its due time, and each mtime the truth."""
    run, files = copy.run, [replace(each, modified_at=_in_utc(each, copy)) for each in copy.files]
    is_exact = all(each.stamp_at is not None and each.stamp_until is None for each in files)
    if copy.tells("runs") or not is_exact or len(files) < _LEAST_ALIKE or copy.declared.names.tells_zone:
        return None
    is_in_time = run.begins_at <= files[0].modified_at <= run.finish_by
    was_in_time = abs(copy.files[0].modified_at - copy.files[0].made_at) <= _A_MINUTE
    return copy.with_files(*files) if was_in_time and not is_in_time and files[0].modified_at <= copy.at else None


def _in_utc(file: FileSeen, copy: EvidenceCopy) -> datetime:
    """When clocks in UTC show what the name of the file tells."""
    return file.made_at.astimezone(copy.job.zone_of(copy.declared)).replace(tzinfo=UTC)


def _once_in_utc(good: EvidenceCopy) -> datetime:
    """When its run by UTC is done as well."""
    return max([good.at, *(_in_utc(each, good) for each in good.made)])


def _named_in_utc(copy: EvidenceCopy) -> EvidenceCopy | None:
    """Its clock shows UTC since a deploy: the name of its one file tells UTC, and is read in the declared zone."""
    newest, output = copy.made[0], copy.declared
    at, is_late = newest.stamp_at, newest.made_at > copy.run.finish_by
    if at is None or newest.stamp_until is not None or is_late or len(copy.made) > 1 or output.names.tells_zone:
        return None
    read_at = at.astimezone(UTC).replace(tzinfo=copy.job.zone_of(output)).astimezone(UTC)
    if read_at == at or abs(newest.modified_at - at) > timedelta(minutes=1):
        return None
    return copy.with_files(copy.renamed(newest, read_at), *copy.earlier)


def _no_folder(copy: EvidenceCopy) -> EvidenceCopy:
    detail = f"{copy.declared.folder}: No such file or directory"
    return copy.with_output(NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=detail, looked_at=copy.at))


def _no_place(copy: EvidenceCopy) -> EvidenceCopy:
    detail = f"{copy.declared.folder_shown} did not answer in time"
    return copy.with_output(NotSeen(code=CauseCode.PLACE_DOWN, detail=detail, looked_at=copy.at))


def _no_host(copy: EvidenceCopy) -> EvidenceCopy | None:
    if copy.job.host is None:
        return None
    detail = f"host {copy.job.host} has left no evidence since"
    return copy.with_output(NotSeen(code=CauseCode.HOST_SILENT, detail=detail, looked_at=copy.at))


FAULTS = (
    JobFault("wrong-timezone (of its file's name)",
             "the name of its file has the time in UTC, but is read in the declared zone",
             _of_a_file(_named_in_utc)),
    JobFault("wrong-timezone (run after run)",
             "its container runs in UTC: each run is hours off, and each name has the declared time",
             _of_a_file(_each_in_utc), seen_at=_once_in_utc),
    JobFault("future-timestamp (of its file)", "the clock that named its file was days ahead",
             _of_a_file(_dated_ahead)),
    JobFault("success-without-output", "it reported success and wrote nothing",
             lambda copy: copy.without_made() if copy.tells("runs") else None, advice.for_no_output),
    JobFault("success-without-output (old file restored)",
             "it reported success and wrote nothing; a checkout gave yesterday's file the time of today",
             _of_a_file(lambda copy: _restored(copy) if copy.tells("runs") else None), advice.for_a_file_without_date),
    JobFault("stale-output", "its run was skipped, and the file of the run before is the newest",
             _of_any(_no_file_by_itself), advice.for_an_interval),
    JobFault("stale-output (old file restored)",
             "its run was skipped; a checkout gave yesterday's file the time of today",
             _of_a_file(lambda copy: None if copy.tells("runs") else _restored(copy)), advice.for_a_file_without_date),
    JobFault("success-without-output (file of something else)",
             "it reported success and wrote nothing; something else left a file that its path matches",
             _of_a_file(lambda copy: _anothers(copy) if copy.tells("runs") else None), advice.ADD_A_NARROW_PATH),
    JobFault("stale-output (file of something else)",
             "its run was skipped; something else left a file that its path matches",
             _of_a_file(lambda copy: None if copy.tells("runs") else _anothers(copy)), advice.ADD_A_NARROW_PATH),
    JobFault("empty-output", "its file was created and stayed empty", _of_a_file(_emptied)),
    JobFault("empty-output (nothing packed)",
             "the command that makes it failed, and the one that packs it did not: a complete archive of nothing",
             _of_a_file(_packed_nothing)),
    JobFault("truncated-output", "half of its file was written", _of_a_file(_halved), advice.for_a_half,
             is_tried=True),
    JobFault("truncated-output (half packed)",
             "the command that makes it was killed, and the one that packs it made a complete archive of half of it",
             _of_a_file(_half_packed), advice.for_a_half, is_tried=True),
    JobFault("corrupt-output", "its file is as large as usual, but cannot be read",
             _of_a_file(_flawed(CauseCode.CORRUPT_OUTPUT, "does not read"))),
    JobFault("wrong-encoding", "its file is in another encoding since it moved to another machine",
             _of_a_file(_flawed(CauseCode.WRONG_ENCODING, "is not UTF-8 at byte 18"))),
    JobFault("shrunken-output", "its file has a fiftieth of its size, but its form is complete",
             _of_a_file(_shrunken), is_warning=True),
    JobFault("grown-output", "its file is twice as large as it may be", _of_a_file(_grown_too_large)),
    JobFault("incomplete-output", "one of the files that each run leaves is missing", _of_a_file(_one_missing)),
    JobFault("not-read-through", "its file has grown beyond what is read of it", _of_a_file(_grown_beyond)),
    JobFault("degraded-output (required text missing)",
             "its file is as large as usual, but what matters is not in it",
             _of_a_file(_heartless), advice.ADD_MUST_CONTAIN),
    JobFault("degraded-output (fallback text)",
             "its file contains the text it writes when its data source does not answer",
             _of_a_file(lambda copy: _with_texts(copy, copy.declared.must_not_contain, are_there=True)
                        if copy.is_text else None),
             advice.ADD_MUST_NOT_CONTAIN),
    JobFault("verify-failed", "its file can be read as usual, but its verify command says that it is not good",
             _of_a_file(_disproved)),
    JobFault("duplicate-output", "its file is identical to that of the run before",
             _of_a_file(_repeated), advice.ADD_MUST_CHANGE),
    JobFault("disk-full", "its disk is full: its file was created and stayed empty", _of_a_file(_without_room)),
    JobFault("ran-twice", "two workers ran it, seconds apart, and each left its file", _of_a_file(_twice),
             is_warning=True),
    JobFault("output-unreadable", "nobody may read its file",
             _of_a_file(lambda copy: copy.with_newest(content=None, unreadable="Permission denied"))),
    JobFault("place-down", "the drive, machine or bucket that it is written to does not answer",
             _of_a_file(_no_place)),
    JobFault("host-silent (no evidence)", "its host does not look any more, and leaves no evidence",
             _of_a_file(_no_host)),
    JobFault("output-unreadable (no folder)", "its folder is gone", _of_a_file(_no_folder)),
)  # fmt: skip
