from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.azure import job_queries
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.azure.jobs import AzureJobs, jobs_filter
from shared.domain.azure_answers import BackupJob, Scope, Subscription
from shared.errors import PermanentError, SettingsError
from tests.unit.shared.adapters.azure.stub import GRAPH, ITEM, SUB, VAULT, VM, Reply, StandingClock, Stub

PATH = f"{VAULT}/backupJobs"


@pytest.fixture
def jobs(connection: Connection, clock: StandingClock) -> AzureJobs:
    inventory = ResourceGraphInventory(connection, clock, (Subscription(SUB, "prod", "t"),))
    return AzureJobs(connection, clock, inventory)


def a_node(number: int, began: datetime, **changes: Any) -> dict[str, Any]:
    properties = {
        "jobType": "AzureIaaSVMJobV2",
        "backupManagementType": "AzureIaasVM",
        "containerName": "IaasVMContainerV2;app-rg;web-01",
        "entityFriendlyName": "web-01",
        "operation": "Backup",
        "status": "InProgress",
        "startTime": began.isoformat(),
        **changes,
    }
    return {"id": f"{PATH}/{number}", "properties": properties}


async def test_a_vaults_jobs_of_vms_come_from_all_pages_newest_first(
    jobs: AzureJobs, stub: Stub, clock: StandingClock
) -> None:
    since = clock.now() - timedelta(days=1)
    at = [since + timedelta(hours=hour) for hour in range(-1, 3)]
    first = [
        a_node(0, at[0]),
        a_node(1, at[1], operation="ConfigureBackup", status="Completed"),
        a_node(9, at[1], backupManagementType="AzureWorkload"),
    ]
    link = f"{stub.base}{PATH}?api-version=1&$skipToken=2"
    stub.on("GET", PATH, Reply({"value": first, "nextLink": link}), Reply({"value": [a_node(2, at[2])]}))
    found = await jobs.jobs(VAULT, since)
    assert [(each.id.rsplit("/", 1)[1], each.operation, each.running) for each in found] == [
        ("2", "Backup", True),
        ("1", "ConfigureBackup", False),
    ]
    assert {(each.vault_id, each.name, each.vm_id) for each in found} == {(VAULT, "web-01", "")}


def test_the_filter_is_in_azures_own_form() -> None:
    at = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    assert jobs_filter(at, at + timedelta(hours=13)) == (
        "backupManagementType eq 'AzureIaasVM' and startTime eq '2026-01-01 12:05:00 AM' "
        "and endTime eq '2026-01-01 01:05:00 PM'"
    )


def page(*rows: Any) -> Reply:
    body: dict[str, Any] = {"totalRecords": len(rows), "count": len(rows), "data": list(rows), "facets": []}
    return Reply({**body, "resultTruncated": "false"})


def a_row(**changes: Any) -> dict[str, Any]:
    return {
        "id": f"{PATH}/1",
        "operation": "Backup",
        "status": "Failed",
        "startTime": "2026-11-01T00:00:00Z",
        "entityFriendlyName": "web-01",
        "dataSourceId": VM.upper(),
        "errorDetails": [
            {
                "errorCode": 400206,
                "errorTitle": "ExtensionSnapshotFailedNoNetwork",
                "errorString": "The VM has\r\nno network.",
                "recommendations": ["Open port 443.", "Try\tagain."],
            }
        ],
        **changes,
    }


async def all_of(rows: AsyncIterator[BackupJob]) -> list[BackupJob]:
    return [each async for each in rows]


async def test_a_row_of_resource_graph_names_the_vm_and_why_it_failed(jobs: AzureJobs, stub: Stub) -> None:
    stub.on("POST", GRAPH, page(a_row(backupInstanceId=ITEM)))
    [job] = await all_of(jobs.failed_last(Scope()))
    assert (job.vm_id, job.vault_id) == (VM.lower(), VAULT)
    assert job.item_container == ITEM.split("/protectionContainers/")[1].split("/")[0].partition(";")[2].lower()
    assert (job.error_code, job.error, job.error_text) == (
        "400206",
        "ExtensionSnapshotFailedNoNetwork",
        "The VM has no network.",
    )
    assert job.recommendations == ("Open port 443.", "Try again.")
    assert job.failed


async def test_a_row_may_name_its_vm_the_other_way_or_not_at_all(jobs: AzureJobs, stub: Stub) -> None:
    stub.on("POST", GRAPH, page(a_row(dataSourceId="", dataSourceInfoId=VM, errorDetails=[]), a_row(dataSourceId=None)))
    one, other = await all_of(jobs.failed_last(Scope()))
    assert (one.vm_id, one.error_code, one.recommendations) == (VM.lower(), "", ())
    assert (other.vm_id, other.item_container, other.name) == ("", "", "web-01")


@pytest.mark.parametrize(
    ("ago", "days"), [(timedelta(hours=1), 1), (timedelta(days=1), 1), (timedelta(days=2), 3), (timedelta(days=99), 14)]
)
async def test_no_more_days_than_needed_are_asked_for_and_older_rows_left_out(
    jobs: AzureJobs, stub: Stub, clock: StandingClock, ago: timedelta, days: int
) -> None:
    since = clock.now() - ago
    inside, outside = since.isoformat(), (since - timedelta(seconds=1)).isoformat()
    stub.on("POST", GRAPH, page(a_row(startTime=inside), a_row(startTime=outside)))
    assert [each.started for each in await all_of(jobs.jobs_in(Scope(), since))] == [since]
    assert stub.seen[-1].body["query"] == job_queries.jobs_of(days)
    assert f"ago({days}d)" in job_queries.jobs_of(days)


async def test_a_row_without_a_status_is_an_error_and_not_left_out(jobs: AzureJobs, stub: Stub) -> None:
    stub.on("POST", GRAPH, page(a_row(status="")))
    with pytest.raises(PermanentError, match="status"):
        await all_of(jobs.failed_last(Scope()))


async def test_a_subscription_that_cannot_be_read_is_an_error(jobs: AzureJobs, stub: Stub) -> None:
    stub.on("POST", GRAPH, page())
    with pytest.raises(SettingsError, match="cannot read"):
        await all_of(jobs.failed_last(Scope(subscriptions=(SUB.replace("1", "2"),))))
