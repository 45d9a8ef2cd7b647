from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.conditions import Condition, conditions_of
from shared.domain.explaining import Explanation, explain
from shared.domain.matching import choose_vault, evaluate
from shared.domain.model import UNPROTECTED, Image, Observation, ProtectionState, State, Unread, Vault, Verdict, Vm
from shared.domain.planning import plan
from shared.domain.policy import EnforcementPolicy
from shared.domain.reasons import Reason
from tests.fakes import START, SUB, a_vault, a_vm, an_item
from tests.policies import compiled, demo_policy
from tests.unit.shared.test_invariants import VAULTS, Drawn, drawn_vms

DEMO = demo_policy()
DISABLED = compiled("mode: disabled\nrules: [{name: all, priority: 1, match: {}}]")
PICKY = compiled(
    "rules: [{name: picky, priority: 1, match: {tags: {env: [prod, dev]}},"
    " vault: {select: {names: ['*-2', '*-far', '*-us']}}}]"
)
FAR = a_vault("vault-far", subscription="22222222-2222-4222-8222-222222222222")
HERE, THERE = a_vault(), a_vault("vault-us", "eastus")


def seen_of(vm: Vm) -> Observation:
    return Observation(vm, UNPROTECTED, (HERE, THERE), START)


def explained(seen: Observation, policy: CompiledPolicy = DEMO) -> tuple[Verdict, Explanation]:
    verdict = evaluate(seen, policy, START)
    return verdict, explain(seen, verdict, policy)


LEAVES = st.one_of(
    st.just({}),
    st.sampled_from([{"tags": {"env": "prod"}}, {"tags": {"ENV": ["dev", "qa"], "app": "web"}}]),
    st.sampled_from([{"locations": ["West Europe"]}, {"names": ["db-*", "web-?1"]}, {"imagePublishers": "Canon*"}]),
    st.sampled_from([{"resourceGroups": ["sandbox-*"]}, {"subscriptions": ["1111*"], "locations": "eastus"}]),
)
SELECTORS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda part, leaf: {"not": part, **leaf}, inner, LEAVES),
    ),
    max_leaves=6,
)
VMS = st.builds(
    a_vm,
    st.sampled_from(["web-01", "db-7"]),
    st.sampled_from(["app-rg", "Sandbox-1", "databricks-rg-1", "MC_a_b_c"]),
    tags=st.dictionaries(st.sampled_from(["Env", "app", "backup-opt-out"]), st.sampled_from(["prod", "dev", "web"])),
    location=st.sampled_from(["westeurope", "eastus", "swedencentral"]),
    image=st.sampled_from([Image("Canonical"), Image(), Image("AzureDatabricks")]),
    provisioning_state=st.sampled_from(["Succeeded", "Deleting"]),
    ephemeral_os_disk=st.booleans(),
)


@st.composite
def policies(draw: st.DrawFn) -> CompiledPolicy:
    rules = [
        {"name": f"rule-{number}", "priority": 100 - number, "match": match}
        for number, match in enumerate(draw(st.lists(SELECTORS, min_size=1, max_size=4)))
    ]
    spec = {"rules": rules, "exclude": {"any": draw(st.lists(SELECTORS, max_size=2))}}
    return compile_policy(
        EnforcementPolicy.model_validate(
            {"apiVersion": "backstop/v1", "kind": "EnforcementPolicy", "metadata": {"name": "drawn"}, "spec": spec}
        )
    )


@settings(deadline=None, max_examples=300)
@given(VMS, policies())
def test_an_explanation_tells_the_story_of_the_verdict(vm: Vm, policy: CompiledPolicy) -> None:
    verdict, way = explained(seen_of(vm), policy)
    applying = [each.reason for each in way.exclusions if each.reason is not None]
    matching = [each.name for each in way.rules if each.matches]
    assert [each.priority for each in way.rules] == sorted(each.priority for each in way.rules)
    if applying:
        assert verdict.state is State.NOT_APPLICABLE
        assert verdict.has(applying[0])
    elif not matching:
        assert verdict.has(Reason.NO_RULE_MATCHES)
    else:
        assert verdict.rule == matching[0]
    assert [each.name for each in way.rules if each.won] == ([verdict.rule] if verdict.rule else [])
    for each in way.rules:
        assert each.matches == all(condition.met for condition in each.conditions)
        for condition in each.conditions:
            check_nested(condition)


def check_nested(condition: Condition) -> None:
    inner = [each.met for each in condition.inner]
    expected = {"all of": all(inner), "any of": any(inner), "none of": not any(inner), "not": not all(inner)}
    assert condition.met == expected.get(condition.text, condition.met)
    for each in condition.inner:
        check_nested(each)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """A VM of a random estate, with its item, more vaults than will do, and sometimes a part that was not read."""
    each: Drawn = draw(drawn_vms())[0]
    unread = draw(st.sampled_from(["", "", "", "", "VM", "item", "vaults"]))
    ready = draw(st.lists(st.booleans(), min_size=len(VAULTS), max_size=len(VAULTS)))
    vaults = (*(replace(vault, ready=is_ready) for vault, is_ready in zip(VAULTS, ready, strict=True)), FAR)
    return Observation(
        Unread("the VM", "x") if unread == "VM" else each.vm,
        Unread("the protected item", "x") if unread == "item" else each.item or UNPROTECTED,
        Unread("the vaults", "x") if unread == "vaults" else vaults,
        START,
    )


@settings(deadline=None, max_examples=500)
@given(observations(), st.sampled_from([DEMO, PICKY, DISABLED]), st.integers(0, 60))
def test_rule_opt_out_and_vault_are_those_of_the_verdict_and_the_plan(
    seen: Observation, policy: CompiledPolicy, days_later: int
) -> None:
    now = START + timedelta(days=days_later)  # the verdict's moment counts, not the one at which the VM was read
    verdict = evaluate(seen, policy, now)
    way = explain(seen, verdict, policy)
    assert [each.name for each in way.rules if each.won] == ([verdict.rule] if verdict.rule else [])
    assert (way.opt_out is not None and way.opt_out.honoured) == verdict.has(Reason.OPTED_OUT)
    if way.nothing_asked is not None:
        assert way == Explanation(verdict.reasons[0].reason)
    elif isinstance(seen.vm, Vm):
        assert (way.opt_out is None) == ("Backup-Opt-Out" not in seen.vm.tags)
    if way.opt_out is not None and verdict.rule:
        assert (way.opt_out.reason, way.opt_out.text) in [(each.reason, each.detail) for each in verdict.reasons]
    chosen = [each.vault.id.text for each in way.vaults if each.chosen]
    if verdict.has(Reason.UNPROTECTED):
        bare = verdict.has(Reason.NO_VAULT_IN_REGION) or verdict.state is State.EXEMPT
        won = policy.rule_named(verdict.rule)
        assert won is not None
        assert isinstance(seen.vm, Vm)
        assert isinstance(seen.vaults, tuple)
        waits = choose_vault(seen.vm, seen.vaults, won) is None  # Azure still makes the only one
        assert len(chosen) == 1 or (chosen == [] and (bare or waits))  # of an exempt VM nobody asks for a vault
        assert not (verdict.has(Reason.NO_VAULT_IN_REGION) and chosen)
        assert all([action.vault_id] == chosen for action in plan(seen, verdict, policy))
    else:
        assert way.vaults == ()


VAULTS_OF_ALL_KINDS = st.builds(
    lambda name, location, subscription, ready: replace(a_vault(name, location, subscription), ready=ready),
    st.sampled_from(["vault-2", "other"]),
    st.sampled_from(["westeurope", "eastus"]),
    st.sampled_from([SUB, FAR.id.subscription_id]),
    st.booleans(),
)


@given(VAULTS_OF_ALL_KINDS, st.sampled_from(["westeurope", "eastus"]))
def test_a_vault_is_refused_with_a_reason_exactly_when_it_alone_would_not_be_chosen(vault: Vault, here: str) -> None:
    vm = a_vm(location=here, tags={"env": "dev"})
    (tried,) = explained(replace(seen_of(vm), vaults=(vault,)), PICKY)[1].vaults
    assert (tried.why_not == "") == (choose_vault(vm, (vault,), PICKY.rules[0]) is not None)
    assert tried.why_not in {"", "not made yet"} if tried.chosen else tried.why_not


def test_a_condition_says_what_the_vm_has_instead() -> None:
    vm = a_vm(tags={"Env": "dev"})
    policy = compiled("rules: [{name: a, priority: 1, match: {tags: {ENV: [prod, live]}, locations: [East US]}}]")
    assert conditions_of(Subject(vm, START), policy.policy.spec.rules[0].match) == (
        Condition("tag ENV is prod or live", "Env=dev", False),
        Condition("location is East US", "westeurope", False),
    )


def test_each_selector_of_exclude_any_is_tried_by_itself() -> None:
    policy = compiled(
        "exclude: {builtin: [], any: [{names: [db-*]}, {names: [web-*]}]}\nrules: [{name: a, priority: 1, match: {}}]"
    )
    _, way = explained(seen_of(a_vm()), policy)
    assert [(each.name, each.reason) for each in way.exclusions] == [
        ("being deleted", None),
        ("exclude.any[0]", None),
        ("exclude.any[1]", Reason.EXCLUDED_BY_POLICY),
        ("unsupported by Azure", None),
    ]


def test_azures_own_limits_are_asked_last_and_only_of_a_vm_without_a_backup() -> None:
    policy = compiled("exclude: {builtin: []}\nrules: [{name: a, priority: 1, match: {}}]")
    vm = a_vm(ephemeral_os_disk=True)
    verdict, way = explained(seen_of(vm), policy)
    assert verdict.has(Reason.UNSUPPORTED_EPHEMERAL_OS_DISK)
    assert (way.exclusions[-1].reason, way.exclusions[-1].asked) == (Reason.UNSUPPORTED_EPHEMERAL_OS_DISK, True)
    assert [each.asked for each in way.rules] == [False]
    verdict, way = explained(replace(seen_of(vm), protection=an_item(vm.id, ProtectionState.STOPPED, HERE)), policy)
    assert verdict.has(Reason.PROTECTION_STOPPED)
    assert [each.name for each in way.exclusions] == ["being deleted"]


def test_an_enhanced_policy_that_nobody_named_says_what_needs_it() -> None:
    policy = compiled("rules: [{name: a, priority: 1, match: {}}]")
    _, way = explained(seen_of(a_vm(disk_types=("UltraSSD_LRS",))), policy)
    assert way.backup_policy is not None
    assert way.backup_policy.name == "EnhancedPolicy"
    assert "(needed: Ultra disk)" in way.backup_policy.source


@pytest.mark.parametrize(
    ("tags", "honoured", "reason"),
    [
        ({"Backup-Opt-Out": "reason=x; until=2026-12-01"}, True, Reason.OPTED_OUT),
        ({"Backup-Opt-Out": "reason=x; until=2026-12-01", "env": "prod"}, False, Reason.OPT_OUT_FORBIDDEN),
        ({"Backup-Opt-Out": "reason=x; until=2026-10-01"}, False, Reason.OPT_OUT_EXPIRED),
        ({"Backup-Opt-Out": "no thanks"}, False, Reason.OPT_OUT_MALFORMED),
    ],
)
def test_an_opt_out_is_read_as_the_verdict_reads_it(tags: dict[str, str], honoured: bool, reason: Reason) -> None:
    verdict, way = explained(seen_of(a_vm(tags=tags)))
    assert way.opt_out is not None
    assert (way.opt_out.honoured, way.opt_out.reason) == (honoured, reason)
    assert verdict.has(reason)


@pytest.mark.parametrize(
    ("vm", "policy", "reason"),
    [
        (a_vm(), PICKY, Reason.NO_RULE_MATCHES),
        (a_vm(group="sandbox-1"), DEMO, Reason.EXCLUDED_BY_POLICY),
    ],
)
def test_an_opt_out_that_nobody_asked_for_is_not_called_honoured(
    vm: Vm, policy: CompiledPolicy, reason: Reason
) -> None:
    tagged = replace(vm, tags={"backup-opt-out": "reason=x; until=2026-12-01"})
    _, way = explained(seen_of(tagged), policy)
    assert way.opt_out is not None
    assert (way.opt_out.honoured, way.opt_out.reason) == (False, reason)


@pytest.mark.parametrize("part", ["protection", "vaults"])
def test_where_a_part_is_unread_nothing_was_asked_and_nothing_is_listed(part: str) -> None:
    seen = seen_of(a_vm(tags={"backup-opt-out": "reason=x; until=2026-12-01"}))
    _, way = explained(replace(seen, **{part: Unread("it", "timed out")}))  # type: ignore[arg-type]  # one of two fields
    assert way == Explanation(Reason.READ_FAILED)


def test_under_a_disabled_policy_nothing_was_asked_and_nothing_is_listed() -> None:
    assert explained(seen_of(a_vm()), DISABLED)[1] == Explanation(Reason.POLICY_DISABLED)


def test_each_vault_says_why_it_will_not_do() -> None:
    policy = compiled("rules: [{name: a, priority: 1, match: {}, vault: {select: {names: [vault-*]}}}]")
    vaults = (
        replace(a_vault("vault-new"), ready=False),
        a_vault("other"),
        a_vault("vault-us", "eastus"),
        a_vault("vault-far", subscription="22222222-2222-4222-8222-222222222222"),
        a_vault("vault-b"),
        a_vault("vault-a"),
    )
    _, way = explained(replace(seen_of(a_vm()), vaults=vaults), policy)
    assert {each.vault.id.name: (each.chosen, each.why_not) for each in way.vaults} == {
        "other": (False, "not one that rule a accepts"),
        "vault-a": (True, ""),
        "vault-b": (False, ""),
        "vault-far": (False, "in another subscription"),
        "vault-new": (False, "not made yet"),
        "vault-us": (False, "in eastus, the VM in westeurope"),
    }


def test_a_protected_vm_is_offered_no_vault() -> None:
    vm = a_vm()
    item = an_item(vm.id, ProtectionState.PROTECTED, HERE)
    assert explained(replace(seen_of(vm), protection=item))[1].vaults == ()


def test_of_a_vm_that_could_not_be_read_nothing_is_told() -> None:
    unread = Unread("the VM", "timed out", retry_after=timedelta(seconds=3))
    assert explained(replace(seen_of(a_vm()), vm=unread))[1] == Explanation(Reason.READ_FAILED)
