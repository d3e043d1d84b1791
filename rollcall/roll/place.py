"""Where do files lie that are not in a folder of this machine, and within which limits is that asked?

A place is a table of jobs.toml. Its protocol says which filesystem of fsspec reaches it; the library for that is an
extra, and is imported only where a place of it is declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, ValidationInfo, WithJsonSchema, field_validator

from rollcall.roll.fields import Named, Size, Table, Timeout, context, default
from rollcall.roll.secrets import Secrets, expand, plain_secrets, texts_of
from rollcall.roll.values import nearest, shown_url
from rollcall.text import clean
from rollcall.times import parse_span

# What reaches a protocol: the package that is imported, and the extra of ours that brings it.
_REACHED_BY = {
    **dict.fromkeys(("s3", "s3a"), ("s3fs", "s3")),
    **dict.fromkeys(("gs", "gcs"), ("gcsfs", "gcs")),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), ("adlfs", "azure")),
    # fsspec's own, over paramiko, would take any host's key.
    **dict.fromkeys(("sftp", "ssh"), ("sshfs", "sftp")),
    **dict.fromkeys(("webdav", "webdavs", "dav", "davs"), ("webdav4", "webdav")),
    **dict.fromkeys(("http", "https"), ("aiohttp", "http")),
    "smb": ("smbclient", "smb"),
}
_LOCAL = ("file", "local")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_NEARLY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_OF_WINDOWS = re.compile(r"[A-Za-z]:\\|\\\\")
# What a date fills in; "%FC" may be a letter of a url.
_FIELD = re.compile(r"%(?:[YymHMSjIpGVuwT]|[Fd](?![0-9A-Fa-f]))")
_CURE = 'Write it such as "s3://bucket/folder", "sftp://host/folder" or "/mnt/nas".'


class Budget(Table):
    """How much of a place may be asked for in one morning; what would go past it is unknown."""

    requests: int | None = Field(None, ge=1, strict=True, description="Listings, pages and ranges, all together.")
    bytes: Size | None = Field(None, description="What is read of its files.")


class Place(Named):
    """Where files lie: anything that fsspec reaches, or a folder of this machine that may not be there."""

    url: str = Field(
        description="Its root, s3://bucket/folder or sftp://host/folder; a path is a folder of this machine."
    )
    options: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})] = Field(
        default_factory=dict, description="Handed to the filesystem of that protocol as they are."
    )
    timeout: Timeout = default("30 s", parse_span, "How long one listing of it may take.")
    budget: Budget = Field(default_factory=Budget, description="How much of it may be asked for in one morning.")

    _secrets: Secrets = PrivateAttr(default_factory=Secrets)
    _folder: Path | None = PrivateAttr(None)

    def __hash__(self) -> int:
        return hash((self.id, self.url))

    @field_validator("url")
    @classmethod
    def _can_be_reached(cls, url: str, found: ValidationInfo) -> str:
        known = context(found)
        sent = expand(url, known["environment"])
        if not sent.strip() or clean(sent, 2_000) != sent:
            raise ValueError(f"is empty, too long or has control characters. {_CURE}")
        scheme = protocol_of(url)
        if _OF_WINDOWS.match(url):
            raise ValueError('is a path of Windows. Write it such as "smb://nas/share".')
        if field := _FIELD.search(url):
            raise ValueError(f'holds "{field[0]}", and a place is no date\'s. Write that into the path of its outputs.')
        if scheme in _LOCAL:
            if not _SCHEME.match(url) and _NEARLY.match(url):
                raise ValueError(f'has no "//" behind its protocol. {_CURE}')
            _path_of(sent)
            return url
        if known["is_replay"]:
            return url
        _check_installed(scheme)
        try:
            parts = urlsplit(sent)
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"has a host or a port that cannot be: {error}. {_CURE}") from None
        if scheme != "memory" and not parts.netloc.rpartition("@")[2]:
            raise ValueError(f"names no bucket and no host. {_CURE}")
        if parts.query and scheme in _REACHED_BY:
            # The names of files are written behind the url, and would become a part of it.
            cure = "Write it as options = { params = { … } }." if scheme.startswith("http") else "Take it out."
            raise ValueError(f'holds a "?", and what follows is no folder. {cure}')
        return url

    @field_validator("options")
    @classmethod
    def _are_set(cls, options: dict[str, Any], found: ValidationInfo) -> dict[str, Any]:
        for text in texts_of(options):
            expand(text, context(found)["environment"])
        return options

    def model_post_init(self, context: Any) -> None:
        """Takes what `${NAME}` stands for, and the folder that a relative path begins in."""
        super().model_post_init(context)
        known = context or {}
        environment = known.get("environment", {})
        if known.get("is_replay"):
            # Nobody is asked, and the homes are those of another machine.
            self._secrets = Secrets(environment=environment)
            path = Path(_SCHEME.sub("", self.url, count=1))
        else:
            plain = plain_secrets(self.options)
            self._secrets = Secrets.of(texts_of([self.url, self.options]), {}, self.url, environment, plain)
            path = _path_of(self.address) if self.protocol in _LOCAL else Path()
        if self.protocol in _LOCAL:
            self._folder = (known.get("folder") or Path()) / path

    @property
    def secrets(self) -> Secrets:
        """What is never shown of it."""
        return self._secrets

    @property
    def protocol(self) -> str:
        """In small letters; "file" of a folder of this machine."""
        return protocol_of(self.url)

    @property
    def address(self) -> str:
        """Its url as it is sent."""
        return self._secrets.sent(self.url)

    @property
    def sent_options(self) -> dict[str, Any]:
        """Its options as they are handed over."""
        return {key: _sent(each, self._secrets) for key, each in self.options.items()}

    @property
    def folder(self) -> Path | None:
        """The folder of this machine that it is; None where it lies elsewhere."""
        return self._folder

    @property
    def shown(self) -> str:
        """Its url for people, without user and password."""
        if self.folder is not None:
            return clean(str(self.folder))
        return self._secrets.clean(shown_url(self.url).rstrip("/"))

    @property
    def table(self) -> str:
        """Where it stands in jobs.toml."""
        return f"[places.{clean(self.id, 60)}]"


def protocol_of(url: str) -> str:
    """The protocol of a place's url, in small letters."""
    match = _SCHEME.match(url)
    scheme = match[1].lower() if match else "file"
    return "file" if scheme in _LOCAL else scheme


def no_such_place(name: str, known: Mapping[str, Place]) -> ValueError:
    """That an output names a place that is not declared, with the one that was meant."""
    near = nearest(name, known)
    if near:
        return ValueError(f'no such place. Did you mean "{clean(near, 60)}"?')
    declared = ", ".join(clean(each, 60) for each in list(known)[:20])
    return ValueError(f"no such place. {f'Declared: {declared}.' if declared else 'Write a [places.NAME] table.'}")


def _path_of(url: str) -> Path:
    """The folder that a local url names. Raises ValueError where there is no such home."""
    text = _SCHEME.sub("", url, count=1)
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError('begins with "~", but there is no such home. Write the folder from "/" on.') from None


def _sent(value: Any, secrets: Secrets) -> Any:
    match value:
        case str():
            return secrets.sent(value)
        case dict():
            return {key: _sent(each, secrets) for key, each in value.items()}
        case list():
            return [_sent(each, secrets) for each in value]
    return value


def _check_installed(scheme: str) -> None:
    """Raises ValueError where nothing that is installed reaches that protocol, with what to type."""
    package, extra = _REACHED_BY.get(scheme, ("fsspec", ""))
    if find_spec(package) and find_spec("fsspec"):
        if extra or scheme in _known_to_fsspec():
            return
    elif extra:
        raise ValueError(f"needs {package}, which is not installed. Type: pip install 'roll-call[{extra}]'")
    near = nearest(scheme, (*_REACHED_BY, "file", "memory"))
    cure = f'Did you mean "{near}://"?' if near else "fsspec, or the package that adds it there, is not installed."
    raise ValueError(f'is of the protocol "{clean(scheme, 20)}", which nothing here reaches. {cure}')


def _known_to_fsspec() -> Iterator[str]:
    if find_spec("fsspec"):
        from fsspec import available_protocols

        yield from available_protocols()
