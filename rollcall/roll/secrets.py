"""What of jobs.toml is sent in place of a `${NAME}`, and what of it must never be shown?

`${NAME}` is read from the environment, `${file:/run/secrets/x}` from a file. jobs.toml keeps the text as it is written,
so that whatever shows it shows the name.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from rollcall.files import read_regular
from rollcall.text import LINE_LIMIT, clean, clean_of_secrets, listed, without_secrets

VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}|file:[^\0]{1,400}")
_FILE = "file:"
_LARGEST_SECRET = 64_000
# Replacing shorter values in texts would tear words apart and hide nothing.
SHORTEST_SECRET = 4
# The user of a machine is no secret, and "backup" stands in "/srv/backups" of its errors.
_SSH = ("sftp://", "ssh://")
_SECRET_NAME = re.compile(
    r"(?<!by)pass|pwd|secret|token|credential|cookie|^auth$|authori[sz]|(api|access|private|account)[-_ ]?key|"
    r"connection_?string|^key$|^sig$|signature",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\{\w+\}")
# What a header is made of: the pairs of a cookie, the parameters of a scheme.
_BETWEEN_PARTS = re.compile(r"[\s;,&]+")
_SCHEMES = frozenset({"bearer", "basic", "digest", "negotiate", "token", "apikey"})
# Words may stand in the ids of jobs, which must not be torn.
_WORDS = re.compile(r"[A-Za-z]?[a-z]+(?:[-_.][A-Za-z]?[a-z]+)*")


class Unset(Mapping[str, str]):
    """The environment of a replay, which asks nobody: each `${NAME}` stands for itself, whether it is set or not."""

    def __getitem__(self, name: str) -> str:
        return f"${{{name}}}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class WithFiles(Mapping[str, str]):
    """An environment in which "file:/run/secrets/x" is what stands in that file, without the line break at its end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        # Each is read once: were it another when it is sent, that one would not be hidden.
        self._read: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if not name.startswith(_FILE):
            return self._environment[name]
        if name not in self._read:
            path = Path(name.removeprefix(_FILE))
            try:
                self._read[name] = read_regular(path, _LARGEST_SECRET).decode().rstrip("\r\n")
            except (OSError, ValueError):
                raise KeyError(name) from None
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced from the environment. Raises ValueError where one is not set."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    if "${" in VARIABLE.sub("", text) or not all(map(_NAME.fullmatch, names)):
        raise ValueError('has a "${" that names no variable. Write ${NAME} with letters, digits and "_".')
    unset = [name for name in names if not environment.get(name)]
    if unread := [clean(name.removeprefix(_FILE), 80) for name in unset if name.startswith(_FILE)]:
        raise ValueError(f"{listed(unread)} cannot be read, or holds nothing. Write a file that this user may read.")
    if unset:
        verb = "is" if len(unset) == 1 else "are"
        exports = " ".join(f"{name}=…" for name in unset[:8])
        raise ValueError(f"{listed(unset)} {verb} not set in the environment. Set it: export {exports}")
    return VARIABLE.sub(lambda found: environment[found.group(1)], text)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What each `${NAME}` of a table stands for, and each text that is never shown with what is shown instead.

    `names` are too plain to be torn out of ids (a user's, say); they are hidden in what others say in errors.
    """

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        headers: Mapping[str, str],
        url: str,
        environment: Mapping[str, str],
        plain: Mapping[str, str] = MappingProxyType({}),
    ) -> Secrets:
        """The secrets of all `texts` of a table, of the `headers` it sends and of the `url` it asks.

        `plain` are those that stand in the table as they are, each with what is shown instead.
        """
        variables = (name for text in texts for name in VARIABLE.findall(text))
        secrets = {**plain, **{environment.get(name, ""): f"${{{name}}}" for name in variables}}
        names: dict[str, str] = {}
        for name, text in headers.items():
            value = expand(text, environment)
            # "Bearer abc" is echoed by servers as a whole and as "abc".
            secrets.setdefault(value, f"({name})")
            secrets.setdefault(value.rpartition(" ")[2], f"({name})")
            for part in _parts_of(value):
                (names if is_plain(part) else secrets).setdefault(part, f"({name})")
        if userinfo := urlsplit(expand(url, environment)).netloc.rpartition("@")[0]:
            user, _, password = userinfo.partition(":")
            # A user alone, such as "backup", whose name stands in folders and jobs too.
            if not (is_plain(userinfo) and url.startswith(_SSH)):
                (names if is_plain(userinfo) else secrets).setdefault(userinfo, "(user)")
            secrets.setdefault(password, "(password)")
            secrets.setdefault(unquote(password), "(password)")
            # As it is sent, and so as it is echoed.
            secrets.setdefault(b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode(), "(user)")
        return cls(environment=environment, hidden=sent_forms(secrets), names=sent_forms(names))

    def and_also(self, value: str, shown: str) -> Secrets:
        """The same, with one more."""
        return replace(self, hidden={**sent_forms({value: shown}), **self.hidden})

    def and_those_of(self, other: Secrets) -> Secrets:
        """The same, with what another hides."""
        hidden, names = {**other.hidden, **self.hidden}, {**other.names, **self.names}
        return replace(self, hidden=hidden, names=names)

    def sent(self, text: str) -> str:
        """`text` as it is sent: each `${NAME}` is what it stands for."""
        return expand(text, self.environment) if "${" in text else text

    def clean(self, text: str, limit: int = LINE_LIMIT) -> str:
        """`text` as one showable line without secrets."""
        return clean_of_secrets(text, self.hidden, limit)

    def clean_words(self, text: str, limit: int = LINE_LIMIT) -> str:
        """The words of somebody else as one showable line, without secrets and without names."""
        return clean_of_secrets(text, {**self.names, **self.hidden}, limit)

    def without(self, text: str) -> str:
        """`text` without secrets, otherwise as it is."""
        return without_secrets(text, self.hidden)


def _parts_of(header: str) -> Iterator[str]:
    """What a service may have read out of a header: each value of a cookie, each side of a colon."""
    for part in _BETWEEN_PARTS.split(header):
        value = part.partition("=")[2].strip('"=') or part
        yield from (each for each in (value, *value.split(":")) if each.lower() not in _SCHEMES)
        # As it is sent of a user and a password.
        with suppress(ValueError):
            pair = b64decode(part, validate=True).decode("ascii")
            if ":" in pair and pair.isprintable():
                yield from (pair, *pair.split(":"))


def sent_forms(secrets: Mapping[str, str]) -> dict[str, str]:
    """The same, also as an address carries each; what is shorter than a secret hides nothing and tears words apart."""
    escaped = {quote(value, safe=""): shown for value, shown in secrets.items()}
    return {value: shown for value, shown in {**escaped, **secrets}.items() if len(value) >= SHORTEST_SECRET}


def plain_secrets(value: Any, *, all_of_it: bool = False) -> dict[str, str]:
    """The texts in a TOML value that its keys call secrets, each with what is shown instead."""
    match value:
        case str():
            return {value: "(secret)"} if all_of_it and not _PLACEHOLDER.search(value) else {}
        case dict():
            parts = [plain_secrets(each, all_of_it=all_of_it or is_secret(key)) for key, each in value.items()]
        case list() | tuple():
            parts = [plain_secrets(each, all_of_it=all_of_it) for each in value]
        case _:
            parts = []
    return {text: shown for part in parts for text, shown in part.items()}


def is_plain(value: str) -> bool:
    """True of words, which may stand in names of jobs and folders too."""
    return bool(_WORDS.fullmatch(value))


def is_secret(name: str) -> bool:
    """True where what is called so is not shown."""
    return bool(_SECRET_NAME.search(name))


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a TOML value, keys too."""
    match value:
        case str():
            yield value
        case dict():
            yield from texts_of([part for pair in value.items() for part in pair])
        case list() | tuple():
            for each in value:
                yield from texts_of(each)
