"""What the backup service already knows of a VM when the estate begins: items, recovery points, last night's job.

Writes records only; the rules of protecting, stopping and deleting live in `protection.py`.
"""

import random
from datetime import datetime, timedelta

from simulator.core.model import WORKLOAD, Job, ProtectedItem, Vault, VirtualMachine
from simulator.core.state import State, container_of
from simulator.estate.catalog import uid


def new_item(vault: Vault, vm: VirtualMachine, policy: str, created: datetime, number: int) -> ProtectedItem:
    """A fresh registration of this VM in this vault; its first backup is still to come."""
    name = container_of(vm)
    return ProtectedItem(
        vault=vault.key,
        source_id=vm.id,
        vm_name=vm.name,
        container=f"IaasVMContainer;{name}",
        name=f"VM;{name}",
        data_id=str(number),
        location=vm.location,
        created=created,
        policy=policy,
    )


class Writer:
    """Adds a VM's past to the state. `now` is the estate's start."""

    def __init__(self, state: State, rng: random.Random, now: datetime) -> None:
        self.state, self.rng, self.now = state, rng, now

    def _item(self, vault: Vault, vm: VirtualMachine, policy: str, created: datetime) -> ProtectedItem:
        item = new_item(vault, vm, policy, created, 281476180000000 + self.rng.randrange(10**8))
        self.state.add_item(vault, item)
        return item

    def protected(self, vault: Vault, vm: VirtualMachine, policy: str, created: datetime) -> ProtectedItem:
        """Backed up every night; the last time within the past day."""
        item = self._item(vault, vm, policy, created + timedelta(hours=self.rng.randint(1, 48)))
        began = self.now - timedelta(seconds=self.rng.randint(5 * 3600, 20 * 3600))
        item.state, item.last_status, item.last_backup = "Protected", "Completed", began
        item.last_point = began + timedelta(seconds=4)
        job = Job(
            id=uid(self.rng),
            operation="Backup",
            vm_id=vm.id,
            vm_name=vm.name,
            container=item.container,
            started=began,
            activity=uid(self.rng),
            policy=policy,
            ended=began + timedelta(minutes=self.rng.randint(25, 110)),
            status="Completed",
            user_triggered=False,
        )
        self.state.add_job(vault, job)
        return item

    def stopped(self, vault: Vault, vm: VirtualMachine, created: datetime) -> None:
        """Someone stopped the protection and kept the recovery points."""
        item = self._old(vault, vm, created, self.rng.randint(1, 30))
        item.state, item.policy = "ProtectionStopped", ""

    def soft_deleted(self, vault: Vault, vm: VirtualMachine, created: datetime) -> None:
        """Someone deleted the backup some days ago; the service still holds it."""
        item = self._old(vault, vm, created, 12)
        item.state, item.policy = "ProtectionStopped", ""
        item.deleted = self.now - timedelta(days=self.rng.randint(1, 10), hours=self.rng.randrange(24))

    def _old(self, vault: Vault, vm: VirtualMachine, created: datetime, days: int) -> ProtectedItem:
        item = self._item(vault, vm, "", created)
        last = max(self.now - timedelta(days=days, hours=3), created + timedelta(hours=6))
        item.last_status, item.last_backup = "Completed", last
        item.last_point = last + timedelta(seconds=4)
        return item

    def pending(self, vault: Vault, vm: VirtualMachine, policy: str) -> None:
        """Registered long ago and never backed up."""
        self._item(vault, vm, policy, self.now - timedelta(days=self.rng.randint(5, 20)))

    def sql(self, vault: Vault, vm: VirtualMachine, created: datetime) -> None:
        """A SQL database inside the VM is backed up. The VM itself is not."""
        began = self.now - timedelta(hours=2)
        item = ProtectedItem(
            vault=vault.key,
            source_id=vm.id,
            vm_name=vm.name,
            container=f"VMAppContainer;Compute;{vm.group};{vm.name}",
            name="SQLDataBase;mssqlserver;orders",
            data_id=str(self.rng.randrange(10**12)),
            location=vm.location,
            created=created,
            management=WORKLOAD,
            state="Protected",
            policy="HourlyLogBackup",
            last_status="Healthy",
            last_backup=began,
            last_point=began,
        )
        self.state.add_item(vault, item)
