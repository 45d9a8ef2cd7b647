"""Makes the resources that one of Azure's examples speaks of, in the state in which its answer makes sense.

Writes records of the simulator's own, as an estate does. What an example does not say is made up here.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from simulator.backup.history import new_item
from simulator.core.model import (
    BackupPolicy,
    Job,
    Operation,
    ProtectedItem,
    ResourceGroup,
    Subscription,
    Vault,
    VirtualMachine,
    default_policies,
)
from simulator.core.state import group_id, vault_id, vm_id
from simulator.world import World
from tests.contract.spec.contract import VAULT, VM
from tests.contract.spec.examples import Example

ITEM = f"{VAULT}/backupfabrics/{{}}/protectioncontainers/{{}}/protecteditems/{{}}"
MACHINE = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Compute/virtualMachines/([^/]+)",
    re.IGNORECASE,
)


def strings(value: Any) -> Iterator[str]:
    """Every string in a body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def forget(world: World) -> None:
    """Empty the world of all resources."""
    state = world.state
    for table in (state.vms, state.vaults, state.groups):
        for key in list(table):
            del table[key]
    for plain in (state.subscriptions, state.operations, state.items_by_vm, state.management_groups):
        plain.clear()


class Seed:
    """Fills a world for one example, so that `status` is the answer."""

    def __init__(self, world: World, example: Example, status: int) -> None:
        self.world, self.example, self.status = world, example, status
        self.given = example.parameters
        self.region = str(self.given.get("azureRegion") or self.given.get("location") or "westus")
        self.body = example.answers[status].get("body") or {}

    def sow(self) -> None:
        """All that the example's address, request and answer name."""
        self.subscription(str(self.given.get("subscriptionId") or "s"))
        name = self.query.get("subscriptions", ["s"])[0]
        self.subscription(name)
        for each in self.query.get("managementGroups", []):
            self.world.state.management_groups[each] = list(self.world.state.subscriptions)
        if self.query:
            for number in range(15):
                self.machine(name, "rg", f"test{number}")
        if scope := re.fullmatch(r"/?subscriptions/([^/]+)", str(self.given.get("scope", ""))):
            self.subscription(scope[1])
        if "resourceGroupName" in self.given:
            self.group(self.given["subscriptionId"], self.given["resourceGroupName"])
        for text in strings(self.example.body):
            if found := MACHINE.fullmatch(text):
                vm = self.machine(*found.groups())
                if self.body.get("protectionStatus") == "Protected":
                    self.protected(vm)
        self.resource()
        if "operationId" in self.given:
            self.operation(str(self.given["operationId"]))
        for vm in self.world.state.vms.values():
            self.world.state.touch("vm", vm.key, self.world.now())

    def resource(self) -> None:
        """The VM or the vault in the address, unless it is to be made by the request or to be absent."""
        key, exists = self.example.operation.key, self.status not in (201, 204)
        if key[1].startswith(VM):
            if exists:
                self.machine(self.given["subscriptionId"], self.given["resourceGroupName"], self.given["vmName"])
        elif "vaultName" in self.given and (exists or key not in {("PUT", VAULT), ("DELETE", VAULT)}):
            self.vault(exists)
        elif key[1].endswith("/vaults"):
            self.vault(exists, "listed")
        elif key[1].endswith("/virtualmachines"):
            for number, row in enumerate(self.body["value"]):
                self.machine(self.given["subscriptionId"], "g", f"vm{number}").properties.update(row["properties"])

    @property
    def query(self) -> Any:
        return self.given.get("query", {})

    def subscription(self, name: str) -> Subscription:
        state = self.world.state
        return state.subscriptions.setdefault(name.lower(), Subscription(name.lower(), name, {"a": "b"}))

    def group(self, subscription: str, name: str) -> ResourceGroup:
        self.subscription(subscription)
        found = self.world.state.group(subscription.lower(), name)
        made = ResourceGroup(group_id(subscription.lower(), name), name, subscription.lower(), self.region)
        return found or self.world.state.add_group(made)

    def machine(self, subscription: str, group: str, name: str) -> VirtualMachine:
        """A VM that answers as the example's does, where the example shows one."""
        self.group(subscription, group)
        disk = {"osType": "Linux", "name": "disk", "createOption": "FromImage"}
        shown = self.body.get("properties", {}) if self.example.operation.key == ("GET", VM) else {}
        properties = {"storageProfile": {"osDisk": disk}, "provisioningState": "Succeeded", **shown}
        properties = {"vmId": "v", "timeCreated": "2020-01-01T00:00:00Z", **properties}
        identity = vm_id(subscription.lower(), group, name)
        made = VirtualMachine(
            identity, name, subscription.lower(), group, self.region, {"a": "b"}, properties, zones=["1"]
        )
        return self.world.state.vms.setdefault(made.key, made)

    def vault(self, exists: bool, name: str = "") -> None:
        state, subscription, group = self.world.state, self.given["subscriptionId"].lower(), "listed"
        group = str(self.given.get("resourceGroupName", "listed"))
        self.group(subscription, group)
        name = name or str(self.given["vaultName"])
        vault = Vault(
            vault_id(subscription, group, name), name, subscription, group, self.region, self.world.now(), {"a": "b"}
        )
        vault.policies = default_policies()
        if "identity" in self.body:
            vault.settings["identity"] = self.body["identity"]
        if self.example.operation.method == "PATCH" and "encryption" in self.body.get("properties", {}):
            vault.settings["encryption"] = self.body["properties"]["encryption"]
        state.vaults[vault.key] = vault
        policy = self.policy(vault, exists)
        if self.example.operation.name == "BackupProtectableItems_List":
            self.machine(subscription, group, "unprotected")
        rows = self.body.get("value", [])
        ids = [str(row.get("id", "")) for row in rows if isinstance(row, dict)]
        names = [
            found.groups() for text in ids if (found := re.search(r"Containers/([^/]+)/protectedItems/(.+)", text))
        ]
        if "containerName" in self.given:
            names.append((self.given["containerName"], self.given["protectedItemName"]))
        new = self.example.operation.key == ("PUT", ITEM) and not self._properties.get("protectionState")
        for container, item in names if exists and not new else []:
            self.item(vault, container, item, policy)
        if self.example.operation.key[1] == f"{VAULT}/backuppolicies/{{}}" and self.status == 202:
            self.item(vault, "IaasVMContainer;iaasvmcontainerv2;g;v", "VM;iaasvmcontainerv2;g;v", policy)
        if "jobName" in self.given:
            self.job(vault, str(self.given["jobName"]), self.body)
        for row in rows:
            if str(row.get("type", "")).endswith("/backupJobs"):
                self.job(vault, row["name"], row)

    @property
    def _properties(self) -> Any:
        return (self.example.body or {}).get("properties", {})

    def policy(self, vault: Vault, exists: bool) -> str:
        """The policy that the example names, by its address or its request."""
        name = str(self.given.get("policyName") or str(self._properties.get("policyId", "")).rpartition("/")[2])
        if (
            name
            and exists
            and (self.example.operation.method != "PUT" or self.status == 202 or "policyId" in self._properties)
        ):
            definition = {k: v for k, v in self.body.get("properties", {}).items() if k != "protectedItemsCount"}
            vault.policies.setdefault(name.lower(), BackupPolicy(name, definition=definition or None))
        return name or "DefaultPolicy"

    def item(self, vault: Vault, container: str, name: str, policy: str) -> ProtectedItem:
        """A protected item, with the VM that its name tells of (a classic one has none)."""
        kind, group, vm_name = container.split(";")[-3:]
        vm = self.machine(vault.subscription, group, vm_name)
        item = new_item(vault, vm, policy, self.world.now() - timedelta(days=30), 1)
        item.container, item.name = container, name
        if kind.lower() == "iaasvmcontainer":
            item.source_id = vm.id.replace("Microsoft.Compute", "Microsoft.ClassicCompute")
            self.world.state.vms.pop(vm.key)
        item.state, item.last_status = "Protected", "Completed"
        item.last_backup = item.last_point = self.world.now() - timedelta(hours=6)
        self.world.state.add_item(vault, item)
        return item

    def protected(self, vm: VirtualMachine) -> None:
        """The VM in a vault of its own."""
        vault = Vault(
            vault_id(vm.subscription, vm.group, "vault"),
            "vault",
            vm.subscription,
            vm.group,
            vm.location,
            self.world.now(),
            policies=default_policies(),
        )
        self.world.state.vaults[vault.key] = vault
        self.world.state.add_item(vault, new_item(vault, vm, "DefaultPolicy", self.world.now(), 1))

    def job(self, vault: Vault, name: str, shown: Any) -> None:
        """A job as the example shows it; a backup that has just begun where it shows none."""
        properties = shown.get("properties", {})
        job = Job(
            id=name.lower(),
            operation=properties.get("operation", "Backup"),
            vm_id="/x",
            vm_name=properties.get("entityFriendlyName", "v"),
            container="IaasVMContainer;iaasvmcontainerv2;g;v",
            started=self._moment(properties.get("startTime")),
            activity="00000000-0000-0000-0000-000000000000",
            status=properties.get("status", "InProgress"),
        )
        if job.status != "InProgress":
            job.ended = job.started + timedelta(minutes=1)
        vault.jobs[job.id] = job

    def _moment(self, text: str | None) -> datetime:
        return datetime.fromisoformat(f"{text[:19]}+00:00") if text else self.world.now()

    def operation(self, name: str) -> None:
        """An operation that runs while the example answers with 202, and has ended otherwise."""
        made = Operation(name, self.world.now())
        if self.status != 202 and self.body.get("status") != "InProgress":
            made.status, made.ended = "Succeeded", self.world.now()
            if "jobId" in self.body.get("properties", {}):
                made.job = "00000000-0000-0000-0000-000000000000"
        self.world.state.operations[name.lower()] = made
