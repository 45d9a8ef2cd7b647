"""Carries out one planned write to a VM's protection, behind the guards that stand right before it.

Pause switch and intents are `guards.py`'s; here are those of the service's own ways: the quota of registrations,
running and earlier backup jobs, a refusal that a discovery may cure. Whether the policy permits writing at all is the
reconciler's question, asked before.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shared.domain.arm_id import ArmId, parse_id
from shared.domain.azure_answers import Accepted, BackupJob
from shared.domain.durations import format_duration
from shared.domain.model import Action, ActionKind, Outcome, Protection, ProtectionState, Status, Vm
from shared.domain.preflight import Refusal, asks_why, needs_discovery, why_refused
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import remedy_for
from shared.errors import PermanentError, RetryLaterError
from shared.guards import (
    POLL,
    POST_SHOWS_WITHIN,
    PUT_SHOWS_WITHIN,
    Guard,
    accepted_until,
    answer_lost,
    asked_twice,
    outcome_of,
)
from shared.placing import Placer, vault_key
from shared.ports import Backup, Clock, Intent, Ledger, Preflight
from shared.vault_making import VaultMaker, Wanted

JOBS_SINCE = timedelta(days=7)
DAY = timedelta(days=1)
_AGAIN = "start a backup: backstop protect VM_ID --backup-now"
_MAKING = frozenset({ActionKind.CREATE_VAULT, ActionKind.SET_REDUNDANCY, ActionKind.ENSURE_BACKUP_POLICY})


def protect_key(vm_key: str) -> str:
    """The ledger's key for a VM's protect PUT."""
    return f"protect|{vm_key}"


def undelete_key(vm_key: str) -> str:
    """The ledger's key for the PUT that undeletes a VM's item; it stays until the item is active again."""
    return f"undelete|{vm_key}"


def under_key(vm_key: str) -> str:
    """The ledger's key for the PUT that resumes a VM's item or changes its backup policy."""
    return f"under|{vm_key}"


def discover_key(vm_key: str) -> str:
    """The ledger's key for the discovery that a refused protect asked for."""
    return f"discover|{vm_key}"


def backup_key(vm_key: str) -> str:
    """The ledger's key for a VM's on-demand backup POST."""
    return f"backup|{vm_key}"


def spread_key(vm_key: str) -> str:
    """The ledger's key for the moment to which a VM's first backup is put off."""
    return f"spread|{vm_key}"


def left_key(vm_key: str) -> str:
    """The ledger's key for the moment until which a VM's first backup is left to a scheduled one."""
    return f"left|{vm_key}"


@dataclass(frozen=True, slots=True)
class Carried:
    """How the write ended, and what the protection is known to be after it."""

    outcome: Outcome
    protection: Protection


@dataclass(frozen=True, slots=True)
class Actor:
    """Does one action at a time."""

    backup: Backup
    preflight: Preflight
    ledger: Ledger
    placer: Placer
    maker: VaultMaker
    guard: Guard
    clock: Clock

    async def carry_out(
        self, action: Action, protection: Protection, wanted: Wanted, *, just_protected: bool, wished: bool = False
    ) -> Carried:
        """Do the write, or say why not. `just_protected`: the protection is new and ours, no job list is needed.

        `wished`: a person asked for a backup now, so a first one is not put apart from others.
        """
        if action.kind in _MAKING:
            return Carried(await self.maker.make(action, wanted), protection)
        try:
            match action.kind:
                case ActionKind.ENABLE_PROTECTION:
                    return await self._enable(action, protection, wanted)
                case ActionKind.UNDELETE:
                    send = partial(self.backup.undelete, action.vault_id, action.vm)
                    return await self._put(undelete_key(action.vm.key), send, protection)
                case ActionKind.RESUME_PROTECTION | ActionKind.CHANGE_BACKUP_POLICY:
                    send = partial(self.backup.put_under, action.vault_id, action.vm, action.backup_policy)
                    return await self._put(under_key(action.vm.key), send, protection)
                case _:
                    if not wished and (later := await self._put_apart(action, wanted, new=just_protected)) is not None:
                        return Carried(later, protection)
                    return await self._start_backup(action, protection, wanted, just_protected)
        except PermanentError as error:
            return Carried(outcome_of(error, self.clock.now()), protection)

    async def _put(self, key: str, send: Callable[[], Awaitable[Accepted]], protection: Protection) -> Carried:
        answer = await self.guard.put(key, send)
        outcome = accepted_until(self.clock.now(), answer) if isinstance(answer, Accepted) else answer
        return Carried(outcome, protection)

    async def _enable(self, action: Action, protection: Protection, wanted: Wanted) -> Carried:
        key = protect_key(action.vm.key)
        intent, now = await self.ledger.intent(key), self.clock.now()
        if intent is not None and now < intent.at + PUT_SHOWS_WITHIN:
            return Carried(answer_lost(intent.at + PUT_SHOWS_WITHIN), protection)
        # Counted anew for each request: one that got lost may have come to Azure, and this one comes later.
        if (full := await self._registered(action, wanted)) is not None:
            return Carried(full, protection)
        send = partial(self.backup.protect, action.vault_id, action.vm, action.backup_policy, action.disks)
        try:
            answer = await self.guard.put(key, send)
        except PermanentError as error:
            return Carried(await self._refused(error, action, wanted), protection)
        if isinstance(answer, Outcome):
            return Carried(answer, protection)
        await self.ledger.forget(vault_key(action.vault_id))  # it holds something now, so it is no longer ours to set
        after = Protection(ProtectionState.CONFIGURING, vault_id=action.vault_id, backup_policy=action.backup_policy)
        return Carried(accepted_until(self.clock.now(), answer), after)

    async def _registered(self, action: Action, wanted: Wanted) -> Outcome | None:
        """Count the registration; DEFERRED where the vault's day is full. A paused one is not counted."""
        if (paused := await self.guard.paused()) is not None:
            return paused
        subscription, limits = parse_id(action.vault_id).subscription_id, wanted.limits
        per_day = limits.per_vault_per_day - limits.daily_reserve
        due = await self.placer.register(action.vault_id, subscription, action.vm.key, per_day)
        if due is None:
            return None
        if due <= self.clock.now():
            return Outcome(Status.DEFERRED, due, "BUSY", "the VM's place in the vault was given up meanwhile")
        why = f"the vault {parse_id(action.vault_id).name} takes {per_day} VMs within 24 hours"
        return Outcome(Status.DEFERRED, due, "QUOTA_REGISTRATIONS", why, "Nothing: it goes on by itself")

    async def _refused(self, error: PermanentError, action: Action, wanted: Wanted) -> Outcome:
        """What the service says of a VM that it does not take; once, a discovery is tried where that may help."""
        key, now = discover_key(action.vm.key), self.clock.now()
        earlier = await self.ledger.intent(key)
        searched = earlier is not None and now < earlier.at + DAY
        if needs_discovery(error.code) and not searched and _searched_by(action):
            answer = await self.guard.send(key, partial(self.preflight.refresh_containers, action.vault_id))
            return accepted_until(self.clock.now(), answer) if isinstance(answer, Accepted) else answer
        if not asks_why(error.code):
            return outcome_of(error, now)
        refusal = await self._why(error, action, wanted.vm)
        if refusal.trouble.kind is Kind.RETRY_LATER:
            again = now + (refusal.trouble.wait or POLL)
            return Outcome(Status.DEFERRED, again, refusal.code, refusal.error, refusal.remedy, failed_try=True)
        return Outcome(Status.FAILED, None, refusal.code, refusal.error, refusal.remedy)

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

    async def _start_backup(
        self, action: Action, protection: Protection, wanted: Wanted, just_protected: bool
    ) -> Carried:
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
        return Outcome(Status.DEFERRED, due.at, "SPREAD", why, "Nothing: it goes on by itself")

    async def _jobs(self, vault_id: str, vm: ArmId, wanted: Wanted, now: datetime) -> tuple[BackupJob, ...]:
        """The item's backup jobs of late, but none of an earlier VM that had this name."""
        since = now - JOBS_SINCE
        if wanted.vm.created is not None:
            since = max(since, wanted.vm.created)
        return await asked_twice(partial(self.backup.jobs, vault_id, vm, since))


def _searched_by(action: Action) -> bool:
    """Whether a discovery can find the VM: a vault looks at its own subscription alone (source of Azure CLI 2.91)."""
    return parse_id(action.vault_id).subscription_id == action.vm.subscription_id


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
    return Outcome(Status.DEFERRED, began[-per_day] + DAY, "QUOTA_ON_DEMAND", why, "Nothing: it goes on by itself")


def _remedy_of(job: BackupJob) -> str:
    """What to do about a backup that failed, with the way to start another at its end."""
    if not job.error_code and not job.error:
        return f"Look at the job in the vault, then {_AGAIN}"
    remedy = remedy_for(job.error_code, job.error)
    return remedy if "--backup-now" in remedy else f"{remedy}; then {_AGAIN}"
