"""The service's quotas, on random estates: nothing is ever sent beyond one, and all that has room is protected."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import BackupJob, Scope
from shared.domain.backup_policy import BackupPolicy
from shared.domain.model import ACTIVE_STATES, ProtectionState, ReconcileRequest, Status, Vm
from shared.domain.placement import DAY
from shared.domain.steps import Held, Placement
from shared.domain.vault_book import EMPTY
from shared.ports import BookPage
from tests.fakes import DEFAULT, ENHANCED, Kept, World, a_vault, a_vm, an_item
from tests.policies import compiled

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Drawn:
    """An estate of one region, as drawn. `others` so many VMs are protected by people, in the first vault."""

    vms: int
    vaults: int
    makes_vaults: bool
    described: bool
    quotas: Kept
    others: int = 0


def rule(drawn: Drawn) -> str:
    vault = ", vault: {whenMissing: create}" if drawn.makes_vaults else ""
    gold = ", backupPolicy: {name: gold, retain: {daily: P7D}}" if drawn.described else ""
    limits = (
        f"perVault: {drawn.quotas.vms}, perBackupPolicy: {drawn.quotas.policy_vms}, "
        f"perVaultPerDay: {drawn.quotas.registrations}, dailyReserve: {drawn.others}, "
        f"onDemandPerDay: {drawn.quotas.on_demand}, backupPolicyEditsPerDay: {drawn.quotas.edits}"
    )
    return (
        f"mode: enforce\nlimits: {{maxActions: {{amount: 500}}, {limits}}}\n"
        f"rules: [{{name: all, priority: 1, match: {{}}{vault}{gold}}}]"
    )


@st.composite
def estates(draw: st.DrawFn) -> Drawn:
    others = draw(st.integers(0, 2))
    return Drawn(
        draw(st.integers(1, 14)),
        draw(st.integers(0, 3)),
        draw(st.booleans()),
        draw(st.booleans()),
        Kept(
            vms=draw(st.integers(2, 9)),
            policy_vms=draw(st.integers(1, 4)),
            registrations=draw(st.integers(others + 1, 6)),
            on_demand=draw(st.integers(1, 3)),
            edits=draw(st.integers(1, 4)),
        ),
        others,
    )


def world(drawn: Drawn) -> tuple[World, list[Vm]]:
    here = World(compiled(rule(drawn)))
    here.azure.quotas = drawn.quotas
    here.azure.vaults += [a_vault(f"vault-{number}") for number in range(drawn.vaults)]
    return here, [here.azure.add(a_vm(f"vm-{number:02}")) for number in range(drawn.vms)]


def people_protect(here: World, count: int) -> None:
    """Somebody protects VMs of their own in the first vault, under the policy that most VMs are under."""
    quotas, vault = here.azure.quotas, here.azure.vaults[0]
    for number in range(count):
        if sum(key == vault.id.key for key, _ in here.azure.items) >= quotas.vms:
            return
        names = [each.name for each in here.azure.policies_of(vault.id.text)]
        free = [name for name in names if here.azure.under(vault.id.key, name, "") < quotas.policy_vms]
        if not free:
            return
        vm = here.azure.add(a_vm(f"other-{number}-{len(here.azure.vms)}"))
        item = an_item(vm.id, ProtectionState.PROTECTED, vault, free[0])
        here.azure.add(vm, item)
        now = here.clock.now()
        job = BackupJob("", "ConfigureBackup", "Completed", "", now, vault_id=vault.id.text, vm_id=vm.id.key)
        here.azure.configured.append(job)


async def in_two_workers(here: World, steps: list[int], *, others: int, kills: list[int]) -> None:
    """Messages in a drawn order, some of them worked on by two workers at a time, with kills and people in between."""
    for number, step in enumerate(steps):
        if number == len(steps) // 2 and others and here.azure.vaults:
            people_protect(here, others)
        here.azure.kill_in = kills[number % len(kills)] if kills else 0
        due = [each for each in here.queue.waiting if each[0] <= here.clock.now()]
        if len(due) > 1:
            chosen = due[step % len(due)]
            here.queue.waiting.remove(chosen)
            here.queue.waiting.insert(0, chosen)
            here.queue.waiting[0] = (here.clock.now() - timedelta(seconds=1), *chosen[1:])
        if here.queue.waiting:
            await asyncio.gather(*(here.step() for _ in range(min(1 + step % 3, len(here.queue.waiting)))))
    here.azure.kill_in = 0


async def to_the_end(here: World) -> None:
    """A sweep a day, worked to its end, until for some days nothing may be done: seats that nobody takes end first."""
    idle = 0
    for _ in range(40):
        before = len(here.azure.writes)
        here.azure.finish_backups()
        await here.sweep()
        idle = idle + 1 if len(here.azure.writes) == before else 0
        if idle == 4:
            return
        here.clock.moment += DAY
    raise AssertionError("there was always something left to do")


def is_protected(here: World, vm: Vm) -> bool:
    return any(item.state in ACTIVE_STATES for item in here.azure.items_of(vm))


@settings(deadline=None, max_examples=150)
@given(
    estates(),
    st.lists(st.integers(0, 9), max_size=25),
    st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 5, 8, 13]), max_size=8),
    st.booleans(),
    st.booleans(),
    st.integers(0, 4),
)
def test_no_quota_is_ever_crossed_and_what_has_room_is_protected(
    drawn: Drawn, steps: list[int], kills: list[int], after_commit: bool, stale: bool, doubles: int
) -> None:
    async def scenario() -> None:
        here, vms = world(drawn)
        here.azure.put_shows_after = timedelta(seconds=90)
        here.azure.job_shows_after = timedelta(minutes=8)
        here.azure.kill_after_commit = after_commit
        here.azure.inventory.stale = {} if stale else None
        await here.sweeper.sweep(Scope(), "run-1")
        here.queue.waiting += here.queue.waiting[:doubles]
        for vm in vms[:doubles]:
            await here.request(vm)  # an event comes as well
        await in_two_workers(here, steps, others=drawn.others, kills=kills)
        await here.sweeper.sweep(Scope(), "run-2")
        await here.run()
        here.azure.inventory.stale = None
        assert here.azure.broken_rules == []
        await to_the_end(here)
        assert here.azure.broken_rules == []
        left = [vm for vm in vms if not is_protected(here, vm)]
        assert not left or room_left(here, drawn) == 0
        for vm in left:
            assert here.finding(vm).outcome.status is Status.DEFERRED or here.finding(vm).verdict.reasons
        assert len({each.id.name.lower() for each in here.azure.vaults}) == len(here.azure.vaults)

    asyncio.run(scenario())


def room_left(here: World, drawn: Drawn) -> int:
    """How many more VMs would find a place, worked out from what Azure holds."""
    if drawn.makes_vaults:
        return 1
    total = 0
    for vault in here.azure.vaults:
        key, quotas = vault.id.key, drawn.quotas
        free = quotas.vms - sum(each == key for each, _ in here.azure.items)
        if not drawn.described:  # only the vault's own policy is named, and its copies take over where it is full
            free = min(free, quotas.policy_vms * 200)
        total += max(free, 0)
    return total


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 4))
def test_what_is_put_off_says_until_when_and_is_done_then(count: int, per_day: int) -> None:
    async def scenario() -> None:
        here, vms = world(Drawn(count, 1, False, False, Kept(registrations=per_day)))
        begun = here.clock.now()
        await here.sweeper.sweep(Scope(), "run-1")
        while here.queue.waiting and min(each[0] for each in here.queue.waiting) < begun + timedelta(hours=1):
            await here.step()
        late = [vm for vm in vms if not is_protected(here, vm)]
        assert len(late) == max(count - per_day, 0)
        told = {vm.id.key: here.finding(vm).outcome for vm in late}
        assert all(each.error_code == "QUOTA_REGISTRATIONS" for each in told.values())
        while here.queue.waiting:
            await here.step()
            for vm in late:
                until = told[vm.id.key].look_again
                assert until is not None
                if here.clock.now() > until + timedelta(minutes=5):
                    assert is_protected(here, vm)
        assert all(is_protected(here, vm) for vm in vms)
        assert here.azure.broken_rules == []

    asyncio.run(scenario())


async def test_a_vault_that_people_fill_meanwhile_is_left_for_another() -> None:
    here, vms = world(Drawn(2, 2, False, False, Kept(vms=2)))
    await here.sweeper.sweep(Scope(), "run-1")
    for number in (1, 2):
        other = here.azure.add(a_vm(f"other-{number}"))
        here.azure.add(other, an_item(other.id, ProtectionState.PROTECTED, here.azure.vaults[0]))
    await here.run()
    assert here.azure.broken_rules == []
    assert {item.vault_id for vm in vms for item in here.azure.items_of(vm)} == {here.azure.vaults[1].id.text}


async def test_vms_that_change_to_one_policy_at_a_time_do_not_crowd_it() -> None:
    here = World(
        compiled(
            "mode: enforce\nlimits: {perBackupPolicy: 2}\nrules: [{name: all, priority: 1, match: {}, "
            "existing: {otherPolicy: change}, backupPolicy: {name: gold, retain: {daily: P60D}}}]"
        )
    )
    here.azure.quotas = Kept(policy_vms=2)
    here.azure.vaults.append(a_vault())
    vms = []
    for number in range(6):
        vm = a_vm(f"vm-{number}")
        here.azure.add(
            vm, an_item(vm.id, ProtectionState.PROTECTED, a_vault(), ("DefaultPolicy", "x", "y")[number // 2])
        )
        vms.append(vm)
    both = (DEFAULT, ENHANCED)
    here.azure.policies[a_vault().id.key] = (
        *both,
        *(BackupPolicy(n, times=DEFAULT.times, points=DEFAULT.points) for n in "xy"),
    )
    await here.sweeper.sweep(Scope(), "run-1")
    await here.run()
    assert here.azure.broken_rules == []
    assert sorted(item.backup_policy for vm in vms for item in here.azure.items_of(vm)) == [
        "gold", "gold", "gold-01", "gold-01", "gold-02", "gold-02",
    ]  # fmt: skip


async def test_a_request_that_got_lost_counts_beside_the_one_that_replaces_it() -> None:
    """Else the later one would leave the book before its day is over."""
    here, (vm,) = world(Drawn(1, 1, False, False, Kept(registrations=2)))
    await here.request(vm)
    here.azure.kill_in = 4  # VM, status, item, and the PUT that never comes to Azure
    here.azure.reads.clear()
    await here.run()
    (page,) = (await here.books.of(vm.id.subscription_id)).values()
    moments = page.book.moments()
    assert is_protected(here, vm)
    put = here.azure.written_at["protect", vm.id.key]
    assert put in moments
    assert parse_id(here.azure.items_of(vm)[0].vault_id).name == "vault-0"


@settings(deadline=None, max_examples=80)
@given(estates(), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=12))
def test_a_vm_alone_goes_by_event_where_the_sweep_would_have_put_it(drawn: Drawn, held: list[tuple[int, int]]) -> None:
    """`held` are VMs that vaults protect already: (vault, how many hours ago it was registered)."""

    async def scenario() -> None:
        places: list[Placement | Held | None] = []
        policy = compiled(rule(replace(drawn, others=0)))
        for way in ("sweep", "event"):
            here, vms = world(replace(drawn, vms=1, others=0))
            for number, (which, hours) in enumerate(held):
                if which < len(here.azure.vaults):
                    vault = here.azure.vaults[which]
                    vm = here.azure.add(a_vm(f"held-{number:02}"))
                    here.azure.add(vm, an_item(vm.id, ProtectionState.PROTECTED, vault))
                    page = here.books.pages.get(vault.id.key, BookPage(0, EMPTY))
                    book = page.book.with_registration(vm.id.key, here.clock.now() - timedelta(hours=3 - hours))
                    here.books.pages[vault.id.key] = BookPage(page.version + 1, book)
            if way == "sweep":
                found = await here.sweeper.discover(Scope(), "run-1")
                places.append(found.placed.get(vms[0].id.key))
            else:
                look = await here.reconciler.looker.look(ReconcileRequest(vms[0].id, "event"), policy)
                places.append(look.steps.placed or look.steps.held)
        assert places[0] == places[1]

    asyncio.run(scenario())


async def test_a_plan_knows_of_what_people_registered_today_without_a_book() -> None:
    drawn = Drawn(4, 1, makes_vaults=False, described=False, quotas=Kept(vms=9, policy_vms=9, registrations=3))
    here, vms = world(drawn)
    people_protect(here, 2)
    begun = here.clock.now()
    here.clock.moment += timedelta(hours=2)
    discovery = await here.sweeper.discover(Scope(), "plan")
    seats = [each.seat for each in discovery.placed.values() if isinstance(each, Placement)]
    assert sorted(seat.at < begun + DAY for seat in seats) == [False, False, False, True]
    assert here.books.pages == {}
    await here.sweeper.start(discovery)
    waiting = [here.finding(vm).outcome for vm in vms]
    assert [each.error_code for each in waiting].count("QUOTA_REGISTRATIONS") == 3
    assert {each.look_again for each in waiting} == {seat.at for seat in seats}
