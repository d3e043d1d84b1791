"""Do the files in deploy/, and action.yml, do what somebody who copies them relies on?

That the programs they are for take them is tried in engines/test_deploy.py, with those programs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.ci_steps import TOP, Ran, action, script, step
from fixtures.on_a_clock import NO_SYSTEMD
from fixtures.stores import free_port, running
from rollcall.cli import COMMANDS, _parser
from rollcall.roll.load import load
from rollcall.run.options import OF_PYTEST
from rollcall.sinks import known_sinks, options_of

DEPLOY = TOP / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
JOBS = """
timezone = "UTC"
[jobs.done]
schedule = "0 0 * * *"
grace = "1 min"
[jobs.done.output]
path = "done.txt"
[jobs.gone]
schedule = "0 0 * * *"
grace = "1 min"
[jobs.gone.output]
path = "gone-%F.txt"
"""


def do_its_work(folder: Path, name: str = "done.txt") -> None:
    """The job that leaves that file ran when it was due."""
    file = folder / name
    file.write_text("done\n", encoding="utf-8")
    at = datetime.now(UTC).replace(hour=0, minute=0, second=1).timestamp()
    os.utime(file, (at, at))


def text_of(name: str) -> str:
    return (TOP / name).read_text(encoding="utf-8")


def of_kubernetes(name: str) -> list[Any]:
    return list(yaml.safe_load_all((KUBERNETES / name).read_text(encoding="utf-8")))


def pods(name: str) -> Iterator[tuple[Any, Any]]:
    """Each CronJob's Job, and the one container of it."""
    for each in of_kubernetes(name):
        if each["kind"] == "CronJob":
            job = each["spec"]["jobTemplate"]["spec"]
            [container] = job["template"]["spec"]["containers"]
            yield job, container


# Every command line is one that Roll call takes -------------------------------------------------------------------


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Each with where it stands: of a container its command, of a script and a comment what calls Roll call."""
    for name in ("morning.yaml", "shards.yaml"):
        for _, container in pods(name):
            words = container["command"]
            whole = words[-1].removeprefix("exec ") if words[0] == "sh" else shlex.join(words)
            yield f"kubernetes/{name}", shlex.split(whole)
    compose = yaml.safe_load(text_of("deploy/compose.yml"))
    yield "compose.yml", compose["services"]["morning"]["entrypoint"]
    yield ".pre-commit-hooks.yaml", shlex.split(yaml.safe_load(text_of(".pre-commit-hooks.yaml"))[0]["entry"])
    yield "systemd", shlex.split(unit("rollcall-look.service", "ExecStart").rpartition("/")[2])
    for name in ("roll-call", "shards"):
        file = f"deploy/gitlab/{name}.gitlab-ci.yml"
        for job in yaml.safe_load(text_of(file)).values():
            for line in job.get("script", ()):
                if line.startswith(("rollcall ", "pytest ")):
                    yield file, shlex.split(line)
    for file in ("deploy/Dockerfile", "deploy/github/roll-call.yml", "deploy/systemd/rollcall-look.service"):
        for named in re.findall(r"`(rollcall [^`]*)`", text_of(file)):
            yield file, shlex.split(named)
    judge = next(each for each in action()["runs"]["steps"] if each.get("id") == "judge")["run"]
    yield "action.yml", ["pytest", "checks/", *re.findall(r"--[a-z-]+", judge.partition("checks/")[2])]


def unit(file: str, key: str) -> str:
    return next(
        line.partition("=")[2] for line in text_of(f"deploy/systemd/{file}").splitlines() if line.startswith(f"{key}=")
    )


@pytest.mark.parametrize(
    "line", [pytest.param(words, id=f"{where}: {shlex.join(words)}") for where, words in command_lines()]
)
def test_every_command_line_is_one_that_is_taken(line: list[str]) -> None:
    program, *arguments = line
    if program == "rollcall":
        assert arguments[0] in COMMANDS
        assert _parser(arguments).parse_args(arguments).command
        return
    taken = {each.name for each in (*OF_PYTEST, *options_of(known_sinks(), by="pytest"))}

    assert program == "pytest"
    assert {each for each in arguments if each.startswith("--")} <= taken


# The image --------------------------------------------------------------------------------------------------------


def test_the_image_has_what_it_copies_and_what_the_wheel_needs() -> None:
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text_of("deploy/Dockerfile"), re.MULTILINE)
        for word in line.split()
    ]
    kept = re.findall(r"^!(.*)$", text_of(".dockerignore"), re.MULTILINE)
    wheel = tomllib.loads(text_of("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert [each for each in copied if not (TOP / each).exists() or each not in kept] == []
    assert {*wheel["packages"], *wheel["force-include"]} <= set(copied)


def test_the_image_runs_as_nobody_with_the_extras_that_there_are() -> None:
    text = text_of("deploy/Dockerfile")
    extras = re.findall(r"^ARG EXTRAS=(.*)$", text, re.MULTILINE)[0].split(",")

    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1].isdigit()
    assert set(extras) <= set(tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"])


# Kubernetes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["morning.yaml", "shards.yaml"])
def test_a_red_morning_is_not_asked_again_and_stops_no_other_shard(name: str) -> None:
    for job, container in pods(name):
        pod = job["template"]["spec"]
        assert pod["restartPolicy"] == "Never"
        if job.get("completionMode") == "Indexed":
            # With backoffLimit the first red shard would end the others.
            assert (job["backoffLimitPerIndex"], "backoffLimit" in job) == (0, False)
            assert job["completions"] == job["parallelism"] == job["maxFailedIndexes"]
            assert container["command"][-1].endswith(f'/{job["completions"]}"')
        else:
            assert job["backoffLimit"] == 0
        assert pod["securityContext"]["runAsUser"] == 10001
        assert container["securityContext"]["readOnlyRootFilesystem"]
        # What is written must not be below what is read alone.
        written = {each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")}
        assert written == {"/roll-call/reports", "/tmp"}


def test_the_merge_sees_what_the_shards_leave() -> None:
    volumes = [
        next(each for each in job["template"]["spec"]["volumes"] if each["name"] == "reports")
        for job, _ in pods("shards.yaml")
    ]

    assert volumes[0] == volumes[1]
    assert of_kubernetes("shards.yaml")[0]["spec"]["accessModes"] == ["ReadWriteMany"]


def test_every_shard_is_asked_for_its_own_part() -> None:
    (_, container), _ = pods("shards.yaml")
    *shell, line = container["command"]
    told = [
        script(
            line.replace("exec pytest", "echo"),
            shell=tuple(shell[:1]),
            folder=TOP,
            environment={"JOB_COMPLETION_INDEX": str(i)},
        )
        for i in range(4)
    ]

    assert [each.stdout.split()[-1] for each in told] == ["1/4", "2/4", "3/4", "4/4"]


def test_the_jobs_of_kubernetes_load() -> None:
    text = (KUBERNETES / "jobs.toml").read_text(encoding="utf-8")

    assert load(KUBERNETES / "jobs.toml", environment=dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "x")).jobs


# A host that looks ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason=NO_SYSTEMD)
def test_the_units_of_a_host_are_in_order_and_may_do_little(tmp_path: Path) -> None:
    (tmp_path / "rollcall").symlink_to(shutil.which("true") or "")
    units = []
    for name in ("rollcall-look.service", "rollcall-look.timer"):
        text = text_of(f"deploy/systemd/{name}").replace("/opt/roll-call/bin/rollcall", str(tmp_path / "rollcall"))
        units.append(tmp_path / name)
        units[-1].write_text(text, encoding="utf-8")

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    # Of ten, where ten is a service that may do all that root may.
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", units[0]], capture_output=True, check=False
    )

    assert (verified.returncode, verified.stderr) == (0, "")
    assert exposed.returncode == 0, exposed.stdout.decode()


def test_what_the_unit_runs_leaves_the_evidence_that_is_judged(tmp_path: Path) -> None:
    here = tmp_path / "etc"
    here.mkdir()
    do_its_work(tmp_path)
    head = 'timezone = "UTC"\n[evidence]\nplace = "../left"\n[defaults]\nhost = "web1"\n'
    jobs = JOBS.partition("[jobs.gone]")[0].replace('\ntimezone = "UTC"', "").replace("done.txt", "../done.txt")
    (here / "jobs.toml").write_text(head + jobs, encoding="utf-8")
    line = unit("rollcall-look.service", "ExecStart").rpartition("/")[2]

    looked = script(f"{line} --host web1", shell=("sh",), folder=here, environment={})
    (tmp_path / "done.txt").unlink()  # whoever judges sees nothing of that host but its evidence
    judged = script("rollcall monitor", shell=("sh",), folder=here, environment={})

    assert (looked.returncode, "web1: 1 witness asked" in looked.stdout) == (0, True), looked.stdout + looked.stderr
    assert judged.returncode == 0, judged.stdout + judged.stderr


# The action -------------------------------------------------------------------------------------------------------


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner on which the action has installed Roll call."""
    folder = tmp_path / "runner temp"
    folder.mkdir()
    (folder / "roll-call").symlink_to(sys.prefix)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a jobs.toml, and nothing of Roll call; of its two jobs one did its work."""
    folder = tmp_path / "their repository"
    folder.mkdir()
    (folder / "jobs.toml").write_text(JOBS, encoding="utf-8")
    do_its_work(folder)
    return folder


def test_the_action_judges_a_repository_that_has_no_checks(repository: Path, runner: Path) -> None:
    red = step("judge", {}, folder=repository, runner=runner)
    pages = (repository / "reports" / "morning.html").exists()
    (repository / "jobs.toml").write_text(JOBS.partition("[jobs.gone]")[0], encoding="utf-8")
    green = step("judge", {}, folder=repository, runner=runner)

    assert (red.status, red.outputs, pages) == (1, {"status": "1"}, True), red.said
    assert "::error" in red.said
    assert (green.status, green.outputs) == (0, {"status": "0"}), green.said
    assert "did its work" in (runner / "summary.md").read_text(encoding="utf-8")


def test_the_action_runs_the_checks_that_are_there_with_what_is_asked(repository: Path, runner: Path) -> None:
    (repository / "ops").mkdir()
    for name in ("jobs.toml", "done.txt"):
        (repository / name).rename(repository / "ops" / name)
    shutil.copytree(TOP / "checks", repository / "ops" / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    (repository / "ops" / "checks" / "test_own.py").write_text("def test_own():\n    assert False, 'own check'\n")
    (repository / "ops" / "jobs.toml").write_text(JOBS.partition("[jobs.gone]")[0], encoding="utf-8")
    inputs = {"working-directory": "ops", "arguments": "--no-history -k test_own"}

    ran = step("judge", inputs, folder=repository, runner=runner)

    assert (ran.status, "own check" in ran.said) == (1, True), ran.said
    assert not (repository / "ops" / "reports" / "history.sqlite3").exists()


def test_what_is_given_to_the_action_is_no_program(repository: Path, runner: Path) -> None:
    hostile = '"; touch taken; echo "$(touch taken)`touch taken`'
    runs = [each["run"] for each in action()["runs"]["steps"] if "run" in each]

    ran = step("judge", {"jobs-file": hostile, "arguments": "$(touch taken)"}, folder=repository, runner=runner)

    assert [each for each in runs if "${{" in each] == []
    assert (ran.status, list(repository.rglob("taken"))) == (4, []), ran.said


def test_the_workflows_give_the_action_what_it_takes() -> None:
    known = action()["inputs"]
    given = [
        key
        for file in (DEPLOY / "github").glob("*.yml")
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values()
        for each in job["steps"]
        if each.get("uses", "").startswith("roll-call/")
        for key in each["with"]
    ]

    assert given
    assert set(given) <= set(known)
    assert all(each["description"] for each in known.values())


# Shards -----------------------------------------------------------------------------------------------------------


def on_kubernetes(folder: Path, runner: Path, shard: int | None) -> Ran:
    (_, one), (_, merge) = pods("shards.yaml")
    words = (merge if shard is None else one)["command"]
    environment = {} if shard is None else {"JOB_COMPLETION_INDEX": str(shard - 1)}
    ran = script(
        words[-1] if words[0] == "sh" else shlex.join(words), shell=("sh",), folder=folder, environment=environment
    )
    return Ran(status=ran.returncode, said=ran.stdout + ran.stderr, outputs={})


def on_gitlab(folder: Path, runner: Path, shard: int | None) -> Ran:
    jobs = yaml.safe_load(text_of("deploy/gitlab/shards.gitlab-ci.yml"))
    of = jobs["roll-call-shard"]["parallel"]
    job, environment = jobs["roll-call"], {}
    if shard is not None:
        job, environment = jobs["roll-call-shard"], {"CI_NODE_INDEX": str(shard), "CI_NODE_TOTAL": str(of)}
    ran = script("\n".join(job["script"]), shell=("sh", "-e"), folder=folder, environment=environment)
    return Ran(status=ran.returncode, said=ran.stdout + ran.stderr, outputs={})


def on_github(folder: Path, runner: Path, shard: int | None) -> Ran:
    jobs = yaml.safe_load(text_of("deploy/github/shards.yml"))["jobs"]
    of = len(jobs["shard"]["strategy"]["matrix"]["shard"])
    inputs = jobs["roll-call" if shard is None else "shard"]["steps"][-1]["with"]
    filled = {
        key: str(each).replace("${{ matrix.shard }}", str(shard)).replace("${{ strategy.job-total }}", str(of))
        for key, each in inputs.items()
    }
    return step("judge", filled, folder=folder, runner=runner)


@pytest.mark.parametrize("on", [on_kubernetes, on_gitlab, on_github])
def test_four_shards_make_one_morning_and_one_that_died_makes_it_incomplete(
    repository: Path, runner: Path, on: Callable[[Path, Path, int | None], Ran]
) -> None:
    """What the files say is run as it stands there, in a folder that all of them share."""
    shutil.copytree(TOP / "checks", repository / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    jobs = [f"job-{number}" for number in range(12)]
    tables = [f'[jobs.{each}]\nschedule = "0 0 * * *"\noutput = {{ path = "{each}.txt" }}\n' for each in jobs]
    (repository / "jobs.toml").write_text('timezone = "UTC"\n' + "".join(tables), encoding="utf-8")
    for each in jobs:
        do_its_work(repository, f"{each}.txt")

    shards = [on(repository, runner, number) for number in (1, 2, 3, 4)]
    whole = on(repository, runner, None)
    assert [each.status for each in (*shards, whole)] == [0] * 5, [each.said for each in (*shards, whole)]

    morning = json.loads((repository / "reports" / "morning.json").read_text(encoding="utf-8"))
    shutil.rmtree(repository / "reports" / "shard-3-of-4")
    torn = on(repository, runner, None)
    page = (repository / "reports" / "morning.html").read_text(encoding="utf-8")

    assert ({each["id"] for each in morning["jobs"]}, morning["complete"]) == (set(jobs), True)
    assert (torn.status, "shard 3/4 left nothing" in torn.said, "INCOMPLETE" in page) == (1, True, True), torn.said


# Compose ----------------------------------------------------------------------------------------------------------


def test_compose_holds_no_secret_and_waits_for_what_it_needs() -> None:
    services = yaml.safe_load(text_of("deploy/compose.yml"))["services"]
    values = [
        str(value)
        for each in services.values()
        for key, value in each.get("environment", {}).items()
        if "SECRET" in key or "PASSWORD" in key
    ]

    assert values
    assert [each for each in values if not each.startswith(("${", "/run/secrets/"))] == []
    waited_for = services["morning"]["depends_on"]
    assert {name for name, each in services.items() if "healthcheck" in each} == set(waited_for)
    assert {each["condition"] for each in waited_for.values()} == {"service_healthy"}
    assert services["morning"]["profiles"]  # or `up` would judge once, and never again


def test_what_compose_says_of_jobs_toml_loads(tmp_path: Path) -> None:
    head, _, _ = text_of("deploy/compose.yml").partition("\nname: ")
    said = "\n".join(re.findall(r"^#   ((?:\[|\w+ = ).*)$", head, re.MULTILINE))
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    here = said.replace("/run/secrets/postgres_password", str(tmp_path / "secret"))
    (tmp_path / "jobs.toml").write_text(f"{JOBS}{here}", encoding="utf-8")

    roll = load(tmp_path / "jobs.toml", environment={"S3_KEY": "a", "S3_SECRET": "b"})

    assert [each.id for each in roll.places] == ["evidence"]
    assert "s3cret" not in repr(roll)


def test_the_store_of_compose_is_healthy_and_takes_evidence_of_those_alone_who_have_its_secret(tmp_path: Path) -> None:
    import s3fs

    store = yaml.safe_load(text_of("deploy/compose.yml"))["services"]["store"]
    s3, *others = (free_port() for _ in range(8))
    ports = [
        f"-{each}={port}" for each, port in zip(("master.port", "volume.port", "filer.port"), others, strict=False)
    ]
    ports += [
        f"-{each}.port.grpc={port}" for each, port in zip(("master", "volume", "filer", "s3"), others[3:], strict=True)
    ]
    own = {"-dir=/data": f"-dir={tmp_path}", "-ip=store": "-ip=127.0.0.1", "-ip.bind=0.0.0.0": "-ip.bind=127.0.0.1"}
    command = [own.get(each, each.replace("8333", str(s3))) for each in store["command"]]
    weed = str(Path(sys.executable).parent / "weed")
    secrets = dict.fromkeys(store["environment"], "a-long-random-text")
    check = [each.replace("8333", str(s3)) for each in store["healthcheck"]["test"][1:]]
    evidence = "s3://evidence/web1"

    with running([weed, *command, *ports, "-master.telemetry=false"], s3, {**os.environ, **secrets}):
        healthy = subprocess.run(check, capture_output=True, check=False)
        mine, theirs = (
            s3fs.S3FileSystem(key=key, secret=key, endpoint_url=f"http://127.0.0.1:{s3}", skip_instance_cache=True)
            for key in ("a-long-random-text", "another")
        )
        mine.pipe(evidence, b"seen")
        with pytest.raises(PermissionError):
            theirs.ls("evidence")

        assert healthy.returncode == 0
        assert mine.cat(evidence) == b"seen"
