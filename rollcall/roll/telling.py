"""What may jobs.toml say of the history, of what hosts leave, of who hears of a change, and who notices a silence?

Wherever an address of these is shown it is a secret: whoever knows a webhook can write to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, field_validator

from rollcall.command_line import install
from rollcall.roll.fields import (
    HeaderName,
    HeaderValue,
    Size,
    Span,
    Table,
    Timeout,
    clean_text,
    context,
    default,
    read_size,
)
from rollcall.roll.secrets import SHORTEST_SECRET, Secrets, expand
from rollcall.roll.values import check_url
from rollcall.text import clean
from rollcall.times import parse_span

_SHORTEST_TOKEN = 12


def _a_day_at_least(span: timedelta) -> timedelta:
    if span < timedelta(days=1):
        raise ValueError('must be at least "24 h".')
    return span


def _holds_a_morning(size: int) -> int:
    if size < 10_000_000:
        raise ValueError('must be at least "10 MB".')
    return size


def _address(url: str, found: ValidationInfo) -> str:
    if not context(found)["is_replay"]:
        check_url(expand(url, context(found)["environment"]), "https://example.com/…", may_have_query=True)
    return url


def _label_names(labels: dict[str, str]) -> dict[str, str]:
    if wrong := [each for each in labels if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", each)]:
        raise ValueError(f'has "{clean(wrong[0], 60)}": a label is letters, digits and "_", such as cluster.')
    return labels


Address = Annotated[str, AfterValidator(_address)]


_POSTGRESQL = re.compile(r"(?:postgres|postgresql(?:\+psycopg)?)://")


def _database_address(url: str, found: ValidationInfo) -> str:
    if not context(found)["is_replay"]:
        read_conninfo(expand(url, context(found)["environment"]))
    return url


def read_conninfo(url: str) -> dict[str, str]:
    """The parts of an address of PostgreSQL, as libpq names them: "host", "dbname" …

    Raises ValueError also where its driver is not installed.
    """
    if not _POSTGRESQL.match(url):
        raise ValueError('is no address of a PostgreSQL. Write it such as "postgresql://host/database".')
    if not find_spec("psycopg"):
        raise ValueError(f"needs psycopg, which is not installed: {install('psycopg[binary]')}")
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(_for_libpq(url)).items()}
    except (ProgrammingError, UnicodeError):  # what it says of the url may hold the password
        parts = {"port": "unread"}
    # A password with a "/" in it seems to be a port, and the rest of it a database.
    if not re.fullmatch("[0-9,]*", parts.get("port", "")) or "@" in parts.get("host", "") + parts.get("dbname", ""):
        rule = 'cannot be read as an address. Write "/", "@", "#" and "%" of a password as %2F, %40, %23 and %25.'
        raise ValueError(rule)
    return parts


def _for_libpq(url: str) -> str:
    return _POSTGRESQL.sub("postgresql://", url)


class HistoryTable(Table):
    """Where it is remembered, and how long."""

    url: Annotated[str, AfterValidator(_database_address)] | None = Field(
        None,
        min_length=1,
        repr=False,
        description="A PostgreSQL instead of the file beside the reports; ${NAME} and ${file:…} are read.",
    )
    name: str | None = Field(
        None,
        pattern="^[a-z][a-z0-9_]{0,49}$",
        description="Which of the histories in that database it is: each jobs file has one of its own.",
        validate_default=True,
    )
    keeps: Annotated[Span, AfterValidator(_a_day_at_least)] = default(
        "365 d", parse_span, "How long a due run is remembered, and the evidence of a morning kept."
    )
    evidence: Annotated[str, clean_text("where it is kept")] | None = Field(
        None,
        min_length=1,
        description="A folder, the name of a place, or such as s3://bucket/folder: where the evidence of every morning "
        "is kept, for `rollcall backtest`. Left out, it is not.",
    )
    evidence_size: Annotated[Size, AfterValidator(_holds_a_morning)] = default(
        "2 GB", read_size, "How much all of that may take; the oldest mornings go first."
    )
    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        self._environment = (context or {}).get("environment", {})

    @field_validator("name")
    @classmethod
    def _goes_with_a_database(cls, name: str | None, found: ValidationInfo) -> str | None:
        url = found.data.get("url", "")
        if url and name is None:
            rule = "is required with url: many histories share a database, and each jobs file has one of its own."
            raise ValueError(f'{rule} Write name = "billing", with lower case letters, digits and "_".')
        if name is not None and url is None:
            raise ValueError("says which history of a database it is, and there is none. Write url, or take it out.")
        return name

    @property
    def secrets(self) -> Secrets:
        """What is sent in place of each `${NAME}` of the url, and what is never shown of it."""
        if self.url is None:
            return Secrets()
        secrets = Secrets.of([self.url], {}, self.url, self._environment)
        password = read_conninfo(secrets.sent(self.url)).get("password", "")
        return secrets.and_also(password, "(password)")

    @property
    def address(self) -> str | None:
        """The url as libpq reads it, secrets and all."""
        return _for_libpq(self.secrets.sent(self.url)) if self.url else None

    @property
    def shown_url(self) -> str | None:
        """Which database it is, as it may be shown: "postgresql://host:5433/name"."""
        if self.address is None:
            return None
        parts = read_conninfo(self.address)
        host = "" if parts.get("host", "").startswith("/") else parts.get("host", "")
        port = f":{parts['port']}" if host and "port" in parts else ""
        return self.secrets.clean(f"postgresql://{host}{port}/{parts.get('dbname', '')}", 100)


def _some_time(span: timedelta) -> timedelta:
    if span < timedelta(minutes=1):
        raise ValueError('must be at least "1 min".')
    return span


class EvidenceTable(Table):
    """What hosts leave of what they saw, for whoever judges."""

    place: Annotated[str, clean_text("where it is left")] | None = Field(
        None,
        min_length=1,
        description="A folder, the name of a place, or such as s3://bucket/folder: where hosts leave their evidence.",
    )
    max_age: Annotated[Span, AfterValidator(_some_time)] = default(
        "2 h", parse_span, "How old the evidence of a host may be; what is older is unknown."
    )
    key: str | None = Field(
        None,
        min_length=1,
        repr=False,
        description="A secret of all hosts, by which evidence is signed; ${NAME} and ${file:…} are read.",
    )


class ReportsTable(Table):
    """Where the reports go, and which there are."""

    folder: Annotated[str, clean_text("the folder of the reports")] | None = Field(
        None, min_length=1, description="Relative to this file. Default: reports, or reports/NAME beside NAME.toml."
    )
    by: Literal["owner"] | None = Field(None, description="owner: a page for each owner, beside the one of all.")


class _ToldTable(Table):
    """Somebody who is told. The addresses stay as they are written, and never show in a `repr`."""

    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        self._environment = (context or {}).get("environment", {})

    def _hidden(self, addresses: Iterable[tuple[str, str]], headers: Mapping[str, str], url: str) -> Secrets:
        """What is hidden of these addresses, each with the name that it goes by, of the headers and of the url."""
        addresses = tuple(addresses)
        texts = (*(text for text, _ in addresses), *headers.values())
        secrets = Secrets.of(texts, headers, url, self._environment)
        hidden = dict(secrets.hidden)
        for text, shown in addresses:
            address = secrets.sent(text).strip()
            rest = address.partition("://")[2]
            authority, _, path = rest.partition("/")
            userinfo = authority.rpartition("@")[0]
            # What a server may echo alone; "hook" or "notifications" stand elsewhere too, and are no token.
            tokens = (part for part in re.split("[/?&=#]", path) if not part.isalpha())
            long_ones = (part for part in (path, *tokens) if len(part) >= _SHORTEST_TOKEN)
            for part in (address, rest, *long_ones, userinfo, userinfo.partition(":")[2]):
                if len(part) >= SHORTEST_SECRET:
                    hidden.setdefault(part, shown)
        return replace(secrets, hidden=hidden)


class ChannelsTable(_ToldTable):
    """By which ways somebody hears of a change."""

    webhook: Address | None = Field(None, repr=False, description="POST, JSON; ${NAME} is read.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, repr=False, description="Sent along to the webhook; ${NAME} is read."
    )
    alertmanager: Address | None = Field(
        None,
        repr=False,
        description="The address of an Alertmanager, sent at each look what is wrong; ${NAME} is read.",
    )
    apprise: tuple[str, ...] = Field(
        (), repr=False, description="Urls as Apprise writes them; ${NAME} is read.", validate_default=True
    )

    @field_validator("headers")
    @classmethod
    def _have_a_webhook(cls, headers: dict[str, str], found: ValidationInfo) -> dict[str, str]:
        if headers and found.data.get("webhook", "") is None:
            raise ValueError("are sent along to the webhook, and there is none. Write webhook, or take them out.")
        return headers

    @field_validator("apprise")
    @classmethod
    def _can_be_sent(cls, urls: tuple[str, ...], found: ValidationInfo) -> tuple[str, ...]:
        if context(found)["is_replay"]:
            return urls
        others = [found.data.get(each, "") for each in ("webhook", "alertmanager")]
        if not urls and others == [None, None]:
            raise ValueError("nobody would hear. Write webhook, alertmanager or apprise.")
        if urls and not find_spec("apprise"):
            raise ValueError(f"needs Apprise, which is not installed: {install('apprise')}")
        for url in urls:
            if not expand(url, context(found)["environment"]).strip():
                raise ValueError('is empty. Write such as "mailto://…".')
        return urls

    @property
    def secrets(self) -> Secrets:
        """What is sent in place of each `${NAME}`, and what is never shown."""
        webhook = self.webhook or ""
        manager = (self.alertmanager or "", "(alertmanager)")
        addresses = ((webhook, "(webhook)"), manager, *((each, "(apprise)") for each in self.apprise))
        return self._hidden(addresses, self.headers, webhook)

    @property
    def shown_webhook(self) -> str | None:
        """Where it is sent to, as it may be shown."""
        return _host(self.secrets.sent(self.webhook)) if self.webhook else None

    @property
    def shown_alertmanager(self) -> str | None:
        """Which Alertmanager it is, as it may be shown."""
        return _host(self.secrets.sent(self.alertmanager)) if self.alertmanager else None


class AlertTable(ChannelsTable):
    """Who hears of a change: these of every job, and each of the `owners` of those of one owner."""

    owners: dict[str, ChannelsTable] = Field(
        default_factory=dict,
        repr=False,
        description="Who hears of the jobs of one owner, by the owner; the other ways hear of every job.",
    )
    labels: Annotated[dict[str, str], AfterValidator(_label_names)] = Field(
        default_factory=dict, description="Put on every alert to the Alertmanager."
    )
    next_look_within: Span = default(
        "26 h", parse_span, "How long an alert to the Alertmanager stands where no later look says more of it."
    )
    still_after: Annotated[Span, AfterValidator(_a_day_at_least)] | None = Field(
        None, description="How long something must last before it is reported again; left out, it is not."
    )
    timeout: Timeout = default("10 s", parse_span, "How long a channel may take.")


class WatchTable(_ToldTable):
    """Who notices when nobody looked."""

    ping: Address = Field(
        repr=False, description="Pinged as Healthchecks is: /start, /fail, exit status; ${NAME} is read."
    )
    timeout: Timeout = default("10 s", parse_span, "How long the pings may take in all.")

    @property
    def secrets(self) -> Secrets:
        """What is sent in place of each `${NAME}`, and what is never shown."""
        return self._hidden([(self.ping, "(ping)")], {}, "")

    @property
    def shown_ping(self) -> str:
        """What is pinged, as it may be shown."""
        return _host(self.secrets.sent(self.ping))


def _host(url: str) -> str:
    parts = urlsplit(url)
    return clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…")
