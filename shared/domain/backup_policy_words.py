"""A vault's backup policy in words: when it runs, what it keeps and for how long, for `explain`, reports and messages.

Words alone: nothing here compares or decides.
"""

from shared.domain.backup_policy import LAST_DAY, BackupPolicy, BackupTimes, KeptFor, Kind
from shared.domain.words import counted, listed

_UNITS: dict[Kind, str] = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}


def in_words(policy: BackupPolicy) -> str:
    """One line, such as: every day at 23:00 UTC; daily points kept 30 days; snapshots for instant restore 2 days."""
    if not policy.for_vms:
        return "not a policy for virtual machines"
    if policy.times is None:
        return f"cannot be told: {policy.not_understood}"
    parts = [times_in_words(policy.times, policy.time_zone)]
    parts += [f"{kind} points {kept_in_words(kind, kept)}" for kind, kept in policy.points.each()]
    if policy.instant_restore_days is not None:
        parts.append(f"snapshots for instant restore kept {counted(policy.instant_restore_days, 'day')}")
    return "; ".join(parts)


def times_in_words(times: BackupTimes, time_zone: str = "") -> str:
    """Such as: every 4 hours from 08:00 UTC for 12 hours."""
    at = f"{times.at} {time_zone}".rstrip()
    if times.frequency == "Hourly":
        return f"every {times.interval} hours from {at} for {times.window} hours"
    days = "day" if times.frequency == "Daily" else listed(times.days)
    return f"every {days} at {at}"


def kept_in_words(kind: Kind, kept: KeptFor | None) -> str:
    """Such as: of the first Sunday kept 12 months. `kept` None: not kept."""
    if kept is None:
        return "not kept"
    which = _which(kind, kept)
    return f"{f'{which} ' if which else ''}kept {counted(kept.count, _UNITS[kind])}"


def _which(kind: Kind, kept: KeptFor) -> str:
    if kind == "daily":
        return ""
    if kept.dates:
        which = f"of {listed(_date(each) for each in kept.dates)}"
    elif kept.weeks:
        which = f"of the {listed(each.lower() for each in kept.weeks)} {listed(kept.days)}"
    else:
        which = f"of {listed(kept.days)}"
    return f"{which} of {listed(kept.months)}" if kept.months else which


def _date(date: int) -> str:
    return "the last day" if date == LAST_DAY else f"day {date}"
