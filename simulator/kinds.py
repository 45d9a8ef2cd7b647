"""How each kind of VM is made: its place, its tags, its image, its history in the backup service, and its label.

A label says what follows from the way the VM is made here. Opt-out dates keep well away from their boundaries,
since a run may last a day of virtual time.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator import catalog, history
from simulator.labels import Kind, Label
from simulator.model import ResourceGroup, Vault, VirtualMachine
from simulator.state import State, group_id, vm_id
from simulator.wire import Json

OPT_OUT = "backup-opt-out"
DEFAULT, PRODUCTION = "DefaultPolicy", "EnhancedPolicy"


@dataclass
class Draft:
    """A VM before it is placed. `tags` None means that the VM has no tags at all."""

    tags: dict[str, str] | None
    image: Json
    os_type: str
    group: str
    managed_by: str | None = None
    ephemeral: bool = False
    shouts: bool = False
    state: str = "Succeeded"
    group_tags: dict[str, str] = field(default_factory=dict)


class Builder:
    """Adds VMs of given kinds to a state. All randomness comes from `rng`."""

    def __init__(self, state: State, rng: random.Random, now: datetime) -> None:
        self.state, self.rng, self.now = state, rng, now
        self.history = history.Writer(state, rng, now)
        self.served = sorted({(v.subscription, v.location) for v in state.vaults.values()})

    # -- the estate -------------------------------------------------------------------------------------------

    def add(self, kind: Kind) -> None:
        """One VM of this kind, in the state, with its label (a twin brings its protected twin along)."""
        subscription, region = self.place(kind.name)
        draft = self.draft(kind.name, subscription)
        created = self.now - timedelta(days=self.rng.randint(3, 400), seconds=self.rng.randrange(86400))
        vm = self.put(draft, subscription, region, created)
        policy = self.label(kind, vm)
        vaults = [v for v in self.state.vaults.values() if (v.subscription, v.location) == (subscription, region)]
        if vaults:
            self.give_history(kind.name, self.rng.choice(vaults), vm, policy, created)
        if kind.name == "twin-unprotected":
            draft = self.draft("plain", subscription)
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
                group = ResourceGroup(
                    group_id(subscription, name), name, subscription, region, dict(draft.group_tags), draft.managed_by
                )
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

    # -- what each kind is made of ----------------------------------------------------------------------------

    def draft(self, kind: str, subscription: str) -> Draft:
        """The making of one VM of this kind."""
        image = self.rng.choice(catalog.IMAGES)
        group = f"rg-{self.rng.choice(catalog.APPS)}"
        draft = Draft(self.tags(kind, group), catalog.platform_image(image), image[3], group)
        match kind:
            case "mixed-case-id":
                draft.group, draft.shouts = f"RG-{self.rng.choice(catalog.APPS).title()}-Legacy", True
            case "twin-unprotected":
                draft.group += "-blue"
            case "gallery-image":
                draft.image = catalog.gallery_image(subscription, f"golden-{draft.os_type.lower()}")
            case "databricks":
                self.databricks(draft, subscription)
            case "aks" | "aks-node":
                self.aks(draft, subscription)
            case "ephemeral-os-disk" | "ephemeral":
                draft.ephemeral = True
            case "excluded-resource-group":
                owner = self.rng.choice(catalog.OWNERS).replace(".", "-")
                draft.group = f"{self.rng.choice(('sandbox', 'Sandbox'))}-{owner}"
            case "being-deleted":
                draft.state = "Deleting"
        return draft

    def tags(self, kind: str, group: str) -> dict[str, str] | None:
        """The tags that go with this kind; most kinds have plain ones."""
        rng = self.rng
        prod = {rng.choice(("env", "Env", "ENV")): "prod", "app": group.removeprefix("rg-")}
        match kind:
            case "no-tags":
                return None
            case "prod":
                return prod
            case "protected" | "other-policy" if rng.random() < 0.3:
                return prod
            case "prod-opt-out":
                return prod | self.opt_out(self.valid_opt_out())
            case "opt-out-expired":
                return self.plain_tags() | self.opt_out(self.opt_out_text(-rng.randint(2, 60)))
            case "opt-out-too-long":
                return self.plain_tags() | self.opt_out(self.opt_out_text(rng.randint(120, 900)))
            case "opt-out-malformed":
                return self.plain_tags() | self.opt_out(self.malformed_opt_out())
            case "opted-out" | "opted-out-protected" | "opted-out-at-birth":
                return self.plain_tags() | self.opt_out(self.valid_opt_out())
        return self.plain_tags()

    def databricks(self, draft: Draft, subscription: str) -> None:
        """A Databricks worker, with two or more of the marks that tell one."""
        workspace = f"adb-{self.rng.choice(catalog.APPS)}"
        owner = f"{group_id(subscription, 'rg-analytics')}/providers/Microsoft.Databricks/workspaces/{workspace}"
        named, vendor = f"databricks-rg-{workspace}-x7k2", {"Vendor": "Databricks", "Creator": "a.keller"}
        plain = {"Creator": "a.keller"}
        marks: tuple[tuple[str, str | None, dict[str, str], bool], ...] = (
            (named, owner, vendor, True),
            (f"rg-{workspace}-managed", owner, vendor, False),
            (f"{named}-old", None, vendor, True),
            (f"rg-{workspace}-workers", owner, plain, True),
        )
        draft.group, draft.managed_by, draft.tags, imaged = self.rng.choice(marks)
        if imaged:
            draft.image, draft.os_type = catalog.platform_image(catalog.DATABRICKS_IMAGE), "Linux"

    def aks(self, draft: Draft, subscription: str) -> None:
        """A node of a Kubernetes cluster, with two or more of the marks that tell one."""
        cluster = f"aks-{self.rng.choice(catalog.APPS)}"
        owner = f"{group_id(subscription, 'rg-k8s')}/providers/Microsoft.ContainerService/managedClusters/{cluster}"
        node = {"aks-managed-poolName": "nodepool1", "aks-managed-createOperationID": catalog.uid(self.rng)}
        marks: tuple[tuple[str, str | None, dict[str, str]], ...] = (
            (f"MC_rg-k8s_{cluster}_weu", owner, node),
            (f"rg-{cluster}-nodes", owner, node),
            (f"MC_rg-k8s_{cluster}_old", None, node),
        )
        draft.group, draft.managed_by, draft.tags = self.rng.choice(marks)
        draft.image, draft.os_type = catalog.platform_image(catalog.AKS_IMAGE), "Linux"

    # -- tags -------------------------------------------------------------------------------------------------

    def plain_tags(self) -> dict[str, str]:
        rng = self.rng
        tags = {"app": rng.choice(catalog.APPS), "owner": rng.choice(catalog.OWNERS)}
        if rng.random() < 0.6:
            tags["env"] = rng.choice(catalog.ENVIRONMENTS)
        return tags

    def opt_out(self, text: str) -> dict[str, str]:
        """The tag; its name is spelt either way, since Azure compares tag names without case."""
        return {self.rng.choice((OPT_OUT, OPT_OUT, "Backup-Opt-Out")): text}

    def opt_out_text(self, days: int) -> str:
        until = (self.now + timedelta(days=days)).date().isoformat()
        reason = self.rng.choice(("ephemeral", "rebuilt from pipeline", "backed up by application"))
        reference = self.rng.choice(("", f"; ref=CHG{self.rng.randrange(100000):05}"))
        return f"reason={reason}; until={until}{reference}"

    def valid_opt_out(self) -> str:
        return self.opt_out_text(self.rng.randint(20, 80))

    def malformed_opt_out(self) -> str:
        day = (self.now + timedelta(days=40)).date().isoformat()
        worthless = ("yes", "true", "reason=", "until=tomorrow", "reason=test; until=tomorrow", "reason=ephemeral")
        return self.rng.choice((*worthless, f"until={day}", f"reason=; until={day}"))
