"""What does GitHub Actions show of a morning, and can a text from outside break out of it?

The Markdown is rendered by a parser that allows HTML, as GitHub's does: what was text must come out as text.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from fixtures.house import House
from fixtures.one_morning import morning
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.sinks.github import (
    MOST_BYTES,
    annotate_refusal,
    render_annotations,
    render_refusal,
    render_step_summary,
)

GOOD = morning().judged
LATE = morning(late="warn", has_output=False, last_execution="2026-02-11T05:59:00").judged

HOSTILE = [
    "<script>alert(1)</script>",
    "</code></pre><img src=x onerror=alert(1)>",
    "```\n# taken\n```",
    "`````` ` ``",
    "[click](http://evil.example)",
    "http://evil.example and www.evil.example",
    "![x](http://evil.example/x.png)",
    "a | b | c |\n|---|",
    "**bold** __bold__ ~~gone~~ _i_",
    "# heading\n\n- list\n\n> quote",
    "$x$ $$y$$ &lt; &#60;",
    "::error::taken\n::set-output name=x::y",
    "%0A::error::taken",
]


def rendered(markdown: str) -> str:
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown))


def taking_over(tmp_path: Path, text: str) -> Morning:
    """Every place that others write to holds that text; control characters do not come through jobs.toml."""
    house = House(tmp_path)
    plain = " ".join(text.split())
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    whose = f'owner = "{quoted}"\nrunbook = "see {quoted}"\nlogs = "https://logs.example.com/?a=1&copy;={quoted}"'
    house.add(plain, plain, output="out/*.md", extra=whose)
    house.leaves(plain, text, size=0)
    house.add("status", plain)
    house.says("status", last_status=text)
    return house.morning(demo=text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_comes_out_as_text(tmp_path: Path, text: str) -> None:
    plain = rendered(
        render_step_summary(
            taking_over(tmp_path, "harmless"), Ending(interruption="x", other_failures=("x",)), notes=["x"]
        )
    )
    told = taking_over(tmp_path, text)
    html = rendered(render_step_summary(told, Ending(interruption=text, other_failures=(text,)), notes=[text]))

    assert tags(html) == tags(plain)
    assert re.findall(r'href="(https://logs\.example\.com/\?a=1&amp;copy;=)', html)


def tags(html: str) -> list[str]:
    """Where a link of jobs.toml leads may differ, that it is one may not."""
    return [re.sub(r'href="https://logs\.example\.com/[^"]*"', "href", each) for each in re.findall(r"<[^>]*>", html)]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_refusal_is_one_heading_and_one_block_of_code(text: str) -> None:
    assert tags(rendered(render_refusal(text))) == ["<h2>", "</h2>", "<pre>", "<code>", "</code>", "</pre>"]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_annotation_is_one_command_a_line(tmp_path: Path, text: str) -> None:
    told = taking_over(tmp_path, text)
    lines = render_annotations(told, Ending(interruption=text, other_failures=(text,)))

    assert len(lines) == len({line for each in lines for line in each.splitlines()}) <= 10
    for line in [*lines, *annotate_refusal(text)]:
        command, title, message = parsed(line)
        assert (command, "\n" in title) == ("error", False)
        assert message


def parsed(line: str) -> tuple[str, str, str]:
    """The command as the runner reads it: https://github.com/actions/runner, ActionCommand.TryParseV2."""
    found = re.fullmatch(r"::(\w+) title=([^,:]*)::(.*)", line)
    assert found, line
    unescaped = [
        re.sub("%(25|0A|0D|3A|2C)", lambda each: bytes.fromhex(each[1]).decode(), part) for part in found.groups()
    ]
    return unescaped[0], unescaped[1], unescaped[2]


def test_an_annotation_tells_the_cause_and_the_next_step(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("bad")
    house.says("bad", last_status="error")
    [line] = render_annotations(house.morning(), Ending())
    command, title, message = parsed(line)

    assert (command, title) == ("error", "run-failed [bad]")
    assert re.fullmatch(r"Due Wed 11 Feb 06:00 CET, .*\.\ndo: .*`pytest checks/`", message)


def test_commands_can_be_copied_and_no_job_loses_its_own_step(tmp_path: Path) -> None:
    house = House(tmp_path)
    for name in ("dump", "rates"):
        links = 'runbook = "https://wiki.example.com/{job}"\nlogs = "/var/log/{job}.log"'
        house.add(name, extra=f'owner = "platform"\n{links}')
        house.says(name, last_status="error")
    html = rendered(render_step_summary(house.morning(), Ending()))
    [line] = render_annotations(house.morning(), Ending())
    blocks = [text.strip() for text in re.findall(r"<pre><code>(.*?)</code></pre>", html, re.DOTALL)]

    assert [each for each in blocks if "trigger" in each] == [
        f"curl -X POST http://localhost:8000/trigger/{name}" for name in ("dump", "rates")
    ]
    assert not [each for each in blocks if " the " in each]
    assert "Do for dump:" in html
    assert "Do for rates:" in html
    assert (
        '<li>dump: owner platform, <a href="https://wiki.example.com/dump">runbook</a>, logs /var/log/dump.log' in html
    )
    assert "trigger/dump" in parsed(line)[2]
    assert "trigger/rates" in parsed(line)[2]
    assert "\nowner: platform\n" in parsed(line)[2]


@pytest.mark.parametrize(
    ("told", "failures", "commands"),
    [(GOOD, (), []), (LATE, (), ["warning"]), (GOOD, ("checks/test_own.py::test_x",), ["error"])],
    ids=["well", "late, which is allowed", "another check failed"],
)
def test_what_is_annotated(told: Morning, failures: tuple[str, ...], commands: list[str]) -> None:
    lines = render_annotations(told, Ending(other_failures=failures))

    assert [parsed(line)[0] for line in lines] == commands


def many(tmp_path: Path, number: int, text: str) -> Morning:
    house = House(tmp_path)
    for index in range(number):
        house.add(f"job{index}", text)
        house.says(f"job{index}", last_status="error", last_execution="2026-02-11T05:00:17")
    return house.morning()


def test_it_is_bounded(tmp_path: Path) -> None:
    told = many(tmp_path, 600, "`|<" * 60)
    markdown = render_step_summary(told, Ending(other_failures=("`" * 900,) * 5000))
    lines = render_annotations(told, Ending())

    assert len(markdown.encode()) <= MOST_BYTES < 1024 * 1024
    assert "… and 400 more jobs." in markdown or "… and more, on the page." in markdown
    # One cause is one annotation, however many jobs it spoils.
    assert len(lines) == 1
    assert parsed(lines[0])[2].endswith("… and 570 more steps, on the page.")
    assert "… and 570 more steps, on the page and in morning.json." in markdown
    # What other commands of the step append must not fall into a block that was left open.
    assert "<h1>theirs</h1>" in rendered(markdown + "\n\n# theirs\n")
