"""What resource writes look like as events (`Microsoft.Resources.*`, Event Grid schema and CloudEvents 1.0).

An event names the resource and the operation. It holds nothing of the resource's body: no location, no tags.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulator.core.wire import Json, stamp
from simulator.estate.catalog import uid

Verb = Literal["Write", "Action", "Delete"]
Ending = Literal["Success", "Failure", "Cancel"]
#: What `data.status` says of each ending.
STATUS: dict[Ending, str] = {"Success": "Succeeded", "Failure": "Failed", "Cancel": "Canceled"}
#: Every event type of a subscription's or a resource group's topic (documentation of Azure subscriptions as source).
TYPES = tuple(f"Microsoft.Resources.Resource{v}{e}" for v in ("Write", "Delete", "Action") for e in STATUS)


@dataclass(frozen=True)
class Caller:
    """Who did it and how: the token's claims under the long names that events have, and the request."""

    claims: Json
    evidence: Json
    client_request: str
    address: str
    api_version: str


@dataclass(frozen=True)
class Happening:
    """One operation on one resource that has come to its end. `update`: the resource was there before."""

    resource: str
    operation: str
    verb: Verb = "Write"
    ending: Ending = "Success"
    method: str = "PUT"
    update: bool = False
    correlation: str | None = None
    caller: Caller | None = None


def event(rng: random.Random, told: Happening, *, tenant: str, now: datetime, bare: float) -> Json:
    """One event in Event Grid's schema. `httpRequest` is there for updates and deletes only, as documented.

    The subject's spelling varies from event to event as it does in real ones; with probability `bare` the claims
    and the evidence are empty.
    """
    parts = told.resource.split("/")
    subject = told.resource
    if rng.random() < 0.5:
        subject = subject.replace("/resourceGroups/", "/resourcegroups/", 1)
    empty = rng.random() < bare or told.caller is None
    data: Json = {
        "authorization": {
            "scope": told.resource,
            "action": told.operation,
            "evidence": [] if empty or told.caller is None else told.caller.evidence,
        },
        "claims": {} if empty or told.caller is None else told.caller.claims,
        "correlationId": told.correlation or uid(rng),
        "resourceProvider": told.operation.split("/", 1)[0],
        "resourceUri": told.resource,
        "operationName": told.operation,
        "status": STATUS[told.ending],
        "subscriptionId": parts[2],
        "tenantId": tenant,
    }
    if told.update or told.verb == "Delete":
        version = told.caller.api_version if told.caller else "2026-04-01"
        data["httpRequest"] = {
            "clientRequestId": told.caller.client_request if told.caller else uid(rng),
            "clientIpAddress": told.caller.address if told.caller else "203.0.113.7",
            "method": told.method,
            "url": f"https://management.azure.com{told.resource}?api-version={version}",
        }
    return {
        "subject": subject,
        "eventType": f"Microsoft.Resources.Resource{told.verb}{told.ending}",
        "eventTime": stamp(now),
        "id": uid(rng),
        "data": data,
        "dataVersion": "2",
        "metadataVersion": "1",
        "topic": f"/subscriptions/{parts[2]}",
    }


def as_cloud_event(source: Json) -> Json:
    """The same event as a CloudEvent 1.0."""
    return {
        "id": source["id"],
        "source": source["topic"],
        "type": source["eventType"],
        "subject": source["subject"],
        "time": source["eventTime"],
        "specversion": "1.0",
        "data": source["data"],
    }
