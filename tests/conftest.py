"""What do all tests share?"""

import ast
import os
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "fixtures.browser",
    "fixtures.clocks",
    "fixtures.on_a_clock",
    "fixtures.postgres",
    "fixtures.dumps",
    "fixtures.histories",
    "fixtures.repositories",
    "fixtures.stores",
]

# The same examples on every machine, and none that is slow because the machine is busy.
# To look for longer and elsewhere: HYPOTHESIS_PROFILE=long pytest tests/test_schedule_oracle.py
settings.register_profile("same-every-time", derandomize=True, deadline=None, database=None)
settings.register_profile("long", derandomize=False, deadline=None, database=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same-every-time"))


def pytest_configure(config: pytest.Config) -> None:
    # Here, and not in pyproject.toml: a morning must not fail for what somebody else's plugin warns of.
    config.addinivalue_line("filterwarnings", "error")


@pytest.fixture(scope="session", autouse=True)
def _state_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What checks share on this host is not shared with those of the person who runs the tests."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


# A file of tests that imports one of these, or a fixture that does, is none for `make quick`: it starts processes,
# listens on sockets, waits for threads, measures memory, lives through years, or asks an engine what it would do.
_SLOW = (
    "subprocess",
    "socket",
    "playwright",
    "http",
    "threading",
    "concurrent",
    "tracemalloc",
    "fixtures.year",
    "apscheduler",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only the tests that start, ask and search nothing")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    is_left_out = config.getoption("--quick") and collection_path.suffix == ".py" and _is_slow(collection_path)
    return True if is_left_out else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        # Hypothesis searches for examples; each of its tests carries its mark.
        items[:] = [item for item in items if not item.get_closest_marker("hypothesis")]


@cache
def _is_slow(file: Path) -> bool:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    if any(name == slow or name.startswith(f"{slow}.") for name in imported for slow in _SLOW):
        return True
    fixtures = [_TOP.joinpath(*name.split(".")).with_suffix(".py") for name in imported if name.startswith("fixtures.")]
    return any(_is_slow(each) for each in fixtures if each.exists())


_TOP = Path(__file__).resolve().parent.parent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _fail_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        _fail_in_ci(report)
    return report


def _fail_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure: what CI did not test must not look tested."""
    if os.environ.get("CI", "").lower() in ("", "0", "false", "no"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"skipped in CI, so not tested: {reason}"
