"""Does a path match the names that are meant, and say of each what it tells?"""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.naming.days import Days
from rollcall.naming.fields import FIELDS, Disagreement
from rollcall.naming.names import read_pattern
from rollcall.naming.stretch import Told

ZURICH = ZoneInfo("Europe/Zurich")
DAY = Days(year=2026, month=2, day=11)


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()[1:]]


def wall(text: str) -> datetime:
    """What a clock on the wall shows."""
    return datetime.fromisoformat(text)


def is_yes(cell: str) -> bool:
    return cell == "yes"


# What a path says ---------------------------------------------------------------------------------------------------

READ = """
path                      | root         | parts | prefix | folder | one | fields
out/latest.csv            | out          | 1     | latest.csv | no | yes | no
latest.csv                | .            | 1     | latest.csv | no | yes | no
./latest.csv              | .            | 1     | latest.csv | no | yes | no
out/*.csv                 | out          | 1     |        | no     | no  | no
/srv/x/a-?.md             | /srv/x       | 1     | a-     | no     | no  | no
/srv//x/./a-[0-9].md      | /srv/x       | 1     | a-     | no     | no  | no
/*.md                     | /            | 1     |        | no     | no  | no
~/b/%F/x-*.tar            | ~/b          | 2     | x-     | no     | no  | yes
%Y/%m/db-%F*.sql.gz       | .            | 3     | db-    | no     | no  | yes
../a/%Y/b/c.md            | ../a         | 3     | c.md   | no     | no  | yes
a/../b/*                  | a/../b       | 1     |        | no     | no  | no
100%%/5%%-*.md            | 100%         | 1     | 5%-    | no     | no  | no
a[1/b-*                   | a[1          | 1     | b-     | no     | no  | no
snaps/%Y-%m-%d/           | snaps        | 1     |        | yes    | no  | yes
snaps/newest/             | snaps        | 1     | newest | yes    | yes | no
*/*                       | .            | 2     |        | no     | no  | no
C:/out/%F.log             | C:/out       | 1     |        | no     | no  | yes
out/héhé-*                | out          | 1     | h      | no     | no  | no
"""


@pytest.mark.parametrize(("path", "root", "parts", "prefix", "folder", "one", "fields"), rows(READ))
def test_a_path_is_its_literal_folders_and_the_rest(
    path: str, root: str, parts: str, prefix: str, folder: str, one: str, fields: str
) -> None:
    pattern = read_pattern(path)

    assert (pattern.text, pattern.root, len(pattern.parts), pattern.prefix) == (path, root, int(parts), prefix)
    assert (pattern.is_folder, pattern.is_one, pattern.has_fields) == (is_yes(folder), is_yes(one), is_yes(fields))


def test_a_pattern_can_be_a_key() -> None:
    assert len({read_pattern("a/%F-*"), read_pattern("a/%F-*"), read_pattern("a/%F-?")}) == 2


NO_FILE = 'names no file. Write folder and file name, such as "data/export-*.json".'
FIELDS_ARE = (
    "Fields are %Y %y %m %d %j %H %M %S %I %p %f %s %a %A %b %B %G %V %u %w %z %F %T, "
    'and "%%" for "%".'
)  # fmt: skip
LANGUAGE = "which differs from language to language. Write digits, such as %Y%m%d or %H%M%S."
WEEK = "a week that is not an ISO week. Write %V, with %G for its year, or * where it stands."


@pytest.mark.parametrize(
    ("path", "mistake"),
    [
        ("", NO_FILE),
        ("/", NO_FILE),
        (".", NO_FILE),
        ("..", NO_FILE),
        ("a/.", NO_FILE),
        ("%Y/..", NO_FILE),
        ("../", NO_FILE),
        ("~", NO_FILE),
        ("~/", NO_FILE),
        ("%Y/../a.md", 'has ".." after a folder with wildcards. Write the folder itself.'),
        ("${DATA}/x.md", 'has "${", but variables are not read in a path. Write the path itself.'),
        ("a\0b", "holds a NUL character, which no path can. Take it out."),
        ("a/**/b.md", 'has "**", which is not supported. Write "*" for each folder, as in "*/*.md".'),
        ("a**", 'has "**", which is not supported. Write "*" for each folder, as in "*/*.md".'),
        ("[%d]", 'has a field within "[…]", which is one character. Write "[[]" for a bracket.'),
        ("x-%Z", "has %Z, a zone's name, which is not read as one. Write %z, or the name itself."),
        ("x-%c", f"has %c, {LANGUAGE}"),
        ("x-%x", f"has %x, {LANGUAGE}"),
        ("x-%X", f"has %X, {LANGUAGE}"),
        ("%Y-%U/x", f"has %U, {WEEK}"),
        ("%Y-%W/x", f"has %W, {WEEK}"),
        ("x-%Q.md", f'has "%Q", which is not a known field. {FIELDS_ARE}'),
        ("x-%-d.md", f'has "%-d", which is not a known field. {FIELDS_ARE}'),
        ("100% done", f'has "%", which is not a known field. {FIELDS_ARE}'),
        ("100%/x.md", 'has a "%" without a field. Write "%%" for a percent sign.'),
        ("x-%I%M", "has %I without %p, an hour that the clock shows twice a day. Write %I with %p, or %H."),
        ("x-%p", "has %p without %I: it says only which half of the day. Write %I with %p, or %H."),
    ],
)
def test_a_path_that_cannot_be_meant_is_refused_with_a_cure(path: str, mistake: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole message is compared
        read_pattern(path)

    assert str(refusal.value) == mistake


@given(st.text("%*?[]!/.~-abYdFTIp\0é", max_size=12))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        pattern = read_pattern(text)
    except ValueError as refusal:
        _assert_short_and_clean(refusal)
    else:
        name = pattern.named(wall("2026-02-11 06:00"))
        assert not pattern.is_one or pattern.told(name) == Told()


def _assert_short_and_clean(refusal: ValueError) -> None:
    assert len(str(refusal)) < 180
    assert str(refusal).isprintable()


# Which names match --------------------------------------------------------------------------------------------------

MATCHES = """
path              | name                     | matches | because
*.md              | a.md                     | yes     |
*.md              | a.MD                     | no      | case matters
*.md              | .a.md                    | no      | a leading dot
*.md              | .md                      | no      | a leading dot
?a.md             | .a.md                    | no      | a leading dot
[.]a.md           | .a.md                    | no      | a leading dot
[!b]a.md          | .a.md                    | no      | a leading dot
.*.md             | .a.md                    | yes     | a dot that is written
a*.md             | a.b.md                   | yes     | a dot inside
*/x               | .git/x                   | no      | a leading dot of a folder
*/x               | a/x                      | yes     |
*/x               | a/b/x                    | no      | deeper
*/x               | x                        | no      | not as deep
*                 | a/x                      | no      | deeper
a[1               | a[1                      | yes     | never closed, so it is text
a[]x]b            | a]b                      | yes     |
[[]%F] a.pdf      | [2026-02-11] a.pdf       | yes     |
[a-c%%]x          | %x                       | yes     |
db-%F*.gz         | db-2026-02-11.sql.gz     | yes     |
db-%F*.gz         | db-2026-2-11.sql.gz      | no      | strftime writes two digits
db-%F*.gz         | db-2026-02-11.sql        | no      |
%b.md             | FEB.md                   | yes     | words in any case
%B.md             | february.md              | yes     |
%b.md             | Févr.md                  | no      | English only
%Y/%m/x           | 2026/02/x                | yes     |
a*b*c*d           | aXbXcXd                  | yes     |
a*b*c*d           | aXcXbXd                  | no      |
ab*ba             | ab-ba                    | yes     |
ab*ba             | aba                      | no      | one letter is not both
x-%S-%%.md        | x-05-%.md                | yes     |
x-%S-%%.md        | x-0-%.md                 | no      |
"""


@pytest.mark.parametrize(("path", "name", "matches", "because"), rows(MATCHES))
def test_a_name_matches_or_not(path: str, name: str, matches: str, because: str) -> None:
    assert isinstance(read_pattern(path).told(name), Told) == is_yes(matches), because


PIECES = st.lists(
    st.sampled_from(["a", "b", "-", "*", "?", "[ab]", "[!a]", "[", "]", "!", "x*"]), min_size=1, max_size=6
)


@given(PIECES, st.text("ab-x[]!", min_size=1, max_size=8))
def test_without_fields_a_name_matches_as_a_shell_matches_it(pieces: list[str], name: str) -> None:
    text = "".join(pieces)
    if "**" not in text:
        assert (read_pattern(text).told(name) is not None) == fnmatchcase(name, text)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_the_two_ways_to_write_a_letter_are_one_name(form: str, written: str) -> None:
    pattern = read_pattern(normalize(written, "é/%Y/café-?.md"))  # type: ignore[arg-type]  # one of the four forms
    name = normalize(form, "café-é.md")  # type: ignore[arg-type]  # one of the four forms

    assert pattern.root == normalize(written, "é")  # type: ignore[arg-type]  # one of the four forms
    assert pattern.part_matches(1, name)
    assert pattern.told(f"2026/{name}") == Told(days=Days(year=2026))
    assert name.startswith(pattern.prefix)


def test_a_part_is_matched_by_itself() -> None:
    pattern = read_pattern("out/%Y/%m/db-*")

    assert [pattern.part_matches(0, name) for name in ("2026", "26", "1812", "a", ".git")] == [
        *(True, False, True, False, False)
    ]
    assert pattern.part_matches(2, "db-1")
    assert not pattern.part_matches(2, "bd-1")
    assert not pattern.part_matches(3, "db-1")


def test_a_name_of_many_near_misses_is_refused_at_once() -> None:
    assert read_pattern("*a*a*a*a*a*a*a*a*%d*b").told("a" * 255) is None


# What a name tells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name", "told"),
    [
        ("*", "x", Told()),
        ("%Y", "2026", Told(days=Days(year=2026))),
        ("%y", "68", Told(days=Days(year=2068))),
        ("%y", "70", Told(days=Days(year=1970))),
        ("%m", "02", Told(days=Days(month=2))),
        ("%d", "31", Told(days=Days(day=31))),
        ("%j", "366", Told(days=Days(day_of_year=366))),
        ("%H", "23", Told(hour=23)),
        ("%M", "59", Told(minute=59)),
        ("%S", "59", Told(second=59)),
        ("%I%p", "12AM", Told(hour=0)),
        ("%I%p", "12pm", Told(hour=12)),
        ("%p%I", "pm01", Told(hour=13)),
        ("%f", "5", Told(microsecond=500_000)),
        ("%f", "000005", Told(microsecond=5)),
        ("%s", "1770786017", Told(epoch=1_770_786_017)),
        ("%s%f", "1770786017000005", Told(epoch=1_770_786_017, microsecond=5)),
        ("*%s.md", "x1770786017.md", Told(epoch=1_770_786_017)),
        ("%a", "wed", Told(days=Days(weekday=3))),
        ("%A", "Sunday", Told(days=Days(weekday=7))),
        ("%b", "May", Told(days=Days(month=5))),
        ("%B", "DECEMBER", Told(days=Days(month=12))),
        ("%G-W%V", "2026-W07", Told(days=Days(iso_year=2026, iso_week=7))),
        ("%u", "7", Told(days=Days(weekday=7))),
        ("%w", "0", Told(days=Days(weekday=7))),
        ("%z", "+0130", Told(offset=90)),
        ("%z", "-03:30", Told(offset=-210)),
        ("%z", "Z", Told(offset=0)),
        ("%F", "2026-02-11", Told(days=DAY)),
        ("%T", "06:00:17", Told(hour=6, minute=0, second=17)),
        ("%%%d", "%11", Told(days=Days(day=11))),
        ("%Y/%m/db-%F*", "2026/02/db-2026-02-11.sql", Told(days=DAY)),
        ("%F %a %j", "2026-02-11 Wed 042", Told(days=Days(year=2026, month=2, day=11, weekday=3, day_of_year=42))),
        ("a*%Y%m%d*", "a12345678-20260211.csv", Told(days=DAY)),  # not what no date can be
        ("%Y-W%V", "2026-W53", Told(days=Days(year=2026, iso_week=53))),
        ("%Y-W%V", "2025-W01", Told(days=Days(year=2025, iso_week=1))),
        ("%F-%s", "2026-02-12-1770850800", Told(days=Days(year=2026, month=2, day=12), epoch=1_770_850_800)),
    ],
)
def test_each_field_is_told(path: str, name: str, told: Told) -> None:
    assert read_pattern(path).told(name) == told


@pytest.mark.parametrize(
    ("path", "name", "why"),
    [
        ("%Y%m%d", "20260231", "no day has year 2026, month 2 and day 31"),
        ("%m%d", "0231", "no day has month 2 and day 31"),
        ("%Y%m%d", "20260229", "no day has year 2026, month 2 and day 29"),
        ("%Y-%j", "2026-366", "no day has year 2026 and day of the year 366"),
        ("%a-%F", "Mon-2026-02-11", "no day has year 2026, month 2, day 11 and Mon"),
        ("%G-W%V", "2025-W53", "no day has ISO year 2025 and ISO week 53"),
        ("%F-W%V", "2026-02-11-W08", "no day has year 2026, month 2, day 11 and ISO week 8"),
        ("%V-%m", "30-01", "no day has month 1 and ISO week 30"),
        ("%Y/%m/db-%F", "2026/03/db-2026-02-11", "it says month 3 and month 2"),
        ("%a-%A", "Mon-Tuesday", "it says Mon and Tue"),
        ("%H-%I%p", "06-06PM", "it says hour 6 and hour 18"),
        ("%F-%s", "2026-02-13-1770786017", "it says 2026-02-11 in seconds since 1970, and another day"),
        ("%Y%m%d", "20261399", "%m cannot be 13"),
        ("%Y/x-*%H", "2026/x-24", "%H cannot be 24"),
        ("%Y%m%d", "00010101", "%Y cannot be 0001"),
        ("%Y", "3000", "%Y cannot be 3000"),
        ("%y", "69", "%y cannot be 69"),
        ("%G", "1969", "%G cannot be 1969"),
        ("%s", "1770786017000", "%s cannot be 1770786017000"),
        ("%z", "+2500", "%z cannot be +2500"),
    ],
)
def test_fields_that_cannot_all_be_true_are_a_disagreement(path: str, name: str, why: str) -> None:
    assert read_pattern(path).told(name) == Disagreement(why)


# Which folders are worth a look -------------------------------------------------------------------------------------

MAY_HOLD = """
path       | folders | since (UTC)         | may | because
%Y/%m/%d/* | 2026    | 2027-01-01 23:59:59 | yes | a day of slack, for the zone
%Y/%m/%d/* | 2026    | 2027-01-02 00:00:00 | no  |
%Y/%m/%d/* | 2026/02 | 2026-03-01 23:59:59 | yes |
%Y/%m/%d/* | 2026/02 | 2026-03-02 00:00:00 | no  |
%Y/%m/%d/* | 2026/02/11 | 2026-02-12 23:59:59 | yes |
%Y/%m/%d/* | 2026/02/11 | 2026-02-13 00:00:00 | no  |
%Y/%m/%d/* | 2027    | 2026-02-13 00:00:00 | yes | later
%G/%V/*    | 2026/07 | 2026-02-16 23:59:59 | yes | its Sunday is 15 February
%G/%V/*    | 2026/07 | 2026-02-17 00:00:00 | no  |
%Y/%V/*    | 2026/01 | 2026-01-06 00:00:00 | no  | its days are 1 to 4 January
%Y/%V/*    | 2025/01 | 2025-12-31 00:00:00 | yes | its days are in January and in December
%j-%y/*    | 042-26  | 2026-02-13 00:00:00 | no  |
%Y-%d/*    | 2026-31 | 2027-01-01 00:00:00 | yes | 31 December
%s/*       | 1770786017 | 2026-02-12 23:59:59 | yes |
%s/*       | 1770786017 | 2026-02-13 00:00:00 | no  |
%m/*       | 02      | 2026-12-31 00:00:00 | yes | of any year
%a/*       | Mon     | 2026-12-31 00:00:00 | yes | of any week
%H/*       | 06      | 2026-12-31 00:00:00 | yes | of any day
%Y-%I/%p/* | 2025-06 | 2026-12-31 00:00:00 | no  | half of a time of day
%p-%Y/%I/* | AM-2025 | 2026-12-31 00:00:00 | no  | half of a time of day
%p/%I/*    | AM      | 2026-12-31 00:00:00 | yes | half of a time of day
*/%Y/*     | x       | 2026-12-31 00:00:00 | yes | nothing told
*/%Y/*     | x/2025  | 2026-12-31 00:00:00 | no  |
%Y/%m/*    | 2025/13 | 2026-12-31 00:00:00 | yes | a disagreement is to be found
%Y/%m/*    | x       | 2026-12-31 00:00:00 | yes | no proof
*          |         | 2026-12-31 00:00:00 | yes | the root
"""


@pytest.mark.parametrize(("path", "folders", "since", "may", "because"), rows(MAY_HOLD))
def test_a_folder_is_left_aside_only_where_its_name_proves_it_old(
    path: str, folders: str, since: str, may: str, because: str
) -> None:
    names = tuple(filter(None, folders.split("/")))
    at = datetime.fromisoformat(since).replace(tzinfo=UTC)

    assert read_pattern(path).may_hold(names, at) == is_yes(may), because


WALLS = st.datetimes(wall("1970-01-01"), wall("2068-12-31 23:59:59.999999"))  # what %y can tell
ZONES = st.sampled_from([ZURICH, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago"), ZoneInfo("UTC")])


@given(WALLS, ZONES, st.sampled_from(["%F/*", "%Y-%m/*", "%G-W%V/*", "%y%j/*", "%Y/*", "%F%z/*"]))
def test_the_folder_of_a_run_may_hold_it(shown: datetime, zone: ZoneInfo, path: str) -> None:
    pattern = read_pattern(path)
    at = shown.replace(tzinfo=zone)

    assert pattern.may_hold((pattern.named(at).split("/")[0],), at)


# The name of a run --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("out/latest.csv", "latest.csv"),
        ("%Y/%m/db-%F*.sql.gz", "2026/02/db-2026-02-11*.sql.gz"),
        ("x/%d %B (%A), 5%%-[%%a]?.md", "11 February (Wednesday), 5%-[%a]?.md"),
        ("%G-W%V-%u %w %a %b %y %j", "2026-W07-3 3 Wed Feb 26 042"),
        ("%T.%f %I%p", "18:05:09.000000 06PM"),
        ("snaps/%F/", "2026-02-11"),
    ],
)
def test_a_run_gives_its_output_this_name(path: str, name: str) -> None:
    assert read_pattern(path).named(wall("2026-02-11 18:05:09")) == name


def test_a_wall_clock_does_not_tell_its_offset() -> None:
    pattern = read_pattern("%F%z-%s")
    shown = wall("2026-02-11 06:00:17")

    assert pattern.named(shown) == "2026-02-11*-*"
    assert pattern.named(shown.replace(tzinfo=ZURICH)) == "2026-02-11+0100-1770786017"


@pytest.mark.parametrize(
    "path",
    [
        "data/generate-haiku-%Y%m%d-%H%M%S-%f.md",
        "%Y/%m/db-%FT%T.%f*.sql.gz",
        "%G/W%V/%A %I%M%S%f%p",
        "%y%j/%H/%M/%S%f-*-[ab]?",
        "%a %d %b %Y/%s %z %f",
        "%B/%d%m%Y%u%w/%H.%M.%S.%f",
    ],
)
@given(shown=WALLS)
def test_the_name_of_a_run_tells_its_wall_clock(path: str, shown: datetime) -> None:
    pattern = read_pattern(path)
    at = shown.replace(tzinfo=UTC)
    told = pattern.told(pattern.named(at).replace("[ab]", "a"))

    assert isinstance(told, Told)
    assert told.stretch(ZoneInfo("UTC"), datetime(2020, 1, 1, tzinfo=UTC)) == (at, at)


def test_every_field_is_read_as_it_is_written() -> None:
    pattern = read_pattern(" ".join(f"%{code}" for code in FIELDS))
    told = pattern.told(pattern.named(datetime(2026, 2, 11, 18, 5, 9, 120_000, tzinfo=UTC)))

    assert told == Told(
        days=Days(year=2026, month=2, day=11, day_of_year=42, weekday=3, iso_year=2026, iso_week=7),
        hour=18,
        minute=5,
        second=9,
        microsecond=120_000,
        offset=0,
        epoch=1_770_833_109,
    )
