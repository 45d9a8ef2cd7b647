"""Classic VMs: read, listed, found in Resource Graph, protected and backed up, under names of their own."""

import re
from pathlib import Path

import pytest

from simulator.estate.file import load
from simulator.estate.file_text import EstateFileError
from simulator.world import World
from tests.simulator.classic import add_classic
from tests.simulator.client import BACKUP, Client, item_of, protect_body
from tests.simulator.test_estate_file import START
from tests.simulator.test_estate_served import served as served_file

CLASSIC = "Microsoft.ClassicCompute/virtualMachines"
FILE = """\
version: 1
subscriptions: [{name: prod}]
vaults: [{name: rsv}]
virtualMachines:
  - {name: old-1, resourceGroup: cs-old, classic: true, osType: Linux, size: Standard_D3, powerState: deallocated}
  - {name: new-1, resourceGroup: cs-old}
protectedItems:
  - {vm: old-1, vault: rsv, state: ProtectionStopped}
"""


async def planted(azure: Client, world: World) -> tuple[str, str]:
    """(a classic VM, a vault that can take it)."""
    beside = (await azure.label("plain-unprotected"))["vmId"]
    return add_classic(world.state, beside).id, await azure.vault_for(beside)


async def test_it_is_read_and_listed_where_its_provider_is_and_nowhere_else(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, _ = await planted(azure, world)
    shown = await azure.get(vm)
    assert (shown["type"], shown["id"]) == (CLASSIC, vm)
    assert shown["properties"]["storageProfile"]["operatingSystemDisk"]["operatingSystem"] == "Windows"
    subscription, group = vm.partition("/resourceGroups")[0], vm.partition("/providers")[0]
    for scope in (subscription, group):
        assert [each["id"] for each in await azure.rows(f"{scope}/providers/{CLASSIC}")] == [vm]
        listed = await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines")
        assert vm not in {each["id"] for each in listed}
        found = await azure.rows(f"{scope}/resources?$filter=resourceType eq '{CLASSIC}'")
        assert [each["id"] for each in found] == [vm]
    assert (await azure.ask("GET", f"{vm}-gone")).code == "ResourceNotFound"
    named = vm.replace("ClassicCompute", "Compute")
    assert (await azure.ask("GET", named)).status == 404


async def test_resource_graph_has_it_under_its_own_type(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, _ = await planted(azure, world)
    query = "resources | where type =~ 'microsoft.classiccompute/virtualmachines' | project id, type, properties, tags"
    [row] = (await azure.graph(query)).body["data"]
    assert (row["id"], row["type"], row["tags"]) == (vm, CLASSIC.lower(), {"app": "ledger"})
    assert row["properties"]["instanceView"]["powerState"] == "Started"
    assert "extended" not in row["properties"]


async def test_it_is_protected_and_backed_up_as_any_other(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, vault = await planted(azure, world)
    assert (await azure.backup_status(vm))["protectionStatus"] == "NotProtected"
    item = item_of(vault, vm)
    assert re.search(r"IaasVMContainer%3Biaasvmcontainer%3B[^/]+/protectedItems/vm%3Biaasvmcontainer%3B", item)
    assert (await azure.protect(vm, vault)).status == 202
    await azure.until_idle()
    fresh = (await azure.get(item))["properties"]
    assert (fresh["protectedItemType"], fresh["protectionState"]) == (CLASSIC, "IRPending")
    assert fresh["containerName"] == f"iaasvmcontainer;{vm.split('/')[4]};old-1".lower()
    started = await azure.ask("POST", f"{item}/backup", BACKUP)
    await azure.advance()
    job = (await azure.get(started.headers["azure-asyncoperation"]))["properties"]["jobId"]
    assert (await azure.get(f"{vault}/backupJobs/{job}"))["properties"]["virtualMachineVersion"] == "ClassicCompute"
    await azure.until_idle()
    listed = {
        each["properties"]["sourceResourceId"]: each for each in await azure.rows(f"{vault}/backupProtectedItems")
    }
    assert listed[vm]["properties"]["protectionState"] == "Protected"
    [point] = await azure.rows(f"{item}/recoveryPoints")
    told = point["properties"]
    assert (told["osType"], told["virtualMachineSize"]) == ("Windows", "Standard_D2")
    assert (told["isManagedVirtualMachine"], told["recoveryPointType"]) == (False, "AppConsistent")
    status = await azure.backup_status(vm)
    assert (status["protectionStatus"], status["vaultId"]) == ("Protected", vault)
    assert status["protectedItemName"].startswith("vm;iaasvmcontainer;")
    [container] = await azure.rows(f"{vault}/backupProtectionContainers?$filter=friendlyName eq 'old-1'")
    assert container["properties"]["containerType"] == CLASSIC
    assert container["properties"]["virtualMachineVersion"] == "ClassicCompute"
    query = "recoveryservicesresources | where properties.friendlyName == 'old-1' | project properties"
    [row] = (await azure.graph(query)).body["data"]
    assert row["properties"]["sourceResourceId"] == vm
    assert row["properties"]["dataSourceInfo"]["datasourceType"] == CLASSIC
    assert {write["vmId"] for write in await azure.get("/_sim/writes")} == {vm}


async def test_its_names_and_types_belong_together(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, vault = await planted(azure, world)
    policy = f"{vault}/backupPolicies/DefaultPolicy"
    as_new = protect_body(vm, policy)
    as_new["properties"]["protectedItemType"] = "Microsoft.Compute/virtualMachines"
    refused = await azure.ask("PUT", item_of(vault, vm), as_new)
    assert refused.code == "BMSUserErrorInvalidConfigureProtectionRequest"
    path = item_of(vault, vm).replace("iaasvmcontainer%3B", "iaasvmcontainerv2%3B")
    refused = await azure.ask("PUT", path, protect_body(vm, policy))
    assert refused.code == "BMSUserErrorInvalidConfigureProtectionRequest"
    assert world.state.vm_items(vm) == []


async def test_a_refresh_finds_it(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, vault = await planted(azure, world)
    rows = await azure.rows(f"{vault}/backupProtectableItems")
    [found] = [row for row in rows if row["properties"]["virtualMachineId"] == vm]
    assert found["properties"]["protectableItemType"] == CLASSIC
    assert found["properties"]["virtualMachineVersion"] == "ClassicCompute"
    assert found["name"] == f"iaasvmcontainer;{vm.split('/')[4]};old-1".lower()


async def test_an_estate_file_can_hold_one(tmp_path: Path) -> None:
    async with served_file(tmp_path, FILE) as azure:
        subscription = (await azure.rows("/subscriptions"))[0]["id"]
        [old] = await azure.rows(f"{subscription}/providers/{CLASSIC}")
        properties = old["properties"]
        assert properties["storageProfile"]["operatingSystemDisk"]["operatingSystem"] == "Linux"
        assert properties["hardwareProfile"]["size"] == "Standard_D3"
        assert properties["instanceView"]["powerState"] == "StoppedDeallocated"
        assert old["id"] == f"{subscription}/resourceGroups/cs-old/providers/{CLASSIC}/old-1"
        new = f"{subscription}/resourceGroups/cs-old/providers/Microsoft.Compute/virtualMachines/new-1"
        vault = await azure.vault_for(new)
        [item] = await azure.rows(f"{vault}/backupProtectedItems")
        assert item["properties"]["sourceResourceId"] == old["id"]
        assert item["properties"]["protectedItemType"] == CLASSIC
        assert (await azure.protect(old["id"], vault)).status == 202
        await azure.until_idle()
        assert (await azure.backup_status(old["id"]))["policyName"] == "DefaultPolicy"


def test_an_entry_by_id_needs_no_other_word(tmp_path: Path) -> None:
    text = "version: 1\nsubscriptions: [{name: p, id: 00000000-0000-0000-0000-000000000001}]\nvirtualMachines:\n"
    base = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g/providers"
    text += f"  - {{id: {base}/{CLASSIC}/a, properties: {{hardwareProfile: {{size: Large}}}}}}\n"
    text += "  - {name: b, resourceGroup: g, diskFacts: {Data-0: {maxShares: 2}}}\n"
    (tmp_path / "e.yaml").write_text(text, encoding="utf-8")
    old, new = load(tmp_path / "e.yaml", START)[0].vms.values()
    assert (old.classic, old.properties["hardwareProfile"]) == (True, {"size": "Large"})
    assert old.properties["storageProfile"]["operatingSystemDisk"]["operatingSystem"] == "Windows"
    assert (new.classic, new.disk_facts) == (False, {"data-0": {"maxShares": 2}})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("ephemeralOsDisk: true", "ephemeralOsDisk: a classic VM has no such thing"),
        ("zones: ['1']", "zones: a classic VM has no such thing"),
        ("size: A1, properties: {hardwareProfile: {}}", "size: stands in properties.hardwareProfile too; say it once"),
        ("osType: Linux, properties: {storageProfile: {}}", "osType: stands in properties.storageProfile too"),
    ],
)
def test_an_entry_that_asks_for_what_it_cannot_have_is_refused(tmp_path: Path, keys: str, said: str) -> None:
    text = f"version: 1\nsubscriptions: [{{name: p}}]\nvirtualMachines:\n  - {{name: a, classic: true, {keys}}}\n"
    (tmp_path / "e.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EstateFileError, match=re.escape(said)):
        load(tmp_path / "e.yaml", START)
