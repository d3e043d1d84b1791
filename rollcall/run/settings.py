"""What did the person ask for? Command line beats environment beats file.

Shared by pytest's plugin and the `rollcall` command, so that both understand the same words.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.errors import BadInput
from rollcall.recorded.record import check_can_record
from rollcall.recorded.replay import Replay, replay
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.roll.scheduler import Scheduler
from rollcall.roll.values import shown_url
from rollcall.run.place import Place
from rollcall.text import clean, listed
from rollcall.times import read_timestamp, show_instant

JOBS_FILE = "ROLLCALL_JOBS_FILE"
SCHEDULER_URL = "ROLLCALL_SCHEDULER_URL"
AS_OF = "ROLLCALL_AS_OF"
DEMO = "ROLLCALL_DEMO"
RECORD = "ROLLCALL_RECORD"
REPLAY = "ROLLCALL_REPLAY"
METRICS = "ROLLCALL_METRICS"
NO_HISTORY = "ROLLCALL_NO_HISTORY"

RESTART = "--restart-stopped"
RERUN = "--rerun-missed"
GOOD_DEMO = "1"  # the demo without a fault: what `--demo` alone means, and `ROLLCALL_DEMO=1`
_NO = ("", "0")
_FILE = "jobs.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, by whichever way: None where it was not.

    `demo` is the fault to stage, "" for the good morning. `as_of_place` is where the moment was written. `record` and
    `replay` are the folders of a morning to keep and of one that was kept; `replayed_under` is the jobs.toml that was
    named for a replay, None for the one recorded with it. `acts` are the options that ask to mend what is wrong, and
    `is_dry` is whether to say only what would be done. `metrics` is the file for Prometheus.
    `other_file` is the jobs.toml that is judged, as it may be shown, None where it is the one that lies there anyway;
    `usual_file` the one that the environment names. `words` are those of the command line, without passwords, that say
    who is asked.
    """

    jobs_file: Path
    shown_file: str
    scheduler_urls: Mapping[str | None, str]
    as_of: str | None
    as_of_place: str = "--as-of"
    demo: str | None = None
    record: Path | None = None
    replay: Path | None = None
    replayed_under: Path | None = None
    acts: tuple[str, ...] = ()
    is_dry: bool = False
    keeps_history: bool = True
    metrics: Path | None = None
    other_file: str | None = None
    usual_file: Path | None = None
    words: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        environment: Mapping[str, str],
        folder: Path,
        jobs_file: str | None = None,
        scheduler_urls: Sequence[str] = (),
        as_of: str | None = None,
        demo: str | None = None,
        record: str | None = None,
        replay: str | None = None,
        restart_stopped: bool = False,
        rerun_missed: bool = False,
        dry_run: bool = False,
        no_history: bool = False,
        metrics: str | None = None,
    ) -> Asked:
        """The command line's words, completed from the environment; `folder` is where jobs.toml lies by default.

        Raises `BadInput` where two of them contradict each other.
        """
        name = jobs_file or environment.get(JOBS_FILE)
        by_name = {"--jobs-file": jobs_file, "--scheduler-url": scheduler_urls, "--replay": replay}
        beside = {"--demo": demo, "--scheduler-url": scheduler_urls, "--record": record}
        replayed = _replay(replay, environment, [option for option, value in beside.items() if value])
        under = jobs_file if replay else name
        usual = folder / _FILE
        kept = record or environment.get(RECORD)
        staged = _demo(demo, {} if replayed else environment, [option for option, value in by_name.items() if value])
        of_another_day = ["--as-of" if as_of else AS_OF] if as_of or environment.get(AS_OF) else []
        of_another_day += ["--replay" if replay else REPLAY] if replayed else []
        return cls(
            jobs_file=_path(name) if name else usual,
            shown_file=clean(name) if name else _FILE,
            # One scheduler's url on the command line leaves the others' in the environment as they are.
            scheduler_urls=_named_urls(environment.get(SCHEDULER_URL, "").split()) | _named_urls(scheduler_urls),
            as_of=as_of or environment.get(AS_OF) or None,
            as_of_place="--as-of" if as_of else AS_OF,
            demo=staged,
            record=_path(kept) if kept and not replayed else None,
            replay=replayed,
            replayed_under=_path(under) if replayed and under else None,
            acts=_acts({RESTART: restart_stopped, RERUN: rerun_missed}, of_another_day, is_dry=dry_run),
            is_dry=dry_run,
            keeps_history=not no_history and environment.get(NO_HISTORY, "") in _NO,
            # What a program watches is not replaced by a staged morning unless that is asked for.
            metrics=_metrics(metrics, environment if staged is None and not replayed else {}),
            other_file=clean(name) if name and (under or not replayed) and not _is_same(_path(name), usual) else None,
            usual_file=_path(environment[JOBS_FILE]) if environment.get(JOBS_FILE) else None,
            words=("--demo", *filter(None, [staged])) if demo and staged is not None else tuple(_words(scheduler_urls)),
        )

    @property
    def reports(self) -> Path:
        """The folder of the history and of the locks: beside jobs.toml, so that all who read that file share it."""
        return self.jobs_file.absolute().parent / "reports"

    def again(self, place: Place) -> str:
        """What a person types there to have the same morning judged again. What the environment says still stands."""
        if self.replay:
            from rollcall.causes.commands import CHECK_AGAIN

            return CHECK_AGAIN
        file, usual = place.folder / self.jobs_file, place.folder / (self.usual_file or place.home / _FILE)
        is_found = self.demo is not None or _is_same(file, usual)
        return place.command(*(() if is_found else ("--jobs-file", place.shown(file))), *self.words)

    def load(self, environment: Mapping[str, str], now: datetime) -> Roll:
        """The roll of that file, as of the present. Raises `BadInput`."""
        return load(
            self.jobs_file,
            environment=environment,
            scheduler_urls=self.scheduler_urls,
            shown_as=self.shown_file,
            now=now,
            list_jobs=lambda declaring: self._listings(declaring, now),
        )

    def _listings(self, declaring: Iterable[Scheduler], now: datetime) -> dict[str, Listing]:
        """What they list, asked now, and what the history remembers of it."""
        from rollcall.ask import gather
        from rollcall.history.reading import read_listings
        from rollcall.history.rows import FILE

        declaring = tuple(declaring)
        began_on = time.monotonic()
        seen = gather((), declaring, now=now, clock=lambda: now + timedelta(seconds=time.monotonic() - began_on))
        remembered = read_listings(self.reports / FILE) if self.keeps_history else {}
        return {each.id: Listing.of(seen.schedulers[each.id], remembered.get(each.id, ())) for each in declaring}

    def load_replay(self) -> Replay | None:
        """The recorded morning that was asked for, None where none was. Raises `BadInput`."""
        if self.replay is None:
            return None
        return replay(self.replay, jobs_file=self.replayed_under, shown_as=self.shown_file)

    def check_can_record(self, roll: Roll) -> None:
        """Raises `BadInput` where the morning is to be recorded and cannot be."""
        if self.record is not None:
            check_can_record(self.record, roll)

    def moment(self, zone: ZoneInfo) -> datetime | None:
        """The moment that was asked for, aware UTC; `zone` is whose clocks it means. Raises `BadInput`."""
        if self.as_of is None:
            return None
        try:
            stamp = read_timestamp(self.as_of)
            return stamp.at or _by_clocks_of(zone, stamp.in_zone(zone, fold=0), stamp.in_zone(zone, fold=1))
        except ValueError as error:
            raise self._bad_moment(str(error)) from None

    def judged_at(self, roll: Roll, now: datetime) -> datetime:
        """The moment to judge: `now`, or the one that was asked for. Raises `BadInput`."""
        at = self.moment(roll.zone)
        if at is not None and at > now and self.replay:
            rule = f"lies after the record was made ({show_instant(now, roll.zone, year=True)}); nobody looked then."
            raise self._bad_moment(f"{rule} Write an earlier moment.")
        if at is not None and at > now:
            rule = f"lies in the future (it is {show_instant(now, roll.zone)}), where nothing has been done yet."
            raise self._bad_moment(f"{rule} Write a moment that has passed.")
        return at or now

    def _bad_moment(self, rule: str) -> BadInput:
        return BadInput.single(self.as_of_place, rule, f'"{clean(self.as_of or "", 60)}"')


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # "~nobody/jobs.toml"; that it cannot be read is said where it is read
        return Path(name)


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
        raise BadInput.single(
            "--replay", f"asks nobody, and shows a recorded morning. Leave out {listed(contradicted_by)}."
        )
    named = option or (None if contradicted_by else environment.get(REPLAY))
    if named and not option and environment.get(DEMO, "") not in _NO:
        raise BadInput.single(REPLAY, f"shows a recorded morning, and {DEMO} a staged one. Unset one of them.")
    return _path(named) if named else None


def _demo(option: str | None, environment: Mapping[str, str], contradicted_by: Iterable[str]) -> str | None:
    contradicted_by = tuple(contradicted_by)
    if option is None:
        # A morning that was asked for on the command line is a real one, whatever the environment says.
        named = environment.get(DEMO, "")
        return None if named in _NO or contradicted_by else _cause(named)
    if contradicted_by:
        raise BadInput.single("--demo", f"brings its own jobs.toml and scheduler. Leave out {listed(contradicted_by)}.")
    if "/" in option or "::" in option or Path(option).exists():
        rule = "that is a path, and no cause. Write --demo after it, or --demo=CAUSE."
        raise BadInput.single("--demo", rule, f'"{clean(option, 60)}"')
    return _cause(option)


def _acts(options: Mapping[str, bool], of_another_day: Sequence[str], *, is_dry: bool) -> tuple[str, ...]:
    """The options that ask to act. Nobody acts on the past."""
    acts = tuple(option for option, is_asked in options.items() if is_asked)
    if is_dry and not acts:
        raise BadInput.single("--dry-run", f"says what {RESTART} or {RERUN} would do. Add one of them.")
    if acts and of_another_day:
        rule = f"acts now, on what is judged now. Leave out {listed(of_another_day)}."
        raise BadInput.single(acts[0], rule)
    return acts


def _metrics(option: str | None, environment: Mapping[str, str]) -> Path | None:
    named = option or environment.get(METRICS)
    if named and not named.endswith(".prom"):
        rule = "the textfile collector reads no other files than *.prom. Write a name that ends in .prom."
        raise BadInput.single("--metrics" if option else METRICS, rule, f'"{clean(named, 60)}"')
    return _path(named) if named else None


def _cause(named: str) -> str:
    return "" if named == GOOD_DEMO else named


def _named_urls(texts: Iterable[str]) -> dict[str | None, str]:
    return dict(_named_url(text) for text in texts)


def _named_url(text: str) -> tuple[str | None, str]:
    """ "aime=http://…" is the url of that scheduler, "http://…" of the only one."""
    name, equals, url = text.partition("=")
    return (name, url) if equals and "://" not in name and "/" not in name else (None, text)


def _words(scheduler_urls: Iterable[str]) -> Iterator[str]:
    """The options that name them. A password is left to the person: without it no other scheduler is asked."""
    for name, url in _named_urls(scheduler_urls).items():
        shown = url
        if "@" in url:
            scheme, _, rest = shown_url(url).rpartition("://")
            shown = f"{scheme or 'http'}://USER:PASSWORD@{rest.removeprefix('…@')}"
        yield from ("--scheduler-url", f"{name}={shown}" if name else shown)
