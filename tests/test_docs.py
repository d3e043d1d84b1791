"""Does what README and docs say to paste, type or follow work as it is written?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rollcall.cli import _parser
from rollcall.roll.load import load
from rollcall.run import options

TOP = Path(__file__).parents[1]
DOCS = TOP / "docs"
PAGES = [*sorted(TOP.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
NAMES = [str(each.relative_to(TOP)) for each in PAGES]
# Their blocks are pieces to be pasted below others: test_docs_schedulers and test_docs_outputs load them so.
PIECES = ("docs/outputs/", "docs/schedulers/", "docs/examples/", "docs/when-a-morning-is-red.md")
WHOLE = [page for page, name in zip(PAGES, NAMES, strict=True) if not name.startswith(PIECES)]
HEAD = 'timezone = "Europe/Zurich"\n'
A_JOB = '\n[jobs.a]\nschedule = "0 2 * * *"\n[jobs.a.output]\npath = "a-%F.csv"\n'


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def prose(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ +(.*)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", each) for each in headings]
    return {re.sub(r"[^\w\- ]", "", each.strip().lower()).replace(" ", "-") for each in plain}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    lost = []
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", prose(page)):
        there = page.parent / target if target else page
        if "://" not in target and not (there.exists() and (not anchor or anchor in anchors(there))):
            lost.append(f"{target}#{anchor}")

    assert lost == []


@pytest.mark.parametrize("page", WHOLE, ids=lambda page: str(page.relative_to(TOP)))
def test_every_block_of_jobs_toml_loads(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "toml"):
        head = "" if "timezone" in block.partition("[")[0] else HEAD
        job = "" if re.search(r"^\[jobs|^declare", block, re.MULTILINE) else A_JOB
        (tmp_path / "jobs.toml").write_text(f"{head}{block}{job}", encoding="utf-8")
        roll = load(tmp_path / "jobs.toml", environment=dict.fromkeys(re.findall(r"\$\{(\w+)\}", block), "x"))

        assert roll.jobs or roll.schedulers, block


def test_readme_shows_each_scheduler_in_six_lines() -> None:
    shown = [each for each in blocks(TOP / "README.md", "toml") if "[schedulers." in each]
    kinds = [re.findall(r'^kind = "(.*)"', each, re.MULTILINE) for each in shown]

    assert kinds == [["cron"], ["systemd"], ["airflow"], ["kubernetes"]]
    assert [each for each in shown if len(each.splitlines()) > 6] == []


def test_the_check_in_readme_is_the_one_that_comes_with_it() -> None:
    assert blocks(TOP / "README.md", "python") == [(TOP / "checks" / "test_last_run.py").read_text(encoding="utf-8")]


def commands(page: Path, program: str) -> list[list[str]]:
    """The command lines of a page, without those that leave something out ("…")."""
    lines = "\n".join(blocks(page, "") + blocks(page, "sh")).splitlines()
    return [
        shlex.split(each, comments=True)[1:] for each in lines if each.startswith(f"{program} ") and "…" not in each
    ]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_line_is_one_that_rollcall_takes(page: Path) -> None:
    for arguments in commands(page, "rollcall"):
        if arguments[0] != "run":  # has words of its own, as in tests of the wrapper
            assert _parser(arguments).parse_args(arguments).command


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_option_of_pytest_is_one_that_it_takes(page: Path) -> None:
    known = {each.name for each in vars(options).values() if hasattr(each, "name") and hasattr(each, "dest")}
    typed = {word.partition("=")[0] for line in commands(page, "pytest") for word in line if word.startswith("--")}

    assert known
    assert typed <= known


def test_the_index_leads_to_every_page() -> None:
    """At most one page in between: a page that nothing leads to is read by nobody."""
    reached = {DOCS / "README.md"}
    for _ in range(2):
        linked = {
            (page.parent / target).resolve()
            for page in reached
            for target in re.findall(r"\]\(([^)#\s]+\.md)", page.read_text(encoding="utf-8"))
        }
        reached |= {each for each in linked if each.exists()}

    assert [str(each) for each in DOCS.rglob("*.md") if each not in reached] == []
