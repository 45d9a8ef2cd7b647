"""Walks through protected items: in each state of the estate, through each change, backed up, and failing."""

from typing import Any

from tests.contract.spec.bodies import restore_of
from tests.contract.spec.steps import IAAS, RS, Steps
from tests.simulator.client import BACKUP, item_of, protect_body


class Items(Steps):
    """What is backed up, with its jobs, operations and recovery points."""

    async def reading(self) -> None:
        """Every item, container, job and recovery point of the estate, in whatever state it is."""
        ask = self.azure.ask
        for vault in [v.id for v in self.world.state.vaults.values()]:
            for query in (
                "",
                f"?$filter={IAAS} and itemType eq 'VM'",
                "?$filter=backupManagementType eq 'AzureWorkload'",
            ):
                await ask("GET", f"{vault}/backupProtectedItems{query}")
            await ask("GET", f"{vault}/backupProtectableItems?$filter={IAAS}")
            await ask("GET", f"{vault}/backupProtectionContainers?$filter={IAAS}")
            jobs = (await ask("GET", f"{vault}/backupJobs")).body["value"]
            await ask("GET", f"{vault}/backupJobs?$filter=status eq 'Completed' and operation eq 'Backup'")
            for job in jobs[:3]:
                await ask("GET", f"{vault}/backupJobs/{job['name']}")
            for item in list(self.world.state.vaults[vault.lower()].items.values()):
                fabric = f"{vault}/backupFabrics/Azure/protectionContainers/{item.container.replace(';', '%3B')}"
                path = f"{fabric}/protectedItems/{item.name.replace(';', '%3B')}"
                await ask("GET", fabric)
                await ask("GET", path)
                points = await ask("GET", f"{path}/recoveryPoints")
                for point in points.body["value"]:
                    await ask("GET", f"{path}/recoveryPoints/{point['name']}")

    async def protecting(self) -> None:
        """Discovery, protect, change of policy, stop, resume, delete, undelete."""
        ask = self.azure.ask
        vm = (await self.azure.label("plain-unprotected"))["vmId"]
        vault = await self.azure.vault_for(vm)
        refreshed = await ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
        await self.follow({"location": refreshed.headers["azure-asyncoperation"]} | refreshed.headers)
        await ask("GET", refreshed.headers["azure-asyncoperation"])
        item = item_of(vault, vm)
        await ask("GET", f"{item}/recoveryPoints")
        await ask("DELETE", item)
        changes: list[tuple[str, Any]] = [
            ("PUT", protect_body(vm, f"{vault}/backupPolicies/DefaultPolicy")),
            ("PUT", protect_body(vm, f"{vault}/backupPolicies/EnhancedPolicy")),
            ("PUT", protect_body(vm, "")),
            ("PUT", protect_body(vm, f"{vault}/backupPolicies/EnhancedPolicy")),
            ("DELETE", None),
            ("PUT", {"properties": protect_body(vm, "")["properties"] | {"isRehydrate": True}}),
        ]
        for method, body in changes:
            reply = await ask(method, item, body)
            assert reply.status == 202, reply
            operation = (reply.headers["azure-asyncoperation"].split("?")[0]).rsplit("/", 1)[1]
            for path in (f"{vault}/backupOperations", f"{vault}/backupOperationResults", f"{item}/operationResults"):
                await ask("GET", f"{path}/{operation}")
            await ask(method, item, body)  # refused: one is under way
            await self.follow(reply.headers)
            for path in (f"{vault}/backupOperations", f"{vault}/backupOperationResults", f"{item}/operationResults"):
                await ask("GET", f"{path}/{operation}")
            job = (await ask("GET", f"{vault}/backupOperations/{operation}")).body["properties"]["jobId"]
            await ask("GET", f"{vault}/backupJobs/{job}")
            await ask("GET", item)
        await self.azure.backup_status(vm)

    async def _job(self, address: str) -> str:
        """The job that an operation names once it has ended."""
        while (operation := await self.azure.get(address))["status"] == "InProgress":
            await self.azure.advance()
        return str(operation["properties"]["jobId"])

    async def backing_up(self) -> None:
        """A backup under way, cancelled, and completed."""
        ask = self.azure.ask
        vm = (await self.azure.label("pending"))["vmId"]
        [found] = self.world.state.vm_items(vm)
        vault = self.world.state.vaults[found.vault].id
        item = item_of(vault, vm)
        job = ""
        for cancelled in (True, False):
            reply = await ask("POST", f"{item}/backup", BACKUP)
            await ask("POST", f"{item}/backup", BACKUP)
            await self.azure.advance()
            job = await self._job(reply.headers["azure-asyncoperation"])
            await ask("GET", reply.headers["location"])
            await ask("GET", f"{vault}/backupJobs/{job}")
            await ask("GET", item)
            if cancelled:
                given_up = await ask("POST", f"{vault}/backupJobs/{job}/cancel")
                await ask("GET", f"{vault}/backupJobs/{job}")
                await self.follow(given_up.headers)
            else:
                await self.azure.until_idle()
            await ask("GET", f"{vault}/backupJobs/{job}")
            await ask("GET", item)
        await ask("POST", f"{vault}/backupJobs/{job}/cancel")
        for point in (await ask("GET", f"{item}/recoveryPoints")).body["value"]:
            await ask("GET", f"{item}/recoveryPoints/{point['name']}")
            restored = await ask("POST", f"{item}/recoveryPoints/{point['name']}/restore", restore_of(vm))
            await self.follow(restored.headers)
            await ask("POST", f"{item}/recoveryPoints/{point['name']}/restore", {})
        await ask("GET", f"{item}/recoveryPoints/1")
        when = "startDate eq '2000-01-01 12:00:00 AM' and endDate eq 'today'"
        await ask("GET", f"{item}/recoveryPoints?$filter={when}")

    async def failing(self) -> None:
        """An operation and a job that fail: the VM goes while it is being protected."""
        ask = self.azure.ask
        vm = (await self.azure.label("no-tags"))["vmId"]
        vault = await self.azure.vault_for(vm)
        reply = await self.azure.protect(vm, vault)
        await ask("DELETE", vm)
        self.world.state.vms.pop(vm.lower())
        await self.azure.until_idle()
        failed = await self.azure.get(reply.headers["azure-asyncoperation"])
        assert failed["status"] == "Failed", failed
        await ask("GET", reply.headers["location"])
        await ask("GET", f"{vault}/backupJobs/{failed['properties']['jobId']}")
        await ask("GET", f"{vault}/backupJobs?$filter=status eq 'Failed'")

    async def questions(self) -> None:
        ask = self.azure.ask
        labels = [
            (await self.azure.label(kind))["vmId"]
            for kind in ("protected", "plain-unprotected", "prod", "soft-deleted", "stopped", "sql-in-vm")
        ]
        for vm in (*labels, *(vm.id for vm in self.world.state.vms.values() if vm.classic)):
            location = self.world.state.vms[vm.lower()].location
            path = f"/subscriptions/{vm.split('/')[2]}{RS}/locations/{location}"
            about = {"resourceType": "VM", "resourceId": vm}
            await ask("POST", f"{path}/backupStatus", about)
            await ask("POST", f"{path}/backupPreValidateProtection", about | {"vaultId": "", "properties": ""})
            size = {"featureType": "AzureVMResourceBackup", "vmSize": "Basic_A0", "vmSku": "Premium"}
            await ask("POST", f"{path}/backupValidateFeatures", size)
            await ask("POST", f"{path}/backupStatus", {})
