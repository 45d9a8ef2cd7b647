"""Backup policies: named, the vault's own, or made as described; edited only where managed; copied before full."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.azure.backup import AzureBackup
from shared.domain.backup_policy import BackupPolicy
from shared.domain.backup_policy_words import in_words
from shared.domain.model import State
from shared.errors import PolicyFileError
from tests.policies import compiled
from tests.simulator.guide.guided import VAULT, Guided, guided

ONE = f"{VAULT}virtualMachines: [{{name: vm-1}}]\n"
GOLD = """
backupPolicy:
  name: gold
  type: Enhanced
  timeZone: W. Europe Standard Time
  schedule: {every: PT4H, at: "08:00", window: PT12H}
  instantRestoreDays: 7
  retain:
    {daily: P30D, weekly: P12W, monthly: P12M, yearly: P7Y, yearlyOn: {days: Saturday, weeks: Last, months: December}}
"""
SILVER = "backupPolicy: {name: silver, timeZone: UTC, retain: {daily: P30D}%s}"


async def shown(here: Guided, rule: str = "") -> dict[str, BackupPolicy]:
    """The vault's backup policies, as Backstop reads them from Azure."""
    async with here.opened(rule) as backstop:
        assert isinstance(backstop.backup, AzureBackup)
        backstop.backup.forget(here.vault().id)
        return {each.name: each for each in await backstop.backup.backup_policies(here.vault().id)}


@pytest.mark.parametrize(
    ("rule", "policy"),
    [("", "DefaultPolicy"), ("backupPolicy: EnhancedPolicy", "EnhancedPolicy"), (GOLD, "gold")],
)
async def test_the_default_a_named_and_a_described_policy_protect_the_vm(
    tmp_path: Path, rule: str, policy: str
) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.sweep(rule)
        assert here.item("vm-1").policy == policy
        assert here.writes().count("PUT backupPolicies") == (1 if rule == GOLD else 0)
        await here.right({"vm-1": "protect"}, allow="policy", policies={"vm-1": policy})


async def test_a_described_policy_has_schedule_zone_snapshots_and_all_four_retentions(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.sweep(GOLD)
        told = in_words((await shown(here))["gold"])
        assert told == (
            "every 4 hours from 08:00 W. Europe Standard Time for 12 hours; daily points kept 30 days; "
            "weekly points of Sunday kept 12 weeks; monthly points of the first Sunday kept 12 months; "
            "yearly points of the last Saturday of December kept 7 years; snapshots for instant restore kept 7 days"
        )
        wire = here.policy("gold").definition
        assert wire is not None
        assert (wire["policyType"], wire["timeZone"]) == ("V2", "W. Europe Standard Time")


async def test_the_report_tells_schedule_retention_and_the_next_run_by_the_policys_own_clocks(tmp_path: Path) -> None:
    rule = (
        "backupPolicy: {name: gold, timeZone: W. Europe Standard Time, schedule: {at: '22:00'}, retain: {daily: P30D}}"
    )
    async with guided(tmp_path, ONE) as here:
        await here.sweep(rule)
        async with here.opened(rule) as backstop:
            [told] = (await backstop.reporter.report()).backup_policies
        assert (told.vms, told.told.name, told.told.schedule) == (
            1,
            "gold",
            "every day at 22:00 W. Europe Standard Time",
        )
        assert "daily points kept 30 days" in told.told.kept
        run, local = told.told.next_run, told.told.local
        assert (run and f"{run:%d %H:%M}", local and f"{local:%d %H:%M}") == ("24 21:00", "24 22:00")


async def test_a_named_policy_that_no_vault_has_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        found = await here.sweep("backupPolicy: platinum")
        assert (found["vm-1"].verdict.state, found["vm-1"].outcome.error_code) == (
            State.NON_COMPLIANT,
            "BACKUP_POLICY_MISSING",
        )
        assert here.writes() == []


async def daily(here: Guided) -> dict[str, int]:
    """For how many days the vault's policies of the family `silver` keep daily points."""
    found = {name: each.points.daily for name, each in (await shown(here)).items() if name.startswith("silver")}
    return {name: kept.count for name, kept in found.items() if kept is not None}


async def test_a_policy_that_differs_is_edited_only_where_the_rule_manages_it(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.sweep(SILVER % "")
        longer = SILVER.replace("P30D", "P60D")
        second = here.add("vm-2").name
        await here.sweep(longer % "")
        assert await daily(here) == {"silver": 30, "silver-01": 60}  # one beside it, as the rule asks
        assert [here.item(name).policy for name in ("vm-1", second)] == ["silver", "silver-01"]
        third = here.add("vm-3").name
        await here.sweep(longer % ", manage: true")
        assert await daily(here) == {"silver": 60, "silver-01": 60}
        assert here.item(third).policy == "silver"
        assert here.writes().count("PUT backupPolicies") == 3  # two made, one changed and waited for
        await here.right(dict.fromkeys(("vm-1", second, third), "protect"), allow="policy")


async def test_a_managed_policy_is_changed_once_though_no_vm_comes_under_it_anew(tmp_path: Path) -> None:
    async with guided(tmp_path, f"{VAULT}virtualMachines: [{{name: vm-1}}, {{name: vm-2}}]\n") as here:
        await here.sweep(SILVER % "")
        longer = SILVER.replace("P30D", "P60D") % ", manage: true"
        planned = await here.look(longer)
        assert [[each.kind.value for each in planned[name].actions] for name in ("vm-1", "vm-2")] == [
            ["EnsureBackupPolicy"],
            [],
        ]
        found = await here.sweep(longer)
        assert {each.verdict.state for each in found.values()} == {State.COMPLIANT}
        assert await daily(here) == {"silver": 60}
        for rule in (longer, longer.replace("P60D", "P14D"), longer.replace("P60D", "P90D").replace("true", "false")):
            await here.sweep(rule)
        assert await daily(here) == {"silver": 60}
        assert here.writes().count("PUT backupPolicies") == 2


async def test_even_a_managed_policy_is_never_made_to_keep_points_for_less_long(tmp_path: Path) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.sweep(SILVER % "")
        second = here.add("vm-2").name
        await here.sweep(SILVER.replace("P30D", "P14D") % ", manage: true")
        assert await daily(here) == {"silver": 30, "silver-01": 14}
        assert [here.item(name).policy for name in ("vm-1", second)] == ["silver", "silver-01"]


async def test_copies_are_made_before_a_policy_is_full(tmp_path: Path) -> None:
    text = VAULT + "virtualMachines:\n" + "".join(f"  - {{name: vm-{number}}}\n" for number in range(5))
    async with guided(tmp_path, text) as here:
        here.spec = here.spec.replace("amount: 1000}", "amount: 1000}, perBackupPolicy: 2")
        found = await here.sweep(GOLD)
        under = sorted(here.item(name).policy for name in found)
        assert under == ["gold", "gold", "gold-01", "gold-01", "gold-02"]
        policies = await shown(here)
        assert len({in_words(policies[name]) for name in set(under)}) == 1
        assert {each.verdict.state for each in found.values()} == {State.COMPLIANT}
        await here.right(dict.fromkeys(found, "protect"), allow="policy")
        again = await here.look(GOLD)
        assert {each.verdict.state for each in again.values()} == {State.COMPLIANT}


async def test_edits_of_a_vaults_policies_keep_within_their_day(tmp_path: Path) -> None:
    text = VAULT + "virtualMachines:\n" + "".join(f"  - {{name: vm-{number}}}\n" for number in range(3))
    async with guided(tmp_path, text) as here:
        here.spec = here.spec.replace("amount: 1000}", "amount: 1000}, perBackupPolicy: 1, backupPolicyEditsPerDay: 2")
        began = here.now()
        found = await here.sweep(GOLD)
        assert {each.verdict.state for each in found.values()} == {State.COMPLIANT}
        made = [each.at - began for each in here.world.ledger.writes if each.operation == "PUT backupPolicies"]
        assert [each < timedelta(hours=1) for each in made] == [True, True, False]
        assert made[2] >= timedelta(days=1)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ('{name: own, schedule: {at: "08:15"}}', "full or half hour"),
        ("{name: own, schedule: {every: PT4H}}", "Enhanced"),
        ("{name: own, retain: {daily: P3D}}", "7"),
        ("{name: own, timeZone: Europe/Berlin}", "W. Europe Standard Time"),
        ("{name: own, retain: {daily: P30D}, instantRestoreDays: 6}", "5"),
        ("{name: own, schedule: {every: P1W}, retain: {daily: P30D}}", "daily"),
    ],
)
def test_what_azure_would_refuse_is_refused_before_any_call(policy: str, why: str) -> None:
    with pytest.raises(PolicyFileError, match=why):
        compiled(f"rules: [{{name: r, priority: 1, match: {{}}, backupPolicy: {policy}}}]")
