"""1,200 VMs without backup and vault, at Azure's quotas: it is planned beforehand, and no call is refused."""

from collections import Counter
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

from shared.bootstrap import open_backstop
from shared.domain.azure_answers import Scope
from shared.domain.model import Status
from shared.settings import Settings
from simulator.core.model import ResourceGroup, VirtualMachine
from simulator.core.state import group_id, vm_id
from simulator.server import running
from simulator.world import World
from tests.contract.test_policy_end_to_end import worked
from tests.policies import compiled

REGION = "swedencentral"  # the simulator's region without vaults
POLICY = f"""
mode: enforce
settle: PT0S
limits: {{maxActions: {{amount: 5000}}}}
rules:
  - name: all
    priority: 1
    match: {{locations: {REGION}}}
    vault: {{whenMissing: create, redundancy: GeoRedundant}}
    backupPolicy: {{name: gold, retain: {{daily: P30D}}}}
"""


def add(world: World, count: int) -> str:
    """So many plain VMs in one resource group of one subscription; the subscription's id."""
    pattern = next(vm for vm in world.state.vms.values() if world.state.labels[vm.key].kind == "plain-unprotected")
    subscription = pattern.subscription
    world.state.add_group(ResourceGroup(group_id(subscription, "fleet"), "fleet", subscription, REGION, {}, ""))
    for number in range(count):
        name = f"vm-{number:04}"
        vm = VirtualMachine(
            id=vm_id(subscription, "fleet", name),
            name=name,
            subscription=subscription,
            group="fleet",
            location=REGION,
            tags=None,
            properties=deepcopy(pattern.properties),
        )
        world.state.vms[vm.key] = vm
    return subscription


async def test_1200_vms_are_in_two_vaults_under_twelve_policies_within_three_days(tmp_path: Path) -> None:
    async with running(vms=12, seed=3) as (url, world):
        subscription = add(world, 1200)
        settings = Settings(
            endpoint=url, state_dir=tmp_path, enforce=True, scope=Scope(subscriptions=(subscription.lower(),))
        )
        async with open_backstop(settings, compiled(POLICY)) as backstop:
            await backstop.clock.wait_until(backstop.clock.now() + timedelta(hours=1))
            begun = backstop.clock.now()
            discovery = await backstop.sweeper.discover(settings.scope, "plan")
            planned = {key: each.seat for key, each in discovery.placed.items() if hasattr(each, "seat")}
            assert len(planned) == 1200
            assert len({seat.vault_id for seat in planned.values()}) == 2
            assert len({(seat.vault_id, seat.backup_policy) for seat in planned.values()}) == 12
            assert max(seat.at for seat in planned.values()) - begun < timedelta(days=3)
            await backstop.sweeper.start(discovery)
            await worked(backstop)
            findings = await backstop.findings.latest()
            took = backstop.clock.now() - begun
        vaults = [each for each in world.state.vaults.values() if each.location == REGION]
        assert sorted(len(each.items) for each in vaults) == [600, 600]
        under = Counter((vault.key, item.policy) for vault in vaults for item in vault.items.values())
        assert sorted(under.values()) == [100] * 12
        assert {(vault.key, item.policy) for vault in vaults for item in vault.items.values()} == {
            (seat.vault_id.lower(), seat.backup_policy) for seat in planned.values()
        }
        assert sum(world.limits.quotas.refused.values()) == 0
        refused = [each for each in world.ledger.writes if each.status >= 400]
        assert refused == []
        fleet = [each for each in findings if each.vm.resource_group == "fleet"]
        assert {each.outcome.status for each in fleet} <= {Status.SUCCEEDED, Status.ALREADY_DONE}
        assert took < timedelta(days=3)
