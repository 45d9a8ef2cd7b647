"""One VM, level-triggered: look at it, carry out the first step of its plan, record; a later look does the next.

What happens depends on the state that is seen, never on which message came: doubled, late, out of order or killed
midway it ends in the same place. Nothing waits here for Azure: an accepted request is looked at again later.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.act import Actor
from shared.domain.arm_id import ArmId
from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate, wanted_policy
from shared.domain.model import (
    ACTIVE_STATES,
    ActionKind,
    Finding,
    Observation,
    Outcome,
    Protection,
    ProtectionState,
    ReconcileRequest,
    State,
    Status,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.planning import SCHEDULED_SOON
from shared.domain.reasons import Reason
from shared.domain.withholding import Withheld, withheld
from shared.errors import PermanentError
from shared.follow import follow
from shared.guards import POLL
from shared.ledger_keys import discover_key, left_key, protect_key, undelete_key
from shared.looking import Look, Looker
from shared.placing import Placer
from shared.ports import Backup, Claims, Clock, Intent, Ledger
from shared.ports.policy import Policies
from shared.recording import Recorder
from shared.vault_making import Wanted

LEASE = timedelta(minutes=5)  # one look makes some ten requests, each cut off after a minute at most
BUSY = timedelta(seconds=30)
PLACED_ANEW = 5  # times that a seat is chosen again because another worker changed the vault's book meanwhile


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
    looker: Looker
    backup: Backup
    claims: Claims
    ledger: Ledger
    recorder: Recorder
    placer: Placer
    actor: Actor

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

    async def _look(self, request: ReconcileRequest, policy: CompiledPolicy) -> Reconciled:
        followed = await follow(request.vm_id, self.backup, self.ledger, self.clock)
        if followed.waiting is not None:
            return Reconciled(followed.waiting)
        earlier = await self.recorder.findings.of(request.vm_id)
        known = earlier.advisories if earlier is not None else ()
        if followed.backup_started:
            request = replace(request, backup_now=False)  # what a person asked for is done
            if earlier is not None and earlier.verdict.state is State.COMPLIANT:
                started = replace(earlier, outcome=Outcome(Status.SUCCEEDED), at=self.clock.now())
                return _known(await self.recorder.save(started, policy))
        made = self._made(request.vm_id, earlier) if followed.protected else None
        look = await self.looker.look(request, policy, made=made)
        if look.seen is None:
            nothing = Outcome(Status.NOTHING_TO_DO)
            return _known(await self.recorder.record(request, policy, look, nothing, known))
        if followed.failed is not None:
            outcome = await self._after_failure(policy, look, followed.failed)
            return _known(await self.recorder.record(request, policy, look, outcome, known))
        await self._settle(request.vm_id, look.seen, look.verdict)
        look, outcome = await self._carry_out(request, policy, look, just_protected=followed.protected)
        if followed.done and outcome.status is Status.NOTHING_TO_DO:
            outcome = Outcome(Status.SUCCEEDED)
        finding = await self.recorder.record(request, policy, look, outcome, known)
        if followed.protected:
            await self.recorder.publish(finding)
        return _known(finding)

    async def _after_failure(self, policy: CompiledPolicy, look: Look, failed: Outcome) -> Outcome:
        """A protect that Azure took and that failed then is met as one that was refused at once."""
        action, vm = next(iter(look.actions), None), look.seen.vm if look.seen is not None else None
        if action is None or action.kind is not ActionKind.ENABLE_PROTECTION or not isinstance(vm, Vm):
            return failed
        if failed.status is not Status.FAILED or self.why_not(policy, look.verdict) is not None:
            return failed
        error = PermanentError(failed.error, code=failed.error_code, remedy=failed.remedy)
        return await self.actor.refusals.outcome(error, action, vm)

    def _made(self, vm_id: ArmId, earlier: Finding | None) -> Protection | None:
        """The protection that Azure has just reported as made: as it was asked for, and without a first backup."""
        asked = earlier.protection if earlier is not None else None
        if asked is None or asked.state is not ProtectionState.CONFIGURING or not asked.vault_id:
            return None
        item_id = self.backup.item_id(asked.vault_id, vm_id)
        return replace(asked, state=ProtectionState.FIRST_BACKUP_PENDING, item_id=item_id)

    async def _settle(self, vm_id: ArmId, seen: Observation, verdict: Verdict) -> None:
        """What was on record about a protection that is there now is no longer needed."""
        item = seen.protection
        if isinstance(item, Protection) and item.state in ACTIVE_STATES:
            for key in (protect_key(vm_id.key), undelete_key(vm_id.key), discover_key(vm_id.key)):
                if await self.ledger.intent(key) is not None:
                    await self.ledger.forget(key)
        if seen.left_until is not None and verdict.has(Reason.PROTECTED):
            await self.ledger.forget(left_key(vm_id.key))

    async def _carry_out(
        self, request: ReconcileRequest, policy: CompiledPolicy, look: Look, *, just_protected: bool
    ) -> tuple[Look, Outcome]:
        """The first step, or why it is not taken now; the look as it stands afterwards."""
        for _ in range(PLACED_ANEW):
            seen = look.seen
            if seen is None or not isinstance(seen.protection, Protection) or not isinstance(seen.vm, Vm):
                break
            held = look.steps.held
            if held is None and not look.actions:
                break
            if look.actions and (why := self.why_not(policy, look.verdict)) is not None:
                return look, why.outcome
            if not await self._kept(look, policy):
                look = await self.looker.planned(request, policy, seen, look.verdict)
                continue
            if held is not None:
                if held.code == SCHEDULED_SOON and held.until is not None and seen.left_until is None:
                    await self.ledger.record(left_key(seen.vm.id.key), Intent(held.until))
                again = held.until if held.until is None else max(held.until, self.clock.now())
                return look, Outcome(Status.DEFERRED, again, held.code, held.why, held.remedy)
            wanted = _wanted(seen.vm, look.verdict, policy, seen)
            carried = await self.actor.carry_out(
                look.actions[0],
                seen.protection,
                wanted,
                just_protected=just_protected,
                wished=request.backup_now,
            )
            seen = replace(seen, protection=carried.protection)
            verdict = evaluate(seen, policy, self.clock.now())
            return replace(look, seen=seen, verdict=verdict), carried.outcome
        else:
            why_busy = "other workers keep changing the book of the vault"
            return look, Outcome(Status.DEFERRED, self.clock.now() + BUSY, "BUSY", why_busy)
        return look, self._without_action(look, policy)

    async def _kept(self, look: Look, policy: CompiledPolicy) -> bool:
        """Whether the VM's seat is on record, put there if need be; True where it needs none."""
        seen, placed = look.seen, look.steps.placed
        if placed is None or look.read is None or seen is None or not isinstance(seen.vm, Vm):
            return True
        if self.why_not(policy, look.verdict) is not None:
            return True
        return await self.placer.reserve(seen.vm.id.key, seen.vm.location, placed, look.read)

    def why_not(self, policy: CompiledPolicy, verdict: Verdict) -> Withheld | None:
        """What withholds the writes for a VM with this verdict; None where they may be made."""
        compiled = policy.rule_named(verdict.rule)
        return withheld(policy.policy.spec, compiled.rule if compiled else None, permitted=self.enforce)

    def _without_action(self, look: Look, policy: CompiledPolicy) -> Outcome:
        now, seen, verdict = self.clock.now(), look.seen, look.verdict
        if seen is None:
            return Outcome(Status.NOTHING_TO_DO)
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
        return Outcome(Status.NOTHING_TO_DO)


def _known(finding: Finding) -> Reconciled:
    return Reconciled(finding.outcome, finding)


def _wanted(vm: Vm, verdict: Verdict, policy: CompiledPolicy, seen: Observation) -> Wanted:
    compiled = policy.by_name[verdict.rule]
    base = wanted_policy(compiled.rule, Subject(vm, seen.at)).name
    return Wanted(vm, compiled.rule, base, policy.policy.spec.limits)
