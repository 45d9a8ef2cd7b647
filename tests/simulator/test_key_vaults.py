"""Key vaults as resources, roles in them, and the one question to Microsoft Graph that makes sense of both."""

from pathlib import Path

from simulator.keyvault.access import BACKUP_APPLICATION, backup_principal
from tests.simulator.surroundings import estate, vm_named

TEXT = """\
keyVaults:
  - {name: kv-policy, resourceGroup: rg-vms, backupAccess: all}
  - {name: kv-roles, rbac: true, backupAccess: all}
virtualMachines: [{name: web, diskEncryption: {keyVault: kv-roles, keyEncryptionKey: true}}]
"""


async def test_a_key_vault_tells_who_may_read_it(tmp_path: Path) -> None:
    async with estate(tmp_path, TEXT) as (azure, world):
        [subscription] = await azure.rows("/subscriptions")
        base = f"{subscription['id']}/providers/Microsoft.KeyVault/vaults"
        shown = {row["name"]: row for row in await azure.rows(base)}
        principal = backup_principal(world.state.tenant)
        [entry] = shown["kv-policy"]["properties"]["accessPolicies"]
        assert (entry["objectId"], entry["tenantId"]) == (principal, world.state.tenant)
        assert set(entry["permissions"]["keys"]) == set(entry["permissions"]["secrets"]) == {"get", "list", "backup"}
        assert shown["kv-roles"]["properties"]["enableRbacAuthorization"] is True
        assert shown["kv-roles"]["properties"]["accessPolicies"] == []
        assert await azure.get(shown["kv-policy"]["id"]) == shown["kv-policy"]
        group = f"{subscription['id']}/resourceGroups/rg-vms/providers/Microsoft.KeyVault/vaults"
        assert [row["name"] for row in await azure.rows(group)] == ["kv-policy"]
        assert (await azure.ask("GET", f"{group}/absent")).code == "ResourceNotFound"
        vault = f"{shown['kv-roles']['id']}/providers/Microsoft.Authorization/roleAssignments"
        for query in (f"principalId eq '{principal}'", f"assignedTo('{principal}')", "atScope()"):
            [role] = await azure.rows(f"{vault}?$filter={query}")
            assert role["properties"]["principalId"] == principal
            assert role["properties"]["roleDefinitionId"].endswith("00482a5a-887f-4fb3-b363-3b7fe8e74483")
        assert await azure.rows(f"{vault}?$filter=principalId eq 'x' and atScope()") == []


async def test_the_vm_names_its_key_vault_in_both_views(tmp_path: Path) -> None:
    async with estate(tmp_path, TEXT) as (azure, world):
        vm = await azure.get(f"{vm_named(world, 'web')}?$expand=instanceView")
        settings = vm["properties"]["storageProfile"]["osDisk"]["encryptionSettings"]
        assert settings["diskEncryptionKey"]["sourceVault"]["id"].endswith("/vaults/kv-roles")
        assert settings["keyEncryptionKey"]["sourceVault"]["id"].endswith("/vaults/kv-roles")
        [disk] = vm["properties"]["instanceView"]["disks"]
        assert disk["encryptionSettings"] == [settings]


async def test_a_key_vault_is_made_and_changed(tmp_path: Path) -> None:
    async with estate(tmp_path, TEXT) as (azure, world):
        group = "/".join(vm_named(world, "web").split("/")[:5])
        path = f"{group}/providers/Microsoft.KeyVault/vaults/kv-new"
        entry = {"objectId": "o", "tenantId": "t", "permissions": {"keys": ["get"], "secrets": None}}
        body = {"location": "westeurope", "properties": {"accessPolicies": [entry]}}
        assert (await azure.ask("PUT", path, body)).status == 201
        changed = await azure.ask("PUT", path, body | {"tags": {"a": "b"}})
        assert (changed.status, changed.body["tags"]) == (200, {"a": "b"})
        assert changed.body["properties"]["accessPolicies"] == [entry]
        for wrong in ([{"objectId": 1}], ["x"], [{"objectId": "o", "permissions": {"keys": "get"}}], "x"):
            refused = await azure.ask("PUT", path, {"location": "w", "properties": {"accessPolicies": wrong}})
            assert refused.status == 400
        assert (await azure.ask("PUT", f"{path}--no", body)).code == "VaultNameNotValid"


async def test_microsoft_graph_tells_the_object_id_of_the_backup_service(tmp_path: Path) -> None:
    async with estate(tmp_path, TEXT) as (azure, world):
        for query in (f"appId eq '{BACKUP_APPLICATION}'", "displayName eq 'Backup Management Service'"):
            [found] = (await azure.get(f"/v1.0/servicePrincipals?$filter={query}"))["value"]
            assert found["id"] == backup_principal(world.state.tenant)
        assert (await azure.get("/v1.0/servicePrincipals?$filter=appId eq 'x'"))["value"] == []
        assert (await azure.ask("GET", "/v1.0/servicePrincipals")).status == 400
