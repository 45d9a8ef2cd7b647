"""What recorded traffic taught of restores, deletion for good, discovery and young machines, seen by a client."""

from datetime import timedelta
from typing import Any

from simulator.world import World
from tests.simulator.client import Client, item_of

ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/target"
MINUTE = timedelta(minutes=1)
REQUEST = {"objectType": "IaasVMRestoreRequest", "recoveryType": "RestoreDisks", "storageAccountId": ACCOUNT}


async def protected(azure: Client, world: World) -> tuple[str, str]:
    """(vault, item) of a VM that has a recovery point."""
    vm = (await azure.label("protected"))["vmId"]
    [item] = world.state.vm_items(vm)
    vault = world.state.vaults[item.vault].id
    return vault, item_of(vault, vm)


async def restoring(azure: Client, item: str, **changed: Any) -> Any:
    [point] = (await azure.get(f"{item}/recoveryPoints"))["value"]
    return await azure.ask("POST", f"{item}/recoveryPoints/{point['name']}/restore", {"properties": REQUEST | changed})


async def job_of(azure: Client, vault: str, headers: dict[str, str]) -> Any:
    """The job behind an operation, once that has ended."""
    while (status := await azure.get(headers["azure-asyncoperation"]))["status"] == "InProgress":
        await azure.advance()
    return await azure.get(f"{vault}/backupJobs/{status['properties']['jobId']}")


async def test_a_restore_runs_its_course_and_says_how_far_it_is(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, item = await protected(azure, world)
    reply = await restoring(azure, item)
    assert reply.status == 202
    job = await job_of(azure, vault, reply.headers)
    assert (job["properties"]["operation"], job["properties"]["status"]) == ("Restore", "InProgress")
    began = world.now()
    shown = []
    for minutes in (1, 13, 30):
        while world.now() < began + minutes * MINUTE:
            await azure.advance((began + minutes * MINUTE).isoformat())
        shown.append((await azure.get(job["id"]))["properties"]["extendedInfo"])
    assert shown[0]["propertyBag"]["Target Storage Account Name"] == "target"
    assert "taskExecutionDetails" not in shown[0]["tasksList"][0]
    assert [each["progressPercentage"] for each in shown] == [1.0, 29.0, 64.0]
    await azure.until_idle()
    done = (await azure.get(job["id"]))["properties"]
    assert (done["status"], done["extendedInfo"]["progressPercentage"]) == ("Completed", 100.0)
    assert done["extendedInfo"]["estimatedRemainingDuration"] == "PT0S"


async def test_a_restore_of_no_known_kind_is_refused(served: tuple[Client, World]) -> None:
    azure, world = served
    _, item = await protected(azure, world)
    for wrong in ({"recoveryType": "Magic"}, {"storageAccountId": ""}, {"objectType": "Other"}):
        assert (await restoring(azure, item, **wrong)).code == "BMSUserErrorInvalidInput"
    missing = await azure.ask("POST", f"{item}/recoveryPoints/1/restore", {"properties": REQUEST})
    assert (missing.status, missing.code) == (404, "BMSUserErrorRecoveryPointNotFound")


async def test_a_restore_can_be_cancelled_at_any_time(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, item = await protected(azure, world)
    job = await job_of(azure, vault, (await restoring(azure, item)).headers)
    before = (await azure.get(item))["properties"]
    assert (await azure.ask("POST", f"{job['id']}/cancel")).status == 202
    await azure.until_idle()
    assert (await azure.get(job["id"]))["properties"]["status"] == "Cancelled"
    assert (await azure.get(item))["properties"]["lastBackupStatus"] == before["lastBackupStatus"]


async def test_where_soft_delete_is_off_a_deleted_item_is_gone(
    served: tuple[Client, World],
) -> None:
    azure, world = served
    vault, item = await protected(azure, world)
    world.state.vaults[vault.lower()].settings["security"] = {"softDeleteFeatureState": "Disabled"}
    job = await job_of(azure, vault, (await azure.ask("DELETE", item)).headers)
    assert job["properties"]["extendedInfo"]["propertyBag"]["Number of Recovery Points"] == "1"
    assert (await azure.ask("GET", item)).status == 404


async def test_where_soft_delete_is_on_a_deleted_item_stays_for_a_while(served: tuple[Client, World]) -> None:
    azure, world = served
    vault, item = await protected(azure, world)
    await job_of(azure, vault, (await azure.ask("DELETE", item)).headers)
    assert (await azure.get(item))["properties"]["isScheduledForDeferredDelete"] is True


async def test_a_new_vm_is_protectable_in_a_list_once_a_refresh_has_found_it_and_its_agent_speaks_later(
    served: tuple[Client, World],
) -> None:
    azure, world = served
    twin = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(twin)
    made = f"{twin}-new"
    body = {
        "location": (await azure.get(twin))["location"],
        "properties": {"storageProfile": {"osDisk": {"osType": "Linux", "createOption": "FromImage"}}},
    }
    assert (await azure.ask("PUT", made, body)).status == 201

    async def listed() -> bool:
        found = await azure.rows(f"{vault}/backupProtectableItems?$filter=backupManagementType eq 'AzureIaasVM'")
        return any(each["properties"]["virtualMachineId"] == made for each in found)

    view = (await azure.get(f"{made}/instanceView"))["vmAgent"]
    assert view["statuses"][0]["displayStatus"] == "Not Ready"
    assert not await listed()
    await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    await azure.until_idle()
    assert await listed()
    await azure.advance((world.now() + 4 * MINUTE).isoformat())
    view = (await azure.get(f"{made}/instanceView"))["vmAgent"]
    assert view["statuses"][0]["displayStatus"] == "Ready"
