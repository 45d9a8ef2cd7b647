"""Two policies over the same VMs: what is told to change is what changes, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from shared.domain.backup_policy import BackupPolicy
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.holdings import Holdings, VaultContents
from shared.domain.model import UNPROTECTED, Observation, Protection, ProtectionState, Vm
from shared.domain.policy_tools.diff import Aspect, EditKind, VmChange, aspects, decide, edits
from tests.fakes import START, a_vault, a_vm, an_item
from tests.policies import compiled, policy_of
from tests.strategies import policies, vms

VAULT = a_vault()
BASE = "mode: enforce\nrules: [{name: all, priority: 1, match: {}}]"


def seen(vm: Vm, item: Protection = UNPROTECTED) -> Observation:
    return Observation(vm, item, (VAULT, a_vault("vault-2")), START)


def changed(before: str, after: str, what: Observation) -> frozenset[Aspect]:
    return aspects(decide(what, compiled(before)), decide(what, compiled(after)))


PROTECTED = an_item(a_vm().id, ProtectionState.PROTECTED, VAULT)


@pytest.mark.parametrize(
    ("after", "item", "aspect"),
    [
        (BASE, UNPROTECTED, []),
        (BASE.replace("enforce", "audit"), UNPROTECTED, [Aspect.ACTIONS]),
        (BASE.replace("enforce", "audit"), PROTECTED, []),
        ("paused: true\n" + BASE, UNPROTECTED, [Aspect.ACTIONS]),
        (BASE.replace("match: {}", "match: {}, effect: audit"), UNPROTECTED, [Aspect.ACTIONS]),
        (BASE.replace("name: all", "name: other"), PROTECTED, [Aspect.RULE]),
        (BASE.replace("match: {}", "match: {}, backupPolicy: Gold"), UNPROTECTED, [Aspect.ACTIONS]),
        (
            BASE.replace("match: {}", "match: {}, backupPolicy: Gold"),
            PROTECTED,
            [Aspect.REASONS, Aspect.VERDICT],
        ),
        (
            BASE.replace("match: {}", "match: {}, vault: {select: {names: vault-2}}"),
            UNPROTECTED,
            [Aspect.ACTIONS],
        ),
        (
            BASE + "\nexclude: {any: [{names: web-*}]}",
            UNPROTECTED,
            [Aspect.ACTIONS, Aspect.REASONS, Aspect.RULE, Aspect.VERDICT],
        ),
    ],
)
def test_what_differs_between_two_decisions(after: str, item: Protection, aspect: list[Aspect]) -> None:
    assert sorted(changed(BASE, after, seen(a_vm(), item))) == aspect


def test_a_reason_that_only_says_another_value_is_a_change_of_reasons() -> None:
    gold, silver = (BASE.replace("match: {}", f"match: {{}}, backupPolicy: {name}") for name in ("Gold", "Silver"))
    assert changed(gold, silver, seen(a_vm(), PROTECTED)) == {Aspect.REASONS}


def test_what_holds_a_vm_up_is_told_and_is_a_change_of_actions() -> None:
    holds = Holdings({VAULT.id.key: VaultContents((BackupPolicy("DefaultPolicy"),))})
    what = replace(seen(a_vm()), vaults=(VAULT,), holdings=holds)
    gold = BASE.replace("match: {}", "match: {}, backupPolicy: Gold")
    after = decide(what, compiled(gold))
    assert (after.actions, after.held) == ((), "BACKUP_POLICY_MISSING")
    assert changed(BASE, gold, what) == {Aspect.ACTIONS}
    silver = gold.replace("Gold", "Silver")
    assert changed(gold, silver, what) == set()


def test_an_opt_out_counts_by_each_policys_own_bounds() -> None:
    until = START + timedelta(days=60)
    vm = a_vm(tags={"backup-opt-out": f"reason=x; until={until:%Y-%m-%d}"})
    shorter = BASE + "\noptOut: {maxDuration: P30D}"
    assert changed(BASE, shorter, seen(vm)) == {Aspect.VERDICT, Aspect.REASONS, Aspect.ACTIONS}


@given(vms(), policies(), policies())
def test_nothing_is_told_exactly_where_the_two_decide_alike(vm: Vm, one: CompiledPolicy, other: CompiledPolicy) -> None:
    what = seen(vm)
    before, after = decide(what, one), decide(what, other)
    assert aspects(before, before) == frozenset()
    assert aspects(before, after) == aspects(after, before)
    alike = (before.verdict.state, before.verdict.rule, set(before.verdict.reasons), before.actions, before.held) == (
        after.verdict.state,
        after.verdict.rule,
        set(after.verdict.reasons),
        after.actions,
        after.held,
    )
    assert alike == (not aspects(before, after))


def test_a_change_names_its_vm() -> None:
    before = decide(seen(a_vm()), compiled(BASE))
    change = VmChange(a_vm().id, before, replace(before, withheld="POLICY_AUDITS"), frozenset())
    assert (change.before.writes, change.after.writes) == (True, False)


def test_the_files_are_held_against_each_other_by_meaning() -> None:
    before = policy_of(
        "mode: audit\nrules:\n"
        "- {name: prod, priority: 1, match: {tags: {env: prod}}, optOut: forbidden}\n"
        "- {name: old, priority: 2, match: {names: x}}\n"
        "- {name: rest, priority: 3, match: {}}"
    )
    after = policy_of(
        "mode: enforce\nsettle: PT10M\nrules:\n"
        "- {name: rest, priority: 30, match: {}, optOut: allowed}\n"
        "- {name: prod, priority: 1, match: {tags: {env: [prod, live]}}}\n"
        "- {name: new, priority: 2, match: {names: y}, backupPolicy: Gold}"
    )
    found = {each.path: each for each in edits(before, after)}
    assert {path: each.kind for path, each in found.items()} == {
        "spec.mode": EditKind.CHANGED,
        "spec.rules[prod].match": EditKind.CHANGED,
        "spec.rules[prod].optOut": EditKind.CHANGED,
        "spec.rules[old]": EditKind.REMOVED,
        "spec.rules[rest].priority": EditKind.CHANGED,
        "spec.rules[new]": EditKind.ADDED,
    }
    assert (found["spec.rules[rest].priority"].before, found["spec.rules[rest].priority"].after) == (3, 30)
    assert found["spec.rules[new]"].after["match"] == {"names": ["y"]}
    assert edits(before, before) == ()
