"""Gives each channel what is news to it, once; an Alertmanager what stands, at each look.

Each channel has a memory of its own, of what it took, whatever became of the others. What goes wrong is a note: that
nobody could be reached is no verdict about a job, and changes no exit status.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache
from pathlib import Path

from rollcall.history.reading import read_told
from rollcall.history.rows import Chronicle, Memory, Told
from rollcall.history.store import Store, alone
from rollcall.history.writing import update_told
from rollcall.morning import Morning
from rollcall.report.owners import FOLDER, files_of
from rollcall.roll.roll import Roll
from rollcall.sinks.alert.alertmanager import Alerts, find_alerts
from rollcall.sinks.alert.channels import carry, channels_of
from rollcall.sinks.alert.message import Message, write_alerts, write_message
from rollcall.sinks.alert.news import News, find_news, forget_undeclared, silence_told
from rollcall.sinks.alert.trouble import silenced_keys

LOCK = ".alert.lock"


def tell(
    roll: Roll,
    morning: Morning,
    chronicle: Chronicle,
    *,
    store: Store | None,
    is_complete: bool,
    page: Path | None = None,
) -> tuple[str, ...]:
    """Gives each channel what is news to it of that morning, and remembers in the history of `store` what it took.

    Returns the problems, one line each. What a channel did not take is news to it again the next time, where it still
    is so. `chronicle` is what the history told before this morning was written down. Without a `store` nothing is
    remembered: everything that is wrong is new. `page` is where more stands, told in the messages. Nobody is told where
    there is no `[alert]`, nor of a demo or a replay; another moment (`--as-of`) is for the caller to leave out. It
    takes at most `alert.timeout`, as long again where another look is telling just now, and never raises.
    """
    if roll.alert is None or morning.demo is not None or morning.replay_of is not None:
        return ()
    channels = channels_of(roll.alert)

    @cache
    def part(owners: frozenset[str] | None) -> tuple[Roll, Morning]:
        """What concerns whoever hears of the jobs of these owners."""
        its_roll = roll if owners is None else roll.of_owners(owners)
        return its_roll, morning if owners is None else morning.of(its_roll)

    def page_for(owners: frozenset[str] | None) -> Path | None:
        """Where more stands for whoever hears of these: their own page where they have one."""
        own = [file for owner, file in files_of(roll).items() if owners == frozenset({owner})]
        return page.parent / FOLDER / own[0] if page and own and is_complete and not morning.is_partial else page

    @cache
    def written(
        heard: frozenset[Told], hears_what_stands: bool, owners: frozenset[str] | None
    ) -> tuple[tuple[News | Alerts, Message], ...]:
        """What whoever heard just that is told."""
        memory = {each.key: each for each in heard} if store else None
        (its_roll, its_morning), its_page = part(owners), page_for(owners)
        if hears_what_stands:
            alerts = find_alerts(its_roll, its_morning, chronicle, memory, is_complete=is_complete, page=its_page)
            return ((alerts, write_alerts(alerts)),)
        news = find_news(its_roll, its_morning, chronicle, memory, is_complete=is_complete)
        jobs_file = roll.file.absolute()
        return tuple((each, write_message(each, its_morning, jobs_file=jobs_file, page=its_page)) for each in news)

    # Or two looks at once would tell the same. Where the lock cannot be had, or not in time, it is better told twice
    # than not at all.
    with alone(store, LOCK, roll.alert.timeout) if store else nullcontext():
        before = read_told(store) if store else {}
        memories = [before.get(each.id, {}) for each in channels]
        if is_complete:
            memories = [
                forget_undeclared(memory, part(each.owners)[0]) for each, memory in zip(channels, memories, strict=True)
            ]
        news = [
            written(frozenset(memory.values()), each.hears_what_stands, each.owners)
            for each, memory in zip(channels, memories, strict=True)
        ]
        memories = [silence_told(each, silenced_keys(roll, chronicle.silences)) for each in memories]
        messages = [[message for _, message in each] for each in news]
        carried = carry(zip(channels, messages, strict=True), limit=roll.alert.timeout)
        # Of a channel that is declared no more nobody will ever hear again.
        after = {} if is_complete else dict(before)
        for channel, memory, offered, done in zip(channels, memories, news, carried, strict=True):
            after[channel.id] = _remembered(memory, [offered[number][0] for number in done.taken])
        unwritten = update_told(store, before, after) if store else None
    problems = tuple(f"alert: {each.problem}" for each in carried if each.problem)
    return (*problems, unwritten) if unwritten else problems


def _remembered(before: Memory, taken: Iterable[News | Alerts]) -> Memory:
    over = {key for each in taken for key in each.over}
    told = {each.key: each for news in taken for each in news.told}
    return {key: each for key, each in before.items() if key not in over} | told
