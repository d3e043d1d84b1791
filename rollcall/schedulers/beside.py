"""Which runs of one due time stand beside each other, each of them owed, and which try one of them again?

A schedule may start several runs at once, one for each customer or set of parameters. They are no attempts of each
other: a good one makes none of the others good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rollcall.evidence import Outcome, RunSeen

# Of several that did not do their work, the worst is told.
_WORST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED, Outcome.WAITING, Outcome.RUNNING)


@dataclass(frozen=True, slots=True)
class OfOneDue:
    """A run; those of one `due` are owed together, and those of one `chain` among them are tries of the same."""

    due: object
    chain: object
    run: RunSeen


def owed_together(found: Iterable[OfOneDue]) -> Iterator[RunSeen]:
    """All runs, but where one of a due time did not do its work, that one, tried again or not, in place of all."""
    of: dict[object, dict[object, list[RunSeen]]] = {}
    for each in found:
        of.setdefault(each.due, {}).setdefault(each.chain, []).append(each.run)
    for chains in of.values():
        bad = [runs for runs in chains.values() if _how(runs) in _WORST]
        for runs in (
            [min(bad, key=lambda each: _WORST.index(_how(each)))] if bad and len(chains) > 1 else chains.values()
        ):
            yield from runs


def _how(runs: list[RunSeen]) -> Outcome:
    """How it went in the end: what did its work did it, whatever was tried before or after."""
    done = (each.outcome for each in runs if each.outcome in (Outcome.SUCCESS, Outcome.PARTIAL))
    return next(done, runs[-1].outcome)
