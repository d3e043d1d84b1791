"""How is a command written safely, whatever is in the names of schedulers and jobs, and found again in a step?

A next step has its commands in backticks: no backtick may come from a name, and a name is one word of its command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from rollcall.roll.job import Job
from rollcall.roll.scheduler import Order, Scheduler, Step, Wanted
from rollcall.verdict.judged import JobJudged

CHECK_AGAIN = "pytest checks/"
_TICKED = re.compile("`([^`]*)`")
# What follows these is to be typed; after any other word it is a part of the sentence: "whether `cron` runs".
_BEFORE_A_COMMAND = re.compile(r"(?:^|[:,;(]|\b(?:then|now|or|and))\s*$")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def trigger_of(judged: JobJudged) -> Order | None:
    """How its scheduler runs it now; None where none is declared."""
    job = judged.job
    if job.scheduler is None:
        return None
    listed, run = judged.seen.listed, judged.due_run
    wanted = Wanted(name=job.name, key=listed.key if listed else None, due_at=run.due_at if run else None)
    return job.scheduler.order(Step.TRIGGER, wanted)


def parts_of(step: str) -> Iterator[tuple[str, bool]]:
    """A next step in parts: each command that is to be typed by itself, True, and the prose between them, False.

    What is in backticks and only a part of a sentence stays in it, with them.
    """
    prose = ""
    for index, part in enumerate(_TICKED.split(step)):
        if index % 2 and _BEFORE_A_COMMAND.search(prose):
            yield from _prose(prose)
            yield part, True
            prose = ""
        else:
            prose += f"`{part}`" if index % 2 else part
    yield from _prose(prose)


def _prose(text: str) -> Iterator[tuple[str, bool]]:
    """Without what joined it to the command before; what followed a semicolon begins as a sentence."""
    if shown := text.strip(" ,;()"):
        is_new = text.lstrip(" )").startswith(";")
        yield (shown[:1].upper() + shown[1:] if is_new else shown), False


def table_of(subject: Scheduler | Job) -> str:
    """Where jobs.toml declares it, for people."""
    kind = "schedulers" if isinstance(subject, Scheduler) else "jobs"
    return f"[{kind}.{toml_key(subject.id)}] in jobs.toml"


def toml_key(name: str) -> str:
    """A key of jobs.toml, as TOML wants it written."""
    if _BARE_KEY.fullmatch(name):
        return name
    return json.dumps(plain(name), ensure_ascii=False)


def plain(name: str) -> str:
    """A name in a sentence."""
    return name.replace("`", "'")
