"""Start what is stopped and re-run what was missed, only when asked to: was it done, and what proves that it helped?

`restart` and `rerun` act, each once, in its `turn` under a lock; `missed` says which job is to be run again, `asking`
sends the request, and `outcome` judges the morning afterwards.
"""

from rollcall.remedy.rerun import rerun_missed
from rollcall.remedy.restart import restart_stopped

__all__ = ["rerun_missed", "restart_stopped"]
