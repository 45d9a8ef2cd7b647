"""A planned write in words, and what keeps a plan waiting: for `explain`, `protect`, and whoever else shows a plan."""

from datetime import UTC

from shared.domain.durations import format_duration
from shared.domain.model import Action, ActionKind, DiskSelection
from shared.domain.steps import Held


def action_text(action: Action, current: str = "") -> str:
    """One planned write in words. `current` is the backup policy that the VM is under now, where it is known."""
    vault = action.vault_id.rsplit("/", 1)[-1]
    match action.kind:
        case ActionKind.CREATE_VAULT:
            return f"{action.kind}: make the vault {vault} in group {_group(action.vault_id)}"
        case ActionKind.SET_REDUNDANCY:
            return f"{action.kind}: give the vault {vault} the storage redundancy that the rule asks for"
        case ActionKind.ENSURE_BACKUP_POLICY:
            return f"{action.kind}: give vault {vault} the backup policy {action.backup_policy} as the rule asks for it"
        case ActionKind.UNDELETE:
            return f"{action.kind}: bring back the deleted backup in vault {vault}"
        case ActionKind.RESUME_PROTECTION:
            return f"{action.kind}: resume the backup in vault {vault} under backup policy {action.backup_policy}"
        case ActionKind.CHANGE_BACKUP_POLICY:
            before = f"from {current} " if current else ""
            return f"{action.kind}: change the backup policy {before}to {action.backup_policy} in vault {vault}"
    kept = ""
    if action.retain_until is not None:
        kept = f", kept until {action.retain_until:%Y-%m-%d}"
    elif action.retain is not None:
        kept = f", kept for {format_duration(action.retain)}"
    return f"{action.kind} in vault {vault} under backup policy {action.backup_policy}{_disks(action.disks)}{kept}"


def held_text(held: Held, *, steps: bool) -> str:
    """Why nothing is written now, as sentences. `steps`: there are some that follow afterwards."""
    if held.until is None:
        return f"Nothing is written: {held.why}. {held.remedy}".rstrip(". ") + "."
    then = "then the steps above follow" if steps else "then Backstop looks again"
    return f"It waits until {held.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {held.why}; {then}."


def _group(vault_id: str) -> str:
    parts = vault_id.split("/")
    return parts[4] if len(parts) > 4 else ""


def _disks(disks: DiskSelection | None) -> str:
    if disks is None:
        return ""
    luns = ", ".join(str(each) for each in disks.luns)
    if disks.including:
        return f", of the data disks only LUN {luns}" if luns else ", the OS disk only"
    return f", without the data disks at LUN {luns}"
