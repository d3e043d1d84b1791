"""What may stand in coverage.json? One model: what is written is made of it, and coverage.schema.json drawn from it.

A promise to the programs that read it, as `rollcall.morning.document` is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from rollcall.morning.document import Part
from rollcall.rehearse.advice import addressed
from rollcall.rehearse.coverage import Coverage, Share

_Count = Annotated[int, Field(ge=0)]
_Percent = Annotated[float, Field(ge=0, le=100)]
_Ids = tuple[str, ...]


class Subject(Part):
    """A scheduler or a job."""

    id: str = Field(description="The id in jobs.toml.")
    found: _Count = Field(description="How many of its faults would be found.")
    planted: _Count = Field(description="How many could be planted; 0 where it could not be rehearsed.")
    evidence_of: AwareDatetime | None = Field(
        description="The morning on which it was good, a copy of whose evidence was damaged; null where there is none."
    )
    not_rehearsed: str | None = Field(description="Why no fault could be planted; null where they were.")
    owed: bool = Field(description="False where jobs.toml pauses it: then it does not count as not found.")


class Cause(Part):
    """A cause, in whichever way it came about."""

    code: str = Field(description="The cause that a morning would name.")
    found: _Count
    planted: _Count


class Slip(Part):
    """A fault that slips through."""

    fault: str = Field(description="The cause; in brackets which way it came about.")
    cure: str = Field(description="The setting that would find it, or that there is none.")
    avoidable: bool = Field(description="False where nothing can be done about it.")
    schedulers: _Ids = Field(description="The schedulers in which nobody would notice it.")
    jobs: _Ids = Field(description="The jobs in which nobody would notice it.")


class Document(Part):
    """Which faults of a night would be found. Times are ISO 8601 with an offset."""

    model_config = ConfigDict(title="coverage.json of Roll call")

    version: Literal[1]
    made_at: AwareDatetime = Field(description="When it was found out.")
    evidence_of: AwareDatetime = Field(description="The morning on a copy of whose evidence faults were planted.")
    jobs_file_sha256: str = Field(description="Of jobs.toml and the files that it includes, as they were then.")
    found: _Count = Field(description="How many of the planted faults would be found.")
    planted: _Count = Field(description="How many faults were planted.")
    counted: _Count = Field(
        description="As many, and those that count as not found because their job or scheduler could not be rehearsed."
    )
    percent: _Percent = Field(description="Found of counted, rounded down to a tenth: what `--min` is compared with.")
    not_rehearsed: _Count = Field(description="How many jobs and schedulers could not be rehearsed, and should be.")
    schedulers: tuple[Subject, ...]
    jobs: tuple[Subject, ...]
    causes: tuple[Cause, ...]
    slips: tuple[Slip, ...]


def document_of(coverage: Coverage, *, made_at: datetime, written: Mapping[str, str]) -> Document:
    """The document of it; `written` are the texts of the jobs file and of those that it includes, by name."""
    rehearsal = coverage.rehearsal
    zone = rehearsal.morning.zone
    left_out = {each.key: each for each in rehearsal.left_out}
    rehearsed = {each.key: each for each in (*rehearsal.schedulers, *rehearsal.jobs)}

    def subject(key: tuple[bool, str], share: Share | None) -> Subject:
        left, done = left_out.get(key), rehearsed.get(key)
        return Subject(
            id=key[1],
            found=share.found if share else 0,
            planted=share.planted if share else 0,
            evidence_of=done.evidence_of.astimezone(zone) if done else None,
            not_rehearsed=left.why if left else None,
            owed=left is None or left.is_owed,
        )

    return Document(
        version=1,
        made_at=made_at.astimezone(zone),
        evidence_of=rehearsal.morning.judged_at.astimezone(zone),
        jobs_file_sha256=digest_of(written),
        found=coverage.in_all.found,
        planted=coverage.in_all.planted,
        counted=coverage.counted.planted,
        percent=coverage.counted.tenths / 10,
        not_rehearsed=len(coverage.not_rehearsed),
        schedulers=tuple(
            subject((False, each.scheduler.id), coverage.schedulers.get(each.scheduler.id))
            for each in rehearsal.morning.schedulers
        ),
        jobs=tuple(subject((True, each.job.id), coverage.jobs.get(each.job.id)) for each in rehearsal.morning.jobs),
        causes=tuple(
            Cause(code=code, found=share.found, planted=share.planted) for code, share in coverage.causes.items()
        ),
        slips=tuple(
            Slip(
                fault=each.fault,
                cure=addressed(each.jobs[0] if len(each.jobs) == 1 else None, each.cure),
                avoidable=each.is_avoidable,
                schedulers=each.schedulers,
                jobs=each.jobs,
            )
            for each in coverage.slips
        ),
    )


def digest_of(written: Mapping[str, str]) -> str:
    """By what it is known whether a jobs file, or one that it includes, has changed since."""
    texts = "".join(f"{name}\0{text}\0" for name, text in sorted(written.items()))
    return hashlib.sha256(texts.encode(errors="surrogatepass")).hexdigest()
