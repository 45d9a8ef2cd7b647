"""What the core needs from the world, as Protocols; adapters provide it, tests fake it.

Every method may raise `RetryLaterError`, `PermanentError` or `SettingsError` (see errors.py). A method that finds
nothing says so with None or an empty tuple; a failed read raises, so that it is never taken for "nothing there".
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.domain.advice import Advisory
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
from shared.domain.model import DiskSelection, Finding, Protection, Vault, Vm
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.vault_book import VaultBook


class Clock(Protocol):
    """Time as a port: the real one, or the simulator's virtual one."""

    def now(self) -> datetime:
        """The present moment, UTC."""

    async def wait_until(self, moment: datetime) -> None:
        """Return when `moment` has come; sooner is allowed where other work may have become due."""


class Inventory(Protocol):
    """The estate in bulk, from Resource Graph: cheap, complete, and late by seconds to hours."""

    async def subscriptions(self, scope: Scope) -> tuple[Subscription, ...]:
        """The subscriptions that the scope reaches, as far as the login can read them."""

    def vms(self, scope: Scope, needs: Collection[Need] = ()) -> AsyncIterator[Vm]:
        """Every VM in scope, with its group's `managedBy`, ordered by id. `needs`: what else must be read of it."""

    async def vaults(self, scope: Scope) -> tuple[Vault, ...]:
        """Every Recovery Services vault in scope."""

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


class PauseSwitch(Protocol):
    """The kill switch, read before every write."""

    async def paused(self) -> str:
        """Empty when writing is allowed, else the reason. An unreadable switch counts as paused."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message taken from a queue: invisible to others until done, put back, or timed out."""

    queue: str
    id: str
    receipt: str
    body: str
    dequeue_count: int
    inserted: datetime


class WorkQueue(Protocol):
    """Where requests wait; at-least-once, in no order."""

    async def send(self, queue: str, body: str, *, not_before: datetime | None = None, group: str = "") -> None:
        """Add a message, invisible until `not_before`. `group` lets a run find its own messages again."""

    async def poison(self, queue: str, body: str, reason: str) -> None:
        """Put a message that cannot be worked on into `<queue>-poison` with the reason."""


class WorkSource(WorkQueue, Protocol):
    """The receiving side, which Functions' host has in Azure and the local host has here."""

    async def receive(
        self, queue: str, limit: int, visibility: timedelta, group: str | None = None
    ) -> tuple[Received, ...]:
        """Up to `limit` visible messages (of the group), oldest first."""

    async def done(self, message: Received) -> None:
        """Delete a message; a receipt that has timed out is ignored."""

    async def put_back(self, message: Received, not_before: datetime) -> None:
        """Make a message visible again at `not_before`, keeping its count."""

    async def next_due(self, queue: str, group: str | None = None) -> datetime | None:
        """When the next message (of the group) becomes visible; None when the queue holds none."""

    async def depth(self, queue: str, group: str | None = None) -> int:
        """How many messages (of the group) the queue holds, invisible ones included."""


class Claims(Protocol):
    """Exclusive claims that end by themselves, so that a killed worker blocks nobody for long."""

    async def claim(self, key: str, owner: str, now: datetime, ttl: timedelta) -> datetime | None:
        """None when claimed; else the moment at which the present holder's claim ends."""

    async def release(self, key: str, owner: str) -> None:
        """Give the claim back, if it is still the owner's."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be made: recorded first, so that a crash in between is seen afterwards."""

    at: datetime
    operation_url: str = ""  # empty: it is not known whether Azure got the request


class Ledger(Protocol):
    """What Backstop itself did, where Azure alone cannot tell (or tells late)."""

    async def intent(self, key: str) -> Intent | None:
        """The intent on record for a key such as `protect|<vm id>`."""

    async def record(self, key: str, intent: Intent) -> None:
        """Put an intent on record, replacing an older one."""

    async def forget(self, key: str) -> None:
        """Take an intent off the record."""

    async def with_prefix(self, prefix: str) -> Mapping[str, Intent]:
        """All intents whose keys begin so."""


@dataclass(frozen=True, slots=True)
class BookPage:
    """A vault's book with the version that a change of it must name; 0 for one that nobody has written."""

    version: int
    book: VaultBook


class Books(Protocol):
    """The ledger of quotas: a book for each vault, changed by compare-and-swap, shared by all workers."""

    async def of(self, subscription_id: str) -> Mapping[str, BookPage]:
        """The books of all the subscription's vaults, by vault key; those of vaults to be made among them."""

    async def swap(self, vault_key: str, version: int, book: VaultBook) -> bool:
        """Put the book in the place of the one with this version; False where somebody else was faster."""


class Runs(Protocol):
    """How the VMs of a run ended, so that one of which too many fail can be stopped."""

    async def count(self, run_id: str, vm_key: str, *, failed: bool) -> None:
        """The VM's latest end in this run."""

    async def ended(self, run_id: str) -> tuple[int, int]:
        """(VMs that ended, those of them that failed)."""


class OptOuts(Protocol):
    """Who opted out, and since when: an opt-out's whole stretch counts against the longest one allowed."""

    async def stretch(self, vm_key: str) -> OptOutStretch | None:
        """The stretch on record for the VM (lower-cased id)."""

    async def stretches(self) -> Mapping[str, OptOutStretch]:
        """All stretches on record, by VM key."""

    async def keep(self, stretches: Mapping[str, OptOutStretch]) -> None:
        """Put these on record, replacing older ones."""

    async def writer(self, vm_key: str) -> str:
        """Who last wrote the VM or its tags, as an event told it; empty where none did."""

    async def note_writer(self, vm_key: str, name: str, at: datetime) -> None:
        """Take down who wrote the VM or its tags; an older event does not replace a newer one."""


class FindingStore(Protocol):
    """The latest finding of each VM, and the reports made of them."""

    async def save(self, findings: Sequence[Finding]) -> None:
        """Replace the latest finding of each of these VMs; an older finding never replaces a newer one."""

    async def replace_all(self, findings: Sequence[Finding], subscriptions: Collection[str] | None) -> None:
        """A complete discovery of these subscriptions (None: of all): VMs not in it lose their findings."""

    async def latest(self) -> tuple[Finding, ...]:
        """One finding for each VM, ordered by VM id."""

    async def of(self, vm_id: ArmId) -> Finding | None:
        """The latest finding of one VM."""

    async def save_advisories(self, advisories: Sequence[Advisory], subscriptions: Collection[str] | None) -> None:
        """Replace the estate's advice about these subscriptions (None: about all), and about what lies in none."""

    async def advisories(self) -> tuple[Advisory, ...]:
        """The estate's advice: what no finding holds, as of the last sweep of each subscription."""

    async def advice_by_vm(self) -> Mapping[str, tuple[Advisory, ...]]:
        """The advice that the latest findings hold, by VM key; VMs without any are left out."""

    async def save_report(self, name: str, content: bytes) -> None:
        """Keep a rendered report under a name such as `report.html`."""

    async def load_report(self, name: str) -> bytes | None:
        """The latest report of that name."""


class Notices(Protocol):
    """Tells the outside world what happened, when a custom topic is set."""

    async def vm_protected(self, finding: Finding) -> None:
        """Publish `Backstop.VmProtected`."""

    async def report_ready(self, summary: dict[str, object]) -> None:
        """Publish `Backstop.ReportReady`."""
