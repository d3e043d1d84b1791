"""One night of the ten jobs, done by the programs that people use.

    python night.py 2026-11-27          what each leaves when all goes well in the night to that day
    python night.py 2026-11-27 bad      the same night, in which each goes wrong in its own way

It needs pg_dump and psql, tar and zstd, pyarrow and s3fs; in the environment SHOP_DATABASE, S3_ENDPOINT and the keys
for that. Each file is given the time at which its job would have written it. The timer and the other machine (jobs 9
and 10) have a clock of their own: this only writes the commands that they run, `cleanup` and `mirror`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.parquet
import s3fs

HERE = Path(__file__).resolve().parent
DATABASE = os.environ["SHOP_DATABASE"].replace("+psycopg", "")
SHOP = """
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS orders AS SELECT n AS id, n * 1.5 AS price FROM generate_series(1, 500) AS n;
CREATE TABLE IF NOT EXISTS exchange_rates (code text, rate numeric, updated_at timestamptz);
"""
RATES = """
TRUNCATE exchange_rates;
INSERT INTO exchange_rates SELECT code, random(), '{at}' FROM unnest(ARRAY['CHF', 'EUR', 'GBP', 'JPY', 'USD']) AS code;
"""


def shell(command: str) -> None:
    """Runs a line as a crontab would: its status is that of its last program."""
    subprocess.run(["sh", "-c", command], cwd=HERE, check=False)


def sql(text: str) -> None:
    """Says that to the shop's database."""
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", DATABASE, "-c", text], check=True)


def night(day: str, *, is_good: bool) -> None:
    """What the jobs leave in the night to that day."""

    def at(clock: str) -> datetime:
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo("Europe/Zurich"))

    def file(path: str, clock: str = "00:00") -> Path:
        path = at(clock).strftime(path)
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        return HERE / path

    def written(path: Path, clock: str) -> None:
        os.utime(path, (at(clock).timestamp(),) * 2)

    sql(SHOP)

    report = file("data/report-%Y%m%d.txt")
    report.write_text(f"Orders of {day}\n" + ("Total: 4711\n" if is_good else ""))
    written(report, "02:00:04")

    # Without pipefail nobody hears of a pg_dump that dies.
    dump = file("backup/shop-%F.sql.gz")
    shell(f"pg_dump {DATABASE} {'' if is_good else '| head -n 60'} | gzip > {dump}")
    written(dump, "02:10:09")

    orders = file("exports/%Y/%m/%d/orders.csv")
    sql(f"\\copy (SELECT * FROM orders {'' if is_good else 'WHERE false'}) TO {orders} WITH CSV HEADER")
    written(orders, "02:20:03")

    page, site = file("site/index.html"), file("archive/site-%F.tar.zst")
    page.write_text("<h1>Shop</h1>\n" * 2000)
    shell(f"tar --zstd -cf {site} site")
    if not is_good:
        os.truncate(site, site.stat().st_size - 40)
    written(site, "02:30:12")

    for number in range(3 if is_good else 2):
        part = file(f"lake/events/day=%F/part-{number}.parquet")
        pyarrow.parquet.write_table(pyarrow.table({"id": [number], "event": ["order"]}), part)
        written(part, "02:40:20")

    if is_good:
        sql(RATES.format(at=at("02:50:02").isoformat()))

    bucket = s3fs.S3FileSystem(endpoint_url=os.environ["S3_ENDPOINT"])
    bucket.makedirs("offsite", exist_ok=True)
    if is_good:
        bucket.put(str(dump), at("03:00:06").strftime("offsite/shop/%Y/%m/shop-%Y%m%dT%H%M%S.sql.gz"))

    sync = file("log/sync.log")
    with sync.open("a") as log:
        log.write(f"{day} 03:10:31 {'sent 12 files: OK' if is_good else 'connection reset by peer'}\n")
    written(sync, "03:10:31")

    for name in ("cleanup", "mirror"):
        file(name).write_text(f"#!/bin/sh\nexit {0 if is_good else 3}\n")
        file(name).chmod(0o755)


if __name__ == "__main__":
    night(sys.argv[1], is_good="bad" not in sys.argv[2:])
