"""How does pytest check ten thousand jobs, of which most are well?

A check of its own for each job and each promise costs pytest half a millisecond and ten kilobytes, before anything of
ours: of ten thousand jobs minutes, and more than a gigabyte. So where there are many, a check is collected once for all
of them. Once they are judged, each job that is not well in every respect has its own checks, as ever; those that are
well are asked by one item, by the same function, one after another. One that fails there all the same is then checked
by itself: whatever is wrong is told as it always is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from rollcall.plugin.views import CheckedJob, Facts
from rollcall.text import counted
from rollcall.vocabulary import Verdict

if TYPE_CHECKING:
    from rollcall.roll.roll import Roll

# Of fewer, all checks take seconds. The page's table of checks holds no more rows either.
MOST_ALONE = 2_000
_OURS = frozenset({"jobs_with"})
# What asks for single checks, or leaves some of them out: then each has its own.
_SELECTS = ("keyword", "deselect", "lf", "failedfirst", "newfirst", "stepwise", "numprocesses", "tx", "usepdb")
_is_on = pytest.StashKey[bool]()


@dataclass(frozen=True, slots=True)
class JobsTogether:
    """The jobs of one check, until it is known which of them are well."""

    jobs: tuple[CheckedJob, ...]


def decide(config: pytest.Config, roll: Roll) -> None:
    """Says for this run whether jobs are checked together."""
    selects = any(config.getoption(name, None) for name in _SELECTS) or any("::" in each for each in config.args)
    config.stash[_is_on] = len(roll.jobs) > MOST_ALONE and not selects


def are_checked_together(config: pytest.Config) -> bool:
    """True where jobs that are well have their checks in common."""
    return config.stash.get(_is_on, False)


def can_be_asked_together(metafunc: pytest.Metafunc) -> bool:
    """True of a check that asks a job and nothing else: no other fixture, no class, no marker of its reader's."""
    definition = metafunc.definition
    return (
        are_checked_together(metafunc.config)
        and metafunc.fixturenames == ["job"]
        and metafunc.cls is None
        and all(mark.name in _OURS for mark in definition.iter_markers())
    )


def jobs_of(parameters: Mapping[str, object]) -> Iterator[CheckedJob]:
    """The jobs that a check is about, together or alone."""
    for each in parameters.values():
        if isinstance(each, CheckedJob):
            yield each
        elif isinstance(each, JobsTogether):
            yield from each.jobs


def told_apart(items: list[pytest.Item], facts: Mapping[str, Facts]) -> list[pytest.Item]:
    """The checks to run, now that it is known who is well: its own for each job that is not, one for all others."""
    well = {each.id for each in facts.values() if _is_well(each)}
    return [one for item in items for one in _apart(item, well)]


def _is_well(facts: Facts) -> bool:
    return (
        facts.verdict is Verdict.OK
        and facts.cause is None
        and all(each.verdict is Verdict.OK and not each.is_warning for each in facts.findings.values())
    )


def _apart(item: pytest.Item, well: set[str]) -> Iterator[pytest.Item]:
    asked = item.callspec.params.get("job") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    if not isinstance(item, pytest.Function) or not item.parent or not isinstance(asked, JobsTogether):
        yield item
        return
    yield from (_alone(item, each) for each in asked.jobs if each.id not in well)
    if jobs := tuple(each for each in asked.jobs if each.id in well):
        yield CheckOfMany.from_parent(item.parent, name=f"{item.originalname}[{_named(jobs)}]", check=item, jobs=jobs)


def _named(jobs: tuple[CheckedJob, ...]) -> str:
    return f"{counted(len(jobs), 'job')} that {'is' if len(jobs) == 1 else 'are'} well"


def _alone(item: pytest.Function, job: CheckedJob) -> pytest.Function:
    """The check of that job alone, as pytest would have collected it."""
    callspec = replace(item.callspec, params={"job": job}, _idlist=[job.id])
    alone: pytest.Function = pytest.Function.from_parent(
        item.parent,
        name=f"{item.originalname}[{job.id}]",
        callspec=callspec,
        fixtureinfo=item._fixtureinfo,
        keywords={job.id: True},
        originalname=item.originalname,
    )
    return alone


class CheckOfMany(pytest.Item):
    """One check of all jobs that are well; `unlike` are those of which it said otherwise."""

    def __init__(self, *, check: pytest.Function, jobs: tuple[CheckedJob, ...], **more: Any) -> None:
        super().__init__(**more)
        self._check, self._jobs = check, jobs
        self.unlike: list[CheckedJob] = []
        self.user_properties.append(("jobs", len(jobs)))

    def runtest(self) -> None:
        """Asks for each of them what the check asks."""
        ask = self._check.obj
        for job in self._jobs:
            job.asked.clear()
            try:
                is_passed = ask(job=job) is None
            except (Exception, pytest.fail.Exception, pytest.skip.Exception):  # noqa: BLE001 - each is told by its own
                is_passed = False
            if not is_passed:
                self.unlike.append(job)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where the check stands."""
        path, line, _ = self._check.reportinfo()
        return path, line, self.name

    def of_those_unlike(self) -> list[pytest.Function]:
        """The checks of those alone, which tell why."""
        return [_alone(self._check, each) for each in self.unlike]
