"""How a VM of each kind comes into the estate: its place, its making, its past in the backup service, its label.

A label says what follows from the way the VM is made here, never what someone later decides.
"""

import random
from datetime import datetime, timedelta

from simulator.backup import history
from simulator.core.labels import Kind, Label
from simulator.core.model import ResourceGroup, Vault, VirtualMachine
from simulator.core.state import State, group_id, vm_id
from simulator.estate import catalog
from simulator.estate.drafts import Draft, Maker

DEFAULT, PRODUCTION = "DefaultPolicy", "EnhancedPolicy"


class Builder:
    """Adds VMs of given kinds to a state. All randomness comes from `rng`."""

    def __init__(self, state: State, rng: random.Random, now: datetime) -> None:
        self.state, self.rng, self.now = state, rng, now
        self.history = history.Writer(state, rng, now)
        self.maker = Maker(rng, now)
        self.vaults: dict[tuple[str, str], list[Vault]] = {}
        for vault in state.vaults.values():
            self.vaults.setdefault((vault.subscription, vault.location), []).append(vault)
        self.served = sorted(self.vaults)

    def add(self, kind: Kind) -> None:
        """One VM of this kind, in the state, with its label (a twin brings its protected twin along)."""
        subscription, region = self.place(kind.name)
        draft = self.maker.draft(kind.name, subscription)
        created = self.now - timedelta(days=self.rng.randint(3, 400), seconds=self.rng.randrange(86400))
        vm = self.put(draft, subscription, region, created)
        policy = self.label(kind, vm)
        vaults = self.vaults.get((subscription, region), [])
        if vaults:
            self.give_history(kind.name, self.rng.choice(vaults), vm, policy, created)
        if kind.name == "twin-unprotected":
            draft = self.maker.draft("plain", subscription)
            draft.group += "-green"
            twin = self.put(draft, subscription, region, created, name=vm.name)
            self.label(Kind("protected", "untouched", "PROTECTED", 0), twin)
            self.history.protected(self.rng.choice(vaults), twin, DEFAULT, created)

    def give_history(self, kind: str, vault: Vault, vm: VirtualMachine, policy: str, created: datetime) -> None:
        """What the backup service already knows of a VM of this kind."""
        if kind in ("protected", "opted-out-protected"):
            self.history.protected(vault, vm, policy, created)
        elif kind == "other-policy":
            self.history.protected(vault, vm, DEFAULT if policy == PRODUCTION else PRODUCTION, created)
        elif kind == "stopped":
            self.history.stopped(vault, vm, created)
        elif kind == "soft-deleted":
            self.history.soft_deleted(vault, vm, created)
        elif kind == "pending":
            self.history.pending(vault, vm, policy)
        elif kind == "sql-in-vm":
            self.history.sql(vault, vm, created)

    def label(self, kind: Kind, vm: VirtualMachine) -> str:
        """Register the label; returns the backup policy that the VM's rule asks for."""
        policy = PRODUCTION if any(k.lower() == "env" and v == "prod" for k, v in (vm.tags or {}).items()) else DEFAULT
        self.state.labels[vm.key] = Label(vm.id, kind.name, kind.expect, kind.why, policy)
        return policy

    def place(self, kind: str) -> tuple[str, str]:
        """(subscription, region): the region without vaults for the one kind, one with a vault for the others."""
        subscription, region = self.rng.choice(self.served)
        if kind == "no-vault-in-region":
            return subscription, catalog.BARE_REGION
        return subscription, region

    def put(
        self, draft: Draft, subscription: str, region: str, created: datetime, name: str | None = None
    ) -> VirtualMachine:
        """The draft as a VM of the state, in a resource group that is made where it is missing."""
        group = self.ensure_group(draft, subscription, region)
        name = name or self.name(subscription, group.name)
        identity = vm_id(subscription, group.name, name)
        vm = VirtualMachine(
            id=identity,
            name=name,
            subscription=subscription,
            group=group.name,
            location=region,
            tags=draft.tags,
            properties=catalog.vm_properties(
                self.rng,
                identity,
                image=draft.image,
                os_type=draft.os_type,
                created=created,
                ephemeral=draft.ephemeral,
                state=draft.state,
            ),
            zones=self.rng.choice(([], [], ["1"], ["2"])),
            power=self.rng.choice(("running", "running", "running", "running", "deallocated")),
            shouts=draft.shouts,
        )
        self.state.vms[vm.key] = vm
        return vm

    def ensure_group(self, draft: Draft, subscription: str, region: str) -> ResourceGroup:
        name = draft.group
        for number in range(2, 1000):
            group = self.state.group(subscription, name)
            if group is None:
                tags = {"costCenter": f"CC-{1000 + len(name) * 37 % 900}"} if len(name) % 3 else {}
                group = ResourceGroup(group_id(subscription, name), name, subscription, region, tags, draft.managed_by)
                return self.state.add_group(group)
            if group.location == region and group.managed_by == draft.managed_by:
                return group
            name = f"{draft.group}-{number}"
        raise RuntimeError(f"no free name for resource group {draft.group}")

    def name(self, subscription: str, group: str) -> str:
        while True:
            name = f"vm-{self.rng.choice(catalog.ROLES)}-{self.rng.randrange(10000):04}"
            if vm_id(subscription, group, name).lower() not in self.state.vms:
                return name
