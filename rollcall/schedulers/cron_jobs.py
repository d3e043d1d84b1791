"""Which jobs does a cron have, and by what does jobs.toml call each?

A job is called by its command as it stands there, or by a part of it that only it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollcall.evidence import JobListed, Outcome, RunSeen
from rollcall.schedulers.cron_log import Fold, Key
from rollcall.schedulers.crontab import Line, Machine, Tabled, logged
from rollcall.sources.command_shown import shown
from rollcall.text import clean


class Jobs:
    """What is listed there, each by the name that jobs.toml has for it."""

    def __init__(self, machine: Machine, user: str | None, names: frozenset[str]) -> None:
        self._machine = machine
        self._user = user
        self._names = names
        self._lines = [
            (table, line) for table in machine.tables for line in table.lines if self._is_of(_runs_as(line, machine))
        ]
        self._ids = self._named()
        self._by_key: dict[Key, str] = {}
        for (_, line), id_ in zip(self._lines, self._ids, strict=True):
            self._by_key.setdefault(line.key, id_)
        runners = ((path, self._runner_of(path)) for path in machine.scripts)
        self._scripts = {path: runner for path, runner in runners if runner}
        self._runners = {line.key for line in self._scripts.values()}
        taken = set(self._ids)
        rest = sorted(names - taken, key=lambda name: (-len(name), name))
        self._script_ids = {path: next((each for each in rest if each in path), path) for path in self._scripts}

    def _is_of(self, user: str) -> bool:
        return self._user in (None, user)

    def _named(self) -> list[str]:
        """An id for each line: the declared name that is all of its command, or part of it; else the command."""
        texts = [{line.command.strip(), line.written.strip(), shown(line.command)} for _, line in self._lines]
        whole = {name for name in self._names if any(name in each for each in texts)}
        return [
            next((name for name in sorted(whole) if name in each), None)
            or next((name for name in sorted(self._names - whole, key=len, reverse=True) if _has(name, each)), None)
            or shown(line.command)
            for each, (_, line) in zip(texts, self._lines, strict=True)
        ]

    def of(self, key: Key) -> str | None:
        """The id of the job of a user and a command in the log; None where it is none of those."""
        if key in self._by_key:
            # Of a job that nobody declares no run is wanted; of a folder it is that of its scripts too.
            id_ = self._by_key[key]
            return id_ if not self._names or id_ in self._names or key in self._runners else None
        user, command = key
        if not self._names or not self._is_of(user):
            return None
        # A line that was changed or is gone has run all the same.
        return next((name for name in sorted(self._names, key=len, reverse=True) if logged(name) in command), None)

    def listed(self, fold: Fold) -> Iterator[JobListed]:
        """Each of them."""
        for (table, line), id_ in zip(self._lines, self._ids, strict=True):
            yield JobListed(
                id=id_,
                name=shown(line.command),
                schedule=line.schedule,
                zone=self._machine.zone_of(line) if line.schedule else None,
                catches_up=True if line.is_anacron else None,
                refused=refusal(table, self._machine, fold),
                untold=() if line.is_logged else ("runs",),
            )
        for path, line in self._scripts.items():
            yield JobListed(
                id=self._script_ids[path],
                name=path,
                schedule=line.schedule,
                zone=self._machine.zone_of(line) if line.schedule else None,
                catches_up=True if line.is_anacron else None,
            )

    def of_scripts(self, runs: tuple[RunSeen, ...]) -> Iterator[RunSeen]:
        """What the runs of a folder say of each script in it: of which of them something else is said, nobody knows."""
        for path, line in self._scripts.items():
            folder = self._by_key[line.key]
            for run in runs:
                if run.job == folder:
                    told = replace(run, job=self._script_ids[path])
                    if run.outcome in (Outcome.FAILED, Outcome.RUNNING):
                        told = replace(told, outcome=Outcome.UNKNOWN, word=f"{line.folder}: {run.word}", ended=None)
                    yield told

    def _runner_of(self, path: str) -> Line | None:
        """Who runs the scripts of that folder: anacron where it is there, else a line of a crontab."""
        folder = path.rpartition("/")[0]
        alike = [line for _, line in self._lines if line.folder == folder]
        by_anacron = (line for line in alike if line.is_anacron)
        by_cron = (line for line in alike if not line.is_anacron)
        return next(by_anacron, None) or next(by_cron, None)


def _has(name: str, texts: set[str]) -> bool:
    return any(name in each for each in texts)


def _runs_as(line: Line, machine: Machine) -> str:
    return "root" if line.is_anacron else line.user


def refusal(table: Tabled, machine: Machine, fold: Fold) -> str | None:
    """Why the daemon takes none of its lines: as it said itself since the file was changed, or as it is known to do."""
    if machine.is_debian and not table.is_ended:
        return f"{table.name}: Missing newline before EOF"
    said = fold.refused.get(table.logged_as)
    if said is None or table.changed_at is None or said[0] < table.changed_at:
        return None
    return f"{table.name}: {clean(said[1], 80)}"
