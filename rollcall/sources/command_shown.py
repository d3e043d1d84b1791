"""What may be shown of a command line that somebody else wrote?

Secrets stand in many: in a variable before it, an option, a header, an address. What its own words call a secret is
left out; a secret that goes by no such word cannot be told from other words, and is shown.
"""

from __future__ import annotations

import re

from rollcall.roll.secrets import is_secret
from rollcall.text import clean

_HIDDEN = "(secret)"
_HEADER = re.compile(r"""([\w.-]+)(:\s+)([^"']+)""")
_ASSIGNED = re.compile(r"""([\w.-]+)(=)("[^"]*"|'[^']*'|[^\s"'&;|]+)""")
_OPTION = re.compile(r"""(--?[A-Za-z][\w-]*)(\s+)("[^"]*"|'[^']*'|[^\s"'-][^\s"']*)""")
_AUTHORIZATION = re.compile(r"(authorization:\s*)[^\"']+", re.IGNORECASE)
_SCHEMES = re.compile(r"\b(bearer|basic|token)(\s+)[^\s\"']{4,}", re.IGNORECASE)
_USERINFO = re.compile(r"(://[^\s/@:]*:)[^\s/@]+@")
_MYSQL = re.compile(r"(\b(?:mysql|mariadb)\w*\b.*?\s-p)(?=\S)([^\s\"']+|\"[^\"]*\"|'[^']*')")
_CURL = re.compile(r"(\bcurl\b.*?\s(?:-u|--user)[\s=]+[\"']?[^\s:\"']+:)[^\s\"']+")


def shown(command: str, limit: int = 200) -> str:
    """A command as it may be shown: one line, bounded, without what its own words call a secret."""
    for pattern in (_AUTHORIZATION, _MYSQL, _CURL):
        command = pattern.sub(rf"\1{_HIDDEN}", command)
    command = _USERINFO.sub(rf"\1{_HIDDEN}@", _SCHEMES.sub(rf"\1\2{_HIDDEN}", command))
    for pattern in (_HEADER, _ASSIGNED, _OPTION):
        command = pattern.sub(_without_value, command)
    return clean(command.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), limit)


def _without_value(found: re.Match[str]) -> str:
    name, between, _ = found.groups()
    return f"{name}{between}{_HIDDEN}" if is_secret(name.lstrip("-")) else found[0]
