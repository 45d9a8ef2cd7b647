"""The arithmetic: bands, recovery points, snapshots. What is not known is never 0."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.prices.model import InstanceFee, Redundancy
from shared.domain.pricing import (
    DAY,
    MONTH,
    WEEK,
    YEAR,
    Keeping,
    Money,
    Series,
    Terms,
    instance_fee,
    monthly_cost,
    snapshot_share,
    stored_share,
)
from tests.prices import prices

FILE = prices().spec
TERMS = Terms(Redundancy.GEO, Keeping((Series(7, DAY),)))
shares = st.decimals(0, 1, places=3)
series = st.builds(Series, st.integers(1, 60), st.sampled_from([DAY, WEEK, MONTH, YEAR, WEEK / 3]))
kept = st.lists(series, min_size=1, max_size=4).map(tuple)


def cost(size: int, terms: Terms = TERMS) -> Money:
    found = monthly_cost(size, terms, FILE.default, FILE.assume)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("used", "fee"),
    [
        ("0", 5),
        ("50", 5),
        ("50.01", 10),
        ("500", 10),
        ("500.01", 20),
        ("501", 20),
        ("1000", 20),
        ("1000.5", 30),
        ("2000", 40),
    ],
)
def test_the_fee_goes_by_bands_of_what_is_used(used: str, fee: int) -> None:
    # Azure's own examples: 501 GB count as two units, 2000 GB as four.
    assert instance_fee(Decimal(used), FILE.default.instance) == fee


def test_a_month_is_the_fee_the_storage_and_the_snapshots() -> None:
    # 100 of the 200 GB are used. Seven points: all of it and six times a tenth. Two snapshots: all of it and a tenth.
    assert cost(200) == Money(Decimal("10.00"), Decimal("6.40"), Decimal("5.50"))
    assert cost(200).total == Decimal("21.90")


def test_a_storage_without_a_price_has_no_estimate() -> None:
    assert monthly_cost(200, replace(TERMS, redundancy=Redundancy.ZONE), FILE.default, FILE.assume) is None


def test_a_snapshot_may_count_by_what_changed_alone() -> None:
    assert snapshot_share(2, 1, Decimal("0.1"), full=True) == Decimal("1.1")
    assert snapshot_share(2, 1, Decimal("0.1"), full=False) == Decimal("0.2")
    assert snapshot_share(0, 1, Decimal("0.1"), full=True) == 0


def test_no_further_points_hold_more_where_nothing_changes_and_all_where_everything_does() -> None:
    assert stored_share((Series(30, DAY),), Decimal(0)) == 1
    assert stored_share((Series(30, DAY), Series(12, WEEK)), Decimal(1)) == 30 + 7  # weeks 5 to 11 are no days


def test_a_point_kept_for_two_reasons_is_stored_once() -> None:
    daily, weekly = Series(30, DAY), Series(4, WEEK)
    assert stored_share((daily, weekly), Decimal("0.03")) == stored_share((daily,), Decimal("0.03"))


@given(kept, shares)
def test_what_is_stored_lies_between_one_copy_and_one_for_each_point(
    points: tuple[Series, ...], churn: Decimal
) -> None:
    stored = stored_share(points, churn)
    assert 1 <= stored <= sum(each.count for each in points)


@given(kept, series, shares)
def test_a_further_point_never_makes_it_less(points: tuple[Series, ...], more: Series, churn: Decimal) -> None:
    nearly = Decimal("1e-20")
    assert stored_share((*points, more), churn) >= stored_share(points, churn) - nearly


@given(st.integers(0, 100_000), st.integers(0, 100_000), kept, st.integers(0, 30), st.integers(1, 6))
def test_a_larger_vm_never_costs_less_and_the_parts_are_cents_that_add_up(
    size: int, more: int, points: tuple[Series, ...], days: int, per_day: int
) -> None:
    terms = Terms(Redundancy.GEO, Keeping(points, days, per_day))
    small, large = cost(size, terms), cost(size + more, terms)
    for part in ("instance", "storage", "snapshots", "total"):
        assert 0 <= getattr(small, part) <= getattr(large, part)
    assert small.total == small.instance + small.storage + small.snapshots
    assert all(each == round(each, 2) for each in (small.instance, small.storage, small.snapshots))


@given(st.decimals(0, 40_000, places=2), st.decimals(0, 40_000, places=2))
def test_a_fee_rises_with_size(one: Decimal, other: Decimal) -> None:
    fee = InstanceFee.model_validate({"upTo50": 4, "upTo500": 8, "eachFurther500": 8})
    low, high = sorted((one, other))
    assert instance_fee(low, fee) <= instance_fee(high, fee)
