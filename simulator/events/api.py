"""`Microsoft.EventGrid/eventSubscriptions`: of a subscription, a resource group, or a system topic.

An event subscription is created at once and delivered to once its receiver has passed the handshake
(`admission.py`); its operation tells how that went.
"""

import re

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, page
from simulator.events import operations, topics
from simulator.events.subscription import Config, EventSubscription, body, read, shown_header
from simulator.resources.subscriptions import find_group, find_subscription

EXTENSION = "/providers/Microsoft.EventGrid/eventSubscriptions"
PLACES = (
    f"/subscriptions/{{subscription}}{EXTENSION}",
    f"{topics.GROUP}{EXTENSION}",
    f"{topics.TOPIC}/eventSubscriptions",
)
NAME = re.compile(r"[A-Za-z0-9-]{3,64}")
PAGE = 100


def _place(call: Call) -> tuple[str, str, str, str]:
    """What all event subscriptions here have in common: the list's id, the topic, the scope, and the type."""
    if "topic" in call.params:
        topic = topics.find_topic(call)
        kind = "Microsoft.EventGrid/systemTopics/eventSubscriptions"
        return f"{topic.id}/eventSubscriptions", topic.id, topic.source.lower(), kind
    scope = find_group(call).id if "group" in call.params else f"/subscriptions/{find_subscription(call).id}"
    return f"{scope}{EXTENSION}", scope, scope.lower(), "Microsoft.EventGrid/eventSubscriptions"


def _find(call: Call) -> EventSubscription:
    call.world.hub.purge()
    found = call.world.hub.subscriptions.get(f"{_place(call)[0]}/{call.params['name']}".lower())
    if found is None:
        raise AzureError(404, "ResourceNotFound", f"The event subscription '{call.params['name']}' was not found.")
    return found


async def put_subscription(call: Call) -> Answer:
    """201 in any case: the handshake's end is told by the operation and by `provisioningState`."""
    hub, name = call.world.hub, call.params["name"]
    base, topic, scope, kind = _place(call)
    if not NAME.fullmatch(name):
        raise AzureError(400, "InvalidRequest", f"The event subscription name '{name}' is not valid.")
    config = _future(call, read(call.properties))
    target = hub.subscriptions.get(f"{base}/{name}".lower())
    if target is None:
        target = EventSubscription(f"{base}/{name}", name, kind, topic, scope, config)
        hub.add(target)
    return await _ask(call, target, config)


async def patch_subscription(call: Call) -> Answer:
    """What the body names (there is no `properties` around it) replaces what was given before."""
    target = _find(call)
    return await _ask(call, target, _future(call, read(target.asked.given | call.body)))


def _future(call: Call, config: Config) -> Config:
    if config.expires is not None and config.expires <= call.world.now():
        raise AzureError(400, "InvalidRequest", "expirationTimeUtc must lie in the future.")
    return config


async def _ask(call: Call, target: EventSubscription, config: Config) -> Answer:
    operation = call.world.start_operation()
    await call.world.hub.admissions.ask(target, config, call.base, operation)
    return Answer(201, body(target), operations.following(call, operation))


def get_subscription(call: Call) -> Answer:
    """One event subscription."""
    return Answer(200, body(_find(call)))


def list_subscriptions(call: Call) -> Answer:
    """Those of exactly this subscription, resource group or system topic."""
    call.world.hub.purge()
    base = f"{_place(call)[0]}/".lower()
    found = [body(each) for key, each in call.world.hub.subscriptions.items() if key.startswith(base)]
    return Answer(200, page(found, call.query, call.url, PAGE))


def delete_subscription(call: Call) -> Answer:
    """202, or 204 where there is none; what is pending is dropped."""
    hub = call.world.hub
    found = hub.subscriptions.get(f"{_place(call)[0]}/{call.params['name']}".lower())
    if found is None:
        return Answer(204)
    hub.remove(found)
    return operations.accepted(call)


def get_full_url(call: Call) -> Answer:
    """The webhook's address with its query, which no other answer holds."""
    return Answer(200, {"endpointUrl": _find(call).asked.url})


def get_delivery_attributes(call: Call) -> Answer:
    """The headers that each delivery gets on top."""
    return Answer(200, {"value": [shown_header(each) for each in _find(call).asked.headers]})


def validate(call: Call) -> Answer:
    """The receiver agrees by hand: a GET of `validationUrl`, or a GET or POST of the CloudEvents callback."""
    call.world.hub.admissions.agree(call.query.get("id", ""))
    return Answer(200, "Webhook successfully validated as a subscription endpoint")


ROUTES: list[Route] = [
    *(
        route
        for place in PLACES
        for route in (
            ("GET", place, list_subscriptions),
            ("GET", f"{place}/{{name}}", get_subscription),
            ("PUT", f"{place}/{{name}}", put_subscription),
            ("PATCH", f"{place}/{{name}}", patch_subscription),
            ("DELETE", f"{place}/{{name}}", delete_subscription),
            ("POST", f"{place}/{{name}}/getFullUrl", get_full_url),
            ("POST", f"{place}/{{name}}/getDeliveryAttributes", get_delivery_attributes),
        )
    ),
    ("GET", "/eventsubscriptions/{name}/validate", validate),
    ("POST", "/eventsubscriptions/{name}/validate", validate),
    *operations.ROUTES,
    *topics.ROUTES,
]
