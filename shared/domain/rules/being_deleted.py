"""A VM that Azure is deleting gets no backup: protecting it would fail, or keep alive what its owner throws away."""

from shared.domain.model import Vm
from shared.domain.reasons import Reason


def check(vm: Vm) -> Reason | None:
    """VM_BEING_DELETED while the provisioning state says so."""
    return Reason.VM_BEING_DELETED if vm.provisioning_state.lower() == "deleting" else None
