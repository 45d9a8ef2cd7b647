"""The estate in bulk, from Azure Resource Graph: a thousand rows for each request.

A cut, malformed or refused answer raises; nothing is skipped in silence, because a VM that is missing here would look
as if it had left the estate. Resource Graph lags behind ARM: the core re-reads a VM there before it writes.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.resources.aio import ResourceManagementClient

from shared.adapters.azure import queries
from shared.adapters.azure.arm_errors import code_of, is_not_found, translated
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.graph_reader import GraphReader, chunks
from shared.adapters.azure.policy_mapping import policy_from_wire
from shared.adapters.azure.protection_mapping import protection_from_row
from shared.adapters.azure.surroundings import Context, Surroundings, subscription_from_row
from shared.adapters.azure.vault_mapping import vault_from_row
from shared.adapters.azure.vm_mapping import vm_from_row
from shared.adapters.azure.wire import Wire, required_text, tags_at, text_at
from shared.domain.arm_id import parse_id
from shared.domain.attributes import Need
from shared.domain.azure_answers import Scope, Subscription
from shared.domain.backup_policy import BackupPolicy
from shared.domain.model import Protection, Vault, Vm
from shared.errors import LoginError, SettingsError
from shared.ports import Clock


class ResourceGraphInventory:
    """The port Inventory."""

    def __init__(self, connection: Connection, clock: Clock, subscriptions: Sequence[Subscription]) -> None:
        """`subscriptions` are those that the login can read, which an empty scope stands for."""
        self._connection = connection
        self._graph = GraphReader(connection, clock)
        self._surroundings = Surroundings(self._graph, clock)
        self._all = {each.id: each for each in subscriptions}
        self._readable = set(self._all)

    async def subscriptions(self, scope: Scope) -> tuple[Subscription, ...]:
        """The subscriptions that the scope reaches and the login can read, ordered by id."""
        if not scope.subscriptions and not scope.management_groups:
            found = dict(self._all)
        else:
            found = {}
            for where in chunks(scope):
                async for row in self._graph.rows(queries.SUBSCRIPTIONS, where):
                    with translated():
                        each = subscription_from_row(row)
                    found[each.id] = each
        self._readable.update(found)
        return tuple(found[key] for key in sorted(found))

    async def vms(self, scope: Scope, needs: Collection[Need] = ()) -> AsyncIterator[Vm]:
        """Every VM in scope, ordered by id as Resource Graph orders; with its subscription where `needs` ask for it."""
        inside = await self.inside(scope)
        groups: dict[str, Wire] = {}
        for where in chunks(inside):
            async for row in self._graph.rows(queries.GROUPS, where):
                with translated():
                    groups[required_text(row, "id").lower()] = row
        subscriptions: dict[str, Subscription] = {}
        if Need.SUBSCRIPTION in needs:
            subscriptions = {each.id: each for each in await self.subscriptions(inside)}
        for where in chunks(inside):
            async for row in self._graph.rows(queries.VMS, where):
                with translated(_name_of(row)):
                    group = _group_of(row)
                    pool = await self._surroundings.host_pool_type(tags_at(row, "tags"))
                    subscription = subscriptions.get(group.split("/")[2]) if subscriptions else None
                    vm = vm_from_row(row, Context(groups.get(group, {}), subscription, pool))
                yield vm

    async def vaults(self, scope: Scope) -> tuple[Vault, ...]:
        """Every Recovery Services vault in scope."""
        found: list[Vault] = []
        for where in chunks(await self.inside(scope)):
            async for row in self._graph.rows(queries.VAULTS, where):
                with translated(_name_of(row)):
                    found.append(vault_from_row(row))
        return tuple(found)

    async def backup_policies(self, scope: Scope) -> Mapping[str, tuple[BackupPolicy, ...]]:
        """Every backup policy in scope by its vault's key. Resource Graph may not tell how many items are under one."""
        found: dict[str, list[BackupPolicy]] = {}
        for where in chunks(await self.inside(scope)):
            async for row in self._graph.rows(queries.BACKUP_POLICIES, where):
                with translated(_name_of(row)):
                    vault, _, _ = required_text(row, "id").lower().partition("/backuppolicies/")
                    found.setdefault(parse_id(vault).key, []).append(policy_from_wire(row))
        return {key: tuple(each) for key, each in found.items()}

    async def has_group(self, group_id: str) -> bool:
        """From ARM, since Resource Graph shows a new group late."""
        _, _, subscription, _, name = group_id.split("/")
        with translated(group_id):
            try:
                await self._connection.client(ResourceManagementClient, subscription).resource_groups.get(name)
            except HttpResponseError as error:
                if is_not_found(error) and code_of(error).lower() == "resourcegroupnotfound":
                    return False
                raise
        return True

    async def protections(self, scope: Scope) -> AsyncIterator[tuple[str, Protection]]:
        """(lower-cased VM id, its protected item) for every backup of a whole VM in scope."""
        for where in chunks(await self.inside(scope)):
            async for row in self._graph.rows(queries.PROTECTED_ITEMS, where):
                with translated(_name_of(row)):
                    protection = protection_from_row(row)
                yield protection

    async def inside(self, scope: Scope) -> Scope:
        """The scope as subscriptions. One that cannot be read is an error: Resource Graph would leave it out unsaid."""
        wanted = {each.lower() for each in scope.subscriptions}
        if scope.management_groups or not wanted or not wanted <= self._readable:
            wanted |= {each.id for each in await self.subscriptions(scope)}
        if not wanted:
            raise LoginError("the login can read no subscription in scope", remedy="Give it the role Reader there.")
        if missing := sorted(wanted - self._readable):
            raise SettingsError(
                f"the login cannot read {len(missing)} subscription(s) in scope, the first being {missing[0]}",
                code="SubscriptionNotReadable",
                remedy="Give it the role Reader there, or take the subscription out of the scope.",
            )
        return Scope(subscriptions=tuple(sorted(wanted)))


def _group_of(row: Wire) -> str:
    return text_at(row, "id").lower().partition("/providers/")[0]


def _name_of(row: Wire) -> str:
    name = row.get("id")
    return name if isinstance(name, str) else ""
