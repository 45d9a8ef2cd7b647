import asyncio
from datetime import timedelta

import pytest

from shared.adapters.azure.cache import TimedCache
from shared.errors import RetryLaterError
from tests.unit.shared.adapters.azure.stub import StandingClock


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.read = 0
        self.error: Exception | None = None

    async def __call__(self) -> int:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.read += 1
        return self.read


async def test_a_value_is_kept_for_its_time_and_then_read_again(clock: StandingClock) -> None:
    cache, source = TimedCache[int](clock, timedelta(minutes=5)), Source()
    assert await cache.get("a", source) == 1
    clock.moment += timedelta(minutes=4, seconds=59)
    assert await cache.get("a", source) == 1
    clock.moment += timedelta(seconds=1)
    assert await cache.get("a", source) == 2
    assert await cache.get("b", source) == 3


async def test_those_who_ask_at_once_share_one_reading(clock: StandingClock) -> None:
    cache, source = TimedCache[int](clock, timedelta(minutes=5)), Source()
    assert await asyncio.gather(*(cache.get("a", source) for _ in range(20))) == [1] * 20


async def test_a_failed_reading_is_not_kept(clock: StandingClock) -> None:
    cache, source = TimedCache[int](clock, timedelta(minutes=5)), Source()
    source.error = RetryLaterError("busy")
    with pytest.raises(RetryLaterError):
        await cache.get("a", source)
    source.error = None
    assert await cache.get("a", source) == 1


async def test_a_value_from_the_future_counts_as_old(clock: StandingClock) -> None:
    cache, source = TimedCache[int](clock, timedelta(minutes=5)), Source()
    await cache.get("a", source)
    clock.moment -= timedelta(hours=1)
    assert await cache.get("a", source) == 2
