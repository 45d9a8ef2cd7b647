"""How long a VM has been opted out in one go, so that an opt-out renewed for ever is caught.

A stretch begins when an opt-out is first honoured and goes on while the tag is there, whatever it says by then. It ends
only when the tag has been gone for `newAfter`; taking the tag off for an hour begins nothing anew.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class OptOutStretch:
    """`first_seen` and `last_seen` in UTC; `by` is who wrote the tag, as the event told it, or empty."""

    first_seen: datetime
    last_seen: datetime
    text: str
    by: str = ""


def standing(known: OptOutStretch | None, now: datetime, new_after: timedelta) -> OptOutStretch | None:
    """The stretch that an opt-out seen now belongs to; None where it begins a new one."""
    return known if known is not None and now - known.last_seen <= new_after else None


def seen_again(
    known: OptOutStretch | None, text: str, *, honoured: bool, by: str, now: datetime, new_after: timedelta
) -> OptOutStretch | None:
    """What to keep once the tag has been seen with this text; None where nothing is to be kept."""
    stretch = standing(known, now, new_after)
    if stretch is None:
        return OptOutStretch(now, now, text, by) if honoured else None
    author = by if by and text != stretch.text else stretch.by
    return replace(stretch, last_seen=max(now, stretch.last_seen), text=text, by=author)
