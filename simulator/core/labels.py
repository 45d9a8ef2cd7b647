"""The answer key: what an enforcer must do with each VM of the estate, and why.

A label is written when its VM is planned, from how the VM is made and never from what an enforcer later decides.
The policy it follows is the demo's: production VMs (tag env=prod) ask for EnhancedPolicy and may not opt out,
all others ask for DefaultPolicy; opt-outs last 90 days at most; `sandbox-*` resource groups are excluded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from simulator.core.wire import AzureError, Json

Expect = Literal["protect", "untouched", "report", "undelete", "resume", "change-policy"]
#: Expectations of a VM that has an item already: what is to be done to the item, and no protect.
MENDED = ("undelete", "resume", "change-policy")


@dataclass(frozen=True, slots=True)
class Label:
    """What to do with one VM. `backup_policy` is the one that its rule asks for."""

    vm_id: str
    kind: str
    expect: Expect
    why: str
    backup_policy: str | None

    def to_json(self) -> Json:
        return {
            "vmId": self.vm_id,
            "kind": self.kind,
            "expect": self.expect,
            "why": self.why,
            "backupPolicy": self.backup_policy,
        }


def label_of(given: Any) -> Label:
    """A label as `POST /_sim/labels` has it. Raises AzureError 400 on what is none."""
    if not isinstance(given, Mapping) or not all(isinstance(value, str | None) for value in given.values()):
        raise AzureError(400, "InvalidLabel", "A label is an object of texts.")
    unknown = given.keys() - {"vmId", "kind", "expect", "why", "backupPolicy"}
    if unknown or not given.get("vmId") or given.get("expect") not in get_args(Expect):
        message = f"A label has vmId, expect ({', '.join(get_args(Expect))}), kind, why and backupPolicy."
        raise AzureError(400, "InvalidLabel", message)
    kind, why = given.get("kind") or "given", given.get("why") or "GIVEN"
    return Label(given["vmId"], kind, given["expect"], why, given.get("backupPolicy"))


@dataclass(frozen=True)
class Kind:
    """A kind of VM. `weight` is its share among the VMs beyond the first of each kind."""

    name: str
    expect: Expect
    why: str
    weight: float


KINDS: tuple[Kind, ...] = (
    Kind("protected", "untouched", "PROTECTED", 35),
    Kind("plain-unprotected", "protect", "UNPROTECTED", 22),
    Kind("no-tags", "protect", "UNPROTECTED", 9),
    Kind("prod", "protect", "UNPROTECTED", 6),
    Kind("opt-out-expired", "protect", "UNPROTECTED", 1),
    Kind("opt-out-malformed", "protect", "UNPROTECTED", 1),
    Kind("opt-out-too-long", "protect", "UNPROTECTED", 1),
    Kind("prod-opt-out", "protect", "UNPROTECTED", 1),
    Kind("twin-unprotected", "protect", "UNPROTECTED", 1),
    Kind("mixed-case-id", "protect", "UNPROTECTED", 2),
    Kind("sql-in-vm", "protect", "UNPROTECTED", 1),
    Kind("pending", "protect", "NO_RECOVERY_POINT", 1),
    Kind("gallery-image", "protect", "UNPROTECTED", 3),
    Kind("opted-out", "untouched", "OPTED_OUT", 3),
    Kind("opted-out-protected", "untouched", "PROTECTED", 1),
    Kind("databricks", "untouched", "EXCLUDED_DATABRICKS", 3),
    Kind("aks", "untouched", "EXCLUDED_AKS", 3),
    Kind("ephemeral-os-disk", "untouched", "UNSUPPORTED_EPHEMERAL_OS_DISK", 1),
    Kind("excluded-resource-group", "untouched", "EXCLUDED_BY_POLICY", 2),
    Kind("being-deleted", "untouched", "VM_BEING_DELETED", 0.5),
    Kind("no-vault-in-region", "report", "NO_VAULT_IN_REGION", 2),
    Kind("stopped", "report", "PROTECTION_STOPPED", 1),
    Kind("soft-deleted", "report", "SOFT_DELETED", 0.5),
    Kind("other-policy", "report", "OTHER_BACKUP_POLICY", 1),
)

ARRIVAL_KINDS: tuple[Kind, ...] = (
    Kind("plain", "protect", "UNPROTECTED", 40),
    Kind("prod", "protect", "UNPROTECTED", 15),
    Kind("no-tags", "protect", "UNPROTECTED", 15),
    Kind("ephemeral", "untouched", "UNSUPPORTED_EPHEMERAL_OS_DISK", 5),
    Kind("opted-out-at-birth", "untouched", "OPTED_OUT", 5),
    Kind("opts-out-by-tag", "untouched", "OPTED_OUT", 5),
    Kind("aks-node", "untouched", "EXCLUDED_AKS", 10),
    Kind("no-vault-in-region", "report", "NO_VAULT_IN_REGION", 5),
)
