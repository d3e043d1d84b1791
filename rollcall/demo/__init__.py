"""How does one get a real morning to look at? (`demo_morning`, the parent's side of the embedded service)"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rollcall.demo.faults import FAULTS, GOOD
from rollcall.roll.values import nearest
from rollcall.text import clean

__all__ = ["DEMO_FAULTS", "DemoError", "DemoMorning", "demo_morning"]

DEMO_FAULTS: tuple[str, ...] = tuple(FAULTS)

HERE = Path(__file__).resolve().parent
DEADLINE = 60.0  # real seconds until the service must be ready; it needs about two
LOG = "service.log"
# Of what is shown of earlier days; and of the addresses and files that a step names, for who reads of them later.
STAGED = (
    "The earlier mornings are made up. The demo's scheduler and files are deleted when it ends, so a command that "
    "names one of them is only to look at."
)


class DemoError(Exception):
    """The demo cannot be shown; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoMorning:
    """A service that lives, and the morning it stands in."""

    url: str
    now: datetime  # aware UTC, what everybody's clock but the service's says at the hand-over
    folder: Path  # the root of the service: data/… lies below it
    jobs_file: Path
    fault: str | None
    story: str


@contextmanager
def demo_morning(fault: str | None = None, *, folder: Path | None = None) -> Iterator[DemoMorning]:
    """A real service on the morning of Wednesday 11 February 2026, `fault` in it; it ends with the block.

    `folder` must be empty; without it a temporary one is used and removed. Raises DemoError.
    """
    _check(fault, folder)
    with ExitStack() as stack:
        root = Path(folder or stack.enter_context(TemporaryDirectory(prefix="roll-call-demo-"))).resolve()
        root.mkdir(parents=True, exist_ok=True)
        jobs_file = Path(shutil.copy(HERE / "jobs.toml", root))
        child = stack.enter_context(_service(root, fault))
        ready = _hand_over(child, root / LOG)
        yield DemoMorning(
            url=ready["url"], now=datetime.fromisoformat(ready["now"]), folder=root, jobs_file=jobs_file,
            fault=fault, story=f"This is the demo: {(FAULTS[fault] if fault else GOOD).story}. {STAGED}",
        )  # fmt: skip


def wrong_fault(fault: str) -> str:
    """Why there is no such fault, and what to write; "" where there is."""
    if fault in FAULTS:
        return ""
    near = nearest(fault, DEMO_FAULTS)
    cure = f"Did you mean {near}?" if near else f"Write one of: {', '.join(DEMO_FAULTS)}."
    return f"no such fault. {cure}"


def _check(fault: str | None, folder: Path | None) -> None:
    if fault is not None and (wrong := wrong_fault(fault)):
        raise DemoError(f'"{clean(fault, 60)}": {wrong}')
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise DemoError(f"{folder} is not empty, and the demo would write over what is there. Name a new folder.")


@contextmanager
def _service(root: Path, fault: str | None) -> Iterator[subprocess.Popen[str]]:
    house = str(HERE.parent.parent)
    path = os.pathsep.join(filter(None, (house, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "rollcall.demo.service", str(root), *([fault] if fault else [])]
    with (
        (root / LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, cwd=house, env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        ) as child,
    ):  # fmt: skip
        try:
            yield child
        finally:
            _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    """Close the pipe, which ends a healthy child at once, and insist."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()


def _hand_over(child: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """The child's one line: url, now. A service that is to be down is really gone when this returns."""
    assert child.stdout is not None
    timer = threading.Timer(DEADLINE, child.kill)
    # Ctrl-C may come at any of these lines, and must not leave a thread for whose deadline the process then waits.
    timer.daemon = True
    try:
        timer.start()
        line = child.stdout.readline()
        is_late = not timer.is_alive()
    finally:
        timer.cancel()
    if not line:
        why = f"was not ready within {DEADLINE:.0f} s" if is_late else f"ended with status {child.wait()}"
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise DemoError(f"the demo service {why}. The end of its log:\n{tail}")
    ready: dict[str, str] = json.loads(line)
    if not ready["is_up"]:
        child.wait(timeout=10)
    return ready
