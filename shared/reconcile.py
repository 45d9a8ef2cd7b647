"""One VM, level-triggered: observe, evaluate, plan, carry out the first step, record; a later look does the next.

What happens depends on the state that is seen, never on which message came: doubled, late, out of order or killed
midway it ends in the same place. Nothing waits here for Azure: an accepted request is looked at again later.
"""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.act import POLL, Actor, outcome_of, protect_key
from shared.domain.attributes import fold
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate
from shared.domain.model import (
    ACTIVE_STATES,
    Action,
    Finding,
    Observation,
    Outcome,
    Protection,
    ReasonDetail,
    ReconcileRequest,
    State,
    Status,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.opt_out_stretch import standing
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from shared.domain.withholding import Withheld, withheld
from shared.errors import PermanentError, RetryLaterError
from shared.follow import follow
from shared.observe import observe
from shared.opt_outs import note
from shared.policy_ports import Policies
from shared.ports import Backup, Claims, Clock, Compute, FindingStore, Ledger, Notices, OptOuts, PauseSwitch

LEASE = timedelta(minutes=5)  # one look makes under ten requests, each cut off after a minute at most
BUSY = timedelta(seconds=30)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How one look ended; `finding` is None where nothing new was learnt (still running, or another worker has it)."""

    outcome: Outcome
    finding: Finding | None = None


@dataclass(frozen=True)
class Reconciler:
    """Holds the ports. `enforce` is the operator's permission; it never overrides a policy in audit mode.

    Each look takes the policy in force once and goes by it to its end.
    """

    policies: Policies
    enforce: bool
    clock: Clock
    compute: Compute
    backup: Backup
    claims: Claims
    ledger: Ledger
    opt_outs: OptOuts
    pause: PauseSwitch
    findings: FindingStore
    notices: Notices

    @property
    def may_write(self) -> bool:
        """Both the policy in force and the operator permit writing, whatever the rules say of their VMs."""
        return withheld(self.policies.current.policy.spec, None, permitted=self.enforce) is None

    async def reconcile(self, request: ReconcileRequest) -> Reconciled:
        """Look at one VM and do the next step for it. Raises SettingsError only; the rest is in the outcome."""
        owner, key, now = uuid.uuid4().hex, f"vm|{request.vm_id.key}", self.clock.now()
        held_until = await self.claims.claim(key, owner, now, LEASE)
        if held_until is not None:
            again = min(held_until, now + BUSY)
            return Reconciled(Outcome(Status.DEFERRED, again, "BUSY", "another worker is looking at this VM"))
        try:
            return await self._look(request, await self.policies.newest())
        finally:
            await self.claims.release(key, owner)

    async def look(
        self, request: ReconcileRequest, policy: CompiledPolicy, *, made_in: str = ""
    ) -> tuple[Observation | None, Verdict, tuple[Action, ...]]:
        """Observe, evaluate and plan without writing anything; `explain` and the plan of one VM use it too."""
        seen = await observe(request.vm_id, self.compute, self.backup, self.clock, needs=policy.needs, made_in=made_in)
        if seen is None:
            return None, Verdict(State.NOT_APPLICABLE, (ReasonDetail(Reason.VM_GONE),)), ()
        now = self.clock.now()
        settings = policy.policy.spec.opt_out
        if isinstance(seen.vm, Vm) and settings.tag.lower() in fold(seen.vm.tags):
            known = await self.opt_outs.stretch(request.vm_id.key)
            seen = replace(seen, opt_out=standing(known, now, settings.new_after))
        verdict = evaluate(seen, policy, now)
        backup_now, retain_until = request.backup_now, request.retain_until
        return seen, verdict, plan(seen, verdict, policy, backup_now=backup_now, retain_until=retain_until)

    async def _look(self, request: ReconcileRequest, policy: CompiledPolicy) -> Reconciled:
        followed = await follow(request.vm_id, self.backup, self.ledger, self.clock)
        if followed.waiting is not None:
            return Reconciled(followed.waiting)
        earlier = await self.findings.of(request.vm_id)
        if followed.backup_started and earlier is not None and earlier.verdict.state is State.COMPLIANT:
            started = replace(earlier, outcome=Outcome(Status.SUCCEEDED), at=self.clock.now())
            return await self._save(started, policy)
        made_in = earlier.protection.vault_id if followed.protected and earlier and earlier.protection else ""
        seen, verdict, actions = await self.look(request, policy, made_in=made_in)
        if seen is None:
            return await self._record(request, policy, None, verdict, (), Outcome(Status.NOTHING_TO_DO))
        if followed.failed is not None:
            return await self._record(request, policy, seen, verdict, actions, followed.failed)
        protection = seen.protection
        if isinstance(protection, Protection) and protection.state in ACTIVE_STATES:
            await self.ledger.forget(protect_key(request.vm_id.key))
        if not actions or isinstance(protection, Unread):
            outcome = self._without_action(seen, verdict, policy, just_protected=followed.protected)
        elif (why := self.why_not(policy, verdict)) is not None:
            outcome = why.outcome
        else:
            actor = Actor(self.backup, self.ledger, self.pause, self.clock)
            carried = await actor.carry_out(actions[0], protection, just_protected=followed.protected)
            outcome = carried.outcome
            seen = replace(seen, protection=carried.protection)
            verdict = evaluate(seen, policy, self.clock.now())
        done = await self._record(request, policy, seen, verdict, actions, outcome)
        if followed.protected and done.finding is not None:
            await self._publish(done.finding)
        return done

    def why_not(self, policy: CompiledPolicy, verdict: Verdict) -> Withheld | None:
        """What withholds the writes for a VM with this verdict; None where they may be made."""
        compiled = policy.rule_named(verdict.rule)
        return withheld(policy.policy.spec, compiled.rule if compiled else None, permitted=self.enforce)

    def _without_action(
        self, seen: Observation, verdict: Verdict, policy: CompiledPolicy, *, just_protected: bool
    ) -> Outcome:
        now = self.clock.now()
        unread = next((part for part in (seen.vm, seen.protection, seen.vaults) if isinstance(part, Unread)), None)
        if unread is not None and unread.retryable:
            again = now + (unread.retry_after or POLL)
            return Outcome(
                Status.DEFERRED, again, unread.code or "READ_FAILED", unread.why, unread.remedy, failed_try=True
            )
        if unread is not None:
            return Outcome(Status.FAILED, None, unread.code or "READ_FAILED", unread.why, unread.remedy)
        if verdict.has(Reason.PROTECTION_IN_PROGRESS):
            # Not an operation that we can follow, so its looks are counted: one that never ends must not be waited for.
            error = "Azure is still enabling backup for this VM"
            return Outcome(Status.ACCEPTED, now + POLL, "PROTECTION_IN_PROGRESS", error, failed_try=True)
        if verdict.has(Reason.SETTLING) and isinstance(seen.vm, Vm) and seen.vm.created is not None:
            return Outcome(Status.DEFERRED, seen.vm.created + policy.settle, "SETTLING")
        return Outcome(Status.SUCCEEDED if just_protected else Status.NOTHING_TO_DO)

    async def _record(
        self,
        request: ReconcileRequest,
        policy: CompiledPolicy,
        seen: Observation | None,
        verdict: Verdict,
        actions: tuple[Action, ...],
        outcome: Outcome,
    ) -> Reconciled:
        vm = seen.vm if seen is not None else None
        protection = seen.protection if seen is not None else None
        return await self._save(
            Finding(
                vm=request.vm_id,
                location=vm.location if isinstance(vm, Vm) else "",
                verdict=verdict,
                protection=protection if isinstance(protection, Protection) else None,
                actions=actions,
                outcome=outcome,
                at=self.clock.now(),
                cause=request.cause,
                correlation_id=request.correlation_id,
                run_id=request.run_id,
                policy_hash=policy.policy.hash,
            ),
            policy,
        )

    async def _save(self, finding: Finding, policy: CompiledPolicy) -> Reconciled:
        (finding,) = await note([finding], policy.policy.spec.opt_out, self.opt_outs, finding.at)
        await self.findings.save([finding])
        return Reconciled(finding.outcome, finding)

    async def _publish(self, finding: Finding) -> None:
        """A lost notice is logged and no more: the VM is protected, and the report says so."""
        try:
            await self.notices.vm_protected(finding)
        except (RetryLaterError, PermanentError) as error:
            log.warning(
                "the notice was not published: %s", outcome_of(error, finding.at).error, extra={"vm": finding.vm.text}
            )
