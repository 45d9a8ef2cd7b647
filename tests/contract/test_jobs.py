"""Backup jobs over HTTP: the vaults and Resource Graph tell the same of a simulator, and who failed last."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.azure.jobs import AzureJobs
from shared.adapters.clock import VirtualClock
from shared.domain.advice import Advice
from shared.domain.azure_answers import BackupJob, Scope
from shared.domain.job_advice import job_advisories
from shared.domain.model import Protection, ProtectionState
from simulator.server import running

ALL = Scope()
FORTNIGHT = timedelta(days=14)


class Azure(NamedTuple):
    connection: Connection
    clock: VirtualClock
    inventory: ResourceGraphInventory
    backup: AzureBackup
    jobs: AzureJobs

    async def fault(self, **rule: object) -> None:
        async with self.connection.session.post(f"{self.connection.endpoint}/_sim/faults", json=[rule]) as answer:
            assert answer.status == 201

    async def protected(self) -> tuple[str, Protection]:
        """A VM whose backups run well."""
        async for key, item in self.inventory.protections(ALL):
            if item.state is ProtectionState.PROTECTED:
                return key, item
        raise AssertionError("nothing is protected here")

    async def back_up(self, item: Protection) -> None:
        """One backup on demand, from its start to its end."""
        await self.backup.start_backup(item.item_id, self.clock.now() + timedelta(days=30))
        end = self.clock.now() + timedelta(hours=2)
        while self.clock.now() < end:
            await self.clock.wait_until(end)

    async def failed(self) -> list[BackupJob]:
        return [each async for each in self.jobs.failed_last(ALL)]


@pytest.fixture
async def azure() -> AsyncIterator[Azure]:
    async with running(vms=60, seed=5) as (url, _), Connection(url) as connection:
        subscriptions = await connection.first_contact()
        clock = VirtualClock(connection)
        inventory = ResourceGraphInventory(connection, clock, subscriptions)
        yield Azure(
            connection, clock, inventory, AzureBackup(connection, clock), AzureJobs(connection, clock, inventory)
        )


async def test_the_vaults_and_resource_graph_show_the_same_jobs(azure: Azure) -> None:
    since = azure.clock.now() - FORTNIGHT
    key, item = await azure.protected()
    await azure.back_up(item)
    bulk = {each.id.lower(): each async for each in azure.jobs.jobs_in(ALL, since)}
    single = {
        each.id.lower(): each
        for vault in await azure.inventory.vaults(ALL)
        for each in await azure.jobs.jobs(vault.id.text, since)
    }
    assert bulk.keys() == single.keys()
    for name in ("operation", "status", "started", "ended", "item_container", "name", "user_triggered"):
        assert {each: getattr(job, name) for each, job in bulk.items()} == {
            each: getattr(job, name) for each, job in single.items()
        }, name
    assert len({each.vm_id for each in bulk.values()}) > 10
    mine = [each for each in bulk.values() if each.vm_id == key and each.user_triggered]
    assert [(each.operation, each.status) for each in mine] == [("Backup", "Completed")]


async def test_only_a_failure_that_nothing_came_after_is_found_and_told_with_its_reason(azure: Azure) -> None:
    key, item = await azure.protected()
    assert await azure.failed() == []
    await azure.fault(fault="job", operation="POST backup", status="Failed", times=1)
    await azure.back_up(item)
    found = await azure.failed()
    assert [(each.vm_id, each.operation, each.failed) for each in found] == [(key, "Backup", True)]
    [advisory] = job_advisories(found, azure.clock.now())
    assert (advisory.advice, advisory.vm and advisory.vm.key) == (Advice.BACKUP_JOB_FAILED, key)
    assert "UserErrorGuestAgentStatusUnavailable" in advisory.detail
    assert found[0].recommendations[0].rstrip(".") in advisory.detail
    await azure.back_up(item)
    assert await azure.failed() == []
