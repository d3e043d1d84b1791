"""Where in a Git repository do the checks lie, and how are they run from a fresh checkout?"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from rollcall.errors import BadInput
from rollcall.install.plan import Plan
from rollcall.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The repository, and the folder of the checks and jobs.toml (None: that folder's own) in it, as text."""

    root: Path
    folder: str
    jobs_file: str | None
    slug: str
    command: str

    @classmethod
    def of(cls, plan: Plan) -> Checkout:
        """Where the plan's folder lies. Raises `BadInput` where a runner could not find it."""
        root = next((each for each in (plan.folder, *plan.folder.parents) if (each / ".git").exists()), plan.folder)
        folder = plan.folder.relative_to(root).as_posix()
        if plan.jobs_file and not plan.jobs_file.is_relative_to(root):
            rule = f"a runner checks {clean(str(root))} out, and finds this file in none of its folders. Move it there."
            raise BadInput.single("--jobs-file", rule, f'"{clean(str(plan.jobs_file))}"')
        jobs_file = Path(os.path.relpath(plan.jobs_file, plan.folder)).as_posix() if plan.jobs_file else None
        for path in (folder, jobs_file or ""):
            if "$" in path:
                raise BadInput.single("path", "a runner reads $ as a variable of its own. Rename it.", clean(path))
        slug = re.sub(r"[^a-z0-9]+", "-", "roll-call" if folder == "." else f"roll-call-{folder}".lower()).strip("-")
        has_make = (plan.folder / "Makefile").is_file()
        return cls(
            root=root,
            folder=folder,
            jobs_file=jobs_file,
            slug=slug,
            command="make check" if has_make else "python3 -m pytest checks/",
        )

    def variables(self, plan: Plan) -> dict[str, str]:
        """What the checks are told by their environment, there being no command line of theirs."""
        told = {"ROLLCALL_JOBS_FILE": self.jobs_file} if self.jobs_file else {}
        return told | ({"PYTEST_ADDOPTS": "--restart-stopped"} if plan.wish.restarts else {})

    def report(self, name: str) -> str:
        """A file of the report, from the root of the checkout."""
        return (Path(self.folder) / "reports" / name).as_posix()


def quoted(text: str) -> str:
    """A text as YAML reads it back, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)
