"""How is one morning among many kept, so that all of them together stay small?

Most of what is seen was seen the morning before. Once a week a morning is kept whole; the others hold what differs from
it: they are compressed against its text, and of the earlier runs that the history tells they name those that stand
there already. A kept morning is a line of JSON, its head, and after it the text, compressed: four lines of JSON with
what is known of it, what was seen, what was said of it, and the earlier runs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain, groupby
from pathlib import Path, PurePosixPath
from typing import Any

from rollcall.errors import RollcallError
from rollcall.evidence import Evidence, JobListed, Remembered, RowRemembered
from rollcall.recorded.record import Recorded
from rollcall.text import clean
from rollcall.times import END, EPOCH, read_timestamp, to_iso

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KIND, VERSION = "rollcall-morning", 1
LARGEST = 100_000_000
_LARGEST_INSIDE = 400_000_000
# As far back as the text of two mornings reaches; more memory than that is nobody's morning.
_LEAST_WINDOW, _WIDEST_WINDOW = 20, 29
_LEVEL = 6
_CUT = "it is damaged, or was cut off"
_NAME_OF_A_FILE = re.compile(r"[^\x00-\x1f\\:]{1,400}")


class UnfitMorning(RollcallError):
    """It cannot be judged again: one clean sentence without its end says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a morning said of a job, or of a scheduler: `cause` is the code of its cause, None where nothing was wrong.

    `due_at` is the run that was judged, None of a scheduler, and where none was owed yet. `acted` is True where Roll
    call did something about it.
    """

    id: str
    due_at: datetime | None = None
    verdict: str
    cause: str | None = None
    needs_a_person: bool = False
    acted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMorning:
    """A morning as it is kept: what was seen, under which files (by their names, jobs.toml first), and what was said.

    `by` is who looked, "pytest" or "monitor".
    """

    recorded: Recorded
    by: str
    files: Mapping[str, str]
    jobs: tuple[Said, ...]
    schedulers: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A morning that others build on: its text, its earlier runs, and the digest that it goes by."""

    digest: str
    text: bytes
    usual: Remembered


def packed(kept: KeptMorning, base: Whole | None) -> bytes:
    """The file that it is: whole, or as it differs from `base`."""
    text = _text_of(kept, base)
    head = {
        "kind": KIND,
        "version": VERSION,
        "judged_at": to_iso(kept.recorded.now),
        "base": base.digest if base else None,
    }
    parameter = zstd.CompressionParameter
    size = len(text) + (len(base.text) if base else 0)
    options: dict[int, int] = {
        parameter.compression_level: _LEVEL,
        parameter.checksum_flag: 1,
        parameter.window_log: min(max(size.bit_length(), _LEAST_WINDOW), _WIDEST_WINDOW),
        # Or of what the base holds only the end would be found again.
        parameter.enable_long_distance_matching: 1,
    }
    body = zstd.compress(text, options=options, zstd_dict=_dictionary(base))
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + body


def digest_of(data: bytes) -> str:
    """What a file goes by in its name, and in those that build on it."""
    return sha256(data).hexdigest()[:16]


def unpacked(data: bytes, base: Whole | None) -> tuple[KeptMorning, Whole]:
    """The morning that the file holds; and the same for others to build on. Raises `UnfitMorning`."""
    line, newline, body = data.partition(b"\n")
    try:
        head = json.loads(line) if newline and len(line) < 1000 else None
        if not isinstance(head, dict) or head.get("kind") != KIND:
            raise UnfitMorning("it is no kept morning, or was cut off")
        if head["version"] != VERSION:
            shown = clean(str(head["version"]), 20)
            raise UnfitMorning(f"it is of version {shown}, and this Roll call reads version {VERSION}")
        if head["base"] != (base.digest if base else None):
            raise UnfitMorning("it builds on another morning than its name says")
        text = _undone(body, base)
        about, seen, said, usual = text.split(b"\n")
        kept = _read(json.loads(about), seen, json.loads(said), _usual_of(json.loads(usual), base))
        if to_iso(kept.recorded.now) != head["judged_at"]:
            raise UnfitMorning(_CUT)
        return kept, Whole(digest=digest_of(data), text=text, usual=kept.recorded.evidence.remembered)
    except UnfitMorning:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, zstd.ZstdError):
        raise UnfitMorning(_CUT) from None


def _dictionary(base: Whole | None) -> Any:
    return zstd.ZstdDict(base.text, is_raw=True).as_prefix if base else None


def _undone(body: bytes, base: Whole | None) -> bytes:
    """What was compressed; no more than any morning holds."""
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WIDEST_WINDOW}
    reader = zstd.ZstdDecompressor(options=options, zstd_dict=_dictionary(base))
    text = reader.decompress(body, max_length=_LARGEST_INSIDE)
    if not reader.eof or reader.unused_data:
        raise UnfitMorning("it is cut off, or far larger than a morning can be")
    return bytes(text)


# The four lines -------------------------------------------------------------------------------------------------------


def _text_of(kept: KeptMorning, base: Whole | None) -> bytes:
    recorded = kept.recorded
    about = {
        "judged_at": to_iso(recorded.now),
        "by": kept.by,
        "root": str(recorded.root),
        "listed": {name: [asdict(each) for each in jobs] for name, jobs in recorded.remembered.items()},
        "files": dict(kept.files),
    }
    said = {"schedulers": [_said(each) for each in kept.schedulers], "jobs": [_said(each) for each in kept.jobs]}
    usual = _usual_as_json(recorded.evidence.remembered, base.usual if base else Remembered())
    lines = (_json(about), replace(recorded.evidence, remembered=Remembered()).to_json(), _json(said), _json(usual))
    return "\n".join(lines).encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(about: Any, seen: bytes, said: Any, usual: Remembered) -> KeptMorning:
    now = _instant(about["judged_at"])
    files = {str(name): str(text) for name, text in about["files"].items()}
    if bad := [each for each in files if not _is_inside(each)]:
        raise UnfitMorning(f'a file of its jobs.toml is called "{clean(bad[0], 60)}", which lies elsewhere')
    listed = {
        name: tuple(JobListed(**{**each, **{key: tuple(each[key]) for key in _LISTS}}) for each in jobs)
        for name, jobs in about["listed"].items()
    }
    evidence = replace(Evidence.from_json(seen.decode()), remembered=usual)
    return KeptMorning(
        recorded=Recorded(evidence=evidence, now=now, root=Path(about["root"]), remembered=listed),
        by=clean(about["by"], 60),
        files=files,
        jobs=tuple(_read_said(each) for each in said["jobs"]),
        schedulers=tuple(_read_said(each) for each in said["schedulers"]),
    )


_LISTS = ("tags", "aliases", "untold")


def _is_inside(name: str) -> bool:
    """True of the name of a file below the folder of its jobs.toml."""
    path = PurePosixPath(name)
    return bool(_NAME_OF_A_FILE.fullmatch(name)) and not path.is_absolute() and ".." not in path.parts and name != "."


def _said(each: Said) -> list[object]:
    due = to_iso(each.due_at) if each.due_at else None
    return [each.id, due, each.verdict, each.cause, each.needs_a_person, each.acted]


def _read_said(fields: Any) -> Said:
    name, due, verdict, cause, needs, acted = fields
    return Said(
        id=clean(name),
        due_at=None if due is None else _instant(due),
        verdict=clean(verdict, 60),
        cause=None if cause is None else clean(cause, 60),
        needs_a_person=bool(needs),
        acted=bool(acted),
    )


def _instant(text: str) -> datetime:
    at = read_timestamp(text).at
    if at is None:
        raise ValueError("has no offset")
    return at


# Earlier runs ---------------------------------------------------------------------------------------------------------


def _usual_as_json(usual: Remembered, base: Remembered) -> dict[str, object]:
    """By the job's id the names of its outputs and its runs, newest first; a pair of numbers is a stretch of those that
    the base has of it.
    """
    return {job_id: _runs_as_json(usual.rows(job_id), base.rows(job_id)) for job_id in usual}


def _runs_as_json(rows: Sequence[RowRemembered], known: Sequence[RowRemembered]) -> list[object]:
    outputs = list(dict.fromkeys(output for *_, left in rows for output, _, _ in left))
    place = {each: number for number, each in enumerate(known)}
    found: list[object] = []
    # What follows each other here and there alike is one stretch.
    by_stretch = groupby(enumerate(rows), lambda at: place[at[1]] - at[0] if at[1] in place else None)
    for offset, stretch in by_stretch:
        own = list(stretch)
        if offset is None:
            found += [
                [due, int(is_measure), took, [[outputs.index(output), size, count] for output, size, count in left]]
                for _, (due, is_measure, took, left) in own
            ]
        else:
            found.append([own[0][0] + offset, own[-1][0] + offset + 1])
    return [outputs, found]


def _usual_of(read: Any, base: Whole | None) -> Remembered:
    usual, known = Remembered(), base.usual if base else Remembered()
    for job_id, (outputs, runs) in read.items():
        usual.add_rows(str(job_id), tuple(_rows_of(runs, [str(each) for each in outputs], known.rows(job_id))))
    return usual


def _rows_of(read: Any, outputs: list[str], known: Sequence[RowRemembered]) -> Iterator[RowRemembered]:
    for each in read:
        if len(each) == 2:
            start, end = each
            if not 0 <= start < end <= len(known):
                raise ValueError("names what is not there")
            yield from known[start:end]
            continue
        due, is_measure, took, left = each
        if (
            type(due) is not int
            or not 0 <= due <= _LAST
            or not all(map(_is_number, (took, *chain.from_iterable(left))))
        ):
            raise ValueError("is no number that it can be")
        yield due, bool(is_measure), took, tuple((outputs[number], size, rows) for number, size, rows in left)


_LAST = (END - EPOCH) // timedelta(microseconds=1)


def _is_number(found: Any) -> bool:
    return found is None or (type(found) is int and 0 <= found < 2**63)
