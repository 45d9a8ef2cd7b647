"""A person's own estate, read from Resource Graph alone, as the entries of an estate file.

Six questions in pages of 1,000 rows, no request for each VM. Refuses to give part of an estate for the whole: a page
that fails or is cut raises, and so does an item in a vault that was not shown. What Resource Graph itself does not show
yet, or does not show this login, nobody can tell from here: the counts say what was seen.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from shared.adapters.azure import estate_mapping as mapping
from shared.adapters.azure import estate_queries as queries
from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.graph_reader import GraphReader, chunks
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.azure.wire import Wire, required_text, text_at
from shared.domain.arm_id import vault_id_of
from shared.domain.azure_answers import Scope
from shared.errors import PermanentError

Entries = AsyncIterator[tuple[str, Any]]


class ResourceGraphEstate:
    """The port EstateSource. `left_out` counts, after the reading, what protects no VM and is not in a file."""

    def __init__(self, inventory: ResourceGraphInventory, graph: GraphReader) -> None:
        self._inventory, self._graph = inventory, graph
        self.left_out: Counter[str] = Counter()

    async def entries(self, scope: Scope) -> Entries:
        """(section, entry) for everything in scope, section after section."""
        inside = await self._inventory.inside(scope)
        regions: set[str] = set()
        async for section, entry in self._everything(inside):
            if isinstance(entry, dict) and "location" in entry:
                regions.add(str(entry["location"]).replace(" ", "").lower())
            yield section, entry
        for region in sorted(regions):
            yield "regions", region

    async def _everything(self, inside: Scope) -> Entries:
        chains: dict[str, list[str]] = {}
        tenants: dict[str, None] = {}
        async for row in self._rows(queries.SUBSCRIPTIONS, inside):
            with translated(_id(row)):
                entry = mapping.subscription_entry(row)
                chains[entry["id"]] = mapping.ancestors(row)
                tenants[text_at(row, "tenantId")] = None
            yield "subscriptions", entry
        if missing := set(inside.subscriptions) - chains.keys():
            raise PermanentError(
                f"Resource Graph does not show {len(missing)} subscription(s) in scope, such as {min(missing)}",
                code="SubscriptionNotShown",
                remedy="Run it again in a few minutes, or take them out of the scope.",
            )
        tenant = next(iter(tenants))
        if tenant:
            yield "tenant", {"id": tenant}
        self.left_out["otherTenants"] = len(tenants) - 1
        with translated():
            trees = mapping.management_groups(chains)
        for tree in trees:
            yield "managementGroups", tree
        async for group in self._mapped(queries.GROUPS, inside, mapping.group_entry):
            yield "resourceGroups", group
        policies: dict[str, list[dict[str, Any]]] = {}
        async for row in self._rows(queries.POLICIES, inside):
            with translated(_id(row)):
                policies.setdefault(vault_id_of(required_text(row, "id")).lower(), []).append(mapping.policy_entry(row))
        vaults: set[str] = set()
        async for row in self._rows(queries.VAULTS, inside):
            with translated(_id(row)):
                vaults.add(_id(row).lower())
                entry = mapping.vault_entry(row, policies.get(_id(row).lower(), []))
            yield "vaults", entry
        async for vm in self._mapped(queries.VMS, inside, mapping.vm_entry):
            yield "virtualMachines", vm
        async for item in self._mapped(queries.ITEMS, inside, mapping.item_entry):
            if item is None:
                self.left_out["itemsOfNoVm"] += 1
                continue
            if vault_id_of(item["id"]).lower() not in vaults:
                raise PermanentError(
                    "a protected item lies in a vault that Resource Graph does not show",
                    code="VaultNotShown",
                    resource_id=item["id"],
                    remedy="Run it again in a few minutes.",
                )
            yield "protectedItems", item

    async def _mapped(self, query: str, inside: Scope, entry_of: Callable[[Wire], Any]) -> AsyncIterator[Any]:
        async for row in self._rows(query, inside):
            with translated(_id(row)):
                entry = entry_of(row)
            yield entry

    async def _rows(self, query: str, inside: Scope) -> AsyncIterator[Wire]:
        for where in chunks(inside):
            latest = ""
            async for row in self._graph.rows(query, where):
                with translated():
                    identity = required_text(row, "id")
                # Rows that come or go between two pages shift the rest: one may be shown twice, side by side.
                if identity.lower() != latest:
                    yield row
                latest = identity.lower()


def _id(row: Wire) -> str:
    name = row.get("id")
    return name if isinstance(name, str) else ""
