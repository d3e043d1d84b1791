"""Is content read as the owner's own command opens it, and never believed, nor shown, where that did not end well?"""

from __future__ import annotations

import gzip
import json
import lzma
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.jobs_toml import read
from fixtures.nightly import judged, newest, one, put, said_of, sentence
from rollcall.evidence import Evidence, OutputSeen
from rollcall.recorded.record import Recorded, record
from rollcall.recorded.replay import replay
from rollcall.vocabulary import CauseCode
from tests.test_outputs_verified import is_alive, wait_until

OK = ("ok", None)
UNREADABLE = ("unknown", CauseCode.OUTPUT_UNREADABLE)
UNREAD = ("unknown", CauseCode.NOT_READ_THROUGH)
CORRUPT = ("bad-output", CauseCode.CORRUPT_OUTPUT)
CUT = ("bad-output", CauseCode.TRUNCATED_OUTPUT)
DEGRADED = ("bad-output", CauseCode.DEGRADED_OUTPUT)
SECRET = "hunter2-of-a-customer"


def opens(script: str) -> str:
    return f"open = {json.dumps(['sh', '-c', script])}"


def zipped(folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "made.zip", "w") as archive:
        archive.writestr("a", "x" * 1_000)
    return (folder / "made.zip").read_bytes()


# What lies there | what opens it | what is asked of it | what is said.
OPENED = {
    "text": (b"whole\n", "cat", 'last_line = "whole"', OK),
    "another text": (b"half\n", "cat", 'last_line = "whole"', CUT),
    "a text that lacks one": (b"a\n", "cat", 'must_contain = ["b"]', DEGRADED),
    "rows": (b"a,b\n1,2\n", "cat", 'format = "csv"\nmin_rows = 1', OK),
    "too few rows": (b"a,b\n1,2\n", "cat", 'format = "csv"\nmin_rows = 2', CUT),
    "no json": (b"{]", "cat", 'format = "json"', CORRUPT),
    "packed inside": (gzip.compress(b"x"), "cat", "", OK),
    "packed inside, and cut": (gzip.compress(b"x" * 99)[:-9], "cat", "", CUT),
    "packed outside, which it undoes": (gzip.compress(b"[1]"), "gzip -dc", 'format = "json"', OK),
    "packed twice": (lzma.compress(gzip.compress(b"[1]")), "xz -dc", 'format = "json"', OK),
    "nothing": (b"x", "true", "", ("bad-output", CauseCode.EMPTY_OUTPUT)),
    "a few bytes at a time": (gzip.compress(b"[1]"), "dd bs=1 count=1 2>&-; cat", 'format = "json"', OK),
    # It need not read all of it.
    "its head alone": (b"x" * 9_000_000, "head -c 9", "", OK),
    # What it told before it broke off counts for nothing, be it good or bad.
    "good, and it failed": (b"[1]", "cat; exit 1", 'format = "json"', UNREADABLE),
    "bad, and it failed": (b"{]", "cat; exit 1", 'format = "json"', UNREADABLE),
    "cut, and it failed": (gzip.compress(b"x" * 99)[:-9], "cat; exit 1", "", UNREADABLE),
    "bad at once, and it failed at last": (b"{]" + b" " * 9_000_000, "cat; exit 1", 'format = "json"', UNREADABLE),
    "nothing, and it failed": (b"x", "exit 1", "", UNREADABLE),
    "it was killed": (b"[1]", "cat; kill -9 $$", 'format = "json"', UNREADABLE),
}


@pytest.mark.parametrize(("what", "script", "lines", "expected"), OPENED.values(), ids=OPENED)
def test_it_is_judged_by_what_comes_out(
    tmp_path: Path, what: bytes, script: str, lines: str, expected: tuple[str, CauseCode | None]
) -> None:
    put(tmp_path, what)

    assert said_of(judged(tmp_path, f"{opens(script)}\n{lines}")) == expected


@pytest.mark.parametrize("end", [None, -30])
def test_a_format_that_is_read_from_its_end_on_is_read_too(tmp_path: Path, end: int | None) -> None:
    put(tmp_path, zipped(tmp_path)[:end])

    assert said_of(judged(tmp_path, f'{opens("cat")}\nformat = "zip"'))[0] == ("ok" if end is None else "bad-output")


def test_what_is_not_installed_and_what_it_says_is_said(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    missing = judged(tmp_path, 'open = ["no-such-program"]')
    words = json.dumps(["sh", "-c", 'echo "no key $0 \033[31m" >&2; exit 2', "${KEY}"])
    refused = judged(tmp_path, f"open = {words}", environment={"KEY": "k3y-of-the-house"})

    assert said_of(missing) == said_of(refused) == UNREADABLE
    assert sentence(missing).endswith("could not be read: `no-such-program` is not installed here.")
    assert sentence(refused).endswith("could not be read: `sh`, which is to open it: exit status 2: no key ${KEY}.")


def test_what_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    put(tmp_path, b"x" * 9_000_000)
    pid = tmp_path / "pid"
    morning = judged(
        tmp_path, f'timeout = "1 s"\n{opens(f"sleep 600 & echo $! > {pid}; cat; wait")}\nmust_contain = ["y"]'
    )

    assert said_of(morning) == UNREAD
    assert "`sh` did not open it in time: timeout = 1 s." in sentence(morning)
    wait_until(lambda: not is_alive(int(pid.read_text())))


def test_more_than_is_read_is_not_said_to_open(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    morning = judged(tmp_path, f'read_up_to = "1 MB"\n{opens("head -c 9000000 /dev/zero | tr 0 x")}')

    assert said_of(morning) == UNREAD
    assert "it is not known whether it can be opened to its end" in sentence(morning)


def test_however_much_comes_out_little_is_kept_of_it(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    tracemalloc.start()
    morning = judged(tmp_path, f'{opens("yes 0123456789 | head -c 150000000")}\nlast_line = "89$"')
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert newest(morning).content is not None
    assert most < 20_000_000


# What it holds is nobody's business ----------------------------------------------------------------------------------

TOLD = {
    "a whole text": (f"{SECRET}\n" * 90, 'format = "text"'),
    "no json": (f'{{"{SECRET}": 1, "{SECRET}": 2}} {SECRET}', 'format = "json"'),
    "a cut json": (f'{{"{SECRET}": "{SECRET}', 'format = "json"'),
    "a bad csv": (f"a,{SECRET}\n1,2,{SECRET}\n{SECRET}", 'format = "csv"'),
    "a bad line of json": (f'{{"a": {SECRET}}}\n', 'format = "jsonl"'),
    "no xml": (f"<{SECRET}></other>", 'format = "xml"'),
    "another end": (SECRET, 'ends_with = "fin"'),
    "another last line": (SECRET, 'last_line = "^fin$"'),
    "what does not hold": (json.dumps({"a": SECRET}), 'format = "json"\nmust_hold = ["a == \'b\'"]'),
    "what is not inside": (SECRET, 'format = "tar"\nmust_have = ["b"]'),
    "a text that is missing": (SECRET, 'must_contain = ["fin"]'),
}


@pytest.mark.parametrize(("text", "lines"), TOLD.values(), ids=TOLD)
def test_no_word_of_it_gets_out(tmp_path: Path, text: str, lines: str) -> None:
    put(tmp_path, text.encode())
    morning = judged(tmp_path, f"{opens('cat')}\n{lines}")

    assert newest(morning).content is not None
    assert SECRET not in repr(morning)


def test_a_record_of_it_is_judged_again_without_it(tmp_path: Path) -> None:
    put(tmp_path, b"whole\n")
    marker = tmp_path / "asked"
    lines = f'{opens(f"touch {marker}; cat")}\nlast_line = "whole"\nverify = ["touch", "{marker}", "{{file}}"]'
    morning = judged(tmp_path, lines)
    marker.unlink()
    roll = read(tmp_path, (tmp_path / "jobs.toml").read_text())
    evidence = Evidence(schedulers={}, outputs={"dump": (one(morning).seen.outputs[0].seen,)})
    record(tmp_path / "kept", roll, Recorded(evidence=evidence, now=morning.judged_at, root=tmp_path))
    (tmp_path / "out" / "db.dump").unlink()
    again = replay(tmp_path / "kept")
    [seen] = again.seen_at(morning.judged_at).outputs["dump"]

    assert seen == one(morning).seen.outputs[0].seen

    # What another command would say nobody knows.
    (tmp_path / "jobs.toml").write_text((tmp_path / "jobs.toml").read_text().replace('["touch"', '["cat"'))
    [other] = replay(tmp_path / "kept", jobs_file=tmp_path / "jobs.toml").seen_at(morning.judged_at).outputs["dump"]
    assert isinstance(other, OutputSeen)
    assert other.files[0] == replace(newest(morning), verified=None)
    assert not marker.exists()
