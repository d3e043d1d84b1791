"""Are instants and spans read and written as people mean them?"""

import locale
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.clocks import FrozenNow
from rollcall.times import (
    LONGEST_SPAN,
    elapsed,
    parse_span,
    read_now,
    read_timestamp,
    show_date,
    show_instant,
    show_span,
    to_iso,
)

ZURICH = ZoneInfo("Europe/Zurich")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("24 h", timedelta(hours=24)),
        ("15 min", timedelta(minutes=15)),
        ("5 s", timedelta(seconds=5)),
        ("2 d", timedelta(days=2)),
        ("1 w", timedelta(weeks=1)),
        ("1 h 30 min", timedelta(minutes=90)),
        ("90min", timedelta(minutes=90)),
        ("1h30min", timedelta(minutes=90)),
        ("2 Hours", timedelta(hours=2)),
        ("10 sec", timedelta(seconds=10)),
        ("1.5 h", timedelta(minutes=90)),
        ("0.3 s", timedelta(milliseconds=300)),
        ("0 s", timedelta(0)),
        ("3653 d", LONGEST_SPAN),
    ],
)
def test_a_span_is_read_with_its_unit(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("30", 'no unit. Write "30 min" or "30 s".'),
        ("1 h 30", 'no unit. Write "30 min" or "30 s".'),
        ("5 m", '"m" could be minutes or months. Write "5 min".'),
        ("2 fortnights", 'unknown unit "fortnights". Units are s, min, h, d and w: write "2 min".'),
        ("-5 min", 'negative. Write a span of "0 s" or more.'),
        ("", 'empty. Write a number and a unit, such as "30 min" or "1 h 30 min".'),
        ("soon", 'not a span. Write a number and a unit, such as "30 min" or "1 h 30 min".'),
        ("1 h 2 hours", 'the same unit twice. Write a number and a unit, such as "30 min" or "1 h 30 min".'),
        ("3654 d", 'more than 10 years. Write a shorter span, such as "30 d".'),
        ("9" * 50 + " w", 'more than 10 years. Write a shorter span, such as "30 d".'),
    ],
)
def test_a_span_that_cannot_be_meant_is_refused_with_a_cure(text: str, mistake: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole message is compared
        parse_span(text)

    assert str(refusal.value) == mistake


@given(st.text(alphabet=st.sampled_from("0123456789.,- \t\0\nhmindswe²٣é"), max_size=200))
def test_no_text_makes_span_reading_fail_otherwise(text: str) -> None:
    try:
        span = parse_span(text)
    except ValueError as refusal:
        _assert_short_and_clean(refusal)
    else:
        assert timedelta(0) <= span <= LONGEST_SPAN


def _assert_short_and_clean(refusal: ValueError) -> None:
    assert len(str(refusal)) < 140
    assert str(refusal).isprintable()


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=30), "under 0.1 s"),
        (timedelta(milliseconds=399), "0.3 s"),
        (timedelta(seconds=1) - timedelta.resolution, "0.9 s"),
        (timedelta(seconds=17), "17 s"),
        (timedelta(minutes=1) - timedelta.resolution, "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(hours=2, minutes=48, seconds=59), "2 h 48 min"),
        (timedelta(hours=1, seconds=59), "1 h"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(days=1) - timedelta.resolution, "23 h 59 min"),
        (timedelta(days=400), "400 d"),
        (timedelta(hours=-2, minutes=-48), "-2 h 48 min"),
    ],
)
def test_a_span_is_shown_in_two_units_and_cut_never_rounded_up(span: timedelta, shown: str) -> None:
    assert show_span(span) == shown


@given(st.timedeltas(timedelta(seconds=1), LONGEST_SPAN))
def test_a_shown_span_reads_back_as_no_more_than_it_was(span: timedelta) -> None:
    read_back = parse_span(show_span(span))

    assert span / 2 < read_back <= span


@pytest.mark.parametrize(
    ("zone", "at", "shown"),
    [
        ("Europe/Zurich", "2026-02-11 05:00:17", "Wed 11 Feb 06:00:17 CET"),
        ("Europe/Zurich", "2026-08-01 05:00:00", "Sat 1 Aug 07:00:00 CEST"),
        # Spring: one second before and at the change.
        ("Europe/Zurich", "2026-03-29 00:59:59", "Sun 29 Mar 01:59:59 CET"),
        ("Europe/Zurich", "2026-03-29 01:00:00", "Sun 29 Mar 03:00:00 CEST"),
        # Autumn: 02:30 twice.
        ("Europe/Zurich", "2026-10-25 00:30:00", "Sun 25 Oct 02:30:00 CEST"),
        ("Europe/Zurich", "2026-10-25 01:30:00", "Sun 25 Oct 02:30:00 CET"),
        ("Asia/Kolkata", "2026-02-11 05:00:00", "Wed 11 Feb 10:30:00 IST"),
        ("Asia/Kathmandu", "2026-02-11 05:00:00", "Wed 11 Feb 10:45:00 UTC+05:45"),
        ("America/Sao_Paulo", "2026-02-11 05:00:00", "Wed 11 Feb 02:00:00 UTC-03"),
        ("Australia/Lord_Howe", "2026-07-01 05:00:00", "Wed 1 Jul 15:30:00 UTC+10:30"),
        ("UTC", "2026-02-11 05:00:00", "Wed 11 Feb 05:00:00 UTC"),
    ],
)
def test_an_instant_is_shown_as_the_zone_reads_it(zone: str, at: str, shown: str) -> None:
    assert show_instant(utc(at), ZoneInfo(zone), seconds=True) == shown


def test_an_instant_is_shown_without_seconds_and_a_date_with_its_year() -> None:
    at = utc("2026-02-11 05:00:17")

    assert show_instant(at, ZURICH) == "Wed 11 Feb 06:00 CET"
    assert show_date(at, ZURICH) == "Wed 11 Feb 2026"


def test_names_are_english_under_another_locale() -> None:
    before = locale.setlocale(locale.LC_TIME)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"):
        try:
            locale.setlocale(locale.LC_TIME, name)
        except locale.Error:
            continue
        break
    try:
        assert show_instant(utc("2026-05-13 04:00"), ZURICH) == "Wed 13 May 06:00 CEST"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def test_a_naive_instant_is_never_shown() -> None:
    naive = utc("2026-02-11 05:00").replace(tzinfo=None)

    for show in (show_instant, show_date, to_iso):
        with pytest.raises(ValueError, match="without an offset"):
            show(naive, ZURICH)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-02-11T06:00:17+01:00", "2026-02-11 05:00:17"),
        ("2026-02-11 06:00:17+0100", "2026-02-11 05:00:17"),
        ("2026-02-11T06:00:17+01", "2026-02-11 05:00:17"),
        ("2026-02-11T05:00:17Z", "2026-02-11 05:00:17"),
        ("2026-02-11 05:00:17 UTC", "2026-02-11 05:00:17"),
        ("20260211T050017Z", "2026-02-11 05:00:17"),
        ("2026-02-11T05:00Z", "2026-02-11 05:00:00"),
        ("2026-02-10T07:48:09.157479Z", "2026-02-10 07:48:09.157479"),
        ("2026-02-10T07:48:09.1Z", "2026-02-10 07:48:09.100000"),
        ("2026-02-10T07:48:09.123456789Z", "2026-02-10 07:48:09.123456"),
        ("2026-02-11T00:30:00+05:45", "2026-02-10 18:45:00"),
        ("2026-02-11T00:30:00-03:30", "2026-02-11 04:00:00"),
    ],
)
def test_a_timestamp_with_an_offset_is_an_instant(text: str, at: str) -> None:
    timestamp = read_timestamp(text)

    assert (timestamp.text, timestamp.at, timestamp.naive) == (text, utc(at), None)
    assert timestamp.in_zone(ZURICH) == utc(at)


@pytest.mark.parametrize(
    ("text", "fold", "in_zurich"),
    [
        ("2026-02-10T07:48:09.157479", 0, "2026-02-10 06:48:09.157479"),
        ("2026-07-10 07:48:09", 0, "2026-07-10 05:48:09"),
        # Spring skips 02:30: the offset from before the change counts.
        ("2026-03-29T01:59:59", 0, "2026-03-29 00:59:59"),
        ("2026-03-29T02:30:00", 0, "2026-03-29 01:30:00"),
        ("2026-03-29T03:00:00", 0, "2026-03-29 01:00:00"),
        # Autumn shows 02:30 twice: the first unless told.
        ("2026-10-25T02:30:00", 0, "2026-10-25 00:30:00"),
        ("2026-10-25T02:30:00", 1, "2026-10-25 01:30:00"),
        ("2026-10-25T03:00:00", 0, "2026-10-25 02:00:00"),
    ],
)
def test_a_timestamp_without_an_offset_is_read_in_the_zone_it_is_given(text: str, fold: int, in_zurich: str) -> None:
    timestamp = read_timestamp(text)

    assert timestamp.at is None
    assert timestamp.in_zone(ZURICH, fold=fold) == utc(in_zurich)
    assert timestamp.in_zone(ZoneInfo("UTC")) == utc(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-11",
        "2026-02-11T24:00:00",
        "2026-02-11T06:60:00",
        "2026-02-30T06:00:00",
        "2026-02-11T06:00:00+25:00",
        "2026-02-11T06:00:00+14:01",
        "2026-02-11T06:00:00+01:75",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "2026-02-11T06:00:00.1234567890",
        "2026-02-11T06:00:00\x00",
        "2026-02-11T06:00:00\n2026-02-11",
        "٢٠٢٦-02-11T06:00:00",
        "2" * 1_000_000,
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_a_timestamp_that_is_none_is_refused_in_one_short_clean_line(text: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the message is judged below
        read_timestamp(text)

    _assert_short_and_clean(refusal.value)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_an_instant_written_is_the_instant_read_back(at: datetime) -> None:
    instant = at.astimezone(UTC)

    assert read_timestamp(to_iso(instant)).at == instant


def test_iso_text_carries_the_offset_of_the_zone() -> None:
    assert to_iso(utc("2026-02-11 05:00:17"), ZURICH) == "2026-02-11T06:00:17+01:00"
    assert to_iso(utc("2026-10-25 00:30:00"), ZURICH) == "2026-10-25T02:30:00+02:00"
    assert to_iso(utc("2026-10-25 01:30:00"), ZURICH) == "2026-10-25T02:30:00+01:00"
    assert to_iso(utc("2026-02-11 05:00:17.5")) == "2026-02-11T05:00:17.500000+00:00"


def test_elapsed_time_is_real_across_a_clock_change() -> None:
    spring = (datetime(2026, 3, 29, 1, tzinfo=ZURICH), datetime(2026, 3, 29, 4, tzinfo=ZURICH))
    autumn = (datetime(2026, 10, 25, 1, tzinfo=ZURICH), datetime(2026, 10, 25, 4, tzinfo=ZURICH))

    assert elapsed(*spring) == timedelta(hours=2)
    assert elapsed(*autumn) == timedelta(hours=4)
    assert elapsed(*reversed(autumn)) == timedelta(hours=-4)


def test_now_is_the_frozen_instant_and_keeps_which_half_past_two_is_meant(frozen_now: FrozenNow) -> None:
    frozen_now.move_to(datetime(2026, 10, 25, 2, 30, tzinfo=ZURICH))
    assert show_instant(read_now(), ZURICH) == "Sun 25 Oct 02:30 CEST"

    frozen_now.shift(timedelta(hours=1))
    assert show_instant(read_now(), ZURICH) == "Sun 25 Oct 02:30 CET"
    assert read_now() == frozen_now.now() == utc("2026-10-25 01:30")
