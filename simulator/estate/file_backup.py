"""Vaults, backup policies, protected items and jobs of an estate file, as the simulator's records.

An item by name was written by a person: its state, its policy and its VM must exist. An item by its whole id is a copy
of a real one: its VM may be gone and its state a word that nobody here knows, as in Azure.
"""

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.core.model import IAAS, BackupPolicy, Job, ProtectedItem, Vault, VirtualMachine, default_policies
from simulator.core.state import container_of, vault_id
from simulator.core.wire import Json
from simulator.estate.file_model import ItemEntry, JobEntry, VaultEntry
from simulator.estate.file_text import Entry, shown

if TYPE_CHECKING:
    from simulator.estate.file_build import Building

VAULTS = "Microsoft.RecoveryServices/vaults"
#: How old a vault is.
AGE = timedelta(days=365)
#: An item's states as a person may write them: Resource Graph's words, and the vault's own two.
STATES = (
    "Protected",
    "IRPending",
    "ConfiguringProtection",
    "ProtectionConfigured",
    "ConfiguringProtectionFailed",
    "ProtectionError",
    "ProtectionPaused",
    "BackupsSuspended",
    "ProtectionStopped",
    "SoftDeleted",
)
_LAST_NIGHT = timedelta(hours=8)
_LONG_AGO = timedelta(days=12)


def add_vault(building: "Building", entry: Entry, given: VaultEntry) -> None:
    """A vault with its backup policies."""
    group, _, name, location = building.place(entry, given, VAULTS, "rg-backup")
    vault = Vault(
        id=vault_id(group.subscription, group.name, name),
        name=name,
        subscription=group.subscription,
        group=group.name,
        location=location,
        created=building.as_of - AGE,
        tags=given.tags or {},
        provisioning=given.provisioning_state,
        settings=_settings(given),
    )
    if vault.key in building.state.vaults:
        raise entry.error(building.file, f"the vault {shown(name)!r} is there twice", "id" if given.id else "name")
    vault.policies = default_policies() if given.policies is None else {}
    for at, policy in enumerate(given.policies or []):
        if policy.name.lower() in vault.policies:
            what = f"the backup policy {shown(policy.name)!r} is there twice"
            raise entry.error(building.file, what, "policies", at, "name")
        vault.policies[policy.name.lower()] = BackupPolicy(
            policy.name, policy.management, policy.type, policy.definition
        )
    building.state.vaults[vault.key] = vault


def _settings(given: VaultEntry) -> dict[str, Json]:
    """What differs from a new vault's, in the form in which `vault_settings.py` keeps it."""
    settings: dict[str, Json] = {}
    if given.redundancy != "GeoRedundant" or given.cross_region_restore:
        kind = {"storageModelType": given.redundancy, "storageType": given.redundancy}
        settings["storage"] = kind | {"crossRegionRestoreFlag": given.cross_region_restore}
    if (given.soft_delete.state, given.soft_delete.days) != ("AlwaysON", 14):
        settings["security"] = {
            "softDeleteFeatureState": given.soft_delete.state,
            "softDeleteRetentionPeriodInDays": given.soft_delete.days,
        }
    return settings


def add_items(building: "Building", items: list[tuple[Entry, ItemEntry]]) -> None:
    """The protected items, each in its vault."""
    for number, (entry, given) in enumerate(items):
        item, vault = _copied(building, entry, given) if given.id else _written(building, entry, given)
        item.data_id = str(281476180000000 + number)
        if item.key in vault.items:
            raise entry.error(building.file, "this protected item is there twice", "id" if given.id else "vm")
        building.state.add_item(vault, item)


def _copied(building: "Building", entry: Entry, given: ItemEntry) -> tuple[ProtectedItem, Vault]:
    pattern = r"(.+?)/backupFabrics/[^/]+/protectionContainers/([^/]+)/protectedItems/([^/]+)"
    match = re.fullmatch(pattern, given.id or "", re.IGNORECASE)
    if match is None:
        raise entry.error(building.file, "not the id of a protected item", "id")
    vault = find_vault(building, entry, match[1], "id")
    container, name = match[2], match[3]
    if given.management == IAAS and container.count(";") < 3:
        what = "the container of a VM's item is IaasVMContainer;iaasvmcontainerv2;GROUP;VM"
        raise entry.error(building.file, what, "id")
    vm = building.state.vms.get(given.vm.lower())
    item = ProtectedItem(
        vault=vault.key,
        source_id=vm.id if vm else given.vm,
        vm_name=vm.name if vm else given.vm.rsplit("/", 1)[-1],
        container=container,
        name=name,
        data_id="",
        location=vm.location if vm else vault.location,
        created=building.as_of - AGE,
        management=given.management,
        policy=given.policy or "",
        last_status=given.last_backup_status or "",
        last_backup=given.last_backup_time,
        last_point=given.last_recovery_point,
        consistency=given.consistency or "",
    )
    _set_state(building, item, given)
    return item, vault


def _written(building: "Building", entry: Entry, given: ItemEntry) -> tuple[ProtectedItem, Vault]:
    if given.state not in STATES:
        raise entry.error(building.file, f"must be one of {', '.join(STATES)}", "state")
    vault = find_vault(building, entry, given.vault or "", "vault")
    vm = find_vm(building, entry, given.vm)
    idle = given.state in {"ProtectionStopped", "SoftDeleted"}
    virtual = given.management == IAAS
    policy = given.policy if given.policy is not None else "" if idle else "DefaultPolicy" if virtual else ""
    known = vault.policies.get(policy.lower())
    if policy and (known is None or known.management.lower() != given.management.lower()):
        what = f"vault {vault.name!r} has no backup policy {shown(policy)!r} for {given.management}"
        raise entry.error(building.file, what, "policy")
    container = container_of(vm)
    item = ProtectedItem(
        vault=vault.key,
        source_id=vm.id,
        vm_name=vm.name,
        container=f"IaasVMContainer;{container}" if virtual else f"VMAppContainer;Compute;{vm.group};{vm.name}",
        name=f"VM;{container}" if virtual else f"SQLDataBase;mssqlserver;{given.name or 'master'}",
        data_id="",
        location=vm.location,
        created=building.as_of - AGE,
        management=given.management,
        policy=known.name if known else policy,
        last_status=given.last_backup_status or "",
        last_backup=given.last_backup_time or given.last_recovery_point,
        last_point=given.last_recovery_point,
        consistency=given.consistency or "",
    )
    if given.state not in {"IRPending", "ConfiguringProtection", "ProtectionConfigured"} and not item.last_point:
        item.last_point = building.as_of - (_LONG_AGO if idle else _LAST_NIGHT)
        item.last_backup = item.last_backup or item.last_point
        item.last_status = item.last_status or "Completed"
    _set_state(building, item, given)
    return item, vault


def _set_state(building: "Building", item: ProtectedItem, given: ItemEntry) -> None:
    match given.state:
        case "ProtectionConfigured" | "Protected" | "IRPending":
            item.state = "Protected" if item.last_point else "IRPending"
        case "ConfiguringProtection":
            item.configuring = True
        case "SoftDeleted":
            item.state = "ProtectionStopped"
            item.deleted = given.deleted or building.as_of - timedelta(days=1)
        case other:
            item.state = other


def find_vault(building: "Building", entry: Entry, text: str, *path: str) -> Vault:
    """The vault meant by id or by name."""
    vaults = building.state.vaults
    if text.lower() in vaults:
        return vaults[text.lower()]
    named = [each for each in vaults.values() if each.name.lower() == text.lower()]
    if len(named) == 1:
        return named[0]
    what = "several vaults are called" if named else "there is no vault"
    raise entry.error(building.file, f"{what} {shown(text)!r}{'; give its id' if named else ''}", *path)


def find_vm(building: "Building", entry: Entry, text: str) -> VirtualMachine:
    """The VM meant by id, by `group/name`, or by a name that only one has."""
    if text.lower() in building.state.vms:
        return building.state.vms[text.lower()]
    group, _, name = text.rpartition("/")
    named = [
        each
        for each in building.vms_by_name.get(name.lower(), [])
        if not text.startswith("/") and group.lower() in ("", each.group.lower())
    ]
    if len(named) == 1:
        return named[0]
    what = "several VMs are called" if named else "there is no VM"
    raise entry.error(building.file, f"{what} {shown(text)!r}{'; give group/name or its id' if named else ''}", "vm")


def add_jobs(building: "Building", jobs: list[tuple[Entry, JobEntry]]) -> None:
    """The jobs that the file lists, and one for each backup that an item says is running."""
    state = building.state
    for entry, given in jobs:
        vault, vm = find_vault(building, entry, given.vault, "vault"), find_vm(building, entry, given.vm)
        item = next((each for each in state.vm_items(vm.id) if each.vault == vault.key), None)
        if item is None:
            raise entry.error(building.file, f"VM {shown(given.vm)!r} has no protected item in this vault", "vm")
        ended = given.ended or (None if given.status == "InProgress" else given.started + timedelta(minutes=70))
        job = _job(building, item, given.operation)
        job.started, job.ended, job.status, job.user_triggered = (
            given.started,
            ended,
            given.status,
            given.user_triggered,
        )
        state.add_job(vault, job)
    for vault in state.vaults.values():
        running = {job.container.lower() for job in vault.jobs.values() if job.status == "InProgress"}
        for item in vault.items.values():
            if item.last_status == "InProgress" and item.management == IAAS and item.container.lower() not in running:
                state.add_job(vault, _job(building, item, "Backup"))


def _job(building: "Building", item: ProtectedItem, operation: str) -> Job:
    state = building.state
    return Job(
        id=state.new_id(),
        operation=operation,
        vm_id=item.source_id,
        vm_name=item.vm_name,
        container=item.container,
        started=building.as_of - timedelta(minutes=5),
        activity=str(uuid.UUID(state.new_id())),
        policy=item.policy,
    )
