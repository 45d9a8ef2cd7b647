from dataclasses import replace

from shared.domain.backup_policy import BackupPolicy
from shared.domain.model import Vault, Vm
from shared.domain.policy_tools.live import Demand, Place, demand, lacking
from tests.fakes import DEFAULT, START, SUB, a_vault, a_vm
from tests.policies import compiled

POLICY = """
rules:
  - name: gold
    priority: 1
    match: {tags: {tier: gold}}
    vault: {select: {names: gold-*}}
    backupPolicy: {name: Gold, type: Enhanced}
  - name: named
    priority: 2
    match: {tags: {backup: {like: "*"}}}
    backupPolicy: {fromTag: backup}
  - name: told
    priority: 3
    match: {tags: {told: "yes"}}
    backupPolicy: {name: Told, retain: {daily: P60D}}
  - {name: rest, priority: 4, match: {}}
exclude: {any: [{names: [skip]}]}
"""
STANDARD = BackupPolicy("DefaultPolicy")


def lacks(vms: list[Vm], vaults: tuple[Vault, ...], *held: BackupPolicy) -> list[str]:
    policy = compiled(POLICY)
    found: dict[Place, Demand] = {}
    for vm in vms:
        demand(policy, vm, vaults, START, found)
    return list(lacking(policy, found.values(), {each.id.key: held for each in vaults}))


def test_an_estate_that_has_all_lacks_nothing() -> None:
    assert lacks([a_vm(), a_vm("x", tags={"backup": "Silver"})], (a_vault(),), STANDARD, BackupPolicy("silver")) == []


def test_a_place_without_a_vault_that_the_rule_accepts_is_named_once_with_its_vms() -> None:
    vms = [a_vm(f"vm-{n}", tags={"tier": "gold"}) for n in range(3)] + [a_vm(), a_vm("far", location="eastus")]
    assert lacks(vms, (a_vault(),), STANDARD) == [
        f"rule gold, 3 VMs in westeurope: subscription {SUB} has no vault there that the rule accepts",
        f"rule rest, 1 VM in eastus: subscription {SUB} has no vault there that the rule accepts",
    ]


def test_a_backup_policy_that_the_vault_does_not_hold_is_named() -> None:
    gold = (a_vault("gold-1"),)
    assert lacks([a_vm(tags={"tier": "gold"})], gold, STANDARD) == [
        "rule gold, 1 VM in westeurope: the vault gold-1 holds no backup policy Gold (asked for by 1)"
    ]
    named = [
        a_vm("a", tags={"backup": "Silver"}),
        a_vm("b", tags={"backup": "Bronze"}),
        a_vm("c", tags={"backup": "Bronze"}),
    ]
    assert [each.partition("holds")[2] for each in lacks(named, (a_vault(),), STANDARD)] == [
        " no backup policy Bronze (asked for by 2)",
        " no backup policy Silver (asked for by 1)",
    ]


def test_a_backup_policy_of_another_kind_is_named() -> None:
    vms, gold = [a_vm(tags={"tier": "gold"})], (a_vault("gold-1"),)
    assert "is Standard, and the rule describes Enhanced" in lacks(vms, gold, BackupPolicy("gold"))[0]
    assert lacks(vms, gold, BackupPolicy("gold", enhanced=True)) == []
    assert "is not one for VMs" in lacks(vms, gold, BackupPolicy("Gold", for_vms=False))[0]


def test_a_described_backup_policy_is_compared_and_may_be_missing() -> None:
    vms, vaults = [a_vm(tags={"told": "yes"})], (a_vault(),)
    assert lacks(vms, vaults, STANDARD) == []
    [differs] = lacks(vms, vaults, replace(DEFAULT, name="TOLD"))
    assert differs.endswith("Told in the vault vault-1 differs in its daily points: kept 30 days, wanted for 60 days")


def test_vms_that_are_left_alone_ask_for_nothing() -> None:
    out = {"backup-opt-out": "reason=x; until=2026-12-01"}
    assert lacks([a_vm("skip"), a_vm("out", tags=out)], ()) == []
    assert len(lacks([a_vm()], (replace(a_vault(), ready=False),), STANDARD)) == 1
