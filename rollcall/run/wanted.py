"""What did the person ask for? Command line beats environment beats file.

Shared by pytest's plugin and the `rollcall` command, so that both understand the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rollcall.causes.commands import CHECK_AGAIN
from rollcall.clock import Clock
from rollcall.errors import BadInput
from rollcall.files import path_of
from rollcall.options import Option
from rollcall.recorded.record import check_can_record
from rollcall.recorded.replay import Replay, replay
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.read_history import read_history_table
from rollcall.roll.reports import reports_folder
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.selection import Selection
from rollcall.roll.shard import Shard, read_shard
from rollcall.roll.telling import HistoryTable
from rollcall.roll.values import shown_url
from rollcall.run.options import (
    AS_OF,
    DEMO,
    DRY_RUN,
    EVIDENCE,
    GOOD_DEMO,
    JOBS_FILE,
    NO_HISTORY,
    OWNER,
    RECORD,
    REPLAY,
    RERUN,
    RESTART,
    SCHEDULER_URL,
    SHARD,
    TAG,
)
from rollcall.run.place import Place
from rollcall.text import clean, listed
from rollcall.times import read_timestamp, show_instant

if TYPE_CHECKING:
    from rollcall.history.store import Store

_NO = ("", "0")
_FILE = "jobs.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The moment that is to be judged, as it was written, and where it was written."""

    written: str
    place: str

    def at(self, zone: ZoneInfo) -> datetime:
        """That moment, aware UTC; `zone` is whose clocks it means. Raises `BadInput`."""
        try:
            stamp = read_timestamp(self.written)
            return stamp.at or _by_clocks_of(zone, stamp.in_zone(zone, fold=0), stamp.in_zone(zone, fold=1))
        except ValueError as error:
            raise self.bad(str(error)) from None

    def bad(self, rule: str) -> BadInput:
        """The mistake that it is."""
        return BadInput.single(self.place, rule, f'"{clean(self.written, 60)}"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixing:
    """What is to be fixed before the morning is judged for the last time; `is_dry`: only said, not done."""

    restarts: bool = False
    reruns: bool = False
    is_dry: bool = False

    def __bool__(self) -> bool:
        return self.restarts or self.reruns


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for, by whichever way: None where it was not.

    `demo` is the fault to stage, "" for the good morning. `record` and `replay` are the folders of a morning to keep
    and of one that was kept; `replayed_under` is the jobs.toml that was named for a replay, None for the one recorded
    with it. `evidence` is where hosts leave theirs. `other_file` is the jobs.toml that is judged, as it may be shown,
    None where it is the one that lies there anyway; `usual_file` the one that the environment names. `words` are those
    of the command line, without passwords, that say who is asked, and for which jobs. `home` is where jobs.toml lies by
    default.
    """

    home: Path
    jobs_file: Path
    shown_file: str
    scheduler_urls: Mapping[str | None, str]
    as_of: Moment | None = None
    demo: str | None = None
    record: Path | None = None
    replay: Path | None = None
    replayed_under: Path | None = None
    fixing: Fixing = field(default_factory=Fixing)
    selection: Selection = field(default_factory=Selection)
    keeps_history: bool = True
    evidence: str | None = None
    other_file: str | None = None
    usual_file: Path | None = None
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any], *, environment: Mapping[str, str], home: Path) -> Wanted:
        """What the command line gives, by the names of the options, completed from the environment.

        Raises `BadInput` where two of them contradict each other.
        """

        def option(wanted: Option) -> Any:
            return given.get(wanted.name)

        def variable(wanted: Option) -> str:
            return environment.get(wanted.environment, "")

        def named(*options: Option) -> list[str]:
            return [each.name for each in options if given.get(each.name)]

        replayed = _replay(option(REPLAY), environment, named(DEMO, SCHEDULER_URL, RECORD))
        staged = _demo(option(DEMO), "" if replayed else variable(DEMO), named(JOBS_FILE, SCHEDULER_URL, REPLAY))
        file = option(JOBS_FILE) or variable(JOBS_FILE)
        under = option(JOBS_FILE) if option(REPLAY) else file
        usual = home / _FILE
        kept = option(RECORD) or variable(RECORD)
        written = option(AS_OF) or variable(AS_OF)
        moment = Moment(written=written, place=AS_OF.name if option(AS_OF) else AS_OF.environment) if written else None
        of_another_day = [moment.place] if moment else []
        of_another_day += [REPLAY.name if option(REPLAY) else REPLAY.environment] if replayed else []
        urls = option(SCHEDULER_URL) or ()
        of_hosts = (EVIDENCE.name, shown_url(option(EVIDENCE))) if option(EVIDENCE) else ()
        is_staged = staged is not None or replayed is not None
        selection = Selection(
            tags=_named(TAG, option(TAG), "" if is_staged else variable(TAG)),
            owners=_named(OWNER, option(OWNER), "" if is_staged else variable(OWNER)),
            shard=_shard(option(SHARD), "" if is_staged else variable(SHARD)),
        )
        is_other = bool(file) and (under or not replayed) and not _is_same(path_of(file), usual)
        return cls(
            home=home,
            jobs_file=path_of(file) if file else usual,
            shown_file=clean(file) if file else _FILE,
            # One scheduler's url on the command line leaves the others' in the environment as they are.
            scheduler_urls=_named_urls(variable(SCHEDULER_URL).split()) | _named_urls(urls),
            as_of=moment,
            demo=staged,
            record=path_of(kept) if kept and not replayed else None,
            replay=replayed,
            replayed_under=path_of(under) if replayed and under else None,
            fixing=_fixing(given, of_another_day),
            selection=selection,
            keeps_history=not option(NO_HISTORY) and variable(NO_HISTORY) in _NO,
            evidence=option(EVIDENCE) or variable(EVIDENCE) or None,
            other_file=clean(file) if is_other else None,
            usual_file=path_of(variable(JOBS_FILE)) if variable(JOBS_FILE) else None,
            words=(
                *(_words_of_demo(staged) if option(DEMO) and staged is not None else (*_words(urls), *of_hosts)),
                *(selection.words if option(TAG) or option(OWNER) or option(SHARD) else ()),
            ),
        )

    @property
    def is_staged(self) -> bool:
        """True where what is judged is no morning of these jobs: a demo, or a record."""
        return self.demo is not None or self.replay is not None

    @property
    def reports(self) -> Path:
        """The folder of the reports and the history: it belongs to the jobs file that is judged."""
        return self.home.absolute() / "reports" if self.is_staged else reports_folder(self.jobs_file.absolute())

    @property
    def folder(self) -> Path:
        """The folder of what this run leaves: of a shard one of its own, beside those of the others."""
        shard = self.selection.shard
        return self.reports / shard.folder if shard else self.reports

    def again(self, place: Place) -> str:
        """What a person types there to have the same morning judged again. What the environment says still stands."""
        if self.replay:
            return CHECK_AGAIN
        if self.demo is not None and place.house is None:
            return " ".join(filter(None, (place.rollcall, "demo", self.demo)))
        file, usual = place.folder / self.jobs_file, place.folder / (self.usual_file or place.home / _FILE)
        is_found = self.demo is not None or _is_same(file, usual)
        return place.command(*(() if is_found else (JOBS_FILE.name, place.shown(file))), *self.words)

    def load(
        self,
        environment: Mapping[str, str],
        clock: Clock,
        *,
        may_be_empty: bool = False,
        host: str | None = "",
        list_jobs: Callable[[tuple[Scheduler, ...], HistoryTable], Mapping[str, Listing]] | None = None,
    ) -> Roll:
        """The roll of that file, as of the present; it has a job, unless it `may_be_empty`. Raises `BadInput`.

        `host` is the one that looks, "" of whoever judges, None where nobody is asked. `list_jobs` tells what the
        schedulers list that declare jobs by that; they are asked where it is left out.
        """
        return load(
            self.jobs_file,
            environment=environment,
            scheduler_urls=self.scheduler_urls,
            shown_as=self.shown_file,
            now=clock(),
            list_jobs=list_jobs or (lambda declaring, history: self._listings(declaring, history, clock)),
            may_be_empty=may_be_empty,
            host=host,
        )

    def _listings(self, declaring: Iterable[Scheduler], history: HistoryTable, clock: Clock) -> dict[str, Listing]:
        """What they list, asked now, and what the history remembers of it."""
        from rollcall.ask import gather
        from rollcall.history.reading import read_listings

        declaring = tuple(declaring)
        seen = gather((), declaring, now=clock(), clock=clock)
        store = self.store_of(history)
        remembered = read_listings(store) if store else {}
        return {each.id: Listing.of(seen.schedulers[each.id], remembered.get(each.id, ())) for each in declaring}

    def store_of(self, history: HistoryTable) -> Store | None:
        """Where the history that jobs.toml declares is kept; None where it is neither to be read nor written."""
        from rollcall.history.store import store_of

        return store_of(history, self.reports) if self.keeps_history else None

    def declared_store(self, environment: Mapping[str, str]) -> Store:
        """Where the jobs file says that its history is kept, whatever else is wrong in it. Raises `BadInput`."""
        from rollcall.history.store import store_of

        return store_of(read_history_table(self.jobs_file, self.shown_file, environment), self.reports)

    def load_replay(self) -> Replay | None:
        """The recorded morning that was asked for, None where none was. Raises `BadInput`."""
        if self.replay is None:
            return None
        return replay(self.replay, jobs_file=self.replayed_under, shown_as=self.shown_file)

    def check_can_record(self, roll: Roll) -> None:
        """Raises `BadInput` where the morning is to be recorded and cannot be."""
        if self.record is not None:
            check_can_record(self.record, roll)

    def judged_at(self, roll: Roll, now: datetime) -> datetime:
        """The moment to judge: `now`, or the one that was asked for. Raises `BadInput`."""
        if self.as_of is None:
            return now
        at = self.as_of.at(roll.zone)
        if at > now and self.replay:
            rule = f"is after the record was made ({show_instant(now, roll.zone, year=True)}); nobody looked then."
            raise self.as_of.bad(f"{rule} Write an earlier moment.")
        if at > now:
            rule = f"is in the future (it is {show_instant(now, roll.zone)}), where nothing has been done yet."
            raise self.as_of.bad(f"{rule} Write a moment that has passed.")
        return at


def _shard(option: str | None, variable: str) -> Shard | None:
    written = option or variable
    return read_shard(written, SHARD.name if option else SHARD.environment) if written else None


def _is_same(file: Path, other: Path) -> bool:
    return file.resolve() == other.resolve()


def _by_clocks_of(zone: ZoneInfo, first: datetime, second: datetime) -> datetime:
    """The one instant at which the zone's clocks showed it. Raises ValueError where there are two, or none."""
    if first == second:
        return first
    change = "shows it twice" if first < second else "skips it"
    raise ValueError(f"that night's clock change {change} in {zone.key}. Write it with its offset.")


def _replay(option: str | None, environment: Mapping[str, str], contradicted_by: Sequence[str]) -> Path | None:
    """The folder to replay. A morning that is to be seen on the command line is no old one by the environment."""
    if option and contradicted_by:
        rule = f"asks nobody, and shows a recorded morning. Leave out {listed(contradicted_by)}."
        raise BadInput.single(REPLAY.name, rule)
    named = option or (None if contradicted_by else environment.get(REPLAY.environment))
    if named and not option and environment.get(DEMO.environment, "") not in _NO:
        rule = f"shows a recorded morning, and {DEMO.environment} a staged one. Unset one of them."
        raise BadInput.single(REPLAY.environment, rule)
    return path_of(named) if named else None


def _demo(option: str | None, variable: str, contradicted_by: Sequence[str]) -> str | None:
    if option is None:
        # A morning that was asked for on the command line is a real one, whatever the environment says.
        return None if variable in _NO or contradicted_by else _cause(variable)
    if contradicted_by:
        rule = f"brings its own jobs.toml and scheduler. Leave out {listed(contradicted_by)}."
        raise BadInput.single(DEMO.name, rule)
    if "/" in option or "::" in option or Path(option).exists():
        rule = "that is a path, and no cause. Write --demo after it, or --demo=CAUSE."
        raise BadInput.single(DEMO.name, rule, f'"{clean(option, 60)}"')
    return _cause(option)


def _fixing(given: Mapping[str, Any], of_another_day: Sequence[str]) -> Fixing:
    """What is to be fixed. Nobody acts on the past."""
    acts = [each.name for each in (RESTART, RERUN) if given.get(each.name)]
    is_dry = bool(given.get(DRY_RUN.name))
    if is_dry and not acts:
        raise BadInput.single(DRY_RUN.name, f"says what {RESTART.name} or {RERUN.name} would do. Add one of them.")
    if acts and of_another_day:
        raise BadInput.single(acts[0], f"acts now, on what is judged now. Leave out {listed(of_another_day)}.")
    return Fixing(restarts=RESTART.name in acts, reruns=RERUN.name in acts, is_dry=is_dry)


def _cause(named: str) -> str:
    return "" if named == GOOD_DEMO else named


def _named(option: Option, given: Sequence[str] | None, variable: str) -> tuple[str, ...]:
    """What is selected by that option, or by its variable, in which commas stand between several.

    Raises `BadInput` where one of them is empty: a variable that is not set would select nobody, or everybody.
    """
    texts = list(given) if given else variable.split(",") if variable.strip() else []
    if not all(map(str.strip, texts)):
        rule = "names none where one was to be named. Write one that a job has, or leave it out."
        raise BadInput.single(option.name if given else option.environment, rule)
    return tuple(dict.fromkeys(map(str.strip, texts)))


def _named_urls(texts: Iterable[str]) -> dict[str | None, str]:
    return dict(_named_url(text) for text in texts)


def _named_url(text: str) -> tuple[str | None, str]:
    """ "aime=http://…" is the url of that scheduler, "http://…" of the only one."""
    name, equals, url = text.partition("=")
    return (name, url) if equals and "://" not in name and "/" not in name else (None, text)


def _words_of_demo(fault: str) -> tuple[str, ...]:
    return (DEMO.name, *filter(None, [fault]))


def _words(scheduler_urls: Iterable[str]) -> Iterator[str]:
    """The options that name them. A password is left to the person: without it no other scheduler is asked."""
    for name, url in _named_urls(scheduler_urls).items():
        shown = url
        if "@" in url:
            scheme, _, rest = shown_url(url).rpartition("://")
            shown = f"{scheme or 'http'}://USER:PASSWORD@{rest.removeprefix('…@')}"
        yield from (SCHEDULER_URL.name, f"{name}={shown}" if name else shown)
