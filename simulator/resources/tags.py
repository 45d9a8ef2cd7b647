"""Tags at a scope: `/{scope}/providers/Microsoft.Resources/tags/default` on VMs, vaults, groups and subscriptions.

Tag names are compared without case and keep the spelling they were first given; values are kept as they are.
"""

from simulator.core.model import ResourceGroup, Subscription, Vault, VirtualMachine
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json

Tagged = VirtualMachine | Vault | ResourceGroup | Subscription


def _find(call: Call) -> Tagged:
    state, key = call.world.state, call.params["scope"].lower()
    found: Tagged | None = state.vms.get(key) or state.vaults.get(key) or state.groups.get(key)
    if found is None and key.startswith("/subscriptions/"):
        found = state.subscriptions.get(key.removeprefix("/subscriptions/"))
    if found is None:
        raise AzureError(404, "ResourceNotFound", f"The resource '{call.params['scope']}' was not found.")
    return found


def _scope(thing: Tagged) -> str:
    return f"/subscriptions/{thing.id}" if isinstance(thing, Subscription) else thing.id


def _answer(thing: Tagged) -> Answer:
    body: Json = {
        "id": f"{_scope(thing)}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": thing.tags or {}},
    }
    return Answer(200, body)


def _given(call: Call) -> dict[str, str]:
    tags = call.properties.get("tags")
    if not isinstance(tags, dict) or len(tags) > 50 or not all(isinstance(v, str) for v in tags.values()):
        raise AzureError(400, "InvalidTags", "properties.tags must be an object of at most 50 strings.")
    return dict(tags)


def _store(call: Call, tags: dict[str, str]) -> Answer:
    world, thing = call.world, _find(call)
    thing.tags = tags
    kinds = {VirtualMachine: "vm", Vault: "vault", ResourceGroup: "group", Subscription: "subscription"}
    world.state.touch(kinds[type(thing)], thing.id, world.now())
    world.hub.tags_written(_scope(thing), call)
    return _answer(thing)


def get_tags(call: Call) -> Answer:
    """The tags, empty where there are none."""
    return _answer(_find(call))


def put_tags(call: Call) -> Answer:
    """All tags at once."""
    _find(call)
    return _store(call, _given(call))


def patch_tags(call: Call) -> Answer:
    """`operation`: Merge, Replace or Delete (of the pairs given)."""
    current, given = dict(_find(call).tags or {}), _given(call)
    spelt = {name.lower(): name for name in current}
    match str(call.body.get("operation", "")).lower():
        case "replace":
            return _store(call, given)
        case "merge":
            return _store(call, current | {spelt.get(n.lower(), n): v for n, v in given.items()})
        case "delete":
            doomed = {(n.lower(), v) for n, v in given.items()}
            return _store(call, {n: v for n, v in current.items() if (n.lower(), v) not in doomed})
    raise AzureError(400, "InvalidTagsPatchOperation", "operation must be Merge, Replace or Delete.")


def delete_tags(call: Call) -> Answer:
    """All tags are gone; 200 with an empty body."""
    _find(call)
    _store(call, {})
    return Answer(200)


ROUTES: list[Route] = [
    ("GET", "/{scope}/tags", get_tags),
    ("PUT", "/{scope}/tags", put_tags),
    ("PATCH", "/{scope}/tags", patch_tags),
    ("DELETE", "/{scope}/tags", delete_tags),
]
