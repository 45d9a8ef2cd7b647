"""The verdict: labels against what really happened. Pure, so that the verdict itself can be tested.

A VM that must be protected counts only where it is protected exactly once: one active item over all vaults, in a
vault of its own region and subscription, under the backup policy of its label, with exactly one first backup.
Every write that touches any other VM, or no VM, is wrong, whatever it was answered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.control.ledger import Write
from simulator.core.labels import Label
from simulator.core.wire import Json

RIGHT = ("PUT protectedItems", "POST backup")


@dataclass(frozen=True)
class Protection:
    """One active protection of a VM. `first_backups`: status of each user-triggered Backup job of the item."""

    vault_subscription: str
    vault_location: str
    policy: str
    first_backups: tuple[str, ...]


@dataclass(frozen=True)
class Machine:
    """A VM and its active protections."""

    subscription: str
    location: str
    protections: tuple[Protection, ...]
    #: Somebody locked a vault that could take it: nobody can protect it until the lock goes.
    locked: bool = False


def check(labels: Sequence[Label], machines: Mapping[str, Machine], writes: Sequence[Write]) -> Json:
    """`{"missed", "wrongWrites", "labelled"}`. `machines` is keyed by lower-cased VM id and lacks VMs that are gone."""
    missed = []
    for label in labels:
        machine = machines.get(label.vm_id.lower())
        if label.expect != "protect" or machine is None or machine.locked:
            continue
        why = _lacks(label, machine)
        if why:
            missed.append({"vmId": label.vm_id, "kind": label.kind, "why": why})
    return {"missed": missed, "wrongWrites": _wrong(labels, writes), "labelled": len(labels)}


def _lacks(label: Label, machine: Machine) -> str | None:
    """What keeps this VM from being protected exactly once, or None."""
    if len(machine.protections) != 1:
        return f"{len(machine.protections)} active protected items instead of one"
    found = machine.protections[0]
    if found.vault_location != machine.location:
        return f"protected in region {found.vault_location} instead of {machine.location}"
    if found.vault_subscription != machine.subscription:
        return "protected in a vault of another subscription"
    if label.backup_policy and found.policy.lower() != label.backup_policy.lower():
        return f"under backup policy {found.policy} instead of {label.backup_policy}"
    if len(found.first_backups) != 1:
        return f"{len(found.first_backups)} first backups instead of one"
    if found.first_backups[0] not in ("InProgress", "Completed", "CompletedWithWarnings"):
        return f"its first backup is {found.first_backups[0]}"
    return None


def _wrong(labels: Sequence[Label], writes: Sequence[Write]) -> list[Json]:
    known = {label.vm_id.lower(): label for label in labels}
    protected: set[str] = set()
    wrong = []
    for write in writes:
        key = (write.vm_id or "").lower()
        why = _objection(write, write.label or known.get(key), key in protected)
        if write.operation == "PUT protectedItems" and 200 <= write.status < 300 and not write.in_vain:
            protected.add(key)
        if why:
            wrong.append(write.to_json() | {"why": why})
    return wrong


def _objection(write: Write, label: Label | None, again: bool) -> str | None:
    """What is wrong with this write, or None. `again`: an earlier protect of this VM has succeeded."""
    if write.vm_id is None:
        return "belongs to no VM"
    if label is None:
        return "touches a VM without a label"
    if label.expect != "protect":
        return f"touches a VM that is to be left alone ({label.why})"
    if write.over_existing and not write.overtaken:
        return "a PUT over an existing protected item"
    if write.operation not in RIGHT:
        return "neither a protect nor a first backup"
    if write.operation == "PUT protectedItems":
        if label.kind == "pending":
            return "only the first backup was missing"
        if again and 200 <= write.status < 300:
            return "a second protect"
    return None
