"""How is a command written safely, whatever is in the names of schedulers and jobs?

A next step has its commands in backticks: no backtick may come from a name, and a name is one word of its command.
"""

from __future__ import annotations

import json
import re

from rollcall.roll.job import Job
from rollcall.roll.scheduler import Order, Scheduler, Step, Wanted
from rollcall.verdict.judged import JobJudged

CHECK_AGAIN = "pytest checks/"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def trigger_of(judged: JobJudged) -> Order | None:
    """How its scheduler runs it now; None where none is declared."""
    job = judged.job
    if job.scheduler is None:
        return None
    listed, run = judged.seen.listed, judged.due_run
    wanted = Wanted(name=job.name, key=listed.key if listed else None, due_at=run.due_at if run else None)
    return job.scheduler.order(Step.TRIGGER, wanted)


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
