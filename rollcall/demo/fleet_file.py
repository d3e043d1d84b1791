"""How is a fleet declared? (its jobs.toml)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from rollcall.demo.fleet_plan import KINDS, Fate, Fleet, Planned

ZONE = "Europe/Zurich"
LEAST_SIZE = 1_000
FALLBACK = "no data available"
HEAD = f"""timezone = "{ZONE}"
look_back = "24 h"

[defaults]
grace = "15 min"
max_runtime = "30 min"
runbook = "https://wiki.example.com/runbooks/{{job}}"
logs = "https://logs.example.com/search?job={{name}}&from={{due}}"

[places.lake]
url = "s3://acme-lake/exports"
"""
_PATHS = {
    "csv": ('place = "lake"\npath = "{id}/{id}-%Y%m%d-%H%M%S.csv.gz"', 'format = "csv"'),
    "text": ('path = "out/{team}/{id}-%Y%m%d-%H%M%S.txt"', f'must_not_contain = ["{FALLBACK}"]'),
    "json": ('path = "out/{team}/{id}-%Y%m%d-%H%M%S.json"', 'format = "json"'),
}


def jobs_toml(fleet: Fleet, today: date) -> str:
    """The file that declares all of it."""
    schedulers = "".join(_scheduler(name, kind) for name, kind in fleet.kinds.items())
    return HEAD + schedulers + "".join("\n".join(_job(each, today)) for each in fleet.jobs)


def _scheduler(name: str, kind: str) -> str:
    of_kind = KINDS[kind]
    return f'\n[schedulers.{name}]\nkind = "{of_kind.kind or kind}"\n{of_kind.table.replace("{name}", name)}\n'


def _job(each: Planned, today: date) -> Iterator[str]:
    yield f"\n[jobs.{each.id}]"
    yield f'title = "{each.title}"'
    yield f'scheduler = "{each.scheduler}"'
    yield f"name = {json.dumps(each.name)}"
    yield f'schedule = "{_schedule(each)}"'
    yield f'owner = "team-{each.team}"'
    yield f'tags = ["{each.team}", "{each.work}"]'
    if each.needs:
        yield f'needs = ["{each.needs}"]'
    if each.fate is Fate.PAUSED:
        yield f'paused = {{ until = {today.replace(day=today.day + 9)}, reason = "its source is moved" }}'
    if each.output == "rows":
        yield f"[jobs.{each.id}.output]"
        yield f'database = "postgresql+psycopg://reader@warehouse.example.com/{each.team}"'
        yield f'query = "SELECT max(loaded_at) AS made_at, count(*) AS rows FROM {each.id}"'
    elif each.output:
        path, content = _PATHS[each.output]
        yield f"[jobs.{each.id}.output]"
        yield path.format(id=each.id, team=each.team)
        yield f'min_size = "{LEAST_SIZE} B"\nkeeps = 5\n{content}'
    yield ""


def _schedule(each: Planned) -> str:
    hour, minute = divmod(each.minute, 60)
    if each.kind == "systemd":
        days = {"": "", "mon-fri": "Mon..Fri ", "sun": "Sun "}[each.weekdays]
        return f"{days}*-*-* {hour:02}:{minute:02}:00"
    return f"{minute} {hour} * * {each.weekdays or '*'}"
