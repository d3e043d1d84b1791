"""Is the verdict really seen in a browser, and does nothing that a job is called run there?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

import pytest

from fixtures.house import HOSTILE, House
from rollcall.report.board import render_board

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# What a reader sees of the page inside a frame: the line is on top and not covered, nothing is cut off at the side.
_PROBE = """
const inside = document.querySelector("iframe").contentDocument, line = inside.querySelector(".rc h1 span");
const box = line.getBoundingClientRect(), tile = inside.querySelector(".rc-tiles > li").getBoundingClientRect();
const seen = {
  verdict: line.innerText,
  on_top: inside.elementFromPoint(box.left + 2, box.top + box.height / 2) === line && box.top < 400,
  tile: tile.height > 100 && tile.width > 250,
  fits: inside.documentElement.scrollWidth <= innerWidth,
  title: inside.title,
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
    frame = (
        f'<iframe sandbox="{sandbox}" srcdoc="{page}" style="position:fixed;inset:0;border:0;width:100%;height:100%">'
    )
    file = folder / "morning.html"
    file.write_text(
        f"<!DOCTYPE html><body>{frame}</iframe><script>onload = () => {{{_PROBE}}}</script></body>", encoding="utf-8"
    )
    dom = _dom(browser, file, folder / "profile", f"--window-size={width},1600")
    found = re.search("<title>(.*?)</title>", dom)
    assert found, dom[-2000:]
    seen: dict[str, object] = json.loads(unescape(found[1]))
    return seen


@pytest.mark.parametrize("width", [1280, 420])
def test_the_verdict_is_seen_and_no_title_runs(house: House, browser: str, tmp_path: Path, width: int) -> None:
    board = render_board(house.hostile_morning())

    seen = _look(browser, board, tmp_path, width=width, sandbox="allow-same-origin allow-scripts")

    assert seen == {"verdict": "3 of 4 jobs need you", "on_top": True, "tile": True, "fits": True, "title": "as it was"}


def test_the_probe_would_notice_a_script(house: House, browser: str, tmp_path: Path) -> None:
    board = render_board(house.hostile_morning()) + HOSTILE

    seen = _look(browser, board, tmp_path, width=1280, sandbox="allow-same-origin allow-scripts")

    assert seen["title"] == "taken"


def test_without_javascript_nothing_is_missing(house: House, browser: str, tmp_path: Path) -> None:
    board = render_board(house.hostile_morning()) + HOSTILE

    seen = _look(browser, board, tmp_path, width=1280, sandbox="allow-same-origin")

    assert seen == {"verdict": "3 of 4 jobs need you", "on_top": True, "tile": True, "fits": True, "title": "as it was"}
