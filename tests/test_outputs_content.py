"""Is one output read to a bound, parsed as its format, and told for what it is?"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from rollcall.evidence import Content, FileSeen, Flaw
from rollcall.outputs.content import SHOWN, read_content
from rollcall.outputs.local import opened
from rollcall.outputs.stream import Watched
from rollcall.roll.formats import format_names
from rollcall.roll.output import Output
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)


def read(path: Path, kind: str | None = "text", *, size: int | None = None, **more: Any) -> FileSeen:
    output = Output.model_validate({"path": path.name, "format": kind or "any", **more})
    size = path.stat().st_size if size is None else size
    until = time.monotonic() + output.timeout.total_seconds()
    return read_content(lambda: opened(path), FileSeen(name=path.name, size=size, modified_at=NOW), output, until=until)


def content_of(folder: Path, data: bytes, kind: str | None = "text", **more: Any) -> Content:
    path = folder / "output"
    path.write_bytes(data)
    content = read(path, kind, **more).content
    assert content is not None
    return content


def zipped(*, method: int = zipfile.ZIP_DEFLATED, body: bytes = b"hello " * 500) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.txt", body)
    return buffer.getvalue()


def parquet(footer: int = 40) -> bytes:
    """The two ends of one."""
    return b"PAR1" + b"x" * 100 + footer.to_bytes(4, "little") + b"PAR1"


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


WHOLE = {
    "text": ("text", "# Album Haïku\n".encode()),
    "text with a byte order mark": ("text", "\ufefftext".encode()),
    "text in UTF-16": ("text", "Zürich\r\n".encode("utf-16")),
    "text in UTF-32": ("text", "Zürich\r\n".encode("utf-32")),
    "csv in UTF-32 of the other end": ("csv", b"\0\0\xfe\xff" + "a,b\n1,2\n".encode("utf-32-be")),
    "json": ("json", b'{"a": [1, 2, "x"]}\n'),
    "json with a byte order mark": ("json", "\ufeff[]".encode()),
    "json in UTF-16": ("json", '{"a": 1}'.encode("utf-16")),
    "json with a number that has more digits than Python reads": ("json", b"[" + b"9" * 9_000 + b", 1.5e400]"),
    "json with equal keys in two objects": ("json", b'[{"a": 1}, {"a": {"a": 2}}]'),
    "jsonl": ("jsonl", b'{"a": 1}\n\n[2]\n'),
    "jsonl with a long number": ("jsonl", b"9" * 9_000 + b"\n"),
    "csv": ("csv", b'a,b\n1,"x, y"\n'),
    "csv with semicolons": ("csv", b"name;price\r\ntea;1,50\r\ncake;2,00\r\n"),
    "csv with tabs": ("csv", b"a\tb\n1\t2\n"),
    "csv with bars": ("csv", b"a|b\n1|2,5\n"),
    "csv with commas in its head": ("csv", b'"a,b,c";"d"\n1;2\n'),
    "csv of one column": ("csv", b"a\n1\n2\n"),
    "csv with lines in a cell": ("csv", b'a,b\n"x\ny",2\n'),
    "csv with a byte order mark": ("csv", "\ufeffa,b\n1,2\n".encode()),
    "csv with a cell beyond Python's own limit": ("csv", b"a,b\n1," + b"x" * 200_000 + b"\n"),
    "csv with a line in its header, as Excel writes it": ("csv", b'"Name\nfirst";"Number"\r\nx;1\r\n'),
    "csv with the type that PowerShell writes above": ("csv", b'#TYPE System.Data.DataRow\r\n"a","b"\r\n"1","2"\r\n'),
    "csv with the delimiter that Excel writes above": ("csv", b"sep=;\r\na;b\r\n1;2\r\n"),
    "csv with blanks before its quotes": ("csv", b'a, b\n1, "x, y"\n2, "z"\n'),
    "csv with backslashes before its quotes, as Spark writes it": ("csv", b'a,b\n1,"so \\"x, y\\" ok"\n2,"C:\\\\"\n'),
    "csv with backslashes before its tabs, as MySQL writes it": ("csv", b"a\tb\n1\t\\N\n2\tx\\\ty\n"),
    "csv with a path at the end of a cell": ("csv", b'a,b\n1,"C:\\"\n2,"D:\\"\n'),
    "csv between tabs, with a quote that is none": ("csv", b'a\tb\n"x\t2\ny\t3\n'),
    "text whose XML says an encoding that it has not": ("text", b'<?xml version="1.0" encoding="utf-16"?><a>x</a>'),
    "text whose XML says no encoding of text": ("text", b'<?xml version="1.0" encoding="base64"?><a>x</a>'),
    "csv longer than what shows its delimiter": ("csv", b"a,b\n" + b"1,2\n" * 40_000),
    "xml": ("xml", b'<?xml version="1.0"?><a><b/></a>'),
    "xml in Latin-1": ("xml", '<?xml version="1.0" encoding="iso-8859-1"?><a>ü</a>'.encode("latin-1")),
    "gzip": (None, gzip.compress(b"x" * 10_000)),
    "gzip of much that is alike": (None, gzip.compress(b"a" * 10_000_000)),
    "gzip of two parts": (None, gzip.compress(b"a") + gzip.compress(b"b")),
    "gzip padded as tapes are": (None, gzip.compress(b"a") + bytes(512)),
    "bzip2": (None, bz2.compress(b"x" * 10_000)),
    "xz": (None, lzma.compress(b"x" * 10_000)),
    "zstd": (None, zstd.compress(b"x" * 10_000)),
    "gzip in gzip": (None, gzip.compress(gzip.compress(b"x"))),
    "csv in xz": ("csv", lzma.compress(b"a,b\n1,2\n")),
    "zip in gzip": ("zip", gzip.compress(zipped())),
    "zip": ("zip", zipped()),
    "zip by bz2": ("zip", zipped(method=zipfile.ZIP_BZIP2)),
    "zip by lzma": ("zip", zipped(method=zipfile.ZIP_LZMA)),
    "zip that nobody declared": (None, zipped()),
}

CUT, CORRUPT, EMPTY = CauseCode.TRUNCATED_OUTPUT, CauseCode.CORRUPT_OUTPUT, CauseCode.EMPTY_OUTPUT
ENCODING = CauseCode.WRONG_ENCODING
FLAWED = {
    "text in cp1252": ("text", "Zürich".encode("cp1252"), ENCODING,
        'is not UTF-8 at byte 1; it reads as cp1252: encoding = "cp1252"'),
    "text in UTF-16 without its mark": ("text", "Zürich".encode("utf-16-le"), ENCODING,
        'is UTF-16 without the mark that would say so: encoding = "utf-16-le"'),
    "text in UTF-32 without its mark": ("text", "Zürich".encode("utf-32-be"), ENCODING,
        'is UTF-32 without the mark that would say so: encoding = "utf-32-be"'),
    "text cut in a letter": ("text", "aï".encode()[:-1], CUT, "ends within a character"),
    "text of zeros": ("text", b"ab" + bytes(99), CORRUPT, "holds NUL characters, the first as character 2"),
    "text of blank lines": ("text", b"\n \r\n\t\n", EMPTY, "holds nothing but blanks"),
    "blank lines that nobody asked about": (None, b"\n\n", EMPTY, "holds nothing but blanks"),
    "json cut": ("json", b'{"a": [1, 2', CUT, "does not read as json: parse error: premature EOF"),
    "json and more": ("json", b"{} {}", CORRUPT, "does not read as json: parse error: trailing garbage At '{}'"),
    "json with NaN": ("json", b'{"a": NaN}', CORRUPT, None),
    "json with Infinity": ("json", b'[1, -Infinity]', CORRUPT, None),
    "json with a key twice": ("json", b'[{"a": 1, "b": 2, "a": 3}]', CORRUPT,
        'does not read as json: the key "a" appears twice in one object'),
    "json too deep, and cut": ("json", b"[" * 200_000, CUT, None),
    "json in cp1252": ("json", b'"\xff"', ENCODING, None),
    "json of zeros": ("json", bytes(10), EMPTY, "holds nothing but blanks"),
    "jsonl cut": ("jsonl", b'{"a": 1}\n{"a": ', CUT, None),
    "jsonl with NaN": ("jsonl", b'{"a": NaN}\n1\n', CORRUPT, "does not read as jsonl: line 1: NaN is no JSON"),
    "jsonl with a key twice": ("jsonl", b'{"a": 1, "a": 2}\n', CORRUPT, None),
    "csv cut in a row": ("csv", b"a,b,c\n1,2,3\n4,5", CUT,
        "does not read as csv: line 3 has 2 columns where the first has 3"),
    "csv with a ragged row": ("csv", b"a,b,c\n1,2\n4,5,6\n", CORRUPT,
        "does not read as csv: line 2 has 2 columns where the first has 3"),
    "csv cut in a cell": ("csv", b'a,b\n1,"x', CUT, "does not read as csv: line 2: unexpected end of data"),
    "csv that is a page of HTML": ("csv", b"<html><body>\n502 Bad Gateway\n</body></html>\n", CORRUPT,
        "does not read as csv: it begins as a page of HTML or XML does"),
    "csv that is a page of HTML, below a mark": ("csv", b"\xef\xbb\xbf\r\n<!doctype HTML>\r\nx\r\n", CORRUPT,
        "does not read as csv: it begins as a page of HTML or XML does"),
    "csv that is what an interface answers": ("csv", b'{\n  "error": "unauthorized"\n}\n', CORRUPT,
        "does not read as csv: it begins as JSON does"),
    "csv with a ragged row and a backslash": ("csv", b"a,b,c\n1,2\n4,\\N,6\n", CORRUPT,
        "does not read as csv: line 2 has 2 columns where the first has 3"),
    "csv of zeros": ("csv", b"a,b\n" + bytes(10), CORRUPT, "holds NUL characters, the first as character 4"),
    "xml cut": ("xml", b"<a><b/>", CUT, "does not read as xml: no element found: line 1, column 7"),
    "xml not at all": ("xml", b"hello", CORRUPT, "does not read as xml: syntax error: line 1, column 0"),
    "xml of no known encoding": ("xml", b'<?xml version="1.0" encoding="foo"?><a/>', CORRUPT,
        "does not read as xml: unknown encoding: foo"),
    "xml of an odd encoding": ("xml", b'<?xml version="1.0" encoding="idna"?><a/>', CORRUPT, None),
    "gzip of nothing": (None, gzip.compress(b""), EMPTY, "is empty inside: the gzip of nothing"),
    "gzip of nothing, of a format": ("csv", gzip.compress(b""), EMPTY, "is empty inside: the gzip of nothing"),
    "more zeros than are looked at to know it": (None, bytes(1_000_000), EMPTY, None),
    "more blank lines than are looked at to know it": (None, b"\n" * 100_000, EMPTY, None),
    "a tar of nothing in its gzip": (None, gzip.compress(bytes(10_240)), EMPTY, None),
    "zip without members that nobody declared": (None, b"PK\x05\x06" + bytes(18), EMPTY, None),
    "gzip of blank lines": (None, gzip.compress(b"\n\n"), EMPTY, "holds nothing but blanks"),
    "gzip cut": (None, gzip.compress(os.urandom(5_000))[:-9], CUT, "does not read: its gzip breaks off"),
    "gzip cut in its head": (None, b"\x1f\x8b\x08", CUT, None),
    "gzip with a wrong sum": (None, flip(gzip.compress(b"hello"), -6), CORRUPT, None),
    "gzip and more": (None, gzip.compress(b"hello") + b"more", CORRUPT, None),
    "bzip2 of nothing": (None, bz2.compress(b""), EMPTY, None),
    "bzip2 cut": (None, bz2.compress(os.urandom(5_000))[:-9], CUT, None),
    "bzip2 damaged": (None, flip(bz2.compress(os.urandom(5_000)), 900), CORRUPT, None),
    "xz cut": (None, lzma.compress(os.urandom(5_000))[:-9], CUT, None),
    "xz damaged": (None, flip(lzma.compress(os.urandom(5_000)), 900), CORRUPT, None),
    "zstd of nothing": (None, zstd.compress(b""), EMPTY, None),
    "zstd cut": (None, zstd.compress(os.urandom(5_000))[:-9], CUT, None),
    "zstd damaged": (None, flip(zstd.compress(b"abc" * 5_000), 9), CORRUPT, None),
    "csv cut within its gzip": ("csv", gzip.compress(b"a,b\n1"), CUT,
        "does not read as csv in gzip: line 2 has 1 columns where the first has 2"),
    "zip cut": ("zip", zipped()[:-9], CUT, None),
    "zip cut that nobody declared": (None, zipped()[:-9], CUT, None),
    "zip without members": ("zip", b"PK\x05\x06" + bytes(18), EMPTY, "is empty inside: no file is in it"),
    "zip of empty files": ("zip", zipped(body=b""), EMPTY, "is empty inside: each file in it is empty"),
    "zip with a wrong sum": ("zip", flip(zipped(method=zipfile.ZIP_STORED), 60), CORRUPT, None),
    "zip by bz2, damaged": ("zip", flip(zipped(method=zipfile.ZIP_BZIP2), 50), CORRUPT, None),
    "zip by lzma, damaged": ("zip", flip(zipped(method=zipfile.ZIP_LZMA), 50), CORRUPT, None),
    "parquet cut that nobody declared": (None, parquet()[:-1], CUT,
        "does not read as parquet: its footer, at the end, is missing"),
    "parquet cut after another end": (None, parquet(footer=900), CUT, None),
    "parquet not at all": ("parquet", b"hello", CORRUPT, None),
    "zip not at all": ("zip", b"hello", CORRUPT, None),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), WHOLE.values(), ids=WHOLE)
def test_what_is_whole_has_no_flaw(tmp_path: Path, kind: str | None, data: bytes) -> None:
    assert content_of(tmp_path, data, kind).flaw is None


@pytest.mark.parametrize(("kind", "data", "code", "says"), FLAWED.values(), ids=FLAWED)
def test_what_is_wrong_inside_is_named(
    tmp_path: Path, kind: str | None, data: bytes, code: CauseCode, says: str | None
) -> None:
    flaw = content_of(tmp_path, data, kind).flaw

    assert flaw is not None
    assert flaw.code is code
    assert flaw.says == (says or flaw.says)


@given(st.sampled_from(format_names()), st.binary(min_size=1, max_size=200))
def test_whatever_is_in_it_is_told(tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(data)
    seen = read(path, kind)

    assert (seen.content is None) == (seen.unreadable is not None)
    assert (seen.unreadable or "").isprintable()
    assert seen.content is None or seen.content.flaw is None or seen.content.flaw.says.isprintable()


ARCHIVES = [(kind, data) for kind, data in WHOLE.values() if kind in (None, "zip", "xml") and len(data) < 9_000]


@given(st.sampled_from(ARCHIVES), st.integers(0, 8_999), st.integers(0, 255))
def test_whatever_byte_of_it_is_damaged_it_is_told(
    tmp_path_factory: pytest.TempPathFactory, archive: tuple[str | None, bytes], place: int, byte: int
) -> None:
    kind, data = archive
    place %= len(data)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
    seen = read(path, kind)

    assert seen.content is None or seen.unreadable is None


def test_what_is_looked_for_is_found_or_not(tmp_path: Path) -> None:
    content = content_of(tmp_path, "# Album Haïku".encode(), must_contain=("Haïku", "x"), must_not_contain=("Album",))

    assert content.found == {"Haïku": True, "x": False, "Album": True}


def test_head_and_tail_are_bounded_and_clean(tmp_path: Path) -> None:
    content = content_of(tmp_path, b"\x1b[31mhead\x00" + b"x" * 100_000 + b"tail\xff")

    assert content.head.startswith("headx")
    assert content.tail.endswith("xtail\ufffd")
    assert len(content.head) <= SHOWN
    assert len(content.tail) <= SHOWN
    assert content_of(tmp_path, b"short").tail == ""


# What is not read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["site.tar.gz", "db.sql.ZST", "a.zip", "a.tbz2"])
@pytest.mark.parametrize(("kind", "more"), [(None, {}), (None, {"must_contain": ("x",)}), ("tar", {})])
def test_an_error_that_came_in_place_of_what_is_packed_is_found_by_its_name(
    tmp_path: Path, name: str, kind: str | None, more: dict[str, Any]
) -> None:
    (tmp_path / name).write_text("<html>502 Bad Gateway</html>\n", encoding="utf-8")
    content = read(tmp_path / name, kind, **more).content

    assert content is not None
    says = f'is called {Path(name).suffix} and is no such file: it begins "<html>502 Bad Gateway</html>"'
    assert content.flaw == Flaw(CauseCode.CORRUPT_OUTPUT, says)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(b"x"), "a.gz"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEM", "a.gz"),
        (b"Salted__\x01\xff\x80\x02abcdefgh" * 9, "a.tar.gz"),
        (b"PGDMP\x01\x0e\x00" + b"x" * 90, "db.sql.gz"),
        (b"\n \n", "a.gz"),
        (b"plain text\n", "a.gz.txt"),
    ],
    ids=["gzip", "armored", "encrypted by openssl", "a custom dump", "blanks", "another name"],
)
def test_what_is_no_text_may_be_called_anything(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    content = read(tmp_path / name, None).content

    assert not (content and content.flaw and "is called" in content.flaw.says)


def test_an_empty_file_needs_no_reading(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    seen = read(tmp_path / "empty")

    assert (seen.content, seen.unreadable) == (None, None)


def test_of_a_sparse_file_of_5_tb_the_ends_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"# begins\n" + b"x" * 64_000)
        file.truncate(5_000_000_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"x" * 64_000 + b"\nthe end\n")
    content = read(path, must_contain=("begins", "the end", "middle"), ends_with="the end").content

    assert content is not None
    assert content.unread == "only its ends were read: 5.0 TB, more than read_up_to = 2.0 GB"
    # What the ends hold is proven, and of the rest nothing.
    assert content.found == {"begins": True, "the end": True}
    assert (content.has_end, content.flaw, content.sha256) == (True, None, "")
    assert read(path, None).content is None


@pytest.mark.parametrize(("extra", "is_through"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["as it is", "gzip"])
def test_read_up_to_is_the_largest_that_is_read_through(
    tmp_path: Path, pack: Callable[[bytes], bytes], extra: int, is_through: bool
) -> None:
    content = content_of(tmp_path, pack(b"x" * (200_000 + extra)), read_up_to="200 kB")

    assert (content.unread is None) is is_through


def test_a_file_that_grew_since_it_was_listed_is_read_to_its_bound(tmp_path: Path) -> None:
    with (tmp_path / "grown").open("wb") as file:
        file.write(b"x" * 10)
        file.truncate(5_000_000_000_000)
    tracemalloc.start()
    seen = read(tmp_path / "grown", size=10, read_up_to="1 MB")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert seen.grew
    assert seen.content is not None
    assert seen.content.unread is not None
    assert peak < 5_000_000


def test_of_what_is_larger_than_a_bound_that_is_small_both_ends_are_read(tmp_path: Path) -> None:
    content = content_of(
        tmp_path, b"begins" + b"x" * 400_000 + b"ends", read_up_to="1 kB", must_contain=("begins", "ends")
    )

    assert content.found == {"begins": True, "ends": True}
    assert content.unread == "only its ends were read: 400.0 kB, more than read_up_to = 1.0 kB"


def test_what_takes_too_long_is_told_by_its_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 10)
    output = Output.model_validate({"path": "f", "format": "text", "timeout": "5 s"})
    seen = read_content(lambda: opened(tmp_path / "f"), FileSeen(name="f", size=10, modified_at=NOW), output, until=0.0)

    assert seen.content is not None
    assert seen.content.unread == "it was not read through in time: timeout = 5 s"


# Texts and ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress],
    ids=["as it is", "gzip", "bzip2", "xz", "zstd"],
)
def test_texts_are_looked_for_in_what_is_inside(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    content = content_of(tmp_path, pack(b"x" * 3_000_000 + b"dump complete"), None, must_contain=("dump complete", "y"))

    assert content.found == {"dump complete": True, "y": False}


@given(
    st.integers(1, 40),
    st.sampled_from(["Zürich", "Zu\u0308rich"]),
    st.sampled_from(["utf-8", "utf-16", "utf-32", "cp1252"]),
)
def test_a_text_is_found_wherever_pieces_meet_and_however_it_is_composed(cut: int, text: str, encoding: str) -> None:
    if encoding == "cp1252":
        text = "Zürich"
    data = ("x" * 20 + text + "y" * 20).encode(encoding)
    watched = Watched(
        io.BufferedReader(io.BytesIO(data)), texts=("Zürich", "Zurich"), encoding=encoding, limit=1_000, until=inf
    )
    while watched.readinto(bytearray(cut)):
        pass

    assert watched.found == {"Zürich"}


@pytest.mark.parametrize(
    ("data", "has_end", "last_line"),
    [
        (b"CREATE\n-- dump complete\n\n", True, "-- dump complete"),
        (b"CREATE\r\n-- dump complete\r\n \r\n", True, "-- dump complete"),
        (b"-- dump complete\n" + b"x" * 2_000, False, "x" * 2_000),
        (b"-- dump complete\nERROR", True, "ERROR"),
        (gzip.compress(b"CREATE\n-- dump complete\n"), True, "-- dump complete"),
    ],
    ids=["line feeds", "carriage returns", "too far from the end", "another last line", "gzip"],
)
def test_how_it_ends_is_told(tmp_path: Path, data: bytes, has_end: bool, last_line: str) -> None:
    content = content_of(tmp_path, data, None, ends_with="-- dump complete", last_line="complete$")

    assert (content.has_end, content.last_line) == (has_end, last_line)


@pytest.mark.parametrize(
    ("kind", "data", "rows"),
    [
        ("csv", b"a,b\n", 0),
        ("csv", b"a,b\n\n1,2\n", 1),
        ("csv", b'a\n"x\ny"\n', 1),
        ("jsonl", b"1\n\n2\n", 2),
        ("text", b"1\n2\n", None),
    ],
)
def test_rows_of_data_are_counted(tmp_path: Path, kind: str, data: bytes, rows: int | None) -> None:
    assert content_of(tmp_path, data, kind).rows == rows


PLAIN = "1,2,3\n" * 200_000


@pytest.mark.parametrize(
    ("more", "rows", "says"),
    [
        ("", 199_999, None),
        ('1,"2\n' + "x\n" * 90_000 + '",3\n' + PLAIN, 400_000, None),
        ("1,2\n" + PLAIN, None, "line 200,001 has 2 columns where the first has 3"),
        ("\n\n1,2,3,4\n", None, "line 200,003 has 4 columns where the first has 3"),
        ("1,2", None, "line 200,001 has 2 columns where the first has 3"),
        ('1,"2', None, "line 200,001: unexpected end of data"),
        ('1,2,"3\n' + 2 * PLAIN, None, "the row of line"),
    ],
    ids=["plain", "lines in a cell", "narrow", "wide after blank lines", "cut", "cut in a cell", "a quote too many"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_that_need_no_parser_are_counted_like_those_that_do(
    tmp_path: Path, more: str, rows: int | None, says: str | None, end: str
) -> None:
    content = content_of(tmp_path, (PLAIN + more).replace("\n", end).encode(), "csv")

    assert content.rows == rows
    assert (says or "") in (content.unread or (content.flaw and content.flaw.says) or "")
    assert (says is None) is (content.flaw is None and content.unread is None)


def test_what_is_no_text_is_searched_as_it_is(tmp_path: Path) -> None:
    content = content_of(tmp_path, b"%PDF-1.7\n\xe2\xe3\x01\x02\xff stream %%EOF", None, must_contain=("%%EOF", "x"))

    # What is not found may be there all the same, packed or encrypted.
    assert (content.flaw, content.found) == (None, {"%%EOF": True})


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ("Zürich\n".encode("utf-16"), {}),
        ("Zürich\n".encode("utf-16-le"), {"encoding": "utf-16"}),
        ("Zürich\n".encode("utf-32"), {}),
        ("Zürich\n".encode("utf-32-be"), {"encoding": "utf-32-be"}),
        ("Zürich\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("Zu\u0308rich\n".encode(), {}),
        (b"x" * 5_000 + "Zürich\n".encode(), {}),
        ("x\f Zürich\n".encode(), {}),
        ("x\n\x1b[1;32mZürich\x1b[0m\n\x1b[K\n".encode(), {}),
        ("Zürich\n".encode() + b"\n" * 200_000, {}),
        (("x" * 2_000_000 + "\nZürich\n").encode("utf-16"), {"read_up_to": "1 MB"}),
    ],
    ids=[
        "UTF-16",
        "UTF-16 without its mark",
        "UTF-32",
        "UTF-32 declared",
        "cp1252",
        "NFD",
        "a long line",
        "a form feed",
        "coloured",
        "blank lines",
        "beyond the bound",
    ],
)
def test_the_last_line_is_that_of_the_text(tmp_path: Path, data: bytes, more: dict[str, str]) -> None:
    content = content_of(tmp_path, data, None, ends_with="Zürich", last_line="Zürich$", **more)

    assert content.last_line_fits
    assert content.has_end or len(data) > 200_000


@pytest.mark.parametrize(
    "data",
    [
        b"age-encryption.org/v1\n-> X25519 \x01\x02",
        gzip.compress(b"\x8c\x0d\x04\x09\x03\x02 gpg"),
        b"PGDMP\x01\x0f\x00\x04\x08\x01\x01\x00",
        b"\x99\x01\x0d\x04\x61\x02\x03\x04" + bytes(9),
    ],
    ids=["age", "gpg in gzip", "pg_dump's custom form", "a key of OpenPGP"],
)
def test_of_what_is_no_text_nobody_can_tell_what_is_not_in_it(tmp_path: Path, data: bytes) -> None:
    content = content_of(tmp_path, data, None, must_not_contain=("x y",), ends_with="done", last_line="done")

    assert (content.found, content.has_end, content.last_line_fits) == ({}, None, None)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("jsonl", b"[" * 200_000 + b"]" * 200_000 + b"\n"),
        ("json", b'{"a":1E1000000000000000000000}'),
        ("xml", b'<?xml version="1.0" encoding="shift_jis"?><a/>'),
    ],
    ids=["too deep a line", "too large a number", "an encoding that its parser has not"],
)
def test_what_cannot_be_read_here_is_not_called_damaged(tmp_path: Path, kind: str, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    seen = read(path, kind)

    assert seen.unreadable or (seen.content and seen.content.unread)
    assert seen.content is None or seen.content.flaw is None


def test_an_archive_that_nobody_asked_about_and_that_is_encrypted_is_held_against_nothing(tmp_path: Path) -> None:
    data = bytearray(zipped())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)

    assert read(tmp_path / "x.zip", "zip").unreadable == "it is encrypted, so it is not known whether it is whole"
    content = read(tmp_path / "x.zip", None).content
    assert content is not None
    assert (content.flaw, content.unread) == (None, "it is encrypted, so it is not known whether it is whole")


def test_a_file_that_was_emptied_since_it_was_listed_is_empty(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    content = read(tmp_path / "x", size=10).content

    assert content is not None
    assert content.flaw == Flaw(EMPTY, "is empty (0 B)")


def test_an_archive_has_a_hash_only_where_all_of_it_was_read(tmp_path: Path) -> None:
    changing = Output.model_validate({"path": "out*", "format": "zip", "must_change": True})
    for data in (zipped(), zipped(body=b"other")):
        seen = FileSeen(name="output", size=len(data), modified_at=NOW)
        assert content_of(tmp_path, data, "zip").sha256 == ""
        content = read_content(lambda: opened(tmp_path / "output"), seen, changing, until=inf).content
        assert content is not None
        assert content.sha256 == sha256(data).hexdigest()


def test_in_an_archive_no_text_is_looked_for_in_vain(tmp_path: Path) -> None:
    assert content_of(tmp_path, zipped(), None, must_not_contain=("error",)).found == {}


# What a file became -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "unreadable"),
    [
        ("gone", "it was there, and is gone since"),
        ("folder", "Is a directory"),
        ("pipe", "it is not a regular file, but a pipe, a socket or a device"),
        ("loop", "Too many levels of symbolic links"),
    ],
)
def test_what_a_file_became_since_it_was_listed_is_told_without_waiting(
    tmp_path: Path, what: str, unreadable: str
) -> None:
    path = tmp_path / what
    match what:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
    seen = read(path, size=10)

    assert seen.content is None
    assert seen.unreadable == unreadable


# Bombs ------------------------------------------------------------------------------------------------------------

LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12)
) + b"]><l>&a11;</l>"  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("xml", LAUGHS, "limit on input amplification factor"),
        (None, gzip.compress(bytes(50_000_000)) * 3, "more is in it than is read: read_up_to = 100.0 MB"),
        ("zip", zipped(body=bytes(150_000_000)), "more is in it than is read: read_up_to = 100.0 MB"),
    ],
    ids=["a billion laughs", "gzip", "zip"],
)  # fmt: skip
def test_a_bomb_does_not_go_off(tmp_path: Path, kind: str | None, data: bytes, told: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(data)
    tracemalloc.start()
    content = read(path, kind, read_up_to="100 MB").content
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert content is not None
    assert told in (content.unread or (content.flaw and content.flaw.says) or "")
    assert peak < 30_000_000


def test_an_encrypted_zip_cannot_be_told_to_be_whole(tmp_path: Path) -> None:
    data = bytearray(zipped())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)

    assert read(tmp_path / "x.zip", "zip").unreadable == "it is encrypted, so it is not known whether it is whole"


def test_a_zip_by_a_method_that_is_not_known_cannot_be_told_to_be_whole(tmp_path: Path) -> None:
    data = bytearray(zipped())
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 9
    (tmp_path / "x.zip").write_bytes(data)

    assert "not supported" in (read(tmp_path / "x.zip", "zip").unreadable or "")
