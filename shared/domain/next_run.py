"""When a backup policy runs next, by the clocks of its own time zone.

Azure starts a scheduled backup within two hours of its time (Azure Backup's support matrix, 2023), so this is the
earliest moment, not a promise. Its documentation of 2020 says that the hour does not follow a change of the clocks, and
users of 2018 saw it follow: here it follows, so around summer time Azure may be an hour off.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from shared.domain.backup_policy import WEEKDAYS, BackupPolicy, BackupTimes
from shared.domain.time_zones import zone_of

_DAY = timedelta(days=1)


def next_run(policy: BackupPolicy, now: datetime) -> datetime | None:
    """The next scheduled backup at or after `now`, UTC.

    None where it cannot be told: the schedule is not understood, or nothing is known of the time zone. A time that the
    clocks skip is the moment at which it would have come; one that they show twice is the first of the two.
    """
    zone = zone_of(policy.time_zone)
    if policy.times is None or zone is None:
        return None
    today = now.astimezone(zone).date()
    runs = (
        datetime.fromisoformat(f"{day}T{policy.times.at}").replace(tzinfo=zone).astimezone(UTC) + later
        for day in _days(policy.times, today)
        for later in _within_a_day(policy.times)
    )
    return min(run for run in runs if run >= now)


def _days(times: BackupTimes, today: date) -> Iterator[date]:
    """Days on which a series of backups begins: from yesterday, whose window may reach into today, for over a week."""
    for offset in range(-2, 9):
        day = today + offset * _DAY
        if times.frequency != "Weekly" or WEEKDAYS[day.isoweekday() % 7] in times.days:
            yield day


def _within_a_day(times: BackupTimes) -> Iterator[timedelta]:
    """The first backup, and those that follow at each interval up to the window's end, that moment included."""
    if times.frequency != "Hourly":
        yield timedelta()
        return
    for hours in range(0, times.window + 1, times.interval):
        yield timedelta(hours=hours)
