"""Which pages stand beside the one of all, one for each owner, and what of the morning is on each?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.headline import headline, tone
from rollcall.report.silenced import covered
from rollcall.roll.roll import Roll
from rollcall.vocabulary import Verdict

FOLDER = "owners"
MOST = 200
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerPage:
    """The page of one owner: the name of its file, and the part of the morning that is theirs, in a line."""

    owner: str
    file: str
    morning: Morning
    headline: str
    verdict: Verdict


def files_of(roll: Roll) -> Mapping[str, str]:
    """The name of the file of each owner who has a page; of more than `MOST` only those first in jobs.toml have one."""
    if not roll.has_owner_pages:
        return {}
    return {each: file_name(each) for each in roll.owners[:MOST]}


def file_name(owner: str) -> str:
    """A name for a file: the same each morning, another for each owner, also where letters of both sizes are one."""
    plain = re.sub(r"[^a-z0-9]+", "-", owner.lower())[:_LONGEST].strip("-")
    if plain == owner:
        return f"{plain}.html"
    mark = hashlib.sha256(owner.encode(errors="replace")).hexdigest()[:8]
    return f"{plain or 'owner'}-{mark}.html"


def owner_pages(roll: Roll, morning: Morning, ending: Ending) -> tuple[OwnerPage, ...]:
    """The pages, in the order of jobs.toml. Of a part of a morning, or one without an end, there are none."""
    if morning.is_partial or not ending.is_complete:
        return ()
    pages = []
    for owner, file in files_of(roll).items():
        part = morning.of(roll.of_owners({owner}))
        line, verdict = headline(part, Ending()), tone(part, Ending())
        pages.append(OwnerPage(owner=owner, file=file, morning=part, headline=line, verdict=verdict))
    return tuple(pages)


def known_of_owner(chronicle: Chronicle, morning: Morning) -> Chronicle:
    """What is remembered, without what concerns others alone, and without the jobs that are declared no more."""
    jobs = [each.job for each in morning.jobs]
    silences = tuple(each for each in chronicle.silences if covered(each, jobs))
    return replace(chronicle, gone=(), silences=silences)
