"""Does what docs/outputs says to paste load, and is the restore drill, as it is written there, a proof?"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.dumps import Dumps, environment
from rollcall.ask import gather
from rollcall.morning.judge import judge_morning
from rollcall.roll.load import load
from rollcall.vocabulary import CauseCode

DOCS = Path(__file__).parents[1] / "docs"
# What the page of places says to paste is read in test_roll_places: it wants libraries that are not all here.
PAGES = [each for each in sorted((DOCS / "outputs").glob("*.md")) if each.stem != "places"]
VERIFY = DOCS / "outputs" / "verify.md"
ZURICH = ZoneInfo("Europe/Zurich")
HEAD = 'timezone = "Europe/Zurich"\n'


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=[each.stem for each in PAGES])
def test_each_block_of_a_page_loads(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "toml"):
        (tmp_path / "jobs.toml").write_text(f"{HEAD}{block}", encoding="utf-8")
        environment = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "x")

        assert load(tmp_path / "jobs.toml", environment=environment).jobs


def test_each_ready_line_loads(tmp_path: Path) -> None:
    table = VERIFY.read_text(encoding="utf-8").partition("## Ready lines")[2].partition("\n## ")[0]
    lines = re.findall(r"`((?:verify|open|ends_with) = .*?)`(?= \||, and)", table)

    assert len(lines) == 9
    for line in lines:
        path = "folder/" if "-name" in line else "a.dump"
        text = f'{HEAD}[jobs.a]\nschedule = "0 2 * * *"\n[jobs.a.output]\npath = "{path}"\n{line}\n'
        (tmp_path / "jobs.toml").write_text(text, encoding="utf-8")

        assert load(tmp_path / "jobs.toml", environment={}).jobs


# The drill ------------------------------------------------------------------------------------------------------------


def drilled(dumps: Dumps, folder: Path, dump: bytes) -> dict[str, tuple[str, CauseCode | None]]:
    """What is said, at seven, of that dump and of the drill that restored it at four: by job, its verdict and cause."""
    [script], toml = blocks(VERIFY, "sh"), blocks(VERIFY, "toml")[-1]
    day = datetime.now(ZURICH).replace(hour=0, minute=0, second=0, microsecond=0)
    backup = folder / "backup"
    backup.mkdir()
    of_today = backup / f"shop-{day:%F}.dump"
    of_today.write_bytes(dump)
    (folder / "drill.sh").write_text(script.replace("/backup", str(backup)), encoding="utf-8")
    (folder / "jobs.toml").write_text(f"{HEAD}{toml}".replace("/backup", str(backup)), encoding="utf-8")
    surroundings = environment(dumps.server, "postgres") | {"TZ": "Europe/Zurich"}
    subprocess.run(["sh", folder / "drill.sh"], env=surroundings, capture_output=True, check=False)
    made_at = {of_today: day.replace(hour=2), **{each: day.replace(hour=4) for each in backup.glob("drill/*")}}
    for path, at in made_at.items():
        os.utime(path, ((at.timestamp() + 60),) * 2)
    now = day.replace(hour=7)
    roll = load(folder / "jobs.toml", environment={})
    morning = judge_morning(roll, gather(roll.jobs, (), now=now, clock=lambda: now), now=now)
    causes = {job: cause.code if cause else None for job, cause in morning.job_causes.items()}
    return {each.job.id: (each.verdict.value, causes[each.job.id]) for each in morning.jobs}


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


OK = ("ok", None)


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("custom.dump", bytes, {"shop": OK, "drill": OK}),
        (
            "custom.dump",
            half,
            {
                "shop": ("bad-output", CauseCode.VERIFY_FAILED),
                "drill": ("bad-output", CauseCode.UPSTREAM_FAILED),
            },
        ),
        # Each block of it is there, and it holds no row: only who restores it can tell.
        ("schema.dump", bytes, {"shop": OK, "drill": ("bad-output", CauseCode.VERIFY_FAILED)}),
    ],
    ids=["whole", "cut", "without rows"],
)
def test_a_drill_says_whether_the_dump_can_be_restored(
    dumps: Dumps, tmp_path: Path, name: str, change: Callable[[bytes], bytes], expected: object
) -> None:
    assert drilled(dumps, tmp_path, change(dumps[name].read_bytes())) == expected
    with dumps.server.connected() as connection:
        left = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'restore_drill'").fetchall()
    assert left == []
