"""Does what is made to fill the memory fill none of it, and is it never called whole?

Each is read by a process of its own, whose memory the kernel has counted.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from tests.test_outputs_parquet import varint, written

MOST = 64_000_000
_PIECE = bytes(1 << 20)

# Reads each of the files as declared. What is imported and read once before is idle; the kernel then counts anew.
_READER = """
import json, sys, time
from pathlib import Path
from rollcall.evidence import FileSeen
from rollcall.outputs.content import read_content
from rollcall.outputs.local import opened
from rollcall.roll.output import Output
from rollcall.times import read_now

def memory(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))

def read(name, declared):
    path = Path(name)
    output = Output.model_validate({"path": path.name, "timeout": "10 min", "read_up_to": "100 MB", **declared})
    seen = FileSeen(name=path.name, size=path.stat().st_size, modified_at=read_now())
    until = time.monotonic() + output.timeout.total_seconds()
    return read_content(lambda: opened(path), seen, output, until=until)

idle, bomb, declared = sys.argv[1:]
read(idle, json.loads(declared))
before = memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
seen = read(bomb, json.loads(declared))
content = seen.content
print(json.dumps({
    "took": memory("VmHWM") - before,
    "flaw": content and content.flaw and content.flaw.says,
    "untold": seen.unreadable or (content and content.unread),
    "has": dict(content.has) if content else {},
    "held": dict(content.held) if content else {},
    "rows": content and content.rows,
}))
"""


def read(folder: Path, idle: bytes, declared: Mapping[str, object]) -> dict[str, object]:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("Only Linux tells how much memory a process took at most.")
    (folder / "idle").write_bytes(idle)
    argv = [sys.executable, "-c", _READER, str(folder / "idle"), str(folder / "bomb"), json.dumps(dict(declared))]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


# How each is written ------------------------------------------------------------------------------------------------


def packed(pack: Callable[[], object], pieces: Iterator[bytes], *, ends: bool = True) -> Iterator[bytes]:
    packer = pack()
    for piece in pieces:
        yield packer.compress(piece)  # type: ignore[attr-defined]  # each of them has it
    if ends:
        yield packer.flush()  # type: ignore[attr-defined]


def gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return packed(lambda: zlib.compressobj(1, wbits=31), pieces)


def gzips_of_zeros(gigabytes: int) -> Iterator[bytes]:
    """One gzip after another, as `cat` makes one of them."""
    return repeated(gzip.compress(bytes(100_000_000), 1), 10 * gigabytes)


def zeros(megabytes: int) -> Iterator[bytes]:
    return (_PIECE for _ in range(megabytes))


def repeated(piece: bytes, times: int) -> Iterator[bytes]:
    return (piece for _ in range(times))


def tar_of(members: int) -> Iterator[bytes]:
    info = tarfile.TarInfo("a" * 90)
    yield from repeated(info.tobuf(tarfile.USTAR_FORMAT) * 1_000, members // 1_000)
    yield bytes(1024)


def pax_of(megabytes: int) -> Iterator[bytes]:
    """A tar whose one member is said to have a name of so many megabytes."""
    size = megabytes << 20
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, size
    yield info.tobuf(tarfile.USTAR_FORMAT)
    yield f"{size} path=".encode().ljust(1 << 20, b"x")
    yield from repeated(b"x" * (1 << 20), megabytes - 1)


def zip_of(names: int) -> Iterator[bytes]:
    """One of empty files, but for the last."""
    entries = []
    for number in range(names):
        name, size = f"{number:060}".encode(), int(number == names - 1)
        said = (20, 0, 0, 0, 0, zlib.crc32(b"x" * size), size, size, len(name), 0)
        yield struct.pack("<4s5H3L2H", b"PK\x03\x04", *said) + name + b"x" * size
        entries.append(struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *said, 0, 0, 0, 0, 90 * number) + name)
    yield from entries
    at, number = 90 * names + 1, min(names, 0xFFFF)
    yield struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, names, names, sum(map(len, entries)), at)
    yield struct.pack("<4sLQL", b"PK\x06\x07", 0, at + sum(map(len, entries)), 1)
    yield struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, number, number, sum(map(len, entries)), at, 0)


def overlapping(members: int) -> Iterator[bytes]:
    """A zip whose every member is the same ten megabytes: https://www.bamsoftware.com/hacks/zipbomb/"""
    body = zlib.compressobj(9, wbits=-15)
    data = body.compress(bytes(10_000_000)) + body.flush()
    crc = zlib.crc32(bytes(10_000_000))
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(data), 10_000_000, 1, 0) + b"a"
    yield head + data
    entry = (
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(data), 10_000_000, 1, *[0] * 6) + b"a"
    )
    yield entry * members
    yield struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, members, members, len(entry) * members, len(head + data), 0)


def zstd_of(window_log: int) -> Iterator[bytes]:
    options: dict[int, int] = {
        zstd.CompressionParameter.window_log: window_log,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    return packed(lambda: zstd.ZstdCompressor(options=options), iter([os.urandom(1 << 20)]))


def xz_of(dictionary: int) -> Iterator[bytes]:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": dictionary}]
    return packed(lambda: lzma.LZMACompressor(filters=filters), iter([os.urandom(1 << 20)]))


def parquet_of(**options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [bytes(200_000_000)]}), buffer, **options)
    return buffer.getvalue()


def footer_of_lists() -> bytes:
    """A footer of four megabytes that is one list of a million columns, each with nothing in it but a name."""
    columns = b"\x48\x01a\x00" * 900_000
    footer = b"\x15\x02\x19\xfc" + varint_plain(900_000) + columns + b"\x16\x00\x19\x0c\x00"
    return b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def varint_plain(number: int) -> bytes:
    return varint(number) if number == 0 else _plain(number)


def _plain(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"x")
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


CSV, TAR, ZIP, PARQUET = (
    (b"a,b\n1,2\n", {"format": "csv"}), (tarred(), {"format": "tar"}), (zipped(), {"format": "zip"}),
    (written(), {"format": "parquet"}),
)  # fmt: skip
JSON, JSONL, XML = (b"[]", {"format": "json"}), (b"[]\n", {"format": "jsonl"}), (b"<a/>", {"format": "xml"})
# What is read, how the bomb is written, and what is said of it.
BOMBS: dict[str, tuple[tuple[bytes, Mapping[str, object]], Callable[[], Iterator[bytes]], str]] = {
    "gzip of 10 GB": ((gzip.compress(b"x"), {}), lambda: gzips_of_zeros(10), "more is in it than is read"),
    "gzip in gzip in gzip": ((gzip.compress(b"x"), {}), lambda: gzipped(gzipped(gzips_of_zeros(2))),
        "more is in it than is read"),
    "bzip2": ((bz2.compress(b"x"), {}), lambda: packed(bz2.BZ2Compressor, zeros(120)),
        "more is in it than is read"),
    "xz with a dictionary of 256 MB": ((lzma.compress(b"x"), {}), lambda: xz_of(256 << 20), "needs more memory"),
    "zstd with a window of 128 MB": ((zstd.compress(b"x"), {}), lambda: zstd_of(27), "needs more memory"),
    "a line of csv": (CSV, lambda: gzipped(repeated(b"1," * 500_000, 80)), "is longer than is read"),
    "a cell of csv": (CSV, lambda: gzipped(iter([b'a,b\n1,"', *repeated(b"x\n" * 500_000, 80)])),
        "is longer than is read"),
    "a line of jsonl": (JSONL, lambda: gzipped(repeated(b"[],[" * 250_000, 80)), "line 1 is longer than is read"),
    "lines of jsonl that are all lists": (JSONL, lambda: repeated(b"[" + b"[]," * 1_300_000 + b"[]]\n", 3), ""),
    "a text of json": (JSON, lambda: gzipped(iter([b'["', *repeated(b'x\\"' * 300_000, 100)])),
        "is longer than is read"),
    "json within json": (JSON, lambda: gzipped(repeated(b'{"a":[' * 200_000, 100)), "nested more deeply"),
    "a million keys": (JSON, lambda: iter([b"{", *(b'"%d":1,' % each for each in range(700_000)), b'"a":1}']), ""),
    "json that an expression is asked of": (
        (b"[[]]", {"format": "json", "must_hold": ["length(@) > `0`"]}),
        lambda: iter([b"[", *repeated(b"[],", 2_000_000), b"1]"]), ""),
    "a comment of xml": (XML, lambda: gzipped(iter([b"<a><!--", *repeated(b"x" * 1_000_000, 100)])),
        "longer than is read"),
    "a tar of 190,000 members": ((tarred(), {"format": "tar", "must_have": ["x"]}),
        lambda: gzipped(tar_of(190_000)),
        "each file in it is empty"),
    "a name of 90 MB in a tar": (TAR, lambda: gzipped(pax_of(90)), "is longer than is read"),
    "a zip of 300,000 names": ((zipped(), {"format": "zip", "must_have": ["x"]}), lambda: zip_of(300_000), ""),
    "a zip whose members overlap": (ZIP, lambda: overlapping(60_000), "members in it overlap"),
    "a zip in gzip, of 2 GB": ((gzip.compress(zipped()), {"format": "zip"}),
        lambda: gzipped(iter([b"PK\x03\x04", *zeros(120)])), "more is in it than is read"),
    "a page of parquet that unpacks to 200 MB": (PARQUET,
        lambda: iter([parquet_of(compression="gzip", use_dictionary=False)]), ""),
    "a footer of parquet": (PARQUET, lambda: iter([footer_of_lists()]), "does not read as parquet"),
    "SQLite of 20 GB that is sparse": ((b"SQLite format 3\0", {"format": "sqlite", "read_up_to": "30 GB"}),
        lambda: iter([b"SQLite format 3\0"]), "does not read as sqlite"),
}  # fmt: skip


@pytest.mark.parametrize(("of_what", "write", "says"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_takes_little_memory_and_is_not_called_whole(
    tmp_path: Path, of_what: tuple[bytes, Mapping[str, object]], write: Callable[[], Iterator[bytes]], says: str
) -> None:
    with (tmp_path / "bomb").open("wb") as file:
        file.writelines(write())
        if "sqlite" in str(of_what[1]):
            file.truncate(20_000_000_000)
    seen = read(tmp_path, *of_what)

    assert says in str(seen["flaw"] or seen["untold"] or "")
    assert bool(says) is bool(seen["flaw"] or seen["untold"])
    assert int(str(seen["took"])) < MOST, seen
