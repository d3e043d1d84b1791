"""Are the statements of the history written in words that PostgreSQL understands too?"""

from __future__ import annotations

import re

from fixtures.one_morning import at, left
from fixtures.postgres import Postgres
from rollcall.history import tables
from rollcall.history.rows import LARGEST, Row
from rollcall.vocabulary import Verdict

DUE = at("2026-02-11T06:00:00+01:00")
# What the statements ask for that is no field of a row.
OTHERS = {
    "channel": "webhook", "key": "haiku", "since": 0, "told_at": 1, "by": "pytest", "complete": True, "declared": 1,
    "needing": 0, "scheduler": "etl", "title": "", "schedule": "0 6 * * *", "zone": None, "tags": "[]", "horizon": 0,
    "now": LARGEST, "latest": LARGEST, "most": 60, "file": "db.dump", "proven_at": 1, "outcome": "success",
    "how": "exit status 0", "says": "",
}  # fmt: skip


def of_postgres(statement: str) -> bytes:
    return re.sub(r":(\w+)", r"%(\1)s", statement).encode()


def test_postgresql_understands_every_statement_and_keeps_a_row(postgres: Postgres) -> None:
    from psycopg.rows import dict_row

    row = Row(job_id="haiku", due_at=DUE, verdict=Verdict.LATE, cause="ran-late", judged_at=DUE, outputs=left(812))
    run = tables.RUN.dump_python(row, by_alias=True)
    fields = OTHERS | run.pop("outputs")[0] | run
    written = [each for name, each in vars(tables).items() if name.startswith(("KEEP", "LAST"))]
    with postgres.connected() as connection:
        connection.execute("CREATE SCHEMA remembered; SET search_path TO remembered")
        for statement in (*tables.TABLES.split(";"), tables.INDEX):
            connection.execute(statement.encode())
        for statement in (*written, tables.KEEP_RUN, *tables.FORGET, *tables.ALL, tables.NEWEST_MORNINGS):
            connection.execute(of_postgres(statement), fields)
        cursor = connection.cursor(row_factory=dict_row)
        [found] = cursor.execute(of_postgres(tables.NEWEST_RUNS), fields).fetchall()
        for statement in (each for name, each in vars(tables).items() if name.startswith("FORGET_")):
            connection.execute(of_postgres(statement), fields)
        connection.rollback()

    assert tables.RUN.validate_python(found | {"outputs": [found]}) == row
