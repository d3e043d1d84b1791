"""Which places do the files declare?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rollcall.roll.hosts import elsewhere_of, places_elsewhere
from rollcall.roll.mistakes import Layer, Mistakes
from rollcall.roll.place import Place
from rollcall.roll.read_files import File
from rollcall.text import clean


def read_places(files: tuple[File, ...], context: Mapping[str, Any], mistakes: Mistakes) -> dict[str, Place | None]:
    """Each by its name, relative to the file in which it stands; None where something is wrong with its table."""
    layers: dict[str, Layer] = {}
    places: dict[str, Place | None] = {}
    elsewhere = places_elsewhere(files, context["here"])
    for file in files:
        for name, table in file.tables("places"):
            layer = file.layer("places", name, table=table)
            mistakes.check_id(name, layer)
            if other := layers.get(name):
                rule = f"the name {clean(name, 60)} is in {other.place()} too. Rename one, or take it out."
                mistakes.add(layer.place(), rule)
                continue
            layers[name] = layer
            seen = elsewhere_of(context) if name in elsewhere else context
            places[name] = mistakes.checked(Place, table, {**seen, "id": name, "folder": file.folder}, layer)
    return places
