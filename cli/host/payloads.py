"""What triggers a function, as the Python worker of Azure Functions would hand it over.

Events, messages and timers go through the Functions library's own decoders, from the texts that the host sends to the
worker, so that a function sees here exactly the classes that it sees in Azure.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import azure.functions as func
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum
from azure.functions.queue import QueueMessageInConverter
from azure.functions.timer import TimerRequestConverter

from shared.ports import Received


def event(data: Mapping[str, Any]) -> object:
    """One event: an `EventGridEvent`, or a `CloudEvent` for data with a `specversion`. ValueError for a bad time."""
    return EventGridEventInConverter.decode(Datum(json.dumps(data), "json"), trigger_metadata=None)


def queue_message(message: Received) -> func.QueueMessage:
    """One message with its metadata, which the host sends as texts."""
    metadata = {
        "Id": message.id,
        "DequeueCount": str(message.dequeue_count),
        "InsertionTime": message.inserted.isoformat(),
        "PopReceipt": message.receipt,
    }
    typed = {key: Datum(value, "string") for key, value in metadata.items()}
    decoded = QueueMessageInConverter.decode(Datum(message.body, "string"), trigger_metadata=typed)
    return cast(func.QueueMessage, decoded)


def timer(due: datetime, following: datetime, *, past_due: bool) -> func.TimerRequest:
    """A timer that was due at `due` and will be again at `following`, in the shape of the .NET host."""
    status = {"Last": due.isoformat(), "Next": following.isoformat(), "LastUpdated": due.isoformat()}
    text = json.dumps({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due})
    return cast(func.TimerRequest, TimerRequestConverter.decode(Datum(text, "json"), trigger_metadata=None))


def http_request(
    method: str, url: str, headers: Mapping[str, str], params: Mapping[str, str], route: Mapping[str, str], body: bytes
) -> func.HttpRequest:
    """A request with its query and route parameters."""
    return func.HttpRequest(method, url, headers=headers, params=params, route_params=route, body=body)
