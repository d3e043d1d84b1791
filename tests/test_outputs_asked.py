"""Is what is asked of a content held against it: expressions, names inside, and whatever of what is encrypted?"""

from __future__ import annotations

import io
import json
import tarfile
from datetime import UTC, datetime
from typing import Any

import pytest

from fixtures.one_morning import made, morning
from rollcall.evidence import Content, FileSeen
from rollcall.outputs.content import content_of
from rollcall.outputs.inside import Inside
from rollcall.roll.output import Output
from rollcall.verdict.flaws import flaw_of
from rollcall.vocabulary import CauseCode, Verdict

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
NO_ERRORS = "length(results[?status=='error']) == `0`"
DEGRADED, UNTOLD = CauseCode.DEGRADED_OUTPUT, CauseCode.NOT_READ_THROUGH


def read(data: bytes, **asked: Any) -> Content:
    return content_of(data, Output.model_validate({"path": "x", **asked}))


def judged(data: bytes, **asked: Any) -> tuple[CauseCode | None, str]:
    """The cause of what is wrong with an output of that content, and how that is said."""
    output = Output.model_validate({"path": "x*", **asked})
    file = FileSeen(name="x", size=len(data), modified_at=NOW, content=content_of(data, output))
    flaw = flaw_of(file, output)
    return flaw[1:] if flaw else (None, "")


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made_of:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 3
            made_of.addfile(info, io.BytesIO(b"abc"))
    return buffer.getvalue()


# JSON ---------------------------------------------------------------------------------------------------------------


def run_results(*statuses: str) -> bytes:
    """What `dbt build` leaves (https://schemas.getdbt.com/dbt/run-results/v6.json)."""
    timing = [{"name": each, "started_at": "2026-02-11T05:00:00.1Z", "completed_at": "2026-02-11T05:00:01Z"}
              for each in ("compile", "execute")]  # fmt: skip
    results = [
        {"status": status, "timing": timing, "thread_id": "Thread-1 (worker)", "execution_time": 0.21,
         "adapter_response": {"_message": "SELECT 100", "rows_affected": 100}, "message": "SELECT 100",
         "failures": 3 if status == "fail" else None, "unique_id": f"model.shop.m{number}", "compiled": True,
         "compiled_code": "select * from raw", "relation_name": f"shop.m{number}", "batch_results": None}
        for number, status in enumerate(statuses)
    ]  # fmt: skip
    schema = "https://schemas.getdbt.com/dbt/run-results/v6.json"
    meta = {"dbt_schema_version": schema, "dbt_version": "1.10.2", "generated_at": "2026-02-11T05:00:02Z", "env": {}}
    return json.dumps({"metadata": meta, "results": results, "elapsed_time": 2.4, "args": {"which": "build"}}).encode()


MANIFEST = json.dumps(
    {"metadata": {"dbt_version": "1.10.2"}, "sources": {}, "disabled": {},
     "nodes": {f"model.shop.m{each}": {"resource_type": "model"} for each in range(3)}}
).encode()  # fmt: skip
# What was left, what is asked of it, and what is found instead.
ASKED: dict[str, tuple[bytes, str, str | None]] = {
    "no errors": (run_results("success", "success", "warn"), NO_ERRORS, None),
    "an error": (run_results("success", "error", "skipped", "error"), NO_ERRORS, "2"),
    "nothing ran": (run_results(), "results", "[]"),
    "a test that failed": (run_results("pass", "fail"), "results[?status=='fail'] == `[]`", '[{"status": "fail"'),
    "of a manifest": (MANIFEST, "length(keys(nodes)) >= `3`", None),
    "null": (MANIFEST, "metadata.adapter_type", "null"),
    "false": (b'{"ok": false}', "ok", "false"),
    "none": (b'{"rows": 0}', "rows", "0"),
    "an empty text": (b'{"error": ""}', "error", '""'),
    "what is no list": (b"{}", "length(results) > `0`", "In function length(), invalid type for value: None"),
    "a comparison with what is not there": (b"{}", "rows > `10`", "null"),
    "a number of many digits": (b"[" + b"9" * 5_000 + b"]", "[0] > `1`", None),
    "a byte order mark": ("\ufeff[1]".encode(), "@", None),
    "UTF-16": ('{"ü": [1]}'.encode("utf-16"), '"ü"', None),
}


@pytest.mark.parametrize(("data", "expression", "found"), ASKED.values(), ids=ASKED)
def test_an_expression_holds_or_what_was_found_is_said(data: bytes, expression: str, found: str | None) -> None:
    held = read(data, format="json", must_hold=[expression]).held[expression]

    assert (held is None) is (found is None)
    assert (held or "").startswith(found or "")


def test_what_does_not_hold_is_no_work() -> None:
    code, says = judged(run_results("success", "error"), format="json", must_hold=[NO_ERRORS])

    assert (code, says) == (DEGRADED, f'does not meet "{NO_ERRORS}": found 1')
    assert judged(run_results("success"), format="json", must_hold=[NO_ERRORS])[0] is None


@pytest.mark.parametrize(
    ("data", "asked", "code", "says"),
    [
        (b'{"results": [', {}, CauseCode.TRUNCATED_OUTPUT, "does not read as json"),
        (b"[" + b"[]," * 1_000_000 + b"1]", {}, UNTOLD,
            'is not JSON, or too large to be checked for "@" (verify = ["jq", "-e", EXPRESSION, "{file}"] can'),
        (b"[" * 5_000 + b"]" * 5_000, {}, UNTOLD, "too large"),
        (archive("a.json"), {"format": "any"}, UNTOLD, "is not JSON"),
        (b"[" + b"1," * 10_000 + b"1]", {"read_up_to": "1 kB"}, UNTOLD,
            'it is not known whether it is complete json and whether "@" is met'),
    ],
    ids=["cut", "large in memory", "deep", "an archive", "larger than is read"],
)  # fmt: skip
def test_what_cannot_be_asked_is_never_taken_for_true(
    data: bytes, asked: dict[str, str], code: CauseCode, says: str
) -> None:
    told, said = judged(data, **{"format": "json", "must_hold": ["@"], **asked})

    assert told is code
    assert says in said


# Names inside -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "name", "is_there"),
    [
        ("_SUCCESS", "_SUCCESS", True),
        ("_SUCCESS", "./out/_SUCCESS", True),
        ("_SUCCESS", "out/_SUCCESS/part", False),
        ("out/*.csv", "/srv/out/a.csv", True),
        ("out/*.csv", "srv/out/deep/a.csv", False),
        ("*.csv", "out/.a.csv", False),
        (".*.csv", "out/.a.csv", True),
        ("[ab].sql", "b.sql", True),
        ("Zürich", "Zu\u0308rich/", True),
        ("zürich", "Zürich", False),
    ],
)
def test_a_name_is_held_against_the_end_of_each_name_inside(wanted: str, name: str, is_there: bool) -> None:
    inside = Inside([wanted])
    inside.note(name)

    assert inside.found == {wanted: is_there}


def test_an_archive_without_what_must_be_inside_is_incomplete() -> None:
    asked = {"format": "tar", "must_have": ["db/*.sql", "files/*", "_DONE"]}

    assert judged(archive("a/db/x.sql", "a/files/1", "a/_DONE"), **asked)[0] is None
    assert judged(archive("a/db/x.sql"), **asked) == (
        CauseCode.INCOMPLETE_OUTPUT, 'has no "files/*" and "_DONE" inside',
    )  # fmt: skip


# What is encrypted --------------------------------------------------------------------------------------------------

AGE = b"age-encryption.org/v1\n-> X25519 x\n" + b"a" * 43 + b"\n--- " + b"m" * 43 + b"\n" + bytes(16) + b"\7" * 900
# By a passphrase: the packet of its key, and what is encrypted.
GPG = b"\x8c\x0d\x04\x09\x03\x02" + b"s" * 8 + b"\xff\xd2\x3d\x01" + b"\7" * 60
OPENS_AGE = '(open = ["age", "-d", "-i", "/etc/age.key"] would open it)'


@pytest.mark.parametrize(
    ("data", "asked", "says"),
    [
        (AGE, {"must_contain": ["x"]}, f'it is not known whether "x" is in it {OPENS_AGE}'),
        (AGE, {"must_not_contain": ["x"]}, f'it is not known whether "x" is in it {OPENS_AGE}'),
        (AGE, {"format": "csv", "min_rows": 3}, f"it is not known whether it is complete csv {OPENS_AGE}"),
        (AGE, {"ends_with": "done"}, f"it is not known how it ends {OPENS_AGE}"),
        (AGE, {"format": "tar", "must_have": ["x"]}, f'complete tar and whether "x" is inside {OPENS_AGE}'),
        (AGE, {"must_change": True}, f"it is not known whether it changed {OPENS_AGE}"),
        (GPG, {"must_contain": ["x"]}, '(open = ["gpg", "--batch", "-d"] would open it)'),
    ],
)
def test_what_is_encrypted_lacks_nothing_and_has_nothing(data: bytes, asked: dict[str, Any], says: str) -> None:
    code, said = judged(data, **asked)

    assert (code, said[:16]) == (UNTOLD, "is encrypted by ")
    assert says in said


@pytest.mark.parametrize(("data", "kind"), [(AGE, "age"), (AGE, None), (GPG, "gpg"), (GPG, None)])
def test_of_what_is_encrypted_no_more_is_claimed_than_shows(data: bytes, kind: str | None) -> None:
    asked: dict[str, Any] = {"must_contain": (), "must_not_contain": (), "format": kind}
    file = made("2026-02-11T06:00:17+01:00", content=read(data, format=kind or "any"))
    told = morning(files=[file], must_change=False, **asked)
    whole = next(each for each in told.job.findings if each.check == "output_is_whole")

    assert told.job.verdict == "ok"
    assert whole.found.endswith(f"encrypted by {'age' if data is AGE else 'gpg'}: header and size only")


@pytest.mark.parametrize("kind", ["age", "gpg"])
def test_a_dump_that_nobody_encrypted_is_no_encrypted_one(kind: str) -> None:
    assert judged(b"CREATE TABLE t;\n", format=kind)[0] is CauseCode.CORRUPT_OUTPUT
    assert judged((GPG if kind == "age" else AGE), format=kind)[0] is UNTOLD


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("x*/", 'is not a folder, although path ends with "/"'),
        ("x*", "is not a regular file (a folder, a pipe or a broken link)"),
    ],
)
def test_what_is_of_another_kind_than_path_says_is_told(path: str, says: str) -> None:
    file = FileSeen(name="x", size=9, modified_at=NOW, is_regular=False)

    assert flaw_of(file, Output.model_validate({"path": path})) == (
        Verdict.BAD_OUTPUT, CauseCode.OUTPUT_UNREADABLE, says,
    )  # fmt: skip
