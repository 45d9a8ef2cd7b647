"""Event Grid's resource provider for one thing: resource events of a subscription to a webhook.

An event subscription is accepted once its receiver has passed the handshake. Delivering is in `delivery.py`.
"""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json
from simulator.events import event as events
from simulator.events.delivery import MAX_ATTEMPTS, TTL, EventSubscription
from simulator.resources.subscriptions import find_subscription

PATH = "/subscriptions/{subscription}/providers/Microsoft.EventGrid/eventSubscriptions"


def _key(call: Call) -> str:
    scope = f"/subscriptions/{find_subscription(call).id}"
    return f"{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{call.params['name']}"


def _find(call: Call) -> EventSubscription:
    found = call.world.hub.subscriptions.get(_key(call).lower())
    if found is None:
        raise AzureError(404, "ResourceNotFound", f"The event subscription '{call.params['name']}' was not found.")
    return found


def _body(target: EventSubscription) -> Json:
    """As Azure shows it: the webhook's full address, which may hold a key, is not given back."""
    base = target.url.split("?", 1)[0]
    return {
        "id": target.id,
        "name": target.name,
        "type": "Microsoft.EventGrid/eventSubscriptions",
        "properties": {
            "topic": target.scope,
            "provisioningState": "Succeeded",
            "labels": [],
            "destination": {"endpointType": "WebHook", "properties": {"endpointUrl": None, "endpointBaseUrl": base}},
            "filter": target.rules,
            "eventDeliverySchema": target.schema,
            "retryPolicy": {"maxDeliveryAttempts": MAX_ATTEMPTS, "eventTimeToLiveInMinutes": TTL // 60},
        },
    }


async def put_subscription(call: Call) -> Answer:
    """201 once the receiver has passed the handshake; 400 where it has not."""
    properties = call.properties
    destination = properties.get("destination") or {}
    url = (destination.get("properties") or {}).get("endpointUrl")
    if destination.get("endpointType") != "WebHook" or not isinstance(url, str):
        raise AzureError(400, "InvalidRequest", "Only a WebHook destination with its endpointUrl is simulated.")
    schema = properties.get("eventDeliverySchema") or "EventGridSchema"
    if schema not in ("EventGridSchema", "CloudEventSchemaV1_0"):
        raise AzureError(400, "InvalidRequest", f"The event delivery schema '{schema}' is not supported.")
    rules = properties.get("filter") or {}
    for rule in rules.get("advancedFilters") or []:
        if rule.get("operatorType") not in events.OPERATORS or not rule.get("key"):
            raise AzureError(400, "InvalidRequest", f"The advanced filter {rule} is not supported.")
    key = _key(call)
    scope = f"/subscriptions/{call.params['subscription']}".lower()
    target = EventSubscription(key, call.params["name"], scope, url, rules, schema)
    if not await call.world.hub.validate(target):
        message = f"Webhook validation handshake failed for {url.split('?', 1)[0]}."
        raise AzureError(400, "Url validation", message)
    call.world.hub.subscriptions[key.lower()] = target
    return Answer(201, _body(target))


def get_subscription(call: Call) -> Answer:
    """One event subscription."""
    return Answer(200, _body(_find(call)))


def list_subscriptions(call: Call) -> Answer:
    """All event subscriptions of this subscription."""
    scope = f"/subscriptions/{find_subscription(call).id}".lower()
    return Answer(200, {"value": [_body(t) for t in call.world.hub.subscriptions.values() if t.scope == scope]})


def delete_subscription(call: Call) -> Answer:
    """Stop delivering; what is under way is dropped."""
    found = call.world.hub.subscriptions.pop(_key(call).lower(), None)
    return Answer(200 if found else 204)


ROUTES: list[Route] = [
    ("GET", PATH, list_subscriptions),
    ("GET", f"{PATH}/{{name}}", get_subscription),
    ("PUT", f"{PATH}/{{name}}", put_subscription),
    ("DELETE", f"{PATH}/{{name}}", delete_subscription),
]
