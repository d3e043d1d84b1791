"""What does the morning come to, in one line?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.cause_groups import group_by_cause
from rollcall.text import counted
from rollcall.times import show_instant
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

UNFINISHED = "the run did not finish"
_DONE = (Verdict.OK, Verdict.LATE)


def title(morning: Morning | None, ending: Ending) -> str:
    """The verdict in one line, for the window's title; no text from outside is in it."""
    if morning is None:
        return f"INCOMPLETE: {UNFINISHED}"
    return kind(morning) + headline(morning, ending if ending.is_complete else replace(ending, interruption=UNFINISHED))


def kind(morning: Morning) -> str:
    """ "demo: ", "replay of Wed 11 Feb 2026 07:02 CET: " or "": what stands before the headline."""
    replayed = f"{show_replay(morning.replay_of, morning.zone)}: " if morning.replay_of else ""
    return f"{'demo: ' if morning.demo else ''}{replayed}"


def show_replay(recorded_at: datetime, zone: ZoneInfo) -> str:
    """ "replay of Wed 11 Feb 2026 07:02 CET"."""
    return f"replay of {show_instant(recorded_at, zone, year=True)}"


def headline(morning: Morning, ending: Ending) -> str:
    """ "2 things need attention · 3 of 9 jobs", "All 9 jobs did their work · 1 warning".

    What is wrong comes first, and "all" is said only where all were looked at to the end.
    """
    failed = f"{counted(len(ending.other_failures), 'other check')} failed" if ending.other_failures else ""
    if not ending.is_complete:
        so_far = f"; so far, {_attention(morning)}" if morning.needs_a_person else ""
        return "; ".join(filter(None, (f"INCOMPLETE: {ending.interruption}{so_far}", failed)))
    if morning.is_partial or not morning.jobs:
        line = _of_a_part(morning)
    elif morning.needs_a_person:
        line = f"{_attention(morning)} · {_jobs_in_need(morning)}"
    else:
        line = _good(morning.jobs)
    if warned := sum(each.is_warned for each in morning.jobs):
        line += f" · {counted(warned, 'warning')}"
    if not failed:
        return line
    return f"{line}; {failed}" if morning.needs_a_person else f"{failed}; by jobs.toml, {line[:1].lower()}{line[1:]}"


def tone(morning: Morning, ending: Ending) -> Verdict:
    """The verdict whose shape and colour the line bears: green only where it says "all"."""
    if morning.needs_a_person or ending.other_failures:
        return Verdict.FAILED
    if not ending.is_complete:
        return Verdict.UNKNOWN
    if morning.is_partial or not any(_did_its_work(each) for each in morning.jobs):
        return Verdict.PENDING
    return Verdict.OK


def _attention(morning: Morning) -> str:
    """ "1 thing needs attention": what one step of a person's fixes is one thing, however many jobs it spoils."""
    things = len(group_by_cause(morning))
    return f"{counted(things, 'thing')} {'needs' if things == 1 else 'need'} attention"


def _jobs_in_need(morning: Morning) -> str:
    return f"{len(morning.jobs_that_need_a_person()) or 'none'} of {counted(morning.declared, 'job')}"


def _of_a_part(morning: Morning) -> str:
    checked = f"{len(morning.jobs)} of {counted(morning.declared, 'job')}"
    if len(morning.jobs) >= morning.declared and len(morning.schedulers) < morning.schedulers_declared:
        checked += f", but only {len(morning.schedulers)} of {counted(morning.schedulers_declared, 'scheduler')}"
    if not morning.declared and morning.needs_a_person:
        # Its jobs are those that its schedulers list, and they could not be asked.
        return f"{_attention(morning)} · no job is known"
    if not morning.jobs:
        return f"{checked} checked"
    if morning.needs_a_person:
        return f"{checked} checked: {_attention(morning)}"
    return f"{checked} checked: nothing wrong with {'it' if len(morning.jobs) == 1 else 'these'}"


def _good(jobs: tuple[JobJudged, ...]) -> str:
    """Nobody is needed; what is late, paused or cannot be told yet is still said."""
    total, done = len(jobs), sum(_did_its_work(each) for each in jobs)
    paused = sum(each.verdict is Verdict.PAUSED for each in jobs)
    late = sum(each.verdict is Verdict.LATE for each in jobs)
    if total == 1:
        return f"The one job did its work{', late' if late else ''}" if done else f"The one job is {jobs[0].verdict}"
    lateness = f", {late} of them late" if late else ""
    if done == total:
        return f"All {total:,} jobs did their work{lateness}"
    if paused == total:
        return f"All {total:,} jobs are paused"
    rest = [f"{number:,} {word}" for number, word in ((total - done - paused, "pending"), (paused, "paused")) if number]
    return f"{done:,} of {total:,} jobs did their work{lateness}; {', '.join(rest)}"


def _did_its_work(judged: JobJudged) -> bool:
    """True where every promise of a due run was kept, late or not; a run still inside its time takes nothing away.

    A paused job owed nothing, and so did nothing.
    """
    return judged.due_run is not None and all(each.verdict in _DONE for each in judged.findings)
