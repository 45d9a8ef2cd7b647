"""Dead letters: the blobs in which events end up that could not be delivered.

Holds them as Azure names and writes them (documentation of delivery and retry), but there is no storage account behind:
any `resourceId` is taken, and the blobs are read under `/_sim/deadletters`.
"""

from dataclasses import dataclass
from datetime import datetime

from simulator.core.wire import Json, stamp
from simulator.events.event import as_cloud_event


@dataclass(frozen=True)
class Blob:
    """One blob: where it lies, and its content, an array of events."""

    subscription: str
    resource: str
    container: str
    name: str
    written: datetime
    content: list[Json]

    def to_json(self) -> Json:
        return {
            "eventSubscription": self.subscription,
            "resourceId": self.resource,
            "container": self.container,
            "name": self.name,
            "written": stamp(self.written),
            "content": self.content,
        }


def blob_name(subscription: str, moment: datetime, unique: str) -> str:
    """`NAME/2019/8/8/5/<uuid>.json`: the name in capitals, date and hour without leading zeros."""
    return f"{subscription.upper()}/{moment.year}/{moment.month}/{moment.day}/{moment.hour}/{unique}.json"


def dead_event(
    event: Json,
    schema: str,
    *,
    reason: str,
    attempts: int,
    outcome: str,
    published: datetime,
    attempted: datetime | None,
) -> Json:
    """The event with what is said of its end; CloudEvents take the names in lower case, as their attributes must be."""
    said: Json = {
        "deadLetterReason": reason,
        "deliveryAttempts": attempts,
        "lastDeliveryOutcome": outcome,
        "publishTime": stamp(published),
    }
    if attempted is not None:
        said["lastDeliveryAttemptTime"] = stamp(attempted)
    if schema == "EventGridSchema":
        return event | said
    return as_cloud_event(event) | {name.lower(): value for name, value in said.items()}
