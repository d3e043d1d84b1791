"""Are the entries of a JSON answer handed out one by one, in whatever pieces it comes, and half an answer never?"""

from __future__ import annotations

import json

import pytest

from rollcall.sources.json_items import Broken, Items

WHOLE = {
    "apiVersion": "v1",
    "items": [{"a": "ü]},"}, 12, [1, [2]], "x\"y", {}, -1.5e3, None, True],
    "kind": "List",
    "metadata": {"items": [1]},
}  # fmt: skip
TEXT = json.dumps(WHOLE, indent=1, ensure_ascii=False).encode()


def pieces_of(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_in_whatever_pieces_it_comes(size: int) -> None:
    items = Items(pieces_of(TEXT, size), "items")
    assert list(items) == WHOLE["items"]
    assert items.rest == {key: value for key, value in WHOLE.items() if key != "items"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"{}", []),
        (b' {"items": [ ] } ', []),
        (b'\xef\xbb\xbf{"items":[1]}', [1]),
        (b'{"kind":"X"}', []),
        # What is no list is no entry.
        (b'{"items":{"a":1}}', []),
    ],
)
def test_what_has_none_has_none(text: bytes, found: list[object]) -> None:
    assert list(Items([text], "items")) == found


def test_no_beginning_of_it_is_a_whole_answer() -> None:
    for end in range(len(TEXT)):
        with pytest.raises((Broken, UnicodeDecodeError)):
            list(Items([TEXT[:end]], "items"))


@pytest.mark.parametrize(
    "text", [b"", b"[1]", b"error", b'{"items": [1 2]}', b'{"items" [1]}', b'{"items": [1]]', b"{,}"]
)
def test_what_is_no_object_is_broken(text: bytes) -> None:
    with pytest.raises(Broken):
        list(Items([text], "items"))


def test_an_entry_is_handed_out_before_the_next_has_come() -> None:
    came = []

    def pieces() -> object:
        for piece in (b'{"items": [1,', b" 2,", b" 3]}"):
            came.append(piece)
            yield piece

    items = iter(Items(pieces(), "items"))  # type: ignore[arg-type]  # a generator is an iterable
    assert (next(items), len(came)) == (1, 1)
    assert (next(items), len(came)) == (2, 2)
