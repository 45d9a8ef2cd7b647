"""What recorded answers show beside their contents: whether something is under way, and whose backup they are about."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.contract.recordings.names import INVENTED
from tests.contract.recordings.recording import Exchange, resources

_UNDER_WAY = {"inprogress", "cancelling", "accepted", "running", "provisioning", "creating", "updating", "deleting"}


def under_way(status: int, body: Any) -> bool:
    """Whether an answer shows something that has not ended yet."""
    if status == 202:
        return True
    for each in resources(body):
        properties = each.get("properties")
        shown = [
            each.get("status"),
            *((properties.get(k) for k in ("status", "provisioningState")) if isinstance(properties, dict) else ()),
        ]
        if any(str(state).lower() in _UNDER_WAY for state in shown):
            return True
    return False


def other_workload(exchange: Exchange) -> str:
    """`AzureStorage` and the like, where an exchange is about nothing but another workload's backup; else empty."""
    named = set(re.findall(r"backupManagementType(?:\s|%20|\+)+eq(?:\s|%20|\+)+(?:'|%27)(\w+)", exchange.query))
    for body in (*resources(exchange.request), *resources(exchange.response)):
        properties = body.get("properties")
        if isinstance(properties, dict) and "backupManagementType" in properties:
            named.add(str(properties["backupManagementType"]))
    return "" if not named or "AzureIaasVM" in named else min(named)


def ours(body: Any) -> Any:
    """A body without the elements of other workloads, which a list of all workloads has too."""
    if isinstance(body, dict) and isinstance(body.get("value"), list):
        kept = [each for each in body["value"] if _workload(each) in ("", "AzureIaasVM")]
        return body | {"value": kept}
    return body


def _workload(element: Any) -> str:
    properties = element.get("properties") if isinstance(element, dict) else None
    return str(properties.get("backupManagementType", "")) if isinstance(properties, dict) else ""


def all_text(exchange: Exchange) -> str:
    return " ".join(
        (exchange.path, json.dumps(exchange.request), json.dumps(exchange.response), *exchange.headers.values())
    )


def spans(exchanges: list[Exchange]) -> Iterator[tuple[str, tuple[int, int]]]:
    """For each invented name that is shown under way: the first exchange that names it, the last that shows it so."""
    last: dict[str, int] = {}
    for exchange in exchanges:
        if exchange.method != "GET" or not under_way(exchange.status, exchange.response):
            continue
        if exchange.status == 202 or "value" not in (exchange.response or {}):
            last[exchange.path.rsplit("/", 1)[-1].lower()] = exchange.number
        for each in resources(exchange.response):
            if under_way(200, each) and each.get("name"):
                last[str(each["name"]).lower()] = exchange.number
    for name, end in last.items():
        if INVENTED.fullmatch(name):
            first = next(e.number for e in exchanges if name in all_text(e).lower())
            yield name, (first, end)
