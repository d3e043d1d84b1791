"""What do cron and systemd run on this machine?"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from rollcall.text import clean

_MOST_TIMERS = 60
_PATIENCE = 5  # seconds, for each program that is asked
_CRONTABS = ("/etc/crontab", "/etc/cron.d/*")


def list_timers() -> list[str]:
    """What cron and systemd run on this machine, a line each, as they write it; nothing where they cannot be asked."""
    lines = list(dict.fromkeys(_timers()))
    more = [f"… and {len(lines) - _MOST_TIMERS} more"] if len(lines) > _MOST_TIMERS else []
    return [clean(each, 200) for each in (*lines[:_MOST_TIMERS], *more)]


def _timers() -> Iterator[str]:
    tables = [_printed("crontab", "-l")]
    for pattern in _CRONTABS:
        for file in sorted(Path("/").glob(pattern.removeprefix("/"))):
            try:
                tables.append(file.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
    for line in "\n".join(tables).splitlines():
        first = line.split(maxsplit=1)[:1]
        if first and "=" not in first[0] and not first[0].startswith("#"):  # neither a variable nor a comment
            yield " ".join(line.split())
    for line in _printed("systemctl", "list-timers", "--all", "--no-pager", "--no-legend").splitlines():
        units = [word for word in line.split() if word.endswith((".timer", ".service"))]
        if units:
            yield f"timer {' → '.join(units)}"


def _printed(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
