"""Vaults, their redundancy and their backup policies: made once, whatever happens meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import Scope
from shared.domain.backup_policy import KeptFor, PointsKept
from shared.domain.model import ProtectionState, State, Status, Vault, Vm
from shared.domain.steps import Placement
from shared.errors import PermanentError
from tests.fakes import DEFAULT, SUB, Kept, World, a_vault, a_vm, active_items, an_item
from tests.policies import compiled

HEAD = "mode: enforce\nlimits: {maxActions: {amount: 500}LIMITS}\nrules: [{name: all, priority: 1, match: {}, RULE}]"
MAKES = "vault: {whenMissing: create, redundancy: GeoRedundant}"
GOLD = "backupPolicy: {name: gold, retain: {daily: P60D}MANAGE}"
NAME = "backstop-westeurope"


def world(rule: str, limits: str = "", vms: int = 1) -> tuple[World, list[Vm]]:
    here = World(compiled(HEAD.replace("RULE", rule).replace("LIMITS", limits)))
    return here, [here.azure.add(a_vm(f"vm-{number}")) for number in range(vms)]


def gold(manage: str = "") -> str:
    return GOLD.replace("MANAGE", manage)


def written(here: World, method: str) -> list[str]:
    return [subject for each, subject in here.azure.writes if each == method]


async def test_the_first_vm_of_a_region_gets_a_vault_a_policy_and_its_backup() -> None:
    here, (vm,) = world(f"{MAKES}, {gold()}")
    await here.request(vm)
    await here.run()
    assert [method for method, _ in here.azure.writes] == [
        "create_vault",
        "put_backup_policy",
        "protect",
        "start_backup",
    ]
    (vault,) = here.azure.vaults
    assert (vault.id.name, vault.location, vault.redundancy) == (NAME, "westeurope", "GeoRedundant")
    (made,) = [each for each in here.azure.policies_of(vault.id.text) if each.name == "gold"]
    assert made.points.daily == KeptFor(60)
    assert here.finding(vm).verdict.state is State.COMPLIANT
    assert here.memory.intents.keys() == {f"backup|{vm.id.key}"}  # nothing else is left on record


@settings(deadline=None, max_examples=120)
@given(st.integers(1, 4), st.lists(st.integers(0, 12), max_size=8), st.booleans(), st.booleans(), st.integers(0, 3))
def test_killed_anywhere_there_is_one_vault_and_one_policy(
    count: int, kills: list[int], after_commit: bool, ignored: bool, events: int
) -> None:
    async def scenario() -> None:
        here, vms = world(f"{MAKES}, {gold()}", vms=count)
        here.azure.kill_after_commit = after_commit
        here.azure.ignore_redundancy = "LocallyRedundant" if ignored else ""
        await here.sweeper.sweep(Scope(), "run-1")
        for vm in vms[:events]:
            await here.request(vm)
        await here.run_killed(kills)
        assert here.azure.broken_rules == []
        (vault,) = here.azure.vaults
        assert vault.redundancy == "GeoRedundant"
        assert [each.name for each in here.azure.policies_of(vault.id.text)].count("gold") == 1
        assert len(written(here, "create_vault")) == 1
        for vm in vms:
            (item,) = active_items(here.azure, vm)
            assert item.backup_policy == "gold"
        methods = [method for method, _ in here.azure.writes]
        if ignored:
            assert methods.index("set_redundancy") < methods.index("protect")
        else:
            assert "set_redundancy" not in methods

    asyncio.run(scenario())


async def test_a_name_that_another_region_has_is_told_apart_by_a_number() -> None:
    here, (vm,) = world(MAKES)
    here.azure.vaults.append(a_vault(NAME, location="eastus"))
    await here.request(vm)
    await here.run()
    assert sorted(each.id.name for each in here.azure.vaults) == [NAME, f"{NAME}-2"]
    assert len(active_items(here.azure, vm)) == 1


async def test_a_name_that_is_taken_meanwhile_in_another_group_leads_to_the_next_name() -> None:
    here, (vm,) = world(MAKES)
    await here.sweeper.sweep(Scope(), "run-1")  # the seat is in a vault that does not exist
    here.azure.vaults.append(a_vault(NAME, location="eastus"))
    await here.run()
    assert here.azure.broken_rules == []
    assert sorted(each.id.name for each in here.azure.vaults) == [NAME, f"{NAME}-2"]
    assert here.finding(vm).verdict.state is State.COMPLIANT


@pytest.mark.parametrize("redundancy", ["GeoRedundant", "LocallyRedundant"])
async def test_a_vault_that_appears_meanwhile_under_the_very_id_is_never_made_over(redundancy: str) -> None:
    here, (vm,) = world(MAKES)
    found = await here.sweeper.sweep(Scope(), "run-1")
    (place,) = found.placed.values()
    assert isinstance(place, Placement)
    vault_id = place.seat.vault_id
    here.azure.vaults.append(replace(a_vault(NAME), id=parse_id(vault_id), redundancy=redundancy))
    await here.run()
    assert here.azure.broken_rules == []
    assert written(here, "set_redundancy") == []  # it is somebody else's
    (item,) = active_items(here.azure, vm)
    assert (item.vault_id == vault_id) == (redundancy == "GeoRedundant")


async def test_a_vault_that_azure_cannot_make_ends_with_azures_code_and_is_tried_again_by_the_next_sweep() -> None:
    here, (vm,) = world(MAKES)
    await here.request(vm)
    await here.run_until_written("create_vault")
    (url,) = here.azure.operations
    here.azure.vaults.clear()
    here.azure.operations[url] = (here.clock.now(), lambda: None, "ResourceGroupQuotaExceeded")
    await here.run()
    assert here.finding(vm).outcome.status is Status.FAILED
    assert here.finding(vm).outcome.error_code == "ResourceGroupQuotaExceeded"
    await here.sweep()
    assert len(active_items(here.azure, vm)) == 1


async def test_a_refused_vault_is_a_finding() -> None:
    here, (vm,) = world(MAKES)
    here.azure.fail["create_vault"].append(PermanentError("denied by a policy", code="RequestDisallowedByPolicy"))
    await here.request(vm)
    await here.run()
    assert here.finding(vm).outcome.status is Status.FAILED
    assert here.finding(vm).outcome.error_code == "RequestDisallowedByPolicy"
    assert here.azure.vaults == []


async def test_a_refused_vault_is_not_asked_for_again_by_every_vm_that_wants_it() -> None:
    here, vms = world(MAKES, vms=5)
    errors = [PermanentError("no such group", code="ResourceGroupNotFound") for _ in vms]
    here.azure.fail["create_vault"] += errors
    await here.sweep()
    assert len(here.azure.fail["create_vault"]) == len(errors) - 1
    codes = sorted(here.finding(vm).outcome.error_code for vm in vms)
    assert codes == ["ResourceGroupNotFound", *["VAULT_REFUSED"] * (len(vms) - 1)]
    assert not any(page.book.seats for page in here.books.pages.values())  # a mended rule may want another vault
    here.azure.fail.clear()
    await here.sweep()  # and asks once more at once
    assert all(len(active_items(here.azure, vm)) == 1 for vm in vms)


async def test_redundancy_is_not_set_once_somebody_protects_in_the_vault() -> None:
    here, (vm,) = world(MAKES)
    here.azure.ignore_redundancy = "LocallyRedundant"
    await here.request(vm)
    await here.run_until_written("create_vault")
    here.azure.ignore_redundancy = ""
    other = here.azure.add(a_vm("other"))
    here.azure.add(other, an_item(other.id, ProtectionState.PROTECTED, here.azure.vaults[0]))
    await here.run()
    assert here.azure.broken_rules == []
    first, second = here.azure.vaults
    assert (first.redundancy, second.redundancy) == ("LocallyRedundant", "GeoRedundant")
    assert [item.vault_id for item in active_items(here.azure, vm)] == [second.id.text]


async def test_redundancy_that_azure_does_not_take_is_told_and_nothing_is_protected() -> None:
    here, (vm,) = world(MAKES)
    here.azure.ignore_redundancy = "LocallyRedundant"
    here.azure.ignore_changes = True
    await here.request(vm)
    await here.run()
    assert here.finding(vm).outcome.error_code == "REDUNDANCY_NOT_SET"
    assert here.finding(vm).outcome.status is Status.FAILED
    assert active_items(here.azure, vm) == []


async def test_policies_of_a_vault_are_changed_so_often_a_day_and_no_more() -> None:
    here, vms = world(gold(), limits=", perBackupPolicy: 1, backupPolicyEditsPerDay: 2", vms=5)
    here.azure.quotas = Kept(policy_vms=1, edits=2)
    here.azure.vaults.append(a_vault())
    await here.sweep()
    assert here.azure.broken_rules == []
    assert [len(active_items(here.azure, vm)) for vm in vms] == [1] * 5
    days = [(at - here.azure.edited[0][1]).days for _, at in here.azure.edited]
    assert days == [0, 0, 1, 1, 2]


async def test_the_last_policy_that_a_vault_takes_is_made_once() -> None:
    here, vms = world("backupPolicy: {name: gold, retain: {daily: P60D}}", limits=", perBackupPolicy: 1", vms=3)
    here.azure.vaults.append(a_vault())
    many = [replace(DEFAULT, name=f"p-{number}") for number in range(199)]
    here.azure.policies[a_vault().id.key] = tuple(many)
    await here.sweep()
    assert here.azure.broken_rules == []
    assert sum(len(active_items(here.azure, vm)) for vm in vms) == 1
    assert {here.finding(vm).outcome.error_code for vm in vms if not active_items(here.azure, vm)} == {
        "BACKUP_POLICY_FULL"
    }


def with_gold(here: World, days: int, vault: Vault) -> None:
    other = replace(DEFAULT, name="gold", points=PointsKept(daily=KeptFor(days)))
    here.azure.policies[vault.id.key] = (DEFAULT, other)


async def test_a_policy_that_differs_is_left_alone_unless_the_rule_manages_it() -> None:
    here, (vm,) = world(gold())
    here.azure.vaults.append(a_vault())
    with_gold(here, 30, a_vault())
    await here.request(vm)
    await here.run()
    assert written(here, "put_backup_policy") == [f"{a_vault().id.key}/gold-01"]
    assert [item.backup_policy for item in active_items(here.azure, vm)] == ["gold-01"]


async def test_a_managed_policy_is_changed_to_keep_points_longer() -> None:
    here, (vm,) = world(gold(", manage: true"))
    here.azure.vaults.append(a_vault())
    with_gold(here, 30, a_vault())
    await here.request(vm)
    await here.run()
    (now,) = [each for each in here.azure.policies_of(a_vault().id.text) if each.name == "gold"]
    assert now.points.daily == KeptFor(60)
    assert [item.backup_policy for item in active_items(here.azure, vm)] == ["gold"]


async def test_a_managed_policy_is_never_changed_to_keep_points_for_a_shorter_time() -> None:
    here, (vm,) = world(gold(", manage: true"))
    here.azure.vaults.append(a_vault())
    with_gold(here, 90, a_vault())
    await here.request(vm)
    await here.run()
    (now,) = [each for each in here.azure.policies_of(a_vault().id.text) if each.name == "gold"]
    assert now.points.daily == KeptFor(90)
    assert here.azure.broken_rules == []


async def test_a_vault_in_the_making_is_waited_for_by_all() -> None:
    here, vms = world(MAKES, vms=3)
    for vm in vms:
        await here.request(vm)
    await here.run()
    assert len(written(here, "create_vault")) == 1
    assert {item.vault_id for vm in vms for item in active_items(here.azure, vm)} == {here.azure.vaults[0].id.text}
    assert here.azure.vaults[0].id.subscription_id == SUB
    assert here.clock.now() - here.memory.intents[f"backup|{vms[0].id.key}"].at < timedelta(hours=1)


@pytest.mark.parametrize(
    ("rule", "code", "told"),
    [
        ("vault: {whenFull: report}", "VAULTS_FULL", ("the vault vault-1 protects 1 VM", "whenFull: next")),
        ("vault: {whenMissing: report}", "VAULTS_FULL", ("protect 1 VM each", "whenMissing: create")),
        ("vault: {whenMissing: create}, backupPolicy: own", "VAULTS_FULL", ("has no backup policy own", "Describe")),
        (
            "vault: {select: {names: other}, whenMissing: create}, backupPolicy: own",
            "BACKUP_POLICY_MISSING",
            ("a new vault has no backup policy own", "Describe"),
        ),
    ],
)
async def test_why_there_is_no_room_names_what_would_give_some(rule: str, code: str, told: tuple[str, str]) -> None:
    here, vms = world(rule, limits=", perVault: 1", vms=3)
    vaults = [a_vault("vault-1"), *([a_vault("vault-2")] if "report" in rule else [])]
    here.azure.vaults += vaults
    for vault in vaults:
        here.azure.policies[vault.id.key] = (DEFAULT, replace(DEFAULT, name="own"))
    await here.sweep()
    outcome = here.finding(vms[2]).outcome
    assert (outcome.error_code, told[0] in outcome.error, told[1] in outcome.remedy) == (code, True, True)


@pytest.mark.parametrize(("tags", "changed"), [({}, 1), ({"backup-opt-out": "reason=test; until=2026-12-01"}, 0)])
async def test_a_managed_policy_is_changed_for_a_vm_in_order_but_not_for_one_that_opted_out(
    tags: dict[str, str], changed: int
) -> None:
    here, _ = world(gold(", manage: true"), vms=0)
    here.azure.vaults.append(a_vault())
    with_gold(here, 30, a_vault())
    vm = a_vm(tags=tags)
    here.azure.add(vm, an_item(vm.id, ProtectionState.PROTECTED, a_vault(), "gold"))
    await here.sweep()
    await here.request(vm)
    await here.run()
    assert here.finding(vm).verdict.state is State.COMPLIANT
    assert len(written(here, "put_backup_policy")) == len(here.azure.writes) == changed
