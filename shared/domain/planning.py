"""From a verdict to the writes that mend it; nothing else in Backstop decides on a write.

The plan holds every step that the VM still needs, in order. A worker carries out the first one, and lets a later look
at the VM decide on the rest.
"""

from datetime import datetime

from shared.domain.attributes import Subject
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.matching import choose_vault, wanted_policy
from shared.domain.model import (
    ACTIVE_STATES,
    Action,
    ActionKind,
    DiskSelection,
    Observation,
    Protection,
    State,
    Unread,
    Verdict,
    Vm,
)
from shared.domain.policy import Rule
from shared.domain.policy_file.backup import DiskExclusion
from shared.domain.reasons import Reason

# Reasons that leave a person to act: Backstop reports them and writes nothing.
_HANDS_OFF = (
    Reason.SETTLING,
    Reason.NO_VAULT_IN_REGION,
    Reason.OPTED_OUT,
    Reason.BACKUP_POLICY_NOT_NAMED,
    Reason.BACKUP_POLICY_NOT_ALLOWED,
    Reason.NEEDS_ENHANCED_POLICY,
    Reason.VM_NOT_READY,
)


def plan(
    seen: Observation,
    verdict: Verdict,
    policy: CompiledPolicy,
    *,
    backup_now: bool = False,
    retain_until: datetime | None = None,
) -> tuple[Action, ...]:
    """The writes for one VM, possibly none.

    `backup_now` adds a person's wish for an on-demand backup of a protected VM; it overrides no verdict: an exempt,
    excluded or unknown VM gets nothing.
    """
    if verdict.state is State.COMPLIANT and not backup_now:
        return ()
    compiled = policy.rule_named(verdict.rule)
    if compiled is None or verdict.state not in {State.NON_COMPLIANT, State.COMPLIANT}:
        return ()
    if isinstance(seen.vm, Unread) or isinstance(seen.protection, Unread) or isinstance(seen.vaults, Unread):
        return ()
    if any(each.reason in _HANDS_OFF for each in verdict.reasons):
        return ()
    vm, protection, rule = seen.vm, seen.protection, compiled.rule
    if verdict.has(Reason.UNPROTECTED):
        vault = choose_vault(vm, seen.vaults, compiled)
        if vault is None:
            return ()
        wanted = wanted_policy(rule, Subject(vm, seen.at)).name
        enable = Action(
            ActionKind.ENABLE_PROTECTION, vm.id, vault.id.text, wanted, disks=disk_selection(rule.disk_exclusion)
        )
        if not (rule.initial_backup.enabled or backup_now):
            return (enable,)
        return enable, _backup(ActionKind.START_INITIAL_BACKUP, vm, vault.id.text, wanted, rule, retain_until)
    if verdict.has(Reason.NO_RECOVERY_POINT):
        return (_of_item(ActionKind.START_INITIAL_BACKUP, vm, protection, rule, retain_until),)
    if backup_now and protection.state in ACTIVE_STATES and not protection.backup_running:
        return (_of_item(ActionKind.START_BACKUP, vm, protection, rule, retain_until),)
    return ()


def disk_selection(choice: DiskExclusion | None) -> DiskSelection | None:
    """The disks of a new protection, as Azure takes them; None for all."""
    if choice is None:
        return None
    if choice.exclude_luns is not None:
        return DiskSelection(choice.exclude_luns, including=False)
    return DiskSelection(choice.include_luns or (), including=True)


def _of_item(kind: ActionKind, vm: Vm, item: Protection, rule: Rule, retain_until: datetime | None) -> Action:
    return _backup(kind, vm, item.vault_id, item.backup_policy, rule, retain_until, item.item_id)


def _backup(
    kind: ActionKind,
    vm: Vm,
    vault_id: str,
    backup_policy: str,
    rule: Rule,
    retain_until: datetime | None,
    item_id: str = "",
) -> Action:
    return Action(kind, vm.id, vault_id, backup_policy, item_id, rule.initial_backup.retain, retain_until)
