"""`python -m benchmarks`: measures each promise of speed and prints the ratio beside its bound."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import (
    asking,
    backtest,
    buckets,
    content,
    folders,
    history,
    history_in_postgresql,
    hosts,
    journal,
    monitor,
    page,
    rehearsal,
    scale,
    suites,
    wrapping,
)
from benchmarks.stage import stage

PLAIN_SAMPLE = 30


def nine_jobs(folder: Path) -> list[tuple[str, float, str]]:
    """The whole process for nine jobs against as many empty tests."""
    with stage(folder / "stage", 9) as jobs_file:
        ours = suites.checks(folder, jobs_file)
        empty = suites.empty(folder, suites.counted(ours))
        ratio = suites.seconds(ours, 7) / suites.seconds(empty, 7)
    return [("9 jobs / as many empty tests", ratio, "at most 1.5")]


def thousand_jobs(folder: Path) -> list[tuple[str, float, str]]:
    """1,000 jobs of one scheduler in one folder, against empty tests and against the plain suite."""
    with stage(folder / "stage", 1000) as jobs_file:
        ours = suites.checks(folder, jobs_file)
        empty = suites.empty(folder, suites.counted(ours))
        our_seconds = suites.seconds(ours)
        ratio = our_seconds / suites.seconds(empty)
        url = jobs_file.read_text().partition('url = "')[2].partition('"')[0] + "/0"
        plain = suites.plain(folder, PLAIN_SAMPLE, url, jobs_file.parent / "out")
        # All of it would take minutes: its first jobs, less what pytest itself needs to start, times the rest.
        started = suites.seconds(suites.empty(folder / "start", 1))
        plain_seconds = (suites.seconds(plain, 1) - started) * 1000 / PLAIN_SAMPLE + started
    return [
        ("1,000 jobs / as many empty tests", ratio, "at most 1.2"),
        (f"plain suite (from {PLAIN_SAMPLE} jobs) / 1,000 jobs", plain_seconds / our_seconds, "at least 20"),
    ]


BENCHMARKS: tuple[Callable[[Path], list[tuple[str, float, str]]], ...] = (
    nine_jobs,
    thousand_jobs,
    page.page,
    folders.large_folder,
    buckets.large_bucket,
    content.content,
    content.many_outputs,
    asking.many_over_tls,
    monitor.monitor,
    monitor.fleet,
    scale.scale,
    history.history,
    history_in_postgresql.history_in_postgresql,
    hosts.hosts,
    backtest.backtest,
    journal.million_lines,
    wrapping.wrapping,
    rehearsal.rehearsal,
)


def main() -> int:
    """Runs the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(each.__name__ for each in BENCHMARKS)}")
    names = parser.parse_args().names
    print(f"{'what':60} {'ratio':>8}  bound", flush=True)
    for benchmark in BENCHMARKS:
        if names and benchmark.__name__ not in names:
            continue
        with TemporaryDirectory(prefix="roll-call-bench-") as folder:
            for what, ratio, bound in benchmark(Path(folder)):
                print(f"{what:60} {ratio:8.2f}  {bound}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
