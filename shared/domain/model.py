"""The words of Backstop as frozen data: what was seen, what was decided, what was done.

Nothing here computes or reads anything. Times are timezone-aware UTC. Ids are `ArmId` where Backstop compares them
and plain text where it only hands them back to Azure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.advice import Advisory
from shared.domain.arm_id import ArmId
from shared.domain.guest import Agent, BackupExtension
from shared.domain.holdings import UNASKED, Holdings
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Image:
    """What the VM was made from; a gallery image has an id and no publisher."""

    publisher: str = ""
    offer: str = ""
    sku: str = ""
    id: str = ""


OS_DISK = -1  # the OS disk's place among the LUNs, as recovery points list it (recorded traffic, 2020)


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk as its VM shows it; `size_gb` is the provisioned size in GiB, None where the VM does not say it.

    `storage` is such as Premium_LRS, and empty where it is not shown: for unmanaged disks always, and a deallocated VM
    may leave out both.
    """

    lun: int = OS_DISK
    size_gb: int | None = None
    storage: str = ""
    managed: bool = True
    write_accelerator: bool = False
    id: str = ""  # of the managed disk


@dataclass(frozen=True, slots=True)
class Vm:
    """A virtual machine as ARM or Resource Graph shows it. `location` is lower-case without blanks."""

    id: ArmId
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    created: datetime | None = None
    unique_id: str = ""  # properties.vmId: a re-created VM keeps its ARM id, not this one
    image: Image = Image()
    os_type: str = ""
    ephemeral_os_disk: bool = False
    managed_by: str = ""
    group_managed_by: str = ""  # managedBy of the resource group
    group_tags: Mapping[str, str] = field(default_factory=dict)  # the resource group's own tags
    subscription_name: str = ""
    subscription_tags: Mapping[str, str] = field(default_factory=dict)
    management_groups: tuple[str, ...] = ()  # names, nearest first
    size: str = ""
    security_type: str = ""  # empty for Standard
    disk_types: tuple[str, ...] = ()  # such as Premium_LRS; a deallocated VM may show none
    encryption: tuple[str, ...] = ()  # platform | customer | host | ade
    zones: tuple[str, ...] = ()
    priority: str = ""  # empty for Regular
    power_state: str = ""  # such as running; read only where the policy asks for it
    host_pool_type: str = ""  # of the Azure Virtual Desktop host pool that owns the VM
    disks: tuple[Disk, ...] = ()  # the OS disk first; empty where the VM shows none
    secret_vault: str = ""  # id of the key vault that holds an encrypted VM's secrets
    key_vault: str = ""  # id of the one that holds the key which encrypts these, where there is one
    agent: Agent | None = None  # None where no instance view was read: a sweep sees none, so no verdict asks for it
    backup_extension: BackupExtension | None = None  # None as above


class ProtectionState(StrEnum):
    """Where a VM stands with Azure Backup, in one list over ARM's, Resource Graph's and backupStatus' own words."""

    NONE = "none"
    CONFIGURING = "configuring"
    FIRST_BACKUP_PENDING = "firstBackupPending"  # IRPending: protected, no recovery point yet
    PROTECTED = "protected"
    ERROR = "error"
    STOPPED = "stopped"  # somebody's choice: recovery points kept, no new ones
    SUSPENDED = "suspended"  # ProtectionPaused or BackupsSuspended
    SOFT_DELETED = "softDeleted"
    UNRECOGNISED = "unrecognised"  # a state that this version does not know: never acted on


ACTIVE_STATES = frozenset({ProtectionState.FIRST_BACKUP_PENDING, ProtectionState.PROTECTED, ProtectionState.ERROR})


@dataclass(frozen=True, slots=True)
class Protection:
    """The VM's protected item; `NONE` has no ids. `backup_running` is what the item's last backup status says."""

    state: ProtectionState
    item_id: str = ""
    vault_id: str = ""
    backup_policy: str = ""  # name, as the vault spells it
    has_recovery_point: bool = False
    last_backup: datetime | None = None
    last_backup_status: str = ""
    backup_running: bool = False
    recovery_point: datetime | None = None  # the latest; None where there is none or Azure does not say when


UNPROTECTED = Protection(ProtectionState.NONE)


@dataclass(frozen=True, slots=True)
class Vault:
    """A Recovery Services vault; `ready` is False while Azure still makes it, and where its last change `failed`.

    Its settings are empty or None where Azure does not show them: `redundancy` is LocallyRedundant, ZoneRedundant or
    GeoRedundant, `immutability` Disabled, Unlocked or Locked, `guarded` says whether a resource guard stands before it.
    """

    id: ArmId
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    ready: bool = True
    redundancy: str = ""
    cross_region_restore: bool | None = None
    soft_delete: bool | None = None
    immutability: str = ""
    guarded: bool | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands where something could not be read. Never to be taken for 'absent'.

    `retryable` tells whether the same read may succeed later, `retry_after` what the service asked for.
    """

    what: str
    why: str
    code: str = ""
    remedy: str = ""
    retryable: bool = True
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """All that was seen of one VM at one moment. Any part that could not be read is an `Unread`."""

    vm: Vm | Unread
    protection: Protection | Unread
    vaults: tuple[Vault, ...] | Unread  # those of the VM's subscription, any region
    at: datetime
    opt_out: OptOutStretch | None = None  # the stretch that an opt-out belongs to; None where one would begin now
    holdings: Holdings = UNASKED  # what the vaults hold, where it was asked
    undeleted: bool = False  # Backstop itself has just undeleted the item, which leaves it stopped
    left_until: datetime | None = None  # until when Backstop has left the first backup to a scheduled one
    unread_holdings: Unread | None = None  # why it is not known what the vaults hold


class State(StrEnum):
    """The verdict's state, in order of precedence."""

    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    COMPLIANT = "COMPLIANT"
    EXEMPT = "EXEMPT"
    NON_COMPLIANT = "NON_COMPLIANT"


@dataclass(frozen=True, slots=True)
class ReasonDetail:
    """A reason with the value that gave rise to it, such as the opt-out's text. The value is data, never markup."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason.sentence} ({self.detail})" if self.detail else self.reason.sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """One state and at least one reason for each VM; `rule` is the name of the rule that won, or empty."""

    state: State
    reasons: tuple[ReasonDetail, ...]
    rule: str = ""

    def has(self, reason: Reason) -> bool:
        """Whether this reason is among the verdict's."""
        return any(each.reason is reason for each in self.reasons)


class ActionKind(StrEnum):
    """What Backstop can do for a VM's backup, in the order in which a VM may need it."""

    CREATE_VAULT = "CreateVault"
    SET_REDUNDANCY = "SetRedundancy"  # of a vault that Backstop made and that holds nothing yet
    ENSURE_BACKUP_POLICY = "EnsureBackupPolicy"  # make the vault's backup policy, or edit it where the rule manages it
    UNDELETE = "Undelete"
    RESUME_PROTECTION = "ResumeProtection"
    CHANGE_BACKUP_POLICY = "ChangeBackupPolicy"
    ENABLE_PROTECTION = "EnableProtection"
    START_INITIAL_BACKUP = "StartInitialBackup"
    START_BACKUP = "StartBackup"  # a person's --backup-now on a VM that has recovery points already


@dataclass(frozen=True, slots=True)
class DiskSelection:
    """The data disks, by LUN, that a protection takes (`including`) or leaves out. The OS disk is always in."""

    luns: tuple[int, ...]
    including: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One write, fully decided. `item_id` is empty where the protection is yet to be made.

    `retain` (from the start of the backup) and `retain_until` say how long the recovery point is kept; the date wins.
    """

    kind: ActionKind
    vm: ArmId
    vault_id: str
    backup_policy: str
    item_id: str = ""
    retain: timedelta | None = None
    retain_until: datetime | None = None
    disks: DiskSelection | None = None  # None: all of them


class Status(StrEnum):
    """How the work on a VM ended this time."""

    NOTHING_TO_DO = "NOTHING_TO_DO"
    QUEUED = "QUEUED"  # a request to change it waits in the queue
    SUCCEEDED = "SUCCEEDED"
    ACCEPTED = "ACCEPTED"  # Azure works on it; look again later
    ALREADY_DONE = "ALREADY_DONE"
    DRY_RUN = "DRY_RUN"
    DEFERRED = "DEFERRED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`look_again` says when a later message must take the VM up again; None means the work is finished.

    `failed_try` is True where a retryable error ended this try, so that tries can be counted.
    """

    status: Status
    look_again: datetime | None = None
    error_code: str = ""
    error: str = ""
    remedy: str = ""
    failed_try: bool = False


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """Identity and cause only: state is read when the request is worked on, so a late or doubled request is harmless.

    `attempt` counts tries that ended in a retryable error. `backup_now` and `retain_until` (UTC) are a person's wish
    for an on-demand backup, subject to the same policy and guards.
    """

    vm_id: ArmId
    cause: str  # event | sweep | cli
    correlation_id: str = ""
    run_id: str = ""
    attempt: int = 1
    backup_now: bool = False
    retain_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One VM's line in every report: what was seen, decided and done, and when."""

    vm: ArmId
    location: str
    verdict: Verdict
    protection: Protection | None  # None where it could not be read
    actions: tuple[Action, ...]
    outcome: Outcome
    at: datetime
    cause: str = ""
    correlation_id: str = ""
    run_id: str = ""
    policy_hash: str = ""
    opt_out: OptOutStretch | None = None  # since when the VM has been opted out, where it is or was
    disk_gb: int | None = None  # provisioned size of the disks that a backup takes; None where it is not known
    advisories: tuple[Advisory, ...] = ()
