"""Is it whole XML?"""

from __future__ import annotations

from xml.parsers import expat

from rollcall.roll.formats import FileFormat


class Xml(FileFormat):
    """One XML document, well-formed."""

    suffix = ".xml"
    marks_its_end = True

    def read(self, data: bytes) -> None:
        """Raises ValueError where it does not parse."""
        try:
            expat.ParserCreate().Parse(data, True)
        except (expat.ExpatError, LookupError) as error:
            raise ValueError(str(error)) from None
