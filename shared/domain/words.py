"""Counts and lists in plain English, for messages that people read."""

from collections.abc import Iterable


def counted(count: int, unit: str) -> str:
    """1 day, 30 days."""
    return f"{count:,} {unit}{'s' * (count != 1)}"


def listed(words: Iterable[str]) -> str:
    """Sunday, Monday and Friday."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
