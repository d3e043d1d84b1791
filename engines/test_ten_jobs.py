"""Ten ordinary jobs, done for real in one good and one bad night, and judged by one jobs.toml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engines.conftest import ROOT, await_that, unavailable
from engines.systemd_machine import Machine, machine
from fixtures.postgres import Postgres
from fixtures.stores import KEY, SECRET, Server

EXAMPLE = ROOT / "docs" / "examples" / "ten-jobs"
ZURICH = ZoneInfo("Europe/Zurich")
# While it is night there, the jobs of the example are just due, and nobody can tell yet: elsewhere it is day.
ZONE = ZoneInfo("Asia/Tokyo") if 1 <= datetime.now(ZURICH).hour < 5 else ZURICH
# Done by 04:10 at the latest, an hour after it began.
OVER = timedelta(hours=4, minutes=30)
SSHD = """
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
UsePAM no
StrictModes no
SetEnv PATH={path} XDG_STATE_HOME={folder}/state
"""
SSH = """
Host nas
    IdentityFile {folder}/key
    ProxyCommand /usr/sbin/sshd -i -f {folder}/sshd_config
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
"""
CLEANUP = "[Service]\nType=oneshot\nExecStart=/run/cleanup"

BAD = {
    "report": ("bad-output", "degraded-output"),
    "dump": ("bad-output", "truncated-output"),
    "orders": ("bad-output", "empty-output"),
    "site": ("bad-output", "truncated-output"),
    "events": ("bad-output", "incomplete-output"),
    "rates": ("bad-output", "stale-output"),
    "upload": ("bad-output", "stale-output"),
    "sync": ("bad-output", "truncated-output"),
    "cleanup": ("failed", "run-failed"),
    "mirror": ("failed", "run-failed"),
}


class World:
    """Where the ten jobs run: `folder` holds the example, as it is read, and what they leave."""

    def __init__(self, folder: Path, host: Machine, environment: Mapping[str, str]) -> None:
        self.folder, self.host, self.environment = folder, host, dict(environment)

    def night(self, day: str, how: str) -> None:
        """What the jobs do in the night to that day."""
        words = [sys.executable, "night.py", day, how]
        subprocess.run(words, cwd=self.folder, env=self.environment, check=True)
        self.host.write("/run/cleanup", (self.folder / "cleanup").read_text())
        self.host.run("chmod", "755", "/run/cleanup")
        mirror = ["ssh", "nas", "rollcall", "run", "mirror", "--", str(self.folder / "mirror")]
        subprocess.run(mirror, env=self.environment, check=False, capture_output=True)

    def judged(self) -> dict[str, tuple[str, str | None]]:
        """Verdict and cause of each job, as `pytest checks/` has them."""
        words = [sys.executable, "-m", "pytest", "checks/", "-q", "--jobs-file", str(self.folder / "jobs.toml")]
        subprocess.run(words, cwd=ROOT, env=self.environment, check=False, capture_output=True)
        morning = json.loads((self.folder / "reports" / "morning.json").read_text())
        return {each["id"]: (each["verdict"], each["cause"] and each["cause"]["code"]) for each in morning["jobs"]}


def script(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\nexec {line}\n")
    file.chmod(0o755)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, moto: Server) -> Iterator[World]:
    if not Path("/usr/sbin/sshd").exists():
        unavailable("no sshd here: sudo apt-get install openssh-server")
    folder = tmp_path_factory.mktemp("ten-jobs")
    Path("/run/sshd").mkdir(exist_ok=True)
    for key in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    programs = folder / "programs"
    programs.mkdir()
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    (folder / "sshd_config").write_text(SSHD.format(folder=folder, path=path))
    (folder / "ssh_config").write_text(SSH.format(folder=folder))
    script(programs / "ssh", f'/usr/bin/ssh -F {folder}/ssh_config "$@"')
    shutil.copytree(EXAMPLE, folder / "example")
    for name in ("jobs.toml", "night.py"):
        file = folder / "example" / name
        file.write_text(file.read_text().replace(ZURICH.key, ZONE.key))
    with machine(folder / "machine", "Europe/Zurich") as host:
        for each in ("systemctl", "journalctl"):
            script(programs / each, f'{host.enter} {each} "$@"')
        host.timer("cleanup", CLEANUP, "OnCalendar=minutely")
        host.boot()
        yield World(
            folder / "example",
            host,
            {
                **{key: value for key, value in os.environ.items() if not key.startswith("ROLLCALL_")},
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_DEFAULT_REGION": "eu-central-1",
                "PATH": f"{programs}:{os.environ['PATH']}",
                "SHOP_DATABASE": postgres.url().replace("postgresql:", "postgresql+psycopg:"),
                "S3_ENDPOINT": moto.options["endpoint_url"],
            },
        )


def last_night(now: datetime) -> datetime:
    """The newest midnight of which the night is over."""
    return (now.astimezone(ZONE) - OVER).replace(hour=0, minute=0, second=0, microsecond=0)


def await_a_run(host: Machine) -> None:
    """Returns once the timer of every minute has run what is there now."""
    since = f"--since=@{datetime.now(UTC).timestamp():.0f}"

    def has_run() -> bool:
        said = host.run("journalctl", "-u", "cleanup.service", since, "-o", "cat")
        return "Finished" in said or "Failed" in said

    await_that(has_run, "the timer of every minute", within=75)


def test_a_bad_night_is_told_job_by_job_and_a_good_one_is_good(world: World) -> None:
    today = last_night(datetime.now(UTC))
    for back in (4, 3, 2, 1):
        world.night(str((today - timedelta(days=back)).date()), "good")
    world.night(str(today.date()), "bad")
    await_a_run(world.host)

    assert world.judged() == BAD

    world.night(str(today.date()), "good")
    await_a_run(world.host)

    assert {name: verdict for name, (verdict, _) in world.judged().items()} == dict.fromkeys(BAD, "ok")
