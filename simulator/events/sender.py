"""One attempt to deliver: the request as Event Grid makes it, and what the receiver made of it.

Knows no schedule and keeps nothing. Only 200 to 204 count as received; redirects are not followed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from simulator.core.wire import Json
from simulator.events.event import as_cloud_event
from simulator.events.filters import find
from simulator.events.subscription import Config

RECEIVED = range(200, 205)
#: Where .NET's names, which Azure shows, are not the words of today's Python.
NAMES = {413: "RequestEntityTooLarge", 416: "RequestedRangeNotSatisfiable", 422: "UnprocessableEntity"}


@dataclass(frozen=True)
class Outcome:
    """`status` is None where no answer came in time."""

    status: int | None
    name: str

    @property
    def received(self) -> bool:
        return self.status in RECEIVED


class Sender:
    """The HTTP client of all deliveries and handshakes, for as long as the server runs."""

    def __init__(self) -> None:
        self.client: aiohttp.ClientSession | None = None

    def open_client(self) -> aiohttp.ClientSession:
        """Raises RuntimeError where the server is not running."""
        if self.client is None:
            raise RuntimeError("the hub's session is not open")
        return self.client

    async def post(self, name: str, config: Config, events: Sequence[Json], attempt: int, patience: float) -> Outcome:
        """Send one event, or several as a batch. `attempt` counts from 1; `patience` in real seconds."""
        cloud = config.schema != "EventGridSchema"
        headers = {
            "aeg-event-type": "Notification",
            "aeg-subscription-name": name.upper(),
            "aeg-delivery-count": str(attempt - 1),
            # the envelope's version or, for CloudEvents, the spec's; a CloudEvent has no version of its data
            "aeg-metadata-version": "1.0" if cloud else events[0]["metadataVersion"],
            "aeg-output-event-id": events[0]["id"],
        }
        body: Json | list[Json] = list(events)
        kind = "application/json"
        if not cloud:
            headers["aeg-data-version"] = events[0]["dataVersion"]
        elif config.batch > 1:
            body, kind = [as_cloud_event(each) for each in events], "application/cloudevents-batch+json"
        else:
            body, kind = as_cloud_event(events[0]), "application/cloudevents+json"
        headers |= own_headers(config, events[0]) | {"Content-Type": f"{kind}; charset=utf-8"}
        limit = aiohttp.ClientTimeout(total=patience)
        try:
            async with self.open_client().post(
                config.url, json=body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                await answer.read()
                return Outcome(answer.status, outcome_name(answer.status))
        except TimeoutError:
            return Outcome(None, "TimedOut")
        except aiohttp.ClientConnectorDNSError:
            return Outcome(None, "ResolutionError")
        except aiohttp.ClientError:
            return Outcome(None, "SocketError")


def own_headers(config: Config, event: Json) -> dict[str, str]:
    """What the delivery attribute mappings add; a field that the event lacks, or that is no text, adds nothing."""
    headers = {}
    for mapping in config.headers:
        inner = mapping["properties"]
        value = inner["value"] if mapping["type"] == "Static" else find(event, inner["sourceField"])
        if isinstance(value, str | int | float) and str(value).isprintable():
            headers[mapping["name"]] = str(value)
    return headers


def outcome_name(status: int) -> str:
    """The answer in words, as a dead letter's `lastDeliveryOutcome` has it (documented: `NotFound`)."""
    if status in RECEIVED:
        return "Delivered"
    if status in NAMES:
        return NAMES[status]
    try:
        return "".join(part.capitalize() for part in HTTPStatus(status).phrase.replace("-", " ").split())
    except ValueError:
        return "GenericError"
