"""What does a reader notice on the page, in the terminal and in the table?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import escape

from fixtures.house import HOSTILE, NOW, YESTERDAY, ZURICH, House
from fixtures.our_script import our_script
from rollcall.evidence import NotSeen
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report import page as page_module
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.headline import title
from rollcall.report.page import cells, headers, render_board, render_incomplete
from rollcall.terminal.summary import render_summary
from rollcall.vocabulary import CauseCode, Verdict

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


class _Page(HTMLParser):
    """The page as a reader without style or script has it: its text, its ids, its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown = ""
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[str] = []
        self._hidden = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if tag == "a" else []
        self._hidden = tag if tag in ("style", "script") else self._hidden

    def handle_endtag(self, tag: str) -> None:
        self._hidden = "" if tag == self._hidden else self._hidden

    def handle_data(self, data: str) -> None:
        self.shown += "" if self._hidden else f"{data} "


def _verdict_line(page: str) -> str:
    found = re.search(r"<h1 .*?<span>(.*?)</span></h1>", page)
    assert found
    return found[1]


# The verdict ----------------------------------------------------------------------------------------------------


def test_a_good_morning_says_all(nine: House) -> None:
    morning = nine.morning()

    assert _verdict_line(render_board(morning, Ending())) == "All 9 jobs did their work"
    assert title(morning, Ending()) == "All 9 jobs did their work"
    assert render_summary(morning, Ending()) == ["All 9 jobs did their work (judged Wed 11 Feb 07:02 CET)"]


def test_one_of_nine_needs_you(nine: House) -> None:
    nine.says("job_4", last_status="error")

    assert _verdict_line(render_board(nine.morning(), Ending())) == "1 thing needs attention · 1 of 9 jobs"


def test_when_and_where_it_was_judged(nine: House) -> None:
    shown = _Page(render_board(nine.morning(), Ending())).shown

    assert "Wed 11 Feb 2026, 07:02 CET" in shown
    assert "(Europe/Zurich). Looked at 1 scheduler and 9 jobs." in shown


@pytest.mark.parametrize("only", [["job_1"], ["job_1", "job_2", "job_3"], []])
def test_a_part_is_never_called_all(nine: House, only: list[str]) -> None:
    morning = nine.morning(only=only)

    for line in _last_word_on(morning, Ending()):
        assert line.startswith(f"{len(only)} of 9 jobs checked")
        assert "All" not in line
    assert '<h1 class="v-ok"' not in render_board(morning, Ending())


def test_an_incomplete_run_is_never_called_all(nine: House) -> None:
    morning = nine.morning()

    for line in _last_word_on(morning, BROKEN_OFF):
        assert line.startswith("INCOMPLETE: ")
        assert "All" not in line
    page = render_board(morning, Ending(interruption="it was interrupted by <Ctrl-C>"))
    assert _verdict_line(page) == "INCOMPLETE: it was interrupted by &lt;Ctrl-C&gt;"
    assert '<h1 class="v-ok"' not in page


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

    assert _verdict_line(page) == "1 other check failed; by jobs.toml, all 9 jobs did their work"
    assert '<h1 class="v-failed"' in page
    assert "checks/test_mine.py::test_disk&lt;b&gt;" in page
    assert title(nine.morning(), mine) == _verdict_line(page)


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


def test_a_scheduler_that_needs_you_is_told_though_its_jobs_do_not(nine: House) -> None:
    nine.server_at = NOW + timedelta(minutes=3)

    morning = nine.morning()

    assert title(morning, Ending()) == "1 thing needs attention · none of 9 jobs"
    assert "clock-skew" in _Page(render_board(morning, Ending())).shown


def _last_word_on(morning: Morning, ending: Ending) -> list[str]:
    page = render_board(morning, ending)
    return [_verdict_line(page), title(morning, ending), render_summary(morning, ending)[0]]


def test_the_demo_says_so_everywhere(nine: House) -> None:
    morning = nine.morning(demo="This is the demo: nobody <slept>.")

    assert "This is the demo: nobody <slept>." in _Page(render_board(morning, Ending())).shown
    assert title(morning, Ending()) == "demo: All 9 jobs did their work"
    assert render_summary(morning, Ending())[0].startswith("demo: ")


def test_a_run_inside_its_time_takes_nothing_from_the_one_before(house: House) -> None:
    house.add("daily")
    house.says("daily", last_execution=YESTERDAY, next_run="2026-02-12T06:00:00+01:00")

    morning = house.morning(now=NOW.replace(hour=6, minute=5))

    assert [each.verdict for each in morning.jobs] == [Verdict.PENDING]
    assert title(morning, Ending()) == "The one job did its work"
    assert "still inside its time" in _Page(render_board(morning, Ending())).shown


# Causes ---------------------------------------------------------------------------------------------------------


def test_one_cause_of_nine_jobs_is_one_card(nine: House) -> None:
    nine.stops()

    page = render_board(nine.morning(), Ending())

    assert page.count("<article") == 1
    assert page.count("no job of it will run") == 1
    assert page.count("<code>pytest checks/ --restart-stopped</code>") == 1
    assert "9 jobs cannot be vouched for" in _Page(page).shown


def test_what_a_silent_scheduler_hides_is_apart_from_what_is_proved(nine: House) -> None:
    nine.add("haiku", "Haiku", output="out/haiku-*.md")
    nine.falls_silent()

    page = _Page(render_board(nine.morning(), Ending())).shown

    assert "9 jobs cannot be vouched for" in page
    assert re.search(r"Haiku\s+: output exists", page)
    assert "no file matches" in page


def test_causes_of_schedulers_come_first(nine: House) -> None:
    nine.says("job_1", last_status="error")
    nine.server_at = NOW + timedelta(minutes=3)

    codes = [each.cause.code for each in group_by_cause(nine.morning())]

    assert codes == [CauseCode.CLOCK_SKEW, CauseCode.RUN_FAILED]


def test_one_step_that_mends_several_jobs_is_told_once(nine: House) -> None:
    for number in range(1, 10):
        nine.says(f"job_{number}", next_run="2026-02-12T06:00:00+00:00")

    told = group_by_cause(nine.morning())

    assert [(each.cause.code, len(each.jobs)) for each in told] == [(CauseCode.WRONG_TIMEZONE, 9)]
    assert told[0].cause.next_step.endswith("or correct timezone of [jobs.job_1] (and the others) in jobs.toml")


def test_of_one_cause_each_job_has_its_own_command(nine: House) -> None:
    for job in ("job_2", "job_3"):
        nine.says(job, last_execution=YESTERDAY)

    page = render_board(nine.morning(), Ending())

    assert page.count("<article") == 1
    for job in ("job_2", "job_3"):
        assert f"<code>curl -X POST http://localhost:8000/trigger/{job}</code>" in page


def test_expected_stands_against_seen(nine: House) -> None:
    nine.says("job_4", last_status="error")

    page = render_board(nine.morning(), Ending())

    assert '<td data-is="Expected">success</td><td data-is="Seen">error</td>' in page


def test_a_command_is_told_to_the_letter(house: House) -> None:
    """Two spaces are not one, and a folder's backtick does not end the command."""
    house.add("haiku", output="it's  `here`/haiku-*.md")
    house.files["haiku"] = NotSeen(code=CauseCode.OUTPUT_UNREADABLE, detail="no such folder", looked_at=NOW)
    morning = house.morning()

    commands = [
        command for command in re.findall("`([^`]*)`", group_by_cause(morning)[0].cause.next_step) if "ls" in command
    ]

    assert all("  " in command for command in commands)
    for command in commands:
        assert f"<code>{escape(command)}</code>" in render_board(morning, Ending())
        assert any(f"`{command}`" in line for line in render_summary(morning, Ending()))


# Tiles ----------------------------------------------------------------------------------------------------------


def test_every_job_has_an_anchor_and_every_link_a_target(nine: House) -> None:
    nine.says("job_4", last_status="error")

    page = _Page(render_board(nine.morning(), Ending()))

    assert [each for each in page.ids if each.startswith("job-")] == [f"job-job_{number}" for number in range(1, 10)]
    assert {each.removeprefix("#") for each in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_a_tile_tells_due_run_lateness_and_output(house: House) -> None:
    house.add("haiku", "Haiku generation", output="out/haiku-*.md")
    house.leaves("haiku", "haiku-20260211-060016.md")

    shown = " ".join(_Page(render_board(house.morning(), Ending())).shown.split())

    for told in (
        "ok Haiku generation haiku Schedule every day at 06:00 Due Wed 11 Feb 06:00 CET",
        "Ran Wed 11 Feb 06:00:16 CET 16 s after due",
        "Output haiku-20260211-060016.md 328 B",
        "Next Thu 12 Feb 06:00 CET",
    ):
        assert told in shown


def _late(house: House) -> None:
    house.says("it", last_execution="2026-02-11T05:48:17")


def _missed(house: House) -> None:
    house.says("it", last_execution=YESTERDAY)


def _failed(house: House) -> None:
    house.says("it", last_status="error")


def _empty(house: House) -> None:
    house.leaves("it", "it-1.md", size=0)


def _unreadable(house: House) -> None:
    house.says("it", last_execution="yesterday-ish")


def _fine(house: House) -> None:
    house.leaves("it", "it-1.md")


@pytest.mark.parametrize(
    ("happens", "verdict", "code"),
    [
        (_fine, Verdict.OK, None),
        (_late, Verdict.LATE, "ran-late"),
        (_missed, Verdict.MISSED, "missed-run"),
        (_failed, Verdict.FAILED, "run-failed"),
        (_empty, Verdict.BAD_OUTPUT, "empty-output"),
        (_unreadable, Verdict.UNKNOWN, "scheduler-error"),
    ],
)
def test_a_verdict_is_a_word_and_a_shape_and_not_only_a_colour(
    house: House, happens: Callable[[House], None], verdict: Verdict, code: str | None
) -> None:
    house.add("it", output="it-*.md" if happens in (_fine, _empty) else None)
    happens(house)
    morning = house.morning()

    page = render_board(morning, Ending())

    assert [each.verdict for each in morning.jobs] == [verdict]
    assert f'<use href="#rc-{verdict}"/></svg>{verdict.replace("-", " ")}</p>' in page
    assert f'<symbol id="rc-{verdict}"' in page
    assert (code is None) or (code in _Page(page).shown)


def test_no_two_verdicts_share_a_shape(nine: House) -> None:
    shapes = re.findall(r'<symbol id="rc-([a-z-]+)"[^>]*>(.*?)</symbol>', render_board(nine.morning(), Ending()))

    assert {name for name, _ in shapes} == {str(verdict) for verdict in Verdict}
    assert len({shape for _, shape in shapes}) == len(Verdict)


@pytest.mark.parametrize("silence", [House.stops, House.falls_silent])
def test_what_could_not_be_looked_at_is_never_shown_as_ok(nine: House, silence: Callable[[House], None]) -> None:
    silence(nine)

    page = render_board(nine.morning(), Ending())

    assert 'class="rc-word v-ok"' not in page
    assert page.count('class="rc-word v-unknown"') == 9
    assert "#rc-ok" not in page


def test_a_late_run_that_is_allowed_needs_nobody_and_is_still_told(house: House) -> None:
    house.add("haiku", extra='late = "warn"')
    house.says("haiku", last_execution="2026-02-11T05:48:17")

    morning = house.morning()
    page = render_board(morning, Ending())

    assert "<article" not in page
    assert 'class="rc-word v-late"' in page
    assert "late, which is allowed" in page
    assert title(morning, Ending()) == "The one job did its work, late · 1 warning"


# Text from outside ----------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_and_does_nothing(house: House) -> None:
    morning = house.hostile_morning()

    for page in (
        render_board(morning, Ending(interruption=HOSTILE, other_failures=(HOSTILE,))),
        render_incomplete(started_at=NOW, zone=ZURICH, demo=HOSTILE, because=HOSTILE),
        "".join(cell for judged in morning.jobs for cell in cells(judged, ZURICH)),
    ):
        found = _Page(page.replace(our_script(), ""))
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


def test_the_terminal_gets_no_control_characters(house: House) -> None:
    house.add("it", "\u202eIt")
    house.says("it", last_status="\x1b[31merror\x1b[0m\n\n")

    lines = render_summary(house.morning(demo="\x1b]0;taken\x07"), Ending(interruption="\x1b[2J"))

    assert all(line.isprintable() for line in lines)


# The terminal ---------------------------------------------------------------------------------------------------


def test_the_last_words_tell_one_cause_once(nine: House) -> None:
    nine.stops()

    assert render_summary(nine.morning(), Ending()) == [
        "1 thing needs attention · 9 of 9 jobs (judged Wed 11 Feb 07:02 CET)",
        "scheduler-stopped [aime]: Aime answers, but the scheduler is stopped: no job of it will run.",
        "  do: Start it: `pytest checks/ --restart-stopped`",
        "  also explains: job_1, job_2, job_3, job_4, job_5, job_6, … (9 in all)",
    ]


@pytest.mark.parametrize("broken", [0, 1, 6, 7, 60])
def test_the_last_words_are_few(house: House, broken: int) -> None:
    for number in range(60):
        house.add(f"job_{number}")
        if number < broken:
            house.says(f"job_{number}", last_status="error")

    lines = render_summary(house.morning(), Ending())

    told = sum(line.startswith("run-failed") for line in lines)
    assert len(lines) <= 13
    assert told == min(broken, 1)


# INCOMPLETE -----------------------------------------------------------------------------------------------------


def test_until_the_result_is_there_the_page_says_that_it_is_not() -> None:
    page = render_incomplete(started_at=NOW, zone=ZURICH)

    assert (
        "INCOMPLETE: the run that began Wed 11 Feb 07:02 CET did not finish; "
        "nothing on this page says that a job did its work." in _Page(page).shown
    )
    assert page.startswith("<!DOCTYPE html>")
    assert "v-ok" not in page.partition("</style>")[2]


# The table ------------------------------------------------------------------------------------------------------


def test_the_table_has_a_cell_for_each_header(house: House) -> None:
    house.add("haiku")
    names = re.findall(r'class="sortable" data-column-type="(\w+)"', "".join(headers()))

    for judged in (None, *house.morning().jobs):
        assert re.findall(r'<td class="col-(\w+)">', "".join(cells(judged, ZURICH))) == names


def test_checks_of_no_job_have_empty_cells() -> None:
    assert [re.sub("<[^>]*>", "", cell) for cell in cells(None, ZURICH)] == ["", "", "", ""]


def test_the_table_sorts_by_instant_and_by_length(house: House) -> None:
    """pytest-html compares the HTML in the cells as text: 9 s, 2 min and 10 h must not come out as 10, 2, 9."""
    seen = {"early": -5, "soon": 9, "later": 120, "much_later": 35_999, "next_day": 80_000}
    for name, seconds in seen.items():
        house.add(name)
        ran_at = NOW.replace(hour=6, minute=0) - timedelta(days=1) + timedelta(seconds=seconds)
        house.says(name, last_execution=f"{ran_at.astimezone(ZURICH).isoformat()}")
    morning = house.morning(now=NOW - timedelta(hours=1, minutes=10))

    rows = {judged.job.id: cells(judged, ZURICH) for judged in morning.jobs}
    for column in (2, 3):
        keys = {name: _sort_key(row[column]) for name, row in rows.items()}
        assert sorted(keys, key=keys.__getitem__) == list(seen)


def _sort_key(cell: str) -> str:
    """What pytest-html 4.2 sorts by: `basereport._hydrate_data`."""
    found = re.search(r"<td.*?>(.*?)</td>", cell)
    assert found
    return found[1]
