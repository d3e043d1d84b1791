"""What did a service answer when it was told to do something by a POST?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from rollcall.evidence import CannotLook
from rollcall.roll.scheduler import Order, Reply
from rollcall.roll.secrets import Secrets
from rollcall.schedulers.over_http import Answer

# Found, See Other: a form that did as it was asked answers so, and so does a page that wants a login first. Request
# Timeout, and nginx' Client Closed Request: a proxy says so, whatever came through.
_DONE_OR_NOT = (302, 303, 408, 499)
_PROXY_LOST_PATIENCE = 504


class _Posts(Protocol):
    @property
    def secrets(self) -> Secrets: ...

    def post(self, path: str, body: Any = None, *, limit: timedelta | None = None) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Order):
    """A POST to a path of a scheduler. It is sent once, and follows no redirect."""

    scheduler: _Posts = field(repr=False)
    path: str
    body: Any = field(default=None, repr=False)

    def send(self, limit: timedelta | None = None) -> Reply:
        """What came back. A redirect is not followed, a request in error changes nothing: so it is refused."""
        secrets = self.scheduler.secrets
        try:
            answer = self.scheduler.post(self.path, self.body, limit=limit)
        except CannotLook as problem:
            return Reply(came=False, line=secrets.clean(problem.detail, 400))
        status = answer.status
        line = f"{answer.asked} answers {status} {answer.reason}".rstrip()
        text = secrets.clean_words(answer.body[:2_000].decode(errors="replace"), 120)
        if 300 <= status < 400:
            # Where it points to may carry a token in its query.
            target = answer.headers.get("location", "").partition("?")[0]
            line += f" and points to {target or 'nowhere'}, which is not followed"
        elif status >= 400 and text:
            line += f": {text}"
        is_accepted = 200 <= status < 300
        return Reply(
            line=secrets.clean(line, 400),
            is_accepted=is_accepted,
            is_refused=300 <= status < 500 and status not in _DONE_OR_NOT,
            # One says so by 202, another does so after a 200.
            may_be_under_way=is_accepted or status == _PROXY_LOST_PATIENCE,
        )
