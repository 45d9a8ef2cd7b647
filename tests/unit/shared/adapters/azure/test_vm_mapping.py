import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.azure.surroundings import Context
from shared.adapters.azure.vm_mapping import vm_from_row, vm_from_wire
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import OS_DISK, Disk, Image, Vm
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
    group = f"/subscriptions/{SUB}/resourceGroups/myResourceGroup/providers/Microsoft.Compute"
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
        disks=(
            Disk(OS_DISK, 30, "Premium_LRS", id=f"{group}/disks/myOsDisk"),
            Disk(0, 30, "Premium_LRS", id=f"{group}/disks/myDataDisk0"),
            Disk(1, 100, "Premium_LRS", id=f"{group}/disks/myDataDisk1"),
        ),
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


DISKS: dict[str, Any] = {
    "osDisk": {
        "osType": "Linux",
        "diskSizeGB": 127,
        "diffDiskSettings": {"option": "Local"},
        "encryptionSettings": {"enabled": True},
        "managedDisk": {"id": "os", "storageAccountType": "StandardSSD_LRS", "diskEncryptionSet": {"id": "a set"}},
    },
    "dataDisks": [
        {"lun": 5, "diskSizeGB": 1024.0, "managedDisk": {"id": "five", "storageAccountType": "UltraSSD_LRS"}},
        {"lun": 0, "vhd": {"uri": "https://x"}, "writeAcceleratorEnabled": True},
    ],
}


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
            **DISKS,
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
        "osDisk": DISKS["osDisk"],
        "dataDisks": DISKS["dataDisks"],
    }
    vm = vm_from_row(row, Context({"managedBy": "g"}))
    assert vm == vm_from_wire(node, Context({"managedBy": "g"}))
    assert vm.ephemeral_os_disk
    assert vm.created == datetime(2026, 4, 20, 17, 7, 42, 123456, tzinfo=UTC)
    assert vm.encryption == ("customer", "ade")
    assert vm.disks == (
        Disk(OS_DISK, 127, "StandardSSD_LRS", id="os"),
        Disk(5, 1024, "UltraSSD_LRS", id="five"),
        Disk(0, None, "", managed=False, write_accelerator=True),
    )


def test_the_set_of_a_confidential_os_disk_counts_as_the_customers_own_key() -> None:
    disk = {"managedDisk": {"securityProfile": {"diskEncryptionSet": {"id": "a set"}}}}
    vm = vm_from_wire(a_vm_node(properties={"storageProfile": {"osDisk": disk}}), Context({}))
    assert vm.encryption == ("customer",)


CLASSIC: dict[str, Any] = {
    "provisioningState": "Succeeded",
    "hardwareProfile": {"size": "Standard_D1", "platformGuestAgent": True},
    "domainName": {"name": "App-RG"},
    "instanceView": {"status": "ReadyRole", "powerState": "Started"},
    "storageProfile": {
        "operatingSystemDisk": {
            "diskName": "d",
            "operatingSystem": "Windows",
            "ioType": "Standard",
            "vhdUri": "https://x",
        },
        "dataDisks": [{"diskName": "e", "diskSize": 1023, "vhdUri": "https://y"}, {"lun": 3, "diskSize": 20}],
    },
}
CLASSIC_VM = VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute")


def test_a_classic_vm_is_read_from_arm_and_from_a_row_alike() -> None:
    node = {"id": CLASSIC_VM, "location": "West Europe", "tags": {"a": "b"}, "properties": CLASSIC}
    vm = vm_from_wire(node, Context({"tags": {"cost": "42"}}))
    assert vm == Vm(
        parse_vm_id(CLASSIC_VM),
        "westeurope",
        tags={"a": "b"},
        group_tags={"cost": "42"},
        os_type="Windows",
        size="Standard_D1",
        encryption=("platform",),
        power_state="running",
        disks=(Disk(OS_DISK, None, managed=False), Disk(0, 1023, managed=False), Disk(3, 20, managed=False)),
    )
    storage = CLASSIC["storageProfile"]
    row = {
        **{key: node[key] for key in ("id", "location", "tags")},
        "provisioningState": "Succeeded",
        "classicSize": "Standard_D1",
        "classicPower": "Started",
        "classicDisk": storage["operatingSystemDisk"],
        "dataDisks": storage["dataDisks"],
        "size": "",
        "osDisk": None,
    }
    assert vm_from_row(row, Context({"tags": {"cost": "42"}})) == vm


@pytest.mark.parametrize(("said", "meant"), [("StoppedDeallocated", "deallocated"), ("Odd", "odd"), ("", "")])
def test_a_classic_power_state_is_told_in_resource_managers_words(said: str, meant: str) -> None:
    node = {"id": CLASSIC_VM, "location": "w", "properties": {"instanceView": {"powerState": said}}}
    assert vm_from_wire(node, Context({})).power_state == meant


@pytest.mark.parametrize(
    "node",
    [
        {"location": "westeurope"},
        {"id": VM},
        {"id": VM + "/extensions/x", "location": "westeurope"},
        {"id": VM, "location": "westeurope", "tags": ["a"]},
        {"id": VM, "location": "westeurope", "properties": {"storageProfile": "none"}},
        {"id": VM, "location": "westeurope", "properties": {"timeCreated": "yesterday"}},
        {"id": VM, "location": "westeurope", "dataDisks": [{}], "properties": {"storageProfile": {"dataDisks": [{}]}}},
        {"id": CLASSIC_VM, "location": "w", "dataDisks": ["d"], "properties": {"storageProfile": {"dataDisks": ["d"]}}},
    ],
)
def test_a_malformed_vm_is_an_error_and_never_half_a_vm(node: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        vm_from_wire(node, Context({}))
    with pytest.raises(ValueError, match=r"\w"):
        vm_from_row({**node, **({"timeCreated": "yesterday"} if "properties" in node else {})}, Context({}))
