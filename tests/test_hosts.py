"""Do hosts leave what they saw, and is what they left judged for no more than it is worth?"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fixtures.hosts import Fleet
from fixtures.jobs_toml import mistakes, read
from fixtures.lived_in import lived_in
from fixtures.one_morning import at
from fixtures.stores import Server
from rollcall.evidence import Evidence, FileSeen, HostSeen, NotSeen, Outcome, OutputSeen, RunSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.recorded.bundle import Bundle, packed, unpacked
from rollcall.recorded.left import Left, name_of, read_left
from rollcall.roll.roll import Roll
from rollcall.storage import Folder, StorageProblem
from rollcall.vocabulary import CauseCode, Verdict

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEY = "k3y-of-the-t3sts"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(folder=tmp_path, hosts=("web1", "web2"))


def test_what_all_hosts_left_is_one_morning(fleet: Fleet) -> None:
    fleet.ran("web1", "web2", "judge")
    fleet.look_all()

    told = fleet.judge()

    assert (told.status, told.text.splitlines()[0].partition(" (")[0]) == (0, "All 3 jobs did their work")


def test_what_is_bad_on_a_host_is_bad_where_it_is_judged(fleet: Fleet) -> None:
    fleet.ran("web1", "judge")
    fleet.look_all()

    told = fleet.judge()

    assert told.status == 2
    assert "never-ran [dump_web2]" in told.text
    assert "dump_web1" not in told.text


def test_a_host_that_left_nothing_is_named_and_never_green(fleet: Fleet) -> None:
    fleet.ran("web1", "web2", "judge")
    fleet.look_all(but=["web2"])

    told = fleet.judge()

    assert told.status == 3  # unknown: nothing is known to be broken
    assert f"host-silent [dump_web2]: Host web2 has left no evidence in {fleet.folder / 'hub'}." in told.text
    assert "On web2, look again and see what it says: `rollcall look --host web2`" in told.text


def test_without_a_place_no_host_is_heard_and_no_file_is_looked_for_here(fleet: Fleet) -> None:
    fleet.ran("judge")
    file = fleet.folder / "judge/jobs.toml"
    file.write_text(file.read_text().replace('place = "../hub"', ""))

    told = fleet.judge()

    assert told.status == 3
    assert "Host web1 was not heard: nobody said where hosts leave their evidence (--evidence PLACE)." in told.text
    fleet.ran("web1", "web2")
    fleet.look_all()
    assert fleet.judge("--evidence", "../hub").status == 0  # where it is left is not what is looked for


def _age(fleet: Fleet) -> None:
    file = fleet.folder / "judge/jobs.toml"
    file.write_text(file.read_text().replace("[evidence]", '[evidence]\nmax_age = "1 min"'))
    left = fleet.left("web2")
    _repacked(left, looked_at=datetime.now(UTC) - 10 * MINUTE, left_at=datetime.now(UTC) - 10 * MINUTE)


def _future(fleet: Fleet) -> None:
    _repacked(fleet.left("web2"), looked_at=datetime.now(UTC) + HOUR, left_at=datetime.now(UTC) + HOUR)


def _twin(fleet: Fleet) -> None:
    fleet.twin("web2")


def _of_another(fleet: Fleet) -> None:
    left = fleet.left("web2")
    left.write_bytes(fleet.left("web1").read_bytes())


def _cut(fleet: Fleet) -> None:
    left = fleet.left("web2")
    left.write_bytes(left.read_bytes()[:-20])


def _empty(fleet: Fleet) -> None:
    fleet.left("web2").write_bytes(b"")


def _another_version(fleet: Fleet) -> None:
    left = fleet.left("web2")
    left.write_bytes(left.read_bytes().replace(b'"version":1', b'"version":7', 1))


def _another_file(fleet: Fleet) -> None:
    file = fleet.folder / "web2/jobs.toml"
    file.write_text(file.read_text().replace("dump_web2-%Y", "dump-web2-%Y"))
    fleet.look("web2")


def _repacked(file: Path, *, looked_at: datetime, left_at: datetime) -> None:
    bundle = replace(unpacked(file.read_bytes()), looked_at=looked_at, left_at=left_at)
    file.write_bytes(packed(bundle))
    os.utime(file, (bundle.left_at.timestamp(), bundle.left_at.timestamp()))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_age, "Host web2 looked last on "),
        (_future, "in the future: its clock is ahead of this machine's."),
        (_twin, "2 machines leave evidence as web2, and only one of them can be it."),
        (_of_another, "What lies there as the evidence of web2 is that of web1."),
        (_cut, "it is damaged, or was cut off."),
        (_empty, "it is no evidence, or was cut off."),
        (_another_version, "it is of version 7, and this Roll call reads version 1."),
        (_another_file, "Host web2 looked with another jobs.toml, in which [jobs.dump_web2] is not the same."),
    ],
)
def test_evidence_that_cannot_be_believed_is_unknown_and_says_why(
    fleet: Fleet, spoil: Callable[[Fleet], None], says: str
) -> None:
    fleet.ran("web1", "web2", "judge")
    fleet.look_all()
    spoil(fleet)

    told = fleet.judge()

    assert told.status == 3
    assert "host-silent [dump_web2]" in told.text
    assert says in told.text
    assert "1 of 3 jobs" in told.text.splitlines()[0]  # the others are well


@pytest.mark.parametrize("ahead", [5 * MINUTE, -5 * MINUTE])
def test_a_clock_that_is_off_is_said_on_the_host_and_where_it_is_judged(fleet: Fleet, ahead: timedelta) -> None:
    fleet.ran("web1", "web2", "judge")
    fleet.look("web1")

    told = fleet.look("web2", ahead=ahead)

    side = "ahead of" if ahead > timedelta(0) else "behind"
    assert told.status == 1
    assert f"ERROR: the clock of web2 is 5 min {side} that of the place" in told.text.replace("4 min 59 s", "5 min")
    judged = fleet.judge()
    assert judged.status == 3
    assert "host-silent [dump_web2]" in judged.text


def test_a_place_of_the_same_name_may_be_another_one_on_a_host(tmp_path: Path) -> None:
    fleet = Fleet(folder=tmp_path, hosts=("web1",), more='[places.data]\nurl = "out"\n')
    for each in ("web1", "judge"):
        file = fleet.folder / each / "jobs.toml"
        file.write_text(
            file.read_text().replace('output.path = "out/dump', 'output.place = "data"\noutput.path = "dump')
        )
    fleet.ran("web1", "judge")
    fleet.look("web1")
    assert fleet.judge().status == 0

    file.write_text(file.read_text().replace('url = "out"', 'url = "new"'))
    told = fleet.judge()

    assert told.status == 3
    assert "Host web1 looked with another jobs.toml, in which [jobs.dump_web1] is not the same." in told.text


def test_a_link_that_leads_nowhere_silences_no_host(fleet: Fleet) -> None:
    fleet.ran("web1", "web2", "judge")
    fleet.look_all()
    (fleet.folder / "hub/loop.evidence").symlink_to("loop.evidence")

    assert fleet.judge().status == 0


def test_two_machines_of_one_name_are_told_on_the_host(fleet: Fleet) -> None:
    fleet.look("web2")
    fleet.twin("web2")

    told = fleet.look("web2")

    assert told.status == 1
    assert "another machine leaves evidence as web2 (web2+0000beef.evidence): give one of them" in told.text


def test_evidence_is_signed_where_the_hosts_share_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED", KEY)
    fleet = Fleet(folder=tmp_path, hosts=("web1",), more='key = "${SHARED}"')
    fleet.ran("web1", "judge")
    fleet.look_all()

    assert fleet.judge().status == 0
    assert KEY.encode() not in fleet.left("web1").read_bytes()
    monkeypatch.setenv("SHARED", "an0ther-key-0f-the-tests")
    told = fleet.judge()
    assert told.status == 3
    assert "it is not signed with the key in [evidence]." in told.text


def test_a_host_needs_nothing_of_what_others_are_asked_with(tmp_path: Path) -> None:
    fleet = Fleet(folder=tmp_path, hosts=("web1",))
    api = '[schedulers.api]\nkind = "json"\nurl = "http://127.0.0.1:9"\nheaders = { X-Token = "${SECRET_OF_JUDGE}" }\n'
    api += '[schedulers.api.runs]\nask = "/runs"\neach = "@"\njob = "id"\nstarted = "start"\n'
    place = '[places.offsite]\nurl = "s3://offsite"\noptions = { key = "${SECRET_OF_OTHERS}" }\n'
    job = '[jobs.remote]\nhost = "web9"\noutput = { place = "offsite", path = "x-%F" }\n'
    alert = '[alert]\nwebhook = "${SECRET_HOOK}"\n'
    file = fleet.folder / "web1/jobs.toml"
    file.write_text(fleet.jobs_toml() + api + place + job + alert)

    assert fleet.look("web1").status == 0


def test_no_secret_of_a_host_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t0ken-that-is-secret")
    fleet = Fleet(folder=tmp_path, hosts=("web1",))
    command = '[jobs.snap]\nhost = "web1"\n[jobs.snap.output]\neach = "@"\nmade_at = "time"\n'
    command += 'command = ["sh", "-c", "echo ${TOKEN} >&2; exit 3"]\n'
    (fleet.folder / "web1/jobs.toml").write_text(fleet.jobs_toml() + command)

    told = fleet.look("web1")

    bundle = unpacked(fleet.left("web1").read_bytes())
    (seen,) = bundle.evidence.outputs["snap"]
    assert isinstance(seen, NotSeen)
    assert "t0ken" not in bundle.evidence.to_json() + told.text + told.errors


def test_a_scheduler_on_a_host_is_known_by_what_that_saw_and_is_not_reached_from_here(tmp_path: Path) -> None:
    clock = (
        '[schedulers.clock]\nkind = "aime"\nurl = "{url}/aime"\nstatus = "/status"\nstart = "/start"\nhost = "web1"\n'
    )
    with lived_in(tmp_path) as house:
        fleet = Fleet(folder=tmp_path / "fleet", hosts=("web1",), more=clock.format(url=house.scheduler.url))
        fleet.look("web1")

        runs, lists = fleet.typed("judge", "ensure-running"), fleet.typed("judge", "discover")
        house.scheduler.stop("aime")
        fleet.look("web1")
        stopped = fleet.typed("judge", "ensure-running")

    assert runs.status == 0
    assert re.fullmatch(r"clock was running, 2 jobs, next run .* \(w.*\), as host web1 saw it on .* UTC\n", runs.text)
    assert (lists.status, lists.text.splitlines()[0]) == (0, "clock: 2 jobs that nobody declares")
    assert stopped.status == 1
    assert stopped.text.endswith("nothing was done: it is not reached from here; start it on host web1\n")
    assert "POST /aime/start" not in house.scheduler.asked


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--host", "web9"), '--host = "web9": no job and no scheduler is of this host. Hosts: web1 and web2.'),
        (("--host", "a b"), "is no name of a host"),
        (("--into", "s9://bucket"), "--into"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(fleet: Fleet, words: tuple[str, ...], says: str) -> None:
    told = fleet.typed("web1", "look", *(("--host", "web1") if "--host" not in words else ()), *words)

    assert told.status == 4
    assert says in told.errors


def test_evidence_that_cannot_be_left_is_no_success(fleet: Fleet) -> None:
    (fleet.folder / "hub").write_text("a file")

    told = fleet.look("web1")

    assert told.status == 1
    assert "ERROR: nothing was left" in told.text


def test_a_host_that_may_only_write_there_has_left_its_evidence(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Folder) -> None:
        raise StorageProblem(f"{folder.shown} cannot be listed: Permission denied")

    with monkeypatch.context() as patch:  # root may list every folder
        patch.setattr(Folder, "list", refused)
        told = fleet.look("web1")

    assert told.status == 0
    assert "nothing was left" not in told.text
    assert "note: whether the clocks agree could not be seen: " in told.text
    assert fleet.left("web1").exists()


def test_who_does_not_say_which_host_it_is_is_asked_for_it(fleet: Fleet) -> None:
    told = fleet.typed("web1", "look")

    assert told.status == 4
    assert "this machine is called so, and no job and no scheduler is of it. Say which host it is." in told.errors


def test_a_bucket_does_as_well(tmp_path: Path, moto: Server) -> None:
    place = "\n".join(f'{key} = "{value}"' for key, value in moto.options.items())
    bucket = f'[places.hub]\nurl = "{moto.url}/fleet-evidence"\n[places.hub.options]\n{place}\n'
    fleet = Fleet(folder=tmp_path, hosts=("web1", "web2"), hub="hub", more=bucket)
    fleet.ran("web1", "web2", "judge")
    fleet.look_all(but=["web2"])

    told = fleet.judge()

    assert told.status == 3
    assert "Host web2 has left no evidence in s3://offsite/fleet-evidence." in told.text
    fleet.look("web2")
    assert fleet.judge().status == 0


# When did it look? ----------------------------------------------------------------------------------------------------

_ZURICH = ZoneInfo("Europe/Zurich")
_JOBS = """
timezone = "Europe/Zurich"
[evidence]
max_age = "2 h"
[defaults]
host = "web1"
grace = "10 min"
max_runtime = "20 min"
[jobs.daily]
schedule = "30 2 * * *"
output.path = "daily-%Y%m%d.txt"
[jobs.often]
schedule = "*/5 * * * *"
grace = "1 min"
max_runtime = "1 min"
output.path = "often-%Y%m%d-%H%M.txt"
"""


def _judged(folder: Path, *, looked_at: str, now: str, files: dict[str, list[str]]) -> Morning:
    """The morning of what web1 left of its look, and when it looked; each file by its name, and when it was made."""
    roll = read(folder, _JOBS)
    looked, present = at(looked_at), at(now)
    outputs = {
        job.id: (
            OutputSeen(
                looked_at=looked,
                matches=len(files[job.id]),
                files=tuple(
                    FileSeen(name=f"{job.id}-{made}", size=10, modified_at=at(made), stamp_at=at(made))
                    for made in sorted(files[job.id], reverse=True)
                ),
            ),
        )
        for job in roll.jobs
    }
    bundle = Bundle(
        by="web1",
        looked_at=looked,
        left_at=looked,
        evidence=Evidence(schedulers={}, outputs=outputs),
        jobs={job.id: job.asked_as for job in roll.jobs},
    )
    _leave(folder / "hub", bundle)
    return _of(roll, folder / "hub", present)


def _leave(hub: Path, bundle: Bundle) -> None:
    hub.mkdir()
    file = hub / name_of("web1", "")
    file.write_bytes(packed(bundle))
    os.utime(file, (bundle.left_at.timestamp(), bundle.left_at.timestamp()))


def _of(roll: Roll, hub: Path, now: datetime) -> Morning:
    left = read_left(Folder(hub), roll.hosts, now=now, zone=_ZURICH, max_age=roll.evidence.max_age, key=None)
    return judge_morning(roll, left.evidence(roll.jobs, roll.schedulers, now), now=now)


@pytest.mark.parametrize(
    ("looked_at", "now", "files", "verdict"),
    [
        # In winter: looked after the run was over, or before it was.
        ("2026-02-11T03:30+01:00", "2026-02-11T04:30+01:00", ["2026-02-11T02:31+01:00"], Verdict.OK),
        ("2026-02-11T02:45+01:00", "2026-02-11T04:30+01:00", ["2026-02-10T02:31+01:00"], Verdict.UNKNOWN),
        # It was done early, and seen.
        ("2026-02-11T02:45+01:00", "2026-02-11T04:30+01:00", ["2026-02-11T02:31+01:00"], Verdict.OK),
        # What is proven to be missed when it looked stays so.
        ("2026-02-11T03:30+01:00", "2026-02-11T04:30+01:00", ["2026-02-10T02:31+01:00"], Verdict.BAD_OUTPUT),
        # In spring 02:30 is skipped, and the run is due at 03:30 as cron has it, or not at all: never green unseen.
        ("2026-03-29T03:10+02:00", "2026-03-29T04:55+02:00", ["2026-03-28T02:31+01:00"], Verdict.UNKNOWN),
        # In autumn 02:30 comes twice; after the first of them nothing is over.
        ("2026-10-25T02:40+02:00", "2026-10-25T03:30+01:00", ["2026-10-24T02:31+02:00"], Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_a_look_before_the_run_was_over_proves_nothing_of_it(
    tmp_path: Path, looked_at: str, now: str, files: list[str], verdict: Verdict
) -> None:
    morning = _judged(tmp_path, looked_at=looked_at, now=now, files={"daily": files, "often": []})

    job = morning.job("daily")
    assert job is not None
    assert job.verdict is verdict
    cause = morning.job_causes["daily"]
    assert (cause is not None and cause.code is CauseCode.HOST_SILENT) == (verdict is Verdict.UNKNOWN)


def test_a_job_that_is_due_more_often_than_its_host_looks_is_judged_as_of_the_look(tmp_path: Path) -> None:
    begun = at("2026-02-10T03:00:10+01:00")
    made = [(begun + number * 5 * MINUTE).isoformat() for number in range(24 * 12 + 6)]
    morning = _judged(
        tmp_path,
        looked_at="2026-02-11T03:29:30+01:00",
        now="2026-02-11T04:00+01:00",
        files={"often": made, "daily": ["2026-02-11T02:31+01:00"]},
    )

    job = morning.job("often")
    assert job is not None
    assert not job.needs_a_person


_ON_TWO = """
timezone = "Europe/Zurich"
[schedulers.clock]
kind = "json"
url = "http://127.0.0.1:9"
host = "web1"
runs = { ask = "/runs", each = "@", job = "id", started = "start", status = "status" }
words = { success = ["ok"] }
[jobs.daily]
scheduler = "clock"
host = "web2"
schedule = "30 2 * * *"
"""


@pytest.mark.parametrize(
    ("more", "web2", "says"),
    [
        # On web2 is nothing to be seen of the job, and nobody looks there.
        ("", HostSeen(why="host web2 has left no evidence"), "host web1 looked last on Wed 11 Feb 02:10"),
        ('output.path = "daily-%Y%m%d.txt"', None, "host web1 looked last on Wed 11 Feb 02:10"),
    ],
)
def test_of_two_hosts_the_one_that_looked_too_early_is_named(
    tmp_path: Path, more: str, web2: HostSeen | None, says: str
) -> None:
    roll = read(tmp_path, _ON_TWO + more)
    early, late, now = (at(f"2026-02-{when}+01:00") for when in ("11T02:10", "11T04:00", "11T04:30"))
    ran = RunSeen(job="daily", started="2026-02-10T02:30:05+01:00", outcome=Outcome.SUCCESS, word="ok")
    (job,), (scheduler,) = roll.jobs, roll.schedulers
    clock = SchedulerSeen(asked_at=early, answered_at=early, jobs=None, runs=(ran,))
    file = FileSeen(name="daily-20260211.txt", size=10, modified_at=at("2026-02-11T02:31+01:00"))
    output = OutputSeen(looked_at=late, matches=1, files=(file,))
    on_web1 = Evidence(schedulers={"clock": clock}, outputs={})
    on_web2 = Evidence(schedulers={}, outputs={"daily": (output,)})
    bundles = {"web1": _bundle("web1", early, on_web1, roll), "web2": _bundle("web2", late, on_web2, roll)}
    left = Left(
        bundles={name: each for name, each in bundles.items() if name == "web1" or not web2},
        hosts={
            "web1": HostSeen(looked_at=early, good_until=early + 3 * HOUR),
            "web2": web2 or HostSeen(looked_at=late, good_until=late + 3 * HOUR),
        },
    )

    morning = judge_morning(roll, left.evidence([job], [scheduler], now), now=now)

    judged = morning.job("daily")
    assert judged is not None
    assert judged.verdict is Verdict.UNKNOWN
    assert says in " ".join(each.because for each in judged.findings)


def _bundle(host: str, looked_at: datetime, evidence: Evidence, roll: Roll) -> Bundle:
    return Bundle(
        by=host,
        looked_at=looked_at,
        left_at=looked_at,
        evidence=evidence,
        jobs={job.id: job.asked_as for job in roll.jobs},
        schedulers={each.id: each.asked_as for each in roll.schedulers},
    )


def test_a_host_is_said_in_jobs_toml_as_a_name(tmp_path: Path) -> None:
    job = '[jobs.a]\nschedule = "0 6 * * *"\noutput.path = "a-%F"\n'
    found = mistakes(tmp_path, f'timezone = "UTC"\n[evidence]\nmax_age = "1 s"\n{job}host = "web 1"\n')

    assert found == [
        'evidence.max_age = "1 s": must be at least "1 min".',
        'jobs.a.host = "web 1": is no name of a host. Write letters, digits, "-" and ".", such as "web1".',
    ]


def test_a_host_asks_nobody_who_declares_jobs_elsewhere(tmp_path: Path) -> None:
    fleet = Fleet(folder=tmp_path, hosts=("web1",))
    etl = '[schedulers.etl]\nkind = "airflow"\nurl = "http://127.0.0.1:9"\ndeclare = ["*"]\n'
    login = 'login = { username = "reader", password = "${SECRET_OF_JUDGE}" }\n'
    (fleet.folder / "web1/jobs.toml").write_text(fleet.jobs_toml() + etl + login)

    told = fleet.look("web1")

    assert (told.status, told.text[:21], told.errors) == (0, "web1: 1 witness asked", "")


def test_what_is_to_be_done_on_a_host_says_so_and_that_it_must_look_again(fleet: Fleet) -> None:
    fleet.ran("web1", "judge")
    fleet.look_all()

    assert "no file matches out/dump_web2-" in (text := fleet.judge().text)
    assert "do: On web2: check whether anything runs it (`crontab -l`, " in text
    assert "then look there again (`rollcall look --host web2`), then `" in text


def test_two_hosts_may_have_a_file_of_the_same_name_and_two_jobs_of_one_may_not(tmp_path: Path) -> None:
    job = '[jobs.{0}]\nschedule = "0 6 * * *"\nhost = "{1}"\noutput.path = "/backup/db-%F.sql"\n'
    head = 'timezone = "UTC"\n'

    assert len(read(tmp_path, head + job.format("a", "web1") + job.format("b", "web2")).jobs) == 2
    assert (
        "is the output of jobs.a too" in mistakes(tmp_path, head + job.format("a", "web1") + job.format("b", "web1"))[0]
    )
    place = '[places.hub]\nurl = "s3://hub"\n'
    shared = (head + place + job.format("a", "web1") + job.format("b", "web2")).replace(
        'output.path = "/backup', 'output.place = "hub"\noutput.path = "backup'
    )
    assert "is the output of jobs.a too" in mistakes(tmp_path, shared)[0]
