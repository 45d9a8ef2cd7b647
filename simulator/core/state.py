"""The state of the simulated Azure: dictionaries, the indexes over them, and a call to whoever follows its changes.

Everything is keyed by lower-cased ARM id, because Azure compares ids without case. No HTTP and no clock here.
"""

import random
import uuid
import zlib
from collections.abc import Callable
from datetime import datetime

from simulator.core.labels import Label
from simulator.core.model import (
    IAAS,
    Job,
    Operation,
    ProtectedItem,
    ResourceGroup,
    Subscription,
    Vault,
    VirtualMachine,
)
from simulator.core.surroundings import Surroundings
from simulator.core.table import Table


class State:
    """All resources. `seed` fixes every id but the tenant's, which is fresh in each process."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tenant = str(uuid.uuid4())
        self.subscriptions: dict[str, Subscription] = {}
        #: A management group's subscriptions, directly or through its children; its parent where that is not the root.
        self.management_groups: dict[str, list[str]] = {}
        self.management_parents: dict[str, str] = {}
        self.groups: Table[ResourceGroup] = Table()
        self.vms: Table[VirtualMachine] = Table()
        self.vaults: Table[Vault] = Table()
        self.around = Surroundings()
        self.operations: dict[str, Operation] = {}
        self.labels: dict[str, Label] = {}
        self.items_by_vm: dict[str, list[ProtectedItem]] = {}
        #: Told the kind and key of every record that changed, and when: Resource Graph listens.
        self.on_change: Callable[[str, str, datetime], None] = _nobody
        self._ids = random.Random(f"{seed}:ids")

    def new_id(self) -> str:
        """The next uuid of this seed."""
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def spread(self, key: str, low: int, high: int) -> int:
        """A number from low to high that belongs to `key`: the same in every run with this seed."""
        return low + zlib.crc32(f"{self.seed}:{key}".encode()) % (high - low + 1)

    def add_group(self, group: ResourceGroup) -> ResourceGroup:
        self.groups[group.id.lower()] = group
        return group

    def group(self, subscription: str, name: str) -> ResourceGroup | None:
        return self.groups.get(f"/subscriptions/{subscription}/resourcegroups/{name}".lower())

    def add_item(self, vault: Vault, item: ProtectedItem) -> None:
        vault.items[item.key] = item
        self.items_by_vm.setdefault(item.source_id.lower(), []).append(item)

    def drop_item(self, vault: Vault, item: ProtectedItem) -> None:
        del vault.items[item.key]
        self.items_by_vm[item.source_id.lower()].remove(item)

    def vm_items(self, vm_id: str) -> list[ProtectedItem]:
        """Every VM-backup item of the VM over all vaults, in any state (none of other workloads)."""
        return [item for item in self.items_by_vm.get(vm_id.lower(), []) if item.management == IAAS]

    def add_job(self, vault: Vault, job: Job) -> Job:
        vault.jobs[job.id] = job
        return job

    def touch(self, kind: str, key: str, now: datetime) -> None:
        """Mark a record as changed, for Resource Graph."""
        self.on_change(kind, key.lower(), now)

    def touch_item(self, item: ProtectedItem, now: datetime) -> None:
        self.touch("item", f"{item.vault}|{item.key}", now)

    def touch_job(self, vault: Vault, job: Job, now: datetime) -> None:
        self.touch("job", f"{vault.key}|{job.id}", now)


def _nobody(_kind: str, _key: str, _now: datetime) -> None:
    """Nobody follows yet: the estate is still being built."""


def group_id(subscription: str, name: str) -> str:
    """A resource group's id."""
    return f"/subscriptions/{subscription}/resourceGroups/{name}"


def vm_id(subscription: str, group: str, name: str) -> str:
    """A VM's id."""
    return f"{group_id(subscription, group)}/providers/Microsoft.Compute/virtualMachines/{name}"


def classic_vm_id(subscription: str, group: str, name: str) -> str:
    """A classic VM's id."""
    return f"{group_id(subscription, group)}/providers/Microsoft.ClassicCompute/virtualMachines/{name}"


def vault_id(subscription: str, group: str, name: str) -> str:
    """A vault's id."""
    return f"{group_id(subscription, group)}/providers/Microsoft.RecoveryServices/vaults/{name}"


def container_of(vm: VirtualMachine) -> str:
    """`iaasvmcontainerv2;<group>;<vm>`, lower-cased as the service names it (recorded traffic, 2020).

    A classic VM's lacks the `v2`; its group bears the name of its cloud service, unless somebody moved it.
    """
    return f"iaasvmcontainer{'' if vm.classic else 'v2'};{vm.group};{vm.name}".lower()
