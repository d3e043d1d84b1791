"""How is a web server asked: of a file by its name, and of a folder where it has an index, or speaks WebDAV?"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import unescape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from rollcall.outputs.due_names import Asked
from rollcall.outputs.store import Entry, Store, as_instant

_LINK = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
# How nginx, Apache, lighttpd, Caddy and Python's own server call what they list.
_INDEX = re.compile(r"index of|directory listing|parent directory|\.\./", re.IGNORECASE)
_LARGEST_INDEX = 50_000_000
_NO_HEAD = (405, 501)


class Http(Store):
    """Files of a web server. Each is asked for by its name; where that is not known before, the folder's index is."""

    has_folders = False

    def _defaults(self) -> dict[str, Any]:
        import aiohttp

        return {"client_kwargs": {"timeout": aiohttp.ClientTimeout(total=self._seconds)}, "use_listings_cache": False}

    def path(self, name: str) -> str:
        """Its url, with whatever a url cannot hold written as it must be."""
        return self._address.rstrip("/") + ("/" + quote(name) if name else "")

    def entries(self, folder: str, asked: Asked, until: float) -> Iterator[Entry]:
        """What is asked for."""
        names = sorted(asked.names if not asked.stems else filter(asked.takes, self._index(folder, until)))
        for name in names:
            if name.endswith("/"):
                yield Entry(name[:-1], is_folder=True, is_file=False)
                continue
            with suppress(FileNotFoundError):
                yield self.entry(f"{folder}/{name}" if folder else name, until)

    def entry(self, path: str, until: float) -> Entry:
        """What the server says of that file before it sends it. Raises FileNotFoundError."""
        headers = self._ask("HEAD", path, until)
        length = headers.get("Content-Length", "")
        is_packed = headers.get("Content-Encoding", "identity") not in ("", "identity")
        return Entry(
            name=path.rpartition("/")[2],
            size=int(length) if length.isdecimal() and not is_packed else None,
            modified_at=as_instant(headers.get("Last-Modified")),
        )

    def _ask(self, method: str, path: str, until: float) -> Mapping[str, str]:
        from fsspec.asyn import sync

        self.count(requests=1)
        headers: Mapping[str, str] = sync(
            self.fs.loop, self._answer, method, self.path(path), None, timeout=self.left(until)
        )
        self.tell_time(headers.get("Date"))
        return headers

    def _index(self, folder: str, until: float) -> Iterator[str]:
        """The names that the index of a folder links to, those of folders with "/" at their end."""
        from fsspec.asyn import sync

        self.count(requests=1)
        url = self.path(folder) + "/"
        text: str = sync(self.fs.loop, self._answer, "GET", url, _LARGEST_INDEX, timeout=self.left(until))
        links = [urlsplit(unescape(each)) for each in _LINK.findall(text)]
        if not links and not _INDEX.search(text):
            raise OSError("what it answers is no index of a folder: write a path without wildcards")
        here = urlsplit(url)
        for link in links:
            if link.netloc not in ("", here.netloc) or link.query:
                continue
            name = unquote(link.path.removeprefix(here.path)).removeprefix("./")
            if name and not name.startswith(("/", "..")) and "/" not in name.rstrip("/"):
                yield name

    async def _answer(self, method: str, url: str, most: int | None) -> Any:
        """The headers of the answer, or its text where there may be so much of it."""
        session = await self.fs.set_session()
        more = dict(self.fs.kwargs)
        more["headers"] = {**more.get("headers", {}), "Accept-Encoding": "identity"}
        async with session.request(method, url, allow_redirects=True, **more) as answer:
            if method == "HEAD" and answer.status in _NO_HEAD:
                return await self._answer("GET", url, None)
            if answer.status in (404, 410):
                raise FileNotFoundError(url)
            answer.raise_for_status()
            if most is None:
                return dict(answer.headers)
            read = io.BytesIO()
            async for piece in answer.content.iter_chunked(1 << 16):
                read.write(piece)
                if read.tell() > most:
                    raise OSError("its index has no end: write a path without wildcards")
            return read.getvalue().decode("utf-8", "replace")


class Webdav(Store):
    """A folder of a server that speaks WebDAV."""

    def __init__(self, place: Any) -> None:
        super().__init__(place)
        scheme = "https" if self._protocol.endswith("s") else "http"
        base = f"{scheme}://{self._address.partition('://')[2]}"
        self._options = {"base_url": base, **self._options}
        self._address = "webdav://"

    def _defaults(self) -> dict[str, Any]:
        return {"timeout": self._seconds}
