"""Which parts of a next step are to be typed, and which only speak of something?"""

from __future__ import annotations

import pytest

from rollcall.causes.commands import parts_of


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        ("Run it now: `curl -X POST x`, then `pytest checks/`",
         ["Run it now:", ["curl -X POST x"], "then", ["pytest checks/"]]),
        ("See whether it is up (`ps aux | grep uvicorn`), start it",
         ["See whether it is up", ["ps aux | grep uvicorn"], "start it"]),
        # What follows a semicolon is a sentence of its own.
        ("Look at it: `head x`; run it by hand", ["Look at it:", ["head x"], "Run it by hand"]),
        ("`ls -lt`", [["ls -lt"]]),
        ("(`crontab -l`, `systemctl list-timers`)", [["crontab -l"], ["systemctl list-timers"]]),
        # A key of jobs.toml, or a word of the scheduler's, is no command: alone it would only mislead.
        ('Set `partial = "fail"` in [jobs.x]', ['Set `partial = "fail"` in [jobs.x]']),
        ("See that `cron.log_run` is on; then `pytest checks/`",
         ["See that `cron.log_run` is on; then", ["pytest checks/"]]),
    ],
)  # fmt: skip
def test_only_what_is_to_be_typed_stands_alone(step: str, parts: list[str | list[str]]) -> None:
    assert [[part] if is_command else part for part, is_command in parts_of(step)] == parts
