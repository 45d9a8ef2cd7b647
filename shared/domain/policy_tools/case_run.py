"""Runs the cases of a policy: each VM through the very functions that events and sweeps use, held against the expected.

It looks at nothing but the case. Why a case failed is told from `explaining.py`, so that author and owner read the
same story.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.arm_id import parse_id
from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.conditions import Condition
from shared.domain.explaining import explain
from shared.domain.matching import choose_vault, evaluate, wanted_policy
from shared.domain.model import Action, Observation, Protection, Unread, Verdict, Vm
from shared.domain.planning import plan
from shared.domain.policy_tools.case_seen import observation
from shared.domain.policy_tools.case_vm import CaseVm
from shared.domain.policy_tools.cases import Case, PolicyCases
from shared.domain.withholding import withheld


@dataclass(frozen=True, slots=True)
class Difference:
    """A key of `expect`, what it holds and what came."""

    key: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case ended; passed where there are no differences. `why` tells of a failed one how the verdict came."""

    name: str
    rule: str
    differences: tuple[Difference, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True where everything came as expected."""
        return not self.differences


def run_cases(cases: PolicyCases, policy: CompiledPolicy) -> tuple[CaseResult, ...]:
    """The result of each case, in order."""
    return tuple(_run(case, cases.vm_of(case), case.now or cases.now, policy) for case in cases.cases)


def unreached(policy: CompiledPolicy, results: tuple[CaseResult, ...]) -> tuple[str, ...]:
    """The rules, by priority, that decide in none of the cases."""
    reached = {each.rule for each in results}
    return tuple(each.rule.name for each in policy.rules if each.rule.name not in reached)


def _run(case: Case, short: CaseVm, now: datetime, policy: CompiledPolicy) -> CaseResult:
    try:
        seen, vm = observation(short, now, policy)
    except (ValueError, OverflowError) as error:
        return CaseResult(case.name, "", (Difference("vm", "a VM that Azure could hold", str(error)),))
    verdict = evaluate(seen, policy, now)
    actions = plan(seen, verdict, policy)
    differences = tuple(_differences(case, vm, seen, verdict, actions, policy))
    why = tuple(_why(case, seen, verdict, policy)) if differences else ()
    return CaseResult(case.name, verdict.rule, differences, why)


def _differences(
    case: Case, vm: Vm, seen: Observation, verdict: Verdict, actions: tuple[Action, ...], policy: CompiledPolicy
) -> Iterator[Difference]:
    want, compiled = case.expect, policy.rule_named(verdict.rule)
    rule = compiled.rule if compiled is not None else None
    asked = wanted_policy(rule, Subject(vm, seen.at)).name if rule is not None else ""
    vault = ""
    if isinstance(seen.protection, Protection) and seen.protection.vault_id:
        vault = parse_id(seen.protection.vault_id).name
    elif compiled is not None and not isinstance(seen.vaults, Unread):
        chosen = choose_vault(vm, seen.vaults, compiled)
        vault = parse_id(actions[0].vault_id).name if actions else chosen.id.name if chosen is not None else ""
    writes = bool(actions) and withheld(policy.policy.spec, rule, permitted=True) is None
    reasons = sorted({each.reason.code for each in verdict.reasons})
    for key, expected, got in (
        ("verdict", want.verdict.value, verdict.state.value),
        ("rule", want.rule, verdict.rule),
        ("reasons", None if want.reasons is None else ", ".join(sorted(set(want.reasons))), ", ".join(reasons)),
        (
            "actions",
            None if want.actions is None else ", ".join(want.actions),
            ", ".join(each.kind for each in actions),
        ),
        ("writes", None if want.writes is None else str(want.writes).lower(), str(writes).lower()),
        ("backupPolicy", want.backup_policy, asked),
        ("vault", want.vault, vault),
    ):
        if expected is not None and expected != got:
            yield Difference(key, expected or "none", got or "none")


def _why(case: Case, seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> Iterator[str]:
    for detail in verdict.reasons:
        yield f"{detail.reason.code}: {detail}"
    way = explain(seen, verdict, policy)
    for exclusion in way.exclusions:
        if exclusion.reason is not None:
            yield f"excluded by {exclusion.name}"
    meant = next((each for each in way.rules if each.name == case.expect.rule), None)
    if case.expect.rule and meant is None and not isinstance(seen.vm, Unread):
        yield f"the policy has no rule {case.expect.rule}"
    if meant is not None and not meant.matches:
        yield f"rule {meant.name} (priority {meant.priority}) does not match:"
        yield from (f"  {line}" for line in _unmet(meant.conditions))
    won = next((each for each in way.rules if each.won), None)
    if won is not None and won.name != case.expect.rule:
        yield f"rule {won.name} (priority {won.priority}) matches{' first' if meant and meant.matches else ''}"


def _unmet(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for each in conditions:
        if not each.met:
            yield f"{each.text}{f'; it has {each.seen}' if each.seen else ''}"
            yield from (f"  {line}" for line in _unmet(each.inner))
