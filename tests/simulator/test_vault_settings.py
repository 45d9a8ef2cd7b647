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


REDUNDANT = {"standardTierStorageRedundancy": "ZoneRedundant", "crossRegionRestore": "Disabled"}


async def test_a_vault_is_born_with_the_redundancy_that_its_maker_asks_for(azure: Client) -> None:
    soft = {"softDeleteSettings": {"softDeleteState": "AlwaysOn", "softDeleteRetentionPeriodInDays": 30}}
    security = soft | {"immutabilitySettings": {"state": "Unlocked"}}
    wanted = {"redundancySettings": REDUNDANT, "securitySettings": security, "publicNetworkAccess": "Disabled"}
    vault = await new_vault(azure, properties=wanted)
    shown = (await azure.get(vault))["properties"]
    assert shown["redundancySettings"] == REDUNDANT
    assert shown["publicNetworkAccess"] == "Disabled"
    assert shown["securitySettings"]["softDeleteSettings"]["softDeleteState"] == "AlwaysON"
    assert shown["securitySettings"]["softDeleteSettings"]["softDeleteRetentionPeriodInDays"] == 30
    assert shown["securitySettings"]["immutabilitySettings"] == {"state": "Unlocked"}
    subscription = "/".join(vault.split("/")[:3])
    listed = await azure.rows(f"{subscription}/providers/Microsoft.RecoveryServices/vaults")
    [row] = (await azure.graph("resources | where name == 'new-vault' | project properties")).body["data"]
    for each in (next(one for one in listed if one["name"] == "new-vault"), row):
        assert each["properties"]["redundancySettings"] == REDUNDANT
        assert each["properties"]["securitySettings"] == shown["securitySettings"]
    config = (await azure.get(f"{vault}/{STORAGE}"))["properties"]
    assert (config["storageType"], config["storageTypeState"]) == ("ZoneRedundant", "Unlocked")


async def test_the_vaults_own_redundancy_can_be_changed_until_the_first_item(azure: Client) -> None:
    vault = await new_vault(azure)
    geo = REDUNDANT | {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Enabled"}
    for settings in (REDUNDANT, geo):
        assert (await azure.ask("PATCH", vault, {"properties": {"redundancySettings": settings}})).status == 200
        assert (await azure.get(vault))["properties"]["redundancySettings"] == settings
    assert (await azure.get(f"{vault}/{STORAGE}"))["properties"]["crossRegionRestoreFlag"] is True
    back = await azure.ask("PATCH", vault, {"properties": {"redundancySettings": REDUNDANT}})
    assert back.code == "BMSUserErrorCrossRegionRestoreIrreversible"
    label = next(each for each in await azure.labels("plain-unprotected"))
    held = await azure.vault_for(label["vmId"])
    assert (await azure.protect(label["vmId"], held)).status == 202
    for method in ("PUT", "PATCH"):
        body = {"location": "westeurope", "sku": {"name": "RS0"}, "properties": {"redundancySettings": REDUNDANT}}
        assert (await azure.ask(method, held, body)).code == "BMSUserErrorStorageTypeLocked"
    same = {"redundancySettings": (await azure.get(held))["properties"]["redundancySettings"]}
    assert (await azure.ask("PATCH", held, {"properties": same})).status == 200


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"redundancySettings": {"standardTierStorageRedundancy": "Tape"}}, "BMSUserErrorInvalidInput"),
        ({"redundancySettings": {"crossRegionRestore": "Perhaps"}}, "BMSUserErrorInvalidInput"),
        (
            {"redundancySettings": REDUNDANT | {"crossRegionRestore": "Enabled"}},
            "BMSUserErrorCrossRegionRestoreNotSupported",
        ),
        ({"securitySettings": {"immutabilitySettings": {"state": "Molten"}}}, "BMSUserErrorInvalidInput"),
        (
            {"securitySettings": {"softDeleteSettings": {"softDeleteRetentionPeriodInDays": 13}}},
            "BMSUserErrorInvalidInput",
        ),
        (
            {"securitySettings": {"softDeleteSettings": {"softDeleteState": "Disabled"}}},
            "BMSUserErrorSoftDeleteStateNotEditable",
        ),
        ({"publicNetworkAccess": "Sometimes"}, "BMSUserErrorInvalidInput"),
    ],
)
async def test_a_vault_that_cannot_be_is_not_made(azure: Client, properties: Any, code: str) -> None:
    group = (await azure.rows(f"{(await azure.rows('/subscriptions'))[0]['id']}/resourceGroups"))[0]["id"]
    path = f"{group}/providers/Microsoft.RecoveryServices/vaults/refused"
    reply = await azure.ask("PUT", path, {"location": "westeurope", "sku": {"name": "RS0"}, "properties": properties})
    assert (reply.status, reply.code) == (400, code)
    assert (await azure.ask("GET", path)).status == 404


async def test_immutability_that_is_locked_stays_locked(azure: Client) -> None:
    vault = await new_vault(azure)
    for state, code in (("Locked", ""), ("Unlocked", "BMSUserErrorImmutabilityLocked"), ("Locked", "")):
        body = {"properties": {"securitySettings": {"immutabilitySettings": {"state": state}}}}
        reply = await azure.ask("PATCH", vault, body)
        assert (reply.status, code and reply.code) == (400 if code else 200, code)


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
