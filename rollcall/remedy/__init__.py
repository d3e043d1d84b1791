"""Start what is stopped and re-run what was missed, only when told to: was it done, and what proves that it helped?

`restart` and `rerun` act, each once, in its `turn` under a lock; `missed` tells which job is to be run again, `asking`
sends the request, `proof` looks again, `waiting` says so, and `outcome` judges the morning after it.
"""

from rollcall.remedy.rerun import rerun_missed
from rollcall.remedy.restart import restart_stopped

__all__ = ["rerun_missed", "restart_stopped"]
