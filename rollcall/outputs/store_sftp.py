"""How is a folder listed over SFTP: as a stream, of which only what is asked for is kept?"""

from __future__ import annotations

import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Any

from rollcall.outputs.due_names import Asked
from rollcall.outputs.store import MOST_LISTED, Entry, Store
from rollcall.outputs.tree import instant

_CHUNK = 1_000
_HOPS = ("", ".", "..")


class Sftp(Store):
    """A folder of a machine that is reached over ssh, through sshfs. A link counts as what it leads to."""

    def _defaults(self) -> dict[str, Any]:
        # Without it the library takes any key of any host: () is what ssh knows, ~/.ssh/known_hosts.
        return {
            "known_hosts": (),
            # Names may be in whatever encoding.
            "sftp_client_kwargs": {"path_errors": "surrogateescape"},
            "timeout": self._seconds,
            "connect_timeout": self._seconds,
            "login_timeout": self._seconds,
        }

    def entries(self, folder: str, asked: Asked, until: float) -> Iterator[Entry]:
        """What is asked for. Raises FileNotFoundError where the folder is not there."""
        if not asked.stems and len(asked.names) == 1:
            yield from super().entries(folder, asked, until)
            return
        from fsspec.asyn import sync

        loop = self.fs.loop
        # A server lets ten channels be open, and the library opens as many: a listing has none of its own.
        scan = self._scan(self.fs._pool, self.path(folder), asked)
        self.count(requests=1)
        try:
            while chunk := sync(loop, _next, scan, timeout=self.left(until)):
                yield from chunk
        finally:
            sync(loop, scan.aclose, timeout=1)

    @property
    def _how_opened(self) -> Mapping[str, Any]:
        """Sixteen requests at once: the library's own would keep 32 MB of each open file."""
        return {"block_size": 1 << 15, "max_requests": 16}

    async def _scan(self, channels: Any, path: str, asked: Asked) -> AsyncGenerator[list[Entry]]:
        import asyncssh

        found: list[Entry] = []
        number = 0
        try:
            async with channels.get() as sftp:
                async for each in sftp.scandir(path):
                    number += 1
                    if number > MOST_LISTED:
                        raise OSError(f"more than {MOST_LISTED:,} names are there: write more of the date into path")
                    if each.filename in _HOPS or not asked.takes(each.filename):
                        continue
                    attributes = each.attrs
                    if stat.S_ISLNK(attributes.permissions or 0):
                        # One that leads nowhere is no file.
                        with suppress(asyncssh.SFTPError):
                            attributes = await sftp.stat(f"{path.rstrip('/')}/{each.filename}")
                    found.append(_entry(each.filename, attributes))
                    if len(found) >= _CHUNK:
                        yield found
                        found = []
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise FileNotFoundError(path) from None
        except asyncssh.SFTPPermissionDenied as error:
            raise PermissionError(str(error)) from None
        yield found


async def _next(scan: AsyncIterator[list[Entry]]) -> list[Entry]:
    return await anext(scan, [])


def _entry(name: str, attributes: Any) -> Entry:
    mode = attributes.permissions or 0
    return Entry(
        name=name,
        size=attributes.size,
        modified_at=None if attributes.mtime is None else instant(attributes.mtime),
        is_folder=stat.S_ISDIR(mode),
        is_file=stat.S_ISREG(mode),
    )
