"""Takes in what Event Grid says was written, from the trigger and from the queue.

An event is a hint: nothing is read from Azure here, and nothing but a request to look at a VM comes out of it.
"""

import logging
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


class _CloudEvent(DeliveredEvent, Protocol):
    @property
    def type(self) -> str: ...


def as_sent(event: DeliveredEvent) -> dict[str, object]:
    """The parts of the event that are read, under the names that they had on the wire, in either schema."""
    common: dict[str, object] = {"subject": event.subject, "data": event.get_json()}
    if hasattr(event, "specversion"):
        return {"specversion": event.specversion, "type": cast(_CloudEvent, event).type, **common}
    return {"eventType": cast(_EventGridSchema, event).event_type, **common}


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
