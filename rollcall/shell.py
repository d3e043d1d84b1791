"""How does a word from outside stand in a command that a person types?"""

from __future__ import annotations

import re
import shlex

_VARIABLE = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*\})")


def shell_word(text: str) -> str:
    """One word of a command, whatever is in it; a `${NAME}` of jobs.toml is left to the shell's environment.

    A next step sets its commands in backticks: none comes from a name.
    """
    return "".join(_part(part) for part in _VARIABLE.split(text) if part) or "''"


def _part(text: str) -> str:
    if _VARIABLE.fullmatch(text):
        return f'"{text}"'
    if text.isprintable() and "`" not in text:
        return shlex.quote(text)
    escaped = (each if each.isprintable() and each not in "`'\\" else _escaped(each) for each in text)
    return f"$'{''.join(escaped)}'"


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
