"""What the compute service makes of a VM's properties as someone wrote them: defaults in, secrets out.

A request may leave out much that every VM has; and what it says in confidence is never given back.
"""

import copy
from typing import Any

from simulator.core.reading import a_list, a_text, an_object
from simulator.core.wire import AzureError, Json

#: What a PUT may say and no GET shows.
SECRETS = ("adminPassword", "customData")
#: Set by the service alone.
READ_ONLY = ("vmId", "timeCreated", "provisioningState", "instanceView")
#: Words in an image's reference that mean Windows.
WINDOWS = ("windows", "microsoftsqlserver", "microsoftvisualstudio")
GUESTS: dict[str, Json] = {
    "windowsConfiguration": {"provisionVMAgent": True, "enableAutomaticUpdates": True},
    "linuxConfiguration": {"disablePasswordAuthentication": False},
}
DISK_GB = {"Windows": 127, "Linux": 30}


def written(properties: Json) -> Json:
    """A copy of what was written, without read-only parts. Raises AzureError 400 where a part has a wrong type."""
    kept = {name: copy.deepcopy(value) for name, value in properties.items() if name not in READ_ONLY}
    for name in ("storageProfile", "osProfile", "hardwareProfile", "networkProfile", "securityProfile"):
        an_object(kept, name)
    storage, network = an_object(kept, "storageProfile"), an_object(kept, "networkProfile")
    for name in ("osDisk", "imageReference"):
        an_object(storage, name)
    a_text(an_object(storage, "osDisk"), "osType")
    for holder, name in ((storage, "dataDisks"), (network, "networkInterfaces")):
        if not all(isinstance(each, dict) for each in a_list(holder, name)):
            raise AzureError(400, "InvalidRequestContent", f"The request content was invalid: {name} holds objects.")
    guest = an_object(kept, "osProfile")
    for name in ("windowsConfiguration", "linuxConfiguration"):
        an_object(guest, name)
    for name in SECRETS:
        guest.pop(name, None)
    return kept


def completed(properties: Json, name: str) -> Json:
    """The properties of the VM of that name, with what the service adds of its own accord (examples of 2021).

    Changes its argument, which must have an OS disk.
    """
    storage = properties["storageProfile"]
    disk = storage["osDisk"]
    image = an_object(storage, "imageReference")
    words = " ".join(str(image.get(name)) for name in ("publisher", "offer", "sku")).lower()
    guest: Any = properties.get("osProfile")
    windows = any(word in words for word in WINDOWS) or (isinstance(guest, dict) and "windowsConfiguration" in guest)
    kind = disk.setdefault("osType", "Windows" if windows else "Linux")
    if "image" not in disk and "vhd" not in disk:
        disk.setdefault("diskSizeGB", DISK_GB.get(kind, 30))
    if storage.get("dataDisks") is None:
        storage["dataDisks"] = []
    for number, data in enumerate(storage["dataDisks"]):
        data.setdefault("name", f"{name}_disk{number + 2}")
        data.setdefault("caching", "None")
        data.setdefault("toBeDetached", False)
        if "vhd" not in data:
            data.setdefault("managedDisk", {"storageAccountType": "Standard_LRS"})
    if guest:
        guest.setdefault("secrets", [])
        part = "windowsConfiguration" if kind == "Windows" else "linuxConfiguration"
        guest[part] = GUESTS[part] | (guest.get(part) or {})
    return properties
