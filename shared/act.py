"""Carries out one planned write, behind the guards that stand right before it: pause switch, intents, running jobs.

A write is never repeated on a guess. Before each one an intent goes on record; after a crash or a broken connection
the intent says that Azure may have got the request, and the next look waits until Azure would show it. Whether the
policy permits writing at all is the reconciler's question, asked before.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.azure_answers import Accepted, BackupJob
from shared.domain.model import Action, ActionKind, Outcome, Protection, ProtectionState, Status
from shared.domain.troubleshooting import remedy_for
from shared.errors import PermanentError, RetryLaterError
from shared.ports import Backup, Clock, Intent, Ledger, PauseSwitch

T = TypeVar("T")
POLL = timedelta(seconds=30)  # the SDK's own polling interval, used where Azure names none (azure-core 1.41)
TIMED_OUT = "NoAnswerInTime"  # the adapters' code for a silence that lasted too long
PAUSE_CHECK = timedelta(minutes=15)
# How long Azure may take to show a write whose answer was lost. The protect PUT has a deterministic name and shows at
# once as `Protecting`; a backup job may be listed late, and a second POST would start a second backup.
PUT_SHOWS_WITHIN = timedelta(minutes=2)
POST_SHOWS_WITHIN = timedelta(minutes=10)
JOBS_SINCE = timedelta(days=7)
_AGAIN = "start a backup: backstop protect VM_ID --backup-now"


def protect_key(vm_key: str) -> str:
    """The ledger's key for a VM's protect PUT."""
    return f"protect|{vm_key}"


def backup_key(vm_key: str) -> str:
    """The ledger's key for a VM's on-demand backup POST."""
    return f"backup|{vm_key}"


@dataclass(frozen=True, slots=True)
class Carried:
    """How the write ended, and what the protection is known to be after it."""

    outcome: Outcome
    protection: Protection


@dataclass(frozen=True, slots=True)
class Actor:
    """Does one action at a time."""

    backup: Backup
    ledger: Ledger
    pause: PauseSwitch
    clock: Clock

    async def carry_out(self, action: Action, protection: Protection, *, just_protected: bool) -> Carried:
        """Do the write, or say why not. `just_protected`: the protection is new and ours, no job list is needed."""
        if action.kind is ActionKind.ENABLE_PROTECTION:
            return await self._enable(action, protection)
        return await self._start_backup(action, protection, just_protected)

    async def _enable(self, action: Action, protection: Protection) -> Carried:
        key, now = protect_key(action.vm.key), self.clock.now()
        intent = await self.ledger.intent(key)
        if intent is not None and now < intent.at + PUT_SHOWS_WITHIN:
            return Carried(_answer_lost(intent.at + PUT_SHOWS_WITHIN), protection)
        if (paused := await self._paused()) is not None:
            return Carried(paused, protection)
        await self.ledger.record(key, Intent(now))
        try:
            accepted = await self.backup.protect(action.vault_id, action.vm, action.backup_policy, action.disks)
        except (RetryLaterError, PermanentError) as error:
            return Carried(await self._refused(key, error), protection)
        await self.ledger.record(key, Intent(now, accepted.operation_url))
        after = Protection(ProtectionState.CONFIGURING, vault_id=action.vault_id, backup_policy=action.backup_policy)
        return Carried(_accepted(self.clock.now(), accepted), after)

    async def _start_backup(self, action: Action, protection: Protection, just_protected: bool) -> Carried:
        key, now = backup_key(action.vm.key), self.clock.now()
        intent = await self.ledger.intent(key)
        if intent is not None or not just_protected:
            try:
                jobs = await asked_twice(lambda: self.backup.jobs(action.vault_id, action.vm, now - JOBS_SINCE))
            except (RetryLaterError, PermanentError) as error:
                return Carried(outcome_of(error, now), protection)
            if (standing := _earlier_backup(action.kind, jobs, intent, protection, now)) is not None:
                return standing
        if (paused := await self._paused()) is not None:
            return Carried(paused, protection)
        await self.ledger.record(key, Intent(now))
        retain_until = action.retain_until or now + (action.retain or timedelta(days=30))
        try:
            accepted = await self.backup.start_backup(action.item_id, retain_until)
        except (RetryLaterError, PermanentError) as error:
            return Carried(await self._refused(key, error), protection)
        await self.ledger.record(key, Intent(now, accepted.operation_url))
        return Carried(_accepted(self.clock.now(), accepted), replace(protection, backup_running=True))

    async def _paused(self) -> Outcome | None:
        reason = await self.pause.paused()
        if not reason:
            return None
        return Outcome(
            Status.DEFERRED, self.clock.now() + PAUSE_CHECK, "PAUSED", reason, "Resume with: backstop resume"
        )

    async def _refused(self, key: str, error: RetryLaterError | PermanentError) -> Outcome:
        if not (isinstance(error, RetryLaterError) and error.may_have_happened):
            await self.ledger.forget(key)  # Azure answered, so the request changed nothing
        outcome = outcome_of(error, self.clock.now())
        if outcome.status is Status.FAILED and error.code and not error.remedy:
            return replace(outcome, remedy=remedy_for(error.code, error.message))
        return outcome


def _earlier_backup(
    kind: ActionKind, jobs: tuple[BackupJob, ...], intent: Intent | None, protection: Protection, now: datetime
) -> Carried | None:
    """What an earlier backup of this item means for a new one; None when nothing stands in its way."""
    if any(job.running for job in jobs):
        return Carried(Outcome(Status.ALREADY_DONE), replace(protection, backup_running=True))
    if kind is ActionKind.START_INITIAL_BACKUP and jobs:
        latest = max(jobs, key=lambda job: (job.started is not None, job.started))
        if latest.status.lower().startswith("completed"):
            return Carried(Outcome(Status.ALREADY_DONE), replace(protection, has_recovery_point=True))
        error = latest.error or f"the first backup ended as {latest.status}"
        outcome = Outcome(Status.FAILED, None, latest.error_code or latest.status, error, _remedy_of(latest))
        return Carried(outcome, replace(protection, last_backup_status="Failed"))
    if intent is not None and now < intent.at + POST_SHOWS_WITHIN:
        shown = any(job.started is not None and job.started >= intent.at - timedelta(minutes=1) for job in jobs)
        if not shown:
            return Carried(_answer_lost(intent.at + POST_SHOWS_WITHIN), protection)
    return None


def _remedy_of(job: BackupJob) -> str:
    """What to do about a backup that failed, with the way to start another at its end."""
    if not job.error_code and not job.error:
        return f"Look at the job in the vault, then {_AGAIN}"
    remedy = remedy_for(job.error_code, job.error)
    return remedy if "--backup-now" in remedy else f"{remedy}; then {_AGAIN}"


async def asked_twice(ask: Callable[[], Awaitable[T]]) -> T:
    """A read whose answer got lost is asked again at once: to read twice does no harm, and most breaks are short.

    Nothing is asked at once where the service names a time to come back, refuses for being asked too often, or was
    silent until the time was up: a second silence would outlast the claim on the VM.
    """
    try:
        return await ask()
    except RetryLaterError as error:
        if not error.may_have_happened or error.retry_after is not None or error.code == TIMED_OUT:
            raise
    return await ask()


def outcome_of(error: RetryLaterError | PermanentError, now: datetime) -> Outcome:
    """DEFERRED for what may succeed later, FAILED for what will not."""
    if isinstance(error, RetryLaterError):
        again = now + (error.retry_after if error.retry_after is not None else POLL)
        return Outcome(
            Status.DEFERRED, again, error.code or "RETRY_LATER", error.message, error.remedy, failed_try=True
        )
    return Outcome(Status.FAILED, None, error.code or "REFUSED", error.message, error.remedy)


def _accepted(now: datetime, accepted: Accepted) -> Outcome:
    return Outcome(Status.ACCEPTED, now + (accepted.retry_after or POLL))


def _answer_lost(until: datetime) -> Outcome:
    return Outcome(Status.DEFERRED, until, "ANSWER_LOST", "an earlier request may still be on its way to the service")
