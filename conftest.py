"""Says what to type instead where the pytest that was called lacks Roll call; the checks themselves are in checks/."""

import sys
from importlib.metadata import PackageNotFoundError, version

try:
    version("roll-call")
except PackageNotFoundError:
    # Nothing else ends pytest without a traceback before its plugins are loaded.
    print(
        f"ERROR: {sys.executable}, whose pytest this is, has no Roll call installed. "
        "Write .venv/bin/pytest checks/ instead, or make check, which first installs it.",
        file=sys.stderr,
    )
    raise SystemExit(4) from None
