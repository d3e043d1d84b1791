"""`rollcall schema`: the JSON Schema of jobs.toml, for editors, or of morning.json or coverage.json, for programs.

That of jobs.toml lists every kind of scheduler that is installed here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rollcall.morning.schema import morning_schema, schema_of
from rollcall.roll.schema import json_schema

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    schema = commands.add_parser("schema", help="the JSON Schema of jobs.toml, for editors, or of morning.json")
    other = schema.add_mutually_exclusive_group()
    other.add_argument("--morning", action="store_true", help="that of morning.json, for programs that read it")
    other.add_argument("--coverage", action="store_true", help="that of coverage.json, which rehearse --all writes")
    schema.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Iterator[str]:
    """The schema in one piece."""
    if asked_for.coverage:
        from rollcall.rehearse.document import Document

        schema = schema_of(Document)
    else:
        schema = morning_schema() if asked_for.morning else json_schema()
    yield json.dumps(schema, indent=2, ensure_ascii=False)
