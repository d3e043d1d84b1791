"""Which rows does a query find, when was each made, and how many rows does it speak of?

The same query of one database is asked once however many outputs share it, in one transaction that cannot write.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from rollcall.evidence import CannotLook, Content, FileSeen, Flaw
from rollcall.outputs.expressions import held
from rollcall.outputs.listing import COMPARED_FOR, Key, Listed, Matches, Source, Wanted
from rollcall.outputs.timed import Timed
from rollcall.roll.output import Output
from rollcall.roll.secrets import Secrets
from rollcall.sources.database import MOST_ROWS, Database
from rollcall.sources.no_answer import NoAnswer, Why
from rollcall.sources.numbers import count_of
from rollcall.text import clean, clean_block
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

_SHOWN = 2_000
_EMPTY = Flaw(CauseCode.EMPTY_OUTPUT, "has no rows (rows = 0)")
_CODES = {
    Why.DOWN: CauseCode.PLACE_DOWN,
    Why.DENIED: CauseCode.ACCESS_DENIED,
}
UNREADABLE = CauseCode.OUTPUT_UNREADABLE


def _plain(value: Any) -> float | str:
    """What JSON has no word for: a NUMERIC is a number, all else is written out."""
    return float(value) if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Source):
    """A query of a database; `zone` is that of its times without an offset, None where nobody says."""

    url: Any
    query: str
    zone: ZoneInfo | None
    timeout: timedelta
    written: str = field(compare=False)
    secrets: Secrets = field(compare=False, repr=False)

    @classmethod
    def of(cls, output: Output) -> Query:
        """What finds the rows of that output."""
        return cls(
            url=output.url,
            query=output.query or "",
            zone=output.timezone,
            timeout=output.timeout,
            written=output.shown,
            secrets=output.secrets,
        )

    @property
    def limit(self) -> timedelta:
        """How long it may take to be asked, and its answer to be read."""
        return self.timeout + timedelta(seconds=5)

    @property
    def shown(self) -> str:
        """The database and the query, as jobs.toml has them."""
        return self.written

    def look(
        self, wanted: Sequence[Wanted], *, now: datetime, clock: Callable[[], datetime] | None = None
    ) -> dict[Key, Listed | CannotLook]:
        """What rows it finds for each output. Raises `CannotLook` (place-down, access-denied, output-unreadable)."""
        # A day that the query makes of an instant is read in the zone of its job, and so it is made in that.
        zones = {each.zone.key: each.zone for each in wanted}
        days_in = next(iter(zones.values())) if len(zones) == 1 else None
        rows = self._rows(min(each.since for each in wanted) - COMPARED_FOR, now, days_in)
        looked_at = max(now, clock()) if clock else now
        listed: dict[Key, Listed | CannotLook] = {}
        for each in wanted:
            try:
                listed[each.key] = Listed.of(self, self._made(rows, each, now), looked_at=looked_at)
            except CannotLook as problem:
                listed[each.key] = CannotLook(problem.code, self.clean(problem.detail))
        return listed

    def read(self, name: str, seen: FileSeen, wanted: Wanted, *, now: datetime, until: float) -> FileSeen:
        """The row as it was found: there is no more to be seen of it."""
        return seen

    def clean(self, text: str) -> str:
        """A text about it in one clean line, without secrets."""
        return self.secrets.clean(text, 400)

    def overdue(self) -> CannotLook:
        """That it did not answer in time."""
        return self._wrong(f"no complete answer within {show_span(self.timeout)}")

    def _rows(self, since: datetime, now: datetime, days_in: ZoneInfo | None) -> list[dict[str, Any]]:
        database = Database(url=self.url, secrets=self.secrets, zone=self.zone, days_in=days_in)
        values = {"since": since, "until": now, "now": now}
        try:
            rows = database.ask(
                lambda talk: talk.rows(self.query, values), ends_on=time.monotonic() + self.timeout.total_seconds()
            )
        except NoAnswer as problem:
            match problem.why:
                case Why.LATE:
                    raise self.overdue() from None
                case Why.DOWN | Why.DENIED | Why.NO_TABLE | Why.ERROR:
                    says = f"it {problem.says}" if problem.is_of_query else problem.says
                    raise self._wrong(says, _CODES.get(problem.why, UNREADABLE)) from None
                case _:
                    assert_never(problem.why)
        if len(rows) > MOST_ROWS:
            raise self._wrong(f"it returns more than {MOST_ROWS:,} rows. Ask for less: WHERE … >= :since")
        return rows

    def _made(self, rows: Sequence[Mapping[str, Any]], wanted: Wanted, now: datetime) -> Matches:
        """What of the rows was made when, newest first."""
        matches = Matches(wanted)
        timed = Timed(output=wanted.output, zone=wanted.zone, shown=self.shown, now=now)
        for row in rows:
            if "made_at" not in row:
                raise self._wrong("it returns no column made_at. Name one so: … AS made_at")
            number, seen = self._number(row, "rows"), timed.seen(row["made_at"])
            if seen is None:
                # Nothing was ever made, or it is not made yet.
                if len(rows) == 1 and number:
                    raise self._wrong(
                        f"its made_at is NULL, and it has {number:,} rows: it is not known from when they are"
                    )
                continue
            content = None
            if number is not None or (wanted.read_since is not None and seen.made_at >= wanted.read_since):
                content = Content(marks_its_end=True, rows=number, flaw=_EMPTY if number == 0 else None)
                if wanted.read_since is not None and seen.made_at >= wanted.read_since:
                    said = _as_json(row)
                    holds = held(json.loads(said), wanted.output.must_hold, self.secrets.without)
                    content = replace(content, held=holds, head=clean_block(self.secrets.without(said), _SHOWN))
            matches.keep(replace(seen, size=self._number(row, "size"), content=content), now)
        return matches

    def _number(self, row: Mapping[str, Any], column: str) -> int | None:
        value = row.get(column)
        if value is None:
            return None
        number = count_of(value)
        if number is None or number < 0:
            raise self._wrong(f"its {column} is {clean(str(value), 60)!r}, where a number belongs")
        return number

    def _wrong(self, says: str, code: CauseCode = UNREADABLE) -> CannotLook:
        return CannotLook(code, f"{self.shown}: {self.secrets.clean(says, 300)}")


def _as_json(row: Mapping[str, Any]) -> str:
    """The row as a JSON object, its columns in lower case."""
    columns = {name: value for name, value in row.items() if name == name.lower()}
    return json.dumps(columns, ensure_ascii=False, indent=1, default=_plain)
