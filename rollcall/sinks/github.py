"""What does GitHub Actions show of a morning: a summary in Markdown, and annotations?

Both are drawn from text that others wrote: nothing of it may end the Markdown it stands in, or begin a command of the
runner. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

from rollcall.causes.action import told as told_action
from rollcall.causes.commands import parts_of
from rollcall.files import append_to
from rollcall.history.rows import Silence
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.links import filled_link
from rollcall.report.cause_groups import CauseGroup, group_by_cause
from rollcall.report.headline import headline, kind, tone
from rollcall.report.silenced import is_silenced
from rollcall.sinks.base import Result, Sink, Stage, Start, Wish
from rollcall.text import clean, counted, listed
from rollcall.times import show_instant
from rollcall.verdict.judged import JobJudged
from rollcall.vocabulary import Verdict

# GitHub shows ten annotations of a kind a step.
_MOST_ANNOTATIONS = 10
_MOST_CAUSES = 30
_MOST_ROWS = 200
_MOST_NAMED = 12
_MOST_STEPS = 30  # of one cause
_LONGEST_STEP = 4000  # a command that is cut is none
# GitHub refuses a step's summary of more than 1 MiB; other commands of the step may write one too.
MOST_BYTES = 256 * 1024
_ROOM_FOR_MORE = 40
_IN_AN_ADDRESS = "%:/?#[]@!$&'()*+,;=~"

_ICONS = {Verdict.OK: "✅", Verdict.PENDING: "🕐", Verdict.PAUSED: "⏸️", Verdict.LATE: "⚠️", Verdict.UNKNOWN: "❔"}
# An underscore inside a word, and a colon of a clock or before a space, mean nothing.
_ACTIVE = re.compile(r"[\\`*{}\[\]<>()#~|&!$@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=[^\s0-9])|(?<=www)\.")


class GitHub(Sink):
    """The summary of the step, and annotations among its output, where GitHub Actions runs the checks."""

    stage = Stage.CLOSE

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._summary = environment.get("GITHUB_STEP_SUMMARY")

    @classmethod
    def wanted(cls, wish: Wish) -> Self | None:
        is_there = wish.writes_reports and wish.environment.get("GITHUB_ACTIONS") == "true"
        return cls(wish.environment) if is_there else None

    def finish(self, result: Result) -> Iterable[str]:
        if result.morning is None:
            markdown = render_refusal(result.ending.interruption or "")
        else:
            markdown = render_step_summary(result.morning, result.ending, notes=result.notes)
        try:
            self._append(markdown)
        except OSError as problem:
            return (f"the summary for GitHub was not written: {problem.strerror or problem}",)
        return ()

    def abort(self, start: Start, because: str) -> None:
        # There is no terminal yet, or no more, that would print its last words.
        print(*annotate_refusal(because), sep="\n", flush=True)
        self._append(render_refusal(because))

    def last_words(self, result: Result) -> Sequence[str]:
        if result.morning is None:
            return annotate_refusal(result.ending.interruption or "")
        return render_annotations(result.morning, result.ending, result.chronicle.silences)

    def _append(self, markdown: str) -> None:
        if self._summary:
            # Other commands of the step may have written there before.
            append_to(Path(self._summary), f"{markdown}\n".encode(errors="replace"))


def render_step_summary(morning: Morning, ending: Ending, *, notes: Sequence[str] = ()) -> str:
    """The morning as Markdown of at most 256 KiB: the verdict, each cause once with what to do, every job's line."""
    said, icon = headline(morning, ending), _icon(tone(morning, ending))
    told = group_by_cause(morning)
    parts = [
        f"## {icon} {_plain(kind(morning) + said)}",
        f"Judged {_plain(show_instant(morning.judged_at, morning.zone, year=True))}.",
        _list([*(told_action(each, morning.zone) for each in morning.actions), *notes]),
        *(_cause(each) for each in told[:_MOST_CAUSES]),
        f"… and {counted(len(told) - _MOST_CAUSES, 'more cause')}." if len(told) > _MOST_CAUSES else "",
        _others(ending.other_failures),
        _table(morning),
    ]
    return _bounded(parts)


def render_refusal(because: str) -> str:
    """The summary of a run in which nothing was looked at, as Markdown."""
    return _bounded([f"## {_icon(Verdict.UNKNOWN)} INCOMPLETE", _fenced(because)])


def render_annotations(morning: Morning, ending: Ending, silences: Sequence[Silence] = ()) -> list[str]:
    """Commands that annotate the run.

    An error for each cause and for a run that is not whole, a warning for each late job, a notice for what was done and
    for each cause that is silenced.
    """
    is_whole = ending.is_complete and not ending.other_failures
    errors = [] if is_whole else [("Roll call", headline(morning, ending))]
    told = [(f"{each.cause.code} [{each.subject}]", _advice(each), each) for each in group_by_cause(morning)]
    errors += [(title, said) for title, said, each in told if not is_silenced(each, silences)]
    warnings = [
        (f"{each.verdict} [{each.job.id}]", finding.because)
        for each in morning.jobs
        for finding in each.findings
        if finding.is_warning
    ]
    notices = [("Roll call", told_action(each, morning.zone)) for each in morning.actions]
    notices += [(f"silenced: {title}", said) for title, said, each in told if is_silenced(each, silences)]
    kinds = {"error": errors, "warning": warnings, "notice": notices}
    return [line for command, told in kinds.items() for line in _commands(command, told, kind(morning))]


def annotate_refusal(because: str) -> list[str]:
    """The command that annotates a run in which nothing was looked at."""
    return list(_commands("error", [("Roll call", because)], ""))


def _commands(command: str, told: Sequence[tuple[str, str]], staged: str) -> Iterator[str]:
    most = _MOST_ANNOTATIONS if len(told) <= _MOST_ANNOTATIONS else _MOST_ANNOTATIONS - 1
    for title, text in told[:most]:
        yield f"::{command} title={_property(staged + title)}::{_message(text)}"
    if len(told) > most:
        yield f"::{command} title=Roll call::… and {len(told) - most} more, in the summary"


def _message(text: str) -> str:
    """The lines of a message, in the runner's own escapes."""
    shown = "\n".join(clean(line, _LONGEST_STEP) for line in text.splitlines()[:40])
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(clean(text)).replace(":", "%3A").replace(",", "%2C")


def _advice(told: CauseGroup) -> str:
    """What happened, and what to do: each step with the jobs that it is for, where there are several."""
    owners = sorted({each.job.owner for each in told.everyone if each.job.owner})
    return "\n".join(
        (
            told.cause.sentence,
            *((f"owner: {listed(owners, _MOST_NAMED)}",) if owners else ()),
            *(f"do{_whom(jobs, told)}: {step}" for step, jobs in told.steps[:_MOST_STEPS]),
            *((_further(told, "on the page"),) if len(told.steps) > _MOST_STEPS else ()),
        )
    )


def _further(told: CauseGroup, where: str) -> str:
    return f"… and {counted(len(told.steps) - _MOST_STEPS, 'more step')}, {where}."


def _whom(jobs: Sequence[JobJudged], told: CauseGroup) -> str:
    """ " for dump and rates" of one step of several."""
    return f" for {listed([each.job.id for each in jobs], _MOST_NAMED)}" if len(told.steps) > 1 else ""


def _cause(told: CauseGroup) -> str:
    others, downstream = told.jobs if told.scheduler else told.jobs[1:], [each.job.id for each in told.downstream]
    also = f"Also explains {_plain(listed([each.job.id for each in others], _MOST_NAMED), 1000)}." if others else ""
    parts = [
        f"### {_plain(told.cause.code)}: {_plain(told.subject)}",
        _plain(told.cause.sentence, 2000),
        *(_step(step, _whom(jobs, told)) for step, jobs in told.steps[:_MOST_STEPS]),
        _further(told, "on the page and in morning.json") if len(told.steps) > _MOST_STEPS else "",
        also,
        f"Not done downstream because of it: {_plain(listed(downstream, _MOST_NAMED), 1000)}." if downstream else "",
        _concerned(told.everyone),
    ]
    return "\n\n".join(filter(None, parts))


def _step(step: str, whom: str) -> str:
    """Prose as prose, and each command in a block of its own, which GitHub lets a reader copy."""
    parts = [f"**{_plain(f'Do{whom}', 1000)}:**"]
    parts += [_fenced(part) if is_command else _plain(part, 2000) for part, is_command in parts_of(step)]
    return "\n\n".join(parts)


def _concerned(jobs: Sequence[JobJudged]) -> str:
    """A line for each job that jobs.toml names an owner or a link of."""
    lines = []
    for judged in jobs:
        job, due_at = judged.job, judged.due_run.due_at if judged.due_run else None
        links = (("runbook", filled_link(job.runbook, job, due_at)), ("logs", filled_link(job.logs, job, due_at)))
        said = [f"owner {_plain(job.owner)}"] if job.owner else []
        said += [_link(name, link) for name, link in links if link]
        if said:
            lines.append(f"- {_plain(job.id)}: {', '.join(said)}")
    more = [f"- … and {counted(len(lines) - _MOST_NAMED, 'more job')}"] if len(lines) > _MOST_NAMED else []
    return "\n".join([*lines[:_MOST_NAMED], *more])


def _link(name: str, link: str) -> str:
    """A link where it is an address; what is a path, or anything else, is text."""
    if not link.startswith(("https://", "http://")):
        return f"{name} {_plain(link)}"
    # Nothing that could end the address, or be read as an entity, stays in it as it is.
    return f"[{name}](<{quote(link, safe=_IN_AN_ADDRESS).replace('&', '&amp;')}>)"


def _others(failures: Sequence[str]) -> str:
    return f"### Other checks that failed\n\n{_list(failures)}" if failures else ""


def _list(texts: Sequence[str]) -> str:
    more = [f"- … and {len(texts) - _MOST_NAMED} more"] if len(texts) > _MOST_NAMED else []
    return "\n".join([*(f"- {_plain(each)}" for each in texts[:_MOST_NAMED]), *more])


def _table(morning: Morning) -> str:
    """Every job, those that need a person first, so that they are never those left out."""
    jobs = sorted(morning.jobs, key=lambda each: not each.needs_a_person)
    rows = "\n".join(_row(each) for each in jobs[:_MOST_ROWS])
    more = f"\n\n… and {counted(len(jobs) - _MOST_ROWS, 'more job')}." if len(jobs) > _MOST_ROWS else ""
    return f"| job | verdict | due | ran |\n|---|---|---|---|\n{rows}{more}" if rows else ""


def _row(judged: JobJudged) -> str:
    zone = judged.job.zone
    due = show_instant(judged.due_run.due_at, zone) if judged.due_run else ""
    ran = show_instant(judged.ran_at, zone) if judged.ran_at else ""
    verdict = f"{_icon(judged.verdict)} {_plain(judged.verdict.replace('-', ' '))}"
    return f"| {_plain(judged.job.title)} | {verdict} | {_plain(due)} | {_plain(ran)} |"


def _icon(verdict: Verdict) -> str:
    return _ICONS.get(verdict, "❌")


def _plain(text: str, limit: int = 400) -> str:
    """One line in which nothing is Markdown, HTML, a link, an emoji's name or a formula."""
    return _ACTIVE.sub(lambda found: f"&#{ord(found.group())};", clean(text, limit))


def _fenced(text: str) -> str:
    """A block of code; its fence is longer than any run of backticks in it."""
    lines = [clean(line, _LONGEST_STEP) for line in text.splitlines()[:40]]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence, *lines, fence))


def _bounded(parts: Iterable[str]) -> str:
    """As many whole parts as there is room for: half a part could leave a fence open for what others append."""
    written, room = [], MOST_BYTES
    for part in filter(None, parts):
        room -= len(part.encode(errors="replace")) + 2
        if room < _ROOM_FOR_MORE:
            written.append("… and more, on the page.")
            break
        written.append(part)
    return "\n\n".join(written) + "\n"
