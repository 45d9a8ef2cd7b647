"""Names become tokens, the same everywhere in a file; what decisions look at stays."""

from typing import Any

import pytest

from shared.domain.anonymizing import Anonymizer

SUB = "11111111-1111-4111-8111-111111111111"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-secret"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-secret"
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/rsv-secret"
ITEM = (
    f"{VAULT}/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg-secret;vm-secret"
    "/protectedItems/VM;iaasvmcontainerv2;RG-SECRET;vm-secret"
)
SQL = f"{VAULT}/backupFabrics/Azure/protectionContainers/VMAppContainer;Compute;rg-secret;vm-secret/protectedItems"
FAKE = "00000000-0000-4000-8000-000000000001"
FAKE_VM = f"/subscriptions/{FAKE}/resourceGroups/rg-1/providers/Microsoft.Compute/virtualMachines/vm-1"
FAKE_VAULT = f"/subscriptions/{FAKE}/resourceGroups/rg-1/providers/Microsoft.RecoveryServices/vaults/vault-1"


def vm(**changes: Any) -> dict[str, Any]:
    return {"id": VM, "location": "westeurope", "properties": {}, **changes}


def test_relations_are_kept_whatever_the_spelling() -> None:
    one = Anonymizer()
    assert one.entry("virtualMachines", vm())["id"] == FAKE_VM
    assert one.entry("virtualMachines", vm(id=VM.upper()))["id"].lower() == FAKE_VM.lower()
    item = one.entry("protectedItems", {"id": ITEM, "vm": VM, "policy": "gold", "state": "SoftDeleted"})
    assert item == {
        "id": (
            f"{FAKE_VAULT}/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg-1;vm-1"
            "/protectedItems/VM;iaasvmcontainerv2;rg-1;vm-1"
        ),
        "vm": FAKE_VM,
        "policy": "policy-1",
        "state": "SoftDeleted",
    }
    database = one.entry("protectedItems", {"id": f"{SQL}/SQLDataBase;mssqlserver;salaries", "vm": VM, "state": "x"})
    assert database["id"].endswith("/VMAppContainer;Compute;rg-1;vm-1/protectedItems/SQLDataBase;item-1")
    assert one.entry("resourceGroups", {"name": "RG-Secret", "subscription": SUB, "location": "x"})["name"] == "rg-1"
    assert one.entry("subscriptions", {"name": "prod", "id": SUB}) == {"name": "subscription-1", "id": FAKE}


def test_tags_lose_name_and_value_unless_they_are_kept() -> None:
    one = Anonymizer(keep_tags=["ENV"])
    tags = {
        "env": "prod",
        "Owner": "kim",
        "app": "kim",
        "empty": "",
        "aks-managed-poolName": "p",
        "Vendor": "Databricks",
    }
    assert one.entry("virtualMachines", vm(tags=tags))["tags"] == {
        "env": "prod",
        "tag-1": "value-1",
        "tag-2": "value-1",
        "tag-3": "",
        "aks-managed-poolName": "value-2",
        "Vendor": "Databricks",
    }
    assert one.entry("virtualMachines", vm(tags={"owner": "KIM2", "vendor": "acme"}))["tags"] == {
        "tag-1": "value-3",
        "tag-4": "value-4",
    }
    assert "tags" not in one.entry("virtualMachines", vm())


@pytest.mark.parametrize(
    ("name", "token"),
    [("databricks-rg-x-77", "databricks-rg-1"), ("MC_a_b_c", "MC_rg_aks_1"), ("mc_a", "rg-1"), ("x", "rg-1")],
)
def test_the_marks_of_managed_groups_stay(name: str, token: str) -> None:
    owner = f"{GROUP}/providers/Microsoft.Databricks/workspaces/w"
    entry = {"name": name, "subscription": SUB, "location": "x", "managedBy": owner}
    made = Anonymizer().entry("resourceGroups", entry)
    assert made["name"] == token
    assert "/providers/Microsoft.Databricks/workspaces/resource-1" in made["managedBy"]


def test_of_properties_only_what_is_listed_stays() -> None:
    properties = {
        "vmId": "22222222-2222-4222-8222-222222222222",
        "hardwareProfile": {"vmSize": "Standard_D2s_v5", "secret": "s"},
        "storageProfile": {
            "imageReference": {"publisher": "Canonical", "id": f"{GROUP}/providers/Microsoft.Compute/galleries/secret"},
            "osDisk": {"osType": "Linux", "name": "secret", "vhd": {"uri": "https://secret"}, "managedDisk": "odd"},
            "dataDisks": [{"lun": 0, "name": "SECRET"}],
        },
        "osProfile": {"computerName": "secret", "allowExtensionOperations": True},
        "networkProfile": {"networkInterfaces": [{"id": "secret"}]},
        "secret": "s",
        "timeCreated": "2026-01-01",
        "availabilitySet": 7,
    }
    made = Anonymizer().entry("virtualMachines", vm(properties=properties, identity={"type": "x", "principalId": SUB}))
    assert "secret" not in str(made).lower()
    assert made["identity"] == {"type": "x"}
    assert made["properties"] == {
        "vmId": "00000000-0000-4000-8000-000000000002",
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": {
                "publisher": "Canonical",
                "id": f"/subscriptions/{FAKE}/resourceGroups/rg-1/providers/Microsoft.Compute/galleries/resource-1",
            },
            "osDisk": {"osType": "Linux", "name": "disk-1", "vhd": {"uri": "disk-2"}},
            "dataDisks": [{"lun": 0, "name": "disk-1"}],
        },
        "osProfile": {"allowExtensionOperations": True},
        "timeCreated": "2026-01-01",
    }


def test_backup_policies_that_every_vault_has_and_those_to_be_kept_stay() -> None:
    names = ["DefaultPolicy", "gold", "silver"]
    rows = [{"name": each, "type": "V1", "definition": {"timeZone": "UTC", "x": "secret"}} for each in names]
    made = Anonymizer(keep_policies=["Gold"]).entry("vaults", {"id": VAULT, "location": "x", "policies": rows})
    assert [each["name"] for each in made["policies"]] == ["DefaultPolicy", "gold", "policy-1"]
    assert [each["definition"] for each in made["policies"]] == [{"timeZone": "UTC"}] * 3


def test_the_root_group_stays_that_of_its_tenant() -> None:
    one = Anonymizer()
    assert one.entry("tenant", {"id": SUB}) == {"id": FAKE}
    tree = {"name": SUB, "children": [{"name": "corp", "subscriptions": [SUB.replace("1", "2")]}]}
    assert one.entry("managementGroups", tree) == {
        "name": FAKE,
        "children": [{"name": "mg-1", "subscriptions": ["00000000-0000-4000-8000-000000000002"]}],
    }


def test_a_section_that_nobody_taught_it_is_never_let_through() -> None:
    with pytest.raises(KeyError):
        Anonymizer().entry("secrets", {})
