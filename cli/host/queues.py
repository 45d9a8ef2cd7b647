"""Feeds queue triggers as the Functions host does: success deletes, failure puts back, too many failures poison."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from cli.host import payloads
from cli.host.host_json import HostLimits
from cli.host.invoking import Invoker, one_line
from cli.host.triggers import QueueTrigger
from shared.ports import Clock, Received, WorkSource

INVISIBLE = timedelta(minutes=10)  # while a function works on a message, as in the Functions host


class QueuePump:
    """Works on all queues together, `batch_size` messages at a time."""

    def __init__(
        self, triggers: Sequence[QueueTrigger], source: WorkSource, clock: Clock, limits: HostLimits, invoker: Invoker
    ) -> None:
        self._triggers = triggers
        self._source = source
        self._clock = clock
        self._limits = limits
        self._invoker = invoker

    async def drain(self) -> None:
        """Work until no message is visible any more."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                # Refilled by halves, as the Functions host does: one transaction takes several messages.
                if len(running) <= self._limits.batch_size // 2:
                    running |= await self._start(self._limits.batch_size - len(running))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
        finally:
            for each in running:
                each.cancel()  # its message becomes visible again by itself
            await asyncio.gather(*running, return_exceptions=True)

    async def next_due(self) -> datetime | None:
        """When the next message of any queue becomes visible; None when all queues are empty."""
        due = [await self._source.next_due(each.queue) for each in self._triggers]
        return min((each for each in due if each is not None), default=None)

    async def _start(self, free: int) -> set[asyncio.Task[None]]:
        started: set[asyncio.Task[None]] = set()
        for trigger in self._triggers:
            wanted = free - len(started)
            for message in await self._source.receive(trigger.queue, wanted, INVISIBLE) if wanted else ():
                started.add(asyncio.create_task(self._work(trigger, message)))
        return started

    async def _work(self, trigger: QueueTrigger, message: Received) -> None:
        try:
            await self._invoker.invoke(trigger, payloads.queue_message(message))
        except Exception as error:  # noqa: BLE001  # whatever a function raises, its message must not be lost
            await self._failed(trigger, message, error)
        else:
            await self._source.done(message)

    async def _failed(self, trigger: QueueTrigger, message: Received, error: Exception) -> None:
        if message.dequeue_count < self._limits.max_dequeue_count:
            until = self._clock.now() + self._limits.visibility_timeout
            await self._source.put_back(message, until)
            self._invoker.tell("retry", {"function": trigger.function, "until": until})
            return
        reason = f"{trigger.function} failed {message.dequeue_count} times; at last: {one_line(error)}"
        await self._source.poison(trigger.queue, message.body, reason)
        await self._source.done(message)  # after the copy: a crash in between costs a duplicate, no loss
        self._invoker.tell("poisoned", {"queue": trigger.queue, "reason": reason})
