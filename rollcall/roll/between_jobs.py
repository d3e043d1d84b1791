"""What may each of several jobs say, and not all of them together?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import islice, pairwise

from rollcall.roll.how_often import gap_of_at_most
from rollcall.roll.job import Job
from rollcall.roll.job_table import too_far_apart
from rollcall.roll.listing import ByListing
from rollcall.roll.mistakes import Mistakes
from rollcall.roll.output import Output
from rollcall.roll.output_rules import deciding_key
from rollcall.roll.read_files import File
from rollcall.roll.read_jobs import Declared
from rollcall.roll.values import nearest
from rollcall.roll.words import Dated, Owes
from rollcall.schedule.days_off import as_scheduled
from rollcall.text import clean, listed
from rollcall.times import show_span

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_NO_TIME = datetime.max.replace(tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_ENOUGH_RUNS = 100
_MOST_RINGS = 20


def check_between(
    declared: Mapping[str, Declared], files: Iterable[File], by_listing: ByListing, mistakes: Mistakes
) -> None:
    """Adds what is wrong between jobs of which each is right by itself."""
    jobs = {each.id: each.job for each in declared.values() if each.job}
    _check_outputs(declared, jobs, mistakes)
    _check_records(declared, jobs, mistakes)
    first = next(iter(files)).table
    if first:
        _check_alerts(declared, jobs, first.history.keeps, mistakes)
    _check_upstream(declared, jobs, by_listing, mistakes)
    # The tags of a job that could not be read, or of one that could not be listed, are not known.
    if len(jobs) < len(declared) or not by_listing.is_whole:
        return
    owners = list(dict.fromkeys(filter(None, (*(job.owner for job in jobs.values()), *_named_owners(files)))))
    for owner in first.alert.owners if first and first.alert else ():
        # One that no job has is misspelt: its people would hear of nothing.
        if owner not in owners:
            near = nearest(owner, owners)
            cure = f'Did you mean "{near}"?' if near else f"Owners: {listed(owners, 20) or 'none'}."
            layer = next(iter(files)).layer()
            mistakes.add_in((layer,), ("alert", "owners", owner), f"no job has this owner. {cure}")
    for file in files:
        inside = [job for name, job in jobs.items() if file.first is None or declared[name].file is file]
        if not by_listing:
            # What a scheduler lists may be gone tomorrow, and be there again the day after.
            _check_patterns(file, [job.id for job in inside], mistakes)
        tags = list(dict.fromkeys(tag for job in inside for tag in job.tags))
        for number, window in enumerate(file.table.windows if file.table else ()):
            # A tag that no job has is misspelt: its jobs would be owed in the midst of their maintenance.
            if window.tag is not None and window.tag not in tags:
                near = nearest(window.tag, tags)
                cure = f'Did you mean "{near}"?' if near else "Write one that a job has, or take it out to mean all."
                mistakes.add_in((file.layer(),), ("windows", number, "tag"), f"no job has this tag. {cure}")


def _named_owners(files: Iterable[File]) -> Iterator[str | None]:
    for file in files:
        yield from (each.owner for each in (file.table.owners if file.table else ()))


def _check_patterns(file: File, ids: Sequence[str], mistakes: Mistakes) -> None:
    """A pattern that no job is like is misspelt: its jobs would be nobody's."""
    for number, owners in enumerate(file.table.owners if file.table else ()):
        for place, pattern in enumerate(owners.jobs):
            if not any(fnmatchcase(each, pattern) for each in ids):
                near = nearest(pattern, ids)
                cure = f'Did you mean "{near}"?' if near else "Write one that a job has, or take it out."
                mistakes.add_in((file.layer(),), ("owners", number, "jobs", place), f"no job has such an id. {cure}")


# Outputs --------------------------------------------------------------------------------------------------------------


def _check_outputs(declared: Mapping[str, Declared], jobs: Mapping[str, Job], mistakes: Mistakes) -> None:
    """One thing cannot prove two runs: no two outputs are the same, however they are spelled, in whatever zone.

    What lies on two hosts is two things.
    """
    claimed: dict[object, Declared] = {}
    for name, job in jobs.items():
        each = declared[name]
        for number, output in enumerate(job.outputs):
            identity = (job.host if output.is_on_the_machine else None, output.identity)
            if other := claimed.get(identity):
                whose = "another output of this job" if other is each else f"the output of {other.seen_from(each)}"
                key = deciding_key(output.kind)
                rule = f"is {whose} too, and one {output.kind.one} cannot prove two. Write another {key}."
                mistakes.add_in(each.layers, ("output", number, key), rule)
            claimed.setdefault(identity, each)
    for name, job in jobs.items():
        for number, output in enumerate(job.outputs):
            if named := _named_twice(job, jobs, output):
                rule = (
                    f"{clean(named, 60)} would name one file for several runs, and it cannot prove more than one. "
                    "Write a path with more date fields, or take this out."
                )
                mistakes.add_in(declared[name].layers, ("output", number, "dated"), rule)
    for name, job in jobs.items():
        # Where an end is on record, what is wrong with a file shows at once; else once its run's time is over.
        if job.scheduler and "ended" in job.scheduler.tells:
            continue
        for number, output in enumerate(job.outputs):
            kept = 1 if output.is_one_file else output.keeps
            apart = _always_overtaken(job, jobs, kept) if kept else None
            if apart is None:
                continue
            of_path = output.is_one_file
            taken = f"each run overwrites it, {show_span(apart)} after the one before, whose time ({limits_of(job)}) is"
            if not of_path:
                taken = f"a file is gone {show_span(apart)} after it was due, and its time ({limits_of(job)}) is"
            cure = "Write less, or a path with date fields." if of_path else "Write less, or keep more."
            rule = f"{taken} not over then, so its result would not be known. {cure}"
            mistakes.add_in(declared[name].layers, ("output", number, "path" if of_path else "keeps"), rule)


def _named_twice(job: Job, jobs: Mapping[str, Job], output: Output) -> str | None:
    """A name that stands for two neighbouring runs of the job, by what its date is; None where each has its own."""
    if output.dated is Dated.RUN:
        return None
    back = timedelta(days=1) if output.dated is Dated.PREVIOUS_DAY else timedelta(0)
    walls = (due_at.astimezone(job.zone_of(output)) - back for due_at in due_times(job, jobs))
    named = [output.names.named(wall) for wall in walls]
    alike = [one for one, following in pairwise(named) if one == following]
    # Once they may be the two of autumn's repeated hour.
    return alike[0] if len(alike) > 1 else None


def limits_of(job: Job) -> str:
    """The keys that say until when a run of it may be done."""
    return "within" if job.within is not None else "done_by" if job.done_by else "grace and max_runtime"


def root_of(job: Job, jobs: Mapping[str, Job]) -> Job | None:
    """The job by whose schedule it is due in the end, itself where it follows none; None where nobody can say."""
    root, followed = job, {job.id}
    while root.after is not None:
        if root.after in followed or root.after not in jobs:
            return None
        followed.add(root.after)
        root = jobs[root.after]
    return root


def due_times(job: Job, jobs: Mapping[str, Job]) -> Iterator[datetime]:
    """When the runs of some time are due, as many as show what is usual, its days off among them."""
    if root := root_of(job, jobs):
        yield from islice(as_scheduled(root.schedule).due_between(_ANY_TIME, _NO_TIME), _ENOUGH_RUNS)


def may_reach_the_next(job: Job, jobs: Mapping[str, Job]) -> bool:
    """False where no two runs are as near to each other as its limits are long: most jobs are told by that at once."""
    root = root_of(job, jobs)
    if root is None:
        return False
    longest = max(job.within or job.allowance, job.max_runtime)
    if root.every is not None:
        return root.every <= longest
    return root.cron is not None and gap_of_at_most(max(longest, _MINUTE), root.cron, root.engine) is not None


def _always_overtaken(job: Job, jobs: Mapping[str, Job], kept: int) -> timedelta | None:
    """How far apart runs are at the most of which `kept` leave their files; None where one's time is over before."""
    if not may_reach_the_next(job, jobs):
        return None
    longest, left = timedelta(0), deque[datetime](maxlen=kept + 1)
    for taken_at in due_times(job, jobs):
        left.append(taken_at)
        if len(left) <= kept:
            continue
        if job.due_run(left[0], left[1]).finish_by < taken_at:
            return None
        longest = max(longest, taken_at - left[0])
    return longest or None


# Records --------------------------------------------------------------------------------------------------------------


def _check_records(declared: Mapping[str, Declared], jobs: Mapping[str, Job], mistakes: Mistakes) -> None:
    """One run on record cannot prove two jobs, and who keeps one run cannot show each."""
    known: dict[tuple[str, str, str], Declared] = {}
    for name, job in jobs.items():
        each = declared[name]
        if job.scheduler is None:
            continue
        same = job.scheduler.id, job.name, job.after or job.schedule.text
        if other := known.get(same):
            rule = f"is what {other.seen_from(each)} is called there too, and one run cannot prove two. Write another."
            mistakes.add_in(each.layers, ("name",), rule)
        known.setdefault(same, each)
        is_told = "history" in job.scheduler.tells or not all(output.is_one_file for output in job.outputs)
        if job.owes is Owes.EACH and "owes" in each.layers[0].table and not is_told:
            rule = "its scheduler keeps the last run alone, so nothing could be known of earlier ones. Take it out."
            mistakes.add_in(each.layers, ("owes",), rule)


def _check_alerts(
    declared: Mapping[str, Declared], jobs: Mapping[str, Job], keeps: timedelta, mistakes: Mistakes
) -> None:
    """What follows another job is alerted of by as many runs as the history holds of that one."""
    for name, job in jobs.items():
        root = root_of(job, jobs) if job.after is not None and job.alert_after.bad > 1 else None
        keys = {"every": root.every, "cron": root.cron, "engine": root.engine} if root else {}
        if root and (rule := too_far_apart(job.alert_after, keeps, keys)):
            mistakes.add_in(declared[name].layers, ("alert_after",), rule)


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
