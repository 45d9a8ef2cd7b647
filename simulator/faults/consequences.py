"""What another actor's deed means for the verdict: what is right for the VM now, and what a client could know of it.

A deed changes the answer key of its VM. A write that a client sends before it has read that change is judged by what
was right when it last looked: nobody can know what happens between a read and a write. From the first read that shows
the deed on, the new key counts. Pure but for what it keeps.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from simulator.core.labels import MENDED, Label
from simulator.core.routing import Call
from simulator.faults.kinds import ActorFault

#: The reads that show a deed, once it shows at all.
SHOWN_BY_VM = frozenset({"GET virtualMachines", "GET tags"})
SHOWN_BY_BACKUP = frozenset({"GET protectedItems", "POST backupStatus"})


def after_deed(rule: ActorFault, label: Label, *, backed_up: bool) -> Label:
    """The VM's answer key after the deed. `backed_up`: a backup was in force when it happened."""
    match rule.deed:
        case "delete-vm":
            return replace(label, expect="untouched", why="VM_BEING_DELETED")
        case "stop":
            return replace(label, expect="report", why="PROTECTION_STOPPED")
        case "delete-backup":
            return replace(label, expect="report", why="SOFT_DELETED")
        case "opt-out" if label.expect in ("protect", *MENDED) and label.backup_policy != "EnhancedPolicy":
            return replace(label, expect="untouched", why="PROTECTED" if backed_up else "OPTED_OUT")
        case "protect" if label.expect == "protect":
            if rule.backup_policy and rule.backup_policy.lower() != (label.backup_policy or "").lower():
                return replace(label, expect="report", why="OTHER_BACKUP_POLICY")
            return replace(label, kind="pending", why="NO_RECOVERY_POINT")  # only the first backup is still to come
    return label


@dataclass
class _Unseen:
    label: Label
    shown_by: frozenset[str]
    shows: datetime


class Knowledge:
    """The answer key of each VM as a client can know it at the moment."""

    def __init__(self, labels: dict[str, Label]) -> None:
        self._labels = labels
        self._unseen: dict[str, _Unseen] = {}

    def changed(self, before: Label, after: Label, deed: str, shows: datetime) -> None:
        """A deed has changed the key; it can be seen from `shows` on."""
        key = before.vm_id.lower()
        if key not in self._labels or before == after:
            return
        shown_by = SHOWN_BY_VM if deed in ("opt-out", "delete-vm") else SHOWN_BY_BACKUP
        known = self._unseen[key].label if key in self._unseen else before
        self._unseen[key] = _Unseen(known, shown_by, shows)
        self._labels[key] = after

    def label(self, vm_id: str | None) -> Label | None:
        """The key that a write sent now is to be judged by."""
        key = (vm_id or "").lower()
        unseen = self._unseen.get(key)
        return unseen.label if unseen else self._labels.get(key)

    def is_behind(self, vm_id: str | None) -> bool:
        """Whether something has been done to the VM that no client has seen yet."""
        return (vm_id or "").lower() in self._unseen

    def read(self, call: Call, vm_id: str | None, status: int, now: datetime) -> None:
        """A client got this answer: from now on it knows what the answer shows."""
        if not self._unseen or status >= 500 or call.headers.get("x-sim-actor") == "estate":
            return
        key = (vm_id or "").lower()
        unseen = self._unseen.get(key)
        if unseen is None or call.operation not in unseen.shown_by or now < unseen.shows:
            return
        if status == 200 or (status == 404 and unseen.shown_by is SHOWN_BY_VM):
            del self._unseen[key]
