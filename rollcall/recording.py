"""What is kept of a morning, so that it can be judged again: offline, later, or under another jobs.toml?

A recorded morning is a folder with two files: `jobs.toml` as it was, and `evidence.json` with what was seen, where and
when. No secret goes in: what the services said was scrubbed when it arrived, and jobs.toml is scrubbed here.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rollcall.config import load
from rollcall.errors import BadInput
from rollcall.evidence import Evidence
from rollcall.jobs import Roll
from rollcall.text import clean, without_secrets
from rollcall.times import read_timestamp, to_iso

JOBS = "jobs.toml"
EVIDENCE = "evidence.json"
VERSION = 1
LARGEST_RECORD = 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A morning as it was seen: judged as of `now`, its outputs relative to `root`; `demo` is the story of a demo."""

    evidence: Evidence
    now: datetime
    root: Path
    demo: str | None = None


def check_is_new(folder: Path) -> None:
    """Raises `BadInput` where a morning already lies in `folder`: recording would replace what may be its only copy."""
    if (folder / EVIDENCE).exists() or (folder / JOBS).exists():
        rule = "already holds a morning or a jobs.toml. Name a new folder."
        raise BadInput.single("--record", rule, f'"{clean(str(folder))}"')


def record(folder: Path, roll: Roll, recorded: Recorded) -> None:
    """Writes the morning into `folder`. Raises OSError, and `BadInput` where a secret could not be taken out."""
    secrets = _secrets(roll)
    jobs = _without_secrets(roll.file.read_text(encoding="utf-8"), secrets)
    whole = {
        "version": VERSION,
        "now": to_iso(recorded.now),
        "root": str(recorded.root),
        "demo": recorded.demo,
        "evidence": json.loads(recorded.evidence.to_json()),
    }
    text = json.dumps(_scrubbed(whole, secrets), ensure_ascii=False, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JOBS).write_text(jobs, encoding="utf-8")
    # Last, and in one step: a folder with an evidence.json is a whole morning.
    part = folder / f".{EVIDENCE}.part"
    part.write_text(text + "\n", encoding="utf-8", errors="replace")
    os.replace(part, folder / EVIDENCE)


def _secrets(roll: Roll) -> dict[str, str]:
    return {value: shown for service in roll.services for value, shown in service.secrets}


def _without_secrets(jobs: str, secrets: Mapping[str, str]) -> str:
    """jobs.toml without the secrets that stand in it; those written in another way are refused, not let through."""
    jobs = without_secrets(jobs, secrets)
    if any(secret in text for text in _texts(tomllib.loads(jobs)) for secret in secrets):
        rule = "holds a secret in a form that cannot be taken out. Put it into the environment and write ${NAME}."
        raise BadInput.single("--record", f"jobs.toml {rule}")
    return jobs


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield key
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)


def _scrubbed(value: Any, secrets: Mapping[str, str]) -> Any:
    match value:
        case str():
            return without_secrets(value, secrets)
        case dict():
            return {key: _scrubbed(each, secrets) for key, each in value.items()}
        case list():
            return [_scrubbed(each, secrets) for each in value]
    return value


def recorded_in(folder: Path) -> Recorded:
    """The morning that `record` left in `folder`. Raises `BadInput` where there is none, or a damaged one."""
    place = clean(str(folder / EVIDENCE))
    try:
        with (folder / EVIDENCE).open("rb") as stream:
            whole = json.loads(stream.read(LARGEST_RECORD))
        if whole["version"] != VERSION:
            rule = f"is of version {clean(str(whole['version']), 20)}; this Roll call reads version {VERSION}."
            raise BadInput.single(place, f"{rule} Replay it with the one that recorded it.")
        now = read_timestamp(whole["now"]).at
        evidence = Evidence.from_json(json.dumps(whole["evidence"]))
        assert now is not None
        return Recorded(evidence=evidence, now=now, root=Path(whole["root"]), demo=whole["demo"])
    except OSError as problem:
        rule = f"cannot be read: {problem.strerror or problem}. Name a folder that --record has written."
        raise BadInput.single(place, rule) from None
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError):
        raise BadInput.single(place, "is damaged, or no recorded morning. Record one with --record DIR.") from None


def roll_of(folder: Path, recorded: Recorded) -> Roll:
    """The roll of a recorded morning. Raises `BadInput`."""
    return load(
        folder / JOBS,
        environment=replayed_environment(),
        shown_as=clean(str(folder / JOBS)),
        root=recorded.root,
    )


def replayed_environment() -> Mapping[str, str]:
    """An environment for a replay, in which no service is asked: every `${NAME}` is set, to nothing secret."""
    return defaultdict(lambda: "replayed")
