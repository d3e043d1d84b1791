"""How is a list had of Airflow, page by page, whatever is made meanwhile?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from rollcall.schedulers.over_json import Answers
from rollcall.sources.expressions import ABSENT

Row = Mapping[str, Any]

# What a POST hands out at once: of a GET its maximum_page_limit is less, whatever was asked for.
_AT_ONCE = 500
# What names a DAG, a run, a task of it, an import error.
_NAMED_BY = ("dag_id", "dag_run_id", "task_id", "map_index", "import_error_id")
# What rows are told apart and put together by.
_ONE_VALUE = (*_NAMED_BY, "bundle_name", "relative_fileloc", "filename", "state")


def page(
    answers: Answers, ask: str, each: str, query: Mapping[str, Any], before: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """What comes after so many others, and how many there are in all. Raises `CannotLook`."""
    if ask.startswith("POST "):
        answer = answers.ask(ask, {**query, "page_limit": _AT_ONCE, "page_offset": before})
    else:
        limit = answers.scheduler.page_size
        answer = answers.ask(f"{ask}?{urlencode({**query, 'limit': limit, 'offset': before})}", None)
    says = answer if isinstance(answer, dict) else {}
    rows = answers.listed(says.get(each, says or answer), each, before)
    for row in rows:
        for name in (name for name in _ONE_VALUE if isinstance(row.get(name), (list, dict))):
            raise answers.reader.hole(f"{each}.{name}", row[name], "one value")
    total = answers.reader.count(says.get("total_entries"))
    if total is None:
        raise answers.reader.hole("total_entries", says.get("total_entries", ABSENT), "a number")
    return rows, total


def pages(answers: Answers, ask: str, each: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All there are, each once. Raises `CannotLook`, also where fewer come than there are said to be."""
    came, known = 0, set[str]()
    while True:
        rows, total = page(answers, ask, each, query, came)
        came += len(rows)
        # What is made meanwhile moves others on to the next page, where they come again.
        for row in rows:
            key = json.dumps([row.get(name) for name in _NAMED_BY], default=str)
            if key not in known:
                known.add(key)
                yield row
        if came >= total:
            return
        if not rows:
            raise answers.scheduler.broken(f"{each} are {total:,} by total_entries, and {came:,} came")
