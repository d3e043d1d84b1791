"""Does a look at systemd fold a million lines of its journal in seconds, and in little memory?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.stage import HOUSE

TIMERS, ROUNDS = 1000, 333
# What systemd writes of a run of a oneshot.
_ENTRIES = (
    ("7d4958e842da4a758f6c1cdc7b36dcc5", "Starting {unit} - Nightly dump of the database...", ',"JOB_TYPE":"start"'),
    ("7ad2d189f7e94e70a38c781354912448", "{unit}: Deactivated successfully.", ""),
    ("39f53479d3a045ac8e11786248231fbf", "Finished {unit} - Nightly dump of the database.",
     ',"JOB_TYPE":"start","JOB_RESULT":"done"'),
)  # fmt: skip
_MACHINE = """#!/bin/sh
case "$*" in
    date*) date +%s.%N ;;
    *list-timers*) cat timers ;;
    *list-unit-files*) ;;
    *show*) cat shown ;;
    readlink*) echo /usr/share/zoneinfo/Etc/UTC ;;
    *list-boots*) echo '[{"boot_id":"b","first_entry":1,"last_entry":2}]' ;;
    *) round=0; while [ $round -lt ROUNDS ]; do cat entries; round=$((round + 1)); done ;;
esac
"""
_LOOK = """
import json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from rollcall.ask import gather
from rollcall.roll.load import load
now = datetime.now(UTC)
roll = load(Path(sys.argv[1]), environment={}, now=now)
began = time.process_time()
(seen,) = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: datetime.now(UTC)).schedulers.values()
assert len(seen.jobs) == 1000, seen
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
spent, began = time.process_time() - began, time.process_time()
lines = Path(sys.argv[1]).with_name("entries").read_bytes().splitlines()
for _ in range(20):
    for line in lines:
        json.loads(line)
parsing = (time.process_time() - began) / 20 / len(lines)
print(json.dumps([spent, rss, parsing * 1_000_000]))
"""


def million_lines(folder: Path) -> list[tuple[str, float, str]]:
    """One look at 1,000 timers whose runs of one day are a million lines of the journal."""
    names = [f"nightly-dump-of-database-{number:04}" for number in range(TIMERS)]
    timers = [{"unit": f"{each}.timer", "activates": f"{each}.service", "next": None, "last": 0} for each in names]
    (folder / "timers").write_text(json.dumps(timers))
    shown = [f"Id={each}.timer\nLoadState=loaded\nActiveState=active\nUnit={each}.service\n" for each in names]
    shown += [f"Id={each}.service\nLoadState=loaded\nActiveState=inactive\nType=oneshot\n" for each in names]
    (folder / "shown").write_text("\n".join(shown))
    with (folder / "entries").open("w") as entries:
        for number, name in enumerate(names):
            entries.writelines(_entry(f"{name}.service", number, *each) for each in _ENTRIES)
    machine = folder / "machine"
    machine.write_text(
        _MACHINE.replace("ROUNDS", str(ROUNDS))
        .replace("cat ", f"cat {folder}/")
        .replace(" entries;", f" {folder}/entries;")
    )
    machine.chmod(0o755)
    file = folder / "jobs.toml"
    file.write_text(
        f'timezone = "UTC"\n[schedulers.host]\nkind = "systemd"\nvia = ["{machine}"]\ntimeout = "60 s"\n'
        f'[jobs.{names[0]}]\nscheduler = "host"\nschedule = "05:00"\n'
    )
    said = subprocess.run(
        [sys.executable, "-c", _LOOK, str(file)], cwd=HOUSE, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    seconds, megabytes, parsing = json.loads(said)
    return [
        ("a million lines of systemd's journal / parsing each alone", seconds / parsing, "at most 2.5"),
        ("seconds of CPU for a million lines of systemd's journal", seconds, "at most 5"),
        ("MB of memory for them", megabytes, "at most 150"),
    ]


def _entry(unit: str, number: int, message_id: str, message: str, more: str) -> str:
    cursor = (
        f"s=481f009d36e94d6c85fa82abf74ccd03;i={number};b=607fc4ccc135406c809e00b5608c3511;m=e4c213c1a;t=6614713a407a9"
    )
    return (
        f'{{"__CURSOR":"{cursor};x=b8440f0d85993b50","__MONOTONIC_TIMESTAMP":"61406788634","_BOOT_ID":"b"'
        f',"__REALTIME_TIMESTAMP":"17951000{number:08}","INVOCATION_ID":"1000{number:028}"{more}'
        f',"UNIT":"{unit}","MESSAGE_ID":"{message_id}","MESSAGE":"{message.format(unit=unit)}"}}\n'
    )
