import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.adapters.azure.protection_mapping import (
    is_iaas_vm,
    job_from_wire,
    protection_from_item,
    protection_from_row,
    source_of_item,
)
from shared.domain.model import Protection, ProtectionState
from tests.reference import reference_file
from tests.unit.shared.adapters.azure.stub import ITEM, VAULT, VM, an_item_node

EXAMPLES = "spec/recoveryservicesbackup/2021-06-01/examples"


def a_row(**changes: Any) -> dict[str, Any]:
    row = {
        "id": ITEM,
        "sourceResourceId": VM,
        "currentProtectionState": "ProtectionConfigured",
        "policyName": "DefaultPolicy",
        "lastRecoveryPoint": "2026-11-01T01:02:03.1234567Z",
        "lastBackupStatus": "Completed",
        "lastBackupTime": "2026-11-01T00:02:03Z",
    }
    return {**row, **changes}


def test_a_fresh_item_waits_for_its_first_backup_and_has_no_date() -> None:
    assert protection_from_item(an_item_node()) == Protection(
        ProtectionState.FIRST_BACKUP_PENDING, item_id=ITEM, vault_id=VAULT, backup_policy="DefaultPolicy"
    )


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("IRPending", ProtectionState.FIRST_BACKUP_PENDING),
        ("Protected", ProtectionState.PROTECTED),
        ("protected", ProtectionState.PROTECTED),
        ("ProtectionError", ProtectionState.ERROR),
        ("ProtectionStopped", ProtectionState.STOPPED),
        ("ProtectionPaused", ProtectionState.SUSPENDED),
        ("BackupsSuspended", ProtectionState.SUSPENDED),
        ("Invalid", ProtectionState.UNRECOGNISED),
        ("SomethingNew", ProtectionState.UNRECOGNISED),
    ],
)
def test_arms_words_are_mapped(word: str, state: ProtectionState) -> None:
    assert protection_from_item(an_item_node(protectionState=word)).state is state


def test_a_soft_deleted_item_says_stopped_and_is_told_apart() -> None:
    node = an_item_node(protectionState="ProtectionStopped", isScheduledForDeferredDelete=True, policyId="")
    assert protection_from_item(node).state is ProtectionState.SOFT_DELETED
    node = an_item_node(protectionState="ProtectionStopped", isScheduledForDeferredDelete=False)
    assert protection_from_item(node).state is ProtectionState.STOPPED


def test_the_specs_item_is_read() -> None:
    body = json.loads(reference_file(f"{EXAMPLES}/AzureIaasVm/Compute_ProtectedItem_Get.json"))["responses"]["200"][
        "body"
    ]
    assert protection_from_item(body) == Protection(
        ProtectionState.PROTECTED,
        item_id=body["id"],
        vault_id=body["id"].split("/backupFabrics/")[0],
        backup_policy="testPolicy1",
        has_recovery_point=True,
        last_backup=datetime(2018, 1, 22, 12, 25, 32, 48723, tzinfo=UTC),
        last_backup_status="Completed",
        recovery_point=datetime(2017, 11, 22, 12, 25, 32, 48723, UTC),
    )


@pytest.mark.parametrize(
    ("properties", "has_point", "running"),
    [
        ({"lastBackupStatus": "InProgress"}, False, True),
        ({"lastBackupStatus": "InProgress", "lastRecoveryPoint": "2026-01-01T00:00:00Z"}, True, True),
        ({"lastBackupStatus": "Failed"}, False, False),
        ({"lastBackupStatus": "Completed"}, True, False),
        ({"lastBackupStatus": "CompletedWithWarnings"}, True, False),
        ({"lastRecoveryPoint": "2001-01-01T00:00:00Z"}, False, False),
    ],
)
def test_recovery_points_and_running_backups_are_read(
    properties: dict[str, str], has_point: bool, running: bool
) -> None:
    protection = protection_from_item(an_item_node(**properties))
    assert (protection.has_recovery_point, protection.backup_running) == (has_point, running)


def test_the_policys_name_comes_from_its_id_where_it_is_not_given() -> None:
    assert protection_from_item(an_item_node(policyName=None)).backup_policy == "DefaultPolicy"
    assert protection_from_item(an_item_node(policyName="", policyId="")).backup_policy == ""


def test_the_vault_comes_from_the_items_id_and_not_from_its_url() -> None:
    node = an_item_node(vaultId=f"https://management.azure.com{VAULT}")
    assert protection_from_item(node).vault_id == VAULT


@pytest.mark.parametrize("changes", [{"protectionState": None}, {"protectionState": 3}])
def test_an_item_without_a_state_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="protectionState"):
        protection_from_item(an_item_node(**changes))


def test_only_a_backup_of_a_whole_vm_counts_and_silence_is_an_error() -> None:
    assert is_iaas_vm({"backupManagementType": "AzureIaasVM"})
    assert not is_iaas_vm({"backupManagementType": "AzureWorkload"})
    with pytest.raises(ValueError, match="backupManagementType"):
        is_iaas_vm({})


def test_the_source_falls_back_to_the_older_field() -> None:
    assert source_of_item(an_item_node(sourceResourceId=None, virtualMachineId=VM)) == VM.lower()


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ConfiguringProtection", ProtectionState.CONFIGURING),
        ("ProtectionConfigured", ProtectionState.PROTECTED),
        ("ConfiguringProtectionFailed", ProtectionState.ERROR),
        ("ProtectionStopped", ProtectionState.STOPPED),
        ("SoftDeleted", ProtectionState.SOFT_DELETED),
        ("ProtectionError", ProtectionState.ERROR),
        ("ProtectionPaused", ProtectionState.SUSPENDED),
        ("BackupsSuspended", ProtectionState.SUSPENDED),
        ("SomethingNew", ProtectionState.UNRECOGNISED),
    ],
)
def test_resource_graphs_words_are_mapped(word: str, state: ProtectionState) -> None:
    assert protection_from_row(a_row(currentProtectionState=word))[1].state is state


def test_a_row_has_the_vms_id_in_lower_case_as_its_key() -> None:
    key, protection = protection_from_row(a_row())
    assert key == VM.lower()
    assert protection.last_backup == datetime(2026, 11, 1, 0, 2, 3, tzinfo=UTC)
    assert protection.has_recovery_point


def test_a_configured_row_without_a_recovery_point_waits_for_its_first_backup() -> None:
    protection = protection_from_row(a_row(lastRecoveryPoint="", lastBackupStatus=""))[1]
    assert protection.state is ProtectionState.FIRST_BACKUP_PENDING


def test_a_row_may_name_its_vm_as_a_data_source() -> None:
    assert protection_from_row(a_row(sourceResourceId="", dataSourceId=VM))[0] == VM.lower()


@pytest.mark.parametrize("missing", ["id", "currentProtectionState", "sourceResourceId"])
def test_a_row_that_lacks_a_part_is_an_error(missing: str) -> None:
    with pytest.raises(ValueError, match="missing"):
        protection_from_row(a_row(**{missing: None}))


def test_a_jobs_first_error_is_read() -> None:
    details = [{"errorCode": 400206, "errorTitle": "ExtensionSnapshotFailedNoNetwork"}, {"errorCode": 1}]
    properties = {
        "operation": "Backup",
        "status": "Failed",
        "containerName": "IaasVMContainerV2;G;VM",
        "startTime": "2026-11-01T00:00:00Z",
        "endTime": "2026-11-01T01:00:00Z",
        "isUserTriggered": True,
        "errorDetails": details,
    }
    job = job_from_wire({"id": "/j/1", "properties": properties})
    assert (job.error_code, job.error) == ("400206", "ExtensionSnapshotFailedNoNetwork")
    assert (job.item_container, job.user_triggered, job.running) == ("iaasvmcontainerv2;g;vm", True, False)
    assert job.started == datetime(2026, 11, 1, tzinfo=UTC)
    assert job.ended == datetime(2026, 11, 1, 1, tzinfo=UTC)


def test_the_specs_jobs_are_read() -> None:
    body = json.loads(reference_file(f"{EXAMPLES}/Common/ListJobs.json"))["responses"]["200"]["body"]
    jobs = [job_from_wire(each) for each in body["value"]]
    assert [(each.operation, each.status, each.running) for each in jobs] == [
        ("Backup", "InProgress", True),
        ("ConfigureBackup", "Completed", False),
    ]
    assert jobs[0].ended is None
