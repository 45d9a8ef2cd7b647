from dataclasses import replace

import pytest

from shared.domain.advice import Advice
from shared.domain.backup_policy import KeptFor, PointsKept
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.holdings import VaultContents
from shared.domain.model import Protection, ProtectionState, Vault
from shared.domain.vault_advice import orphans, policy_advisories, vault_advisories
from tests.fakes import DEFAULT, SUB, a_vault, an_item, vm_id
from tests.strategies import policy_of_spec

OTHER = "22222222-2222-4222-8222-222222222222"


def policy(**vault: object) -> CompiledPolicy:
    rules = [{"name": "gold", "priority": 1, "match": {}, "vault": vault}]
    return compile_policy(policy_of_spec({"mode": "enforce", "rules": rules}))


def told(vault: Vault, by: CompiledPolicy) -> list[tuple[Advice, str]]:
    found = vault_advisories([vault], by)
    assert all((each.resource_id, each.vm) == (vault.id.text, None) for each in found)
    return [(each.advice, each.detail) for each in found]


def test_a_vault_that_shows_nothing_gives_no_advice() -> None:
    assert told(a_vault(), policy(redundancy="GeoRedundant", crossRegionRestore=True)) == []


def test_settings_that_threaten_recovery_points_are_told() -> None:
    bare = replace(a_vault(), soft_delete=False, immutability="Disabled", guarded=True)
    told_of = [each for each, _ in told(bare, policy())]
    assert told_of == [Advice.VAULT_SOFT_DELETE_OFF, Advice.VAULT_NOT_IMMUTABLE, Advice.VAULT_GUARDED]
    for state in ("Locked", "Unlocked"):
        assert told(replace(bare, soft_delete=True, immutability=state, guarded=False), policy()) == []


def test_a_backup_policy_unlike_the_described_one_is_told_for_each_vault_that_has_it() -> None:
    described = {
        "name": "gold",
        "priority": 1,
        "match": {},
        "backupPolicy": {"name": "gold", "retain": {"daily": "P60D"}},
    }
    by = compile_policy(policy_of_spec({"mode": "enforce", "rules": [described]}))
    vault, other = a_vault("vault-1"), a_vault("vault-2")
    alike = replace(DEFAULT, name="gold", points=PointsKept(daily=KeptFor(60)))
    contents = {
        vault.id.key: VaultContents((replace(DEFAULT, name="Gold"), DEFAULT)),
        other.id.key: VaultContents((alike,)),
    }
    (told_of,) = policy_advisories([other, vault], contents, by)
    assert told_of.advice is Advice.BACKUP_POLICY_DIFFERS
    assert told_of.resource_id == f"{vault.id.text}/backupPolicies/Gold"
    assert told_of.detail.startswith("rule gold: daily points: kept 30")
    assert policy_advisories([vault, other], {}, by) == ()


def test_redundancy_is_held_against_each_rule_that_accepts_the_vault() -> None:
    local = replace(a_vault(), redundancy="LocallyRedundant", cross_region_restore=False)
    geo = replace(a_vault(), redundancy="GeoRedundant", cross_region_restore=False)
    asks = policy(redundancy="GeoRedundant", crossRegionRestore=True)
    differs = Advice.VAULT_REDUNDANCY_DIFFERS
    assert told(local, asks) == [(differs, "LocallyRedundant, and rule gold asks for GeoRedundant")]
    assert told(geo, asks) == [(differs, "cross-region restore off, and rule gold asks for on")]
    assert told(replace(geo, cross_region_restore=True), asks) == []
    assert told(local, policy()) == []


@pytest.mark.parametrize("choice", [{"select": {"names": ["gold-*"]}}, {"subscription": OTHER}])
def test_a_vault_that_no_rule_accepts_is_left_alone(choice: dict[str, object]) -> None:
    assert told(replace(a_vault(), soft_delete=False), policy(**choice)) == []


def item(state: ProtectionState = ProtectionState.PROTECTED) -> Protection:
    return an_item(vm_id("gone"), state, a_vault())


def test_an_item_whose_vm_is_gone_is_an_orphan() -> None:
    items = {vm_id("gone").key: [item()], vm_id("here").key: [item()]}
    [found] = orphans(items, [vm_id("here").key], None)
    assert (found.advice, found.resource_id, found.vm) == (Advice.ITEM_ORPHANED, item().item_id, vm_id("gone"))
    assert found.detail == "gone in resource group app-rg: protected"


@pytest.mark.parametrize(("read", "count"), [(None, 1), ([SUB.upper()], 1), ([OTHER], 0), ([], 0)])
def test_only_a_subscription_that_was_read_completely_proves_a_vm_gone(read: list[str] | None, count: int) -> None:
    assert len(orphans({vm_id("gone").key: [item()]}, set(), read)) == count


def test_a_vm_of_a_subscription_that_nobody_could_read_is_not_called_gone() -> None:
    far = vm_id("far", subscription=OTHER)
    assert orphans({far.key: [item()]}, {vm_id("here").key}, None) == ()
    [found] = orphans({far.key: [item()]}, {vm_id("other", subscription=OTHER).key}, None)
    assert found.vm == far


def test_neither_a_soft_deleted_item_nor_one_of_an_unreadable_id_is_an_orphan() -> None:
    items = {vm_id("gone").key: [item(ProtectionState.SOFT_DELETED)], "nonsense": [item()]}
    assert orphans(items, set(), None) == ()
    stopped = {vm_id("gone").key: [item(ProtectionState.STOPPED), item(ProtectionState.SOFT_DELETED)]}
    assert [each.detail for each in orphans(stopped, set(), None)] == ["gone in resource group app-rg: stopped"]
