"""Makes texts that others wrote safe to look at: names, tags and error messages may hold anything.

Control characters, invisible ones and those that turn the direction of writing are shown as escapes such as `\\u202e`,
so that nothing in a report can hide, forge a line or read backwards.
"""

import unicodedata
from datetime import UTC, datetime

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text with every character that does not show itself written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if unicodedata.category(each) in _HIDDEN else each for each in text)


def utc(moment: datetime | None) -> str:
    """ISO 8601 in UTC to the second, such as 2026-11-24T08:00:00Z; empty for None."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
