from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.matching import evaluate
from shared.domain.model import Image, Observation, Protection, ProtectionState, State, Unread, Vault, Vm
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from tests.fakes import START, a_vault, a_vm, an_item
from tests.policies import compiled, demo_policy

POLICY = demo_policy()
VAULT = a_vault()
VM = a_vm()
PROD = a_vm(tags={"ENV": "prod"})
OUT = a_vm(tags={"Backup-Opt-Out": "reason=ephemeral; until=2026-12-31"})
NONE = Protection(ProtectionState.NONE)
S = ProtectionState


def seen(
    vm: Vm | Unread, protection: Protection | Unread, vaults: tuple[Vault, ...] | Unread = (VAULT,)
) -> Observation:
    return Observation(vm, protection, vaults, START)


def item(state: ProtectionState, policy: str = "DefaultPolicy", **changes: object) -> Protection:
    return an_item(VM.id, state, VAULT, policy, **changes)


@pytest.mark.parametrize(
    ("observation", "state", "reasons", "actions"),
    [
        (seen(VM, NONE), State.NON_COMPLIANT, ["UNPROTECTED"], ["EnableProtection", "StartInitialBackup"]),
        (seen(PROD, NONE), State.NON_COMPLIANT, ["UNPROTECTED"], ["EnableProtection", "StartInitialBackup"]),
        (seen(VM, NONE, ()), State.NON_COMPLIANT, ["UNPROTECTED", "NO_VAULT_IN_REGION"], []),
        (seen(VM, NONE, (a_vault(location="eastus"),)), State.NON_COMPLIANT, ["UNPROTECTED", "NO_VAULT_IN_REGION"], []),
        (
            seen(VM, NONE, (replace(VAULT, ready=False),)),
            State.NON_COMPLIANT,
            ["UNPROTECTED"],
            ["EnableProtection", "StartInitialBackup"],  # held up until the vault is ready
        ),
        (seen(replace(VM, created=START), NONE), State.NON_COMPLIANT, ["UNPROTECTED", "SETTLING"], []),
        (seen(VM, item(S.PROTECTED)), State.COMPLIANT, ["PROTECTED"], []),
        (seen(VM, item(S.PROTECTED, "defaultpolicy")), State.COMPLIANT, ["PROTECTED"], []),
        (seen(VM, item(S.PROTECTED, "Gold")), State.NON_COMPLIANT, ["OTHER_BACKUP_POLICY"], []),
        (seen(PROD, item(S.PROTECTED)), State.NON_COMPLIANT, ["OTHER_BACKUP_POLICY"], []),
        (seen(VM, item(S.FIRST_BACKUP_PENDING)), State.NON_COMPLIANT, ["NO_RECOVERY_POINT"], ["StartInitialBackup"]),
        (seen(VM, item(S.FIRST_BACKUP_PENDING, backup_running=True)), State.COMPLIANT, ["INITIAL_BACKUP_RUNNING"], []),
        (
            seen(VM, item(S.FIRST_BACKUP_PENDING, last_backup_status="Failed", last_backup=START)),
            State.NON_COMPLIANT,
            ["INITIAL_BACKUP_FAILED"],
            [],
        ),
        (seen(VM, item(S.CONFIGURING)), State.NON_COMPLIANT, ["PROTECTION_IN_PROGRESS"], []),
        (seen(VM, item(S.STOPPED)), State.NON_COMPLIANT, ["PROTECTION_STOPPED"], []),
        (seen(VM, item(S.SUSPENDED)), State.NON_COMPLIANT, ["PROTECTION_SUSPENDED"], []),
        (seen(VM, item(S.SOFT_DELETED)), State.NON_COMPLIANT, ["SOFT_DELETED"], []),
        (seen(VM, item(S.ERROR)), State.NON_COMPLIANT, ["PROTECTION_ERROR"], []),
        (seen(VM, item(S.UNRECOGNISED)), State.NON_COMPLIANT, ["UNRECOGNISED_PROTECTION_STATE"], []),
        (seen(VM, item(S.PROTECTED), ()), State.COMPLIANT, ["PROTECTED", "PROTECTED_ELSEWHERE"], []),
        (seen(OUT, NONE), State.EXEMPT, ["OPTED_OUT", "UNPROTECTED"], []),
        (seen(OUT, item(S.PROTECTED)), State.COMPLIANT, ["PROTECTED", "OPTED_OUT"], []),
        (seen(OUT, item(S.FIRST_BACKUP_PENDING)), State.EXEMPT, ["OPTED_OUT", "NO_RECOVERY_POINT"], []),
        (
            seen(replace(OUT, tags={**OUT.tags, "env": "prod"}), NONE),
            State.NON_COMPLIANT,
            ["UNPROTECTED", "OPT_OUT_FORBIDDEN"],
            ["EnableProtection", "StartInitialBackup"],
        ),
        (
            seen(a_vm(tags={"backup-opt-out": "please"}), NONE),
            State.NON_COMPLIANT,
            ["UNPROTECTED", "OPT_OUT_MALFORMED"],
            ["EnableProtection", "StartInitialBackup"],
        ),
        (seen(replace(VM, ephemeral_os_disk=True), NONE), State.NOT_APPLICABLE, ["UNSUPPORTED_EPHEMERAL_OS_DISK"], []),
        (seen(replace(VM, image=Image("AzureDatabricks")), NONE), State.NOT_APPLICABLE, ["EXCLUDED_DATABRICKS"], []),
        (seen(a_vm(group="sandbox-7"), item(S.PROTECTED)), State.NOT_APPLICABLE, ["EXCLUDED_BY_POLICY"], []),
        (seen(replace(VM, provisioning_state="Deleting"), NONE), State.NOT_APPLICABLE, ["VM_BEING_DELETED"], []),
        (seen(Unread("vm", "503"), NONE), State.UNKNOWN, ["READ_FAILED"], []),
        (seen(VM, Unread("item", "429")), State.UNKNOWN, ["READ_FAILED"], []),
        (seen(VM, item(S.PROTECTED), Unread("vaults", "timeout")), State.UNKNOWN, ["READ_FAILED"], []),
    ],
)
def test_what_is_seen_gets_its_verdict_and_its_plan(
    observation: Observation, state: State, reasons: list[str], actions: list[str]
) -> None:
    verdict = evaluate(observation, POLICY, START)
    assert (verdict.state, [each.reason.code for each in verdict.reasons]) == (state, reasons)
    assert [each.kind for each in plan(observation, verdict, POLICY)] == actions


def test_the_lowest_priority_that_matches_wins_whatever_the_file_s_order() -> None:
    policy = compiled("""
        rules:
          - {name: last, priority: 30, match: {}}
          - {name: web, priority: 20, match: {names: ["web-*"]}}
          - {name: first, priority: 10, match: {names: ["web-01"]}}
    """)
    verdicts = {name: evaluate(seen(a_vm(name), NONE), policy, START).rule for name in ("web-01", "web-02", "db-01")}
    assert verdicts == {"web-01": "first", "web-02": "web", "db-01": "last"}


def test_without_a_matching_rule_nothing_is_asked_of_a_vm() -> None:
    policy = compiled("rules: [{name: db, priority: 1, match: {names: ['db-*']}}]")
    verdict = evaluate(seen(VM, NONE), policy, START)
    assert (verdict.state, verdict.reasons[0].reason) == (State.NOT_APPLICABLE, Reason.NO_RULE_MATCHES)


def test_a_rule_without_a_backup_policy_accepts_any_and_makes_default_ones() -> None:
    policy = compiled("rules: [{name: all, priority: 1, match: {}}]")
    assert evaluate(seen(VM, item(S.PROTECTED, "Whatever")), policy, START).state is State.COMPLIANT
    made = plan(seen(VM, NONE), evaluate(seen(VM, NONE), policy, START), policy)
    assert made[0].backup_policy == "DefaultPolicy"


def test_a_disabled_policy_asks_for_nothing() -> None:
    policy = compiled("mode: disabled\nrules: [{name: all, priority: 1, match: {}}]")
    assert evaluate(seen(VM, NONE), policy, START).state is State.NOT_APPLICABLE


def test_a_vault_must_be_accepted_by_the_rule_and_lie_in_the_vm_s_region_and_subscription() -> None:
    policy = compiled(
        "rules: [{name: all, priority: 1, match: {}, vault: {select: {tags: {tier: gold}, names: ['v-*']}}}]"
    )
    other = "22222222-2222-4222-8222-222222222222"
    vaults = (
        replace(a_vault("v-1"), tags={"tier": "silver"}),
        replace(a_vault("x-1"), tags={"tier": "gold"}),
        replace(a_vault("v-0", subscription=other), tags={"tier": "gold"}),
        replace(a_vault("v-0", location="eastus"), tags={"tier": "gold"}),
        replace(a_vault("v-9"), tags={"Tier": "gold"}),
        replace(a_vault("v-5"), tags={"TIER": "gold"}),
    )
    observation = seen(VM, NONE, vaults)
    assert plan(observation, evaluate(observation, policy, START), policy)[0].vault_id == a_vault("v-5").id.text


def test_settle_ends() -> None:
    young = replace(VM, created=START)
    assert not evaluate(seen(young, NONE), POLICY, START + timedelta(minutes=10)).has(Reason.SETTLING)


@pytest.mark.parametrize(
    ("vm", "protection", "kinds"),
    [
        (VM, item(S.PROTECTED), ["StartBackup"]),
        (VM, item(S.ERROR), ["StartBackup"]),
        (VM, item(S.PROTECTED, backup_running=True), []),
        (VM, item(S.STOPPED), []),
        (VM, item(S.SOFT_DELETED), []),
        (VM, NONE, ["EnableProtection", "StartInitialBackup"]),
        (OUT, NONE, []),
        (OUT, item(S.PROTECTED), []),
        (a_vm(group="sandbox-1"), item(S.PROTECTED), []),
    ],
)
def test_a_person_s_wish_for_a_backup_overrides_no_verdict(vm: Vm, protection: Protection, kinds: list[str]) -> None:
    observation = seen(vm, protection)
    verdict = evaluate(observation, POLICY, START)
    assert [each.kind for each in plan(observation, verdict, POLICY, backup_now=True)] == kinds


def test_a_rule_can_leave_the_first_backup_to_the_schedule() -> None:
    policy = compiled("rules: [{name: all, priority: 1, match: {}, initialBackup: {enabled: false}}]")
    observation = seen(VM, NONE)
    assert [each.kind for each in plan(observation, evaluate(observation, policy, START), policy)] == [
        "EnableProtection"
    ]
    assert evaluate(seen(VM, item(S.FIRST_BACKUP_PENDING)), policy, START).state is State.COMPLIANT
