"""Which mornings are kept, and what becomes of the oldest?

Each is one file, whose name tells when it was judged, its own digest, and that of the whole one that it builds on, if
any: what is cut, changed or another's shows by its name, and nothing has to be read to know what may go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice

from rollcall.recorded.kept import LARGEST, KeptMorning, UnfitMorning, Whole, digest_of, packed, unpacked
from rollcall.roll.due_run import LOOKING_TIME
from rollcall.storage import Storage, StorageProblem
from rollcall.text import clean, counted, show_size
from rollcall.times import to_iso

SUFFIX = ".morning"
_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6})Z-([0-9a-f]{16})(?:\+([0-9a-f]{16}))?\.morning")
_TIME = "%Y%m%dT%H%M%S.%f"
# Of a thousand jobs a whole morning is some 1 MB, and one that builds on it a sixth.
_WHOLE_EACH = timedelta(days=7)
# What saves less is of another jobs.toml: better to be whole than to depend on another file.
_WORTH_IT = 0.8
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One kept morning as its name tells it; `base` is the digest of the one that it builds on, None of a whole one."""

    name: str
    judged_at: datetime
    digest: str
    base: str | None = None
    size: int = field(default=0, compare=False)

    @classmethod
    def read(cls, name: str, size: int) -> Named | None:
        """What the name tells; None where it is none that we give."""
        if not (found := _NAME.fullmatch(name)):
            return None
        try:
            at = datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
        except ValueError:  # the 31st of February
            return None
        return cls(name=name, judged_at=at, digest=found[2], base=found[3], size=size)

    @classmethod
    def of(cls, judged_at: datetime, data: bytes, base: Whole | None) -> Named:
        """The name of that morning, kept as `data`."""
        digest, at = digest_of(data), judged_at.astimezone(UTC)
        name = f"{at.strftime(_TIME)}Z-{digest}{f'+{base.digest}' if base else ''}{SUFFIX}"
        return cls(name=name, judged_at=at, digest=digest, base=base.digest if base else None, size=len(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A file that cannot be judged again, and why: one sentence without its end."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A kept morning as it is stored; `problem` is why it could not be fetched, in one line."""

    named: Named
    data: bytes = b""
    problem: str = ""

    def unpacked(self, base: Whole | None) -> tuple[KeptMorning, Whole]:
        """The morning, and the same for others to build on. Raises `UnfitMorning`."""
        if self.problem:
            raise UnfitMorning(self.problem)
        if digest_of(self.data) != self.named.digest:
            raise UnfitMorning("it is damaged, was cut off, or has the name of another")
        kept, whole = unpacked(self.data, base)
        if kept.recorded.now != self.named.judged_at:
            raise UnfitMorning(f"it is of {to_iso(kept.recorded.now)}, and its name tells another time")
        return kept, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A few kept mornings, and the whole one that they build on; None where that is not there."""

    base: Fetched | None
    mornings: tuple[Fetched, ...]

    def read(self) -> Iterator[KeptMorning | Unfit]:
        """Each of them, one at a time, or why it cannot be read; only what it builds on is held beside it."""
        base: Whole | None = None
        broken = "the whole morning that it builds on is not there"
        first = next(iter(self.mornings), None)
        if self.base and first and first.named != self.base.named:
            try:
                base = self.base.unpacked(None)[1]
            except UnfitMorning as problem:
                broken = _built_on(self.base, problem)
        for each in self.mornings:
            try:
                if each.named.base and base is None:
                    raise UnfitMorning(broken)
                kept, whole = each.unpacked(base if each.named.base else None)
            except UnfitMorning as problem:
                if not each.named.base:
                    broken = _built_on(each, problem)
                yield Unfit(name=each.named.name, why=str(problem))
                continue
            if not each.named.base:
                base = whole
            del whole
            yield kept
            del kept


def _built_on(base: Fetched, problem: UnfitMorning) -> str:
    return f"{base.named.name}, on which it builds, is no use: {problem}"


class Archive:
    """The kept mornings of one jobs.toml. All of it raises `StorageProblem` where the place cannot be reached."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @property
    def shown(self) -> str:
        """Where they are, for people."""
        return self._storage.shown

    def add(self, kept: KeptMorning, *, keeps: timedelta, most: int) -> str | None:
        """Keeps the morning, in place of one that was judged as of the same moment, such as by a merge before.

        Removes those judged longer ago than `keeps`, and the oldest beyond `most` bytes.

        Returns one line where some had to go for their size, else None.
        """
        named, _ = self._listed()
        judged_at = kept.recorded.now
        before = [each for each in named if each.judged_at < judged_at]
        data, own = self._packed(kept, before)
        self._storage.write(own.name, data)
        bases = {each.base for each in named}
        for each in named:
            if each.judged_at == judged_at and each != own and each.digest not in bases:
                self._storage.remove(each.name)
        named = [each for each in named if each.judged_at != judged_at or each.digest in bases]
        # By the morning before: a machine whose clock jumps years ahead must not forget all for it.
        last = max((each.judged_at for each in named), default=judged_at)
        old, large = _to_remove([*named, own], own, horizon=min(judged_at, last) - keeps, most=most)
        for each in (*old, *large):
            self._storage.remove(each.name)
        if not large:
            return None
        until = max(each.judged_at for each in large)
        gone = f"{counted(len(large), 'kept morning')} until {until:%d %b %Y} had to go"
        return f"{gone}, as all of them together may take {show_size(most)} (evidence_size in [history])"

    def _packed(self, kept: KeptMorning, before: Iterable[Named]) -> tuple[bytes, Named]:
        """The file, and its name: as it differs from the newest whole one, where that is of this week and of use."""
        at = kept.recorded.now
        wholes = [each for each in before if each.base is None and at - each.judged_at < _WHOLE_EACH]
        newest = max(wholes, key=lambda each: each.judged_at, default=None)
        base = self._base(newest) if newest else None
        data = packed(kept, base)
        if base and newest and len(data) > _WORTH_IT * newest.size:
            base, data = None, packed(kept, None)
        return data, Named.of(at, data, base)

    def _base(self, named: Named) -> Whole | None:
        try:
            return self._fetched(named).unpacked(None)[1]
        except UnfitMorning:  # the new one is whole then, and depends on nothing that is broken
            return None

    def found(self, *, since: datetime, now: datetime) -> tuple[list[Named], list[Unfit]]:
        """Those judged from `since` on, oldest first; and what lies there and is none that can be judged."""
        named, unfit = self._listed()
        late = [each for each in named if each.judged_at > now + LOOKING_TIME]
        unfit += [Unfit(name=each.name, why="it is of the future, by its name") for each in late]
        in_time = [each for each in named if since <= each.judged_at and each not in late]
        return sorted(in_time, key=lambda each: (each.judged_at, each.name)), unfit

    def batches(self, wanted: Iterable[Named]) -> Iterator[Batch]:
        """These as they are kept, in their order: a few at a time, each time with what they build on."""
        wholes = {each.digest: each for each in self._listed()[0] if each.base is None}
        for digest, of_one in groupby(wanted, lambda each: each.base or each.digest):
            base = self._fetched(wholes[digest]) if digest in wholes else None
            for some in _by(_AT_ONCE, of_one):
                own = tuple(base if base and each == base.named else self._fetched(each) for each in some)
                yield Batch(base=base, mornings=own)

    def _fetched(self, named: Named) -> Fetched:
        try:
            return Fetched(named=named, data=self._storage.read(named.name, LARGEST))
        except StorageProblem as problem:
            return Fetched(named=named, problem=str(problem))

    def _listed(self) -> tuple[list[Named], list[Unfit]]:
        named, unfit = [], []
        for name, stored in self._storage.list().items():
            if not name.endswith(SUFFIX):
                continue
            if found := Named.read(name, stored.size or 0):
                named.append(found)
            else:
                unfit.append(Unfit(name=clean(name), why="its name is none that Roll call gives"))
        return named, sorted(unfit, key=lambda each: each.name)


def _by(size: int, each: Iterable[Named]) -> Iterator[tuple[Named, ...]]:
    rest = iter(each)
    while some := tuple(islice(rest, size)):
        yield some


def _to_remove(named: list[Named], own: Named, *, horizon: datetime, most: int) -> tuple[list[Named], list[Named]]:
    """What is older than `horizon`, and the oldest beyond `most` bytes; a whole one after all that build on it.

    The newest morning `own` stays, and what it builds on.
    """
    of_base = {each.digest: each.judged_at for each in named if each.base is None}
    left = [each for each in named if each != own and each.digest != own.base]
    # Those of one week together, and the one that they build on after them.
    left.sort(key=lambda each: (of_base.get(each.base or each.digest, each.judged_at), not each.base, each.judged_at))
    total = sum(each.size for each in named)
    old: list[Named] = []
    large: list[Named] = []
    needed = {each.base for each in named if each.base and each.judged_at >= horizon}
    for each in left:
        is_old = each.judged_at < horizon and each.digest not in needed
        if is_old or total > most:
            (old if is_old else large).append(each)
            total -= each.size
    return old, large
