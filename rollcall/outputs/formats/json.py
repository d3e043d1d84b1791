"""Is it whole JSON?"""

from __future__ import annotations

import json

from rollcall.roll.formats import FileFormat


class Json(FileFormat):
    """One JSON value."""

    suffix = ".json"
    marks_its_end = True

    def read(self, data: bytes) -> None:
        """Raises ValueError where it does not parse."""
        json.loads(data)
