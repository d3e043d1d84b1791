"""What could befall the file of a run: not made, empty, cut, without what it is for, not to be read?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rollcall.evidence import Content, NotSeen, OutputSeen
from rollcall.rehearse import advice
from rollcall.rehearse.faults.kinds import JobFault, of_a_run_before, of_output, of_output_alone, of_recorded
from rollcall.rehearse.scene import Scene
from rollcall.roll.formats import ANY, find_format
from rollcall.vocabulary import CauseCode

# Files that are nearer to each other are parts of one run.
_A_MOMENT = timedelta(seconds=30)


def _restored(scene: Scene) -> Scene:
    """The file of the run before, to which a checkout, a copy or a restore gave the time of this one."""
    newest = scene.made[0]
    old = replace(scene.of_before(newest), modified_at=newest.modified_at)
    return scene.with_files(old, *(each for each in scene.earlier if each.name != old.name))


def _emptied(scene: Scene) -> Scene:
    return scene.with_newest(size=0, content=None)


def _halved(scene: Scene) -> Scene:
    """Half of its bytes. What is known of them is what the head shows, and that some formats mark their end."""
    newest, output = scene.made[0], scene.job.output
    size = max(newest.size // 2, 1)
    content = newest.content and _half_of(newest.content, size, output.reads_as if output else ANY)
    return scene.with_newest(size=size, content=content)


def _half_of(content: Content, size: int, kind: str) -> Content:
    head = content.head.encode()[:size].decode(errors="ignore")
    found = {text: was and not _is_cut_off(text, head, content) for text, was in content.found.items()}
    # The other formats may be cut where no parser notices.
    is_noticed = kind != ANY and find_format(kind).marks_its_end
    flaw = "it breaks off after half of its bytes" if is_noticed else content.flaw
    return replace(content, flaw=flaw, found=found, sha256="", head=head, tail="")


def _is_cut_off(text: str, half: str, content: Content) -> bool:
    """True where the text was seen beyond the half, and not before. What nobody saw is not said to be lost."""
    return text not in half and text in content.head + content.tail


def _without_its_heart(scene: Scene) -> Scene:
    return _with_texts(scene, scene.job.output.must_contain if scene.job.output else (), are_there=False)


def _with_fallback(scene: Scene) -> Scene:
    return _with_texts(scene, scene.job.output.must_not_contain if scene.job.output else (), are_there=True)


def _with_texts(scene: Scene, texts: tuple[str, ...], *, are_there: bool) -> Scene:
    """As large and as readable as ever; only the texts that were declared can tell."""
    content = scene.made[0].content
    if content is None or not texts:
        return scene
    return scene.with_newest(content=replace(content, found={**content.found, **dict.fromkeys(texts, are_there)}))


def _repeated(scene: Scene) -> Scene:
    """What was read of the file before is what this one holds; where it was not read, nobody could see it."""
    before = scene.earlier[0]
    content = before.content or scene.made[0].content
    return scene.with_files(
        replace(scene.made[0], size=before.size, content=content),
        *scene.made[1:],
        replace(before, content=content),
        *scene.earlier[1:],
    )


def _without_room(scene: Scene) -> Scene:
    """Not one byte is left below its folder."""
    scene = scene.with_newest(size=0, content=None)
    assert isinstance(scene.output, OutputSeen)
    return scene.with_output(replace(scene.output, free_bytes=0))


def _twice(scene: Scene) -> Scene:
    """Its first run was followed by another inside its time, each with a whole file of its own."""
    first = scene.made[-1]
    return scene.with_files(scene.moved(first, _to_another_run(scene)), *scene.files)


def _to_another_run(scene: Scene) -> timedelta:
    """From the run to the end of its time, or to the beginning, whichever is farther."""
    first_at, run = scene.made[-1].made_at, scene.run
    return max(run.finish_by - first_at, run.due_at - first_at, key=abs)


def _may_run_twice(scene: Scene) -> bool:
    """True where the run was in time, its name tells when, and the one before is there to show that one leaves one."""
    run = scene.run
    if not _has_a_file_before(scene) or scene.made[-1].stamp_at is None or scene.made[-1].made_at > run.finish_by:
        return False
    has_an_end = run.ends_at is None or run.finish_by < run.ends_at
    first, by = scene.made[-1], _to_another_run(scene)
    # A name that tells no more than the day is that of both, and the second overwrites the first.
    return has_an_end and abs(by) > _A_MOMENT and scene.moved(first, by).name != first.name


def _has_a_file_before(scene: Scene) -> bool:
    return of_output(scene) and bool(scene.earlier)


def _named_in_utc(scene: Scene) -> Scene:
    """Its clock shows UTC since a deploy: the name tells UTC, and is read in the declared zone."""
    newest, read_at = scene.made[0], _read_anew(scene)
    return scene.with_files(scene.renamed(newest, read_at) if read_at else newest, *scene.earlier)


def _read_anew(scene: Scene) -> datetime | None:
    """When its name is read to be of, were it written in UTC."""
    at, output = scene.made[0].stamp_at, scene.job.output
    if at is None or output is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=scene.job.zone_of(output)).astimezone(UTC)


def _may_be_named_in_utc(scene: Scene) -> bool:
    """True where one file is the only one of its run, and its name would tell another moment to the second."""
    output = scene.job.output
    if output is None or output.path.tells_zone or len(scene.made) != 1 or scene.made[0].stamp_until is not None:
        return False
    newest, read_at = scene.made[0], _read_anew(scene)
    was_near = newest.stamp_at is not None and abs(newest.modified_at - newest.stamp_at) <= timedelta(minutes=1)
    return was_near and newest.made_at <= scene.run.finish_by and read_at not in (None, newest.stamp_at)


def _unreadable(scene: Scene) -> Scene:
    return scene.with_newest(content=None, unreadable="Permission denied")


def _no_folder(scene: Scene) -> Scene:
    output = scene.job.output
    detail = f"{output.folder if output else ''}: No such file or directory"
    gone = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail=detail, looked_at=scene.at)
    return scene.with_output(gone)


FAULTS: tuple[JobFault, ...] = (
    JobFault(
        name="wrong-timezone",
        variant="of its file's name",
        story="the name of its file tells the time in UTC, and is read in the declared zone",
        plant=_named_in_utc,
        applies=_may_be_named_in_utc,
    ),
    JobFault(
        name="success-without-output",
        story="it reported success and wrote nothing",
        plant=Scene.without_made,
        applies=of_recorded,
        cure=advice.for_no_output,
    ),
    JobFault(
        name="success-without-output",
        variant="old file restored",
        story="it reported success and wrote nothing; a checkout gave yesterday's file the time of today",
        plant=_restored,
        applies=lambda scene: of_a_run_before(scene) and of_output(scene),
        cure=advice.for_a_restored_file,
    ),
    JobFault(
        name="stale-output",
        story="its run was skipped, and the file of the run before is the newest",
        plant=Scene.without_made,
        applies=lambda scene: of_output_alone(scene) and bool(scene.without_made().files),
        cure=advice.for_an_interval,
    ),
    JobFault(
        name="stale-output",
        variant="old file restored",
        story="its run was skipped; a checkout gave yesterday's file the time of today",
        plant=_restored,
        applies=lambda scene: of_output_alone(scene) and scene.previous_due_at is not None,
        cure=advice.for_a_restored_file,
    ),
    JobFault(
        name="empty-output",
        story="its file was created and stayed empty",
        plant=_emptied,
        applies=of_output,
    ),
    JobFault(
        name="truncated-output",
        story="half of its file was written",
        plant=_halved,
        applies=of_output,
        cure=advice.for_a_half,
    ),
    JobFault(
        name="degraded-output",
        variant="heart missing",
        story="its file is as large as ever, and what it is written for is not in it",
        plant=_without_its_heart,
        applies=of_output,
        cure=advice.for_its_heart,
    ),
    JobFault(
        name="degraded-output",
        variant="fallback text",
        story="its file holds what it writes when something it draws on does not answer",
        plant=_with_fallback,
        applies=of_output,
        cure=advice.for_a_fallback,
    ),
    JobFault(
        name="duplicate-output",
        story="its file holds what that of the run before holds",
        plant=_repeated,
        applies=lambda scene: _has_a_file_before(scene) and scene.made[0].content is not None,
        cure=advice.for_a_repetition,
    ),
    JobFault(
        name="disk-full",
        story="its disk is full: its file was created and stayed empty",
        plant=_without_room,
        applies=of_output,
    ),
    JobFault(
        name="ran-twice",
        story="two schedulers ran it, and each run left its file",
        plant=_twice,
        applies=_may_run_twice,
        is_warning=True,
    ),
    JobFault(
        name="output-unreadable",
        story="nobody may read its file",
        plant=_unreadable,
        applies=of_output,
    ),
    JobFault(
        name="output-unreadable",
        variant="no folder",
        story="its folder is gone",
        plant=_no_folder,
        applies=of_output,
    ),
)
