"""Who carries a message: one JSON webhook, an Alertmanager, and whatever Apprise reaches (mail, desktop, chat)?

A channel that fails is told in one line, without its address. It changes nothing else, and it waits for nobody: all
channels send at the same time, each within its own limit.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from rollcall.roll.telling import AlertTable, ChannelsTable
from rollcall.sinks.alert.alertmanager import PATH
from rollcall.sinks.alert.message import Message
from rollcall.sinks.posting import post, within
from rollcall.text import clean, clean_of_secrets, counted
from rollcall.times import show_span

_WORD = re.compile(r"[^/?&=#:@\s]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to somebody. `send` returns None where the message was taken, else why not, and may break.

    `id` is what it is remembered by: the same from one morning to the next, for as long as its address is, and no
    secret. `name` is for people. `hears_what_stands` is True where it is told that at each look, not what is new.
    `owners` are those of whose jobs it hears; None where it hears of every job.
    """

    id: str
    name: str
    send: Callable[[Message, timedelta], str | None]
    secrets: dict[str, str] = field(repr=False)
    hears_what_stands: bool = False
    owners: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of the messages on one channel: the numbers of those it took, and what was wrong, in one line."""

    channel: str
    taken: frozenset[int]
    problem: str | None


def channels_of(alert: AlertTable) -> tuple[Channel, ...]:
    """Every channel that is declared: those that hear of every job, then those of the owners in their order.

    One address is one channel, whoever names it: it hears of what concerns any of them.
    """
    channels = {each.id: each for each in _channels_of(alert)}
    for owner, table in alert.owners.items():
        for each in _channels_of(table):
            known = channels.get(each.id)
            if known is None:
                name = f"{each.name} of {clean(owner, 60)}"
                channels[each.id] = replace(each, name=name, owners=frozenset({owner}))
            elif known.owners is not None:
                name = f"{known.name} and {clean(owner, 60)}"
                channels[each.id] = replace(known, name=name, owners=known.owners | {owner})
    return tuple(channels.values())


def _channels_of(alert: ChannelsTable) -> tuple[Channel, ...]:
    """The webhook, the Alertmanager, then Apprise's in their order."""
    secrets, sent = {**alert.secrets.names, **alert.secrets.hidden}, alert.secrets.sent
    channels = []
    if alert.webhook:
        name, url = f"webhook {alert.shown_webhook}", sent(alert.webhook)
        send = _webhook(url, {key: sent(value) for key, value in alert.headers.items()})
        channels.append(Channel(id=_id("webhook", url), name=name, send=send, secrets=secrets))
    if alert.alertmanager:
        name, url = f"alertmanager {alert.shown_alertmanager}", sent(alert.alertmanager).rstrip("/")
        channel = Channel(
            id=_id("alertmanager", url),
            name=name,
            send=_alertmanager(url + PATH),
            secrets=secrets,
            hears_what_stands=True,
        )
        channels.append(channel)
    urls = tuple(dict.fromkeys(sent(url).strip() for url in alert.apprise))  # one that is declared twice is one channel
    for number, url in enumerate(urls, start=1):
        kind = re.sub(r"[^a-z0-9]", "", url.partition("://")[0].lower())[:20]
        name = f"apprise {number} of {len(urls)} ({kind})" if len(urls) > 1 else f"apprise ({kind})"
        hidden = _parts_of(url) | secrets
        channels.append(Channel(id=_id(kind, url), name=name, send=_apprise(url), secrets=hidden))
    return tuple(channels)


def carry(parcels: Iterable[tuple[Channel, Sequence[Message]]], *, limit: timedelta) -> tuple[Carried, ...]:
    """Gives each channel its messages, all channels at the same time, each within `limit` for all that it is given."""
    attempts = [_Attempt(channel=channel, messages=messages, limit=limit) for channel, messages in parcels]
    with warnings.catch_warnings():
        # Apprise warns of what it puts right itself; where warnings are errors, as in these checks, it could not send.
        warnings.simplefilter("ignore")
        within(limit, [each.go for each in attempts])
    return tuple(each.outcome() for each in attempts)


class _Attempt:
    """One channel at work. What it has done stands, also where it is still at it when its time is over."""

    def __init__(self, *, channel: Channel, messages: Sequence[Message], limit: timedelta) -> None:
        self._channel = channel
        self._messages = messages
        self._limit = limit
        self._until = time.monotonic() + limit.total_seconds()
        self._taken: list[int] = []
        self._problems: list[str] = []

    def go(self) -> None:
        for number, message in enumerate(self._messages):
            left = timedelta(seconds=self._until - time.monotonic())
            if left <= timedelta(0):
                return
            try:
                problem = self._channel.send(message, left)
            except Exception as error:  # noqa: BLE001 - the one wall around a channel: whatever breaks, the others send
                problem = f"broke with {type(error).__name__}: {error}"
            if problem is None:
                self._taken.append(number)
            else:
                self._problems.append(problem)

    def outcome(self) -> Carried:
        taken, problems = tuple(self._taken), tuple(self._problems)
        missing = len(self._messages) - len(taken)
        if not missing:
            return Carried(channel=self._channel.name, taken=frozenset(taken), problem=None)
        why = problems[-1] if problems else f"no answer within {show_span(self._limit)}"
        # Only what others said: a url may well end in a word that stands in our own.
        told = clean_of_secrets(why, self._channel.secrets)
        problem = f"{self._channel.name} did not take {counted(missing, 'message')}: {told}"
        return Carried(channel=self._channel.name, taken=frozenset(taken), problem=problem)


def _webhook(url: str, headers: Mapping[str, str]) -> Callable[[Message, timedelta], str | None]:
    def send(message: Message, left: timedelta) -> str | None:
        done = post(url, message.json, limit=left, content_type="application/json", headers=headers.items())
        return done.problem

    return send


def _alertmanager(url: str) -> Callable[[Message, timedelta], str | None]:
    def send(message: Message, left: timedelta) -> str | None:
        return post(url, message.alerts, limit=left, content_type="application/json").problem

    return send


def _apprise(url: str) -> Callable[[Message, timedelta], str | None]:
    def send(message: Message, left: timedelta) -> str | None:
        # A third of a second that nobody pays who has no such channel.
        from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

        # Below a warning these tell whole addresses, tokens included, to whoever keeps a log.
        for name in ("apprise", "urllib3"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # Without a limit of its own Apprise sends in this thread, which may be left behind; with one it would start
        # another, which keeps the process from ending. A redirect would lead to where nobody sent it.
        asset = AppriseAsset(
            app_id="Roll call", app_desc="Roll call", storage_mode="memory", service_timeout=0, http_redirects=False
        )
        apprise = Apprise(asset=asset)
        if not apprise.add(url):
            return "Apprise cannot read its url. Try it with: apprise --title=test --body=test URL"
        kind = NotifyType(message.tone)
        result = apprise.notify(body=message.text, title=message.title, notify_type=kind, body_format=NotifyFormat.TEXT)
        if result:
            return None
        return next((each.message for each in result.logs()), "Apprise does not say why")

    return send


def _id(kind: str, url: str) -> str:
    """By its address: who moves into another one has heard nothing yet. Too short to prove a guess at a password."""
    return f"{kind} {hashlib.sha256(url.encode()).hexdigest()[:6]}"


def _parts_of(url: str) -> dict[str, str]:
    """Whatever of the url is not its kind: a token may be anywhere in it, and Apprise tells only parts of it."""
    rest = url.partition("://")[2]
    parts = urlsplit(f"//{rest}")
    told = [parts.netloc, parts.path, *(value for _, value in parse_qsl(parts.query))]
    words = {word for text in told for word in _WORD.findall(text)}
    return {form: "…" for word in words for form in (word, unquote(word))}
