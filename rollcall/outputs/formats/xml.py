"""Is it whole XML?"""

from __future__ import annotations

from xml.parsers import expat

from rollcall.roll.formats import FileFormat, OpenContent, TooMuch

_PIECE = 1 << 18
_LONGEST_TOKEN = 4_000_000
_ENDS_TOO_EARLY = frozenset(
    {expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_PARTIAL_CHAR}
)


class Xml(FileFormat):
    """One XML document, well-formed."""

    suffix = ".xml"
    marks_its_end = True

    def read(self, content: OpenContent) -> None:
        """Raises EOFError where it ends too early, ValueError where it does not parse."""
        parser, fed = expat.ParserCreate(), 0
        try:
            while piece := content.raw.read(_PIECE):
                parser.Parse(piece)
                fed += len(piece)
                # A comment, or a tag with all that it says, is kept until it is whole.
                if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                    raise TooMuch("a comment or a tag in it is longer than is read")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            is_cut = expat.errors.messages[error.code] in _ENDS_TOO_EARLY
            raise (EOFError if is_cut else ValueError)(str(error)) from None
        except LookupError as error:
            raise ValueError(str(error)) from None
        except ValueError as error:
            if "multi-byte" in str(error):
                raise OSError(f"its encoding cannot be read here: {error}") from None
            raise
