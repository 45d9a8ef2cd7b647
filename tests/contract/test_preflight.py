"""What the service is asked about a VM that it refused, and the vault's search for VMs, over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.preflight import AzurePreflight
from shared.adapters.clock import VirtualClock
from shared.domain.arm_id import ArmId, parse_vm_id
from shared.domain.azure_answers import OperationStatus
from shared.domain.preflight import asks_why, needs_discovery, why_refused
from shared.domain.troubles.entry import Kind
from shared.errors import PermanentError
from simulator.core.model import VirtualMachine
from simulator.server import running
from simulator.world import World


@dataclass
class Here:
    """Both adapters on one connection, and the world behind them."""

    world: World
    clock: VirtualClock
    backup: AzureBackup
    preflight: AzurePreflight

    def unprotected(self) -> tuple[VirtualMachine, ArmId, str]:
        """A plain VM that nothing protects, its id, and a vault of its region and subscription."""
        label = next(each for each in self.world.state.labels.values() if each.kind == "plain-unprotected")
        vm = self.world.state.vms[label.vm_id.lower()]
        vaults = self.world.state.vaults.of(vm.subscription)
        return vm, parse_vm_id(vm.id), next(each.id for each in vaults if each.location == vm.location)

    async def refused(self, vault_id: str, vm: ArmId) -> PermanentError:
        with pytest.raises(PermanentError) as caught:
            await self.backup.protect(vault_id, vm, "DefaultPolicy")
        return caught.value

    async def finish(self, url: str) -> OperationStatus:
        status = await self.backup.operation(url)
        while status.running:
            await self.clock.wait_until(self.clock.now() + timedelta(seconds=20))
            status = await self.backup.operation(url)
        return status


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    async with running(vms=60, subscriptions=2, seed=9) as (url, world), Connection(url) as connection:
        await connection.first_contact()
        clock = VirtualClock(connection)
        yield Here(world, clock, AzureBackup(connection, clock), AzurePreflight(connection))


async def test_what_the_service_would_protect_it_protects(here: Here) -> None:
    vm, vm_id, vault = here.unprotected()
    answer = await here.preflight.prevalidate(vault, vm_id, vm.location)
    assert (answer.status, answer.refuses) == ("Succeeded", False)
    await here.backup.protect(vault, vm_id, "DefaultPolicy")


async def test_a_vm_that_is_gone_and_one_that_is_protected_are_refused_with_their_codes(here: Here) -> None:
    vm, vm_id, vault = here.unprotected()
    gone = await here.preflight.prevalidate(vault, parse_vm_id(f"{vm_id.text}-gone"), vm.location)
    assert (gone.refuses, gone.code) == (True, "UserErrorVmNotFoundV2")
    accepted = await here.backup.protect(vault, vm_id, "DefaultPolicy")
    assert (await here.finish(accepted.operation_url)).status == "Succeeded"
    twice = await here.preflight.prevalidate(vault, vm_id, vm.location)
    assert twice.refuses
    why = why_refused("BMSUserErrorOfNextYear", "refused", twice)
    assert why.code == twice.code
    assert why.error == twice.message
    assert why.trouble.kind is Kind.MEND


async def test_a_vault_that_has_not_found_the_vm_does_so_by_a_refresh_and_then_protects_it(here: Here) -> None:
    here.world.backup.discovery_needed = True
    _, vm_id, vault = here.unprotected()
    error = await here.refused(vault, vm_id)
    assert needs_discovery(error.code)
    assert asks_why(error.code)
    assert error.remedy
    assert not await here.preflight.protectable(vault, vm_id)

    accepted = await here.preflight.refresh_containers(vault)
    assert (await here.backup.operation(accepted.operation_url)).running
    assert (await here.finish(accepted.operation_url)).status == "Succeeded"
    assert await here.preflight.protectable(vault, vm_id)
    await here.backup.protect(vault, vm_id, "DefaultPolicy")


async def test_features_are_told_in_azures_words(here: Here) -> None:
    vm, vm_id, _ = here.unprotected()
    plain = await here.preflight.feature_support(vm_id.subscription_id, vm.location, "Standard_D2s_v5", "Premium")
    ultra = await here.preflight.feature_support(vm_id.subscription_id, vm.location, "Standard_D2s_v5", "UltraSSD_LRS")
    assert (plain, ultra) == ("Supported", "DefaultOFF")
