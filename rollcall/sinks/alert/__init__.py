"""Who must hear of it?

`news` finds what is news, `alertmanager` what stands; `message` writes it, `channels` send it, and `tell` does it all
for each channel.
"""

from __future__ import annotations

from collections.abc import Iterable

from rollcall.sinks.base import Result, Sink, Stage


class Alert(Sink):
    """Who must hear of it, each through a channel of [alert]."""

    stage = Stage.TELL

    def finish(self, result: Result) -> Iterable[str]:
        start = result.start
        if result.morning is None or not start.is_of_today or start.roll is None or start.roll.alert is None:
            return ()
        from rollcall.sinks.alert.tell import tell

        return tell(
            start.roll,
            result.morning,
            result.chronicle,
            store=start.history,
            is_complete=result.ending.is_complete,
            page=result.page,
        )
