"""Protections that stand: respected unless the rule says otherwise, and never moved, weakened or made twice."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.model import State
from shared.domain.reasons import Reason
from tests.simulator.guide.guided import VAULT, codes, guided

STOPPED = f"""{VAULT}virtualMachines: [{{name: vm-1}}]
protectedItems: [{{vm: vm-1, vault: rsv-1, state: ProtectionStopped}}]
"""
DELETED = STOPPED.replace("ProtectionStopped", "SoftDeleted, deleted: 2026-11-20T09:00:00Z")
SUSPENDED = STOPPED.replace("ProtectionStopped", "BackupsSuspended")


def under(policy: str) -> str:
    return f"{VAULT}virtualMachines: [{{name: vm-1}}]\nprotectedItems: [{{vm: vm-1, vault: rsv-1, policy: {policy}}}]\n"


RULE = "backupPolicy: DefaultPolicy\nexisting: %s"


@pytest.mark.parametrize(
    ("text", "code"),
    [(STOPPED, "PROTECTION_STOPPED"), (DELETED, "SOFT_DELETED"), (SUSPENDED, "PROTECTION_SUSPENDED")],
)
async def test_what_somebody_chose_is_respected_unless_the_rule_says_otherwise(
    tmp_path: Path, text: str, code: str
) -> None:
    async with guided(tmp_path, text) as here:
        found = await here.sweep()
        assert (found["vm-1"].verdict.state, codes(found["vm-1"])) == (State.NON_COMPLIANT, [code])
        assert here.writes() == []


async def test_a_suspended_protection_is_respected_whatever_the_rule_says(tmp_path: Path) -> None:
    async with guided(tmp_path, SUSPENDED) as here:
        await here.sweep(RULE % "{stopped: resume, softDeleted: undelete, otherPolicy: change}")
        assert here.writes() == []


@pytest.mark.parametrize(
    ("text", "existing"),
    [
        (STOPPED, "{softDeleted: undelete, otherPolicy: change}"),
        (DELETED, "{stopped: resume, otherPolicy: change}"),
        (under("EnhancedPolicy"), "{stopped: resume, softDeleted: undelete}"),
    ],
)
async def test_each_word_of_the_rule_permits_its_own_change_and_no_other(
    tmp_path: Path, text: str, existing: str
) -> None:
    async with guided(tmp_path, text) as here:
        assert (await here.look(RULE % existing))["vm-1"].actions == ()
        found = await here.sweep(RULE % existing)
        assert found["vm-1"].verdict.state is State.NON_COMPLIANT
        assert here.writes() == []


async def test_a_stopped_protection_is_resumed_where_the_rule_says_so(tmp_path: Path) -> None:
    async with guided(tmp_path, STOPPED) as here:
        found = await here.sweep(RULE % "{stopped: resume}")
        assert found["vm-1"].verdict.state is State.COMPLIANT
        assert (here.item("vm-1").state, here.item("vm-1").policy) == ("Protected", "DefaultPolicy")
        await here.right({"vm-1": "resume"}, policies={"vm-1": "DefaultPolicy"})


async def test_a_soft_deleted_item_is_undeleted_and_resumed_where_the_rule_says_so(tmp_path: Path) -> None:
    async with guided(tmp_path, DELETED) as here:
        found = await here.sweep(RULE % "{softDeleted: undelete}")
        assert found["vm-1"].verdict.state is State.COMPLIANT
        assert (here.item("vm-1").soft_deleted, here.item("vm-1").policy) == (False, "DefaultPolicy")
        await here.right({"vm-1": "undelete"}, policies={"vm-1": "DefaultPolicy"})


async def test_another_backup_policy_is_a_finding_and_changed_only_where_the_rule_says_so(tmp_path: Path) -> None:
    async with guided(tmp_path, under("DefaultPolicy")) as here:
        found = await here.sweep("backupPolicy: EnhancedPolicy")
        assert "OTHER_BACKUP_POLICY" in codes(found["vm-1"])
        assert here.writes() == []
        found = await here.sweep("backupPolicy: EnhancedPolicy\nexisting: {otherPolicy: change}")
        assert here.item("vm-1").policy == "EnhancedPolicy"
        assert found["vm-1"].verdict.state is State.COMPLIANT
        await here.right({"vm-1": "change-policy"}, policies={"vm-1": "EnhancedPolicy"})


@pytest.mark.parametrize(
    ("has", "asked", "why"),
    [
        ("EnhancedPolicy", "{name: DefaultPolicy}", "from Enhanced to Standard there is no way"),
        ("DefaultPolicy", "{name: brief, timeZone: UTC, retain: {daily: P14D}}", "kept 30 days"),
    ],
)
async def test_never_to_a_standard_policy_and_never_to_a_shorter_retention(
    tmp_path: Path, has: str, asked: str, why: str
) -> None:
    async with guided(tmp_path, under(has)) as here:
        found = await here.sweep(f"backupPolicy: {asked}\nexisting: {{otherPolicy: change}}")
        outcome = found["vm-1"].outcome
        assert (found["vm-1"].verdict.state, outcome.error_code) == (State.NON_COMPLIANT, "CHANGE_REFUSED")
        assert why in outcome.error
        assert (here.item("vm-1").policy, here.writes()) == (has, [])


async def test_a_vm_of_another_vault_than_the_rules_is_never_moved_nor_protected_twice(tmp_path: Path) -> None:
    text = """
vaults: [{name: rsv-1, location: westeurope}, {name: rsv-2, location: westeurope}]
virtualMachines: [{name: vm-1}]
protectedItems: [{vm: vm-1, vault: rsv-2}]
"""
    async with guided(tmp_path, text) as here:
        found = await here.sweep("vault: {select: {names: rsv-1}}\nexisting: {otherPolicy: change, stopped: resume}")
        assert found["vm-1"].verdict.state is State.COMPLIANT
        assert here.item("vm-1").vault == here.vault("rsv-2").key
        await here.right({})


async def test_a_vm_that_was_made_anew_under_its_old_name_gets_a_backup_of_its_own(tmp_path: Path) -> None:
    text = f"""{VAULT}virtualMachines: [{{name: vm-1, timeCreated: 2026-11-24T06:00:00Z}}]
protectedItems:
  - {{vm: vm-1, vault: rsv-1, lastRecoveryPoint: 2026-11-23T23:04:00Z, lastBackupTime: 2026-11-23T23:04:00Z}}
"""
    async with guided(tmp_path, text) as here:
        found = await here.look()
        assert found["vm-1"].verdict.has(Reason.RECOVERY_POINTS_OF_EARLIER_VM)
        await here.sweep()
        assert here.writes() == ["POST backup"]
        await here.wait(timedelta(hours=3))
        found = await here.look()
        assert (codes(found["vm-1"]), found["vm-1"].actions) == (["PROTECTED"], ())


async def test_disks_are_left_out_by_rule(tmp_path: Path) -> None:
    data = ", ".join(
        f"{{lun: {lun}, diskSizeGB: 64, managedDisk: {{storageAccountType: Premium_LRS}}}}" for lun in range(3)
    )
    text = f"{VAULT}virtualMachines: [{{name: vm-1, properties: {{storageProfile: {{osDisk: {{osType: Linux}}, "
    text += f"dataDisks: [{data}]}}}}}}]\n"
    async with guided(tmp_path, text) as here:
        await here.sweep("diskExclusion: {excludeLuns: [1]}")
        assert here.item("vm-1").disks == {"diskLunList": [1], "isInclusionList": False}
        await here.right({"vm-1": "protect"})


CENTRAL = "99999999-1111-4222-8333-444444444444"
ACROSS = f"""
subscriptions: [{{name: prod}}, {{name: central, id: {CENTRAL}}}]
vaults: [{{name: rsv-central, location: westeurope, subscription: central}}]
virtualMachines: [{{name: vm-1, subscription: prod}}]
"""


@pytest.mark.parametrize("rule", ["", f"vault: {{subscription: {CENTRAL}}}"])
async def test_a_vault_of_another_subscription_is_used_only_by_rule(tmp_path: Path, rule: str) -> None:
    head = "version: 1\nasOf: 2026-11-24T08:00:00Z\n"
    async with guided(tmp_path, ACROSS, head=head) as here:
        here.world.backup.cross_subscription = True
        found: dict[str, Any] = await here.sweep(rule)
        if not rule:
            assert codes(found["vm-1"]) == ["UNPROTECTED", "NO_VAULT_IN_REGION"]
            assert here.writes() == []
            return
        assert found["vm-1"].verdict.state is State.COMPLIANT
        assert here.item("vm-1").vault == here.vault("rsv-central").key
        await here.right({"vm-1": "protect"}, allow="cross-subscription")


async def test_an_item_whose_vm_is_gone_is_found(tmp_path: Path) -> None:
    text = f"""{VAULT}virtualMachines: [{{name: vm-1}}]
protectedItems: [{{vm: vm-1, vault: rsv-1}}]
"""
    async with guided(tmp_path, text) as here:
        await here.sweep()
        assert "ITEM_ORPHANED" not in {code for code, _ in await here.advice()}
        gone = here.vm("vm-1")
        here.add("vm-2")
        assert (await here.azure.ask("DELETE", gone.id, headers={"x-sim-actor": "estate"})).status == 202
        await here.wait(timedelta(hours=1))
        await here.sweep()
        assert ("ITEM_ORPHANED", "vm-1") in await here.advice()
        assert here.vault().items
        assert set(here.writes()) == {"PUT protectedItems", "POST backup"}
