"""What does a scheduler say over HTTP, as JSON?

Whatever else answers there, slowly, endlessly or not at all, becomes a `CannotLook` with its cause, within bounds of
time and memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, ValidationInfo, field_validator

from rollcall.command_line import shell_word
from rollcall.evidence import CannotLook
from rollcall.roll.fields import HeaderName, HeaderValue, Table, context
from rollcall.roll.scheduler import Asked
from rollcall.roll.secrets import Secrets, expand, is_secret, plain_secrets, sent_forms, texts_of
from rollcall.roll.values import read_url, shown_url
from rollcall.schedulers.expressions import Expression, find
from rollcall.schedulers.mapping import Mapped
from rollcall.schedulers.over_http import Answer, Client, Request
from rollcall.schedulers.parts import Ask, Part, sendable
from rollcall.schedulers.placeholders import filled
from rollcall.text import clean, counted
from rollcall.vocabulary import CauseCode

_ASK = re.compile(r"(?:(GET|POST) )?(/(?!/)\S*)")
_TOKEN = re.compile(r"[!-~]{1,16000}")


class Login(Table):
    """How a token is had, that is then sent along as Bearer."""

    ask: str = Field(description='Such as "POST /auth/token".')
    body: Any = Field(None, description="JSON that is sent along; ${NAME} is read.")
    token: Expression = Field("access_token", description="Where in the answer the token is.")

    @field_validator("ask", "body")
    @classmethod
    def _can_be_sent(cls, value: Any, found: ValidationInfo) -> Any:
        return sendable(value, found)


class Json(Mapped):
    """A scheduler that answers over HTTP with JSON."""

    url: str = Field(repr=False, description="Where it answers, such as http://localhost:8000; ${NAME} is read.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, repr=False, description="Sent along; ${NAME} is read."
    )
    login: Login | None = Field(None, repr=False, description="How a token is had that is sent along.")
    status: str | None = Field(None, description="What is asked where alive, jobs and runs name nothing of their own.")
    start: str | None = Field(None, description="POST, only with --restart-stopped.")
    stop: str | None = Field(None, description="POST, only with --restart-stopped, to a scheduler that is stalled.")
    trigger: str | None = Field(None, description="POST with {job}, only with --rerun-missed.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str, found: ValidationInfo) -> str:
        if not context(found)["is_replay"]:
            read_url(expand(url, context(found)["environment"]))
        return url.rstrip("/")

    @field_validator("status", "start", "stop", "trigger")
    @classmethod
    def _path_starts_at_the_root(cls, path: str | None, found: ValidationInfo) -> str | None:
        if path is not None and (not path.startswith("/") or path.startswith("//") or clean(path, 2000) != path):
            raise ValueError('must be a path on the service. Start it with one "/".')
        expand(path or "", context(found)["environment"])
        return path

    @field_validator("trigger")
    @classmethod
    def _trigger_names_the_job(cls, path: str | None) -> str | None:
        if path is not None and "{job}" not in path:
            raise ValueError("does not say which job. Write {job} where its id belongs.")
        return path

    @field_validator("alive", "jobs", "runs", "login")
    @classmethod
    def _asks_by_a_path(cls, part: Part | Login | None) -> Part | Login | None:
        if part is None:
            return None
        asked = _ASK.fullmatch(part.ask) if isinstance(part.ask, str) else None
        if part.ask is not None and asked is None:
            raise ValueError(
                'ask must be a path, or a verb and a path: "/api/runs", "GET /api/runs", "POST /api/runs".'
            )
        if part.body is not None and (asked is None or asked[1] != "POST"):
            shown = clean(asked[2], 80) if asked else "/…"
            raise ValueError(f'sends a body, which only a POST does. Write ask = "POST {shown}".')
        return part

    def _read_secrets(self, environment: Mapping[str, str]) -> Secrets:
        """Those of the texts that are sent. Who logs in is no secret that could be torn out of the ids of jobs."""
        parts: list[Part | Login] = [*self._parts().values(), *([self.login] if self.login else [])]
        queries = [urlsplit(part.ask).query for part in parts if isinstance(part.ask, str)]
        queries.append(urlsplit(self.status or "").query)
        asked_with = [*(part.body for part in parts), *(dict(parse_qsl(query)) for query in queries)]
        plain = {
            expand(value, environment): value if "${" in value else shown
            for each in asked_with
            for value, shown in plain_secrets(each).items()
        }
        whole = Secrets.of(texts_of(self.model_dump(exclude={"memory"})), self.headers, self.url, environment, plain)
        logs_in = self.login.body if self.login and isinstance(self.login.body, dict) else {}
        who = [value for key, value in logs_in.items() if isinstance(value, str) and not is_secret(key)]
        names = sent_forms({expand(value, environment): value if "${" in value else "(user)" for value in who})
        hidden = {value: shown for value, shown in whole.hidden.items() if value in plain or value not in names}
        return replace(whole, hidden=hidden, names=names)

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
        verb, path = _verb_and_path(self._first_ask)
        return f"{verb} {self.address}{self.secrets.without(path)}"

    @property
    def _first_ask(self) -> Ask:
        return self._asks()[0][1]

    @property
    def tells(self) -> frozenset[str]:
        """By its mapping; HTTP tells the clock."""
        return super().tells | {"clock"}

    @property
    def patience(self) -> timedelta:
        """How long all of one look may take; a login is one request more, and so is a renewed one."""
        return super().patience + (2 * self.timeout if self.login else timedelta(0))

    def path_of(self, step: str) -> str | None:
        """The path by which it is told to start, to stop, or to trigger a job."""
        return {"start": self.start, "stop": self.stop, "trigger": self.trigger}[step]

    def command(self, path: str | None = None) -> str | None:
        """The request as a person types it; secrets stay the `${NAME}` they are in jobs.toml."""
        part, ask = self._asks()[0]
        verb, target = _verb_and_path(ask) if path is None else ("POST", path)
        words = ["curl", *(["-i"] if path is None else []), *(["-X", "POST"] if verb == "POST" else [])]
        words += [f"-H {shell_word(f'{name}: {self._typed(value)}')}" for name, value in self.headers.items()]
        if path is None and part.body is not None:
            body = shell_word(self._typed(json.dumps(part.body)))
            words.append(f"-H 'Content-Type: application/json' -d {body}")
        return " ".join([*words, shell_word(self.address + self._typed(target))])

    def _typed(self, value: str) -> str:
        """A text as it may be shown: its variables by name, and what is a secret as it stands left out."""
        return value if "${" in value else self.secrets.without(value)

    # Asking -----------------------------------------------------------------------------------------------------------

    @contextmanager
    def connected(self, asked: Asked) -> Iterator[_OverHttp]:
        """Answers over one connection, each within the timeout."""
        with Client(self, patience=self.patience) as client:
            self.log_in(client)
            yield _OverHttp(scheduler=self, client=client)

    def log_in(self, client: Client) -> None:
        """Has the client send a token along, where one is wanted. Raises `CannotLook`."""
        if self.login is None:
            return
        verb, path = _verb_and_path(self.login.ask)
        request = Request(method=verb, path=path, body=self.body_of(self.login.body, {}))
        # A token that is no longer taken is not sent along to have another.
        client.bearer = None
        says = self.read(client.ask(request), request, client.secrets, accepts=(200, 201))
        try:
            token = find(self.login.token, says)
        except ValueError:
            token = None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            why = f'login.token = "{self.login.token}" finds no token in the answer to {request.shown(self)}'
            raise self.broken(why)
        client.send_along(token)

    def body_of(self, body: Any, values: Mapping[str, Any]) -> bytes | None:
        """What is sent along; None where nothing is."""
        # Filled in last: what another service put into a cursor must not be read as a `${NAME}`.
        return None if body is None else json.dumps(filled(self._sent(body), values)).encode()

    def _sent(self, body: Any) -> Any:
        match body:
            case str():
                return self.secrets.sent(body)
            case dict():
                return {key: self._sent(each) for key, each in body.items()}
            case list():
                return [self._sent(each) for each in body]
        return body

    def read(self, answer: Answer, request: Request, secrets: Secrets, accepts: tuple[int, ...] = (200,)) -> Any:
        """What an answer says. Raises `CannotLook`."""
        says = f"{request.shown(self)} answers {answer.status} {secrets.clean_words(answer.reason, 40)}".rstrip()
        if answer.status in (401, 403, 407):
            raise CannotLook(CauseCode.ACCESS_DENIED, says)
        if answer.status in (404, 405, 410) or 300 <= answer.status < 400:
            # Where it points to may carry a token in its query.
            target = answer.headers.get("location", "").partition("?")[0]
            points = f" and points to {secrets.clean_words(target, 80)}" if target else ""
            raise CannotLook(CauseCode.WRONG_SERVICE, says + points)
        if answer.status not in accepts:
            raise CannotLook(CauseCode.SCHEDULER_ERROR, says)
        encoding = answer.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            why = f"but in the encoding {secrets.clean_words(encoding, 40)}, which was not asked for"
            raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{says}, {why}")
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            if answer.body.lstrip()[:1] in (b"{", b"["):
                why = f"but its JSON breaks off or is damaged ({counted(len(answer.body), 'byte')})"
                raise CannotLook(CauseCode.SCHEDULER_ERROR, f"{says}, {why}") from None
        kind = secrets.clean_words(answer.headers.get("content-type", "").partition(";")[0], 40) or "no content type"
        begins = secrets.clean_words(answer.body[:8_000].decode(errors="replace"), 60)
        shown = f'"{begins}"' if answer.body.strip() else "nothing"
        raise CannotLook(CauseCode.WRONG_SERVICE, f"{says}, but {kind} where JSON belongs: {shown}")

    def broken(self, why: str, code: CauseCode = CauseCode.SCHEDULER_ERROR) -> CannotLook:
        """What is wrong with what was answered with a 200."""
        return CannotLook(code, f"200, but {why}")


@dataclass(slots=True, kw_only=True)
class _OverHttp:
    """One look over one connection. `server_at` is the scheduler's own clock at its last answer, by HTTP's `Date`."""

    scheduler: Json
    client: Client
    server_at: datetime | None = None
    has_renewed: bool = False

    @property
    def secrets(self) -> Secrets:
        return self.client.secrets

    def fetch(self, part: str, ask: Ask, body: Any, values: Mapping[str, Any]) -> Any:
        verb, path = _verb_and_path(ask)
        path = str(filled(path, values, quote=lambda value: quote(value, safe="")))
        request = Request(method=verb, path=path, body=self.scheduler.body_of(body, values))
        answer = self.client.ask(request)
        if self.scheduler.login and answer.status in (401, 403) and not self.has_renewed:
            # A token lives for a while: the second refusal is the answer.
            self.has_renewed = True
            self.scheduler.log_in(self.client)
            answer = self.client.ask(request)
        says = self.scheduler.read(answer, request, self.secrets)
        self.server_at = _server_at(answer.headers.get("date"))
        return says


def _verb_and_path(ask: Ask) -> tuple[str, str]:
    verb, space, path = str(ask).partition(" ")
    return (verb, path) if space else ("GET", str(ask))


def _server_at(date: str | None) -> datetime | None:
    try:
        sent = parsedate_to_datetime(date) if date else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if sent is None:
        return None
    try:
        # HTTP knows no other zone than GMT; "-0000" is read as none.
        return sent.replace(tzinfo=sent.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return None
