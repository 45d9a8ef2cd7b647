"""The backup service's own part of the control API: `GET` and `PUT /_sim/backup`, its settings."""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json

NAMES = {"discoveryNeeded": "discovery_needed", "crossSubscription": "cross_subscription"}


def get_settings(call: Call) -> Answer:
    """`{"discoveryNeeded", "crossSubscription"}`."""
    body: Json = {name: getattr(call.world.backup, kept) for name, kept in NAMES.items()}
    return Answer(200, body)


def put_settings(call: Call) -> Answer:
    """Set what is named. Raises AzureError 400 for another name, or a value that is no boolean."""
    for name, value in call.body.items():
        if name not in NAMES or not isinstance(value, bool):
            raise AzureError(400, "InvalidBackupSettings", f"Settings are {' and '.join(NAMES)}, true or false each.")
    for name, value in call.body.items():
        setattr(call.world.backup, NAMES[name], value)
    return get_settings(call)


ROUTES: list[Route] = [
    ("GET", "/_sim/backup", get_settings),
    ("PUT", "/_sim/backup", put_settings),
]
