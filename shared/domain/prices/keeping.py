"""What a backup policy keeps, as the price file says it and as a policy's own definition has it. Azure is not asked."""

from shared.domain.backup_policy import BackupPolicy, KeptFor
from shared.domain.prices.model import Kept
from shared.domain.pricing import DAY, MONTH, WEEK, YEAR, Keeping, Series

_APART = {"daily": DAY, "weekly": WEEK, "monthly": MONTH, "yearly": YEAR}


def as_priced(kept: Kept) -> Keeping:
    """As the price file says it."""
    retain = kept.retain
    counts = ((retain.daily, DAY), (retain.weekly, WEEK), (retain.monthly, MONTH), (retain.yearly, YEAR))
    points = tuple(Series(count, apart) for count, apart in counts if count)
    return Keeping(points, kept.snapshot_days, kept.backups_per_day)


def as_defined(policy: BackupPolicy, assumed: Keeping) -> Keeping:
    """As the backup policy itself is defined; what its definition does not tell is as assumed."""
    series = []
    for kind, kept in policy.points.each():
        times = _times(kept)
        series.append(Series(kept.count * times, _APART[kind] / times))
    days, times_a_day = policy.instant_restore_days, policy.times
    hourly = times_a_day is not None and times_a_day.interval > 0
    return Keeping(
        tuple(series) or assumed.points,
        assumed.snapshot_days if days is None else days,
        max(times_a_day.window // times_a_day.interval, 1) if times_a_day is not None and hourly else 1,
    )


def _times(kept: KeptFor) -> int:
    """How many points of one period are kept: three weekdays are three points a week."""
    in_a_month = len(kept.dates) or max(len(kept.days), 1) * max(len(kept.weeks), 1)
    return in_a_month * max(len(kept.months), 1)
