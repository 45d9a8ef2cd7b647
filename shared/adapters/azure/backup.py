"""Azure Backup from the authority: status, vaults, protected items, jobs, and the two writes that Backstop makes.

Each write is one request that is never repeated and never waited for: Azure's 202 is handed back. This module refuses
to decide whether a write is right; whoever calls it has read the state and holds the guards.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient
from azure.mgmt.recoveryservicesbackup.models import (
    BackupRequestResource,
    BackupStatusRequest,
    IaasVMBackupRequest,
)

from shared.adapters.azure.arm_errors import clean, code_of, is_not_found, retry_after, translated
from shared.adapters.azure.cache import TimedCache
from shared.adapters.azure.connection import Connection, require_list
from shared.adapters.azure.first_answer import FirstAnswer
from shared.adapters.azure.item_writes import AzureItemWrites
from shared.adapters.azure.names import FABRIC, container_name, item_id, item_name
from shared.adapters.azure.policy_mapping import policy_from_wire
from shared.adapters.azure.protection_mapping import (
    is_iaas_vm,
    job_from_wire,
    protection_from_item,
    source_of_item,
)
from shared.adapters.azure.recovery_points import AzureRecoveryPoints
from shared.adapters.azure.vault_mapping import vault_from_wire
from shared.adapters.azure.vault_writes import AzureVaultWrites
from shared.adapters.azure.wire import object_at, required_text, text_at
from shared.domain.arm_id import ArmId, parse_id
from shared.domain.azure_answers import Accepted, BackupJob, BackupStatus, OperationStatus
from shared.domain.backup_policy import BackupPolicy
from shared.domain.holdings import VaultContents
from shared.domain.model import (
    Protection,
    Vault,
)
from shared.errors import PermanentError
from shared.ports import Clock

_VMS = "backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"
_ITEM = re.compile(r".*/backupFabrics/Azure/protectionContainers/([^/]+)/protectedItems/([^/]+)", re.IGNORECASE)


class AzureBackup(AzureVaultWrites, AzureItemWrites, AzureRecoveryPoints):
    """The port Backup on the backup service's REST API. Every URL and id that it takes came from Azure or is parsed."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection)
        self._clock = clock
        self._vaults: TimedCache[tuple[Vault, ...]] = TimedCache(clock, timedelta(minutes=5))
        self._contents: TimedCache[VaultContents] = TimedCache(clock, timedelta(minutes=10))

    async def status(self, vm_id: ArmId, location: str) -> BackupStatus:
        """backupStatus: one request, which ARM counts as a write for throttling."""
        with translated(vm_id.text):
            client = self._connection.client(RecoveryServicesBackupClient, vm_id.subscription_id)
            answer = await client.backup_status.get(
                location, BackupStatusRequest(resource_type="VM", resource_id=vm_id.text)
            )
            return BackupStatus(
                status=required_text(answer, "protectionStatus"),
                vault_id=text_at(answer, "vaultId"),
                container=text_at(answer, "containerName"),
                item=text_at(answer, "protectedItemName"),
            )

    async def vaults(self, subscription_id: str) -> tuple[Vault, ...]:
        """The subscription's vaults, as of five minutes ago at most."""
        return await self._vaults.get(subscription_id.lower(), lambda: self._read_vaults(subscription_id))

    async def _read_vaults(self, subscription_id: str) -> tuple[Vault, ...]:
        with translated(f"/subscriptions/{subscription_id}"):
            client = self._connection.client(RecoveryServicesClient, subscription_id)
            pages = client.vaults.list_by_subscription_id(raw_response_hook=require_list)
            return tuple([vault_from_wire(each) async for each in pages])

    async def vault(self, vault_id: str) -> Vault | None:
        """The vault as ARM has it now; None where ARM says that it or its resource group does not exist."""
        with translated(vault_id):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesClient, vault.subscription_id)
            try:
                return vault_from_wire(await client.vaults.get(vault.resource_group, vault.name))
            except HttpResponseError as error:
                if is_not_found(error) and code_of(error).lower() in {"resourcenotfound", "resourcegroupnotfound"}:
                    return None
                raise

    async def contents(self, vault_id: str) -> VaultContents:
        """Policies and VMs of the vault, as of ten minutes ago at most."""
        return await self._contents.get(vault_id.lower(), lambda: self._read_contents(vault_id))

    async def _read_contents(self, vault_id: str) -> VaultContents:
        policies = await self.backup_policies(vault_id)
        with translated(vault_id):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            pages = client.backup_protected_items.list(
                vault.name, vault.resource_group, filter=_VMS, raw_response_hook=require_list
            )
            items = [(source_of_item(node), protection_from_item(node).backup_policy) async for node in pages]
        return VaultContents(policies, {source: policy.lower() for source, policy in items if source})

    def forget(self, vault_id: str) -> None:
        """Read the vault's contents, and its subscription's vaults, anew when they are asked for next."""
        self._contents.forget(vault_id.lower())
        self._vaults.forget(parse_id(vault_id).subscription_id)

    async def backup_policies(self, vault_id: str) -> tuple[BackupPolicy, ...]:
        """Every backup policy in the vault, all pages. `policyType` V2 is Enhanced (REST 2021-02-10 and later)."""
        with translated(vault_id):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            pages = client.backup_policies.list(vault.name, vault.resource_group, raw_response_hook=require_list)
            return tuple([policy_from_wire(each) async for each in pages])

    def item_id(self, vault_id: str, vm_id: ArmId) -> str:
        """Names of containers and items are deterministic."""
        return item_id(vault_id, vm_id)

    async def item(self, vault_id: str, vm_id: ArmId) -> Protection | None:
        """The VM's item in this vault, soft-deleted ones included; None where the vault answers 404.

        PermanentError where the item of that name belongs to a VM of another subscription: names hold none.
        """
        with translated(vm_id.text):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            try:
                node = await client.protected_items.get(
                    vault.name, vault.resource_group, FABRIC, container_name(vm_id), item_name(vm_id)
                )
            except HttpResponseError as error:
                if is_not_found(error):
                    return None
                raise
            if not is_iaas_vm(object_at(node, "properties")):
                return None
            source = source_of_item(node)
            if source and source != vm_id.key:
                raise PermanentError(
                    f"the vault {vault.name} holds an item of this name that protects another VM: {clean(source)}",
                    code="ItemOfAnotherVm",
                    resource_id=vm_id.text,
                )
            return protection_from_item(node)

    async def jobs(self, vault_id: str, vm_id: ArmId, since: datetime) -> tuple[BackupJob, ...]:
        """The VM's jobs of the operation Backup that started at or after `since`, all pages of them."""
        with translated(vm_id.text):
            vault = parse_id(vault_id)
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            wanted = job_filter(since, self._clock.now() + timedelta(days=1))
            pages = client.backup_jobs.list(
                vault.name, vault.resource_group, filter=wanted, raw_response_hook=require_list
            )
            return tuple([job async for node in pages if (job := _job_of(vm_id, node, since)) is not None])

    async def operation(self, url: str) -> OperationStatus:
        """Where the operation stands. The URL may be signed: it is sent to the letter and shown nowhere."""
        with translated():
            response = await self._connection.send(HttpRequest("GET", url))
            waiting = retry_after(response.headers)
            if response.status_code == 202:  # a Location URL has no body until it ends
                return OperationStatus("InProgress", retry_after=waiting)
            if response.status_code == 204 or not response.content:
                return OperationStatus("Succeeded")
            body = response.json()
            return OperationStatus(
                status=required_text(body, "status"),
                job_id=text_at(body, "properties", "jobId"),
                error_code=text_at(body, "error", "code"),
                error=clean(text_at(body, "error", "message")),
                retry_after=waiting,
            )

    async def start_backup(self, item_id: str, retain_until: datetime) -> Accepted:
        """POST an on-demand backup of the item. The SDK neither polls nor repeats it."""
        with translated(item_id):
            vault, names = parse_id(_vault_part(item_id)), _ITEM.fullmatch(item_id)
            if names is None:
                raise ValueError("not the id of a protected item")
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            answer = FirstAnswer()
            await client.backups.trigger(
                vault.name,
                vault.resource_group,
                FABRIC,
                unquote(names[1]),
                unquote(names[2]),
                BackupRequestResource(properties=IaasVMBackupRequest(recovery_point_expiry_time_in_utc=retain_until)),
                raw_response_hook=answer,
            )
            return answer.accepted()


def job_filter(since: datetime, until: datetime) -> str:
    """Azure's filter for Backup jobs of VMs. Its moments are UTC, in 12-hour form and not ISO (Azure CLI's source)."""

    def moment(value: datetime) -> str:
        return value.strftime("%Y-%m-%d %I:%M:%S %p")

    return (
        "operation eq 'Backup' and backupManagementType eq 'AzureIaasVM' "
        f"and startTime eq '{moment(since)}' and endTime eq '{moment(until)}'"
    )


def _job_of(vm_id: ArmId, node: Any, since: datetime) -> BackupJob | None:
    job = job_from_wire(node)
    if job.operation.lower() != "backup" or (job.started is not None and job.started < since):
        return None
    if not job.item_container:
        # Answers of 2019 lack the container. Twins share the friendly name, so such a job is nobody's for certain.
        if text_at(node, "properties", "entityFriendlyName").lower() == vm_id.name.lower():
            raise ValueError("a backup job does not say which container it belongs to")
        return None
    return job if job.item_container == container_name(vm_id).lower().partition(";")[2] else None


def _vault_part(item_id: str) -> str:
    return re.split("/backupfabrics/", item_id, maxsplit=1, flags=re.IGNORECASE)[0]
