"""A VM's `properties` from its entry in an estate file: ARM's as given, the short keys, and defaults under both.

Where the entry gives a `storageProfile` nothing is added to it: a copy of a VM without an image must stay one. The
simulator itself needs an OS disk, a moment of creation and a provisioning state, so these are always there.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from simulator.core.wire import Json, stamp
from simulator.estate.file_model import VmEntry

#: How old a VM is of which the file does not say it.
AGE = timedelta(days=30)
_LINUX = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
_WINDOWS = {
    "publisher": "MicrosoftWindowsServer",
    "offer": "WindowsServer",
    "sku": "2022-datacenter-azure-edition",
    "version": "latest",
}


def properties_of(given: VmEntry, vm_id: str, as_of: datetime) -> tuple[Json, tuple[str, str] | None]:
    """The properties; and, where a short key says what `properties` says too, both their names."""
    properties: Json = dict(given.properties)
    for short, where, value in _short(given):
        if _at(properties, where) is not None:
            return properties, (short, ".".join(where))
        _put(properties, where, value)
    if "storageProfile" not in given.properties:
        _lay_disk(properties["storageProfile"] if "storageProfile" in properties else _new(properties), vm_id)
        _lay_network(properties, vm_id)
    if "osDisk" not in properties.get("storageProfile", {}):
        properties["storageProfile"] = {**properties.get("storageProfile", {}), "osDisk": {}}
    properties.setdefault("hardwareProfile", {"vmSize": "Standard_D2s_v5"})
    properties.setdefault("provisioningState", "Succeeded")
    if "vmId" not in properties:
        properties["vmId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, vm_id.lower()))
    if "timeCreated" not in properties:
        properties["timeCreated"] = stamp(as_of - AGE)
    return properties, None


def _short(given: VmEntry) -> list[tuple[str, tuple[str, ...], Any]]:
    storage = ("storageProfile",)
    image = {k: v for k, v in given.image.model_dump().items() if v is not None} if given.image else None
    all_of_them: list[tuple[str, tuple[str, ...], Any]] = [
        ("size", ("hardwareProfile", "vmSize"), given.size),
        ("image", (*storage, "imageReference"), image),
        ("osType", (*storage, "osDisk", "osType"), given.os_type),
        (
            "ephemeralOsDisk",
            (*storage, "osDisk", "diffDiskSettings"),
            {"option": "Local", "placement": "CacheDisk"} if given.ephemeral_os_disk else None,
        ),
        ("provisioningState", ("provisioningState",), given.provisioning_state),
        ("timeCreated", ("timeCreated",), stamp(given.time_created) if given.time_created else None),
    ]
    return [each for each in all_of_them if each[2] is not None]


def _new(properties: Json) -> Json:
    made: Json = {}
    properties["storageProfile"] = made
    return made


def _lay_disk(storage: Json, vm_id: str) -> None:
    disk = storage.setdefault("osDisk", {})
    disk.setdefault("osType", "Linux")
    storage.setdefault("imageReference", dict(_WINDOWS if disk["osType"] == "Windows" else _LINUX))
    name = f"{vm_id.rsplit('/', 1)[1]}_OsDisk_1"
    disks = f"{vm_id.partition('/providers/')[0]}/providers/Microsoft.Compute/disks"
    disk.setdefault("name", name)
    disk.setdefault("createOption", "FromImage")
    disk.setdefault("diskSizeGB", 127 if disk["osType"] == "Windows" else 30)  # what such an image has by default
    disk.setdefault("managedDisk", {"storageAccountType": "Premium_LRS", "id": f"{disks}/{name}"})
    storage.setdefault("dataDisks", [])


def _lay_network(properties: Json, vm_id: str) -> None:
    network = f"{vm_id.partition('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces"
    name = vm_id.rsplit("/", 1)[1]
    properties.setdefault("networkProfile", {"networkInterfaces": [{"id": f"{network}/{name}-nic"}]})


def _at(node: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _put(node: Json, path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        inner = dict(node.get(part) or {})  # the entry's own is not to be written to
        node[part] = inner
        node = inner
    node[path[-1]] = value
