"""Is what lies in a bucket, behind ssh or on a web server seen and judged as it would be on this machine?"""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from fixtures.hostile_service import Script, hostile_service, reply
from fixtures.shelf import LISTED, shelf
from fixtures.stores import Server, free_port
from rollcall.ask import gather
from rollcall.commands.rehearse import fetched
from rollcall.evidence import NotSeen, OutputSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.outputs.remote import store_of
from rollcall.rehearse.rehearsal import Outcome, rehearse
from rollcall.report.cause_groups import group_by_cause
from rollcall.roll.load import load
from rollcall.roll.roll import Roll

# What a server dates cannot be told it: files are written now, in the three hours of the run, and judged after them.
BEGAN = datetime.now(UTC)
DUE = BEGAN - timedelta(minutes=1)
NOW = BEGAN + timedelta(hours=4)
DAY = f"{BEGAN:%F}"
DUMP = gzip.compress(b"INSERT INTO haiku VALUES (17);\n" * 200 + b"-- done\n")
KINDS = ["moto", "seaweed", "sftp", "http", "webdav", "file", "memory"]


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    """One of that kind; a folder and fsspec's memory are places too."""
    kind = request.param
    if kind in ("http", "webdav"):
        return request.getfixturevalue("nginx")[kind == "webdav"]  # type: ignore[no-any-return]  # a pair of them
    if kind == "file":
        return Server(kind=kind, url=f"file://{tmp_path}", folder=tmp_path)
    if kind == "memory":
        return Server(kind=kind, url=f"memory://{tmp_path.name}")
    return request.getfixturevalue(kind)  # type: ignore[no-any-return]  # of that name


def roll_of(folder: Path, place: str, jobs: str, environment: dict[str, str] | None = None) -> Roll:
    """A roll of jobs that were due a minute before this file was read, in UTC, and one place called `there`."""
    head = f'timezone = "UTC"\n[defaults]\nschedule = "{DUE.minute} {DUE.hour} * * *"\n'
    file = folder / "jobs.toml"
    file.write_text(f'{head}grace = "3 h"\nmax_runtime = "10 min"\n[places.there]\n{place}\n{jobs}')
    return load(file, environment=environment or {})


def place_of(server: Server, **more: str) -> str:
    return placed(server.url, server.options, **more)


def placed(url: str, options: dict[str, Any] | None = None, **more: str) -> str:
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in (options or {}).items())
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'url = "{url}"\n{lines}[places.there.options]\n{keys}'


def output(name: str, path: str, *lines: str) -> str:
    return "\n".join((f"[jobs.{name}.output]", 'place = "there"', f'path = "{path}"', *lines, ""))


def judged(roll: Roll, now: datetime = NOW) -> Morning:
    evidence = gather(roll.jobs, roll.schedulers, now=now, clock=lambda: datetime.now(UTC))
    return judge_morning(roll, evidence, now=now)


def said(morning: Morning) -> dict[str, str]:
    """The verdict and the cause of each job."""
    causes = {each.job.id: morning.job_causes[each.job.id] for each in morning.jobs}
    codes = {name: cause.code if cause else None for name, cause in causes.items()}
    return {each.job.id: " ".join(filter(None, (each.verdict, codes[each.job.id]))) for each in morning.jobs}


def seen(roll: Roll) -> dict[str, OutputSeen | NotSeen]:
    evidence = gather(roll.jobs, roll.schedulers, now=NOW, clock=lambda: datetime.now(UTC))
    return {name: outputs[0] for name, outputs in evidence.outputs.items()}


def put(server: Server, name: str, data: bytes) -> None:
    if server.kind == "memory":
        import fsspec

        fsspec.filesystem("memory").pipe_file(f"{server.url}/{name}", data)
    else:
        server.put(name, data)


# What is there --------------------------------------------------------------------------------------------------------

BEFORE = f"{BEGAN - timedelta(days=2):%F}"
# What lies there | its path, and more of its output | what is said of its job.
LEFT: dict[str, tuple[dict[str, bytes], tuple[str, ...], str]] = {
    "good": ({f"good/db-{DAY}.sql.gz": DUMP}, ("good/db-%F.sql.gz", 'ends_with = "done"'), "ok"),
    "wild": ({f"wild/a/db-{DAY}-x.gz": DUMP, "wild/b/other": b"x"}, ("wild/*/db-%F*.gz",), "ok"),
    "of_time": ({f"of_time/{BEGAN:%Y/%m/%d/%H%M%S}.gz": DUMP}, ("of_time/%Y/%m/%d/%H%M%S.gz",), "ok"),
    "spaced": ({f"spaced/a b é-{DAY}.txt": b"text"}, ("spaced/a b é-%F.txt",), "ok"),
    "odd": ({f"odd/a#c%41-{DAY}.txt": b"text"}, ("odd/a#c%%41-%F.txt",), "ok"),
    "one": ({"one/latest.json": b'{"rows": 3}'}, ("one/latest.json", 'format = "json"'), "ok"),
    "missing": ({f"missing/db-{BEFORE}.gz": DUMP}, ("missing/db-%F.gz",), "bad-output stale-output"),
    "never": ({"never/readme": b"x"}, ("never/db-%F.gz",), "missed never-ran"),
    "empty": ({f"empty/db-{DAY}.gz": b""}, ("empty/db-%F.gz",), "bad-output empty-output"),
    "nothing_packed": ({f"nothing/{DAY}.gz": gzip.compress(b"")}, ("nothing/%F.gz",), "bad-output empty-output"),
    "cut": ({f"cut/db-{DAY}.gz": DUMP[:-30]}, ("cut/db-%F.gz",), "bad-output truncated-output"),
    "several": ({f"several/{DAY}-a.csv": b"a\n1\n"}, ("several/%F-*.csv", "files = 2"), "bad-output incomplete-output"),
    "tree": ({f"tree/{DAY}/a": b"12", f"tree/{DAY}/b/c": b"34"}, ("tree/%F/", 'min_size = "4 B"'), "ok"),
    "full": ({f"full/{DAY}/a": b"12", f"full/{DAY}/b/c": b"34"}, ("full/%F/", 'must_have = ["b/c"]'), "ok"),
    "bare": ({f"bare/{DAY}/b/a": b"12"}, ("bare/%F/", 'must_have = ["_OK"]'), "bad-output incomplete-output"),
}  # fmt: skip


# A web server shows files alone; the library for WebDAV takes "#" for the end of a name.
LEFT_OUT = {"http": ("tree", "full", "bare"), "webdav": ("odd",)}


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_the_same_is_said_of_the_same_wherever_it_lies(server: Server, tmp_path: Path) -> None:
    left = {name: each for name, each in LEFT.items() if name not in LEFT_OUT.get(server.kind, ())}
    for files, _, _ in left.values():
        for name, data in files.items():
            put(server, name, data)
    jobs = "".join(output(name, *told) for name, (_, told, _) in left.items())

    assert said(judged(roll_of(tmp_path, place_of(server), jobs))) == {name: each[2] for name, each in left.items()}


@pytest.mark.parametrize("server", ["seaweed", "sftp", "http", "webdav"], indirect=True)
def test_a_proof_is_handed_a_copy_of_what_lies_there(server: Server, tmp_path: Path) -> None:
    put(server, f"proof/good-{DAY}.gz", DUMP)
    put(server, f"proof/cut-{DAY}.gz", DUMP[:-30])
    verify = """verify = ["gzip", "--test", "{file}"]"""
    jobs = "".join(output(name, f"proof/{name}-%F.gz", verify) for name in ("good", "cut"))
    large = output("large", "proof/good-%F*.gz", verify, 'read_up_to = "10 B"', 'format = "any"')
    found = said(judged(roll_of(tmp_path, place_of(server), jobs + large)))

    assert (found["good"], found["cut"]) == ("ok", "bad-output truncated-output")
    assert found["large"].startswith("unknown")


@pytest.mark.parametrize("server", ["moto", "sftp", "http"], indirect=True)
def test_faults_are_rehearsed_on_a_copy_of_what_lies_there(server: Server, tmp_path: Path) -> None:
    put(server, f"rehearsed/{DAY}.json", b'[{"rate": 1}, {"rate": 2}]')
    lines = ("rehearsed/%F.json", 'format = "json"')
    wide, narrow = (roll_of(tmp_path, place_of(server), output("x", *lines[:number])) for number in (1, 2))
    cut = []
    for roll in (wide, narrow):
        evidence = gather(roll.jobs, [], now=NOW, clock=lambda: datetime.now(UTC))
        faults = rehearse(roll, evidence, now=NOW, fetch=fetched).jobs[0].faults
        cut.append(next((each.outcome, each.cure) for each in faults if str(each.fault) == "truncated-output"))

    assert cut == [(Outcome.SLIPS, 'add format = "json" to [jobs.JOB.output]'), (Outcome.FOUND, None)]
    # It is as it was.
    assert said(judged(narrow)) == {"x": "ok"}


@pytest.mark.parametrize("server", ["seaweed", "sftp", "http", "webdav"], indirect=True)
def test_of_a_large_file_only_the_ends_are_read(server: Server, tmp_path: Path) -> None:
    put(server, f"large/{DAY}.log", b"begun\n" + b"x" * 10_000_000 + b"\nall is well\n")
    lines = ('ends_with = "all is well"', 'read_up_to = "1 MB"', 'must_contain = ["begun"]')
    roll = roll_of(tmp_path, place_of(server), output("large", "large/%F.log", *lines))

    assert said(judged(roll)) == {"large": "ok"}
    assert store_of(roll.places[0]).spent["bytes"] < 2_000_000


def test_a_server_without_ranges_sends_the_whole_file(nginx: tuple[Server, Server], tmp_path: Path) -> None:
    http = nginx[0]
    put(http, f"whole-{DAY}.log", b"begun\n" + b"x" * 3_000_000 + b"\nall is well\n")
    asked = 'ends_with = "all is well"'
    jobs = output("whole", "whole-%F.log", asked) + output("small", "whole-%F*.log", asked, 'read_up_to = "1 MB"')

    assert said(judged(roll_of(tmp_path, placed(f"{http.url}/whole"), jobs))) == {
        "whole": "ok",
        "small": "unknown output-unreadable",
    }


@pytest.mark.parametrize("server", ["moto", "sftp", "webdav", "http"], indirect=True)
def test_what_is_taken_away_after_it_was_listed_is_not_there(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, f"gone/db-{DAY}.gz", DUMP)
    roll = roll_of(tmp_path, place_of(server), output("gone", "gone/db-%F.gz"))
    from rollcall.outputs.listing import Listed

    read = Listed.read

    def taken_away(listed: Listed) -> OutputSeen:
        server.take_away(f"gone/db-{DAY}.gz")
        return read(listed)

    monkeypatch.setattr(Listed, "read", taken_away)

    assert said(judged(roll)) == {"gone": "missed never-ran"}


@pytest.mark.parametrize("server", ["moto", "seaweed", "sftp", "webdav", "http"], indirect=True)
def test_what_is_written_anew_after_it_was_listed_may_still_grow(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, f"grows/db-{DAY}.log", b"first\n")
    roll = roll_of(tmp_path, place_of(server), output("grows", "grows/db-%F.log", 'must_contain = ["f"]'))
    from rollcall.outputs.listing import Listed

    read = Listed.read

    def written_anew(listed: Listed) -> OutputSeen:
        put(server, f"grows/db-{DAY}.log", b"first\nfurther\n")
        return read(listed)

    monkeypatch.setattr(Listed, "read", written_anew)

    assert said(judged(roll)) == {"grows": "stuck still-running"}


def test_a_link_counts_as_what_it_leads_to(sftp: Server, tmp_path: Path) -> None:
    assert sftp.folder is not None
    put(sftp, "links/real.gz", DUMP)
    (sftp.folder / "links" / f"good-{DAY}.gz").symlink_to("real.gz")
    (sftp.folder / "links" / f"lost-{DAY}.gz").symlink_to("nowhere")
    jobs = output("good", "links/good-%F*") + output("lost", "links/lost-%F*")

    assert said(judged(roll_of(tmp_path, place_of(sftp), jobs))) == {
        "good": "ok",
        "lost": "bad-output output-unreadable",
    }


@pytest.mark.parametrize("path", ["many/{}/db-%F.gz", "many/{}/db-%F*.gz"])
def test_more_folders_than_a_machine_lets_channels_be_open_are_looked_at(
    path: str, sftp: Server, tmp_path: Path
) -> None:
    for number in range(40):
        put(sftp, f"many/{number}/db-{DAY}.gz", DUMP)
    jobs = "".join(output(f"j{number}", path.format(number), 'ends_with = "done"') for number in range(40))

    assert set(said(judged(roll_of(tmp_path, place_of(sftp), jobs))).values()) == {"ok"}


def test_a_name_that_is_no_utf_8_is_read_all_the_same(sftp: Server, tmp_path: Path) -> None:
    assert sftp.folder is not None
    put(sftp, f"latin/caf\udce9-{DAY}.txt", b"all is well\n")
    roll = roll_of(tmp_path, place_of(sftp), output("a", "latin/caf*-%F.txt", 'must_contain = ["well"]'))

    assert said(judged(roll)) == {"a": "ok"}


# What cannot be looked at ---------------------------------------------------------------------------------------------

KEYS = {"key": "k", "secret": "s"}
ENDPOINT = "http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("kind", "url", "options", "code", "says"),
    [
        ("moto", "s3://nosuch", {}, "place-down", "s3://nosuch is not there, or is not shown to us"),
        ("seaweed", "s3://nosuch", {"key": "owner"}, "place-down", "s3://nosuch is not there"),
        ("seaweed", None, {"secret": "another-secret"}, "access-denied", "s3://offsite refuses us: The request"),
        ("seaweed", None, {"key": "nobody"}, "access-denied", "s3://offsite refuses us: The access key ID"),
        ("seaweed", None, {"key": "stranger"}, "access-denied", "s3://offsite refuses us: Access Denied"),
        ("seaweed", None, {"endpoint_url": ENDPOINT}, "place-down", "Could not connect to the endpoint URL"),
        ("seaweed", None, {"endpoint_url": "http://nosuch.invalid"}, "place-down", "Could not connect"),
        ("seaweed", None, {"no_such_option": "x"}, "place-down", "no_such_option"),
        ("sftp", None, {"known_hosts": "/dev/null"}, "access-denied", "its host key is not the one that is known here"),
        ("sftp", None, {"client_keys": []}, "access-denied", "refuses us: Permission denied"),
        ("sftp", None, {"client_keys": ["/nosuch/id"]}, "access-denied", "there is no file /nosuch/id here"),
        ("sftp", "{url}/nosuch", {}, "place-down", "/nosuch is not there"),
        ("sftp", f"sftp://{ENDPOINT[7:]}/x", {}, "place-down", "Connect call failed"),
        ("http", "{url}/closed", {}, "access-denied", "/closed refuses us: answers 403"),
        ("http", ENDPOINT, {}, "place-down", "Connect call failed"),
        ("http", "http://nosuch.invalid", {}, "place-down", "Name or service not known"),
        ("webdav", "{url}/nosuch", {}, "place-down", "/nosuch is not there"),
        ("webdav", f"webdav://{ENDPOINT[7:]}", {}, "place-down", "refused"),
        ("file", "{url}/nosuch", {}, "place-down", "/nosuch is not there, or no folder"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["db-%F*.gz", "%Y/%m/db-%F.gz"])
def test_a_place_that_is_not_there_or_refuses_proves_nothing(
    kind: str, url: str | None, options: dict[str, Any], code: str, says: str, path: str,
    request: pytest.FixtureRequest, tmp_path: Path,
) -> None:  # fmt: skip
    if kind == "file":
        server = Server(kind=kind, url=f"file://{tmp_path}")
    elif kind in ("http", "webdav"):
        server = request.getfixturevalue("nginx")[kind == "webdav"]
    else:
        server = request.getfixturevalue(kind)
    port = free_port()
    whole = {**server.options, **options}
    whole = {key: each.replace("{port}", str(port)) if isinstance(each, str) else each for key, each in whole.items()}
    address = (url or server.url).replace("{port}", str(port)).replace("{url}", server.url)
    morning = judged(roll_of(tmp_path, placed(address, whole, timeout='"5 s"'), output("a", path)))
    (cause,) = morning.job_causes.values()

    assert said(morning) == {"a": f"unknown {code}"}
    assert cause is not None
    assert says in cause.sentence
    assert not [
        each
        for each in server.options.values()
        if isinstance(each, str) and "s3cret" in each and each in cause.sentence
    ]


SLOW = {
    "it hangs": Script(hangs=True),
    "it drips": Script(first=reply(b"<", length=10**9), again=b" ", every=0.02),
    "it breaks off": Script(first=reply(b"<ListBucketResult>", length=10**6)),
    "it says nothing of that kind": Script(first=reply(b"<html>hello</html>")),
    "it is another server": Script(first=b"SSH-2.0-OpenSSH_9.2\r\n", speaks_first=True),
}


@pytest.mark.parametrize("url", ["s3://offsite", "{url}", "webdav://{host}", "sftp://{host}/x"])
@pytest.mark.parametrize("how", SLOW)
def test_a_place_that_is_slow_or_broken_is_down_within_its_limit(how: str, url: str, tmp_path: Path) -> None:
    with hostile_service(SLOW[how]) as hostile:
        address = url.replace("{url}", hostile.url).replace("{host}", hostile.url.partition("://")[2])
        options = {**KEYS, "endpoint_url": hostile.url} if url.startswith("s3") else {}
        morning = judged(roll_of(tmp_path, placed(address, options, timeout='"1 s"'), output("a", "db-%F*")))

    ((verdict, _, code),) = [each.partition(" ") for each in said(morning).values()]
    assert verdict == "unknown"
    assert code in ("place-down", "output-unreadable")


def test_what_is_wrong_with_a_place_is_said_once(tmp_path: Path) -> None:
    jobs = "".join(output(f"job{number}", f"{number}/db-%F*") for number in range(9))
    roll = roll_of(tmp_path, placed("s3://offsite", {**KEYS, "endpoint_url": f"http://127.0.0.1:{free_port()}"}), jobs)
    (group,) = group_by_cause(judged(roll))

    assert len(group.jobs) == 9
    assert group.cause.next_step == (
        "Check whether s3://offsite ([places.there] in jobs.toml) is there and can be reached from here, "
        "then `pytest checks/`"
    )


# What is asked of a bucket --------------------------------------------------------------------------------------------


def listed(names: Iterable[str], kept: str = "STANDARD", at: datetime = BEGAN) -> dict[str, str]:
    return {name: LISTED.format(at=f"{at:%Y-%m-%dT%H:%M:%S.000Z}", kept=kept) for name in names}


def days(number: int) -> list[datetime]:
    return [BEGAN - timedelta(days=each) for each in range(number)]


def test_a_dated_folder_is_asked_for_and_the_years_before_are_not(tmp_path: Path) -> None:
    names = [f"{day:%Y/%m/%d}/db-{day:%F}.gz" for day in days(1_000)]
    with shelf(keys=listed(names)) as bucket:
        roll = roll_of(
            tmp_path, placed("s3://offsite", bucket.options), output("db", "%Y/%m/%d/db-%F.gz", 'format = "any"')
        )
        (found,) = seen(roll).values()

    assert isinstance(found, OutputSeen)
    assert names[0] in [each.name for each in found.files]
    asked = [each["prefix"] for each in bucket.asked if "list-type" in each]
    assert names[0] in asked
    assert set(asked) <= {*names[:5], *(f"{NOW + timedelta(days=each):%Y/%m/%d/db-%F}.gz" for each in (0, 1))}


@pytest.mark.parametrize("path", ["%Y/%m/%d/db-%F.gz", "db-%F.gz", "db-%F*.gz", "*-%F.gz"])
def test_what_was_there_before_is_seen_and_once(path: str, tmp_path: Path) -> None:
    front = "%Y/%m/%d/" if "/" in path else ""
    names = [f"{day.strftime(front)}db-{day:%F}.gz" for day in (BEGAN, BEGAN - timedelta(days=14))]
    at = BEGAN - timedelta(days=14)
    keys = {**listed(names[:1]), **listed(names[1:], at=at)}
    with shelf(keys=keys) as bucket:
        roll = roll_of(tmp_path, placed("s3://offsite", bucket.options), output("db", path, 'format = "any"'))
        (found,) = seen(roll).values()

    assert isinstance(found, OutputSeen)
    assert ([each.name for each in found.files], found.matches) == (names, 2)


def test_one_listing_answers_for_all_jobs_that_share_a_folder(tmp_path: Path) -> None:
    names = [f"dumps/{number:03}-{day:%F}.gz" for number in range(100) for day in days(3)]
    with shelf(keys=listed(names)) as bucket:
        jobs = "".join(output(f"job{number:03}", f"dumps/{number:03}-%F.gz", 'format = "any"') for number in range(100))
        found = seen(roll_of(tmp_path, placed("s3://offsite", bucket.options), jobs))

    assert all(isinstance(each, OutputSeen) and each.matches == 3 for each in found.values())
    assert len([each for each in bucket.asked if "list-type" in each]) == 1


def test_what_lies_between_what_is_due_is_jumped_over(tmp_path: Path) -> None:
    names = [f"dumps/{job}-{day:%F}-{part}.gz" for job in ("aaa", "zzz") for day in days(500) for part in range(20)]
    with shelf(keys=listed(names)) as bucket:
        jobs = "".join(output(job, f"dumps/{job}-%F-*.gz", 'format = "any"') for job in ("aaa", "zzz"))
        found = seen(roll_of(tmp_path, placed("s3://offsite", bucket.options), jobs))

    # 20,000 objects are twenty pages.
    assert len([each for each in bucket.asked if "list-type" in each]) <= 6
    for job in ("aaa", "zzz"):
        of_job = found[job]
        assert isinstance(of_job, OutputSeen)
        assert {each.name for each in of_job.files} >= {f"{job}-{DAY}-{part}.gz" for part in range(20)}


def test_a_page_that_fails_leaves_nothing_proven(tmp_path: Path) -> None:
    with shelf(keys=listed(f"x{number:05}" for number in range(5_000)), fails_from=3) as bucket:
        roll = roll_of(tmp_path, placed("s3://offsite", bucket.options, timeout='"5 s"'), output("x", "x*9"))

        assert said(judged(roll)) == {"x": "unknown place-down"}


def test_a_budget_is_of_all_that_is_asked_of_a_place(tmp_path: Path) -> None:
    with shelf(keys=listed([f"db-{DAY}"]), is_endless=True) as bucket:
        roll = roll_of(
            tmp_path,
            placed("s3://offsite", bucket.options, budget="{ requests = 20 }"),
            output("db", "*") + output("b", "b/*"),
        )
        morning = judged(roll)

    assert set(said(morning).values()) == {"unknown output-unreadable"}
    assert len(bucket.asked) <= 20
    for cause in morning.job_causes.values():
        assert cause is not None
        assert "its budget of 20 requests a morning is used up: budget = { requests = 40 }" in cause.sentence
        assert "Write a larger budget" in cause.next_step


@pytest.mark.parametrize("server", ["seaweed", "sftp", "http"], indirect=True)
def test_what_would_be_read_past_the_budget_is_unknown(server: Server, tmp_path: Path) -> None:
    put(server, f"dear/{DAY}.log", b"x" * 3_000_000)
    lines = ('must_contain = ["y"]',)
    roll = roll_of(tmp_path, place_of(server, budget='{ bytes = "1 MB" }'), output("dear", "dear/%F.log", *lines))
    morning = judged(roll)
    (cause,) = morning.job_causes.values()

    assert said(morning) == {"dear": "unknown output-unreadable"}
    assert cause is not None
    assert 'budget = { bytes = "2.0 MB" } in [places.there]' in cause.sentence


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_place_whose_clock_is_off_proves_nothing(hours: int, tmp_path: Path) -> None:
    date = format_datetime(BEGAN + timedelta(hours=hours), usegmt=True)
    with shelf(keys=listed([f"db-{DAY}"]), date=date) as bucket:
        morning = judged(roll_of(tmp_path, placed("s3://offsite", bucket.options), output("db", "db-%F*")))

    assert said(morning) == {"db": "unknown clock-skew"}


@pytest.mark.parametrize(
    ("kept", "lines", "verdict"),
    [
        ("DEEP_ARCHIVE", 'must_contain = ["x"]', "unknown output-unreadable"),
        ("GLACIER", 'format = "any"', "ok"),
    ],
)
def test_an_archived_object_is_there_and_its_content_unknown(
    kept: str, lines: str, verdict: str, moto: Server, tmp_path: Path
) -> None:
    moto.put(f"kept/{kept}-{DAY}", b"x" * 100, StorageClass=kept)
    roll = roll_of(tmp_path, place_of(moto), output("kept", f"kept/{kept}-%F", lines))

    assert said(judged(roll)) == {"kept": verdict}


@pytest.mark.parametrize("server", ["moto", "seaweed"], indirect=True)
def test_a_marker_of_a_folder_is_no_output(server: Server, tmp_path: Path) -> None:
    server.put("marked/", b"")
    server.put(f"marked/{DAY}/", b"")
    roll = roll_of(tmp_path, place_of(server), output("a", "marked/*") + output("b", "marked/%F"))

    assert set(said(judged(roll)).values()) == {"missed never-ran"}


@pytest.mark.parametrize("server", ["moto", "seaweed"], indirect=True)
def test_a_folder_of_a_bucket_is_what_is_in_it(server: Server, tmp_path: Path) -> None:
    server.put(f"both/{DAY}/x.csv", b"a\n")
    # As some tools mark a folder; SeaweedFS has either, but not both.
    if server.kind == "moto":
        server.put(f"both/{DAY}", b"")
    server.put(f"none/{DAY}/", b"")
    roll = roll_of(tmp_path, place_of(server), output("both", "both/%F/") + output("none", "none/%F/"))

    assert said(judged(roll)) == {"both": "ok", "none": "missed never-ran"}


def test_a_protocol_in_capitals_and_every_option_of_the_library_are_understood(moto: Server, tmp_path: Path) -> None:
    moto.put(f"capitals/{DAY}.json", b"{}")
    place = placed("S3://offsite", {**moto.options, "skip_instance_cache": True})

    assert said(judged(roll_of(tmp_path, place, output("a", "capitals/%F.json")))) == {"a": "ok"}


def test_of_several_versions_the_newest_counts_and_a_deleted_one_is_gone(moto: Server, tmp_path: Path) -> None:
    moto.fs.call_s3("put_bucket_versioning", Bucket="offsite", VersioningConfiguration={"Status": "Enabled"})
    try:
        moto.put(f"versions/new-{DAY}.json", b"")
        moto.put(f"versions/new-{DAY}.json", b'{"a": 1}')
        moto.put(f"versions/gone-{DAY}.json", b'{"a": 1}')
        moto.take_away(f"versions/gone-{DAY}.json")
        jobs = output("new", "versions/new-%F.json", 'format = "json"') + output("gone", "versions/gone-%F.json")

        assert said(judged(roll_of(tmp_path, place_of(moto), jobs))) == {"new": "ok", "gone": "missed never-ran"}
    finally:
        moto.fs.call_s3("put_bucket_versioning", Bucket="offsite", VersioningConfiguration={"Status": "Suspended"})


def test_a_name_that_the_library_takes_apart_is_unknown(moto: Server, tmp_path: Path) -> None:
    moto.put(f"apart/{DAY}?versionId=abc", b"{}")
    roll = roll_of(tmp_path, place_of(moto), output("a", "apart/%F*", 'format = "json"'))

    assert said(judged(roll)) == {"a": "unknown output-unreadable"}


def test_hostile_names_reach_nobody_as_they_are(tmp_path: Path) -> None:
    names = ["x\x1b[31mred", "x\u202egnp", "x/../../etc/passwd", "../x", "x" * 900, "xe\u0301"]
    with shelf(keys=listed(names)) as bucket:
        (found,) = seen(
            roll_of(tmp_path, placed("s3://offsite", bucket.options), output("x", "x*", 'format = "any"'))
        ).values()

    assert isinstance(found, OutputSeen)
    shown = [each.name for each in found.files]
    assert all(each.isprintable() and len(each) <= 200 and "/" not in each for each in shown)
    assert len(shown) == 4


def test_a_user_whose_name_stands_in_the_path_leaves_it_as_it_is(tmp_path: Path) -> None:
    place = placed(f"sftp://backup@127.0.0.1:{free_port()}/srv/backup")
    cause = judged(roll_of(tmp_path, place, output("a", "db-%F*"))).job_causes["a"]

    assert cause is not None
    assert "/srv/backup: " in cause.sentence


def test_a_secret_of_a_place_is_shown_nowhere(seaweed: Server, tmp_path: Path) -> None:
    options = {**seaweed.options, "key": "${KEY}", "secret": "${SECRET}"}
    environment = {"KEY": "AKIAOFNOBODY", "SECRET": "a-secret-that-is-wrong"}
    roll = roll_of(tmp_path, placed(seaweed.url, options), output("a", "db-*"), environment)
    morning = judged(roll)

    assert said(morning) == {"a": "unknown access-denied"}
    for secret in environment.values():
        assert secret not in repr([morning.job_causes, morning.jobs, roll])


# The smallest right ---------------------------------------------------------------------------------------------------

POLICY = Path(__file__).parents[1] / "deploy" / "permissions" / "s3-read-only.json"


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [((0, 1), "ok"), ((1,), "unknown access-denied"), ((0,), "unknown output-unreadable")],
    ids=["both", "no listing", "no reading"],
)
def test_the_rights_of_the_docs_are_enough_and_less_is_not(
    statements: tuple[int, ...], verdict: str, moto: Server, tmp_path: Path
) -> None:
    moto.put(f"rights/{DAY}.json", b'{"a": 1}')
    whole = json.loads(POLICY.read_text(encoding="utf-8"))
    policy = {**whole, "Statement": [whole["Statement"][each] for each in statements]}
    endpoint = moto.options["endpoint_url"]
    iam = boto3.client("iam", "us-east-1", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s")
    who = f"rollcall-{len(statements)}-{statements[0]}"
    iam.create_user(UserName=who)
    iam.put_user_policy(UserName=who, PolicyName="read", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=who)["AccessKey"]
    options = {"endpoint_url": endpoint, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    roll = roll_of(tmp_path, placed(moto.url, options), output("a", "rights/%F.json", 'format = "json"'))
    httpx.post(f"{endpoint}/moto-api/reset-auth", content="0").raise_for_status()
    try:
        assert said(judged(roll)) == {"a": verdict}
    finally:
        httpx.post(f"{endpoint}/moto-api/reset-auth", content="inf").raise_for_status()


# Memory ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["seaweed", "sftp", "http", "webdav"], indirect=True)
def test_of_a_file_only_some_is_kept_at_once(server: Server, tmp_path: Path) -> None:
    put(server, f"big/{DAY}.log", b"all is well, and goes on\n" * 1_200_000)
    roll = roll_of(tmp_path, place_of(server), output("big", "big/%F.log", 'must_contain = ["nobody says this"]'))
    # What a library needs once, whatever it reads.
    judged(roll_of(tmp_path, place_of(server), output("big", "big/%F.log", 'format = "any"')))
    tracemalloc.start()
    try:
        told = said(judged(roll))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert told == {"big": "bad-output degraded-output"}
    assert peak < 20_000_000
