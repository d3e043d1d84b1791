"""Are real repositories judged by what their own program lists, and not by what lies in them?"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.repositories import PASSWORD, Borg, PgBackRest, Repository, Restic
from rollcall.ask import gather
from rollcall.evidence import NotSeen, OutputSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load
from rollcall.vocabulary import CauseCode

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 2, 11, 7, 2, tzinfo=ZURICH).astimezone(UTC)
TODAY = datetime(2026, 2, 11, 2, 0, 5, tzinfo=ZURICH)
DAY = timedelta(days=1)
RESTIC = ("restic", "snapshots", "--json", "--no-lock", "--host", "web1")
BORG = ("borg", "list", "--json", "--format", "{end}", "--last", "100", "--lock-wait", "0")
OF_BORG = 'each = "archives"\nmade_at = "end"\ntimezone = "UTC"'


def judged(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    command: Sequence[str],
    more: str = 'made_at = "time"',
    environment: Mapping[str, str] | None = None,
) -> Morning:
    """The morning of one nightly job whose entries that command lists."""
    for name, value in {**repository.environment, **(environment or {})}.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    file = repository.source.parent / "jobs.toml"
    output = f"[jobs.backup.output]\ncommand = {json.dumps(list(command))}\n{more}\n"
    file.write_text(f'timezone = "Europe/Zurich"\n[jobs.backup]\nschedule = "0 2 * * *"\n{output}', encoding="utf-8")
    roll = load(file, environment=os.environ)
    return judge_morning(roll, gather(roll.jobs, (), now=NOW, clock=lambda: NOW), now=NOW)


def told(morning: Morning) -> tuple[str, CauseCode | None, str]:
    cause = morning.job_causes["backup"]
    return morning.jobs[0].verdict.value, cause.code if cause else None, cause.sentence if cause else ""


def test_a_snapshot_of_the_night_is_good_and_that_of_another_host_is_not_its_own(
    restic: Restic, monkeypatch: pytest.MonkeyPatch
) -> None:
    restic.back_up(TODAY - DAY)
    restic.back_up(TODAY, host="web2")
    verdict, code, sentence = told(judged(restic, monkeypatch, RESTIC))
    assert (verdict, code) == ("bad-output", CauseCode.STALE_OUTPUT)
    assert "the newest entry is of Tue 10 Feb 02:00:05 CET" in sentence

    restic.back_up(TODAY, "--tag", "nightly")
    assert told(judged(restic, monkeypatch, RESTIC))[0] == "ok"
    assert told(judged(restic, monkeypatch, RESTIC, 'made_at = "summary.backup_end || time"'))[0] == "ok"
    of_tag = 'each = "[?contains(tags || `[]`, \'nightly\')]"\nmade_at = "time"'
    assert told(judged(restic, monkeypatch, RESTIC, of_tag))[0] == "ok"
    assert told(judged(restic, monkeypatch, RESTIC, of_tag.replace("nightly", "weekly")))[0] == "missed"


def test_a_backup_that_was_killed_is_missed_whatever_it_wrote(restic: Restic, monkeypatch: pytest.MonkeyPatch) -> None:
    restic.back_up(TODAY - DAY)
    before = restic.files()
    restic.kill_a_backup()

    assert restic.files() - before
    assert told(judged(restic, monkeypatch, RESTIC))[:2] == ("bad-output", CauseCode.STALE_OUTPUT)


def test_a_backup_that_left_something_out_is_a_snapshot_and_its_status_is_its_schedulers(
    restic: Restic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exit status 3 is not in the list: who ran it has that."""
    (restic.source / "loop").symlink_to("loop")
    os.mkfifo(restic.source / "pipe")
    stamp = f"{TODAY.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    gone = str(restic.source / "vanishes")
    argv = ("restic", "backup", "-q", "--host", "web1", "--time", stamp, str(restic.source), gone)

    assert restic.command(*argv).returncode in (0, 3)
    assert told(judged(restic, monkeypatch, RESTIC))[0] == "ok"


def test_an_empty_repository_holds_no_output(restic: Restic, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, code, sentence = told(judged(restic, monkeypatch, RESTIC))

    assert (verdict, code) == ("missed", CauseCode.NEVER_RAN)
    assert "`restic snapshots --json --no-lock --host web1` lists no entry" in sentence


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        ({"RESTIC_PASSWORD": "another"}, CauseCode.ACCESS_DENIED, "wrong password or no key found"),
        ({"RESTIC_REPOSITORY": "/nowhere"}, CauseCode.OUTPUT_UNREADABLE, "exit status 1"),
        ({"PATH": "/nowhere"}, CauseCode.OUTPUT_UNREADABLE, "there is no program restic here"),
    ],
    ids=["wrong password", "not there", "not installed"],
)
def test_a_repository_that_cannot_be_listed_is_unknown_and_never_red(
    environment: dict[str, str], code: CauseCode, says: str, restic: Restic, monkeypatch: pytest.MonkeyPatch
) -> None:
    restic.back_up(TODAY)
    morning = judged(restic, monkeypatch, RESTIC, environment=environment)
    verdict, found, sentence = told(morning)
    cause = morning.job_causes["backup"]

    assert (verdict, found) == ("unknown", code)
    assert says in sentence
    assert cause is not None
    assert "`restic snapshots --json --no-lock --host web1`" in cause.next_step
    assert PASSWORD not in sentence + cause.next_step


def test_an_archive_of_borg_is_read_in_the_zone_that_is_said_and_in_no_other(
    borg: Borg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its times have no offset."""
    borg.back_up(TODAY - DAY)
    assert told(judged(borg, monkeypatch, BORG, OF_BORG))[:2] == ("bad-output", CauseCode.STALE_OUTPUT)
    borg.back_up(TODAY)
    assert told(judged(borg, monkeypatch, BORG, OF_BORG))[0] == "ok"

    morning = judged(borg, monkeypatch, BORG, OF_BORG.replace('timezone = "UTC"', ""))
    verdict, code, sentence = told(morning)
    cause = morning.job_causes["backup"]
    assert (verdict, code) == ("unknown", CauseCode.NAIVE_TIMESTAMP)
    assert (
        'Tue 10 Feb 01:00 CET with timezone = "Europe/Zurich" or Tue 10 Feb 02:00 CET with timezone = "UTC"' in sentence
    )
    assert cause is not None
    assert '`timezone = "Europe/Zurich"` or `timezone = "UTC"` in [jobs.backup.output]' in cause.next_step


def test_a_killed_or_locked_borg_is_missed_or_unknown(borg: Borg, monkeypatch: pytest.MonkeyPatch) -> None:
    borg.back_up(TODAY - DAY)
    before = borg.files()
    borg.kill_a_backup()

    assert borg.files() - before
    borg.command("borg", "break-lock")
    assert told(judged(borg, monkeypatch, BORG, OF_BORG))[:2] == ("bad-output", CauseCode.STALE_OUTPUT)
    with borg.locked():
        verdict, code, sentence = told(judged(borg, monkeypatch, BORG, OF_BORG))
        assert (verdict, code) == ("unknown", CauseCode.OUTPUT_UNREADABLE)
        assert "exit status 2: Failed to create/acquire the lock" in sentence
        # Whoever only reads need not wait.
        assert told(judged(borg, monkeypatch, (*BORG, "--bypass-lock"), OF_BORG))[0] == "bad-output"
    wrong = judged(borg, monkeypatch, BORG, OF_BORG, {"BORG_PASSPHRASE": "another"})
    assert told(wrong)[:2] == ("unknown", CauseCode.ACCESS_DENIED)


def test_a_list_that_takes_too_long_is_unknown_within_its_time(restic: Restic, monkeypatch: pytest.MonkeyPatch) -> None:
    morning = judged(restic, monkeypatch, ("sleep", "600"), 'made_at = "time"\ntimeout = "0.3 s"')

    assert told(morning)[:2] == ("unknown", CauseCode.OUTPUT_UNREADABLE)
    assert "`sleep 600`: did not end within 0.3 s" in told(morning)[2]


def test_a_repository_is_as_good_as_its_own_check_says(restic: Restic, monkeypatch: pytest.MonkeyPatch) -> None:
    restic.back_up(TODAY - DAY)
    restic.back_up(TODAY)
    check = json.dumps(["sh", "-c", f"echo asked >> {restic.source.parent}/asked; restic check --read-data"])
    more = f'made_at = "time"\nverify = {{ command = {check}, every = "7 d" }}'

    assert told(judged(restic, monkeypatch, RESTIC, more))[:2] == ("ok", None)

    pack = max((each for each in restic.files() if "data" in each.parts), key=lambda each: each.stat().st_size)
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[::-1])
    verdict, code, sentence = told(judged(restic, monkeypatch, RESTIC, more))

    assert (verdict, code) == ("bad-output", CauseCode.VERIFY_FAILED)
    assert sentence.endswith("does not pass its verify: exit status 1: Fatal: repository contains errors.")
    assert (restic.source.parent / "asked").read_text() == "asked\n" * 2


def test_pgbackrest_tells_which_backups_are_whole(pgbackrest: PgBackRest, tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    page = (Path(__file__).parents[1] / "docs" / "outputs" / "entries.md").read_text(encoding="utf-8")
    [each] = re.findall("^each = .*pgbackrest.*$|^each = .*name=='main'.*$", page, re.MULTILINE)
    command = json.dumps([*pgbackrest.command, "info", "--output=json"])
    lines = f'{each}\nmade_at = "timestamp.stop"\ntimes = "epoch"\nsize = "info.size"\ncommand = {command}'
    jobs = f'timezone = "UTC"\n[jobs.pg]\nschedule = "0 2 * * *"\n[jobs.pg.output]\n{lines}\n'
    file.write_text(jobs, encoding="utf-8")

    def listed() -> OutputSeen | NotSeen:
        now = datetime.now(UTC)
        return gather(load(file, environment={}).jobs, (), now=now, clock=lambda: now).outputs["pg"][0]

    missing = listed()
    assert isinstance(missing, NotSeen)
    assert "finds nothing in" in missing.detail
    pgbackrest.does("stanza-create")
    none = listed()
    assert isinstance(none, OutputSeen)
    assert none.files == ()
    began_at = datetime.now(UTC).replace(microsecond=0)
    for kind in ("full", "incr"):
        pgbackrest.does("backup", f"--type={kind}")
    whole = listed()
    assert isinstance(whole, OutputSeen)
    assert [began_at <= each.made_at <= datetime.now(UTC) for each in whole.files] == [True, True]
    assert all(each.size and each.size > 10_000_000 for each in whole.files)
