"""How does the service behave that the demo stands in for? (APScheduler 3 inside a web backend)"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, EVENT_JOB_SUBMITTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from rollcall.demo.clock import Clock
from rollcall.demo.store import Execution, Store
from rollcall.demo.takes import takes
from rollcall.demo.work import Work

SERVICE = "scheduler"
EVENTS = EVENT_JOB_SUBMITTED | EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoJob:
    """One job as the service declares it; no `cron` means every six hours from the scheduler's start."""

    title: str
    cron: dict[str, int | str] = field(default_factory=dict)
    does: Callable[[Work], None] = Work.leave_no_file


JOBS = {
    "daily_enrichment": DemoJob(title="✨ Enrichissement quotidien", cron={"hour": 2}),
    "generate_magazine_editions": DemoJob(title="📰 Éditions du magazine", cron={"hour": 3}),
    "sync_discogs_daily": DemoJob(title="💿 Synchronisation Discogs", cron={"hour": 4}),
    "generate_haiku_scheduled": DemoJob(title="🎋 Génération de haïkus", cron={"hour": 6}, does=Work.generate_haiku),
    "export_collection_markdown": DemoJob(
        title="📝 Export Markdown de la collection", cron={"hour": 8}, does=Work.export_markdown
    ),
    "export_collection_json": DemoJob(
        title="📦 Export JSON de la collection", cron={"hour": 10}, does=Work.export_json
    ),
    "optimize_ai_descriptions": DemoJob(title="🤖 Optimisation des descriptions IA"),
    "weekly_haiku": DemoJob(title="📜 Haïku de la semaine", cron={"day_of_week": "sun", "hour": 20}),
    "monthly_analysis": DemoJob(title="📊 Analyse mensuelle", cron={"day": 1, "hour": 3}),
}


class Backend:
    """The backend: a scheduler that lives in memory, a database that outlives it, and the work itself."""

    def __init__(self, folder: Path, clock: Clock, *, timezone: str, tell: Callable[[Any], None]) -> None:
        self.clock = clock
        self.timezone = timezone
        self.token: str | None = None
        self.store = Store(folder / "data" / "musique.db")
        self.work = Work(folder, clock)
        self.scheduler: Any = None
        self._tell = tell
        self._switch = threading.RLock()

    def start(self) -> None:
        """Start the scheduler with all its jobs and remember that it is active."""
        with self._switch:
            if self.scheduler is None:
                self.scheduler = self._started_scheduler()
            self.store.set_active(SERVICE, True, self.clock.now())

    def stop(self) -> None:
        """Stop the scheduler and remember that it is inactive."""
        with self._switch:
            self.lose_scheduler()
            self.store.set_active(SERVICE, False, self.clock.now())

    def lose_scheduler(self) -> None:
        """What the end of the process does: the scheduler is gone, the database still says active."""
        with self._switch:
            scheduler, self.scheduler = self.scheduler, None
            if scheduler is not None:
                scheduler.shutdown(wait=False)

    def restore_active_services(self) -> None:
        """What a restart must do: start what the database says was active."""
        if self.store.is_active(SERVICE):
            self.start()

    def run(self, job_id: str) -> None:
        """Run one job now, by schedule or by hand, and record how it ended when it ends."""
        job = JOBS[job_id]
        with self.clock.run_taking(takes(job_id, self.clock.now())):
            try:
                job.does(self.work)
            except Exception:
                self._record(job_id, "error")
                raise
            self._record(job_id, "success")

    def status(self) -> dict[str, Any]:
        """What `GET …/status` answers."""
        with self._switch:
            executions = self.store.executions()
            jobs = [_job_status(job, executions) for job in self.jobs()]
            return {"running": self.scheduler is not None, "job_count": len(jobs), "jobs": jobs}

    def jobs(self) -> list[Any]:
        """The scheduler's own job records, soonest first; none when it is stopped."""
        return self.scheduler.get_jobs() if self.scheduler is not None else []

    def next_due_at(self) -> datetime | None:
        """When the scheduler will next start a run by itself; None when it will not."""
        if self.scheduler is None or self.scheduler.state != STATE_RUNNING:
            return None
        return min((job.next_run_time for job in self.jobs() if job.next_run_time), default=None)

    def wake(self) -> None:
        """Make the scheduler look at the clock: its thread waits in real seconds and misses every jump."""
        if self.scheduler is not None:
            self.scheduler.wakeup()

    def _started_scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone=self.timezone)
        for job_id, job in JOBS.items():
            scheduler.add_job(self.run, self._trigger(job), args=[job_id], id=job_id, name=job.title)
        scheduler.add_listener(self._tell, EVENTS)
        scheduler.start()
        return scheduler

    def _trigger(self, job: DemoJob) -> CronTrigger | IntervalTrigger:
        if not job.cron:
            return IntervalTrigger(hours=6, timezone=self.timezone)
        return CronTrigger(**job.cron, minute=0, timezone=self.timezone)

    def _record(self, job_id: str, status: str) -> None:
        job = self.scheduler.get_job(job_id) if self.scheduler is not None else None
        next_run = job.next_run_time if job is not None else None
        self.store.record(job_id, JOBS[job_id].title, status, now=self.clock.now(), next_run=next_run)


def _job_status(job: Any, executions: dict[str, Execution]) -> dict[str, Any]:
    last = executions.get(job.id)
    return {
        "id": job.id,
        "name": job.name,
        "next_run": job.next_run_time and job.next_run_time.isoformat(),
        "last_execution": last and last.last_executed.isoformat(timespec="microseconds"),
        "last_status": last.last_status if last else "pending",
    }
