"""What does a scheduler say over HTTP, as JSON?

Whatever else answers there, slowly, endlessly or not at all, becomes a `CannotLook` with its cause, within bounds of
time and memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from rollcall.command_line import shell_word
from rollcall.evidence import CannotLook, SchedulerSeen
from rollcall.roll.fields import HeaderName, HeaderValue, context
from rollcall.roll.scheduler import Asked, Order, Step, Wanted
from rollcall.roll.secrets import Secrets, expand, is_secret, plain_secrets, sent_forms, texts_of
from rollcall.roll.values import check_url, shown_url
from rollcall.schedulers.answers import look_by_mapping
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.over_http import Answer, Client, Server
from rollcall.schedulers.pages import error_in
from rollcall.schedulers.parts import Ask, Body, Part, sendable
from rollcall.schedulers.placeholders import filled
from rollcall.schedulers.posted import Posted
from rollcall.sources.expressions import Expression, find
from rollcall.text import clean, counted, with_texts
from rollcall.times import bounded
from rollcall.vocabulary import CauseCode

_ASK = re.compile(r"(?:(GET|POST) )?(/(?!/)\S*)")
_TOKEN = re.compile(r"[!-~]{1,16000}")


class Login(Part):
    """How to get a token, which is then sent along as Bearer."""

    ask: Annotated[str, AfterValidator(sendable)] = Field(description='Such as "POST /auth/token".')
    body: Body = Field(None, description="JSON that is sent along; ${NAME} is read.")
    token: Expression = Field("access_token", description="Where in the answer the token is.")


class Json(Mapped):
    """A scheduler that answers over HTTP with JSON."""

    url: str = Field(repr=False, description="Where it answers, such as http://localhost:8000; ${NAME} is read.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, repr=False, description="Sent along; ${NAME} is read."
    )
    login: Login | None = Field(None, repr=False, description="How to get a token, which is then sent along.")
    status: str | None = Field(
        None, repr=False, description="What is asked where alive, jobs and runs name nothing of their own."
    )
    start: str | None = Field(None, repr=False, description="POST, only with --restart-stopped.")
    stop: str | None = Field(
        None, repr=False, description="POST, only with --restart-stopped, to a scheduler that is stalled."
    )
    trigger: str | None = Field(None, repr=False, description="POST with {job} or {key}, only with --rerun-missed.")
    trigger_body: Body = Field(None, repr=False, description="JSON that is sent along with trigger.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not context(found)["is_replay"]:
            check_url(expand(url, context(found)["environment"]))
        return url.rstrip("/")

    @field_validator("status", "start", "stop", "trigger")
    @classmethod
    def _path_starts_at_the_root(cls, path: str | None, found: ValidationInfo) -> str | None:
        if path is not None and (not path.startswith("/") or path.startswith("//") or clean(path, 2000) != path):
            raise ValueError('must be a path on the service. Start it with one "/".')
        if path is not None and found.field_name == "trigger" and "{job}" not in path and "{key}" not in path:
            raise ValueError("does not say which job. Write {job} where its id belongs.")
        expand(path or "", context(found)["environment"])
        return path

    @field_validator("alive", "jobs", "runs", "login")
    @classmethod
    def _asks_by_a_path(cls, part: Part | None) -> Part | None:
        if part is None:
            return None
        asked = _ASK.fullmatch(part.ask) if isinstance(part.ask, str) else None
        if part.ask is not None and asked is None:
            forms = '"/api/runs", "GET /api/runs", "POST /api/runs"'
            raise ValueError(f"ask must be a path, or a verb and a path: {forms}.")
        if part.body is not None and (asked is None or asked[1] != "POST"):
            shown = clean(asked[2], 80) if asked else "/…"
            raise ValueError(f'sends a body, which only a POST does. Write ask = "POST {shown}".')
        return part

    def _read_secrets(self, environment: Mapping[str, str]) -> Secrets:
        """Those of the texts that are sent. Who logs in is no secret that could be torn out of the ids of jobs."""
        parts = [*self.parts.values(), *filter(None, [self.login])]
        told = (self.status, self.start, self.stop, self.trigger)
        asks = [str(ask) for ask in (*told, *(part.ask for part in parts)) if ask]
        asked_with = [*(part.body for part in parts), *(dict(parse_qsl(urlsplit(ask).query)) for ask in asks)]
        plain = {
            expand(value, environment): value if "${" in value else shown
            for each in asked_with
            for value, shown in plain_secrets(each).items()
        }
        texts = texts_of(self.model_dump(exclude={"memory", "remedy"}))
        whole = Secrets.of(texts, self.headers, self.url, environment, plain)
        logs_in = self.login.body if self.login and isinstance(self.login.body, dict) else {}
        who = [value for key, value in logs_in.items() if isinstance(value, str) and not is_secret(key)]
        names = sent_forms({expand(value, environment): value if "${" in value else "(user)" for value in who})
        hidden = {value: shown for value, shown in whole.hidden.items() if value in plain or value not in names}
        return replace(whole, hidden=hidden, names={**whole.names, **names})

    # What it is to others ---------------------------------------------------------------------------------------------

    @property
    def usual_ask(self) -> Ask | None:
        """What is asked where a part names nothing of its own."""
        return self.status

    @property
    def address(self) -> str:
        """Its url, as it may be shown."""
        return shown_url(self.url)

    @property
    def asks(self) -> str:
        """The first request, as it may be shown."""
        verb, path = _verb_and_path(self.first[1])
        return f"{verb} {self.address}{self.secrets.without(path)}"

    @property
    def tells(self) -> frozenset[str]:
        """What its answers hold, by its mapping; HTTP has the clock."""
        return super().tells | {"clock"}

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take; a login is one request more, and so is a renewed one."""
        return super().patience + (2 * self.timeout if self.login else timedelta(0))

    def _order(self, step: Step, wanted: Wanted | None) -> Order | None:
        path = {Step.START: self.start, Step.STOP: self.stop, Step.TRIGGER: self.trigger}[step]
        if path is None or (wanted is None) is (step is Step.TRIGGER):
            return None
        for place, name in (("{job}", wanted and wanted.name), ("{key}", wanted and (wanted.key or wanted.name))):
            # A name of dots alone would be taken for a step up.
            path = path.replace(place, quote(name, safe="") if name and name.strip(".") else "%2E" * len(name or ""))
        body = self.trigger_body if step is Step.TRIGGER else None
        target = f"{self.secrets.sent(self.url)}{self.secrets.sent(path)}"
        return Posted(typed=self._as_curl("POST", path, body), target=target, scheduler=self, path=path, body=body)

    def command(self) -> str | None:
        """The first request as a person types it; secrets stay the `${NAME}` they are in jobs.toml."""
        part, ask = self.first
        verb, path = _verb_and_path(ask)
        return self._as_curl(verb, path, part.body, shows_head=True)

    def _as_curl(self, verb: str, path: str, body: Any, *, shows_head: bool = False) -> str:
        words = ["curl", *(["-i"] if shows_head else []), *(["-X", "POST"] if verb == "POST" else [])]
        words += [f"-H {shell_word(f'{name}: {self._typed(value)}')}" for name, value in self.headers.items()]
        if body is not None:
            words.append(f"-H 'Content-Type: application/json' -d {shell_word(self._typed(json.dumps(body)))}")
        return " ".join([*words, shell_word(self.address + self._typed(path))])

    def _typed(self, value: str) -> str:
        """A text as it may be shown: its variables by name, and what is a secret as it stands left out."""
        # Split by the variables, each second piece is one.
        pieces = enumerate(re.split(r"(\$\{[^}]*\})", value))
        return "".join(piece if number % 2 else self.secrets.without(piece) for number, piece in pieces)

    def refusal(self, answer: Answer) -> tuple[CauseCode, str] | None:
        """What an answer means to this kind alone, and why; None where it means what it means to everybody."""
        return None

    def broken(self, why: str, code: CauseCode = CauseCode.SCHEDULER_ERROR) -> CannotLook:
        """What is wrong with what was answered with a 200."""
        return CannotLook(code, f"200, but {why}")

    # Asking -----------------------------------------------------------------------------------------------------------

    def look(self, asked: Asked) -> SchedulerSeen:
        """What it says, each answer within the timeout. Raises `CannotLook`."""
        return look_by_mapping(self, asked, self._connected())

    def post(self, path: str, body: Any = None, *, limit: timedelta | None = None) -> Answer:
        """The answer to a request that changes something, within `limit` (the timeout where left out).

        It is sent once, whatever becomes of it, and follows no redirect. Raises `CannotLook` (scheduler-down,
        access-denied, wrong-service, scheduler-error), not yet freed of the scheduler's secrets; what was asked for may
        have been done all the same.
        """
        with self._connected() as talk:
            answer = talk.client.ask("POST", path, with_texts(body, self.secrets.sent), limit=limit)
        shown = talk.secrets.without
        return replace(
            answer,
            reason=shown(answer.reason),
            headers={name.lower(): shown(value) for name, value in answer.headers.items()},
            body=shown(answer.body.decode(errors="replace")).encode(),
        )

    @contextmanager
    def _connected(self) -> Iterator[_OverHttp]:
        server = Server(
            url=self.secrets.sent(self.url),
            address=self.address,
            headers={name: self.secrets.sent(value) for name, value in self.headers.items()},
            secrets=self.secrets,
            timeout=self.timeout,
        )
        with Client(server) as client:
            talk = _OverHttp(scheduler=self, client=client, secrets=self.secrets)
            talk.log_in()
            yield talk


@dataclass(slots=True, kw_only=True)
class _OverHttp:
    """One look over one connection. `server_at` is the scheduler's own clock at its last answer, by HTTP's `Date`."""

    scheduler: Json
    client: Client
    secrets: Secrets
    server_at: datetime | None = None
    has_renewed: bool = False

    def log_in(self) -> None:
        """Has a token sent along, where one is wanted. Raises `CannotLook`."""
        login = self.scheduler.login
        if login is None:
            return
        # A token that is no longer taken is not sent along to have another.
        self.client.token = None
        body = with_texts(login.body, self.scheduler.secrets.sent)
        answer = self.client.ask(*_verb_and_path(login.ask), body)
        token, says = None, self._read(answer, accepts=(200, 201))
        with suppress(ValueError):
            token = find(login.token, says)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            why = f'login.token = "{login.token}" finds no token in the answer to {answer.asked}'
            raise self.scheduler.broken(why)
        self.secrets = self.client.send_along(token)

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        verb, path = _verb_and_path(ask)
        path = str(filled(path, values, quote=lambda value: quote(value, safe="")))
        # Filled in last: what another service put into a cursor must not be read as a `${NAME}`.
        body = filled(with_texts(body, self.scheduler.secrets.sent), values)
        answer = self.client.ask(verb, path, body)
        if self.scheduler.login and answer.status in (401, 403) and not self.has_renewed:
            # A token lives for a while: the second refusal is the answer.
            self.has_renewed = True
            self.log_in()
            answer = self.client.ask(verb, path, body)
        says = self._read(answer)
        # HTTP knows no other zone than GMT; "-0000" is read as none.
        self.server_at = None
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            sent_at = parsedate_to_datetime(answer.headers.get("date", ""))
            self.server_at = bounded(sent_at.replace(tzinfo=sent_at.tzinfo or UTC).astimezone(UTC))
        return says

    def _read(self, answer: Answer, accepts: tuple[int, ...] = (200,)) -> Any:
        """What an answer says. Raises `CannotLook`."""
        clean_words = self.secrets.clean_words
        says = f"{answer.asked} answers {answer.status} {clean_words(answer.reason, 40)}".rstrip()
        if meant := self.scheduler.refusal(answer):
            code, reason = meant
            raise CannotLook(code, f"{says}: {clean_words(reason, 200)}")
        if answer.status in (401, 403, 407):
            raise CannotLook(CauseCode.ACCESS_DENIED, says)
        if answer.status in (404, 405, 410) or 300 <= answer.status < 400:
            # Where it points to may carry a token in its query.
            target = answer.headers.get("location", "").partition("?")[0]
            points = f" and points to {clean_words(target, 80)}" if target else ""
            raise CannotLook(CauseCode.WRONG_SERVICE, says + points)
        if answer.status not in accepts:
            why = None
            with suppress(ValueError, RecursionError):
                # Which version it is, or which limit it has: who answers so says why.
                why = error_in(json.loads(answer.body), ("error", "errors", "detail", "message"))
            shown = why if isinstance(why, str) else json.dumps(why)
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{says}: {clean_words(shown, 160)}" if why else says)
        encoding = answer.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            why = f"but in the encoding {clean_words(encoding, 40)}, which was not asked for"
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{says}, {why}")
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            if answer.body.lstrip()[:1] in (b"{", b"["):
                why = f"but its JSON breaks off or is damaged ({counted(len(answer.body), 'byte')})"
                raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{says}, {why}") from None
        kind = clean_words(answer.headers.get("content-type", "").partition(";")[0], 40) or "no content type"
        begins = clean_words(answer.body[:8_000].decode(errors="replace"), 60)
        shown = f'"{begins}"' if answer.body.strip() else "nothing"
        raise CannotLook(CauseCode.WRONG_SERVICE, f"{says}, but {kind} where JSON belongs: {shown}")


def _verb_and_path(ask: Ask) -> tuple[str, str]:
    verb, space, path = str(ask).partition(" ")
    return (verb, path) if space else ("GET", str(ask))
