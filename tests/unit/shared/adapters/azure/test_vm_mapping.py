import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.azure.surroundings import Context
from shared.adapters.azure.vm_mapping import vm_from_row, vm_from_wire
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import Image, Vm
from tests.reference import reference_path
from tests.unit.shared.adapters.azure.stub import SUB, VM, a_vm_node

EXAMPLES = "spec/compute/2021-03-01/examples"


def example(name: str) -> dict[str, Any]:
    """The VM of one of the spec's examples, its placeholders filled in."""
    text = (reference_path(EXAMPLES) / f"{name}.json").read_text(encoding="utf-8")
    filled = text.replace("{subscription-id}", SUB).replace("{subscriptionId}", SUB)
    filled = filled.replace("{resourceGroupName}", "g").replace("{virtualMachineName}", "vm")
    answers = json.loads(filled)["responses"]
    body = answers["200"]["body"]
    node: dict[str, Any] = body["value"][0] if "value" in body else body
    return node


def test_the_specs_vm_is_read_whole() -> None:
    text = f"/subscriptions/{SUB}/resourceGroups/myResourceGroup/providers/Microsoft.Compute/virtualMachines/myVM"
    assert vm_from_wire(example("GetVirtualMachine"), Context({"managedBy": "an owner", "tags": {"cost": "42"}})) == Vm(
        id=parse_vm_id(text),
        location="westus",
        tags={"myTag1": "tagValue1"},
        provisioning_state="Succeeded",
        unique_id="0f47b100-583c-48e3-a4c0-aefc2c9bbcc1",
        image=Image("MicrosoftWindowsServer", "WindowsServer", "2016-Datacenter"),
        os_type="Windows",
        group_managed_by="an owner",
        group_tags={"cost": "42"},
        size="Standard_DS3_v2",
        disk_types=("Premium_LRS",),
        encryption=("platform",),
    )


def test_an_ephemeral_disk_is_seen_in_the_specs_example() -> None:
    assert vm_from_wire(example("CreateAVmWithADiffOsDisk"), Context({})).ephemeral_os_disk
    assert not vm_from_wire(example("GetVirtualMachine"), Context({})).ephemeral_os_disk


def test_an_image_of_a_gallery_has_an_id_and_no_publisher() -> None:
    image = vm_from_wire(example("CreateAVmFromACustomImage"), Context({})).image
    assert image.id.lower().startswith("/subscriptions/")
    assert image.publisher == ""


@pytest.mark.parametrize(
    "name",
    [
        "CreateAPlatformImageVmWithUnmanagedOsAndDataDisks",
        "CreateAVmInAVirtualMachineScaleSetWithCustomerAssignedPlatformFaultDomain",
        "CreateAVmWithDiskEncryptionSetResource",
        "CreateAVmWithEmptyDataDisks",
        "CreateAVmWithEncryptionAtHost",
        "CreateAVmWithPremiumStorage",
        "CreateAVmWithUefiSettings",
        "GetVirtualMachineAutoPlacedOnDedicatedHostGroup",
        "ListVirtualMachinesInASubscriptionByLocation",
    ],
)
def test_every_vm_of_the_spec_is_read(name: str) -> None:
    node = example(name)
    vm = vm_from_wire(node, Context({}))
    assert vm.id.key == node["id"].lower()
    assert vm.provisioning_state == node["properties"]["provisioningState"]
    assert vm.os_type in {"Windows", "Linux"}


def test_absent_tags_and_parts_are_empty() -> None:
    vm = vm_from_wire({"id": VM, "location": "westeurope", "tags": None, "properties": None}, Context({}))
    assert vm == Vm(parse_vm_id(VM), "westeurope", provisioning_state="", encryption=("platform",))


def test_a_row_of_resource_graph_gives_the_same_vm_as_arm() -> None:
    properties = {
        "vmId": "u-1",
        "provisioningState": "Succeeded",
        "timeCreated": "2026-04-20T17:07:42.1234567Z",
        "storageProfile": {
            "imageReference": {"publisher": "p", "offer": "o", "sku": "s"},
            "osDisk": {"osType": "Linux", "diffDiskSettings": {"option": "Local"}},
        },
    }
    node = a_vm_node(tags={"a": "b"}, managedBy="m", properties=properties)
    row = {
        "id": VM,
        "location": "westeurope",
        "tags": {"a": "b"},
        "managedBy": "m",
        "vmId": "u-1",
        "provisioningState": "Succeeded",
        "timeCreated": "2026-04-20T17:07:42.1234567Z",
        "imagePublisher": "p",
        "imageOffer": "o",
        "imageSku": "s",
        "imageId": "",
        "osType": "Linux",
        "diskOption": "Local",
    }
    vm = vm_from_row(row, Context({"managedBy": "g"}))
    assert vm == vm_from_wire(node, Context({"managedBy": "g"}))
    assert vm.ephemeral_os_disk
    assert vm.created == datetime(2026, 4, 20, 17, 7, 42, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "node",
    [
        {"location": "westeurope"},
        {"id": VM},
        {"id": VM + "/extensions/x", "location": "westeurope"},
        {"id": VM, "location": "westeurope", "tags": ["a"]},
        {"id": VM, "location": "westeurope", "properties": {"storageProfile": "none"}},
        {"id": VM, "location": "westeurope", "properties": {"timeCreated": "yesterday"}},
    ],
)
def test_a_malformed_vm_is_an_error_and_never_half_a_vm(node: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        vm_from_wire(node, Context({}))
    with pytest.raises(ValueError, match=r"\w"):
        vm_from_row({**node, **({"timeCreated": "yesterday"} if "properties" in node else {})}, Context({}))
