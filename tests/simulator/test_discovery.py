"""Where discovery is needed, a vault takes only VMs that a refresh of its own has found; elsewhere it takes any."""

from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client, item_of

NEEDED = "BMSUserErrorInvalidConfigureProtectionRequest"


async def refresh(azure: Client, vault: str) -> None:
    """Ask the vault to look, and wait until it has."""
    reply = await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    assert reply.status == 202
    assert (await azure.ask("GET", reply.headers["location"])).status == 202
    await azure.until_idle()
    assert (await azure.ask("GET", reply.headers["location"])).status == 204


async def protectable(azure: Client, vault: str) -> set[str]:
    rows = await azure.rows(f"{vault}/backupProtectableItems?$filter=backupManagementType eq 'AzureIaasVM'")
    return {row["properties"]["virtualMachineId"].lower() for row in rows}


async def test_a_protect_needs_no_discovery_unless_the_world_says_so(azure: Client) -> None:
    assert await azure.get("/_sim/backup") == {"discoveryNeeded": False, "crossSubscription": False}
    vm = (await azure.label("plain-unprotected"))["vmId"]
    assert (await azure.protect(vm, await azure.vault_for(vm))).status == 202


async def test_a_vm_is_refused_until_a_refresh_of_the_vault_has_finished(azure: Client) -> None:
    set_to = await azure.ask("PUT", "/_sim/backup", {"discoveryNeeded": True})
    assert set_to.body == {"discoveryNeeded": True, "crossSubscription": False}
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    refused = await azure.protect(vm, vault)
    assert (refused.status, refused.code) == (400, NEEDED)
    assert "container exists" in refused.body["error"]["message"]
    assert await protectable(azure, vault) == set()
    started = await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    assert (await azure.protect(vm, vault)).code == NEEDED
    await azure.until_idle()
    assert (await azure.ask("GET", started.headers["location"])).status == 204
    assert vm.lower() in await protectable(azure, vault)
    assert (await azure.protect(vm, vault)).status == 202
    await azure.until_idle()
    assert (await azure.get(item_of(vault, vm)))["properties"]["protectionState"] == "IRPending"


async def test_each_vault_looks_for_itself_and_finds_what_is_there_by_then(served: tuple[Client, World]) -> None:
    azure, world = served
    world.backup.discovery_needed = True
    vaults = [v for v in world.state.vaults.values() if v.location == "westeurope"]
    first = next(v for v in vaults if sum(o.subscription == v.subscription for o in vaults) == 2)
    second = next(v for v in vaults if v.subscription == first.subscription and v is not first)
    await refresh(azure, first.id)
    known = world.state.vms[min(await protectable(azure, first.id))].id
    assert (await azure.protect(known, second.id)).code == NEEDED
    template: Any = {"location": "westeurope", "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}}}
    new = f"{known}-new"
    assert (await azure.ask("PUT", new, template)).status == 201
    await azure.until_idle()
    assert (await azure.protect(new, first.id)).code == NEEDED
    await refresh(azure, first.id)
    assert (await azure.protect(new, first.id)).status == 202


async def test_a_change_of_what_is_protected_needs_no_discovery(served: tuple[Client, World]) -> None:
    azure, world = served
    world.backup.discovery_needed = True
    vm = (await azure.label("stopped"))["vmId"]
    [item] = world.state.vm_items(vm)
    assert (await azure.protect(vm, world.state.vaults[item.vault].id)).status == 202


async def test_a_refresh_that_fails_finds_nothing(served: tuple[Client, World]) -> None:
    azure, world = served
    world.backup.discovery_needed = True
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    rule = {"fault": "operation", "operation": "POST refreshContainers", "code": "CloudServiceRetryableError"}
    assert (await azure.ask("POST", "/_sim/faults", {"rules": [rule]})).status < 300
    await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    await azure.until_idle()
    assert (await azure.protect(vm, vault)).code == NEEDED


@pytest.mark.parametrize("body", [{"discoveryNeeded": "yes"}, {"discovery": True}])
async def test_a_setting_that_is_none_is_refused(azure: Client, body: Any) -> None:
    reply = await azure.ask("PUT", "/_sim/backup", body)
    assert (reply.status, reply.code) == (400, "InvalidBackupSettings")
    assert (await azure.get("/_sim/backup"))["discoveryNeeded"] is False
