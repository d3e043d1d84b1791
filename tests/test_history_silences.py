"""Is a silence kept, for as long as it was meant to last and not longer?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.one_morning import at
from rollcall.errors import BadInput
from rollcall.history.lines import from_lines, to_lines
from rollcall.history.reading import read_whole
from rollcall.history.rows import FILE, Silence, Silenced, Whole
from rollcall.history.silences import end_silence, read_silences, silence
from rollcall.history.store import Store
from rollcall.history.writing import merge

NOW = at("2026-02-11T07:02:00+01:00")
MOMENT = timedelta(microseconds=1)
HAIKU = Silence(
    subject=Silenced.JOB,
    name="haiku",
    until=at("2026-02-12T09:00:00+01:00"),
    reason="the disk is being replaced",
    by="alice@nas",
    made_at=NOW,
)


@pytest.mark.parametrize(
    "until",
    # The last two end in the hour that the clocks skip, and in the one that they show twice.
    ["2026-02-12T09:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-10-25T02:30:00+01:00"],
)
def test_a_silence_is_valid_until_it_ends(store: Store, until: str) -> None:
    made = replace(HAIKU, until=at(until))

    assert silence(store, made) is None
    assert read_silences(store, NOW) == (made,)
    assert read_silences(store, made.until - MOMENT) == (made,)
    assert read_silences(store, made.until) == ()


def test_each_subject_has_one_and_a_later_one_replaces_it(store: Store) -> None:
    of_tag = replace(HAIKU, subject=Silenced.TAG)
    later = replace(HAIKU, reason="and the next disk too", made_at=NOW + MOMENT)
    for each in (HAIKU, of_tag, later):
        assert silence(store, each) is None
    assert read_silences(store, NOW) == (later, of_tag)

    assert end_silence(store, Silenced.JOB, "haiku") is None
    assert end_silence(store, Silenced.JOB, "nobody") is None
    assert read_silences(store, NOW) == (of_tag,)


def test_a_new_one_replaces_one_that_was_made_by_a_clock_that_is_ahead(store: Store) -> None:
    silence(store, replace(HAIKU, made_at=NOW + timedelta(hours=1)))
    longer = replace(HAIKU, until=HAIKU.until + timedelta(days=1))

    assert silence(store, longer) is None
    assert read_silences(store, NOW) == (longer,)


def test_it_is_carried_elsewhere_and_the_later_one_stays(store: Store) -> None:
    later = replace(HAIKU, reason="longer", until=HAIKU.until + timedelta(days=1), made_at=NOW + MOMENT)
    silence(store, later)
    carried = from_lines(to_lines(Whole(silences=[HAIKU])), place="x")
    for _ in range(2):
        assert merge(store, carried) is None

    assert read_whole(store).silences == (later,)


def test_a_line_of_one_of_an_unknown_subject_is_refused() -> None:
    (line,) = to_lines(Whole(silences=[HAIKU]))
    with pytest.raises(BadInput, match="subject is none that is known: 'job', 'tag' or 'scheduler'"):
        from_lines([line.replace('"job"', '"song"')], place="x")


def test_where_nothing_can_be_read_nothing_is_silent(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("no database")

    assert read_silences(tmp_path / FILE, NOW) == ()
