"""Which url of a database can be asked, whose driver is there, and what of it must never be shown?

SQLAlchemy is imported only here and in `rollcall.sources.database`, and only where jobs.toml names a database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rollcall.command_line import install
from rollcall.roll.secrets import VARIABLE, expand, sent_forms
from rollcall.text import clean

if TYPE_CHECKING:
    from sqlalchemy import URL

_CURE = 'Write it such as "sqlite:///data/app.db" or "postgresql://host/name".'
# What drivers take as options of the url beside its user.
_SECRET_OPTION = re.compile("pass|pwd|secret|token|key", re.IGNORECASE)


def read_database_url(text: str, folder: Path | None = None) -> URL:
    """The parts of an address that can be asked; the path of a file is relative to `folder`, where that is given.

    Raises ValueError also where the driver for it is not installed.
    """
    if clean(text, 2000) != text:
        raise ValueError(f"has control characters or doubled spaces, or is too long. {_CURE}")
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError:
        raise ValueError(f"needs SQLAlchemy, which is not installed: {install('SQLAlchemy>=2,<3')}") from None
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"is not the address of a database. {_CURE}") from None
    if url.drivername in ("postgres", "postgresql"):
        # SQLAlchemy 2.0 would take psycopg2 here, which the extra does not bring along.
        url = url.set(drivername="postgresql+psycopg" if find_spec("psycopg") else "postgresql")
    try:
        dialect = url.get_dialect()
        # Imported now, so that no limit of the morning pays for it.
        dialect.import_dbapi()
    except NoSuchModuleError:
        if url.get_backend_name() == "duckdb":
            raise ValueError(f"needs DuckDB, which is not installed: {install('duckdb-engine')}") from None
        raise ValueError(f"names no kind of database that SQLAlchemy knows. {_CURE}") from None
    except ImportError as error:
        missing = clean(error.name or str(error), 60)
        bundle = "psycopg[binary]" if missing.startswith("psycopg") else missing
        raise ValueError(f"needs the driver {missing}, which is not installed: {install(bundle)}") from None
    if dialect.is_async:
        raise ValueError("names an asynchronous driver. Write the url without it, such as postgresql://host/name.")
    if url.get_backend_name() in ("sqlite", "duckdb"):
        name, kind = url.database or "", url.get_backend_name()
        if url.get_driver_name() not in ("pysqlite", "duckdb_engine"):
            raise ValueError('names a driver that cannot be held to reading. Write "sqlite:///data/app.db".')
        if name in ("", ":memory:") or name.startswith("file:") or name.endswith("/"):
            cure = f'Write "{kind}:///data/app.db", or four slashes and the path from the root on.'
            raise ValueError(f"names no file. {cure}")
        if folder is not None:
            url = url.set(database=str(folder / name))
    return url


def hidden(written: str, url: URL, environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What must never be shown, and what must not be shown of a driver's words, each with what is shown instead.

    The second is the user, and what each `${NAME}` stands for: too plain to be torn out of the ids of jobs.
    """
    variables = {environment.get(name, ""): f"${{{name}}}" for name in VARIABLE.findall(written)}
    # A password stands in the url, and so perhaps in the environment, with percent signs.
    variables |= {unquote(value): shown for value, shown in variables.items()}
    options = [each for name in url.query if _SECRET_OPTION.search(name) for each in url.normalized_query[name]]
    secrets = {value: variables.get(value, "(password)") for value in (str(url.password or ""), *options)}
    if url.password:
        secrets.setdefault(f"{url.username}:{url.password}", "(user)")
        # As it stands in the url, percent signs and all.
        secrets.setdefault(expand(written, environment).partition("://")[2].rpartition("@")[0], "(user)")
    names = variables | {url.username or "": variables.get(url.username or "", "(user)")}
    secrets |= {value: shown for value, shown in names.items() if "://" in value}
    return sent_forms(secrets), sent_forms(names)
