from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.azure.backup import AzureBackup, job_filter
from shared.adapters.azure.connection import Connection
from shared.domain.arm_id import parse_id, parse_vm_id
from shared.domain.azure_answers import BackupStatus, OperationStatus
from shared.domain.model import DiskSelection, ProtectionState
from shared.errors import PermanentError, RetryLaterError
from tests.unit.shared.adapters.azure.stub import (
    ITEM,
    SUB,
    VAULT,
    VM,
    Reply,
    StandingClock,
    Stub,
    an_item_node,
    half_a_body,
    hang_up,
)

VM_ID = parse_vm_id(VM)
STATUS = f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus"
VAULTS = f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/vaults"
JOBS = f"{VAULT}/backupJobs"
SINCE = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)


@pytest.fixture
def backup(connection: Connection, clock: StandingClock) -> AzureBackup:
    return AzureBackup(connection, clock)


async def test_the_backup_status_is_asked_with_the_whole_id(backup: AzureBackup, stub: Stub) -> None:
    stub.on("POST", STATUS, Reply({"protectionStatus": "Protected", "vaultId": VAULT, "containerName": "c"}))
    assert await backup.status(VM_ID, "westeurope") == BackupStatus("Protected", VAULT, "c", "")
    assert stub.seen[0].body == {"resourceType": "VM", "resourceId": VM}


async def test_a_backup_status_without_a_word_is_an_error_and_not_unprotected(backup: AzureBackup, stub: Stub) -> None:
    stub.on("POST", STATUS, Reply({}))
    with pytest.raises(PermanentError, match="protectionStatus"):
        await backup.status(VM_ID, "westeurope")


def a_vault(name: str, **changes: Any) -> dict[str, Any]:
    properties = {"provisioningState": "Succeeded"}
    return {"id": VAULT.replace("vault-1", name), "location": "West Europe", "properties": properties, **changes}


async def test_vaults_are_listed_whole_and_kept_for_five_minutes(
    backup: AzureBackup, stub: Stub, connection: Connection, clock: StandingClock
) -> None:
    first = {"value": [a_vault("vault-1", tags={"tier": "gold"})], "nextLink": f"{stub.base}{VAULTS}?api-version=1&p=2"}
    making = a_vault("vault-2", properties={"provisioningState": "Provisioning"})
    second = {"value": [making, a_vault("vault-3", properties={})]}
    stub.on("GET", VAULTS, Reply(first), Reply(second), Reply(first), Reply(second))
    vaults = await backup.vaults(SUB)
    assert [(each.id.name, each.location, each.ready) for each in vaults] == [
        ("vault-1", "westeurope", True),
        ("vault-2", "westeurope", False),
        ("vault-3", "westeurope", True),
    ]
    assert vaults[0].tags == {"tier": "gold"}
    assert await backup.vaults(SUB.upper()) == vaults
    assert connection.requests == {"GET vaults": 2}
    clock.moment += timedelta(minutes=5)
    await backup.vaults(SUB)
    assert connection.requests == {"GET vaults": 4}


async def test_an_answer_without_a_list_is_an_error_and_not_an_empty_one(backup: AzureBackup, stub: Stub) -> None:
    stub.on("GET", VAULTS, Reply({}))
    with pytest.raises(PermanentError, match="no `value`"):
        await backup.vaults(SUB)
    stub.on("GET", JOBS, Reply({"jobs": []}))
    with pytest.raises(PermanentError, match="no `value`"):
        await backup.jobs(VAULT, VM_ID, SINCE)


async def test_an_item_is_read_by_its_name_in_the_vault(backup: AzureBackup, stub: Stub) -> None:
    stub.on("GET", ITEM, Reply(an_item_node()))
    item = await backup.item(VAULT, VM_ID)
    assert item is not None
    assert (item.state, item.item_id) == (ProtectionState.FIRST_BACKUP_PENDING, ITEM)


@pytest.mark.parametrize("code", ["ResourceNotFound", "BMSUserErrorContainerObjectNotFound", "Whatever"])
async def test_a_404_means_that_the_vault_holds_no_item(backup: AzureBackup, stub: Stub, code: str) -> None:
    stub.fail("GET", ITEM, 404, code)
    assert await backup.item(VAULT, VM_ID) is None


async def test_a_refusal_or_a_fault_is_never_taken_for_no_item(backup: AzureBackup, stub: Stub) -> None:
    stub.fail("GET", ITEM, 400, "BMSUserErrorContainerObjectNotFound")
    with pytest.raises(PermanentError):
        await backup.item(VAULT, VM_ID)
    stub.fail("GET", ITEM, 500, "InternalServerError")
    with pytest.raises(RetryLaterError):
        await backup.item(VAULT, VM_ID)
    stub.on("GET", ITEM, half_a_body)
    with pytest.raises(RetryLaterError):
        await backup.item(VAULT, VM_ID)
    stub.on("GET", ITEM, Reply({}))
    with pytest.raises(PermanentError):
        await backup.item(VAULT, VM_ID)


async def test_an_item_that_is_no_backup_of_a_whole_vm_does_not_count(backup: AzureBackup, stub: Stub) -> None:
    stub.on("GET", ITEM, Reply(an_item_node(backupManagementType="AzureWorkload")))
    assert await backup.item(VAULT, VM_ID) is None


async def test_a_namesake_of_another_subscription_is_told_and_not_taken_for_the_vm(
    backup: AzureBackup, stub: Stub
) -> None:
    other = VM.replace(SUB, SUB.replace("1", "2"))
    stub.on("GET", ITEM, Reply(an_item_node(sourceResourceId=other)))
    with pytest.raises(PermanentError) as caught:
        await backup.item(VAULT, VM_ID)
    assert caught.value.code == "ItemOfAnotherVm"


def a_job(number: int, **changes: Any) -> dict[str, Any]:
    properties = {
        "jobType": "AzureIaaSVMJob",
        "operation": "Backup",
        "status": "InProgress",
        "containerName": "iaasvmcontainerv2;APP-rg;Web-01",
        "entityFriendlyName": "web-01",
        "startTime": "2026-11-01T10:00:00.1234567Z",
        "isUserTriggered": True,
        **changes,
    }
    return {"id": f"{JOBS}/{number}", "properties": properties}


async def test_only_the_vms_own_backup_jobs_since_then_are_given_from_all_pages(
    backup: AzureBackup, stub: Stub
) -> None:
    first = [
        a_job(1),
        a_job(2, containerName="iaasvmcontainerv2;other-rg;web-01"),
        a_job(3, operation="ConfigureBackup"),
        a_job(4, startTime="2026-10-31T23:59:59Z"),
    ]
    last = [a_job(5, status="Completed"), a_job(6, containerName="", entityFriendlyName="another")]
    link = f"{stub.base}{JOBS}?api-version=1&$skipToken=2"
    stub.on("GET", JOBS, Reply({"value": first, "nextLink": link}), Reply({"value": last}))
    jobs = await backup.jobs(VAULT, VM_ID, SINCE)
    assert [(each.id.rsplit("/", 1)[1], each.running) for each in jobs] == [("1", True), ("5", False)]
    assert jobs[0].item_container == "iaasvmcontainerv2;app-rg;web-01"


async def test_a_job_of_that_name_without_a_container_is_an_error(backup: AzureBackup, stub: Stub) -> None:
    stub.on("GET", JOBS, Reply({"value": [a_job(1, containerName=None)]}))
    with pytest.raises(PermanentError, match="which container"):
        await backup.jobs(VAULT, VM_ID, SINCE)


async def test_jobs_are_filtered_in_azures_own_form(backup: AzureBackup, stub: Stub) -> None:
    stub.on("GET", JOBS, Reply({"value": []}))
    assert await backup.jobs(VAULT, VM_ID, datetime(2026, 10, 31, 13, 5, 9, tzinfo=UTC)) == ()
    assert stub.seen[0].query["$filter"] == (
        "operation eq 'Backup' and backupManagementType eq 'AzureIaasVM' "
        "and startTime eq '2026-10-31 01:05:09 PM' and endTime eq '2026-11-02 12:00:00 PM'"
    )


def test_midnight_is_twelve_in_azures_form() -> None:
    assert "startTime eq '2026-01-01 12:00:00 AM'" in job_filter(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    )


async def test_protecting_puts_one_item_and_hands_back_the_operation_to_the_letter(
    backup: AzureBackup, stub: Stub, connection: Connection
) -> None:
    url = f"{stub.base}{ITEM}/operationsStatus/1?api-version=2026-10-01&t=6&s=a%2Bb%2F&h=c"
    headers = {"Azure-AsyncOperation": url, "Location": "elsewhere", "Retry-After": "60"}
    stub.on("PUT", ITEM, Reply(None, 202, headers))
    accepted = await backup.protect(VAULT, VM_ID, "DefaultPolicy")
    assert (accepted.operation_url, accepted.retry_after) == (url, timedelta(seconds=60))
    assert connection.requests == {"PUT protectedItems": 1}
    assert stub.seen[0].body == {
        "properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "sourceResourceId": VM,
            "policyId": f"{VAULT}/backupPolicies/DefaultPolicy",
        }
    }


@pytest.mark.parametrize("including", [True, False])
async def test_a_selection_of_disks_goes_out_as_azure_takes_it(
    including: bool, backup: AzureBackup, stub: Stub
) -> None:
    stub.on("PUT", ITEM, Reply(None, 202, {"Azure-AsyncOperation": f"{stub.base}/x"}))
    await backup.protect(VAULT, VM_ID, "P", DiskSelection((0, 7), including=including))
    sent = stub.seen[0].body["properties"]["extendedProperties"]
    assert sent == {"diskExclusionProperties": {"diskLunList": [0, 7], "isInclusionList": including}}


@pytest.mark.parametrize("name", ["", "a/b"])
async def test_a_policy_that_would_stop_the_protection_is_not_sent(backup: AzureBackup, stub: Stub, name: str) -> None:
    with pytest.raises(PermanentError):
        await backup.protect(VAULT, VM_ID, name)
    assert not stub.seen


async def test_a_location_serves_where_there_is_no_operation_and_silence_gives_no_url(
    backup: AzureBackup, stub: Stub
) -> None:
    stub.on("PUT", ITEM, Reply(None, 202, {"Location": f"{stub.base}/x"}), Reply(an_item_node(), 200))
    assert (await backup.protect(VAULT, VM_ID, "P")).operation_url == f"{stub.base}/x"
    assert (await backup.protect(VAULT, VM_ID, "P")).operation_url == ""


async def test_a_backup_is_started_once_with_its_expiry(
    backup: AzureBackup, stub: Stub, connection: Connection
) -> None:
    stub.on("POST", f"{ITEM}/backup", Reply(None, 202, {"Azure-AsyncOperation": f"{stub.base}/op"}))
    accepted = await backup.start_backup(ITEM.replace(";", "%3B"), datetime(2026, 12, 23, tzinfo=UTC))
    assert accepted.operation_url == f"{stub.base}/op"
    assert connection.requests == {"POST backup": 1}
    assert stub.seen[0].body == {
        "properties": {
            "objectType": "IaasVMBackupRequest",
            "recoveryPointExpiryTimeInUTC": "2026-12-23T00:00:00Z",
        }
    }


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_write_that_fails_is_never_sent_again(backup: AzureBackup, stub: Stub, status: int) -> None:
    stub.fail("POST", f"{ITEM}/backup", status, "Busy", retry_after="1")
    stub.fail("PUT", ITEM, status, "Busy", retry_after="1")
    with pytest.raises(RetryLaterError):
        await backup.start_backup(ITEM, SINCE)
    with pytest.raises(RetryLaterError):
        await backup.protect(VAULT, VM_ID, "P")
    assert [each.method for each in stub.seen] == ["POST", "PUT"]


async def test_a_write_whose_connection_breaks_is_never_sent_again(backup: AzureBackup, stub: Stub) -> None:
    stub.on("POST", f"{ITEM}/backup", hang_up)
    stub.on("PUT", ITEM, hang_up)
    with pytest.raises(RetryLaterError):
        await backup.start_backup(ITEM, SINCE)
    with pytest.raises(RetryLaterError):
        await backup.protect(VAULT, VM_ID, "P")
    assert [each.method for each in stub.seen] == ["POST", "PUT"]


async def test_what_is_not_the_id_of_an_item_is_refused_unsent(backup: AzureBackup, stub: Stub) -> None:
    with pytest.raises(PermanentError):
        await backup.start_backup(VAULT, SINCE)
    assert not stub.seen


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply({"status": "InProgress", "endTime": "0001-01-01T00:00:00"}), OperationStatus("InProgress")),
        (
            Reply({"status": "InProgress"}, headers={"Retry-After": "30"}),
            OperationStatus("InProgress", retry_after=timedelta(seconds=30)),
        ),
        (
            Reply({"status": "Succeeded", "properties": {"jobId": "j-1"}}),
            OperationStatus("Succeeded", job_id="j-1"),
        ),
        (
            Reply({"status": "Failed", "error": {"code": "UserErrorX", "message": "no\r\ngood"}}),
            OperationStatus("Failed", error_code="UserErrorX", error="no good"),
        ),
        (Reply(None, 202), OperationStatus("InProgress")),
        (Reply(None, 204), OperationStatus("Succeeded")),
    ],
)
async def test_an_operation_is_read(backup: AzureBackup, stub: Stub, reply: Reply, expected: OperationStatus) -> None:
    stub.on("GET", "/op", reply)
    assert await backup.operation(f"{stub.base}/op?s=1") == expected


async def test_an_operation_on_another_host_is_refused_and_its_url_not_told(backup: AzureBackup, stub: Stub) -> None:
    with pytest.raises(PermanentError) as caught:
        await backup.operation("http://127.0.0.2:9/op?s=secret")
    assert "secret" not in str(caught.value)
    assert not stub.seen


async def test_the_vault_is_asked_in_its_own_subscription(backup: AzureBackup, stub: Stub) -> None:
    other = SUB.replace("1", "2")
    stub.on("GET", ITEM.replace(SUB, other), Reply(an_item_node()))
    assert await backup.item(parse_id(VAULT.replace(SUB, other)).text, VM_ID) is not None


async def test_every_backup_policy_of_a_vault_is_listed_with_its_kind(backup: AzureBackup, stub: Stub) -> None:
    def a_policy(name: str, **properties: str) -> dict[str, Any]:
        return {"id": f"{VAULT}/backupPolicies/{name}", "name": name, "properties": properties}

    path = f"{VAULT}/backupPolicies"
    first = [a_policy("DefaultPolicy", backupManagementType="AzureIaasVM", policyType="V1")]
    second = [
        a_policy("Gold", backupManagementType="AzureIaasVM", policyType="V2"),
        a_policy("Old", backupManagementType="AzureIaasVM"),
        a_policy("Files", backupManagementType="AzureStorage"),
    ]
    stub.on(
        "GET",
        path,
        Reply({"value": first, "nextLink": f"{stub.base}{path}?api-version=1&p=2"}),
        Reply({"value": second}),
    )
    assert [(each.name, each.type) for each in await backup.backup_policies(VAULT)] == [
        ("DefaultPolicy", "Standard"),
        ("Gold", "Enhanced"),
        ("Old", "Standard"),
        ("Files", ""),
    ]
    stub.on("GET", path, Reply({}))
    with pytest.raises(PermanentError, match="no `value`"):
        await backup.backup_policies(VAULT)
