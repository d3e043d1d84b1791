"""Which options does whoever looks understand? Each command takes those that it needs."""

from __future__ import annotations

from rollcall.options import Option

GOOD_DEMO = "1"  # the demo without a fault: what `--demo` alone means, and `ROLLCALL_DEMO=1`

JOBS_FILE = Option(
    name="--jobs-file",
    help="the jobs that should have run; jobs.toml where it is left out",
    environment="ROLLCALL_JOBS_FILE",
    more={"metavar": "FILE"},
)
SCHEDULER_URL = Option(
    name="--scheduler-url",
    help="where a scheduler answers, instead of its url in jobs.toml",
    environment="ROLLCALL_SCHEDULER_URL",
    more={"metavar": "[NAME=]URL", "action": "append", "default": []},
)
AS_OF = Option(
    name="--as-of",
    help="judge that moment instead of now, such as 2026-02-11T07:00+01:00",
    environment="ROLLCALL_AS_OF",
    more={"metavar": "TIME"},
)
DEMO = Option(
    name="--demo",
    help="judge an embedded scheduler on a staged morning, with that fault if any",
    environment="ROLLCALL_DEMO",
    more={"metavar": "CAUSE", "nargs": "?", "const": GOOD_DEMO},
)
RECORD = Option(
    name="--record",
    help="keep what is seen, without secrets, in that new folder, to judge it again",
    environment="ROLLCALL_RECORD",
    more={"metavar": "DIR"},
)
REPLAY = Option(
    name="--replay",
    help="judge the morning that --record kept there; nobody is asked",
    environment="ROLLCALL_REPLAY",
    more={"metavar": "DIR"},
)
RESTART = Option(
    name="--restart-stopped",
    help="start a scheduler that is stopped or stalled, through its own `start`, and judge again",
    more={"action": "store_true"},
)
RERUN = Option(
    name="--rerun-missed",
    help="trigger the jobs that say `rerun = true` and missed their due run, and judge again",
    more={"action": "store_true"},
)
DRY_RUN = Option(
    name="--dry-run",
    help=f"say what {RESTART.name} and {RERUN.name} would do, and do nothing",
    more={"action": "store_true"},
)
NO_HISTORY = Option(
    name="--no-history",
    help="neither read nor write the history",
    environment="ROLLCALL_NO_HISTORY",
    more={"action": "store_true"},
)

SHARD = Option(
    name="--shard",
    help="only that part of the jobs, such as 2/4; `rollcall merge` makes one morning of all parts",
    environment="ROLLCALL_SHARD",
    more={"metavar": "I/N"},
)
EVIDENCE = Option(
    name="--evidence",
    help="where hosts left what `rollcall look` saw: a folder, a place of jobs.toml, or such as s3://bucket/folder",
    environment="ROLLCALL_EVIDENCE",
    more={"metavar": "PLACE"},
)
TAG = Option(
    name="--tag",
    help="only the jobs with that tag; repeated: with any of them",
    environment="ROLLCALL_TAG",
    more={"metavar": "TAG", "action": "append", "default": []},
)
OWNER = Option(
    name="--owner",
    help="only the jobs of that owner; repeated: of any of them",
    environment="ROLLCALL_OWNER",
    more={"metavar": "WHO", "action": "append", "default": []},
)

ADDRESS = (JOBS_FILE, SCHEDULER_URL)
WITNESSES = (*ADDRESS, EVIDENCE)
SELECTION = (TAG, OWNER)
OF_A_MORNING = (*WITNESSES, AS_OF, REPLAY)
OF_PYTEST = (*WITNESSES, *SELECTION, SHARD, AS_OF, DEMO, RECORD, REPLAY, RESTART, RERUN, DRY_RUN, NO_HISTORY)
OF_MONITOR = (*WITNESSES, *SELECTION, RESTART, RERUN, DRY_RUN, NO_HISTORY)
