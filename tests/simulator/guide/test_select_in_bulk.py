"""A sweep selects VMs in bulk: of the vault's region, not yet protected; a refusal's reason is looked up."""

from pathlib import Path

import pytest

from shared.domain.model import State, Status
from shared.errors import LimitExceededError
from tests.simulator.guide.guided import VAULT, codes, guided

MANY = (
    VAULT
    + "virtualMachines:\n  - {name: far, location: northeurope, resourceGroup: rg-far}\n"
    + "".join(f"  - {{name: vm-{number}}}\n" for number in range(8))
    + "protectedItems: [{vm: vm-0, vault: rsv-1}, {vm: vm-1, vault: rsv-1}]\n"
)
SHARED = f"""{VAULT}virtualMachines:
  - name: vm-1
    diskFacts: {{data-0: {{maxShares: 2}}}}
    properties:
      storageProfile:
        osDisk: {{osType: Linux, managedDisk: {{storageAccountType: Premium_LRS}}}}
        dataDisks: [{{lun: 0, name: data-0, managedDisk: {{storageAccountType: Premium_LRS}}}}]
"""
WANTED = {f"vm-{number}" for number in range(2, 8)}


async def test_all_that_lack_a_backup_are_planned_before_and_protected_at_once(tmp_path: Path) -> None:
    async with guided(tmp_path, MANY) as here:
        planned = await here.look()
        assert {name for name, each in planned.items() if each.actions} == WANTED
        assert here.writes() == []
        assert "NO_VAULT_IN_REGION" in codes(planned["far"])
        found = await here.sweep()
        assert {name for name in WANTED if found[name].verdict.state is State.COMPLIANT} == WANTED
        assert here.items("far") == []
        await here.right(dict.fromkeys(WANTED, "protect"))


@pytest.mark.parametrize("asked", [False, True])
async def test_the_services_own_verdict_on_a_vm_that_it_refuses_is_the_finding(tmp_path: Path, asked: bool) -> None:
    async with guided(tmp_path, SHARED) as here:
        if asked:  # a refusal whose code tells nothing: the service is asked why
            await here.fault(fault="refuse", operation="PUT protectedItems", code="BMSUserErrorUnheardOf", status=400)
        found = await here.sweep()
        outcome = found["vm-1"].outcome
        assert (outcome.status, outcome.error_code) == (Status.FAILED, "UserErrorSharedDiskNotSupported")
        assert "under an Enhanced backup policy" in outcome.remedy
        assert here.requests("POST backupPreValidateProtection") == int(asked)
        assert here.items("vm-1") == []


async def test_a_sweep_that_would_change_more_than_its_limit_writes_nothing(tmp_path: Path) -> None:
    async with guided(tmp_path, MANY) as here:
        here.spec = here.spec.replace("amount: 1000", "amount: 3")
        with pytest.raises(LimitExceededError, match="6"):
            await here.sweep()
        assert here.writes() == []
