"""The verdict: labels against what really happened. Pure, so that the verdict itself can be tested.

A VM that must be protected counts only where it is protected exactly once: one active item over all vaults, in a
vault of its own region and subscription, under the backup policy of its label, with exactly one first backup.
A label may ask for other writes: to undelete and resume a soft-deleted item, to resume a stopped one, or to change a
policy, each once and nothing else. Every write that touches any other VM is wrong, whatever it was answered; so is one
that touches no VM, unless the run allows its kind.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from simulator.control.ledger import Write
from simulator.core.labels import MENDED, Label
from simulator.core.wire import AzureError, Json

RIGHT = ("PUT protectedItems", "POST backup")
#: What a run may allow, and the writes that are right then; the last allows no write but another place for an item.
ALLOWABLE: dict[str, tuple[str, ...]] = {
    "vault": ("PUT vaults", "PUT vaultstorageconfig", "PATCH vaultstorageconfig"),
    "policy": ("PUT backupPolicies",),
    "cross-subscription": (),
}
#: By expectation the changes of an item that make it right, in their order.
STEPS = {"undelete": ("undelete", "resume"), "resume": ("resume",), "change-policy": ("change-policy",)}


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


def allowed(text: str) -> frozenset[str]:
    """What `?allow=vault,policy` names. Raises AzureError 400 on a word that is none."""
    found = frozenset(word.strip() for word in text.split(",") if word.strip())
    if not found <= ALLOWABLE.keys():
        raise AzureError(400, "InvalidCheck", f"allow takes {', '.join(ALLOWABLE)}, separated by commas.")
    return found


def check(
    labels: Sequence[Label],
    machines: Mapping[str, Machine],
    writes: Sequence[Write],
    allow: Collection[str] = frozenset(),
) -> Json:
    """`{"missed", "wrongWrites", "labelled"}`. `machines` is keyed by lower-cased VM id and lacks VMs that are gone.

    `allow`: words of ALLOWABLE.
    """
    missed = []
    for label in labels:
        machine = machines.get(label.vm_id.lower())
        if label.expect not in ("protect", *MENDED) or machine is None or machine.locked:
            continue
        why = _lacks(label, machine, anywhere="cross-subscription" in allow)
        if why:
            missed.append({"vmId": label.vm_id, "kind": label.kind, "why": why})
    return {"missed": missed, "wrongWrites": _wrong(labels, writes, allow), "labelled": len(labels)}


def _lacks(label: Label, machine: Machine, *, anywhere: bool) -> str | None:
    """What keeps this VM from being protected exactly once, or None."""
    if len(machine.protections) != 1:
        return f"{len(machine.protections)} active protected items instead of one"
    found = machine.protections[0]
    if found.vault_location != machine.location:
        return f"protected in region {found.vault_location} instead of {machine.location}"
    if found.vault_subscription != machine.subscription and not anywhere:
        return "protected in a vault of another subscription"
    if label.backup_policy and found.policy.lower() != label.backup_policy.lower():
        return f"under backup policy {found.policy} instead of {label.backup_policy}"
    if label.expect in MENDED:  # what was backed up before needs no first backup
        return None
    if len(found.first_backups) != 1:
        return f"{len(found.first_backups)} first backups instead of one"
    if found.first_backups[0] not in ("InProgress", "Completed", "CompletedWithWarnings"):
        return f"its first backup is {found.first_backups[0]}"
    return None


def _wrong(labels: Sequence[Label], writes: Sequence[Write], allow: Collection[str]) -> list[Json]:
    known = {label.vm_id.lower(): label for label in labels}
    done: dict[str, list[str]] = {}
    without_vm = {operation for word in allow for operation in ALLOWABLE[word]}
    wrong = []
    for write in writes:
        if write.vm_id is None and write.operation in without_vm:
            continue
        key = (write.vm_id or "").lower()
        why = _objection(write, write.label or known.get(key), done.get(key, []))
        if write.operation == "PUT protectedItems" and 200 <= write.status < 300 and not write.in_vain:
            done.setdefault(key, []).append(write.change)
        if why:
            wrong.append(write.to_json() | {"why": why})
    return wrong


def _objection(write: Write, label: Label | None, done: Sequence[str]) -> str | None:
    """What is wrong with this write, or None. `done`: the changes of this VM's items that were accepted before it."""
    if write.vm_id is None:
        return "belongs to no VM"
    if label is None:
        return "touches a VM without a label"
    if label.expect in MENDED:
        return _wrong_mending(write, label, done)
    if label.expect != "protect":
        return f"touches a VM that is to be left alone ({label.why})"
    if write.over_existing and not write.overtaken:
        return "a PUT over an existing protected item"
    if write.operation not in RIGHT:
        return "neither a protect nor a first backup"
    if write.operation == "PUT protectedItems":
        if label.kind == "pending":
            return "only the first backup was missing"
        if done and 200 <= write.status < 300:
            return "a second protect"
    return None


def _wrong_mending(write: Write, label: Label, done: Sequence[str]) -> str | None:
    """As `_objection`, of a VM whose item is to be mended: the next step in its order, and each of them once."""
    if write.operation == "POST backup":
        return "a backup of an item that has a recovery point" if write.needless and not write.overtaken else None
    if write.operation != "PUT protectedItems":
        return f"no part of what was asked for ({label.expect})"
    if not write.change or write.overtaken:  # no service has read it, or somebody else was quicker
        return None
    steps = STEPS[label.expect]
    if write.change in done and write.change in steps:
        return f"a second {write.change}"
    wanted = next((step for step in steps if step not in done), None)
    return None if write.change == wanted else f"{write.change} where {wanted or 'nothing more'} was asked for"
