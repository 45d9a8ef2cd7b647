"""One VM as it is now: observed, evaluated and planned, without a write.

What the plan depends on is asked for only where it does: what the vaults hold, and the books of their quotas. `explain`
and the plan of one VM come here too, so that they show what the next look would do.
"""

from dataclasses import dataclass, replace

from shared.domain.arm_id import parse_id
from shared.domain.attributes import fold
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import evaluate, vaults_for
from shared.domain.model import (
    ACTIVE_STATES,
    Action,
    Observation,
    Protection,
    ProtectionState,
    ReasonDetail,
    ReconcileRequest,
    State,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.opt_out_stretch import standing
from shared.domain.planning import FIRST_BACKUP_REASONS, managed, steps
from shared.domain.reasons import Reason
from shared.domain.steps import NOTHING, Held, Steps
from shared.errors import PermanentError, RetryLaterError
from shared.guards import outcome_of
from shared.ledger_keys import left_key, undelete_key
from shared.observe import observe
from shared.placing import Placer, Read
from shared.ports import Backup, Clock, Compute, Ledger, OptOuts


@dataclass(frozen=True, slots=True)
class Look:
    """One VM as it was seen, decided and planned; `seen` is None for one that does not exist.

    `read` holds the books that the plan was made by, where it asked for them.
    """

    seen: Observation | None
    verdict: Verdict
    steps: Steps = NOTHING
    read: Read | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """What is planned, whenever it may be done."""
        return self.steps.actions


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at one VM at a time."""

    clock: Clock
    compute: Compute
    backup: Backup
    ledger: Ledger
    opt_outs: OptOuts
    placer: Placer

    async def look(self, request: ReconcileRequest, policy: CompiledPolicy, *, made: Protection | None = None) -> Look:
        """Observe, evaluate and plan without writing anything."""
        elsewhere = policy.vault_subscriptions
        seen = await observe(
            request.vm_id, self.compute, self.backup, self.clock, needs=policy.needs, made=made, elsewhere=elsewhere
        )
        if seen is None:
            return Look(None, Verdict(State.NOT_APPLICABLE, (ReasonDetail(Reason.VM_GONE),)))
        now, settings = self.clock.now(), policy.policy.spec.opt_out
        if isinstance(seen.vm, Vm) and settings.tag.lower() in fold(seen.vm.tags):
            known = await self.opt_outs.stretch(request.vm_id.key)
            seen = replace(seen, opt_out=standing(known, now, settings.new_after))
        verdict = evaluate(seen, policy, now)
        if isinstance(seen.protection, Protection) and seen.protection.state is ProtectionState.STOPPED:
            seen = replace(seen, undeleted=await self.ledger.intent(undelete_key(request.vm_id.key)) is not None)
        elif isinstance(seen.protection, Protection) and seen.protection.state in ACTIVE_STATES:
            left = await self.ledger.intent(left_key(request.vm_id.key))
            seen = replace(seen, left_until=left.at if left is not None else None)
        return await self.planned(request, policy, seen, verdict)

    async def planned(
        self, request: ReconcileRequest, policy: CompiledPolicy, seen: Observation, verdict: Verdict
    ) -> Look:
        """The same for a VM that was seen and evaluated already: what the vaults hold is asked for anew."""
        read = None
        if vault_ids := concerned(seen, verdict, policy):
            try:
                read = await self.placer.read(parse_id(vault_ids[0]).subscription_id, vault_ids)
            except (RetryLaterError, PermanentError) as error:
                why = outcome_of(error, self.clock.now())
                held = Held(
                    why.error_code, f"what the vaults hold could not be read: {why.error}", why.remedy, why.look_again
                )
                return Look(seen, verdict, Steps((), held))
            seen = replace(seen, holdings=read.holdings)
        elif verdict.has(Reason.UNPROTECTED) and isinstance(seen.vm, Vm):
            read = await self.placer.read(_where(seen.vm, verdict, policy), ())
            seen = replace(seen, holdings=read.holdings)
        planned = steps(seen, verdict, policy, backup_now=request.backup_now, retain_until=request.retain_until)
        return Look(seen, verdict, planned, read)


def concerned(seen: Observation, verdict: Verdict, policy: CompiledPolicy) -> tuple[str, ...]:
    """The ids of the vaults whose contents the plan depends on: those that would do, or the one that has the item."""
    compiled, item = policy.rule_named(verdict.rule), seen.protection
    if isinstance(item, Protection) and item.vault_id and managed(verdict, policy) is not None:
        return (item.vault_id,)
    if compiled is None or verdict.state is not State.NON_COMPLIANT or not isinstance(item, Protection):
        return ()
    if not isinstance(seen.vm, Vm) or isinstance(seen.vaults, Unread):
        return ()
    if verdict.has(Reason.UNPROTECTED):
        return tuple(each.id.text for each in vaults_for(seen.vm, seen.vaults, compiled) if each.ready)
    existing, first = compiled.rule.existing, compiled.rule.initial_backup
    asks = (
        (verdict.has(Reason.SOFT_DELETED) and existing.soft_deleted == "undelete")
        or (verdict.has(Reason.PROTECTION_STOPPED) and (existing.stopped == "resume" or seen.undeleted))
        or (verdict.has(Reason.OTHER_BACKUP_POLICY) and existing.other_policy == "change")
        or (bool(first.unless_scheduled_within) and any(verdict.has(each) for each in FIRST_BACKUP_REASONS))
    )
    return (item.vault_id,) if asks and item.vault_id else ()


def _where(vm: Vm, verdict: Verdict, policy: CompiledPolicy) -> str:
    """The subscription of the vaults that the VM's rule takes."""
    compiled = policy.rule_named(verdict.rule)
    named = compiled.rule.vault.subscription if compiled is not None else None
    return (named or vm.id.subscription_id).lower()
