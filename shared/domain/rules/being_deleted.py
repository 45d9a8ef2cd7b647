"""A VM that Azure is deleting gets no backup: protecting it would fail, or keep alive what its owner throws away."""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """VM_BEING_DELETED while the provisioning state says so."""
    vm = subject.vm
    return Reason.VM_BEING_DELETED if vm.provisioning_state.lower() == "deleting" else None
