"""What real engines answered is judged as it was when they answered, without the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest

from fixtures.engines import Look, looks, replayed, said
from fixtures.postgres import Postgres

_KEPT = list(looks())
if not _KEPT:
    pytest.skip("no engine is on record yet", allow_module_level=True)
_number = count()


@pytest.fixture
def postgresql(request: pytest.FixtureRequest) -> Callable[[Sequence[str]], str]:
    """Fills a database of a real PostgreSQL, which is started where one is asked for."""

    def filled(statements: Sequence[str]) -> str:
        server: Postgres = request.getfixturevalue("postgres")
        name = f"engine_{next(_number)}"
        with server.connected() as connection:
            connection.autocommit = True
            connection.execute(f"CREATE DATABASE {name}")
        import psycopg

        with psycopg.connect(server.url(database=name)) as connection:
            for each in statements:
                connection.execute(each)
        return server.url(database=name)

    return filled


@pytest.mark.parametrize("file", _KEPT, ids=[f"{each.parent.name}-{each.stem}" for each in _KEPT])
def test_an_engine_is_judged_by_its_record_as_it_was_live(
    file: Path, tmp_path: Path, postgresql: Callable[[Sequence[str]], str]
) -> None:
    look = Look.read(file)
    with replayed(look, tmp_path, postgresql) as morning:
        assert said(morning) == dict(look.said)
