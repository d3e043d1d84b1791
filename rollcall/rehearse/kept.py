"""What did the last rehearsal of all jobs come to, and is that still true of this jobs file?

It is kept as coverage.json among the reports. What stands there may be damaged, or of another version: then it says so,
and no morning is the worse for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rollcall.files import read_regular, write_whole
from rollcall.text import clean, counted
from rollcall.times import show_date

if TYPE_CHECKING:
    from rollcall.rehearse.document import Document
    from rollcall.roll.roll import Roll

FILE = "coverage.json"
# Ten thousand jobs are about 2 MB.
_LARGEST = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRehearsal:
    """What the last one came to; `is_outdated` where jobs.toml has changed since."""

    made_at: datetime
    found: int
    planted: int
    not_rehearsed: int
    is_outdated: bool

    def said(self, zone: ZoneInfo) -> str:
        """As one sentence."""
        found = f"{self.found:,} of {counted(self.planted, 'planted fault')}"
        line = f"A rehearsal on {show_date(self.made_at, zone)} found {found}"
        if self.not_rehearsed:
            line += f"; {counted(self.not_rehearsed, 'job or scheduler', 'jobs and schedulers')} could not be rehearsed"
        return f"{line}; jobs.toml has changed since." if self.is_outdated else f"{line}."


def keep(folder: Path, document: Document) -> Path:
    """Writes it among the reports of `folder`, and returns where. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / FILE, document.model_dump_json(indent=1) + "\n")
    return folder / FILE


def last_rehearsal(folder: Path, roll: Roll) -> LastRehearsal | str | None:
    """What stands in `folder` of the last one, why that cannot be read, or None where there was none."""
    file = folder / FILE
    try:
        text = read_regular(file, _LARGEST)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        return f"{clean(str(file))} cannot be read: {clean(getattr(problem, 'strerror', None) or str(problem))}"
    # Whoever never rehearses does not wait for the model.
    from rollcall.rehearse.document import Document, digest_of

    try:
        kept = Document.model_validate_json(text)
    except ValueError:
        return f"{clean(str(file))} is damaged, or of another version: `rollcall rehearse --all` writes it anew"
    return LastRehearsal(
        made_at=kept.made_at,
        found=kept.found,
        planted=kept.planted,
        not_rehearsed=kept.not_rehearsed,
        is_outdated=kept.jobs_file_sha256 != digest_of(roll.written),
    )
