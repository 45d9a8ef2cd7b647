"""Starts a VM's first backup, or one that a person asked for, where no earlier backup stands in its way.

Each POST starts another backup, so Azure's own job list is asked before a second one. Whether the VM is to have a
backup is decided elsewhere.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shared.domain.arm_id import ArmId
from shared.domain.azure_answers import BackupJob
from shared.domain.durations import format_duration
from shared.domain.model import Action, ActionKind, Outcome, Protection, Status
from shared.domain.steps import BY_ITSELF
from shared.domain.troubleshooting import remedy_for
from shared.errors import PermanentError, RetryLaterError
from shared.guards import POST_SHOWS_WITHIN, Carried, Guard, accepted_until, answer_lost, asked_twice, outcome_of
from shared.ledger_keys import backup_key, left_key, spread_key
from shared.ports import Backup, Clock, Intent, Ledger
from shared.vault_making import Wanted

JOBS_SINCE = timedelta(days=7)
DAY = timedelta(days=1)
_AGAIN = "start a backup: backstop protect VM_ID --backup-now"


@dataclass(frozen=True, slots=True)
class BackupStarter:
    """Starts one backup at a time."""

    backup: Backup
    ledger: Ledger
    guard: Guard
    clock: Clock

    async def start(
        self, action: Action, protection: Protection, wanted: Wanted, *, just_protected: bool, wished: bool
    ) -> Carried:
        """POST the backup, or say why not. PermanentError: Azure's refusal. Flags as of `Actor.carry_out`."""
        if not wished and (later := await self._put_apart(action, wanted, new=just_protected)) is not None:
            return Carried(later, protection)
        key, now = backup_key(action.vm.key), self.clock.now()
        intent = await self.ledger.intent(key)
        if intent is not None or not just_protected:
            try:
                jobs = await self._jobs(action.vault_id, action.vm, wanted, now)
            except (RetryLaterError, PermanentError) as error:
                return Carried(outcome_of(error, now), protection)
            again = wanted.rule.initial_backup.again
            if (standing := _earlier_backup(action.kind, jobs, intent, protection, now, again)) is not None:
                return standing
            if (full := _over_the_day(jobs, wanted.limits.on_demand_per_day, now)) is not None:
                return Carried(full, protection)
        retain_until = action.retain_until or now + (action.retain or timedelta(days=30))
        answer = await self.guard.send(key, partial(self.backup.start_backup, action.item_id, retain_until))
        if isinstance(answer, Outcome):
            return Carried(answer, protection)
        for each in (spread_key, left_key):
            await self.ledger.forget(each(action.vm.key))
        return Carried(accepted_until(self.clock.now(), answer), replace(protection, backup_running=True))

    async def _put_apart(self, action: Action, wanted: Wanted, *, new: bool) -> Outcome | None:
        """DEFERRED until the VM's own part of the rule's spread has passed since its protection was made."""
        spread = wanted.rule.initial_backup.spread
        if not spread or action.kind is not ActionKind.START_INITIAL_BACKUP:
            return None
        key, now = spread_key(action.vm.key), self.clock.now()
        due = await self.ledger.intent(key)
        if due is None and new:
            due = Intent(now + share_of(spread, action.vm.key))
            await self.ledger.record(key, due)
        if due is None or now >= due.at:
            return None
        why = f"first backups are put apart over {format_duration(spread)}"
        return Outcome(Status.DEFERRED, due.at, "SPREAD", why, BY_ITSELF)

    async def _jobs(self, vault_id: str, vm: ArmId, wanted: Wanted, now: datetime) -> tuple[BackupJob, ...]:
        """The item's backup jobs of late, but none of an earlier VM that had this name."""
        since = now - JOBS_SINCE
        if wanted.vm.created is not None:
            since = max(since, wanted.vm.created)
        return await asked_twice(partial(self.backup.jobs, vault_id, vm, since))


def share_of(spread: timedelta, vm_key: str) -> timedelta:
    """The VM's own part of the time over which first backups are put apart: always the same."""
    return spread * (int.from_bytes(hashlib.sha256(vm_key.encode()).digest()[:4]) / 2**32)


def _earlier_backup(
    kind: ActionKind,
    jobs: tuple[BackupJob, ...],
    intent: Intent | None,
    protection: Protection,
    now: datetime,
    again: timedelta | None,
) -> Carried | None:
    """What an earlier backup of this item means for a new one; None when nothing stands in its way."""
    if any(job.running for job in jobs):
        return Carried(Outcome(Status.ALREADY_DONE), replace(protection, backup_running=True))
    if kind is ActionKind.START_INITIAL_BACKUP and jobs:
        latest = max(jobs, key=lambda job: (job.started is not None, job.started))
        if latest.status.lower().startswith("completed"):
            return Carried(Outcome(Status.ALREADY_DONE), replace(protection, has_recovery_point=True))
        if again is None or latest.started is None or now < latest.started + again:
            error = latest.error or f"the first backup ended as {latest.status}"
            outcome = Outcome(Status.FAILED, None, latest.error_code or latest.status, error, _remedy_of(latest))
            return Carried(outcome, replace(protection, last_backup_status="Failed"))
    if intent is not None and now < intent.at + POST_SHOWS_WITHIN:
        shown = any(job.started is not None and job.started >= intent.at - timedelta(minutes=1) for job in jobs)
        if not shown:
            return Carried(answer_lost(intent.at + POST_SHOWS_WITHIN), protection)
    return None


def _over_the_day(jobs: tuple[BackupJob, ...], per_day: int, now: datetime) -> Outcome | None:
    """DEFERRED where so many on-demand backups of the VM began within 24 hours. Azure's own jobs are the ledger.

    A job that does not say who asked for it counts.
    """
    began = sorted(
        each.started
        for each in jobs
        if each.started is not None and each.started > now - DAY and each.user_triggered is not False
    )
    if len(began) < per_day:
        return None
    why = f"{len(began)} on-demand backups of this VM began within 24 hours"
    return Outcome(Status.DEFERRED, began[-per_day] + DAY, "QUOTA_ON_DEMAND", why, BY_ITSELF)


def _remedy_of(job: BackupJob) -> str:
    """What to do about a backup that failed, with the way to start another at its end."""
    if not job.error_code and not job.error:
        return f"Look at the job in the vault, then {_AGAIN}"
    remedy = remedy_for(job.error_code, job.error)
    return remedy if "--backup-now" in remedy else f"{remedy}; then {_AGAIN}"
