"""Which schedulers do the files declare?

A preset is laid under the table of its kind, and `each` makes several of one. A url of the command line comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from rollcall.roll.hosts import asked_as, seen_from
from rollcall.roll.kinds import find_kind, kinds, merged
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.roll.read_files import File
from rollcall.roll.scheduler import Scheduler, Unread
from rollcall.roll.secrets import expand
from rollcall.roll.values import check_url, nearest, shown_url
from rollcall.text import clean, listed

_EACH = "{each}"
# A second record is written by the same scheduler: in the same words, on the same clock.
_SHARED_WITH_MEMORY = ("words", "naive_times", "timeout")
_NOT_OF_A_MEMORY = ("declare", "ignore", "steps", "memory", "remedy", "host")
_NOT_OF_A_REMEDY = (*_NOT_OF_A_MEMORY, "kind", "engine", "words", "alive", "jobs", "runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """One scheduler: the table that is checked, and the one of the file that it comes from."""

    id: str
    table: dict[str, Any]
    layer: Layer
    file: File


def read_schedulers(
    files: Iterable[File], urls: Mapping[str | None, str], context: Mapping[str, Any], mistakes: Mistakes
) -> dict[str, Scheduler]:
    """Each by its id; `Unread` where its table is wrong. `urls` replaces those of some (None: the only one)."""
    declared: dict[str, _Declared] = {}
    names: list[str] = []
    for file in files:
        for each in _declared(file, mistakes):
            mistakes.check_id(each.id, each.layer)
            if other := declared.get(each.id):
                rule = f"the id {clean(each.id, 60)} is in {other.layer.place()} too. Rename one, or take it out."
                mistakes.add(each.layer.place(), rule)
            declared.setdefault(each.id, each)
        written = file.raw.get("schedulers")
        names += written if isinstance(written, dict) else ()
    # Those that are no tables are not missing: what is wrong with them is said of the file.
    _put_urls(declared, list(dict.fromkeys((*declared, *names))), urls, context, mistakes)
    return {each.id: _scheduler(each, context, mistakes) or Unread(kind="") for each in declared.values()}


def _declared(file: File, mistakes: Mistakes) -> Iterator[_Declared]:
    """Those of one file: one for each word of `each`, or the table itself where it has none."""
    for name, table in file.tables("schedulers"):
        layer, words = file.layer("schedulers", name, table=table), table.get("each")
        if words is None:
            yield _Declared(id=name, table=dict(table), layer=layer, file=file)
        elif not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
            mistakes.add(layer.place("each"), 'must be a list of texts, such as ["eu1", "eu2"].')
        else:
            rest = {key: value for key, value in table.items() if key != "each"}
            if _filled(rest, "") == rest:
                rule = f"{_EACH} is in no text of this table, so all of them would be the same."
                mistakes.add(layer.place("each"), f"{rule} Write it where they differ.")
            for word in dict.fromkeys(words):
                yield _Declared(id=f"{name}-{word}", table=_filled(rest, word), layer=layer, file=file)


def _filled(value: Any, word: str) -> Any:
    match value:
        case str():
            return value.replace(_EACH, word)
        case dict():
            return {key: _filled(part, word) for key, part in value.items()}
        case list():
            return [_filled(part, word) for part in value]
    return value


def _put_urls(
    declared: Mapping[str, _Declared],
    known: list[str],
    urls: Mapping[str | None, str],
    context: Mapping[str, Any],
    mistakes: Mistakes,
) -> None:
    """Puts the command line's urls into the tables. What is wrong with one is said of the command line."""
    shown = listed(clean(each, 60) for each in known) or "none"
    for asked, url in urls.items():
        name = known[0] if asked is None and len(known) == 1 else asked
        value = shown_url(url) if name is None or name in known else clean(name, 60)
        try:
            if name is None:
                raise ValueError(f"which scheduler? Write NAME=URL with one of: {shown if known else 'none declared'}.")
            if name not in known:
                near = nearest(name, known)
                cure = f"Did you mean {clean(near, 60)}?" if near else f"Declared: {shown}."
                raise ValueError(f"no such scheduler. {cure}")
            if name in declared:
                kind = None
                with suppress(KeyError, TypeError, ValueError):  # what is wrong with its kind is said of that
                    kind, _ = find_kind(declared[name].table["kind"])
                if kind and "url" not in kind.model_fields:
                    raise ValueError(f"{clean(name, 60)} is not asked at a url. Take this out.")
                check_url(expand(url, context["environment"]))
                declared[name].table["url"] = url
        except ValueError as problem:
            mistakes.add("--scheduler-url", str(problem), f'"{value}"')


def _scheduler(declared: _Declared, context: Mapping[str, Any], mistakes: Mistakes) -> Scheduler | None:
    layer, file = declared.layer, declared.file
    whole, kind = _over_preset(declared.table, layer, mistakes)
    if kind is None:
        return None
    zone = file.table.timezone if file.table else None
    seen = seen_from(context["here"], whole.get("host"), context)
    known = {**seen, "id": declared.id, "zone": zone, "folder": file.folder, "asked_as": asked_as(whole)}
    own = {key: value for key, value in whole.items() if key not in ("memory", "remedy")}
    scheduler = mistakes.checked(kind, own, known, layer)
    if scheduler and scheduler.host and scheduler.declare:
        rule = f"its listing is seen on {scheduler.host} alone. Write the jobs there: `rollcall discover --append`."
        mistakes.add_in((layer,), ("declare",), rule)
    if scheduler and "declare" in own:
        # Whoever wrote it would think that its jobs are judged.
        if "schedule" not in scheduler.tells:
            rule = "it does not report when a job is due, so no job would be declared. Write [jobs.NAME] tables."
            mistakes.add(layer.place("declare"), rule)
        if all(any(fnmatchcase(each, taken) for taken in scheduler.ignore) for each in scheduler.declare):
            rule = "takes all that declare names, so that no job would be declared. Take one of them out."
            mistakes.add_in((layer,), ("ignore",), rule)
    memory = _memory(whole, layer, known, mistakes) if "memory" in declared.table else None
    tells = frozenset[str]().union(*(each.tells for each in (scheduler, memory) if each))
    if scheduler and "words" in declared.table and "runs" in tells and "status" not in tells:
        # Whoever wrote them would think that a run that failed is seen.
        rule = 'its runs have no status, so no word would apply. Write status = "…" in its table runs.'
        mistakes.add_in((layer,), ("words",), rule)
    remedy = _remedy(kind, own, layer, known, mistakes) if "remedy" in declared.table else None
    others = {"memory": memory, "remedy": remedy}
    if scheduler is None or any(each is None for key, each in others.items() if key in declared.table):
        return None
    return scheduler.model_copy(update={key: each for key, each in others.items() if each})


def _remedy(
    kind: type[Scheduler], own: Mapping[str, Any], layer: Layer, known: Mapping[str, Any], mistakes: Mistakes
) -> Scheduler | None:
    """Itself with other rights, for what it is told to do."""
    table = layer.table["remedy"]
    written = Layer(layer.file, (*layer.keys, "remedy"), table if isinstance(table, Mapping) else {})
    if not isinstance(table, Mapping):
        rule = f"must be a table. Write [{written.place().partition(': ')[2]}] above its keys."
        mistakes.add_in((layer,), ("remedy",), rule)
        return None
    for key in table:
        if key in _NOT_OF_A_REMEDY:
            mistakes.add_in((written,), (key,), "applies to asking, not to remedies. Move it there.")
    return mistakes.checked(kind, {**own, **table}, known, written, layer)


def _over_preset(
    table: Mapping[str, Any], layer: Layer, mistakes: Mistakes
) -> tuple[dict[str, Any], type[Scheduler] | None]:
    """What its kind says already, and over it what the table says; None where there is no such kind."""
    kind = table.get("kind")
    try:
        if kind is None:
            raise ValueError(f'required. Write kind = "aime", or another one of {listed(kinds(), 20)}.')
        if not isinstance(kind, str):
            raise ValueError("must be text in quotes.")
        cls, preset = find_kind(kind)
    except ValueError as problem:
        mistakes.add_in((layer,), ("kind",), str(problem))
        return {}, None
    return merged(preset, table), cls


def _memory(whole: Mapping[str, Any], layer: Layer, known: Mapping[str, Any], mistakes: Mistakes) -> Scheduler | None:
    """Its second record, a scheduler of its own kind; its queries may come from the preset."""
    memory, written = whole["memory"], layer.table["memory"]
    own = Layer(layer.file, (*layer.keys, "memory"), written if isinstance(written, Mapping) else {})
    if not isinstance(memory, Mapping):
        rule = f"must be a table. Write [{own.place().partition(': ')[2]}] above its keys."
        mistakes.add_in((layer,), ("memory",), rule)
        return None
    for key in _NOT_OF_A_MEMORY:
        if key in memory:
            mistakes.add_in((own,), (key,), "is asked of the scheduler itself, and not of its memory. Move it there.")
    shared = {key: whole[key] for key in _SHARED_WITH_MEMORY if key in whole}
    table, kind = _over_preset({**shared, **memory}, own, mistakes)
    of_parent = Layer(layer.file, layer.keys, {key: layer.table[key] for key in shared if key in layer.table})
    return mistakes.checked(kind, table, known, own, of_parent) if kind else None
