"""A vault takes a VM of another subscription only where the world says so, and knows then whose it is."""

from simulator.core.model import Vault, VirtualMachine
from simulator.core.state import vm_id
from simulator.world import World
from tests.simulator.client import Client, item_of


def pair(world: World) -> tuple[VirtualMachine, Vault]:
    """A VM that nothing protects, and a vault of its region in another subscription."""
    for label in world.state.labels.values():
        if label.kind == "plain-unprotected":
            vm = world.state.vms[label.vm_id.lower()]
            for vault in world.state.vaults.values():
                if vault.location == vm.location and vault.subscription != vm.subscription:
                    return vm, vault
    raise AssertionError("the estate has no such pair")


async def test_it_is_refused_unless_the_world_says_so(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, vault = pair(world)
    assert (await azure.protect(vm.id, vault.id)).code == "UserErrorCrossSubscriptionProtectionNotSupported"
    assert (await azure.ask("PUT", "/_sim/backup", {"crossSubscription": True})).status == 200
    assert (await azure.protect(vm.id, vault.id)).status == 202
    await azure.until_idle()
    assert (await azure.get(item_of(vault.id, vm.id)))["properties"]["sourceResourceId"] == vm.id
    status = await azure.backup_status(vm.id)
    assert (status["protectionStatus"], status["vaultId"]) == ("Protected", vault.id)
    assert (await azure.back_up(vm.id, vault.id)).status == 202
    await azure.until_idle()
    assert (await azure.get(item_of(vault.id, vm.id)))["properties"]["protectionState"] == "Protected"
    assert [write["vmId"] for write in await azure.get("/_sim/writes")] == [vm.id] * 3
    verdict = await azure.get("/_sim/check")
    missed = {each["vmId"]: each["why"] for each in verdict["missed"]}
    assert missed[vm.id] == "protected in a vault of another subscription"
    # The first of the three was refused, and not wrong.
    assert verdict["wrongWrites"] == []
    allowed = await azure.get("/_sim/check?allow=cross-subscription")
    assert vm.id not in {each["vmId"] for each in allowed["missed"]}


async def test_discovery_is_skipped_since_no_refresh_could_see_it(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, vault = pair(world)
    world.backup.cross_subscription = world.backup.discovery_needed = True
    assert (await azure.protect(vm.id, vault.id)).status == 202


async def test_a_namesake_of_another_subscription_does_not_fit_in(served: tuple[Client, World]) -> None:
    azure, world = served
    vm, vault = pair(world)
    world.backup.cross_subscription = True
    group = world.state.group(vault.subscription, vm.group)
    twin_id = vm_id(vault.subscription, group.name if group else vm.group, vm.name)
    twin = VirtualMachine(twin_id, vm.name, vault.subscription, vm.group, vm.location, None, vm.properties)
    world.state.vms[twin.key] = twin
    assert (await azure.protect(vm.id, vault.id)).status == 202
    await azure.until_idle()
    refused = await azure.protect(twin.id, vault.id)
    assert (refused.status, refused.code) == (400, "UserErrorContainerNameInUse")
    assert (await azure.get(item_of(vault.id, vm.id)))["properties"]["sourceResourceId"] == vm.id
