"""How long does it take to judge ninety mornings of a thousand jobs again, and what do they take where they are kept?

A made-up fleet, seen each morning at the same time; what the history remembers grows with it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rollcall.demo.fleet import MORNING
from rollcall.demo.fleet_file import jobs_toml
from rollcall.demo.fleet_past import usual_run
from rollcall.demo.fleet_plan import plan
from rollcall.demo.fleet_seen import Seen
from rollcall.evidence import LeftThen, Remembered, RunRemembered
from rollcall.morning.judge import judge_morning
from rollcall.morning.said import said_of_jobs, said_of_schedulers
from rollcall.recorded.archive import Archive
from rollcall.recorded.kept import KeptMorning
from rollcall.recorded.record import Recorded, clean_files, without
from rollcall.roll.load import load
from rollcall.schedule.answers import due_between
from rollcall.storage import Folder

JOBS, FEW, MORNINGS = 1_000, 100, 90
_ROOT = Path("/srv/jobs")
_DAY = timedelta(days=1)


def backtest(folder: Path) -> list[tuple[str, float, str]]:
    """The whole command, per morning of jobs, and what one morning takes."""
    few, many = _measured(folder / "few", FEW), _measured(folder / "many", JOBS)
    return [
        (f"backtest of {MORNINGS} mornings of {JOBS:,} jobs, in seconds", many["seconds"], "under 60"),
        ("the same a job / of a fleet of 100", many["seconds"] / few["seconds"] / (JOBS / FEW), "at most 1.2"),
        ("its largest process, in MB", many["memory"], "at most 400"),
        ("a whole morning kept, in kB", many["whole"], "at most 1,500"),
        ("the others / a whole one", many["others"], "at most 0.3"),
        ("to keep a morning / to judge it", many["keep"], "at most 1.5"),
    ]


def _measured(folder: Path, jobs: int) -> dict[str, float]:
    fleet, kept = plan(jobs, is_good=False), folder / "kept"
    folder.mkdir(parents=True)
    file = folder / "jobs.toml"
    text = jobs_toml(fleet, MORNING.date()) + '\n[history]\nevidence = "kept"\n'
    file.write_text(text, encoding="utf-8")
    (folder / "new.toml").write_text(text.replace('max_runtime = "30 min"', 'max_runtime = "20 min"'), encoding="utf-8")
    roll = load(file, environment={}, root=_ROOT, is_replay=True)
    files, secrets = clean_files(roll, given_as="benchmark")
    archive, planned = Archive(Folder(kept)), {each.id: each for each in fleet.jobs}
    usual = {
        job.id: [
            RunRemembered(
                due_at=due_at,
                took=run.takes,
                left=tuple(LeftThen(output=each.written, size=run.size) for each in job.outputs),
            )
            for due_at in reversed(due_between(job.schedule, MORNING - (MORNINGS + 120) * _DAY, MORNING))
            for run in [usual_run(planned[job.id], due_at, MORNING)]
        ]
        for job in roll.jobs
    }
    judging = keeping = 0.0
    for day in range(MORNINGS - 1, -1, -1):
        now = MORNING - day * _DAY
        seen = Seen(fleet, roll, now, MORNING).evidence()
        evidence = replace(seen, remembered=Remembered.of(_known(usual, now - _DAY)))
        began = time.process_time()
        morning = judge_morning(roll, evidence, now=now)
        judged = time.process_time()
        archive.add(
            KeptMorning(
                recorded=Recorded(evidence=without(secrets, evidence), now=now, root=_ROOT),
                by="pytest",
                files=files,
                jobs=said_of_jobs(morning),
                schedulers=said_of_schedulers(morning),
            ),
            keeps=400 * _DAY,
            most=2_000_000_000,
        )
        judging, keeping = judging + judged - began, keeping + time.process_time() - judged
    seconds, memory = _backtest(folder)
    sizes = [(("+" in each.name), each.stat().st_size) for each in kept.iterdir()]
    whole = [size for is_other, size in sizes if not is_other]
    others = [size for is_other, size in sizes if is_other]
    return {
        "seconds": seconds,
        "memory": memory,
        "whole": sum(whole) / len(whole) / 1000,
        "others": sum(others) / len(others) / (sum(whole) / len(whole)),
        "keep": keeping / judging,
    }


def _known(usual: Mapping[str, list[RunRemembered]], now: datetime) -> dict[str, tuple[RunRemembered, ...]]:
    return {job: tuple([each for each in runs if each.due_at < now][:120]) for job, runs in usual.items()}


def _backtest(folder: Path) -> tuple[float, float]:
    """Seconds of the command, and the most that one of its processes took, in MB."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "rollcall", "backtest", "--since", "3000d", "--jobs-file", "new.toml", "--json"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
