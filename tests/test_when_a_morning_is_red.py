"""Does the page for whoever was woken name every cause there is, in order, and no command that there is not?"""

from __future__ import annotations

import re

from fixtures.red_page import PAGE as FILE
from fixtures.red_page import page
from rollcall.cli import COMMANDS
from rollcall.vocabulary import CauseCode

PAGE = FILE.read_text(encoding="utf-8")


def test_the_page_is_what_the_command_prints() -> None:
    """Where this fails: make faults."""
    assert page() == PAGE


def test_every_cause_has_its_line_nearer_the_root_first() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert [cause for cause, _, _ in rows] == list(CauseCode)
    assert all(meaning.strip() and step.strip() for _, meaning, step in rows)


def test_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?rollcall ([a-z-]+)", PAGE))

    assert named
    assert {each.replace("-", "_") for each in named} <= {each.replace("-", "_") for each in COMMANDS}


def test_every_link_within_the_page_leads_somewhere() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= heads
