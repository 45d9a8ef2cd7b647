"""Stateful fakes of the ports: a small Azure in memory that keeps its rules, and can be told to fail.

They hold state and record writes, so that tests assert on what became of the estate and not on which calls were made.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.act import Actor
from shared.advising import Adviser
from shared.backing_up import BackupStarter
from shared.bulk_placing import BulkPlacer
from shared.domain import messages
from shared.domain.advice import Advisory
from shared.domain.arm_id import ArmId, parse_id, parse_vm_id
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
from shared.domain.backup_policy import BackupPolicy, BackupTimes, KeptFor, PointsKept
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.hazards import HazardsSeen
from shared.domain.holdings import VaultContents
from shared.domain.model import (
    ACTIVE_STATES,
    DiskSelection,
    Finding,
    Protection,
    ProtectionState,
    ReconcileRequest,
    Vault,
    Vm,
)
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.vault_book import VaultBook
from shared.errors import BackstopError, PermanentError
from shared.estate_view import EstateReader
from shared.guards import Guard
from shared.looking import Looker
from shared.placing import Placer
from shared.policy_in_force import FixedPolicy
from shared.ports import BookPage, Intent
from shared.ports.policy import Policies
from shared.reconcile import Reconciler
from shared.recording import Recorder
from shared.refused import RefusalDesk
from shared.sweep import Sweeper
from shared.vault_making import VaultMaker
from shared.worker import Worker

SUB = "11111111-1111-4111-8111-111111111111"
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
VISIBILITY = timedelta(minutes=10)
CONFIGURE_TAKES = timedelta(seconds=61)
CHANGE_TAKES = timedelta(seconds=11)
VAULT_TAKES = timedelta(seconds=8)


def vm_id(name: str = "web-01", group: str = "app-rg", subscription: str = SUB) -> ArmId:
    """A VM's id."""
    return parse_vm_id(
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )


def a_vm(name: str = "web-01", group: str = "app-rg", **changes: object) -> Vm:
    """A plain VM that has existed for a month."""
    vm = Vm(vm_id(name, group), "westeurope", created=START - timedelta(days=30))
    return replace(vm, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


def a_vault(name: str = "vault-1", location: str = "westeurope", subscription: str = SUB) -> Vault:
    """A vault that is ready."""
    text = f"/subscriptions/{subscription}/resourceGroups/backup-rg/providers/Microsoft.RecoveryServices/vaults/{name}"
    return Vault(parse_id(text), location)


def an_item(
    vm: ArmId, state: ProtectionState, vault: Vault, backup_policy: str = "DefaultPolicy", **changes: object
) -> Protection:
    """A protected item; one that is protected, stopped or soft-deleted has a recovery point."""
    done = state in {ProtectionState.PROTECTED, ProtectionState.STOPPED, ProtectionState.SOFT_DELETED}
    item = Protection(
        state,
        item_id=f"{vault.id.text}/protectedItems/VM;iaasvmcontainerv2;{vm.resource_group};{vm.name}",
        vault_id=vault.id.text,
        backup_policy=backup_policy,
        has_recovery_point=done,
    )
    return replace(item, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


#: As it is in a new vault (recorded, 2020).
DEFAULT = BackupPolicy(
    "DefaultPolicy",
    times=BackupTimes("Daily", "23:00"),
    instant_restore_days=2,
    points=PointsKept(daily=KeptFor(30)),
)
ENHANCED = replace(DEFAULT, name="EnhancedPolicy", enhanced=True)


class FakeClock:
    """Stands still until told to move."""

    def __init__(self, now: datetime = START) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    async def wait_until(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing after it runs, not even what should be released."""


@dataclass
class Kept:
    """The service's quotas; a request beyond one is refused, and is a rule broken by whoever sent it."""

    vms: int = 1_000
    policy_vms: int = 100
    registrations: int = 250
    on_demand: int = 9
    policies: int = 200
    edits: int = 1_000


@dataclass
class FakeAzure:
    """The estate's state, behind `compute`, `backup` and `inventory`.

    `fail` maps a method to errors raised, one a call, before anything happens; `fail_after` to errors raised after the
    write was committed. `broken_rules` lists what no caller may ever do.
    """

    clock: FakeClock
    vms: dict[str, Vm] = field(default_factory=dict)
    vaults: list[Vault] = field(default_factory=list)
    items: dict[tuple[str, str], Protection] = field(default_factory=dict)
    jobs: list[tuple[str, BackupJob]] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    reads: list[tuple[str, str]] = field(default_factory=list)
    broken_rules: list[str] = field(default_factory=list)
    fail: dict[str, list[BackstopError]] = field(default_factory=lambda: defaultdict(list))
    fail_after: dict[str, list[BackstopError]] = field(default_factory=lambda: defaultdict(list))
    configured: list[BackupJob] = field(default_factory=list)
    operation_errors: dict[str, str] = field(default_factory=dict)  # VM key -> the code its next operation ends with
    operations: dict[str, tuple[datetime, Callable[[], None], str]] = field(default_factory=dict)
    policies: dict[str, tuple[BackupPolicy, ...]] = field(default_factory=dict)  # by vault key; else as in a new vault
    quotas: Kept = field(default_factory=Kept)
    moving: dict[tuple[str, str], str] = field(default_factory=dict)  # items on their way to another backup policy
    edited: list[tuple[str, datetime]] = field(default_factory=list)  # vault key, when a policy of it was put
    ignore_redundancy: str = ""  # the redundancy that a new vault gets, whatever was asked for
    ignore_changes: bool = False  # a vault's redundancy stays as it is, though Azure takes the change
    kill_in: int = 0  # the number of the call, counted from now, before or after which the process is killed
    kill_after_commit: bool = False
    killed: bool = False
    # How late Azure shows a write that it has accepted: the protection under way, the job, the item's running backup.
    put_shows_after: timedelta = timedelta()
    job_shows_after: timedelta = timedelta()
    running_shows_after: timedelta = timedelta()
    written_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.compute, self.backup, self.inventory = FakeCompute(self), FakeBackup(self), FakeInventory(self)

    def add(self, vm: Vm, item: Protection | None = None) -> Vm:
        """Put a VM into the estate, with its protected item if it has one."""
        self.vms[vm.id.key] = vm
        if item is not None:
            self.items[item.vault_id.lower(), vm.id.key] = item
        return vm

    def items_of(self, vm: Vm) -> list[Protection]:
        """The VM's protected items over all vaults."""
        self.settle()
        return [item for (_, key), item in self.items.items() if key == vm.id.key]

    def policies_of(self, vault_id: str) -> tuple[BackupPolicy, ...]:
        """The backup policies in a vault."""
        return self.policies.get(vault_id.lower(), (DEFAULT, ENHANCED))

    def finish_backups(self) -> None:
        """Every running backup completes."""
        self.jobs = [(key, replace(job, status="Completed")) for key, job in self.jobs]
        for place, item in self.items.items():
            if item.backup_running:
                done = replace(item, state=ProtectionState.PROTECTED, backup_running=False, has_recovery_point=True)
                self.items[place] = done

    def shows(self, method: str, key: str, after: timedelta) -> bool:
        """Whether the VM's last write of this kind can be seen by now."""
        at = self.written_at.get((method, key))
        return at is None or self.clock.now() >= at + after

    def settle(self) -> None:
        """Let operations that have ended take effect."""
        for url, (ends, effect, code) in list(self.operations.items()):
            if ends <= self.clock.now() and not code:
                effect()
                self.operations[url] = (ends, _nothing, code)

    def read(self, method: str, subject: str) -> None:
        """Count a read, or fail it."""
        self.settle()
        self._kill_at()
        self.reads.append((method, subject))
        if self.fail[method]:
            raise self.fail[method].pop(0)

    def write(self, method: str, subject: str) -> None:
        """Count a write, or fail it before it happens."""
        self.settle()
        if not self.kill_after_commit:
            self._kill_at()
        if self.fail[method]:
            raise self.fail[method].pop(0)
        self.writes.append((method, subject))
        self.written_at[method, subject] = self.clock.now()

    def within(self, what: str, count: int, limit: int) -> None:
        """Refuse one more of something of which there are as many as Azure takes."""
        if count >= limit:
            self.broken_rules.append(f"beyond the quota of {what}: {limit}")
            raise PermanentError(f"no more {what}", code="UserErrorQuota")

    def under(self, vault_key: str, backup_policy: str, vm_key: str) -> int:
        """The other VMs under a backup policy of the vault, those on their way there included."""
        names = Counter(
            self.moving.get(place, item.backup_policy).lower()
            for place, item in self.items.items()
            if place[0] == vault_key and place[1] != vm_key
        )
        return names[backup_policy.lower()]

    def committed(self, method: str) -> None:
        """Fail a write after it happened, when told to."""
        if self.kill_after_commit:
            self._kill_at()
        if self.fail_after[method]:
            raise self.fail_after[method].pop(0)

    def _kill_at(self) -> None:
        if self.kill_in:
            self.kill_in -= 1
            if self.kill_in == 0:
                self.killed = True
                raise Killed


def _nothing() -> None:
    pass


@dataclass
class FakeCompute:
    """The Compute port."""

    azure: FakeAzure

    async def vm(self, vm_id: ArmId, needs: Collection[Need] = ()) -> Vm | None:
        self.azure.read("vm", vm_id.key)
        return self.azure.vms.get(vm_id.key)


@dataclass
class FakeBackup:
    """The Backup port, with the backup service's own rules."""

    azure: FakeAzure

    async def status(self, vm_id: ArmId, location: str) -> BackupStatus:
        self.azure.read("status", vm_id.key)
        for (vault_key, key), item in self.azure.items.items():
            if not self.azure.shows("protect", key, self.azure.put_shows_after):
                continue
            if key == vm_id.key and item.state is not ProtectionState.SOFT_DELETED:
                configuring = item.state is ProtectionState.CONFIGURING
                return BackupStatus("Protecting" if configuring else "Protected", vault_key)
        return BackupStatus("NotProtected")

    async def vaults(self, subscription_id: str) -> tuple[Vault, ...]:
        self.azure.read("vaults", subscription_id)
        return tuple(each for each in self.azure.vaults if each.id.subscription_id == subscription_id)

    async def latest_point(self, item: Protection) -> RecoveryPoint | None:
        self.azure.read("latest point", item.item_id)
        return None if item.recovery_point is None else RecoveryPoint(item.recovery_point, "AppConsistent")

    async def backup_policies(self, vault_id: str) -> tuple[BackupPolicy, ...]:
        self.azure.read("backup policies", vault_id)
        return self.azure.policies_of(vault_id)

    async def put_backup_policy(self, vault_id: str, policy: BackupPolicy) -> Accepted:
        self.azure.write("put_backup_policy", f"{vault_id.lower()}/{policy.name}")
        others = [each for each in self.azure.policies_of(vault_id) if each.name.lower() != policy.name.lower()]
        self.azure.within("policies of a vault", len(others), self.azure.quotas.policies)
        day, now = timedelta(days=1), self.azure.clock.now()
        edits = sum(vault == vault_id.lower() and at > now - day for vault, at in self.azure.edited)
        self.azure.within("changes of policies within a day", edits, self.azure.quotas.edits)
        self.azure.edited.append((vault_id.lower(), now))
        self.azure.policies[vault_id.lower()] = (*others, policy)
        self.azure.committed("put_backup_policy")
        return Accepted("")

    async def vault(self, vault_id: str) -> Vault | None:
        self.azure.read("vault", vault_id)
        return next((each for each in self.azure.vaults if each.id.key == vault_id.lower()), None)

    async def contents(self, vault_id: str) -> VaultContents:
        key = vault_id.lower()
        self.azure.read("contents", key)
        held = {vm: item.backup_policy.lower() for (vault, vm), item in self.azure.items.items() if vault == key}
        return VaultContents(self.azure.policies_of(vault_id), held)

    def forget(self, vault_id: str) -> None:
        """Nothing is cached here."""

    def item_id(self, vault_id: str, vm_id: ArmId) -> str:
        return an_item(vm_id, ProtectionState.PROTECTED, self._vault(vault_id)).item_id

    def _vault(self, vault_id: str) -> Vault:
        return next(each for each in self.azure.vaults if each.id.key == vault_id.lower())

    async def create_vault(self, new: NewVault) -> Accepted:
        azure = self.azure
        azure.write("create_vault", new.id.key)
        if any(each.id.name.lower() == new.id.name.lower() for each in azure.vaults):
            azure.broken_rules.append(f"a vault over another of the name {new.id.name}")
        redundancy = azure.ignore_redundancy or new.redundancy or "GeoRedundant"
        made = Vault(new.id, new.location, dict(new.tags), False, redundancy, new.cross_region_restore or False)
        azure.vaults.append(made)

        def ready() -> None:
            azure.vaults = [replace(each, ready=True) if each.id == new.id else each for each in azure.vaults]

        url = f"op-{len(azure.operations)}"
        azure.operations[url] = (azure.clock.now() + VAULT_TAKES, ready, "")
        azure.committed("create_vault")
        return Accepted(url)

    async def set_redundancy(self, new: NewVault) -> None:
        azure = self.azure
        azure.write("set_redundancy", new.id.key)
        if any(vault == new.id.key for vault, _ in azure.items):
            azure.broken_rules.append(f"redundancy of {new.id.name} changed after its first item")
        if not azure.ignore_changes:
            azure.vaults = [
                replace(each, redundancy=new.redundancy) if each.id == new.id else each for each in azure.vaults
            ]
        azure.committed("set_redundancy")

    async def undelete(self, vault_id: str, vm_id: ArmId) -> Accepted:
        azure, place = self.azure, (vault_id.lower(), vm_id.key)
        azure.write("undelete", vm_id.key)
        if azure.items[place].state is not ProtectionState.SOFT_DELETED:
            azure.broken_rules.append(f"a rehydrate of {vm_id}, which is not soft-deleted")

        def undeleted() -> None:
            azure.items[place] = replace(azure.items[place], state=ProtectionState.STOPPED, backup_policy="")

        return self._operation("undelete", undeleted)

    async def put_under(self, vault_id: str, vm_id: ArmId, backup_policy: str) -> Accepted:
        azure, place = self.azure, (vault_id.lower(), vm_id.key)
        azure.write("put_under", vm_id.key)
        if azure.items[place].state is ProtectionState.SOFT_DELETED:
            azure.broken_rules.append(f"a policy for {vm_id}, whose item is soft-deleted")
        azure.within("VMs of a policy", azure.under(place[0], backup_policy, place[1]), azure.quotas.policy_vms)
        if all(each.name.lower() != backup_policy.lower() for each in azure.policies_of(vault_id)):
            azure.broken_rules.append(f"a policy that {vault_id} does not have: {backup_policy}")
        azure.moving[place] = backup_policy

        def moved() -> None:
            item = azure.items[place]
            azure.moving.pop(place, None)
            state = ProtectionState.PROTECTED if item.has_recovery_point else ProtectionState.FIRST_BACKUP_PENDING
            azure.items[place] = replace(item, state=state, backup_policy=backup_policy)

        return self._operation("put_under", moved)

    def _operation(self, method: str, effect: Callable[[], None]) -> Accepted:
        url = f"op-{len(self.azure.operations)}"
        self.azure.operations[url] = (self.azure.clock.now() + CHANGE_TAKES, effect, "")
        self.azure.committed(method)
        return Accepted(url)

    async def item(self, vault_id: str, vm_id: ArmId) -> Protection | None:
        self.azure.read("item", vm_id.key)
        item = self.azure.items.get((vault_id.lower(), vm_id.key))
        if item is None or item.state is ProtectionState.CONFIGURING:
            return None
        if not self.azure.shows("start_backup", vm_id.key, self.azure.running_shows_after):
            return replace(item, backup_running=False)
        return item

    async def jobs(self, vault_id: str, vm_id: ArmId, since: datetime) -> tuple[BackupJob, ...]:
        self.azure.read("jobs", vm_id.key)
        if not self.azure.shows("start_backup", vm_id.key, self.azure.job_shows_after):
            return ()
        return tuple(
            job for key, job in self.azure.jobs if key == vm_id.key and (job.started is None or job.started >= since)
        )

    async def operation(self, url: str) -> OperationStatus:
        self.azure.read("operation", url)
        if url not in self.azure.operations:
            raise PermanentError("no such operation", code="NotFound")
        ends, _, code = self.azure.operations[url]
        if ends > self.azure.clock.now():
            return OperationStatus("InProgress")
        return OperationStatus("Failed", error_code=code, error="as told") if code else OperationStatus("Succeeded")

    async def protect(
        self, vault_id: str, vm_id: ArmId, backup_policy: str, disks: DiskSelection | None = None
    ) -> Accepted:
        azure = self.azure
        azure.write("protect", vm_id.key)
        vault = next(each for each in azure.vaults if each.id.key == vault_id.lower())
        place, code = (vault_id.lower(), vm_id.key), azure.operation_errors.pop(vm_id.key, "")
        if not backup_policy:
            azure.broken_rules.append(f"empty policyId for {vm_id}")
        if any(key == vm_id.key for _, key in azure.items):
            azure.broken_rules.append(f"PUT over an item of {vm_id}")
        if vault.location != azure.vms[vm_id.key].location or vault.id.subscription_id != vm_id.subscription_id:
            azure.broken_rules.append(f"a vault of another region or subscription for {vm_id}")
        if not vault.ready or all(each.name.lower() != backup_policy.lower() for each in azure.policies_of(vault_id)):
            azure.broken_rules.append(f"a vault that is not ready, or has no policy {backup_policy}")
        azure.within("VMs of a vault", sum(key == place[0] for key, _ in azure.items), azure.quotas.vms)
        azure.within("VMs of a policy", azure.under(place[0], backup_policy, place[1]), azure.quotas.policy_vms)
        day = azure.clock.now() - timedelta(days=1)
        here = [each.started for each in azure.configured if each.vault_id.lower() == place[0]]
        today = sum(at is not None and at > day for at in here)
        azure.within("registrations of a vault within a day", today, azure.quotas.registrations)
        if not code:
            azure.items[place] = an_item(vm_id, ProtectionState.CONFIGURING, vault, backup_policy)

        def configured() -> None:
            azure.items[place] = an_item(vm_id, ProtectionState.FIRST_BACKUP_PENDING, vault, backup_policy)

        azure.configured.append(
            BackupJob(
                f"{vault_id}/backupJobs/{len(azure.configured)}",
                "ConfigureBackup",
                "InProgress",
                "",
                azure.clock.now(),
                vault_id=vault_id,
                vm_id=vm_id.key,
            )
        )
        url = f"op-{len(azure.operations)}"
        azure.operations[url] = (azure.clock.now() + CONFIGURE_TAKES, configured, code)
        azure.committed("protect")
        return Accepted(url)

    async def start_backup(self, item_id: str, retain_until: datetime) -> Accepted:
        azure = self.azure
        place = next(place for place, item in azure.items.items() if item.item_id == item_id)
        azure.write("start_backup", place[1])
        if any(key == place[1] and job.running for key, job in azure.jobs):
            azure.broken_rules.append(f"a second backup while one runs for {place[1]}")
        started = azure.clock.now()
        begun = [job.started for key, job in azure.jobs if key == place[1]]
        today = sum(at is not None and at > started - timedelta(days=1) for at in begun)
        azure.within("on-demand backups of a VM within a day", today, azure.quotas.on_demand)
        azure.jobs.append((place[1], BackupJob(f"job-{len(azure.jobs)}", "Backup", "InProgress", "", started)))
        azure.items[place] = replace(azure.items[place], backup_running=True)
        url = f"op-{len(azure.operations)}"
        azure.operations[url] = (started + timedelta(seconds=5), _nothing, "")
        azure.committed("start_backup")
        return Accepted(url)


@dataclass
class FakeInventory:
    """The Inventory port. `stale` freezes what it shows, as Resource Graph lags."""

    azure: FakeAzure
    stale: dict[tuple[str, str], Protection] | None = None

    async def subscriptions(self, scope: Scope) -> tuple[Subscription, ...]:
        self.azure.read("subscriptions", "")
        return (Subscription(SUB, "production", "tenant"),)

    async def has_group(self, group_id: str) -> bool:
        self.azure.read("has_group", group_id)
        return True

    async def vms(self, scope: Scope, needs: Collection[Need] = ()) -> AsyncIterator[Vm]:
        self.azure.read("vms", "")
        for vm in list(self.azure.vms.values()):
            yield vm

    async def vaults(self, scope: Scope) -> tuple[Vault, ...]:
        self.azure.read("vaults in bulk", "")
        return tuple(self.azure.vaults)

    async def backup_policies(self, scope: Scope) -> Mapping[str, tuple[BackupPolicy, ...]]:
        self.azure.read("backup policies in bulk", "")
        return {each.id.key: self.azure.policies_of(each.id.text) for each in self.azure.vaults}

    async def protections(self, scope: Scope) -> AsyncIterator[tuple[str, Protection]]:
        self.azure.read("protections", "")
        shown = self.azure.items if self.stale is None else self.stale
        for (_, key), item in list(shown.items()):
            yield key, item


@dataclass
class FakeQueue:
    """A work queue on the fake clock; at-least-once, in no order."""

    clock: FakeClock
    waiting: list[tuple[datetime, str, str, str]] = field(default_factory=list)  # visible at, queue, body, group
    poisoned: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, queue: str, body: str, *, not_before: datetime | None = None, group: str = "") -> None:
        self.waiting.append((not_before or self.clock.now(), queue, body, group))

    async def poison(self, queue: str, body: str, reason: str) -> None:
        self.poisoned.append((body, reason))


@dataclass
class FakeMemory:
    """Claims, ledger, findings, pause switch and notices, in dictionaries."""

    intents: dict[str, Intent] = field(default_factory=dict)
    held: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    kept: dict[str, Finding] = field(default_factory=dict)
    opt_outs: dict[str, OptOutStretch] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)
    pause_reason: str = ""
    published: list[Finding] = field(default_factory=list)
    advised: tuple[Advisory, ...] = ()
    ends: dict[tuple[str, str], bool] = field(default_factory=dict)
    dead: Callable[[], bool] = lambda: False  # a killed process releases nothing
    notices_fail: list[BackstopError] = field(default_factory=list)

    async def intent(self, key: str) -> Intent | None:
        return self.intents.get(key)

    async def record(self, key: str, intent: Intent) -> None:
        self.intents[key] = intent

    async def forget(self, key: str) -> None:
        self.intents.pop(key, None)

    async def with_prefix(self, prefix: str) -> Mapping[str, Intent]:
        return {key: each for key, each in self.intents.items() if key.startswith(prefix)}

    async def count(self, run_id: str, vm_key: str, *, failed: bool) -> None:
        self.ends[run_id, vm_key] = failed

    async def ended(self, run_id: str) -> tuple[int, int]:
        of_run = [failed for (run, _), failed in self.ends.items() if run == run_id]
        return len(of_run), sum(of_run)

    async def claim(self, key: str, owner: str, now: datetime, ttl: timedelta) -> datetime | None:
        holder = self.held.get(key)
        if holder is not None and holder[0] != owner and holder[1] > now:
            return holder[1]
        self.held[key] = (owner, now + ttl)
        return None

    async def release(self, key: str, owner: str) -> None:
        if self.held.get(key, ("", START))[0] == owner and not self.dead():
            del self.held[key]

    async def stretch(self, vm_key: str) -> OptOutStretch | None:
        return self.opt_outs.get(vm_key)

    async def stretches(self) -> Mapping[str, OptOutStretch]:
        return dict(self.opt_outs)

    async def keep(self, stretches: Mapping[str, OptOutStretch]) -> None:
        self.opt_outs |= stretches

    async def writer(self, vm_key: str) -> str:
        return self.writers.get(vm_key, "")

    async def note_writer(self, vm_key: str, name: str, at: datetime) -> None:
        self.writers[vm_key] = name

    async def save(self, findings: Sequence[Finding]) -> None:
        for each in findings:
            self.kept[each.vm.key] = each

    async def replace_all(self, findings: Sequence[Finding], subscriptions: Collection[str] | None) -> None:
        stay = {} if subscriptions is None else self.kept
        self.kept = {key: each for key, each in stay.items() if each.vm.subscription_id not in (subscriptions or ())}
        self.kept |= {each.vm.key: each for each in findings}

    async def latest(self) -> tuple[Finding, ...]:
        return tuple(self.kept[key] for key in sorted(self.kept))

    async def save_advisories(self, advisories: Sequence[Advisory], subscriptions: Collection[str] | None) -> None:
        stay = () if subscriptions is None else self.advised
        gone = {"", *(each.lower() for each in subscriptions or ())}
        self.advised = (*(each for each in stay if each.subscription_id not in gone), *advisories)

    async def advisories(self) -> tuple[Advisory, ...]:
        return self.advised

    async def advice_by_vm(self) -> Mapping[str, tuple[Advisory, ...]]:
        return {key: each.advisories for key, each in self.kept.items() if each.advisories}

    async def of(self, vm_id: ArmId) -> Finding | None:
        return self.kept.get(vm_id.key)

    async def save_report(self, name: str, content: bytes) -> None:
        raise NotImplementedError

    async def load_report(self, name: str) -> bytes | None:
        raise NotImplementedError

    async def paused(self) -> str:
        return self.pause_reason

    async def vm_protected(self, finding: Finding) -> None:
        if self.notices_fail:
            raise self.notices_fail.pop(0)
        self.published.append(finding)

    async def report_ready(self, summary: dict[str, object]) -> None:
        raise NotImplementedError


@dataclass
class FakeBooks:
    """The ledger of quotas. `interfere` runs before a swap, as another worker that is faster."""

    pages: dict[str, BookPage] = field(default_factory=dict)
    interfere: list[Callable[[], None]] = field(default_factory=list)

    async def of(self, subscription_id: str) -> Mapping[str, BookPage]:
        within = f"/subscriptions/{subscription_id}/"
        return {key: page for key, page in self.pages.items() if key.startswith(within)}

    async def swap(self, vault_key: str, version: int, book: VaultBook) -> bool:
        if self.interfere:
            self.interfere.pop(0)()
        page = self.pages.get(vault_key)
        if (page.version if page is not None else 0) != version:
            return False
        self.pages[vault_key] = BookPage(version + 1, book)
        return True


@dataclass
class FakePreflight:
    """The Preflight port: says what it is told to say."""

    azure: FakeAzure
    answer: PreflightAnswer = field(default_factory=lambda: PreflightAnswer("Succeeded"))
    finds: bool = True  # whether a discovery finds VMs
    search_errors: list[str] = field(default_factory=list)  # codes that the next discoveries end with

    async def prevalidate(self, vault_id: str, vm_id: ArmId, location: str) -> PreflightAnswer:
        self.azure.read("prevalidate", vm_id.key)
        return self.answer

    async def feature_support(self, subscription_id: str, location: str, vm_size: str, vm_sku: str) -> str:
        self.azure.read("feature_support", vm_size)
        return "Supported"

    async def refresh_containers(self, vault_id: str) -> Accepted:
        self.azure.read("refresh", vault_id.lower())  # it changes nothing that is protected
        url = f"op-{len(self.azure.operations)}"
        error = self.search_errors.pop(0) if self.search_errors else ""
        self.azure.operations[url] = (self.azure.clock.now() + CHANGE_TAKES, _nothing, error)
        return Accepted(url)

    async def protectable(self, vault_id: str, vm_id: ArmId) -> bool:
        self.azure.read("protectable", vm_id.key)
        return self.finds


@dataclass
class FakeHazards:
    """The Hazards port: sees what it is told to see."""

    azure: FakeAzure
    seen: HazardsSeen = field(default_factory=HazardsSeen)

    async def look(self, subscriptions: Collection[str], key_vaults: Collection[str]) -> HazardsSeen:
        self.azure.read("hazards", "")
        return self.seen


@dataclass
class FakeJobs:
    """The Jobs port: the protections that were configured, as Resource Graph tells them."""

    azure: FakeAzure

    async def jobs(self, vault_id: str, since: datetime) -> tuple[BackupJob, ...]:
        self.azure.read("vault jobs", vault_id)
        return ()

    async def jobs_in(self, scope: Scope, since: datetime) -> AsyncIterator[BackupJob]:
        self.azure.read("jobs in bulk", "")
        for each in self.azure.configured:
            if each.started is not None and each.started >= since:
                yield each

    async def configured(self, scope: Scope) -> AsyncIterator[BackupJob]:
        self.azure.read("configured", "")
        for each in self.azure.configured:
            if each.started is not None and each.started > self.azure.clock.now() - timedelta(days=1):
                yield each

    async def failed_last(self, scope: Scope) -> AsyncIterator[BackupJob]:
        self.azure.read("failed jobs", "")
        for each in self.azure.configured:
            if each.failed:
                yield each


class World:
    """A Backstop over the fakes."""

    def __init__(self, policy: CompiledPolicy | Policies, *, enforce: bool = True) -> None:
        policies: Policies = FixedPolicy(policy) if isinstance(policy, CompiledPolicy) else policy
        self.clock = FakeClock()
        self.azure = FakeAzure(self.clock)
        self.memory = FakeMemory(dead=lambda: self.azure.killed)
        self.queue = FakeQueue(self.clock)
        self.books, self.preflight = FakeBooks(), FakePreflight(self.azure)
        guard = Guard(self.memory, self.memory, self.clock)
        placer = Placer(self.azure.backup, self.books, self.memory, self.clock)
        maker = VaultMaker(self.azure.backup, self.memory, self.memory, placer, guard, self.clock)
        refusals = RefusalDesk(self.preflight, self.memory, guard, self.clock)
        starter = BackupStarter(self.azure.backup, self.memory, guard, self.clock)
        actor = Actor(self.azure.backup, self.memory, placer, maker, guard, self.clock, refusals, starter)
        looker = Looker(self.clock, self.azure.compute, self.azure.backup, self.memory, self.memory, placer)
        self.reconciler = Reconciler(
            policies,
            enforce,
            self.clock,
            looker,
            self.azure.backup,
            self.memory,
            self.memory,
            Recorder(self.memory, self.memory, self.memory, self.clock),
            placer,
            actor,
        )
        self.worker = Worker(self.reconciler, self.queue, "reconcile", self.clock, self.memory)
        inventory, memory = self.azure.inventory, self.memory
        bulk = BulkPlacer(inventory, FakeJobs(self.azure), self.books, memory, self.clock)
        self.hazards = FakeHazards(self.azure)
        reader = EstateReader(inventory, memory, memory, bulk, self.clock)
        adviser = Adviser(self.azure.compute, FakeJobs(self.azure), self.hazards, memory, self.clock)
        self.sweeper = Sweeper(
            policies, enforce, self.clock, inventory, memory, memory, self.queue, "reconcile", bulk, reader, adviser
        )

    async def request(self, vm: Vm, **wish: object) -> None:
        """Put a request for the VM into the queue."""
        await self.queue.send("reconcile", messages.encode(ReconcileRequest(vm.id, "event", **wish)))  # type: ignore[arg-type]

    async def step(self) -> None:
        """Work the message that is due first, moving the clock to it."""
        self.queue.waiting.sort(key=lambda each: each[0])
        due, queue, body, group = self.queue.waiting.pop(0)
        await self.clock.wait_until(due)
        try:
            await self.worker.work_on(body)
        except Killed:
            # The queue shows the message again when its visibility ends; a new process goes on from there.
            self.azure.killed = False
            self.queue.waiting.append((self.clock.now() + VISIBILITY, queue, body, group))

    async def run(self) -> None:
        """Work the queue until it is empty."""
        for _ in range(1000):
            if not self.queue.waiting:
                return
            await self.step()
        raise AssertionError("the queue never became empty")

    async def run_killed(self, kills: Sequence[int]) -> None:
        """Work the queue to its end; in each of the first steps the worker is killed at that call (0: not at all)."""
        for kill in kills:
            self.azure.kill_in = kill
            if self.queue.waiting:
                await self.step()
        self.azure.kill_in = 0
        await self.run()

    async def run_until_written(self, method: str) -> None:
        """Work the queue until the first write of this kind."""
        while method not in [each for each, _ in self.azure.writes]:
            await self.step()

    async def sweep(self) -> None:
        """One sweep, worked to the end."""
        await self.sweeper.sweep(Scope(), "run-1")
        await self.run()

    def finding(self, vm: Vm) -> Finding:
        """The VM's latest finding."""
        return self.memory.kept[vm.id.key]


def active_items(azure: FakeAzure, vm: Vm) -> list[Protection]:
    """The VM's items that take backups."""
    return [item for item in azure.items_of(vm) if item.state in ACTIVE_STATES]
