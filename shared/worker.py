"""Works on one message of the `reconcile` queue, and sees to it that no message is lost.

A message ends done, sent again for a later moment, or in the poison queue with its reason. The same code runs behind
the queue trigger and behind the command line.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain import messages
from shared.domain.limits import too_many_failed
from shared.domain.model import Outcome, ReconcileRequest, Status
from shared.ports import Clock, Runs, WorkQueue
from shared.reconcile import Reconciled, Reconciler

MAX_TRIES = 16  # with the waits between them almost three hours; after that the next sweep takes the VM up
FIRST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(minutes=15)
# Looks are put on a grid, so that work which waits for Azure comes due together instead of one by one.
GRID = timedelta(seconds=10)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    """`queue_name` is where a request that must wait is sent again."""

    reconciler: Reconciler
    queue: WorkQueue
    queue_name: str
    clock: Clock
    runs: Runs
    tally: Counter[str] = field(default_factory=Counter)  # how looks ended, by code where one has it, else by status

    async def work_on(self, body: str) -> Reconciled | None:
        """Work on one message body; None when it could not be read and went to the poison queue.

        Raises SettingsError, which leaves the message where it is: a person must mend something first.
        """
        try:
            request = messages.decode(body)
        except ValueError as error:
            await self.queue.poison(self.queue_name, body, f"not a request: {error}")
            log.error("a message went to the poison queue: %s", error)
            return None
        stopped = await self._stopped(request)
        done = stopped or await self.reconciler.reconcile(request)
        outcome = done.outcome
        self.tally[outcome.error_code or outcome.status.value] += 1
        log.info(
            "%s",
            outcome.status,
            extra={
                "vm": request.vm_id.text,
                "correlation_id": request.correlation_id,
                "run_id": request.run_id,
                "code": outcome.error_code,
                "policy": done.finding.policy_hash if done.finding is not None else "",
            },
        )
        if stopped is not None:
            return done  # not counted: else the VMs left out would thin out the failed ones, and the run would go on
        if outcome.look_again is None:
            await self._count(request, failed=outcome.status is Status.FAILED)
            return done
        if outcome.failed_try and request.attempt >= MAX_TRIES:
            return await self._give_up(request, done)
        later = replace(request, attempt=_next_attempt(outcome, request.attempt))
        not_before = next_look(outcome, request.attempt, self.clock.now())
        await self.queue.send(self.queue_name, messages.encode(later), not_before=not_before, group=request.run_id)
        return done

    async def _give_up(self, request: ReconcileRequest, done: Reconciled) -> Reconciled:
        error = done.outcome.error or done.outcome.error_code
        await self._count(request, failed=True)
        reason = f"given up after {request.attempt} tries: {error}"
        self.tally["GIVEN_UP"] += 1
        await self.queue.poison(self.queue_name, messages.encode(request), reason)
        outcome = replace(done.outcome, status=Status.FAILED, look_again=None, error=reason)
        if done.finding is None:
            return Reconciled(outcome)
        finding = replace(done.finding, outcome=outcome)
        await self.reconciler.recorder.findings.save([finding])
        return Reconciled(outcome, finding)

    async def _count(self, request: ReconcileRequest, *, failed: bool) -> None:
        if request.run_id:
            await self.runs.count(request.run_id, request.vm_id.key, failed=failed)

    async def _stopped(self, request: ReconcileRequest) -> Reconciled | None:
        """The end of a request whose run was stopped because too many of its VMs failed; None where it goes on."""
        percent = self.reconciler.policies.current.policy.spec.limits.failure_percent
        if percent is None or not request.run_id:
            return None
        ended, failed = await self.runs.ended(request.run_id)
        if not (why := too_many_failed(ended, failed, percent)):
            return None
        outcome = Outcome(Status.DEFERRED, None, "FAILURE_PERCENT", why, "Mend what failed; the next sweep goes on")
        finding = await self.reconciler.recorder.findings.of(request.vm_id)
        if finding is None:
            return Reconciled(outcome)
        finding = replace(finding, outcome=outcome, at=self.clock.now())
        await self.reconciler.recorder.findings.save([finding])
        return Reconciled(outcome, finding)


def _next_attempt(outcome: Outcome, attempt: int) -> int:
    """Tries that fail in a row are counted; once Azure has taken a step on, the count begins anew."""
    if outcome.failed_try:
        return attempt + 1
    return 1 if outcome.status is Status.ACCEPTED else attempt


def next_look(outcome: Outcome, attempt: int, now: datetime) -> datetime:
    """When to look again: what the outcome asks for, later after repeated errors, rounded up to the grid."""
    again = outcome.look_again or now
    if outcome.failed_try:
        again = max(again, now + min(FIRST_BACKOFF * 2 ** (attempt - 1), LONGEST_BACKOFF))
    over = (again - datetime.min.replace(tzinfo=again.tzinfo)) % GRID
    return again + (GRID - over if over else timedelta())
