"""Is a real dump of a real database told from one that was cut, and from one of nothing?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.dumps import Dumps, Lock
from fixtures.nightly import judged, newest, put, said_of, sentence
from fixtures.one_morning import at
from rollcall.vocabulary import CauseCode

OK = ("ok", None)
EMPTY = ("bad-output", CauseCode.EMPTY_OUTPUT)
CUT = ("bad-output", CauseCode.TRUNCATED_OUTPUT)
DISPROVED = ("bad-output", CauseCode.VERIFY_FAILED)
UNREADABLE = ("unknown", CauseCode.OUTPUT_UNREADABLE)
END = 'ends_with = "dump complete"'
LIST = 'verify = ["pg_restore", "--list", "{file}"]'
# What reads all of it, as a restore would, and restores nothing.
READ = 'verify = ["pg_restore", "-f", "/dev/null", "{file}"]'
UNPACK = """verify = ["find", "{file}", "-name", "*.gz", "-exec", "gzip", "-t", "{}", "+"]"""
_BOTH = 'pg_restore -f /dev/null "$1" && find "$1" -name "*.gz" -exec gzip -t {} +'
BOTH = f"""verify = ["sh", "-c", '{_BOTH}', "sh", "{{file}}"]"""


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def whole(data: bytes) -> bytes:
    return data


def nothing(_: bytes) -> bytes:
    return b""


def flipped(data: bytes) -> bytes:
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def packed_half(program: str) -> Callable[[bytes], bytes]:
    """pg_dump was killed, and what packs it closed what there was."""

    def pack(data: bytes) -> bytes:
        unpacked = subprocess.run([program, "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout
        return subprocess.run([program, "-cq"], input=half(unpacked), stdout=subprocess.PIPE, check=True).stdout

    return pack


# The dump | what became of it | the lines of its output | what is said of it.
FILES: list[tuple[str, Callable[[bytes], bytes], str, tuple[str, CauseCode | None]]] = [
    ("plain.sql", whole, END, OK),
    ("plain.sql", half, END, CUT),
    ("plain.sql", half, "", OK),  # nothing in it tells
    ("plain.sql", nothing, END, EMPTY),
    ("plain.sql.gz", whole, END, OK),
    ("plain.sql.gz", half, "", CUT),
    ("plain.sql.gz", packed_half("gzip"), END, CUT),
    ("plain.sql.zst", whole, END, OK),
    ("plain.sql.zst", half, "", CUT),
    ("plain.sql.zst", packed_half("zstd"), END, CUT),
    ("custom.dump", whole, "", OK),
    ("custom.dump", whole, LIST, OK),
    ("custom.dump", whole, READ, OK),
    ("custom.dump", half, "", OK),  # nothing tells
    ("custom.dump", half, LIST, OK),  # its table of contents is whole
    ("custom.dump", half, READ, DISPROVED),
    ("custom.dump", lambda data: data[:-1], READ, DISPROVED),
    ("custom.dump", lambda data: data[:60], LIST, DISPROVED),
    ("custom.dump", flipped, READ, DISPROVED),
    ("custom.dump", nothing, READ, EMPTY),
    ("tar.dump", whole, READ, OK),
    ("tar.dump", half, READ, CUT),  # which pg_restore does not notice
    ("custom-unpacked.dump", whole, READ, OK),
    ("custom-unpacked.dump", half, READ, DISPROVED),
]


@pytest.mark.parametrize(
    ("name", "change", "lines", "expected"), FILES, ids=[f"{number}-{name}" for number, (name, *_) in enumerate(FILES)]
)
def test_a_dump_in_a_file(
    dumps: Dumps, tmp_path: Path, name: str, change: Callable[[bytes], bytes], lines: str, expected: object
) -> None:
    put(tmp_path, change(dumps[name].read_bytes()))

    assert said_of(judged(tmp_path, lines)) == expected


def cut_data(folder: Path) -> None:
    data = next(folder.glob("*.dat.gz"))
    data.write_bytes(half(data.read_bytes()))


def empty_data(folder: Path) -> None:
    next(folder.glob("*.dat.gz")).write_bytes(b"")


def no_data(folder: Path) -> None:
    next(folder.glob("*.dat.gz")).unlink()


def keep(_: Path) -> None:
    """It is whole."""


FOLDERS: list[tuple[Callable[[Path], None], str, tuple[str, CauseCode | None]]] = [
    (keep, READ, OK),
    (keep, BOTH, OK),
    (cut_data, LIST, OK),  # only toc.dat is read
    (cut_data, READ, DISPROVED),
    (cut_data, UNPACK, DISPROVED),
    (empty_data, READ, OK),  # pg_restore takes a file of 0 bytes for a table without rows
    (empty_data, UNPACK, DISPROVED),
    (empty_data, BOTH, DISPROVED),
    (no_data, READ, DISPROVED),
    (no_data, BOTH, DISPROVED),
]


@pytest.mark.parametrize(
    ("change", "lines", "expected"), FOLDERS, ids=[f"{number}-{row[0].__name__}" for number, row in enumerate(FOLDERS)]
)
def test_a_dump_in_a_folder(
    dumps: Dumps, tmp_path: Path, change: Callable[[Path], None], lines: str, expected: object
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(dumps["folder"], copy)
    change(copy)
    put(tmp_path, copy, "db")

    assert said_of(judged(tmp_path, lines, path="db/")) == expected


# Encrypted ------------------------------------------------------------------------------------------------------------

# The dump | what became of it before | and after it was encrypted | more lines | what is said of it.
LOCKED: list[tuple[str, Callable[[bytes], bytes], Callable[[bytes], bytes], str, tuple[str, CauseCode | None]]] = [
    ("plain.sql", whole, whole, END, OK),
    ("plain.sql", half, whole, END, CUT),
    ("plain.sql.gz", whole, whole, END, OK),
    ("plain.sql.gz", half, whole, "", CUT),
    ("plain.sql.zst", packed_half("zstd"), whole, END, CUT),
    ("custom.dump", whole, whole, READ, OK),
    ("custom.dump", half, whole, READ, DISPROVED),
    ("custom.dump", nothing, whole, "", EMPTY),
    # A wrong key cannot be told from it.
    ("plain.sql", whole, half, END, UNREADABLE),
    ("plain.sql.gz", whole, half, "", UNREADABLE),
    ("custom.dump", whole, half, READ, UNREADABLE),
    ("custom.dump", whole, flipped, "", UNREADABLE),
]


@pytest.mark.parametrize("locks", ["age", "gpg"])
@pytest.mark.parametrize(
    ("name", "before", "after", "lines", "expected"), LOCKED, ids=[f"{n}-{row[0]}" for n, row in enumerate(LOCKED)]
)
def test_an_encrypted_dump_is_judged_by_what_it_holds(
    dumps: Dumps,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    locks: str,
    name: str,
    before: Callable[[bytes], bytes],
    after: Callable[[bytes], bytes],
    lines: str,
    expected: object,
) -> None:
    lock: Lock = request.getfixturevalue(locks)
    put(tmp_path, after(lock.locked(before(dumps[name].read_bytes()))))

    assert said_of(judged(tmp_path, f"open = {json.dumps(lock.opens)}\n{lines}")) == expected


@pytest.mark.parametrize("locks", ["age", "gpg"])
def test_with_the_wrong_key_nobody_can_tell(
    dumps: Dumps, request: pytest.FixtureRequest, tmp_path: Path, locks: str
) -> None:
    lock: Lock = request.getfixturevalue(locks)
    put(tmp_path, lock.locked(dumps["plain.sql"].read_bytes()))

    morning = judged(tmp_path, f"open = {json.dumps(lock.wrong)}\n{END}")

    assert said_of(morning) == UNREADABLE
    assert f"could not be read: `{locks}`, which is to open it: exit status" in sentence(morning)
    assert newest(morning).content is None


# How it is told ---------------------------------------------------------------------------------------------------


def test_a_file_of_another_year_is_told_with_its_year(tmp_path: Path) -> None:
    path = put(tmp_path, b"x")
    old = at("2020-02-11T06:04:00+01:00").timestamp()
    os.utime(path, (old, old))
    said = sentence(judged(tmp_path, "", path="*.dump"))

    assert said.endswith("the newest file is db.dump of Tue 11 Feb 2020 06:04 CET.")
