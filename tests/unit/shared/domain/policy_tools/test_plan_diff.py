"""What a plan says against the one before."""

from dataclasses import replace

from shared.domain.model import (
    UNPROTECTED,
    Finding,
    Outcome,
    ReasonDetail,
    State,
    Status,
    Verdict,
)
from shared.domain.policy_tools.plan_diff import Plan, Planned, compare
from shared.domain.reasons import Reason
from tests.fakes import START, vm_id

ENABLE, BACKUP = {"action": "EnableProtection", "vault": "v1"}, {"action": "StartInitialBackup", "vault": "v1"}


def a_plan(**steps: tuple[dict[str, str], ...]) -> Plan:
    vms = {vm_id(name).key: Planned(vm_id(name).text, made) for name, made in steps.items()}
    return Plan("2026-11-01T12:00:00Z", "corp", "abc", vms)


def finding(name: str, state: State, reason: Reason) -> Finding:
    verdict = Verdict(state, (ReasonDetail(reason),))
    return Finding(vm_id(name), "westeurope", verdict, UNPROTECTED, (), Outcome(Status.DRY_RUN), START)


def test_every_vm_of_either_plan_stands_where_it_belongs() -> None:
    before = a_plan(same=(ENABLE,), other=(ENABLE, BACKUP), done=(ENABLE,), gone=(ENABLE,), hidden=(ENABLE,))
    now = a_plan(same=(ENABLE,), other=(BACKUP,), fresh=(ENABLE,))
    findings = [
        *(finding(name, State.NON_COMPLIANT, Reason.UNPROTECTED) for name in ("same", "other", "fresh")),
        finding("done", State.COMPLIANT, Reason.PROTECTED),
        finding("hidden", State.UNKNOWN, Reason.READ_FAILED),
    ]
    found = compare(before, now, findings)
    assert [each.vm for each in found.newly] == [vm_id("fresh").text]
    assert {each.planned.vm: each.why for each in found.no_longer} == {
        vm_id("done").text: "COMPLIANT: PROTECTED",
        vm_id("gone").text: "GONE",
    }
    assert [(old.steps, new.steps) for old, new in found.changed] == [((ENABLE, BACKUP), (BACKUP,))]
    assert found.unread == (vm_id("hidden").text,)
    assert found


def test_another_vault_is_another_action() -> None:
    elsewhere = {**ENABLE, "vault": "v2"}
    assert len(compare(a_plan(one=(ENABLE,)), a_plan(one=(elsewhere,)), ()).changed) == 1


def test_the_same_plan_has_no_difference_whatever_its_policy() -> None:
    one = a_plan(one=(ENABLE,))
    assert not compare(one, replace(one, at="later", policy_hash="def"), ())
