"""What Azure Backup calls a VM's container and protected item, from the VM's id alone. Pure.

Requests take these names in any case, and renaming a VM's or a group's case renames neither. They hold no subscription:
whoever reads an item by its name still has to look at the VM that it protects.
"""

import re

from shared.domain.arm_id import ArmId

FABRIC = "Azure"
_ITEM = re.compile(r".*/backupFabrics/Azure/protectionContainers/([^/]+)/protectedItems/([^/]+)", re.IGNORECASE)


def container_name(vm_id: ArmId) -> str:
    """The VM's container."""
    return f"IaasVMContainer;{_names(vm_id)}"


def item_name(vm_id: ArmId) -> str:
    """The VM's protected item inside its container."""
    return f"VM;{_names(vm_id)}"


def item_id(vault_id: str, vm_id: ArmId) -> str:
    """The id of the VM's protected item in this vault."""
    fabric = f"{vault_id.rstrip('/')}/backupFabrics/{FABRIC}"
    return f"{fabric}/protectionContainers/{container_name(vm_id)}/protectedItems/{item_name(vm_id)}"


def container_and_item(protected_item_id: str) -> tuple[str, str]:
    """Both names as they stand in a protected item's id; ValueError for any other id."""
    found = _ITEM.fullmatch(protected_item_id)
    if found is None:
        raise ValueError("not the id of a protected item")
    return found[1], found[2]


def protected_item_type(vm_id: ArmId) -> str:
    """`protectedItemType` of the VM's item on the wire."""
    return f"Microsoft.{'ClassicCompute' if vm_id.classic else 'Compute'}/virtualMachines"


def _names(vm_id: ArmId) -> str:
    """A classic VM's middle part is its resource group too (all nine in recorded traffic of 2019)."""
    kind = "iaasvmcontainer" if vm_id.classic else "iaasvmcontainerv2"
    return f"{kind};{vm_id.resource_group};{vm_id.name}"
