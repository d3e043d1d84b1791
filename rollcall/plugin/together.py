"""How does pytest check ten thousand jobs?

A check of its own for each promise of each job costs pytest half a millisecond and six kilobytes before anything of
ours: of ten thousand jobs a minute, and more than half a gigabyte. So where there are many, a check that asks nothing
but a job is one item for all of them: the same function, called for each. Each job that does not simply pass it (it
fails, warns, or cannot tell) is then checked by itself, and told as it always is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest

from rollcall.plugin.views import CheckedJob
from rollcall.text import clean

if TYPE_CHECKING:
    from rollcall.roll.roll import Roll

# Of fewer, all checks take seconds. The page's table of checks holds no more rows either.
MOST_ALONE = 2_000
_ALL = "all jobs that pass"
_OURS = frozenset({"jobs_with"})
# What asks for single checks, or leaves some of them out: then each has its own.
_SELECTS = ("keyword", "deselect", "lf", "failedfirst", "newfirst", "stepwise", "numprocesses", "tx", "usepdb")
_is_on = pytest.StashKey[bool]()


@dataclass(frozen=True, slots=True)
class JobsTogether:
    """The jobs that one check is about."""

    jobs: tuple[CheckedJob, ...]


def decide(config: pytest.Config, roll: Roll) -> None:
    """Says for this run whether jobs are checked together."""
    selects = any(config.getoption(name, None) for name in _SELECTS) or any("::" in each for each in config.args)
    # The job that is called so would be taken for all of them.
    is_named_so = any(job.id == _ALL for job in roll.jobs)
    config.stash[_is_on] = len(roll.jobs) > MOST_ALONE and not selects and not is_named_so


def are_checked_together(config: pytest.Config) -> bool:
    """True where one check is about all jobs."""
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


def with_many(items: list[pytest.Item]) -> list[pytest.Item]:
    """The same checks, those that are about many jobs as such."""
    return [_of_many(each) for each in items]


def _of_many(item: pytest.Item) -> pytest.Item:
    if not isinstance(item, pytest.Function) or not item.parent or not hasattr(item, "callspec"):
        return item
    asked = item.callspec.params.get("job")
    if not isinstance(asked, JobsTogether):
        return item
    # Whatever comes of it, that is true.
    name = f"{item.originalname}[{_ALL}]"
    many: CheckOfMany = CheckOfMany.from_parent(item.parent, name=name, check=item, jobs=asked.jobs)
    return many


def _alone(item: pytest.Function, job: CheckedJob, raised: str) -> pytest.Function:
    """The check of that job alone, as pytest would have collected it; `raised` is what it did among the others."""
    shown = _as_pytest_shows(job.id, item.config)
    callspec = replace(item.callspec, params={"job": job}, _idlist=[shown])
    alone: pytest.Function = pytest.Function.from_parent(
        item.parent,
        name=f"{item.originalname}[{shown}]",
        callspec=callspec,
        callobj=_held_to(item.obj, raised) if raised else item.obj,
        fixtureinfo=item._fixtureinfo,
        keywords={shown: True},
        originalname=item.originalname,
    )
    return alone


def _as_pytest_shows(job_id: str, config: pytest.Config) -> str:
    """The id as it stands in a name: by another --lf would not find the check again."""
    is_plain = config.getini("disable_test_id_escaping_and_forfeit_all_rights_to_community_support")
    return job_id if is_plain else job_id.encode("unicode_escape").decode("ascii")


def _held_to(check: Callable[..., object], raised: str) -> Callable[..., None]:
    """The check, which does not pass because it is asked a second time."""

    @wraps(check)
    def held(job: CheckedJob) -> None:
        check(job=job)
        pytest.fail(f"asked again it passes, and before it did not: {raised}", pytrace=False)

    return held


class CheckOfMany(pytest.Item):
    """One check of many jobs; `unlike` are those that did not simply pass it, once it ran, and what it raised of each.

    "" where it did not fail, but warns, skips or returns something.
    """

    def __init__(self, *, check: pytest.Function, jobs: tuple[CheckedJob, ...], **more: Any) -> None:
        super().__init__(**more)
        self.parameters = check.callspec.params  # where pytest finds a callspec it expects a function
        self._check, self._jobs = check, jobs
        self.unlike: list[tuple[CheckedJob, str]] = []

    def runtest(self) -> None:
        """Asks each of them what the check asks."""
        asked = ((each, self._why_unlike(each)) for each in self._jobs)
        self.unlike = [(job, why) for job, why in asked if why is not None]
        self.user_properties.append(("passed", len(self._jobs) - len(self.unlike)))

    def _why_unlike(self, job: CheckedJob) -> str | None:
        job.asked.clear()
        try:
            is_passed = self._check.obj(job=job) is None
        except KeyboardInterrupt:
            raise
        except pytest.skip.Exception:
            return ""
        except BaseException as problem:  # noqa: BLE001 - each is told by its own
            return clean(f"{type(problem).__name__}: {problem}".partition("\n")[0], 300)
        return None if is_passed and not any(each.finding.is_warning for each in job.asked) else ""

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where the check stands."""
        path, line, _ = self._check.reportinfo()
        return path, line, self.name

    def of_those_unlike(self) -> list[pytest.Function]:
        """The checks of those alone, which tell why."""
        return [_alone(self._check, job, why) for job, why in self.unlike]
