"""What does it take to judge what a hundred hosts left of ten thousand jobs, and is each as cheap as of a thousand?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.stage import HOUSE

FEW, MANY, A_HOST = 1_000, 10_000, 100
ROUNDS = 3
SHARDS = 4


def hosts(folder: Path) -> list[tuple[str, float, str]]:
    """Loading, reading, judging, JSON and page, as a whole process: a job of many against one of few, and a shard."""
    for count in (FEW, MANY):
        subprocess.run([*_OURSELVES, "leave", str(folder / str(count)), str(count)], cwd=HOUSE, check=True)
    few = [_judged(folder / str(FEW)) for _ in range(ROUNDS)]
    many = [_judged(folder / str(MANY)) for _ in range(ROUNDS)]
    shard = [_judged(folder / str(MANY), f"1/{SHARDS}") for _ in range(ROUNDS)]
    seconds, megabytes = (median(each[number] for each in many) for number in (0, 1))
    a_job = seconds / MANY / (median(each[0] for each in few) / FEW)
    what = f"{MANY:,} jobs that {MANY // A_HOST} hosts left"
    return [
        (f"{what}, seconds of processor time", seconds, "under 60"),
        (f"{what}, MB", megabytes, "under 500"),
        (f"a job of {MANY:,} / of {FEW:,}, left by hosts", a_job, "below 1.3"),
        (f"a shard in {SHARDS} / all of them", median(each[0] for each in shard) / seconds, "below 0.35"),
    ]


_OURSELVES = [sys.executable, "-m", "benchmarks.hosts"]


def _judged(folder: Path, shard: str = "") -> tuple[float, float]:
    """Seconds of processor time, and megabytes, of the process that judges them."""
    process = subprocess.Popen([*_OURSELVES, "judge", str(folder), shard], cwd=HOUSE, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def leave(folder: Path, count: int) -> None:
    """What hosts leave of a made-up fleet of so many jobs: a scheduler a host, and what its jobs left."""
    from rollcall.demo.fleet import MORNING
    from rollcall.demo.fleet_file import jobs_toml
    from rollcall.demo.fleet_plan import plan
    from rollcall.demo.fleet_seen import Seen
    from rollcall.evidence import Evidence
    from rollcall.recorded.bundle import Bundle, packed
    from rollcall.recorded.left import name_of
    from rollcall.roll.load import load

    folder.mkdir(parents=True)
    fleet = plan(count, is_good=False)
    text = jobs_toml(fleet, MORNING.date())
    names = {name: f"host-{number}" for number, name in enumerate(fleet.kinds)}
    text = re.sub(r"(\[schedulers\.([^\].]+)\]\n)", lambda found: f'{found[1]}host = "{names[found[2]]}"\n', text)
    (folder / "jobs.toml").write_text(text, encoding="utf-8")
    roll = load(folder / "jobs.toml", environment={}, is_replay=True, now=MORNING)
    seen = Seen(fleet, roll, MORNING).evidence()
    (folder / "hub").mkdir()
    for scheduler in roll.schedulers:
        jobs = roll.jobs_of(scheduler.id)
        host = scheduler.host
        assert host is not None
        bundle = Bundle(
            by=host,
            looked_at=MORNING,
            left_at=MORNING,
            jobs={job.id: job.asked_as for job in jobs},
            schedulers={scheduler.id: scheduler.asked_as},
            evidence=Evidence(
                schedulers={scheduler.id: seen.schedulers[scheduler.id]},
                memories={name: each for name, each in seen.memories.items() if name == scheduler.id},
                outputs={job.id: seen.outputs[job.id] for job in jobs if job.id in seen.outputs},
            ),
        )
        file = folder / "hub" / name_of(host, "")
        file.write_bytes(packed(bundle))
        os.utime(file, (MORNING.timestamp(), MORNING.timestamp()))


def judge(folder: Path, shard: str) -> None:
    """Judges all that is left there, or what of it is in that shard, and writes page and JSON."""
    from rollcall.demo.fleet import MORNING
    from rollcall.files import write_whole
    from rollcall.history.rows import NOTHING
    from rollcall.morning.ending import Ending
    from rollcall.morning.judge import judge_morning
    from rollcall.recorded.left import read_left
    from rollcall.report.page import render_alone
    from rollcall.roll.load import load
    from rollcall.roll.selection import Selection
    from rollcall.roll.shard import read_shard
    from rollcall.sinks.json import pieces_of
    from rollcall.storage import Folder

    began = time.process_time()
    roll = load(folder / "jobs.toml", environment={}, now=MORNING)
    selection = Selection(shard=read_shard(shard, "shard")) if shard else Selection()
    jobs, schedulers = selection.jobs_of(roll), selection.schedulers_of(roll)
    limit = roll.evidence.max_age
    left = read_left(Folder(folder / "hub"), roll.hosts, now=MORNING, zone=roll.zone, max_age=limit, key=None)
    evidence = left.evidence(jobs, schedulers, MORNING)
    del left
    morning = judge_morning(roll, evidence, now=MORNING, jobs=jobs, schedulers=schedulers)
    assert not any(each.why for each in morning.hosts.values()), "a host was not believed"
    write_whole(folder / "morning.json", pieces_of(morning, Ending()))
    write_whole(folder / "morning.html", render_alone(morning, Ending(), chronicle=NOTHING))
    print(f"{time.process_time() - began:.1f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["leave", where, number]:
            leave(Path(where), int(number))
        case ["judge", where, part]:
            judge(Path(where), part)
