"""How a first backup ends by what surrounds its VM: agent, extension, key vault, Azure Policy, locks."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.backup.snapshots import MOST_POINTS
from tests.simulator.client import item_of
from tests.simulator.surroundings import GROUP, REQUIRE_TAG, backed_up, estate, failure, points_of, vm_named

KEYS = """\
keyVaults:
  - {name: kv-open, backupAccess: all}
  - {name: kv-half, backupAccess: secrets}
  - {name: kv-shut, accessPolicies: [{objectId: 11111111-1111-1111-1111-111111111111, secrets: [all], keys: [all]}]}
  - {name: kv-rbac-open, rbac: true, backupAccess: all}
  - {name: kv-rbac-shut, rbac: true}
"""
DAY = timedelta(days=1)
AGENT, EXTENSION = "UserErrorGuestAgentStatusUnavailable", "ExtensionStuckInDeletionState"
ACCESS, DENIED = "UserErrorKeyvaultPermissionsNotConfigured", "UserErrorRequestDisallowedByPolicy"


@pytest.mark.parametrize(
    ("vm", "code", "consistency"),
    [
        ("", "", "FileSystemConsistent"),
        ("osType: Windows", "", "AppConsistent"),
        ("scripts: true", "", "AppConsistent"),
        ("powerState: deallocated", "", "CrashConsistent"),
        ("agent: ok", "", "FileSystemConsistent"),
        ("agent: old, osType: Windows", "", "AppConsistent"),
        ("agent: missing", AGENT, None),
        ("agent: notReady", AGENT, None),
        ("agent: notReady, powerState: stopped", "", "CrashConsistent"),
        ("extensions: {VMSnapshotLinux: succeeded}", "", "FileSystemConsistent"),
        ("extensions: {VMSnapshotLinux: failed}", EXTENSION, None),
        ("extensions: {VMSnapshot: failed}, osType: Windows", EXTENSION, None),
        ("extensions: {AzureMonitorLinuxAgent: failed}", "", "FileSystemConsistent"),
        ("extensions: {VMSnapshotLinux: failed}, powerState: stopped", "", "CrashConsistent"),
        ("diskEncryption: {keyVault: kv-open, keyEncryptionKey: true}", "", "FileSystemConsistent"),
        ("diskEncryption: {keyVault: kv-half}", "", "FileSystemConsistent"),
        ("diskEncryption: {keyVault: kv-half, keyEncryptionKey: true}", ACCESS, None),
        ("diskEncryption: {keyVault: kv-shut}", ACCESS, None),
        ("diskEncryption: {keyVault: kv-shut}, powerState: stopped", ACCESS, None),
        ("diskEncryption: {keyVault: kv-rbac-open, keyEncryptionKey: true}", "", "FileSystemConsistent"),
        ("diskEncryption: {keyVault: kv-rbac-shut}", ACCESS, None),
        ("diskEncryption: {keyVault: /subscriptions/x/elsewhere}", ACCESS, None),
    ],
)
async def test_a_first_backup_ends_by_what_is_inside_and_what_it_may_read(
    tmp_path: Path, vm: str, code: str, consistency: str | None
) -> None:
    text = f"{KEYS}virtualMachines: [{{name: web, {vm}}}]\n" if vm else f"{KEYS}virtualMachines: [{{name: web}}]\n"
    async with estate(tmp_path, text) as (azure, world):
        assert failure(await backed_up(azure, world, "web")) == code
        assert await points_of(azure, world, "web") == ([consistency] if consistency else [])


async def test_a_snapshot_that_fails_ends_its_job_before_anything_is_transferred(tmp_path: Path) -> None:
    async with estate(tmp_path, "virtualMachines: [{name: web, agent: missing}]\n") as (azure, world):
        job = await backed_up(azure, world, "web")
        tasks = {each["taskId"]: each["status"] for each in job["extendedInfo"]["tasksList"]}
        assert tasks == {"Take Snapshot": "Failed", "Transfer data to vault": "NotStarted"}
        [detail] = job["errorDetails"]
        assert detail["errorString"]
        assert detail["recommendations"]
        vault = next(iter(world.state.vaults.values())).id
        item = (await azure.get(item_of(vault, vm_named(world, "web"))))["properties"]
        assert (item["protectionState"], item["lastBackupStatus"]) == ("IRPending", "Failed")
        await azure.ask("PUT", "/_sim/guests", {"vmId": vm_named(world, "web"), "agent": "ok"})
        assert failure(await backed_up(azure, world, "web")) == ""


async def test_a_point_stays_as_consistent_as_it_was_taken(tmp_path: Path) -> None:
    text = "virtualMachines: [{name: web}]\nprotectedItems: [{vm: web, vault: rsv-1, consistency: AppConsistent}]\n"
    async with estate(tmp_path, text) as (azure, world):
        assert await points_of(azure, world, "web") == ["AppConsistent"]
        await backed_up(azure, world, "web")
        change = {"vmId": vm_named(world, "web"), "powerState": "deallocated"}
        assert (await azure.ask("PUT", "/_sim/guests", change)).status == 200
        await backed_up(azure, world, "web")
        assert await points_of(azure, world, "web") == ["CrashConsistent", "FileSystemConsistent"]


def assigned(definition: str, scope: str, **parameters: Any) -> str:
    given = ", ".join(f"{name}: {value}" for name, value in parameters.items())
    return f"policyAssignments: [{{name: p, {scope}, definition: {definition}, parameters: {{{given}}}}}]\n"


VM = "virtualMachines: [{name: web}]\n"
PLACES = "Allowed locations for resource groups"
TAGGED = "resourceGroups: [{name: rg-vms, tags: {owner: me}}]\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (assigned(REQUIRE_TAG, "subscription: prod", tagName="owner"), DENIED),
        (assigned(REQUIRE_TAG, "managementGroup: corp", tagName="owner"), DENIED),
        (assigned(REQUIRE_TAG, "resourceGroup: rg-vms", tagName="owner") + TAGGED, ""),
        (assigned(REQUIRE_TAG, "subscription: prod", tagName="owner") + GROUP, ""),
        (assigned(REQUIRE_TAG, "subscription: prod"), ""),
        (assigned(REQUIRE_TAG, "subscription: prod, enforce: false", tagName="owner"), ""),
        (assigned("Require a tag on resources", "subscription: prod", tagName="owner") + GROUP, DENIED),
        (assigned(PLACES, "subscription: prod", listOfAllowedLocations="[eastus]"), DENIED),
        (assigned(PLACES, "subscription: prod", listOfAllowedLocations="[WestEurope]"), ""),
    ],
)
async def test_azure_policy_denies_what_the_backup_service_would_make(tmp_path: Path, text: str, code: str) -> None:
    async with estate(tmp_path, VM + text) as (azure, world):
        assert failure(await backed_up(azure, world, "web")) == code
        groups = [group.name for group in world.state.groups.values()]
        made = "AzureBackupRG_westeurope_1" in groups
        assert made == (code == "" or GROUP in text)


async def test_a_denial_ends_when_the_group_is_made_by_hand(tmp_path: Path) -> None:
    async with estate(tmp_path, VM + assigned(REQUIRE_TAG, "subscription: prod", tagName="owner")) as (azure, world):
        assert failure(await backed_up(azure, world, "web")) == DENIED
        [subscription] = await azure.rows("/subscriptions")
        group = f"{subscription['id']}/resourceGroups/AzureBackupRG_westeurope_1"
        await azure.ask("PUT", group, {"location": "westeurope", "tags": {"owner": "me"}})
        assert failure(await backed_up(azure, world, "web")) == ""


def locked(level: str, where: str) -> str:
    return f"locks: [{{name: keep, level: {level}, {where}}}]\n"


@pytest.mark.parametrize(
    ("level", "where", "code"),
    [
        ("ReadOnly", "resourceGroup: AzureBackupRG_westeurope_1", "UserErrorSnapshotResourceGroupLocked"),
        ("CanNotDelete", "resourceGroup: AzureBackupRG_westeurope_1", ""),
        ("CanNotDelete", "subscription: prod", ""),
    ],
)
async def test_a_lock_on_the_snapshots_group_stops_backups_at_once_or_when_it_is_full(
    tmp_path: Path, level: str, where: str, code: str
) -> None:
    async with estate(tmp_path, VM + GROUP + locked(level, where)) as (azure, world):
        assert failure(await backed_up(azure, world, "web")) == code
        if code:
            assert await points_of(azure, world, "web") == []
            return
        for _ in range(MOST_POINTS - 1):
            tomorrow = world.now().replace(hour=0, minute=0, second=0) + DAY
            await azure.advance(tomorrow.isoformat())
            assert failure(await backed_up(azure, world, "web")) == ""
        await azure.advance((world.now().replace(hour=0, minute=0, second=0) + DAY).isoformat())
        assert failure(await backed_up(azure, world, "web")) == "UserErrorRpCollectionLimitReached"
        assert len(await points_of(azure, world, "web")) == MOST_POINTS


async def test_the_group_is_the_one_that_the_backup_policy_names(tmp_path: Path) -> None:
    async with estate(tmp_path, VM) as (azure, world):
        names = {"azureBackupRGNamePrefix": "snaps-", "azureBackupRGNameSuffix": "-rg"}
        policy = next(iter(world.state.vaults.values())).policies["defaultpolicy"]
        policy.definition = {"backupManagementType": "AzureIaasVM", "instantRPDetails": names}
        await backed_up(azure, world, "web")
        assert [group.name for group in world.state.groups.values() if group.name.startswith("snaps")] == ["snaps-1-rg"]
