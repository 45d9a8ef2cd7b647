import json

import pytest

from shared.adapters.azure.names import container_name, item_name, protected_item_type
from shared.domain.arm_id import parse_vm_id
from tests.reference import reference_file, reference_path
from tests.unit.shared.adapters.azure.stub import ITEM, VAULT, VM

CLASSIC = VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute")


def test_a_vms_names_are_those_of_its_item() -> None:
    vm = parse_vm_id(VM)
    path = f"protectionContainers/{container_name(vm)}/protectedItems/{item_name(vm)}"
    assert f"{VAULT}/backupFabrics/Azure/{path}" == ITEM
    assert protected_item_type(vm) == "Microsoft.Compute/virtualMachines"


def test_a_classic_twin_has_names_of_its_own() -> None:
    vm = parse_vm_id(CLASSIC)
    assert container_name(vm) == "IaasVMContainer;iaasvmcontainer;App-RG;web-01"
    assert item_name(vm) == "VM;iaasvmcontainer;App-RG;web-01"
    assert protected_item_type(vm) == "Microsoft.ClassicCompute/virtualMachines"


@pytest.mark.parametrize("kind", ["ClassicCompute/virtualMachines", "Compute/virtualMachines"])
def test_every_recorded_vm_bears_the_name_that_its_id_tells(kind: str) -> None:
    found = 0
    for exchange in json.loads(reference_file("recordings/azure-cli.container.json")):
        for node in (exchange.get("response") or {}).get("value", []):
            properties = node["properties"]
            if properties.get("protectableItemType") != f"Microsoft.{kind}":
                continue
            vm = parse_vm_id(properties["virtualMachineId"])
            assert node["name"].lower() == container_name(vm).partition(";")[2].lower()
            assert f"/{container_name(vm)}/protectableItems/{item_name(vm)}".lower() in node["id"].lower()
            assert protected_item_type(vm) == properties["protectableItemType"]
            found += 1
    assert found > 5


def test_the_specs_item_of_a_classic_vm_bears_the_name_that_its_id_tells() -> None:
    folder = reference_path("spec/recoveryservicesbackup/2021-06-01/examples/AzureIaasVm")
    body = json.loads((folder / "ClassicCompute_ProtectedItem_Get.json").read_text())["responses"]["200"]["body"]
    subscription = "00000000-0000-0000-0000-000000000000"
    path = "resourceGroups/iaasvm-rg/providers/Microsoft.ClassicCompute/virtualMachines/iaasvm-1"
    vm = parse_vm_id(f"/subscriptions/{subscription}/{path}")
    assert body["name"] == item_name(vm)
    assert f"/{container_name(vm)}/" in body["id"]
    assert body["properties"]["protectedItemType"] == protected_item_type(vm)
