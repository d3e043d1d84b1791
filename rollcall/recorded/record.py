"""What is kept of a morning, so that it can be judged again: offline, later, or under another jobs.toml?

A recorded morning is a folder with two files: `jobs.toml` as it was, and `evidence.json` with what was seen, where and
when. No secret goes in: what the schedulers said was scrubbed when it arrived, and jobs.toml is scrubbed here.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from rollcall.errors import BadInput
from rollcall.evidence import Evidence, JobListed
from rollcall.files import read_regular, write_whole
from rollcall.roll.roll import Roll
from rollcall.roll.secrets import SHORTEST_SECRET, is_plain, texts_of
from rollcall.text import clean, without_secrets
from rollcall.times import read_timestamp, to_iso

if TYPE_CHECKING:
    from pydantic import TypeAdapter

JOBS = "jobs.toml"
EVIDENCE = "evidence.json"
VERSION = 2
_TABLES = ("schedulers", "jobs")
LARGEST_RECORD = 400_000_000
_USERINFO = re.compile("://([^/?#\\s]*)@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A morning as it was seen: judged as of `now`, its outputs relative to `root`; `demo` is the story of a demo.

    `remembered` is what mornings before knew of the jobs that schedulers declare by listing them, by scheduler.
    """

    evidence: Evidence
    now: datetime
    root: Path
    demo: str | None = None
    remembered: Mapping[str, tuple[JobListed, ...]] = field(default_factory=dict)


def check_can_record(folder: Path, roll: Roll) -> tuple[dict[str, str], dict[str, str]]:
    """As `clean_files`. Raises `BadInput` also where a morning lies there already."""
    if any(os.path.lexists(folder / each) for each in (EVIDENCE, JOBS)):
        rule = "already holds a morning or a jobs.toml. Name a new folder."
        raise BadInput.single("--record", rule, f'"{clean(str(folder))}"')
    return clean_files(roll, given_as="--record")


def clean_files(roll: Roll, *, given_as: str) -> tuple[dict[str, str], dict[str, str]]:
    """The files of the roll by name, without the secrets that stand in them, and these with what is shown instead.

    Raises `BadInput` where a secret would go along.
    """
    # Not the files, which somebody may have changed since: their new secrets would not be known.
    before = {name: tomllib.loads(text) for name, text in roll.written.items()}
    secrets = _secrets(roll, before.values())
    files = {name: without_secrets(text, secrets) for name, text in roll.written.items()}
    for name, text in files.items():
        try:
            after = before[name] if text == roll.written[name] else tomllib.loads(text)
            is_the_same = all(set(before[name].get(key, {})) == set(after.get(key, {})) for key in _TABLES)
            is_clean = not any(secret in each for each in texts_of(after) for secret in secrets)
        except ValueError:
            is_the_same = is_clean = False
        if not (is_the_same and is_clean):
            rule = "holds a secret in a form that cannot be removed. Put it into the environment and write ${NAME}."
            raise BadInput.single(given_as, f"{clean(name)} {rule}")
        if name.startswith(".."):
            raise BadInput.single(given_as, f"{clean(name)} is outside the folder of jobs.toml. Move it there.")
    return files, secrets


def record(folder: Path, roll: Roll, recorded: Recorded) -> None:
    """Writes the morning into `folder`. Raises OSError, and `BadInput` where it cannot be recorded there."""
    files, secrets = check_can_record(folder, roll)
    whole = {
        "version": VERSION,
        "now": to_iso(recorded.now),
        "root": str(recorded.root),
        "demo": recorded.demo,
        "evidence": json.loads(recorded.evidence.to_json()),
    }
    if recorded.remembered:
        whole["remembered"] = {name: [asdict(each) for each in jobs] for name, jobs in recorded.remembered.items()}
    # The names of these parts are ours, whatever the secrets are.
    scrubbed = {name: _scrubbed(each, secrets) for name, each in whole.items()}
    text = json.dumps(scrubbed, ensure_ascii=False, separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, written in files.items():
        place = folder / (JOBS if name == roll.file.name else name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as stream:
            stream.write(written)
    # Last, and in one step: a folder with an evidence.json is a whole morning.
    write_whole(folder / EVIDENCE, text + "\n")


def scrubbed(evidence: Evidence, roll: Roll) -> Evidence:
    """The same without any secret of the roll: what witnesses said was scrubbed by each, of its own."""
    return without(_secrets(roll, [tomllib.loads(text) for text in roll.written.values()]), evidence)


def without(secrets: Mapping[str, str], evidence: Evidence) -> Evidence:
    """The evidence without any of these secrets, in place of which stands what is shown instead."""
    text = evidence.to_json()
    # To go through each text of a thousand jobs takes a second, and most evidence holds none.
    if not any(_as_json(secret) in text for secret in secrets):
        return evidence
    return Evidence.from_json(json.dumps(_scrubbed(json.loads(text), secrets)))


def _as_json(secret: str) -> str:
    return json.dumps(secret, ensure_ascii=False)[1:-1]


def _secrets(roll: Roll, tables: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Those of the roll; and those in urls of its files, in place of which another may have been asked."""
    secrets: dict[str, str] = {}
    for text in (text for each in tables for text in texts_of(each)):
        for userinfo in _USERINFO.findall(text):
            # A user alone may be a word that stands elsewhere too, such as "backup".
            secrets |= {f"://{userinfo}@": "://(user)@"} if is_plain(userinfo) else {userinfo: "(user)"}
            secrets[userinfo.partition(":")[2]] = "(password)"
    secrets = {value: shown for value, shown in secrets.items() if len(value) >= SHORTEST_SECRET and "${" not in value}
    if roll.evidence.key:
        secrets[roll.evidence.key] = "(key)"
    hidden = [each.secrets.hidden for one in roll.schedulers for each in (one, one.memory) if each]
    hidden += [each.secrets.hidden for each in roll.places]
    hidden += [dict(each.secrets.hidden) for each in (roll.alert, roll.watch, roll.history) if each]
    hidden += [output.secrets.hidden for job in roll.jobs for output in job.outputs]
    return secrets | {value: shown for each in hidden for value, shown in each.items()}


def _scrubbed(value: Any, secrets: Mapping[str, str]) -> Any:
    match value:
        case str():
            return without_secrets(value, secrets)
        case dict():
            return {without_secrets(key, secrets): _scrubbed(each, secrets) for key, each in value.items()}
        case list():
            return [_scrubbed(each, secrets) for each in value]
    return value


def without_users(text: str) -> str:
    """The text in which every url has lost its user, however that was taken out."""
    return _USERINFO.sub("://", text)


def recorded_in(folder: Path) -> Recorded:
    """The morning that `record` left in `folder`. Raises `BadInput` where there is none, or a damaged one."""
    place = clean(str(folder / EVIDENCE))
    try:
        whole = _whole(read_regular(folder / EVIDENCE, LARGEST_RECORD))
        if whole["version"] != VERSION:
            rule = f"is of version {clean(str(whole['version']), 20)}; this Roll call reads version {VERSION}."
            raise BadInput.single(place, f"{rule} Replay it with the one that recorded it.")
        now = read_timestamp(whole["now"]).at
        assert now is not None
        remembered = {
            name: tuple(JobListed(**{**each, "tags": tuple(each["tags"]), "untold": ()}) for each in jobs)
            for name, jobs in whole.get("remembered", {}).items()
        }
        return Recorded(
            evidence=whole["evidence"],
            now=now,
            root=Path(whole["root"]),
            demo=whole["demo"],
            remembered=remembered,
        )
    except OSError as problem:
        rule = f"cannot be read: {problem.strerror or problem}. Name a folder that --record has written."
        raise BadInput.single(place, rule) from None
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError):
        raise BadInput.single(place, "is damaged, or no recorded morning. Record one with --record DIR.") from None


class _Whole(TypedDict, total=False):
    version: int
    now: str
    root: str
    demo: str | None
    evidence: Evidence
    remembered: dict[str, list[dict[str, Any]]]


@cache
def _adapter() -> TypeAdapter[_Whole]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Whole)


def _whole(data: bytes) -> _Whole:
    """All that stands there, its evidence as a record; without that where it is of another version.

    Of ten thousand jobs it is 50 MB: it is read once, and never into dicts and lists.
    """
    try:
        whole = _adapter().validate_json(data)
        _give_back_memory()
        return whole
    except ValueError:
        whole = json.loads(data)
        if whole["version"] == VERSION:
            raise
        return {"version": whole["version"]}


def _give_back_memory() -> None:
    """Gives back what reading needed for a moment: of ten thousand jobs 150 MB, which Python could not use again."""
    with suppress(AttributeError, OSError, TypeError):  # the C library of another system has no such thing
        ctypes.CDLL(None).malloc_trim(0)
