"""What does a query ask: is it one, which columns does it return, and which of its colons are ours?"""

from __future__ import annotations

import re

BOUND = ("since", "until", "now")
LONGEST_QUERY = 10_000
_TOKEN = re.compile(
    rf"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<text>    '(?:[^']|'')*' | \$(\w*)\$.*?\$\3\$ )
    | (?P<quoted>  "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] )
    | (?P<bound>   (?<![:\w]):(?:{"|".join(BOUND)})\b )
    | (?P<word>    \w+ )
    | (?P<space>   \s+ )
    | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
# How what only reads begins: it can be fetched piece by piece.
_SELECTS = ("select", "with", "values", "table")
# What ends the list of columns; the first SELECT of several names them.
_ENDS = frozenset({"from", "where", "group", "order", "limit", "union", "intersect", "except", "into", "fetch", "for"})
# Of a type that has a zone in its name.
_OF_A_TYPE = ["time", "zone"]


def read_query(text: str) -> str:
    """One query, without the semicolon at its end. Raises ValueError where it is none, or more than one."""
    query = text.strip().removesuffix(";").rstrip()
    if ";" in query:
        # Also in quotes: what a database takes for the end of one is its own affair.
        raise ValueError('has a ";" in it, and only one query is asked. Take it out.')
    if not query or "\0" in query or len(query) > LONGEST_QUERY:
        raise ValueError(f"is no query of 1 to {LONGEST_QUERY:,} characters. Write it shorter, or make it a view.")
    return query


def is_select(query: str) -> bool:
    """True of one that begins as what only reads does."""
    tokens = ((found.lastgroup, found[0].lower()) for found in _TOKEN.finditer(query))
    return next((text for kind, text in tokens if kind not in ("comment", "space") and text != "("), "") in _SELECTS


def bound_in(query: str) -> frozenset[str]:
    """Which of `:since`, `:until` and `:now` stand in it, outside of quotes."""
    return frozenset(found["bound"][1:] for found in _TOKEN.finditer(query) if found["bound"])


def for_sqlalchemy(query: str) -> str:
    """The query as SQLAlchemy's `text` wants it: every colon but those of `bound_in` escaped."""
    tokens = _TOKEN.finditer(query)
    return "".join(found[0] if found["bound"] else found[0].replace(":", r"\:") for found in tokens)


def columns(query: str) -> frozenset[str]:
    """The columns that it returns by the names it gives them, in lower case; "*" where it has more."""
    tokens = [(found.lastgroup, found[0].lower()) for found in _TOKEN.finditer(query)]
    tokens = [(kind, text) for kind, text in tokens if kind not in ("comment", "space") and text != ";"]
    # The list stands as deep as the query itself begins: what is deeper is a part of something.
    top = next((number for number, (_, text) in enumerate(tokens) if text != "("), 0)
    depth, items = 0, list[list[tuple[str | None, str]]]()
    for kind, text in tokens:
        depth += {"(": 1, ")": -1}.get(text, 0)
        if not items:
            if text == "select" and depth == top:
                items = [[]]
        elif depth < top or (depth == top and kind == "word" and text in _ENDS):
            break
        elif text == "," and depth == top:
            items.append([])
        else:
            items[-1].append((kind, text) if depth == top and text != ")" else ("deeper", text))
    return frozenset(name for item in items if (name := _name_of(item)))


def _name_of(item: list[tuple[str | None, str]]) -> str | None:
    """What a column is called: as it says, else as the column it is."""
    words = [text for _, text in item]
    if ":" in words and (words[-2:-1] == [":"] or words[-2:] == _OF_A_TYPE):
        # A cast at its end: it is called as what was cast.
        item = item[: words.index(":")]
    if not item:
        return None
    kind, text = item[-1]
    if kind == "quoted":
        return text[1:-1]
    is_name = kind == "word" and not text[0].isdigit() and text not in ("end", "null", "true", "false")
    return text if text == "*" or is_name else None
