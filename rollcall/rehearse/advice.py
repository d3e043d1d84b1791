"""Which setting of jobs.toml would catch it?

One function for each thing that a fault can hide behind. "JOB" stands for the job's own key, so that jobs of which the
same is to be said can be told together.
"""

from __future__ import annotations

import json
from pathlib import PurePath

from rollcall.rehearse.scene import Scene
from rollcall.roll.formats import ANY, TEXT, formats
from rollcall.roll.job import Job
from rollcall.roll.output import Output
from rollcall.roll.words import Late
from rollcall.text import clean, show_size

_TABLE = "[jobs.JOB]"
_OUTPUT = "[jobs.JOB.output]"
_TIME = "%Y%m%d-%H%M%S"
_FIELDS = f"the time of the run such as {_TIME}"


def none(scene: Scene) -> str:
    """Nothing that could be written there."""
    return "no setting of jobs.toml catches it"


def for_an_interval(scene: Scene) -> str:
    """An interval whose phase nobody declared: a run that is missing looks like one that was put off."""
    if not scene.floats:
        return none(scene)
    return f'add anchor = "…" to {_TABLE}, from which its interval is counted'


def for_lateness(scene: Scene) -> str:
    """`late = "warn"` calls nobody."""
    if scene.job.late is Late.WARN:
        return f'write late = "fail" in {_TABLE}: "warn" calls nobody'
    return for_an_interval(scene)


def for_a_status(scene: Scene) -> str:
    """A file tells nothing of how its run ended."""
    if scene.job.scheduler:
        return none(scene)
    return f'add scheduler = "…" to {_TABLE}: its scheduler knows how a run ended'


def for_no_output(scene: Scene) -> str:
    """A record tells nothing of what the run did."""
    if scene.job.output:
        return for_an_interval(scene)
    return f'add {_OUTPUT} with path = "…", {_FIELDS} in it'


def for_a_record(scene: Scene) -> str:
    """Where the record is read in the wrong zone only a file can tell."""
    if scene.job.output is None:
        return for_no_output(scene)
    return for_a_restored_file(scene)


def for_a_restored_file(scene: Scene) -> str:
    """An mtime is not proof of a run."""
    output = scene.job.output
    if output is None:
        return for_no_output(scene)
    if output.tells_its_run:
        return none(scene)
    if output.is_one_file:
        return f'let each run write a file of its own, and write path = "…" in {_OUTPUT}, {_FIELDS} in it'
    return f"write path = {_quoted(_dated(output))} in {_OUTPUT}, as its names are"


def for_a_half(scene: Scene) -> str:
    """Half of a file passes for a whole one where neither a format nor its least size says otherwise."""
    job, size = scene.job, scene.made[0].size
    assert job.output is not None
    if kind := _format(job.output):
        return f'add format = "{kind}" to {_OUTPUT}'
    if size < 2:
        return none(scene)
    least = show_size(_least(size))
    return f'write min_size = "{least}" in {_OUTPUT} (it has {show_size(size)})'


def for_its_heart(scene: Scene) -> str:
    """A text that only a run that worked writes."""
    return f'add must_contain = ["…"] to {_OUTPUT}'


def for_a_fallback(scene: Scene) -> str:
    """The text of a run that found no answer."""
    return f'add must_not_contain = ["…"] to {_OUTPUT}'


def for_a_repetition(scene: Scene) -> str:
    """The same content again: of most jobs a fault, of an export without changes none."""
    return f"add must_change = true to {_OUTPUT}"


def told_to(job: Job | None, text: str) -> str:
    """The advice for that job, whose key stands in it as TOML wants it written; for several jobs where it is None."""
    key = "*" if job is None else _key(job.id)
    return text.replace(_OUTPUT, f"[jobs.{key}.output]").replace(_TABLE, f"[jobs.{key}]")


def _key(job_id: str) -> str:
    bare = job_id.replace("-", "").replace("_", "")
    return job_id if bare.isascii() and bare.isalnum() else json.dumps(clean(job_id), ensure_ascii=False)


def _dated(output: Output) -> str:
    """Its path with the time where its last wildcard of many characters is."""
    before, star, after = output.path.text.rpartition("*")
    return f"{before}{_TIME}{after}" if star else "…"


def _format(output: Output) -> str | None:
    """The format that its name tells and nobody declared, where half of it would not pass."""
    if output.format not in (None, ANY, TEXT):
        return None
    suffix = PurePath(output.path.text).suffix.lower()
    return next((name for name, each in formats().items() if each.marks_its_end and each.suffix == suffix), None)


def _least(size: int) -> int:
    """Two thirds of it: more than a half, and a shorter file than usual still passes."""
    return size - size // 3


def _quoted(text: str) -> str:
    return json.dumps(clean(text, 200), ensure_ascii=False)
