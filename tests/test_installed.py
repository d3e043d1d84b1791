"""Is what pip installs enough, in a folder where no repository is? The wheel that is built is what is tried."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(HOUSE)], check=True, capture_output=True, timeout=300)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies in an environment; this interpreter's own packages are what it needs."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


def rollcall(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python(site, folder, "-m", "rollcall", *arguments)


def python(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    ours = ("ROLLCALL_", "PYTEST_", "GITHUB_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env = {**kept, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_everything_that_is_no_code_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    checks = {f"rollcall/starter/checks/{each.name}" for each in (HOUSE / "checks").glob("*.py")}
    deployed = {
        f"rollcall/{path.relative_to(HOUSE).as_posix()}"
        for room in ("grafana", "prometheus")
        for path in (HOUSE / "deploy" / room).iterdir()
    }
    others = {
        path.relative_to(HOUSE).as_posix()
        for path in (HOUSE / "rollcall").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert deployed
    assert (checks | deployed | others) <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "fixtures/", "benchmarks/")) for name in names)


def test_in_an_empty_folder_the_demo_is_judged_and_a_first_morning_too(site: Path, tmp_path: Path) -> None:
    version = rollcall(site, tmp_path, "--version")
    demo = rollcall(site, tmp_path, "demo", "missed-run")
    page = (tmp_path / "reports" / "morning.html").read_text(encoding="utf-8")
    fleet = rollcall(site, tmp_path, "demo", "--fleet", "12")
    begun = rollcall(site, tmp_path, "init")
    morning = python(site, tmp_path, "-m", "pytest", "checks/", "-q")

    assert version.stdout.startswith("roll-call ")
    assert (demo.returncode, "missed-run [generate_haiku_scheduled]" in demo.stdout) == (1, True), demo.stdout
    assert ">demo: 1 thing needs attention" in page
    assert (fleet.returncode, " of 12 jobs" in fleet.stdout) == (1, True), fleet.stdout
    assert (begun.returncode, "wrote jobs.toml" in begun.stdout) == (0, True)
    assert "The one job is pending" in morning.stdout, morning.stdout + morning.stderr
