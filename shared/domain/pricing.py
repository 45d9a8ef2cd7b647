"""What the backup of one VM costs in a month, from its size, what is kept of it and the price file. Pure.

The structure is Azure Backup's: a fee for the protected instance by the size of its data, plus what its recovery points
take in the vault by redundancy, plus its instant-restore snapshots (Azure Backup's pricing; the fee bands as of 2015
and 2024, storage billed for as long as it is kept). It is an estimate of the steady state, when every recovery point
that the backup policy keeps is there; it refuses to guess where a size or a price is missing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache
from itertools import pairwise

from shared.domain.prices.model import Assumptions, InstanceFee, Prices, Redundancy

_CENT = Decimal("0.01")
_EXACT = Context(prec=28)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Series:
    """Recovery points that lie `apart` days from each other, the newest first."""

    count: int
    apart: Decimal


DAY, WEEK, MONTH, YEAR = Decimal(1), Decimal(7), Decimal(365) / 12, Decimal(365)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a backup policy keeps: points in the vault, and snapshots beside the VM, of which each backup makes one."""

    points: tuple[Series, ...]
    snapshot_days: int = 2  # 0 where no new snapshots are made
    backups_per_day: int = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a VM is backed up."""

    redundancy: Redundancy
    kept: Keeping


@dataclass(frozen=True, slots=True)
class Money:
    """A month's cost in its parts, each in whole hundredths, so that every sum of them adds up."""

    instance: Decimal = Decimal("0.00")
    storage: Decimal = Decimal("0.00")
    snapshots: Decimal = Decimal("0.00")

    @property
    def total(self) -> Decimal:
        """All parts together."""
        return self.instance + self.storage + self.snapshots

    def __add__(self, other: "Money") -> "Money":
        return Money(self.instance + other.instance, self.storage + other.storage, self.snapshots + other.snapshots)


def monthly_cost(size_gb: int, terms: Terms, prices: Prices, assumed: Assumptions) -> Money | None:
    """The cost of a VM whose backed-up disks are provisioned with `size_gb`; None where its storage has no price."""
    storage_price = prices.storage.of(terms.redundancy)
    if storage_price is None:
        return None
    with localcontext(_EXACT):
        used = size_gb * assumed.used_share
        stored = used * stored_share(terms.kept.points, assumed.daily_churn)
        snapshots = used * snapshot_share(
            terms.kept.snapshot_days, terms.kept.backups_per_day, assumed.daily_churn, full=assumed.full_snapshot
        )
        return Money(
            _rounded(instance_fee(used, prices.instance)),
            _rounded(stored * storage_price),
            _rounded(snapshots * prices.snapshot),
        )


def instance_fee(used_gb: Decimal, fee: InstanceFee) -> Decimal:
    """The fee of one protected instance with so much data; its disks count together (Azure Backup's pricing)."""
    if used_gb <= 50:
        return fee.up_to_50
    further = max(used_gb - 500, Decimal(0)) / 500
    return fee.up_to_500 + further.to_integral_value(ROUND_CEILING) * fee.each_further_500


@lru_cache(maxsize=1024)
def stored_share(points: tuple[Series, ...], daily_churn: Decimal) -> Decimal:
    """How many times the VM's data lies in the vault: the newest point in full, of each older one what it alone holds.

    Two points that are d days apart differ in 1 - (1 - churn)^d of the data: blocks that change twice count once.
    """
    ages = sorted(set(_ages(points)))
    gaps = Counter(after - before for before, after in pairwise(ages))
    with localcontext(_EXACT):
        changed = sum((count * _changed(gap, daily_churn) for gap, count in gaps.items()), Decimal(0))
        return _ONE + changed if ages else Decimal(0)


@lru_cache(maxsize=1024)
def snapshot_share(days: int, per_day: int, daily_churn: Decimal, *, full: bool) -> Decimal:
    """How many times the VM's data lies in its snapshots, which hold what changed between them; 0 where there are none.

    With `full`, the oldest of them holds all of it.
    """
    count = days * per_day
    if not count:
        return Decimal(0)
    with localcontext(_EXACT):
        each = _changed(_ONE / per_day, daily_churn)
        return (_ONE if full else each) + (count - 1) * each


def _ages(points: tuple[Series, ...]) -> Iterator[Decimal]:
    """The ages of all points in whole days; one that is kept for two reasons is one point."""
    for series in points:
        yield from (number * series.apart // 1 for number in range(series.count))


def _changed(days: Decimal, daily_churn: Decimal) -> Decimal:
    """The share of the data that differs after so many days (more than 0)."""
    return _ONE - (_ONE - daily_churn) ** days


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_EVEN)
