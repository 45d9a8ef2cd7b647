"""The discovery sweep: the whole estate from Resource Graph, evaluated by the same function as the events.

A VM that needs nothing costs no request of its own. Only VMs that need something become requests, and each is read
again from the authority before anything is written, because Resource Graph lags. A sweep that wants to change more VMs
than the policy allows stops before its first request is sent.
"""

import logging
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import TypeVar

from shared.domain import messages
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.limits import excess
from shared.domain.matching import evaluate
from shared.domain.model import (
    UNPROTECTED,
    Action,
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
from shared.domain.policy import Mode
from shared.domain.reasons import Reason
from shared.errors import LimitExceededError, PermanentError, RetryLaterError
from shared.observe import foremost
from shared.opt_outs import note
from shared.ports import Clock, FindingStore, Inventory, OptOuts, WorkQueue

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every VM in scope with its verdict and plan. `to_change` are those that need a request."""

    run_id: str
    findings: tuple[Finding, ...]
    to_change: tuple[Finding, ...]
    subscriptions: frozenset[str] | None = None  # ids of those that were looked at; None means all


@dataclass(frozen=True)
class Sweeper:
    """`enforce` is the operator's permission; it never overrides a policy in audit mode."""

    policy: CompiledPolicy
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
        vms = [vm async for vm in self.inventory.vms(scope)]
        protections = await _or_unread("the protected items", self._protections(scope))
        vaults = await _or_unread("the vaults", self._vaults(scope))
        stretches = await self.opt_outs.stretches()
        now = self.clock.now()
        findings: list[Finding] = []
        for vm in vms:
            here = vaults if isinstance(vaults, Unread) else vaults.get(vm.id.subscription_id, ())
            item = protections if isinstance(protections, Unread) else protections.get(vm.id.key, UNPROTECTED)
            stretch = standing(stretches.get(vm.id.key), now, self.policy.policy.spec.opt_out.new_after)
            seen = Observation(vm, item, here, now, stretch)
            verdict = evaluate(seen, self.policy, now)
            findings.append(self._finding(vm, item, verdict, plan(seen, verdict, self.policy), run_id))
        to_change = tuple(each for each in findings if self._wants_change(each))
        return Discovery(run_id, tuple(findings), to_change, within)

    def check_limits(self, discovery: Discovery) -> None:
        """LimitExceededError when the run wants to change more VMs than the policy allows."""
        why = excess(len(discovery.to_change), len(discovery.findings), self.policy.policy.spec.limits.max_actions)
        if why:
            remedy = "Nothing was written. Look at the plan (backstop plan); then narrow the scope or raise the limit"
            raise LimitExceededError(f"The run was stopped: {why}", code="MAX_ACTIONS", remedy=remedy)

    async def sweep(self, scope: Scope, run_id: str) -> Discovery:
        """Discover, keep the findings and, where writing is permitted, send one request for each VM to change."""
        discovery = await self.discover(scope, run_id)
        await self.start(discovery)
        return discovery

    async def start(self, discovery: Discovery) -> None:
        """Second half of a sweep: check the limits, keep the findings, send the requests."""
        await note(discovery.findings, self.policy.policy.spec.opt_out, self.opt_outs, self.clock.now())
        writing = self.enforce and self.policy.mode is Mode.ENFORCE and not self.policy.policy.spec.paused
        if not writing:
            await self.findings.replace_all(discovery.findings, discovery.subscriptions)
            return
        self.check_limits(discovery)
        queued = {each.vm.key for each in discovery.to_change}
        now = self.clock.now()
        await self.findings.replace_all(
            [
                replace(each, outcome=Outcome(Status.QUEUED, now)) if each.vm.key in queued else each
                for each in discovery.findings
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

    def _wants_change(self, finding: Finding) -> bool:
        """Something is left to do, and the rule does not merely audit."""
        rule = self.policy.rule_named(finding.verdict.rule)
        if rule is not None and rule.rule.effect == "audit":
            return False
        return bool(finding.actions) or finding.verdict.has(Reason.PROTECTION_IN_PROGRESS)

    def _finding(
        self, vm: Vm, item: Protection | Unread, verdict: Verdict, actions: tuple[Action, ...], run_id: str
    ) -> Finding:
        return Finding(
            vm=vm.id,
            location=vm.location,
            verdict=verdict,
            protection=item if isinstance(item, Protection) else None,
            actions=actions,
            outcome=Outcome(Status.DRY_RUN if actions else Status.NOTHING_TO_DO),
            at=self.clock.now(),
            cause="sweep",
            correlation_id=run_id,
            run_id=run_id,
            policy_hash=self.policy.policy.hash,
        )


async def _or_unread(what: str, call: Awaitable[T]) -> T | Unread:
    try:
        return await call
    except (RetryLaterError, PermanentError) as error:
        log.warning("%s could not be read: %s", what, error.message)
        return Unread(what, error.message, error.code, error.remedy)
