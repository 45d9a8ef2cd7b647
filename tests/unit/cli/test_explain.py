import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cli.commands.explain import held_up, next_step
from cli.output import explanation_json
from cli.output.console import out
from cli.output.explanation import Explained, show
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.explaining import Explanation, explain
from shared.domain.matching import evaluate
from shared.domain.model import (
    UNPROTECTED,
    Finding,
    Observation,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from tests.fakes import START, a_vault, a_vm, an_item, vm_id
from tests.policies import compiled, demo_policy

DEMO = demo_policy()
AUDIT = compiled("rules: [{name: all, priority: 1, match: {}}]")
VM = a_vm()


def explained(
    vm: Vm | Unread = VM, protection: Protection = UNPROTECTED, policy: CompiledPolicy = DEMO, paused: str = ""
) -> Explained:
    seen = Observation(vm, protection, (a_vault(),), START)
    verdict = evaluate(seen, policy, START)
    actions = plan(seen, verdict, policy)
    why = held_up(policy.policy, verdict, paused) if actions else None
    step = next_step(policy.policy, seen, verdict, actions, why)
    return Explained(VM.id, policy.policy, seen, verdict, actions, explain(seen, verdict, policy), step, None, why)


def shown(each: Explained, capsys: pytest.CaptureFixture[str]) -> str:
    out.cache_clear()
    show(each)
    out.cache_clear()
    return capsys.readouterr().out


OPT_OUT = {"backup-opt-out": "reason=x; until=2026-12-01"}


@pytest.mark.parametrize(
    ("each", "step"),
    [
        (explained(), "The next sweep with --enforce takes the steps above"),
        (explained(policy=AUDIT), "Nothing is written: the policy's mode is audit"),
        (explained(paused="change freeze"), "Nothing is written: Backstop is paused (change freeze)"),
        (explained(Unread("the VM", "timed out")), "Nothing is written while something cannot be read"),
        (explained(replace(VM, created=START)), "left alone until 2026-11-01 12:10 UTC"),
        (explained(protection=an_item(VM.id, ProtectionState.CONFIGURING, a_vault())), "Azure is at work"),
        (explained(protection=an_item(VM.id, ProtectionState.STOPPED, a_vault())), "leaves it to a person"),
        (explained(protection=an_item(VM.id, ProtectionState.PROTECTED, a_vault())), "has the backup that its rule"),
        (explained(replace(VM, tags=OPT_OUT)), "as long as its owner's opt-out is honoured"),
        (explained(replace(VM, provisioning_state="Deleting")), "the policy leaves this VM alone"),
    ],
)
def test_the_next_step_is_said_in_a_sentence(each: Explained, step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert step in each.next_step
    assert step in " ".join(shown(each, capsys).split())
    assert explanation_json.as_data(each)["next"] == each.next_step


def test_a_vm_that_is_gone_is_said_to_be_gone(capsys: pytest.CaptureFixture[str]) -> None:
    verdict = Verdict(State.NOT_APPLICABLE, (ReasonDetail(Reason.VM_GONE),))
    step = next_step(DEMO.policy, None, verdict, (), None)
    gone = Explained(VM.id, DEMO.policy, None, verdict, (), Explanation(), step, None)
    assert "Nothing: the VM does not exist." in shown(gone, capsys)
    assert explanation_json.as_data(gone)["seen"] is None


def test_it_names_the_rule_that_won_and_every_reason_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    vm = replace(VM, tags={"ENV": "prod", "backup-opt-out": "reason=x; until=2026-12-01"})
    text = shown(explained(vm), capsys)
    assert "NON_COMPLIANT under rule production" in text
    assert "rule production (priority 10)? matches, and wins" in text
    assert "rule default (priority 1000)? would match too, but was not asked any more" in text
    for reason in (Reason.UNPROTECTED, Reason.OPT_OUT_FORBIDDEN):
        assert reason.code in text
        assert reason.remedy in text
    assert "not honoured" in text
    assert "2. StartInitialBackup in vault vault-1 under backup policy EnhancedPolicy, kept for P60D" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reason=demo; until=2026-12-01", "it must have: reason, until, ref"),
        ("until=soon; reason=demo; ref=1", "it must have: reason, until, ref"),
        ("reason=holiday; until=2026-12-01; ref=1", "reasons that count: demo*, test"),
    ],
)
def test_an_owner_reads_what_the_opt_out_must_say(text: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = "{require: [reason, until, ref], reasons: [demo*, test]}"
    policy = compiled(f"optOut: {settings}\nrules: [{{name: all, priority: 1, match: {{}}}}]")
    each = explained(replace(VM, tags={"backup-opt-out": text}), policy=policy)
    assert told in shown(each, capsys)
    data = explanation_json.as_data(each)["optOut"]
    assert (data["require"], data["reasons"]) == (["reason", "until", "ref"], ["demo*", "test"])


def test_an_exclusion_ends_the_questions(capsys: pytest.CaptureFixture[str]) -> None:
    vm = a_vm(group="databricks-rg-1", tags=OPT_OUT)
    text = shown(explained(vm), capsys)
    assert "excluded as being deleted? no" in text
    assert "excluded as databricks? yes: A Databricks cluster owns this VM" in text
    assert "not asked any more: aks, ephemeral-os-disk, exclude.any[0]" in text
    assert "rule production (priority 10)? not asked, and would not match" in text
    assert "rule default (priority 1000)? not asked, and would match" in text
    assert "? not asked: a Databricks cluster owns this VM" in text


def test_it_promises_no_protection_to_a_vm_that_gets_none() -> None:
    reasons = explanation_json.as_data(explained(replace(VM, tags=OPT_OUT)))["reasons"]
    assert [(each["code"], each["remedy"]) for each in reasons] == [("OPTED_OUT", ""), ("UNPROTECTED", "")]


def test_tags_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    tags = {"[red]note[/red]": "a\x1b[31mb\nc", "backup-opt-out": "[bold]no[/bold]\x07"}
    text = shown(explained(replace(VM, tags=tags)), capsys)
    assert "[red]note[/red]=a\\u001b[31mb\\u000ac" in text
    assert "[bold]no[/bold]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_what_is_on_record_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    each = explained()
    outcome = Outcome(Status.FAILED, START + timedelta(hours=1), "UserErrorX", "Azure said no.", "Mend it")
    finding = Finding(vm_id(), "westeurope", each.verdict, None, each.actions, outcome, START, cause="event")
    text = shown(replace(each, on_record=finding), capsys)
    assert "2026-11-01T12:00:00Z  event: NON_COMPLIANT, FAILED" in text
    assert "UserErrorX: Azure said no. Mend it" in text
    assert "looked at again from 2026-11-01T13:00:00Z on" in text


def test_the_machine_form_is_json_and_holds_what_the_text_says() -> None:
    data = json.loads(json.dumps(explanation_json.as_data(explained())))
    assert (data["verdict"], data["rule"]) == ("NON_COMPLIANT", "default")
    assert [(each["name"], each["won"]) for each in data["rules"]] == [("production", False), ("default", True)]
    assert data["rules"][0]["conditions"] == [
        {"condition": "tag env is prod", "seen": "no such tag", "met": False, "inner": []}
    ]
    assert [each["action"] for each in data["actions"]] == ["EnableProtection", "StartInitialBackup"]
    assert data["vaults"][0]["chosen"] is True
    assert data["seen"]["protection"]["state"] == "none"
