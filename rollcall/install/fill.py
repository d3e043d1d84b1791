"""How is a template filled in, so that no path in it means more than itself?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from rollcall.install.plan import Plan
from rollcall.text import clean, listed

_NO_PROGRAM = frozenset("\"'\\$")  # with a quote or \ in its name systemd refuses a program, however it is written


def fill(template: str, plan: Plan, **values: object) -> str:
    """That file of `templates/`, with the plan and these values in it."""
    return _TEMPLATES.get_template(template).render(plan=plan, home=Path.home(), **values)


def _for_cron(words: Sequence[object]) -> str:
    # Cron ends a command at the first bare %. A backslash before it is cron's own: where a path has one, the quotes
    # are closed and opened between the two.
    return shlex.join(map(str, words)).replace("\\%", "\\''%").replace("%", "\\%")


def _for_systemd(command: Sequence[str]) -> str:
    # systemd.service(5), "COMMAND LINES". The shell may be given any name for a program.
    words = command if _NO_PROGRAM.isdisjoint(command[0]) else ("/bin/sh", "-c", 'exec "$0" "$@"', *command)
    escapes = str.maketrans({"%": "%%", "$": "$$", "\\": "\\\\", '"': '\\"'})
    return " ".join(f'"{word.translate(escapes)}"' for word in words)


def _folder_for_systemd(folder: Path) -> str:
    # Taken as it stands but for %; the slash keeps a last blank or backslash from being the line's own.
    return f"{folder}/".replace("%", "%%")


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["plist"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters.update(
    cron=_for_cron,
    systemd=_for_systemd,
    systemd_folder=_folder_for_systemd,
    systemd_text=lambda text: text.replace("%", "%%"),
    clock=lambda at: f"{at:%H:%M}",
    clean=clean,
    listed=listed,
)
