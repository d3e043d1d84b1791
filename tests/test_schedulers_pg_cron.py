"""Are pg_cron's tables read as they mean it, and is what row security hides never called missing?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from fixtures.engines import said
from fixtures.pg_cron_tables import ROLES, SEEN_BY_ALL, TABLES
from fixtures.postgres import Postgres
from rollcall.ask import gather
from rollcall.evidence import JobListed, NotSeen, Outcome, SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule.answers import last_due

NOW = datetime(2026, 2, 11, 5, 30, tzinfo=UTC)
PERMISSIONS = (Path(__file__).parents[1] / "deploy" / "permissions" / "pg_cron.sql").read_text(encoding="utf-8")
_number = count()


@dataclass(frozen=True, kw_only=True)
class Server:
    """A database that looks as if pg_cron were in it."""

    postgres: Postgres
    database: str
    folder: Path

    def run(self, *statements: str) -> None:
        """Runs them as its owner."""
        import psycopg

        with psycopg.connect(self.postgres.url(database=self.database)) as connection:
            for each in statements:
                connection.execute(each)

    def add(self, name: str | None, schedule: str = "0 2 * * *", *, of: str = "owner", active: bool = True) -> None:
        """One more job of that role."""
        number = next(_number)
        named = "NULL" if name is None else f"'{name}'"
        self.run(f"INSERT INTO cron.job VALUES ({number}, '{schedule}', 'x', 'h', 1, 'd', '{of}', {active}, {named})")

    def ran(self, name: str, status: str, start: str, end: str = "") -> None:
        """One more run of that job."""
        self.run(
            "INSERT INTO cron.job_run_details (jobid, runid, username, status, start_time, end_time) "
            f"SELECT jobid, {next(_number)}, username, '{status}', {_time(start)}, {_time(end)} "
            f"FROM cron.job WHERE jobname = '{name}'"
        )

    def jobs_toml(self, role: str, jobs: str) -> Path:
        """Its jobs.toml, for somebody in Zurich."""
        url = self.postgres.url(database=self.database) + (f"&options=-crole%3D{role}" if role else "")
        file = self.folder / "jobs.toml"
        head = f'timezone = "Europe/Zurich"\n[schedulers.pg]\nkind = "pg_cron"\ndatabase = "{url}"\n'
        file.write_text(f'{head}[defaults]\nscheduler = "pg"\nschedule = "0 2 * * *"\n{jobs}')
        return file

    def look(self, role: str = "") -> SchedulerSeen:
        """What that role sees; its owner where none is named."""
        roll = load(self.jobs_toml(role, "[jobs.any]\n"), environment={})
        seen = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW).schedulers["pg"]
        assert isinstance(seen, SchedulerSeen), seen
        return seen

    def said(self, role: str, *names: str, more: str = "") -> dict[str, list[str | None]]:
        """Verdict and cause of each job of that name."""
        roll = load(self.jobs_toml(role, "".join(f"[jobs.{each}]\n{more}\n" for each in names)), environment={})
        evidence = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW)
        return said(judge_morning(roll, evidence, now=NOW))


def _time(text: str) -> str:
    return f"'2026-02-{text}+00'::timestamptz" if text else "NULL"


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Server:
    name = f"pg_cron_{next(_number)}"
    with postgres.connected() as connection:
        connection.autocommit = True
        connection.execute(f"CREATE DATABASE {name}")
    server = Server(postgres=postgres, database=name, folder=tmp_path)
    server.run(TABLES, ROLES, SEEN_BY_ALL, "INSERT INTO recorded.pg_stat_activity VALUES ('pg_cron scheduler')")
    return server


def test_jobs_are_listed_with_what_a_cron_can_read(server: Server) -> None:
    for schedule in ("0 2 * * *", " 5 4 * * mon ", "@daily", "30 seconds", "0 0 $ * *", "@reboot"):
        server.add(schedule.strip(), schedule)
    server.add(None)
    server.add("off", active=False)
    jobs = {each.id: each for each in server.look().jobs or ()}

    assert {name: each.schedule for name, each in jobs.items()} == {
        "0 2 * * *": "0 2 * * *",
        "5 4 * * mon": "5 4 * * mon",
        "@daily": "@daily",
        "30 seconds": None,
        "0 0 $ * *": None,
        "@reboot": None,
        jobs["off"].key and str(int(jobs["off"].key) - 1): "0 2 * * *",  # one without a name goes by its number
        "off": "0 2 * * *",
    }
    assert [each.id for each in jobs.values() if each.paused] == ["off"]
    assert {each.zone for each in jobs.values()} == {"GMT"}


def test_the_zone_is_the_one_that_pg_cron_keeps(server: Server) -> None:
    server.add("dump")
    server.run("INSERT INTO recorded.pg_settings VALUES ('cron.timezone', 'Europe/Zurich')")

    assert [each.zone for each in server.look().jobs or ()] == ["Europe/Zurich"]
    # Declared without a zone it is GMT's, as pg_cron has it where nobody sets another.
    assert server.said("", "dump")["dump"][1] == "wrong-timezone"


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)])
def test_a_job_is_due_by_gmt_also_where_clocks_change(server: Server, day: datetime) -> None:
    roll = load(server.jobs_toml("", '[jobs.dump]\nschedule = "30 2 * * *"\n'), environment={})

    assert last_due(roll.jobs[0].schedule, day) == day.replace(hour=2, minute=30)


WORDS = {
    "succeeded": Outcome.SUCCESS,
    "failed": Outcome.FAILED,
    "running": Outcome.RUNNING,
    "starting": Outcome.RUNNING,
    "connecting": Outcome.RUNNING,
    "sending": Outcome.RUNNING,
    "unheard of": Outcome.UNKNOWN,
}


@pytest.mark.parametrize(("status", "outcome"), WORDS.items())
def test_every_word_for_a_run_has_its_meaning(server: Server, status: str, outcome: Outcome) -> None:
    server.add("dump")
    server.ran("dump", status, "11 02:00:00", "11 02:00:05")
    (run,) = server.look().runs or ()

    assert (run.job, run.outcome, run.started, run.ended) == (
        "dump", outcome, "2026-02-11T02:00:00+00:00", "2026-02-11T02:00:05+00:00"
    )  # fmt: skip


def test_a_run_that_goes_on_since_long_ago_is_told_and_one_that_ended_long_ago_is_not(server: Server) -> None:
    server.add("dump")
    server.ran("dump", "running", "01 02:00:00")
    server.ran("dump", "succeeded", "01 03:00:00", "01 03:00:01")

    assert [each.word for each in server.look().runs or ()] == ["running"]
    assert server.said("", "dump")["dump"][0] == "missed"


def test_what_was_purged_is_not_missing(server: Server) -> None:
    """All there is was written after its run would have been: it is not known what ran."""
    server.add("dump")
    server.add("other")
    server.ran("other", "succeeded", "11 05:00:00", "11 05:00:01")
    purged = server.said("", "dump")["dump"]
    server.ran("other", "succeeded", "10 01:00:00", "10 01:00:01")

    assert purged[0] not in ("ok", "missed", "failed")
    assert server.said("", "dump")["dump"] == ["missed", "missed-run"]


POLICIES = {
    "none": ("", False),
    "one for that role": ("CREATE POLICY p ON {} FOR SELECT TO reader USING (true)", True),
    "one for all": ("CREATE POLICY p ON {} USING (true)", True),
    "one for a role that it is of": ("GRANT app TO reader; CREATE POLICY p ON {} TO app USING (true)", True),
    "one for another role": ("REVOKE app FROM reader; CREATE POLICY p ON {} TO app USING (true)", False),
    "one that only lets it write": ("CREATE POLICY p ON {} FOR INSERT TO reader WITH CHECK (true)", False),
    "one that shows some": ("CREATE POLICY p ON {} TO reader USING (jobid > 0)", False),
    "one that shows all, and one that takes some": (
        "CREATE POLICY p ON {0} USING (true); CREATE POLICY q ON {0} AS RESTRICTIVE USING (jobid > 0)",
        False,
    ),
}


@pytest.mark.parametrize(("policy", "sees_all"), POLICIES.values(), ids=POLICIES)
def test_whether_a_role_sees_all_is_told_by_the_policies(server: Server, policy: str, sees_all: bool) -> None:
    server.add("dump")
    server.run("CREATE POLICY shown ON cron.job TO reader USING (jobname = 'dump')")
    server.ran("dump", "succeeded", "11 02:00:00", "11 02:00:05")
    server.run(policy.format("cron.job_run_details") or "SELECT")
    (job,) = server.look("reader").jobs or ()
    server.run("DROP POLICY IF EXISTS p ON cron.job_run_details", policy.format("cron.job") or "SELECT")
    listed = server.look("reader").jobs_hidden is None
    server.run("REVOKE app FROM reader")

    assert (job.has_runs, listed) == (sees_all, sees_all)


def test_a_role_that_is_shown_its_own_rows_calls_nothing_missing(server: Server) -> None:
    server.add("mine", of="app")
    server.ran("mine", "succeeded", "11 02:00:00", "11 02:00:05")
    server.add("theirs")
    server.ran("theirs", "succeeded", "11 02:00:00", "11 02:00:05")

    assert server.said("app", "mine", "theirs") == {
        "mine": ["ok", None], "theirs": ["unknown", "access-denied"], "[schedulers.pg]": ["ok", None]
    }  # fmt: skip
    assert set(map(tuple, server.said("reader", "mine", "theirs").values())) == {("unknown", "no-records")}
    server.run(PERMISSIONS, PERMISSIONS)
    assert set(map(tuple, server.said("rollcall", "mine", "theirs").values())) == {("ok", None)}


def test_the_role_of_the_permissions_can_write_nothing(server: Server) -> None:
    import psycopg

    server.add("dump")
    server.run(PERMISSIONS)
    for statement in ("DELETE FROM cron.job", "UPDATE cron.job SET active = false", "DELETE FROM cron.job_run_details"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            server.run("SET ROLE rollcall", statement)


def test_runs_that_are_not_logged_are_not_missing_and_an_output_proves_them(server: Server) -> None:
    server.add("dump")
    server.run("INSERT INTO recorded.pg_settings VALUES ('cron.log_run', 'off')")
    output = 'output.path = "dump-%Y%m%d.sql"'

    assert server.said("", "dump")["dump"] == ["unknown", "no-records"]
    assert server.said("", "dump", more=output)["dump"][0] == "missed"
    (server.folder / "dump-20260211.sql").write_text("x")
    at = (NOW - timedelta(hours=3, minutes=25)).timestamp()
    os.utime(server.folder / "dump-20260211.sql", (at, at))
    assert server.said("", "dump", more=output)["dump"] == ["ok", None]


def test_without_its_launcher_it_is_stopped(server: Server) -> None:
    server.add("dump")
    server.ran("dump", "succeeded", "11 02:00:00", "11 02:00:05")
    server.run("DELETE FROM recorded.pg_stat_activity")

    assert server.said("", "dump")["[schedulers.pg]"] == ["failed", "scheduler-stopped"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DROP SCHEMA cron CASCADE", "scheduler-error"),
        ("REVOKE USAGE ON SCHEMA cron FROM reader", "access-denied"),
        ("REVOKE SELECT ON cron.job_run_details FROM reader", "access-denied"),
    ],
)
def test_what_is_not_there_or_not_allowed_is_said(server: Server, statement: str, code: str) -> None:
    server.run(statement)
    roll = load(server.jobs_toml("reader", "[jobs.dump]\n"), environment={})
    seen = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW).schedulers["pg"]
    assert isinstance(seen, NotSeen), seen

    assert seen.code == code
    assert server.said("reader", "dump")["dump"] == ["unknown", code]


def test_a_listed_job_is_what_its_row_says(server: Server) -> None:
    server.add("dump", "0 2 * * 7")
    (job,) = server.look().jobs or ()

    assert job == JobListed(
        id="dump", key=job.key, paused=False, schedule="0 2 * * 7", zone="GMT", has_runs=True, runs_since=None
    )


def test_jobs_are_declared_as_they_are_listed_and_one_that_vanished_is_missed(server: Server) -> None:
    server.add("dump")
    server.add("often", "30 seconds")
    server.ran("dump", "succeeded", "11 02:00:00", "11 02:00:05")
    file = server.jobs_toml("", "")
    file.write_text(file.read_text().replace('kind = "pg_cron"', 'kind = "pg_cron"\ndeclare = ["*"]'))
    gone = JobListed(id="gone", schedule="0 3 * * *", zone="GMT")

    def list_jobs(declaring: tuple[Scheduler, ...], _history: object) -> dict[str, Listing]:
        seen = gather((), declaring, now=NOW, clock=lambda: NOW).schedulers["pg"]
        return {"pg": Listing.of(seen, remembered=[gone])}

    roll = load(file, environment={}, list_jobs=list_jobs)
    morning = judge_morning(roll, gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW), now=NOW)

    assert {each.id: (each.schedule.text, each.zone.key) for each in roll.jobs} == {
        "dump": ("0 2 * * *", "GMT"), "gone": ("0 3 * * *", "GMT")
    }  # fmt: skip
    assert (said(morning)["dump"], said(morning)["gone"][1]) == (["ok", None], "not-registered")
