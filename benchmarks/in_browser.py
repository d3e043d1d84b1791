"""How long does a reader wait for the page in a real browser, of 1,000 and of 10,000 jobs?

The fastest of some loads, each in a window of its own: whatever else the machine does only slows one down.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

LOADS = 5
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_MEASURED = """() => {
  const [loaded] = performance.getEntriesByType("navigation"), [painted] = performance.getEntriesByName("first-paint");
  return [painted.startTime, loaded.loadEventEnd, document.querySelectorAll("*").length];
}"""
_IS_MEASURED = """() => performance.getEntriesByName("first-paint").length
  && performance.getEntriesByType("navigation")[0].loadEventEnd"""


def in_browser(folder: Path, boards: Sequence[str]) -> list[tuple[str, float, str]]:
    """First paint, load and elements of the page of 1,000 jobs, and load of that of 10,000."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        return []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        few, many = (_measured(browser, _page(folder, number, board)) for number, board in enumerate(boards))
        browser.close()
    return [
        ("page of 1,000 jobs in Chromium, seconds to the first paint", few[0] / 1000, "under 0.5"),
        ("the same, seconds until it is whole", few[1] / 1000, "under 1"),
        ("the same, elements", few[2], "under 15,000"),
        ("page of 10,000 jobs in Chromium, seconds until it is whole", many[1] / 1000, "under 2.5"),
    ]


def _page(folder: Path, number: int, board: str) -> Path:
    page = folder / f"page-{number}.html"
    page.write_text(f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>page</title><body>{board}')
    return page


def _measured(browser: Browser, page: Path) -> list[float]:
    """The least of each: milliseconds to the first paint and until it is loaded, and its elements."""
    loads: list[list[float]] = []
    for _ in range(LOADS):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        window = context.new_page()
        window.goto(page.as_uri())
        window.wait_for_function(_IS_MEASURED)
        loads.append(window.evaluate(_MEASURED))
        context.close()
    return [min(each) for each in zip(*loads, strict=True)]
