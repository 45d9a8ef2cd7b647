"""Azure's VM in the core's words, the same for ARM's answer and for a row of Resource Graph. Pure."""

from shared.adapters.azure.wire import Wire, moment_at, object_at, required_text, tags_at, text_at, value_at
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import Image, Vm
from shared.domain.selectors import normalise_location


def vm_from_wire(node: Wire, group: Wire) -> Vm:
    """A VM of ARM's `Microsoft.Compute/virtualMachines` in its resource group; ValueError for a malformed part."""
    properties = object_at(node, "properties")
    image = object_at(properties, "storageProfile", "imageReference")
    os_disk = object_at(properties, "storageProfile", "osDisk")
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
        group_managed_by=text_at(group, "managedBy"),
        group_tags=tags_at(group, "tags"),
    )


def vm_from_row(row: Wire, group: Wire) -> Vm:
    """A VM of a row that `queries.VMS` gives, in a group that `queries.GROUPS` gives: ARM's values, flat names."""
    disk = {"osType": value_at(row, "osType"), "diffDiskSettings": {"option": value_at(row, "diskOption")}}
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
        "storageProfile": {"imageReference": image, "osDisk": disk},
    }
    return vm_from_wire({**row, "properties": properties}, group)
