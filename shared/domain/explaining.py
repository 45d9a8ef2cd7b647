"""Why a VM has its verdict: every question that was asked of it, with its answer.

It decides nothing. Each answer comes from the very functions that `matching` decides with, and the rule that won is
the one that the verdict names, so an explanation cannot tell another story than the enforcer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.attributes import Subject, fold
from shared.domain.compiled_policy import BUILTINS, CompiledPolicy, CompiledRule
from shared.domain.conditions import Condition, conditions_of, these
from shared.domain.matching import choose_vault
from shared.domain.model import Observation, Unread, Vault, Verdict, Vm
from shared.domain.policy import PolicyScope
from shared.domain.reasons import OPT_OUT_REASONS, Reason
from shared.domain.rules import opt_out
from shared.domain.selectors import compile_selector, either


@dataclass(frozen=True, slots=True)
class ExclusionTried:
    """`reason` is None where the exclusion does not apply; `conditions` are those of a selector of `exclude.any`."""

    name: str
    reason: Reason | None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleTried:
    """`won`: this rule gives the verdict. One that matches without winning came after another, or was not reached."""

    name: str
    priority: int
    matches: bool
    won: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class OptOutTried:
    """The opt-out tag as found. Honoured only where the verdict honours it; `reason` says why, or why not."""

    tag: str
    text: str
    honoured: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class VaultTried:
    """A vault of the VM's subscription; `why_not` is empty for one that a new protection could use."""

    vault: Vault
    chosen: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way to a verdict. Without a VM that could be read there is nothing to ask, and the parts are empty.

    `vaults` are tried only for a VM without a protected item: an existing one stays where it is.
    """

    exclusions: tuple[ExclusionTried, ...] = ()
    rules: tuple[RuleTried, ...] = ()
    opt_out: OptOutTried | None = None
    vaults: tuple[VaultTried, ...] = ()


def explain(seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> Explanation:
    """How `verdict` came about. Rules are tried even where an exclusion ended the matter, to show what they say."""
    vm = seen.vm
    if isinstance(vm, Unread):
        return Explanation()
    subject = Subject(vm, seen.at)
    won = policy.rule_named(verdict.rule)
    vaults = () if isinstance(seen.vaults, Unread) or not verdict.has(Reason.UNPROTECTED) else seen.vaults
    return Explanation(
        exclusions=tuple(_exclusions(subject, policy)),
        rules=tuple(_rule(subject, each, won) for each in policy.rules),
        opt_out=_opt_out(seen, vm, verdict, policy),
        vaults=tuple(_vaults(vm, vaults, won)) if won is not None else (),
    )


def _exclusions(subject: Subject, policy: CompiledPolicy) -> Iterator[ExclusionTried]:
    exclude = policy.policy.spec.exclude
    names = ["being deleted", *(each.value for each in exclude.builtin if each in BUILTINS)]
    out_of_scope = None if policy.in_scope(subject) else Reason.OUT_OF_SCOPE
    if policy.policy.spec.scope != PolicyScope():
        yield ExclusionTried("scope", out_of_scope)
    for name, check in zip(names, policy.checks, strict=True):
        yield ExclusionTried(name, check(subject))
    for number, selector in enumerate(exclude.any):
        applies = compile_selector(selector)(subject)
        conditions = conditions_of(subject, selector)
        yield ExclusionTried(f"exclude.any[{number}]", Reason.EXCLUDED_BY_POLICY if applies else None, conditions)


def _rule(subject: Subject, compiled: CompiledRule, won: CompiledRule | None) -> RuleTried:
    rule = compiled.rule
    conditions = [*conditions_of(subject, rule.match)]
    left_out = either(rule.exclude)(subject)
    if rule.exclude:
        conditions.append(Condition("none of the rule's `exclude`", "", not left_out, these(subject, rule.exclude)))
    matches = compile_selector(rule.match)(subject) and not left_out
    return RuleTried(rule.name, rule.priority, matches, compiled is won, tuple(conditions))


def _opt_out(seen: Observation, vm: Vm, verdict: Verdict, policy: CompiledPolicy) -> OptOutTried | None:
    """As the verdict tells it. A verdict that came about without asking honours none: it says itself why not."""
    settings = policy.policy.spec.opt_out
    for each in verdict.reasons:
        if each.reason in OPT_OUT_REASONS:
            return OptOutTried(settings.tag, each.detail, each.reason is Reason.OPTED_OUT, each.reason)
    reading = opt_out.read(fold(vm.tags), settings, seen.at, seen.opt_out.first_seen if seen.opt_out else None)
    if reading is None:
        return None
    reason = verdict.reasons[0].reason if reading.honoured else reading.reason
    return OptOutTried(settings.tag, reading.text, False, reason)


def _vaults(vm: Vm, vaults: tuple[Vault, ...], won: CompiledRule) -> Iterator[VaultTried]:
    chosen = choose_vault(vm, vaults, won)
    for each in sorted(vaults, key=lambda vault: vault.id.key):
        yield VaultTried(each, each is chosen, _why_not(vm, each, won))


def _why_not(vm: Vm, vault: Vault, won: CompiledRule) -> str:
    if vault.id.subscription_id != vm.id.subscription_id:
        return "in another subscription"
    if vault.location != vm.location:
        return f"in {vault.location}, the VM in {vm.location}"
    if not vault.ready:
        return "not made yet"
    if not won.accepts_vault(vault.id.name, vault.tags):
        return f"not one that rule {won.rule.name} accepts"
    return ""
