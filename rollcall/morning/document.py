"""What may stand in morning.json? One model: what is written is made of it, and morning.schema.json drawn from it.

It is a promise to the programs that read it: unknown keys are refused, so that a key that is added without being
promised here is noticed, and no key is ever left out. Times are instants with an offset; what a scheduler has written
stands as it wrote it.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from rollcall.causes.action import Deed
from rollcall.evidence import Outcome
from rollcall.vocabulary import CauseCode, Verdict

MOST_RUNS = 30
MOST_FILES = 5

_Count = Annotated[int, Field(ge=0)]
_Ids = tuple[str, ...]


class Part(BaseModel):
    """A part of morning.json."""

    # Built when it is first used: a morning that is broken off needs a few of them only.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Cause(Part):
    """The one thing that explains what is wrong, or is worth knowing."""

    code: CauseCode
    sentence: str = Field(description="What happened, with its proof.")
    next_step: str = Field(description="What a person does now, with the exact command.")
    explains: _Ids = Field(
        description="Jobs that it explains too, by their ids: of a scheduler those that its trouble is the cause of, "
        "of a job those that need it and could not do their work for it."
    )


class Step(Part):
    """What a person does now, and for which jobs."""

    text: str = Field(description="A sentence; each command in it stands in backticks.")
    jobs: _Ids = Field(description="The jobs that it is for; none where it is for the scheduler.")


class Thing(Part):
    """One thing that needs attention: one cause, with all that it explains."""

    code: CauseCode
    verdict: Verdict = Field(description="The worst of what it explains.")
    scheduler: str | None = Field(description="The id of the scheduler that is broken; null where it is the jobs' own.")
    jobs: _Ids = Field(
        description="The jobs that it explains, the worst first; those that only need another of them come last."
    )
    since: AwareDatetime | None = Field(
        description="When the first run that it spoiled was due; null where that is not known, or no history is kept."
    )
    sentence: str = Field(description="What happened, with its proof: of the scheduler, or of the first of the jobs.")
    steps: tuple[Step, ...] = Field(description="One where the same step is for all of the jobs.")


class Silence(Part):
    """Of what nobody is told for a while; it is judged as ever."""

    subject: Literal["job", "tag", "scheduler"]
    name: str
    until: AwareDatetime
    reason: str
    by: str
    made_at: AwareDatetime
    jobs: _Ids = Field(description="The jobs of this morning that it is of.")


class NotOwed(Part):
    """Maintenance that is not over, or in which a run fell: nothing was owed then."""

    reason: str
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    jobs: _Ids = Field(description="The jobs that owe nothing then.")


class NextLost(Part):
    """The run that is lost next unless somebody does something."""

    job: str = Field(description="The id of the job.")
    due_at: AwareDatetime = Field(description="When it is due.")


class Paused(Part):
    """Why a job owes nothing for a while."""

    until: date = Field(description="The first day, in the job's own zone, on which it is owed again.")
    reason: str


class Finding(Part):
    """One promise, held against the evidence."""

    check: str = Field(description="The promise, or the name of a check of your own.")
    verdict: Verdict = Field(description="What the evidence proves of it.")
    warning: bool = Field(description="True where it is worth knowing, and not urgent.")
    code: CauseCode | None = Field(
        description="What it speaks for; null where it is simply well, or too early to tell."
    )
    expected: str = Field(description="What was promised.")
    found: str = Field(description="What was seen.")
    because: str = Field(description='Why that is so; "" where the promise was kept.')


class Action(Part):
    """What was done about it before it was judged."""

    deed: Deed = Field(description="What was done, or would be.")
    subject: str = Field(description="The id of the scheduler or, of a rerun, of the job.")
    at: AwareDatetime = Field(description="When.")
    proven: bool = Field(description="True where it was seen afterwards that it helped.")
    dry: bool = Field(description="True where nothing was done (--dry-run).")
    proof: str = Field(description="What was seen afterwards, or why it helped nothing.")
    due_at: AwareDatetime | None = Field(description="Of a rerun: when the run was due that was missed.")


class Scheduler(Part):
    """A scheduler, and what was found of it."""

    id: str = Field(description="The id in jobs.toml.")
    kind: str = Field(description="Which kind of scheduler it is.")
    verdict: Verdict = Field(description="The worst of its findings.")
    since: AwareDatetime | None = Field(
        description="When the first run that its trouble spoiled was due; null where it is well, that is not known, or "
        "no history is kept."
    )
    cause: Cause | None
    findings: tuple[Finding, ...]


class NotSeen(Part):
    """A witness that could not be asked: what it would have said is not known."""

    not_seen: CauseCode = Field(description="Why, in a word.")
    detail: str = Field(description="Why, with its proof.")


class Listed(Part):
    """What the scheduler said of itself, and of the job as it lists it."""

    asked_at: AwareDatetime = Field(description="When it was asked.")
    running: bool | None = Field(description="Whether it calls itself running; null where it does not say.")
    registered: bool | None = Field(description="Whether it lists the job; null where it was not asked for its jobs.")
    next_run: str | None = Field(description="As the scheduler writes it.")
    paused: bool | None = Field(description="Whether it calls the job paused; null where it does not say.")
    schedule: str | None = Field(description="As the scheduler writes it.")


class Run(Part):
    """One run that is on record, its times as they were written."""

    due: str | None = Field(description="The time that it was for.")
    started: str | None = Field(description="When it began.")
    ended: str | None = Field(description="When it ended.")
    word: str | None = Field(description="How it went, in the scheduler's own word.")
    outcome: Outcome = Field(description="What that word means.")
    attempt: int | None = Field(description="Which attempt it was, from 1.")
    by_schedule: bool | None = Field(description="False of a run by hand, a backfill or an event; null: nobody tells.")
    link: str | None = Field(description="Where a person sees it.")
    says: str = Field(description="Its last words; empty where nobody tells them.")


class File(Part):
    """One thing that a run left: a file that bears the name of an output, a row or an entry."""

    name: str = Field(description="Relative to the folder of the output; of a row or an entry its time, as written.")
    size: _Count | None = Field(description="Bytes; null where nobody tells them.")
    rows: _Count | None = Field(description="Rows of data; null where it has none, or nobody counted them.")
    made_at: AwareDatetime = Field(description="By its name; by its mtime where its name tells no time.")
    modified_at: AwareDatetime = Field(description="Its mtime.")


class Verified(Part):
    """What your own proof, `verify`, said of a file."""

    file: str = Field(description="Of which file, relative to the folder of the output.")
    at: AwareDatetime = Field(description="When it was asked.")
    outcome: Outcome = Field(description="That it is good (success), good in part, not good (failed), or unknown.")
    how: str = Field(description="How the command ended, or what kept it.")
    says: str = Field(description="Its last lines.")


class Output(Part):
    """One output of a job, and what lay there."""

    path: str = Field(description="Where it belongs: folder and name, with wildcards and date fields.")
    matches: _Count | None = Field(description="How many files bear its name; null where they were not counted.")
    newest: Annotated[tuple[File, ...], Field(max_length=MOST_FILES)] = Field(description="The newest of them.")
    verified: Verified | None = Field(description="The last proof of one of them; null where there is none.")


class OutputNotSeen(Part):
    """One output of a job, where nobody could look."""

    path: str = Field(description="Where it belongs: folder and name, with wildcards and date fields.")
    not_seen: CauseCode = Field(description="Why, in a word.")
    detail: str = Field(description="Why, with its proof.")


class Job(Part):
    """A job, the run that was judged, and all that was seen of it."""

    id: str = Field(description="The id in jobs.toml.")
    title: str = Field(description="What people call it.")
    scheduler: str | None = Field(description="The id of its scheduler; null where it has none.")
    name: str = Field(description="What its scheduler calls it.")
    owner: str | None = Field(description="Who looks after it.")
    severity: str | None = Field(description="How bad it is, in a word.")
    tags: tuple[str, ...] = Field(description="Words to select and to group by.")
    runbook: str | None = Field(description="Where it says what to do.")
    logs: str | None = Field(description="Where the log of the judged run is.")
    due_at: AwareDatetime | None = Field(description="The judged due run; null where none was owed yet.")
    finish_by: AwareDatetime | None = Field(description="When that had to be done.")
    next_due_at: AwareDatetime | None = Field(description="The first due instant after the judged moment.")
    ran_at: AwareDatetime | None = Field(description="When the judged run was seen to be done; null where it was not.")
    verdict: Verdict = Field(description="What the findings weigh together.")
    paused: Paused | None = Field(description="By jobs.toml; null where it is owed.")
    since: AwareDatetime | None = Field(
        description="When the first of the bad runs up to this one was due; null where the job is well, or no history "
        "is kept."
    )
    cause: Cause | None
    findings: tuple[Finding, ...]
    listed: Listed | NotSeen | None = Field(description="What its scheduler said; null where the job has none.")
    runs: Annotated[tuple[Run, ...], Field(max_length=MOST_RUNS)] = Field(
        description="What its scheduler has on record, newest first; none where that could not be asked."
    )
    memory_runs: Annotated[tuple[Run, ...], Field(max_length=MOST_RUNS)] | NotSeen | None = Field(
        description="What the scheduler's second record holds, newest first; null where it has none."
    )
    outputs: tuple[Output | OutputNotSeen, ...] = Field(description="In the order of jobs.toml.")


class Changes(Part):
    """What changed since the last whole morning, by the ids of jobs."""

    since: AwareDatetime = Field(description="When that morning was judged.")
    fixed: _Ids = Field(description="Bad then, well now.")
    new: _Ids = Field(description="Well then, bad now.")
    otherwise: _Ids = Field(description="Bad both times, for another cause.")
    still: _Ids = Field(description="Bad both times, for the same cause; no change.")
    added: _Ids = Field(description="Not declared then.")
    gone: _Ids = Field(description="Declared no more.")


class Host(Part):
    """A host that was to leave evidence."""

    id: str = Field(description="Its name in jobs.toml.")
    looked_at: AwareDatetime | None = Field(description="When it looked, by its clock; null where that is not known.")
    why: str = Field(description='Why what it left is not believed; "" where it is.')


class Undeclared(Part):
    """What a scheduler lists and jobs.toml does not know."""

    scheduler: str = Field(description="The id of the scheduler.")
    jobs: tuple[str, ...] = Field(description="What it calls them.")


class Rehearsed(Part):
    """What the last rehearsal of all jobs came to (`rollcall rehearse --all`)."""

    at: AwareDatetime = Field(description="When it was made.")
    found: _Count = Field(description="How many of the planted faults would be found.")
    planted: _Count = Field(description="How many faults were planted.")
    not_rehearsed: _Count = Field(description="How many jobs and schedulers could not be rehearsed.")
    outdated: bool = Field(description="True where jobs.toml has changed since.")


_OK_IS_COMPLETE: JsonDict = {
    "if": {"properties": {"verdict": {"const": "ok"}}},
    "then": {"properties": {"complete": {"const": True}}},
}
_COMPLETE_HAS_ENDED: JsonDict = {
    "if": {"properties": {"complete": {"const": True}}},
    "then": {"properties": {"incomplete_because": {"type": "null"}}},
}


class Document(Part):
    """Whether every scheduled job did its work. Times are ISO 8601 with an offset."""

    model_config = ConfigDict(
        title="morning.json of Roll call", json_schema_extra={"allOf": [_OK_IS_COMPLETE, _COMPLETE_HAS_ENDED]}
    )

    version: Literal[2]
    judged_at: AwareDatetime = Field(
        description="The moment that was judged; where there is no result, when the run began."
    )
    complete: bool = Field(description="True only where every declared job was looked at and the run finished.")
    verdict: Literal["ok", "attention", "incomplete"] = Field(
        description="ok only where it is complete and nothing needs a person."
    )
    incomplete_because: str | None = Field(description="Why the run did not finish; null while it has not ended.")
    other_failures: tuple[str, ...] = Field(description="The ids of checks that failed though no finding says why.")
    demo: str | None = Field(description="The story of the staged morning; null on a real one.")
    replay_of: AwareDatetime | None = Field(
        description="When the record was made that was judged; null where everybody was asked."
    )
    jobs_declared: _Count | None = Field(description="How many jobs jobs.toml has; null where it is not known.")
    actions: tuple[Action, ...]
    things: tuple[Thing, ...] = Field(
        description="What needs attention, the worst first: as many as the headline of the page counts."
    )
    next_lost: NextLost | None = Field(
        description="Null where no run is known to be lost next, or what is shown is not now."
    )
    silences: tuple[Silence, ...] = Field(description="Those that are valid, where a history is kept.")
    not_owed: tuple[NotOwed, ...] = Field(description="The one first that ends first.")
    hosts: tuple[Host, ...] = Field(description="Those of jobs.toml that leave evidence for whoever judges.")
    schedulers: tuple[Scheduler, ...]
    jobs: tuple[Job, ...]
    changes: Changes | None = Field(
        description="Null where no earlier morning is on record, or what is shown is not now."
    )
    undeclared: tuple[Undeclared, ...]
    rehearsed: Rehearsed | None = Field(description="Null where there was none, or what is shown is not now.")

    @model_validator(mode="after")
    def _says_no_more_than_is_known(self) -> Document:
        if self.verdict == "ok" and not self.complete:
            raise ValueError("verdict is ok, and it is not complete")
        if self.complete and self.incomplete_because is not None:
            raise ValueError("it is complete, and says why it is not")
        return self
