"""What did a scheduler answer when it was asked to do something?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from rollcall.evidence import CannotLook
from rollcall.roll.scheduler import Scheduler
from rollcall.schedulers.json import Json

# Found, See Other: a form that did as it was asked answers so, and so does a page that wants a login first. Request
# Timeout, and nginx' Client Closed Request: a proxy says so, whatever came through.
_DONE_OR_NOT = (302, 303, 408, 499)
_PROXY_LOST_PATIENCE = 504


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back to one request: its status (None where no answer came), and one line that says so."""

    status: int | None
    line: str

    @property
    def is_accepted(self) -> bool:
        """True where the scheduler says that it was, or will be, done."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """True where it was surely not done: a redirect is not followed, a request in error changes nothing."""
        return self.status is not None and 300 <= self.status < 500 and self.status not in _DONE_OR_NOT

    @property
    def may_be_under_way(self) -> bool:
        """True where what was asked for may go on after the answer: one says so by 202, another does so after a 200."""
        return self.is_accepted or self.status == _PROXY_LOST_PATIENCE


def ask(scheduler: Scheduler, path: str, *, limit: timedelta | None = None) -> Reply:
    """The reply to one POST, never sent again; within `limit`, the scheduler's timeout where left out."""
    if not isinstance(scheduler, Json):  # `path_of` names no path of another kind
        return Reply(status=None, line=f"{scheduler.id} takes no request")
    try:
        answer = scheduler.post(path, limit=limit)
    except CannotLook as problem:
        return Reply(status=None, line=scheduler.secrets.clean(problem.detail, 400))
    line = f"{answer.asked} answers {answer.status} {answer.reason}".rstrip()
    text = scheduler.secrets.clean_words(answer.body[:2_000].decode(errors="replace"), 120)
    if 300 <= answer.status < 400:
        # Where it points to may carry a token in its query.
        target = answer.headers.get("location", "").partition("?")[0]
        line += f" and points to {target or 'nowhere'}, which is not followed"
    elif answer.status >= 400 and text:
        line += f": {text}"
    return Reply(status=answer.status, line=scheduler.secrets.clean(line, 400))
