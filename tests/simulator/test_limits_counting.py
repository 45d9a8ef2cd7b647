"""Token buckets and periods, whatever is counted in them: never more than allowed, and never later than told."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.limits import bucket, window
from simulator.limits.bucket import PARTS, Buckets, take
from simulator.limits.window import Days, Windows

SIZES = st.integers(1, 300)
RATES = st.one_of(st.integers(1, 50), st.integers(1, 500).map(lambda n: n / 60), st.just(0.001))
#: Microseconds between two requests: none, few, and enough to fill every bucket.
GAPS = st.lists(st.one_of(st.just(0), st.integers(0, 2_000_000), st.integers(0, 10**12)), max_size=60)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
quickly = settings(deadline=None, max_examples=60)


@quickly
@given(SIZES, RATES, GAPS)
def test_a_bucket_holds_between_nothing_and_its_size(size: int, rate: float, gaps: list[int]) -> None:
    buckets, now = Buckets(size, rate), 0
    for gap in gaps:
        now += gap
        [left] = take([(buckets, "k")], now, strict=True).left
        assert 0 <= buckets.held["k"].parts <= size * PARTS
        assert 0 <= left <= size


@quickly
@given(SIZES, RATES, GAPS)
def test_what_comes_in_never_takes_anything_away(size: int, rate: float, gaps: list[int]) -> None:
    buckets, now = Buckets(size, rate), 0
    buckets.look("k", now).parts = 0
    before = 0
    for gap in gaps:
        now += gap
        after = buckets.look("k", now).parts
        assert after >= before
        before = after


def test_a_clock_that_goes_back_brings_nothing() -> None:
    buckets = Buckets(5, 1)
    for _ in range(5):
        take([(buckets, "k")], 10_000_000, strict=True)
    assert buckets.look("k", 3_000_000).parts == 0
    assert buckets.look("k", 10_000_000).parts == 0
    assert buckets.look("k", 11_000_000).parts == PARTS


@quickly
@given(SIZES, st.integers(1, 50), GAPS)
def test_no_span_of_time_sees_more_than_the_bucket_and_what_came_in(size: int, rate: int, gaps: list[int]) -> None:
    buckets, now, admitted = Buckets(size, rate), 0, list[int]()
    for gap in gaps:
        now += gap
        for _ in range(3):
            if take([(buckets, "k")], now, strict=True).short is None:
                admitted.append(now)
    for first, began in enumerate(admitted):
        for last in range(first, len(admitted)):
            span = admitted[last] - began
            assert last - first + 1 <= size + rate * span / 10**6


@quickly
@given(SIZES, RATES, GAPS)
def test_who_waits_as_told_is_let_in_and_a_moment_earlier_is_not(size: int, rate: float, gaps: list[int]) -> None:
    buckets, now = Buckets(size, rate), 0
    for gap in gaps:
        now += gap
        taken = take([(buckets, "k")], now, strict=True)
        if taken.short is None:
            continue
        early = take([(buckets, "k")], now + taken.wait - 1, strict=True)
        assert early.short == 0
        assert early.wait == 1
        now += taken.wait
        assert take([(buckets, "k")], now, strict=True).short is None


@quickly
@given(st.integers(1, 20), st.integers(1, 20), GAPS)
def test_of_two_buckets_neither_gives_where_one_is_empty(small: int, large: int, gaps: list[int]) -> None:
    first, second, now = Buckets(small, 1), Buckets(large, 2), 0
    for gap in [*gaps, *([0] * 45)]:
        now += gap
        before = [buckets.look("k", now).parts for buckets in (first, second)]
        taken = take([(first, "k"), (second, "k")], now, strict=True)
        after = [buckets.look("k", now).parts for buckets in (first, second)]
        assert after == (before if taken.short is not None else [each - PARTS for each in before])
    taken = take([(first, "k"), (second, "k")], now, strict=True)
    assert taken.short is not None
    assert taken.wait == max(buckets.wait(buckets.held["k"]) for buckets in (first, second))


def test_counted_only_a_bucket_goes_down_to_nothing_and_refuses_nobody() -> None:
    buckets = Buckets(2, 1)
    taken = [take([(buckets, "k")], 0, strict=False) for _ in range(4)]
    assert [(each.left, each.short) for each in taken] == [((1,), None), ((0,), None), ((0,), None), ((0,), None)]


def test_keys_have_buckets_of_their_own() -> None:
    buckets = Buckets(1, 1)
    assert take([(buckets, "a")], 0, strict=True).short is None
    assert take([(buckets, "b")], 0, strict=True).short is None
    assert take([(buckets, "a")], 0, strict=True).short == 0


def test_only_full_buckets_are_let_go_when_there_are_many() -> None:
    buckets = Buckets(2, 1, many=3)
    for key in ("a", "b", "c"):
        take([(buckets, key)], 0, strict=True)
    take([(buckets, "a")], 1_000_000, strict=True)
    take([(buckets, "d")], 1_000_000, strict=True)
    assert sorted(buckets.held) == ["a", "d"]
    assert buckets.many == bucket.MANY


@quickly
@given(st.integers(0, 10), GAPS)
def test_a_period_begins_with_its_first_request_and_lets_in_so_many(limit: int, gaps: list[int]) -> None:
    windows, now, period = Windows(), NOON, timedelta(seconds=300)
    began, count = None, 0
    for gap in gaps:
        now += timedelta(microseconds=gap)
        if began is None or now - began >= period:
            began, count = now, 0
        room, left, until = windows.take("k", limit, period, now)
        assert room is (count < limit)
        count += room
        assert (left, until) == (limit - count, began + period - now)


def test_a_period_has_ended_when_its_time_is_over() -> None:
    windows, period = Windows(), timedelta(seconds=5)
    assert windows.take("k", 1, period, NOON) == (True, 0, period)
    before = NOON + timedelta(seconds=5, microseconds=-1)
    assert windows.take("k", 1, period, before) == (False, 0, timedelta(microseconds=1))
    assert windows.take("k", 1, period, NOON + period) == (True, 0, period)


def test_periods_that_have_ended_are_let_go_when_there_are_many() -> None:
    windows, period = Windows(many=2), timedelta(seconds=5)
    windows.take("a", 1, period, NOON)
    windows.take("b", 1, period, NOON + timedelta(seconds=3))
    windows.take("c", 1, period, NOON + timedelta(seconds=6))
    assert (sorted(windows.held), windows.many) == (["b", "c"], window.MANY)


def test_a_day_is_a_utc_day() -> None:
    days, late = Days(), datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    days.add("k", late)
    days.add("k", late.astimezone(timezone(timedelta(hours=5))))
    assert days.count("k", late) == 2
    assert days.count("other", late) == 0
    assert days.count("k", late + timedelta(seconds=1)) == 0
    days.add("k", late + timedelta(seconds=1))
    assert days.count("k", late + timedelta(seconds=1)) == 1
