"""What does the row of a cause tell: of whom, since when, what to do, and what each witness showed?"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from markupsafe import escape

from fixtures.house import HOSTILE, NOW, YESTERDAY, ZURICH, House
from fixtures.one_morning import at
from fixtures.our_script import our_script
from fixtures.page_read import causes, section, shown
from fixtures.remembered import due, remembered, row
from rollcall.evidence import Content, FileSeen, JobListed, NotSeen, RunSeen
from rollcall.history.rows import NOTHING, Chronicle, Row
from rollcall.morning.ending import Ending
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.page import render_board
from rollcall.report.recent_runs import began_at, last_good_at
from rollcall.terminal.summary import render_summary
from rollcall.times import show_instant
from rollcall.vocabulary import CauseCode, Verdict


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def nine(house: House) -> House:
    for number in range(1, 10):
        house.add(f"job_{number}", f"Job number {number}")
    return house


# Causes ---------------------------------------------------------------------------------------------------------


def test_one_cause_of_nine_jobs_is_one_row_with_the_jobs_inside(nine: House) -> None:
    nine.stops()

    page = render_board(nine.morning(), Ending())

    (cause,) = causes(page)
    assert shown(cause.partition("</summary>")[0]).endswith(
        "scheduler-stopped Scheduler aime 9 jobs pytest checks/ --restart-stopped"
    )
    assert page.count("no job of it will run") == 1
    assert page.count("<pre><code>pytest checks/ --restart-stopped</code></pre>") == 1
    assert "9 jobs of aime that this explains" in cause
    for number in range(1, 10):
        assert f"Job number {number} job_{number} Wed 11 Feb 06:00 CET nothing of its own" in shown(cause)


def test_the_worst_cause_is_open_and_the_others_are_folded(nine: House) -> None:
    nine.says("job_1", last_status="error")
    nine.says("job_2", last_execution=YESTERDAY)
    nine.server_at = NOW + timedelta(minutes=3)

    page = render_board(nine.morning(), Ending())

    found = [(each.startswith(" open>"), shown(each.partition("</span>")[0]).split()[-1]) for each in causes(page)]
    assert found == [(True, "clock-skew"), (False, "run-failed"), (False, "missed-run")]
    # To judge again is told once, and not under each cause.
    assert page.count("Then judge again:") == 1
    assert page.count("<code>pytest checks/</code>") == 1


def test_a_row_never_mixes_sentences_of_different_jobs(nine: House) -> None:
    """Of several jobs the row tells what such a cause means, and each job inside what was seen of it."""
    for number, word in ((1, "error"), (2, "failed"), (3, "error")):
        nine.says(f"job_{number}", last_status=word)
    morning = nine.morning()
    own = [str(escape(each.sentence)) for each in morning.job_causes.values() if each]

    (cause,) = causes(render_board(morning, Ending()))
    proof, _, inside = cause.partition("3 jobs with this cause")

    assert "<h3>Job number 1 and 2 more jobs</h3>" in proof
    assert CauseCode.RUN_FAILED.record.meaning in shown(proof)
    assert not [each for each in own if each in proof]
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', inside)
    assert [shown(each) for each in rows] == [
        f"Job number {number} job_{number} aime Wed 11 Feb 06:00 CET {sentence}"
        for number, sentence in enumerate(own, 1)
    ]
    assert len(set(own)) > 1


def test_a_row_says_whose_the_jobs_are(house: House) -> None:
    for number, owner in enumerate(["ops <b>", "data", "ops <b>", "web", "mail"]):
        house.add(f"job_{number}", extra=f"owner = '{owner}'")
        house.says(f"job_{number}", last_status="error")

    (cause,) = causes(render_board(house.morning(), Ending()))

    assert '<span class="rc-owner">ops &lt;b&gt;, data, web …</span>' in cause


def test_of_a_cause_of_hundreds_sixty_jobs_are_named_and_the_rest_counted(house: House) -> None:
    for number in range(200):
        house.add(f"job_{number}")
    house.stops()

    (cause,) = causes(render_board(house.morning(), Ending()))

    assert cause.count('<tr><th scope="row"><a href="#job-') == 60
    assert "… and 140 more, in the table of every job." in cause
    assert cause.count("The scheduler answered") == 3


def test_what_a_silent_scheduler_hides_is_apart_from_what_is_proved(nine: House) -> None:
    nine.add("haiku", "Haiku", output="out/haiku-*.md")
    nine.falls_silent()

    (cause,) = causes(render_board(nine.morning(), Ending()))

    inside = [shown(each) for each in re.findall(r'<tr><th scope="row"><a.*?</tr>', cause)]
    assert len(inside) == 10
    assert [each for each in inside if not each.endswith("nothing of its own")] == [
        each for each in inside if each.startswith("Haiku haiku ") and "no file" in each.lower()
    ]
    assert inside[-1].startswith("Haiku haiku ")


def test_causes_of_schedulers_come_first(nine: House) -> None:
    nine.says("job_1", last_status="error")
    nine.server_at = NOW + timedelta(minutes=3)

    codes = [each.cause.code for each in group_by_cause(nine.morning())]

    assert codes == [CauseCode.CLOCK_SKEW, CauseCode.RUN_FAILED]


def test_one_step_that_cures_several_jobs_is_told_once(nine: House) -> None:
    for number in range(1, 10):
        nine.says(f"job_{number}", next_run="2026-02-12T06:00:00+00:00")

    told = group_by_cause(nine.morning())

    assert [(each.cause.code, len(each.jobs)) for each in told] == [(CauseCode.WRONG_TIMEZONE, 9)]
    assert told[0].cause.next_step.endswith("or correct timezone of [jobs.job_1] (and the others) in jobs.toml")


def test_of_one_cause_each_job_has_its_own_command(nine: House) -> None:
    for job in ("job_2", "job_3"):
        nine.says(job, last_execution=YESTERDAY)

    (page,) = causes(render_board(nine.morning(), Ending()))

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


# Since when, and the last good run ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "since", "good"),
    [
        ([], 0, None),
        ([row(2), row(1)], 0, 1),
        ([row(3), row(2, Verdict.MISSED), row(1, Verdict.FAILED)], 2, 3),
        ([row(3, Verdict.MISSED), row(2), row(1, Verdict.PENDING)], 0, 2),
        ([row(2, Verdict.MISSED), row(1, Verdict.MISSED)], 2, None),
        ([row(4), row(3, Verdict.LATE), row(2, Verdict.UNKNOWN), row(1, Verdict.FAILED)], 3, 4),
        # Late, and nobody minds.
        ([row(3, Verdict.MISSED), replace(row(2, Verdict.LATE), needs_a_person=False), row(1, Verdict.MISSED)], 1, 2),
        # A day on which nobody looked may have been a good one.
        ([row(3, Verdict.MISSED), row(1, Verdict.MISSED)], 1, None),
        ([row(days, Verdict.MISSED) for days in range(9, 3, -1)], 0, None),
        # It reaches back further than the strip, up to a gap there too.
        ([row(days, Verdict.MISSED) for days in range(50, 0, -1)], 50, None),
        ([row(days, Verdict.MISSED) for days in range(50, 0, -1) if days != 41], 40, None),
    ],
)
def test_since_when_and_the_last_good_run(house: House, rows: list[Row], since: int, good: int | None) -> None:
    house.add("it")
    house.says("it", last_status="error")
    morning = house.morning()
    good_at = next((each.ran_at or each.due_at for each in rows if each.due_at == due(good or 0)), None)

    assert began_at(group_by_cause(morning)[0], remembered(rows)) == due(since)
    assert last_good_at(morning.jobs[0], rows) == good_at
    (page,) = causes(render_board(morning, Ending(), chronicle=remembered(rows)))
    lasts = shown(page.partition("</summary>")[0])
    assert f"since {show_instant(due(since), ZURICH)}" in lasts
    assert (f", day {since + 1}" in lasts.replace(" ,", ",")) == (since > 0)
    assert ("none on record" in page) == bool(rows and not good)


@pytest.mark.parametrize(
    ("change", "since", "told"),
    [
        # (a job that leaves no output, what is on record, what its page says)
        ({"last_execution": "2026-02-10T05:00:17"}, 0, "Last good run Tue 10 Feb 06:00:17 CET"),
        ({"last_execution": "2026-02-10T05:00:17", "last_status": "error"}, 2, "Last good run none on record"),
        ({"last_execution": "2026-02-10T09:00:17"}, 2, "Last good run none on record"),  # out of its time
    ],
)
def test_a_good_run_that_the_record_tells_of_ends_what_was_bad_before(
    house: House, change: dict[str, str], since: int, told: str
) -> None:
    house.add("it")
    house.says("it", next_run="2026-02-12T06:00:00+01:00", **change)
    morning = house.morning()
    rows = [row(2, Verdict.MISSED), row(1, Verdict.UNKNOWN, cause="scheduler-down")]

    assert began_at(group_by_cause(morning)[0], remembered(rows)) == due(since)
    assert told in shown(section(render_board(morning, Ending(), chronicle=remembered(rows)), "rc-needs"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("format = 'any'", "Last good run Tue 10 Feb 06:00:17 CET"),
        (
            "format = 'text'\nmust_contain = ['#']",
            "Last good run Mon 9 Feb 06:00:17 CET Last file before Tue 10 Feb 06:00:17 CET , not read",
        ),
    ],
)
def test_a_file_that_nobody_read_is_no_good_run_of_what_must_hold_something(
    house: House, words: str, told: str
) -> None:
    house.add("it", output="it-*.md")
    house.jobs = house.jobs.replace("format = 'any'", words)
    house.says("it", last_execution=YESTERDAY)
    house.files["it"] = ()
    rows = [row(2), replace(row(1), from_files=True)]

    page = section(render_board(house.morning(), Ending(), chronicle=remembered(rows)), "rc-needs")

    assert told in shown(page)


def test_the_day_is_one_of_the_calendar_across_a_clock_change(house: House) -> None:
    house.add("it")
    house.says("it", last_status="error", last_execution="2026-03-30T04:00:17", next_run="2026-03-31T06:00:00+02:00")
    now = at("2026-03-30T05:02:00+00:00")
    house.scheduler = None
    house.server_at = None
    days = ("2026-03-28T06:00:00+01:00", "2026-03-29T06:00:00+02:00")
    bad = [replace(row(0), due_at=at(each), verdict=Verdict.FAILED, needs_a_person=True) for each in days]

    page = render_board(house.morning(now=now), Ending(), chronicle=remembered(bad))

    assert "since Sat 28 Mar 06:00 CET , day 3" in shown(section(page, "rc-needs"))


def test_a_scheduler_lasts_as_long_as_its_own_cause(house: House) -> None:
    house.add("it")
    house.stops()
    rows = [row(3, Verdict.MISSED), *(row(days, Verdict.UNKNOWN, cause="scheduler-stopped") for days in (2, 1))]
    morning = house.morning()
    seen_at = due(2) + timedelta(hours=1)

    assert began_at(group_by_cause(morning)[0], remembered(rows)) == seen_at
    # The run due before may have been done: nothing tells since when the scheduler is stopped.
    assert began_at(group_by_cause(morning)[0], NOTHING) is None
    # It was stopped five days ago as well; nobody looked since.
    before = [row(5, Verdict.UNKNOWN, cause="scheduler-stopped")]
    assert began_at(group_by_cause(morning)[0], remembered(before)) is None


def test_the_worst_comes_first_and_of_these_the_newest(house: House) -> None:
    for job, words in {
        "old_miss": {"last_execution": YESTERDAY},
        "new_miss": {"last_execution": YESTERDAY},
        "failure": {"last_status": "error"},
    }.items():
        house.add(job)
        house.says(job, **words)
    old = tuple(replace(row(days, Verdict.MISSED), job_id="old_miss") for days in (3, 2, 1))

    page = render_board(house.morning(), Ending(), chronicle=Chronicle(rows={"old_miss": old}))

    # Two of one cause are one row; that of the newer began last.
    assert [re.findall(r'href="#job-(\w+)"', each) for each in causes(page)] == [[], ["old_miss", "new_miss"]]
    assert "<h3>failure</h3>" in causes(page)[0]


# Evidence -------------------------------------------------------------------------------------------------------------


def test_the_evidence_is_folded_below_its_cause(house: House) -> None:
    house.add("it", output="out/it-*.md")
    house.says("it", last_status="error")
    whole = Content(head="# Title\n" + "x" * 1992, tail="the <end>")
    house.files["it"] = (
        FileSeen(name="it-1.md", size=4_000, modified_at=due(0) + timedelta(seconds=16), content=whole),
    )

    page = render_board(house.morning(), Ending())
    found = re.search(r'<details class="rc-evidence"><summary>(.*?)</details>', page, re.DOTALL)

    assert found
    for told in ("&#34;last_status&#34;: &#34;error&#34;", "1 file matches", "06:00:16 CET     4.0 kB  it-1.md"):
        assert told in found[1]
    assert 'How it-1.md begins</h4><pre tabindex="0"># Title\nxxx' in found[1]
    assert '<pre tabindex="0">the &lt;end&gt;</pre>' in found[1]


def test_evidence_is_bounded_and_does_nothing(house: House) -> None:
    house.add("it", HOSTILE, output="out/*.md")
    house.listed["it"] = JobListed(id="it", name=HOSTILE * 100, next_run=HOSTILE)
    house.runs["it"] = RunSeen(job="it", ended=HOSTILE, word=HOSTILE)
    content = Content(head=(HOSTILE + "\x1b[31m\u202e") * 100, tail=HOSTILE * 100)
    house.files["it"] = tuple(
        FileSeen(name=f"{HOSTILE}{number}", size=1, modified_at=due(1), content=content) for number in range(500)
    )

    page = render_board(house.morning(), Ending(interruption=HOSTILE), chronicle=NOTHING, notes=[HOSTILE])

    assert len(page) < 100_000
    assert "<script" not in page.replace(our_script(), "")
    assert "<img" not in page
    assert not {"\x1b", "\u202e"} & set(page)


def test_warnings_beyond_what_is_shown_are_counted(house: House) -> None:
    for number in range(63):
        house.add(f"job_{number}", extra='late = "warn"')
        house.says(f"job_{number}", last_execution="2026-02-11T05:40:17")

    page = render_board(house.morning(), Ending())

    assert "and 3 more, in the table of every job" in section(page, "rc-warnings")
