"""What the simulated Azure holds: plain records, keyed by lower-cased ARM id.

Only data and what follows from it. How a record looks on the wire is in `render.py`; who may change it, in the
module of its service.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from simulator.core.surroundings import Guest
from simulator.core.wire import Json

IAAS = "AzureIaasVM"
WORKLOAD = "AzureWorkload"
#: Days a soft-deleted item is kept (recorded traffic, 2019: 14 days less a few seconds remain after a delete).
SOFT_DELETE_DAYS = 14


@dataclass(slots=True)
class Subscription:
    """A subscription; its id is lower-case."""

    id: str
    name: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ResourceGroup:
    """A resource group, named as its maker spelt it."""

    id: str
    name: str
    subscription: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    managed_by: str | None = None


@dataclass(slots=True)
class VirtualMachine:
    """A virtual machine; `properties` are ARM's. `tags` None: it has none at all."""

    id: str
    name: str
    subscription: str
    group: str
    location: str
    tags: dict[str, str] | None
    properties: Json
    zones: list[str] = field(default_factory=list)
    identity: Json | None = None
    power: str = "running"
    #: Lists and Resource Graph show this VM's resource group upper-cased, as the compute service does for some.
    shouts: bool = False
    managed_by: str = ""
    #: A vault's refresh has found it since it was made; what was there before the world began is known anyway.
    discovered: bool = False
    #: A VM of `Microsoft.ClassicCompute`.
    classic: bool = False
    #: By lower-cased name of a disk what the disk's own resource would say, such as `maxShares`; see `support.py`.
    disk_facts: dict[str, Json] = field(default_factory=dict)
    #: What is unusual inside; None for a VM whose agent runs and that tells of no extension.
    guest: Guest | None = None

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(slots=True)
class BackupPolicy:
    """A backup policy of a vault's."""

    name: str
    management: str = IAAS
    version: Literal["V1", "V2"] = "V1"
    #: Its `properties` as someone wrote them; None for the policies that a vault is born with.
    definition: Json | None = None


@dataclass(slots=True)
class Job:
    """A job of the backup service."""

    id: str
    operation: str
    vm_id: str
    vm_name: str
    container: str
    started: datetime
    activity: str
    policy: str = ""
    ended: datetime | None = None
    status: str = "InProgress"
    user_triggered: bool = True
    expiry: datetime | None = None
    #: `errorDetails` of a job that went wrong.
    errors: list[Json] = field(default_factory=list)
    #: What its property bag holds beside the usual.
    bag: dict[str, str] = field(default_factory=dict)
    #: What a restore moves.
    gigabytes: int = 0
    #: How consistent a backup's recovery point is; empty where that follows from the VM as it stands.
    consistency: str = ""


@dataclass(slots=True)
class ProtectedItem:
    """One registration in one vault. `configuring` items exist for Azure but are not yet readable."""

    vault: str  # key of its vault
    source_id: str
    vm_name: str
    container: str  # with its leading type: IaasVMContainer;iaasvmcontainerv2;<group>;<vm>
    name: str  # VM;iaasvmcontainerv2;<group>;<vm>
    data_id: str
    location: str
    created: datetime
    management: str = IAAS
    state: str = "IRPending"
    policy: str = ""
    configuring: bool = False
    last_status: str = ""
    last_backup: datetime | None = None
    last_point: datetime | None = None
    deleted: datetime | None = None
    #: A change (other than a backup) under way: the service refuses a second one meanwhile.
    busy: bool = False
    #: `protectionStatus`, `healthStatus` and `healthDetails` where they are not those of a healthy item.
    health: Json = field(default_factory=dict)
    #: `diskExclusionProperties` as asked for; None where all disks are backed up.
    disks: Json | None = None
    #: How consistent the last recovery point is that the estate began with; empty as in a job.
    consistency: str = ""

    @property
    def key(self) -> str:
        """The item's place in its vault: container and name, lower-cased."""
        return f"{self.container}/{self.name}".lower()

    @property
    def soft_deleted(self) -> bool:
        return self.deleted is not None

    @property
    def active(self) -> bool:
        """Backed up by schedule: configured, not stopped, not soft-deleted."""
        return not self.configuring and not self.soft_deleted and self.state != "ProtectionStopped"


@dataclass(slots=True)
class Vault:
    """A Recovery Services vault with everything in it."""

    id: str
    name: str
    subscription: str
    group: str
    location: str
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)
    provisioning: str = "Succeeded"
    #: How this vault's stamp spells ids: 0 as given, 1 `/Subscriptions/`, 2 lower-cased (recorded traffic, 2019-20).
    casing: int = 0
    #: What was changed in its configurations (`backupconfig`, `backupstorageconfig`), by name of the configuration.
    settings: dict[str, Json] = field(default_factory=dict)
    policies: dict[str, BackupPolicy] = field(default_factory=dict)
    items: dict[str, ProtectedItem] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    #: Keys of the VMs that its own refreshes have found; kept only where discovery is needed (`/_sim/backup`).
    found: set[str] = field(default_factory=set)

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(slots=True)
class Operation:
    """A long-running operation as its status URL shows it."""

    id: str
    started: datetime
    ended: datetime | None = None
    status: str = "InProgress"
    job: str | None = None
    error: Json | None = None
    #: Told once when `ended` is set, wherever that is done; `status` may be set only after it.
    watchers: list[Callable[[], None]] = field(default_factory=list)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name == "ended" and value is not None:
            for watcher in self.watchers:
                watcher()
            self.watchers.clear()


def default_policies() -> dict[str, BackupPolicy]:
    """The backup policies every new vault has (recorded traffic, 2020 and 2026), keyed by lower-cased name."""
    policies = (
        BackupPolicy("DefaultPolicy"),
        BackupPolicy("EnhancedPolicy", version="V2"),
        BackupPolicy("HourlyLogBackup", management=WORKLOAD),
    )
    return {policy.name.lower(): policy for policy in policies}
