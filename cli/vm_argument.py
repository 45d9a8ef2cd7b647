"""The VM_ID that a person types, checked before anything is asked of Azure."""

from shared.bootstrap import Backstop
from shared.domain.arm_id import ArmId, parse_vm_id
from shared.domain.azure_answers import Scope
from shared.errors import SettingsError


def vm_argument(text: str) -> ArmId:
    """The VM's id; SettingsError for anything that is not one. A name alone could mean several VMs."""
    try:
        return parse_vm_id(text.strip().rstrip("/"))
    except ValueError as error:
        remedy = "Give /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/NAME"
        raise SettingsError(str(error), code="VM_ID", remedy=remedy) from None


async def require_in_scope(backstop: Backstop, vm_id: ArmId) -> None:
    """SettingsError for a VM outside the scope that the settings name; without a scope every VM is inside."""
    scope = backstop.settings.scope
    if scope == Scope():
        return
    within = await backstop.inventory.subscriptions(scope)
    if not any(each.id.lower() == vm_id.subscription_id for each in within):
        remedy = "Widen BACKSTOP_SCOPE, or leave it out"
        raise SettingsError(f"{vm_id.name} lies outside the scope", code="OUT_OF_SCOPE", remedy=remedy)
