"""What follows when the service refuses to protect a VM: a discovery where that may help, else the reason why.

Only the refusal's code tells whether asking further is worth the requests. Nothing here protects.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from shared.domain.arm_id import parse_id
from shared.domain.model import Action, Outcome, Status, Vm
from shared.domain.preflight import Refusal, asks_why, needs_discovery, why_refused
from shared.domain.troubles.entry import Kind
from shared.errors import PermanentError, RetryLaterError
from shared.guards import POLL, Guard, accepted_until, asked_twice, outcome_of
from shared.ledger_keys import discover_key, search_key
from shared.ports import Clock, Intent, Ledger, Preflight

DAY = timedelta(days=1)
SEARCH_TAKES = timedelta(minutes=2)  # 40 to 60 seconds were observed


@dataclass(frozen=True, slots=True)
class RefusalDesk:
    """Turns one refusal into what to do next."""

    preflight: Preflight
    ledger: Ledger
    guard: Guard
    clock: Clock

    async def outcome(self, error: PermanentError, action: Action, vm: Vm) -> Outcome:
        """What the service says of a VM that it does not take; once, a discovery is tried where that may help."""
        key, now = discover_key(action.vm.key), self.clock.now()
        earlier = await self.ledger.intent(key)
        searched = earlier is not None and now < earlier.at + DAY
        if needs_discovery(error.code) and not searched and _searched_by(action):
            return await self._search(action, vm)
        if not asks_why(error.code):
            return outcome_of(error, now)
        refusal = await self._why(error, action, vm)
        if refusal.trouble.kind is Kind.RETRY_LATER:
            again = now + (refusal.trouble.wait or POLL)
            return Outcome(Status.DEFERRED, again, refusal.code, refusal.error, refusal.remedy, failed_try=True)
        return Outcome(Status.FAILED, None, refusal.code, refusal.error, refusal.remedy)

    async def _search(self, action: Action, vm: Vm) -> Outcome:
        """Let the vault look for VMs; one that it began for another VM, and after this one was made, is waited for."""
        key, of_vault, now = discover_key(action.vm.key), search_key(action.vault_id), self.clock.now()
        begun = await self.ledger.intent(of_vault)
        if begun is not None and now < begun.at + SEARCH_TAKES and vm.created is not None and vm.created < begun.at:
            await self.ledger.record(key, begun)
            return Outcome(Status.ACCEPTED, now + POLL)
        answer = await self.guard.send(key, partial(self.preflight.refresh_containers, action.vault_id))
        if isinstance(answer, Outcome):
            return answer
        await self.ledger.record(of_vault, Intent(now, answer.operation_url))
        return accepted_until(self.clock.now(), answer)

    async def _why(self, error: PermanentError, action: Action, vm: Vm) -> Refusal:
        """The service's own verdict on the VM, and where that finds nothing, on what surrounds it. Only questions.

        The refusal itself is what counts: where they cannot be asked, its reason stays as Azure gave it.
        """
        try:
            told = await asked_twice(partial(self.preflight.prevalidate, action.vault_id, action.vm, vm.location))
            more = [] if told.refuses else await self._told_besides(error, action, vm)
        except (RetryLaterError, PermanentError):
            return why_refused(error.code, error.message, None)
        refusal = why_refused(error.code, error.message, told)
        return replace(refusal, error=" ".join((refusal.error, *more)))

    async def _told_besides(self, error: PermanentError, action: Action, vm: Vm) -> list[str]:
        """What else may be the reason: that the vault has not found the VM, or takes none of its kind."""
        more = []
        listed = partial(self.preflight.protectable, action.vault_id, action.vm)
        if needs_discovery(error.code) and _searched_by(action) and not await asked_twice(listed):
            more.append("The vault has looked for VMs and does not list this one among those that it can protect.")
        if vm.size:
            kind, subscription = vm.security_type or next(iter(vm.disk_types), "Standard"), action.vm.subscription_id
            ask = partial(self.preflight.feature_support, subscription, vm.location, vm.size, kind)
            if (await asked_twice(ask)).lower() == "notsupported":
                more.append(f"Azure Backup does not support VMs of this kind: {vm.size}, {kind}")
        return more


def _searched_by(action: Action) -> bool:
    """Whether a discovery can find the VM: a vault looks at its own subscription alone (source of Azure CLI 2.91)."""
    return parse_id(action.vault_id).subscription_id == action.vm.subscription_id
