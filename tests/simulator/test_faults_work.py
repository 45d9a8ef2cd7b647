"""Long-running operations and jobs that end badly or late, as a client sees them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.backup.errors import KNOWN, NO_NUMBER
from tests.simulator.client import Client, Reply, item_of

PROTECT, BACKUP = "PUT protectedItems", "POST backup"


@pytest.fixture
async def vm(azure: Client) -> tuple[str, str]:
    vm_id = str((await azure.label("plain-unprotected"))["vmId"])
    return vm_id, await azure.vault_for(vm_id)


async def given(azure: Client, *rules: dict[str, Any]) -> None:
    assert (await azure.ask("POST", "/_sim/faults", list(rules))).status == 201


async def ended(azure: Client, accepted: Reply) -> dict[str, Any]:
    """The operation's status once it is over."""
    assert accepted.status == 202
    while (status := await azure.get(accepted.headers["azure-asyncoperation"]))["status"] == "InProgress":
        await azure.advance()
    return dict(status)


async def jobs_of(azure: Client, vm: tuple[str, str], operation: str) -> list[dict[str, Any]]:
    rows = await azure.rows(f"{vm[1]}/backupJobs")
    name = vm[0].rsplit("/", 1)[1]
    return [
        each["properties"]
        for each in rows
        if each["properties"]["entityFriendlyName"] == name and each["properties"]["operation"] == operation
    ]


@pytest.mark.parametrize(
    "code",
    [
        "UserErrorRequestDisallowedByPolicy",
        "BMSUserErrorInvalidConfigureProtectionRequest",
        "UserErrorGuestAgentStatusUnavailable",
        "UserErrorOfNoName",
    ],
)
async def test_a_protect_fails_with_a_code_and_leaves_nothing(azure: Client, vm: tuple[str, str], code: str) -> None:
    await given(azure, {"fault": "operation", "operation": PROTECT, "code": code, "times": 1})
    status = await ended(azure, await azure.protect(*vm))
    assert (status["status"], status["error"]["code"]) == ("Failed", code)
    assert status["error"]["message"]
    [job] = await jobs_of(azure, vm, "ConfigureBackup")
    assert (job["status"], job["errorDetails"][0]["errorTitle"]) == ("Failed", code)
    assert (await azure.ask("GET", item_of(vm[1], vm[0]))).status == 404
    assert (await azure.backup_status(vm[0]))["protectionStatus"] == "NotProtected"
    assert (await ended(azure, await azure.protect(*vm)))["status"] == "Succeeded"


async def test_a_stop_that_fails_stops_nothing(azure: Client, vm: tuple[str, str]) -> None:
    await ended(azure, await azure.protect(*vm))
    await given(azure, {"fault": "operation", "code": "CloudServiceRetryableError"})
    assert (await ended(azure, await azure.ask("DELETE", item_of(vm[1], vm[0]))))["status"] == "Failed"
    item = await azure.get(item_of(vm[1], vm[0]))
    assert item["properties"]["protectionState"] == "IRPending"


async def test_an_operation_is_stuck_for_long_and_ends_well(azure: Client, vm: tuple[str, str]) -> None:
    began = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    await given(azure, {"fault": "operation", "operation": PROTECT, "delaySeconds": 86_400})
    status = await ended(azure, await azure.protect(*vm))
    assert status["status"] == "Succeeded"
    took = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"]) - began
    assert timedelta(days=1) < took < timedelta(days=1, minutes=2)


async def test_a_refresh_fails(azure: Client, vm: tuple[str, str]) -> None:
    await given(azure, {"fault": "operation", "code": "CloudServiceRetryableError"})
    status = await ended(azure, await azure.ask("POST", f"{vm[1]}/backupFabrics/Azure/refreshContainers"))
    assert (status["status"], status["error"]["code"]) == ("Failed", "CloudServiceRetryableError")


async def test_a_backup_whose_operation_fails_makes_no_job(azure: Client, vm: tuple[str, str]) -> None:
    await ended(azure, await azure.protect(*vm))
    await given(azure, {"fault": "operation", "operation": BACKUP, "code": "UserErrorVmNotInDesirableState"})
    status = await ended(azure, await azure.back_up(*vm))
    assert (status["status"], status["error"]["code"]) == ("Failed", "UserErrorVmNotInDesirableState")
    assert await jobs_of(azure, vm, "Backup") == []


async def test_a_backup_fails_with_details(azure: Client, vm: tuple[str, str]) -> None:
    await ended(azure, await azure.protect(*vm))
    await given(azure, {"fault": "job", "operation": BACKUP})
    await azure.back_up(*vm)
    await azure.until_idle()
    [job] = await jobs_of(azure, vm, "Backup")
    [detail] = job["errorDetails"]
    assert job["status"] == "Failed"
    assert detail["errorTitle"] == "UserErrorGuestAgentStatusUnavailable"
    assert isinstance(detail["errorCode"], int)
    assert detail["errorString"]
    assert len(detail["recommendations"]) == 2
    item = (await azure.get(item_of(vm[1], vm[0])))["properties"]
    assert (item["lastBackupStatus"], item.get("lastRecoveryPoint"), item["protectionState"]) == (
        "Failed",
        None,
        "IRPending",
    )
    assert (await azure.get("/_sim/check"))["missed"]


async def test_a_backup_completes_with_warnings_of_the_rules_own(azure: Client, vm: tuple[str, str]) -> None:
    await ended(azure, await azure.protect(*vm))
    error = {"errorCode": 400001, "errorTitle": "T", "errorString": "S", "recommendations": ["R"]}
    await given(azure, {"fault": "job", "status": "CompletedWithWarnings", "errors": [error]})
    await azure.back_up(*vm)
    await azure.until_idle()
    [job] = await jobs_of(azure, vm, "Backup")
    assert (job["status"], job["errorDetails"]) == ("CompletedWithWarnings", [error])
    item = (await azure.get(item_of(vm[1], vm[0])))["properties"]
    assert item["protectionState"] == "Protected"
    assert item["lastRecoveryPoint"]
    assert vm[0] not in [each["vmId"] for each in (await azure.get("/_sim/check"))["missed"]]


NUMBERS = {
    "ResourceNotFound": 320001,
    "UserErrorVmNotFoundV2": 400136,
    "BCMV2VMNotFound": 400094,
    "ExtensionSnapshotFailedNoNetwork": 400206,
    "AzureVmOffline": 380008,
    "UserErrorOfNoName": NO_NUMBER,
}
CODES = [*(known.code for known in KNOWN.values()), "UserErrorOfNoName"]


async def test_every_code_can_refuse_at_once_and_nothing_has_happened(azure: Client, vm: tuple[str, str]) -> None:
    for code in CODES:
        await given(azure, {"fault": "refuse", "operation": PROTECT, "code": code, "times": 1})
        reply = await azure.protect(*vm)
        known = KNOWN.get(code.lower())
        assert (reply.status, reply.code) == (known.status if known else 400, code)
        assert reply.headers["x-ms-error-code"] == code
        assert reply.body["error"]["message"]
        assert (await azure.backup_status(vm[0]))["protectionStatus"] == "NotProtected"
    await given(
        azure, {"fault": "refuse", "operation": PROTECT, "code": "X", "message": "m", "status": 412, "times": 1}
    )
    assert (await azure.protect(*vm)).status == 412
    assert (await ended(azure, await azure.protect(*vm)))["status"] == "Succeeded"


async def test_every_code_can_fail_a_protect_and_its_job(azure: Client, vm: tuple[str, str]) -> None:
    for number, code in enumerate(CODES):
        await given(azure, {"fault": "operation", "operation": PROTECT, "code": code, "times": 1})
        status = await ended(azure, await azure.protect(*vm))
        assert (status["status"], status["error"]["code"]) == ("Failed", code)
        jobs = await jobs_of(azure, vm, "ConfigureBackup")
        assert len(jobs) == number + 1
        [detail] = jobs[0]["errorDetails"]
        assert (detail["errorTitle"], detail["errorString"]) == (code, status["error"]["message"])
        assert detail["errorCode"] == NUMBERS.get(code, detail["errorCode"])


async def test_every_code_can_fail_a_backup(azure: Client, vm: tuple[str, str]) -> None:
    await ended(azure, await azure.protect(*vm))
    for number, code in enumerate(CODES):
        if number % 3 == 0:  # nine attempts a day are the most
            tomorrow = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"]) + timedelta(days=1)
            await azure.advance(tomorrow.isoformat())
        await given(azure, {"fault": "job", "operation": BACKUP, "code": code, "times": 1})
        assert (await azure.back_up(*vm)).status == 202
        await azure.until_idle()
        [detail] = (await jobs_of(azure, vm, "Backup"))[0]["errorDetails"]
        assert detail["errorTitle"] == code
        assert isinstance(detail["errorCode"], int)
        assert detail["errorCode"] == NUMBERS.get(code, detail["errorCode"])
        assert detail["errorString"]
        assert isinstance(detail["recommendations"], list)
