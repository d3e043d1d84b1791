"""A page for each owner beside the one of all: what is on it, and is none ever yesterday's?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from fixtures.browser import look, open_all, violations
from fixtures.house import HOSTILE, House
from fixtures.listener import listener
from fixtures.lived_in import LivedIn, lived_in
from fixtures.page_read import Read, band_of, causes, headline_of, shown
from rollcall.history.rows import NOTHING
from rollcall.morning.ending import Ending
from rollcall.report.owners import MOST, file_name, owner_pages
from rollcall.report.page import render_board, render_owner

OWNERS = {"wake": "web", "write": "web", "export": "Data team"}
DATA = file_name("Data team")


def owned(house: LivedIn, owners: dict[str, str], *, by: str = '[reports]\nby = "owner"\n') -> None:
    """The jobs are those owners', and each is to have a page."""
    file = house.folder / "jobs.toml"
    lines = [each for each in file.read_text(encoding="utf-8").splitlines() if not each.startswith("owner = ")]
    text = "\n".join(lines).partition("[reports]")[0] + "\n"
    for job, owner in owners.items():
        text = text.replace(f"[jobs.{job}]\n", f'[jobs.{job}]\nowner = "{owner}"\n')
    file.write_text(text + by, encoding="utf-8")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LivedIn]:
    with lived_in(tmp_path) as house:
        owned(house, OWNERS)
        yield house


def page(house: LivedIn, file: str) -> str:
    return (house.reports / "owners" / file).read_text(encoding="utf-8")


def there(house: LivedIn) -> list[str]:
    return sorted(os.listdir(house.reports / "owners"))


def test_each_owner_has_a_page_of_their_jobs_and_of_the_scheduler_that_runs_them(house: LivedIn) -> None:
    house.scheduler.says["other"]["export"]["last_status"] = "error"
    run = house.run()

    assert there(house) == sorted(["web.html", DATA])
    assert {"owners/web.html", f"owners/{DATA}"} <= set(Read(run.page).links)
    web, data = page(house, "web.html"), page(house, DATA)
    assert (headline_of(web), band_of(web)) == ("All 2 jobs did their work", "ok")
    assert band_of(data) == "failed"
    assert "run-failed" in shown(causes(data)[0])
    assert (band_of(run.page), len(causes(run.page))) == ("failed", 1)
    assert "../morning.html" in Read(web).links
    assert 'id="job-export"' not in web
    assert 'id="job-write"' not in data
    assert "Every single check" not in web


def test_a_shared_schedulers_cause_is_on_the_page_of_each_whose_jobs_it_runs(house: LivedIn) -> None:
    owned(house, {"wake": "web", "write": "Data team", "export": "ops"})
    house.scheduler.stop("aime")
    house.run()

    for file, job, other in (("web.html", "wake", "write"), (DATA, "write", "wake")):
        told = causes(page(house, file))
        assert len(told) == 1
        assert "scheduler-stopped" in shown(told[0])
        assert (f"#job-{job}" in told[0], f"#job-{other}" in told[0]) == (True, False)
    assert band_of(page(house, "ops.html")) == "ok"


def test_no_page_stays_yesterdays(house: LivedIn) -> None:
    """Of an owner who has no job any more, of a part of a morning, of one that did not finish, and without `by`."""
    own = "<p>My own page of the owners.</p>"
    house.run()
    (house.reports / "owners" / "notes.html").write_text(own, encoding="utf-8")
    owned(house, {"wake": "web"})
    house.run()
    assert there(house) == ["notes.html", "web.html"]

    house.add_check("def test_it(:", "test_broken.py")
    house.run()
    assert headline_of(page(house, "web.html")).startswith("INCOMPLETE")
    (house.folder / "checks" / "test_broken.py").unlink()

    (house.folder / "jobs.toml").rename(house.folder / "away.toml")
    house.run()
    assert "jobs.toml: cannot be read" in shown(page(house, "web.html"))
    (house.folder / "away.toml").rename(house.folder / "jobs.toml")

    house.run()
    assert headline_of(page(house, "web.html")) == "The one job did its work"
    house.run("--owner", "web")
    assert there(house) == ["notes.html"]

    house.run()
    owned(house, {"wake": "web"}, by="")
    assert "owners/web.html" not in house.run().page
    assert there(house) == ["notes.html"]
    assert page(house, "notes.html") == own


def test_while_a_run_goes_on_no_page_says_that_a_job_did_its_work(house: LivedIn) -> None:
    """So that none does either where the run is killed."""
    house.run()
    reads = "from pathlib import Path\n\ndef test_it():\n    page = Path('reports/owners/web.html').read_text()\n"
    house.add_check(f"{reads}    Path('seen.html').write_text(page)\n")
    house.run()

    assert headline_of((house.folder / "seen.html").read_text(encoding="utf-8")).startswith("INCOMPLETE")
    assert headline_of(page(house, "web.html")) == "All 2 jobs did their work"


def test_a_message_leads_to_the_page_of_its_owner(house: LivedIn) -> None:
    with listener() as hook:
        told = f'[alert]\nwebhook = "{hook.url}/all"\n[alert.owners.web]\nwebhook = "{hook.url}/web"\n'
        owned(house, OWNERS, by=f'[reports]\nby = "owner"\n{told}')
        house.owes_nothing()
        house.scheduler.stop("aime")
        house.run("--as-of=")

        assert {each.path: Path(each.says["page"]).relative_to(house.reports) for each in hook.heard} == {
            "/all": Path("morning.html"),
            "/web": Path("owners/web.html"),
        }


def test_a_page_that_cannot_be_written_is_no_finished_run(house: LivedIn) -> None:
    (house.reports / "owners").mkdir(parents=True)
    (house.reports / "owners" / "web.html").write_text("my own", encoding="utf-8")
    run = house.run()

    assert run.status == 1
    assert "web.html cannot be written: something that Roll call did not write stands there" in run.text
    assert headline_of(run.page).startswith("INCOMPLETE")
    assert (there(house), page(house, "web.html")) == (["web.html"], "my own")


NAMES = {
    "dba": "dba.html",
    "Data team": "data-team-",
    "DATA TEAM": "data-team-",
    "../../etc/passwd": "etc-passwd-",
    "…": "owner-",
    "a" * 300: "a" * 60,
    HOSTILE: "script-document-title-taken",
}


def test_the_name_of_a_file_is_a_name_and_each_owners_own() -> None:
    files = [file_name(each) for each in NAMES]

    assert len({each.lower() for each in files}) == len(NAMES)
    for file, begins in zip(files, NAMES.values(), strict=True):
        assert file.startswith(begins)
        assert file.replace("-", "").removesuffix(".html").isalnum()
        assert len(file) < 80


def test_a_thousand_owners_have_a_bounded_number_of_pages(tmp_path: Path) -> None:
    house = House(tmp_path)
    for number in range(MOST + 5):
        house.add(f"job-{number}", extra=f'owner = "team-{number}"')
    morning = house.morning()
    roll = replace(house.roll(), has_owner_pages=True)
    pages = owner_pages(roll, morning, Ending())
    board = render_board(morning, Ending(), owners=pages, more_owners=len(roll.owners) - len(pages))

    assert len(pages) == MOST
    assert f"Pages of {MOST} owners" in board
    assert "5 owners more without a page" in shown(board)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A page whose owner and jobs want to take it over, and the page of all beside it."""
    house = House(tmp_path)
    house.add("good", HOSTILE, extra=f"owner = {_quoted(HOSTILE)}")
    house.add("late", extra=f"owner = {_quoted(HOSTILE)}")
    house.add("sync", extra='owner = "ops"')
    house.says("late", last_execution="2026-02-10T05:00:17")
    roll, morning = replace(house.roll(), has_owner_pages=True), house.morning()
    pages = owner_pages(roll, morning, Ending())
    (tmp_path / "owners").mkdir()
    for each in pages:
        (tmp_path / "owners" / each.file).write_text(render_owner(each, chronicle=NOTHING), encoding="utf-8")
    board = render_board(morning, Ending(), owners=pages)
    (tmp_path / "morning.html").write_text(f"<!DOCTYPE html><html lang=en><title>all</title>{board}", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_goes_from_the_page_of_all_to_their_own_and_back(browser: Browser, hostile: Path, width: int) -> None:
    seen = look(browser, hostile / "morning.html", width=width)
    try:
        with seen.expect_navigation():
            seen.get_by_role("list", name="Pages of the owners").get_by_role("link").first.click()
        assert seen.url.endswith(file_name(HOSTILE))
        assert seen.title().endswith("1 thing needs attention · 1 of 2 jobs")
        assert seen.title() != "taken"
        assert seen.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        open_all(seen)
        assert violations(seen) == []
        with seen.expect_navigation():
            seen.get_by_role("link", name="the page of all jobs").click()
        assert seen.url.endswith("/morning.html")
    finally:
        seen.context.close()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
