"""The simulator's virtual clock and its scheduled work.

Two modes. `flowing`: virtual now is start + real elapsed times speed + jumps, so a client that polls in real time is
served, and with a speed above 1 sees a job of an hour end within seconds.
`stepped`: now moves only by jumps, so that a day passes in a second. Whoever drives the clock jumps to the next
due moment; everything due then runs before the jump returns. The clock refuses to go backwards.
"""

import asyncio
import heapq
import inspect
import itertools
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

Mode = Literal["flowing", "stepped"]
Work = Callable[[], Awaitable[None] | None]

#: Real seconds that a jump waits for the work of one moment: longer than a delivery waits for a slow receiver (30),
#: so that its next attempt is scheduled before the jump ends.
PATIENCE = 35.0

log = logging.getLogger(__name__)


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    work: Work = field(compare=False)


class Clock:
    """Virtual time in UTC. Not thread-safe; `advance` is safe to call concurrently within one event loop."""

    def __init__(self, mode: Mode = "stepped", start: datetime | None = None, speed: float = 1.0) -> None:
        """`speed`: virtual seconds per real second of a flowing clock, above 0: it can neither stand nor run back."""
        if not 0 < speed < float("inf"):
            raise ValueError(f"a clock's speed must be a number above 0, and is {speed}")
        real = datetime.now(UTC)
        self.mode: Mode = mode
        self.start = (start or (real if mode == "flowing" else real.replace(microsecond=0))).astimezone(UTC)
        self.speed = speed
        self._jumped = timedelta()
        self._began = time.monotonic()
        self._heap: list[_Due] = []
        self._order = itertools.count()
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._late: set[asyncio.Future[None]] = set()

    def now(self) -> datetime:
        """Virtual now."""
        if self.mode == "stepped":
            return self.start + self._jumped
        return self.start + self._jumped + timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    @property
    def next_due(self) -> datetime | None:
        """The moment of the earliest scheduled work, or None."""
        return self._heap[0].at if self._heap else None

    def at(self, moment: datetime, work: Work) -> None:
        """Run `work` once virtual now has reached `moment`. Work may be plain or return an awaitable."""
        heapq.heappush(self._heap, _Due(moment, next(self._order), work))
        self._changed.set()

    def after(self, seconds: float, work: Work) -> None:
        """Run `work` that many virtual seconds from now."""
        self.at(self.now() + timedelta(seconds=seconds), work)

    async def advance(self, to: datetime | None) -> bool:
        """Jump to `to` or to the next due moment, whichever comes first, and run what is due.

        Returns True where there was nothing to do: no `to` and no scheduled work.
        """
        async with self._lock:
            due = self.next_due
            if to is None and due is None:
                return True
            target = min(moment for moment in (to, due) if moment is not None)
            self._jumped += max(target - self.now(), timedelta())
            self._changed.set()  # what is due next comes sooner in real time than `flow` reckoned before the jump
            await self._run_due()
            return False

    async def flow(self) -> None:
        """In flowing mode: run scheduled work as real time reaches it. Runs until cancelled."""
        while True:
            self._changed.clear()
            due = self.next_due
            wait = None if due is None else max((due - self.now()).total_seconds() / self.speed, 0.0)
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                async with self._lock:
                    try:
                        await self._run_due(0.0)  # a receiver that hangs must not hold back what others wait for
                    except Exception:
                        log.exception("scheduled work failed")

    async def _run_due(self, patience: float = PATIENCE) -> None:
        while self._heap and self._heap[0].at <= self.now():
            moment = self.now()
            pending: list[asyncio.Future[None]] = []
            while self._heap and self._heap[0].at <= moment:
                outcome = heapq.heappop(self._heap).work()
                if inspect.isawaitable(outcome):
                    pending.append(asyncio.ensure_future(outcome))
            if pending:
                await self._settle(pending, patience)

    async def _settle(self, pending: list[asyncio.Future[None]], patience: float) -> None:
        done, late = await asyncio.wait(pending, timeout=patience)
        for future in late:  # it goes on by itself; the reference keeps it from being collected half-way
            self._late.add(future)
            future.add_done_callback(self._came_late)
        for future in done:
            future.result()

    def _came_late(self, future: asyncio.Future[None]) -> None:
        self._late.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            log.error("scheduled work failed", exc_info=error)
