"""Walks through everything that the simulator answers: each route in each state that its resources can be in.

What it meets is judged by the client that it is given; it asserts on nothing but its own footing. The walk is made
of paths that one after the other leave the world as the next finds it: they all work on VMs of their own.
"""

from typing import Any

from simulator.world import World
from tests.contract.spec.contract import served
from tests.contract.spec.recorder import Recorder
from tests.contract.spec.walk_events import walk_events
from tests.simulator.client import BACKUP, GRAPH, item_of, protect_body

RS = "/providers/Microsoft.RecoveryServices"
VMS = "/providers/Microsoft.Compute/virtualMachines"
NOWHERE = "00000000-0000-0000-0000-000000000000"
IAAS = "backupManagementType eq 'AzureIaasVM'"


#: Settings of a vault, possible and impossible ones, in the order in which they are asked for.
STORAGE: list[dict[str, Any]] = [
    {"storageModelType": "LocallyRedundant"},
    {"storageType": "GeoRedundant", "crossRegionRestoreFlag": True},
    {"crossRegionRestoreFlag": False},
    {"storageModelType": "Tape"},
]
GUARD: list[dict[str, Any]] = [
    {"enhancedSecurityState": "Disabled", "softDeleteFeatureState": "Enabled"},
    {"softDeleteRetentionPeriodInDays": 30},
    {"softDeleteFeatureState": "Disabled"},
    {"enhancedSecurityState": "Perhaps"},
    {"softDeleteRetentionPeriodInDays": 1},
]


class Walk:
    """One world and the client that walks through it."""

    def __init__(self, azure: Recorder, world: World) -> None:
        self.azure, self.world = azure, world

    async def all(self) -> None:
        await self.scopes()
        await self.metadata()
        await self.networks()
        await self.machines()
        await self.vaults()
        await self.settings()
        await self.policies()
        await self.reading()
        await self.protecting()
        await self.backing_up()
        await self.failing()
        await self.questions()
        await self.tags()
        await self.graph()
        group = next(group.id for group in self.world.state.groups.values())
        await walk_events(self.azure, group)
        await self.refusals()

    async def follow(self, headers: dict[str, str]) -> None:
        """Both addresses of a long-running operation, before its end and after it."""
        for ended in (False, True):
            for name in ("azure-asyncoperation", "location"):
                if name in headers:
                    await self.azure.ask("GET", headers[name])
            if not ended:
                await self.azure.advance()

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
            "Microsoft.Compute",
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
        for kind in ("protected", "plain-unprotected", "prod", "soft-deleted", "stopped", "sql-in-vm"):
            vm = (await self.azure.label(kind))["vmId"]
            location = self.world.state.vms[vm.lower()].location
            path = f"/subscriptions/{vm.split('/')[2]}{RS}/locations/{location}"
            about = {"resourceType": "VM", "resourceId": vm}
            await ask("POST", f"{path}/backupStatus", about)
            await ask("POST", f"{path}/backupPreValidateProtection", about | {"vaultId": "", "properties": ""})
            size = {"featureType": "AzureVMResourceBackup", "vmSize": "Basic_A0", "vmSku": "Premium"}
            await ask("POST", f"{path}/backupValidateFeatures", size)
            await ask("POST", f"{path}/backupStatus", {})

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
        for table in ("resourcecontainers", "recoveryservicesresources"):
            await ask("POST", GRAPH, {"query": f"{table} | order by id"})
        await ask("POST", GRAPH, {})

    async def refusals(self) -> None:
        """Each route once with ids that lead nowhere."""
        for method, template in list(served()):
            if not template.startswith("/metadata"):
                await self.azure.ask(method, template.replace("{}", NOWHERE), {})


def restore_of(vm: str) -> dict[str, Any]:
    """The request to restore a VM's disks."""
    group = "/".join(vm.split("/")[:5])
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/staging"
    return {
        "properties": {
            "objectType": "IaasVMRestoreRequest",
            "recoveryType": "RestoreDisks",
            "sourceResourceId": vm,
            "storageAccountId": account,
            "region": "westeurope",
            "createNewCloudService": False,
        }
    }


def result_of(status_url: str) -> str:
    """Where a vault's operation shows its result, made of its status address as clients of 2021 do."""
    return status_url.split("?", maxsplit=1)[0].replace("/operationStatus/", "/operationResults/")


def _keep(times: list[str], count: int, unit: str, **more: Any) -> dict[str, Any]:
    return {"retentionTimes": times, "retentionDuration": {"count": count, "durationType": unit}, **more}


def _iaas(schedule: dict[str, Any], retention: dict[str, Any], **more: Any) -> dict[str, Any]:
    kept = {"retentionPolicyType": "LongTermRetentionPolicy", **retention}
    return {"backupManagementType": "AzureIaasVM", "schedulePolicy": schedule, "retentionPolicy": kept, **more}


_AT = ["2026-01-01T22:30:00Z"]
_MONTHLY = {
    "retentionScheduleFormatType": "Daily",
    "retentionScheduleDaily": {"daysOfTheMonth": [{"date": 1, "isLast": False}]},
}
_V1 = {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunTimes": _AT}
_V2 = {"schedulePolicyType": "SimpleSchedulePolicyV2"}
#: Backup policies of each shape, and some that are refused.
POLICIES: dict[str, dict[str, Any]] = {
    "v1-daily": _iaas(_V1 | {"scheduleRunFrequency": "Daily"}, {"dailySchedule": _keep(_AT, 30, "Days")}),
    "v1-long": _iaas(
        _V1 | {"scheduleRunFrequency": "Daily"},
        {
            "dailySchedule": _keep(_AT, 30, "Days"),
            "weeklySchedule": _keep(_AT, 12, "Weeks", daysOfTheWeek=["Sunday"]),
            "monthlySchedule": _keep(_AT, 12, "Months", **_MONTHLY),
            "yearlySchedule": _keep(_AT, 7, "Years", **_MONTHLY, monthsOfYear=["January"]),
        },
        timeZone="W. Europe Standard Time",
        instantRpRetentionRangeInDays=5,
    ),
    "v1-weekly": _iaas(
        _V1 | {"scheduleRunFrequency": "Weekly", "scheduleRunDays": ["Sunday"]},
        {"weeklySchedule": _keep(_AT, 12, "Weeks", daysOfTheWeek=["Sunday"])},
    ),
    "v2-hourly": _iaas(
        _V2
        | {
            "scheduleRunFrequency": "Hourly",
            "hourlySchedule": {"interval": 4, "scheduleWindowStartTime": _AT[0], "scheduleWindowDuration": 12},
        },
        {"dailySchedule": _keep(_AT, 30, "Days")},
        policyType="V2",
        instantRpRetentionRangeInDays=30,
    ),
    "v2-weekly": _iaas(
        _V2
        | {
            "scheduleRunFrequency": "Weekly",
            "weeklySchedule": {"scheduleRunDays": ["Friday"], "scheduleRunTimes": _AT},
        },
        {"weeklySchedule": _keep(_AT, 12, "Weeks", daysOfTheWeek=["Friday"])},
    ),
    "too-short": _iaas(_V1 | {"scheduleRunFrequency": "Daily"}, {"dailySchedule": _keep(_AT, 6, "Days")}),
    "of-sql": {
        "backupManagementType": "AzureWorkload",
        "workLoadType": "SQLDataBase",
        "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
        "subProtectionPolicy": [{"policyType": "Log"}],
    },
}
