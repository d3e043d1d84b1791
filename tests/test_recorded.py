"""What is kept of a morning: all of the evidence, none of the secrets?"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fixtures.one_morning import HAIKU, TEXT, Told, at, five_files, haiku_output, made, morning
from rollcall.errors import BadInput
from rollcall.evidence import Evidence, FileSeen, NotSeen, Outcome, OutputSeen, RunSeen, SchedulerSeen
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.outputs.content import content_of
from rollcall.recorded.record import EVIDENCE, JOBS, Recorded, check_can_record, record, recorded_in
from rollcall.recorded.replay import Replay, completed, replay
from rollcall.roll.load import load
from rollcall.roll.output import Output
from rollcall.roll.roll import Roll
from rollcall.schedulers.json import Json
from rollcall.vocabulary import CauseCode, Verdict

TOML = f"""
timezone = "Europe/Zurich"
[defaults]
scheduler = "aime"
[schedulers.aime]
kind = "aime"
url = "http://localhost:8000"
naive_times = "UTC"
[jobs.{HAIKU}]
schedule = "0 6 * * *"
max_runtime = "10 min"
[jobs.{HAIKU}.output]
path = "data/scheduled-output/generate-haiku-%Y%m%d-%H%M%S.md"
min_size = "200 B"
must_contain = ["# Album Haïku"]
keeps = 5
"""


def kept(folder: Path, told: Told | None = None, toml: str = TOML, **environment: str) -> Path:
    """That morning recorded under that jobs.toml, and where."""
    told = told or morning()
    roll = roll_of(folder, toml, **environment)
    recorded = Recorded(evidence=told.evidence, now=told.now, root=Path("/srv/aime"))
    record(folder / "kept", roll, recorded)
    return folder / "kept"


def roll_of(folder: Path, toml: str, **environment: str) -> Roll:
    (folder / JOBS).write_text(toml, encoding="utf-8")
    return load(folder / JOBS, environment=environment)


def under(folder: Path, *changes: tuple[str, str], told: Told | None = None) -> Replay:
    """The morning replayed under another jobs.toml."""
    toml = TOML
    for old, new in changes:
        assert old in toml
        toml = toml.replace(old, new)
    (folder / "other.toml").write_text(toml, encoding="utf-8")
    return replay(kept(folder, told), jobs_file=folder / "other.toml")


def judged(replayed: Replay) -> Morning:
    return judge_morning(replayed.roll, replayed.evidence, now=replayed.recorded_at)


def test_what_is_kept_is_read_back_as_it_was(tmp_path: Path) -> None:
    told = morning()
    folder = kept(tmp_path, told)

    recorded = recorded_in(folder)
    assert recorded == Recorded(evidence=told.evidence, now=told.now, root=Path("/srv/aime"))
    assert replay(folder).evidence == told.evidence
    assert judged(replay(folder)).jobs[0].verdict is Verdict.OK


def test_a_morning_is_never_replaced(tmp_path: Path) -> None:
    folder = kept(tmp_path)

    with pytest.raises(BadInput, match="already holds a morning"):
        kept(tmp_path)
    assert recorded_in(folder).now == morning().now


def test_what_is_recorded_is_what_was_judged_under_whatever_was_written_since(tmp_path: Path) -> None:
    roll = roll_of(tmp_path, TOML)
    other = '[schedulers.other]\nkind = "aime"\nurl = "http://me:n3w-s3cr3t@h"\n'
    (tmp_path / JOBS).write_text(TOML + other, encoding="utf-8")
    record(tmp_path / "kept", roll, Recorded(evidence=morning().evidence, now=morning().now, root=tmp_path))

    assert (tmp_path / "kept" / JOBS).read_text(encoding="utf-8") == TOML


def test_words_of_a_webhooks_address_stay_and_its_token_goes(tmp_path: Path) -> None:
    toml = TOML + '[alert]\nwebhook = "https://example.com/data/T0KEN-of-the-hook?to=success"\n'
    written = (kept(tmp_path, toml=toml) / JOBS).read_text(encoding="utf-8")

    assert "T0KEN" not in written
    assert 'path = "data/scheduled-output/' in written
    alert = load(tmp_path / JOBS, environment={}).alert
    assert alert is not None
    assert alert.secrets.hidden["T0KEN-of-the-hook"] == "(webhook)"


DAMAGED: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "no record": lambda text: "[]",
    "no moment": lambda text: text.replace("2026-02-11T06:02:00+00:00", "never", 1),
    "a moment without offset": lambda text: text.replace(
        '"now":"2026-02-11T06:02:00+00:00"', '"now":"2026-02-11T06:02"'
    ),
    "nested": lambda text: "[" * 100_000,
    "other evidence": lambda text: text.replace('"schedulers":', '"servants":'),
}


# Reckoned with in any zone, or beside a moment of today, each of these is beyond what a calendar has.
NEVER = ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-02-11T06:00:17")
DAMAGED |= {
    f"{key} {never}": partial(re.sub, rf'"{key}":"[^"]*"', f'"{key}":"{never}"')
    for key in ("now", "asked_at", "answered_at", "modified_at", "stamp_at", "looked_at")
    for never in NEVER
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_record_is_told(tmp_path: Path, damage: Callable[[str], str]) -> None:
    folder = kept(tmp_path)
    file = folder / EVIDENCE
    file.write_text(damage(file.read_text()))

    with pytest.raises(BadInput, match=r"is damaged|is of version"):
        recorded_in(folder)


def test_a_record_of_another_version_is_told(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    file = folder / EVIDENCE
    file.write_text(file.read_text().replace('"version":2', '"version":7'))

    with pytest.raises(BadInput, match="is of version 7"):
        recorded_in(folder)


# Secrets: where they stand in jobs.toml, and what must be nowhere in the folder.

SECRETS = {
    "a header": ('naive_times = "UTC"\nheaders = { X-Key = "k3y-of-the-house" }', {}, "k3y-of-the-house"),
    "the word after Bearer": ('naive_times = "UTC"\nheaders = { A = "Bearer t0ken-1" }', {}, "t0ken-1"),
    "a variable": (
        'naive_times = "UTC"\nheaders = { A = "Bearer ${TOKEN}" }',
        {"TOKEN": "from-outside"},
        "from-outside",
    ),
    "a variable written out in a remark": (
        'naive_times = "UTC"\nheaders = { A = "${TOKEN}" }  # from-outside',
        {"TOKEN": "from-outside"},
        "from-outside",
    ),
    "the password of a database": (
        'naive_times = "UTC"\n[schedulers.aime.memory]\ndatabase = "postgresql://reader:s3cr3t@db/aime"',
        {},
        "s3cr3t",
    ),
    "the password of a database from outside": (
        'naive_times = "UTC"\n[schedulers.aime.memory]\ndatabase = "postgresql://reader:${PW}@db/aime"',
        {"PW": "p%40ssw0rd"},
        "p%40ssw0rd",
    ),
    "the key of hosts": ('naive_times = "UTC"\n[evidence]\nkey = "k3y-of-the-hosts"', {}, "k3y-of-the-hosts"),
}


@pytest.mark.parametrize(("lines", "environment", "secret"), SECRETS.values(), ids=SECRETS.keys())
def test_no_secret_is_kept_even_where_a_scheduler_echoes_it(
    tmp_path: Path, lines: str, environment: dict[str, str], secret: str
) -> None:
    detail = f"GET http://localhost:8000/status: 401 for {secret}, and {secret}"
    said = NotSeen(code=CauseCode.ACCESS_DENIED, detail=detail, looked_at=morning().now)
    files = [made("2026-02-11T06:00:17+01:00", TEXT + secret)]
    told = morning(files=files)
    told = replace(told, evidence=replace(told.evidence, schedulers={"aime": said}))
    folder = kept(tmp_path, told, TOML.replace('naive_times = "UTC"', lines), **environment)

    assert secret not in "".join(each.read_text() for each in folder.iterdir())
    assert judged(replay(folder)).schedulers[0].verdict is Verdict.FAILED


def test_the_password_of_an_address_that_was_not_asked_is_not_kept_either(tmp_path: Path) -> None:
    (tmp_path / JOBS).write_text(TOML.replace("//localhost", "//anna:s3same@localhost"), encoding="utf-8")
    roll = load(tmp_path / JOBS, environment={}, scheduler_urls={None: "http://localhost:9"})
    told = morning()
    record(tmp_path / "kept", roll, Recorded(evidence=told.evidence, now=told.now, root=tmp_path))

    assert "s3same" not in (tmp_path / "kept" / JOBS).read_text()
    assert replay(tmp_path / "kept").roll.schedulers[0].address == "http://localhost:8000"


STUCK = {
    "escaped": 'headers = { A = "t0ken\\u002dof-the-house" }',
    "the name of the job": f'headers = {{ A = "{HAIKU}" }}',
    "a word of the file": 'headers = { A = "timezone" }',
}


@pytest.mark.parametrize(
    ("url", "kept_url"),
    [
        ("sftp://backup@nas/srv/backup", "sftp://(user)@nas/srv/backup"),
        ("sftp://root@nas/srv", "sftp://(user)@nas/srv"),
        ("sftp://ops:root@nas/srv", "sftp://(user)@nas/srv"),
    ],
)
def test_a_user_whose_name_stands_elsewhere_too_tears_nothing_apart(tmp_path: Path, url: str, kept_url: str) -> None:
    more = f'[places.nas]\nurl = "{url}"\n[jobs.db_backup]\nschedule = "0 6 * * *"\n'
    folder = kept(tmp_path, toml=f'{TOML}{more}[jobs.db_backup.output]\nplace = "nas"\npath = "backup-%F.gz"\n')
    (place,) = roll_of(tmp_path, (tmp_path / JOBS).read_text()).places

    assert f'url = "{kept_url}"' in (folder / JOBS).read_text()
    assert place.shown == kept_url.replace("(user)@", "")
    assert recorded_in(folder).root == Path("/srv/aime")
    assert replay(folder).roll.jobs[1].id == "db_backup"


@pytest.mark.parametrize("line", STUCK.values(), ids=STUCK.keys())
def test_a_secret_that_cannot_be_taken_out_is_refused_before_anybody_is_asked(tmp_path: Path, line: str) -> None:
    roll = roll_of(tmp_path, TOML.replace('naive_times = "UTC"', f'naive_times = "UTC"\n{line}'))

    with pytest.raises(BadInput, match="cannot be removed"):
        check_can_record(tmp_path / "kept", roll)
    assert not (tmp_path / "kept").exists()


def test_neither_variables_nor_drivers_are_needed_for_a_replay(tmp_path: Path) -> None:
    lines = (
        'url = "${AIME_URL}"\nheaders = { A = "Bearer ${TOKEN}", B = "${OTHER}" }\n'
        '[schedulers.aime.memory]\ndatabase = "oracle+nodriver://${WHO}:${PW}@db/aime"'
    )
    (tmp_path / "other.toml").write_text(TOML.replace('url = "http://localhost:8000"\nnaive_times = "UTC"', lines))
    replayed = replay(kept(tmp_path), jobs_file=tmp_path / "other.toml")

    (scheduler,) = replayed.roll.schedulers

    assert isinstance(scheduler, Json)
    assert scheduler.address == "${AIME_URL}"
    assert scheduler.headers == {"A": "Bearer ${TOKEN}", "B": "${OTHER}"}
    assert judged(replayed).scheduler_causes["aime"]


# Under another jobs.toml

PATH = 'path = "data/scheduled-output/generate-haiku-%Y%m%d-%H%M%S.md"'
ANY_NAME = 'path = "data/scheduled-output/generate-haiku-*.md"'
MUST = 'must_contain = ["# Album Haïku"]'
NOT_THERE = [
    ("another folder", (PATH, PATH.replace("data/scheduled-output", "elsewhere"))),
    ("another name", (PATH, PATH.replace("haiku", "poem"))),
    ("more names", (PATH, ANY_NAME)),
]


@pytest.mark.parametrize("change", [change for _, change in NOT_THERE], ids=[name for name, _ in NOT_THERE])
def test_files_that_nobody_listed_are_unknown(tmp_path: Path, change: tuple[str, str]) -> None:
    told = judged(under(tmp_path, change))

    assert told.jobs[0].verdict is Verdict.UNKNOWN
    assert any("not in this record" in each.because for each in told.jobs[0].findings)


def test_a_job_that_is_not_in_the_record_is_unknown(tmp_path: Path) -> None:
    extra = (
        '[jobs.new]\nschedule = "0 6 * * *"\nscheduler = ""\noutput = { path = "new-*.md" }\n'
        '[schedulers.other]\nkind = "aime"\nurl = "http://localhost"\n'
    )
    told = judged(under(tmp_path, ("[defaults]", f"{extra}[defaults]")))
    by_id = {each.job.id: each.verdict for each in told.jobs} | {
        each.scheduler.id: each.verdict for each in told.schedulers
    }

    assert by_id == {
        "new": Verdict.UNKNOWN,
        HAIKU: Verdict.OK,
        "other": Verdict.UNKNOWN,
        "aime": Verdict.OK,
    }
    cause = told.scheduler_causes["other"]
    assert cause
    assert (cause.code, cause.sentence) == (CauseCode.NOT_RECORDED, "Not in this record.")
    assert "--record DIR" in cause.next_step


LONG = "# Album Haïku\n" + "une feuille tombe\n" * 400
SEARCHED = [
    ("it is there", TEXT, "une feuille", Verdict.OK),
    ("it is not there", TEXT, "une fleur", Verdict.BAD_OUTPUT),
    ("it is in the head", LONG, "# Album", Verdict.OK),
    ("it may be in the middle", LONG, "une fleur", Verdict.UNKNOWN),
]


@pytest.mark.parametrize(("text", "wanted", "verdict"), [row[1:] for row in SEARCHED], ids=[row[0] for row in SEARCHED])
def test_a_text_that_was_not_looked_for_is_looked_for_in_what_was_kept(
    tmp_path: Path, text: str, wanted: str, verdict: Verdict
) -> None:
    told = judged(under(tmp_path, (MUST, f'must_contain = ["{wanted}"]'), told=morning(files=[read(text)])))

    assert told.jobs[0].verdict is verdict


def read(text: str) -> FileSeen:
    """The file of the morning, as a source reads it."""
    table = haiku_output(must_contain=["# Album Haïku"], must_not_contain=None)
    output = Output.model_validate(table)
    return replace(made("2026-02-11T06:00:17+01:00", text), content=content_of(text.encode(), output))


def test_head_and_tail_that_overlap_are_the_whole_file(tmp_path: Path) -> None:
    text = "# Album Haïku\n" + "".join(f"{number:04}\n" for number in range(700))
    across = text[1990:2010]
    told = morning(files=[read(text)])
    looked_for = judged(under(tmp_path, (MUST, f"must_contain = [{json.dumps(across)}]"), told=told))

    assert looked_for.jobs[0].verdict is Verdict.OK


def test_another_format_is_read_where_the_whole_file_was_kept(tmp_path: Path) -> None:
    told = judged(under(tmp_path, (MUST, 'format = "json"'), told=morning(files=[read(TEXT)])))

    assert told.jobs[0].verdict is Verdict.BAD_OUTPUT


def test_another_zone_moves_what_the_names_tell(tmp_path: Path) -> None:
    replayed = under(tmp_path, ('schedule = "0 6 * * *"', 'schedule = "0 6 * * *"\ntimezone = "UTC"'))

    assert files(replayed)[0].stamp_at == at("2026-02-11T06:00:17+00:00")
    assert files(replayed)[-1].stamp_at == at("2026-02-07T06:00:17+00:00")


def test_the_zone_of_the_names_can_be_tried_out(tmp_path: Path) -> None:
    replayed = under(tmp_path, (MUST, f'{MUST}\ntimezone = "UTC"'))

    assert files(replayed)[0].stamp_at == at("2026-02-11T06:00:17+00:00")
    assert replayed.roll.jobs[0].zone.key == "Europe/Zurich"


def recorded_of_any_name(folder: Path, told: Told) -> Replay:
    """A morning recorded of all names, and replayed of those that tell a time."""
    kept(folder, told, TOML.replace(PATH, ANY_NAME))
    (folder / "other.toml").write_text(TOML, encoding="utf-8")
    return replay(folder / "kept", jobs_file=folder / "other.toml")


def test_of_more_names_those_are_taken_that_are_asked_for(tmp_path: Path) -> None:
    seen = [*five_files(), made("2026-02-10T08:00+01:00", stamped=False)]
    output = output_of(recorded_of_any_name(tmp_path, morning(files=seen)))

    assert isinstance(output, OutputSeen)
    assert (output.matches, len(output.files), output.unstamped) == (5, 5, ("generate-haiku-latest.md",))
    assert output.files[0].stamp_at == at("2026-02-11T06:00:17+01:00")


@pytest.mark.parametrize("left_out", [{"matches": 6}, {"unstamped": ("generate-haiku-x.md",)}])
def test_by_another_name_a_file_that_was_left_out_may_be_the_one(tmp_path: Path, left_out: dict[str, Any]) -> None:
    told = morning()
    (seen,) = told.evidence.outputs[HAIKU]
    assert isinstance(seen, OutputSeen)
    some = replace(told, evidence=replace(told.evidence, outputs={HAIKU: (replace(seen, **left_out),)}))

    assert isinstance(output_of(recorded_of_any_name(tmp_path, some)), NotSeen)


def files(replayed: Replay) -> tuple[FileSeen, ...]:
    seen = output_of(replayed)
    assert isinstance(seen, OutputSeen)
    return seen.files


def output_of(replayed: Replay) -> OutputSeen | NotSeen:
    (seen,) = replayed.evidence.outputs[HAIKU]
    return seen


def test_files_of_after_the_moment_are_told_apart(tmp_path: Path) -> None:
    (seen,) = replay(kept(tmp_path)).seen_at(at("2026-02-10T07:00+01:00")).outputs[HAIKU]

    assert isinstance(seen, OutputSeen)
    assert [each.name for each in seen.later] == ["generate-haiku-20260211-060017.md"]
    assert len(seen.files) == 4


def test_an_empty_record_is_one(tmp_path: Path) -> None:
    nothing = Told(roll=morning().roll, evidence=Evidence(schedulers={}, outputs={}), now=morning().now)
    told = judged(replay(kept(tmp_path, nothing)))

    assert {each.verdict for each in told.jobs} == {Verdict.UNKNOWN}
    assert json.loads((tmp_path / "kept" / EVIDENCE).read_text())["evidence"]["outputs"] == {}


OF_CRON = """
timezone = "Europe/Zurich"
[schedulers.crond]
kind = "cron"
[jobs.sync]
scheduler = "crond"
schedule = "0 6 * * *"
name = "/opt/sync"
"""


@pytest.mark.parametrize(
    ("words", "outcome"),
    [("", Outcome.FAILED), ('[schedulers.crond.words]\nsuccess = ["exit status 3"]\n', Outcome.SUCCESS)],
    ids=["the same words", "other words"],
)
def test_what_a_kind_made_of_its_own_words_stays_under_the_same_words(
    tmp_path: Path, words: str, outcome: Outcome
) -> None:
    run = RunSeen(job="/opt/sync", ended="2026-02-11T05:00:17Z", word="exit status 3", outcome=Outcome.FAILED)
    now = morning().now
    seen = SchedulerSeen(asked_at=now, answered_at=now, runs=(run,))
    evidence = Evidence(schedulers={"crond": seen}, outputs={})
    own, other = roll_of(tmp_path, OF_CRON), roll_of(tmp_path, OF_CRON.replace("[jobs.sync]", words + "[jobs.sync]"))

    read = completed(evidence, other, own, now).schedulers["crond"]
    assert isinstance(read, SchedulerSeen)
    assert [each.outcome for each in read.runs or ()] == [outcome]
