"""How work comes and waits: time, queues, claims, the kill switch, and who is told of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.model import Finding


class Clock(Protocol):
    """Time as a port: the real one, or the simulator's virtual one."""

    def now(self) -> datetime:
        """The present moment, UTC."""

    async def wait_until(self, moment: datetime) -> None:
        """Return when `moment` has come; sooner is allowed where other work may have become due."""


class PauseSwitch(Protocol):
    """The kill switch, read before every write."""

    async def paused(self) -> str:
        """Empty when writing is allowed, else the reason. An unreadable switch counts as paused."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message taken from a queue: invisible to others until done, put back, or timed out."""

    queue: str
    id: str
    receipt: str
    body: str
    dequeue_count: int
    inserted: datetime


class WorkQueue(Protocol):
    """Where requests wait; at-least-once, in no order."""

    async def send(self, queue: str, body: str, *, not_before: datetime | None = None, group: str = "") -> None:
        """Add a message, invisible until `not_before`. `group` lets a run find its own messages again."""

    async def poison(self, queue: str, body: str, reason: str) -> None:
        """Put a message that cannot be worked on into `<queue>-poison` with the reason."""


class WorkSource(WorkQueue, Protocol):
    """The receiving side, which Functions' host has in Azure and the local host has here."""

    async def receive(
        self, queue: str, limit: int, visibility: timedelta, group: str | None = None
    ) -> tuple[Received, ...]:
        """Up to `limit` visible messages (of the group), oldest first."""

    async def done(self, message: Received) -> None:
        """Delete a message; a receipt that has timed out is ignored."""

    async def put_back(self, message: Received, not_before: datetime) -> None:
        """Make a message visible again at `not_before`, keeping its count."""

    async def next_due(self, queue: str, group: str | None = None) -> datetime | None:
        """When the next message (of the group) becomes visible; None when the queue holds none."""

    async def depth(self, queue: str, group: str | None = None) -> int:
        """How many messages (of the group) the queue holds, invisible ones included."""


class Claims(Protocol):
    """Exclusive claims that end by themselves, so that a killed worker blocks nobody for long."""

    async def claim(self, key: str, owner: str, now: datetime, ttl: timedelta) -> datetime | None:
        """None when claimed; else the moment at which the present holder's claim ends."""

    async def release(self, key: str, owner: str) -> None:
        """Give the claim back, if it is still the owner's."""


class Notices(Protocol):
    """Tells the outside world what happened, when a custom topic is set."""

    async def vm_protected(self, finding: Finding) -> None:
        """Publish `Backstop.VmProtected`."""

    async def report_ready(self, summary: dict[str, object]) -> None:
        """Publish `Backstop.ReportReady`."""
