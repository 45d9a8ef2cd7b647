"""What the parts of a policy make of a VM: scope, built-in exclusions, a rule's `exclude`, tags that name a policy."""

from typing import Any

import pytest

from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Observation, Protection, ProtectionState, Vm
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from tests.fakes import START, SUB, a_vault, a_vm, an_item
from tests.policies import compiled

VAULT = a_vault()
ALL = "rules: [{name: all, priority: 1, match: {}}]"


def codes(spec: str, vm: Vm, item: Protection = UNPROTECTED, stretch: OptOutStretch | None = None) -> list[str]:
    """The state, and the codes of the reasons."""
    policy = compiled(f"mode: enforce\n{spec}")
    verdict = evaluate(Observation(vm, item, (VAULT,), START, stretch), policy, START)
    return [verdict.state.value, *(each.reason.code for each in verdict.reasons)]


def enabled_under(spec: str, vm: Vm) -> str | None:
    """The backup policy of the protection that is planned; None where none is."""
    policy = compiled(f"mode: enforce\n{spec}")
    seen = Observation(vm, UNPROTECTED, (VAULT,), START)
    actions = plan(seen, evaluate(seen, policy, START), policy)
    return actions[0].backup_policy if actions else None


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        ("{}", True),
        (f"{{subscriptions: ['{SUB.upper()}']}}", True),
        ("{subscriptions: [corp-*]}", True),
        ("{subscriptions: [labs-*]}", False),
        ("{managementGroups: [CORP]}", True),
        ("{managementGroups: [labs], subscriptions: [corp-prod]}", True),
        ("{managementGroups: [labs]}", False),
        ("{managementGroups: [corp], excludeSubscriptions: ['*-prod']}", False),
        ("{excludeManagementGroups: [root]}", False),
        ("{excludeManagementGroups: [labs], excludeSubscriptions: ['*-dev']}", True),
    ],
)
def test_the_scope_ends_the_matter_for_vms_outside(scope: str, inside: bool) -> None:
    vm = a_vm(subscription_name="corp-prod", management_groups=("corp", "root"))
    expected = ["NON_COMPLIANT", "UNPROTECTED"] if inside else ["NOT_APPLICABLE", "OUT_OF_SCOPE"]
    assert codes(f"scope: {scope}\n{ALL}", vm) == expected


@pytest.mark.parametrize(
    ("vm", "builtin", "reason"),
    [
        (a_vm(priority="Spot"), "spot", "EXCLUDED_SPOT"),
        (a_vm(tags={"CitrixResource": "x"}), "citrix", "EXCLUDED_CITRIX"),
    ],
)
def test_citrix_and_spot_are_left_alone_only_where_asked(vm: Vm, builtin: str, reason: str) -> None:
    assert codes(ALL, vm) == ["NON_COMPLIANT", "UNPROTECTED"]
    assert codes(f"exclude: {{builtin: [{builtin}]}}\n{ALL}", vm) == ["NOT_APPLICABLE", reason]


@pytest.mark.parametrize(
    ("vm", "reason"),
    [
        (a_vm(group="databricks-rg-1"), "EXCLUDED_DATABRICKS"),
        (a_vm(group="MC_a_b_c"), "EXCLUDED_AKS"),
        (a_vm(tags={"BatchAccountName": "b", "PoolName": "p"}), "EXCLUDED_BATCH"),
        (a_vm(host_pool_type="Pooled"), "EXCLUDED_AVD_POOLED"),
    ],
)
def test_the_others_are_left_alone_unless_told_otherwise(vm: Vm, reason: str) -> None:
    assert codes(ALL, vm) == ["NOT_APPLICABLE", reason]
    assert codes(f"exclude: {{builtin: []}}\n{ALL}", vm) == ["NON_COMPLIANT", "UNPROTECTED"]


@pytest.mark.parametrize("exclude", ["", "exclude: {builtin: []}"])
def test_what_azure_does_not_take_is_left_alone_whatever_the_policy_says(exclude: str) -> None:
    vm = a_vm(ephemeral_os_disk=True)
    assert codes(f"{exclude}\n{ALL}", vm) == ["NOT_APPLICABLE", "UNSUPPORTED_EPHEMERAL_OS_DISK"]


def test_a_vm_that_a_rule_excludes_goes_on_to_the_next_rule() -> None:
    spec = """
rules:
  - name: web
    priority: 1
    match: {names: web-*}
    exclude: [{tags: {role: cache}}, {sizes: "*_b*"}]
    backupPolicy: Gold
  - {name: rest, priority: 2, match: {}, backupPolicy: Bronze}
"""
    assert enabled_under(spec, a_vm()) == "Gold"
    assert enabled_under(spec, a_vm(tags={"role": "cache"})) == "Bronze"
    assert enabled_under(spec, a_vm(size="Standard_B2ms")) == "Bronze"


@pytest.mark.parametrize(
    ("choice", "tags", "expected"),
    [
        ("{fromTag: Tier}", {"tier": "Gold"}, "Gold"),
        ("{fromTag: tier, allowed: [gold, s*]}", {"TIER": "Silver"}, "Silver"),
        ("{fromTag: tier, name: Bronze}", {}, "Bronze"),
        ("{fromTag: tier, name: Bronze}", {"tier": ""}, "Bronze"),
        ("{fromTag: tier}", {}, Reason.BACKUP_POLICY_NOT_NAMED),
        ("{fromTag: tier, allowed: [gold]}", {"tier": "lead"}, Reason.BACKUP_POLICY_NOT_ALLOWED),
        ("{fromTag: tier, name: Bronze, allowed: [gold]}", {"tier": "lead"}, Reason.BACKUP_POLICY_NOT_ALLOWED),
        ("{fromTag: tier}", {"tier": "../../vaults/other"}, Reason.BACKUP_POLICY_NOT_ALLOWED),
        ("{fromTag: tier}", {"tier": "Gold\r\nX-Evil: 1"}, Reason.BACKUP_POLICY_NOT_ALLOWED),
        ("{fromTag: tier}", {"tier": "Gold?api-version=1"}, Reason.BACKUP_POLICY_NOT_ALLOWED),
    ],
)
def test_a_tag_can_name_the_backup_policy_and_nothing_but_a_name_counts(
    choice: str, tags: dict[str, str], expected: str | Reason
) -> None:
    spec = f"rules: [{{name: all, priority: 1, match: {{}}, backupPolicy: {choice}}}]"
    if isinstance(expected, Reason):
        assert enabled_under(spec, a_vm(tags=tags)) is None
        assert codes(spec, a_vm(tags=tags)) == ["NON_COMPLIANT", "UNPROTECTED", expected.code]
    else:
        assert enabled_under(spec, a_vm(tags=tags)) == expected
        assert enabled_under(spec, a_vm(subscription_tags=tags)) == expected  # inherited


@pytest.mark.parametrize(
    ("opt_out", "text", "reason"),
    [
        ("{}", "reason=x; until=2026-12-01", "OPTED_OUT"),
        ("{}", "reason=x; until=2026-10-01", "OPT_OUT_EXPIRED"),
        ("{}", "no", "OPT_OUT_MALFORMED"),
        ("{}", "reason=x; until=2027-12-01", "OPT_OUT_TOO_LONG"),
        ("{reasons: [ephemeral]}", "reason=x; until=2026-12-01", "OPT_OUT_REASON_NOT_ALLOWED"),
        ("{reasons: ['EPH*']}", "reason=ephemeral; until=2026-12-01", "OPTED_OUT"),
        ("{require: [ref]}", "reason=x; until=2026-12-01", "OPT_OUT_MALFORMED"),
        ("{require: [], maxDuration: null}", "reason=x", "OPTED_OUT"),
        ("{require: []}", "reason=x", "OPT_OUT_TOO_LONG"),
        ("{tag: Keep-Out}", "reason=x; until=2026-12-01", ""),
    ],
)
def test_each_opt_out_is_honoured_or_told_why_not(opt_out: str, text: str, reason: str) -> None:
    vm, spec = a_vm(tags={"Backup-Opt-Out": text}), f"optOut: {opt_out}\n{ALL}"
    if reason == "OPTED_OUT":
        assert codes(spec, vm) == ["EXEMPT", "OPTED_OUT", "UNPROTECTED"]
    else:
        assert codes(spec, vm) == ["NON_COMPLIANT", "UNPROTECTED", *([reason] if reason else [])]
    protected = an_item(vm.id, ProtectionState.PROTECTED, VAULT)
    assert codes(spec, vm, protected)[:2] == ["COMPLIANT", "PROTECTED"]  # it never stops a protection that stands


def test_a_tag_of_the_group_or_subscription_opts_nobody_out() -> None:
    out: Any = {"backup-opt-out": "reason=x; until=2026-12-01"}
    assert codes(ALL, a_vm(group_tags=out, subscription_tags=out)) == ["NON_COMPLIANT", "UNPROTECTED"]
