"""How do the days before the morning pass, in seconds and for real?

The stage moves the clock from one due instant to the next and each time waits until APScheduler itself has
started the runs and they have ended. It never starts a scheduled run and never writes a record.
"""

import http.client
import queue
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.events import EVENT_JOB_SUBMITTED

from rollcall.demo.backend import Backend
from rollcall.demo.clock import PATIENCE, Clock, ClockError
from rollcall.demo.faults import Fault, at
from rollcall.demo.web import API, Web

FIRST_DAY = at(1, 0) - timedelta(hours=5)
# The last hours pass as on any machine: APScheduler's own timer expires at 06:00:00. Before, the clock is
# held at each due instant, so that a busy machine cannot turn one of a hundred runs into a misfire.
LIVE_FROM = at(11, 5)
RUN_UP = timedelta(seconds=0.2)


class Stage:
    """A whole service, its clock, and what may happen to it."""

    def __init__(self, folder: Path, fault: Fault) -> None:
        self.is_up = True
        self.clock = Clock(FIRST_DAY)
        self._events: queue.Queue[Any] = queue.Queue()
        self.backend = Backend(folder, self.clock, timezone=fault.timezone, tell=self._events.put)
        self.backend.start()
        self.web = Web(self.backend)

    def play(self, fault: Fault) -> None:
        """Live through the days up to the morning with `fault` in it, then let go of the clock."""
        try:
            for moment_at, happen in fault.moments:
                self.run_until(moment_at)
                happen(self)
            self.run_until(fault.ready_at)
        finally:
            # Also after an error: a run that waits for a clock nobody moves would keep the process alive.
            self.clock.set_free()

    def run_until(self, instant: datetime) -> None:
        """Let everything run that the scheduler starts before `instant`, and make it `instant`."""
        while (due_at := self.backend.next_due_at()) is not None and due_at < instant:
            self._run_due(due_at)
        self._move_to(instant)

    def sleep(self, span: timedelta) -> None:
        """The machine sleeps, as a laptop does: time passes and nothing runs."""
        wakes_at = self.clock.now() + span
        missed = self._due_by(wakes_at)
        self._move_to(wakes_at)
        self._await_outcomes(missed)

    def run_by_hand(self, job_id: str) -> None:
        """A person triggers `job_id` over HTTP."""
        call = threading.Thread(target=self._post, args=[f"{API}/trigger/{job_id}"], daemon=True)
        call.start()
        self.clock.let_finish(1)
        call.join()

    def restart(self, *, restores: bool) -> None:
        """The process ends and comes back; `restores`: it starts what the database says was active."""
        self.backend.lose_scheduler()
        if restores:
            self.backend.restore_active_services()

    def crash(self) -> None:
        """The process ends for good."""
        self.backend.lose_scheduler()
        self.is_up = False

    def _run_due(self, due_at: datetime) -> None:
        due = self._due_by(due_at)
        if due_at < LIVE_FROM:
            self._move_to(due_at)
        else:
            self.clock.let_tick()
            self._move_to(due_at - RUN_UP)
        self.clock.let_finish(len(due))
        self._await_outcomes(due)

    def _due_by(self, instant: datetime) -> set[str]:
        return {job.id for job in self.backend.jobs() if job.next_run_time and job.next_run_time <= instant}

    def _move_to(self, instant: datetime) -> None:
        self.clock.move_to(instant)
        self.backend.wake()

    def _await_outcomes(self, due: set[str]) -> None:
        """Wait until the scheduler has set the next due time of each job and knows how its run ended."""
        awaited = {(job_id, is_outcome) for job_id in due for is_outcome in (False, True)}
        give_up_at = time.monotonic() + PATIENCE
        while awaited:
            try:
                event = self._events.get(timeout=max(0, give_up_at - time.monotonic()))
            except queue.Empty:
                raise ClockError(f"at {self.clock.now()}: no end of {sorted(awaited)}") from None
            awaited.discard((event.job_id, event.code != EVENT_JOB_SUBMITTED))

    def _post(self, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=PATIENCE)
        connection.request("POST", path)
        connection.getresponse().read()
        connection.close()
