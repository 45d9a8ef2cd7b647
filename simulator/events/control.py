"""`/_sim/events` and `/_sim/deadletters`: how events are delivered, and what became of them.

For whoever runs the simulator; Azure has metrics and a storage account in their place.
"""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, Json
from simulator.events.subscription import EventSubscription

COUNTS = ("matched", "delivered", "deadLettered", "dropped", "attempts", "failedAttempts")


def _shown(target: EventSubscription) -> Json:
    counts = {name: target.counts[name] for name in COUNTS}
    return {
        "id": target.id,
        "provisioningState": target.state,
        "delivering": target.live is not None,
        **counts,
        "pending": len(target.pending),
        "recent": list(target.recent),
    }


def get_events(call: Call) -> Answer:
    """`{"settings", "totals", "eventSubscriptions"}`; the totals hold those that are gone too."""
    hub = call.world.hub
    hub.purge()
    totals = {name: hub.deliveries.totals[name] for name in COUNTS} | {"pending": hub.deliveries.pending}
    shown = [_shown(target) for target in hub.subscriptions.values()]
    return Answer(200, {"settings": hub.settings.to_json(), "totals": totals, "eventSubscriptions": shown})


def put_events(call: Call) -> Answer:
    """Set what the body names; the rest stays. 400 `InvalidSetting` on an unknown name or a wrong value."""
    hub = call.world.hub
    hub.settings = hub.settings.changed(call.body)
    return get_events(call)


def get_dead_letters(call: Call) -> Answer:
    """All blobs, oldest first; with `?eventSubscription=<id>` those of one."""
    wanted = call.query.get("eventsubscription", "").lower()
    blobs = call.world.hub.deliveries.blobs
    return Answer(200, [blob.to_json() for blob in blobs if wanted in ("", blob.subscription.lower())])


ROUTES: list[Route] = [
    ("GET", "/_sim/events", get_events),
    ("PUT", "/_sim/events", put_events),
    ("GET", "/_sim/deadletters", get_dead_letters),
]
