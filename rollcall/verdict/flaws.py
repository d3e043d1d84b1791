"""What is wrong with one file of a run?"""

import json
from collections.abc import Sequence

from rollcall.evidence import Content, FileSeen
from rollcall.roll.formats import formats
from rollcall.roll.output import Output
from rollcall.roll.output_rules import Kind
from rollcall.text import clean, listed, show_size
from rollcall.vocabulary import CauseCode, Verdict

# The verdict, its cause, and in words after "its output NAME".
Flawed = tuple[Verdict, CauseCode, str]


def quoted(texts: Sequence[str]) -> str:
    """Texts from jobs.toml, quoted and cut for a sentence."""
    return listed([f'"{clean(text, 60)}"' for text in texts], 4)


def flaw_of(file: FileSeen, output: Output) -> Flawed | None:
    """What is wrong with one file; None where nothing is."""
    if not (file.is_regular or file.is_folder):
        says = "is not a regular file (a folder, a pipe or a broken link)"
        if output.kind is Kind.FILES and output.names.is_folder:
            says = 'is not a folder, although path ends with "/"'
        return Verdict.BAD_OUTPUT, CauseCode.OUTPUT_UNREADABLE, says
    if file.size == 0:
        says = "is an empty folder" if file.is_folder else "is empty (0 B)"
        return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT, says
    content = file.content
    if content and content.flaw and content.flaw.code is CauseCode.EMPTY_OUTPUT:
        return Verdict.BAD_OUTPUT, content.flaw.code, content.flaw.says
    if file.size is not None and file.size < output.least_size:
        says = f"has {show_size(file.size)}, less than min_size = {show_size(output.least_size)}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if file.size is None and (output.least_size > 1 or output.most_size is not None):
        asked = "min_size" if output.least_size > 1 else "max_size"
        says = f"has no known size, so {asked} cannot be checked"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if file.size is not None and output.most_size is not None and file.size > output.most_size:
        says = f"has {show_size(file.size)}, more than max_size = {show_size(output.most_size)}"
        return Verdict.BAD_OUTPUT, CauseCode.GROWN_OUTPUT, says
    if file.unreadable:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, f"could not be read: {file.unreadable}"
    if content is None:
        says = "was not read, so it is not known whether it is complete"
        return (Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says) if output.asks_for_content else None
    if content.flaw:
        return Verdict.BAD_OUTPUT, content.flaw.code, content.flaw.says
    return _flaw_of_content(content, file, output)


def _flaw_of_content(content: Content, file: FileSeen, output: Output) -> Flawed | None:
    """What is proven first, then what is not known."""
    if fallback := [text for text in output.must_not_contain if content.found.get(text)]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"contains the fallback text {quoted(fallback)}"
    if content.has_end is False:
        says = f"does not end with {quoted([output.ends_with or ''])}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if output.last_line and content.last_line_fits is False:
        ends = "another line" if output.open else f'the line "{clean(content.last_line or "", 80)}"'
        says = f'ends with {ends}, not with last_line = "{output.last_line.pattern}"'
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if missing := [text for text in output.must_contain if content.found.get(text) is False]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"lacks {quoted(missing)}"
    if broken := next(((each, found) for each, found in content.held.items() if found is not None), None):
        says = f"does not meet {quoted(broken[:1])}" + ("" if output.open else f": found {broken[1]}")
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, says
    if absent := [name for name in output.must_have if content.has.get(name) is False]:
        return Verdict.BAD_OUTPUT, CauseCode.INCOMPLETE_OUTPUT, f"has no {quoted(absent)} inside"
    if content.encrypted_by and (untold := _untold(content, output)):
        says = f"is encrypted by {content.encrypted_by}, so it is not known {untold}{_opened_by(content)}"
        return Verdict.UNKNOWN, CauseCode.NOT_READ_THROUGH, says
    if content.unread and (untold := _untold(content, output)):
        says = f"was not read to its end, so it is not known {untold}: {content.unread}"
        if not content.unread.endswith(output.timeout_shown):
            says += f' (read_up_to = "{show_size(2 * max(file.size or 0, output.read_up_to))}" would be enough)'
        return Verdict.UNKNOWN, CauseCode.NOT_READ_THROUGH, says
    if too_large := [each for each in output.must_hold if each not in content.held]:
        says = (
            f"is not JSON, or too large to be checked for {quoted(too_large)} "
            '(verify = ["jq", "-e", EXPRESSION, "{file}"] can check it)'
        )
        return Verdict.UNKNOWN, CauseCode.NOT_READ_THROUGH, says
    if unnamed := [name for name in output.must_have if name not in content.has]:
        says = f"is not an archive that can be listed, so it is not known whether {quoted(unnamed)} is inside"
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says
    if unasked := [text for text in output.looked_for if text not in content.found]:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, f"was not searched for {quoted(unasked)}"
    if (output.ends_with and content.has_end is None) or (output.last_line and content.last_line_fits is None):
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, "was not checked for its end"
    return None


def _untold(content: Content, output: Output) -> str:
    """What was required of it and cannot be known from its two ends."""
    parts = ["whether anything is in it"] if content.is_blank else []
    parts += ["whether it can be opened to its end"] if output.open else []
    if output.format and output.format != content.encrypted_by:
        parts.append(f"whether it is complete {output.format}")
    if unasked := [text for text in output.looked_for if text not in content.found]:
        parts.append(f"whether {quoted(unasked)} is in it")
    if (output.ends_with and content.has_end is None) or (output.last_line and content.last_line_fits is None):
        parts.append("how it ends")
    if unheld := [each for each in output.must_hold if each not in content.held]:
        parts.append(f"whether {quoted(unheld)} is met")
    if unknown := [name for name in output.must_have if name not in content.has]:
        parts.append(f"whether {quoted(unknown)} is inside")
    if content.encrypted_by and output.must_change:
        parts.append("whether it changed")
    return listed(parts)


def _opened_by(content: Content) -> str:
    """The end of a sentence: the setting that would make it readable."""
    known = formats().get(content.encrypted_by)
    return f" (open = {json.dumps(known.opened_by)} would open it)" if known else ""
