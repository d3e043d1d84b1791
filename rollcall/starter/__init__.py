"""What does `rollcall init` write into a repository: the checks, and a first jobs.toml?"""

from __future__ import annotations

from pathlib import Path

import rollcall

_HOUSE = Path(rollcall.__file__).resolve().parent


def checks_folder() -> Path:
    """Where the checks lie that are copied: in the installed package, or beside it in a checkout."""
    shipped = _HOUSE / "starter" / "checks"
    return shipped if shipped.is_dir() else _HOUSE.parent / "checks"
