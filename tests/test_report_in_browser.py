"""Is the verdict really seen in a browser, and does nothing that a job is called run there?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from pathlib import Path

import pytest

from fixtures.house import HOSTILE, ZURICH, House
from rollcall.evidence import Content, FileSeen, SchedulerSeen
from rollcall.history.rows import Chronicle, PastMorning, Row
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board
from rollcall.vocabulary import Verdict

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# What a reader sees of the page inside a frame: the line is on top and not covered, nothing is cut off at the side.
_PROBE = """
const inside = document.querySelector("iframe").contentDocument, line = inside.querySelector(".rc h1 span");
const box = line.getBoundingClientRect(), tile = inside.querySelector(".rc-tiles > li").getBoundingClientRect();
const seen = {
  verdict: line.innerText,
  on_top: inside.elementFromPoint(box.left + 2, box.top + box.height / 2) === line && box.top < 400,
  tile: tile.height > 100 && tile.width > 250,
  fits: inside.documentElement.scrollWidth <= inside.defaultView.innerWidth,
  title: inside.title,
  sections: [...inside.querySelectorAll("h2")].map(heading => heading.id),
  age: inside.querySelector(".rc-age")?.innerText ?? "",
  old: inside.querySelectorAll(".rc-old").length,
  copies: inside.querySelectorAll(".rc-copy").length,
  commands: inside.querySelectorAll(".rc-do pre").length,
  strips: [...inside.querySelectorAll(".rc-strip svg")].map(strip => strip.getBoundingClientRect().width),
  newest_is_seen: [...inside.querySelectorAll(".rc-strip svg")].every(strip =>
    strip.lastChild.getBoundingClientRect().right <= strip.getBoundingClientRect().right + .5),
  lanes: [...inside.querySelectorAll(".rc-night li > svg")].every(lane => lane.getBoundingClientRect().width > 200),
  folded: [...inside.querySelectorAll(".rc-evidence")].map(each => {
    const before = each.getBoundingClientRect().height;
    each.open = true;
    return each.getBoundingClientRect().height > before + 100;
  }),
  fits_unfolded: inside.documentElement.scrollWidth <= inside.defaultView.innerWidth,
};
document.title = JSON.stringify(seen);
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on this machine: the page was not looked at in a browser")
    return found


def _dom(browser: str, page: Path, profile: Path, *options: str) -> str:
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
        *options,
        "--dump-dom",
        page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, check=True, timeout=60, encoding="utf-8").stdout


def _look(browser: str, board: str, folder: Path, *, width: int, sandbox: str) -> dict[str, object]:
    """What the probe saw of `board` in a frame with those permissions."""
    page = escape(f"<!DOCTYPE html><title>as it was</title><body>{board}</body>", quote=True)
    style = f"position:fixed;inset:0;border:0;width:{width}px;height:100%"
    frame = f'<iframe sandbox="{sandbox}" srcdoc="{page}" style="{style}">'
    file = folder / "morning.html"
    file.write_text(
        f"<!DOCTYPE html><body>{frame}</iframe><script>onload = () => {{{_PROBE}}}</script></body>", encoding="utf-8"
    )
    dom = _dom(browser, file, folder / "profile", "--window-size=1400,1600")
    found = re.search("<title>(.*?)</title>", dom)
    assert found, dom[-2000:]
    seen: dict[str, object] = json.loads(unescape(found[1]))
    return seen


_WELL = {
    "verdict": "3 things need attention · 3 of 4 jobs",
    "on_top": True,
    "tile": True,
    "fits": True,
    "title": "as it was",
}


def _part(seen: dict[str, object], of: dict[str, object]) -> dict[str, object]:
    return {name: seen[name] for name in of}


@pytest.mark.parametrize("width", [1280, 420])
def test_the_verdict_is_seen_and_no_title_runs(house: House, browser: str, tmp_path: Path, width: int) -> None:
    board = render_board(house.hostile_morning(), Ending())

    seen = _look(browser, board, tmp_path, width=width, sandbox="allow-same-origin allow-scripts")

    assert _part(seen, _WELL) == _WELL


def test_the_probe_would_notice_a_script(house: House, browser: str, tmp_path: Path) -> None:
    board = render_board(house.hostile_morning(), Ending()) + HOSTILE

    seen = _look(browser, board, tmp_path, width=1280, sandbox="allow-same-origin allow-scripts")

    assert seen["title"] == "taken"


def test_without_javascript_nothing_is_missing(house: House, browser: str, tmp_path: Path) -> None:
    board = render_board(house.hostile_morning(), Ending()) + HOSTILE

    seen = _look(browser, board, tmp_path, width=1280, sandbox="allow-same-origin")

    assert _part(seen, _WELL) == _WELL


def _whole_board(house: House) -> str:
    """A morning with something in every section, after a month of others, on the night when clocks went back."""
    now = datetime(2020, 10, 25, 7, 2, tzinfo=ZURICH)
    for number in range(3):
        house.add(
            f"job_{number}",
            f"Job number {number} with a name that is long enough to be cut",
            output=f"out/{number}-*.md",
        )
        house.says(f"job_{number}", last_execution="2020-10-25T05:00:17", next_run="2020-10-26T06:00:00+01:00")
        made_at = now.replace(hour=6, minute=0, second=16)
        content = Content(head="une feuille tombe " * 100)
        house.files[f"job_{number}"] = (
            FileSeen(name="generate-haiku-" * 9, size=812, modified_at=made_at, content=content),
        )
    house.says("job_1", last_status="error")
    house.server_at = None
    house.scheduler = SchedulerSeen(
        asked_at=now,
        answered_at=now,
        running=True,
        jobs=tuple(house.listed.values()),
        runs=tuple(house.runs.values()),
    )
    pause = 'paused = { until = 2020-10-20, reason = "the flat is being painted" }'
    house.jobs += f"[jobs.paused]\nschedule = '0 5 * * *'\n{pause}\n[jobs.paused.output]\npath = 'out/p-*.md'\n"
    rows = tuple(
        Row(job_id="job_1", due_at=due_at, verdict=Verdict.OK, ran_at=due_at, judged_at=due_at)
        for due_at in (now.replace(hour=6, minute=0) - timedelta(days=days) for days in range(40, 0, -1))
    )
    yesterday = PastMorning(
        judged_at=now - timedelta(days=1), verdict="ok", is_complete=True, declared=4, needing=0, by="pytest"
    )
    return render_board(
        house.morning(now=now), Ending(), chronicle=Chronicle(rows={"job_1": rows}, mornings=(yesterday,))
    )


@pytest.mark.parametrize("sandbox", ["allow-same-origin", "allow-same-origin allow-scripts"])
@pytest.mark.parametrize("width", [1280, 420, 284])
def test_every_part_is_seen_at_every_width_with_and_without_javascript(
    house: House, browser: str, tmp_path: Path, width: int, sandbox: str
) -> None:
    seen = _look(browser, _whole_board(house), tmp_path, width=width, sandbox=sandbox)

    assert seen["sections"] == ["rc-needs", "rc-jobs", "rc-night", "rc-changes", "rc-paused"]
    assert (seen["fits"], seen["fits_unfolded"], seen["lanes"]) == (True, True, True)
    assert isinstance(seen["strips"], list)
    assert all(strip == 240 if width > 300 else 100 < strip < 240 for strip in seen["strips"])
    assert seen["newest_is_seen"]
    assert isinstance(seen["folded"], list)
    assert seen["folded"]
    assert all(seen["folded"])
    if "scripts" in sandbox:
        assert re.fullmatch(r"This page is \d+ days old\. It says nothing about today: .*", str(seen["age"]))
        assert (seen["old"], seen["copies"]) == (1, seen["commands"])
    else:
        assert (seen["age"], seen["old"], seen["copies"]) == ("", 0, 0)


@pytest.mark.parametrize(
    ("hours", "age", "is_old"),
    [
        (0, "This page was judged just now.", False),
        (3, "This page is 3 hours old.", False),
        (23.9, "This page is 23 hours old.", False),
        (24.1, "This page is 1 day old. It says nothing about today: run the checks again.", True),
        (-30, "This page is from a time to come, by this clock.", True),
    ],
)
def test_a_page_older_than_a_day_says_so(
    house: House, browser: str, tmp_path: Path, hours: float, age: str, is_old: bool
) -> None:
    house.add("it")
    judged = datetime.now(UTC) - timedelta(hours=hours)
    board = re.sub(
        'data-judged="[^"]*"', f'data-judged="{judged.isoformat()}"', render_board(house.morning(), Ending())
    )

    seen = _look(browser, board, tmp_path, width=1280, sandbox="allow-same-origin allow-scripts")

    assert (seen["age"], seen["old"]) == (age, int(is_old))
