"""The discovery sweep: the whole estate from Resource Graph, evaluated by the same function as the events.

A VM that needs nothing costs no request of its own. Only VMs that need something become requests, and each is read
again from the authority before anything is written, because Resource Graph lags. A sweep that wants to change more VMs
than the policy allows stops before its first request is sent.
"""

import logging
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from shared.domain import messages
from shared.domain.attributes import Need
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.limits import excess
from shared.domain.matching import evaluate
from shared.domain.model import (
    UNPROTECTED,
    Finding,
    Observation,
    Outcome,
    Protection,
    ReconcileRequest,
    Status,
    Unread,
    Vault,
    Verdict,
    Vm,
)
from shared.domain.opt_out_stretch import standing
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from shared.domain.withholding import withheld
from shared.errors import LimitExceededError, PermanentError, RetryLaterError
from shared.observe import foremost
from shared.opt_outs import note
from shared.policy_ports import Policies
from shared.ports import Clock, FindingStore, Inventory, OptOuts, WorkQueue

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every VM in scope with its verdict and plan. `to_change` are those that need a request.

    `policy` is the one that all of it was decided by, and by which the sweep goes on.
    """

    run_id: str
    findings: tuple[Finding, ...]
    to_change: tuple[Finding, ...]
    policy: CompiledPolicy
    subscriptions: frozenset[str] | None = None  # ids of those that were looked at; None means all


@dataclass(frozen=True)
class Sweeper:
    """`enforce` is the operator's permission; it never overrides a policy in audit mode."""

    policies: Policies
    enforce: bool
    clock: Clock
    inventory: Inventory
    findings: FindingStore
    opt_outs: OptOuts
    queue: WorkQueue
    queue_name: str

    async def discover(self, scope: Scope, run_id: str) -> Discovery:
        """Read and evaluate; nothing is written anywhere. A failed read of items or vaults makes every VM UNKNOWN."""
        within: frozenset[str] | None = None
        if scope != Scope():
            within = frozenset(each.id.lower() for each in await self.inventory.subscriptions(scope))
        policy = await self.policies.newest(timedelta())
        findings: list[Finding] = []
        for vm, on_record in await self.observe(scope, policy.needs):
            seen = as_seen_by(on_record, policy)
            verdict = evaluate(seen, policy, seen.at)
            findings.append(self._finding(seen, vm, verdict, policy, run_id))
        to_change = tuple(each for each in findings if _wants_change(each, policy))
        return Discovery(run_id, tuple(findings), to_change, policy, within)

    async def observe(self, scope: Scope, needs: Collection[Need]) -> list[tuple[Vm, Observation]]:
        """Every VM in scope as it is now, under no policy: an opt-out's stretch is the one on record, standing or not.

        `needs`: what else must be read of each. `as_seen_by` makes of it what a policy decides by.
        """
        vms = [vm async for vm in self.inventory.vms(scope, needs)]
        protections = await _or_unread("the protected items", self._protections(scope))
        vaults = await _or_unread("the vaults", self._vaults(scope))
        stretches = await self.opt_outs.stretches()
        now = self.clock.now()
        found: list[tuple[Vm, Observation]] = []
        for vm in vms:
            here = vaults if isinstance(vaults, Unread) else vaults.get(vm.id.subscription_id, ())
            item = protections if isinstance(protections, Unread) else protections.get(vm.id.key, UNPROTECTED)
            found.append((vm, Observation(vm, item, here, now, stretches.get(vm.id.key))))
        return found

    def check_limits(self, discovery: Discovery) -> None:
        """LimitExceededError when the run wants to change more VMs than the policy allows."""
        if why := over_limits(discovery):
            remedy = "Nothing was written. Look at the plan (backstop plan); then narrow the scope or raise the limit"
            raise LimitExceededError(f"The run was stopped: {why}", code="MAX_ACTIONS", remedy=remedy)

    async def sweep(self, scope: Scope, run_id: str) -> Discovery:
        """Discover, keep the findings and, where writing is permitted, send one request for each VM to change."""
        discovery = await self.discover(scope, run_id)
        await self.start(discovery)
        return discovery

    async def start(self, discovery: Discovery) -> None:
        """Second half of a sweep: check the limits, keep the findings, send the requests."""
        spec = discovery.policy.policy.spec
        findings = await note(discovery.findings, spec.opt_out, self.opt_outs, self.clock.now())
        if withheld(spec, None, permitted=self.enforce) is not None:
            await self.findings.replace_all(findings, discovery.subscriptions)
            return
        self.check_limits(discovery)
        queued = {each.vm.key for each in discovery.to_change}
        now = self.clock.now()
        await self.findings.replace_all(
            [
                replace(each, outcome=Outcome(Status.QUEUED, now)) if each.vm.key in queued else each
                for each in findings
            ],
            discovery.subscriptions,
        )
        for each in discovery.to_change:
            request = ReconcileRequest(each.vm, "sweep", discovery.run_id, discovery.run_id)
            await self.queue.send(self.queue_name, messages.encode(request), group=discovery.run_id)
        log.info(
            "sweep: %d VMs discovered, %d to change",
            len(discovery.findings),
            len(queued),
            extra={"run_id": discovery.run_id},
        )

    async def _protections(self, scope: Scope) -> dict[str, Protection]:
        items: dict[str, list[Protection]] = {}
        async for vm_key, item in self.inventory.protections(scope):
            items.setdefault(vm_key, []).append(item)
        return {key: foremost(each) or UNPROTECTED for key, each in items.items()}

    async def _vaults(self, scope: Scope) -> dict[str, tuple[Vault, ...]]:
        by_subscription: dict[str, list[Vault]] = {}
        for vault in await self.inventory.vaults(scope):
            by_subscription.setdefault(vault.id.subscription_id, []).append(vault)
        return {key: tuple(each) for key, each in by_subscription.items()}

    def _finding(self, seen: Observation, vm: Vm, verdict: Verdict, policy: CompiledPolicy, run_id: str) -> Finding:
        actions, rule = plan(seen, verdict, policy), policy.rule_named(verdict.rule)
        outcome = Outcome(Status.DRY_RUN if actions else Status.NOTHING_TO_DO)
        if actions and (why := withheld(policy.policy.spec, rule.rule if rule else None, permitted=self.enforce)):
            outcome = why.outcome
        return Finding(
            vm=vm.id,
            location=vm.location,
            verdict=verdict,
            protection=seen.protection if isinstance(seen.protection, Protection) else None,
            actions=actions,
            outcome=outcome,
            at=self.clock.now(),
            cause="sweep",
            correlation_id=run_id,
            run_id=run_id,
            policy_hash=policy.policy.hash,
            opt_out=seen.opt_out,
        )


def as_seen_by(on_record: Observation, policy: CompiledPolicy) -> Observation:
    """The observation with the opt-out's stretch only where it still stands under this policy."""
    if on_record.opt_out is None:
        return on_record
    new_after = policy.policy.spec.opt_out.new_after
    return replace(on_record, opt_out=standing(on_record.opt_out, on_record.at, new_after))


def over_limits(discovery: Discovery) -> str:
    """Why the policy's limits stop this run; empty where they do not. Only VMs that would be written to count."""
    writes = sum(1 for each in discovery.to_change if each.actions)
    return excess(writes, len(discovery.findings), discovery.policy.policy.spec.limits.max_actions)


def _wants_change(finding: Finding, policy: CompiledPolicy) -> bool:
    """Something is left to do, and the rule does not merely audit."""
    rule = policy.rule_named(finding.verdict.rule)
    if rule is not None and rule.rule.effect == "audit":
        return False
    return bool(finding.actions) or finding.verdict.has(Reason.PROTECTION_IN_PROGRESS)


async def _or_unread(what: str, call: Awaitable[T]) -> T | Unread:
    try:
        return await call
    except (RetryLaterError, PermanentError) as error:
        log.warning("%s could not be read: %s", what, error.message)
        return Unread(what, error.message, error.code, error.remedy)
