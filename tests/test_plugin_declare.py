"""Is every job declared that a scheduler lists, where jobs.toml says so, and missed when it vanishes there?"""

from __future__ import annotations

TABLE = """
[schedulers.etl]
kind = "command"
command = ["cat", "listed.json"]
declare = ["billing/*"]
ignore = ["billing/scratch"]
[schedulers.etl.jobs]
each = "jobs"
id = "name"
name = "title"
schedule = "schedule"
zone = "zone"
tags = "labels"
[schedulers.etl.runs]
each = "runs"
job = "job"
started = "start"
ended = "end"
status = "state"
"""
