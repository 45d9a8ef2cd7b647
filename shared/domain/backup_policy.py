"""The vault's backup policy as frozen data: as a vault holds it, and as the policy file describes it.

Pure, and only the words: `backup_policy_comparing.py` holds two against each other, `backup_policy_words.py` tells one,
`next_run.py` says when it runs. A definition that this version does not understand is kept as such and never guessed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from shared.domain.policy_file.backup_policy import (
    DAY,
    INSTANT_RESTORE_WEEKLY,
    WEEK,
    BackupPolicyChoice,
    Retention,
    Schedule,
)
from shared.domain.policy_file.occasions import Month, MonthlyOn, Weekday, WeekOfMonth, YearlyOn
from shared.domain.time_zones import UTC_NAME

WEEKDAYS: tuple[str, ...] = get_args(Weekday)
WEEKS: tuple[str, ...] = get_args(WeekOfMonth)
MONTHS: tuple[str, ...] = get_args(Month)
LAST_DAY = 0  # among dates: the last day of the month
LONGEST_NAME = 150  # Azure's naming rules (2023)

Kind = Literal["daily", "weekly", "monthly", "yearly"]
KINDS: tuple[Kind, ...] = ("daily", "weekly", "monthly", "yearly")
#: What a new EnhancedPolicy has (recorded, 2026), and a DefaultPolicy (recorded, 2020).
_FIRST_OF_SEVERAL, _WINDOW_HOURS, _ONCE, _INSTANT, _DAYS, _WEEKS = "08:00", 12, "23:00", 2, 30, 12


@dataclass(frozen=True, slots=True)
class BackupTimes:
    """When backups run, in the policy's time zone. `at` is HH:MM; for several a day the first of them.

    `days` only for Weekly; `interval` and `window` (hours) only for Hourly. Lists are in the calendar's order.
    """

    frequency: Literal["Hourly", "Daily", "Weekly"]
    at: str
    days: tuple[str, ...] = ()
    interval: int = 0
    window: int = 0


@dataclass(frozen=True, slots=True)
class KeptFor:
    """How long one kind of point is kept, in its own unit, and which points are of that kind.

    By weekday (`days`, for months and years in `weeks`) or by date (`dates`, LAST_DAY for the last one), never both;
    `months` only for yearly ones. All empty for daily points.
    """

    count: int
    days: tuple[str, ...] = ()
    weeks: tuple[str, ...] = ()
    dates: tuple[int, ...] = ()
    months: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PointsKept:
    """A policy's retention; None for a kind of point that it does not keep."""

    daily: KeptFor | None = None
    weekly: KeptFor | None = None
    monthly: KeptFor | None = None
    yearly: KeptFor | None = None

    def of(self, kind: Kind) -> KeptFor | None:
        """That of one kind."""
        kept: KeptFor | None = getattr(self, kind)
        return kept

    def each(self) -> Iterator[tuple[Kind, KeptFor]]:
        """Those that there are, from daily to yearly."""
        for kind in KINDS:
            if (kept := self.of(kind)) is not None:
                yield kind, kept


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """A backup policy of a vault. `times` is None for one that is not for VMs, or whose definition is not understood.

    `instant_restore_days` and `protected_items` are None where the source does not tell them. `carried` is JSON of
    what Backstop does not describe (such as the tiering of old points) and must not lose when it changes the policy.
    """

    name: str
    for_vms: bool = True
    enhanced: bool = False
    times: BackupTimes | None = None
    time_zone: str = UTC_NAME
    instant_restore_days: int | None = None
    points: PointsKept = PointsKept()
    protected_items: int | None = None
    not_understood: str = ""
    carried: str = ""

    @property
    def type(self) -> str:
        """Standard or Enhanced, as Azure's portal says; empty for one that is not for VMs."""
        return ("Enhanced" if self.enhanced else "Standard") if self.for_vms else ""


def wanted_backup_policy(choice: BackupPolicyChoice, name: str) -> BackupPolicy | None:
    """The policy that the file describes, under this name; None where it only names one.

    What the description leaves out is as in the policies of a new vault: each day at 23:00, or from 08:00 for twelve
    hours; UTC; points kept for 30 days, of a weekly schedule for twelve weeks. Longer-kept points are those of Sunday
    (else the first day of a weekly schedule), of its first week, of January.
    """
    if not choice.described:
        return None
    times = _times(choice.schedule or Schedule())
    weekly = times.frequency == "Weekly"
    told = choice.instant_restore_days or (INSTANT_RESTORE_WEEKLY if weekly else _INSTANT)
    retain = choice.retain or (Retention(weekly=f"P{_WEEKS}W") if weekly else Retention(daily=f"P{_DAYS}D"))
    return BackupPolicy(
        name,
        enhanced=choice.type == "Enhanced",
        times=times,
        time_zone=choice.time_zone or UTC_NAME,
        instant_restore_days=told,
        points=_points(retain, times.days),
    )


def shard_name(base: str, number: int) -> str:
    """The name of a policy's `number`th further copy: gold, gold-01, gold-02. Never longer than Azure takes."""
    suffix = f"-{number:02}" if number else ""
    return base[: LONGEST_NAME - len(suffix)] + suffix


def family_of(name: str, base: str) -> bool:
    """Whether `name` is `base` or one of its copies, compared without case as Azure does."""
    low = name.lower()
    if low == base.lower():  # nearly always, and asked for every protected VM of a sweep
        return True
    number = re.search(r"-([0-9]{2,})$", name)
    return number is not None and low == shard_name(base, int(number[1])).lower()


def ordered(values: Iterable[str], calendar: tuple[str, ...]) -> tuple[str, ...]:
    """The values without doubles in the calendar's order. ValueError for one that it does not know."""
    return tuple(sorted(set(values), key=calendar.index))


def _times(schedule: Schedule) -> BackupTimes:
    hours = int(schedule.every.total_seconds()) // 3600
    if schedule.every < DAY:
        window = int(schedule.window.total_seconds()) // 3600 if schedule.window is not None else _window(hours)
        return BackupTimes("Hourly", schedule.at or _FIRST_OF_SEVERAL, interval=hours, window=window)
    at = schedule.at or _ONCE
    if schedule.every < WEEK:
        return BackupTimes("Daily", at)
    return BackupTimes("Weekly", at, ordered(schedule.days or WEEKDAYS[:1], WEEKDAYS))


def _window(interval: int) -> int:
    """Twelve hours, or for every eight hours the next multiple: the window is one of the interval (REST 2025)."""
    return -(-_WINDOW_HOURS // interval) * interval


def _points(retain: Retention, scheduled: tuple[str, ...]) -> PointsKept:
    usual = scheduled or WEEKDAYS[:1]
    weekly = scheduled or ordered(retain.weekly_on or usual, WEEKDAYS)
    monthly, yearly = retain.monthly_on or MonthlyOn(), retain.yearly_on or YearlyOn()
    months = ordered(yearly.months or MONTHS[:1], MONTHS)
    return PointsKept(
        KeptFor(_count(retain.daily)) if retain.daily else None,
        KeptFor(_count(retain.weekly), weekly) if retain.weekly else None,
        _on(_count(retain.monthly), monthly, usual[:1]) if retain.monthly else None,
        _on(_count(retain.yearly), yearly, usual[:1], months) if retain.yearly else None,
    )


def _on(count: int, on: MonthlyOn, usual: tuple[str, ...], months: tuple[str, ...] = ()) -> KeptFor:
    if on.by_date:
        dates = (*sorted(on.dates or ()), *((LAST_DAY,) if on.last_day else ()))
        return KeptFor(count, dates=dates, months=months)
    days, weeks = ordered(on.days or usual, WEEKDAYS), ordered(on.weeks or WEEKS[:1], WEEKS)
    return KeptFor(count, days, weeks, months=months)


def _count(period: str) -> int:
    return int(period[1:-1])
