"""Does what README and docs say to paste, type or follow work as it is written?"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from rollcall.cli import _parser
from rollcall.commands.run import USAGE
from rollcall.roll.load import load
from rollcall.run.options import OF_PYTEST
from rollcall.sinks import known_sinks, options_of

TOP = Path(__file__).parents[1]
DOCS = TOP / "docs"
PAGES = [*sorted(TOP.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
NAMES = [str(each.relative_to(TOP)) for each in PAGES]
# Their blocks are pieces to be pasted below others: test_docs_schedulers, _outputs and _fleet load them so.
PIECES = ("docs/outputs/", "docs/schedulers/", "docs/examples/", "docs/fleet.md", "docs/when-a-morning-is-red.md")
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
    """The command lines to be typed, without those that leave something out ("…")."""
    lines = "\n".join(blocks(page, "") + blocks(page, "sh")).splitlines()
    return [
        shlex.split(each, comments=True)[1:] for each in lines if each.startswith(f"{program} ") and "…" not in each
    ]


def mentions(text: str) -> list[tuple[str, set[str]]]:
    """The commands of rollcall that a sentence names, each with its options."""
    found = re.findall(r"`rollcall\s+([a-z][a-z-]*)([^`]*)`", text)
    return [(command, set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest))) for command, rest in found]


def of_rollcall() -> dict[str, set[str]]:
    """Every command, with every option that it takes."""
    parsers = getattr(_parser([]), "commands", {})
    found = {
        name: {each for action in parser._actions for each in action.option_strings} - {"-h", "--help"}
        for name, parser in parsers.items()
    }
    return found | {"run": set(re.findall(r"--[a-z][a-z-]*", USAGE)) - {"--help"}}


def of_pytest() -> set[str]:
    """Every option of ours that `pytest checks/` takes."""
    return {each.name for each in (*OF_PYTEST, *options_of(known_sinks(), by="pytest"))}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_line_is_one_that_rollcall_takes(page: Path) -> None:
    for arguments in commands(page, "rollcall"):
        if arguments[0] != "run":  # has words of its own, as in tests of the wrapper
            assert _parser(arguments).parse_args(arguments).command


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_that_a_sentence_names_is_there(page: Path) -> None:
    known = of_rollcall()
    wrong = [
        (command, options_named)
        for command, options_named in mentions(prose(page))
        if command not in known or options_named - known[command]
    ]

    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_option_of_pytest_is_one_that_it_takes(page: Path) -> None:
    inline = [each.split() for each in re.findall(r"`pytest (checks/[^`]*)`", prose(page))]
    typed = {
        word.partition("=")[0]
        for line in (*commands(page, "pytest"), *inline)
        for word in line
        if word.startswith("--")
    }

    assert typed <= of_pytest()


def test_the_reference_has_every_command_and_every_option() -> None:
    _, _, table = (DOCS / "reference.md").read_text(encoding="utf-8").partition("\n## `rollcall`\n")
    named: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (`.*?) \| ", table.replace("\\|", ", "), re.MULTILINE):
        command = ""
        for first, rest in re.findall(r"`([a-z-]+)([^`]*)`", row):
            # What is only an option is one more of the command before it.
            command = command if first.startswith("-") else first
            named.setdefault(command, set()).update(re.findall(r"(?<![\w-])--[a-z][a-z-]*", first + rest))
    # Said once, below the table, of all that have them.
    everywhere = {"--jobs-file", "--scheduler-url"}

    assert {name: each - everywhere for name, each in named.items()} == {
        name: each - everywhere for name, each in of_rollcall().items()
    }


# What jobs.toml may say everywhere; the keys of one kind alone are on its own page.
TABLES = (
    *("Job", "Pause", "Output", "Verify", "Place", "WindowTable"),
    *("ReportsTable", "HistoryTable", "AlertTable", "WatchTable"),
    *("json", "sql", "command", "Login", "Words", "AlivePart", "JobsPart", "RunsPart"),
)


def test_the_reference_has_every_key_of_jobs_toml() -> None:
    schema = json.loads((TOP / "jobs.schema.json").read_text(encoding="utf-8"))
    keys = {key for name in TABLES for key in schema["$defs"][name]["properties"]} | schema["properties"].keys()
    spans = " ".join(
        re.findall(r"`[^`\n]+`|^```.*?^```", (DOCS / "reference.md").read_text(encoding="utf-8"), re.M | re.DOTALL)
    )

    assert sorted(key for key in keys if not re.search(rf"(?<![\w-]){key}(?![\w-])", spans)) == []


def test_the_reference_has_every_option_of_pytest() -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    table = text.partition("\n## `pytest checks/`\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE)) == of_pytest()


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
