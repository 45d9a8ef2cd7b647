import pytest

from shared.domain.arm_id import is_subscription_id, parse_id, parse_vm_id, vault_id_of

SUB = "0B1F6471-1BF0-4DDA-AEC3-CB9272F09590"
VM = f"/subscriptions/{SUB}/resourceGroups/My-RG/providers/Microsoft.Compute/virtualMachines/Web-01"


def test_an_id_equals_itself_in_any_case() -> None:
    assert parse_vm_id(VM) == parse_vm_id(VM.upper()) == parse_vm_id(VM.replace("resourceGroups", "resourcegroups"))
    assert len({parse_vm_id(VM), parse_vm_id(VM.lower())}) == 1


def test_twins_in_two_groups_are_two() -> None:
    assert parse_vm_id(VM) != parse_vm_id(VM.replace("My-RG", "Other-RG"))


def test_the_parts_keep_their_spelling_and_the_subscription_is_folded() -> None:
    vm = parse_vm_id(VM)
    assert (vm.subscription_id, vm.resource_group, vm.name) == (SUB.lower(), "My-RG", "Web-01")


def test_a_classic_vm_is_a_vm_of_its_own_and_says_so() -> None:
    classic = parse_vm_id(VM.replace("Microsoft.Compute", "microsoft.classiccompute"))
    assert (classic.resource_group, classic.name) == ("My-RG", "Web-01")
    assert classic.classic
    assert not parse_vm_id(VM).classic
    assert classic != parse_vm_id(VM)


@pytest.mark.parametrize(
    "text",
    [
        "",
        VM.replace("Microsoft.Compute", "Microsoft.ClassicStorage"),
        VM.replace("Microsoft.Compute", "Microsoft.classic"),
        "web-01",
        VM + "/",
        VM + "/extensions/x",
        VM + "?api-version=1",
        VM + "/../other",
        VM.replace("virtualMachines", "virtualMachineScaleSets"),
        VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute") + "/extensions/x",
        VM.replace(SUB, "not-a-guid"),
        VM.replace("Web-01", "a b"),
        VM.replace("Web-01", "..%2f.."),
        "https://management.azure.com" + VM,
        VM + "\n",
    ],
)
def test_what_is_no_vm_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the id of a virtual machine"):
        parse_vm_id(text)


def test_a_vault_is_found_in_what_lies_in_it() -> None:
    vault = f"/Subscriptions/{SUB}/resourcegroups/rg/providers/microsoft.recoveryservices/vaults/V1"
    assert vault_id_of(f"{vault}/backupPolicies/DefaultPolicy") == vault
    assert parse_id(vault).name == "V1"
    with pytest.raises(ValueError, match="not inside a Recovery Services vault"):
        vault_id_of(VM)


def test_only_a_guid_is_a_subscription_id() -> None:
    assert is_subscription_id(SUB)
    assert not is_subscription_id("corp")
