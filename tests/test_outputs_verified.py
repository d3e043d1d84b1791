"""Is the owner's own proof run as it stands, within its limits, and believed for what it says?"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.nightly import NOW, judged, newest, put, said_of, sentence
from rollcall.evidence import Outcome, Verified
from rollcall.outputs.listing import Wanted
from rollcall.outputs.local import LocalFolder
from rollcall.outputs.verified import copied
from rollcall.roll.output import Output
from rollcall.roll.proving import Verify
from rollcall.vocabulary import CauseCode

DISPROVED = ("bad-output", CauseCode.VERIFY_FAILED)
UNREADABLE = ("unknown", CauseCode.OUTPUT_UNREADABLE)
UNREAD = ("unknown", CauseCode.NOT_READ_THROUGH)


def shell(script: str, *more: str) -> list[str]:
    """A command that runs that script with the file as its `$1`."""
    return ["sh", "-c", script, "sh", "{file}", *more]


def verify(script: str, **more: object) -> str:
    """The line that proves by that script; `more` are keys of its table."""
    table = {"command": shell(script), **more}
    return f"verify = {{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in table.items())} }}"


def proof(folder: Path, lines: str, **more: object) -> Verified:
    """What it said."""
    found = newest(judged(folder, lines, **more)).verified  # type: ignore[arg-type]  # words of `judged`
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("ends_with", "expected"),
    [
        ("exit 0", ("ok", None)),
        ("exit 1", DISPROVED),
        ("exit 2", DISPROVED),
        ("exit 3", ("ok", CauseCode.PARTIAL_RUN)),
        ("exit 4", ("ok", None)),
        ("exit 11", UNREADABLE),
        # Nobody tells that it was the file that killed it.
        ("kill -9 $$", UNREADABLE),
        ("sh -c 'kill -9 $$'; exit $?", UNREADABLE),
        # What a shell says of a program that is not there, and of one that cannot be run.
        ("no-such-program", UNREADABLE),
        ("/etc/passwd", UNREADABLE),
        ("exit 255", DISPROVED),
    ],
)
def test_its_exit_status_is_what_it_says(tmp_path: Path, ends_with: str, expected: object) -> None:
    put(tmp_path, b"x")

    assert said_of(judged(tmp_path, verify(ends_with, ok=[0, 4], partial=[3], unknown=[11]))) == expected


def test_it_is_given_the_file_and_no_shell_reads_its_name(tmp_path: Path) -> None:
    name = "-rf $(touch pwned) ${HOME} 'é'.dump"
    put(tmp_path, gzip.compress(b"as it is"), name)

    said = proof(tmp_path, verify('gzip -dc < "$1"; echo " $1"'), path="*.dump")

    assert (said.file, said.says) == (name, f"as it is {name}")
    assert not (tmp_path / "pwned").exists()


def test_it_is_given_a_folder_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "inside").write_bytes(b"x")
    put(tmp_path, tmp_path / "db", "db")

    assert said_of(judged(tmp_path, verify('test -f "$1/inside"'), path="db/")) == ("ok", None)
    assert said_of(judged(tmp_path, verify('test -f "$1/other"'), path="db/")) == DISPROVED


def test_what_is_not_installed_is_nobodys_fault(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    morning = judged(tmp_path, 'verify = ["no-such-program", "{file}"]')

    assert said_of(morning) == UNREADABLE
    assert sentence(morning) == "Its output db.dump could not be verified: no-such-program is not installed here."


@pytest.mark.parametrize("key", ["ok", "partial"])
def test_what_a_shell_says_may_mean_something_else(tmp_path: Path, key: str) -> None:
    put(tmp_path, b"x")

    assert said_of(judged(tmp_path, verify("exit 127", **{key: [127]})))[0] == "ok"


def test_what_does_not_end_in_time_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    pid = tmp_path / "pid"
    morning = judged(tmp_path, f'timeout = "1 s"\n{verify(f"sleep 600 & echo $! > {pid}; wait")}')

    assert said_of(morning) == UNREAD
    assert "it did not end within timeout = 1 s" in sentence(morning)
    wait_until(lambda: not is_alive(int(pid.read_text())))


def is_alive(pid: int) -> bool:
    try:
        # One that ended and that nobody has asked for is a zombie.
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up_on = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < give_up_on
        time.sleep(0.02)


def test_its_last_lines_are_bounded_and_clean_and_without_secrets(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    script = 'seq 100000; printf "\\033[31mred\\033[0m and $2\\n%s" "$(head -c 9000 /dev/zero | tr "\\0" x)"; exit 1'
    command = json.dumps(shell(script, "${TOKEN}"))
    said = proof(tmp_path, f"verify = {command}", environment={"TOKEN": "s3cr3t-t0ken"})

    *numbers, red, last = said.says.splitlines()
    assert numbers == [str(100_000 - 5 + number) for number in range(6)]
    assert red == "red and ${TOKEN}"
    assert last.startswith("xxx")
    assert len(last) <= 200


def test_what_it_prints_on_stderr_says_more(tmp_path: Path) -> None:
    put(tmp_path, b"x")

    assert proof(tmp_path, verify("echo table; echo 'cut off' >&2; exit 1")).says == "cut off"


def test_only_what_may_be_of_the_judged_run_is_proven(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    for day in range(8, 12):
        path = put(tmp_path, b"x", f"db-202602{day:02}.dump")
        os.utime(path, (path.stat().st_mtime + (day - 11) * 86_400,) * 2)

    morning = judged(tmp_path, verify(f'basename "$1" >> {asked}'), path="db-%Y%m%d.dump")

    assert said_of(morning) == ("ok", None)
    assert asked.read_text().splitlines() == ["db-20260211.dump"]


def test_a_copy_with_an_old_mtime_is_proven_by_the_day_in_its_name(tmp_path: Path) -> None:
    path = put(tmp_path, b"x", "db-20260211.dump")
    os.utime(path, (path.stat().st_mtime - 43_200,) * 2)

    assert proof(tmp_path, verify("true"), path="db-%Y%m%d.dump").outcome is Outcome.SUCCESS


@pytest.mark.parametrize("what", [b"", gzip.compress(b"")], ids=["nothing", "the gzip of nothing"])
def test_what_is_known_to_be_bad_is_not_proven(tmp_path: Path, what: bytes) -> None:
    put(tmp_path, what)
    morning = judged(tmp_path, verify(f"touch {tmp_path}/asked"))

    assert said_of(morning) == ("bad-output", CauseCode.EMPTY_OUTPUT)
    assert not (tmp_path / "asked").exists()


def test_a_dry_run_proves_nothing_and_says_so(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    line = verify(f"touch {tmp_path}/asked", every="7 d")
    morning = judged(tmp_path, line, may_verify=False)

    assert said_of(morning) == UNREADABLE
    assert sentence(morning) == "Its output db.dump could not be verified: its verify was not run."
    assert not (tmp_path / "asked").exists()


def test_one_that_was_made_not_long_ago_is_not_made_again(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    line = verify(f"touch {tmp_path}/asked", every="7 d")
    first = proof(tmp_path, line)
    (tmp_path / "asked").unlink()

    again = judged(tmp_path, line, proofs={("dump", "out/db.dump"): first})

    assert (said_of(again), newest(again).verified) == (("ok", None), None)
    assert not (tmp_path / "asked").exists()


def test_another_command_proves_anew(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    first = proof(tmp_path, verify("true", every="7 d"))

    again = judged(tmp_path, verify("exit 1", every="7 d"), proofs={("dump", "out/db.dump"): first})

    assert said_of(again) == DISPROVED


# Of what is opened first ----------------------------------------------------------------------------------------------

ROT13 = """open = ["tr", "a-z", "n-za-m"]"""


def test_it_is_given_what_open_makes_of_the_file_and_nobody_else_is(tmp_path: Path) -> None:
    put(tmp_path, b"frperg", "db.dump.rot")
    shown = tmp_path / "shown"
    script = f'echo "$1" > {shown}; stat -c %a "$1" "$(dirname "$1")" >> {shown}; cat "$1" >> {shown}'

    morning = judged(tmp_path, f"{ROT13}\n{verify(script)}", path="db.dump.rot")
    path, mode, of_folder, content = shown.read_text().splitlines()

    assert said_of(morning) == ("ok", None)
    assert (Path(path).name, mode, of_folder, content) == ("db.dump", "600", "700", "secret")
    assert not Path(path).parent.exists()


@pytest.mark.parametrize("ends_with", ["exit 1", "kill -9 $$", "sleep 600"])
def test_its_copy_is_gone_however_it_ends(tmp_path: Path, ends_with: str) -> None:
    put(tmp_path, b"frperg")
    shown = tmp_path / "shown"

    morning = judged(tmp_path, f'timeout = "1 s"\n{ROT13}\n{verify(f"echo $1 > {shown}; {ends_with}")}')

    assert said_of(morning)[0] in ("bad-output", "unknown")
    assert not Path(shown.read_text().strip()).parent.exists()


def test_what_it_prints_of_it_is_not_shown(tmp_path: Path) -> None:
    put(tmp_path, b"frperg")
    said = proof(tmp_path, f"{ROT13}\n{verify('cat $1; exit 1')}")

    assert (said.outcome, said.says) == (Outcome.FAILED, "")


def test_a_copy_that_would_be_too_large_is_not_made(tmp_path: Path) -> None:
    put(tmp_path, b"x" * 5_000)
    said = proof(tmp_path, f'read_up_to = "1 kB"\n{ROT13}\n{verify("true")}')

    assert (said.outcome, said.code) == (Outcome.UNKNOWN, CauseCode.NOT_READ_THROUGH)
    assert said.how == 'it needs a copy, larger than read_up_to = 1.0 kB ("10.0 kB" would do)'


def test_one_that_cannot_be_opened_is_not_proven(tmp_path: Path) -> None:
    put(tmp_path, b"x")
    morning = judged(tmp_path, f'open = ["false"]\n{verify(f"touch {tmp_path}/asked")}')

    assert said_of(morning) == UNREADABLE
    assert not (tmp_path / "asked").exists()


# Of what lies elsewhere ----------------------------------------------------------------------------------------------


class Elsewhere(LocalFolder):
    """A folder whose files no program here can open by a path."""

    @contextmanager
    def at_hand(self, name: str, wanted: Wanted, *, until: float) -> Iterator[Path]:
        with (self.folder / name).open("rb") as file, copied(file, name, wanted.output, until) as copy:
            yield copy


def proof_elsewhere(folder: Path, **table: object) -> Verified:
    """What the proof says of the one file of that folder, which lies elsewhere."""
    output = Output.model_validate({"path": "db.dump.gz", **table})
    since = NOW - timedelta(days=1)
    wanted = Wanted(key=("dump", 0), output=output, zone=ZoneInfo("UTC"), since=since, read_since=since)
    said = Elsewhere(folder / "out").look([wanted], now=NOW)["dump", 0].read().files[0].verified
    assert said is not None
    return said


def test_a_copy_of_what_lies_elsewhere_is_proven_and_gone(tmp_path: Path) -> None:
    original, shown = put(tmp_path, gzip.compress(b"whole"), "db.dump.gz"), tmp_path / "shown"
    said = proof_elsewhere(tmp_path, verify=shell(f'stat -c %a "$1"; echo "$1" > {shown}; gzip -t "$1"; gzip -dc "$1"'))
    copy = Path(shown.read_text().strip())

    assert (said.outcome, said.says) == (Outcome.SUCCESS, "600\nwhole")
    assert (copy.name, copy != original, copy.parent.exists()) == ("db.dump.gz", True, False)


def test_of_what_lies_elsewhere_no_more_is_fetched_than_is_read(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(os.urandom(3_000)), "db.dump.gz")
    said = proof_elsewhere(tmp_path, verify=shell("true"), read_up_to="1 kB")

    assert (said.outcome, said.code) == (Outcome.UNKNOWN, CauseCode.NOT_READ_THROUGH)
    assert re.fullmatch(r'it needs a copy, larger than read_up_to = 1\.0 kB \("6\.\d kB" would do\)', said.how)


# Remembered -----------------------------------------------------------------------------------------------------------


def test_a_morning_is_proven_once_and_remembered(tmp_path: Path) -> None:
    asked, due_at = tmp_path / "asked", datetime.now(UTC) - timedelta(minutes=30)
    written_at = (due_at + timedelta(minutes=1)).timestamp()
    os.utime(put(tmp_path, b"x"), (written_at, written_at))
    line = verify(f"echo asked >> {asked}; echo '3 tables <whole>'", every="7 d")
    (tmp_path / "jobs.toml").write_text(
        f'timezone = "UTC"\n[jobs.dump]\nschedule = "{due_at:%M %H} * * *"\ngrace = "10 min"\nmax_runtime = "5 min"\n'
        f'[jobs.dump.output]\npath = "out/db.dump"\n{line}\n',
        encoding="utf-8",
    )

    def times_asked(*arguments: str, status: int = 0) -> int:
        asked.unlink(missing_ok=True)
        command = [sys.executable, "-m", "rollcall", "monitor", *arguments]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == status, ended.stdout + ended.stderr
        return len(asked.read_text().splitlines()) if asked.exists() else 0

    # Nobody can tell, and no green without it.
    assert times_asked("--no-history", "--rerun-missed", "--dry-run", status=3) == 0
    assert [times_asked("--no-history"), times_asked("--no-history")] == [1, 1]
    assert [times_asked(), times_asked(), times_asked("--no-history")] == [1, 0, 1]


def test_the_words_of_a_proof_reach_the_evidence_and_its_fingerprint_the_command() -> None:
    one_way = Verify.model_validate({"command": ["a", "{file}"]})
    other = Verify.model_validate({"command": ["a", "{file}"], "ok": [0, 1]})

    assert one_way.fingerprint != other.fingerprint
    assert one_way.fingerprint == Verify.model_validate({"command": ["a", "{file}"], "every": "7 d"}).fingerprint
