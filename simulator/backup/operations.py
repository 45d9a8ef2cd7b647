"""Long-running operations: the headers of a 202, and the addresses behind them.

The addresses carry signature-like parameters (recorded traffic, 2026). They are to be followed as given: one with
an altered path, time or signature is refused. One without any of them is answered, since some clients ask
`backupOperations/{id}` on their own (Azure CLI 2.91).
"""

import base64
import hashlib
import hmac
from urllib.parse import quote

from simulator.backup.render import item_body, vault_body
from simulator.backup.vaults import VAULT, find_vault
from simulator.core.model import Operation
from simulator.core.routing import Call, Route
from simulator.core.state import vault_id
from simulator.core.wire import NO_DATE, Answer, AzureError, Json, stamp

#: Stands where Azure puts the signing certificate: long, and no use to anyone.
CERTIFICATE = base64.urlsafe_b64encode(hashlib.shake_256(b"backstop simulator").digest(900)).decode().rstrip("=")
SIGNED = ("t", "c", "s", "h")


def _signature(call: Call, path: str, ticks: str) -> tuple[str, str]:
    digest = hmac.new(call.world.secret, f"{path.lower()}|{ticks}".encode(), hashlib.sha512).digest()
    return base64.urlsafe_b64encode(digest * 4).decode().rstrip("="), base64.urlsafe_b64encode(digest[:32]).decode()


def operation_url(call: Call, path: str) -> str:
    """The absolute, signed address of an operation; scheme and host are those that the client used."""
    ticks = str(int(call.world.now().timestamp() * 10**7) + 621355968000000000)
    s, h = _signature(call, path, ticks)
    version = quote(call.query.get("api-version", "2026-10-01"))
    return f"{call.base}{quote(path, safe='/;')}?api-version={version}&t={ticks}&c={CERTIFICATE}&s={s}&h={quote(h)}"


def accepted(call: Call, status_path: str, result_path: str, operation: Operation) -> Answer:
    """202, an empty body and both headers."""
    return Answer(
        202,
        None,
        {
            "Azure-AsyncOperation": operation_url(call, f"{status_path}/{operation.id}"),
            "Location": operation_url(call, f"{result_path}/{operation.id}"),
        },
    )


def _verify(call: Call) -> None:
    given = [call.query.get(name) for name in SIGNED]
    if not any(given):
        return
    s, h = _signature(call, call.path, given[0] or "")
    if given[1:] != [CERTIFICATE, s, h]:
        message = "The operation address was not used as it was given: its signature does not match."
        raise AzureError(403, "InvalidOperationSignature", message)


def find_operation(call: Call) -> Operation:
    """The operation in the path. Raises AzureError 403 where its address was altered, 404 where there is none."""
    _verify(call)
    operation = call.world.state.operations.get(call.params["operation"].lower())
    if operation is None:
        raise AzureError(404, "OperationNotFound", f"Operation '{call.params['operation']}' was not found.")
    return operation


def status_body(operation: Operation) -> Json:
    """An operation as its status address shows it."""
    shown: Json = {
        "id": operation.id,
        "name": operation.id,
        "status": operation.status,
        "startTime": stamp(operation.started),
        "endTime": stamp(operation.ended) if operation.ended else NO_DATE,
    }
    if operation.job and operation.status != "InProgress":
        shown["properties"] = {"objectType": "OperationStatusJobExtendedInfo", "jobId": operation.job}
    if operation.error:
        shown["error"] = operation.error
    return shown


def get_status(call: Call) -> Answer:
    """200 with the status, whatever it is."""
    return Answer(200, status_body(find_operation(call)))


def get_result(call: Call) -> Answer:
    """202 while it runs, then 204."""
    operation = find_operation(call)
    if operation.status == "InProgress":
        again = "&".join(f"{name}={quote(value)}" for name, value in call.query.items())
        return Answer(202, None, {"Location": f"{call.url}?{again}"})
    return Answer(204)


def get_vault_result(call: Call) -> Answer:
    """As `get_result`, but 200 with the vault where it is still there."""
    answer = get_result(call)
    if (
        answer.status == 204
        and vault_id(*(call.params[k] for k in ("subscription", "group", "vault"))).lower() in call.world.state.vaults
    ):
        return Answer(200, vault_body(find_vault(call)))
    return answer


def get_item_result(call: Call) -> Answer:
    """As `get_result`, but 200 with the protected item once there is one to show."""
    answer = get_result(call)
    vault = find_vault(call)
    item = vault.items.get(f"{call.params['container']}/{call.params['item']}".lower())
    if answer.status == 204 and item is not None and not item.configuring:
        return Answer(200, item_body(vault, item, call.world.now()))
    return answer


ITEM = f"{VAULT}/backupFabrics/{{fabric}}/protectionContainers/{{container}}/protectedItems/{{item}}"
ROUTES: list[Route] = [
    ("GET", f"{ITEM}/operationsStatus/{{operation}}", get_status),
    ("GET", f"{ITEM}/operationResults/{{operation}}", get_item_result),
    ("GET", f"{VAULT}/backupOperations/{{operation}}", get_status),
    ("GET", f"{VAULT}/backupOperationResults/{{operation}}", get_result),
    ("GET", f"{VAULT}/backupFabrics/{{fabric}}/operationsStatus/{{operation}}", get_status),
    ("GET", f"{VAULT}/backupFabrics/{{fabric}}/operationResults/{{operation}}", get_result),
    ("GET", f"{VAULT}/operationStatus/{{operation}}", get_status),
    ("GET", f"{VAULT}/operationResults/{{operation}}", get_vault_result),
    (
        "GET",
        "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/operations/{operation}",
        get_status,
    ),
]
