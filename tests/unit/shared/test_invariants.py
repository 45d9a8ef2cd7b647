"""The design's invariants, on random estates with failures, kills, doubled messages and meddling owners."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate
from shared.domain.model import ACTIVE_STATES, Image, Observation, Protection, ProtectionState, State, Unread, Vm
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from shared.errors import PermanentError, RetryLaterError
from tests.fakes import START, World, a_vault, a_vm, an_item
from tests.policies import compiled, demo_policy

T = TypeVar("T")
VAULTS = (a_vault("vault-1"), a_vault("vault-2"), a_vault("vault-us", location="eastus"))
OPT_OUTS = ("reason=x; until=2026-12-01", "reason=x; until=2026-10-01", "reason=x; until=2029-01-01", "nonsense")
DEMO = demo_policy()
AUDIT = compiled("mode: audit\nrules: [{name: all, priority: 1, match: {}}]")


@dataclass(frozen=True)
class Drawn:
    """A VM and its item, as drawn."""

    vm: Vm
    item: Protection | None


def mostly(usual: T, *others: T) -> st.SearchStrategy[T]:
    """Usually the usual: an estate in which everything is odd would exercise no write at all."""
    return st.integers(0, 7).flatmap(lambda n: st.sampled_from(others) if n == 0 else st.just(usual))


@st.composite
def drawn_vms(draw: st.DrawFn) -> tuple[Drawn, ...]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        tags = draw(st.dictionaries(st.sampled_from(["env", "owner"]), st.sampled_from(["prod", "dev"])))
        if draw(mostly(False, True)):
            tags["Backup-Opt-Out"] = draw(st.sampled_from(OPT_OUTS))
        vm = a_vm(
            f"vm-{number}",
            draw(mostly("app-rg", "Sandbox-1", "databricks-rg-1", "MC_a_b_c")),
            tags=tags,
            location=draw(mostly("westeurope", "eastus", "swedencentral")),
            ephemeral_os_disk=draw(mostly(False, True)),
            provisioning_state=draw(mostly("Succeeded", "Deleting")),
            created=START - timedelta(minutes=draw(mostly(60, 1, 9))),
            image=draw(mostly(Image("Canonical"), Image("AzureDatabricks"))),
        )
        home = [each for each in VAULTS if each.location == vm.location]
        states = [each for each in ProtectionState if each not in {ProtectionState.NONE, ProtectionState.CONFIGURING}]
        item = None
        if home and draw(st.integers(0, 2)) == 0:
            policy = draw(st.sampled_from(["DefaultPolicy", "EnhancedPolicy"]))
            item = an_item(vm.id, draw(st.sampled_from(states)), draw(st.sampled_from(home)), policy)
        found.append(Drawn(vm, item))
    return tuple(found)


def estate(drawn: tuple[Drawn, ...], policy: CompiledPolicy = DEMO, *, enforce: bool = True) -> World:
    here = World(policy, enforce=enforce)
    here.azure.vaults += VAULTS
    for each in drawn:
        here.azure.add(each.vm, each.item)
    return here


def may_be_written(each: Drawn) -> bool:
    """Worked out from the VM alone, not by the code under test's own plan: does anything ask for a write?"""
    vm, item = each.vm, each.item
    opted_out = vm.tags.get("Backup-Opt-Out") == OPT_OUTS[0] and vm.tags.get("env") != "prod"
    excluded = (
        vm.id.resource_group != "app-rg"
        or vm.ephemeral_os_disk
        or vm.provisioning_state == "Deleting"
        or vm.image.publisher == "AzureDatabricks"
    )
    if opted_out or excluded or vm.location == "swedencentral":
        return False
    return item is None or item.state is ProtectionState.FIRST_BACKUP_PENDING


def check(here: World, drawn: tuple[Drawn, ...]) -> None:
    """Invariants 1 to 4."""
    assert here.azure.broken_rules == []
    written = {key for _, key in here.azure.writes}
    assert written <= {each.vm.id.key for each in drawn if may_be_written(each)}
    backups = Counter(key for method, key in here.azure.writes if method == "start_backup")
    assert all(count == 1 for count in backups.values())
    puts = Counter(key for method, key in here.azure.writes if method == "protect")
    assert all(count == 1 for count in puts.values())
    for each in drawn:
        active = [item for item in here.azure.items_of(each.vm) if item.state in ACTIVE_STATES]
        assert len(active) <= 1


async def to_the_end(here: World) -> None:
    await here.sweep()
    await here.sweep()


@settings(deadline=None, max_examples=150)
@given(drawn_vms(), st.integers(1, 40), st.booleans(), st.integers(0, 3))
def test_killed_anywhere_and_run_again_it_ends_in_the_same_place(
    drawn: tuple[Drawn, ...], kill_in: int, after_commit: bool, doubles: int
) -> None:
    async def scenario() -> None:
        here = estate(drawn)
        here.azure.put_shows_after = timedelta(seconds=90)
        here.azure.job_shows_after = timedelta(minutes=8)
        here.azure.running_shows_after = timedelta(minutes=20)
        await here.sweeper.sweep(Scope(), "run")
        here.queue.waiting += here.queue.waiting[:doubles]
        here.azure.kill_in, here.azure.kill_after_commit = kill_in, after_commit
        await here.run()
        here.azure.kill_in = 0
        here.clock.moment += timedelta(minutes=10)  # by now every VM has settled
        await here.sweep()
        check(here, drawn)
        for each in drawn:
            if may_be_written(each):
                (item,) = here.azure.items_of(each.vm)
                assert item.state is ProtectionState.FIRST_BACKUP_PENDING
                assert item.backup_running
        before = len(here.azure.writes)
        here.azure.finish_backups()
        await here.sweep()
        assert len(here.azure.writes) == before

    asyncio.run(scenario())


METHODS = ["vm", "status", "item", "vaults", "jobs", "operation", "protect", "start_backup"]
ERRORS: list[Callable[[], RetryLaterError | PermanentError]] = [
    lambda: RetryLaterError("throttled", code="TooManyRequests", retry_after=timedelta(minutes=6)),
    lambda: RetryLaterError("reset", may_have_happened=True),
    lambda: PermanentError("refused", code="BMSUserErrorInvalidConfigureProtectionRequest"),
]


@settings(deadline=None, max_examples=150)
@given(
    drawn_vms(),
    st.lists(st.tuples(st.sampled_from(METHODS), st.integers(0, 2), st.booleans()), max_size=12),
)
def test_no_failure_leads_to_a_wrong_write(drawn: tuple[Drawn, ...], faults: list[tuple[str, int, bool]]) -> None:
    async def scenario() -> None:
        here = estate(drawn)
        here.azure.put_shows_after = timedelta(seconds=90)
        here.azure.job_shows_after = timedelta(minutes=8)
        for method, which, after in faults:
            lost = after and method in {"protect", "start_backup"}
            # A write that was committed and then refused does not exist; only its answer can get lost.
            (here.azure.fail_after if lost else here.azure.fail)[method].append(ERRORS[1 if lost else which]())
        await to_the_end(here)
        check(here, drawn)

    asyncio.run(scenario())


@settings(deadline=None, max_examples=100)
@given(drawn_vms(), st.integers(0, 8), st.sampled_from(OPT_OUTS))
def test_an_owner_who_opts_out_midway_is_heard_before_the_next_write(
    drawn: tuple[Drawn, ...], after_steps: int, opt_out: str
) -> None:
    async def scenario() -> None:
        here = estate(drawn)
        await here.sweeper.sweep(Scope(), "run")
        for _ in range(after_steps):
            if here.queue.waiting:
                await here.step()
        so_far = len(here.azure.writes)
        for each in drawn:
            here.azure.vms[each.vm.id.key] = replace(each.vm, tags={**each.vm.tags, "Backup-Opt-Out": opt_out})
        await here.run()
        later = {key for _, key in here.azure.writes[so_far:]}
        exempt = {each.vm.id.key for each in drawn if opt_out == OPT_OUTS[0] and each.vm.tags.get("env") != "prod"}
        assert not later & exempt

    asyncio.run(scenario())


@settings(deadline=None, max_examples=60)
@given(drawn_vms(), st.booleans(), st.booleans())
def test_in_audit_or_paused_nothing_is_written(drawn: tuple[Drawn, ...], enforce: bool, paused: bool) -> None:
    async def scenario() -> None:
        here = estate(drawn, DEMO if paused else AUDIT, enforce=enforce or paused)
        here.memory.pause_reason = "frozen" if paused else ""
        await here.sweeper.sweep(Scope(), "run")
        for _ in range(30):
            if here.queue.waiting:
                await here.step()
        assert here.azure.writes == []

    asyncio.run(scenario())


@given(drawn_vms(), st.sampled_from([DEMO, AUDIT]), st.sampled_from(["", "vm", "item", "vaults"]))
def test_every_vm_gets_exactly_one_verdict_and_a_reason(
    drawn: tuple[Drawn, ...], policy: CompiledPolicy, unread: str
) -> None:
    for each in drawn:
        seen = Observation(
            Unread("vm", "x") if unread == "vm" else each.vm,
            Unread("item", "x") if unread == "item" else each.item or Protection(ProtectionState.NONE),
            Unread("vaults", "x") if unread == "vaults" else VAULTS,
            START,
        )
        verdict = evaluate(seen, policy, START)
        assert verdict.reasons
        assert (verdict.state is State.UNKNOWN) == bool(unread)
        if verdict.state is not State.NON_COMPLIANT:
            assert plan(seen, verdict, policy) == ()
        if verdict.has(Reason.OPTED_OUT):
            assert plan(seen, verdict, policy, backup_now=True) == ()


@settings(deadline=None)
@given(drawn_vms())
def test_event_path_and_sweep_give_the_same_verdict(drawn: tuple[Drawn, ...]) -> None:
    async def scenario() -> None:
        swept, evented = estate(drawn, enforce=False), estate(drawn, enforce=False)
        await swept.sweep()
        for each in drawn:
            await evented.request(each.vm)
        for _ in drawn:
            await evented.step()
        for each in drawn:
            assert swept.finding(each.vm).verdict == evented.finding(each.vm).verdict

    asyncio.run(scenario())
