"""Does `rollcall install` put the look on a clock, where the clock's own tools find it in order?"""

from __future__ import annotations

import io
import json
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.on_a_clock import HOUSE, JOBS, NO_SYSTEMD, furnish, script
from rollcall import command_line
from rollcall.cli import main
from rollcall.install.moment import machine_zone

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason=NO_SYSTEMD)

MINE = "# mine, 100\\% é\nMAILTO=me@example.org\n5 4 * * * backup"


def install(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(["install", *arguments], out=out, err=err)
    return status, out.getvalue(), err.getvalue()


def printed(*arguments: str) -> str:
    """What is printed without the remarks above it."""
    status, out, err = install(*arguments)
    assert (status, err) == (0, "")
    return "\n".join(line for line in out.splitlines() if not line.startswith("# "))


def run(command: list[str], *, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Runs it with what a clock gives it: next to nothing."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "SHELL": "/bin/sh", "PYTHONPATH": str(HOUSE)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def verdict(folder: Path) -> str:
    told = json.loads((folder / "reports" / "morning.json").read_text(encoding="utf-8"))
    assert told["complete"]
    return str(told["verdict"])


# What is printed runs the checks ----------------------------------------------------------------------------------


def as_cron_reads(command: str) -> str:
    r"""As do_command.c of cron takes it: `\%` is a percent sign, any other percent sign ends the command."""
    read = ""
    is_escaped = False
    for character in command:
        if character == "%" and not is_escaped:
            break
        read = read[:-1] + "%" if character == "%" else read + character
        is_escaped = character == "\\" and not is_escaped
    return read


@pytest.mark.parametrize(("is_done", "status", "is_told"), [(True, 0, False), (False, 1, True)])
def test_the_line_for_cron_judges_the_morning_and_prints_only_where_it_is_red(
    folder: Path, home: Path, is_done: bool, status: int, is_told: bool
) -> None:
    if is_done:
        (folder / "out" / "haiku.txt").write_text("a haiku", encoding="utf-8")
    minute, hour, *every, command = printed("cron").splitlines()[-1].split(" ", 5)

    done = run(["/bin/sh", "-c", as_cron_reads(command)], folder=home, home=home)

    assert every == ["*", "*", "*"]
    assert (minute, 0 <= int(hour) < 24) == ("30", True)
    assert (done.returncode, done.stderr) == (status, ""), done.stdout
    assert ("haiku" in done.stdout) is is_told
    assert verdict(folder) == ("attention" if is_told else "ok")


@needs_systemd
def test_the_units_for_systemd_are_in_order_and_judge_the_morning(folder: Path, home: Path) -> None:
    install("systemd", "--monitor", "--write")
    units = sorted((home / ".config/systemd/user").glob("rollcall-*.*"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *units], capture_output=True, text=True, check=False
    )
    service = next(each for each in units if each.suffix == ".service" and "hourly" not in each.name).read_text("utf-8")
    done = run(exec_start(service), folder=Path(setting(service, "WorkingDirectory").replace("%%", "%")), home=home)

    assert [each.name.rpartition("-")[2].partition(".")[2] for each in units] == ["service", "timer"] * 2
    assert (verified.returncode, verified.stderr) == (0, "")
    assert (done.returncode, verdict(folder)) == (1, "attention")


def setting(unit: str, key: str) -> str:
    return next(line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}="))


def exec_start(unit: str) -> list[str]:
    """The words of its command as systemd.service(5) says that they are read."""
    words = shlex.split(setting(unit, "ExecStart").replace("%%", "%"))
    # A variable that is not set is nothing.
    return [re.sub(r"\$(\$|\w+|\{\w+\})", lambda found: "$" if found[1] == "$" else "", word) for word in words]


@needs_systemd
def test_systemd_finds_fault_with_a_program_that_is_not_there(folder: Path, home: Path) -> None:
    """So that the test above means something."""
    sys.executable = "/usr/bin/no such python"  # monkeypatch puts it back
    install("systemd", "--write")
    unit = next((home / ".config/systemd/user").glob("*.service"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", unit], capture_output=True, check=False
    )

    assert b"no such python" in verified.stderr


@needs_systemd
@pytest.mark.parametrize(
    ("before", "next_at"),
    [
        ("2026-02-11 12:00", "2026-02-12 05:30:00 UTC"),
        ("2026-03-28 12:00", "2026-03-29 04:30:00 UTC"),
        ("2026-10-24 12:00", "2026-10-25 05:30:00 UTC"),
    ],
)
def test_the_timer_goes_off_at_the_same_clock_face_across_a_clock_change(
    folder: Path, home: Path, before: str, next_at: str
) -> None:
    when = setting(printed("systemd"), "OnCalendar")

    told = subprocess.run(
        ["systemd-analyze", "calendar", f"--base-time={before} UTC", when],
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert next_at in told.stdout


def test_the_agent_for_launchd_is_a_property_list_and_judges_the_morning(folder: Path, home: Path) -> None:
    first, hourly = (
        plistlib.loads(f"<?xml{text}".encode()) for text in printed("launchd", "--monitor").split("<?xml")[1:]
    )
    kinds = {
        "Label": str, "ProgramArguments": list, "WorkingDirectory": str, "StartCalendarInterval": dict,
        "StandardOutPath": str, "StandardErrorPath": str, "ProcessType": str, "EnvironmentVariables": dict,
    }  # fmt: skip

    done = run(first["ProgramArguments"], folder=Path(first["WorkingDirectory"]), home=home)
    looked = run(hourly["ProgramArguments"], folder=Path(hourly["WorkingDirectory"]), home=home)

    assert {key: type(value) for key, value in first.items()} == kinds
    assert {type(value) for value in first["StartCalendarInterval"].values()} == {int}
    assert set(first["StartCalendarInterval"]) == {"Hour", "Minute"}
    assert hourly["StartCalendarInterval"] == {"Minute": 50}
    assert hourly["ProgramArguments"][1:6] == ["-m", "rollcall", "monitor", "--quiet", "--log"]
    assert first["Label"] != hourly["Label"]
    assert (done.returncode, verdict(folder)) == (1, "attention")
    assert (looked.returncode, (folder / "reports" / "monitor.log").is_file()) == (2, True)


# Written, looked at, taken away -----------------------------------------------------------------------------------


def kept(crontab: Path) -> str:
    return subprocess.run([crontab, "-l"], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("mine", ["", f"{MINE}\n"])
@pytest.mark.usefixtures("folder", "cron_runs")
def test_the_crontab_is_changed_between_two_marks_and_nowhere_else(crontab: Path, mine: str) -> None:
    if mine:
        subprocess.run([crontab, "-"], input=mine, text=True, check=True)

    assert install("cron", "--check")[0] == 1
    assert install("cron", "--write")[0] == 0
    written = kept(crontab)
    assert written.startswith(mine)
    assert "already right" in install("cron", "--write")[1]
    assert kept(crontab) == written
    assert install("cron", "--check")[0] == 0
    assert install("--check")[0] == 0

    # A line below is kept there, and the block in its place.
    subprocess.run([crontab, "-"], input=f"{written}9 9 * * * below\n", text=True, check=True)
    assert "brought up to date" in install("cron", "--at", "07:15", "--monitor", "--write")[1]
    changed = kept(crontab)
    assert len(changed.splitlines()) == len(written.splitlines()) + 2
    assert changed.endswith("9 9 * * * below\n")
    assert install("cron", "--check")[0] == 0

    assert install("cron", "--remove")[0] == 0
    assert kept(crontab) == f"{mine}9 9 * * * below\n"
    assert "nothing to remove" in install("cron", "--remove")[1]


@pytest.mark.usefixtures("cron_runs")
def test_two_roll_calls_live_in_one_crontab(crontab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        furnish(tmp_path / name, monkeypatch)
        assert install("cron", "--write")[0] == 0
    two = kept(crontab)
    monkeypatch.chdir(tmp_path / "one")

    assert install("cron", "--remove")[0] == 0
    assert (two.count(">>> made by"), kept(crontab).count(">>> made by")) == (2, 1)
    assert str(tmp_path / "two") in kept(crontab)


def looks(unit: str) -> dict[str, str]:
    """What must be its own of each jobs file, of what is printed for a clock, by what it is."""
    patterns = {
        "log": r"--log\W.*?monitor\.log",
        "minute": r"\n[0-9]+ [0-9]+ \*|OnCalendar=\S+ [0-9]+:[0-9]+|Minute</key>\s*<integer>[0-9]+",
        "name": r"rollcall-\S+-[0-9a-f]{6}",
    }
    return {what: next(re.finditer(pattern, unit, re.DOTALL))[0] for what, pattern in patterns.items()}


@pytest.mark.parametrize("clock", ["cron", "systemd", "launchd"])
@pytest.mark.usefixtures("home")
def test_each_jobs_file_of_a_folder_has_its_own_name_minute_and_log(folder: Path, clock: str) -> None:
    (folder / "nightly.toml").write_text(JOBS, encoding="utf-8")

    usual, nightly = (looks(install(clock, "--monitor", *file)[1]) for file in ((), ("--jobs-file", "nightly.toml")))

    assert all(usual[each] != nightly[each] for each in usual), (usual, nightly)
    assert "nightly" in nightly["name"]
    assert "reports/nightly/monitor.log" in nightly["log"]


@pytest.mark.usefixtures("launchctl")
def test_the_looks_of_one_clock_begin_at_other_minutes_and_stay_there(folder: Path, home: Path) -> None:
    files = [f"{number}.toml" for number in range(6)]
    for file in files:
        (folder / file).write_text(JOBS, encoding="utf-8")
        install("launchd", "--jobs-file", file, "--write")
    agents = [plistlib.loads(each.read_bytes()) for each in (home / "Library/LaunchAgents").iterdir()]
    minutes = {each["StartCalendarInterval"]["Minute"] for each in agents}

    install("launchd", "--jobs-file", files[0], "--remove")

    assert len(minutes) == len(files)
    assert minutes <= set(range(30, 40))
    assert [install("launchd", "--jobs-file", file, "--check")[0] for file in files] == [1, 0, 0, 0, 0, 0]


@pytest.mark.usefixtures("cron_runs")
def test_the_looks_of_one_crontab_begin_at_other_minutes(crontab: Path, folder: Path) -> None:
    (folder / "nightly.toml").write_text(JOBS, encoding="utf-8")
    wished = ["--jobs-file", "nightly.toml", "--at", "06:30"]
    install("cron", *wished, "--write")
    install("cron", "--write")
    lines = [line for line in kept(crontab).splitlines() if not line.startswith("#")]

    assert len({line.split(" ")[0] for line in lines}) == 2
    assert [install("cron", *file, "--check")[0] for file in ((), wished)] == [0, 0]


@pytest.mark.usefixtures("folder", "cron_runs")
def test_what_a_person_wrote_between_the_marks_is_kept(crontab: Path) -> None:
    install("cron", "--write")
    mark, look, end = kept(crontab).splitlines()
    lines = [mark, "MAILTO=me@example.org", look, "# not on holidays", "9 9 * * * mine", end]
    for arguments in (["--write"], ["--monitor", "--write"], ["--remove"]):
        subprocess.run([crontab, "-"], input="\n".join(lines) + "\n", text=True, check=True)
        install("cron", *arguments)
        left = kept(crontab).splitlines()
        ours = [line for line in left if "cd " in line or "made by" in line or line == end]

        assert [line for line in left if line not in ours] == [lines[1], *lines[3:5]], arguments
        # What is set above our line is set above it still.
        assert left[0] == lines[1]
        assert len(ours) == {"--write": 3, "--monitor": 4, "--remove": 0}[arguments[0]]


@pytest.mark.usefixtures("cron_runs")
def test_a_folder_that_was_moved_leaves_no_line_behind(
    crontab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("100 % it's", "other", "disk/here"):
        furnish(tmp_path / name, monkeypatch)
        assert install("cron", "--write")[0] == 0
    (tmp_path / "100 % it's").rename(tmp_path / "moved")
    # Nothing is left where a disk is mounted that is not there now.
    (tmp_path / "disk" / "here").rename(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "moved")
    status, said, _ = install("cron", "--write")

    assert (status, said.count("removed rollcall-")) == (0, 1)
    assert kept(crontab).count(">>> made by") == 3
    assert "100" not in kept(crontab)
    assert all(str(tmp_path / each) in kept(crontab) for each in ("other", "disk/here", "moved"))


def test_a_folder_that_was_moved_leaves_no_unit_behind(
    folder: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "programs" / "systemctl", "#!/bin/sh\n")
    install("systemd", "--monitor", "--write")
    folder.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    install("systemd", "--write")
    left = sorted(each.name for each in (home / ".config" / "systemd" / "user").iterdir())

    assert len(left) == 2
    assert all(each.startswith("rollcall-moved-") for each in left)


def test_a_torn_block_is_left_alone(crontab: Path, folder: Path) -> None:
    install("cron", "--write")
    torn = "\n".join(kept(crontab).splitlines()[:-1]) + "\n"
    subprocess.run([crontab, "-"], input=torn, text=True, check=True)

    status, out, err = install("cron", "--write")

    assert (status, out) == (4, "")
    assert "Fix them with `crontab -e`" in err
    assert kept(crontab) == torn
    assert (install("--check")[0], "cannot be seen" in install("--check")[1]) == (1, True)


@needs_systemd
def test_a_timer_that_is_written_and_not_running_is_not_called_on(folder: Path, home: Path) -> None:
    """Without a session of the user's, systemd can enable a timer, and not start it."""
    status, out, _ = install("systemd", "--monitor", "--write")
    units = home / ".config/systemd/user"
    enabled = sorted(each.name for each in (units / "timers.target.wants").iterdir())

    assert (status, "NOT done: systemctl --user daemon-reload" in out) == (1, True)
    assert len(enabled) == 2
    checked = install("systemd", "--check")
    assert (checked[0], "not switched on" in checked[1], "`systemctl --user restart" in checked[1]) == (1, True, True)

    install("systemd", "--write")
    assert len([*units.glob("*.timer"), *(units / "timers.target.wants").iterdir()]) == 2
    install("systemd", "--remove")
    assert [*units.rglob("rollcall-*")] == []


@needs_systemd
def test_each_timer_must_be_enabled(folder: Path, home: Path) -> None:
    """Asked for two of them at once, systemctl is content with one."""
    install("systemd", "--monitor", "--write")
    wanted = home / ".config/systemd/user/timers.target.wants"
    morning = next(each for each in wanted.iterdir() if "hourly" not in each.name)
    morning.unlink()

    status, out, _ = install("systemd", "--check")

    assert (status, f"disabled; `systemctl --user enable {morning.name}`" in out) == (1, True)


@pytest.mark.usefixtures("launchctl")
def test_an_agent_is_on_once_launchd_has_it(folder: Path, home: Path, tmp_path: Path) -> None:
    statuses = [install("launchd", option)[0] for option in ("--check", "--write", "--check", "--write", "--check")]
    (tmp_path / "programs" / f"launchctl.{next((home / 'Library/LaunchAgents').iterdir()).stem}").unlink()
    off = install("launchd", "--check")
    install("launchd", "--remove")

    assert statuses == [1, 0, 0, 0, 0]
    assert (off[0], "launchctl bootstrap gui/" in off[1]) == (1, True)
    assert [*(home / "Library/LaunchAgents").iterdir()] == []


@pytest.mark.usefixtures("launchctl")
def test_a_unit_that_no_longer_fits_the_roll_is_told_to_be_old(folder: Path, home: Path) -> None:
    install("launchd", "--write")
    (folder / "jobs.toml").write_text(JOBS.replace("0 6", "30 6"), encoding="utf-8")
    later = install("launchd", "--check")
    install("launchd", "--write")
    sys.executable += "3"
    moved = install("launchd", "--check")

    assert [each[0] for each in (later, moved)] == [1, 1]
    assert f"fix it: {command_line.rollcall()} install launchd --write" in later[1]


@pytest.mark.usefixtures("launchctl")
def test_a_time_that_was_asked_for_stays_right_and_is_said_to_be_early(folder: Path, home: Path) -> None:
    install("launchd", "--at", "05:00", "--restart-stopped", "--write")

    status, out, _ = install("--check")

    assert status == 0
    assert "(rollcall install launchd --at 05:00 --restart-stopped)" in out
    assert "before the last run of the morning must be done, haiku (due 06:00, done by 06:25)" in out


@pytest.mark.usefixtures("launchctl")
@pytest.mark.parametrize("option", ["--write", "--remove"])
def test_nobody_elses_file_is_touched(folder: Path, home: Path, option: str) -> None:
    install("launchd", "--write")
    agent = next((home / "Library/LaunchAgents").iterdir())
    agent.write_text("somebody's own", encoding="utf-8")

    status, _, err = install("launchd", option)

    assert (status, "none of Roll call's" in err) == (4, True)
    assert agent.read_text(encoding="utf-8") == "somebody's own"


# What is said -----------------------------------------------------------------------------------------------------


def test_it_says_who_decides_who_waits_and_what_else_a_person_must_do(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = JOBS + '[jobs.md]\nschedule = "0 8 * * *"\n[jobs.md.output]\npath = "out/*.md"\n'
    text += '[jobs.sync]\nevery = "6 h"\n[jobs.sync.output]\npath = "out/*.json"\n# "${IN_A_COMMENT}"\n'
    text += '[defaults]\nscheduler = "aime"\n[schedulers.aime]\nkind = "aime"\nurl = "http://localhost:9"\n'
    text += 'headers = { Authorization = "Bearer ${AIME_TOKEN}" }\n'
    (folder / "jobs.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("AIME_TOKEN", "very-secret")

    status, out, _ = install("cron")

    assert status == 0
    assert (
        "Looks each day at 06:30 Europe/Zurich: after the last grace of the morning, haiku (due 06:00, done by 06:25)"
        in out
    )
    assert "so judged the next morning: md (due 08:00" in out
    assert "Due all day long, so judged as far as they are done: sync." in out
    assert "jobs.toml needs AIME_TOKEN" in out
    assert "very-secret" not in out
    assert "IN_A_COMMENT" not in out


@pytest.mark.parametrize("clock", ["cron", "systemd", "launchd"])
def test_what_programs_read_by_themselves_is_said_to_be_missing_there(clock: str, folder: Path, home: Path) -> None:
    told = "may read more of the environment (RESTIC_REPOSITORY"
    _, without, _ = install(clock)
    listed = 'output = { command = ["restic", "snapshots", "--json"], made_at = "time" }'
    text = f'{JOBS}\n[jobs.restic]\nschedule = "0 6 * * *"\n{listed}\n'
    (folder / "jobs.toml").write_text(text, encoding="utf-8")
    status, out, _ = install(clock)

    assert status == 0
    assert (told in without, told in out) == (False, True)


def test_it_says_what_the_machines_clock_makes_of_it(folder: Path, home: Path) -> None:
    _, out, _ = install("cron")

    is_another = machine_zone(Path("/etc/localtime")).key != "Europe/Zurich"

    assert ("Cron follows this machine's clock" in out) is is_another


BAD = [
    ([], "which clock? Write one of cron, systemd and launchd"),
    (["cron", "--at", "25:00"], '--at = "25:00"'),
    (["cron", "--at", "６:30"], "--at ="),
    (["cron", "--at", "02:30"], "clock change"),
    (["cron", "--jobs-file", "no.toml"], "no.toml"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD)
@pytest.mark.usefixtures("folder", "home")
def test_what_cannot_be_is_refused_in_words(arguments: list[str], told: str) -> None:
    status, out, err = install(*arguments)

    assert (status, out) == (4, "")
    assert told in err


@pytest.mark.usefixtures("folder", "home")
def test_a_clock_that_is_not_known_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        install("at")

    assert ended.value.code == 4
    assert "invalid choice: 'at' (choose from 'cron', 'systemd', 'launchd')" in capsys.readouterr().err


def test_what_the_machine_does_not_have_is_not_written(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(home))

    told = [install(kind, "--write") for kind in ("cron", "systemd", "launchd")]

    assert [status for status, _, _ in told] == [4, 4, 4]
    assert [*home.iterdir()] == []


def test_without_checks_there_is_nothing_to_put_on_a_clock(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jobs.toml").write_text(JOBS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    status, _, err = install("cron")

    assert (status, "holds checks/" in err) == (4, True)


@pytest.mark.parametrize("name", ["line\nbreak", "no-utf8-\udcff", "e\x1b[31m"])
def test_a_path_that_no_unit_can_hold_is_refused(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    furnish(tmp_path / name, monkeypatch)

    status, out, err = install("systemd", "--write")

    assert (status, out, "Rename it" in err) == (4, "", True)


def test_a_path_too_long_for_cron_is_refused(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(tmp_path / ("deep" * 50) / ("deep" * 50), monkeypatch)

    assert (install("cron")[0], install("systemd")[0]) == (4, 0)


@pytest.mark.usefixtures("home")
def test_a_jobs_file_elsewhere_is_named_in_the_unit(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(JOBS, encoding="utf-8")

    _, out, _ = install("cron", "--jobs-file", "../other.toml")

    assert f"--jobs-file '{tmp_path}" in out or f"--jobs-file {tmp_path}" in out
    assert f"To install it: {command_line.rollcall()} install cron --jobs-file ../other.toml --write" in out


@pytest.mark.usefixtures("home")
def test_a_unit_names_no_way_round_and_keeps_a_link_that_stands_for_the_release(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "now").symlink_to(folder, target_is_directory=True)
    (tmp_path / "deep" / "down").mkdir(parents=True)
    (tmp_path / "there").symlink_to(tmp_path / "deep" / "down", target_is_directory=True)

    round_about = printed("systemd", "--jobs-file", f"{tmp_path}/deep/../now/jobs.toml")
    # Up from a link is not where its name would say.
    through_link = printed("systemd", "--jobs-file", f"{tmp_path}/there/../../now/jobs.toml")

    for unit in (round_about, through_link):
        assert ".." not in unit
    assert setting(round_about, "WorkingDirectory") == f"{tmp_path}/now/"
    assert Path(setting(through_link, "WorkingDirectory").replace("%%", "%")).samefile(folder)


def test_what_it_tells_to_type_can_be_typed(folder: Path, home: Path) -> None:
    _, out, _ = install("cron")
    hint = next(line.partition("To install it: ")[2] for line in out.splitlines() if "To install it: " in line)

    done = run(["/bin/sh", "-c", hint.replace("--write", "--check")], folder=folder, home=home)

    assert (done.returncode, "cron: " in done.stdout or "Nothing looks at this folder" in done.stdout) == (1, True)


def test_a_program_that_fails_is_told_in_its_own_words(folder: Path, home: Path, tmp_path: Path) -> None:
    script(tmp_path / "programs" / "crontab", '#!/bin/sh\necho "you (me) may not use this program" >&2; exit 1\n')

    status, out, err = install("cron", "--write")

    assert (status, out) == (4, "")
    assert "may not use this program" in err
