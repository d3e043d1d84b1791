"""What does jobs.toml declare, or what are all its mistakes?

Files are read, defaults and presets laid under what they are for; then each table is checked by the model that is its
record. Mistakes are collected, each with the place where its value stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from rollcall.roll.between_jobs import check_between
from rollcall.roll.listing import ByListing, Listing
from rollcall.roll.mistakes import Mistakes
from rollcall.roll.read_files import read_files
from rollcall.roll.read_jobs import read_jobs
from rollcall.roll.read_places import read_places
from rollcall.roll.read_schedulers import read_schedulers
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.secrets import Unset, WithFiles
from rollcall.roll.telling import HistoryTable
from rollcall.text import clean


def load(
    file: Path,
    *,
    environment: Mapping[str, str],
    scheduler_urls: Mapping[str | None, str] | None = None,
    shown_as: str | None = None,
    root: Path | None = None,
    is_replay: bool = False,
    now: datetime | None = None,
    list_jobs: Callable[[tuple[Scheduler, ...], HistoryTable], Mapping[str, Listing]] | None = None,
    may_be_empty: bool = False,
    host: str | None = "",
) -> Roll:
    """The roll that `file` declares.

    `environment` is where `${NAME}` is read; `scheduler_urls` replaces the url of one by name (None: of the only
    one); `root` is what relative paths are relative to (default: the file's folder). Where `is_replay`, nobody will
    be asked: a `${NAME}` stands for itself, and the driver of a database need not be there. What may not lie in the
    future is held against `now`, where that is given. `list_jobs` tells by its id what each of the schedulers lists
    that declare jobs by that, which that history may remember; it is called at most once, where there are any. Only
    where it `may_be_empty` a file may declare no job at all. `host` is the one that looks: what is asked elsewhere is
    only read; "" is whoever judges, and asks what is of no host; None is nobody. Raises `BadInput` with all mistakes at
    once, each with place, value, rule and cure.
    """
    read_from = Unset() if is_replay else WithFiles(environment)
    context = {"environment": read_from, "is_replay": is_replay, "now": now, "here": host}
    mistakes = Mistakes()
    # Who hears of it, and what is remembered, is not the business of a host that looks.
    of_files = context if not host else {**context, "environment": Unset(), "is_replay": True}
    files = read_files(file, clean(shown_as or file.name or str(file)), root, of_files, mistakes)
    schedulers = read_schedulers(files, scheduler_urls or {}, context, mistakes)
    places = read_places(files, context, mistakes)
    declaring = tuple(each for each in schedulers.values() if each.declare)
    first = files[0].table
    listings = list_jobs(declaring, first.history) if list_jobs and declaring and first and not mistakes else {}
    by_listing = ByListing(declaring, listings)
    declared = read_jobs(files, schedulers, by_listing, {**context, "places": places}, mistakes)
    if not declared and not declaring and not mistakes and not may_be_empty:
        more = ", or let `rollcall discover --append` write those that its schedulers list" if schedulers else ""
        rule = f"declares no job, and nothing that is not declared can be missed. Write a [jobs.NAME] table{more}."
        mistakes.add(files[0].layer().place("jobs"), rule)
    check_between(declared, files, by_listing, mistakes)
    mistakes.refuse()

    assert first is not None  # or there would be a mistake
    return Roll(
        file=file,
        zone=first.timezone,
        look_back=first.look_back,
        schedulers=tuple(schedulers.values()),
        jobs=tuple(each.job for each in declared.values() if each.job),
        places=tuple(each for each in places.values() if each),
        history=first.history,
        has_owner_pages=first.reports.by == "owner",
        # A replay tells nobody.
        alert=None if is_replay else first.alert,
        watch=None if is_replay else first.watch,
        evidence=first.evidence,
        written={each.name: each.text for each in files},
        listings=listings,
    )
