"""Spot VMs: Azure may evict them at any time. Off unless asked for, because Azure Backup does support them."""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_SPOT where the VM's priority is Spot or the older Low."""
    vm = subject.vm
    return Reason.EXCLUDED_SPOT if vm.priority.lower() in {"spot", "low"} else None
