"""`rollcall schema`: the JSON Schema of jobs.toml, for editors."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rollcall.config import json_schema

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    schema = commands.add_parser("schema", help="the JSON Schema of jobs.toml, for editors")
    schema.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """The schema in one piece."""
    yield json.dumps(json_schema(), indent=2, ensure_ascii=False)
