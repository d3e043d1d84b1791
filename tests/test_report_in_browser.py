"""Is the page that pytest-html writes seen, filtered and printed in a real browser, and does nothing run there?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fixtures.browser import look, open_all, violations
from fixtures.house import HOSTILE, NOW, ZURICH, House
from fixtures.lived_in import HOUSE, lived_in
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board, render_incomplete

REPLAYED = HOUSE / "fixtures" / "mornings" / "run-failed-beside-a-failure-by-hand"
# What each page is of; the runs are real.
RUNS = {
    "good": ["--demo"],
    "bad": ["--demo", "scheduler-stopped"],
    "fleet": ["--demo", "fleet-60"],
    "replay": ["--replay", str(REPLAYED), "--as-of="],
}
PAGES = [*RUNS, "incomplete"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each run, as a reader finds it."""
    kept = tmp_path_factory.mktemp("pages")
    with lived_in(tmp_path_factory.mktemp("house")) as living:
        for name, arguments in RUNS.items():
            run = living.run(*arguments)
            (kept / f"{name}.html").write_text(run.page, encoding="utf-8")
    waits = render_incomplete(started_at=NOW, zone=ZURICH, demo="a story", because=None)
    (kept / "incomplete.html").write_text(waits, encoding="utf-8")
    return {name: kept / f"{name}.html" for name in PAGES}


@pytest.fixture
def opened(browser: Browser) -> Iterator[list[Page]]:
    """The pages that a test looks at; closed after it."""
    seen: list[Page] = []
    yield seen
    for each in seen:
        each.context.close()


def _fits(seen: Page) -> bool:
    return bool(seen.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# For everybody --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_with_everything_opened_by_day_and_in_the_dark(
    browser: Browser, pages: dict[str, Path], opened: list[Page], name: str, width: int
) -> None:
    opened.append(seen := look(browser, pages[name], width=width))
    open_all(seen)
    # The table of checks is pytest-html's own, and the same on each: axe would take minutes for that of a fleet.
    leave_out = "#results-table" if name == "fleet" else ""
    assert violations(seen, leave_out=leave_out) == []
    # In the dark only the colours are others.
    seen.emulate_media(color_scheme="dark")
    assert violations(seen, leave_out=leave_out, rules=["color-contrast"]) == []
    assert _fits(seen)


def test_axe_would_notice(browser: Browser, pages: dict[str, Path], opened: list[Page]) -> None:
    opened.append(seen := look(browser, pages["incomplete"]))
    seen.evaluate(
        "document.querySelector('main p').style.color = '#ddd'; document.querySelector('main').role = 'nothing'"
    )

    assert {each.partition(":")[0] for each in violations(seen)} >= {"color-contrast", "aria-roles"}


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_everything_is_there_but_the_table_of_checks(
    browser: Browser, pages: dict[str, Path], opened: list[Page], name: str
) -> None:
    opened.append(seen := look(browser, pages[name], javascript=False))

    expect(seen.locator("h1").last).to_be_visible()
    if name == "incomplete":
        return
    # What is folded is there as text, and opens without a script.
    folded = seen.locator(".rc details > summary")
    for number in range(min(folded.count(), 6)):
        if folded.nth(number).is_visible():
            before = folded.nth(number).evaluate("each => each.parentElement.open")
            folded.nth(number).click(position={"x": 5, "y": 5})
            assert folded.nth(number).evaluate("each => each.parentElement.open") != before
    assert seen.locator(".rc-tools:visible, .rc-copy").count() == 0
    checks = seen.locator(".rc-checks")
    if not checks.evaluate("each => each.open"):
        checks.locator("summary").click()
    # Playwright passes over the text of this element.
    expect(checks.locator("noscript p")).to_be_visible()
    assert "needs JavaScript" in checks.locator("noscript p").evaluate("each => each.innerText")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_on_the_page_is_an_empty_box(
    browser: Browser, pages: dict[str, Path], opened: list[Page], name: str
) -> None:
    """As on a picture of the whole page: each thing that is shown has a height, and says or draws something."""
    opened.append(seen := look(browser, pages[name]))
    open_all(seen)

    empty = seen.evaluate(
        """() => [...document.querySelectorAll(
            ".rc summary, .rc section, .rc details, .rc .rc-chip, .rc-tiles > li, .rc .rc-night li, .rc header, .rc pre"
        )].filter(each => each.checkVisibility() && (each.getBoundingClientRect().height < 12
            || !each.textContent.trim())).map(each => each.outerHTML.slice(0, 200))"""
    )

    assert empty == []


def test_keyboard_alone_reaches_a_cause_and_opens_it(
    browser: Browser, pages: dict[str, Path], opened: list[Page]
) -> None:
    opened.append(seen := look(browser, pages["fleet"]))
    second = seen.locator("#cause-2")
    assert not second.evaluate("each => each.open")

    for _ in range(60):
        seen.keyboard.press("Tab")
        if seen.evaluate("document.activeElement.parentElement.id") == "cause-2":
            break
    seen.keyboard.press("Enter")

    assert second.evaluate("each => each.open")
    expect(second.locator(".rc-proof")).to_be_visible()


# What pytest-html wrote around it -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "title", "colour"),
    [
        ("good", "demo: All 9 jobs did their work", "2a6b3c"),
        ("bad", "demo: 1 thing needs attention · 9 of 9 jobs", "b3261e"),
        ("incomplete", "demo: INCOMPLETE: the run that began Wed 11 Feb 07:02 CET did not finish; ", "63489b"),
    ],
)
def test_the_tab_tells_the_verdict_and_the_address_nothing_that_nobody_asked_for(
    browser: Browser, pages: dict[str, Path], opened: list[Page], name: str, title: str, colour: str
) -> None:
    opened.append(seen := look(browser, pages[name]))

    assert seen.title().startswith(title)
    assert colour in (seen.locator("link[rel=icon]").get_attribute("href") or "")
    assert seen.evaluate("document.documentElement.lang") == "en"
    assert seen.url == pages[name].as_uri()


def test_the_table_of_checks_is_folded_below_and_sorts(
    browser: Browser, pages: dict[str, Path], opened: list[Page]
) -> None:
    opened.append(seen := look(browser, pages["bad"]))
    expect(seen.locator("#results-table")).not_to_be_visible()

    seen.locator(".rc-checks > summary").click()

    expect(seen.locator("#results-table")).to_be_visible()
    assert "Skipped" not in seen.locator(".rc-checks").inner_text()
    seen.locator("#results-table th[data-column-type=due]").click()
    dues = seen.locator("#results-table td.col-due").all_inner_texts()
    assert any(dues)


# Finding a job --------------------------------------------------------------------------------------------------------


def _rows(seen: Page) -> list[str]:
    return seen.locator(".rc-jobs tr[id]:visible a[href^='#job-']").all_inner_texts()


def test_the_filter_the_states_and_the_order_stand_in_the_address_and_come_back(
    browser: Browser, pages: dict[str, Path], opened: list[Page]
) -> None:
    opened.append(seen := look(browser, pages["fleet"]))
    bad = _rows(seen)
    tools = seen.locator(".rc-tools")
    said = tools.locator("output")

    tools.locator("input").fill("backup")
    found = _rows(seen)
    assert 0 < len(found) < 60
    assert re.fullmatch(rf"{len(found)} of 60 jobs", said.inner_text())
    assert seen.url.endswith("#?q=backup")

    tools.locator("input").fill("")
    assert (_rows(seen), said.inner_text()) == (bad, "")
    chip = tools.locator("button[data-state=ok]")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    good = _rows(seen)
    assert str(len(good)) in chip.inner_text()
    assert not set(good) & set(bad)

    seen.locator("th:visible button", has_text="Job").first.click()
    seen.locator("th:visible button", has_text="Job").first.click()
    expect(seen.locator("th:visible", has_text="Job").first).to_have_attribute("aria-sort", "descending")
    shown = _rows(seen)
    assert sorted(shown) == sorted(good)
    assert shown[0].lower() >= shown[-1].lower()

    opened.append(again := look(browser, pages["fleet"], at=seen.url.partition(".html")[2]))
    assert _rows(again) == shown


@pytest.mark.parametrize("javascript", [True, False])
def test_a_link_to_a_job_leads_to_its_row_opened(
    browser: Browser, pages: dict[str, Path], opened: list[Page], javascript: bool
) -> None:
    html = pages["fleet"].read_text(encoding="utf-8")
    bad_one, good_one = (
        re.findall(r'<tr id="(job-[^"]*)"', part)[0]
        for part in (html.partition('class="rc-fold"')[0], html.partition('class="rc-fold"')[2])
    )
    for name in (bad_one, good_one) if javascript else (bad_one,):
        opened.append(seen := look(browser, pages["fleet"], javascript=javascript, at=f"#{name}"))
        row = seen.locator(f"[id='{name}']")
        expect(row).to_be_in_viewport()
        expect(row.locator("xpath=following-sibling::tr[1]")).to_be_visible()
        assert seen.locator(".rc-more:visible").count() == 1


def test_a_command_is_copied_and_that_is_said_aloud(
    browser: Browser, pages: dict[str, Path], opened: list[Page]
) -> None:
    opened.append(seen := look(browser, pages["bad"]))
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = seen.locator("#cause-1 .rc-do pre").first

    block.get_by_role("button", name=re.compile("^Copy the command")).click()

    expect(seen.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert seen.evaluate("navigator.clipboard.readText()") == block.locator("code").inner_text()


# On paper, and of any age ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["good", "bad"])
def test_nine_jobs_are_printed_on_two_pages(
    browser: Browser, pages: dict[str, Path], opened: list[Page], name: str
) -> None:
    opened.append(seen := look(browser, pages[name]))

    printed = seen.pdf(format="A4")

    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 1 <= sheets <= 2


@pytest.mark.parametrize(
    ("hours", "age", "is_old"),
    [
        (0, "Judged just now.", False),
        (3.1, "This page is 3 hours old.", False),
        (23.9, "This page is 23 hours old.", False),
        (24.1, "This page is 1 day old. It says nothing about today: run the checks again.", True),
        (-30, "By this clock, this page is from the future.", True),
    ],
)
def test_a_page_older_than_a_day_says_so(
    browser: Browser, opened: list[Page], tmp_path: Path, hours: float, age: str, is_old: bool
) -> None:
    house = House(tmp_path)
    house.add("it")
    judged = datetime.now(UTC) - timedelta(hours=hours)
    board = re.sub(
        'data-judged="[^"]*"', f'data-judged="{judged.isoformat()}"', render_board(house.morning(), Ending())
    )
    opened.append(seen := look(browser, _written(tmp_path, board)))

    assert seen.locator(".rc-age").inner_text() == age
    assert seen.locator(".rc-old").count() == is_old


# Text from outside ----------------------------------------------------------------------------------------------------


def _written(folder: Path, board: str) -> Path:
    page = folder / "page.html"
    page.write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>as it was</title><body>{board}</body></html>',
        encoding="utf-8",
    )
    return page


@pytest.mark.parametrize("added", ["", HOSTILE])
def test_the_verdict_is_seen_and_no_title_runs(
    browser: Browser, opened: list[Page], tmp_path: Path, added: str
) -> None:
    """A second time with what would run, so that it would be noticed."""
    board = render_board(House(tmp_path).hostile_morning(), Ending())
    opened.append(seen := look(browser, _written(tmp_path, board + added), width=390))

    expect(seen.locator("h1")).to_have_text("3 things need attention · 3 of 4 jobs")
    expect(seen.locator("h1")).to_be_in_viewport()
    open_all(seen)
    assert _fits(seen)
    expect(seen).to_have_title("taken" if added else "as it was")


def test_clock_changes_are_drawn_and_nothing_is_cut_off_at_any_width(
    browser: Browser, opened: list[Page], tmp_path: Path
) -> None:
    """On the night on which clocks went back."""
    house = House(tmp_path)
    house.add("it", "A job with a name that is long enough to be cut " * 3)
    house.says("it", last_status="error", last_execution="2026-10-25T05:00:17", next_run="2026-10-26T06:00:00+01:00")
    house.server_at = None
    now = datetime(2026, 10, 25, 7, 2, tzinfo=ZURICH)
    page = _written(tmp_path, render_board(house.morning(now=now), Ending()))
    for width in (1280, 390, 284):
        opened.append(seen := look(browser, page, width=width))
        open_all(seen)

        expect(seen.locator(".rc-change")).to_contain_text("a second time")
        assert _fits(seen)
        assert seen.locator(".rc-night li > svg").first.evaluate("each => each.getBoundingClientRect().width") > 200


@pytest.mark.parametrize("javascript", [True, False])
def test_a_link_leads_to_its_job_whatever_its_id_is(
    browser: Browser, opened: list[Page], tmp_path: Path, javascript: bool
) -> None:
    house, odd = House(tmp_path), "a b/50%?is=ok#'x"
    for number in range(31):
        house.add(f"job_{number}")
    house.add(odd)
    house.says(odd, last_status="error")
    page = _written(tmp_path, render_board(house.morning(), Ending()))
    opened.append(seen := look(browser, page, javascript=javascript))
    problems: list[object] = []
    seen.on("pageerror", lambda problem: problems.append(problem))

    seen.locator(".rc-jobs a", has_text=odd).click()

    expect(seen.locator(f'[id="job-{odd}"] + .rc-more')).to_be_visible()
    if javascript:
        seen.goto(f"{page.as_uri()}#job-50%?by=size")
        expect(seen.locator(".rc-tools")).to_be_visible()
    assert problems == []


def _table(folder: Path) -> Path:
    """The page of 32 jobs, of which one left an empty file and one failed."""
    house = House(folder)
    for number in range(30):
        house.add(f"job_{number}")
    house.add("empty", output="out/*.md")
    house.leaves("empty", "a.md", size=0)
    house.add("broken")
    house.says("broken", last_status="error")
    return _written(folder, render_board(house.morning(), Ending()))


def test_each_state_shows_as_many_jobs_as_its_button_counts(
    browser: Browser, opened: list[Page], tmp_path: Path
) -> None:
    opened.append(seen := look(browser, _table(tmp_path)))

    for button in seen.locator(".rc-states button").all():
        button.click()
        count = button.inner_text().split()[-1]
        expect(seen.locator(".rc-tools output")).to_have_text(f"{count} of 32 jobs")
        expect(seen.locator(".rc-jobs tbody tr:not(.rc-more):visible")).to_have_count(int(count))
        button.click()


def test_a_filter_hides_on_a_phone_too_and_what_was_opened(
    browser: Browser, opened: list[Page], tmp_path: Path
) -> None:
    opened.append(seen := look(browser, _table(tmp_path), width=320, at="#job-broken"))
    expect(seen.locator(".rc-more:visible")).to_have_count(1)

    seen.locator(".rc-tools input").fill("job_7")

    expect(seen.locator(".rc-jobs tbody tr:visible")).to_have_count(1)
    assert _fits(seen)


def test_paper_says_that_jobs_are_left_out(browser: Browser, opened: list[Page], tmp_path: Path) -> None:
    opened.append(seen := look(browser, _table(tmp_path), at="#?is=ok"))

    seen.emulate_media(media="print")

    expect(seen.locator(".rc-tools output")).to_be_visible()


def test_a_link_shows_its_job_whatever_the_filter_leaves_out(
    browser: Browser, opened: list[Page], tmp_path: Path
) -> None:
    opened.append(seen := look(browser, _table(tmp_path), at="#job-broken?is=ok"))

    expect(seen.locator("[id='job-broken']")).to_be_visible()
    expect(seen.locator(".rc-tools output")).to_be_empty()
