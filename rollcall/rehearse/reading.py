"""What would be seen of an output's file, did it hold these bytes?"""

from __future__ import annotations

import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rollcall.evidence import FileSeen
from rollcall.outputs.content import content_of, read_content
from rollcall.outputs.local import opened
from rollcall.outputs.verified import with_proofs
from rollcall.roll.output import Output


def read_as(data: bytes, file: FileSeen, output: Output, at: datetime) -> FileSeen:
    """`file` as it would be read at that moment: opened and proven too, where the output asks for that.

    A proof that is not made each morning is the one that was made of the good file: it would not notice yet.
    """
    is_proven = output.verify is not None and output.verify.every is None and output.verify.names_its_file
    seen = replace(file, size=len(data), content=None, unreadable=None, grew=False)
    seen = replace(seen, verified=None) if is_proven else seen
    if not data:
        return seen
    if not (output.open or is_proven):
        return replace(seen, content=content_of(data, output))
    until = time.monotonic() + output.timeout.total_seconds()
    with tempfile.TemporaryDirectory(prefix="rollcall-") as folder:
        # Under its own name, by which programs know what it is.
        path = Path(folder) / Path(file.name).name
        path.write_bytes(data)
        read = read_content(lambda: opened(path), seen, output, until=until)
        if not is_proven:
            return read
        (proven,) = with_proofs(
            [(file.name, read)], output, lambda name: nullcontext(path), since=file.made_at, at=at, until=until
        )
        return proven
