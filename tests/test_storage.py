"""Is what one run leaves whole where another finds it, in a folder, a bucket and on another machine?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.stores import Server
from rollcall.errors import BadInput
from rollcall.roll.place import Place
from rollcall.storage import Storage, StorageProblem, storage_of

pytest_plugins = ("fixtures.stores",)


def kept_in(text: str, folder: Path, **places: Place) -> Storage:
    return storage_of(text, given_as="--into", places=places, folder=folder, environment={})


def place_of(server: Server, **more: Any) -> Place:
    table = {"url": server.url, "options": server.options, "timeout": "20 s", **more}
    return Place.model_validate(table, context={"id": "hub", "environment": {}, "folder": Path(), "is_replay": False})


@pytest.fixture(params=["folder", "moto", "seaweed", "sftp"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return kept_in("left/here", tmp_path)
    server: Server = request.getfixturevalue(request.param)
    # In that bucket the reader of the other tests may not write.
    owner = {"key": "owner"} if request.param == "seaweed" else {}
    return kept_in("hub", tmp_path, hub=place_of(server, options={**server.options, **owner}))


def test_what_is_put_there_is_listed_read_and_taken_away(storage: Storage) -> None:
    before = set(storage.list())
    for data in (b"old", b"new \x00 and whole"):
        storage.write("web1.json.zst", data)

    stored = storage.list()["web1.json.zst"]
    assert set(storage.list()) == before | {"web1.json.zst"}
    assert storage.read("web1.json.zst", 100) == b"new \x00 and whole"
    assert stored.size == 15
    assert stored.written_at is not None
    storage.remove("web1.json.zst")
    storage.remove("web1.json.zst")  # it is gone already
    assert set(storage.list()) == before


def test_nothing_is_there_before_anything_was_put_there(tmp_path: Path) -> None:
    storage = kept_in("left", tmp_path)

    assert storage.list() == {}
    with pytest.raises(StorageProblem, match="cannot be read: No such file"):
        storage.read("web1", 10)


def test_what_is_no_plain_file_with_a_plain_name_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in (".web1.json.part", "a b", "ok.json"):
        (tmp_path / name).write_text("x")

    assert set(kept_in(".", tmp_path).list()) == {"ok.json"}


def test_more_than_is_bearable_is_not_read(tmp_path: Path) -> None:
    storage = kept_in(".", tmp_path)
    storage.write("large", b"x" * 11)

    with pytest.raises(StorageProblem, match="large is larger than 10 B, and is not read"):
        storage.read("large", 10)


def test_a_place_that_does_not_answer_is_one_line_without_its_password(tmp_path: Path) -> None:
    options = {"endpoint_url": "http://127.0.0.1:9", "key": "reader", "secret": "s3cret-of-tests"}
    hub = Place.model_validate(
        {"url": "s3://offsite", "options": options, "timeout": "3 s"},
        context={"id": "hub", "environment": {}, "folder": Path(), "is_replay": False},
    )

    storage = kept_in("hub", tmp_path, hub=hub)
    asked: tuple[Callable[[], object], ...] = (
        storage.list, lambda: storage.read("x", 1), lambda: storage.write("x", b"1"), lambda: storage.remove("x")
    )  # fmt: skip
    for ask in asked:
        with pytest.raises(StorageProblem) as problem:
            ask()
        assert str(problem.value).startswith("s3://offsite")
        assert "s3cret" not in str(problem.value)
        assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("s4://bucket", "is of the protocol"),
        ("s3://", "names no bucket and no host"),
        ("sftp://me:s3cret@", "names no bucket and no host"),
        ("~nobody-here/left", "names no folder"),
    ],
)
def test_what_is_no_place_is_refused(text: str, rule: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rule) as problem:
        kept_in(text, tmp_path)
    assert "--into" in str(problem.value)
    assert "s3cret" not in str(problem.value)
