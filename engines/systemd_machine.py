"""A machine of its own, with systemd as its first process: no virtual one, but namespaces that start in a second.

Its root is this machine's, with a layer above it that is thrown away; its units, its journal and the stamps of its
timers are kept from boot to boot, and each boot has an id of its own, or the journal would show one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from engines.conftest import await_that, unavailable

_SYSTEMD = "/lib/systemd/systemd"
# Shared with the real one where that has it mounted: what is made there must lie below a group of our own.
_GROUPS = Path("/sys/fs/cgroup/systemd")
_KEPT = ("etc/systemd/system", "var/log/journal", "var/lib/systemd/timers")
# What belongs to a real machine takes seconds to come up, or fails.
_MASKED = (
    "systemd-udevd.service", "systemd-udevd-kernel.socket", "systemd-udevd-control.socket",
    "systemd-udev-trigger.service", "systemd-journald-audit.socket", "systemd-tmpfiles-clean.timer",
    "systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "systemd-update-done.service",
)  # fmt: skip
_TARGET = """[Unit]
Requires=basic.target
After=basic.target
AllowIsolate=yes
"""
_ENTER = """#!/bin/sh
pid=$(cat {pid} 2>/dev/null) || {{ echo "the machine is off" >&2; exit 1; }}
exec nsenter -t "$pid" -a -r -w -- "$@"
"""
_BOOT = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/scratch"
mkdir "$1/scratch/above" "$1/scratch/work" "$1/scratch/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/scratch/above,workdir=$1/scratch/work" "$1/scratch/root"
cd "$1/scratch/root"
for each in run tmp dev sys; do mount -t tmpfs tmpfs $each; done
mount -t proc proc proc
mkdir -p sys/fs/cgroup/systemd dev/pts dev/shm
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
for each in null zero full random urandom tty; do touch dev/$each; mount --bind /dev/$each dev/$each; done
ln -s /proc/self/fd dev/fd
mount --bind "$1/boot_id" proc/sys/kernel/random/boot_id
for each in $2; do mkdir -p $each; mount --bind "$1/kept/$each" $each; done
echo 00000000000000000000000000000012 > etc/machine-id
echo machine > etc/hostname
rm -f etc/localtime; ln -s ../usr/share/zoneinfo/"$3" etc/localtime
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . "$4" --unit=rollcall.target --log-target=journal
"""


@dataclass(kw_only=True)
class Machine:
    """It is off until it is booted. `folder` holds what it keeps, `zone` is what its clock shows."""

    folder: Path
    zone: str = "Etc/UTC"
    _process: subprocess.Popen[bytes] | None = None
    _group: Path | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for each in _KEPT:
            (self.folder / "kept" / each).mkdir(parents=True, exist_ok=True)
        (self.folder / "scratch").mkdir(exist_ok=True)
        for each in _MASKED:
            (self._units / each).symlink_to("/dev/null")
        self.unit("rollcall.target", _TARGET)
        self.enter.write_text(_ENTER.format(pid=self.folder / "pid"))
        self.enter.chmod(0o755)

    @property
    def enter(self) -> Path:
        """The program that runs a command in it: put it before one."""
        return self.folder / "machine"

    @property
    def _units(self) -> Path:
        return self.folder / "kept" / "etc/systemd/system"

    def unit(self, name: str, text: str) -> None:
        """Writes a unit's file."""
        (self._units / name).write_text(text, encoding="utf-8")

    def forget(self, name: str) -> None:
        """Takes a unit's file away."""
        (self._units / name).unlink()
        self.run("systemctl", "daemon-reload")

    def timer(self, name: str, service: str, timer: str) -> None:
        """Writes a timer, begun with the machine, and the service that it activates, both as they would stand."""
        self.unit(f"{name}.service", service)
        self.unit(f"{name}.timer", f"[Timer]\nAccuracySec=10ms\n{timer}\n")
        wants = self._units / "rollcall.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / f"{name}.timer").symlink_to(f"../{name}.timer")

    def boot(self) -> None:
        """Switches it on, and waits until it is up. Skips the test where this machine forbids that."""
        (self.folder / "boot_id").write_text(Path("/proc/sys/kernel/random/uuid").read_text())
        said = (self.folder / "console").open("wb")
        with said:
            self._process = subprocess.Popen(
                ["unshare", "--cgroup", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net",
                 "sh", "-c", _BOOT, "boot", str(self.folder), " ".join(_KEPT), self.zone, _SYSTEMD],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                preexec_fn=self._enter_group,
            )  # fmt: skip
        ends_on = time.monotonic() + 30
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > ends_on:
                why = (self.folder / "console").read_text(errors="replace").strip().splitlines()
                self.cut()
                unavailable(f"systemd does not start in namespaces here: {why[-1] if why else 'it says nothing'}")
            time.sleep(0.05)

    def _enter_group(self) -> None:
        if self._group:
            (self._group / "cgroup.procs").write_text(str(os.getpid()))

    def _is_up(self) -> bool:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        first = children.read_text().split() if children.exists() else []
        if not first:
            return False
        (self.folder / "pid").write_text(first[0])
        return self.run("systemctl", "is-active", "rollcall.target", check=False).strip() == "active"

    def run(self, *argv: str, check: bool = True) -> str:
        """What a command prints that is run in it."""
        words = [str(self.enter), *argv]
        ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert ended.returncode == 0 or not check, f"{argv}: {ended.stderr}"
        return ended.stdout

    def write(self, name: str, text: str) -> None:
        """Writes a file in it, gone with the next boot."""
        words = [str(self.enter), "tee", name]
        subprocess.run(words, input=text, stdout=subprocess.DEVNULL, text=True, check=True)

    def off(self) -> None:
        """Shuts it down as a person does."""
        self.run("systemctl", "poweroff", check=False)
        self._gone()

    def cut(self) -> None:
        """Takes its power away."""
        if self._process and self._process.poll() is None:
            with suppress(OSError, ValueError):
                os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)
            self._process.send_signal(signal.SIGKILL)
        self._gone()

    def _gone(self) -> None:
        process = self._process
        if process is not None:
            await_that(lambda: process.poll() is not None, "the machine to be off")
        self._process = None


@contextmanager
def machine(folder: Path, zone: str = "Etc/UTC") -> Iterator[Machine]:
    """A machine that is off, and gone afterwards. Skips the test where this one forbids it."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "journalctl", _SYSTEMD))):
        unavailable("systemd in namespaces needs root, util-linux and systemd: sudo apt-get install systemd")
    made = Machine(folder=folder, zone=zone)
    if _GROUPS.is_dir():
        made._group = Path(mkdtemp(prefix="rollcall-", dir=_GROUPS))
    try:
        yield made
    finally:
        made.cut()
        if group := made._group:
            await_that(lambda: _is_taken_away(group), f"{group} to be empty")


def _is_taken_away(group: Path) -> bool:
    for each, _, _ in os.walk(group, topdown=False):
        # What ran in it may not be gone yet.
        with suppress(OSError):
            Path(each).rmdir()
    return not group.exists()
