"""Who must hear of it?

`news` finds what is news, `message` writes it, `channels` send it; what was told is remembered only once somebody took
it. For whoever has judged a morning of the present there is one call:

    problems = alert.tell(roll, morning, chronicle, file=history, is_complete=True, page=page)

Each of the `problems` is one line for people, without secrets. They are notes: that nobody could be reached is no
verdict about a job, and changes no exit status.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rollcall.alert.channels import carry, channels_of
from rollcall.alert.message import write_message
from rollcall.alert.news import News, find_news, forget_undeclared
from rollcall.alone import alone
from rollcall.history import store
from rollcall.history.rows import Chronicle, Told
from rollcall.jobs import Roll
from rollcall.morning import Morning

__all__ = ["Telling", "tell", "tell_news"]

LOCK = ".alert.lock"
_POLL = 0.1  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What was told: what to remember now, by key, and what went wrong, one line each.

    `messages` counts what there was to tell, `taken` what at least one channel took.
    """

    told: Mapping[str, Told]
    problems: tuple[str, ...] = ()
    messages: int = 0
    taken: int = 0


def tell(
    roll: Roll,
    morning: Morning,
    chronicle: Chronicle,
    *,
    file: Path | None,
    is_complete: bool,
    page: Path | None = None,
) -> tuple[str, ...]:
    """Tells what is news of that morning and remembers it in the history `file`. Returns the problems, one line each.

    `chronicle` is what the history told before this morning was written down. Without a `file` nothing is remembered:
    everything that is wrong is new. `page` is where more stands, told in the messages. Nobody is told where there is
    no `[alert]`, nor of a demo or a replay; another moment (`--as-of`) is for the caller to leave out. It takes at most
    `alert.timeout`, as long again where another look is telling just now, and never raises.
    """
    if roll.alert is None or morning.demo is not None or morning.replay_of is not None:
        return ()
    with _turn(file, roll.alert.timeout):
        before = store.read_told(file) if file else {}
        telling = tell_news(roll, morning, chronicle, told=before if file else None, is_complete=is_complete, page=page)
        new = {key: each for key, each in telling.told.items() if before.get(key) != each}
        over = before.keys() - telling.told.keys()
        unwritten = store.update_told(file, new, over) if file and (new or over) else None
    return (*telling.problems, unwritten) if unwritten else telling.problems


@contextmanager
def _turn(file: Path | None, patience: timedelta) -> Iterator[None]:
    """Waits until no other look tells its news, or both would tell the same; for as long as that may take, not more."""
    with ExitStack() as held:
        ends_on = time.monotonic() + patience.total_seconds()
        # Where no lock can be had it is better told twice than not at all.
        with suppress(OSError):
            while file and not held.enter_context(alone(file.with_name(LOCK))) and time.monotonic() < ends_on:
                held.close()
                time.sleep(_POLL)
        yield


def tell_news(
    roll: Roll,
    morning: Morning,
    chronicle: Chronicle,
    *,
    told: Mapping[str, Told] | None,
    is_complete: bool,
    page: Path | None = None,
) -> Telling:
    """Sends what is news to everybody. What no channel took is news again the next time, where it still is so.

    `told` is what was told already, None where nothing can be remembered.
    """
    before = forget_undeclared(told or {}, roll) if is_complete else dict(told or {})
    news = find_news(roll, morning, chronicle, None if told is None else before, is_complete=is_complete)
    if roll.alert is None or not news:
        return Telling(told=before)
    jobs_file = roll.file.absolute()
    messages = [write_message(each, morning, jobs_file=jobs_file, page=page) for each in news]
    carried = carry(messages, channels_of(roll.alert), limit=roll.alert.timeout)
    taken = frozenset[int]().union(*(each.taken for each in carried))
    return Telling(
        told=_remembered(before, [each for number, each in enumerate(news) if number in taken]),
        problems=tuple(f"alert: {each.problem}" for each in carried if each.problem),
        messages=len(news),
        taken=len(taken),
    )


def _remembered(before: Mapping[str, Told], taken: list[News]) -> dict[str, Told]:
    over = {key for each in taken for key in each.over}
    told = {each.key: each for news in taken for each in news.told}
    return {key: each for key, each in before.items() if key not in over} | told
