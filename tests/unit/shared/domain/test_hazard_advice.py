from collections.abc import Mapping

import pytest

from shared.domain.advice import Advice
from shared.domain.group_denial import GROUP_TYPE
from shared.domain.hazard_advice import hazard_advisories, key_vaults_of
from shared.domain.hazards import (
    AssignedPolicies,
    EncryptedDisk,
    HazardsSeen,
    KeyVaultAccess,
    Lock,
    PolicyAssignment,
    PolicyDefinition,
)
from shared.domain.model import Unread, Vm
from tests.fakes import SUB, a_vm

HERE = f"/subscriptions/{SUB}"
KV = f"{HERE}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/KV-1"
UNREAD = Unread("its locks", "the login may not", "AuthorizationFailed")


def lock_at(scope: str, level: str = "CanNotDelete") -> Lock:
    return Lock(f"{scope}/providers/Microsoft.Authorization/locks/keep", scope.lower(), level)


def told(seen: HazardsSeen, *vms: Vm) -> list[tuple[Advice, str, str]]:
    return [(each.advice, each.resource_id, each.detail) for each in hazard_advisories(seen, vms or [a_vm()])]


def test_a_lock_on_a_backup_group_is_told_under_the_groups_name() -> None:
    group = f"{HERE}/resourceGroups/AzureBackupRG_westeurope_1"
    inner = f"{group}/providers/Microsoft.Compute/restorePointCollections/x"
    locks = (lock_at(group, "ReadOnly"), lock_at(inner), lock_at(f"{HERE}/resourceGroups/app"))
    assert told(HazardsSeen({SUB: locks})) == [
        (Advice.LOCK_ON_BACKUP_GROUP, group, "ReadOnly lock keep"),
        (Advice.LOCK_ON_BACKUP_GROUP, group, "CanNotDelete lock keep on a resource in it"),
    ]


def test_a_lock_on_the_subscription_holds_for_groups_that_are_yet_to_come() -> None:
    [(advice, resource, detail)] = told(HazardsSeen({SUB: (lock_at(HERE),)}))
    assert (advice, resource) == (Advice.LOCK_ON_BACKUP_GROUP, lock_at(HERE).id)
    assert "whole subscription" in detail


def test_what_could_not_be_read_is_told_for_each_subscription() -> None:
    policies_unread = Unread("assignments of Azure Policy", "busy")
    assert told(HazardsSeen({SUB: UNREAD}, policies_unread)) == [
        (Advice.SURROUNDINGS_UNKNOWN, HERE, "its locks: the login may not"),
        (Advice.SURROUNDINGS_UNKNOWN, HERE, "assignments of Azure Policy: busy"),
    ]


def policies(scope: str, *not_scopes: str, condition: Mapping[str, object] | None = None) -> HazardsSeen:
    rule = {"if": condition or {"field": "type", "equals": GROUP_TYPE}, "then": {"effect": "deny"}}
    assignment = PolicyAssignment("/x/assignment", scope, "/d", "No groups", not_scopes=not_scopes)
    return HazardsSeen(policies=AssignedPolicies((assignment,), {"/d": PolicyDefinition("/d", "All", rule)}))


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        (policies(HERE), 1),
        (policies("/providers/microsoft.management/managementgroups/corp"), 1),
        (policies("/providers/microsoft.management/managementgroups/corp", HERE), 0),
        (policies(f"{HERE}/resourcegroups/app"), 0),
        (policies("/subscriptions/other"), 0),
    ],
)
def test_an_assignment_counts_where_it_reaches_a_new_group(seen: HazardsSeen, count: int) -> None:
    found = told(seen)
    assert found == [(Advice.POLICY_DENIES_BACKUP_GROUP, "/x/assignment", "No groups, in westeurope")] * count


def test_a_rule_that_could_not_be_judged_is_told_as_unknown() -> None:
    [(advice, _, detail)] = told(policies(HERE, condition={"field": "what", "equals": "ever"}))
    assert advice is Advice.SURROUNDINGS_UNKNOWN
    assert "westeurope" in detail


def encrypted(key: str = "") -> Vm:
    return a_vm(encryption=("ade",), secret_vault=KV, key_vault=key)


def access(found: KeyVaultAccess | Unread) -> HazardsSeen:
    return HazardsSeen(key_vaults={KV.lower(): found})


def test_a_key_vault_must_let_the_service_read_what_the_vm_keeps_there() -> None:
    whole, half = KeyVaultAccess(secrets=True, keys=True), KeyVaultAccess(secrets=True, keys=False, why="no keys")
    assert told(access(whole), encrypted(KV)) == []
    assert told(access(half), encrypted()) == []
    missing = (Advice.KEY_VAULT_ACCESS_MISSING, KV, "keys of VM web-01: no keys")
    assert told(access(half), encrypted(KV)) == [missing]
    [found] = hazard_advisories(access(half), [encrypted(KV)])
    assert found.vm == a_vm().id


@pytest.mark.parametrize(
    ("seen", "vm", "resource", "detail"),
    [
        (access(UNREAD), encrypted(), KV, "the login may not"),
        (HazardsSeen(), encrypted(), KV, "it was not asked"),
        (HazardsSeen(), a_vm(encryption=("ade",)), a_vm().id.text, "Azure does not show which"),
    ],
)
def test_access_that_is_not_known_is_never_taken_for_given(
    seen: HazardsSeen, vm: Vm, resource: str, detail: str
) -> None:
    [(advice, about, why)] = told(seen, vm)
    assert (advice, about) == (Advice.KEY_VAULT_ACCESS_UNKNOWN, resource)
    assert why.startswith(detail)


def test_a_vm_whose_disks_alone_tell_of_encryption_is_held_to_the_same() -> None:
    half = KeyVaultAccess(secrets=True, keys=False)
    disks = (EncryptedDisk(a_vm().id.key, KV, KV), EncryptedDisk(a_vm().id.key, KV.upper(), ""))
    seen = HazardsSeen(key_vaults={KV.lower(): half}, encrypted_disks=disks)
    [(advice, vault, detail)] = told(seen)
    assert (advice, vault.lower(), detail) == (Advice.KEY_VAULT_ACCESS_MISSING, KV.lower(), "keys of VM web-01")
    assert told(seen, a_vm("other")) == []
    [(advice, place, _)] = told(HazardsSeen(encrypted_disks=UNREAD))
    assert (advice, place) == (Advice.KEY_VAULT_ACCESS_UNKNOWN, HERE)


def test_vms_name_their_key_vaults_once_each() -> None:
    assert key_vaults_of([encrypted(KV), encrypted(), a_vm()]) == {KV.lower()}
