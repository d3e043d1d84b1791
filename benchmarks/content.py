"""What does it cost to read a content through, beside the programs that only test or count it?"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from backports import zstd

from benchmarks.stage import HOUSE
from rollcall.evidence import FileSeen
from rollcall.outputs.content import read_content
from rollcall.outputs.local import opened
from rollcall.roll.output import Output

ROUNDS = 5
OUTPUTS = 200

# Two hundred outputs, as a morning reads them: several at once. Prints seconds, and memory above idle in MB.
_READS = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from rollcall.ask import gather
from rollcall.evidence import OutputSeen
from rollcall.roll.load import load

def memory(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(what))

now = datetime.now(UTC)
roll = load(Path(sys.argv[1]), environment={}, now=now)
idle = load(Path(sys.argv[2]), environment={}, now=now)
gather(idle.jobs, (), now=now, clock=lambda: now)
before = memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
began = time.perf_counter()
seen = gather(roll.jobs, (), now=now, clock=lambda: now).outputs
took = time.perf_counter() - began
for outputs in seen.values():
    for each in outputs:
        assert isinstance(each, OutputSeen), each
        assert each.files[0].content and not each.files[0].content.flaw and not each.files[0].content.unread, each
print(took, memory("VmHWM") - before)
"""


def content(folder: Path) -> list[tuple[str, float, str]]:
    """Compressed content against `-t` of its own program, and rows against `wc -l`; processor time of both."""
    table, lines = folder / "table.csv", folder / "lines.jsonl"
    _write(table, lines)
    ratios = []
    for program, suffix in (("gzip", "gz"), ("zstd", "zst"), ("xz", "xz")):
        packed = table.with_name(f"table.csv.{suffix}")
        with packed.open("wb") as file:
            subprocess.run([program, "-qc", *(["-1"] if program == "xz" else []), table], stdout=file, check=True)
        ratio = _ratio(packed, "any", [program, "-qt", str(packed)])
        ratios.append((f"reading {suffix} through / {program} -t", ratio, "at most 1.5"))
    return [
        *ratios,
        ("rows of csv / wc -l", _ratio(table, "csv", ["wc", "-l", str(table)]), "at most 3, where a parser allows"),
        ("rows of jsonl / wc -l", _ratio(lines, "jsonl", ["wc", "-l", str(lines)]), "at most 3, where a parser allows"),
    ]


def many_outputs(folder: Path) -> list[tuple[str, float, str]]:
    """Two hundred outputs of 10 MB, a quarter of them packed, against reading them one after another."""
    _write(folder / "table.csv", folder / "lines.jsonl", rows=140_000)
    now = datetime.now(UTC)
    data = (folder / "table.csv").read_bytes()[:10_000_000].rpartition(b"\n")[0] + b"\n"
    packs: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
        ("", bytes), (".gz", lambda data: gzip.compress(data, 6)), (".zst", zstd.compress), ("", bytes),
    )  # fmt: skip
    written = [(suffix, pack(data)) for suffix, pack in packs]
    (folder / "out").mkdir()
    tables = []
    for number in range(OUTPUTS):
        suffix, packed = written[number % len(written)]
        (folder / "out" / f"{number}-{now:%Y%m%d}.csv{suffix}").write_bytes(packed)
        tables.append(
            f'[jobs.job{number}]\nschedule = "{now:%M %H} * * *"\n'
            f'output = {{ path = "out/{number}-%Y%m%d.csv{suffix}", must_contain = ["customer"], timeout = "1 h" }}\n'
        )
    (folder / "jobs.toml").write_text('timezone = "UTC"\n' + "".join(tables))
    (folder / "idle.toml").write_text('timezone = "UTC"\n' + tables[0])
    taken = [_many(folder) for _ in range(3)]
    alone = [_one_after_another(folder / "out") for _ in range(3)]
    return [
        (f"{OUTPUTS} outputs of 10 MB / one after another", min(each for each, _ in taken) / min(alone), "at most 2"),
        ("MB of memory above idle", max(memory for _, memory in taken), "at most 64"),
    ]


def _many(folder: Path) -> tuple[float, float]:
    argv = [sys.executable, "-c", _READS, str(folder / "jobs.toml"), str(folder / "idle.toml")]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=HOUSE, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    took, memory = map(float, done.stdout.split())
    return took, memory


def _one_after_another(folder: Path) -> float:
    """Each read by itself as a plain script would: unpacked, decoded and searched."""
    began = time.perf_counter()
    for path in sorted(folder.iterdir()):
        opens: dict[str, Any] = {".gz": gzip.open, ".zst": zstd.open}
        with opens.get(path.suffix, open)(path, "rt", encoding="utf-8") as file:
            assert "customer" in file.read()
    return time.perf_counter() - began


def _write(table: Path, lines: Path, *, rows: int = 1_000_000) -> None:
    chance = random.Random(7)
    with table.open("w") as csv, lines.open("w") as jsonl:
        csv.write("id,name,price,made_at,note\n")
        for number in range(rows):
            price = chance.random() * 100
            name = f"customer {chance.randrange(10**6)}"
            csv.write(f"{number},{name},{price:.2f},2026-02-{number % 28 + 1:02d}T06:00:00Z,some words\n")
            jsonl.write(json.dumps({"id": number, "name": name, "price": price, "tags": ["a", "b"], "ok": True}) + "\n")


def _ratio(path: Path, kind: str, argv: Sequence[str]) -> float:
    """Processor time, so that what else the machine does is neither's; in turn, so that a slow minute is both's."""
    output = Output.model_validate({"path": path.name, "format": kind})
    seen = FileSeen(name=path.name, size=path.stat().st_size, modified_at=datetime.now(UTC))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began = time.process_time()
        read = read_content(lambda: opened(path), seen, output, until=inf).content
        ours.append(time.process_time() - began)
        assert read
        assert (read.flaw, read.unread) == (None, None)
        theirs.append(_seconds(argv))
    return median(ours) / median(theirs)


def _seconds(argv: Sequence[str]) -> float:
    if shutil.which(argv[0]) is None:
        raise RuntimeError(f"{argv[0]} is not installed")
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime
