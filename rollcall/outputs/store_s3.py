"""How is a bucket listed that speaks S3: page by page, and from where on that is asked for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rollcall.outputs.due_names import Asked
from rollcall.outputs.store import MOST_LISTED, Entry, Store, as_instant

_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_SLASH = "/"
# Sorts behind whatever names hold.
_LAST = "~"


class S3(Store):
    """A bucket, or the keys below a prefix of one. It asks for listings alone, and for the content of objects."""

    has_folders = False

    def _defaults(self) -> dict[str, Any]:
        seconds = self._seconds
        # A closed port took 11 seconds with the retries of the library, and one that hangs a minute.
        retries = {"total_max_attempts": 2, "mode": "standard"}
        config = {"connect_timeout": min(seconds, 10), "read_timeout": seconds, "retries": retries}
        return {"config_kwargs": config, "use_listings_cache": False}

    def entries(self, folder: str, asked: Asked, until: float) -> Iterator[Entry]:
        """What is asked for; where that is far apart, what lies between is jumped over."""
        bucket, front = self._front(folder)
        for page in self._pages(bucket, [front + each for each in asked.beginnings], until, Delimiter=_SLASH):
            for each in page.get("Contents", ()):
                # "folder/" of 0 bytes is what consoles write for an empty folder.
                if each["Key"] != front:
                    yield _entry(each, each["Key"][len(front) :])
            for each in page.get("CommonPrefixes", ()):
                yield Entry(each["Prefix"][len(front) : -1], is_folder=True, is_file=False)

    def entry(self, path: str, until: float) -> Entry:
        """What lies there now; without a listing, because one may be read that must not be listed."""
        return self._entry_of(self._call("info", self.path(path), refresh=True, until=until))

    def everything_below(self, folder: str, until: float) -> Iterator[Entry]:
        """Each object below that prefix."""
        bucket, front = self._front(folder)
        for page in self._pages(bucket, [front], until):
            for each in page.get("Contents", ()):
                if not each["Key"].endswith(_SLASH):
                    yield _entry(each, each["Key"][len(front) :])

    def _front(self, folder: str) -> tuple[str, str]:
        """Bucket, and what the keys in that folder begin with."""
        bucket, key, _ = self.fs.split_path(self.path(folder))
        return bucket, f"{key}/" if key else ""

    def _pages(self, bucket: str, beginnings: list[str], until: float, **how: str) -> Iterator[Mapping[str, Any]]:
        """The pages that hold keys with these beginnings, which are in order; a thousand keys each."""
        first, last = beginnings[0], beginnings[-1]
        common = next((first[:n] for n in range(len(first), 0, -1) if last.startswith(first[:n])), "")
        asked = {"Bucket": bucket, "Prefix": common, **how, **self.fs.req_kw}
        onward: dict[str, str] = {}
        listed = 0
        while True:
            page = self._call("call_s3", "list_objects_v2", **asked, **onward, until=until)
            headers = page.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            self.tell_time(headers.get("date"))
            if "IsTruncated" not in page:
                raise OSError("what it answers is no listing of a bucket")
            yield page
            if not page["IsTruncated"]:
                return
            keys = [each["Key"] for each in page.get("Contents", ())]
            keys += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
            # A page without any key is one request all the same.
            listed += max(len(keys), 1)
            if listed > MOST_LISTED:
                raise OSError(f"more than {MOST_LISTED:,} objects lie there: write more of the date into path")
            onward = {"ContinuationToken": page["NextContinuationToken"]}
            reached = max(keys, default="")
            ahead = [each for each in beginnings if each > reached]
            # Names of directory buckets come in no order: those are listed through.
            if sorted(page.get("Contents", ()), key=_key) == page.get("Contents", []) and not _within(
                reached, beginnings
            ):
                if keys and not ahead:
                    return
                if keys and ahead[0][:-1] + chr(ord(ahead[0][-1]) - 1) + _LAST > reached:
                    onward = {"StartAfter": ahead[0][:-1] + chr(ord(ahead[0][-1]) - 1) + _LAST}


def _key(each: Mapping[str, Any]) -> str:
    return str(each["Key"])


def _within(key: str, beginnings: list[str]) -> bool:
    """True where keys with one of the beginnings may follow that key."""
    return any(key.startswith(each) for each in beginnings)


def _entry(each: Mapping[str, Any], name: str) -> Entry:
    kept_as = str(each.get("StorageClass") or "")
    return Entry(
        name=name,
        size=int(each["Size"]),
        modified_at=as_instant(each.get("LastModified")),
        archived_as=kept_as if kept_as in _ARCHIVED else "",
    )
