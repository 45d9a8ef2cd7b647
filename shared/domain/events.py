"""From a raw Event Grid event to a request to look at one VM, or to the reason why it is ignored.

Both schemas are read: Event Grid's own and CloudEvents 1.0. An event is a hint and never evidence: it carries neither
location nor tags, and anybody who finds the endpoint can send one. So only the VM's id is taken from it, strictly
parsed, and no URL in it is ever followed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.domain.arm_id import parse_vm_id
from shared.domain.model import ReconcileRequest

WRITE_SUCCESS = "Microsoft.Resources.ResourceWriteSuccess"
VM_WRITE = "microsoft.compute/virtualmachines/write"
CLASSIC_VM_WRITE = "microsoft.classiccompute/virtualmachines/write"
TAGS_WRITE = "microsoft.resources/tags/write"
_IDENTITY = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#: Claims that name the caller, best first (real events of a subscription).
_NAME_CLAIMS = (f"{_IDENTITY}upn", f"{_IDENTITY}name", "unique_name", "name", "appid")
_TAGS_SUFFIX = "/providers/microsoft.resources/tags/default"


class IgnoredBecause(StrEnum):
    """Why an event asks for nothing."""

    NOT_JSON = "it is not JSON"
    NOT_AN_EVENT = "it is not an Event Grid event or a CloudEvent"
    OTHER_EVENT_TYPE = "its type is not Microsoft.Resources.ResourceWriteSuccess"
    OTHER_OPERATION = "its operation is neither a write of a VM nor of a VM's tags"
    NOT_A_VM = "it names no virtual machine"
    OTHER_TENANT = "it comes from another tenant"
    OUT_OF_SCOPE = "its subscription is outside the scope"


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that asks for nothing, with a detail for the log."""

    because: IgnoredBecause
    detail: str = ""


def decode_events(body: str | bytes) -> list[object] | Ignored:
    """The events in a body: an array, or a single object."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Ignored(IgnoredBecause.NOT_JSON)
    return data if isinstance(data, list) else [data]


def read_event(event: object, tenant_id: str = "") -> ReconcileRequest | Ignored:
    """The request that one event stands for. With a `tenant_id`, events of another tenant are ignored."""
    if not isinstance(event, Mapping):
        return Ignored(IgnoredBecause.NOT_AN_EVENT)
    kind = event.get("eventType") if "specversion" not in event else event.get("type")
    data = event.get("data")
    if not isinstance(kind, str) or not isinstance(data, Mapping):
        return Ignored(IgnoredBecause.NOT_AN_EVENT)
    if kind != WRITE_SUCCESS:
        return Ignored(IgnoredBecause.OTHER_EVENT_TYPE, kind[:100])
    operation = _text(data, "operationName").lower()
    if operation not in {VM_WRITE, CLASSIC_VM_WRITE, TAGS_WRITE}:
        return Ignored(IgnoredBecause.OTHER_OPERATION, operation[:100])
    of_tenant = _text(data, "tenantId")
    if tenant_id and of_tenant and of_tenant.lower() != tenant_id.lower():
        return Ignored(IgnoredBecause.OTHER_TENANT, of_tenant[:100])
    target = _text(data, "resourceUri") or _text(event, "subject")
    if operation == TAGS_WRITE and target.lower().endswith(_TAGS_SUFFIX):
        target = target[: -len(_TAGS_SUFFIX)]
    try:
        vm_id = parse_vm_id(target)
    except ValueError:
        return Ignored(IgnoredBecause.NOT_A_VM, target[:200])
    return ReconcileRequest(vm_id, cause="event", correlation_id=_text(data, "correlationId")[:100])


def writer_of(event: object) -> str:
    """Who made the write that an event tells of, from its claims: a person's name or an application's id; or empty.

    A hint for people to read, no evidence: anybody who can send an event can write any name into it.
    """
    data = event.get("data") if isinstance(event, Mapping) else None
    claims = data.get("claims") if isinstance(data, Mapping) else None
    if not isinstance(claims, Mapping):
        return ""
    for claim in _NAME_CLAIMS:
        name = " ".join(_text(claims, claim).split())
        if name:
            return "".join(each for each in name if each.isprintable())[:200]
    return ""


def written_at(event: object, now: datetime) -> datetime:
    """When the write was made, as the event says; `now` (UTC) where it does not say so, or says it of the future."""
    text = (_text(event, "eventTime") or _text(event, "time")) if isinstance(event, Mapping) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return now
    return now if moment.utcoffset() is None else min(moment.astimezone(UTC), now)


def _text(source: Mapping[Any, Any], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""
