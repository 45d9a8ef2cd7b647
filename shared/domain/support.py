"""Azure Backup's support matrix for VMs: what the service does not take, or takes only under an Enhanced policy. Pure.

One row for each case, with the evidence that a person can check. It judges what a VM itself shows and never guesses:
a size or storage type that is not shown breaks no limit. What only a disk's own resource tells (shared disks, private
access) comes out when the service refuses. A protection that stands proves that the service took the VM, so nobody
asks this table about it. No row is lifted by a rule's `diskExclusion`: the limits count the disks that are attached,
and Ultra and Premium SSD v2 disks want an Enhanced policy wherever they are.

Sources: support matrix for Azure VM backup (2023), page on Enhanced policies (June 2025). `docs/support.md` has all
rows for people.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from shared.domain.backup_policy import BackupPolicy
from shared.domain.model import OS_DISK, Image, ReasonDetail, Vm
from shared.domain.policy_file.backup_policy import DEFAULT_POLICY, BackupPolicyChoice
from shared.domain.reasons import Reason
from shared.domain.steps import Held

#: Every vault is made with it, beside DefaultPolicy (recorded traffic, 2026).
ENHANCED_POLICY = "EnhancedPolicy"
MOST_DATA_DISKS = 32
MOST_UNMANAGED_DATA_DISKS = 16  # classic VMs, and any VM with a disk that is a blob
LARGEST_DISK_GB = 32 * 1024
LARGEST_TOTAL_GB = 256 * 1024
#: Storage types that only an Enhanced policy takes, lower-cased, to their names in the portal.
ENHANCED_ONLY: Mapping[str, str] = {"ultrassd_lrs": "Ultra disk", "premiumv2_lrs": "Premium SSD v2 disk"}
_CONFIDENTIAL = "confidentialvm"
_COREOS = re.compile(r"coreos", re.IGNORECASE)
_BITS_32 = re.compile(r"(?<![a-z0-9])(?:i[36]86|x86|32-?bit)(?![a-z0-9]|[_-]64)", re.IGNORECASE)


def unsupported(vm: Vm) -> ReasonDetail | None:
    """Why Azure Backup takes this VM under no backup policy, by the first row that says so; None where it does."""
    for reason, evidence in _ROWS:
        if found := evidence(vm):
            return ReasonDetail(reason, found)
    return None


def needs_enhanced(vm: Vm) -> ReasonDetail | None:
    """NEEDS_ENHANCED_POLICY with the evidence; None where a Standard policy will do.

    Trusted Launch takes either (REST 2025-01-01 and later). Where no storage type is shown, none is assumed.
    """
    if vm.security_type.lower() == _CONFIDENTIAL:
        return ReasonDetail(Reason.NEEDS_ENHANCED_POLICY, "Confidential VM")
    for each in vm.disk_types:
        if (name := ENHANCED_ONLY.get(each.lower())) is not None:
            return ReasonDetail(Reason.NEEDS_ENHANCED_POLICY, name)
    return None


def too_standard(vm: Vm, policy: BackupPolicy | None) -> Held | None:
    """What keeps this VM from a backup policy as a vault holds it; None where nothing does, or nothing is known."""
    if policy is None or policy.enhanced or (needed := needs_enhanced(vm)) is None:
        return None
    why = f"the VM needs an Enhanced policy ({needed.detail}), and the vault's {policy.name} is a Standard one"
    return Held(needed.reason.code, why, needed.reason.remedy)


def default_policy(vm: Vm) -> str:
    """The vault's own policy for a VM whose rule names none: EnhancedPolicy where the VM needs it."""
    return DEFAULT_POLICY if needs_enhanced(vm) is None else ENHANCED_POLICY


def obstacles(vm: Vm, choice: BackupPolicyChoice | None, wanted: str) -> tuple[ReasonDetail, ...]:
    """What keeps a new protection under the backup policy `wanted` from being made now, though the VM is supported.

    VM_NOT_READY: Azure takes no VM whose last change failed. NEEDS_ENHANCED_POLICY: `wanted` is a Standard policy by
    its rule's `type` or description, or by being DefaultPolicy. Of a policy known by name only the vault tells more.
    """
    found = []
    if vm.provisioning_state.lower() == "failed":
        found.append(ReasonDetail(Reason.VM_NOT_READY, "provisioningState is Failed"))
    if _is_standard(choice, wanted) and (needed := needs_enhanced(vm)) is not None:
        found.append(ReasonDetail(needed.reason, f"{needed.detail}, policy {wanted}"))
    return tuple(found)


def _is_standard(choice: BackupPolicyChoice | None, wanted: str) -> bool:
    if choice is not None and (choice.type is not None or choice.described):
        return choice.type != "Enhanced"  # a description without a type is one of a Standard policy
    return wanted.lower() == DEFAULT_POLICY.lower()


def _ephemeral(vm: Vm) -> str:
    return "osDisk.diffDiskSettings.option is Local" if vm.ephemeral_os_disk else ""


def _operating_system(vm: Vm) -> str:
    """An image of one's own bears no such words: there only the backup itself can tell."""
    return _wrong_with(vm.image)


@lru_cache(maxsize=1024)
def _wrong_with(image: Image) -> str:
    """An estate has few images and many VMs of each."""
    words = " ".join(filter(None, (image.publisher, image.offer, image.sku)))
    if _COREOS.search(words):
        return f"CoreOS: image {words}"
    return f"32 bits: image {words}" if _BITS_32.search(words) else ""


def _confidential_with_own_key(vm: Vm) -> str:
    if vm.security_type.lower() != _CONFIDENTIAL or "customer" not in vm.encryption:
        return ""
    return "Confidential VM with a customer-managed key"


def _too_many_disks(vm: Vm) -> str:
    if len(vm.disks) <= MOST_UNMANAGED_DATA_DISKS:  # nearly every VM
        return ""
    unmanaged = vm.id.classic or not all(each.managed for each in vm.disks)
    most = MOST_UNMANAGED_DATA_DISKS if unmanaged else MOST_DATA_DISKS
    count = sum(each.lun != OS_DISK for each in vm.disks)
    kind = "unmanaged" if unmanaged else "data"
    return f"{count} {kind} disks, {most} at most" if count > most else ""


def _disk_too_large(vm: Vm) -> str:
    for each in vm.disks:
        if each.size_gb is not None and each.size_gb > LARGEST_DISK_GB:
            where = "the OS disk" if each.lun == OS_DISK else f"the disk at LUN {each.lun}"
            return f"{where} has {each.size_gb} GB, {LARGEST_DISK_GB} at most"
    return ""


def _total_too_large(vm: Vm) -> str:
    total = sum([each.size_gb or 0 for each in vm.disks])
    return f"{total} GB, {LARGEST_TOTAL_GB} at most" if total > LARGEST_TOTAL_GB else ""


#: Each reason with the evidence for it in words, which is empty where the row does not apply.
_ROWS: tuple[tuple[Reason, Callable[[Vm], str]], ...] = (
    (Reason.UNSUPPORTED_EPHEMERAL_OS_DISK, _ephemeral),
    (Reason.UNSUPPORTED_OPERATING_SYSTEM, _operating_system),
    (Reason.UNSUPPORTED_CONFIDENTIAL_CMK, _confidential_with_own_key),
    (Reason.UNSUPPORTED_TOO_MANY_DISKS, _too_many_disks),
    (Reason.UNSUPPORTED_DISK_TOO_LARGE, _disk_too_large),
    (Reason.UNSUPPORTED_TOTAL_SIZE, _total_too_large),
)
