"""How is a web server asked: of a file by its name, and of a folder where it has an index, or speaks WebDAV?"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from html import unescape
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit
from weakref import finalize

from rollcall.outputs.due_names import Asked
from rollcall.outputs.store import Entry, Store, as_instant
from rollcall.text import show_size

_LINK = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^"'\s>]+))""", re.IGNORECASE)
# How nginx, Apache, lighttpd, Caddy and Python's own server call what they list, and what they link to.
_INDEX = re.compile(
    r"""index of|directory listing|parent directory|\bhref\s*=\s*["']?(?:\.\.?/|\?(?:C=|sort=))""", re.IGNORECASE
)
# A style or a picture is no index, wherever it lies.
_NOT_AN_INDEX = re.compile(r"<(?:link|script|img|base)\b[^>]*>", re.IGNORECASE)
# What a web page may be called, where it is the output.
_PAGES = re.compile(r"\.(?:x?html?|shtml|php|aspx?|jsp)", re.IGNORECASE)
_OF_A_PAGE = ("text/html", "application/xhtml+xml")
_LARGEST_INDEX = 50_000_000
_PIECE = 1 << 18
_NO_HEAD = (405, 501)


class Http(Store):
    """Files of a web server. Each is asked for by its name; where that is not known before, the folder's index is."""

    def _defaults(self) -> dict[str, Any]:
        import aiohttp

        return {"client_kwargs": {"timeout": aiohttp.ClientTimeout(total=self._seconds)}, "use_listings_cache": False}

    def path(self, name: str) -> str:
        """Its url, with whatever a url cannot hold written as it must be."""
        return self._address.rstrip("/") + ("/" + quote(name) if name else "")

    def entries(self, folder: str, asked: Asked, until: float) -> Iterator[Entry]:
        """What is asked for."""
        names = sorted(asked.names if not asked.stems else filter(asked.takes, self._index(folder, asked, until)))
        for name in names:
            if name.endswith("/"):
                yield Entry(name[:-1], is_folder=True, is_file=False)
                continue
            with suppress(FileNotFoundError):
                yield self.entry(f"{folder}/{name}" if folder else name, until)

    def entry(self, path: str, until: float) -> Entry:
        """What the server says of that file before it sends it. Raises FileNotFoundError."""
        headers, is_folder = self._ask(path, until)
        name = path.rpartition("/")[2]
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        # Whoever is not logged in is shown that for any name, and often with 200.
        if kind in _OF_A_PAGE and not is_folder and not _PAGES.search(name):
            raise PermissionError(f"it answers with a web page ({kind}) instead of a file, as where one must log in")
        length = headers.get("Content-Length", "")
        is_packed = headers.get("Content-Encoding", "identity") not in ("", "identity")
        return Entry(
            name=name,
            is_folder=is_folder,
            is_file=not is_folder,
            size=int(length) if length.isdecimal() and not is_packed else None,
            modified_at=as_instant(headers.get("Last-Modified")),
        )

    def is_there(self, folder: str, until: float) -> bool:
        """True: it has answered, and need not show its folders."""
        return True

    @contextmanager
    def opened(self, path: str, most: int, until: float) -> Iterator[io.BufferedReader]:
        """The file, in ranges; from a server that knows none it is fetched whole, where that is no more than `most`."""
        headers, _ = self._ask(path, until)
        if headers.get("Accept-Ranges", "").lower() == "bytes":
            with super().opened(path, most, until) as reader:
                yield reader
            return
        with TemporaryFile() as kept, self.fs.open(self.path(path), "rb", block_size=0) as stream:
            self.count(requests=1)
            while piece := stream.read(_PIECE):
                self.left(until)
                self.count(size=len(piece))
                kept.write(piece)
                if kept.tell() > most:
                    raise OSError(f"the server sends whole files alone, and this is larger than {show_size(most)}")
            kept.seek(0)
            yield cast(io.BufferedReader, kept)

    def _ask(self, path: str, until: float) -> tuple[Mapping[str, str], bool]:
        """The headers of that file, and whether it is a folder: the server then sends us to its index."""
        from fsspec.asyn import sync

        self.count(requests=1)
        seconds = self.left(until)
        headers, where = sync(self.fs.loop, self._answer, "HEAD", self.path(path), None, timeout=seconds)
        self.tell_time(headers.get("Date"))
        return headers, where.endswith(f"/{path.rpartition('/')[2]}/")

    def _index(self, folder: str, asked: Asked, until: float) -> list[str]:
        """The names that the index of a folder links to, those of folders with "/" at their end."""
        from fsspec.asyn import sync

        self.count(requests=1)
        url = self.path(folder) + "/"
        text: str = sync(self.fs.loop, self._answer, "GET", url, _LARGEST_INDEX, timeout=self.left(until))
        here = urlsplit(url)
        links = [urlsplit(unescape("".join(each))) for each in _LINK.findall(text)]
        names = [
            unquote(link.path.removeprefix(here.path)).removeprefix("./")
            for link in links
            if link.netloc in ("", here.netloc) and not link.query
        ]
        names = [each for each in names if each and not each.startswith(("/", "..")) and "/" not in each.rstrip("/")]
        # A page for logging in has links too: only one of what is asked for makes an index of it.
        if not any(map(asked.takes, names)) and not _INDEX.search(_NOT_AN_INDEX.sub("", text)):
            raise OSError("what it answers is no index of a folder: write a path without wildcards")
        return names

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
            if answer.status != HTTPStatus.OK:
                raise OSError(f"it answers {answer.status} {answer.reason or ''}".rstrip())
            if most is None:
                return dict(answer.headers), answer.url.path
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

    def _begun(self, fs: Any) -> None:
        finalize(self, fs.client.http.close)
