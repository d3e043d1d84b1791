"""What does a bucket of 100,000 objects cost that 100 jobs share?"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from zoneinfo import ZoneInfo

import s3fs

from fixtures.shelf import LISTED, shelf
from rollcall.outputs.listing import Listed, Wanted
from rollcall.outputs.sources import source_of
from rollcall.roll.output import Output
from rollcall.roll.place import Place

OBJECTS = 100_000
JOBS = 100
RUNS = 3


def large_bucket(folder: Path) -> list[tuple[str, float, str]]:
    """Two listings against a bare one by the library: of all names, and of those that the date fills in.

    The bucket is in a process of its own, which answers in no time: what is measured is this one.
    """
    with Popen([sys.executable, "-m", "benchmarks.buckets"], stdout=PIPE, stdin=PIPE, text=True) as bucket:
        assert bucket.stdout is not None
        options = {"endpoint_url": bucket.stdout.readline().strip(), "key": "k", "secret": "s"}
        all_names, dated = _wanted(options, "dump{job:03}-*"), _wanted(options, "dump{job:03}-%F-*")
        fs = s3fs.S3FileSystem(**options, skip_instance_cache=True)
        bare = _seconds(lambda: _bare(fs))
        rows = [
            (
                f"listing {OBJECTS:,} objects for {JOBS} jobs / by the library",
                _seconds(lambda: _look(all_names)) / bare,
            ),
            ("of them those that are due / the same", _seconds(lambda: _look(dated)) / bare),
        ]
        bucket.terminate()
    return [(what, ratio, "at most 1.2") for what, ratio in rows]


def serve() -> None:
    """A bucket with as many objects: of each job a thousand days. Ends with whoever started it."""
    first = datetime.now(UTC) - timedelta(days=OBJECTS // JOBS - 1)
    days = [f"{first + timedelta(days=number):%F}" for number in range(OBJECTS // JOBS)]
    says = LISTED.format(at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}", kept="STANDARD")
    with shelf(keys={f"dumps/dump{job:03}-{day}-x": says for job in range(JOBS) for day in days}) as bucket:
        print(bucket.url, flush=True)
        sys.stdin.read()


def _wanted(options: dict[str, str], path: str) -> list[Wanted]:
    known = {"environment": {}, "is_replay": False, "id": "offsite"}
    place = Place.model_validate({"url": "s3://offsite", "options": options, "timeout": "5 min"}, context=known)
    outputs = [
        Output.model_validate(
            {"place": "offsite", "path": f"dumps/{path.format(job=job)}"},
            context={**known, "places": {"offsite": place}},
        )
        for job in range(JOBS)
    ]
    since = datetime.now(UTC) - timedelta(days=1)
    return [
        Wanted(key=(str(job), 0), output=output, zone=ZoneInfo("UTC"), since=since, read_since=None)
        for job, output in enumerate(outputs)
    ]


def _look(wanted: list[Wanted]) -> None:
    (source,) = {source_of(each.output) for each in wanted}
    found = source.look(wanted, now=datetime.now(UTC))
    assert len(found) == JOBS
    assert all(isinstance(each, Listed) and each.seen.matches for each in found.values())


def _bare(fs: Any) -> None:
    fs.invalidate_cache()
    assert len(fs.ls("offsite/dumps", detail=True)) == OBJECTS
    fs.invalidate_cache()


def _seconds(what: Callable[[], None]) -> float:
    """Of this process' own work: the other one's would hide what is ours."""
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        what()
        taken.append(time.process_time() - began)
    return sorted(taken)[RUNS // 2]


if __name__ == "__main__":
    serve()
