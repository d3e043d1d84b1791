"""Does docs/fleet.md lead from one step to the next, each of them done as it is written there?"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.ci_steps import TOP, script
from fixtures.listener import Listener, listener
from fixtures.postgres import Postgres

PAGE = (TOP / "docs" / "fleet.md").read_text(encoding="utf-8")
STEPS = re.split(r"^## \d\. (.*)$", PAGE, flags=re.MULTILINE)
ADDRESS, DATABASE = "https://chat.example.com", "postgresql://rollcall@db/rollcall"


class Fleet:
    """The folder where the morning is judged, and one of a host; each step of the page is done in both."""

    def __init__(self, folder: Path, chat: str, database: str) -> None:
        self.judge, self.host = folder / "judge", folder / "web1"
        for each in (self.judge, self.host):
            each.mkdir()
        (self.judge / "evidence").mkdir()
        (self.host / "evidence").symlink_to(self.judge / "evidence")
        self._written = ""
        self._others = {ADDRESS: chat, DATABASE: database}

    def blocks(self, step: str, language: str) -> list[str]:
        """What that step says to paste or to type."""
        text = STEPS[STEPS.index(step) + 1]
        found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for said, here in self._others.items():
            found = [each.replace(said, here) for each in found]
        return found

    def write(self, step: str) -> None:
        """Adds the lines of that step to jobs.toml, which is the same everywhere."""
        self._written += "\n".join(self.blocks(step, "toml"))
        for each in (self.judge, self.host):
            (each / "jobs.toml").write_text(self._written, encoding="utf-8")

    def type(self, step: str, starts: str, *, on: Path | None = None, more: str = "") -> int:
        """Types the one line of that step which begins so. Returns its exit status."""
        lines = "".join(self.blocks(step, "sh")).splitlines()
        [line] = [each for each in lines if each.startswith(starts)]
        done = script(f"{line.partition('#')[0]}{more}", shell=("sh",), folder=on or self.judge, environment={})
        self.said = done.stdout + done.stderr
        return done.returncode

    def morning(self) -> Any:
        """What was judged: verdict and cause of each job."""
        told = json.loads((self.judge / "reports" / "morning.json").read_text(encoding="utf-8"))
        return {each["id"]: (each["verdict"], each["cause"] and each["cause"]["code"]) for each in told["jobs"]}


def done(folder: Path, name: str, *, hour: int) -> None:
    """The job that leaves it ran today and yesterday, a minute after it was due."""
    for days in (0, 1):
        due = datetime.now(UTC).replace(hour=hour, minute=1, second=0, microsecond=0) - timedelta(days=days)
        if due < datetime.now(UTC):
            file = folder / due.strftime(name)
            file.write_text("dumped\n", encoding="utf-8")
            os.utime(file, (due.timestamp(), due.timestamp()))


@pytest.fixture
def chat() -> Iterator[Listener]:
    with listener() as living:
        yield living


def test_each_step_can_be_done_as_it_is_written(tmp_path: Path, chat: Listener, postgres: Postgres) -> None:
    fleet = Fleet(tmp_path, chat.url, postgres.url())

    step = "One machine"
    fleet.write(step)
    done(fleet.judge, "shop-%F.sql", hour=2)
    assert fleet.type(step, "rollcall check") == 0, fleet.said
    assert fleet.type(step, "rollcall init") == 0, fleet.said
    assert fleet.type(step, "pytest") == 0, fleet.said
    assert fleet.type(step, "rollcall install systemd") == 0, fleet.said
    assert fleet.morning() == {"shop_dump": ("ok", None)}

    step = "Files and schedulers on other hosts"
    fleet.write(step)
    done(fleet.host, "web1-%F.sql", hour=3)
    assert fleet.type(step, "pytest") == 1, fleet.said
    assert fleet.morning()["web1_dump"] == ("unknown", "host-silent")
    assert fleet.type(step, "rollcall look", on=fleet.host, more="--host web1") == 0, fleet.said
    assert fleet.type(step, "pytest") == 0, fleet.said
    assert fleet.morning()["web1_dump"] == ("ok", None)

    step = "The history in PostgreSQL"
    fleet.write(step)
    assert fleet.type(step, "rollcall history --copy") == 0, fleet.said
    (fleet.judge / "reports" / "history.sqlite3").unlink()
    assert fleet.type(step, "pytest") == 0, fleet.said
    assert not (fleet.judge / "reports" / "history.sqlite3").exists()
    history = script("rollcall history", shell=("sh",), folder=fleet.judge, environment={})
    assert ("web1_dump" in history.stdout, history.returncode) == (True, 0), history.stderr

    step = "Teams"
    fleet.write(step)
    for each in fleet.judge.glob("shop-*.sql"):
        each.unlink()
    assert fleet.type("Files and schedulers on other hosts", "pytest") == 1, fleet.said
    assert {each.name for each in (fleet.judge / "reports" / "owners").iterdir()} == {"shop.html", "web.html"}
    assert sorted(chat.paths) == ["/all", "/shop"]
    assert fleet.type(step, "pytest checks/ --owner shop") == 1, fleet.said
    assert fleet.morning() == {"shop_dump": ("missed", "never-ran")}

    step = "Shards"
    done(fleet.judge, "shop-%F.sql", hour=2)
    for part in ("1/2", "2/2"):
        assert fleet.type(step, f"pytest checks/ --shard {part}") == 0, fleet.said
    assert fleet.type(step, "rollcall merge") == 0, fleet.said
    assert fleet.morning() == {"shop_dump": ("ok", None), "web1_dump": ("ok", None)}
