"""Finds what an explanation tells of the backup policy that a VM is or would come under. It writes nothing.

The vault is asked for its policies, one request, unless the plan has read them already. A policy that is yet to be made
is told as the rule describes it.
"""

from cli.output.explanation_schedule import Scheduled
from shared.domain.backup_policy import BackupPolicy, wanted_backup_policy
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.model import ActionKind, Observation, Protection, Unread
from shared.domain.policy_told import PolicyTold, policy_told
from shared.domain.shards import family
from shared.errors import PermanentError, RetryLaterError
from shared.looking import Look
from shared.ports import Backup


async def schedule_of(look: Look, policy: CompiledPolicy, backup: Backup) -> Scheduled | None:
    """The policy of the VM's protected item, else that of its planned place; None where there is neither."""
    seen = look.seen
    if seen is None:
        return None
    vault_id, name = _place(look, seen)
    if not vault_id or not name:
        return None
    kinds = {each.kind for each in look.actions}
    try:
        policies = () if ActionKind.CREATE_VAULT in kinds else await _policies(seen, vault_id, backup)
    except (RetryLaterError, PermanentError) as error:
        return Scheduled(vault_id, PolicyTold(name, problem=f"could not be read: {error.message}"))
    have = next((each for each in policies if each.name.lower() == name.lower()), None)
    if have is not None:
        return Scheduled(vault_id, policy_told(have, seen.at))
    made = ActionKind.ENSURE_BACKUP_POLICY in kinds
    definition = _definition(look, policy, name, policies) if made else None
    if definition is None:
        why = "known once the vault is made" if ActionKind.CREATE_VAULT in kinds else "its vault does not show it"
        return Scheduled(vault_id, PolicyTold(name, problem=why), made)
    return Scheduled(vault_id, policy_told(definition, seen.at), made)


def _place(look: Look, seen: Observation) -> tuple[str, str]:
    item = seen.protection
    if isinstance(item, Protection) and item.vault_id:
        return item.vault_id, item.backup_policy or next((each.backup_policy for each in look.actions), "")
    seat = look.steps.placed.seat if look.steps.placed is not None else None
    return (seat.vault_id, seat.backup_policy) if seat is not None and not isinstance(item, Unread) else ("", "")


async def _policies(seen: Observation, vault_id: str, backup: Backup) -> tuple[BackupPolicy, ...]:
    contents = seen.holdings.contents.get(vault_id.lower())
    return contents.policies if contents is not None else await backup.backup_policies(vault_id)


def _definition(
    look: Look, policy: CompiledPolicy, name: str, policies: tuple[BackupPolicy, ...]
) -> BackupPolicy | None:
    """What Backstop would make: as the rule describes it, or a copy of the vault's own of that family."""
    compiled = policy.rule_named(look.verdict.rule)
    choice = compiled.rule.backup_policy if compiled is not None else None
    if choice is None:
        return None
    if (described := wanted_backup_policy(choice, name)) is not None:
        return described
    return family(choice, choice.name or name, policies).definition(name)
