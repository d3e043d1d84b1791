"""What can be asked for on a command line, by which words, and by which variable instead?

The same option reads alike in pytest and in every command: both take the arguments of argparse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: `more` is what argparse is to know of it besides, `environment` the variable that says the same.

    `only_by` is "pytest", "monitor" or "merge" where nothing else has it.
    """

    name: str
    help: str
    environment: str = ""
    only_by: str = ""
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def dest(self) -> str:
        """Under which name its value is found."""
        return f"rollcall_{self.name.removeprefix('--').replace('-', '_')}"

    def add_to(self, add: Callable[..., object]) -> None:
        """Adds it to a command by the command's own function for that."""
        variable = f" (${self.environment})" if self.environment else ""
        add(self.name, dest=self.dest, help=self.help + variable, **self.more)


def given(options: Iterable[Option], namespace: object) -> dict[str, Any]:
    """What was given of them on that command line, by their names."""
    found = {each.name: getattr(namespace, each.dest, None) for each in options}
    return {name: each for name, each in found.items() if each not in (None, False, [])}
