import textwrap
from datetime import UTC, datetime

import pytest

from shared.domain.model import Protection, ProtectionState, Unread
from shared.domain.policy_tools.case_keys import CASE_DESCRIPTIONS
from shared.domain.policy_tools.case_run import CaseResult, run_cases, unreached
from shared.domain.policy_tools.case_seen import observation
from shared.domain.policy_tools.cases import PolicyCases, read_cases
from tests.policies import compiled, demo_policy

HEAD = "apiVersion: backstop/v1\nkind: PolicyCases\npolicy: ./p.yaml\nnow: 2026-11-24T08:00:00Z\n"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def cases_of(text: str) -> PolicyCases:
    reading = read_cases(HEAD + textwrap.dedent(text), "p.cases.yaml")
    assert reading.cases is not None, reading.errors
    return reading.cases


def errors(text: str, head: str = HEAD) -> list[str]:
    reading = read_cases(head + text, "c.yaml")
    assert reading.cases is None
    return [str(each) for each in reading.errors]


def one(vm: str, expect: str, policy: str = "") -> CaseResult:
    cases = cases_of(f"cases: [{{name: it, vm: {vm}, expect: {expect}}}]")
    (result,) = run_cases(cases, compiled(policy) if policy else demo_policy())
    return result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cases: []\n", "c.yaml:5:1: cases: must hold something"),
        ("cases: [{expect: {verdict: EXEMPT}}]\n", "c.yaml:5:9: cases[0]: the key 'name' is missing"),
        ("cases: [{name: a, expect: {}}]\n", "cases[0].expect: the key 'verdict' is missing"),
        ("cases: [{name: a, expect: {verdict: EXEMPTED}}]\n", "(did you mean 'EXEMPT'?)"),
        (
            "cases: [{name: a, vm: {tag: {}}, expect: {verdict: EXEMPT}}]\n",
            "vm.tag: unknown key (did you mean 'tags'?)",
        ),
        (
            "cases: [{name: a, vm: {tags: {a: 1}}, expect: {verdict: EXEMPT}}]\n",
            "tags.a: must be text, not the number 1",
        ),
        ("cases: [{name: a, vm: {tags: }, expect: {verdict: EXEMPT}}]\n", "tags: has no value; give one"),
        (
            "cases: [{name: a, vm: {image: ubuntu}, expect: {verdict: EXEMPT}}]\n",
            "image: must be publisher/offer/sku, or",
        ),
        ("cases: [{name: a, vm: {age: 3d}, expect: {verdict: EXEMPT}}]\n", "vm.age: must be an ISO 8601 duration"),
        ("cases: [{name: a, now: 2026-01-01, expect: {verdict: EXEMPT}}]\n", "now: must be a moment, such as"),
        ("cases: [{name: a, now: 2026-01-01T10:00:00, expect: {verdict: EXEMPT}}]\n", "give the time zone too"),
        ("cases: [{name: a, vm: {protection: gone}, expect: {verdict: EXEMPT}}]\n", "protection: must be 'none',"),
        (
            "cases: [{name: a, expect: {verdict: EXEMPT, reasons: [OPTED-OUT]}}]\n",
            "expect.reasons[0]: 'OPTED-OUT' is no reason's code (did you mean 'OPTED_OUT'?)",
        ),
        (
            "cases: [{name: a, expect: {verdict: EXEMPT, actions: [Delete]}}]\n",
            "expect.actions[0]: must be 'CreateVault'",
        ),
        ("defaults: {vm: {}}\ncases: [{name: a, expect: {verdict: EXEMPT}}]\n", "defaults.vm: unknown key"),
        (
            "cases: [{name: a, vm: {age: P1D, created: 2026-01-01T00:00:00Z}, expect: {verdict: EXEMPT}}]\n",
            "give `age` or `created`, not both",
        ),
        (
            "cases: [{name: a, expect: {verdict: EXEMPT}}, {name: a, expect: {verdict: EXEMPT}}]\n",
            "two cases are named 'a'",
        ),
        ("cases: &x []\n", "anchors and aliases"),
    ],
)
def test_a_mistake_in_the_cases_is_told_with_its_place(text: str, expected: str) -> None:
    found = errors(text)
    assert [each for each in found if expected in each], found


def test_a_case_file_says_what_it_is_and_when() -> None:
    found = errors("cases: [{name: a, expect: {verdict: EXEMPT}}]\n", "policy: p.yaml\n")
    assert [each.rpartition("'")[0].rpartition("'")[2] for each in found] == ["apiVersion", "kind", "now"]


def test_what_comes_as_expected_passes_and_names_its_rule() -> None:
    result = one("{tags: {env: prod}}", "{verdict: NON_COMPLIANT, rule: production, backupPolicy: EnhancedPolicy}")
    assert result.passed
    assert result.rule == "production"


@pytest.mark.parametrize(
    ("expect", "key", "expected", "got"),
    [
        ("verdict: COMPLIANT", "verdict", "COMPLIANT", "NON_COMPLIANT"),
        ("verdict: NON_COMPLIANT, rule: production", "rule", "production", "default"),
        ('verdict: NON_COMPLIANT, rule: ""', "rule", "none", "default"),
        ("verdict: NON_COMPLIANT, reasons: []", "reasons", "none", "UNPROTECTED"),
        (
            "verdict: NON_COMPLIANT, reasons: [UNPROTECTED, SETTLING]",
            "reasons",
            "SETTLING, UNPROTECTED",
            "UNPROTECTED",
        ),
        (
            "verdict: NON_COMPLIANT, actions: [StartInitialBackup, EnableProtection]",
            "actions",
            "StartInitialBackup, EnableProtection",
            "EnableProtection, StartInitialBackup",
        ),
        ("verdict: NON_COMPLIANT, writes: false", "writes", "false", "true"),
        ("verdict: NON_COMPLIANT, backupPolicy: Gold", "backupPolicy", "Gold", "DefaultPolicy"),
        ("verdict: NON_COMPLIANT, vault: other", "vault", "other", "vault-01"),
    ],
)
def test_what_differs_is_told_with_what_came(expect: str, key: str, expected: str, got: str) -> None:
    result = one("{}", f"{{{expect}}}")
    assert [(each.key, each.expected, each.got) for each in result.differences] == [(key, expected, got)]
    assert "UNPROTECTED: No backup protects this VM" in result.why


def test_a_failed_case_says_which_condition_did_not_hold_on_which_value() -> None:
    why = one("{tags: {Env: dev}}", "{verdict: NON_COMPLIANT, rule: production}").why
    assert "rule production (priority 10) does not match:" in why
    assert [each for each in why if "tag env is prod" in each and "Env=dev" in each]
    assert "rule default (priority 1000) matches" in why
    why = one("{}", "{verdict: NON_COMPLIANT, rule: production}").why
    assert "  tag env is prod; it has no such tag" in why
    assert "the policy has no rule prodction" in one("{}", "{verdict: EXEMPT, rule: prodction}").why
    assert "excluded by exclude.any[0]" in one("{group: sandbox-1}", "{verdict: EXEMPT}").why


def test_a_rule_that_matches_but_comes_later_is_told_so() -> None:
    why = one("{tags: {env: prod}}", "{verdict: NON_COMPLIANT, rule: default}").why
    assert "rule production (priority 10) matches first" in why


def test_a_name_that_no_vm_can_have_fails_its_case_alone() -> None:
    cases = cases_of(
        """
        cases:
          - {name: bad, vm: {name: "a/b"}, expect: {verdict: NON_COMPLIANT}}
          - {name: good, expect: {verdict: NON_COMPLIANT}}
        """
    )
    bad, good = run_cases(cases, demo_policy())
    assert [each.key for each in bad.differences] == ["vm"]
    assert good.passed


def test_the_defaults_are_what_every_vm_begins_with_and_its_own_keys_win_whole() -> None:
    cases = cases_of(
        """
        defaults: {tags: {env: prod, a: b}, location: northeurope, age: P9D}
        cases:
          - {name: one, expect: {verdict: EXEMPT}}
          - {name: two, vm: {tags: {c: d}, created: 2026-11-01T00:00:00Z}, expect: {verdict: EXEMPT}}
        """
    )
    first, second = (cases.vm_of(each) for each in cases.cases)
    assert (first.tags, first.location) == ({"env": "prod", "a": "b"}, "northeurope")
    assert (second.tags, second.location, second.age) == ({"c": "d"}, "northeurope", None)
    _, vm = observation(second, NOW, demo_policy())
    assert vm.created == datetime(2026, 11, 1, tzinfo=UTC)


def test_every_key_of_a_vm_in_short_form_reaches_the_vm() -> None:
    text = """
      {name: n, group: g, subscription: s, location: West Europe,
       tags: {a: b}, groupTags: {c: d}, subscriptionTags: {e: f}, managementGroups: [m, r],
       image: p/o/k, os: linux, size: z, securityType: TrustedLaunch, diskTypes: UltraSSD_LRS,
       encryption: customer, zones: "1", priority: Spot, powerState: running, age: P2D, managedBy: x, groupManagedBy: y,
       hostPoolType: Pooled, ephemeralOsDisk: true, provisioningState: Deleting, optedOutSince: 2026-11-01T00:00:00Z,
       vaults: [v1, {name: v2, location: East US, tags: {t: u}, ready: false, subscription: other}],
       protection: {state: firstBackupPending, vault: v2, lastBackupFailed: true, backupPolicy: P1}}
    """
    short = (
        cases_of(f"cases:\n  - name: it\n    vm: {' '.join(text.split())}\n    expect: {{verdict: EXEMPT}}\n")
        .cases[0]
        .vm
    )
    given = {key for key in CASE_DESCRIPTIONS["CaseVm"] if key not in {"created", "unread"}}
    assert {type(short).model_fields[each].alias for each in short.model_fields_set} == given
    seen, vm = observation(short, NOW, demo_policy())
    assert (vm.id.name, vm.id.resource_group, vm.subscription_name, vm.location) == ("n", "g", "s", "westeurope")
    assert (vm.tags, vm.group_tags, vm.subscription_tags) == ({"a": "b"}, {"c": "d"}, {"e": "f"})
    assert (vm.management_groups, vm.image.sku, vm.os_type, vm.size) == (("m", "r"), "k", "Linux", "z")
    assert (vm.security_type, vm.disk_types, vm.encryption, vm.zones) == (
        "TrustedLaunch",
        ("UltraSSD_LRS",),
        ("customer",),
        ("1",),
    )
    assert (vm.priority, vm.power_state, vm.managed_by, vm.group_managed_by) == ("Spot", "running", "x", "y")
    assert (vm.host_pool_type, vm.ephemeral_os_disk, vm.provisioning_state) == ("Pooled", True, "Deleting")
    assert vm.created == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert seen.opt_out is not None
    assert seen.opt_out.first_seen == datetime(2026, 11, 1, tzinfo=UTC)
    assert not isinstance(seen.vaults, Unread)
    first, second = seen.vaults
    assert (first.location, first.id.subscription_id) == ("westeurope", vm.id.subscription_id)
    assert (second.location, second.tags, second.ready) == ("eastus", {"t": "u"}, False)
    assert second.id.subscription_id != vm.id.subscription_id
    assert isinstance(seen.protection, Protection)
    assert (seen.protection.state, seen.protection.backup_policy) == (ProtectionState.FIRST_BACKUP_PENDING, "P1")
    assert seen.protection.vault_id == second.id.text
    assert not seen.protection.has_recovery_point


def test_a_backup_outside_the_vm_s_subscription_is_told() -> None:
    result = one(
        "{protection: {state: protected, vault: far-away}}",
        "{verdict: COMPLIANT, reasons: [PROTECTED, PROTECTED_ELSEWHERE], vault: far-away}",
    )
    assert result.passed, result


def test_what_is_not_read_is_unknown() -> None:
    for part in ("vm", "protection", "vaults"):
        assert one(f"{{unread: {part}}}", "{verdict: UNKNOWN, reasons: READ_FAILED, actions: [], vault: ''}").passed


def test_rules_that_no_case_reaches_are_named_in_their_order() -> None:
    policy = compiled("rules: [{name: b, priority: 2, match: {}}, {name: a, priority: 1, match: {names: [x]}}]")
    cases = cases_of("cases: [{name: one, expect: {verdict: NON_COMPLIANT}}]")
    assert unreached(policy, run_cases(cases, policy)) == ("a",)
    assert unreached(policy, ()) == ("a", "b")


MADE = "EnsureBackupPolicy, EnableProtection, StartInitialBackup"
GOLD = """
mode: enforce
rules:
  - name: all
    priority: 1
    match: {}
    vault: {whenMissing: create, redundancy: GeoRedundant}
    backupPolicy: {name: gold, retain: {daily: P30D}}
    existing: {stopped: resume, softDeleted: undelete, otherPolicy: change}
"""


@pytest.mark.parametrize(
    ("vm", "expect"),
    [
        (
            "{vaults: []}",
            f"vault: backstop-westeurope, actions: [CreateVault, {MADE}]",
        ),
        (
            "{vaults: [{name: own, redundancy: GeoRedundant}]}",
            "actions: [EnableProtection, StartInitialBackup], vault: own, backupPolicy: gold",
        ),
        (
            "{vaults: [{name: own, redundancy: LocallyRedundant}]}",
            f"actions: [CreateVault, {MADE}]",
        ),
        ("{protection: stopped}", "actions: ResumeProtection, vault: vault-01"),
        ("{protection: softDeleted}", "actions: [Undelete, ResumeProtection]"),
        ("{protection: {state: protected, backupPolicy: silver}}", "actions: ChangeBackupPolicy"),
    ],
)
def test_what_is_made_and_what_is_mended_can_be_expected(vm: str, expect: str) -> None:
    assert one(vm, f"{{verdict: NON_COMPLIANT, {expect}}}", GOLD).differences == ()
