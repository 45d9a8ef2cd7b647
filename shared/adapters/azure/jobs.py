"""Backup jobs: a vault's own list, and a whole scope's from Resource Graph.

A vault tells what is so now, page by page; Resource Graph tells a thousand jobs a request, minutes late and 14 days
back. This module refuses jobs of anything but whole VMs, and skips nothing that it cannot read.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient

from shared.adapters.azure import job_queries as queries
from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection, require_list
from shared.adapters.azure.graph_reader import GraphReader, chunks
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.azure.protection_mapping import is_iaas_vm, job_from_row, job_from_wire
from shared.adapters.azure.wire import Wire, object_at, text_at
from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import BackupJob, Scope
from shared.ports import Clock


class AzureJobs:
    """The port Jobs. `inventory` turns a scope into subscriptions that can all be read."""

    def __init__(self, connection: Connection, clock: Clock, inventory: ResourceGraphInventory) -> None:
        self._connection = connection
        self._clock = clock
        self._inventory = inventory
        self._graph = GraphReader(connection, clock)

    async def jobs(self, vault_id: str, since: datetime) -> tuple[BackupJob, ...]:
        """The vault's jobs of VMs, of every operation, that started at or after `since`; all pages, newest first."""
        with translated(vault_id):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            wanted = jobs_filter(since, self._clock.now() + timedelta(days=1))
            pages = client.backup_jobs.list(
                vault.name, vault.resource_group, filter=wanted, raw_response_hook=require_list
            )
            nodes = [node async for node in pages]
            found = [job_from_wire(each) for each in nodes if is_iaas_vm(object_at(each, "properties"))]
        begun = [each for each in found if each.started is None or each.started >= since]
        return tuple(sorted(begun, key=lambda each: each.started or since, reverse=True))

    async def jobs_in(self, scope: Scope, since: datetime) -> AsyncIterator[BackupJob]:
        """The scope's jobs of VMs that started at or after `since`, as far back as Resource Graph keeps them."""
        age = self._clock.now() - since
        days = next((each for each in queries.DAYS if age <= timedelta(days=each)), queries.DAYS[-1])
        async for job in self._rows(queries.jobs_of(days), scope):
            if job.started is None or job.started >= since:
                yield job

    async def configured(self, scope: Scope) -> AsyncIterator[BackupJob]:
        """The scope's jobs of the last day that configured a protection."""
        async for job in self._rows(queries.CONFIGURED, scope):
            yield job

    async def failed_last(self, scope: Scope) -> AsyncIterator[BackupJob]:
        """Of each VM and operation the last job of seven days, if it failed."""
        async for job in self._rows(queries.FAILED_LAST, scope):
            yield job

    async def _rows(self, query: str, scope: Scope) -> AsyncIterator[BackupJob]:
        for where in chunks(await self._inventory.inside(scope)):
            async for row in self._graph.rows(query, where):
                with translated(_name_of(row)):
                    job = job_from_row(row)
                yield job


def jobs_filter(since: datetime, until: datetime) -> str:
    """Azure's filter for jobs of VMs of every operation. Its moments are UTC, in 12-hour form and not ISO."""
    begun, before = (each.strftime("%Y-%m-%d %I:%M:%S %p") for each in (since, until))
    return f"backupManagementType eq 'AzureIaasVM' and startTime eq '{begun}' and endTime eq '{before}'"


def _name_of(row: Wire) -> str:
    return text_at(row, "id") if isinstance(row.get("id"), str) else ""
