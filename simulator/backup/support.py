"""What Azure Backup does not take: a VM's properties and the kind of a backup policy in, a refusal or None out.

The rules are those of the support matrix for VM backup (2023) and of the page on enhanced policies (June 2025); the
codes are our own but for `UserErrorVmNotInDesirableState`. What only a disk's own resource tells (shared, private
access) comes as facts beside the VM, since disks are no resources here. Pure. Judges no vault, quota or region.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.core.wire import Json

Version = Literal["V1", "V2"]
#: Most data disks of a VM: with managed disks, and with disks that are blobs (those of classic VMs are).
DATA_DISKS, UNMANAGED_DATA_DISKS = 32, 16
#: Largest disk, and largest sum of all disks, in GB.
DISK_GB, TOTAL_GB = 32 * 1024, 256 * 1024
#: Kinds of storage that only an enhanced policy takes.
ENHANCED_ONLY = frozenset({"ultrassd_lrs", "premiumv2_lrs"})
_32_BIT = re.compile(r"(?<![a-z0-9])(i[36]86|x86|32-?bit)(?![a-z0-9]|_64)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the service does not take a VM."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A VM as the service looks at it.

    `facts`: by lower-cased name of a disk what the disk's own resource says (`maxShares`, `networkAccessPolicy`,
    `dataAccessAuthMode`, `diskSizeGB`). `selection`: the request's `diskExclusionProperties`.
    """

    properties: Json
    facts: Mapping[str, Json] = field(default_factory=dict)
    selection: Json | None = None
    classic: bool = False


def refusal(subject: Subject, version: Version) -> Refusal | None:
    """The first rule that keeps this VM out under a policy of this version; None where the service takes it."""
    return next((found for rule in _RULES if (found := rule(subject, version)) is not None), None)


def _part(holder: Any, *names: str) -> Json:
    """The object at that path; empty where there is none, whatever else stands there."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def _data_disks(subject: Subject) -> list[Json]:
    disks = _part(subject.properties, "storageProfile").get("dataDisks")
    return [each for each in disks if isinstance(each, dict)] if isinstance(disks, list) else []


def _disks(subject: Subject) -> list[Json]:
    return [_part(subject.properties, "storageProfile", "osDisk"), *_data_disks(subject)]


def _facts(subject: Subject, disk: Json) -> Json:
    """What the disk's own resource says; it is looked up by name, or by the end of its id."""
    managed = str(_part(disk, "managedDisk").get("id") or "").rsplit("/", 1)[-1]
    by_name = subject.facts.get(str(disk.get("name") or "").lower())
    return by_name or subject.facts.get(managed.lower()) or {}


def _included(subject: Subject) -> Iterator[Json]:
    """The disks that are to be backed up; a selection names data disks by LUN."""
    yield _disks(subject)[0]
    chosen = subject.selection
    for disk in _data_disks(subject):
        if chosen is None or (disk.get("lun") in chosen["diskLunList"]) is chosen["isInclusionList"]:
            yield disk


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _gigabytes(subject: Subject, disk: Json) -> int:
    own = disk.get("diskSize" if subject.classic else "diskSizeGB")
    return _number(own) or _number(_facts(subject, disk).get("diskSizeGB"))


def _state(subject: Subject, _: Version) -> Refusal | None:
    state = subject.properties.get("provisioningState")
    if state not in ("Failed", "Deleting"):
        return None
    return Refusal("UserErrorVmNotInDesirableState", f"The virtual machine is in provisioning state {state}.")


def _image(subject: Subject, _: Version) -> Refusal | None:
    image = _part(subject.properties, "storageProfile", "imageReference")
    words = " ".join(str(image.get(name) or "") for name in ("publisher", "offer", "sku")).lower()
    if "coreos" in words:
        return Refusal("UserErrorGuestOsNotSupported", "Virtual machines that run CoreOS cannot be backed up.")
    if _32_BIT.search(words):
        return Refusal("UserErrorGuestOsNotSupported", "Operating systems of 32 bits cannot be backed up.")
    return None


def _ephemeral(subject: Subject, _: Version) -> Refusal | None:
    if not _disks(subject)[0].get("diffDiskSettings"):
        return None
    return Refusal("UserErrorEphemeralOsDiskNotSupported", "Ephemeral OS disks cannot be backed up.")


def _confidential(subject: Subject, version: Version) -> Refusal | None:
    if str(_part(subject.properties, "securityProfile").get("securityType")).lower() != "confidentialvm":
        return None
    if version == "V1":
        message = "A confidential virtual machine needs an enhanced backup policy (V2)."
        return Refusal("UserErrorEnhancedPolicyRequired", message)
    for disk in _disks(subject):
        managed = _part(disk, "managedDisk")
        if _part(managed, "diskEncryptionSet") or _part(managed, "securityProfile", "diskEncryptionSet"):
            message = "A confidential virtual machine with customer-managed keys cannot be backed up."
            return Refusal("UserErrorConfidentialVmCmkNotSupported", message)
    return None


def _storage(subject: Subject, version: Version) -> Refusal | None:
    """Ultra and Premium SSD v2; a standard policy does not take them even where a selection leaves them out."""
    kinds = {str(_part(disk, "managedDisk").get("storageAccountType")).lower() for disk in _data_disks(subject)}
    if version == "V2" or not kinds & ENHANCED_ONLY:
        return None
    message = "Ultra and Premium SSD v2 disks need an enhanced backup policy (V2)."
    return Refusal("UserErrorEnhancedPolicyRequired", message)


def _shared(subject: Subject, version: Version) -> Refusal | None:
    """A shared disk is in the way; an enhanced policy takes the other disks where a selection leaves it out."""
    looked_at = _disks(subject) if version == "V1" else _included(subject)
    for disk in looked_at:
        if _number(_facts(subject, disk).get("maxShares")) > 1:
            message = f"The disk '{disk.get('name')}' is shared: under an enhanced policy (V2) it can be excluded."
            return Refusal("UserErrorSharedDiskNotSupported", message)
    return None


def _access(subject: Subject, _: Version) -> Refusal | None:
    for disk in _disks(subject):
        facts = _facts(subject, disk)
        if str(facts.get("networkAccessPolicy")).lower() == "allowprivate":
            message = f"The disk '{disk.get('name')}' allows access through private endpoints only."
            return Refusal("UserErrorDiskPrivateAccessNotSupported", message)
        if str(facts.get("dataAccessAuthMode")).lower() == "azureactivedirectory":
            message = f"The disk '{disk.get('name')}' wants authentication for access to its data."
            return Refusal("UserErrorDiskDataAccessAuthNotSupported", message)
    return None


def _count(subject: Subject, _: Version) -> Refusal | None:
    unmanaged = subject.classic or any("vhd" in disk and "managedDisk" not in disk for disk in _disks(subject))
    most, count = UNMANAGED_DATA_DISKS if unmanaged else DATA_DISKS, len(_data_disks(subject))
    if count <= most:
        return None
    what = "unmanaged data disks" if unmanaged else "data disks"
    message = f"The virtual machine has {count} {what}; {most} are the most."
    return Refusal("UserErrorTooManyDataDisks", message)


def _size(subject: Subject, _: Version) -> Refusal | None:
    sizes = [_gigabytes(subject, disk) for disk in _disks(subject)]
    if max(sizes) > DISK_GB:
        return Refusal("UserErrorDiskTooLarge", f"A disk of {max(sizes)} GB is larger than {DISK_GB} GB.")
    if sum(sizes) > TOTAL_GB:
        return Refusal("UserErrorTotalDiskSizeTooLarge", f"All disks together are larger than {TOTAL_GB} GB.")
    return None


_RULES: tuple[Callable[[Subject, Version], Refusal | None], ...] = (
    _state,
    _image,
    _ephemeral,
    _confidential,
    _storage,
    _shared,
    _access,
    _count,
    _size,
)
