"""Where on this host does Roll call keep what must not depend on the folder it is run in?"""

import os
from collections.abc import Mapping


def state_folder(environment: Mapping[str, str]) -> str:
    """That folder of this user. Cron's environment names no other than HOME.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    named = environment.get("XDG_STATE_HOME", "")
    return os.path.join(named if os.path.isabs(named) else os.path.expanduser("~/.local/state"), "rollcall")
