"""What is kept of one look at a VM, and who is told of it. Decides nothing."""

import logging
from dataclasses import dataclass
from datetime import datetime

from shared.domain.advice import Advisory
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.disks import disk_gb
from shared.domain.model import Finding, Outcome, Protection, ReconcileRequest, Verdict, Vm
from shared.domain.planning import disk_selection
from shared.domain.vm_health import OF_THE_VM, vm_advisories
from shared.errors import PermanentError, RetryLaterError
from shared.guards import outcome_of
from shared.looking import Look
from shared.opt_outs import note
from shared.ports import Clock, FindingStore, Notices, OptOuts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes findings of looks."""

    opt_outs: OptOuts
    findings: FindingStore
    notices: Notices
    clock: Clock

    async def record(
        self,
        request: ReconcileRequest,
        policy: CompiledPolicy,
        look: Look,
        outcome: Outcome,
        known: tuple[Advisory, ...],
    ) -> Finding:
        """Keep what this look saw and how it ended. `known`: the advice of the VM's earlier finding."""
        vm, now = look.seen.vm if look.seen is not None else None, self.clock.now()
        protection = look.seen.protection if look.seen is not None else None
        return await self.save(
            Finding(
                vm=request.vm_id,
                location=vm.location if isinstance(vm, Vm) else "",
                verdict=look.verdict,
                protection=protection if isinstance(protection, Protection) else None,
                actions=look.actions,
                outcome=outcome,
                at=now,
                cause=request.cause,
                correlation_id=request.correlation_id,
                run_id=request.run_id,
                policy_hash=policy.policy.hash,
                disk_gb=backed_up_gb(vm, look.verdict, policy) if isinstance(vm, Vm) else None,
                advisories=advice_on(vm, known, now) if isinstance(vm, Vm) else known,
            ),
            policy,
        )

    async def save(self, finding: Finding, policy: CompiledPolicy) -> Finding:
        """Keep the finding with its opt-out taken down; the finding as it was kept."""
        (finding,) = await note([finding], policy.policy.spec.opt_out, self.opt_outs, finding.at)
        await self.findings.save([finding])
        return finding

    async def publish(self, finding: Finding) -> None:
        """A lost notice is logged and no more: the VM is protected, and the report says so."""
        try:
            await self.notices.vm_protected(finding)
        except (RetryLaterError, PermanentError) as error:
            log.warning(
                "the notice was not published: %s", outcome_of(error, finding.at).error, extra={"vm": finding.vm.text}
            )


def backed_up_gb(vm: Vm, verdict: Verdict, policy: CompiledPolicy) -> int | None:
    """The provisioned size of the disks that a backup of the VM takes, where it is known."""
    compiled = policy.rule_named(verdict.rule)
    return disk_gb(vm, disk_selection(compiled.rule.disk_exclusion) if compiled is not None else None)


def advice_on(vm: Vm, known: tuple[Advisory, ...], now: datetime) -> tuple[Advisory, ...]:
    """What the last sweep advised about the VM, with what the VM itself shows now where it shows that."""
    if vm.agent is None:
        return known
    return (*(each for each in known if each.advice not in OF_THE_VM), *vm_advisories(vm, now))
