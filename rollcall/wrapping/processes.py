"""Does a process that is on record still run? Its number alone does not tell: others bear it later.

As far as /proc tells, which is on Linux.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

TYPE_CHECKING = False  # as `typing` has it, which takes its time to be imported
if TYPE_CHECKING:
    from typing import Any


def here() -> dict[str, str]:
    """What a process is told by, beside its number: the machine, its boot, and whose numbers they are."""
    return {"host": os.uname().nodename, "boot": _read("/proc/sys/kernel/random/boot_id"), "numbers": _numbers()}


def born(pid: int) -> str:
    """When that process began, in ticks since the boot; "" where it runs no more, and where nobody tells."""
    # The second field is a name, and may hold anything.
    state, *fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split() or [""]
    return fields[18] if state not in ("Z", "X") and len(fields) > 18 else ""


def is_running(entry: Mapping[str, Any]) -> bool | None:
    """True while the command of that entry runs, or who waits for its end; None where that cannot be told here."""
    now = here()
    if not now["boot"] or entry.get("host") != now["host"]:
        return None
    if entry.get("boot") != now["boot"]:
        return False
    if entry.get("numbers") != now["numbers"]:
        return None
    processes = [(entry.get("pid"), entry.get("born")), (entry.get("child"), entry.get("child_born"))]
    return any(isinstance(pid, int) and begun and born(pid) == begun for pid, begun in processes)


def _numbers() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
