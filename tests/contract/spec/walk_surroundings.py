"""Walks through what surrounds a VM: locks, policy assignments and roles at every scope, key vaults, the directory."""

from typing import Any

from tests.contract.spec.steps import Steps

NAMESPACE = "/providers/Microsoft.Authorization"
DEFINITION = f"{NAMESPACE}/policyDefinitions/96670d01-0a4d-4649-9c89-2d3abc0a5025"
#: A body for each kind, which restrains nothing that the rest of the walk does.
BODIES: dict[str, Any] = {
    "locks": {"level": "CanNotDelete", "notes": "contract"},
    "policyAssignments": {"policyDefinitionId": DEFINITION, "enforcementMode": "DoNotEnforce"},
    "roleAssignments": {"roleDefinitionId": f"{NAMESPACE}/roleDefinitions/x", "principalId": "p"},
}


class Surroundings(Steps):
    """Everything there is made and deleted again."""

    async def surroundings(self) -> None:
        ask = self.azure.ask
        vm = (await self.azure.label("plain-unprotected"))["vmId"]
        subscription, group = "/".join(vm.split("/")[:3]), "/".join(vm.split("/")[:5])
        key_vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-contract"
        bodies: list[Any] = [{}, {"location": "westeurope"}, {"location": "westeurope", "properties": {}}]
        for body in bodies:
            await ask("PUT", key_vault, body)
        for path in (key_vault, f"{key_vault}-2", key_vault.rsplit("/", 1)[0]):
            await ask("GET", path)
        await ask("GET", f"{subscription}/providers/Microsoft.KeyVault/vaults")
        for scope in (subscription, group, vm, await self.azure.vault_for(vm), key_vault):
            for noun, properties in BODIES.items():
                base = f"{scope}{NAMESPACE}/{noun}"
                for body in ({"properties": properties}, {"properties": properties}, {"properties": {}}):
                    await ask("PUT", f"{base}/contract", body)
                for query in ("", "?$filter=atScope()", "?$filter=name gt 1"):
                    await ask("GET", base + query)
                await ask("GET", f"{base}/contract")
                if noun == "locks" and scope == vm:
                    await ask("DELETE", vm)
                await ask("DELETE", f"{base}/contract")
                await ask("DELETE", f"{base}/contract")
                await ask("GET", f"{base}/contract")
        for query in ("?$filter=displayName eq 'Backup Management Service'", ""):
            await ask("GET", f"/v1.0/servicePrincipals{query}")
        await self.guests(vm)

    async def guests(self, vm: str) -> None:
        """A VM with every kind of agent and extension."""
        for agent in ("missing", "old", "notReady", "ok"):
            extensions = {"VMSnapshot": "failed" if agent == "old" else "succeeded"}
            await self.azure.ask("PUT", "/_sim/guests", {"vmId": vm, "agent": agent, "extensions": extensions})
            for path in (f"{vm}/instanceView", f"{vm}?$expand=instanceView"):
                await self.azure.ask("GET", path)
