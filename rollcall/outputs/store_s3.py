"""How is a bucket listed that speaks S3: page by page, and from where on that is asked for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rollcall.outputs.due_names import Asked
from rollcall.outputs.store import Entry, Store, as_instant

_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_SLASH = "/"
_VERSION = "?versionId="
# So many groups of names a page make it worth while to list all that lies between them.
_WORTH_A_PAGE = 10
# "11-30" and "12-01".
_DIGITS_OF_A_DAY = 5


class S3(Store):
    """A bucket, or the keys below a prefix of one.

    Of a bucket that is looked at it asks for listings alone, and for the content of objects.
    """

    has_folders = False

    def put(self, name: str, data: bytes, until: float) -> None:
        """Writes that object, which is there once all of it is."""
        self._call("pipe_file", self.path(name), data, until=until)

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

    def path(self, name: str) -> str:
        """What the library calls that. Raises OSError of what it takes for one version of an object."""
        if _VERSION in name:
            raise OSError(f"the library takes what follows {_VERSION} in a name for a version")
        return super().path(name)

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
        """The pages that hold keys with these beginnings, which are in order; a thousand keys each.

        All of them are listed at once, until that shows that much lies between them: then each by itself.
        """
        groups = _grouped(beginnings)
        number, reached = 0, ""
        for page in self._listed(bucket, _common(beginnings[0], beginnings[-1]), until, **how):
            yield page
            number += 1
            keys = [each["Key"] for each in page.get("Contents", ())]
            # Names of directory buckets come in no order: those are listed through.
            if keys != sorted(keys) or not page["IsTruncated"]:
                continue
            reached = max([*keys, *(each["Prefix"] for each in page.get("CommonPrefixes", ()))], default="")
            if sum(each <= reached for each in groups) < _WORTH_A_PAGE * number:
                break
        else:
            return
        for group in groups:
            if reached.startswith(group):
                yield from self._listed(bucket, group, until, StartAfter=reached, **how)
            elif group > reached:
                yield from self._listed(bucket, group, until, **how)

    def _listed(self, bucket: str, prefix: str, until: float, **how: str) -> Iterator[Mapping[str, Any]]:
        """The pages of the keys with that prefix."""
        asked = {"Bucket": bucket, "Prefix": prefix, **how, **self.fs.req_kw}
        while True:
            page = self._call("call_s3", "list_objects_v2", **asked, until=until)
            self.tell_time(page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date"))
            if "IsTruncated" not in page:
                raise OSError("what it answers is no listing of a bucket")
            self.listed(page.get("KeyCount") or len(page.get("Contents", ())), until)
            yield page
            if not page["IsTruncated"]:
                return
            asked = {**asked, "ContinuationToken": page["NextContinuationToken"]}
            asked.pop("StartAfter", None)


def _grouped(beginnings: list[str]) -> list[str]:
    """What those have in common that differ by no more than a date does."""
    groups: list[str] = []
    last = ""
    for each in beginnings:
        common = _common(groups[-1], each) if groups else ""
        alike = len(_common(last[::-1], each[::-1]))
        if groups and len(each) - len(common) - alike <= _DIGITS_OF_A_DAY:
            groups[-1] = common
        else:
            groups.append(each)
        last = each
    return groups


def _common(one: str, other: str) -> str:
    """What both begin with; what lies between them in order begins so as well."""
    differ = (place for place, (here, there) in enumerate(zip(one, other, strict=False)) if here != there)
    return one[: next(differ, min(len(one), len(other)))]


def _entry(each: Mapping[str, Any], name: str) -> Entry:
    kept_as = str(each.get("StorageClass") or "")
    return Entry(
        name=name,
        size=int(each["Size"]),
        modified_at=as_instant(each.get("LastModified")),
        archived_as=kept_as if kept_as in _ARCHIVED else "",
    )
