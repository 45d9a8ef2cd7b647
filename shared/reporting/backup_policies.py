"""The backup policies that the VMs of a report are under, each with its VMs, its schedule, and when it runs next.

Counted from the findings; what a policy says is told by whoever read the vaults. A policy that nobody read is listed
all the same, without its schedule.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.backup_policy import BackupPolicy
from shared.domain.model import ACTIVE_STATES, Finding
from shared.domain.policy_told import PolicyTold, policy_told

_NOT_SHOWN = "its vault does not show it"


@dataclass(frozen=True, slots=True)
class PolicyInUse:
    """A backup policy of one vault, and how many VMs of the report have an active protection under it."""

    vault_id: str
    vms: int
    told: PolicyTold


def policies_in_use(
    findings: Iterable[Finding],
    known: Mapping[str, tuple[BackupPolicy, ...]],
    now: datetime,
    unread: str = "",
) -> tuple[PolicyInUse, ...]:
    """By vault and name. `known`: each vault's policies, by lower-cased id. `unread`: why they could not be read."""
    counts: Counter[tuple[str, str]] = Counter()
    spelt: dict[tuple[str, str], tuple[str, str]] = {}
    for each in findings:
        item = each.protection
        if item is None or item.state not in ACTIVE_STATES or not item.vault_id or not item.backup_policy:
            continue
        key = item.vault_id.lower(), item.backup_policy.lower()
        counts[key] += 1
        spelt.setdefault(key, (item.vault_id, item.backup_policy))
    found = []
    for key in sorted(counts):
        vault_id, name = spelt[key]
        policy = next((each for each in known.get(key[0], ()) if each.name.lower() == key[1]), None)
        told = policy_told(policy, now) if policy is not None else PolicyTold(name, problem=unread or _NOT_SHOWN)
        found.append(PolicyInUse(vault_id, counts[key], told))
    return tuple(found)
