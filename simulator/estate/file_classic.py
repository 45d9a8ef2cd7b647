"""A classic VM of an estate file: its properties, which are not those of Resource Manager's VMs.

The short keys `size`, `osType`, `powerState` and `provisioningState` are laid under what the entry's `properties` say,
part by part; the other short keys mean things that a classic VM does not have, and are refused.
"""

from simulator.core.wire import Json
from simulator.estate.file_model import VmEntry
from simulator.resources.classic import classic_properties

CLASSIC = "Microsoft.ClassicCompute/virtualMachines"
#: Short keys to the part of the properties that would say the same.
_SHORT = {"size": "hardwareProfile", "os_type": "storageProfile", "provisioning_state": "provisioningState"}
_NOT_HERE = {
    "image": "image",
    "ephemeral_os_disk": "ephemeralOsDisk",
    "time_created": "timeCreated",
    "zones": "zones",
    "disk_facts": "diskFacts",
    "disk_encryption": "diskEncryption",
}


def is_classic(given: VmEntry) -> bool:
    """Whether the entry is one: it says so, or its id does."""
    return given.classic or f"/providers/{CLASSIC}/".lower() in (given.id or "").lower()


def classic_of(given: VmEntry, subscription: str, group: str, name: str) -> tuple[Json, tuple[str, str] | None]:
    """The properties; and, where a short key cannot stand in this entry, its name and why."""
    for field, key in _NOT_HERE.items():
        if getattr(given, field):
            return {}, (key, "a classic VM has no such thing")
    for field, part in _SHORT.items():
        if getattr(given, field) is not None and part in given.properties:
            key = {"os_type": "osType", "provisioning_state": "provisioningState"}.get(field, field)
            return {}, (key, f"stands in properties.{part} too; say it once")
    properties = classic_properties(
        subscription,
        group,
        name,
        os_type=given.os_type or "Windows",
        size=given.size or "Standard_D2",
        power=given.power_state,
    )
    if given.provisioning_state is not None:
        properties["provisioningState"] = given.provisioning_state
    return properties | given.properties, None
