"""Do the lines that the pages of outputs say to paste read what the tools really print?"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollcall.ask import gather
from rollcall.evidence import OutputSeen
from rollcall.roll.load import load
from rollcall.roll.output_rules import Kind

TOP = Path(__file__).parents[1]
DOCS, LISTED = TOP / "docs" / "outputs", TOP / "fixtures" / "listed"
NOW = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
MADE = datetime(2026, 2, 11, 1, 0, 5, tzinfo=UTC)


def blocks(page: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Sample:
    """What a tool prints: recorded of restic, borg and pgBackRest, of the others as their makers document it."""

    job: str
    file: str
    sizes: tuple[int | None, ...]


SAMPLES = [
    Sample("restic_web1", "restic.json", (3_000_812_345, None)),
    Sample("borg", "borg.json", (None, None)),
    Sample("pg_main", "pgbackrest.json", (22_992_374, 22_992_374)),
    Sample("zfs", "zfs.txt", (2_097_152, 1_048_576)),
    Sample("velero", "velero.json", (None, None)),
    Sample("ebs", "aws-ebs.json", (8_589_934_592, 8_589_934_592)),
    Sample("gcp", "gcp-disks.json", (812_345_678, 812_345_678)),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=[each.file for each in SAMPLES])
def test_the_lines_for_a_tool_read_what_it_prints(sample: Sample, tmp_path: Path) -> None:
    [block] = [each for each in blocks("entries.md") if f"[jobs.{sample.job}]" in each]
    prints = f"import sys; sys.stdout.write(open({str(LISTED / sample.file)!r}).read())"
    command = f"command = {[sys.executable, '-S', '-c', prints]!r}"
    lines = [command if line.startswith("command = ") else line for line in block.splitlines()]
    file = tmp_path / "jobs.toml"
    file.write_text('timezone = "Europe/Zurich"\n' + "\n".join(lines).replace("\\\\", "\\"), encoding="utf-8")
    roll = load(file, environment={})
    [seen] = gather(roll.jobs, (), now=NOW, clock=lambda: NOW).outputs[sample.job]

    assert isinstance(seen, OutputSeen), seen
    # What is not whole, or not done yet, is no entry.
    assert [each.made_at.replace(microsecond=0) for each in seen.files] == [MADE, MADE.replace(day=10)]
    assert tuple(each.size for each in seen.files) == sample.sizes


def test_a_repository_of_pgbackrest_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    gone = (LISTED / "pgbackrest.json").read_text(encoding="utf-8")
    gone = re.sub(r'"status": \{\s*"code": 0,\s*"lock"', '"status": {"code": 1, "lock"', gone)
    assert '"code": 1' in gone
    (tmp_path / "gone.json").write_text(gone, encoding="utf-8")
    [block] = [each for each in blocks("entries.md") if "[jobs.pg_main]" in each]
    block = re.sub("^command = .*$", "command = ['cat', 'gone.json']", block, flags=re.MULTILINE)
    block = block.replace("'gone.json'", repr(str(tmp_path / "gone.json")))
    (tmp_path / "jobs.toml").write_text(f'timezone = "Europe/Zurich"\n{block}', encoding="utf-8")
    roll = load(tmp_path / "jobs.toml", environment={})
    [seen] = gather(roll.jobs, (), now=NOW, clock=lambda: NOW).outputs["pg_main"]

    assert not isinstance(seen, OutputSeen)
    assert "finds nothing" in seen.detail


@pytest.mark.parametrize("page", ["entries.md", "tables.md"])
def test_what_a_page_says_to_paste_loads_as_a_whole(page: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.toml"
    text = "\n".join(blocks(page))
    file.write_text(f'timezone = "Europe/Zurich"\n{text}', encoding="utf-8")
    roll = load(file, environment=dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "x"))

    assert len(roll.jobs) >= 6
    assert {output.kind for job in roll.jobs for output in job.outputs} == {
        Kind.ENTRIES if page == "entries.md" else Kind.ROWS
    }
