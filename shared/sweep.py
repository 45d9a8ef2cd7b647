"""The discovery sweep: the whole estate from Resource Graph, evaluated by the same function as the events.

A VM that needs nothing costs no request of its own. Only VMs that need something become requests, and each is read
again from the authority before anything is written, because Resource Graph lags. A sweep that wants to change more VMs
than the policy allows stops before its first request is sent.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.advising import Adviser
from shared.bulk_placing import BulkPlacer, start_times
from shared.collector import collector_at_rest
from shared.domain import messages
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.deciding import Decided, decide_all, judge_all, places
from shared.domain.disks import disk_gb
from shared.domain.holdings import Configured, Holdings, with_registrations
from shared.domain.limits import excess
from shared.domain.model import (
    Finding,
    Observation,
    Outcome,
    Protection,
    ProtectionState,
    ReconcileRequest,
    Status,
)
from shared.domain.opt_out_stretch import standing
from shared.domain.planning import SCHEDULED_SOON, disk_selection
from shared.domain.reasons import Reason
from shared.domain.steps import Held, Placement
from shared.domain.withholding import withheld
from shared.errors import LimitExceededError
from shared.estate_view import NOTHING_SEEN, EstateReader, EstateView
from shared.opt_outs import note
from shared.ports import Clock, FindingStore, Inventory, OptOuts, WorkQueue
from shared.ports.policy import Policies

T = TypeVar("T")
_DRY_RUN, _NOTHING_TO_DO = Outcome(Status.DRY_RUN), Outcome(Status.NOTHING_TO_DO)  # one for each of 100,000 VMs
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
    scope: Scope = field(default_factory=Scope)
    placed: Mapping[str, Placement | Held] = field(default_factory=dict)  # by VM key: those without a backup
    view: EstateView = NOTHING_SEEN
    configured: Configured | None = None  # read where VMs are placed

    @property
    def holdings(self) -> Holdings:
        """What the vaults hold."""
        return self.view.holdings

    @property
    def protected(self) -> frozenset[str]:
        """Keys of the VMs that have a protected item of whatever state."""
        return frozenset(
            each.vm.key
            for each in self.findings
            if each.protection is not None and each.protection.state is not ProtectionState.NONE
        )


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
    bulk: BulkPlacer
    reader: EstateReader
    adviser: Adviser

    async def discover(self, scope: Scope, run_id: str) -> Discovery:
        """Read and evaluate; nothing is written anywhere. A failed read of items or vaults makes every VM UNKNOWN."""
        within: frozenset[str] | None = None
        if scope != Scope():
            within = frozenset(each.id.lower() for each in await self.inventory.subscriptions(scope))
        policy = await self.policies.newest(timedelta())
        view = await self.reader.view(scope, policy.needs, policy.vault_subscriptions)
        with collector_at_rest():
            judged = judge_all(((vm, as_seen_by(on_record, policy)) for vm, on_record in view.vms), policy)
            placed, configured = places(judged, policy), None
        if placed:  # only then does it matter how many VMs the vaults were given today, by whomever
            configured = await self.bulk.configured(_with_vaults(scope, within, policy))
            known = view.holdings
            if configured is not None:
                known = with_registrations(known, configured, view.items, self.clock.now())
            known = replace(known, no_groups=await self.bulk.missing_groups(placed))
            if known != view.holdings:
                judged = [(vm, replace(seen, holdings=known), verdict) for vm, seen, verdict in judged]
                placed = places(judged, policy)
        with collector_at_rest():
            decided = decide_all(judged, placed, policy)
            findings = tuple(self._finding(each, policy, run_id) for each in decided)
        to_change = tuple(
            finding
            for finding, each in zip(findings, decided, strict=True)
            if _wants_change(finding, each.seen, policy)
        )
        return Discovery(run_id, findings, to_change, policy, within, scope, placed, view, configured)

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
        advised = await self.adviser.advise(discovery.view, discovery.policy, discovery.scope, discovery.subscriptions)
        findings = tuple(replace(each, advisories=advised.by_vm.get(each.vm.key, ())) for each in findings)
        await self.findings.save_advisories(advised.of_estate, discovery.subscriptions)
        if withheld(spec, None, permitted=self.enforce) is not None:
            await self.findings.replace_all(findings, discovery.subscriptions)
            return
        self.check_limits(discovery)
        queued = {each.vm.key for each in discovery.to_change}
        now = self.clock.now()
        places = {key: each for key, each in discovery.placed.items() if key in queued}
        where = {each.vm.key: each.location for each in discovery.to_change}
        kept = {key: (where[key], each) for key, each in places.items() if isinstance(each, Placement)}
        await self.bulk.keep(
            _with_vaults(discovery.scope, discovery.subscriptions, discovery.policy),
            kept,
            discovery.holdings,
            discovery.protected,
            discovery.placed,
            discovery.configured,
        )
        times = start_times(places, now)
        await self.findings.replace_all(
            [_queued(each, times.get(each.vm.key, now), now) if each.vm.key in queued else each for each in findings],
            discovery.subscriptions,
        )
        for each in discovery.to_change:
            request = ReconcileRequest(each.vm, "sweep", discovery.run_id, discovery.run_id)
            due = times.get(each.vm.key)
            await self.queue.send(self.queue_name, messages.encode(request), not_before=due, group=discovery.run_id)
        log.info(
            "sweep: %d VMs discovered, %d to change",
            len(discovery.findings),
            len(queued),
            extra={"run_id": discovery.run_id},
        )

    def _finding(self, decided: Decided, policy: CompiledPolicy, run_id: str) -> Finding:
        vm, seen, verdict = decided.vm, decided.seen, decided.verdict
        actions, held, rule = decided.steps.actions, decided.steps.held, policy.rule_named(verdict.rule)
        outcome = _DRY_RUN if actions else _NOTHING_TO_DO
        if actions and (why := withheld(policy.policy.spec, rule.rule if rule else None, permitted=self.enforce)):
            outcome = why.outcome  # whatever else it waits for: nothing would come of the waiting
        elif held is not None:
            outcome = Outcome(Status.DEFERRED, held.until, held.code, held.why, held.remedy)
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
            disk_gb=disk_gb(vm, disk_selection(rule.rule.disk_exclusion) if rule else None),
        )


def _queued(finding: Finding, due: datetime, now: datetime) -> Finding:
    """A request for the VM waits. One that waits for a quota says so, and until when."""
    if finding.outcome.status is Status.DEFERRED and due > now:
        return replace(finding, outcome=replace(finding.outcome, look_again=due))
    return replace(finding, outcome=Outcome(Status.QUEUED, due))


def _with_vaults(scope: Scope, within: frozenset[str] | None, policy: CompiledPolicy) -> Scope:
    """The scope with the subscriptions whose vaults any VM may use. `within` are those that it reaches, None: all."""
    if within is None or not policy.vault_subscriptions:
        return scope
    return Scope(tuple(sorted(within | {each.lower() for each in policy.vault_subscriptions})))


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


def _wants_change(finding: Finding, seen: Observation, policy: CompiledPolicy) -> bool:
    """Something is left to do, and the rule does not merely audit.

    A first backup that is left to a scheduled one becomes a request once, so that it is on record since when.
    """
    rule = policy.rule_named(finding.verdict.rule)
    if rule is not None and rule.rule.effect == "audit":
        return False
    if finding.outcome.error_code == SCHEDULED_SOON and seen.left_until is None:
        return True
    return bool(finding.actions) or finding.verdict.has(Reason.PROTECTION_IN_PROGRESS)
