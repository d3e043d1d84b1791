"""What is wrong with one file of a run?"""

from collections.abc import Sequence

from rollcall.evidence import Content, FileSeen
from rollcall.roll.output import Output
from rollcall.text import clean, counted, listed, show_size
from rollcall.vocabulary import CauseCode, Verdict

# The verdict, its cause, and in words after "its output NAME".
Flawed = tuple[Verdict, CauseCode, str]


def quoted(texts: Sequence[str]) -> str:
    """Texts of jobs.toml, for people."""
    return listed([f'"{clean(text, 60)}"' for text in texts], 4)


def flaw_of(file: FileSeen, output: Output) -> Flawed | None:
    """What is wrong with one file; None where nothing is."""
    if not (file.is_regular or file.is_folder):
        says = "is not a regular file (a folder, a pipe or a link that leads nowhere)"
        return Verdict.BAD_OUTPUT, CauseCode.OUTPUT_UNREADABLE, says
    if file.size == 0:
        says = "is a folder without anything in it" if file.is_folder else "is empty (0 B)"
        return Verdict.BAD_OUTPUT, CauseCode.EMPTY_OUTPUT, says
    content = file.content
    if content and content.flaw and content.flaw.code is CauseCode.EMPTY_OUTPUT:
        return Verdict.BAD_OUTPUT, content.flaw.code, content.flaw.says
    if file.size is not None and file.size < output.least_size:
        says = f"has {show_size(file.size)}, less than min_size = {show_size(output.least_size)}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if file.unreadable:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, f"could not be read: {file.unreadable}"
    if content is None:
        says = "was not read, so it cannot be told to be whole"
        return (Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, says) if output.asks_for_content else None
    if content.flaw:
        return Verdict.BAD_OUTPUT, content.flaw.code, content.flaw.says
    return _flaw_of_content(content, file, output)


def _flaw_of_content(content: Content, file: FileSeen, output: Output) -> Flawed | None:
    """What is proven first, then what nobody can tell."""
    if fallback := [text for text in output.must_not_contain if content.found.get(text)]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"holds the fallback text {quoted(fallback)}"
    if content.has_end is False:
        says = f"does not end with {quoted([output.ends_with or ''])}"
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if output.last_line and content.last_line_fits is False:
        says = (
            f'ends with the line "{clean(content.last_line or "", 80)}", where last_line = "{output.last_line.pattern}"'
        )
        return Verdict.BAD_OUTPUT, CauseCode.TRUNCATED_OUTPUT, says
    if missing := [text for text in output.must_contain if content.found.get(text) is False]:
        return Verdict.BAD_OUTPUT, CauseCode.DEGRADED_OUTPUT, f"lacks {quoted(missing)}"
    if content.rows is not None and content.rows < (output.min_rows or 0):
        says = f"has {counted(content.rows, 'row')} of data, less than min_rows = {output.min_rows}"
        code = CauseCode.TRUNCATED_OUTPUT if content.rows else CauseCode.EMPTY_OUTPUT
        return Verdict.BAD_OUTPUT, code, says
    if content.unread and (untold := _untold(content, output)):
        enough = show_size(2 * max(file.size or 0, output.read_up_to))
        says = f'was not read through, and nobody can tell {untold}: {content.unread} (read_up_to = "{enough}" would)'
        return Verdict.UNKNOWN, CauseCode.NOT_READ_THROUGH, says
    if unasked := [text for text in output.looked_for if text not in content.found]:
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, f"was not searched for {quoted(unasked)}"
    if (output.ends_with and content.has_end is None) or (output.last_line and content.last_line_fits is None):
        return Verdict.UNKNOWN, CauseCode.OUTPUT_UNREADABLE, "was not looked at for how it ends"
    return None


def _untold(content: Content, output: Output) -> str:
    """What was asked of it and its ends alone cannot tell."""
    parts = [f"whether it is whole {output.format}"] if output.format else []
    if unasked := [text for text in output.looked_for if text not in content.found]:
        parts.append(f"whether {quoted(unasked)} is in it")
    if (output.ends_with and content.has_end is None) or (output.last_line and content.last_line_fits is None):
        parts.append("how it ends")
    return listed(parts)
