"""Virtual machines, tags and resource groups."""

import pytest

from simulator.resources import machines as compute
from tests.simulator.client import Client

BODY = {"location": "westeurope", "properties": {"storageProfile": {"osDisk": {"osType": "Linux", "name": "d"}}}}


async def _group(azure: Client) -> str:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    return str((await azure.rows(f"{subscription}/resourceGroups"))[0]["id"])


async def test_a_new_vm_is_creating_and_then_there(azure: Client) -> None:
    vm = f"{await _group(azure)}/providers/Microsoft.Compute/virtualMachines/vm-new"
    reply = await azure.ask("PUT", vm, BODY | {"tags": {"env": "prod"}})
    assert reply.status == 201
    assert reply.body["properties"]["provisioningState"] == "Creating"
    assert reply.body["properties"]["vmId"]
    operation = reply.headers["azure-asyncoperation"]
    assert (await azure.get(operation))["status"] == "InProgress"
    await azure.until_idle()
    assert (await azure.get(operation))["status"] == "Succeeded"
    shown = await azure.get(f"{vm}?$expand=instanceView")
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["tags"] == {"env": "prod"}
    assert "PowerState/running" in [s["code"] for s in shown["properties"]["instanceView"]["statuses"]]
    assert (await azure.get(f"{vm}/instanceView"))["statuses"]


async def test_a_vm_needs_a_group_a_location_and_a_disk(azure: Client) -> None:
    group = await _group(azure)
    path = "/providers/Microsoft.Compute/virtualMachines/vm-new"
    assert (await azure.ask("PUT", group + path, {"properties": {}})).code == "LocationRequired"
    assert (await azure.ask("PUT", group + path, {"location": "x"})).code == "InvalidParameter"
    nowhere = group.rsplit("/", 1)[0] + "/nowhere"
    assert (await azure.ask("PUT", nowhere + path, BODY)).code == "ResourceGroupNotFound"


async def test_a_deleted_vm_goes_and_its_backup_stays(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = (await azure.backup_status(vm))["vaultId"]
    assert (await azure.ask("DELETE", vm)).status == 202
    assert (await azure.get(vm))["properties"]["provisioningState"] == "Deleting"
    await azure.until_idle()
    assert (await azure.ask("GET", vm)).status == 404
    items = await azure.rows(f"{vault}/backupProtectedItems?$filter=backupManagementType eq 'AzureIaasVM'")
    assert vm in [item["properties"]["sourceResourceId"] for item in items]


async def test_lists_shout_the_group_of_some_vms(azure: Client) -> None:
    vm = (await azure.label("mixed-case-id"))["vmId"]
    subscription = "/".join(vm.split("/")[:3])
    listed = [row["id"] for row in await azure.rows(f"{subscription}/providers/Microsoft.Compute/virtualMachines")]
    assert vm not in listed
    assert vm.lower() in [other.lower() for other in listed]
    assert (await azure.get(vm))["id"] == vm


async def test_pages_of_a_list_add_up(azure: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    path = f"{subscription}/providers/Microsoft.Compute/virtualMachines"
    whole = await azure.rows(path)
    monkeypatch.setattr(compute, "PAGE", 4)
    assert len((await azure.get(path))["value"]) == 4
    assert await azure.rows(path) == whole
    assert (await azure.ask("GET", f"{path}?$skipToken=nonsense!")).code == "InvalidSkipToken"


async def test_tags_at_scope_merge_replace_and_delete(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    path = f"{vm}/providers/Microsoft.Resources/tags/default"

    async def patch(operation: str, tags: dict[str, str]) -> object:
        body = {"operation": operation, "properties": {"tags": tags}}
        return (await azure.ask("PATCH", path, body)).body["properties"]["tags"]

    assert await patch("Replace", {"Env": "test"}) == {"Env": "test"}
    assert await patch("Merge", {"ENV": "qa", "x": "1"}) == {"Env": "qa", "x": "1"}
    assert await patch("Delete", {"X": "1", "Env": "other"}) == {"Env": "qa"}
    assert (await azure.get(path))["properties"]["tags"] == {"Env": "qa"}
    assert (await azure.get(vm))["tags"] == {"Env": "qa"}
    assert (await azure.ask("PUT", path, {"properties": {"tags": {}}})).status == 200
    assert (await azure.get(vm))["tags"] == {}
    assert (await azure.ask("PATCH", path, {"operation": "Sort", "properties": {"tags": {}}})).status == 400
    assert (await azure.ask("GET", f"{vm}-gone/providers/Microsoft.Resources/tags/default")).status == 404


async def test_a_managed_group_names_its_manager(azure: Client) -> None:
    managers = []
    for subscription in await azure.rows("/subscriptions"):
        groups = await azure.rows(f"{subscription['id']}/resourceGroups")
        managers += [group["managedBy"] for group in groups if "managedBy" in group]
    assert any("/Microsoft.Databricks/workspaces/" in m for m in managers) or any(
        "/Microsoft.ContainerService/managedClusters/" in m for m in managers
    )


async def test_a_new_vault_is_provisioning_and_has_its_policies(azure: Client) -> None:
    group = await _group(azure)
    vault = f"{group}/providers/Microsoft.RecoveryServices/vaults/rsv-new"
    reply = await azure.ask("PUT", vault, {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}})
    assert reply.status == 201
    assert reply.body["properties"]["provisioningState"] == "Provisioning"
    operation = reply.headers["azure-asyncoperation"]
    assert (await azure.get(operation))["status"] == "InProgress"
    await azure.advance()
    assert (await azure.get(operation))["status"] == "Succeeded"
    names = {p["name"]: p["properties"].get("policyType") for p in await azure.rows(f"{vault}/backupPolicies")}
    assert names == {"DefaultPolicy": "V1", "EnhancedPolicy": "V2", "HourlyLogBackup": None}
    assert (await azure.ask("GET", f"{vault}/backupPolicies/none")).status == 404
