"""How does a text become HTML, and a next step commands to copy?

Whatever is shown of jobs, schedulers and files was written by others: it goes through `text` or `code`, always.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from rollcall.text import clean
from rollcall.times import show_instant

_LONGEST = 4000  # nothing that a person has to type is cut
_COMMAND = re.compile("`([^`]*)`")  # rollcall.causes.commands lets none come from a name
_SEAM = " ,;()"


def text(raw: str) -> str:
    """`raw` on one line, free of what steers or hides, escaped for element and attribute."""
    return escape(clean(raw, _LONGEST), quote=True)


def command(raw: str) -> str:
    """`raw` to the letter where all of it can be shown: two spaces in the name of a folder are not one."""
    return escape(raw, quote=True) if raw.isprintable() else text(raw)


def sentence(clause: str) -> str:
    """ "Due Wed 11 Feb." of a finding's clause."""
    shown = clause[:1].upper() + clause[1:]
    return text(shown if shown.endswith((".", "!", "?", "…")) else f"{shown}.")


def words(name: str) -> str:
    """ "output exists" of `output_exists`."""
    return text(name.replace("_", " "))


def instant(at: datetime, zone: ZoneInfo) -> str:
    """A `<time>` whose attribute is UTC, so that it sorts, and whose text is for people in `zone`."""
    shown = show_instant(at, zone, seconds=bool(at.second))
    return f'<time datetime="{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">{escape(shown)}</time>'


def mark(shape: str) -> str:
    """The shape of a verdict; the word stands beside it, so it says nothing itself."""
    return f'<svg class="rc-mark" aria-hidden="true"><use href="#rc-{shape}"/></svg>'


def anchor(job_id: str) -> str:
    """The id of a job's tile."""
    return f"job-{escape(job_id, quote=True)}"


def link(job_id: str, shown: str) -> str:
    """A link to a job's tile."""
    return f'<a href="#{anchor(job_id)}">{text(shown)}</a>'


def next_step(step: str) -> str:
    """The next step, each command on a line of its own that one click selects."""
    return "".join(_pieces(step))


def _pieces(step: str) -> Iterator[str]:
    for index, piece in enumerate(_COMMAND.split(step)):
        if index % 2:
            yield f"<pre><code>{command(piece)}</code></pre>"
        elif prose := piece.strip(_SEAM):
            yield f"<p>{text(prose)}</p>"
