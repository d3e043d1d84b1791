"""Does what the pages of the kinds say to paste load, and is there a page for each kind, with the rights it needs?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rollcall.roll.kinds import kinds
from rollcall.roll.load import load

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(each for each in (DOCS / "schedulers").glob("*.md") if each.name != "README.md")
# What is asked where a table of one's own says: the reference has it. AIME is in the jobs.toml of this repository.
IN_THE_REFERENCE = {"json", "sql", "command", "aime"}
IDS = [page.stem for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_what_a_page_says_to_paste_loads(page: Path, tmp_path: Path) -> None:
    """The first block stands alone, and each that follows may be pasted below it."""
    first, *more = re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    file = tmp_path / "jobs.toml"
    for block in ("", *more):
        file.write_text(f'timezone = "Europe/Zurich"\n{first}\n{block}', encoding="utf-8")
        environment = dict.fromkeys(re.findall(r"\$\{(\w+)\}", first + block), "x")
        schedulers = load(file, environment=environment).schedulers

        assert {each.kind for each in schedulers} == {page.stem}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_page_leads_to_the_smallest_right_or_says_that_there_is_no_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    files = re.findall(r"\]\((\.\./\.\./deploy/permissions/[^)]+)\)", text)

    assert files or "There is no file to copy" in text
    assert [each for each in files if not (page.parent / each).is_file()] == []


def test_every_kind_has_a_page_and_a_line_in_the_table_of_kinds() -> None:
    table = (DOCS / "schedulers" / "README.md").read_text(encoding="utf-8")
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert [each for each in kinds() if each not in IN_THE_REFERENCE and f'"{each}"' not in pages] == []
    assert [each for each in kinds() if f"`{each}`" not in table] == []
