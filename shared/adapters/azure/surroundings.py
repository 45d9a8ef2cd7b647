"""What a VM inherits from where it lies: its subscription's name, tags and management groups, and its host pool.

Only policies that ask for these read them: one question to Resource Graph each, kept for ten minutes, whatever the
number of VMs. A subscription that Resource Graph does not show raises: its tags are unknown, not absent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.adapters.azure import queries
from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.cache import TimedCache
from shared.adapters.azure.graph_reader import GraphReader
from shared.adapters.azure.wire import Wire, list_at, required_text, tags_at, text_at
from shared.domain.azure_answers import Scope, Subscription
from shared.errors import PermanentError
from shared.ports import Clock

_KEPT_FOR = timedelta(minutes=10)
_POOL_TAG = "cm-resource-parent"  # Azure Virtual Desktop puts it on the session hosts that it makes
_POOL = re.compile(
    r"/subscriptions/([^/]+)/resourcegroups/[^/]+/providers/microsoft\.desktopvirtualization/hostpools/[^/]+"
)


@dataclass(frozen=True, slots=True)
class Context:
    """All that a VM has from its surroundings; empty where the policy does not ask for it."""

    group: Wire
    subscription: Subscription | None = None
    host_pool_type: str = ""


class Surroundings:
    """Reads and keeps them, for the sweep and for single VMs alike."""

    def __init__(self, reader: GraphReader, clock: Clock) -> None:
        self._reader = reader
        self._subscriptions: TimedCache[Subscription] = TimedCache(clock, _KEPT_FOR)
        self._pools: TimedCache[dict[str, str]] = TimedCache(clock, _KEPT_FOR)

    async def subscription(self, subscription_id: str) -> Subscription:
        """The subscription with its tags and management groups."""
        return await self._subscriptions.get(subscription_id, lambda: self._subscription(subscription_id))

    async def host_pool_type(self, tags: Wire) -> str:
        """Pooled or Personal for a session host of Azure Virtual Desktop; empty for every other VM."""
        parent = next((value for name, value in tags.items() if name.lower() == _POOL_TAG), "")
        pool = _POOL.fullmatch(str(parent).lower())
        if pool is None:
            return ""
        pools = await self._pools.get(pool[1], lambda: self._pools_of(pool[1]))
        return pools.get(pool[0], "")

    async def _subscription(self, subscription_id: str) -> Subscription:
        async for row in self._reader.rows(queries.SUBSCRIPTIONS, Scope(subscriptions=(subscription_id,))):
            with translated():
                return subscription_from_row(row)
        raise PermanentError(
            f"Resource Graph does not show the subscription {subscription_id}",
            code="SubscriptionNotReadable",
            remedy="Give the login the role Reader there.",
        )

    async def _pools_of(self, subscription_id: str) -> dict[str, str]:
        found: dict[str, str] = {}
        async for row in self._reader.rows(queries.HOST_POOLS, Scope(subscriptions=(subscription_id,))):
            with translated():
                found[required_text(row, "id").lower()] = text_at(row, "hostPoolType")
        return found


def subscription_from_row(row: Wire) -> Subscription:
    """A row that `queries.SUBSCRIPTIONS` gives."""
    chain = [each for each in list_at(row, "managementGroups") if isinstance(each, Mapping)]
    return Subscription(
        id=required_text(row, "subscriptionId").lower(),
        name=text_at(row, "name"),
        tenant_id=text_at(row, "tenantId"),
        tags=tags_at(row, "tags"),
        management_groups=tuple(required_text(each, "name") for each in chain),
    )
