"""Makes what a new protection lacks: the vault, its storage redundancy, its backup policy.

One worker at a time makes one thing; the others are told to come back. Each step reads the vault anew first, because a
listing may be minutes old: a vault is never made over one that is there, a policy is never written where it is as it
should be, and redundancy is set only in a vault of our own that holds nothing yet.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shared.domain.arm_id import parse_id
from shared.domain.azure_answers import Accepted, NewVault
from shared.domain.backup_policy_comparing import may_move
from shared.domain.matching import has_redundancy
from shared.domain.model import Action, ActionKind, Outcome, Status, Vm
from shared.domain.policy import Limits, Rule
from shared.domain.policy_file.vault import VaultChoice, new_vault_tags
from shared.domain.shards import MOST_POLICIES, family
from shared.domain.steps import BY_ITSELF
from shared.domain.troubleshooting import remedy_for
from shared.errors import PermanentError, RetryLaterError
from shared.guards import Guard, accepted_until, asked_twice, outcome_of
from shared.ledger_keys import policy_key, refused_key, vault_key
from shared.placing import Placer
from shared.ports import Backup, Claims, Clock, Intent, Ledger

LEASE = timedelta(minutes=2)
BUSY = timedelta(seconds=30)
REFUSED_FOR = timedelta(minutes=30)
PATIENCE = timedelta(hours=1)  # a vault took eight seconds to a minute in recorded traffic (2026)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the VM's rule asks for: `base` is the name of the backup policy before it is told apart into shards."""

    vm: Vm
    rule: Rule
    base: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class VaultMaker:
    """Does one step at a time; every outcome says when to look again, and the next look decides anew."""

    backup: Backup
    ledger: Ledger
    claims: Claims
    placer: Placer
    guard: Guard
    clock: Clock

    async def make(self, action: Action, wanted: Wanted) -> Outcome:
        """Carry out CREATE_VAULT, SET_REDUNDANCY or ENSURE_BACKUP_POLICY."""
        owner, key, now = uuid.uuid4().hex, f"make|{action.vault_id.lower()}", self.clock.now()
        held_until = await self.claims.claim(key, owner, now, LEASE)
        if held_until is not None:
            return Outcome(Status.DEFERRED, min(held_until, now + BUSY), "BUSY", "another worker prepares the vault")
        try:
            match action.kind:
                case ActionKind.CREATE_VAULT:
                    return await self._create(_new_vault(action, wanted))
                case ActionKind.SET_REDUNDANCY:
                    return await self._set_redundancy(_new_vault(action, wanted), wanted.rule.vault)
                case _:
                    return await self._ensure_policy(action, wanted)
        except (RetryLaterError, PermanentError) as error:
            return outcome_of(error, self.clock.now())
        finally:
            await self.claims.release(key, owner)

    async def _create(self, new: NewVault) -> Outcome:
        key = vault_key(new.id.text)
        intent = await self.ledger.intent(key)
        if (
            intent is not None
            and intent.operation_url
            and (going_on := await self._making(new.id.text, intent)) is not None
        ):
            return going_on
        self.backup.forget(new.id.text)
        if await asked_twice(partial(self.backup.vault, new.id.text)) is not None:
            return self._at_once()
        names = {each.id.name.lower() for each in await self.backup.vaults(new.id.subscription_id)}
        if new.id.name.lower() in names:
            why = f"the subscription has a vault {new.id.name} in another resource group or region"
            remedy = "Give the rule's vault another name by `vault.create.name`"
            return self._anew("VAULT_NAME_TAKEN", why, remedy)  # the listing shows it now, and another name is chosen
        refused = await self.ledger.intent(refused_key(new.id.text))
        if refused is not None and self.clock.now() < refused.at + REFUSED_FOR:
            await self.placer.vacate(new.id.text)
            why = f"Azure has just refused to make the vault {new.id.name}, for another VM"
            return Outcome(Status.FAILED, None, "VAULT_REFUSED", why, "Mend what that VM's finding names")
        try:
            answer = await self.guard.put(key, partial(self.backup.create_vault, new))
        except PermanentError as error:
            await self.ledger.record(refused_key(new.id.text), Intent(self.clock.now()))
            await self.placer.vacate(new.id.text)
            if error.code.lower() == "resourcegroupnotfound":
                where = f"the subscription {new.id.subscription_id}"
                error.remedy = f"Create it in {where}, or name another by `vault.create.resourceGroup`"
            raise
        await self.ledger.forget(refused_key(new.id.text))
        return accepted_until(self.clock.now(), answer) if isinstance(answer, Accepted) else answer

    async def _making(self, vault_id: str, intent: Intent) -> Outcome | None:
        """Where the making of the vault stands; None once it has ended well or its operation is not known any more."""
        key, outcome = vault_key(vault_id), await self._under_way(intent, "the vault could not be made")
        if outcome is None:
            await self.ledger.record(key, Intent(intent.at))
        elif outcome.status is Status.FAILED:
            await self.ledger.forget(key)
            await self.placer.vacate(vault_id)
        return outcome

    async def _under_way(self, intent: Intent, failed: str) -> Outcome | None:
        """Where our operation stands; None once it has ended well or is not known any more."""
        now = self.clock.now()
        try:
            status = await asked_twice(partial(self.backup.operation, intent.operation_url))
        except PermanentError:
            return None
        if status.running and now < intent.at + PATIENCE:
            return Outcome(Status.ACCEPTED, now + (status.retry_after or BUSY))
        if status.status.lower() == "succeeded":
            return None
        error = status.error or failed
        return Outcome(Status.FAILED, None, status.error_code, error, remedy_for(status.error_code, error))

    async def _set_redundancy(self, new: NewVault, choice: VaultChoice) -> Outcome:
        self.backup.forget(new.id.text)
        contents = await self.backup.contents(new.id.text)
        if contents.items or new.id.key not in await self.placer.ours():
            await self.ledger.forget(vault_key(new.id.text))  # no longer ours to set, so another vault is chosen
            why = "the vault's redundancy is not as the rule asks, and the vault is in use"
            return self._anew("REDUNDANCY_LOCKED", why, "Make another vault, or change the rule")
        if (paused := await self.guard.paused()) is not None:
            return paused
        await self.backup.set_redundancy(new)
        self.backup.forget(new.id.text)
        vault = await self.backup.vault(new.id.text)
        if vault is not None and not has_redundancy(vault, choice):
            why = f"the vault {new.id.name} shows {vault.redundancy or 'no redundancy'} after it was set"
            return self._anew("REDUNDANCY_NOT_SET", why, "Set it in the vault before its first protected item")
        return self._at_once()

    async def _ensure_policy(self, action: Action, wanted: Wanted) -> Outcome:
        vault_id, name = action.vault_id, action.backup_policy
        key = policy_key(vault_id, name)
        intent = await self.ledger.intent(key)
        if intent is not None:
            outcome = await self._under_way(intent, "the change of the backup policy came to no end")
            if outcome is None or outcome.status is Status.FAILED:
                await self.ledger.forget(key)
            if outcome is not None:
                return outcome
        self.backup.forget(vault_id)
        contents = await self.backup.contents(vault_id)
        its = family(wanted.rule.backup_policy, wanted.base, contents.policies)
        have, definition = contents.policy(name), its.definition(name)
        if have is not None and not its.to_be_changed(name):
            return self._at_once()
        if have is None and len(contents.policies) >= MOST_POLICIES:
            why = f"the vault {parse_id(vault_id).name} has {MOST_POLICIES} backup policies"
            return self._anew("BACKUP_POLICIES_FULL", why, "Delete those that nothing uses")
        if definition is None:
            why = f"the vault {parse_id(vault_id).name} has no backup policy {its.base} to make {name} of"
            return Outcome(Status.FAILED, None, "BACKUP_POLICY_MISSING", why, "Make it, or describe it in the rule")
        if have is not None and (why := may_move(have, definition)):
            remedy = "Change the policy in the vault if that is meant, or the rule"
            return Outcome(
                Status.FAILED, None, "CHANGE_REFUSED", f"the backup policy {name} is not changed: {why}", remedy
            )
        if (paused := await self.guard.paused()) is not None:
            return paused
        subscription, per_day = parse_id(vault_id).subscription_id, wanted.limits.backup_policy_edits_per_day
        if (due := await self.placer.edit(vault_id, subscription, per_day)) is not None:
            why = f"the backup policies of the vault were changed {per_day} times within 24 hours"
            return Outcome(Status.DEFERRED, due, "QUOTA_POLICY_EDITS", why, BY_ITSELF)
        answer = await self.backup.put_backup_policy(vault_id, definition)  # the same again would do no harm
        self.backup.forget(vault_id)
        if not answer.operation_url:
            return self._at_once()
        # Azure takes a change over to all items first, and shows the policy as it was until then.
        await self.ledger.record(key, Intent(self.clock.now(), answer.operation_url))
        return accepted_until(self.clock.now(), answer)

    def _anew(self, code: str, why: str, remedy: str) -> Outcome:
        """What was planned does not hold any more: the next look plans anew, but not for ever."""
        return Outcome(Status.DEFERRED, self.clock.now(), code, why, remedy, failed_try=True)

    def _at_once(self) -> Outcome:
        return Outcome(Status.ACCEPTED, self.clock.now())


def _new_vault(action: Action, wanted: Wanted) -> NewVault:
    choice, vault_id = wanted.rule.vault, parse_id(action.vault_id)
    return NewVault(
        vault_id,
        wanted.vm.location,
        new_vault_tags(choice),
        choice.redundancy or "",
        choice.cross_region_restore,
        choice.create.public_network_access if choice.create is not None else "Enabled",
    )
