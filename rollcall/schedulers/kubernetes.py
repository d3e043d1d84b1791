"""What does a Kubernetes cluster say of its CronJobs and Jobs, by `kubectl` or a file of what that printed?

One call answers for jobs and runs. A job's name is its namespace and its own, such as "billing/nightly": names are
unique with their namespace only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from rollcall.command_line import shell_word
from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.fields import Timeout, Zone, default
from rollcall.roll.scheduler import Asked, Order, Step, Wanted, Words
from rollcall.schedule import Engine
from rollcall.schedulers.kubernetes_objects import VERSION, Objects, at
from rollcall.schedulers.kubernetes_runs import Answer
from rollcall.schedulers.over_pipes import OverPipes, runnable
from rollcall.schedulers.pages import MOST_ENTRIES
from rollcall.schedulers.reading import Reader
from rollcall.sources import programs
from rollcall.sources.json_items import Broken, Items
from rollcall.text import clean
from rollcall.times import parse_span, show_span
from rollcall.vocabulary import CauseCode

_ASK = ("kubectl", "get", "cronjobs,jobs", "-A", "-o", "json")
# A cluster of ten thousand Jobs; beyond that whoever asks has a time limit anyway.
LARGEST_ANSWER = 256_000_000
_PIECE = 1_000_000
# What a file that was written before each look may lag behind it.
_FRESH = timedelta(minutes=15)
# Of a Job, which is the label of its pods.
_LONGEST_NAME = 63
_ASKS_LESS = "Ask for fewer, by -n NAMESPACE or -l LABEL, with a scheduler for each"

# What kubectl says, and what it means; the first that fits.
_SAID = (
    (CauseCode.ACCESS_DENIED, r"forbidden|must be logged in|unauthorized|provide credentials|permission denied"),
    (CauseCode.ACCESS_DENIED, r"getting credentials|token.{0,40}expired|certificate has expired"),
    (CauseCode.WRONG_SERVICE, r"doesn't have a resource type|could not find the requested resource"),
    (CauseCode.SCHEDULER_ERROR, r"error in configuration|context .{0,80}does not exist|no configuration"),
    (CauseCode.SCHEDULER_DOWN, r"refused|no such host|unable to connect|i/o timeout|deadline exceeded|timed out"),
    (CauseCode.SCHEDULER_DOWN, r"no route to host|TLS handshake|service unavailable|connection reset|\bEOF\b"),
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "success": ("Complete",),
    "failed": ("Failed", "FailureTarget"),
    "running": ("Running", "SuccessCriteriaMet"),
    "waiting": ("Pending", "Suspended"),
    "skipped": ("Forbid",),
}
_STEPS = {
    "access-denied": "See which account it uses, and what that may do: {ask}; log in, or give it the rights of "
    "deploy/permissions/kubernetes.yaml, then {again}",
    "scheduler-error": "See what it says: {ask}; correct command of {table}, then {again}",
    "wrong-service": "See which cluster that is: {ask}; correct the context in command of {table}, then {again}",
    "scheduler-stalled": "See whether the cluster's kube-controller-manager is up "
    "(`kubectl -n kube-system get lease kube-controller-manager`), then {again}",
    "not-registered": "Deploy its CronJob again ({ask} lists those that are there), or take {table} out if it is gone "
    "for good",
    "job-paused": "Resume it: `suspend: false` in its CronJob, and in whatever deploys that, then {again}",
    "job-stalled": "See in {log} why its controller makes no Job of it (a quota, a webhook, its zone), and {rerun}",
    "unknown-status": "Let its CronJob keep its Jobs until this has looked (failedJobsHistoryLimit, "
    "successfulJobsHistoryLimit, ttlSecondsAfterFinished), then {again}",
    "run-failed": "See in {log} what its Job is called, read `kubectl logs job/…` of it, fix it, and {rerun}",
    "not-picked-up": "See in {log} what its pod waits for: an image, a secret, a node with room; then {again}",
    "never-ran": "See in {log} why no Job was made, and {rerun}",
    "missed-run": "See in {log} why no Job was made, and {rerun}",
}


class Kubernetes(OverPipes):
    """A cluster."""

    engine: Engine = Field(Engine.KUBERNETES, description="Which engine's rules its schedules follow.")
    timeout: Timeout = default("30 s", parse_span, "How long it may take to answer.")
    argv: tuple[str, ...] | None = Field(
        None, alias="command", min_length=1, repr=False, description="What asks it, with its context and namespace."
    )
    file: str | None = Field(None, min_length=1, description="What such a command printed, written before each look.")
    controller_timezone: Zone = Field(
        default_factory=lambda: ZoneInfo("UTC"), description="The zone of schedules that name none: its controller's."
    )
    words: Words = Field(default_factory=lambda: Words(**_WORDS), description="What its status words mean.")
    steps: dict[str, str] = Field(
        default_factory=lambda: dict(_STEPS), description="What to do next, by cause, in place of the usual."
    )

    _folder: Path = PrivateAttr(default_factory=Path)

    @field_validator("argv")
    @classmethod
    def _can_be_run(cls, argv: tuple[str, ...] | None, found: ValidationInfo) -> tuple[str, ...] | None:
        return argv and runnable(argv, found)

    @field_validator("words", mode="before")
    @classmethod
    def _over_its_words(cls, words: Any) -> Any:
        return {**_WORDS, **words} if isinstance(words, Mapping) else words

    @field_validator("steps", mode="before")
    @classmethod
    def _over_its_steps(cls, steps: Any) -> Any:
        return {**_STEPS, **steps} if isinstance(steps, Mapping) else steps

    @model_validator(mode="after")
    def _is_asked_in_one_way(self) -> Kubernetes:
        if self.file is not None and (self.argv is not None or self.via):
            raise ValueError("file is read in place of a command. Take one of them out.")
        return self

    def model_post_init(self, context: Any) -> None:
        """Takes the folder in which a file is looked for."""
        super().model_post_init(context)
        self._folder = (context or {}).get("folder") or Path()

    # What it is to others ---------------------------------------------------------------------------------------------

    @property
    def _asked_by(self) -> tuple[str, ...]:
        return self.argv or _ASK

    @property
    def address(self) -> str:
        """The command, or the file, as it may be shown."""
        return self.file or self.shown(self._asked_by)

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold; when a CronJob runs next is worked out as its controller does."""
        of_jobs = {"jobs", "next_run", "paused", "schedule"}
        return frozenset(of_jobs | {"runs", "due", "started", "ended", "status", "history", "by_schedule"})

    def command(self) -> str | None:
        """The command as a person types it."""
        return f"ls -l {shell_word(self.file)}" if self.file else self.address

    def log_of(self, name: str) -> str | None:
        """The command that shows the events of its CronJob, which name its Jobs."""
        namespace, _, own = name.partition("/")
        return self.shown([*(self._kubectl or ("kubectl",)), "-n", namespace, "describe", f"cronjob/{own}"])

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        """The order to make a Job of a CronJob, of one name for one due time: it is made once."""
        kubectl = self._kubectl
        if step is not Step.TRIGGER or wanted is None or kubectl is None:
            return None
        namespace, _, own = wanted.name.partition("/")
        minutes = int(wanted.due_at.timestamp()) // 60 if wanted.due_at else 0
        suffix = f"-rollcall-{minutes}" if minutes else "-rollcall"
        name = own[: _LONGEST_NAME - len(suffix)].rstrip("-.") + suffix
        return self.commanded(*kubectl, "-n", namespace, "create", "job", f"--from=cronjob/{own}", name)

    @property
    def _kubectl(self) -> tuple[str, ...] | None:
        """How kubectl is called, up to what it is to do: with its context. None where a file or a script stands in."""
        asks = self._asked_by
        return asks[: asks.index("get")] if "get" in asks and self.file is None else None

    # Asking -----------------------------------------------------------------------------------------------------------

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it prints, within the timeout. Raises `CannotLook`."""
        asked_at = asked.clock()
        answer = self._read(asked)
        answered_at = asked.clock()
        return SchedulerSeen(
            asked_at=asked_at,
            answered_at=answered_at,
            jobs=tuple(answer.listed(answered_at)),
            runs=tuple(answer.runs(answered_at, asked.since, self.words.outcome)),
        )

    def _read(self, asked: Asked) -> Answer:
        pieces = self._of_file(asked) if self.file else self._of_command()
        items, answer = Items(self._bounded(pieces), "items"), Answer(zone=self.controller_timezone)
        objects = Objects(reader=Reader(secrets=self.secrets, times=None, broken=self._broken))
        count, others, versions = 0, set[str](), set[str]()
        try:
            for count, item in enumerate(items, 1):
                if count > MOST_ENTRIES:
                    raise self._broken(f"holds more than {MOST_ENTRIES:,} objects. {_ASKS_LESS}")
                # A list of one kind, as of `kubectl get --raw`, names it before its items.
                kind = at(item, "kind") or str(items.rest.get("kind") or "").removesuffix("List")
                version = at(item, "apiVersion") or items.rest.get("apiVersion")
                if kind in ("CronJob", "Job") and version != VERSION:
                    versions.add(clean(f"{kind} of {version}", 60))
                elif kind == "CronJob":
                    if at(item, "metadata", "deletionTimestamp") is None:
                        answer.cron_jobs.append(objects.cron_job(item))
                elif kind == "Job":
                    answer.jobs.append(objects.job(item))
                elif kind == "Pod":
                    if pod := objects.pod(item):
                        answer.pods.setdefault(pod.job, []).append(pod)
                else:
                    others.add(clean(str(kind), 40) or "no kind at all")
            # Its exit status comes last.
            for _ in items.pieces:
                pass
        except (Broken, UnicodeDecodeError):
            raise self._broken("prints no JSON object, or one that breaks off") from None
        self._is_whole(items.rest, count, others, versions, answer)
        return answer

    def _is_whole(
        self, rest: Mapping[str, Any], count: int, others: set[str], versions: set[str], answer: Answer
    ) -> None:
        """Raises `CannotLook` where it is another answer, or not all of it."""
        kind = clean(str(rest.get("kind")), 40)
        if kind == "Status":
            raise self._broken(f"says {clean(str(rest.get('message')), 200)}", self._meaning(str(rest.get("message"))))
        if not kind.endswith("List"):
            raise self._broken(f"is of the kind {kind}, and no list", CauseCode.WRONG_SERVICE)
        if versions:
            raise self._broken(f"holds {', '.join(sorted(versions))}, and {VERSION} is what can be read")
        if others and len(answer.cron_jobs) + len(answer.jobs) == 0:
            held = ", ".join(sorted(others)[:3])
            raise self._broken(f"holds no CronJob and no Job, but {held}", CauseCode.WRONG_SERVICE)
        if at(rest, "metadata", "continue"):
            raise self._broken(f"is cut off after {count:,} objects: it goes on by metadata.continue. {_ASKS_LESS}")

    def _of_command(self) -> Iterator[bytes]:
        argv = [self.secrets.sent(each) for each in self._asked_by]
        with self._telling(self._asked_by), programs.started(self.whole(self.via, argv), self.timeout) as program:
            yield from program.pieces()
            ended = programs.Printed(status=program.status(), out=b"", err=bytes(program.err))
        if ended.status != 0:
            # What it could have it prints all the same: of one kind alone, where the other is forbidden.
            raise self.failed(ended, self._asked_by)

    def _of_file(self, asked: Asked) -> Iterator[bytes]:
        assert self.file is not None
        file = self._folder / Path(self.file).expanduser()
        try:
            written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            if asked.now - written_at > _FRESH:
                old = show_span(asked.now - written_at)
                raise self._broken(f"was written {old} ago, and what ran since is not in it. Write it before each look")
            with file.open("rb") as opened:
                yield from iter(lambda: opened.read(_PIECE), b"")
        except PermissionError:
            raise self._broken("may not be read by this user", CauseCode.ACCESS_DENIED) from None
        except OSError as error:
            raise self._broken(f"cannot be read: {error.strerror}", CauseCode.SCHEDULER_DOWN) from None

    def _bounded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        came = 0
        for piece in pieces:
            came += len(piece)
            if came > LARGEST_ANSWER:
                raise self._broken(f"prints more than {LARGEST_ANSWER // 1_000_000} MB, and goes on. {_ASKS_LESS}")
            yield piece

    def failed(self, printed: programs.Printed, argv: Sequence[str]) -> CannotLook:
        """That kubectl ended otherwise than well, in its own last words."""
        problem = super().failed(printed, argv)
        if problem.code is CauseCode.HOST_SILENT:
            return problem
        return CannotLook(self._meaning(printed.err.decode(errors="replace")), problem.detail)

    def _meaning(self, said: str) -> CauseCode:
        return next((code for code, words in _SAID if re.search(words, said, re.IGNORECASE)), CauseCode.SCHEDULER_ERROR)

    def _broken(self, why: str, code: CauseCode = CauseCode.SCHEDULER_ERROR) -> CannotLook:
        return CannotLook(code, self.secrets.clean(f"`{self.address}`: {why}", 400))
