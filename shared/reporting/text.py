"""Makes texts that others wrote safe to look at: names, tags and error messages may hold anything.

Control characters, invisible ones and those that turn the direction of writing are shown as escapes such as `\\u202e`,
so that nothing in a report can hide, forge a line or read backwards.
"""

import unicodedata
from datetime import UTC, datetime

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


#: What Azure's portal shows of an item that has no recovery point yet.
INITIAL_BACKUP_PENDING = "Warning (initial backup pending)"


def visible(text: str) -> str:
    """The text with every character that does not show itself written as its escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if unicodedata.category(each) in _HIDDEN else each for each in text)


def utc(moment: datetime | None) -> str:
    """ISO 8601 in UTC to the second, such as 2026-11-24T08:00:00Z; empty for None."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(since: datetime, now: datetime) -> str:
    """How long ago in the largest unit that fits: 35 min, 8 h, 3 days; a moment that is yet to come is 0 min ago."""
    minutes = max(int((now - since).total_seconds()), 0) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def hours_since(moment: datetime | None, now: datetime) -> int | None:
    """Whole hours since the moment, never negative; None for None."""
    return None if moment is None else max(int((now - moment).total_seconds()), 0) // 3600


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
