"""Azure's VM in the core's words, the same for ARM's answer and for a row of Resource Graph. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from shared.adapters.azure.classic_mapping import as_resource_manager
from shared.adapters.azure.guest_mapping import agent_of, backup_extension_of
from shared.adapters.azure.surroundings import Context
from shared.adapters.azure.wire import (
    Wire,
    flag_at,
    list_at,
    moment_at,
    number_at,
    object_at,
    required_text,
    tags_at,
    text_at,
    value_at,
)
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import OS_DISK, Disk, Image, Vm
from shared.domain.selectors import normalise_location

_POWER = "powerstate/"


def vm_from_wire(node: Wire, context: Context) -> Vm:
    """A VM of ARM, a classic one included, in its surroundings; ValueError for a malformed part.

    Agent and backup extension are there where the answer holds an instance view.
    """
    vm = _vm(node, context)
    view = object_at(node, "properties", "instanceView")
    if vm.id.classic or not view:  # a classic VM's view has another shape, of which no traffic is at hand
        return vm
    return replace(vm, agent=agent_of(view), backup_extension=backup_extension_of(view))


def _vm(node: Wire, context: Context) -> Vm:
    vm_id = parse_vm_id(required_text(node, "id"))
    properties = object_at(node, "properties")
    if vm_id.classic:
        properties = as_resource_manager(properties)
    image = object_at(properties, "storageProfile", "imageReference")
    os_disk = object_at(properties, "storageProfile", "osDisk")
    subscription = context.subscription
    return Vm(
        id=vm_id,
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
        disks=tuple(_mapped_disks(properties)),
        secret_vault=_source_vault(properties, "diskEncryptionKey"),
        key_vault=_source_vault(properties, "keyEncryptionKey"),
    )


def vm_from_row(row: Wire, context: Context) -> Vm:
    """A VM of a row that `queries.VMS` gives: ARM's values under flat names."""
    if parse_vm_id(required_text(row, "id")).classic:
        return _vm({**row, "properties": _classic_properties(row)}, context)
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
        "storageProfile": {
            "imageReference": image,
            "osDisk": value_at(row, "osDisk"),
            "dataDisks": value_at(row, "dataDisks"),
        },
    }
    return _vm({**row, "properties": properties}, context)


def _classic_properties(row: Wire) -> Wire:
    return {
        "provisioningState": value_at(row, "provisioningState"),
        "hardwareProfile": {"size": value_at(row, "classicSize")},
        "instanceView": {"powerState": value_at(row, "classicPower")},
        "storageProfile": {
            "operatingSystemDisk": value_at(row, "classicDisk"),
            "dataDisks": value_at(row, "dataDisks"),
        },
    }


def _disks(properties: Wire) -> Iterator[Wire]:
    yield object_at(properties, "storageProfile", "osDisk")
    for each in list_at(properties, "storageProfile", "dataDisks"):
        if not isinstance(each, Mapping):
            raise ValueError("storageProfile.dataDisks holds something that is not an object")
        yield each


def _mapped_disks(properties: Wire) -> Iterator[Disk]:
    os_disk, *data_disks = _disks(properties)
    if os_disk:
        yield _disk(os_disk, OS_DISK)
    for each in data_disks:
        lun = number_at(each, "lun")
        if lun is None:
            raise ValueError("a data disk has no lun")
        yield _disk(each, lun)


def _disk(node: Wire, lun: int) -> Disk:
    """An unmanaged disk is a page blob: `vhd` says where (Compute 2021-03-01)."""
    return Disk(
        lun=lun,
        size_gb=number_at(node, "diskSizeGB"),
        storage=text_at(node, "managedDisk", "storageAccountType"),
        managed=value_at(node, "vhd") is None or value_at(node, "managedDisk") is not None,
        write_accelerator=bool(flag_at(node, "writeAcceleratorEnabled")),
        id=text_at(node, "managedDisk", "id"),
    )


def _disk_types(properties: Wire) -> tuple[str, ...]:
    found = {text_at(each, "managedDisk", "storageAccountType") for each in _disks(properties)}
    return tuple(sorted(found - {""}))


def _encryption(properties: Wire) -> tuple[str, ...]:
    """customer: a disk encryption set; ade: BitLocker or dm-crypt inside; host: on the host; else platform.

    A Confidential VM names the set of its OS disk's confidential encryption under `securityProfile` (Compute
    2021-11-01).
    """
    found = []
    sets = (("managedDisk", "diskEncryptionSet", "id"), ("managedDisk", "securityProfile", "diskEncryptionSet", "id"))
    if any(text_at(each, *path) for each in _disks(properties) for path in sets):
        found.append("customer")
    if flag_at(properties, "storageProfile", "osDisk", "encryptionSettings", "enabled"):
        found.append("ade")
    if flag_at(properties, "securityProfile", "encryptionAtHost"):
        found.append("host")
    return tuple(found) or ("platform",)


def _source_vault(properties: Wire, which: str) -> str:
    """The key vault that holds the secret or the key of Azure Disk Encryption, where the OS disk names it."""
    settings = object_at(properties, "storageProfile", "osDisk", "encryptionSettings")
    return "" if flag_at(settings, "enabled") is False else text_at(settings, which, "sourceVault", "id")


def _power_state(properties: Wire) -> str:
    for each in list_at(properties, "instanceView", "statuses"):
        code = text_at(each, "code").lower() if isinstance(each, Mapping) else ""
        if code.startswith(_POWER):
            return code.removeprefix(_POWER)
    return ""
