"""Twenty hosts over a bucket and a database, in shards: who is silent, whose clock is off, which shard was killed?"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.hosts import Fleet, Told
from fixtures.postgres import Postgres
from fixtures.stores import Server
from rollcall.roll.shard import Shard

CHECKS = Path(__file__).parent.parent / "checks"
HOSTS = tuple(f"web{number}" for number in range(1, 21))
SILENT, AHEAD, BAD = "web7", "web9", "web3"
OF = 4
_LONGEST = 120.0  # real seconds


def shard_of(host: str) -> int:
    return next(number for number in range(1, OF + 1) if Shard(number, OF).has(f"dump_{host}"))


# One in which nothing else is wrong.
KILLED = next(number for number in range(1, OF + 1) if number not in map(shard_of, (SILENT, AHEAD, BAD)))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, moto: Server, postgres: Postgres) -> Fleet:
    """Every host has looked that will; the shards have not."""
    options = "\n".join(f'{key} = "{value}"' for key, value in moto.options.items())
    bucket = f'[places.hub]\nurl = "{moto.url}/of-twenty"\n[places.hub.options]\n{options}\n'
    history = f'[history]\nurl = "{postgres.url()}"\nname = "of_twenty"\n'
    fleet = Fleet(folder=tmp_path_factory.mktemp("fleet"), hosts=HOSTS, hub="hub", more=bucket + history)
    fleet.ran(*(each for each in HOSTS if each != BAD), "judge")
    for each in HOSTS:
        if each != SILENT:
            fleet.look(each, ahead=timedelta(minutes=7) if each == AHEAD else timedelta(0))
    shutil.copytree(CHECKS, fleet.folder / "judge/checks")
    return fleet


def began(fleet: Fleet, number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "checks/", "-q", "--shard", f"{number}/{OF}", "--rootdir", "."]
    return subprocess.Popen(
        command,
        cwd=fleet.folder / "judge",
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def merged(fleet: Fleet) -> Told:
    return fleet.typed("judge", "merge")


def test_one_page_says_who_is_silent_whose_clock_is_off_and_which_shard_was_killed(fleet: Fleet) -> None:
    for number in range(1, OF + 1):
        shard = began(fleet, number)
        if number == KILLED:
            _await(fleet.folder / f"judge/reports/shard-{number}-of-{OF}/morning.html")
            shard.send_signal(signal.SIGKILL)
        shard.wait(_LONGEST)

    told = merged(fleet)

    assert told.status == 1
    page = (fleet.folder / "judge/reports/morning.html").read_text(encoding="utf-8")
    for each in (told.text, page):
        assert f"INCOMPLETE: shard {KILLED}/{OF} left nothing" in each
        assert f"Host {SILENT} has left no evidence in s3://offsite/of-twenty" in each
        assert re.search(rf"The clock of {AHEAD} is (7 min|6 min 5\d s) ahead of that of the place", each)
        assert f"dump_{BAD}" in each
    assert "3 things need attention" in told.text  # each host is one thing
    assert f"2 of {len(HOSTS)} hosts not heard" in page

    # Once that shard has looked too, the rest is as bad as it is, and whole.
    began(fleet, KILLED).wait(_LONGEST)
    told = merged(fleet)
    assert told.status == 1
    assert "INCOMPLETE" not in told.text
    assert f"3 things need attention · 3 of {len(HOSTS) + 1} jobs" in told.text

    # Both were remembered in the database, and nothing of a part was.
    remembered = json.loads(fleet.typed("judge", "history", "--json").text)
    assert [each["complete"] for each in remembered["mornings"]][-1] is True
    assert not list((fleet.folder / "judge/reports").rglob("history.sqlite3"))
    assert f"dump_{BAD}" in json.dumps(remembered)


def _await(file: Path) -> None:
    ends_at = time.monotonic() + _LONGEST
    while not file.exists():
        assert time.monotonic() < ends_at, f"{file} never came"
        time.sleep(0.005)
