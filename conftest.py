"""Loads Roll call's fixtures and reports; the checks themselves are in checks/."""

pytest_plugins = ["rollcall.plugin"]
