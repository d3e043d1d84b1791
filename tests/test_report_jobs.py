"""What is told of every job: on a tile, or in a row of a table where they are many?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.house import HOSTILE, YESTERDAY, House
from fixtures.one_morning import at
from fixtures.our_script import our_script
from fixtures.page_read import Read, causes, job, section, shown
from fixtures.remembered import due, row, rows_of
from rollcall.history.rows import Chronicle
from rollcall.morning.ending import Ending
from rollcall.report.headline import title
from rollcall.report.page import render_board
from rollcall.vocabulary import Verdict


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def nine(house: House) -> House:
    for number in range(1, 10):
        house.add(f"job_{number}", f"Job number {number}")
    return house


def test_a_tile_tells_due_run_lateness_and_output(house: House) -> None:
    house.add("haiku", "Haiku generation", output="out/haiku-*.md")
    house.leaves("haiku", "haiku-20260211-060016.md")

    shown = " ".join(Read(render_board(house.morning(), Ending())).shown.split())

    for told in (
        "ok Haiku generation haiku every day at 06:00 Due Wed 11 Feb 06:00 CET",
        "Ran 06:00:16 16 s after due",
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
    assert (code is None) or (code in Read(page).shown)


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

    assert causes(page) == []
    assert 'class="rc-word v-late"' in page
    assert "late, which is allowed" in page
    assert title(morning, Ending()) == "The one job did its work, late · 1 warning"


# Owner, runbook and logs ------------------------------------------------------------------------------------------

_LINKS = """
name = "nightly/export & co"
owner = "data <b>"
runbook = "https://wiki.example.org/{job}?name={name}"
logs = "journalctl -u {job} --since {due}"
"""


@pytest.mark.parametrize("status", ["success", "error"])
def test_owner_runbook_and_logs_are_filled_in(house: House, status: str) -> None:
    house.add("it", extra=_LINKS)
    house.says("it", last_status=status)

    page = render_board(house.morning(), Ending())

    for part in [job(page, "it"), *causes(page)]:
        assert '<a href="https://wiki.example.org/it?name=nightly%2Fexport%20%26%20co">Runbook</a>' in part
        assert "Logs: <code>journalctl -u it --since 2026-02-11T05:00:00Z</code>" in part
        assert "data &lt;b&gt;" in part


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "JavaScript:alert(1)//https://", "data:text/html,x", "ssh host tail {job}"]
)
def test_only_an_address_of_the_web_is_a_link(house: House, target: str) -> None:
    house.add("it", extra=f"runbook = '{target}'\nlogs = '{target}'")
    house.says("it", last_status="error")

    page = render_board(house.morning(), Ending())

    assert [each for each in Read(page).links if not each.startswith("#")] == []
    assert f"<code>{target.replace('{job}', 'it')}</code>" in page


# A table of many --------------------------------------------------------------------------------------------------


def _many(house: House, count: int) -> None:
    """So many jobs; one of them has no scheduler, three did not do their work."""
    for number in range(count - 1):
        house.add(f"job_{number:02}", f"Job {number:02}", extra="tags = ['nightly']\nowner = 'ops'")
    house.jobs += "[jobs.alone]\nschedule = '0 6 * * *'\nscheduler = ''\n[jobs.alone.output]\npath = 'out/*.md'\n"
    house.leaves("alone", "a.md")
    for number in (7, 19):
        house.says(f"job_{number:02}", last_status="error")
    house.says("job_11", last_execution=YESTERDAY)


def test_to_thirty_jobs_there_are_tiles_and_beyond_a_table(house: House) -> None:
    _many(house, 30)
    tiles = render_board(house.morning(), Ending())
    _many(more := House(house.folder), 31)
    table = render_board(more.morning(), Ending())

    assert (tiles.count('<li id="job-'), tiles.count('<tr id="job-')) == (30, 0)
    assert (table.count('<li id="job-'), table.count('<tr id="job-')) == (0, 31)
    assert len(Read(table).ids) == len(set(Read(table).ids))


def test_in_the_table_the_bad_come_first_and_the_others_are_folded_by_scheduler(house: House) -> None:
    _many(house, 40)

    page = section(render_board(house.morning(), Ending()), "rc-jobs")
    first, *folds = page.split('<details class="rc-fold">')

    assert re.findall(r'id="job-([^"]*)"', first) == ["job_07", "job_19", "job_11"]
    assert [shown(each.partition("</summary>")[0]) for each in folds] == ["aime: 36 ok", "Without a scheduler: 1 ok"]
    assert [each.count('<tr id="job-') for each in folds] == [36, 1]
    assert "37 ok, 1 missed, 2 failed" in shown(first)
    assert not re.search("<details[^>]* open", page)


def test_a_row_tells_since_when_what_ran_and_what_is_next(house: House) -> None:
    _many(house, 40)
    bad = [row(days, Verdict.FAILED, cause="run-failed") for days in (2, 1)]
    rows = {"job_07": rows_of("job_07", [row(3), *bad]), "job_00": rows_of("job_00", [row(days) for days in (3, 2, 1)])}
    page = render_board(house.morning(), Ending(), chronicle=Chronicle(rows=rows))

    found, good = job(page, "job_07"), job(page, "job_00")

    head, more = (shown(each) for each in found.split('<tr class="rc-more">'))
    assert head == "failed Job 07 run-failed ops aime 1/4 Mon 06:00 06:00 Thu 06:00"
    assert "Mon 9 Feb 06:00 CET" not in more
    assert "ended in error" in more
    assert "Schedule: every day at 06:00 (job_07)" in more
    assert f'<a href="#cause-{1}">What to do</a>' in found
    assert shown(good.split('<tr class="rc-more">')[0]) == "ok Job 00 ops aime 4/4 06:00 Thu 06:00"
    # What it is sorted by, in minutes: since when it is bad, when it ran, how long it took, how large, what is next.
    ran, following = (int(at(each).timestamp()) // 60 for each in ("2026-02-11T05:00:17Z", "2026-02-12T05:00:00Z"))
    assert f'data-k="{int(due(2).timestamp()) // 60} {ran} 0 0 {following}" data-w="nightly' in found
    assert f'data-k="0 {ran} 0 0 {following}"' in good


@pytest.mark.parametrize("silence", [House.stops, House.falls_silent])
def test_no_row_of_what_could_not_be_looked_at_is_ok(house: House, silence: Callable[[House], None]) -> None:
    for number in range(40):
        house.add(f"job_{number}")
    silence(house)

    page = section(render_board(house.morning(), Ending()), "rc-jobs")

    assert '<td class="v-ok"' not in page
    assert page.count('<td class="v-unknown"') == 40


def test_hostile_text_is_shown_in_a_table_too(house: House) -> None:
    for number in range(40):
        house.add(f"job_{number}", HOSTILE, extra=f"owner = {json.dumps(HOSTILE)}\ntags = [{json.dumps(HOSTILE)}]")
    for number in range(20):
        house.says(f"job_{number}", last_status=HOSTILE)

    page = render_board(house.morning(), Ending()).replace(our_script(), "")

    assert not {"script", "img"} & set(Read(page).elements)
    # In an attribute too: within quotes it is text, and outside of them there is none.
    assert "onerror" in page
    assert "onerror" not in re.sub(r'"[^"]*"', "", re.sub(r">[^<]*<", "><", page))
