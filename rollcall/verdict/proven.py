"""What does the owner's own proof, `verify`, say of what a run left?

A proof is of the file of which it was made. Where it is renewed every few days only, what is said of a newer file is
which one was proven last, and when.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from rollcall.evidence import FileSeen, Outcome, OutputSeen, Verified
from rollcall.text import clean
from rollcall.times import show_span
from rollcall.verdict.case import Case
from rollcall.verdict.findings import Finding, Promise
from rollcall.verdict.flaws import Flawed
from rollcall.vocabulary import CauseCode, Verdict

_LONGEST_LINE = 160
_NO_TIME = timedelta(0)


def flaw_of_proof(file: FileSeen, case: Case) -> Flawed | None:
    """What `verify` says is wrong with one file, or that it can say nothing; None where there is nothing to say."""
    verify, said, last = case.seen.declared.verify, file.verified, last_proof(case)
    if verify is None:
        return None
    if said and said.outcome is Outcome.FAILED:
        return Verdict.BAD_OUTPUT, CauseCode.VERIFY_FAILED, f"does not pass its verify: {_answer(said)}"
    is_good = said and said.outcome in (Outcome.SUCCESS, Outcome.PARTIAL)
    if is_good or (said is None and verify.holds(last, case.now)) or verify.still_tells(last, case.now):
        return None
    code = (said.code if said else None) or CauseCode.OUTPUT_UNREADABLE
    return Verdict.UNKNOWN, code, f"could not be verified: {_unmade(said)}{_since(last, case)}"


def warning_of_proof(promise: Promise, files: Iterable[FileSeen], found: str, case: Case) -> Finding | None:
    """That a proof says that not all is good, or that one that was due could not be made; None where neither is so."""
    last = last_proof(case)
    for file in files:
        said = file.verified or (last if case.seen.declared.verify else None)
        if said is None:
            continue
        if said.outcome is Outcome.UNKNOWN:
            because = f"its output {file.name} could not be verified: {_unmade(said)}{_since(last, case)}"
            finding = promise.warned(said.code or CauseCode.OUTPUT_UNREADABLE, found, because)
            return replace(finding, file=file.name)
        if said.outcome is Outcome.PARTIAL:
            because = f"its output {said.file} passes its verify only in part: {_answer(said)}"
            return replace(promise.warned(CauseCode.PARTIAL_RUN, found, because), file=file.name)
    return None


def last_proof(case: Case) -> Verified | None:
    """The last proof that an earlier morning made of a file of the output."""
    seen, verify = case.seen.output, case.seen.declared.verify
    last = seen.last_verified if isinstance(seen, OutputSeen) else None
    # What another command said proves nothing of what this one would.
    return last if last and verify and last.by == verify.fingerprint else None


def shown_proof(file: FileSeen, case: Case) -> str:
    """After what was found of a file: that it is verified, or what was last; "" where nothing is to be."""
    if file.verified and file.verified.outcome is Outcome.SUCCESS:
        return ", verified"
    last = last_proof(case)
    return f"; verified last: {_of(last, case)}" if last else ""


def _answer(said: Verified) -> str:
    last = said.says.rpartition("\n")[2]
    return f"{said.how}: {clean(last, _LONGEST_LINE)}" if last else said.how


def _unmade(said: Verified | None) -> str:
    if said is None:
        return "its verify was not run"
    return _answer(said) if said.says else said.how


def _since(last: Verified | None, case: Case) -> str:
    if last is None:
        return ""
    ended = "" if last.outcome in (Outcome.SUCCESS, Outcome.PARTIAL) else f", and that failed: {_answer(last)}"
    return f"; the last proof is of {_of(last, case)}{ended}"


def _of(last: Verified, case: Case) -> str:
    return f"{last.file}, {show_span(max(case.now - last.at, _NO_TIME))} ago"
