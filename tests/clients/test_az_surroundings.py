"""Locks and key vaults as the Azure CLI puts and reads them; roles and policy assignments as it lists them."""

import json

from tests.clients.conftest import Az, Simulator


def test_a_lock_is_put_on_a_group_listed_and_taken_off(az: Az, simulator: Simulator) -> None:
    _, _, subscription, _, group, *_ = simulator.vm("pending").split("/")
    where = f"--resource-group {group} --subscription {subscription}"
    made = az(f"lock create --name keep --lock-type CanNotDelete {where}")
    assert made["level"] == "CanNotDelete"
    assert [lock["name"] for lock in az(f"lock list {where}")] == ["keep"]
    assert az(f"lock show --name keep {where}")["id"] == made["id"]
    assert "ScopeLocked" in az.refused(f"vm delete --ids {simulator.vm('pending')} --yes")
    az(f"lock delete --name keep {where}")
    assert az(f"lock list {where}") == []


def test_a_key_vault_is_read_with_its_roles_and_policies_with_their_scope(az: Az, simulator: Simulator) -> None:
    _, _, subscription, _, group, *_ = simulator.vm("pending").split("/")
    base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers"
    vault = f"{base}/Microsoft.KeyVault/vaults/kv-client"
    put = ("rest --method put --only-show-errors --url", "--body")
    body = json.dumps({"location": "westeurope", "properties": {"enableRbacAuthorization": True}})
    az(put[0], f"{simulator.base}{vault}?api-version=2023-07-01", put[1], body, "--resource", simulator.base)
    shown = az(f"keyvault show --name kv-client --resource-group {group} --subscription {subscription}")
    assert (shown["id"], shown["properties"]["enableRbacAuthorization"]) == (vault, True)
    listed = az(f"keyvault list --resource-group {group} --subscription {subscription}")
    assert [each["name"] for each in listed] == ["kv-client"]
    assert az(f"policy assignment list --scope {base.removesuffix('/providers')} --subscription {subscription}") == []
    assert az(f"role assignment list --scope {vault} --subscription {subscription} --fill-principal-name false") == []
