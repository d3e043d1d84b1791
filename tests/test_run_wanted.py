"""What was asked for: does the command line beat the environment, and the environment the file?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rollcall.errors import BadInput
from rollcall.roll.roll import Roll
from rollcall.run.wanted import Wanted
from rollcall.sinks.base import Wish
from rollcall.sinks.metrics import FILE as METRICS_FILE
from rollcall.sinks.metrics import Metrics

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

TOML = """
timezone = "Europe/Zurich"
[schedulers.a]
kind = 'aime'
url = "http://file-a"
status = "/status"
[schedulers.b]
kind = 'aime'
url = "http://file-b"
status = "/status"
[jobs.one]
scheduler = "a"
schedule = "0 6 * * *"
"""


@pytest.fixture
def roll(tmp_path: Path) -> Roll:
    (tmp_path / "jobs.toml").write_text(TOML)
    return asked(tmp_path).load({}, lambda: NOW)


def given_of(options: dict[str, object]) -> dict[str, object]:
    return {f"--{name.replace('_', '-')}": value for name, value in options.items()}


def asked(folder: Path = Path("house"), environment: dict[str, str] | None = None, **options: object) -> Wanted:
    return Wanted.of(given_of(options), environment=environment or {}, home=folder)


def refused(words: Wanted, roll: Roll, now: datetime = NOW) -> str:
    with pytest.raises(BadInput) as refusal:
        words.judged_at(roll, now)
    return str(refusal.value)


# The jobs file

FILES = [
    (None, None, "house/jobs.toml", "jobs.toml"),
    (None, "", "house/jobs.toml", "jobs.toml"),
    (None, "env.toml", "env.toml", "env.toml"),
    ("cli.toml", "env.toml", "cli.toml", "cli.toml"),
    ("~/cli.toml", None, str(Path.home() / "cli.toml"), "~/cli.toml"),
    ("~nobody-of-that-name/cli.toml", None, "~nobody-of-that-name/cli.toml", "~nobody-of-that-name/cli.toml"),
    ("\x1b[31mred.toml", None, "\x1b[31mred.toml", "red.toml"),
]


@pytest.mark.parametrize(("option", "variable", "file", "shown"), FILES)
def test_which_jobs_file(option: str | None, variable: str | None, file: str, shown: str) -> None:
    environment = {} if variable is None else {"ROLLCALL_JOBS_FILE": variable}
    words = asked(environment=environment, jobs_file=option)

    assert (str(words.jobs_file), words.shown_file) == (file, shown)


# The urls of schedulers

URLS = [
    ([], "", ["http://file-a", "http://file-b"]),
    ([], "a=http://env-a", ["http://env-a", "http://file-b"]),
    ([], "a=http://env-a  b=http://env-b", ["http://env-a", "http://env-b"]),
    (["a=http://cli-a"], "a=http://env-a", ["http://cli-a", "http://file-b"]),
    (["a=http://cli-a"], "b=http://env-b", ["http://cli-a", "http://env-b"]),
    (["a=http://cli-1", "a=http://cli-2"], "", ["http://cli-2", "http://file-b"]),
]


@pytest.mark.parametrize(("options", "variable", "urls"), URLS)
def test_which_url(tmp_path: Path, options: list[str], variable: str, urls: list[str]) -> None:
    (tmp_path / "jobs.toml").write_text(TOML)
    words = asked(tmp_path, {"ROLLCALL_SCHEDULER_URL": variable}, scheduler_url=options)

    assert [getattr(scheduler, "url", None) for scheduler in words.load({}, lambda: NOW).schedulers] == urls


@pytest.mark.parametrize("url", ["http://host/?x=1", "http://host", "host:8000/?a=b"])
def test_a_url_without_a_name_is_the_only_schedulers(url: str) -> None:
    assert asked(scheduler_url=[url]).scheduler_urls == {None: url}


def test_a_url_with_a_name_is_that_schedulers_or_that_of_one_of_several() -> None:
    urls = ["aime=http://host/?x=1", "prod-eu1=http://user:pa=ss@host"]

    assert asked(scheduler_url=urls).scheduler_urls == {
        "aime": "http://host/?x=1",
        "prod-eu1": "http://user:pa=ss@host",
    }


# The moment: what is written, the zone's clocks, and when that is

MOMENTS = [
    ("2026-02-11T07:00:00+01:00", "2026-02-11T06:00:00"),
    ("2026-02-11T06:00Z", "2026-02-11T06:00:00"),
    ("2026-02-11 07:00", "2026-02-11T06:00:00"),
    ("2026-03-29T01:59:59", "2026-03-29T00:59:59"),
    ("2026-03-29T03:00:00", "2026-03-29T01:00:00"),
    ("2026-10-25T01:59:59", "2026-10-24T23:59:59"),
    ("2026-10-25T03:00:00", "2026-10-25T02:00:00"),
    ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00"),
    ("2026-11-24T09:00:00Z", "2026-11-24T09:00:00"),
]


@pytest.mark.parametrize(("written", "at"), MOMENTS)
def test_which_moment(roll: Roll, written: str, at: str) -> None:
    expected = datetime.fromisoformat(at).replace(tzinfo=UTC)

    assert asked(as_of=written).judged_at(roll, NOW) == expected
    assert asked(environment={"ROLLCALL_AS_OF": written}).judged_at(roll, NOW) == expected


NO_MOMENTS = [
    ("2026-03-29T02:00:00", "that night's clock change skips it in Europe/Zurich. Write it with its offset."),
    ("2026-03-29T02:59:59", "that night's clock change skips it in Europe/Zurich. Write it with its offset."),
    ("2026-10-25T02:00:00", "that night's clock change shows it twice in Europe/Zurich. Write it with its offset."),
    ("2026-10-25T02:59:59", "that night's clock change shows it twice in Europe/Zurich. Write it with its offset."),
    ("2026-11-24T09:00:01Z", "is in the future (it is Tue 24 Nov 10:00 CET)"),
    ("2026-02-11", "not a timestamp."),
    ("yesterday", "not a timestamp."),
    ("0001-01-01T00:00Z", "year 0001 is outside 1970-2999"),
    ("2026-02-30T07:00Z", "no such date or time"),
    ("\x1b[31m" + "9" * 500, "not a timestamp."),
]


@pytest.mark.parametrize(("written", "rule"), NO_MOMENTS)
def test_what_is_no_moment_to_judge(roll: Roll, written: str, rule: str) -> None:
    told = refused(asked(as_of=written), roll)

    assert told.startswith('--as-of = "')
    assert rule in told
    assert "\x1b" not in told
    assert len(told) < 250


def test_a_moment_of_the_environment_is_refused_by_its_name(roll: Roll) -> None:
    assert refused(asked(environment={"ROLLCALL_AS_OF": "soon"}), roll).startswith('ROLLCALL_AS_OF = "soon": ')


def test_the_command_lines_moment_beats_the_environments(roll: Roll) -> None:
    words = asked(environment={"ROLLCALL_AS_OF": "soon"}, as_of="2026-02-11T06:00Z")

    assert words.judged_at(roll, NOW) == datetime(2026, 2, 11, 6, tzinfo=UTC)


def test_now_is_judged_where_nothing_was_asked_for(roll: Roll) -> None:
    assert asked().judged_at(roll, NOW) == NOW


# The demo: option, variable, and what is staged ("" is the good morning)

DEMOS = [
    (None, None, None),
    (None, "", None),
    (None, "0", None),
    (None, "1", ""),
    (None, "run-failed", "run-failed"),
    ("1", "run-failed", ""),
    ("never-ran", "run-failed", "never-ran"),
    ("never-ran", None, "never-ran"),
]


@pytest.mark.parametrize(("option", "variable", "demo"), DEMOS)
def test_which_demo(option: str | None, variable: str | None, demo: str | None) -> None:
    environment = {} if variable is None else {"ROLLCALL_DEMO": variable}

    assert asked(environment=environment, demo=option).demo == demo


def test_a_real_morning_on_the_command_line_beats_a_demo_of_the_environment() -> None:
    assert asked(environment={"ROLLCALL_DEMO": "1"}, jobs_file="jobs.toml").demo is None
    assert asked(environment={"ROLLCALL_DEMO": "1"}, scheduler_url=["http://host"]).demo is None
    assert asked(environment={"ROLLCALL_DEMO": "1", "ROLLCALL_JOBS_FILE": "jobs.toml"}).demo == ""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"demo": "1", "jobs_file": "x", "scheduler_url": ["http://h"]},
            "--demo: brings its own jobs.toml and scheduler. Leave out --jobs-file and --scheduler-url.",
        ),
        (
            {"demo": "checks/"},
            '--demo = "checks/": that is a path, and no cause. Write --demo after it, or --demo=CAUSE.',
        ),
    ],
)
def test_a_demo_that_contradicts_itself_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput) as refusal:
        asked(**options)  # type: ignore[arg-type]

    assert str(refusal.value) == told


# Recording and replaying: the options, the environment, and then what is recorded, what is replayed, under which file,
# and the demo.

REPLAYED: list[tuple[dict[str, Any], dict[str, str], tuple[str | None, ...]]] = [
    ({}, {}, (None, None, None, None)),
    ({"record": "new"}, {}, ("new", None, None, None)),
    ({}, {"ROLLCALL_RECORD": "new"}, ("new", None, None, None)),
    ({"record": "new"}, {"ROLLCALL_RECORD": "other"}, ("new", None, None, None)),
    ({"replay": "old"}, {}, (None, "old", None, None)),
    ({}, {"ROLLCALL_REPLAY": "old"}, (None, "old", None, None)),
    ({"replay": "old"}, {"ROLLCALL_REPLAY": "other"}, (None, "old", None, None)),
    # What is for every morning in the environment is not for the one that is named.
    ({"replay": "old"}, {"ROLLCALL_JOBS_FILE": "env.toml"}, (None, "old", None, None)),
    ({"replay": "old", "jobs_file": "cli.toml"}, {"ROLLCALL_JOBS_FILE": "env.toml"}, (None, "old", "cli.toml", None)),
    ({}, {"ROLLCALL_REPLAY": "old", "ROLLCALL_JOBS_FILE": "env.toml"}, (None, "old", "env.toml", None)),
    ({"replay": "old"}, {"ROLLCALL_DEMO": "1", "ROLLCALL_RECORD": "new"}, (None, "old", None, None)),
    ({"demo": "1"}, {"ROLLCALL_REPLAY": "old"}, (None, None, None, "")),
    ({"demo": "1", "record": "new"}, {}, ("new", None, None, "")),
    ({"record": "new"}, {"ROLLCALL_REPLAY": "old"}, ("new", None, None, None)),
    ({"scheduler_url": ["http://a"]}, {"ROLLCALL_REPLAY": "old"}, (None, None, None, None)),
]


@pytest.mark.parametrize(("options", "environment", "meant"), REPLAYED)
def test_what_is_recorded_and_what_replayed(
    options: dict[str, Any], environment: dict[str, str], meant: tuple[str | None, ...]
) -> None:
    words = asked(environment=environment, **options)
    paths = tuple(each and str(each) for each in (words.record, words.replay, words.replayed_under))

    assert (*paths, words.demo) == meant


CONTRADICTIONS: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({"replay": "old", "demo": "1"}, {}, "--replay: .*Leave out --demo"),
    ({"replay": "old", "record": "new"}, {}, "--replay: .*Leave out --record"),
    ({"replay": "old", "scheduler_url": ["http://a"]}, {}, "--replay: .*Leave out --scheduler-url"),
    ({}, {"ROLLCALL_REPLAY": "old", "ROLLCALL_DEMO": "1"}, "ROLLCALL_REPLAY: .*Unset one of them"),
]


@pytest.mark.parametrize(("options", "environment", "told"), CONTRADICTIONS)
def test_what_contradicts_a_replay(options: dict[str, Any], environment: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        asked(environment=environment, **options)


# Acting, the history and the metrics


@pytest.mark.parametrize(
    ("options", "acts"),
    [
        ({}, ()),
        ({"restart_stopped": True}, ("--restart-stopped",)),
        ({"rerun_missed": True, "restart_stopped": True}, ("--restart-stopped", "--rerun-missed")),
        ({"rerun_missed": True, "demo": "1"}, ("--rerun-missed",)),
        ({"rerun_missed": True, "dry_run": True}, ("--rerun-missed",)),
    ],
)
def test_what_is_to_be_done(options: dict[str, Any], acts: tuple[str, ...]) -> None:
    words = asked(**options)

    done = [name for name, is_asked in zip(ACTS, (words.fixing.restarts, words.fixing.reruns), strict=True) if is_asked]
    assert (tuple(done), words.fixing.is_dry) == (acts, options.get("dry_run", False))


ACTS = ("--restart-stopped", "--rerun-missed")
NO_ACTS: list[tuple[dict[str, str], dict[str, Any], str]] = [
    ({}, {"dry_run": True}, "--dry-run: says what --restart-stopped or --rerun-missed would do. Add one of them."),
    (
        {},
        {"restart_stopped": True, "as_of": "07:00"},
        "--restart-stopped: acts now, on what is judged now. Leave out --as",
    ),
    ({}, {"rerun_missed": True, "replay": "there"}, "--rerun-missed: acts now, on what is judged now. Leave out --rep"),
    ({"ROLLCALL_AS_OF": "07:00"}, {"rerun_missed": True}, "Leave out ROLLCALL_AS_OF."),
    ({"ROLLCALL_REPLAY": "there"}, {"rerun_missed": True}, "Leave out ROLLCALL_REPLAY."),
]


@pytest.mark.parametrize(("environment", "options", "rule"), NO_ACTS)
def test_nobody_acts_on_the_past(environment: dict[str, str], options: dict[str, Any], rule: str) -> None:
    with pytest.raises(BadInput) as refusal:
        asked(environment=environment, **options)

    assert rule in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "options", "is_kept"),
    [
        ({}, {}, True),
        ({}, {"no_history": True}, False),
        ({"ROLLCALL_NO_HISTORY": "1"}, {}, False),
        ({"ROLLCALL_NO_HISTORY": "0"}, {}, True),
        ({"ROLLCALL_NO_HISTORY": ""}, {}, True),
    ],
)
def test_whether_history_is_kept(environment: dict[str, str], options: dict[str, Any], is_kept: bool) -> None:
    assert asked(environment=environment, **options).keeps_history == is_kept


METRICS = {"ROLLCALL_METRICS": "env.prom"}


@pytest.mark.parametrize(
    ("environment", "options", "file"),
    [
        ({}, {}, None),
        (METRICS, {}, "env.prom"),
        (METRICS, {"metrics": "cli.prom"}, "cli.prom"),
        (METRICS, {"demo": "1"}, None),
        (METRICS, {"replay": "there"}, None),
        (METRICS, {"demo": "1", "metrics": "cli.prom"}, "cli.prom"),
    ],
)
def test_where_the_metrics_go(environment: dict[str, str], options: dict[str, Any], file: str | None) -> None:
    """A staged morning does not replace what a program watches, unless that is asked for."""
    wanted = asked(environment=environment, **options)
    wish = Wish(
        folder=Path(), given=given_of(options), environment=environment, by="pytest", is_staged=wanted.is_staged
    )

    assert wish.value_of(METRICS_FILE) == file


@pytest.mark.parametrize(
    ("environment", "options", "place"),
    [({}, {"metrics": "rollcall.txt"}, "--metrics"), ({"ROLLCALL_METRICS": "rollcall"}, {}, "ROLLCALL_METRICS")],
)
def test_metrics_that_nobody_would_collect_are_refused(
    environment: dict[str, str], options: dict[str, Any], place: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        Metrics.wanted(Wish(folder=Path(), given=given_of(options), environment=environment, by="pytest"))

    assert str(refusal.value).startswith(f"{place} = ")
    assert "ends in .prom" in str(refusal.value)
