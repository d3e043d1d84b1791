"""systemd's timers: as the first process of a machine of its own, with timers of every twenty seconds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engines.conftest import ROOT, await_that, unavailable
from engines.systemd_machine import Machine, machine
from fixtures.engines import Engine, Look

GAP = timedelta(seconds=20)
ZONE = "Europe/Zurich"
PERMISSIONS = ROOT / "deploy" / "permissions"
# What a look needs besides its jobs.
HEAD = """
timezone = "Europe/Zurich"
look_back = "20 s"
[defaults]
scheduler = "host"
schedule = "*:*:0/20"
grace = "4 s"
max_runtime = "4 s"
owes = "latest"
[schedulers.host]
kind = "systemd"
ignore = ["apt-*", "dpkg-*", "e2scrub*", "exim4*", "fstrim*", "man-db*", "sysstat*", "logrotate*", "systemd-*"]
via = [{via}]
{more}
"""
EACH = "OnCalendar=*:*:0/20"
ONCE = "[Service]\nType=oneshot\nExecStart="
SIMPLE = "[Service]\nExecStart="
FAILED, STUCK = ("failed", "run-failed"), ("stuck", "still-running")
PAUSED, GOOD, MADE_GOOD = ("missed", "job-paused"), ("ok", None), ("ok", "made-good")
AGAIN = "Restart=on-failure\nRestartSec=500ms"
HANGS = '/bin/sh -c "[ ! -e /run/second ] || exec sleep infinity"'


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is done with a timer in plain words, what its service and itself say, and what must be said of its job."""

    done: str
    service: str
    says: tuple[str, str | None]
    timer: str = EACH
    lines: str = ""


TIMERS = {
    "good": Case(done="exits with 0", service=f"{ONCE}/bin/true", says=GOOD),
    "fails": Case(done="exits with 3", service=f'{ONCE}/bin/sh -c "exit 3"', says=FAILED),
    "killed": Case(done="dies of a signal", service=f'{ONCE}/bin/sh -c "kill -SEGV $$$$"', says=FAILED),
    "timeout": Case(done="is ended by TimeoutStartSec", service=f"{ONCE}/bin/sleep 60\nTimeoutStartSec=1", says=FAILED),
    "no-program": Case(done="its program is not there", service=f"{ONCE}/bin/nothing-here", says=FAILED),
    "hangs": Case(done="hangs", service=ONCE + HANGS, says=STUCK),
    "hangs-simple": Case(
        done="hangs, and is of Type=simple, of which systemd reports the start as done",
        service=SIMPLE + HANGS,
        says=STUCK,
    ),
    "simple": Case(done="takes 2 s, of Type=simple", service=f"{SIMPLE}/bin/sleep 2", says=GOOD),
    "fails-simple": Case(
        done="exits with 4 after a second, of Type=simple",
        service=f'{SIMPLE}/bin/sh -c "sleep 1; exit 4"',
        says=FAILED,
    ),
    "slow": Case(done="takes 5 s, and may take 4", service=f"{ONCE}/bin/sleep 5", says=("late", "overran")),
    "again": Case(
        done="fails, and Restart=on-failure does it",
        service=f'{ONCE}/bin/sh -c "[ -e /run/again ] && rm /run/again || {{ touch /run/again; exit 5; }}"\n{AGAIN}',
        says=MADE_GOOD,
    ),
    "by-hand": Case(
        done="fails, and is started by hand, which does it",
        service=f'{ONCE}/bin/sh -c "[ -e /run/fixed ]"',
        says=MADE_GOOD,
    ),
    "ended": Case(
        done="is stopped by hand while it runs, of Type=simple", service=f"{SIMPLE}/bin/sleep 15", says=FAILED
    ),
    "condition": Case(
        done="left out by ConditionPathExists",
        service=f"[Unit]\nConditionPathExists=/nothing\n{ONCE}/bin/true",
        says=("missed", "run-skipped"),
    ),
    "dependency": Case(
        done="what it requires fails",
        service=f"[Unit]\nRequires=fails.service\nAfter=fails.service\n{ONCE}/bin/true",
        says=FAILED,
    ),
    "stays": Case(
        done="RemainAfterExit=yes: its timer starts it once, and never again",
        service=f"{ONCE}/bin/true\nRemainAfterExit=yes",
        says=PAUSED,
    ),
    "stopped": Case(done="its timer is stopped", service=f"{ONCE}/bin/true", says=PAUSED),
    "vanished": Case(done="the file of its service is gone", service=f"{ONCE}/bin/true", says=PAUSED),
    "moved": Case(
        done="its timer is due at another second",
        service=f"{ONCE}/bin/true",
        says=("failed", "schedule-drift"),
        lines='schedule = "*:*:10/20"',
    ),
    "nothing": Case(
        done="exits with 0, and leaves no file",
        service=f"{ONCE}/bin/true",
        says=("bad-output", "success-without-output"),
        lines='[jobs.nothing.output]\npath = "nothing-%Y%m%d-%H%M%S.txt"',
    ),
    "delayed": Case(
        done="RandomizedDelaySec=4s",
        service=f"{ONCE}/bin/true",
        says=GOOD,
        timer=f"{EACH}\nRandomizedDelaySec=4s",
        lines='jitter = "4 s"',
    ),
    "quiet": Case(
        done="exits with 0, and LogLevelMax=notice keeps that out of the journal",
        service=f"{ONCE}/bin/true\nLogLevelMax=notice",
        says=GOOD,
    ),
    "quiet-fails": Case(
        done="exits with 3, and LogLevelMax=notice keeps its start out of the journal",
        service=f'{ONCE}/bin/sh -c "exit 3"\nLogLevelMax=notice',
        says=FAILED,
    ),
    "named": Case(
        done="declared by the name of what its timer activates",
        service=f"{ONCE}/bin/true",
        says=GOOD,
        timer=f"{EACH}\nUnit=works.service",
        lines='name = "works.service"',
    ),
}


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path / "machine", ZONE) as made:
        yield made


def engine_of(on: Machine, tmp_path: Path) -> Engine:
    """As it is shown to Roll call, by its name and version."""
    found = re.match(r"systemd (\d+)", on.run("systemctl", "--version"))
    assert found
    return Engine(name=f"systemd {found[1]}", folder=tmp_path / "look", environment={"MACHINE": str(on.enter)})


def jobs_toml(*jobs: str, via: Sequence[str] = (), whole_via: Sequence[str] = (), more: str = "") -> str:
    """A jobs.toml with the head and these tables; `via` follows the way into the machine, `whole_via` is another."""
    words = json.dumps(whole_via or ["${ENGINE_VIA}", "${MACHINE}", *via])
    return HEAD.replace("[{via}]", words).replace("{more}", more) + "".join(jobs)


def table(name: str, lines: str = "") -> str:
    return f"[jobs.{name}]\n{lines}\n"


def await_due(at: datetime, after: float) -> None:
    """Waits until so many seconds after a due time."""
    moment = at + timedelta(seconds=after)
    await_that(lambda: datetime.now(UTC) >= moment, f"{moment:%H:%M:%S}")


def next_due(at: datetime | None = None) -> datetime:
    """The next time that a second of 0, 20 or 40 is due."""
    now = at or datetime.now(UTC)
    whole = now.replace(second=now.second // 20 * 20, microsecond=0)
    return whole + GAP


def seen_as(verdict: str, code: str | None) -> dict[str, list[str | None]]:
    """What is said where all that there is to say is said of the scheduler."""
    return {"good": [verdict, code], "[schedulers.host]": ["failed" if code else "ok", code]}


def test_what_timers_do_is_judged(on: Machine, tmp_path: Path) -> None:
    for name, case in TIMERS.items():
        on.timer(name, case.service, case.timer)
    on.unit("works.service", f"{ONCE}/bin/true")
    on.unit("off.timer", f"[Timer]\n{EACH}\n[Install]\nWantedBy=timers.target\n")
    on.unit("off.service", f"{ONCE}/bin/true")
    on.boot()
    on.run("systemctl", "stop", "stopped.timer")
    first = next_due()
    await_due(first, 5)
    on.forget("vanished.service")
    on.run("touch", "/run/second")
    on.run("systemctl", "stop", "ended.service")
    second = first + GAP
    await_due(second, 2)
    on.run("touch", "/run/fixed")
    on.run("systemctl", "start", "by-hand.service")
    on.run("systemctl", "stop", "ended.service")
    await_due(second, 9)

    done = {name: case.done for name, case in TIMERS.items()}
    done |= {"off": "its timer is disabled", "gone": "it has no timer"}
    jobs = [table(name, case.lines) for name, case in TIMERS.items()]
    story = "timers of every 20 s, seen after the second time"
    morning, look = engine_of(on, tmp_path).judged(
        jobs_toml(*jobs, table("off"), table("gone")), story=story, done=done
    )

    expected = {name: list(case.says) for name, case in TIMERS.items()}
    expected |= {"off": list(PAUSED), "gone": ["missed", "not-registered"], "[schedulers.host]": ["ok", None]}
    assert look.said == expected
    (host,) = morning.schedulers
    assert not host.undeclared
    look.keep("timers")


def test_a_machine_that_was_off_explains_what_it_missed(on: Machine, tmp_path: Path) -> None:
    on.timer("plain", f"{ONCE}/bin/true", EACH)
    on.timer("catches-up", f"{ONCE}/bin/true", f"{EACH}\nPersistent=true")
    on.timer("cut-off", f"{ONCE}/bin/sleep 8", EACH)
    on.boot()
    first = next_due()
    await_due(first, 9)
    on.off()
    # Over the next time that is due.
    second = first + GAP
    await_due(second, 5)
    on.boot()
    await_due(second, 14)
    persistent = 'max_runtime = "2 s"'
    jobs = [table("plain", persistent), table("catches-up", persistent)]
    engine = engine_of(on, tmp_path)
    _, look = engine.judged(
        jobs_toml(*jobs),
        story="shut down before a time that was due, and up again after it",
        done={"plain": "due while its machine was off", "catches-up": "the same, with Persistent=true"},
    )

    assert look.said == {
        "plain": ["missed", "host-was-off"],
        "catches-up": ["ok", "made-good"],
        "[schedulers.host]": ["ok", None],
    }
    look.keep("off")

    third = second + GAP
    await_due(third, 3)
    on.cut()
    on.boot()
    await_due(third, 13)
    _, look = engine.judged(
        jobs_toml(table("plain"), table("cut-off", 'max_runtime = "9 s"')),
        story="its power was cut, and it was up again within seconds",
        done={"plain": "had ended before", "cut-off": "was running when the power was cut"},
    )

    assert look.said == {"plain": ["ok", None], "cut-off": ["failed", "run-failed"], "[schedulers.host]": ["ok", None]}
    look.keep("cut")


# Whoever looks, and by which way --------------------------------------------------------------------------------------

OWNERS = "/home/owner/.config/systemd/user"
SSHD = """
HostKey /etc/ssh/of_the_test
AuthorizedKeysFile /etc/ssh/keys
UsePAM no
StrictModes no
"""
WITH_KEY = (
    "ssh", "-Fnone", "-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
    "-oLogLevel=ERROR", "-i${KEY}", "-oProxyCommand=${MACHINE} /usr/sbin/sshd -i -f /etc/ssh/of_the_test.conf",
    "rollcall@machine",
)  # fmt: skip


def as_user(name: str) -> tuple[str, ...]:
    return ("setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that runs a job for the system and two for a user, with users who may see more or less of that."""
    with machine(tmp_path_factory.mktemp("watched") / "machine", ZONE) as made:
        made.timer("good", f"{ONCE}/bin/true", EACH)
        made.timer("delayed", f"{ONCE}/bin/true", f"{EACH}\nRandomizedDelaySec=30s")
        made.boot()
        made.run("useradd", "--system", "stranger")
        for each in ("rollcall", "rollcall-start"):
            made.run("useradd", "--system", "--shell", "/bin/sh", "--groups", "systemd-journal", each)
        made.run("useradd", "--create-home", "owner")
        made.run("mkdir", "-p", OWNERS)
        for name, command in {"mine": "/bin/true", "fails": "/bin/false"}.items():
            made.write(f"{OWNERS}/{name}.service", f"{ONCE}{command}\n")
            made.write(f"{OWNERS}/{name}.timer", f"[Timer]\nAccuracySec=10ms\n{EACH}\n")
        made.run("chown", "-R", "owner:", "/home/owner")
        made.run("systemctl", "start", f"user@{made.run('id', '-u', 'owner').strip()}.service")
        made.run(*owner(made), "systemctl", "--user", "start", "mine.timer", "fails.timer")
        await_due(next_due(), 9)
        yield made


def owner(on: Machine) -> tuple[str, ...]:
    """What runs a command as the user who has timers."""
    return (*as_user("owner"), "env", f"XDG_RUNTIME_DIR=/run/user/{on.run('id', '-u', 'owner').strip()}")


LOOKS = {
    "member": (as_user("rollcall"), "ok", None, "a user of the group systemd-journal looks"),
    "stranger": (as_user("stranger"), "unknown", "access-denied", "a user who is in no group looks"),
    "container": (
        ("unshare", "--mount", "sh", "-c", 'umount -l /run; exec "$0" "$@"'),
        "unknown",
        "scheduler-down",
        "asked where no systemd runs, as in a container",
    ),
}


@pytest.mark.parametrize("name", LOOKS)
def test_who_may_see_the_journal_sees_the_runs(watched: Machine, tmp_path: Path, name: str) -> None:
    via, verdict, code, story = LOOKS[name]
    _, look = engine_of(watched, tmp_path).judged(
        jobs_toml(table("good"), via=via), story=story, done={"good": "exits with 0"}
    )

    assert look.said == seen_as(verdict, code)
    look.keep(name)


def test_what_is_listed_is_declared(watched: Machine, tmp_path: Path) -> None:
    _, look = engine_of(watched, tmp_path).judged(
        jobs_toml(more='declare = ["go*"]'), story="declared by listing it", done={"good.timer": "exits with 0"}
    )

    assert look.said == {"good.timer": ["ok", None], "[schedulers.host]": ["ok", None]}
    look.keep("declared")


def test_a_first_jobs_toml_is_written_from_its_timers(watched: Machine, tmp_path: Path) -> None:
    for name in ("systemctl", "journalctl", "readlink"):
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {watched.enter} {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    here = tmp_path / "here"
    here.mkdir()
    words = [sys.executable, "-m", "rollcall", "init", "--from", "systemd"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(words, cwd=here, env=environment, check=True, capture_output=True)

    written = (here / "jobs.toml").read_text()
    assert 'kind = "systemd"' in written
    assert 'ignore = ["apt-*"' in written
    assert 'declare = ["*"]' in written or 'schedule = "*-*-* *:*:00/20"' in written


def test_a_users_own_timers_are_seen_by_that_user(watched: Machine, tmp_path: Path) -> None:
    _, look = engine_of(watched, tmp_path).judged(
        jobs_toml(table("mine"), table("fails"), via=owner(watched), more="user = true"),
        story="timers of a user, seen by that user, who sees nobody else's journal",
        done={"mine": "exits with 0", "fails": "exits with 1"},
    )

    assert look.said == {"mine": ["ok", None], "fails": list(FAILED), "[schedulers.host]": ["ok", None]}
    look.keep("user")


def test_a_key_that_may_only_look_is_enough(watched: Machine, tmp_path: Path) -> None:
    if not Path("/usr/sbin/sshd").exists():
        unavailable("no sshd here: sudo apt-get install openssh-server")
    watched.run("usermod", "--password", "*", "rollcall")  # without PAM, sshd takes a user without one for locked
    watched.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/of_the_test")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    watched.run("mkdir", "-p", "/run/sshd")
    watched.write("/usr/local/bin/systemd-look", (PERMISSIONS / "systemd-look").read_text())
    watched.run("chmod", "755", "/usr/local/bin/systemd-look")
    forced = f'restrict,command="/usr/local/bin/systemd-look" {(tmp_path / "key.pub").read_text()}'
    watched.write("/etc/ssh/keys", forced)
    watched.write("/etc/ssh/of_the_test.conf", SSHD)
    known = {"MACHINE": str(watched.enter), "KEY": str(tmp_path / "key")}

    typed = [each.replace("${KEY}", known["KEY"]).replace("${MACHINE}", known["MACHINE"]) for each in WITH_KEY]
    for command in (
        "id",
        "systemctl poweroff",
        "journalctl -o json; id",
        "date +%s.%N $(id)",
        "journalctl -o json `id`",
        "journalctl -o json --utc --list-boots --cursor-file=/tmp/written",
        "journalctl -o json --output-fields=MESSAGE --since=@1 '--cursor-file=/tmp/written'",
        "systemctl show --timestamp=unix --property=Id --host=other -- good.timer",
        "systemctl list-unit-files --type=timer --host=other",
    ):
        ended = subprocess.run([*typed, command], capture_output=True, text=True, check=False)
        assert ended.returncode != 0, command
        assert "uid=" not in ended.stdout + ended.stderr
    _, look = replace(engine_of(watched, tmp_path), environment=known).judged(
        jobs_toml(table("good"), whole_via=("${ENGINE_VIA}", *WITH_KEY)),
        story="by ssh, with a key whose forced command lets it look and do nothing else",
        done={"good": "exits with 0"},
    )

    assert look.said == seen_as("ok", None)
    look.keep("ssh")


def test_a_machine_that_cannot_be_reached_is_silent(on: Machine, tmp_path: Path) -> None:
    found = re.match(
        r"systemd (\d+)", subprocess.run(["systemctl", "--version"], capture_output=True, text=True).stdout
    )
    assert found
    known = {"MACHINE": str(on.enter), "KEY": str(tmp_path / "key")}
    _, look = Engine(name=f"systemd {found[1]}", folder=tmp_path / "look", environment=known).judged(
        jobs_toml(table("good"), whole_via=("${ENGINE_VIA}", *WITH_KEY)),
        story="by ssh, and the machine is off",
        done={"good": "exits with 0"},
    )

    assert look.said == seen_as("unknown", "host-silent")
    look.keep("silent")


def test_what_was_missed_is_started_with_rights_of_its_own(watched: Machine, tmp_path: Path) -> None:
    if not shutil.which("sudo"):
        unavailable("no sudo here: sudo apt-get install sudo")
    due = next_due(datetime.now(UTC) + timedelta(seconds=2))
    calendar = f"{due.astimezone(ZoneInfo(ZONE)):*-*-* %H:%M:%S}"
    watched.unit("db-backup.service", f"{ONCE}/bin/sleep 1")
    watched.unit("db-backup.timer", f"[Timer]\nOnCalendar={calendar}\n")
    watched.write("/etc/sudoers.d/rollcall", (PERMISSIONS / "systemd-start.sudoers").read_text())
    await_due(due, 1)
    # It was switched on too late.
    watched.run("systemctl", "daemon-reload")
    watched.run("systemctl", "start", "db-backup.timer")
    await_due(due, 6)

    file = tmp_path / "jobs.toml"
    way = [str(watched.enter), *as_user("rollcall-start"), "sudo", "-n"]
    lines = f'schedule = "{calendar}"\nrerun = true\nmax_runtime = "1 min"'
    remedy = f"[schedulers.host.remedy]\nvia = {json.dumps(way)}\n"
    looks_by = [str(watched.enter), *as_user("rollcall")]
    file.write_text(jobs_toml(table("db-backup", lines), whole_via=looks_by, more=remedy))

    def rerun(*options: str) -> tuple[int, str]:
        words = [sys.executable, "-m", "rollcall", "rerun", "db-backup", "--jobs-file", str(file), *options]
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        assert not ended.stderr
        return ended.returncode, ended.stdout

    _, said = rerun("--dry-run")
    assert "would be re-run" in said
    assert "sudo -n systemctl start --no-block db-backup" in said
    status, said = rerun()
    assert status == 0
    assert "verified: run by hand, done" in said


def test_a_delay_longer_than_the_gap_leaves_one_run_a_window(watched: Machine, tmp_path: Path) -> None:
    engine, looks = engine_of(watched, tmp_path), list[Look]()

    def is_judged() -> bool:
        _, look = engine.judged(
            jobs_toml(table("delayed", 'jitter = "30 s"')),
            story="RandomizedDelaySec longer than the gap, as of Debian's apt-daily.timer",
            done={"delayed": "due every 20 s, and delayed by up to 30 s"},
        )
        looks.append(look)
        return look.said["delayed"][0] != "pending"

    await_that(is_judged, "a time that was due more than its delay ago")

    assert looks[-1].said == {"delayed": ["ok", None], "[schedulers.host]": ["ok", None]}
    looks[-1].keep("delayed")
