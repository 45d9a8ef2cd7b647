"""`/_sim/limits`: which limits refuse, their numbers, and how far each is used up. A part of the control API."""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer


def get_limits(call: Call) -> Answer:
    """`{"limits": {name: {on, what, refused, numbers, use?}}}`."""
    return Answer(200, call.world.limits.to_json())


def put_limits(call: Call) -> Answer:
    """`{"profile": …, "<limit>": true|false|{"on", …numbers}}`; what is not named stays, and counting begins anew."""
    limits = call.world.limits
    limits.use(limits.current().changed(call.body))
    return Answer(200, limits.to_json())


def reset_limits(call: Call) -> Answer:
    """Buckets are full, and nothing has been counted; settings stay."""
    call.world.limits.forget()
    return Answer(200, call.world.limits.to_json())


ROUTES: list[Route] = [
    ("GET", "/_sim/limits", get_limits),
    ("PUT", "/_sim/limits", put_limits),
    ("POST", "/_sim/limits", put_limits),
    ("POST", "/_sim/limits/reset", reset_limits),
]
