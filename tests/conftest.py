"""What do all tests share?"""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["fixtures.clocks", "fixtures.on_a_clock", "fixtures.postgres"]

# The same examples on every machine, and none that is slow because the machine is busy.
# To look for longer and elsewhere: HYPOTHESIS_PROFILE=long pytest tests/test_schedule_oracle.py
settings.register_profile("same-every-time", derandomize=True, deadline=None, database=None)
settings.register_profile("long", derandomize=False, deadline=None, database=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same-every-time"))


def pytest_configure(config: pytest.Config) -> None:
    # Here, and not in pyproject.toml: a morning must not fail for what somebody else's plugin warns of.
    config.addinivalue_line("filterwarnings", "error")


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
