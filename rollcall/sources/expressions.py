"""Where in an answer does a thing stand?

Expressions are JMESPath. A plain path such as `status.next` finds null (there is none) or that nothing is there at all
(not known); every other expression finds null for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from rollcall.text import clean

# What an answer does not hold at all.
ABSENT = object()

_NAME = r'[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*"'
_PATH = re.compile(rf"(?:{_NAME})(?:\.(?:{_NAME}))*")


def find(expression: str, answer: Any) -> Any:
    """What stands there; `ABSENT` where a plain path leads nowhere. Raises ValueError where it cannot be worked out."""
    if expression == "@":
        return answer
    if not _PATH.fullmatch(expression):
        try:
            return _parsed(expression).search(answer)
        except ValueError as error:
            raise ValueError(clean(str(error), 120)) from None
    for name in re.findall(_NAME, expression):
        if answer is None:
            return None
        key = json.loads(name) if name[0] == '"' else name
        if not isinstance(answer, Mapping) or key not in answer:
            return ABSENT
        answer = answer[key]
    return answer


def is_plain(expression: str) -> bool:
    """True of a plain path, of which null and nothing at all can be told from each other."""
    return expression == "@" or bool(_PATH.fullmatch(expression))


def _parsed(expression: str) -> Any:
    # Imported late: most mappings need only plain paths, and it takes as long as the rest of a small morning.
    import jmespath

    try:
        return jmespath.compile(expression)
    except ValueError as error:
        raise ValueError(f"is no JMESPath: {clean(str(error), 120)}") from None


def _readable(expression: str) -> str:
    if not expression.strip():
        raise ValueError('is empty. Write where it is, such as "items", or leave the key out.')
    if '"' in expression or not _PATH.fullmatch(expression):
        _parsed(expression)
    return expression


Expression = Annotated[str, AfterValidator(_readable)]
