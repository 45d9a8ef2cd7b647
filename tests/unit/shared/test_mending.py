"""Protections that stand, but not as asked: mended where the rule says so, and otherwise never touched."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.azure_answers import Scope
from shared.domain.backup_policy import BackupPolicy, KeptFor, PointsKept
from shared.domain.model import ProtectionState, State, Status, Vm
from tests.fakes import DEFAULT, ENHANCED, World, a_vault, a_vm, active_items, an_item
from tests.policies import compiled

S = ProtectionState
VAULT = a_vault()
OPT_OUT = {"backup-opt-out": "reason=x; until=2026-12-01"}


def world(existing: str = "", days: int = 60) -> World:
    """A vault and a rule that asks for gold, points kept for so many days."""
    here = World(
        compiled(
            f"mode: enforce\nrules: [{{name: all, priority: 1, match: {{}}, existing: {{{existing}}}, "
            f"backupPolicy: {{name: gold, retain: {{daily: P{days}D}}}}}}]"
        )
    )
    here.azure.vaults.append(VAULT)
    return here


def with_item(
    here: World, state: ProtectionState, backup_policy: str = "gold", tags: dict[str, str] | None = None
) -> Vm:
    vm = a_vm(tags=tags or {})
    under = "" if state in {S.STOPPED, S.SOFT_DELETED} else backup_policy
    return here.azure.add(vm, an_item(vm.id, state, VAULT, under))


def methods(here: World) -> list[str]:
    return [method for method, _ in here.azure.writes]


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(0, 12), max_size=8), st.booleans(), st.booleans())
def test_killed_anywhere_a_soft_deleted_item_ends_undeleted_and_resumed(
    kills: list[int], after_commit: bool, doubled: bool
) -> None:
    async def scenario() -> None:
        here = world("softDeleted: undelete")  # what is undeleted is resumed in the same story
        vm = with_item(here, S.SOFT_DELETED)
        here.azure.kill_after_commit = after_commit
        await here.sweeper.sweep(Scope(), "run-1")
        if doubled:
            await here.request(vm)
        await here.run_killed(kills)
        await here.sweep()
        assert here.azure.broken_rules == []
        (item,) = here.azure.items_of(vm)
        assert (item.state, item.backup_policy) == (S.PROTECTED, "gold")
        assert here.finding(vm).verdict.state is State.COMPLIANT
        assert methods(here).count("undelete") == 1
        assert set(methods(here)) == {"undelete", "put_backup_policy", "put_under"}

    asyncio.run(scenario())


@pytest.mark.parametrize("state", [S.NONE, S.STOPPED, S.SOFT_DELETED])
@pytest.mark.parametrize("enhanced", [False, True])
async def test_a_vm_that_needs_an_enhanced_policy_comes_under_no_standard_one_whatever_its_name(
    state: ProtectionState, enhanced: bool
) -> None:
    rule = "existing: {stopped: resume, softDeleted: undelete}, backupPolicy: gold"
    here = World(compiled(f"mode: enforce\nrules: [{{name: all, priority: 1, match: {{}}, {rule}}}]"))
    here.azure.vaults.append(VAULT)
    here.azure.policies[VAULT.id.key] = (DEFAULT, ENHANCED, replace(ENHANCED if enhanced else DEFAULT, name="gold"))
    vm = a_vm(disk_types=("UltraSSD_LRS",))
    here.azure.add(vm, None if state is S.NONE else an_item(vm.id, state, VAULT, ""))
    await here.sweep()
    await here.request(vm)
    await here.run()
    if enhanced:
        assert here.finding(vm).verdict.state is State.COMPLIANT
        return
    outcome = here.finding(vm).outcome
    assert (methods(here), outcome.error_code) == ([], "NEEDS_ENHANCED_POLICY")
    assert "gold is a Standard one" in outcome.error
    assert outcome.remedy


async def test_a_resumed_protection_is_told_as_done_and_not_as_nothing_to_do() -> None:
    here = world("stopped: resume")
    vm = with_item(here, S.STOPPED)
    await here.request(vm)
    await here.run()
    assert methods(here) == ["put_backup_policy", "put_under"]
    assert here.finding(vm).outcome.status is Status.SUCCEEDED


async def test_a_backup_that_a_person_asked_for_is_started_once_though_it_fails_under_another_policy() -> None:
    here = world()
    vm = with_item(here, S.PROTECTED, "DefaultPolicy")
    await here.request(vm, backup_now=True)
    await here.step()
    assert methods(here) == ["start_backup"]
    here.azure.jobs = [(key, replace(job, status="Failed")) for key, job in here.azure.jobs]
    here.azure.items = {place: replace(item, backup_running=False) for place, item in here.azure.items.items()}
    await here.run()
    assert methods(here) == ["start_backup"]
    assert here.finding(vm).outcome.status is Status.SUCCEEDED


async def test_what_somebody_undeleted_and_left_stopped_is_respected() -> None:
    here = world("softDeleted: undelete")
    with_item(here, S.STOPPED)
    await here.sweep()
    assert here.azure.writes == []


async def test_a_stopped_item_is_resumed_under_the_policy_that_the_rule_asks_for() -> None:
    here = world("stopped: resume")
    vm = with_item(here, S.STOPPED)
    await here.sweep()
    (item,) = here.azure.items_of(vm)
    assert (item.state, item.backup_policy) == (S.PROTECTED, "gold")
    assert here.azure.broken_rules == []


STATES = st.sampled_from([each for each in S if each is not S.NONE and each is not S.CONFIGURING])
WORDS = st.fixed_dictionaries(
    {
        "stopped": st.sampled_from(["respect", "resume"]),
        "softDeleted": st.sampled_from(["respect", "undelete"]),
        "otherPolicy": st.sampled_from(["report", "change"]),
    }
)


@settings(deadline=None, max_examples=80)
@given(STATES, st.sampled_from(["gold", "DefaultPolicy", "EnhancedPolicy", "gone"]))
def test_by_the_careful_answers_only_a_pending_item_is_ever_written_to(state: ProtectionState, under: str) -> None:
    async def scenario() -> None:
        here = world()
        vm = with_item(here, state, under)
        await here.request(vm)
        await here.run()
        await here.sweep()
        assert set(methods(here)) <= ({"start_backup"} if state is S.FIRST_BACKUP_PENDING else set())

    asyncio.run(scenario())


@settings(deadline=None, max_examples=150)
@given(
    STATES,
    st.sampled_from(["gold", "DefaultPolicy", "EnhancedPolicy", "long", "gone"]),
    WORDS,
    st.sampled_from([7, 30, 60]),
    st.booleans(),
)
def test_an_item_never_comes_under_a_lesser_policy_and_an_opted_out_one_under_none(
    state: ProtectionState, under: str, words: dict[str, str], days: int, opted_out: bool
) -> None:
    async def scenario() -> None:
        here = world(", ".join(f"{key}: {value}" for key, value in words.items()), days)
        long = replace(DEFAULT, name="long", points=PointsKept(daily=KeptFor(60)))
        here.azure.policies[VAULT.id.key] = (DEFAULT, ENHANCED, long)
        vm = with_item(here, state, under, tags=OPT_OUT if opted_out else {})
        (before,) = here.azure.items_of(vm)
        await here.request(vm)
        await here.run()
        await here.sweep()
        assert here.azure.broken_rules == []
        (after,) = here.azure.items_of(vm)
        if opted_out and before.state is not S.PROTECTED:
            assert here.azure.writes == []
        if after.backup_policy == before.backup_policy or before.state in {S.STOPPED, S.SOFT_DELETED}:
            return
        assert words["otherPolicy"] == "change"
        old, new = named(here, before.backup_policy), named(here, after.backup_policy)
        assert not (old.enhanced and not new.enhanced)
        assert old.points.daily is not None
        assert new.points.daily is not None
        assert new.points.daily.count >= old.points.daily.count

    asyncio.run(scenario())


def named(here: World, name: str) -> BackupPolicy:
    (found,) = [each for each in here.azure.policies_of(VAULT.id.text) if each.name == name]
    return found


@pytest.mark.parametrize("state", [S.STOPPED, S.SOFT_DELETED])
async def test_an_owner_who_opts_out_keeps_a_stopped_item_stopped(state: ProtectionState) -> None:
    here = world("stopped: resume, softDeleted: undelete")
    vm = with_item(here, state, tags=OPT_OUT)
    await here.request(vm)
    await here.run()
    await here.sweep()
    assert here.azure.writes == []
    assert here.finding(vm).verdict.state is State.EXEMPT


async def test_an_owner_who_opts_out_between_undelete_and_resume_is_heard() -> None:
    here = world("softDeleted: undelete")
    vm = with_item(here, S.SOFT_DELETED)
    await here.request(vm)
    await here.run_until_written("undelete")
    here.azure.vms[vm.id.key] = replace(vm, tags=OPT_OUT)
    await here.run()
    assert methods(here) == ["undelete"]
    assert active_items(here.azure, vm) == []
