"""Is what a command lists read whatever its form, and what cannot be told never guessed?"""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollcall.ask import gather
from rollcall.evidence import FileSeen, NotSeen, OutputSeen
from rollcall.roll.load import load
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
MADE = datetime(2026, 2, 11, 1, 0, 5, tzinfo=UTC)
UNREADABLE, DENIED, NAIVE = CauseCode.OUTPUT_UNREADABLE, CauseCode.ACCESS_DENIED, CauseCode.NAIVE_TIMESTAMP


def python(code: str, *argv: str) -> list[str]:
    return [sys.executable, "-S", "-c", code, *argv]


def printing(text: str) -> list[str]:
    return python(f"import sys; sys.stdout.write({text!r})")


def look(
    folder: Path, *tables: Mapping[str, Any], env: Mapping[str, str] | None = None, now: datetime = NOW
) -> list[OutputSeen | NotSeen]:
    """What is seen of a job for each table of an output."""
    lines = ['timezone = "Europe/Zurich"']
    for number, table in enumerate(tables):
        lines += [f"[jobs.job{number}]", 'schedule = "0 2 * * *"', f"[jobs.job{number}.output]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in {"made_at": "time", **table}.items()]
    file = folder / "jobs.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    roll = load(file, environment=env or {})
    return [seen for [seen] in gather(roll.jobs, (), now=now, clock=lambda: now).outputs.values()]


def listed(folder: Path, printed: str, **table: Any) -> tuple[FileSeen, ...]:
    [seen] = look(folder, {"command": printing(printed), **table})
    assert isinstance(seen, OutputSeen), seen
    return seen.files


def refused(folder: Path, *command: str, env: Mapping[str, str] | None = None, **table: Any) -> tuple[CauseCode, str]:
    [seen] = look(folder, {"command": list(command), **table}, env=env)
    assert isinstance(seen, NotSeen), seen
    return seen.code, seen.detail


# Its form -------------------------------------------------------------------------------------------------------------

ONE = '{"time": "2026-02-11T02:00:05+01:00", "id": "a"}'


@pytest.mark.parametrize(
    ("printed", "table"),
    [
        (f"[{ONE}]", {}),
        (ONE, {}),
        (f"\n{ONE}\r\n\n", {}),
        (f'{{"of": 1, "archives": [{ONE}], "more": {{}}}}', {"each": "archives"}),
        (f'[{{"name": "main", "backup": [{ONE}]}}]', {"each": "[?name=='main'].backup[]"}),
        (f'[{ONE}, {{"time": "2026-02-11T05:00:00Z", "id": "b"}}]', {"each": "[?id=='a']"}),
        (f'{ONE}\n{{"time": "2026-02-11T05:00:00Z", "id": "b"}}', {"each": "[?id=='a']"}),
        ('[{"info": {"stop": 1770771605}}]', {"made_at": "info.stop", "times": "epoch"}),
        ('[{"info": {"stop": 1770771605000}}]', {"made_at": "info.stop", "times": "epoch-ms"}),
        ('[{"time": "1770771605"}]', {"times": "epoch"}),
        ('[{"time": "2026-02-11T01:00:05.123456789Z"}]', {}),
        ('[{"time": "2026-02-11T02:00:05.123"}]', {"timezone": "Europe/Zurich"}),
        (f"\ufeff[{ONE}]", {"each": "[?id=='a']"}),
        ('[{"time": 1770771605}, {"time": 0}, {"time": "0"}, {"time": "0001-01-01T00:00:00Z"}]', {"times": "epoch"}),
        ("tank/db@nightly\t1770771605\n", {"made_at": "[1]", "times": "epoch"}),
        (" 1234 2026-02-11 02:00:05.000000000 db.sql\n", {"made_at": "join(' ', [1:3])", "timezone": "Europe/Zurich"}),
    ],
)
def test_entries_are_found_in_whatever_form_they_are_printed(
    printed: str, table: dict[str, Any], tmp_path: Path
) -> None:
    [entry] = listed(tmp_path, printed, **table)

    assert entry.made_at.replace(microsecond=0) == MADE
    assert (entry.size, entry.stamp_from) == (None, None)


@pytest.mark.parametrize("printed", ["", "\n", "[]", "null", '{"items": []}', '{"items": null}'])
def test_a_list_without_entries_is_one(printed: str, tmp_path: Path) -> None:
    assert listed(tmp_path, printed, each="items" if "items" in printed else "@") == ()


def test_an_entry_keeps_its_time_as_it_was_written_and_shows_what_it_is(tmp_path: Path) -> None:
    [entry] = listed(tmp_path, '[{"time": "2026-02-11T02:00:05+01:00", "bytes": "1234"}]', size="bytes")

    assert (entry.name, entry.size) == ("2026-02-11T02:00:05+01:00", 1234)
    assert entry.content is not None
    assert json.loads(entry.content.head) == {"time": "2026-02-11T02:00:05+01:00", "bytes": "1234"}


def test_what_must_hold_is_asked_of_each_entry(tmp_path: Path) -> None:
    printed = '[{"time": "2026-02-11T01:00:05Z", "error": true}, {"time": "2026-02-11T02:00:05Z", "error": false}]'
    found = listed(tmp_path, printed, must_hold=["error == `false`"])

    assert [each.content and each.content.held for each in found] == [
        {"error == `false`": None},
        {"error == `false`": "true"},
    ]


def test_what_is_not_made_yet_is_none(tmp_path: Path) -> None:
    running = '{"items": [{"time": null}, {"time": "0001-01-01T00:00:00Z"}, {}, {"time": "2026-02-11T01:00:05Z"}]}'
    [entry] = listed(tmp_path, running, each="items")

    assert entry.made_at == MADE
    assert listed(tmp_path, '{"items": [{"time": null}]}', each="items") == ()


def test_in_the_hour_that_autumn_shows_twice_it_may_be_of_either_and_in_that_of_spring_of_none(tmp_path: Path) -> None:
    def at(time: str, now: datetime) -> FileSeen:
        table = {"command": printing(f'[{{"time": "{time}"}}]'), "timezone": "Europe/Zurich"}
        [seen] = look(tmp_path, table, now=now)
        assert isinstance(seen, OutputSeen), seen
        return seen.files[0]

    autumn = at("2026-10-25T02:30:00", datetime(2026, 10, 25, 6, tzinfo=UTC))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert (autumn.made_at, autumn.stamp_from, autumn.stamp_until) == (first, first, first + timedelta(hours=1))
    spring = at("2026-03-29T02:30:00", datetime(2026, 3, 29, 6, tzinfo=UTC))
    assert (spring.made_at, spring.stamp_from) == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), None)


# What cannot be told --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "table", "code", "says"),
    [
        (
            '[{"time": "2026-02-11T01:00:05"}]',
            {},
            NAIVE,
            "no offset, and may be Wed 11 Feb 01:00 CET with timezone",
        ),
        ('[{"time": 1770771605}]', {}, UNREADABLE, 'is the number 1770771605. Say what it counts: times = "epoch"'),
        ('[{"time": "soon"}]', {}, UNREADABLE, 'its made_at is "soon": not a timestamp'),
        ('[{"time": "2026-02-30"}]', {}, UNREADABLE, "no such date"),
        ('[{"time": ["x"]}]', {}, UNREADABLE, "is of the type list, where a time belongs"),
        ('[{"date": "2026-02-11T01:00:05Z"}]', {}, UNREADABLE, 'made_at = "time" finds nothing in {"date"'),
        (f"[{ONE}]", {"made_at": "max(@)"}, UNREADABLE, 'made_at = "max(@)" fails in'),
        (f"[{ONE}]", {"size": "id"}, UNREADABLE, 'its size is "a", where a number of bytes belongs'),
        (f"[{ONE}]", {"each": "items"}, UNREADABLE, 'each = "items" finds nothing in a list'),
        ('{"other": 1}', {"each": "items"}, UNREADABLE, 'each = "items" finds no list in {"other": 1}'),
        ('{"items": 1}', {"each": "items"}, UNREADABLE, 'each = "items" finds no list in {"items": 1}'),
        ('{"items": {"x": 1}}', {"each": "items.x"}, UNREADABLE, 'each = "items.x" is no list: 1'),
        ('{"items": {"x": 1}}', {"each": "items.y"}, UNREADABLE, 'each = "items.y" finds nothing in {"items"'),
        (f'{{"items": [{ONE}]}}{{"items": []}}', {"each": "items"}, UNREADABLE, "prints more than one answer"),
        (f"[{ONE}, ", {}, UNREADABLE, 'prints no whole JSON (50 bytes): "[{"time"'),
        (f"[{ONE}] and more", {}, UNREADABLE, "prints no whole JSON"),
        (f'{{"items": [{ONE}]', {"each": "items"}, UNREADABLE, "prints no whole JSON"),
        ("Warning: deprecated\n[]", {}, UNREADABLE, 'begins with what is no JSON: "Warning: deprecated"'),
        # Taken for columns each of these lists would be empty, and the backup missed.
        (f"Warning: old\n[{ONE}]", {"each": "[?id=='a']"}, UNREADABLE, 'begins with what is no JSON: "Warning: old"'),
        (f'WARN: x\n{{"items": [{ONE}]}}', {"each": "items[]"}, UNREADABLE, 'begins with what is no JSON: "WARN: x"'),
        ("", {"each": "items"}, UNREADABLE, "prints nothing"),
        ("\udcff\udcfe".encode("utf-8", "surrogateescape").decode("latin-1"), {}, UNREADABLE, "is no JSON"),
        ('[{"time": 1770771605}]', {"times": "epoch-ms"}, UNREADABLE, 'times = "epoch" makes it 2026-02-11T01:00:05Z'),
        ('[{"time": 1770771605000}]', {"times": "epoch"}, UNREADABLE, 'times = "epoch-ms" makes it 2026-02-11T01:00'),
        (f'[{{"time": 1{"0" * 400}}}]', {"times": "epoch"}, UNREADABLE, 'it is no time of times = "epoch"'),
    ],
)
def test_what_is_no_list_of_times_is_unknown_and_says_where(
    printed: str, table: dict[str, Any], code: CauseCode, says: str, tmp_path: Path
) -> None:
    found, detail = refused(tmp_path, *printing(printed), **table)

    assert found is code
    assert says in detail


@pytest.mark.parametrize(
    ("code", "found", "says"),
    [
        (
            # As a pipe of a shell ends, whose first program failed.
            "import sys; print('Fatal: unable to open repository', file=sys.stderr)",
            UNREADABLE,
            "prints nothing, and says: Fatal: unable to open repository",
        ),
        (
            "import sys; print('[]'); sys.exit('repository is locked')",
            UNREADABLE,
            "exit status 1: repository is locked",
        ),
        ("import sys; sys.stderr.write('AccessDenied: no\\n'); sys.exit(254)", DENIED, "exit status 254: AccessDenied"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", UNREADABLE, "ended by signal 9: it said nothing"),
        ("import time; print('[', flush=True); time.sleep(600)", UNREADABLE, "did not end within 0.5 s"),
        ("print('[' + '1' * 17_000_000)", UNREADABLE, "prints more than 16.0 MB"),
    ],
    ids=["a pipe", "failed", "denied", "killed", "hangs", "endless"],
)
def test_a_command_that_does_not_end_well_is_unknown(code: str, found: CauseCode, says: str, tmp_path: Path) -> None:
    limit: dict[str, Any] = {"timeout": "0.5 s"} if "sleep" in code else {}

    refusal, detail = refused(tmp_path, *python(code), **limit)

    assert (refusal, says in detail) == (found, True)


def test_a_host_that_cannot_be_reached_is_down_and_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\necho 'ssh: connect to host nas port 22: No route to host' >&2\nexit 255\n")
    ssh.chmod(0o755)

    code, detail = refused(tmp_path, str(ssh), "nas", "borg", "list")
    assert (code, "No route to host" in detail) == (CauseCode.PLACE_DOWN, True)
    assert refused(tmp_path, "no-such-tool", "list") == (
        UNREADABLE,
        "`no-such-tool list`: there is no program no-such-tool here",
    )


def test_what_is_wrong_with_one_output_is_not_held_against_another_of_the_same_command(tmp_path: Path) -> None:
    command = python(f"open({str(tmp_path / 'count')!r}, 'a').write('x'); print({ONE!r})")
    wrong, good = look(tmp_path, {"command": command, "made_at": "tiem"}, {"command": command})

    assert isinstance(wrong, NotSeen)
    assert isinstance(good, OutputSeen)
    # It is run once for both.
    assert (tmp_path / "count").read_text() == "x"


# What is shown, and what it costs -------------------------------------------------------------------------------------


def test_what_a_variable_stands_for_is_handed_over_and_never_shown(tmp_path: Path) -> None:
    secret = "s3cr3t-t0ken-0123456789"
    echo = python("import sys, json; print(json.dumps([{'time': '2026-02-11T01:00:05Z', 'of': sys.argv[1]}]))")
    [seen] = look(tmp_path, {"command": [*echo, "${TOKEN}"]}, env={"TOKEN": secret})
    assert isinstance(seen, OutputSeen)
    assert seen.files[0].content is not None
    assert seen.files[0].content.head.count("${TOKEN}") == 1

    # Also in what a condition found: at its end a text that is cut off would hold a part of it.
    [seen] = look(
        tmp_path, {"command": [*echo, "x" * 60 + "${TOKEN}"], "must_hold": ["of == 'y'"]}, env={"TOKEN": secret}
    )
    assert isinstance(seen, OutputSeen)
    assert seen.files[0].content is not None
    assert secret[:9] not in str(seen.files[0].content.held["of == 'y'"])

    dies = python("import sys; sys.exit('no such token ' + sys.argv[1])")
    _, detail = refused(tmp_path, *dies, "${TOKEN}", env={"TOKEN": secret})
    assert "no such token ${TOKEN}" in detail
    assert secret not in detail
    # Nor what stands there as it is, where its own words call it a secret.
    assert "hunter22" not in refused(tmp_path, *dies, "--password", "hunter22")[1].partition(": exit")[0]


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    hostile = ["$HOME", "$(touch x)", "`id`", "a b", "; touch x", "| cat", "*", "'", '"', "é", "{y}"]
    echo = python("import sys, json; print(json.dumps([{'time': '2026-02-11T01:00:05Z', 'of': sys.argv[1:]}]))")
    [seen] = look(tmp_path, {"command": [*echo, *hostile]})

    assert isinstance(seen, OutputSeen)
    assert seen.files[0].content is not None
    assert json.loads(seen.files[0].content.head)["of"] == hostile


def test_a_long_list_is_read_within_bounds_of_memory(tmp_path: Path) -> None:
    code = (
        "import json, datetime as d\n"
        "t = d.datetime(2026, 2, 11, 1, tzinfo=d.UTC)\n"
        "print(json.dumps([{'time': (t - d.timedelta(minutes=n)).isoformat(), 'paths': ['x' * 200]} "
        "for n in range(50_000)]))"
    )
    table = {"command": [sys.executable, "-c", code]}
    many = {"command": python("print('a\\n' * 1_500_000)"), "each": "[?[0]=='b']", "made_at": "[1]"}
    look(tmp_path, table)
    tracemalloc.start()
    seen, too_many = look(tmp_path, table, many)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert isinstance(seen, OutputSeen)
    assert (seen.matches, seen.files[0].made_at) == (50_000, datetime(2026, 2, 11, 1, tzinfo=UTC))
    assert isinstance(too_many, NotSeen)
    assert "too many values" in too_many.detail
    assert most < 64_000_000
