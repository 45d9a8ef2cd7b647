"""Durations as the policy file and the reports write them: the part of ISO 8601 that does not depend on a calendar."""

import re
from datetime import timedelta

_DURATION = re.compile(
    r"P(?:([0-9]{1,5})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?"
)


def parse_duration(value: object) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds; ValueError otherwise.

    Months and years are refused, because their length depends on the calendar.
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        raise ValueError(
            "must be an ISO 8601 duration of weeks, days, hours, minutes or seconds, such as PT10M or P30D"
        )
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_duration(value: timedelta) -> str:
    """The ISO 8601 text of a duration of whole seconds."""
    days, rest = value.days, value.seconds
    clock = "".join(f"{n}{u}" for n, u in ((rest // 3600, "H"), (rest // 60 % 60, "M"), (rest % 60, "S")) if n)
    return f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}" if days or clock else "PT0S"
