"""Is one output read to a bound, parsed as its format, and told for what it is?"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.evidence import Content, FileSeen
from rollcall.outputs.content import SHOWN, read_content
from rollcall.roll.formats import format_names
from rollcall.roll.output import Output

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)


def read(path: Path, kind: str = "text", *, size: int | None = None, **more: Any) -> FileSeen:
    output = Output.model_validate({"path": path.name, "format": kind, **more})
    size = path.stat().st_size if size is None else size
    return read_content(path, FileSeen(name=path.name, size=size, modified_at=NOW), output)


def content_of(folder: Path, data: bytes, kind: str = "text", **more: Any) -> Content:
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


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


WHOLE = {
    "any": ("any", b"\xff\x00"),
    "text": ("text", "# Album Haïku\n".encode()),
    "text with a byte order mark": ("text", "\ufefftext".encode()),
    "json": ("json", b'{"a": [1, 2, "x"]}\n'),
    "json with a byte order mark": ("json", "\ufeff[]".encode()),
    "json in UTF-16": ("json", '{"a": 1}'.encode("utf-16")),
    "jsonl": ("jsonl", b'{"a": 1}\n\n[2]\n'),
    "csv": ("csv", b'a,b\n1,"x, y"\n'),
    "csv with semicolons": ("csv", b"name;price\r\ntea;1,50\r\ncake;2,00\r\n"),
    "csv with tabs": ("csv", b"a\tb\n1\t2\n"),
    "csv with commas in its head": ("csv", b'"a,b,c";"d"\n1;2\n'),
    "csv of one column": ("csv", b"a\n1\n2\n"),
    "csv with lines in a cell": ("csv", b'a,b\n"x\ny",2\n'),
    "csv with a byte order mark": ("csv", "\ufeffa,b\n1,2\n".encode()),
    "xml": ("xml", b'<?xml version="1.0"?><a><b/></a>'),
    "xml in Latin-1": ("xml", '<?xml version="1.0" encoding="iso-8859-1"?><a>ü</a>'.encode("latin-1")),
    "gzip": ("gzip", gzip.compress(b"x" * 10_000)),
    "gzip of much that is alike": ("gzip", gzip.compress(bytes(10_000_000))),
    "gzip of nothing": ("gzip", gzip.compress(b"")),
    "gzip of two parts": ("gzip", gzip.compress(b"a") + gzip.compress(b"b")),
    "gzip padded as tapes are": ("gzip", gzip.compress(b"a") + bytes(512)),
    "zip": ("zip", zipped()),
    "zip by bz2": ("zip", zipped(method=zipfile.ZIP_BZIP2)),
    "zip by lzma": ("zip", zipped(method=zipfile.ZIP_LZMA)),
}

FLAWED = {
    "text not UTF-8": ("text", b"abc\xff", "not UTF-8 at byte 3"),
    "text cut in a letter": ("text", "ï".encode()[:1], "not UTF-8 at byte 0"),
    "text of zeros": ("text", b"ab" + bytes(99), "holds NUL characters, the first as character 2"),
    "json cut": ("json", b'{"a": [1, 2', "Expecting ',' delimiter: line 1 column 12 (char 11)"),
    "json and more": ("json", b"{} {}", "Extra data: line 1 column 4 (char 3)"),
    "json too deep": ("json", b"[" * 200_000, "nested too deeply to be parsed"),
    "json not UTF-8": ("json", b'"\xff"', "not UTF-8 at byte 1"),
    "json of zeros": ("json", bytes(10), None),
    "jsonl cut": ("jsonl", b'{"a": 1}\n{"a": ', "line 2: Expecting value: line 1 column 7 (char 6)"),
    "jsonl too deep": ("jsonl", b"1\n" + b"[" * 200_000, "nested too deeply to be parsed"),
    "csv cut in a row": ("csv", b"a,b,c\n1,2,3\n4,5\n", "line 3 has 2 columns where the first has 3"),
    "csv cut in a row, semicolons": ("csv", b"a;b\n1,5;2\n3,5", "line 3 has 1 columns where the first has 2"),
    "csv cut in a cell": ("csv", b'a,b\n1,"x', "line 2: unexpected end of data"),
    "csv of zeros": ("csv", b"a,b\n" + bytes(10), "holds NUL characters, the first as character 4"),
    "xml cut": ("xml", b"<a><b/>", "no element found: line 1, column 7"),
    "xml not at all": ("xml", b"hello", "syntax error: line 1, column 0"),
    "xml of no known encoding": ("xml", b'<?xml version="1.0" encoding="foo"?><a/>', "unknown encoding: foo"),
    "xml of an odd encoding": ("xml", b'<?xml version="1.0" encoding="idna"?><a/>', None),
    "gzip cut": ("gzip", gzip.compress(os.urandom(5_000))[:-9], None),
    "gzip cut in its head": ("gzip", b"\x1f\x8b\x08", None),
    "gzip not at all": ("gzip", b"hello", None),
    "gzip with a wrong sum": ("gzip", flip(gzip.compress(b"hello"), -6), None),
    "gzip and more": ("gzip", gzip.compress(b"hello") + b"more", None),
    "zip cut": ("zip", zipped()[:-9], "File is not a zip file"),
    "zip with a wrong sum": ("zip", flip(zipped(method=zipfile.ZIP_STORED), 60), '"a.txt" in it is damaged'),
    "zip by bz2, damaged": ("zip", flip(zipped(method=zipfile.ZIP_BZIP2), 50), None),
    "zip by lzma, damaged": ("zip", flip(zipped(method=zipfile.ZIP_LZMA), 50), None),
    "zip not at all": ("zip", b"hello", "File is not a zip file"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), WHOLE.values(), ids=WHOLE)
def test_what_is_whole_has_no_flaw(tmp_path: Path, kind: str, data: bytes) -> None:
    assert content_of(tmp_path, data, kind).flaw is None


@pytest.mark.parametrize(("kind", "data", "flaw"), FLAWED.values(), ids=FLAWED)
def test_what_does_not_parse_has_a_flaw(tmp_path: Path, kind: str, data: bytes, flaw: str | None) -> None:
    told = content_of(tmp_path, data, kind).flaw

    assert told
    assert told == (flaw or told)


@given(st.sampled_from(format_names()), st.binary(min_size=1, max_size=200))
def test_whatever_is_in_it_is_told(tmp_path_factory: pytest.TempPathFactory, kind: str, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(data)
    seen = read(path, kind)

    assert (seen.content is None) == (seen.unreadable is not None)
    assert (seen.unreadable or "").isprintable()
    assert seen.content is None or (seen.content.flaw or "").isprintable()


ARCHIVES = [(kind, data) for kind, data in WHOLE.values() if kind in ("gzip", "zip", "xml") and len(data) < 9_000]


@given(st.sampled_from(ARCHIVES), st.integers(0, 8_999), st.integers(0, 255))
def test_whatever_byte_of_it_is_damaged_it_is_told(
    tmp_path_factory: pytest.TempPathFactory, archive: tuple[str, bytes], place: int, byte: int
) -> None:
    kind, data = archive
    place %= len(data)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
    seen = read(path, kind)

    assert (seen.content is None) == (seen.unreadable is not None)


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


def test_an_empty_file_needs_no_reading(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    seen = read(tmp_path / "empty")

    assert (seen.content, seen.unreadable) == (None, None)


def test_a_sparse_file_of_5_tb_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(5_000_000_000_000)

    assert read(tmp_path / "sparse").unreadable == "it is too large to be read: 5.0 TB, more than read_up_to = 64.0 MB"
    assert read(tmp_path / "sparse", "any").unreadable is None


@pytest.mark.parametrize(("extra", "is_read"), [(-1, True), (0, True), (1, False)])
def test_read_up_to_is_the_largest_that_is_read(tmp_path: Path, extra: int, is_read: bool) -> None:
    (tmp_path / "f").write_bytes(b"x" * (1000 + extra))

    assert (read(tmp_path / "f", read_up_to="1 kB").content is not None) is is_read


def test_a_file_that_grew_since_it_was_listed_is_read_to_its_bound(tmp_path: Path) -> None:
    with (tmp_path / "grown").open("wb") as file:
        file.truncate(5_000_000_000_000)
    tracemalloc.start()
    seen = read(tmp_path / "grown", size=10, read_up_to="1 MB")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (seen.content, seen.unreadable) == (None, "it grows while it is read, beyond read_up_to")
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("what", "unreadable"),
    [
        ("gone", "No such file or directory"),
        ("folder", "Is a directory"),
        ("pipe", "is not a regular file"),
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
    assert seen.unreadable in (unreadable, "is not a regular file")


# Bombs ------------------------------------------------------------------------------------------------------------

LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12)
) + b"]><l>&a11;</l>"  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("xml", LAUGHS, "limit on input amplification factor"),
        ("gzip", gzip.compress(bytes(50_000_000)) * 50,
         "it is too large to be read: more than 2.0 GB once unpacked"),
        ("zip", zipped(body=bytes(50_000_000)).replace((50_000_000).to_bytes(4, "little"), b"\xfe\xff\xff\xff"),
         "it is too large to be read: more than 2.0 GB once unpacked"),
    ],
    ids=["a billion laughs", "gzip", "zip"],
)  # fmt: skip
def test_a_bomb_does_not_go_off(tmp_path: Path, kind: str, data: bytes, told: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(data)
    tracemalloc.start()
    seen = read(path, kind)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told in (seen.unreadable or (seen.content and seen.content.flaw) or "")
    assert peak < 30_000_000


def test_an_encrypted_zip_cannot_be_told_to_be_whole(tmp_path: Path) -> None:
    data = bytearray(zipped())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)

    assert read(tmp_path / "x.zip", "zip").unreadable == "it is encrypted, and so cannot be told to be whole"


def test_a_zip_by_a_method_that_is_not_known_cannot_be_told_to_be_whole(tmp_path: Path) -> None:
    data = bytearray(zipped())
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 9
    (tmp_path / "x.zip").write_bytes(data)

    assert "not supported" in (read(tmp_path / "x.zip", "zip").unreadable or "")


def test_a_csv_cell_beyond_pythons_limit_is_not_called_a_flaw(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n1," + b"x" * 200_000)

    assert read(tmp_path / "x.csv", "csv").unreadable == "one of its fields is too large to be read"


def test_bz2_says_damage_by_an_error_of_the_disk() -> None:
    """The reason for which an OSError of an archive is a flaw and not a failure to read."""
    with pytest.raises(OSError, match="Invalid data stream"):
        bz2.decompress(b"hello world")
