"""What the core asks of Azure, and the writes that it makes there. Nothing of these is kept by Backstop itself."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.domain.arm_id import ArmId
from shared.domain.attributes import Need
from shared.domain.azure_answers import (
    Accepted,
    BackupJob,
    BackupStatus,
    NewVault,
    OperationStatus,
    PreflightAnswer,
    RecoveryPoint,
    Scope,
    Subscription,
)
from shared.domain.backup_policy import BackupPolicy
from shared.domain.hazards import HazardsSeen
from shared.domain.holdings import VaultContents
from shared.domain.model import DiskSelection, Protection, Vault, Vm


class Inventory(Protocol):
    """The estate in bulk, from Resource Graph: cheap, complete, and late by seconds to hours."""

    async def subscriptions(self, scope: Scope) -> tuple[Subscription, ...]:
        """The subscriptions that the scope reaches, as far as the login can read them."""

    def vms(self, scope: Scope, needs: Collection[Need] = ()) -> AsyncIterator[Vm]:
        """Every VM in scope, with its group's `managedBy`, ordered by id. `needs`: what else must be read of it."""

    async def vaults(self, scope: Scope) -> tuple[Vault, ...]:
        """Every Recovery Services vault in scope."""

    async def has_group(self, group_id: str) -> bool:
        """Whether the resource group of this id exists, from the authority."""

    async def backup_policies(self, scope: Scope) -> Mapping[str, tuple[BackupPolicy, ...]]:
        """Every backup policy in scope by its vault's key, those for other things than VMs included."""

    def protections(self, scope: Scope) -> AsyncIterator[tuple[str, Protection]]:
        """(lower-cased VM id, its protected item) for every `AzureIaasVM` item in scope; a VM may have several."""


class EstateSource(Protocol):
    """A whole estate for a copy of it, from Resource Graph."""

    #: After the reading: what was seen and is in no file, by kind.
    left_out: Counter[str]

    def entries(self, scope: Scope) -> AsyncIterator[tuple[str, Any]]:
        """(section of the estate file, entry) for everything in scope; `docs/estate.md` describes both."""


class Compute(Protocol):
    """One VM at a time, from the authority."""

    async def vm(self, vm_id: ArmId, needs: Collection[Need] = ()) -> Vm | None:
        """The VM with its group's `managedBy`, or None when ARM says that it does not exist.

        `needs`: what else must be read of it.
        """


class RecoveryPoints(Protocol):
    """The points to which a VM can be restored."""

    async def latest_point(self, item: Protection) -> RecoveryPoint | None:
        """The item's latest recovery point from the authority; None where it has none, or there is no item."""


class Backup(RecoveryPoints, Protocol):
    """Azure Backup, one VM at a time, from the authority."""

    async def status(self, vm_id: ArmId, location: str) -> BackupStatus:
        """backupStatus: whether any vault, wherever it is, protects the VM."""

    async def vaults(self, subscription_id: str) -> tuple[Vault, ...]:
        """The subscription's vaults; may be cached for minutes."""

    async def backup_policies(self, vault_id: str) -> tuple[BackupPolicy, ...]:
        """Every backup policy in the vault, those for other things than VMs included."""

    async def vault(self, vault_id: str) -> Vault | None:
        """The vault as it is now; None when there is none."""

    async def contents(self, vault_id: str) -> VaultContents:
        """The vault's backup policies and the VMs that it holds; may be cached for minutes."""

    def forget(self, vault_id: str) -> None:
        """What was cached of this vault, and of its subscription's, is no longer true."""

    def item_id(self, vault_id: str, vm_id: ArmId) -> str:
        """The id that the VM's protected item has in this vault, whether there is one or not."""

    async def item(self, vault_id: str, vm_id: ArmId) -> Protection | None:
        """The VM's protected item in this vault, soft-deleted ones included; None when there is none."""

    async def jobs(self, vault_id: str, vm_id: ArmId, since: datetime) -> tuple[BackupJob, ...]:
        """The VM's jobs of the operation Backup in this vault that started at or after `since`."""

    async def operation(self, url: str) -> OperationStatus:
        """Where a long-running operation stands. `url` is the one that Azure gave, followed verbatim."""

    async def protect(
        self, vault_id: str, vm_id: ArmId, backup_policy: str, disks: DiskSelection | None = None
    ) -> Accepted:
        """PUT the protected item, of all disks or of a selection. The caller has made sure that there is none yet."""

    async def start_backup(self, item_id: str, retain_until: datetime) -> Accepted:
        """POST an on-demand backup. Each call starts another one, so the caller guards it."""

    async def undelete(self, vault_id: str, vm_id: ArmId) -> Accepted:
        """PUT that brings back an item which the caller has read as soft-deleted; it is stopped then."""

    async def put_under(self, vault_id: str, vm_id: ArmId, backup_policy: str) -> Accepted:
        """PUT an existing item under a backup policy: resumes a stopped one, changes that of another."""

    async def create_vault(self, new: NewVault) -> Accepted:
        """PUT a vault. The caller has made sure that there is none of that name in the subscription."""

    async def set_redundancy(self, new: NewVault) -> None:
        """PATCH the storage redundancy of a vault that holds nothing yet."""

    async def put_backup_policy(self, vault_id: str, policy: BackupPolicy) -> Accepted:
        """PUT a backup policy into the vault. It replaces one of that name whole, so the caller has compared them."""


class Jobs(Protocol):
    """What the backup service did and does: jobs of backups of whole VMs, of every operation."""

    async def jobs(self, vault_id: str, since: datetime) -> tuple[BackupJob, ...]:
        """The vault's jobs that started at or after `since`, newest first, from the authority. They name no VM id."""

    def jobs_in(self, scope: Scope, since: datetime) -> AsyncIterator[BackupJob]:
        """The same for a whole scope from Resource Graph, ordered by id: late by minutes, and of 14 days at most."""

    def configured(self, scope: Scope) -> AsyncIterator[BackupJob]:
        """Jobs of the last day that configured a protection, from Resource Graph."""

    def failed_last(self, scope: Scope) -> AsyncIterator[BackupJob]:
        """Failed jobs of the last seven days, each the last of its VM and operation (Backup or ConfigureBackup).

        From Resource Graph; a cancelled job is passed over.
        """


class Preflight(Protocol):
    """What the service can be asked before or after a protect, and its search for VMs. Nothing here protects."""

    async def prevalidate(self, vault_id: str, vm_id: ArmId, location: str) -> PreflightAnswer:
        """Whether the service would protect the VM in this vault, and why not. `location`: the vault's region."""

    async def feature_support(self, subscription_id: str, location: str, vm_size: str, vm_sku: str) -> str:
        """Supported | DefaultON | DefaultOFF | NotSupported | Invalid for a size and kind of VM in a region."""

    async def refresh_containers(self, vault_id: str) -> Accepted:
        """Let the vault look for VMs; it takes about a minute, followed by `Backup.operation`."""

    async def protectable(self, vault_id: str, vm_id: ArmId) -> bool:
        """Whether the vault has found the VM and nothing protects it yet."""


class Hazards(Protocol):
    """What surrounds the VMs' backups and can break them."""

    async def look(self, subscriptions: Collection[str], key_vaults: Collection[str]) -> HazardsSeen:
        """Locks of these subscriptions, assignments of Azure Policy that reach them, access to these key vaults (ids).

        It raises nothing for a failed read: what could not be read stands in its place as `Unread`.
        """
