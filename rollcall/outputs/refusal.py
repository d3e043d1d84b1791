"""What does it mean that a place could not be looked at: is it not there, or does it refuse us?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rollcall.evidence import CannotLook
from rollcall.outputs.store import OverBudget
from rollcall.roll.place import Place
from rollcall.times import show_span
from rollcall.vocabulary import CauseCode

_QUERY = re.compile(r"(?<=\w)\?[^\s\"']*=[^\s\"']*")
_REFUSED = (401, 403, 407)
# What libraries call that they, or the place, are not content with who we are, or who it is.
_REFUSALS = {
    "NoCredentialsError": "no credentials are found",
    "PartialCredentialsError": "its credentials are not complete",
    "HostKeyNotVerifiable": "its host key is not the one that is known here (known_hosts)",
    "KeyImportError": "the key cannot be read",
    "ClientAuthenticationError": "",
    "DefaultCredentialsError": "no credentials are found",
    "RefreshError": "its credentials are refused",
}


def cannot_look(error: BaseException, place: Place, where: str) -> CannotLook:
    """What that error means for all that lies at `where` in the place."""
    if isinstance(error, CannotLook):
        return error
    if isinstance(error, OverBudget):
        return CannotLook(CauseCode.OUTPUT_UNREADABLE, place.secrets.clean(f"{place.shown}: {error}"))
    chain = tuple(_chain(error))
    for each in chain:
        status = status_of(each)
        says = _REFUSALS.get(type(each).__name__)
        if isinstance(each, PermissionError) or says is not None or status in _REFUSED:
            why = says or (f"answers {status}" if status else _words(each))
            return CannotLook(CauseCode.ACCESS_DENIED, f"{where} refuses us: {place.secrets.clean_words(why)}")
    if any(isinstance(each, TimeoutError) or "Timeout" in type(each).__name__ for each in chain):
        return overdue(place, where)
    return CannotLook(CauseCode.PLACE_DOWN, f"{where}: {place.secrets.clean_words(_words(error))}")


def overdue(place: Place, where: str) -> CannotLook:
    """That it did not answer in time."""
    limit = f"timeout of {place.table}"
    return CannotLook(CauseCode.PLACE_DOWN, f"{where} did not answer within {show_span(place.timeout)} ({limit})")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def status_of(error: BaseException) -> int | None:
    """The status of HTTP that the error is about."""
    for each, name in ((error, "status"), (error, "status_code"), (error, "response"), (error, "code")):
        found = getattr(each, name, None)
        found = getattr(found, "status_code", None) if name == "response" else found
        if isinstance(found, int):
            return found if 100 <= found < 600 else None
    return None


def _words(error: BaseException) -> str:
    """What the library says, or what kind of error it is where it says nothing."""
    # What is sent from one address of a bucket to the next is asked so until Python ends it.
    if type(error).__name__ == "TooManyRedirects" or isinstance(error, RecursionError):
        return "it sends us from one address to the next without end"
    if isinstance(error, KeyError):
        return "what it answers says nothing of what was asked"
    status, message = status_of(error), getattr(error, "message", None)
    if status and isinstance(message, str):
        return f"it answers {status} {message}".rstrip()
    strerror = getattr(error, "strerror", None)
    # What was asked for differs from folder to folder, and is no part of what is wrong.
    return _QUERY.sub("", str(strerror or error)) or type(error).__name__
