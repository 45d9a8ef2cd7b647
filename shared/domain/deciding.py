"""The decisions of a whole sweep: every VM's verdict, the places of those without a backup, and the steps for each.

Pure, and the same functions that an event's VM goes through, but for one thing: who wants a place gets it together with
all others, since only then can vaults, policies and days be the fewest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.berthing import place_all, quotas_of
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate
from shared.domain.model import Observation, Protection, Unread, Vault, Verdict, Vm
from shared.domain.planning import demand_of, managed, steps
from shared.domain.steps import NOTHING, Held, Placement, Steps


@dataclass(frozen=True, slots=True)
class Decided:
    """One VM as it was seen and decided."""

    vm: Vm
    seen: Observation
    verdict: Verdict
    steps: Steps


#: A VM as it was seen, with its verdict, which does not depend on what the vaults hold.
Judged = tuple[Vm, Observation, Verdict]


def judge_all(seen: Iterable[tuple[Vm, Observation]], policy: CompiledPolicy) -> list[Judged]:
    """The verdict on each of them."""
    return [(vm, each, evaluate(each, policy, each.at)) for vm, each in seen]


def decide_all(
    judged: Iterable[Judged], placed: Mapping[str, Placement | Held], policy: CompiledPolicy
) -> tuple[Decided, ...]:
    """The steps for each, in the order in which they came; `placed` is what `places` found for them."""
    under = set[tuple[str, str]]()
    return tuple(
        Decided(vm, each, verdict, _steps(each, verdict, policy, placed.get(vm.id.key), under))
        for vm, each, verdict in judged
    )


def _steps(
    seen: Observation,
    verdict: Verdict,
    policy: CompiledPolicy,
    placed: Placement | Held | None,
    under: set[tuple[str, str]],
) -> Steps:
    """Of all VMs in order under one managed backup policy, the first alone asks for its change; `under` are asked."""
    item = seen.protection
    if isinstance(item, Protection) and managed(verdict, policy) is not None:
        key = item.vault_id.lower(), item.backup_policy.lower()
        if key in under:
            return NOTHING
        under.add(key)
    return steps(seen, verdict, policy, placed=placed)


def places(judged: Iterable[Judged], policy: CompiledPolicy) -> Mapping[str, Placement | Held]:
    """The places of all VMs without a backup that want one, by VM key, chosen together.

    The observations are of one moment and share what the vaults hold.
    """
    demands, vaults, first = [], dict[str, Vault](), None
    subscriptions: set[str] = set()
    for vm, seen, verdict in judged:
        demand = demand_of(seen, verdict, policy)
        if demand is None or isinstance(seen.vaults, Unread):
            continue
        demands.append(demand)
        first = first or seen
        if vm.id.subscription_id not in subscriptions:  # VMs of one subscription see the same vaults
            subscriptions.add(vm.id.subscription_id)
            vaults |= {each.id.key: each for each in seen.vaults}
    if first is None:
        return {}
    if (why := first.unread_holdings) is not None:
        held = Held(why.code or "READ_FAILED", why.why, why.remedy, first.at)
        return {each.vm.id.key: held for each in demands}
    quotas = quotas_of(policy.policy.spec.limits)
    # A rule that only audits takes no room from one that acts.
    acting = [each for each in demands if each.rule.rule.effect != "audit"]
    audited = [each for each in demands if each.rule.rule.effect == "audit"]
    every = tuple(vaults.values())
    return {
        vm: place
        for part in (acting, audited)
        for vm, place in place_all(part, every, first.holdings, quotas, first.at).items()
    }
