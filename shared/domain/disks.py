"""Which of a VM's disks a backup takes, and how large they are together. Pure.

Sizes are what is provisioned, in GiB: Azure tells no other. Where one size is not known, the sum is not known either.
"""

from shared.domain.model import OS_DISK, Disk, DiskSelection, Vm


def selected_disks(vm: Vm, selection: DiskSelection | None = None) -> tuple[Disk, ...]:
    """The disks of a protection; None takes all. A selection names data disks, the OS disk is always in."""
    if selection is None:
        return vm.disks
    return tuple(
        each for each in vm.disks if each.lun == OS_DISK or (each.lun in selection.luns) is selection.including
    )


def disk_gb(vm: Vm, selection: DiskSelection | None = None) -> int | None:
    """GiB of the disks of a protection together; None where the VM shows no disks, or not the size of each."""
    sizes = [each.size_gb for each in selected_disks(vm, selection)]
    known = [each for each in sizes if each is not None]
    return sum(known) if known and len(known) == len(sizes) else None
