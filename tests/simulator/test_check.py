"""The verdict finds what it must find: planted misses and planted wrong writes."""

from datetime import UTC, datetime

import pytest

from simulator.control.check import Machine, Protection, check
from simulator.control.ledger import Write
from simulator.core.labels import Label
from tests.simulator.client import Client, item_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VM = Label(
    "/subscriptions/s/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/a", "prod", "protect", "X", "Gold"
)
ALONE = Label(VM.vm_id + "-alone", "opted-out", "untouched", "OPTED_OUT", "Gold")
GOOD = Protection("s", "weu", "gold", ("InProgress",))


def _machine(*protections: Protection) -> dict[str, Machine]:
    return {VM.vm_id.lower(): Machine("s", "weu", protections)}


def _write(operation: str, vm: str | None = VM.vm_id, status: int = 202, over: bool = False) -> Write:
    return Write(1, NOW, operation.split(" ", maxsplit=1)[0], "/p", operation, vm, status, over)


def test_a_vm_protected_once_with_one_first_backup_is_right() -> None:
    verdict = check([VM, ALONE], _machine(GOOD), [_write("PUT protectedItems"), _write("POST backup")])
    assert verdict == {"missed": [], "wrongWrites": [], "labelled": 2}


@pytest.mark.parametrize(
    ("protections", "why"),
    [
        ((), "0 active"),
        ((GOOD, GOOD), "2 active"),
        ((Protection("s", "neu", "gold", ("Completed",)),), "region neu"),
        ((Protection("t", "weu", "gold", ("Completed",)),), "another subscription"),
        ((Protection("s", "weu", "silver", ("Completed",)),), "policy silver"),
        ((Protection("s", "weu", "gold", ()),), "0 first backups"),
        ((Protection("s", "weu", "gold", ("Completed", "InProgress")),), "2 first backups"),
        ((Protection("s", "weu", "gold", ("Failed",)),), "is Failed"),
    ],
)
def test_a_planted_miss_is_found(protections: tuple[Protection, ...], why: str) -> None:
    [missed] = check([VM], _machine(*protections), [])["missed"]
    assert (missed["vmId"], missed["kind"]) == (VM.vm_id, "prod")
    assert why in missed["why"]


@pytest.mark.parametrize(
    ("writes", "why"),
    [
        ([_write("PUT protectedItems", ALONE.vm_id, 400)], "left alone"),
        ([_write("PUT vaults", None)], "no VM"),
        ([_write("PUT protectedItems", VM.vm_id + "-unknown")], "without a label"),
        ([_write("PUT protectedItems", over=True)], "over an existing"),
        ([_write("DELETE protectedItems")], "neither"),
        ([_write("PATCH tags")], "neither"),
        ([_write("PUT protectedItems"), _write("PUT protectedItems")], "second protect"),
    ],
)
def test_a_planted_wrong_write_is_found(writes: list[Write], why: str) -> None:
    [wrong] = check([VM, ALONE], _machine(GOOD), writes)["wrongWrites"]
    assert why in wrong["why"]


def test_a_protect_that_was_refused_and_came_again_is_no_wrong_write() -> None:
    for refused in (409, 429, 500):
        writes = [_write("PUT protectedItems", status=refused), _write("PUT protectedItems")]
        assert check([VM], _machine(GOOD), writes)["wrongWrites"] == []


def test_where_only_the_first_backup_is_missing_a_protect_is_wrong() -> None:
    pending = Label(VM.vm_id, "pending", "protect", "NO_RECOVERY_POINT", "Gold")
    assert check([pending], _machine(GOOD), [_write("POST backup")])["wrongWrites"] == []
    [wrong] = check([pending], _machine(GOOD), [_write("PUT protectedItems")])["wrongWrites"]
    assert "only the first backup" in wrong["why"]


def test_a_vm_that_is_gone_is_not_missed() -> None:
    assert check([VM], {}, [])["missed"] == []


async def test_an_enforcer_that_follows_the_labels_leaves_nothing_to_object_to(azure: Client) -> None:
    labels = [label for label in await azure.labels() if label["expect"] == "protect"]
    assert len((await azure.get("/_sim/check"))["missed"]) == len(labels)
    vaults = {}
    for label in labels:
        vm = label["vmId"]
        vaults[vm] = (await azure.backup_status(vm)).get("vaultId") or await azure.vault_for(vm)
        if label["kind"] != "pending":
            assert (await azure.protect(vm, vaults[vm], label["backupPolicy"])).status == 202
    await azure.until_idle()
    for vm, vault in vaults.items():
        assert (await azure.back_up(vm, vault)).status == 202
    assert (await azure.get("/_sim/check"))["missed"] == []
    await azure.until_idle()
    verdict = await azure.get("/_sim/check")
    assert (verdict["missed"], verdict["wrongWrites"]) == ([], [])
    counts = await azure.get("/_sim/counts")
    pending = len([label for label in labels if label["kind"] == "pending"])
    assert counts["writes"] == 2 * len(labels) - pending


async def test_wrong_writes_over_http_are_found(azure: Client) -> None:
    left_alone = (await azure.label("opted-out"))["vmId"]
    await azure.protect(left_alone, await azure.vault_for(left_alone))
    protected = (await azure.label("protected"))["vmId"]
    vault = (await azure.backup_status(protected))["vaultId"]
    await azure.protect(protected, vault)
    pending = await azure.label("pending")
    held = (await azure.backup_status(pending["vmId"]))["vaultId"]
    await azure.protect(pending["vmId"], held, pending["backupPolicy"])
    plain = (await azure.label("plain-unprotected"))["vmId"]
    await azure.ask("DELETE", item_of(await azure.vault_for(plain), plain))
    wrong = (await azure.get("/_sim/check"))["wrongWrites"]
    assert [write["vmId"] for write in wrong] == [left_alone, protected, pending["vmId"], plain]
    assert [write["overExisting"] for write in wrong] == [False, True, True, False]


async def test_the_estates_own_people_and_questions_are_no_writes(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    await azure.ask("POST", "/_sim/counts/reset")
    await azure.ask("PATCH", vm, {"tags": {"a": "b"}}, headers={"x-sim-actor": "estate"})
    location = (await azure.get(vm))["location"]
    base = f"/subscriptions/{vm.split('/')[2]}/providers/Microsoft.RecoveryServices/locations/{location}"
    body = {"resourceType": "VM", "resourceId": vm}
    for name in ("backupStatus", "backupPreValidateProtection", "backupValidateFeatures"):
        about = {"featureType": "AzureVMResourceBackup"} if name == "backupValidateFeatures" else body
        assert (await azure.ask("POST", f"{base}/{name}", about)).status == 200
    await azure.graph("resources | take 1")
    vault = await azure.vault_for(vm)
    await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    counts = await azure.get("/_sim/counts")
    assert (counts["writes"], counts["estate"], counts["byOperation"]["POST refreshContainers"]) == (0, 1, 1)
    assert counts["total"] == counts["reads"] + 1
    assert await azure.get("/_sim/writes") == []
