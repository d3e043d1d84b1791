"""What does a job do when it runs, and what does it leave on disk?"""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rollcall.demo import poet
from rollcall.demo.clock import Clock

LOCAL = ZoneInfo("Europe/Zurich")
KEEPS = 5


def write_whole(path: Path, text: str) -> None:
    """Write all of `text`."""
    path.write_text(text, encoding="utf-8")


class Work:
    """The work of the jobs; what a fault may break is an attribute, so that it replaces a part, no result."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self.output_folder = folder / "data" / "scheduled-output"
        self.poet: poet.Poet = poet.compose
        self.write: Callable[[Path, str], None] = write_whole

    def generate_haiku(self) -> None:
        """Write today's haikus; an AI that does not answer is no error, as in the original."""
        today = self._local_now().date()
        try:
            text = self.poet(today)
        except poet.NoAnswerError:
            text = poet.without_answers(today)
        self._save("generate-haiku", ".md", text)

    def export_markdown(self) -> None:
        """Write the collection as a table."""
        rows = [f"| {album.title} | {album.artist} |" for album in poet.COLLECTION]
        head = f"# Collection\n\nExport du {self._local_now():%d.%m.%Y %H:%M}\n"
        self._save("export-markdown", ".md", "\n".join((head, "| Album | Artiste |", "|---|---|", *rows, "")))

    def export_json(self) -> None:
        """Write the collection as JSON."""
        albums = [{"title": album.title, "artist": album.artist} for album in poet.COLLECTION]
        export = {"exported_at": self._local_now().isoformat(), "albums": albums}
        self._save("export-json", ".json", json.dumps(export, ensure_ascii=False, indent=2))

    def leave_no_file(self) -> None:
        """The other jobs work inside the database; a roll call can judge them by their record alone."""

    def _local_now(self) -> datetime:
        return self.clock.now().astimezone(LOCAL)

    def _save(self, kind: str, suffix: str, text: str) -> None:
        self.output_folder.mkdir(parents=True, exist_ok=True)
        now = self._local_now()
        path = self.output_folder / f"{kind}-{now:%Y%m%d-%H%M%S}{suffix}"
        self.write(path, text)
        # The kernel's clock is not the demo's, so without this every file would be from today.
        os.utime(path, (now.timestamp(), now.timestamp()))
        for old in sorted(self.output_folder.glob(f"{kind}-*{suffix}"))[:-KEEPS]:
            old.unlink()
