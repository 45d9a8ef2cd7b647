"""Event Grid's long-running operations: their headers, and the addresses behind them (recorded traffic, 2019).

Unsigned, unlike the backup service's: that is how the recording has them.
"""

from simulator.core.model import Operation
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json
from simulator.resources.subscriptions import find_subscription

BASE = "/subscriptions/{subscription}/providers/Microsoft.EventGrid"
#: Virtual seconds that deleting takes; our own number.
DELETING = 2


def address(call: Call, kind: str, operation: Operation) -> str:
    """The absolute address of an operation's `operationsStatus` or `operationResults`."""
    path = f"/subscriptions/{call.params['subscription']}/providers/Microsoft.EventGrid/{kind}/{operation.id.upper()}"
    return f"{call.base}{path}?api-version={call.query.get('api-version', '2022-06-15')}"


def following(call: Call, operation: Operation) -> dict[str, str]:
    """The header of a 201."""
    return {"Azure-AsyncOperation": address(call, "operationsStatus", operation)}


def accepted(call: Call) -> Answer:
    """202 and a Location: what was deleted is gone, and the operation says so some virtual seconds later."""
    world = call.world
    operation = world.start_operation()

    def finish() -> None:
        operation.status, operation.ended = "Succeeded", world.now()

    world.clock.after(DELETING, finish)
    return Answer(202, None, {"Location": address(call, "operationResults", operation)})


def _find(call: Call) -> Operation:
    find_subscription(call)
    found = call.world.state.operations.get(call.params["operation"].lower())
    if found is None:
        raise AzureError(404, "OperationNotFound", f"Operation '{call.params['operation']}' was not found.")
    return found


def get_status(call: Call) -> Answer:
    """200 with `{id, name, status}` and, where it failed, `error`."""
    operation = _find(call)
    shown: Json = {
        "id": address(call, "operationsStatus", operation),
        "name": operation.id,
        "status": operation.status,
    }
    if operation.error and operation.ended:
        shown["error"] = operation.error
    return Answer(200, shown)


def get_result(call: Call) -> Answer:
    """202 while it runs, then 200 with an empty body."""
    operation = _find(call)
    if operation.ended is None:
        return Answer(202, None, {"Location": address(call, "operationResults", operation)})
    return Answer(200)


ROUTES: list[Route] = [
    ("GET", f"{BASE}/operationsStatus/{{operation}}", get_status),
    ("GET", f"{BASE}/operationResults/{{operation}}", get_result),
]
