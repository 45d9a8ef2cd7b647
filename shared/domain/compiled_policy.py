"""An enforcement policy made ready to evaluate VMs with: its conditions as functions, its rules in an index. Once.

It decides nothing about a VM; `matching.py` does, with what is compiled here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.attributes import Need, Subject
from shared.domain.policy import BuiltinExclusion, EnforcementPolicy, Mode, PolicyScope, Rule
from shared.domain.policy_file.selector import Selector
from shared.domain.reasons import Reason
from shared.domain.rule_index import RuleIndex
from shared.domain.rules import (
    aks,
    aro,
    avd_pooled,
    batch,
    being_deleted,
    citrix,
    databricks,
    ephemeral_os_disk,
    spot,
)
from shared.domain.selectors import Predicate, compile_vault_select, either, needs

#: All but VMSS_UNIFORM, whose instances are never discovered as VMs (`rules/vmss_uniform.py`).
BUILTINS: Mapping[BuiltinExclusion, Callable[[Subject], Reason | None]] = {
    BuiltinExclusion.DATABRICKS: databricks.check,
    BuiltinExclusion.AKS: aks.check,
    BuiltinExclusion.ARO: aro.check,
    BuiltinExclusion.AVD_POOLED: avd_pooled.check,
    BuiltinExclusion.BATCH: batch.check,
    BuiltinExclusion.EPHEMERAL_OS_DISK: ephemeral_os_disk.check,
    BuiltinExclusion.CITRIX: citrix.check,
    BuiltinExclusion.SPOT: spot.check,
}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its choice of vaults as a function of a vault's name and tags."""

    rule: Rule
    accepts_vault: Callable[[str, Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`checks` are the exclusions that look at a VM alone; `needs` says what else must have been read of it."""

    policy: EnforcementPolicy
    rules: tuple[CompiledRule, ...]
    index: RuleIndex
    in_scope: Predicate
    checks: tuple[Callable[[Subject], Reason | None], ...]
    excluded: Predicate
    needs: frozenset[Need]
    by_name: Mapping[str, CompiledRule]

    @property
    def vault_subscriptions(self) -> frozenset[str]:
        """Subscriptions that a rule names for its vaults, where those are not the VM's own; lower-cased."""
        named = (each.rule.vault.subscription for each in self.rules)
        return frozenset(each.lower() for each in named if each is not None)

    @property
    def mode(self) -> Mode:
        """audit, enforce or disabled."""
        return self.policy.spec.mode

    @property
    def settle(self) -> timedelta:
        """How long a new VM is left alone."""
        return self.policy.spec.settle

    def rule_named(self, name: str) -> CompiledRule | None:
        """The rule that a verdict names."""
        return self.by_name.get(name)


def compile_policy(policy: EnforcementPolicy) -> CompiledPolicy:
    """Turn the policy's conditions into closures and an index, once."""
    spec = policy.spec
    ordered = sorted(spec.rules, key=lambda each: each.priority)
    rules = tuple(CompiledRule(rule, compile_vault_select(rule.vault.select)) for rule in ordered)
    selectors = [
        *spec.exclude.any,
        *(each.match for each in ordered),
        *(one for each in ordered for one in each.exclude),
    ]
    return CompiledPolicy(
        policy=policy,
        rules=rules,
        index=RuleIndex(ordered),
        in_scope=_scope(spec.scope),
        checks=(being_deleted.check, *(BUILTINS[each] for each in spec.exclude.builtin if each in BUILTINS)),
        excluded=either(spec.exclude.any),
        needs=needs(selectors) | _needs_beyond_selectors(policy),
        by_name={each.rule.name: each for each in rules},
    )


def _needs_beyond_selectors(policy: EnforcementPolicy) -> frozenset[Need]:
    spec, found = policy.spec, set[Need]()
    if spec.scope != PolicyScope():
        found.add(Need.SUBSCRIPTION)
    if any(rule.backup_policy is not None and rule.backup_policy.from_tag for rule in spec.rules):
        found.add(Need.SUBSCRIPTION)
    return frozenset(found)


def _scope(scope: PolicyScope) -> Predicate:
    """Inside: one of the subscriptions or management groups, where any are named, and none of the excluded."""
    included = scope_selectors(scope.subscriptions, scope.management_groups)
    inside = either(included)
    outside = either(scope_selectors(scope.exclude_subscriptions, scope.exclude_management_groups))
    if not included:
        return lambda subject: not outside(subject)
    return lambda subject: inside(subject) and not outside(subject)


def scope_selectors(subscriptions: tuple[str, ...] | None, management_groups: tuple[str, ...] | None) -> list[Selector]:
    """A part of the policy's scope as selectors, any of which suffices."""
    found = []
    if subscriptions is not None:
        found.append(Selector.model_validate({"subscriptions": list(subscriptions)}))
    if management_groups is not None:
        found.append(Selector.model_validate({"managementGroups": list(management_groups)}))
    return found
