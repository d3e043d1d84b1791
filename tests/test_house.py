"""Do imports go down only, and does every room say which question it answers?"""

import ast
import importlib
import json
import pkgutil
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import rollcall
from rollcall.roll.schema import json_schema

HOUSE = Path(rollcall.__file__).resolve().parent
TOP = HOUSE.parent

# The map lies in docs/architecture.md, ground floor first.
_MAP = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
FLOORS = _MAP.partition("```floors")[2].partition("```")[0].strip()
FLOOR = {room: number for number, line in enumerate(FLOORS.split("\n")) for room in line.split()}
MODULES = {
    path.relative_to(TOP).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
    for path in sorted(HOUSE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def room_of(name: str) -> str:
    """The room in which something of the house is: a module that has a floor of its own, else its package."""
    parts = name.split(".")
    own = ".".join(parts[1:3])
    return own if own in FLOOR else parts[1]


ROOMS = {name: room_of(name) for name in MODULES if "." in name and name != "rollcall.__main__"}

_CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}


def imported(name: str) -> set[str]:
    """The rooms of the house that a module imports, wherever in it that is."""
    found: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {room_of(each) for each in named if each.startswith("rollcall.")}
        elif isinstance(node, ast.Import):
            found |= {room_of(alias.name) for alias in node.names if alias.name.startswith("rollcall.")}
    return found & set(FLOOR)


def called(name: str) -> set[str]:
    """What a module calls, in the words it calls it by (the last two of them)."""
    calls = [node.func for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)]
    return {".".join(ast.unparse(call).split(".")[-2:]) for call in calls}


def test_every_room_has_its_floor() -> None:
    assert set(ROOMS.values()) == set(FLOOR)


def test_imports_go_down_only() -> None:
    upward = {
        f"{name} imports {each}"
        for name, room in ROOMS.items()
        for each in imported(name)
        if each != room and FLOOR[each] >= FLOOR[room]
    }

    assert upward == set()


@pytest.mark.parametrize("room", ["outputs", "recorded", "schedulers", "sources"])
def test_inside_a_room_too(room: str) -> None:
    inside = {name for name in ROOMS if ROOMS[name] == room}
    imports: dict[str, set[str]] = {}
    for name in inside:
        froms = [node for node in ast.walk(TREES[name]) if isinstance(node, ast.ImportFrom) and node.module]
        named = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
        imports[name] = inside & (named | {str(node.module) for node in froms})

    assert set(TopologicalSorter(imports).static_order()) == inside


@pytest.mark.parametrize("room", ["verdict", "causes", "liveness", "findings", "morning", "diagnosis", "report"])
def test_who_judges_never_looks(room: str) -> None:
    looking = {name for name in ROOMS if ROOMS[name] == room and imported(name) & {"schedulers", "outputs", "ask"}}

    assert looking == set()


def test_no_import_is_relative() -> None:
    relative = {name for name, tree in TREES.items() for node in ast.walk(tree) if getattr(node, "level", 0)}

    assert relative == set()


def test_a_module_opens_with_what_it_answers() -> None:
    opens = {name: (ast.get_docstring(tree) or "").split("\n")[0].rstrip() for name, tree in TREES.items()}

    assert {name for name, line in opens.items() if not line.endswith(("?", ".", ")", ":", ";"))} == set()


def test_the_clock_is_read_in_one_place() -> None:
    # The demo stages days of its own, and moves their clock; a wrapped job does not wait until `times` is imported.
    others = ("demo", "wrapping")
    readers = {name: found for name in MODULES if (found := called(name) & _CLOCKS) and ROOMS.get(name) not in others}

    assert readers == {"rollcall.times": {"datetime.now"}}


def test_now_is_read_by_those_at_the_top() -> None:
    readers = {ROOMS[name] for name in ROOMS if "read_now" in called(name)}

    assert readers <= {"plugin", "cli", "commands"}


def test_the_schema_at_the_top_is_the_one_of_the_code() -> None:
    """Where this fails: python -m rollcall schema > jobs.schema.json."""
    written = json.loads((TOP / "jobs.schema.json").read_text(encoding="utf-8"))

    assert written == json.loads(json.dumps(json_schema()))


def test_every_module_can_be_imported_by_itself() -> None:
    for module in pkgutil.walk_packages([str(HOUSE)], "rollcall."):
        if module.name != "rollcall.__main__":
            importlib.import_module(module.name)
