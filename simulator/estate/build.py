"""The seeded estate: subscriptions, resource groups, vaults, and every kind of VM with its label.

The same seed, size and start give the same estate (but for the tenant id). Each kind appears at least once from
50 VMs on; the rest is dealt by weight. What makes a VM the kind it is lives in `kinds.py`.
"""

import math
import random
from datetime import datetime, timedelta

from simulator.core.labels import KINDS, Kind
from simulator.core.model import ResourceGroup, Subscription, Vault, default_policies
from simulator.core.state import State, group_id, vault_id
from simulator.estate import catalog, kinds
from simulator.estate.bulk import no_collector

#: VMs that one subscription holds unless told otherwise. Spread over three regions it keeps the VMs under one
#: backup policy of one vault below 100, the stricter of the service's two documented limits.
VMS_PER_SUBSCRIPTION = 200
NAMES = ("prod", "shared", "dev", "retail", "data", "edge", "labs", "finance", "hq", "plants")


def build(vms: int, subscriptions: int | None, seed: int, start: datetime) -> State:
    """An estate of `vms` VMs, as it stands at `start` (UTC)."""
    with no_collector():
        return _build(vms, subscriptions, seed, start)


def _build(vms: int, subscriptions: int | None, seed: int, start: datetime) -> State:
    state = State(seed)
    rng = random.Random(f"{seed}:estate")
    count = subscriptions or max(4, math.ceil(vms / VMS_PER_SUBSCRIPTION))
    for number in range(count):
        _add_subscription(state, rng, number, start)
    ids = list(state.subscriptions)
    state.management_groups["corp"] = ids
    for number in range(0, count, 2):
        group = f"corp-{number // 2 + 1:02}"
        state.management_groups[group], state.management_parents[group] = ids[number : number + 2], "corp"
    builder = kinds.Builder(state, rng, start)
    for kind in _deal(vms, rng):
        if len(state.vms) < vms:
            builder.add(kind)
    return state


def _add_subscription(state: State, rng: random.Random, number: int, start: datetime) -> None:
    subscription = Subscription(catalog.uid(rng), f"contoso-{NAMES[number % len(NAMES)]}-{number + 1:02}")
    state.subscriptions[subscription.id] = subscription
    bare = rng.choice(catalog.REGIONS[1:]) if number % 3 == 1 else None  # this one keeps no vault there
    for region in catalog.REGIONS:
        if region == bare:
            continue
        group = f"rg-backup-{region}"
        state.add_group(
            ResourceGroup(group_id(subscription.id, group), group, subscription.id, region, {"owner": "platform"})
        )
        vaults = 2 if (number == 0 and region == catalog.REGIONS[0]) or rng.random() < 0.2 else 1
        for index in range(vaults):
            name = f"rsv-{subscription.name.split('-', 1)[1]}-{region}-{index + 1:02}"
            vault = Vault(
                id=vault_id(subscription.id, group, name),
                name=name,
                subscription=subscription.id,
                group=group,
                location=region,
                created=start - timedelta(days=rng.randint(200, 900)),
                tags={"owner": "platform"},
                casing=rng.randrange(3),
                policies=default_policies(),
            )
            state.vaults[vault.key] = vault


def _deal(vms: int, rng: random.Random) -> list[Kind]:
    """The kinds in the order they are built: one of each first, then by weight."""
    weights = [kind.weight for kind in KINDS]
    return [*KINDS, *rng.choices(KINDS, weights, k=max(vms - len(KINDS), 0))]
