"""Why a VM has its verdict: every question that was asked of it, with its answer.

It decides nothing. Each answer comes from the very functions that `matching` decides with, and the rule that won is
the one that the verdict names, so an explanation cannot tell another story than the enforcer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.matching import CompiledPolicy, CompiledRule, choose_vault
from shared.domain.model import Observation, Unread, Vault, Verdict, Vm
from shared.domain.policy import Selector
from shared.domain.reasons import Reason
from shared.domain.rules import opt_out
from shared.domain.selectors import compile_selector, normalise_location

_OPT_OUT_REASONS = frozenset(
    {
        Reason.OPTED_OUT,
        Reason.OPT_OUT_EXPIRED,
        Reason.OPT_OUT_MALFORMED,
        Reason.OPT_OUT_TOO_LONG,
        Reason.OPT_OUT_FORBIDDEN,
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a selector, what the VM has there, and whether that meets it; `inner` holds nested ones."""

    text: str
    seen: str
    met: bool
    inner: tuple["Condition", ...] = ()


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
    won = policy.rule_named(verdict.rule)
    vaults = () if isinstance(seen.vaults, Unread) or not verdict.has(Reason.UNPROTECTED) else seen.vaults
    return Explanation(
        exclusions=tuple(_exclusions(vm, policy)),
        rules=tuple(_rule(vm, each, won) for each in policy.rules),
        opt_out=_opt_out(seen, vm, verdict, policy),
        vaults=tuple(_vaults(vm, vaults, won)) if won is not None else (),
    )


def conditions_of(vm: Vm, selector: Selector) -> tuple[Condition, ...]:
    """Every condition of the selector against the VM; none at all for a selector that matches everything."""
    return tuple(_conditions(vm, selector))


def _exclusions(vm: Vm, policy: CompiledPolicy) -> Iterator[ExclusionTried]:
    exclude = policy.policy.spec.exclude
    names = ["being deleted", *(each.value for each in exclude.builtin)]
    if exclude.any:
        names.append("exclude.any")
    for name, check in zip(names, policy.exclusions, strict=True):
        if name != "exclude.any":
            yield ExclusionTried(name, check(vm))
            continue
        for number, selector in enumerate(exclude.any):
            applies = compile_selector(selector)(vm)
            conditions = conditions_of(vm, selector)
            yield ExclusionTried(f"exclude.any[{number}]", Reason.EXCLUDED_BY_POLICY if applies else None, conditions)


def _rule(vm: Vm, compiled: CompiledRule, won: CompiledRule | None) -> RuleTried:
    rule = compiled.rule
    conditions = conditions_of(vm, rule.match)
    return RuleTried(rule.name, rule.priority, compiled.matches(vm), compiled is won, conditions)


def _opt_out(seen: Observation, vm: Vm, verdict: Verdict, policy: CompiledPolicy) -> OptOutTried | None:
    """As the verdict tells it. A verdict that came about without asking honours none: it says itself why not."""
    settings = policy.policy.spec.opt_out
    for each in verdict.reasons:
        if each.reason in _OPT_OUT_REASONS:
            return OptOutTried(settings.tag, each.detail, each.reason is Reason.OPTED_OUT, each.reason)
    reading = opt_out.read(vm.tags, settings.tag, settings.require, settings.max_duration, seen.at)
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


def _conditions(vm: Vm, selector: Selector) -> Iterator[Condition]:
    for name in ("all", "any"):
        parts: tuple[Selector, ...] | None = getattr(selector, name)
        if parts is not None:
            inner = tuple(Condition("these", "", compile_selector(p)(vm), conditions_of(vm, p)) for p in parts)
            yield Condition(f"{name} of", "", _met(vm, name, parts), inner)
    if selector.not_ is not None:
        yield Condition("not", "", _met(vm, "not_", selector.not_), conditions_of(vm, selector.not_))
    for tag, values in (selector.tags or {}).items():
        found = {name.lower(): f"{name}={value}" for name, value in vm.tags.items()}
        have = found.get(tag.lower(), "no such tag")
        yield Condition(f"tag {tag} is {_one_of(values)}", have, _met(vm, "tags", {tag: values}))
    for name, what, have in (
        ("locations", "location", vm.location),
        ("subscriptions", "subscription", vm.id.subscription_id),
        ("resource_groups", "resource group", vm.id.resource_group),
        ("names", "name", vm.id.name),
        ("image_publishers", "image publisher", vm.image.publisher or "none"),
    ):
        globs: tuple[str, ...] | None = getattr(selector, name)
        if globs is not None:
            shown = tuple(normalise_location(each) for each in globs) if name == "locations" else globs
            yield Condition(f"{what} is {_one_of(shown)}", have, _met(vm, name, globs))


def _met(vm: Vm, field: str, value: object) -> bool:
    """The condition alone, asked by the function that rules are compiled with."""
    return compile_selector(Selector().model_copy(update={field: value}))(vm)


def _one_of(values: tuple[str, ...]) -> str:
    return " or ".join(values)
