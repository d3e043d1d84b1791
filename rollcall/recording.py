"""What is kept of a morning, so that it can be judged again: offline, later, or under another jobs.toml?

A recorded morning is a folder with two files: `jobs.toml` as it was, and `evidence.json` with what was seen, where and
when. No secret goes in: what the schedulers said was scrubbed when it arrived, and jobs.toml is scrubbed here.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rollcall.config.values import SHORTEST_SECRET
from rollcall.errors import BadInput
from rollcall.evidence import Evidence
from rollcall.jobs import Roll
from rollcall.text import clean, without_secrets
from rollcall.times import read_timestamp, to_iso

JOBS = "jobs.toml"
EVIDENCE = "evidence.json"
VERSION = 1
LARGEST_RECORD = 400_000_000
_USERINFO = re.compile("://([^/?#\\s]*)@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A morning as it was seen: judged as of `now`, its outputs relative to `root`; `demo` is the story of a demo."""

    evidence: Evidence
    now: datetime
    root: Path
    demo: str | None = None


def check_can_record(folder: Path, roll: Roll) -> None:
    """Raises `BadInput` where nothing could be recorded: a morning lies there already, or a secret would go along."""
    _check_is_new(folder)
    _jobs_of(roll)


def _check_is_new(folder: Path) -> None:
    if (folder / EVIDENCE).exists() or (folder / JOBS).exists():
        rule = "already holds a morning or a jobs.toml. Name a new folder."
        raise BadInput.single("--record", rule, f'"{clean(str(folder))}"')


def record(folder: Path, roll: Roll, recorded: Recorded) -> None:
    """Writes the morning into `folder`. Raises OSError, and `BadInput` where it cannot be recorded there."""
    _check_is_new(folder)
    jobs, secrets = _jobs_of(roll)
    whole = {
        "version": VERSION,
        "now": to_iso(recorded.now),
        "root": str(recorded.root),
        "demo": recorded.demo,
        "evidence": json.loads(recorded.evidence.to_json()),
    }
    text = json.dumps(_scrubbed(whole, secrets), ensure_ascii=False, separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / JOBS).open("x", encoding="utf-8") as stream:
        stream.write(jobs)
    # Last, and in one step: a folder with an evidence.json is a whole morning.
    part = folder / f".{EVIDENCE}.part"
    part.write_text(text + "\n", encoding="utf-8", errors="replace")
    os.replace(part, folder / EVIDENCE)


def _jobs_of(roll: Roll) -> tuple[str, dict[str, str]]:
    """jobs.toml without the secrets that stand in it, and these; in a form that stays in, they are refused."""
    # Not the file, which somebody may have changed since: its new secrets would not be known.
    written = roll.written
    secrets = _secrets(roll, tomllib.loads(written))
    jobs = without_secrets(written, secrets)
    if not _is_clean(jobs, secrets) or _names(jobs) != _names(written):
        rule = "holds a secret in a form that cannot be taken out. Put it into the environment and write ${NAME}."
        raise BadInput.single("--record", f"jobs.toml {rule}")
    return jobs, secrets


def _secrets(roll: Roll, tables: Mapping[str, Any]) -> dict[str, str]:
    """Those of the roll; and those in urls of the file, in place of which another may have been asked."""
    secrets = {}
    for text in _texts(tables):
        for userinfo in _USERINFO.findall(text):
            secrets[userinfo] = "(user)"
            secrets[userinfo.partition(":")[2]] = "(password)"
    secrets = {value: shown for value, shown in secrets.items() if len(value) >= SHORTEST_SECRET and "${" not in value}
    hidden = [scheduler.secrets for scheduler in roll.schedulers]
    hidden += [each.secrets for each in (roll.alert, roll.watch) if each]
    return secrets | {value: shown for each in hidden for value, shown in each}


def _is_clean(jobs: str, secrets: Mapping[str, str]) -> bool:
    try:
        texts = list(_texts(tomllib.loads(jobs)))
    except ValueError:
        return False
    return not any(secret in text for text in texts for secret in secrets)


def _names(jobs: str) -> list[set[str]]:
    tables = tomllib.loads(jobs) if jobs else {}
    return [set(tables.get(table, {})) for table in ("schedulers", "jobs")]


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
            return {without_secrets(key, secrets): _scrubbed(each, secrets) for key, each in value.items()}
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
