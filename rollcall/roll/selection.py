"""Which of the declared jobs did the person ask for, by tag, owner or name?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rollcall.errors import BadInput, Mistake
from rollcall.roll.job import Job
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.shard import Shard
from rollcall.roll.values import nearest
from rollcall.text import clean, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The jobs that have one of these tags, belong to one of these owners, and are in that shard.

    Whatever names none leaves none out.
    """

    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    shard: Shard | None = None

    def __bool__(self) -> bool:
        return bool(self.tags or self.owners or self.shard)

    @property
    def words(self) -> tuple[str, ...]:
        """The options that say the same on a command line."""
        tags = (word for each in self.tags for word in ("--tag", each))
        shard = ("--shard", str(self.shard)) if self.shard else ()
        return (*tags, *(word for each in self.owners for word in ("--owner", each)), *shard)

    @property
    def whole(self) -> Selection:
        """The same, of which the shard is a part."""
        return replace(self, shard=None)

    @property
    def shown(self) -> str:
        """ "tag nightly or hourly, owner dba", for people; empty where nothing was asked for."""
        parts = (("tag", self.tags), ("owner", self.owners), ("shard", (str(self.shard),) if self.shard else ()))
        return ", ".join(f"{word} {' or '.join(clean(each, 60) for each in them)}" for word, them in parts if them)

    def jobs_of(self, roll: Roll, ids: Sequence[str] = ()) -> tuple[Job, ...]:
        """The jobs, in the order of jobs.toml; of those `ids` alone where any is named.

        Raises `BadInput` with every tag, owner and id that no job has, and where no job is left; of many shards one may
        have none.
        """
        _check_known("--tag", "tag", self.tags, (tag for job in roll.jobs for tag in job.tags))
        _check_known("--owner", "owner", self.owners, (job.owner for job in roll.jobs))
        check_declared("job", ids, [job.id for job in roll.jobs])
        jobs = tuple(job for job in roll.jobs if self._has(job) and (not ids or job.id in ids))
        if self and not jobs and not (self.shard and self.whole.jobs_of(roll, ids)):
            named = f" and the name {listed(clean(each, 60) for each in ids)}" if ids else ""
            rule = "no job has all that was asked for, and nothing would be looked at. Leave one of them out."
            raise BadInput.single(self.words[0], rule, f"{self.shown}{named}")
        return jobs

    def schedulers_of(self, roll: Roll) -> tuple[Scheduler, ...]:
        """The schedulers that are asked for with them: those that run them; all where all jobs are meant."""
        if not self:
            return roll.schedulers
        ids = {job.scheduler.id for job in self.jobs_of(roll) if job.scheduler}
        if self.shard and not self.whole:
            # One that runs nothing is looked at as well, in one of the parts.
            busy = {job.scheduler.id for job in roll.jobs if job.scheduler}
            ids |= {each.id for each in roll.schedulers if each.id not in busy and self.shard.has(each.id)}
        return tuple(each for each in roll.schedulers if each.id in ids)

    def is_of_any(self, roll: Roll) -> bool:
        """True where any job or scheduler is asked for."""
        return bool(self.jobs_of(roll) or self.schedulers_of(roll))

    def _has(self, job: Job) -> bool:
        is_tagged = not self.tags or bool(set(self.tags) & set(job.tags))
        is_owned = not self.owners or job.owner in self.owners
        return is_tagged and is_owned and (self.shard is None or self.shard.has(job.id))


def read_words(words: Sequence[str]) -> Selection:
    """The selection that says the same as `words` of another did."""
    pairs = list(zip(words[::2], words[1::2], strict=False))
    return Selection(
        tags=tuple(value for name, value in pairs if name == "--tag"),
        owners=tuple(value for name, value in pairs if name == "--owner"),
    )


def check_declared(thing: str, ids: Sequence[str], known: Sequence[str], *, known_as: str = "Declared") -> None:
    """Raises `BadInput` with every id that is not one of those known, and which was probably meant."""
    _refuse_unknown(thing.upper(), f"no such {thing}.", ids, known, known_as)


def _check_known(option: str, thing: str, named: Sequence[str], known: Iterable[str | None]) -> None:
    if named:
        _refuse_unknown(
            option, f"no job has this {thing}.", named, list(dict.fromkeys(filter(None, known))), "Declared"
        )


def _refuse_unknown(place: str, rule: str, named: Sequence[str], known: Sequence[str], known_as: str) -> None:
    mistakes = []
    for each in named:
        if each not in known:
            near = nearest(each, known)
            cure = f"Did you mean {clean(near, 60)}?" if near else f"{known_as}: {listed(known, 20) or 'none'}."
            mistakes.append(Mistake(place=place, value=f'"{clean(each, 60)}"', rule=f"{rule} {cure}"))
    if mistakes:
        raise BadInput(tuple(mistakes))
