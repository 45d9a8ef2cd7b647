"""Whether a vault may take a VM: region, subscription, other vaults, and what the service supports at all.

One answer for the protect itself and for those who ask beforehand. Changes nothing, counts nothing.
"""

from typing import TYPE_CHECKING

from simulator.backup.support import Refusal, Subject, Version, refusal
from simulator.core.model import Vault, VirtualMachine
from simulator.core.wire import Json

if TYPE_CHECKING:
    from simulator.world import World


def unfit(
    world: "World", vault: Vault | None, vm: VirtualMachine, version: Version, selection: Json | None = None
) -> Refusal | None:
    """Why this vault (or, without one, any vault) does not take the VM; None where it does."""
    if vault is not None and vm.location != vault.location:
        message = "The VM should be in the same location as that of the Recovery Services vault to enable protection."
        return Refusal("UserErrorCrossRegionProtectionNotSupported", message)
    if vault is not None and vm.subscription != vault.subscription and not world.backup.cross_subscription:
        message = "The VM should be in the same subscription as the Recovery Services vault to enable protection."
        return Refusal("UserErrorCrossSubscriptionProtectionNotSupported", message)
    if world.state.vm_items(vm.id):
        message = "The virtual machine is already registered in another recovery services vault."
        return Refusal("UserErrorVmAlreadyProtectedInAnotherVault", message)
    return supported(vm, version, selection)


def supported(vm: VirtualMachine, version: Version, selection: Json | None = None) -> Refusal | None:
    """Why the service does not take the VM under a policy of this version; None where it does."""
    return refusal(Subject(vm.properties, vm.disk_facts, selection, vm.classic), version)


def undiscovered(world: "World", vault: Vault, vm: VirtualMachine) -> bool:
    """Whether the vault has to look before it can take the VM; a refresh sees the vault's own subscription only."""
    near = (vm.subscription, vm.location) == (vault.subscription, vault.location)
    return world.backup.discovery_needed and near and vm.key not in vault.found
