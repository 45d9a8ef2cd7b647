"""Recovery points come of backups that completed; a backup can be cancelled while its snapshot is taken."""

from simulator.world import World
from tests.simulator.client import Client, item_of


async def pending(azure: Client, world: World) -> tuple[str, str]:
    """A vault and its item that was never backed up."""
    vm = (await azure.label("pending"))["vmId"]
    [item] = world.state.vm_items(vm)
    vault = world.state.vaults[item.vault].id
    return vault, item_of(vault, vm)


async def back_up(azure: Client, item: str) -> str:
    """The id of the job that backs the item up now."""
    body = {"properties": {"objectType": "IaasVMBackupRequest"}}
    reply = await azure.ask("POST", f"{item}/backup", body)
    assert reply.status == 202
    while (operation := await azure.get(reply.headers["azure-asyncoperation"]))["status"] == "InProgress":
        await azure.advance()
    return str(operation["properties"]["jobId"])


async def test_each_completed_backup_leaves_one_point_newest_first(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, item = await pending(azure, world)
    points = await azure.rows(f"{item}/recoveryPoints")
    assert points == []
    for number in (1, 2):
        job = await back_up(azure, item)
        await azure.until_idle()
        assert (await azure.get(f"{vault}/backupJobs/{job}"))["properties"]["status"] == "Completed"
        points = await azure.rows(f"{item}/recoveryPoints")
        assert len(points) == number
    times = [point["properties"]["recoveryPointTime"] for point in points]
    assert times == sorted(times, reverse=True)
    assert len({point["name"] for point in points}) == 2
    assert times[0] == (await azure.get(item))["properties"]["lastRecoveryPoint"]
    assert await azure.get(f"{item}/recoveryPoints/{points[1]['name']}") == points[1]
    absent = await azure.ask("GET", f"{item}/recoveryPoints/1")
    assert (absent.status, absent.code) == (404, "BMSUserErrorRecoveryPointNotFound")


async def test_points_are_filtered_by_date(served: tuple[Client, World]) -> None:
    azure, world = served
    _, item = await pending(azure, world)
    await back_up(azure, item)
    await azure.until_idle()
    path = f"{item}/recoveryPoints?$filter="
    early, late = "startDate eq '2000-01-01 12:00:00 AM'", "startDate eq '2999-01-01 00:00:00 AM'"
    assert len(await azure.rows(path + early)) == 1
    assert await azure.rows(path + late) == []
    assert await azure.rows(f"{path}{early} and endDate eq '2000-01-02 12:00:00 AM'") == []
    assert (await azure.ask("GET", f"{path}startDate eq 'yesterday'")).code == "BMSUserErrorInvalidFilter"


async def test_a_cancelled_backup_leaves_nothing(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, item = await pending(azure, world)
    job = await back_up(azure, item)
    reply = await azure.ask("POST", f"{vault}/backupJobs/{job}/cancel")
    assert reply.status == 202
    assert (await azure.get(f"{vault}/backupJobs/{job}"))["properties"]["status"] == "Cancelling"
    assert (await azure.ask("GET", reply.headers["location"])).status == 202
    again = await azure.ask("POST", f"{item}/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    assert again.code == "UserErrorBackupOperationInProgress"
    await azure.advance()
    assert (await azure.ask("GET", reply.headers["location"])).status == 204
    assert (await azure.get(f"{vault}/backupJobs/{job}"))["properties"]["status"] == "Cancelled"
    await azure.until_idle()
    assert (await azure.get(f"{vault}/backupJobs/{job}"))["properties"]["status"] == "Cancelled"
    assert await azure.rows(f"{item}/recoveryPoints") == []
    assert (await azure.get(item))["properties"]["protectionState"] == "IRPending"


async def test_a_job_past_its_snapshot_cannot_be_cancelled(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, item = await pending(azure, world)
    job = await back_up(azure, item)
    await azure.until_idle()
    reply = await azure.ask("POST", f"{vault}/backupJobs/{job}/cancel")
    assert (reply.status, reply.code) == (400, "BMSUserErrorJobCancellationNotPossible")
    assert (await azure.ask("POST", f"{vault}/backupJobs/absent/cancel")).status == 404


async def test_one_container_is_shown_as_the_list_shows_it(served: tuple[Client, World]) -> None:
    azure, world = served
    vault = next(vault.id for vault in world.state.vaults.values() if vault.items)
    [first, *_] = await azure.rows(f"{vault}/backupProtectionContainers?$filter=backupManagementType eq 'AzureIaasVM'")
    path = f"{vault}/backupFabrics/Azure/protectionContainers/{first['name'].replace(';', '%3B')}"
    assert await azure.get(path) == first
    assert (await azure.ask("GET", f"{path}x")).code == "BMSUserErrorContainerObjectNotFound"
