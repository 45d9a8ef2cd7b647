"""The wire shapes of preflight and discovery, as the published schema has them."""

from datetime import timedelta

import pytest

from shared.adapters.azure.connection import Connection
from shared.adapters.azure.preflight import AzurePreflight
from shared.domain.arm_id import parse_vm_id
from shared.domain.azure_answers import PreflightAnswer
from shared.errors import PermanentError, RetryLaterError
from tests.unit.shared.adapters.azure.stub import SUB, VAULT, VM, Reply, Stub

HERE = f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/westeurope"
ITEMS = f"{VAULT}/backupProtectableItems"


def protectable_item(vm: str) -> dict[str, object]:
    return {
        "id": f"{VAULT}/backupFabrics/Azure/protectionContainers/c/protectableItems/i",
        "properties": {
            "protectableItemType": "Microsoft.Compute/virtualMachines",
            "virtualMachineId": vm,
            "friendlyName": "web-01",
        },
    }


async def test_prevalidate_asks_in_the_vms_subscription_and_reads_the_verdict(
    connection: Connection, stub: Stub
) -> None:
    body = {
        "status": "Failed",
        "errorCode": "VirtualMachineAlreadyProtected",
        "errorMessage": "It is\r\nprotected.",
        "recommendation": "Leave it.",
        "containerName": "iaasvmcontainer;iaasvmcontainerv2;app-rg;web-01",
        "protectedItemName": "vm;iaasvmcontainerv2;app-rg;web-01",
    }
    stub.on("POST", f"{HERE}/backupPreValidateProtection", Reply(body))
    answer = await AzurePreflight(connection).prevalidate(VAULT, parse_vm_id(VM), "westeurope")
    assert answer == PreflightAnswer("Failed", "VirtualMachineAlreadyProtected", "It is protected.", "Leave it.")
    assert stub.seen[0].body == {"resourceType": "VM", "resourceId": VM, "vaultId": VAULT, "properties": ""}


async def test_a_verdict_without_a_status_is_malformed(connection: Connection, stub: Stub) -> None:
    stub.on("POST", f"{HERE}/backupPreValidateProtection", Reply({"errorCode": "X"}))
    with pytest.raises(PermanentError, match="expected form"):
        await AzurePreflight(connection).prevalidate(VAULT, parse_vm_id(VM), "westeurope")


async def test_feature_support_gives_azures_word(connection: Connection, stub: Stub) -> None:
    stub.on("POST", f"{HERE}/backupValidateFeatures", Reply({"supportStatus": "DefaultOFF"}))
    assert await AzurePreflight(connection).feature_support(SUB, "westeurope", "Basic_A0", "Premium") == "DefaultOFF"
    assert stub.seen[0].body == {"featureType": "AzureVMResourceBackup", "vmSize": "Basic_A0", "vmSku": "Premium"}


async def test_a_refresh_is_sent_once_and_followed_where_azure_says(connection: Connection, stub: Stub) -> None:
    path = f"{VAULT}/backupFabrics/Azure/refreshContainers"
    followed = f"{stub.base}{VAULT}/backupFabrics/Azure/operationResults/op?t=1&s=x"
    stub.on("POST", path, Reply(None, 202, {"Location": followed, "Retry-After": "20"}))
    accepted = await AzurePreflight(connection).refresh_containers(VAULT)
    assert (accepted.operation_url, accepted.retry_after) == (followed, timedelta(seconds=20))
    stub.fail("POST", path, 503, "ServiceUnavailable")
    with pytest.raises(RetryLaterError):
        await AzurePreflight(connection).refresh_containers(VAULT)
    assert len(stub.seen) == 2


async def test_protectable_reads_all_pages_and_compares_whole_ids_without_case(
    connection: Connection, stub: Stub
) -> None:
    twin = VM.replace("App-RG", "Other-RG")
    first = {"value": [protectable_item(twin)], "nextLink": f"{stub.base}{ITEMS}/more"}
    stub.on("GET", ITEMS, Reply(first))
    stub.on("GET", f"{ITEMS}/more", Reply({"value": [protectable_item(VM.upper())]}))
    assert await AzurePreflight(connection).protectable(VAULT, parse_vm_id(VM))
    assert stub.seen[0].query["$filter"] == "backupManagementType eq 'AzureIaasVM'"
    stub.on("GET", f"{ITEMS}/more", Reply({"value": []}))
    assert not await AzurePreflight(connection).protectable(VAULT, parse_vm_id(VM))


async def test_a_list_without_a_list_is_not_an_empty_one(connection: Connection, stub: Stub) -> None:
    stub.on("GET", ITEMS, Reply({}))
    with pytest.raises(PermanentError):
        await AzurePreflight(connection).protectable(VAULT, parse_vm_id(VM))
