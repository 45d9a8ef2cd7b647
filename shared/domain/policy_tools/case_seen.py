"""From a case's VM in short form to the observation that a sweep or an event would make of it."""

import uuid
from datetime import datetime, timedelta

from shared.domain.arm_id import ArmId, is_subscription_id, parse_id, parse_vm_id
from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import wanted_policy
from shared.domain.model import Image, Observation, Protection, ProtectionState, Unread, Vault, Vm
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.policy_tools.case_vm import CaseProtection, CaseVault, CaseVm
from shared.domain.selectors import normalise_location

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
        failed.get("vm", vm), failed.get("protection", protection), failed.get("vaults", vaults), now, stretch
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
    return Vault(_vault_id(where, short.name), normalise_location(short.location or location), short.tags, short.ready)


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
    subject = Subject(vm, now)
    position = policy.index.first(subject)
    asked = wanted_policy(policy.rules[position].rule, subject).name if position is not None else ""
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
