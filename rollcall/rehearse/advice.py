"""Which setting of jobs.toml would catch it?

One function for each thing that a fault can hide behind. "JOB" stands for the job's own key, so that jobs which need
the same advice can be shown together.
"""

from __future__ import annotations

import json
from pathlib import PurePath

from rollcall.causes.commands import toml_key
from rollcall.rehearse.evidence_copy import EvidenceCopy
from rollcall.roll.formats import TEXT, formats
from rollcall.roll.words import Late
from rollcall.text import clean, show_size

NOTHING = "no setting in jobs.toml would find it"
NOT_LOOKED_FOR = "no check looks for it yet"
_TABLE = "[jobs.JOB]"
OUTPUT = "[jobs.JOB.output]"
_TIME = "%Y%m%d-%H%M%S"
_FIELDS = f"the time of the run such as {_TIME}"
ADD_MUST_CONTAIN = f'add must_contain = ["…"] to {OUTPUT}'
ADD_MUST_NOT_CONTAIN = f'add must_not_contain = ["…"] to {OUTPUT}'
ADD_A_NARROW_PATH = f"in {OUTPUT} write a path that matches its own files and no others"
ADD_MIN_ROWS = f"add min_rows = … to {OUTPUT}"
ADD_MUST_HAVE = f'add must_have = ["…"] to {OUTPUT}: names that must be inside'
ADD_AN_END = f'let it write a last line that marks its end, and add ends_with = "…" to {OUTPUT}'
# What reads it, as whoever restores it would.
ADD_VERIFY = f'add verify = ["…", "{{file}}"] to {OUTPUT}, a command that reads it to its end'
# The same content again: of most jobs a fault, of an export without changes none.
ADD_MUST_CHANGE = f"add must_change = true to {OUTPUT}"


def for_an_interval(copy: EvidenceCopy) -> str:
    """An interval whose phase nobody declared: a run that is missing looks like one that was put off."""
    is_anchored = not copy.judged.seen.floats
    return NOTHING if is_anchored else f'add anchor = "…" to {_TABLE}, from which its interval is counted'


def for_lateness(copy: EvidenceCopy) -> str:
    """`late = "warn"` calls nobody."""
    is_silent = copy.job.late is Late.WARN
    return f'write late = "fail" in {_TABLE}: "warn" raises no alarm' if is_silent else for_an_interval(copy)


def for_a_status(copy: EvidenceCopy) -> str:
    """A file does not say how its run ended."""
    needs_one = copy.job.scheduler is None
    return f'add scheduler = "…" to {_TABLE}: its scheduler knows how a run ended' if needs_one else NOTHING


def for_no_output(copy: EvidenceCopy) -> str:
    """A record does not say what the run did."""
    return for_an_interval(copy) if copy.job.output else f'add {OUTPUT} with path = "…", {_FIELDS} in it'


def for_a_file_without_date(copy: EvidenceCopy) -> str:
    """An mtime is not proof of a run: only a name that tells its time is."""
    output = copy.job.output
    if output is None:
        return for_no_output(copy)
    if output.tells_its_run:
        return NOTHING
    if output.is_one_file:
        return f'let each run write a file of its own, and write path = "…" in {OUTPUT}, {_FIELDS} in it'
    before, star, after = output.names.text.rpartition("*")
    dated = json.dumps(clean(f"{before}{_TIME}{after}" if star else "…", 200), ensure_ascii=False)
    return f"write path = {dated} in {OUTPUT}, as its names are"


def for_a_half(copy: EvidenceCopy) -> str:
    """Half of a file passes for a whole one where neither a format nor its least size says otherwise."""
    output, size = copy.declared, copy.made[0].size or 0
    suffix = PurePath(output.names.text).suffix.lower()
    kind = next((name for name, each in formats().items() if each.marks_its_end and each.suffix == suffix), None)
    if kind and output.format in (None, TEXT):
        return f'add format = "{kind}" to {OUTPUT}'
    # Two thirds of it: more than a half, and a shorter file than usual still passes.
    least = show_size(size - size // 3)
    return f'write min_size = "{least}" in {OUTPUT} (it has {show_size(size)})' if size > 1 else NOTHING


def for_a_lost_end(copy: EvidenceCopy) -> str:
    """A text may say itself that it is whole; what is none is told to be by who reads it."""
    return ADD_AN_END if copy.is_text else ADD_VERIFY


def addressed(job_id: str | None, advice: str) -> str:
    """The advice for that job, whose key stands in it as TOML wants it written; for several jobs where it is None."""
    key = toml_key(clean(job_id)) if job_id else "*"
    return advice.replace(OUTPUT, f"[jobs.{key}.output]").replace(_TABLE, f"[jobs.{key}]")
