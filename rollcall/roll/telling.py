"""What may jobs.toml say of the history, of who hears of a change, and of who notices when nobody looked?

Wherever an address of these is told it is a secret: whoever knows a webhook can write to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from rollcall.command_line import install
from rollcall.roll.fields import HeaderName, HeaderValue, Span, Table, Timeout, clean_text, context, default
from rollcall.roll.secrets import SHORTEST_SECRET, VARIABLE, Secrets, expand
from rollcall.text import clean
from rollcall.times import parse_span

_SHORTEST_TOKEN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Who must hear of a change, and how often of one that lasts. The urls never show in a `repr`.

    `webhook` is sent JSON by POST; `apprise` are urls as Apprise writes them. `shown_webhook` may be shown.
    `still_after` is how long something must last before it is told again (None: it is not).
    """

    webhook: str | None = field(default=None, repr=False)
    shown_webhook: str | None = None
    apprise: tuple[str, ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    still_after: timedelta | None = None
    timeout: timedelta = timedelta(seconds=10)
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who notices when nobody looked: a url that is pinged as Healthchecks is. It never shows in a `repr`."""

    ping: str = field(repr=False)
    shown_ping: str
    timeout: timedelta = timedelta(seconds=10)
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def _a_day_at_least(span: timedelta) -> timedelta:
    if span < timedelta(days=1):
        raise ValueError('must be at least "24 h".')
    return span


def _address(url: str, found: ValidationInfo) -> str:
    if not context(found)["is_replay"]:
        _read_address(expand(url, context(found)["environment"]))
    return url


def _read_address(url: str) -> None:
    """Checks that it can be sent to; unlike a scheduler's it may end in a query."""
    cure = 'Write it such as "https://example.com/…".'
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise ValueError(f"is not an address. {cure}") from None
    if clean(url, 4000) != url or " " in url:
        raise ValueError(f"has spaces or control characters, or is too long. {cure}")
    if parts.scheme not in ("http", "https") or not is_whole:
        raise ValueError(f"is not an http or https address. {cure}")


Address = Annotated[str, AfterValidator(_address)]


class HistoryTable(Table):
    """What is remembered."""

    keeps: Annotated[Span, AfterValidator(_a_day_at_least)] = default(
        "365 d", parse_span, "How long a due run is remembered."
    )


class ReportsTable(Table):
    """Where the reports go."""

    folder: Annotated[str, clean_text("the folder of the reports")] | None = Field(
        None, min_length=1, description="Relative to this file. Default: reports, or reports/NAME beside NAME.toml."
    )


class AlertTable(Table):
    """Who hears of a change."""

    webhook: Address | None = Field(None, description="POST, JSON; ${NAME} is read.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, description="Sent along to the webhook; ${NAME} is read."
    )
    apprise: tuple[str, ...] = Field(
        (), description="Urls as Apprise writes them; ${NAME} is read.", validate_default=True
    )
    still_after: Annotated[Span, AfterValidator(_a_day_at_least)] | None = Field(
        None, description="How long something must last before it is told again; left out, it is not."
    )
    timeout: Timeout = default("10 s", parse_span, "How long a channel may take.")

    @field_validator("apprise")
    @classmethod
    def _can_be_sent(cls, urls: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        if context(found)["is_replay"]:
            return urls
        if not urls and "webhook" in found.data and found.data["webhook"] is None:
            raise ValueError("nobody would hear. Write webhook or apprise.")
        if urls and not find_spec("apprise"):
            raise ValueError(f"needs Apprise, which is not installed: {install('apprise')}")
        for url in urls:
            if not expand(url, context(found)["environment"]).strip():
                raise ValueError('is empty. Write such as "mailto://…".')
        return urls


class WatchTable(Table):
    """Who notices when nobody looked."""

    ping: Address = Field(description="Pinged as Healthchecks is: /start, /fail, exit status; ${NAME} is read.")
    timeout: Timeout = default("10 s", parse_span, "How long the pings may take in all.")


def alert_of(table: AlertTable, environment: Mapping[str, str]) -> Alert:
    """Who is to be told, with what must never be shown."""
    webhook = expand(table.webhook, environment) if table.webhook else None
    apprise = tuple(expand(url, environment).strip() for url in table.apprise)
    secrets = dict(
        Secrets.of(
            (table.webhook or "", *table.headers.values()), table.headers, table.webhook or "", environment
        ).hidden
    )
    secrets |= _hidden(table.apprise, apprise, environment, "(apprise)")
    if table.webhook and webhook:
        secrets |= _hidden((table.webhook,), (webhook,), environment, "(webhook)")
    return Alert(
        webhook=webhook,
        shown_webhook=_host(webhook) if webhook else None,
        apprise=apprise,
        headers=tuple((key, expand(value, environment)) for key, value in table.headers.items()),
        still_after=table.still_after,
        timeout=table.timeout,
        secrets=tuple(secrets.items()),
    )


def watch_of(table: WatchTable, environment: Mapping[str, str]) -> Watch:
    """Who is to be pinged, with what must never be shown."""
    ping = expand(table.ping, environment)
    secrets = _hidden((table.ping,), (ping,), environment, "(ping)")
    return Watch(ping=ping, shown_ping=_host(ping), timeout=table.timeout, secrets=tuple(secrets.items()))


def _hidden(written: Iterable[str], urls: Iterable[str], environment: Mapping[str, str], shown: str) -> dict[str, str]:
    """The addresses, their paths (a long one holds the token of most), users and passwords, and each `${NAME}`."""
    names = {name for text in written for name in VARIABLE.findall(text)}
    secrets = {environment.get(name, ""): f"${{{name}}}" for name in names}
    for url in urls:
        rest = url.partition("://")[2]
        authority, _, path = rest.partition("/")
        userinfo = authority.rpartition("@")[0]
        whole = (path,) if len(path) >= _SHORTEST_TOKEN else ()
        tokens = filter(_is_token, re.split("[/?&=#]", path))
        for part in (url, rest, *whole, *tokens, userinfo, userinfo.partition(":")[2]):
            secrets.setdefault(part, shown)
    return {value: told for value, told in secrets.items() if len(value) >= SHORTEST_SECRET}


def _is_token(part: str) -> bool:
    """True of what a server may echo alone; "hook" or "notifications" stand elsewhere too, and are none."""
    return len(part) >= _SHORTEST_TOKEN and not part.isalpha()


def _host(url: str) -> str:
    parts = urlsplit(url)
    return clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…")
