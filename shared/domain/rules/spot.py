"""Spot VMs: Azure may evict them at any time. Off unless asked for, because Azure Backup does support them."""

from shared.domain.model import Vm
from shared.domain.reasons import Reason


def check(vm: Vm) -> Reason | None:
    """EXCLUDED_SPOT where the VM's priority is Spot or the older Low."""
    return Reason.EXCLUDED_SPOT if vm.priority.lower() in {"spot", "low"} else None
