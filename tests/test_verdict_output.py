"""Is everything that a run left judged, and only what nobody writes any more?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import FOLDER, TEXT, Told, at, five_files, made, morning
from rollcall.evidence import Content, FileSeen, Flaw
from rollcall.verdict.findings import Check, Finding
from rollcall.vocabulary import CauseCode

ZURICH = ZoneInfo("Europe/Zurich")
SPRING, AUTUMN = (datetime(2026, month, day, 6, 0, 17, tzinfo=ZURICH) for month, day in ((3, 30), (10, 26)))
OLD = five_files("2026-02-10T06:00:17+01:00")
EMPTY = {"size": 0, "content": None}
PATH = "out/*-%Y%m%d.sql"
DAYS = ("2026-02-11", "2026-02-10", "2026-02-09", "2026-02-08")
CUT = Content(flaw=Flaw(CauseCode.TRUNCATED_OUTPUT, "does not read as json: it breaks off"))


def whole(told: Told) -> Finding:
    return next(each for each in told.job.findings if each.check == Check.OUTPUT_IS_WHOLE)


def dumps(day: str, *names: str, **of_one: dict[str, Any]) -> list[FileSeen]:
    """What a run leaves that dumps each database into a file of its own; newest first."""
    files = [
        made(f"{day}T06:00:{10 + 5 * number}+01:00", name=f"{name}-{day.replace('-', '')}.sql")
        for number, name in enumerate(names)
    ]
    changed = [replace(each, **of_one.get(each.name.partition("-")[0], {})) for each in files]
    return changed[::-1]


def dumped(today: list[FileSeen], *others: str, **words: Any) -> Told:
    earlier = [each for day in DAYS[1:] for each in dumps(day, *(others or ("auth", "shop", "wiki")))]
    return morning(files=[*today, *earlier], path=PATH, keeps=None, has_scheduler=False, **words)


# All files of a run ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["auth", "shop", "wiki"])
def test_each_file_of_a_run_is_judged(name: str) -> None:
    told = dumped(dumps(DAYS[0], "auth", "shop", "wiki", **{name: EMPTY}))

    assert (told.job.verdict, told.code) == ("bad-output", CauseCode.EMPTY_OUTPUT)
    assert f"its output {name}-20260211.sql is empty" in whole(told).because


@pytest.mark.parametrize(
    ("today", "says"),
    [
        (("auth", "wiki"), "2 files of 3: auth-20260211.sql and wiki-20260211.sql"),
        # As many as ever, and not all of those that were always there.
        (("auth", "new", "wiki"), "no shop-%Y%m%d.sql, as earlier runs did"),
    ],
)
def test_one_that_every_earlier_run_left_is_missed(today: tuple[str, ...], says: str) -> None:
    told = dumped(dumps(DAYS[0], *today))

    assert (told.job.verdict, told.code) == ("bad-output", CauseCode.INCOMPLETE_OUTPUT)
    assert whole(told).because.endswith(f"it left {says}")


def test_until_its_limit_more_may_come() -> None:
    told = dumped(dumps(DAYS[0], "auth", "wiki"), now="2026-02-11T06:20:00+01:00")

    assert told.job.verdict == "pending"


def test_another_kind_of_backup_on_one_day_is_no_missing_one() -> None:
    assert dumped(dumps(DAYS[0], "full"), "incremental").job.verdict == "ok"


def test_what_an_attempt_left_that_failed_is_not_held_against_the_one_that_did_its_work() -> None:
    """As few earlier runs as here show no rule: all files of the run would be judged."""
    files = [made("2026-02-11T06:10:17+01:00"), made("2026-02-11T06:00:17+01:00", "")]

    assert morning(files=[*files, OLD[0]], keeps=None).job.verdict == "bad-output"
    assert morning(files=[*files, *OLD[:3]], keeps=None).job.verdict == "ok"


@pytest.mark.parametrize(
    ("today", "broken"),
    [(("full", "incremental"), "full"), (("shop", "auth", "auth2"), "shop")],
    ids=["one more than ever", "a run by hand of another"],
)
def test_only_a_newer_one_of_its_own_name_takes_the_place_of_a_file(today: tuple[str, ...], broken: str) -> None:
    told = dumped(
        dumps(DAYS[0], *today, **{broken: EMPTY}), *(("incremental",) if broken == "full" else ("auth", "shop"))
    )

    assert (told.job.verdict, told.code) == ("bad-output", CauseCode.EMPTY_OUTPUT)


def test_each_file_must_be_other_than_its_own_of_the_run_before() -> None:
    again = Content(head=TEXT, sha256="1")
    words = {"auth": {"content": again}, "shop": {"content": Content(head=TEXT, sha256="2")}}
    before = {"auth": {"content": again}, "shop": {"content": Content(head=TEXT, sha256="3")}}
    files = [*dumps(DAYS[0], "auth", "shop", **words), *dumps(DAYS[1], "auth", "shop", **before)]
    told = morning(files=files, path=PATH, keeps=None, has_scheduler=False, must_change=True)

    assert told.code is CauseCode.DUPLICATE_OUTPUT
    assert "auth-20260211.sql" in whole(told).because


# What is still being written ------------------------------------------------------------------------------------------


def written(when: str, *, now: str, **words: Any) -> Told:
    """A morning on which today's file was last written then, without a scheduler that could call it whole."""
    of_file = words.pop("of_file", {})
    file = replace(made("2026-02-11T06:00:17+01:00", mtime=f"2026-02-11T{when}+01:00"), **of_file)
    return morning(files=[file, *OLD[:4]], now=f"2026-02-11T{now}+01:00", **({"has_scheduler": False} | words))


MARKED = {"content": Content(head=TEXT, marks_its_end=True, sha256="1")}


@pytest.mark.parametrize(
    ("when", "now", "words", "verdict"),
    [
        ("06:24:51", "06:25:00", {}, "pending"),
        ("06:24:50", "06:25:00", {}, "ok"),
        # What is only cut so far may become whole.
        ("06:24:51", "06:25:00", {"of_file": {"content": CUT}}, "pending"),
        ("06:24:50", "06:25:00", {"of_file": {"content": CUT}}, "bad-output"),
        # An end that half of it would lack calls it whole at once, and so does its record.
        ("06:24:51", "06:25:00", {"of_file": MARKED}, "ok"),
        ("06:00:17", "06:00:18", {"has_scheduler": True}, "ok"),
        # It grew while it was looked at.
        ("06:05:00", "06:24:59", {"of_file": {"grew": True}}, "pending"),
        ("06:05:00", "06:25:00", {"of_file": {"grew": True}}, "stuck"),
    ],
)
def test_what_is_still_being_written_is_neither_whole_nor_broken(
    when: str, now: str, words: dict[str, Any], verdict: str
) -> None:
    assert written(when, now=now, **words).job.verdict == verdict


def test_what_still_grows_past_its_time_is_not_called_done() -> None:
    told = written("06:40:00", now="06:40:30", of_file={"grew": True, "stamp_at": None})

    assert told.cause.code is CauseCode.STILL_RUNNING
    assert "it was done" not in told.cause.sentence


def test_an_end_that_must_be_there_calls_it_whole_at_once() -> None:
    content = Content(head=TEXT, has_end=True, sha256="1")
    young = {"now": "06:25:00", "ends_with": "fin"}

    assert written("06:24:51", **young, of_file={"content": content}).job.verdict == "ok"
    assert written("06:24:51", **young, of_file={"content": replace(content, has_end=False)}).job.verdict == "pending"


# How it ends, and how much it holds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words", "code"),
    [
        (Content(has_end=True), {"ends_with": "fin"}, None),
        (Content(has_end=False), {"ends_with": "fin"}, CauseCode.TRUNCATED_OUTPUT),
        (Content(has_end=None), {"ends_with": "fin"}, CauseCode.OUTPUT_UNREADABLE),
        (Content(last_line="2026-02-11 OK", last_line_fits=True), {"last_line": "OK$"}, None),
        (Content(last_line="2026-02-11 ERROR", last_line_fits=False), {"last_line": "OK$"}, CauseCode.TRUNCATED_OUTPUT),
        (Content(), {"last_line": "OK$"}, CauseCode.OUTPUT_UNREADABLE),
        (Content(rows=1), {"format": "csv", "min_rows": 1}, None),
        (Content(rows=0), {"format": "csv", "min_rows": 1}, CauseCode.EMPTY_OUTPUT),
        (Content(rows=9), {"format": "csv", "min_rows": 10}, CauseCode.TRUNCATED_OUTPUT),
        (Content(rows=0), {"format": "csv"}, None),
        (Content(unread="only its ends were read"), {"format": "csv"}, CauseCode.NOT_READ_THROUGH),
        (Content(unread="only its ends were read", has_end=True), {"ends_with": "fin"}, None),
        (Content(unread="only its ends were read"), {}, None),
    ],
)
def test_what_is_asked_of_the_content_is_held_against_it(
    content: Content, words: dict[str, Any], code: CauseCode | None
) -> None:
    file = made("2026-02-11T06:00:17+01:00", content=content)
    told = morning(files=[file, *OLD[:1]], must_contain=(), must_not_contain=(), must_change=False, **words)

    assert told.code == code


# What is usual --------------------------------------------------------------------------------------------------------


def sized(size: int, *earlier: int, **words: Any) -> Told:
    sizes = (size, *earlier)
    newest = at("2026-02-11T06:00:17+01:00")
    files = [replace(made((newest - timedelta(days=day)).isoformat()), size=each) for day, each in enumerate(sizes)]
    return morning(files=files, keeps=None, **words)


@pytest.mark.parametrize(
    ("size", "earlier", "code"),
    [
        (9_999, (100_000, 100_000, 100_000), CauseCode.SHRUNKEN_OUTPUT),
        (10_000, (100_000, 100_000, 100_000), None),
        # Fewer than three show nothing.
        (9_999, (100_000, 100_000), None),
        # One that was large once is no rule.
        (9_999, (20_000, 2_000_000, 20_000), None),
        # An empty one was no work.
        (9_999, (100_000, 0, 100_000, 100_000), CauseCode.SHRUNKEN_OUTPUT),
    ],
)
def test_what_is_far_smaller_than_usual_is_a_warning(
    size: int, earlier: tuple[int, ...], code: CauseCode | None
) -> None:
    told = sized(size, *earlier)

    assert (told.job.verdict, told.code, told.judged.needs_a_person) == ("ok", code, False)


def test_of_a_weekday_that_is_known_the_same_weekday_is_usual() -> None:
    """A full backup on Wednesdays, as is the 11th, and small ones on all other days."""
    weeks = [small for _ in range(3) for small in (*(1_000,) * 6, 100_000)]

    assert sized(50_000, *weeks).code is None
    assert sized(1_000, *weeks).code is CauseCode.SHRUNKEN_OUTPUT
    assert sized(1_000, *weeks[:14]).code is None


def test_a_part_of_what_is_usual_may_be_required() -> None:
    told = sized(49_999, 100_000, 100_000, 100_000, min_size="50 % of usual")

    assert (told.job.verdict, told.code) == ("bad-output", CauseCode.SHRUNKEN_OUTPUT)
    assert whole(told).because.endswith("50 % of the usual 100.0 kB, less than min_size = 50 % of usual")
    assert sized(50_000, 100_000, 100_000, 100_000, min_size="50 % of usual").code is None


@pytest.mark.parametrize("today", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_the_runs_of_days_on_which_clocks_change_are_each_one_run(today: datetime) -> None:
    files = [made((today - timedelta(days=day)).isoformat(), size=10_000 if day else 100) for day in range(5)]
    told = morning(
        now=(today + timedelta(hours=1)).isoformat(),
        files=files,
        keeps=None,
        has_scheduler=False,
        min_size="50 % of usual",
    )

    assert told.code is CauseCode.SHRUNKEN_OUTPUT


# What is looked at ----------------------------------------------------------------------------------------------------


def test_the_step_names_the_file_that_is_broken_and_not_the_newest() -> None:
    told = dumped(dumps(DAYS[0], "auth", "shop", "wiki", shop={"content": CUT}))

    assert "shop-20260211.sql" in told.cause.next_step
    assert "wiki" not in told.cause.next_step


@pytest.mark.parametrize(
    ("read_as", "looks"),
    [("gzip", "gzip -cd {} | tail"), ("csv in xz", "xz -cd {} | tail"), ("csv", "tail {}"), ("", "tail {}")],
)
def test_what_is_packed_is_unpacked_to_be_looked_at(read_as: str, looks: str) -> None:
    file = made("2026-02-11T06:00:17+01:00", content=replace(CUT, read_as=read_as))
    step = morning(files=[file, *OLD]).cause.next_step

    assert looks.format(f"{FOLDER}/{file.name}") in step
