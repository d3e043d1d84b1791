"""Which witnesses does a job or a scheduler have, as the markers of the checks name them?"""

from __future__ import annotations

from rollcall.roll.job import Job
from rollcall.roll.scheduler import Scheduler
from rollcall.verdict.findings import Check
from rollcall.verdict.promises import promises_of
from rollcall.verdict.scheduler import promises_of as promises_of_scheduler

# What a marker asks for, and the promise that only such a witness can be held to.
OF_JOBS = {
    "scheduler": None,
    "listing": Check.IS_REGISTERED,
    "next_run": Check.NEXT_RUN_IS_ON_SCHEDULE,
    "record": Check.EXECUTED_AFTER_DUE_TIME,
    "status": Check.STATUS_IS_SUCCESS,
    "starts": Check.STARTED_ON_TIME,
    "durations": Check.RUNTIME_IS_AS_ALLOWED,
    "output": Check.OUTPUT_EXISTS,
    "look_back": Check.NO_RUN_IS_MISSING,
    "upstream": Check.UPSTREAM_DID_ITS_WORK,
    "pause": Check.PAUSE_IS_CURRENT,
}
OF_SCHEDULERS = {
    "clock": Check.CLOCK_AGREES,
    "switch": Check.SCHEDULER_IS_RUNNING,
    "loop": Check.SCHEDULER_IS_ALIVE,
    "listing": Check.HAS_RECORDS,
    "memory": Check.MEMORY_ANSWERS,
}


def job_witnesses(job: Job) -> frozenset[str]:
    """Those of a job."""
    promised = promises_of(job)
    own = {name for name, check in OF_JOBS.items() if check in promised}
    return frozenset(own | ({"scheduler"} if job.scheduler else set()))


def scheduler_witnesses(scheduler: Scheduler) -> frozenset[str]:
    """Those of a scheduler."""
    promised = (*promises_of_scheduler(scheduler), *((Check.MEMORY_ANSWERS,) if scheduler.memory else ()))
    return frozenset(name for name, check in OF_SCHEDULERS.items() if check in promised)
