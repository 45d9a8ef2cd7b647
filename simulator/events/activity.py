"""What a request to ARM amounts to as an event: a write, an action or a delete, of which resource, ended how.

ARM tells of every PUT, PATCH, POST and DELETE of a resource (documentation of Azure subscriptions as source). Nothing
is told of reads, of POSTs that only ask, and of requests that ARM itself turned away before any provider saw them.
"""

from simulator.control.ledger import QUESTIONS
from simulator.core.model import Operation
from simulator.core.routing import Call
from simulator.core.wire import Answer
from simulator.events.callers import caller_of
from simulator.events.event import Ending, Happening, Verb

VERBS: dict[str, Verb] = {"PUT": "Write", "PATCH": "Write", "POST": "Action", "DELETE": "Delete"}
#: Refusals of ARM's own: no provider, so no operation.
TURNED_AWAY = {
    "AuthenticationFailed",
    "InvalidApiVersionParameter",
    "InvalidResourceNamespace",
    "InvalidResourceType",
    "MethodNotAllowed",
    "MissingApiVersionParameter",
    "NoRegisteredProviderFound",
    "ResourceGroupNotFound",
    "SubscriptionNotFound",
}
ASKS = QUESTIONS | {"POST getFullUrl", "POST getDeliveryAttributes"}
#: Their modules tell of these themselves once they have succeeded, with all that comes along.
OWN = {"virtualMachines", "tags"}


def happening(call: Call, answer: Answer) -> Happening | None:
    """What this answered request will be told as, or None. A long-running one is taken to succeed."""
    segments = [part for part in call.path.split("/") if part]
    if (
        call.method not in VERBS
        or call.operation in ASKS
        or len(segments) < 3
        or segments[0].lower() != "subscriptions"
    ):
        return None
    failed = answer.status >= 400
    if failed and (answer.status in (401, 405, 429) or _code(answer) in TURNED_AWAY):
        return None
    noun = call.operation.partition(" ")[2]
    if noun in OWN and not failed:
        return None
    if call.method == "DELETE" and answer.status == 204:
        return None  # there was nothing to delete
    action = segments.pop() if call.method == "POST" else None
    kind = resource_type(segments)
    if kind is None:
        return None
    verb = VERBS[call.method]
    return Happening(
        resource="/" + "/".join(segments),
        operation=f"{kind}/{action}/action" if action else f"{kind}/{verb.lower()}",
        verb=verb,
        ending="Failure" if failed else "Success",
        method=call.method,
        update=call.method == "PATCH" or (call.method == "PUT" and answer.status == 200),
        caller=caller_of(call),
    )


def resource_type(segments: list[str]) -> str | None:
    """`Microsoft.X/type/subtype` of a path; a subscription's and a resource group's own are those of ARM's provider."""
    low = [part.lower() for part in segments]
    if "providers" not in low:
        return {2: "Microsoft.Resources/subscriptions", 4: "Microsoft.Resources/subscriptions/resourceGroups"}.get(
            len(segments)
        )
    at = len(low) - 1 - low[::-1].index("providers")
    if len(segments) < at + 3:
        return None
    return "/".join([segments[at + 1], *segments[at + 2 :: 2]])


def ending(operation: Operation) -> Ending:
    """How a long-running operation ended, in an event type's words."""
    if operation.status in ("Canceled", "Cancelled"):
        return "Cancel"
    return "Success" if operation.status == "Succeeded" else "Failure"


def operation_of(call: Call, answer: Answer) -> Operation | None:
    """The operation that this answer's headers name and that still runs."""
    for header in ("Azure-AsyncOperation", "Location"):
        address = answer.headers.get(header, "").partition("?")[0]
        found = call.world.state.operations.get(address.rpartition("/")[2].lower())
        if found is not None and found.ended is None:
            return found
    return None


def _code(answer: Answer) -> str:
    error = (answer.body or {}).get("error") if isinstance(answer.body, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""
