"""The request behind an operation that a recording polls without showing how it began.

The job that the operation turns out to have tells what it was. Pure: exchanges in, a request out. It knows two kinds of
jobs; of any other it says nothing.
"""

import re
from dataclasses import dataclass

from tests.contract.recordings.recording import Exchange, Json

_POLLED = re.compile(r"(?P<vault>.*/vaults/[^/]+)/.*operations?(Status)?/(?P<id>[^/]+)", re.IGNORECASE)
#: By the job's operation: method and what follows the item's path.
_CAUSES = {"DeleteBackupData": ("DELETE", ""), "Backup": ("POST", "/backup")}


@dataclass(frozen=True)
class Cause:
    """A request; `target` is a path with its query."""

    method: str
    target: str
    body: Json | None


def operation_polled(exchange: Exchange) -> str:
    """The name of the operation whose status a GET asks for; empty for any other request."""
    polled = _POLLED.fullmatch(exchange.path)
    return polled["id"] if polled and exchange.method == "GET" else ""


def cause_of(exchange: Exchange, exchanges: list[Exchange]) -> Cause | None:
    """What began the operation that this exchange polls, as far as the recording tells."""
    polled, job = _POLLED.fullmatch(exchange.path), _job_of(exchange, exchanges)
    properties = (job or {}).get("properties") or {}
    container = str(properties.get("containerName", "")).lstrip(";")
    if polled is None or properties.get("operation") not in _CAUSES or not container:
        return None
    method, rest = _CAUSES[properties["operation"]]
    item = f"backupFabrics/Azure/protectionContainers/IaasVMContainer;{container}/protectedItems/VM;{container}"
    body = {"properties": {"objectType": "IaasVMBackupRequest"}} if method == "POST" else None
    return Cause(method, f"{polled['vault']}/{item}{rest}?api-version=2019-06-15", body)


def _job_of(polled: Exchange, exchanges: list[Exchange]) -> Json | None:
    """The job that a polled operation turns out to have, once the recording shows both."""
    ended = (e.response for e in exchanges if e.path == polled.path and isinstance(e.response, dict))
    names = {str((body.get("properties") or {}).get("jobId")) for body in ended}
    for exchange in exchanges:
        if exchange.path.rsplit("/", 1)[-1] in names and isinstance(exchange.response, dict):
            return exchange.response
    return None
