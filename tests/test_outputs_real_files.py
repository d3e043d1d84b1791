"""Is what real programs write (tar, age, gpg, sqlite3, zstd, xz …) taken for what it is, whole, cut and empty?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rollcall.evidence import Content, FileSeen
from rollcall.outputs.content import read_content
from rollcall.outputs.local import opened
from rollcall.roll.output import Output
from rollcall.times import read_now
from rollcall.vocabulary import CauseCode

CUT, CORRUPT, EMPTY = CauseCode.TRUNCATED_OUTPUT, CauseCode.CORRUPT_OUTPUT, CauseCode.EMPTY_OUTPUT
PROGRAMS = {
    "tar": "tar",
    "age": "age",
    "gpg": "gpg",
    "sqlite3": "sqlite3",
    "zstd": "zstd",
    "pzstd": "zstd",
    "xz": "xz-utils",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the programs run: with some data, a key of age, and one of gpg whose agent ends with the tests."""
    if missing := [package for program, package in PROGRAMS.items() if not shutil.which(program)]:
        pytest.skip(f"Not installed: {', '.join(missing)}. Install them: sudo apt-get install {' '.join(missing)}")
    folder = tmp_path_factory.mktemp("files")
    (folder / "data/deep").mkdir(parents=True)
    (folder / "empty/deep").mkdir(parents=True)
    (folder / "empty/deep/log").touch()
    (folder / "data/dump.sql").write_text("INSERT INTO t VALUES (1);\n" * 9_000 + "-- dump complete\n")
    (folder / "data/deep" / ("n" * 150)).write_bytes(os.urandom(90_000))
    (folder / "data/link").symlink_to("dump.sql")
    os.link(folder / "data/dump.sql", folder / "data/hard")
    with (folder / "data/sparse").open("wb") as file:
        file.seek(2_000_000)
        file.write(b"end")
    run(folder, "age-keygen -o age.key && age-keygen -y age.key > age.pub")
    run(folder, "mkdir -m 700 g && gpg -q --batch --passphrase '' --quick-gen-key me@x.org default default never")
    yield folder
    run(folder, "gpgconf --kill all")


def run(folder: Path, command: str) -> bytes:
    environment = {**os.environ, "GNUPGHOME": str(folder / "g"), "GPG_TTY": ""}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def read(folder: Path, data: bytes, **declared: Any) -> Content:
    path = folder / "output"
    path.write_bytes(data)
    output = Output.model_validate({"path": "output", **declared})
    seen = FileSeen(name="output", size=len(data), modified_at=read_now())
    content = read_content(lambda: opened(path), seen, output, until=float("inf")).content
    assert content is not None
    return content


DUMP = "cat data/dump.sql"
TO_ME = "gpg -q --batch --trust-model always -e -r me@x.org"
BY_PASSPHRASE = "gpg -q --batch --pinentry-mode loopback --passphrase x -c"
DATABASE = (
    "rm -f db && sqlite3 db 'CREATE TABLE t(a PRIMARY KEY, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 "
    "FROM n LIMIT 9000) INSERT INTO t SELECT i, hex(randomblob(20)) FROM n'"
)
# What writes it, as what it is recognised though nobody declared it, and whether half of it is seen to be cut.
WRITTEN = {
    "GNU tar": ("tar c --format=gnu data", "tar", True),
    "GNU tar of sparse files": ("tar cS --format=gnu data", "tar", True),
    "old GNU tar of sparse files": ("tar cS --format=oldgnu data", "tar", True),
    "pax": ("tar c --format=pax data", "tar", True),
    "pax of sparse files": ("tar cS --format=pax data", "tar", True),
    "ustar": ("tar c --format=ustar --exclude='n*' data", "tar", True),
    "V7": ("tar c --format=v7 --exclude='n*' data", "tar", True),
    "tar.gz": ("tar cz data", "tar in gzip", True),
    "tar.zst": ("tar c data | zstd -q", "tar in zstd", True),
    "tar.xz": ("tar c data | xz", "tar in xz", True),
    "zstd in two frames": (f"({DUMP} | zstd -q; {DUMP} {DUMP[4:]} | zstd -1 -q)", "zstd", True),
    "zstd by several threads": (f"{DUMP} | zstd -q -T2 --long=26", "zstd", True),
    "pzstd": (f"{DUMP} > p && pzstd -q -f -p 2 p -o p.zst && cat p.zst", "zstd", True),
    "xz by several threads": (f"{DUMP} | xz -T2 --block-size=50000", "xz", True),
    "age": (f"{DUMP} | age -r $(cat age.pub)", "age", False),
    "age, armored": (f"{DUMP} | age -a -r $(cat age.pub)", "age", True),
    "age around gzip": (f"{DUMP} | gzip | age -r $(cat age.pub)", "age", False),
    "gpg": (f"{DUMP} | {TO_ME}", "gpg", True),
    "gpg of a file": (f"{TO_ME} -o - data/deep/n*", "gpg", True),
    "gpg, armored": (f"{DUMP} | {TO_ME} -a", "gpg", True),
    "gpg by a passphrase": (f"{DUMP} | {BY_PASSPHRASE}", "gpg", True),
    "gpg by a passphrase, as it was": (f"{DUMP} | {BY_PASSPHRASE} --rfc2440 --cipher-algo 3DES --compress-algo none",
        "gpg", True),
    "gpg in gzip": (f"{DUMP} | {TO_ME} | gzip", "gpg in gzip", True),
    "SQLite": (f"{DATABASE} && cat db", "sqlite", True),
    "SQLite by VACUUM INTO": (
        f"{DATABASE} && rm -f copy && sqlite3 db \"VACUUM INTO 'copy'\" && cat copy", "sqlite", True),
    "SQLite of a WAL that was closed": (
        f"{DATABASE} && sqlite3 db 'PRAGMA journal_mode = WAL; DELETE FROM t WHERE a < 9' > /dev/null && cat db",
        "sqlite", True),
    "SQLite in gzip": (f"{DATABASE} && gzip -c db", "sqlite in gzip", True),
}  # fmt: skip


@pytest.mark.parametrize(("command", "read_as", "is_seen_to_be_cut"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_whole_is_whole_and_half_of_it_is_cut(
    folder: Path, command: str, read_as: str, is_seen_to_be_cut: bool
) -> None:
    data = run(folder, command)
    whole, half = read(folder, data), read(folder, data[: len(data) // 2])

    assert (whole.flaw, whole.unread, whole.read_as) == (None, None, read_as)
    assert (half.flaw.code if half.flaw else None) == (CUT if is_seen_to_be_cut else None)
    assert bool(whole.encrypted_by) is read_as.startswith(("age", "gpg"))


NOTHING = {
    "a tar of nothing": ("tar c --files-from=/dev/null", {"format": "tar"}, "is empty inside: no file is in it"),
    "a tar.gz of nothing": ("tar cz --files-from=/dev/null", {}, "holds nothing but blanks"),
    "a tar of folders": ("rm -rf e && mkdir -p e/e && tar c e", {}, "is empty inside: no file is in it"),
    "a tar of empty files": ("tar c empty", {}, "is empty inside: each file in it is empty"),
    "age of nothing": ("age -r $(cat age.pub) < /dev/null", {}, "is empty inside: nothing was encrypted"),
    "pzstd of nothing": (": > p && pzstd -q -f p -o p.zst && cat p.zst", {}, "is empty inside: the zstd of nothing"),
    "armored age of nothing": ("age -a -r $(cat age.pub) < /dev/null", {}, "is empty inside: nothing was encrypted"),
    "SQLite without tables": ("rm -f v && sqlite3 v 'PRAGMA user_version = 1' && cat v", {},
        "is empty inside: no table is in it"),
    "SQLite without rows": ("rm -f r && sqlite3 r 'CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)' && cat r", {},
        "is empty inside: each table in it is empty"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "declared", "says"), NOTHING.values(), ids=NOTHING)
def test_what_holds_nothing_is_empty(folder: Path, command: str, declared: dict[str, str], says: str) -> None:
    flaw = read(folder, run(folder, command), **declared).flaw

    assert flaw is not None
    assert (flaw.code, flaw.says) == (EMPTY, says)


OTHERS = {
    "what gpg signed": (f"{DUMP} | gpg -q --batch -s", "gpg", "it is a message of OpenPGP that is not encrypted"),
    "a key of gpg": ("gpg --batch --export me@x.org", "gpg", "it is no message of OpenPGP"),
    "a dump that nobody encrypted": (DUMP, "gpg", "it is no message of OpenPGP"),
    "what age did not encrypt": (DUMP, "age", "it does not begin as what age encrypts does"),
    "a tar whose second header is damaged": (
        "rm -rf two && mkdir two && echo a > two/a && echo b > two/b && tar c --sort=name two | sed 's|two/b|two/c|'",
        "tar", "the header of member 3 in it is damaged: bad checksum"),
    "a page of SQLite of zeros": (
        f"{DATABASE} && dd if=/dev/zero of=db bs=4096 seek=3 count=2 conv=notrunc status=none && cat db",
        "sqlite", None),
}  # fmt: skip


@pytest.mark.parametrize(("command", "kind", "says"), OTHERS.values(), ids=OTHERS)
def test_what_is_not_what_was_declared_is_corrupt(folder: Path, command: str, kind: str, says: str | None) -> None:
    flaw = read(folder, run(folder, command), format=kind).flaw

    assert flaw is not None
    assert flaw.code is CORRUPT
    assert says is None or flaw.says == f"does not read as {kind}: {says}"


@pytest.mark.parametrize("command", [f"{DUMP} | gpg -q --batch -s", "gpg --batch --export me@x.org"])
def test_what_gpg_did_not_encrypt_is_not_called_encrypted(folder: Path, command: str) -> None:
    assert read(folder, run(folder, command), must_contain=["x"]).encrypted_by == ""


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_tar_without_its_two_end_blocks_is_cut(folder: Path, blocks: int) -> None:
    data = run(folder, "tar c data/dump.sql").rstrip(b"\0")
    flaw = read(folder, data + bytes(-len(data) % 512 + 512 * blocks)).flaw

    assert flaw is not None
    assert (flaw.code, flaw.says) == (
        CUT, "does not read as tar: the two blocks of zeros at its end are not there",
    )  # fmt: skip


# Names inside --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["tar c data", "tar c --format=pax ./data", "tar cz -C data .", "zip -qr - data"])
def test_names_inside_are_found_by_their_end(folder: Path, command: str) -> None:
    if command.startswith("zip") and not shutil.which("zip"):
        pytest.skip("zip is not installed. Install it: sudo apt-get install zip")
    wanted = ["dump.sql", "*.sql", "deep/n*", "n" * 150, "*.csv", "deep/dump.sql", "*/dump.sql/x"]
    has = read(folder, run(folder, command), format=command[:3], must_have=wanted).has

    assert [name for name, is_there in has.items() if is_there] == wanted[:4]
    assert [name for name, is_there in has.items() if not is_there] == wanted[4:]


def test_of_half_an_archive_what_is_there_is_proven_and_nothing_else(folder: Path) -> None:
    data = run(folder, "tar c data/dump.sql data/deep")

    assert read(folder, data[:200_000], format="tar", must_have=["dump.sql", "deep/n*"]).has == {"dump.sql": True}


# SQLite, as it lies -----------------------------------------------------------------------------------------------


def look(folder: Path, name: str) -> FileSeen:
    path = folder / name
    seen = FileSeen(name=name, size=path.stat().st_size, modified_at=read_now())
    output = Output.model_validate({"path": "*", "format": "sqlite"})
    return read_content(lambda: opened(path), seen, output, until=float("inf"))


@pytest.mark.parametrize(
    ("begin", "says"),
    [
        ("PRAGMA journal_mode = WAL;", "db-wal is beside it: it is in use, and not all of it is in this file yet"),
        ("BEGIN IMMEDIATE;", "it is being written (it is locked), so it is not known whether it is whole"),
        ("BEGIN EXCLUSIVE;", "it is being written (it is locked), so it is not known whether it is whole"),
        ("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET b = hex(randomblob(30));",
         "db-journal is beside it: a write was not finished, or is still going on"),
    ],
    ids=["WAL", "locked for writing", "locked", "journal"],
)  # fmt: skip
def test_a_database_in_use_is_unknown_and_nothing_beside_it_is_touched(folder: Path, begin: str, says: str) -> None:
    run(folder, f"{DATABASE} && ln -sf db latest")
    with subprocess.Popen(["sqlite3", "db"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sqlite:
        assert sqlite.stdin
        assert sqlite.stdout
        sqlite.stdin.write(f"{begin} INSERT INTO t VALUES (-1, 'x'); SELECT 'written';\n".encode())
        sqlite.stdin.flush()
        while sqlite.stdout.readline() != b"written\n":
            pass
        before = {each.name: each.stat().st_mtime_ns for each in folder.glob("db*")}
        seen = look(folder, "db")

        assert (seen.content, seen.unreadable) == (None, says)
        assert look(folder, "latest").unreadable == says
        assert {each.name: each.stat().st_mtime_ns for each in folder.glob("db*")} == before
        sqlite.stdin.close()


def test_a_database_is_read_where_nothing_can_be_written(folder: Path) -> None:
    """Of a WAL that was closed nothing lies beside it, and SQLite itself would make it."""
    run(folder, f"mkdir -p kept && {DATABASE} && sqlite3 db 'PRAGMA journal_mode = WAL' && mv db kept/'a b?#.db'")
    seen = look(folder / "kept", "a b?#.db")

    assert seen.content is not None
    assert seen.content.flaw is None
    assert os.listdir(folder / "kept") == ["a b?#.db"]


def test_what_lies_beside_a_database_is_not_read_into_memory(folder: Path) -> None:
    run(folder, f"{DATABASE} && cp db large && printf x > large-journal && truncate -s 1G large-journal")
    tracemalloc.start()
    seen = look(folder, "large")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert seen.unreadable == "large-journal is beside it: a write was not finished, or is still going on"
    assert most < 64_000_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("CREATE INDEX i ON t(mine(b))", None),
        (
            "CREATE INDEX i ON t(b COLLATE german)",
            "it is not known whether it is whole: no such collation sequence: german",
        ),
    ],
    ids=["a function", "an order"],
)
def test_what_only_its_own_program_has_is_no_damage(folder: Path, change: str, says: str | None) -> None:
    run(folder, DATABASE)
    with closing(sqlite3.connect(folder / "db")) as database:
        database.create_function("mine", 1, str.upper, deterministic=True)
        database.create_collation("german", lambda one, other: (one > other) - (one < other))
        database.execute(change)
        database.commit()
    seen = look(folder, "db")

    assert seen.unreadable == says
    assert says or (seen.content and seen.content.flaw is None)
