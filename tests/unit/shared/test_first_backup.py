"""The first backup: started once, again after a failure, apart from others, and left to a schedule that is near."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.azure_answers import BackupJob, Scope
from shared.domain.model import ProtectionState, State, Status, Vm
from shared.domain.reasons import Reason
from tests.fakes import START, Kept, World, a_vault, a_vm, an_item
from tests.policies import compiled

VAULT = a_vault()
S = ProtectionState


def world(first: str = "", limits: str = "", vms: int = 1) -> tuple[World, list[Vm]]:
    here = World(
        compiled(
            f"mode: enforce\nlimits: {{maxActions: {{amount: 500}}{limits}}}\n"
            f"rules: [{{name: all, priority: 1, match: {{}}, initialBackup: {{{first}}}}}]"
        )
    )
    here.azure.vaults.append(VAULT)
    return here, [here.azure.add(a_vm(f"vm-{number}")) for number in range(vms)]


def backups(here: World) -> int:
    return sum(method == "start_backup" for method, _ in here.azure.writes)


def fail_backups(here: World) -> None:
    """Every running backup fails, and its item says so."""
    here.azure.jobs = [
        (key, replace(job, status="Failed", error_code="UserErrorGuestAgentStatusUnavailable"))
        if job.running
        else (key, job)
        for key, job in here.azure.jobs
    ]
    for place, item in here.azure.items.items():
        if item.backup_running:
            now = here.clock.now()
            failed = replace(item, backup_running=False, last_backup_status="Failed", last_backup=now)
            here.azure.items[place] = failed


async def test_after_a_failure_another_is_started_when_the_rule_says_and_not_before() -> None:
    here, (vm,) = world("again: PT6H")
    await here.sweep()
    fail_backups(here)
    here.clock.moment += timedelta(hours=5)
    await here.sweep()
    assert backups(here) == 1
    assert here.finding(vm).verdict.has(Reason.INITIAL_BACKUP_FAILED)
    here.clock.moment += timedelta(hours=2)
    await here.sweep()
    assert backups(here) == 2
    here.azure.finish_backups()
    await here.sweep()
    assert (backups(here), here.finding(vm).verdict.state) == (2, State.COMPLIANT)


@pytest.mark.parametrize(("ago", "started"), [(5, 0), (7, 1), (None, 1)])
async def test_where_the_item_does_not_say_when_it_failed_its_jobs_do(ago: int | None, started: int) -> None:
    here, (vm,) = world("again: PT6H")
    item = an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT)
    here.azure.add(vm, replace(item, last_backup_status="Failed"))
    if ago is not None:  # else the job is older than what a vault tells
        here.azure.jobs.append((vm.id.key, BackupJob("j", "Backup", "Failed", "", START - timedelta(hours=ago))))
    await here.sweep()
    assert backups(here) == started


async def test_a_scheduled_first_backup_that_failed_is_told_though_the_rule_starts_none() -> None:
    here, (vm,) = world("enabled: false")
    item = an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT)
    here.azure.add(vm, item)
    await here.sweep()
    assert here.finding(vm).verdict.state is State.COMPLIANT
    here.azure.add(vm, replace(item, last_backup_status="Failed", last_backup=START - timedelta(days=3)))
    await here.sweep()
    assert here.finding(vm).verdict.state is State.NON_COMPLIANT
    assert here.finding(vm).verdict.has(Reason.INITIAL_BACKUP_FAILED)
    assert backups(here) == 0


async def test_without_leave_no_other_is_started_after_a_failure() -> None:
    here, (vm,) = world("again: null")
    await here.sweep()
    fail_backups(here)
    for _ in range(3):
        here.clock.moment += timedelta(days=2)
        await here.sweep()
    assert backups(here) == 1
    assert here.finding(vm).verdict.has(Reason.INITIAL_BACKUP_FAILED)


@pytest.mark.parametrize("per_day", [1, 2])
async def test_first_backups_that_fail_are_started_again_so_often_a_day_and_no_more(per_day: int) -> None:
    here, (vm,) = world("again: PT1H", f", onDemandPerDay: {per_day}")
    here.azure.quotas = Kept(on_demand=per_day)
    await here.sweep()
    for _ in range(20):
        fail_backups(here)
        here.clock.moment += timedelta(hours=2)
        await here.sweeper.sweep(Scope(), f"run-{here.clock.now()}")
        while here.queue.waiting and min(each[0] for each in here.queue.waiting) <= here.clock.now():
            await here.step()
    assert here.azure.broken_rules == []
    assert per_day < backups(here) <= 2 * per_day + 1
    assert here.finding(vm).verdict.state in {State.NON_COMPLIANT, State.COMPLIANT}


async def test_one_over_the_days_limit_says_until_when() -> None:
    here, (vm,) = world("again: PT1H", ", onDemandPerDay: 1")
    await here.sweep()
    fail_backups(here)
    (begun,) = [job.started for _, job in here.azure.jobs]
    assert begun is not None
    here.clock.moment += timedelta(hours=2)
    await here.request(vm)
    await here.step()
    outcome = here.finding(vm).outcome
    assert (outcome.status, outcome.error_code) == (Status.DEFERRED, "QUOTA_ON_DEMAND")
    assert outcome.look_again == begun + timedelta(days=1)
    await here.run()
    assert (backups(here), here.azure.broken_rules) == (2, [])


async def test_first_backups_are_put_apart_over_the_rules_time() -> None:
    here, vms = world("spread: PT4H", vms=12)
    await here.sweep()
    begun = sorted(job.started for _, job in here.azure.jobs if job.started is not None)
    assert backups(here) == len(vms)
    assert begun[-1] - begun[0] > timedelta(hours=1)
    assert begun[-1] < START + timedelta(hours=4, minutes=15)
    assert here.azure.broken_rules == []


@pytest.mark.parametrize(("within", "left"), [("PT12H", True), ("PT2H", False)])
async def test_a_first_backup_is_left_to_a_schedule_that_is_near(within: str, left: bool) -> None:
    here, (vm,) = world(f"unlessScheduledWithin: {within}")  # it is noon, and the policy runs at 23:00 UTC
    here.azure.add(vm, an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT))
    await here.request(vm)
    await here.step()
    assert backups(here) == (0 if left else 1)
    if left:
        outcome = here.finding(vm).outcome
        assert (outcome.error_code, outcome.look_again) == ("SCHEDULED_SOON", START + timedelta(hours=14))
        (place,) = here.azure.items
        here.azure.items[place] = replace(here.azure.items[place], state=S.PROTECTED, has_recovery_point=True)
    await here.run()
    assert backups(here) == (0 if left else 1)


@pytest.mark.parametrize("within", ["P1D", "P7D"])
@pytest.mark.parametrize("by", ["message", "sweeps"])
async def test_a_first_backup_is_left_to_one_scheduled_one_and_not_to_the_next(within: str, by: str) -> None:
    """The policy runs every day, so one is always near; a run that passes by without a job is not waited for again."""
    here, (vm,) = world(f"unlessScheduledWithin: {within}")
    here.azure.add(vm, an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT))
    if by == "message":
        await here.request(vm)
        await here.run()
    else:
        for _ in range(6):
            await here.sweeper.sweep(Scope(), f"run-{here.clock.now()}")
            while here.queue.waiting and min(each[0] for each in here.queue.waiting) <= here.clock.now():
                await here.step()
            assert len(here.queue.waiting) == 1 or backups(here), "each sweep adds a request"
            here.clock.moment += timedelta(hours=4)
    assert backups(here) == 1
    [(_, job)] = here.azure.jobs
    assert job.started is not None
    assert START + timedelta(hours=14) <= job.started < START + timedelta(hours=20)


async def test_between_its_time_and_its_job_a_scheduled_first_backup_is_still_waited_for() -> None:
    """At 23:30 the run of 23:00 may not have begun, and the next one is not near."""
    here, (vm,) = world("unlessScheduledWithin: PT12H")
    here.azure.add(vm, an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT))
    await here.request(vm)
    await here.step()
    here.clock.moment = START + timedelta(hours=11, minutes=30)
    await here.sweeper.sweep(Scope(), "run")
    assert here.finding(vm).outcome.look_again == START + timedelta(hours=14)
    assert backups(here) == 0


async def test_one_that_failed_is_left_to_a_near_schedule_by_a_sweep_and_by_a_look_alike() -> None:
    here, (vm,) = world("unlessScheduledWithin: PT12H, again: PT1H")
    item = an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT)
    here.azure.add(vm, replace(item, last_backup_status="Failed", last_backup=START - timedelta(hours=2)))
    await here.sweeper.sweep(Scope(), "run")
    while here.queue.waiting and min(each[0] for each in here.queue.waiting) <= here.clock.now():
        await here.step()
    assert (here.finding(vm).outcome.error_code, backups(here)) == ("SCHEDULED_SOON", 0)
    await here.run()
    assert backups(here) == 1


@pytest.mark.parametrize("first", ["unlessScheduledWithin: P1D", "spread: P1D"])
async def test_a_person_who_asks_for_a_backup_now_gets_it_now(first: str) -> None:
    here, (vm,) = world(first)
    await here.request(vm, backup_now=True)
    while not backups(here):
        await here.step()
    assert here.clock.now() < START + timedelta(minutes=30)


async def test_a_vm_made_again_under_an_old_name_gets_one_new_backup() -> None:
    here, (vm,) = world()
    made = START - timedelta(hours=2)
    here.azure.vms[vm.id.key] = replace(vm, created=made)
    old = an_item(vm.id, S.PROTECTED, VAULT, recovery_point=made - timedelta(days=3))
    here.azure.add(here.azure.vms[vm.id.key], old)
    done = BackupJob("old", "Backup", "Completed", "", made - timedelta(days=3))
    here.azure.jobs.append((vm.id.key, done))
    await here.sweep()
    await here.sweep()
    assert backups(here) == 1
    here.azure.finish_backups()
    (place,) = here.azure.items
    here.azure.items[place] = replace(here.azure.items[place], recovery_point=here.clock.now())
    await here.sweep()
    assert (backups(here), here.azure.broken_rules) == (1, [])
    assert here.finding(vm).verdict.state is State.COMPLIANT
