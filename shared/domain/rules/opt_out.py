"""The owner's opt-out, read from one tag: "reason=ephemeral; until=2027-01-31; ref=CHG123".

A tag is a request, not an order: it counts only while it is well-formed, has not ended and does not last longer than
the policy allows. Whoever wrote it learns from the reason why it was not honoured. `until` includes its whole day, UTC.
"""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.policy import OptOut
from shared.domain.reasons import Reason

_PARTS = frozenset({"reason", "until", "ref"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class OptOutReading:
    """OPTED_OUT when honoured, else why not; `text` is the tag's value as found."""

    reason: Reason
    text: str

    @property
    def honoured(self) -> bool:
        """True for a valid opt-out."""
        return self.reason is Reason.OPTED_OUT


def read(
    tags: Mapping[str, str], settings: OptOut, now: datetime, since: datetime | None = None
) -> OptOutReading | None:
    """What the VM's opt-out tag says at `now`; None where there is no such tag.

    `tags` have lower-cased names. `since`: when this stretch of opting out was first seen, if it was seen before; the
    longest duration counts from there, so that renewing the tag for ever is not a way around it.
    """
    text = tags.get(settings.tag.lower())
    if text is None:
        return None
    require, max_duration = settings.require, settings.max_duration
    parts = parts_of(text)
    if parts is None or any(not parts.get(part) for part in require):
        return OptOutReading(Reason.OPT_OUT_MALFORMED, text)
    if settings.reasons is not None and not _allowed(parts.get("reason", ""), settings.reasons):
        return OptOutReading(Reason.OPT_OUT_REASON_NOT_ALLOWED, text)
    until = parts.get("until")
    if until is None:
        # Without an end it would outlast every limit.
        reason = Reason.OPTED_OUT if max_duration is None else Reason.OPT_OUT_TOO_LONG
        return OptOutReading(reason, text)
    end = _parse_date(until)
    if end is None:
        return OptOutReading(Reason.OPT_OUT_MALFORMED, text)
    if end < now.date():
        return OptOutReading(Reason.OPT_OUT_EXPIRED, text)
    if max_duration is not None and end > latest_end(since or now, max_duration):
        return OptOutReading(Reason.OPT_OUT_TOO_LONG, text)
    return OptOutReading(Reason.OPTED_OUT, text)


def _allowed(reason: str, reasons: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(reason.lower(), each.lower()) for each in reasons)


def parts_of(text: str) -> dict[str, str] | None:
    """`reason`, `until` and `ref` as far as the text holds them; None where it cannot be read."""
    parts: dict[str, str] = {}
    for piece in text.split(";"):
        if not piece.strip():
            continue
        name, sign, value = piece.partition("=")
        name = name.strip().lower()
        if not sign or name not in _PARTS or name in parts:
            return None
        parts[name] = value.strip()
    return parts or None


def _parse_date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def latest_end(since: datetime, max_duration: timedelta) -> date:
    """The last day that an opt-out first seen at `since` may name as its end."""
    try:
        return (since + max_duration).date()
    except OverflowError:
        return date.max
