"""Carries out one planned write to a VM's protection, behind the guards that stand right before it.

Pause switch and intents are `guards.py`'s; here is the quota of registrations. `vault_making.py` makes vaults,
`backing_up.py` starts backups. Whether the policy permits writing at all is the reconciler's question, asked before.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from shared.backing_up import BackupStarter
from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import Accepted
from shared.domain.berthing import quotas_of
from shared.domain.model import Action, ActionKind, Outcome, Protection, ProtectionState, Status
from shared.domain.steps import day_is_full
from shared.errors import PermanentError
from shared.guards import PUT_SHOWS_WITHIN, Carried, Guard, accepted_until, answer_lost, outcome_of
from shared.ledger_keys import protect_key, undelete_key, under_key, vault_key
from shared.placing import Placer
from shared.ports import Backup, Clock, Ledger
from shared.refused import RefusalDesk
from shared.vault_making import VaultMaker, Wanted

_MAKING = frozenset({ActionKind.CREATE_VAULT, ActionKind.SET_REDUNDANCY, ActionKind.ENSURE_BACKUP_POLICY})


@dataclass(frozen=True, slots=True)
class Actor:
    """Does one action at a time."""

    backup: Backup
    ledger: Ledger
    placer: Placer
    maker: VaultMaker
    guard: Guard
    clock: Clock
    refusals: RefusalDesk
    starter: BackupStarter

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
                    return await self.starter.start(
                        action, protection, wanted, just_protected=just_protected, wished=wished
                    )
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
            return Carried(await self.refusals.outcome(error, action, wanted.vm), protection)
        if isinstance(answer, Outcome):
            return Carried(answer, protection)
        await self.ledger.forget(vault_key(action.vault_id))  # it holds something now, so it is no longer ours to set
        after = Protection(ProtectionState.CONFIGURING, vault_id=action.vault_id, backup_policy=action.backup_policy)
        return Carried(accepted_until(self.clock.now(), answer), after)

    async def _registered(self, action: Action, wanted: Wanted) -> Outcome | None:
        """Count the registration; DEFERRED where the vault's day is full. A paused one is not counted."""
        if (paused := await self.guard.paused()) is not None:
            return paused
        subscription, per_day = parse_id(action.vault_id).subscription_id, quotas_of(wanted.limits).registrations
        due = await self.placer.register(action.vault_id, subscription, action.vm.key, per_day)
        if due is None:
            return None
        if due <= self.clock.now():
            return Outcome(Status.DEFERRED, due, "BUSY", "the VM's place in the vault was given up meanwhile")
        full = day_is_full(action.vault_id, per_day, due)
        return Outcome(Status.DEFERRED, due, full.code, full.why, full.remedy)
