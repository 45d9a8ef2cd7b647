"""The adapters read Azure's recorded answers as they are: every state in them, field by field."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.protection_mapping import is_iaas_vm, job_from_wire, protection_from_item, source_of_item
from shared.adapters.azure.surroundings import Context
from shared.adapters.azure.vault_mapping import vault_from_wire
from shared.adapters.azure.vm_mapping import vm_from_wire
from shared.adapters.clock import SystemClock
from shared.domain.arm_id import parse_vm_id
from shared.domain.azure_answers import OperationStatus
from shared.domain.model import Protection, ProtectionState
from tests.contract.recordings.checking import files
from tests.contract.recordings.recording import load
from tests.contract.recordings.recording import resources as shown
from tests.contract.recordings.replay import recorded, replaying
from tests.reference import reference_path

SUB = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUB}/resourceGroups/clitest.rg000001"
VM = parse_vm_id(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/clitest-vm000003")
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/clitest-vault000002"
STATES = {
    "IRPending": ProtectionState.FIRST_BACKUP_PENDING,
    "Protected": ProtectionState.PROTECTED,
    "ProtectionError": ProtectionState.ERROR,
    "ProtectionStopped": ProtectionState.STOPPED,
    "ProtectionPaused": ProtectionState.SUSPENDED,
    "BackupsSuspended": ProtectionState.SUSPENDED,
}
#: Those that the recordings of 2019-20 show.
OF_2019 = ("IRPending", "Protected", "ProtectionError", "ProtectionStopped")


def resources(kind: str) -> Iterator[dict[str, Any]]:
    """Every recorded resource of a type, from single answers and from lists, of every file that lies there."""
    for path in files(reference_path("recordings")):
        for exchange in load(path):
            for each in shown(exchange.response) if exchange.method == "GET" and exchange.accepted else []:
                if str(each.get("type", "")).lower() == kind.lower():
                    yield each


async def test_a_protection_is_put_followed_and_read_as_it_was_recorded() -> None:
    async with replaying(recorded("protection")) as replay, Connection(replay.base) as connection:
        backup = AzureBackup(connection, SystemClock())
        assert await backup.item(VAULT, VM) is None

        accepted = await backup.protect(VAULT, VM, "DefaultPolicy")
        assert accepted.operation_url.startswith(f"{replay.base}/Subscriptions/{SUB}/")
        assert accepted.retry_after is None
        [sent] = [body for method, _, body in replay.asked if method == "PUT"]
        [expected] = [
            each["request"]
            for each in recorded("protection")
            if each["method"] == "PUT" and "/vm%3b" in each["path"].lower()
        ][:1]
        assert {name: str(value).lower() for name, value in sent["properties"].items()} == {
            name: str(value).lower() for name, value in expected["properties"].items()
        }

        assert await backup.operation(accepted.operation_url) == OperationStatus("InProgress")
        assert await backup.operation(accepted.operation_url) == OperationStatus(
            "Succeeded", job_id="59f92581-cf51-46f9-bbc4-1e6ba048f020"
        )

        fresh = await backup.item(VAULT, VM)
        assert fresh is not None
        assert (fresh.state, fresh.backup_policy) == (ProtectionState.FIRST_BACKUP_PENDING, "DefaultPolicy")
        assert (fresh.has_recovery_point, fresh.last_backup, fresh.last_backup_status) == (False, None, "")
        assert fresh.vault_id.lower() == VAULT.lower()

        stopped = await backup.item(VAULT, VM)
        assert stopped is not None
        assert (stopped.state, stopped.backup_policy, stopped.last_backup) == (ProtectionState.STOPPED, "", None)


async def test_a_soft_deleted_item_is_told_from_a_stopped_one() -> None:
    async with replaying(recorded("softdelete")) as replay, Connection(replay.base) as connection:
        backup = AzureBackup(connection, SystemClock())
        states = [(await backup.item(VAULT, VM) or Protection(ProtectionState.NONE)).state for _ in range(4)]
    assert states == [
        ProtectionState.FIRST_BACKUP_PENDING,
        ProtectionState.SOFT_DELETED,
        ProtectionState.SOFT_DELETED,
        ProtectionState.STOPPED,
    ]


@pytest.mark.parametrize("name", ["scenario", "job"])
async def test_a_first_backup_is_started_as_it_was_recorded(name: str) -> None:
    async with replaying(recorded(name)) as replay, Connection(replay.base) as connection:
        backup = AzureBackup(connection, SystemClock())
        fresh = await backup.item(VAULT, VM)
        assert fresh is not None
        assert not fresh.has_recovery_point
        accepted = await backup.start_backup(fresh.item_id, datetime(2020, 6, 5, tzinfo=UTC))
        [(_, path, sent)] = [each for each in replay.asked if each[0] == "POST"]
        [expected] = [
            each["request"] for each in recorded(name) if each["method"] == "POST" and each["path"].endswith("/backup")
        ]
        assert path.endswith("/backup")
        assert sent["properties"].keys() == expected["properties"].keys()
        assert sent["properties"]["objectType"] == expected["properties"]["objectType"]
        assert "/operationsStatus/" in accepted.operation_url

        done = await backup.item(VAULT, VM)
        assert done is not None
        assert (done.state, done.has_recovery_point) == (ProtectionState.PROTECTED, True)
        assert (done.last_backup_status, done.backup_running) == ("Completed", False)
        assert done.last_backup is not None


def test_every_recorded_item_keeps_its_state_its_policy_and_its_dates() -> None:
    everything = list(resources("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"))
    items = [item for item in everything if item["properties"]["backupManagementType"] == "AzureIaasVM"]
    assert len(items) > 40
    seen = set()
    for item in items:
        properties, protection = item["properties"], protection_from_item(item)
        deleted = properties.get("isScheduledForDeferredDelete") is True
        assert protection.state is (ProtectionState.SOFT_DELETED if deleted else STATES[properties["protectionState"]])
        assert protection.backup_policy == (properties["policyId"].rsplit("/", 1)[-1])
        completed = properties["lastBackupStatus"].startswith("Completed")
        assert protection.has_recovery_point == ("lastRecoveryPoint" in properties or completed)
        assert protection.last_backup_status == properties["lastBackupStatus"]
        never = properties.get("lastBackupTime", "2001-01-01T").startswith("2001-01-01")
        assert (protection.last_backup is None) == never
        assert item["id"].startswith(f"{protection.vault_id}/backupFabrics/")
        assert is_iaas_vm(properties)
        assert source_of_item(item) == properties["sourceResourceId"].lower()
        seen.add(protection.state)
    assert seen >= {STATES[word] for word in OF_2019} | {ProtectionState.SOFT_DELETED}


def test_every_recorded_job_keeps_its_operation_and_its_status() -> None:
    jobs = list(resources("Microsoft.RecoveryServices/vaults/backupJobs"))
    assert len(jobs) > 100
    for node in jobs:
        properties, job = node["properties"], job_from_wire(node)
        assert (job.operation, job.status) == (properties["operation"], properties["status"])
        assert job.item_container == properties.get("containerName", "").lower().removeprefix(";")
        assert job.running == (properties["status"] in ("InProgress", "Cancelling"))
        assert job.started is not None
        assert (job.ended is None) == ("endTime" not in properties)


def test_every_recorded_vm_and_vault_is_read() -> None:
    nodes = list(resources("Microsoft.Compute/virtualMachines"))
    assert len(nodes) >= 12
    for node in nodes:
        vm, image = vm_from_wire(node, Context({})), node["properties"]["storageProfile"].get("imageReference", {})
        assert vm.os_type in {"Windows", "Linux"}
        assert (vm.location, vm.unique_id) == (node["location"], node["properties"]["vmId"])
        assert (vm.image.publisher or "") == image.get("publisher", "")
    vaults = list(resources("Microsoft.RecoveryServices/vaults"))
    assert len(vaults) > 90
    for node in vaults:
        vault = vault_from_wire(node)
        assert vault.ready == (node["properties"].get("provisioningState", "Succeeded") == "Succeeded")
        assert (vault.id.text, vault.location) == (node["id"], node["location"])
