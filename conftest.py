"""Loads Roll call's fixtures and reports; the checks themselves are in checks/."""

import sys
from importlib.util import find_spec

_NEEDED = ("apscheduler", "cronsim", "httpx", "jmespath", "pydantic", "pytest_html")

# Nothing else ends pytest without a traceback before its plugins are loaded.
if missing := [name for name in _NEEDED if find_spec(name) is None]:
    print(
        f"ERROR: {sys.executable}, whose pytest this is, lacks {', '.join(missing)}. "
        "Write .venv/bin/pytest checks/ instead, or make check, which first installs that.",
        file=sys.stderr,
    )
    raise SystemExit(4)

pytest_plugins = ["rollcall.plugin"]
