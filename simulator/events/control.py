"""`/_sim/events`: how events are delivered, and what became of them. For whoever runs the simulator."""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer


def get_events(call: Call) -> Answer:
    """`{"settings": {…}}`."""
    return Answer(200, {"settings": call.world.hub.settings.to_json()})


def put_events(call: Call) -> Answer:
    """Set what the body names; the rest stays. 400 `InvalidSetting` on an unknown name or a wrong value."""
    hub = call.world.hub
    hub.settings = hub.settings.changed(call.body)
    return get_events(call)


ROUTES: list[Route] = [
    ("GET", "/_sim/events", get_events),
    ("PUT", "/_sim/events", put_events),
]
