"""What is typed, whatever is in the names of schedulers and jobs?

A next step sets its commands in backticks: none may come from a name, and what does is one word of its command.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler

CHECK_AGAIN = "pytest checks/"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def request_of(scheduler: Scheduler, path: str) -> str:
    """The command that tells the scheduler to do something by that path, its secrets as the `${NAME}` of jobs.toml."""
    return scheduler.command(path) or path


def trigger_of(job: Job) -> str | None:
    """The path by which its scheduler runs it now; None where none is declared."""
    path = job.scheduler.path_of("trigger") if job.scheduler else None
    if path is None:
        return None
    # A name of dots alone would be taken for a step up.
    name = quote(job.name, safe="") if job.name.strip(".") else "%2E" * len(job.name)
    return path.replace("{job}", name)


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
