from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.azure_answers import BackupJob
from shared.domain.model import ProtectionState, ReconcileRequest, State, Status, Vm
from shared.domain.reasons import Reason
from shared.errors import BackstopError, LoginError, PermanentError, RetryLaterError
from shared.ports import Intent
from shared.worker import MAX_TRIES
from tests.fakes import START, World, a_vault, a_vm, active_items, an_item
from tests.policies import compiled, demo_policy

VAULT = a_vault()
S = ProtectionState


def world(vm: Vm | None = None, **item: object) -> tuple[World, Vm]:
    """A world with one vault and one VM."""
    made = World(demo_policy())
    made.azure.vaults.append(VAULT)
    return made, made.azure.add(vm or a_vm())


async def test_an_unprotected_vm_ends_protected_with_one_first_backup() -> None:
    here, vm = world()
    await here.request(vm)
    await here.run()
    assert [method for method, _ in here.azure.writes] == ["protect", "start_backup"]
    assert here.azure.broken_rules == []
    assert here.finding(vm).verdict.state is State.COMPLIANT
    assert here.finding(vm).outcome.status is Status.SUCCEEDED
    assert [each.vm for each in here.memory.published] == [vm.id]


async def test_from_event_to_first_backup_takes_six_requests_besides_polls() -> None:
    here, vm = world()
    await here.request(vm)
    await here.run()
    reads = [method for method, _ in here.azure.reads if method not in {"operation", "vaults", "contents"}]
    # VM, backupStatus, item; PUT; then, since its owner may have opted out meanwhile, the VM again; POST. The vaults of
    # the subscription and what they hold are kept for minutes.
    assert reads == ["vm", "status", "item", "vm"]
    assert len(here.azure.writes) == 2


async def test_doubled_and_late_requests_change_nothing() -> None:
    here, vm = world()
    for _ in range(3):
        await here.request(vm)
    await here.run()
    here.azure.finish_backups()
    await here.request(vm)
    await here.run()
    assert len(here.azure.writes) == 2
    assert here.azure.broken_rules == []


async def test_an_opt_out_that_arrives_while_azure_configures_stops_the_first_backup() -> None:
    here, vm = world()
    await here.request(vm)
    await here.run_until_written("protect")
    here.azure.vms[vm.id.key] = replace(vm, tags={"backup-opt-out": "reason=mistake; until=2026-11-30"})
    await here.run()
    assert [method for method, _ in here.azure.writes] == ["protect"]
    assert here.finding(vm).verdict.state is State.EXEMPT


@pytest.mark.parametrize("state", [S.STOPPED, S.SOFT_DELETED, S.SUSPENDED, S.ERROR, S.UNRECOGNISED, S.PROTECTED])
async def test_an_existing_item_is_never_put_over(state: ProtectionState) -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, state, VAULT))
    await here.request(vm)
    await here.run()
    assert here.azure.writes == []


async def test_an_item_that_backup_status_hides_is_found_in_a_second_vault() -> None:
    here, vm = world()
    second = a_vault("vault-2")
    here.azure.vaults.append(second)
    here.azure.add(vm, an_item(vm.id, S.SOFT_DELETED, second))
    await here.request(vm)
    await here.run()
    assert here.azure.writes == []
    assert here.finding(vm).verdict.has(Reason.SOFT_DELETED)


@pytest.mark.parametrize("method", ["vm", "status", "item", "vaults"])
async def test_a_read_that_fails_once_is_tried_again(method: str) -> None:
    here, vm = world()
    here.azure.fail[method].append(RetryLaterError("busy", code="TooManyRequests", retry_after=timedelta(seconds=372)))
    await here.request(vm)
    await here.run()
    assert len(active_items(here.azure, vm)) == 1
    assert here.clock.now() >= START + timedelta(seconds=372)


@pytest.mark.parametrize("method", ["vm", "status", "item", "vaults", "operation"])
async def test_a_read_whose_answer_got_lost_is_asked_again_at_once(method: str) -> None:
    here, vm = world()
    here.azure.fail[method].append(RetryLaterError("reset", code="NoAnswer", may_have_happened=True))
    await here.request(vm)
    await here.run()
    undisturbed, same = world()
    await undisturbed.request(same)
    await undisturbed.run()
    assert here.clock.now() == undisturbed.clock.now()  # nothing was put off
    assert len(active_items(here.azure, vm)) == 1


@pytest.mark.parametrize(
    "error",
    [
        RetryLaterError("busy", code="TooManyRequests"),
        RetryLaterError("down", code="ServerBusy", may_have_happened=True, retry_after=timedelta(seconds=7)),
        RetryLaterError("silent", code="NoAnswerInTime", may_have_happened=True),
    ],
    ids=["throttled", "told to wait", "timed out"],
)
async def test_a_read_that_is_better_left_alone_is_not_asked_at_once(error: RetryLaterError) -> None:
    here, vm = world()
    here.azure.fail["vm"].append(error)
    await here.request(vm)
    await here.step()
    assert [method for method, _ in here.azure.reads] == ["vm"]


@pytest.mark.parametrize("method", ["vm", "status", "item", "vaults"])
async def test_a_read_that_always_fails_ends_unknown_in_the_poison_queue_and_writes_nothing(method: str) -> None:
    here, vm = world()
    here.azure.fail[method] += [RetryLaterError("down", code="ServiceUnavailable")] * 20
    await here.request(vm)
    await here.run()
    assert here.azure.writes == []
    assert here.finding(vm).verdict.state is State.UNKNOWN
    assert here.finding(vm).outcome.status is Status.FAILED
    assert f"given up after {MAX_TRIES} tries" in here.queue.poisoned[0][1]


@pytest.mark.parametrize("method", ["vm", "status", "item", "vaults"])
async def test_a_forbidden_read_is_unknown_at_once_with_its_remedy(method: str) -> None:
    here, vm = world()
    here.azure.fail[method].append(PermanentError("no right", code="AuthorizationFailed", remedy="Grant it"))
    await here.request(vm)
    await here.run()
    found = here.finding(vm)
    assert (found.verdict.state, found.outcome.error_code, found.outcome.remedy) == (
        State.UNKNOWN,
        "AuthorizationFailed",
        "Grant it",
    )
    assert here.azure.writes == []


async def test_a_refused_protection_is_a_finding_with_azure_s_code() -> None:
    here, vm = world()
    here.azure.fail["protect"].append(PermanentError("denied", code="UserErrorRequestDisallowedByPolicy"))
    await here.request(vm)
    await here.run()
    assert here.finding(vm).outcome.error_code == "UserErrorRequestDisallowedByPolicy"
    assert here.memory.intents == {}


async def test_a_failed_operation_is_a_finding_and_the_next_request_tries_again() -> None:
    here, vm = world()
    here.azure.operation_errors[vm.id.key] = "UserErrorVmNotInDesirableState"
    await here.request(vm)
    await here.run()
    found = here.finding(vm)
    assert (found.verdict.state, found.outcome.status) == (State.NON_COMPLIANT, Status.FAILED)
    assert found.outcome.error_code == "UserErrorVmNotInDesirableState"
    await here.request(vm)
    await here.run()
    assert here.finding(vm).verdict.state is State.COMPLIANT


@pytest.mark.parametrize("method", ["protect", "start_backup"])
async def test_a_write_whose_answer_was_lost_is_not_repeated(method: str) -> None:
    here, vm = world()
    here.azure.fail_after[method].append(RetryLaterError("connection reset", may_have_happened=True))
    await here.request(vm)
    await here.run()
    assert [each for each, _ in here.azure.writes] == ["protect", "start_backup"]
    assert here.azure.broken_rules == []
    assert here.finding(vm).verdict.state is State.COMPLIANT


@pytest.mark.parametrize("method", ["protect", "start_backup"])
async def test_a_write_that_did_not_arrive_is_made_later(method: str) -> None:
    here, vm = world()
    here.azure.fail[method].append(RetryLaterError("connection reset", may_have_happened=True))
    await here.request(vm)
    await here.run()
    assert [each for each, _ in here.azure.writes] == ["protect", "start_backup"]


async def test_a_backup_that_is_not_listed_yet_is_waited_for_and_then_started_anew() -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT))
    here.memory.intents[f"backup|{vm.id.key}"] = Intent(START)
    await here.request(vm)
    await here.run()
    assert here.clock.now() >= START + timedelta(minutes=10)
    assert [method for method, _ in here.azure.writes] == ["start_backup"]


@pytest.mark.parametrize(("status", "verdict"), [("InProgress", State.COMPLIANT), ("Completed", State.COMPLIANT)])
async def test_a_first_backup_that_somebody_started_counts(status: str, verdict: State) -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT))
    here.azure.jobs.append((vm.id.key, BackupJob("j", "Backup", status, "", START)))
    await here.request(vm)
    await here.run()
    assert here.azure.writes == []
    assert here.finding(vm).verdict.state is verdict
    assert here.finding(vm).outcome.status is Status.ALREADY_DONE


async def test_a_first_backup_that_failed_is_reported_and_not_started_again() -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, S.FIRST_BACKUP_PENDING, VAULT))
    job = BackupJob("j", "Backup", "Failed", "", START, error_code="UserErrorFsFreezeFailed", error="freeze failed")
    here.azure.jobs.append((vm.id.key, job))
    await here.request(vm)
    await here.run()
    assert here.azure.writes == []
    assert here.finding(vm).verdict.has(Reason.INITIAL_BACKUP_FAILED)
    assert here.finding(vm).outcome.error_code == "UserErrorFsFreezeFailed"


async def test_backup_now_starts_a_backup_of_a_protected_vm_once() -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, S.PROTECTED, VAULT))
    await here.request(vm, backup_now=True)
    await here.request(vm, backup_now=True)
    await here.run()
    assert [method for method, _ in here.azure.writes] == ["start_backup"]


@pytest.mark.parametrize("enforce", [True, False])
async def test_in_audit_nothing_is_written_whatever_the_operator_permits(enforce: bool) -> None:
    here = World(compiled("mode: audit\nrules: [{name: all, priority: 1, match: {}}]"), enforce=enforce)
    here.azure.vaults.append(VAULT)
    vm = here.azure.add(a_vm())
    await here.request(vm, backup_now=True)
    await here.run()
    assert here.azure.writes == []
    assert here.finding(vm).outcome.status is Status.DRY_RUN
    assert here.memory.intents == {}


async def test_without_the_operator_s_permission_enforce_writes_nothing() -> None:
    here = World(demo_policy(), enforce=False)
    here.azure.vaults.append(VAULT)
    vm = here.azure.add(a_vm())
    await here.request(vm)
    await here.run()
    assert here.azure.writes == []


async def test_the_pause_switch_is_read_before_each_write() -> None:
    here, vm = world()
    await here.request(vm)
    await here.run_until_written("protect")
    here.memory.pause_reason = "change freeze"
    for _ in range(20):
        await here.step()
    assert [method for method, _ in here.azure.writes] == ["protect"]
    assert here.finding(vm).outcome.error_code == "PAUSED"
    here.memory.pause_reason = ""
    await here.run()
    assert [method for method, _ in here.azure.writes] == ["protect", "start_backup"]


async def test_a_vm_that_another_worker_holds_is_looked_at_later() -> None:
    here, vm = world()
    here.memory.held[f"vm|{vm.id.key}"] = ("a killed worker", START + timedelta(minutes=5))
    await here.request(vm)
    await here.run()
    assert here.clock.now() >= START + timedelta(minutes=5)
    assert here.finding(vm).verdict.state is State.COMPLIANT


async def test_a_vm_that_is_gone_needs_nothing() -> None:
    here, vm = world()
    del here.azure.vms[vm.id.key]
    await here.request(vm)
    await here.run()
    assert here.finding(vm).verdict.has(Reason.VM_GONE)
    assert here.azure.writes == []


async def test_a_young_vm_is_taken_up_when_it_has_settled() -> None:
    here, vm = world(a_vm(created=START - timedelta(minutes=1)))
    await here.request(vm)
    await here.run()
    assert here.finding(vm).verdict.state is State.COMPLIANT
    assert here.clock.now() >= START + timedelta(minutes=9)


async def test_a_protection_that_another_actor_is_making_is_waited_for() -> None:
    here, vm = world()
    await here.azure.backup.protect(VAULT.id.text, vm.id, "DefaultPolicy")
    here.azure.writes.clear()
    await here.request(vm)
    await here.run()
    assert [method for method, _ in here.azure.writes] == ["start_backup"]
    assert here.azure.broken_rules == []


async def test_a_protection_that_never_ends_is_given_up_with_a_finding() -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, S.CONFIGURING, VAULT))
    await here.request(vm)
    await here.run()
    assert here.finding(vm).outcome.status is Status.FAILED
    assert here.finding(vm).outcome.error_code == "PROTECTION_IN_PROGRESS"
    assert f"given up after {MAX_TRIES} tries" in here.queue.poisoned[0][1]
    assert here.azure.writes == []


async def test_a_lost_notice_does_not_undo_the_work() -> None:
    here, vm = world()
    here.memory.notices_fail.append(RetryLaterError("topic down"))
    await here.request(vm)
    await here.run()
    assert here.finding(vm).verdict.state is State.COMPLIANT


@pytest.mark.parametrize("error", [LoginError("nobody is logged in")])
async def test_what_a_person_must_mend_stops_the_worker_and_frees_the_vm(error: BackstopError) -> None:
    here, vm = world()
    here.azure.fail["vm"].append(error)
    with pytest.raises(LoginError):
        await here.reconciler.reconcile(ReconcileRequest(vm.id, "event"))
    assert here.memory.held == {}
