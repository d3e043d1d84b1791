"""Is what a folder lies on mounted?

A mount point is a folder all the same while nothing is mounted there: an empty one, or one with what was written beside
the disk that was meant. Nothing in it is evidence of anything.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from rollcall.files import read_regular

FSTAB = Path("/etc/fstab")
_MOST = 1_000_000
# As fstab(5) writes a blank, a tab and a backslash.
_ESCAPED = re.compile(r"\\([0-7]{3})")


def not_mounted(folder: Path, fstab: Path = FSTAB) -> Path | None:
    """The mount point on which `folder` should lie by fstab(5), and where nothing is mounted; None of any other."""
    try:
        lines = read_regular(fstab, _MOST).decode(errors="surrogateescape").splitlines()
    except (OSError, ValueError):
        return None
    real = Path(os.path.realpath(folder))
    above = {real, *real.parents}
    fields = (line.split() for line in lines if not line.lstrip().startswith("#"))
    points = {Path(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), each[1])) for each in fields if len(each) > 1}
    # The nearest: below a disk another may be mounted.
    nearest = max(points & above, key=lambda each: len(each.parts), default=None)
    return nearest if nearest and not os.path.ismount(nearest) else None
