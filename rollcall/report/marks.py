"""Which shape does each verdict have?

One outline a verdict, so that no two differ in colour only: a disc, a clock, two bars, a triangle, an empty ring, an
octagon, an hourglass, a sheet, a diamond. Drawn once; each use is a reference.
"""

from __future__ import annotations

from rollcall.vocabulary import Verdict

_OK = '<circle cx="8" cy="8" r="7"/><path class="rc-in" d="m4.7 8.3 2.3 2.3 4.4-5"/>'
_PENDING = '<circle class="rc-on" cx="8" cy="8" r="6.2"/><path class="rc-on" d="M8 4.4V8l2.6 1.6"/>'
_PAUSED = '<circle class="rc-on" cx="8" cy="8" r="6.2"/><path class="rc-on" d="M6.2 5.2v5.6M9.8 5.2v5.6"/>'
_LATE = '<path d="M8 1.2 15.3 14.4H.7z"/><path class="rc-in" d="M8 6v4M8 12.1v.3"/>'
_MISSED = (
    '<circle class="rc-on" cx="8" cy="8" r="6.2" stroke-dasharray="2.6 2.27"/><path class="rc-on" d="M5.2 8h5.6"/>'
)
_FAILED = '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path class="rc-in" d="m5.4 5.4 5.2 5.2M10.6 5.4l-5.2 5.2"/>'
_STUCK = (
    '<path d="M3 1h10v2.6L9.6 8l3.4 4.4V15H3v-2.6L6.4 8 3 3.6z"/><path class="rc-in" d="M5.6 3.6h4.8M6.2 12.9h3.6"/>'
)
_BAD_OUTPUT = '<path d="M3 1h6.6L13 4.4V15H3z"/><path class="rc-in" d="m5.9 7 4.2 4.2M10.1 7l-4.2 4.2"/>'
_UNKNOWN = (
    '<path d="m8 .6 7.4 7.4L8 15.4.6 8z"/><path class="rc-in" d="M6.3 6.5a1.75 1.75 0 1 1 2.5 1.7c-.6.3-.8.6-.8 1.2"/>'
    '<path class="rc-in" d="M8 11.4v.2"/>'
)

_SHAPES = {
    Verdict.OK: _OK,
    Verdict.PENDING: _PENDING,
    Verdict.PAUSED: _PAUSED,
    Verdict.LATE: _LATE,
    Verdict.MISSED: _MISSED,
    Verdict.FAILED: _FAILED,
    Verdict.STUCK: _STUCK,
    Verdict.BAD_OUTPUT: _BAD_OUTPUT,
    Verdict.UNKNOWN: _UNKNOWN,
}


def render_marks() -> str:
    """All shapes, hidden; `markup.mark` refers to them."""
    symbols = "".join(f'<symbol id="rc-{each}" viewBox="0 0 16 16">{_SHAPES[each]}</symbol>' for each in Verdict)
    return f'<svg class="rc-marks" aria-hidden="true">{symbols}</svg>'
