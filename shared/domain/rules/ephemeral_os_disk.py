"""Ephemeral OS disks live on the host and vanish with it; Azure Backup does not support them (support matrix, 2023)."""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """UNSUPPORTED_EPHEMERAL_OS_DISK where `osDisk.diffDiskSettings.option` is Local."""
    vm = subject.vm
    return Reason.UNSUPPORTED_EPHEMERAL_OS_DISK if vm.ephemeral_os_disk else None
