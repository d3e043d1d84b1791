"""Whatever is written, is it a roll or its mistakes, and never a traceback?"""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.errors import BadInput
from rollcall.roll.load import load
from rollcall.roll.roll import Roll
from rollcall.roll.schema import json_schema


def to_toml(value: object) -> str:
    """`value` as TOML writes it inline."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case dict():
            return "{" + ", ".join(f"{to_toml(str(key))} = {to_toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(to_toml, value)) + "]"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=12),
    st.sampled_from(
        """
        30 min|0 s|9 w|-1 s|1 h 30 min|200 B|1 MB|1e9 GB|50 % of usual|UTC|Europe/Zurich|CET|Mars/Olympus|cron|quartz
        0 6 * * *|0 6 * * 1-5|61 * * * *|0 0 30 2 *|@daily|@reboot|* * * * * *|*/0 * * * *|L L L L L|0 0 29 2 1#2
        http://h|http://u:p@h:1/x|//h|${X}|${SET}|${|http://a..b|/api/{job}|/|.|..|~|~x/y|a/b*|*|[|[!a]|**/x|{each}
        x-%Y%m%d|x-%Y%m%d*|%|%z|%Y%Y|x-*|text|json|fail|warn|aime|2026-02-11T06:00:00Z|0001-01-01T00:00:00+14:00
        sql|command|SELECT 1|items[?x]|2 of 3|06:30|due|run|start|latest|sqlite:///x.db|CH|jobs.d/*.toml|apscheduler
        """.replace("\n", "|").split("|")
    ).map(str.strip),
)
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-2, 9),
    st.floats(),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
KEYS = json_schema()["$defs"]
NESTED = {
    "paused": "Pause", "words": "Words", "alive": "AlivePart", "jobs": "JobsPart", "runs": "RunsPart", "login": "Login",
}  # fmt: skip


def tables(*names: str, **usual: Any) -> st.SearchStrategy[dict[str, object]]:
    """Tables with the keys of the grammar, and now and then another, that hold anything; `usual` is seldom wrong."""
    known = sorted({key for name in names for key in KEYS[name]["properties"]})
    pairs = st.sampled_from(known).flatmap(lambda key: st.tuples(st.just(key), _nested(key) | VALUES | TEXTS))
    others = st.lists(pairs | st.tuples(TEXTS, VALUES), max_size=8).map(dict)
    return st.builds(lambda more: {**usual, **more}, others)


def _nested(key: str) -> st.SearchStrategy[Any]:
    if key == "output":
        one = st.deferred(lambda: tables("Output", path="x-%F"))
        return one | st.lists(one, max_size=2)
    if key == "memory":
        return st.deferred(lambda: tables("sql", "aime"))
    if key == "headers":
        return st.dictionaries(TEXTS, TEXTS)
    return tables(NESTED[key]) if key in NESTED else TEXTS


JOBS = tables("Job", schedule="0 6 * * *", scheduler="aime")
FILES = st.fixed_dictionaries(
    {},
    optional={
        "timezone": st.just("Europe/Zurich") | VALUES,
        "look_back": st.just("24 h") | VALUES,
        "include": st.lists(TEXTS, max_size=2) | VALUES,
        "defaults": tables("Defaults") | VALUES,
        "history": tables("HistoryTable") | VALUES,
        "alert": tables("AlertTable") | VALUES,
        "watch": tables("WatchTable") | VALUES,
        "windows": st.lists(tables("WindowTable", when="0 22 * * sat", lasts="6 h"), max_size=2) | VALUES,
        "schedulers": st.dictionaries(
            st.just("aime") | TEXTS, tables("aime", "sql", "command", kind="aime", url="http://h"), max_size=2
        )
        | VALUES,
        "jobs": st.dictionaries(TEXTS, JOBS, max_size=3) | VALUES,
        "extra": VALUES,
    },
)


@given(FILES, st.dictionaries(st.none() | TEXTS, TEXTS, max_size=2), st.booleans())
def test_whatever_is_written_gives_a_roll_or_all_its_mistakes(
    tmp_path_factory: pytest.TempPathFactory,
    written: dict[str, object],
    urls: dict[str | None, str],
    is_replay: bool,
) -> None:
    text = "\n".join(f"{key} = {to_toml(value)}" for key, value in written.items())
    tomllib.loads(text)  # the test itself writes TOML
    folder = tmp_path_factory.getbasetemp() / "whatever"
    folder.mkdir(exist_ok=True)
    (folder / "jobs.toml").write_text(text, encoding="utf-8")
    told: Roll | BadInput
    try:
        told = load(folder / "jobs.toml", environment={"SET": "x" * 9}, scheduler_urls=urls, is_replay=is_replay)
    except BadInput as refusal:
        told = refusal

    if isinstance(told, Roll):
        assert told.jobs or any(each.declare for each in told.schedulers)
        return
    for each in str(told).split("\n"):
        assert each.startswith(("jobs.toml: ", "--scheduler-url = "))
        assert each.isprintable()
        assert len(each) < 1_200


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_bytes_there_are_give_a_mistake(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.toml"
    file.write_bytes(data)

    with pytest.raises(BadInput):
        load(file, environment={})
