"""VMs that people are about to create: planned, labelled, and handed out as requests for someone to send.

Planning changes nothing but the labels (and makes a resource group where an arrival needs a new one).
"""

import random

from simulator.core.labels import ARRIVAL_KINDS, Kind
from simulator.core.state import State
from simulator.core.wire import AzureError, Json
from simulator.estate.kinds import Builder
from simulator.world import World

#: Longest list that one call plans.
MOST = 5000


def plan(world: World, body: Json) -> list[Json]:
    """`count` arrivals by `seed`: each with path, body, label, and the tags that its owner sets afterwards.

    Raises AzureError 400 on a count that is none.
    """
    count = body.get("count")
    if not isinstance(count, int) or not 1 <= count <= MOST:
        raise AzureError(400, "InvalidArrivals", f"count must be 1 to {MOST}.")
    state = world.state
    if not state.vaults:
        raise AzureError(400, "InvalidArrivals", "The estate has no vault, so that no arrival could be told right.")
    rng = random.Random(f"{state.seed}:arrivals:{body.get('seed', 0)}:{len(state.labels)}")
    weights = [kind.weight for kind in ARRIVAL_KINDS]
    kinds = [*ARRIVAL_KINDS[:count], *rng.choices(ARRIVAL_KINDS, weights, k=max(count - len(ARRIVAL_KINDS), 0))]
    rng.shuffle(kinds)
    builder = Builder(state, rng, world.now())
    planned = [_one(state, builder, kind) for kind in kinds]
    for key in state.groups:
        state.touch("group", key, world.now())
    return planned


def _one(state: State, builder: Builder, kind: Kind) -> Json:
    subscription, region = builder.place(kind.name)
    vm = builder.put(builder.maker.draft(kind.name, subscription), subscription, region, builder.now)
    builder.label(kind, vm)
    del state.vms[vm.key]  # planned only: it comes to be when someone PUTs it
    properties = {k: v for k, v in vm.properties.items() if k not in ("provisioningState", "vmId", "timeCreated")}
    body: Json = {"location": vm.location, "properties": properties}
    if vm.tags is not None:
        body["tags"] = vm.tags
    if vm.zones:
        body["zones"] = vm.zones
    later = None
    if kind.name == "opts-out-by-tag":
        later = (vm.tags or {}) | builder.maker.opt_out(builder.maker.valid_opt_out())
    return {
        "vmId": vm.id,
        "path": vm.id,
        "body": body,
        "label": state.labels[vm.key].to_json(),
        "thenTags": later,
    }
