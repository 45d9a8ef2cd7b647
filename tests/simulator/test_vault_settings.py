"""What can be set on a vault, what it counts, its identity, and deleting it."""

from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client

STORAGE, GUARD = "backupstorageconfig/vaultstorageconfig", "backupconfig/vaultconfig"


async def new_vault(azure: Client, **more: Any) -> str:
    """A vault with nothing in it, ready."""
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    group = (await azure.rows(f"{subscription}/resourceGroups"))[0]["id"]
    path = f"{group}/providers/Microsoft.RecoveryServices/vaults/new-vault"
    body = {"location": "West Europe", "sku": {"name": "RS0"}, **more}
    assert (await azure.ask("PUT", path, body)).status == 201
    await azure.advance()
    return path


def full_vault(world: World) -> str:
    return next(vault.id for vault in world.state.vaults.values() if vault.items)


async def test_redundancy_is_chosen_before_anything_is_protected_and_not_after(served: tuple[Client, World]) -> None:
    azure, world = served
    vault = await new_vault(azure)
    wanted = {"properties": {"storageModelType": "LocallyRedundant"}}
    reply = await azure.ask("PUT", f"{vault}/{STORAGE}", wanted)
    assert (reply.status, reply.body["properties"]["storageType"]) == (200, "LocallyRedundant")
    shown = (await azure.get(vault))["properties"]["redundancySettings"]
    assert shown["standardTierStorageRedundancy"] == "LocallyRedundant"
    assert (await azure.ask("PATCH", f"{vault}/{STORAGE}", {"properties": {}})).status == 204
    full = full_vault(world)
    assert (await azure.get(f"{full}/{STORAGE}"))["properties"]["storageTypeState"] == "Locked"
    refused = await azure.ask("PUT", f"{full}/{STORAGE}", wanted)
    assert (refused.status, refused.code) == (400, "BMSUserErrorStorageTypeLocked")


async def test_cross_region_restore_is_for_good(azure: Client) -> None:
    path = f"{await new_vault(azure)}/{STORAGE}"
    on = await azure.ask("PUT", path, {"properties": {"crossRegionRestoreFlag": True}})
    assert on.body["properties"]["crossRegionRestoreFlag"] is True
    off = await azure.ask("PUT", path, {"properties": {"crossRegionRestoreFlag": False}})
    assert (off.status, off.code) == (400, "BMSUserErrorCrossRegionRestoreIrreversible")


async def test_soft_delete_that_is_always_on_stays_on(azure: Client) -> None:
    path = f"{await new_vault(azure)}/{GUARD}"
    before = await azure.get(path)
    assert before["properties"]["softDeleteFeatureState"] == "AlwaysON"
    assert before["properties"]["isSoftDeleteFeatureStateEditable"] is False
    off = await azure.ask("PATCH", path, {"properties": {"softDeleteFeatureState": "Disabled"}})
    assert (off.status, off.code) == (400, "BMSUserErrorSoftDeleteStateNotEditable")
    longer = await azure.ask("PATCH", path, {"properties": {"softDeleteRetentionPeriodInDays": 30}})
    assert longer.body["properties"]["softDeleteRetentionPeriodInDays"] == 30
    assert (await azure.get(path))["properties"]["softDeleteFeatureState"] == "AlwaysON"


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        (STORAGE, {"storageType": "Tape"}),
        (STORAGE, {"crossRegionRestoreFlag": "yes"}),
        (GUARD, {"enhancedSecurityState": "Perhaps"}),
        (GUARD, {"softDeleteRetentionPeriodInDays": 13}),
        (GUARD, {"softDeleteRetentionPeriodInDays": True}),
    ],
)
async def test_a_setting_that_is_none_is_refused(azure: Client, path: str, properties: Any) -> None:
    vault = await new_vault(azure)
    before = await azure.get(f"{vault}/{path}")
    reply = await azure.ask("PUT", f"{vault}/{path}", {"properties": properties})
    assert (reply.status, reply.code) == (400, "BMSUserErrorInvalidInput")
    assert await azure.get(f"{vault}/{path}") == before


async def test_a_vault_gets_the_identity_that_it_asks_for(azure: Client) -> None:
    owner = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    vault = await new_vault(azure, identity={"type": "SystemAssigned"}, tags={"a": "b"})
    first = (await azure.get(vault))["identity"]
    assert first.keys() == {"type", "tenantId", "principalId"}
    key = {"keyVaultProperties": {"keyUri": "https://x/keys/k"}, "kekIdentity": {"userAssignedIdentity": owner}}
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {owner: {}}}
    await azure.ask("PATCH", vault, {"identity": both, "properties": {"encryption": key}})
    shown = await azure.get(vault)
    assert shown["tags"] == {"a": "b"}
    assert shown["identity"]["principalId"] == first["principalId"]
    assert shown["identity"]["userAssignedIdentities"][owner].keys() == {"clientId", "principalId"}
    assert shown["properties"]["encryption"]["kekIdentity"]["useSystemAssignedIdentity"] is False
    await azure.ask("PATCH", vault, {"identity": {"type": "None"}})
    assert "identity" not in await azure.get(vault)


async def test_an_empty_vault_can_be_deleted_and_one_with_items_not(served: tuple[Client, World]) -> None:
    azure, world = served
    refused = await azure.ask("DELETE", full_vault(world))
    assert (refused.status, refused.code) == (400, "BMSUserErrorVaultDeletionNotAllowed")
    vault = await new_vault(azure)
    reply = await azure.ask("DELETE", vault)
    assert reply.status == 202
    assert (await azure.get(vault))["properties"]["provisioningState"] == "Deleting"
    await azure.advance()
    assert (await azure.get(reply.headers["azure-asyncoperation"]))["status"] == "Succeeded"
    assert (await azure.ask("GET", vault)).status == 404
    assert (await azure.ask("DELETE", vault)).status == 204
    rows = await azure.graph("resources | where name == 'new-vault' | project id")
    assert rows.body["data"] == []


async def test_a_vault_counts_its_items_and_jobs(served: tuple[Client, World]) -> None:
    azure, world = served
    vault = max(world.state.vaults.values(), key=lambda vault: len(vault.items))
    counted = {row["name"]["value"]: row["currentValue"] for row in (await azure.get(f"{vault.id}/usages"))["value"]}
    virtual = [item for item in vault.items.values() if item.management == "AzureIaasVM"]
    assert (counted["ProtectedItemCount"], counted["IaaSVMProtectedItemCount"]) == (len(vault.items), len(virtual))
    rows = (await azure.get(f"{vault.id}/backupUsageSummaries"))["value"]
    assert {row["name"]["value"]: row["currentValue"] for row in rows}["AzureIaasVM"] == len(virtual)
