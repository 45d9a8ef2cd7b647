"""What Event Grid and the queue deliver, made of the two real events among the reference data."""

import copy
import json
from typing import Any

from tests.reference import reference_file

VM_WRITE = "Microsoft.Compute/virtualMachines/write"


def documented_event() -> dict[str, Any]:
    """The event of Microsoft's documentation, of a storage account: with claims, without `httpRequest`."""
    event: dict[str, Any] = json.loads(
        reference_file("eventgrid/azure-docs.event-schema-subscriptions.ResourceWriteSuccess.json")
    )[0]
    return event


def recorded_event() -> dict[str, Any]:
    """An event that somebody recorded, of a resource group: without claims, `httpRequest` and tenant."""
    event: dict[str, Any] = json.loads(reference_file("eventgrid/c7n.test_policy_mode.sample.json"))
    return event


def of_vm(event: dict[str, Any], vm: str, tenant: str) -> dict[str, Any]:
    """The event as the write of this VM: only ids, `resourceProvider` and `operationName` are changed."""
    event = copy.deepcopy(event)
    subscription = vm.split("/")[2]
    event["subject"] = event["data"]["resourceUri"] = vm
    event["topic"] = f"/subscriptions/{subscription}"
    event["data"] |= {"resourceProvider": "Microsoft.Compute", "operationName": VM_WRITE}
    for key, value in (("subscriptionId", subscription), ("tenantId", tenant)):
        if key in event["data"]:
            event["data"][key] = value
    return event


def as_cloud_event(event: dict[str, Any]) -> dict[str, Any]:
    """The same event in the CloudEvents 1.0 envelope."""
    names = {"id": "id", "topic": "source", "subject": "subject", "eventType": "type", "eventTime": "time"}
    return {"specversion": "1.0", **{new: event[old] for old, new in names.items()}, "data": event["data"]}
