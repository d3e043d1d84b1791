"""Are rows and entries of a recorded morning judged again as they were seen, and kept without secrets?"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollcall.ask import gather
from rollcall.evidence import NotSeen, OutputSeen
from rollcall.recorded.record import JOBS, Recorded, record
from rollcall.recorded.replay import replay
from rollcall.roll.load import load
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
SECRET = "s3cr3t-t0ken-0123456789"
ENTRIES = f"""timezone = "Europe/Zurich"
[jobs.backup]
schedule = "0 2 * * *"
[jobs.backup.output]
command = {json.dumps([sys.executable, "-S", "-c", "import sys; print(sys.argv[1])", "[{NAIVE}]"])}
made_at = "time"
timezone = "UTC"
"""
NAIVE = '{"time": "2026-02-11T01:00:05", "of": "${TOKEN}"}'


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A recorded morning, and beside it the jobs.toml that it was judged by."""
    toml = ENTRIES.replace("{NAIVE}", json.dumps(NAIVE)[1:-1])
    (tmp_path / JOBS).write_text(toml, encoding="utf-8")
    roll = load(tmp_path / JOBS, environment={"TOKEN": SECRET})
    evidence = gather(roll.jobs, (), now=NOW, clock=lambda: NOW)
    record(tmp_path / "kept", roll, Recorded(evidence=evidence, now=NOW, root=tmp_path))
    return tmp_path / "kept"


def seen_under(kept: Path, old: str, new: str) -> OutputSeen | NotSeen:
    """What a replay makes of it under another jobs.toml."""
    toml = (kept.parent / JOBS).read_text(encoding="utf-8")
    assert old in toml
    (kept.parent / "other.toml").write_text(toml.replace(old, new), encoding="utf-8")
    [seen] = replay(kept, jobs_file=kept.parent / "other.toml").evidence.outputs["backup"]
    return seen


def test_a_replay_sees_what_was_seen_and_no_secret(kept: Path) -> None:
    [seen] = replay(kept).evidence.outputs["backup"]

    assert isinstance(seen, OutputSeen)
    assert [each.made_at for each in seen.files] == [datetime(2026, 2, 11, 1, 0, 5, tzinfo=UTC)]
    assert seen.files[0].content is not None
    assert '"of": "${TOKEN}"' in seen.files[0].content.head
    assert SECRET not in "".join(each.read_text() for each in kept.iterdir())


def test_another_zone_is_tried_out_and_another_command_was_never_run(kept: Path) -> None:
    zurich = seen_under(kept, '"UTC"', '"Europe/Zurich"')
    assert isinstance(zurich, OutputSeen)
    assert [each.made_at for each in zurich.files] == [datetime(2026, 2, 11, 0, 0, 5, tzinfo=UTC)]
    assert zurich.files[0].content is not None

    naive = seen_under(kept, 'timezone = "UTC"\n', "")
    assert isinstance(naive, NotSeen)
    assert naive.code is CauseCode.NAIVE_TIMESTAMP
    assert isinstance(seen_under(kept, '"-S"', '"-I"'), NotSeen)
    assert isinstance(seen_under(kept, 'made_at = "time"', 'made_at = "of"'), NotSeen)


def test_a_password_in_the_address_of_a_database_is_not_kept(tmp_path: Path) -> None:
    output = f"database = 'postgresql://127.0.0.1:1/x?password={SECRET}'\nquery = 'SELECT now() AS made_at'"
    toml = f'timezone = "UTC"\n[jobs.backup]\nschedule = "0 2 * * *"\n[jobs.backup.output]\n{output}\n'
    (tmp_path / JOBS).write_text(toml, encoding="utf-8")
    roll = load(tmp_path / JOBS, environment={})
    evidence = gather(roll.jobs, (), now=NOW, clock=lambda: NOW)
    record(tmp_path / "kept", roll, Recorded(evidence=evidence, now=NOW, root=tmp_path))

    assert SECRET not in "".join(each.read_text() for each in (tmp_path / "kept").iterdir())
    [seen] = replay(tmp_path / "kept").evidence.outputs["backup"]
    assert isinstance(seen, NotSeen)
    assert seen.code is CauseCode.PLACE_DOWN
