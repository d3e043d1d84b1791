"""What is measured: a scheduler with many healthy jobs, their files, and the suites that look at them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
RUNS_KEPT = 3
TEXT = "# Bench\n" + "A line of the output, as long as lines are.\n" * 8

_SERVER = """
import http.server, sys
bodies = {f"/{number}": open(name, "rb").read() for number, name in enumerate(sys.argv[1:])}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = bodies[self.path]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@contextmanager
def stage(folder: Path, jobs: int, schedulers: int = 1) -> Iterator[Path]:
    """Live schedulers with `jobs` daily jobs that all did their work; yields the jobs.toml that declares them."""
    now = datetime.now(UTC).replace(microsecond=0)
    (folder / "out").mkdir(parents=True)
    answers = [folder / f"answer-{number}.json" for number in range(schedulers)]
    for number, answer in enumerate(answers):
        told = [_job(folder / "out", each, now) for each in range(number, jobs, schedulers)]
        answer.write_text(json.dumps({"running": True, "jobs": told}))
    server = subprocess.Popen([sys.executable, "-c", _SERVER, *answers], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        file = folder / "jobs.toml"
        file.write_text(_toml(port, jobs, schedulers, now))
        yield file
    finally:
        server.kill()
        server.communicate()


def _due_at(number: int, now: datetime) -> datetime:
    """Spread over the day, and never so that the benchmark would cross a limit while it runs."""
    return (now - timedelta(hours=2, minutes=number % 1200)).replace(second=0)


def _job(out: Path, number: int, now: datetime) -> dict[str, object]:
    due_at = _due_at(number, now)
    for day in range(RUNS_KEPT):
        made_at = due_at - timedelta(days=day) + timedelta(seconds=17)
        (out / f"job{number:04d}-{made_at:%Y%m%d-%H%M%S}.md").write_text(TEXT)
    return {
        "id": f"job{number:04d}",
        "name": f"Job {number}",
        "next_run": (due_at + timedelta(days=1)).isoformat(),
        "last_execution": (due_at + timedelta(seconds=18)).replace(tzinfo=None).isoformat(),
        "last_status": "success",
    }


def _toml(port: int, jobs: int, schedulers: int, now: datetime) -> str:
    numbers = ", ".join(f'"{number}"' for number in range(schedulers))
    head = f"""
timezone = "UTC"
[schedulers.bench]
kind = "aime"
each = [{numbers}]
url = "http://127.0.0.1:{port}"
status = "/{{each}}"
engine = "apscheduler"
naive_times = "UTC"
"""
    return head + "".join(_table(number, number % schedulers, now) for number in range(jobs))


def _table(number: int, scheduler: int, now: datetime) -> str:
    due_at = _due_at(number, now)
    return f"""
[jobs.job{number:04d}]
scheduler = "bench-{scheduler}"
schedule = "{due_at.minute} {due_at.hour} * * *"
grace = "15 min"
max_runtime = "10 min"
[jobs.job{number:04d}.output]
path = "out/job{number:04d}-%Y%m%d-%H%M%S.md"
min_size = "200 B"
format = "text"
must_contain = ["# Bench"]
keeps = {RUNS_KEPT}
"""
