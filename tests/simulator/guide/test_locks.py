"""Locks and denials on the group of Azure Backup's snapshots are found before a backup breaks on them, and after."""

from pathlib import Path

import pytest

from shared.domain.reasons import Reason
from tests.simulator.guide.guided import FIRST_BACKUP, VAULT, codes, guided

HEAD = """\
version: 1
asOf: 2026-11-24T08:00:00Z
managementGroups: [{name: corp, subscriptions: [prod]}]
subscriptions: [{name: prod}]
"""
GROUP = f"resourceGroups: [{{name: AzureBackupRG_westeurope_1}}]\n{VAULT}virtualMachines: [{{name: vm-1}}]\n"
LOCK = GROUP + "locks: [{name: keep, resourceGroup: AzureBackupRG_westeurope_1, level: %s}]\n"
DENIAL = VAULT + (
    "virtualMachines: [{name: vm-1}]\n"
    "policyAssignments:\n"
    "  - {name: owners, %s, definition: Require a tag on resource groups, parameters: {tagName: owner}}\n"
)


@pytest.mark.parametrize(
    ("text", "advice", "code"),
    [
        (LOCK % "CanNotDelete", ("LOCK_ON_BACKUP_GROUP", "azurebackuprg_westeurope_1"), ""),
        (
            LOCK % "ReadOnly",
            ("LOCK_ON_BACKUP_GROUP", "azurebackuprg_westeurope_1"),
            "UserErrorSnapshotResourceGroupLocked",
        ),
        (DENIAL % "subscription: prod", ("POLICY_DENIES_BACKUP_GROUP", "owners"), "UserErrorRequestDisallowedByPolicy"),
        (
            DENIAL % "managementGroup: corp",
            ("POLICY_DENIES_BACKUP_GROUP", "owners"),
            "UserErrorRequestDisallowedByPolicy",
        ),
    ],
)
async def test_what_will_break_a_backup_is_told_before_and_what_broke_it_after(
    tmp_path: Path, text: str, advice: tuple[str, str], code: str
) -> None:
    async with guided(tmp_path, text, head=HEAD) as here:
        here.spec = here.spec.replace("enforce", "audit")
        await here.sweep()
        assert (advice[0], advice[1]) in {(each, name.lower()) for each, name in await here.advice()}
        assert here.writes() == []
        here.spec = here.spec.replace("audit", "enforce")
        await here.sweep()
        await here.wait(FIRST_BACKUP)
        found = await here.sweep()
        assert found["vm-1"].verdict.has(Reason.INITIAL_BACKUP_FAILED) == bool(code)
        after = {(each, name.lower()) for each, name in await here.advice()}
        assert advice in after
        assert (("BACKUP_JOB_FAILED", "vm-1") in after) == bool(code)
        if code:
            assert here.jobs("vm-1")[-1].errors[0]["errorTitle"] == code
        else:
            assert codes(found["vm-1"]) == ["PROTECTED"]
        assert "DELETE locks" not in here.writes()


@pytest.mark.parametrize(
    "text",
    [
        GROUP,
        GROUP.replace("]\nvaults", ", {name: rg-other}]\nvaults") + "locks: [{name: keep, resourceGroup: rg-other}]\n",
        GROUP.replace("_1}", "_1, tags: {owner: me}}")
        + DENIAL[DENIAL.index("policyAssignments") :] % "subscription: prod, enforce: false",
    ],
)
async def test_what_stands_in_nobodys_way_is_not_told(tmp_path: Path, text: str) -> None:
    async with guided(tmp_path, text, head=HEAD) as here:
        await here.sweep()
        told = {code for code, _ in await here.advice()}
        assert not told & {"LOCK_ON_BACKUP_GROUP", "POLICY_DENIES_BACKUP_GROUP", "SURROUNDINGS_UNKNOWN"}


async def test_what_cannot_be_read_is_told_as_unknown_and_holds_no_backup_up(tmp_path: Path) -> None:
    async with guided(tmp_path, GROUP, head=HEAD) as here:
        await here.fault(fault="refuse", operation="GET locks", code="AuthorizationFailed", status=403)
        await here.sweep()
        assert "SURROUNDINGS_UNKNOWN" in {code for code, _ in await here.advice()}
        await here.right({"vm-1": "protect"})
