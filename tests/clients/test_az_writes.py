"""What a person does with the Azure CLI: protect, back up, stop, undelete, resume, cancel, tag, make a vault."""

from tests.clients.conftest import Az, Place, Simulator, place_of


def state(az: Az, place: Place) -> tuple[str, bool]:
    """The item's protection state, and whether it is soft-deleted."""
    item = az(
        f"backup item show {place.in_vault} -c {place.container} -n {place.item} --backup-management-type AzureIaasVM"
    )
    return item["properties"]["protectionState"], bool(item["properties"].get("isScheduledForDeferredDelete"))


def test_a_backup_from_the_first_protect_to_the_recovery_point_and_back(az: Az, simulator: Simulator) -> None:
    place = place_of(az, simulator.vm("plain-unprotected"))
    assert az(f"backup protection check-vm {place.subscription} --vm {place.vm}") is None
    enable = f"backup protection enable-for-vm {place.in_vault} --vm {place.vm}"

    assert "BMSUserErrorPolicyNotFound" in az.refused(f"{enable} -p nope")
    job = az(f"{enable} -p DefaultPolicy")
    assert (job["properties"]["operation"], job["properties"]["status"]) == ("ConfigureBackup", "Completed")
    assert state(az, place) == ("IRPending", False)
    assert az(f"backup protection check-vm {place.subscription} --vm {place.vm}").lower() == place.vault["id"].lower()
    assert "VM is already Protected" in az.refused(f"{enable} -p DefaultPolicy")

    job = az(f"backup protection backup-now {place.protected}")
    assert (job["properties"]["operation"], job["properties"]["status"]) == ("Backup", "InProgress")
    again = az.refused(f"backup protection backup-now {place.protected}")
    assert "UserErrorBackupOperationInProgress" in again
    simulator.jump(minutes=90)
    az(f"backup job wait {place.in_vault} -n {job['name']}")
    done = az(f"backup job show {place.in_vault} -n {job['name']}")
    assert done["properties"]["status"] == "Completed"
    assert len(az(f"backup recoverypoint list {place.protected}")) == 1
    assert state(az, place) == ("Protected", False)

    def status(command: str, *more: str) -> str:
        return str(az(f"backup protection {command}", *more)["properties"]["status"])

    assert status(f"disable {place.protected} --yes") == "Completed"
    assert state(az, place) == ("ProtectionStopped", False)
    assert status(f"resume {place.protected} -p DefaultPolicy") == "Completed"
    assert state(az, place) == ("Protected", False)
    assert status(f"disable {place.protected} --delete-backup-data true --yes") == "Completed"
    assert state(az, place) == ("ProtectionStopped", True)
    undelete = f"undelete {place.protected} --workload-type VM"
    assert status(undelete) == "Completed"
    assert state(az, place) == ("ProtectionStopped", False)
    assert status(f"resume {place.protected} -p EnhancedPolicy") == "Completed"
    assert state(az, place) == ("Protected", False)


def test_a_running_backup_is_cancelled(az: Az, simulator: Simulator) -> None:
    place = place_of(az, simulator.vm("no-tags"))
    az(f"backup protection enable-for-vm {place.in_vault} --vm {place.vm} -p DefaultPolicy")
    job = az(f"backup protection backup-now {place.protected}")["name"]
    az(f"backup job stop {place.in_vault} -n {job}")
    simulator.jump(minutes=10)
    assert az(f"backup job show {place.in_vault} -n {job}")["properties"]["status"] == "Cancelled"
    assert "BMSUserErrorJobCancellationNotPossible" in az.refused(f"backup job stop {place.in_vault} -n {job}")


def test_a_machine_whose_group_lists_show_in_capitals_is_protected_by_either_id(az: Az, simulator: Simulator) -> None:
    vm = simulator.vm("mixed-case-id")
    [shown] = [
        each["id"] for each in az(f"vm list --subscription {vm.split('/')[2]}") if each["id"].lower() == vm.lower()
    ]
    assert shown != vm
    place = place_of(az, shown)
    az(f"backup protection enable-for-vm {place.in_vault} --vm {shown} -p EnhancedPolicy")
    assert state(az, place) == ("IRPending", False)
    assert az(f"backup protection check-vm {place.subscription} --vm {vm}").lower() == place.vault["id"].lower()


def test_what_cannot_be_protected_is_told_why(az: Az, simulator: Simulator) -> None:
    ephemeral = place_of(az, simulator.vm("ephemeral-os-disk"))
    enable = f"backup protection enable-for-vm {ephemeral.in_vault} --vm {ephemeral.vm}"
    assert "UserErrorEphemeralOsDiskNotSupported" in az.refused(f"{enable} -p DefaultPolicy")
    deleted = place_of(az, simulator.vm("soft-deleted"))
    enable = f"backup protection enable-for-vm {deleted.in_vault} --vm {deleted.vm}"
    assert "VM is already Protected" in az.refused(f"{enable} -p DefaultPolicy")
    far = simulator.vm("no-vault-in-region")
    place = place_of(az, far, location="westeurope")
    enable = f"backup protection enable-for-vm {place.in_vault} --vm {far}"
    assert "same location" in az.refused(f"{enable} -p DefaultPolicy")
    nowhere = place.in_vault.replace(place.vault["name"], "nope")
    assert "(ResourceNotFound)" in az.refused(f"backup protection enable-for-vm {nowhere} --vm {far} -p DefaultPolicy")
    stranger = f"{place.in_vault} -c nope -i nope --backup-management-type AzureIaasVM"
    for command in ("backup-now", "disable --yes", "resume -p DefaultPolicy"):
        assert "not found" in az.refused(f"backup protection {command} {stranger}")


def test_a_vault_is_made_and_deleted(az: Az, simulator: Simulator) -> None:
    vm = simulator.vm("plain-unprotected")
    where = f"--subscription {vm.split('/')[2]} -g {vm.split('/')[4]} -n made-by-hand"
    assert az(f"backup vault create {where} -l westeurope --tags tier=gold")["properties"]["provisioningState"]
    made = az(f"backup vault show {where}")
    assert (made["properties"]["provisioningState"], made["tags"]) == ("Succeeded", {"tier": "gold"})
    storage, _ = az(f"backup vault backup-properties show {where}")
    assert storage["properties"]["storageTypeState"] == "Unlocked"
    policies = az(f"backup policy list {where.replace(' -n ', ' -v ')}")
    assert {policy["name"] for policy in policies} == {"DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"}
    az(f"backup vault delete {where} --yes")
    assert "(ResourceNotFound)" in az.refused(f"backup vault show {where}")


def test_tags_of_a_machine_are_merged_replaced_and_deleted(az: Az, simulator: Simulator) -> None:
    vm = simulator.vm("opted-out")

    def tags(command: str) -> dict[str, str]:
        return dict(az(f"tag {command}")["properties"]["tags"])

    before = tags(f"list --resource-id {vm}")
    assert tags(f"update --resource-id {vm} --operation merge --tags tier=gold") == before | {"tier": "gold"}
    assert tags(f"update --resource-id {vm} --operation delete --tags tier=gold") == before
    assert tags(f"create --resource-id {vm} --tags a=1 b=2") == {"a": "1", "b": "2"}
    assert az(f"resource tag --ids {vm} --tags c=3")["tags"] == {"c": "3"}
    assert az(f"vm update --ids {vm} --set tags.d=four")["tags"] == {"c": "3", "d": "four"}
    az(f"tag delete --resource-id {vm} --yes")
    assert tags(f"list --resource-id {vm}") == {}
    nowhere = vm.rsplit("/", 1)[0] + "/nope"
    assert "NotFound" in az.refused(f"tag list --resource-id {nowhere}")
