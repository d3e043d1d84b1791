"""Is a text from outside harmless once it is cleaned, and still itself?"""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.text import clean, clean_block, clean_of_secrets, counted, listed, show_size, without_secrets

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("🎋 Génération de haïkus", "🎋 Génération de haïkus"),
        ("👩‍💻 works", "👩‍💻 works"),
        ("two\nlines", "two lines"),
        ("two\r\nlines", "two lines"),
        ("line\u2028separator", "line separator"),
        ("  many \t spaces  ", "many spaces"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a new window title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("bell\x07 null\0 delete\x7f", "bell null delete"),
        ("exe\u202efdp.gnp", "exefdp.gnp"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("private \ue000 use", "private use"),
        ("", ""),
    ],
)
def test_a_text_is_shown_on_one_line_without_what_steers_a_terminal(written: str, shown: str) -> None:
    assert clean(written) == shown


@given(ANY_TEXT, st.integers(min_value=1, max_value=250))
def test_whatever_is_written_is_bounded_on_one_line_and_encodable(text: str, limit: int) -> None:
    line = clean(text, limit)

    assert len(line) <= limit
    assert line.encode().decode() == line
    assert not {unicodedata.category(each) for each in line.replace("\u200d", "")} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    }
    assert "  " not in line


@given(ANY_TEXT, st.integers(min_value=1, max_value=250))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)


@given(ANY_TEXT, st.integers(min_value=1, max_value=250))
def test_a_block_keeps_its_lines_and_nothing_else_that_steers(text: str, limit: int) -> None:
    block = clean_block(text, limit)

    assert len(block) <= limit + 1
    assert not any(unicodedata.category(each) in ("Cc", "Cs") for each in block if each not in "\n\t")


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 10_000_000, 5) == "xxxx…"
    assert clean_block("x" * 10_000_000, 5) == "xxxxx…"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("you sent Bearer abc123", "you sent ${TOKEN}"),
        ("you sent abc123", "you sent ${BARE}"),
        ("abc123abc123", "${BARE}${BARE}"),
        ("nothing", "nothing"),
        ("abc\x00123", "${BARE}"),
        ("\x1b[1mabc\u200b123", "${BARE}"),
        ("x" * 195 + "abc123", "x" * 195 + "${BA…"),
    ],
)
def test_a_secret_is_shown_by_its_name_only(said: str, shown: str) -> None:
    secrets = {"abc123": "${BARE}", "Bearer abc123": "${TOKEN}", "": "never"}

    assert clean_of_secrets(said, secrets) == shown


def test_a_secret_that_begins_like_another_leaves_no_remainder() -> None:
    assert without_secrets("abc123", {"abc": "${SHORT}", "abc123": "${LONG}"}) == "${LONG}"


def test_the_name_of_a_secret_is_not_taken_for_another_secret() -> None:
    assert without_secrets("first", {"first": "${SECOND}", "SECOND": "${THIRD}"}) == "${SECOND}"


def test_a_secret_at_the_limit_is_not_cut_in_half() -> None:
    for length in range(180, 205):
        assert "secr" not in clean_of_secrets("x" * length + "secret-value", {"secret-value": "${S}"})


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefghij"), "a, b, c, d, e, f, g, h, … (10 in all)"),
    ],
)
def test_names_are_listed_for_people(names: list[str], said: str) -> None:
    assert listed(names) == said


def test_things_are_counted_for_people() -> None:
    assert [counted(0, "job"), counted(1, "job"), counted(1200, "job")] == ["0 jobs", "1 job", "1,200 jobs"]
    assert counted(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_449_999, "1.4 MB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (5_000_000_000, "5.0 GB"),
        (12 * 10**15, "12000 TB"),
    ],
)
def test_a_size_is_shown_as_file_managers_do(size: int, shown: str) -> None:
    assert show_size(size) == shown
