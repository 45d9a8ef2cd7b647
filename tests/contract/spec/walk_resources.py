"""Walks through subscriptions, groups, the cloud's metadata, networks, VMs, tags and Resource Graph."""

from typing import Any

from tests.contract.spec.steps import VMS, Steps
from tests.simulator.classic import add_classic
from tests.simulator.client import GRAPH


class Resources(Steps):
    """Everything that is no backup."""

    async def scopes(self) -> None:
        ask = self.azure.ask
        await ask("GET", "/tenants")
        await ask("GET", "/subscriptions")
        subscription = (await self.azure.rows("/subscriptions"))[0]["id"]
        await ask("GET", subscription)
        await ask("GET", f"{subscription}/locations")
        await ask("GET", f"{subscription}/resourceGroups")
        group = f"{subscription}/resourceGroups/rg-contract"
        for tags in ({}, {"a": "b"}):
            await ask("PUT", group, {"location": "West Europe", "tags": tags})
        await ask("PUT", f"{group}-managed", {"location": "westeurope", "managedBy": f"{group}/x"})
        await ask("GET", f"{group}-managed")
        await ask("GET", group)
        await ask("PUT", group, {})
        await ask("GET", f"{subscription}/resourceGroups/nowhere")
        for path in (f"{subscription}/resources", f"{group}/resources"):
            await ask("GET", path)
        await ask("GET", f"{subscription}/resources?$filter=resourceType eq 'Microsoft.RecoveryServices/vaults'")
        await ask("GET", f"{subscription}/resources?$filter=name gt 'x'")
        await ask("GET", f"{subscription}/providers")
        for namespace in (
            "Microsoft.ClassicCompute",
            "Microsoft.Authorization",
            "Microsoft.Compute",
            "Microsoft.KeyVault",
            "Microsoft.Network",
            "Microsoft.RecoveryServices",
            "Microsoft.Resources",
        ):
            await ask("GET", f"{subscription}/providers/{namespace}")
        await ask("GET", f"{subscription}/providers/Contoso.Nothing")

    async def metadata(self) -> None:
        """The one part that needs neither token nor api-version."""
        for version in ("2018-01-01", "2022-09-01"):
            await self.azure.ask("GET", f"/metadata/endpoints?api-version={version}")
        path = "/metadata/identity/oauth2/token?resource=https://management.azure.com"
        await self.azure.ask("GET", path, headers={"Metadata": "true"})
        await self.azure.ask("GET", path)
        await self.azure.ask("GET", "/common/v2.0/.well-known/openid-configuration")
        secret = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        for form in (secret, {"grant_type": "password"}, secret | {"client_secret": ""}):
            await self.azure.send_form("/common/oauth2/v2.0/token", form)

    async def networks(self) -> None:
        ask = self.azure.ask
        vm = (await self.azure.label("plain-unprotected"))["vmId"]
        for scope in ("/".join(vm.split("/")[:3]), "/".join(vm.split("/")[:5])):
            for kind in ("networkInterfaces", "publicIPAddresses"):
                for found in (await ask("GET", f"{scope}/providers/Microsoft.Network/{kind}")).body["value"][:3]:
                    await ask("GET", found["id"])

    async def machines(self) -> None:
        ask = self.azure.ask
        vm = (await self.azure.label("plain-unprotected"))["vmId"]
        subscription, group = "/".join(vm.split("/")[:3]), "/".join(vm.split("/")[:5])
        region = self.world.state.vms[vm.lower()].location
        here = f"{subscription}/providers/Microsoft.Compute/locations/{region}/virtualMachines"
        for path in (f"{subscription}{VMS}", f"{group}{VMS}", here):
            for query in ("", "?$expand=instanceView", "?statusOnly=true"):
                await ask("GET", path + query)
        for label in await self.azure.labels():
            for query in ("", "?$expand=instanceView"):
                await ask("GET", label["vmId"] + query)
            await ask("GET", f"{label['vmId']}/instanceView")
        new = f"{group}{VMS}/vm-contract"
        os_disk = {"osType": "Linux", "createOption": "FromImage", "name": "d", "managedDisk": {}}
        body: Any = {
            "location": "westeurope",
            "properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "storageProfile": {"osDisk": os_disk}},
        }
        made = await ask(
            "PUT", new, body | {"tags": {"a": "b"}, "zones": ["1"], "identity": {"type": "SystemAssigned"}}
        )
        await self.follow(made.headers)
        await ask("GET", f"{new}?$expand=instanceView")
        await ask("PUT", new, body)
        await ask("PATCH", new, {"tags": {"c": "d"}})
        await ask("PUT", new, {})
        await ask("PUT", f"{new}-2", {"location": "westeurope", "properties": {}})
        gone = await ask("DELETE", new)
        await ask("GET", new)
        await self.follow(gone.headers)
        await ask("DELETE", new)
        for method in ("GET", "PATCH"):
            await ask(method, new)

    async def classic(self) -> None:
        ask = self.azure.ask
        vm = add_classic(self.world.state, (await self.azure.label("plain-unprotected"))["vmId"])
        for scope in (vm.id.partition("/resourceGroups")[0], vm.id.partition("/providers")[0]):
            await ask("GET", f"{scope}/providers/Microsoft.ClassicCompute/virtualMachines")
            await ask("GET", f"{scope}/resources")
        await ask("GET", vm.id)
        await ask("GET", f"{vm.id}-absent")

    async def tags(self) -> None:
        ask = self.azure.ask
        vm = (await self.azure.label("prod"))["vmId"]
        scopes = [vm, await self.azure.vault_for(vm), "/".join(vm.split("/")[:5]), "/".join(vm.split("/")[:3])]
        for scope in scopes:
            path = f"{scope}/providers/Microsoft.Resources/tags/default"
            await ask("GET", path)
            await ask("PUT", path, {"properties": {"tags": {"a": "b", "env": "test"}}})
            for operation in ("Merge", "Delete", "Replace", "Invent"):
                await ask("PATCH", path, {"operation": operation, "properties": {"tags": {"a": "b"}}})
            await ask("PUT", path, {"properties": {}})
            await ask("DELETE", path)
            await ask("GET", scope)
        await ask("GET", f"{vm}-absent/providers/Microsoft.Resources/tags/default")

    async def graph(self) -> None:
        ask = self.azure.ask
        for query in (
            "resources | project id, name, tags",
            "resources | summarize n = count() by type",
            "nothing",
            "|",
        ):
            for form in ("objectArray", "table"):
                await ask("POST", GRAPH, {"query": query, "options": {"$top": 3, "resultFormat": form}})
        for table in ("resourcecontainers", "recoveryservicesresources", "policyresources"):
            await ask("POST", GRAPH, {"query": f"{table} | order by id"})
        await ask("POST", GRAPH, {})
