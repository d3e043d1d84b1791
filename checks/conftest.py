"""Gives each check its job, or its scheduler: it runs once for every one that jobs.toml declares."""

from rollcall.plugin.checks import job, pytest_generate_tests, pytest_ignore_collect, scheduler  # noqa: F401
