"""A classic VM's properties in the shape of a VM of Resource Manager, so that one mapping reads both. Pure.

`Microsoft.ClassicCompute` names the same things differently: `operatingSystemDisk`, `size`, `diskSize`, and one word
for the power state. What it has no word for (a moment of creation, an image reference, encryption, zones) is absent.
Its disks are page blobs, never managed ones, and its OS disk seldom says its size.
"""

from collections.abc import Mapping

from shared.adapters.azure.wire import Wire, list_at, object_at, text_at, value_at

#: `instanceView.powerState` to Resource Manager's words.
_POWER = {"started": "running", "stopped": "stopped", "stoppeddeallocated": "deallocated"}


def as_resource_manager(properties: Wire) -> Wire:
    """`properties` of a `Microsoft.ClassicCompute/virtualMachines`; ValueError for a malformed part."""
    os_disk = object_at(properties, "storageProfile", "operatingSystemDisk")
    return {
        "provisioningState": value_at(properties, "provisioningState"),
        "hardwareProfile": {"vmSize": value_at(properties, "hardwareProfile", "size")},
        "instanceView": {"statuses": [{"code": f"PowerState/{classic_power(properties)}"}]},
        "storageProfile": {
            "imageReference": {},
            "osDisk": {"osType": text_at(os_disk, "operatingSystem"), **_blob(os_disk)} if os_disk else None,
            "dataDisks": [_data_disk(each) for each in list_at(properties, "storageProfile", "dataDisks")],
        },
    }


def classic_power(properties: Wire) -> str:
    """The power state in Resource Manager's words, such as deallocated; empty where it is not told."""
    power = text_at(properties, "instanceView", "powerState").lower()
    return _POWER.get(power, power)


def _data_disk(node: object) -> Wire:
    """Its LUN; the first one of a VM may go without, as 0 is the number that the older API leaves out."""
    if not isinstance(node, Mapping):
        raise ValueError("storageProfile.dataDisks holds something that is not an object")
    lun = value_at(node, "lun")
    return {"lun": 0 if lun is None else lun, **_blob(node)}


def _blob(disk: Wire) -> Wire:
    return {"diskSizeGB": value_at(disk, "diskSize"), "vhd": {"uri": text_at(disk, "vhdUri")}}
