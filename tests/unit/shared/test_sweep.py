import pytest

from shared.domain.azure_answers import Scope
from shared.domain.model import ProtectionState, State, Status
from shared.domain.reasons import Reason
from shared.errors import LimitExceededError, RetryLaterError
from tests.fakes import World, a_vault, a_vm, an_item
from tests.policies import compiled, demo_policy

VAULT = a_vault()


def estate(spec: str = "", *, enforce: bool = True) -> World:
    """Three VMs: one protected, two not."""
    here = World(compiled(spec) if spec else demo_policy(), enforce=enforce)
    here.azure.vaults.append(VAULT)
    done = a_vm("done")
    here.azure.add(done, an_item(done.id, ProtectionState.PROTECTED, VAULT))
    here.azure.add(a_vm("one"))
    here.azure.add(a_vm("two"))
    return here


async def test_a_sweep_protects_what_lacks_a_backup_and_the_next_one_writes_nothing() -> None:
    here = estate()
    await here.sweep()
    assert len(here.azure.writes) == 4
    here.azure.finish_backups()
    await here.sweep()
    assert len(here.azure.writes) == 4
    assert {each.verdict.state for each in here.memory.kept.values()} == {State.COMPLIANT}
    assert here.azure.broken_rules == []


async def test_a_vm_that_needs_nothing_costs_no_request_of_its_own() -> None:
    here = estate()
    await here.sweep()
    assert not [subject for _, subject in here.azure.reads if subject.endswith("/done")]


async def test_too_many_changes_stop_the_run_before_its_first_write() -> None:
    here = estate("mode: enforce\nlimits: {maxActions: {amount: 1}}\nrules: [{name: all, priority: 1, match: {}}]")
    with pytest.raises(LimitExceededError, match="2 VMs to change") as caught:
        await here.sweep()
    assert caught.value.exit_code == 6
    assert (here.azure.writes, here.queue.waiting, here.memory.kept) == ([], [], {})


@pytest.mark.parametrize(("mode", "enforce"), [("audit", True), ("enforce", False), ("disabled", True)])
async def test_without_leave_to_write_a_sweep_only_reports(mode: str, enforce: bool) -> None:
    here = estate(
        f"mode: {mode}\nlimits: {{maxActions: {{amount: 0}}}}\nrules: [{{name: all, priority: 1, match: {{}}}}]",
        enforce=enforce,
    )
    await here.sweep()
    assert (here.azure.writes, here.queue.waiting) == ([], [])
    assert len(here.memory.kept) == 3


@pytest.mark.parametrize("method", ["protections", "vaults in bulk"])
async def test_a_failed_read_makes_every_vm_unknown_and_starts_nothing(method: str) -> None:
    here = estate()
    here.azure.fail[method].append(RetryLaterError("throttled"))
    await here.sweep()
    assert {each.verdict.state for each in here.memory.kept.values()} == {State.UNKNOWN}
    assert here.azure.writes == []


async def test_a_failed_list_of_vms_fails_the_sweep_and_keeps_the_earlier_findings() -> None:
    here = estate()
    await here.sweep()
    here.azure.fail["vms"].append(RetryLaterError("throttled"))
    with pytest.raises(RetryLaterError):
        await here.sweep()
    assert len(here.memory.kept) == 3


async def test_a_late_resource_graph_leads_to_no_write() -> None:
    here = estate()
    here.azure.inventory.stale = {}
    await here.sweep()
    assert [subject for _, subject in here.azure.writes if subject.endswith("/done")] == []
    assert here.azure.broken_rules == []


async def test_a_protection_in_progress_is_followed_to_its_end() -> None:
    here = estate()
    (two,) = [vm for vm in here.azure.vms.values() if vm.id.name == "two"]
    await here.azure.backup.protect(VAULT.id.text, two.id, "DefaultPolicy")
    await here.sweep()
    assert here.finding(two).verdict.state is State.COMPLIANT


async def test_of_two_items_the_working_one_counts() -> None:
    here = estate()
    (done,) = [vm for vm in here.azure.vms.values() if vm.id.name == "done"]
    second = a_vault("vault-0")
    here.azure.vaults.append(second)
    here.azure.add(done, an_item(done.id, ProtectionState.SOFT_DELETED, second))
    found = await here.sweeper.discover(Scope(), "run")
    assert next(each for each in found.findings if each.vm == done.id).verdict.has(Reason.PROTECTED)


async def test_a_vm_that_left_the_estate_leaves_the_findings() -> None:
    here = estate()
    await here.sweep()
    here.azure.vms.popitem()
    here.azure.finish_backups()
    await here.sweep()
    assert len(here.memory.kept) == 2


async def test_the_findings_of_a_running_sweep_say_what_is_queued() -> None:
    here = estate()
    await here.sweeper.sweep(Scope(), "run")
    assert sorted(each.outcome.status for each in here.memory.kept.values()) == [
        Status.NOTHING_TO_DO,
        Status.QUEUED,
        Status.QUEUED,
    ]
