"""Takes Event Grid events in, from the trigger or from the queue: both schemas, single or in arrays.

A VM's creation makes several events. While a request for the VM still waits, its later events add nothing: the waiting
request will read the state that they announce.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain import messages
from shared.domain.azure_answers import Scope
from shared.domain.events import Ignored, IgnoredBecause, read_event, writer_of, written_at
from shared.domain.model import ReconcileRequest
from shared.ports import Clock, Intent, Inventory, Ledger, OptOuts, WorkQueue
from shared.ports.policy import Policies

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a delivery: requests sent, events covered by a request that waits already, events ignored."""

    accepted: tuple[ReconcileRequest, ...] = ()
    covered: int = 0
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True)
class Intake:
    """`tenant_id` may be empty, which accepts events of any tenant that can reach this endpoint."""

    policies: Policies
    scope: Scope
    tenant_id: str
    inventory: Inventory
    ledger: Ledger
    opt_outs: OptOuts
    queue: WorkQueue
    queue_name: str
    clock: Clock

    async def take_in(self, events: Iterable[object]) -> TakenIn:
        """Send a request for each VM that the events name, not before `settle` has passed."""
        accepted: list[ReconcileRequest] = []
        ignored: list[Ignored] = []
        covered = 0
        for event in events:
            read = read_event(event, self.tenant_id)
            if isinstance(read, Ignored):
                ignored.append(read)
                continue
            if not await self._in_scope(read):
                ignored.append(Ignored(IgnoredBecause.OUT_OF_SCOPE, read.vm_id.subscription_id))
                continue
            if name := writer_of(event):
                await self.opt_outs.note_writer(read.vm_id.key, name, written_at(event, self.clock.now()))
            if await self._send(read):
                accepted.append(read)
            else:
                covered += 1
        return self._log(TakenIn(tuple(accepted), covered, tuple(ignored)))

    async def _send(self, request: ReconcileRequest) -> bool:
        key, now = f"event|{request.vm_id.key}", self.clock.now()
        waiting = await self.ledger.intent(key)
        due = now + (await self.policies.newest()).settle
        if waiting is not None and now < waiting.at <= due:
            return False
        await self.queue.send(self.queue_name, messages.encode(request), not_before=due)
        await self.ledger.record(key, Intent(due))  # after the message: a crash in between costs a duplicate, no loss
        return True

    async def _in_scope(self, request: ReconcileRequest) -> bool:
        if not self.scope.subscriptions and not self.scope.management_groups:
            return True
        within = await self.inventory.subscriptions(self.scope)
        return any(each.id.lower() == request.vm_id.subscription_id for each in within)

    def _log(self, taken: TakenIn) -> TakenIn:
        for each in taken.ignored:
            log.info("event ignored: %s", each.because, extra={"detail": each.detail})
        for request in taken.accepted:
            log.info("event accepted", extra={"vm": request.vm_id.text, "correlation_id": request.correlation_id})
        return taken
