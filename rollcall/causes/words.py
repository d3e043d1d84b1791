"""What is filled in for the words in braces of a next step?

Each is a property of the scheduler or of the judged job that the step is about, and is looked for only where a step has
it. One that is a command brings its backticks; `{folder}`, `{file}` and `{word}` are each one word of a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rollcall.causes.action import Deed
from rollcall.causes.by_hand import UNPACK, file_word, folder_word, listing_of, sight_of
from rollcall.causes.commands import (
    CHECK_AGAIN,
    plain,
    table_of,
    toml_key,
    trigger_of,
)
from rollcall.command_line import shell_word
from rollcall.evidence import FileSeen
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.roll.proving import FILE
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.findings import Check, Finding
from rollcall.verdict.judged import JobJudged
from rollcall.verdict.zones import lines_to_add
from rollcall.vocabulary import CauseCode, Of, Verdict

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# What may run a job that has no scheduler.
_TIMERS = "`crontab -l`, `systemctl list-timers --all`"


class _Always:
    """The commands that are the same whatever the step is about."""

    @property
    def host(self) -> str | None:
        """The host that looks for it; None where whoever judges does."""
        return None

    @property
    def again(self) -> str:
        if self.host:
            # Whoever judges sees what the host saw last.
            return f"look there again (`rollcall look --host {self.host}`), then `{CHECK_AGAIN}`"
        return f"`{CHECK_AGAIN}`"

    @property
    def restart(self) -> str:
        return f"`{CHECK_AGAIN} --restart-stopped`"

    @property
    def rerun_missed(self) -> str:
        return f"`{CHECK_AGAIN} --rerun-missed`"

    @property
    def record(self) -> str:
        return f"`{CHECK_AGAIN} --record DIR`"


@dataclass(frozen=True)
class SchedulerWords(_Always):
    """The words of a step about a scheduler."""

    subject: Scheduler

    @property
    def host(self) -> str | None:
        return self.subject.host

    @property
    def name(self) -> str:
        return plain(self.subject.id)

    @property
    def word(self) -> str:
        return shell_word(self.subject.id)

    @property
    def key(self) -> str:
        return toml_key(self.subject.id)

    @property
    def scheduler(self) -> str:
        """The key of the scheduler, also where the step is about a job of it."""
        return self.key

    @property
    def table(self) -> str:
        return table_of(self.subject)

    @property
    def ask(self) -> str:
        command = self.subject.command()
        return f"`{command}`" if command else self.subject.address

    @property
    def log(self) -> str:
        return "the scheduler's log"

    @property
    def rerun(self) -> str:
        return f"run again what it missed, then {self.again}"


@dataclass(frozen=True)
class JobWords(_Always):
    """The words of a step about a job."""

    judged: JobJudged
    root: Finding

    @property
    def _job(self) -> Job:
        return self.judged.job

    @property
    def host(self) -> str | None:
        return self._job.host

    @property
    def name(self) -> str:
        return plain(self._job.id)

    @property
    def word(self) -> str:
        return shell_word(self._job.id)

    @property
    def called(self) -> str:
        """What its scheduler calls it."""
        listed = self.judged.seen.listed
        return shell_word(listed.id if listed else self._job.name)

    @property
    def key(self) -> str:
        return toml_key(self._job.id)

    @property
    def scheduler(self) -> str:
        return toml_key(self._job.scheduler.id if self._job.scheduler else "")

    @property
    def table(self) -> str:
        return table_of(self._job)

    @property
    def ask(self) -> str:
        return SchedulerWords(self._job.scheduler).ask if self._job.scheduler else self.again

    @property
    def log(self) -> str:
        scheduler = self._job.scheduler
        if scheduler is None:
            return "its log"
        listed = self.judged.seen.listed
        command = scheduler.log_of(listed.key if listed and listed.key else self._job.name)
        return f"its log (`{command}`)" if command else "the scheduler's log"

    @property
    def why(self) -> str:
        """Where to look for the reason that nothing ran, after "check"."""
        return f"{self.log} for the reason" if self._job.scheduler else f"whether anything runs it ({_TIMERS})"

    @property
    def zone(self) -> str:
        return self._job.zone.key

    @property
    def naive_times(self) -> str:
        """The lines to add that say how its times are read, and where to add them."""
        if self.root.check is Check.OUTPUT_EXISTS:
            zones = [f'`timezone = "{each}"`' for each in dict.fromkeys((self._job.zone.key, "UTC"))]
            return f"{' or '.join(zones)} in [jobs.{self.key}.output] of jobs.toml"
        lines = " or ".join(f"`{line}`" for line in lines_to_add(self.judged.seen))
        return f"{lines} in [schedulers.{self.scheduler}] of jobs.toml"

    @property
    def rerun(self) -> str:
        """How to run it now: by Roll call where that is allowed."""
        is_offered = self._job.rerun and is_plainly_missed(self.judged)
        return f"run it now: {self.rerun_missed}" if is_offered else self.by_hand

    @property
    def by_hand(self) -> str:
        """How a person runs it now."""
        if order := trigger_of(self.judged):
            return f"run it now: `{order.typed}`, then {self.again}"
        scheduler = self._job.scheduler
        if scheduler and (command := scheduler.run_of(self._job.name)):
            return f"run it by hand: `{command}`, then {self.again}"
        return f"run {self.name} by hand, then {self.again}"

    @property
    def folder(self) -> str:
        return folder_word(self._output) if self._output else "."

    @property
    def list(self) -> str:
        """The command that lists what is there."""
        output = self._output
        if output is None:
            return "`ls -lt . | head`"
        if output.kind is Kind.FILES:
            return listing_of(output)
        if output.kind is Kind.ENTRIES:
            return f"`{output.shown}`"
        return f"the query in [jobs.{self.key}.output] of jobs.toml"

    @property
    def place(self) -> str:
        """Where its output is, and where jobs.toml says so."""
        place = self._output.place if self._output else None
        return f"{plain(place.shown)} ([places.{toml_key(place.id)}] in jobs.toml)" if place else "that place"

    @property
    def file(self) -> str:
        if self._output is None or self._file is None:
            return self.folder
        return file_word(self._output, self._file.name)

    @property
    def head(self) -> str:
        """The command that shows its beginning, unpacked where it is packed."""
        return self._seen_by("head") if self._is_file else self.list

    @property
    def tail(self) -> str:
        return self._seen_by("tail") if self._is_file else self.list

    def _seen_by(self, command: str) -> str:
        if self._output is None or self._file is None:
            return f"`{command} {self.file}`"
        read_as = self._file.content.read_as if self._file.content else ""
        if self._output.open and not self._output.place:
            unpack = UNPACK.get(read_as.rpartition(" ")[2])
            return f"{self.opening[:-1]} | {f'{unpack} | ' if unpack else ''}{command}`"
        return sight_of(self._output, self._file.name, command, read_as)

    @property
    def proof(self) -> str:
        """The `verify` command as it is run by hand, with the `open` command where there is one."""
        verify, opens = (self._output.verify, self._output.open) if self._output else (None, ())
        words = verify.command if verify else ()
        if opens:
            return f"`{_typed(words)}`, where {{file}} is what {self.opening} makes of it"
        path = str(self._output.folder / self._file.name) if self._output and self._file else "{file}"
        return f"`{_typed([each.replace(FILE, path) for each in words])}`"

    @property
    def opening(self) -> str:
        """The `open` command as it is run by hand."""
        return f"`{_typed(self._output.open if self._output else ())} < {self.file}`"

    @property
    def _is_file(self) -> bool:
        return self._output is None or self._output.kind is Kind.FILES

    @property
    def _output(self) -> Output | None:
        """The output of the job that the step is about."""
        return self._job.outputs[self.root.output] if self._job.outputs else None

    @property
    def _file(self) -> FileSeen | None:
        """The file that the step is about: the one that the finding names, else the newest of the run."""
        newest = self.judged.files[self.root.output] if self.judged.files else None
        if not self.root.file:
            return newest
        return next(
            (each for each in self.judged.seen.of_output(self.root.output).files if each.name == self.root.file), newest
        )


def _typed(argv: Iterable[str]) -> str:
    return " ".join(map(shell_word, argv))


def fill(step: str, words: SchedulerWords | JobWords) -> str:
    """The step as a person reads it. Unknown braces are left as they are: they may be part of a command."""
    known = _known(type(words))
    # In one pass: a name may look like a placeholder, and is none.
    filled = _PLACEHOLDER.sub(lambda found: getattr(words, found[1]) if found[1] in known else found[0], step)
    return filled[:1].upper() + filled[1:]


def check_step(code: CauseCode, step: str) -> None:
    """Raises ValueError where a word in braces is not known in a step of that cause."""
    match code.record.of:
        case Of.RECORD | Of.HOST:
            known = _known(SchedulerWords) & _known(JobWords)
        case Of.SCHEDULER:
            known = _known(SchedulerWords)
        case _:
            known = _known(JobWords)
    if not set(_PLACEHOLDER.findall(step)) <= known:
        raise ValueError(f"an unknown word in braces; the known ones are {', '.join(sorted(known))}")


def _known(words: type[SchedulerWords | JobWords]) -> frozenset[str]:
    named = (name for name in dir(words) if not name.startswith("_"))
    return frozenset(name for name in named if isinstance(getattr(words, name), property))


def is_plainly_missed(judged: JobJudged) -> bool:
    """True where its scheduler has no run on record since it was due, and nothing else is wrong with the job."""
    of_record = (each for each in judged.findings if each.check is Check.EXECUTED_AFTER_DUE_TIME)
    if not any(each.verdict is Verdict.MISSED and each.code in Deed.RERUN.cures for each in of_record):
        return False
    return all(each.code in Deed.RERUN.cures for each in judged.findings if each.needs_a_person)
