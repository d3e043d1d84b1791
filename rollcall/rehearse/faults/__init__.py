"""What could go wrong tonight, and how would it look in the evidence?

A table of faults. To add one: write what would have been seen as a function of the `EvidenceCopy` of a good run, and
give it a row in the table of its file, with the setting that would catch it (`rollcall.rehearse.advice`). A name
that is no `CauseCode` yet is planted all the same: nothing looks for it.
"""

from rollcall.rehearse.faults import inside, output, record, scheduler
from rollcall.rehearse.faults.kinds import JobFault as JobFault
from rollcall.rehearse.faults.kinds import SchedulerFault as SchedulerFault

SCHEDULER_FAULTS: tuple[SchedulerFault, ...] = scheduler.SCHEDULER_FAULTS
# Of one output, whichever of several it is.
OUTPUT_FAULTS: tuple[JobFault, ...] = output.FAULTS + inside.FAULTS
JOB_FAULTS: tuple[JobFault, ...] = scheduler.JOB_FAULTS + record.FAULTS + OUTPUT_FAULTS
