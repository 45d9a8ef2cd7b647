"""`/_sim/faults`: set rules, see how often each has struck, take them back. A part of the control API."""

import json

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json
from simulator.events.settings import Settings
from simulator.faults.kinds import AnyRule, parse
from simulator.faults.profiles import NAMES, profile
from simulator.world import World


def read(given: object) -> tuple[list[AnyRule], Json]:
    """Rules, and settings of events, of a list of rules, of `{"profile"}`, or of `{"rules", "events"}`.

    Raises AzureError 400 on anything else.
    """
    whole: Json = given if isinstance(given, dict) else {"rules": given}
    if unknown := sorted(whole.keys() - {"rules", "events", "profile"}):
        raise AzureError(400, "InvalidFault", f"{unknown[0]}: is not known; give rules, or a profile.")
    if "profile" in whole:
        if whole["profile"] not in NAMES:
            raise AzureError(400, "InvalidFault", f"profile: must be one of {', '.join(NAMES)}.")
        whole = profile(str(whole["profile"])) | {key: value for key, value in whole.items() if key != "profile"}
    events = whole.get("events", {})
    if not isinstance(events, dict):
        raise AzureError(400, "InvalidFault", "events: must be an object, as PUT /_sim/events takes it.")
    Settings().changed(events)  # refuses what is wrong
    return parse(whole.get("rules", [])), events


def apply(world: World, given: object) -> None:
    """Add the rules and set how events are delivered. Raises AzureError 400; then nothing has changed."""
    rules, events = read(given)
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
