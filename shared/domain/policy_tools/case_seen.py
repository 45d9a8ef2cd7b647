"""From a case's VM in short form to the observation that a sweep or an event would make of it.

A vault's contents are not part of a case: it is taken to have the backup policy that the rule asks for. Of the vault
that holds the VM's item that is said in so many words, so that a rule's `existing` can be shown: the policy as the rule
describes it, and the item's own one like it.
"""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.arm_id import ArmId, is_subscription_id, parse_id, parse_vm_id
from shared.domain.attributes import Subject
from shared.domain.backup_policy import wanted_backup_policy
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.holdings import UNASKED, Holdings, VaultContents
from shared.domain.matching import wanted_policy
from shared.domain.model import Image, Observation, Protection, ProtectionState, Unread, Vault, Vm
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.policy_file.backup_policy import DEFAULT_POLICY, BackupPolicyChoice, Retention
from shared.domain.policy_tools.case_vm import CaseProtection, CaseVault, CaseVm
from shared.domain.selectors import normalise_location

#: As it is in a new vault.
_PLAIN = BackupPolicyChoice(name=DEFAULT_POLICY, retain=Retention(daily="P30D"))
_YEAR = timedelta(days=365)
_SUBSCRIPTIONS = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # any will do: it turns names into ids
_WITHOUT_POINT = {ProtectionState.NONE, ProtectionState.CONFIGURING, ProtectionState.FIRST_BACKUP_PENDING}


def observation(short: CaseVm, now: datetime, policy: CompiledPolicy) -> tuple[Observation, Vm]:
    """The case's VM as it would be seen at `now`; ValueError for names that no VM or vault can have."""
    vm = _vm(short, now)
    vaults = tuple(_vault(each, vm.id.subscription_id, vm.location) for each in short.vaults)
    protection = _protection(short.protection, vm, vaults, policy, now)
    stretch = None
    if short.opted_out_since is not None:
        stretch = OptOutStretch(short.opted_out_since, now, "")
    failed = {each: Unread(each, "the case says that it cannot be read") for each in short.unread}
    seen = Observation(
        failed.get("vm", vm),
        failed.get("protection", protection),
        failed.get("vaults", vaults),
        now,
        stretch,
        _holdings(protection, vm, policy, now),
    )
    return seen, vm


def _vm(short: CaseVm, now: datetime) -> Vm:
    place = f"/subscriptions/{_subscription(short.subscription)}/resourceGroups/{short.group}"
    return Vm(
        id=parse_vm_id(f"{place}/providers/Microsoft.Compute/virtualMachines/{short.name}"),
        location=normalise_location(short.location),
        tags=short.tags,
        provisioning_state=short.provisioning_state,
        created=short.created or now - (short.age if short.age is not None else _YEAR),
        image=Image(short.image.publisher, short.image.offer, short.image.sku, short.image.id),
        os_type=(short.os or "").capitalize(),
        ephemeral_os_disk=short.ephemeral_os_disk,
        managed_by=short.managed_by,
        group_managed_by=short.group_managed_by,
        group_tags=short.group_tags,
        subscription_name="" if is_subscription_id(short.subscription) else short.subscription,
        subscription_tags=short.subscription_tags,
        management_groups=short.management_groups,
        size=short.size,
        security_type=short.security_type,
        disk_types=short.disk_types,
        encryption=short.encryption,
        zones=short.zones,
        priority=short.priority,
        power_state=short.power_state,
        host_pool_type=short.host_pool_type,
    )


def _subscription(name: str) -> str:
    return name.lower() if is_subscription_id(name) else str(uuid.uuid5(_SUBSCRIPTIONS, name.lower()))


def _vault(short: CaseVault, subscription: str, location: str) -> Vault:
    where = _subscription(short.subscription) if short.subscription else subscription
    place = normalise_location(short.location or location)
    return Vault(_vault_id(where, short.name), place, short.tags, short.ready, short.redundancy or "")


def _vault_id(subscription: str, name: str) -> ArmId:
    return parse_id(
        f"/subscriptions/{subscription}/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults/{name}"
    )


def _protection(
    short: CaseProtection, vm: Vm, vaults: tuple[Vault, ...], policy: CompiledPolicy, now: datetime
) -> Protection:
    if short.state is ProtectionState.NONE:
        return Protection(ProtectionState.NONE)
    named = next((each for each in vaults if each.id.name.lower() == short.vault.lower() or not short.vault), None)
    vault = named.id if named is not None else _vault_id(_subscription("elsewhere"), short.vault or "vault")
    asked, _ = _asked(vm, policy, now)
    return Protection(
        short.state,
        item_id=f"{vault.text}/protectedItems/VM;iaasvmcontainerv2;{vm.id.resource_group};{vm.id.name}",
        vault_id=vault.text,
        backup_policy=short.backup_policy or asked or "DefaultPolicy",
        has_recovery_point=(
            short.recovery_point if short.recovery_point is not None else short.state not in _WITHOUT_POINT
        ),
        last_backup_status="Failed" if short.last_backup_failed else "",
        backup_running=short.backup_running,
    )


def _asked(vm: Vm, policy: CompiledPolicy, now: datetime) -> tuple[str, BackupPolicyChoice | None]:
    """The backup policy that the VM's rule asks for: its name, and how the rule describes it."""
    subject = Subject(vm, now)
    position = policy.index.first(subject)
    if position is None:
        return "", None
    rule = policy.rules[position].rule
    return wanted_policy(rule, subject).name, rule.backup_policy


def _holdings(item: Protection, vm: Vm, policy: CompiledPolicy, now: datetime) -> Holdings:
    """What the vault of the item holds; nothing is said of any other."""
    name, choice = _asked(vm, policy, now)
    if item.state is ProtectionState.NONE or not name:
        return UNASKED
    wanted = wanted_backup_policy(choice, name) if choice is not None else None
    wanted = wanted or wanted_backup_policy(_PLAIN, name)
    if wanted is None:
        return UNASKED
    named = {each.lower(): replace(wanted, name=each) for each in (name, item.backup_policy)}
    return Holdings({item.vault_id.lower(): VaultContents(tuple(named.values()), {vm.id.key: item.backup_policy})})
