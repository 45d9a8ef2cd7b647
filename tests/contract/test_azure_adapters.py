"""The Azure adapters against the simulator, over HTTP: what they read is what the simulator holds."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.compute import AzureCompute
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.inventory import ResourceGraphInventory
from shared.adapters.clock import VirtualClock
from shared.domain.arm_id import parse_vm_id
from shared.domain.attributes import Need
from shared.domain.azure_answers import OperationStatus, Scope
from shared.domain.model import ACTIVE_STATES, ProtectionState, Vault, Vm
from shared.errors import PermanentError, RetryLaterError
from simulator.server import running

EVERYWHERE = Scope()


@dataclass
class Adapters:
    """One connection and all that speaks through it."""

    connection: Connection
    clock: VirtualClock
    inventory: ResourceGraphInventory
    compute: AzureCompute
    backup: AzureBackup

    async def unprotected(self) -> tuple[Vm, Vault]:
        """A VM without any item, and a vault of its region and subscription."""
        protected = {key async for key, _ in self.inventory.protections(EVERYWHERE)}
        vaults = await self.inventory.vaults(EVERYWHERE)
        async for vm in self.inventory.vms(EVERYWHERE, tuple(Need)):
            for vault in vaults:
                near = (vault.location, vault.id.subscription_id) == (vm.location, vm.id.subscription_id)
                if near and vm.id.key not in protected and not vm.ephemeral_os_disk:
                    return vm, vault
        raise AssertionError("the estate holds no such VM")

    async def finish(self, url: str) -> OperationStatus:
        """Follow an operation to its end, jumping over the time between."""
        status = await self.backup.operation(url)
        while status.running:
            await self.clock.wait_until(self.clock.now() + timedelta(seconds=30))
            status = await self.backup.operation(url)
        return status


@pytest.fixture
async def azure() -> AsyncIterator[Adapters]:
    async with running(vms=120, subscriptions=4, seed=7) as (url, _), Connection(url) as connection:
        subscriptions = await connection.first_contact()
        clock = VirtualClock(connection)
        yield Adapters(
            connection,
            clock,
            ResourceGraphInventory(connection, clock, subscriptions),
            AzureCompute(connection, clock),
            AzureBackup(connection, clock),
        )


async def test_first_contact_finds_the_subscriptions_and_the_virtual_clock(azure: Adapters) -> None:
    subscriptions = await azure.connection.first_contact()
    assert len(subscriptions) == 4
    assert len({each.tenant_id for each in subscriptions}) == 1
    assert azure.connection.observed_now == azure.clock.now()
    assert {each.id for each in await azure.inventory.subscriptions(Scope(management_groups=("corp",)))} == {
        each.id for each in subscriptions
    }


async def test_resource_graph_and_arm_show_the_same_vms(azure: Adapters) -> None:
    vms = [each async for each in azure.inventory.vms(EVERYWHERE, tuple(Need))]
    assert len(vms) == 120
    assert len({each.id for each in vms}) == 120
    single = [await azure.compute.vm(each.id, tuple(Need)) for each in vms]
    assert all(each is not None and (each.id.classic or each.agent is not None) for each in single)
    # Resource Graph shows no instance view, which nothing but advice looks at.
    assert [each and replace(each, agent=None, backup_extension=None) for each in single] == vms
    assert any(each.group_managed_by for each in vms)
    assert any(each.group_tags for each in vms)
    assert any(each.ephemeral_os_disk for each in vms)


async def test_resource_graph_and_the_vaults_show_the_same_items(azure: Adapters) -> None:
    states: Counter[ProtectionState] = Counter()
    async for key, row in azure.inventory.protections(EVERYWHERE):
        item = await azure.backup.item(row.vault_id, parse_vm_id(key))
        assert item is not None
        assert item.item_id.lower() == row.item_id.lower()
        for name in ("state", "backup_policy", "has_recovery_point", "last_backup", "last_backup_status"):
            assert getattr(item, name) == getattr(row, name), name
        states[item.state] += 1
    assert {ProtectionState.PROTECTED, ProtectionState.STOPPED, ProtectionState.SOFT_DELETED} <= states.keys()
    assert ProtectionState.FIRST_BACKUP_PENDING in states


async def test_both_ways_show_the_same_vaults(azure: Adapters) -> None:
    by_graph = await azure.inventory.vaults(EVERYWHERE)
    by_arm = [vault for each in await azure.connection.first_contact() for vault in await azure.backup.vaults(each.id)]
    assert sorted(by_graph, key=lambda each: each.id.key) == sorted(by_arm, key=lambda each: each.id.key)
    assert all(each.ready for each in by_graph)


async def test_a_scope_of_one_subscription_shows_nothing_of_the_others(azure: Adapters) -> None:
    first = (await azure.connection.first_contact())[0]
    scope = Scope(subscriptions=(first.id,))
    vms = [each async for each in azure.inventory.vms(scope)]
    assert vms
    assert {each.id.subscription_id for each in vms} == {first.id}
    assert {each.id.subscription_id for each in await azure.inventory.vaults(scope)} <= {first.id}


async def test_a_vm_is_protected_and_backed_up_from_end_to_end(azure: Adapters) -> None:
    vm, vault = await azure.unprotected()
    assert (await azure.backup.status(vm.id, vm.location)).status == "NotProtected"
    assert await azure.backup.item(vault.id.text, vm.id) is None

    began = azure.clock.now()
    accepted = await azure.backup.protect(vault.id.text, vm.id, "DefaultPolicy")
    during = await azure.backup.status(vm.id, vm.location)
    assert during.status == "Protecting"
    assert await azure.backup.item(vault.id.text, vm.id) is None
    with pytest.raises(RetryLaterError):
        await azure.backup.protect(vault.id.text, vm.id, "DefaultPolicy")
    ended = await azure.finish(accepted.operation_url)
    assert (ended.status, bool(ended.job_id)) == ("Succeeded", True)

    item = await azure.backup.item(vault.id.text, vm.id)
    assert item is not None
    assert (item.state, item.backup_policy) == (ProtectionState.FIRST_BACKUP_PENDING, "DefaultPolicy")
    status = await azure.backup.status(vm.id, vm.location)
    assert (status.status, status.vault_id.lower()) == ("Protected", vault.id.key)
    assert await azure.backup.jobs(vault.id.text, vm.id, began) == ()

    started = await azure.backup.start_backup(item.item_id, azure.clock.now() + timedelta(days=30))
    [job] = await azure.backup.jobs(vault.id.text, vm.id, began)
    assert (job.operation, job.running, job.user_triggered) == ("Backup", True, True)
    running_item = await azure.backup.item(vault.id.text, vm.id)
    assert running_item is not None
    assert running_item.backup_running
    assert (await azure.finish(started.operation_url)).job_id == job.id.rsplit("/", 1)[-1]

    while job.running:
        await azure.clock.wait_until(azure.clock.now() + timedelta(minutes=30))
        [job] = await azure.backup.jobs(vault.id.text, vm.id, began)
    assert (job.status, job.ended is not None) == ("Completed", True)
    done = await azure.backup.item(vault.id.text, vm.id)
    assert done is not None
    assert (done.state, done.has_recovery_point, done.backup_running) == (ProtectionState.PROTECTED, True, False)


async def test_a_refused_protection_is_permanent_and_carries_azures_code(azure: Adapters) -> None:
    vm, vault = await azure.unprotected()
    with pytest.raises(PermanentError) as caught:
        await azure.backup.protect(vault.id.text, vm.id, "NoSuchPolicy")
    assert caught.value.code
    assert caught.value.resource_id == vm.id.text


async def test_a_vm_that_does_not_exist_is_none(azure: Adapters) -> None:
    vm, _ = await azure.unprotected()
    assert await azure.compute.vm(parse_vm_id(f"{vm.id.text}-gone")) is None
    text = vm.id.text.replace(vm.id.resource_group, "no-such-group")
    assert await azure.compute.vm(parse_vm_id(text)) is None


async def test_an_altered_operation_url_is_refused(azure: Adapters) -> None:
    vm, vault = await azure.unprotected()
    accepted = await azure.backup.protect(vault.id.text, vm.id, "DefaultPolicy")
    with pytest.raises(PermanentError):
        await azure.backup.operation(accepted.operation_url[:-4] + "AAAA")
    assert (await azure.backup.operation(accepted.operation_url)).running


async def test_a_soft_deleted_item_is_undeleted_and_then_resumed_under_a_policy(azure: Adapters) -> None:
    found = {key: item async for key, item in azure.inventory.protections(EVERYWHERE)}
    key = next(key for key, item in found.items() if item.state is ProtectionState.SOFT_DELETED)
    vm_id, vault_id = parse_vm_id(key), found[key].vault_id
    ended = await azure.finish((await azure.backup.undelete(vault_id, vm_id)).operation_url)
    item = await azure.backup.item(vault_id, vm_id)
    assert item is not None
    assert (ended.status, item.state) == ("Succeeded", ProtectionState.STOPPED)
    ended = await azure.finish((await azure.backup.put_under(vault_id, vm_id, "DefaultPolicy")).operation_url)
    item = await azure.backup.item(vault_id, vm_id)
    assert item is not None
    assert (ended.status, item.backup_policy) == ("Succeeded", "DefaultPolicy")
    assert item.state in ACTIVE_STATES
