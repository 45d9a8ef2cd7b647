"""Protect, first backup, stop, delete and undelete, the way a client sees them."""

from simulator.backup.protection import CONFIGURE
from simulator.resources.machines import DELETION
from simulator.world import World
from tests.simulator.client import Client, item_of, protect_body


async def test_a_vm_is_protected_and_backed_up_step_by_step(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    assert (await azure.backup_status(vm))["protectionStatus"] == "NotProtected"

    accepted = await azure.protect(vm, vault)
    assert (accepted.status, accepted.body) == (202, None)
    operation = accepted.headers["azure-asyncoperation"]
    assert (await azure.get(operation))["status"] == "InProgress"
    assert (await azure.ask("GET", accepted.headers["location"])).status == 202
    assert (await azure.backup_status(vm))["protectionStatus"] == "Protecting"
    assert (await azure.ask("GET", item_of(vault, vm))).status == 404
    [job] = await azure.rows(f"{vault}/backupJobs?$filter=operation eq 'ConfigureBackup' and status eq 'InProgress'")
    assert job["properties"]["entityFriendlyName"] == vm.rsplit("/", 1)[1]

    await azure.advance()
    done = await azure.get(operation)
    assert done["status"] == "Succeeded"
    assert done["properties"]["jobId"] == job["name"]
    item = (await azure.get(item_of(vault, vm)))["properties"]
    assert (item["protectionState"], item["lastBackupStatus"]) == ("IRPending", "")
    assert item["lastBackupTime"] == "2001-01-01T00:00:00Z"
    assert "lastRecoveryPoint" not in item
    status = await azure.backup_status(vm)
    assert (status["protectionStatus"], status["policyName"]) == ("Protected", "DefaultPolicy")
    assert status["containerName"] == status["containerName"].lower()

    started = await azure.back_up(vm, vault)
    assert started.status == 202
    assert (await azure.get(started.headers["azure-asyncoperation"]))["status"] == "InProgress"
    await azure.advance()
    backup = (await azure.get(started.headers["azure-asyncoperation"]))["properties"]["jobId"]
    running = (await azure.get(f"{vault}/backupJobs/{backup}"))["properties"]
    assert (running["operation"], running["status"], running["isUserTriggered"]) == ("Backup", "InProgress", True)
    assert running["extendedInfo"]["tasksList"][0] == {
        "taskId": "Take Snapshot",
        "duration": "PT0S",
        "status": "InProgress",
    }
    assert (await azure.get(item_of(vault, vm)))["properties"]["lastBackupStatus"] == "InProgress"
    assert (await azure.back_up(vm, vault)).code == "UserErrorBackupOperationInProgress"

    await azure.advance()
    assert (await azure.get(f"{vault}/backupJobs/{backup}"))["properties"]["status"] == "Completed"
    item = (await azure.get(item_of(vault, vm)))["properties"]
    assert (item["protectionState"], item["lastBackupStatus"]) == ("Protected", "Completed")
    assert item["lastRecoveryPoint"]


async def test_while_a_vm_is_being_protected_a_second_put_and_a_backup_are_refused(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await azure.protect(vm, vault)
    assert (await azure.protect(vm, vault)).status == 409
    assert (await azure.back_up(vm, vault)).status == 400


async def test_a_protect_that_does_not_fit_is_refused_with_its_reason(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    item = item_of(vault, vm)

    async def refused(path: str, source: str, policy: str) -> str:
        reply = await azure.ask("PUT", path, protect_body(source, policy))
        assert reply.status == 400
        return reply.code

    good = f"{vault}/backupPolicies/DefaultPolicy"
    assert await refused(item, vm, "") == "BMSUserErrorInvalidConfigureProtectionRequest"
    assert await refused(item, vm, f"{vault}/backupPolicies/NoSuchPolicy") == "BMSUserErrorPolicyNotFound"
    assert await refused(item, vm, f"{vault}/backupPolicies/HourlyLogBackup") == "BMSUserErrorPolicyNotFound"
    assert await refused(item, vm + "-gone", good) == "UserErrorVmNotFoundV2"
    other = (await azure.label("no-tags"))["vmId"]
    assert await refused(item, other, good) == "BMSUserErrorInvalidConfigureProtectionRequest"
    location = (await azure.get(vm))["location"]
    subscription = "/".join(vm.split("/")[:3])
    for elsewhere in await azure.rows(f"{subscription}/providers/Microsoft.RecoveryServices/vaults"):
        if elsewhere["location"] != location:
            reply = await azure.protect(vm, elsewhere["id"])
            assert reply.code == "UserErrorCrossRegionProtectionNotSupported"
            assert "same location" in reply.body["error"]["message"]
            break
    foreign = next(s for s in await azure.rows("/subscriptions") if s["id"] != subscription)
    vaults = await azure.rows(f"{foreign['id']}/providers/Microsoft.RecoveryServices/vaults")
    same_region = [v["id"] for v in vaults if v["location"] == location]
    for there in same_region:
        assert (await azure.protect(vm, there)).code == "UserErrorCrossSubscriptionProtectionNotSupported"


async def test_a_vm_in_one_vault_cannot_be_put_into_another(azure: Client) -> None:
    subscriptions = await azure.rows("/subscriptions")
    vaults = await azure.rows(f"{subscriptions[0]['id']}/providers/Microsoft.RecoveryServices/vaults")
    first, second = [v["id"] for v in vaults if v["location"] == "westeurope"]
    for path in (first, second):
        for item in await azure.rows(f"{path}/backupProtectedItems?$filter=backupManagementType eq 'AzureIaasVM'"):
            vm = item["properties"]["sourceResourceId"]
            other = second if path == first else first
            assert (await azure.protect(vm, other)).code == "UserErrorVmAlreadyProtectedInAnotherVault"
            return
    raise AssertionError("the estate has no protected VM in the region with two vaults")


async def test_an_empty_policy_stops_and_a_policy_resumes(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = await _vault_of(azure, vm)
    stop = protect_body(vm, "")
    stop["properties"]["protectionState"] = "ProtectionStopped"
    assert (await azure.ask("PUT", item_of(vault, vm), stop)).status == 202
    assert (await azure.protect(vm, vault)).status == 409
    await azure.advance()
    item = (await azure.get(item_of(vault, vm)))["properties"]
    assert (item["protectionState"], item["policyId"]) == ("ProtectionStopped", "")
    assert (await azure.backup_status(vm))["protectionStatus"] == "Protected"
    assert (await azure.back_up(vm, vault)).status == 400
    assert (await azure.protect(vm, vault)).status == 202
    await azure.advance()
    assert (await azure.get(item_of(vault, vm)))["properties"]["protectionState"] == "Protected"


async def test_a_deleted_item_is_soft_deleted_and_comes_back_stopped(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = await _vault_of(azure, vm)
    path = item_of(vault, vm)
    assert (await azure.ask("DELETE", path)).status == 202
    await azure.advance()
    item = (await azure.get(path))["properties"]
    assert item["isScheduledForDeferredDelete"] is True
    assert item["deferredDeleteTimeRemaining"].startswith("13.23:59:")
    assert (await azure.backup_status(vm))["protectionStatus"] == "NotProtected"
    assert (await azure.protect(vm, vault)).code == "UserErrorItemInSoftDeletedState"
    undelete = protect_body(vm, "")
    undelete["properties"] |= {"protectionState": "ProtectionStopped", "isRehydrate": True}
    assert (await azure.ask("PUT", path, undelete)).status == 202
    await azure.advance()
    item = (await azure.get(path))["properties"]
    assert item["protectionState"] == "ProtectionStopped"
    assert "isScheduledForDeferredDelete" not in item


async def test_a_soft_deleted_item_is_gone_after_fourteen_days(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = await _vault_of(azure, vm)
    await azure.ask("DELETE", item_of(vault, vm))
    await azure.until_idle()
    assert (await azure.ask("GET", item_of(vault, vm))).status == 404
    assert (await azure.protect(vm, vault)).status == 202


async def test_a_vm_deleted_during_its_protect_fails_the_operation(served: tuple[Client, World]) -> None:
    azure, world = served
    spread = world.state.spread
    vm = next(
        label["vmId"]
        for label in await azure.labels()
        if label["why"] == "UNPROTECTED"
        and spread(label["vmId"].lower(), *DELETION) < spread(label["vmId"].lower(), *CONFIGURE)
    )
    vault = await azure.vault_for(vm)
    reply = await azure.protect(vm, vault)
    await azure.ask("DELETE", vm)
    await azure.until_idle()
    operation = await azure.get(reply.headers["azure-asyncoperation"])
    assert (operation["status"], operation["error"]["code"]) == ("Failed", "UserErrorVmNotFoundV2")
    assert (await azure.ask("GET", item_of(vault, vm))).status == 404
    assert (await azure.protect(vm, vault)).code == "UserErrorVmNotFoundV2"


async def test_an_operation_address_is_followed_as_given_or_not_at_all(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    given = (await azure.protect(vm, await azure.vault_for(vm))).headers["azure-asyncoperation"]
    assert len(given) > 1000
    for altered in (given[:-4] + "AAAA", given.replace("&s=", "&s=x"), given.replace("&t=", "&t=1")):
        assert (await azure.ask("GET", altered)).status == 403
    assert (await azure.ask("GET", given)).status == 200


async def test_the_job_list_filters_by_twelve_hour_moments(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = await _vault_of(azure, vm)
    everything = await azure.rows(f"{vault}/backupJobs")
    assert everything
    window = "startTime eq '2020-01-01 12:00:00 AM' and endTime eq '2020-01-02 11:00:00 PM'"
    assert await azure.rows(f"{vault}/backupJobs?$filter={window}") == []
    reply = await azure.ask("GET", f"{vault}/backupJobs?$filter=startTime eq '2020-01-01T00:00:00Z'")
    assert reply.status == 400


async def test_a_database_in_a_vm_does_not_show_among_vm_items(azure: Client) -> None:
    vm = (await azure.label("sql-in-vm"))["vmId"]
    shown = []
    for vault in await azure.rows(f"{'/'.join(vm.split('/')[:3])}/providers/Microsoft.RecoveryServices/vaults"):
        path = f"{vault['id']}/backupProtectedItems?$filter=backupManagementType eq "
        assert vm not in [i["properties"]["sourceResourceId"] for i in await azure.rows(path + "'AzureIaasVM'")]
        shown += [i["properties"]["sourceResourceId"] for i in await azure.rows(path + "'AzureWorkload'")]
    assert vm in shown
    assert (await azure.backup_status(vm))["protectionStatus"] == "NotProtected"


async def test_what_can_be_protected_is_found_after_a_refresh(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    reply = await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    assert reply.status == 202
    assert (await azure.ask("GET", reply.headers["location"])).status == 202
    await azure.advance()
    assert (await azure.ask("GET", reply.headers["location"])).status == 204
    found = await azure.rows(f"{vault}/backupProtectableItems?$filter=backupManagementType eq 'AzureIaasVM'")
    assert vm in [row["properties"]["virtualMachineId"] for row in found]


async def _vault_of(azure: Client, vm: str) -> str:
    return str((await azure.backup_status(vm))["vaultId"])


async def test_a_selection_of_disks_is_kept_and_shown_and_a_change_of_policy_leaves_it(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    chosen = {"diskExclusionProperties": {"diskLunList": [1, 2], "isInclusionList": False}}
    body = protect_body(vm, f"{vault}/backupPolicies/DefaultPolicy")
    body["properties"]["extendedProperties"] = chosen
    assert (await azure.ask("PUT", item_of(vault, vm), body)).status == 202
    await azure.advance()
    assert (await azure.get(item_of(vault, vm)))["properties"]["extendedProperties"] == chosen
    assert (await azure.protect(vm, vault)).status == 202
    await azure.until_idle()
    assert (await azure.get(item_of(vault, vm)))["properties"]["extendedProperties"] == chosen


async def test_an_item_of_all_disks_shows_no_selection_and_what_is_none_is_refused(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    body = protect_body(vm, f"{vault}/backupPolicies/DefaultPolicy")
    for wrong in ("all", {"diskLunList": "1", "isInclusionList": True}, {"diskLunList": [1]}, {"diskLunList": [True]}):
        body["properties"]["extendedProperties"] = {"diskExclusionProperties": wrong}
        assert (await azure.ask("PUT", item_of(vault, vm), body)).status == 400
    await azure.protect(vm, vault)
    await azure.advance()
    assert "extendedProperties" not in (await azure.get(item_of(vault, vm)))["properties"]
