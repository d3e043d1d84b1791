"""What may each of several jobs say, and not all of them together?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from rollcall.roll.job import Job
from rollcall.roll.listing import ByListing
from rollcall.roll.mistakes import Mistakes
from rollcall.roll.read_files import File
from rollcall.roll.read_jobs import Declared
from rollcall.roll.values import nearest
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import clean, listed
from rollcall.times import show_span

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_NO_TIME = datetime.max.replace(tzinfo=UTC)
_ENOUGH_RUNS = 100
_MOST_RINGS = 20


def check_between(
    declared: Mapping[str, Declared], files: Iterable[File], by_listing: ByListing, mistakes: Mistakes
) -> None:
    """Adds what is wrong between jobs of which each is right by itself."""
    jobs = {each.id: each.job for each in declared.values() if each.job}
    _check_outputs(declared, jobs, mistakes)
    _check_upstream(declared, jobs, by_listing, mistakes)
    # The tags of a job that could not be read, or of one that could not be listed, are not known.
    if len(jobs) < len(declared) or not by_listing.is_whole:
        return
    for file in files:
        inside = [job for name, job in jobs.items() if file.first is None or declared[name].file is file]
        tags = list(dict.fromkeys(tag for job in inside for tag in job.tags))
        for number, window in enumerate(file.table.windows if file.table else ()):
            # A tag that no job has is misspelt: its jobs would be owed in the midst of their maintenance.
            if window.tag is not None and window.tag not in tags:
                near = nearest(window.tag, tags)
                cure = f'Did you mean "{near}"?' if near else "Write one that a job has, or take it out to mean all."
                mistakes.add_in((file.layer(),), ("windows", number, "tag"), f"no job has this tag. {cure}")


# Outputs --------------------------------------------------------------------------------------------------------------


def _check_outputs(declared: Mapping[str, Declared], jobs: Mapping[str, Job], mistakes: Mistakes) -> None:
    """One file cannot prove two runs: no two outputs are the same, however they are spelled, in whatever zone."""
    claimed: dict[object, Declared] = {}
    for name, job in jobs.items():
        each = declared[name]
        for number, output in enumerate(job.outputs):
            # By the text alone: a folder may lie on a drive that does not answer.
            same = os.path.normpath(output.folder), tuple(part.pieces for part in output.path.parts)
            if other := claimed.get(same):
                whose = "another output of this job" if other is each else f"the output of {other.seen_from(each)}"
                rule = f"is {whose} too, and one file cannot prove two. Write another path."
                mistakes.add_in(each.layers, ("output", number, "path"), rule)
            claimed.setdefault(same, each)
    for name, job in jobs.items():
        # Where an end is on record, what is wrong with a file shows at once; else once its run's time is over.
        is_told_at_once = job.scheduler and "ended" in job.scheduler.tells
        overwritten = [number for number, output in enumerate(job.outputs) if output.is_one_file]
        apart = _always_overtaken(job, jobs) if overwritten and not is_told_at_once else None
        if apart is None:
            continue
        for number in overwritten:
            limits = "within" if job.within is not None else "done_by" if job.done_by else "grace and max_runtime"
            rule = (
                f"each run overwrites it, {show_span(apart)} after the one before, whose time ({limits}) is not "
                "over then: nobody could tell what was wrong with it. Write less, or a path with date fields."
            )
            mistakes.add_in(declared[name].layers, ("output", number, "path"), rule)


def _always_overtaken(job: Job, jobs: Mapping[str, Job]) -> timedelta | None:
    """How long after each other its runs are due at the most, where each is due before the last one's time is over."""
    root, followed = job, {job.id}
    while root.after is not None:
        if root.after in followed or root.after not in jobs:
            return None
        followed.add(root.after)
        root = jobs[root.after]
    longest = timedelta(0)
    dues = islice(as_scheduled(root.schedule).due_between(_ANY_TIME, _NO_TIME), _ENOUGH_RUNS)
    for due_at, next_due_at in pairwise(dues):
        if job.due_run(due_at, next_due_at).finish_by < next_due_at:
            return None
        longest = max(longest, next_due_at - due_at)
    return longest or None


# Jobs that build on others --------------------------------------------------------------------------------------------


def _check_upstream(
    declared: Mapping[str, Declared], jobs: Mapping[str, Job], by_listing: ByListing, mistakes: Mistakes
) -> None:
    """Whatever a job needs, or is due after, is another job that does not build on it in turn."""
    upstream: dict[str, dict[str, tuple[int | str, ...]]] = {}
    for name, job in jobs.items():
        upstream[name] = {other: ("needs", number) for number, other in enumerate(job.needs)}
        if job.after is not None:
            upstream[name][job.after] = ("after",)
        for other, loc in upstream[name].items():
            if other == name:
                mistakes.add_in(declared[name].layers, loc, "is the job itself. Write another.")
            elif other not in declared and not by_listing.might_declare(other):
                near = nearest(other, declared)
                known = listed((clean(each, 60) for each in declared), 12)
                cure = f'Did you mean "{clean(near, 60)}"?' if near else f"Declared: {known}."
                mistakes.add_in(declared[name].layers, loc, f"no such job. {cure}")
    for ring in islice(_rings(upstream), _MOST_RINGS):
        shown = " → ".join(clean(name, 60) for name in ring)
        rule = f"leads back to where it begins ({shown}), so that each waits for the other. Take one of them out."
        mistakes.add_in(declared[ring[-2]].layers, upstream[ring[-2]][ring[-1]], rule)


def _rings(upstream: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Each way that leads back to where it begins, which is its first and its last."""
    done: set[str] = set()
    for start in upstream:
        way = {start: iter(upstream[start])} if start not in done else {}
        while way:
            here, rest = next(reversed(way.items()))
            following = next(rest, None)
            if following is None:
                done.add(here)
                del way[here]
            elif following in way:
                passed = list(way)
                if following != here:
                    yield [*passed[passed.index(following) :], following]
            elif following in upstream and following not in done:
                way[following] = iter(upstream[following])
