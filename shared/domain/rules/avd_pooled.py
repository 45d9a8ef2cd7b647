"""Session hosts of a pooled Azure Virtual Desktop host pool: made from an image, users' profiles lie elsewhere.

A personal desktop is its user's own machine and is never excluded here, so the host pool's own type decides
(`hostPoolType`, Microsoft.DesktopVirtualization). Where that cannot be told, the VM is not excluded.
"""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_AVD_POOLED where the VM's host pool is pooled."""
    vm = subject.vm
    return Reason.EXCLUDED_AVD_POOLED if vm.host_pool_type.lower() == "pooled" else None
