"""Kinds of VM through the whole of Backstop: a sweep protects each as Azure takes it, and tells why of the rest."""

from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.bootstrap import open_backstop
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.model import Finding, State
from shared.domain.reasons import Reason
from shared.settings import Settings
from simulator.core.model import IAAS, ProtectedItem, VirtualMachine
from simulator.core.state import vm_id
from simulator.server import running
from simulator.world import World
from tests.contract.test_policy_end_to_end import ENFORCE, swept
from tests.policies import compiled
from tests.simulator.classic import add_classic

EPHEMERAL = "diffDiskSettings"
ASKS_FOR_STANDARD = ENFORCE.replace("match: {}", "match: {}, backupPolicy: DefaultPolicy")


def add(world: World, beside: VirtualMachine, name: str, **more: Any) -> str:
    """A VM like that one, but for these parts of its properties; its lower-cased id."""
    properties = deepcopy(beside.properties) | more
    vm = VirtualMachine(
        id=vm_id(beside.subscription, beside.group, name),
        name=name,
        subscription=beside.subscription,
        group=beside.group,
        location=beside.location,
        tags=None,
        properties=properties,
    )
    world.state.vms[vm.key] = vm
    return vm.key


def with_data(beside: VirtualMachine, count: int, storage: str) -> dict[str, Any]:
    """A storage profile with so many data disks."""
    disk = {"diskSizeGB": 64, "managedDisk": {"storageAccountType": storage}}
    disks = [{"lun": lun, "name": f"d{lun}", **disk} for lun in range(count)]
    return {"storageProfile": deepcopy(beside.properties["storageProfile"]) | {"dataDisks": disks}}


def items(world: World) -> dict[str, ProtectedItem]:
    """Every VM's item, by the VM's lower-cased id."""
    found = [item for vault in world.state.vaults.values() for item in vault.items.values()]
    return {item.source_id.lower(): item for item in found if item.management == IAAS}


async def run(world: World, url: str, state: Path, policy: CompiledPolicy) -> dict[str, Finding]:
    """One sweep under this policy, an hour later, when Resource Graph shows what was added."""
    async with open_backstop(Settings(endpoint=url, state_dir=state, enforce=True), policy) as backstop:
        await backstop.clock.wait_until(backstop.clock.now() + timedelta(hours=1))
        return await swept(backstop)


async def test_a_sweep_routes_each_kind_and_tells_why_of_the_rest(tmp_path: Path) -> None:
    async with running(vms=12, seed=3) as (url, world):
        homes = {(vault.location, vault.subscription) for vault in world.state.vaults.values()}
        plain = next(
            vm
            for vm in world.state.vms.values()
            if (vm.location, vm.subscription) in homes and not vm.properties["storageProfile"]["osDisk"].get(EPHEMERAL)
        )
        classic = add_classic(world.state, plain.id).key
        ultra = add(world, plain, "ultra-1", **with_data(plain, 1, "UltraSSD_LRS"))
        trusted = add(world, plain, "trusted-1", securityProfile={"securityType": "TrustedLaunch"})
        many = add(world, plain, "many-1", **with_data(plain, 33, "Premium_LRS"))
        failed = add(world, plain, "failed-1", provisioningState="Failed")
        found = await run(world, url, tmp_path, compiled(ENFORCE))
        made = items(world)
        for vm, policy in ((classic, "DefaultPolicy"), (ultra, "EnhancedPolicy"), (trusted, "DefaultPolicy")):
            assert made[vm].policy == policy
            assert made[vm].last_status in {"InProgress", "Completed"}
            assert found[vm].verdict.state is State.COMPLIANT
        assert made[classic].container.lower().startswith("iaasvmcontainer;iaasvmcontainer;")
        assert not {many, failed} & made.keys()
        assert (found[many].verdict.state, found[many].verdict.reasons[0].reason) == (
            State.NOT_APPLICABLE,
            Reason.UNSUPPORTED_TOO_MANY_DISKS,
        )
        assert found[failed].verdict.has(Reason.VM_NOT_READY)
        assert [found[vm].outcome.error_code for vm in (classic, ultra, trusted, many, failed)] == [""] * 5


async def test_a_standard_policy_is_never_tried_on_a_vm_that_needs_an_enhanced_one(tmp_path: Path) -> None:
    async with running(vms=12, seed=3) as (url, world):
        before = items(world).keys()
        for key in world.state.vms.keys() - before:
            vm = world.state.vms[key]
            vm.properties |= with_data(vm, 1, "PremiumV2_LRS")
            world.state.touch("vm", key, world.now())
        found = await run(world, url, tmp_path, compiled(ASKS_FOR_STANDARD))
        assert items(world).keys() == before
    held = {key for key, each in found.items() if each.verdict.has(Reason.NEEDS_ENHANCED_POLICY)}
    assert held
    assert not held & before
    assert {found[key].verdict.state for key in held} == {State.NON_COMPLIANT}
