"""`rollcall silence`: of what is nobody to be told for a while, until when, and why?

A silence is kept in the history, so that every look knows of it, wherever it is made. It keeps alerts, pings and errors
of GitHub from being sent, and changes no verdict, no page and no exit status. It ends by itself; what still lasts then
is told. Exit status: 0 where it was kept, ended or listed, 1 where the history cannot be read or written, 4 where the
question was wrong.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import socket
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollcall.clock import clock_from
from rollcall.commands.begin import add_options, wanted_of
from rollcall.errors import BadInput
from rollcall.history.connection import CannotRead
from rollcall.history.rows import Silence, Silenced
from rollcall.history.silences import end_silence, read_silences, silence
from rollcall.history.store import Unwritten, open_to_read, store_of
from rollcall.report.set_aside import until
from rollcall.report.silenced import covered
from rollcall.roll.roll import Roll
from rollcall.roll.values import nearest
from rollcall.run.options import JOBS_FILE
from rollcall.run.wanted import Moment
from rollcall.text import clean, counted, listed
from rollcall.times import parse_span, read_now, show_instant, to_iso

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

_UNTIL, _REASON = "--until", "--reason"
_LONGEST = timedelta(days=366)
_MOST_NAMED = 10


def add_to(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command to those of `rollcall`."""
    parser = commands.add_parser(
        "silence",
        help="nobody is told of a job, a tag or a scheduler for a while; it is judged as ever",
        description="Nobody is told of a job, of all jobs with a tag, or of a scheduler and its jobs for a while. "
        "They are judged as ever: verdict, page and exit status stay as they are. What outlasts it is told at its end.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("subject", nargs="?", metavar="JOB|TAG|SCHEDULER", help="or job:NAME, tag:NAME, scheduler:NAME")
    what.add_argument("--list", action="store_true", help="the silences that are valid")
    what.add_argument("--end", metavar="SUBJECT", help="end that one now")
    parser.add_argument(_UNTIL, metavar="WHEN", help='such as "4 h", or 2026-02-12T09:00 by the clocks of jobs.toml')
    parser.add_argument(_REASON, metavar="TEXT", help="why; shown each morning")
    parser.add_argument("--json", action="store_true", help="with --list: the same for programs")
    add_options(parser, (JOBS_FILE,))
    parser.set_defaults(command=run)


def run(asked_for: argparse.Namespace) -> Generator[str, None, int]:
    """What was done, or the list; returns the exit status. Raises `BadInput`."""
    now, wanted = read_now(), wanted_of(asked_for)
    _check_alone(asked_for)
    roll = wanted.load(os.environ, clock_from(now))
    store = store_of(roll.history, wanted.reports)
    try:
        # Where it cannot be read nothing is silent, and here that would look like an empty list.
        with open_to_read(store):
            known = read_silences(store, now)
    except CannotRead as unread:
        print(f"ERROR: {unread}", file=sys.stderr)
        return 1
    if asked_for.list:
        yield from _list(known, roll, now, as_json=asked_for.json)
        return 0
    if asked_for.end is not None:
        ended = _known(asked_for.end, known)
        problem = end_silence(store, ended.subject, ended.name)
        said = f"{_shown(ended)} is silenced no more"
    else:
        made = _made(asked_for, roll, now)
        problem = silence(store, made)
        said = f"{_shown(made)} is silenced {until(made.until, now, roll.zone)}: {_of_jobs(made, roll)}. "
        said += "It is judged as ever."
    if isinstance(problem, Unwritten):
        print(f"ERROR: {problem}", file=sys.stderr)
        return 1
    if problem:
        print(problem, file=sys.stderr)
    yield said
    return 0


def _check_alone(asked_for: argparse.Namespace) -> None:
    for option, value in ((_UNTIL, asked_for.until), (_REASON, asked_for.reason)):
        if value is not None and asked_for.subject is None:
            raise BadInput.single(option, "belongs to a new silence. Leave it out, or name what is to be silenced.")
        if value is None and asked_for.subject is not None:
            cure = {_UNTIL: '--until "4 h" or --until 2026-02-12T09:00', _REASON: '--reason "the disk is replaced"'}
            raise BadInput.single(option, f"required: none lasts for ever, and each says why. Write {cure[option]}.")
    if asked_for.json and not asked_for.list:
        raise BadInput.single("--json", "belongs to --list. Leave it out, or add that.")


# A new one ------------------------------------------------------------------------------------------------------------


def _made(asked_for: argparse.Namespace, roll: Roll, now: datetime) -> Silence:
    subject, name = _subject(asked_for.subject, roll)
    reason = clean(asked_for.reason, 400)
    if not reason.strip():
        raise BadInput.single(_REASON, 'says nothing. Write why, such as "the disk is being replaced".')
    ends_at = _ends_at(asked_for.until, roll, now)
    return Silence(subject=subject, name=name, until=ends_at, reason=reason, by=_whose_word(), made_at=now)


def _subject(text: str, roll: Roll) -> tuple[Silenced, str]:
    """What is meant; where the name is one of several things, its kind must be said."""
    names = _names(roll)
    kind, colon, name = text.partition(":")
    if colon and kind in {each.value for each in Silenced}:
        if name in names[Silenced(kind)]:
            return Silenced(kind), name
        raise _unknown(name, names[Silenced(kind)], f"no {kind} of jobs.toml is called so.")
    found = [each for each, known in names.items() if text in known]
    if len(found) > 1:
        kinds = listed([f"{each}:{clean(text, 60)}" for each in found])
        rule = f"is a {listed([each.value for each in found])}. Say which: {kinds}."
        raise BadInput.single("SUBJECT", rule, f'"{clean(text, 60)}"')
    if not found:
        everything = [each for known in names.values() for each in known]
        raise _unknown(text, everything, "no job, tag or scheduler of jobs.toml is called so.")
    return found[0], text


def _names(roll: Roll) -> dict[Silenced, Sequence[str]]:
    return {
        Silenced.JOB: [job.id for job in roll.jobs],
        Silenced.TAG: list(dict.fromkeys(tag for job in roll.jobs for tag in job.tags)),
        Silenced.SCHEDULER: [each.id for each in roll.schedulers],
    }


def _unknown(name: str, known: Sequence[str], rule: str) -> BadInput:
    near = nearest(name, known)
    cure = f"Did you mean {clean(near, 60)}?" if near else f"There are: {listed(known, 20) or 'none'}."
    return BadInput.single("SUBJECT", f"{rule} {cure}", f'"{clean(name, 60)}"')


def _ends_at(text: str, roll: Roll, now: datetime) -> datetime:
    if re.match(r"\s*\d{4}(-|\d{4}T)", text):
        at = Moment(written=text, place=_UNTIL).at(roll.zone)
    else:
        try:
            at = now + parse_span(text)
        except ValueError as error:
            rule = str(error).partition(". ")[0]
            cure = 'Write how long, such as "4 h", or a moment, such as 2026-02-12T09:00.'
            raise BadInput.single(_UNTIL, f"{rule}. {cure}", f'"{clean(text, 60)}"') from None
    rule = ""
    if at <= now:
        rule = f"has passed (it is {show_instant(now, roll.zone)}). Write a moment that is still to come."
    elif at > now + _LONGEST:
        rule = "is more than a year ahead, and nobody would remember it till then. Write a nearer moment."
    if rule:
        raise BadInput.single(_UNTIL, rule, f'"{clean(text, 60)}"')
    return at


def _whose_word() -> str:
    """ "alice@nas"."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in many containers
        user = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return clean(f"{user}@{socket.gethostname()}", 120)


# Those that are there -------------------------------------------------------------------------------------------------


def _known(text: str, known: Sequence[Silence]) -> Silence:
    """The silence that is meant; its job or tag may be declared no more."""
    names = {f"{each.subject}:{each.name}": each for each in known}
    if text in names:
        return names[text]
    found = [each for each in known if each.name == text]
    if len(found) > 1:
        rule = f"is silenced as {listed([each.subject.value for each in found])}. Say which: "
        raise BadInput.single("--end", f"{rule}{listed(map(_colon, found))}.", f'"{clean(text, 60)}"')
    if not found:
        there = f"Silenced: {listed(list(map(_colon, known)), 20)}." if known else "Nothing is."
        raise BadInput.single("--end", f"is not silenced. {there}", f'"{clean(text, 60)}"')
    return found[0]


def _colon(each: Silence) -> str:
    return clean(f"{each.subject}:{each.name}", 80)


def _list(known: Iterable[Silence], roll: Roll, now: datetime, *, as_json: bool) -> Iterator[str]:
    known = tuple(known)
    if as_json:
        whole = [
            {
                "subject": each.subject,
                "name": each.name,
                "until": to_iso(each.until, roll.zone),
                "reason": each.reason,
                "by": each.by,
                "made_at": to_iso(each.made_at, roll.zone),
                "jobs": [job.id for job in covered(each, roll.jobs)],
            }
            for each in known
        ]
        yield json.dumps({"version": 1, "silences": whole}, ensure_ascii=False, indent=1)
        return
    if not known:
        yield "nothing is silenced"
    for each in known:
        made = f"{clean(each.by, 120)}, {show_instant(each.made_at, roll.zone)}"
        yield f"{_shown(each)} {until(each.until, now, roll.zone)}: {clean(each.reason, 400)} ({made})"
        yield f"  {_of_jobs(each, roll)}"


def _shown(each: Silence) -> str:
    return f"{each.subject} {clean(each.name, 80)}"


def _of_jobs(each: Silence, roll: Roll) -> str:
    """ "2 jobs: dump and sync"."""
    ids = [clean(job.id, 60) for job in covered(each, roll.jobs)]
    return f"{counted(len(ids), 'job')}: {listed(ids, _MOST_NAMED)}" if ids else "no job that is declared"
