"""What holds for every policy and every VM, on random ones: the promises that the policy module makes."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arm_id import ArmId
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.explaining import Explanation, explain
from shared.domain.matching import evaluate
from shared.domain.model import (
    UNPROTECTED,
    Action,
    ActionKind,
    Observation,
    Protection,
    ProtectionState,
    ReconcileRequest,
    State,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.planning import plan
from shared.domain.policy import EnforcementPolicy, Mode
from shared.domain.policy_file.backup_policy import POLICY_NAME
from shared.domain.policy_file.reading import parse_policy
from shared.domain.reason_states import STATES
from shared.domain.reasons import Reason
from tests.fakes import ENHANCED, START, World, a_vault, an_item, vm_id
from tests.strategies import policies, policy_of_spec, selectors, specs, vms

VAULTS = (a_vault("vault-1"), a_vault("vault-2"), a_vault("vault-us", location="eastus"))
VALID = "reason=x; until=2026-12-01"
OPT_OUTS = (VALID, VALID, VALID, VALID, "reason=x; until=2026-10-01", "reason=x; until=2029-01-01", "nonsense", "")
Decided = tuple[Verdict, tuple[Action, ...]]


@dataclass(frozen=True)
class Drawn:
    """A VM, its item if it has one, and what stands in the ledger of opt-outs about it."""

    vm: Vm
    item: Protection | None
    stretch: OptOutStretch | None = None

    @property
    def seen(self) -> Observation:
        return Observation(self.vm, self.item or UNPROTECTED, VAULTS, START, self.stretch)


@st.composite
def drawn(draw: st.DrawFn, number: int = 0) -> Drawn:
    vm, stretch = draw(vms(number)), None
    if draw(st.integers(0, 3)):  # usually one that nothing but its rule keeps from a backup
        there = vm_id(vm.id.name, draw(st.sampled_from(["app-rg", "App-Prod"])))
        vm = replace(vm, id=there, location="westeurope", created=None)
    if draw(st.integers(0, 2)) == 0:
        vm = replace(vm, tags={**vm.tags, "Backup-Opt-Out": draw(st.sampled_from(OPT_OUTS))})
        since = START - timedelta(days=draw(st.sampled_from([1, 80])))
        stretch = draw(st.sampled_from([None, OptOutStretch(since, START - timedelta(hours=1), "x", "owner")]))
    home = [each for each in VAULTS if each.location == vm.location]
    if not home or draw(st.booleans()):
        return Drawn(vm, None, stretch)
    usual = [ProtectionState.PROTECTED, ProtectionState.FIRST_BACKUP_PENDING] * 4
    state = draw(st.sampled_from([*usual, *(each for each in ProtectionState if each is not ProtectionState.NONE)]))
    name = draw(st.sampled_from(["DefaultPolicy", "DefaultPolicy", "Gold", "prod"]))
    running = state is ProtectionState.FIRST_BACKUP_PENDING and draw(st.booleans())
    return Drawn(vm, an_item(vm.id, state, draw(st.sampled_from(home)), name, backup_running=running), stretch)


def estates(at_most: int = 5) -> st.SearchStrategy[list[Drawn]]:
    return (
        st.integers(1, at_most).flatmap(lambda count: st.tuples(*(drawn(number) for number in range(count)))).map(list)
    )


def decided(each: Drawn | Observation, policy: CompiledPolicy, **wish: Any) -> Decided:
    seen = each.seen if isinstance(each, Drawn) else each
    verdict = evaluate(seen, policy, START)
    return verdict, plan(seen, verdict, policy, **wish)


def compiled(spec: dict[str, Any]) -> CompiledPolicy:
    return compile_policy(policy_of_spec(spec))


def world(estate: list[Drawn], policy: CompiledPolicy) -> World:
    here = World(policy)
    here.azure.vaults += VAULTS
    asked = {action.backup_policy.lower() for each in estate for action in decided(each, policy)[1]}  # or a tag names
    for vault in VAULTS:
        # Enhanced ones do for every VM, so that what a plan alone cannot know holds none back.
        here.azure.policies[vault.id.key] = tuple(replace(ENHANCED, name=name) for name in sorted(asked))
    for each in estate:
        here.azure.add(each.vm, each.item)
        if each.stretch is not None:
            here.memory.opt_outs[each.vm.id.key] = each.stretch
    return here


def swept(here: World) -> dict[ArmId, Decided]:
    discovery = asyncio.run(here.sweeper.discover(Scope(), "run"))
    assert len({each.vm for each in discovery.findings}) == len(discovery.findings)
    return {each.vm: folded((each.verdict, each.actions)) for each in discovery.findings}


def folded(decision: Decided) -> Decided:
    """Backup policies are spelt as the vault has them, where it was asked, and else as the rule or the tag does."""
    verdict, actions = decision
    return verdict, tuple(replace(each, backup_policy=each.backup_policy.lower()) for each in actions)


@settings(max_examples=60, deadline=None)
@given(estates(), policies(), st.sampled_from(["vm", "protection", "vaults"]))
def test_every_vm_gets_one_verdict_with_a_reason_and_a_rule_exactly_if_one_was_reached(
    estate: list[Drawn], policy: CompiledPolicy, part: str
) -> None:
    spec = policy.policy.spec.model_copy(update={"mode": Mode.DISABLED})
    disabled = compile_policy(policy.policy.model_copy(update={"spec": spec}))
    for each in estate:
        unread = replace(each.seen, **{part: Unread(part, "timed out")})  # type: ignore[arg-type]  # one of its fields
        for seen, by in ((each.seen, policy), (unread, policy), (unread, disabled), (each.seen, disabled)):
            verdict, actions = decided(seen, by)
            assert verdict.reasons
            assert bool(verdict.rule) == (verdict.state not in {State.UNKNOWN, State.NOT_APPLICABLE})
            assert (verdict.state is State.UNKNOWN) == (seen is unread)
            assert not verdict.rule or by.rule_named(verdict.rule) is not None
            for reason in verdict.reasons:
                assert verdict.state in STATES[reason.reason], reason
            assert not actions or verdict.state is State.NON_COMPLIANT


@settings(max_examples=40, deadline=None)
@given(drawn(), specs())
def test_the_same_vm_under_the_same_policy_gets_the_same_verdict(each: Drawn, spec: dict[str, Any]) -> None:
    policy = compiled(spec)
    first = decided(each, policy)
    assert decided(each, policy) == decided(each, compiled(json.loads(json.dumps(spec)))) == first


@settings(max_examples=30, deadline=None)
@given(estates(), policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_estate_changes_nothing(estate: list[Drawn], policy: CompiledPolicy, random: Any) -> None:
    shuffled = list(estate)
    random.shuffle(shuffled)
    in_order = swept(world(estate, policy))
    assert swept(world(shuffled, policy)) == in_order
    # One index serves all: what it remembers of one VM must not colour the next.
    assert {each.vm.id: folded(decided(each, policy)) for each in shuffled} == in_order


@settings(max_examples=60, deadline=None)
@given(estates(), specs(), selectors(1))
def test_one_more_exclusion_never_adds_an_action(
    estate: list[Drawn], spec: dict[str, Any], more: dict[str, Any]
) -> None:
    for each in estate:
        wider = {**spec, "exclude": {"any": [*spec["exclude"]["any"], more]}}
        (before, wanted), (after, still) = decided(each, compiled(spec)), decided(each, compiled(wider))
        assert still in {(), wanted}
        assert after == before or after.has(Reason.EXCLUDED_BY_POLICY)


@settings(max_examples=60, deadline=None)
@given(estates(), specs(), selectors())
def test_a_later_rule_never_changes_a_vm_that_an_earlier_one_has(
    estate: list[Drawn], spec: dict[str, Any], match: dict[str, Any]
) -> None:
    for each in estate:
        late = {"name": "late", "priority": 1000, "match": match, "backupPolicy": "Late"}
        before, after = (
            decided(each, compiled(spec)),
            decided(each, compiled({**spec, "rules": [*spec["rules"], late]})),
        )
        if before[0].rule:
            assert after == before
        else:
            assert after[0].rule in {"", "late"}


BRAKES: tuple[dict[str, Any], ...] = ({"paused": True}, {"mode": "audit"}, {"mode": "disabled"})


@settings(max_examples=30, deadline=None)
@given(estates(3), specs())
def test_what_is_paused_or_only_audited_is_planned_alike_and_never_written(
    estate: list[Drawn], spec: dict[str, Any]
) -> None:
    audited = {"rules": [{**each, "effect": "audit"} for each in spec["rules"]]}
    wanted = [decided(each, compiled(spec))[1] for each in estate]
    for brake in (*BRAKES, audited):
        braked = compiled({**spec, **brake})
        here = world(estate, braked)
        asyncio.run(here.sweep())
        assert here.azure.writes == []
        planned = [decided(each, braked)[1] for each in estate]
        assert planned == ([()] * len(estate) if braked.mode is Mode.DISABLED else wanted)


@settings(max_examples=40, deadline=None)
@given(estates(3), policies())
def test_an_event_and_a_sweep_decide_alike(estate: list[Drawn], policy: CompiledPolicy) -> None:
    here = world(estate, policy)
    by_sweep = swept(here)
    assert set(by_sweep) == {each.vm.id for each in estate}
    for each in estate:
        look = asyncio.run(here.reconciler.looker.look(ReconcileRequest(each.vm.id, "event"), policy))
        assert folded((look.verdict, look.actions)) == by_sweep[each.vm.id]


@settings(max_examples=60, deadline=None)
@given(estates(), policies())
def test_an_explanation_tells_what_was_decided(estate: list[Drawn], policy: CompiledPolicy) -> None:
    for each in estate:
        verdict, actions = decided(each, policy)
        way = explain(each.seen, verdict, policy)
        assert ends_of(way) == verdict.reasons[0].reason if not verdict.rule else ends_of(way) is None
        asked = [rule for rule in way.rules if rule.asked]
        assert [rule.name for rule in asked if rule.matches] == ([verdict.rule] if verdict.rule else [])
        ended = [one.reason is not None for one in way.exclusions if one.asked]
        assert not any(ended[:-1])  # the first that applies is the last that is asked
        assert all(rule.matches == all(one.met for one in rule.conditions) for rule in way.rules)
        assert (way.opt_out is not None and way.opt_out.honoured) == verdict.has(Reason.OPTED_OUT)
        enabling = [action for action in actions if action.kind is ActionKind.ENABLE_PROTECTION]
        for action in enabling:
            assert way.backup_policy is not None
            assert way.backup_policy.name == action.backup_policy
            assert [one.vault.id.text for one in way.vaults if one.chosen] == [action.vault_id]
        problem = way.backup_policy.problem if way.backup_policy else None
        assert problem is None or verdict.has(problem) or each.seen.protection != UNPROTECTED


def ends_of(way: Explanation) -> Reason | None:
    """The reason with which the questions ended before a rule had its say; None where a rule won."""
    if way.nothing_asked is not None:
        return way.nothing_asked
    if way.scope is not None and not way.scope.inside:
        return Reason.OUT_OF_SCOPE
    applying = [one.reason for one in way.exclusions if one.asked and one.reason is not None]
    if applying:
        return applying[0]
    return None if any(rule.won for rule in way.rules) else Reason.NO_RULE_MATCHES


@settings(max_examples=60, deadline=None)
@given(estates(), policies(), st.booleans())
def test_an_opt_out_that_is_honoured_never_leads_to_a_write(
    estate: list[Drawn], policy: CompiledPolicy, backup_now: bool
) -> None:
    for each in estate:
        verdict, actions = decided(each, policy, backup_now=backup_now)
        assert not (verdict.has(Reason.OPTED_OUT) and actions)
        assert not (verdict.state is State.EXEMPT and not verdict.has(Reason.OPTED_OUT))
        if verdict.state is State.COMPLIANT:  # an opt-out never stops a protection that stands
            assert each.item is not None


@settings(max_examples=60, deadline=None)
@given(estates(), policies(), st.booleans())
def test_a_protection_always_names_a_backup_policy_that_azure_takes(
    estate: list[Drawn], policy: CompiledPolicy, backup_now: bool
) -> None:
    for each in estate:
        for action in decided(each, policy, backup_now=backup_now)[1]:
            assert POLICY_NAME.fullmatch(action.backup_policy)


@settings(max_examples=25, deadline=None)
@given(specs())
def test_a_policy_has_one_hash_however_its_file_is_laid_out(spec: dict[str, Any]) -> None:
    policy = policy_of_spec(spec)
    whole = json.loads(policy.model_dump_json(by_alias=True, exclude_unset=True))
    assert policy_of_spec(turned(spec)).hash == policy.hash
    assert EnforcementPolicy.model_validate(whole).hash == policy.hash
    assert parse_policy(json.dumps(turned(whole), indent=2), "policy.yaml").hash == policy.hash
    other = spec["rules"][0]["priority"] + 500_000
    assert (
        policy_of_spec({**spec, "rules": [{**spec["rules"][0], "priority": other}, *spec["rules"][1:]]}).hash
        != policy.hash
    )


def turned(node: Any) -> Any:
    """The same content with the keys of every mapping in the reverse order."""
    if isinstance(node, dict):
        return {key: turned(node[key]) for key in reversed(node)}
    return [turned(each) for each in node] if isinstance(node, list) else node
