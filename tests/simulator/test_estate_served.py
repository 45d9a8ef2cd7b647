"""An estate from a file, served: what the simulator answers about it, and what was under way goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from simulator.server import running
from tests.simulator.client import Client
from tests.simulator.conftest import TOKEN

FILE = """\
version: 1
asOf: 2026-03-01T12:00:00Z
subscriptions: [{name: prod}]
resourceGroups: [{name: rg-web, tags: {a: b}}]
vaults: [{name: rsv, redundancy: LocallyRedundant}]
virtualMachines:
  - {name: web-1, resourceGroup: rg-web, managedBy: /subscriptions/x}
  - {name: web-2, resourceGroup: rg-web}
  - {name: web-3, resourceGroup: rg-web}
  - {name: web-4, resourceGroup: rg-web, provisioningState: Creating}
  - {name: bare, resourceGroup: rg-web, location: northeurope, properties: {storageProfile: {}}}
protectedItems:
  - {vm: web-1, vault: rsv, state: ConfiguringProtection}
  - {vm: web-2, vault: rsv, state: IRPending, lastBackupStatus: InProgress}
  - {vm: web-3, vault: rsv, state: BackupsSuspended}
"""
ITEMS = "recoveryservicesresources | where type endswith 'protecteditems' | project id, properties | order by id asc"


@asynccontextmanager
async def served(folder: Path, text: str = FILE) -> AsyncIterator[Client]:
    file = folder / "estate.yaml"
    file.write_text(text, encoding="utf-8")
    async with running(estate=file) as (base, _), aiohttp.ClientSession(headers=TOKEN) as http:
        yield Client(base, http)


async def states(azure: Client) -> dict[str, str]:
    rows = (await azure.graph(ITEMS)).body["data"]
    return {row["properties"]["friendlyName"]: row["properties"]["currentProtectionState"] for row in rows}


async def vm_path(azure: Client, name: str) -> str:
    [subscription] = await azure.rows("/subscriptions")
    return f"{subscription['id']}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/{name}"


async def test_it_stands_at_the_files_moment_and_knows_no_right_answer(tmp_path: Path) -> None:
    async with served(tmp_path) as azure:
        assert (await azure.get("/_sim/clock"))["now"].startswith("2026-03-01T12:00:00")
        assert await azure.get("/_sim/check") == {"missed": [], "wrongWrites": [], "labelled": 0}
        assert await azure.labels() == []


async def test_every_way_of_reading_a_vm_works_even_for_one_that_says_little(tmp_path: Path) -> None:
    async with served(tmp_path) as azure:
        [subscription] = await azure.rows("/subscriptions")
        listed = await azure.rows(f"{subscription['id']}/providers/Microsoft.Compute/virtualMachines")
        assert [each["name"] for each in listed] == ["web-1", "web-2", "web-3", "web-4", "bare"]
        for each in listed:
            assert (await azure.get(f"{each['id']}?$expand=instanceView"))["properties"]["instanceView"]["statuses"]
        assert listed[0]["managedBy"] == "/subscriptions/x"
        rows = (await azure.graph("resources | where managedBy != '' | project id, managedBy")).body["data"]
        assert rows == [{"id": listed[0]["id"], "managedBy": "/subscriptions/x"}]
        assert (await azure.protect(listed[4]["id"], await azure.vault_for(listed[0]["id"]))).status == 400


async def test_the_regions_of_the_file_are_among_the_subscriptions(tmp_path: Path) -> None:
    text = "version: 1\nsubscriptions: [{name: prod}]\nvirtualMachines: [{name: a, location: japanwest}]\n"
    async with served(tmp_path, text) as azure:
        [subscription] = await azure.rows("/subscriptions")
        names = [each["name"] for each in await azure.rows(f"{subscription['id']}/locations")]
    assert "japanwest" in names
    assert len(set(names)) == len(names)


async def test_a_vault_is_as_the_file_says(tmp_path: Path) -> None:
    async with served(tmp_path) as azure:
        vault = await azure.vault_for(await vm_path(azure, "web-1"))
        stored = (await azure.get(vault))["properties"]["redundancySettings"]["standardTierStorageRedundancy"]
        assert stored == "LocallyRedundant"
        config = await azure.get(f"{vault}/backupstorageconfig/vaultstorageconfig")
        assert config["properties"]["storageType"] == "LocallyRedundant"


async def test_what_was_under_way_goes_on_and_ends(tmp_path: Path) -> None:
    async with served(tmp_path) as azure:
        assert await states(azure) == {
            "web-1": "ConfiguringProtection",
            "web-2": "ProtectionConfigured",
            "web-3": "BackupsSuspended",
        }
        new = await vm_path(azure, "web-4")
        assert (await azure.get(new))["properties"]["provisioningState"] == "Creating"
        await azure.until_idle()
        assert (await azure.get(new))["properties"]["provisioningState"] == "Succeeded"
        assert (await states(azure))["web-1"] == "ProtectionConfigured"
        vault = await azure.vault_for(await vm_path(azure, "web-2"))
        items: list[Any] = await azure.rows(f"{vault}/backupProtectedItems")
        found = {each["properties"]["friendlyName"]: each["properties"] for each in items}
        assert found["web-2"]["protectionState"] == "Protected"
        assert found["web-2"]["lastBackupStatus"] == "Completed"
        jobs = await azure.rows(f"{vault}/backupJobs")
        assert [each["properties"]["status"] for each in jobs] == ["Completed"]


async def test_a_vm_of_the_file_can_be_protected_and_backed_up(tmp_path: Path) -> None:
    async with served(tmp_path, FILE.partition("protectedItems")[0]) as azure:
        vm = await vm_path(azure, "web-2")
        vault = await azure.vault_for(vm)
        assert (await azure.protect(vm, vault)).status == 202
        await azure.until_idle()
        assert (await azure.back_up(vm, vault)).status == 202
        await azure.until_idle()
        assert (await azure.backup_status(vm))["protectionStatus"] == "Protected"


async def test_arrivals_need_a_vault(tmp_path: Path) -> None:
    async with served(tmp_path, "version: 1\nsubscriptions: [{name: prod}]\n") as azure:
        refused = await azure.ask("POST", "/_sim/arrivals", {"count": 3})
        assert (refused.status, refused.code) == (400, "InvalidArrivals")
    async with served(tmp_path) as azure:
        assert (await azure.ask("POST", "/_sim/arrivals", {"count": 3})).status == 200
