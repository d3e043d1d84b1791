"""`python -m rollcall.demo.service FOLDER [FAULT]`: how does the child process live and die?"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from rollcall.demo.faults import FAULTS, GOOD


def main() -> None:
    """Live through the days before, say in one JSON line where to look, answer until the parent is gone."""
    # Ctrl-C reaches the whole process group; the parent has a morning to finish and ends this one itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    # Imported only now: half a second in which the parent may already be gone.
    from rollcall.demo.stage import Stage

    folder, *names = sys.argv[1:]
    fault = FAULTS[names[0]] if names else GOOD
    stage = Stage(Path(folder), fault)
    stage.play(fault)
    now = stage.clock.now() - fault.clock_is_ahead
    line = {"url": f"http://127.0.0.1:{stage.web.port}", "now": now.isoformat(), "is_up": stage.is_up}
    print(json.dumps(line), flush=True)
    if stage.is_up:
        threading.Event().wait()


def _end_with_the_parent() -> None:
    # os.read, not sys.stdin: the interpreter cannot end while a thread holds the lock of sys.stdin.
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
