"""What does the page as a whole say: its headline, that it is never more than the truth, and nothing that runs?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.house import HOSTILE, NOW, YESTERDAY, ZURICH, House
from fixtures.our_script import our_script
from fixtures.page_read import Read, band_of, causes, headline_of, shown
from fixtures.remembered import row
from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report import page as page_module
from rollcall.report.headline import title
from rollcall.report.page import as_document, cells, render_board, render_incomplete
from rollcall.terminal.summary import render_summary
from rollcall.vocabulary import Verdict

TEMPLATES = Path(page_module.__file__).parent / "templates"
BROKEN_OFF = Ending(interruption="<it> was interrupted")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def nine(house: House) -> House:
    for number in range(1, 10):
        house.add(f"job_{number}", f"Job number {number}")
    return house


# The verdict ----------------------------------------------------------------------------------------------------


def test_a_good_morning_says_all(nine: House) -> None:
    morning = nine.morning()

    page = render_board(morning, Ending())

    assert headline_of(page) == "All 9 jobs did their work"
    assert band_of(page) == Verdict.OK
    assert "Nothing needs attention" in shown(page)
    assert title(morning, Ending()) == "All 9 jobs did their work"
    assert render_summary(morning, Ending()) == ["All 9 jobs did their work (judged Wed 11 Feb 07:02 CET)"]


def test_one_of_nine_needs_attention(nine: House) -> None:
    nine.says("job_4", last_status="error")

    page = render_board(nine.morning(), Ending())

    assert headline_of(page) == "1 thing needs attention · 1 of 9 jobs"
    assert band_of(page) == Verdict.FAILED


def test_when_and_where_it_was_judged(nine: House) -> None:
    shown = Read(render_board(nine.morning(), Ending())).shown

    assert "Wed 11 Feb 2026, 07:02 CET" in shown
    assert "(Europe/Zurich). Looked at 1 scheduler and 9 jobs." in shown


@pytest.mark.parametrize("only", [["job_1"], ["job_1", "job_2", "job_3"], []])
def test_a_part_is_never_called_all(nine: House, only: list[str]) -> None:
    morning = nine.morning(only=only)

    for line in _last_word_on(morning, Ending()):
        assert line.startswith(f"{len(only)} of 9 jobs checked")
        assert "All" not in line
    assert band_of(render_board(morning, Ending())) != Verdict.OK


def test_an_incomplete_run_is_never_called_all(nine: House) -> None:
    morning = nine.morning()

    for line in _last_word_on(morning, BROKEN_OFF):
        assert line.startswith("INCOMPLETE: ")
        assert "All" not in line
    page = render_board(morning, Ending(interruption="it was interrupted by <Ctrl-C>"))
    assert headline_of(page) == "INCOMPLETE: it was interrupted by &lt;Ctrl-C&gt;"
    assert band_of(page) == Verdict.UNKNOWN


def test_an_incomplete_run_still_tells_what_it_found(nine: House) -> None:
    nine.says("job_4", last_status="error")

    line = title(nine.morning(), BROKEN_OFF)

    assert line == "INCOMPLETE: the run did not finish; so far, 1 thing needs attention"


def test_without_a_morning_the_title_is_incomplete() -> None:
    assert title(None, Ending()).startswith("INCOMPLETE")
    assert title(None, BROKEN_OFF).startswith("INCOMPLETE")


def test_a_check_that_no_finding_explains_is_no_good_morning(nine: House) -> None:
    mine = Ending(other_failures=("checks/test_mine.py::test_disk<b>",))

    page = render_board(nine.morning(), mine)

    assert headline_of(page) == "1 other check failed; by jobs.toml, all 9 jobs did their work"
    assert band_of(page) == Verdict.FAILED
    assert "checks/test_mine.py::test_disk&lt;b&gt;" in page
    assert title(nine.morning(), mine) == headline_of(page)


def test_what_needs_somebody_comes_before_the_checks_that_failed_beside(nine: House) -> None:
    nine.says("job_3", last_status="error")

    assert title(nine.morning(), Ending(other_failures=("a::b",))) == (
        "1 thing needs attention · 1 of 9 jobs; 1 other check failed"
    )


def test_another_file_than_the_usual_one_is_named(nine: House) -> None:
    usual, other = nine.morning(), replace(nine.morning(), jobs_file="../shop/<b>.toml")

    assert "and 9 jobs of <code>../shop/&lt;b&gt;.toml</code>." in render_board(other, Ending())
    assert "and 9 jobs." in render_board(usual, Ending())
    assert render_summary(other, Ending())[0] == (
        "All 9 jobs did their work (judged Wed 11 Feb 07:02 CET; ../shop/<b>.toml)"
    )


def test_jobs_that_never_were_due_did_no_work(house: House) -> None:
    house.add("old")
    house.add("new", extra="since = 2026-02-11T06:30:00+01:00")

    line = title(house.morning(), Ending())

    assert line == "1 of 2 jobs did their work; 1 pending"


def test_a_scheduler_that_needs_attention_is_told_though_its_jobs_do_not(nine: House) -> None:
    nine.server_at = NOW + timedelta(minutes=3)

    morning = nine.morning()

    assert title(morning, Ending()) == "1 thing needs attention · none of 9 jobs"
    assert "clock-skew" in Read(render_board(morning, Ending())).shown


def _last_word_on(morning: Morning, ending: Ending) -> list[str]:
    page = render_board(morning, ending)
    return [headline_of(page), title(morning, ending), render_summary(morning, ending)[0]]


def test_the_demo_says_so_everywhere(nine: House) -> None:
    morning = nine.morning(demo="This is the demo: nobody <slept>.")

    assert "This is the demo: nobody <slept>." in Read(render_board(morning, Ending())).shown
    assert title(morning, Ending()) == "demo: All 9 jobs did their work"
    assert render_summary(morning, Ending())[0].startswith("demo: ")


def test_a_run_inside_its_time_takes_nothing_from_the_one_before(house: House) -> None:
    house.add("daily")
    house.says("daily", last_execution=YESTERDAY, next_run="2026-02-12T06:00:00+01:00")

    morning = house.morning(now=NOW.replace(hour=6, minute=5))

    assert [each.verdict for each in morning.jobs] == [Verdict.PENDING]
    assert title(morning, Ending()) == "The one job did its work"
    assert "still inside its time" in Read(render_board(morning, Ending())).shown


# Text from outside ----------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_and_does_nothing(house: House) -> None:
    morning = house.hostile_morning()

    for page in (
        render_board(morning, Ending(interruption=HOSTILE, other_failures=(HOSTILE,))),
        render_incomplete(started_at=NOW, zone=ZURICH, demo=HOSTILE, because=HOSTILE),
        "".join(cell for judged in morning.jobs for cell in cells(judged, ZURICH)),
    ):
        found = Read(page.replace(our_script(), ""))
        assert not {"script", "img"} & set(found.elements)
        assert "onerror" in found.shown
        assert "\u202e" not in page


def test_only_our_style_and_script_are_written_as_they_are() -> None:
    texts = [each.read_text(encoding="utf-8") for each in TEMPLATES.glob("*.html")]

    assert {each.strip() for text in texts for each in re.findall(r"{{(.*?)\|\s*safe", text)} == {"style", "script"}
    assert not [text for text in texts if "autoescape" in text]


def test_whoever_draws_no_page_loads_no_templates() -> None:
    command = "import sys, rollcall.report.page, rollcall.commands.monitor; print('jinja2' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_titles_hold_no_text_from_outside(house: House) -> None:
    assert not set("<>&\"'") & set(title(house.hostile_morning(), Ending()))


# INCOMPLETE -----------------------------------------------------------------------------------------------------


def test_until_the_result_is_there_the_page_says_that_it_is_not() -> None:
    page = render_incomplete(started_at=NOW, zone=ZURICH)

    assert (
        "INCOMPLETE: the run that began Wed 11 Feb 07:02 CET did not finish; "
        "nothing on this page says that a job did its work." in Read(page).shown
    )
    assert page.startswith("<!DOCTYPE html>")
    assert "v-ok" not in page.partition("</style>")[2]


# The document -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "colour"),
    [
        (lambda house: None, "2a6b3c"),
        (lambda house: house.says("job_4", last_status="error"), "b3261e"),
    ],
)
def test_the_document_says_its_language_its_width_and_its_verdict_in_the_tab(
    nine: House, happens: Callable[[House], None], colour: str
) -> None:
    happens(nine)
    written = '<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset="utf-8"/>\n'

    page = as_document(written, nine.morning(), Ending())

    assert '<html lang="en">' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1"/>' in page
    assert re.search(rf'<link rel="icon" href="data:image/svg\+xml,[^"]*%23{colour}', page)


def test_every_job_has_an_anchor_and_every_link_a_target(nine: House) -> None:
    nine.says("job_4", last_status="error")

    page = Read(render_board(nine.morning(), Ending()))

    assert [each for each in page.ids if each.startswith("job-")] == [f"job-job_{number}" for number in range(1, 10)]
    assert {each.removeprefix("#") for each in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


# Size -------------------------------------------------------------------------------------------------------------

_GOOD_MONTH = tuple(row(days) for days in range(40, 0, -1))
_MONTH = tuple(row(days, Verdict.MISSED if days == 9 else Verdict.OK) for days in range(40, 0, -1))


def test_a_thousand_jobs_and_their_last_month_fit_on_the_page(house: House) -> None:
    for number in range(1000):
        house.add(f"job_number_{number}", f"A job with the number {number}", output=f"out/job-{number}-*.md")
        house.leaves(f"job_number_{number}", f"job-{number}-20260211-060016.md", size=900 if number % 100 else 0)
    morning = house.morning()

    rows = {each.job.id: _GOOD_MONTH if number % 100 else _MONTH for number, each in enumerate(morning.jobs)}
    page = render_board(morning, Ending(), chronicle=Chronicle(rows=rows))

    assert len(page.encode()) < 1_000_000
    assert len(Read(page).elements) < 15_000
    assert page.count('<tr id="job-') == 1000
    assert len(causes(page)) == 1


def test_a_thousand_that_all_failed_are_one_cause_and_each_still_says_what_to_do(house: House) -> None:
    for number in range(1000):
        house.add(f"job_number_{number}", f"A job with the number {number}")
        house.says(f"job_number_{number}", last_status="error")

    page = render_board(house.morning(), Ending())

    assert len(page.encode()) < 1_300_000
    assert len(causes(page)) == 1
    assert "… and 940 more, in morning.json." in shown(page)
    assert page.count('<tr id="job-') == 1000
