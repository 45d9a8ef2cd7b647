"""Takes in what Event Grid says was written, from the trigger and from the queue.

An event is a hint: nothing is read from Azure here, and nothing but a request to look at a VM comes out of it.
"""

import logging
from datetime import datetime
from typing import Protocol, cast

from handlers.opening import opened
from shared.domain.events import Ignored, decode_events
from shared.intake import TakenIn

log = logging.getLogger(__name__)


class DeliveredEvent(Protocol):
    """What both classes of the Functions library have in common."""

    @property
    def subject(self) -> str | None:
        """The resource's id, or something that the sender made up."""

    def get_json(self) -> object:
        """The event's data."""


class _EventGridSchema(DeliveredEvent, Protocol):
    @property
    def event_type(self) -> str: ...

    @property
    def event_time(self) -> datetime | None: ...


class _CloudEvent(DeliveredEvent, Protocol):
    @property
    def type(self) -> str: ...

    @property
    def time(self) -> datetime | None: ...


def as_sent(event: DeliveredEvent) -> dict[str, object]:
    """The parts of the event that are read, under the names that they had on the wire, in either schema."""
    common: dict[str, object] = {"subject": event.subject, "data": event.get_json()}
    if hasattr(event, "specversion"):
        cloud = cast(_CloudEvent, event)
        return {"specversion": event.specversion, "type": cloud.type, "time": _stamp(cloud.time), **common}
    own = cast(_EventGridSchema, event)
    return {"eventType": own.event_type, "eventTime": _stamp(own.event_time), **common}


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


async def take_in(event: object) -> TakenIn:
    """One event. What asks for nothing is ignored, with the reason in the log: a retry would change nothing."""
    async with opened("vm_written") as backstop:
        return await backstop.intake.take_in([event])


async def take_in_message(body: bytes) -> TakenIn:
    """A queue message: an event or an array of events. A body that is not JSON goes to the poison queue."""
    async with opened("vm_events") as backstop:
        events = decode_events(body)
        if isinstance(events, Ignored):
            text = body.decode("utf-8", "backslashreplace")
            await backstop.queue.poison(backstop.settings.events_queue, text, events.because)
            log.error("a message went to the poison queue: %s", events.because)
            return TakenIn(ignored=(events,))
        return await backstop.intake.take_in(events)
