"""Walks through vaults: making and deleting them, their settings, their backup policies."""

from tests.contract.spec.bodies import GUARD, POLICIES, STORAGE
from tests.contract.spec.steps import IAAS, NOWHERE, RS, Steps, result_of


class Vaults(Steps):
    """A vault as a resource, before anything is in it and after."""

    async def vaults(self) -> None:
        ask = self.azure.ask
        subscription = (await self.azure.rows("/subscriptions"))[0]["id"]
        group = f"{subscription}/resourceGroups/rg-contract"
        vault = f"{group}{RS}/vaults/contract-vault"
        made = await ask("PUT", vault, {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}})
        await self.follow(made.headers | {"location": result_of(made.headers["azure-asyncoperation"])})
        await ask("GET", vault.replace("contract-vault", "absent"))
        await ask("PUT", vault, {"location": "westeurope", "sku": {"name": "Standard"}, "tags": {"a": "b"}})
        await ask("PATCH", vault, {"tags": {"c": "d"}})
        await ask("PUT", f"{group}{RS}/vaults/1-bad", {"location": "westeurope", "sku": {"name": "Standard"}})
        await ask("PUT", f"{group}{RS}/vaults/good", {})
        for path in (f"{subscription}{RS}/vaults", f"{group}{RS}/vaults", vault):
            await ask("GET", path)
        for each in await self.azure.rows(f"{subscription}{RS}/vaults"):
            await ask("GET", each["id"])
            await ask("GET", f"{each['id']}/usages")
            await ask("GET", f"{each['id']}/backupUsageSummaries")
            for kind in ("BackupProtectedItemCountSummary", "BackupProtectionContainerCountSummary", "Nothing"):
                await ask("GET", f"{each['id']}/backupUsageSummaries?$filter=type eq '{kind}'")
            await ask("GET", f"{each['id']}/backupResourceGuardProxies")
        second = f"{vault}-2"
        made = await ask("PUT", second, {"location": "westeurope", "sku": {"name": "RS0"}})
        await self.follow(made.headers)
        gone = await ask("DELETE", second)
        await self.follow(gone.headers)
        await ask("DELETE", second)
        full = next(v for v in self.world.state.vaults.values() if v.items)
        await ask("DELETE", full.id)

    async def settings(self) -> None:
        ask = self.azure.ask
        vaults = list(self.world.state.vaults.values())
        full, empty = next(v for v in vaults if v.items).id, next(v for v in vaults if not v.items).id
        for vault in (full, empty):
            for kind in ("backupstorageconfig/vaultstorageconfig", "backupconfig/vaultconfig"):
                await ask("GET", f"{vault}/{kind}")
        storage, guard = f"{empty}/backupstorageconfig/vaultstorageconfig", f"{empty}/backupconfig/vaultconfig"
        for properties in STORAGE:
            for method in ("PUT", "PATCH"):
                await ask(method, storage, {"properties": properties})
        locked = {"properties": {"storageType": "ZoneRedundant"}}
        await ask("PUT", f"{full}/backupstorageconfig/vaultstorageconfig", locked)
        for properties in GUARD:
            for method in ("PUT", "PATCH"):
                await ask(method, guard, {"properties": properties})

    async def policies(self) -> None:
        ask = self.azure.ask
        vm = (await self.azure.label("protected"))["vmId"]
        [item] = self.world.state.vm_items(vm)
        vault = self.world.state.vaults[item.vault].id
        for query in ("", f"?$filter={IAAS}", "?$filter=backupManagementType eq 'AzureWorkload'", "?$filter=x gt 1"):
            await ask("GET", f"{vault}/backupPolicies{query}")
        for name in ("DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup", "Absent"):
            await ask("GET", f"{vault}/backupPolicies/{name}")
        for name, properties in POLICIES.items():
            await ask("PUT", f"{vault}/backupPolicies/contract-{name}", {"properties": properties})
            await ask("GET", f"{vault}/backupPolicies/contract-{name}")
        used = f"{vault}/backupPolicies/{item.policy}"
        await ask("DELETE", used)
        definition = POLICIES["v2-hourly" if item.policy == "EnhancedPolicy" else "v1-daily"]
        changed = await ask("PUT", used, {"properties": definition})
        await self.follow(changed.headers)
        await ask("GET", f"{used}/operations/{NOWHERE}")
        await ask(
            "GET", f"{vault}/backupPolicies/absent/operationResults/{changed.headers['location'].split('?')[0][-36:]}"
        )
        await ask("DELETE", f"{vault}/backupPolicies/contract-v1-daily")
        await ask("DELETE", f"{vault}/backupPolicies/contract-v1-daily")
