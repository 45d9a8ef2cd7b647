"""One vault in every region and subscription with VMs: chosen by rule, made where missing, next before it is full."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.model import State, Status
from shared.errors import PolicyFileError
from tests.policies import compiled
from tests.simulator.guide.guided import VAULT, codes, guided

REGIONS = """
resourceGroups: [{name: rg-backup, location: westeurope}]
vaults:
  - {name: rsv-gold, location: westeurope, tags: {tier: gold}}
  - {name: rsv-other, location: westeurope}
virtualMachines:
  - {name: west, location: westeurope}
  - {name: north-1, location: northeurope, resourceGroup: rg-north}
  - {name: north-2, location: northeurope, resourceGroup: rg-north}
"""
BY_TAG = """
vault:
  select: {tags: {tier: gold}}
  whenMissing: create
  create: {name: "corp-{location}", tags: {owner: platform}, publicNetworkAccess: Disabled}
"""


async def test_vaults_are_chosen_by_rule_and_made_where_a_region_has_none(tmp_path: Path) -> None:
    async with guided(tmp_path, REGIONS) as here:
        found = await here.sweep(BY_TAG)
        assert {each.verdict.state for each in found.values()} == {State.COMPLIANT}
        where = {name: here.world.state.vaults[here.item(name).vault].name for name in found}
        assert where == {"west": "rsv-gold", "north-1": "corp-northeurope", "north-2": "corp-northeurope"}
        made = here.vault("corp-northeurope")
        assert (made.location, made.group, made.tags) == (
            "northeurope",
            "rg-north",
            {"owner": "platform", "tier": "gold"},
        )
        shown = await here.azure.get(made.id)
        assert shown["properties"]["publicNetworkAccess"] == "Disabled"
        assert here.writes().count("PUT vaults") == 1
        await here.right(dict.fromkeys(found, "protect"), allow="vault")


async def test_where_the_rule_makes_none_the_region_without_a_vault_is_reported(tmp_path: Path) -> None:
    async with guided(tmp_path, REGIONS) as here:
        found = await here.sweep("vault: {select: {tags: {tier: gold}}}")
        assert codes(found["north-1"]) == codes(found["north-2"]) == ["UNPROTECTED", "NO_VAULT_IN_REGION"]
        assert here.items("north-1") == here.items("north-2") == []
        await here.right({"west": "protect"})


async def test_the_next_vault_takes_what_the_first_has_no_room_for(tmp_path: Path) -> None:
    text = VAULT + "virtualMachines:\n" + "".join(f"  - {{name: vm-{number}}}\n" for number in range(7))
    async with guided(tmp_path, text) as here:
        limits = here.spec.replace("amount: 1000}", "amount: 1000}, perVault: 3")
        here.spec = limits
        found = await here.sweep("vault: {whenMissing: create}")
        assert {name: len(vault.items) for name, vault in here.vaults().items()} == {
            "rsv-1": 3,
            "backstop-westeurope": 3,
            "backstop-westeurope-2": 1,
        }
        await here.right(dict.fromkeys(found, "protect"), allow="vault")
    async with guided(tmp_path, text) as here:
        here.spec, here.folder = limits, tmp_path / "other"
        found = await here.sweep("vault: {whenMissing: create, whenFull: report}")
        assert {name: len(vault.items) for name, vault in here.vaults().items()} == {"rsv-1": 3}
        waiting = [each for each in found.values() if each.verdict.state is State.NON_COMPLIANT]
        assert [each.outcome.error_code for each in waiting] == ["VAULTS_FULL"] * 4


async def test_a_vault_that_azure_still_makes_is_waited_for_without_a_worker(tmp_path: Path) -> None:
    async with guided(tmp_path, "virtualMachines: [{name: vm-1}]") as here, here.opened(MAKE) as backstop:
        request = (await backstop.sweeper.discover(backstop.settings.scope, "run")).to_change[0].vm
        await backstop.sweeper.sweep(backstop.settings.scope, "run")
        [message] = await backstop.queue.receive("reconcile", 1, timedelta(minutes=10))
        await backstop.worker.work_on(message.body)
        await backstop.queue.done(message)
        assert here.vault("backstop-westeurope").provisioning != "Succeeded"
        finding = await backstop.findings.of(request)
        assert finding is not None
        assert (finding.outcome.status, finding.outcome.look_again) == (
            Status.ACCEPTED,
            await backstop.queue.next_due("reconcile"),
        )


async def test_a_vault_whose_last_change_failed_is_told_and_neither_used_nor_passed_over(tmp_path: Path) -> None:
    text = """
vaults: [{name: rsv-1, location: westeurope}]
virtualMachines: [{name: vm-1, location: westeurope}]
"""
    async with guided(tmp_path, text) as here:
        here.vault("rsv-1").provisioning = "Failed"
        finding = (await here.sweep(MAKE))["vm-1"]
        assert (finding.outcome.error_code, finding.outcome.look_again) == ("VAULT_FAILED", None)
        assert here.vaults().keys() == {"rsv-1"}
        assert not here.vault("rsv-1").items
        here.vault("rsv-1").provisioning = "Succeeded"
        await here.sweep(MAKE)
        await here.right({"vm-1": "protect"})


async def test_a_vault_of_another_group_with_the_same_name_is_never_written_over(tmp_path: Path) -> None:
    text = """
vaults: [{name: backstop-westeurope, location: northeurope, resourceGroup: rg-elsewhere}]
virtualMachines: [{name: vm-1, location: westeurope}]
"""
    async with guided(tmp_path, text) as here:
        await here.sweep(MAKE)
        assert here.vaults().keys() == {"backstop-westeurope", "backstop-westeurope-2"}
        assert here.vault("backstop-westeurope").location == "northeurope"
        await here.right({"vm-1": "protect"}, allow="vault")


async def test_a_resource_group_that_does_not_exist_is_told_before_any_write(tmp_path: Path) -> None:
    text = """
resourceGroups: [{name: rg-backup, location: westeurope}]
virtualMachines: [{name: vm-1, location: westeurope}, {name: vm-2, location: westeurope}]
"""
    nowhere = "vault: {whenMissing: create, create: {resourceGroup: rg-none}}"
    async with guided(tmp_path, text) as here:
        for found in (await here.look(nowhere), await here.sweep(nowhere)):
            assert {each.outcome.error_code for each in found.values()} == {"RESOURCE_GROUP_MISSING"}
            assert all("the resource group rg-none does not exist" in each.outcome.error for each in found.values())
        assert here.writes() == []
        await here.sweep(nowhere.replace("rg-none", "rg-backup"))
        assert {name: (each.group, len(each.items)) for name, each in here.vaults().items()} == {
            "backstop-westeurope": ("rg-backup", 2)
        }
        await here.right({"vm-1": "protect", "vm-2": "protect"}, allow="vault")


@pytest.mark.parametrize("name", ["a", "1st", "with_underscore", "x" * 48, "-a"])
def test_a_name_that_azure_would_refuse_is_refused_before_any_call(name: str) -> None:
    with pytest.raises(PolicyFileError, match="2 to 50 letters, digits and hyphens"):
        compiled(
            f"rules: [{{name: r, priority: 1, match: {{}}, vault: {{whenMissing: create, create: {{name: {name}}}}}}}]"
        )


MAKE = "vault: {whenMissing: create}"
