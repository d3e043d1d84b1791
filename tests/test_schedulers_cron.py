"""Are crontabs, daemon and log of cron read as it means them, and what it does not tell never taken for good?"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import scheduler_of
from rollcall.ask import gather
from rollcall.causes.words import check_step
from rollcall.errors import BadInput
from rollcall.evidence import CannotLook, Off, RunSeen, SchedulerSeen
from rollcall.morning.judge import judge_morning
from rollcall.roll.listing import Listing
from rollcall.roll.load import load
from rollcall.roll.scheduler import Asked, Scheduler
from rollcall.schedulers.cron_file import LogFile
from rollcall.schedulers.cron_log import Fold
from rollcall.schedulers.crontab import logged, read_line, read_machine
from rollcall.sources.command_shown import shown
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

NOW = datetime(2026, 2, 11, 6, 0, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")

# Crontabs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "schedule", "command"),
    [
        ("0 2 * * * backup.sh", "0 2 * * *", "backup.sh"),
        ("  0\t2  * * *\tbackup.sh  --all", "0 2 * * *", "backup.sh  --all"),
        ("@daily backup.sh", "@daily", "backup.sh"),
        ("@reboot backup.sh", None, "backup.sh"),
        ("*/5 8-18 * jan-mar mon-fri x", "*/5 8-18 * jan-mar mon-fri", "x"),
        ("0 2 * * * FOO=1 x", "0 2 * * *", "FOO=1 x"),
        (r"0 2 * * * date +\%F%input%more", "0 2 * * *", "date +%F"),
        ("0 2 * * * x # no comment", "0 2 * * *", "x # no comment"),
    ],
)
def test_a_line_is_read_as_cron_reads_it(line: str, schedule: str | None, command: str) -> None:
    for user, written in ((None, line.replace("backup", "root backup", 1)), ("root", line)):
        if user is None and "backup" not in line:
            continue
        found = read_line(written, user, "")

        assert found is not None
        assert (found.user, found.schedule, found.command) == ("root", schedule, command)


@pytest.mark.parametrize(
    "line", ["", "  ", "# 0 2 * * * x", "  #x", "MAILTO=", "A = b", "'A B'=c", "0 2 * * *", "0 2 x"]
)
def test_what_has_no_command_is_no_job(line: str) -> None:
    assert read_line(line, "root", "") is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("true good", "true good"),
        ("true \ttab  two  ", "true ^Itab  two"),
        ("true é", r"true \303\251"),
        ("true crlf\r", "true crlf^M"),
        ("true \x7f\x01", "true ^?^A"),
        ("true \udcff", r"true \377"),
    ],
)
def test_a_command_is_logged_as_the_daemon_writes_it(command: str, said: str) -> None:
    assert logged(command) == said


@pytest.mark.parametrize(
    "command",
    [
        "PGPASSWORD=s3cret pg_dump",
        "mysqldump -u root -ps3cret db",
        "mysql --password s3cret",
        "x --api-key=s3cret",
        "curl -u me:s3cret https://h",
        "curl https://me:s3cret@h/x",
        "curl https://h/x?a=b&token=s3cret&c=d",
        "curl -H 'Authorization: Bearer s3cret' https://h",
        "curl -H 'X-Api-Key: s3cret' h",
        "TOKEN='a s3cret' run",
        "wget --header='Cookie: s3cret'",
    ],
)
def test_no_secret_of_a_line_is_shown(command: str) -> None:
    assert "s3cret" not in shown(command)
    assert shown(command).split()[0] == command.split()[0].replace("s3cret", "(secret)").replace("'a", "(secret)")


def test_what_is_no_secret_is_shown_on_one_bounded_line() -> None:
    assert shown("backup.sh -p 22 --keep=3 http://h:80/x") == "backup.sh -p 22 --keep=3 http://h:80/x"
    assert shown("a\x1b[31mb\tc") == "ab c"
    assert len(shown("x" * 999)) == 200


# A machine on paper ---------------------------------------------------------------------------------------------------

CLOCK = f"clock {int(NOW.timestamp())} +0100"
DAEMON = "daemon 512 1 cron /usr/sbin/cron -f -L 15 "


def printed(
    *sections: str,
    files: Mapping[str, str] | None = None,
    daemon: str | None = DAEMON,
    clock: str = CLOCK,
    changed: Mapping[str, datetime] | None = None,
) -> bytes:
    """As cron.sh prints it: a file for each of `files`, its last line break told by an empty line."""
    heads = [clock, "host web1.example.com", "user root", "localtime /usr/share/zoneinfo/Europe/Zurich"]
    heads += ["processes systemd", "program /usr/sbin/cron", *([daemon] if daemon else []), *sections]
    text = "".join(f"\n@{each}\n" for each in heads)
    for path, content in (files or {}).items():
        at = (changed or {}).get(path)
        head = path if path.startswith("own ") else f"file {int(at.timestamp()) if at else '-'} {path}"
        text += f"\n@{head}\n" + "".join(f"|{line}" for line in content.splitlines(keepends=True))
    return (text + "\n@end\n").encode("utf-8", "surrogateescape")


ROOT = "/var/spool/cron/crontabs/root"


@pytest.mark.parametrize(
    ("daemons", "lives"),
    [
        ([DAEMON], True),
        (["daemon 512 1 crond /usr/sbin/crond -n"], True),
        ([], False),
        # It was killed; what it began goes on.
        (["daemon 700 1 cron /usr/sbin/CRON -f -L 15"], False),
        ([DAEMON, "daemon 700 512 cron /usr/sbin/CRON -f", "daemon 701 512 cron /usr/sbin/cron -f"], True),
    ],
)
def test_what_the_daemon_forked_is_not_the_daemon(daemons: list[str], lives: bool) -> None:
    machine = read_machine(printed(*daemons, daemon=None))

    assert (machine.daemon is not None) is lives


@pytest.mark.parametrize(
    ("sections", "zone"),
    [
        ([], "Europe/Zurich"),
        (["localtime ../usr/share/zoneinfo/America/New_York"], "America/New_York"),
        (["localtime /usr/share/zoneinfo/Nowhere/Atall"], None),
        (["timezone Asia/Tokyo"], "Europe/Zurich"),  # Debian's daemon follows the clock of the machine
        ([DAEMON, "tz 512 Asia/Tokyo"], "Asia/Tokyo"),  # unless it was told another
    ],
)
def test_the_zone_is_that_of_the_daemon(sections: list[str], zone: str | None) -> None:
    assert read_machine(printed(*sections)).zone == zone


@pytest.mark.parametrize("cut", [0, 40, 200])
def test_what_breaks_off_is_not_read(cut: int) -> None:
    with pytest.raises(ValueError, match="breaks off"):
        read_machine(printed(files={ROOT: "0 2 * * * x\n" * 40})[:cut])


def test_a_heading_within_a_crontab_is_none() -> None:
    machine = read_machine(printed(files={ROOT: "@end\n@daemon 1 1 cron cron\n0 2 * * * x\n"}))

    assert [each.command for each in machine.tables[0].lines] == ["1 1 cron cron", "x"]
    assert machine.daemon == "/usr/sbin/cron -f -L 15"


# Looks ----------------------------------------------------------------------------------------------------------------

BOOTS = [{"index": 0, "boot_id": "a", "first_entry": 1_770_000_000_000_000, "last_entry": 1_770_790_000_000_000}]
VIA = """#!{python} -S
import os, sys
here, argv = os.path.dirname(__file__), sys.argv[1:]
name = "boots" if "--list-boots" in argv else "journal" if argv[0] == "journalctl" else "machine"
name = "log" if "rollcall" in argv else name
file = os.path.join(here, name)
if not os.path.exists(file + ".out"):
    sys.stderr.write(open(file + ".err").read() if os.path.exists(file + ".err") else "no " + name)
    sys.exit(1)
sys.stdout.buffer.write(open(file + ".out", "rb").read())
"""


def message(at: str, said: str, pid: int = 9) -> dict[str, str]:
    """An entry of the journal; of the day that is judged where `at` has none."""
    when = datetime.fromisoformat(f"2026-02-11T{at}+01:00" if "T" not in at else at)
    return {"__REALTIME_TIMESTAMP": str(int(when.timestamp()) * 1_000_000), "SYSLOG_PID": str(pid), "MESSAGE": said}


class Box:
    """A machine whose commands print what is given, in real processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        via = folder / "via"
        via.write_text(VIA.format(python=sys.executable))
        via.chmod(0o755)
        self.put("boots", json.dumps(BOOTS).encode())
        self.put("machine", printed())
        self.journal(message("05:00:01", "(root) CMD (another)"))

    def put(self, name: str, content: bytes) -> None:
        (self.folder / f"{name}.out").write_bytes(content)

    def journal(self, *entries: Mapping[str, object]) -> None:
        self.put("journal", b"".join(json.dumps(each).encode() + b"\n" for each in entries))

    def refuse(self, name: str, why: str) -> None:
        (self.folder / f"{name}.out").unlink()
        (self.folder / f"{name}.err").write_text(why)

    def look(self, *names: str, **table: object) -> SchedulerSeen:
        scheduler = scheduler_of(
            "host", {"kind": "cron", "via": [str(self.folder / "via")], "timeout": "20 s", **table}
        )
        asked = Asked(clock=lambda: NOW, now=NOW, since=NOW - timedelta(days=1), names=frozenset(names))
        return scheduler.look(asked)

    def judged(self, jobs: str, **table: object) -> dict[str, tuple[str, str | None, str]]:
        """Verdict, cause and the cause's sentence of each job and scheduler, through the whole of it."""
        keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        via = f'via = ["{self.folder / "via"}"]\ntimeout = "20 s"\n'
        head = 'timezone = "Europe/Zurich"\n[defaults]\nscheduler = "host"\n[schedulers.host]\nkind = "cron"\n'
        (self.folder / "jobs.toml").write_text(head + via + keys + jobs, encoding="utf-8")

        def list_jobs(declaring: Sequence[Scheduler], _history: object) -> Mapping[str, Listing]:
            seen = gather((), declaring, now=NOW, clock=lambda: NOW).schedulers
            return {each.id: Listing.of(seen[each.id]) for each in declaring}

        roll = load(self.folder / "jobs.toml", environment={}, list_jobs=list_jobs)
        morning = judge_morning(roll, gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: NOW), now=NOW)
        causes = {**morning.scheduler_causes, **morning.job_causes}
        verdicts = {each.scheduler.id: each.verdict for each in morning.schedulers}
        verdicts |= {each.job.id: each.verdict for each in morning.jobs}
        said = {}
        for name, verdict in verdicts.items():
            cause = causes.get(name)
            said[name] = (str(verdict), str(cause.code) if cause else None, cause.sentence if cause else "")
        return said


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def brief(runs: Sequence[RunSeen] | None) -> list[tuple[str, str, str | None, str]]:
    """Job, clock of the start, clock of the end, and word or outcome."""

    def clock(text: str | None) -> str | None:
        return datetime.fromisoformat(text).astimezone(ZURICH).strftime("%H:%M:%S") if text else None

    return [(each.job, clock(each.started) or "", clock(each.ended), each.word or each.outcome) for each in runs or ()]


def test_jobs_are_known_by_a_part_of_their_line(box: Box) -> None:
    box.put(
        "machine",
        printed(files={ROOT: "0 2 * * * /opt/backup.sh --all\n0 3 * * * /opt/backup.sh\n0 4 * * * A=1 other\n"}),
    )
    found = box.look("/opt/backup.sh", "backup.sh --all")

    assert [(each.id, each.name, each.schedule) for each in found.jobs or ()] == [
        ("backup.sh --all", "/opt/backup.sh --all", "0 2 * * *"),
        ("/opt/backup.sh", "/opt/backup.sh", "0 3 * * *"),
        ("A=1 other", "A=1 other", "0 4 * * *"),
    ]


def test_a_part_of_two_lines_names_neither(box: Box) -> None:
    box.put("machine", printed(files={ROOT: "0 2 * * * backup.sh a\n0 3 * * * backup.sh b\n"}))

    assert [each.id for each in box.look("backup.sh").jobs or ()] == ["backup.sh", "backup.sh"]
    assert box.judged('[jobs.x]\nname = "backup.sh"\nschedule = "0 2 * * *"')["x"][:2] == ("unknown", "listed-twice")


def test_of_one_user_only_the_lines_of_that_user(box: Box) -> None:
    files = {"/etc/crontab": "0 2 * * * alice a\n0 2 * * * bob b\n", "/var/spool/cron/crontabs/alice": "0 3 * * * c\n"}
    box.put("machine", printed(files=files))

    assert [each.id for each in box.look(user="alice").jobs or ()] == ["a", "c"]


def test_scripts_of_a_folder_have_the_schedule_and_the_runs_of_who_runs_them(box: Box) -> None:
    crontab = "25 6 * * * root test -x /usr/sbin/anacron || run-parts /etc/cron.daily\n"
    crontab += "17 * * * * root run-parts /etc/cron.hourly\n"
    scripts = ("script /etc/cron.daily/logrotate", "script /etc/cron.daily/x.dpkg-old", "script /etc/cron.hourly/tidy")
    box.put("machine", printed(*scripts, files={"/etc/crontab": crontab}))
    box.journal(
        message("05:17:01", "(root) CMD ([12] run-parts /etc/cron.hourly)", 11),
        message("05:17:05", "(root) END ([12] run-parts /etc/cron.hourly)", 11),
        message("06:17:01", "(root) CMD ([22] run-parts /etc/cron.hourly)", 21),
        message("06:17:05", "(CRON) error (grandchild #22 failed with exit status 1)", 21),
        message("06:17:05", "(root) END ([22] run-parts /etc/cron.hourly)", 21),
    )
    found = box.look("logrotate", "/etc/cron.hourly/tidy")

    assert [(each.id, each.schedule) for each in found.jobs or ()][2:] == [
        ("logrotate", "25 6 * * *"),
        ("/etc/cron.hourly/tidy", "17 * * * *"),
    ]
    # Which of the scripts failed, nobody says.
    assert [each for each in brief(found.runs) if each[0] == "/etc/cron.hourly/tidy"] == [
        ("/etc/cron.hourly/tidy", "05:17:01", "05:17:05", "exit status 0"),
        ("/etc/cron.hourly/tidy", "06:17:01", None, "/etc/cron.hourly: exit status 1"),
    ]


def test_what_anacron_runs_is_made_up_for_and_tells_how_it_ends(box: Box) -> None:
    anacrontab = "SHELL=/bin/sh\n1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n@monthly 15 monthly x\n"
    files = {
        "/etc/crontab": "25 6 * * * root test -x /usr/sbin/anacron || run-parts /etc/cron.daily\n",
        "/etc/anacrontab": anacrontab,
    }
    box.put("machine", printed("script /etc/cron.daily/logrotate", files=files))
    box.journal(
        message("06:35:00", "Job `cron.daily' started"),
        message("06:35:09", "Job `cron.daily' terminated"),
        message("06:40:00", "Job `monthly' started"),
        message("06:40:02", "Job `monthly' terminated (exit status: 3) (mailing output)"),
    )
    found = box.look()

    assert [(each.id, each.schedule, each.catches_up) for each in found.jobs or ()][1:] == [
        ("cron.daily", None, True),
        ("monthly", None, True),
        ("/etc/cron.daily/logrotate", None, True),
    ]
    assert brief(found.runs) == [
        ("cron.daily", "06:35:00", "06:35:09", "exit status 0"),
        ("monthly", "06:40:00", "06:40:02", "exit status 3"),
        ("/etc/cron.daily/logrotate", "06:35:00", "06:35:09", "exit status 0"),
    ]
    assert found.running is True


# What a log tells -----------------------------------------------------------------------------------------------------

# As Debian's daemon logged them, by its level: a job that is good, one that exits with 3, one that a signal ends, and
# one that does not read its input, whose writer dies.
LEVELS = {
    1: [
        (219, "(root) CMD (true good)"), (218, "(root) CMD (exit 3)"), (208, "(root) CMD (kill -9 $$)"),
        (209, "(root) CMD (true ignores)"),
    ],
    3: [
        (210, "(root) CMD (true good)"), (197, "(root) END (true good)"), (214, "(root) CMD (exit 3)"),
        (196, "(root) END (exit 3)"), (192, "(root) CMD (kill -9 $$)"), (185, "(root) END (kill -9 $$)"),
        (191, "(root) CMD (true ignores)"), (190, "(root) END (true ignores)"),
    ],
    5: [
        (215, "(root) CMD (true good)"), (214, "(root) CMD (exit 3)"),
        (195, "(CRON) error (grandchild #214 failed with exit status 3)"), (207, "(root) CMD (kill -9 $$)"),
        (184, "(CRON) error (grandchild #207 terminated by signal 9)"), (203, "(root) CMD (true ignores)"),
    ],
    7: [
        (200, "(root) CMD (true good)"), (196, "(root) END (true good)"), (205, "(root) CMD (kill -9 $$)"),
        (198, "(root) CMD (true ignores)"), (186, "(CRON) error (grandchild #205 terminated by signal 9)"),
        (186, "(root) END (kill -9 $$)"), (211, "(root) CMD (exit 3)"),
        (190, "(CRON) error (grandchild #216 terminated by signal 13)"),
        (195, "(CRON) error (grandchild #211 failed with exit status 3)"), (195, "(root) END (exit 3)"),
        (192, "(root) END (true ignores)"),
    ],
    15: [
        (196, "(root) CMD ([202] true ignores)"), (185, "(root) CMD ([191] kill -9 $$)"),
        (185, "(CRON) error (grandchild #191 terminated by signal 9)"), (185, "(root) END ([191] kill -9 $$)"),
        (200, "(root) CMD ([211] true good)"), (199, "(root) CMD ([214] exit 3)"),
        (200, "(root) END ([211] true good)"),
        (199, "(CRON) error (grandchild #214 failed with exit status 3)"), (199, "(root) END ([214] exit 3)"),
        (196, "(CRON) error (grandchild #218 terminated by signal 13)"), (196, "(root) END ([202] true ignores)"),
    ],
}  # fmt: skip
NAMES = {"true good": "good", "exit 3": "fails", "kill -9 $$": "killed", "true ignores": "unread"}


def folded(lines: Sequence[tuple[int, str]], *, level: int | None = None) -> dict[str, str]:
    fold = Fold(job_of=lambda key: NAMES.get(key[1], key[1]), level=level)
    for number, (pid, said) in enumerate(lines):
        fold.take(NOW + timedelta(seconds=number), pid, said)
    return {each.job: each.word or each.outcome for each in fold.runs()}


@pytest.mark.parametrize(
    ("level", "good", "fails", "killed", "unread"),
    [
        (1, "unknown", "unknown", "unknown", "unknown"),
        (3, "ended", "ended", "ended", "ended"),  # an end, also of what failed
        (5, "unknown", "exit status 3", "signal 9", "unknown"),
        (7, "exit status 0", "exit status 3", "signal 9", "exit status 0"),
        (15, "exit status 0", "exit status 3", "signal 9", "exit status 0"),
    ],
)
def test_how_a_run_ended_is_said_as_far_as_its_level_logs_it(
    level: int, good: str, fails: str, killed: str, unread: str
) -> None:
    assert folded(LEVELS[level]) == {"good": good, "fails": fails, "killed": killed, "unread": unread}


@pytest.mark.parametrize(
    ("level", "now", "good"),
    [
        (15, 15, "exit status 0"),  # as it says itself, also of a machine on which nothing ever fails
        (15, 1, "ended"),  # it logs less now, and of then no failure is seen
        (3, 15, "ended"),  # it logs all now, and the lines of then are of another form
        (3, 3, "ended"),
        (7, 7, "exit status 0"),
        (7, None, "ended"),
    ],
)
def test_an_end_is_a_success_only_where_failures_are_logged_too(level: int, now: int | None, good: str) -> None:
    lines = [each for each in LEVELS[level] if "good" in each[1]]

    assert folded(lines, level=now) == {"good": good}


END_OF = "(root) END ([2] other)"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([(1, "(root) CMD ([2] other)"), (1, END_OF), (3, "(root) CMD ([4] true good)")], "running"),
        ([(3, "(root) CMD ([4] true good)")], "unknown"),  # nobody says that ends are logged
        # Ends were logged before the daemon was started anew, and are not now.
        (
            [
                (1, "(root) CMD ([2] other)"),
                (1, END_OF),
                (5, "(CRON) INFO (pidfile fd = 3)"),
                (3, "(root) CMD (true good)"),
            ],
            "unknown",
        ),
        # The machine went down with it.
        (
            [
                (1, "(root) CMD ([2] other)"),
                (1, END_OF),
                (3, "(root) CMD ([4] true good)"),
                (5, "(CRON) INFO (Running @reboot jobs)"),
            ],
            "no end is logged, and its process is gone",
        ),
        # Another has its pid.
        (
            [(3, "(root) CMD ([4] true good)"), (9, "(root) CMD ([4] other)"), (9, "(root) END ([4] other)")],
            "no end is logged, and its process is gone",
        ),
        ([(7, "(root) CMD (true good)"), (6, "(root) CMDEND (true good)")], "ended"),  # cronie never says how
        ([(7, "USER root pid  12 cmd true good")], "unknown"),  # busybox
        # Who logs the failure of another job, whose start named that pid, is not who began this one.
        ([(7, "(root) CMD ([4] true good)"), (9, "(CRON) error (grandchild #4 failed with exit status 3)")], "unknown"),
        # A pid of long ago, of which no end was logged, is carried by a writer now.
        ([(4, "(root) CMD (true good)"), (3, "(CRON) error (grandchild #4 terminated by signal 13)")], "signal 13"),
    ],
)
def test_a_run_without_an_end_is_running_only_where_ends_are_logged(
    lines: Sequence[tuple[int, str]], said: str
) -> None:
    assert folded(lines)["good"] == said


def test_an_end_is_of_the_run_that_it_was_forked_for() -> None:
    lines = [(11, "(root) CMD (true good)"), (21, "(root) CMD (true good)"), (20, "(root) END (true good)")]
    fold = Fold(job_of=lambda key: "good", level=7)
    for number, (pid, said) in enumerate(lines):
        fold.take(NOW + timedelta(seconds=number), pid, said)

    assert [each.outcome for each in fold.runs()] == ["running", "success"]


# A log as a file ------------------------------------------------------------------------------------------------------


def read_file(text: str, *, host: str = "web1", zone: str = "Europe/Zurich") -> tuple[LogFile, list[RunSeen]]:
    """What `cron_log.sh` printed, folded."""
    file, fold = LogFile(host=host, tz=ZoneInfo(zone)), Fold(job_of=lambda key: key[1])
    file.take(text.encode().splitlines(), fold)
    return file, list(fold.runs())


def log_of(written_at: str, *lines: str, path: str = "/var/log/syslog") -> str:
    seconds = int(datetime.fromisoformat(written_at).timestamp())
    return f"\n@file {seconds} {path}\n" + "".join(f"|{each}\n" for each in lines)


@pytest.mark.parametrize(
    ("written_at", "stamps", "at"),
    [
        ("2026-02-11T07:00+01:00", ["2026-02-11T02:00:01.123456+01:00"], ["2026-02-11T01:00:01.123456"]),
        ("2026-02-11T07:00+01:00", ["2026-02-11T02:00:01+0100"], ["2026-02-11T01:00:01"]),
        ("2026-02-11T07:00+01:00", ["Feb 11 02:00:01"], ["2026-02-11T01:00:01"]),
        ("2026-02-11T07:00+01:00", ["Feb  1 02:00:01"], ["2026-02-01T01:00:01"]),
        # No year: of last year what would be of the future, and the last of February where there was one.
        (
            "2026-01-01T07:00+01:00",
            ["Dec 31 23:59:01", "Jan  1 00:01:01"],
            ["2025-12-31T22:59:01", "2025-12-31T23:01:01"],
        ),
        ("2026-02-11T07:00+01:00", ["Feb 29 02:00:01"], ["2024-02-29T01:00:01"]),
        # Spring skips an hour, autumn shows one twice: the order of the lines tells which.
        (
            "2026-03-29T07:00+02:00",
            ["Mar 29 01:59:01", "Mar 29 03:00:01"],
            ["2026-03-29T00:59:01", "2026-03-29T01:00:01"],
        ),
        (
            "2026-10-25T07:00+01:00",
            ["Oct 25 02:30:01", "Oct 25 02:59:01", "Oct 25 02:30:01", "Oct 25 03:00:01"],
            ["2026-10-25T00:30:01", "2026-10-25T00:59:01", "2026-10-25T01:30:01", "2026-10-25T02:00:01"],
        ),
    ],
)
def test_a_stamp_of_a_file_is_the_instant_it_was_written(written_at: str, stamps: list[str], at: list[str]) -> None:
    lines = [f"{stamp} web1 CRON[{number}]: (root) CMD (x)" for number, stamp in enumerate(stamps)]
    _, runs = read_file(log_of(written_at, *lines) + "@end\n")

    assert [each.started for each in runs] == [f"{each}+00:00" for each in at]


def test_a_log_reaches_back_to_its_first_line_or_to_an_older_file() -> None:
    first = log_of("2026-02-10T06:25+01:00", "Feb  9 06:25:02 web1 systemd[1]: Started x", path="/var/log/syslog.1")
    second = log_of("2026-02-11T07:00+01:00", "Feb 11 02:00:01 web1.example.com CRON[4]: (root) CMD (x)")
    file, runs = read_file(first + second + "@end\n")

    assert (file.begins_at, file.reaches_further, len(runs)) == (datetime(2026, 2, 9, 5, 25, 2, tzinfo=UTC), False, 1)
    assert read_file("@older /var/log/syslog.2.gz\n" + second + "@end\n")[0].reaches_further


def printed_of(log: Path, since: int = 0) -> list[bytes]:
    """What the real script prints of a real file."""
    script = files("rollcall.schedulers").joinpath("cron_log.sh").read_text()
    done = subprocess.run(["sh", "-c", script, "rollcall", str(log), str(since)], check=True, capture_output=True)
    return done.stdout.split(b"\n")


@pytest.mark.parametrize(
    ("name", "content", "is_broken"),
    [
        ("syslog.1.gz", None, False),
        ("syslog.1.gz", 0.5, True),  # the disk was full when it was packed
        ("syslog.1.gz", b"no gzip", True),
        ("syslog.1.zst", b"what unpacks it may not even be installed", True),
        ("syslog.1", b"Feb 10 02:00:01 web1 CRON[4]: (root) CMD (x)\n", False),
    ],
)
def test_a_rotated_log_that_cannot_be_unpacked_is_no_log_without_runs(
    name: str, content: bytes | float | None, is_broken: bool, tmp_path: Path
) -> None:
    random = "".join(f"Feb 10 02:{n % 60:02}:01 web1 x[{n * n * 7919 % 99991}]: {n**5}\n" for n in range(3000))
    packed = gzip.compress(f"{random}Feb 10 03:00:01 web1 CRON[4]: (root) CMD (x)\n".encode())
    if not isinstance(content, bytes):
        content = packed[: int(len(packed) * (content or 1))]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "syslog").write_text("Feb 11 02:00:01 web1 CRON[5]: (root) CMD (x)\n")
    for number, each in enumerate((name, "syslog")):
        os.utime(tmp_path / each, ns=(1_770_775_201_000_000_000 + number,) * 2)
    file = LogFile(host="web1", tz=ZURICH)
    fold = Fold(job_of=lambda key: key[1])
    file.take(printed_of(tmp_path / "syslog"), fold)

    assert (file.is_whole, bool(file.broken)) == (True, is_broken)
    assert is_broken or len([*fold.runs()]) == 2


def test_an_empty_log_that_was_just_rotated_says_nothing_of_a_clock() -> None:
    before = log_of("2026-02-11T00:01:02+01:00", "Feb 11 00:01:01 web1 systemd[1]: x", path="/var/log/cron-20260211")
    # Fifteen minutes after the last line; or a quarter of a zone.
    rotated = log_of("2026-02-11T00:16:03+01:00", path="/var/log/cron")

    assert read_file(before + rotated + "@end\n")[0].off_by is None


def test_lines_of_other_machines_in_the_same_file_are_theirs() -> None:
    lines = [f"Feb 11 02:00:01 {host} CRON[4]: (root) CMD (x)" for host in ("web2", "web1", "web3")]
    file, runs = read_file(log_of("2026-02-11T07:00+01:00", *lines) + "@end\n")

    assert (len(runs), file.others) == (1, {"web2", "web3"})


@pytest.mark.parametrize(
    ("stamp", "off"),
    [
        ("Feb 11 07:00:00", None),
        ("Feb 11 06:58:40", None),
        ("Feb 11 06:00:03", "-1 h"),  # written in UTC
        ("Feb 11 06:20:00", None),  # a copy may be newer than what is in it
        ("Feb 11 11:30:00", "4 h 30 min"),
    ],
)
def test_a_log_of_another_zone_is_found_by_when_its_file_was_written(stamp: str, off: str | None) -> None:
    text = log_of("2026-02-11T07:00:01+01:00", f"{stamp} web1 systemd[1]: x") + "@end\n"
    found = read_file(text)[0].off_by

    assert (show_span(found) if found else None) == off


# What bad input gets --------------------------------------------------------------------------------------------------


SYSLOG = {"log": "/var/log/syslog"}


def one_line(at: str) -> bytes:
    return (log_of("2026-02-11T07:00+01:00", f"Feb 11 {at} CRON[1]: (root) CMD (x)") + "@end\n").encode()


@pytest.mark.parametrize(
    ("table", "machine", "out", "code", "says"),
    [
        ({}, None, None, "scheduler-error", "cannot be read: it breaks off"),
        ({}, {}, ("boots", b"[]"), "scheduler-error", "the journal is empty"),
        ({}, {}, ("boots", b"nonsense"), "scheduler-error", "the journal lists no boot"),
        ({}, {}, ("journal", b'{"MESSAGE": "(root) CMD (x)"}'), "scheduler-error", "the journal cannot be read"),
        ({}, {ROOT: "0 2 * * * x\n"}, ("journal", b""), "scheduler-error", "nothing reports a start, and x was due"),
        ({"log": "/none"}, {}, ("log", b"@none /none\n@end\n"), "scheduler-error", "there is no /none"),
        (SYSLOG, {}, ("log", b"@file 1 x\n"), "scheduler-error", "breaks off"),
        (SYSLOG, {}, ("log", b"@unread /var/log/syslog\n@end\n"), "access-denied", "permission denied"),
        (SYSLOG, {}, ("log", b"@broken /var/log/syslog.2.gz\n@end\n"), "scheduler-error", "not to be unpacked"),
        (SYSLOG, {}, ("log", one_line("07:00:00 web2")), "scheduler-error", "web1.example.com, only of web2"),
        (SYSLOG, {}, ("log", one_line("06:00:00 web1")), "scheduler-error", 'naive_times = "UTC"'),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_cause(
    box: Box, table: dict[str, str], machine: dict[str, str] | None, out: tuple[str, bytes] | None, code: str, says: str
) -> None:
    box.put("machine", b"@clock" if machine is None else printed(files=machine))
    if out:
        box.put(*out)
    with pytest.raises(CannotLook) as problem:
        box.look(**table)

    assert problem.value.code == code
    assert says in problem.value.detail
    assert "\n" not in problem.value.detail


def test_a_journal_that_may_not_be_read_is_denied(box: Box) -> None:
    box.refuse("journal", "No journal files were opened due to insufficient permissions.")
    with pytest.raises(CannotLook) as problem:
        box.look()

    assert problem.value.code is CauseCode.ACCESS_DENIED


def test_a_machine_without_the_daemon_says_so_and_one_that_hides_its_processes_does_not(box: Box) -> None:
    for machine, entries, running in (
        (printed(daemon=None), (), False),
        (printed("processes ", daemon=None), (), None),
        (printed("processes ", daemon=None), (message("06:30:01", "(root) CMD (x)"),), True),
    ):
        box.put("machine", machine)
        box.journal(*entries)

        assert box.look().running is running


def test_when_its_machine_was_off_the_journal_tells(box: Box) -> None:
    boots = [("2026-02-01T00:00", "2026-02-11T01:10"), ("2026-02-11T03:00", "2026-02-11T07:00")]
    instants = [[datetime.fromisoformat(f"{each}+01:00") for each in boot] for boot in boots]
    box.put(
        "boots",
        json.dumps(
            [{"first_entry": int(a.timestamp() * 1e6), "last_entry": int(b.timestamp() * 1e6)} for a, b in instants]
        ).encode(),
    )
    box.put("machine", printed(daemon="daemon 512 1 crond /usr/sbin/crond -n"))
    box.journal(
        message("00:00:01", "(root) CMD (well)", 4),
        message("00:00:09", "(root) CMDEND (well)", 3),
        message("01:00:01", "(root) CMD (cut)", 6),
        message("03:00:02", "(CRON) STARTUP (1.5.7)", 7),
    )
    found = box.look("well", "cut")

    # cronie says nothing of a start of the machine: what had begun before is gone all the same.
    assert [each[3] for each in brief(found.runs)] == ["unknown", "no end is logged, and its process is gone"]
    assert found.off == (Off(since=instants[0][1], until=instants[1][0]),)
    assert found.runs_since == NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ('log = "syslog"', 'must be "journal", or the whole path of a file'),
        ('log = ""', "must be"),
        ('log = "/var/log/sys log"', "must be"),
        ("log = 3", "text"),
        ('user = ""', "user"),
        ("crontabs = []", "crontabs"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, written: str, rule: str) -> None:
    file = tmp_path / "jobs.toml"
    jobs = '[jobs.x]\nscheduler = "host"\nschedule = "0 2 * * *"\n'
    file.write_text(f'timezone = "UTC"\n[schedulers.host]\nkind = "cron"\n{written}\n{jobs}')
    with pytest.raises(BadInput, match=r"schedulers\.host") as problem:
        load(file, environment={})

    assert rule in str(problem.value)


# Judged ---------------------------------------------------------------------------------------------------------------

RAN = (
    message("02:00:01", "(root) CMD ([4] /opt/backup.sh)", 3),
    message("02:00:09", "(root) END ([4] /opt/backup.sh)", 3),
)
BACKUP = '[jobs.backup]\nname = "backup.sh"\nschedule = "0 2 * * *"\n'


@pytest.mark.parametrize(
    ("line", "jobs", "said"),
    [
        ("0 2 * * *", "", ("ok", None)),
        ("00 02 * * 0-7", "", ("ok", None)),
        ("0 2 * * *", 'timezone = "Europe/Vienna"', ("ok", None)),  # its clocks show the same
        ("0 2 * * *", 'timezone = "Africa/Algiers"', ("failed", "wrong-timezone")),  # but for half of the year
        ("0 2 * * *", 'timezone = "UTC"', ("missed", "wrong-timezone")),
        ("0 3 * * *", "", ("failed", "schedule-drift")),
        ("0 2 * * 1-5", "", ("failed", "schedule-drift")),
        ("#0 2 * * *", "", ("missed", "not-registered")),
    ],
)
def test_the_line_that_is_there_is_held_against_the_schedule(
    box: Box, line: str, jobs: str, said: tuple[str, str | None]
) -> None:
    box.put("machine", printed(files={ROOT: f"{line} /opt/backup.sh\n0 3 * * * another\n"}))
    box.journal(*RAN)

    assert box.judged(BACKUP + jobs)["backup"][:2] == said


CRONIE = "daemon 512 1 crond /usr/sbin/crond -n"


@pytest.mark.parametrize("daemon", [CRONIE, "daemon 512 1 cron /usr/sbin/cron -f -L 3"])
@pytest.mark.parametrize(
    ("jobs", "words", "said"),
    [
        ("", "", ("unknown", "unknown-status")),
        ('proof = "start"\n', "", ("ok", None)),
        ('output.path = "dump-%F"\n', "", ("ok", None)),
        ("", 'success = ["ended"]', ("ok", None)),
        ("", 'failed = ["ended"]', ("failed", "run-failed")),
    ],
)
def test_an_end_of_which_nobody_knows_how_it_came_tells_as_much_as_a_start(
    box: Box, daemon: str, jobs: str, words: str, said: tuple[str, str | None]
) -> None:
    box.put("machine", printed(files={ROOT: "0 2 * * * /opt/backup.sh\n"}, daemon=daemon))
    box.journal(
        *(message(f"2026-02-10T02:00:{second}+01:00", f"(root) {what} (/opt/backup.sh)", pid)
          for second, what, pid in (("01", "CMD", 4), ("09", "CMDEND" if daemon is CRONIE else "END", 3))),
        *(message(f"02:00:{second}", f"(root) {what} (/opt/backup.sh)", pid)
          for second, what, pid in (("01", "CMD", 8), ("09", "CMDEND" if daemon is CRONIE else "END", 7))),
    )  # fmt: skip
    for day in (10, 11):
        file = box.folder / f"dump-2026-02-{day}"
        file.write_text("done")
        at = datetime(2026, 2, day, 1, 0, 8, tzinfo=UTC).timestamp()
        os.utime(file, (at, at))

    assert box.judged(f"[schedulers.host.words]\n{words}\n{BACKUP}{jobs}look_back = '36 h'\n")["backup"][:2] == said


@pytest.mark.parametrize(
    ("schedule", "line", "is_drift"),
    [
        ("@daily", "0 0 * * *", False),
        ("*/5 * * * *", "0-59/5 * * * *", False),
        ("*/5 2 * * *", "0-59/5 2 * * *", True),  # a star and a range differ in the nights in which clocks change
        ("0 0 * * sun", "0 0 * * 7", False),
        ("0 0 1 jan *", "@yearly", False),
    ],
)
def test_a_schedule_is_the_same_however_it_is_written(box: Box, schedule: str, line: str, is_drift: bool) -> None:
    box.put("machine", printed(files={ROOT: f"{line} backup.sh\n"}))
    sentence = box.judged(f'[jobs.backup]\nname = "backup.sh"\nschedule = "{schedule}"\n')["backup"][1]

    assert (sentence == "schedule-drift") is is_drift


def test_an_interval_is_a_line_of_every_so_many_minutes(box: Box) -> None:
    box.put("machine", printed(files={ROOT: "*/5 * * * * backup.sh\n"}))
    for span, is_drift in (("5 min", False), ("6 min", True)):
        assert (box.judged(f'[jobs.x]\nname = "backup.sh"\nevery = "{span}"')["x"][1] == "schedule-drift") is is_drift


@pytest.mark.parametrize(
    ("files", "changed", "entries", "says"),
    [
        ({ROOT: "0 2 * * * /opt/backup.sh"}, {}, (), "Missing newline before EOF"),
        # As the daemon said when it read the file last; what was changed since, it may take.
        (
            {ROOT: "0 2 * * * /opt/backup.sh\nnonsense\n"}, {ROOT: NOW - timedelta(hours=3)},
            (message("05:00:01", "(root) ERROR (Syntax error, this crontab file will be ignored)"),), "Syntax error",
        ),
        (
            {ROOT: "0 2 * * * /opt/backup.sh\n"}, {ROOT: NOW - timedelta(minutes=3)},
            (message("05:00:01", "(root) ERROR (Syntax error, this crontab file will be ignored)"),), None,
        ),
        (
            {"/etc/cron.d/b": "0 2 * * * root /opt/backup.sh\n"}, {"/etc/cron.d/b": NOW - timedelta(days=9)},
            (message("05:00:01", "(*system*b) WRONG FILE OWNER (/etc/cron.d/b)"),), "WRONG FILE OWNER",
        ),
        ({"/etc/cron.d/b.sh": "0 2 * * * root /opt/backup.sh\n"}, {}, (), "it has another"),
    ],
)  # fmt: skip
def test_a_crontab_that_the_daemon_does_not_take_is_no_crontab(
    box: Box, files: dict[str, str], changed: dict[str, datetime], entries: Sequence[dict[str, str]], says: str | None
) -> None:
    box.put("machine", printed(files={"/etc/crontab": "0 3 * * * root another\n", **files}, changed=changed))
    box.journal(*RAN, *entries)
    verdict, code, sentence = box.judged(BACKUP)["backup"]

    assert (verdict, code) == (("missed", "not-registered") if says else ("ok", None))
    assert (says or "") in sentence


def test_a_line_that_may_stand_where_nobody_may_look_is_unknown(box: Box) -> None:
    spool = "unread /var/spool/cron/crontabs"
    box.put("machine", printed("user alice", spool, files={"own alice": "0 3 * * * x\n"}))
    box.journal(*RAN)

    assert box.judged(BACKUP)["backup"][:2] == ("unknown", "access-denied")
    # Whose crontab was read, has no such line.
    assert box.judged(BACKUP, user="alice")["backup"][:2] == ("missed", "not-registered")


def test_a_start_alone_is_no_proof_and_a_secret_of_another_line_is_not_shown(box: Box) -> None:
    files = {ROOT: "0 2 * * * /opt/backup.sh\n0 3 * * * TOKEN=s3cret other\n"}
    box.put("machine", printed(files=files, daemon="daemon 5 1 cron /usr/sbin/cron -f"))
    box.journal(message("02:00:01", "(root) CMD (/opt/backup.sh)"))

    assert box.judged(BACKUP)["backup"][:2] == ("unknown", "unknown-status")
    assert box.judged(BACKUP + 'proof = "start"')["backup"][:2] == ("ok", None)
    assert "s3cret" not in repr(box.look("backup.sh"))
    missing = box.judged(BACKUP.replace("backup.sh", "gone.sh"))["backup"]
    assert (missing[1], "s3cret" in missing[2]) == ("not-registered", False)


def test_lines_are_declared_as_they_stand_in_the_crontab(box: Box) -> None:
    box.put(
        "machine", printed(files={ROOT: "0 2 * * * /opt/backup.sh\n0~30 3 * * * random\n0 2 * * * TOKEN=s3cret sync\n"})
    )
    box.journal(
        *RAN,
        message("02:00:01", "(root) CMD ([8] TOKEN=s3cret sync)"),
        message("02:00:02", "(root) END ([8] TOKEN=s3cret sync)"),
    )
    found = box.judged("", declare=["*"])

    assert {name: said[:2] for name, said in found.items()} == {
        "host": ("ok", None),
        "/opt/backup.sh": ("ok", None),
        "TOKEN=(secret) sync": ("ok", None),
    }


@pytest.mark.parametrize(
    ("daemon", "zone"),
    [
        (DAEMON, "Europe/Zurich"),  # Debian's takes no notice, as it was tried
        ("daemon 9 1 crond /usr/sbin/crond -n", "Asia/Tokyo"),
        (None, "Europe/Zurich"),
    ],
)
def test_a_crontab_asks_cronie_for_a_zone(box: Box, daemon: str | None, zone: str) -> None:
    crontab = "TZ=America/New_York\n0 1 * * * before\nCRON_TZ=Asia/Tokyo\n0 2 * * * /opt/backup.sh\n"
    box.put("machine", printed(files={ROOT: crontab}, daemon=daemon))

    assert [(each.id, each.zone) for each in box.look().jobs or ()] == [
        ("before", "Europe/Zurich"),
        ("/opt/backup.sh", zone),
    ]


def test_an_end_may_be_declared_to_be_enough(box: Box) -> None:
    crond = "daemon 5 1 crond /usr/sbin/crond -n"
    box.put("machine", printed(files={ROOT: "0 2 * * * /opt/backup.sh\n"}, daemon=crond))
    begun, ended = "(root) CMD (/opt/backup.sh)", "(root) CMDEND (/opt/backup.sh)"
    box.journal(message("02:00:01", begun, 5), message("02:00:09", ended, 4))

    assert box.judged(BACKUP)["backup"][:2] == ("unknown", "unknown-status")
    assert box.judged(BACKUP, **{"words.success": ["ended"]})["backup"][:2] == ("ok", None)


def test_runs_that_nobody_asks_for_are_not_kept(box: Box) -> None:
    box.put("machine", printed(files={ROOT: "0 2 * * * /opt/backup.sh\n* * * * * chatty\n"}))
    box.journal(*RAN, *(message(f"05:{minute:02}:01", "(root) CMD (chatty)") for minute in range(60)))

    assert [each.job for each in box.look("backup.sh").runs or ()] == ["backup.sh"]


def test_each_of_its_steps_can_be_filled_in() -> None:
    for code, step in scheduler_of("host", {"kind": "cron"}).steps.items():
        check_step(CauseCode(code), step)


def test_a_machine_that_was_off_explains_a_line_and_anacron_makes_up_for_it(box: Box) -> None:
    boots = [("2026-02-01T00:00", "2026-02-11T01:10"), ("2026-02-11T05:30", "2026-02-11T07:00")]
    micro = [[int(datetime.fromisoformat(f"{each}+01:00").timestamp()) * 1_000_000 for each in boot] for boot in boots]
    box.put("boots", json.dumps([{"first_entry": first, "last_entry": last} for first, last in micro]).encode())
    files = {ROOT: "0 2 * * * /opt/backup.sh\n", "/etc/anacrontab": "1 5 cron.daily run-parts /etc/cron.daily\n"}
    box.put("machine", printed(files=files))
    box.journal(
        message("05:30:01", "(CRON) INFO (pidfile fd = 3)"),
        message("05:30:01", "(CRON) INFO (Running @reboot jobs)"),
        message("05:35:00", "Job `cron.daily' started"),
        message("05:35:09", "Job `cron.daily' terminated"),
    )
    found = box.judged(BACKUP + '[jobs.daily]\nname = "cron.daily"\nschedule = "0 3 * * *"\n')

    assert found["backup"][:2] == ("missed", "host-was-off")
    assert found["daily"][:2] == ("ok", "made-good")
