"""Why a VM has its verdict: every question that was asked of it, with its answer.

It decides nothing. Each answer comes from the very functions that `matching` decides with, and the rule that won is
the one that the verdict names, so an explanation cannot tell another story than the enforcer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.attributes import Subject
from shared.domain.compiled_policy import BUILTINS, CompiledPolicy, CompiledRule, scope_selectors
from shared.domain.conditions import Condition, conditions_of, these
from shared.domain.explaining_choices import (
    BackupPolicyTried,
    OptOutTried,
    VaultTried,
    backup_policy_tried,
    opt_out_tried,
    vaults_tried,
)
from shared.domain.matching import choose_vault
from shared.domain.model import Observation, Protection, ProtectionState, Unread, Verdict
from shared.domain.planning import plan
from shared.domain.policy import PolicyScope
from shared.domain.reasons import Reason
from shared.domain.selectors import compile_selector, either
from shared.domain.support import unsupported


@dataclass(frozen=True, slots=True)
class ScopeTried:
    """Whether the VM lies in the policy's `scope`, and by which of its entries."""

    inside: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class ExclusionTried:
    """`reason` is None where the exclusion does not apply; `conditions` are those of a selector of `exclude.any`.

    Not `asked`: the matter had ended before, and the answer is only what it would have been.
    """

    name: str
    reason: Reason | None
    conditions: tuple[Condition, ...] = ()
    asked: bool = True


@dataclass(frozen=True, slots=True)
class RuleTried:
    """`won`: this rule gives the verdict. One that is not `asked` came after it, or was never reached."""

    name: str
    priority: int
    matches: bool
    won: bool
    conditions: tuple[Condition, ...]
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way to a verdict. Where nothing was asked, `nothing_asked` says why, and the other parts are empty.

    `scope` is None for a policy that holds everywhere. `backup_policy` belongs to the rule that won. `vaults` are
    tried only for a VM without a protected item: an existing one stays where it is.
    """

    nothing_asked: Reason | None = None
    scope: ScopeTried | None = None
    exclusions: tuple[ExclusionTried, ...] = ()
    rules: tuple[RuleTried, ...] = ()
    opt_out: OptOutTried | None = None
    backup_policy: BackupPolicyTried | None = None
    vaults: tuple[VaultTried, ...] = ()


def explain(seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> Explanation:
    """How `verdict` came about. Rules are tried even where an exclusion ended the matter, to show what they say."""
    vm, vaults = seen.vm, seen.vaults
    if isinstance(vm, Unread) or isinstance(vaults, Unread) or isinstance(seen.protection, Unread):
        return Explanation(Reason.READ_FAILED)
    if verdict.has(Reason.POLICY_DISABLED):
        return Explanation(Reason.POLICY_DISABLED)
    subject = Subject(vm, seen.at)
    won = policy.rule_named(verdict.rule)
    scope = _scope(subject, policy)
    outside = scope is not None and not scope.inside
    exclusions = tuple(_exclusions(subject, seen.protection, policy, over=outside))
    over = outside or any(each.reason is not None for each in exclusions)
    return Explanation(
        scope=scope,
        exclusions=exclusions,
        rules=tuple(_rules(subject, policy, won, over=over)),
        opt_out=opt_out_tried(seen, subject, verdict, policy.policy.spec.opt_out),
        backup_policy=backup_policy_tried(subject, won.rule) if won is not None else None,
        vaults=tuple(_vaults(seen, verdict, policy, won)),
    )


def _vaults(
    seen: Observation, verdict: Verdict, policy: CompiledPolicy, won: CompiledRule | None
) -> Iterator[VaultTried]:
    vm, vaults = seen.vm, seen.vaults
    if isinstance(vm, Unread) or isinstance(vaults, Unread) or won is None or not verdict.has(Reason.UNPROTECTED):
        return
    planned, usual = plan(seen, verdict, policy), choose_vault(vm, vaults, won)
    chosen = planned[0].vault_id.lower() if planned else usual.id.key if usual is not None else ""
    yield from vaults_tried(vm, vaults, won, chosen)


def _scope(subject: Subject, policy: CompiledPolicy) -> ScopeTried | None:
    scope = policy.policy.spec.scope
    if scope == PolicyScope():
        return None
    conditions: list[Condition] = []
    if included := scope_selectors(scope.subscriptions, scope.management_groups):
        inner = these(subject, tuple(included))
        conditions += inner if len(inner) == 1 else [Condition("any of", "", either(included)(subject), inner)]
    if excluded := scope_selectors(scope.exclude_subscriptions, scope.exclude_management_groups):
        conditions.append(Condition("none of", "", not either(excluded)(subject), these(subject, tuple(excluded))))
    return ScopeTried(policy.in_scope(subject), tuple(conditions))


def _exclusions(
    subject: Subject, protection: Protection, policy: CompiledPolicy, *, over: bool
) -> Iterator[ExclusionTried]:
    exclude = policy.policy.spec.exclude
    names = ["being deleted", *(each.value for each in exclude.builtin if each in BUILTINS)]
    for name, check in zip(names, policy.checks, strict=True):
        reason = check(subject)
        yield ExclusionTried(name, reason, asked=not over)
        over = over or reason is not None
    for number, selector in enumerate(exclude.any):
        applies = compile_selector(selector)(subject)
        reason = Reason.EXCLUDED_BY_POLICY if applies else None
        yield ExclusionTried(f"exclude.any[{number}]", reason, conditions_of(subject, selector), asked=not over)
        over = over or applies
    if protection.state is ProtectionState.NONE:
        why = unsupported(subject.vm)
        yield ExclusionTried("unsupported by Azure", why.reason if why is not None else None, asked=not over)


def _rules(subject: Subject, policy: CompiledPolicy, won: CompiledRule | None, *, over: bool) -> Iterator[RuleTried]:
    for each in policy.rules:
        rule = each.rule
        conditions = [*conditions_of(subject, rule.match)]
        left_out = either(rule.exclude)(subject)
        if rule.exclude:
            conditions.append(Condition("none of the rule's `exclude`", "", not left_out, these(subject, rule.exclude)))
        matches = compile_selector(rule.match)(subject) and not left_out
        yield RuleTried(rule.name, rule.priority, matches, each is won, tuple(conditions), asked=not over)
        over = over or each is won
