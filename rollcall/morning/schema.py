"""What may stand in morning.json? Its JSON Schema, for the programs that read it.

Written by hand, because it is a promise: what `written` writes is held against it by a test. Unknown keys are refused,
so that a key that is added without being promised here is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rollcall.action import Deed
from rollcall.errors import CauseCode
from rollcall.findings import Check, Verdict
from rollcall.morning.written import VERSION

_Schema = dict[str, Any]


def morning_schema() -> _Schema:
    """The JSON Schema (draft 2020-12) of morning.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "morning.json of Roll call",
        "description": "Whether every scheduled job did its work. Times are ISO 8601 with an offset.",
        **_record(
            version={"const": VERSION},
            judged_at=_instant("The moment that was judged; where there is no result, when the run began."),
            complete={
                "type": "boolean",
                "description": "True only where every declared job was looked at and the run came to its end.",
            },
            verdict={
                "enum": ["ok", "attention", "incomplete"],
                "description": "ok only where it is complete and nothing needs a person.",
            },
            incomplete_because=_text_or_null("Why the run did not come to its end; null while it has not ended."),
            other_failures=_list(_text("The id of a check that failed though no finding says why.")),
            demo=_text_or_null("The story of the staged morning; null on a real one."),
            replay_of=_instant_or_null("When the record was made that was judged; null where everybody was asked."),
            jobs_declared={"type": ["integer", "null"], "minimum": 0, "description": "How many jobs jobs.toml has."},
            actions=_list({"$ref": "#/$defs/action"}),
            schedulers=_list({"$ref": "#/$defs/scheduler"}),
            jobs=_list({"$ref": "#/$defs/job"}),
        ),
        "allOf": [
            {"if": _is(verdict="ok"), "then": _is(complete=True)},
            {"if": _is(complete=True), "then": {"properties": {"incomplete_because": {"type": "null"}}}},
        ],
        "$defs": {
            "action": _ACTION,
            "scheduler": _SCHEDULER,
            "job": _JOB,
            "cause": _CAUSE,
            "finding": _FINDING,
            "not_seen": _NOT_SEEN,
        },
    }


def _record(**properties: _Schema) -> _Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _is(**values: object) -> _Schema:
    return {"properties": {key: {"const": value} for key, value in values.items()}}


def _text(description: str) -> _Schema:
    return {"type": "string", "description": description}


def _text_or_null(description: str) -> _Schema:
    return {"type": ["string", "null"], "description": description}


def _instant(description: str) -> _Schema:
    return {"type": "string", "format": "date-time", "description": description}


def _instant_or_null(description: str) -> _Schema:
    return {"type": ["string", "null"], "format": "date-time", "description": description}


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _one_of(words: Iterable[str], description: str) -> _Schema:
    return {"enum": [str(each) for each in words], "description": description}


def _seen(description: str, **properties: _Schema) -> _Schema:
    """What a witness said; null where the job has none, and what kept us from looking where it could not be asked."""
    seen = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/not_seen"}, _record(**properties)]}
    return {"description": description, **seen}


_BOOLEAN: _Schema = {"type": "boolean"}
_CAUSE_OR_NULL: _Schema = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/cause"}]}
_AS_IT_SAYS = "In the witness's own words."

_CAUSE = _record(
    code=_one_of(CauseCode, "A word of a closed vocabulary."),
    sentence=_text("What happened, with its proof."),
    next_step=_text("What a person does now, with the exact command."),
)

_FINDING = _record(
    check=_one_of(Check, "The promise."),
    verdict=_one_of(Verdict, "What the evidence proves of it."),
    expected=_text("What was promised."),
    found=_text("What was seen."),
    because=_text('Why that is so; "" where the promise was kept.'),
)

_ACTION = _record(
    deed=_one_of(Deed, "What was done, or would be."),
    subject=_text("The id of the scheduler or, of a rerun, of the job."),
    at=_instant("When."),
    proven={"type": "boolean", "description": "True where it was seen afterwards that it helped."},
    dry={"type": "boolean", "description": "True where nothing was done (--dry-run)."},
    proof=_text("What was seen afterwards, or why it helped nothing."),
    due_at=_instant_or_null("Of a rerun: when the run was due that was missed."),
)

_SCHEDULER = _record(
    id=_text("The id in jobs.toml."),
    verdict=_one_of(Verdict, "The worst of its findings."),
    cause=_CAUSE_OR_NULL,
    findings=_list({"$ref": "#/$defs/finding"}),
)

_NOT_SEEN = _record(
    not_seen=_one_of(CauseCode, "Why the witness could not be asked."),
    detail=_text("One line that proves it."),
)

_FILE = _record(
    name=_text("The name of the file."),
    size={"type": "integer", "minimum": 0, "description": "Bytes."},
    made_at=_instant("By the stamp in its name where it has one, else by its mtime."),
    modified_at=_instant("Its mtime."),
)

_JOB = _record(
    id=_text("The id in jobs.toml."),
    title=_text("What people call it."),
    due_at=_instant_or_null("When the judged run was due; null where none was owed yet."),
    finish_by=_instant_or_null("When that run had to be done."),
    next_due_at=_instant_or_null("The first due instant after the judged moment."),
    ran_at=_instant_or_null("When the judged run was seen to be done; null where it was not."),
    verdict=_one_of(Verdict, "What the findings weigh together."),
    since=_instant_or_null(
        "When the first of the bad runs up to this one was due; null where the job is well, or no history is kept."
    ),
    cause=_CAUSE_OR_NULL,
    findings=_list({"$ref": "#/$defs/finding"}),
    evidence=_record(
        scheduler=_seen(
            "What the scheduler said of the job.",
            asked_at=_instant("When it was asked."),
            running=_BOOLEAN,
            registered=_BOOLEAN,
            next_run=_text_or_null(_AS_IT_SAYS),
            last_execution=_text_or_null(_AS_IT_SAYS),
            last_status=_text_or_null(_AS_IT_SAYS),
        ),
        database=_seen(
            "What the scheduler's database said of the job.",
            asked_at=_instant("When it was asked."),
            active={"type": ["boolean", "null"], "description": "Whether it calls the scheduler active."},
            active_since=_text_or_null(_AS_IT_SAYS),
            last_execution=_text_or_null(_AS_IT_SAYS),
            last_status=_text_or_null(_AS_IT_SAYS),
        ),
        output=_seen(
            "What the folder of the output showed.",
            matches={"type": "integer", "minimum": 0, "description": "How many files bear the job's name."},
            newest=_list(_FILE),
        ),
    ),
)
