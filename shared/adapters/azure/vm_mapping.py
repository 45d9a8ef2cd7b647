"""Azure's VM in the core's words, the same for ARM's answer and for a row of Resource Graph. Pure."""

from collections.abc import Iterator, Mapping

from shared.adapters.azure.surroundings import Context
from shared.adapters.azure.wire import (
    Wire,
    flag_at,
    list_at,
    moment_at,
    object_at,
    required_text,
    tags_at,
    text_at,
    value_at,
)
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import Image, Vm
from shared.domain.selectors import normalise_location

_POWER = "powerstate/"


def vm_from_wire(node: Wire, context: Context) -> Vm:
    """A VM of ARM's `Microsoft.Compute/virtualMachines` in its surroundings; ValueError for a malformed part."""
    properties = object_at(node, "properties")
    image = object_at(properties, "storageProfile", "imageReference")
    os_disk = object_at(properties, "storageProfile", "osDisk")
    subscription = context.subscription
    return Vm(
        id=parse_vm_id(required_text(node, "id")),
        location=normalise_location(required_text(node, "location")),
        tags=tags_at(node, "tags"),
        provisioning_state=text_at(properties, "provisioningState"),
        created=moment_at(properties, "timeCreated"),
        unique_id=text_at(properties, "vmId"),
        image=Image(
            publisher=text_at(image, "publisher"),
            offer=text_at(image, "offer"),
            sku=text_at(image, "sku"),
            id=text_at(image, "id"),
        ),
        os_type=text_at(os_disk, "osType"),
        ephemeral_os_disk=text_at(os_disk, "diffDiskSettings", "option").lower() == "local",
        managed_by=text_at(node, "managedBy"),
        group_managed_by=text_at(context.group, "managedBy"),
        group_tags=tags_at(context.group, "tags"),
        subscription_name=subscription.name if subscription else "",
        subscription_tags=subscription.tags if subscription else {},
        management_groups=subscription.management_groups if subscription else (),
        size=text_at(properties, "hardwareProfile", "vmSize"),
        security_type=text_at(properties, "securityProfile", "securityType"),
        disk_types=_disk_types(properties),
        encryption=_encryption(properties),
        zones=tuple(str(each) for each in list_at(node, "zones")),
        priority=text_at(properties, "priority"),
        power_state=_power_state(properties),
        host_pool_type=context.host_pool_type,
    )


def vm_from_row(row: Wire, context: Context) -> Vm:
    """A VM of a row that `queries.VMS` gives: ARM's values under flat names."""
    disk = {
        "osType": value_at(row, "osType"),
        "diffDiskSettings": {"option": value_at(row, "diskOption")},
        "managedDisk": value_at(row, "osDisk"),
        "encryptionSettings": {"enabled": value_at(row, "diskEncryption")},
    }
    image = {
        "publisher": value_at(row, "imagePublisher"),
        "offer": value_at(row, "imageOffer"),
        "sku": value_at(row, "imageSku"),
        "id": value_at(row, "imageId"),
    }
    properties = {
        "provisioningState": value_at(row, "provisioningState"),
        "timeCreated": value_at(row, "timeCreated"),
        "vmId": value_at(row, "vmId"),
        "hardwareProfile": {"vmSize": value_at(row, "size")},
        "priority": value_at(row, "priority"),
        "securityProfile": {
            "securityType": value_at(row, "securityType"),
            "encryptionAtHost": value_at(row, "encryptionAtHost"),
        },
        "instanceView": {"statuses": [{"code": value_at(row, "powerState")}]},
        "storageProfile": {"imageReference": image, "osDisk": disk, "dataDisks": value_at(row, "dataDisks")},
    }
    return vm_from_wire({**row, "properties": properties}, context)


def _disks(properties: Wire) -> Iterator[Wire]:
    yield object_at(properties, "storageProfile", "osDisk")
    for each in list_at(properties, "storageProfile", "dataDisks"):
        if not isinstance(each, Mapping):
            raise ValueError("storageProfile.dataDisks holds something that is not an object")
        yield each


def _disk_types(properties: Wire) -> tuple[str, ...]:
    found = {text_at(each, "managedDisk", "storageAccountType") for each in _disks(properties)}
    return tuple(sorted(found - {""}))


def _encryption(properties: Wire) -> tuple[str, ...]:
    """customer: a disk encryption set; ade: BitLocker or dm-crypt inside; host: on the host; else platform."""
    found = []
    if any(text_at(each, "managedDisk", "diskEncryptionSet", "id") for each in _disks(properties)):
        found.append("customer")
    if flag_at(properties, "storageProfile", "osDisk", "encryptionSettings", "enabled"):
        found.append("ade")
    if flag_at(properties, "securityProfile", "encryptionAtHost"):
        found.append("host")
    return tuple(found) or ("platform",)


def _power_state(properties: Wire) -> str:
    for each in list_at(properties, "instanceView", "statuses"):
        code = text_at(each, "code").lower() if isinstance(each, Mapping) else ""
        if code.startswith(_POWER):
            return code.removeprefix(_POWER)
    return ""
