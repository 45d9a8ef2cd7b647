"""`/_sim/faults`: set rules, see how often each has struck, take them back. A part of the control API."""

import json

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json
from simulator.faults.profiles import NAMES, profile
from simulator.faults.rule import parse
from simulator.world import World


def apply(world: World, given: object) -> None:
    """Add rules: a list of them, or `{"profile"}`, or `{"rules"}`. Raises AzureError 400; then nothing has changed."""
    whole: Json = given if isinstance(given, dict) else {"rules": given}
    if unknown := sorted(whole.keys() - {"rules", "events", "profile"}):
        raise AzureError(400, "InvalidFault", f"{unknown[0]}: is not known; give rules, or a profile.")
    if "profile" in whole:
        if whole["profile"] not in NAMES:
            raise AzureError(400, "InvalidFault", f"profile: must be one of {', '.join(NAMES)}.")
        whole = profile(str(whole["profile"])) | {key: value for key, value in whole.items() if key != "profile"}
    rules = parse(whole.get("rules", []))
    events = whole.get("events", {})
    if not isinstance(events, dict):
        raise AzureError(400, "InvalidFault", "events: must be an object, as PUT /_sim/events takes it.")
    world.hub.settings = world.hub.settings.changed(events)
    world.faults.add(rules)


def post_faults(call: Call) -> Answer:
    """201 with all rules; those given now come after those that stand already."""
    try:
        given = json.loads(call.raw)
    except ValueError as error:
        raise AzureError(400, "InvalidFault", f"The body is no JSON: {error}") from None
    apply(call.world, given)
    return Answer(201, call.world.faults.to_json())


def get_faults(call: Call) -> Answer:
    """`{rules: [{…rule, seen, struck, byOperation}], struck, deeds, locks}`."""
    return Answer(200, call.world.faults.to_json())


def delete_faults(call: Call) -> Answer:
    """No rule stands any more; locks and what was done stay."""
    call.world.faults.clear()
    return Answer(204)


ROUTES: list[Route] = [
    ("POST", "/_sim/faults", post_faults),
    ("GET", "/_sim/faults", get_faults),
    ("DELETE", "/_sim/faults", delete_faults),
]
