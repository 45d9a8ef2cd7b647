"""What resource writes look like as events (`Microsoft.Resources.*`, Event Grid schema and CloudEvents 1.0).

An event names the resource and the operation. It holds nothing of the resource's body: no location, no tags.
"""

import random
from datetime import datetime

from simulator.core.wire import Json, stamp
from simulator.estate.catalog import uid

WRITE, ACTION, DELETE = (f"Microsoft.Resources.Resource{verb}Success" for verb in ("Write", "Action", "Delete"))


def event(
    rng: random.Random,
    *,
    resource: str,
    operation: str,
    tenant: str,
    now: datetime,
    kind: str = WRITE,
    correlation: str | None = None,
    update: bool = False,
) -> Json:
    """One event in Event Grid's schema. `httpRequest` is there for updates and deletes only, as documented.

    The subject's spelling and the emptiness of claims vary from event to event, as they do in real ones.
    """
    subscription = resource.split("/")[2]
    subject = resource.replace("/resourceGroups/", "/resourcegroups/", 1) if rng.random() < 0.5 else resource
    claims: Json = {"appid": uid(rng), "http://schemas.microsoft.com/identity/claims/tenantid": tenant, "ver": "1.0"}
    bare = rng.random() < 0.3
    data: Json = {
        "authorization": {
            "scope": resource,
            "action": operation,
            "evidence": [] if bare else {"role": "Contributor"},
        },
        "claims": {} if bare else claims,
        "correlationId": correlation or uid(rng),
        "resourceProvider": operation.split("/", 1)[0],
        "resourceUri": resource,
        "operationName": operation,
        "status": "Succeeded",
        "subscriptionId": subscription,
        "tenantId": tenant,
    }
    if update or kind == DELETE:
        data["httpRequest"] = {
            "clientRequestId": uid(rng),
            "clientIpAddress": "203.0.113.7",
            "method": "DELETE" if kind == DELETE else "PATCH",
            "url": f"https://management.azure.com{resource}?api-version=2026-04-01",
        }
    return {
        "subject": subject,
        "eventType": kind,
        "eventTime": stamp(now),
        "id": uid(rng),
        "data": data,
        "dataVersion": "2",
        "metadataVersion": "1",
        "topic": f"/subscriptions/{subscription}",
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


def wanted(source: Json, rules: Json) -> bool:
    """Whether an event passes a subscription's `filter`: types, subject, and advanced filters on `data.*`."""
    types = rules.get("includedEventTypes")
    if types and source["eventType"] not in types:
        return False
    subject = source["subject"]
    begin, end = rules.get("subjectBeginsWith") or "", rules.get("subjectEndsWith") or ""
    if not rules.get("isSubjectCaseSensitive"):
        subject, begin, end = subject.lower(), begin.lower(), end.lower()
    if not subject.startswith(begin) or not subject.endswith(end):
        return False
    return all(_passes(source, rule) for rule in rules.get("advancedFilters") or [])


def _passes(source: Json, rule: Json) -> bool:
    """String comparisons are without case (documentation)."""
    found: object = source
    for part in str(rule["key"]).split("."):
        held = {k.lower(): v for k, v in found.items()} if isinstance(found, dict) else {}
        found = held.get(part.lower())
    text = str(found).lower() if found is not None else ""
    values = [str(v).lower() for v in rule.get("values") or []]
    match rule["operatorType"]:
        case "StringIn":
            return text in values
        case "StringNotIn":
            return text not in values
        case "StringContains":
            return any(v in text for v in values)
        case "StringBeginsWith":
            return any(text.startswith(v) for v in values)
        case _:
            return any(text.endswith(v) for v in values)


#: The operators that `wanted` knows; an event subscription with another one is refused when it is made.
OPERATORS = ("StringIn", "StringNotIn", "StringContains", "StringBeginsWith", "StringEndsWith")
