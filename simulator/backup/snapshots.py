"""What a backup's snapshot depends on: the VM's agent, its keys, and the resource group that takes restore points.

Decides when a backup begins whether it will fail and how consistent its point will be. Documentation of Azure Backup
(2019-25): `AzureBackupRG_<region>_<n>` is made with the first backup, Azure Policy may deny it, a lock on it keeps old
restore points until there are 18; an encrypted VM needs access to its key vault, a running one its agent.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from simulator.authorization.policy_rules import Wanted, denied
from simulator.backup.recovery_points import moments
from simulator.core.model import ProtectedItem, ResourceGroup, Vault, VirtualMachine
from simulator.core.state import State, group_id
from simulator.keyvault.access import may_back_up
from simulator.resources.run_time import consistency_of

if TYPE_CHECKING:
    from simulator.world import World

#: Most restore points of a VM (documentation of Azure Backup, 2022).
MOST_POINTS = 18


class Snapshot(NamedTuple):
    """`code` of the error that it fails with, empty where it succeeds; and `recoveryPointType` of its point."""

    code: str
    consistency: str


def taken(world: "World", vault: Vault, item: ProtectedItem) -> Snapshot:
    """How the snapshot of a backup that begins now goes. Makes the resource group that it needs, if it may."""
    vm = world.state.vms.get(item.source_id.lower())
    if vm is None:
        return Snapshot("UserErrorVmNotFoundV2", "")
    code = _within(vm) or (
        "" if may_back_up(world.state, vm.properties) else "UserErrorKeyvaultPermissionsNotConfigured"
    )
    return Snapshot(code or _around(world, vault, item, vm), consistency_of(vm))


def _within(vm: VirtualMachine) -> str:
    """What fails inside a running VM; a stopped one needs neither agent nor extension."""
    if vm.guest is None or vm.power != "running":
        return ""
    if vm.guest.agent in ("missing", "notReady"):
        return "UserErrorGuestAgentStatusUnavailable"
    failed = [name for name, state in vm.guest.extensions.items() if state == "failed"]
    return "ExtensionStuckInDeletionState" if any(name.startswith("VMSnapshot") for name in failed) else ""


def _around(world: "World", vault: Vault, item: ProtectedItem, vm: VirtualMachine) -> str:
    """What fails around it; a classic VM has no restore points."""
    if vm.classic:
        return ""
    state, locks = world.state, world.locks
    name = group_name(state, vault, item, vm)
    group, points = state.group(vm.subscription, name), len(moments(vault, item))
    identity = group.id if group else group_id(vm.subscription, name)
    collection = f"{identity}/providers/Microsoft.Compute/restorePointCollections/AzureBackup_{vm.name}_{item.data_id}"
    wanted = [] if group else [Wanted(identity, "Microsoft.Resources/subscriptions/resourceGroups", vm.location)]
    if not points:
        wanted.append(Wanted(collection, "Microsoft.Compute/restorePointCollections", vm.location))
    if any(denied(state, each) for each in wanted):
        return "UserErrorRequestDisallowedByPolicy"
    if locks.over(collection):
        return "UserErrorSnapshotResourceGroupLocked"
    if points >= MOST_POINTS and locks.over(collection, deletion=True):
        return "UserErrorRpCollectionLimitReached"
    if group is None:
        made = state.add_group(ResourceGroup(identity, name, vm.subscription, vm.location))
        state.touch("group", made.id, world.now())
    return ""


def group_name(state: State, vault: Vault, item: ProtectedItem, vm: VirtualMachine) -> str:
    """The resource group of the VM's restore points: named by its backup policy, or `AzureBackupRG_<region>_<n>`.

    The first of that name which there is, else number 1.
    """
    policy = vault.policies.get(item.policy.lower())
    told = ((policy.definition or {}).get("instantRPDetails") if policy else None) or {}
    prefix = str(told.get("azureBackupRGNamePrefix") or f"AzureBackupRG_{vm.location}_")
    suffix = str(told.get("azureBackupRGNameSuffix") or "")
    pattern = re.compile(rf"{re.escape(prefix)}(\d+){re.escape(suffix)}", re.IGNORECASE)
    there = [match for group in state.groups.of(vm.subscription) if (match := pattern.fullmatch(group.name))]
    return min(there, key=lambda match: int(match[1]))[0] if there else f"{prefix}1{suffix}"
