"""What did the person ask for? Command line beats environment beats file.

Shared by pytest's plugin and the `rollcall` command, so that both understand the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rollcall.config import load
from rollcall.errors import BadInput
from rollcall.jobs import Roll
from rollcall.text import clean
from rollcall.times import read_timestamp, show_instant

JOBS_FILE = "ROLLCALL_JOBS_FILE"
SERVICE_URL = "ROLLCALL_SERVICE_URL"
AS_OF = "ROLLCALL_AS_OF"
DEMO = "ROLLCALL_DEMO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, by whichever way: None where it was not."""

    jobs_file: Path
    shown_file: str
    service_urls: Mapping[str | None, str]
    as_of: str | None

    @classmethod
    def of(
        cls,
        *,
        environment: Mapping[str, str],
        folder: Path,
        jobs_file: str | None = None,
        service_urls: Sequence[str] = (),
        as_of: str | None = None,
    ) -> Asked:
        """The command line's words, completed from the environment; `folder` is where jobs.toml lies by default."""
        name = jobs_file or environment.get(JOBS_FILE)
        urls = tuple(service_urls) or tuple(environment.get(SERVICE_URL, "").split())
        return cls(
            jobs_file=Path(name).expanduser() if name else folder / "jobs.toml",
            shown_file=clean(name) if name else "jobs.toml",
            service_urls=dict(_named_url(url) for url in urls),
            as_of=as_of or environment.get(AS_OF) or None,
        )

    def load(self, environment: Mapping[str, str]) -> Roll:
        """The roll of that file. Raises `BadInput`."""
        return load(self.jobs_file, environment=environment, service_urls=self.service_urls, shown_as=self.shown_file)

    def judged_at(self, roll: Roll, now: datetime) -> datetime:
        """The moment to judge: `now`, or the one that was asked for. Raises `BadInput`."""
        if self.as_of is None:
            return now
        place, value = "--as-of", f'"{clean(self.as_of, 60)}"'
        try:
            stamp = read_timestamp(self.as_of)
        except ValueError as error:
            raise BadInput.single(place, str(error), value) from None
        if stamp.at is None and stamp.in_zone(roll.zone, fold=0) != stamp.in_zone(roll.zone, fold=1):
            rule = f"that night's clock change makes it ambiguous in {roll.zone.key}. Write it with its offset."
            raise BadInput.single(place, rule, value)
        at = stamp.in_zone(roll.zone)
        if at > now:
            rule = f"lies in the future (it is {show_instant(now, roll.zone)}), where nothing has been done yet."
            raise BadInput.single(place, f"{rule} Write a moment that has passed.", value)
        return at


def _named_url(text: str) -> tuple[str | None, str]:
    """ "aime=http://…" is the url of that service, "http://…" of the only one."""
    name, equals, url = text.partition("=")
    return (name, url) if equals and "://" not in name and "/" not in name else (None, text)
