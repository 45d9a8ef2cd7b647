"""Advice about what surrounds the VMs' backups: locks, Azure Policy, key vaults of encrypted VMs. Pure.

What could not be read gives advice too, of its own code: not known is never fine.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from shared.domain.advice import Advice, Advisory
from shared.domain.group_denial import denies, of_single_definitions
from shared.domain.hazards import AssignedPolicies, HazardsSeen, KeyVaultAccess, Lock, PolicyAssignment
from shared.domain.model import Unread, Vm

#: How Azure Backup names the resource groups of its snapshots where the backup policy names none (documentation, 2024).
BACKUP_GROUP = "azurebackuprg_"


def key_vaults_of(vms: Iterable[Vm]) -> frozenset[str]:
    """Lower-cased ids of the key vaults that encrypted VMs name themselves."""
    return frozenset(each.lower() for vm in vms for each in (vm.secret_vault, vm.key_vault) if each)


def hazard_advisories(seen: HazardsSeen, vms: Iterable[Vm]) -> tuple[Advisory, ...]:
    """Advice about everything around these VMs, which are all that were read of the subscriptions looked at."""
    every = sorted(vms, key=lambda each: each.id.key)
    regions: dict[str, set[str]] = defaultdict(set)
    for vm in every:
        regions[vm.id.subscription_id].add(vm.location)
    found = (*_of_locks(seen.locks), *_of_policies(seen.policies, regions), *_of_key_vaults(seen, every))
    return tuple(dict.fromkeys(found))  # members of one initiative may say the same


def _of_locks(locks: Mapping[str, tuple[Lock, ...] | Unread]) -> Iterator[Advisory]:
    for subscription, found in sorted(locks.items()):
        place = f"/subscriptions/{subscription}"
        if isinstance(found, Unread):
            yield Advisory(Advice.SURROUNDINGS_UNKNOWN, place, f"{found.what}: {found.why}")
            continue
        for lock in sorted(found, key=lambda each: each.id.lower()):
            if lock.scope == place.lower():
                detail = f"{lock.level} lock {lock.name} on the whole subscription, so on every such group"
                yield Advisory(Advice.LOCK_ON_BACKUP_GROUP, lock.id, detail)
            elif (group := _backup_group(lock.scope)) is not None:
                inside = "" if lock.scope.count("/") == 4 else " on a resource in it"
                detail = f"{lock.level} lock {lock.name}{inside}"
                yield Advisory(Advice.LOCK_ON_BACKUP_GROUP, _spelt(lock, group), detail)


def _backup_group(scope: str) -> str | None:
    """The resource group of a lower-cased scope, where Azure Backup made it."""
    parts = scope.split("/")
    inside = len(parts) > 4 and parts[3] == "resourcegroups" and parts[4].startswith(BACKUP_GROUP)
    return "/".join(parts[:5]) if inside else None


def _spelt(lock: Lock, group: str) -> str:
    """The group's id as Azure spelt it in the lock's."""
    return lock.id[: len(group)] if lock.id.lower().startswith(group) else group


def _of_policies(policies: AssignedPolicies | Unread, regions: Mapping[str, set[str]]) -> Iterator[Advisory]:
    if isinstance(policies, Unread):
        for subscription in sorted(regions):
            place = f"/subscriptions/{subscription}"
            yield Advisory(Advice.SURROUNDINGS_UNKNOWN, place, f"{policies.what}: {policies.why}")
        return
    single = [one for each in policies.assignments for one in of_single_definitions(each, policies.initiatives)]
    for assignment in sorted(single, key=lambda each: each.id.lower()):
        definition = policies.definitions.get(assignment.definition)
        if definition is None:
            continue
        answers = {
            (subscription, location): denies(definition, assignment, subscription, location)
            for subscription in regions
            if _reaches(assignment, subscription)
            for location in regions[subscription]
        }
        sure = sorted({location for (_, location), answer in answers.items() if answer})
        unsure = sorted({location for (_, location), answer in answers.items() if answer is None})
        name = assignment.name or assignment.id.rsplit("/", 1)[-1]
        if sure:
            detail = f"{name}, in {', '.join(sure)}"
            yield Advisory(Advice.POLICY_DENIES_BACKUP_GROUP, assignment.id, detail)
        elif unsure:
            detail = f"{name} denies, perhaps also in {', '.join(unsure)}: its rule could not be judged whole"
            yield Advisory(Advice.SURROUNDINGS_UNKNOWN, assignment.id, detail)


def _reaches(assignment: PolicyAssignment, subscription: str) -> bool:
    """Whether a resource group made in the subscription falls under the assignment.

    One to a resource group reaches no other group. One to a management group reaches all that it was read for.
    """
    place = f"/subscriptions/{subscription}"
    if place in assignment.not_scopes:
        return False
    return assignment.scope == place or not assignment.scope.startswith("/subscriptions/")


def _of_key_vaults(seen: HazardsSeen, vms: Iterable[Vm]) -> Iterator[Advisory]:
    by_disk: dict[str, set[tuple[str, str]]] = defaultdict(set)
    if isinstance(seen.encrypted_disks, Unread):
        for subscription in sorted({vm.id.subscription_id for vm in vms}):
            detail = f"{seen.encrypted_disks.what}: {seen.encrypted_disks.why}"
            yield Advisory(Advice.KEY_VAULT_ACCESS_UNKNOWN, f"/subscriptions/{subscription}", detail)
    else:
        for disk in seen.encrypted_disks:
            by_disk[disk.vm_key] |= {(disk.secret_vault, "secrets"), (disk.key_vault, "keys")}
    for vm in vms:
        uses = {(vm.secret_vault, "secrets"), (vm.key_vault, "keys")} | by_disk.get(vm.id.key, set())
        named = {(vault.lower(), what): vault for vault, what in sorted(uses) if vault}
        if "ade" in vm.encryption and not named:
            detail = "Azure does not show which key vault holds its secrets"
            yield Advisory(Advice.KEY_VAULT_ACCESS_UNKNOWN, vm.id.text, detail, vm.id)
        for (key, what), vault in named.items():
            yield from _of_key_vault(vm, vault, what, seen.key_vaults.get(key))


def _of_key_vault(vm: Vm, vault: str, what: str, access: KeyVaultAccess | Unread | None) -> Iterator[Advisory]:
    if access is None or isinstance(access, Unread):
        detail = "it was not asked" if access is None else access.why
        yield Advisory(Advice.KEY_VAULT_ACCESS_UNKNOWN, vault, detail, vm.id)
    elif not (access.secrets if what == "secrets" else access.keys):
        detail = f"{what} of VM {vm.id.name}{f': {access.why}' if access.why else ''}"
        yield Advisory(Advice.KEY_VAULT_ACCESS_MISSING, vault, detail, vm.id)
