"""The estate in bulk as one view: every VM as it is seen, all vaults, all protected items. From Resource Graph.

It decides nothing and writes nothing. What could not be read stands as `Unread` with every VM that it concerns.
"""

import logging
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from shared.bulk_placing import BulkPlacer
from shared.domain.attributes import Need
from shared.domain.azure_answers import Scope
from shared.domain.holdings import UNASKED, Holdings
from shared.domain.model import UNPROTECTED, Observation, Protection, Unread, Vault, Vm
from shared.errors import PermanentError, RetryLaterError
from shared.ledger_keys import left_key, undelete_key
from shared.observe import foremost
from shared.ports import Clock, Inventory, Ledger, OptOuts

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EstateView:
    """`vms` under no policy: an opt-out's stretch is the one on record, standing or not. `items` by the VM's key.

    `vaults` and `items` are empty where they could not be read; the observations say so.
    """

    vms: tuple[tuple[Vm, Observation], ...] = ()
    vaults: tuple[Vault, ...] = ()
    items: Mapping[str, list[Protection]] = field(default_factory=dict)

    @property
    def holdings(self) -> Holdings:
        """What the vaults hold; the same for all VMs."""
        return self.vms[0][1].holdings if self.vms else UNASKED


NOTHING_SEEN = EstateView()


@dataclass(frozen=True, slots=True)
class EstateReader:
    """Holds the ports."""

    inventory: Inventory
    opt_outs: OptOuts
    ledger: Ledger
    bulk: BulkPlacer
    clock: Clock

    async def view(self, scope: Scope, needs: Collection[Need], elsewhere: Collection[str] = ()) -> EstateView:
        """Everything in scope as it is now. A VM list that cannot be read raises; all else stands as `Unread`.

        `needs`: what else must be read of each VM. `elsewhere`: subscriptions whose vaults any VM may use.
        """
        vms = [vm async for vm in self.inventory.vms(scope, needs)]
        items = await _or_unread("the protected items", self._items(scope))
        vaults = await _or_unread("the vaults", self._vaults(scope, elsewhere))
        holdings: Holdings | Unread = UNASKED
        if not isinstance(vaults, Unread) and not isinstance(items, Unread):
            within = {vm.id.subscription_id for vm in vms} | {each.lower() for each in elsewhere}
            where = Scope(tuple(sorted(within))) if elsewhere and scope != Scope() else scope
            reading = self.bulk.holdings(where, _all(vaults), items, within)
            holdings = await _or_unread("what the vaults hold", reading)
        stretches, undeleted = await self.opt_outs.stretches(), await self.ledger.with_prefix(undelete_key(""))
        left = {key: each.at for key, each in (await self.ledger.with_prefix(left_key(""))).items()}
        known = UNASKED if isinstance(holdings, Unread) else holdings
        unread = holdings if isinstance(holdings, Unread) else None
        now, usable = self.clock.now(), dict[str, tuple[Vault, ...] | Unread]()
        found = []
        for vm in vms:
            key, where_it_lies = vm.id.key, vm.id.subscription_id
            if where_it_lies not in usable:
                near = vaults if isinstance(vaults, Unread) else _of(vaults, {where_it_lies, *elsewhere})
                usable[where_it_lies] = near
            item = items if isinstance(items, Unread) else foremost(items.get(key, [])) or UNPROTECTED
            seen = Observation(
                vm=vm,
                protection=item,
                vaults=usable[where_it_lies],
                at=now,
                opt_out=stretches.get(key),
                holdings=known,
                undeleted=undelete_key(key) in undeleted,
                left_until=left.get(left_key(key)),
                unread_holdings=unread,
            )
            found.append((vm, seen))
        return EstateView(
            tuple(found),
            () if isinstance(vaults, Unread) else _all(vaults),
            {} if isinstance(items, Unread) else items,
        )

    async def _items(self, scope: Scope) -> dict[str, list[Protection]]:
        items: dict[str, list[Protection]] = {}
        async for vm_key, item in self.inventory.protections(scope):
            items.setdefault(vm_key, []).append(item)
        return items

    async def _vaults(self, scope: Scope, elsewhere: Collection[str]) -> dict[str, tuple[Vault, ...]]:
        by_subscription: dict[str, list[Vault]] = {}
        found = {each.id.key: each for each in await self.inventory.vaults(scope)}
        if elsewhere and scope != Scope():
            found |= {each.id.key: each for each in await self.inventory.vaults(Scope(tuple(sorted(elsewhere))))}
        for vault in found.values():
            by_subscription.setdefault(vault.id.subscription_id, []).append(vault)
        return {key: tuple(each) for key, each in by_subscription.items()}


def _all(vaults: Mapping[str, tuple[Vault, ...]]) -> tuple[Vault, ...]:
    return tuple(vault for each in vaults.values() for vault in each)


def _of(vaults: Mapping[str, tuple[Vault, ...]], subscriptions: Collection[str]) -> tuple[Vault, ...]:
    return tuple(each for key in sorted(subscriptions) for each in vaults.get(key.lower(), ()))


async def _or_unread(what: str, call: Awaitable[T]) -> T | Unread:
    try:
        return await call
    except (RetryLaterError, PermanentError) as error:
        log.warning("%s could not be read: %s", what, error.message)
        return Unread(what, error.message, error.code, error.remedy)
