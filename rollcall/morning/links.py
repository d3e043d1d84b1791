"""Where does a job's link lead, its name and due time filled in?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

from rollcall.roll.job import Job

_FIELD = re.compile(r"\{(job|name|due)\}")


def filled_link(link: str | None, job: Job, due_at: datetime | None) -> str | None:
    """`runbook` or `logs` of a job with {job}, {name} and {due} filled in; None where it has none.

    The due time is UTC, such as 2026-02-11T05:00:00Z, and "" where no run was due. In an address each is quoted.
    """
    if link is None:
        return None
    due = f"{due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if due_at else ""
    values = {"job": job.id, "name": job.name, "due": due}
    # A name with a "&" or a "/" in it must not lead elsewhere.
    is_address = "://" in link
    return _FIELD.sub(lambda found: quote(values[found[1]], safe="") if is_address else values[found[1]], link)
