"""What is promised of a job, by what its witnesses can tell?"""

from rollcall.roll.job import Job
from rollcall.verdict.findings import Check


def promises_of(job: Job) -> tuple[Check, ...]:
    """The checks that can be asked of it, whatever was seen."""
    tells = job.scheduler.tells if job.scheduler else frozenset()
    has_output = bool(job.outputs)
    promised = {
        Check.IS_REGISTERED: "jobs" in tells,
        Check.NEXT_RUN_IS_ON_SCHEDULE: "jobs" in tells and bool({"next_run", "paused", "schedule"} & tells),
        Check.EXECUTED_AFTER_DUE_TIME: "runs" in tells,
        Check.STATUS_IS_SUCCESS: "status" in tells,
        Check.STARTED_ON_TIME: "started" in tells,
        Check.RUNTIME_IS_AS_ALLOWED: {"started", "ended"} <= tells,
        Check.RAN_ON_TIME: True,
        Check.OUTPUT_EXISTS: has_output,
        Check.OUTPUT_IS_WHOLE: has_output,
        Check.OUTPUT_AGREES_WITH_RECORD: has_output and "runs" in tells,
        Check.NO_RUN_IS_MISSING: has_output or "history" in tells,
        Check.UPSTREAM_DID_ITS_WORK: bool(job.needs or job.after),
        Check.PAUSE_IS_CURRENT: job.paused is not None,
    }
    return tuple(check for check, is_promised in promised.items() if is_promised)
