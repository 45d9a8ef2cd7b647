"""The VM_ID that a person types, checked before anything is asked of Azure."""

from shared.domain.arm_id import ArmId, parse_vm_id
from shared.errors import SettingsError


def vm_argument(text: str) -> ArmId:
    """The VM's id; SettingsError for anything that is not one. A name alone could mean several VMs."""
    try:
        return parse_vm_id(text.strip())
    except ValueError as error:
        remedy = "Give /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/NAME"
        raise SettingsError(str(error), code="VM_ID", remedy=remedy) from None
