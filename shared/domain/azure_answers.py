"""Where Azure is asked and what it answers, as frozen data: scope, subscriptions, backup status, operations, jobs.

`model.py` holds Backstop's own words; these are the service's. Strings stay as Azure spells them where a word may come
that this version does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.arm_id import ArmId


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription in scope. Tags and management groups (nearest first) are there where they were asked for."""

    id: str
    name: str
    tenant_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    management_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look. Both empty means every subscription that the login can read."""

    subscriptions: tuple[str, ...] = ()
    management_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewVault:
    """A vault to be made. `redundancy` is empty, and `cross_region_restore` None, where Azure's default will do."""

    id: ArmId
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    redundancy: str = ""
    cross_region_restore: bool | None = None
    public_network_access: str = "Enabled"


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """What backupStatus says: `Protecting` and `Protected` name the vault, wherever it is."""

    status: str  # NotProtected | Protecting | Protected | ProtectionFailed, or a word not known yet
    vault_id: str = ""
    container: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True)
class PreflightAnswer:
    """What the service says of protecting a VM in a vault, without doing it. Texts are Azure's, in one line each."""

    status: str  # Succeeded | Failed | Invalid, or a word not known yet
    code: str = ""
    message: str = ""
    recommendation: str = ""

    @property
    def refuses(self) -> bool:
        """True where the service itself would not protect the VM; an answer that says neither does not count."""
        return self.status.lower() == "failed"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Azure's 202: `operation_url` is followed verbatim (it may carry a signature) and never logged."""

    operation_url: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """A long-running operation: InProgress, Succeeded, Failed or Canceled, with Azure's code when it failed."""

    status: str
    job_id: str = ""
    error_code: str = ""
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def running(self) -> bool:
        """True until Azure reports an end."""
        return self.status.lower() not in {"succeeded", "failed", "canceled", "cancelled"}


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """A point to which a VM can be restored: when, and Azure's word for how consistent it is (`recoveryPointType`)."""

    at: datetime
    kind: str = ""


@dataclass(frozen=True, slots=True)
class BackupJob:
    """A job of the backup service. `status` as Azure spells it: InProgress, Completed, Failed, …

    `vm_id` (lower-case) is there where Azure tells it, which a vault's own list does not; `name` is the VM's as people
    see it. Of several errors the first is kept: its number, its title, its text and Azure's recommendations.
    """

    id: str
    operation: str
    status: str
    item_container: str  # lower-case `iaasvmcontainerv2;<rg>;<vm>`
    started: datetime | None = None
    ended: datetime | None = None
    error_code: str = ""
    error: str = ""
    user_triggered: bool | None = None
    error_text: str = ""
    recommendations: tuple[str, ...] = ()
    name: str = ""
    vault_id: str = ""
    vm_id: str = ""

    @property
    def running(self) -> bool:
        """True while Azure may still write to the item."""
        return self.status.lower() in {"inprogress", "cancelling", "notstarted"}

    @property
    def failed(self) -> bool:
        """True where Azure gave the job up; one that ended with warnings made its recovery point."""
        return self.status.lower() == "failed"

    @property
    def cancelled(self) -> bool:
        """True where somebody called it off, or is about to."""
        return self.status.lower().startswith("cancel")

    def lasted(self, now: datetime) -> timedelta | None:
        """How long it took, or has taken so far; None where Azure does not tell its moments."""
        if self.started is None or (self.ended is None and not self.running):
            return None
        return max((self.ended or now) - self.started, timedelta())
