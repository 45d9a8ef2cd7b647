"""Advice about vaults and their protected items: settings that differ from what is asked or advised, and orphans. Pure.

What a vault does not show says nothing: no setting is taken for its default. Nothing here is ever changed by itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from shared.domain.advice import Advice, Advisory
from shared.domain.arm_id import parse_vm_id
from shared.domain.backup_policy import wanted_backup_policy
from shared.domain.backup_policy_comparing import differences
from shared.domain.compiled_policy import CompiledPolicy, CompiledRule
from shared.domain.holdings import VaultContents
from shared.domain.model import Protection, ProtectionState, Vault


def vault_advisories(vaults: Iterable[Vault], policy: CompiledPolicy) -> tuple[Advisory, ...]:
    """Advice about each vault, ordered by vault and code; a vault that no rule accepts is none of the policy's."""
    found: list[Advisory] = []
    for vault in sorted(vaults, key=lambda each: each.id.key):
        rules = [each for each in policy.rules if _accepts(each, vault)]
        if not rules:
            continue
        if asked := _differs(vault, rules):
            found.append(Advisory(Advice.VAULT_REDUNDANCY_DIFFERS, vault.id.text, asked))
        if vault.soft_delete is False:
            found.append(Advisory(Advice.VAULT_SOFT_DELETE_OFF, vault.id.text))
        if vault.immutability.lower() == "disabled":
            found.append(Advisory(Advice.VAULT_NOT_IMMUTABLE, vault.id.text))
        if vault.guarded:
            found.append(Advisory(Advice.VAULT_GUARDED, vault.id.text))
    return tuple(found)


def policy_advisories(
    vaults: Iterable[Vault], contents: Mapping[str, VaultContents], policy: CompiledPolicy
) -> tuple[Advisory, ...]:
    """Advice about each backup policy that a rule describes and that a vault has otherwise, by vault and rule."""
    described = [
        (compiled, want)
        for compiled in policy.rules
        if (choice := compiled.rule.backup_policy) is not None and choice.name is not None
        if (want := wanted_backup_policy(choice, choice.name)) is not None
    ]
    found: dict[Advisory, None] = {}
    for vault in sorted(vaults, key=lambda each: each.id.key):
        held = contents.get(vault.id.key)
        for compiled, want in described if held is not None else ():
            have = held.policy(want.name) if held is not None and _accepts(compiled, vault) else None
            if have is not None and (differs := differences(have, want)):
                where = f"{vault.id.text}/backupPolicies/{have.name}"
                detail = f"rule {compiled.rule.name}: {'; '.join(differs)}"
                found[Advisory(Advice.BACKUP_POLICY_DIFFERS, where, detail)] = None
    return tuple(found)


def _accepts(compiled: CompiledRule, vault: Vault) -> bool:
    """By name and tags, and by subscription where the rule names one."""
    named = compiled.rule.vault.subscription
    if named is not None and vault.id.subscription_id != named.lower():
        return False
    return compiled.accepts_vault(vault.id.name, vault.tags)


def _differs(vault: Vault, rules: Sequence[CompiledRule]) -> str:
    """What the vault has and what is asked of it; empty where it has all that each rule asks, or does not show it."""
    for compiled in rules:
        choice = compiled.rule.vault
        if choice.redundancy and vault.redundancy and vault.redundancy.lower() != choice.redundancy.lower():
            return f"{vault.redundancy}, and rule {compiled.rule.name} asks for {choice.redundancy}"
        shown = vault.cross_region_restore
        if choice.cross_region_restore is not None and shown is not None and shown != choice.cross_region_restore:
            asked = "on" if choice.cross_region_restore else "off"
            return f"cross-region restore {'on' if shown else 'off'}, and rule {compiled.rule.name} asks for {asked}"
    return ""


def orphans(
    items: Mapping[str, Sequence[Protection]], vm_keys: Collection[str], read: Collection[str] | None
) -> tuple[Advisory, ...]:
    """Advice about each protected item whose VM is gone, ordered by VM and item.

    `items` by the VM's key (lower-cased id), `vm_keys` those of every VM that was seen, `read` the ids of subscriptions
    whose VMs were read completely: a VM of any other may well exist, as vaults protect VMs of other subscriptions too.
    None stands for all that can be read, which are those of the VMs and of the vaults that were seen. A soft-deleted
    item is on its way out and no orphan.
    """
    readable = read if read is not None else _subscriptions(items, vm_keys)
    complete = {each.lower() for each in readable}
    seen = vm_keys if isinstance(vm_keys, (set, frozenset, Mapping)) else frozenset(vm_keys)
    found: list[Advisory] = []
    for key in sorted(items):
        if key in seen:
            continue
        try:
            vm = parse_vm_id(key)
        except ValueError:  # an id that names no VM proves nothing
            continue
        if vm.subscription_id not in complete:
            continue
        for item in sorted(items[key], key=lambda each: each.item_id.lower()):
            if item.state not in (ProtectionState.NONE, ProtectionState.SOFT_DELETED):
                detail = f"{vm.name} in resource group {vm.resource_group}: {item.state.value}"
                found.append(Advisory(Advice.ITEM_ORPHANED, item.item_id, detail, vm))
    return tuple(found)


def _subscriptions(items: Mapping[str, Sequence[Protection]], vm_keys: Iterable[str]) -> set[str]:
    vaults = (item.vault_id for each in items.values() for item in each)
    return {key.split("/")[2].lower() for key in (*vm_keys, *vaults) if key.count("/") > 2}
