"""What did Roll call do about a fault, and what proves that it helped?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rollcall.times import show_instant
from rollcall.vocabulary import CauseCode


class Deed(StrEnum):
    """What Roll call can do."""

    START = "start"
    RESTART = "restart"  # stop, then start
    RERUN = "rerun"

    @property
    def cures(self) -> tuple[CauseCode, ...]:
        """The causes that it can fix; everything else needs a person."""
        match self:
            case Deed.START:
                return (CauseCode.SCHEDULER_STOPPED,)
            case Deed.RESTART:
                return (CauseCode.SCHEDULER_STALLED,)
            case Deed.RERUN:
                return (CauseCode.MISSED_RUN, CauseCode.NEVER_RAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that was done, or would be: to which scheduler or job, when, and what was seen afterwards.

    `subject` is the id of the scheduler (`START`, `RESTART`) or of the job (`RERUN`). `is_proven` is True where the
    scheduler was asked again and showed that it worked; `proof` is the one line that says so, or why not. `is_dry` is
    True where nothing was done. `due_at` is the run that was owed, for `RERUN`; `asked_at` is when it was
    asked for, now or by an earlier check, None where it was not; `is_refused` is True where the scheduler refused to.
    """

    deed: Deed
    subject: str
    at: datetime
    is_proven: bool
    proof: str
    is_dry: bool = False
    due_at: datetime | None = None
    asked_at: datetime | None = None
    is_refused: bool = False


_WAS = {Deed.START: "was stopped", Deed.RESTART: "was stalled", Deed.RERUN: "was missed"}
_IS = {Deed.START: "is stopped", Deed.RESTART: "is stalled", Deed.RERUN: "was missed"}
_DID = {Deed.START: "restarted", Deed.RESTART: "restarted", Deed.RERUN: "re-run"}


def told(action: Action, zone: ZoneInfo) -> str:
    """The action as one line for people in `zone`: ``aime was stopped, restarted 07:02 CET, verified: running, …``."""
    was = f"{_subject(action, zone)} {_WAS[action.deed]}"
    if action.is_dry:
        return f"{_subject(action, zone)} {_IS[action.deed]} and would be {_DID[action.deed]}: {action.proof}"
    if not action.is_proven:
        return f"{was}; no proof at {show_clock(action.at, zone)} that it is fixed: {action.proof}"
    return f"{was}, {_DID[action.deed]} {show_clock(action.at, zone)}, verified: {action.proof}"


def _subject(action: Action, zone: ZoneInfo) -> str:
    due_at = action.due_at
    return f"{action.subject}'s run of {show_instant(due_at, zone)}" if due_at else action.subject


def show_clock(at: datetime, zone: ZoneInfo) -> str:
    """``07:02 CET``: without the day, which stands in the headline."""
    _, _, _, clock = show_instant(at, zone).split(" ", 3)
    return clock
