"""Answers kept for minutes, by the Clock port, so that a thousand VMs do not list one subscription's vaults each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from shared.ports import Clock

Value = TypeVar("Value")


class TimedCache(Generic[Value]):
    """Values by key. Callers who ask at once share one reading; a failed reading is kept by nobody."""

    def __init__(self, clock: Clock, kept_for: timedelta) -> None:
        self._clock = clock
        self._kept_for = kept_for
        self._values: dict[str, tuple[datetime, Value]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def forget(self, key: str) -> None:
        """The value under the key is no longer true. A reading that is under way may still be kept."""
        self._values.pop(key, None)

    async def get(self, key: str, read: Callable[[], Awaitable[Value]]) -> Value:
        """The value kept under the key, or the one that `read` gives now."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._values.get(key)
            now = self._clock.now()
            # A clock that went back (a simulator's, started anew) makes a value from the future: it counts as old.
            if kept is not None and timedelta() <= now - kept[0] < self._kept_for:
                return kept[1]
            value = await read()
            self._values[key] = (self._clock.now(), value)
            return value
