"""Rules of a policy that can never win a VM, and why: proven, or not said.

A rule is held against each single rule before it, each exclusion and the scope, never against the sum of several.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.policy import BuiltinExclusion, PolicyScope, Rule, Spec
from shared.domain.policy_file.placed import Path
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_tools.glob_logic import covered
from shared.domain.policy_tools.selector_logic import Prover, asked, mentioned, parts
from shared.domain.selectors import is_glob, is_guid


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the policy, and the path of the key that it is about."""

    path: Path
    what: str


def _selector(**data: object) -> Selector:
    return Selector.model_validate({key: value for key, value in data.items() if value is not None})


#: VMs that each of these is sure to exclude; each recognises more than that.
_SURELY_EXCLUDED: Mapping[BuiltinExclusion, Selector] = {
    BuiltinExclusion.SPOT: _selector(priorities=["spot", "low"]),
    BuiltinExclusion.DATABRICKS: _selector(
        any=[{"imagePublishers": ["azuredatabricks"]}, {"resourceGroups": ["databricks-rg-*"]}]
    ),
    BuiltinExclusion.ARO: _selector(imagePublishers=["azureopenshift"]),
    BuiltinExclusion.AKS: _selector(resourceGroups=["mc_*_*_*"]),
}


def rules_that_never_win(spec: Spec) -> Iterator[Remark]:
    """One remark for each rule that no VM can come to."""
    prover = Prover()
    before: list[tuple[Rule, frozenset[str]]] = []
    positions = {rule.name: position for position, rule in enumerate(spec.rules)}
    for rule in sorted(spec.rules, key=lambda each: each.priority):
        why = _why_never(rule, spec, prover) or _shadowed(rule, before, prover)
        if why:
            yield Remark(("spec", "rules", positions[rule.name], "match"), why)
        else:
            before.append((rule, asked(rule.match)))


def exclusions_without_effect(spec: Spec) -> Iterator[Remark]:
    """Exclusions that leave nothing, or that no VM can meet."""
    prover = Prover()
    for position, selector in enumerate(spec.exclude.any):
        path: Path = ("spec", "exclude", "any", position)
        if prover.always(selector):
            yield Remark(path, "excludes every VM")
        elif why := prover.never(selector):
            yield Remark(path, f"excludes no VM: {why}")
    for number, rule in enumerate(spec.rules):
        for position, selector in enumerate(rule.exclude):
            path = ("spec", "rules", number, "exclude", position)
            if why := prover.never(selector):
                yield Remark(path, f"excludes no VM: {why}")
            elif prover.never_both(rule.match, selector) and not prover.never(rule.match):
                yield Remark(path, "excludes no VM: none that the rule matches can meet this")


def _why_never(rule: Rule, spec: Spec, prover: Prover) -> str:
    if why := prover.never(rule.match):
        return f"no VM can match: {why}"
    if any(prover.implies(rule.match, each) for each in rule.exclude):
        return "no VM can match: the rule's own `exclude` takes all that it matches"
    for position, selector in enumerate(spec.exclude.any):
        if prover.implies(rule.match, selector):
            return f"no VM comes to this rule: spec.exclude.any[{position}] takes all that it matches"
    for builtin in spec.exclude.builtin:
        if builtin in _SURELY_EXCLUDED and prover.implies(rule.match, _SURELY_EXCLUDED[builtin]):
            return f"no VM comes to this rule: spec.exclude.builtin {builtin.value} takes all that it matches"
    if out_of_scope(rule.match, spec.scope):
        return "no VM comes to this rule: all that it matches lie outside spec.scope"
    return ""


def _shadowed(rule: Rule, before: list[tuple[Rule, frozenset[str]]], prover: Prover) -> str:
    words = mentioned(rule.match)
    for other, wanted in before:
        if (
            wanted <= words
            and all(prover.never_both(rule.match, each) for each in other.exclude)
            and prover.implies(rule.match, other.match)
        ):
            return f"no VM comes to this rule: '{other.name}' (priority {other.priority}) matches all of them first"
    return ""


def out_of_scope(selector: Selector, scope: PolicyScope) -> bool:
    """Whether all that the selector can match is surely outside the scope.

    A subscription goes by its id and its name, a VM has several management groups: so only single names and ids are
    held against what is excluded, and ids against a scope that lists nothing but ids.
    """
    only_ids = scope.management_groups is None and scope.subscriptions and all(map(is_guid, scope.subscriptions))
    inside = {each.lower() for each in scope.subscriptions or ()} if only_ids else None
    for each in parts(selector):
        wanted = [name.lower() for name in each.subscriptions or ()]
        if wanted and all(
            _excluded(name, scope.exclude_subscriptions)
            or (inside is not None and is_guid(name) and name not in inside)
            for name in wanted
        ):
            return True
        if each.management_groups and all(
            _excluded(name, scope.exclude_management_groups) for name in each.management_groups
        ):
            return True
    return False


def _excluded(name: str, globs: tuple[str, ...] | None) -> bool:
    return (
        bool(globs)
        and (not is_glob(name) or name.lower() in {each.lower() for each in globs or ()})
        and covered([name], globs or ())
    )
