"""What does somebody who looked leave for whoever judges? One file: who and when, and what was seen.

The file is a line of JSON, its head, and after it the evidence, compressed. The head tells the digest of what follows,
and a signature where the hosts share a key. No secret goes in: what witnesses said was scrubbed when it arrived.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rollcall.errors import RollcallError
from rollcall.evidence import Evidence
from rollcall.text import clean
from rollcall.times import read_timestamp, to_iso

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KIND, VERSION = "rollcall-evidence", 1
LARGEST = 100_000_000
_LARGEST_INSIDE = 400_000_000
_LONGEST_HEAD = 10_000_000


class UnfitBundle(RollcallError):
    """It is no bundle that can be believed: one clean sentence without its end says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What `by` saw: `looked_at` by its clock, and written at `left_at` by the same.

    `machine` tells two machines of one name apart; "" where nothing does. `jobs` and `schedulers` are those that it
    asked for, each with what tells whether another jobs.toml asks the same. `about` is what else whoever reads it must
    know, as JSON.
    """

    by: str
    looked_at: datetime
    left_at: datetime
    evidence: Evidence
    machine: str = ""
    jobs: Mapping[str, str] = field(default_factory=dict)
    schedulers: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def packed(bundle: Bundle, key: str | None = None) -> bytes:
    """The file that it is; signed with `key`, where there is one."""
    body = zstd.compress(bundle.evidence.to_json().encode())
    head: dict[str, Any] = {
        "kind": KIND,
        "version": VERSION,
        "by": bundle.by,
        "machine": bundle.machine,
        "looked_at": to_iso(bundle.looked_at),
        "left_at": to_iso(bundle.left_at),
        "jobs": dict(bundle.jobs),
        "schedulers": dict(bundle.schedulers),
        "about": dict(bundle.about),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    if key:
        head["signature"] = _signature(head, key)
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + body


def unpacked(data: bytes, key: str | None = None) -> Bundle:
    """The bundle that the file holds. Raises `UnfitBundle`, also where it is not signed with `key`, if there is one."""
    line, newline, body = data.partition(b"\n")
    try:
        head = json.loads(line) if newline and len(line) <= _LONGEST_HEAD else None
        if not isinstance(head, dict) or head.get("kind") != KIND:
            raise UnfitBundle("it is no evidence, or was cut off")
        if head["version"] != VERSION:
            shown = clean(str(head["version"]), 20)
            raise UnfitBundle(f"it is of version {shown}, and this Roll call reads version {VERSION}")
        if hashlib.sha256(body).hexdigest() != head["sha256"]:
            raise UnfitBundle("it is damaged, or was cut off")
        if key and not hmac.compare_digest(_signature(head, key), str(head.get("signature"))):
            raise UnfitBundle("it is not signed with the key in [evidence]")
        looked_at, left_at = (read_timestamp(head[each]).at for each in ("looked_at", "left_at"))
        if looked_at is None or left_at is None:
            raise UnfitBundle("its times have no offset")
        return Bundle(
            by=clean(head["by"], 80),
            machine=str(head["machine"]),
            looked_at=looked_at,
            left_at=left_at,
            jobs=_digests(head["jobs"]),
            schedulers=_digests(head["schedulers"]),
            about=dict(head["about"]),
            evidence=Evidence.from_json(_undone(body)),
        )
    except UnfitBundle:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zstd.ZstdError):
        raise UnfitBundle("it is damaged, or no evidence") from None


def _signature(head: Mapping[str, Any], key: str) -> str:
    signed = {name: each for name, each in head.items() if name != "signature"}
    text = json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _digests(value: Any) -> dict[str, str]:
    return {str(name): str(each) for name, each in value.items()}


def _undone(body: bytes) -> str:
    """What was compressed; no more than anybody would have left."""
    reader = zstd.ZstdDecompressor()
    text = reader.decompress(body, max_length=_LARGEST_INSIDE)
    if not reader.eof:
        raise UnfitBundle("it is cut off, or far larger than evidence can be")
    return text.decode()
