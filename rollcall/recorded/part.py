"""What does a shard leave of its part, and what do all of them together show?

Each leaves one file: its evidence, the digest of the jobs.toml that it read, and what became of it. They are judged
together, as one morning: what a job in one part needs may be in another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from rollcall.errors import BadInput
from rollcall.evidence import Evidence, SchedulerSeen
from rollcall.files import read_regular, write_bytes_whole
from rollcall.recorded.bundle import LARGEST, Bundle, UnfitBundle, packed, unpacked
from rollcall.recorded.left import hosts_of
from rollcall.roll.roll import Roll
from rollcall.roll.selection import Selection, read_words
from rollcall.roll.shard import Shard, read_shard
from rollcall.text import clean, listed
from rollcall.times import show_instant, show_span

FILE = "shard.evidence"


class OwnFailed(NamedTuple):
    """A check of a person's own that failed: about a "job" or a "scheduler", which, its name and what it said."""

    kind: str
    subject: str
    check: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one shard saw, as of `judged_at`, of the roll with that digest, and what became of its run.

    `is_of_today` is False where another moment than the present was judged. `selection` are the words that chose its
    jobs beside the shard. `interruption` is why it did not finish.
    """

    shard: Shard
    judged_at: datetime
    evidence: Evidence
    roll: str
    is_of_today: bool = True
    selection: tuple[str, ...] = ()
    interruption: str | None = None
    own_failures: tuple[OwnFailed, ...] = ()
    other_failures: tuple[str, ...] = ()


def digest_of(roll: Roll) -> str:
    """What tells one roll from another: the texts of its files, whatever folder they lie in."""
    whole = hashlib.sha256()
    for name, text in sorted(roll.written.items()):
        name = "" if name == roll.file.name else name
        whole.update(f"{name}\0{len(text)}\0{text}".encode())
    return whole.hexdigest()[:32]


def leave(folder: Path, part: Part) -> None:
    """Writes what it saw into the folder of its reports. Raises OSError."""
    about = {
        "roll": part.roll,
        "is_of_today": part.is_of_today,
        "selection": list(part.selection),
        "interruption": part.interruption,
        "own_failures": [list(each) for each in part.own_failures],
        "other_failures": list(part.other_failures),
    }
    bundle = Bundle(
        by=str(part.shard), looked_at=part.judged_at, left_at=part.judged_at, evidence=part.evidence, about=about
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes_whole(folder / FILE, packed(bundle))


def part_in(folder: Path) -> Part | str:
    """What a shard left in that folder; in words, why it is no use."""
    try:
        bundle = unpacked(read_regular(folder / FILE, LARGEST))
        return Part(
            shard=read_shard(bundle.by, str(folder)),
            judged_at=bundle.looked_at,
            evidence=bundle.evidence,
            **_read_about(bundle.about),
        )
    except OSError as problem:
        return f"what was left in {clean(str(folder))} cannot be read: {problem.strerror or problem}"
    except UnfitBundle as problem:
        return f"what was left in {clean(str(folder))} is no use: {problem}"
    except (BadInput, KeyError, TypeError, ValueError):
        return f"what was left in {clean(str(folder))} is no part of a morning"


def _read_about(about: Mapping[str, Any]) -> dict[str, Any]:
    interruption = about["interruption"]
    return {
        "roll": str(about["roll"]),
        "is_of_today": bool(about["is_of_today"]),
        "selection": tuple(map(str, about["selection"])),
        "interruption": None if interruption is None else clean(interruption, 1_000),
        "own_failures": tuple(OwnFailed(*map(clean, each)) for each in about["own_failures"]),
        "other_failures": tuple(clean(each) for each in about["other_failures"]),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All parts together, judged as of `judged_at`; `interruption` is why that is not the whole morning.

    `looked_at` are the parts that can be judged, of all jobs that the `selection` means.
    """

    judged_at: datetime
    evidence: Evidence
    is_of_today: bool
    selection: Selection
    looked_at: tuple[Shard, ...]
    interruption: str | None
    own_failures: tuple[OwnFailed, ...]
    other_failures: tuple[str, ...]


def joined(found: Mapping[Path, Part | str], roll: Roll, *, now: datetime, max_age: timedelta, zone: ZoneInfo) -> Whole:
    """The parts that were found in these folders, as one.

    Raises `BadInput` where they are not of one morning: of another jobs.toml, of another number of parts, one twice.
    """
    parts = {folder: each for folder, each in found.items() if isinstance(each, Part)}
    if not parts:
        rule = "; ".join(each for each in found.values() if isinstance(each, str)) or "no folder was named"
        raise BadInput.single("FOLDER", f"{rule}. Name the folders that runs with --shard I/N left.")
    _check_one_morning(parts, roll)
    ordered = sorted(parts.values(), key=lambda each: each.shard.number)
    of = ordered[0].shard.of
    selection = read_words(ordered[0].selection)
    there = {each.shard.number for each in ordered}
    missing = [
        str(shard)
        for shard in (Shard(number, of) for number in range(1, of + 1))
        if shard.number not in there and replace(selection, shard=shard).is_of_any(roll)
    ]
    newest = max(each.judged_at for each in ordered)
    problems = [each for each in found.values() if isinstance(each, str)]
    if missing:
        problems += [f"{'shard' if len(missing) == 1 else 'shards'} {listed(missing, 20)} left nothing"]
    problems += [f"shard {each.shard}: {each.interruption}" for each in ordered if each.interruption]
    fresh = []
    for each in ordered:
        if (age := (now if each.is_of_today else newest) - each.judged_at) > max_age:
            at = show_instant(each.judged_at, zone)
            problems.append(f"shard {each.shard} looked on {at}, {show_span(age)} ago")
        else:
            fresh.append(each)
    return Whole(
        judged_at=min((each.judged_at for each in fresh), default=newest),
        evidence=_together(fresh, roll),
        is_of_today=all(each.is_of_today for each in ordered),
        selection=selection,
        looked_at=tuple(each.shard for each in fresh),
        interruption="; ".join(dict.fromkeys(problems)) or None,
        own_failures=tuple(one for each in fresh for one in each.own_failures),
        other_failures=tuple(dict.fromkeys(one for each in fresh for one in each.other_failures)),
    )


def _together(parts: Iterable[Part], roll: Roll) -> Evidence:
    """What all of them saw: of two looks the newest, but of a scheduler that answered one of them its answer."""
    whole, answered = Evidence(schedulers={}, outputs={}), dict[str, SchedulerSeen]()
    for each in sorted(parts, key=lambda one: one.judged_at):
        whole = whole.and_also(each.evidence)
        answered |= {name: one for name, one in each.evidence.schedulers.items() if isinstance(one, SchedulerSeen)}
    # A job of a part that did not hear its host is judged by what another heard, and as of that.
    looked = {name: each.looked_at for name, each in whole.hosts.items() if each.looked_at and not each.why}
    as_of = dict(whole.as_of)
    for job in roll.jobs:
        if of_job := [looked[each] for each in hosts_of(job) if each in looked]:
            as_of[job.id] = min(*of_job, as_of.get(job.id, of_job[0]))
    here = {each.id for each in roll.schedulers if each.host is None}
    return replace(
        whole,
        schedulers={**whole.schedulers, **{name: each for name, each in answered.items() if name in here}},
        as_of=as_of,
    )


def _check_one_morning(parts: Mapping[Path, Part], roll: Roll) -> None:
    first_in, first = next(iter(parts.items()))
    seen: dict[int, Path] = {}
    for folder, each in parts.items():
        place = clean(str(folder))
        if each.roll != digest_of(roll):
            rule = "was looked at with another jobs.toml than the one here. Name that one: --jobs-file FILE."
            raise BadInput.single(place, rule)
        if (each.shard.of, each.selection) != (first.shard.of, first.selection):
            chosen = " ".join((str(each.shard), *each.selection)), " ".join((str(first.shard), *first.selection))
            rule = f"is shard {chosen[0]}, and {clean(str(first_in))} is {chosen[1]}. Merge those of one morning."
            raise BadInput.single(place, rule)
        if other := seen.get(each.shard.number):
            rule = f"is shard {each.shard}, as is {clean(str(other))}. Leave one of them out."
            raise BadInput.single(place, rule)
        seen[each.shard.number] = folder
