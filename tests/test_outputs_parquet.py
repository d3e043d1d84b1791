"""Does a Parquet file hold the rows that its footer lists?"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.errors import BadInput
from rollcall.evidence import Content
from rollcall.outputs.content import content_of
from rollcall.outputs.formats.parquet import Parquet
from rollcall.roll.load import load
from rollcall.roll.output import Output
from rollcall.vocabulary import CauseCode

CUT, CORRUPT = CauseCode.TRUNCATED_OUTPUT, CauseCode.CORRUPT_OUTPUT
ROWS = 5_000
TABLE = pa.table(
    {
        "id": list(range(ROWS)),
        "word": [f"word {number % 7}" for number in range(ROWS)],
        "tags": [[number] * (number % 3) for number in range(ROWS)],
        "price": [None if number % 2 else number * 1.5 for number in range(ROWS)],
        "both": [{"x": number, "y.z": "q"} for number in range(ROWS)],
    }
)


def written(table: Any = TABLE, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def read(data: bytes, **asked: Any) -> Content:
    return content_of(data, Output.model_validate({"path": "x", "format": "parquet", **asked}))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "none", "use_dictionary": False},
        {"compression": "gzip", "data_page_version": "2.0", "row_group_size": 700},
        {"compression": "zstd", "write_statistics": False, "data_page_size": 500},
        {"compression": "brotli", "write_page_index": True, "write_page_checksum": True, "version": "1.0"},
    ],
)
def test_its_rows_are_counted(options: dict[str, Any]) -> None:
    content = read(written(**options))

    assert (content.flaw, content.unread, content.rows) == (None, None, ROWS)


def test_one_that_is_larger_than_is_read_is_judged_by_its_footer() -> None:
    content = read(written(), read_up_to="1 kB")

    assert (content.unread, content.rows) == (None, ROWS)


def test_one_without_rows_has_none() -> None:
    assert (read(written(TABLE.slice(0, 0))).rows, read(written(pa.table({}))).rows) == (0, 0)


def footer_of(data: bytes) -> int:
    """Where its footer begins."""
    return len(data) - 8 - int.from_bytes(data[-8:-4], "little")


def zeros(data: bytes, begin: int, end: int) -> bytes:
    return data[:begin] + bytes(end - begin) + data[end:]


def varint(number: int) -> bytes:
    """As Thrift writes a whole number."""
    zigzag, out = number << 1, bytearray()
    while zigzag >= 0x80:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def lying(data: bytes, *, times: int | None = None) -> bytes:
    """Its footer tells of 6,000 rows where it told of 5,000; so many times, or everywhere."""
    begin = footer_of(data)
    footer = data[begin:-8]
    assert len(varint(ROWS)) == len(varint(6_000))
    return data[:begin] + footer.replace(varint(ROWS), varint(6_000), -1 if times is None else times) + data[-8:]


BROKEN: dict[str, tuple[Callable[[bytes], bytes], CauseCode, str]] = {
    "cut": (lambda data: data[: len(data) // 2], CUT, "its footer, at the end, is missing"),
    "half of it, and the footer": (lambda data: data[: len(data) // 3] + data[footer_of(data):], CORRUPT,
        "goes on to where the footer stands"),
    "its first page zeroed": (lambda data: zeros(data, 4, 400), CORRUPT, 'column "id" of part 1 is damaged at byte 4'),
    "what is in its first page zeroed": (lambda data: zeros(data, 60, 400), CORRUPT, "snappy"),
    "all but its ends zeroed": (lambda data: zeros(data, 4, footer_of(data)), CORRUPT, "damaged at byte 4"),
    "more rows in the footer than in its parts": (lambda data: lying(data, times=1), CORRUPT,
        "its footer lists 6,000 rows, and of 5,000 in its parts"),
    "more rows than there are, all through the footer": (lying, CORRUPT,
        'column "id" of part 1 should have 6,000 values, and 5,000 are there'),
    "a footer of zeros": (lambda data: zeros(data, footer_of(data), len(data) - 8), CORRUPT, "does not read"),
}  # fmt: skip


@pytest.mark.parametrize(("breaks", "code", "says"), BROKEN.values(), ids=BROKEN)
def test_what_its_footer_tells_of_is_there(breaks: Callable[[bytes], bytes], code: CauseCode, says: str) -> None:
    flaw = read(breaks(written())).flaw

    assert flaw is not None
    assert (flaw.code, says.lower() in flaw.says.lower()) == (code, True), flaw.says


WRITTEN = written(TABLE.slice(0, 300), row_group_size=100)


@given(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255))
def test_whatever_byte_of_it_is_damaged_it_is_told(place: int, byte: int) -> None:
    content = read(WRITTEN[:place] + bytes([byte]) + WRITTEN[place + 1 :])

    assert content.flaw or content.rows == 300


# Without pyarrow ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)


@pytest.mark.usefixtures("_without_pyarrow")
def test_without_pyarrow_its_two_ends_are_told() -> None:
    data = written()

    assert (read(data).flaw, read(data).rows) == (None, None)
    assert read(lying(data)).flaw is None
    assert read(data[:-1]).flaw is not None


@pytest.mark.usefixtures("_without_pyarrow")
def test_without_pyarrow_who_asks_for_rows_is_told_what_to_install(tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    file.write_text(
        "timezone = 'UTC'\n[jobs.lake]\nschedule = '0 6 * * *'\n"
        "output = { path = 'x-%Y%m%d', format = 'parquet', min_rows = 10 }\n"
    )
    with pytest.raises(BadInput, match=r'jobs.lake.output.min_rows = 10: .* pip install "roll-call\[parquet\]"'):
        load(file, environment={})

    assert Parquet().rows_need == "parquet"
