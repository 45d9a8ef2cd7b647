"""What Backstop's own adapters make of each fault: try later (it may have happened, or not), give up, or unknown."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.compute import AzureCompute
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.clock import VirtualClock
from shared.domain.arm_id import ArmId, parse_vm_id
from shared.domain.azure_answers import OperationStatus, Scope
from shared.errors import PermanentError, RetryLaterError
from simulator.server import running
from tests.simulator.client import Client

PROTECT, BACKUP = "PUT protectedItems", "POST backup"
POLICY = "DefaultPolicy"


@dataclass
class Engine:
    """The adapters on one simulator, an unprotected VM, a vault for it, and the way to set faults."""

    people: Client
    connection: Connection
    compute: AzureCompute
    backup: AzureBackup
    inventory: ResourceGraphInventory
    clock: VirtualClock
    vm: ArmId
    vault: str

    async def given(self, **rule: Any) -> None:
        assert (await self.people.ask("POST", "/_sim/faults", [rule])).status == 201

    async def sent(self) -> list[int]:
        """Status of each write that reached the simulator."""
        return [each["status"] for each in await self.people.get("/_sim/writes")]

    async def refused(self) -> RetryLaterError:
        """How a protect ends that has to be tried later."""
        with pytest.raises(RetryLaterError) as caught:
            await self.backup.protect(self.vault, self.vm, POLICY)
        return caught.value

    async def finish(self, url: str) -> OperationStatus:
        while (status := await self.backup.operation(url)).running:
            await self.clock.wait_until(self.clock.now() + timedelta(minutes=1))
        return status


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with (
        running(vms=60, seed=5) as (base, _),
        aiohttp.ClientSession(headers={"Authorization": "Bearer any", "x-sim-actor": "estate"}) as http,
        Connection(base) as connection,
    ):
        people = Client(base, http)
        subscriptions = await connection.first_contact()
        clock = VirtualClock(connection)
        vm = (await people.label("plain-unprotected"))["vmId"]
        yield Engine(
            people,
            connection,
            AzureCompute(connection, clock),
            AzureBackup(connection, clock),
            ResourceGraphInventory(connection, clock, subscriptions),
            clock,
            parse_vm_id(vm),
            await people.vault_for(vm),
        )


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(372, 372), (3600, 3600), (86400, 86400), ("date:90", 90), ("date:-5", 0), ("absent", None), ("malformed", None)],
)
async def test_a_429_is_tried_later_and_has_certainly_not_happened(
    engine: Engine, asked: int | str, waits: int | None
) -> None:
    await engine.given(fault="throttle", retryAfter=asked, operation=PROTECT)
    error = await engine.refused()
    assert error.code == "TooManyRequests"
    assert error.retry_after == (None if waits is None else timedelta(seconds=waits))
    assert not error.may_have_happened
    assert await engine.sent() == [429]  # sent once: nobody slept and tried again


async def test_a_date_is_measured_from_the_answers_own_date_whatever_the_clocks_say(engine: Engine) -> None:
    await engine.given(fault="skew", seconds=600, headers="date")
    await engine.given(fault="throttle", retryAfter="date:90")
    assert (await engine.refused()).retry_after == timedelta(seconds=90)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_5xx_is_tried_later_and_may_have_happened(engine: Engine, status: int, when: str) -> None:
    await engine.given(fault="error", status=status, when=when, operation=PROTECT, retryAfter=7)
    error = await engine.refused()
    assert (error.may_have_happened, error.retry_after) == (True, timedelta(seconds=7))
    assert await engine.sent() == ([202] if when == "after" else [status])


@pytest.mark.parametrize("fault", ["reset", "close", "hang"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_broken_connection_is_tried_later_and_may_have_happened(engine: Engine, fault: str, when: str) -> None:
    more = {"ms": 20} if fault == "hang" else {}
    await engine.given(fault=fault, when=when, operation=PROTECT, **more)
    error = await engine.refused()
    assert (error.code, error.may_have_happened, error.retry_after) == ("NoAnswer", True, None)
    assert await engine.sent() == [202 if when == "after" else 0]  # and it was sent once


@pytest.mark.parametrize("rule", [{"fault": "truncate"}, {"fault": "truncate", "end": "reset"}], ids=["fin", "rst"])
async def test_half_an_answer_to_a_write_may_have_happened(engine: Engine, rule: dict[str, Any]) -> None:
    await engine.given(**rule, operation=PROTECT)
    error = await engine.refused()
    assert (error.code in ("NoAnswer", "UnreadableAnswer"), error.may_have_happened) == (True, True)
    assert await engine.sent() == [202]


@pytest.mark.parametrize(
    "rule",
    [{"fault": "truncate"}, {"fault": "truncate", "end": "reset"}, {"fault": "garble"}],
    ids=["fin", "rst", "bad"],
)
@pytest.mark.parametrize("read", ["vm", "vaults", "status", "jobs", "operation", "graph"])
async def test_a_spoilt_answer_to_a_read_is_unknown_and_tried_later(
    engine: Engine, rule: dict[str, Any], read: str
) -> None:
    accepted = await engine.backup.protect(engine.vault, engine.vm, POLICY)
    await engine.given(**rule)
    reads: dict[str, Callable[[], Awaitable[object]]] = {
        "vm": lambda: engine.compute.vm(engine.vm),
        "vaults": lambda: engine.backup.vaults(engine.vm.subscription_id),
        "status": lambda: engine.backup.status(engine.vm, "eastus"),
        "jobs": lambda: engine.backup.jobs(engine.vault, engine.vm, engine.clock.now()),
        "operation": lambda: engine.backup.operation(accepted.operation_url),
        "graph": lambda: engine.inventory.vaults(Scope()),
    }
    with pytest.raises(RetryLaterError) as caught:
        await reads[read]()
    assert caught.value.code in ("NoAnswer", "UnreadableAnswer")


async def test_a_late_answer_is_an_answer(engine: Engine) -> None:
    began = engine.clock.now()
    await engine.given(fault="delay", ms=5, virtualSeconds=30, operation="GET virtualMachines")
    assert await engine.compute.vm(engine.vm) is not None
    assert engine.clock.now() - began == timedelta(seconds=30)


async def test_resource_graph_is_asked_again_after_the_wait_that_it_names(engine: Engine) -> None:
    began = engine.clock.now()
    await engine.given(fault="throttle", retryAfter=60, operation="POST resources", first=2)
    assert await engine.inventory.vaults(Scope())
    assert engine.clock.now() - began == timedelta(seconds=120)


async def test_an_operation_that_fails_keeps_azures_code(engine: Engine) -> None:
    await engine.given(fault="operation", operation=PROTECT, code="UserErrorRequestDisallowedByPolicy")
    accepted = await engine.backup.protect(engine.vault, engine.vm, POLICY)
    status = await engine.finish(accepted.operation_url)
    assert (status.status, status.error_code) == ("Failed", "UserErrorRequestDisallowedByPolicy")
    assert status.error
    assert await engine.backup.item(engine.vault, engine.vm) is None


async def test_an_operation_that_is_stuck_goes_on_running(engine: Engine) -> None:
    await engine.given(fault="operation", operation=PROTECT, delaySeconds=86_400)
    accepted = await engine.backup.protect(engine.vault, engine.vm, POLICY)
    await engine.clock.wait_until(engine.clock.now() + timedelta(hours=23))
    assert (await engine.backup.operation(accepted.operation_url)).running


@pytest.mark.parametrize("status", ["Failed", "CompletedWithWarnings"])
async def test_a_job_that_goes_wrong_keeps_azures_details(engine: Engine, status: str) -> None:
    began = engine.clock.now()
    accepted = await engine.backup.protect(engine.vault, engine.vm, POLICY)
    await engine.finish(accepted.operation_url)
    item = await engine.backup.item(engine.vault, engine.vm)
    assert item is not None
    error = {"errorCode": 400201, "errorTitle": "AgentNotReady", "errorString": "The agent is not ready."}
    await engine.given(fault="job", operation=BACKUP, status=status, errors=error)
    await engine.backup.start_backup(item.item_id, engine.clock.now() + timedelta(days=30))
    await engine.people.until_idle()
    [job] = await engine.backup.jobs(engine.vault, engine.vm, began)
    assert (job.status, job.running, job.error_code, job.error) == (status, False, "400201", "AgentNotReady")


async def test_a_locked_scope_is_given_up_with_what_a_person_can_do(engine: Engine) -> None:
    await engine.given(fault="actor", deed="lock", operation="POST backupStatus")
    location = (await engine.people.get(engine.vm.text))["location"]
    await engine.backup.status(engine.vm, location)
    [lock] = (await engine.people.get("/_sim/faults"))["locks"]
    with pytest.raises(PermanentError) as caught:
        await engine.backup.protect(lock["scope"], engine.vm, POLICY)
    assert caught.value.code == "ScopeLocked"
    assert "lock" in caught.value.remedy.lower()


async def test_a_vm_that_somebody_else_protected_first_is_left_to_a_new_look(engine: Engine) -> None:
    await engine.given(fault="actor", deed="protect", vault="other", operation=PROTECT)
    with pytest.raises(PermanentError) as caught:
        await engine.backup.protect(engine.vault, engine.vm, POLICY)
    assert caught.value.code == "UserErrorVmAlreadyProtectedInAnotherVault"
