"""Is a place read as it is written, and is a mistake in it said where it stands?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.jobs_toml import HEAD, JOB, mistakes
from rollcall.outputs.local import LocalFolder
from rollcall.outputs.sources import source_of
from rollcall.recorded.record import Recorded, record
from rollcall.recorded.replay import replay
from rollcall.roll.load import load
from rollcall.roll.roll import Roll

ONE = '[jobs.haiku.output]\nplace = "offsite"\npath = "%Y/%m/db-%F.gz"\n'


def roll(folder: Path, lines: str, **environment: str) -> Roll:
    file = folder / "jobs.toml"
    file.write_text(f'timezone = "UTC"\n[jobs.haiku]\nschedule = "0 6 * * *"\n{lines}')
    return load(file, environment=environment)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ("[places.a]\n", 'places.a.url: required. Write url = "s3://bucket/folder", "sftp://host/folder" or "/mnt'),
        ('[places.a]\nurl = "https://x/y?sig=z"\n', 'holds a "?", and what follows is no folder. Write it as options'),
        ('[places.a]\nurl = "s3://x?versionId=z"\n', 'holds a "?", and what follows is no folder. Take it out.'),
        ('[places.a]\nurl = "sftp://nas:99999/x"\n', "has a host or a port that cannot be: Port out of range"),
        ('[places.a]\nurl = "http://[::1/x"\n', "has a host or a port that cannot be: Invalid IPv6 URL. Write it"),
        ('[places.a]\nurl = "s3://x/%Y/%m"\n', 'holds "%Y", and a place is no date\'s. Write that into the path'),
        ('[places.a]\nurl = "/mnt/%F"\n', 'holds "%F", and a place is no date\'s. Write that into the path'),
        ("[places.a]\nurl = 'C:\\backup'\n", 'is a path of Windows. Write it such as "smb://nas/share".'),
        ("[places.a]\nurl = '\\\\nas\\backup'\n", 'is a path of Windows. Write it such as "smb://nas/share".'),
        (ONE.replace('place = "offsite"\npath = "', 'path = "s3://x/'), 'is a url. Write [places.NAME] with url = "s3://…"'),
        ('[places.a]\nurl = ""\n', 'places.a.url = "": is empty, too long or has control characters. '),
        ('[places.a]\nurl = "s3:offsite"\n', 'places.a.url = "s3:offsite": has no "//" behind its protocol. '),
        ('[places.a]\nurl = "s3://"\n', 'places.a.url = "s3://": names no bucket and no host. '),
        ('[places.a]\nurl = "sftb://nas/x"\n', 'is of the protocol "sftb", which nothing here reaches. Did you mean "sftp://"?'),
        ('[places.a]\nurl = "x9y://nas/x"\n', "fsspec, or the package that adds it there, is not installed."),
        ('[places.a]\nurl = "s3://${NOT_SET}"\n', "NOT_SET is not set in the environment. Set it: export NOT_SET=…"),
        ('[places.a]\nurl = "~nobody-here/x"\n', 'begins with "~", but there is no such home.'),
        ('[places.a]\nurl = "s3://x"\noptions = { secret = "${NOT_SET}" }\n', "places.a.options: NOT_SET is not set"),
        ('[places.a]\nurl = "s3://x"\nbudget = { requests = 0 }\n', "budget.requests = 0: must be at least 1."),
        ('[places.a]\nurl = "s3://x"\nbudget = { byte = "1 GB" }\n', "budget.byte: unknown key. Did you mean bytes?"),
        ('[places.a]\nurl = "s3://x"\ntimeout = "1 h"\n', 'places.a.timeout = "1 h": must lie between'),
        ("[places]\na = 1\n", "places.a = 1: must be a table."),
        (ONE, 'jobs.haiku.output.place = "offsite": no such place. Write a [places.NAME] table.'),
        (f'[places.ofsite]\nurl = "/mnt"\n{ONE}', 'no such place. Did you mean "ofsite"?'),
        (f'[places.offsite]\nurl = "/mnt"\n{ONE.replace("%Y", "/%Y")}', "is in a place. Write it relative to that"),
        (f'[places.offsite]\nurl = "/mnt"\n{ONE.replace("%Y", "../x")}', "is in a place. Write it relative to that"),
        (f'[places.offsite]\nurl = "http://x"\n{ONE.replace(".gz", "/")}', "names a folder, and a web server"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_it_stands_and_what_to_write(lines: str, mistake: str, tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}{lines}")

    assert mistake in told


def test_what_is_wrong_with_a_place_is_not_said_of_its_outputs_too(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, f'{HEAD}{JOB}[places.offsite]\nurl = "s3:x"\n{ONE}')

    assert told.startswith("places.offsite.url")


def test_two_files_may_not_declare_the_same_place(tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text('[places.offsite]\nurl = "/mnt"\n')
    (told,) = mistakes(tmp_path, f'include = ["more.toml"]\n{HEAD}{JOB}[places.offsite]\nurl = "/srv"\n')

    assert "the name offsite is in jobs.toml: places.offsite too" in told


def test_a_relative_url_is_relative_to_the_file_in_which_it_stands(tmp_path: Path) -> None:
    (tmp_path / "jobs.d").mkdir()
    (tmp_path / "jobs.d" / "more.toml").write_text('[places.offsite]\nurl = "backups"\n')
    file = tmp_path / "jobs.toml"
    head = f'include = ["jobs.d/*.toml"]\ntimezone = "UTC"\n{JOB}'
    file.write_text(f'{head}[jobs.haiku.output]\nplace = "offsite"\npath = "pg/db-%F.gz"\n')
    (output,) = load(file, environment={}).job("haiku").outputs

    assert source_of(output) == LocalFolder(tmp_path / "jobs.d/backups/pg", tmp_path / "jobs.d/backups")


def test_two_outputs_may_have_one_name_in_two_places_and_not_in_one(tmp_path: Path) -> None:
    places = '[places.a]\nurl = "s3://a"\n[places.b]\nurl = "s3://b"\n[places.c]\nurl = "s3://a"\n'
    jobs = "".join(
        f'[jobs.{each}]\nschedule = "0 6 * * *"\noutput = {{ place = "{each}", path = "db-%F" }}\n' for each in "abc"
    )
    (told,) = mistakes(tmp_path, f"{HEAD}{JOB}{places}{jobs}")

    assert told.startswith("jobs.c.output.path")
    assert "is the output of jobs.a too" in told


def test_of_a_place_less_is_read_unless_it_says_more(tmp_path: Path) -> None:
    place = '[places.offsite]\nurl = "s3://x"\n'
    sizes = [
        roll(tmp_path, f"{place}{ONE}{line}").job("haiku").outputs[0].read_up_to
        for line in ("", 'read_up_to = "1 GB"\n', 'place = ""\n'.replace('place = ""', "dated = 'run'"))
    ]

    assert sizes == [100 * 10**6, 10**9, 100 * 10**6]
    assert roll(tmp_path, '[jobs.haiku.output]\npath = "x"\n').job("haiku").outputs[0].read_up_to == 2 * 10**9


def test_a_recorded_morning_holds_no_secret_of_a_place_and_is_judged_where_nothing_is_installed(tmp_path: Path) -> None:
    place = (
        '[places.offsite]\nurl = "s3://u:a-password@x/${TOP}"\noptions = { key = "${KEY}", secret = "in-the-open-1" }\n'
    )
    read = roll(tmp_path, place + ONE, KEY="AKIA-of-nobody", TOP="hidden-top")
    from rollcall.ask import gather
    from rollcall.times import read_timestamp

    now = read_timestamp("2026-02-11T07:00:00Z").at
    assert now is not None
    evidence = gather((), (), now=now, clock=lambda: now)
    record(tmp_path / "recorded", read, Recorded(evidence=evidence, now=now, root=tmp_path))
    kept = "".join(each.read_text() for each in (tmp_path / "recorded").iterdir())

    assert not [each for each in ("a-password", "in-the-open-1", "AKIA-of-nobody", "hidden-top") if each in kept]
    (output,) = replay(tmp_path / "recorded").roll.job("haiku").outputs
    assert output.shown == "s3://x/${TOP}/%Y/%m/db-%F.gz"


def test_the_user_of_a_machine_behind_ssh_is_not_torn_out_of_its_folders(tmp_path: Path) -> None:
    place = roll(tmp_path, '[places.offsite]\nurl = "sftp://backup@nas/srv/backups"\n' + ONE).places[0]
    error = "sftp://nas/srv/backups: no answer"

    assert (place.shown, place.secrets.clean_words(error)) == ("sftp://nas/srv/backups", error)


def test_nothing_of_fsspec_is_imported_where_no_place_is_declared() -> None:
    loaded = "[each for each in sys.modules if each.partition('.')[0] in ('fsspec', 's3fs', 'sshfs', 'aiohttp')]"
    code = f"import sys, rollcall.ask, rollcall.roll.load; print({loaded})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"


PAGE = Path(__file__).parents[1] / "docs" / "outputs" / "places.md"
# Heavy, and so not among what the tests need.
NOT_TRIED = ("gs://", "abfs://", "smb://")


@pytest.mark.parametrize("block", PAGE.read_text(encoding="utf-8").split("```toml\n")[1:])
def test_what_the_docs_say_is_read(block: str, tmp_path: Path) -> None:
    names = ("S3_ENDPOINT", "S3_KEY", "S3_SECRET", "MIRROR_TOKEN", "DAV_PASSWORD", "AZURE_KEY", "SMB_PASSWORD")
    job = "" if "[jobs." in block else '[jobs.a]\nschedule = "0 6 * * *"\noutput = { path = "x-%F" }\n'
    file = tmp_path / "jobs.toml"
    file.write_text(f'timezone = "UTC"\n{block.partition("```")[0]}{job}')
    is_known_alone = any(each in block for each in NOT_TRIED)

    (place,) = load(file, environment=dict.fromkeys(names, "http://a.b.c"), is_replay=is_known_alone).places
    assert place.url in block
