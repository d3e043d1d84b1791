"""Debian's cron daemon, twice: one logs all (`-L 15`), one is as it is installed; each on a machine of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from engines.conftest import await_that, unavailable
from fixtures.engines import Engine

TOP = Path(__file__).resolve().parent.parent
BOX = Path(__file__).with_name("cron_box.sh")
CRON, JOURNALD = Path("/usr/sbin/cron"), Path("/lib/systemd/systemd-journald")
MINUTE = timedelta(minutes=1)

# What a look needs besides its jobs. A line of cron is due each minute, and begins within it.
HEAD = """
timezone = "Europe/Zurich"
look_back = "1 min"
[defaults]
scheduler = "host"
schedule = "* * * * *"
grace = "25 s"
max_runtime = "20 s"
owes = "latest"
[schedulers.host]
kind = "cron"
via = ["${ENGINE_VIA}", "${INSIDE}"]
"""
CRONTAB = r"""
MAILTO=""
* * * * * true good
* * * * * echo boom >&2; exit 3
* * * * * kill -9 $$
* * * * * sleep 400
* * * * * sleep 24; true slow
* * * * * true starts late
* * * * * cat > /dev/null%two%lines
* * * * * true ignores its input%a line
* * * * * echo \%d \%s > /dev/null
* * * * * true é
* * * * * true twice a
* * * * * true twice b
* * * * * true taken out
* * * * * true commented out
5 4 * * * true moved
30 2 * * * true elsewhere
* * * * * date > /srv/made
"""
DONE = {
    "good": "runs each minute",
    "fails": "exits with 3",
    "killed": "is killed by a signal",
    "hangs": "does not end",
    "slow": "takes longer than it may",
    "input": "reads what stands behind its %",
    "unread": "does not read what stands behind its %",
    "percent": "has \\% in its line",
    "accent": "has é in its line",
    "twice": "two lines have its name in them",
    "removed": "its line was taken out",
    "commented": "its line was commented out",
    "moved": "its line has another schedule",
    "elsewhere": "declared in another time zone than the machine's",
    "dotted": "its file in /etc/cron.d has a dot in its name",
    "newline": "its file in /etc/cron.d does not end with a line break",
    "beside": "another line of its file in /etc/cron.d is wrong",
    "system": "stands in /etc/crontab, with a user",
    "script": "a script in /etc/cron.hourly, which run-parts runs",
}
JOBS = """
[jobs.good]
name = "true good"
[jobs.fails]
name = "echo boom >&2; exit 3"
[jobs.killed]
name = "kill -9"
[jobs.hangs]
name = "sleep 400"
[jobs.slow]
name = "true slow"
[jobs.input]
name = "cat > /dev/null"
[jobs.unread]
name = "ignores its input"
[jobs.percent]
name = 'echo \\%d \\%s'
[jobs.accent]
name = "true é"
[jobs.twice]
name = "twice"
[jobs.removed]
name = "taken out"
[jobs.commented]
name = "commented out"
[jobs.moved]
name = "true moved"
schedule = "0 4 * * *"
[jobs.elsewhere]
name = "true elsewhere"
schedule = "30 2 * * *"
timezone = "Asia/Tokyo"
[jobs.dotted]
name = "true dotted"
[jobs.newline]
name = "true newline"
[jobs.beside]
name = "true beside"
[jobs.system]
name = "true system"
[jobs.script]
name = "/etc/cron.hourly/tidy"
"""
# Only of the minute in which its daemon was held up.
LATE = """
[jobs.late]
name = "starts late"
grace = "8 s"
max_runtime = "30 s"
"""
SYSTEM = """
* * * * * nobody true system
* * * * * root cd / && run-parts --report /etc/cron.hourly
"""


@dataclass
class Box:
    """A machine within this one. `root` is its file system as it is seen from here, `inside` runs a command there."""

    root: Path
    inside: Path

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path.lstrip("/")
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)

    def run(self, *argv: str) -> str:
        return subprocess.run([str(self.inside), *argv], check=True, capture_output=True, text=True).stdout

    def start(self, *options: str) -> None:
        self.run("sh", "-c", '"$@" < /dev/null > /dev/null 2>&1 &', "sh", str(CRON), "-f", *options)
        await_that(lambda: (self.root / "run/crond.pid").exists(), "the daemon")

    @property
    def daemon(self) -> str:
        return (self.root / "run/crond.pid").read_text().strip()

    def log(self) -> str:
        """As a syslogd writes it: local times without a year."""
        return self.run("journalctl", "--system", "--quiet", "--no-pager", "--output=short")


@contextmanager
def box(folder: Path) -> Iterator[Box]:
    """The machine, until the block ends."""
    folder.mkdir()
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "sh", str(BOX)]
    with subprocess.Popen(unshare, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            if process.stdout.readline().strip() != "ready":
                unavailable(f"no machine within this one: {process.stderr.read()[-300:]}")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            inside = folder / "inside"
            inside.write_text(f'#!/bin/sh\nexec nsenter --target {children[0]} --mount --pid --uts --ipc -- "$@"\n')
            inside.chmod(0o755)
            yield Box(root=Path(f"/proc/{children[0]}/root"), inside=inside)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Box, Box]]:
    """Both after two minutes: `-L 15`, and as it is installed. In the second minute each daemon was held up."""
    if not CRON.exists() or not JOURNALD.exists():
        unavailable("cron or systemd's journal is not installed: apt-get install cron systemd")
    if os.geteuid() != 0:
        unavailable("a machine within this one needs root")
    folder = tmp_path_factory.mktemp("cron")
    with ExitStack() as stack:
        made = tuple(stack.enter_context(box(folder / name)) for name in ("logs-all", "as-installed"))
        for each, options in zip(made, (("-L", "15"), ()), strict=True):
            each.run("mount", "-t", "tmpfs", "box", "/srv")
            each.write("/var/spool/cron/crontabs/root", CRONTAB, 0o600)
            each.write("/etc/crontab", SYSTEM)
            each.write("/etc/cron.d/has.dot", "* * * * * root true dotted\n")
            each.write("/etc/cron.d/newline", "* * * * * root true newline")
            each.write("/etc/cron.d/beside", "* * * * * root true beside\n* * 32 * * root true wrong\n")
            each.write("/etc/cron.hourly/tidy", "#!/bin/sh\ntrue\n", 0o755)
            each.start(*options)
        await_second(3)
        for each in made:
            await_that(partial(lambda box: "true good" in box.log(), each), "a first minute")
            tab = CRONTAB.replace("* * * * * true taken out\n", "").replace(
                "* * * * * true comm", "# * * * * * true comm"
            )
            each.write("/var/spool/cron/crontabs/root", tab, 0o600)
            os.utime(each.root / "var/spool/cron/crontabs")
        await_second(52)
        for each in made:
            each.run("kill", "-STOP", each.daemon)
        await_second(12)
        for each in made:
            each.run("kill", "-CONT", each.daemon)
        await_second(50)
        for each in made:
            each.write("/var/log/syslog", each.log())
        yield made[0], made[1]


def await_second(second: int) -> None:
    """Waits for that second of this minute, or of the next."""
    now = datetime.now(UTC)
    then = now.replace(second=second, microsecond=0)
    then += MINUTE if then <= now else timedelta(0)
    await_that(lambda: datetime.now(UTC) >= then, f"second {second}", within=70)


def looked(
    box: Box, jobs_toml: str, story: str, done: Mapping[str, str], as_name: str
) -> Mapping[str, Sequence[str | None]]:
    """What is said now, kept under that name."""
    names = {"INSIDE": str(box.inside), "BIN": str(box.inside.parent)}
    engine = Engine(name="cron 3.0", folder=box.inside.parent / as_name, environment=names)
    _, look = engine.judged(jobs_toml, story=story, done=done, now=datetime.now(UTC))
    look.keep(as_name)
    return look.said


LOGS_ALL = {
    "good": ["ok", None],
    "fails": ["failed", "run-failed"],
    "killed": ["failed", "run-failed"],
    "hangs": ["stuck", "still-running"],
    "slow": ["late", "overran"],
    "input": ["ok", None],
    "unread": ["ok", None],
    "percent": ["ok", None],
    "accent": ["ok", None],
    "twice": ["unknown", "listed-twice"],
    "removed": ["missed", "not-registered"],
    "commented": ["missed", "not-registered"],
    "moved": ["failed", "schedule-drift"],
    "elsewhere": ["failed", "wrong-timezone"],
    "dotted": ["missed", "not-registered"],
    "newline": ["missed", "not-registered"],
    "beside": ["missed", "not-registered"],
    "system": ["ok", None],
    "script": ["ok", None],
    "[schedulers.host]": ["ok", None],
}


def test_what_happened_is_said_of_each_job(boxes: tuple[Box, Box]) -> None:
    story = "its daemon logs all (`-L 15`), and was held up for 12 s in the minute that is judged"
    done = {**DONE, "late": "begins late: the daemon was held up"}
    said = looked(boxes[0], HEAD + JOBS + LATE, story, done, "logs-all")

    assert said == {**LOGS_ALL, "late": ["ok", "started-late"]}


def test_a_file_tells_the_same_as_the_journal(boxes: tuple[Box, Box]) -> None:
    toml = HEAD + 'log = "/var/log/syslog"\n' + JOBS
    story = "the same, read from /var/log/syslog: local times without a year"

    assert looked(boxes[0], toml, story, DONE, "logs-all-in-a-file") == LOGS_ALL


BEGUN = """
[jobs.good]
name = "true good"
[jobs.fails]
name = "echo boom >&2; exit 3"
[jobs.start_is_enough]
name = "kill -9"
proof = "start"
[jobs.removed]
name = "taken out"
"""


def test_as_it_is_installed_it_tells_that_a_job_began_and_no_more(boxes: tuple[Box, Box]) -> None:
    done = {
        "good": "runs each minute",
        "fails": "exits with 3",
        "start_is_enough": 'is killed by a signal, and its start is proof enough (`proof = "start"`)',
        "removed": "its line was taken out",
    }
    story = "its daemon is as it is installed: it logs starts, and no ends"

    assert looked(boxes[1], HEAD + BEGUN, story, done, "as-installed") == {
        "good": ["unknown", "unknown-status"],
        "fails": ["unknown", "unknown-status"],
        "start_is_enough": ["ok", None],
        "removed": ["missed", "not-registered"],
        "[schedulers.host]": ["ok", None],
    }


@pytest.mark.parametrize(
    ("name", "log", "of_scheduler", "of_job"),
    [
        ("may-not-read-the-journal", "", ["failed", "access-denied"], ["unknown", "access-denied"]),
        ("may-read-no-crontab-of-others", "/var/log/syslog", ["ok", None], ["unknown", "access-denied"]),
    ],
)
def test_who_may_not_read_it_is_told_so(
    boxes: tuple[Box, Box], name: str, log: str, of_scheduler: list[str | None], of_job: list[str | None]
) -> None:
    games = '"${INSIDE}", "setpriv", "--reuid=games", "--regid=games", "--clear-groups"]'
    toml = (
        HEAD.replace('"${INSIDE}"]', games) + (f'log = "{log}"\n' if log else "") + '[jobs.good]\nname = "true good"\n'
    )
    story = "asked by another user, who may not read " + ("root's crontab" if log else "the journal")

    said = looked(boxes[0], toml, story, {"good": "runs each minute, by root's crontab"}, name)

    assert said == {"good": of_job, "[schedulers.host]": of_scheduler}


@pytest.fixture(scope="module")
def guarded(boxes: tuple[Box, Box]) -> Box:
    """The first, over a key that may only look: what comes after the host is handed to `cron-look`, as sshd does."""
    box = boxes[0]
    for file in (TOP / "deploy/permissions/cron-look", *(TOP / "rollcall/schedulers").glob("cron*.sh")):
        box.write(f"/srv/{file.name}", file.read_text(encoding="utf-8"), 0o755)
    ssh = box.inside.with_name("ssh")
    ssh.write_text(f'#!/bin/sh\nshift\nexec {box.inside} /srv/cron-look "$*"\n')
    ssh.chmod(0o755)
    return box


@pytest.mark.parametrize(
    ("name", "keys"), [("over-ssh", ""), ("over-ssh-by-a-file", 'log = "/var/log/syslog"\n')], ids=["journal", "file"]
)
def test_a_key_that_may_only_look_is_enough(guarded: Box, name: str, keys: str) -> None:
    toml = HEAD.replace('"${INSIDE}"]', '"${BIN}/ssh", "rollcall@box"]') + keys + JOBS

    assert looked(guarded, toml, "the same over ssh, with a key that may only look", DONE, name) == LOGS_ALL


@pytest.mark.parametrize(
    "asked",
    [
        "id",
        "journalctl --system --no-pager --all --output=json --since=@1;id",
        "journalctl --vacuum-time=1s",
        "sh -c x rollcall /var/log/../../etc/shadow 1",
        "sh -c x rollcall /var/log/$(id) 1",
        "sh -c x rollcall /var/log/syslog 1;id",
        "crontab -r",
    ],
)
def test_nothing_else_may_be_run_with_it(guarded: Box, asked: str) -> None:
    ended = subprocess.run([guarded.inside, "/srv/cron-look", asked], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr[:19]) == (126, "", "not permitted here:")


def test_a_daemon_that_was_killed_is_stopped_though_what_it_began_goes_on(boxes: tuple[Box, Box]) -> None:
    box = boxes[0]
    box.run("kill", "-9", box.daemon)
    toml = HEAD + '[jobs.good]\nname = "true good"\n[jobs.hangs]\nname = "sleep 400"\n'
    done = {"good": "runs each minute", "hangs": "does not end, and outlives the daemon"}
    await_that(lambda: "sleep 400" in box.run("ps", "ax"), "the job that hangs")

    assert looked(box, toml, "the daemon was killed", done, "daemon-killed") == {
        "good": ["unknown", "scheduler-stopped"],
        "hangs": ["unknown", "scheduler-stopped"],
        "[schedulers.host]": ["failed", "scheduler-stopped"],
    }
