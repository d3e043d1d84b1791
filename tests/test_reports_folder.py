"""Do reports belong to the jobs file that is judged?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fixtures.lived_in import lived_in
from rollcall.roll.reports import reports_folder


def test_two_jobs_files_beside_one_folder_of_checks_keep_their_pages(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        shutil.copy(tmp_path / "jobs.toml", tmp_path / "shop.toml")
        house.run()
        before = {each: each.read_bytes() for each in house.reports.iterdir()}
        house.scheduler.says["aime"]["wake"]["last_status"] = "error"
        run = house.run("--jobs-file", "shop.toml")

    assert run.status == 1
    assert {each: each.read_bytes() for each in before} == before
    assert {each.name for each in (house.reports / "shop").iterdir()} >= {"morning.html", "morning.json", "junit.xml"}


def test_a_jobs_file_says_where_they_go_also_where_it_is_bad(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        file = tmp_path / "jobs.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("[jobs.wake]", '[reports]\nfolder = "out of here"\n[jobs.wake]'), encoding="utf-8")
        good = house.run()
        page = tmp_path / "out of here" / "morning.html"
        well = page.read_text(encoding="utf-8")
        file.write_text(file.read_text(encoding="utf-8").replace("[jobs.write]", "[jobs.write]\nshcedule = 1"))
        bad = house.run()

    assert (good.status, bad.status) == (0, 4)
    assert "All 4 jobs did their work" in well
    assert "INCOMPLETE" in page.read_text(encoding="utf-8")
    assert f"page: {page}" in good.text
    assert not house.reports.exists()


FOLDERS = [
    ("jobs.toml", "", "reports"),
    ("shop.toml", "", "reports/shop"),
    ("jobs.toml", "[reports]\nfolder = 'there'\n", "there"),
    ("jobs.toml", "reports.folder = 'there'\n[jobs.a]\n", "there"),
    ("jobs.toml", "reports = { folder = '../there' }\n", "../there"),
    ("jobs.toml", "[jobs.a]\ntitle = 'folder'\n [ reports ] # mine\nfolder = \"there\"\n[watch]\n", "there"),
    ("shop.toml", "[reports]\nfolder = 'there'\nnot toml\n", "reports/shop"),
    ("shop.toml", "[reports]\nfolder = 3\n", "reports/shop"),
    ("shop.toml", "[reports]\nfolder = ''\n", "reports/shop"),
    ("jobs.toml", "[reports]\nfolder = 'there'\n[jobs.a]\nnot toml", "there"),
    ("jobs.toml", "[reports]\nfolder = '~nobody-of-that-name/x'\n", "~nobody-of-that-name/x"),
]


@pytest.mark.parametrize(("name", "text", "folder"), FOLDERS)
def test_which_folder(tmp_path: Path, name: str, text: str, folder: str) -> None:
    (tmp_path / name).write_text(text)

    assert reports_folder(tmp_path / name) == tmp_path / folder
