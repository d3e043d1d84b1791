"""Where in an answer does a thing stand?

Expressions are JMESPath. A plain path such as `status.next` tells null (there is none) from what is not there at all
(nobody says); every other expression finds null for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator

from rollcall.text import clean

# What an answer does not hold at all.
ABSENT = object()

_NAME = r'[A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*"'
_PATH = re.compile(rf"(?:{_NAME})(?:\.(?:{_NAME}))*")


def find(expression: str, answer: Any) -> Any:
    """What stands there; `ABSENT` where a plain path leads nowhere. Raises ValueError where it cannot be worked out."""
    return compiled(expression)(answer)


@cache
def compiled(expression: str) -> Callable[[Any], Any]:
    """What finds it. Raises ValueError where this is no JMESPath."""
    if expression == "@":
        return lambda answer: answer
    if _PATH.fullmatch(expression):
        return _walking([json.loads(key) if key[0] == '"' else key for key in re.findall(_NAME, expression)])
    # Imported late: most mappings need only plain paths, and it takes as long as the rest of a small morning.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        search = jmespath.compile(expression).search
    except JMESPathError as error:
        raise ValueError(f"is no JMESPath: {clean(str(error), 120)}") from None

    def searching(answer: Any) -> Any:
        try:
            return search(answer)
        except JMESPathError as error:
            raise ValueError(clean(str(error), 120)) from None

    return searching


def _walking(keys: list[str]) -> Callable[[Any], Any]:
    def walk(answer: Any) -> Any:
        for key in keys:
            if answer is None:
                return None
            if not isinstance(answer, Mapping) or key not in answer:
                return ABSENT
            answer = answer[key]
        return answer

    return walk


def _readable(expression: str) -> str:
    if not expression.strip():
        raise ValueError('is empty. Write where it stands, such as "items", or leave the key out.')
    compiled(expression)
    return expression


Expression = Annotated[str, AfterValidator(_readable)]
