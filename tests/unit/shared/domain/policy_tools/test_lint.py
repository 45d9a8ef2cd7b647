"""Warnings about sound policies: each is said where it holds, at its place, and not where it does not hold."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Observation, Vm
from shared.domain.policy_tools.lint import check_policy, remarks
from shared.domain.policy_tools.lint_rules import rules_that_never_win
from tests.fakes import START
from tests.policies import DEMO
from tests.strategies import policies, vms

HEAD = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: test}\nspec:\n"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
NBSP, ACUTE = "\u00a0", "\u0301"
REST = "rules: [{name: all, priority: 9, match: {}}]"


def warnings(spec: str) -> list[str]:
    text = HEAD + textwrap.indent(textwrap.dedent(spec).strip() + "\n", "  ")
    reading = check_policy(text, "p.yaml")
    assert not reading.errors
    return [str(each) for each in reading.warnings]


def rule(match: str, rest: str = "") -> str:
    return f"{{name: one, priority: 1, match: {match}{', ' + rest if rest else ''}}}"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            "rules:\n  - {name: one, priority: 5, match: {}}\n  - name: two\n    priority: 6\n    match: {names: [a]}",
            "p.yaml:9:7: spec.rules[1].match: no VM comes to this rule: 'one' (priority 5) matches all of them first",
        ),
        (
            "rules:\n  - {name: two, priority: 6, match: {names: [a]}}\n  - {name: one, priority: 5, match: {}}",
            "p.yaml:6:32: spec.rules[0].match: no VM comes to this rule: 'one'",
        ),
        (f"rules: [{rule('{any: []}')}]", "no VM can match: `any` is empty"),
        (f"rules: [{rule('{os: linux, not: {os: linux}}')}]", "no VM can match: `not` takes away"),
        (f"rules: [{rule('{names: [a]}', 'exclude: [{}]')}]", "the rule's own `exclude` takes all that it matches"),
        (
            f"rules: [{rule('{names: [a]}', 'exclude: [{names: [b]}]')}]",
            "exclude[0]: excludes no VM: none that the rule",
        ),
        (
            f"exclude: {{any: [{{resourceGroups: ['sand*']}}]}}\nrules: [{rule('{resourceGroups: [sandbox-*]}')}]",
            "spec.exclude.any[0] takes all that it matches",
        ),
        (f"exclude: {{builtin: [spot]}}\nrules: [{rule('{priorities: [Spot]}')}]", "builtin spot takes all"),
        (f"exclude: {{any: [{{}}]}}\n{REST}", "spec.exclude.any[0]: excludes every VM"),
        (f"exclude: {{any: [{{any: []}}]}}\n{REST}", "spec.exclude.any[0]: excludes no VM: `any` is empty"),
        (
            f"scope: {{excludeSubscriptions: [sand-*]}}\nrules: [{rule('{subscriptions: [sand-1]}')}]",
            "lie outside spec.scope",
        ),
        (
            f"scope: {{subscriptions: {ONE}}}\nrules: [{rule('{subscriptions: [' + TWO + ']}')}]",
            "lie outside spec.scope",
        ),
        (
            f"scope: {{excludeManagementGroups: [labs]}}\nrules: [{rule('{managementGroups: [Labs]}')}]",
            "lie outside spec.scope",
        ),
        (f"mode: enforce\n{REST}", "p.yaml:5:3: spec.mode: enforces without `limits.maxActions`: a run that"),
        (f"mode: enforce\nlimits: {{maxActions: {{amount: 0}}}}\n{REST}", "spec.limits.maxActions: nothing is ever"),
        (
            f"mode: enforce\nlimits: {{maxActions: {{amount: 9}}}}\nrules: [{rule('{}', 'effect: audit')}]",
            "spec.mode: nothing is ever written: every rule's effect is audit",
        ),
        (f"optOut: {{reasons: [x]}}\nrules: [{rule('{}', 'optOut: forbidden')}]", "spec.optOut: has no effect: every"),
        (f"optOut: {{reasons: [x], require: [until]}}\n{REST}", "spec.optOut.require: an opt-out without a reason is"),
        (f"optOut: {{require: reason}}\n{REST}", "spec.optOut.require: an opt-out without `until` is refused"),
        (f"optOut: {{maxDuration: null}}\n{REST}", "spec.optOut.maxDuration: an opt-out may last for ever"),
        (
            f"optOut: {{maxDuration: null, newAfter: P1D}}\n{REST}",
            "spec.optOut.newAfter: has no effect without `maxDuration`",
        ),
        (f"exclude: {{any: [{{tags: {{Backup-Opt-Out: {{like: '*'}}}}}}]}}\n{REST}", "is left alone for ever"),
        (f"rules: [{rule('{tags: {env: prod}}')}]", "rules[0].match: asks for env=prod and does not say whether"),
        (f"rules: [{rule('{all: [{effectiveTags: {stage: [PROD, prd]}}]}')}]", "asks for stage=PROD"),
        (
            (
                f"rules: [{rule('{os: linux}', 'backupPolicy: {name: Gold, retain: {daily: P30D}}')}, "
                "{name: two, priority: 2, match: {}, backupPolicy: {name: gold, retain: {daily: P60D}}}]"
            ),
            "rules[1].backupPolicy: describes gold in another way than rule 'one' (daily points: kept 30 days",
        ),
        (f"rules: [{rule('{}', 'backupPolicy: my policy')}]", "no vault can hold a backup policy of this name"),
        (f"rules: [{rule('{}', 'backupPolicy: {fromTag: t, allowed: [Gold, ag]}')}]", "allowed[1]: never counts"),
        (f"rules: [{rule('{tags: {env: рrod}}')}]", "tags.env: mixes alphabets: the letter р (U+0440)"),
        (f"rules: [{rule('{tags: {еnv: prod}}')}]", "mixes alphabets: the letter е (U+0435)"),
        (f"rules: [{rule('{names: [a' + NBSP + 'b]}')}]", "names[0]: holds the character U+00A0"),
        (f"rules: [{rule('{tags: {env: 𝐩𝐫𝐨𝐝}}')}]", "env: holds the character U+1D429, which only looks like p"),
        (f"rules: [{rule('{names: [vm＊]}')}]", "names[0]: holds the character U+FF0A, which only looks like *"),
        (f"rules: [{rule('{tags: {env: “prod”}}')}]", "U+201C, which only looks like a quotation mark of YAML's"),
        (
            f"rules: [{rule('{names: [vm–app]}')}]",
            "names[0]: holds the character U+2013, which only looks like a hyphen",
        ),
        (f"rules: [{rule('{resourceGroups: [rg-a‑*]}')}]", "U+2011, which only looks like a hyphen"),
        (f"rules: [{rule('{tags: {env: cafe' + ACUTE + '}}')}]", "holds a letter and its accent as two characters"),
        (
            "rules: [{name: a, priority: 1, match: {names: ['vm ']}}]",
            "names[0]: begins or ends with a space or a line end",
        ),
        ("rules: [{name: a, priority: 1, match: {tags: {'env ': prod}}}]", "begins or ends with a space or a line end"),
        (
            f"rules: [{rule('{tags: {env: prod*}}')}]",
            "match.tags.env: a tag's value is compared as it stands; write {like",
        ),
        (f"rules: [{rule('{not: {effectiveTags: {env: [a, p*]}}}')}]", "not.effectiveTags.env[1]: a tag's value is"),
        (f"rules: [{rule('{securityTypes: [TrustedLunch]}')}]", "did you mean 'TrustedLaunch'?"),
    ],
)
def test_what_is_worth_a_warning_is_told_at_its_place(spec: str, expected: str) -> None:
    assert [each for each in warnings(spec) if expected in each], warnings(spec)


@pytest.mark.parametrize(
    "spec",
    [
        REST,
        "rules: [{name: b, priority: 2, match: {}}, {name: a, priority: 1, match: {names: [x*]}}]",
        "rules: [{name: a, priority: 1, match: {}, exclude: [{os: linux}]}, {name: b, priority: 2, match: {}}]",
        "rules: [{name: a, priority: 1, match: {tags: {env: dev}}}, {name: b, priority: 2, match: {tags: {env: Dev}}}]",
        "scope: {excludeSubscriptions: ['*-dev']}\nrules: [{name: a, priority: 1, match: {subscriptions: [a-*]}}]",
        "rules: [{name: a, priority: 1, match: {tags: {env: prod}}, optOut: allowed}]",
        "rules: [{name: a, priority: 1, match: {tags: {env: [prod, dev]}}}]",
        f"scope: {{subscriptions: [corp-*]}}\nrules: [{{name: a, priority: 1, match: {{subscriptions: [{TWO}]}}}}]",
        "rules: [{name: a, priority: 1, match: {tags: {diskTypes: UltraSDS_LRS, вид: прод}}}]",
        "rules: [{name: a, priority: 1, match: {tags: {env: {like: 'p*'}}, absentTags: 'x*'}}]",
        "rules: [{name: a, priority: 1, match: {tags: {env: {is: 'p*'}}, names: 'x*'}}]",
        "rules: [{name: a, priority: 1, match: {tags: {team: [l’équipe – Köln, 5 m², 3.º]}}}]",
        "rules: [{name: a, priority: 1, match: {securityTypes: [QuantumVM, 'Trusted*']}}]",
        "exclude: {builtin: [spot]}\nrules: [{name: a, priority: 1, match: {priorities: [Spot, Regular]}}]",
        "mode: enforce\nlimits: {maxActions: {amount: 9}}\nrules: [{name: a, priority: 1, match: {}}]",
    ],
)
def test_nothing_is_said_that_does_not_hold(spec: str) -> None:
    assert warnings(spec) == []


@given(policies(), st.lists(vms(), min_size=1, max_size=3))
def test_a_rule_that_is_said_never_to_win_never_wins(policy: CompiledPolicy, some: list[Vm]) -> None:
    never = {
        policy.policy.spec.rules[each.path[2]].name
        for each in rules_that_never_win(policy.policy.spec)
        if isinstance(each.path[2], int)
    }
    for vm in some:
        assert evaluate(Observation(vm, UNPROTECTED, (), START), policy, START).rule not in never


def test_the_demo_s_policy_gives_no_cause_for_a_warning() -> None:
    reading = check_policy(DEMO.read_text(encoding="utf-8"), "demo.yaml")
    assert reading.policy is not None
    assert list(remarks(reading.policy)) == []
